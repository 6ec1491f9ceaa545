//! Calendly: let in as it signs, in whatever order it tells, with whatever it leaves out.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use http::StatusCode;
use proptest::prelude::*;
use serde_json::{Value, json};
use vio_domain::appointment::{AppointmentStatus, Attendance};
use vio_domain::bookings::Calendar;
use vio_domain::contact::{AttentionReason, BookingSource};
use vio_domain::settings::mapping::BookingField;

use crate::bookings::{sample, summary};
use crate::support::*;

const API: &str = "https://api.calendly.com";

fn text(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Micros, true)
}

/// The address of an invitee, by a number.
fn uri(n: usize) -> String {
    format!("{API}/scheduled_events/EV{n}/invitees/IN{n}")
}

/// An event about invitee `n`, whose event is on day 7 + `n`, made so many minutes after the calendar's start.
fn told(name: &str, n: usize, minute: i64, more: Value) -> Value {
    let opening: DateTime<Utc> = "2026-03-02T09:00:00Z".parse().unwrap();
    let start = opening + TimeDelta::days(7 + n as i64) + TimeDelta::hours(3);
    let made = opening - TimeDelta::hours(5) + TimeDelta::minutes(minute);
    let mut payload = json!({
        "uri": uri(n),
        "event": format!("{API}/scheduled_events/EV{n}"),
        "name": "Zoë Lucas", "first_name": "Zoë", "last_name": "Lucas",
        "email": "zoe@example.com",
        "timezone": "Europe/London",
        "status": "active", "rescheduled": false, "old_invitee": null, "new_invitee": null, "no_show": null,
        "text_reminder_number": "+44 20 7183 8750",
        "questions_and_answers": [{
            "question": "Please share anything that will help prepare for our meeting.",
            "answer": "Please ring the bell twice.", "position": 0,
        }],
        "created_at": text(made), "updated_at": text(made),
        "scheduled_event": {
            "uri": format!("{API}/scheduled_events/EV{n}"),
            "name": "Check-up", "status": "active",
            "event_type": format!("{API}/event_types/CHECKUP"),
            "start_time": text(start), "end_time": text(start + TimeDelta::minutes(30)),
            "location": {"type": "physical", "location": "1 High Street"},
            "event_memberships": [{"user": format!("{API}/users/U1"), "user_email": "ada@example.com", "user_name": "Dr Ada Grey"}],
        },
    });
    for (name, value) in more.as_object().unwrap() {
        payload[name] = value.clone();
    }
    json!({"event": name, "created_at": text(made), "created_by": format!("{API}/users/U1"), "payload": payload})
}

fn created(n: usize, minute: i64) -> Value {
    told("invitee.created", n, minute, json!({}))
}

/// The person cancels `n`.
fn cancelled(n: usize, minute: i64) -> Value {
    let at = told("", n, minute, json!({}))["created_at"].clone();
    let more = json!({"status": "canceled", "cancellation": {"canceled_by": "Zoë Lucas", "canceler_type": "invitee", "created_at": at}});
    told("invitee.canceled", n, minute, more)
}

/// The two halves of a move from one to the next.
fn moved(from: usize, minute: i64) -> [Value; 2] {
    let gone = json!({"status": "canceled", "rescheduled": true, "new_invitee": uri(from + 1)});
    [
        told("invitee.canceled", from, minute, gone),
        told(
            "invitee.created",
            from + 1,
            minute,
            json!({"old_invitee": uri(from)}),
        ),
    ]
}

#[tokio::test]
async fn a_booking_becomes_a_contact_with_a_planned_call() {
    let clinic = Clinic::new().await;
    clinic
        .set(|opened| {
            opened.settings.integrations.calendly.call_before_hours = Some(48.try_into().unwrap());
        })
        .await;
    clinic.hear_calendly(&[created(0, 0)]).await;
    let person = clinic.only_person().await;
    let contact = &person.contact;
    assert_eq!(contact.name.as_str(), "Zoë Lucas");
    assert_eq!(contact.phone.as_ref().unwrap().as_str(), "+442071838750");
    assert_eq!(contact.email.as_ref().unwrap().as_str(), "zoe@example.com");
    assert_eq!(contact.booking_page_zone, Some(chrono_tz::Europe::London));
    assert_eq!(contact.booking_source, BookingSource::Calendly);
    assert_eq!(contact.needs_attention, None);
    let [one] = &person.appointments[..] else {
        panic!("one appointment")
    };
    assert_eq!(one.source, BookingSource::Calendly);
    assert_eq!(one.time.to_rfc3339(), "2026-03-09T12:00:00+00:00");
    assert_eq!(one.duration.unwrap().minutes(), 30);
    assert_eq!(one.appointment_type.as_ref().unwrap().as_str(), "Check-up");
    assert_eq!(one.owner_name.as_ref().unwrap().as_str(), "Dr Ada Grey");
    assert_eq!(one.call_before_hours.hours(), 48);
    assert_eq!(
        one.special_instructions.as_ref().unwrap().as_str(),
        "Please ring the bell twice."
    );
    assert!(one.next_call_at.is_some());
    let row = clinic.store().calendar(Calendar::Calendly).await.unwrap();
    assert_eq!(row.unwrap().total, 1);
    assert!(
        clinic
            .store()
            .calendar(Calendar::Calcom)
            .await
            .unwrap()
            .is_none()
    );
}

#[tokio::test]
async fn one_without_the_right_signature_of_now_stays_out() {
    let clinic = Clinic::new().await;
    let now = clinic.now();
    let body = created(0, 0).to_string().into_bytes();
    let second = TimeDelta::seconds(1);
    let tolerance = TimeDelta::seconds(180);
    let signed = |key: &str, at: DateTime<Utc>| Some(calendly_signature(key, &body, at));
    for (header, expected) in [
        (None, 401),
        (Some(String::new()), 401),
        (signed("another-key", now), 401),
        (signed("", now), 401),
        (signed(CALENDLY_KEY, now - tolerance - second), 401),
        (signed(CALENDLY_KEY, now + tolerance + second), 401),
        (Some(calendly_signature(CALENDLY_KEY, b"{}", now)), 401),
        (signed(CALENDLY_KEY, now - tolerance), 200),
        (signed(CALENDLY_KEY, now + tolerance), 200),
    ] {
        let header = header
            .as_deref()
            .map(|value| ("calendly-webhook-signature", value));
        let (status, answer) = clinic.post(&clinic.calendly, header, body.clone()).await;
        assert_eq!(status.as_u16(), expected, "{header:?} {answer}");
    }
    // Another provider's address takes nothing, nor does nobody's.
    let header = signed(CALENDLY_KEY, now).unwrap();
    let header = Some(("calendly-webhook-signature", header.as_str()));
    for path in [
        clinic.bookings.replace("calcom", "calendly"),
        "/api/webhook/calendly-booking/AAAAAAAAAAAAAAAAAAAAAAAA".to_owned(),
    ] {
        assert_eq!(
            clinic.post(&path, header, body.clone()).await.0,
            StatusCode::NOT_FOUND
        );
    }
    // Both keys count for a day after a rotation.
    clinic
        .set(|opened| {
            opened
                .secrets
                .calendly_signing
                .rotate("new-key".into(), now)
        })
        .await;
    for (after, old_is_good) in [(23, true), (24, false)] {
        let at = now + TimeDelta::hours(after);
        clinic.test.real_clock.set(at);
        for (key, good) in [(CALENDLY_KEY, old_is_good), ("new-key", true)] {
            let header = calendly_signature(key, &body, at);
            let header = Some(("calendly-webhook-signature", header.as_str()));
            let (status, _) = clinic.post(&clinic.calendly, header, body.clone()).await;
            assert_eq!(status == StatusCode::OK, good, "{key} {after}");
        }
    }
}

#[tokio::test]
async fn what_is_signed_but_no_event_is_refused_and_what_is_not_used_is_not_kept() {
    let clinic = Clinic::new().await;
    let deep = format!("{}1{}", "{\"a\":".repeat(40), "}".repeat(40));
    for body in [
        "",
        "[]",
        "{}",
        deep.as_str(),
        r#"{"event":"x","event":"y"}"#,
        r#"{"event":"invitee.created","payload":{}}"#,
        r#"{"event":"invitee.canceled","payload":null}"#,
        r#"{"event":"invitee_no_show.created","payload":{"uri":7}}"#,
    ] {
        let (status, answer) = clinic.book_at_calendly(body.as_bytes()).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{body} {answer}");
        assert!(answer["errors"][0]["pointer"].is_string(), "{answer}");
    }
    let large = told(
        "invitee.created",
        0,
        0,
        json!({"tracking": "x".repeat(1024 * 1024)}),
    );
    let (status, _) = clinic.book_at_calendly(large.to_string().as_bytes()).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);

    let ignored = (StatusCode::OK, json!({"status": "ignored"}));
    let form = told("routing_form_submission.created", 0, 0, json!({}));
    let [end, _] = moved(0, 5);
    for event in [form, end] {
        assert_eq!(
            clinic.book_at_calendly(event.to_string().as_bytes()).await,
            ignored
        );
    }
    let body = created(0, 0).to_string();
    let choose = async |types: &[&str]| {
        let chosen = types.iter().map(|uri| uri.parse().unwrap()).collect();
        clinic
            .set(|opened| opened.settings.integrations.calendly.event_types = chosen)
            .await;
    };
    choose(&["https://api.calendly.com/event_types/OTHER"]).await;
    assert_eq!(clinic.book_at_calendly(body.as_bytes()).await, ignored);
    let row = clinic.store().calendar(Calendar::Calendly).await.unwrap();
    assert_eq!(row.unwrap().ignored, 1, "it is counted");
    choose(&[
        "https://api.calendly.com/event_types/OTHER",
        "https://api.calendly.com/event_types/CHECKUP",
    ])
    .await;
    clinic
        .set(|opened| opened.settings.integrations.calendly.enabled = false)
        .await;
    assert_eq!(clinic.book_at_calendly(body.as_bytes()).await, ignored);
    assert_eq!(clinic.drain().await, 0);
    clinic
        .set(|opened| opened.settings.integrations.calendly.enabled = true)
        .await;
    assert_eq!(
        clinic.book_at_calendly(body.as_bytes()).await.1["status"],
        "accepted"
    );
    assert_eq!(
        clinic.book_at_calendly(body.as_bytes()).await.1["status"],
        "duplicate"
    );
}

#[tokio::test]
async fn a_move_ends_in_one_moved_appointment_in_every_order() {
    let [end, start] = moved(0, 10);
    let mut expected = None;
    for order in orders(&[created(0, 0), end, start]) {
        let clinic = Clinic::new().await;
        for repeated in 0..2 {
            clinic.hear_calendly(&order).await;
            let came_to = summary(&clinic).await;
            let all = came_to[0]["appointments"].as_array().unwrap();
            assert_eq!(
                (came_to.as_array().unwrap().len(), all.len()),
                (1, 1),
                "{came_to}"
            );
            assert_eq!(all[0]["status"], "rescheduled", "{repeated} {came_to}");
            assert_eq!(all[0]["time"], "2026-03-10T12:00:00Z");
            assert_eq!(&came_to, expected.get_or_insert_with(|| came_to.clone()));
        }
    }
    // At no moment is it cancelled.
    let clinic = Clinic::new().await;
    let [end, start] = moved(0, 10);
    clinic.hear_calendly(&[created(0, 0), end]).await;
    let person = clinic.only_person().await;
    assert_eq!(person.appointments[0].status, AppointmentStatus::Pending);
    assert!(person.appointments[0].next_call_at.is_some());
    clinic.hear_calendly(&[start, cancelled(1, 20)]).await;
    let person = clinic.only_person().await;
    assert_eq!(person.appointments[0].status, AppointmentStatus::Cancelled);
    assert_eq!(person.appointments[0].next_call_at, None);
}

/// A booking that is moved a few times and perhaps cancelled at last, and all of it twice in some order.
fn heard() -> impl Strategy<Value = (Vec<Value>, Vec<Value>)> {
    (0..4usize, any::<bool>()).prop_flat_map(|(moves, cancels)| {
        let mut events = vec![created(0, 0)];
        for from in 0..moves {
            events.extend(moved(from, 10 * (from as i64 + 1)));
        }
        if cancels {
            events.push(cancelled(moves, 100));
        }
        let twice: Vec<Value> = events.iter().chain(&events).cloned().collect();
        (Just(events), Just(twice).prop_shuffle())
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_booking_heard_in_any_order_comes_to_the_same((events, shuffled) in heard()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let (in_order, in_disorder, off) = runtime.block_on(async {
            let (one, other) = (Clinic::new().await, Clinic::new().await);
            one.hear_calendly(&events).await;
            other.hear_calendly(&shuffled).await;
            let ends = events.last().unwrap()["event"] == "invitee.canceled";
            (summary(&one).await, summary(&other).await, ends)
        });
        let status = &in_order[0]["appointments"][0]["status"];
        prop_assert_eq!(status == "cancelled", off);
        prop_assert_eq!(in_order, in_disorder);
    }
}

#[tokio::test]
async fn who_did_not_come_is_known_and_taken_back() {
    let clinic = Clinic::new().await;
    let missed = told(
        "invitee_no_show.created",
        0,
        5,
        json!({"no_show": {"uri": "x"}}),
    );
    let came = told("invitee_no_show.deleted", 0, 6, json!({}));
    // Of nobody's booking it says nothing.
    clinic
        .hear_calendly(&[told("invitee_no_show.created", 3, 4, json!({}))])
        .await;
    for (event, expected) in [
        (created(0, 0), Attendance::Unknown),
        (missed.clone(), Attendance::NoShow),
        (missed.clone(), Attendance::NoShow),
        (came, Attendance::Unknown),
        (missed, Attendance::Unknown),
    ] {
        clinic.hear_calendly(std::slice::from_ref(&event)).await;
        let person = clinic.only_person().await;
        assert_eq!(person.appointments[0].attendance, expected, "{event}");
    }
}

#[tokio::test]
async fn whatever_is_left_out_the_rest_is_taken() {
    for (more, name, phone) in [
        (
            json!({"name": null, "first_name": null, "last_name": null}),
            "zoe",
            true,
        ),
        (json!({"name": null}), "Zoë Lucas", true),
        (
            json!({"timezone": "Middle-earth/Shire", "text_reminder_number": null}),
            "Zoë Lucas",
            false,
        ),
        (
            json!({"text_reminder_number": "none", "questions_and_answers": [{"question": "Your number", "answer": "020 7183 8750"}]}),
            "Zoë Lucas",
            true,
        ),
        (
            json!({"questions_and_answers": null, "extra": {"a": [null]}}),
            "Zoë Lucas",
            true,
        ),
    ] {
        let clinic = Clinic::new().await;
        clinic
            .hear_calendly(&[told("invitee.created", 0, 0, more.clone())])
            .await;
        let person = clinic.only_person().await;
        assert_eq!(person.contact.name.as_str(), name, "{more}");
        assert_eq!(person.contact.phone.is_some(), phone, "{more}");
        let attention = (!phone).then_some(AttentionReason::NO_PHONE);
        assert_eq!(person.contact.needs_attention, attention, "{more}");
    }
}

#[tokio::test]
async fn fields_come_from_where_the_business_says_and_health_is_held() {
    let clinic = Clinic::new().await;
    let reason = "I was diagnosed with diabetes and need insulin.";
    clinic
        .set(|opened| {
            let mapping = &mut opened.settings.integrations.calendly.field_mapping;
            mapping.owner_name = BookingField::parse("responses.which_practitioner").unwrap();
            mapping.phone = BookingField::parse("responses.1").unwrap();
        })
        .await;
    let answers = json!([
        {"question": "Which practitioner?", "answer": "Mx Patel", "position": 0},
        {"question": "Mobile", "answer": "+44 20 7183 8751", "position": 1},
        {"question": "Please share anything that will help prepare for our meeting.", "answer": reason, "position": 2},
    ]);
    let event = told(
        "invitee.created",
        0,
        0,
        json!({"questions_and_answers": answers}),
    );
    clinic.hear_calendly(&[event]).await;
    let person = clinic.only_person().await;
    let one = &person.appointments[0];
    assert_eq!(one.owner_name.as_ref().unwrap().as_str(), "Mx Patel");
    assert_eq!(
        person.contact.phone.as_ref().unwrap().as_str(),
        "+442071838751"
    );
    assert_eq!(one.special_instructions, None);
    assert_eq!(person.contact.notes.as_ref().unwrap().as_str(), reason);
}

#[tokio::test]
async fn the_providers_samples_are_taken_and_what_they_lack_is_read() {
    let clinic = Clinic::new().await;
    clinic
        .set(|opened| opened.settings.integrations.calendly.has_key = true)
        .await;
    let after = clinic.store().settings().await.unwrap();
    let mut before = after.clone();
    before.settings.integrations.calendly.has_key = false;
    let mut tx = vio_store::tx::Tx::new();
    let store = clinic.store();
    store
        .stage_calendar_connected(&mut tx, &before, &after)
        .await
        .unwrap();
    store.store.commit(tx).await.unwrap();
    let row = store
        .take_calendar_reading(Calendar::Calendly)
        .await
        .unwrap()
        .unwrap();
    let done = vio_store::calendar::Reading::Done {
        until: clinic.now(),
        next: clinic.now() + TimeDelta::hours(1),
    };
    store.settle_calendar_reading(&row, &done).await.unwrap();
    for name in ["created", "canceled"] {
        let Some(body) = sample(&format!("calendly/official-2024.invitee_{name}.json")) else {
            return;
        };
        let (status, answer) = clinic.book_at_calendly(&body).await;
        assert_eq!(
            (status, &answer["status"]),
            (StatusCode::OK, &json!("accepted")),
            "{name}"
        );
        assert_eq!(clinic.drain().await, 1);
    }
    assert!(clinic.people().await.is_empty());
    let row = store.calendar(Calendar::Calendly).await.unwrap().unwrap();
    assert!(
        row.due.unwrap() <= clinic.now(),
        "the calendar is read at once"
    );
}

#[tokio::test]
async fn both_calendars_have_bookings_of_one_person() {
    let clinic = Clinic::new().await;
    clinic.hear(&[Booking::created("u1", 7, 0).json()]).await;
    clinic.hear_calendly(&[created(2, 1)]).await;
    let person = clinic.only_person().await;
    let sources: Vec<BookingSource> = person.appointments.iter().map(|one| one.source).collect();
    assert_eq!(sources.len(), 2);
    assert!(sources.contains(&BookingSource::Calcom) && sources.contains(&BookingSource::Calendly));
    let read = async |calendar| {
        clinic
            .store()
            .calendar(calendar)
            .await
            .unwrap()
            .unwrap()
            .total
    };
    assert_eq!(
        (read(Calendar::Calcom).await, read(Calendar::Calendly).await),
        (1, 1)
    );
}
