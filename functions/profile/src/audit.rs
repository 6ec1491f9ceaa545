//! The audit trail: changes and accesses in one list, newest first (rules.md Privacy).

use std::collections::HashMap;

use axum::extract::State;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;
use vio_domain::ids::{LogId, UserId};
use vio_http::page::PageParams;
use vio_http::{FieldProblem, Json, Kind, Paged, Principal, Problem, QueryParams, RequestId};
use vio_runtime::App;
use vio_runtime::web::{actor, store_problem};
use vio_store::key::LogKind;
use vio_store::log::{Entry, LogRow, Opened, Who};

/// Members whose names are looked up.
const MOST_MEMBERS: usize = 1_000;

vio_http::pagination! {
    /// Where the list of entries stands; it is not counted.
    AuditPagination = "total_entries",
}

/// Which of the entries.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Log {
    /// What was changed.
    Change,
    /// What was looked at, searched and exported.
    Access,
}

#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Filters {
    /// Only one of the two logs.
    #[param(inline)]
    log: Option<Log>,
}

impl QueryParams for Filters {
    const NOT_BUILT: &'static [&'static str] = &["user_id", "action", "from", "to", "contact_id"];
}

/// Who did it.
#[derive(Serialize, ToSchema)]
pub(crate) struct Doer {
    /// `user`, `provider` or `system`.
    #[schema(example = "user")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "Ada Example")]
    name: Option<String>,
}

/// One entry.
#[derive(Serialize, ToSchema)]
pub(crate) struct AuditEntry {
    id: Uuid,
    at: DateTime<Utc>,
    /// `change` or `access`.
    #[schema(example = "change")]
    log: &'static str,
    who: Doer,
    #[schema(example = "contact.updated")]
    action: String,
    #[schema(example = "contact")]
    entity: String,
    entity_id: Uuid,
    contact_id: Option<Uuid>,
    /// Names of the changed fields.
    #[schema(example = json!(["phone"]))]
    fields: Vec<String>,
    /// Before and after, or other particulars.
    details: Option<serde_json::Value>,
    #[schema(example = "198.51.100.10")]
    ip_address: Option<String>,
    device: Option<String>,
    request_id: Option<Uuid>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct AuditPage {
    entries: Vec<AuditEntry>,
    pagination: AuditPagination,
}

impl AuditEntry {
    fn of(opened: Opened, names: &HashMap<UserId, String>) -> Self {
        let Opened {
            row,
            details,
            origin,
        } = opened;
        let who = match row.who {
            Who::User { id } => Doer {
                kind: "user",
                id: Some(id.uuid()),
                name: names.get(&id).cloned(),
            },
            Who::Provider { name } => Doer {
                kind: "provider",
                id: None,
                name: Some(name),
            },
            Who::System { name } => Doer {
                kind: "system",
                id: None,
                name: Some(name),
            },
        };
        let (ip_address, device) = origin.unwrap_or_default();
        Self {
            id: row.id.uuid(),
            at: row.at,
            log: if row.access { "access" } else { "change" },
            who,
            action: row.action,
            entity: row.entity,
            entity_id: row.entity_id,
            contact_id: row.contact.map(|contact| contact.uuid()),
            fields: row.fields,
            details,
            ip_address,
            device,
            request_id: row.request_id,
        }
    }
}

/// Who did what, when, and from where, newest first. Reading it is an entry itself.
#[utoipa::path(get, path = "/api/audit", tag = "audit", params(Filters, PageParams),
    responses((status = 200, body = AuditPage)))]
pub(crate) async fn list(
    State(app): State<App>,
    principal: Principal,
    request: RequestId,
    list: Paged<Filters>,
) -> Result<Json<AuditPage>, Problem> {
    let page = &list.page;
    if !page.has_cursor() && page.page.get() > 1 {
        return Err(Problem::new(Kind::InvalidParameter)
            .detail("The audit trail is read on by cursor: send next_cursor of the page before.")
            .error(FieldProblem::new("page", "not_available", "Use cursor.")));
    }
    let (before, number) = match page.position::<LogId>(None)? {
        Some((before, number)) => (Some(before), number),
        None => (None, 1),
    };
    let tenant = app.tenant_of(&principal).await?;
    let size = page.page_size as usize;
    let mut rows: Vec<LogRow> = Vec::new();
    for (kind, log) in [
        (LogKind::Change, Log::Change),
        (LogKind::Access, Log::Access),
    ] {
        if list.filters.log.is_none_or(|wanted| wanted == log) {
            let read = tenant.read_log(kind, before, page.page_size + 1).await;
            rows.extend(read.map_err(store_problem)?);
        }
    }
    rows.sort_by_key(|row| std::cmp::Reverse(row.id));
    let more = rows.len() > size;
    rows.truncate(size);
    let next_cursor = match rows.last() {
        Some(last) if more => Some(page.next_cursor(last.id, number, None)?),
        _ => None,
    };
    let mut names = HashMap::new();
    for member in tenant.team(MOST_MEMBERS).await.map_err(store_problem)? {
        let personal = tenant.open_personal(&member).map_err(store_problem)?;
        names.insert(member.id, personal.full_name.as_str().to_owned());
    }
    let mut entries = Vec::with_capacity(rows.len());
    for row in rows {
        let opened = tenant.open_log(row).await.map_err(store_problem)?;
        entries.push(AuditEntry::of(opened, &names));
    }
    let entry = Entry::new("audit.viewed", "tenant", tenant.id.uuid());
    tenant
        .log_access(&actor(&principal, request), entry)
        .await
        .map_err(store_problem)?;
    Ok(Json(AuditPage {
        entries,
        pagination: page.pagination(number, None, next_cursor).into(),
    }))
}
