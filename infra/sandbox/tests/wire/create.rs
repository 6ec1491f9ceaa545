//! Creating calls: what is accepted, what is refused, and the idempotency hour.

use std::time::Duration;

use reqwest::header;
use serde_json::{Value, json};
use vio_sandbox::{Fault, Outcome};

use crate::support::*;

#[tokio::test]
async fn a_call_is_created_and_logged() {
    let world = world().await;
    let call = world
        .created(&body_with(json!({"idempotency_key": "k1"})))
        .await;
    assert_eq!(call["call_type"], "phone_call");
    assert_eq!(call["direction"], "outbound");
    assert_eq!(call["call_status"], "registered");
    assert_eq!(call["from_number"], FROM);
    assert_eq!(call["to_number"], TO);
    assert_eq!(call["agent_id"], AGENT);
    assert_eq!(call["metadata"]["attempt_id"], "attempt-1");
    assert_eq!(call["retell_llm_dynamic_variables"]["first_name"], "Ada");
    assert!(call.get("start_timestamp").is_none());

    let calls = world.sandbox.calls();
    assert_eq!(calls.len(), 1);
    assert_eq!(call["call_id"], *calls[0].call_id);
    assert_eq!(calls[0].arrived_at_clock, start_of_day());
    assert!(
        (chrono::Utc::now() - calls[0].arrived_at)
            .num_seconds()
            .abs()
            < 60
    );
    assert_eq!(calls[0].to_number, TO);
    assert_eq!(
        calls[0].dynamic_variables["appointment_time"],
        "ten o'clock"
    );
    assert_eq!(calls[0].metadata["session_id"], "session-1");
    assert_eq!(calls[0].idempotency_key.as_deref(), Some("k1"));
    assert_eq!(calls[0].outcome, Outcome::default());
    let requests = world.sandbox.requests();
    assert_eq!(requests.len(), 1);
    assert_eq!(requests[0].status, Some(201));
    assert_eq!(requests[0].call_id.as_ref(), Some(&calls[0].call_id));
}

#[tokio::test]
async fn the_sdk_sample_is_well_formed() {
    // Retell's own test request, with numbers and agent of this account.
    let world = world().await;
    let sample = json!({
        "from_number": FROM, "to_number": "+12137774445", "override_agent_id": AGENT,
        "override_agent_version": "latest_published", "metadata": {},
        "retell_llm_dynamic_variables": {"customer_name": "John Doe"},
        "custom_sip_headers": {"X-Custom-Header": "Custom Value"}, "ignore_e164_validation": true,
    });
    let call = world.created(&sample).await;
    assert_eq!(call["agent_version"], "latest_published");
}

#[tokio::test]
async fn malformed_requests_are_400_and_ring_nobody() {
    let world = world().await;
    let agent = |agent: Value| body_with(json!({"agent_override": {"agent": agent}}));
    let mut no_to = body();
    no_to.as_object_mut().unwrap().remove("to_number");
    let mut no_from = body();
    no_from.as_object_mut().unwrap().remove("from_number");
    let bodies = [
        ("to_number", no_to),
        ("from_number", no_from),
        ("to_number", body_with(json!({"to_number": "07400 123456"}))),
        (
            "to_number",
            body_with(json!({"to_number": "+0447400123456"})),
        ),
        (
            "to_number",
            body_with(json!({"to_number": "+4474001234561234"})),
        ),
        (
            "to_number",
            body_with(json!({"to_number": 447_400_123_456_u64})),
        ),
        (
            "from_number",
            body_with(json!({"from_number": "+44 2079460000"})),
        ),
        (
            "retell_llm_dynamic_variables",
            body_with(json!({"retell_llm_dynamic_variables": {"n": 3}})),
        ),
        (
            "retell_llm_dynamic_variables",
            body_with(json!({"retell_llm_dynamic_variables": {"n": null}})),
        ),
        (
            "retell_llm_dynamic_variables",
            body_with(json!({"retell_llm_dynamic_variables": ["a"]})),
        ),
        ("metadata", body_with(json!({"metadata": "text"}))),
        (
            "metadata",
            body_with(json!({"metadata": {"long": "x".repeat(60_000)}})),
        ),
        (
            "override_agent_id",
            body_with(json!({"override_agent_id": 7})),
        ),
        (
            "override_agent_version",
            body_with(json!({"override_agent_version": 1.5})),
        ),
        ("idempotency_key", body_with(json!({"idempotency_key": ""}))),
        (
            "honor_internal_dnc",
            body_with(json!({"honor_internal_dnc": "yes"})),
        ),
        (
            "webhook_url",
            agent(json!({"webhook_url": "ftp://127.0.0.1/"})),
        ),
        (
            "webhook_events",
            agent(json!({"webhook_events": ["call_finished"]})),
        ),
        (
            "max_call_duration_ms",
            agent(json!({"max_call_duration_ms": "900000"})),
        ),
        (
            "data_storage_setting",
            agent(json!({"data_storage_setting": "some"})),
        ),
        ("object", json!([])),
    ];
    for (what, body) in bodies {
        let (status, message) = refusal(world.create(&body).await).await;
        assert_eq!(status, 400, "{what}: {message}");
        assert!(message.contains(what), "{what}: {message}");
        assert!(
            !message.contains("447400") && !message.contains("07400"),
            "repeats what was sent: {message}"
        );
    }
    let raw = world
        .client
        .post(world.url("/v2/create-phone-call"))
        .bearer_auth(KEY)
        .body("{\"from_number\":");
    assert_eq!(refusal(raw.send().await.unwrap()).await.0, 400);
    assert!(world.sandbox.calls().is_empty());
    let requests = world.sandbox.requests();
    assert_eq!(requests.len(), 22);
    assert!(
        requests
            .iter()
            .all(|request| request.status == Some(400) && request.message.is_some())
    );
}

#[tokio::test]
async fn wrong_keys_are_401_everywhere() {
    let world = world().await;
    let unauthorised = (401, "API key is missing or invalid.".to_owned());
    let call = world.created(&body()).await;
    let id = call["call_id"].as_str().unwrap();
    for (method, path) in [
        ("POST", "/v2/create-phone-call".to_owned()),
        ("POST", "/v3/list-calls".to_owned()),
        ("GET", "/get-concurrency".to_owned()),
        ("GET", format!("/v2/get-call/{id}")),
        ("POST", format!("/v2/stop-call/{id}")),
        ("DELETE", format!("/v2/delete-call/{id}")),
    ] {
        let request = || {
            world
                .client
                .request(method.parse().unwrap(), world.url(&path))
                .json(&body())
        };
        assert_eq!(
            refusal(request().bearer_auth("wrong").send().await.unwrap()).await,
            unauthorised,
            "{path}"
        );
        assert_eq!(
            refusal(request().send().await.unwrap()).await,
            unauthorised,
            "{path}"
        );
        let basic = request().header(header::AUTHORIZATION, format!("Basic {KEY}"));
        assert_eq!(
            refusal(basic.send().await.unwrap()).await,
            unauthorised,
            "{path}"
        );
    }
    assert_eq!(world.sandbox.calls().len(), 1);
}

#[tokio::test]
async fn unknown_assets_are_422() {
    let world = world().await;
    let unknown = (
        422,
        "Cannot find requested asset under given api key.".to_owned(),
    );
    for change in [
        json!({"override_agent_id": "agent_2"}),
        json!({"from_number": "+442079460001"}),
    ] {
        assert_eq!(
            refusal(world.create(&body_with(change)).await).await,
            unknown
        );
    }
    assert!(world.sandbox.calls().is_empty());
    assert_eq!(
        refusal(world.get("/v2/get-call/call_nobody").await).await,
        unknown
    );
    // Another account's call is as unknown as one that never was.
    let call = world.created(&body()).await;
    let path = format!("/v2/get-call/{}", call["call_id"].as_str().unwrap());
    let other = world
        .client
        .get(world.url(&path))
        .bearer_auth(OTHER_KEY)
        .send()
        .await
        .unwrap();
    assert_eq!(refusal(other).await, unknown);
    let listed: Value = world
        .post("/v3/list-calls", OTHER_KEY, &json!({}))
        .await
        .json()
        .await
        .unwrap();
    assert_eq!(listed["items"], json!([]));
}

#[tokio::test]
async fn scripted_refusals_create_no_call() {
    let world = world().await;
    world.script(json!({"next": [
        {"fault": "500"}, {"fault": "402"}, {"fault": "429", "retry_after_seconds": 7}, {"fault": "429"},
        {"fault": "429", "retry_after_seconds": 0},
    ]}));
    let keyed = body_with(json!({"idempotency_key": "k"}));
    assert_eq!(
        refusal(world.create(&keyed).await).await,
        (500, "An unexpected server error occurred.".to_owned())
    );
    assert_eq!(
        refusal(world.create(&keyed).await).await,
        (
            402,
            "Trial has ended, please add payment method.".to_owned()
        )
    );
    for expected in [Some("7"), Some("60"), None] {
        let answer = world.create(&keyed).await;
        let retry_after = answer
            .headers()
            .get(header::RETRY_AFTER)
            .map(|value| value.to_str().unwrap().to_owned());
        assert_eq!(retry_after.as_deref(), expected);
        assert_eq!(
            refusal(answer).await,
            (
                429,
                "Account rate limited, please throttle your requests.".to_owned()
            )
        );
    }
    assert!(world.sandbox.calls().is_empty());
    // The key was never used, and the script is back at its default.
    world.created(&keyed).await;
    assert_eq!(world.sandbox.calls().len(), 1);
    let statuses: Vec<_> = world
        .sandbox
        .requests()
        .iter()
        .map(|request| request.status.unwrap())
        .collect();
    assert_eq!(statuses, [500, 402, 429, 429, 429, 201]);
}

#[tokio::test]
async fn a_key_holds_for_exactly_one_hour() {
    let world = world().await;
    let keyed = body_with(json!({"idempotency_key": "k"}));
    let first = world.created(&keyed).await;
    world.advance(3_599);
    world.clock.advance(Duration::from_millis(999));
    assert_eq!(world.created(&keyed).await["call_id"], first["call_id"]);
    assert_eq!(world.sandbox.calls().len(), 1);
    world.clock.advance(Duration::from_millis(1));
    let second = world.created(&keyed).await;
    assert_ne!(second["call_id"], first["call_id"]);
    assert_eq!(world.sandbox.calls().len(), 2);
    // From then on the key is the second call's.
    world.advance(3_599);
    assert_eq!(world.created(&keyed).await["call_id"], second["call_id"]);
    let repeats: Vec<_> = world
        .sandbox
        .requests()
        .iter()
        .map(|request| request.repeat)
        .collect();
    assert_eq!(repeats, [false, true, false, true]);
}

#[tokio::test]
async fn a_key_is_for_one_request_of_one_account() {
    let world = world().await;
    let keyed = body_with(json!({"idempotency_key": "k"}));
    let first = world.created(&keyed).await;
    // The same request with its members in another order is the same request.
    let reordered = "{\"retell_llm_dynamic_variables\":{\"first_name\":\"Ada\",\"appointment_time\":\"ten o'clock\"},\
        \"idempotency_key\":\"k\",\"to_number\":\"+447400123456\",\"override_agent_id\":\"agent_1\",\
        \"metadata\":{\"session_id\":\"session-1\",\"attempt_id\":\"attempt-1\"},\"from_number\":\"+442079460000\"}";
    let answer = world
        .client
        .post(world.url("/v2/create-phone-call"))
        .bearer_auth(KEY)
        .body(reordered);
    let again: Value = answer.send().await.unwrap().json().await.unwrap();
    assert_eq!(again["call_id"], first["call_id"]);
    // Another request under it is refused.
    let other = body_with(json!({"idempotency_key": "k", "to_number": "+447400123457"}));
    let (status, message) = refusal(world.create(&other).await).await;
    assert_eq!(status, 400);
    assert!(message.contains("idempotency_key"));
    // Another account's key of the same name is another key.
    let theirs = body_with(json!({
        "idempotency_key": "k", "from_number": "+442079460001", "override_agent_id": "agent_2",
    }));
    assert_eq!(
        world
            .post("/v2/create-phone-call", OTHER_KEY, &theirs)
            .await
            .status(),
        201
    );
    assert_eq!(world.sandbox.calls().len(), 2);
    // Without a key nothing protects.
    world.created(&body()).await;
    world.created(&body()).await;
    assert_eq!(world.sandbox.calls().len(), 4);
}

#[tokio::test]
async fn simultaneous_repeats_make_one_call() {
    let world = world().await;
    let keyed = body_with(json!({"idempotency_key": "k"}));
    let (a, b, c, d) = tokio::join!(
        world.created(&keyed),
        world.created(&keyed),
        world.created(&keyed),
        world.created(&keyed)
    );
    assert!(
        [&b, &c, &d]
            .iter()
            .all(|call| call["call_id"] == a["call_id"])
    );
    assert_eq!(world.sandbox.calls().len(), 1);
    assert_eq!(world.sandbox.requests().len(), 4);
}

#[tokio::test]
async fn an_answer_can_be_withheld_from_a_call_that_goes_on() {
    let world = world().await;
    let receiver = Receiver::start(&[]).await;
    world.script(json!({"next": [Outcome::fault(Fault::TimeoutAfterAccept)]}));
    let mut keyed = body_for(&receiver);
    keyed["idempotency_key"] = json!("k");
    let impatient = world
        .client
        .post(world.url("/v2/create-phone-call"))
        .bearer_auth(KEY)
        .json(&keyed)
        .timeout(Duration::from_millis(400))
        .send()
        .await;
    assert!(impatient.unwrap_err().is_timeout());
    let calls = world.sandbox.calls();
    assert_eq!(calls.len(), 1);
    assert_eq!(world.sandbox.requests()[0].status, None);
    world.advance(3);
    receiver.settle(1).await;
    // The repeat is answered, with the same call.
    let again = world.created(&keyed).await;
    assert_eq!(again["call_id"], *calls[0].call_id);
    assert_eq!(again["call_status"], "ongoing");
    assert_eq!(world.sandbox.calls().len(), 1);
}

#[tokio::test]
async fn somebody_who_asked_not_to_be_called_is_not_where_that_is_honoured() {
    let world = world().await;
    world.script(json!({"next": [{"disconnection_reason": "user_requested_dnc"}]}));
    world.created(&body()).await;
    world.advance(60);
    assert_eq!(
        refusal(
            world
                .create(&body_with(json!({"honor_internal_dnc": true})))
                .await
        )
        .await
        .0,
        400
    );
    world.created(&body()).await;
}
