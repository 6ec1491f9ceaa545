//! Work on contacts begins, and is begun to be taken back.

use vio_domain::bulk::{MOST_AT_ONCE, Operation, Verdict};
use vio_domain::ids::{GroupId, JobId};

use crate::error::StoreError;
use crate::jobs::{JobRow, JobStatus, JobWork, LEASE};
use crate::log::{Actor, Entry};
use crate::store::TenantStore;
use crate::tx::Tx;

use super::{CONTACTS_PER_PART, JobResultRow, Part, ROWS_AT_ONCE, Target, Work, number};

/// Jobs among which those under way are counted, newest first.
const LOOKED_AT: u32 = 200;

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
}
