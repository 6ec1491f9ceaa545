//! Contact groups in the table (S2). A contact's record names its groups; a group's own partition names its members,
//! with when and by whom each was added; the group's record counts them. All three change in one transaction, so the
//! count is exact. A deleted group is gone at once: what still names it is read as if it did not.
//!
//! Name and description are sealed under the tenant's key: beside the ids of those in it, a group's name says something
//! about each of them.

mod members;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use vio_crypto::{FieldRef, LookupHash, LookupKind, Sealed, TenantKeys};
use vio_domain::groups::{Color, GroupDescription, GroupName, Icon, Visibility};
use vio_domain::ids::{ContactId, GroupId, TenantId, UserId};

pub(crate) use self::members::GroupWork;
pub use self::members::Joined;
use crate::entity::Entity;
use crate::error::StoreError;
use crate::key;
use crate::port::{Condition, Key};
use crate::store::{TenantStore, sealed};
use crate::tx::Tx;

/// Groups and members read in one request.
const GROUPS_AT_ONCE: u32 = 500;
const MEMBERS_AT_ONCE: u32 = 1_000;

/// A group, opened.
#[derive(Debug, Clone, PartialEq)]
pub struct GroupRow {
    pub tenant: TenantId,
    pub id: GroupId,
    /// Raised by every write, also by members coming and going.
    pub version: u64,
    /// Raised by edits: what its `ETag` names.
    pub edit_version: u64,
    pub name: GroupName,
    pub description: Option<GroupDescription>,
    pub color: Color,
    pub icon: Option<Icon>,
    pub visibility: Visibility,
    /// Contacts in it that are not deleted.
    pub members: u32,
    /// Since when it is archived: out of sight and closed, and its members stay.
    pub archived_at: Option<DateTime<Utc>>,
    /// The template or suggestion that it was made from, by its keyed hash.
    pub made_from: Option<LookupHash>,
    /// When it was made or edited, or members came or went.
    pub active_at: DateTime<Utc>,
    pub created_by: Option<UserId>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

/// A group as stored.
#[derive(Serialize, Deserialize)]
struct Stored {
    tenant: TenantId,
    id: GroupId,
    #[serde(skip)]
    version: u64,
    edit_version: u64,
    name: Sealed,
    description: Option<Sealed>,
    color: Color,
    icon: Option<Icon>,
    #[serde(flatten)]
    visibility: Visibility,
    members: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    archived_at: Option<DateTime<Utc>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    made_from: Option<LookupHash>,
    /// None where it is `updated_at`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    active_at: Option<DateTime<Utc>>,
    created_by: Option<UserId>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl Entity for Stored {
    const TYPE: &'static str = "group";
    fn key(&self) -> Key {
        key::group(self.tenant, self.id)
    }
    fn version(&self) -> u64 {
        self.version
    }
    fn set_version(&mut self, version: u64) {
        self.version = version;
    }
}

impl GroupRow {
    fn seal(&self, keys: &TenantKeys) -> Result<Stored, StoreError> {
        let seal = |field, text: &str| {
            let place = FieldRef::new(self.tenant.uuid(), self.id.uuid(), field);
            keys.seal(place, text.as_bytes()).map_err(sealed("group"))
        };
        Ok(Stored {
            tenant: self.tenant,
            id: self.id,
            version: self.version,
            edit_version: self.edit_version,
            name: seal("name", self.name.as_str())?,
            description: self
                .description
                .as_ref()
                .map(|text| seal("description", text.as_str()))
                .transpose()?,
            color: self.color,
            icon: self.icon,
            visibility: self.visibility.clone(),
            members: self.members,
            archived_at: self.archived_at,
            made_from: self.made_from,
            active_at: Some(self.active_at).filter(|at| *at != self.updated_at),
            created_by: self.created_by,
            created_at: self.created_at,
            updated_at: self.updated_at,
        })
    }

    fn open(stored: Stored, keys: &TenantKeys) -> Result<Self, StoreError> {
        let open = |field, value: &Sealed| {
            let place = FieldRef::new(stored.tenant.uuid(), stored.id.uuid(), field);
            keys.open_text(place, value).map_err(sealed("group"))
        };
        let name = open("name", &stored.name)?;
        let description = stored
            .description
            .as_ref()
            .map(|text| {
                let text = open("description", text)?;
                text.parse().map_err(sealed("group"))
            })
            .transpose()?;
        Ok(Self {
            tenant: stored.tenant,
            id: stored.id,
            version: stored.version,
            edit_version: stored.edit_version,
            name: GroupName::parse(&name).map_err(sealed("group"))?,
            description,
            color: stored.color,
            icon: stored.icon,
            visibility: stored.visibility,
            members: stored.members,
            archived_at: stored.archived_at,
            made_from: stored.made_from,
            active_at: stored.active_at.unwrap_or(stored.updated_at),
            created_by: stored.created_by,
            created_at: stored.created_at,
            updated_at: stored.updated_at,
        })
    }
}

/// A group's name is taken within the tenant, whatever its case.
#[derive(Serialize, Deserialize)]
struct GroupNameRow {
    tenant: TenantId,
    name_hash: LookupHash,
    group: GroupId,
    #[serde(skip)]
    version: u64,
}

impl Entity for GroupNameRow {
    const TYPE: &'static str = "group_name";
    fn key(&self) -> Key {
        key::group_name(self.tenant, &self.name_hash.to_string())
    }
    fn version(&self) -> u64 {
        self.version
    }
    fn set_version(&mut self, version: u64) {
        self.version = version;
    }
}

/// A contact's place in a group.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MemberRow {
    pub tenant: TenantId,
    pub group: GroupId,
    pub contact: ContactId,
    pub added_at: DateTime<Utc>,
    pub added_by: Option<UserId>,
}

impl Entity for MemberRow {
    const TYPE: &'static str = "group_member";
    fn key(&self) -> Key {
        key::group_member(self.tenant, self.group, self.contact)
    }
    fn version(&self) -> u64 {
        1
    }
    fn set_version(&mut self, _: u64) {}
}

impl TenantStore {
    fn group_name_key(&self, name: &GroupName) -> LookupHash {
        self.keys
            .lookup(LookupKind::GroupName, &format!("group\n{}", name.folded()))
    }

    fn claim_group_name(&self, tx: &mut Tx, row: &GroupRow) -> Result<(), StoreError> {
        tx.create(&mut GroupNameRow {
            tenant: self.id,
            name_hash: self.group_name_key(&row.name),
            group: row.id,
            version: 0,
        })
    }

    fn free_group_name(&self, tx: &mut Tx, name: &GroupName) {
        let hash = self.group_name_key(name).to_string();
        let place = key::group_name(self.id, &hash);
        tx.delete_if("old_group_name", place, Condition::Always);
    }

    /// One group.
    pub async fn group(&self, id: GroupId) -> Result<Option<GroupRow>, StoreError> {
        let stored: Option<Stored> = self.store.read(&key::group(self.id, id)).await?;
        stored
            .map(|stored| GroupRow::open(stored, &self.keys))
            .transpose()
    }

    /// Several groups by id; those that are gone are left out.
    pub async fn groups_named(
        &self,
        ids: impl IntoIterator<Item = GroupId>,
    ) -> Result<BTreeMap<GroupId, GroupRow>, StoreError> {
        let keys: Vec<Key> = ids.into_iter().map(|id| key::group(self.id, id)).collect();
        let rows: Vec<Stored> = self.store.read_all(&keys).await?;
        rows.into_iter()
            .map(|stored| Ok((stored.id, GroupRow::open(stored, &self.keys)?)))
            .collect()
    }

    /// Every group, oldest first.
    pub async fn all_groups(&self) -> Result<Vec<GroupRow>, StoreError> {
        let (mut all, mut last) = (Vec::new(), None);
        loop {
            let (rows, more) = self.groups(GROUPS_AT_ONCE, last).await?;
            last = rows.last().map(|row| row.id);
            all.extend(rows);
            if !more || last.is_none() {
                return Ok(all);
            }
        }
    }

    /// What a template or suggestion is known by in the groups made from it: it says nothing about them to whoever does
    /// not have the tenant's key.
    pub fn group_source(&self, name: &str) -> LookupHash {
        self.keys
            .lookup(LookupKind::GroupName, &format!("source\n{name}"))
    }

    /// Every member of a group, by contact.
    pub async fn everybody_in(&self, group: GroupId) -> Result<Vec<MemberRow>, StoreError> {
        let (mut all, mut last) = (Vec::new(), None);
        loop {
            let (rows, more) = self.members(group, MEMBERS_AT_ONCE, last).await?;
            last = rows.last().map(|row| row.contact);
            all.extend(rows);
            if !more || last.is_none() {
                return Ok(all);
            }
        }
    }

    /// A page of the groups, oldest first, and whether there is more.
    pub async fn groups(
        &self,
        limit: u32,
        after: Option<GroupId>,
    ) -> Result<(Vec<GroupRow>, bool), StoreError> {
        let after = after.map(|id| key::group(self.id, id).into());
        let pk = key::tenant_pk(self.id);
        let (rows, next) = self
            .store
            .list::<Stored>(pk, key::GROUP_PREFIX, true, limit, after)
            .await?;
        let rows: Result<_, StoreError> = rows
            .into_iter()
            .map(|stored| GroupRow::open(stored, &self.keys))
            .collect();
        Ok((rows?, next.is_some()))
    }

    /// A page of a group's members, by contact, and whether there is more.
    pub async fn members(
        &self,
        group: GroupId,
        limit: u32,
        after: Option<ContactId>,
    ) -> Result<(Vec<MemberRow>, bool), StoreError> {
        let after = after.map(|contact| key::group_member(self.id, group, contact).into());
        let pk = key::group_members_pk(self.id, group);
        let (rows, next) = self.store.list(pk, "", true, limit, after).await?;
        Ok((rows, next.is_some()))
    }

    /// Stages a new group. Lost on `group_name` where the name is taken, on `group` where the id is.
    pub fn create_group(&self, tx: &mut Tx, row: &mut GroupRow) -> Result<(), StoreError> {
        let mut stored = row.seal(&self.keys)?;
        tx.create(&mut stored)?;
        row.version = stored.version;
        self.claim_group_name(tx, row)
    }

    /// Stages a group that must still be at the version it was read with.
    fn update_group(&self, tx: &mut Tx, row: &mut GroupRow) -> Result<(), StoreError> {
        let mut stored = row.seal(&self.keys)?;
        tx.update(&mut stored)?;
        row.version = stored.version;
        Ok(())
    }

    /// Stages an edited group; `before` is its name as read. Lost on `group_name` where the new one is taken.
    pub fn edit_group(
        &self,
        tx: &mut Tx,
        row: &mut GroupRow,
        before: &GroupName,
    ) -> Result<(), StoreError> {
        if self.group_name_key(before) != self.group_name_key(&row.name) {
            self.free_group_name(tx, before);
            self.claim_group_name(tx, row)?;
        }
        row.edit_version += 1;
        row.updated_at = self.now();
        row.active_at = row.updated_at;
        self.update_group(tx, row)
    }

    /// Stages the end of a group. Its members are orphaned: they stay, in one group less.
    pub fn delete_group(&self, tx: &mut Tx, row: &GroupRow) {
        self.free_group_name(tx, &row.name);
        tx.delete_if(
            Stored::TYPE,
            key::group(self.id, row.id),
            Condition::VersionIs(row.version),
        );
    }
}
