//! Which object holds the snapshot of a tenant's view, and its key. The object is immutable and comes first; this record
//! is swapped on its version, so of two that write one at a time one wins, and the other's object is waste.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use vio_crypto::{FieldRef, ObjectKey, Sealed};
use vio_domain::ids::TenantId;

use crate::entity::Entity;
use crate::error::StoreError;
use crate::key;
use crate::objects::ObjectName;
use crate::port::Key;
use crate::store::{TenantStore, sealed};
use crate::tx::Tx;

/// The record.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SnapshotRow {
    pub tenant: TenantId,
    /// Also the version that the snapshot itself names.
    #[serde(skip)]
    pub version: u64,
    pub object: Uuid,
    /// The object's key, under the tenant's.
    key: Sealed,
    /// Every change committed before this is in it.
    pub complete_to: DateTime<Utc>,
    pub made_at: DateTime<Utc>,
    pub contacts: u64,
    pub bytes: u64,
}

impl Entity for SnapshotRow {
    const TYPE: &'static str = "view_snapshot";
    fn key(&self) -> Key {
        key::view_snapshot(self.tenant)
    }
    fn version(&self) -> u64 {
        self.version
    }
    fn set_version(&mut self, version: u64) {
        self.version = version;
    }
}

impl SnapshotRow {
    /// The object's name.
    pub fn name(&self) -> ObjectName {
        key::view_object(self.tenant, self.object)
    }

    fn field(&self) -> FieldRef {
        FieldRef::new(self.tenant.uuid(), self.object, "snapshot key")
    }
}

impl TenantStore {
    /// The record, if there is a snapshot.
    pub async fn snapshot_row(&self) -> Result<Option<SnapshotRow>, StoreError> {
        self.store.read(&key::view_snapshot(self.id)).await
    }

    /// The record of a new object that is to take the place of `before`, and the key to seal the object with. Its version
    /// is the one to come: the snapshot names it.
    pub fn next_snapshot(
        &self,
        before: Option<&SnapshotRow>,
        complete_to: DateTime<Utc>,
        contacts: u64,
    ) -> Result<(SnapshotRow, ObjectKey), StoreError> {
        let (tenant, object) = (self.id, self.new_id());
        let key = ObjectKey::generate(tenant.uuid(), object, self.store.random())
            .map_err(sealed("snapshot key"))?;
        let place = FieldRef::new(tenant.uuid(), object, "snapshot key");
        let row = SnapshotRow {
            tenant,
            version: before.map_or(0, |row| row.version) + 1,
            object,
            key: self
                .keys
                .seal(place, key.expose())
                .map_err(sealed("snapshot key"))?,
            complete_to,
            made_at: self.now(),
            contacts,
            bytes: 0,
        };
        Ok((row, key))
    }

    /// The key of the object that a record names.
    pub fn snapshot_key(&self, row: &SnapshotRow) -> Result<ObjectKey, StoreError> {
        let bytes = self
            .keys
            .open(row.field(), &row.key)
            .map_err(sealed("snapshot key"))?;
        ObjectKey::from_bytes(self.id.uuid(), row.object, &bytes).map_err(sealed("snapshot key"))
    }

    /// Names a new object, in place of what it was made in view of. False where another one was named meanwhile.
    pub async fn swap_snapshot(&self, row: &SnapshotRow) -> Result<bool, StoreError> {
        let mut row = row.clone();
        row.version -= 1;
        let mut tx = Tx::new();
        tx.save(&mut row)?;
        self.store.try_commit(tx).await
    }
}
