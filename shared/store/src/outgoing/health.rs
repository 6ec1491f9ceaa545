//! When an address is to be told something next, and how well it answers. Both lie beside the address, not in it: what is
//! sent must not race with what staff changes.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use vio_domain::ids::{OutgoingWebhookId, TenantId};

use crate::entity::{DueEntry, Entity};
use crate::error::StoreError;
use crate::key::{self, DueKind};
use crate::port::{AttributeValue, Condition, Key};
use crate::store::TenantStore;
use crate::tx::Tx;

/// How long a run has an address before the tick wakes another one: longer than a run.
const TAKEN_FOR: TimeDelta = TimeDelta::minutes(3);
/// How long an address that did not answer is left alone first; doubled with each further time.
const FIRST_REST: TimeDelta = TimeDelta::seconds(5);
/// The longest that it is left alone without having asked for it.
const LONGEST_REST: TimeDelta = TimeDelta::minutes(30);

/// There is something to send to an address, now or later: its one place in the due index.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct WakeRow {
    pub tenant: TenantId,
    pub webhook: OutgoingWebhookId,
    /// Another one with each event and each taking: whoever holds an older one has nothing to say about it.
    pub(super) stamp: Uuid,
    pub due: DateTime<Utc>,
}

impl Entity for WakeRow {
    const TYPE: &'static str = "outgoing_wake";
    fn key(&self) -> Key {
        key::outgoing_wake(self.tenant, self.webhook)
    }
    fn version(&self) -> u64 {
        1
    }
    fn set_version(&mut self, _: u64) {}
    fn due(&self) -> Option<DueEntry> {
        let id = self.webhook.uuid();
        Some(key::due(self.due, DueKind::Outgoing, self.tenant, id))
    }
}

impl WakeRow {
    fn unchanged(&self) -> Condition {
        Condition::Equals("stamp", AttributeValue::S(self.stamp.to_string()))
    }
}

/// How well an address answers.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct HealthRow {
    pub tenant: TenantId,
    pub webhook: OutgoingWebhookId,
    #[serde(skip)]
    version: u64,
    /// Since when it took nothing; None while it takes what it gets.
    pub failing_since: Option<DateTime<Utc>>,
    /// Until when it is left alone.
    pub rest_until: Option<DateTime<Utc>>,
    /// Times that it was left alone since it answered last.
    #[serde(default)]
    pub rests: u32,
}

impl Entity for HealthRow {
    const TYPE: &'static str = "outgoing_health";
    fn key(&self) -> Key {
        key::outgoing_health(self.tenant, self.webhook)
    }
    fn version(&self) -> u64 {
        self.version
    }
    fn set_version(&mut self, version: u64) {
        self.version = version;
    }
}

impl HealthRow {
    /// It took something.
    pub fn well(&mut self) {
        (self.failing_since, self.rest_until, self.rests) = (None, None, 0);
    }

    /// It did not take something at `now`.
    pub fn failed(&mut self, now: DateTime<Utc>) {
        self.failing_since.get_or_insert(now);
    }

    /// It is left alone from `now` on: until it asked for, or longer each time.
    pub fn rest(&mut self, asked: Option<DateTime<Utc>>, now: DateTime<Utc>) {
        let own = (FIRST_REST * (1 << self.rests.min(10))).min(LONGEST_REST);
        let until = asked.filter(|at| *at > now).unwrap_or(now + own);
        self.rest_until = Some(until.min(now + TimeDelta::hours(24)));
        self.rests += 1;
    }
}

impl TenantStore {
    /// How well an address answers; unwritten for one of which nothing is known.
    pub async fn outgoing_health(
        &self,
        webhook: OutgoingWebhookId,
    ) -> Result<HealthRow, StoreError> {
        let place = key::outgoing_health(self.id, webhook);
        let found = self.store.read(&place).await?;
        Ok(found.unwrap_or(HealthRow {
            tenant: self.id,
            webhook,
            version: 0,
            failing_since: None,
            rest_until: None,
            rests: 0,
        }))
    }

    /// Writes it down. Where another run was quicker, that one's word stands.
    pub async fn note_outgoing_health(&self, health: &mut HealthRow) -> Result<(), StoreError> {
        let mut tx = Tx::new();
        tx.save(health)?;
        self.store.try_commit(tx).await.map(|_| ())
    }

    /// Takes what there is to send to an address for a while; None where nothing is due, or another run was quicker.
    pub async fn take_outgoing_wake(
        &self,
        webhook: OutgoingWebhookId,
    ) -> Result<Option<WakeRow>, StoreError> {
        let now = self.now();
        let found: Option<WakeRow> = self
            .store
            .read(&key::outgoing_wake(self.id, webhook))
            .await?;
        let Some(row) = found.filter(|row| row.due <= now) else {
            return Ok(None);
        };
        let taken = WakeRow {
            stamp: self.new_id(),
            due: now + TAKEN_FOR,
            ..row.clone()
        };
        let mut tx = Tx::new();
        tx.put_if(WakeRow::TYPE, &taken, 1, row.unchanged())?;
        let won = self.store.try_commit(tx).await?;
        Ok(won.then_some(taken))
    }

    /// Notes when an address is to be told something next, or that there is nothing. What came meanwhile stays due.
    pub async fn settle_outgoing_wake(
        &self,
        taken: &WakeRow,
        next: Option<DateTime<Utc>>,
    ) -> Result<(), StoreError> {
        let mut tx = Tx::new();
        match next {
            Some(due) => {
                let row = WakeRow {
                    stamp: self.new_id(),
                    due,
                    ..taken.clone()
                };
                tx.put_if(WakeRow::TYPE, &row, 1, taken.unchanged())?;
            }
            None => tx.delete_if(WakeRow::TYPE, taken.key(), taken.unchanged()),
        }
        self.store.try_commit(tx).await.map(|_| ())
    }

    /// Forgets how an address answered, and has it told now what waits for it: staff switched it on, or it is another one.
    pub fn restart_outgoing(
        &self,
        tx: &mut Tx,
        webhook: OutgoingWebhookId,
    ) -> Result<(), StoreError> {
        let health = key::outgoing_health(self.id, webhook);
        tx.delete_if(HealthRow::TYPE, health, Condition::Always);
        self.wake_outgoing(tx, webhook)
    }

    /// Has an address told now what waits for it.
    pub fn wake_outgoing(&self, tx: &mut Tx, webhook: OutgoingWebhookId) -> Result<(), StoreError> {
        self.store.stage_outgoing_wake(tx, self.id, webhook)
    }
}
