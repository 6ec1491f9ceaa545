//! Criteria and suggestions against what S2 says in words, at their boundaries.

use chrono::TimeDelta;
use proptest::prelude::*;
use serde_json::json;

use super::criteria::{Criterion, Facts, folded};
use super::suggestions::{Suggester, Suggestion, SuggestionKind};
use super::templates::template;
use crate::appointment::{Appointment, AppointmentStatus};
use crate::contact::{BookingSource, Contact, Deleted, Priority};
use crate::forms::FormData;
use crate::samples::{appointment, contact, now};
use crate::settings::BusinessType;

fn matches(id: &str, contact: &Contact, appointments: &[Appointment]) -> bool {
    let facts = Facts {
        contact,
        current: appointments.first(),
        appointments,
        now: now(),
    };
    template(id).unwrap().criterion.matches(&facts)
}

fn of_type(n: u128, days: i64, name: &str) -> Appointment {
    let mut one = appointment(n, days);
    one.appointment_type = Some(name.parse().unwrap());
    one
}

#[test]
fn templates_take_whom_they_name() {
    let ada = contact(1);
    for (id, kind, belongs) in [
        ("salon_color_clients", "Full Balayage", true),
        ("salon_color_clients", "HIGHLIGHTS", true),
        ("salon_color_clients", "Colour refresh", true),
        ("salon_color_clients", "Watercolor class", false),
        ("salon_bridal_clients", "Wedding hair", true),
        ("medical_surgical_patients", "Minor surgery", true),
        ("medical_surgical_patients", "Check-up", false),
        ("medical_follow_up_required", "Follow-up visit", true),
        ("restaurant_special_occasions", "60th birthday", true),
    ] {
        assert_eq!(
            matches(id, &ada, &[of_type(1, 3, kind)]),
            belongs,
            "{id} {kind}"
        );
    }
    let mut wine = appointment(1, 2);
    wine.special_instructions = Some("With the wine-pairing menu".parse().unwrap());
    assert!(matches(
        "restaurant_wine_club_members",
        &ada,
        &[wine.clone()]
    ));
    wine.special_instructions = Some("Swine-free, please".parse().unwrap());
    assert!(!matches("restaurant_wine_club_members", &ada, &[wine]));
}

#[test]
fn who_is_new_valued_corporate_or_to_be_followed_up() {
    let coming = [appointment(1, 3)];
    let mut ada = contact(1);
    ada.appointments_count = 1;
    assert!(matches("medical_new_patients", &ada, &coming));
    assert!(!matches(
        "medical_new_patients",
        &ada,
        &[appointment(1, -3)]
    ));
    ada.created_at = now() - TimeDelta::days(29);
    assert!(matches("medical_new_patients", &ada, &[appointment(1, -3)]));
    ada.created_at = now() - TimeDelta::days(30);
    assert!(!matches(
        "medical_new_patients",
        &ada,
        &[appointment(1, -3)]
    ));
    ada.appointments_count = 2;
    assert!(!matches("medical_new_patients", &ada, &coming));
    assert!(matches("general_repeat_clients", &ada, &coming));

    ada.failures_in_a_row = 1;
    assert!(!matches("medical_follow_up_required", &ada, &coming));
    ada.failures_in_a_row = 2;
    assert!(matches("medical_follow_up_required", &ada, &coming));

    assert!(!matches("salon_vip_clients", &ada, &coming));
    ada.appointments_count = 6;
    assert!(matches("salon_vip_clients", &ada, &coming));
    assert!(!matches("medical_vip_patients", &ada, &coming));
    ada.tags = vec!["VIP".parse().unwrap()];
    assert!(matches("medical_vip_patients", &ada, &coming));

    assert!(!matches("restaurant_corporate_clients", &ada, &coming));
    let values = |size: u64| match json!({ "party_size": size }) {
        serde_json::Value::Object(values) => values,
        _ => unreachable!(),
    };
    for (size, large) in [(7, false), (8, true)] {
        ada.form = Some(FormData {
            form: "restaurant".into(),
            version: 1,
            values: values(size),
        });
        assert_eq!(
            matches("restaurant_corporate_clients", &ada, &coming),
            large
        );
    }
    ada.deleted = Some(Deleted {
        at: now(),
        by: None,
    });
    assert!(!matches("restaurant_corporate_clients", &ada, &coming));
}

#[test]
fn monthly_is_three_visits_about_a_month_apart() {
    let ada = contact(1);
    for (days, monthly) in [
        (&[-60, -30, 1][..], true),
        (&[-42, -21, 0], true),
        (&[-40, -20, 0], false),
        (&[-90, -45, 0], true),
        (&[-92, -46, 0], false),
        (&[-400, -60, -30, 1], true),
        (&[-30, 0], false),
    ] {
        let all: Vec<Appointment> = days
            .iter()
            .zip(1..)
            .map(|(d, n)| appointment(n, *d))
            .collect();
        assert_eq!(
            matches("salon_monthly_regulars", &ada, &all),
            monthly,
            "{days:?}"
        );
    }
}

#[test]
fn active_past_and_prospect() {
    let mut ada = contact(1);
    ada.appointments_count = 1;
    let says = |ada: &Contact, all: &[Appointment]| {
        ["active_projects", "prospects", "past_clients"]
            .map(|name| matches(&format!("consultant_{name}"), ada, all))
    };
    assert_eq!(says(&ada, &[]), [false, true, false]);
    assert_eq!(says(&ada, &[appointment(1, 3)]), [true, true, false]);
    assert_eq!(says(&ada, &[appointment(1, -3)]), [false, false, true]);
    ada.appointments_count = 4;
    assert_eq!(says(&ada, &[appointment(1, 3)]), [true, false, false]);
    let mut cancelled = appointment(1, 3);
    cancelled.status = AppointmentStatus::Cancelled;
    assert_eq!(says(&ada, &[cancelled]), [false, false, false]);
}

/// `count` people who are alike, and what they suggest.
fn suggested(count: u128, alike: impl Fn(&mut Contact, &mut Appointment)) -> Vec<Suggestion> {
    let mut suggester = Suggester::new(BusinessType::Salon);
    for n in 0..count {
        let (mut one, mut current) = (contact(n), appointment(n, -3));
        one.appointments_count = 1;
        alike(&mut one, &mut current);
        let facts = Facts {
            contact: &one,
            current: Some(&current),
            appointments: &[],
            now: now(),
        };
        suggester.see(&facts, true);
    }
    suggester.suggestions()
}

#[test]
fn enough_suggest_a_group_and_one_less_does_not() {
    type Alike = fn(&mut Contact, &mut Appointment);
    let cases: [(SuggestionKind, u128, &str, Alike); 7] = [
        (
            SuggestionKind::AppointmentType,
            5,
            "Hair Color Clients",
            |_, a| {
                a.appointment_type = Some("Hair Color".parse().unwrap());
            },
        ),
        (SuggestionKind::Provider, 10, "Dr. Smith Clients", |_, a| {
            a.owner_name = Some("Dr. Smith".parse().unwrap());
        }),
        (SuggestionKind::New, 5, "New Clients", |c, _| {
            c.created_at = now()
        }),
        (SuggestionKind::FollowUp, 3, "Needs Follow-up", |c, _| {
            c.failures_in_a_row = 2
        }),
        (
            SuggestionKind::BookingSource,
            10,
            "Cal.com Bookings",
            |c, _| {
                c.booking_source = BookingSource::Calcom;
            },
        ),
        (
            SuggestionKind::Status,
            10,
            "Cancelled Appointments",
            |_, a| {
                a.status = AppointmentStatus::Cancelled;
            },
        ),
        (
            SuggestionKind::Status,
            10,
            "Rescheduled Appointments",
            |_, a| {
                a.status = AppointmentStatus::Rescheduled;
            },
        ),
    ];
    for (kind, least, name, alike) in cases {
        assert_eq!(suggested(least - 1, alike), [], "{kind:?}");
        let found = suggested(least, alike);
        assert_eq!(found.len(), 1, "{kind:?}");
        assert_eq!((found[0].kind, found[0].name.as_str()), (kind, name));
        assert_eq!(found[0].members.len() as u128, least);
    }
}

#[test]
fn a_sensitive_type_names_no_group_and_long_names_are_cut() {
    let mut suggester = Suggester::new(BusinessType::Medical);
    for n in 0..20 {
        let one = contact(n);
        let current = of_type(n, -3, &"x".repeat(100));
        let facts = Facts {
            contact: &one,
            current: Some(&current),
            appointments: &[],
            now: now(),
        };
        suggester.see(&facts, n < 10);
    }
    let found = suggester.suggestions();
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].members.len(), 10);
    assert_eq!(found[0].name.chars().count(), 50);
    assert!(found[0].name.ends_with("x Patients"));
}

proptest! {
    /// Whatever the contacts: who is suggested is who matches the suggestion's own criterion, each once, and nothing
    /// that is large enough is left out.
    #[test]
    fn members_are_exactly_who_matches(
        people in proptest::collection::vec((0_u8..4, 0_u8..3, 0_u32..4, any::<bool>(), 0_u8..4, -40_i64..40), 0..60)
    ) {
        let people: Vec<(Contact, Appointment)> = people
            .into_iter()
            .zip(0_u128..)
            .map(|((kind, owner, failures, active, source, days), n)| {
                let (mut one, mut current) = (contact(n), appointment(n, days));
                one.appointments_count = failures % 3;
                one.failures_in_a_row = failures;
                one.is_active = active;
                one.priority = if active { Priority::High } else { Priority::Normal };
                one.booking_source = [BookingSource::Manual, BookingSource::Calcom, BookingSource::Form, BookingSource::Api][source as usize];
                current.appointment_type = [None, Some("Cut"), Some("CUT"), Some("Follow-up")][kind as usize].map(|t| t.parse().unwrap());
                current.owner_name = [None, Some("Jo  Lee"), Some("jo lee")][owner as usize].map(|t| t.parse().unwrap());
                (one, current)
            })
            .collect();
        let facts = || people.iter().map(|(contact, current)| Facts { contact, current: Some(current), appointments: &[], now: now() });
        let mut suggester = Suggester::new(BusinessType::General);
        facts().for_each(|one| suggester.see(&one, true));
        let found = suggester.suggestions();
        for one in &found {
            let wanted: Vec<_> = facts().filter(|f| one.criterion.matches(f)).map(|f| f.contact.id).collect();
            prop_assert_eq!(&one.members, &wanted);
            prop_assert!(one.members.len() >= one.kind.least());
        }
        let by_owner = facts().filter(|f| Criterion::Provider(folded("Jo Lee")).matches(f)).count();
        prop_assert_eq!(by_owner >= 10, found.iter().any(|one| one.kind == SuggestionKind::Provider));
    }
}
