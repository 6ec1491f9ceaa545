//! Holding, resuming and ending a campaign.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use vio_domain::ids::CampaignId;
use vio_http::idempotency::once;
use vio_http::query::NoParams;
use vio_http::{Idempotent, Json, Kind, Path, Principal, Problem, Query, RequestId};
use vio_runtime::App;
use vio_runtime::web::{actor, store_problem};
use vio_store::StoreError;
use vio_store::campaigns::{CampaignRow, Controlled};

use crate::answer::status_endpoint;
use crate::{reach, wake};

/// Nothing to say.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = CampaignAct, example = json!({}))]
pub(crate) struct Nothing {}

/// Where the campaign stands now.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CampaignStands, example = json!({
    "campaign_id": "0192f0c1-2b3c-7def-8abc-0123456789ab", "status": "paused",
    "status_endpoint": "/api/groups/campaigns/0192f0c1-2b3c-7def-8abc-0123456789ab/status"
}))]
pub(crate) struct Stands {
    campaign_id: Uuid,
    status: &'static str,
    status_endpoint: String,
}

async fn answer(
    app: &App,
    who: &Principal,
    controlled: Result<Controlled, StoreError>,
) -> Result<Response, Problem> {
    let stands = |row: &CampaignRow| {
        Json(Stands {
            campaign_id: row.campaign.id.uuid(),
            status: row.campaign.state.name(),
            status_endpoint: status_endpoint(row.campaign.id),
        })
        .into_response()
    };
    match controlled.map_err(store_problem)? {
        Controlled::Changed(row) => {
            wake(app, &app.tenant_of(who).await?).await;
            Ok(stands(&row))
        }
        Controlled::Unchanged(row) => Ok(stands(&row)),
        Controlled::Over(row) => {
            Err(Problem::new(Kind::CampaignOver).with("status", row.campaign.state.name()))
        }
        Controlled::NoSuchCampaign => Err(Problem::not_found()),
    }
}

/// Holds a campaign: none of its calls is placed from here on; those under way go on. Members wait, and their own
/// reminders stay as they were. Holding what is held changes nothing.
#[utoipa::path(
    post, path = "/api/groups/campaigns/{campaign_id}/pause", tag = "campaigns",
    request_body(content = Nothing, description = "May be left out"),
    params(("campaign_id" = Uuid, Path, description = "The campaign")),
    responses((status = 200, description = "Held", body = Stands), (status = 409, description = "It is over"))
)]
pub(crate) async fn pause(
    State(app): State<App>,
    who: Principal,
    request: RequestId,
    Path(id): Path<CampaignId>,
    Query(NoParams {}): Query<NoParams>,
    Idempotent { body: _, keyed }: Idempotent<Nothing>,
) -> Result<Response, Problem> {
    let ts = app.tenant_of(&who).await?;
    reach::campaign(&ts, &who, id).await?;
    let by = actor(&who, request);
    once(&app.answers, who.tenant_id, keyed, ts.new_id(), |_| async {
        answer(&app, &who, ts.pause_campaign(id, who.user_id, &by).await).await
    })
    .await
}

/// Lets a held campaign go on where it was.
#[utoipa::path(
    post, path = "/api/groups/campaigns/{campaign_id}/resume", tag = "campaigns",
    request_body(content = Nothing, description = "May be left out"),
    params(("campaign_id" = Uuid, Path, description = "The campaign")),
    responses((status = 200, description = "It goes on", body = Stands), (status = 409, description = "It is over"))
)]
pub(crate) async fn resume(
    State(app): State<App>,
    who: Principal,
    request: RequestId,
    Path(id): Path<CampaignId>,
    Query(NoParams {}): Query<NoParams>,
    Idempotent { body: _, keyed }: Idempotent<Nothing>,
) -> Result<Response, Problem> {
    let ts = app.tenant_of(&who).await?;
    reach::campaign(&ts, &who, id).await?;
    let by = actor(&who, request);
    once(&app.answers, who.tenant_id, keyed, ts.new_id(), |_| async {
        answer(&app, &who, ts.resume_campaign(id, &by).await).await
    })
    .await
}

/// Ends a campaign for good: none of its calls is placed from here on, and appointments get the reminders back that it
/// had taken over. Calls under way go on.
#[utoipa::path(
    post, path = "/api/groups/campaigns/{campaign_id}/cancel", tag = "campaigns",
    request_body(content = Nothing, description = "May be left out"),
    params(("campaign_id" = Uuid, Path, description = "The campaign")),
    responses((status = 200, description = "Ended", body = Stands), (status = 409, description = "It is over"))
)]
pub(crate) async fn cancel(
    State(app): State<App>,
    who: Principal,
    request: RequestId,
    Path(id): Path<CampaignId>,
    Query(NoParams {}): Query<NoParams>,
    Idempotent { body: _, keyed }: Idempotent<Nothing>,
) -> Result<Response, Problem> {
    let ts = app.tenant_of(&who).await?;
    reach::campaign(&ts, &who, id).await?;
    let by = actor(&who, request);
    once(&app.answers, who.tenant_id, keyed, ts.new_id(), |_| async {
        answer(&app, &who, ts.cancel_campaign(id, who.user_id, &by).await).await
    })
    .await
}
