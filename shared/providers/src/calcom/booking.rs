//! A booking in a webhook. Anything but its uid may be missing, null or of another type.

use std::collections::BTreeMap;
use std::fmt;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde_json::Value;
use vio_domain::calendar::parse_zone;

use crate::EventError;
use crate::json::{instant, text, whole};

/// People who book by phone alone get an address of this kind, which reaches nobody.
const INVENTED_EMAIL_DOMAIN: &str = "@sms.cal.com";

/// Answers of a booking that are looked at.
pub(super) const MOST_ANSWERS: usize = 100;

/// A booking.
#[derive(Clone, PartialEq, Eq)]
pub struct Booking {
    /// Its id; a reschedule gives it a new one.
    pub uid: String,
    /// The id it had before a reschedule.
    pub reschedule_uid: Option<String>,
    /// The second part of the order in which events are folded.
    pub ical_sequence: Option<i64>,
    /// When it begins.
    pub start: Option<DateTime<Utc>>,
    /// When it ends.
    pub end: Option<DateTime<Utc>>,
    /// How long it is, in minutes: as told, else from start to end.
    pub length_minutes: Option<i64>,
    /// The name of the kind of event booked (`eventTitle`), the appointment's type.
    pub event_title: Option<String>,
    /// The kind of event booked.
    pub event_type_id: Option<i64>,
    /// Who booked: the first attendee, and what was answered on the booking page.
    pub attendee: Attendee,
    /// Whose calendar it is on, lower-cased.
    pub organizer_email: Option<String>,
    /// Their name.
    pub organizer_name: Option<String>,
    /// What was answered on the booking page, by the question's slug. Health data.
    pub answers: BTreeMap<String, String>,
    /// What the person wrote on the booking page. Health data.
    pub notes: Option<String>,
    /// Why it was cancelled. Health data.
    pub cancellation_reason: Option<String>,
    /// The organizer cancelled and asked the person to book another time.
    pub request_reschedule: bool,
}

/// Who booked.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Attendee {
    /// The whole name.
    pub name: Option<String>,
    /// The first name, where told apart.
    pub first_name: Option<String>,
    /// The last name, where told apart.
    pub last_name: Option<String>,
    /// The address; never an invented one.
    pub email: Option<String>,
    /// The zone of the booking page; calls must be permitted in the tenant's too.
    pub timezone: Option<Tz>,
    /// What may be the phone number, as written, in the order in which to try them.
    pub phones: Vec<String>,
}

impl Booking {
    /// Reads the payload of a webhook.
    pub fn read(payload: &Value) -> Result<Self, EventError> {
        let uid = text(&payload["uid"]).ok_or(EventError::Missing("payload.uid"))?;
        let (start, end) = (instant(&payload["startTime"]), instant(&payload["endTime"]));
        let between = start
            .zip(end)
            .map(|(start, end)| (end - start).num_minutes());
        Ok(Self {
            reschedule_uid: text(&payload["rescheduleUid"]).filter(|before| *before != uid),
            uid,
            ical_sequence: whole(&payload["iCalSequence"]),
            start,
            end,
            length_minutes: whole(&payload["length"])
                .or(between)
                .filter(|minutes| *minutes > 0),
            event_title: text(&payload["eventTitle"]),
            event_type_id: whole(&payload["eventTypeId"]),
            attendee: Attendee::read(payload),
            organizer_email: text(&payload["organizer"]["email"]).map(|email| email.to_lowercase()),
            organizer_name: text(&payload["organizer"]["name"]),
            answers: answers(payload),
            notes: text(&payload["additionalNotes"]).or_else(|| answer(payload, "notes")),
            cancellation_reason: text(&payload["cancellationReason"]),
            request_reschedule: payload["requestReschedule"].as_bool().unwrap_or(false),
        })
    }
}

impl Attendee {
    fn read(payload: &Value) -> Self {
        let first = &payload["attendees"][0];
        let answered = &payload["responses"]["name"]["value"];
        let part = |name: &str| text(&first[name]).or_else(|| text(&answered[name]));
        let (first_name, last_name) = (part("firstName"), part("lastName"));
        let parts: Vec<_> = [&first_name, &last_name]
            .into_iter()
            .flatten()
            .map(String::as_str)
            .collect();
        let whole_name = (!parts.is_empty()).then(|| parts.join(" "));
        Self {
            name: text(&first["name"])
                .or_else(|| answer(payload, "name"))
                .or(whole_name),
            email: text(&first["email"])
                .filter(|email| real_email(email))
                .or_else(|| answer(payload, "email").filter(|email| real_email(email))),
            timezone: text(&first["timeZone"]).and_then(|zone| parse_zone(&zone).ok()),
            phones: phones(payload),
            first_name,
            last_name,
        }
    }
}

/// Whether an address is one that reaches somebody.
pub(super) fn real_email(email: &str) -> bool {
    !email.to_ascii_lowercase().ends_with(INVENTED_EMAIL_DOMAIN)
}

/// The places where a phone number may be, in order; texts without a digit and repetitions left out.
fn phones(payload: &Value) -> Vec<String> {
    let location = &payload["responses"]["location"]["value"];
    let by_phone = location["value"].as_str() == Some("phone");
    let mut found: Vec<String> = Vec::new();
    for place in [
        answer(payload, "attendeePhoneNumber"),
        answer(payload, "phone"),
        answer(payload, "phoneNumber"),
        text(&payload["smsReminderNumber"]).or_else(|| answer(payload, "smsReminderNumber")),
        text(&payload["attendees"][0]["phoneNumber"]),
        by_phone.then(|| text(&location["optionValue"])).flatten(),
    ]
    .into_iter()
    .flatten()
    {
        if place.bytes().any(|byte| byte.is_ascii_digit()) && !found.contains(&place) {
            found.push(place);
        }
    }
    found
}

/// Every answer that is a text, up to [`MOST_ANSWERS`].
fn answers(payload: &Value) -> BTreeMap<String, String> {
    let all = payload["responses"].as_object().into_iter().flatten();
    all.take(MOST_ANSWERS)
        .filter_map(|(slug, _)| Some((slug.clone(), answer(payload, slug)?)))
        .collect()
}

/// What was answered on the booking page under a slug: a text, the first text of a list, or `{value, optionValue}`.
fn answer(payload: &Value, slug: &str) -> Option<String> {
    match &payload["responses"][slug]["value"] {
        Value::Array(list) => list.iter().find_map(text),
        option @ Value::Object(_) => {
            text(&option["optionValue"]).or_else(|| text(&option["value"]))
        }
        plain => text(plain),
    }
}

impl fmt::Debug for Booking {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Booking")
            .field("uid", &self.uid)
            .field("start", &self.start)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Attendee {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Attendee")
    }
}
