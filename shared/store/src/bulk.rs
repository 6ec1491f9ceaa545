//! Work on many contacts as a job: part by part, each contact in one transaction with a result that says it is done, so
//! that after a crash a part begins again and no contact is changed twice. The results are also what the work is taken
//! back by.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use futures::{StreamExt, TryStreamExt, stream};
use serde::{Deserialize, Serialize};
use vio_crypto::Sealed;
use vio_domain::bulk::{
    Context, GroupChange, Left, MOST_AT_ONCE, Operation, UNDO_FOR, Undo, Verdict, apply, take_back,
    undo_of,
};
use vio_domain::calling::session::CancelReason;
use vio_domain::contact::Contact;
use vio_domain::ids::{ContactId, GroupId, JobId, TenantId};
use vio_domain::settings::Settings;

use crate::contacts::rows::Fields;
use crate::contacts::{Person, Save};
use crate::entity::Entity;
use crate::error::StoreError;
use crate::groups::GroupWork;
use crate::jobs::{JobCounts, JobRow, JobStatus, JobWork, KEPT, LEASE};
use crate::key;
use crate::log::{Actor, Entry};
use crate::port::{Condition, Key, Position};
use crate::store::TenantStore;
use crate::tx::Tx;

/// Contacts of one part.
pub const CONTACTS_PER_PART: usize = 100;
/// Contacts changed side by side.
const SIDE_BY_SIDE: usize = 4;
/// Parts and results written in one transaction.
const ROWS_AT_ONCE: usize = 90;
/// How often a lost race over one contact is decided again.
const TRIES: u32 = 12;
/// Jobs among which those under way are counted, newest first.
const LOOKED_AT: u32 = 200;

/// A contact that work is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    pub contact: ContactId,
    /// Why it is left out: decided when the work was asked for.
    pub refused: Option<Verdict>,
}

/// What is done to the contacts of a part.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Work {
    Do(Operation),
    /// Takes back what a job did.
    Undo(JobId),
}

#[derive(Debug, Serialize, Deserialize)]
struct Part {
    work: Work,
    targets: Vec<Target>,
}

/// What became of a contact.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct JobResultRow {
    pub tenant: TenantId,
    pub job: JobId,
    pub contact: ContactId,
    pub verdict: Verdict,
    /// How it is taken back, under the person's key.
    undo: Option<Sealed>,
    expires: DateTime<Utc>,
}

impl Entity for JobResultRow {
    const TYPE: &'static str = "job_result";
    fn key(&self) -> Key {
        key::job_result(self.tenant, self.job, self.contact)
    }
    fn version(&self) -> u64 {
        1
    }
    fn set_version(&mut self, _: u64) {}
    fn ttl(&self) -> Option<i64> {
        Some(self.expires.timestamp())
    }
}

/// Work to begin.
#[derive(Debug)]
pub struct NewBulk {
    pub id: JobId,
    pub operation: Operation,
    /// The group that it was asked for in.
    pub group: Option<GroupId>,
    pub targets: Vec<Target>,
    /// How they were chosen, for the log.
    pub selection: serde_json::Value,
}

/// What became of a wish to take work back.
#[derive(Debug)]
pub enum Undone {
    /// It is taken back, or was before: by this job.
    By(Box<JobRow>),
    /// It is still going on.
    Running,
    /// It is too late, or this is nothing that can be taken back.
    Not,
}

impl JobRow {
    /// Whether it is work on contacts, with a result for each.
    pub fn is_over_contacts(&self) -> bool {
        matches!(self.work, JobWork::Bulk { .. } | JobWork::Undo { .. })
    }

    /// Until when it can be taken back as a whole. None where it cannot.
    pub fn undo_until(&self) -> Option<DateTime<Utc>> {
        let undoable = matches!(self.work, JobWork::Bulk { undoable: true, .. });
        let open = undoable && self.undone_by.is_none() && self.counts.added > 0;
        self.finished_at.filter(|_| open).map(|at| at + UNDO_FOR)
    }
}

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

impl TenantStore {
    /// Begins work on contacts; up to [`MOST_AT_ONCE`] the caller has to do at once. Asked again with the same id, the job
    /// that is there.
    pub async fn begin_bulk(&self, new: NewBulk, actor: &Actor) -> Result<JobRow, StoreError> {
        self.begin_bulk_with(Tx::new(), new, actor).await
    }

    /// The same, in one transaction with what `tx` holds.
    pub async fn begin_bulk_with(
        &self,
        tx: Tx,
        new: NewBulk,
        actor: &Actor,
    ) -> Result<JobRow, StoreError> {
        let work = JobWork::Bulk {
            operation: new.operation.name().to_owned(),
            group: new.group,
            undoable: new.operation.undoable(),
        };
        let details = serde_json::json!({
            "operation": new.operation.name(), "contacts": new.targets.len(),
            "group": new.group, "groups": new.operation.groups(), "reason": new.operation.reason(),
            "selection": new.selection,
        });
        let entry = Entry::new("contacts.bulk_requested", "job", new.id.uuid()).details(details);
        let job = self.new_job(new.id, work, actor.user());
        let work = Work::Do(new.operation);
        self.begin_job(tx, job, &work, &new.targets, (entry, actor))
            .await
    }

    async fn begin_job(
        &self,
        with: Tx,
        mut job: JobRow,
        work: &Work,
        targets: &[Target],
        (entry, actor): (Entry, &Actor),
    ) -> Result<JobRow, StoreError> {
        let id = job.id;
        if let Some(job) = self.job(id).await? {
            return Ok(job);
        }
        job.rows = number(targets.len());
        let mut tx = Tx::new();
        for some in targets.chunks(CONTACTS_PER_PART) {
            let part = Part {
                work: work.clone(),
                targets: some.to_vec(),
            };
            self.stage_part(&mut tx, id, job.parts, false, &part)?;
            job.parts += 1;
            if tx.len() >= ROWS_AT_ONCE {
                // Until the job is there nobody looks at its parts; written again, they are the same.
                self.store.commit(std::mem::take(&mut tx)).await?;
            }
        }
        if !with.is_empty() {
            self.store.commit(std::mem::replace(&mut tx, with)).await?;
        }
        job.status = JobStatus::Running;
        job.started_at = Some(self.now());
        // What is done at once is done by who asks; if that comes to nothing, the tick finds it.
        let at_once = targets.len() <= MOST_AT_ONCE;
        job.look_at = if at_once {
            self.now() + LEASE
        } else {
            self.now()
        };
        tx.create(&mut job)?;
        self.log(&mut tx, actor, entry)?;
        match self.store.commit(tx).await {
            Err(error) if error.is_lost() => match self.job(id).await? {
                Some(job) => Ok(job),
                None => Err(error),
            },
            other => other.map(|()| job),
        }
    }

    /// Takes back what a job did, where that can be done still.
    pub async fn begin_undo(
        &self,
        of: JobId,
        id: JobId,
        actor: &Actor,
    ) -> Result<Option<Undone>, StoreError> {
        let Some(job) = self.job(of).await? else {
            return Ok(None);
        };
        let job = self.close_cancelled(job).await?;
        if let Some(by) = job.undone_by {
            return Ok(self.job(by).await?.map(|job| Undone::By(Box::new(job))));
        }
        if matches!(job.status, JobStatus::Running | JobStatus::Receiving) {
            return Ok(Some(Undone::Running));
        }
        if job.undo_until().is_none_or(|until| until <= self.now()) {
            return Ok(Some(Undone::Not));
        }
        let changed = |row: &JobResultRow| row.verdict == Verdict::Changed;
        let targets: Vec<Target> = self
            .all_results(of)
            .await?
            .into_iter()
            .filter(changed)
            .map(|row| Target {
                contact: row.contact,
                refused: None,
            })
            .collect();
        let group = match &job.work {
            JobWork::Bulk { group, .. } => *group,
            _ => None,
        };
        let entry = Entry::new("contacts.bulk_undone", "job", id.uuid())
            .details(serde_json::json!({ "undoes": of, "contacts": targets.len() }));
        let work = JobWork::Undo { of, group };
        let undo = self.new_job(id, work, actor.user());
        let mut tx = Tx::new();
        let mut undone = job;
        undone.undone_by = Some(id);
        tx.update(&mut undone)?;
        let begun = self
            .begin_job(tx, undo, &Work::Undo(of), &targets, (entry, actor))
            .await;
        match begun {
            // Somebody else takes it back at the same time.
            Err(error) if error.is_lost() => {
                let by = self.job(of).await?.and_then(|job| job.undone_by);
                match by {
                    Some(by) => Ok(self.job(by).await?.map(|job| Undone::By(Box::new(job)))),
                    None => Err(error),
                }
            }
            other => other.map(|job| Some(Undone::By(Box::new(job)))),
        }
    }

    /// How many jobs over contacts are under way.
    pub async fn bulk_running(&self) -> Result<usize, StoreError> {
        let (jobs, _) = self.jobs(LOOKED_AT, None).await?;
        let running = jobs
            .iter()
            .filter(|job| job.status == JobStatus::Running && job.is_over_contacts());
        Ok(running.count())
    }

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
        match self.store.commit(tx).await {
            Ok(()) => Ok(Some(job)),
            Err(error) if error.is_lost() => Ok(None),
            Err(error) => Err(error),
        }
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

    fn result_row(
        &self,
        job: JobId,
        contact: ContactId,
        verdict: Verdict,
        undo: Option<Sealed>,
    ) -> JobResultRow {
        JobResultRow {
            tenant: self.id,
            job,
            contact,
            verdict,
            undo,
            expires: self.now() + KEPT,
        }
    }

    /// Stages what became of a contact: there is nothing of this job about it yet.
    pub(crate) fn stage_job_result(
        &self,
        tx: &mut Tx,
        job: JobId,
        person: &Person,
        verdict: Verdict,
        undo: Option<&Undo>,
    ) -> Result<(), StoreError> {
        let fields = Fields {
            key: &person.key,
            tenant: self.id,
            record: job.uuid(),
        };
        let undo = fields.seal_some("undo", undo)?;
        let row = self.result_row(job, person.contact.id, verdict, undo);
        tx.put_if(JobResultRow::TYPE, &row, 1, Condition::Absent)
    }

    async fn results(
        &self,
        job: JobId,
        contacts: &[ContactId],
    ) -> Result<Vec<JobResultRow>, StoreError> {
        let places: Vec<Key> = contacts
            .iter()
            .map(|contact| key::job_result(self.id, job, *contact))
            .collect();
        self.store.read_all(&places).await
    }

    /// What became of these contacts so far; those with which it is not done are left out.
    pub(crate) async fn job_verdicts(
        &self,
        job: JobId,
        contacts: &[ContactId],
    ) -> Result<HashMap<ContactId, Verdict>, StoreError> {
        let rows = self.results(job, contacts).await?;
        Ok(rows
            .into_iter()
            .map(|row| (row.contact, row.verdict))
            .collect())
    }

    /// A page of what became of the contacts of a job, by contact, and whether there is more.
    pub async fn job_results(
        &self,
        job: JobId,
        limit: u32,
        after: Option<ContactId>,
    ) -> Result<(Vec<JobResultRow>, bool), StoreError> {
        let after = after.map(|contact| {
            let place = key::job_result(self.id, job, contact);
            Position {
                pk: place.pk,
                sk: place.sk,
                index: None,
            }
        });
        let pk = key::job_parts_pk(self.id, job);
        let (rows, next) = self
            .store
            .list(pk, key::JOB_RESULT_PREFIX, true, limit, after)
            .await?;
        Ok((rows, next.is_some()))
    }

    async fn all_results(&self, job: JobId) -> Result<Vec<JobResultRow>, StoreError> {
        let (mut all, mut last) = (Vec::new(), None);
        loop {
            let (rows, more) = self.job_results(job, 1_000, last).await?;
            last = rows.last().map(|row| row.contact);
            all.extend(rows);
            if !more || last.is_none() {
                return Ok(all);
            }
        }
    }
}
