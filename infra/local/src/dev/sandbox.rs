//! The sandbox's log, script and page.

use std::sync::Arc;

use axum::Json as Answer;
use axum::extract::State;
use axum::http::header;
use axum::response::{Html, IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};
use vio_http::Problem;
use vio_sandbox::{CalendarFault, CalendlyFaults, Script};

use super::{Dev, Json};

/// Every call that reached the "provider", oldest first.
pub(super) async fn calls(State(dev): State<Arc<Dev>>) -> Answer<Value> {
    Answer(json!({ "calls": dev.sandbox.calls() }))
}

/// Every request to create a call, refused ones and repeats too.
pub(super) async fn requests(State(dev): State<Arc<Dev>>) -> Answer<Value> {
    Answer(json!({ "requests": dev.sandbox.requests() }))
}

/// What the calendar stand-in has: every booking, and every change that the product asked for, oldest first.
pub(super) async fn bookings(State(dev): State<Arc<Dev>>) -> Answer<Value> {
    Answer(
        json!({ "bookings": dev.sandbox.calcom_bookings(), "changes": dev.sandbox.calcom_changes() }),
    )
}

/// What goes wrong with the next changes of bookings, in order: `rate_limited`, `server_error`, `timeout_after_accept`,
/// `refused`, `no_webhook`, `doubled_webhook`.
pub(super) async fn booking_faults(
    State(dev): State<Arc<Dev>>,
    Json(faults): Json<Vec<CalendarFault>>,
) -> Answer<Value> {
    dev.sandbox.calcom_faults(faults);
    Answer(json!({ "accepted": true }))
}

/// What the Calendly stand-in has: everybody invited, every change that the product asked for, and who subscribed.
pub(super) async fn calendly(State(dev): State<Arc<Dev>>) -> Answer<Value> {
    Answer(dev.sandbox.calendly())
}

/// What goes wrong with the next questions (`reads`) and changes of Calendly, in order.
pub(super) async fn calendly_faults(
    State(dev): State<Arc<Dev>>,
    Json(faults): Json<CalendlyFaults>,
) -> Answer<Value> {
    dev.sandbox.calendly_faults(faults);
    Answer(json!({ "accepted": true }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Switch {
    active: bool,
}

/// Switches every subscription to Calendly's webhooks on or off.
pub(super) async fn calendly_subscriptions(
    State(dev): State<Arc<Dev>>,
    Json(switch): Json<Switch>,
) -> Result<Answer<Value>, Problem> {
    let switched = dev.sandbox.switch_calendly_hooks(switch.active);
    switched.map_err(|error| Problem::internal(&error))?;
    Ok(Answer(json!({ "accepted": true })))
}

/// What the next calls do; each part that is named replaces what was there.
pub(super) async fn script(
    State(dev): State<Arc<Dev>>,
    Json(script): Json<Script>,
) -> Result<Answer<Value>, Problem> {
    dev.sandbox
        .script(script)
        .map_err(|error| Problem::internal(&error))?;
    Ok(Answer(json!({ "accepted": true })))
}

/// The page that shows what was said.
pub(super) async fn page(State(dev): State<Arc<Dev>>) -> Result<Response, Problem> {
    let failed = |error: reqwest::Error| Problem::unavailable(&error.without_url());
    let url = format!("{}/control", dev.sandbox.retell_url());
    let page = dev.http.get(url).send().await.map_err(failed)?;
    let page = page
        .error_for_status()
        .map_err(failed)?
        .text()
        .await
        .map_err(failed)?;
    let policy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'";
    let headers = [
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, Html(page)).into_response())
}
