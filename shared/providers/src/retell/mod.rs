//! Retell AI: the voice agent that rings people.

mod call;
mod http_api;
mod news;
mod reason;
mod request;
pub mod webhook;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use secrecy::SecretString;
use vio_domain::ids::AttemptId;

pub use crate::error::{ApiError, ApiError as CreateError};
use crate::{BadBaseUrl, BaseUrl};
pub use call::{Analysis, AppointmentAction, Call, CallStatus, NewTime, Sentiment};
pub use http_api::{HttpRetell, HttpRetellFactory};
pub use news::Moment;
pub use reason::{DisconnectionReason, Ending};
pub use request::{
    AgentSettings, CallMetadata, CreateCallRequest, DEFAULT_RING_DURATION_MS, DataStorage,
    MAX_CALL_DURATION_MS, Voicemail, WEBHOOK_EVENTS, WEBHOOK_TIMEOUT_MS,
};

/// Retell's own address.
pub const RETELL_URL: &str = "https://api.retellai.com";

/// A call that the provider took on: its id. Everything else comes by webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CreatedCall {
    /// The provider's id of the call.
    pub call_id: String,
}

/// How many calls are under way at the provider, and how many may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Concurrency {
    /// Calls under way.
    pub current: u32,
    /// Calls at once, at most.
    pub limit: u32,
}

/// Retell's API with one tenant's key. Every request is sent at most once and ends within its `timeout`.
#[async_trait]
pub trait RetellApi: Send + Sync {
    /// `POST /v2/create-phone-call` with exactly these bytes, those that the attempt stored
    /// ([`CreateCallRequest::to_bytes`]). [`ApiError::Refused`] is a definite refusal; after
    /// [`ApiError::NoAnswer`] the call may have been placed (rules.md "The call throttle").
    async fn create_call(&self, body: &[u8], timeout: Duration)
    -> Result<CreatedCall, CreateError>;

    /// The calls that carry this attempt's id in their metadata. An empty list is the provider's word that there is
    /// none; an answer that leaves doubt is an error, never an empty list.
    async fn list_calls_by_attempt(
        &self,
        attempt: AttemptId,
        timeout: Duration,
    ) -> Result<Vec<Call>, ApiError>;

    /// One call with its transcript and analysis.
    async fn get_call(&self, call_id: &str, timeout: Duration) -> Result<Call, ApiError>;

    /// Ends a call that is under way.
    async fn stop_call(&self, call_id: &str, timeout: Duration) -> Result<(), ApiError>;

    /// Deletes a call and what was stored of it.
    async fn delete_call(&self, call_id: &str, timeout: Duration) -> Result<(), ApiError>;

    /// Calls under way; also the test of a key.
    async fn concurrency(&self, timeout: Duration) -> Result<Concurrency, ApiError>;
}

/// Makes clients for a tenant's address and key.
pub trait RetellFactory: Send + Sync {
    /// A client for this address and key.
    fn client(&self, base_url: BaseUrl, api_key: SecretString) -> Arc<dyn RetellApi>;

    /// The same from an address as it was stored.
    fn client_at(
        &self,
        base_url: &str,
        api_key: SecretString,
    ) -> Result<Arc<dyn RetellApi>, BadBaseUrl> {
        Ok(self.client(BaseUrl::parse(base_url)?, api_key))
    }
}
