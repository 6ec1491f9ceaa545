//! What is gone leaves nothing in memory that is still held.

use chrono::{DateTime, Utc};
use uuid::Uuid;
use vio_domain::appointment::Appointment;
use vio_domain::contact::{Contact, Deleted};
use vio_domain::ids::{AppointmentId, ContactId, TenantId};

use super::TenantView;
use crate::Change;

pub(crate) fn now() -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + chrono::TimeDelta::days(20_000)
}

pub(crate) fn contact(number: u128, name: &str, notes: &str) -> Contact {
    Contact {
        version: 1,
        notes: notes.parse().ok(),
        ..Contact::named(
            ContactId::new(Uuid::from_u128(number)),
            TenantId::new(Uuid::from_u128(1)),
            name.parse().unwrap(),
            now(),
        )
    }
}

pub(crate) fn appointment(number: u128, contact: u128, hours: i64, kind: &str) -> Appointment {
    Appointment {
        version: 1,
        appointment_type: kind.parse().ok(),
        ..Appointment::at(
            AppointmentId::new(Uuid::from_u128(number)),
            TenantId::new(Uuid::from_u128(1)),
            ContactId::new(Uuid::from_u128(contact)),
            now() + chrono::TimeDelta::hours(hours),
            chrono_tz::UTC,
            now(),
        )
    }
}

pub(crate) fn saved(version: u64, contact: Contact, rest: &str) -> Change {
    Change::Contact {
        version,
        contact: Box::new(contact),
        rest: rest.as_bytes().to_vec(),
    }
}

pub(crate) fn booked(version: u64, appointment: Appointment) -> Change {
    Change::Appointment {
        version,
        appointment: Box::new(appointment),
    }
}

#[test]
fn what_is_replaced_deleted_or_erased_is_overwritten() {
    let mut view = TenantView::new(TenantId::new(Uuid::from_u128(1)), now());
    let others = (10..40).map(|n| saved(1, contact(n, "Ann Other", "nothing to see"), "{}"));
    view.apply(others).unwrap();
    let secrets = |word: &str| format!("{word} Ümlaut and a long story of it");
    view.apply([
        saved(
            1,
            contact(2, "Secretname One", &secrets("hivpositive")),
            "resthidden",
        ),
        booked(1, appointment(5, 2, 1, "Oncology")),
        booked(1, appointment(6, 2, 2, "Psychiatry")),
    ])
    .unwrap();
    let folded = |view: &TenantView, text: &str| {
        let upper = format!("{}{}", text[..1].to_uppercase(), &text[1..]);
        view.holds(text.as_bytes()) || view.holds(upper.as_bytes())
    };
    for text in [
        "secretname",
        "hivpositive",
        "resthidden",
        "oncology",
        "psychiatry",
    ] {
        assert!(folded(&view, text), "{text}");
    }
    // Shorter, then longer than there is room for.
    view.apply([saved(2, contact(2, "Other Name", "short"), "")])
        .unwrap();
    for text in ["secretname", "hivpositive", "resthidden"] {
        assert!(!folded(&view, text), "{text}");
    }
    view.apply([saved(
        3,
        contact(2, "Thirdname Now", &secrets("diabetic").repeat(9)),
        "",
    )])
    .unwrap();
    assert!(folded(&view, "diabetic") && !folded(&view, "other name"));
    // Soft deletion keeps the appointments for a return, and nothing of the contact.
    let mut deleted = contact(2, "Thirdname Now", "");
    deleted.deleted = Some(Deleted {
        at: now(),
        by: None,
    });
    view.apply([saved(4, deleted, "")]).unwrap();
    for text in ["thirdname", "diabetic"] {
        assert!(!folded(&view, text), "{text}");
    }
    view.apply([saved(5, contact(2, "Back Again", ""), "")])
        .unwrap();
    assert!(folded(&view, "back again") && folded(&view, "psychiatry"));
    // Erasure keeps nothing, and is final.
    view.apply([
        Change::ContactGone {
            id: ContactId::new(Uuid::from_u128(2)),
        },
        saved(9, contact(2, "Zombie Name", ""), ""),
        booked(9, appointment(5, 2, 1, "Oncology")),
    ])
    .unwrap();
    for text in ["back again", "oncology", "psychiatry", "zombie"] {
        assert!(!folded(&view, text), "{text}");
    }
    assert_eq!(view.contacts(), 30);
}

#[test]
fn memory_stays_bounded_under_endless_edits() {
    let mut view = TenantView::new(TenantId::new(Uuid::from_u128(1)), now());
    let edit = |version: u64, n: u128| {
        let notes = "word ".repeat(1 + (version as usize * 37 + n as usize * 11) % 900);
        saved(version, contact(n, "Some Body", &notes), &notes)
    };
    let contacts = 1_000;
    let mut largest = 0;
    for version in 1..12 {
        view.apply((1..=contacts).map(|n| edit(version, n)))
            .unwrap();
        while view.tidy() {}
        if version == 2 {
            largest = view.bytes();
        }
        assert!(
            version <= 2 || view.bytes() < largest * 2,
            "{version}: {largest} {}",
            view.bytes()
        );
    }
}
