//! The providers' own samples, where they lie beside the project (or where `VIO_PAYLOADS` says).
#![allow(clippy::unwrap_used, clippy::print_stderr)]

use std::path::PathBuf;

use vio_providers::calcom::webhook::Trigger;
use vio_providers::retell::webhook::EventKind;
use vio_providers::{calcom, calendly, retell};

/// A sample's bytes, or `None`, said loudly.
fn sample(name: &str) -> Option<Vec<u8>> {
    let beside = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/payloads");
    let path = std::env::var_os("VIO_PAYLOADS")
        .map_or(beside, PathBuf::from)
        .join(name);
    let found = std::fs::read(&path).ok();
    if found.is_none() {
        eprintln!(
            "SKIPPED: no sample {name}; set VIO_PAYLOADS to the folder with the providers' samples"
        );
    }
    found
}

#[test]
fn retells_samples_are_read() {
    for (name, kind) in [
        (
            "retell/webhook.call_started.from-openapi-example.json",
            EventKind::CallStarted,
        ),
        (
            "retell/webhook.call_ended.from-openapi-example.json",
            EventKind::CallEnded,
        ),
        (
            "retell/webhook.call_ended.official-doc-sample.json",
            EventKind::CallEnded,
        ),
        (
            "retell/webhook.call_analyzed.from-openapi-example.json",
            EventKind::CallAnalyzed,
        ),
    ] {
        let Some(body) = sample(name) else { continue };
        let event = retell::webhook::parse(&body).unwrap();
        assert_eq!(event.kind, kind, "{name}");
        let call = event.call.unwrap();
        assert!(call.started_at.is_some(), "{name}");
        if kind == EventKind::CallAnalyzed {
            let analysis = call.analysis.unwrap();
            assert_eq!(analysis.in_voicemail, Some(false));
            assert_eq!(call.cost_millicents, Some(70_000));
        }
    }
}

#[test]
fn calcoms_samples_are_read() {
    for (name, trigger) in [
        ("BOOKING_CREATED", Trigger::BookingCreated),
        ("BOOKING_RESCHEDULED", Trigger::BookingRescheduled),
        ("BOOKING_CANCELLED", Trigger::BookingCancelled),
        ("BOOKING_REQUESTED", Trigger::Other),
        ("BOOKING_REJECTED", Trigger::BookingCancelled),
        ("BOOKING_NO_SHOW_UPDATED.marked", Trigger::NoShowUpdated),
        ("BOOKING_NO_SHOW_UPDATED.unmarked", Trigger::NoShowUpdated),
        ("MEETING_ENDED", Trigger::Other),
    ] {
        let Some(body) = sample(&format!("calcom/doc-2026.{name}.json")) else {
            continue;
        };
        let event = calcom::webhook::parse(&body).unwrap();
        assert_eq!(event.trigger, trigger, "{name}");
        assert!(event.uid.is_some(), "{name}");
        if let Some(booking) = event.booking {
            assert_eq!(
                booking.attendee.name.as_deref(),
                Some("Guest User"),
                "{name}"
            );
            assert_eq!(
                booking.attendee.email.as_deref(),
                Some("guest@example.com"),
                "{name}"
            );
            assert_eq!(booking.length_minutes, Some(15), "{name}");
            let moved = trigger == Trigger::BookingRescheduled;
            assert_eq!(booking.reschedule_uid.is_some(), moved, "{name}");
        }
    }
}

#[test]
fn calendlys_samples_are_read() {
    for (name, trigger) in [
        ("created", Trigger::BookingCreated),
        ("canceled", Trigger::BookingCancelled),
    ] {
        let Some(body) = sample(&format!("calendly/official-2024.invitee_{name}.json")) else {
            continue;
        };
        let event = calendly::webhook::parse(&body).unwrap();
        assert_eq!(event.trigger, trigger, "{name}");
        let booking = event.booking.unwrap();
        assert_eq!(booking.attendee.name.as_deref(), Some("John Doe"), "{name}");
        // They come without the event's times, which have to be read.
        assert_eq!(booking.start, None, "{name}");
        assert!(calendly::ids_of(&booking.uid).is_some(), "{name}");
    }
}
