//! Making deliveries of events: each once for an address, however often the stream tells of the event.

use chrono::{DateTime, Utc};
use uuid::Uuid;
use vio_domain::ids::{ContactId, DeliveryId, OutgoingWebhookId, TenantId};
use vio_domain::outgoing::EventType;

use super::deliveries::{DeliveryRow, DeliveryState, WaitingRow};
use super::health::WakeRow;
use crate::entity::Entity;
use crate::error::StoreError;
use crate::key;
use crate::port::Condition;
use crate::store::Store;
use crate::tx::{COMMIT_TRIES, Tx};

/// Deliveries of one transaction: two items each, and the wake.
const TOGETHER: usize = 40;

/// What is to be told to whoever chose it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutgoingEvent {
    /// The same each time that the stream tells of it.
    pub id: DeliveryId,
    pub event: EventType,
    /// When it happened.
    pub at: DateTime<Utc>,
    /// The record that it is about.
    pub subject: Uuid,
    /// Its version since; 0 where it has none.
    pub version: u64,
    /// Whom it is about.
    pub contact: Option<ContactId>,
    /// Where the record stands since, in the API's word.
    pub status: Option<String>,
}

impl Store {
    /// Makes the deliveries of events to an address that there are not yet, due at once. Answers how many were new.
    pub async fn make_deliveries(
        &self,
        tenant: TenantId,
        webhook: OutgoingWebhookId,
        events: &[&OutgoingEvent],
    ) -> Result<usize, StoreError> {
        // The stream may have told of one twice in one batch.
        let mut events = events.to_vec();
        events.sort_by_key(|event| event.id);
        events.dedup_by_key(|event| event.id);
        let mut made = 0;
        for events in events.chunks(TOGETHER) {
            made += self.make_some(tenant, webhook, events.to_vec()).await?;
        }
        Ok(made)
    }

    async fn make_some(
        &self,
        tenant: TenantId,
        webhook: OutgoingWebhookId,
        mut events: Vec<&OutgoingEvent>,
    ) -> Result<usize, StoreError> {
        for _ in 0..=COMMIT_TRIES {
            if events.is_empty() {
                return Ok(0);
            }
            let mut tx = Tx::new();
            for event in &events {
                self.stage_delivery(&mut tx, tenant, webhook, event)?;
            }
            self.stage_outgoing_wake(&mut tx, tenant, webhook)?;
            match self.commit(tx).await {
                Ok(()) => return Ok(events.len()),
                Err(error) if error.is_lost() => {
                    let place =
                        |event: &&OutgoingEvent| key::outgoing_delivery(tenant, webhook, event.id);
                    let keys: Vec<_> = events.iter().map(place).collect();
                    let known: Vec<DeliveryRow> = self.read_all(&keys).await?;
                    events.retain(|event| known.iter().all(|row| row.id != event.id));
                }
                Err(error) => return Err(error),
            }
        }
        Err(StoreError::Lost {
            lost: vec![DeliveryRow::TYPE],
        })
    }

    /// A delivery that must not be there yet, in its place among those that wait.
    pub(super) fn stage_delivery(
        &self,
        tx: &mut Tx,
        tenant: TenantId,
        webhook: OutgoingWebhookId,
        event: &OutgoingEvent,
    ) -> Result<DeliveryRow, StoreError> {
        let now = self.now();
        let mut row = DeliveryRow {
            tenant,
            webhook,
            id: event.id,
            version: 0,
            event: event.event,
            at: event.at,
            subject: event.subject,
            subject_version: event.version,
            contact: event.contact,
            status: event.status.clone(),
            state: DeliveryState::Waiting,
            tries: 0,
            next_at: Some(now),
            last: None,
            made_at: now,
        };
        tx.create(&mut row)?;
        tx.put_if(
            WaitingRow::TYPE,
            &WaitingRow::of(&row, now),
            1,
            Condition::Always,
        )?;
        Ok(row)
    }

    /// Notes that there is something to send to an address now.
    pub(super) fn stage_outgoing_wake(
        &self,
        tx: &mut Tx,
        tenant: TenantId,
        webhook: OutgoingWebhookId,
    ) -> Result<(), StoreError> {
        let row = WakeRow {
            tenant,
            webhook,
            stamp: self.new_id(),
            due: self.now(),
        };
        tx.put_if(WakeRow::TYPE, &row, 1, Condition::Always)
    }
}
