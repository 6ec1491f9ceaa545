//! Counts what a function asks of AWS: a proxy in front of each embedded service that reads the operation from the
//! request and the consumed capacity from DynamoDB's answers. So release binaries are measured as they are.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::{BenchError, Context};

/// The most that is passed on in one piece; above every service's own limit.
const MAX_BODY: usize = 20 * 1024 * 1024;

/// What was asked of AWS.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Tally {
    pub read_units: f64,
    pub write_units: f64,
    /// Requests by service and operation, such as `DynamoDB.GetItem`.
    pub requests: BTreeMap<String, u64>,
}

impl Tally {
    /// Requests to a service; to one operation of it, if it is named.
    pub fn requests_of(&self, prefix: &str) -> u64 {
        let matching = self.requests.iter();
        matching
            .filter(|(name, _)| name.starts_with(prefix))
            .map(|(_, count)| count)
            .sum()
    }

    /// Counts one request by its `x-amz-target`, and the capacity that the answer says it consumed.
    pub fn count(&mut self, target: &str, answer: &[u8]) {
        let (service, operation) = target.rsplit_once('.').unwrap_or((target, ""));
        let service = match service {
            "DynamoDB_20120810" => "DynamoDB",
            "TrentService" => "KMS",
            "AmazonSQS" => "SQS",
            "AWSEvents" => "EventBridge",
            other => other,
        };
        let name = format!("{service}.{operation}");
        *self.requests.entry(name).or_default() += 1;
        if service == "DynamoDB" {
            let units = consumed(answer);
            match operation {
                "PutItem" | "UpdateItem" | "DeleteItem" | "BatchWriteItem"
                | "TransactWriteItems" => {
                    self.write_units += units;
                }
                _ => self.read_units += units,
            }
        }
    }
}

/// Sum of `ConsumedCapacity`, which is one entry or a list of one for each table.
fn consumed(answer: &[u8]) -> f64 {
    let Ok(answer) = serde_json::from_slice::<Value>(answer) else {
        return 0.0;
    };
    let units = |entry: &Value| entry.get("CapacityUnits").and_then(Value::as_f64);
    match answer.get("ConsumedCapacity") {
        Some(Value::Array(entries)) => entries.iter().filter_map(units).sum(),
        Some(entry) => units(entry).unwrap_or(0.0),
        None => 0.0,
    }
}

/// A running proxy that counts.
pub struct Counter {
    url: String,
    server: JoinHandle<()>,
}

/// Where all counters of a run add up.
pub type Shared = Arc<Mutex<Tally>>;

/// What was counted since the last time this was asked.
pub fn take(tally: &Shared) -> Tally {
    std::mem::take(&mut *tally.lock().unwrap_or_else(PoisonError::into_inner))
}

#[derive(Clone)]
struct Passing {
    upstream: String,
    client: reqwest::Client,
    tally: Shared,
}

impl Counter {
    /// In front of `upstream`, a URL without a trailing slash.
    pub async fn start(upstream: &str, tally: Shared) -> Result<Self, BenchError> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .context("a port for counting")?;
        let address = listener.local_addr().context("its address")?;
        let router = Router::new()
            .fallback(pass_on)
            .layer(DefaultBodyLimit::max(MAX_BODY))
            .with_state(Passing {
                upstream: upstream.to_owned(),
                client: reqwest::Client::new(),
                tally,
            });
        let server = tokio::spawn(async move {
            let _ = axum::serve(listener, router).await;
        });
        Ok(Self {
            url: format!("http://{address}"),
            server,
        })
    }

    pub fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for Counter {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn pass_on(State(passing): State<Passing>, request: Request) -> Response {
    match passed_on(&passing, request).await {
        Ok(response) => response,
        Err(error) => (StatusCode::BAD_GATEWAY, error.chain()).into_response(),
    }
}

async fn passed_on(passing: &Passing, request: Request) -> Result<Response, BenchError> {
    let (parts, body) = request.into_parts();
    let body = axum::body::to_bytes(body, MAX_BODY)
        .await
        .context("reading the request")?;
    let target = parts.headers.get("x-amz-target");
    let target = target
        .and_then(|value| value.to_str().ok())
        .unwrap_or("?.?")
        .to_owned();
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    let mut headers = parts.headers;
    headers.remove(http::header::HOST);
    headers.remove(http::header::CONTENT_LENGTH);
    let answer = passing
        .client
        .request(parts.method, format!("{}{path}", passing.upstream))
        .headers(headers)
        .body(body)
        .send()
        .await
        .context("the service behind the counter")?;
    let status = answer.status();
    let mut headers = answer.headers().clone();
    headers.remove(http::header::TRANSFER_ENCODING);
    let body: Bytes = answer.bytes().await.context("reading the answer")?;
    passing
        .tally
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .count(&target, &body);
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    Ok(response)
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::types::{AttributeValue, ReturnConsumedCapacity};
    use vio_stack::{Stack, StackOptions};
    use vio_store::dynamo::TableNames;

    use super::*;

    #[test]
    fn capacity_is_summed_over_tables() {
        let mut tally = Tally::default();
        let answer = br#"{"ConsumedCapacity":[{"CapacityUnits":4.0},{"CapacityUnits":2.5}]}"#;
        tally.count("DynamoDB_20120810.TransactWriteItems", answer);
        tally.count(
            "DynamoDB_20120810.Query",
            br#"{"ConsumedCapacity":{"CapacityUnits":0.5}}"#,
        );
        tally.count("DynamoDB_20120810.GetItem", b"{}");
        tally.count("TrentService.Decrypt", b"not even JSON");
        assert_eq!((tally.write_units, tally.read_units), (6.5, 0.5));
        assert_eq!(tally.requests_of("DynamoDB."), 3);
        assert_eq!(tally.requests_of("KMS.Decrypt"), 1);
        assert_eq!(tally.requests_of("SQS."), 0);
    }

    #[tokio::test]
    async fn what_the_sdk_does_through_a_counter_is_done_and_counted() {
        let stack = Stack::start(StackOptions::ephemeral()).await.unwrap();
        let names = TableNames {
            main: "main".into(),
            person_keys: "keys".into(),
        };
        vio_store::schema::create_tables(&stack.dynamodb(), &names)
            .await
            .unwrap();
        let tally = Shared::default();
        let counter = Counter::start(&stack.endpoints().dynamodb, tally.clone())
            .await
            .unwrap();
        let config = aws_sdk_dynamodb::config::Builder::from(stack.sdk_config());
        let client =
            aws_sdk_dynamodb::Client::from_conf(config.endpoint_url(counter.url()).build());
        let text = |text: &str| AttributeValue::S(text.to_owned());
        client
            .put_item()
            .table_name("main")
            .item("pk", text("a"))
            .item("sk", text("b"))
            .item("filler", text(&"x".repeat(1500)))
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await
            .unwrap();
        assert_eq!(take(&tally).write_units, 2.0);
        let read = client
            .get_item()
            .table_name("main")
            .key("pk", text("a"))
            .key("sk", text("b"))
            .consistent_read(true)
            .return_consumed_capacity(ReturnConsumedCapacity::Total)
            .send()
            .await
            .unwrap();
        assert!(read.item().is_some());
        let read = take(&tally);
        assert_eq!((read.read_units, read.write_units), (1.0, 0.0));
        assert_eq!(read.requests_of("DynamoDB.GetItem"), 1);
        assert_eq!(take(&tally), Tally::default());
    }
}
