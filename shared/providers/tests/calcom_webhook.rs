//! Cal.com's signature and events, with every trap that its bookings hold.
#![allow(clippy::unwrap_used, clippy::panic)]

use aws_lc_rs::hmac;
use secrecy::SecretString;
use serde_json::{Value, json};
use vio_providers::booking::Booking;
use vio_providers::calcom::webhook::{Trigger, parse, verify};
use vio_providers::{EventError, SignatureError};

fn sign(secret: &str, body: &[u8]) -> String {
    hex::encode(hmac::sign(
        &hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes()),
        body,
    ))
}

fn secrets(secrets: &[&str]) -> Vec<SecretString> {
    secrets
        .iter()
        .map(|secret| SecretString::from(*secret))
        .collect()
}

#[test]
fn the_signature_is_that_of_a_valid_secret() {
    let body = br#"{"triggerEvent":"PING"}"#;
    let valid = secrets(&["new", "old"]);
    assert_eq!(verify(&sign("new", body), body, &valid), Ok(()));
    assert_eq!(verify(&sign("old", body), body, &valid), Ok(()));
    for (header, keys) in [
        (sign("other", body), &valid),
        (sign("new", b"{}"), &valid),
        (sign("new", body).to_uppercase(), &valid),
        (format!("sha256={}", sign("new", body)), &valid),
        (String::new(), &valid),
        ("no-secret-provided".to_owned(), &valid),
        ("no-secret-provided".to_owned(), &secrets(&[])),
        (sign("", body), &secrets(&[""])),
    ] {
        assert_eq!(
            verify(&header, body, keys),
            Err(SignatureError::Wrong),
            "{header}"
        );
    }
}

#[test]
fn the_signature_is_plain_hmac_sha256() {
    // RFC 4231, test case 2.
    let header = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
    assert_eq!(
        verify(header, b"what do ya want for nothing?", &secrets(&["Jefe"])),
        Ok(())
    );
}

fn event(trigger: &str, payload: Value) -> Vec<u8> {
    json!({"triggerEvent": trigger, "createdAt": "2027-01-04T10:00:00.000Z", "payload": payload})
        .to_string()
        .into_bytes()
}

fn booking(mut payload: Value) -> Booking {
    for (name, value) in [
        ("uid", json!("b1")),
        ("startTime", json!("2027-01-07T14:00:00Z")),
    ] {
        if payload.get(name).is_none() {
            payload[name] = value;
        }
    }
    parse(&event("BOOKING_CREATED", payload))
        .unwrap()
        .booking
        .unwrap()
}

#[test]
fn a_created_booking_is_read() {
    let body = event(
        "BOOKING_CREATED",
        json!({
            "uid": "b1",
            "iCalSequence": 0,
            "startTime": "2027-01-07T14:00:00Z",
            "endTime": "2027-01-07T14:30:00Z",
            "eventTitle": "Check-up",
            "eventTypeId": 7,
            "length": 30,
            "additionalNotes": "",
            "organizer": {"name": "Dr Ada", "email": "Ada@Clinic.example"},
            "attendees": [
                {"name": "Zoë Łuć", "firstName": "Zoë", "lastName": "", "email": "zoe@example.com",
                 "timeZone": "America/New_York", "phoneNumber": null},
                {"name": "Guest", "email": "guest@example.com", "phoneNumber": "+447911000009"},
            ],
            "responses": {
                "attendeePhoneNumber": {"label": "phone", "value": "+447911000001", "isHidden": false},
                "notes": {"label": "notes", "value": "Uses the ramp"},
                "location": {"label": "location", "value": {"optionValue": "", "value": "integrations:video"}},
            },
        }),
    );
    let event = parse(&body).unwrap();
    assert_eq!(event.trigger, Trigger::BookingCreated);
    assert_eq!(
        event.identity(),
        "BOOKING_CREATED|b1|2027-01-04T10:00:00.000Z"
    );
    let booking = event.booking.unwrap();
    assert_eq!(
        booking.start.unwrap().to_rfc3339(),
        "2027-01-07T14:00:00+00:00"
    );
    assert_eq!(
        (booking.length_minutes, booking.ical_sequence),
        (Some(30), Some(0))
    );
    assert_eq!(booking.event_title.as_deref(), Some("Check-up"));
    assert_eq!(
        booking.organizer_email.as_deref(),
        Some("ada@clinic.example")
    );
    assert_eq!(booking.notes.as_deref(), Some("Uses the ramp"));
    assert!(booking.reschedule_uid.is_none() && !booking.request_reschedule);
    let attendee = booking.attendee.clone();
    assert_eq!(attendee.name.as_deref(), Some("Zoë Łuć"));
    assert_eq!(
        (
            attendee.first_name.as_deref(),
            attendee.last_name.as_deref()
        ),
        (Some("Zoë"), None)
    );
    assert_eq!(attendee.email.as_deref(), Some("zoe@example.com"));
    assert_eq!(attendee.timezone.unwrap().name(), "America/New_York");
    assert_eq!(attendee.phones, ["+447911000001"]);
    let shown = format!("{booking:?} {attendee:?}");
    for secret in ["Zoë", "example", "+44", "ramp"] {
        assert!(!shown.contains(secret), "{secret} in {shown}");
    }
}

#[test]
fn phones_are_looked_for_in_order() {
    let everywhere = json!({
        "responses": {
            "attendeePhoneNumber": {"value": "1"},
            "phone": {"value": "2"},
            "phoneNumber": {"value": ["", "3"]},
            "location": {"value": {"value": "phone", "optionValue": "6"}},
        },
        "smsReminderNumber": "4",
        "attendees": [{"phoneNumber": "5"}],
    });
    assert_eq!(
        booking(everywhere.clone()).attendee.phones,
        ["1", "2", "3", "4", "5", "6"]
    );
    let without = |payload: &Value, pointer: &str, value: Value| {
        let mut payload = payload.clone();
        *payload.pointer_mut(pointer).unwrap() = value;
        payload
    };
    // A hidden field has no value; a video location's option is not a number to ring.
    let fewer = without(
        &everywhere,
        "/responses/attendeePhoneNumber",
        json!({"label": "x", "isHidden": true}),
    );
    assert_eq!(booking(fewer).attendee.phones[0], "2");
    let video = without(
        &everywhere,
        "/responses/location/value/value",
        json!("integrations:zoom"),
    );
    assert!(!booking(video).attendee.phones.contains(&"6".to_owned()));
    let options = json!({"responses": {"phone": {"value": {"value": "mobile", "optionValue": "+447911000002"}}}});
    assert_eq!(booking(options).attendee.phones, ["+447911000002"]);
    let twice = json!({"smsReminderNumber": "+44 1", "attendees": [{"phoneNumber": "+44 1"}]});
    assert_eq!(booking(twice).attendee.phones, ["+44 1"]);
    let words = json!({"smsReminderNumber": "ask my wife"});
    assert!(booking(words).attendee.phones.is_empty());
}

#[test]
fn an_invented_address_is_dropped() {
    let email = |first: &str, answered: &str| {
        booking(json!({
            "attendees": [{"email": first}],
            "responses": {"email": {"value": answered}},
        }))
        .attendee
        .email
    };
    assert_eq!(
        email("447911000001@sms.cal.com", "447911000001@SMS.cal.com"),
        None
    );
    assert_eq!(
        email("447911000001@sms.cal.com", "zoe@example.com").as_deref(),
        Some("zoe@example.com")
    );
    assert_eq!(
        email("zoe@example.com", "").as_deref(),
        Some("zoe@example.com")
    );
    assert_eq!(
        email("sms.cal.com@example.com", "").as_deref(),
        Some("sms.cal.com@example.com")
    );
}

#[test]
fn times_come_in_three_spellings() {
    for time in [
        "2027-01-07T14:00:00Z",
        "2027-01-07T14:00:00.000Z",
        "2027-01-07T14:00:00+00:00",
    ] {
        let booking = booking(json!({"startTime": time}));
        assert_eq!(booking.start.unwrap().timestamp(), 1_799_330_400, "{time}");
        let body = json!({"triggerEvent": "BOOKING_CREATED", "createdAt": time,
                          "payload": {"uid": "b1", "startTime": time}});
        let identity = parse(body.to_string().as_bytes()).unwrap().identity();
        assert_eq!(
            identity, "BOOKING_CREATED|b1|2027-01-07T14:00:00.000Z",
            "{time}"
        );
    }
}

#[test]
fn a_name_may_be_whole_or_in_parts() {
    let parts =
        booking(json!({"responses": {"name": {"value": {"firstName": "Zoë", "lastName": "Łuć"}}}}));
    assert_eq!(parts.attendee.name.as_deref(), Some("Zoë Łuć"));
    assert_eq!(parts.attendee.last_name.as_deref(), Some("Łuć"));
    let whole = booking(json!({"attendees": [], "responses": {"name": {"value": " Zoë "}}}));
    assert_eq!(
        (whole.attendee.name.as_deref(), whole.attendee.first_name),
        (Some("Zoë"), None)
    );
}

#[test]
fn whatever_is_missing_null_or_odd_is_not_there() {
    for payload in [
        json!({}),
        json!({"attendees": null, "responses": null, "organizer": null, "iCalSequence": null, "length": null,
               "endTime": null, "rescheduleUid": null, "smsReminderNumber": null, "requestReschedule": null}),
        json!({"attendees": {}, "responses": [], "organizer": "x", "iCalSequence": "two", "length": 0,
               "endTime": "later", "rescheduleUid": 5, "smsReminderNumber": 5, "requestReschedule": "no"}),
        json!({"attendees": [null], "responses": {"name": null, "email": "x", "phone": {"value": null},
               "location": {"value": "phone"}}, "rescheduleUid": "b1"}),
        json!({"attendees": [{"timeZone": "Mars/Base", "name": "", "email": null}]}),
    ] {
        let booking = booking(payload);
        assert_eq!(booking.attendee, Default::default());
        assert!(booking.reschedule_uid.is_none() && booking.ical_sequence.is_none());
        assert!(
            booking.length_minutes.is_none()
                && booking.end.is_none()
                && !booking.request_reschedule
        );
    }
}

#[test]
fn reschedules_and_cancellations_keep_what_links_them() {
    let moved = event(
        "BOOKING_RESCHEDULED",
        json!({"uid": "b2", "rescheduleUid": "b1", "iCalSequence": 1, "startTime": "2027-01-08T14:00:00Z"}),
    );
    let moved = parse(&moved).unwrap();
    assert_eq!(moved.trigger, Trigger::BookingRescheduled);
    assert_eq!(moved.booking.unwrap().reschedule_uid.as_deref(), Some("b1"));

    let cancelled = event(
        "BOOKING_CANCELLED",
        json!({"uid": "b2", "cancellationReason": "Ill", "requestReschedule": true, "iCalSequence": 2}),
    );
    let booking = parse(&cancelled).unwrap().booking.unwrap();
    assert!(booking.request_reschedule && booking.start.is_none());
    assert_eq!(booking.cancellation_reason.as_deref(), Some("Ill"));
}

#[test]
fn other_events_are_accepted_and_malformed_ones_are_not() {
    let flat = parse(br#"{"triggerEvent":"MEETING_ENDED","uid":"b1","startTime":"x"}"#).unwrap();
    assert_eq!(
        (flat.trigger, flat.uid.as_deref()),
        (Trigger::Other, Some("b1"))
    );
    let no_show = parse(&event(
        "BOOKING_NO_SHOW_UPDATED",
        json!({"bookingUid": "b1"}),
    ))
    .unwrap();
    assert_eq!(
        (no_show.uid.as_deref(), no_show.booking),
        (Some("b1"), None)
    );
    let ping = parse(br#"{"triggerEvent":"PING"}"#).unwrap();
    assert_eq!(ping.identity(), "PING|-|-");

    for body in [&b""[..], b"[1]", b"\"x\"", b"{"] {
        assert_eq!(parse(body), Err(EventError::NotAnObject));
    }
    assert_eq!(parse(b"{}"), Err(EventError::Missing("triggerEvent")));
    let no_uid = event("BOOKING_CANCELLED", json!({}));
    assert_eq!(parse(&no_uid), Err(EventError::Missing("payload.uid")));
    for trigger in ["BOOKING_CREATED", "BOOKING_RESCHEDULED"] {
        let no_start = event(trigger, json!({"uid": "b1", "startTime": "14:00"}));
        assert_eq!(
            parse(&no_start),
            Err(EventError::Missing("payload.startTime"))
        );
    }
    let large = event(
        "BOOKING_CREATED",
        json!({"uid": "b1", "description": "x".repeat(2 * 1024 * 1024)}),
    );
    assert_eq!(parse(&large), Err(EventError::TooLarge));
}

#[test]
fn words_for_a_move_a_refusal_and_who_came() {
    let at = json!({"uid": "b1", "startTime": "2027-01-07T14:00:00Z"});
    let moved = json!({"uid": "b2", "rescheduleUid": "b1", "startTime": "2027-01-07T14:00:00Z"});
    for (name, payload, trigger) in [
        ("BOOKING_REQUESTED", &at, Trigger::Other),
        ("BOOKING_REQUESTED", &moved, Trigger::BookingRescheduled),
        ("BOOKING_REJECTED", &at, Trigger::BookingCancelled),
        ("BOOKING_NO_SHOW_UPDATED", &json!({}), Trigger::Other),
    ] {
        let read = parse(&event(name, payload.clone())).unwrap();
        assert_eq!(read.trigger, trigger, "{name} {payload}");
        assert!(read.no_show.is_empty());
    }
    let many: Vec<Value> = (0..200).map(|_| json!({"noShow": true})).collect();
    for (attendees, wanted) in [
        (
            json!([{"email": "Zoe@Example.com", "noShow": true}]),
            vec![(Some("zoe@example.com"), true)],
        ),
        (
            json!([{"noShow": false}, {"email": "a@b.example"}, 7]),
            vec![(None, false)],
        ),
        (json!("x"), vec![]),
        (json!(many), vec![(None, true); 100]),
    ] {
        let payload = json!({"bookingUid": "b1", "attendees": attendees});
        let read = parse(&event("BOOKING_NO_SHOW_UPDATED", payload)).unwrap();
        assert_eq!(
            (read.uid.as_deref(), &read.trigger),
            (Some("b1"), &Trigger::NoShowUpdated)
        );
        let said: Vec<_> = read
            .no_show
            .iter()
            .map(|one| (one.email.as_deref(), one.missed))
            .collect();
        assert_eq!(said, wanted);
        assert!(!format!("{read:?}").contains("example"));
    }
}
