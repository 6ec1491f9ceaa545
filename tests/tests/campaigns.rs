//! Campaigns over the whole system, on the developer clock: sixty at once, spread, at an interval, in the evening, held
//! and ended, urgent on a used-up window; every estimate within one window of what then happened (S2, rules.md Campaigns).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout
)]

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Timelike, Utc};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use vio_local::{Host, HostOptions};
use vio_tests::Clinic;
use vio_tests::time::{instant, quiet_tuesday, text, wait_until};

const LIMIT: usize = 25;
const WINDOW: TimeDelta = TimeDelta::minutes(15);
const SOON: Duration = Duration::from_secs(30);

struct Course {
    host: Host,
    clinic: Clinic,
    morning: DateTime<Utc>,
    people: usize,
}

impl Course {
    async fn start() -> Self {
        let mut options = HostOptions::ephemeral();
        options.ticks = false;
        let host = Host::start(options).await.unwrap();
        let morning = quiet_tuesday(Utc::now());
        host.clock().move_to(morning, true).await.unwrap();
        let clinic = Clinic::sign_up(&host.base_url()).await;
        Self {
            host,
            clinic,
            morning,
            people: 0,
        }
    }

    /// A group of so many people, all new, with appointments in a week.
    async fn group(&mut self, name: &str, count: usize) -> String {
        let time = self.morning + TimeDelta::days(7);
        let mut ids = Vec::new();
        for _ in 0..count {
            let contact = self.clinic.contact(self.people, time).await;
            ids.push(contact["id"].as_str().unwrap().to_owned());
            self.people += 1;
        }
        let client = &self.clinic.client;
        let group = client.post("/api/groups", &json!({ "name": name })).await;
        let id = group["id"].as_str().unwrap().to_owned();
        let path = format!("/api/groups/{id}/members/add");
        let added = client.post(&path, &json!({ "contact_ids": ids })).await;
        assert_eq!(added["contact_count"], count);
        id
    }

    /// Begins a campaign; the path of its status and its estimate.
    async fn call_all(&self, group: &str, body: Value) -> (String, DateTime<Utc>) {
        let path = format!("/api/groups/{group}/call-all");
        let client = &self.clinic.client;
        let answer = client.try_request(Method::POST, &path, Some(&body)).await;
        let (status, begun) = answer.unwrap();
        assert_eq!(status, StatusCode::ACCEPTED, "{begun}");
        let status = begun["status_endpoint"].as_str().unwrap().to_owned();
        (status, instant(&begun["estimated_completion"]).unwrap())
    }

    async fn act(&self, status: &str, act: &str) {
        let path = status.replace("/status", &format!("/{act}"));
        self.clinic.client.post(&path, &json!({})).await;
    }

    async fn status(&self, path: &str) -> Value {
        self.clinic.client.get(path).await
    }

    /// When each call from the `from`th on reached the provider.
    async fn arrivals(&self, from: usize) -> Vec<DateTime<Utc>> {
        let calls = self.clinic.client.calls().await;
        let mut at: Vec<_> = calls
            .iter()
            .skip(from)
            .map(|call| instant(&call["arrived_at_clock"]).unwrap())
            .collect();
        at.sort();
        at
    }

    /// Moves the clock a step at a time until so many calls have arrived since the `from`th.
    async fn play(&self, from: usize, wanted: usize, step: TimeDelta) -> Vec<DateTime<Utc>> {
        let mut steps = 0;
        wait_until("the calls", Duration::from_secs(240), async || {
            let at = self.arrivals(from).await;
            if at.len() >= wanted {
                return Some(at);
            }
            steps += 1;
            assert!(steps < 1_000, "{} of {wanted}", at.len());
            self.clinic.client.advance(step).await;
            None
        })
        .await
    }

    /// Calls end and their webhooks come back.
    async fn let_calls_end(&self, path: &str, remaining: u64) -> Value {
        wait_until("the outcomes", SOON, async || {
            let status = self.status(path).await;
            let through =
                status["calls_remaining"] == remaining && status["counts"]["placing"] == 0;
            if !through {
                self.clinic.client.advance(TimeDelta::seconds(20)).await;
            }
            through.then_some(status)
        })
        .await
    }

    /// A new window: what was placed before holds no slot.
    async fn next_window(&self) {
        self.clinic
            .client
            .advance(WINDOW + TimeDelta::minutes(1))
            .await;
    }
}

fn within_the_limit(at: &[DateTime<Utc>]) {
    for (n, first) in at.iter().enumerate() {
        let within = at[n..].iter().filter(|one| **one < *first + WINDOW).count();
        assert!(within <= LIMIT, "{within} from {first}");
    }
}

fn near(what: &str, estimate: DateTime<Utc>, truth: DateTime<Utc>) {
    println!("{what}: estimated {estimate}, was {truth}");
    assert!(
        (estimate - truth).abs() <= WINDOW,
        "{what}: {estimate} {truth}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn sixty_at_once_then_urgent_on_a_used_up_window() {
    let mut course = Course::start().await;
    let group = course.group("Follow-up", 60).await;
    let urgent = course.group("Urgent", 3).await;
    let dry = course
        .clinic
        .client
        .post(
            &format!("/api/groups/{group}/call-all"),
            &json!({"call_timing": "immediate", "dry_run": true}),
        )
        .await;
    assert_eq!(
        (&dry["to_be_called"], &dry["total_members"]),
        (&json!(60), &json!(60))
    );
    let (path, estimate) = course
        .call_all(&group, json!({"call_timing": "immediate"}))
        .await;
    let first = course.play(0, LIMIT, TimeDelta::seconds(1)).await;
    assert_eq!(first.len(), LIMIT);
    // On the used-up window an urgent campaign waits like everybody, and then goes first.
    let (urgent, _) = course
        .call_all(
            &urgent,
            json!({"call_timing": "immediate", "priority_level": "urgent"}),
        )
        .await;
    course.clinic.client.advance(TimeDelta::minutes(10)).await;
    tokio::time::sleep(Duration::from_millis(700)).await;
    assert_eq!(course.arrivals(0).await.len(), LIMIT, "no 26th");
    let midway = course.let_calls_end(&path, 35).await;
    assert_eq!(midway["status"], "executing");
    assert_eq!(midway["counts"]["completed"], 25);
    let all = course.play(0, 63, TimeDelta::seconds(30)).await;
    within_the_limit(&all);
    near("sixty at once", estimate, *all.last().unwrap());
    near(
        "midway",
        instant(&midway["estimated_completion"]).unwrap(),
        *all.last().unwrap(),
    );
    let done = course.let_calls_end(&path, 0).await;
    assert_eq!(done["status"], "completed");
    assert_eq!(done["counts"]["completed"], dry["to_be_called"]);
    assert_eq!(done["success_rate"], 100.0);
    let urgent = course.let_calls_end(&urgent, 0).await;
    assert_eq!(urgent["status"], "completed");
    course.host.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn spread_and_at_an_interval() {
    let mut course = Course::start().await;
    let spread = course.group("Spread", 60).await;
    let body = json!({"call_timing": "staggered", "stagger_duration_minutes": 15});
    let (path, estimate) = course.call_all(&spread, body).await;
    let at = course.play(0, 60, TimeDelta::seconds(18)).await;
    within_the_limit(&at);
    let gaps: Vec<i64> = at
        .windows(2)
        .map(|pair| (pair[1] - pair[0]).num_seconds())
        .collect();
    println!("gaps: {gaps:?}");
    assert!(gaps.iter().all(|gap| *gap >= 35), "{gaps:?}");
    near("staggered", estimate, at[59]);
    course.let_calls_end(&path, 0).await;

    course.next_window().await;
    let interval = course.group("Interval", 4).await;
    let body = json!({"call_timing": "immediate", "call_interval_minutes": 5});
    let (path, estimate) = course.call_all(&interval, body).await;
    let at = course.play(60, 4, TimeDelta::seconds(30)).await;
    let gaps: Vec<i64> = at
        .windows(2)
        .map(|pair| (pair[1] - pair[0]).num_seconds())
        .collect();
    assert!(gaps.iter().all(|gap| (299..400).contains(gap)), "{gaps:?}");
    near("interval", estimate, at[3]);
    course.let_calls_end(&path, 0).await;
    course.host.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn held_resumed_ended_and_for_the_evening() {
    let mut course = Course::start().await;
    let group = course.group("Held", 30).await;
    let (path, _) = course
        .call_all(&group, json!({"call_timing": "immediate"}))
        .await;
    course.play(0, LIMIT, TimeDelta::seconds(1)).await;
    course.act(&path, "pause").await;
    course.next_window().await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(course.arrivals(0).await.len(), LIMIT, "none while held");
    let held = course.status(&path).await;
    assert_eq!(
        (&held["status"], &held["counts"]["planned"]),
        (&json!("paused"), &json!(5))
    );
    course.act(&path, "resume").await;
    course.play(0, 30, TimeDelta::seconds(1)).await;
    assert_eq!(course.let_calls_end(&path, 0).await["status"], "completed");

    course.next_window().await;
    let group = course.group("Ended", 30).await;
    let (path, _) = course
        .call_all(&group, json!({"call_timing": "immediate"}))
        .await;
    course.play(30, LIMIT, TimeDelta::seconds(1)).await;
    course.act(&path, "cancel").await;
    course.next_window().await;
    let ended = course.let_calls_end(&path, 0).await;
    assert_eq!(
        (&ended["status"], &ended["counts"]["cancelled"]),
        (&json!("cancelled"), &json!(5))
    );
    assert_eq!(course.arrivals(30).await.len(), LIMIT);
    let last = ended["results"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["status"] == "cancelled");
    if let Some(one) = last {
        let contact = course
            .clinic
            .client
            .contact(one["contact_id"].as_str().unwrap())
            .await;
        assert!(
            contact["next_call_at"].is_string(),
            "its reminder is back: {contact}"
        );
    }

    let group = course.group("Evening", 2).await;
    let evening = course.morning + TimeDelta::hours(12);
    let body = json!({"call_timing": "scheduled", "scheduled_datetime": text(evening)});
    let (path, estimate) = course.call_all(&group, body).await;
    let status = wait_until("the preparation", SOON, async || {
        let status = course.status(&path).await;
        (status["status"] == "scheduled").then_some(status)
    })
    .await;
    let starts = instant(&status["starts_at"]).unwrap();
    assert!(starts > evening, "{starts}");
    // Eight in the morning in London, in winter or in summer.
    assert!(
        [7, 8].contains(&starts.hour()) && starts.minute() == 0,
        "{starts}"
    );
    course.clinic.client.move_clock(starts).await;
    let at = course.play(55, 2, TimeDelta::seconds(1)).await;
    assert!(at[0] >= starts);
    near("evening", estimate, at[1]);
    course.host.shutdown().await;
}
