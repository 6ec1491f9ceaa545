//! What was answered under an `Idempotency-Key` (rules.md: per tenant and route, 24 h; another body under the same key
//! is refused).
//!
//! The first try takes the key with a lease and an operation id. The operation id stays with the key until an answer
//! is kept: a handler makes its new record's id from it, so a repeat after a crash between the effect and the kept
//! answer finds the record there, instead of making a second one.

use chrono::Duration;
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use vio_crypto::{FieldRef, LookupHash, LookupKind, Sealed};
use vio_domain::ids::TenantId;

use crate::entity::Entity;
use crate::error::StoreError;
use crate::key;
use crate::port::Key;
use crate::store::TenantStore;
use crate::tx::Tx;

/// How long an answer is kept.
pub const KEPT_HOURS: i64 = 24;
/// How long a try may last before another may take over: API Gateway ends a request after 30 s.
pub const LEASE_SECONDS: i64 = 35;

/// A request made under a key.
#[derive(Debug, Clone, Copy)]
pub struct Keyed<'a> {
    /// Method and path template.
    pub route: &'a str,
    /// As sent by the client; only its keyed hash is stored.
    pub key: &'a str,
    /// Hash of the request: what must be the same for a repeat.
    pub fingerprint: [u8; 32],
}

/// An answer to give again.
#[derive(Clone, Serialize, Deserialize, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    /// Header names and values worth repeating: `Location`, `ETag`.
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

/// What is known under a key.
pub enum Known {
    /// Go ahead, under this operation id.
    Fresh { operation: Uuid },
    /// The same request was answered before.
    Answered(Answer),
    /// The key was used for another request.
    Mismatch,
    /// An earlier try is still under way.
    InProgress,
}

#[derive(Serialize, Deserialize)]
struct Row {
    tenant: TenantId,
    route: String,
    key_hash: LookupHash,
    fingerprint: String,
    operation: Uuid,
    /// Until when the current try has the key; 0 once it was given up.
    lease_ms: i64,
    expires_ms: i64,
    answer: Option<Sealed>,
    #[serde(skip)]
    version: u64,
}

impl Entity for Row {
    const TYPE: &'static str = "idempotency";
    fn key(&self) -> Key {
        key::idempotency(self.tenant, &self.route, &self.key_hash.to_string())
    }
    fn version(&self) -> u64 {
        self.version
    }
    fn set_version(&mut self, version: u64) {
        self.version = version;
    }
    fn ttl(&self) -> Option<i64> {
        Some(self.expires_ms / 1000 + 3600)
    }
}

impl TenantStore {
    fn idempotency_hash(&self, keyed: Keyed<'_>) -> LookupHash {
        self.keys.lookup(
            LookupKind::IdempotencyKey,
            &format!("{}\n{}", keyed.route, keyed.key),
        )
    }

    async fn idempotency_row(&self, keyed: Keyed<'_>) -> Result<Option<Row>, StoreError> {
        let hash = self.idempotency_hash(keyed).to_string();
        self.store
            .read::<Row>(&key::idempotency(self.id, keyed.route, &hash))
            .await
    }

    fn answer_field(&self, row: &Row) -> FieldRef {
        FieldRef::named(self.id.uuid(), &row.key_hash.to_string(), "answer")
    }

    /// Takes the key, or says what is known under it.
    pub async fn begin(&self, keyed: Keyed<'_>) -> Result<Known, StoreError> {
        let now = self.now();
        let now_ms = now.timestamp_millis();
        let fresh = |operation, version| Row {
            tenant: self.id,
            route: keyed.route.to_owned(),
            key_hash: self.idempotency_hash(keyed),
            fingerprint: hex::encode(keyed.fingerprint),
            operation,
            lease_ms: now_ms + LEASE_SECONDS * 1000,
            expires_ms: (now + Duration::hours(KEPT_HOURS)).timestamp_millis(),
            answer: None,
            version,
        };
        let mut row = match self.idempotency_row(keyed).await? {
            None => fresh(self.new_id(), 0),
            Some(old) if old.expires_ms <= now_ms => fresh(self.new_id(), old.version),
            Some(old) if old.fingerprint != hex::encode(keyed.fingerprint) => {
                return Ok(Known::Mismatch);
            }
            Some(old) => match &old.answer {
                Some(answer) => {
                    let answer = self.open_json("answer", self.answer_field(&old), answer)?;
                    return Ok(Known::Answered(answer));
                }
                None if old.lease_ms > now_ms => return Ok(Known::InProgress),
                None => fresh(old.operation, old.version),
            },
        };
        let operation = row.operation;
        let mut tx = Tx::new();
        tx.save(&mut row)?;
        match self.store.commit(tx).await {
            Ok(()) => Ok(Known::Fresh { operation }),
            Err(error) if error.is_lost() => Ok(Known::InProgress),
            Err(error) => Err(error),
        }
    }

    /// Keeps the answer.
    pub async fn finish(&self, keyed: Keyed<'_>, answer: &Answer) -> Result<(), StoreError> {
        let Some(mut row) = self.idempotency_row(keyed).await? else {
            return Ok(());
        };
        let place = self.answer_field(&row);
        row.answer = Some(self.seal_json_compressed("answer", place, answer)?);
        self.save_row(row).await
    }

    /// Ends the lease without an answer: the request was refused, and may be tried again under the same key.
    pub async fn abandon(&self, keyed: Keyed<'_>) -> Result<(), StoreError> {
        let Some(mut row) = self.idempotency_row(keyed).await? else {
            return Ok(());
        };
        if row.answer.is_some() {
            return Ok(());
        }
        row.lease_ms = 0;
        self.save_row(row).await
    }

    async fn save_row(&self, mut row: Row) -> Result<(), StoreError> {
        let mut tx = Tx::new();
        tx.update(&mut row)?;
        self.store.try_commit(tx).await.map(|_| ())
    }
}
