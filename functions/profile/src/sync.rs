//! How the outside calendars are doing (S3 "Integration Status & Testing"): when they were last read, how many bookings
//! came of them, what went wrong, and when they are read next.

use axum::extract::State;
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use vio_domain::bookings::Calendar;
use vio_domain::settings::Settings;
use vio_http::query::NoParams;
use vio_http::{Json, Principal, Problem, Query};
use vio_runtime::App;
use vio_runtime::web::store_problem;
use vio_store::calendar::{CalendarRow, Failure, Subscribed};

/// Something that went wrong.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SyncFailure)]
pub(crate) struct FailureView {
    at: DateTime<Utc>,
    /// Of a reading `wrong_key`, `missing_scope`, `busy`, `refused`, `unreachable` or `internal`; of a booking
    /// `unreadable_event`, `too_large`, `given_up`, `unknown_booking` or `contact_deleted`; `webhook_disabled` or
    /// `wrong_signature`.
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
    /// Events of bookings that changed nothing here although they should have, ever; the latest are among `failures`.
    failed_total: u64,
    /// Why the last reading failed, while it is so.
    trouble: Option<FailureView>,
    /// What went wrong lately, latest first; at most ten.
    failures: Vec<FailureView>,
    /// Events that were not taken over, because their kind is not chosen.
    ignored_total: u64,
    /// How its webhook stands, where it is made by us (Calendly); null before it was looked at.
    webhook: Option<WebhookState>,
}

/// How a webhook stands that we subscribe to.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = WebhookState)]
pub(crate) enum WebhookState {
    /// It tells us what happens.
    Active,
    /// The calendar switched it off, because we could not be reached for too long.
    Disabled,
    /// There is none, and none could be made.
    Missing,
    /// The account or the key may have none.
    Refused,
}

impl From<Subscribed> for WebhookState {
    fn from(stands: Subscribed) -> Self {
        match stands {
            Subscribed::Active => Self::Active,
            Subscribed::Disabled => Self::Disabled,
            Subscribed::Missing => Self::Missing,
            Subscribed::Refused => Self::Refused,
        }
    }
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = IntegrationsStatus)]
pub(crate) struct StatusView {
    calcom: CalendarView,
    calendly: CalendarView,
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
        "webhook_disabled" => {
            "The calendar switched our webhook off, because it could not be reached for too long."
        }
        "wrong_signature" => {
            "A webhook came that was signed with another secret than the one saved here, so it was refused. Save the secret that the calendar has."
        }
        "too_large" => "A booking was too large to be taken in. Enter it by hand.",
        "given_up" => {
            "A booking could not be taken in after many tries. Look for it in the calendar, and enter it by hand."
        }
        "unknown_booking" => {
            "A booking was cancelled in the calendar that was not known here. If somebody entered it by hand, cancel it here too."
        }
        "contact_deleted" => {
            "A booking was made or moved in the calendar by somebody who was deleted here, so nobody reminds them. Restore the contact."
        }
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

impl CalendarView {
    fn of(
        settings: &Settings,
        calendar: Calendar,
        row: Option<&CalendarRow>,
        now: DateTime<Utc>,
    ) -> Self {
        let today = now.with_timezone(&settings.business.timezone).date_naive();
        let calendar = settings.integrations.calendar(calendar);
        let connected = calendar.connected;
        let trouble = row.and_then(|row| row.trouble.as_ref());
        Self {
            enabled: calendar.enabled,
            connected,
            last_sync: row.and_then(|row| row.last_read_at),
            next_sync: row.and_then(|row| row.due).filter(|_| connected),
            imported_today: row.map_or(0, |row| row.taken_in_on(today)),
            imported_total: row.map_or(0, |row| row.total),
            failed_total: row.map_or(0, |row| row.failed),
            trouble: trouble.filter(|_| connected).map(FailureView::of),
            failures: row.map_or_else(Vec::new, |row| {
                row.failures.iter().map(FailureView::of).collect()
            }),
            ignored_total: row.map_or(0, |row| row.ignored),
            webhook: row
                .and_then(|row| row.subscribed)
                .filter(|_| connected)
                .map(WebhookState::from),
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
    let read = async |calendar| ts.calendar(calendar).await.map_err(store_problem);
    let (calcom, calendly) = (
        read(Calendar::Calcom).await?,
        read(Calendar::Calendly).await?,
    );
    let now = ts.now();
    let view = |calendar, row: &Option<CalendarRow>| {
        CalendarView::of(&opened.settings, calendar, row.as_ref(), now)
    };
    Ok(Json(StatusView {
        calcom: view(Calendar::Calcom, &calcom),
        calendly: view(Calendar::Calendly, &calendly),
    }))
}
