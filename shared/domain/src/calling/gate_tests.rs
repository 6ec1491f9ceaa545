use super::*;

const LONDON: Tz = chrono_tz::Europe::London;

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn id(n: u128) -> AttemptId {
    AttemptId::new(Uuid::from_u128(n))
}

fn seconds(n: i64) -> TimeDelta {
    TimeDelta::seconds(n)
}

fn limits(settings: &[(&str, u32)]) -> CallLimits {
    CallLimits::from_lookup(|name| {
        settings
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, value)| value.to_string())
    })
    .unwrap()
}

#[test]
fn the_twenty_sixth_waits_for_the_first_to_leave_the_window() {
    let limits = CallLimits::default();
    let mut gate = Gate::new(LONDON, 1);
    let start = at("2026-11-20T10:00:00Z");
    for n in 0..25 {
        let now = start + seconds(n);
        let grant = gate.grant(now, id(n as u128), &limits).unwrap();
        assert_eq!(grant.bound, now + seconds(30));
        assert_eq!(grant.slot_expiry, now + seconds(30 + 900 + 1));
        gate.arrived(id(n as u128), now + seconds(1), &limits);
    }
    let now = start + seconds(60);
    let until = start + seconds(1 + 900 + 1);
    assert_eq!(gate.used(now), 25);
    assert_eq!(
        gate.grant(now, id(99), &limits),
        Err(GateRefusal::WindowFull { until })
    );
    assert_eq!(gate.available_at(now, &limits), Some(until));
    assert!(
        gate.grant(until - TimeDelta::milliseconds(1), id(99), &limits)
            .is_err()
    );
    assert!(gate.grant(until, id(99), &limits).is_ok());
    assert_eq!(gate.used(until), 25);
}

#[test]
fn an_attempt_never_heard_of_again_holds_its_slot_to_the_end() {
    let limits = limits(&[("VIO_CALL_LIMIT", 1)]);
    let mut gate = Gate::new(LONDON, 1);
    let now = at("2026-11-20T10:00:00Z");
    gate.grant(now, id(1), &limits).unwrap();
    let until = now + seconds(931);
    assert_eq!(
        gate.grant(now + seconds(900), id(2), &limits),
        Err(GateRefusal::WindowFull { until })
    );
    gate.prune(until - seconds(1));
    assert_eq!(gate.used(until - seconds(1)), 1);
    assert!(gate.grant(until, id(2), &limits).is_ok());
}

#[test]
fn arrival_never_lengthens_a_slot_and_unknown_attempts_change_nothing() {
    let limits = limits(&[("VIO_CALL_LIMIT", 1)]);
    let mut gate = Gate::new(LONDON, 1);
    let now = at("2026-11-20T10:00:00Z");
    gate.grant(now, id(1), &limits).unwrap();
    assert!(gate.arrived(id(1), now + seconds(2), &limits));
    let after = gate.clone();
    assert!(!gate.arrived(id(1), now + seconds(20), &limits));
    assert!(!gate.arrived(id(1), now + seconds(2), &limits));
    assert!(!gate.arrived(id(7), now, &limits));
    assert!(!gate.refuse(id(7)));
    assert_eq!(
        gate.grant(now, id(1), &limits),
        Err(GateRefusal::AlreadyGranted)
    );
    assert_eq!(gate, after);
}

#[test]
fn a_refund_takes_back_its_own_entry_and_its_own_quarter() {
    let limits = limits(&[("VIO_CALL_LIMIT", 3), ("VIO_CALL_DAILY_LIMIT", 2)]);
    let mut gate = Gate::new(LONDON, 1);
    gate.grant(at("2026-11-20T10:14:50Z"), id(1), &limits)
        .unwrap();
    gate.grant(at("2026-11-20T10:15:05Z"), id(2), &limits)
        .unwrap();
    let now = at("2026-11-20T10:15:10Z");
    let midnight = at("2026-11-21T00:00:00Z");
    assert_eq!(
        gate.check(now, &limits),
        Err(GateRefusal::DailyLimit {
            until: midnight + SKEW_MARGIN
        })
    );
    assert!(gate.refuse(id(1)));
    assert!(
        !gate.refuse(id(1)),
        "a second refund of the same attempt gives nothing"
    );
    assert_eq!((gate.used(now), gate.used_today(now)), (1, 1));
    assert_eq!(
        gate.quarters.get(&Quarter::of(at("2026-11-20T10:15:00Z"))),
        Some(&1)
    );
    assert_eq!(gate.quarters.len(), 1);
    assert!(gate.grant(now, id(3), &limits).is_ok());
}

#[test]
fn too_many_requests_keeps_the_slot_and_shuts_the_gate() {
    let limits = limits(&[("VIO_CALL_LIMIT", 2)]);
    let mut gate = Gate::new(LONDON, 1);
    let now = at("2026-11-20T10:00:00Z");
    gate.grant(now, id(1), &limits).unwrap();
    let quiet = now + seconds(60);
    gate.keep(id(1), now + seconds(1), quiet, &limits);
    assert_eq!((gate.used(now), gate.used_today(now)), (1, 1));
    assert_eq!(
        gate.check(now, &limits),
        Err(GateRefusal::BackOff { until: quiet })
    );
    gate.back_off(now + seconds(10));
    assert_eq!(
        gate.back_off_until(now),
        Some(quiet),
        "a shorter one does not open the gate"
    );
    assert!(gate.grant(quiet, id(2), &limits).is_ok());
    assert_eq!(gate.back_off_until(quiet), None);
}

#[test]
fn no_grant_could_arrive_after_midnight() {
    let limits = CallLimits::default();
    let gate = Gate::new(chrono_tz::America::New_York, 1);
    let midnight = at("2026-11-20T05:00:00Z");
    assert_eq!(gate.check(midnight - seconds(32), &limits), Ok(()));
    for before in [31, 1] {
        let refused = gate.check(midnight - seconds(before), &limits);
        assert_eq!(refused, Err(GateRefusal::NearMidnight { until: midnight }));
    }
    assert_eq!(gate.check(midnight, &limits), Ok(()));
}

/// A clock that is ahead by the margin grants in the new day what arrives in the old one.
#[test]
fn a_full_day_lasts_until_every_clock_is_past_midnight() {
    let limits = limits(&[("VIO_CALL_DAILY_LIMIT", 1)]);
    let mut gate = Gate::new(LONDON, 1);
    let midnight = at("2026-11-21T00:00:00Z");
    gate.grant(at("2026-11-20T10:00:00Z"), id(1), &limits)
        .unwrap();
    let past = midnight + SKEW_MARGIN;
    let early = gate.check(past - TimeDelta::milliseconds(1), &limits);
    assert_eq!(early, Err(GateRefusal::DailyLimit { until: past }));
    assert!(gate.grant(past, id(2), &limits).is_ok());
    // A day that had room makes nobody wait.
    let empty = Gate::new(LONDON, 1);
    assert_eq!(empty.check(midnight, &limits), Ok(()));
}

#[test]
fn a_day_is_as_long_as_the_zone_makes_it() {
    let limits = limits(&[("VIO_CALL_DAILY_LIMIT", 1)]);
    // The clocks go back at 01:00 UTC: this local day has 25 hours.
    let mut gate = Gate::new(LONDON, 1);
    gate.grant(at("2026-10-24T23:00:00Z"), id(1), &limits)
        .unwrap();
    let until = at("2026-10-26T00:00:00Z") + SKEW_MARGIN;
    let late = at("2026-10-25T23:59:00Z");
    assert_eq!(
        gate.check(late, &limits),
        Err(GateRefusal::DailyLimit { until })
    );
    assert_eq!(gate.used_today(late), 1);
    assert_eq!(gate.used_today(until), 0);
    assert!(gate.grant(until, id(2), &limits).is_ok());
}

#[test]
fn a_new_zone_does_not_open_a_new_allowance_at_once() {
    let limits = limits(&[("VIO_CALL_DAILY_LIMIT", 2)]);
    let mut gate = Gate::new(LONDON, 1);
    gate.grant(at("2026-11-20T14:00:00Z"), id(1), &limits)
        .unwrap();
    gate.grant(at("2026-11-20T14:01:00Z"), id(2), &limits)
        .unwrap();
    // In Tokyo the 21st began at 15:00Z: none used there, but London's day is full.
    let now = at("2026-11-20T16:00:00Z");
    assert!(gate.apply_settings(now, 2, chrono_tz::Asia::Tokyo));
    assert!(
        !gate.apply_settings(now, 2, LONDON),
        "the same version twice is old news"
    );
    assert!(
        !gate.apply_settings(now, 1, LONDON),
        "an older version is old news"
    );
    assert_eq!(gate.zone(), chrono_tz::Asia::Tokyo);
    let until = at("2026-11-21T00:00:00Z");
    assert_eq!(
        gate.check(now, &limits),
        Err(GateRefusal::DailyLimit { until })
    );
    assert!(gate.grant(until, id(3), &limits).is_ok());
    assert!(gate.old_zones.is_empty());
}

#[test]
fn a_call_that_could_have_arrived_after_the_new_zones_midnight_counts_in_it() {
    let limits = limits(&[("VIO_CALL_DAILY_LIMIT", 1), ("VIO_CALL_LIMIT", 9)]);
    let mut gate = Gate::new(chrono_tz::America::New_York, 1);
    gate.grant(at("2026-11-19T23:59:50Z"), id(1), &limits)
        .unwrap();
    // New York's day ends at 05:00Z; London's began ten seconds after the grant.
    gate.apply_settings(at("2026-11-20T01:00:00Z"), 2, LONDON);
    let refused = gate.check(at("2026-11-20T06:00:00Z"), &limits);
    assert_eq!(
        refused,
        Err(GateRefusal::DailyLimit {
            until: at("2026-11-21T00:00:00Z")
        })
    );
}

#[test]
fn pause_keeps_its_first_reason_and_only_resume_ends_it() {
    let limits = CallLimits::default();
    let mut gate = Gate::new(LONDON, 1);
    let now = at("2026-11-20T10:00:00Z");
    assert!(gate.pause(now, PauseReason::PaymentNeeded, PausedBy::System));
    assert!(!gate.pause(now + seconds(5), PauseReason::Person, PausedBy::System));
    let pause = Pause {
        reason: PauseReason::PaymentNeeded,
        since: now,
        by: PausedBy::System,
    };
    assert_eq!(
        gate.check(now + seconds(86_400), &limits),
        Err(GateRefusal::Paused(pause))
    );
    assert_eq!(gate.available_at(now, &limits), None);
    assert_eq!(gate.forecast(now, 1, &limits), None);
    assert!(gate.resume(now + seconds(9)));
    assert!(!gate.resume(now + seconds(10)));
    assert_eq!(gate.resumed_at(), Some(now + seconds(9)));
    assert_eq!(gate.check(now, &limits), Ok(()));
}

#[test]
fn wake_ups_do_not_multiply() {
    let mut gate = Gate::new(LONDON, 1);
    let now = at("2026-11-20T10:00:00Z");
    assert!(gate.arm(now, now + seconds(60)));
    assert!(!gate.arm(now, now + seconds(60)));
    assert!(!gate.arm(now, now + seconds(300)));
    assert!(gate.arm(now, now + WAKE_COALESCE), "an earlier one is sent");
    assert_eq!(gate.next_pump_at(now), Some(now + WAKE_COALESCE));
    assert_eq!(gate.next_pump_at(now + WAKE_COALESCE), None);
    assert!(
        gate.arm(now + WAKE_COALESCE, now + seconds(60)),
        "the armed one has been"
    );
}

#[test]
fn slots_that_free_closely_are_one_wake_up() {
    let limits = limits(&[("VIO_CALL_LIMIT", 4)]);
    let mut gate = Gate::new(LONDON, 1);
    let now = at("2026-11-20T10:00:00Z");
    assert_eq!(gate.wake_at(now, &limits), Some(now), "a slot is free");
    for (n, after) in (0..).zip([0, 2, 3, 9]) {
        gate.grant(now + seconds(after), id(n), &limits).unwrap();
        gate.arrived(id(n), now + seconds(after), &limits);
    }
    let now = now + seconds(10);
    let first = gate.available_at(now, &limits).unwrap();
    assert_eq!(gate.wake_at(now, &limits), Some(first + seconds(3)));
    assert_eq!(
        gate.wake_at(first + seconds(3), &limits),
        Some(first + seconds(3)),
        "three are free"
    );
    gate.pause(now, PauseReason::Person, PausedBy::System);
    assert_eq!(gate.wake_at(now, &limits), None);
}

#[test]
fn a_backlog_is_forecast_by_windows_and_days() {
    let limits = limits(&[("VIO_CALL_LIMIT", 5), ("VIO_CALL_DAILY_LIMIT", 12)]);
    let gate = Gate::new(LONDON, 1);
    let now = at("2026-11-20T10:00:00Z");
    assert_eq!(gate.forecast(now, 0, &limits), Some(now));
    assert_eq!(gate.forecast(now, 5, &limits), Some(now));
    assert_eq!(gate.forecast(now, 6, &limits), Some(now + seconds(901)));
    assert_eq!(gate.forecast(now, 12, &limits), Some(now + seconds(1802)));
    assert_eq!(
        gate.forecast(now, 13, &limits),
        Some(at("2026-11-21T00:00:00Z") + SKEW_MARGIN)
    );
}

#[test]
fn memory_is_bounded() {
    let limits = CallLimits::default();
    let mut gate = Gate::new(LONDON, 1);
    let mut now = at("2026-11-20T10:00:00Z");
    for n in 0..3_000 {
        now += seconds(1_000);
        gate.grant(now, id(n), &limits).unwrap();
        assert!(gate.quarters.len() <= 4 * 49 + 1 && gate.slots.len() <= 25);
    }
}

#[test]
fn survives_json_unchanged() {
    let limits = CallLimits::default();
    let mut gate = Gate::new(LONDON, 1);
    let now = at("2026-11-20T10:00:00.123456789Z");
    gate.grant(now, id(1), &limits).unwrap();
    gate.apply_settings(now, 2, chrono_tz::Asia::Tokyo);
    gate.keep(id(1), now, now + seconds(60), &limits);
    gate.pause(
        now,
        PauseReason::Person,
        PausedBy::User(crate::ids::UserId::new(Uuid::from_u128(5))),
    );
    gate.arm(now, now + seconds(60));
    let json = serde_json::to_string(&gate).unwrap();
    assert_eq!(serde_json::from_str::<Gate>(&json).unwrap(), gate);
    assert!(
        serde_json::from_str::<Gate>(&json.replace("Europe/London", "Europe/Nowhere")).is_err()
    );
}

/// Administrators hear of most of a day's calls and of all of them, once each, whatever is refunded; and anew the next day.
#[test]
fn a_share_of_the_day_is_told_once_a_day() {
    let limits = limits(&[("VIO_CALL_LIMIT", 100), ("VIO_CALL_DAILY_LIMIT", 10)]);
    let mut gate = Gate::new(LONDON, 1);
    let start = at("2026-11-20T10:00:00Z");
    let mut told = Vec::new();
    let mut go = |gate: &mut Gate, n: u128, now| {
        gate.grant(now, id(n), &limits).unwrap();
        if let Some(percent) = gate.reached(now, &limits) {
            told.push((n, percent));
        }
    };
    for n in 1..=10 {
        go(&mut gate, n, start);
    }
    // Refused by the provider, and placed after all.
    for n in [8, 9, 10] {
        assert!(gate.refuse(id(n)));
    }
    for n in 11..=13 {
        go(&mut gate, n, start);
    }
    let next_day = start + TimeDelta::days(1);
    for n in 21..=30 {
        go(&mut gate, n, next_day);
    }
    assert_eq!(told, [(8, 80), (10, 100), (28, 80), (30, 100)]);
}
