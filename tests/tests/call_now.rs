//! Call Now over the whole system: pressed, followed to its outcome, refused when the allowance is used up, queued with
//! an estimate that comes true (S0 "Call Now Process").
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout
)]

use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use vio_local::{Host, HostOptions};
use vio_tests::Clinic;
use vio_tests::time::{instant, quiet_tuesday, wait_until};

const LIMIT: usize = 25;
const SOON: Duration = Duration::from_secs(30);
/// What a step of the developer clock may cost, and the time this machine takes for a call.
const NEAR: TimeDelta = TimeDelta::seconds(20);

async fn press(clinic: &Clinic, contact: &str, body: Value) -> (StatusCode, Value) {
    let path = format!("/api/contacts/{contact}/call-now");
    let answer = clinic.client.try_request(Method::POST, &path, Some(&body));
    answer.await.unwrap()
}

async fn arrived(clinic: &Clinic, contact: &str) -> DateTime<Utc> {
    wait_until("a call to arrive", SOON, async || {
        let calls = clinic.client.calls_of(contact).await;
        calls
            .first()
            .map(|call| instant(&call["arrived_at_clock"]).unwrap())
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn pressed_followed_refused_and_queued() {
    let mut options = HostOptions::ephemeral();
    options.ticks = false;
    let host = Host::start(options).await.unwrap();
    let morning = quiet_tuesday(Utc::now());
    host.clock().move_to(morning, true).await.unwrap();
    let clinic = Clinic::sign_up(&host.base_url()).await;
    let client = &clinic.client;
    let mut people = Vec::new();
    for at in 0..=LIMIT {
        let contact = clinic.contact(at, morning + TimeDelta::hours(50)).await;
        people.push(contact["id"].as_str().unwrap().to_owned());
    }

    // The first is followed from the press to its outcome.
    let pressed = Instant::now();
    let (status, answer) = press(&clinic, &people[0], json!({})).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{answer}");
    let path = format!("/api/calls/{}", answer["session_id"].as_str().unwrap());
    let mut seen = vec![answer["status"].as_str().unwrap().to_owned()];
    let mut note = |call: &Value| {
        let status = call["status"].as_str().unwrap().to_owned();
        if seen.last() != Some(&status) {
            seen.push(status);
        }
        seen.clone()
    };
    arrived(&clinic, &people[0]).await;
    let took = pressed.elapsed();
    println!("pressed to arrival: {took:?}");
    assert!(took < Duration::from_secs(10), "{took:?}");
    let call = wait_until("the outcome", SOON, async || {
        let call = client.get(&path).await;
        note(&call);
        if call["status"] == "completed" {
            return Some(call);
        }
        if call["status"] != "planned" && call["status"] != "placing" {
            client.advance(TimeDelta::seconds(1)).await;
        }
        None
    })
    .await;
    assert_eq!(call["method"], "manual_call_now");
    assert_eq!(call["outcome"], "answered");
    assert_eq!(call["appointment_action"], "confirmed");
    let seen = note(&call);
    println!("{}", seen.join(" → "));
    let course = [
        "planned",
        "placing",
        "initiated",
        "ringing",
        "answered",
        "completed",
    ];
    let places: Vec<_> = seen
        .iter()
        .map(|status| course.iter().position(|known| known == status).unwrap())
        .collect();
    assert!(places.is_sorted(), "{seen:?}");
    for status in ["ringing", "answered", "completed"] {
        assert!(
            seen.iter().any(|known| known == status),
            "{status} in {seen:?}"
        );
    }

    // The allowance is used up; whoever comes after is refused, or waits for the first slot.
    for contact in &people[1..LIMIT] {
        let (status, answer) = press(&clinic, contact, json!({})).await;
        assert_eq!(status, StatusCode::ACCEPTED, "{answer}");
    }
    for contact in &people[1..LIMIT] {
        arrived(&clinic, contact).await;
    }
    wait_until("a full window", SOON, async || {
        let limits = client.get("/api/calls/limits").await;
        (limits["used"] == LIMIT).then_some(())
    })
    .await;
    let last = &people[LIMIT];
    let (status, refused) = press(&clinic, last, json!({})).await;
    assert_eq!(status, StatusCode::TOO_MANY_REQUESTS, "{refused}");
    let next = instant(&refused["next_allowed_at"]).unwrap();
    let (status, queued) = press(&clinic, last, json!({ "queue": true })).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{queued}");
    assert_eq!(queued["position"], 1);
    let estimate = instant(&queued["estimated_at"]).unwrap();
    assert!((estimate - next).abs() <= NEAR, "{estimate} {next}");
    let path = format!("/api/calls/{}", queued["session_id"].as_str().unwrap());
    assert_eq!(client.get(&path).await["position"], 1);

    client.move_clock(estimate - NEAR).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert!(client.calls_of(last).await.is_empty(), "before its time");
    client.move_clock(estimate).await;
    let at = wait_until("the queued call", SOON, async || {
        let calls = client.calls_of(last).await;
        if calls.is_empty() {
            client.advance(TimeDelta::seconds(1)).await;
        }
        calls
            .first()
            .map(|call| instant(&call["arrived_at_clock"]).unwrap())
    })
    .await;
    println!("estimated {estimate}, arrived {at}");
    assert!((at - estimate).abs() <= NEAR, "{at} {estimate}");
    host.shutdown().await;
}
