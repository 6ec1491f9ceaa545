//! What fails before or beside a handler: messages that are none, on their way to the dead letters; records of the stream
//! that nobody can read; events that are no events. Lambda logs the errors of its functions, so these must say nothing
//! either.

use std::io::Write;
use std::sync::{Arc, Mutex, PoisonError};

use aws_lambda_events::event::sqs::SqsEvent;
use serde_json::{Value, json};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::SubscriberExt;
use vio_runtime::batch::{self, MessageError};
use vio_runtime::queues::{DialMessage, InboxMessage};
use vio_store::StoreError;

use crate::search::Search;
use crate::words::{FOREIGN, WORD, phone};

/// Log lines, kept.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// The product's own way of logging, at its most verbose, into memory.
fn listening() -> (Lines, tracing::subscriber::DefaultGuard) {
    let lines = Lines::default();
    let writer = lines.clone();
    let layer = tracing_subscriber::fmt::layer()
        .json()
        .with_writer(move || writer.clone())
        .with_filter(vio_runtime::logging::filter("trace"));
    (
        lines,
        tracing::subscriber::set_default(tracing_subscriber::registry().with(layer)),
    )
}

fn silent(lines: &Lines, at_least: &str) {
    let bytes = lines
        .0
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .clone();
    let text = String::from_utf8_lossy(&bytes);
    assert!(text.contains(at_least), "nothing was logged: {text}");
    let mut search = Search::new(&[WORD, FOREIGN], phone::ALL, &[]);
    search.bytes("the log", &bytes);
    assert_eq!(search.findings(), []);
}

fn bodies() -> Vec<String> {
    let id = "018f0000-0000-7000-8000-000000000000";
    vec![
        WORD.to_owned(),
        format!("{{\"{WORD}"),
        json!({ WORD: WORD }).to_string(),
        json!({ "tenant": WORD, "event": FOREIGN }).to_string(),
        json!({ "tenant": { WORD: phone::FIRST } }).to_string(),
        json!({ "tenant": id, "event": format!("{WORD} {FOREIGN}") }).to_string(),
        json!([phone::FIRST]).to_string(),
    ]
}

fn messages() -> SqsEvent {
    let records: Vec<Value> = bodies()
        .iter()
        .enumerate()
        .map(|(at, body)| {
            json!({ "messageId": format!("message-{at}"), "body": body, "attributes": {}, "eventSource": "aws:sqs",
                    "messageAttributes": { WORD: { "stringValue": WORD, "dataType": "String" } } })
        })
        .collect();
    serde_json::from_value(json!({ "Records": records })).unwrap()
}

#[tokio::test]
async fn messages_that_are_none_are_named_by_their_ids_alone() {
    let (lines, _listening) = listening();
    let answer = batch::handle(messages(), |_: DialMessage| async { Ok(()) }).await;
    assert!(answer.batch_item_failures.is_empty());
    // One that a handler cannot deal with, again and again, until it lies with the dead letters.
    let answer = batch::handle(messages(), |_: InboxMessage| async {
        Err(MessageError::retry(StoreError::Sealed { what: "event" }))
    })
    .await;
    let failed: Vec<_> = answer
        .batch_item_failures
        .iter()
        .map(|one| one.item_identifier.as_str())
        .collect();
    assert_eq!(failed, ["message-5"]);
    silent(&lines, "message-5");
}

#[tokio::test]
async fn records_that_nobody_can_read_are_named_by_their_ids_alone() {
    struct Refusing;
    #[async_trait::async_trait]
    impl vio_projector::Bus for Refusing {
        async fn put(
            &self,
            _: &[vio_projector::DomainEvent],
        ) -> Result<(), vio_projector::BusError> {
            panic!("nothing here is an event");
        }
    }
    let (lines, _listening) = listening();
    let item = |tenant: &str| {
        json!({ "eventID": "record-1", "eventName": "INSERT", "eventSource": "aws:dynamodb", "awsRegion": "local", "eventVersion": "1.1", "dynamodb": {
            "ApproximateCreationDateTime": 1.0, "SequenceNumber": "1", "SizeBytes": 1, "StreamViewType": "NEW_IMAGE", "Keys": { "pk": { "S": WORD } },
            "NewImage": { "_t": { "S": "log" }, "access": { "BOOL": false }, "tenant": { "S": tenant },
                          "action": { "S": WORD }, "name": { "S": phone::FIRST } } } })
    };
    let event = json!({ "Records": [item(WORD), item(FOREIGN)] });
    let app = vio_runtime::testing::TestApp::new().await.app;
    let projector = vio_projector::Projector::new(app, Arc::new(Refusing));
    let answer = projector
        .handle(serde_json::from_value(event).unwrap())
        .await;
    assert!(
        answer.batch_item_failures.is_empty(),
        "sending them again would not help"
    );
    silent(&lines, "record-1");
}

#[tokio::test]
async fn what_is_no_event_is_refused_without_a_word_of_it() {
    let test = vio_runtime::testing::TestApp::new().await;
    let webhooks = vio_webhooks::Webhooks {
        app: test.app.clone(),
        objects: Arc::new(vio_store::objects::MemoryObjects::new()),
    };
    let (service, _) = vio_webhooks::router(webhooks.clone());
    let (lines, _listening) = listening();
    tracing::info!("listening");
    for payload in [
        json!(WORD),
        json!({ WORD: WORD }),
        json!({ "Records": WORD }),
        json!({ "Records": [WORD] }),
        json!({ "Records": [{ "body": { WORD: phone::FIRST } }] }),
        json!({ "version": "2.0", "rawPath": WORD, "requestContext": WORD }),
        json!({ "version": "2.0", "headers": [WORD], "requestContext": { "http": { "method": WORD } } }),
    ] {
        let refused = vio_webhooks::invoke(
            &webhooks,
            &service,
            payload.clone(),
            lambda_http::Context::default(),
        )
        .await;
        let error = refused.expect_err("no event");
        // What Lambda's runtime makes of it: the report that it sends and logs.
        let mut said = format!("{error} {error:?}");
        let mut cause: Option<&dyn std::error::Error> = Some(&error);
        while let Some(error) = cause {
            said.push_str(&format!(" {error} {error:?}"));
            cause = error.source();
        }
        let mut search = Search::new(&[WORD, FOREIGN], phone::ALL, &[]);
        search.bytes("an error", said.as_bytes());
        assert_eq!(search.findings(), [], "of {payload}");
    }
    silent(&lines, "listening");
}

/// Dependencies may trace what they handle; the product does not let them.
#[test]
fn at_the_most_verbose_level_only_the_product_speaks_below_info() {
    let (lines, _listening) = listening();
    tracing::trace!(target: "lambda_runtime::layers", body = WORD, "raw JSON event received from Lambda");
    tracing::debug!(target: "aws_smithy_runtime::client", body = WORD, "request");
    tracing::trace!(target: "vio_store::store", "ours");
    tracing::info!(target: "lambda_runtime", "theirs");
    silent(&lines, "ours");
    silent(&lines, "theirs");
}
