//! The sandbox's log, script and page.

use std::sync::Arc;

use axum::Json as Answer;
use axum::extract::State;
use axum::http::header;
use axum::response::{Html, IntoResponse, Response};
use serde_json::{Value, json};
use vio_http::Problem;
use vio_sandbox::{CalcomFault, Script};

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
    Json(faults): Json<Vec<CalcomFault>>,
) -> Answer<Value> {
    dev.sandbox.calcom_faults(faults);
    Answer(json!({ "accepted": true }))
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
