//! Work that is too long for one request (architecture.md: the `jobs` queue). A job lies in the due index until it is
//! over, so that a lost message or a crash costs a minute and loses nothing; what it works on lies beside it in parts,
//! each of which is done again from its start if it was not finished.

use chrono::{DateTime, TimeDelta, Utc};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use vio_crypto::{FieldRef, Sealed};
use vio_domain::ids::{ContactId, DncId, GroupId, JobId, TenantId, UserId};

use crate::entity::{DueEntry, Entity};
use crate::error::StoreError;
use crate::key::{self, DueKind};
use crate::port::{Condition, Key};
use crate::store::TenantStore;
use crate::tx::{COMMIT_TRIES, Tx};

/// How long a worker has a job for itself after each part. A crashed one's is taken up after that.
pub const LEASE: TimeDelta = TimeDelta::seconds(60);
/// How long parts and rejected rows are kept.
pub(crate) const KEPT: TimeDelta = TimeDelta::days(30);
/// Parts with rejected rows that are read at most.
const MOST_PARTS: u32 = 1_000;

/// What a job does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum JobWork {
    /// Puts the numbers of a file on the do-not-call list.
    DncImport,
    /// Plans the calls of these contacts anew: a number of theirs was taken off the list.
    PlanAnew {
        contacts: Vec<ContactId>,
        cause: DncId,
    },
    /// Changes many contacts. What exactly is in its parts, sealed.
    Bulk {
        /// The operation's name.
        operation: String,
        /// The group that it was asked for in.
        group: Option<GroupId>,
        /// Whether it can be taken back.
        undoable: bool,
    },
    /// Takes back what such a job did.
    Undo { of: JobId, group: Option<GroupId> },
}

/// Where a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobStatus {
    /// More of the file is to come.
    Receiving,
    Running,
    Completed,
    Cancelled,
}

/// What a job has done so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobCounts {
    /// Rows that are done with.
    pub done: u32,
    /// Added, or contacts changed.
    pub added: u32,
    /// Already there before.
    pub unchanged: u32,
    /// The same as an earlier row.
    pub repeated: u32,
    pub rejected: u32,
}

impl JobCounts {
    /// Both together.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            done: self.done + other.done,
            added: self.added + other.added,
            unchanged: self.unchanged + other.unchanged,
            repeated: self.repeated + other.repeated,
            rejected: self.rejected + other.rejected,
        }
    }
}

/// A job.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct JobRow {
    pub tenant: TenantId,
    pub id: JobId,
    #[serde(skip)]
    pub version: u64,
    pub work: JobWork,
    pub status: JobStatus,
    /// Rows received.
    pub rows: u32,
    /// Bytes received.
    pub bytes: u64,
    pub parts: u32,
    /// The first part that is not done.
    pub next_part: u32,
    pub counts: JobCounts,
    pub created_by: Option<UserId>,
    pub created_at: DateTime<Utc>,
    pub started_at: Option<DateTime<Utc>>,
    pub finished_at: Option<DateTime<Utc>>,
    /// When it is to be taken up: by a worker's lease, or at once.
    pub look_at: DateTime<Utc>,
    /// The job that took back what this one did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undone_by: Option<JobId>,
}

impl Entity for JobRow {
    const TYPE: &'static str = "job";
    fn key(&self) -> Key {
        key::job(self.tenant, self.id)
    }
    fn version(&self) -> u64 {
        self.version
    }
    fn set_version(&mut self, version: u64) {
        self.version = version;
    }
    fn due(&self) -> Option<DueEntry> {
        let running = self.status == JobStatus::Running;
        running.then(|| key::due(self.look_at, DueKind::Job, self.tenant, self.id.uuid()))
    }
}

/// A part of a job: sealed, compressed rows.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct JobPartRow {
    tenant: TenantId,
    job: JobId,
    part: u32,
    /// Whether these are the rows to be done, or those rejected of them.
    rejected: bool,
    content: Sealed,
    expires: DateTime<Utc>,
}

impl Entity for JobPartRow {
    const TYPE: &'static str = "job_part";
    fn key(&self) -> Key {
        match self.rejected {
            false => key::job_part(self.tenant, self.job, self.part),
            true => key::job_rejected(self.tenant, self.job, self.part),
        }
    }
    fn version(&self) -> u64 {
        1
    }
    fn set_version(&mut self, _: u64) {}
    fn ttl(&self) -> Option<i64> {
        Some(self.expires.timestamp())
    }
}

/// A row of a file that was not taken, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RejectedRow {
    /// Its number in the file, from 1; the header is row 1 where there is one.
    pub row: u32,
    /// The number as it was given.
    pub given: String,
    /// What stood beside it as the reason, so that the row can be corrected and imported again as it was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// For programs.
    pub code: String,
    /// For people.
    pub detail: String,
}

impl TenantStore {
    /// A new job. It starts once it is put as running.
    pub fn new_job(&self, id: JobId, work: JobWork, by: Option<UserId>) -> JobRow {
        let now = self.now();
        JobRow {
            tenant: self.id,
            id,
            version: 0,
            work,
            status: JobStatus::Receiving,
            rows: 0,
            bytes: 0,
            parts: 0,
            next_part: 0,
            counts: JobCounts::default(),
            created_by: by,
            created_at: now,
            started_at: None,
            finished_at: None,
            look_at: now,
            undone_by: None,
        }
    }

    /// One job.
    pub async fn job(&self, id: JobId) -> Result<Option<JobRow>, StoreError> {
        self.store.read(&key::job(self.id, id)).await
    }

    /// A page of the tenant's jobs, newest first.
    pub async fn jobs(
        &self,
        limit: u32,
        after: Option<JobId>,
    ) -> Result<(Vec<JobRow>, bool), StoreError> {
        let pk = key::jobs_pk(self.id);
        let after = after.map(|id| key::job(self.id, id).into());
        let (rows, next) = self.store.list(pk, "", false, limit, after).await?;
        Ok((rows, next.is_some()))
    }

    fn part_field(job: JobId, part: u32, rejected: bool, tenant: TenantId) -> FieldRef {
        let name = if rejected { "rejected" } else { "rows" };
        FieldRef::new(tenant.uuid(), job.uuid(), name).part(part)
    }

    /// Stages a part of a job, or the rows rejected of it.
    pub(crate) fn stage_part<T: Serialize>(
        &self,
        tx: &mut Tx,
        job: JobId,
        part: u32,
        rejected: bool,
        content: &T,
    ) -> Result<(), StoreError> {
        let place = Self::part_field(job, part, rejected, self.id);
        let row = JobPartRow {
            tenant: self.id,
            job,
            part,
            rejected,
            content: self.seal_json_compressed("job part", place, content)?,
            expires: self.now() + KEPT,
        };
        tx.put_if(JobPartRow::TYPE, &row, 1, Condition::Always)
    }

    fn open_part<T: DeserializeOwned>(&self, row: &JobPartRow) -> Result<T, StoreError> {
        let field = Self::part_field(row.job, row.part, row.rejected, self.id);
        self.open_json("job part", field, &row.content)
    }

    /// The rows of a part; None where it is done with.
    pub(crate) async fn part<T: DeserializeOwned>(
        &self,
        job: JobId,
        part: u32,
    ) -> Result<Option<T>, StoreError> {
        let row: Option<JobPartRow> = self.store.read(&key::job_part(self.id, job, part)).await?;
        row.map(|row| self.open_part(&row)).transpose()
    }

    /// The rows that a job has rejected so far, in order of the file.
    pub async fn rejected_rows(&self, job: JobId) -> Result<Vec<RejectedRow>, StoreError> {
        let pk = key::job_parts_pk(self.id, job);
        let (mut all, mut after) = (Vec::new(), None);
        loop {
            let (rows, next): (Vec<JobPartRow>, _) = self
                .store
                .list(
                    pk.clone(),
                    key::JOB_REJECTED_PREFIX,
                    true,
                    MOST_PARTS,
                    after,
                )
                .await?;
            for row in &rows {
                let rejected: Vec<RejectedRow> = self.open_part(row)?;
                all.extend(rejected);
            }
            after = next;
            if after.is_none() {
                return Ok(all);
            }
        }
    }

    /// Takes a job for a while; None where there is nothing to do, or another worker has it.
    pub async fn take_job(&self, id: JobId) -> Result<Option<JobRow>, StoreError> {
        let now = self.now();
        let Some(mut job) = self.job(id).await? else {
            return Ok(None);
        };
        if job.status != JobStatus::Running || now < job.look_at {
            return Ok(None);
        }
        job.look_at = now + LEASE;
        let mut tx = Tx::new();
        tx.update(&mut job)?;
        let won = self.store.try_commit(tx).await?;
        Ok(won.then_some(job))
    }

    /// Lets a job go before it is over, for whoever comes next.
    pub async fn release_job(&self, mut job: JobRow) -> Result<(), StoreError> {
        job.look_at = self.now();
        let mut tx = Tx::new();
        tx.update(&mut job)?;
        match self.store.commit(tx).await {
            // Cancelled meanwhile.
            Err(error) if error.is_lost() => Ok(()),
            other => other,
        }
    }

    /// Stops a job between two of its parts; what is done stays. None where there is no such job; one that is over
    /// stays as it is.
    pub async fn cancel_job(
        &self,
        id: JobId,
        actor: &crate::log::Actor,
    ) -> Result<Option<JobRow>, StoreError> {
        for _ in 0..COMMIT_TRIES * 2 {
            let Some(mut job) = self.job(id).await? else {
                return Ok(None);
            };
            if !matches!(job.status, JobStatus::Receiving | JobStatus::Running) {
                return self.close_cancelled(job).await.map(Some);
            }
            job.status = JobStatus::Cancelled;
            job.finished_at = Some(self.now());
            let mut tx = Tx::new();
            tx.update(&mut job)?;
            let entry = crate::log::Entry::new("job.cancelled", "job", id.uuid())
                .version(job.version)
                .details(serde_json::json!({ "counts": job.counts }));
            self.log(&mut tx, actor, entry)?;
            match self.store.commit(tx).await {
                Err(error) if error.is_lost() => {}
                other => {
                    other?;
                    return self.close_cancelled(job).await.map(Some);
                }
            }
        }
        Err(StoreError::Lost {
            lost: vec![JobRow::TYPE],
        })
    }
}
