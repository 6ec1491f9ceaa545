//! Contact groups in the table (S2). A contact's record names its groups; a group's own partition names its members,
//! with when and by whom each was added; the group's record counts them. All three change in one transaction, so the
//! count is exact. A deleted group is gone at once: what still names it is read as if it did not.
//!
//! Name and description are sealed under the tenant's key: beside the ids of those in it, a group's name says something
//! about each of them.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use vio_crypto::{FieldRef, LookupHash, LookupKind, Sealed, TenantKeys};
use vio_domain::groups::{Color, GroupDescription, GroupName, Icon, Visibility};
use vio_domain::ids::{ContactId, GroupId, TenantId, UserId};

use crate::contacts::Person;
use crate::entity::Entity;
use crate::error::StoreError;
use crate::key;
use crate::log::{Actor, Entry};
use crate::port::{Condition, Key, Position};
use crate::store::{TenantStore, sealed};
use crate::tx::Tx;

/// Persons put into a group in one transaction: each takes up to three of its hundred operations.
const JOIN_AT_ONCE: usize = 30;
/// How often a lost race is decided again.
const TRIES: usize = 6;

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

/// What became of contacts that were to join a group.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Joined {
    /// Put into it now.
    pub added: u32,
    /// In it before.
    pub already: u32,
}

fn groups_of(person: &Person) -> (BTreeSet<GroupId>, BTreeSet<GroupId>) {
    let named = |contact: &vio_domain::contact::Contact| match contact.deleted {
        Some(_) => BTreeSet::new(),
        None => contact.group_ids.iter().copied().collect(),
    };
    let before = person.contact_before().map(named).unwrap_or_default();
    (before, named(&person.contact))
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

    /// A page of the groups, oldest first, and whether there is more.
    pub async fn groups(
        &self,
        limit: u32,
        after: Option<GroupId>,
    ) -> Result<(Vec<GroupRow>, bool), StoreError> {
        let after = after.map(|id| at(key::group(self.id, id)));
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
        let after = after.map(|contact| at(key::group_member(self.id, group, contact)));
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

    /// Stages what a changed person changes of its groups: its place in each that it joins or leaves, and their counts.
    /// A group that is gone is taken off the person. Reads nothing where the groups are the same.
    pub(crate) async fn stage_membership(
        &self,
        tx: &mut Tx,
        person: &mut Person,
        by: Option<UserId>,
    ) -> Result<(), StoreError> {
        let (before, after) = groups_of(person);
        if before == after {
            return Ok(());
        }
        let changed: Vec<GroupId> = before.symmetric_difference(&after).copied().collect();
        let mut groups = self.groups_named(changed.iter().copied()).await?;
        for id in changed {
            let joins = after.contains(&id);
            let place = key::group_member(self.id, id, person.contact.id);
            match (groups.get_mut(&id), joins) {
                (Some(group), true) => {
                    group.members = group.members.saturating_add(1);
                    self.stage_join(tx, id, person.contact.id, by)?;
                    self.update_group(tx, group)?;
                }
                (Some(group), false) => {
                    group.members = group.members.saturating_sub(1);
                    tx.delete_if(MemberRow::TYPE, place, Condition::Always);
                    self.update_group(tx, group)?;
                }
                (None, true) => person.contact.group_ids.retain(|group| *group != id),
                (None, false) => tx.delete_if(MemberRow::TYPE, place, Condition::Always),
            }
        }
        Ok(())
    }

    fn stage_join(
        &self,
        tx: &mut Tx,
        group: GroupId,
        contact: ContactId,
        by: Option<UserId>,
    ) -> Result<(), StoreError> {
        let row = MemberRow {
            tenant: self.id,
            group,
            contact,
            added_at: self.now(),
            added_by: by,
        };
        tx.put_if(MemberRow::TYPE, &row, 1, Condition::Absent)
    }

    /// Puts contacts into a group, in transactions of [`JOIN_AT_ONCE`]: each is whole, and asked again, those that are in
    /// it already are only counted. None where the group is gone; deleted contacts are passed over.
    pub async fn join_group(
        &self,
        group: GroupId,
        contacts: &[ContactId],
        actor: &Actor,
    ) -> Result<Option<Joined>, StoreError> {
        let mut joined = Joined::default();
        for some in contacts.chunks(JOIN_AT_ONCE) {
            let mut tries = 0;
            loop {
                let Some(mut row) = self.group(group).await? else {
                    return Ok(None);
                };
                let (mut tx, mut step) = (Tx::new(), Joined::default());
                for contact in some {
                    let Some(mut person) = self.person(*contact).await? else {
                        continue;
                    };
                    if person.contact.deleted.is_some() {
                        continue;
                    }
                    if person.contact.group_ids.contains(&group) {
                        step.already += 1;
                        continue;
                    }
                    let before = person.contact.group_ids.clone();
                    person.contact.group_ids.push(group);
                    person.contact.version += 1;
                    person.contact.updated_at = self.now();
                    self.stage_join(&mut tx, group, *contact, actor.user())?;
                    self.stage_person(&mut tx, &mut person)?;
                    let entry = Entry::new("group.member_added", "contact", contact.uuid())
                        .contact(*contact)
                        .version(person.contact.version)
                        .fields(["group_ids"])
                        .details(serde_json::json!({
                            "before": { "group_ids": before },
                            "after": { "group_ids": person.contact.group_ids },
                        }));
                    self.log(&mut tx, actor, entry)?;
                    step.added += 1;
                }
                if step.added > 0 {
                    row.members = row.members.saturating_add(step.added);
                    self.update_group(&mut tx, &mut row)?;
                }
                match self.store.commit(tx).await {
                    Ok(()) => {
                        joined.added += step.added;
                        joined.already += step.already;
                        break;
                    }
                    Err(error) if error.is_lost() && tries < TRIES => tries += 1,
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(Some(joined))
    }

    /// Takes a contact out of a group. False where it is not in it.
    pub async fn leave_group(
        &self,
        group: GroupId,
        contact: ContactId,
        actor: &Actor,
    ) -> Result<bool, StoreError> {
        let mut tries = 0;
        loop {
            let Some(mut person) = self.person(contact).await? else {
                return Ok(false);
            };
            if !person.contact.group_ids.contains(&group) || person.contact.deleted.is_some() {
                return Ok(false);
            }
            let before = person.contact.group_ids.clone();
            person.contact.group_ids.retain(|id| *id != group);
            person.contact.version += 1;
            person.contact.updated_at = self.now();
            let mut tx = Tx::new();
            self.stage_membership(&mut tx, &mut person, actor.user())
                .await?;
            self.stage_person(&mut tx, &mut person)?;
            let entry = Entry::new("group.member_removed", "contact", contact.uuid())
                .contact(contact)
                .version(person.contact.version)
                .fields(["group_ids"])
                .details(serde_json::json!({
                    "before": { "group_ids": before },
                    "after": { "group_ids": person.contact.group_ids },
                }));
            self.log(&mut tx, actor, entry)?;
            match self.store.commit(tx).await {
                Ok(()) => return Ok(true),
                Err(error) if error.is_lost() && tries < TRIES => tries += 1,
                Err(error) => return Err(error),
            }
        }
    }
}

fn at(key: Key) -> Position {
    Position {
        pk: key.pk,
        sk: key.sk,
        index: None,
    }
}
