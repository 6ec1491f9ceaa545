//! What a generated test found, told all at once.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// Told up to this many of one kind.
const MOST: usize = 200;

/// What was found, by where.
#[derive(Debug, Default)]
pub struct Findings {
    found: Mutex<BTreeMap<String, usize>>,
    tried: std::sync::atomic::AtomicUsize,
}

impl Findings {
    /// Counts something that was tried.
    pub fn tried(&self) {
        self.tried
            .fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    }

    /// Notes something wrong.
    pub fn note(&self, what: impl Into<String>) {
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        *found.entry(what.into()).or_default() += 1;
    }

    /// Notes something wrong unless `right`.
    pub fn expect(&self, right: bool, what: impl FnOnce() -> String) {
        self.tried();
        if !right {
            self.note(what());
        }
    }

    /// How many things were tried.
    #[must_use]
    pub fn count(&self) -> usize {
        self.tried.load(std::sync::atomic::Ordering::Relaxed)
    }

    /// Fails the test with everything that was found.
    pub fn report(&self) {
        let found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        let lines: Vec<String> = found
            .iter()
            .take(MOST)
            .map(|(what, times)| format!("{times}× {what}"))
            .collect();
        assert!(
            found.is_empty(),
            "{} of {} tries were wrong:\n{}",
            found.len(),
            self.count(),
            lines.join("\n")
        );
        assert!(self.count() > 0, "nothing was tried");
    }
}
