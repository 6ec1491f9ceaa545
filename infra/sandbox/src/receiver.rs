//! A program of a business's own, which is told what happens: it checks each message as Standard Webhooks says, keeps the
//! last ones for reading, and answers as it is told to. Nothing of it outlives the process.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws_lc_rs::hmac;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::server::Server;

/// Messages that are kept.
const KEPT: usize = 500;
/// The longest that an answer is held back.
const SLOWEST: u64 = 120_000;
/// How far the instant of a message may be from ours, in seconds.
const TOLERANCE: i64 = 300;

/// How the receiver answers: in order, then well.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReceiverScript {
    /// The secrets that messages may be signed with; replaces those before.
    secrets: Option<Vec<String>>,
    /// The next answers; replaces those that are left.
    next: Option<Vec<ReceiverAnswer>>,
}

/// One answer.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReceiverAnswer {
    /// 204 without one.
    status: Option<u16>,
    /// `Retry-After`, in seconds.
    retry_after: Option<u32>,
    /// How long it is held back.
    #[serde(default)]
    slow_ms: u64,
}

/// A message that came.
#[derive(Debug, Clone, Serialize)]
pub struct Received {
    /// The last part of the address that it came to.
    pub name: String,
    pub at: DateTime<Utc>,
    /// `webhook-id`.
    pub id: Option<String>,
    /// Whether it was signed with one of the secrets, now; None where none are known.
    pub verified: Option<bool>,
    /// Whether a message with this id was here before.
    pub repeat: bool,
    /// What was answered.
    pub answered: u16,
    pub body: Value,
}

/// What the receiver holds.
#[derive(Debug, Default)]
pub(crate) struct Receiver(Mutex<Held>);

#[derive(Debug, Default)]
struct Held {
    secrets: Vec<String>,
    next: VecDeque<ReceiverAnswer>,
    received: VecDeque<Received>,
}

impl Receiver {
    fn held(&self) -> MutexGuard<'_, Held> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn script(&self, script: ReceiverScript) {
        let mut held = self.held();
        if let Some(secrets) = script.secrets {
            held.secrets = secrets;
        }
        if let Some(next) = script.next {
            held.next = next.into();
        }
    }

    pub(crate) fn received(&self) -> Vec<Received> {
        self.held().received.iter().cloned().collect()
    }
}

pub(crate) fn router() -> Router<Arc<Server>> {
    Router::new().route("/receiver/{name}", post(receive))
}

async fn receive(
    State(server): State<Arc<Server>>,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let id = header("webhook-id").map(str::to_owned);
    let answer = {
        let mut held = server.receiver.held();
        let verified = (!held.secrets.is_empty()).then(|| {
            let stamp = header("webhook-timestamp").unwrap_or_default();
            let signatures = header("webhook-signature").unwrap_or_default();
            is_signed(&held.secrets, id.as_deref(), stamp, signatures, &body)
        });
        let mut answer = held.next.pop_front().unwrap_or_default();
        if verified == Some(false) {
            // What anybody could have sent is not taken, whatever the script says.
            answer.status = Some(401);
        }
        let status = answer.status.unwrap_or(204);
        let repeat = held.received.iter().any(|before| before.id == id);
        held.received.push_back(Received {
            name,
            at: Utc::now(),
            id,
            verified,
            repeat,
            answered: status,
            body: serde_json::from_slice(&body).unwrap_or(Value::Null),
        });
        while held.received.len() > KEPT {
            held.received.pop_front();
        }
        answer
    };
    tokio::time::sleep(Duration::from_millis(answer.slow_ms.min(SLOWEST))).await;
    let status = StatusCode::from_u16(answer.status.unwrap_or(204));
    let status = status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let wait: Option<(HeaderName, String)> = answer
        .retry_after
        .map(|seconds| (header::RETRY_AFTER, seconds.to_string()));
    match wait {
        Some(wait) => (status, [wait]).into_response(),
        None => status.into_response(),
    }
}

fn is_signed(
    secrets: &[String],
    id: Option<&str>,
    stamp: &str,
    signatures: &str,
    body: &[u8],
) -> bool {
    let (Some(id), Ok(at)) = (id, stamp.parse::<i64>()) else {
        return false;
    };
    let message = [id.as_bytes(), b".", stamp.as_bytes(), b".", body].concat();
    let made_with = |secret: &String| {
        let secret = secret.strip_prefix("whsec_").unwrap_or(secret);
        let key = hmac::Key::new(
            hmac::HMAC_SHA256,
            &STANDARD.decode(secret).unwrap_or_default(),
        );
        signatures.split(' ').any(|one| {
            let given = one.strip_prefix("v1,").map(|text| STANDARD.decode(text));
            matches!(given, Some(Ok(given)) if hmac::verify(&key, &message, &given).is_ok())
        })
    };
    (Utc::now().timestamp() - at).abs() <= TOLERANCE && secrets.iter().any(made_with)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the standard's own libraries, which is of another time.
    #[test]
    fn a_message_of_another_time_or_secret_is_not_signed() {
        let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".to_owned();
        let old = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=";
        let id = Some("msg_p5jXN8AQM9LWM0D4loKWxJek");
        let body = br#"{"test": 2432232314}"#;
        assert!(!is_signed(
            std::slice::from_ref(&secret),
            id,
            "1614265330",
            old,
            body
        ));
        let now = Utc::now().timestamp().to_string();
        let bytes = STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let key = hmac::Key::new(hmac::HMAC_SHA256, &bytes);
        let message = [b"7.", now.as_bytes(), b".{}"].concat();
        let made = format!("v1,{}", STANDARD.encode(hmac::sign(&key, &message)));
        let secrets = ["whsec_AAAA".to_owned(), secret];
        assert!(is_signed(&secrets, Some("7"), &now, &made, b"{}"));
        assert!(!is_signed(&secrets[..1], Some("7"), &now, &made, b"{}"));
        assert!(!is_signed(&secrets, Some("8"), &now, &made, b"{}"));
        assert!(!is_signed(&secrets, Some("7"), &now, &made, b"[]"));
        assert!(!is_signed(&secrets, None, &now, &made, b"{}"));
    }
}
