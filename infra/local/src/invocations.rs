//! How often each function was invoked: what a cost model multiplies, and how a test sees that nothing is under way.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Counts by function, and those under way.
#[derive(Debug, Default)]
pub struct Invocations(Mutex<Counts>);

#[derive(Debug, Default)]
struct Counts {
    begun: BTreeMap<&'static str, u64>,
    under_way: usize,
}

/// One that is under way until this is dropped.
pub(crate) struct UnderWay(Arc<Invocations>);

impl Invocations {
    fn counts(&self) -> std::sync::MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn begin(self: &Arc<Self>, function: &'static str) -> UnderWay {
        let mut counts = self.counts();
        *counts.begun.entry(function).or_default() += 1;
        counts.under_way += 1;
        UnderWay(Arc::clone(self))
    }

    /// How often each function was invoked so far; HTTP functions together.
    pub fn begun(&self) -> BTreeMap<&'static str, u64> {
        self.counts().begun.clone()
    }

    /// How many are under way.
    pub fn under_way(&self) -> usize {
        self.counts().under_way
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.counts().under_way -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counted_when_begun_and_under_way_until_over() {
        let all = Arc::new(Invocations::default());
        let first = all.begin("http");
        drop(all.begin("http"));
        let _other = all.begin("reminders");
        assert_eq!(all.begun(), BTreeMap::from([("http", 2), ("reminders", 1)]));
        assert_eq!(all.under_way(), 2);
        drop(first);
        assert_eq!(all.under_way(), 1);
    }
}
