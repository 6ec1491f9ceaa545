//! Lifts a handler of one message to a batch that reports only the failures, so that what succeeded is not done again.

use aws_lambda_events::event::sqs::{BatchItemFailure, SqsBatchResponse, SqsEvent};
use futures::future::join_all;
use serde::de::DeserializeOwned;

/// Why a message was not handled.
#[derive(Debug, thiserror::Error)]
pub enum MessageError {
    /// Deliver it again later.
    #[error("try again")]
    Retry(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// It can never be handled; it is acknowledged, and logged as an error.
    #[error("hopeless message")]
    Hopeless(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl MessageError {
    /// A passing failure.
    pub fn retry(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Retry(error.into())
    }
}

/// Handles each message of a batch; the answer names those to deliver again.
pub async fn handle<M, F, Fut>(event: SqsEvent, handler: F) -> SqsBatchResponse
where
    M: DeserializeOwned,
    F: Fn(M) -> Fut,
    Fut: Future<Output = Result<(), MessageError>>,
{
    let outcomes = join_all(event.records.into_iter().map(|record| {
        let message = record.body.as_deref().map(serde_json::from_str::<M>);
        let work = match message {
            Some(Ok(message)) => Ok(handler(message)),
            Some(Err(error)) => Err(MessageError::Hopeless(error.into())),
            None => Err(MessageError::Hopeless("a message without a body".into())),
        };
        async move {
            let outcome = match work {
                Ok(work) => work.await,
                Err(error) => Err(error),
            };
            (record.message_id.unwrap_or_default(), outcome)
        }
    }))
    .await;
    let mut response = SqsBatchResponse::default();
    for (id, outcome) in outcomes {
        match outcome {
            Ok(()) => {}
            Err(MessageError::Retry(error)) => {
                tracing::warn!(message_id = %id, error = %error, "message will be delivered again");
                let mut failure = BatchItemFailure::default();
                failure.item_identifier = id;
                response.batch_item_failures.push(failure);
            }
            // A stranger's malformed message is named by its id alone: its content may be anything.
            Err(MessageError::Hopeless(_)) => {
                tracing::error!(message_id = %id, "message can never be handled")
            }
        }
    }
    response
}
