//! Outgoing webhooks, end to end: what happens in the running product reaches a receiver once, signed, past its faults, and
//! through the queue and the tick.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeSet;
use std::time::Duration;

use chrono::TimeDelta;
use reqwest::Method;
use serde_json::{Value, json};
use vio_local::{Host, HostOptions};
use vio_sandbox::Received;
use vio_tests::Clinic;
use vio_tests::time::{quiet_tuesday, wait_until};

const SOON: Duration = Duration::from_secs(30);

struct Stage {
    host: Host,
    clinic: Clinic,
    /// The address's path in the API.
    path: String,
}

impl Stage {
    async fn new(events: &[&str]) -> Self {
        let host = Host::start(HostOptions::ephemeral()).await.unwrap();
        let clinic = Clinic::sign_up(&host.base_url()).await;
        let client = &clinic.client;
        let url = format!("{}/tests", host.sandbox().receiver_url());
        let body = json!({ "url": url, "events": events });
        let made = client
            .request(Method::POST, "/api/outgoing-webhooks", Some(&body))
            .await;
        let id = made["id"].as_str().unwrap();
        let path = format!("/api/outgoing-webhooks/{id}");
        let stage = Self { host, clinic, path };
        stage.answers(json!({ "secrets": [made["secret"]] }));
        stage
    }

    fn answers(&self, script: Value) {
        let script = serde_json::from_value(script).unwrap();
        self.host.sandbox().receiver_script(script);
    }

    async fn got(&self, count: usize) -> Vec<Received> {
        wait_until("messages at the receiver", SOON, async || {
            let got = self.host.sandbox().received();
            (got.len() >= count).then_some(got)
        })
        .await
    }

    async fn delivery(&self, status: &str) -> Value {
        let path = format!("{}/deliveries", self.path);
        wait_until(status, SOON, async || {
            let list = self.clinic.client.request(Method::GET, &path, None).await;
            let newest = list["deliveries"][0].clone();
            // A try counts before its answer is there.
            (newest["status"] == status && newest["last_try"].is_object()).then_some(newest)
        })
        .await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_happens_is_told_once_and_signed() {
    let stage = Stage::new(&[
        "contact.created",
        "appointment.created",
        "appointment.confirmed",
    ])
    .await;
    let day = quiet_tuesday(stage.host.app().store.now());
    let contact = stage.clinic.contact(0, day + TimeDelta::days(1)).await;
    let got = stage.got(2).await;
    let types: BTreeSet<_> = got
        .iter()
        .map(|one| one.body["type"].as_str().unwrap())
        .collect();
    assert_eq!(
        types,
        BTreeSet::from(["appointment.created", "contact.created"])
    );
    for one in &got {
        assert_eq!(
            (one.verified, one.repeat, one.answered),
            (Some(true), false, 204)
        );
        assert_eq!(one.body["data"]["contact_id"], contact["id"]);
        let text = one.body.to_string();
        let name = contact["name"].as_str().unwrap();
        assert!(!text.contains(name) && !text.contains("+44"), "{text}");
    }
    let path = format!(
        "/api/appointments/{}",
        contact["appointment_id"].as_str().unwrap()
    );
    let change = json!({
        "appointment_status": "confirmed", "confirmation_method": "phone", "reason": "They rang us.",
    });
    stage.clinic.client.patch(&path, &change).await;
    let told = stage.got(3).await.remove(2);
    assert_eq!(told.body["type"], "appointment.confirmed");
    assert_eq!(told.body["data"]["status"], "confirmed");
    assert_eq!(told.body["data"]["id"], contact["appointment_id"]);
    // Nothing more comes, and nothing twice.
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(stage.got(3).await.len(), 3);
    stage.host.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receivers_faults_are_seen_and_outlasted() {
    let stage = Stage::new(&["contact.created"]).await;
    stage.answers(json!({ "next": [{ "status": 500 }] }));
    let test = format!("{}/test", stage.path);
    let client = &stage.clinic.client;
    client.request(Method::POST, &test, Some(&json!({}))).await;
    let waiting = stage.delivery("waiting").await;
    assert_eq!(waiting["last_try"]["response_status"], 500);
    wait_until("it is known to fail", SOON, async || {
        let shown = client.request(Method::GET, &stage.path, None).await;
        shown["failing_since"].is_string().then_some(())
    })
    .await;
    // Five to six seconds later, from the queue: no tick is needed.
    let taken = stage.delivery("delivered").await;
    assert_eq!((&taken["tries"], &taken["id"]), (&json!(2), &waiting["id"]));
    let got = stage.got(2).await;
    assert_eq!(
        (got[0].id.as_ref(), got[1].repeat),
        (got[1].id.as_ref(), true)
    );
    // Gone is gone, until staff say otherwise and send it again.
    stage.answers(json!({ "next": [{ "status": 410 }] }));
    client.request(Method::POST, &test, Some(&json!({}))).await;
    let failed = stage.delivery("failed").await;
    assert_eq!(failed["last_try"]["response_status"], 410);
    let off = wait_until("it is switched off", SOON, async || {
        let shown = client.request(Method::GET, &stage.path, None).await;
        (shown["enabled"] == false).then_some(shown)
    })
    .await;
    assert_eq!(off["disabled"]["reason"], "gone");
    client.patch(&stage.path, &json!({ "enabled": true })).await;
    let replay = json!({ "failed_since": "2020-01-01T00:00:00Z" });
    let path = format!("{}/replay", stage.path);
    let put = client.request(Method::POST, &path, Some(&replay)).await;
    assert_eq!(put["replayed"], 1);
    let taken = stage.delivery("delivered").await;
    assert_eq!(taken["id"], failed["id"]);
    // What is signed with another secret is not taken by who checks.
    stage.answers(json!({ "secrets": ["whsec_c3RyYW5nZXI="] }));
    client.request(Method::POST, &test, Some(&json!({}))).await;
    let refused = stage.delivery("waiting").await;
    assert_eq!(refused["last_try"]["response_status"], 401);
    stage.host.shutdown().await;
}
