//! The event bus.

use async_trait::async_trait;
use aws_sdk_eventbridge::Client;
use aws_sdk_eventbridge::types::PutEventsRequestEntry;

use crate::DomainEvent;

/// The source that rules on the bus match.
pub const SOURCE: &str = "vioconcierge";

/// Events the bus takes in one request.
pub const BUS_BATCH: usize = 10;

/// The bus did not take a batch, or not all of it.
#[derive(Debug, thiserror::Error)]
#[error("the bus did not take the events")]
pub struct BusError {
    /// Position of the first event that was not taken; those after it may have been.
    pub first_refused: usize,
    #[source]
    pub source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// Where domain events go.
#[async_trait]
pub trait Bus: Send + Sync {
    /// Puts at most [`BUS_BATCH`] events.
    async fn put(&self, events: &[DomainEvent]) -> Result<(), BusError>;
}

/// The bus in EventBridge.
#[derive(Debug, Clone)]
pub struct EventBridge {
    client: Client,
    bus_name: String,
}

impl EventBridge {
    pub fn new(client: Client, bus_name: String) -> Self {
        Self { client, bus_name }
    }
}

#[async_trait]
impl Bus for EventBridge {
    async fn put(&self, events: &[DomainEvent]) -> Result<(), BusError> {
        let failed = |source: Box<dyn std::error::Error + Send + Sync>| BusError {
            first_refused: 0,
            source: Some(source),
        };
        let mut entries = Vec::with_capacity(events.len());
        for event in events {
            let detail = serde_json::to_string(event).map_err(|error| failed(error.into()))?;
            entries.push(
                PutEventsRequestEntry::builder()
                    .event_bus_name(&self.bus_name)
                    .source(SOURCE)
                    .detail_type(&event.kind)
                    .detail(detail)
                    .build(),
            );
        }
        let answer = self
            .client
            .put_events()
            .set_entries(Some(entries))
            .send()
            .await
            .map_err(|error| failed(error.into()))?;
        let refused = answer
            .entries()
            .iter()
            .position(|entry| entry.error_code().is_some());
        match refused {
            Some(first_refused) => Err(BusError {
                first_refused,
                source: None,
            }),
            None => Ok(()),
        }
    }
}
