//! The calls of one contact, with the decisions that led to each.

use axum::extract::State;
use chrono::{DateTime, Utc};
use futures::future::try_join_all;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;
use vio_domain::calling::session::{
    Action, Method, Outcome, PlacedCall, Report, Sentiment, SessionState, Status,
};
use vio_domain::ids::{ContactId, SessionId};
use vio_http::page::PageParams;
use vio_http::{Json, NoParams, Paged, Path, Principal, Problem, RequestId};
use vio_runtime::App;
use vio_runtime::web::{actor, store_problem};
use vio_store::TenantStore;
use vio_store::calling::sessions::{DecisionRow, SessionRow};
use vio_store::key;
use vio_store::log::Entry;

use crate::reach;

vio_http::pagination! {
    /// Where the list of a contact's calls stands.
    ContactCallsPagination = "total_calls",
}

/// One intended call to the contact.
#[derive(Serialize, ToSchema)]
pub(crate) struct ContactCall {
    session_id: Uuid,
    contact_id: Uuid,
    appointment_id: Option<Uuid>,
    campaign_id: Option<Uuid>,
    /// `manual_call_now`, `reminder`, `retry` or `campaign`.
    #[schema(value_type = String, example = "reminder")]
    method: Method,
    /// `planned`, `placing`, `initiated`, `ringing`, `answered`, `completed`, `failed`, `cancelled` or `unknown`.
    #[schema(value_type = String, example = "planned")]
    status: Status,
    /// `answered`, `voicemail`, `no_answer`, `busy` or `failed`, once it is known.
    #[schema(value_type = Option<String>)]
    outcome: Option<Outcome>,
    /// Why it failed: the provider's word for how it ended, `provider_refused`, or `unknown`.
    #[schema(example = "dial_failed")]
    error: Option<String>,
    follow_up_required: bool,
    /// `confirmed`, `cancelled`, `rescheduled` or `no_action`.
    #[schema(value_type = Option<String>)]
    appointment_action: Option<Action>,
    #[schema(value_type = Option<String>)]
    customer_sentiment: Option<Sentiment>,
    due_at: DateTime<Utc>,
    placed_at: Option<DateTime<Utc>>,
    ended_at: Option<DateTime<Utc>>,
    provider_call_id: Option<String>,
    decisions: Vec<ContactCallDecision>,
}

/// Why it was placed, put off or given up: each guard by name with what it saw.
#[derive(Serialize, ToSchema)]
pub(crate) struct ContactCallDecision {
    at: DateTime<Utc>,
    attempt_id: Option<Uuid>,
    /// `place`, `redate`, `settle`, `stopped`, or `refuse` for a call that somebody pressed for and did not get.
    #[schema(example = "place")]
    verdict: String,
    #[schema(value_type = Vec<Object>, example = json!([{"guard": "voice_consent", "passed": true, "saw": "given"}]))]
    guards: Vec<Value>,
}

impl ContactCallDecision {
    fn of(row: DecisionRow) -> Result<Self, Problem> {
        let value =
            |decision| serde_json::to_value(decision).map_err(|error| Problem::internal(&error));
        Ok(Self {
            at: row.at,
            attempt_id: row.attempt.map(|id| id.uuid()),
            verdict: row.verdict,
            guards: row.decisions.iter().map(value).collect::<Result<_, _>>()?,
        })
    }
}

/// The call and its course, as far as the session's state tells.
fn course(state: &SessionState) -> (Option<&PlacedCall>, Option<DateTime<Utc>>, Option<&Report>) {
    match state {
        SessionState::Initiated(call) => (Some(call), None, None),
        SessionState::Answered { call, ended, .. } => {
            (Some(call), ended.as_ref().map(|ended| ended.at), None)
        }
        SessionState::Completed(report) | SessionState::Failed(report) => {
            (Some(&report.call), Some(report.ended.at), Some(report))
        }
        _ => (None, None, None),
    }
}

async fn call_of(
    tenant: &TenantStore,
    contact: ContactId,
    row: SessionRow,
) -> Result<ContactCall, Problem> {
    let session = &row.session;
    let decisions = tenant
        .decisions(contact, session.id)
        .await
        .map_err(store_problem)?;
    let (call, ended_at, report) = course(&session.state);
    let analysis = report.and_then(|report| report.analysis.as_ref());
    Ok(ContactCall {
        session_id: session.id.uuid(),
        contact_id: contact.uuid(),
        appointment_id: session.appointment.map(|id| id.uuid()),
        campaign_id: session.campaign.map(|id| id.uuid()),
        method: session.method,
        status: session.status(tenant.now()),
        outcome: report.map(|report| report.outcome),
        error: session.failure().map(str::to_owned),
        follow_up_required: row.follow_up_required,
        appointment_action: analysis.map(|analysis| analysis.action),
        customer_sentiment: analysis.and_then(|analysis| analysis.sentiment),
        due_at: session.due,
        placed_at: call.map(|call| call.placed_at),
        ended_at,
        provider_call_id: call.map(|call| call.provider_call_id.clone()),
        decisions: decisions
            .into_iter()
            .map(ContactCallDecision::of)
            .collect::<Result<_, _>>()?,
    })
}

/// A page of a contact's calls.
#[derive(Serialize, ToSchema)]
pub(crate) struct ContactCalls {
    /// Newest first.
    calls: Vec<ContactCall>,
    pagination: ContactCallsPagination,
}

/// The calls of a contact, planned ones included, newest first, each with its decision records.
#[utoipa::path(get, path = "/api/contacts/{contact_id}/calls", tag = "contacts",
    params(("contact_id" = uuid::Uuid, Path), PageParams), responses((status = 200, body = ContactCalls)))]
pub(crate) async fn list(
    State(app): State<App>,
    principal: Principal,
    request_id: RequestId,
    Path(id): Path<ContactId>,
    Paged { page, .. }: Paged<NoParams>,
) -> Result<Json<ContactCalls>, Problem> {
    let tenant = app.tenant_of(&principal).await?;
    reach::viewed_or_merged(&tenant, &principal, id).await?;
    let (after, number) = page.after::<SessionId>()?;
    let after = after.map(|last| key::session(tenant.id, id, last).into());
    let (rows, next) = tenant
        .sessions_of(id, page.page_size, after)
        .await
        .map_err(store_problem)?;
    let entry = Entry::new("calls.viewed", "contact", id.uuid()).contact(id);
    tenant
        .log_access(&actor(&principal, request_id), entry)
        .await
        .map_err(store_problem)?;
    let next_cursor = match (next, rows.last()) {
        (Some(_), Some(last)) => Some(page.next_cursor(last.session.id, number, None)?),
        _ => None,
    };
    let calls = rows.into_iter().map(|row| call_of(&tenant, id, row));
    Ok(Json(ContactCalls {
        calls: try_join_all(calls).await?,
        pagination: page.pagination(number, None, next_cursor).into(),
    }))
}
