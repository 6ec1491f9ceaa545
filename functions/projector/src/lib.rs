//! From the change log to the bus: each new entry of a tenant's change log becomes a domain event with ids only
//! (architecture.md "One table"). Subscribers re-read what they may see.
//!
//! The stream delivers at least once and in order within one entity, so subscribers drop what they have seen by
//! `event_id` and apply by `version`.

mod bus;

use aws_lambda_events::event::dynamodb::{Event, EventRecord};
use aws_lambda_events::event::streams::{DynamoDbBatchItemFailure, DynamoDbEventResponse};
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use vio_domain::ids::{LogId, TenantId};
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

/// Puts the events of a batch on the bus. The answer names the first record that did not get there: the stream goes
/// on from it, so nothing is skipped and order holds.
pub async fn handle(event: Event, bus: &dyn Bus) -> DynamoDbEventResponse {
    let mut waiting: Vec<(String, DomainEvent)> = Vec::new();
    for record in &event.records {
        match project(record) {
            Ok(Some(domain_event)) => {
                let at = record.change.sequence_number.clone().unwrap_or_default();
                waiting.push((at, domain_event));
            }
            Ok(None) => {}
            // Sending it again would not make it readable, and would hold up the shard.
            Err(error) => tracing::error!(%error, event_id = %record.event_id, "skipped"),
        }
    }
    let mut response = DynamoDbEventResponse::default();
    for batch in waiting.chunks(BUS_BATCH) {
        let events: Vec<DomainEvent> = batch.iter().map(|(_, event)| event.clone()).collect();
        if let Err(error) = bus.put(&events).await {
            tracing::warn!(error = %error, "events not taken; the stream goes on from the first of them");
            let first = batch.get(error.first_refused).or(batch.first());
            response
                .batch_item_failures
                .extend(first.map(|(at, _)| failure(at)));
            break;
        }
    }
    response
}

fn failure(sequence_number: &str) -> DynamoDbBatchItemFailure {
    let mut failure = DynamoDbBatchItemFailure::default();
    failure.item_identifier = Some(sequence_number.to_owned());
    failure
}

#[cfg(test)]
mod tests;
