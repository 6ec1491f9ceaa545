//! Clients: of the product's API with one sign-in, and of a sandbox that runs as a process of its own.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tokio::sync::Mutex;

use crate::time::{instant, text};

/// Longer than a move of the clock may wait for sends under way.
const TIMEOUT: Duration = Duration::from_secs(100);

fn http() -> reqwest::Client {
    reqwest::Client::builder()
        .no_proxy()
        .timeout(TIMEOUT)
        .build()
        .expect("an HTTP client")
}

/// The product over HTTP, as somebody signed in.
#[derive(Debug)]
pub struct HostClient {
    http: reqwest::Client,
    base: String,
    email: String,
    password: String,
    token: Mutex<Option<String>>,
}

impl HostClient {
    /// Signs in with the first request that needs it.
    #[must_use]
    pub fn new(base: &str, email: &str, password: &str) -> Self {
        Self {
            http: http(),
            base: base.to_owned(),
            email: email.to_owned(),
            password: password.to_owned(),
            token: Mutex::new(None),
        }
    }

    /// Where the host answers, without a slash at its end.
    #[must_use]
    pub fn base(&self) -> &str {
        &self.base
    }

    async fn sign_in(&self) -> Result<String, reqwest::Error> {
        let answer = self
            .http
            .post(format!("{}/api/auth/sign-in", self.base))
            .json(&json!({ "email": self.email, "password": self.password }))
            .send()
            .await?;
        let status = answer.status();
        let body: Value = answer.json().await?;
        assert_eq!(status, StatusCode::OK, "sign-in: {body}");
        Ok(body["access_token"].as_str().expect("a token").to_owned())
    }

    /// One request; signs in again where the session ended meanwhile (the clock was moved over its idle time). Errs
    /// where the host does not answer.
    pub async fn try_request(
        &self,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<(StatusCode, Value), reqwest::Error> {
        for again in [true, false] {
            let token = {
                let mut known = self.token.lock().await;
                match &*known {
                    Some(token) => token.clone(),
                    None => known.insert(self.sign_in().await?).clone(),
                }
            };
            let mut request = self
                .http
                .request(method.clone(), format!("{}{path}", self.base))
                .bearer_auth(&token);
            if let Some(body) = body {
                request = request.json(body);
            }
            let answer = request.send().await?;
            let status = answer.status();
            let bytes = answer.bytes().await?;
            if status == StatusCode::UNAUTHORIZED && again {
                *self.token.lock().await = None;
                continue;
            }
            return Ok((
                status,
                serde_json::from_slice(&bytes).unwrap_or(Value::Null),
            ));
        }
        unreachable!("the second answer is returned")
    }

    /// One request that the host must answer with success.
    pub async fn request(&self, method: Method, path: &str, body: Option<&Value>) -> Value {
        let (status, answer) = self
            .try_request(method.clone(), path, body)
            .await
            .expect("an answer");
        assert!(
            status.is_success(),
            "{method} {path} was answered {status}: {answer}"
        );
        answer
    }

    /// Reads.
    pub async fn get(&self, path: &str) -> Value {
        self.request(Method::GET, path, None).await
    }

    /// Posts.
    pub async fn post(&self, path: &str, body: &Value) -> Value {
        self.request(Method::POST, path, Some(body)).await
    }

    /// Changes.
    pub async fn patch(&self, path: &str, body: &Value) -> Value {
        self.request(Method::PATCH, path, Some(body)).await
    }

    /// A contact.
    pub async fn contact(&self, id: &str) -> Value {
        self.get(&format!("/api/contacts/{id}")).await
    }

    /// Every contact of the tenant.
    pub async fn contacts(&self) -> Vec<Value> {
        let mut all = Vec::new();
        let mut path = "/api/contacts?page_size=100".to_owned();
        loop {
            let page = self.get(&path).await;
            all.extend(
                page["contacts"]
                    .as_array()
                    .expect("contacts")
                    .iter()
                    .cloned(),
            );
            let Some(cursor) = page["pagination"]["next_cursor"].as_str() else {
                return all;
            };
            path = format!("/api/contacts?page_size=100&cursor={cursor}");
        }
    }

    /// The contact of that name, if there is one.
    pub async fn contact_named(&self, name: &str) -> Option<Value> {
        let all = self.contacts().await;
        let mut found = all.into_iter().filter(|contact| contact["name"] == name);
        let first = found.next();
        assert!(found.next().is_none(), "{name} is there twice");
        first
    }

    /// What the developer clock shows.
    pub async fn now(&self) -> DateTime<Utc> {
        instant(&self.get("/dev/clock").await["now"]).expect("an instant")
    }

    /// Moves the developer clock; the host ticks at once.
    pub async fn move_clock(&self, to: DateTime<Utc>) {
        self.post("/dev/clock", &json!({ "now": text(to) })).await;
    }

    /// Moves the developer clock on.
    pub async fn advance(&self, by: TimeDelta) {
        let seconds = by.num_seconds();
        self.post("/dev/clock", &json!({ "advance_seconds": seconds }))
            .await;
    }

    /// Every call that reached the sandbox within the host.
    pub async fn calls(&self) -> Vec<Value> {
        let answer = self.get("/dev/sandbox/calls").await;
        answer["calls"].as_array().expect("calls").clone()
    }

    /// Those of them to one contact.
    pub async fn calls_of(&self, contact: &str) -> Vec<Value> {
        let mut calls = self.calls().await;
        calls.retain(|call| call["metadata"]["contact_id"] == contact);
        calls
    }

    /// Tells the sandbox within the host what its next calls do.
    pub async fn script(&self, script: &Value) {
        self.post("/dev/sandbox/script", script).await;
    }
}

/// The controls of `vio-sandbox`.
#[derive(Debug, Clone)]
pub struct SandboxClient {
    http: reqwest::Client,
    base: String,
}

impl SandboxClient {
    /// Of the sandbox at `base`.
    #[must_use]
    pub fn new(base: &str) -> Self {
        Self {
            http: http(),
            base: base.to_owned(),
        }
    }

    async fn read(&self, path: &str) -> Value {
        let answer = self.http.get(format!("{}{path}", self.base)).send().await;
        let answer = answer.expect("the sandbox answers");
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
        answer.json().await.expect("JSON")
    }

    async fn post(&self, path: &str, body: &Value) {
        let request = self.http.post(format!("{}{path}", self.base)).json(body);
        let answer = request.send().await.expect("the sandbox answers");
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
    }

    /// Every call that reached it.
    pub async fn calls(&self) -> Vec<Value> {
        let answer = self.read("/control/calls").await;
        answer["calls"].as_array().expect("calls").clone()
    }

    /// Moves its clock on to an instant; one that is past it already stays.
    pub async fn move_clock(&self, to: DateTime<Utc>) {
        let request = self.http.post(format!("{}/control/clock", self.base));
        let answer = request.json(&json!({ "now": text(to) })).send().await;
        let status = answer.expect("the sandbox answers").status();
        let past = status == reqwest::StatusCode::CONFLICT;
        assert!(status.is_success() || past, "/control/clock: {status}");
    }

    /// Tells it what its next calls do.
    pub async fn script(&self, script: &Value) {
        self.post("/control/script", script).await;
    }

    /// An address of a business's own, which takes what the business is told.
    #[must_use]
    pub fn receiver_url(&self, name: &str) -> String {
        format!("{}/receiver/{name}", self.base)
    }

    /// What came to such addresses, in order.
    pub async fn received(&self) -> Vec<Value> {
        let answer = self.read("/control/receiver").await;
        answer["received"].as_array().expect("messages").clone()
    }
}
