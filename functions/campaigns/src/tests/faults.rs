//! A campaign whose process ends at any of its writes, before or after the table took it: the next run goes on, nobody
//! is called twice, and nobody is forgotten.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use async_trait::async_trait;
use serde_json::json;
use vio_campaign_worker::pump;
use vio_store::memory::MemoryTable;
use vio_store::port::{Attributes, Key, Page, Port, PortError, Query, Transaction};

use super::world::World;

/// A table that fails at one write, and then at all until it is mended.
struct Failing {
    table: MemoryTable,
    writes: AtomicU32,
    fails_at: u32,
    /// Only the pump's own writes count.
    pumping: AtomicBool,
    after_commit: bool,
    down: AtomicBool,
}

impl Failing {
    fn lost() -> PortError {
        PortError::Unknown("the process ended here".into())
    }

    fn up(&self) -> Result<(), PortError> {
        match self.down.load(Ordering::SeqCst) {
            true => Err(Self::lost()),
            false => Ok(()),
        }
    }
}

#[async_trait]
impl Port for Failing {
    async fn get(&self, key: &Key) -> Result<Option<Attributes>, PortError> {
        self.up()?;
        self.table.get(key).await
    }
    async fn batch_get(&self, keys: &[Key]) -> Result<Vec<Attributes>, PortError> {
        self.up()?;
        self.table.batch_get(keys).await
    }
    async fn query(&self, query: &Query) -> Result<Page, PortError> {
        self.up()?;
        self.table.query(query).await
    }
    async fn transact(&self, transaction: &Transaction) -> Result<(), PortError> {
        self.up()?;
        if !self.pumping.load(Ordering::SeqCst) {
            return self.table.transact(transaction).await;
        }
        let number = self.writes.fetch_add(1, Ordering::SeqCst);
        if number != self.fails_at {
            return self.table.transact(transaction).await;
        }
        if self.after_commit {
            self.table.transact(transaction).await?;
        }
        self.down.store(true, Ordering::SeqCst);
        Err(Self::lost())
    }
}

/// Plays a campaign of four with a pause in it, with the process ending at one write. False where there are not so many.
async fn survives(at: u32, after_commit: bool, body: serde_json::Value) -> bool {
    let table = MemoryTable::new();
    let port = Arc::new(Failing {
        table: table.clone(),
        writes: AtomicU32::new(0),
        fails_at: at,
        pumping: AtomicBool::new(false),
        after_commit,
        down: AtomicBool::new(false),
    });
    let world = World::over(table, port.clone()).await;
    let people = world.people(4).await;
    let group = world.group("A", &people).await;
    let path = world.begun(group, body).await;
    let mut failed = false;
    for minute in 0..70 {
        // The process ends where the write failed; another takes over.
        port.pumping.store(true, Ordering::SeqCst);
        let ran = pump(&world.app.app, world.tenant.id).await;
        port.pumping.store(false, Ordering::SeqCst);
        let ended = port.down.swap(false, Ordering::SeqCst);
        assert!(ended || ran.is_ok(), "{ran:?}");
        failed |= ended;
        world.settle().await;
        if minute == 1 {
            assert!(world.act(&path, "pause").await.status.is_success());
        }
        if minute == 3 {
            assert!(world.act(&path, "resume").await.status.is_success());
        }
        world.app.advance(chrono::TimeDelta::seconds(30));
    }
    let status = world.get(&path).await;
    let place = format!("at write {at}, after commit: {after_commit}");
    assert_eq!(status["status"], "completed", "{place}: {status}");
    assert_eq!(status["counts"]["completed"], 4, "{place}: {status}");
    world.judge_arrivals();
    assert_eq!(world.provider.arrivals().len(), 4, "{place}");
    failed
}

#[tokio::test]
async fn a_crash_at_any_write_loses_nothing_and_calls_nobody_twice() {
    let interval = json!({"call_timing": "immediate", "call_interval_minutes": 2});
    let at_once = json!({"call_timing": "immediate"});
    for at in (0..14).step_by(3) {
        survives(at, at % 2 == 0, at_once.clone()).await;
    }
    for after_commit in [false, true] {
        let mut tried = 0;
        for at in (0..30).filter(|at| at % 2 == u32::from(after_commit)) {
            tried += u32::from(survives(at, after_commit, interval.clone()).await);
        }
        assert!(tried >= 8, "{tried}");
    }
}

/// A table whose every answer takes a turn, so that what runs side by side meets.
struct InTurns(MemoryTable);

#[async_trait]
impl Port for InTurns {
    async fn get(&self, key: &Key) -> Result<Option<Attributes>, PortError> {
        tokio::task::yield_now().await;
        self.0.get(key).await
    }
    async fn batch_get(&self, keys: &[Key]) -> Result<Vec<Attributes>, PortError> {
        tokio::task::yield_now().await;
        self.0.batch_get(keys).await
    }
    async fn query(&self, query: &Query) -> Result<Page, PortError> {
        tokio::task::yield_now().await;
        self.0.query(query).await
    }
    async fn transact(&self, transaction: &Transaction) -> Result<(), PortError> {
        tokio::task::yield_now().await;
        self.0.transact(transaction).await
    }
}

#[tokio::test]
async fn three_runs_side_by_side_hand_nobody_over_twice() {
    for body in [
        json!({"call_timing": "immediate"}),
        json!({"call_timing": "immediate", "call_interval_minutes": 1}),
    ] {
        let table = MemoryTable::new();
        let world = World::over(table.clone(), Arc::new(InTurns(table))).await;
        let people = world.people(12).await;
        let group = world.group("A", &people).await;
        let path = world.begun(group, body).await;
        let run = || pump(&world.app.app, world.tenant.id);
        for _ in 0..60 {
            // A run that lost too many races is tried again by its queue.
            let _ = tokio::join!(run(), run(), run());
            world.settle().await;
            world.app.advance(chrono::TimeDelta::seconds(20));
        }
        let status = world.get(&path).await;
        assert_eq!(status["status"], "completed", "{status}");
        assert_eq!(status["counts"]["completed"], 12);
        assert_eq!(world.provider.arrivals().len(), 12);
        world.judge_arrivals();
        for contact in people {
            assert_eq!(world.sessions(contact).await.len(), 1, "one call each");
        }
    }
}
