//! What Lambda's event source mappings do in AWS with queues: messages become real events and are handed to the functions;
//! what a function reports as failed is delivered again.

use std::sync::Arc;
use std::time::Duration;

use aws_lambda_events::event::sqs::{SqsBatchResponse, SqsEvent};
use aws_sdk_sqs::types::{DeleteMessageBatchRequestEntry, Message, MessageSystemAttributeName};
use futures::future::BoxFuture;
use serde_json::{Map, Value, json};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

use crate::invocations::Invocations;

/// How long a consumer waits before it asks again after a refusal.
pub(crate) const PAUSE: Duration = Duration::from_millis(500);
/// Seconds of a long poll.
const LONG_POLL: i32 = 20;
/// Batches handled at once.
const AT_ONCE: usize = 8;

/// Becomes true when the host stops.
pub(crate) type Stop = watch::Receiver<bool>;

/// Returns once the host stops.
pub(crate) async fn stopped(mut stop: Stop) {
    // Errs only when the host is gone, which is a reason to stop as well.
    let _ = stop.wait_for(|stop| *stop).await;
}

/// A function behind a queue.
pub(crate) type QueueFunction =
    Arc<dyn Fn(SqsEvent) -> BoxFuture<'static, SqsBatchResponse> + Send + Sync>;

/// One queue and who reads it.
pub(crate) struct QueueConsumer {
    /// The function's name.
    pub name: &'static str,
    pub invocations: Arc<Invocations>,
    pub client: aws_sdk_sqs::Client,
    pub url: String,
    /// Messages per event (template.yaml).
    pub batch: i32,
    pub function: QueueFunction,
}

impl QueueConsumer {
    /// Reads until the host stops, then lets the events under way end.
    pub(crate) async fn run(self, stop: Stop) {
        let this = Arc::new(self);
        let room = Arc::new(Semaphore::new(AT_ONCE));
        let mut under_way = JoinSet::new();
        loop {
            let permit = tokio::select! {
                permit = Arc::clone(&room).acquire_owned() => permit,
                () = stopped(stop.clone()) => break,
            };
            let Ok(permit) = permit else { break };
            let messages = tokio::select! {
                messages = this.receive() => messages,
                () = stopped(stop.clone()) => break,
            };
            while under_way.try_join_next().is_some() {}
            if messages.is_empty() {
                continue;
            }
            let consumer = Arc::clone(&this);
            under_way.spawn(async move {
                consumer.handle(messages).await;
                drop(permit);
            });
        }
        while under_way.join_next().await.is_some() {}
    }

    async fn receive(&self) -> Vec<Message> {
        let received = self
            .client
            .receive_message()
            .queue_url(&self.url)
            .max_number_of_messages(self.batch)
            .wait_time_seconds(LONG_POLL)
            .message_system_attribute_names(MessageSystemAttributeName::All)
            .send()
            .await;
        match received {
            Ok(answer) => answer.messages.unwrap_or_default(),
            Err(error) => {
                tracing::warn!(%error, "a queue did not answer");
                tokio::time::sleep(PAUSE).await;
                Vec::new()
            }
        }
    }

    async fn handle(&self, messages: Vec<Message>) {
        let event = match serde_json::from_value(sqs_event(&messages)) {
            Ok(event) => event,
            Err(error) => {
                tracing::error!(%error, "the messages are not what SQS would hand to a function");
                return;
            }
        };
        let answer = {
            let _under_way = self.invocations.begin(self.name);
            (self.function)(event).await
        };
        let failed: Vec<&str> = answer
            .batch_item_failures
            .iter()
            .map(|failure| failure.item_identifier.as_str())
            .collect();
        let done: Vec<_> = messages
            .iter()
            .filter(|message| !failed.contains(&message.message_id().unwrap_or_default()))
            .enumerate()
            .filter_map(|(at, message)| {
                DeleteMessageBatchRequestEntry::builder()
                    .id(at.to_string())
                    .receipt_handle(message.receipt_handle().unwrap_or_default())
                    .build()
                    .ok()
            })
            .collect();
        if done.is_empty() {
            return;
        }
        let deleted = self
            .client
            .delete_message_batch()
            .queue_url(&self.url)
            .set_entries(Some(done))
            .send()
            .await;
        if let Err(error) = deleted {
            tracing::warn!(%error, "handled messages were not deleted; they will be delivered again");
        }
    }
}

/// The event that Lambda makes of messages.
fn sqs_event(messages: &[Message]) -> Value {
    let records: Vec<Value> = messages
        .iter()
        .map(|message| {
            let attributes: Map<String, Value> = message
                .attributes()
                .into_iter()
                .flatten()
                .map(|(name, value)| (name.as_str().to_owned(), json!(value)))
                .collect();
            json!({
                "messageId": message.message_id(),
                "receiptHandle": message.receipt_handle(),
                "body": message.body(),
                "attributes": attributes,
                "messageAttributes": {},
                "md5OfBody": message.md5_of_body(),
                "eventSource": "aws:sqs",
                "eventSourceARN": "arn:aws:sqs:local:000000000000:queue",
                "awsRegion": "local",
            })
        })
        .collect();
    json!({ "Records": records })
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use aws_lambda_events::event::sqs::BatchItemFailure;
    use chrono::TimeDelta;
    use vio_stack::{ManualClock, Stack, StackOptions};

    use super::*;

    /// Messages that the function took, by body; the first delivery of `again` fails.
    #[tokio::test]
    async fn what_failed_is_delivered_again_and_the_rest_is_not() {
        let clock = Arc::new(ManualClock::at(chrono::Utc::now()));
        let options = StackOptions {
            clock: clock.clone(),
            ..StackOptions::ephemeral()
        };
        let stack = Stack::start(options).await.unwrap();
        let queues = crate::services::set_up(&stack).await.unwrap();
        let sqs = stack.sqs();
        for body in ["well", "again"] {
            sqs.send_message()
                .queue_url(&queues.inbox)
                .message_body(body)
                .send()
                .await
                .unwrap();
        }
        let taken: Arc<Mutex<Vec<String>>> = Arc::default();
        let noted = taken.clone();
        let consumer = QueueConsumer {
            name: "tests",
            invocations: Arc::default(),
            client: sqs.clone(),
            url: queues.inbox.clone(),
            batch: 10,
            function: Arc::new(move |event: SqsEvent| {
                let mut taken = noted.lock().unwrap();
                let mut answer = SqsBatchResponse::default();
                for record in event.records {
                    let body = record.body.unwrap();
                    if body == "again" && !taken.contains(&body) {
                        let mut failure = BatchItemFailure::default();
                        failure.item_identifier = record.message_id.unwrap();
                        answer.batch_item_failures.push(failure);
                    }
                    taken.push(body);
                }
                Box::pin(async move { answer })
            }),
        };
        let (stop, stopping) = watch::channel(false);
        let running = tokio::spawn(consumer.run(stopping));
        let wait_for = async |count: usize| {
            for _ in 0..200 {
                if taken.lock().unwrap().len() >= count {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            let mut seen = taken.lock().unwrap().clone();
            seen.sort();
            seen
        };
        assert_eq!(wait_for(2).await, ["again", "well"]);
        tokio::time::sleep(Duration::from_millis(200)).await;
        assert_eq!(
            wait_for(2).await.len(),
            2,
            "delivered again before its time"
        );
        clock.advance(TimeDelta::minutes(4));
        assert_eq!(wait_for(3).await, ["again", "again", "well"]);
        // It is deleted after it was handled: not before that may its time pass.
        tokio::time::sleep(Duration::from_millis(200)).await;
        clock.advance(TimeDelta::minutes(30));
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert_eq!(wait_for(3).await.len(), 3, "deleted messages came again");
        stop.send_replace(true);
        tokio::time::timeout(Duration::from_secs(2), running)
            .await
            .unwrap()
            .unwrap();
        stack.shutdown().await;
    }
}
