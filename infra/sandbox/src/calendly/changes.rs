//! What can be changed through the API: subscriptions, and that an event is off. Whoever subscribed is told of it as
//! Calendly does, and a fault can be put in its way.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::invitee::{new_id, organization, user};
use super::{Answer, Invitee, NEVER, Refusal, access, calendly_delivery, own, page, reader, shown};
use crate::calcom::{CalendarChange, CalendarFault};
use crate::credentials::CalendlyAccess;
use crate::deliver;
use crate::journal::Entry;
use crate::server::Server;

/// How long a webhook may take.
const DELIVERY_TIMEOUT: Duration = Duration::from_secs(10);
/// What can be subscribed to.
const EVENTS: [&str; 5] = [
    "invitee.created",
    "invitee.canceled",
    "invitee_no_show.created",
    "invitee_no_show.deleted",
    "routing_form_submission.created",
];

/// A subscription to what happens on somebody's calendar.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Hook {
    pub(crate) id: String,
    /// Lower-cased.
    pub(crate) organizer_email: String,
    pub(crate) url: String,
    pub(crate) events: Vec<String>,
    pub(crate) signing_key: String,
    pub(crate) active: bool,
    pub(crate) created_at: DateTime<Utc>,
}

impl std::fmt::Debug for Hook {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Hook")
            .field("id", &self.id)
            .field("active", &self.active)
            .finish_non_exhaustive()
    }
}

pub(super) fn router() -> Router<Arc<Server>> {
    Router::new()
        .route("/webhook_subscriptions", get(hooks).post(subscribe))
        .route("/webhook_subscriptions/{id}", get(hook).delete(unsubscribe))
        .route("/scheduled_events/{event}/cancellation", post(cancellation))
}

/// Whose subscriptions the token may see.
fn allowed(access: &CalendlyAccess) -> Result<String, Refusal> {
    if access.no_webhooks {
        return Err(Refusal::forbidden(
            "Please upgrade your Calendly account to Standard",
        ));
    }
    Ok(access.organizer_email.to_lowercase())
}

async fn hooks(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    Query(query): Query<HashMap<String, String>>,
) -> Answer {
    let access = reader(&server, &headers).await?;
    let organizer = allowed(&access)?;
    let whole = ["organization", "scope"]
        .iter()
        .all(|name| query.contains_key(*name));
    if !whole || query.get("organization") != Some(&organization(&organizer)) {
        return Err(Refusal::bad("organization and scope must be given"));
    }
    let ledger = server.ledger();
    let own = ledger
        .hooks()
        .iter()
        .filter(|hook| hook.organizer_email == organizer);
    page(own.map(shown).collect(), &query)
}

/// The organizer's subscription with an id.
fn own_hook(server: &Server, organizer: &str, id: &str) -> Result<Hook, Refusal> {
    let ledger = server.ledger();
    let mut own = ledger.hooks().iter();
    own.find(|hook| hook.organizer_email == organizer && hook.id == id)
        .cloned()
        .ok_or_else(Refusal::not_found)
}

async fn hook(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Answer {
    let organizer = allowed(&reader(&server, &headers).await?)?;
    let hook = own_hook(&server, &organizer, &id)?;
    Ok(Json(json!({ "resource": shown(&hook) })))
}

#[derive(Deserialize)]
struct NewHook {
    url: String,
    events: Vec<String>,
    organization: String,
    user: String,
    scope: String,
    signing_key: String,
}

async fn subscribe(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    Json(body): Json<Value>,
) -> Result<(StatusCode, Json<Value>), Refusal> {
    let organizer = allowed(&access(&server, &headers).await?)?;
    let new: NewHook = serde_json::from_value(body)
        .map_err(|_| Refusal::bad("The supplied parameters are invalid."))?;
    let known = |event: &String| EVENTS.contains(&event.as_str());
    let right = new.scope == "user"
        && new.user == user(&organizer)
        && new.organization == organization(&organizer)
        && !new.events.is_empty()
        && new.events.iter().all(known)
        && !new.signing_key.is_empty();
    if !right {
        return Err(Refusal::bad("The supplied parameters are invalid."));
    }
    let mut ledger = server.ledger();
    let taken = |hook: &Hook| hook.organizer_email == organizer && hook.url == new.url;
    if ledger.hooks().iter().any(taken) {
        let message = "Hook with this url already exists";
        return Err(Refusal::new(
            StatusCode::CONFLICT,
            "Already Exists",
            message,
        ));
    }
    let hook = Hook {
        id: new_id(),
        organizer_email: organizer,
        url: new.url,
        events: new.events,
        signing_key: new.signing_key,
        active: true,
        created_at: server.clock.now(),
    };
    let answer = json!({ "resource": shown(&hook) });
    ledger.record(Entry::CalendlyHook(Box::new(hook)))?;
    Ok((StatusCode::CREATED, Json(answer)))
}

async fn unsubscribe(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    Path(id): Path<String>,
) -> Result<StatusCode, Refusal> {
    let organizer = allowed(&access(&server, &headers).await?)?;
    let hook = own_hook(&server, &organizer, &id)?;
    server
        .ledger()
        .record(Entry::CalendlyUnhooked { id: hook.id })?;
    Ok(StatusCode::NO_CONTENT)
}

async fn cancellation(
    State(server): State<Arc<Server>>,
    Path(event): Path<String>,
    headers: HeaderMap,
    body: Option<Json<Value>>,
) -> Response {
    let fault = server.take_calendly_fault(true);
    let outcome = match fault {
        Some(CalendarFault::RateLimited) => Err(Refusal::busy()),
        Some(CalendarFault::ServerError) => Err(Refusal::broken()),
        Some(CalendarFault::Refused) => Err(Refusal::forbidden(
            "You are not allowed to cancel this event",
        )),
        _ => {
            cancel(
                &server,
                &event,
                &headers,
                body.map(|Json(body)| body),
                fault,
            )
            .await
        }
    };
    let withheld = fault == Some(CalendarFault::TimeoutAfterAccept);
    let status = match &outcome {
        Ok(_) => StatusCode::CREATED,
        Err(refusal) => refusal.status,
    };
    let noted = CalendarChange {
        arrived_at: Utc::now(),
        arrived_at_clock: server.clock.now(),
        action: "cancel".to_owned(),
        uid: event,
        status: (!withheld).then(|| status.as_u16()),
        changed: outcome.is_ok(),
    };
    if let Err(error) = server.ledger().record(Entry::CalendlyChange(noted)) {
        return Refusal::from(error).into_response();
    }
    if withheld {
        // The client has long gone.
        tokio::time::sleep(NEVER).await;
    }
    match outcome {
        Ok(body) => (status, Json(body)).into_response(),
        Err(refusal) => refusal.into_response(),
    }
}

async fn cancel(
    server: &Arc<Server>,
    event: &str,
    headers: &HeaderMap,
    body: Option<Value>,
    fault: Option<CalendarFault>,
) -> Result<Value, Refusal> {
    let access = access(server, headers).await?;
    let mut invited = own(server, &access);
    invited.retain(|one| one.event_id() == event);
    if invited.is_empty() {
        return Err(Refusal::not_found());
    }
    if invited.iter().all(Invitee::is_off) {
        return Err(Refusal::forbidden("Event is already canceled"));
    }
    let now = server.clock.now();
    let reason = body.map_or(Value::Null, |body| body["reason"].clone());
    let off: Vec<Invitee> = invited
        .iter()
        .filter(|one| !one.is_off())
        .map(|one| one.cancelled("host", &reason, now))
        .collect();
    let answer = json!({"resource": off.first().map(|one| one.invitee["cancellation"].clone())});
    for one in off {
        server
            .ledger()
            .record(Entry::CalendlyBooked(Box::new(one.clone())))?;
        let times = match fault {
            Some(CalendarFault::NoWebhook) => 0,
            Some(CalendarFault::DoubledWebhook) => 2,
            _ => 1,
        };
        let told = one.as_event("invitee.canceled", now);
        // Calendly does not wait for whom it tells.
        tokio::spawn(tell(server.clone(), one.organizer_email, vec![told; times]));
    }
    Ok(answer)
}

/// Tells whoever subscribed to an organizer's events of these, one after the other. The statuses they answered with.
pub(super) async fn tell(server: Arc<Server>, organizer: String, events: Vec<Value>) -> Vec<u16> {
    let hooks: Vec<Hook> = server.ledger().hooks().to_vec();
    let mut answered = Vec::new();
    for event in events {
        let name = event["event"].as_str().unwrap_or_default();
        for hook in &hooks {
            let told = hook.active
                && hook.organizer_email == organizer
                && hook.events.iter().any(|one| one == name);
            if !told {
                continue;
            }
            let raw = event.to_string();
            match post_signed(&server, &hook.url, &hook.signing_key, raw).await {
                Ok(status) => answered.push(status),
                Err(why) => tracing::warn!(why, "a Calendly event was not delivered"),
            }
        }
    }
    answered
}

/// Posts an event, signed at this moment of real time.
pub(crate) async fn post_signed(
    server: &Server,
    url: &str,
    key: &str,
    raw: String,
) -> Result<u16, &'static str> {
    let headers = calendly_delivery(key, raw.as_bytes(), Utc::now().timestamp());
    // The type is set by the post itself.
    let signature: Vec<_> = headers
        .into_iter()
        .filter(|(name, _)| *name != "content-type")
        .collect();
    deliver::post(server, url, &signature, raw, DELIVERY_TIMEOUT).await
}
