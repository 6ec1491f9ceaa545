//! Time and randomness, as the storage logic receives them: real in production, moved by hand on the developer
//! clock, seeded in the simulation.

use chrono::{DateTime, Utc};
use uuid::Uuid;

/// The domain's clock: due instants, windows, slots, retention (architecture.md "Two clocks").
pub trait Clock: Send + Sync + 'static {
    /// Now, in UTC.
    fn now(&self) -> DateTime<Utc>;
}

/// Makes ids. UUIDv7: ordered by the instant given, unguessable in the rest.
pub trait IdSource: Send + Sync + 'static {
    fn next(&self, now: DateTime<Utc>) -> Uuid;
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> DateTime<Utc> {
        Utc::now()
    }
}

/// Ids from the operating system's randomness.
#[derive(Debug, Clone, Copy, Default)]
pub struct RandomIds;

impl IdSource for RandomIds {
    fn next(&self, now: DateTime<Utc>) -> Uuid {
        let seconds = u64::try_from(now.timestamp()).unwrap_or(0);
        Uuid::new_v7(uuid::Timestamp::from_unix(
            uuid::NoContext,
            seconds,
            now.timestamp_subsec_nanos(),
        ))
    }
}
