//! Beginning a campaign, or saying what it would do.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use http::StatusCode;
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;
use vio_domain::calendar::PermittedWindows;
use vio_domain::calling::guards::Decision;
use vio_domain::campaigns::forecast::Foreseen;
use vio_domain::campaigns::{Campaign, MOST_MEMBERS, SkipReason, Source};
use vio_domain::contact::ContactMethod;
use vio_domain::ids::{CampaignId, ContactId, GroupId};
use vio_domain::settings::Price;
use vio_http::idempotency::once;
use vio_http::query::NoParams;
use vio_http::{
    FieldProblem, Fields, Idempotent, Json, Kind, Path, Principal, Problem, Query, RequestId,
};
use vio_runtime::App;
use vio_runtime::web::{actor, store_problem};
use vio_store::TenantStore;
use vio_store::calling::grant::Dialling;
use vio_store::calling::rows::GateRow;
use vio_store::campaigns::{CampaignWords, Estimate, Judged, NewCampaign, Started};
use vio_store::groups::GroupRow;
use vio_store::log::{Actor, Entry};
use vio_store::tenants::{TenantSettings, TenantStatus};

use crate::body::{Asked, CallAll, CallSelection, refused};
use crate::{reach, wake};

/// How often a start is decided again where the group changed meanwhile.
const TRIES: usize = 4;
/// Members read at a time.
const PAGE: u32 = 500;

/// An amount of money.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CampaignCost, example = json!({"amount_minor": 720, "currency": "GBP"}))]
pub(crate) struct Cost {
    /// In the currency's smallest unit.
    amount_minor: u64,
    currency: String,
}

impl Cost {
    fn of(price: Price, calls: usize) -> Self {
        Self {
            amount_minor: u64::from(price.amount_minor()) * calls as u64,
            currency: price.currency().to_string(),
        }
    }
}

/// Something to know before people are rung.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CampaignWarning)]
struct Warning {
    /// For programs: calling_paused, outside_call_hours, prefers_another_channel, members_out_of_reach.
    #[schema(value_type = String, example = "outside_call_hours")]
    code: &'static str,
    /// For people.
    detail: String,
}

/// A campaign that was begun.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CampaignStarted, example = json!({
    "success": true, "campaign_id": "0192f0c1-2b3c-7def-8abc-0123456789ab",
    "group_id": "0192f0c1-2b3c-7def-8abc-0123456789ac", "group_name": "Follow-up", "total_members": 60,
    "to_be_called": 58, "skipped": {"called_recently": 2}, "call_type": "immediate", "status": "preparing",
    "starts_at": "2026-03-02T09:00:00Z", "estimated_completion": "2026-03-02T09:30:02Z",
    "estimated_cost": {"amount_minor": 696, "currency": "GBP"},
    "status_endpoint": "/api/groups/campaigns/0192f0c1-2b3c-7def-8abc-0123456789ab/status",
    "message": "Bulk call campaign started for 60 members", "warnings": []
}))]
pub(crate) struct Begun {
    success: bool,
    campaign_id: Uuid,
    group_id: Option<Uuid>,
    /// Null for a selection.
    group_name: Option<String>,
    total_members: usize,
    /// By what is known now.
    to_be_called: usize,
    /// Members passed over, by reason.
    #[schema(value_type = Object)]
    skipped: BTreeMap<SkipReason, usize>,
    /// immediate, scheduled or staggered.
    call_type: &'static str,
    status: &'static str,
    /// From when it calls: the first permitted instant at or after the one asked for.
    starts_at: DateTime<Utc>,
    /// When its last call is placed, under today's limits and hours; null while calling is paused.
    estimated_completion: Option<DateTime<Utc>>,
    /// Absent where the business has no price per call.
    #[serde(skip_serializing_if = "Option::is_none")]
    estimated_cost: Option<Cost>,
    status_endpoint: String,
    message: String,
    warnings: Vec<Warning>,
}

/// What would become of one member.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CampaignDryRunMember)]
struct Member {
    contact_id: Uuid,
    contact_name: Option<String>,
    appointment_id: Option<Uuid>,
    would_call: bool,
    /// Why not.
    #[schema(value_type = Option<String>, example = "called_recently")]
    #[serde(skip_serializing_if = "Option::is_none")]
    skip_reason: Option<SkipReason>,
    /// When.
    #[serde(skip_serializing_if = "Option::is_none")]
    estimated_at: Option<DateTime<Utc>>,
    /// What each guard saw, as it would be written down.
    #[schema(value_type = Vec<Object>)]
    decision: Vec<Decision>,
}

/// What a campaign would do.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CampaignDryRun)]
pub(crate) struct DryRun {
    dry_run: bool,
    group_id: Option<Uuid>,
    group_name: Option<String>,
    total_members: usize,
    to_be_called: usize,
    /// Members passed over, by reason.
    #[schema(value_type = Object)]
    skipped: BTreeMap<SkipReason, usize>,
    call_type: &'static str,
    starts_at: DateTime<Utc>,
    estimated_completion: Option<DateTime<Utc>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    estimated_cost: Option<Cost>,
    /// How to stop it once it runs.
    how_to_stop: &'static str,
    members: Vec<Member>,
    warnings: Vec<Warning>,
}

/// Calls everybody in a group: at once, at an instant, or spread. Members are those of this moment, whatever becomes of
/// the group.
#[utoipa::path(
    post, path = "/api/groups/{group_id}/call-all", tag = "campaigns", request_body = CallAll,
    params(("group_id" = Uuid, Path, description = "The group")),
    responses(
        (status = 202, description = "Begun", body = Begun),
        (status = 200, description = "With dry_run: what it would do", body = DryRun),
        (status = 409, description = "Five campaigns run already (they are named), or calling is not set up"),
        (status = 422, description = "The group is empty, or has more than 1,000 members"),
    )
)]
pub(crate) async fn call_all(
    State(app): State<App>,
    who: Principal,
    request: RequestId,
    Path(group): Path<GroupId>,
    Query(NoParams {}): Query<NoParams>,
    Idempotent { body, keyed }: Idempotent<CallAll>,
) -> Result<Response, Problem> {
    let ts = app.tenant_of(&who).await?;
    reach::group(&ts, &who, group).await?;
    let answers = app.answers.clone();
    let (tenant, fresh) = (who.tenant_id, ts.new_id());
    let begin = Begin {
        by: actor(&who, request),
        app,
        ts,
        who,
        dry_run: body.dry_run,
    };
    once(&answers, tenant, keyed, fresh, |operation| async move {
        let settings = begin.ts.settings().await.map_err(store_problem)?;
        let mut fields = Fields::default();
        let asked = body.judge(&settings.settings, begin.ts.now(), &mut fields);
        let Some(asked) = asked.filter(|_| fields.is_clean()) else {
            return Err(refused(fields));
        };
        begin
            .group(CampaignId::new(operation), group, &settings, asked)
            .await
    })
    .await
}

/// Calls selected contacts, at most 100.
#[utoipa::path(
    post, path = "/api/campaigns", tag = "campaigns", request_body = CallSelection,
    responses(
        (status = 202, description = "Begun", body = Begun),
        (status = 200, description = "With dry_run: what it would do", body = DryRun),
        (status = 409, description = "Five campaigns run already (they are named), or calling is not set up"),
    )
)]
pub(crate) async fn selection(
    State(app): State<App>,
    who: Principal,
    request: RequestId,
    Query(NoParams {}): Query<NoParams>,
    Idempotent { body, keyed }: Idempotent<CallSelection>,
) -> Result<Response, Problem> {
    let ts = app.tenant_of(&who).await?;
    let answers = app.answers.clone();
    let (tenant, fresh) = (who.tenant_id, ts.new_id());
    let begin = Begin {
        by: actor(&who, request),
        app,
        ts,
        who,
        dry_run: body.how.dry_run,
    };
    once(&answers, tenant, keyed, fresh, |operation| async move {
        let settings = begin.ts.settings().await.map_err(store_problem)?;
        let mut fields = Fields::default();
        let contacts = body.contacts(&mut fields);
        let asked = body
            .how
            .judge(&settings.settings, begin.ts.now(), &mut fields);
        let Some(asked) = asked.filter(|_| fields.is_clean()) else {
            return Err(refused(fields));
        };
        reach::selected(&begin.ts, &begin.who, &contacts).await?;
        let id = CampaignId::new(operation);
        let whom = Whom {
            group: None,
            members: contacts,
            out_of_reach: 0,
        };
        match begin.run(id, whom, &settings, &asked).await? {
            Some(answer) => Ok(answer),
            None => Err(Problem::new(Kind::Conflict)),
        }
    })
    .await
}

/// Whom a campaign is to call.
struct Whom {
    group: Option<GroupRow>,
    members: Vec<ContactId>,
    /// Members of the group that the person may not call.
    out_of_reach: usize,
}

/// Who begins it, and where.
struct Begin {
    app: App,
    ts: TenantStore,
    who: Principal,
    by: Actor,
    dry_run: bool,
}

impl Begin {
    async fn group(
        &self,
        id: CampaignId,
        group: GroupId,
        settings: &TenantSettings,
        asked: Asked,
    ) -> Result<Response, Problem> {
        for _ in 0..TRIES {
            let row = reach::group(&self.ts, &self.who, group).await?;
            let size = row.members as usize;
            if size == 0 {
                return Err(unfit(
                    0,
                    "empty_group",
                    "The group has no members to call.".into(),
                ));
            }
            if size > MOST_MEMBERS {
                let detail = format!(
                    "The group has {size} members; at most {MOST_MEMBERS} can be called at once."
                );
                return Err(unfit(size, "too_many_members", detail));
            }
            let all = self.members(group).await?;
            let total = all.len();
            let members = reach::callable(&self.ts, &self.who, all).await?;
            if members.is_empty() {
                let detail = "You may call none of the group's members.".into();
                return Err(unfit(size, "empty_group", detail));
            }
            let whom = Whom {
                out_of_reach: total - members.len(),
                group: Some(row),
                members,
            };
            if let Some(answer) = self.run(id, whom, settings, &asked).await? {
                return Ok(answer);
            }
        }
        Err(Problem::new(Kind::Conflict))
    }

    async fn members(&self, group: GroupId) -> Result<Vec<ContactId>, Problem> {
        let (mut all, mut last) = (Vec::new(), None);
        loop {
            let (rows, more) = self
                .ts
                .members(group, PAGE, last)
                .await
                .map_err(store_problem)?;
            last = rows.last().map(|row| row.contact);
            all.extend(rows.into_iter().map(|row| row.contact));
            if !more {
                return Ok(all);
            }
        }
    }

    /// Judges, foresees, and begins unless it is a dry run. None where the group changed meanwhile.
    async fn run(
        &self,
        id: CampaignId,
        whom: Whom,
        settings: &TenantSettings,
        asked: &Asked,
    ) -> Result<Option<Response>, Problem> {
        let (ts, now) = (&self.ts, self.ts.now());
        let business = &settings.settings.business;
        let hours = settings.settings.calls.call_hours;
        let windows = PermittedWindows::new(hours, &business.holidays, business.timezone);
        let wanted = asked.config.wanted_from(now);
        let starts_at = windows.next_permitted(wanted).unwrap_or(wanted);
        let source = match &whom.group {
            None => Source::Selection,
            Some(group) => Source::Group {
                group: group.id,
                visibility: group.visibility.clone(),
            },
        };
        let total = u32::try_from(whom.members.len()).unwrap_or(u32::MAX);
        let user = self.who.user_id;
        let campaign = Campaign::new(
            id,
            ts.id,
            source.clone(),
            asked.config,
            user,
            now,
            starts_at,
            total,
        );
        let gate = ts.gate(settings).await.map_err(store_problem)?;
        let (judged, estimate) = self.foresee(settings, &gate, &campaign, &whom).await?;
        let seen = Seen {
            settings,
            gate: &gate,
            whom: &whom,
            wanted,
            judged: &judged,
            estimate: &estimate,
        };
        if self.dry_run {
            let entry = Entry::new("campaign.foreseen", "tenant", ts.id.uuid())
                .details(json!({ "source": source, "members": whom.members }));
            ts.log_access(&self.by, entry)
                .await
                .map_err(store_problem)?;
            return Ok(Some(Json(seen.dry_run(&campaign)).into_response()));
        }
        if !settings.settings.integrations.retell.configured() {
            return Err(Problem::new(Kind::CallingNotConfigured));
        }
        let new = NewCampaign {
            id,
            source,
            members: whom.members.clone(),
            config: asked.config,
            words: CampaignWords {
                message: asked.message.clone(),
                group_name: whom.group.as_ref().map(|group| group.name.clone()),
            },
            started_by: user,
            starts_at,
        };
        for last in [false, true] {
            let started = ts
                .start_campaign(&new, whom.group.as_ref(), &self.by)
                .await
                .map_err(store_problem)?;
            match started {
                Started::Begun(row) => {
                    wake(&self.app, ts).await;
                    let begun = seen.begun(&row.campaign);
                    return Ok(Some((StatusCode::ACCEPTED, Json(begun)).into_response()));
                }
                Started::GroupChanged => return Ok(None),
                Started::TooMany(running) if last => return Err(too_many(ts, &running).await),
                // One of them may be through, and the pump has not looked since.
                Started::TooMany(_) => ts.finish_campaigns().await.map_err(store_problem)?,
            }
        }
        Ok(None)
    }

    async fn foresee(
        &self,
        settings: &TenantSettings,
        gate: &GateRow,
        campaign: &Campaign,
        whom: &Whom,
    ) -> Result<(Vec<Judged>, Estimate), Problem> {
        let tenant = self.app.store.tenant_row(self.ts.id).await;
        let tenant = tenant.map_err(store_problem)?;
        let limits = &self.app.platform.limits;
        let dialling = Dialling {
            settings,
            limits,
            fingerprint: "",
            tenant_active: tenant.is_some_and(|row| row.status == TenantStatus::Active),
        };
        let judged = self
            .ts
            .judge_members(
                dialling,
                gate,
                &campaign.config,
                &whom.members,
                campaign.starts_at,
            )
            .await
            .map_err(store_problem)?;
        let estimate = self
            .ts
            .foresee_new(&settings.settings, limits, gate, campaign, &judged)
            .await
            .map_err(store_problem)?;
        Ok((judged, estimate))
    }
}

/// 422 for a group that cannot be called, with its size.
fn unfit(members: usize, code: &'static str, detail: String) -> Problem {
    Problem::new(Kind::Validation)
        .detail(detail.clone())
        .error(FieldProblem::new("/group_id", code, detail))
        .with("total_members", members)
}

/// 409 with the campaigns that run.
async fn too_many(ts: &TenantStore, running: &[CampaignId]) -> Problem {
    let mut named = Vec::new();
    for id in running {
        let words = match ts.campaign(*id).await {
            Ok(Some(row)) => ts.campaign_words(&row),
            Ok(None) => continue,
            Err(error) => Err(error),
        };
        match words {
            Ok(words) => named.push(json!({
                "campaign_id": id, "group_name": words.group_name,
                "status_endpoint": status_endpoint(*id),
            })),
            Err(error) => return store_problem(error),
        }
    }
    Problem::new(Kind::TooManyCampaigns).with("running", named)
}

pub(crate) fn status_endpoint(id: CampaignId) -> String {
    format!("/api/groups/campaigns/{id}/status")
}

/// What was found out about a campaign before it begins.
struct Seen<'a> {
    settings: &'a TenantSettings,
    gate: &'a GateRow,
    whom: &'a Whom,
    wanted: DateTime<Utc>,
    judged: &'a [Judged],
    estimate: &'a Estimate,
}

impl Seen<'_> {
    fn skipped(&self) -> BTreeMap<SkipReason, usize> {
        let mut skipped = BTreeMap::new();
        for one in &self.estimate.members {
            if let Foreseen::Skipped(reason) = one {
                *skipped.entry(*reason).or_default() += 1;
            }
        }
        skipped
    }

    fn calls(&self) -> usize {
        let skipped: usize = self.skipped().values().sum();
        self.judged.len() - skipped
    }

    fn cost(&self) -> Option<Cost> {
        let price = self.settings.settings.calls.price_per_call?;
        Some(Cost::of(price, self.calls()))
    }

    fn warnings(&self, campaign: &Campaign) -> Vec<Warning> {
        let mut warnings = Vec::new();
        if self.gate.gate.paused().is_some() {
            warnings.push(Warning {
                code: "calling_paused",
                detail: "Calling is paused for this business; nobody is rung until it is resumed."
                    .into(),
            });
        }
        if self.wanted < campaign.starts_at {
            warnings.push(Warning {
                code: "outside_call_hours",
                detail: "Outside the call hours: it begins when they open.".into(),
            });
        }
        let others = self
            .judged
            .iter()
            .filter(|one| one.skip.is_none() && one.preferred != ContactMethod::Voice);
        let others = others.count();
        if others > 0 {
            warnings.push(Warning {
                code: "prefers_another_channel",
                detail: format!(
                    "{others} of them prefer messages to calls; they are called regardless."
                ),
            });
        }
        let unreached = self.whom.out_of_reach;
        if unreached > 0 {
            warnings.push(Warning {
                code: "members_out_of_reach",
                detail: format!("{unreached} members are not yours to call; they are left out."),
            });
        }
        warnings
    }

    fn group(&self) -> (Option<Uuid>, Option<String>) {
        let group = self.whom.group.as_ref();
        (
            group.map(|group| group.id.uuid()),
            group.map(|group| group.name.as_str().to_owned()),
        )
    }

    fn begun(&self, campaign: &Campaign) -> Begun {
        let (group_id, group_name) = self.group();
        let total = self.judged.len();
        Begun {
            success: true,
            campaign_id: campaign.id.uuid(),
            group_id,
            group_name,
            total_members: total,
            to_be_called: self.calls(),
            skipped: self.skipped(),
            call_type: campaign.config.timing.name(),
            status: campaign.state.name(),
            starts_at: campaign.starts_at,
            estimated_completion: self.estimate.completion,
            estimated_cost: self.cost(),
            status_endpoint: status_endpoint(campaign.id),
            message: format!("Bulk call campaign started for {total} members"),
            warnings: self.warnings(campaign),
        }
    }

    fn dry_run(&self, campaign: &Campaign) -> DryRun {
        let (group_id, group_name) = self.group();
        let members = self.judged.iter().zip(&self.estimate.members);
        let members = members.map(|(one, foreseen)| {
            let skip_reason = match foreseen {
                Foreseen::Skipped(reason) => Some(*reason),
                _ => None,
            };
            Member {
                contact_id: one.contact.uuid(),
                contact_name: one.name.as_ref().map(|name| name.as_str().to_owned()),
                appointment_id: one.appointment.map(|id| id.uuid()),
                would_call: skip_reason.is_none(),
                skip_reason,
                estimated_at: match foreseen {
                    Foreseen::At(at) => Some(*at),
                    _ => None,
                },
                decision: one.decisions.clone(),
            }
        });
        DryRun {
            dry_run: true,
            group_id,
            group_name,
            total_members: self.judged.len(),
            to_be_called: self.calls(),
            skipped: self.skipped(),
            call_type: campaign.config.timing.name(),
            starts_at: campaign.starts_at,
            estimated_completion: self.estimate.completion,
            estimated_cost: self.cost(),
            how_to_stop: "Pause or cancel the campaign at any time: calls that are not under way yet are not made.",
            members: members.collect(),
            warnings: self.warnings(campaign),
        }
    }
}
