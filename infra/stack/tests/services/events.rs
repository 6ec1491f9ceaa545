use aws_sdk_eventbridge::types::{PutEventsRequestEntry, RuleState, Target};
use serde_json::{Value, json};

use crate::{code, with_manual_clock};

fn entry(source: &str, kind: &str, detail: &str) -> PutEventsRequestEntry {
    PutEventsRequestEntry::builder()
        .source(source)
        .detail_type(kind)
        .detail(detail)
        .build()
}

#[tokio::test]
async fn events_reach_the_queues_of_the_rules_they_match() {
    let (stack, _) = with_manual_clock().await;
    let (events, sqs) = (stack.events(), stack.sqs());
    for name in ["calls", "all"] {
        sqs.create_queue().queue_name(name).send().await.unwrap();
    }
    events.create_event_bus().name("vio").send().await.unwrap();
    let rule = |name: &str, pattern: Value| {
        events
            .put_rule()
            .event_bus_name("vio")
            .name(name)
            .event_pattern(pattern.to_string())
            .send()
    };
    rule(
        "calls",
        json!({ "source": ["vio"], "detail-type": ["call_settled"] }),
    )
    .await
    .unwrap();
    rule("all", json!({ "source": ["vio"] })).await.unwrap();
    for name in ["calls", "all"] {
        let arn = format!("arn:aws:sqs:eu-west-2:000000000000:{name}");
        let target = Target::builder().id("q").arn(arn).build().unwrap();
        let put = events
            .put_targets()
            .event_bus_name("vio")
            .rule(name)
            .targets(target)
            .send()
            .await;
        assert_eq!(put.unwrap().failed_entry_count(), 0);
    }
    let put = |entry: PutEventsRequestEntry| events.put_events().entries(entry).send();
    let on_bus = |kind: &str| {
        let mut entry = entry("vio", kind, r#"{"session_id":"s"}"#);
        entry.event_bus_name = Some("vio".to_owned());
        entry
    };
    let answer = put(on_bus("call_settled")).await.unwrap();
    put(on_bus("contact_changed")).await.unwrap();
    put(entry("vio", "call_settled", "{}")).await.unwrap();
    assert_eq!(stack.message_counts()["calls"], 1);
    assert_eq!(stack.message_counts()["all"], 2);

    let url = sqs
        .get_queue_url()
        .queue_name("calls")
        .send()
        .await
        .unwrap()
        .queue_url
        .unwrap();
    let received = sqs.receive_message().queue_url(url).send().await.unwrap();
    let event: Value = serde_json::from_str(received.messages()[0].body().unwrap()).unwrap();
    assert_eq!(event["id"], answer.entries()[0].event_id().unwrap());
    assert_eq!(event["detail"], json!({ "session_id": "s" }));
    assert_eq!(event["detail-type"], "call_settled");
    assert_eq!(event["time"], "2026-03-01T09:00:00Z");

    let disable = events
        .put_rule()
        .event_bus_name("vio")
        .name("all")
        .state(RuleState::Disabled);
    disable
        .event_pattern(r#"{"source":["vio"]}"#)
        .send()
        .await
        .unwrap();
    put(on_bus("contact_changed")).await.unwrap();
    assert_eq!(stack.message_counts()["all"], 2);
}

#[tokio::test]
async fn bad_events_rules_and_targets_are_refused() {
    let (stack, _) = with_manual_clock().await;
    let events = stack.events();
    let put = |entries: Vec<_>| events.put_events().set_entries(Some(entries)).send();
    let answer = put(vec![
        entry("vio", "fine", "{}"),
        entry("vio", "bad", "not json"),
        entry("vio", "", "{}"),
        entry("vio", "list", "[]"),
    ]);
    let answer = answer.await.unwrap();
    assert_eq!(answer.failed_entry_count(), 3);
    let codes: Vec<_> = answer
        .entries()
        .iter()
        .map(|entry| entry.error_code())
        .collect();
    assert_eq!(
        codes,
        [
            None,
            Some("MalformedDetail"),
            Some("InvalidArgument"),
            Some("MalformedDetail")
        ]
    );
    assert_eq!(
        code(put(vec![entry("vio", "x", "{}"); 11]).await),
        "ValidationException"
    );
    let large = format!(r#"{{"x":"{}"}}"#, "x".repeat(262_144));
    assert_eq!(
        code(put(vec![entry("vio", "x", &large)]).await),
        "ValidationException"
    );

    let rule = |bus: &str, pattern: &str| {
        events
            .put_rule()
            .event_bus_name(bus)
            .name("r")
            .event_pattern(pattern)
            .send()
    };
    assert_eq!(
        code(rule("default", "{").await),
        "InvalidEventPatternException"
    );
    let unknown = rule("default", r#"{"source":[{"anything-but":"x"}]}"#).await;
    assert_eq!(code(unknown), "InvalidEventPatternException");
    assert_eq!(
        code(rule("none", r#"{"source":["x"]}"#).await),
        "ResourceNotFoundException"
    );
    rule("default", r#"{"source":["x"]}"#).await.unwrap();
    let target = Target::builder()
        .id("t")
        .arn("arn:aws:lambda:eu-west-2:000000000000:function:f")
        .build();
    let target = events
        .put_targets()
        .rule("r")
        .targets(target.unwrap())
        .send()
        .await
        .unwrap();
    assert_eq!(target.failed_entry_count(), 1);
}
