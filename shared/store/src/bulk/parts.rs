//! Work on contacts is done, part by part.

use std::collections::HashMap;

use futures::{StreamExt, TryStreamExt, stream};
use vio_domain::bulk::{
    Context, GroupChange, Left, Operation, Undo, Verdict, apply, take_back, undo_of,
};
use vio_domain::calling::session::CancelReason;
use vio_domain::contact::Contact;
use vio_domain::ids::{ContactId, GroupId, JobId};
use vio_domain::settings::Settings;

use crate::contacts::rows::Fields;
use crate::contacts::{Person, Save};
use crate::entity::Entity;
use crate::error::StoreError;
use crate::groups::GroupWork;
use crate::jobs::{JobCounts, JobRow, JobStatus, LEASE};
use crate::key;
use crate::log::{Actor, Entry};
use crate::port::Condition;
use crate::store::TenantStore;
use crate::tx::Tx;

use super::{JobResultRow, Part, ROWS_AT_ONCE, Work, number};

/// Contacts changed side by side.
const SIDE_BY_SIDE: usize = 4;

/// How often a lost race over one contact is decided again.
const TRIES: u32 = 12;

impl TenantStore {
    /// Does the next part of work that the caller has taken. The job as it stands then; None where another worker was
    /// quicker, or it was cancelled.
    pub async fn bulk_next_part(
        &self,
        settings: &Settings,
        mut job: JobRow,
        actor: &Actor,
    ) -> Result<Option<JobRow>, StoreError> {
        let number_of_part = job.next_part;
        let part: Option<Part> = self.part(job.id, number_of_part).await?;
        let mut counts = JobCounts::default();
        if let Some(Part { work, targets }) = part {
            let all: Vec<ContactId> = targets.iter().map(|target| target.contact).collect();
            let known = self.job_verdicts(job.id, &all).await?;
            let refused = targets
                .iter()
                .filter_map(|target| Some((target.contact, target.refused?)));
            let mut verdicts: HashMap<ContactId, Verdict> = refused.collect();
            let todo: Vec<ContactId> = all
                .iter()
                .copied()
                .filter(|id| !known.contains_key(id) && !verdicts.contains_key(id))
                .collect();
            verdicts.extend(self.do_part(settings, &job, &work, &todo, actor).await?);
            let left = |id| verdicts.get(&id).copied().unwrap_or(Verdict::Gone);
            counts = self.close_part(job.id, &all, left).await?;
        }
        let now = self.now();
        job.next_part += 1;
        job.counts = job.counts.plus(counts);
        job.look_at = now + LEASE;
        let over = job.next_part >= job.parts;
        let mut tx = Tx::new();
        if over {
            job.status = JobStatus::Completed;
            job.finished_at = Some(now);
            let entry = Entry::new("contacts.bulk_done", "job", job.id.uuid())
                .details(serde_json::json!({ "contacts": job.rows, "counts": job.counts }));
            self.log(&mut tx, actor, entry)?;
        }
        tx.update(&mut job)?;
        let place = key::job_part(self.id, job.id, number_of_part);
        tx.delete_if("job_part", place, Condition::Always);
        let won = self.store.try_commit(tx).await?;
        Ok(won.then_some(job))
    }

    /// Gives each contact of a part that has no result yet the one that `left` says, and counts what stands then. A result
    /// that is there stays: another worker may have changed the contact meanwhile, and how that is taken back is in it.
    async fn close_part(
        &self,
        job: JobId,
        contacts: &[ContactId],
        left: impl Fn(ContactId) -> Verdict,
    ) -> Result<JobCounts, StoreError> {
        let mut tries = 0;
        loop {
            let known = self.job_verdicts(job, contacts).await?;
            let open = contacts.iter().filter(|id| !known.contains_key(id));
            let mut tx = Tx::new();
            for contact in open.take(ROWS_AT_ONCE) {
                let row = self.result_row(job, *contact, left(*contact), None);
                tx.put_if(JobResultRow::TYPE, &row, 1, Condition::Absent)?;
            }
            if tx.is_empty() {
                let count = |is: &dyn Fn(Verdict) -> bool| {
                    number(known.values().filter(|verdict| is(**verdict)).count())
                };
                return Ok(JobCounts {
                    done: count(&|verdict| verdict != Verdict::Cancelled),
                    added: count(&|verdict| verdict == Verdict::Changed),
                    unchanged: count(&|verdict| verdict == Verdict::Unchanged),
                    repeated: 0,
                    rejected: count(&|verdict| verdict.refused() && verdict != Verdict::Cancelled),
                });
            }
            match self.store.commit(tx).await {
                Ok(()) => tries = 0,
                Err(error) if error.is_race() && tries < TRIES => {
                    tries += 1;
                    self.wait_after_race(tries).await;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Closes the part that a cancelled job was in the middle of: a worker that is still at it changes nobody any more,
    /// and what it has changed is counted. Done once; any other job is left as it is.
    pub(crate) async fn close_cancelled(&self, mut job: JobRow) -> Result<JobRow, StoreError> {
        let begun = job.next_part < job.parts;
        if job.status != JobStatus::Cancelled || !job.is_over_contacts() || !begun {
            return Ok(job);
        }
        let number_of_part = job.next_part;
        let part: Option<Part> = self.part(job.id, number_of_part).await?;
        let targets = part.map(|part| part.targets).unwrap_or_default();
        let all: Vec<ContactId> = targets.iter().map(|target| target.contact).collect();
        let counts = self
            .close_part(job.id, &all, |_| Verdict::Cancelled)
            .await?;
        job.counts = job.counts.plus(counts);
        job.next_part += 1;
        job.parts = job.next_part;
        let mut tx = Tx::new();
        tx.update(&mut job)?;
        let place = key::job_part(self.id, job.id, number_of_part);
        tx.delete_if("job_part", place, Condition::Always);
        match self.store.commit(tx).await {
            // Somebody else closed it.
            Err(error) if error.is_lost() => self.job(job.id).await?.ok_or(error),
            other => other.map(|()| job),
        }
    }

    async fn do_part(
        &self,
        settings: &Settings,
        job: &JobRow,
        work: &Work,
        contacts: &[ContactId],
        actor: &Actor,
    ) -> Result<Vec<(ContactId, Verdict)>, StoreError> {
        let (change, reason) = match work {
            Work::Do(Operation::Groups { change, reason }) => (change, reason),
            Work::Undo(of) => return self.undo_part(settings, job, *of, contacts, actor).await,
            Work::Do(operation) => {
                return self
                    .each(contacts, |id| async move {
                        let context = Context {
                            now: self.now(),
                            by: actor.user(),
                        };
                        let change = |person: &mut Person| self.changed(operation, person, context);
                        let why = operation.reason().map(|reason| reason.as_str());
                        self.change_one(settings, job.id, id, change, why, actor)
                            .await
                    })
                    .await;
            }
        };
        let groups = GroupWork {
            actor,
            reason: reason.as_ref().map(|reason| reason.as_str()),
            job: Some(job.id),
        };
        let named = |_| match change {
            // Whoever it is may leave twenty others.
            GroupChange::Replace { .. } => None,
            other => Some(other.named().clone()),
        };
        let decide = |contact: &mut Contact| change.apply(contact);
        self.change_groups(contacts, named, decide, |_, _| None, &groups)
            .await
    }

    async fn each<F>(
        &self,
        contacts: &[ContactId],
        change: impl Fn(ContactId) -> F,
    ) -> Result<Vec<(ContactId, Verdict)>, StoreError>
    where
        F: Future<Output = Result<Verdict, StoreError>>,
    {
        stream::iter(contacts.iter().copied())
            .map(|id| {
                let done = change(id);
                async move { done.await.map(|verdict| (id, verdict)) }
            })
            .buffer_unordered(SIDE_BY_SIDE)
            .try_collect()
            .await
    }

    /// What an operation makes of a person, and how that is taken back.
    fn changed(
        &self,
        operation: &Operation,
        person: &mut Person,
        context: Context,
    ) -> (Verdict, Option<Undo>) {
        let id = person.current(context.now).map(|a| a.id);
        let before = (
            person.contact.clone(),
            id.and_then(|id| person.appointment(id)).cloned(),
        );
        let Person {
            contact,
            appointments,
            ..
        } = person;
        let current = appointments.iter_mut().find(|a| Some(a.id) == id);
        let verdict = apply(operation, contact, current, context);
        let after = appointments.iter().find(|a| Some(a.id) == id);
        let before = (&before.0, before.1.as_ref());
        (verdict, undo_of(operation, before, (contact, after)))
    }

    /// Changes one person, in one transaction with the result that says so.
    async fn change_one(
        &self,
        settings: &Settings,
        job: JobId,
        id: ContactId,
        change: impl Fn(&mut Person) -> (Verdict, Option<Undo>),
        reason: Option<&str>,
        actor: &Actor,
    ) -> Result<Verdict, StoreError> {
        let mut tries = 0;
        loop {
            // Another worker may have been the one it was lost to.
            if tries > 0
                && let Some(verdict) = self.job_verdicts(job, &[id]).await?.get(&id)
            {
                return Ok(*verdict);
            }
            let Some(mut person) = self.person(id).await? else {
                return Ok(Verdict::Gone);
            };
            let (verdict, undo) = change(&mut person);
            if verdict != Verdict::Changed {
                return Ok(verdict);
            }
            let deleted = person.contact.deleted.is_some();
            let mut tx = Tx::new();
            let claims = if deleted {
                let person = &mut person;
                self.stage_no_more_calls(&mut tx, person, CancelReason::Person)
                    .await?;
                Some(self.read_claims(person).await?)
            } else {
                None
            };
            let save = Save {
                settings,
                actor,
                action: if deleted {
                    "contact.deleted"
                } else {
                    "contact.updated"
                },
                reason,
                claims,
                replan: true,
            };
            if !self.stage_save(&mut tx, &mut person, save).await? {
                return Ok(Verdict::Unchanged);
            }
            self.stage_job_result(&mut tx, job, &person, verdict, undo.as_ref())?;
            match self.store.commit(tx).await {
                Ok(()) => return Ok(verdict),
                Err(error) if error.is_race() && tries < TRIES => {
                    tries += 1;
                    self.wait_after_race(tries).await;
                }
                Err(error) => return Err(error),
            }
        }
    }

    async fn undo_part(
        &self,
        settings: &Settings,
        job: &JobRow,
        of: JobId,
        contacts: &[ContactId],
        actor: &Actor,
    ) -> Result<Vec<(ContactId, Verdict)>, StoreError> {
        let keys = self.person_keys(contacts).await?;
        let undo: HashMap<ContactId, Undo> = self
            .results(of, contacts)
            .await?
            .into_iter()
            .filter_map(|row| {
                let fields = Fields {
                    key: keys.get(&row.contact)?,
                    tenant: self.id,
                    record: of.uuid(),
                };
                let opened = fields.open_some("undo", row.undo.as_ref()).transpose()?;
                Some(opened.map(|undo| (row.contact, undo)))
            })
            .collect::<Result<_, StoreError>>()?;
        let (groups, others): (Vec<ContactId>, Vec<ContactId>) = contacts
            .iter()
            .copied()
            .partition(|id| matches!(undo.get(id), Some(Undo::Groups { .. })));
        let back = |contact: &mut Contact| match undo.get(&contact.id) {
            Some(undo) => take_back(undo, contact, &mut []),
            None => Verdict::Gone,
        };
        let since = |contact: ContactId, group: GroupId| -> Option<Left> {
            match undo.get(&contact)? {
                Undo::Groups { left, .. } => {
                    left.iter().find(|place| place.group == group).cloned()
                }
                Undo::Status { .. } | Undo::Edit { .. } => None,
            }
        };
        let work = GroupWork {
            actor,
            reason: None,
            job: Some(job.id),
        };
        let named = |contact: ContactId| match undo.get(&contact)? {
            Undo::Groups { joined, left } => {
                let left = left.iter().map(|place| place.group);
                Some(joined.iter().copied().chain(left).collect())
            }
            Undo::Status { .. } | Undo::Edit { .. } => None,
        };
        let mut done = self
            .change_groups(&groups, named, back, since, &work)
            .await?;
        let undo = &undo;
        done.extend(
            self.each(&others, |id| async move {
                let change = |person: &mut Person| {
                    let verdict = undo.get(&id).map_or(Verdict::Gone, |undo| {
                        take_back(undo, &mut person.contact, &mut person.appointments)
                    });
                    (verdict, None)
                };
                self.change_one(settings, job.id, id, change, None, actor)
                    .await
            })
            .await?,
        );
        Ok(done)
    }
}
