//! Messages end to end: settings, a send, signed callbacks, an answer, all over the wire against the sandbox.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod desk;

use desk::{Client, options};
use reqwest::Method;
use serde_json::{Value, json};
use vio_domain::calling::limits::CallLimits;
use vio_local::{Host, HostOptions};

const PHONE: &str = "+447912345678";

async fn connect(client: &Client, host: &Host) -> Value {
    let sandbox = host.sandbox().twilio_url();
    let twilio = json!({ "enabled": true, "account_sid": format!("AC{}", "a".repeat(32)),
            "auth_token": "twilio-token-0123456789", "from_number": "07700 153842", "base_url": sandbox });
    let body = json!({ "twilio": twilio });
    client
        .ok(Method::PATCH, "/api/settings/integrations", body)
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_goes_out_its_news_and_its_answer_come_back() {
    let host = Host::start(options()).await.unwrap();
    let client = Client::new(&host).await;
    let (_, tried) = client
        .ask(
            Method::POST,
            "/api/settings/integrations/twilio/test",
            json!({}),
        )
        .await;
    assert_eq!(tried["outcome"], "not_configured");
    let saved = connect(&client, &host).await;
    assert_eq!(saved["twilio"]["configured"], true);
    assert_eq!(saved["twilio"]["auth_token"], "••••6789");
    let (_, tried) = client
        .ask(
            Method::POST,
            "/api/settings/integrations/twilio/test",
            json!({}),
        )
        .await;
    assert_eq!(tried["outcome"], "works", "{tried}");

    let person = json!({ "name": "Ada Example", "phone": PHONE, "preferences": { "sms_opt_in": true },
        "preferred_contact_method": "sms", "appointment_time": "2027-01-06T10:00:00Z" });
    let made = client.ok(Method::POST, "/api/contacts", person).await;
    let who = format!("/api/contacts/{}", made["id"].as_str().unwrap());
    assert_eq!(made["needs_attention"], Value::Null);
    let sent = client
        .ok(Method::POST, &format!("{who}/send-reminder"), json!({}))
        .await;
    assert_eq!(sent["status"], "queued");
    let timeline = format!("{who}/interactions");
    let shown = client
        .until(&timeline, |answer| {
            answer["interactions"][0]["status"] == "delivered"
        })
        .await;
    let entry = &shown["interactions"][0];
    assert_eq!(entry["direction"], "outbound");
    let outbox = client
        .ok(Method::GET, "/dev/outbox?channel=sms", Value::Null)
        .await;
    let messages = outbox["messages"].as_array().unwrap();
    assert_eq!(messages.len(), 1);
    assert_eq!(messages[0]["id"], entry["provider_message_id"]);
    assert_eq!(
        (&messages[0]["to"], &messages[0]["body"]),
        (&json!(PHONE), &entry["text"])
    );

    let reply = json!({ "tenant_id": made["tenant_id"], "from": PHONE, "body": "Yes" });
    let heard = client.ok(Method::POST, "/dev/sms/reply", reply).await;
    assert_eq!(heard["status"], 200, "{heard}");
    let confirmed = client
        .until(&who, |answer| answer["appointment_status"] == "confirmed")
        .await;
    assert_eq!(confirmed["confirmation_method"], "sms");
    let reply = json!({ "tenant_id": made["tenant_id"], "from": PHONE, "body": "STOP" });
    client.ok(Method::POST, "/dev/sms/reply", reply).await;
    client
        .until(&who, |answer| answer["preferences"]["sms_opt_in"] == false)
        .await;
    let (status, problem) = client
        .ask(
            Method::POST,
            &format!("{who}/send-sms"),
            json!({ "message": "Hello." }),
        )
        .await;
    assert_eq!(status, 409, "{problem}");
    host.shutdown().await;
}

/// The answer is lost and no callback comes: the list tells, and nothing goes out twice.
#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_is_looked_for_and_not_repeated() {
    let host = Host::start(options()).await.unwrap();
    let client = Client::new(&host).await;
    connect(&client, &host).await;
    let person =
        json!({ "name": "Ada Example", "phone": PHONE, "preferences": { "sms_opt_in": true } });
    let made = client.ok(Method::POST, "/api/contacts", person).await;
    let who = format!("/api/contacts/{}", made["id"].as_str().unwrap());
    let script = json!({ "next": [{ "fault": "silent_after_accept" }] });
    client.ok(Method::POST, "/dev/sms/script", script).await;
    let body = json!({ "message": "Hello." });
    client
        .ok(Method::POST, &format!("{who}/send-sms"), body)
        .await;
    client
        .until("/dev/outbox?channel=sms", |outbox| {
            outbox["messages"].as_array().unwrap().len() == 1
        })
        .await;
    // The send gives up after fifteen seconds; the clock does not move while it is under way.
    client
        .ok(Method::POST, "/dev/clock", json!({ "advance_seconds": 60 }))
        .await;
    let timeline = format!("{who}/interactions");
    client
        .until(&timeline, |answer| {
            answer["interactions"][0]["status"] == "sent"
                || answer["interactions"][0]["status"] == "delivered"
        })
        .await;
    let outbox = client
        .ok(Method::GET, "/dev/outbox?channel=sms", Value::Null)
        .await;
    assert_eq!(outbox["messages"].as_array().unwrap().len(), 1);
    host.shutdown().await;
}

/// Somebody with an appointment on Wednesday at ten, who is called the day before; their path and number.
async fn patient(client: &Client, name: &str, phone: &str, opted_in: bool) -> String {
    let person = json!({ "name": name, "phone": phone, "preferences": { "sms_opt_in": opted_in },
        "appointment_time": "2027-01-06T10:00:00Z" });
    let made = client.ok(Method::POST, "/api/contacts", person).await;
    assert_eq!(made["next_call_at"], "2027-01-05T10:00:00Z", "{made}");
    format!("/api/contacts/{}", made["id"].as_str().unwrap())
}

/// A host whose business can ring and write, with one patient who takes messages and one who does not.
async fn with_two_patients(options: HostOptions) -> (Host, Client, [String; 2]) {
    let host = Host::start(options).await.unwrap();
    let client = Client::new(&host).await;
    connect(&client, &host).await;
    let retell =
        json!({ "agent_id": "agent_1", "from_number": "+442079460199", "api_key": "key_tests" });
    let retell = json!({ "retell": retell });
    client
        .ok(Method::PATCH, "/api/settings/integrations", retell)
        .await;
    let one = patient(&client, "Ada Example", PHONE, true).await;
    let other = patient(&client, "Ben Sample", "+447912345679", false).await;
    (host, client, [one, other])
}

/// S0-68: who took messages gets exactly one after the second failure, and staff know of both.
#[tokio::test(flavor = "multi_thread")]
async fn after_two_failed_calls_whoever_opted_in_gets_one_message() {
    let (host, mut client, [taker, other]) = with_two_patients(options()).await;
    let silent = json!({ "default": { "disconnection_reason": "dial_no_answer" } });
    client.ok(Method::POST, "/dev/sandbox/script", silent).await;
    for (attempt, at) in [(1, "2027-01-05T10:00:30Z"), (2, "2027-01-05T12:05:00Z")] {
        assert_eq!(client.outbox("sms").await.len(), 0);
        client.clock(at).await;
        for who in [&taker, &other] {
            client
                .until(who, |contact| contact["call_attempts"] == attempt)
                .await;
        }
    }
    for who in [&taker, &other] {
        client
            .until(who, |contact| !contact["needs_attention"].is_null())
            .await;
    }
    client.clock("2027-01-05T12:06:00Z").await;
    let timeline = format!("{taker}/interactions");
    client
        .until(&timeline, |answer| {
            answer["interactions"][0]["status"] == "delivered"
        })
        .await;
    client.clock("2027-01-06T09:30:00Z").await;
    client
        .until(&taker, |contact| {
            contact["call_state"] != "calling_in_progress"
        })
        .await;
    let messages = client.outbox("sms").await;
    assert_eq!(messages.len(), 1, "{messages:?}");
    assert_eq!(messages[0]["to"], PHONE);
    host.shutdown().await;
}

/// S0-70: a reminder that could not be placed in time.
#[tokio::test(flavor = "multi_thread")]
async fn a_missed_window_is_made_up_for_by_a_message_where_the_person_opted_in() {
    let (host, mut client, [taker, other]) = with_two_patients(options()).await;
    // Nothing ran from the day before until half past eight; calls were to be placed by eight.
    client.clock("2027-01-06T08:30:00Z").await;
    client
        .until(&other, |contact| {
            contact["needs_attention"]["reason"] == "window_missed"
        })
        .await;
    client.clock("2027-01-06T08:31:00Z").await;
    let timeline = format!("{taker}/interactions");
    client
        .until(&timeline, |answer| {
            answer["interactions"][0]["status"] == "delivered"
        })
        .await;
    let contact = client.ok(Method::GET, &taker, Value::Null).await;
    assert_eq!(contact["needs_attention"], Value::Null);
    assert_eq!(contact["call_attempts"], 0);
    let messages = client.outbox("sms").await;
    assert_eq!(messages.len(), 1, "{messages:?}");
    assert_eq!(messages[0]["to"], PHONE);
    host.shutdown().await;
}

/// S0-70: the provider answers nothing but errors until the window ends. At its end no SMS may be sent any more.
#[tokio::test(flavor = "multi_thread")]
async fn while_the_provider_fails_the_last_hour_of_the_window_is_for_messages() {
    // A send is repeated until its bound, in real seconds.
    let bound = |name: &str| (name == "VIO_PLACEMENT_BOUND_SECONDS").then(|| "3".to_owned());
    let options = HostOptions {
        limits: CallLimits::from_lookup(bound).unwrap(),
        ..options()
    };
    let (host, mut client, [taker, other]) = with_two_patients(options).await;
    let failing = json!({ "default": { "disconnection_reason": "user_hangup", "fault": "500" } });
    client
        .ok(Method::POST, "/dev/sandbox/script", failing)
        .await;
    // Found out and tried again from ten in the morning; in good time nobody is written to.
    for at in ["10:00:30", "10:20:00", "18:40:00"] {
        client.clock(&format!("2027-01-05T{at}Z")).await;
    }
    assert_eq!(client.outbox("sms").await.len(), 0);
    let mut minute = 5;
    while client.outbox("sms").await.is_empty() && minute < 60 {
        client
            .clock(&format!("2027-01-05T19:{minute:02}:00Z"))
            .await;
        minute += 3;
    }
    client
        .until(&taker, |contact| contact["next_call_at"].is_null())
        .await;
    client.clock("2027-01-05T20:05:00Z").await;
    client
        .until(&other, |contact| {
            contact["needs_attention"]["reason"] == "window_missed"
        })
        .await;
    let contact = client.ok(Method::GET, &taker, Value::Null).await;
    assert_eq!(contact["needs_attention"], Value::Null);
    let messages = client.outbox("sms").await;
    assert_eq!(messages.len(), 1, "{messages:?}");
    assert_eq!(messages[0]["to"], PHONE);
    host.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_are_looked_up_where_that_is_set_up_and_judged_without_it_otherwise() {
    let host = Host::start(options()).await.unwrap();
    let client = Client::new(&host).await;
    let ask = json!({ "phone": PHONE });
    let path = "/api/contacts/validate-phone";
    let plain = client.ok(Method::POST, path, ask.clone()).await;
    assert_eq!(plain["validation_source"], "libphonenumber");
    connect(&client, &host).await;
    let found = client.ok(Method::POST, path, ask.clone()).await;
    assert_eq!(found["validation_source"], "twilio");
    assert_eq!(
        (&found["carrier"], &found["line_type"]),
        (&json!("Sandbox Telecom"), &json!("mobile"))
    );
    // S1-07: Twilio fails, the answer stays.
    let script = json!({ "lookup_status": 500 });
    client.ok(Method::POST, "/dev/sms/script", script).await;
    assert_eq!(client.ok(Method::POST, path, ask).await, plain);
    host.shutdown().await;
}
