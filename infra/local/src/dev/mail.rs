//! E-mail: what becomes of the next ones, and what happens to one that went out.

use std::sync::Arc;

use axum::Json as Answer;
use axum::extract::State;
use serde::Deserialize;
use serde_json::{Value, json};
use vio_http::Problem;
use vio_sandbox::MailScript;

use super::{Dev, Json};

/// What the next e-mails come to; each part that is named replaces what was there.
pub(super) async fn script(
    State(dev): State<Arc<Dev>>,
    Json(script): Json<MailScript>,
) -> Answer<Value> {
    dev.sandbox.mail_script(script);
    Answer(json!({ "accepted": true }))
}

/// What happens to which e-mail.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Happens {
    /// As `/dev/outbox` shows it.
    id: String,
    event: What,
    /// With `Bounce`: `Permanent` if absent.
    bounce_type: Option<Bounce>,
}

#[derive(Debug, Deserialize)]
enum What {
    Delivery,
    Bounce,
    Complaint,
    Reject,
}

#[derive(Debug, Deserialize)]
enum Bounce {
    Permanent,
    Transient,
    Undetermined,
}

/// Lets something happen to an e-mail, and SES tell of it.
pub(super) async fn event(
    State(dev): State<Arc<Dev>>,
    Json(happens): Json<Happens>,
) -> Result<Answer<Value>, Problem> {
    let event = format!("{:?}", happens.event);
    let bounce = format!("{:?}", happens.bounce_type.unwrap_or(Bounce::Permanent));
    match dev.sandbox.happen_to_mail(&happens.id, &event, &bounce) {
        true => Ok(Answer(json!({ "accepted": true }))),
        false => Err(Problem::not_found()),
    }
}
