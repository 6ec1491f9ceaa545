//! The audit of one contact: who did what, when, with what before and after.

use std::collections::BTreeSet;

use axum::extract::State;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;
use vio_domain::ids::{ContactId, GroupId, LogId};
use vio_domain::permission::Role;
use vio_http::page::PageParams;
use vio_http::{Json, Paged, Path, Principal, Problem, QueryParams, RequestId};
use vio_runtime::App;
use vio_runtime::web::{actor, sees_group, store_problem};
use vio_store::TenantStore;
use vio_store::key::LogKind;
use vio_store::log::{Entry, Opened, Who};

use crate::reach;

vio_http::pagination! {
    /// Where the history stands.
    HistoryPagination = "total_entries",
}

/// Which of the entries.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Filters {
    /// `change`, what was changed, or `access`, what was looked at and exported; both when left out. A page of one can
    /// have fewer entries than asked for: there are more as long as `next_cursor` says so.
    #[param(value_type = Option<String>, example = "change")]
    kind: Option<Kept>,
}

impl QueryParams for Filters {}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kept {
    Change,
    Access,
}

impl From<Kept> for LogKind {
    fn from(kept: Kept) -> Self {
        match kept {
            Kept::Change => Self::Change,
            Kept::Access => Self::Access,
        }
    }
}

/// One thing that happened.
#[derive(Serialize, ToSchema)]
pub(crate) struct HistoryEntry {
    id: Uuid,
    at: DateTime<Utc>,
    /// `noun.verb`.
    #[schema(example = "contact.updated")]
    action: String,
    /// `change` or `access`.
    #[schema(value_type = String, example = "change")]
    kind: &'static str,
    #[schema(example = "contact")]
    entity: String,
    entity_id: Uuid,
    by: HistoryBy,
    /// Names of the changed fields.
    fields: Vec<String>,
    /// What was before and after, by field: `[before, after]`.
    #[schema(value_type = Option<Object>)]
    details: Option<Value>,
    request_id: Option<Uuid>,
}

/// Who did it: a user, a provider's event, or the system.
#[derive(Serialize, ToSchema)]
pub(crate) struct HistoryBy {
    /// `user`, `provider` or `system`.
    #[schema(value_type = String, example = "user")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    user_id: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "calcom")]
    name: Option<String>,
}

impl From<Who> for HistoryBy {
    fn from(who: Who) -> Self {
        match who {
            Who::User { id } => Self {
                kind: "user",
                user_id: Some(id.uuid()),
                name: None,
            },
            Who::Provider { name } => Self {
                kind: "provider",
                user_id: None,
                name: Some(name),
            },
            Who::System { name } => Self {
                kind: "system",
                user_id: None,
                name: Some(name),
            },
        }
    }
}

impl From<Opened> for HistoryEntry {
    fn from(opened: Opened) -> Self {
        let row = opened.row;
        Self {
            id: row.id.uuid(),
            at: row.at,
            action: row.action,
            kind: if row.access { "access" } else { "change" },
            entity: row.entity,
            entity_id: row.entity_id,
            by: row.who.into(),
            fields: row.fields,
            details: opened.details,
            request_id: row.request_id,
        }
    }
}

/// A page of the history.
#[derive(Serialize, ToSchema)]
pub(crate) struct History {
    /// Newest first.
    entries: Vec<HistoryEntry>,
    pagination: HistoryPagination,
}

/// The lists of groups in an entry's details: of an edit `contact.group_ids`, a list before and one after; of members
/// that came and went `before.group_ids` and `after.group_ids`.
fn groups_in(details: &mut Value) -> Vec<&mut Vec<Value>> {
    let Value::Object(details) = details else {
        return Vec::new();
    };
    let lists = details
        .iter_mut()
        .filter(|(name, _)| ["contact", "before", "after"].contains(&name.as_str()));
    let lists = lists.filter_map(|(_, part)| part.get_mut("group_ids")?.as_array_mut());
    lists
        .flat_map(|list| {
            if list.iter().any(Value::is_array) {
                list.iter_mut().filter_map(Value::as_array_mut).collect()
            } else {
                vec![list]
            }
        })
        .collect()
}

/// Leaves out the groups that the caller does not see; administrators see those too that are gone by now.
async fn hide_groups(
    tenant: &TenantStore,
    principal: &Principal,
    entries: &mut [HistoryEntry],
) -> Result<(), Problem> {
    if principal.role == Role::ClientAdmin {
        return Ok(());
    }
    let group = |id: &Value| id.as_str().and_then(|id| id.parse::<GroupId>().ok());
    let mut lists: Vec<&mut Vec<Value>> = entries
        .iter_mut()
        .filter_map(|entry| entry.details.as_mut())
        .flat_map(groups_in)
        .collect();
    let named: BTreeSet<GroupId> = lists
        .iter()
        .flat_map(|list| list.iter().filter_map(group))
        .collect();
    let mut seen = tenant.groups_named(named).await.map_err(store_problem)?;
    seen.retain(|_, row| sees_group(principal, &row.visibility));
    for list in &mut lists {
        list.retain(|id| group(id).is_some_and(|id| seen.contains_key(&id)));
    }
    Ok(())
}

/// What happened to a contact and who looked at it, newest first. Entered into the audit itself.
#[utoipa::path(get, path = "/api/contacts/{contact_id}/history", tag = "contacts",
    params(("contact_id" = uuid::Uuid, Path), Filters, PageParams), responses((status = 200, body = History)))]
pub(crate) async fn list(
    State(app): State<App>,
    principal: Principal,
    request_id: RequestId,
    Path(id): Path<ContactId>,
    Paged { filters, page }: Paged<Filters>,
) -> Result<Json<History>, Problem> {
    let tenant = app.tenant_of(&principal).await?;
    reach::viewed_or_merged(&tenant, &principal, id).await?;
    let (before, number) = page.after::<LogId>()?;
    let (rows, next) = tenant
        .history_of(id, filters.kind.map(LogKind::from), page.page_size, before)
        .await
        .map_err(store_problem)?;
    let entry = Entry::new("history.viewed", "contact", id.uuid()).contact(id);
    tenant
        .log_access(&actor(&principal, request_id), entry)
        .await
        .map_err(store_problem)?;
    let mut entries = Vec::with_capacity(rows.len());
    for row in rows {
        entries.push(HistoryEntry::from(
            tenant.open_log(row).await.map_err(store_problem)?,
        ));
    }
    hide_groups(&tenant, &principal, &mut entries).await?;
    let next_cursor = match next {
        Some(last) => Some(page.next_cursor(last, number, None)?),
        None => None,
    };
    Ok(Json(History {
        entries,
        pagination: page.pagination(number, None, next_cursor).into(),
    }))
}
