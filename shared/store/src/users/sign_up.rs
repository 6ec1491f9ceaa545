//! A business is made, with its first administrator; its name is taken once on the platform (S0, S3).

use serde::{Deserialize, Serialize};
use vio_crypto::{EndpointId, LookupHash, LookupKind, PlatformKeys};
use vio_domain::ids::TenantId;
use vio_domain::settings::Settings;

use crate::entity::Entity;
use crate::error::StoreError;
use crate::key;
use crate::log::{Actor, Entry};
use crate::port::{Condition, Key};
use crate::store::{Store, TenantStore};
use crate::tenants::Endpoints;
use crate::tx::Tx;

use super::NewUser;

/// A business name is taken.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct BusinessNameRow {
    name_hash: LookupHash,
    tenant: TenantId,
    #[serde(skip)]
    version: u64,
}

impl Entity for BusinessNameRow {
    const TYPE: &'static str = "business_name";
    fn key(&self) -> Key {
        key::business_name(&self.name_hash.to_string())
    }
    fn version(&self) -> u64 {
        self.version
    }
    fn set_version(&mut self, version: u64) {
        self.version = version;
    }
}

/// The keyed hash of a business name: case and repeated spaces do not make another name.
fn name_hash(keys: &PlatformKeys, name: &str) -> LookupHash {
    let folded = name
        .split_whitespace()
        .map(str::to_lowercase)
        .collect::<Vec<_>>()
        .join(" ");
    // A name of its own kind: the prefix keeps it apart from every other use of the platform's hashes.
    keys.lookup(LookupKind::GroupName, &format!("business\n{folded}"))
}

impl TenantStore {
    /// Takes a business name for this tenant. Lost on `business_name` where another has it.
    pub fn claim_business_name(
        &self,
        tx: &mut Tx,
        platform: &PlatformKeys,
        name: &str,
    ) -> Result<(), StoreError> {
        tx.create(&mut BusinessNameRow {
            name_hash: name_hash(platform, name),
            tenant: self.id,
            version: 0,
        })
    }

    /// Changes the business name's claim. Nothing where both are the same name.
    pub fn move_business_name(
        &self,
        tx: &mut Tx,
        platform: &PlatformKeys,
        from: &str,
        to: &str,
    ) -> Result<(), StoreError> {
        let old = name_hash(platform, from);
        if old == name_hash(platform, to) {
            return Ok(());
        }
        tx.delete_if(
            "old_business_name",
            key::business_name(&old.to_string()),
            Condition::Always,
        );
        self.claim_business_name(tx, platform, to)
    }
}

impl Store {
    /// Makes a business with its first administrator: keys, settings, webhook addresses, the claims on its name and on
    /// the administrator's e-mail, and the first entry of its log, all or nothing (S0, S3). Lost on `business_name` or
    /// `login` where either is taken.
    pub async fn sign_up(
        &self,
        platform: &PlatformKeys,
        tenant: TenantId,
        settings: Settings,
        admin: NewUser,
        actor: &Actor,
    ) -> Result<TenantStore, StoreError> {
        let endpoint = || {
            EndpointId::generate(self.random())
                .map(|id| id.to_string())
                .map_err(|error| StoreError::Keys(Box::new(error)))
        };
        let endpoints = Endpoints {
            call_outcome: endpoint()?,
            calcom_booking: endpoint()?,
            calendly_booking: endpoint()?,
            sms: endpoint()?,
        };
        let mut tx = Tx::new();
        let name = settings.business.legal_name.clone();
        let kind = settings.business.business_type;
        let scope = self
            .new_tenant(&mut tx, tenant, settings, endpoints)
            .await?;
        scope.claim_business_name(&mut tx, platform, name.as_str())?;
        scope.create_user(&mut tx, platform, admin)?;
        let entry = Entry::new("tenant.created", "tenant", tenant.uuid())
            .version(1)
            .details(serde_json::json!({ "business_type": kind }));
        scope.log(&mut tx, actor, entry)?;
        self.commit(tx).await?;
        Ok(scope)
    }
}
