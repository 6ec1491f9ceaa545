//! Addresses of a business that are told what happens, and what is on its way to them (docs/outgoing-webhooks.md). Each
//! event of the change log makes one delivery for each address that chose it; the delivery's id follows from the event's,
//! so that the stream's repetitions make no second one. An address is in the due index once, however much waits for it:
//! one that does not answer is in nobody's way.

mod deliveries;
mod health;
mod making;

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use vio_crypto::{FieldRef, Sealed, mac};
use vio_domain::ids::{OutgoingWebhookId, TenantId};
use vio_domain::notices::Happening;
use vio_domain::outgoing::EventType;

use crate::entity::Entity;
use crate::error::StoreError;
use crate::key;
use crate::log::{Actor, Entry};
use crate::port::{Condition, Key};
use crate::store::{Store, TenantStore, sealed};
use crate::tenants::Rotating;
use crate::tx::{COMMIT_TRIES, Tx};

pub use deliveries::{Came, DeliveryRow, DeliveryState, LastTry, TryResult, WaitingRow};
pub use health::{HealthRow, WakeRow};
pub use making::OutgoingEvent;

/// Addresses that one business has at most.
pub const MOST_WEBHOOKS: u32 = 10;

/// Why an address is told nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DisabledBy {
    /// Staff switched it off.
    Staff,
    /// It answered that it is gone (410).
    Gone,
    /// It did not take anything for days.
    Failing,
}

impl DisabledBy {
    /// The API's word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Staff => "staff",
            Self::Gone => "gone",
            Self::Failing => "failing",
        }
    }
}

/// Since when and why an address is told nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Disabled {
    pub at: DateTime<Utc>,
    pub by: DisabledBy,
}

/// An address as stored. What the stream's reader needs is in clear; where it is and what signs is sealed under the
/// tenant's key: an address may hold a credential.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct WebhookRow {
    pub tenant: TenantId,
    pub id: OutgoingWebhookId,
    #[serde(skip)]
    pub version: u64,
    pub events: BTreeSet<EventType>,
    pub disabled: Option<Disabled>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    private: Sealed,
}

impl Entity for WebhookRow {
    const TYPE: &'static str = "outgoing_webhook";
    fn key(&self) -> Key {
        key::outgoing_webhook(self.tenant, self.id)
    }
    fn version(&self) -> u64 {
        self.version
    }
    fn set_version(&mut self, version: u64) {
        self.version = version;
    }
}

impl WebhookRow {
    /// Whether it is told of an event.
    pub fn wants(&self, event: EventType) -> bool {
        self.disabled.is_none() && self.events.contains(&event)
    }
}

#[derive(Clone, Serialize, Deserialize)]
struct Private {
    url: String,
    description: Option<String>,
    secret: Rotating,
    /// What made the present secret: done again, it gives the same.
    made_by: Option<Uuid>,
}

/// An address, opened.
#[derive(Clone)]
pub struct Webhook {
    pub id: OutgoingWebhookId,
    /// 0 before it was ever saved.
    pub version: u64,
    pub events: BTreeSet<EventType>,
    pub disabled: Option<Disabled>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub url: String,
    pub description: Option<String>,
    /// What signs; the one it replaced signs too for a day.
    pub secret: Rotating,
    made_by: Option<Uuid>,
}

impl std::fmt::Debug for Webhook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Webhook")
            .field("id", &self.id)
            .field("events", &self.events)
            .field("disabled", &self.disabled)
            .finish_non_exhaustive()
    }
}

impl Store {
    /// The addresses of a tenant, unopened, oldest first.
    pub async fn outgoing_webhook_rows(
        &self,
        tenant: TenantId,
    ) -> Result<Vec<WebhookRow>, StoreError> {
        let pk = key::outgoing_webhooks_pk(tenant);
        let prefix = key::OUTGOING_WEBHOOK_PREFIX;
        Ok(self.list(pk, prefix, true, MOST_WEBHOOKS, None).await?.0)
    }
}

impl TenantStore {
    fn webhook_field(&self, id: OutgoingWebhookId) -> FieldRef {
        FieldRef::new(self.id.uuid(), id.uuid(), "private")
    }

    fn open_webhook(&self, row: WebhookRow) -> Result<Webhook, StoreError> {
        let place = self.webhook_field(row.id);
        let private: Private = self.open_json("outgoing webhook", place, &row.private)?;
        Ok(Webhook {
            id: row.id,
            version: row.version,
            events: row.events,
            disabled: row.disabled,
            created_at: row.created_at,
            updated_at: row.updated_at,
            url: private.url,
            description: private.description,
            secret: private.secret,
            made_by: private.made_by,
        })
    }

    /// The addresses, oldest first.
    pub async fn outgoing_webhooks(&self) -> Result<Vec<Webhook>, StoreError> {
        let rows = self.store.outgoing_webhook_rows(self.id).await?;
        rows.into_iter().map(|row| self.open_webhook(row)).collect()
    }

    /// One address.
    pub async fn outgoing_webhook(
        &self,
        id: OutgoingWebhookId,
    ) -> Result<Option<Webhook>, StoreError> {
        let row = self.store.read(&key::outgoing_webhook(self.id, id)).await?;
        row.map(|row| self.open_webhook(row)).transpose()
    }

    /// An address that is nowhere yet.
    pub fn new_outgoing_webhook(&self, id: OutgoingWebhookId, url: String) -> Webhook {
        let now = self.now();
        Webhook {
            id,
            version: 0,
            events: BTreeSet::new(),
            disabled: None,
            created_at: now,
            updated_at: now,
            url,
            description: None,
            secret: Rotating::default(),
            made_by: None,
        }
    }

    /// A new secret for an address, as it is shown once; the same again for the same operation. The one it replaces signs
    /// too for a day.
    pub fn new_outgoing_secret(
        &self,
        webhook: &mut Webhook,
        operation: Uuid,
    ) -> Result<String, StoreError> {
        if webhook.made_by == Some(operation)
            && let Some(secret) = &webhook.secret.current
        {
            return Ok(secret.clone());
        }
        webhook.made_by = Some(operation);
        let secret = mac::new_webhook_secret(self.store.random()).map_err(sealed("secret"))?;
        let secret = secret.expose_secret().to_owned();
        webhook.secret.rotate(secret.clone(), self.now());
        Ok(secret)
    }

    /// Puts an address into a transaction, conditional on the version it was read with.
    pub fn save_outgoing_webhook(
        &self,
        tx: &mut Tx,
        webhook: &mut Webhook,
    ) -> Result<(), StoreError> {
        let private = Private {
            url: webhook.url.clone(),
            description: webhook.description.clone(),
            secret: webhook.secret.clone(),
            made_by: webhook.made_by,
        };
        let place = self.webhook_field(webhook.id);
        let mut row = WebhookRow {
            tenant: self.id,
            id: webhook.id,
            version: webhook.version,
            events: webhook.events.clone(),
            disabled: webhook.disabled,
            created_at: webhook.created_at,
            updated_at: webhook.updated_at,
            private: self.seal_json("outgoing webhook", place, &private)?,
        };
        tx.save(&mut row)?;
        webhook.version = row.version;
        Ok(())
    }

    /// Takes an address away, with what was noted of it. What waited for it is sent to nobody; the record of deliveries
    /// goes with its time.
    pub fn remove_outgoing_webhook(&self, tx: &mut Tx, webhook: &Webhook) {
        let place = key::outgoing_webhook(self.id, webhook.id);
        let read = Condition::VersionIs(webhook.version);
        tx.delete_if(WebhookRow::TYPE, place, read);
        let wake = key::outgoing_wake(self.id, webhook.id);
        tx.delete_if(WakeRow::TYPE, wake, Condition::Always);
        let health = key::outgoing_health(self.id, webhook.id);
        tx.delete_if(HealthRow::TYPE, health, Condition::Always);
    }

    /// Switches an address off because of how it answers: administrators are told, and the change log has it. Once is
    /// enough.
    pub async fn disable_outgoing_webhook(
        &self,
        id: OutgoingWebhookId,
        by: DisabledBy,
        actor: &Actor,
    ) -> Result<(), StoreError> {
        for _ in 0..=COMMIT_TRIES {
            let Some(mut webhook) = self.outgoing_webhook(id).await? else {
                return Ok(());
            };
            if webhook.disabled.is_some() {
                return Ok(());
            }
            let at = self.now();
            webhook.disabled = Some(Disabled { at, by });
            webhook.updated_at = at;
            let mut tx = Tx::new();
            self.save_outgoing_webhook(&mut tx, &mut webhook)?;
            let entry = Entry::new("outgoing_webhook.disabled", "outgoing_webhook", id.uuid())
                .version(webhook.version)
                .fields(["enabled"])
                .details(serde_json::json!({ "by": by }));
            self.log(&mut tx, actor, entry)?;
            // Somebody on the staff who switches one off knows.
            if by != DisabledBy::Staff {
                let gone = by == DisabledBy::Gone;
                let webhook = webhook.id;
                self.tell(&mut tx, Happening::WebhookDisabled { webhook, gone })?;
            }
            match self.store.commit(tx).await {
                Err(error) if error.is_lost() => {}
                other => return other,
            }
        }
        Err(StoreError::Lost {
            lost: vec![WebhookRow::TYPE],
        })
    }
}
