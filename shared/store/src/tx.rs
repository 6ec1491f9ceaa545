//! Building and committing transactions: the entity (conditional on its version), its claims and queue items, and
//! its log entry go through together, or not at all.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::entity::{Entity, to_item};
use crate::error::StoreError;
use crate::port::{Condition, Key, Op, Port, PortError, Transaction};

/// A transaction being put together. Each operation carries a label, by which [`StoreError::Lost`] names it.
#[derive(Debug, Default)]
pub struct Tx {
    ops: Vec<Op>,
    labels: Vec<&'static str>,
    /// When the first entry of the change log got its id.
    told: Option<Instant>,
}

impl Tx {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn is_empty(&self) -> bool {
        self.ops.is_empty()
    }

    pub fn len(&self) -> usize {
        self.ops.len()
    }

    /// Whether the transaction already has an operation on this key (the table takes only one).
    pub fn touches(&self, key: &Key) -> bool {
        self.ops.iter().any(|op| match op {
            Op::Put { table, item, .. } => {
                *table == key.table
                    && item.get(crate::port::PK)
                        == Some(&crate::port::AttributeValue::S(key.pk.clone()))
                    && item.get(crate::port::SK)
                        == Some(&crate::port::AttributeValue::S(key.sk.clone()))
            }
            Op::Delete { key: other, .. } | Op::Check { key: other, .. } => other == key,
        })
    }

    /// Notes that an entry of the change log was added, whose id holds the instant: it must be committed soon.
    pub(crate) fn told(&mut self) {
        self.told.get_or_insert_with(Instant::now);
    }

    fn push(&mut self, label: &'static str, op: Op) {
        self.ops.push(op);
        self.labels.push(label);
    }

    /// Writes an entity that must not exist yet.
    pub fn create<E: Entity>(&mut self, entity: &mut E) -> Result<(), StoreError> {
        entity.set_version(1);
        self.put_if(E::TYPE, entity, 1, Condition::Absent)
    }

    /// Writes an entity that must still be at the version it was read with; the entity carries the new version after.
    pub fn update<E: Entity>(&mut self, entity: &mut E) -> Result<(), StoreError> {
        let read = entity.version();
        entity.set_version(read + 1);
        self.put_if(E::TYPE, entity, read + 1, Condition::VersionIs(read))
    }

    /// Creates at version 0, updates otherwise: for entities that come into being with their first write.
    pub fn save<E: Entity>(&mut self, entity: &mut E) -> Result<(), StoreError> {
        if entity.version() == 0 {
            self.create(entity)
        } else {
            self.update(entity)
        }
    }

    /// Writes an entity under a condition of its own.
    pub fn put_if<E: Entity>(
        &mut self,
        label: &'static str,
        entity: &E,
        version: u64,
        condition: Condition,
    ) -> Result<(), StoreError> {
        let item = to_item(entity, version)?;
        self.push(
            label,
            Op::Put {
                table: entity.key().table,
                item,
                condition,
            },
        );
        Ok(())
    }

    /// Deletes an entity that must still be at the version it was read with.
    pub fn delete<E: Entity>(&mut self, entity: &E) {
        self.push(
            E::TYPE,
            Op::Delete {
                key: entity.key(),
                condition: Condition::VersionIs(entity.version()),
            },
        );
    }

    /// Deletes by key, under a condition.
    pub fn delete_if(&mut self, label: &'static str, key: Key, condition: Condition) {
        self.push(label, Op::Delete { key, condition });
    }

    /// Requires something of an item that is not written.
    pub fn check(&mut self, label: &'static str, key: Key, condition: Condition) {
        self.push(label, Op::Check { key, condition });
    }
}

/// Sends a transaction. `token` is fresh for each commit try; a conflict is tried again a few times within
/// [`COMMIT_TRIES`], each time under a token of its own, because a conflicting transaction wrote nothing.
///
/// Whoever follows the change log reads it by the instants in its ids, so an entry must not turn up long after its
/// instant: what was not sent within [`TOLD_WITHIN`] is lost (read again and decide again), and no send takes longer than
/// [`SENT_WITHIN`]. Between two readings of all that, followers read only what is recent; so a commit that took longer than
/// [`LATE_AFTER`] is answered after [`WHOLE_EVERY`], when everybody has read it.
pub async fn commit(
    port: &Arc<dyn Port>,
    tx: Tx,
    mut token: impl FnMut() -> String,
) -> Result<(), StoreError> {
    if tx.ops.is_empty() {
        return Ok(());
    }
    let mut transaction = Transaction {
        ops: tx.ops,
        token: token(),
    };
    let mut tries = 0;
    loop {
        if tx.told.is_some_and(|told| told.elapsed() > TOLD_WITHIN) {
            return Err(StoreError::Lost { lost: Vec::new() });
        }
        let sent = tokio::time::timeout(SENT_WITHIN, port.transact(&transaction)).await;
        match sent.unwrap_or_else(|late| Err(PortError::Unknown(late.into()))) {
            Ok(()) => {
                if tx.told.is_some_and(|told| told.elapsed() > LATE_AFTER) {
                    tokio::time::sleep(WHOLE_EVERY).await;
                }
                return Ok(());
            }
            Err(PortError::ConditionFailed { failed }) => {
                let lost = failed
                    .iter()
                    .filter_map(|at| tx.labels.get(*at).copied())
                    .collect();
                return Err(StoreError::Lost { lost });
            }
            Err(PortError::Conflict | PortError::Throttled) if tries < COMMIT_TRIES => {
                tries += 1;
                transaction.token = token();
                tokio::time::sleep(BACK_OFF * tries).await;
            }
            Err(error) => return Err(error.into()),
        }
    }
}

/// How often a conflicting or throttled commit is sent again before the caller hears of it.
pub const COMMIT_TRIES: u32 = 4;
const BACK_OFF: Duration = Duration::from_millis(15);
/// From the id of a transaction's log entry to its last send.
pub const TOLD_WITHIN: Duration = Duration::from_secs(5);
/// From the id of a transaction's log entry to a commit that is answered at once.
pub const LATE_AFTER: Duration = Duration::from_secs(2);
/// How long a follower of the log goes on with what is recent, before it reads all that may still have turned up.
pub const WHOLE_EVERY: Duration = Duration::from_secs(1);
/// How long one send may take. With [`TOLD_WITHIN`] half of what followers of the log read again
/// ([`crate::view::OVERLAP_SECONDS`]); the other half is for clocks that differ.
pub const SENT_WITHIN: Duration = Duration::from_secs(10);
