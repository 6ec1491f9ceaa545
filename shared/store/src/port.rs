//! The narrow port to the table: get, query, conditional transact, batch get. Everything above it is storage logic
//! that runs unchanged over DynamoDB (`dynamo`) and over memory (`memory`, for the deterministic simulation).
//!
//! Reads from the table are always strongly consistent; reads from an index never are, so **no decision is taken
//! from an index read** (architecture.md): a [`Query`] on an index returns keys that suggest, and what decides is
//! read again with [`Port::get`] and made a condition of the transaction.

use std::collections::{HashMap, HashSet};

use async_trait::async_trait;
pub use serde_dynamo::AttributeValue;

/// The attributes of one item, keys included.
pub type Attributes = HashMap<String, AttributeValue>;

/// Name of the partition key attribute, in both tables.
pub const PK: &str = "pk";
/// Name of the sort key attribute, in both tables.
pub const SK: &str = "sk";
/// Version of an entity, a number that grows by one with each change.
pub const VERSION: &str = "v";
/// Partition and sort key of the due index.
pub const DUE_PK: &str = "due_pk";
pub const DUE_SK: &str = "due_sk";
/// Partition and sort key of the enumeration index.
pub const ENUM_PK: &str = "enum_pk";
pub const ENUM_SK: &str = "enum_sk";
/// A small word projected into the enumeration index (a contact's status), so that a list can be filtered there.
pub const ENUM_TAG: &str = "enum_tag";
/// Epoch second after which DynamoDB may collect the item. Garbage collection only: conditions compare the expiry
/// that the entity itself carries.
pub const TTL: &str = "ttl";

/// Which table a key belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TableName {
    /// The one table.
    Main,
    /// The keys of persons, with a short recovery window of its own, so that destroying a key is real.
    PersonKeys,
}

/// The primary key of one item. Only [`crate::key`] makes them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    pub table: TableName,
    pub pk: String,
    pub sk: String,
}

/// The table key of an item of the main table, as an index carries it.
pub fn key_of(item: &Attributes) -> Option<Key> {
    match (item.get(PK), item.get(SK)) {
        (Some(AttributeValue::S(pk)), Some(AttributeValue::S(sk))) => Some(Key {
            table: TableName::Main,
            pk: pk.clone(),
            sk: sk.clone(),
        }),
        _ => None,
    }
}

/// An index of the main table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Index {
    /// Everything that must happen later, ordered by instant.
    Due,
    /// Every entity of a kind within a tenant, ordered by creation.
    Enumeration,
}

/// Where a query reads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    Table(TableName),
    Index(Index),
}

/// A bound on the sort key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SortRange {
    All,
    Prefix(String),
    /// Inclusive at both ends.
    Between(String, String),
    AtMost(String),
}

/// One bounded query of one partition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    pub source: Source,
    pub pk: String,
    pub sort: SortRange,
    pub ascending: bool,
    /// How many items at most; never unbounded.
    pub limit: u32,
    /// Continue after this position: what an earlier page gave as `next`.
    pub after: Option<Position>,
}

/// Where a page ended. Opaque to callers except for being carried in a cursor.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Position {
    pub pk: String,
    pub sk: String,
    /// Key of the index, where the query read one.
    pub index: Option<(String, String)>,
}

/// After an item, in a query of its table.
impl From<Key> for Position {
    fn from(key: Key) -> Self {
        Self {
            pk: key.pk,
            sk: key.sk,
            index: None,
        }
    }
}

/// One page of a query.
#[derive(Debug, Clone, Default)]
pub struct Page {
    pub items: Vec<Attributes>,
    pub next: Option<Position>,
}

/// What must hold of the item as it is stored, for an operation to go through.
#[derive(Debug, Clone, PartialEq)]
pub enum Condition {
    /// No such item.
    Absent,
    /// There is such an item.
    Present,
    /// The item exists with this version.
    VersionIs(u64),
    /// No such item, or its number attribute (an expiry in epoch milliseconds) is not after `now`. The expiry is
    /// compared, never mere existence: TTL deletion comes late.
    AbsentOrExpired {
        attribute: &'static str,
        now_ms: i64,
    },
    /// The item exists and the attribute equals the value.
    Equals(&'static str, AttributeValue),
    /// Both hold.
    Both(Box<Condition>, Box<Condition>),
    /// No condition.
    Always,
}

/// One operation of a transaction.
#[derive(Debug, Clone, PartialEq)]
pub enum Op {
    Put {
        table: TableName,
        item: Attributes,
        condition: Condition,
    },
    Delete {
        key: Key,
        condition: Condition,
    },
    Check {
        key: Key,
        condition: Condition,
    },
}

/// Operations that happen together or not at all. `token` makes a repeat of the very same transaction by the
/// transport harmless.
#[derive(Debug, Clone, PartialEq)]
pub struct Transaction {
    pub ops: Vec<Op>,
    pub token: String,
}

/// Limits of DynamoDB that hold for the in-memory table too.
pub const MAX_OPS: usize = 100;
pub const MAX_ITEM_BYTES: usize = 400 * 1024;
/// Keys one batch get may name before it is split.
pub const MAX_BATCH_GET: usize = 100;

/// Refuses keys that are named twice, as DynamoDB does within one batch.
pub(crate) fn distinct(keys: &[Key]) -> Result<(), PortError> {
    let mut seen = HashSet::with_capacity(keys.len());
    if keys.iter().all(|key| seen.insert(key)) {
        Ok(())
    } else {
        Err(PortError::Invalid("a key named twice in one batch".into()))
    }
}

/// Why the table did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum PortError {
    /// Conditions did not hold; the operations (by position) that failed. Nothing was written.
    #[error("conditions failed at operations {failed:?}")]
    ConditionFailed { failed: Vec<usize> },
    /// Another transaction held an item. Nothing was written; trying again is right.
    #[error("conflicting transaction")]
    Conflict,
    /// Capacity was short. Nothing was written; trying again later is right.
    #[error("throttled")]
    Throttled,
    /// The outcome is unknown: the answer was lost or never came. It may have been written.
    #[error("the outcome is unknown")]
    Unknown(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The request can never succeed (too large, malformed).
    #[error("invalid request to the table: {0}")]
    Invalid(String),
}

/// The table.
#[async_trait]
pub trait Port: Send + Sync + 'static {
    /// One item, strongly consistent.
    async fn get(&self, key: &Key) -> Result<Option<Attributes>, PortError>;
    /// Several items, strongly consistent, in no particular order; those that do not exist are left out. A key named
    /// twice is refused.
    async fn batch_get(&self, keys: &[Key]) -> Result<Vec<Attributes>, PortError>;
    /// One bounded page. From an index: suggestions only. `next` may be set though nothing follows: a page that
    /// reached its limit does not look further.
    async fn query(&self, query: &Query) -> Result<Page, PortError>;
    /// All or nothing. One single operation is sent as a plain conditional write, at half the price.
    async fn transact(&self, transaction: &Transaction) -> Result<(), PortError>;
}
