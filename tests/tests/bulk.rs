//! Work on many contacts over the whole system: the product is killed in the middle of it and each contact is changed
//! once; calls go out meanwhile.
//! `VIO_BULK_CONTACTS` sets how many contacts (10,000 at most; few by default, because this is a debug build).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout
)]

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use chrono::{TimeDelta, Utc};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use vio_local::{Host, HostOptions};
use vio_tests::outside::World;
use vio_tests::time::{quiet_tuesday, wait_until};
use vio_tests::{Clinic, HostClient, Process, Random};

/// What a job changes in a second at most (docs/groups.md).
const MOST_PER_SECOND: usize = 100;
/// Contacts that are seeded with one request.
const AT_ONCE: usize = 1_000;
/// More than a worker has a job for itself.
const PAST_LEASE: TimeDelta = TimeDelta::seconds(61);

fn contacts_wanted() -> usize {
    let wanted = std::env::var("VIO_BULK_CONTACTS").ok();
    wanted.map_or(1_000, |wanted| {
        wanted.parse().expect("a number of contacts")
    })
}

fn patience(contacts: usize) -> Duration {
    Duration::from_secs(60) + Duration::from_millis(40) * u32::try_from(contacts).unwrap()
}

/// So many invented contacts more, in parts that one request can wait for.
async fn seed(client: &HostClient, contacts: usize) {
    let business = client.get("/api/users/business").await;
    let started = Instant::now();
    for from in (0..contacts).step_by(AT_ONCE) {
        let part = AT_ONCE.min(contacts - from);
        let body = json!({ "contacts": part, "tenant_id": business["tenant_id"] });
        let seeded = client.post("/dev/seed", &body).await;
        assert_eq!(seeded["contacts"], part);
    }
    println!("{contacts} contacts seeded in {:?}", started.elapsed());
}

/// Every contact, once their view is there: while it is made of so many, lists say that it is being prepared.
async fn everybody_of(client: &HostClient) -> Vec<Value> {
    wait_until("a view", Duration::from_secs(300), async || {
        let answer = client.try_request(Method::GET, "/api/contacts", None).await;
        let (status, _) = answer.ok()?;
        assert!(
            status.is_success() || status == StatusCode::SERVICE_UNAVAILABLE,
            "{status}"
        );
        status.is_success().then_some(())
    })
    .await;
    client.contacts().await
}

fn who(contact: &Value) -> String {
    contact["id"].as_str().unwrap().to_owned()
}

/// How urgent everybody is, by id.
fn priorities(contacts: &[Value]) -> BTreeMap<String, Value> {
    let contacts = contacts.iter();
    contacts
        .map(|contact| (who(contact), contact["priority"].clone()))
        .collect()
}

/// Edits everybody.
fn everybody(fields: &Value) -> Value {
    json!({ "operation": "edit", "selection": { "filter": {} }, "field_updates": fields })
}

/// Waits until a job has done as much, or is over.
async fn done(client: &HostClient, path: &str, rows: usize, within: Duration) -> Value {
    wait_until("a job", within, async || {
        let job = client.get(path).await;
        let enough = job["done_rows"].as_u64().unwrap() >= rows as u64;
        (enough || job["status"] == "completed").then_some(job)
    })
    .await
}

/// Kills the product at random instants while it works at a job, until the job is over.
async fn killed_until_over(
    world: &World,
    mut process: Process,
    client: &HostClient,
    path: &str,
    rows: usize,
) -> (Process, Value) {
    let mut chance = Random::new(Random::seed_from_env("VIO_BULK_SEED"));
    for share in [1, 2, 3] {
        done(client, path, rows * share / 4, patience(rows)).await;
        // In the middle of a part: one takes a second.
        tokio::time::sleep(Duration::from_millis(chance.below(900))).await;
        process.kill().await;
        process = world.start().await;
        assert!(world.advance(client, PAST_LEASE).await);
    }
    let job = done(client, path, rows + 1, patience(rows)).await;
    (process, job)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_that_is_killed_changes_each_contact_once() {
    let rows = contacts_wanted();
    let world = World::new(&[]).await;
    let process = world.start().await;
    let (clinic, _) = world.clinic().await;
    let client = &clinic.client;
    seed(client, rows).await;
    let before = priorities(&everybody_of(client).await);
    assert_eq!(before.len(), rows);
    let high = before.values().filter(|priority| *priority == "high");
    let high = high.count();
    let changes = json!({ "changed": rows - high, "unchanged": high, "refused": 0 });

    let begun = client
        .post(
            "/api/contacts/bulk",
            &everybody(&json!({ "priority": "high" })),
        )
        .await;
    let id = begun["job_id"].as_str().unwrap().to_owned();
    let path = format!("/api/jobs/{id}");
    let (process, job) = killed_until_over(&world, process, client, &path, rows).await;
    assert_eq!(
        (&job["status"], &job["summary"]),
        (&json!("completed"), &changes)
    );
    let after = everybody_of(client).await;
    assert_eq!(after.len(), rows);
    let mut changed = Vec::new();
    for contact in &after {
        // Made, and changed once where there was anything to change.
        let was_high = before[&who(contact)] == "high";
        assert_eq!(
            (&contact["priority"], &contact["version"]),
            (&json!("high"), &json!(if was_high { 1 } else { 2 })),
            "{contact}"
        );
        changed.extend((!was_high).then_some(contact));
    }
    for contact in changed.iter().step_by(rows.div_ceil(100)) {
        let history = format!("/api/contacts/{}/history", contact["id"].as_str().unwrap());
        let history = client.get(&history).await;
        let entries = history["entries"].as_array().unwrap().iter();
        let told = entries.filter(|one| one["action"] == "contact.updated");
        let told: Vec<_> = told.map(|one| one["request_id"].clone()).collect();
        assert_eq!(told, [json!(id)]);
    }

    // Taken back as surely.
    let undone = client.post(&format!("{path}/undo"), &json!({})).await;
    let back = format!("/api/jobs/{}", undone["job_id"].as_str().unwrap());
    let (process, job) = killed_until_over(&world, process, client, &back, rows).await;
    assert_eq!(job["status"], "completed");
    assert_eq!(job["summary"]["changed"], rows - high);
    assert_eq!(job["summary"]["refused"], 0);
    let after = everybody_of(client).await;
    assert_eq!(priorities(&after), before);
    for contact in after {
        let was_high = contact["priority"] == "high";
        let version = json!(if was_high { 1 } else { 3 });
        assert_eq!(contact["version"], version, "{contact}");
    }
    process.kill().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_go_out_while_much_is_changed() {
    let rows = contacts_wanted();
    let host = Host::start(HostOptions::ephemeral()).await.unwrap();
    let morning = quiet_tuesday(Utc::now());
    host.clock().move_to(morning, true).await.unwrap();
    let clinic = Clinic::sign_up(&host.base_url()).await;
    let client = &clinic.client;
    seed(client, rows).await;
    let mut called = Vec::new();
    for at in 0..5 {
        let contact = clinic.contact(at, morning + TimeDelta::hours(50)).await;
        called.push(contact["id"].as_str().unwrap().to_owned());
    }
    let started = Instant::now();
    // Everybody's call is planned anew.
    let begun = client
        .post(
            "/api/contacts/bulk",
            &everybody(&json!({ "call_before_hours": 30 })),
        )
        .await;
    let path = format!("/api/jobs/{}", begun["job_id"].as_str().unwrap());
    let mut took = Vec::new();
    for who in &called {
        let pressed = Instant::now();
        let now = format!("/api/contacts/{who}/call-now");
        let (status, answer) = client
            .try_request(Method::POST, &now, Some(&json!({})))
            .await
            .unwrap();
        assert_eq!(status, StatusCode::ACCEPTED, "{answer}");
        wait_until("a call to arrive", Duration::from_secs(20), async || {
            (!client.calls_of(who).await.is_empty()).then_some(())
        })
        .await;
        took.push(pressed.elapsed());
    }
    let during = client.get(&path).await;
    assert_eq!(
        during["status"], "running",
        "the job was over before the calls: {during}"
    );
    println!(
        "calls arrived after {took:?} while {} of {rows} were done",
        during["done_rows"]
    );
    let job = done(client, &path, rows + 6, patience(rows)).await;
    assert_eq!(job["summary"]["refused"], 0, "{job}");
    let all = rows + called.len();
    assert_eq!(job["total_rows"], all);
    let least = Duration::from_secs((all / MOST_PER_SECOND) as u64);
    println!("{all} contacts in {:?}", started.elapsed());
    assert!(started.elapsed() >= least, "faster than it may be");
    host.shutdown().await;
}
