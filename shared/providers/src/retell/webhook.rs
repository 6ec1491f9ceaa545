//! Retell's webhooks: `{event, call}`, signed with the API key.

use chrono::{DateTime, Utc};
use secrecy::SecretString;

use super::Call;
use crate::json::{object, text};
use crate::signature::{digest, made_by_one_of};
use crate::{EventError, SignatureError};

/// The header with the signature.
pub const SIGNATURE_HEADER: &str = "x-retell-signature";
/// How far the signature's time may be from ours, both ways (the provider's own tolerance).
pub const TOLERANCE_MS: i64 = 300_000;
/// Most bytes of an event: a call of 15 minutes comes with its transcript three times.
pub const LARGEST_EVENT: usize = 5 * 1024 * 1024;

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EventKind {
    /// Somebody or something picked up; not sent for calls that never connect.
    CallStarted,
    /// The call is over, whether or not it connected.
    CallEnded,
    /// The analysis is there.
    CallAnalyzed,
    /// One of the provider's other events: accepted and ignored.
    Other,
}

/// An event.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// The provider's word, shortened to 100 characters.
    pub name: String,
    /// What it means.
    pub kind: EventKind,
    /// The call; always there for the three kinds that have a name here.
    pub call: Option<Call>,
}

impl Event {
    /// What makes two deliveries the same event: `event|call_id`. `None` for events without a call.
    pub fn identity(&self) -> Option<String> {
        self.call
            .as_ref()
            .map(|call| format!("{}|{}", self.name, call.call_id))
    }
}

/// Checks the signature over the raw body with every key that is valid (two for a day after a rotation). `now` is real
/// time, never the developer's clock. The header must be exactly `v=<unix ms>,d=<64 lower-case hex digits>`.
pub fn verify(
    header: &str,
    body: &[u8],
    keys: &[SecretString],
    now: DateTime<Utc>,
) -> Result<(), SignatureError> {
    let (milliseconds, digest) = header
        .strip_prefix("v=")
        .and_then(|rest| rest.split_once(",d="))
        .and_then(|(milliseconds, hexadecimal)| Some((milliseconds, digest(hexadecimal)?)))
        .filter(|(milliseconds, _)| {
            milliseconds.len() <= 16 && milliseconds.bytes().all(|byte| byte.is_ascii_digit())
        })
        .ok_or(SignatureError::Wrong)?;
    let sent_at: i64 = milliseconds.parse().map_err(|_| SignatureError::Wrong)?;
    let message = [body, milliseconds.as_bytes()].concat();
    if !made_by_one_of(keys, &message, &digest) {
        return Err(SignatureError::Wrong);
    }
    if now.timestamp_millis().abs_diff(sent_at) > TOLERANCE_MS.unsigned_abs() {
        return Err(SignatureError::Expired);
    }
    Ok(())
}

/// Reads an event whose signature is right.
pub fn parse(body: &[u8]) -> Result<Event, EventError> {
    let event = object(body, LARGEST_EVENT)?;
    let name = text(&event["event"]).ok_or(EventError::Missing("event"))?;
    let kind = match name.as_str() {
        "call_started" => EventKind::CallStarted,
        "call_ended" => EventKind::CallEnded,
        "call_analyzed" => EventKind::CallAnalyzed,
        _ => EventKind::Other,
    };
    let call = match (Call::read(&event["call"]), &kind) {
        (Ok(call), _) => Some(call),
        (Err(_), EventKind::Other) => None,
        (Err(error), _) => return Err(error),
    };
    Ok(Event {
        name: name.chars().take(100).collect(),
        kind,
        call,
    })
}
