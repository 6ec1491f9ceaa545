//! The work list (rules.md "Needs attention"): what waits for somebody, and what staff do with it.

pub(crate) mod change;
pub(crate) mod list;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use vio_domain::contact::{AttentionReason, Contact};
use vio_domain::ids::{AppointmentId, AttentionId, ContactId, SessionId, UserId};
use vio_domain::text::Notes;
use vio_http::query::NoParams;
use vio_http::{ETag, Json, Path, Principal, Problem, Query, RequestId};
use vio_runtime::App;
use vio_runtime::reach::can_view;
use vio_runtime::web::{actor, store_problem};
use vio_store::TenantStore;
use vio_store::calling::attention::{AttentionRow, AttentionStatus};
use vio_store::calling::work::{AttentionStepRow, StepKind};
use vio_store::contacts::Person;
use vio_store::log::Entry;

/// The person an entry is about.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AttentionContact)]
struct About {
    #[schema(value_type = Uuid)]
    id: ContactId,
    #[schema(example = "Ada Example")]
    name: String,
}

/// One entry of the work list.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AttentionEntry, example = json!({
    "attention_id": "0192f0c1-2b3c-7def-8abc-0123456789ae", "reason": "no_call_window", "status": "open",
    "since": "2026-03-02T09:00:00Z", "appointment_id": "0192f0c1-2b3c-7def-8abc-0123456789ad",
    "contact": {"id": "0192f0c1-2b3c-7def-8abc-0123456789ac", "name": "Ada Example"}, "notes": 0, "version": 1
}))]
pub(crate) struct Attention {
    #[schema(value_type = Uuid)]
    attention_id: AttentionId,
    /// Such as no_phone, window_missed, repeated_failures, reschedule_requested, possible_duplicate.
    #[schema(value_type = String)]
    reason: AttentionReason,
    /// open, snoozed or resolved.
    #[schema(value_type = String)]
    status: Status,
    since: DateTime<Utc>,
    contact: About,
    #[schema(value_type = Option<Uuid>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    appointment_id: Option<AppointmentId>,
    #[schema(value_type = Option<Uuid>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    session_id: Option<SessionId>,
    #[schema(value_type = Option<Uuid>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    assigned_to: Option<UserId>,
    /// Until when it is out of sight; then it is open again by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    snoozed_until: Option<DateTime<Utc>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resolved_at: Option<DateTime<Utc>>,
    #[schema(value_type = Option<Uuid>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    resolved_by: Option<UserId>,
    /// How many notes it has.
    notes: u32,
    /// What its ETag names.
    version: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Status {
    Open,
    Snoozed,
    Resolved,
}

impl Status {
    fn of(row: &AttentionRow, now: DateTime<Utc>) -> Self {
        match row.state {
            AttentionStatus::Resolved { .. } => Self::Resolved,
            AttentionStatus::Open if row.is_snoozed(now) => Self::Snoozed,
            AttentionStatus::Open => Self::Open,
        }
    }
}

impl Attention {
    fn new(row: &AttentionRow, contact: &Contact, now: DateTime<Utc>) -> Self {
        let status = Status::of(row, now);
        let (resolved_at, resolved_by) = match row.state {
            AttentionStatus::Open => (None, None),
            AttentionStatus::Resolved { at, by } => (Some(at), by),
        };
        Self {
            attention_id: row.id,
            reason: row.reason,
            status,
            since: row.since,
            contact: About {
                id: contact.id,
                name: contact.name.as_str().to_owned(),
            },
            appointment_id: row.appointment,
            session_id: row.session,
            assigned_to: row.assigned_to,
            snoozed_until: row.snoozed_until.filter(|_| status == Status::Snoozed),
            resolved_at,
            resolved_by,
            notes: row.notes,
            version: row.version,
        }
    }
}

/// One step of an entry's history.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AttentionStep, example = json!({
    "at": "2026-03-02T09:05:00Z", "by": "0192f0c1-2b3c-7def-8abc-0123456789ab", "kind": "noted",
    "text": "Left a message with her sister."
}))]
struct Step {
    at: DateTime<Utc>,
    #[schema(value_type = Option<Uuid>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<UserId>,
    /// `kind`: assigned (`to`), snoozed (`until`), noted, resolved or reopened.
    #[serde(flatten)]
    #[schema(value_type = Object)]
    step: StepKind,
    /// What was written with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
}

impl Step {
    fn new(row: &AttentionStepRow, person: &Person) -> Result<Self, Problem> {
        let text = row.text(&person.key).map_err(store_problem)?;
        Ok(Self {
            at: row.at,
            by: row.by,
            step: row.step,
            text: text.map(Notes::into_string),
        })
    }
}

/// An entry with its history.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AttentionDetail)]
pub(crate) struct Detail {
    #[serde(flatten)]
    entry: Attention,
    /// Oldest first.
    history: Vec<Step>,
    /// What was accepted and should be known, such as health information in a note.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<String>,
}

/// An entry of a contact that may be seen, with the person.
async fn seen(
    ts: &TenantStore,
    who: &Principal,
    id: AttentionId,
) -> Result<(AttentionRow, Person), Problem> {
    let row = ts.attention_entry(id).await.map_err(store_problem)?;
    let row = row.ok_or_else(Problem::not_found)?;
    let person = ts.person(row.contact).await.map_err(store_problem)?;
    let person = person
        .filter(|person| person.contact.deleted.is_none())
        .filter(|person| can_view(who, &person.contact))
        .ok_or_else(Problem::not_found)?;
    Ok((row, person))
}

async fn detail(
    ts: &TenantStore,
    row: &AttentionRow,
    person: &Person,
    warnings: Vec<String>,
) -> Result<Response, Problem> {
    let steps = ts
        .attention_steps(row.contact, row.id)
        .await
        .map_err(store_problem)?;
    let history = steps
        .iter()
        .map(|step| Step::new(step, person))
        .collect::<Result<_, _>>()?;
    let entry = Attention::new(row, &person.contact, ts.now());
    let body = Detail {
        entry,
        history,
        warnings,
    };
    Ok((ETag::version(row.version), Json(body)).into_response())
}

/// One entry with everything that was done about it.
#[utoipa::path(
    get, path = "/api/attention/{attention_id}", tag = "attention",
    params(("attention_id" = Uuid, Path, description = "The entry")),
    responses((status = 200, description = "The entry and its history", body = Detail))
)]
pub(crate) async fn read(
    State(app): State<App>,
    who: Principal,
    request: RequestId,
    Path(id): Path<AttentionId>,
    Query(NoParams {}): Query<NoParams>,
) -> Result<Response, Problem> {
    let ts = app.tenant_of(&who).await?;
    let (row, person) = seen(&ts, &who, id).await?;
    let entry = Entry::new("attention.viewed", "attention", id.uuid())
        .contact(row.contact)
        .version(row.version);
    ts.log_access(&actor(&who, request), entry)
        .await
        .map_err(store_problem)?;
    detail(&ts, &row, &person, Vec::new()).await
}
