//! What everything in a world shares: true time, the seed's draws, the order of events, the weather, the counts.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use chrono::{DateTime, TimeDelta, Utc};
use tokio::time::Instant;
use vio_domain::ids::TenantId;
use vio_store::env::Clock;

use crate::mutation::Mutation;
use crate::process;
use crate::rng::Rng;

/// How rough a world is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rough {
    /// Requests to the table of ten thousand that fail.
    pub(crate) table: u64,
    /// Requests to the table of ten thousand that take up to [`SLOW_TABLE`].
    pub(crate) slow_table: u64,
    /// Requests to the provider of a thousand that go wrong.
    pub(crate) provider: u64,
    /// Requests to the provider of a thousand at which it goes away for some seconds.
    pub(crate) outages: u64,
    /// Grants of a hundred, and reads of a person by the pump of three hundred, after which somebody changes something
    /// about that person at once: between the reads, the grant and the sends.
    pub(crate) races: u64,
    /// Minutes after which colleagues who have not heard call somebody again, at most.
    pub(crate) colleagues: i64,
    /// Invocations of a hundred that end before they are done.
    pub(crate) crashes: u64,
    /// Messages and webhooks of a hundred that are lost; as many come twice, and as many late.
    pub(crate) messages: u64,
    /// Index reads of a thousand that leave entries out.
    pub(crate) indexes: u64,
    /// Whether people change things besides booking: consent, do-not-call list, settings, pauses, keys.
    pub(crate) meddling: bool,
    /// Whether everybody who is rung answers and confirms.
    pub(crate) answered: bool,
    /// Milliseconds that a request to the table takes at most, if it is not slow.
    pub(crate) pace: i64,
    /// Milliseconds by which a worker's clock may be off, either way.
    pub(crate) skew_ms: i64,
}

/// The longest a slow request to the table takes.
pub(crate) const SLOW_TABLE: TimeDelta = TimeDelta::milliseconds(700);

impl Rough {
    /// Nothing goes wrong and nobody interferes: what is judged is full use, order and the number of messages.
    pub(crate) const CALM: Self = Self {
        table: 0,
        slow_table: 0,
        provider: 0,
        outages: 0,
        races: 0,
        colleagues: 0,
        crashes: 0,
        messages: 0,
        indexes: 0,
        meddling: false,
        answered: false,
        pace: 4,
        skew_ms: 0,
    };

    /// A storm: everything goes wrong at times. Clocks are off by up to half the margin either way, so that two of them
    /// are apart by the margin at most.
    pub(crate) const STORM: Self = Self {
        table: 60,
        slow_table: 40,
        provider: 150,
        outages: 10,
        races: 14,
        colleagues: 60 * 60,
        crashes: 6,
        messages: 8,
        indexes: 100,
        meddling: true,
        answered: false,
        pace: 4,
        skew_ms: 500,
    };
}

/// True time: the runtime's paused clock, which jumps from one thing that happens to the next.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SimClock {
    start: DateTime<Utc>,
    origin: Instant,
}

impl SimClock {
    pub(crate) fn starting(start: DateTime<Utc>) -> Self {
        Self {
            start,
            origin: Instant::now(),
        }
    }

    /// The truth, whatever a worker's clock says.
    pub(crate) fn truth(&self) -> DateTime<Utc> {
        self.start + TimeDelta::from_std(self.origin.elapsed()).unwrap_or_default()
    }

    /// The instant of the runtime's clock.
    pub(crate) fn instant(&self, at: DateTime<Utc>) -> Instant {
        self.origin + (at - self.start).to_std().unwrap_or_default()
    }
}

impl Clock for SimClock {
    fn now(&self) -> DateTime<Utc> {
        let skew = process::me().map_or(TimeDelta::zero(), |me| me.skew);
        self.truth() + skew
    }
}

/// A line of the trace.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    pub(crate) at: DateTime<Utc>,
    pub(crate) tenant: Option<TenantId>,
    pub(crate) text: String,
}

/// Shared by all parts of one world.
pub(crate) struct Fabric {
    pub(crate) clock: SimClock,
    pub(crate) rough: Rough,
    pub(crate) mutation: Option<Mutation>,
    rng: Mutex<Rng>,
    sequence: AtomicU64,
    calm: AtomicBool,
    counts: Mutex<BTreeMap<String, u64>>,
    /// Wake-ups sent, whoever sent them.
    wake_ups: Mutex<Vec<(TenantId, DateTime<Utc>)>>,
    trace: Option<Mutex<Vec<Line>>>,
}

impl Fabric {
    pub(crate) fn new(
        seed: u64,
        start: DateTime<Utc>,
        rough: Rough,
        mutation: Option<Mutation>,
        traced: bool,
    ) -> Arc<Self> {
        Arc::new(Self {
            clock: SimClock::starting(start),
            rough,
            mutation,
            rng: Mutex::new(Rng::of(seed, "fabric", 0)),
            sequence: AtomicU64::new(0),
            calm: AtomicBool::new(true),
            counts: Mutex::default(),
            wake_ups: Mutex::default(),
            trace: traced.then(Mutex::default),
        })
    }

    pub(crate) fn truth(&self) -> DateTime<Utc> {
        self.clock.truth()
    }

    /// Draws from the world's generator.
    pub(crate) fn draw<T>(&self, draw: impl FnOnce(&mut Rng) -> T) -> T {
        draw(&mut self.rng.lock().unwrap())
    }

    /// The next place in the order of all that happens.
    pub(crate) fn next(&self) -> u64 {
        self.sequence.fetch_add(1, Ordering::SeqCst)
    }

    /// Whether nothing goes wrong for now: before the storm and after it.
    pub(crate) fn is_calm(&self) -> bool {
        self.calm.load(Ordering::SeqCst)
    }

    pub(crate) fn set_calm(&self, calm: bool) {
        self.calm.store(calm, Ordering::SeqCst);
    }

    /// Whether a fault of this kind strikes now; one that does is counted.
    pub(crate) fn strikes(&self, of: u64, out_of: u64, kind: &'static str) -> bool {
        let struck = of > 0 && !self.is_calm() && self.draw(|rng| rng.chance(of, out_of));
        if struck {
            self.count(kind);
        }
        struck
    }

    pub(crate) fn count(&self, kind: &str) {
        self.add(kind, 1);
    }

    pub(crate) fn add(&self, kind: &str, by: u64) {
        let mut counts = self.counts.lock().unwrap();
        match counts.get_mut(kind) {
            Some(count) => *count += by,
            None => {
                counts.insert(kind.to_owned(), by);
            }
        }
    }

    pub(crate) fn counts(&self) -> BTreeMap<String, u64> {
        self.counts.lock().unwrap().clone()
    }

    pub(crate) fn woken(&self, tenant: TenantId) {
        let at = self.truth();
        self.wake_ups.lock().unwrap().push((tenant, at));
    }

    /// When wake-ups of a business were sent.
    pub(crate) fn wake_ups(&self, tenant: TenantId) -> Vec<DateTime<Utc>> {
        let all = self.wake_ups.lock().unwrap();
        let mine = all.iter().filter(|(whose, _)| *whose == tenant);
        mine.map(|(_, at)| *at).collect()
    }

    /// Writes a line of the trace, where one is kept.
    pub(crate) fn note(&self, tenant: Option<TenantId>, text: impl FnOnce() -> String) {
        if let Some(trace) = &self.trace {
            trace.lock().unwrap().push(Line {
                at: self.truth(),
                tenant,
                text: text(),
            });
        }
    }

    pub(crate) fn trace(&self) -> Vec<Line> {
        self.trace
            .as_ref()
            .map(|trace| trace.lock().unwrap().clone())
            .unwrap_or_default()
    }
}
