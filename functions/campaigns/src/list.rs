//! The list of campaigns.

use axum::extract::State;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;
use vio_domain::calling::order::Priority;
use vio_domain::campaigns::Source;
use vio_domain::ids::CampaignId;
use vio_http::page::PageParams;
use vio_http::{FieldProblem, Json, Kind, Paged, Principal, Problem, QueryParams, RequestId};
use vio_runtime::App;
use vio_runtime::web::{actor, store_problem};
use vio_store::campaigns::{CampaignRow, CampaignWords};
use vio_store::log::Entry;

use crate::answer::status_endpoint;
use crate::reach;

/// Rows that a page asked for by number may leave out. Farther pages are reached by cursor.
const SKIPPED: usize = 1_000;

/// What to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Filters {}

impl QueryParams for Filters {
    const NOT_BUILT: &'static [&'static str] = &["status", "group_id", "sort"];
}

/// A campaign, in a list.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CampaignSummary)]
pub(crate) struct Summary {
    campaign_id: Uuid,
    group_id: Option<Uuid>,
    /// The group's name when it began; null for a selection.
    group_name: Option<String>,
    /// preparing, scheduled, executing, paused, completed or cancelled.
    #[schema(example = "executing")]
    status: &'static str,
    #[schema(example = "immediate")]
    call_type: &'static str,
    #[schema(value_type = String, example = "normal")]
    priority_level: Priority,
    total_members: u32,
    created_at: DateTime<Utc>,
    started_by: Uuid,
    starts_at: DateTime<Utc>,
    #[schema(example = "/api/groups/campaigns/0192f0c1-2b3c-7def-8abc-0123456789ab/status")]
    status_endpoint: String,
}

impl Summary {
    fn new(row: &CampaignRow, words: CampaignWords) -> Self {
        let campaign = &row.campaign;
        let group_id = match &campaign.source {
            Source::Selection => None,
            Source::Group { group, .. } => Some(group.uuid()),
        };
        let group_name = words.group_name.map(|name| name.as_str().to_owned());
        Self {
            campaign_id: campaign.id.uuid(),
            group_id,
            group_name,
            status: campaign.state.name(),
            call_type: campaign.config.timing.name(),
            priority_level: campaign.config.priority,
            total_members: campaign.total,
            created_at: campaign.created_at,
            started_by: campaign.started_by.uuid(),
            starts_at: campaign.starts_at,
            status_endpoint: status_endpoint(campaign.id),
        }
    }
}

vio_http::pagination! {
    /// Where the list of campaigns stands.
    CampaignsPagination = "total_campaigns"
}

/// A page of campaigns, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Campaigns {
    campaigns: Vec<Summary>,
    pagination: CampaignsPagination,
}

/// The campaigns you see, newest first.
#[utoipa::path(
    get, path = "/api/groups/campaigns", tag = "campaigns", params(PageParams),
    responses((status = 200, description = "A page of campaigns", body = Campaigns))
)]
pub(crate) async fn list(
    State(app): State<App>,
    who: Principal,
    request: RequestId,
    Paged { page, .. }: Paged<Filters>,
) -> Result<Json<Campaigns>, Problem> {
    let ts = app.tenant_of(&who).await?;
    let mut skip = (page.page.get() as usize - 1).saturating_mul(page.page_size as usize);
    if skip >= SKIPPED {
        let detail = "Pages this far are reached by next_cursor.";
        return Err(Problem::new(Kind::InvalidParameter)
            .detail(format!("The parameter page is not valid. {detail}"))
            .error(FieldProblem::new("page", "out_of_range", detail)));
    }
    let cursor: Option<(CampaignId, u32)> = page.position(None)?;
    let number = cursor.map_or(page.page.get(), |(_, number)| number);
    let mut last = cursor.map(|(id, _)| id);
    let size = page.page_size as usize;
    let (mut shown, mut more) = (Vec::new(), true);
    while more && shown.len() < size {
        let (rows, next) = ts
            .campaigns(page.page_size, last)
            .await
            .map_err(store_problem)?;
        more = next;
        let end = rows.last().map(|row| row.campaign.id);
        let seen = reach::seen(&ts, &who, rows).await?;
        let mut seen = seen.iter().peekable();
        last = end.or(last);
        while let Some(row) = seen.next() {
            if skip > 0 {
                skip -= 1;
                continue;
            }
            let words = ts.campaign_words(row).map_err(store_problem)?;
            shown.push(Summary::new(row, words));
            if shown.len() == size {
                more |= seen.peek().is_some();
                last = Some(row.campaign.id);
                break;
            }
        }
    }
    let next_cursor = match last.filter(|_| more) {
        Some(id) => Some(page.next_cursor(id, number, None)?),
        None => None,
    };
    let entry = Entry::new("campaigns.listed", "tenant", ts.id.uuid());
    ts.log_access(&actor(&who, request), entry)
        .await
        .map_err(store_problem)?;
    let pagination = page.pagination(number, None, next_cursor);
    Ok(Json(Campaigns {
        campaigns: shown,
        pagination: pagination.into(),
    }))
}
