//! A file of numbers put on the do-not-call list over the whole system: previewed, received, worked off from the queue,
//! the planned calls to its numbers gone. `VIO_DNC_ROWS` sets how many rows (100,000 at most; few by default, because
//! this is a debug build).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout
)]

use std::fmt::Write;
use std::time::{Duration, Instant};

use chrono::{TimeDelta, Utc};
use serde_json::{Value, json};
use vio_local::{Host, HostOptions};
use vio_tests::Clinic;
use vio_tests::clinic::phone;
use vio_tests::time::{quiet_tuesday, wait_until};

const CALLED: usize = 5;

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_numbers_ends_their_calls() {
    let rows: usize = std::env::var("VIO_DNC_ROWS")
        .ok()
        .map_or(2_000, |rows| rows.parse().expect("a number of rows"));
    let host = Host::start(HostOptions::ephemeral()).await.unwrap();
    let morning = quiet_tuesday(Utc::now());
    host.clock().move_to(morning, true).await.unwrap();
    let clinic = Clinic::sign_up(&host.base_url()).await;
    let client = &clinic.client;
    let mut planned = Vec::new();
    for at in 0..=CALLED {
        let contact = clinic.contact(at, morning + TimeDelta::hours(50)).await;
        assert!(contact["next_call_at"].is_string());
        planned.push(contact["id"].as_str().unwrap().to_owned());
    }
    // The numbers of all but the last, one row that is none, and one again; then mobiles that nobody has.
    let mut file = String::from("\u{feff}Phone;Reason\r\n");
    for at in 0..CALLED {
        writeln!(file, "{};on request", phone(at)).unwrap();
    }
    writeln!(file, "nobody;").unwrap();
    writeln!(file, "{};again", phone(0)).unwrap();
    let body = json!({ "csv": file, "dry_run": true });
    let preview = client.post("/api/dnc/import", &body).await;
    for (count, wanted) in [
        ("rows", CALLED + 2),
        ("to_add", CALLED),
        ("already_listed", 0),
        ("repeated", 1),
        ("rejected", 1),
    ] {
        assert_eq!(preview[count], wanted, "{count} of {preview}");
    }
    assert_eq!(client.get("/api/dnc").await["dnc"], json!([]));
    for n in 0..rows - CALLED - 2 {
        writeln!(file, "07911 2{n:05};").unwrap();
    }
    let started = Instant::now();
    let received = client
        .post("/api/dnc/import", &json!({ "csv": file }))
        .await;
    let took = started.elapsed();
    let path = format!("/api/jobs/{}", received["job_id"].as_str().unwrap());
    let patience =
        Duration::from_secs(30) + Duration::from_millis(20) * u32::try_from(rows).unwrap();
    let job: Value = wait_until("the import", patience, async || {
        let job = client.get(&path).await;
        (job["status"] == "completed").then_some(job)
    })
    .await;
    let all = started.elapsed();
    println!("{rows} rows: received in {took:?}, done in {all:?}");
    assert_eq!(
        job["summary"],
        json!({ "added": rows - 2, "already_listed": 0, "repeated": 1, "rejected": 1 })
    );
    let (other, called) = planned.split_last().unwrap();
    for who in called {
        assert_eq!(client.contact(who).await["next_call_at"], Value::Null);
    }
    assert!(client.contact(other).await["next_call_at"].is_string());
    host.shutdown().await;
}
