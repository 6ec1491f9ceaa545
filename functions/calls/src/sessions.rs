//! Call sessions: what was called, what is to be called, and why.

use axum::extract::State;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};
use vio_domain::calling::guards::{Decision, Guard};
use vio_domain::calling::session::{
    Action, CallSession, Ended, FeedbackScore, Method, Outcome, Sentiment, SessionState, Status,
};
use vio_domain::ids::{AppointmentId, AttemptId, CampaignId, ContactId, SessionId};
use vio_http::page::PageParams;
use vio_http::query::NoParams;
use vio_http::{
    FieldProblem, Json, Kind, Paged, Path, Principal, Problem, Query, QueryParams, RequestId,
};
use vio_runtime::App;
use vio_runtime::reach::visible;
use vio_runtime::web::{actor, store_problem};
use vio_store::TenantStore;
use vio_store::calling::call_now::Waiting;
use vio_store::calling::sessions::{DecisionRow, SessionRow};
use vio_store::log::Entry;

use crate::reach::{EXAMINED, rows_before, sees_all};

/// Sessions of one contact that are looked through to number a try.
const TRIES_LOOKED_AT: u32 = 50;

/// A call: planned, under way or over.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CallSession, example = json!({
    "session_id": "0192f0c1-2b3c-7def-8abc-0123456789ab", "contact_id": "0192f0c1-2b3c-7def-8abc-0123456789ac",
    "appointment_id": "0192f0c1-2b3c-7def-8abc-0123456789ad", "method": "reminder", "status": "completed",
    "outcome": "answered", "follow_up_required": false, "appointment_action": "confirmed",
    "customer_sentiment": "positive", "due_at": "2026-03-02T11:00:00Z", "latest_at": "2026-03-03T08:00:00Z",
    "placed_at": "2026-03-02T11:00:01Z", "ended_at": "2026-03-02T11:00:41Z", "call_duration": 36,
    "provider_call_id": "call_a4441234567890777c4a4a123e6"
}))]
pub(crate) struct Call {
    #[schema(value_type = Uuid)]
    session_id: SessionId,
    #[schema(value_type = Uuid)]
    contact_id: ContactId,
    /// In lists: the contact's name, unless they were deleted.
    #[schema(example = "Ada Example")]
    #[serde(skip_serializing_if = "Option::is_none")]
    contact_name: Option<String>,
    #[schema(value_type = Option<Uuid>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    appointment_id: Option<AppointmentId>,
    #[schema(value_type = Option<Uuid>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    campaign_id: Option<CampaignId>,
    /// One of manual_call_now, reminder, retry, campaign.
    #[schema(value_type = String)]
    method: Method,
    /// One of planned, placing, initiated, ringing, answered, completed, failed, cancelled, unknown.
    #[schema(value_type = String)]
    status: Status,
    /// One of answered, voicemail, no_answer, busy, failed; once the call is settled.
    #[schema(value_type = Option<String>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<Outcome>,
    /// Why it failed: the provider's word for how it ended, `provider_refused`, or `unknown`.
    #[schema(example = "dial_failed")]
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    /// Whether staff should follow up; once the call is settled.
    #[serde(skip_serializing_if = "Option::is_none")]
    follow_up_required: Option<bool>,
    /// One of confirmed, cancelled, rescheduled, no_action; once an answered call was analysed.
    #[schema(value_type = Option<String>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    appointment_action: Option<Action>,
    /// One of positive, neutral, negative.
    #[schema(value_type = Option<String>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    customer_sentiment: Option<Sentiment>,
    /// How content the person was with the call, 1 to 5, where they were asked and said so.
    #[schema(value_type = Option<u8>, minimum = 1, maximum = 5)]
    #[serde(skip_serializing_if = "Option::is_none")]
    customer_feedback: Option<FeedbackScore>,
    /// From when it may be placed.
    due_at: DateTime<Utc>,
    /// From when it may no longer be placed.
    #[serde(skip_serializing_if = "Option::is_none")]
    latest_at: Option<DateTime<Utc>>,
    /// When we learnt that the provider has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    placed_at: Option<DateTime<Utc>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ended_at: Option<DateTime<Utc>>,
    /// Seconds for which the two sides were connected.
    #[serde(skip_serializing_if = "Option::is_none")]
    call_duration: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    provider_call_id: Option<String>,
    /// While it waits for a slot, or was pressed for and put off: its place among those that wait, from 1. Only with one
    /// call, not in lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    position: Option<u32>,
    /// While it waits: when it is expected to go, by what is known now.
    #[serde(skip_serializing_if = "Option::is_none")]
    estimated_at: Option<DateTime<Utc>>,
}

fn ended(session: &CallSession) -> Option<&Ended> {
    match &session.state {
        SessionState::Answered { ended, .. } => ended.as_ref(),
        _ => session.report().map(|report| &report.ended),
    }
}

impl Call {
    fn new(row: &SessionRow, now: DateTime<Utc>) -> Self {
        let session = &row.session;
        let call = session.call();
        let report = session.report();
        let analysis = report.and_then(|report| report.analysis.as_ref());
        let ended = ended(session);
        Self {
            session_id: session.id,
            contact_id: session.contact,
            contact_name: None,
            appointment_id: session.appointment,
            campaign_id: session.campaign,
            method: session.method,
            status: session.status(now),
            outcome: report.map(|report| report.outcome),
            error: session.failure().map(str::to_owned),
            follow_up_required: session.is_settled().then_some(row.follow_up_required),
            appointment_action: analysis.map(|analysis| analysis.action),
            customer_sentiment: analysis.and_then(|analysis| analysis.sentiment),
            customer_feedback: analysis.and_then(|analysis| analysis.feedback),
            due_at: session.due,
            latest_at: session.latest,
            placed_at: call.map(|call| call.placed_at),
            ended_at: ended.map(|ended| ended.at),
            call_duration: ended.and_then(Ended::duration_seconds),
            provider_call_id: call.map(|call| call.provider_call_id.clone()),
            position: None,
            estimated_at: None,
        }
    }
}

/// What one guard saw.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({"guard": "permitted_hours", "passed": true, "saw": "local time Mon 11:00 GMT"}))]
pub(crate) struct GuardSaw {
    /// The guard's name, such as not_paused, do_not_call_list, voice_consent, permitted_hours, attempts_cap, gap, slots.
    #[schema(value_type = String)]
    guard: Guard,
    passed: bool,
    /// In words; never personal data.
    saw: String,
    /// Where it fails until a known instant: that instant.
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<DateTime<Utc>>,
    /// Whether it fails for good.
    #[serde(rename = "final", skip_serializing_if = "std::ops::Not::not")]
    for_good: bool,
}

impl From<Decision> for GuardSaw {
    fn from(decision: Decision) -> Self {
        Self {
            guard: decision.guard,
            passed: decision.passed,
            saw: decision.saw,
            until: decision.until,
            for_good: decision.for_good,
        }
    }
}

/// Why somebody was rung, or was not, at one instant.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DecisionRecord {
    at: DateTime<Utc>,
    /// What followed: place, redate, settle, stopped, or refuse for a call that somebody pressed for and did not get.
    #[schema(example = "place")]
    verdict: String,
    #[schema(value_type = Option<Uuid>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    attempt_id: Option<AttemptId>,
    guards: Vec<GuardSaw>,
}

impl From<DecisionRow> for DecisionRecord {
    fn from(row: DecisionRow) -> Self {
        Self {
            at: row.at,
            verdict: row.verdict,
            attempt_id: row.attempt,
            guards: row.decisions.into_iter().map(GuardSaw::from).collect(),
        }
    }
}

/// A call with everything that was decided about it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CallSessionDetail)]
pub(crate) struct CallDetail {
    #[serde(flatten)]
    call: Call,
    /// Which try of its appointment at its present time this is, from 1.
    #[schema(example = 1)]
    attempt: usize,
    /// The latest decision, guard by guard; empty before the first.
    decision: Vec<GuardSaw>,
    /// All decisions, newest first.
    decisions: Vec<DecisionRecord>,
}

/// What to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Filters {
    /// Any of planned, placing, initiated, ringing, answered, completed, failed, cancelled, unknown; several separated
    /// by commas.
    #[param(value_type = Option<String>, max_length = 200, example = "completed,failed")]
    status: Option<String>,
}

impl Filters {
    /// The statuses wanted; empty for all.
    fn statuses(&self) -> Result<Vec<Status>, Problem> {
        let words = self.status.iter().flat_map(|text| text.split(','));
        words
            .map(|word| serde_json::from_value(json!(word.trim())))
            .collect::<Result<_, _>>()
            .map_err(|_| {
                let detail = "Statuses of calls, separated by commas.";
                Problem::new(Kind::InvalidParameter)
                    .detail(format!("The parameter status is not valid. {detail}"))
                    .error(FieldProblem::new("status", "invalid_value", detail))
            })
    }
}

impl QueryParams for Filters {
    const NOT_BUILT: &'static [&'static str] =
        &["contact_id", "campaign_id", "method", "outcome", "sort"];
}

vio_http::pagination! {
    /// Where the list of calls stands.
    CallsPagination = "total_calls"
}

/// A page of calls, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Calls {
    calls: Vec<Call>,
    pagination: CallsPagination,
}

/// Calls of the contacts you may see, newest first. With a filter a page can be shorter than asked for while
/// `next_cursor` says that there is more.
#[utoipa::path(
    get, path = "/api/calls", tag = "calls", params(Filters, PageParams),
    responses((status = 200, description = "A page of calls", body = Calls))
)]
pub(crate) async fn list(
    State(app): State<App>,
    who: Principal,
    request: RequestId,
    Paged { filters, page }: Paged<Filters>,
) -> Result<Json<Calls>, Problem> {
    let ts = app.tenant_of(&who).await?;
    let now = ts.now();
    let statuses = filters.statuses()?;
    let mut skip = rows_before(&page)?;
    let cursor: Option<((ContactId, SessionId), u32)> = page.position(None)?;
    let number = cursor.map_or(page.page.get(), |(_, number)| number);
    let mut last = cursor.map(|(place, _)| place);
    let mut after = last.map(|(contact, id)| ts.after_session(contact, id));
    let size = page.page_size as usize;
    let (mut calls, mut examined, mut more) = (Vec::new(), 0, true);
    while more && calls.len() < size && examined < EXAMINED {
        let (rows, next) = ts
            .sessions(page.page_size, after)
            .await
            .map_err(store_problem)?;
        more = next.is_some();
        after = next;
        let fits =
            |row: &SessionRow| statuses.is_empty() || statuses.contains(&row.session.status(now));
        let fitting = rows.iter().filter(|row| fits(row));
        let people = visible(&ts, &who, fitting.map(|row| row.session.contact).collect()).await?;
        let rows_read = rows.len();
        for (at, row) in rows.into_iter().enumerate() {
            examined += 1;
            last = Some((row.session.contact, row.session.id));
            let person = people.get(&row.session.contact);
            if !fits(&row) || (person.is_none() && !sees_all(&who)) {
                continue;
            }
            if skip > 0 {
                skip -= 1;
                continue;
            }
            let mut call = Call::new(&row, now);
            call.contact_name = person
                .filter(|person| person.deleted.is_none())
                .map(|person| person.name.as_str().to_owned());
            calls.push(call);
            if calls.len() == size {
                more |= at + 1 < rows_read;
                break;
            }
        }
    }
    let next_cursor = match last.filter(|_| more) {
        Some(place) => Some(page.next_cursor(place, number, None)?),
        None => None,
    };
    let shown: Vec<SessionId> = calls.iter().map(|call| call.session_id).collect();
    let entry = Entry::new("calls.listed", "session", who.user_id.uuid())
        .details(json!({ "sessions": shown, "status": statuses }));
    ts.log_access(&actor(&who, request), entry)
        .await
        .map_err(store_problem)?;
    let pagination = page.pagination(number, None, next_cursor);
    Ok(Json(Calls {
        calls,
        pagination: pagination.into(),
    }))
}

/// One call, with what each guard saw whenever it was decided whether to place it.
#[utoipa::path(
    get, path = "/api/calls/{session_id}", tag = "calls",
    params(("session_id" = Uuid, Path, description = "The call session")),
    responses((status = 200, description = "The call", body = CallDetail))
)]
pub(crate) async fn read(
    State(app): State<App>,
    who: Principal,
    request: RequestId,
    Path(id): Path<SessionId>,
    Query(NoParams {}): Query<NoParams>,
) -> Result<Json<CallDetail>, Problem> {
    let ts = app.tenant_of(&who).await?;
    let row = visible_session(&ts, &who, id).await?;
    let entry = Entry::new("call.viewed", "session", id.uuid())
        .contact(row.session.contact)
        .version(row.version);
    ts.log_access(&actor(&who, request), entry)
        .await
        .map_err(store_problem)?;
    detail(&app, &ts, row).await.map(Json)
}

/// A session of a contact that may be seen.
pub(crate) async fn visible_session(
    ts: &TenantStore,
    who: &Principal,
    id: SessionId,
) -> Result<SessionRow, Problem> {
    let row = ts
        .session_by_id(id)
        .await
        .map_err(store_problem)?
        .ok_or_else(Problem::not_found)?;
    let contact = row.session.contact;
    if !sees_all(who) && visible(ts, who, vec![contact]).await?.is_empty() {
        return Err(Problem::not_found());
    }
    Ok(row)
}

/// A call with its decisions, and where it stands while it waits for a slot.
pub(crate) async fn detail(
    app: &App,
    ts: &TenantStore,
    row: SessionRow,
) -> Result<CallDetail, Problem> {
    let contact = row.session.contact;
    let attempt = number_of_try(ts, &row).await?;
    let decisions = ts
        .decisions(contact, row.session.id)
        .await
        .map_err(store_problem)?;
    let latest = decisions
        .first()
        .map(|record| record.decisions.clone())
        .unwrap_or_default();
    let mut call = Call::new(&row, ts.now());
    if let Some(waiting) = waiting(app, ts, &row).await? {
        call.position = Some(waiting.position);
        call.estimated_at = waiting.estimated_at;
    }
    Ok(CallDetail {
        call,
        attempt,
        decision: latest.into_iter().map(GuardSaw::from).collect(),
        decisions: decisions.into_iter().map(DecisionRecord::from).collect(),
    })
}

async fn waiting(
    app: &App,
    ts: &TenantStore,
    row: &SessionRow,
) -> Result<Option<Waiting>, Problem> {
    let pressed = row.session.method == Method::ManualCallNow;
    let waits = pressed || row.session.due <= ts.now();
    if row.session.state != SessionState::Planned || !waits {
        return Ok(None);
    }
    let contact = row.session.contact;
    let Some(person) = ts.person(contact).await.map_err(store_problem)? else {
        return Ok(None);
    };
    let settings = ts.settings().await.map_err(store_problem)?;
    let gate = ts.gate(&settings).await.map_err(store_problem)?;
    ts.waiting(&settings, &app.platform.limits, &gate, &person, row)
        .await
        .map_err(store_problem)
}

/// Which try of its appointment, at the time it was planned for, a session is: one more than the calls before it.
async fn number_of_try(ts: &TenantStore, row: &SessionRow) -> Result<usize, Problem> {
    if row.session.appointment.is_none() {
        return Ok(1);
    }
    let (siblings, _) = ts
        .sessions_of(row.session.contact, TRIES_LOOKED_AT, None)
        .await
        .map_err(store_problem)?;
    let before = siblings.iter().filter(|other| {
        let called = other.session.call().is_some()
            || matches!(other.session.state, SessionState::Unknown { .. });
        other.session.id < row.session.id
            && other.session.appointment == row.session.appointment
            && other.about_time == row.about_time
            && called
    });
    Ok(before.count() + 1)
}
