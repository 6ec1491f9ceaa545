//! Counts the capacity that requests consumed, for the measured figures of `docs/data-model.md` and the cost model.

use std::sync::Mutex;
use std::sync::PoisonError;

/// Capacity units as DynamoDB bills them.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Units {
    pub read: f64,
    pub write: f64,
}

/// A running count.
#[derive(Debug, Default)]
pub struct Meter(Mutex<Units>);

impl Meter {
    pub(crate) fn add_read(&self, units: f64) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).read += units;
    }

    pub(crate) fn add_write(&self, units: f64) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).write += units;
    }

    /// What was consumed since the last time this was asked.
    pub fn take(&self) -> Units {
        std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
