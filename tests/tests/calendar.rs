//! A calendar and its appointments, kept together both ways: what a call or staff change is told to the calendar once, and
//! what its webhooks do not tell is found. The stand-in's own record of what was asked of it is the judge.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::Method;
use serde_json::{Value, json};
use vio_tests::Booking;
use vio_tests::booking::deliver;
use vio_tests::demo::{Demo, SECRET, SOON, id};
use vio_tests::time::{instant, text, wait_until};

/// What the calendar was asked for: action and whether it was done, oldest first.
async fn asked(demo: &Demo) -> Vec<(String, bool)> {
    let shown = demo.client.get("/dev/sandbox/bookings").await;
    let changes = shown["changes"].as_array().unwrap();
    let one = |change: &Value| {
        let action = change["action"].as_str().unwrap().to_owned();
        (action, change["changed"] == true)
    };
    changes.iter().map(one).collect()
}

/// The calendar's bookings of somebody, by e-mail: start and status, earliest first.
async fn booked(demo: &Demo, email: &str) -> Vec<(DateTime<Utc>, String)> {
    let shown = demo.client.get("/dev/sandbox/bookings").await;
    let mut found: Vec<(DateTime<Utc>, String)> = shown["bookings"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|booking| booking["attendees"][0]["email"] == email)
        .map(|booking| {
            let status = booking["status"].as_str().unwrap().to_owned();
            (instant(&booking["start"]).unwrap(), status)
        })
        .collect();
    found.sort();
    found
}

/// Lets ticks pass until the calendar was asked for so much in all, and then some more.
async fn until_asked(demo: &Demo, times: usize) -> Vec<(String, bool)> {
    wait_until("changes of the calendar", SOON, async || {
        demo.client.advance(TimeDelta::seconds(61)).await;
        tokio::time::sleep(Duration::from_millis(200)).await;
        (asked(demo).await.len() >= times).then_some(())
    })
    .await;
    settle(demo).await;
    asked(demo).await
}

/// Time for whatever would follow: echoes, repeats.
async fn settle(demo: &Demo) {
    for _ in 0..4 {
        demo.client.advance(TimeDelta::minutes(3)).await;
        tokio::time::sleep(Duration::from_millis(300)).await;
    }
}

fn done(actions: &[&str]) -> Vec<(String, bool)> {
    actions
        .iter()
        .map(|one| ((*one).to_owned(), true))
        .collect()
}

/// A booked person with an appointment in two days.
async fn somebody(demo: &Demo, name: &str, phone: &str) -> (Booking, String) {
    let booking = Booking::new(name, phone, demo.morning + TimeDelta::hours(49));
    // Through the stand-in, which knows of the booking from then on.
    let delivery = json!({ "event": booking.created(demo.morning) });
    demo.client.post("/dev/calcom/deliver", &delivery).await;
    let who = id(&demo.booked(name).await);
    (booking, who)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_call_changes_is_told_once_and_its_echo_changes_nothing() {
    let demo = Demo::start().await;
    let client = &demo.client;
    let (first, cancels) = somebody(&demo, "Rowan Fletcher", "+441134960101").await;
    let (second, moves) = somebody(&demo, "Ines Calder", "+441134960102").await;
    let (third, confirms) = somebody(&demo, "Otis Marlow", "+441134960103").await;
    let later = first.start + TimeDelta::hours(3);
    let answer = |action: &str| json!({ "disconnection_reason": "agent_hangup", "appointment_action": action });
    let mut moved = answer("rescheduled");
    moved["new_time"] = json!(text(later));
    let by_number = json!({ &first.phone: answer("cancelled"), &second.phone: moved, &third.phone: answer("confirmed") });
    client.script(&json!({ "by_number": by_number })).await;

    let due = first.start - TimeDelta::hours(24);
    client.move_clock(due + TimeDelta::seconds(1)).await;
    for who in [&cancels, &moves, &confirms] {
        demo.called(who, 1).await;
    }
    demo.let_calls_end().await;
    demo.contact("a cancellation", &cancels, |c| {
        c["appointment_status"] == "cancelled"
    })
    .await;
    demo.contact("a new time", &moves, |c| {
        instant(&c["appointment_time"]) == Some(later)
    })
    .await;
    demo.contact("a confirmation", &confirms, |c| {
        c["appointment_status"] == "confirmed"
    })
    .await;

    // Confirmed is what an accepted booking is in the calendar: there is nothing to tell.
    let mut told = until_asked(&demo, 2).await;
    told.sort();
    assert_eq!(told, done(&["cancel", "reschedule"]));
    let cancelled = "cancelled".to_owned();
    assert_eq!(
        booked(&demo, &first.email).await,
        [(first.start, cancelled.clone())]
    );
    let of_second = [(second.start, cancelled), (later, "accepted".to_owned())];
    assert_eq!(booked(&demo, &second.email).await, of_second);

    // The calendar told us of both changes again, and was read meanwhile.
    for (who, status) in [
        (&cancels, "cancelled"),
        (&moves, "rescheduled"),
        (&confirms, "confirmed"),
    ] {
        let contact = client.contact(who).await;
        assert_eq!(contact["appointment_status"], status);
        assert_eq!(contact["appointments_count"], 1);
        assert_eq!(contact["needs_attention"], Value::Null, "{contact}");
    }
    let contact = client.contact(&moves).await;
    assert_eq!(instant(&contact["appointment_time"]), Some(later));

    // Staff move it once more, under the uid that it has now.
    let again = later + TimeDelta::hours(2);
    let path = format!("/api/contacts/{moves}");
    client
        .patch(&path, &json!({ "appointment_time": text(again) }))
        .await;
    let told = until_asked(&demo, 3).await;
    assert_eq!(told.last(), Some(&("reschedule".to_owned(), true)));
    assert_eq!(told.len(), 3);
    assert_eq!(
        booked(&demo, &second.email).await.last(),
        Some(&(again, "accepted".to_owned()))
    );

    // What they delete is cancelled, here and there.
    let path = format!("/api/contacts/{confirms}/appointments");
    let appointments = client.get(&path).await;
    let appointment = id(&appointments["appointments"][0]);
    let path = format!("/api/appointments/{appointment}");
    let (status, answer) = client
        .try_request(Method::DELETE, &path, None)
        .await
        .unwrap();
    assert_eq!(status, 204, "{answer}");
    let told = until_asked(&demo, 4).await;
    assert_eq!(told.last(), Some(&("cancel".to_owned(), true)));
    assert_eq!(told.len(), 4);
    assert_eq!(
        booked(&demo, &third.email).await,
        [(third.start, "cancelled".to_owned())]
    );
    let contact = client.contact(&confirms).await;
    assert_eq!(contact["appointment_status"], "cancelled");
    assert_eq!(contact["needs_attention"], Value::Null, "{contact}");
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_goes_wrong_the_calendar_is_told_once_or_staff_are() {
    let demo = Demo::start().await;
    let client = &demo.client;
    let mut asked_before = 0;
    for (number, (faults, expected, told)) in [
        (
            json!(["timeout_after_accept"]),
            vec![("cancel", true)],
            true,
        ),
        (
            json!(["server_error"]),
            vec![("cancel", false), ("cancel", true)],
            true,
        ),
        (
            json!(["rate_limited"]),
            vec![("cancel", false), ("cancel", true)],
            true,
        ),
        (json!(["no_webhook"]), vec![("cancel", true)], true),
        (json!(["doubled_webhook"]), vec![("cancel", true)], true),
        (json!(["refused"]), vec![("cancel", false)], false),
    ]
    .into_iter()
    .enumerate()
    {
        let name = format!(
            "Rowan {}",
            ["Ash", "Birch", "Cedar", "Dogwood", "Elm", "Fir"][number]
        );
        let (booking, who) = somebody(&demo, &name, &format!("+44113496011{number}")).await;
        client.post("/dev/sandbox/bookings/faults", &faults).await;
        let change = json!({ "appointment_status": "cancelled", "reason": "Asked by phone" });
        client.patch(&format!("/api/contacts/{who}"), &change).await;
        let all = wait_until("the calendar's word", Duration::from_secs(60), async || {
            client.advance(TimeDelta::seconds(61)).await;
            tokio::time::sleep(Duration::from_millis(300)).await;
            let all = asked(&demo).await;
            (all.len() >= asked_before + expected.len()).then_some(all)
        })
        .await;
        let expected: Vec<_> = expected
            .into_iter()
            .map(|(action, done)| (action.to_owned(), done))
            .collect();
        settle(&demo).await;
        assert_eq!(&asked(&demo).await[asked_before..], expected, "{faults}");
        asked_before += all.len() - asked_before;
        let status = if told { "cancelled" } else { "accepted" };
        assert_eq!(
            booked(&demo, &booking.email).await,
            [(booking.start, status.to_owned())],
            "{faults}"
        );
        let contact = client.contact(&who).await;
        assert_eq!(contact["appointment_status"], "cancelled");
        let reason = &contact["needs_attention"]["reason"];
        let wanted = if told {
            Value::Null
        } else {
            json!("calendar_not_updated")
        };
        assert_eq!(*reason, wanted, "{faults}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_lost_webhook_missed_is_found_once() {
    let demo = Demo::start().await;
    let client = &demo.client;
    // The calendar knows of the booking; its webhook went nowhere.
    let booking = Booking::new(
        "Rowan Fletcher",
        "+441134960101",
        demo.morning + TimeDelta::hours(49),
    );
    let event = booking.created(demo.morning);
    lose(&demo, &event).await;
    let contact = wait_until("a booking that nobody told us of", SOON, async || {
        client.advance(TimeDelta::minutes(6)).await;
        tokio::time::sleep(Duration::from_millis(300)).await;
        client.contact_named(&booking.name).await
    })
    .await;
    assert_eq!(contact["phone"], booking.phone.as_str());
    assert_eq!(contact["booking_source"], "calcom");
    assert_eq!(instant(&contact["appointment_time"]), Some(booking.start));
    assert!(instant(&contact["next_call_at"]).is_some());
    let status = client.get("/api/settings/integrations/status").await;
    assert_eq!(status["calcom"]["imported_total"], 1, "{status}");
    assert_eq!(status["calcom"]["imported_today"], 1, "{status}");
    assert!(
        instant(&status["calcom"]["last_sync"]).is_some(),
        "{status}"
    );
    assert!(
        instant(&status["calcom"]["next_sync"]).is_some(),
        "{status}"
    );
    assert_eq!(status["calcom"]["trouble"], Value::Null, "{status}");

    // Its webhook comes after all, and the calendar is read again.
    let (answer, _) = deliver(&demo.address, SECRET, &event).await;
    assert_eq!(answer, 200);
    settle(&demo).await;
    let named = client
        .contacts()
        .await
        .into_iter()
        .filter(|c| c["name"] == booking.name.as_str());
    assert_eq!(named.count(), 1);
    let again = client.contact(&id(&contact)).await;
    assert_eq!(again["appointments_count"], 1);
    assert_eq!(again["needs_attention"], Value::Null);

    // The person cancels, and that webhook is lost too.
    let mut cancelled = event.clone();
    cancelled["triggerEvent"] = json!("BOOKING_CANCELLED");
    lose(&demo, &cancelled).await;
    wait_until("a cancellation that nobody told us of", SOON, async || {
        client.advance(TimeDelta::minutes(6)).await;
        tokio::time::sleep(Duration::from_millis(300)).await;
        let contact = client.contact(&id(&contact)).await;
        (contact["appointment_status"] == "cancelled").then_some(())
    })
    .await;
    assert_eq!(asked(&demo).await, []);
}

/// Something happens in the calendar of which its webhook does not reach us.
async fn lose(demo: &Demo, event: &Value) {
    let nowhere = format!(
        "http://127.0.0.1:{}/nowhere",
        vio_tests::process::free_port()
    );
    let delivery = json!({ "url": nowhere, "body": event });
    let url = format!(
        "{}/control/calcom/deliver",
        demo.host.sandbox().calcom_url()
    );
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let answer = http.post(url).json(&delivery).send().await.unwrap();
    assert_eq!(answer.status(), 502, "it was to go nowhere");
}
