//! The throttle, judged by what reaches the provider: 60 reminders due at once under the limits as they are, with and
//! without the queue (S0, rules.md "The call throttle").
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout
)]

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use vio_local::{Host, HostOptions};
use vio_tests::Clinic;
use vio_tests::time::{instant, listed, quiet_tuesday, wait_until};

const PEOPLE: usize = 60;
const LIMIT: usize = 25;
const WINDOW: TimeDelta = TimeDelta::minutes(15);
const QUEUE: &str = "vio-dial";
/// What a step of the developer clock may cost at most.
const STEP: TimeDelta = TimeDelta::seconds(5);
/// A moment of real time in which what a step set off happens.
const MOMENT: Duration = Duration::from_millis(300);

/// Five are urgent, those entered last; of high priority are two more than the first window has room for beside them.
fn priority(at: usize) -> &'static str {
    match at {
        55.. => "urgent",
        33.. => "high",
        _ => "normal",
    }
}

/// Due at the same minute, the urgent come first, then high, then normal (S0, rules.md "Order"): by windows, as the calls
/// of one are sent side by side.
async fn by_priority(clinic: &Clinic) {
    let mut calls = clinic.client.calls().await;
    calls.sort_by_key(|call| instant(&call["arrived_at_clock"]));
    let people = clinic.client.contacts().await;
    let windows: Vec<BTreeMap<&str, usize>> = calls
        .chunks(LIMIT)
        .map(|window| {
            let mut count = BTreeMap::new();
            for call in window {
                let who = &call["metadata"]["contact_id"];
                let contact = people.iter().find(|contact| contact["id"] == *who).unwrap();
                *count
                    .entry(contact["priority"].as_str().unwrap())
                    .or_default() += 1;
            }
            count
        })
        .collect();
    assert_eq!(
        windows,
        [
            BTreeMap::from([("urgent", 5), ("high", 20)]),
            BTreeMap::from([("high", 2), ("normal", 23)]),
            BTreeMap::from([("normal", 10)]),
        ]
    );
}

/// A business with 60 people whose reminders are due at the same minute, and that minute.
async fn backlog() -> (Host, Clinic, DateTime<Utc>) {
    let mut options = HostOptions::ephemeral();
    // Ticks come with the moves of the clock, so that runs are alike.
    options.ticks = false;
    let host = Host::start(options).await.unwrap();
    let morning = quiet_tuesday(Utc::now());
    host.clock().move_to(morning, true).await.unwrap();
    let clinic = Clinic::sign_up(&host.base_url()).await;
    let appointment = morning + TimeDelta::hours(50);
    let mut due = None;
    for at in 0..PEOPLE {
        let contact = clinic.contact_of(at, appointment, priority(at)).await;
        let planned = instant(&contact["next_call_at"]).expect("a planned call");
        assert_eq!(*due.get_or_insert(planned), planned);
    }
    (host, clinic, due.unwrap())
}

/// When calls reached the provider, in order.
async fn arrivals(clinic: &Clinic) -> Vec<DateTime<Utc>> {
    let calls = clinic.client.calls().await;
    let mut all: Vec<_> = calls
        .iter()
        .map(|call| instant(&call["arrived_at_clock"]).unwrap())
        .collect();
    all.sort();
    all
}

/// Waits until no call has arrived for a moment.
async fn settled(clinic: &Clinic) -> Vec<DateTime<Utc>> {
    let mut before = arrivals(clinic).await;
    loop {
        tokio::time::sleep(MOMENT).await;
        let now = arrivals(clinic).await;
        if now.len() == before.len() {
            return now;
        }
        before = now;
    }
}

fn never_too_many(arrivals: &[DateTime<Utc>]) {
    for (first, next) in arrivals.iter().zip(arrivals.iter().skip(LIMIT)) {
        assert!(
            *next - *first >= WINDOW,
            "{} calls within {}: {first} to {next}",
            LIMIT + 1,
            *next - *first
        );
    }
}

/// Everybody was rung once, and their answer is known.
async fn everybody_once(clinic: &Clinic) {
    let mut rung: BTreeMap<String, usize> = BTreeMap::new();
    for call in clinic.client.calls().await {
        let who = call["metadata"]["contact_id"].as_str().unwrap();
        *rung.entry(who.to_owned()).or_default() += 1;
    }
    assert_eq!(rung.len(), PEOPLE);
    let twice: Vec<_> = rung.iter().filter(|(_, times)| **times != 1).collect();
    assert!(twice.is_empty(), "rung more than once: {}", listed(twice));
    let waiting = wait_until("60 confirmations", Duration::from_secs(30), async || {
        let contacts = clinic.client.contacts().await;
        let waiting = contacts
            .iter()
            .filter(|contact| contact["appointment_status"] != "confirmed")
            .count();
        // The next step lets calls end, and stored events be found.
        if waiting > 0 {
            clinic.client.advance(TimeDelta::minutes(2)).await;
        }
        (waiting == 0).then_some(contacts.len())
    })
    .await;
    assert_eq!(waiting, PEOPLE);
}

#[tokio::test(flavor = "multi_thread")]
async fn sixty_at_once_keep_to_the_limit_and_use_it_fully() {
    let (host, clinic, due) = backlog().await;
    let client = &clinic.client;
    let sent = |host: &Host| {
        host.stack()
            .message_counts()
            .get(QUEUE)
            .copied()
            .unwrap_or(0)
    };
    let before = sent(&host);

    client.move_clock(due).await;
    wait_until("the first 25", Duration::from_secs(30), async || {
        (arrivals(&clinic).await.len() >= LIMIT).then_some(())
    })
    .await;
    let mut so_far = settled(&clinic).await;
    assert_eq!(so_far.len(), LIMIT);
    while so_far.len() < PEOPLE {
        let opens = so_far[so_far.len() - LIMIT] + WINDOW;
        // Right up to the end of the window nothing more arrives.
        client.move_clock(opens - STEP).await;
        assert_eq!(settled(&clinic).await.len(), so_far.len());
        let expected = PEOPLE.min(so_far.len() + LIMIT);
        let mut steps = 0;
        while so_far.len() < expected {
            client.advance(STEP).await;
            so_far = settled(&clinic).await;
            steps += 1;
            assert!(
                steps < 24,
                "after {steps} steps only {} calls",
                so_far.len()
            );
        }
        assert_eq!(so_far.len(), expected);
    }
    never_too_many(&so_far);
    by_priority(&clinic).await;
    // No slot idles: each call follows the one 25 before it as soon as its slot is free, give or take the steps of
    // the clock and the time that this machine takes for 25 calls.
    let pace = so_far[LIMIT - 1] - so_far[0];
    for (first, next) in so_far.iter().zip(so_far.iter().skip(LIMIT)) {
        let idle = *next - *first - WINDOW;
        assert!(
            idle <= STEP * 2 + pace * 2 + TimeDelta::seconds(5),
            "a slot idled for {idle}, where 25 calls take {pace}"
        );
    }

    // At most two messages per window for a backlog, beside one for each call that answers wake.
    let windows = PEOPLE.div_ceil(LIMIT) as u64;
    let messages = sent(&host) - before;
    println!("{messages} messages for {PEOPLE} calls in {windows} windows");
    assert!(
        messages <= PEOPLE as u64 + 2 * windows,
        "{messages} messages"
    );
    everybody_once(&clinic).await;
    never_too_many(&arrivals(&clinic).await);
    host.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn losing_every_message_delays_and_loses_nothing() {
    let (host, clinic, due) = backlog().await;
    let client = &clinic.client;
    client.move_clock(due).await;
    host.stack().drop_all_messages();
    // A minute a step, as the tick comes; whatever waits in a queue is lost each time.
    let mut minutes = 0;
    let all = loop {
        let so_far = settled(&clinic).await;
        never_too_many(&so_far);
        if so_far.len() >= PEOPLE {
            break so_far;
        }
        assert!(minutes < 60, "after an hour only {} calls", so_far.len());
        host.stack().drop_all_messages();
        client.advance(TimeDelta::minutes(1)).await;
        minutes += 1;
    };
    assert_eq!(all.len(), PEOPLE);
    // Each window's calls come at most one tick, and the minute that a tick is apart, later than they could.
    for (first, next) in all.iter().zip(all.iter().skip(LIMIT)) {
        let late = *next - *first - WINDOW;
        assert!(late <= TimeDelta::seconds(130), "a slot idled for {late}");
    }
    host.stack().drop_all_messages();
    everybody_once(&clinic).await;
    let lost: Value = json!(host.stack().message_counts());
    println!("messages sent, all lost where they waited: {lost}");
    host.shutdown().await;
}
