//! What a booking does to contacts, as the business wants it, whichever calendar it comes from.

use serde_json::{Value, json};
use vio_domain::appointment::AppointmentStatus;
use vio_domain::bookings::Calendar;
use vio_domain::contact::AttentionReason;
use vio_domain::person::OnDuplicate;
use vio_domain::settings::integrations::BookingIntake;
use vio_store::key::LogKind;

use crate::support::*;

/// A clinic that takes bookings in like this.
async fn clinic(calendar: Calendar, auto_create_contacts: bool, handling: OnDuplicate) -> Clinic {
    let clinic = Clinic::new().await;
    let intake = BookingIntake {
        auto_create_contacts,
        duplicate_handling: handling,
    };
    clinic
        .set(|opened| {
            let integrations = &mut opened.settings.integrations;
            match calendar {
                Calendar::Calcom => integrations.calcom.intake = intake,
                Calendar::Calendly => integrations.calendly.intake = intake,
            }
        })
        .await;
    clinic
}

/// A booking under a name, in either calendar's words.
async fn book(clinic: &Clinic, calendar: Calendar, uid: &'static str, name: &str, minute: i64) {
    let mut event = Booking::created(uid, 7 + minute, minute).json();
    event["payload"]["attendees"][0]["name"] = json!(name);
    match calendar {
        Calendar::Calcom => clinic.hear(&[event]).await,
        Calendar::Calendly => clinic.hear_calendly(&[in_calendlys_words(&event)]).await,
    }
}

fn in_calendlys_words(event: &Value) -> Value {
    let payload = &event["payload"];
    let uid = payload["uid"].as_str().unwrap();
    let name = match event["triggerEvent"].as_str() {
        Some("BOOKING_CANCELLED") => "invitee.canceled",
        _ => "invitee.created",
    };
    json!({"event": name, "created_at": event["createdAt"], "payload": {
        "uri": format!("https://api.calendly.com/scheduled_events/E{uid}/invitees/I{uid}"),
        "name": payload["attendees"][0]["name"], "email": payload["attendees"][0]["email"],
        "text_reminder_number": "+442071838750", "created_at": event["createdAt"], "updated_at": event["createdAt"],
        "scheduled_event": {"start_time": payload["startTime"], "end_time": payload["endTime"]},
    }})
}

/// How many there are, with how many appointments each, and who is to be looked at.
async fn there(clinic: &Clinic) -> (Vec<usize>, usize) {
    let people = clinic.people().await;
    let flagged = people
        .iter()
        .filter(|one| one.contact.needs_attention == Some(AttentionReason::PossibleDuplicate));
    let mut counts: Vec<usize> = people.iter().map(|one| one.appointments.len()).collect();
    counts.sort_unstable();
    (counts, flagged.count())
}

#[tokio::test]
async fn somebody_known_books_again_in_four_ways() {
    for calendar in Calendar::ALL {
        for (handling, same, similar) in [
            (OnDuplicate::UpdateExisting, (vec![2], 0), (vec![1, 2], 1)),
            (OnDuplicate::CreateNew, (vec![1, 1], 0), (vec![1, 1, 1], 0)),
            (OnDuplicate::Ask, (vec![1, 1], 1), (vec![1, 1, 1], 2)),
            (OnDuplicate::Skip, (vec![1], 0), (vec![1], 0)),
        ] {
            let clinic = clinic(calendar, true, handling).await;
            book(&clinic, calendar, "u1", "John Smith", 0).await;
            assert_eq!(there(&clinic).await, (vec![1], 0));
            book(&clinic, calendar, "u2", "John Smith", 1).await;
            assert_eq!(there(&clinic).await, same, "{calendar:?} {handling:?}");
            book(&clinic, calendar, "u3", "Jon Smith", 2).await;
            assert_eq!(there(&clinic).await, similar, "{calendar:?} {handling:?}");
            // A relative is nobody's duplicate.
            let before = there(&clinic).await.0.len();
            book(&clinic, calendar, "u4", "Emma Smith", 3).await;
            assert_eq!(there(&clinic).await.0.len(), before + 1, "{handling:?}");
        }
    }
}

#[tokio::test]
async fn without_making_contacts_a_booking_is_recorded_and_known_ones_go_on() {
    for calendar in Calendar::ALL {
        let clinic = clinic(calendar, false, OnDuplicate::UpdateExisting).await;
        let entries = async || {
            let log = clinic.store().read_log(LogKind::Change, None, 100).await;
            log.unwrap().len()
        };
        let before = entries().await;
        book(&clinic, calendar, "u1", "Zoë Lucas", 0).await;
        assert!(clinic.people().await.is_empty());
        assert_eq!(entries().await, before + 1, "it is in the log");
        // Told again, it is known.
        book(&clinic, calendar, "u1", "Zoë Lucas", 0).await;
        assert_eq!(entries().await, before + 1);

        // Somebody who is there already: by the other calendar, which does make contacts.
        let other = match calendar {
            Calendar::Calcom => Calendar::Calendly,
            Calendar::Calendly => Calendar::Calcom,
        };
        book(&clinic, other, "u5", "Zoë Lucas", 4).await;
        assert_eq!(there(&clinic).await, (vec![1], 0));
        book(&clinic, calendar, "u6", "Zoë Lucas", 5).await;
        assert_eq!(there(&clinic).await, (vec![2], 0));
        let off = Booking::cancelled("u6", 12, 6).json();
        match calendar {
            Calendar::Calcom => clinic.hear(&[off]).await,
            Calendar::Calendly => clinic.hear_calendly(&[in_calendlys_words(&off)]).await,
        }
        let person = clinic.only_person().await;
        let cancelled = person
            .appointments
            .iter()
            .filter(|one| one.status == AppointmentStatus::Cancelled);
        assert_eq!(cancelled.count(), 1);
    }
}
