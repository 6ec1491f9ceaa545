//! The port in memory: same conditions, same limits, same order of keys as DynamoDB, with faults on demand. The
//! deterministic simulation runs on it, and the conformance suite holds it to the embedded DynamoDB.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use crate::port::{
    AttributeValue, Attributes, Condition, DUE_PK, DUE_SK, ENUM_PK, ENUM_SK, ENUM_TAG, Index, Key,
    MAX_BATCH_GET, MAX_ITEM_BYTES, MAX_OPS, Op, PK, Page, Port, PortError, Position, Query, SK,
    SortRange, Source, TableName, Transaction, VERSION,
};

/// A fault to inject into one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    None,
    Conflict,
    Throttled,
    /// The request fails before anything happened.
    LostRequest,
    /// The write happens, and its answer never arrives.
    LostAnswer,
}

/// Which request is about to be served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Request {
    Get,
    BatchGet,
    Query,
    Transact,
}

/// Decides the fault of each request, in order. The simulation draws from a seeded generator.
pub type Faults = Arc<dyn Fn(Request) -> Fault + Send + Sync>;

type Rows = BTreeMap<(TableName, String), BTreeMap<String, Attributes>>;

#[derive(Default)]
struct State {
    rows: Rows,
    /// What the indexes see: the rows as of the last time they caught up.
    index_rows: Option<Rows>,
    tokens: HashSet<String>,
}

/// A table in memory.
#[derive(Clone, Default)]
pub struct MemoryTable {
    state: Arc<Mutex<State>>,
    faults: Option<Faults>,
}

impl std::fmt::Debug for MemoryTable {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MemoryTable").finish_non_exhaustive()
    }
}

impl MemoryTable {
    pub fn new() -> Self {
        Self::default()
    }

    /// A table whose requests fail as `faults` says.
    pub fn with_faults(faults: Faults) -> Self {
        Self {
            state: Arc::default(),
            faults: Some(faults),
        }
    }

    /// Freezes the indexes as they are now: from here on they are stale, until [`Self::thaw_indexes`].
    pub fn freeze_indexes(&self) {
        let mut state = self.lock();
        state.index_rows = Some(state.rows.clone());
    }

    /// Lets the indexes follow the table again.
    pub fn thaw_indexes(&self) {
        self.lock().index_rows = None;
    }

    /// Every item, in key order: for checkers that judge the final table.
    pub fn dump(&self) -> Vec<Attributes> {
        self.lock()
            .rows
            .values()
            .flat_map(|partition| partition.values().cloned())
            .collect()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn fault(&self, request: Request) -> Result<Fault, PortError> {
        match self
            .faults
            .as_ref()
            .map_or(Fault::None, |faults| faults(request))
        {
            Fault::Conflict if request == Request::Transact => Err(PortError::Conflict),
            Fault::Throttled => Err(PortError::Throttled),
            Fault::LostRequest => Err(PortError::Unknown("request lost".into())),
            other => Ok(other),
        }
    }
}

fn text<'a>(item: &'a Attributes, name: &str) -> Option<&'a str> {
    match item.get(name) {
        Some(AttributeValue::S(text)) => Some(text),
        _ => None,
    }
}

fn number(item: &Attributes, name: &str) -> Option<i64> {
    match item.get(name) {
        Some(AttributeValue::N(number)) => number.parse().ok(),
        _ => None,
    }
}

fn holds(condition: &Condition, item: Option<&Attributes>) -> bool {
    match condition {
        Condition::Always => true,
        Condition::Absent => item.is_none(),
        Condition::Present => item.is_some(),
        Condition::VersionIs(version) => {
            item.and_then(|item| number(item, VERSION)) == i64::try_from(*version).ok()
        }
        Condition::AbsentOrExpired { attribute, now_ms } => {
            item.is_none_or(|item| number(item, attribute).is_some_and(|expiry| expiry <= *now_ms))
        }
        Condition::Equals(name, value) => item.is_some_and(|item| item.get(*name) == Some(value)),
        Condition::Both(a, b) => holds(a, item) && holds(b, item),
    }
}

/// Size of an item as DynamoDB counts it, closely enough for the limit.
pub fn item_bytes(item: &Attributes) -> usize {
    fn value(held: &AttributeValue) -> usize {
        match held {
            AttributeValue::S(s) => s.len(),
            AttributeValue::N(n) => n.len() / 2 + 2,
            AttributeValue::B(b) => b.len(),
            AttributeValue::Bool(_) | AttributeValue::Null(_) => 1,
            AttributeValue::M(map) => {
                3 + map
                    .iter()
                    .map(|(k, v)| 1 + k.len() + value(v))
                    .sum::<usize>()
            }
            AttributeValue::L(list) => 3 + list.iter().map(|v| 1 + value(v)).sum::<usize>(),
            AttributeValue::Ss(set) | AttributeValue::Ns(set) => set.iter().map(String::len).sum(),
            AttributeValue::Bs(set) => set.iter().map(Vec::len).sum(),
        }
    }
    item.iter().map(|(name, v)| name.len() + value(v)).sum()
}

fn find<'a>(rows: &'a Rows, key: &Key) -> Option<&'a Attributes> {
    rows.get(&(key.table, key.pk.clone()))?.get(&key.sk)
}

fn op_key(op: &Op) -> Result<Key, PortError> {
    Ok(match op {
        Op::Put { table, item, .. } => {
            let part = |name| text(item, name).map(str::to_owned);
            match (part(PK), part(SK)) {
                (Some(pk), Some(sk)) => Key {
                    table: *table,
                    pk,
                    sk,
                },
                _ => return Err(PortError::Invalid("an item without its key".into())),
            }
        }
        Op::Delete { key, .. } | Op::Check { key, .. } => key.clone(),
    })
}

fn in_range(range: &SortRange, sk: &str) -> bool {
    match range {
        SortRange::All => true,
        SortRange::Prefix(prefix) => sk.starts_with(prefix.as_str()),
        SortRange::Between(low, high) => sk >= low.as_str() && sk <= high.as_str(),
        SortRange::AtMost(high) => sk <= high.as_str(),
    }
}

/// Keeps what a KEYS_ONLY index with the tag included carries.
fn project(item: &Attributes, index: Index) -> Attributes {
    let names: &[&str] = match index {
        Index::Due => &[PK, SK, DUE_PK, DUE_SK],
        Index::Enumeration => &[PK, SK, ENUM_PK, ENUM_SK, ENUM_TAG],
    };
    names
        .iter()
        .filter_map(|name| {
            item.get(*name)
                .map(|value| ((*name).to_owned(), value.clone()))
        })
        .collect()
}

#[async_trait]
impl Port for MemoryTable {
    async fn get(&self, key: &Key) -> Result<Option<Attributes>, PortError> {
        self.fault(Request::Get)?;
        Ok(find(&self.lock().rows, key).cloned())
    }

    async fn batch_get(&self, keys: &[Key]) -> Result<Vec<Attributes>, PortError> {
        self.fault(Request::BatchGet)?;
        debug_assert!(keys.chunks(MAX_BATCH_GET).count() < 1000);
        let state = self.lock();
        Ok(keys
            .iter()
            .filter_map(|key| find(&state.rows, key).cloned())
            .collect())
    }

    async fn query(&self, query: &Query) -> Result<Page, PortError> {
        self.fault(Request::Query)?;
        let state = self.lock();
        // (sort key of the source, primary key) orders an index the way DynamoDB does: ties by table key.
        let mut found: Vec<(String, String, String, Attributes)> = match query.source {
            Source::Table(table) => state
                .rows
                .get(&(table, query.pk.clone()))
                .into_iter()
                .flatten()
                .filter(|(sk, _)| in_range(&query.sort, sk))
                .map(|(sk, item)| (sk.clone(), query.pk.clone(), sk.clone(), item.clone()))
                .collect(),
            Source::Index(index) => {
                let (pk_name, sk_name) = match index {
                    Index::Due => (DUE_PK, DUE_SK),
                    Index::Enumeration => (ENUM_PK, ENUM_SK),
                };
                let rows = state.index_rows.as_ref().unwrap_or(&state.rows);
                rows.iter()
                    .filter(|((table, _), _)| *table == TableName::Main)
                    .flat_map(|((_, pk), partition)| {
                        partition.iter().map(move |(sk, item)| (pk, sk, item))
                    })
                    .filter(|(_, _, item)| text(item, pk_name) == Some(query.pk.as_str()))
                    .filter_map(|(pk, sk, item)| {
                        let sort = text(item, sk_name)?;
                        in_range(&query.sort, sort).then(|| {
                            (
                                sort.to_owned(),
                                pk.clone(),
                                sk.clone(),
                                project(item, index),
                            )
                        })
                    })
                    .collect()
            }
        };
        found.sort_by(|a, b| (&a.0, &a.1, &a.2).cmp(&(&b.0, &b.1, &b.2)));
        if !query.ascending {
            found.reverse();
        }
        if let Some(after) = &query.after {
            let sort = after.index.as_ref().map_or(&after.sk, |(_, sk)| sk);
            let place = (sort, &after.pk, &after.sk);
            found.retain(|(s, pk, sk, _)| {
                if query.ascending {
                    (s, pk, sk) > place
                } else {
                    (s, pk, sk) < place
                }
            });
        }
        let limit = query.limit.max(1) as usize;
        let more = found.len() > limit;
        found.truncate(limit);
        let next = found
            .last()
            .filter(|_| more)
            .map(|(sort, pk, sk, _)| Position {
                pk: pk.clone(),
                sk: sk.clone(),
                index: matches!(query.source, Source::Index(_))
                    .then(|| (query.pk.clone(), sort.clone())),
            });
        Ok(Page {
            items: found.into_iter().map(|(_, _, _, item)| item).collect(),
            next,
        })
    }

    async fn transact(&self, transaction: &Transaction) -> Result<(), PortError> {
        let fault = self.fault(Request::Transact)?;
        let ops = &transaction.ops;
        if ops.is_empty() || ops.len() > MAX_OPS {
            return Err(PortError::Invalid(format!(
                "a transaction of {} operations",
                ops.len()
            )));
        }
        let mut keys = Vec::with_capacity(ops.len());
        for op in ops {
            let key = op_key(op)?;
            if keys.contains(&key) {
                return Err(PortError::Invalid("two operations on one item".into()));
            }
            if let Op::Put { item, .. } = op
                && item_bytes(item) > MAX_ITEM_BYTES
            {
                return Err(PortError::Invalid("an item over 400 KB".into()));
            }
            keys.push(key);
        }
        let mut state = self.lock();
        if ops.len() > 1 && state.tokens.contains(&transaction.token) {
            return Ok(());
        }
        let failed: Vec<usize> = ops
            .iter()
            .enumerate()
            .filter(|(at, op)| {
                let (Op::Put { condition, .. }
                | Op::Delete { condition, .. }
                | Op::Check { condition, .. }) = op;
                !holds(condition, find(&state.rows, &keys[*at]))
            })
            .map(|(at, _)| at)
            .collect();
        if !failed.is_empty() {
            return Err(PortError::ConditionFailed { failed });
        }
        for (op, key) in ops.iter().zip(keys) {
            let partition = state.rows.entry((key.table, key.pk)).or_default();
            match op {
                Op::Put { item, .. } => {
                    partition.insert(key.sk, item.clone());
                }
                Op::Delete { .. } => {
                    partition.remove(&key.sk);
                }
                Op::Check { .. } => {}
            }
        }
        state.rows.retain(|_, partition| !partition.is_empty());
        state.tokens.insert(transaction.token.clone());
        if fault == Fault::LostAnswer {
            return Err(PortError::Unknown("answer lost".into()));
        }
        Ok(())
    }
}
