//! Calendly: signed events to whoever subscribed, and the part of API v2 that reads, subscribes and cancels.

mod changes;
mod invitee;
mod people;

pub(crate) use changes::{Hook, post_signed};
pub(crate) use invitee::Invitee;
pub(crate) use people::{Act, Book, act, book};

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::calcom::CalendarFault;
use crate::credentials::CalendlyAccess;
use crate::journal::JournalError;
use crate::retell::bearer;
use crate::server::Server;
use crate::sign;

use invitee::{event_type, organization, text, user};

/// Things in one answer, at most and by default.
const MOST: usize = 100;
const USUAL: usize = 20;
/// What can be booked with everybody, and how long it takes.
const EVENT_TYPES: [(&str, i64); 3] = [("Check-up", 30), ("Hygiene", 30), ("New patient", 60)];
/// Longer than anybody waits for an answer.
const NEVER: Duration = Duration::from_secs(120);

/// The headers of an event as Calendly posts it: its type and its signature over `t.body`, made at `unix_s`.
#[must_use]
pub fn calendly_delivery(key: &str, body: &[u8], unix_s: i64) -> Vec<(&'static str, String)> {
    let signature = sign::calendly_signature(key, body, unix_s);
    vec![
        ("content-type", "application/json".to_owned()),
        ("calendly-webhook-signature", signature),
    ]
}

pub(crate) fn router() -> Router<Arc<Server>> {
    Router::new()
        .route("/users/me", get(me))
        .route("/event_types", get(event_types))
        .route("/scheduled_events", get(events))
        .route("/scheduled_events/{event}", get(event))
        .route("/scheduled_events/{event}/invitees", get(invitees))
        .route("/scheduled_events/{event}/invitees/{invitee}", get(one))
        .merge(changes::router())
}

/// Calendly's error body.
#[derive(Debug)]
struct Refusal {
    status: StatusCode,
    title: &'static str,
    message: &'static str,
}

impl Refusal {
    fn new(status: StatusCode, title: &'static str, message: &'static str) -> Self {
        Self {
            status,
            title,
            message,
        }
    }

    fn bad(message: &'static str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "Invalid Argument", message)
    }

    fn forbidden(message: &'static str) -> Self {
        Self::new(StatusCode::FORBIDDEN, "Permission Denied", message)
    }

    fn unauthenticated() -> Self {
        let message = "The access token is invalid";
        Self::new(StatusCode::UNAUTHORIZED, "Unauthenticated", message)
    }

    fn not_found() -> Self {
        let message = "The server could not find the requested resource.";
        Self::new(StatusCode::NOT_FOUND, "Resource Not Found", message)
    }

    fn busy() -> Self {
        let message = "You have exceeded the rate limit.";
        Self::new(StatusCode::TOO_MANY_REQUESTS, "Too Many Requests", message)
    }

    fn broken() -> Self {
        let message = "The server encountered an unexpected condition.";
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "Internal Server Error",
            message,
        )
    }
}

impl From<JournalError> for Refusal {
    fn from(error: JournalError) -> Self {
        tracing::error!(error = %error, "the sandbox could not write its journal");
        Self::broken()
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let body = json!({"title": self.title, "message": self.message});
        let mut response = (self.status, Json(body)).into_response();
        if self.status == StatusCode::TOO_MANY_REQUESTS {
            // Seconds, and no Retry-After.
            let headers = response.headers_mut();
            headers.insert("x-ratelimit-reset", HeaderValue::from_static("30"));
        }
        response
    }
}

type Answer = Result<Json<Value>, Refusal>;

async fn access(server: &Server, headers: &HeaderMap) -> Result<CalendlyAccess, Refusal> {
    let token = bearer(headers).ok_or_else(Refusal::unauthenticated)?;
    server
        .calendly_access(token)
        .await
        .ok_or_else(Refusal::unauthenticated)
}

/// Whose the token is, unless something goes wrong with this reading.
async fn reader(server: &Server, headers: &HeaderMap) -> Result<CalendlyAccess, Refusal> {
    match server.take_calendly_fault(false) {
        Some(CalendarFault::RateLimited) => return Err(Refusal::busy()),
        Some(CalendarFault::ServerError) => return Err(Refusal::broken()),
        Some(CalendarFault::Refused) => {
            return Err(Refusal::forbidden("You do not have permission"));
        }
        Some(CalendarFault::TimeoutAfterAccept) => tokio::time::sleep(NEVER).await,
        Some(CalendarFault::NoWebhook | CalendarFault::DoubledWebhook) | None => {}
    }
    access(server, headers).await
}

async fn me(State(server): State<Arc<Server>>, headers: HeaderMap) -> Answer {
    let email = reader(&server, &headers).await?.organizer_email;
    Ok(Json(json!({"resource": {
        "uri": user(&email),
        "name": "Appointment desk",
        "slug": email.split('@').next(),
        "email": email,
        "scheduling_url": "https://calendly.com/sandbox",
        "timezone": "Europe/London",
        "avatar_url": null,
        "created_at": "2019-01-02T03:04:05.678123Z",
        "updated_at": "2019-08-07T06:05:04.321123Z",
        "current_organization": organization(&email),
    }})))
}

type Params = Query<HashMap<String, String>>;

/// Calendly wants to be told of whom: the token's own user, here.
fn of_user(access: &CalendlyAccess, query: &HashMap<String, String>) -> Result<(), Refusal> {
    let own = user(&access.organizer_email);
    match query.get("user") {
        Some(wanted) if *wanted == own => Ok(()),
        Some(_) => Err(Refusal::forbidden("You do not have permission")),
        None => Err(Refusal::bad(
            "One of user, organization or group must be given",
        )),
    }
}

/// A page of a list: `page_token` is how much came before it.
fn page(items: Vec<Value>, query: &HashMap<String, String>) -> Answer {
    let count = match query.get("count").map(|count| count.parse()) {
        None => USUAL,
        Some(Ok(count)) if (1..=MOST).contains(&count) => count,
        Some(_) => return Err(Refusal::bad("count must be from 1 to 100")),
    };
    let before = match query.get("page_token").map(|token| token.parse::<usize>()) {
        None => 0,
        Some(Ok(before)) => before,
        Some(Err(_)) => return Err(Refusal::bad("page_token is invalid")),
    };
    let more = items.len() > before + count;
    let items: Vec<Value> = items.into_iter().skip(before).take(count).collect();
    Ok(Json(json!({
        "pagination": {
            "count": items.len(),
            "next_page": null,
            "previous_page": null,
            "next_page_token": more.then(|| (before + count).to_string()),
            "previous_page_token": null,
        },
        "collection": items,
    })))
}

async fn event_types(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    Query(query): Params,
) -> Answer {
    let access = reader(&server, &headers).await?;
    of_user(&access, &query)?;
    let kinds = EVENT_TYPES.map(|(name, minutes)| {
        json!({
            "uri": event_type(name),
            "name": name,
            "active": true,
            "kind": "solo",
            "type": "StandardEventType",
            "duration": minutes,
            "scheduling_url": "https://calendly.com/sandbox/event",
        })
    });
    page(kinds.to_vec(), &query)
}

/// The organizer's invitees.
fn own(server: &Server, access: &CalendlyAccess) -> Vec<Invitee> {
    let organizer = access.organizer_email.to_lowercase();
    let ledger = server.ledger();
    let all = ledger.invitees();
    all.filter(|one| one.organizer_email == organizer)
        .cloned()
        .collect()
}

async fn events(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    Query(query): Params,
) -> Answer {
    let access = reader(&server, &headers).await?;
    of_user(&access, &query)?;
    let from = match query.get("min_start_time") {
        None => None,
        Some(text) => Some(
            DateTime::parse_from_rfc3339(text)
                .map_err(|_| Refusal::bad("min_start_time is not a date"))?
                .to_utc(),
        ),
    };
    let mut found: BTreeMap<(DateTime<Utc>, String), Value> = BTreeMap::new();
    for one in own(&server, &access) {
        let Some(start) = one.start() else { continue };
        let wanted = query
            .get("status")
            .is_none_or(|status| one.event["status"] == **status);
        if wanted && from.is_none_or(|from| start > from) {
            found.insert((start, one.event_id().to_owned()), one.event);
        }
    }
    let mut events: Vec<Value> = found.into_values().collect();
    if query
        .get("sort")
        .is_some_and(|sort| sort == "start_time:desc")
    {
        events.reverse();
    }
    page(events, &query)
}

async fn event(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Answer {
    let access = reader(&server, &headers).await?;
    let found = own(&server, &access);
    let found = found.into_iter().find(|one| one.event_id() == id);
    let event = found.ok_or_else(Refusal::not_found)?.event;
    Ok(Json(json!({ "resource": event })))
}

async fn invitees(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    Path(id): Path<String>,
    Query(query): Params,
) -> Answer {
    let access = reader(&server, &headers).await?;
    let all = own(&server, &access);
    let of_event: Vec<Value> = all
        .into_iter()
        .filter(|one| one.event_id() == id)
        .map(|one| one.invitee)
        .collect();
    if of_event.is_empty() {
        return Err(Refusal::not_found());
    }
    page(of_event, &query)
}

async fn one(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    Path((event, id)): Path<(String, String)>,
) -> Answer {
    let access = reader(&server, &headers).await?;
    let found = own(&server, &access)
        .into_iter()
        .find(|one| one.event_id() == event && invitee::id_of(&one.uri) == id);
    let invitee = found.ok_or_else(Refusal::not_found)?.invitee;
    Ok(Json(json!({ "resource": invitee })))
}

/// What is shown of a subscription, in the API's shape.
fn shown(hook: &Hook) -> Value {
    json!({
        "uri": invitee::subscription(&hook.id),
        "callback_url": hook.url,
        "created_at": text(hook.created_at),
        "updated_at": text(hook.created_at),
        "retry_started_at": null,
        "state": if hook.active { "active" } else { "disabled" },
        "events": hook.events,
        "scope": "user",
        "organization": organization(&hook.organizer_email),
        "user": user(&hook.organizer_email),
        "creator": user(&hook.organizer_email),
    })
}
