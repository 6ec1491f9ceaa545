//! The table as the simulation plays it: the port in memory behind a wire that is slow, conflicts, throttles, loses
//! requests and answers, and serves stale and incomplete indexes. It keeps a journal of every write that matters to a
//! judge, in the order of the commits.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::Notify;
use vio_domain::ids::TenantId;
use vio_store::key::{self, DUE_SHARDS};
use vio_store::memory::MemoryTable;
use vio_store::port::{
    AttributeValue, Attributes, Condition, DUE_SK, Index, Key, Op, PK, Page, Port, PortError,
    Query, SK, SortRange, Source, Transaction, VERSION,
};

use crate::fabric::{Fabric, SLOW_TABLE};
use crate::mutation::Mutation;
use crate::process::{me, point};

/// What one process remembers of its reads.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    items: HashMap<Key, Option<Attributes>>,
    pages: HashMap<String, Vec<Attributes>>,
}

/// Types of records whose writes the journal keeps.
const KEPT: [&str; 10] = [
    "campaign",
    "contact",
    "appointment",
    "session",
    "attempt",
    "settings",
    "tenant",
    "do_not_call",
    "gate",
    "dial",
];

/// One write of a record, as committed.
#[derive(Debug, Clone)]
pub(crate) struct Written {
    /// Its place in the order of all that happens.
    pub(crate) seq: u64,
    pub(crate) at: DateTime<Utc>,
    pub(crate) tenant: TenantId,
    pub(crate) kind: &'static str,
    pub(crate) pk: String,
    pub(crate) sk: String,
    /// None for a deletion.
    pub(crate) item: Option<Attributes>,
}

/// A moment at which a change about a person is a race.
#[derive(Debug, Clone)]
pub(crate) enum Moment {
    /// An attempt was written, for the first time when it was granted.
    Attempt(Written),
    /// The pump read the contact of this partition, and its answer is on the way back.
    Read(String),
}

/// The table with its journal.
pub(crate) struct SimTable {
    fabric: Arc<Fabric>,
    inner: MemoryTable,
    journal: Mutex<Vec<Written>>,
    /// Which type lies under a key, for deletions.
    kinds: Mutex<HashMap<(String, String), &'static str>>,
    /// Something became due that was not before.
    pub(crate) due: Notify,
    /// Moments at which a change about a person is a race.
    pub(crate) moments: Mutex<Option<tokio::sync::mpsc::UnboundedSender<Moment>>>,
}

/// The tenant in a partition key.
pub(crate) fn tenant_of(pk: &str) -> Option<TenantId> {
    pk.strip_prefix("T#")?.get(..36)?.parse().ok()
}

pub(crate) fn text<'a>(item: &'a Attributes, name: &str) -> Option<&'a str> {
    match item.get(name) {
        Some(AttributeValue::S(text)) => Some(text),
        _ => None,
    }
}

impl SimTable {
    pub(crate) fn new(fabric: Arc<Fabric>) -> Arc<Self> {
        Arc::new(Self {
            fabric,
            inner: MemoryTable::new(),
            journal: Mutex::default(),
            kinds: Mutex::default(),
            due: Notify::new(),
            moments: Mutex::new(None),
        })
    }

    /// The rows themselves, for judges.
    pub(crate) fn rows(&self) -> &MemoryTable {
        &self.inner
    }

    /// Every write that matters, in order.
    pub(crate) fn journal(&self) -> Vec<Written> {
        self.journal.lock().unwrap().clone()
    }

    /// The earliest instant at which anything is due.
    pub(crate) async fn soonest_due(&self) -> Option<DateTime<Utc>> {
        let mut soonest: Option<DateTime<Utc>> = None;
        for shard in 0..DUE_SHARDS {
            let query = Query {
                source: Source::Index(Index::Due),
                pk: key::due_pk(shard),
                sort: SortRange::All,
                ascending: true,
                limit: 1,
                after: None,
            };
            let page = self.inner.query(&query).await.unwrap_or_default();
            let first = page.items.first().and_then(|item| text(item, DUE_SK));
            let at = first.and_then(key::parse_due).map(|(at, _, _)| at);
            soonest = match (soonest, at) {
                (Some(a), Some(b)) => Some(a.min(b)),
                (a, b) => a.or(b),
            };
        }
        soonest
    }

    /// Why a business's calling is paused, if it is.
    pub(crate) async fn pause_of(&self, tenant: TenantId) -> Option<String> {
        let item = self.inner.get(&key::gate(tenant)).await.ok()??;
        let AttributeValue::M(gate) = item.get("gate")? else {
            return None;
        };
        match gate.get("paused")? {
            AttributeValue::M(pause) => text(pause, "reason").map(str::to_owned),
            _ => None,
        }
    }

    /// The way to the table and back, and what goes wrong on it. True: the answer is lost on the way back.
    async fn there(&self, transact: bool) -> Result<bool, PortError> {
        point().await;
        if me().is_none() {
            return Ok(false);
        }
        let rough = self.fabric.rough;
        let slow = self.fabric.strikes(rough.slow_table, 10_000, "table: slow");
        let wait = self.fabric.draw(|rng| match slow {
            true => rng.between(50, SLOW_TABLE.num_milliseconds()),
            // Half of the requests take no time worth mentioning: fewer turns of the clock.
            false => rng.between(1 - rough.pace, rough.pace).max(0),
        });
        if wait > 0 {
            let wait = u64::try_from(wait).unwrap_or(0);
            tokio::time::sleep(std::time::Duration::from_millis(wait)).await;
        }
        if self.fabric.rough.table == 0 || self.fabric.is_calm() {
            return Ok(false);
        }
        let (strikes, kind) = self
            .fabric
            .draw(|rng| (rng.chance(rough.table, 10_000), rng.below(4)));
        if !strikes {
            return Ok(false);
        }
        let (name, outcome) = match kind {
            0 if transact => ("table: conflict", Err(PortError::Conflict)),
            0 | 1 => ("table: throttled", Err(PortError::Throttled)),
            2 => ("table: answer lost", Ok(true)),
            _ => (
                "table: request lost",
                Err(PortError::Unknown("request lost".into())),
            ),
        };
        self.fabric.count(name);
        outcome
    }

    /// The way back.
    async fn back<T>(&self, lost: bool, answer: Result<T, PortError>) -> Result<T, PortError> {
        point().await;
        match lost {
            true => Err(PortError::Unknown("answer lost".into())),
            false => answer,
        }
    }

    /// At times somebody changes something about a person whom the pump just read, and the answer takes long enough for
    /// the change to be committed before the pump goes on.
    async fn race(&self, key: &Key) {
        if key.sk != "CONTACT" || me().is_none_or(|me| me.what != crate::world::PUMP) {
            return;
        }
        let races = self.fabric.rough.races;
        if !self.fabric.strikes(races, 300, "raced: read") {
            return;
        }
        if let Some(moments) = self.moments.lock().unwrap().as_ref() {
            let _ = moments.send(Moment::Read(key.pk.clone()));
        }
        let wait = self
            .fabric
            .draw(|rng| rng.between(20, SLOW_TABLE.num_milliseconds()));
        tokio::time::sleep(std::time::Duration::from_millis(wait.unsigned_abs())).await;
    }

    fn keep(&self, ops: &[Op]) {
        let at = self.fabric.truth();
        let mut fresh = Vec::new();
        let mut sooner = false;
        {
            let mut kinds = self.kinds.lock().unwrap();
            for op in ops {
                match op {
                    Op::Put { item, .. } => {
                        sooner |= item.contains_key(DUE_SK);
                        let kind = text(item, "_t").and_then(kept);
                        let (Some(kind), Some(pk), Some(sk)) =
                            (kind, text(item, PK), text(item, SK))
                        else {
                            continue;
                        };
                        if matches!(kind, "dial" | "do_not_call") {
                            kinds.insert((pk.to_owned(), sk.to_owned()), kind);
                        }
                        fresh.push((kind, pk.to_owned(), sk.to_owned(), Some(item.clone())));
                    }
                    Op::Delete { key, .. } => {
                        if let Some(kind) = kinds.remove(&(key.pk.clone(), key.sk.clone())) {
                            fresh.push((kind, key.pk.clone(), key.sk.clone(), None));
                        }
                    }
                    Op::Check { .. } => {}
                }
            }
        }
        let mut journal = self.journal.lock().unwrap();
        let moments = self.moments.lock().unwrap();
        let seq = self.fabric.next();
        for (kind, pk, sk, item) in fresh {
            let Some(tenant) = tenant_of(&pk) else {
                continue;
            };
            let written = Written {
                seq,
                at,
                tenant,
                kind,
                pk,
                sk,
                item,
            };
            self.fabric
                .note(Some(tenant), || crate::history::describe(&written));
            if kind == "attempt"
                && let Some(moments) = moments.as_ref()
            {
                let _ = moments.send(Moment::Attempt(written.clone()));
            }
            journal.push(written);
        }
        if sooner {
            self.due.notify_one();
        }
    }

    /// The record as it was written last before an instant, or before its last write.
    fn as_of(&self, key: &Key, before: DateTime<Utc>) -> Option<Option<Attributes>> {
        let journal = self.journal.lock().unwrap();
        journal.iter().find(|w| w.pk == key.pk && w.sk == key.sk)?;
        let old = journal
            .iter()
            .rfind(|w| w.pk == key.pk && w.sk == key.sk && w.at <= before);
        Some(old.and_then(|w| w.item.clone()))
    }

    /// What a read with this mutation finds instead.
    fn misread(&self, key: &Key, found: Option<Attributes>) -> Option<Attributes> {
        let Some(mutation) = self.fabric.mutation else {
            return found;
        };
        match mutation {
            Mutation::StaleDoNotCall if key.sk == "DNC" => {
                let before = self.fabric.truth() - TimeDelta::minutes(10);
                self.as_of(key, before).unwrap_or(found)
            }
            Mutation::LockIgnored if key.sk == "LOCK" => None,
            Mutation::DayInUtc if key.sk == "GATE" => found.map(|mut item| {
                if let Some(AttributeValue::M(gate)) = item.get_mut("gate") {
                    gate.insert("zone".into(), AttributeValue::S("UTC".into()));
                }
                item
            }),
            Mutation::PauseIgnored if key.sk == "GATE" => found.map(|mut item| {
                if let Some(AttributeValue::M(gate)) = item.get_mut("gate") {
                    gate.remove("paused");
                }
                item
            }),
            Mutation::NewsCountedTwice if key.sk.starts_with("SESS#") => self.unsettled(key, found),
            Mutation::NewsCountedTwice if key.sk.starts_with("ATT#") => found.map(|mut item| {
                item.insert("counted".into(), AttributeValue::Bool(false));
                item
            }),
            _ => found,
        }
    }

    /// A session that has settled, as it was before, under the version it has now.
    fn unsettled(&self, key: &Key, found: Option<Attributes>) -> Option<Attributes> {
        let found = found?;
        let settled = |item: &Attributes| match item.get("session") {
            Some(AttributeValue::M(session)) => {
                matches!(session.get("state"), Some(AttributeValue::S(state)) if state == "completed" || state == "failed")
            }
            _ => false,
        };
        if !settled(&found) {
            return Some(found);
        }
        let journal = self.journal.lock().unwrap();
        let old = journal
            .iter()
            .rfind(|w| {
                w.pk == key.pk && w.sk == key.sk && w.item.as_ref().is_some_and(|i| !settled(i))
            })
            .and_then(|w| w.item.clone());
        let (Some(mut old), Some(version)) = (old, found.get(VERSION).cloned()) else {
            return Some(found);
        };
        old.insert(VERSION.into(), version);
        Some(old)
    }

    /// What is sent instead of a transaction, with this mutation.
    fn miswritten(&self, transaction: &Transaction) -> Option<Transaction> {
        let mutation = self.fabric.mutation?;
        let mut changed = transaction.clone();
        let sk_of = |op: &Op| match op {
            Op::Put { item, .. } => text(item, SK).unwrap_or_default().to_owned(),
            Op::Delete { key, .. } | Op::Check { key, .. } => key.sk.clone(),
        };
        match mutation {
            Mutation::GateUnconditional => {
                for op in &mut changed.ops {
                    if sk_of(op) == "GATE"
                        && let Op::Put { condition, .. } = op
                    {
                        *condition = Condition::Always;
                    }
                }
            }
            Mutation::StaleDoNotCall => {
                changed
                    .ops
                    .retain(|op| !(matches!(op, Op::Check { .. }) && sk_of(op) == "DNC"));
            }
            Mutation::LockIgnored => {
                for op in &mut changed.ops {
                    if sk_of(op) == "LOCK"
                        && let Op::Put { condition, .. } = op
                    {
                        *condition = Condition::Always;
                    }
                }
            }
            Mutation::NoDecisionRecord => {
                changed.ops.retain(|op| !sk_of(op).starts_with("DEC#"));
            }
            Mutation::AppointmentUnconditional => {
                for op in &mut changed.ops {
                    if sk_of(op).starts_with("APPT#") || sk_of(op) == "CONTACT" {
                        match op {
                            Op::Put { condition, .. }
                            | Op::Check { condition, .. }
                            | Op::Delete { condition, .. } => *condition = Condition::Always,
                        }
                    }
                }
            }
            _ => return None,
        }
        Some(changed)
    }
}

fn kept(kind: &str) -> Option<&'static str> {
    KEPT.into_iter().find(|kept| *kept == kind)
}

#[async_trait]
impl Port for SimTable {
    async fn get(&self, key: &Key) -> Result<Option<Attributes>, PortError> {
        let lost = self.there(false).await?;
        let remembers = self.fabric.mutation == Some(Mutation::GuardsNotReread)
            && ["GATE", "CONTACT", "DNC"].contains(&key.sk.as_str());
        let me = me().filter(|_| remembers);
        let known = me
            .as_ref()
            .and_then(|me| me.memory.lock().unwrap().items.get(key).cloned());
        let found = match known {
            Some(known) => Ok(known),
            None => self
                .inner
                .get(key)
                .await
                .map(|found| self.misread(key, found)),
        };
        if let (Some(me), Ok(found)) = (me, &found) {
            let mut memory = me.memory.lock().unwrap();
            memory.items.insert(key.clone(), found.clone());
        }
        self.race(key).await;
        self.back(lost, found).await
    }

    async fn batch_get(&self, keys: &[Key]) -> Result<Vec<Attributes>, PortError> {
        let lost = self.there(false).await?;
        let found = self.inner.batch_get(keys).await;
        self.back(lost, found).await
    }

    async fn query(&self, query: &Query) -> Result<Page, PortError> {
        let lost = self.there(false).await?;
        let remembers = self.fabric.mutation == Some(Mutation::GuardsNotReread)
            && query.pk.contains("#C#")
            && matches!(&query.sort, SortRange::Prefix(prefix) if prefix == key::APPOINTMENT_PREFIX);
        let me = me().filter(|_| remembers);
        let known = me
            .as_ref()
            .and_then(|me| me.memory.lock().unwrap().pages.get(&query.pk).cloned());
        let mut found = match known {
            Some(items) => Ok(Page { items, next: None }),
            None => self.inner.query(query).await,
        };
        if let (Some(me), Ok(page)) = (me, &found) {
            let mut memory = me.memory.lock().unwrap();
            memory.pages.insert(query.pk.clone(), page.items.clone());
        }
        if let (Source::Index(_), Ok(page)) = (query.source, &mut found)
            && crate::process::me().is_some()
            && !page.items.is_empty()
            && self
                .fabric
                .strikes(self.fabric.rough.indexes, 1_000, "index: incomplete")
        {
            let fabric = &self.fabric;
            page.items.retain(|_| !fabric.draw(|rng| rng.chance(1, 3)));
        }
        self.back(lost, found).await
    }

    async fn transact(&self, transaction: &Transaction) -> Result<(), PortError> {
        let lost = self.there(true).await?;
        let changed = self.miswritten(transaction);
        let transaction = changed.as_ref().unwrap_or(transaction);
        let outcome = self.inner.transact(transaction).await;
        match &outcome {
            Ok(()) => self.keep(&transaction.ops),
            Err(_) => {
                if let Some(me) = me() {
                    *me.memory.lock().unwrap() = Memory::default();
                }
            }
        }
        self.back(lost, outcome).await
    }
}
