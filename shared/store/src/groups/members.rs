//! Who is in a group: members come and go in transactions that change the contact's record, its place in the group, the
//! group's count and the logs of both together.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use futures::{StreamExt, TryStreamExt, stream};
use vio_domain::bulk::{GroupChange, Left, Undo, Verdict};
use vio_domain::contact::Contact;
use vio_domain::ids::{ContactId, GroupId, JobId, UserId};
use vio_domain::outgoing::{EventType, News};

use super::{GroupRow, MemberRow};
use crate::contacts::{Person, SAVE_TRIES};
use crate::entity::Entity;
use crate::error::StoreError;
use crate::key;
use crate::log::{Actor, Entry};
use crate::port::{Condition, PortError};
use crate::store::TenantStore;
use crate::tx::Tx;

/// How often a lost race over a group's record is decided again. Many people may sort contacts into one group at once.
const TRIES: u32 = 60;
/// Operations of a transaction that are used, of a hundred.
const MOST_OPS: usize = 98;
/// Of each person: contact, log entry, result; and a place in each group.
const OPS_OF_A_PERSON: usize = 3;
/// Of each group: its record and log entry.
const OPS_OF_A_GROUP: usize = 2;
/// Persons read side by side.
const SIDE_BY_SIDE: usize = 8;

/// What became of contacts that were to join a group.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Joined {
    /// Put into it now.
    pub added: u32,
    /// In it before.
    pub already: u32,
}

/// On whose behalf groups change, and what is left behind.
#[derive(Debug, Clone, Copy)]
pub(crate) struct GroupWork<'a> {
    pub(crate) actor: &'a Actor,
    pub(crate) reason: Option<&'a str>,
    /// The job that does it: it leaves a result for each contact, and a contact that has one is passed over.
    pub(crate) job: Option<JobId>,
}

impl<'a> GroupWork<'a> {
    /// Asked for by somebody, at once, without a reason.
    pub(crate) fn by(actor: &'a Actor) -> Self {
        Self {
            actor,
            reason: None,
            job: None,
        }
    }
}

fn groups_of(contact: &Contact) -> BTreeSet<GroupId> {
    match contact.deleted {
        Some(_) => BTreeSet::new(),
        None => contact.group_ids.iter().copied().collect(),
    }
}

/// Who came into a group and who left it, in one transaction.
#[derive(Default)]
struct Moves {
    joined: Vec<ContactId>,
    left: Vec<ContactId>,
}

/// Contacts that are changed in one transaction each time, as many as fit. `named`: the groups that a contact may join or
/// leave; one of which that is not known is alone.
fn batches(
    contacts: &[ContactId],
    named: impl Fn(ContactId) -> Option<BTreeSet<GroupId>>,
) -> Vec<Vec<ContactId>> {
    let mut all = Vec::new();
    let (mut batch, mut groups, mut ops) = (Vec::new(), BTreeSet::new(), 0);
    for contact in contacts {
        let of_this = named(*contact);
        let of_person = OPS_OF_A_PERSON + of_this.as_ref().map_or(MOST_OPS, BTreeSet::len);
        let of_this = of_this.unwrap_or_default();
        let fresh = OPS_OF_A_GROUP * of_this.difference(&groups).count();
        if !batch.is_empty() && ops + of_person + fresh > MOST_OPS {
            all.push(std::mem::take(&mut batch));
            groups.clear();
            ops = 0;
        }
        ops += of_person + OPS_OF_A_GROUP * of_this.difference(&groups).count();
        groups.extend(of_this);
        batch.push(*contact);
    }
    if !batch.is_empty() {
        all.push(batch);
    }
    all
}

impl TenantStore {
    /// Whether a change of a contact that was not committed is worth deciding again, `races` times so far: [`SAVE_TRIES`]
    /// times in all, and more often, after a pause, where it was lost over a group's record or put off behind others.
    pub async fn again(&self, races: &mut u32, error: &StoreError) -> bool {
        *races += 1;
        let crowded = match error {
            StoreError::Lost { lost } => lost.contains(&<super::Stored as Entity>::TYPE),
            other => matches!(other, StoreError::Unavailable(PortError::Conflict)),
        };
        if crowded && *races < TRIES {
            self.wait_after_race(*races).await;
            return true;
        }
        error.is_lost() && (*races as usize) < SAVE_TRIES
    }

    /// Waits a little, longer the oftener a race was lost, and not everybody alike.
    pub(crate) async fn wait_after_race(&self, tries: u32) {
        let most = 5_u64 << tries.min(6);
        let some = u64::from(self.new_id().as_bytes()[15]);
        tokio::time::sleep(std::time::Duration::from_millis(1 + most * some / 256)).await;
    }

    /// Stages what changed persons change of their groups: their place in each that they join or leave, and the groups'
    /// counts. A group that is gone is taken off the person. Reads nothing where the groups are the same.
    pub(crate) async fn stage_memberships(
        &self,
        tx: &mut Tx,
        persons: &mut [&mut Person],
        actor: &Actor,
    ) -> Result<(), StoreError> {
        let mut changed = BTreeSet::new();
        for person in persons.iter() {
            let before = person.contact_before().map(groups_of).unwrap_or_default();
            let after = groups_of(&person.contact);
            changed.extend(before.symmetric_difference(&after).copied());
        }
        if changed.is_empty() {
            return Ok(());
        }
        let mut groups = self.groups_named(changed).await?;
        let mut moves = BTreeMap::new();
        for person in persons.iter_mut() {
            let by = actor.user();
            self.stage_places(tx, person, &mut groups, &mut moves, by, &|_| None)?;
        }
        self.stage_moves(tx, groups, moves, &GroupWork::by(actor))
    }

    /// Stages a person's places in the groups it joins and leaves, and notes them for the groups' own records. Groups
    /// that are gone are taken off the person. `since`: when and by whom it was added, where it comes back.
    fn stage_places(
        &self,
        tx: &mut Tx,
        person: &mut Person,
        groups: &mut BTreeMap<GroupId, GroupRow>,
        moves: &mut BTreeMap<GroupId, Moves>,
        by: Option<UserId>,
        since: &impl Fn(GroupId) -> Option<Left>,
    ) -> Result<(), StoreError> {
        let contact = person.contact.id;
        let before = person.contact_before().map(groups_of).unwrap_or_default();
        let after = groups_of(&person.contact);
        for id in before.symmetric_difference(&after).copied() {
            let place = key::group_member(self.id, id, contact);
            match (groups.get_mut(&id), after.contains(&id)) {
                (Some(group), true) => {
                    group.members = group.members.saturating_add(1);
                    moves.entry(id).or_default().joined.push(contact);
                    let since = since(id);
                    let row = MemberRow {
                        tenant: self.id,
                        group: id,
                        contact,
                        added_at: since
                            .as_ref()
                            .map_or_else(|| self.now(), |left| left.added_at),
                        added_by: since.map_or(by, |left| left.added_by),
                    };
                    tx.put_if(MemberRow::TYPE, &row, 1, Condition::Absent)?;
                }
                (Some(group), false) => {
                    group.members = group.members.saturating_sub(1);
                    moves.entry(id).or_default().left.push(contact);
                    tx.delete_if(MemberRow::TYPE, place, Condition::Always);
                }
                (None, true) => person.contact.group_ids.retain(|group| *group != id),
                // Nobody reads who was in a group that is gone.
                (None, false) => {}
            }
        }
        Ok(())
    }

    /// Stages the records of the groups in which somebody came or went, and their entries in the log.
    fn stage_moves(
        &self,
        tx: &mut Tx,
        mut groups: BTreeMap<GroupId, GroupRow>,
        moves: BTreeMap<GroupId, Moves>,
        work: &GroupWork<'_>,
    ) -> Result<(), StoreError> {
        for (id, moved) in moves {
            let Some(group) = groups.get_mut(&id) else {
                continue;
            };
            group.active_at = self.now();
            self.update_group(tx, group)?;
            let action = match (moved.joined.is_empty(), moved.left.is_empty()) {
                (false, true) => "group.members_added",
                (true, false) => "group.members_removed",
                _ => "group.members_changed",
            };
            let mut details = serde_json::Map::new();
            for (name, contacts) in [("added", moved.joined), ("removed", moved.left)] {
                if !contacts.is_empty() {
                    details.insert(name.into(), serde_json::json!(contacts));
                }
            }
            add_cause(&mut details, work);
            let entry = Entry::new(action, "group", id.uuid())
                .version(group.edit_version)
                .details(details.into());
            self.log(tx, work.actor, entry)?;
        }
        Ok(())
    }

    /// Changes the groups of contacts, in transactions of a few, each whole. `decide` says what becomes of a contact's
    /// `group_ids`; `since`, when and by whom it was added where it comes back; `named`, which groups a contact may join
    /// or leave, where that is known. Answers what became of each.
    pub(crate) async fn change_groups(
        &self,
        contacts: &[ContactId],
        named: impl Fn(ContactId) -> Option<BTreeSet<GroupId>>,
        decide: impl Fn(&mut Contact) -> Verdict,
        since: impl Fn(ContactId, GroupId) -> Option<Left>,
        work: &GroupWork<'_>,
    ) -> Result<Vec<(ContactId, Verdict)>, StoreError> {
        let mut all = Vec::with_capacity(contacts.len());
        for some in batches(contacts, named) {
            let mut tries = 0;
            loop {
                let (tx, verdicts) = self.groups_changed(&some, &decide, &since, work).await?;
                match self.store.commit(tx).await {
                    Ok(()) => {
                        all.extend(verdicts);
                        break;
                    }
                    Err(error) if error.is_race() && tries < TRIES => {
                        tries += 1;
                        self.wait_after_race(tries).await;
                    }
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(all)
    }

    async fn groups_changed(
        &self,
        contacts: &[ContactId],
        decide: &impl Fn(&mut Contact) -> Verdict,
        since: &impl Fn(ContactId, GroupId) -> Option<Left>,
        work: &GroupWork<'_>,
    ) -> Result<(Tx, Vec<(ContactId, Verdict)>), StoreError> {
        let mut verdicts = Vec::with_capacity(contacts.len());
        let known: HashMap<ContactId, Verdict> = match work.job {
            Some(job) => self.job_verdicts(job, contacts).await?,
            None => HashMap::new(),
        };
        let people: Vec<(ContactId, Option<Person>)> = stream::iter(contacts.iter().copied())
            .map(|id| async move { self.person(id).await.map(|person| (id, person)) })
            .buffered(SIDE_BY_SIDE)
            .try_collect()
            .await?;
        let mut changed = Vec::new();
        for (id, person) in people {
            let verdict = match (known.get(&id), person) {
                (Some(verdict), _) => *verdict,
                (None, None) => Verdict::Gone,
                (None, Some(mut person)) => {
                    let mut verdict = decide(&mut person.contact);
                    if verdict == Verdict::TooManyGroups {
                        // Groups that are gone do not count.
                        let named = person.contact.group_ids.iter().copied();
                        let there = self.groups_named(named).await?;
                        let groups = &mut person.contact.group_ids;
                        groups.retain(|group| there.contains_key(group));
                        verdict = decide(&mut person.contact);
                    }
                    if verdict == Verdict::Changed {
                        changed.push(person);
                    }
                    verdict
                }
            };
            verdicts.push((id, verdict));
        }
        let differing = |person: &Person| -> Vec<GroupId> {
            let before = person.contact_before().map(groups_of).unwrap_or_default();
            let after = groups_of(&person.contact);
            before.symmetric_difference(&after).copied().collect()
        };
        let named: BTreeSet<GroupId> = changed.iter().flat_map(differing).collect();
        let mut groups = self.groups_named(named.iter().copied()).await?;
        let left: Vec<_> = changed
            .iter()
            .flat_map(|person| {
                let after = groups_of(&person.contact);
                let gone = differing(person).into_iter();
                let gone = gone.filter(move |group| !after.contains(group));
                gone.map(|group| key::group_member(self.id, group, person.contact.id))
            })
            .collect();
        let places: Vec<MemberRow> = self.store.read_all(&left).await?;
        let open = |groups: &BTreeMap<GroupId, GroupRow>, id: &GroupId| {
            groups
                .get(id)
                .is_some_and(|group| group.archived_at.is_none())
        };
        let (mut tx, mut moves) = (Tx::new(), BTreeMap::new());
        for mut person in changed {
            let id = person.contact.id;
            let before = person.contact_before().map(groups_of).unwrap_or_default();
            let joins = |group: &GroupId| !before.contains(group);
            if person
                .contact
                .group_ids
                .iter()
                .any(|group| joins(group) && !open(&groups, group))
            {
                let place = verdicts.iter_mut().find(|(other, _)| *other == id);
                if let Some((_, verdict)) = place {
                    *verdict = Verdict::GroupGone;
                }
                continue;
            }
            let by = work.actor.user();
            let back = |group| since(id, group);
            self.stage_places(&mut tx, &mut person, &mut groups, &mut moves, by, &back)?;
            let after = groups_of(&person.contact);
            let undo = Undo::Groups {
                joined: after.difference(&before).copied().collect(),
                left: places
                    .iter()
                    .filter(|row| row.contact == id && !after.contains(&row.group))
                    .filter(|row| groups.contains_key(&row.group))
                    .map(|row| Left {
                        group: row.group,
                        added_at: row.added_at,
                        added_by: row.added_by,
                    })
                    .collect(),
            };
            person.contact.version += 1;
            person.contact.updated_at = self.now();
            self.stage_person(&mut tx, &mut person)?;
            self.log_groups_of(&mut tx, &person, &before, &after, work)?;
            if let Some(job) = work.job {
                self.stage_job_result(&mut tx, job, &person, Verdict::Changed, Some(&undo))?;
            }
        }
        self.stage_moves(&mut tx, groups, moves, work)?;
        Ok((tx, verdicts))
    }

    fn log_groups_of(
        &self,
        tx: &mut Tx,
        person: &Person,
        before: &BTreeSet<GroupId>,
        after: &BTreeSet<GroupId>,
        work: &GroupWork<'_>,
    ) -> Result<(), StoreError> {
        let action = match (after.is_subset(before), before.is_subset(after)) {
            (false, true) => "group.member_added",
            (true, false) => "group.member_removed",
            _ => "group.member_changed",
        };
        let mut details = serde_json::Map::new();
        details.insert("before".into(), serde_json::json!({ "group_ids": before }));
        details.insert("after".into(), serde_json::json!({ "group_ids": after }));
        add_cause(&mut details, work);
        let contact = person.contact.id;
        let entry = Entry::new(action, "contact", contact.uuid())
            .contact(contact)
            .version(person.contact.version)
            .fields(["group_ids"])
            .details(details.into())
            .news([News {
                event: EventType::ContactUpdated,
                id: contact.uuid(),
                version: person.contact.version,
                status: None,
            }]);
        self.log(tx, work.actor, entry)
    }

    /// Puts contacts into a group, in transactions of a few: each is whole, and asked again, those that are in it already
    /// are only counted. None where the group is gone or archived; deleted contacts are passed over, and so are those
    /// that are in as many groups as a contact can be in.
    pub async fn join_group(
        &self,
        group: GroupId,
        contacts: &[ContactId],
        actor: &Actor,
    ) -> Result<Option<Joined>, StoreError> {
        let row = self.group(group).await?;
        if row.is_none_or(|row| row.archived_at.is_some()) {
            return Ok(None);
        }
        let change = GroupChange::Add(BTreeSet::from([group]));
        let decide = |contact: &mut Contact| change.apply(contact);
        let done = self
            .change_groups(
                contacts,
                |_| Some(BTreeSet::from([group])),
                decide,
                |_, _| None,
                &GroupWork::by(actor),
            )
            .await?;
        let count = |wanted| {
            done.iter()
                .filter(|(_, verdict)| *verdict == wanted)
                .count()
        };
        if count(Verdict::GroupGone) > 0 {
            return Ok(None);
        }
        let number = |wanted| u32::try_from(count(wanted)).unwrap_or(u32::MAX);
        Ok(Some(Joined {
            added: number(Verdict::Changed),
            already: number(Verdict::Unchanged),
        }))
    }

    /// Takes a contact out of a group. False where it is not in it.
    pub async fn leave_group(
        &self,
        group: GroupId,
        contact: ContactId,
        actor: &Actor,
    ) -> Result<bool, StoreError> {
        let change = GroupChange::Remove(BTreeSet::from([group]));
        let decide = |contact: &mut Contact| change.apply(contact);
        let done = self
            .change_groups(
                &[contact],
                |_| Some(BTreeSet::from([group])),
                decide,
                |_, _| None,
                &GroupWork::by(actor),
            )
            .await?;
        Ok(done.iter().any(|(_, verdict)| *verdict == Verdict::Changed))
    }
}

fn add_cause(details: &mut serde_json::Map<String, serde_json::Value>, work: &GroupWork<'_>) {
    if let Some(job) = work.job {
        details.insert("operation_id".into(), serde_json::json!(job));
    }
    if let Some(reason) = work.reason {
        details.insert("reason".into(), reason.into());
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn contacts(count: u128) -> Vec<ContactId> {
        let id = |n| ContactId::new(Uuid::from_u128(n));
        (0..count).map(id).collect()
    }

    fn groups(from: u128, count: u128) -> BTreeSet<GroupId> {
        let id = |n| GroupId::new(Uuid::from_u128(n));
        (from..from + count).map(id).collect()
    }

    fn ops(batch: &[ContactId], named: impl Fn(ContactId) -> BTreeSet<GroupId>) -> usize {
        let all: BTreeSet<GroupId> = batch.iter().copied().flat_map(&named).collect();
        let persons = batch.iter().map(|id| OPS_OF_A_PERSON + named(*id).len());
        persons.sum::<usize>() + OPS_OF_A_GROUP * all.len()
    }

    /// Contacts that leave different groups fill a transaction sooner than those that leave the same.
    #[test]
    fn a_batch_fits_one_transaction() {
        let all = contacts(60);
        let number = |id: ContactId| id.uuid().as_u128();
        for (each, apart) in [(1, 0), (10, 0), (2, 2), (10, 10), (30, 30)] {
            let named = |id| groups(number(id) * apart, each);
            let batches = batches(&all, |id| Some(named(id)));
            assert_eq!(batches.concat(), all);
            for batch in &batches {
                assert!(ops(batch, named) <= MOST_OPS, "{each} {apart}");
            }
            let full = batches.first().unwrap();
            let mut more = full.clone();
            more.push(all[full.len()]);
            assert!(
                ops(&more, named) > MOST_OPS,
                "{each} {apart}: as many as fit"
            );
        }
        let alone = batches(&all, |_| None);
        assert!(alone.iter().all(|batch| batch.len() == 1));
    }
}
