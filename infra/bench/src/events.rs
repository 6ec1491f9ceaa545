//! Events as AWS delivers them to functions.

use serde_json::{Value, json};
use uuid::Uuid;

/// An HTTP request, as API Gateway's version 2.0 hands it to a function.
#[derive(Debug, Clone)]
pub struct HttpEvent {
    method: &'static str,
    path: String,
    query: String,
    headers: Vec<(&'static str, String)>,
    body: Option<String>,
}

impl HttpEvent {
    /// `target` is the path with its query.
    pub fn new(method: &'static str, target: &str) -> Self {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        Self {
            method,
            path: path.to_owned(),
            query: query.to_owned(),
            headers: vec![("user-agent", "vio-bench".to_owned())],
            body: None,
        }
    }

    pub fn bearer(self, token: Option<&str>) -> Self {
        match token {
            Some(token) => self.header("authorization", format!("Bearer {token}")),
            None => self,
        }
    }

    pub fn header(mut self, name: &'static str, value: String) -> Self {
        self.headers.push((name, value));
        self
    }

    pub fn json(self, body: &Value) -> Self {
        self.header("content-type", "application/json".to_owned())
            .text(&body.to_string())
    }

    /// A body as it is: what is signed.
    pub fn text(mut self, body: &str) -> Self {
        self.body = Some(body.to_owned());
        self
    }

    /// The event itself.
    pub fn event(&self) -> Value {
        let headers: serde_json::Map<String, Value> = self
            .headers
            .iter()
            .map(|(name, value)| ((*name).to_owned(), json!(value)))
            .chain([("host".to_owned(), json!("origin.bench.invalid"))])
            .collect();
        let now = chrono::Utc::now();
        json!({
            "version": "2.0",
            "routeKey": "$default",
            "rawPath": self.path,
            "rawQueryString": self.query,
            "headers": headers,
            "requestContext": {
                "accountId": "000000000000",
                "apiId": "bench",
                "domainName": "origin.bench.invalid",
                "domainPrefix": "origin",
                "http": {
                    "method": self.method,
                    "path": self.path,
                    "protocol": "HTTP/1.1",
                    "sourceIp": "192.0.2.1",
                    "userAgent": "vio-bench",
                },
                "requestId": Uuid::now_v7().to_string(),
                "routeKey": "$default",
                "stage": "$default",
                "time": now.format("%d/%b/%Y:%H:%M:%S +0000").to_string(),
                "timeEpoch": now.timestamp_millis(),
            },
            "body": self.body,
            "isBase64Encoded": false,
        })
    }
}

/// One message from a queue.
pub fn sqs(queue: &str, body: &str) -> Value {
    let now = chrono::Utc::now().timestamp_millis().to_string();
    json!({ "Records": [{
        "messageId": Uuid::now_v7().to_string(),
        "receiptHandle": "bench",
        "body": body,
        "attributes": {
            "ApproximateReceiveCount": "1",
            "SentTimestamp": now,
            "SenderId": "000000000000",
            "ApproximateFirstReceiveTimestamp": now,
        },
        "messageAttributes": {},
        "md5OfBody": "",
        "eventSource": "aws:sqs",
        "eventSourceARN": format!("arn:aws:sqs:eu-west-2:000000000000:{queue}"),
        "awsRegion": "eu-west-2",
    }]})
}

/// The schedule's tick.
pub fn tick() -> Value {
    json!({
        "version": "0",
        "id": Uuid::now_v7().to_string(),
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": "000000000000",
        "time": chrono::Utc::now().to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
        "region": "eu-west-2",
        "resources": [],
        "detail": {},
    })
}

/// A batch of the stream with nothing in it.
pub fn empty_stream() -> Value {
    json!({ "Records": [] })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lambda_http_reads_the_event_as_the_request_it_was() {
        let event = HttpEvent::new("POST", "/api/contacts?page=2")
            .bearer(Some("t"))
            .json(&json!({ "name": "Zoë" }))
            .event();
        let request = lambda_http::request::from_str(&event.to_string()).unwrap();
        assert_eq!(request.method(), "POST");
        assert_eq!(request.uri().path(), "/api/contacts");
        assert_eq!(request.uri().query(), Some("page=2"));
        assert_eq!(request.headers()["authorization"], "Bearer t");
        assert_eq!(request.body().as_ref(), r#"{"name":"Zoë"}"#.as_bytes());
    }
}
