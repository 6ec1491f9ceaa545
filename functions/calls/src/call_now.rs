//! Call Now (S0 "Immediate Call Trigger System"): four checks, each refusal with its own type and remedy.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use vio_domain::calling::call_now::Check;
use vio_domain::calling::gate::GateRefusal;
use vio_domain::calling::guards::{Guard, StatusFact};
use vio_domain::calling::session::Status;
use vio_domain::contact::ContactMethod;
use vio_domain::ids::{AppointmentId, ContactId, SessionId};
use vio_http::query::NoParams;
use vio_http::{FieldProblem, Idempotent, Json, Kind, Path, Principal, Problem, Query, RequestId};
use vio_runtime::App;
use vio_runtime::queues::DialMessage;
use vio_runtime::reach::visible;
use vio_runtime::web::{actor, store_problem};
use vio_store::TenantStore;
use vio_store::calling::call_now::{Accepted, CallNow, CalledNow, CancelledNow, NotNow};

use crate::reach::sees_all;
use crate::sessions::{self, CallDetail, GuardSaw};

/// How somebody is to be called now.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = CallNow, example = json!({"queue": true}))]
pub(crate) struct Asked {
    /// Whether the call may wait for a slot. It waits for nothing else: every other failed check is refused.
    #[serde(default)]
    queue: bool,
    /// What it is about; the contact's coming appointment where none is named.
    #[serde(default)]
    #[schema(value_type = Option<Uuid>)]
    appointment_id: Option<AppointmentId>,
    /// Only say what would happen: nothing is planned or written.
    #[serde(default)]
    dry_run: bool,
}

/// Something to know before the telephone rings.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CallNowWarning)]
struct Warning {
    /// For programs: appointment_past, status_needs_no_call, prefers_sms, prefers_email.
    #[schema(value_type = String, example = "prefers_sms")]
    code: &'static str,
    /// For people.
    #[schema(example = "This person prefers text messages. Say so first.")]
    detail: &'static str,
}

impl Warning {
    fn all(accepted: &Accepted) -> Vec<Self> {
        let status = match accepted.status {
            StatusFact::CallsForACall => None,
            StatusFact::DoesNot => Some(Self {
                code: "status_needs_no_call",
                detail: "The appointment is confirmed or cancelled: no call is due. It is called regardless.",
            }),
            StatusFact::Past => Some(Self {
                code: "appointment_past",
                detail: "The appointment is over. It is called regardless.",
            }),
        };
        let channel = match accepted.preferred {
            ContactMethod::Voice => None,
            ContactMethod::Sms => Some(Self {
                code: "prefers_sms",
                detail: "This person prefers text messages to calls.",
            }),
            ContactMethod::Email => Some(Self {
                code: "prefers_email",
                detail: "This person prefers e-mails to calls.",
            }),
        };
        status.into_iter().chain(channel).collect()
    }
}

/// A call that was accepted.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CalledNow, example = json!({
    "session_id": "0192f0c1-2b3c-7def-8abc-0123456789ab", "status": "planned", "position": 2,
    "estimated_at": "2026-03-02T09:14:31Z", "warnings": [], "decision": []
}))]
pub(crate) struct Called {
    /// Absent after a dry run.
    #[schema(value_type = Option<Uuid>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    session_id: Option<SessionId>,
    /// planned, or what it has come to since.
    #[schema(value_type = String)]
    status: Status,
    /// Its place among the calls that wait, from 1; absent where it goes at once.
    #[serde(skip_serializing_if = "Option::is_none")]
    position: Option<u32>,
    /// When it is expected to go, by what is known now.
    #[serde(skip_serializing_if = "Option::is_none")]
    estimated_at: Option<DateTime<Utc>>,
    warnings: Vec<Warning>,
    /// What each guard saw.
    decision: Vec<GuardSaw>,
}

/// Calls a contact now, within the permitted hours and the allowance. A planned call about the same appointment is
/// taken over. `GET /calls/{session_id}` follows it.
///
/// S0's checks in their order: configuration, hours, limits, contact. The first that fails refuses, with a type of its
/// own, its `check` and `guard`, a `remedy`, and `next_allowed_at` where that is known. With `queue` a call waits for a
/// slot, and for nothing else.
#[utoipa::path(
    post, path = "/api/contacts/{contact_id}/call-now", tag = "calls",
    params(("contact_id" = Uuid, Path, description = "Who is to be called")),
    request_body(content = Asked, description = "May be left out"),
    responses(
        (status = 202, description = "Accepted", body = Called),
        (status = 200, description = "What a dry run found", body = Called),
        (status = 409, description = "A check failed; or a call is in progress (`session_id`)"),
        (status = 429, description = "No slot is free (`next_allowed_at`)"),
    )
)]
pub(crate) async fn call(
    State(app): State<App>,
    who: Principal,
    request: RequestId,
    Path(contact): Path<ContactId>,
    Query(NoParams {}): Query<NoParams>,
    Idempotent { body, keyed }: Idempotent<Asked>,
) -> Result<Response, Problem> {
    let ts = app.tenant_of(&who).await?;
    if !sees_all(&who) && visible(&ts, &who, vec![contact]).await?.is_empty() {
        return Err(Problem::not_found());
    }
    let by = actor(&who, request);
    let app = &app;
    let ts = &ts;
    app.once(who.tenant_id, keyed, |operation| async move {
        let settings = ts.settings().await.map_err(store_problem)?;
        let wanted = CallNow {
            contact,
            appointment: body.appointment_id,
            queue: body.queue,
            dry_run: body.dry_run,
            session: SessionId::new(operation),
        };
        let called = ts
            .call_now(&settings, &app.platform.limits, wanted, &by)
            .await
            .map_err(store_problem)?;
        match called {
            CalledNow::Accepted(accepted) => {
                if accepted.wake {
                    wake(app, ts).await;
                }
                Ok(answer(ts, *accepted, body.dry_run))
            }
            CalledNow::InProgress(session) => Err(in_progress(Some(session))),
            CalledNow::Refused(not_now) => Err(problem(&not_now, ts.now())),
            CalledNow::NoSuchContact => Err(Problem::not_found()),
            CalledNow::NoSuchAppointment => Err(Problem::validation(vec![FieldProblem::new(
                "/appointment_id",
                "unknown_appointment",
                "The contact has no such appointment.",
            )])),
        }
    })
    .await
}

async fn wake(app: &App, ts: &TenantStore) {
    if let Err(error) = app.queues.dial(DialMessage { tenant: ts.id }, 0).await {
        tracing::warn!(tenant = %ts.id, %error, "a wake-up was not sent; the tick finds the work");
    }
}

fn answer(ts: &TenantStore, accepted: Accepted, dry_run: bool) -> Response {
    let warnings = Warning::all(&accepted);
    let called = Called {
        session_id: (!dry_run).then_some(accepted.row.session.id),
        status: accepted.row.session.status(ts.now()),
        position: accepted.waiting.map(|waiting| waiting.position),
        estimated_at: accepted.waiting.and_then(|waiting| waiting.estimated_at),
        warnings,
        decision: accepted.decisions.into_iter().map(GuardSaw::from).collect(),
    };
    let status = if dry_run {
        StatusCode::OK
    } else {
        StatusCode::ACCEPTED
    };
    (status, Json(called)).into_response()
}

fn in_progress(session: Option<SessionId>) -> Problem {
    let problem = Problem::new(Kind::CallInProgress);
    match session {
        Some(session) => problem
            .with("session_id", session.to_string())
            .with("remedy", "Wait until the call has ended, or follow it."),
        None => problem.with("remedy", "Wait until the other call has ended."),
    }
}

/// The type, the sentence and the remedy of a failed check.
fn problem(not_now: &NotNow, now: DateTime<Utc>) -> Problem {
    let refused = not_now.refused;
    let (kind, detail, remedy) = words(not_now);
    let mut problem = match refused.guard {
        Guard::InFlight => in_progress(None),
        _ => Problem::new(kind).with("remedy", remedy),
    };
    if let Some(detail) = detail {
        problem = problem.detail(detail);
    }
    problem = problem
        .with("check", json(&refused.check))
        .with("guard", json(&refused.guard))
        .with("decision", decision(not_now));
    if let Some(pause) = not_now.paused.filter(|_| refused.guard == Guard::NotPaused) {
        problem = problem
            .with("reason", pause.reason.name())
            .with("since", json(&pause.since));
    }
    if refused.check == Check::Configuration && !not_now.missing.is_empty() {
        problem = problem
            .with("missing", not_now.missing.clone())
            .with("settings", "/api/settings/integrations");
    }
    match refused.until {
        Some(at) => {
            let seconds = (at - now).num_milliseconds().max(0) as u64;
            problem
                .next_allowed_at(at)
                .retry_after(seconds.div_ceil(1000).max(1))
        }
        None => problem,
    }
}

fn json<T: Serialize>(value: &T) -> serde_json::Value {
    // Words and instants always have a JSON form.
    serde_json::to_value(value).unwrap_or_default()
}

fn decision(not_now: &NotNow) -> serde_json::Value {
    let guards: Vec<GuardSaw> = not_now
        .decisions
        .iter()
        .cloned()
        .map(GuardSaw::from)
        .collect();
    json(&guards)
}

/// `None` for the detail: the type's own sentence says it.
fn words(not_now: &NotNow) -> (Kind, Option<String>, &'static str) {
    const INTEGRATIONS: &str = "Complete the settings under Integrations.";
    match not_now.refused.guard {
        Guard::TenantActive => (Kind::TenantSuspended, None, "Contact support."),
        Guard::AgentConfigured | Guard::CalendarConfigured => {
            let detail = match not_now.missing.as_slice() {
                [] => None,
                missing => Some(format!(
                    "Calling is not set up yet. Missing: {}.",
                    missing.join(", ")
                )),
            };
            (Kind::CallingNotConfigured, detail, INTEGRATIONS)
        }
        Guard::PermittedHours => (
            Kind::OutsideCallHours,
            None,
            "Call at the time given, or ring the person yourself.",
        ),
        Guard::NotPaused => (
            Kind::CallingPaused,
            None,
            "Ask somebody who may resume calling, once the reason is gone.",
        ),
        Guard::Slots => match not_now.slots {
            Some(GateRefusal::DailyLimit { .. }) => (
                Kind::DailyCallLimitReached,
                None,
                "Call tomorrow, or queue the call for the first slot of tomorrow.",
            ),
            Some(GateRefusal::BackOff { .. }) => (
                Kind::CallLimitReached,
                Some("The voice service asked for a short rest.".to_owned()),
                "Queue the call, or try again at the time given.",
            ),
            Some(GateRefusal::NearMidnight { .. }) => (
                Kind::CallLimitReached,
                Some("No call is started in the last seconds before midnight.".to_owned()),
                "Queue the call, or try again at the time given.",
            ),
            _ => (
                Kind::CallLimitReached,
                None,
                "Queue the call, or try again at the time given.",
            ),
        },
        Guard::AttemptsPerNumber => (
            Kind::NumberLimit,
            None,
            "Try again at the time given, or reach the person another way.",
        ),
        Guard::DialableNumber if not_now.no_number => {
            (Kind::NoPhone, None, "Add a phone number to the contact.")
        }
        Guard::DialableNumber => (
            Kind::NumberNotCallable,
            None,
            "Check the number, or add another one.",
        ),
        Guard::AttemptsCap => (
            Kind::AttemptsExhausted,
            None,
            "Ring the person yourself, or reach them another way.",
        ),
        Guard::Gap => (
            Kind::CalledRecently,
            None,
            "Try again at the time given: eight hours lie between two calls.",
        ),
        Guard::DoNotCallList => (
            Kind::DoNotCall,
            None,
            "Take the number off the do-not-call list only if the person asked for that.",
        ),
        Guard::DoNotContact if not_now.inactive => (
            Kind::DoNotContact,
            Some("This contact is not active.".to_owned()),
            "Set the contact to active first.",
        ),
        Guard::DoNotContact => (
            Kind::DoNotContact,
            None,
            "Change the contact only if the person asked for that.",
        ),
        Guard::VoiceConsent => (
            Kind::ConsentRequired,
            None,
            "Record the person's consent on the contact, then call.",
        ),
        Guard::InFlight | Guard::Status | Guard::Window | Guard::Campaign => {
            (Kind::CallInProgress, None, "")
        }
    }
}

/// Nothing to say.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = CancelCall, example = json!({}))]
pub(crate) struct Nothing {}

/// Takes a call back that somebody pressed for and that still waits. A reminder that it took over is planned anew.
/// Cancelling it again changes nothing.
#[utoipa::path(
    post, path = "/api/calls/{session_id}/cancel", tag = "calls",
    params(("session_id" = Uuid, Path, description = "The call session")),
    request_body(content = Nothing, description = "May be left out"),
    responses(
        (status = 200, description = "The call, cancelled", body = CallDetail),
        (status = 409, description = "It is in progress or over; or it is a planned reminder, which its appointment decides about"),
    )
)]
pub(crate) async fn cancel(
    State(app): State<App>,
    who: Principal,
    request: RequestId,
    Path(id): Path<SessionId>,
    Query(NoParams {}): Query<NoParams>,
    Idempotent { body: _, keyed }: Idempotent<Nothing>,
) -> Result<Response, Problem> {
    let ts = app.tenant_of(&who).await?;
    let row = sessions::visible_session(&ts, &who, id).await?;
    let by = actor(&who, request);
    let (app, ts) = (&app, &ts);
    app.once(who.tenant_id, keyed, |_| async move {
        let cancelled = ts
            .cancel_call_now(row.session.contact, id, &by)
            .await
            .map_err(store_problem)?;
        let refused = |detail: &str| Err(Problem::new(Kind::Conflict).detail(detail));
        match cancelled {
            CancelledNow::Cancelled(row) => sessions::detail(app, ts, *row).await.map(Json),
            CancelledNow::InProgress => Err(in_progress(Some(id))),
            CancelledNow::Settled => refused("This call is over."),
            CancelledNow::NotCallNow => refused(
                "This call was planned for an appointment or a campaign. Change that to stop the call.",
            ),
            CancelledNow::NoSuchSession => Err(Problem::not_found()),
        }
    })
    .await
}
