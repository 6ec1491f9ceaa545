//! The developer clock: what the domain, the sandbox and the local queues take for now (architecture.md "Two
//! clocks"). It runs with real time plus an offset, and jumps forward, as after an outage. Tokens, signatures and the
//! SDK stay on real time.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Datelike, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use tokio::sync::{RwLock, RwLockReadGuard, watch};
use vio_sandbox::SandboxClock;
use vio_stack::StackClock;
use vio_store::env::Clock;

/// How long a move waits for sends under way: longer than any placement bound.
const PATIENCE: Duration = Duration::from_secs(90);
/// The last year that the clock shows.
const LAST_YEAR: i32 = 2200;

/// Why the clock did not move.
#[derive(Debug, thiserror::Error)]
pub enum MoveError {
    /// Tenants exist: what was done at an instant cannot be ahead of now.
    #[error("once there is a business, the clock only moves forward")]
    Backwards,
    #[error("the clock shows 1970 to {LAST_YEAR}")]
    OutOfRange,
    /// A send did not end.
    #[error("a call is being placed; try again in a moment")]
    Busy,
    #[error("the clock cannot be kept in the data directory")]
    Keep(#[source] std::io::Error),
}

/// The clock's file is there and cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("the clock in {0} cannot be read")]
pub struct ClockFileError(PathBuf, #[source] Box<dyn std::error::Error + Send + Sync>);

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    offset_ms: i64,
}

/// The developer clock.
#[derive(Debug)]
pub struct DomainClock {
    offset: watch::Sender<TimeDelta>,
    /// Shared by whoever may send a call; exclusive for a move.
    sends: RwLock<()>,
    file: Option<PathBuf>,
}

impl DomainClock {
    /// The clock as `directory` kept it, else one that shows real time. Without a directory nothing is kept.
    pub fn open(directory: Option<&Path>) -> Result<Self, ClockFileError> {
        let file = directory.map(|directory| directory.join("clock.json"));
        let offset_ms = match &file {
            Some(path) if path.exists() => {
                let failed = |error: Box<dyn std::error::Error + Send + Sync>| {
                    ClockFileError(path.clone(), error)
                };
                let text = std::fs::read(path).map_err(|error| failed(error.into()))?;
                let kept: Kept =
                    serde_json::from_slice(&text).map_err(|error| failed(error.into()))?;
                kept.offset_ms
            }
            _ => 0,
        };
        Ok(Self {
            offset: watch::Sender::new(TimeDelta::milliseconds(offset_ms)),
            sends: RwLock::new(()),
            file,
        })
    }

    /// Now, on this clock.
    pub fn now(&self) -> DateTime<Utc> {
        Utc::now() + *self.offset.borrow()
    }

    /// Held while a message is handled that may grant or send a call; a move waits until nobody holds it, and holds
    /// newcomers meanwhile.
    pub async fn sending(&self) -> RwLockReadGuard<'_, ()> {
        self.sends.read().await
    }

    /// Jumps to `to` once no send is under way. `backwards` allows the past, which is right only before there is any
    /// tenant. Kept before it takes effect, so that a restart never shows an earlier time than was seen.
    pub async fn move_to(&self, to: DateTime<Utc>, backwards: bool) -> Result<(), MoveError> {
        if to < self.now() && !backwards {
            return Err(MoveError::Backwards);
        }
        self.jump(|now| {
            // While it waited, time may have come there by itself.
            Some(if backwards { to } else { to.max(now) })
        })
        .await
    }

    /// Jumps by as much, from the instant at which no send is under way.
    pub async fn advance(&self, by: TimeDelta) -> Result<(), MoveError> {
        self.jump(|now| now.checked_add_signed(by)).await
    }

    async fn jump(
        &self,
        target: impl FnOnce(DateTime<Utc>) -> Option<DateTime<Utc>>,
    ) -> Result<(), MoveError> {
        let _alone = tokio::time::timeout(PATIENCE, self.sends.write())
            .await
            .map_err(|_| MoveError::Busy)?;
        let to = target(self.now()).ok_or(MoveError::OutOfRange)?;
        if !(1970..=LAST_YEAR).contains(&to.year()) {
            return Err(MoveError::OutOfRange);
        }
        let offset = to - Utc::now();
        self.keep(offset).map_err(MoveError::Keep)?;
        self.offset.send_replace(offset);
        Ok(())
    }

    fn keep(&self, offset: TimeDelta) -> std::io::Result<()> {
        let Some(file) = &self.file else {
            return Ok(());
        };
        let kept = serde_json::to_vec(&Kept {
            offset_ms: offset.num_milliseconds(),
        })?;
        let draft = file.with_extension("new");
        let mut writer = File::create(&draft)?;
        writer.write_all(&kept)?;
        writer.sync_all()?;
        std::fs::rename(draft, file)
    }
}

impl Clock for DomainClock {
    fn now(&self) -> DateTime<Utc> {
        Self::now(self)
    }
}

impl StackClock for DomainClock {
    fn now(&self) -> DateTime<Utc> {
        Self::now(self)
    }
}

#[async_trait]
impl SandboxClock for DomainClock {
    fn now(&self) -> DateTime<Utc> {
        Self::now(self)
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
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn close(a: DateTime<Utc>, b: DateTime<Utc>) -> bool {
        (a - b).abs() < TimeDelta::seconds(5)
    }

    #[tokio::test]
    async fn runs_with_real_time_and_jumps_forward_only() {
        let clock = DomainClock::open(None).unwrap();
        assert!(close(clock.now(), Utc::now()));
        clock.advance(TimeDelta::days(3)).await.unwrap();
        assert!(close(clock.now(), Utc::now() + TimeDelta::days(3)));
        let past = clock.now() - TimeDelta::hours(1);
        assert!(matches!(
            clock.move_to(past, false).await,
            Err(MoveError::Backwards)
        ));
        assert!(close(clock.now(), Utc::now() + TimeDelta::days(3)));
        clock.move_to(past, true).await.unwrap();
        assert!(close(clock.now(), past));
        let far = DateTime::<Utc>::MAX_UTC;
        assert!(matches!(
            clock.move_to(far, false).await,
            Err(MoveError::OutOfRange)
        ));
        assert!(matches!(
            clock.advance(TimeDelta::MAX).await,
            Err(MoveError::OutOfRange)
        ));
    }

    #[tokio::test]
    async fn a_restart_keeps_it() {
        let directory = tempfile::tempdir().unwrap();
        let before = DomainClock::open(Some(directory.path())).unwrap();
        before.advance(TimeDelta::days(40)).await.unwrap();
        let after = DomainClock::open(Some(directory.path())).unwrap();
        assert!(close(after.now(), Utc::now() + TimeDelta::days(40)));
        std::fs::write(directory.path().join("clock.json"), "{").unwrap();
        assert!(DomainClock::open(Some(directory.path())).is_err());
    }

    #[tokio::test]
    async fn a_move_waits_for_sends_and_holds_new_ones() {
        let clock = Arc::new(DomainClock::open(None).unwrap());
        let before = clock.now();
        let sending = clock.sending().await;
        let mover = Arc::clone(&clock);
        let moving = tokio::spawn(async move { mover.advance(TimeDelta::days(1)).await });
        tokio::time::sleep(Duration::from_millis(50)).await;
        assert!(close(clock.now(), before), "moved under a send");
        let newcomer = tokio::time::timeout(Duration::from_millis(50), clock.sending()).await;
        assert!(newcomer.is_err(), "a send began while a move was waiting");
        drop(sending);
        moving.await.unwrap().unwrap();
        let _sending = clock.sending().await;
        assert!(close(clock.now(), before + TimeDelta::days(1)));
    }

    #[tokio::test]
    async fn sleepers_wake_at_a_jump() {
        let clock = Arc::new(DomainClock::open(None).unwrap());
        let sleeper = Arc::clone(&clock);
        let until = clock.now() + TimeDelta::hours(6);
        let sleeping = tokio::spawn(async move { sleeper.sleep_until(until).await });
        clock.advance(TimeDelta::hours(5)).await.unwrap();
        tokio::time::sleep(Duration::from_millis(50)).await;
        assert!(!sleeping.is_finished());
        clock.advance(TimeDelta::hours(2)).await.unwrap();
        tokio::time::timeout(Duration::from_secs(2), sleeping)
            .await
            .unwrap()
            .unwrap();
    }
}
