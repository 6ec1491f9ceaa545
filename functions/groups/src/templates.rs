//! Group templates: listed, and applied. Applying one proposes members by its criterion and shows them first (S2).

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;
use vio_domain::groups::templates::{Template, template, templates_for};
use vio_domain::groups::{GroupDescription, GroupName, Visibility};
use vio_domain::ids::ContactId;
use vio_http::query::NoParams;
use vio_http::{
    FieldProblem, Fields, Idempotent, Json, Principal, Problem, Query, RequestId, Validate,
};
use vio_runtime::App;
use vio_runtime::matching::members_matching;
use vio_runtime::web::{actor, store_problem};
use vio_store::TenantStore;
use vio_store::log::Entry;

use crate::body::{GroupView, first_members};
use crate::make::{Make, New};
use crate::one::answer_with;
use crate::reach;

/// Members that a proposal names; the count covers all.
pub(crate) const SHOWN: usize = 100;

/// A group that many businesses of your kind have.
#[derive(Debug, Serialize, ToSchema)]
#[schema(example = json!({
    "id": "salon_color_clients", "business_type": "salon", "name": "Color Clients",
    "description": "Clients who regularly get hair color services", "color": "#8B5CF6",
    "suggested_criteria": "appointment_type_contains_color_highlight_balayage"
}))]
pub(crate) struct GroupTemplate {
    id: &'static str,
    business_type: &'static str,
    name: &'static str,
    description: &'static str,
    color: &'static str,
    /// Whom it proposes as members.
    suggested_criteria: &'static str,
}

impl From<&'static Template> for GroupTemplate {
    fn from(template: &'static Template) -> Self {
        Self {
            id: template.id,
            business_type: template.business.as_str(),
            name: template.name,
            description: template.description,
            color: template.color.hex(),
            suggested_criteria: template.criteria,
        }
    }
}

/// The templates of your kind of business.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct GroupTemplates {
    templates: Vec<GroupTemplate>,
}

/// The templates of your kind of business.
#[utoipa::path(
    get, path = "/api/groups/templates", tag = "groups",
    responses((status = 200, description = "The templates", body = GroupTemplates))
)]
pub(crate) async fn list(
    State(app): State<App>,
    who: Principal,
    Query(NoParams {}): Query<NoParams>,
) -> Result<Json<GroupTemplates>, Problem> {
    let (_, settings) = app.tenant_with_settings(&who).await?;
    let business = settings.settings.business.business_type;
    Ok(Json(GroupTemplates {
        templates: templates_for(business).map(GroupTemplate::from).collect(),
    }))
}

/// How a template is applied.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = ApplyTemplate, example = json!({"template": "salon_color_clients", "dry_run": true}))]
pub(crate) struct Apply {
    /// One of your kind of business.
    template: String,
    /// Only propose members.
    #[serde(default)]
    dry_run: bool,
    /// Another name than the template's.
    name: Option<String>,
    /// The contacts to put into it, at most 10,000; everybody proposed where left out.
    #[schema(value_type = Option<Vec<Uuid>>)]
    contact_ids: Option<Vec<String>>,
}

pub(crate) struct Wish {
    template: &'static Template,
    dry_run: bool,
    name: Option<GroupName>,
    contacts: Option<Vec<ContactId>>,
}

impl Validate for Apply {
    type Domain = Wish;

    fn validate(self, fields: &mut Fields) -> Option<Wish> {
        let name = self
            .name
            .and_then(|name| fields.take("/name", GroupName::parse(&name)));
        let contacts = self
            .contact_ids
            .map(|texts| first_members(fields, "/contact_ids", &texts));
        let unknown = ("not_offered", "There is no such template.");
        let template = fields.take("/template", template(&self.template).ok_or(unknown))?;
        fields.is_clean().then_some(Wish {
            template,
            dry_run: self.dry_run,
            name,
            contacts,
        })
    }
}

/// A contact that would be in a group.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ProposedMember)]
pub(crate) struct Proposed {
    id: Uuid,
    #[schema(example = "Ada Example")]
    name: String,
}

/// Who would be in a template's group.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TemplateProposal)]
pub(crate) struct Proposal {
    #[schema(example = "Color Clients")]
    name: String,
    estimated_members: usize,
    /// The first 100 of them.
    members: Vec<Proposed>,
}

/// The first of some contacts, with their names.
pub(crate) async fn named(ts: &TenantStore, ids: &[ContactId]) -> Result<Vec<Proposed>, Problem> {
    let some = &ids[..ids.len().min(SHOWN)];
    let mut rows = ts.contacts(some).await.map_err(store_problem)?;
    rows.sort_by_key(|(_, contact)| contact.id);
    let proposed = rows.into_iter().map(|(_, contact)| Proposed {
        id: contact.id.uuid(),
        name: contact.name.as_str().to_owned(),
    });
    Ok(proposed.collect())
}

/// Makes a template's group, with the contacts that its criterion proposes or those chosen of them. `dry_run` shows
/// first who they are.
#[utoipa::path(
    post, path = "/api/groups/templates/apply", tag = "groups", request_body = Apply,
    responses(
        (status = 200, description = "Who would be in it", body = Proposal),
        (status = 201, description = "Made", body = GroupView, headers(("location" = String, description = "The group"))),
        (status = 409, description = "The name is taken"),
    )
)]
pub(crate) async fn apply(
    State(app): State<App>,
    who: Principal,
    request: RequestId,
    Query(NoParams {}): Query<NoParams>,
    Idempotent { body, keyed }: Idempotent<Apply>,
) -> Result<Response, Problem> {
    let (ts, settings) = app.tenant_with_settings(&who).await?;
    let business = settings.settings.business.business_type;
    let by = actor(&who, request);
    let (app, ts, by, who) = (&app, &ts, &by, &who);
    app.once(who.tenant_id, keyed, async move |operation| {
        let wish = body.validated()?;
        let template = wish.template;
        if template.business != business {
            let detail = "There is no such template.";
            let wrong = FieldProblem::new("/template", "not_offered", detail);
            return Err(Problem::validation(vec![wrong]));
        }
        let name = match wish.name {
            Some(name) => name,
            None => GroupName::parse(template.name).map_err(|error| Problem::internal(&error))?,
        };
        let contacts = match wish.contacts {
            Some(chosen) => {
                reach::changeable(ts, who, "/contact_ids", &chosen, "change").await?;
                chosen
            }
            None => {
                let found = members_matching(ts, who, &template.criterion).await;
                let found = found.map_err(store_problem)?;
                found
                    .into_iter()
                    .filter(|(_, may)| *may)
                    .map(|(id, _)| id)
                    .collect()
            }
        };
        if wish.dry_run {
            let entry = Entry::new("group_template.previewed", "tenant", ts.id.uuid())
                .details(json!({ "template": template.id, "contacts": contacts.len() }));
            ts.log_access(by, entry).await.map_err(store_problem)?;
            return Ok(Json(Proposal {
                name: name.as_str().to_owned(),
                estimated_members: contacts.len(),
                members: named(ts, &contacts).await?,
            })
            .into_response());
        }
        let new = New {
            name,
            description: GroupDescription::parse(template.description).ok(),
            color: template.color,
            icon: None,
            visibility: Visibility::default(),
            made_from: Some(format!("template\n{}", template.id)),
        };
        let make = Make { app, ts, who, by };
        let (group, job) = make.group(operation, new, &contacts).await?;
        let row = reach::group(ts, who, group).await?;
        Ok(answer_with(StatusCode::CREATED, &row, job))
    })
    .await
}
