//! How many requests a business made of the API in the last minute (S0: 1,000 a minute), counted by the second.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

/// Requests a tenant may make in [`WINDOW_SECONDS`] (S0), unless the platform's setting says otherwise.
pub const REQUESTS_PER_MINUTE: u32 = 1_000;

/// The window of [`REQUESTS_PER_MINUTE`], in seconds.
pub const WINDOW_SECONDS: i64 = 60;

/// The requests of one tenant, by epoch second. What is older than the window counts no more.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RequestCount {
    /// The second of the first number.
    first: i64,
    by_second: VecDeque<u32>,
}

/// What a booking came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Booked {
    /// So many requests may be made, at least one, and count in that second.
    Some {
        /// How many.
        requests: u32,
        /// The second in which they count.
        second: i64,
    },
    /// None before so many seconds, at least 1.
    Full {
        /// Whole seconds.
        seconds: u32,
    },
}

impl RequestCount {
    /// Books up to `wanted` requests (at least one) in this second, as many as `limit` leaves.
    pub fn book(&mut self, now: i64, wanted: u32, limit: u32) -> Booked {
        self.forget_before(now);
        let made: u32 = self.by_second.iter().sum();
        let requests = wanted.max(1).min(limit.saturating_sub(made));
        if requests == 0 {
            return Booked::Full {
                seconds: self.seconds_left(now),
            };
        }
        if self.by_second.is_empty() {
            self.first = now;
        }
        // A process whose clock is behind the others' counts in their first second.
        let second = now.max(self.first);
        let place = usize::try_from(second - self.first).unwrap_or_default();
        if self.by_second.len() <= place {
            self.by_second.resize(place + 1, 0);
        }
        if let Some(count) = self.by_second.get_mut(place) {
            *count += requests;
        }
        Booked::Some { requests, second }
    }

    /// Takes back requests that were booked in a second and not made.
    pub fn give_back(&mut self, second: i64, requests: u32) {
        let place = usize::try_from(second - self.first).ok();
        if let Some(count) = place.and_then(|place| self.by_second.get_mut(place)) {
            *count = count.saturating_sub(requests);
        }
    }

    /// Drops what has left the window, and what a clock that was far ahead has left behind.
    fn forget_before(&mut self, now: i64) {
        if self.first > now + WINDOW_SECONDS {
            self.by_second.clear();
        }
        while self.first <= now - WINDOW_SECONDS && self.by_second.pop_front().is_some() {
            self.first += 1;
        }
        while self.by_second.back() == Some(&0) {
            self.by_second.pop_back();
        }
    }

    /// Until the first request that counts leaves the window.
    fn seconds_left(&self, now: i64) -> u32 {
        let made = self.by_second.iter().zip(self.first..);
        let oldest = made.filter(|(count, _)| **count > 0).map(|(_, at)| at);
        let left = oldest.min().unwrap_or(now) + WINDOW_SECONDS - now;
        u32::try_from(left).unwrap_or_default().max(1)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn some(requests: u32, second: i64) -> Booked {
        Booked::Some { requests, second }
    }

    #[test]
    fn a_minute_holds_the_limit() {
        let mut count = RequestCount::default();
        assert_eq!(count.book(1_000, 2, 3), some(2, 1_000));
        assert_eq!(count.book(1_030, 2, 3), some(1, 1_030), "what is left");
        assert_eq!(count.book(1_031, 1, 3), Booked::Full { seconds: 29 });
        assert_eq!(count.book(1_059, 1, 3), Booked::Full { seconds: 1 });
        assert_eq!(count.book(1_060, 5, 3), some(2, 1_060));
        assert_eq!(count.book(9_000, 0, 3), some(1, 9_000), "at least one");
    }

    #[test]
    fn what_was_not_made_can_be_given_back() {
        let mut count = RequestCount::default();
        assert_eq!(count.book(1_000, 3, 3), some(3, 1_000));
        count.give_back(1_000, 2);
        assert_eq!(count.book(1_001, 9, 3), some(2, 1_001));
        count.give_back(900, 5);
        count.give_back(2_000, 5);
        assert_eq!(count.book(1_002, 1, 3), Booked::Full { seconds: 58 });
    }

    #[test]
    fn clocks_may_differ() {
        let mut count = RequestCount::default();
        assert_eq!(count.book(1_000, 1, 3), some(1, 1_000));
        assert_eq!(count.book(995, 1, 3), some(1, 1_000), "one that is behind");
        assert_eq!(count.book(1_059, 1, 3), some(1, 1_059));
        assert_eq!(count.book(1_059, 1, 3), Booked::Full { seconds: 1 });
        let mut ahead = RequestCount::default();
        ahead.book(90_000, 3, 3);
        assert_eq!(ahead.book(1_000, 1, 3), some(1, 1_000));
    }

    proptest! {
        /// Against a plain map of what was booked, with a clock that only goes forward.
        #[test]
        fn no_minute_holds_more(steps in prop::collection::vec((0i64..25, 0u32..9, any::<bool>()), 1..200)) {
            let (mut count, mut plain, mut now) = (RequestCount::default(), BTreeMap::new(), 5_000);
            for (later, wanted, back) in steps {
                now += later;
                let made: u32 = plain.range(now - WINDOW_SECONDS + 1..).map(|(_, n)| n).sum();
                let expected = wanted.max(1).min(20 - made);
                match count.book(now, wanted, 20) {
                    Booked::Some { requests, second } => {
                        prop_assert_eq!((requests, second), (expected, now));
                        let given = if back { requests / 2 } else { 0 };
                        count.give_back(second, given);
                        *plain.entry(second).or_default() += requests - given;
                    }
                    Booked::Full { seconds } => {
                        prop_assert_eq!(expected, 0);
                        let then = now + i64::from(seconds) - WINDOW_SECONDS;
                        let left: u32 = plain.range(then + 1..).map(|(_, n)| n).sum();
                        prop_assert!(left < 20, "it may go on then");
                    }
                }
            }
        }
    }
}
