//! Retell's signature and events.
#![allow(clippy::unwrap_used, clippy::panic)]

use aws_lc_rs::hmac;
use chrono::{DateTime, Utc};
use secrecy::SecretString;
use serde_json::{Value, json};
use vio_domain::calendar::LocalDateTimeInput;
use vio_providers::retell::webhook::{EventKind, TOLERANCE_MS, parse, verify};
use vio_providers::retell::{AppointmentAction, Ending, NewTime, Sentiment};
use vio_providers::{EventError, SignatureError};

// The vector of the provider's own SDK tests.
const BODY: &[u8] = br#"{"event":"call_ended"}"#;
const KEY: &str = "test-api-key";
const SENT_AT: i64 = 1_700_000_000_000;
const DIGEST: &str = "07024cabe7dd8f6d1c6e4a8324ca92c812e6ad4a7ee506c04f7e462e3321823e";

fn keys(keys: &[&str]) -> Vec<SecretString> {
    keys.iter().map(|key| SecretString::from(*key)).collect()
}

fn at(milliseconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(milliseconds).unwrap()
}

fn header() -> String {
    format!("v={SENT_AT},d={DIGEST}")
}

#[test]
fn the_providers_vector_is_accepted_within_its_tolerance_both_ways() {
    for (now, expected) in [
        (SENT_AT, Ok(())),
        (SENT_AT + TOLERANCE_MS, Ok(())),
        (SENT_AT - TOLERANCE_MS, Ok(())),
        (SENT_AT + TOLERANCE_MS + 1, Err(SignatureError::Expired)),
        (SENT_AT - TOLERANCE_MS - 1, Err(SignatureError::Expired)),
    ] {
        assert_eq!(
            verify(&header(), BODY, &keys(&[KEY]), at(now)),
            expected,
            "{now}"
        );
    }
}

#[test]
fn both_keys_of_a_rotation_are_accepted_and_no_other() {
    for (valid, expected) in [
        (keys(&["new", KEY]), Ok(())),
        (keys(&[KEY, "old"]), Ok(())),
        (keys(&["new", "old"]), Err(SignatureError::Wrong)),
        (keys(&[]), Err(SignatureError::Wrong)),
    ] {
        assert_eq!(verify(&header(), BODY, &valid, at(SENT_AT)), expected);
    }
    // What anybody can make with an empty key.
    let message = [BODY, SENT_AT.to_string().as_bytes()].concat();
    let digest = hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, b""), &message);
    let forged = format!("v={SENT_AT},d={}", hex::encode(digest));
    assert_eq!(
        verify(&forged, BODY, &keys(&[""]), at(SENT_AT)),
        Err(SignatureError::Wrong)
    );
}

#[test]
fn another_body_or_another_form_of_the_header_is_refused() {
    let wrong = |header: &str, body: &[u8]| verify(header, body, &keys(&[KEY]), at(SENT_AT));
    assert_eq!(
        wrong(&header(), br#"{"event":"call_ended" }"#),
        Err(SignatureError::Wrong)
    );
    for header in [
        String::new(),
        format!("v={SENT_AT}"),
        format!("d={DIGEST},v={SENT_AT}"),
        format!("prefix-v={SENT_AT},d={DIGEST}"),
        format!("v={SENT_AT},d={DIGEST}-suffix"),
        format!("v={SENT_AT},d=not-hex"),
        format!("v={SENT_AT},d={}", &DIGEST[1..]),
        format!("v=999999999999999999999999,d={DIGEST}"),
        format!("v=-{SENT_AT},d={DIGEST}"),
        format!("v={SENT_AT},d={DIGEST},extra=value"),
        format!("v={SENT_AT},d={}", DIGEST.to_uppercase()),
        format!(" v={SENT_AT},d={DIGEST}"),
        format!("v={},d={DIGEST}", SENT_AT + 1),
    ] {
        assert_eq!(wrong(&header, BODY), Err(SignatureError::Wrong), "{header}");
    }
}

fn event(name: &str, call: Value) -> Vec<u8> {
    json!({"event": name, "call": call})
        .to_string()
        .into_bytes()
}

#[test]
fn a_whole_event_is_read() {
    let call = json!({
        "call_id": "call_1",
        "call_status": "ended",
        "metadata": {
            "tenant_id": "0190b8a4-0000-7000-8000-000000000001",
            "session_id": "0190b8a4-0000-7000-8000-000000000002",
            "attempt_id": "0190b8a4-0000-7000-8000-000000000003",
        },
        "start_timestamp": 1_700_000_000_000i64,
        "end_timestamp": 1_700_000_042_500i64,
        "disconnection_reason": "agent_hangup",
        "transcript": "Agent: hello",
        "call_cost": {"combined_cost": 7.25},
        "call_analysis": {
            "call_summary": "Moved.",
            "in_voicemail": false,
            "user_sentiment": "Positive",
            "call_successful": true,
            "custom_analysis_data": {"appointment_action": "Rescheduled", "new_time": "2027-03-29T10:30"},
        },
        "something_new": [1, 2, 3],
    });
    let event = parse(&event("call_analyzed", call)).unwrap();
    assert_eq!(event.kind, EventKind::CallAnalyzed);
    assert_eq!(event.identity().as_deref(), Some("call_analyzed|call_1"));
    let call = event.call.unwrap();
    assert_eq!(
        call.attempt_id.unwrap().to_string(),
        "0190b8a4-0000-7000-8000-000000000003"
    );
    assert_eq!(call.duration_ms, Some(42_500));
    assert_eq!(call.cost_millicents, Some(7_250));
    assert_eq!(call.ending(), Some(Ending::Answered));
    let shown = format!("{call:?}");
    assert!(
        !shown.contains("hello") && !shown.contains("Moved"),
        "{shown}"
    );
    let analysis = call.analysis.unwrap();
    assert_eq!(analysis.action, Some(AppointmentAction::Rescheduled));
    assert_eq!(analysis.sentiment, Some(Sentiment::Positive));
    assert!(matches!(
        analysis.new_time,
        NewTime::Given(LocalDateTimeInput::Local(_))
    ));
}

#[test]
fn what_is_missing_null_or_odd_is_not_there() {
    for call in [
        json!({"call_id": "call_1"}),
        json!({"call_id": "call_1", "metadata": null, "call_status": null, "start_timestamp": null,
               "disconnection_reason": null, "transcript": null, "call_cost": null, "call_analysis": null}),
        json!({"call_id": "call_1", "metadata": [], "call_status": "resting", "start_timestamp": "soon",
               "disconnection_reason": 7, "transcript": {}, "call_cost": 3, "call_analysis": "x",
               "duration_ms": -5}),
        json!({"call_id": "call_1", "metadata": {"attempt_id": "not-an-id"}, "end_timestamp": 1e300}),
    ] {
        let call = parse(&event("call_ended", call)).unwrap().call.unwrap();
        assert_eq!(call.call_id, "call_1");
        assert!(call.attempt_id.is_none() && call.status.is_none() && call.started_at.is_none());
        assert!(call.duration_ms.is_none() && call.analysis.is_none() && call.ending().is_none());
        assert!(!call.connected());
    }
    let analyzed = |custom: Value| {
        let call = json!({"call_id": "c", "call_analysis": {"custom_analysis_data": custom}});
        parse(&event("call_analyzed", call))
            .unwrap()
            .call
            .unwrap()
            .analysis
            .unwrap()
    };
    assert_eq!(
        analyzed(json!({"appointment_action": "maybe"})).action,
        None
    );
    assert_eq!(
        analyzed(json!({"appointment_action": "canceled"})).action,
        Some(AppointmentAction::Cancelled)
    );
    assert_eq!(analyzed(json!({"new_time": ""})).new_time, NewTime::Absent);
    assert_eq!(
        analyzed(json!({"new_time": null})).new_time,
        NewTime::Absent
    );
    assert_eq!(
        analyzed(json!({"new_time": "next Tuesday"})).new_time,
        NewTime::Unreadable
    );
    assert_eq!(
        analyzed(json!({"new_time": 17})).new_time,
        NewTime::Unreadable
    );
    assert_eq!(analyzed(json!(null)).action, None);
}

#[test]
fn an_ending_depends_on_the_reason_and_on_who_picked_up() {
    let ending = |call: Value| {
        parse(&event("call_ended", call))
            .unwrap()
            .call
            .unwrap()
            .ending()
    };
    let call = |reason: &str| json!({"call_id": "c", "disconnection_reason": reason});
    assert_eq!(ending(call("dial_busy")), Some(Ending::Busy));
    assert_eq!(ending(call("abducted")), Some(Ending::Failed));
    let mut lasted = call("abducted");
    lasted["duration_ms"] = json!(12_000);
    assert_eq!(ending(lasted), Some(Ending::Answered));
    let mut machine = call("agent_hangup");
    machine["call_analysis"] = json!({"in_voicemail": true});
    assert_eq!(ending(machine), Some(Ending::Machine));
}

#[test]
fn other_events_are_accepted_and_malformed_ones_are_not() {
    let other = parse(br#"{"event":"transcript_updated"}"#).unwrap();
    assert_eq!(
        (other.kind.clone(), other.identity()),
        (EventKind::Other, None)
    );
    for body in [&b""[..], b"[]", b"null", b"{", b"\xff"] {
        assert_eq!(parse(body), Err(EventError::NotAnObject));
    }
    assert_eq!(parse(b"{}"), Err(EventError::Missing("event")));
    assert_eq!(
        parse(br#"{"event":"call_ended"}"#),
        Err(EventError::Missing("call_id"))
    );
    assert_eq!(
        parse(br#"{"event":"call_ended","call":{"call_id":""}}"#),
        Err(EventError::Missing("call_id"))
    );
    let deep = format!("{}1{}", r#"{"event":"#.repeat(200), "}".repeat(200));
    assert_eq!(parse(deep.as_bytes()), Err(EventError::NotAnObject));
    let large = event(
        "call_ended",
        json!({"call_id": "c", "transcript": "x".repeat(6 * 1024 * 1024)}),
    );
    assert_eq!(parse(&large), Err(EventError::TooLarge));
}
