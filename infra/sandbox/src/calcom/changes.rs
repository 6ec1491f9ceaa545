//! What can be done to a booking through the API: it is noted, the account's webhooks are told of it as Cal.com does, and
//! a fault can be put in its way.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{OriginalUri, Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Answer, Refusal, answer, organizer, own, right_version, signed_delivery};
use crate::booking::{Booking, instant, text};
use crate::credentials::CalcomHook;
use crate::deliver;
use crate::journal::Entry;
use crate::server::Server;

/// How long a webhook of the account may take.
const DELIVERY_TIMEOUT: Duration = Duration::from_secs(10);
/// Longer than anybody waits for an answer.
const NEVER: Duration = Duration::from_secs(120);

/// What goes wrong with the next change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CalendarFault {
    /// 429, with `Retry-After: 30`.
    RateLimited,
    /// 500, and nothing is changed.
    ServerError,
    /// It is changed, and no answer comes.
    TimeoutAfterAccept,
    /// 400: the slot is taken, or the booking's rules forbid it.
    Refused,
    /// It is changed and answered, and no webhook tells of it.
    NoWebhook,
    /// It is changed and answered, and the webhook comes twice.
    DoubledWebhook,
}

/// A change that was asked for through the API, whatever became of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CalendarChange {
    /// Real time.
    pub arrived_at: DateTime<Utc>,
    /// The developer clock.
    pub arrived_at_clock: DateTime<Utc>,
    /// `confirm`, `cancel` or `reschedule`.
    pub action: String,
    /// The booking's uid as it was.
    pub uid: String,
    /// The answer; absent when it was withheld.
    pub status: Option<u16>,
    /// Whether the booking was changed.
    pub changed: bool,
}

/// Faults to come, first one first.
pub(crate) type Faults = VecDeque<CalendarFault>;

pub(super) fn router() -> Router<Arc<Server>> {
    Router::new().route("/v2/bookings/{uid}/{action}", post(handle))
}

/// What a change makes of a booking: all are kept, the first is the answer and what webhooks tell of.
type Change = fn(&Booking, &Value, DateTime<Utc>) -> Result<Vec<Booking>, Refusal>;

/// One kind of change.
struct Kind {
    action: &'static str,
    /// What webhooks call it.
    trigger: &'static str,
    status: StatusCode,
    change: Change,
}

impl Kind {
    fn of(action: &str) -> Option<Self> {
        match action {
            "cancel" => Some(Self {
                action: "cancel",
                trigger: "BOOKING_CANCELLED",
                status: StatusCode::OK,
                change: cancelled,
            }),
            "confirm" => Some(Self {
                action: "confirm",
                trigger: "BOOKING_CREATED",
                status: StatusCode::OK,
                change: confirmed,
            }),
            "reschedule" => Some(Self {
                action: "reschedule",
                trigger: "BOOKING_RESCHEDULED",
                status: StatusCode::CREATED,
                change: moved,
            }),
            _ => None,
        }
    }
}

fn cancelled(booking: &Booking, body: &Value, now: DateTime<Utc>) -> Result<Vec<Booking>, Refusal> {
    if booking.status() == "cancelled" {
        return Err(Refusal::bad("the booking is cancelled already"));
    }
    let fields = [
        ("status", json!("cancelled")),
        ("cancellationReason", body["cancellationReason"].clone()),
    ];
    Ok(vec![booking.with(&fields, now)])
}

fn confirmed(booking: &Booking, _: &Value, now: DateTime<Utc>) -> Result<Vec<Booking>, Refusal> {
    match booking.status() {
        "pending" => Ok(vec![booking.with(&[("status", json!("accepted"))], now)]),
        _ => Err(Refusal::bad("the booking does not wait for a confirmation")),
    }
}

fn moved(booking: &Booking, body: &Value, now: DateTime<Utc>) -> Result<Vec<Booking>, Refusal> {
    let start =
        instant(&body["start"]).ok_or_else(|| Refusal::bad("start is not an ISO 8601 date"))?;
    if booking.status() == "cancelled" {
        return Err(Refusal::bad("the booking is cancelled"));
    }
    let uid = uuid::Uuid::now_v7().simple().to_string();
    let length = instant(&booking.value["end"])
        .zip(instant(&booking.value["start"]))
        .map_or(TimeDelta::minutes(30), |(end, start)| end - start);
    let mut moved = booking.with(
        &[
            ("uid", json!(uid)),
            ("start", json!(text(start))),
            ("end", json!(text(start + length))),
            ("rescheduledFromUid", json!(booking.uid)),
            ("reschedulingReason", body["reschedulingReason"].clone()),
            ("createdAt", json!(text(now))),
        ],
        now,
    );
    moved.uid.clone_from(&uid);
    let old = booking.with(
        &[
            ("status", json!("cancelled")),
            ("rescheduledToUid", json!(uid)),
        ],
        now,
    );
    Ok(vec![moved, old])
}

async fn handle(
    State(server): State<Arc<Server>>,
    uri: OriginalUri,
    Path((uid, action)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let Some(kind) = Kind::of(&action) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let fault = server.take_calcom_fault();
    let mut noted = CalendarChange {
        arrived_at: Utc::now(),
        arrived_at_clock: server.clock.now(),
        action: kind.action.to_owned(),
        uid: uid.clone(),
        status: None,
        changed: false,
    };
    let outcome = match fault {
        Some(CalendarFault::RateLimited) => Err(Refusal::busy()),
        Some(CalendarFault::ServerError) => Err(Refusal::broken()),
        Some(CalendarFault::Refused) => Err(Refusal::bad("the slot is not available")),
        _ => change(&server, &kind, &uid, &headers, &body, fault).await,
    };
    noted.changed = outcome.is_ok();
    let withheld = fault == Some(CalendarFault::TimeoutAfterAccept);
    if !withheld {
        noted.status = Some(match &outcome {
            Ok((status, _)) => status.as_u16(),
            Err(refusal) => refusal.status.as_u16(),
        });
    }
    if let Err(error) = server.ledger().record(Entry::CalendarChange(noted)) {
        return Refusal::from(error).at(&uri);
    }
    if withheld {
        // The client has long gone.
        tokio::time::sleep(NEVER).await;
    }
    let limited =
        matches!(&outcome, Err(refusal) if refusal.status == StatusCode::TOO_MANY_REQUESTS);
    let mut response = answer(outcome, &uri);
    if limited {
        let wait = axum::http::HeaderValue::from_static("30");
        response.headers_mut().insert("retry-after", wait);
    }
    response
}

async fn change(
    server: &Arc<Server>,
    kind: &Kind,
    uid: &str,
    headers: &HeaderMap,
    body: &Bytes,
    fault: Option<CalendarFault>,
) -> Answer {
    let access = organizer(server, headers).await?;
    right_version(headers)?;
    let body = if body.is_empty() {
        json!({})
    } else {
        serde_json::from_slice(body).map_err(|_| Refusal::bad("the body is not JSON"))?
    };
    let booking = own(server, &access, uid)?;
    let now = server.clock.now();
    let changed = (kind.change)(&booking, &body, now)?;
    let Some(first) = changed.first().cloned() else {
        return Err(Refusal::broken());
    };
    for booking in changed {
        server.ledger().record(Entry::Booked(Box::new(booking)))?;
    }
    let times = match fault {
        Some(CalendarFault::NoWebhook) => 0,
        Some(CalendarFault::DoubledWebhook) => 2,
        _ => 1,
    };
    let event = first.as_event(kind.trigger, now);
    for hook in access.hooks {
        if hook.active && hook.triggers.iter().any(|trigger| trigger == kind.trigger) {
            tokio::spawn(tell(server.clone(), hook, event.to_string(), times));
        }
    }
    Ok((kind.status, json!({"data": first.value})))
}

/// Tells a webhook of the account what happened, as Cal.com does: whoever caused it.
async fn tell(server: Arc<Server>, hook: CalcomHook, event: String, times: usize) {
    let headers = signed_delivery(hook.secret.as_deref().unwrap_or_default(), event.as_bytes());
    // The type is set by the post itself.
    let signature: Vec<_> = headers
        .into_iter()
        .filter(|(name, _)| *name != "content-type")
        .collect();
    for _ in 0..times {
        let sent = deliver::post(
            &server,
            &hook.url,
            &signature,
            event.clone(),
            DELIVERY_TIMEOUT,
        );
        if let Err(why) = sent.await {
            tracing::warn!(why, "a booking event was not delivered");
        }
    }
}
