//! The controls, and the stand-alone process.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use crate::support::*;

#[tokio::test]
async fn scripts_and_logs_go_over_http() {
    let world = world().await;
    let post = async |path: &str, body: Value| {
        world
            .client
            .post(world.url(path))
            .json(&body)
            .send()
            .await
            .unwrap()
            .status()
            .as_u16()
    };
    let next = json!({"next": [{"disconnection_reason": "dial_busy"}], "by_number": {
        "+447400123457": {"disconnection_reason": "user_hangup", "appointment_action": "cancelled"}}});
    assert_eq!(post("/control/script", next).await, 204);
    for bad in [
        json!({"next": [{"disconnection_raison": "dial_busy"}]}),
        json!({"default": {"fault": "503"}}),
        json!({"nxt": []}),
    ] {
        assert_eq!(post("/control/script", bad).await, 422);
    }
    world
        .created(&body_with(json!({"to_number": "+447400123457"})))
        .await;
    world.created(&body()).await;
    world.created(&body()).await;
    world.create(&json!({})).await;

    let log: Value = world.get("/control/calls").await.json().await.unwrap();
    let calls = log["calls"].as_array().unwrap();
    assert_eq!(calls[0]["outcome"]["appointment_action"], "cancelled");
    assert_eq!(calls[1]["outcome"]["disconnection_reason"], "dial_busy");
    assert_eq!(
        calls[2]["outcome"],
        json!({"disconnection_reason": "agent_hangup", "appointment_action": "confirmed"})
    );
    for field in [
        "call_id",
        "arrived_at",
        "arrived_at_clock",
        "from_number",
        "to_number",
        "metadata",
        "dynamic_variables",
        "idempotency_key",
        "outcome",
        "webhooks",
    ] {
        assert!(calls[0].get(field).is_some(), "{field}");
    }
    assert_eq!(calls[0]["arrived_at_clock"], "2026-11-20T09:00:00Z");
    let log: Value = world.get("/control/requests").await.json().await.unwrap();
    let statuses: Vec<_> = log["requests"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| r["status"].clone())
        .collect();
    assert_eq!(statuses, [201, 201, 201, 400]);
}

#[tokio::test]
async fn the_page_shows_what_was_said_and_escapes_it() {
    let world = world().await;
    let said = json!({"retell_llm_dynamic_variables": {"greeting": "<script>alert('x')</script> & \"more\""}});
    world.created(&body_with(said)).await;
    let answer = world.get("/control/").await;
    assert!(
        answer.headers()["content-security-policy"]
            .to_str()
            .unwrap()
            .starts_with("default-src 'none'")
    );
    let page = answer.text().await.unwrap();
    assert!(
        page.contains("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt; &amp; &quot;more&quot;")
    );
    assert!(!page.contains("<script"));
    assert!(page.contains(TO));
}

#[tokio::test]
async fn a_page_elsewhere_cannot_reach_the_controls_through_a_browser() {
    let world = world().await;
    let rebound = world
        .client
        .get(world.url("/control/calls"))
        .header("host", "attacker.example:80");
    assert_eq!(rebound.send().await.unwrap().status(), 403);
    // No form can post here: the body must be declared as JSON.
    let form = world
        .client
        .post(world.url("/control/script"))
        .header("content-type", "text/plain")
        .body("{}");
    assert_eq!(form.send().await.unwrap().status(), 415);
}

#[tokio::test]
async fn keys_can_be_added_and_the_clock_moved() {
    let world = world().await;
    let post = async |path: &str, body: Value| {
        world
            .client
            .post(world.url(path))
            .json(&body)
            .send()
            .await
            .unwrap()
    };
    let keys = json!({"retell": {"api_key": "new", "agents": ["a"], "numbers": [FROM]}});
    assert_eq!(post("/control/credentials", keys).await.status(), 204);
    let body = body_with(json!({"override_agent_id": "a"}));
    assert_eq!(
        world
            .post("/v2/create-phone-call", "new", &body)
            .await
            .status(),
        201
    );
    let clock: Value = post("/control/clock", json!({"advance_seconds": 60}))
        .await
        .json()
        .await
        .unwrap();
    assert_eq!(clock["now"], "2026-11-20T09:01:00Z");
    assert_eq!(
        post("/control/clock", json!({"now": "2026-11-20T09:00:30Z"}))
            .await
            .status(),
        409
    );
}

#[tokio::test]
async fn only_loopback_is_listened_on() {
    let started = vio_sandbox::Sandbox::start(vio_sandbox::SandboxOptions {
        listen: ([0, 0, 0, 0], 0).into(),
        clock: std::sync::Arc::new(vio_sandbox::OffsetClock::new()),
        data_dir: None,
        credentials: std::sync::Arc::new(vio_sandbox::StaticCredentials::new()),
    });
    assert!(matches!(
        started.await,
        Err(vio_sandbox::SandboxError::NotLoopback)
    ));
}

/// The process, ended with the test.
struct Process(Child, String);

impl Process {
    fn start(data: &std::path::Path) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_vio-sandbox"))
            .args([
                "--listen",
                "127.0.0.1:0",
                "--key",
                KEY,
                "--agent",
                AGENT,
                "--number",
                FROM,
                "--data",
            ])
            .arg(data)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let url = line.trim().strip_prefix("ready ").unwrap().to_owned();
        Self(child, url)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // SIGKILL: nothing may depend on a goodbye.
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

#[tokio::test]
async fn the_process_survives_its_own_sigkill() {
    let dir = tempfile::tempdir().unwrap();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let receiver = Receiver::start(&[]).await;
    let mut keyed = body_for(&receiver);
    keyed["idempotency_key"] = json!("k");
    let create = async |url: &str| -> Value {
        let answer = client
            .post(format!("{url}/v2/create-phone-call"))
            .bearer_auth(KEY)
            .json(&keyed)
            .send()
            .await;
        answer.unwrap().json().await.unwrap()
    };
    let process = Process::start(dir.path());
    let call = create(&process.1).await;
    let clock = format!("{}/control/clock", process.1);
    client
        .post(clock)
        .json(&json!({"advance_seconds": 600}))
        .send()
        .await
        .unwrap();
    receiver.settle(3).await;
    drop(process);

    let process = Process::start(dir.path());
    assert_eq!(create(&process.1).await["call_id"], call["call_id"]);
    let log: Value = client
        .get(format!("{}/control/calls", process.1))
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(log["calls"].as_array().unwrap().len(), 1);
    // The moved clock stayed where it was, so the call is over.
    assert_eq!(log["calls"][0]["call_status"], "ended");
}
