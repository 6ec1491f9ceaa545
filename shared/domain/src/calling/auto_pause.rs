//! Ten technical failures among the last twenty attempts within an hour pause a tenant's calling
//! (rules.md Placing a call). A person resumes it.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// How many of the latest attempts are looked at.
pub const LOOKED_AT: usize = 20;
/// How many technical failures among them pause calling.
pub const TECHNICAL_FAILURES: usize = 10;
/// The time within which they must lie.
pub const WITHIN: TimeDelta = TimeDelta::hours(1);

/// How one attempt ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttemptResult {
    /// When it was settled.
    pub at: DateTime<Utc>,
    /// Whether it failed for a reason that lies with us or the provider, not with the person.
    pub technical: bool,
}

/// The latest attempts of a tenant, oldest first, never more than [`LOOKED_AT`].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RecentAttempts(Vec<AttemptResult>);

impl RecentAttempts {
    /// Adds a result and forgets what is older than the last twenty.
    pub fn push(&mut self, result: AttemptResult) {
        let place = self.0.partition_point(|known| known.at <= result.at);
        self.0.insert(place, result);
        let surplus = self.0.len().saturating_sub(LOOKED_AT);
        self.0.drain(..surplus);
    }

    /// Technical failures that count. Those up to the last resumption by a person no longer do.
    pub fn failures(&self, now: DateTime<Utc>, resumed_at: Option<DateTime<Utc>>) -> usize {
        let failures = self.0.iter().filter(|result| {
            result.technical
                && now - result.at < WITHIN
                && resumed_at.is_none_or(|resumed| resumed < result.at)
        });
        failures.count()
    }

    /// Whether calling is to be paused.
    pub fn should_pause(&self, now: DateTime<Utc>, resumed_at: Option<DateTime<Utc>>) -> bool {
        self.failures(now, resumed_at) >= TECHNICAL_FAILURES
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minutes: i64) -> DateTime<Utc> {
        "2026-11-20T10:00:00Z".parse::<DateTime<Utc>>().unwrap() + TimeDelta::minutes(minutes)
    }

    fn recent(results: impl IntoIterator<Item = (i64, bool)>) -> RecentAttempts {
        let mut recent = RecentAttempts::default();
        for (minute, technical) in results {
            recent.push(AttemptResult {
                at: at(minute),
                technical,
            });
        }
        recent
    }

    #[test]
    fn ten_of_twenty_within_an_hour() {
        assert!(!recent((0..9).map(|m| (m, true))).should_pause(at(10), None));
        let ten = recent((0..10).map(|m| (m, true)));
        assert!(ten.should_pause(at(10), None));
        assert!(ten.should_pause(at(59), None));
        assert!(!ten.should_pause(at(60), None), "the first is an hour old");
        // Every second one of twenty fails; every third does not suffice.
        assert!(recent((0..20).map(|m| (m, m % 2 == 0))).should_pause(at(20), None));
        assert!(!recent((0..20).map(|m| (m, m % 3 == 0))).should_pause(at(20), None));
    }

    #[test]
    fn only_the_last_twenty_count() {
        let results = (0..10)
            .map(|m| (m, true))
            .chain((10..21).map(|m| (m, false)));
        let recent = recent(results);
        assert_eq!(recent.0.len(), LOOKED_AT);
        assert!(!recent.should_pause(at(21), None));
    }

    #[test]
    fn a_resumption_starts_afresh_and_order_of_arrival_does_not_matter() {
        let ten = recent((0..10).rev().map(|m| (m, true)));
        assert!(ten.should_pause(at(10), None));
        assert!(ten.0.is_sorted_by_key(|result| result.at));
        assert!(!ten.should_pause(at(10), Some(at(0))));
    }
}
