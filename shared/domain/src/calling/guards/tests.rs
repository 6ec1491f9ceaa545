use proptest::prelude::*;

use super::*;
use crate::calling::abuse;
use crate::calling::gate::GateRefusal;
use crate::calling::pause::{Pause, PauseReason, PausedBy};
use crate::calling::session::Method;

fn at(minutes: i64) -> DateTime<Utc> {
    "2026-11-20T10:00:00Z".parse::<DateTime<Utc>>().unwrap() + TimeDelta::minutes(minutes)
}

fn fine(method: Method) -> GuardInput {
    GuardInput {
        method,
        tenant_active: true,
        paused: None,
        agent_configured: true,
        calendar_enabled: false,
        calendar_configured: false,
        number: NumberFact::Dialable,
        on_do_not_call_list: false,
        do_not_contact: false,
        consent_required: false,
        consent_given: false,
        status: StatusFact::CallsForACall,
        attempts: 0,
        attempts_cap: 3,
        latest: Some(at(240)),
        hours: HoursFact::Permitted,
        local_time: "10:00 Europe/London".into(),
        last_attempt: None,
        in_flight_until: None,
        number_attempts: vec![],
        gate: Ok(()),
        slots: (3, 25),
        today: (40, 300),
    }
}

/// The verdict at minute 0, having checked that the record tells the same story.
fn verdict(input: &GuardInput) -> Verdict {
    let (verdict, decisions) = evaluate(input, at(0));
    assert_eq!(decisions.len(), 16);
    assert!(
        decisions.is_sorted_by_key(|decision| decision.guard),
        "in the order in which they are asked"
    );
    let failed: Vec<_> = decisions
        .iter()
        .filter(|decision| !decision.passed)
        .collect();
    assert_eq!(verdict == Verdict::Place, failed.is_empty());
    assert!(
        decisions
            .iter()
            .all(|d| !d.saw.is_empty() && (!d.passed || d.until.is_none() && !d.for_good))
    );
    match verdict {
        Verdict::Place | Verdict::SettleWith { .. } => {}
        Verdict::Redate { guard, .. } | Verdict::Hold { guard, .. } => {
            assert!(failed.iter().any(|decision| decision.guard == guard));
        }
    }
    verdict
}

fn with(method: Method, change: impl FnOnce(&mut GuardInput)) -> Verdict {
    let mut input = fine(method);
    change(&mut input);
    verdict(&input)
}

fn settle(reason: SettleReason) -> Verdict {
    Verdict::SettleWith { reason }
}

fn redate(minutes: i64, guard: Guard) -> Verdict {
    Verdict::Redate {
        until: at(minutes),
        guard,
    }
}

const METHODS: [Method; 4] = [
    Method::ManualCallNow,
    Method::Reminder,
    Method::Retry,
    Method::Campaign,
];

#[test]
fn a_call_with_nothing_against_it_is_placed() {
    for method in METHODS {
        assert_eq!(verdict(&fine(method)), Verdict::Place);
    }
}

#[test]
fn a_call_that_waited_until_its_appointment_was_over_missed_its_window() {
    let waited = |i: &mut GuardInput| {
        i.latest = Some(at(-30));
        i.status = StatusFact::Past;
    };
    for method in [Method::Reminder, Method::Retry] {
        assert_eq!(
            with(method, waited),
            settle(SettleReason::WindowMissed),
            "{method:?}"
        );
    }
    // What a person decided comes first: nobody needs to look.
    let decided = with(Method::Reminder, |i| {
        waited(i);
        i.do_not_contact = true;
    });
    assert_eq!(decided, settle(SettleReason::DoNotContact));
}

#[test]
fn the_tenants_state_holds_every_call() {
    let hold = |guard| Verdict::Hold { until: None, guard };
    let pause = Pause {
        reason: PauseReason::PaymentNeeded,
        since: at(-5),
        by: PausedBy::System,
    };
    for method in METHODS {
        assert_eq!(
            with(method, |i| i.tenant_active = false),
            hold(Guard::TenantActive)
        );
        assert_eq!(
            with(method, |i| i.paused = Some(pause)),
            hold(Guard::NotPaused)
        );
        assert_eq!(
            with(method, |i| i.agent_configured = false),
            hold(Guard::AgentConfigured)
        );
        assert_eq!(
            with(method, |i| i.calendar_enabled = true),
            hold(Guard::CalendarConfigured)
        );
        let full = Err(GateRefusal::WindowFull { until: at(9) });
        assert_eq!(
            with(method, |i| i.gate = full),
            Verdict::Hold {
                until: Some(at(9)),
                guard: Guard::Slots
            }
        );
    }
    let configured = with(Method::Reminder, |i| {
        (i.calendar_enabled, i.calendar_configured) = (true, true)
    });
    assert_eq!(configured, Verdict::Place);
}

#[test]
fn the_persons_will_and_the_number_end_it() {
    for method in METHODS {
        assert_eq!(
            with(method, |i| i.number = NumberFact::Missing),
            settle(SettleReason::NoPhone)
        );
        assert_eq!(
            with(method, |i| i.number = NumberFact::NotDialable),
            settle(SettleReason::NotDialable)
        );
        assert_eq!(
            with(method, |i| i.on_do_not_call_list = true),
            settle(SettleReason::DoNotCallList)
        );
        assert_eq!(
            with(method, |i| i.do_not_contact = true),
            settle(SettleReason::DoNotContact)
        );
        assert_eq!(
            with(method, |i| i.consent_required = true),
            settle(SettleReason::NoConsent)
        );
        let given = with(method, |i| {
            (i.consent_required, i.consent_given) = (true, true)
        });
        assert_eq!(given, Verdict::Place);
        assert_eq!(
            with(method, |i| i.attempts = 3),
            settle(SettleReason::AttemptsUsedUp)
        );
        assert_eq!(with(method, |i| i.attempts = 2), Verdict::Place);
    }
}

#[test]
fn the_status_does_not_stop_call_now() {
    for (status, reason) in [
        (StatusFact::DoesNot, SettleReason::StatusNeedsNoCall),
        (StatusFact::Past, SettleReason::AppointmentPast),
    ] {
        assert_eq!(
            with(Method::ManualCallNow, |i| i.status = status),
            Verdict::Place
        );
        for method in [Method::Reminder, Method::Retry, Method::Campaign] {
            assert_eq!(with(method, |i| i.status = status), settle(reason));
        }
    }
}

#[test]
fn hours_and_window() {
    let missed = settle(SettleReason::WindowMissed);
    for method in METHODS {
        assert_eq!(
            with(method, |i| i.hours = HoursFact::From(at(60))),
            redate(60, Guard::PermittedHours)
        );
        assert_eq!(with(method, |i| i.hours = HoursFact::From(at(240))), missed);
        assert_eq!(with(method, |i| i.hours = HoursFact::Never), missed);
        assert_eq!(with(method, |i| i.latest = Some(at(0))), missed);
        assert_eq!(with(method, |i| i.latest = None), Verdict::Place);
        assert_eq!(
            missed,
            with(method, |i| (i.hours, i.latest) =
                (HoursFact::From(at(999)), Some(at(500))))
        );
    }
}

fn tried(minutes: i64, answered: bool) -> Option<LastAttempt> {
    Some(LastAttempt {
        at: at(minutes),
        answered,
    })
}

#[test]
fn eight_hours_between_calls() {
    for method in METHODS {
        assert_eq!(
            with(method, |i| i.last_attempt = tried(-480, false)),
            Verdict::Place
        );
    }
    let recent = |method| with(method, |i| i.last_attempt = tried(-300, false));
    assert_eq!(recent(Method::ManualCallNow), redate(180, Guard::Gap));
    assert_eq!(recent(Method::Reminder), redate(180, Guard::Gap));
    assert_eq!(recent(Method::Retry), Verdict::Place);
    assert_eq!(
        recent(Method::Campaign),
        settle(SettleReason::CalledRecently)
    );
    let second = with(Method::Reminder, |i| {
        (i.last_attempt, i.attempts) = (tried(-300, false), 1)
    });
    assert_eq!(second, Verdict::Place);
}

#[test]
fn a_first_reminder_that_the_gap_would_lose() {
    let reminder = |last, latest| {
        with(Method::Reminder, |i| {
            (i.last_attempt, i.latest) = (last, Some(at(latest)))
        })
    };
    assert_eq!(reminder(tried(-300, false), 181), redate(180, Guard::Gap));
    assert_eq!(reminder(tried(-300, false), 180), redate(165, Guard::Gap));
    assert_eq!(
        reminder(tried(-300, true), 180),
        settle(SettleReason::ReachedByEarlierCall)
    );
    assert_eq!(reminder(tried(-60, false), 60), redate(45, Guard::Gap));
    assert_eq!(reminder(tried(-60, false), 15), Verdict::Place);
    assert_eq!(reminder(tried(-60, false), 10), Verdict::Place);
    assert_eq!(
        reminder(tried(-60, true), 10),
        settle(SettleReason::ReachedByEarlierCall)
    );
}

#[test]
fn one_call_at_a_time_and_four_a_day() {
    for method in METHODS {
        let soon = Verdict::Redate {
            until: at(0) + IN_FLIGHT_RECHECK,
            guard: Guard::InFlight,
        };
        assert_eq!(with(method, |i| i.in_flight_until = Some(at(20))), soon);
        assert_eq!(
            with(method, |i| i.in_flight_until = Some(at(0))),
            Verdict::Place,
            "an expired lock"
        );
        let near_the_end = with(method, |i| {
            i.in_flight_until = Some(at(20));
            i.latest = Some(at(0) + TimeDelta::seconds(10));
        });
        let until = at(0) + TimeDelta::seconds(10);
        assert_eq!(
            near_the_end,
            Verdict::Redate {
                until,
                guard: Guard::InFlight
            }
        );
        let four = vec![at(-1_400), at(-900), at(-800), at(-600)];
        assert_eq!(
            with(method, |i| i.number_attempts = four.clone()),
            redate(40, Guard::AttemptsPerNumber)
        );
        assert_eq!(
            with(method, |i| i.number_attempts = four[1..].to_vec()),
            Verdict::Place
        );
    }
}

/// Looked at while the gate is shut, it is not put off behind those who cannot go either.
#[test]
fn a_ringing_number_keeps_its_place_while_nobody_can_go() {
    let ringing = |gate: GateRefusal, also: fn(&mut GuardInput)| {
        with(Method::Reminder, |i| {
            i.gate = Err(gate);
            i.in_flight_until = Some(at(20));
            also(i);
        })
    };
    let full = GateRefusal::WindowFull { until: at(9) };
    let held = Verdict::Hold {
        until: Some(at(9)),
        guard: Guard::Slots,
    };
    assert_eq!(ringing(full, |_| ()), held);
    let often = |i: &mut GuardInput| {
        i.number_attempts = vec![at(-1_400), at(-900), at(-800), at(-600)];
    };
    assert_eq!(ringing(full, often), redate(40, Guard::AttemptsPerNumber));
    let missed = Verdict::SettleWith {
        reason: SettleReason::WindowMissed,
    };
    assert_eq!(ringing(full, |i| i.latest = Some(at(0))), missed);
}

#[test]
fn for_good_before_redate_before_hold() {
    let full = Err(GateRefusal::DailyLimit { until: at(9) });
    let verdict = with(Method::Reminder, |i| {
        i.gate = full;
        i.hours = HoursFact::From(at(60));
        i.in_flight_until = Some(at(3));
    });
    assert_eq!(verdict, redate(60, Guard::PermittedHours));
    let verdict = with(Method::Reminder, |i| {
        i.gate = full;
        i.hours = HoursFact::From(at(60));
        i.do_not_contact = true;
        i.attempts = 9;
    });
    assert_eq!(
        verdict,
        settle(SettleReason::DoNotContact),
        "the first that was asked"
    );
}

#[test]
fn the_record_in_words() {
    let mut input = fine(Method::Reminder);
    input.gate = Err(GateRefusal::WindowFull { until: at(9) });
    input.last_attempt = tried(-500, true);
    let (_, decisions) = evaluate(&input, at(0));
    let saw = |guard| decisions.iter().find(|d| d.guard == guard).unwrap();
    assert_eq!(
        saw(Guard::Slots).saw,
        "3 of 25 slots, 40 of 300 today; window full"
    );
    assert_eq!(saw(Guard::Gap).saw, "last attempt 2026-11-20T01:40:00Z");
    assert_eq!(saw(Guard::VoiceConsent).saw, "not required, not given");
    assert_eq!(
        saw(Guard::PermittedHours).saw,
        "local time 10:00 Europe/London"
    );
    let json = serde_json::to_value(saw(Guard::AttemptsCap)).unwrap();
    assert_eq!(
        json,
        serde_json::json!({"guard": "attempts_cap", "passed": true, "saw": "0 of 3 attempts"})
    );
    input.do_not_contact = true;
    let (_, decisions) = evaluate(&input, at(0));
    let json = serde_json::to_value(decisions.iter().find(|d| d.for_good).unwrap()).unwrap();
    assert_eq!(json["final"], true);
}

proptest! {
    /// A re-date moves forward and never past the call's window, and a verdict can be read from the record.
    #[test]
    fn verdicts_agree_with_the_record(
        method in proptest::sample::select(METHODS.to_vec()),
        latest in proptest::option::of(-5..600i64),
        hours in proptest::option::of(1..900i64),
        last in proptest::option::of((-600..0i64, any::<bool>())),
        in_flight in proptest::option::of(-3..30i64),
        attempts in 0..4u32,
        number_attempts in proptest::collection::vec(-1_600..0i64, 0..7),
        full in any::<bool>(),
        flags in proptest::collection::vec(proptest::bool::weighted(0.1), 4),
    ) {
        let mut input = fine(method);
        input.latest = latest.map(at);
        input.hours = hours.map_or(HoursFact::Permitted, |h| HoursFact::From(at(h)));
        input.last_attempt = last.and_then(|(minutes, answered)| tried(minutes, answered));
        input.in_flight_until = in_flight.map(at);
        input.attempts = attempts;
        input.number_attempts = number_attempts.into_iter().map(at).collect();
        if full {
            input.gate = Err(GateRefusal::WindowFull { until: at(9) });
        }
        input.do_not_contact = flags[0];
        input.on_do_not_call_list = flags[1];
        input.agent_configured = !flags[2];
        input.consent_required = flags[3];
        let result = verdict(&input);
        let (_, decisions) = evaluate(&input, at(0));
        if decisions.iter().any(|d| d.for_good) {
            let settled = matches!(result, Verdict::SettleWith { .. });
            prop_assert!(settled);
        }
        if let Verdict::Redate { until, .. } = result {
            prop_assert!(at(0) < until && input.latest.is_none_or(|latest| until <= latest));
        }
        if let Verdict::Place = result {
            prop_assert!(input.latest.is_none_or(|latest| at(0) < latest));
            prop_assert!(abuse::blocked_until(&input.number_attempts, at(0)).is_none());
        }
    }
}
