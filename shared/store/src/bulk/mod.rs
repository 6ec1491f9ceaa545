//! Work on many contacts as a job: part by part, each contact in one transaction with a result that says it is done, so
//! that after a crash a part begins again and no contact is changed twice. The results are also what the work is taken
//! back by.

mod begin;
mod parts;

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use vio_crypto::Sealed;
use vio_domain::bulk::{Operation, UNDO_FOR, Undo, Verdict};
use vio_domain::ids::{ContactId, JobId, TenantId};

use crate::contacts::Person;
use crate::contacts::rows::Fields;
use crate::entity::Entity;
use crate::error::StoreError;
use crate::jobs::{JobRow, JobWork, KEPT};
use crate::key;
use crate::port::{Condition, Key};
use crate::store::TenantStore;
use crate::tx::Tx;

pub use begin::{NewBulk, Undone};

/// Contacts of one part.
pub const CONTACTS_PER_PART: usize = 100;

/// Parts and results written in one transaction.
const ROWS_AT_ONCE: usize = 90;

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
        let after = after.map(|contact| key::job_result(self.id, job, contact).into());
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
