//! Reminder plans written out by hand (checklist S0-49, S3-04, S3-05). London is UTC in January.
#![allow(clippy::unwrap_used)]

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use vio_domain::calendar::{CallHours, CallingZone, Division, HolidayCalendar, PermittedWindows};
use vio_domain::planner::{
    CallWindow, DEFAULT_MINIMUM_NOTICE, NoCallReason, Plan, PlanInput, plan,
};

struct Scene {
    now: &'static str,
    booked_at: Option<&'static str>,
    appointment: &'static str,
    call_before_hours: i64,
    hours: (&'static str, &'static str),
    weekends: bool,
    holidays: bool,
    calendar: HolidayCalendar,
    preferred: &'static str,
    zone: CallingZone,
}

/// Booked on Monday 4 January 2027 at 10:00 for Thursday the 7th at 14:00.
fn scene() -> Scene {
    Scene {
        now: "2027-01-04T10:00:00Z",
        booked_at: Some("2027-01-04T10:00:00Z"),
        appointment: "2027-01-07T14:00:00Z",
        call_before_hours: 24,
        hours: ("08:00", "20:00"),
        weekends: false,
        holidays: false,
        calendar: HolidayCalendar::default(),
        preferred: "anytime",
        zone: Tz::Europe__London.into(),
    }
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn planned(scene: &Scene) -> Plan {
    let (start, end) = (
        scene.hours.0.parse().unwrap(),
        scene.hours.1.parse().unwrap(),
    );
    let hours = CallHours::new(start, end, scene.weekends, scene.holidays).unwrap();
    plan(&PlanInput {
        now: at(scene.now),
        appointment: at(scene.appointment),
        booked_at: scene.booked_at.map(at),
        call_before: TimeDelta::hours(scene.call_before_hours),
        minimum_notice: DEFAULT_MINIMUM_NOTICE,
        permitted: PermittedWindows::new(hours, &scene.calendar, scene.zone),
        preferred: scene.preferred.parse().unwrap(),
    })
}

fn window(due: &str, latest: &str) -> Plan {
    Plan::Window(CallWindow {
        due: at(due),
        latest: at(latest),
    })
}

#[test]
fn a_booking_made_days_ahead_is_called_a_day_before() {
    assert_eq!(
        planned(&scene()),
        window("2027-01-06T14:00:00Z", "2027-01-07T12:00:00Z")
    );
}

/// S0-49: what a booking made inside its lead time gets.
#[test]
fn a_booking_inside_its_lead_time_rests_first() {
    for (booked, expected) in [
        // Three hours ahead: half the lead later, until a quarter of it before.
        (
            "2027-01-07T11:00:00Z",
            window("2027-01-07T12:30:00Z", "2027-01-07T13:15:00Z"),
        ),
        // Ten hours ahead, at night: the first permitted minute, until two hours before.
        (
            "2027-01-07T04:00:00Z",
            window("2027-01-07T08:00:00Z", "2027-01-07T12:00:00Z"),
        ),
        // An hour ahead: 13:30 to 13:45, 15 minutes, which is enough.
        (
            "2027-01-07T13:00:00Z",
            window("2027-01-07T13:30:00Z", "2027-01-07T13:45:00Z"),
        ),
        // 40 minutes ahead: 13:40 to 13:50 is too short, so from ten minutes after the booking.
        (
            "2027-01-07T13:20:00Z",
            window("2027-01-07T13:30:00Z", "2027-01-07T13:50:00Z"),
        ),
        // Half an hour is still called, a second less is not.
        (
            "2027-01-07T13:30:00Z",
            window("2027-01-07T13:40:00Z", "2027-01-07T13:52:00Z"),
        ),
        (
            "2027-01-07T13:30:01Z",
            Plan::NoCall(NoCallReason::LeadTooShort),
        ),
    ] {
        let found = planned(&Scene {
            now: booked,
            booked_at: Some(booked),
            ..scene()
        });
        assert_eq!(found, expected, "booked {booked}");
    }
}

#[test]
fn an_import_skips_the_terms_of_the_booking() {
    let import = |now| {
        planned(&Scene {
            now,
            booked_at: None,
            ..scene()
        })
    };
    assert_eq!(
        import("2027-01-07T11:00:00Z"),
        window("2027-01-07T11:00:00Z", "2027-01-07T12:00:00Z")
    );
    assert_eq!(
        import("2027-01-07T11:50:00Z"),
        window("2027-01-07T11:50:00Z", "2027-01-07T12:00:00Z")
    );
    assert_eq!(import("2027-01-07T12:00:00Z"), Plan::NoWindow);
    assert_eq!(
        import("2027-01-07T14:00:00Z"),
        Plan::NoCall(NoCallReason::AppointmentPassed)
    );
}

#[test]
fn a_short_window_is_extended_backwards_over_permitted_minutes() {
    let monday = |appointment| {
        planned(&Scene {
            appointment,
            call_before_hours: 2,
            ..scene()
        })
    };
    // Nothing is permitted from 07:00 to 08:00, so Friday's last hour.
    let friday = window("2027-01-08T19:00:00Z", "2027-01-08T20:00:00Z");
    assert_eq!(monday("2027-01-11T09:00:00Z"), friday);
    // Ten minutes of Monday count, and fifty of Friday.
    let both = window("2027-01-08T19:10:00Z", "2027-01-11T08:10:00Z");
    assert_eq!(monday("2027-01-11T09:10:00Z"), both);
    // Booked on the Sunday, there is nothing to extend over.
    let sunday = "2027-01-10T12:00:00Z";
    let late = Scene {
        now: sunday,
        booked_at: Some(sunday),
        appointment: "2027-01-11T09:00:00Z",
        call_before_hours: 2,
        ..scene()
    };
    assert_eq!(planned(&late), Plan::NoWindow);
}

/// S3-04.
#[test]
fn hours_and_switches_move_the_call() {
    let short = Scene {
        hours: ("10:00", "12:00"),
        ..scene()
    };
    assert_eq!(
        planned(&short),
        window("2027-01-07T10:00:00Z", "2027-01-07T12:00:00Z")
    );
    // A Monday appointment: a day before is Sunday.
    let monday = |weekends| {
        planned(&Scene {
            appointment: "2027-01-11T14:00:00Z",
            weekends,
            ..scene()
        })
    };
    assert_eq!(
        monday(false),
        window("2027-01-11T08:00:00Z", "2027-01-11T12:00:00Z")
    );
    assert_eq!(
        monday(true),
        window("2027-01-10T14:00:00Z", "2027-01-11T12:00:00Z")
    );
}

/// S3-05: 15 June 2026 was a holiday in Scotland alone.
#[test]
fn a_holiday_counts_where_it_is_kept() {
    let june = |division, holidays| {
        planned(&Scene {
            now: "2026-06-01T10:00:00Z",
            booked_at: Some("2026-06-01T10:00:00Z"),
            appointment: "2026-06-16T09:00:00Z",
            holidays,
            calendar: HolidayCalendar {
                division,
                ..HolidayCalendar::default()
            },
            ..scene()
        })
    };
    // 08:00 to 20:00 in London is 07:00 to 19:00 UTC in June; the notice ends as the 16th opens.
    let the_fifteenth = window("2026-06-15T09:00:00Z", "2026-06-15T19:00:00Z");
    let friday = window("2026-06-12T18:00:00Z", "2026-06-12T19:00:00Z");
    assert_eq!(june(Division::EnglandAndWales, false), the_fifteenth);
    assert_eq!(june(Division::NorthernIreland, false), the_fifteenth);
    assert_eq!(june(Division::Scotland, false), friday);
    assert_eq!(june(Division::Scotland, true), the_fifteenth);
}

#[test]
fn a_wish_narrows_only_where_it_leaves_a_minute() {
    let wish = |preferred| {
        planned(&Scene {
            preferred,
            ..scene()
        })
    };
    assert_eq!(
        wish("morning"),
        window("2027-01-07T08:00:00Z", "2027-01-07T12:00:00Z")
    );
    assert_eq!(
        wish("evening"),
        window("2027-01-06T17:00:00Z", "2027-01-06T20:00:00Z")
    );
    assert_eq!(wish("21:00-23:00"), planned(&scene()));
    assert_eq!(wish("13:00-13:30"), planned(&scene()));
}

#[test]
fn hours_are_read_on_the_contacts_clock_and_a_booking_page_needs_the_tenants_too() {
    let in_zone = |own, page| {
        planned(&Scene {
            zone: CallingZone::resolve(own, page, Tz::Europe__London),
            ..scene()
        })
    };
    // 08:00 to 20:00 in New York is 13:00 to 01:00 UTC.
    let new_york = Some(Tz::America__New_York);
    assert_eq!(
        in_zone(new_york, None),
        window("2027-01-06T14:00:00Z", "2027-01-07T01:00:00Z")
    );
    assert_eq!(
        in_zone(None, new_york),
        window("2027-01-06T14:00:00Z", "2027-01-06T20:00:00Z")
    );
    // In Auckland it is 19:00 to 07:00 UTC: an hour of that is permitted in London.
    let auckland = Some(Tz::Pacific__Auckland);
    assert_eq!(
        in_zone(None, auckland),
        window("2027-01-06T19:00:00Z", "2027-01-06T20:00:00Z")
    );
}

#[test]
fn hours_that_never_meet_are_decided_quickly() {
    let never = Scene {
        appointment: "2090-01-05T14:00:00Z",
        hours: ("10:00", "10:30"),
        zone: CallingZone::resolve(None, Some(Tz::Pacific__Auckland), Tz::Europe__London),
        ..scene()
    };
    let begun = std::time::Instant::now();
    assert_eq!(planned(&never), Plan::NoWindow);
    assert!(begun.elapsed() < std::time::Duration::from_secs(2));
}
