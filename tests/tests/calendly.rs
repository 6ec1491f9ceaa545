//! Calendly through the whole product: connected over the API, told by its webhooks, read where they do not come, told of
//! what staff cancel. The stand-in's own record of what was asked of it is the judge.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use vio_tests::demo::{Demo, SOON, id};
use vio_tests::time::{instant, text, wait_until};

const SETTINGS: &str = "/api/settings/integrations";

/// Lets a tick pass, and time for what follows.
async fn tick(demo: &Demo) {
    demo.client.advance(TimeDelta::seconds(61)).await;
    tokio::time::sleep(Duration::from_millis(250)).await;
}

async fn shown(demo: &Demo) -> Value {
    demo.client.get("/dev/sandbox/calendly").await
}

/// Connects the demo clinic, and waits until its webhook is there.
async fn connected() -> Demo {
    let demo = Demo::start().await;
    let calendly = json!({
        "enabled": true, "api_key": "calendly_demo_token", "organizer_email": "desk@riverside.example",
    });
    let change = json!({ "calendly": calendly });
    demo.client.patch(SETTINGS, &change).await;
    wait_until("a subscription", SOON, async || {
        tick(&demo).await;
        let shown = shown(&demo).await;
        (shown["subscriptions"].as_array().unwrap().len() == 1).then_some(())
    })
    .await;
    demo
}

/// Somebody books; the invitee's address.
async fn book(
    demo: &Demo,
    name: &str,
    phone: &str,
    start: DateTime<Utc>,
    webhooks: &str,
) -> String {
    let email = format!("{}@example.com", name.to_lowercase().replace(' ', "."));
    let booking = json!({
        "name": name, "email": email, "phone": phone, "start": text(start), "webhooks": webhooks,
        "answers": [["Please share anything that will help prepare for our meeting.", "Step-free entrance, please."]],
    });
    let answer = demo.client.post("/dev/calendly/book", &booking).await;
    let answered = answer["answered"].as_array().unwrap();
    assert!(answered.iter().all(|status| *status == 200), "{answer}");
    answer["uri"].as_str().unwrap().to_owned()
}

async fn act(demo: &Demo, act: Value) -> Value {
    demo.client.post("/dev/calendly/act", &act).await
}

/// What it was asked to change, and whether that was done.
async fn asked(demo: &Demo) -> Vec<bool> {
    let shown = shown(demo).await;
    let changes = shown["changes"].as_array().unwrap().clone();
    changes
        .iter()
        .map(|change| change["changed"] == true)
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_booking_comes_moves_and_goes() {
    let demo = connected().await;
    let client = &demo.client;
    let tried = client
        .post(&format!("{SETTINGS}/calendly/test"), &json!({}))
        .await;
    assert_eq!(tried["outcome"], "works", "{tried}");
    let kinds = client
        .get(&format!("{SETTINGS}/calendly/event-types"))
        .await;
    assert_eq!(kinds["event_types"].as_array().unwrap().len(), 3, "{kinds}");

    let start = demo.morning + TimeDelta::hours(49);
    let uri = book(&demo, "Rowan Fletcher", "+441134960101", start, "doubled").await;
    let contact = demo.booked("Rowan Fletcher").await;
    assert_eq!(contact["booking_source"], "calendly");
    assert_eq!(contact["phone"], "+441134960101");
    assert_eq!(instant(&contact["appointment_time"]), Some(start));
    assert_eq!(
        contact["special_instructions"],
        "Step-free entrance, please."
    );
    assert!(instant(&contact["next_call_at"]).is_some());
    let who = id(&contact);

    // Moved by the person, told in the wrong order.
    let later = start + TimeDelta::hours(3);
    let moved =
        json!({"uri": uri, "action": "reschedule", "start": text(later), "webhooks": "reordered"});
    let uri = act(&demo, moved).await["uri"].as_str().unwrap().to_owned();
    let contact = demo
        .contact("a new time", &who, |c| {
            instant(&c["appointment_time"]) == Some(later)
        })
        .await;
    assert_eq!(contact["appointment_status"], "rescheduled");
    assert_eq!(contact["appointments_count"], 1);

    // Cancelled by staff: told once, and its echo changes nothing.
    let change = json!({ "appointment_status": "cancelled", "reason": "Asked by phone" });
    client.patch(&format!("/api/contacts/{who}"), &change).await;
    wait_until("a cancellation there", SOON, async || {
        tick(&demo).await;
        (!asked(&demo).await.is_empty()).then_some(())
    })
    .await;
    for _ in 0..3 {
        demo.client.advance(TimeDelta::minutes(25)).await;
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
    assert_eq!(asked(&demo).await, [true]);
    let bookings = shown(&demo).await["bookings"].as_array().unwrap().clone();
    let booking = bookings
        .iter()
        .find(|one| one["invitee"]["uri"] == *uri)
        .unwrap();
    assert_eq!(booking["scheduled_event"]["status"], "canceled");
    let contact = client.contact(&who).await;
    assert_eq!(contact["appointment_status"], "cancelled");
    assert_eq!(contact["needs_attention"], Value::Null, "{contact}");

    // Cancelled by the person.
    let uri = book(&demo, "Ines Calder", "+441134960102", start, "usual").await;
    let second = id(&demo.booked("Ines Calder").await);
    act(&demo, json!({"uri": uri, "action": "cancel"})).await;
    let contact = demo
        .contact("a cancellation", &second, |c| {
            c["appointment_status"] == "cancelled"
        })
        .await;
    assert_eq!(contact["needs_attention"], Value::Null);
    let status = client.get(&format!("{SETTINGS}/status")).await;
    assert_eq!(status["calendly"]["imported_total"], 2, "{status}");
    assert_eq!(status["calendly"]["webhook"], "active", "{status}");
    assert_eq!(status["calcom"]["imported_total"], 0, "{status}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_webhook_tells_is_found_and_shown() {
    let demo = connected().await;
    let client = &demo.client;
    let switch = json!({ "active": false });
    client
        .post("/dev/sandbox/calendly/subscriptions", &switch)
        .await;
    let start = demo.morning + TimeDelta::hours(49);
    let uri = book(&demo, "Rowan Fletcher", "+441134960101", start, "usual").await;
    client.advance(TimeDelta::minutes(62)).await;
    let contact = wait_until("a booking that nobody told us of", SOON, async || {
        tick(&demo).await;
        client.contact_named("Rowan Fletcher").await
    })
    .await;
    assert_eq!(contact["booking_source"], "calendly");
    let status = client.get(&format!("{SETTINGS}/status")).await;
    assert_eq!(status["calendly"]["webhook"], "disabled", "{status}");
    assert_eq!(
        status["calendly"]["failures"][0]["reason"],
        "webhook_disabled"
    );
    let settings = client.get(SETTINGS).await;
    assert_eq!(
        settings["calendly"]["problems"].as_array().unwrap().len(),
        1
    );

    // Staff choose another time, which cannot be told there.
    let who = id(&contact);
    let later = start + TimeDelta::hours(3);
    client
        .patch(
            &format!("/api/contacts/{who}"),
            &json!({ "appointment_time": text(later) }),
        )
        .await;
    let reason = |c: &Value| c["needs_attention"]["reason"] == "calendar_not_updated";
    wait_until("a word to staff", SOON, async || {
        tick(&demo).await;
        reason(&client.contact(&who).await).then_some(())
    })
    .await;
    let history = client.get(&format!("/api/contacts/{who}/history")).await;
    assert!(history.to_string().contains("no_new_times"), "{history}");
    assert_eq!(asked(&demo).await, Vec::<bool>::new());

    // Moved there by the person and lost as well, it is found; made anew, the webhook tells again.
    let again = later + TimeDelta::hours(2);
    act(
        &demo,
        json!({"uri": uri, "action": "reschedule", "start": text(again)}),
    )
    .await;
    wait_until("a move that nobody told us of", SOON, async || {
        client.advance(TimeDelta::minutes(7)).await;
        tokio::time::sleep(Duration::from_millis(300)).await;
        let contact = client.contact(&who).await;
        (instant(&contact["appointment_time"]) == Some(again)).then_some(())
    })
    .await;
    wait_until("a webhook made anew", SOON, async || {
        client.advance(TimeDelta::minutes(20)).await;
        tokio::time::sleep(Duration::from_millis(300)).await;
        let status = client.get(&format!("{SETTINGS}/status")).await;
        (status["calendly"]["webhook"] == "active").then_some(())
    })
    .await;
    book(&demo, "Ines Calder", "+441134960102", again, "usual").await;
    demo.booked("Ines Calder").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_goes_wrong_it_is_cancelled_once_or_staff_are_told() {
    let demo = connected().await;
    let client = &demo.client;
    let mut before = 0;
    for (number, (faults, expected, told)) in [
        (
            json!({"changes": ["timeout_after_accept"]}),
            vec![true],
            true,
        ),
        (
            json!({"changes": ["server_error"]}),
            vec![false, true],
            true,
        ),
        (
            json!({"changes": ["rate_limited"]}),
            vec![false, true],
            true,
        ),
        (json!({"changes": ["no_webhook"]}), vec![true], true),
        (
            json!({"changes": ["doubled_webhook"], "reads": ["server_error"]}),
            vec![true],
            true,
        ),
        (json!({"changes": ["refused"]}), vec![false], false),
    ]
    .into_iter()
    .enumerate()
    {
        let tree = ["Ash", "Birch", "Cedar", "Dogwood", "Elm", "Fir"][number];
        let (name, phone) = (format!("Rowan {tree}"), format!("+44113496011{number}"));
        let start = demo.morning + TimeDelta::hours(49);
        book(&demo, &name, &phone, start, "usual").await;
        let who = id(&demo.booked(&name).await);
        client.post("/dev/sandbox/calendly/faults", &faults).await;
        let change = json!({ "appointment_status": "cancelled", "reason": "Asked by phone" });
        client.patch(&format!("/api/contacts/{who}"), &change).await;
        wait_until("the calendar's word", Duration::from_secs(60), async || {
            tick(&demo).await;
            (asked(&demo).await.len() >= before + expected.len()).then_some(())
        })
        .await;
        for _ in 0..3 {
            client.advance(TimeDelta::minutes(3)).await;
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
        assert_eq!(asked(&demo).await[before..], expected, "{faults}");
        before += expected.len();
        let contact = client.contact(&who).await;
        assert_eq!(contact["appointment_status"], "cancelled");
        let wanted = match told {
            true => Value::Null,
            false => json!("calendar_not_updated"),
        };
        assert_eq!(contact["needs_attention"]["reason"], wanted, "{faults}");
    }
}
