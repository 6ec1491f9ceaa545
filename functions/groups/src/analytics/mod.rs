//! Figures about groups (S2 Group Analytics): one group, several side by side, or all of them. They are counted from the
//! records when they are asked for, over the contacts that the asking person sees.

mod answer;
mod people;

use std::collections::BTreeSet;

use axum::extract::State;
use serde::Deserialize;
use serde_json::json;
use utoipa::IntoParams;
use vio_domain::analytics::{FEWEST_PEOPLE, Figures, Length, Period};
use vio_domain::bulk::MOST_CONTACTS;
use vio_domain::ids::{ContactId, GroupId};
use vio_domain::permission::Permission;
use vio_domain::settings::Settings;
use vio_http::{FieldProblem, Json, Kind, Path, Principal, Problem, Query, QueryParams, RequestId};
use vio_runtime::App;
use vio_runtime::web::{actor, sees_group, store_problem};
use vio_store::TenantStore;
use vio_store::groups::{GroupRow, MemberRow};
use vio_store::log::Entry;

use self::answer::{GroupAnalytics, GroupsAnalytics};
use crate::reach;

/// Groups that are compared at most.
const MOST_COMPARED: usize = 10;

/// Over how many days.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Span {
    /// 7, 30 (the default), 90 or 365 days up to now, in the business's time zone.
    #[param(value_type = Option<u16>, example = 30)]
    days: Option<u16>,
}

impl QueryParams for Span {}

/// Which groups, over how many days.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Compared {
    /// Two to ten ids, separated by commas.
    #[param(
        max_length = 400,
        example = "0192f0c1-2b3c-7def-8abc-0123456789ab,0192f0c1-2b3c-7def-8abc-0123456789ac"
    )]
    group_ids: String,
    /// 7, 30 (the default), 90 or 365 days up to now, in the business's time zone.
    #[param(value_type = Option<u16>, example = 30)]
    days: Option<u16>,
}

impl QueryParams for Compared {}

fn invalid(name: &str, detail: &str) -> Problem {
    Problem::new(Kind::InvalidParameter)
        .detail(format!("The parameter {name} is not valid. {detail}"))
        .error(FieldProblem::new(name, "invalid_value", detail))
}

fn period(days: Option<u16>, settings: &Settings, ts: &TenantStore) -> Result<Period, Problem> {
    let length = match days {
        None => Length::default(),
        Some(days) => Length::try_from(days).map_err(|_| invalid("days", "7, 30, 90 or 365."))?,
    };
    Ok(Period::last(length, settings.business.timezone, ts.now()))
}

/// A group with its figures; without any where it is too small to have them told (rules.md Privacy).
struct Counted {
    group: GroupRow,
    figures: Option<Figures>,
}

/// Figures are about contacts: without seeing any there are none.
fn sees_contacts(who: &Principal) -> Result<(), Problem> {
    match who.scope.view {
        Some(_) => Ok(()),
        None => Err(Problem::lacks(&[Permission::ViewContacts])),
    }
}

/// Counts the groups, each over its members that the person sees.
async fn count(
    ts: &TenantStore,
    who: &Principal,
    settings: &Settings,
    period: &Period,
    groups: Vec<GroupRow>,
) -> Result<Vec<Counted>, Problem> {
    let mut members: Vec<Vec<MemberRow>> = Vec::with_capacity(groups.len());
    for group in &groups {
        members.push(ts.everybody_in(group.id).await.map_err(store_problem)?);
    }
    let everybody: BTreeSet<ContactId> = members.iter().flatten().map(|row| row.contact).collect();
    if groups.len() > 1 && everybody.len() > MOST_CONTACTS {
        return Err(Problem::new(Kind::Conflict).detail(format!(
            "These groups have more than {MOST_CONTACTS} contacts together. Look at them one by one."
        )));
    }
    let known = people::read(ts, who, everybody).await?;
    Ok(groups
        .into_iter()
        .zip(members)
        .map(|(group, rows)| {
            let mut figures = Figures::new(period);
            for row in rows {
                if let Some(person) = known.get(&row.contact) {
                    figures.count(period, person.status, row.added_at, &person.calls);
                }
            }
            let few = settings.privacy.hipaa_mode && figures.members < FEWEST_PEOPLE;
            Counted {
                group,
                figures: (!few).then_some(figures),
            }
        })
        .collect())
}

/// What calls to a group's members came to, over the members that you see. Each figure has one formula, which its
/// description names.
#[utoipa::path(
    get, path = "/api/groups/{group_id}/analytics", tag = "groups",
    params(("group_id" = Uuid, Path, description = "The group"), Span),
    responses((status = 200, description = "The figures", body = GroupAnalytics))
)]
pub(crate) async fn one(
    State(app): State<App>,
    who: Principal,
    request: RequestId,
    Path(id): Path<GroupId>,
    Query(span): Query<Span>,
) -> Result<Json<GroupAnalytics>, Problem> {
    sees_contacts(&who)?;
    let (ts, settings) = app.tenant_with_settings(&who).await?;
    let group = reach::group(&ts, &who, id).await?;
    let period = period(span.days, &settings.settings, &ts)?;
    let counted = count(&ts, &who, &settings.settings, &period, vec![group]).await?;
    let entry = Entry::new("group.analytics_viewed", "group", id.uuid())
        .details(json!({ "days": span.days }));
    ts.log_access(&actor(&who, request), entry)
        .await
        .map_err(store_problem)?;
    let counted = counted.into_iter().next().ok_or_else(Problem::not_found)?;
    Ok(Json(GroupAnalytics::new(&counted, &period)))
}

/// The figures of every group in use that you see, and what they say together.
#[utoipa::path(
    get, path = "/api/groups/analytics", tag = "groups", params(Span),
    responses(
        (status = 200, description = "The figures", body = GroupsAnalytics),
        (status = 409, description = "They have more than 10,000 contacts together"),
    )
)]
pub(crate) async fn all(
    State(app): State<App>,
    who: Principal,
    request: RequestId,
    Query(span): Query<Span>,
) -> Result<Json<GroupsAnalytics>, Problem> {
    sees_contacts(&who)?;
    let (ts, settings) = app.tenant_with_settings(&who).await?;
    let period = period(span.days, &settings.settings, &ts)?;
    let mut groups = ts.all_groups().await.map_err(store_problem)?;
    groups.retain(|row| sees_group(&who, &row.visibility) && row.archived_at.is_none());
    let counted = count(&ts, &who, &settings.settings, &period, groups).await?;
    let entry = Entry::new("groups.analytics_viewed", "tenant", ts.id.uuid())
        .details(json!({ "groups": counted.len(), "days": span.days }));
    ts.log_access(&actor(&who, request), entry)
        .await
        .map_err(store_problem)?;
    Ok(Json(GroupsAnalytics::new(&counted, &period)))
}

/// The figures of two to ten groups side by side.
#[utoipa::path(
    get, path = "/api/groups/comparison", tag = "groups", params(Compared),
    responses(
        (status = 200, description = "The figures", body = GroupsAnalytics),
        (status = 409, description = "They have more than 10,000 contacts together"),
    )
)]
pub(crate) async fn compare(
    State(app): State<App>,
    who: Principal,
    request: RequestId,
    Query(compared): Query<Compared>,
) -> Result<Json<GroupsAnalytics>, Problem> {
    sees_contacts(&who)?;
    let (ts, settings) = app.tenant_with_settings(&who).await?;
    let period = period(compared.days, &settings.settings, &ts)?;
    let texts = compared.group_ids.split(',');
    let ids: Option<BTreeSet<GroupId>> = texts.map(|id| id.trim().parse().ok()).collect();
    let ids = ids
        .filter(|ids| (2..=MOST_COMPARED).contains(&ids.len()))
        .ok_or_else(|| {
            let detail = "Two to ten different ids, separated by commas.";
            invalid("group_ids", detail)
        })?;
    let mut groups = Vec::with_capacity(ids.len());
    for id in &ids {
        groups.push(reach::group(&ts, &who, *id).await?);
    }
    let counted = count(&ts, &who, &settings.settings, &period, groups).await?;
    let entry = Entry::new("groups.compared", "tenant", ts.id.uuid())
        .details(json!({ "groups": ids, "days": compared.days }));
    ts.log_access(&actor(&who, request), entry)
        .await
        .map_err(store_problem)?;
    Ok(Json(GroupsAnalytics::new(&counted, &period)))
}
