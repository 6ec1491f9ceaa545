//! The attributes of a queue: their names, ranges and defaults, as SQS has them.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::wire::{ACCOUNT, ApiError, REGION};

/// The largest message, in bytes of body and attributes.
pub(crate) const MAX_MESSAGE_BYTES: u32 = 256 * 1024;
/// The longest delay, in seconds.
pub(crate) const MAX_DELAY: u32 = 900;
/// The longest visibility timeout, in seconds.
pub(crate) const MAX_VISIBILITY: u32 = 43_200;
/// The longest wait of a receive, in seconds.
pub(crate) const MAX_WAIT: u32 = 20;

/// Attributes that have no effect here, but are kept and shown.
const INERT: [&str; 5] = [
    "Policy",
    "KmsMasterKeyId",
    "KmsDataKeyReusePeriodSeconds",
    "SqsManagedSseEnabled",
    "RedriveAllowPolicy",
];

/// Attributes that SQS computes.
pub(crate) const COMPUTED: [&str; 6] = [
    "QueueArn",
    "CreatedTimestamp",
    "LastModifiedTimestamp",
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "ApproximateNumberOfMessagesDelayed",
];

/// Where messages go that were received too often.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Redrive {
    /// The dead-letter queue's name.
    pub(crate) queue: String,
    pub(crate) max_receive_count: u32,
}

/// The attributes that can be set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct QueueAttributes {
    pub(crate) delay_seconds: u32,
    pub(crate) max_message_bytes: u32,
    pub(crate) retention_seconds: u32,
    pub(crate) wait_seconds: u32,
    pub(crate) visibility_seconds: u32,
    pub(crate) redrive: Option<Redrive>,
    inert: BTreeMap<String, String>,
}

impl Default for QueueAttributes {
    fn default() -> Self {
        Self {
            delay_seconds: 0,
            max_message_bytes: MAX_MESSAGE_BYTES,
            retention_seconds: 345_600,
            wait_seconds: 0,
            visibility_seconds: 30,
            redrive: None,
            inert: BTreeMap::new(),
        }
    }
}

impl QueueAttributes {
    /// These attributes with `changes` made to them; an error changes nothing.
    pub(crate) fn with(&self, changes: &BTreeMap<String, String>) -> Result<Self, ApiError> {
        let mut next = self.clone();
        for (name, value) in changes {
            match name.as_str() {
                "DelaySeconds" => next.delay_seconds = number(name, value, 0, MAX_DELAY)?,
                "MaximumMessageSize" => {
                    next.max_message_bytes = number(name, value, 1024, MAX_MESSAGE_BYTES)?;
                }
                "MessageRetentionPeriod" => {
                    next.retention_seconds = number(name, value, 60, 1_209_600)?;
                }
                "ReceiveMessageWaitTimeSeconds" => {
                    next.wait_seconds = number(name, value, 0, MAX_WAIT)?;
                }
                "VisibilityTimeout" => {
                    next.visibility_seconds = number(name, value, 0, MAX_VISIBILITY)?;
                }
                "RedrivePolicy" if value.is_empty() => next.redrive = None,
                "RedrivePolicy" => next.redrive = Some(redrive(value)?),
                "FifoQueue"
                | "ContentBasedDeduplication"
                | "DeduplicationScope"
                | "FifoThroughputLimit" => return Err(no_fifo()),
                other if INERT.contains(&other) => {
                    next.inert.insert(name.clone(), value.clone());
                }
                _ => return Err(unknown_attribute(name)),
            }
        }
        Ok(next)
    }

    /// The attributes as SQS shows them.
    pub(crate) fn shown(&self) -> BTreeMap<String, String> {
        let mut shown = self.inert.clone();
        let numbers = [
            ("DelaySeconds", self.delay_seconds),
            ("MaximumMessageSize", self.max_message_bytes),
            ("MessageRetentionPeriod", self.retention_seconds),
            ("ReceiveMessageWaitTimeSeconds", self.wait_seconds),
            ("VisibilityTimeout", self.visibility_seconds),
        ];
        shown.extend(numbers.map(|(name, value)| (name.to_owned(), value.to_string())));
        if let Some(redrive) = &self.redrive {
            let policy = serde_json::json!({
                "deadLetterTargetArn": arn(&redrive.queue),
                "maxReceiveCount": redrive.max_receive_count,
            });
            shown.insert("RedrivePolicy".to_owned(), policy.to_string());
        }
        shown
    }

    /// Whether `name` can be asked for.
    pub(crate) fn is_known(name: &str) -> bool {
        const NUMBERS: [&str; 7] = [
            "All",
            "DelaySeconds",
            "MaximumMessageSize",
            "MessageRetentionPeriod",
            "ReceiveMessageWaitTimeSeconds",
            "VisibilityTimeout",
            "RedrivePolicy",
        ];
        NUMBERS.contains(&name) || INERT.contains(&name) || COMPUTED.contains(&name)
    }
}

/// The ARN of the queue called `name`.
pub(crate) fn arn(name: &str) -> String {
    format!("arn:aws:sqs:{REGION}:{ACCOUNT}:{name}")
}

/// The name in an ARN of a queue here.
pub(crate) fn name_in_arn(text: &str) -> Option<&str> {
    text.strip_prefix(&format!("arn:aws:sqs:{REGION}:{ACCOUNT}:"))
}

pub(crate) fn unknown_attribute(name: &str) -> ApiError {
    ApiError::new("InvalidAttributeName", format!("Unknown Attribute {name}."))
        .query("InvalidAttributeName")
}

pub(crate) fn no_fifo() -> ApiError {
    ApiError::new(
        "UnsupportedOperation",
        "Only standard queues are known here.",
    )
    .query("AWS.SimpleQueueService.UnsupportedOperation")
}

fn number(name: &str, value: &str, min: u32, max: u32) -> Result<u32, ApiError> {
    value
        .parse()
        .ok()
        .filter(|number| (min..=max).contains(number))
        .ok_or_else(|| {
            let reason = format!("Invalid value for the parameter {name}: {min} to {max}.");
            ApiError::new("InvalidAttributeValue", reason).query("InvalidAttributeValue")
        })
}

fn redrive(value: &str) -> Result<Redrive, ApiError> {
    let policy: Value = serde_json::from_str(value).map_err(|_| bad_redrive("it is not JSON"))?;
    let queue = policy["deadLetterTargetArn"].as_str().and_then(name_in_arn);
    let queue = queue.ok_or_else(|| bad_redrive("deadLetterTargetArn names no queue here"))?;
    let count = &policy["maxReceiveCount"];
    let count = count.as_u64().or_else(|| count.as_str()?.parse().ok());
    let count = count.and_then(|count| u32::try_from(count).ok());
    let max_receive_count = count
        .filter(|count| (1..=1000).contains(count))
        .ok_or_else(|| bad_redrive("maxReceiveCount must be 1 to 1000"))?;
    Ok(Redrive {
        queue: queue.to_owned(),
        max_receive_count,
    })
}

pub(crate) fn bad_redrive(reason: &str) -> ApiError {
    let reason = format!("Invalid value for the parameter RedrivePolicy: {reason}.");
    ApiError::new("InvalidAttributeValue", reason).query("InvalidAttributeValue")
}
