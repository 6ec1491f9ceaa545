//! The list of groups.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use vio_domain::ids::GroupId;
use vio_http::page::PageParams;
use vio_http::{Json, Paged, Pagination, Principal, Problem, QueryParams, RequestId};
use vio_runtime::App;
use vio_runtime::web::{actor, sees_group, store_problem};
use vio_store::log::Entry;

use crate::body::GroupView;
use crate::reach::rows_before;

/// What to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Filters {}

impl QueryParams for Filters {
    const NOT_BUILT: &'static [&'static str] = &["search", "sort", "sort_by", "archived"];
}

vio_http::pagination! {
    /// Where the list of groups stands.
    GroupsPagination = "total_groups"
}

/// A page of groups, oldest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Groups {
    groups: Vec<GroupView>,
    pagination: GroupsPagination,
}

/// The groups you see, oldest first.
#[utoipa::path(
    get, path = "/api/groups", tag = "groups", params(PageParams),
    responses((status = 200, description = "A page of groups", body = Groups))
)]
pub(crate) async fn list(
    State(app): State<App>,
    who: Principal,
    request: RequestId,
    Paged { page, .. }: Paged<Filters>,
) -> Result<Json<Groups>, Problem> {
    let ts = app.tenant_of(&who).await?;
    let mut skip = rows_before(&page)?;
    let cursor: Option<(GroupId, u32)> = page.position(None)?;
    let number = cursor.map_or(page.page.get(), |(_, number)| number);
    let mut last = cursor.map(|(id, _)| id);
    let size = page.page_size as usize;
    let (mut shown, mut more) = (Vec::new(), true);
    while more && shown.len() < size {
        let (rows, next) = ts
            .groups(page.page_size, last)
            .await
            .map_err(store_problem)?;
        more = next;
        let read = rows.len();
        for (at, row) in rows.into_iter().enumerate() {
            last = Some(row.id);
            if !sees_group(&who, &row.visibility) {
                continue;
            }
            if skip > 0 {
                skip -= 1;
                continue;
            }
            shown.push(GroupView::from(&row));
            if shown.len() == size {
                more |= at + 1 < read;
                break;
            }
        }
    }
    let next_cursor = match last.filter(|_| more) {
        Some(id) => Some(page.next_cursor(id, number, None)?),
        None => None,
    };
    let entry = Entry::new("groups.listed", "tenant", ts.id.uuid());
    ts.log_access(&actor(&who, request), entry)
        .await
        .map_err(store_problem)?;
    let pagination = Pagination {
        current_page: number,
        page_size: page.page_size,
        total: None,
        next_cursor,
    };
    Ok(Json(Groups {
        groups: shown,
        pagination: pagination.into(),
    }))
}
