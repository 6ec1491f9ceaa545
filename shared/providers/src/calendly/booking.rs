//! An invitee and the event it is invited to, as one booking. Anything but the invitee's address may be missing, null or
//! of another type.

use std::collections::BTreeMap;

use serde_json::Value;
use vio_domain::calendar::parse_zone;
use vio_domain::settings::mapping::slug;

use crate::EventError;
use crate::booking::{Attendee, Booking, MOST_ANSWERS, phones};
use crate::json::{instant, text, whole};

/// Bytes of an address at most: beyond any of theirs.
const LONGEST_URI: usize = 512;
/// Digits that a phone number has.
const PHONE_DIGITS: std::ops::RangeInclusive<usize> = 7..=15;
/// The question that every booking page has unless it was taken away, by its words.
const USUAL_QUESTION: &str = "please_share_anything_that_will_help_prepare_for_our_meeting";
/// What the people who changed its words mostly call it.
const NOTES: [&str; 4] = ["additional_notes", "additionalnotes", "notes", "comments"];

/// An invitee's address: what a booking is known by.
pub(super) fn uri(invitee: &Value) -> Option<String> {
    text(&invitee["uri"]).filter(|uri| uri.len() <= LONGEST_URI)
}

/// Reads an invitee and its event.
pub(super) fn read(invitee: &Value, event: &Value) -> Result<Booking, EventError> {
    let uid = uri(invitee).ok_or(EventError::Missing("payload.uri"))?;
    let (start, end) = (instant(&event["start_time"]), instant(&event["end_time"]));
    let between = start
        .zip(end)
        .map(|(start, end)| (end - start).num_minutes());
    let host = &event["event_memberships"][0];
    let answers = answers(invitee);
    let notes = [USUAL_QUESTION]
        .iter()
        .chain(&NOTES)
        .find_map(|question| answers.get(*question).cloned());
    Ok(Booking {
        reschedule_uid: text(&invitee["old_invitee"])
            .filter(|before| *before != uid && before.len() <= LONGEST_URI),
        uid,
        ical_sequence: None,
        start,
        end,
        length_minutes: between.filter(|minutes| *minutes > 0),
        event_title: text(&event["name"]),
        event_type: text(&event["event_type"]),
        attendee: attendee(invitee, event),
        organizer_email: text(&host["user_email"]).map(|email| email.to_lowercase()),
        organizer_name: text(&host["user_name"]),
        answers,
        notes,
        cancellation_reason: text(&invitee["cancellation"]["reason"]),
        request_reschedule: false,
    })
}

fn attendee(invitee: &Value, event: &Value) -> Attendee {
    let (first_name, last_name) = (text(&invitee["first_name"]), text(&invitee["last_name"]));
    let parts: Vec<_> = [&first_name, &last_name]
        .into_iter()
        .flatten()
        .map(String::as_str)
        .collect();
    let whole_name = (!parts.is_empty()).then(|| parts.join(" "));
    Attendee {
        name: text(&invitee["name"]).or(whole_name),
        email: text(&invitee["email"]),
        timezone: text(&invitee["timezone"]).and_then(|zone| parse_zone(&zone).ok()),
        phones: places(invitee, event),
        first_name,
        last_name,
    }
}

/// The places where a phone number may be, in order: for reminders by text, where the organizer is to ring, and an
/// answer that is one.
fn places(invitee: &Value, event: &Value) -> Vec<String> {
    let location = &event["location"];
    let rung = location["type"].as_str() == Some("outbound_call");
    let first = [
        text(&invitee["text_reminder_number"]),
        rung.then(|| text(&location["location"])).flatten(),
    ];
    let answered = questions(invitee).filter_map(|question| {
        text(&question["answer"]).filter(|answer| looks_like_a_number(answer))
    });
    phones(first.into_iter().chain(answered.map(Some)))
}

fn looks_like_a_number(answer: &str) -> bool {
    let digits = answer.bytes().filter(u8::is_ascii_digit).count();
    let of_numbers = |c: char| {
        c.is_ascii_digit() || matches!(c, '+' | ' ' | '(' | ')' | '-' | '.' | '/' | '\u{a0}')
    };
    PHONE_DIGITS.contains(&digits) && answer.chars().all(of_numbers)
}

fn questions(invitee: &Value) -> impl Iterator<Item = &Value> {
    let all = invitee["questions_and_answers"].as_array();
    all.into_iter().flatten().take(MOST_ANSWERS)
}

/// Every answer that is a text, by its question's words and by its place.
fn answers(invitee: &Value) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for (at, question) in questions(invitee).enumerate() {
        let Some(answer) = text(&question["answer"]) else {
            continue;
        };
        let at = i64::try_from(at).unwrap_or_default();
        let place = whole(&question["position"]).unwrap_or(at).to_string();
        let words = text(&question["question"]).map(|question| slug(&question));
        for name in words.into_iter().filter(|words| !words.is_empty()) {
            found.entry(name).or_insert_with(|| answer.clone());
        }
        found.entry(place).or_insert(answer);
    }
    found
}
