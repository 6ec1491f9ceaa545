//! A booking as Cal.com tells of it.

use std::path::PathBuf;

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::StatusCode;
use serde_json::{Value, json};
use vio_sandbox::signed_delivery;

use crate::time::text;

/// Who booked what.
#[derive(Debug, Clone)]
pub struct Booking {
    pub uid: String,
    pub name: String,
    pub phone: String,
    pub email: String,
    pub start: DateTime<Utc>,
}

impl Booking {
    /// A booking of half an hour; uid and e-mail follow from the name.
    #[must_use]
    pub fn new(name: &str, phone: &str, start: DateTime<Utc>) -> Self {
        let slug = name.to_lowercase().replace(' ', ".");
        Self {
            uid: format!("booking-{slug}"),
            name: name.to_owned(),
            phone: phone.to_owned(),
            email: format!("{slug}@example.com"),
            start,
        }
    }

    /// The event `BOOKING_CREATED`, made at `at`.
    #[must_use]
    pub fn created(&self, at: DateTime<Utc>) -> Value {
        let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
            .join("../events/webhooks/calcom-booking-created.json");
        let sample = std::fs::read(&path).expect("the sample event");
        let mut event: Value = serde_json::from_slice(&sample).expect("JSON");
        event["createdAt"] = json!(text(at));
        let payload = &mut event["payload"];
        payload["startTime"] = json!(text(self.start));
        payload["endTime"] = json!(text(self.start + TimeDelta::minutes(30)));
        payload["uid"] = json!(self.uid);
        payload["iCalUID"] = json!(format!("{}@cal.example", self.uid));
        payload["title"] = json!(format!(
            "Check-up between Riverside Clinic and {}",
            self.name
        ));
        let (first, last) = self.name.split_once(' ').unwrap_or((&self.name, ""));
        let attendee = &mut payload["attendees"][0];
        attendee["name"] = json!(self.name);
        attendee["firstName"] = json!(first);
        attendee["lastName"] = json!(last);
        attendee["email"] = json!(self.email);
        let responses = &mut payload["responses"];
        responses["name"]["value"] = json!(self.name);
        responses["email"]["value"] = json!(self.email);
        responses["attendeePhoneNumber"]["value"] = json!(self.phone);
        event
    }
}

/// Posts an event to a tenant's address, signed with `secret` as Cal.com signs. The answer.
pub async fn deliver(url: &str, secret: &str, event: &Value) -> (StatusCode, Value) {
    let raw = event.to_string();
    let client = reqwest::Client::builder()
        .no_proxy()
        .build()
        .expect("an HTTP client");
    let mut request = client.post(url);
    for (name, value) in signed_delivery(secret, raw.as_bytes()) {
        request = request.header(name, value);
    }
    let answer = request.body(raw).send().await.expect("an answer");
    let status = answer.status();
    (status, answer.json().await.unwrap_or(Value::Null))
}
