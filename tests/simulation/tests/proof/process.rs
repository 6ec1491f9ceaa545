//! One invocation of a handler: it has a clock that is off by a little, and can end at any point where it waits.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use chrono::TimeDelta;
use tokio::sync::Notify;

tokio::task_local! {
    static ME: Arc<Process>;
}

/// An invocation.
#[derive(Debug)]
pub(crate) struct Process {
    /// What it is an invocation of.
    pub(crate) what: &'static str,
    /// How far its machine's clock is from the truth.
    pub(crate) skew: TimeDelta,
    /// The point at which it ends; 0 where it is spared.
    dies_at: u32,
    passed: AtomicU32,
    dead: AtomicBool,
    death: Notify,
    /// What it remembers of its reads, for the mutation that reads nothing twice.
    pub(crate) memory: std::sync::Mutex<crate::table::Memory>,
}

impl Process {
    pub(crate) fn new(what: &'static str, skew: TimeDelta, dies_at: u32) -> Arc<Self> {
        Arc::new(Self {
            what,
            skew,
            dies_at,
            passed: AtomicU32::new(0),
            dead: AtomicBool::new(false),
            death: Notify::new(),
            memory: Default::default(),
        })
    }

    /// Runs a handler in this process; None where the process ended before it did.
    pub(crate) async fn run<F: Future>(self: &Arc<Self>, work: F) -> Option<F::Output> {
        let me = self.clone();
        ME.scope(self.clone(), async move {
            tokio::select! {
                biased;
                () = me.death.notified() => None,
                output = work => Some(output),
            }
        })
        .await
    }

    /// How many points it passed.
    pub(crate) fn points(&self) -> u32 {
        self.passed.load(Ordering::SeqCst)
    }

    /// Whether it ended before its handler did.
    pub(crate) fn died(&self) -> bool {
        self.dead.load(Ordering::SeqCst)
    }
}

/// The process of the running task; None for the world itself, which reads without faults.
pub(crate) fn me() -> Option<Arc<Process>> {
    ME.try_with(Clone::clone).ok()
}

/// A point where the process may end: before and after every request that leaves it. One that ended never goes on.
pub(crate) async fn point() {
    let Some(me) = me() else { return };
    if !me.died() {
        let passed = me.passed.fetch_add(1, Ordering::SeqCst) + 1;
        if passed == me.dies_at {
            me.dead.store(true, Ordering::SeqCst);
            me.death.notify_one();
        }
    }
    if me.died() {
        std::future::pending::<()>().await;
    }
}
