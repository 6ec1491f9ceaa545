//! From the change log to the outside: each new entry of a tenant's change log becomes a domain event with ids only
//! (architecture.md "One table"), and a delivery for each of the tenant's own addresses that chose what it tells.
//! Subscribers re-read what they may see.
//!
//! The stream delivers at least once and in order within one entity, so subscribers of the bus drop what they have seen by
//! `event_id` and apply by `version`. Deliveries are made once, and sent from a queue.

mod bus;
mod outgoing;
mod send;

use std::sync::Arc;

use aws_lambda_events::event::dynamodb::{Event, EventRecord};
use aws_lambda_events::event::sqs::SqsEvent;
use aws_lambda_events::event::streams::{DynamoDbBatchItemFailure, DynamoDbEventResponse};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;
use vio_domain::ids::{LogId, TenantId};
use vio_providers::outgoing::{OutgoingClient, Reach};
use vio_runtime::App;
use vio_runtime::batch::{self, MessageError};
use vio_runtime::crash;
use vio_runtime::queues::OutgoingMessage;
use vio_store::entity::{Entity, TYPE};
use vio_store::log::LogRow;
use vio_store::port::AttributeValue;

pub use bus::{BUS_BATCH, Bus, BusError, EventBridge, SOURCE};

/// What happened, to whose record. Carries no names, numbers or values.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DomainEvent {
    /// `noun.verb`, such as `contact.created`: the action of the log entry, and the event's detail type.
    #[serde(rename = "type")]
    pub kind: String,
    pub tenant: TenantId,
    /// The record that changed.
    pub id: Uuid,
    /// Its version after the change; 0 where it has none.
    pub version: u64,
    /// The log entry: the same in every delivery.
    pub event_id: LogId,
}

/// The parts of a log entry that an event is made of; the sealed parts are never looked at.
#[derive(Deserialize)]
struct Logged {
    tenant: TenantId,
    id: LogId,
    access: bool,
    action: String,
    entity_id: Uuid,
    entity_version: u64,
}

/// A record of the stream is not what the store writes.
#[derive(Debug, thiserror::Error)]
#[error("a log entry that cannot be read")]
pub struct UnreadableEntry;

/// The event of a stream record; None for everything but a new entry of the change log.
pub fn project(record: &EventRecord) -> Result<Option<DomainEvent>, UnreadableEntry> {
    let item = &record.change.new_image;
    let is_log = matches!(item.get(TYPE), Some(AttributeValue::S(kind)) if kind == LogRow::TYPE);
    if record.event_name != "INSERT" || !is_log {
        return Ok(None);
    }
    let entry: Logged = serde_dynamo::from_item(item.clone()).map_err(|_| UnreadableEntry)?;
    Ok((!entry.access).then_some(DomainEvent {
        kind: entry.action,
        tenant: entry.tenant,
        id: entry.entity_id,
        version: entry.entity_version,
        event_id: entry.id,
    }))
}

/// What the function works with.
#[derive(Clone)]
pub struct Projector {
    pub app: App,
    pub bus: Arc<dyn Bus>,
    client: OutgoingClient,
}

impl std::fmt::Debug for Projector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Projector").finish_non_exhaustive()
    }
}

/// An event of the function that is neither a batch of the stream nor one of the queue.
#[derive(Debug, thiserror::Error)]
#[error("the event is neither a batch of the stream nor one of the queue")]
pub struct UnknownEvent(#[source] serde_json::Error);

impl Projector {
    pub fn new(app: App, bus: Arc<dyn Bus>) -> Self {
        let reach = if app.platform.local {
            Reach::ThisMachine
        } else {
            Reach::Public
        };
        Self {
            app,
            bus,
            client: OutgoingClient::new(reach),
        }
    }

    /// One invocation; the two kinds of batches are told apart by the source of their first record.
    pub async fn invoke(&self, payload: Value) -> Result<Value, UnknownEvent> {
        let queue = payload.pointer("/Records/0/eventSource");
        if queue.is_some_and(|source| source == "aws:sqs") {
            let batch: SqsEvent = serde_json::from_value(payload).map_err(UnknownEvent)?;
            let answer = batch::handle(batch, |message| self.process(message)).await;
            return serde_json::to_value(answer).map_err(UnknownEvent);
        }
        let event: Event = serde_json::from_value(payload).map_err(UnknownEvent)?;
        serde_json::to_value(self.handle(event).await).map_err(UnknownEvent)
    }

    /// Sends what waits for an address.
    pub async fn process(&self, message: OutgoingMessage) -> Result<(), MessageError> {
        send::process(&self.app, &self.client, message).await
    }

    /// Puts the events of a batch on the bus and makes the deliveries of what they tell. The answer names the first record
    /// that did not get there: the stream goes on from it, so nothing is skipped and order holds. What was done of those
    /// after it is done again, which the bus's subscribers drop and deliveries do not show.
    pub async fn handle(&self, event: Event) -> DynamoDbEventResponse {
        let mut waiting: Vec<(usize, DomainEvent)> = Vec::new();
        let mut deliveries = outgoing::ByTenant::default();
        for (place, record) in event.records.iter().enumerate() {
            match (project(record), outgoing::told(record)) {
                (Ok(domain_event), Ok(told)) => {
                    waiting.extend(domain_event.map(|event| (place, event)));
                    if let Some((tenant, events)) = told {
                        deliveries.add(place, tenant, events);
                    }
                }
                // Sending it again would not make it readable, and would hold up the shard.
                (Err(error), _) | (_, Err(error)) => {
                    tracing::error!(%error, event_id = %record.event_id, "skipped");
                }
            }
        }
        let tells = !deliveries.is_empty();
        if tells {
            crash::point("before_projection");
        }
        let failed = [
            deliveries.deliver(&self.app).await,
            put_all(self.bus.as_ref(), &waiting).await,
        ];
        if tells {
            crash::point("projected");
        }
        let mut response = DynamoDbEventResponse::default();
        let first = failed.into_iter().flatten().min();
        if let Some(record) = first.and_then(|place| event.records.get(place)) {
            let at = record.change.sequence_number.clone();
            response
                .batch_item_failures
                .push(failure(&at.unwrap_or_default()));
        }
        response
    }
}

/// Puts events on the bus; the place of the first that was not taken.
async fn put_all(bus: &dyn Bus, waiting: &[(usize, DomainEvent)]) -> Option<usize> {
    for batch in waiting.chunks(BUS_BATCH) {
        let events: Vec<DomainEvent> = batch.iter().map(|(_, event)| event.clone()).collect();
        if let Err(error) = bus.put(&events).await {
            tracing::warn!(error = %error, "events not taken; the stream goes on from the first of them");
            let first = batch.get(error.first_refused).or(batch.first());
            return first.map(|(place, _)| *place);
        }
    }
    None
}

fn failure(sequence_number: &str) -> DynamoDbBatchItemFailure {
    let mut failure = DynamoDbBatchItemFailure::default();
    failure.item_identifier = Some(sequence_number.to_owned());
    failure
}

#[cfg(test)]
mod tests;
