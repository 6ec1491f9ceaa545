//! One's own messages in the console: the list behind the bell.

use axum::extract::State;
use chrono::{DateTime, Utc};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;
use vio_domain::ids::{ContactId, NoticeId};
use vio_domain::notices::{Change, Happening, Topic};
use vio_http::page::PageParams;
use vio_http::{FieldProblem, Json, Kind, Paged, Principal, Problem, QueryParams, RequestId};
use vio_runtime::App;
use vio_runtime::reach::visible;
use vio_runtime::web::{actor, store_problem};
use vio_store::TenantStore;
use vio_store::log::Entry;
use vio_store::notices::InAppRow;

/// Messages that are passed over to reach a page by its number; further ones are reached by the cursor.
const EXAMINED: usize = 1_000;
/// Messages that can be named at once.
const MOST_NAMED: usize = 100;

/// What to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Shown {
    /// Whether each message comes with the name of whom it is about, where you may see them. That is a look at them, and
    /// logged as one.
    #[param(example = false)]
    names: Option<bool>,
}

impl QueryParams for Shown {}

/// One message. It is kept as ids and fixed words: whoever opens what it is about sees what they may see.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Notification, example = json!({
    "id": "0192f0c1-2b3c-7def-8abc-0123456789af", "topic": "appointment_confirmed", "title": "An appointment was confirmed",
    "text": "An appointment was confirmed.", "contact_id": "0192f0c1-2b3c-7def-8abc-0123456789ab",
    "at": "2026-03-02T09:00:00Z", "read": false
}))]
pub(crate) struct Notification {
    #[schema(value_type = Uuid)]
    id: NoticeId,
    /// `call_answered`, `call_failed`, `appointment_confirmed`, `appointment_cancelled`, `appointment_rescheduled`,
    /// `needs_attention`, `campaign_ended`, `calling_paused`, `integration_failing` and others.
    #[schema(value_type = String)]
    topic: Topic,
    title: &'static str,
    text: &'static str,
    /// Why, in a word, of what stopped, fails or needs attention.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    /// What became of the appointment.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    change: Option<Change>,
    #[serde(skip_serializing_if = "Option::is_none")]
    contact_id: Option<Uuid>,
    /// With `names`.
    #[serde(skip_serializing_if = "Option::is_none")]
    contact_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    campaign_id: Option<Uuid>,
    at: DateTime<Utc>,
    read: bool,
}

impl From<InAppRow> for Notification {
    fn from(row: InAppRow) -> Self {
        let topic = row.happening.topic();
        Self {
            id: row.id,
            topic,
            title: topic.subject(),
            text: topic.sentence(),
            reason: row.happening.reason(),
            change: row.happening.change(),
            contact_id: row.happening.contact().map(|contact| contact.uuid()),
            contact_name: None,
            campaign_id: match row.happening {
                Happening::CampaignEnded { campaign } => Some(campaign.uuid()),
                _ => None,
            },
            at: row.at,
            read: row.read,
        }
    }
}

vio_http::pagination! {
    /// Where the list of messages stands.
    NotificationsPagination = "total_notifications"
}

/// A page of one's messages, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Notifications {
    notifications: Vec<Notification>,
    /// How many were not read, of the newest 200.
    #[schema(example = 3)]
    unread: usize,
    pagination: NotificationsPagination,
}

/// One's own messages, newest first. They are kept for 90 days.
#[utoipa::path(get, path = "/api/notifications", tag = "profile", params(Shown, PageParams),
    responses((status = 200, body = Notifications)))]
pub(crate) async fn list(
    State(app): State<App>,
    principal: Principal,
    request: RequestId,
    Paged { filters, page }: Paged<Shown>,
) -> Result<Json<Notifications>, Problem> {
    let tenant = app.tenant_of(&principal).await?;
    let user = principal.user_id;
    let mut skip = (page.page.get() as usize - 1).saturating_mul(page.page_size as usize);
    if skip >= EXAMINED {
        let detail = "Pages this far are reached by next_cursor.";
        return Err(Problem::new(Kind::InvalidParameter)
            .detail(format!("The parameter page is not valid. {detail}"))
            .error(FieldProblem::new("page", "out_of_range", detail)));
    }
    let cursor: Option<(NoticeId, u32)> = page.position(None)?;
    let number = cursor.map_or(page.page.get(), |(_, number)| number);
    let mut last = cursor.map(|(id, _)| id);
    let (mut rows, mut more) = (Vec::new(), true);
    while more && rows.is_empty() {
        let (found, next) = tenant
            .in_app_notices(user, page.page_size, last)
            .await
            .map_err(store_problem)?;
        more = next;
        last = found.last().map(|row| row.id).or(last);
        // Page sizes are whole, so pages are skipped whole.
        if skip > 0 && !found.is_empty() {
            skip -= found.len().min(skip);
            continue;
        }
        more &= !found.is_empty();
        rows = found;
        if rows.is_empty() {
            break;
        }
    }
    let next_cursor = match last.filter(|_| more) {
        Some(id) => Some(page.next_cursor(id, number, None)?),
        None => None,
    };
    let unread = tenant.unread_notices(user).await.map_err(store_problem)?;
    let mut notifications: Vec<Notification> = rows.into_iter().map(Notification::from).collect();
    if filters.names == Some(true) {
        name(&tenant, &principal, request, &mut notifications).await?;
    }
    let pagination = page.pagination(number, None, next_cursor);
    Ok(Json(Notifications {
        notifications,
        unread,
        pagination: pagination.into(),
    }))
}

/// Puts the names of those who are seen to the messages about them, and the look into the access log.
async fn name(
    tenant: &TenantStore,
    who: &Principal,
    request: RequestId,
    notifications: &mut [Notification],
) -> Result<(), Problem> {
    let about = notifications.iter().filter_map(|one| one.contact_id);
    let people = visible(tenant, who, about.map(ContactId::new).collect()).await?;
    let mut named = Vec::new();
    for one in notifications {
        let person = one
            .contact_id
            .and_then(|id| people.get(&ContactId::new(id)));
        if let Some(person) = person.filter(|person| person.deleted.is_none()) {
            one.contact_name = Some(person.name.as_str().to_owned());
            named.push(person.id);
        }
    }
    named.sort_unstable();
    named.dedup();
    if named.is_empty() {
        return Ok(());
    }
    let entry = Entry::new("notifications.listed", "user", who.user_id.uuid())
        .details(json!({ "contacts": named }));
    tenant
        .log_access(&actor(who, request), entry)
        .await
        .map_err(store_problem)
}

/// Which messages were read.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[schema(example = json!({}))]
pub(crate) struct ReadMessages {
    /// At most 100; all of them when left out. One that is not there is passed over.
    #[serde(default)]
    #[schema(value_type = Option<Vec<Uuid>>)]
    notification_ids: Option<Vec<NoticeId>>,
}

/// Marks messages of one's own as read: those named, or all.
#[utoipa::path(post, path = "/api/notifications/read", tag = "profile", request_body = ReadMessages,
    responses((status = 204, description = "They are read")))]
pub(crate) async fn read(
    State(app): State<App>,
    principal: Principal,
    Json(body): Json<ReadMessages>,
) -> Result<StatusCode, Problem> {
    let tenant = app.tenant_of(&principal).await?;
    let user = principal.user_id;
    let Some(ids) = body.notification_ids else {
        tenant.read_all_notices(user).await.map_err(store_problem)?;
        return Ok(StatusCode::NO_CONTENT);
    };
    if ids.len() > MOST_NAMED {
        return Err(Problem::validation(vec![FieldProblem::new(
            "/notification_ids",
            "too_many",
            "At most 100 messages at once.",
        )]));
    }
    for id in ids {
        tenant.read_notice(user, id).await.map_err(store_problem)?;
    }
    Ok(StatusCode::NO_CONTENT)
}
