//! What staff do with an entry of the work list: assign, note, snooze, resolve, reopen. Each is one transaction that
//! holds the entry at the version read, and leaves a step of its history among the contact's records, sealed like
//! whatever else is kept of the person.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use vio_crypto::{PersonKey, Sealed};
use vio_domain::contact::AttentionReason;
use vio_domain::ids::{AttentionId, AttentionStepId, ContactId, TenantId, UserId};
use vio_domain::text::Notes;

use crate::calling::attention::{AttentionRow, AttentionStatus, Shown};
use crate::contacts::Person;
use crate::contacts::rows::Fields;
use crate::entity::Entity;
use crate::error::StoreError;
use crate::key;
use crate::log::{Actor, Entry};
use crate::port::{Condition, Key};
use crate::store::TenantStore;
use crate::tx::{COMMIT_TRIES, Tx};

/// Steps of one entry that are read at most.
const MOST_STEPS: u32 = 200;
/// Open entries looked through for others of the same contact, in pages.
const PAGE: u32 = 500;
const PAGES: usize = 20;

/// What was done to an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum StepKind {
    /// To whom; None: to nobody.
    Assigned {
        to: Option<UserId>,
    },
    /// Until when; None: it is to be seen again now.
    Snoozed {
        until: Option<DateTime<Utc>>,
    },
    Noted,
    Resolved,
    Reopened,
}

/// One step of an entry's history. Written once.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AttentionStepRow {
    pub tenant: TenantId,
    pub contact: ContactId,
    pub entry: AttentionId,
    pub id: AttentionStepId,
    pub at: DateTime<Utc>,
    pub by: Option<UserId>,
    pub step: StepKind,
    text: Option<Sealed>,
}

impl Entity for AttentionStepRow {
    const TYPE: &'static str = "attention_step";
    fn key(&self) -> Key {
        key::attention_step(self.tenant, self.contact, self.entry, self.id)
    }
    fn version(&self) -> u64 {
        1
    }
    fn set_version(&mut self, _: u64) {}
}

fn fields(tenant: TenantId, id: AttentionStepId, key: &PersonKey) -> Fields<'_> {
    Fields {
        key,
        tenant,
        record: id.uuid(),
    }
}

impl AttentionStepRow {
    /// What was written with it, opened.
    pub fn text(&self, key: &PersonKey) -> Result<Option<Notes>, StoreError> {
        fields(self.tenant, self.id, key).open_some("text", self.text.as_ref())
    }
}

/// What is to be done with an entry.
#[derive(Debug, Clone, Copy)]
pub enum AttentionChange<'a> {
    Assign(Option<UserId>),
    /// Until when; None ends it.
    Snooze(Option<DateTime<Utc>>),
    Note(&'a Notes),
    /// What was done about it.
    Resolve(Option<&'a Notes>),
    Reopen(Option<&'a Notes>),
}

impl<'a> AttentionChange<'a> {
    fn step(&self) -> StepKind {
        match *self {
            Self::Assign(to) => StepKind::Assigned { to },
            Self::Snooze(until) => StepKind::Snoozed { until },
            Self::Note(_) => StepKind::Noted,
            Self::Resolve(_) => StepKind::Resolved,
            Self::Reopen(_) => StepKind::Reopened,
        }
    }

    fn text(&self) -> Option<&'a Notes> {
        match *self {
            Self::Assign(_) | Self::Snooze(_) => None,
            Self::Note(text) => Some(text),
            Self::Resolve(text) | Self::Reopen(text) => text,
        }
    }

    const fn action(&self) -> &'static str {
        match self {
            Self::Assign(_) => "attention.assigned",
            Self::Snooze(_) => "attention.snoozed",
            Self::Note(_) => "attention.noted",
            Self::Resolve(_) => "attention.resolved",
            Self::Reopen(_) => "attention.reopened",
        }
    }

    /// Whether the entry is so already, and nothing is to be done.
    fn is_done(&self, row: &AttentionRow) -> bool {
        let resolved = matches!(row.state, AttentionStatus::Resolved { .. });
        match *self {
            Self::Assign(to) => row.assigned_to == to,
            Self::Snooze(until) => row.snoozed_until == until,
            Self::Note(_) => false,
            Self::Resolve(_) => resolved,
            Self::Reopen(_) => !resolved,
        }
    }
}

/// What became of it.
#[derive(Debug)]
pub enum Changed {
    /// It is as asked for, now or before.
    Done(AttentionRow),
    /// Somebody else changed it meanwhile.
    Stale(AttentionRow),
    /// What is resolved is neither assigned nor snoozed.
    Resolved,
    NoSuchEntry,
}

impl TenantStore {
    /// The steps of an entry's history, oldest first.
    pub async fn attention_steps(
        &self,
        contact: ContactId,
        entry: AttentionId,
    ) -> Result<Vec<AttentionStepRow>, StoreError> {
        let pk = key::contact_pk(self.id, contact);
        let prefix = key::attention_step_prefix(entry);
        Ok(self
            .store
            .list(pk, &prefix, true, MOST_STEPS, None)
            .await?
            .0)
    }

    /// Changes an entry. `allowed` judges the version it is at. Resolving one resolves every other open one of the
    /// same contact for the same reason and appointment; the contact then stands for the latest other reason that is
    /// open, or for none.
    pub async fn change_attention(
        &self,
        id: AttentionId,
        change: AttentionChange<'_>,
        allowed: impl Fn(&AttentionRow) -> bool,
        actor: &Actor,
    ) -> Result<Changed, StoreError> {
        for _ in 0..COMMIT_TRIES {
            let Some(mut row) = self.attention_entry(id).await? else {
                return Ok(Changed::NoSuchEntry);
            };
            if !allowed(&row) {
                return Ok(Changed::Stale(row));
            }
            if change.is_done(&row) {
                return Ok(Changed::Done(row));
            }
            let resolved = matches!(row.state, AttentionStatus::Resolved { .. });
            let Some(mut person) = self.person(row.contact).await? else {
                return Ok(Changed::NoSuchEntry);
            };
            let mut tx = Tx::new();
            match change {
                AttentionChange::Assign(_) | AttentionChange::Snooze(_) if resolved => {
                    return Ok(Changed::Resolved);
                }
                AttentionChange::Assign(to) => {
                    row.assigned_to = to;
                    tx.update(&mut row)?;
                }
                AttentionChange::Snooze(until) => {
                    row.snoozed_until = until;
                    tx.update(&mut row)?;
                    if person.contact.stands_for(row.reason, row.appointment) {
                        person.contact.attention_snoozed_until = until;
                    }
                }
                AttentionChange::Note(_) => {
                    row.notes += 1;
                    tx.update(&mut row)?;
                }
                AttentionChange::Resolve(_) => {
                    let mut open = self.open_attention_of(row.contact).await?;
                    if open.iter().all(|other| other.id != id) {
                        open.push(row.clone());
                    }
                    let same = |other: &AttentionRow| {
                        other.reason == row.reason && other.appointment == row.appointment
                    };
                    self.stage_all_resolved(&mut tx, &mut person, open, same, actor)?;
                    self.resolve_row(&mut row, actor);
                }
                AttentionChange::Reopen(_) => {
                    tx.delete(&row);
                    row.state = AttentionStatus::Open;
                    row.snoozed_until = None;
                    row.version += 1;
                    tx.put_if(AttentionRow::TYPE, &row, row.version, Condition::Absent)?;
                    person.contact.stand_for(row.reason, row.appointment, None);
                }
            }
            self.stage_step(&mut tx, &person, id, change.step(), change.text(), actor)?;
            self.stage_person(&mut tx, &mut person)?;
            let entry = Entry::new(change.action(), "attention", id.uuid())
                .contact(row.contact)
                .version(row.version)
                .details(serde_json::json!({
                    "reason": row.reason, "step": change.step(), "text": change.text(),
                }));
            self.log(&mut tx, actor, entry)?;
            match self.store.commit(tx).await {
                Err(error) if error.is_lost() => {}
                other => return other.map(|()| Changed::Done(row)),
            }
        }
        Err(StoreError::Lost {
            lost: vec![AttentionRow::TYPE],
        })
    }

    /// Stages the end of a contact's open entries for reasons that a change has removed, such as a missing number that
    /// was added.
    pub(crate) async fn stage_attention_over(
        &self,
        tx: &mut Tx,
        person: &mut Person,
        over: impl Fn(AttentionReason) -> bool,
        actor: &Actor,
    ) -> Result<(), StoreError> {
        let open = self.open_attention_of(person.contact.id).await?;
        let ended: Vec<AttentionId> = open
            .iter()
            .filter(|row| over(row.reason))
            .map(|row| row.id)
            .collect();
        if ended.is_empty() {
            return Ok(());
        }
        self.stage_all_resolved(tx, person, open, |row| over(row.reason), actor)?;
        for id in ended {
            self.stage_step(tx, person, id, StepKind::Resolved, None, actor)?;
            let entry = Entry::new("attention.resolved", "attention", id.uuid())
                .contact(person.contact.id)
                .details(serde_json::json!({ "cause": "the contact was changed" }));
            self.log(tx, actor, entry)?;
        }
        Ok(())
    }

    /// Every open entry of one contact, oldest first.
    pub(crate) async fn open_attention_of(
        &self,
        contact: ContactId,
    ) -> Result<Vec<AttentionRow>, StoreError> {
        let (mut found, mut after) = (Vec::new(), None);
        for _ in 0..PAGES {
            let (rows, more) = self.attention(Shown::Open, PAGE, after).await?;
            after = rows.last().map(|row| row.id);
            found.extend(rows.into_iter().filter(|row| row.contact == contact));
            if !more {
                break;
            }
        }
        Ok(found)
    }

    /// Moves the entries that `ended` names to what is done, and lets the contact stand for the latest that is left.
    fn stage_all_resolved(
        &self,
        tx: &mut Tx,
        person: &mut Person,
        open: Vec<AttentionRow>,
        ended: impl Fn(&AttentionRow) -> bool,
        actor: &Actor,
    ) -> Result<(), StoreError> {
        let (over, left): (Vec<_>, Vec<_>) = open.into_iter().partition(ended);
        let contact = &mut person.contact;
        let stood_for = over
            .iter()
            .any(|row| contact.stands_for(row.reason, row.appointment));
        if stood_for || contact.needs_attention.is_none() {
            match left.last() {
                Some(row) => contact.stand_for(row.reason, row.appointment, row.snoozed_until),
                None => contact.stand_for_nothing(),
            }
        }
        for mut row in over {
            tx.delete(&row);
            self.resolve_row(&mut row, actor);
            tx.put_if(AttentionRow::TYPE, &row, row.version, Condition::Absent)?;
        }
        Ok(())
    }

    fn resolve_row(&self, row: &mut AttentionRow, actor: &Actor) {
        row.state = AttentionStatus::Resolved {
            at: self.now(),
            by: actor.user(),
        };
        row.version += 1;
    }

    fn stage_step(
        &self,
        tx: &mut Tx,
        person: &Person,
        entry: AttentionId,
        step: StepKind,
        text: Option<&Notes>,
        actor: &Actor,
    ) -> Result<(), StoreError> {
        let id = AttentionStepId::new(self.new_id());
        let row = AttentionStepRow {
            tenant: self.id,
            contact: person.contact.id,
            entry,
            id,
            at: self.now(),
            by: actor.user(),
            step,
            text: fields(self.id, id, &person.key).seal_some("text", text)?,
        };
        tx.put_if(AttentionStepRow::TYPE, &row, 1, Condition::Absent)
    }
}
