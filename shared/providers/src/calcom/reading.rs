//! A booking as Cal.com's API gives it, for what its webhooks did not tell: the same booking in other words. Read, it is
//! kept as `{"read": booking}` among the events that were told, and means the event that was missed.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde_json::{Value, json};
use vio_domain::calendar::parse_zone;

use super::booking::real_email;
use super::webhook::LARGEST_EVENT;
use crate::EventError;
use crate::booking::{Attendee, Booking, Event, MOST_ANSWERS, Trigger, identity, phones};
use crate::json::{instant, object, text, whole};

/// How a booking stands there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It takes place.
    Accepted,
    /// It waits for the organizer.
    Pending,
    /// It was cancelled or refused.
    Off,
}

/// A booking that was read.
#[derive(Clone, PartialEq)]
pub struct ReadBooking {
    /// Its id.
    pub uid: String,
    pub standing: Standing,
    pub start: DateTime<Utc>,
    pub end: Option<DateTime<Utc>>,
    /// The booking that it took the place of.
    pub moved_from: Option<String>,
    /// The booking that took its place.
    pub moved_to: Option<String>,
    pub created_at: Option<DateTime<Utc>>,
    pub updated_at: Option<DateTime<Utc>>,
    value: Value,
}

impl std::fmt::Debug for ReadBooking {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ReadBooking")
            .field("uid", &self.uid)
            .field("standing", &self.standing)
            .field("start", &self.start)
            .finish_non_exhaustive()
    }
}

impl ReadBooking {
    /// Reads a booking of the API; None for what has no id, status or time.
    pub fn read(value: Value) -> Option<Self> {
        let standing = match text(&value["status"])?.as_str() {
            "accepted" => Standing::Accepted,
            "pending" => Standing::Pending,
            "cancelled" | "rejected" => Standing::Off,
            _ => return None,
        };
        Some(Self {
            uid: text(&value["uid"])?,
            standing,
            start: instant(&value["start"])?,
            end: instant(&value["end"]),
            moved_from: text(&value["rescheduledFromUid"]),
            moved_to: text(&value["rescheduledToUid"]),
            created_at: instant(&value["createdAt"]),
            updated_at: instant(&value["updatedAt"]),
            value,
        })
    }

    /// What was missed if nobody told of it; None where there is nothing to tell: what replaced it tells more, or it
    /// waits for the organizer and moves nothing.
    fn trigger(&self) -> Option<Trigger> {
        match self.standing {
            _ if self.moved_to.is_some() => None,
            Standing::Off => Some(Trigger::BookingCancelled),
            Standing::Accepted | Standing::Pending if self.moved_from.is_some() => {
                Some(Trigger::BookingRescheduled)
            }
            Standing::Accepted => Some(Trigger::BookingCreated),
            Standing::Pending => None,
        }
    }

    /// The event that was missed.
    pub fn event(&self) -> Option<Event> {
        let trigger = self.trigger()?;
        let made = self.created_at.or(self.updated_at);
        let created_at = match trigger {
            Trigger::BookingCancelled => self.updated_at.or(made),
            _ => made,
        };
        Some(Event {
            name: "READ".to_owned(),
            created_at,
            uid: Some(self.uid.clone()),
            booking: Some(self.booking()),
            no_show: Vec::new(),
            trigger,
        })
    }

    /// What makes two readings the same: the booking, unchanged.
    pub fn identity(&self) -> String {
        let updated = self.updated_at.or(self.created_at);
        identity("READ", Some(&self.uid), updated)
    }

    /// The form in which it is kept until it is processed.
    pub fn body(&self) -> Vec<u8> {
        json!({ "read": self.value }).to_string().into_bytes()
    }

    fn booking(&self) -> Booking {
        let value = &self.value;
        let answers = &value["bookingFieldsResponses"];
        Booking {
            uid: self.uid.clone(),
            reschedule_uid: self.moved_from.clone().filter(|from| *from != self.uid),
            ical_sequence: None,
            start: Some(self.start),
            end: self.end,
            length_minutes: whole(&value["duration"]).filter(|minutes| *minutes > 0),
            // The API gives the name in the address of the kind of event, and a title that names the people.
            event_title: text(&value["eventType"]["slug"]).map(|slug| in_words(&slug)),
            event_type: whole(&value["eventTypeId"]).map(|id| id.to_string()),
            attendee: attendee(value),
            organizer_email: text(&value["hosts"][0]["email"]).map(|email| email.to_lowercase()),
            organizer_name: text(&value["hosts"][0]["name"]),
            answers: (answers.as_object().into_iter().flatten())
                .take(MOST_ANSWERS)
                .filter_map(|(slug, answer)| Some((slug.clone(), text(answer)?)))
                .collect(),
            notes: text(&answers["notes"]).or_else(|| text(&answers["additionalNotes"])),
            cancellation_reason: text(&value["cancellationReason"]),
            request_reschedule: false,
        }
    }
}

/// `initial-check_up` as people write it: `Initial check up`.
fn in_words(slug: &str) -> String {
    let mut letters = slug.replace(['-', '_'], " ");
    if let Some(first) = letters.get_mut(..1) {
        first.make_ascii_uppercase();
    }
    letters
}

fn attendee(value: &Value) -> Attendee {
    let first = &value["attendees"][0];
    let answers = &value["bookingFieldsResponses"];
    let answered = |slug: &str| text(&answers[slug]);
    let zone = |zone: String| -> Option<Tz> { parse_zone(&zone).ok() };
    let phones = phones([
        answered("attendeePhoneNumber"),
        answered("phone"),
        answered("phoneNumber"),
        answered("smsReminderNumber"),
        text(&first["phoneNumber"]),
    ]);
    Attendee {
        name: text(&first["name"])
            .or_else(|| answered("name"))
            .or_else(|| text(&answers["name"]["name"])),
        first_name: text(&answers["name"]["firstName"]),
        last_name: text(&answers["name"]["lastName"]),
        email: text(&first["email"])
            .filter(|email| real_email(email))
            .or_else(|| answered("email").filter(|email| real_email(email))),
        timezone: text(&first["timeZone"]).and_then(zone),
        phones,
    }
}

/// The booking in what was kept of a reading; None for an event that was told.
pub fn kept(body: &[u8]) -> Result<Option<ReadBooking>, EventError> {
    let mut body = object(body, LARGEST_EVENT)?;
    match body.get_mut("read").map(Value::take) {
        None => Ok(None),
        Some(value) => ReadBooking::read(value)
            .map(Some)
            .ok_or(EventError::Missing("read")),
    }
}
