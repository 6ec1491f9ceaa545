//! The list of groups.

use std::cmp::Reverse;

use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use vio_domain::groups::criteria::folded;
use vio_domain::text::ShortText;
use vio_http::page::PageParams;
use vio_http::{Json, Paged, Principal, Problem, QueryParams, RequestId};
use vio_runtime::App;
use vio_runtime::web::{actor, sees_group, store_problem};
use vio_store::groups::GroupRow;
use vio_store::log::Entry;

use crate::body::GroupView;
use crate::reach::page_of;

/// Groups named under each of the figures.
const NAMED: usize = 3;

/// What to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Filters {
    /// A part of the name or description, whatever the case.
    #[param(value_type = Option<String>, max_length = 100)]
    search: Option<Searched>,
    /// created_at (the default), name, member_count or recent_activity.
    #[serde(default)]
    #[param(value_type = Option<String>, example = "name")]
    sort_by: SortBy,
    /// asc or desc.
    #[serde(default)]
    #[param(value_type = Option<String>, example = "asc")]
    sort_direction: Direction,
    /// Archived groups instead of those in use.
    #[serde(default)]
    archived: bool,
}

impl QueryParams for Filters {}

/// What is searched for.
type Searched = ShortText<100>;

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum SortBy {
    #[default]
    CreatedAt,
    Name,
    MemberCount,
    RecentActivity,
}

/// Which way a list is sorted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
enum Direction {
    #[default]
    Asc,
    Desc,
}

vio_http::pagination! {
    /// Where the list of groups stands.
    GroupsPagination = "total_groups"
}

/// Figures over all groups you see that are in use, whatever the filter.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct GroupStats {
    total_groups: usize,
    archived_groups: usize,
    /// Places in groups; a contact in two groups counts twice.
    total_memberships: u64,
    /// The groups with most contacts.
    largest: Vec<GroupView>,
    /// The groups in which something happened last.
    most_active: Vec<GroupView>,
    recently_created: Vec<GroupView>,
}

/// A page of groups.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Groups {
    groups: Vec<GroupView>,
    pagination: GroupsPagination,
    stats: GroupStats,
}

fn stats(seen: &[GroupRow]) -> GroupStats {
    let used: Vec<&GroupRow> = seen
        .iter()
        .filter(|row| row.archived_at.is_none())
        .collect();
    fn first<K: Ord>(used: &[&GroupRow], key: impl Fn(&GroupRow) -> K) -> Vec<GroupView> {
        let mut sorted = used.to_vec();
        sorted.sort_by_key(|row| (key(row), row.id));
        sorted
            .into_iter()
            .take(NAMED)
            .map(GroupView::from)
            .collect()
    }
    GroupStats {
        total_groups: used.len(),
        archived_groups: seen.len() - used.len(),
        total_memberships: used.iter().map(|row| u64::from(row.members)).sum(),
        largest: first(&used, |row| Reverse(row.members)),
        most_active: first(&used, |row| Reverse(row.active_at)),
        recently_created: first(&used, |row| Reverse((row.created_at, row.id))),
    }
}

/// The groups you see, with figures over all of them.
#[utoipa::path(
    get, path = "/api/groups", tag = "groups", params(Filters, PageParams),
    responses((status = 200, description = "A page of groups", body = Groups))
)]
pub(crate) async fn list(
    State(app): State<App>,
    who: Principal,
    request: RequestId,
    Paged { page, filters }: Paged<Filters>,
) -> Result<Json<Groups>, Problem> {
    let ts = app.tenant_of(&who).await?;
    let mut rows = ts.all_groups().await.map_err(store_problem)?;
    rows.retain(|row| sees_group(&who, &row.visibility));
    let stats = stats(&rows);
    let wanted = filters
        .search
        .as_ref()
        .map(|text| folded(text.as_str()))
        .unwrap_or_default();
    rows.retain(|row| {
        let described = |text: &str| folded(text).contains(&wanted);
        let text = row.description.as_ref();
        row.archived_at.is_some() == filters.archived
            && (described(row.name.as_str()) || text.is_some_and(|text| described(text.as_str())))
    });
    match filters.sort_by {
        SortBy::CreatedAt => {}
        SortBy::Name => rows.sort_by_cached_key(|row| (row.name.folded(), row.id)),
        SortBy::MemberCount => rows.sort_by_key(|row| (row.members, row.id)),
        SortBy::RecentActivity => rows.sort_by_key(|row| (row.active_at, row.id)),
    }
    if filters.sort_direction == Direction::Desc {
        rows.reverse();
    }
    let (shown, pagination) = page_of(&page, rows, |row| row.id)?;
    let entry = Entry::new("groups.listed", "tenant", ts.id.uuid());
    ts.log_access(&actor(&who, request), entry)
        .await
        .map_err(store_problem)?;
    Ok(Json(Groups {
        groups: shown.iter().map(GroupView::from).collect(),
        pagination: pagination.into(),
        stats,
    }))
}
