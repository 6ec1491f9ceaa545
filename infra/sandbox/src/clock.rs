//! The clock that calls progress on. Signatures never use it: they carry real time.

use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use tokio::sync::watch;

/// The developer clock, as the sandbox sees it: calls are answered, end and are analysed on it, and
/// idempotency keys live for an hour of it.
#[async_trait]
pub trait SandboxClock: Send + Sync + 'static {
    /// The clock's present instant (UTC).
    fn now(&self) -> DateTime<Utc>;

    /// Returns once `now()` has reached `instant`, promptly also when the clock jumps there.
    async fn sleep_until(&self, instant: DateTime<Utc>);

    /// Moves the clock forward to `instant`. A clock that is moved by somebody else says
    /// [`ClockRefusal::NotOurs`], which is the default.
    fn move_to(&self, instant: DateTime<Utc>) -> Result<(), ClockRefusal> {
        let _ = instant;
        Err(ClockRefusal::NotOurs)
    }
}

/// Why a clock did not move.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ClockRefusal {
    /// The clock belongs to the host; it is moved there.
    #[error("this clock is moved by the host")]
    NotOurs,
    /// A clock only moves forward.
    #[error("a clock only moves forward")]
    Backwards,
}

/// A clock that stands still until it is told to move. For tests.
#[derive(Debug)]
pub struct ManualClock {
    now: watch::Sender<DateTime<Utc>>,
}

impl ManualClock {
    /// A clock standing at `now`.
    #[must_use]
    pub fn new(now: DateTime<Utc>) -> Self {
        Self {
            now: watch::Sender::new(now),
        }
    }

    /// Jumps forward by `by`.
    pub fn advance(&self, by: Duration) {
        let by = TimeDelta::from_std(by).unwrap_or(TimeDelta::zero());
        self.now.send_modify(|now| *now += by);
    }
}

#[async_trait]
impl SandboxClock for ManualClock {
    fn now(&self) -> DateTime<Utc> {
        *self.now.borrow()
    }

    async fn sleep_until(&self, instant: DateTime<Utc>) {
        let mut seen = self.now.subscribe();
        // Errs only if the sender is gone, and the sender is `self`.
        let _ = seen.wait_for(|now| *now >= instant).await;
    }

    fn move_to(&self, instant: DateTime<Utc>) -> Result<(), ClockRefusal> {
        forward(&self.now, |now| *now, |now| *now = instant, instant)
    }
}

/// Real time plus an offset that only grows: runs on by itself, and can jump forward.
/// What the stand-alone process uses.
#[derive(Debug)]
pub struct OffsetClock {
    offset: watch::Sender<TimeDelta>,
}

impl OffsetClock {
    /// A clock that shows real time until it is moved.
    #[must_use]
    pub fn new() -> Self {
        Self {
            offset: watch::Sender::new(TimeDelta::zero()),
        }
    }
}

impl Default for OffsetClock {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl SandboxClock for OffsetClock {
    fn now(&self) -> DateTime<Utc> {
        Utc::now() + *self.offset.borrow()
    }

    async fn sleep_until(&self, instant: DateTime<Utc>) {
        let mut moved = self.offset.subscribe();
        loop {
            let left = (instant - self.now()).to_std().unwrap_or(Duration::ZERO);
            if left.is_zero() {
                return;
            }
            tokio::select! {
                () = tokio::time::sleep(left) => {}
                _ = moved.changed() => {}
            }
        }
    }

    fn move_to(&self, instant: DateTime<Utc>) -> Result<(), ClockRefusal> {
        let real = Utc::now();
        forward(
            &self.offset,
            |offset| real + *offset,
            |offset| *offset = instant - real,
            instant,
        )
    }
}

fn forward<T>(
    cell: &watch::Sender<T>,
    now: impl Fn(&T) -> DateTime<Utc>,
    set: impl FnOnce(&mut T),
    to: DateTime<Utc>,
) -> Result<(), ClockRefusal> {
    let mut moved = Ok(());
    cell.send_if_modified(|value| {
        if to < now(value) {
            moved = Err(ClockRefusal::Backwards);
            return false;
        }
        set(value);
        true
    });
    moved
}
