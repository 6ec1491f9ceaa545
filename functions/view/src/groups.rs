//! S2's own lists: by groups, ungrouped, the contacts of a group, with S2's names and answers.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};
use vio_domain::ids::GroupId;
use vio_http::page::PageParams;
use vio_http::{
    FieldProblem, Json, Kind, PageRequest, Paged, Path, Principal, Problem, QueryParams, RequestId,
};
use vio_store::log::Entry;
use vio_view::Params;

use crate::ViewApp;
use crate::answer::ContactFound;
use crate::list::{ContactsPagination, ask, rows};
use crate::params::Sent;

/// S2's filters of a list by groups.
#[derive(Debug, Clone, Default, Deserialize, Serialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub(crate) struct ByGroups {
    /// Groups, by id, separated by commas.
    group_ids: Option<String>,
    /// `or` (the default), `and`, or `not`.
    #[param(example = "or")]
    filter_logic: Option<String>,
    /// Those in no group as well; without `group_ids` they alone.
    include_ungrouped: Option<bool>,
    /// Status of the current appointment.
    #[param(example = "pending")]
    status_filter: Option<String>,
    /// As `search` of `GET /api/contacts`.
    #[param(max_length = 200)]
    search: Option<String>,
}

impl QueryParams for ByGroups {}

/// S2's filters within one group, or within none.
#[derive(Debug, Clone, Default, Deserialize, Serialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub(crate) struct Within {
    /// `name` (the default), `appointment_time`, `appointment_status`, `last_contact`, `call_attempts`, `created_at`, or
    /// in a group `added_to_group`.
    #[param(example = "name")]
    pub(crate) sort_by: Option<String>,
    /// `asc` (the default) or `desc`.
    #[param(example = "asc")]
    pub(crate) sort_direction: Option<String>,
    /// Status of the current appointment.
    #[param(example = "pending")]
    pub(crate) status_filter: Option<String>,
    /// What the last call came to: `success` or `failure`.
    pub(crate) call_status_filter: Option<String>,
    /// Current appointment on this day or later.
    #[param(example = "2027-01-18")]
    pub(crate) appointment_from: Option<String>,
    /// Current appointment on this day or earlier.
    #[param(example = "2027-01-22")]
    pub(crate) appointment_to: Option<String>,
    /// As `search` of `GET /api/contacts`.
    #[param(max_length = 200)]
    pub(crate) search: Option<String>,
}

impl QueryParams for Within {}

/// A page of contacts with what they were filtered by.
#[derive(Serialize, ToSchema)]
pub(crate) struct FilteredContacts {
    contacts: Vec<ContactFound>,
    pagination: ContactsPagination,
    /// What was asked, by S2's names.
    #[schema(value_type = Object)]
    filters_applied: Value,
}

fn not_offered(name: &'static str, offered: &str) -> Problem {
    let detail = format!("{name} takes {offered}.");
    Problem::new(Kind::InvalidParameter)
        .detail(format!("The parameter {name} is not valid: {detail}"))
        .error(FieldProblem::new(name, "not_offered", detail))
}

impl ByGroups {
    fn params(&self) -> Result<Params, Problem> {
        let logic = match self.filter_logic.as_deref() {
            None => None,
            Some("or") => Some("any"),
            Some("and") => Some("all"),
            Some("not") => Some("not"),
            Some(_) => return Err(not_offered("filter_logic", "or, and, not")),
        };
        let grouped = self.group_ids.is_some();
        let ungrouped = self.include_ungrouped.unwrap_or_default();
        Ok(Params {
            group_ids: self.group_ids.clone(),
            // S2's default says or, with and without groups.
            group_logic: logic.filter(|_| grouped).map(str::to_owned),
            include_ungrouped: (grouped && ungrouped).then_some(true),
            ungrouped: (!grouped && ungrouped).then_some(true),
            status: self.status_filter.clone(),
            search: self.search.clone(),
            sort: Some("name".to_owned()),
            ..Params::default()
        })
    }
}

impl Within {
    pub(crate) fn params(&self, group: Option<GroupId>) -> Result<Params, Problem> {
        const SORTS: &str = "name, appointment_time, appointment_status, last_contact, call_attempts, created_at, added_to_group";
        let by = self.sort_by.as_deref().unwrap_or("name");
        let offered = SORTS.split(", ").any(|sort| sort == by);
        if !offered || by == "added_to_group" && group.is_none() {
            return Err(not_offered("sort_by", SORTS));
        }
        let down = match self.sort_direction.as_deref() {
            None | Some("asc") => "",
            Some("desc") => "-",
            Some(_) => return Err(not_offered("sort_direction", "asc, desc")),
        };
        Ok(Params {
            group_ids: group.map(|id| id.to_string()),
            ungrouped: group.is_none().then_some(true),
            status: self.status_filter.clone(),
            call_result: self.call_status_filter.clone(),
            appointment_from: self.appointment_from.clone(),
            appointment_to: self.appointment_to.clone(),
            search: self.search.clone(),
            sort: Some(format!("{down}{by}")),
            ..Params::default()
        })
    }

    fn applied(&self) -> Value {
        json!({
            "status_filter": self.status_filter,
            "call_status_filter": self.call_status_filter,
            "appointment_from": self.appointment_from,
            "appointment_to": self.appointment_to,
            "search_term": self.search,
            "sort_by": self.sort_by.as_deref().unwrap_or("name"),
            "sort_direction": self.sort_direction.as_deref().unwrap_or("asc"),
        })
    }
}

async fn filtered(
    view: &ViewApp,
    principal: &Principal,
    request: RequestId,
    params: &Params,
    page: &PageRequest,
    sent: Sent,
    filters_applied: Value,
) -> Result<Json<FilteredContacts>, Problem> {
    let asked = ask(view, principal, params, page, sent).await?;
    let action = if params.search.is_some() {
        "contacts.searched"
    } else {
        "contacts.listed"
    };
    let entry = Entry::new(action, "tenant", asked.tenant.id.uuid()).details(json!({
        "filters": filters_applied, "page": asked.number, "contacts": asked.ids(),
    }));
    asked.log(principal, request, entry).await?;
    let (contacts, pagination) = rows(asked);
    Ok(Json(FilteredContacts {
        contacts,
        pagination,
        filters_applied,
    }))
}

/// Contacts by the groups they are in, by name (S2). Entered into the audit with the ids shown.
#[utoipa::path(get, path = "/api/contacts/by-groups", tag = "contacts", params(ByGroups, PageParams),
    responses((status = 200, body = FilteredContacts)))]
pub(crate) async fn by_groups(
    State(view): State<ViewApp>,
    principal: Principal,
    request: RequestId,
    Paged { filters, page }: Paged<ByGroups>,
) -> Result<Json<FilteredContacts>, Problem> {
    let params = filters.params()?;
    let applied = json!({
        "group_ids": filters.group_ids,
        "filter_logic": filters.filter_logic.as_deref().unwrap_or("or"),
        "include_ungrouped": filters.include_ungrouped.unwrap_or_default(),
        "status_filter": filters.status_filter,
        "search_term": filters.search,
    });
    let sent = Sent::InAddressOfS2;
    filtered(&view, &principal, request, &params, &page, sent, applied).await
}

/// Contacts in no group that you see (S2). Entered into the audit with the ids shown.
#[utoipa::path(get, path = "/api/contacts/ungrouped", tag = "contacts", params(Within, PageParams),
    responses((status = 200, body = FilteredContacts)))]
pub(crate) async fn ungrouped(
    State(view): State<ViewApp>,
    principal: Principal,
    request: RequestId,
    Paged { filters, page }: Paged<Within>,
) -> Result<Json<FilteredContacts>, Problem> {
    let params = filters.params(None)?;
    filtered(
        &view,
        &principal,
        request,
        &params,
        &page,
        Sent::InAddressOfS2,
        filters.applied(),
    )
    .await
}

/// The contacts of a group (S2). Entered into the audit with the ids shown.
#[utoipa::path(get, path = "/api/groups/{group_id}/contacts", tag = "groups",
    params(("group_id" = Uuid, Path, description = "The group"), Within, PageParams),
    responses((status = 200, body = FilteredContacts)))]
pub(crate) async fn contacts(
    State(view): State<ViewApp>,
    principal: Principal,
    request: RequestId,
    Path(group): Path<GroupId>,
    Paged { filters, page }: Paged<Within>,
) -> Result<Json<FilteredContacts>, Problem> {
    let params = filters.params(Some(group))?;
    let mut applied = filters.applied();
    applied["group_ids"] = json!([group]);
    filtered(
        &view,
        &principal,
        request,
        &params,
        &page,
        Sent::OfGroup,
        applied,
    )
    .await
}
