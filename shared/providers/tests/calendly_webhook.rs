//! Calendly's signature and events, with every trap that its bookings hold.
#![allow(clippy::unwrap_used, clippy::panic)]

use aws_lc_rs::hmac;
use chrono::{DateTime, TimeDelta, Utc};
use secrecy::SecretString;
use serde_json::{Value, json};
use vio_providers::booking::{Booking, Trigger};
use vio_providers::calendly::reading::kept;
use vio_providers::calendly::webhook::{LARGEST_EVENT, parse, verify};
use vio_providers::{EventError, SignatureError};

const INVITEE: &str = "https://api.calendly.com/scheduled_events/EV1/invitees/IN1";
const OLD: &str = "https://api.calendly.com/scheduled_events/EV0/invitees/IN0";

fn now() -> DateTime<Utc> {
    "2027-01-04T10:00:00Z".parse().unwrap()
}

fn sign(key: &str, body: &[u8], at: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes());
    let message = [at.as_bytes(), b".", body].concat();
    hex::encode(hmac::sign(&key, &message))
}

fn header(key: &str, body: &[u8], at: DateTime<Utc>) -> String {
    let at = at.timestamp().to_string();
    format!("t={at},v1={}", sign(key, body, &at))
}

fn keys(keys: &[&str]) -> Vec<SecretString> {
    keys.iter().map(|key| SecretString::from(*key)).collect()
}

#[test]
fn the_signature_is_that_of_a_valid_key_and_of_now() {
    let body = br#"{"event":"invitee.created"}"#;
    let valid = keys(&["new", "old"]);
    let check = |header: &str| verify(header, body, &valid, now());
    assert_eq!(check(&header("new", body, now())), Ok(()));
    assert_eq!(check(&header("old", body, now())), Ok(()));
    for (seconds, expected) in [
        (-180, Ok(())),
        (180, Ok(())),
        (-181, Err(SignatureError::Expired)),
        (181, Err(SignatureError::Expired)),
    ] {
        let at = now() + TimeDelta::seconds(seconds);
        assert_eq!(check(&header("new", body, at)), expected, "{seconds}");
    }
    let at = now().timestamp().to_string();
    let right = sign("new", body, &at);
    // Another scheme beside it, another order, and one more signature.
    for header in [
        format!("v0=00,t={at},v1={right}"),
        format!("v1={right},t={at}"),
        format!("t={at}, v1={}, v1={right}", "0".repeat(64)),
    ] {
        assert_eq!(check(&header), Ok(()), "{header}");
    }
    for header in [
        String::new(),
        right.clone(),
        format!("t={at}"),
        format!("v1={right}"),
        format!("t=,v1={right}"),
        format!("t=+{at},v1={right}"),
        format!("t={at},t={at},v1={right}"),
        format!("t={}000,v1={right}", at),
        format!("t={at},v1={}", right.to_uppercase()),
        format!("t={at},v1={}", sign("other", body, &at)),
        format!("t={at},v1={}", sign("new", b"{}", &at)),
        format!("t={at},v1={}", sign("new", body, "1")),
        format!("t={at},v1={right}{}", " ".repeat(600)),
    ] {
        assert_eq!(check(&header), Err(SignatureError::Wrong), "{header}");
    }
    let empty = header("", body, now());
    assert_eq!(
        verify(&empty, body, &keys(&[""]), now()),
        Err(SignatureError::Wrong)
    );
    assert_eq!(
        verify(&empty, body, &keys(&[]), now()),
        Err(SignatureError::Wrong)
    );
}

fn event(name: &str, payload: Value) -> Vec<u8> {
    json!({"event": name, "created_at": "2027-01-04T10:00:00.000000Z", "payload": payload})
        .to_string()
        .into_bytes()
}

/// A booking with these fields of the invitee and of its event.
fn booking(invitee: Value, scheduled: Value) -> Booking {
    let mut payload =
        json!({"uri": INVITEE, "scheduled_event": {"start_time": "2027-01-07T14:00:00.000000Z"}});
    for (name, value) in scheduled.as_object().unwrap() {
        payload["scheduled_event"][name] = value.clone();
    }
    for (name, value) in invitee.as_object().unwrap() {
        payload[name] = value.clone();
    }
    parse(&event("invitee.created", payload))
        .unwrap()
        .booking
        .unwrap()
}

#[test]
fn a_booking_is_read_whole() {
    let booking = booking(
        json!({
            "name": "Zoë Lucas", "first_name": "Zoë", "last_name": "Lucas", "email": "zoe@example.com",
            "timezone": "Europe/London", "old_invitee": OLD, "created_at": "2027-01-04T09:59:59.123456Z",
            "questions_and_answers": [
                {"question": "Which practitioner?", "answer": "Mx Patel", "position": 0},
                {"question": "Please share anything that will help prepare for our meeting.", "answer": "Step-free, please.", "position": 1},
                {"question": null, "answer": "By bus", "position": 2},
                {"question": "Left open", "answer": null, "position": 3},
            ],
        }),
        json!({
            "name": "Check-up", "end_time": "2027-01-07T14:30:00.000000Z",
            "event_type": "https://api.calendly.com/event_types/ET1",
            "event_memberships": [{"user_email": "Ada@Example.com", "user_name": "Dr Ada Grey"}],
        }),
    );
    assert_eq!(booking.uid, INVITEE);
    assert_eq!(booking.reschedule_uid.as_deref(), Some(OLD));
    assert_eq!(booking.length_minutes, Some(30));
    assert_eq!(booking.event_title.as_deref(), Some("Check-up"));
    assert_eq!(
        booking.event_type.as_deref(),
        Some("https://api.calendly.com/event_types/ET1")
    );
    assert_eq!(booking.organizer_email.as_deref(), Some("ada@example.com"));
    assert_eq!(booking.organizer_name.as_deref(), Some("Dr Ada Grey"));
    assert_eq!(booking.attendee.name.as_deref(), Some("Zoë Lucas"));
    assert_eq!(booking.notes.as_deref(), Some("Step-free, please."));
    let answer = |name: &str| booking.answers.get(name).map(String::as_str);
    assert_eq!(answer("which_practitioner"), Some("Mx Patel"));
    assert_eq!(answer("0"), Some("Mx Patel"));
    assert_eq!(answer("2"), Some("By bus"));
    assert_eq!(answer("3"), None);
}

#[test]
fn a_number_is_looked_for_in_the_documented_order() {
    let answers = json!([
        {"question": "Mobile", "answer": "020 7946 0003", "position": 0},
        {"question": "Age", "answer": "42", "position": 1},
        {"question": "Why?", "answer": "Since 2019-01-02 I have", "position": 2},
        {"question": "Other", "answer": "+44 (0)20 7946-0004", "position": 3},
    ]);
    let rung = json!({"location": {"type": "outbound_call", "location": "+44 20 7946 0002"}});
    let all = booking(
        json!({"text_reminder_number": "+44 20 7946 0001", "questions_and_answers": answers}),
        rung.clone(),
    );
    let expected = [
        "+44 20 7946 0001",
        "+44 20 7946 0002",
        "020 7946 0003",
        "+44 (0)20 7946-0004",
    ];
    assert_eq!(all.attendee.phones, expected);
    let told = booking(json!({"text_reminder_number": null}), rung);
    assert_eq!(told.attendee.phones, ["+44 20 7946 0002"]);
    // Where the organizer is rung, or a meeting with a password, no number is the invitee's.
    for location in [
        json!({"type": "inbound_call", "location": "+44 20 7946 0009"}),
        json!({"type": "zoom", "data": {"password": "1234567"}, "join_url": "https://zoom.example/j/1234567"}),
        json!(null),
        json!([1]),
    ] {
        let none = booking(json!({}), json!({"location": location}));
        assert_eq!(none.attendee.phones, Vec::<String>::new());
    }
}

#[test]
fn what_is_missing_null_or_strange_is_left_out() {
    let strange = booking(
        json!({
            "name": null, "first_name": null, "last_name": null, "email": 7, "timezone": "America/New York City",
            "questions_and_answers": "none", "text_reminder_number": [], "old_invitee": null, "extra": {"deep": [1]},
        }),
        json!({"end_time": "soon", "event_memberships": null, "name": {}}),
    );
    assert_eq!(strange.attendee.name, None);
    assert_eq!(strange.attendee.email, None);
    assert_eq!(strange.attendee.timezone, None);
    assert_eq!(strange.end, None);
    assert!(strange.start.is_some() && strange.answers.is_empty());
    let halves = booking(
        json!({"name": null, "first_name": "Zoë", "last_name": "Lucas"}),
        json!({}),
    );
    assert_eq!(halves.attendee.name.as_deref(), Some("Zoë Lucas"));
    for start in ["2027-01-07T14:00:00Z", "2027-01-07T15:00:00.5+01:00"] {
        let booking = booking(json!({}), json!({"start_time": start}));
        assert_eq!(booking.start.unwrap().timestamp(), 1_799_330_400, "{start}");
    }
    assert!(!format!("{halves:?}").contains("Lucas"));
}

#[test]
fn what_happened_is_told_by_name_and_fields() {
    let scheduled = json!({"start_time": "2027-01-07T14:00:00Z"});
    let payload = |more: Value| {
        let mut payload = json!({"uri": INVITEE, "email": "Zoe@example.com", "scheduled_event": scheduled,
            "created_at": "2027-01-04T09:00:00Z", "updated_at": "2027-01-04T09:30:00Z"});
        for (name, value) in more.as_object().unwrap() {
            payload[name] = value.clone();
        }
        payload
    };
    let cancelled = json!({"cancellation": {"created_at": "2027-01-04T09:20:00Z"}});
    for (name, more, trigger, hour_minute) in [
        (
            "invitee.created",
            json!({}),
            Trigger::BookingCreated,
            "09:00",
        ),
        (
            "invitee.created",
            json!({"old_invitee": OLD}),
            Trigger::BookingRescheduled,
            "09:00",
        ),
        (
            "invitee.canceled",
            json!({}),
            Trigger::BookingCancelled,
            "09:30",
        ),
        (
            "invitee.canceled",
            cancelled,
            Trigger::BookingCancelled,
            "09:20",
        ),
        (
            "invitee.canceled",
            json!({"rescheduled": true}),
            Trigger::Other,
            "10:00",
        ),
        (
            "invitee_no_show.created",
            json!({}),
            Trigger::NoShowUpdated,
            "10:00",
        ),
        (
            "invitee_no_show.deleted",
            json!({}),
            Trigger::NoShowUpdated,
            "10:00",
        ),
        (
            "routing_form_submission.created",
            json!({}),
            Trigger::Other,
            "10:00",
        ),
        ("something.new", json!({}), Trigger::Other, "10:00"),
    ] {
        let event = parse(&event(name, payload(more))).unwrap();
        assert_eq!(event.trigger, trigger, "{name}");
        let at = event.created_at.unwrap().format("%H:%M").to_string();
        assert_eq!(at, hour_minute, "{name}");
        if trigger == Trigger::NoShowUpdated {
            let [one] = &event.no_show[..] else {
                panic!("one invitee")
            };
            assert_eq!(one.email.as_deref(), Some("zoe@example.com"));
            assert_eq!(one.missed, name.ends_with("created"));
        }
        assert!(
            event
                .identity()
                .starts_with(&format!("{name}|{INVITEE}|2027-01-04T"))
        );
    }
}

#[test]
fn what_is_no_event_is_refused_and_what_lacks_its_time_is_not() {
    for (body, error) in [
        (b"[]".to_vec(), EventError::NotAnObject),
        (b"{".to_vec(), EventError::NotAnObject),
        (b"{}".to_vec(), EventError::Missing("event")),
        (
            event("invitee.created", json!({})),
            EventError::Missing("payload.uri"),
        ),
        (
            event("invitee.created", json!("x")),
            EventError::Missing("payload.uri"),
        ),
        (
            event("invitee.canceled", json!({"uri": "x".repeat(600)})),
            EventError::Missing("payload.uri"),
        ),
        (
            event("invitee_no_show.created", json!({})),
            EventError::Missing("payload.uri"),
        ),
        (
            event("invitee.created", json!({"uri": INVITEE})),
            EventError::Missing("payload.scheduled_event.start_time"),
        ),
        (vec![b' '; LARGEST_EVENT + 1], EventError::TooLarge),
    ] {
        assert_eq!(parse(&body), Err(error));
    }
    let named = json!({"uri": INVITEE, "event": "https://api.calendly.com/scheduled_events/EV1"});
    let event = parse(&event("invitee.created", named)).unwrap();
    assert_eq!(event.booking.unwrap().start, None);
}

#[test]
fn what_was_read_means_the_event_that_was_missed() {
    let scheduled = |status: &str| {
        json!({"uri": "https://api.calendly.com/scheduled_events/EV1", "status": status, "name": "Check-up",
               "start_time": "2027-01-07T14:00:00Z", "updated_at": "2027-01-04T09:30:00Z"})
    };
    let read = |status: &str, more: Value| {
        let mut invitee = json!({"uri": INVITEE, "status": status, "created_at": "2027-01-04T09:00:00Z", "updated_at": "2027-01-04T09:30:00Z"});
        for (name, value) in more.as_object().unwrap() {
            invitee[name] = value.clone();
        }
        let of_event = scheduled(if status == "canceled" {
            "canceled"
        } else {
            "active"
        });
        let body = json!({"read": {"scheduled_event": of_event, "invitee": invitee}});
        kept(body.to_string().as_bytes()).unwrap().unwrap()
    };
    let active = read("active", json!({}));
    let told = active.event().unwrap();
    assert_eq!(told.trigger, Trigger::BookingCreated);
    assert_eq!(
        told.created_at.unwrap().to_rfc3339(),
        "2027-01-04T09:00:00+00:00"
    );
    assert_eq!(kept(&active.body()).unwrap().unwrap(), active);
    let moved = read("active", json!({"old_invitee": OLD})).event().unwrap();
    assert_eq!(moved.trigger, Trigger::BookingRescheduled);
    let off = read("canceled", json!({}));
    assert_eq!(off.event().unwrap().trigger, Trigger::BookingCancelled);
    assert_ne!(off.identity(), active.identity());
    assert_eq!(read("canceled", json!({"rescheduled": true})).event(), None);
    assert_eq!(kept(br#"{"event":"invitee.created"}"#).unwrap(), None);
    for body in [
        r#"{"read":null}"#,
        r#"{"read":"x"}"#,
        r#"{"read":{"invitee":{}}}"#,
    ] {
        assert_eq!(
            kept(body.as_bytes()).unwrap_err(),
            EventError::Missing("read")
        );
    }
}
