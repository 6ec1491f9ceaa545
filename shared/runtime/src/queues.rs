//! Messages. They only make things sooner: losing every one of them delays, and loses nothing (architecture.md
//! "Level-triggered"). They carry opaque ids only.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use vio_domain::ids::{ContactId, JobId, MessageId, OutgoingWebhookId, TenantId};

/// The longest delay SQS takes; a longer wait is re-armed when the early message arrives.
pub const MAX_DELAY_SECONDS: u32 = 900;

/// Asks for a tenant's pump to be run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DialMessage {
    pub tenant: TenantId,
}

/// Asks for a stored webhook event to be processed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InboxMessage {
    pub tenant: TenantId,
    /// Keyed hash of the provider's identity of the event: the inbox item's key.
    pub event: String,
}

/// Asks for a job to be gone on with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobMessage {
    pub tenant: TenantId,
    pub job: JobId,
}

/// Asks for what is due with a tenant's outside calendar.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CalendarMessage {
    pub tenant: TenantId,
}

/// Asks for a message to a person to be sent, or looked at again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MessageWork {
    pub tenant: TenantId,
    pub contact: ContactId,
    pub message: MessageId,
}

/// Asks for a letter to somebody on the staff to be sent. On the same queue as [`MessageWork`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LetterWork {
    pub tenant: TenantId,
    /// Keyed hash of what it is about: its key.
    pub letter: String,
}

/// Asks for a tenant's staff to be told what they are to be told. On the same queue as [`MessageWork`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticeWork {
    /// Whose staff.
    pub notices: TenantId,
}

/// Asks for what waits for an address of a business to be sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutgoingMessage {
    pub tenant: TenantId,
    pub webhook: OutgoingWebhookId,
}

/// A message was not accepted. Callers log it and go on: the tick finds the work.
#[derive(Debug, thiserror::Error)]
#[error("the queue did not take the message")]
pub struct QueueError(#[source] pub Box<dyn std::error::Error + Send + Sync>);

/// The queues.
#[async_trait]
pub trait Queues: Send + Sync + 'static {
    /// Runs a tenant's pump after `delay_seconds` (at most [`MAX_DELAY_SECONDS`]).
    async fn dial(&self, message: DialMessage, delay_seconds: u32) -> Result<(), QueueError>;
    /// Processes a stored event.
    async fn inbox(&self, message: InboxMessage) -> Result<(), QueueError>;
    /// Goes on with a job.
    async fn job(&self, message: JobMessage) -> Result<(), QueueError>;
    /// Does what is due with a calendar.
    async fn calendar(&self, message: CalendarMessage) -> Result<(), QueueError>;
    /// Sends a message to a person, or looks at it again.
    async fn message(&self, message: MessageWork) -> Result<(), QueueError>;
    /// Sends a letter to somebody on the staff.
    async fn letter(&self, letter: LetterWork) -> Result<(), QueueError>;
    /// Tells a tenant's staff what they are to be told.
    async fn notices(&self, work: NoticeWork) -> Result<(), QueueError>;
    /// Sends what waits for an address after `delay_seconds` (at most [`MAX_DELAY_SECONDS`]).
    async fn outgoing(
        &self,
        message: OutgoingMessage,
        delay_seconds: u32,
    ) -> Result<(), QueueError>;
}

/// Addresses of the queues.
#[derive(Debug, Clone)]
pub struct QueueUrls {
    pub dial: String,
    pub inbox: String,
    pub jobs: String,
    pub calendar: String,
    pub messages: String,
    pub outgoing: String,
}

/// The queues in SQS.
#[derive(Debug, Clone)]
pub struct SqsQueues {
    client: aws_sdk_sqs::Client,
    urls: QueueUrls,
}

impl SqsQueues {
    pub fn new(client: aws_sdk_sqs::Client, urls: QueueUrls) -> Self {
        Self { client, urls }
    }

    async fn send<M: Serialize + Sync>(
        &self,
        url: &str,
        message: &M,
        delay: u32,
    ) -> Result<(), QueueError> {
        let body = serde_json::to_string(message).map_err(|error| QueueError(Box::new(error)))?;
        self.client
            .send_message()
            .queue_url(url)
            .message_body(body)
            .delay_seconds(i32::try_from(delay.min(MAX_DELAY_SECONDS)).unwrap_or(0))
            .send()
            .await
            .map(|_| ())
            .map_err(|error| QueueError(Box::new(error)))
    }
}

#[async_trait]
impl Queues for SqsQueues {
    async fn dial(&self, message: DialMessage, delay_seconds: u32) -> Result<(), QueueError> {
        self.send(&self.urls.dial, &message, delay_seconds).await
    }

    async fn inbox(&self, message: InboxMessage) -> Result<(), QueueError> {
        self.send(&self.urls.inbox, &message, 0).await
    }

    async fn job(&self, message: JobMessage) -> Result<(), QueueError> {
        self.send(&self.urls.jobs, &message, 0).await
    }

    async fn calendar(&self, message: CalendarMessage) -> Result<(), QueueError> {
        self.send(&self.urls.calendar, &message, 0).await
    }

    async fn message(&self, message: MessageWork) -> Result<(), QueueError> {
        self.send(&self.urls.messages, &message, 0).await
    }

    async fn letter(&self, letter: LetterWork) -> Result<(), QueueError> {
        self.send(&self.urls.messages, &letter, 0).await
    }

    async fn notices(&self, work: NoticeWork) -> Result<(), QueueError> {
        self.send(&self.urls.messages, &work, 0).await
    }

    async fn outgoing(
        &self,
        message: OutgoingMessage,
        delay_seconds: u32,
    ) -> Result<(), QueueError> {
        self.send(&self.urls.outgoing, &message, delay_seconds)
            .await
    }
}
