//! Beginning a campaign, or saying what it would do.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde_json::json;
use uuid::Uuid;
use vio_domain::calendar::PermittedWindows;
use vio_domain::campaigns::{Campaign, MOST_MEMBERS, Source};
use vio_domain::ids::{CampaignId, ContactId, GroupId};
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

use crate::answer::{Begun, DryRun, Seen};
use crate::body::{Asked, CallAll, CallSelection};
use crate::{answer, reach, wake};

/// How often a start is decided again where the group changed meanwhile.
const TRIES: usize = 4;
/// Members read at a time.
const PAGE: u32 = 500;

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
            return Err(Problem::from(fields));
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
    let by = actor(&who, request);
    once(&answers, tenant, keyed, fresh, |operation| async move {
        let mut fields = Fields::default();
        let contacts = body.contacts(&mut fields);
        let how = body.how();
        let selected = Selected {
            contacts,
            out_of_reach: 0,
        };
        let begin = (app, ts, who, by);
        call_selected(begin, operation, selected, (&how, ""), fields).await
    })
    .await
}

/// Contacts that were selected.
#[derive(Debug)]
pub struct Selected {
    /// Whom the caller may call.
    pub contacts: Vec<ContactId>,
    /// How many others there were.
    pub out_of_reach: usize,
}

/// Calls contacts, or says what that would do: the campaign of this id. `how` comes with its place in the body; `fields`
/// has what is wrong besides.
pub async fn call_selected(
    (app, ts, who, by): (App, TenantStore, Principal, Actor),
    operation: Uuid,
    Selected {
        contacts,
        out_of_reach,
    }: Selected,
    (how, at): (&CallAll, &str),
    mut fields: Fields,
) -> Result<Response, Problem> {
    let begin = Begin {
        app,
        ts,
        who,
        by,
        dry_run: how.dry_run,
    };
    let settings = begin.ts.settings().await.map_err(store_problem)?;
    let mut wrong = Fields::default();
    let asked = how.judge(&settings.settings, begin.ts.now(), &mut wrong);
    fields.within(at, wrong);
    let Some(asked) = asked.filter(|_| fields.is_clean()) else {
        return Err(fields.into());
    };
    reach::changeable(&begin.ts, &begin.who, "/contact_ids", &contacts, "call").await?;
    let id = CampaignId::new(operation);
    let whom = Whom {
        group: None,
        members: contacts,
        out_of_reach,
    };
    match begin.run(id, whom, &settings, &asked).await? {
        Some(answer) => Ok(answer),
        None => Err(Problem::new(Kind::Conflict)),
    }
}

/// Whom a campaign is to call.
pub(crate) struct Whom {
    pub(crate) group: Option<GroupRow>,
    members: Vec<ContactId>,
    /// Contacts besides that the person may not call.
    pub(crate) out_of_reach: usize,
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
            .foresee_new(settings, limits, gate, campaign, &judged)
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
                "status_endpoint": answer::status_endpoint(*id),
            })),
            Err(error) => return store_problem(error),
        }
    }
    Problem::new(Kind::TooManyCampaigns).with("running", named)
}
