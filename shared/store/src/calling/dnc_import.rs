//! A file of numbers put on the do-not-call list, part by part. Each listed number remembers the row it came from, so
//! that a part done again after a crash counts and adds nothing twice. A number that contacts have goes through the
//! same transaction as one that staff type in, which ends their planned calls.

use std::collections::HashMap;

use futures::{StreamExt, TryStreamExt, stream};
use serde::{Deserialize, Serialize};
use vio_crypto::LookupHash;
use vio_domain::ids::JobId;
use vio_domain::outgoing::{EventType, News};
use vio_domain::phone::{Country, E164};
use vio_domain::text::Reason;

use crate::calling::do_not_call::{DncSource, ImportRow, NewDnc};
use crate::calling::rows::DncRow;
use crate::contacts::ClaimRow;
use crate::error::StoreError;
use crate::jobs::{JobCounts, JobRow, JobStatus, JobWork, RejectedRow};
use crate::key::{self, ClaimKind};
use crate::log::{Actor, Entry};
use crate::port::{Condition, Key};
use crate::store::TenantStore;
use crate::tx::{COMMIT_TRIES, Tx};

/// Rows of one import at most.
pub const MOST_ROWS: u32 = 100_000;
/// Bytes of one import at most (rules.md Import and export).
pub const MOST_BYTES: u64 = 10 * 1024 * 1024;
/// Rows of one part.
const ROWS_PER_PART: usize = 2_000;
/// Numbers listed in one transaction: guard, entry and a look at the claim for each.
const NUMBERS_AT_ONCE: usize = 30;
/// Such transactions side by side.
const SIDE_BY_SIDE: usize = 8;
/// Characters of a cell that are kept.
const LONGEST_CELL: usize = 320;

/// A row of the file that is to be judged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileRow {
    /// Its number in the file, from 1.
    pub row: u32,
    pub phone: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// A row understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Understood {
    pub row: u32,
    pub number: E164,
    pub reason: Option<Reason>,
}

/// Reads a row: the number in any usual spelling, of the business's country where it has no country code.
pub fn understand(row: &FileRow, country: Country) -> Result<Understood, RejectedRow> {
    let rejected = |code: &str, detail: String| RejectedRow {
        row: row.row,
        given: row.phone.clone(),
        reason: row.reason.clone(),
        code: code.to_owned(),
        detail,
    };
    let number = vio_domain::phone::parse(&row.phone, country)
        .map_err(|fault| rejected(fault.code(), fault.to_string()))?;
    let reason = row.reason.as_deref().filter(|text| !text.trim().is_empty());
    let reason = reason
        .map(Reason::parse)
        .transpose()
        .map_err(|fault| rejected(fault.code, fault.detail))?;
    Ok(Understood {
        row: row.row,
        number: number.e164,
        reason,
    })
}

/// What became of receiving a piece of a file.
#[derive(Debug)]
pub enum Received {
    Taken(Box<JobRow>),
    /// More than an import takes.
    TooMuch,
    /// It does not receive any more, or is none.
    NotReceiving,
}

/// What a preview found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Preview {
    pub understood: Vec<Understood>,
    pub rejected: Vec<RejectedRow>,
    /// Rows with a number of an earlier row.
    pub repeated: u32,
    /// Numbers that are listed already.
    pub listed: u32,
}

fn cut(text: &str) -> String {
    text.chars().take(LONGEST_CELL).collect()
}

impl TenantStore {
    /// Takes in rows of a file: a new import (`job` is its id), or more of one that is still receiving. `whole`: nothing
    /// more comes, and the work begins.
    pub async fn receive_dnc_import(
        &self,
        id: JobId,
        new: bool,
        rows: Vec<FileRow>,
        bytes: u64,
        whole: bool,
        actor: &Actor,
    ) -> Result<Received, StoreError> {
        let count = u32::try_from(rows.len()).unwrap_or(u32::MAX);
        for _ in 0..COMMIT_TRIES {
            let mut job = match (self.job(id).await?, new) {
                // The same request again.
                (Some(job), true) => return Ok(Received::Taken(Box::new(job))),
                (None, true) => self.new_job(id, JobWork::DncImport, actor.user()),
                (Some(job), false)
                    if job.work == JobWork::DncImport && job.status == JobStatus::Receiving =>
                {
                    job
                }
                _ => return Ok(Received::NotReceiving),
            };
            if job.rows.saturating_add(count) > MOST_ROWS || job.bytes + bytes > MOST_BYTES {
                return Ok(Received::TooMuch);
            }
            let mut tx = Tx::new();
            for chunk in rows.chunks(ROWS_PER_PART) {
                let chunk: Vec<FileRow> = chunk
                    .iter()
                    .map(|row| FileRow {
                        // The rows of a piece are numbered on from those before.
                        row: row.row + job.rows,
                        phone: cut(&row.phone),
                        reason: row.reason.as_deref().map(cut),
                    })
                    .collect();
                self.stage_part(&mut tx, id, job.parts, false, &chunk)?;
                job.parts += 1;
            }
            job.rows += count;
            job.bytes += bytes;
            if whole {
                job.status = JobStatus::Running;
                job.started_at = Some(self.now());
                job.look_at = self.now();
            }
            tx.save(&mut job)?;
            let entry = Entry::new("do_not_call.import_received", "job", id.uuid())
                .version(job.version)
                .details(serde_json::json!({ "rows": count, "whole": whole }));
            self.log(&mut tx, actor, entry)?;
            match self.store.commit(tx).await {
                Err(error) if error.is_lost() => {}
                other => return other.map(|()| Received::Taken(Box::new(job))),
            }
        }
        Err(StoreError::Lost { lost: vec!["job"] })
    }

    /// What an import of these rows would do. Nothing is written.
    pub async fn preview_dnc_import(
        &self,
        rows: &[FileRow],
        country: Country,
    ) -> Result<Preview, StoreError> {
        let mut preview = Preview::default();
        let mut seen: HashMap<LookupHash, u32> = HashMap::new();
        for row in rows {
            match understand(row, country) {
                Err(rejected) => preview.rejected.push(rejected),
                Ok(understood) => {
                    let hash = self.phone_hash(&understood.number);
                    if seen.insert(hash, understood.row).is_some() {
                        preview.repeated += 1;
                    } else {
                        preview.understood.push(understood);
                    }
                }
            }
        }
        let hashes: Vec<LookupHash> = seen.into_keys().collect();
        let chunks: Vec<Vec<LookupHash>> = hashes
            .chunks(crate::port::MAX_BATCH_GET)
            .map(<[_]>::to_vec)
            .collect();
        let listed: Vec<usize> = stream::iter(chunks)
            .map(|chunk| async move { self.guards(&chunk).await.map(|guards| guards.len()) })
            .buffer_unordered(SIDE_BY_SIDE)
            .try_collect()
            .await?;
        let listed: usize = listed.iter().sum();
        preview.listed = u32::try_from(listed).unwrap_or(u32::MAX);
        Ok(preview)
    }

    async fn guards(&self, hashes: &[LookupHash]) -> Result<Vec<DncRow>, StoreError> {
        let keys: Vec<Key> = hashes
            .iter()
            .map(|hash| key::do_not_call(self.id, &hash.to_string()))
            .collect();
        self.store.read_all(&keys).await
    }

    /// Does the next part of an import that the caller has taken. The job as it stands then; None where another worker
    /// was quicker, or it was cancelled.
    pub async fn import_next_part(
        &self,
        mut job: JobRow,
        country: Country,
        actor: &Actor,
    ) -> Result<Option<JobRow>, StoreError> {
        let part = job.next_part;
        let rows: Vec<FileRow> = self.part(job.id, part).await?.unwrap_or_default();
        let mut counts = JobCounts {
            done: u32::try_from(rows.len()).unwrap_or(u32::MAX),
            ..JobCounts::default()
        };
        let mut rejected = Vec::new();
        let mut wanted: Vec<(LookupHash, Understood)> = Vec::with_capacity(rows.len());
        let mut seen: HashMap<LookupHash, u32> = HashMap::new();
        for row in &rows {
            match understand(row, country) {
                Err(row) => rejected.push(row),
                Ok(understood) => {
                    let hash = self.phone_hash(&understood.number);
                    if seen.insert(hash, understood.row).is_some() {
                        counts.repeated += 1;
                    } else {
                        wanted.push((hash, understood));
                    }
                }
            }
        }
        counts.rejected = u32::try_from(rejected.len()).unwrap_or(u32::MAX);
        let id = job.id;
        let chunks: Vec<Vec<(LookupHash, Understood)>> =
            wanted.chunks(NUMBERS_AT_ONCE).map(<[_]>::to_vec).collect();
        let listed: Vec<JobCounts> = stream::iter(chunks)
            .map(|numbers| async move { self.list_numbers(id, &numbers, actor).await })
            .buffer_unordered(SIDE_BY_SIDE)
            .try_collect()
            .await?;
        counts = listed.into_iter().fold(counts, JobCounts::plus);

        let now = self.now();
        job.next_part += 1;
        job.counts = job.counts.plus(counts);
        job.look_at = now + crate::jobs::LEASE;
        let over = job.next_part >= job.parts;
        if over {
            job.status = JobStatus::Completed;
            job.finished_at = Some(now);
        }
        let mut tx = Tx::new();
        tx.update(&mut job)?;
        tx.delete_if(
            "job_part",
            key::job_part(self.id, id, part),
            Condition::Always,
        );
        if !rejected.is_empty() {
            self.stage_part(&mut tx, id, part, true, &rejected)?;
        }
        if over {
            let entry = Entry::new("do_not_call.imported", "job", id.uuid())
                .version(job.version)
                .details(serde_json::json!({ "rows": job.rows, "counts": job.counts }));
            self.log(&mut tx, actor, entry)?;
        }
        let won = self.store.try_commit(tx).await?;
        Ok(won.then_some(job))
    }

    /// Lists a few numbers: those that nobody has together, the rest one by one.
    async fn list_numbers(
        &self,
        job: JobId,
        numbers: &[(LookupHash, Understood)],
        actor: &Actor,
    ) -> Result<JobCounts, StoreError> {
        let hashes: Vec<LookupHash> = numbers.iter().map(|(hash, _)| *hash).collect();
        let guards: HashMap<LookupHash, DncRow> = self
            .guards(&hashes)
            .await?
            .into_iter()
            .map(|guard| (guard.phone, guard))
            .collect();
        let claims: Vec<Key> = hashes
            .iter()
            .map(|hash| key::claim(self.id, ClaimKind::Phone, &hash.to_string()))
            .collect();
        let claims: Vec<ClaimRow> = self.store.read_all(&claims).await?;
        let mut counts = JobCounts::default();
        let (mut together, mut alone) = (Vec::new(), Vec::new());
        for (hash, number) in numbers {
            let claimed = claims.iter().any(|claim| claim.hash == *hash);
            match guards.get(hash) {
                // A number that somebody has is looked at again, so that the calls it left after a crash end.
                Some(_) | None if claimed => alone.push(number),
                Some(guard) => count_listed(&mut counts, guard, job, number.row),
                None => together.push((hash, number)),
            }
        }
        if !together.is_empty() {
            let mut tx = Tx::new();
            let mut ids = Vec::with_capacity(together.len());
            for (hash, number) in &together {
                let new = new_entry(**hash, number, job);
                ids.push(self.stage_do_not_call_unlogged(&mut tx, new, actor)?.row.id);
                let place = key::claim(self.id, ClaimKind::Phone, &hash.to_string());
                tx.check("claim", place, Condition::Absent);
            }
            let entry = Entry::new("do_not_call.added", "job", job.uuid())
                .details(serde_json::json!({ "source": DncSource::Import, "entries": ids }))
                .news(ids.iter().map(|id| News {
                    event: EventType::DoNotCallAdded,
                    id: id.uuid(),
                    version: 1,
                    status: None,
                }));
            self.log(&mut tx, actor, entry)?;
            match self.store.commit(tx).await {
                Ok(()) => counts.added += u32::try_from(together.len()).unwrap_or(0),
                // Somebody listed one or took one on meanwhile: each on its own.
                Err(error) if error.is_lost() => {
                    alone.extend(together.iter().map(|(_, number)| *number));
                }
                Err(error) => return Err(error),
            }
        }
        for number in alone {
            let import = ImportRow {
                job,
                row: number.row,
            };
            let (entry, added) = self
                .add_do_not_call_from(
                    number.number.clone(),
                    number.reason.clone(),
                    DncSource::Import,
                    None,
                    Some(import),
                    actor,
                )
                .await?;
            if added {
                counts.added += 1;
            } else if let Some(guard) = self.do_not_call(entry.row.phone).await? {
                count_listed(&mut counts, &guard, job, number.row);
            }
        }
        Ok(counts)
    }
}

fn new_entry(phone: LookupHash, number: &Understood, job: JobId) -> NewDnc {
    NewDnc {
        phone,
        number: Some(number.number.clone()),
        reason: number.reason.clone(),
        source: DncSource::Import,
        contact: None,
        import: Some(ImportRow {
            job,
            row: number.row,
        }),
    }
}

/// What a number that is listed already counts as: added by this very row before a crash, the same as an earlier row,
/// or there before.
fn count_listed(counts: &mut JobCounts, guard: &DncRow, job: JobId, row: u32) {
    match guard.import {
        Some(import) if import.job == job && import.row == row => counts.added += 1,
        Some(import) if import.job == job => counts.repeated += 1,
        _ => counts.unchanged += 1,
    }
}
