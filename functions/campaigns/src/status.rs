//! How far a campaign is.

use std::collections::{BTreeMap, HashMap};

use axum::extract::State;
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;
use vio_domain::calling::order::Priority;
use vio_domain::campaigns::{SkipReason, Source, State as Stands, Tally, Timing};
use vio_domain::contact::Contact;
use vio_domain::ids::{CampaignId, ContactId};
use vio_http::page::PageParams;
use vio_http::{Json, Paged, Pagination, Path, Principal, Problem, RequestId};
use vio_runtime::App;
use vio_runtime::web::{actor, store_problem};
use vio_store::TenantStore;
use vio_store::campaigns::read::{Progress, progress, shown_state};
use vio_store::campaigns::{Ahead, CampaignMemberRow, CampaignRow};
use vio_store::log::Entry;

use crate::answer::{Cost, status_endpoint};
use crate::pace::{Quarter, pace};
use crate::reach;
use crate::results::{Filters, MemberView, Wanted};

/// How many members stand where.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CampaignCounts, example = json!({
    "planned": 10, "placing": 2, "completed": 45, "failed": 1, "skipped": 2, "cancelled": 0
}))]
struct Counts {
    /// To be called.
    planned: u32,
    /// Placing or in flight.
    placing: u32,
    /// The call took its course, whether or not the person answered.
    completed: u32,
    /// Failed, refused, or nobody knows.
    failed: u32,
    skipped: u32,
    /// Not called because the campaign was ended.
    cancelled: u32,
}

vio_http::pagination! {
    /// Where the list of results stands.
    ResultsPagination = "total_results"
}

/// How far a campaign is.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CampaignStatus)]
pub(crate) struct StatusView {
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
    counts: Counts,
    /// Members passed over, by reason.
    #[schema(value_type = Object)]
    skipped_by_reason: BTreeMap<SkipReason, u32>,
    /// Ended calls by outcome.
    #[schema(value_type = Object)]
    outcomes: BTreeMap<&'static str, u32>,
    /// Answered calls by what the person decided: confirmed, cancelled, rescheduled, no_action.
    #[schema(value_type = Object)]
    appointment_actions: BTreeMap<&'static str, u32>,
    calls_completed: u32,
    calls_remaining: u32,
    /// Percent of the ended calls that a person answered; null before the first.
    #[schema(example = 83.3)]
    success_rate: Option<f64>,
    /// When its last call is placed, by what is known now; null while it or calling is paused, and once it is over.
    estimated_completion: Option<DateTime<Utc>>,
    /// The calls that the provider was given so far, at the business's price for a call; absent without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    cost_so_far: Option<Cost>,
    /// Two hours before and after now, or before the end of one that is over: calls by quarter of an hour, in order, none
    /// left out between the first and the last that has any.
    pace: Vec<Quarter>,
    created_at: DateTime<Utc>,
    started_by: Uuid,
    /// The instant asked for, with scheduled timing.
    #[serde(skip_serializing_if = "Option::is_none")]
    scheduled_datetime: Option<DateTime<Utc>>,
    /// From when it calls: the first permitted instant at or after the one asked for.
    starts_at: DateTime<Utc>,
    #[serde(skip_serializing_if = "Option::is_none")]
    paused_at: Option<DateTime<Utc>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    completed_at: Option<DateTime<Utc>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cancelled_at: Option<DateTime<Utc>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    custom_message: Option<String>,
    #[schema(example = "/api/groups/campaigns/0192f0c1-2b3c-7def-8abc-0123456789ab/status")]
    status_endpoint: String,
    /// A page of the results asked for, of the contacts you see, in the campaign's order.
    results: Vec<MemberView>,
    pagination: ResultsPagination,
}

/// How far a campaign is: counts, when it will be through, and what each call came to.
#[utoipa::path(
    get, path = "/api/groups/campaigns/{campaign_id}/status", tag = "campaigns",
    params(("campaign_id" = Uuid, Path, description = "The campaign"), Filters, PageParams),
    responses((status = 200, description = "The campaign", body = StatusView))
)]
pub(crate) async fn status(
    State(app): State<App>,
    who: Principal,
    request: RequestId,
    Path(id): Path<CampaignId>,
    Paged { page, filters }: Paged<Filters>,
) -> Result<Json<StatusView>, Problem> {
    let ts = app.tenant_of(&who).await?;
    let row = reach::campaign(&ts, &who, id).await?;
    let members = all_members(&ts, id).await?;
    let progress = progress(&row, &members);
    let state = shown_state(&row, &progress);
    let settings = ts.settings().await.map_err(store_problem)?;
    let ahead = match state.is_over() {
        true => Ahead::default(),
        false => {
            let gate = ts.gate(&settings).await.map_err(store_problem)?;
            let limits = &app.platform.limits;
            ts.foresee_running(&settings, limits, &gate, &row, &members)
                .await
                .map_err(store_problem)?
        }
    };

    let cursor: Option<(u32, u32)> = page.position(None)?;
    let number = cursor.map_or(page.page.get(), |(_, number)| number);
    let cancelled = matches!(state, Stands::Cancelled { .. });
    let wanted: Vec<&CampaignMemberRow> = members
        .iter()
        .filter(|member| {
            let takes = |wanted: Wanted| wanted.takes(&member.state, cancelled);
            filters.result.is_none_or(takes)
        })
        .collect();
    // By place in the campaign: results move from one filter to the next while somebody reads on.
    let skipped = match cursor {
        Some((from, _)) => wanted.partition_point(|member| member.position < from),
        None => (number as usize - 1).saturating_mul(page.page_size as usize),
    };
    let rest = wanted.get(skipped..).unwrap_or_default();
    let shown = rest.get(..page.page_size as usize).unwrap_or(rest);
    let next_cursor = match shown.last().filter(|_| shown.len() < rest.len()) {
        Some(last) => Some(page.next_cursor(last.position + 1, number, None)?),
        None => None,
    };
    let ids: Vec<ContactId> = shown.iter().map(|member| member.contact).collect();
    let contacts = ts.contacts(&ids).await.map_err(store_problem)?;
    let contacts: HashMap<ContactId, Contact> = contacts
        .into_iter()
        .map(|(_, contact)| (contact.id, contact))
        .filter(|(_, contact)| reach::can_view(&who, contact))
        .collect();
    let results = shown
        .iter()
        .filter_map(|member| {
            let contact = contacts.get(&member.contact)?;
            Some(MemberView::new(member, contact, cancelled))
        })
        .collect();
    let entry = Entry::new("campaign.viewed", "campaign", id.uuid())
        .version(row.version)
        .details(json!({ "contacts": contacts.keys().collect::<Vec<_>>() }));
    ts.log_access(&actor(&who, request), entry)
        .await
        .map_err(store_problem)?;
    let words = ts.campaign_words(&row).map_err(store_problem)?;
    let pagination = page.pagination(number, Some(wanted.len() as u64), next_cursor);
    let mut answer = view(&row, state, &progress);
    answer.estimated_completion = ahead.completion;
    let price = settings.settings.calls.price_per_call;
    answer.cost_so_far = price.map(|price| Cost::of(price, progress.tally.rung as usize));
    let granted: Vec<_> = members
        .iter()
        .filter_map(|m| m.state.granted_at())
        .collect();
    let around = match state.is_over() {
        true => granted
            .iter()
            .max()
            .copied()
            .unwrap_or(row.campaign.created_at),
        false => ts.now(),
    };
    answer.pace = pace(around, &granted, &ahead.calls);
    answer.custom_message = words.message.map(|text| text.into_string());
    answer.group_name = words.group_name.map(|name| name.as_str().to_owned());
    answer.results = results;
    answer.pagination = pagination.into();
    Ok(Json(answer))
}

async fn all_members(ts: &TenantStore, id: CampaignId) -> Result<Vec<CampaignMemberRow>, Problem> {
    ts.all_members(id, 0).await.map_err(store_problem)
}

fn view(row: &CampaignRow, state: Stands, Progress { tally, .. }: &Progress) -> StatusView {
    let campaign = &row.campaign;
    let group_id = match &campaign.source {
        Source::Selection => None,
        Source::Group { group, .. } => Some(group.uuid()),
    };
    let (mut paused_at, mut completed_at, mut cancelled_at) = (None, None, None);
    match state {
        Stands::Paused { since, .. } => paused_at = Some(since),
        Stands::Completed { at } => completed_at = Some(at),
        Stands::Cancelled { at, .. } => cancelled_at = Some(at),
        Stands::Preparing | Stands::Scheduled | Stands::Executing => {}
    }
    StatusView {
        campaign_id: campaign.id.uuid(),
        group_id,
        group_name: None,
        status: state.name(),
        call_type: campaign.config.timing.name(),
        priority_level: campaign.config.priority,
        total_members: campaign.total,
        counts: counts(tally, campaign.total),
        skipped_by_reason: tally.skipped.clone(),
        outcomes: tally.outcomes.clone(),
        appointment_actions: tally.actions.clone(),
        calls_completed: tally.completed,
        calls_remaining: tally.remaining(),
        success_rate: tally
            .success_per_mille()
            .map(|tenths| f64::from(tenths) / 10.0),
        estimated_completion: None,
        cost_so_far: None,
        pace: Vec::new(),
        created_at: campaign.created_at,
        started_by: campaign.started_by.uuid(),
        scheduled_datetime: match campaign.config.timing {
            Timing::Scheduled { at } => Some(at),
            Timing::Immediate | Timing::Staggered { .. } => None,
        },
        starts_at: campaign.starts_at,
        paused_at,
        completed_at,
        cancelled_at,
        custom_message: None,
        status_endpoint: status_endpoint(campaign.id),
        results: Vec::new(),
        pagination: Pagination {
            current_page: 1,
            page_size: 0,
            total: None,
            next_cursor: None,
        }
        .into(),
    }
}

fn counts(tally: &Tally, total: u32) -> Counts {
    let skipped = tally.skipped_in_all();
    let known = tally.remaining() + tally.completed + tally.failed + skipped;
    Counts {
        planned: tally.planned,
        placing: tally.placing,
        completed: tally.completed,
        failed: tally.failed,
        skipped,
        cancelled: total.saturating_sub(known),
    }
}
