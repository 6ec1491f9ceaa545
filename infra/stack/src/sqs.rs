//! A stand-in for SQS standard queues, in memory, on the stack's clock.
//!
//! Losing every message must be harmless to the product, so nothing is kept over a restart.

mod attributes;
mod checks;
mod queue;
mod shapes;

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use serde_json::{Value, json};
use tokio::{sync::Notify, time::Instant};

use self::{
    attributes::{
        MAX_MESSAGE_BYTES, MAX_VISIBILITY, MAX_WAIT, QueueAttributes, arn, bad_redrive, no_fifo,
        unknown_attribute,
    },
    checks::{check_body, check_delay, md5_of_attributes, md5_of_body, size_of},
    queue::{Change, Message, Queue, Receipt},
    shapes::{
        Batch, ChangeEntry, ChangeMessageVisibility, CreateQueue, DeleteEntry, DeleteMessage,
        GetQueueAttributes, GetQueueUrl, ListQueues, OfQueue, ReceiveMessage, SendEntry,
        SendMessage, SetQueueAttributes,
    },
};
use crate::{
    clock::StackClock,
    server::{Stop, stopped},
    wire::{ACCOUNT, ApiError, AwsJson, input},
};

/// How often a long poll looks whether the clock has released a message.
const POLL_INTERVAL: Duration = Duration::from_millis(25);
/// Entries in a batch, and messages in a receive.
const MAX_BATCH: usize = 10;

/// The queues.
pub(crate) struct Sqs {
    queues: Mutex<BTreeMap<String, Queue>>,
    arrivals: Notify,
    clock: Arc<dyn StackClock>,
    endpoint: String,
    stop: Stop,
}

/// The queue that an ARN names.
pub(crate) use self::attributes::name_in_arn;

type Queues<'a> = MutexGuard<'a, BTreeMap<String, Queue>>;

impl Sqs {
    pub(crate) fn new(clock: Arc<dyn StackClock>, endpoint: String, stop: Stop) -> Self {
        Self {
            queues: Mutex::default(),
            arrivals: Notify::new(),
            clock,
            endpoint,
            stop,
        }
    }

    /// Drops every message of every queue.
    pub(crate) fn drop_all_messages(&self) {
        self.queues().values_mut().for_each(Queue::purge);
    }

    /// Messages sent to each queue since the start.
    pub(crate) fn message_counts(&self) -> BTreeMap<String, u64> {
        self.queues()
            .iter()
            .map(|(name, queue)| (name.clone(), queue.sent()))
            .collect()
    }

    /// Bodies sent to each queue since the start, oldest first.
    pub(crate) fn dump_bodies(&self) -> BTreeMap<String, Vec<String>> {
        self.queues()
            .iter()
            .map(|(name, queue)| (name.clone(), queue.bodies()))
            .collect()
    }

    /// Puts a message into the queue called `name`, for the event bus.
    pub(crate) fn deliver(&self, name: &str, body: &str) -> Result<(), ApiError> {
        let now = self.clock.now();
        let mut queues = self.queues();
        let queue = queues.get_mut(name).ok_or_else(no_such_queue)?;
        check_body(body, &BTreeMap::new(), queue.attributes.max_message_bytes)?;
        queue.send(now, body, BTreeMap::new(), None);
        drop(queues);
        self.arrivals.notify_waiters();
        Ok(())
    }

    fn queues(&self) -> Queues<'_> {
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn url(&self, name: &str) -> String {
        format!("{}/{ACCOUNT}/{name}", self.endpoint)
    }

    fn create_queue(&self, request: CreateQueue) -> Result<Value, ApiError> {
        let CreateQueue {
            queue_name: name,
            attributes,
        } = request;
        if name.ends_with(".fifo") {
            return Err(no_fifo());
        }
        let legal = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        if name.is_empty() || name.len() > 80 || !name.chars().all(legal) {
            return Err(invalid_parameter(
                "A queue name has 1 to 80 letters, digits, hyphens or underscores.",
            ));
        }
        let mut queues = self.queues();
        let existing = queues.get(&name).map(|queue| queue.attributes.clone());
        let wanted = existing.clone().unwrap_or_default().with(&attributes)?;
        check_redrive(&queues, &wanted)?;
        if existing
            .as_ref()
            .is_some_and(|existing| *existing != wanted)
        {
            let message =
                "A queue already exists with the same name and a different value for an attribute.";
            return Err(ApiError::new("QueueNameExists", message).query("QueueAlreadyExists"));
        }
        let url = self.url(&name);
        queues
            .entry(name)
            .or_insert_with(|| Queue::new(wanted, self.clock.now()));
        Ok(json!({ "QueueUrl": url }))
    }

    fn get_queue_url(&self, request: &GetQueueUrl) -> Result<Value, ApiError> {
        let queues = self.queues();
        queues.get(&request.queue_name).ok_or_else(no_such_queue)?;
        Ok(json!({ "QueueUrl": self.url(&request.queue_name) }))
    }

    fn list_queues(&self, request: &ListQueues) -> Value {
        let queues = self.queues();
        let names = queues
            .keys()
            .filter(|name| name.starts_with(&request.queue_name_prefix));
        json!({ "QueueUrls": names.map(|name| self.url(name)).collect::<Vec<_>>() })
    }

    fn delete_queue(&self, request: &OfQueue) -> Result<Value, ApiError> {
        self.queues()
            .remove(name_in_url(&request.queue_url))
            .ok_or_else(no_such_queue)?;
        Ok(json!({}))
    }

    fn get_attributes(&self, request: &GetQueueAttributes) -> Result<Value, ApiError> {
        let names = &request.attribute_names;
        if let Some(unknown) = names.iter().find(|name| !QueueAttributes::is_known(name)) {
            return Err(unknown_attribute(unknown));
        }
        let now = self.clock.now();
        let name = name_in_url(&request.queue_url);
        let mut queues = self.queues();
        let queue = queues.get_mut(name).ok_or_else(no_such_queue)?;
        let depth = queue.depth(now);
        let mut shown = queue.attributes.shown();
        shown.extend(
            [
                ("QueueArn", arn(name)),
                ("CreatedTimestamp", queue.created_at.timestamp().to_string()),
                (
                    "LastModifiedTimestamp",
                    queue.modified_at.timestamp().to_string(),
                ),
                ("ApproximateNumberOfMessages", depth.visible.to_string()),
                (
                    "ApproximateNumberOfMessagesNotVisible",
                    depth.in_flight.to_string(),
                ),
                (
                    "ApproximateNumberOfMessagesDelayed",
                    depth.delayed.to_string(),
                ),
            ]
            .map(|(name, value)| (name.to_owned(), value)),
        );
        if !names.iter().any(|name| name == "All") {
            shown.retain(|name, _| names.contains(name));
        }
        Ok(json!({ "Attributes": shown }))
    }

    fn set_attributes(&self, request: &SetQueueAttributes) -> Result<Value, ApiError> {
        let mut queues = self.queues();
        let name = name_in_url(&request.queue_url);
        let queue = queues.get(name).ok_or_else(no_such_queue)?;
        let wanted = queue.attributes.with(&request.attributes)?;
        check_redrive(&queues, &wanted)?;
        let queue = queues.get_mut(name).ok_or_else(no_such_queue)?;
        queue.attributes = wanted;
        queue.modified_at = self.clock.now();
        Ok(json!({}))
    }

    fn send_one(
        &self,
        queues: &mut Queues<'_>,
        queue_url: &str,
        entry: &SendEntry,
    ) -> Result<Value, ApiError> {
        let queue = queues
            .get_mut(name_in_url(queue_url))
            .ok_or_else(no_such_queue)?;
        if entry.message_deduplication_id.is_some() {
            return Err(invalid_parameter(
                "MessageDeduplicationId is not valid for a standard queue.",
            ));
        }
        let delay = check_delay(entry.delay_seconds)?;
        check_body(
            &entry.message_body,
            &entry.message_attributes,
            queue.attributes.max_message_bytes,
        )?;
        let md5_of_attributes = md5_of_attributes(&entry.message_attributes)?;
        let id = queue.send(
            self.clock.now(),
            &entry.message_body,
            entry.message_attributes.clone(),
            delay,
        );
        let mut answer = json!({
            "MessageId": id,
            "MD5OfMessageBody": md5_of_body(&entry.message_body),
        });
        if let Some(md5) = md5_of_attributes {
            answer["MD5OfMessageAttributes"] = Value::String(md5);
        }
        Ok(answer)
    }

    fn send(&self, request: &SendMessage) -> Result<Value, ApiError> {
        let answer = self.send_one(&mut self.queues(), &request.queue_url, &request.entry);
        self.arrivals.notify_waiters();
        answer
    }

    fn send_batch(&self, request: &Batch<SendEntry>) -> Result<Value, ApiError> {
        let total: usize = request
            .entries
            .iter()
            .map(|entry| size_of(&entry.rest.message_body, &entry.rest.message_attributes))
            .sum();
        if total > MAX_MESSAGE_BYTES as usize {
            let message = "The messages of a batch have more than 262144 bytes together.";
            return Err(ApiError::new("BatchRequestTooLong", message)
                .query("AWS.SimpleQueueService.BatchRequestTooLong"));
        }
        let answer = self.batch(request, |queues, entry| {
            self.send_one(queues, &request.queue_url, entry)
        });
        self.arrivals.notify_waiters();
        answer
    }

    async fn receive(&self, request: &ReceiveMessage) -> Result<Value, ApiError> {
        let max = request.max_number_of_messages.unwrap_or(1);
        let max = usize::try_from(max)
            .ok()
            .filter(|max| (1..=MAX_BATCH).contains(max))
            .ok_or_else(|| {
                invalid_parameter("MaxNumberOfMessages must be between 1 and 10, if provided.")
            })?;
        let visibility = request
            .visibility_timeout
            .map(check_visibility)
            .transpose()?;
        let wait = request.wait_time_seconds;
        let wait = wait.map(|wait| {
            u32::try_from(wait)
                .ok()
                .filter(|wait| *wait <= MAX_WAIT)
                .ok_or_else(|| {
                    invalid_parameter("WaitTimeSeconds must be >= 0 and <= 20, if provided.")
                })
        });
        let wait = wait.transpose()?;
        let name = name_in_url(&request.queue_url);
        let wait = {
            let queues = self.queues();
            let queue = queues.get(name).ok_or_else(no_such_queue)?;
            wait.unwrap_or(queue.attributes.wait_seconds)
        };
        let deadline = Instant::now() + Duration::from_secs(wait.into());
        loop {
            let arrival = self.arrivals.notified();
            let messages = self.receive_now(name, max, visibility)?;
            if !messages.is_empty() || Instant::now() >= deadline {
                let shown: Vec<Value> = messages
                    .iter()
                    .map(|message| request.show(name, message))
                    .collect();
                return Ok(if shown.is_empty() {
                    json!({})
                } else {
                    json!({ "Messages": shown })
                });
            }
            tokio::select! {
                () = arrival => {}
                () = tokio::time::sleep(POLL_INTERVAL.min(deadline - Instant::now())) => {}
                () = stopped(self.stop.clone()) => return Ok(json!({})),
            }
        }
    }

    fn receive_now(
        &self,
        name: &str,
        max: usize,
        visibility: Option<u32>,
    ) -> Result<Vec<Message>, ApiError> {
        let now = self.clock.now();
        let mut queues = self.queues();
        let queue = queues.get(name).ok_or_else(no_such_queue)?;
        let dead_letter_queue = queue
            .attributes
            .redrive
            .as_ref()
            .map(|redrive| redrive.queue.clone());
        let dead_letter_queue = dead_letter_queue.filter(|name| queues.contains_key(name));
        let queue = queues.get_mut(name).ok_or_else(no_such_queue)?;
        let visibility = visibility.unwrap_or(queue.attributes.visibility_seconds);
        let (messages, dead) = queue.receive(now, max, visibility, dead_letter_queue.is_some());
        let target = dead_letter_queue.and_then(|target| queues.get_mut(&target));
        if let Some(target) = target {
            for mut message in dead {
                message.dead_letter_source = Some(arn(name));
                target.adopt(now, message);
            }
        }
        Ok(messages)
    }

    fn delete_one(
        queues: &mut Queues<'_>,
        queue_url: &str,
        handle: &str,
    ) -> Result<Value, ApiError> {
        let name = name_in_url(queue_url);
        let queue = queues.get_mut(name).ok_or_else(no_such_queue)?;
        queue.delete(&receipt(name, handle)?);
        Ok(json!({}))
    }

    fn change_one(
        &self,
        queues: &mut Queues<'_>,
        queue_url: &str,
        entry: &ChangeEntry,
    ) -> Result<Value, ApiError> {
        let name = name_in_url(queue_url);
        let queue = queues.get_mut(name).ok_or_else(no_such_queue)?;
        let visibility = check_visibility(entry.visibility_timeout)?;
        let receipt = receipt(name, &entry.receipt_handle)?;
        match queue.change_visibility(self.clock.now(), &receipt, visibility) {
            Change::Done => Ok(json!({})),
            Change::NotInFlight => {
                let message = "The message is not in flight.";
                Err(ApiError::new("MessageNotInflight", message)
                    .query("AWS.SimpleQueueService.MessageNotInflight"))
            }
        }
    }

    fn purge(&self, request: &OfQueue) -> Result<Value, ApiError> {
        let mut queues = self.queues();
        queues
            .get_mut(name_in_url(&request.queue_url))
            .ok_or_else(no_such_queue)?
            .purge();
        Ok(json!({}))
    }

    /// Checks a batch and carries it out entry by entry.
    fn batch<E>(
        &self,
        request: &Batch<E>,
        mut one: impl FnMut(&mut Queues<'_>, &E) -> Result<Value, ApiError>,
    ) -> Result<Value, ApiError> {
        check_batch(request.entries.iter().map(|entry| entry.id.as_str()))?;
        let mut queues = self.queues();
        queues
            .get(name_in_url(&request.queue_url))
            .ok_or_else(no_such_queue)?;
        let (mut successful, mut failed) = (Vec::new(), Vec::new());
        for entry in &request.entries {
            match one(&mut queues, &entry.rest) {
                Ok(mut answer) => {
                    answer["Id"] = Value::String(entry.id.clone());
                    successful.push(answer);
                }
                Err(error) => failed.push(json!({
                    "Id": entry.id,
                    "SenderFault": true,
                    "Code": error.code(),
                    "Message": error.message(),
                })),
            }
        }
        Ok(json!({ "Successful": successful, "Failed": failed }))
    }
}

impl AwsJson for Sqs {
    const TARGET: &'static str = "AmazonSQS";
    const MEDIA_TYPE: &'static str = "application/x-amz-json-1.0";
    // 256 KB of messages, every character of them escaped in JSON.
    const BODY_LIMIT: usize = 2 * 1024 * 1024;
    const SENDING: &'static [&'static str] = &["SendMessage", "SendMessageBatch"];

    async fn call(&self, operation: &str, body: &[u8]) -> Result<Value, ApiError> {
        match operation {
            "CreateQueue" => self.create_queue(input(body)?),
            "GetQueueUrl" => self.get_queue_url(&input(body)?),
            "ListQueues" => Ok(self.list_queues(&input(body)?)),
            "DeleteQueue" => self.delete_queue(&input(body)?),
            "GetQueueAttributes" => self.get_attributes(&input(body)?),
            "SetQueueAttributes" => self.set_attributes(&input(body)?),
            "SendMessage" => self.send(&input(body)?),
            "SendMessageBatch" => self.send_batch(&input(body)?),
            "ReceiveMessage" => self.receive(&input(body)?).await,
            "DeleteMessage" => {
                let request: DeleteMessage = input(body)?;
                Self::delete_one(
                    &mut self.queues(),
                    &request.queue_url,
                    &request.entry.receipt_handle,
                )
            }
            "DeleteMessageBatch" => {
                let request: Batch<DeleteEntry> = input(body)?;
                self.batch(&request, |queues, entry| {
                    Self::delete_one(queues, &request.queue_url, &entry.receipt_handle)
                })
            }
            "ChangeMessageVisibility" => {
                let request: ChangeMessageVisibility = input(body)?;
                self.change_one(&mut self.queues(), &request.queue_url, &request.entry)
            }
            "ChangeMessageVisibilityBatch" => {
                let request: Batch<ChangeEntry> = input(body)?;
                self.batch(&request, |queues, entry| {
                    self.change_one(queues, &request.queue_url, entry)
                })
            }
            "PurgeQueue" => self.purge(&input(body)?),
            _ => Err(ApiError::unknown_operation()),
        }
    }
}

fn name_in_url(url: &str) -> &str {
    url.rsplit('/').next().unwrap_or(url)
}

fn receipt(queue: &str, handle: &str) -> Result<Receipt, ApiError> {
    Receipt::decode(queue, handle).ok_or_else(|| {
        ApiError::new(
            "ReceiptHandleIsInvalid",
            "The input receipt handle is invalid.",
        )
        .query("ReceiptHandleIsInvalid")
    })
}

fn check_redrive(queues: &Queues<'_>, attributes: &QueueAttributes) -> Result<(), ApiError> {
    match &attributes.redrive {
        Some(redrive) if !queues.contains_key(&redrive.queue) => {
            Err(bad_redrive("Dead letter target does not exist"))
        }
        _ => Ok(()),
    }
}

fn check_visibility(seconds: i64) -> Result<u32, ApiError> {
    u32::try_from(seconds)
        .ok()
        .filter(|seconds| *seconds <= MAX_VISIBILITY)
        .ok_or_else(|| invalid_parameter("VisibilityTimeout must be >= 0 and <= 43200."))
}

fn check_batch<'a>(ids: impl Iterator<Item = &'a str>) -> Result<(), ApiError> {
    let legal = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    let (mut seen, mut count) = (BTreeSet::new(), 0);
    for id in ids {
        count += 1;
        if id.is_empty() || id.len() > 80 || !id.chars().all(legal) {
            return Err(
                ApiError::new("InvalidBatchEntryId", "A batch entry id is not valid.")
                    .query("AWS.SimpleQueueService.InvalidBatchEntryId"),
            );
        }
        if !seen.insert(id) {
            return Err(ApiError::new(
                "BatchEntryIdsNotDistinct",
                "Two batch entries have the same id.",
            )
            .query("AWS.SimpleQueueService.BatchEntryIdsNotDistinct"));
        }
    }
    match count {
        0 => Err(
            ApiError::new("EmptyBatchRequest", "There are no entries in the batch.")
                .query("AWS.SimpleQueueService.EmptyBatchRequest"),
        ),
        1..=MAX_BATCH => Ok(()),
        _ => Err(ApiError::new(
            "TooManyEntriesInBatchRequest",
            "A batch has at most 10 entries.",
        )
        .query("AWS.SimpleQueueService.TooManyEntriesInBatchRequest")),
    }
}

fn no_such_queue() -> ApiError {
    ApiError::new("QueueDoesNotExist", "The specified queue does not exist.")
        .query("AWS.SimpleQueueService.NonExistentQueue")
}

fn invalid_parameter(reason: &str) -> ApiError {
    ApiError::new("InvalidParameterValueException", reason).query("InvalidParameterValue")
}
