//! Who is in a group (S2 "Group Member Retrieval", "Contact Assignment").

use std::collections::{BTreeMap, HashMap};

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;
use vio_domain::appointment::{Appointment, AppointmentStatus};
use vio_domain::contact::Contact;
use vio_domain::ids::{ContactId, GroupId, UserId};
use vio_domain::permission::Permission;
use vio_domain::settings::{Sensitivity, Settings};
use vio_http::idempotency::once;
use vio_http::page::PageParams;
use vio_http::query::NoParams;
use vio_http::{
    Fields, Idempotent, Json, Paged, Pagination, Path, Path2, Principal, Problem, Query,
    QueryParams, RequestId, Validate,
};
use vio_runtime::App;
use vio_runtime::web::{actor, sees_group, store_problem};
use vio_store::groups::{GroupRow, MemberRow};
use vio_store::log::Entry;

use crate::body::contact_ids;
use crate::reach::{self, can_edit, can_view, rows_before};

/// Members that one request looks through at most for somebody who reaches only some of them.
const EXAMINED: usize = 1_000;

/// Which members to list, and how.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Filters {}

impl QueryParams for Filters {
    const NOT_BUILT: &'static [&'static str] =
        &["sort_by", "sort_direction", "status_filter", "search"];
}

/// The group that was listed.
#[derive(Debug, Serialize, ToSchema)]
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
#[derive(Debug, Serialize, ToSchema)]
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
    /// Null for a sensitive type where you may only look.
    appointment_type: Option<String>,
    appointment_duration: Option<u16>,
    owner_name: Option<String>,
    date_added_to_group: DateTime<Utc>,
    /// The user's id.
    added_by_user: Option<Uuid>,
    /// The other groups it is in, of those that you see.
    other_groups: Vec<Uuid>,
    call_attempts: u32,
    last_contact_time: Option<DateTime<Utc>>,
    next_scheduled_call: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

vio_http::pagination! {
    /// Where the list of members stands.
    MembersPagination = "total_members"
}

/// A page of a group's members, longest known contact first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Members {
    group_info: GroupInfo,
    members: Vec<Member>,
    pagination: MembersPagination,
    /// What the list was narrowed by.
    #[schema(value_type = Object)]
    filters_applied: serde_json::Value,
}

type Seen = (MemberRow, Contact, Option<Appointment>);

fn view(
    who: &Principal,
    settings: &Settings,
    group: GroupId,
    others: &BTreeMap<GroupId, GroupRow>,
    (row, contact, current): &Seen,
) -> Member {
    let current = current.as_ref();
    let kind = current.and_then(|a| a.appointment_type.as_ref());
    let shown = |name: &str| {
        let listed = settings.appointment_type(name);
        let sensitive = listed.is_some_and(|entry| entry.sensitivity == Sensitivity::Sensitive);
        !sensitive || can_edit(who, contact)
    };
    Member {
        id: contact.id.uuid(),
        name: contact.name.as_str().to_owned(),
        phone: contact
            .phone
            .as_ref()
            .map(|phone| phone.as_str().to_owned()),
        email: contact
            .email
            .as_ref()
            .map(|email| email.as_str().to_owned()),
        appointment_time: current.map(|a| a.time),
        appointment_status: current.map(|a| a.status).unwrap_or_default(),
        appointment_type: kind
            .map(|name| name.as_str().to_owned())
            .filter(|name| shown(name)),
        appointment_duration: current.and_then(|a| a.duration).map(u16::from),
        owner_name: current
            .and_then(|a| a.owner_name.as_ref())
            .map(|name| name.as_str().to_owned()),
        date_added_to_group: row.added_at,
        added_by_user: row.added_by.map(UserId::uuid),
        other_groups: contact
            .group_ids
            .iter()
            .filter(|id| **id != group && others.contains_key(id))
            .map(|id| id.uuid())
            .collect(),
        call_attempts: current.map_or(0, |a| a.call_attempts),
        last_contact_time: contact.last_contact_time,
        next_scheduled_call: current.and_then(|a| a.next_call_at),
        created_at: contact.created_at,
        updated_at: contact.updated_at,
    }
}

/// The members of a group that you see.
#[utoipa::path(
    get, path = "/api/groups/{group_id}/members", tag = "groups",
    params(("group_id" = Uuid, Path, description = "The group"), PageParams),
    responses((status = 200, description = "A page of members", body = Members))
)]
pub(crate) async fn list(
    State(app): State<App>,
    who: Principal,
    request: RequestId,
    Path(id): Path<GroupId>,
    Paged { page, .. }: Paged<Filters>,
) -> Result<Json<Members>, Problem> {
    let ts = app.tenant_of(&who).await?;
    let group = reach::group(&ts, &who, id).await?;
    let settings = ts.settings().await.map_err(store_problem)?.settings;
    let mut skip = rows_before(&page)?;
    let cursor: Option<(ContactId, u32)> = page.position(None)?;
    let number = cursor.map_or(page.page.get(), |(_, number)| number);
    let mut last = cursor.map(|(contact, _)| contact);
    let size = page.page_size as usize;
    let (mut seen, mut more, mut examined) = (Vec::<Seen>::new(), true, 0);
    while more && seen.len() < size && examined < EXAMINED {
        let (rows, next) = ts
            .members(id, page.page_size, last)
            .await
            .map_err(store_problem)?;
        more = next;
        let ids: Vec<ContactId> = rows.iter().map(|row| row.contact).collect();
        let people = ts.with_current(&ids).await.map_err(store_problem)?;
        let mut people: HashMap<ContactId, _> =
            people.into_iter().map(|both| (both.0.id, both)).collect();
        let read = rows.len();
        for (at, row) in rows.into_iter().enumerate() {
            examined += 1;
            last = Some(row.contact);
            let found = people.remove(&row.contact);
            let Some((contact, current)) = found.filter(|(contact, _)| can_view(&who, contact))
            else {
                continue;
            };
            if skip > 0 {
                skip -= 1;
                continue;
            }
            seen.push((row, contact, current));
            if seen.len() == size {
                more |= at + 1 < read;
                break;
            }
        }
    }
    let next_cursor = match last.filter(|_| more) {
        Some(contact) => Some(page.next_cursor(contact, number, None)?),
        None => None,
    };
    let named = seen
        .iter()
        .flat_map(|(_, c, _)| c.group_ids.iter().copied());
    let mut others = ts.groups_named(named).await.map_err(store_problem)?;
    others.retain(|_, group| sees_group(&who, &group.visibility));
    let shown: Vec<ContactId> = seen.iter().map(|(_, contact, _)| contact.id).collect();
    let entry = Entry::new("group.members_viewed", "group", id.uuid())
        .version(group.edit_version)
        .details(json!({ "contacts": shown }));
    ts.log_access(&actor(&who, request), entry)
        .await
        .map_err(store_problem)?;
    let pagination = Pagination {
        current_page: number,
        page_size: page.page_size,
        total: Some(u64::from(group.members)),
        next_cursor,
    };
    Ok(Json(Members {
        group_info: GroupInfo {
            id: id.uuid(),
            name: group.name.as_str().to_owned(),
            description: group.description.map(|text| text.into_string()),
            color: group.color.hex(),
            total_members: group.members,
        },
        members: seen
            .iter()
            .map(|one| view(&who, &settings, id, &others, one))
            .collect(),
        pagination: pagination.into(),
        filters_applied: json!({}),
    }))
}

/// Contacts to be put into a group.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = GroupMembersToAdd, example = json!({"contact_ids": ["0192f0c1-2b3c-7def-8abc-0123456789ab"]}))]
pub(crate) struct ToAdd {
    /// At most 100.
    #[schema(value_type = Vec<Uuid>)]
    contact_ids: Option<Vec<String>>,
}

impl Validate for ToAdd {
    type Domain = Vec<ContactId>;

    fn validate(self, fields: &mut Fields) -> Option<Vec<ContactId>> {
        let texts = self.contact_ids.unwrap_or_default();
        if texts.is_empty() {
            fields.note("/contact_ids", "required", "Say whom to add.");
        }
        let ids = contact_ids(fields, "/contact_ids", texts);
        fields.is_clean().then_some(ids)
    }
}

/// What was added.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = GroupMembersAdded, example = json!({"added": 9, "already_in_group": 1, "contact_count": 42}))]
pub(crate) struct Added {
    added: u32,
    already_in_group: u32,
    /// Contacts in the group now.
    contact_count: u32,
}

/// Puts contacts into a group. One unknown contact among them, and nothing is done for any.
#[utoipa::path(
    post, path = "/api/groups/{group_id}/members/add", tag = "groups", request_body = ToAdd,
    params(("group_id" = Uuid, Path, description = "The group")),
    responses((status = 200, description = "Added", body = Added))
)]
pub(crate) async fn add(
    State(app): State<App>,
    who: Principal,
    request: RequestId,
    Path(id): Path<GroupId>,
    Query(NoParams {}): Query<NoParams>,
    Idempotent { body, keyed }: Idempotent<ToAdd>,
) -> Result<Response, Problem> {
    let ts = app.tenant_of(&who).await?;
    reach::group(&ts, &who, id).await?;
    let by = actor(&who, request);
    let (ts, by, who) = (&ts, &by, &who);
    once(
        &app.answers,
        who.tenant_id,
        keyed,
        ts.new_id(),
        async move |_| {
            let contacts = body.validated()?;
            reach::changeable(ts, who, "/contact_ids", &contacts).await?;
            let joined = ts
                .join_group(id, &contacts, by)
                .await
                .map_err(store_problem)?
                .ok_or_else(Problem::not_found)?;
            let group = reach::group(ts, who, id).await?;
            Ok(Json(Added {
                added: joined.added,
                already_in_group: joined.already,
                contact_count: group.members,
            })
            .into_response())
        },
    )
    .await
}

/// Takes a contact out of a group. The contact itself stays.
#[utoipa::path(
    delete, path = "/api/groups/{group_id}/members/{contact_id}", tag = "groups",
    params(("group_id" = Uuid, Path), ("contact_id" = Uuid, Path)),
    responses((status = 204, description = "Taken out"))
)]
pub(crate) async fn remove(
    State(app): State<App>,
    who: Principal,
    request: RequestId,
    Path2(id, contact): Path2<GroupId, ContactId>,
    Query(NoParams {}): Query<NoParams>,
) -> Result<StatusCode, Problem> {
    let ts = app.tenant_of(&who).await?;
    reach::group(&ts, &who, id).await?;
    let known = ts.contacts(&[contact]).await.map_err(store_problem)?;
    let person = known
        .first()
        .map(|(_, contact)| contact)
        .filter(|contact| can_view(&who, contact))
        .ok_or_else(Problem::not_found)?;
    if !can_edit(&who, person) {
        return Err(Problem::lacks(&[Permission::EditAllContacts]));
    }
    let left = ts
        .leave_group(id, contact, &actor(&who, request))
        .await
        .map_err(store_problem)?;
    if left {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Problem::not_found())
    }
}
