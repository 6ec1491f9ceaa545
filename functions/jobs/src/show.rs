//! Jobs as people see them: progress, summary, rejected rows, cancelling.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, TimeDelta, Utc};
use http::header;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use vio_domain::ids::{JobId, UserId};
use vio_domain::permission::Role;
use vio_http::page::PageParams;
use vio_http::query::NoParams;
use vio_http::{Idempotent, Json, Paged, Path, Principal, Problem, Query, RequestId};
use vio_runtime::App;
use vio_runtime::web::{actor, store_problem};
use vio_store::TenantStore;
use vio_store::jobs::{JobRow, JobStatus, JobWork, RejectedRow};
use vio_store::log::Entry;

/// Jobs examined for one page.
const EXAMINED: usize = 500;

/// Something that is done in the background.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "job_id": "0192f0c1-2b3c-7def-8abc-0123456789ab", "kind": "dnc_import", "status": "running",
    "total_rows": 100000, "done_rows": 42000, "progress": 0.42, "estimated_at": "2026-03-02T09:00:20Z",
    "summary": {"added": 41000, "already_listed": 800, "repeated": 150, "rejected": 50},
    "created_at": "2026-03-02T09:00:00Z", "created_by": "0192f0c1-2b3c-7def-8abc-0123456789ac"
}))]
pub struct Job {
    #[schema(value_type = Uuid)]
    job_id: JobId,
    /// dnc_import, bulk_status, bulk_groups, bulk_edit, bulk_delete or undo.
    #[schema(value_type = String)]
    kind: String,
    /// receiving, running, completed or cancelled.
    #[schema(value_type = String)]
    status: JobStatus,
    /// Rows of a file, or contacts.
    total_rows: u32,
    done_rows: u32,
    /// From 0 to 1.
    progress: f64,
    /// When it will be done, at the pace so far.
    #[serde(skip_serializing_if = "Option::is_none")]
    estimated_at: Option<DateTime<Utc>>,
    summary: Summary,
    created_at: DateTime<Utc>,
    #[schema(value_type = Option<Uuid>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    created_by: Option<UserId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    finished_at: Option<DateTime<Utc>>,
    /// Where the rejected rows are, once there are some.
    #[serde(skip_serializing_if = "Option::is_none")]
    errors: Option<String>,
    /// Where it says what became of each contact.
    #[serde(skip_serializing_if = "Option::is_none")]
    results: Option<String>,
    /// Until when it can be undone.
    #[serde(skip_serializing_if = "Option::is_none")]
    undo_until: Option<DateTime<Utc>>,
    /// The job that undid it.
    #[schema(value_type = Option<Uuid>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    undone_by: Option<JobId>,
}

/// What it has done so far.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
#[schema(as = JobSummary)]
enum Summary {
    Import(ImportSummary),
    Bulk(BulkSummary),
}

/// What has become of contacts so far.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = JobBulkSummary)]
struct BulkSummary {
    changed: u32,
    /// It was so already.
    unchanged: u32,
    /// Left out; the results say why.
    refused: u32,
}

/// What has become of the rows of a file so far.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = JobImportSummary)]
struct ImportSummary {
    added: u32,
    already_listed: u32,
    /// Rows with a number of an earlier row.
    repeated: u32,
    rejected: u32,
}

impl Job {
    /// A job as it is shown.
    pub fn new(job: &JobRow, now: DateTime<Utc>) -> Self {
        let counts = job.counts;
        let of_contacts = matches!(job.work, JobWork::Bulk { .. } | JobWork::Undo { .. });
        let progress = match job.rows {
            0 => 0.0,
            rows => f64::from(counts.done) / f64::from(rows),
        };
        Self {
            job_id: job.id,
            kind: match &job.work {
                JobWork::DncImport => "dnc_import".to_owned(),
                JobWork::PlanAnew { .. } => "plan_anew".to_owned(),
                JobWork::Bulk { operation, .. } => format!("bulk_{operation}"),
                JobWork::Undo { .. } => "undo".to_owned(),
            },
            status: job.status,
            total_rows: job.rows,
            done_rows: counts.done,
            progress,
            estimated_at: estimate(job, now),
            summary: if of_contacts {
                Summary::Bulk(BulkSummary {
                    changed: counts.added,
                    unchanged: counts.unchanged,
                    refused: counts.rejected,
                })
            } else {
                Summary::Import(ImportSummary {
                    added: counts.added,
                    already_listed: counts.unchanged,
                    repeated: counts.repeated,
                    rejected: counts.rejected,
                })
            },
            created_at: job.created_at,
            created_by: job.created_by,
            finished_at: job.finished_at,
            errors: (counts.rejected > 0 && !of_contacts)
                .then(|| format!("/api/jobs/{}/errors.csv", job.id)),
            results: of_contacts.then(|| format!("/api/jobs/{}/results", job.id)),
            undo_until: job.undo_until(),
            undone_by: job.undone_by,
        }
    }
}

fn estimate(job: &JobRow, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let started = job
        .started_at
        .filter(|_| job.status == JobStatus::Running)?;
    let (done, left) = (job.counts.done, job.rows.saturating_sub(job.counts.done));
    if done == 0 {
        return None;
    }
    let spent = (now - started).num_milliseconds().max(1);
    let millis = spent.checked_mul(i64::from(left))? / i64::from(done);
    now.checked_add_signed(TimeDelta::milliseconds(millis))
}

/// A row that was not taken.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RejectedRow, example = json!({"row": 17, "given": "0207", "code": "too_short", "detail": "Enter a full phone number with its area code."}))]
pub(crate) struct RejectedView {
    /// Its number in the file, from 1.
    row: u32,
    given: String,
    code: String,
    detail: String,
}

impl From<RejectedRow> for RejectedView {
    fn from(row: RejectedRow) -> Self {
        Self {
            row: row.row,
            given: row.given,
            code: row.code,
            detail: row.detail,
        }
    }
}

/// Administrators see every job, everybody else their own.
pub(crate) fn sees(who: &Principal, job: &JobRow) -> bool {
    let shown = !matches!(job.work, JobWork::PlanAnew { .. });
    shown && (who.role == Role::ClientAdmin || job.created_by == Some(who.user_id))
}

/// A job that the person sees.
pub(crate) async fn seen(ts: &TenantStore, who: &Principal, id: JobId) -> Result<JobRow, Problem> {
    ts.job(id)
        .await
        .map_err(store_problem)?
        .filter(|job| sees(who, job))
        .ok_or_else(Problem::not_found)
}

vio_http::pagination! {
    /// Where the list of jobs stands.
    JobsPagination = "total_jobs"
}

/// A page of jobs, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Jobs {
    jobs: Vec<Job>,
    pagination: JobsPagination,
}

/// What is and was done in the background, newest first: your own, or everybody's for administrators.
#[utoipa::path(get, path = "/api/jobs", tag = "jobs", params(PageParams),
    responses((status = 200, description = "A page of jobs", body = Jobs)))]
pub(crate) async fn list(
    State(app): State<App>,
    who: Principal,
    Paged { page, .. }: Paged<NoParams>,
) -> Result<Json<Jobs>, Problem> {
    let ts = app.tenant_of(&who).await?;
    let cursor: Option<(JobId, u32)> = page.position(None)?;
    let number = cursor.map_or(page.page.get(), |(_, number)| number);
    let mut last = cursor.map(|(id, _)| id);
    let mut skip = (page.page.get() as usize - 1).saturating_mul(page.page_size as usize);
    let (mut jobs, mut more, mut examined) = (Vec::new(), true, 0);
    let size = page.page_size as usize;
    while more && jobs.len() < size && examined < EXAMINED {
        let (rows, next) = ts.jobs(page.page_size, last).await.map_err(store_problem)?;
        more = next;
        let read = rows.len();
        for (at, row) in rows.iter().enumerate() {
            examined += 1;
            last = Some(row.id);
            if !sees(&who, row) {
                continue;
            }
            if skip > 0 {
                skip -= 1;
                continue;
            }
            jobs.push(Job::new(row, ts.now()));
            if jobs.len() == size {
                more |= at + 1 < read;
                break;
            }
        }
    }
    let next_cursor = match last.filter(|_| more) {
        Some(id) => Some(page.next_cursor(id, number, None)?),
        None => None,
    };
    let pagination = page.pagination(number, None, next_cursor);
    Ok(Json(Jobs {
        jobs,
        pagination: pagination.into(),
    }))
}

/// One job, with its progress.
#[utoipa::path(get, path = "/api/jobs/{job_id}", tag = "jobs",
    params(("job_id" = Uuid, Path, description = "The job")),
    responses((status = 200, description = "The job", body = Job)))]
pub(crate) async fn read(
    State(app): State<App>,
    who: Principal,
    Path(id): Path<JobId>,
    Query(NoParams {}): Query<NoParams>,
) -> Result<Json<Job>, Problem> {
    let ts = app.tenant_of(&who).await?;
    let job = seen(&ts, &who, id).await?;
    Ok(Json(Job::new(&job, ts.now())))
}

/// The rows that were not taken, with the reasons, as a CSV that can be corrected and imported again.
#[utoipa::path(get, path = "/api/jobs/{job_id}/errors.csv", tag = "jobs",
    params(("job_id" = Uuid, Path, description = "The job")),
    responses((status = 200, description = "phone, reason, row, code, detail", body = String, content_type = "text/csv",
        example = json!("phone,reason,row,code,detail\n0207,Asked us to stop,17,too_short,Enter a full phone number with its area code.\n"))))]
pub(crate) async fn errors(
    State(app): State<App>,
    who: Principal,
    request: RequestId,
    Path(id): Path<JobId>,
    Query(NoParams {}): Query<NoParams>,
) -> Result<Response, Problem> {
    let ts = app.tenant_of(&who).await?;
    let job = seen(&ts, &who, id).await?;
    let rows = ts.rejected_rows(id).await.map_err(store_problem)?;
    let entry = Entry::new("job.errors_exported", "job", id.uuid()).version(job.version);
    ts.log_access(&actor(&who, request), entry)
        .await
        .map_err(store_problem)?;
    let mut text = csv::Writer::from_writer(Vec::new());
    let broken = |error: csv::Error| Problem::internal(&error);
    text.write_record(["phone", "reason", "row", "code", "detail"])
        .map_err(broken)?;
    for row in rows {
        let record = [
            vio_domain::text::neutral(&row.given).into_owned(),
            vio_domain::text::neutral(row.reason.as_deref().unwrap_or_default()).into_owned(),
            row.row.to_string(),
            row.code,
            row.detail,
        ];
        text.write_record(record).map_err(broken)?;
    }
    let text = text
        .into_inner()
        .map_err(|_| Problem::internal_because("a CSV in memory could not be written"))?;
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8"),
        (
            header::CONTENT_DISPOSITION,
            "attachment; filename=\"rejected.csv\"",
        ),
    ];
    Ok((headers, text).into_response())
}

/// Nothing to say.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = CancelJob, example = json!({}))]
pub(crate) struct Nothing {}

/// Stops a job. What it has done stays done; one that is over stays as it is.
#[utoipa::path(post, path = "/api/jobs/{job_id}/cancel", tag = "jobs",
    params(("job_id" = Uuid, Path, description = "The job")),
    request_body(content = Nothing, description = "May be left out"),
    responses((status = 200, description = "The job", body = Job)))]
pub(crate) async fn cancel(
    State(app): State<App>,
    who: Principal,
    request: RequestId,
    Path(id): Path<JobId>,
    Query(NoParams {}): Query<NoParams>,
    Idempotent { body: _, keyed }: Idempotent<Nothing>,
) -> Result<Response, Problem> {
    let ts = app.tenant_of(&who).await?;
    seen(&ts, &who, id).await?;
    let by = actor(&who, request);
    let ts = &ts;
    app.once(who.tenant_id, keyed, |_| async move {
        let job = ts.cancel_job(id, &by).await.map_err(store_problem)?;
        let job = job.ok_or_else(Problem::not_found)?;
        Ok(Json(Job::new(&job, ts.now())))
    })
    .await
}
