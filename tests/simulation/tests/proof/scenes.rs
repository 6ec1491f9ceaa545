//! Single scenes: many due at once, messages that never come, a slow table, and a process that ends at each point where
//! it waits.

use chrono::{TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;

use crate::fabric::Rough;
use crate::run::{Outcome, run, side_by_side};
use crate::world::{Numbers, Plan};

/// So many people of one business, due at once on a Monday at noon, all of whom answer and confirm.
fn crowd(count: u32, rough: Rough, numbers: Numbers) -> Plan {
    Plan {
        seed: 1,
        rough: Rough {
            answered: true,
            ..rough
        },
        start: Utc.with_ymd_and_hms(2026, 3, 2, 10, 0, 0).unwrap(),
        days: 1,
        tail: 3,
        zones: vec![Tz::Europe__London],
        numbers,
        asked: false,
        crowd: Some(count),
        execute: None,
        mutation: None,
        traced: false,
    }
}

fn sound(outcome: &Outcome, what: &str) {
    assert!(outcome.is_sound(), "{what}: {:?}", outcome.words());
}

/// Sixty due at once under S0's limits: 25 at once, never more than 25 in any window, no slot left idle, and few messages
/// (rules.md Full use).
#[test]
fn sixty_due_at_once_use_the_limit_fully_and_never_pass_it() {
    let outcome = run(crowd(60, Rough::CALM, Numbers::DEFAULT));
    sound(&outcome, "sixty at once");
    let mut rung = outcome.rung.clone();
    rung.sort();
    assert_eq!(rung.len(), 60);
    assert!(rung[24] - rung[0] < TimeDelta::seconds(10));
    // Call n + 25 follows call n by the window, the margin and the few seconds of a wake-up.
    for n in 25..60 {
        let idle = rung[n] - rung[n - 25] - TimeDelta::seconds(901);
        let fits = TimeDelta::seconds(-1) < idle && idle <= TimeDelta::seconds(5);
        assert!(fits, "call {n}: idle for {idle}");
    }
    assert!(outcome.messages <= 10, "{} messages", outcome.messages);
}

/// Losing every queue message delays, and loses nothing.
#[test]
fn without_any_message_the_tick_alone_gets_every_call_through() {
    let lost = Rough {
        messages: 50,
        ..Rough::CALM
    };
    let mut plan = crowd(
        12,
        lost,
        Numbers {
            limit: 5,
            ..Numbers::DEFAULT
        },
    );
    plan.rough.meddling = false;
    // A lossy world is no calm one: slots may idle for a tick.
    let outcome = crate::run::run_rough(plan);
    sound(&outcome, "no messages");
    assert_eq!(outcome.rung.len(), 12);
}

/// Requests that take long must not use up the bound of the calls granted first: each is sent as soon as it is granted.
#[test]
fn a_slow_table_and_a_short_bound_lose_no_call() {
    let slow = Rough {
        pace: 80,
        ..Rough::CALM
    };
    let numbers = Numbers {
        bound: 3,
        reconcile_after: 20,
        ..Numbers::DEFAULT
    };
    let outcome = crate::run::run_rough(crowd(25, slow, numbers));
    sound(&outcome, "a slow table");
    assert_eq!(outcome.rung.len(), 25);
    let all = *outcome.rung.iter().max().unwrap() - *outcome.rung.iter().min().unwrap();
    // None had to be found missing and granted again.
    assert!(
        all < TimeDelta::seconds(60),
        "the last came {all} after the first"
    );
}

/// The first run of the pump ends at each point where it waits, before or after what it asked for takes effect: nobody is
/// rung twice, nobody is left out.
#[test]
fn ended_at_every_point_nobody_is_rung_twice_or_left_out() {
    let at = |point| {
        let mut plan = crowd(2, Rough::CALM, Numbers::DEFAULT);
        plan.execute = Some((1, point));
        crate::run::run_rough(plan)
    };
    // A run that is spared tells how many points there are.
    let points: Vec<u32> = (1..=at(100_000).points).collect();
    assert!(points.len() > 40, "{} points", points.len());
    side_by_side(&points, |point| {
        let outcome = at(*point);
        sound(&outcome, &format!("ended at point {point}"));
        assert_eq!(outcome.rung.len(), 2, "ended at point {point}");
    });
    println!(
        "a pump with two calls ended at each of {} points",
        points.len()
    );
}
