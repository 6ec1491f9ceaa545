//! A booking in a webhook. Anything but its uid may be missing, null or of another type.

use std::collections::BTreeMap;

use serde_json::Value;
use vio_domain::calendar::parse_zone;

use crate::EventError;
use crate::booking::{Attendee, Booking, MOST_ANSWERS, phones};
use crate::json::{instant, text, whole};

/// People who book by phone alone get an address of this kind, which reaches nobody.
const INVENTED_EMAIL_DOMAIN: &str = "@sms.cal.com";

/// Reads the payload of a webhook.
pub(super) fn read(payload: &Value) -> Result<Booking, EventError> {
    let uid = text(&payload["uid"]).ok_or(EventError::Missing("payload.uid"))?;
    let (start, end) = (instant(&payload["startTime"]), instant(&payload["endTime"]));
    let between = start
        .zip(end)
        .map(|(start, end)| (end - start).num_minutes());
    Ok(Booking {
        reschedule_uid: text(&payload["rescheduleUid"]).filter(|before| *before != uid),
        uid,
        ical_sequence: whole(&payload["iCalSequence"]),
        start,
        end,
        length_minutes: whole(&payload["length"])
            .or(between)
            .filter(|minutes| *minutes > 0),
        event_title: text(&payload["eventTitle"]),
        event_type: whole(&payload["eventTypeId"]).map(|id| id.to_string()),
        attendee: attendee(payload),
        organizer_email: text(&payload["organizer"]["email"]).map(|email| email.to_lowercase()),
        organizer_name: text(&payload["organizer"]["name"]),
        answers: answers(payload),
        notes: text(&payload["additionalNotes"]).or_else(|| answer(payload, "notes")),
        cancellation_reason: text(&payload["cancellationReason"]),
        request_reschedule: payload["requestReschedule"].as_bool().unwrap_or(false),
    })
}

fn attendee(payload: &Value) -> Attendee {
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
    Attendee {
        name: text(&first["name"])
            .or_else(|| answer(payload, "name"))
            .or(whole_name),
        email: text(&first["email"])
            .filter(|email| real_email(email))
            .or_else(|| answer(payload, "email").filter(|email| real_email(email))),
        timezone: text(&first["timeZone"]).and_then(|zone| parse_zone(&zone).ok()),
        phones: places(payload),
        first_name,
        last_name,
    }
}

/// Whether an address is one that reaches somebody.
pub(super) fn real_email(email: &str) -> bool {
    !email.to_ascii_lowercase().ends_with(INVENTED_EMAIL_DOMAIN)
}

/// The places where a phone number may be, in order.
fn places(payload: &Value) -> Vec<String> {
    let location = &payload["responses"]["location"]["value"];
    let by_phone = location["value"].as_str() == Some("phone");
    phones([
        answer(payload, "attendeePhoneNumber"),
        answer(payload, "phone"),
        answer(payload, "phoneNumber"),
        text(&payload["smsReminderNumber"]).or_else(|| answer(payload, "smsReminderNumber")),
        text(&payload["attendees"][0]["phoneNumber"]),
        by_phone.then(|| text(&location["optionValue"])).flatten(),
    ])
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
