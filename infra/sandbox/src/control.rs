//! The sandbox's own controls, under `/control`: what arrived, what to do next, and a page to read.
//! They exist on loopback only, and answer only to requests that name a loopback host, so that no
//! web page elsewhere can reach them through a browser.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::rejection::JsonRejection;
use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::booking::Booking;
use crate::calcom::{CalendarFault, signed_delivery};
use crate::calendly::{self, Act, Book, Invitee};
use crate::credentials::{CalcomAccess, CalendlyAccess, RetellAccess};
use crate::deliver;
use crate::journal::{Entry, JournalError};
use crate::page;
use crate::receiver::ReceiverScript;
use crate::script::Script;
use crate::server::{CalendlyFaults, MoveError, Server};
use crate::ses::{self, MailScript};
use crate::twilio::{Inbound, SmsScript};

const DELIVERY_TIMEOUT: Duration = Duration::from_secs(10);

pub(crate) fn router() -> Router<Arc<Server>> {
    Router::new()
        .route("/control", get(show))
        .route("/control/", get(show))
        .route("/control/calls", get(calls))
        .route("/control/requests", get(requests))
        .route("/control/script", post(script))
        .route("/control/clock", get(clock).post(move_clock))
        .route("/control/credentials", post(credentials))
        .route("/control/calcom/deliver", post(deliver_booking))
        .route("/control/calcom/bookings", get(bookings).post(add_booking))
        .route("/control/calcom/changes", get(changes))
        .route("/control/calcom/faults", post(faults))
        .route("/control/calendly", get(calendly_shown))
        .route("/control/calendly/deliver", post(calendly_deliver))
        .route("/control/calendly/book", post(calendly_book))
        .route("/control/calendly/act", post(calendly_act))
        .route("/control/calendly/faults", post(calendly_faults))
        .route("/control/calendly/subscriptions", post(calendly_switch))
        .route("/control/receiver", get(received).post(receiver_script))
        .route("/control/sms", get(texts))
        .route("/control/sms/script", post(sms_script))
        .route("/control/sms/inbound", post(sms_inbound))
        .route("/control/mail", get(mails))
        .route("/control/mail/script", post(mail_script))
        .route("/control/mail/event", post(mail_event))
        .layer(middleware::from_fn(loopback_host_only))
}

async fn loopback_host_only(request: Request, next: Next) -> Response {
    let host = request
        .headers()
        .get(header::HOST)
        .and_then(|host| host.to_str().ok())
        .unwrap_or_default();
    let name = host.rsplit_once(':').map_or(host, |(name, _)| name);
    if matches!(name, "127.0.0.1" | "localhost" | "[::1]") {
        next.run(request).await
    } else {
        ControlError(StatusCode::FORBIDDEN, "not a loopback host".into()).into_response()
    }
}

/// A refusal, in words for whoever writes the test.
struct ControlError(StatusCode, String);

impl IntoResponse for ControlError {
    fn into_response(self) -> Response {
        (self.0, Json(json!({"error": self.1}))).into_response()
    }
}

impl From<JsonRejection> for ControlError {
    fn from(rejection: JsonRejection) -> Self {
        Self(rejection.status(), rejection.body_text())
    }
}

impl From<JournalError> for ControlError {
    fn from(error: JournalError) -> Self {
        Self(StatusCode::INTERNAL_SERVER_ERROR, error.to_string())
    }
}

type Body<T> = Result<Json<T>, JsonRejection>;

async fn show(State(server): State<Arc<Server>>) -> Response {
    let (calls, requests) = (server.calls(), server.requests());
    let page = page::render(&calls, &requests, &server.ledger(), server.clock.now());
    let policy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'";
    (
        [
            (header::CONTENT_SECURITY_POLICY, policy),
            (header::CACHE_CONTROL, "no-store"),
        ],
        Html(page),
    )
        .into_response()
}

async fn calls(State(server): State<Arc<Server>>) -> Json<Value> {
    Json(json!({"calls": server.calls()}))
}

async fn requests(State(server): State<Arc<Server>>) -> Json<Value> {
    Json(json!({"requests": server.requests()}))
}

async fn script(
    State(server): State<Arc<Server>>,
    body: Body<Script>,
) -> Result<StatusCode, ControlError> {
    let Json(script) = body?;
    server.script(script)?;
    Ok(StatusCode::NO_CONTENT)
}

async fn clock(State(server): State<Arc<Server>>) -> Json<Value> {
    Json(json!({"now": server.clock.now(), "real": Utc::now()}))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Move {
    now: Option<DateTime<Utc>>,
    advance_seconds: Option<u32>,
}

async fn move_clock(
    State(server): State<Arc<Server>>,
    body: Body<Move>,
) -> Result<Json<Value>, ControlError> {
    let Json(wanted) = body?;
    let to = match (wanted.now, wanted.advance_seconds) {
        (Some(now), None) => now,
        (None, Some(seconds)) => server.clock.now() + TimeDelta::seconds(i64::from(seconds)),
        _ => {
            return Err(ControlError(
                StatusCode::BAD_REQUEST,
                "give now or advance_seconds".into(),
            ));
        }
    };
    server.move_clock(to).map_err(|error| match error {
        MoveError::Refused(refusal) => ControlError(StatusCode::CONFLICT, refusal.to_string()),
        MoveError::Journal(error) => error.into(),
    })?;
    Ok(clock(State(server)).await)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Keys {
    retell: Option<RetellKey>,
    calcom: Option<CalcomKey>,
    calendly: Option<CalendlyKey>,
}

#[derive(Deserialize)]
struct CalendlyKey {
    api_key: String,
    #[serde(flatten)]
    access: CalendlyAccess,
}

#[derive(Deserialize)]
struct RetellKey {
    api_key: String,
    #[serde(flatten)]
    access: RetellAccess,
}

#[derive(Deserialize)]
struct CalcomKey {
    api_key: String,
    #[serde(flatten)]
    access: CalcomAccess,
}

async fn credentials(
    State(server): State<Arc<Server>>,
    body: Body<Keys>,
) -> Result<StatusCode, ControlError> {
    let Json(keys) = body?;
    if let Some(RetellKey { api_key, access }) = keys.retell {
        server.add_retell(api_key, access)?;
    }
    if let Some(CalcomKey { api_key, access }) = keys.calcom {
        server.add_calcom(api_key, access)?;
    }
    if let Some(CalendlyKey { api_key, access }) = keys.calendly {
        server.add_calendly(api_key, access)?;
    }
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Delivery {
    url: String,
    /// Absent or empty: Cal.com's `no-secret-provided`.
    #[serde(default)]
    secret: String,
    /// A JSON string is posted as it is, anything else as JSON.
    body: Value,
}

/// A body as it is posted, and as JSON.
fn posted(body: Value) -> (String, Value) {
    match body {
        Value::String(raw) => {
            let event = serde_json::from_str(&raw).unwrap_or(Value::Null);
            (raw, event)
        }
        event => (event.to_string(), event),
    }
}

/// Posts a booking event once, as Cal.com does (it does not retry reliably), and remembers the
/// booking it speaks of for `GET /v2/bookings`.
async fn deliver_booking(
    State(server): State<Arc<Server>>,
    body: Body<Delivery>,
) -> Result<Json<Value>, ControlError> {
    let Json(delivery) = body?;
    let (raw, event) = posted(delivery.body);
    let now = server.clock.now();
    if let Some(booking) = Booking::of_event(&event, now) {
        let mut ledger = server.ledger();
        let replaced = booking
            .replaces()
            .and_then(|uid| ledger.booking(uid))
            .map(|old| {
                old.with(
                    &[
                        ("status", json!("cancelled")),
                        ("rescheduledToUid", json!(booking.uid)),
                    ],
                    now,
                )
            });
        for booking in replaced.into_iter().chain([booking]) {
            ledger.record(Entry::Booked(Box::new(booking)))?;
        }
    }
    let headers = signed_delivery(&delivery.secret, raw.as_bytes());
    // The type is set by the post itself.
    let signature: Vec<_> = headers
        .into_iter()
        .filter(|(name, _)| *name != "content-type")
        .collect();
    match deliver::post(&server, &delivery.url, &signature, raw, DELIVERY_TIMEOUT).await {
        Ok(status) => Ok(Json(json!({"status": status}))),
        Err(why) => Err(ControlError(StatusCode::BAD_GATEWAY, why.into())),
    }
}

async fn add_booking(
    State(server): State<Arc<Server>>,
    body: Body<Value>,
) -> Result<StatusCode, ControlError> {
    let Json(value) = body?;
    let booking = Booking::given(value, server.clock.now())
        .map_err(|why| ControlError(StatusCode::UNPROCESSABLE_ENTITY, why.into()))?;
    server.ledger().record(Entry::Booked(Box::new(booking)))?;
    Ok(StatusCode::NO_CONTENT)
}

/// Every booking that the calendar has, as its API gives them.
async fn bookings(State(server): State<Arc<Server>>) -> Json<Value> {
    Json(json!({"bookings": server.calcom_bookings()}))
}

/// Every change that was asked for through the API.
async fn changes(State(server): State<Arc<Server>>) -> Json<Value> {
    Json(json!({"changes": server.calcom_changes()}))
}

/// What goes wrong with the next changes, in order.
async fn faults(
    State(server): State<Arc<Server>>,
    body: Body<Vec<CalendarFault>>,
) -> Result<StatusCode, ControlError> {
    let Json(faults) = body?;
    server.set_calcom_faults(faults);
    Ok(StatusCode::NO_CONTENT)
}

/// Posts an event once, as Calendly does, and remembers the invitee it speaks of for its API.
async fn calendly_deliver(
    State(server): State<Arc<Server>>,
    body: Body<Delivery>,
) -> Result<Json<Value>, ControlError> {
    let Json(delivery) = body?;
    let (raw, event) = posted(delivery.body);
    if let Some(invitee) = Invitee::of_event(&event) {
        let entry = Entry::CalendlyBooked(Box::new(invitee));
        server.ledger().record(entry)?;
    }
    match calendly::post_signed(&server, &delivery.url, &delivery.secret, raw).await {
        Ok(status) => Ok(Json(json!({"status": status}))),
        Err(why) => Err(ControlError(StatusCode::BAD_GATEWAY, why.into())),
    }
}

/// What Calendly has.
async fn calendly_shown(State(server): State<Arc<Server>>) -> Json<Value> {
    Json(server.calendly())
}

/// Somebody books on an organizer's page; whoever subscribed is told.
async fn calendly_book(
    State(server): State<Arc<Server>>,
    body: Body<Book>,
) -> Result<Json<Value>, ControlError> {
    let Json(book) = body?;
    Ok(Json(calendly::book(&server, book).await?))
}

/// Somebody cancels, chooses another time, did not come or came after all; whoever subscribed is told.
async fn calendly_act(
    State(server): State<Arc<Server>>,
    body: Body<Act>,
) -> Result<Json<Value>, ControlError> {
    let Json(act) = body?;
    let missing = || {
        let why = "no such booking, or a move without a start";
        ControlError(StatusCode::NOT_FOUND, why.into())
    };
    Ok(Json(
        calendly::act(&server, act).await?.ok_or_else(missing)?,
    ))
}

/// What goes wrong with the next questions and changes, in order.
async fn calendly_faults(
    State(server): State<Arc<Server>>,
    body: Body<CalendlyFaults>,
) -> Result<StatusCode, ControlError> {
    let Json(faults) = body?;
    server.set_calendly_faults(faults);
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Switch {
    active: bool,
}

/// Switches every subscription on or off.
async fn calendly_switch(
    State(server): State<Arc<Server>>,
    body: Body<Switch>,
) -> Result<StatusCode, ControlError> {
    let Json(switch) = body?;
    server.switch_calendly_hooks(switch.active)?;
    Ok(StatusCode::NO_CONTENT)
}

/// What a program of a business's own got.
async fn received(State(server): State<Arc<Server>>) -> Json<Value> {
    Json(json!({"received": server.receiver.received()}))
}

/// Which secrets it knows and how it answers next.
async fn receiver_script(
    State(server): State<Arc<Server>>,
    body: Body<ReceiverScript>,
) -> Result<StatusCode, ControlError> {
    let Json(script) = body?;
    server.receiver.script(script);
    Ok(StatusCode::NO_CONTENT)
}

async fn texts(State(server): State<Arc<Server>>) -> Json<Value> {
    Json(json!({"messages": server.ledger().texts()}))
}

async fn sms_script(
    State(server): State<Arc<Server>>,
    body: Body<SmsScript>,
) -> Result<StatusCode, ControlError> {
    let Json(script) = body?;
    server.ledger().sms_script.change(script);
    Ok(StatusCode::NO_CONTENT)
}

/// Somebody writes: posted to the address given, signed with the account's token.
async fn sms_inbound(
    State(server): State<Arc<Server>>,
    body: Body<Inbound>,
) -> Result<Json<Value>, ControlError> {
    let Json(inbound) = body?;
    match crate::twilio::receive(&server, inbound).await? {
        Ok(status) => Ok(Json(json!({"status": status}))),
        Err(why) => Err(ControlError(StatusCode::BAD_GATEWAY, why.into())),
    }
}

async fn mails(State(server): State<Arc<Server>>) -> Json<Value> {
    Json(json!({"mails": server.ledger().mails()}))
}

async fn mail_script(
    State(server): State<Arc<Server>>,
    body: Body<MailScript>,
) -> Result<StatusCode, ControlError> {
    let Json(script) = body?;
    server.ledger().mail_script.change(script);
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MailEvent {
    id: String,
    /// `Delivery`, `Bounce`, `Complaint` or `Reject`.
    event: String,
    /// With `Bounce`: `Permanent` if absent.
    bounce_type: Option<String>,
}

/// Something happens to an e-mail, and is told.
async fn mail_event(
    State(server): State<Arc<Server>>,
    body: Body<MailEvent>,
) -> Result<StatusCode, ControlError> {
    let Json(event) = body?;
    let bounce = event.bounce_type.as_deref().unwrap_or("Permanent");
    match ses::happen(&server, &event.id, &event.event, bounce) {
        true => Ok(StatusCode::NO_CONTENT),
        false => Err(ControlError(StatusCode::NOT_FOUND, "no such e-mail".into())),
    }
}
