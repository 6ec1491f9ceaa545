//! What else a calendar says of a booking: refused, asked to be moved, who did not come.

use serde_json::{Value, json};
use vio_domain::appointment::{Appointment, AppointmentStatus, Attendance};
use vio_domain::contact::AttentionReason;
use vio_store::tx::Tx;

use crate::support::*;

async fn only_appointment(clinic: &Clinic) -> Appointment {
    let mut person = clinic.only_person().await;
    assert_eq!(person.appointments.len(), 1);
    person.appointments.remove(0)
}

fn asks_for_another_time(uid: &'static str, minute: i64) -> Value {
    let mut event = Booking::cancelled(uid, 7, minute).json();
    event["payload"]["requestReschedule"] = json!(true);
    event
}

#[tokio::test]
async fn asked_to_choose_another_time_nobody_is_rung_about_the_old_one() {
    let events = [
        Booking::created("u1", 7, 0).json(),
        asks_for_another_time("u1", 1),
    ];
    for order in orders(&events) {
        let clinic = Clinic::new().await;
        clinic.hear(&order).await;
        let appointment = only_appointment(&clinic).await;
        assert_eq!(appointment.status, AppointmentStatus::Rescheduled);
        assert!(appointment.awaiting_new_time);
        assert_eq!(appointment.next_call_at, None);

        clinic
            .hear(&[Booking::moved("u2", "u1", 9, 2).json()])
            .await;
        let appointment = only_appointment(&clinic).await;
        assert!(!appointment.awaiting_new_time && appointment.next_call_at.is_some());
        assert_eq!(appointment.time.to_rfc3339(), "2026-03-11T12:00:00+00:00");
    }
}

#[tokio::test]
async fn a_request_is_no_booking_unless_it_moves_one() {
    let clinic = Clinic::new().await;
    let mut request = Booking::created("u1", 7, 0);
    request.trigger = "BOOKING_REQUESTED";
    clinic.hear(&[request.json()]).await;
    assert!(clinic.people().await.is_empty());

    clinic.hear(&[Booking::created("u1", 7, 1).json()]).await;
    let mut moved = Booking::moved("u2", "u1", 9, 2);
    moved.trigger = "BOOKING_REQUESTED";
    clinic.hear(&[moved.json()]).await;
    let appointment = only_appointment(&clinic).await;
    assert_eq!(appointment.time.to_rfc3339(), "2026-03-11T12:00:00+00:00");

    let mut refused = Booking::cancelled("u2", 9, 3);
    refused.trigger = "BOOKING_REJECTED";
    clinic.hear(&[refused.json()]).await;
    let appointment = only_appointment(&clinic).await;
    assert_eq!(appointment.status, AppointmentStatus::Cancelled);
    assert_eq!(appointment.next_call_at, None);
}

/// `minute` is when the calendar was told, as in [`Booking`].
fn no_show(uid: &str, minute: i64, attendees: Value) -> Value {
    let mut event = Booking::created("u", 7, minute).json();
    event["triggerEvent"] = json!("BOOKING_NO_SHOW_UPDATED");
    event["payload"] = json!({"bookingUid": uid, "message": "x", "attendees": attendees});
    event
}

#[tokio::test]
async fn who_did_not_come_is_known_whatever_the_order() {
    let zoe = |missed: bool| json!([{"email": "Zoe@example.com", "noShow": missed}]);
    let both = json!([{"email": "guest@example.com", "noShow": false}, {"email": "zoe@example.com", "noShow": true}]);
    let strangers = json!([{"email": "a@example.com", "noShow": true}, {"email": "b@example.com", "noShow": true}]);
    for (events, expected) in [
        (vec![no_show("u1", 5, zoe(true))], Attendance::NoShow),
        (
            vec![no_show("u1", 5, zoe(true)), no_show("u1", 6, zoe(false))],
            Attendance::Unknown,
        ),
        (
            vec![no_show("u1", 6, zoe(false)), no_show("u1", 5, zoe(true))],
            Attendance::Unknown,
        ),
        (vec![no_show("u1", 5, both)], Attendance::NoShow),
        (vec![no_show("u1", 5, strangers)], Attendance::Unknown),
        // Somebody else's address, but nobody else was booked.
        (
            vec![no_show(
                "u1",
                5,
                json!([{"email": "new@example.com", "noShow": true}]),
            )],
            Attendance::NoShow,
        ),
        // A booking that nobody knows.
        (vec![no_show("u9", 5, zoe(true))], Attendance::Unknown),
        (
            vec![no_show("u1", 5, json!([{"email": "zoe@example.com"}]))],
            Attendance::Unknown,
        ),
        (vec![no_show("u1", 5, json!("nobody"))], Attendance::Unknown),
    ] {
        let clinic = Clinic::new().await;
        clinic.hear(&[Booking::created("u1", 7, 0).json()]).await;
        clinic.hear(&events).await;
        let appointment = only_appointment(&clinic).await;
        assert_eq!(appointment.attendance, expected, "{events:?}");
        assert_eq!(clinic.only_person().await.contact.needs_attention, None);
    }
}

#[tokio::test]
async fn what_staff_saw_is_not_overruled() {
    let clinic = Clinic::new().await;
    clinic.hear(&[Booking::created("u1", 7, 0).json()]).await;
    let mut person = clinic.only_person().await;
    person.appointments[0].attendance = Attendance::Attended;
    let mut tx = Tx::new();
    clinic.store().stage_person(&mut tx, &mut person).unwrap();
    vio_runtime::testing::tell(clinic.store(), &mut tx, &person);
    clinic.store().store.commit(tx).await.unwrap();
    let missed = json!([{"email": "zoe@example.com", "noShow": true}]);
    clinic.hear(&[no_show("u1", 5, missed)]).await;
    let person = clinic.only_person().await;
    assert_eq!(person.appointments[0].attendance, Attendance::Attended);
    assert_eq!(
        person.contact.needs_attention,
        Some(AttentionReason::CalendarConflict)
    );
}
