//! How the outside calendars are doing (S3 "Integration Status & Testing"): when they were last read, how many bookings
//! came of them, what went wrong, and when they are read next.

use axum::extract::State;
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use vio_http::query::NoParams;
use vio_http::{Json, Principal, Problem, Query};
use vio_runtime::App;
use vio_runtime::web::store_problem;
use vio_store::calendar::{CalendarRow, Failure};

/// Something that went wrong.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SyncFailure)]
pub(crate) struct FailureView {
    at: DateTime<Utc>,
    /// `wrong_key`, `missing_scope`, `busy`, `refused`, `unreachable`, `unreadable_event`, `too_large` or `internal`.
    #[schema(example = "unreachable")]
    reason: String,
    /// For people.
    #[schema(example = "The calendar could not be reached.")]
    message: String,
}

/// One calendar.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CalendarSync)]
pub(crate) struct CalendarView {
    enabled: bool,
    /// Whether it can be read: it is switched on and has a key.
    connected: bool,
    /// When it was last read without a failure.
    last_sync: Option<DateTime<Utc>>,
    /// When it is read next.
    next_sync: Option<DateTime<Utc>>,
    /// Bookings taken in today, in the business's zone; told by webhook or found by reading.
    imported_today: u32,
    imported_total: u64,
    /// Why the last reading failed, while it is so.
    trouble: Option<FailureView>,
    /// What went wrong lately, latest first; at most ten.
    failures: Vec<FailureView>,
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = IntegrationsStatus)]
pub(crate) struct StatusView {
    calcom: CalendarView,
}

fn sentence(reason: &str) -> &'static str {
    match reason {
        "wrong_key" => "The calendar does not know the API key. Save a new one.",
        "missing_scope" => "The API key may not read bookings. Give it more rights there.",
        "busy" => "The calendar asked us to wait.",
        "refused" => "The calendar refused to be read.",
        "unreachable" => "The calendar could not be reached.",
        "unreadable_event" => {
            "A booking event could not be read. Look for the booking in the calendar."
        }
        "too_large" => "A booking was too large to be taken in. Enter it by hand.",
        _ => "Something went wrong here. It is tried again.",
    }
}

impl FailureView {
    fn of(failure: &Failure) -> Self {
        Self {
            at: failure.at,
            reason: failure.reason.clone(),
            message: sentence(&failure.reason).to_owned(),
        }
    }
}

/// How the calendars are doing.
#[utoipa::path(get, path = "/api/settings/integrations/status", tag = "settings",
    responses((status = 200, body = StatusView)))]
pub(crate) async fn status(
    State(app): State<App>,
    principal: Principal,
    Query(NoParams {}): Query<NoParams>,
) -> Result<Json<StatusView>, Problem> {
    let (ts, opened) = app.tenant_with_settings(&principal).await?;
    let row: Option<CalendarRow> = ts.calendar().await.map_err(store_problem)?;
    let settings = &opened.settings;
    let today = ts
        .now()
        .with_timezone(&settings.business.timezone)
        .date_naive();
    let calcom = &settings.integrations.calcom;
    let connected = calcom.enabled && calcom.has_key;
    let row = row.as_ref();
    Ok(Json(StatusView {
        calcom: CalendarView {
            enabled: calcom.enabled,
            connected,
            last_sync: row.and_then(|row| row.last_read_at),
            next_sync: row.and_then(|row| row.due).filter(|_| connected),
            imported_today: row.map_or(0, |row| row.taken_in_on(today)),
            imported_total: row.map_or(0, |row| row.total),
            trouble: row
                .and_then(|row| row.trouble.as_ref())
                .filter(|_| connected)
                .map(FailureView::of),
            failures: row.map_or_else(Vec::new, |row| {
                row.failures.iter().map(FailureView::of).collect()
            }),
        },
    }))
}
