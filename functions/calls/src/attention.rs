//! The work list (rules.md "Needs attention").

use axum::extract::State;
use axum::response::Response;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};
use vio_domain::contact::{AttentionReason, Contact};
use vio_domain::ids::{AppointmentId, AttentionId, ContactId, SessionId, UserId};
use vio_domain::text::Reason;
use vio_http::idempotency::once;
use vio_http::page::PageParams;
use vio_http::query::NoParams;
use vio_http::{
    FieldProblem, Idempotent, Json, Paged, Pagination, Path, Principal, Problem, Query,
    QueryParams, RequestId,
};
use vio_runtime::App;
use vio_runtime::web::{actor, store_problem};
use vio_store::calling::attention::{AttentionRow, AttentionStatus, Shown};
use vio_store::log::Entry;

use crate::reach::{EXAMINED, ownership, rows_before, visible};

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
    "contact": {"id": "0192f0c1-2b3c-7def-8abc-0123456789ac", "name": "Ada Example"}
}))]
pub(crate) struct Attention {
    #[schema(value_type = Uuid)]
    attention_id: AttentionId,
    /// Such as no_phone, window_missed, repeated_failures, reschedule_requested, possible_duplicate.
    #[schema(value_type = String)]
    reason: AttentionReason,
    /// open or resolved.
    status: &'static str,
    since: DateTime<Utc>,
    contact: About,
    #[schema(value_type = Option<Uuid>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    appointment_id: Option<AppointmentId>,
    #[schema(value_type = Option<Uuid>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    session_id: Option<SessionId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resolved_at: Option<DateTime<Utc>>,
    #[schema(value_type = Option<Uuid>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    resolved_by: Option<UserId>,
}

impl Attention {
    fn new(row: &AttentionRow, contact: &Contact) -> Self {
        let (status, resolved_at, resolved_by) = match row.state {
            AttentionStatus::Open => ("open", None, None),
            AttentionStatus::Resolved { at, by } => ("resolved", Some(at), by),
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
            resolved_at,
            resolved_by,
        }
    }
}

/// What to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Filters {
    /// open, resolved or all.
    #[serde(default)]
    #[param(value_type = Option<String>, example = "open")]
    status: Shown,
}

impl QueryParams for Filters {
    const NOT_BUILT: &'static [&'static str] = &["assigned_to", "reason", "snoozed"];
}

vio_http::pagination! {
    /// Where the work list stands.
    AttentionPagination = "total_attention"
}

/// A page of the work list, oldest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WorkList {
    attention: Vec<Attention>,
    pagination: AttentionPagination,
}

/// What waits for somebody to look at it, oldest first, of the contacts you may see.
#[utoipa::path(
    get, path = "/api/attention", tag = "attention", params(Filters, PageParams),
    responses((status = 200, description = "A page of the work list", body = WorkList))
)]
pub(crate) async fn list(
    State(app): State<App>,
    who: Principal,
    request: RequestId,
    Paged { filters, page }: Paged<Filters>,
) -> Result<Json<WorkList>, Problem> {
    let ts = app.tenant_of(&who).await?;
    let mut skip = rows_before(&page)?;
    let cursor: Option<(AttentionId, u32)> = page.position(None)?;
    let number = cursor.map_or(page.page.get(), |(_, number)| number);
    let mut last = cursor.map(|(id, _)| id);
    let size = page.page_size as usize;
    let (mut attention, mut examined, mut more) = (Vec::new(), 0, true);
    while more && attention.len() < size && examined < EXAMINED {
        let (rows, next) = ts
            .attention(filters.status, page.page_size, last)
            .await
            .map_err(store_problem)?;
        more = next;
        let contacts = visible(&ts, &who, rows.iter().map(|row| row.contact).collect()).await?;
        let rows_read = rows.len();
        for (at, row) in rows.iter().enumerate() {
            examined += 1;
            last = Some(row.id);
            let contact = contacts
                .get(&row.contact)
                .filter(|contact| contact.deleted.is_none());
            let Some(contact) = contact else {
                continue;
            };
            if skip > 0 {
                skip -= 1;
                continue;
            }
            attention.push(Attention::new(row, contact));
            if attention.len() == size {
                more |= at + 1 < rows_read;
                break;
            }
        }
    }
    let next_cursor = match last.filter(|_| more) {
        Some(id) => Some(page.next_cursor(id, number, None)?),
        None => None,
    };
    let shown: Vec<ContactId> = attention.iter().map(|entry| entry.contact.id).collect();
    let entry = Entry::new("attention.listed", "attention", who.user_id.uuid())
        .details(json!({ "contacts": shown }));
    ts.log_access(&actor(&who, request), entry)
        .await
        .map_err(store_problem)?;
    let pagination = Pagination {
        current_page: number,
        page_size: page.page_size,
        total: None,
        next_cursor,
    };
    Ok(Json(WorkList {
        attention,
        pagination: pagination.into(),
    }))
}

/// What was done about it.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = ResolveAttention, example = json!({"done": "Rang her myself; she is coming."}))]
pub(crate) struct Resolve {
    /// At most 300 characters; kept in the audit.
    #[serde(default)]
    done: Option<String>,
}

/// Takes an entry off the work list. One that is resolved already stays as it is.
#[utoipa::path(
    post, path = "/api/attention/{attention_id}/resolve", tag = "attention",
    params(("attention_id" = Uuid, Path, description = "The entry")),
    request_body = Resolve,
    responses((status = 200, description = "The entry, resolved", body = Attention))
)]
pub(crate) async fn resolve(
    State(app): State<App>,
    who: Principal,
    request: RequestId,
    Path(id): Path<AttentionId>,
    Query(NoParams {}): Query<NoParams>,
    Idempotent { body, keyed }: Idempotent<Resolve>,
) -> Result<Response, Problem> {
    let ts = app.tenant_of(&who).await?;
    let row = ts.attention_entry(id).await.map_err(store_problem)?;
    let Some(row) = row else {
        return Err(Problem::not_found());
    };
    let mut contacts = visible(&ts, &who, vec![row.contact]).await?;
    let Some(contact) = contacts.remove(&row.contact) else {
        return Err(Problem::not_found());
    };
    if !who.scope.can_edit(who.user_id, &ownership(&contact)) {
        return Err(Problem::forbidden());
    }
    let done = body.done.as_deref().map(Reason::parse).transpose();
    let done = done.map_err(|fault| {
        Problem::validation(vec![FieldProblem::new("/done", fault.code, fault.detail)])
    })?;
    let by = actor(&who, request);
    once(&app.answers, who.tenant_id, keyed, ts.new_id(), |_| async {
        let row = ts
            .resolve_attention(id, &by, done.as_ref().map(|done| done.as_str()))
            .await
            .map_err(store_problem)?
            .ok_or_else(Problem::not_found)?;
        Ok(Json(Attention::new(&row, &contact)))
    })
    .await
}
