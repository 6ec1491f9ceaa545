//! A file of numbers for the do-not-call list: looked at first, or put on the list as a job.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use vio_domain::ids::JobId;
use vio_http::query::NoParams;
use vio_http::{FieldProblem, Idempotent, Json, Kind, Principal, Problem, Query, RequestId};
use vio_runtime::App;
use vio_runtime::queues::JobMessage;
use vio_runtime::web::{actor, store_problem};
use vio_store::TenantStore;
use vio_store::calling::dnc_import::{FileRow, MOST_BYTES, MOST_ROWS, Received};

use crate::file::{Unreadable, rows};
use crate::show::{Job, RejectedView, seen};

/// Rows shown of a preview.
const SHOWN: usize = 10;
/// Rejected rows shown of a preview; the job lists all.
const REJECTED_SHOWN: usize = 100;

/// A file, or a piece of one.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = ImportDoNotCall, example = json!({"csv": "phone,reason\n07912 345678,Asked at the desk.", "dry_run": true}))]
pub(crate) struct File {
    /// CSV in UTF-8, separated by comma, semicolon or tab. A header names the columns phone and reason; without one
    /// the first column that holds a number is read. At most 4 MB: a larger file comes in pieces of whole lines.
    #[schema(content_media_type = "text/csv")]
    csv: String,
    /// Only say what would happen, of a whole file.
    #[serde(default)]
    dry_run: bool,
    /// The import that this piece goes on with.
    #[serde(default)]
    job_id: Option<Uuid>,
    /// Whether more pieces come; the work begins after the last.
    #[serde(default)]
    more: bool,
}

/// A row as it was understood.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"row": 2, "phone": "+447912345678"}))]
struct UnderstoodRow {
    row: u32,
    phone: String,
}

/// What an import would do.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DoNotCallPreview)]
pub(crate) struct Preview {
    rows: usize,
    /// Numbers that would be added.
    to_add: u32,
    already_listed: u32,
    /// Rows with a number of an earlier row.
    repeated: u32,
    rejected: usize,
    /// The first rows, as they were understood.
    understood: Vec<UnderstoodRow>,
    /// The first rejected rows.
    errors: Vec<RejectedView>,
}

fn wrong(code: &str, detail: &str) -> Problem {
    Problem::validation(vec![FieldProblem::new("/csv", code, detail)])
}

/// Puts the numbers of a file on the do-not-call list, in any usual spelling, up to 100,000 rows and 10 MB. `dry_run`
/// says what would happen. Otherwise a job does it: planned calls to those numbers are gone when it ends, and
/// `GET /jobs/{job_id}/errors.csv` holds the rows that were not taken.
#[utoipa::path(
    post, path = "/api/dnc/import", tag = "do-not-call", request_body = File,
    responses(
        (status = 202, description = "Received; the job", body = Job),
        (status = 200, description = "What would happen", body = Preview),
        (status = 409, description = "The import does not take more pieces"),
        (status = 413, description = "More than 100,000 rows or 10 MB"),
    )
)]
pub(crate) async fn import(
    State(app): State<App>,
    who: Principal,
    request: RequestId,
    Query(NoParams {}): Query<NoParams>,
    Idempotent { body, keyed }: Idempotent<File>,
) -> Result<Response, Problem> {
    let (ts, settings) = app.tenant_with_settings(&who).await?;
    let settings = settings.settings;
    let country = settings.business.country;
    let bytes = body.csv.len() as u64;
    if bytes > MOST_BYTES {
        return Err(Problem::new(Kind::PayloadTooLarge));
    }
    let rows = rows(&body.csv, country).map_err(|fault| match fault {
        Unreadable::Empty => wrong("empty", "The file has no rows."),
        Unreadable::NoNumbers => wrong(
            "no_numbers",
            "No column holds phone numbers. Name it phone in the first row.",
        ),
        Unreadable::Broken(line) => wrong(
            "broken",
            &format!("Line {line} cannot be read as CSV. Check its quotes."),
        ),
    })?;
    if rows.len() > MOST_ROWS as usize {
        return Err(too_much());
    }
    if let Some(id) = body.job_id {
        // Of somebody else's import nothing is said.
        seen(&ts, &who, JobId::new(id))
            .await
            .map_err(unknown_import)?;
    }
    if body.dry_run {
        return preview(&ts, rows, country).await;
    }
    let by = actor(&who, request);
    let (app, ts) = (&app, &ts);
    app.once(who.tenant_id, keyed, |operation| async move {
        let id = JobId::new(body.job_id.unwrap_or(operation));
        let new = body.job_id.is_none();
        let received = ts
            .receive_dnc_import(id, new, rows, bytes, !body.more, &by)
            .await
            .map_err(store_problem)?;
        match received {
            Received::Taken(job) => {
                if !body.more {
                    let message = JobMessage { tenant: ts.id, job: id };
                    if let Err(error) = app.queues.job(message).await {
                        tracing::warn!(tenant = %ts.id, %error, "a job was not handed on; the tick finds it");
                    }
                }
                let place = format!("/api/jobs/{id}");
                let headers = [(header::LOCATION, place)];
                Ok((StatusCode::ACCEPTED, headers, Json(Job::new(&job, ts.now()))))
            }
            Received::TooMuch => Err(too_much()),
            Received::NotReceiving => Err(Problem::new(Kind::Conflict)
                .detail("This import does not take more pieces. Begin a new one.")),
        }
    })
    .await
}

/// An import that is not there is a wrong field of the request, not a wrong address.
fn unknown_import(problem: Problem) -> Problem {
    match problem.kind() {
        Kind::NotFound => Problem::validation(vec![FieldProblem::new(
            "/job_id",
            "unknown",
            "There is no such import.",
        )]),
        _ => problem,
    }
}

fn too_much() -> Problem {
    Problem::new(Kind::PayloadTooLarge)
        .detail("An import takes at most 100,000 rows and 10 MB. Split the file.")
}

async fn preview(
    ts: &TenantStore,
    rows: Vec<FileRow>,
    country: vio_domain::phone::Country,
) -> Result<Response, Problem> {
    let found = ts
        .preview_dnc_import(&rows, country)
        .await
        .map_err(store_problem)?;
    let understood = found
        .understood
        .iter()
        .take(SHOWN)
        .map(|row| UnderstoodRow {
            row: row.row,
            phone: row.number.as_str().to_owned(),
        });
    let different = u32::try_from(found.understood.len()).unwrap_or(u32::MAX);
    let preview = Preview {
        rows: rows.len(),
        to_add: different.saturating_sub(found.listed),
        already_listed: found.listed,
        repeated: found.repeated,
        rejected: found.rejected.len(),
        understood: understood.collect(),
        errors: found
            .rejected
            .into_iter()
            .take(REJECTED_SHOWN)
            .map(RejectedView::from)
            .collect(),
    };
    Ok(Json(preview).into_response())
}
