//! The product is ended at every named step and at random instants, and started again. What counts is the log of a
//! sandbox that is a process of its own and never ends: nobody is rung twice, nobody is left out.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout
)]

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::process::ExitStatusExt;
use std::time::Duration;

use chrono::TimeDelta;
use serde_json::{Value, json};
use vio_tests::Random;
use vio_tests::clinic::{self, phone};
use vio_tests::outside::World;
use vio_tests::time::{instant, listed, wait_until};

/// Small, so that a test sees them end; yet long enough for a slow machine to send what it granted.
const SHORT: [(&str, &str); 2] = [
    ("VIO_PLACEMENT_BOUND_SECONDS", "8"),
    ("VIO_RECONCILE_AFTER_SECONDS", "3"),
];
/// More than bound and reconciliation together.
const PAST_RECONCILIATION: TimeDelta = TimeDelta::seconds(15);
const SIGABRT: i32 = 6;

/// A step at which the product ends, and what leads there.
struct Step {
    /// The lives that end, one after the other, each at its step.
    crashes: &'static [&'static str],
    /// What the sandbox answers the first request, if not a call.
    first: Option<&'static str>,
}

const fn at(crashes: &'static [&'static str]) -> Step {
    Step {
        crashes,
        first: None,
    }
}

/// Every named step (docs/local-host.md).
const STEPS: &[Step] = &[
    at(&["granted"]),
    at(&["before_send"]),
    at(&["after_send"]),
    at(&["placed"]),
    Step {
        crashes: &["before_refusal"],
        first: Some("429"),
    },
    Step {
        crashes: &["refused"],
        first: Some("429"),
    },
    at(&["before_send", "reconciled"]),
    at(&["stored"]),
    at(&["stored:3"]),
    at(&["before_process"]),
    at(&["before_process:3"]),
    at(&["processed"]),
    at(&["processed:2"]),
    at(&["processed:3"]),
];

#[tokio::test(flavor = "multi_thread")]
async fn ended_at_every_named_step_nobody_is_rung_twice_or_left_out() {
    let world = World::new(&SHORT).await;
    let quick = json!({ "disconnection_reason": "agent_hangup", "appointment_action": "confirmed",
                        "answer_after_seconds": 1, "duration_seconds": 1 });
    world.sandbox.script(&json!({ "default": quick })).await;
    let process = world.start().await;
    let (clinic, morning) = world.clinic().await;
    let client = &clinic.client;
    // One person for each step, so far apart that each is done with before the next, all within one day's hours.
    let mut people = Vec::new();
    for (number, _) in STEPS.iter().enumerate() {
        let minutes = TimeDelta::minutes(50 * i64::try_from(number).unwrap());
        let contact = clinic
            .contact(number, morning + TimeDelta::hours(47) + minutes)
            .await;
        let due = instant(&contact["next_call_at"]).expect("a planned call");
        people.push((contact["id"].as_str().unwrap().to_owned(), due));
    }
    process.kill().await;

    for (step, (who, due)) in STEPS.iter().zip(&people) {
        let name = format!("{:?}", step.crashes);
        if let Some(fault) = step.first {
            let refusal = json!({ "fault": fault, "retry_after_seconds": 1 });
            world.sandbox.script(&json!({ "next": [refusal] })).await;
        }
        let mut moved = false;
        for crash in step.crashes {
            let mut process = world.spawn(Some(crash));
            if process.ready().await.is_some() {
                // Until the process ends: time goes on.
                for _ in 0..20 {
                    let went_on = if moved {
                        world.advance(client, TimeDelta::seconds(5)).await
                    } else {
                        moved = true;
                        world.move_both(client, *due + TimeDelta::seconds(1)).await
                    };
                    if !went_on || process.ended(Duration::from_millis(700)).await.is_some() {
                        break;
                    }
                }
            }
            let status = process.ended(Duration::from_secs(10)).await;
            let status = status.unwrap_or_else(|| panic!("{name}: {crash} was never reached"));
            assert_eq!(status.signal(), Some(SIGABRT), "{name}: {status}");
            world.nobody_twice(&name).await;
        }
        let process = world.start().await;
        wait_until(
            &format!("{name}: a confirmation"),
            Duration::from_secs(40),
            async || {
                if client.contact(who).await["appointment_status"] == "confirmed" {
                    return Some(());
                }
                assert!(
                    world.advance(client, PAST_RECONCILIATION).await,
                    "{name}: ended"
                );
                tokio::time::sleep(Duration::from_millis(200)).await;
                None
            },
        )
        .await;
        assert_eq!(world.rung().await.get(who), Some(&1), "{name}");
        process.kill().await;
    }
    world.nobody_twice("at the end").await;
    assert_eq!(world.rung().await.len(), STEPS.len());
}

/// Every named step of a message (docs/local-host.md).
const MESSAGE_STEPS: [&str; 3] = ["message_counted", "message_sent", "message_recorded"];

#[tokio::test(flavor = "multi_thread")]
async fn ended_while_a_message_is_sent_it_arrives_once() {
    let world = World::new(&SHORT).await;
    let process = world.start().await;
    let (clinic, morning) = world.clinic().await;
    let client = &clinic.client;
    // The product's own sandbox: what reached it lies in its journal before it answers.
    let twilio = json!({ "enabled": true, "account_sid": format!("AC{}", "a".repeat(32)),
                         "auth_token": "twilio-token-0123456789", "from_number": "07700 153842" });
    let twilio = json!({ "twilio": twilio });
    client.patch("/api/settings/integrations", &twilio).await;
    let mut people = Vec::new();
    for number in 0..MESSAGE_STEPS.len() {
        let contact = clinic.contact(number, morning + TimeDelta::days(20)).await;
        let path = format!("/api/contacts/{}", contact["id"].as_str().unwrap());
        // A mobile number, as messages need.
        let change = json!({ "phone": format!("+44791234567{number}"), "preferences": { "sms_opt_in": true } });
        client.patch(&path, &change).await;
        people.push(path);
    }
    process.kill().await;

    let sent = async || {
        let outbox = client.get("/dev/outbox").await;
        outbox["messages"].as_array().unwrap().len()
    };
    for (at, (step, who)) in MESSAGE_STEPS.iter().zip(&people).enumerate() {
        let mut process = world.spawn(Some(step));
        assert!(process.ready().await.is_some(), "{step}: did not start");
        let message = json!({ "message": "Please bring your glasses." });
        let path = format!("{who}/send-sms");
        // The product may end before it answers.
        let _cut_off = client
            .try_request(reqwest::Method::POST, &path, Some(&message))
            .await;
        let status = process.ended(Duration::from_secs(20)).await;
        let status = status.unwrap_or_else(|| panic!("{step} was never reached"));
        assert_eq!(status.signal(), Some(SIGABRT), "{step}: {status}");
        let process = world.start().await;
        let timeline = format!("{who}/interactions");
        wait_until(
            &format!("{step}: a message that arrived"),
            Duration::from_secs(40),
            async || {
                let status = &client.get(&timeline).await["interactions"][0]["status"];
                if status == "sent" || status == "delivered" {
                    return Some(());
                }
                assert!(
                    world.advance(client, PAST_RECONCILIATION).await,
                    "{step}: ended"
                );
                tokio::time::sleep(Duration::from_millis(200)).await;
                None
            },
        )
        .await;
        assert_eq!(sent().await, at + 1, "{step}");
        process.kill().await;
    }
    let process = world.start().await;
    assert!(world.advance(client, TimeDelta::hours(1)).await);
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(sent().await, MESSAGE_STEPS.len());
    process.kill().await;
}

/// Every named step between a change and the deliveries that tell of it (docs/local-host.md).
const PROJECTION_STEPS: [&str; 2] = ["before_projection", "projected"];
/// Kills right after a change was answered: mostly before the stream was looked at.
const KILLS_AFTER_A_CHANGE: usize = 8;

/// The place in the table's stream outlives the product: what was written before its end is told after it.
#[tokio::test(flavor = "multi_thread")]
async fn ended_between_a_change_and_its_deliveries_every_change_is_told() {
    let world = World::new(&SHORT).await;
    let process = world.start().await;
    let (clinic, morning) = world.clinic().await;
    let client = &clinic.client;
    let address =
        json!({ "url": world.sandbox.receiver_url("changes"), "events": ["contact.created"] });
    client.post("/api/outgoing-webhooks", &address).await;
    let told = async || -> BTreeSet<String> {
        let received = world.sandbox.received().await;
        let id = |one: &Value| one["body"]["data"]["id"].as_str().unwrap().to_owned();
        received.iter().map(id).collect()
    };
    let first = clinic.contact(0, morning + TimeDelta::days(20)).await;
    wait_until("the first change", Duration::from_secs(20), async || {
        told().await.contains(first["id"].as_str()?).then_some(())
    })
    .await;
    process.kill().await;

    let mut people = 1;
    for step in PROJECTION_STEPS {
        let before = told().await;
        let mut process = world.spawn(Some(step));
        // What the life before left is told first: that may end this one before anything else is done.
        if process.ready().await.is_some() {
            let contact = json!({ "name": clinic::name(people), "phone": phone(people), "on_duplicate": "create_new" });
            people += 1;
            // The product may end before it answers.
            let _cut_off = client
                .try_request(reqwest::Method::POST, "/api/contacts", Some(&contact))
                .await;
        }
        let status = process.ended(Duration::from_secs(20)).await;
        let status = status.unwrap_or_else(|| panic!("{step} was never reached"));
        assert_eq!(status.signal(), Some(SIGABRT), "{step}: {status}");
        if step == "before_projection" {
            assert_eq!(told().await, before, "nothing can have been told");
        }
    }
    for _ in 0..KILLS_AFTER_A_CHANGE {
        let process = world.start().await;
        clinic.contact(people, morning + TimeDelta::days(20)).await;
        people += 1;
        process.kill().await;
    }

    let process = world.start().await;
    let known = client.contacts().await;
    assert_eq!(known.len(), people);
    let ids = known
        .iter()
        .map(|contact| contact["id"].as_str().unwrap().to_owned());
    let ids: BTreeSet<String> = ids.collect();
    wait_until("every change", Duration::from_secs(60), async || {
        if told().await == ids {
            return Some(());
        }
        assert!(world.advance(client, PAST_RECONCILIATION).await, "ended");
        tokio::time::sleep(Duration::from_millis(200)).await;
        None
    })
    .await;
    process.kill().await;
}

/// Kills in a run of `make test`.
const KILLS: u64 = 50;
/// People per kill: a life is long enough for some calls.
const PEOPLE_PER_KILL: u64 = 2;
/// Most people of one business at once; a soak takes several businesses, one after the other.
const KILLS_PER_WORLD: u64 = 100;

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_random_instants_nobody_is_rung_twice_or_left_out() {
    let kills = match std::env::var("VIO_SOAK_SEEDS") {
        Ok(text) => text.parse().expect("a number of kills"),
        Err(_) => KILLS,
    };
    let mut seed = Random::seed_from_env("VIO_CRASH_SEED");
    let mut left = kills;
    while left > 0 {
        let here = left.min(KILLS_PER_WORLD);
        println!("{here} kills with VIO_CRASH_SEED={seed}");
        killed(here, seed).await;
        left -= here;
        seed = seed.wrapping_add(1);
    }
}

/// How a call to one person goes, by chance: mostly answered, at times with an answer of the provider that never
/// comes, doubled webhooks or none at all.
fn course(random: &mut Random) -> (Value, &'static str) {
    let (action, status) = match random.below(4) {
        0 => ("cancelled", "cancelled"),
        _ => ("confirmed", "confirmed"),
    };
    let mut outcome = json!({ "disconnection_reason": "agent_hangup", "appointment_action": action,
                              "answer_after_seconds": 0, "duration_seconds": 1 });
    match random.below(20) {
        0 => outcome["fault"] = json!("timeout_after_accept"),
        1 => outcome["fault"] = json!("duplicate_webhooks"),
        2 => outcome["fault"] = json!("reordered_webhooks"),
        3 => outcome["fault"] = json!("no_webhooks"),
        _ => {}
    }
    (outcome, status)
}

async fn killed(kills: u64, seed: u64) {
    let mut random = Random::new(seed);
    // So many at once that each life has calls to place, and few enough that there are some left for the last.
    let world = World::new(&[
        SHORT[0],
        SHORT[1],
        ("VIO_CALL_LIMIT", "10"),
        ("VIO_CALL_WINDOW_SECONDS", "2"),
        ("VIO_CALL_DAILY_LIMIT", "100000"),
    ])
    .await;
    let process = world.start().await;
    let (clinic, morning) = world.clinic().await;
    let client = &clinic.client;
    let mut expected = BTreeMap::new();
    let mut script = BTreeMap::new();
    let mut due = morning;
    for number in 0..usize::try_from(kills * PEOPLE_PER_KILL).unwrap() {
        let contact = clinic.contact(number, morning + TimeDelta::hours(50)).await;
        let (outcome, status) = course(&mut random);
        expected.insert(contact["id"].as_str().unwrap().to_owned(), status);
        script.insert(phone(number), outcome);
        due = instant(&contact["next_call_at"]).expect("a planned call");
    }
    world.sandbox.script(&json!({ "by_number": script })).await;
    assert!(world.move_both(client, due).await);
    process.kill().await;

    for kill in 0..kills {
        let mut process = world.spawn(None);
        // One in six dies on the way up, the others in the middle of their work.
        if random.below(6) == 0 {
            tokio::time::sleep(Duration::from_millis(random.below(600))).await;
        } else {
            assert!(
                process.ready().await.is_some(),
                "kill {kill}: it did not start"
            );
            if random.below(2) == 0 {
                // Time for reconciliation and webhooks that were lost.
                world.advance(client, PAST_RECONCILIATION).await;
            }
            tokio::time::sleep(Duration::from_millis(random.below(1200))).await;
        }
        process.kill().await;
    }
    let under_way = world.rung().await.len();
    world
        .nobody_twice(&format!("seed {seed}, after {kills} kills"))
        .await;

    // Left in peace, the product finishes: everybody is rung once, and what they said is known.
    let process = world.start().await;
    let mut open = Vec::new();
    for _ in 0..120 {
        assert!(
            world.advance(client, TimeDelta::seconds(30)).await,
            "it ended"
        );
        tokio::time::sleep(Duration::from_millis(300)).await;
        open = client
            .contacts()
            .await
            .into_iter()
            .filter(|contact| {
                let who = contact["id"].as_str().unwrap();
                contact["appointment_status"] != expected[who]
            })
            .collect();
        if open.is_empty() {
            break;
        }
    }
    world
        .nobody_twice(&format!("seed {seed}, at the end"))
        .await;
    let rung = world.rung().await;
    println!(
        "{under_way} of {} people were rung between the kills",
        expected.len()
    );
    let limits = client.get("/api/calls/limits").await;
    let left_out: Vec<_> = expected
        .keys()
        .filter(|who| !rung.contains_key(*who))
        .collect();
    assert!(
        left_out.is_empty(),
        "seed {seed}: {} never rung, such as {:?}; the allowance: {limits}",
        left_out.len(),
        left_out.first()
    );
    let open: Vec<_> = open
        .iter()
        .map(|contact| {
            (
                contact["id"].to_string(),
                contact["appointment_status"].to_string(),
                contact["call_state"].to_string(),
                contact["needs_attention"].to_string(),
            )
        })
        .collect();
    assert!(
        open.is_empty(),
        "seed {seed}: their answer is not known: {}",
        listed(open)
    );
    process.kill().await;
}
