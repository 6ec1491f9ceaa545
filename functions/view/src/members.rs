//! The members of a group (S2 "Group Member Retrieval"), as the tenant's view has them.

use std::collections::{BTreeSet, HashMap};

use axum::extract::State;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;
use vio_domain::appointment::AppointmentStatus;
use vio_domain::ids::{GroupId, UserId};
use vio_domain::permission::Role;
use vio_http::page::PageParams;
use vio_http::{Json, Paged, Path, Principal, Problem, QueryParams, RequestId};
use vio_runtime::reach;
use vio_runtime::web::store_problem;
use vio_store::TenantStore;
use vio_store::log::Entry;
use vio_view::{Calls, Found};

use crate::ViewApp;
use crate::groups::Within;
use crate::list::ask;
use crate::params::Sent;

/// Which members to list, and how.
#[derive(Debug, Default, Deserialize, Serialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub(crate) struct MemberFilters {
    /// `name` (the default), `appointment_time`, `appointment_status`, `last_contact`, `call_attempts`, `created_at` or
    /// `added_to_group`. Whoever has none of it comes last.
    #[param(example = "name")]
    sort_by: Option<String>,
    /// `asc` (the default) or `desc`.
    #[param(example = "asc")]
    sort_direction: Option<String>,
    /// Status of the current appointment.
    #[param(example = "pending")]
    status_filter: Option<String>,
    /// As `search` of `GET /api/contacts`.
    #[param(max_length = 200)]
    search: Option<String>,
}

impl QueryParams for MemberFilters {}

impl MemberFilters {
    fn within(&self) -> Within {
        Within {
            sort_by: self.sort_by.clone(),
            sort_direction: self.sort_direction.clone(),
            status_filter: self.status_filter.clone(),
            search: self.search.clone(),
            ..Within::default()
        }
    }

    fn applied(&self) -> Value {
        json!({
            "status_filter": self.status_filter,
            "search_term": self.search,
            "sort_by": self.sort_by.as_deref().unwrap_or("name"),
            "sort_direction": self.sort_direction.as_deref().unwrap_or("asc"),
        })
    }
}

/// The group that was listed.
#[derive(Serialize, ToSchema)]
struct GroupInfo {
    id: Uuid,
    #[schema(example = "Follow-up")]
    name: String,
    description: Option<String>,
    #[schema(example = "#F59E0B")]
    color: &'static str,
    /// All contacts in it, those included that you do not see.
    total_members: u32,
}

/// A contact in a group.
#[derive(Serialize, ToSchema)]
#[schema(as = GroupMember)]
struct Member {
    id: Uuid,
    #[schema(example = "Ada Example")]
    name: String,
    phone: Option<String>,
    email: Option<String>,
    appointment_time: Option<DateTime<Utc>>,
    #[schema(value_type = String, example = "pending")]
    appointment_status: AppointmentStatus,
    /// Null for a sensitive type where you may only look, and in HIPAA mode for all but administrators.
    appointment_type: Option<String>,
    appointment_duration: Option<u16>,
    owner_name: Option<String>,
    date_added_to_group: Option<DateTime<Utc>>,
    /// The user's id.
    added_by_user: Option<Uuid>,
    added_by_name: Option<String>,
    /// The other groups it is in, of those that you see.
    other_groups: Vec<Uuid>,
    call_attempts: u32,
    last_contact_time: Option<DateTime<Utc>>,
    next_scheduled_call: Option<DateTime<Utc>>,
    /// Percent of the calls to this contact that were answered; 0 without calls.
    call_success_rate: f64,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

vio_http::pagination! {
    /// Where the list of members stands.
    MembersPagination = "total_members"
}

/// A page of a group's members.
#[derive(Serialize, ToSchema)]
pub(crate) struct Members {
    group_info: GroupInfo,
    members: Vec<Member>,
    pagination: MembersPagination,
    /// What the list was narrowed by.
    #[schema(value_type = Object)]
    filters_applied: Value,
}

/// Percent of a contact's calls that were answered, to two places; 0 without calls.
fn success_rate(calls: &Calls) -> f64 {
    if calls.made == 0 {
        return 0.0;
    }
    let percent = f64::from(calls.answered) * 100.0 / f64::from(calls.made);
    (percent * 100.0).round() / 100.0
}

fn member(found: Found, group: GroupId, types: bool, names: &HashMap<UserId, String>) -> Member {
    let (card, here) = (found.contact, found.within);
    let added_by = here.as_ref().and_then(|of| of.added_by);
    let others = card.groups.iter().filter(|of| of.id != group);
    let at = card.appointment.as_ref();
    let created_at = card.created_at.unwrap_or_default();
    Member {
        id: card.id.uuid(),
        appointment_status: card.status(),
        appointment_time: at.and_then(|a| a.time),
        appointment_type: at
            .and_then(|a| a.appointment_type.clone())
            .filter(|_| types),
        appointment_duration: at.and_then(|a| a.duration),
        owner_name: at.and_then(|a| a.owner_name.clone()),
        date_added_to_group: here.and_then(|of| of.added_at),
        added_by_user: added_by.map(UserId::uuid),
        added_by_name: added_by.and_then(|id| names.get(&id).cloned()),
        other_groups: others.map(|of| of.id.uuid()).collect(),
        call_attempts: at.map_or(0, |a| a.call_attempts),
        last_contact_time: card.last_contact_time,
        next_scheduled_call: card.next_call_at,
        call_success_rate: success_rate(&card.calls),
        created_at,
        updated_at: card.updated_at.unwrap_or(created_at),
        name: card.name,
        phone: card.phone,
        email: card.email,
    }
}

/// The names of those who put the members in.
async fn names_of(
    tenant: &TenantStore,
    users: BTreeSet<UserId>,
) -> Result<HashMap<UserId, String>, Problem> {
    let mut names = HashMap::new();
    for user in users {
        if let Some(known) = tenant.user(user).await.map_err(store_problem)? {
            let known = tenant.open_personal(&known).map_err(store_problem)?;
            names.insert(user, known.full_name.as_str().to_owned());
        }
    }
    Ok(names)
}

/// The members of a group that you see. Entered into the audit with the ids shown.
#[utoipa::path(get, path = "/api/groups/{group_id}/members", tag = "groups",
    params(("group_id" = Uuid, Path, description = "The group"), MemberFilters, PageParams),
    responses((status = 200, description = "A page of members", body = Members)))]
pub(crate) async fn members(
    State(view): State<ViewApp>,
    principal: Principal,
    request: RequestId,
    Path(id): Path<GroupId>,
    Paged { filters, page }: Paged<MemberFilters>,
) -> Result<Json<Members>, Problem> {
    let params = filters.within().params(Some(id))?;
    let asked = ask(&view, &principal, &params, &page, Sent::OfGroup).await?;
    let group = reach::group(&asked.tenant, &principal, id).await?;
    let entry = Entry::new("group.members_viewed", "group", id.uuid())
        .version(group.edit_version)
        .details(json!({
            "filters": filters.applied(), "page": asked.number, "contacts": asked.ids(),
        }));
    asked.log(&principal, request, entry).await?;
    let memberships = asked.page.rows.iter().filter_map(|row| row.within.as_ref());
    let users = memberships.filter_map(|of| of.added_by).collect();
    let names = names_of(&asked.tenant, users).await?;
    // In HIPAA mode a group is shown with no more than is needed.
    let types = !asked.settings.privacy.hipaa_mode || principal.role == Role::ClientAdmin;
    let rows = asked.page.rows.into_iter();
    Ok(Json(Members {
        members: rows.map(|row| member(row, id, types, &names)).collect(),
        group_info: GroupInfo {
            id: id.uuid(),
            name: group.name.as_str().to_owned(),
            description: group.description.map(|text| text.into_string()),
            color: group.color.hex(),
            total_members: group.members,
        },
        pagination: asked.pagination.into(),
        filters_applied: filters.applied(),
    }))
}
