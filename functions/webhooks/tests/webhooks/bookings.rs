//! Bookings: in whatever order their events come, they come to the same.

use std::path::PathBuf;

use chrono::TimeDelta;
use http::StatusCode;
use proptest::prelude::*;
use serde_json::{Value, json};
use vio_domain::appointment::{AppointmentStatus, Confirmation, ConfirmationMethod};
use vio_domain::calling::session::SessionState;
use vio_domain::contact::{AttentionReason, BookingSource, ConsentMethod, VoiceConsent};
use vio_store::key::LogKind;
use vio_store::tx::Tx;

use crate::support::*;

#[tokio::test]
async fn a_booking_becomes_a_contact_with_a_planned_call() {
    let clinic = Clinic::new().await;
    clinic.hear(&[Booking::created("u1", 7, 0).json()]).await;
    let person = clinic.only_person().await;
    let contact = &person.contact;
    assert_eq!(contact.name.as_str(), "Zoë Lucas");
    assert_eq!(contact.phone.as_ref().unwrap().as_str(), "+442071838750");
    assert_eq!(contact.email.as_ref().unwrap().as_str(), "zoe@example.com");
    assert_eq!(contact.booking_page_zone, Some(chrono_tz::Europe::London));
    assert_eq!(contact.booking_source, BookingSource::Calcom);
    assert_eq!(contact.needs_attention, None);
    let booked_at = "2026-03-02T04:00:00Z".parse().unwrap();
    assert_eq!(
        contact.preferences.voice_consent,
        VoiceConsent::Given {
            method: ConsentMethod::Implied,
            obtained_at: booked_at
        }
    );
    let [appointment] = &person.appointments[..] else {
        panic!("one appointment")
    };
    assert_eq!(appointment.status, AppointmentStatus::Pending);
    assert_eq!(appointment.time.to_rfc3339(), "2026-03-09T12:00:00+00:00");
    assert_eq!(appointment.duration.unwrap().minutes(), 30);
    assert_eq!(
        appointment.appointment_type.as_ref().unwrap().as_str(),
        "Check-up"
    );
    assert_eq!(
        appointment.owner_name.as_ref().unwrap().as_str(),
        "Dr Ada Grey"
    );
    assert_eq!(
        appointment.special_instructions.as_ref().unwrap().as_str(),
        "Please ring the bell twice."
    );
    assert_eq!(appointment.booked_at, Some(booked_at));
    let next = appointment.next_call_at.unwrap();
    assert!(next > clinic.now() && next < appointment.time);
}

#[tokio::test]
async fn without_consent_from_bookings_nobody_is_planned_in_a_clinic() {
    let clinic = Clinic::new().await;
    clinic
        .set(|opened| opened.settings.calls.voice_consent_from_booking = false)
        .await;
    clinic.hear(&[Booking::created("u1", 7, 0).json()]).await;
    let person = clinic.only_person().await;
    assert_eq!(
        person.contact.preferences.voice_consent,
        VoiceConsent::Unknown
    );
    assert_eq!(person.next_call_at(), None);
}

#[tokio::test]
async fn a_booking_without_a_usable_number_is_kept_for_staff() {
    let clinic = Clinic::new().await;
    let mut event = Booking::created("u1", 7, 0).json();
    event["payload"]["responses"]["attendeePhoneNumber"] = json!({"label": "x", "isHidden": true});
    event["payload"]["attendees"][0]["email"] = json!("447911000001@sms.cal.com");
    clinic.hear(&[event]).await;
    let person = clinic.only_person().await;
    assert_eq!((person.contact.phone, person.contact.email), (None, None));
    assert_eq!(
        person.contact.needs_attention,
        Some(AttentionReason::NO_PHONE)
    );
    assert_eq!(person.appointments.len(), 1);
}

#[tokio::test]
async fn a_second_booking_of_the_same_person_is_a_second_appointment() {
    let clinic = Clinic::new().await;
    let events = [
        Booking::created("u1", 7, 0).json(),
        Booking::created("u2", 9, 1).json(),
    ];
    clinic.hear(&events).await;
    let person = clinic.only_person().await;
    assert_eq!(person.appointments.len(), 2);
    assert!(person.appointments.iter().all(|a| a.next_call_at.is_some()));
    // A relative on the same telephone is somebody else.
    let mut relative = Booking::created("u3", 8, 2).json();
    relative["payload"]["attendees"][0]["name"] = json!("Emma Lucas");
    clinic.hear(&[relative]).await;
    assert_eq!(clinic.people().await.len(), 2);
}

/// Everything that a person, an appointment and a planned call are, except for ids and the instants of our own doing.
pub(crate) async fn summary(clinic: &Clinic) -> Value {
    let mut all = Vec::new();
    for person in clinic.people().await {
        let contact = &person.contact;
        let mut appointments = Vec::new();
        for a in &person.appointments {
            let planned = match a.open_session {
                Some(open) => {
                    let row = clinic
                        .store()
                        .session(contact.id, open.id)
                        .await
                        .unwrap()
                        .unwrap();
                    assert_eq!(row.session.state, SessionState::Planned);
                    assert_eq!(a.next_call_at, Some(row.session.due));
                    json!([
                        row.session.due,
                        row.session.latest,
                        row.about_time,
                        row.session.method
                    ])
                }
                None => Value::Null,
            };
            appointments.push(json!({
                "time": a.time, "status": a.status, "duration": a.duration, "type": a.appointment_type,
                "owner": a.owner_name, "instructions": a.special_instructions, "booked_at": a.booked_at,
                "attempts": a.call_attempts, "planned": planned, "source": a.source,
            }));
        }
        all.push(json!({
            "name": contact.name, "phone": contact.phone, "email": contact.email, "notes": contact.notes,
            "zone": contact.booking_page_zone, "preferences": contact.preferences,
            "attention": contact.needs_attention, "state": contact.call_state,
            "count": contact.appointments_count, "appointments": appointments,
        }));
    }
    Value::Array(all)
}

pub(crate) async fn log_length(clinic: &Clinic) -> usize {
    clinic
        .store()
        .read_log(LogKind::Change, None, 500)
        .await
        .unwrap()
        .len()
}

#[tokio::test]
async fn every_order_and_repetition_comes_to_the_same_with_the_same_log() {
    let booking = [
        Booking::created("u1", 7, 0).json(),
        Booking::moved("u2", "u1", 9, 1).json(),
        Booking::cancelled("u2", 9, 2).json(),
    ];
    for kept in [&booking[..2], &booking[..]] {
        let mut expected = None;
        for order in orders(kept) {
            let clinic = Clinic::new().await;
            let before = log_length(&clinic).await;
            clinic.hear(&order).await;
            clinic.hear(&order).await;
            let came_to = (summary(&clinic).await, log_length(&clinic).await - before);
            assert_eq!(came_to.1, kept.len(), "one entry for each event");
            let expected = expected.get_or_insert_with(|| came_to.clone());
            assert_eq!(&came_to, expected);
        }
        let (state, _) = expected.unwrap();
        let status = if kept.len() == 2 {
            "rescheduled"
        } else {
            "cancelled"
        };
        assert_eq!(state[0]["appointments"][0]["status"], status);
        assert_eq!(
            state[0]["appointments"][0]["planned"].is_null(),
            kept.len() == 3
        );
    }
}

#[tokio::test]
async fn links_that_come_last_leave_one_appointment() {
    let booking = [
        Booking::created("u1", 7, 0).json(),
        Booking::moved("u2", "u1", 9, 1).json(),
        Booking::moved("u3", "u2", 11, 2).json(),
    ];
    let mut expected = None;
    for order in orders(&booking) {
        let clinic = Clinic::new().await;
        clinic.hear(&order).await;
        let came_to = summary(&clinic).await;
        assert_eq!(
            came_to[0]["appointments"].as_array().unwrap().len(),
            1,
            "{came_to}"
        );
        assert_eq!(
            came_to[0]["appointments"][0]["time"],
            "2026-03-13T12:00:00Z"
        );
        assert_eq!(&came_to, expected.get_or_insert_with(|| came_to.clone()));
    }
}

const UIDS: [&str; 5] = ["u1", "u2", "u3", "u4", "u5"];

/// A booking that is moved a few times, with cancellations anywhere, and an order to hear of it in.
fn heard() -> impl Strategy<Value = (Vec<Value>, Vec<Value>)> {
    let cancels = prop::collection::vec(0..5usize, 0..3);
    (1..5usize, cancels).prop_flat_map(|(length, cancels)| {
        let mut events: Vec<Value> = Vec::new();
        for at in 0..length {
            let (day, minute) = (7 + at as i64, 10 * at as i64);
            let booking = match at {
                0 => Booking::created(UIDS[0], day, minute),
                _ => Booking::moved(UIDS[at], UIDS[at - 1], day, minute),
            };
            events.push(booking.json());
        }
        for at in cancels.into_iter().filter(|at| *at < length) {
            let event = Booking::cancelled(UIDS[at], 7, 10 * at as i64 + 5).json();
            if !events.contains(&event) {
                events.push(event);
            }
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
        let (in_order, in_disorder) = runtime.block_on(async {
            let (one, other) = (Clinic::new().await, Clinic::new().await);
            one.hear(&events).await;
            other.hear(&shuffled).await;
            (summary(&one).await, summary(&other).await)
        });
        prop_assert_eq!(in_order, in_disorder);
    }
}

#[tokio::test]
async fn a_later_change_of_our_own_stands_and_staff_decide() {
    for (made_at_minute, expected) in [
        (0, AppointmentStatus::Confirmed),
        (400, AppointmentStatus::Cancelled),
    ] {
        let clinic = Clinic::new().await;
        clinic.hear(&[Booking::created("u1", 7, 0).json()]).await;
        let mut person = clinic.only_person().await;
        let appointment = &mut person.appointments[0];
        appointment.status = AppointmentStatus::Confirmed;
        appointment.confirmation = Some(Confirmation {
            method: ConfirmationMethod::Phone,
            at: clinic.now(),
            minutes_before: 60,
        });
        let mut tx = Tx::new();
        clinic.store().stage_person(&mut tx, &mut person).unwrap();
        vio_runtime::testing::tell(clinic.store(), &mut tx, &person);
        clinic.store().store.commit(tx).await.unwrap();
        clinic.test.advance(TimeDelta::hours(3));
        clinic
            .hear(&[Booking::cancelled("u1", 7, made_at_minute + 1).json()])
            .await;
        let person = clinic.only_person().await;
        assert_eq!(person.appointments[0].status, expected);
        let attention =
            (expected == AppointmentStatus::Confirmed).then_some(AttentionReason::CalendarConflict);
        assert_eq!(person.contact.needs_attention, attention);
    }
}

#[tokio::test]
async fn the_echo_of_our_own_change_changes_nothing() {
    let clinic = Clinic::new().await;
    clinic.hear(&[Booking::created("u1", 7, 0).json()]).await;
    let mut person = clinic.only_person().await;
    person.appointments[0].status = AppointmentStatus::Cancelled;
    person.appointments[0].updated_at = clinic.now();
    let mut tx = Tx::new();
    clinic.store().stage_person(&mut tx, &mut person).unwrap();
    vio_runtime::testing::tell(clinic.store(), &mut tx, &person);
    clinic.store().store.commit(tx).await.unwrap();
    let before = clinic.only_person().await;
    clinic
        .hear(&[Booking::cancelled("u1", 7, 301).json()])
        .await;
    let after = clinic.only_person().await;
    assert_eq!(
        (before.contact, before.appointments),
        (after.contact, after.appointments)
    );
}

#[tokio::test]
async fn an_erased_persons_booking_is_acknowledged_and_not_kept() {
    let clinic = Clinic::new().await;
    clinic.hear(&[Booking::created("u1", 7, 0).json()]).await;
    let contact = clinic.only_person().await.contact.id;
    let place = vio_store::key::person_key(clinic.tenant.id, contact);
    let mut tx = Tx::new();
    tx.delete_if("erase", place, vio_store::port::Condition::Always);
    clinic.store().store.commit(tx).await.unwrap();
    let moved = Booking::moved("u2", "u1", 9, 1).json();
    let (status, _) = clinic.book(moved.to_string().as_bytes()).await;
    assert_eq!(status, StatusCode::OK);
    let messages = clinic.test.queues.take_inbox();
    let event = messages[0].event.parse().unwrap();
    vio_webhooks::process(&clinic.webhooks, messages[0].clone())
        .await
        .unwrap();
    let row = clinic.store().event(event).await.unwrap().unwrap();
    assert!(!row.is_waiting());
    assert_eq!(
        clinic
            .store()
            .event_body(&clinic.objects, &row)
            .await
            .unwrap(),
        None
    );
}

#[tokio::test]
async fn the_raw_event_goes_under_its_persons_key() {
    let clinic = Clinic::new().await;
    let body = Booking::created("u1", 7, 0).json().to_string();
    clinic.book(body.as_bytes()).await;
    let message = clinic.test.queues.take_inbox().remove(0);
    let event = message.event.parse().unwrap();
    vio_webhooks::process(&clinic.webhooks, message)
        .await
        .unwrap();
    let row = clinic.store().event(event).await.unwrap().unwrap();
    let kept = clinic
        .store()
        .event_body(&clinic.objects, &row)
        .await
        .unwrap();
    assert_eq!(kept.as_deref(), Some(body.as_bytes()));
    let contact = clinic.only_person().await.contact.id;
    let mut tx = Tx::new();
    let place = vio_store::key::person_key(clinic.tenant.id, contact);
    tx.delete_if("erase", place, vio_store::port::Condition::Always);
    clinic.store().store.commit(tx).await.unwrap();
    assert_eq!(
        clinic
            .store()
            .event_body(&clinic.objects, &row)
            .await
            .unwrap(),
        None
    );
}

/// A provider's sample, or `None`, said loudly.
pub(crate) fn sample(name: &str) -> Option<Vec<u8>> {
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/payloads");
    let folder = std::env::var_os("VIO_PAYLOADS").map_or(beside, PathBuf::from);
    let found = std::fs::read(folder.join(name)).ok();
    if found.is_none() {
        eprintln!(
            "SKIPPED: no sample {name}; set VIO_PAYLOADS to the folder with the providers' samples"
        );
    }
    found
}

#[tokio::test]
async fn the_providers_samples_are_taken() {
    let clinic = Clinic::new().await;
    let mut bookings = 0;
    for (name, status) in [
        ("BOOKING_CREATED", "accepted"),
        ("BOOKING_RESCHEDULED", "accepted"),
        ("BOOKING_CANCELLED", "accepted"),
        ("BOOKING_REQUESTED", "ignored"),
        ("BOOKING_REJECTED", "accepted"),
        ("BOOKING_NO_SHOW_UPDATED.marked", "accepted"),
        ("BOOKING_NO_SHOW_UPDATED.unmarked", "accepted"),
        ("MEETING_ENDED", "ignored"),
    ] {
        let Some(body) = sample(&format!("calcom/doc-2026.{name}.json")) else {
            continue;
        };
        let (code, answer) = clinic.book(&body).await;
        assert_eq!(
            (code, answer["status"].as_str()),
            (StatusCode::OK, Some(status)),
            "{name}"
        );
        bookings += clinic.drain().await;
    }
    if bookings > 0 {
        assert_eq!(
            clinic.only_person().await.contact.name.as_str(),
            "Guest User"
        );
    }
    let mut heard = Vec::new();
    for (name, event) in [
        ("webhook.call_started.from-openapi-example.json", "started"),
        ("webhook.call_ended.from-openapi-example.json", "ended"),
        // Of the same call.
        ("webhook.call_ended.official-doc-sample.json", "ended"),
        (
            "webhook.call_analyzed.from-openapi-example.json",
            "analyzed",
        ),
    ] {
        let Some(body) = sample(&format!("retell/{name}")) else {
            continue;
        };
        let status = if heard.contains(&event) {
            "duplicate"
        } else {
            "accepted"
        };
        heard.push(event);
        let (code, answer) = clinic.tell(&body).await;
        assert_eq!(
            (code, answer["status"].as_str()),
            (StatusCode::OK, Some(status)),
            "{name}"
        );
        // A call that nobody here asked for.
        assert_eq!(clinic.drain().await, usize::from(status == "accepted"));
    }
}
