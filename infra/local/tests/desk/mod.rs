//! Somebody at the desk of a new salon on a local host, over the wire.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use vio_local::{Host, HostOptions};

const PASSWORD: &str = "Correct-Horse-9-Battery";

pub(crate) struct Client {
    http: reqwest::Client,
    base: String,
    token: String,
}

impl Client {
    pub(crate) async fn new(host: &Host) -> Self {
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let mut client = Self {
            http,
            base: host.base_url(),
            token: String::new(),
        };
        // Mid-morning on a working day, so that people may be written to.
        let start = json!({ "now": "2027-01-04T10:00:00Z" });
        client.ok(Method::POST, "/dev/clock", start).await;
        let admin =
            json!({ "full_name": "Ann Admin", "email": "ann@example.com", "password": PASSWORD });
        let body =
            json!({ "business_name": "Corner Salon", "business_type": "salon", "admin": admin });
        client.ok(Method::POST, "/api/tenants", body).await;
        client.sign_in().await;
        client
    }

    pub(crate) async fn sign_in(&mut self) {
        let body = json!({ "email": "ann@example.com", "password": PASSWORD });
        let signed_in = self.ok(Method::POST, "/api/auth/sign-in", body).await;
        self.token = signed_in["access_token"].as_str().unwrap().to_owned();
    }

    pub(crate) async fn ask(&self, method: Method, path: &str, body: Value) -> (u16, Value) {
        let mut request = self
            .http
            .request(method.clone(), format!("{}{path}", self.base));
        if path.starts_with("/api") && !self.token.is_empty() {
            request = request.bearer_auth(&self.token);
        }
        if method != Method::GET {
            request = request.json(&body);
        }
        let answer = request.send().await.unwrap();
        (
            answer.status().as_u16(),
            answer.json().await.unwrap_or(Value::Null),
        )
    }

    pub(crate) async fn ok(&self, method: Method, path: &str, body: Value) -> Value {
        let (status, answer) = self.ask(method, path, body).await;
        assert!((200..300).contains(&status), "{path}: {status} {answer}");
        answer
    }

    /// Asks again until the answer is as wanted.
    pub(crate) async fn until(&self, path: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let mut answer = Value::Null;
        for _ in 0..200 {
            answer = self.ok(Method::GET, path, Value::Null).await;
            if wanted(&answer) {
                return answer;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("{path} stays {answer}");
    }

    /// Moves the clock. Whoever was signed in was away for too long.
    pub(crate) async fn clock(&mut self, to: &str) {
        self.ok(Method::POST, "/dev/clock", json!({ "now": to }))
            .await;
        self.sign_in().await;
    }

    /// What went out by a channel.
    pub(crate) async fn outbox(&self, channel: &str) -> Vec<Value> {
        let path = format!("/dev/outbox?channel={channel}");
        let outbox = self.ok(Method::GET, &path, Value::Null).await;
        outbox["messages"].as_array().unwrap().clone()
    }
}

/// Nothing kept, and no ticks but those that the clock makes.
pub(crate) fn options() -> HostOptions {
    HostOptions {
        ticks: false,
        ..HostOptions::ephemeral()
    }
}
