//! The developer clock over HTTP.

use std::sync::Arc;

use axum::Json as Answer;
use axum::extract::State;
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde::Deserialize;
use serde_json::{Value, json};
use vio_http::{FieldProblem, Kind, Problem};

use super::{Dev, Json};
use crate::clock::MoveError;

/// Where to: one of the two.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Shift {
    now: Option<DateTime<Utc>>,
    advance_seconds: Option<u32>,
}

fn shown(dev: &Dev) -> Value {
    let text = |at: DateTime<Utc>| at.to_rfc3339_opts(SecondsFormat::Millis, true);
    json!({ "now": text(dev.clock.now()), "real": text(dev.real_now()) })
}

pub(super) async fn show(State(dev): State<Arc<Dev>>) -> Answer<Value> {
    Answer(shown(&dev))
}

/// Jumps, once no send is under way, and runs the tick as a scheduler would.
pub(super) async fn shift(
    State(dev): State<Arc<Dev>>,
    Json(wanted): Json<Shift>,
) -> Result<Answer<Value>, Problem> {
    let away = |error: vio_store::StoreError| Problem::unavailable(&error);
    if dev.connections.reaches_outside().await.map_err(away)? {
        return Err(Problem::new(Kind::Conflict)
            .detail("A provider's address lies outside this machine: real calls follow real time, so the clock stays."));
    }
    let backwards = dev.connections.tenants().await.map_err(away)?.is_empty();
    let moved = match (wanted.now, wanted.advance_seconds) {
        (Some(to), None) => dev.clock.move_to(to, backwards).await,
        (None, Some(seconds)) => {
            dev.clock
                .advance(TimeDelta::seconds(i64::from(seconds)))
                .await
        }
        _ => {
            let detail = "Give either now or advance_seconds.";
            return Err(Problem::validation(vec![FieldProblem::new(
                "", "one_of", detail,
            )]));
        }
    };
    moved.map_err(|error| match &error {
        MoveError::Backwards => Problem::new(Kind::Conflict).detail(error.to_string()),
        MoveError::OutOfRange => Problem::validation(vec![FieldProblem::new(
            "/now",
            "out_of_range",
            error.to_string(),
        )]),
        MoveError::Busy => Problem::new(Kind::Conflict)
            .detail(error.to_string())
            .retry_after(5),
        MoveError::Keep(_) => Problem::internal(&error),
    })?;
    let ticked = vio_reminders::tick(&dev.app).await.map_err(away)?;
    let mut answer = shown(&dev);
    answer["tick"] = json!({
        "due": ticked.due, "woken": ticked.woken, "armed": ticked.armed, "events": ticked.events,
    });
    Ok(Answer(answer))
}
