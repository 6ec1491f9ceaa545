//! Requests as they are, right or wrong, and their answers.

use std::sync::Arc;
use std::time::Duration;

use reqwest::{Method, StatusCode};
use serde_json::Value;

use super::Operation;

/// A host, asked over HTTP.
#[derive(Debug, Clone)]
pub struct Api {
    http: reqwest::Client,
    base: Arc<str>,
}

/// One request.
#[derive(Debug, Clone)]
pub struct Ask {
    pub method: Method,
    /// From `/api`, with its query.
    pub path: String,
    pub token: Option<String>,
    pub headers: Vec<(String, Vec<u8>)>,
    pub body: Option<Vec<u8>>,
}

/// What came back.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: StatusCode,
    pub content_type: String,
    pub challenge: Option<String>,
    pub text: String,
}

impl Api {
    /// The host at `base`.
    #[must_use]
    pub fn new(base: &str) -> Self {
        let http = reqwest::Client::builder()
            .no_proxy()
            .timeout(Duration::from_secs(30))
            .build();
        Self {
            http: http.expect("an HTTP client"),
            base: base.into(),
        }
    }

    /// The host's address.
    #[must_use]
    pub fn base(&self) -> &str {
        &self.base
    }

    /// The answer; errs where the connection broke.
    pub async fn try_send(&self, ask: &Ask) -> Result<Answer, reqwest::Error> {
        let url = format!("{}{}", self.base, ask.path);
        let mut request = self.http.request(ask.method.clone(), url);
        if let Some(token) = &ask.token {
            request = request.bearer_auth(token);
        }
        for (name, value) in &ask.headers {
            request = request.header(name.as_str(), value.as_slice());
        }
        if let Some(body) = &ask.body {
            request = request.body(body.clone());
        }
        let answer = request.send().await?;
        let header = |name| {
            let value = answer.headers().get(name)?.to_str().ok()?;
            Some(value.to_owned())
        };
        Ok(Answer {
            status: answer.status(),
            content_type: header("content-type").unwrap_or_default(),
            challenge: header("www-authenticate"),
            text: answer.text().await?,
        })
    }

    /// The answer.
    pub async fn send(&self, ask: &Ask) -> Answer {
        let answer = self.try_send(ask).await;
        answer.unwrap_or_else(|error| panic!("{} {}: {error}", ask.method, ask.path))
    }
}

impl Ask {
    /// A request with nothing but its address.
    #[must_use]
    pub fn new(method: &str, path: impl Into<String>) -> Self {
        Self {
            method: method.parse().expect("a method"),
            path: path.into(),
            token: None,
            headers: Vec::new(),
            body: None,
        }
    }

    /// To an operation; the parameters in its path are taken from `values`, in order.
    #[must_use]
    pub fn to(operation: &Operation, values: &[String]) -> Self {
        let mut path = operation.path.clone();
        for (name, value) in operation.placeholders().iter().zip(values) {
            path = path.replace(&format!("{{{name}}}"), value);
        }
        Self::new(&operation.method, path)
    }

    /// As somebody who is signed in.
    #[must_use]
    pub fn token(mut self, token: &str) -> Self {
        self.token = Some(token.to_owned());
        self
    }

    /// With a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl Into<Vec<u8>>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// With a body of any kind, said to be JSON.
    #[must_use]
    pub fn raw(mut self, body: impl Into<Vec<u8>>) -> Self {
        self.body = Some(body.into());
        self.header("content-type", "application/json")
    }

    /// With a JSON body.
    #[must_use]
    pub fn json(self, body: &Value) -> Self {
        self.raw(body.to_string())
    }

    /// With a JSON body, where there is one.
    #[must_use]
    pub fn body(self, body: Option<Value>) -> Self {
        match body {
            Some(body) => self.json(&body),
            None => self,
        }
    }
}

impl Answer {
    /// The body; null where it is no JSON.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or(Value::Null)
    }

    /// The last part of a problem's type; empty for anything else.
    #[must_use]
    pub fn problem(&self) -> String {
        let body = self.json();
        let uri = body["type"].as_str().unwrap_or_default();
        uri.rsplit('/').next().unwrap_or_default().to_owned()
    }

    /// Where the errors of a problem are.
    #[must_use]
    pub fn pointers(&self) -> Vec<String> {
        let body = self.json();
        let errors = body["errors"].as_array().into_iter().flatten();
        errors
            .filter_map(|error| error["pointer"].as_str().map(str::to_owned))
            .collect()
    }

    /// The body without what differs between any two answers: the request's id, and the ids that were asked for.
    #[must_use]
    pub fn without(&self, ids: &[String]) -> String {
        let mut body = self.json();
        if let Some(members) = body.as_object_mut() {
            members.remove("instance");
        }
        let mut text = format!("{} {} {body}", self.status, self.content_type);
        for id in ids {
            text = text.replace(id, "{id}");
        }
        text
    }
}
