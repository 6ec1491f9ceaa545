//! What Lambda's event source mappings do in AWS with the stream of the main table: its records become real events and are
//! handed to the functions behind it, a batch that failed again and again until it goes through.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use aws_lambda_events::event::dynamodb::Event as StreamEvent;
use aws_lambda_events::event::streams::DynamoDbEventResponse;
use aws_sdk_dynamodbstreams::types::{AttributeValue, Record, ShardIteratorType};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures::future::BoxFuture;
use serde_json::{Map, Value, json};

use crate::consumers::{PAUSE, Stop, stopped};
use crate::invocations::Invocations;

/// How often an empty stream is looked at.
const STREAM_INTERVAL: Duration = Duration::from_millis(250);

/// A function behind the stream.
pub(crate) type StreamFunction =
    Arc<dyn Fn(StreamEvent) -> BoxFuture<'static, DynamoDbEventResponse> + Send + Sync>;

/// The stream of the main table and who reads it.
pub(crate) struct StreamConsumer {
    /// The function's name.
    pub name: &'static str,
    pub client: aws_sdk_dynamodbstreams::Client,
    pub table: String,
    /// Where it is kept how far reading has got, so that the next start goes on from there, whatever ended this one. Without,
    /// reading begins with what is written after the start.
    pub place: Option<PathBuf>,
    pub invocations: Arc<Invocations>,
    /// The filter of template.yaml.
    pub passes: fn(&Record) -> bool,
    pub function: StreamFunction,
}

type Failure = Box<dyn std::error::Error + Send + Sync>;

impl StreamConsumer {
    /// The place in the stream from which this start reads.
    pub(crate) async fn begin(&self) -> Result<Option<String>, Failure> {
        let streams = self
            .client
            .list_streams()
            .table_name(&self.table)
            .send()
            .await?;
        let Some(arn) = streams
            .streams()
            .first()
            .and_then(|stream| stream.stream_arn())
        else {
            return Ok(None);
        };
        let described = self.client.describe_stream().stream_arn(arn).send().await?;
        // The embedded database has one shard a stream.
        let shards = described
            .stream_description()
            .map(|stream| stream.shards())
            .unwrap_or_default();
        let Some(shard) = shards.last().and_then(|shard| shard.shard_id()) else {
            return Ok(None);
        };
        let from = |kind: ShardIteratorType, number: Option<String>| async move {
            let asked = self.client.get_shard_iterator().stream_arn(arn);
            let asked = asked.shard_id(shard).shard_iterator_type(kind);
            let answer = asked.set_sequence_number(number).send().await?;
            Ok::<_, Failure>(answer.shard_iterator)
        };
        let Some(place) = &self.place else {
            return from(ShardIteratorType::Latest, None).await;
        };
        // A number is good only while its record is there: once the stream has forgotten everything it counts from the
        // start again. What is handed on twice changes nothing the second time.
        let kept = std::fs::read_to_string(place).ok();
        if let Some(kept) = kept.map(|number| number.trim().to_owned()) {
            let at = from(ShardIteratorType::AtSequenceNumber, Some(kept.clone())).await;
            if let Ok(Some(at)) = at {
                let read = self.client.get_records().shard_iterator(at).limit(1);
                let read = read.send().await?;
                let first = read.records().first().and_then(number_of);
                if first == Some(kept.as_str()) {
                    return from(ShardIteratorType::AfterSequenceNumber, Some(kept)).await;
                }
            }
        }
        from(ShardIteratorType::TrimHorizon, None).await
    }

    /// Keeps how far reading has got: the file is there whole or as it was.
    fn keep(&self, records: &[Record]) -> std::io::Result<()> {
        let (Some(place), Some(number)) = (&self.place, records.last().and_then(number_of)) else {
            return Ok(());
        };
        let new = place.with_extension("new");
        std::fs::write(&new, number)?;
        std::fs::rename(new, place)
    }

    /// Reads from there until the host stops.
    pub(crate) async fn run(self, mut iterator: String, stop: Stop) {
        loop {
            let read = self
                .client
                .get_records()
                .shard_iterator(&iterator)
                .limit(100)
                .send()
                .await;
            let pause = match read {
                Ok(read) => {
                    let records = read.records.unwrap_or_default();
                    // A batch that failed is read again from where it began.
                    if self.hand_on(&records).await {
                        if let Err(error) = self.keep(&records) {
                            tracing::warn!(%error, "how far the stream was read is not kept; the next start reads some of it again");
                        }
                        match read.next_shard_iterator {
                            Some(next) => iterator = next,
                            None => return,
                        }
                    }
                    if records.is_empty() {
                        STREAM_INTERVAL
                    } else {
                        Duration::ZERO
                    }
                }
                Err(error) => {
                    tracing::warn!(%error, "the stream did not answer");
                    PAUSE
                }
            };
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = stopped(stop.clone()) => return,
            }
        }
    }

    /// False if the batch must be read again.
    async fn hand_on(&self, records: &[Record]) -> bool {
        let chosen: Vec<Value> = records
            .iter()
            .filter(|record| (self.passes)(record))
            .map(stream_record)
            .collect();
        if chosen.is_empty() {
            return true;
        }
        match serde_json::from_value::<StreamEvent>(json!({ "Records": chosen })) {
            Ok(event) => {
                let _under_way = self.invocations.begin(self.name);
                let failed = (self.function)(event).await.batch_item_failures;
                if !failed.is_empty() {
                    tokio::time::sleep(PAUSE).await;
                }
                failed.is_empty()
            }
            Err(error) => {
                tracing::error!(%error, "the records are not what the stream would hand to a function");
                true
            }
        }
    }
}

fn number_of(record: &Record) -> Option<&str> {
    record.dynamodb()?.sequence_number()
}

fn has(record: &Record, name: &str, wanted: &AttributeValue) -> bool {
    let image = record.dynamodb().and_then(|change| change.new_image());
    image.and_then(|image| image.get(name)) == Some(wanted)
}

/// New entries of the change log and of the work list.
pub(crate) fn is_told(record: &Record) -> bool {
    let new = record.event_name().map(|name| name.as_str()) == Some("INSERT");
    is_entry(record) || (new && has(record, "_t", &AttributeValue::S("attention".into())))
}

/// New entries of the change log.
fn is_entry(record: &Record) -> bool {
    record.event_name().map(|name| name.as_str()) == Some("INSERT")
        && has(record, "_t", &AttributeValue::S("log".into()))
        && has(record, "access", &AttributeValue::Bool(false))
}

/// New entries of the change log, and every state of calls, jobs and campaigns.
pub(crate) fn is_news(record: &Record) -> bool {
    let states = ["session", "job", "campaign"];
    is_entry(record)
        || states
            .into_iter()
            .any(|state| has(record, "_t", &AttributeValue::S(state.into())))
}

fn stream_record(record: &Record) -> Value {
    let change = record.dynamodb();
    let image = |image: Option<&std::collections::HashMap<String, AttributeValue>>| -> Value {
        image
            .into_iter()
            .flatten()
            .map(|(name, value)| (name.clone(), attribute(value)))
            .collect::<Map<_, _>>()
            .into()
    };
    json!({
        "eventID": record.event_id(),
        "eventName": record.event_name().map(|name| name.as_str()),
        "eventVersion": record.event_version(),
        "eventSource": "aws:dynamodb",
        "awsRegion": "local",
        "dynamodb": {
            "ApproximateCreationDateTime": change
                .and_then(|change| change.approximate_creation_date_time())
                .map_or(0.0, |at| at.as_secs_f64()),
            "Keys": image(change.and_then(|change| change.keys())),
            "NewImage": image(change.and_then(|change| change.new_image())),
            "SequenceNumber": change.and_then(|change| change.sequence_number()),
            "SizeBytes": change.and_then(|change| change.size_bytes()).unwrap_or(0),
            "StreamViewType": "NEW_IMAGE",
        },
    })
}

/// An attribute in the form it has in JSON.
fn attribute(value: &AttributeValue) -> Value {
    let base64 =
        |bytes: &aws_sdk_dynamodbstreams::primitives::Blob| STANDARD.encode(bytes.as_ref());
    match value {
        AttributeValue::S(text) => json!({ "S": text }),
        AttributeValue::N(number) => json!({ "N": number }),
        AttributeValue::B(bytes) => json!({ "B": base64(bytes) }),
        AttributeValue::Bool(truth) => json!({ "BOOL": truth }),
        AttributeValue::Ss(texts) => json!({ "SS": texts }),
        AttributeValue::Ns(numbers) => json!({ "NS": numbers }),
        AttributeValue::Bs(all) => json!({ "BS": all.iter().map(base64).collect::<Vec<_>>() }),
        AttributeValue::L(items) => json!({ "L": items.iter().map(attribute).collect::<Vec<_>>() }),
        AttributeValue::M(members) => {
            let members: Map<_, _> = members
                .iter()
                .map(|(name, value)| (name.clone(), attribute(value)))
                .collect();
            json!({ "M": members })
        }
        _ => json!({ "NULL": true }),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;
    use std::sync::Mutex;

    use aws_sdk_dynamodb::types::AttributeValue as Given;
    use tokio::sync::watch;
    use vio_stack::{Stack, StackOptions};

    use super::*;

    type Read = Arc<Mutex<Vec<String>>>;

    async fn write(stack: &Stack, name: &str) {
        let text = |text: &str| Given::S(text.to_owned());
        let item = HashMap::from([
            ("pk".to_owned(), text(name)),
            ("sk".to_owned(), text("x")),
            ("_t".to_owned(), text("log")),
            ("access".to_owned(), Given::Bool(false)),
        ]);
        let put = stack.dynamodb().put_item().set_item(Some(item));
        let table = crate::services::tables().main;
        put.table_name(table).send().await.unwrap();
    }

    /// Starts as the host does, reads until `count` more records came, and ends without a word.
    async fn life(stack: &Stack, place: Option<PathBuf>, read: &Read, count: usize) {
        let noted = read.clone();
        let consumer = StreamConsumer {
            name: "tests",
            client: stack.dynamodb_streams(),
            table: crate::services::tables().main,
            place,
            invocations: Arc::default(),
            passes: is_told,
            function: Arc::new(move |event: StreamEvent| {
                for record in event.records {
                    let keys = serde_json::to_value(&record.change.keys).unwrap();
                    let name = keys["pk"]["S"].as_str().unwrap().to_owned();
                    noted.lock().unwrap().push(name);
                }
                Box::pin(async { DynamoDbEventResponse::default() })
            }),
        };
        let expected = read.lock().unwrap().len() + count;
        let begin = consumer.begin().await.unwrap().unwrap();
        let (_stop, stopping) = watch::channel(false);
        let running = tokio::spawn(consumer.run(begin, stopping));
        for _ in 0..200 {
            tokio::time::sleep(Duration::from_millis(20)).await;
            if read.lock().unwrap().len() >= expected {
                break;
            }
        }
        // Time for what must not come.
        tokio::time::sleep(Duration::from_millis(400)).await;
        running.abort();
        assert_eq!(read.lock().unwrap().len(), expected);
    }

    #[tokio::test]
    async fn what_was_written_before_a_kill_is_read_after_it() {
        let directory = tempfile::tempdir().unwrap();
        let place = Some(directory.path().join("stream-projector"));
        let stack = Stack::start(StackOptions::ephemeral()).await.unwrap();
        crate::services::set_up(&stack).await.unwrap();
        let read = Read::default();
        // Written before anybody ever read.
        write(&stack, "a").await;
        life(&stack, place.clone(), &read, 1).await;
        write(&stack, "b").await;
        write(&stack, "c").await;
        life(&stack, place.clone(), &read, 2).await;
        life(&stack, place.clone(), &read, 0).await;
        assert_eq!(*read.lock().unwrap(), ["a", "b", "c"]);
        // A place that the stream does not know any more: better twice than not at all.
        std::fs::write(place.as_ref().unwrap(), format!("{:021}", 999_999_999)).unwrap();
        write(&stack, "d").await;
        life(&stack, place.clone(), &read, 4).await;
        std::fs::write(place.as_ref().unwrap(), "nonsense").unwrap();
        life(&stack, place, &read, 4).await;
        // Whoever keeps no place reads what comes.
        life(&stack, None, &read, 0).await;
    }
}
