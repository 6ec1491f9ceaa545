//! A call's course on the developer clock, and its webhooks.

use std::time::Duration;

use chrono::{TimeDelta, Utc};
use serde_json::{Value, json};
use vio_sandbox::{Event, Fault, Outcome, retell_signature};

use crate::support::*;

const THREE: [&str; 3] = ["call_started", "call_ended", "call_analyzed"];

#[test]
fn the_signature_is_retells() {
    // From the tests of Retell's own SDKs.
    assert_eq!(
        retell_signature(
            "test-api-key",
            b"{\"event\":\"call_ended\"}",
            1_700_000_000_000
        ),
        "v=1700000000000,d=07024cabe7dd8f6d1c6e4a8324ca92c812e6ad4a7ee506c04f7e462e3321823e"
    );
}

#[tokio::test]
async fn an_answered_call_confirms_by_default() {
    let world = world().await;
    let receiver = Receiver::start(&[]).await;
    let created = world.created(&body_for(&receiver)).await;
    let id = &created["call_id"];
    let start = (start_of_day() + TimeDelta::seconds(3)).timestamp_millis();

    world.advance(2);
    assert_eq!(world.call(id).await["call_status"], "registered");
    receiver.settle(0).await;

    world.advance(1);
    let started = receiver.settle(1).await.remove(0).json();
    assert_eq!(started["event"], "call_started");
    assert_eq!(started["call"]["call_status"], "ongoing");
    assert_eq!(started["call"]["start_timestamp"], start);
    assert!(started["call"].get("disconnection_reason").is_none());
    assert_eq!(world.call(id).await["call_status"], "ongoing");

    world.advance(30);
    let ended = receiver.settle(2).await.remove(1).json();
    assert_eq!(ended["event"], "call_ended");
    assert_eq!(ended["call"]["call_status"], "ended");
    assert_eq!(ended["call"]["disconnection_reason"], "agent_hangup");
    assert_eq!(ended["call"]["end_timestamp"], start + 30_000);
    assert_eq!(ended["call"]["duration_ms"], 30_000);
    assert!(
        ended["call"]["transcript"]
            .as_str()
            .unwrap()
            .starts_with("Agent: ")
    );
    assert!(ended["call"]["call_cost"]["combined_cost"].is_number());
    assert!(ended["call"].get("call_analysis").is_none());

    world.advance(2);
    let analyzed = receiver.settle(3).await.remove(2).json();
    assert_eq!(analyzed["event"], "call_analyzed");
    let analysis = &analyzed["call"]["call_analysis"];
    assert_eq!(
        analysis["custom_analysis_data"],
        json!({"appointment_action": "confirmed"})
    );
    assert_eq!(analysis["user_sentiment"], "Positive");
    assert_eq!(analysis["in_voicemail"], false);
    assert_eq!(analysis["call_successful"], true);
    assert_eq!(analyzed["call"]["metadata"]["attempt_id"], "attempt-1");
    assert_eq!(analyzed["call"], world.call(id).await);
    world.advance(100_000);
    receiver.settle(3).await;
}

#[tokio::test]
async fn webhooks_are_signed_in_real_time_with_the_accounts_key() {
    let world = world().await;
    let receiver = Receiver::start(&[]).await;
    world.created(&body_for(&receiver)).await;
    world.advance(3_600);
    for delivery in receiver.settle(3).await {
        let header = delivery.headers["x-retell-signature"].to_str().unwrap();
        let stamp: i64 = header
            .strip_prefix("v=")
            .unwrap()
            .split(',')
            .next()
            .unwrap()
            .parse()
            .unwrap();
        assert!((Utc::now().timestamp_millis() - stamp).abs() < 60_000);
        assert_eq!(header, retell_signature(KEY, &delivery.body, stamp));
        assert_ne!(header, retell_signature(OTHER_KEY, &delivery.body, stamp));
        assert_eq!(delivery.headers["content-type"], "application/json");
    }
}

#[tokio::test]
async fn a_jump_delivers_all_that_was_due_in_order_with_its_own_instants() {
    let world = world().await;
    let receiver = Receiver::start(&[]).await;
    world.created(&body_for(&receiver)).await;
    world.advance(86_400);
    let deliveries = receiver.settle(3).await;
    assert_eq!(receiver.events(), THREE);
    let ended = (start_of_day() + TimeDelta::seconds(33)).timestamp_millis();
    assert_eq!(deliveries[1].json()["call"]["end_timestamp"], ended);
}

#[tokio::test]
async fn many_calls_keep_their_own_order() {
    let world = world().await;
    let receiver = Receiver::start(&[500, 500]).await;
    for _ in 0..20 {
        world.created(&body_for(&receiver)).await;
    }
    world.advance(60);
    until(|| {
        world
            .sandbox
            .calls()
            .iter()
            .map(|call| call.webhooks.len())
            .sum::<usize>()
            == 62
    })
    .await;
    let settled: Vec<_> = world.sandbox.calls();
    for call in settled {
        let events: Vec<_> = call
            .webhooks
            .iter()
            .filter(|webhook| webhook.status == Some(204))
            .map(|webhook| webhook.event)
            .collect();
        assert_eq!(
            events,
            [Event::CallStarted, Event::CallEnded, Event::CallAnalyzed]
        );
    }
}

#[tokio::test]
async fn a_call_that_does_not_connect_has_no_start() {
    for (reason, status) in [
        ("dial_no_answer", "not_connected"),
        ("dial_busy", "not_connected"),
        ("no_valid_payment", "error"),
    ] {
        let world = world().await;
        let receiver = Receiver::start(&[]).await;
        world.script(json!({"by_number": {TO: {"disconnection_reason": reason, "answer_after_seconds": 20}}}));
        world.created(&body_for(&receiver)).await;
        world.advance(19);
        receiver.settle(0).await;
        world.advance(3);
        let deliveries = receiver.settle(2).await;
        assert_eq!(receiver.events(), THREE[1..]);
        let call = &deliveries[1].json()["call"];
        assert_eq!(call["call_status"], status);
        assert_eq!(call["disconnection_reason"], reason);
        assert_eq!(call["call_analysis"]["custom_analysis_data"], json!({}));
        assert!(call.get("start_timestamp").is_none() && call.get("transcript").is_none());
    }
}

#[tokio::test]
async fn a_new_time_is_passed_on() {
    let world = world().await;
    let receiver = Receiver::start(&[]).await;
    world.script(json!({"default": {
        "disconnection_reason": "user_hangup", "appointment_action": "rescheduled",
        "new_time": "2026-12-01T10:30:00Z", "sentiment": "negative", "duration_seconds": 90,
    }}));
    world.created(&body_for(&receiver)).await;
    world.advance(95);
    let analysis = receiver.settle(3).await[2].json()["call"]["call_analysis"].clone();
    assert_eq!(
        analysis["custom_analysis_data"],
        json!({"appointment_action": "rescheduled", "new_time": "2026-12-01T10:30:00Z"})
    );
    assert_eq!(analysis["user_sentiment"], "Negative");
}

#[tokio::test]
async fn voicemail_and_unheard_of_reasons() {
    let world = world().await;
    world.script(json!({"next": [{"disconnection_reason": "voicemail_reached"}, {"disconnection_reason": "new_in_2027"}]}));
    let voicemail = world.created(&body()).await;
    let unheard = world.created(&body()).await;
    world.advance(60);
    let call = world.call(&voicemail["call_id"]).await;
    assert_eq!(call["call_status"], "ended");
    assert_eq!(call["call_analysis"]["in_voicemail"], true);
    assert_eq!(
        call["call_analysis"]["custom_analysis_data"]["appointment_action"],
        "no_action"
    );
    let call = world.call(&unheard["call_id"]).await;
    assert_eq!(call["disconnection_reason"], "new_in_2027");
    assert_eq!(call["call_status"], "ended");
}

#[tokio::test]
async fn a_refused_webhook_is_tried_three_times_more_then_left() {
    let world = world().await;
    let receiver = Receiver::start(&[500, 404, 302, 503]).await;
    world.created(&body_for(&receiver)).await;
    world.advance(60);
    receiver.settle(6).await;
    assert_eq!(
        receiver.events(),
        [
            "call_started",
            "call_started",
            "call_started",
            "call_started",
            "call_ended",
            "call_analyzed"
        ]
    );
    until(|| world.sandbox.calls()[0].webhooks.len() == 6).await;
    let attempts: Vec<_> = world.sandbox.calls()[0]
        .webhooks
        .iter()
        .map(|webhook| (webhook.attempt, webhook.status.unwrap()))
        .collect();
    assert_eq!(
        attempts,
        [(1, 500), (2, 404), (3, 302), (4, 503), (1, 204), (1, 204)]
    );
    // Each try is signed anew over the same body.
    let tries = receiver.received();
    assert_eq!(tries[0].body, tries[3].body);
    assert_ne!(
        tries[0].headers["x-retell-signature"],
        tries[3].headers["x-retell-signature"]
    );
}

#[tokio::test]
async fn only_the_wanted_events_go_out_and_only_to_loopback() {
    let world = world().await;
    let receiver = Receiver::start(&[]).await;
    let some = json!({"webhook_url": receiver.url, "webhook_events": ["call_analyzed", "transcript_updated"]});
    world
        .created(&body_with(json!({"agent_override": {"agent": some}})))
        .await;
    let elsewhere =
        json!({"webhook_url": "http://192.0.2.1/hook", "webhook_events": ["call_started"]});
    world
        .created(&body_with(json!({"agent_override": {"agent": elsewhere}})))
        .await;
    world.advance(60);
    receiver.settle(1).await;
    assert_eq!(receiver.events(), ["call_analyzed"]);
    until(|| world.sandbox.calls()[1].webhooks.len() == 4).await;
    let refused = &world.sandbox.calls()[1].webhooks[0];
    assert!(refused.status.is_none() && refused.error.as_ref().unwrap().contains("loopback"));
}

#[tokio::test]
async fn webhooks_can_be_doubled_dropped_and_reordered() {
    let world = world().await;
    for (fault, expected) in [
        (
            Fault::DuplicateWebhooks,
            vec![
                "call_started",
                "call_started",
                "call_ended",
                "call_ended",
                "call_analyzed",
                "call_analyzed",
            ],
        ),
        (Fault::NoWebhooks, vec![]),
        (
            Fault::ReorderedWebhooks,
            vec!["call_analyzed", "call_ended", "call_started"],
        ),
    ] {
        let receiver = Receiver::start(&[]).await;
        world.script(json!({"next": [Outcome::fault(fault)]}));
        let call = world.created(&body_for(&receiver)).await;
        world.advance(34);
        tokio::time::sleep(Duration::from_millis(50)).await;
        world.advance(1);
        receiver.settle(expected.len()).await;
        assert_eq!(receiver.events(), expected);
        assert_eq!(world.call(&call["call_id"]).await["call_status"], "ended");
    }
}

#[tokio::test]
async fn a_long_call_is_cut_where_the_request_says() {
    let world = world().await;
    world.script(
        json!({"next": [{"disconnection_reason": "user_hangup", "duration_seconds": 4000}]}),
    );
    let call = world
        .created(&body_with(
            json!({"agent_override": {"agent": {"max_call_duration_ms": 900_000}}}),
        ))
        .await;
    world.advance(903);
    let call = world.call(&call["call_id"]).await;
    assert_eq!(call["disconnection_reason"], "max_duration_reached");
    assert_eq!(call["duration_ms"], 900_000);
}

#[tokio::test]
async fn an_ongoing_call_is_stopped() {
    let world = world().await;
    let receiver = Receiver::start(&[]).await;
    let call = world.created(&body_for(&receiver)).await;
    let path = format!("/v2/stop-call/{}", call["call_id"].as_str().unwrap());
    world.advance(10);
    receiver.settle(1).await;
    assert_eq!(world.post(&path, KEY, &json!({})).await.status(), 204);
    receiver.settle(2).await;
    let stopped = world.call(&call["call_id"]).await;
    assert_eq!(stopped["disconnection_reason"], "manual_stopped");
    assert_eq!(stopped["duration_ms"], 7_000);
    assert_eq!(
        refusal(world.post(&path, KEY, &json!({})).await).await.0,
        400
    );
    world.advance(60);
    receiver.settle(3).await;
}

#[tokio::test]
async fn a_deleted_call_is_gone_but_counted() {
    let world = world().await;
    let receiver = Receiver::start(&[]).await;
    let call = world.created(&body_for(&receiver)).await;
    let id = call["call_id"].as_str().unwrap();
    let gone = world
        .client
        .delete(world.url(&format!("/v2/delete-call/{id}")))
        .bearer_auth(KEY)
        .send()
        .await;
    assert_eq!(gone.unwrap().status(), 204);
    assert_eq!(
        refusal(world.get(&format!("/v2/get-call/{id}")).await)
            .await
            .0,
        422
    );
    let listed: Value = world
        .post("/v3/list-calls", KEY, &json!({}))
        .await
        .json()
        .await
        .unwrap();
    assert_eq!(listed["items"], json!([]));
    world.advance(60);
    receiver.settle(0).await;
    let kept = world.sandbox.calls().remove(0);
    assert!(kept.deleted && kept.to_number.is_empty() && kept.dynamic_variables.is_empty());
    assert_eq!(kept.metadata["attempt_id"], "attempt-1");
}

#[tokio::test]
async fn calls_are_listed_by_metadata_in_pages() {
    let world = world().await;
    for n in 0..5 {
        world
            .created(&body_with(
                json!({"metadata": {"attempt_id": format!("a{n}"), "session_id": "s"}}),
            ))
            .await;
        world.advance(100);
    }
    let list = async |query: Value| -> Value {
        let answer = world.post("/v3/list-calls", KEY, &query).await;
        assert_eq!(answer.status(), 200);
        answer.json().await.unwrap()
    };
    let attempts = |page: &Value| -> Vec<String> {
        let items = page["items"].as_array().unwrap();
        items
            .iter()
            .map(|item| item["metadata"]["attempt_id"].as_str().unwrap().to_owned())
            .collect()
    };
    let by = |key: &str, value: &str| json!([{"key": key, "op": "eq", "type": "string", "value": value}]);
    let one =
        list(json!({"filter_criteria": {"metadata": by("attempt_id", "a3")}, "limit": 10})).await;
    assert_eq!(attempts(&one), ["a3"]);
    assert_eq!(one["has_more"], false);
    assert!(
        one["items"][0].get("transcript").is_none()
            && one["items"][0].get("call_analysis").is_some()
    );
    let none = list(json!({"filter_criteria": {"metadata": by("attempt_id", "a9")}})).await;
    assert_eq!(none["items"], json!([]));

    let mut query = json!({"filter_criteria": {"metadata": by("session_id", "s")}, "limit": 2, "include_total": true});
    let mut seen = Vec::new();
    loop {
        let page = list(query.clone()).await;
        assert_eq!(page["total"], 5);
        seen.extend(attempts(&page));
        if page["has_more"] == false {
            break;
        }
        query["pagination_key"] = page["pagination_key"].clone();
    }
    assert_eq!(seen, ["a4", "a3", "a2", "a1", "a0"]);
    assert_eq!(
        attempts(&list(json!({"sort_order": "ascending", "limit": 1})).await),
        ["a0"]
    );
    let late = (start_of_day() + TimeDelta::seconds(303)).timestamp_millis();
    let since = json!({"start_timestamp": {"op": "ge", "type": "number", "value": late}});
    assert_eq!(
        attempts(&list(json!({"filter_criteria": since})).await),
        ["a4", "a3"]
    );
    for bad in [
        json!({"filter_criteria": {"weather": {"op": "eq", "type": "string", "value": "fine"}}}),
        json!({"filter_criteria": {"metadata": {}}}),
        json!({"limit": 0}),
        json!({"sort_order": "sideways"}),
    ] {
        assert_eq!(
            refusal(world.post("/v3/list-calls", KEY, &bad).await)
                .await
                .0,
            400,
            "{bad}"
        );
    }
}

#[tokio::test]
async fn concurrency_counts_calls_under_way() {
    let world = world().await;
    world.created(&body()).await;
    world.created(&body()).await;
    let now: Value = world.get("/get-concurrency").await.json().await.unwrap();
    assert_eq!(now["current_concurrency"], 2);
    assert!(now["concurrency_limit"].is_u64());
    world.advance(60);
    let later: Value = world.get("/get-concurrency").await.json().await.unwrap();
    assert_eq!(later["current_concurrency"], 0);
}
