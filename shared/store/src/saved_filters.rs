//! The filters that a user keeps under a name (S0 "Advanced Filtering System"). Name and filters are sealed under the
//! tenant's key: both may say whom somebody looks for.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use vio_crypto::{FieldRef, LookupHash, LookupKind, Sealed, TenantKeys};
use vio_domain::ids::{SavedFilterId, TenantId, UserId};
use vio_domain::preferences::{ContactColumns, ContactView};
use vio_domain::text::ShortText;

use crate::entity::Entity;
use crate::error::StoreError;
use crate::key;
use crate::port::{Condition, Key};
use crate::store::{TenantStore, sealed, to_json};
use crate::tx::Tx;

/// Saved filters of one user that are read at most.
pub const MOST_SAVED_FILTERS: u32 = 50;

/// One saved filter, opened.
#[derive(Clone, PartialEq)]
pub struct SavedFilterRow {
    pub tenant: TenantId,
    pub user: UserId,
    pub id: SavedFilterId,
    pub version: u64,
    pub name: ShortText<50>,
    /// As a search of contacts takes them.
    pub filters: Map<String, Value>,
    pub shown: Shown,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// How what a saved filter finds is shown; what is None is as the user likes all lists.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Shown {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub view: Option<ContactView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub columns: Option<ContactColumns>,
}

/// What of a saved filter is to be changed.
#[derive(Default)]
pub struct SavedFilterChange {
    pub name: Option<ShortText<50>>,
    pub filters: Option<Map<String, Value>>,
    pub shown: Option<Shown>,
}

impl std::fmt::Debug for SavedFilterRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SavedFilterRow")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// A saved filter as stored.
#[derive(Serialize, Deserialize)]
struct Stored {
    tenant: TenantId,
    user: UserId,
    id: SavedFilterId,
    #[serde(skip)]
    version: u64,
    name: Sealed,
    filters: Sealed,
    #[serde(flatten)]
    shown: Shown,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl Entity for Stored {
    const TYPE: &'static str = "saved_filter";
    fn key(&self) -> Key {
        key::saved_filter(self.tenant, self.user, self.id)
    }
    fn version(&self) -> u64 {
        self.version
    }
    fn set_version(&mut self, version: u64) {
        self.version = version;
    }
}

fn field(tenant: TenantId, id: SavedFilterId, name: &'static str) -> FieldRef {
    FieldRef::new(tenant.uuid(), id.uuid(), name)
}

impl SavedFilterRow {
    fn seal(&self, keys: &TenantKeys) -> Result<Stored, StoreError> {
        let seal = |name, clear: &[u8]| {
            keys.seal(field(self.tenant, self.id, name), clear)
                .map_err(sealed("saved filter"))
        };
        let filters = to_json(&self.filters)?;
        Ok(Stored {
            tenant: self.tenant,
            user: self.user,
            id: self.id,
            version: self.version,
            name: seal("name", self.name.as_str().as_bytes())?,
            filters: seal("filters", &filters)?,
            shown: self.shown.clone(),
            created_at: self.created_at,
            updated_at: self.updated_at,
        })
    }

    fn open(stored: Stored, keys: &TenantKeys) -> Result<Self, StoreError> {
        let open = |name, text: &Sealed| {
            keys.open_text(field(stored.tenant, stored.id, name), text)
                .map_err(sealed("saved filter"))
        };
        let name = open("name", &stored.name)?;
        let filters = open("filters", &stored.filters)?;
        Ok(Self {
            tenant: stored.tenant,
            user: stored.user,
            id: stored.id,
            version: stored.version,
            name: ShortText::parse(&name).map_err(sealed("saved filter"))?,
            filters: serde_json::from_str(&filters).map_err(|_| StoreError::Sealed {
                what: "saved filter",
            })?,
            shown: stored.shown,
            created_at: stored.created_at,
            updated_at: stored.updated_at,
        })
    }
}

/// A name is taken once per user, whatever its case.
#[derive(Serialize, Deserialize)]
struct SavedFilterNameRow {
    tenant: TenantId,
    name_hash: LookupHash,
    filter: SavedFilterId,
    #[serde(skip)]
    version: u64,
}

impl Entity for SavedFilterNameRow {
    const TYPE: &'static str = "saved_filter_name";
    fn key(&self) -> Key {
        key::saved_filter_name(self.tenant, &self.name_hash.to_string())
    }
    fn version(&self) -> u64 {
        self.version
    }
    fn set_version(&mut self, version: u64) {
        self.version = version;
    }
}

impl TenantStore {
    fn saved_filter_hash(&self, user: UserId, name: &ShortText<50>) -> LookupHash {
        let folded = name.as_str().to_lowercase();
        self.keys.lookup(
            LookupKind::GroupName,
            &format!("saved filter\n{user}\n{folded}"),
        )
    }

    fn claim_saved_filter_name(&self, tx: &mut Tx, row: &SavedFilterRow) -> Result<(), StoreError> {
        tx.create(&mut SavedFilterNameRow {
            tenant: self.id,
            name_hash: self.saved_filter_hash(row.user, &row.name),
            filter: row.id,
            version: 0,
        })
    }

    fn free_saved_filter_name(&self, tx: &mut Tx, user: UserId, name: &ShortText<50>) {
        let hash = self.saved_filter_hash(user, name).to_string();
        tx.delete_if(
            "old_saved_filter_name",
            key::saved_filter_name(self.id, &hash),
            Condition::Always,
        );
    }

    /// One of a user's saved filters.
    pub async fn saved_filter(
        &self,
        user: UserId,
        id: SavedFilterId,
    ) -> Result<Option<SavedFilterRow>, StoreError> {
        let key = key::saved_filter(self.id, user, id);
        let stored: Option<Stored> = self.store.read(&key).await?;
        stored
            .map(|stored| SavedFilterRow::open(stored, &self.keys))
            .transpose()
    }

    /// A user's saved filters, oldest first.
    pub async fn saved_filters(&self, user: UserId) -> Result<Vec<SavedFilterRow>, StoreError> {
        let pk = key::sign_ins_pk(self.id, user);
        let (all, _) = self
            .store
            .list::<Stored>(pk, key::SAVED_FILTER_PREFIX, true, MOST_SAVED_FILTERS, None)
            .await?;
        all.into_iter()
            .map(|stored| SavedFilterRow::open(stored, &self.keys))
            .collect()
    }

    /// Stages a new one. Lost on `saved_filter_name` where the user has the name already, on `saved_filter` where the id
    /// is taken.
    pub fn create_saved_filter(
        &self,
        tx: &mut Tx,
        (user, id): (UserId, SavedFilterId),
        name: ShortText<50>,
        (filters, shown): (Map<String, Value>, Shown),
    ) -> Result<SavedFilterRow, StoreError> {
        let now = self.now();
        let mut row = SavedFilterRow {
            tenant: self.id,
            user,
            id,
            version: 0,
            name,
            filters,
            shown,
            created_at: now,
            updated_at: now,
        };
        let mut stored = row.seal(&self.keys)?;
        tx.create(&mut stored)?;
        row.version = stored.version;
        self.claim_saved_filter_name(tx, &row)?;
        Ok(row)
    }

    /// Stages a change. Lost on `saved_filter_name` where the name is taken.
    pub fn change_saved_filter(
        &self,
        tx: &mut Tx,
        row: &mut SavedFilterRow,
        change: SavedFilterChange,
    ) -> Result<(), StoreError> {
        if let Some(name) = change.name {
            let old = std::mem::replace(&mut row.name, name);
            if self.saved_filter_hash(row.user, &old) != self.saved_filter_hash(row.user, &row.name)
            {
                self.free_saved_filter_name(tx, row.user, &old);
                self.claim_saved_filter_name(tx, row)?;
            }
        }
        if let Some(filters) = change.filters {
            row.filters = filters;
        }
        if let Some(shown) = change.shown {
            row.shown = shown;
        }
        row.updated_at = self.now();
        let mut stored = row.seal(&self.keys)?;
        tx.update(&mut stored)?;
        row.version = stored.version;
        Ok(())
    }

    /// Stages the removal of one.
    pub fn delete_saved_filter(&self, tx: &mut Tx, row: &SavedFilterRow) {
        self.free_saved_filter_name(tx, row.user, &row.name);
        tx.delete_if(
            Stored::TYPE,
            key::saved_filter(self.id, row.user, row.id),
            Condition::VersionIs(row.version),
        );
    }
}
