//! Tenants and their settings.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use vio_crypto::{EndpointId, FieldRef, Sealed, WrappedKey};
use vio_domain::bookings::Calendar;
use vio_domain::ids::TenantId;
use vio_domain::settings::Settings;

use crate::entity::Entity;
use crate::error::StoreError;
use crate::key;
use crate::port::Key;
use crate::store::{Store, TenantStore, sealed};
use crate::tx::Tx;

/// Whether a tenant may work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TenantStatus {
    #[default]
    Active,
    /// By the platform's operator: nobody signs in, nothing is called.
    Suspended,
}

/// The tenant's record.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TenantRow {
    pub id: TenantId,
    #[serde(skip)]
    pub version: u64,
    pub status: TenantStatus,
    /// The tenant's data key, wrapped by KMS; made once.
    pub wrapped_key: WrappedKey,
    pub created_at: DateTime<Utc>,
}

impl Entity for TenantRow {
    const TYPE: &'static str = "tenant";
    fn key(&self) -> Key {
        key::tenant(self.id)
    }
    fn version(&self) -> u64 {
        self.version
    }
    fn set_version(&mut self, version: u64) {
        self.version = version;
    }
}

/// A secret that stays valid for a while after it was replaced (rules.md "Webhooks in": two for 24 h).
#[derive(Clone, Default, Serialize, Deserialize)]
pub struct Rotating {
    pub current: Option<String>,
    pub previous: Option<String>,
    /// Until when the previous one is accepted.
    pub previous_until: Option<DateTime<Utc>>,
}

/// Hours during which a replaced secret is still accepted.
pub const ROTATION_HOURS: i64 = 24;

impl Rotating {
    /// Replaces the secret; the old one stays valid for [`ROTATION_HOURS`].
    pub fn rotate(&mut self, secret: String, now: DateTime<Utc>) {
        if self.current.as_ref() == Some(&secret) {
            return;
        }
        self.previous = self.current.replace(secret);
        self.previous_until = self
            .previous
            .is_some()
            .then(|| now + chrono::Duration::hours(ROTATION_HOURS));
    }

    /// Sets what somebody saved: another secret takes the place of the one so far, none forgets both at once.
    pub fn set(&mut self, saved: Option<String>, now: DateTime<Utc>) {
        match saved {
            Some(secret) => self.rotate(secret, now),
            None => *self = Self::default(),
        }
    }

    /// The secrets accepted at `now`, newest first.
    pub fn accepted(&self, now: DateTime<Utc>) -> Vec<&str> {
        let previous = self
            .previous
            .as_deref()
            .filter(|_| self.previous_until.is_some_and(|until| now < until));
        self.current
            .as_deref()
            .into_iter()
            .chain(previous)
            .collect()
    }
}

/// The secrets of the tenant's connections. Sealed at rest; never shown again.
#[derive(Clone, Default, Serialize, Deserialize)]
pub struct Secrets {
    /// Signs Retell's webhooks too.
    #[serde(default)]
    pub retell_key: Rotating,
    #[serde(default)]
    pub calcom_key: Option<String>,
    #[serde(default)]
    pub calcom_webhook: Rotating,
    #[serde(default)]
    pub calendly_key: Option<String>,
    /// Signs Calendly's webhooks: the subscription is made with it.
    #[serde(default)]
    pub calendly_signing: Rotating,
    /// Signs Twilio's webhooks too.
    #[serde(default)]
    pub twilio_token: Rotating,
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secrets")
    }
}

/// The settings as stored: both parts sealed under the tenant's key.
#[derive(Serialize, Deserialize)]
struct SettingsRow {
    tenant: TenantId,
    #[serde(skip)]
    version: u64,
    settings: Sealed,
    secrets: Sealed,
    endpoints: Endpoints,
}

impl Entity for SettingsRow {
    const TYPE: &'static str = "settings";
    fn key(&self) -> Key {
        key::settings(self.tenant)
    }
    fn version(&self) -> u64 {
        self.version
    }
    fn set_version(&mut self, version: u64) {
        self.version = version;
    }
}

/// The tenant's own webhook addresses, by provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Endpoints {
    pub call_outcome: String,
    pub calcom_booking: String,
    #[serde(default)]
    pub calendly_booking: String,
    #[serde(default)]
    pub sms: String,
}

impl Endpoints {
    /// Every address with whose it is.
    fn each(&mut self) -> [(&mut String, Provider); 4] {
        [
            (&mut self.call_outcome, Provider::Retell),
            (&mut self.calcom_booking, Provider::Calcom),
            (&mut self.calendly_booking, Provider::Calendly),
            (&mut self.sms, Provider::Twilio),
        ]
    }
}

/// A webhook address as found by its id.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct EndpointRow {
    pub id: String,
    pub tenant: TenantId,
    pub provider: Provider,
    #[serde(skip)]
    pub version: u64,
}

/// Whose webhooks an address receives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Provider {
    Retell,
    Calcom,
    Calendly,
    Twilio,
}

impl From<Calendar> for Provider {
    fn from(calendar: Calendar) -> Self {
        match calendar {
            Calendar::Calcom => Self::Calcom,
            Calendar::Calendly => Self::Calendly,
        }
    }
}

impl Provider {
    /// The word in logs and keys.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Retell => "retell",
            Self::Calcom => "calcom",
            Self::Calendly => "calendly",
            Self::Twilio => "twilio",
        }
    }

    /// The calendar that it is, if it is one.
    pub fn calendar(self) -> Option<Calendar> {
        Calendar::ALL
            .into_iter()
            .find(|calendar| Self::from(*calendar) == self)
    }
}

impl Entity for EndpointRow {
    const TYPE: &'static str = "endpoint";
    fn key(&self) -> Key {
        key::endpoint(&self.id)
    }
    fn version(&self) -> u64 {
        self.version
    }
    fn set_version(&mut self, version: u64) {
        self.version = version;
    }
}

/// A tenant's settings with their secrets, opened.
#[derive(Debug, Clone)]
pub struct TenantSettings {
    pub version: u64,
    pub settings: Settings,
    pub secrets: Secrets,
    pub endpoints: Endpoints,
}

impl Store {
    /// The tenant's record.
    pub async fn tenant_row(&self, tenant: TenantId) -> Result<Option<TenantRow>, StoreError> {
        self.read(&key::tenant(tenant)).await
    }

    /// A tenant's storage and its settings, which are read while the key service opens the tenant's key; None where
    /// there is no such tenant.
    pub async fn tenant_with_settings(
        &self,
        tenant: TenantId,
    ) -> Result<Option<(TenantStore, TenantSettings)>, StoreError> {
        let place = key::settings(tenant);
        let (opened, row) = futures::try_join!(self.tenant(tenant), self.read(&place))?;
        opened
            .map(|opened| {
                let settings = opened.open_settings(row)?;
                Ok((opened, settings))
            })
            .transpose()
    }

    /// Whose webhook address this is.
    pub async fn endpoint(&self, endpoint_id: &str) -> Result<Option<EndpointRow>, StoreError> {
        self.read(&key::endpoint(endpoint_id)).await
    }

    /// Makes a tenant's keys and puts its records into a transaction: the tenant, its settings and its webhook
    /// addresses. The caller adds the first user and commits.
    pub async fn new_tenant(
        &self,
        tx: &mut Tx,
        tenant: TenantId,
        settings: Settings,
        mut endpoints: Endpoints,
    ) -> Result<TenantStore, StoreError> {
        let (keys, wrapped_key) = self
            .keys()
            .create_tenant(tenant.uuid())
            .await
            .map_err(|error| StoreError::Keys(Box::new(error)))?;
        let mut row = TenantRow {
            id: tenant,
            version: 0,
            status: TenantStatus::Active,
            wrapped_key: wrapped_key.clone(),
            created_at: self.now(),
        };
        tx.create(&mut row)?;
        for (id, provider) in endpoints.each() {
            tx.create(&mut EndpointRow {
                id: id.clone(),
                tenant,
                provider,
                version: 0,
            })?;
        }
        let scope = TenantStore {
            store: self.clone(),
            id: tenant,
            keys,
        };
        let mut opened = TenantSettings {
            version: 0,
            settings,
            secrets: Secrets::default(),
            endpoints,
        };
        scope.save_settings(tx, &mut opened)?;
        Ok(scope)
    }
}

impl TenantStore {
    fn settings_field(&self, field: &'static str) -> FieldRef {
        FieldRef::new(self.id.uuid(), self.id.uuid(), field)
    }

    /// The tenant's settings. Every tenant has them from the start.
    pub async fn settings(&self) -> Result<TenantSettings, StoreError> {
        self.open_settings(self.store.read(&key::settings(self.id)).await?)
    }

    fn open_settings(&self, row: Option<SettingsRow>) -> Result<TenantSettings, StoreError> {
        let row = row.ok_or(StoreError::Invalid("a tenant without settings".into()))?;
        let (what, place) = ("settings", |field| self.settings_field(field));
        Ok(TenantSettings {
            version: row.version,
            settings: self.open_json(what, place("settings"), &row.settings)?,
            secrets: self.open_json(what, place("secrets"), &row.secrets)?,
            endpoints: row.endpoints,
        })
    }

    /// Gives a tenant the webhook addresses that it has none of yet: it is older than their provider's connection.
    pub fn stage_missing_endpoints(
        &self,
        tx: &mut Tx,
        opened: &mut TenantSettings,
    ) -> Result<(), StoreError> {
        for (id, provider) in opened.endpoints.each() {
            if !id.is_empty() {
                continue;
            }
            let new = EndpointId::generate(self.store.random());
            *id = new.map_err(sealed("endpoint"))?.to_string();
            tx.create(&mut EndpointRow {
                id: id.clone(),
                tenant: self.id,
                provider,
                version: 0,
            })?;
        }
        Ok(())
    }

    /// Puts changed settings into a transaction, conditional on the version they were read with.
    pub fn save_settings(
        &self,
        tx: &mut Tx,
        opened: &mut TenantSettings,
    ) -> Result<(), StoreError> {
        let (what, place) = ("settings", |field| self.settings_field(field));
        let mut row = SettingsRow {
            tenant: self.id,
            version: opened.version,
            settings: self.seal_json_compressed(what, place("settings"), &opened.settings)?,
            secrets: self.seal_json_compressed(what, place("secrets"), &opened.secrets)?,
            endpoints: opened.endpoints.clone(),
        };
        tx.save(&mut row)?;
        opened.version = row.version;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replaced_secret_holds_for_a_day_and_a_removed_one_no_more() {
        let now: DateTime<Utc> = "2027-01-12T09:00:00Z".parse().unwrap();
        let later = now + chrono::Duration::hours(ROTATION_HOURS);
        let mut secret = Rotating::default();
        secret.set(Some("one".into()), now);
        assert_eq!(secret.accepted(now), ["one"]);
        secret.set(Some("two".into()), now);
        // Saved again as it is: the one before is not lost, and not kept longer.
        secret.set(Some("two".into()), now + chrono::Duration::hours(1));
        assert_eq!(secret.accepted(now), ["two", "one"]);
        assert_eq!(secret.accepted(later), ["two"]);
        secret.set(None, now);
        assert!(secret.accepted(now).is_empty());
    }
}
