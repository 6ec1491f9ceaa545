//! One event on its way to one address: where it stands, and its place among those that wait. Nothing of an answer is kept
//! but its status.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use vio_domain::ids::{ContactId, DeliveryId, OutgoingWebhookId, TenantId};
use vio_domain::outgoing::{EventType, next_try};

use super::making::OutgoingEvent;
use crate::entity::{Entity, from_item};
use crate::error::StoreError;
use crate::key;
use crate::port::{Condition, Key, Query, SortRange, Source, TableName};
use crate::store::TenantStore;
use crate::tx::Tx;

/// How long deliveries are kept and can be sent again.
const KEPT: TimeDelta = TimeDelta::days(30);
/// How long whoever sends a delivery has it alone: longer than a request may take.
const TAKEN_FOR: TimeDelta = TimeDelta::minutes(1);
/// Deliveries that are put in line again in one transaction: two items each, and the wake.
const TOGETHER: usize = 40;
/// Deliveries that are read at once when those are looked for that failed, and how often, in one request.
const LOOKED_AT: u32 = 500;
const LOOKS: usize = 20;

/// Where a delivery stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    /// It is sent at its next turn.
    Waiting,
    /// The receiver took it.
    Delivered,
    /// It is not tried again by itself.
    Failed,
}

impl DeliveryState {
    /// The API's word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
        }
    }
}

/// What a try came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TryResult {
    /// The receiver answered, with this status.
    Answered(u16),
    /// It did not answer in time.
    TimedOut,
    /// There was no connection, or it broke.
    NoConnection,
    /// Its name leads to an address that nothing is sent to.
    AddressRefused,
}

impl TryResult {
    /// Whether the receiver took the event.
    pub fn taken(self) -> bool {
        matches!(self, Self::Answered(200..=299))
    }

    /// Whether the receiver says that it is gone for good.
    pub fn gone(self) -> bool {
        self == Self::Answered(410)
    }

    /// The API's word for what is no answer; None for an answer.
    pub const fn fault(self) -> Option<&'static str> {
        match self {
            Self::Answered(_) => None,
            Self::TimedOut => Some("timed_out"),
            Self::NoConnection => Some("no_connection"),
            Self::AddressRefused => Some("address_refused"),
        }
    }
}

/// The last try.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastTry {
    pub at: DateTime<Utc>,
    pub result: TryResult,
    /// How long it took, in real time.
    pub duration_ms: u32,
}

/// What a try came to, and what the receiver asked for.
#[derive(Debug, Clone, Copy)]
pub struct Came {
    pub result: TryResult,
    pub duration_ms: u32,
    /// `Retry-After`.
    pub asked: Option<DateTime<Utc>>,
    /// Spreads the next try.
    pub jitter: u8,
}

/// A delivery.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DeliveryRow {
    pub tenant: TenantId,
    pub webhook: OutgoingWebhookId,
    /// The `webhook-id` of each try.
    pub id: DeliveryId,
    #[serde(skip)]
    pub version: u64,
    pub event: EventType,
    /// When it happened.
    pub at: DateTime<Utc>,
    pub subject: Uuid,
    #[serde(default)]
    pub subject_version: u64,
    pub contact: Option<ContactId>,
    pub status: Option<String>,
    pub state: DeliveryState,
    /// Tries of this turn; sending it again begins another one.
    pub tries: u32,
    /// Its place among those that wait, while it waits.
    pub next_at: Option<DateTime<Utc>>,
    pub last: Option<LastTry>,
    pub made_at: DateTime<Utc>,
}

impl Entity for DeliveryRow {
    const TYPE: &'static str = "outgoing_delivery";
    fn key(&self) -> Key {
        key::outgoing_delivery(self.tenant, self.webhook, self.id)
    }
    fn version(&self) -> u64 {
        self.version
    }
    fn set_version(&mut self, version: u64) {
        self.version = version;
    }
    fn ttl(&self) -> Option<i64> {
        Some((self.made_at + KEPT).timestamp())
    }
}

impl DeliveryRow {
    fn place(&self) -> Option<Key> {
        self.next_at
            .map(|at| key::outgoing_waiting(self.tenant, self.webhook, at, self.id))
    }

    /// Puts it in line for `at`, from wherever it was.
    fn stage_turn(&mut self, tx: &mut Tx, at: Option<DateTime<Utc>>) -> Result<(), StoreError> {
        let before = self.place();
        self.next_at = at;
        if before != self.place()
            && let Some(before) = before
        {
            tx.delete_if(WaitingRow::TYPE, before, Condition::Always);
        }
        if let Some(at) = at {
            let row = WaitingRow::of(self, at);
            tx.put_if(WaitingRow::TYPE, &row, 1, Condition::Always)?;
        }
        tx.update(self)
    }
}

/// The place of a delivery among those that wait.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct WaitingRow {
    pub tenant: TenantId,
    pub webhook: OutgoingWebhookId,
    pub delivery: DeliveryId,
    pub at: DateTime<Utc>,
    made_at: DateTime<Utc>,
}

impl Entity for WaitingRow {
    const TYPE: &'static str = "outgoing_waiting";
    fn key(&self) -> Key {
        key::outgoing_waiting(self.tenant, self.webhook, self.at, self.delivery)
    }
    fn version(&self) -> u64 {
        1
    }
    fn set_version(&mut self, _: u64) {}
    fn ttl(&self) -> Option<i64> {
        Some((self.made_at + KEPT).timestamp())
    }
}

impl WaitingRow {
    pub(super) fn of(delivery: &DeliveryRow, at: DateTime<Utc>) -> Self {
        Self {
            tenant: delivery.tenant,
            webhook: delivery.webhook,
            delivery: delivery.id,
            at,
            made_at: delivery.made_at,
        }
    }
}

impl TenantStore {
    /// What waits for an address, in the order of its turns, at most `limit`.
    pub async fn outgoing_waiting(
        &self,
        webhook: OutgoingWebhookId,
        limit: u32,
    ) -> Result<Vec<WaitingRow>, StoreError> {
        let pk = key::outgoing_waiting_pk(self.id, webhook);
        Ok(self.store.list(pk, "", true, limit, None).await?.0)
    }

    /// Takes a delivery whose turn it is, as its next try. None where it is not to be sent any more, or another run was
    /// quicker. One that was taken and not settled, because whoever took it is gone, has its turn again in a minute.
    pub async fn take_delivery(
        &self,
        waiting: &WaitingRow,
    ) -> Result<Option<DeliveryRow>, StoreError> {
        let place = key::outgoing_delivery(self.id, waiting.webhook, waiting.delivery);
        let found: Option<DeliveryRow> = self.store.read(&place).await?;
        let mut tx = Tx::new();
        let row = found.filter(|row| row.place().as_ref() == Some(&waiting.key()));
        let Some(mut row) = row else {
            tx.delete_if(WaitingRow::TYPE, waiting.key(), Condition::Always);
            self.store.commit(tx).await?;
            return Ok(None);
        };
        row.tries += 1;
        row.stage_turn(&mut tx, Some(self.now() + TAKEN_FOR))?;
        let won = self.store.try_commit(tx).await?;
        Ok(won.then_some(row))
    }

    /// Notes what a try came to. Where somebody put it in line again meanwhile, that stands.
    pub async fn settle_delivery(
        &self,
        row: &mut DeliveryRow,
        came: &Came,
    ) -> Result<(), StoreError> {
        let now = self.now();
        row.last = Some(LastTry {
            at: now,
            result: came.result,
            duration_ms: came.duration_ms,
        });
        let next = if came.result.taken() || came.result.gone() {
            None
        } else {
            next_try(row.tries, came.jitter, came.asked, now)
        };
        row.state = match next {
            Some(_) => DeliveryState::Waiting,
            None if came.result.taken() => DeliveryState::Delivered,
            None => DeliveryState::Failed,
        };
        let mut tx = Tx::new();
        row.stage_turn(&mut tx, next)?;
        self.store.try_commit(tx).await.map(|_| ())
    }

    /// A page of an address's deliveries, newest first, before `before`, and whether there is more.
    pub async fn outgoing_deliveries(
        &self,
        webhook: OutgoingWebhookId,
        before: Option<DeliveryId>,
        limit: u32,
    ) -> Result<(Vec<DeliveryRow>, bool), StoreError> {
        let pk = key::outgoing_deliveries_pk(self.id, webhook);
        let after = before.map(|id| key::outgoing_delivery(self.id, webhook, id).into());
        let (rows, next) = self.store.list(pk, "", false, limit, after).await?;
        Ok((rows, next.is_some()))
    }

    /// Sends a sample to an address: an event like any other, signed and tried as they are.
    pub async fn send_sample(
        &self,
        webhook: OutgoingWebhookId,
        id: DeliveryId,
    ) -> Result<DeliveryRow, StoreError> {
        let place = key::outgoing_delivery(self.id, webhook, id);
        if let Some(known) = self.store.read(&place).await? {
            return Ok(known);
        }
        let event = OutgoingEvent {
            id,
            event: EventType::Test,
            at: self.now(),
            subject: webhook.uuid(),
            version: 0,
            contact: None,
            status: None,
        };
        let mut tx = Tx::new();
        let row = self
            .store
            .stage_delivery(&mut tx, self.id, webhook, &event)?;
        self.wake_outgoing(&mut tx, webhook)?;
        self.store.commit(tx).await?;
        Ok(row)
    }

    /// Puts a delivery in line again, at once and with all its tries. None where there is no such delivery.
    pub async fn replay_delivery(
        &self,
        webhook: OutgoingWebhookId,
        id: DeliveryId,
    ) -> Result<Option<usize>, StoreError> {
        let place = key::outgoing_delivery(self.id, webhook, id);
        let Some(row) = self.store.read::<DeliveryRow>(&place).await? else {
            return Ok(None);
        };
        self.replay(webhook, vec![row]).await.map(Some)
    }

    /// Puts the deliveries in line again that failed, of events since an instant. Answers how many, and whether there were
    /// too many to look at in one request.
    pub async fn replay_failed(
        &self,
        webhook: OutgoingWebhookId,
        since: DateTime<Utc>,
    ) -> Result<(usize, bool), StoreError> {
        let (from, to) = key::log_since(since);
        let mut query = Query {
            source: Source::Table(TableName::Main),
            pk: key::outgoing_deliveries_pk(self.id, webhook),
            sort: SortRange::Between(from, to),
            ascending: true,
            limit: LOOKED_AT,
            after: None,
        };
        let mut put = 0;
        for _ in 0..LOOKS {
            let page = self.store.port().query(&query).await?;
            let mut failed: Vec<DeliveryRow> = Vec::new();
            for item in page.items {
                let row: DeliveryRow = from_item(item)?;
                if row.state == DeliveryState::Failed {
                    failed.push(row);
                }
            }
            put += self.replay(webhook, failed).await?;
            query.after = page.next;
            if query.after.is_none() {
                return Ok((put, false));
            }
        }
        Ok((put, true))
    }

    async fn replay(
        &self,
        webhook: OutgoingWebhookId,
        rows: Vec<DeliveryRow>,
    ) -> Result<usize, StoreError> {
        let now = self.now();
        let mut put = 0;
        for rows in rows.chunks(TOGETHER) {
            let mut tx = Tx::new();
            for row in rows {
                let mut row = row.clone();
                (row.state, row.tries) = (DeliveryState::Waiting, 0);
                row.stage_turn(&mut tx, Some(now))?;
            }
            self.wake_outgoing(&mut tx, webhook)?;
            self.store.commit(tx).await?;
            put += rows.len();
        }
        Ok(put)
    }
}
