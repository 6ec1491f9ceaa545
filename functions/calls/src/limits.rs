//! The tenant's allowance of calls, and pausing it (rules.md The call throttle).

use axum::extract::State;
use axum::response::Response;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use vio_domain::calling::abuse::{ABUSE_PERIOD, MAX_ATTEMPTS_PER_NUMBER};
use vio_domain::calling::auto_pause::{LOOKED_AT, TECHNICAL_FAILURES, WITHIN};
use vio_domain::calling::pause::{Pause, PauseReason, PausedBy};
use vio_http::query::NoParams;
use vio_http::{Idempotent, Json, Principal, Problem, Query, RequestId};
use vio_runtime::App;
use vio_runtime::queues::DialMessage;
use vio_runtime::web::{actor, store_problem};
use vio_store::TenantStore;
use vio_store::tenants::TenantSettings;

/// The allowance and how much of it is in use.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "server_time": "2026-03-02T09:00:00Z", "window_seconds": 900, "limit": 25, "used": 3, "available_at": "2026-03-02T09:00:00Z",
    "daily_limit": 300, "used_today": 41, "paused": null,
    "waiting": {"call_now": 0, "due": 0, "planned_today": 12},
    "automatic_pause": {"failures": 0, "pauses_at": 10, "of_latest": 20, "within_seconds": 3600},
    "number_limit": {"attempts": 4, "within_seconds": 86400}
}))]
pub(crate) struct Limits {
    /// The clock that decides what is due, now.
    server_time: DateTime<Utc>,
    /// Length of the rolling window.
    window_seconds: i64,
    /// Calls in any such window.
    limit: u32,
    /// Of these, in use now.
    used: u32,
    /// The first instant at which a call could be placed by what is known now; null while paused.
    available_at: Option<DateTime<Utc>>,
    /// Calls in a day of the business.
    daily_limit: u32,
    /// Of these, used today.
    used_today: u32,
    /// Why no calls are placed; null while they are.
    paused: Option<Paused>,
    /// Until when the voice provider asked for quiet (429, or too many calls at once).
    #[serde(skip_serializing_if = "Option::is_none")]
    back_off_until: Option<DateTime<Utc>>,
    /// What waits.
    waiting: Waiting,
    /// What pauses calling by itself.
    automatic_pause: AutomaticPause,
    /// The abuse rule: how often one number may be called.
    number_limit: NumberLimit,
}

/// What waits to be called, up to 1,000 of each kind.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WaitingCalls, example = json!({"call_now": 1, "due": 12, "planned_today": 40}))]
struct Waiting {
    /// Calls that somebody pressed for.
    call_now: usize,
    /// Calls that are due, those included.
    due: usize,
    /// Calls that fall due before the business's midnight, those included.
    planned_today: usize,
}

/// So many technical failures within an hour pause calling until a person resumes it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"failures": 0, "pauses_at": 10, "of_latest": 20, "within_seconds": 3600}))]
struct AutomaticPause {
    /// Technical failures of the last hour, among the latest attempts.
    failures: usize,
    pauses_at: usize,
    /// Attempts that are looked at.
    of_latest: usize,
    within_seconds: i64,
}

/// The abuse rule (rules.md).
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"attempts": 4, "within_seconds": 86400}))]
struct NumberLimit {
    attempts: usize,
    within_seconds: i64,
}

/// Calling is paused until somebody resumes it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CallingPause, example = json!({"reason": "person", "since": "2026-03-02T08:55:00Z", "by": "0192f0c1-2b3c-7def-8abc-0123456789ab"}))]
struct Paused {
    /// One of person, payment_needed, credentials_refused, account_unusable, unknown_agent_or_number,
    /// technical_failures.
    #[schema(value_type = String)]
    reason: PauseReason,
    since: DateTime<Utc>,
    /// The user's id, or `system`.
    by: String,
}

impl From<&Pause> for Paused {
    fn from(pause: &Pause) -> Self {
        Self {
            reason: pause.reason,
            since: pause.since,
            by: match pause.by {
                PausedBy::System => "system".to_owned(),
                PausedBy::User(user) => user.to_string(),
            },
        }
    }
}

async fn limits(
    app: &App,
    ts: &TenantStore,
    settings: &TenantSettings,
) -> Result<Json<Limits>, Problem> {
    let read = ts.gate_and_failures(settings).await;
    let (gate, failures) = read.map_err(store_problem)?;
    let waiting = ts.waiting_calls(gate.zone()).await.map_err(store_problem)?;
    let (now, limits) = (ts.now(), &app.platform.limits);
    Ok(Json(Limits {
        server_time: now,
        window_seconds: limits.window().num_seconds(),
        limit: limits.limit(),
        used: gate.used(now),
        available_at: gate.available_at(now, limits),
        daily_limit: limits.daily(),
        used_today: gate.used_today(now),
        paused: gate.paused().map(Paused::from),
        back_off_until: gate.back_off_until(now),
        waiting: Waiting {
            call_now: waiting.call_now,
            due: waiting.due,
            planned_today: waiting.planned_today,
        },
        automatic_pause: AutomaticPause {
            failures,
            pauses_at: TECHNICAL_FAILURES,
            of_latest: LOOKED_AT,
            within_seconds: WITHIN.num_seconds(),
        },
        number_limit: NumberLimit {
            attempts: MAX_ATTEMPTS_PER_NUMBER,
            within_seconds: ABUSE_PERIOD.num_seconds(),
        },
    }))
}

/// The allowance of calls: how much of it is in use, and when the next call can go.
#[utoipa::path(
    get, path = "/api/calls/limits", tag = "calls",
    responses((status = 200, description = "The allowance", body = Limits))
)]
pub(crate) async fn read(
    State(app): State<App>,
    who: Principal,
    Query(NoParams {}): Query<NoParams>,
) -> Result<Json<Limits>, Problem> {
    let (ts, settings) = app.tenant_with_settings(&who).await?;
    limits(&app, &ts, &settings).await
}

/// Nothing to say.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = NoBody, example = json!({}))]
pub(crate) struct Nothing {}

/// Pauses calling: from here on no call is granted, and no send that has not begun goes out. Calls under way go on.
/// Pausing what is paused changes nothing: the first reason stays.
#[utoipa::path(
    post, path = "/api/calls/pause", tag = "calls",
    request_body(content = Nothing, description = "May be left out"),
    responses((status = 200, description = "Paused; the allowance as it stands", body = Limits))
)]
pub(crate) async fn pause(
    State(app): State<App>,
    who: Principal,
    request: RequestId,
    Query(NoParams {}): Query<NoParams>,
    Idempotent { body: _, keyed }: Idempotent<Nothing>,
) -> Result<Response, Problem> {
    let ts = app.tenant_of(&who).await?;
    let by = actor(&who, request);
    app.once(who.tenant_id, keyed, |_| async {
        let settings = ts.settings().await.map_err(store_problem)?;
        let person = PausedBy::User(who.user_id);
        ts.pause_calling(&settings, PauseReason::Person, person, &by)
            .await
            .map_err(store_problem)?;
        limits(&app, &ts, &settings).await
    })
    .await
}

/// Resumes calling, whatever paused it. What waits goes at once, as far as the allowance reaches.
#[utoipa::path(
    post, path = "/api/calls/resume", tag = "calls",
    request_body(content = Nothing, description = "May be left out"),
    responses((status = 200, description = "Resumed; the allowance as it stands", body = Limits))
)]
pub(crate) async fn resume(
    State(app): State<App>,
    who: Principal,
    request: RequestId,
    Query(NoParams {}): Query<NoParams>,
    Idempotent { body: _, keyed }: Idempotent<Nothing>,
) -> Result<Response, Problem> {
    let ts = app.tenant_of(&who).await?;
    let by = actor(&who, request);
    app.once(who.tenant_id, keyed, |_| async {
        let settings = ts.settings().await.map_err(store_problem)?;
        let resumed = ts
            .resume_calling(&settings, &by)
            .await
            .map_err(store_problem)?;
        if resumed {
            let message = DialMessage { tenant: ts.id };
            if let Err(error) = app.queues.dial(message, 0).await {
                tracing::warn!(tenant = %ts.id, %error, "a wake-up was not sent; the tick finds the work");
            }
        }
        limits(&app, &ts, &settings).await
    })
    .await
}
