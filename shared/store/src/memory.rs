//! The port in memory: same conditions, same limits, same order of keys as DynamoDB, with faults on demand. The
//! deterministic simulation runs on it, and the conformance suite holds it to the embedded DynamoDB.
//!
//! It also holds every transaction to one rule of ours: a change of a contact or an appointment is told in the change log
//! (`told`).

mod rows;
mod rules;
mod told;

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use crate::memory::rows::Rows;
pub use crate::memory::rules::item_bytes;
use crate::port::{Attributes, Key, Op, Page, Port, PortError, Query, Transaction, distinct};

/// A fault to inject into one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    None,
    /// Another transaction holds an item; only a transaction meets this.
    Conflict,
    Throttled,
    /// The request fails before anything happened.
    LostRequest,
    /// What was asked happens, and its answer never arrives.
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

/// How many transactions are remembered by their token. DynamoDB remembers them for ten minutes; a transport repeats
/// within seconds.
const REMEMBERED: usize = 1_000;

/// Transactions that went through, by token.
#[derive(Default)]
struct Done {
    order: VecDeque<String>,
    ops: HashMap<String, Vec<Op>>,
}

impl Done {
    fn remember(&mut self, transaction: &Transaction) {
        self.order.push_back(transaction.token.clone());
        self.ops
            .insert(transaction.token.clone(), transaction.ops.clone());
        if self.order.len() > REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.ops.remove(&oldest);
        }
    }
}

#[derive(Default)]
struct State {
    rows: Rows,
    done: Done,
}

/// A table in memory. Clones share the rows.
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
        self.lock().rows.freeze();
    }

    /// Lets the indexes follow the table again.
    pub fn thaw_indexes(&self) {
        self.lock().rows.thaw();
    }

    /// Every item, in key order: for checkers that judge the final table.
    pub fn dump(&self) -> Vec<Attributes> {
        self.lock().rows.all().cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The fault of a request, as far as it comes before the request is served.
    fn fault(&self, request: Request) -> Result<Fault, PortError> {
        let fault = self
            .faults
            .as_ref()
            .map_or(Fault::None, |faults| faults(request));
        match fault {
            Fault::Conflict if request == Request::Transact => Err(PortError::Conflict),
            Fault::Throttled => Err(PortError::Throttled),
            Fault::LostRequest => Err(PortError::Unknown("request lost".into())),
            // Of a read nothing is left but the answer.
            Fault::LostAnswer if request != Request::Transact => Err(answer_lost()),
            other => Ok(other),
        }
    }
}

fn answer_lost() -> PortError {
    PortError::Unknown("answer lost".into())
}

#[async_trait]
impl Port for MemoryTable {
    async fn get(&self, key: &Key) -> Result<Option<Attributes>, PortError> {
        self.fault(Request::Get)?;
        rules::key(key)?;
        Ok(self.lock().rows.get(key).cloned())
    }

    async fn batch_get(&self, keys: &[Key]) -> Result<Vec<Attributes>, PortError> {
        self.fault(Request::BatchGet)?;
        distinct(keys)?;
        keys.iter().try_for_each(rules::key)?;
        let state = self.lock();
        Ok(keys
            .iter()
            .filter_map(|key| state.rows.get(key).cloned())
            .collect())
    }

    async fn query(&self, query: &Query) -> Result<Page, PortError> {
        self.fault(Request::Query)?;
        rules::query(query)?;
        Ok(self.lock().rows.page(query))
    }

    async fn transact(&self, transaction: &Transaction) -> Result<(), PortError> {
        let fault = self.fault(Request::Transact)?;
        let outcome = self.lock().transact(transaction);
        match fault {
            Fault::LostAnswer => Err(answer_lost()),
            _ => outcome,
        }
    }
}

impl State {
    fn transact(&mut self, transaction: &Transaction) -> Result<(), PortError> {
        let keys = rules::transaction(transaction)?;
        told::check(transaction)?;
        let ops = &transaction.ops;
        // A single operation is a plain write, which knows no token.
        let alone = ops.len() == 1;
        match self.done.ops.get(&transaction.token) {
            Some(before) if !alone && before == ops => return Ok(()),
            Some(_) if !alone => {
                let reason = "a token used for another transaction";
                return Err(PortError::Invalid(reason.into()));
            }
            _ => {}
        }
        let failed: Vec<usize> = ops
            .iter()
            .enumerate()
            .filter(|(at, op)| {
                let (Op::Put { condition, .. }
                | Op::Delete { condition, .. }
                | Op::Check { condition, .. }) = op;
                !rules::holds(condition, self.rows.get(&keys[*at]))
            })
            .map(|(at, _)| at)
            .collect();
        if !failed.is_empty() {
            return Err(PortError::ConditionFailed { failed });
        }
        for (op, key) in ops.iter().zip(&keys) {
            match op {
                Op::Put { item, .. } => self.rows.put(key, item.clone()),
                Op::Delete { .. } => self.rows.delete(key),
                Op::Check { .. } => {}
            }
        }
        if !alone {
            self.done.remember(transaction);
        }
        Ok(())
    }
}
