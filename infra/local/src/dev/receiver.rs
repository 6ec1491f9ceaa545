//! A program of a business's own to try outgoing webhooks with: where it listens, what it got, how it answers next.

use std::sync::Arc;

use axum::Json as Answer;
use axum::extract::State;
use serde_json::{Value, json};
use vio_sandbox::ReceiverScript;

use super::{Dev, Json};

/// Where it listens, and what it got, oldest first.
pub(super) async fn show(State(dev): State<Arc<Dev>>) -> Answer<Value> {
    let url = format!("{}/local", dev.sandbox.receiver_url());
    Answer(json!({ "url": url, "received": dev.sandbox.received() }))
}

/// Which secrets it knows and how it answers next; each part that is named replaces what was there.
pub(super) async fn script(
    State(dev): State<Arc<Dev>>,
    Json(script): Json<ReceiverScript>,
) -> Answer<Value> {
    dev.sandbox.receiver_script(script);
    Answer(json!({ "accepted": true }))
}
