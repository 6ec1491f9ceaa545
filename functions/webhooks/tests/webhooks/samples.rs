//! Every delivery among the providers' own samples, with its variations: what is right for each is said here by hand, from
//! the providers' contracts and the business rules. A new sample without a row fails. What the samples of their APIs are
//! read as is held beside the clients (`vio-providers`).

use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, SecondsFormat, Utc};
use lambda_http::Context;
use serde_json::{Value, json};
use vio_domain::contact::AttentionReason;
use vio_store::inbox::InboxState;

use crate::bookings::sample;
use crate::receive::noise;
use crate::support::*;

mod bookings_table;
mod calls_table;
mod messages_table;

/// What is right for a delivery.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Right {
    /// Taken; and this is how everybody stands afterwards.
    Taken(&'static str),
    /// Answered as received, and nothing of it kept.
    Ignored,
    /// Refused with this status; nothing changes.
    Refused(u16),
}

/// One variation of a sample: what it is, what is changed, and what is right.
pub(super) type Row<T> = (&'static str, fn(&mut T), Right);

/// Nobody is known: the event was understood, and says nothing about anybody here.
pub(super) const NOBODY: &str = "nobody";

/// The folder with the samples, or None, said loudly.
pub(super) fn folder() -> Option<PathBuf> {
    let beside = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/payloads");
    let path = std::env::var_os("VIO_PAYLOADS").map_or(beside, PathBuf::from);
    if !path.is_dir() {
        eprintln!(
            "SKIPPED: no samples; set VIO_PAYLOADS to the folder with the providers' samples"
        );
        return None;
    }
    Some(path)
}

/// Whether a file is a delivery: a form, or an object that names what happened. The others are answers, requests and
/// vectors.
fn is_delivery(path: &Path) -> bool {
    let name = path.to_string_lossy();
    if name.ends_with(".form.txt") {
        return true;
    }
    let value: Option<Value> = std::fs::read(path)
        .ok()
        .and_then(|bytes| serde_json::from_slice(&bytes).ok());
    value.is_some_and(|value| value["triggerEvent"].is_string() || value["event"].is_string())
}

#[test]
fn every_delivery_has_a_row() {
    let Some(folder) = folder() else { return };
    let mut found = Vec::new();
    for provider in std::fs::read_dir(&folder).unwrap() {
        let provider = provider.unwrap().path();
        if !provider.is_dir() {
            continue;
        }
        for file in std::fs::read_dir(provider).unwrap() {
            let path = file.unwrap().path();
            if is_delivery(&path) {
                let name = path.strip_prefix(&folder).unwrap();
                found.push(name.to_string_lossy().replace('\\', "/"));
            }
        }
    }
    found.sort();
    let mut rows: Vec<&str> = bookings_table::SAMPLES
        .iter()
        .map(|(name, _)| *name)
        .chain(calls_table::SAMPLES.iter().map(|(name, _)| *name))
        .chain(messages_table::SAMPLES.iter().map(|(name, _)| *name))
        .collect();
    rows.sort_unstable();
    assert_eq!(
        found, rows,
        "a sample without a row, or a row without its sample"
    );
}

/// Where a sample is delivered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum From {
    Calcom,
    Calendly,
    Retell,
}

impl From {
    pub(super) fn of(name: &str) -> Self {
        match name.split('/').next() {
            Some("calcom") => Self::Calcom,
            Some("calendly") => Self::Calendly,
            _ => Self::Retell,
        }
    }

    fn path(self, clinic: &Clinic) -> &str {
        match self {
            Self::Calcom => &clinic.bookings,
            Self::Calendly => &clinic.calendly,
            Self::Retell => &clinic.calls,
        }
    }

    fn signed(self, clinic: &Clinic, body: &[u8]) -> (&'static str, String) {
        let now = clinic.now();
        match self {
            Self::Calcom => ("x-cal-signature-256", hmac_hex(CALCOM_SECRET, &[body])),
            Self::Calendly => (
                "calendly-webhook-signature",
                calendly_signature(CALENDLY_KEY, body, now),
            ),
            Self::Retell => (
                "x-retell-signature",
                retell_signature(RETELL_KEY, body, now),
            ),
        }
    }

    /// Most bytes of a delivery.
    fn largest(self) -> usize {
        match self {
            Self::Calcom | Self::Calendly => 1024 * 1024,
            Self::Retell => 5 * 1024 * 1024,
        }
    }

    /// Delivers a body, rightly signed: the status, and the word of the receipt.
    pub(super) async fn deliver(self, clinic: &Clinic, body: &[u8]) -> (u16, String) {
        let (name, signature) = self.signed(clinic, body);
        let (status, answer) = clinic
            .post(self.path(clinic), Some((name, &signature)), body.to_vec())
            .await;
        let word = answer["status"].as_str().unwrap_or_default().to_owned();
        (status.as_u16(), word)
    }

    /// Delivers a body as the gateway hands on what it does not take for text.
    async fn deliver_in_base64(self, clinic: &Clinic, body: &[u8]) -> (u64, String) {
        let (name, signature) = self.signed(clinic, body);
        let mut request = crate::events::sample_event("calcom-booking");
        request["rawPath"] = json!(self.path(clinic));
        request["requestContext"]["http"]["path"] = json!(self.path(clinic));
        request["headers"][name] = json!(signature);
        request["body"] = json!(STANDARD.encode(body));
        request["isBase64Encoded"] = json!(true);
        let context = Context::default();
        let answer =
            vio_webhooks::invoke(&clinic.webhooks, &clinic.service, request, context).await;
        let answer = answer.unwrap();
        let receipt: Value =
            serde_json::from_str(answer["body"].as_str().unwrap_or_default()).unwrap_or_default();
        let word = receipt["status"].as_str().unwrap_or_default().to_owned();
        (answer["statusCode"].as_u64().unwrap(), word)
    }
}

/// An instant as the tables write it.
pub(super) fn short(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
        .replace('T', " ")
        .replace(":00Z", "")
}

/// Why a person is on the work list, or a dash.
pub(super) fn attention(reason: Option<AttentionReason>) -> &'static str {
    reason.map_or("-", |reason| reason.as_str())
}

/// Puts a value at a place.
pub(super) fn set(event: &mut Value, pointer: &str, value: Value) {
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    match event.pointer_mut(parent).unwrap() {
        Value::Array(items) => items[name.parse::<usize>().unwrap()] = value,
        parent => parent[name] = value,
    }
}

/// Takes a member out.
pub(super) fn remove(event: &mut Value, pointer: &str) {
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    let parent = event.pointer_mut(parent).unwrap();
    assert!(
        parent.as_object_mut().unwrap().remove(name).is_some(),
        "{pointer} was not there"
    );
}

/// Delivers an event and processes it: what came of it, in the words of [`Right`], and everybody's state after.
pub(super) async fn comes_to(clinic: &Clinic, from: From, body: &[u8]) -> (u16, String) {
    let (status, word) = from.deliver(clinic, body).await;
    let messages = clinic.test.queues.take_inbox();
    assert_eq!(messages.len(), usize::from(word == "accepted"), "{word}");
    for message in messages {
        let event = message.event.parse().unwrap();
        vio_webhooks::process(&clinic.webhooks, message)
            .await
            .unwrap();
        let row = clinic.store().event(event).await.unwrap().unwrap();
        assert!(!row.is_waiting(), "the event still waits");
        let done = matches!(row.state, InboxState::Done { .. });
        assert!(done, "the event could not be processed");
    }
    (status, word)
}

/// Holds what every delivery must stand besides its own rows: the same again, in base64, with what nobody knows yet, large,
/// too large, unsigned, cut off, as a list.
pub(super) async fn holds_whatever_surrounds_it<F>(
    from: From,
    event: &Value,
    taken: bool,
    world: impl Fn() -> F,
) where
    F: Future<Output = Clinic>,
{
    let word = if taken { "accepted" } else { "ignored" };
    let again = if taken { "duplicate" } else { "ignored" };
    let body = event.to_string().into_bytes();
    let clinic = world().await;
    let got = from.deliver_in_base64(&clinic, &body).await;
    assert_eq!(got, (200, word.to_owned()), "in base64");
    let got = from.deliver(&clinic, &body).await;
    assert_eq!(got, (200, again.to_owned()), "the same again");

    // With what nobody knows yet, and large: past what an entry of the table holds.
    let clinic = world().await;
    let mut more = event.clone();
    more["fields_of_the_future"] = json!({"a": [null, {"b": [1.5, "c"]}]});
    more["long"] = json!(noise(600_000));
    let got = from.deliver(&clinic, more.to_string().as_bytes()).await;
    assert_eq!(
        got,
        (200, word.to_owned()),
        "with unknown fields, and large"
    );

    let clinic = world().await;
    let mut huge = event.clone();
    huge["long"] = json!("x".repeat(from.largest()));
    let (status, _) = from.deliver(&clinic, huge.to_string().as_bytes()).await;
    assert_eq!(status, 413, "too large");
    let (status, _) = clinic.post(from.path(&clinic), None, body.clone()).await;
    assert_eq!(status, 401, "unsigned");
    let wrong = from.signed(&clinic, b"something else");
    let given = (wrong.0, wrong.1.as_str());
    let (status, _) = clinic
        .post(from.path(&clinic), Some(given), body.clone())
        .await;
    assert_eq!(status, 401, "signed for something else");
    let (status, _) = from.deliver(&clinic, &body[..body.len() / 2]).await;
    assert_eq!(status, 400, "cut off");
    let list = json!([event]).to_string();
    let (status, _) = from.deliver(&clinic, list.as_bytes()).await;
    assert_eq!(status, 400, "a list");
    assert!(clinic.test.queues.take_inbox().is_empty());
}

/// Judges one row.
pub(super) fn judge(at: &str, got: (u16, String), state: &str, before: &str, right: Right) {
    let (expected, after) = match right {
        Right::Taken(after) => ((200, "accepted".to_owned()), after),
        Right::Ignored => ((200, "ignored".to_owned()), before),
        Right::Refused(status) => ((status, String::new()), before),
    };
    assert_eq!(got, expected, "{at}");
    assert_eq!(state, after, "{at}");
}

/// A sample as JSON.
pub(super) fn json_sample(name: &str) -> Option<Value> {
    sample(name).map(|bytes| serde_json::from_slice(&bytes).unwrap())
}
