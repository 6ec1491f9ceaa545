//! Who is in a group (S2 "Group Member Retrieval", "Contact Assignment").

use std::collections::{BTreeMap, BTreeSet, HashMap};

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use futures::{StreamExt, TryStreamExt, stream};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;
use vio_domain::appointment::{Appointment, AppointmentStatus};
use vio_domain::contact::{CallTally, Contact};
use vio_domain::groups::MOST_ADDED_AT_ONCE;
use vio_domain::groups::criteria::folded;
use vio_domain::ids::{ContactId, GroupId, UserId};
use vio_domain::permission::{Permission, Role};
use vio_domain::settings::{Sensitivity, Settings};
use vio_http::idempotency::once;
use vio_http::page::PageParams;
use vio_http::query::NoParams;
use vio_http::{
    FieldProblem, Fields, Idempotent, Json, Kind, Paged, Path, Path2, Principal, Problem, Query,
    QueryParams, RequestId, Validate,
};
use vio_runtime::App;
use vio_runtime::web::{actor, sees_group, store_problem};
use vio_store::TenantStore;
use vio_store::groups::{GroupRow, MemberRow};
use vio_store::log::Entry;

use crate::body::contact_ids;
use crate::list::{Direction, Searched};
use crate::reach::{self, can_edit, can_view, page_of};

/// Contacts read in one request, and such requests side by side.
const AT_ONCE: usize = 100;
const SIDE_BY_SIDE: usize = 8;

/// Which members to list, and how.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Filters {
    /// name (the default), appointment_time, appointment_status, last_contact, call_attempts or added_to_group. Whoever
    /// has none of it comes last.
    #[serde(default)]
    #[param(value_type = Option<String>, example = "name")]
    sort_by: SortBy,
    /// asc (the default) or desc.
    #[serde(default)]
    #[param(value_type = Option<String>, example = "asc")]
    sort_direction: Direction,
    /// pending, confirmed, cancelled or rescheduled.
    #[param(value_type = Option<String>, example = "pending")]
    status_filter: Option<AppointmentStatus>,
    /// A part of the name, number, address or appointment type.
    #[param(value_type = Option<String>, max_length = 100)]
    search: Option<Searched>,
}

impl QueryParams for Filters {}

/// What members are sorted by (S2).
#[derive(Debug, Clone, Copy, Default, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
enum SortBy {
    #[default]
    Name,
    AppointmentTime,
    AppointmentStatus,
    LastContact,
    CallAttempts,
    AddedToGroup,
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

/// How a member is shown: to whom, under which settings, beside what.
struct Show<'a> {
    who: &'a Principal,
    settings: &'a Settings,
    others: &'a BTreeMap<GroupId, GroupRow>,
    names: &'a HashMap<UserId, String>,
}

/// The appointment's type, where the person may see it: in HIPAA mode a group is shown with no more than is needed, and
/// a sensitive type is for those who may change the contact.
fn shown_type<'a>(
    who: &Principal,
    settings: &Settings,
    contact: &Contact,
    current: Option<&'a Appointment>,
) -> Option<&'a str> {
    let name = current?.appointment_type.as_ref()?.as_str();
    if settings.privacy.hipaa_mode && who.role != Role::ClientAdmin {
        return None;
    }
    let listed = settings.appointment_type(name);
    let sensitive = listed.is_some_and(|entry| entry.sensitivity == Sensitivity::Sensitive);
    (!sensitive || can_edit(who, contact)).then_some(name)
}

fn view(show: &Show<'_>, (row, contact, current): &Seen) -> Member {
    let current = current.as_ref();
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
        appointment_type: shown_type(show.who, show.settings, contact, current).map(str::to_owned),
        appointment_duration: current.and_then(|a| a.duration).map(u16::from),
        owner_name: current
            .and_then(|a| a.owner_name.as_ref())
            .map(|name| name.as_str().to_owned()),
        date_added_to_group: row.added_at,
        added_by_user: row.added_by.map(UserId::uuid),
        added_by_name: row.added_by.and_then(|id| show.names.get(&id).cloned()),
        other_groups: contact
            .group_ids
            .iter()
            .filter(|id| **id != row.group && show.others.contains_key(id))
            .map(|id| id.uuid())
            .collect(),
        call_attempts: current.map_or(0, |a| a.call_attempts),
        last_contact_time: contact.last_contact_time,
        next_scheduled_call: current.and_then(|a| a.next_call_at),
        call_success_rate: success_rate(contact.calls),
        created_at: contact.created_at,
        updated_at: contact.updated_at,
    }
}

/// Every member that the person sees.
async fn seen(ts: &TenantStore, who: &Principal, id: GroupId) -> Result<Vec<Seen>, Problem> {
    let rows = ts.everybody_in(id).await.map_err(store_problem)?;
    let chunks: Vec<Vec<MemberRow>> = rows.chunks(AT_ONCE).map(<[_]>::to_vec).collect();
    let read: Vec<Vec<Seen>> = stream::iter(chunks)
        .map(|rows| async move {
            let ids: Vec<ContactId> = rows.iter().map(|row| row.contact).collect();
            let people = ts.with_current(&ids).await?;
            let mut people: HashMap<ContactId, _> =
                people.into_iter().map(|both| (both.0.id, both)).collect();
            let found = rows.into_iter().filter_map(|row| {
                let (contact, current) = people.remove(&row.contact)?;
                Some((row, contact, current))
            });
            Ok(found.collect())
        })
        .buffered(SIDE_BY_SIDE)
        .try_collect()
        .await
        .map_err(store_problem)?;
    let mut all: Vec<Seen> = read.into_iter().flatten().collect();
    all.retain(|(_, contact, _)| can_view(who, contact));
    Ok(all)
}

fn matches(who: &Principal, settings: &Settings, one: &Seen, wanted: &str) -> bool {
    let (_, contact, current) = one;
    let digits: String = wanted.chars().filter(char::is_ascii_digit).collect();
    let has = |text: &str| folded(text).contains(wanted);
    let numbered = !digits.is_empty() && digits.len() * 2 > wanted.len();
    // A national number begins with a 0 that the international form does not have.
    let digits = digits.trim_start_matches('0');
    has(contact.name.as_str())
        || contact
            .email
            .as_ref()
            .is_some_and(|email| has(email.as_str()))
        || contact
            .phone
            .as_ref()
            .is_some_and(|phone| numbered && phone.as_str().contains(digits))
        || shown_type(who, settings, contact, current.as_ref()).is_some_and(has)
}

fn sort(all: &mut [Seen], by: SortBy, direction: Direction) {
    fn order<K: Ord>(all: &mut [Seen], direction: Direction, key: impl Fn(&Seen) -> Option<K>) {
        all.sort_by_cached_key(|one| (one.1.name.as_str().to_lowercase(), one.1.id));
        all.sort_by(|a, b| match (key(a), key(b)) {
            (Some(a), Some(b)) if direction == Direction::Asc => a.cmp(&b),
            (Some(a), Some(b)) => b.cmp(&a),
            (a, b) => b.is_some().cmp(&a.is_some()),
        });
    }
    match by {
        SortBy::Name => {
            let name = |one: &Seen| (one.1.name.as_str().to_lowercase(), one.1.id);
            all.sort_by_cached_key(name);
            if direction == Direction::Desc {
                all.reverse();
            }
        }
        SortBy::AppointmentTime => order(all, direction, |one| one.2.as_ref().map(|a| a.time)),
        SortBy::AppointmentStatus => {
            order(all, direction, |one| {
                one.2.as_ref().map(|a| a.status.as_str())
            });
        }
        SortBy::LastContact => order(all, direction, |one| one.1.last_contact_time),
        SortBy::CallAttempts => {
            order(all, direction, |one| {
                one.2.as_ref().map(|a| a.call_attempts)
            });
        }
        SortBy::AddedToGroup => order(all, direction, |one| Some(one.0.added_at)),
    }
}

/// Percent of a contact's calls that were answered, to two places; 0 without calls.
fn success_rate(calls: CallTally) -> f64 {
    if calls.made == 0 {
        return 0.0;
    }
    let percent = f64::from(calls.answered) * 100.0 / f64::from(calls.made);
    (percent * 100.0).round() / 100.0
}

/// The members of a group that you see.
#[utoipa::path(
    get, path = "/api/groups/{group_id}/members", tag = "groups",
    params(("group_id" = Uuid, Path, description = "The group"), Filters, PageParams),
    responses((status = 200, description = "A page of members", body = Members))
)]
pub(crate) async fn list(
    State(app): State<App>,
    who: Principal,
    request: RequestId,
    Path(id): Path<GroupId>,
    Paged { page, filters }: Paged<Filters>,
) -> Result<Json<Members>, Problem> {
    let (ts, settings) = app.tenant_with_settings(&who).await?;
    let settings = settings.settings;
    let group = reach::group(&ts, &who, id).await?;
    if settings.privacy.hipaa_mode && filters.search.is_some() {
        let detail =
            "Search with POST /api/contacts/search and group_ids, so that names are in no address.";
        return Err(Problem::new(Kind::InvalidParameter)
            .detail(detail)
            .error(FieldProblem::new("search", "not_in_address", detail)));
    }
    let mut all = seen(&ts, &who, id).await?;
    let wanted = filters
        .search
        .as_ref()
        .map(|text| folded(text.as_str()))
        .unwrap_or_default();
    all.retain(|one| {
        let status = one.2.as_ref().map(|a| a.status);
        filters
            .status_filter
            .is_none_or(|wanted| status == Some(wanted))
            && (wanted.is_empty() || matches(&who, &settings, one, &wanted))
    });
    sort(&mut all, filters.sort_by, filters.sort_direction);
    let (shown, pagination) = page_of(&page, all, |(row, _, _)| row.contact)?;
    let named = shown
        .iter()
        .flat_map(|(_, c, _)| c.group_ids.iter().copied());
    let mut others = ts.groups_named(named).await.map_err(store_problem)?;
    others.retain(|_, group| sees_group(&who, &group.visibility) && group.archived_at.is_none());
    let mut names = HashMap::new();
    let users: BTreeSet<UserId> = shown
        .iter()
        .filter_map(|(row, _, _)| row.added_by)
        .collect();
    for user in users {
        if let Some(known) = ts.user(user).await.map_err(store_problem)? {
            let known = ts.open_personal(&known).map_err(store_problem)?;
            names.insert(user, known.full_name.as_str().to_owned());
        }
    }
    let ids: Vec<ContactId> = shown.iter().map(|(_, contact, _)| contact.id).collect();
    let entry = Entry::new("group.members_viewed", "group", id.uuid())
        .version(group.edit_version)
        .details(json!({ "contacts": ids }));
    ts.log_access(&actor(&who, request), entry)
        .await
        .map_err(store_problem)?;
    let show = Show {
        who: &who,
        settings: &settings,
        others: &others,
        names: &names,
    };
    Ok(Json(Members {
        members: shown.iter().map(|one| view(&show, one)).collect(),
        group_info: GroupInfo {
            id: id.uuid(),
            name: group.name.as_str().to_owned(),
            description: group.description.map(|text| text.into_string()),
            color: group.color.hex(),
            total_members: group.members,
        },
        pagination: pagination.into(),
        filters_applied: json!({
            "status_filter": filters.status_filter, "search_term": filters.search,
            "sort_by": filters.sort_by, "sort_direction": filters.sort_direction,
        }),
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
        let ids = contact_ids(fields, "/contact_ids", &texts, MOST_ADDED_AT_ONCE);
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
    let group = reach::group(&ts, &who, id).await?;
    if group.archived_at.is_some() {
        return Err(Problem::new(Kind::GroupArchived));
    }
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
