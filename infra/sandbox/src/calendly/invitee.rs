//! Somebody invited to an event of somebody's Calendly, in the API's shapes.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::booking::instant;
use crate::sign;

/// Where everything of Calendly's has its address.
const API: &str = "https://api.calendly.com";
/// How long an event is that says nothing else.
const USUAL_MINUTES: i64 = 30;
/// Digits of an id.
const ID_DIGITS: usize = 16;

/// An invitee, its event, and whose calendar that is on.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Invitee {
    /// Its address.
    pub(crate) uri: String,
    /// Lower-cased.
    pub(crate) organizer_email: String,
    pub(crate) event: Value,
    pub(crate) invitee: Value,
}

/// What somebody books on the page of an organizer.
#[derive(Clone, Deserialize)]
pub(crate) struct NewBooking {
    pub(crate) organizer_email: String,
    pub(crate) name: String,
    pub(crate) email: String,
    /// Where the organizer is to ring.
    #[serde(default)]
    phone: Option<String>,
    pub(crate) start: DateTime<Utc>,
    #[serde(default)]
    minutes: Option<i64>,
    /// What the kind of event is called; `Check-up` if absent.
    #[serde(default)]
    event_type: Option<String>,
    #[serde(default)]
    timezone: Option<String>,
    /// Questions and what was answered.
    #[serde(default)]
    answers: Vec<(String, String)>,
}

/// An instant as Calendly writes it: with microseconds and `Z`.
pub(crate) fn text(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Micros, true)
}

/// The address of a user, always the same for one e-mail.
pub(crate) fn user(email: &str) -> String {
    let id = sign::fingerprint(&json!(email.to_lowercase()));
    format!("{API}/users/{}", id.get(..ID_DIGITS).unwrap_or_default())
}

/// The address of their organization.
pub(crate) fn organization(email: &str) -> String {
    user(email).replace("/users/", "/organizations/")
}

/// The address of a kind of event, from its name.
pub(crate) fn event_type(name: &str) -> String {
    let letter = |c: char| {
        if c.is_ascii_alphanumeric() {
            c.to_ascii_uppercase()
        } else {
            '-'
        }
    };
    let id: String = name.chars().map(letter).take(ID_DIGITS).collect();
    format!("{API}/event_types/{id}")
}

/// The address of a subscription.
pub(crate) fn subscription(id: &str) -> String {
    format!("{API}/webhook_subscriptions/{id}")
}

/// The id that an address ends in.
pub(crate) fn id_of(uri: &str) -> &str {
    uri.rsplit('/').next().unwrap_or_default()
}

/// A fresh id.
pub(crate) fn new_id() -> String {
    uuid::Uuid::now_v7().simple().to_string().to_uppercase()
}

impl Invitee {
    /// What a booking makes.
    pub(crate) fn booked(new: &NewBooking, now: DateTime<Utc>) -> Self {
        let event_uri = format!("{API}/scheduled_events/{}", new_id());
        let uri = format!("{event_uri}/invitees/{}", new_id());
        let kind = new.event_type.as_deref().unwrap_or("Check-up");
        let (first, last) = new.name.split_once(' ').unwrap_or((&new.name, ""));
        let location = match &new.phone {
            Some(phone) => json!({"type": "outbound_call", "location": phone}),
            None => json!({"type": "physical", "location": "The practice"}),
        };
        let answers: Vec<Value> = new
            .answers
            .iter()
            .enumerate()
            .map(|(at, (question, answer))| json!({"question": question, "answer": answer, "position": at}))
            .collect();
        let end = new.start + TimeDelta::minutes(new.minutes.unwrap_or(USUAL_MINUTES));
        let organizer = new.organizer_email.to_lowercase();
        let event = json!({
            "uri": event_uri,
            "name": kind,
            "status": "active",
            "start_time": text(new.start),
            "end_time": text(end),
            "event_type": event_type(kind),
            "location": location,
            "invitees_counter": {"total": 1, "active": 1, "limit": 1},
            "created_at": text(now),
            "updated_at": text(now),
            "event_memberships": [{"user": user(&organizer), "user_email": organizer, "user_name": "Appointment desk"}],
            "event_guests": [],
        });
        let invitee = json!({
            "uri": uri,
            "event": event_uri,
            "name": new.name,
            "first_name": first,
            "last_name": last,
            "email": new.email,
            "timezone": new.timezone.as_deref().unwrap_or("Europe/London"),
            "status": "active",
            "canceled": false,
            "rescheduled": false,
            "old_invitee": null,
            "new_invitee": null,
            "no_show": null,
            "text_reminder_number": null,
            "questions_and_answers": answers,
            "cancel_url": format!("https://calendly.com/cancellations/{}", id_of(&uri)),
            "reschedule_url": format!("https://calendly.com/reschedulings/{}", id_of(&uri)),
            "created_at": text(now),
            "updated_at": text(now),
        });
        Self {
            uri,
            organizer_email: organizer,
            event,
            invitee,
        }
    }

    /// The invitee that a webhook speaks of; `None` for events that carry none whole.
    pub(crate) fn of_event(event: &Value) -> Option<Self> {
        let mut invitee = event["payload"].clone();
        let mut scheduled = invitee.get_mut("scheduled_event")?.take();
        instant(&scheduled["start_time"])?;
        let organizer = scheduled["event_memberships"][0]["user_email"].as_str()?;
        let organizer_email = organizer.to_lowercase();
        if event["event"].as_str()? == "invitee.canceled" {
            scheduled["status"] = json!("canceled");
        }
        Some(Self {
            uri: invitee["uri"].as_str()?.to_owned(),
            organizer_email,
            event: scheduled,
            invitee,
        })
    }

    /// The webhook event that tells of it.
    pub(crate) fn as_event(&self, name: &str, now: DateTime<Utc>) -> Value {
        let mut payload = self.invitee.clone();
        payload["scheduled_event"] = self.event.clone();
        json!({
            "event": name,
            "created_at": text(now),
            "created_by": user(&self.organizer_email),
            "payload": payload,
        })
    }

    pub(crate) fn event_id(&self) -> &str {
        id_of(self.event["uri"].as_str().unwrap_or_default())
    }

    pub(crate) fn start(&self) -> Option<DateTime<Utc>> {
        instant(&self.event["start_time"])
    }

    pub(crate) fn is_off(&self) -> bool {
        self.invitee["status"] == "canceled"
    }

    /// The same, cancelled; `by` is `host` or `invitee`.
    pub(crate) fn cancelled(&self, by: &str, reason: &Value, now: DateTime<Utc>) -> Self {
        let mut off = self.clone();
        let cancellation = json!({
            "canceled_by": by, "reason": reason, "canceler_type": by, "created_at": text(now),
        });
        off.invitee["status"] = json!("canceled");
        off.invitee["canceled"] = json!(true);
        off.invitee["updated_at"] = json!(text(now));
        off.invitee["cancellation"] = cancellation.clone();
        off.event["status"] = json!("canceled");
        off.event["updated_at"] = json!(text(now));
        off.event["cancellation"] = cancellation;
        off
    }

    /// The same person at another time: the old booking and the new one, which name each other.
    pub(crate) fn moved(&self, to: DateTime<Utc>, now: DateTime<Utc>) -> (Self, Self) {
        let mut new = self.clone();
        let length = instant(&self.event["end_time"])
            .zip(self.start())
            .map_or(TimeDelta::minutes(USUAL_MINUTES), |(end, start)| {
                end - start
            });
        let event_uri = format!("{API}/scheduled_events/{}", new_id());
        new.uri = format!("{event_uri}/invitees/{}", new_id());
        for (name, value) in [
            ("uri", json!(event_uri)),
            ("start_time", json!(text(to))),
            ("end_time", json!(text(to + length))),
            ("created_at", json!(text(now))),
            ("updated_at", json!(text(now))),
        ] {
            new.event[name] = value;
        }
        for (name, value) in [
            ("uri", json!(new.uri)),
            ("event", json!(event_uri)),
            ("old_invitee", json!(self.uri)),
            ("created_at", json!(text(now))),
            ("updated_at", json!(text(now))),
        ] {
            new.invitee[name] = value;
        }
        let mut old = self.cancelled("invitee", &Value::Null, now);
        old.invitee["rescheduled"] = json!(true);
        old.invitee["new_invitee"] = json!(new.uri);
        (old, new)
    }

    /// The same, with what the organizer says of whether they came.
    pub(crate) fn with_no_show(&self, missed: bool, now: DateTime<Utc>) -> Self {
        let mut marked = self.clone();
        let mark =
            json!({"uri": format!("{API}/invitee_no_shows/{}", new_id()), "created_at": text(now)});
        marked.invitee["no_show"] = if missed { mark } else { Value::Null };
        marked.invitee["updated_at"] = json!(text(now));
        marked
    }
}
