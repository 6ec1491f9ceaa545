//! The tenant's own locations (rules.md Contacts): chosen for an appointment, shown and spoken. Not personal.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use vio_domain::ids::{LocationId, TenantId};
use vio_domain::phone::E164;
use vio_domain::text::ShortText;

use crate::entity::Entity;
use crate::error::StoreError;
use crate::key;
use crate::port::Key;
use crate::store::TenantStore;

/// Locations of one tenant that are read at most.
pub const MOST_LOCATIONS: u32 = 500;

/// One location.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LocationRow {
    pub tenant: TenantId,
    pub id: LocationId,
    #[serde(skip)]
    pub version: u64,
    pub name: ShortText<100>,
    pub address: Option<ShortText<255>>,
    /// The number people are told to call about this location.
    pub phone: Option<E164>,
    pub timezone: Option<Tz>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

impl Entity for LocationRow {
    const TYPE: &'static str = "location";
    fn key(&self) -> Key {
        key::location(self.tenant, self.id)
    }
    fn version(&self) -> u64 {
        self.version
    }
    fn set_version(&mut self, version: u64) {
        self.version = version;
    }
}

impl TenantStore {
    /// One location.
    pub async fn location(&self, id: LocationId) -> Result<Option<LocationRow>, StoreError> {
        self.store.read(&key::location(self.id, id)).await
    }

    /// All locations, oldest first.
    pub async fn locations(&self) -> Result<Vec<LocationRow>, StoreError> {
        let pk = key::tenant_pk(self.id);
        Ok(self
            .store
            .list(pk, key::LOCATION_PREFIX, true, MOST_LOCATIONS, None)
            .await?
            .0)
    }
}
