//! The tenant's list of tags (S1 `contact_tags`), offered where a contact is tagged. Name and description are sealed under
//! the tenant's key: a word such as `hiv-clinic` is health data beside the people who have it, and people write names into
//! tags. A contact holds the words themselves, so another name is carried to each ([`Operation::Retag`]).
//!
//! [`Operation::Retag`]: vio_domain::bulk::Operation::Retag

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use vio_crypto::{FieldRef, LookupHash, LookupKind, Sealed, TenantKeys};
use vio_domain::groups::Color;
use vio_domain::ids::{TagId, TenantId};
use vio_domain::text::{ShortText, Tag};

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
    pub name: Tag,
    /// What it is for (S1).
    pub description: Option<ShortText<255>>,
    pub color: Color,
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
    #[serde(default, skip_serializing_if = "Option::is_none")]
    description: Option<Sealed>,
    #[serde(default)]
    color: Color,
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

fn field(tenant: TenantId, id: TagId, name: &'static str) -> FieldRef {
    FieldRef::new(tenant.uuid(), id.uuid(), name)
}

impl TagRow {
    /// A tag with nothing but a name, not stored yet.
    pub fn named(tenant: TenantId, id: TagId, name: Tag, now: DateTime<Utc>) -> Self {
        Self {
            tenant,
            id,
            version: 0,
            name,
            description: None,
            color: Color::default(),
            created_at: now,
        }
    }

    fn seal(&self, keys: &TenantKeys) -> Result<Stored, StoreError> {
        let seal = |name, text: &str| {
            let place = field(self.tenant, self.id, name);
            keys.seal(place, text.as_bytes()).map_err(sealed("tag"))
        };
        let description = self.description.as_ref();
        Ok(Stored {
            tenant: self.tenant,
            id: self.id,
            version: self.version,
            name: seal("name", self.name.as_str())?,
            description: description
                .map(|text| seal("description", text.as_str()))
                .transpose()?,
            color: self.color,
            created_at: self.created_at,
        })
    }

    fn open(stored: Stored, keys: &TenantKeys) -> Result<Self, StoreError> {
        let open = |name, text: &Sealed| {
            let place = field(stored.tenant, stored.id, name);
            keys.open_text(place, text).map_err(sealed("tag"))
        };
        let description = stored.description.as_ref();
        let description = description.map(|text| open("description", text));
        Ok(Self {
            tenant: stored.tenant,
            id: stored.id,
            version: stored.version,
            name: Tag::parse(&open("name", &stored.name)?).map_err(sealed("tag"))?,
            description: description
                .transpose()?
                .map(|text| ShortText::parse(&text).map_err(sealed("tag")))
                .transpose()?,
            color: stored.color,
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
    fn tag_hash(&self, name: &Tag) -> LookupHash {
        let folded = name.folded();
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

    fn free_tag_name(&self, tx: &mut Tx, name: &Tag) {
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
    pub fn create_tag(&self, tx: &mut Tx, row: &mut TagRow) -> Result<(), StoreError> {
        let mut stored = row.seal(&self.keys)?;
        tx.create(&mut stored)?;
        row.version = stored.version;
        self.claim_tag_name(tx, row)
    }

    /// Stages a changed tag. Lost on `tag_name` where another has its name.
    pub fn update_tag(
        &self,
        tx: &mut Tx,
        before: &TagRow,
        row: &mut TagRow,
    ) -> Result<(), StoreError> {
        if self.tag_hash(&before.name) != self.tag_hash(&row.name) {
            self.free_tag_name(tx, &before.name);
            self.claim_tag_name(tx, row)?;
        }
        let mut stored = row.seal(&self.keys)?;
        tx.update(&mut stored)?;
        row.version = stored.version;
        Ok(())
    }

    /// Stages the removal of a tag from the list.
    pub fn delete_tag(&self, tx: &mut Tx, row: &TagRow) {
        self.free_tag_name(tx, &row.name);
        tx.delete_if(
            Stored::TYPE,
            key::tag(self.id, row.id),
            Condition::VersionIs(row.version),
        );
    }
}
