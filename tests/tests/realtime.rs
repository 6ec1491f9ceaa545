//! The checker of the simulation, in real time against the real binary: small limits, the consumers as they are, the
//! product killed at random, the provider a process of its own. Its log of arrivals is what is judged.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout
)]

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use vio_simulation::{Broken, Call, full_use, one_at_a_time, one_call_each, within_window};
use vio_tests::outside::World;
use vio_tests::time::{instant, wait_until};
use vio_tests::{Clinic, Random};

const LIMIT: usize = 5;
const WINDOW: TimeDelta = TimeDelta::seconds(10);
/// The margin for clocks that differ, which a slot lives longer.
const MARGIN: TimeDelta = TimeDelta::seconds(1);
/// How long a slot may idle after it is free: min(5 s, window/3).
const IDLE: TimeDelta = TimeDelta::milliseconds(3_333);
/// Past the bound and the time until reconciliation.
const PAST_RECONCILIATION: TimeDelta = TimeDelta::seconds(25);
/// Called while nothing is killed, and while the product is killed at random.
const UNDISTURBED: usize = 15;
const DISTURBED: usize = 15;
const KILLS: usize = 4;

fn call(call: &Value) -> Call {
    let word = |name: &str| call["metadata"][name].as_str().unwrap().to_owned();
    Call {
        at: instant(&call["arrived_at_clock"]).unwrap(),
        until: None,
        number: call["to_number"].as_str().unwrap_or_default().to_owned(),
        contact: word("contact_id"),
        session: word("session_id"),
        attempt: word("attempt_id"),
    }
}

/// The provider's log, by the order of arrival.
async fn calls(world: &World) -> Vec<Call> {
    let mut calls: Vec<Call> = world.sandbox.calls().await.iter().map(call).collect();
    calls.sort_by_key(|call| call.at);
    calls
}

/// What every log must show, whatever happened.
fn judge(calls: &[Call], when: &str) {
    let mut broken: Vec<Broken> = within_window(calls, LIMIT, WINDOW);
    broken.extend(one_call_each(calls));
    broken.extend(one_at_a_time(calls));
    assert!(broken.is_empty(), "{when}: {broken:?}");
}

/// So many people, all due at one minute; their ids, and the minute.
async fn people(
    clinic: &Clinic,
    from: usize,
    count: usize,
    appointment: DateTime<Utc>,
) -> (BTreeSet<String>, DateTime<Utc>) {
    let mut ids = BTreeSet::new();
    let mut due = appointment;
    for number in from..from + count {
        let contact = clinic.contact(number, appointment).await;
        ids.insert(contact["id"].as_str().unwrap().to_owned());
        due = instant(&contact["next_call_at"]).expect("a planned call");
    }
    (ids, due)
}

#[tokio::test(flavor = "multi_thread")]
async fn the_checker_holds_the_real_binary_to_the_rules_in_real_time() {
    let world = World::new(&[
        ("VIO_CALL_LIMIT", "5"),
        ("VIO_CALL_WINDOW_SECONDS", "10"),
        ("VIO_CALL_DAILY_LIMIT", "100000"),
        ("VIO_PLACEMENT_BOUND_SECONDS", "3"),
        ("VIO_RECONCILE_AFTER_SECONDS", "20"),
    ])
    .await;
    let quick = json!({ "disconnection_reason": "agent_hangup", "appointment_action": "confirmed",
                        "answer_after_seconds": 0, "duration_seconds": 1 });
    world.sandbox.script(&json!({ "default": quick })).await;
    let process = world.start().await;
    let (clinic, morning) = world.clinic().await;
    let client = &clinic.client;
    let (mut ids, first_due) =
        people(&clinic, 0, UNDISTURBED, morning + TimeDelta::hours(50)).await;
    let later = morning + TimeDelta::hours(51);
    let (others, second_due) = people(&clinic, UNDISTURBED, DISTURBED, later).await;
    ids.extend(others);

    // Left alone, it uses every slot.
    let started = Instant::now();
    assert!(world.move_both(client, first_due).await);
    wait_until(
        "the undisturbed calls",
        Duration::from_secs(60),
        async || (calls(&world).await.len() >= UNDISTURBED).then_some(()),
    )
    .await;
    let undisturbed = calls(&world).await;
    judge(&undisturbed, "undisturbed");
    let idle = full_use(&undisturbed, first_due, LIMIT, WINDOW, MARGIN + IDLE);
    assert!(idle.is_empty(), "undisturbed: {idle:?}");
    println!(
        "{} calls undisturbed in {:.1} s",
        undisturbed.len(),
        started.elapsed().as_secs_f64()
    );

    // Killed at random, it rings nobody twice and never too many.
    let seed = Random::seed_from_env("VIO_CRASH_SEED");
    println!("kills with VIO_CRASH_SEED={seed}");
    let mut random = Random::new(seed);
    let mut process = process;
    assert!(world.move_both(client, second_due).await);
    for _ in 0..KILLS {
        tokio::time::sleep(Duration::from_millis(300 + random.below(2_500))).await;
        process.kill().await;
        judge(&calls(&world).await, &format!("seed {seed}, after a kill"));
        process = world.start().await;
    }
    // Left in peace it reaches everybody; time that only reconciliation waits for is skipped.
    let all = wait_until("everybody", Duration::from_secs(90), async || {
        let so_far = calls(&world).await;
        judge(&so_far, &format!("seed {seed}"));
        let reached: BTreeSet<&String> = so_far.iter().map(|call| &call.contact).collect();
        if reached.len() == ids.len() {
            return Some(so_far);
        }
        assert!(world.advance(client, PAST_RECONCILIATION).await, "it ended");
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        None
    })
    .await;
    let reached: BTreeSet<String> = all.iter().map(|call| call.contact.clone()).collect();
    assert_eq!(reached, ids);
    println!(
        "{} calls, {KILLS} kills, {:.1} s",
        all.len(),
        started.elapsed().as_secs_f64()
    );
    process.kill().await;
}
