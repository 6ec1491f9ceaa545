//! A sandbox with a clock that stands still, a client, and a receiver of webhooks.

use std::collections::VecDeque;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use chrono::{DateTime, Utc};
use reqwest::{Client, Response};
use serde_json::{Value, json};
use vio_sandbox::{ManualClock, Sandbox, SandboxOptions, Script, StaticCredentials};

pub(crate) const KEY: &str = "key_of_a_clinic";
pub(crate) const OTHER_KEY: &str = "key_of_another";
pub(crate) const AGENT: &str = "agent_1";
pub(crate) const FROM: &str = "+442079460000";
pub(crate) const TO: &str = "+447400123456";
pub(crate) const CAL_KEY: &str = "cal_live_1";
pub(crate) const ORGANIZER: &str = "organizer@example.com";

pub(crate) fn start_of_day() -> DateTime<Utc> {
    "2026-11-20T09:00:00Z".parse().unwrap()
}

pub(crate) struct World {
    pub(crate) sandbox: Sandbox,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) client: Client,
}

pub(crate) async fn world() -> World {
    world_in(None, start_of_day()).await
}

pub(crate) async fn world_in(data: Option<&Path>, now: DateTime<Utc>) -> World {
    let clock = Arc::new(ManualClock::new(now));
    let credentials = StaticCredentials::new();
    credentials.add(KEY, AGENT, FROM);
    credentials.add(OTHER_KEY, "agent_2", "+442079460001");
    credentials.add_calcom(CAL_KEY, ORGANIZER);
    let sandbox = Sandbox::start(SandboxOptions {
        listen: ([127, 0, 0, 1], 0).into(),
        clock: clock.clone(),
        data_dir: data.map(Path::to_path_buf),
        credentials: Arc::new(credentials),
    })
    .await
    .unwrap();
    World {
        sandbox,
        clock,
        client: Client::builder().no_proxy().build().unwrap(),
    }
}

pub(crate) fn body() -> Value {
    json!({
        "from_number": FROM,
        "to_number": TO,
        "override_agent_id": AGENT,
        "metadata": {"attempt_id": "attempt-1", "session_id": "session-1"},
        "retell_llm_dynamic_variables": {"first_name": "Ada", "appointment_time": "ten o'clock"},
    })
}

/// The body with these members instead, or beside.
pub(crate) fn body_with(changes: Value) -> Value {
    let mut body = body();
    for (name, value) in changes.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

pub(crate) fn body_for(receiver: &Receiver) -> Value {
    body_with(json!({"agent_override": {"agent": {"webhook_url": receiver.url}}}))
}

impl World {
    pub(crate) fn url(&self, path: &str) -> String {
        self.sandbox.retell_url() + path
    }

    pub(crate) async fn create(&self, body: &Value) -> Response {
        self.post("/v2/create-phone-call", KEY, body).await
    }

    pub(crate) async fn created(&self, body: &Value) -> Value {
        let answer = self.create(body).await;
        assert_eq!(answer.status(), 201);
        answer.json().await.unwrap()
    }

    pub(crate) async fn post(&self, path: &str, key: &str, body: &Value) -> Response {
        self.client
            .post(self.url(path))
            .bearer_auth(key)
            .json(body)
            .send()
            .await
            .unwrap()
    }

    pub(crate) async fn get(&self, path: &str) -> Response {
        self.client
            .get(self.url(path))
            .bearer_auth(KEY)
            .send()
            .await
            .unwrap()
    }

    pub(crate) async fn call(&self, call_id: &Value) -> Value {
        let answer = self
            .get(&format!("/v2/get-call/{}", call_id.as_str().unwrap()))
            .await;
        assert_eq!(answer.status(), 200);
        answer.json().await.unwrap()
    }

    pub(crate) fn advance(&self, seconds: u64) {
        self.clock.advance(Duration::from_secs(seconds));
    }

    pub(crate) fn script(&self, script: Value) {
        let script: Script = serde_json::from_value(script).unwrap();
        self.sandbox.script(script).unwrap();
    }
}

/// A refusal in Retell's shape.
pub(crate) async fn refusal(answer: Response) -> (u16, String) {
    let status = answer.status().as_u16();
    let body: Value = answer.json().await.unwrap();
    assert_eq!(body["status"], "error");
    assert_eq!(body.as_object().unwrap().len(), 2);
    (status, body["message"].as_str().unwrap().to_owned())
}

#[derive(Clone)]
pub(crate) struct Received {
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Received {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    pub(crate) fn event(&self) -> String {
        self.json()["event"].as_str().unwrap().to_owned()
    }
}

#[derive(Default)]
struct Inbox {
    received: Mutex<Vec<Received>>,
    answers: Mutex<VecDeque<StatusCode>>,
}

/// Somebody's webhook endpoint.
pub(crate) struct Receiver {
    pub(crate) url: String,
    inbox: Arc<Inbox>,
}

impl Receiver {
    /// Answers each delivery with the next of `answers`, then 204.
    pub(crate) async fn start(answers: &[u16]) -> Self {
        let inbox = Arc::new(Inbox::default());
        inbox.answers.lock().unwrap().extend(
            answers
                .iter()
                .map(|code| StatusCode::from_u16(*code).unwrap()),
        );
        let app = axum::Router::new()
            .route("/hook", post(receive))
            .with_state(inbox.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self { url, inbox }
    }

    pub(crate) fn received(&self) -> Vec<Received> {
        self.inbox.received.lock().unwrap().clone()
    }

    pub(crate) fn events(&self) -> Vec<String> {
        self.received().iter().map(Received::event).collect()
    }

    /// Waits until `count` deliveries are there, and a little for one too many.
    pub(crate) async fn settle(&self, count: usize) -> Vec<Received> {
        until(|| self.received().len() >= count).await;
        tokio::time::sleep(Duration::from_millis(80)).await;
        let received = self.received();
        assert_eq!(received.len(), count, "{:?}", self.events());
        received
    }
}

async fn receive(State(inbox): State<Arc<Inbox>>, headers: HeaderMap, body: Bytes) -> StatusCode {
    inbox
        .received
        .lock()
        .unwrap()
        .push(Received { headers, body });
    inbox
        .answers
        .lock()
        .unwrap()
        .pop_front()
        .unwrap_or(StatusCode::NO_CONTENT)
}

pub(crate) async fn until(condition: impl Fn() -> bool) {
    for _ in 0..1_000 {
        if condition() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("what was waited for did not happen within ten seconds");
}
