//! How far a campaign is, and what each member's call came to.

use std::collections::{BTreeMap, HashMap};

use axum::extract::State;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;
use vio_domain::calling::guards::Decision;
use vio_domain::calling::order::Priority;
use vio_domain::calling::session::{Action, Outcome, Status};
use vio_domain::campaigns::{MemberState, SkipReason, Source, State as Stands, Tally, Timing};
use vio_domain::contact::Contact;
use vio_domain::ids::{CampaignId, ContactId};
use vio_http::page::PageParams;
use vio_http::{Json, Paged, Pagination, Path, Principal, Problem, QueryParams, RequestId};
use vio_runtime::App;
use vio_runtime::web::{actor, store_problem};
use vio_store::TenantStore;
use vio_store::campaigns::read::{Progress, progress, shown_state};
use vio_store::campaigns::{CampaignMemberRow, CampaignRow};
use vio_store::log::Entry;

use crate::answer::status_endpoint;
use crate::reach;

/// Which results to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Filters {}

impl QueryParams for Filters {
    const NOT_BUILT: &'static [&'static str] = &["result", "outcome", "search"];
}

/// What one member's call came to.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CampaignResult, example = json!({
    "contact_id": "0192f0c1-2b3c-7def-8abc-0123456789ab", "contact_name": "Ada Example", "status": "completed",
    "success": true, "session_id": "0192f0c1-2b3c-7def-8abc-0123456789ac",
    "provider_call_id": "call_a4441234567890777c4a4a123e6", "outcome": "answered", "appointment_action": "confirmed",
    "ended_at": "2026-03-02T09:01:00Z"
}))]
struct MemberView {
    contact_id: Uuid,
    /// Null for a contact that is no more.
    contact_name: Option<String>,
    /// waiting, planned, calling, completed, failed, unknown, skipped or cancelled.
    status: &'static str,
    /// Whether the person answered.
    success: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    session_id: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    provider_call_id: Option<String>,
    /// One of answered, voicemail, no_answer, busy, failed.
    #[schema(value_type = Option<String>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<Outcome>,
    /// One of confirmed, cancelled, rescheduled, no_action.
    #[schema(value_type = Option<String>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    appointment_action: Option<Action>,
    /// Why the call failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    /// Why the member was passed over.
    #[schema(value_type = Option<String>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    skip_reason: Option<SkipReason>,
    /// What each guard saw, of one passed over when the campaign began.
    #[schema(value_type = Vec<Object>)]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    decision: Vec<Decision>,
    /// From when a planned call may be placed.
    #[serde(skip_serializing_if = "Option::is_none")]
    due_at: Option<DateTime<Utc>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ended_at: Option<DateTime<Utc>>,
}

impl MemberView {
    fn new(member: &CampaignMemberRow, contact: &Contact, cancelled: bool) -> Self {
        let gone = contact.deleted.is_some();
        let mut view = Self {
            contact_id: member.contact.uuid(),
            contact_name: Some(contact.name.as_str().to_owned()).filter(|_| !gone),
            status: "waiting",
            success: false,
            session_id: None,
            provider_call_id: None,
            outcome: None,
            appointment_action: None,
            error: None,
            skip_reason: None,
            decision: member.decisions.clone(),
            due_at: None,
            ended_at: member.state.over_at(),
        };
        match &member.state {
            MemberState::Waiting { .. } if cancelled => view.status = "cancelled",
            MemberState::Waiting { not_before } => view.due_at = *not_before,
            MemberState::Planned { session, due } => {
                view.status = if cancelled { "cancelled" } else { "planned" };
                view.session_id = Some(session.uuid());
                view.due_at = Some(*due).filter(|_| !cancelled);
            }
            MemberState::Calling { session } => {
                view.status = "calling";
                view.session_id = Some(session.uuid());
            }
            MemberState::Skipped {
                reason, session, ..
            } => {
                view.status = "skipped";
                view.skip_reason = Some(*reason);
                view.session_id = session.map(|id| id.uuid());
            }
            MemberState::Settled { session, result } => {
                view.status = match result.status {
                    Status::Completed => "completed",
                    Status::Unknown => "unknown",
                    _ => "failed",
                };
                view.success = result.outcome == Some(Outcome::Answered);
                view.session_id = Some(session.uuid());
                view.provider_call_id = result.call_id.clone();
                view.outcome = result.outcome;
                view.appointment_action = result.action;
                view.error = result.error.clone();
            }
        }
        view
    }
}

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
    calls_completed: u32,
    calls_remaining: u32,
    /// Percent of the ended calls that a person answered; null before the first.
    #[schema(example = 83.3)]
    success_rate: Option<f64>,
    /// When its last call is placed, by what is known now; null while it or calling is paused, and once it is over.
    estimated_completion: Option<DateTime<Utc>>,
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
    /// A page of results, of the contacts you see, in the campaign's order.
    results: Vec<MemberView>,
    pagination: ResultsPagination,
}

/// How far a campaign is: counts, when it will be through, and what each call came to.
#[utoipa::path(
    get, path = "/api/groups/campaigns/{campaign_id}/status", tag = "campaigns",
    params(("campaign_id" = Uuid, Path, description = "The campaign"), PageParams),
    responses((status = 200, description = "The campaign", body = StatusView))
)]
pub(crate) async fn status(
    State(app): State<App>,
    who: Principal,
    request: RequestId,
    Path(id): Path<CampaignId>,
    Paged { page, .. }: Paged<Filters>,
) -> Result<Json<StatusView>, Problem> {
    let ts = app.tenant_of(&who).await?;
    let row = reach::campaign(&ts, &who, id).await?;
    let members = all_members(&ts, id).await?;
    let progress = progress(&row, &members);
    let state = shown_state(&row, &progress);
    let settings = ts.settings().await.map_err(store_problem)?;
    let estimate = match state.is_over() {
        true => None,
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
    let first = match cursor {
        Some((after, _)) => after as usize,
        None => (number as usize - 1).saturating_mul(page.page_size as usize),
    };
    let shown: Vec<&CampaignMemberRow> = members
        .iter()
        .skip(first)
        .take(page.page_size as usize)
        .collect();
    let end = first + shown.len();
    let next_cursor = match shown.last().filter(|_| end < members.len()) {
        Some(_) => Some(page.next_cursor(u32::try_from(end).unwrap_or(u32::MAX), number, None)?),
        None => None,
    };
    let ids: Vec<ContactId> = shown.iter().map(|member| member.contact).collect();
    let contacts = ts.contacts(&ids).await.map_err(store_problem)?;
    let contacts: HashMap<ContactId, Contact> = contacts
        .into_iter()
        .map(|(_, contact)| (contact.id, contact))
        .filter(|(_, contact)| reach::can_view(&who, contact))
        .collect();
    let cancelled = matches!(state, Stands::Cancelled { .. });
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
    let pagination = page.pagination(number, Some(members.len() as u64), next_cursor);
    let mut answer = view(&row, state, &progress, estimate);
    answer.custom_message = words.message.map(|text| text.into_string());
    answer.group_name = words.group_name.map(|name| name.as_str().to_owned());
    answer.results = results;
    answer.pagination = pagination.into();
    Ok(Json(answer))
}

async fn all_members(ts: &TenantStore, id: CampaignId) -> Result<Vec<CampaignMemberRow>, Problem> {
    ts.all_members(id, 0).await.map_err(store_problem)
}

fn view(
    row: &CampaignRow,
    state: Stands,
    Progress { tally, .. }: &Progress,
    estimate: Option<DateTime<Utc>>,
) -> StatusView {
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
        calls_completed: tally.completed,
        calls_remaining: tally.remaining(),
        success_rate: tally
            .success_per_mille()
            .map(|tenths| f64::from(tenths) / 10.0),
        estimated_completion: estimate,
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
