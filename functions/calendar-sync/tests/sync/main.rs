//! What the calendar is told and what is read there, against a calendar that fails, is slow, or says something else
//! meanwhile.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod calendly;
mod support;

use aws_lambda_events::event::sqs::SqsEvent;
use axum::http::StatusCode;
use chrono::TimeDelta;
use serde_json::json;
use vio_domain::appointment::AppointmentStatus;
use vio_domain::bookings::Calendar;
use vio_domain::contact::AttentionReason;

use support::Clinic;

const MINUTE: TimeDelta = TimeDelta::minutes(1);
const HOUR: TimeDelta = TimeDelta::hours(1);

#[tokio::test]
async fn the_sample_event_is_handled() {
    let clinic = Clinic::new().await;
    let sample = include_bytes!("../../../../events/calendar-sync/calendar.json");
    let event: SqsEvent = serde_json::from_slice(sample).unwrap();
    let answer = vio_runtime::batch::handle(event, |message| {
        vio_calendar_sync::handle(&clinic.sync, message)
    })
    .await;
    assert!(answer.batch_item_failures.is_empty());
}

#[tokio::test]
async fn each_change_is_told_once_however_many_run() {
    let clinic = Clinic::new().await;
    let person = clinic.booked("u1", 50).await;
    clinic.run().await;
    assert_eq!(clinic.calendar.look().changes, Vec::<String>::new());

    clinic.cancel(&person).await;
    let both = tokio::join!(clinic.run(), clinic.run());
    assert_eq!(both.0.told + both.1.told, 1);
    clinic.later(HOUR).await;
    assert_eq!(clinic.calendar.look().changes, ["cancel u1"]);
    assert_eq!(clinic.attention(&person).await, None);
}

#[tokio::test]
async fn a_move_gives_the_booking_another_uid_and_the_next_one_knows_it() {
    let clinic = Clinic::new().await;
    let person = clinic.booked("u1", 50).await;
    for (day, uid) in [(3, "u1"), (4, "u1+"), (5, "u1++")] {
        let to = clinic.now() + TimeDelta::days(day);
        clinic
            .change(&person, |appointment| {
                appointment.time = to;
                appointment.status = AppointmentStatus::Rescheduled;
            })
            .await;
        clinic.later(MINUTE).await;
        let told = clinic.calendar.look().changes.last().cloned();
        assert_eq!(told.unwrap(), format!("reschedule {uid}"));
        // Its own word of it changes nothing.
        let echo = clinic.calendar.look().bookings[&format!("{uid}+")].clone();
        clinic.hear(&format!("echo of {uid}"), &echo).await;
        let appointment = clinic.appointment(&person).await;
        assert_eq!(
            (appointment.time, appointment.status),
            (to, AppointmentStatus::Rescheduled)
        );
    }
    clinic.cancel(&person).await;
    clinic.later(MINUTE).await;
    assert_eq!(
        clinic.calendar.look().changes.last().unwrap(),
        "cancel u1+++"
    );
    clinic.later(HOUR).await;
    assert_eq!(clinic.calendar.look().changes.len(), 4);
    assert_eq!(clinic.attention(&person).await, None);
}

#[tokio::test]
async fn what_staff_change_while_the_calendar_is_told_is_told_after_it() {
    let clinic = Clinic::new().await;
    let person = clinic.booked("u1", 50).await;
    let (first, second) = (
        clinic.now() + TimeDelta::days(3),
        clinic.now() + TimeDelta::days(4),
    );
    let to = |time| {
        move |appointment: &mut vio_domain::appointment::Appointment| {
            appointment.time = time;
            appointment.status = AppointmentStatus::Rescheduled;
        }
    };
    clinic.change(&person, to(first)).await;
    let meanwhile = async {
        // The calendar has been asked and is being told.
        while clinic.calendar.look().asked < 1 {
            tokio::task::yield_now().await;
        }
        clinic.test.advance(TimeDelta::seconds(1));
        clinic.change(&person, to(second)).await;
    };
    tokio::join!(clinic.run(), meanwhile);
    assert_eq!(clinic.calendar.look().changes, ["reschedule u1"]);
    let echo = clinic.calendar.look().bookings["u1+"].clone();
    clinic.hear("echo", &echo).await;
    assert_eq!(clinic.attention(&person).await, None);
    assert_eq!(clinic.appointment(&person).await.time, second);
    clinic.later(MINUTE).await;
    let changes = clinic.calendar.look().changes.clone();
    assert_eq!(changes, ["reschedule u1", "reschedule u1+"]);
    assert_eq!(clinic.attention(&person).await, None);
}

#[tokio::test]
async fn what_was_done_before_a_crash_is_not_done_again() {
    let clinic = Clinic::new().await;
    let person = clinic.booked("u1", 50).await;
    let to = clinic.now() + TimeDelta::days(3);
    clinic
        .change(&person, |appointment| {
            appointment.time = to;
            appointment.status = AppointmentStatus::Rescheduled;
        })
        .await;
    // Somebody took it, moved the booking, and died before they could note it.
    let due = clinic.store().calendar_writes_due(10).await.unwrap();
    let taken = clinic
        .store()
        .take_calendar_write(due[0].clone())
        .await
        .unwrap();
    assert!(taken.is_some());
    let mut old = clinic.calendar.look().bookings["u1"].clone();
    let mut new = old.clone();
    old["status"] = json!("cancelled");
    old["rescheduledToUid"] = json!("u2");
    new["uid"] = json!("u2");
    new["start"] = json!(to);
    new["rescheduledFromUid"] = json!("u1");
    clinic.put(old);
    clinic.put(new);

    assert_eq!(clinic.later(MINUTE).await.told, 0, "somebody has it");
    assert_eq!(clinic.later(MINUTE * 2).await.told, 1);
    assert_eq!(clinic.calendar.look().changes, Vec::<String>::new());
    // It is known under its new uid.
    clinic.cancel(&person).await;
    clinic.later(MINUTE).await;
    assert_eq!(clinic.calendar.look().changes, ["cancel u2"]);
}

#[tokio::test]
async fn one_that_waits_for_the_organizer_is_confirmed() {
    let clinic = Clinic::new().await;
    let person = clinic.booked("u1", 50).await;
    let mut pending = clinic.booking("u1", 50);
    pending["status"] = json!("pending");
    clinic.put(pending);
    let confirmed = |appointment: &mut vio_domain::appointment::Appointment| {
        appointment.status = AppointmentStatus::Confirmed;
    };
    clinic.change(&person, confirmed).await;
    clinic.later(MINUTE).await;
    clinic.later(HOUR).await;
    assert_eq!(clinic.calendar.look().changes, ["confirm u1"]);
}

#[tokio::test]
async fn a_calendar_that_does_not_answer_is_told_later_and_staff_after_a_day() {
    let clinic = Clinic::new().await;
    let (told, never) = (
        clinic.booked("u1", 200).await,
        clinic.booked("u2", 200).await,
    );
    clinic.calendar.look().refuses = Some(StatusCode::INTERNAL_SERVER_ERROR);
    clinic.cancel(&told).await;
    clinic.later(MINUTE).await;
    clinic.calendar.look().refuses = None;
    clinic.later(MINUTE * 2).await;
    assert_eq!(clinic.calendar.look().changes, ["cancel u1"]);

    clinic.calendar.look().refuses = Some(StatusCode::BAD_GATEWAY);
    clinic.cancel(&never).await;
    for _ in 0..30 {
        assert_eq!(clinic.attention(&told).await, None);
        clinic.later(HOUR).await;
    }
    assert_eq!(
        clinic.attention(&never).await,
        Some(AttentionReason::CalendarNotUpdated)
    );
    clinic.calendar.look().refuses = None;
    clinic.later(HOUR).await;
    assert_eq!(clinic.calendar.look().changes, ["cancel u1"]);
}

#[tokio::test]
async fn a_refusal_is_for_people() {
    for status in [400, 401, 403, 404] {
        let clinic = Clinic::new().await;
        let person = clinic.booked("u1", 50).await;
        clinic.calendar.look().refuses = Some(StatusCode::from_u16(status).unwrap());
        clinic.cancel(&person).await;
        clinic.later(MINUTE).await;
        let reason = Some(AttentionReason::CalendarNotUpdated);
        assert_eq!(clinic.attention(&person).await, reason, "{status}");
        let appointment = clinic.appointment(&person).await;
        assert_eq!(appointment.status, AppointmentStatus::Cancelled);
        assert_eq!(clinic.later(HOUR).await.told, 0);
    }
}

#[tokio::test]
async fn without_a_key_staff_are_told_of_what_the_calendar_does_not_say() {
    let clinic = Clinic::new().await;
    let (confirmed, cancelled) = (clinic.booked("u1", 50).await, clinic.booked("u2", 51).await);
    clinic.set(|opened| opened.secrets.calcom_key = None).await;
    clinic
        .change(&confirmed, |appointment| {
            appointment.status = AppointmentStatus::Confirmed
        })
        .await;
    clinic.cancel(&cancelled).await;
    clinic.later(MINUTE).await;
    assert_eq!(clinic.attention(&confirmed).await, None);
    let reason = Some(AttentionReason::CalendarNotUpdated);
    assert_eq!(clinic.attention(&cancelled).await, reason);
}

#[tokio::test]
async fn a_calendar_that_is_switched_off_is_left_alone() {
    let clinic = Clinic::new().await;
    let person = clinic.booked("u1", 50).await;
    clinic
        .set(|opened| opened.settings.integrations.calcom.enabled = false)
        .await;
    let asked = clinic.calendar.look().asked;
    clinic.cancel(&person).await;
    for _ in 0..3 {
        clinic.later(HOUR).await;
    }
    assert_eq!(clinic.calendar.look().asked, asked);
    assert_eq!(clinic.attention(&person).await, None);
    let row = clinic
        .store()
        .calendar(Calendar::Calcom)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(row.due, None);
}

/// Who is deleted here may come all the same: the booking stays, can be moved there, and is right when they are restored. A
/// cancellation from before is still told.
#[tokio::test]
async fn deleting_somebody_leaves_their_booking_alone() {
    let clinic = Clinic::new().await;
    let (stays, cancelled) = (clinic.booked("u1", 50).await, clinic.booked("u2", 60).await);
    clinic.cancel(&cancelled).await;
    clinic.delete(&stays).await;
    clinic.delete(&cancelled).await;
    clinic.later(MINUTE).await;
    assert_eq!(clinic.calendar.look().changes, ["cancel u2"]);
    let failed = async || {
        let row = clinic.store().calendar(Calendar::Calcom).await.unwrap();
        let reasons = row.unwrap().failures.into_iter().map(|one| one.reason);
        reasons.collect::<Vec<_>>()
    };
    assert_eq!(failed().await, Vec::<String>::new());
    clinic.test.advance(MINUTE);
    let mut moved = clinic.booking("u3", 70);
    moved["rescheduledFromUid"] = json!("u1");
    clinic.hear("moved", &moved).await;
    let appointment = clinic.appointment(&stays).await;
    assert_eq!(appointment.status, AppointmentStatus::Rescheduled);
    assert_eq!(appointment.next_call_at, None);
    assert_eq!(failed().await, ["contact_deleted"]);
}

#[tokio::test]
async fn what_the_calendar_says_later_is_not_overwritten() {
    let clinic = Clinic::new().await;
    let person = clinic.booked("u1", 50).await;
    clinic.test.advance(MINUTE);
    clinic
        .change(&person, |appointment| {
            appointment.status = AppointmentStatus::Confirmed
        })
        .await;
    // Before the calendar is told, it says that the booking moved.
    clinic.test.advance(MINUTE);
    let mut moved = clinic.booking("u2", 70);
    moved["rescheduledFromUid"] = json!("u1");
    let mut old = clinic.calendar.look().bookings["u1"].clone();
    old["status"] = json!("cancelled");
    old["rescheduledToUid"] = json!("u2");
    clinic.put(old);
    clinic.put(moved.clone());
    clinic.hear("moved", &moved).await;
    clinic.later(HOUR).await;
    clinic.drain().await;
    assert_eq!(clinic.calendar.look().changes, Vec::<String>::new());
    let appointment = clinic.appointment(&person).await;
    assert_eq!(appointment.status, AppointmentStatus::Rescheduled);
}

#[tokio::test]
async fn everything_that_changed_is_read_in_pages_and_taken_in_once() {
    let clinic = Clinic::new().await;
    for number in 0..250 {
        let mut booking = clinic.booking(&format!("u{number}"), 50 + number);
        booking["attendees"][0]["name"] = json!(format!(
            "Zoe {}",
            "abcdefghij".repeat(1 + number as usize / 25)
        ));
        booking["bookingFieldsResponses"] = json!({});
        clinic.put(booking);
    }
    // Past, waiting and unreadable ones are nobody's.
    clinic.put(clinic.booking("past", -5));
    let mut pending = clinic.booking("pending", 60);
    pending["status"] = json!("pending");
    clinic.put(pending);
    let mut strange = clinic.booking("strange", 60);
    strange["status"] = json!("imagined");
    clinic.put(strange);

    assert_eq!(clinic.run().await.found, 250);
    clinic.drain().await;
    assert_eq!(clinic.people().await.len(), 250);
    let row = clinic
        .store()
        .calendar(Calendar::Calcom)
        .await
        .unwrap()
        .unwrap();
    assert_eq!((row.total, row.trouble), (250, None));

    // The next reading looks at what changed since, and a little before that, and finds nothing new.
    let asked = clinic.calendar.look().asked;
    assert_eq!(clinic.run().await.found, 0, "not due yet");
    assert_eq!(clinic.calendar.look().asked, asked);
    assert_eq!(clinic.later(MINUTE * 7).await.found, 0);
    assert!(clinic.calendar.look().asked > asked);
    clinic.test.advance(MINUTE);
    let mut cancelled = clinic.booking("u7", 57);
    cancelled["status"] = json!("cancelled");
    clinic.put(cancelled);
    assert_eq!(clinic.later(MINUTE * 7).await.found, 1);
    assert_eq!(clinic.later(MINUTE * 7).await.found, 0);
}

/// Another key may be another account's, and another kind of event has bookings of its own: what is to come is read as when
/// the calendar was first connected, and then what changed since the last reading.
#[tokio::test]
async fn connected_otherwise_what_is_to_come_is_read_at_once() {
    let clinic = Clinic::new().await;
    let other = clinic.booking("u1", 50);
    assert_eq!(clinic.run().await.found, 0);
    assert_eq!(clinic.later(MINUTE * 7).await.found, 0);
    clinic.put(other);
    let found = clinic.later(MINUTE * 7).await.found;
    assert_eq!(found, 0, "it changed before the last reading");
    let row = async || {
        let row = clinic.store().calendar(Calendar::Calcom).await;
        row.unwrap().unwrap()
    };
    let read_until = row().await.read_until;
    assert!(read_until.is_some());

    clinic
        .set(|opened| opened.secrets.calcom_key = Some("cal_live_another".to_owned()))
        .await;
    assert_eq!(clinic.run().await.found, 1);
    clinic.drain().await;
    assert_eq!(clinic.people().await.len(), 1);
    let now = Some(clinic.now());
    let after = row().await;
    assert_eq!(
        (after.upcoming, after.read_until, after.due),
        (false, read_until, now)
    );
    assert_eq!(clinic.run().await.found, 0);
    assert!(row().await.due > now);

    clinic
        .set(|opened| opened.settings.integrations.calcom.event_type_id = Some(7))
        .await;
    let after = row().await;
    assert_eq!((after.upcoming, after.due), (true, now));
}

#[tokio::test]
async fn a_failed_reading_is_shown_and_made_up_for() {
    let clinic = Clinic::new().await;
    clinic.put(clinic.booking("u1", 50));
    for (status, reason) in [
        (401, "wrong_key"),
        (403, "missing_scope"),
        (429, "busy"),
        (404, "refused"),
        (503, "unreachable"),
    ] {
        clinic.calendar.look().broken = Some(StatusCode::from_u16(status).unwrap());
        assert_eq!(clinic.later(MINUTE * 20).await.found, 0);
        let row = clinic
            .store()
            .calendar(Calendar::Calcom)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(row.trouble.unwrap().reason, reason);
        assert_eq!(row.last_read_at, None);
    }
    clinic.calendar.look().broken = None;
    assert_eq!(clinic.later(MINUTE * 20).await.found, 1);
    let row = clinic
        .store()
        .calendar(Calendar::Calcom)
        .await
        .unwrap()
        .unwrap();
    assert_eq!((row.trouble, row.failures.len()), (None, 5));
    assert_eq!(row.last_read_at, Some(clinic.now()));
}
