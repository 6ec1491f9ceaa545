//! What a job over contacts did to each, and taking it back.

use axum::extract::State;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use vio_domain::bulk::{MOST_AT_ONCE, Verdict};
use vio_domain::ids::{ContactId, JobId};
use vio_http::page::PageParams;
use vio_http::query::NoParams;
use vio_http::{Idempotent, Json, Kind, Paged, Path, Principal, Problem, Query, RequestId};
use vio_runtime::App;
use vio_runtime::web::{actor, store_problem};
use vio_store::bulk::{JobResultRow, Undone};
use vio_store::jobs::{JobRow, JobStatus};
use vio_store::log::Entry;

use super::{Asked, Caller, answer};
use crate::show::{Job, seen};

/// What became of a contact.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = JobResult, example = json!({
    "contact_id": "0192f0c1-2b3c-7def-8abc-0123456789ab", "success": false, "code": "no_appointment",
    "detail": "The contact has no appointment."
}))]
pub(super) struct ResultView {
    contact_id: Uuid,
    /// Whether it is now as it was asked for.
    success: bool,
    /// changed, unchanged, gone, not_allowed, not_a_member, no_appointment, too_many_groups, group_gone, changed_since
    /// or cancelled.
    #[schema(value_type = String)]
    code: Verdict,
    detail: &'static str,
}

impl From<JobResultRow> for ResultView {
    fn from(row: JobResultRow) -> Self {
        Self {
            contact_id: row.contact.uuid(),
            success: !row.verdict.refused(),
            code: row.verdict,
            detail: row.verdict.detail(),
        }
    }
}

vio_http::pagination! {
    /// Where the results of a job stand.
    JobResultsPagination = "total_results"
}

/// A page of what became of each contact.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct JobResults {
    results: Vec<ResultView>,
    pagination: JobResultsPagination,
}

/// What a job over contacts did to each, as far as it is.
#[utoipa::path(get, path = "/api/jobs/{job_id}/results", tag = "jobs",
    params(("job_id" = Uuid, Path, description = "The job"), PageParams),
    responses((status = 200, description = "A page of results", body = JobResults)))]
pub(crate) async fn results(
    State(app): State<App>,
    who: Principal,
    request: RequestId,
    Path(id): Path<JobId>,
    Paged { page, .. }: Paged<NoParams>,
) -> Result<Json<JobResults>, Problem> {
    let ts = app.tenant_of(&who).await?;
    let job = seen(&ts, &who, id).await?;
    let (after, number) = page.after::<ContactId>()?;
    let (rows, more) = ts
        .job_results(id, page.page_size, after)
        .await
        .map_err(store_problem)?;
    let entry = Entry::new("job.results_viewed", "job", id.uuid()).version(job.version);
    ts.log_access(&actor(&who, request), entry)
        .await
        .map_err(store_problem)?;
    let next_cursor = match rows.last().filter(|_| more) {
        Some(last) => Some(page.next_cursor(last.contact, number, None)?),
        None => None,
    };
    let total = (job.status == JobStatus::Completed).then(|| u64::from(job.counts.done));
    Ok(Json(JobResults {
        results: rows.into_iter().map(ResultView::from).collect(),
        pagination: page.pagination(number, total, next_cursor).into(),
    }))
}

impl Asked<'_> {
    /// Takes back what a job did.
    pub(super) async fn take_back(&self, of: JobId, id: Uuid) -> Result<JobRow, Problem> {
        let undone = self
            .ts
            .begin_undo(of, JobId::new(id), self.by)
            .await
            .map_err(store_problem)?;
        match undone.ok_or_else(Problem::not_found)? {
            Undone::By(job) => {
                let at_once = job.rows as usize <= MOST_AT_ONCE && job.id == JobId::new(id);
                self.go_on(*job, at_once).await
            }
            Undone::Running => {
                Err(Problem::new(Kind::Conflict).detail("This is under way. Cancel it first."))
            }
            Undone::Not => Err(Problem::new(Kind::NotUndoable)),
        }
    }
}

/// Nothing to say.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = UndoJob, example = json!({}))]
pub(crate) struct Nothing {}

/// Takes back what a job over contacts did, within ten minutes of its end. What was changed since stays, and is listed
/// in the results of the job that this answers.
#[utoipa::path(post, path = "/api/jobs/{job_id}/undo", tag = "jobs",
    params(("job_id" = Uuid, Path, description = "The job")),
    request_body(content = Nothing, description = "May be left out"),
    responses(
        (status = 200, description = "Taken back; the job that did it", body = Job),
        (status = 202, description = "Begun; the job that does it", body = Job),
        (status = 409, description = "It is under way, or it is too late"),
    ))]
pub(crate) async fn undo(
    State(app): State<App>,
    who: Principal,
    request: RequestId,
    Path(of): Path<JobId>,
    Query(NoParams {}): Query<NoParams>,
    Idempotent { body: _, keyed }: Idempotent<Nothing>,
) -> Result<Response, Problem> {
    let caller = Caller::new(app, who, request).await?;
    seen(&caller.ts, &caller.who, of).await?;
    caller
        .once(keyed, async move |asked, id| {
            let job = asked.take_back(of, id).await?;
            Ok(answer(asked.ts, &job))
        })
        .await
}
