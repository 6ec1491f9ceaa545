//! Groups that the business's contacts suggest. They do not fill themselves: a person accepts one, and what belongs into
//! its group later is suggested again (S2 "Smart Group Suggestions", rules.md Groups).

use std::collections::{BTreeMap, BTreeSet};

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;
use vio_domain::bulk::MOST_CONTACTS;
use vio_domain::groups::suggestions::{Suggester, Suggestion, enough};
use vio_domain::groups::{GroupDescription, GroupName, Visibility};
use vio_domain::ids::{ContactId, GroupId};
use vio_domain::settings::{Sensitivity, Settings};
use vio_http::query::NoParams;
use vio_http::{
    Fields, Idempotent, Json, Kind, Path, Principal, Problem, Query, RequestId, Validate,
};
use vio_runtime::App;
use vio_runtime::matching::each_contact;
use vio_runtime::reach::can_edit;
use vio_runtime::web::{actor, sees_group, store_problem};
use vio_store::TenantStore;
use vio_store::groups::GroupRow;
use vio_store::log::Entry;

use crate::body::GroupView;
use crate::make::{Make, New};
use crate::one::answer_with;
use crate::reach;

/// A group that is suggested.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = GroupSuggestion, example = json!({
    "id": "6f1c…", "kind": "appointment_type", "suggested_name": "Hair Color Clients",
    "description": "Contacts with Hair Color appointments", "estimated_members": 15, "color": "#8B5CF6",
    "criteria": "appointment_type = 'hair color'", "business_value": "Target calling campaigns for Hair Color services",
    "group_id": null
}))]
pub(crate) struct View {
    id: String,
    /// appointment_type, provider, new, follow_up, booking_source or status.
    kind: &'static str,
    suggested_name: String,
    description: String,
    /// Contacts that accepting it puts into the group.
    estimated_members: usize,
    color: &'static str,
    criteria: String,
    business_value: String,
    /// The group made of it before: accepting puts those into it that belong there and are not in it.
    group_id: Option<Uuid>,
}

/// What is suggested.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct GroupSuggestions {
    suggestions: Vec<View>,
}

/// A suggestion, with the group made of it before.
struct Offer {
    id: String,
    suggestion: Suggestion,
    group: Option<GroupId>,
}

impl From<&Offer> for View {
    fn from(offer: &Offer) -> Self {
        let one = &offer.suggestion;
        Self {
            id: offer.id.clone(),
            kind: one.kind.as_str(),
            suggested_name: one.name.clone(),
            description: one.description.clone(),
            estimated_members: one.members.len(),
            color: one.color.hex(),
            criteria: one.criteria(),
            business_value: one.business_value.clone(),
            group_id: offer.group.map(GroupId::uuid),
        }
    }
}

fn source(suggestion: &Suggestion) -> String {
    format!("suggestion\n{}", suggestion.key())
}

async fn offers(
    ts: &TenantStore,
    who: &Principal,
    settings: &Settings,
) -> Result<Vec<Offer>, Problem> {
    let mut suggester = Suggester::new(settings.business.business_type);
    each_contact(
        ts,
        who,
        |_| false,
        |facts| {
            let kind = facts.current.and_then(|a| a.appointment_type.as_ref());
            let listed = kind.and_then(|kind| settings.appointment_type(kind.as_str()));
            let plain = listed.is_none_or(|kind| kind.sensitivity != Sensitivity::Sensitive);
            if can_edit(who, facts.contact) {
                suggester.see(facts, plain);
            }
        },
    )
    .await
    .map_err(store_problem)?;
    let groups = ts.all_groups().await.map_err(store_problem)?;
    let mut made: BTreeMap<String, &GroupRow> = BTreeMap::new();
    for group in &groups {
        let open = group.archived_at.is_none() && sees_group(who, &group.visibility);
        if let Some(from) = group.made_from.filter(|_| open) {
            made.insert(from.to_string(), group);
        }
    }
    let (mut fresh, mut offers) = (Vec::new(), Vec::new());
    for mut suggestion in suggester.every() {
        let id = ts.group_source(&source(&suggestion)).to_string();
        let Some(group) = made.get(&id) else {
            fresh.push(suggestion);
            continue;
        };
        let rows = ts.everybody_in(group.id).await.map_err(store_problem)?;
        let known: BTreeSet<ContactId> = rows.into_iter().map(|row| row.contact).collect();
        suggestion
            .members
            .retain(|contact| !known.contains(contact));
        if !suggestion.members.is_empty() {
            offers.push(Offer {
                id,
                suggestion,
                group: Some(group.id),
            });
        }
    }
    offers.extend(enough(fresh).into_iter().map(|suggestion| Offer {
        id: ts.group_source(&source(&suggestion)).to_string(),
        suggestion,
        group: None,
    }));
    offers.sort_by_key(|offer| offer.suggestion.kind);
    Ok(offers)
}

/// The groups that your contacts suggest, and those made of suggestions into which more belong by now.
#[utoipa::path(
    get, path = "/api/groups/suggestions", tag = "groups",
    responses((status = 200, description = "What is suggested", body = GroupSuggestions))
)]
pub(crate) async fn list(
    State(app): State<App>,
    who: Principal,
    request: RequestId,
    Query(NoParams {}): Query<NoParams>,
) -> Result<Json<GroupSuggestions>, Problem> {
    let (ts, settings) = app.tenant_with_settings(&who).await?;
    let offers = offers(&ts, &who, &settings.settings).await?;
    let entry = Entry::new("group_suggestions.viewed", "tenant", ts.id.uuid())
        .details(json!({ "suggestions": offers.len() }));
    ts.log_access(&actor(&who, request), entry)
        .await
        .map_err(store_problem)?;
    Ok(Json(GroupSuggestions {
        suggestions: offers.iter().map(View::from).collect(),
    }))
}

/// How a suggestion is accepted.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = AcceptSuggestion, example = json!({}))]
pub(crate) struct Accept {
    /// Another name than the suggested one.
    name: Option<String>,
    /// The number that was shown: where it is another by now, nothing is done (409).
    estimated_members: Option<u32>,
}

pub(crate) struct Wish {
    name: Option<GroupName>,
    estimated: Option<usize>,
}

impl Validate for Accept {
    type Domain = Wish;

    fn validate(self, fields: &mut Fields) -> Option<Wish> {
        let name = self
            .name
            .and_then(|name| fields.take("/name", GroupName::parse(&name)));
        fields.is_clean().then_some(Wish {
            name,
            estimated: self.estimated_members.map(|count| count as usize),
        })
    }
}

/// Makes the suggested group with exactly the estimated members, or puts those into the one made before that belong into
/// it by now.
#[utoipa::path(
    post, path = "/api/groups/suggestions/{suggestion_id}/accept", tag = "groups", request_body = Accept,
    params(("suggestion_id" = String, Path, description = "The suggestion")),
    responses(
        (status = 200, description = "Put into the group made before", body = GroupView),
        (status = 201, description = "Made", body = GroupView, headers(("location" = String, description = "The group"))),
        (status = 409, description = "The name is taken, or others belong into it than were shown"),
    )
)]
pub(crate) async fn accept(
    State(app): State<App>,
    who: Principal,
    request: RequestId,
    Path(id): Path<String>,
    Query(NoParams {}): Query<NoParams>,
    Idempotent { body, keyed }: Idempotent<Accept>,
) -> Result<Response, Problem> {
    let (ts, settings) = app.tenant_with_settings(&who).await?;
    let by = actor(&who, request);
    let (app, ts, by, who) = (&app, &ts, &by, &who);
    app.once(who.tenant_id, keyed, async move |operation| {
        let wish = body.validated()?;
        let offers = offers(ts, who, &settings.settings).await?;
        let offer = offers.into_iter().find(|offer| offer.id == id);
        let Offer {
            suggestion, group, ..
        } = offer.ok_or_else(Problem::not_found)?;
        let count = suggestion.members.len();
        if wish.estimated.is_some_and(|shown| shown != count) {
            return Err(Problem::new(Kind::Conflict).detail(format!(
                "By now {count} contacts belong into this group. Look at the suggestion again."
            )));
        }
        if count > MOST_CONTACTS {
            return Err(Problem::new(Kind::Conflict).detail(format!(
                "At most {MOST_CONTACTS} contacts are put into a group at a time."
            )));
        }
        let make = Make { app, ts, who, by };
        if let Some(group) = group {
            let job = make.put_in(operation, group, &suggestion.members).await?;
            let row = reach::group(ts, who, group).await?;
            return Ok(answer_with(StatusCode::OK, &row, job));
        }
        let name = match wish.name {
            Some(name) => name,
            None => {
                GroupName::parse(&suggestion.name).map_err(|error| Problem::internal(&error))?
            }
        };
        let new = New {
            name,
            description: GroupDescription::parse(&suggestion.description).ok(),
            color: suggestion.color,
            icon: None,
            visibility: Visibility::default(),
            made_from: Some(source(&suggestion)),
        };
        let (group, job) = make.group(operation, new, &suggestion.members).await?;
        let row = reach::group(ts, who, group).await?;
        Ok(answer_with(StatusCode::CREATED, &row, job))
    })
    .await
}
