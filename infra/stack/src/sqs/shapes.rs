//! What clients send to SQS, and how a message is shown to them.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{
    checks::{md5_of_attributes, md5_of_body},
    queue::{Message, MessageAttribute, Receipt},
};
use crate::wire::ACCOUNT;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct CreateQueue {
    pub(super) queue_name: String,
    #[serde(default)]
    pub(super) attributes: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct GetQueueUrl {
    pub(super) queue_name: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ListQueues {
    #[serde(default)]
    pub(super) queue_name_prefix: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct OfQueue {
    pub(super) queue_url: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct GetQueueAttributes {
    pub(super) queue_url: String,
    #[serde(default)]
    pub(super) attribute_names: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct SetQueueAttributes {
    pub(super) queue_url: String,
    pub(super) attributes: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct SendEntry {
    pub(super) message_body: String,
    pub(super) delay_seconds: Option<i64>,
    #[serde(default)]
    pub(super) message_attributes: BTreeMap<String, MessageAttribute>,
    pub(super) message_deduplication_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct SendMessage {
    pub(super) queue_url: String,
    #[serde(flatten)]
    pub(super) entry: SendEntry,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct DeleteEntry {
    pub(super) receipt_handle: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct DeleteMessage {
    pub(super) queue_url: String,
    #[serde(flatten)]
    pub(super) entry: DeleteEntry,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ChangeEntry {
    pub(super) receipt_handle: String,
    pub(super) visibility_timeout: i64,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ChangeMessageVisibility {
    pub(super) queue_url: String,
    #[serde(flatten)]
    pub(super) entry: ChangeEntry,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Batch<E> {
    pub(super) queue_url: String,
    pub(super) entries: Vec<BatchEntry<E>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct BatchEntry<E> {
    pub(super) id: String,
    #[serde(flatten)]
    pub(super) rest: E,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct ReceiveMessage {
    pub(super) queue_url: String,
    pub(super) max_number_of_messages: Option<i64>,
    pub(super) visibility_timeout: Option<i64>,
    pub(super) wait_time_seconds: Option<i64>,
    #[serde(default)]
    pub(super) attribute_names: Vec<String>,
    #[serde(default)]
    pub(super) message_system_attribute_names: Vec<String>,
    #[serde(default)]
    pub(super) message_attribute_names: Vec<String>,
}

impl ReceiveMessage {
    /// A message as this receive shows it.
    pub(super) fn show(&self, queue: &str, message: &Message) -> Value {
        let mut shown = json!({
            "MessageId": message.id,
            "ReceiptHandle": Receipt::new(queue, message).encode(),
            "Body": &*message.body,
            "MD5OfBody": md5_of_body(&message.body),
        });
        let system = self.system_attributes(message);
        if !system.is_empty() {
            shown["Attributes"] = Value::Object(system);
        }
        let mut attributes = message.attributes.clone();
        attributes.retain(|name, _| {
            self.message_attribute_names
                .iter()
                .any(|wanted| selects(wanted, name))
        });
        if let Ok(Some(md5)) = md5_of_attributes(&attributes) {
            shown["MD5OfMessageAttributes"] = Value::String(md5);
            shown["MessageAttributes"] = json!(attributes);
        }
        shown
    }

    fn system_attributes(&self, message: &Message) -> Map<String, Value> {
        let first = message.first_received_at.unwrap_or(message.sent_at);
        let all = [
            ("SenderId", Some(ACCOUNT.to_owned())),
            (
                "SentTimestamp",
                Some(message.sent_at.timestamp_millis().to_string()),
            ),
            (
                "ApproximateReceiveCount",
                Some(message.received.to_string()),
            ),
            (
                "ApproximateFirstReceiveTimestamp",
                Some(first.timestamp_millis().to_string()),
            ),
            (
                "DeadLetterQueueSourceArn",
                message.dead_letter_source.clone(),
            ),
        ];
        let wanted = || {
            self.attribute_names
                .iter()
                .chain(&self.message_system_attribute_names)
        };
        all.into_iter()
            .filter(|(name, _)| wanted().any(|wanted| wanted == "All" || wanted == name))
            .filter_map(|(name, value)| Some((name.to_owned(), Value::String(value?))))
            .collect()
    }
}

/// Whether the attribute filter `wanted` (a name, `prefix.*`, `All` or `.*`) takes `name`.
fn selects(wanted: &str, name: &str) -> bool {
    wanted == "All"
        || wanted == name
        || wanted
            .strip_suffix(".*")
            .is_some_and(|prefix| name.starts_with(prefix))
}
