//! What happened to a group: made, edited, members that came and went (S2 `group_membership_audit`, "Activity").

use std::collections::BTreeSet;

use axum::extract::State;
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;
use vio_domain::ids::{ContactId, GroupId, LogId};
use vio_http::page::PageParams;
use vio_http::{Json, NoParams, Paged, Path, Principal, Problem, RequestId};
use vio_runtime::App;
use vio_runtime::web::{actor, store_problem};
use vio_store::log::{Entry, Opened, Who};

use crate::reach;

vio_http::pagination! {
    /// Where the history of a group stands.
    GroupHistoryPagination = "total_entries"
}

/// One thing that happened.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "0192f0c1-2b3c-7def-8abc-0123456789ab", "at": "2026-03-02T09:00:00Z", "action": "group.members_added",
    "by_user": "0192f0c1-2b3c-7def-8abc-0123456789ac", "added": ["0192f0c1-2b3c-7def-8abc-0123456789ad"], "removed": [],
    "operation_id": null, "reason": null
}))]
pub(crate) struct GroupHistoryEntry {
    id: Uuid,
    at: DateTime<Utc>,
    /// group.created, group.updated, group.members_added, group.members_removed, group.members_changed, group.viewed or
    /// group.members_viewed.
    action: String,
    /// Null where the product did it itself.
    by_user: Option<Uuid>,
    /// Contacts that came into it, of those that you see.
    added: Vec<Uuid>,
    /// Contacts that left it, of those that you see.
    removed: Vec<Uuid>,
    /// The job that it was a part of.
    operation_id: Option<Uuid>,
    reason: Option<String>,
}

/// A page of what happened, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct GroupHistory {
    entries: Vec<GroupHistoryEntry>,
    pagination: GroupHistoryPagination,
}

fn ids(details: Option<&Value>, name: &str) -> Vec<ContactId> {
    let listed = details.and_then(|details| details[name].as_array());
    let listed = listed.into_iter().flatten();
    listed
        .filter_map(|id| id.as_str().and_then(|id| id.parse().ok()))
        .collect()
}

fn view(opened: Opened, seen: &BTreeSet<ContactId>) -> GroupHistoryEntry {
    let details = opened.details.as_ref();
    let text = |name: &str| details.and_then(|details| details[name].as_str());
    let shown = |name: &str| {
        let all = ids(details, name).into_iter();
        all.filter(|id| seen.contains(id))
            .map(ContactId::uuid)
            .collect()
    };
    GroupHistoryEntry {
        added: shown("added"),
        removed: shown("removed"),
        operation_id: text("operation_id").and_then(|id| id.parse().ok()),
        reason: text("reason").map(str::to_owned),
        id: opened.row.id.uuid(),
        at: opened.row.at,
        action: opened.row.action,
        by_user: match opened.row.who {
            Who::User { id } => Some(id.uuid()),
            Who::Provider { .. } | Who::System { .. } => None,
        },
    }
}

/// What happened to a group, newest first: edits, members that came and went, who looked at it.
#[utoipa::path(
    get, path = "/api/groups/{group_id}/history", tag = "groups",
    params(("group_id" = Uuid, Path, description = "The group"), PageParams),
    responses((status = 200, description = "A page of its history", body = GroupHistory))
)]
pub(crate) async fn list(
    State(app): State<App>,
    who: Principal,
    request: RequestId,
    Path(id): Path<GroupId>,
    Paged { page, .. }: Paged<NoParams>,
) -> Result<Json<GroupHistory>, Problem> {
    let ts = app.tenant_of(&who).await?;
    reach::group(&ts, &who, id).await?;
    let (before, number) = page.after::<LogId>()?;
    let (rows, next) = ts
        .history_of_group(id, page.page_size, before)
        .await
        .map_err(store_problem)?;
    let mut opened = Vec::with_capacity(rows.len());
    for row in rows {
        opened.push(ts.open_log(row).await.map_err(store_problem)?);
    }
    let named = opened.iter().flat_map(|one| {
        let details = one.details.as_ref();
        ["added", "removed"].map(|name| ids(details, name))
    });
    let seen = reach::seen_of(&ts, &who, named.flatten().collect()).await?;
    let entry = Entry::new("history.viewed", "group", id.uuid());
    ts.log_access(&actor(&who, request), entry)
        .await
        .map_err(store_problem)?;
    let next_cursor = next
        .map(|last| page.next_cursor(last, number, None))
        .transpose()?;
    Ok(Json(GroupHistory {
        entries: opened.into_iter().map(|one| view(one, &seen)).collect(),
        pagination: page.pagination(number, None, next_cursor).into(),
    }))
}
