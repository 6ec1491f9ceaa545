//! The tenant's list of tags, offered where a contact is tagged. A name is sealed under the tenant's key: a word such as
//! `hiv-clinic` is health data beside the people who have it, and people write names into tags.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use vio_crypto::{FieldRef, LookupHash, LookupKind, Sealed, TenantKeys};
use vio_domain::ids::{TagId, TenantId};
use vio_domain::text::ShortText;

use crate::entity::Entity;
use crate::error::StoreError;
use crate::key;
use crate::port::{Condition, Key};
use crate::store::{TenantStore, sealed};
use crate::tx::Tx;

/// Tags of one tenant that are read at most.
pub const MOST_TAGS: u32 = 500;

/// One tag, opened.
#[derive(Debug, Clone, PartialEq)]
pub struct TagRow {
    pub tenant: TenantId,
    pub id: TagId,
    pub version: u64,
    pub name: ShortText<50>,
    pub created_at: DateTime<Utc>,
}

/// A tag as stored.
#[derive(Serialize, Deserialize)]
struct Stored {
    tenant: TenantId,
    id: TagId,
    #[serde(skip)]
    version: u64,
    name: Sealed,
    created_at: DateTime<Utc>,
}

impl Entity for Stored {
    const TYPE: &'static str = "tag";
    fn key(&self) -> Key {
        key::tag(self.tenant, self.id)
    }
    fn version(&self) -> u64 {
        self.version
    }
    fn set_version(&mut self, version: u64) {
        self.version = version;
    }
}

fn name_field(tenant: TenantId, id: TagId) -> FieldRef {
    FieldRef::new(tenant.uuid(), id.uuid(), "name")
}

impl TagRow {
    fn seal(&self, keys: &TenantKeys) -> Result<Stored, StoreError> {
        let place = name_field(self.tenant, self.id);
        let name = keys.seal(place, self.name.as_str().as_bytes());
        Ok(Stored {
            tenant: self.tenant,
            id: self.id,
            version: self.version,
            name: name.map_err(sealed("tag"))?,
            created_at: self.created_at,
        })
    }

    fn open(stored: Stored, keys: &TenantKeys) -> Result<Self, StoreError> {
        let place = name_field(stored.tenant, stored.id);
        let name = keys.open_text(place, &stored.name).map_err(sealed("tag"))?;
        Ok(Self {
            tenant: stored.tenant,
            id: stored.id,
            version: stored.version,
            name: ShortText::parse(&name).map_err(sealed("tag"))?,
            created_at: stored.created_at,
        })
    }
}

/// A tag's name is taken within the tenant, whatever its case.
#[derive(Serialize, Deserialize)]
struct TagNameRow {
    tenant: TenantId,
    name_hash: LookupHash,
    tag: TagId,
    #[serde(skip)]
    version: u64,
}

impl Entity for TagNameRow {
    const TYPE: &'static str = "tag_name";
    fn key(&self) -> Key {
        key::tag_name(self.tenant, &self.name_hash.to_string())
    }
    fn version(&self) -> u64 {
        self.version
    }
    fn set_version(&mut self, version: u64) {
        self.version = version;
    }
}

impl TenantStore {
    fn tag_hash(&self, name: &ShortText<50>) -> LookupHash {
        let folded = name.as_str().to_lowercase();
        self.keys
            .lookup(LookupKind::GroupName, &format!("tag\n{folded}"))
    }

    fn claim_tag_name(&self, tx: &mut Tx, row: &TagRow) -> Result<(), StoreError> {
        tx.create(&mut TagNameRow {
            tenant: self.id,
            name_hash: self.tag_hash(&row.name),
            tag: row.id,
            version: 0,
        })
    }

    fn free_tag_name(&self, tx: &mut Tx, name: &ShortText<50>) {
        let hash = self.tag_hash(name).to_string();
        tx.delete_if(
            "old_tag_name",
            key::tag_name(self.id, &hash),
            Condition::Always,
        );
    }

    /// One tag.
    pub async fn tag(&self, id: TagId) -> Result<Option<TagRow>, StoreError> {
        let stored: Option<Stored> = self.store.read(&key::tag(self.id, id)).await?;
        stored
            .map(|stored| TagRow::open(stored, &self.keys))
            .transpose()
    }

    /// All tags, oldest first.
    pub async fn tags(&self) -> Result<Vec<TagRow>, StoreError> {
        let pk = key::tenant_pk(self.id);
        let (all, _) = self
            .store
            .list::<Stored>(pk, key::TAG_PREFIX, true, MOST_TAGS, None)
            .await?;
        all.into_iter()
            .map(|stored| TagRow::open(stored, &self.keys))
            .collect()
    }

    /// Stages a new tag. Lost on `tag_name` where the name is taken, on `tag` where the id is.
    pub fn create_tag(
        &self,
        tx: &mut Tx,
        id: TagId,
        name: ShortText<50>,
    ) -> Result<TagRow, StoreError> {
        let mut row = TagRow {
            tenant: self.id,
            id,
            version: 0,
            name,
            created_at: self.now(),
        };
        let mut stored = row.seal(&self.keys)?;
        tx.create(&mut stored)?;
        row.version = stored.version;
        self.claim_tag_name(tx, &row)?;
        Ok(row)
    }

    /// Stages another name. Lost on `tag_name` where it is taken.
    pub fn rename_tag(
        &self,
        tx: &mut Tx,
        row: &mut TagRow,
        name: ShortText<50>,
    ) -> Result<(), StoreError> {
        let old = std::mem::replace(&mut row.name, name);
        if self.tag_hash(&old) != self.tag_hash(&row.name) {
            self.free_tag_name(tx, &old);
            self.claim_tag_name(tx, row)?;
        }
        let mut stored = row.seal(&self.keys)?;
        tx.update(&mut stored)?;
        row.version = stored.version;
        Ok(())
    }

    /// Stages the removal of a tag from the list; contacts keep the word.
    pub fn delete_tag(&self, tx: &mut Tx, row: &TagRow) {
        self.free_tag_name(tx, &row.name);
        tx.delete_if(
            Stored::TYPE,
            key::tag(self.id, row.id),
            Condition::VersionIs(row.version),
        );
    }
}
