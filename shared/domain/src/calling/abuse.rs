//! No more than four attempts to one number in 24 hours within a tenant (rules.md Placing a call).

use chrono::{DateTime, TimeDelta, Utc};

/// Attempts to one number allowed in [`ABUSE_PERIOD`].
pub const MAX_ATTEMPTS_PER_NUMBER: usize = 4;
/// The rolling period of the rule.
pub const ABUSE_PERIOD: TimeDelta = TimeDelta::hours(24);

/// Until when no further attempt to a number may be made, given the instants of the attempts to it that count;
/// `None` if one may be made now.
pub fn blocked_until(attempts: &[DateTime<Utc>], now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let mut recent: Vec<_> = attempts
        .iter()
        .map(|at| *at + ABUSE_PERIOD)
        .filter(|until| now < *until)
        .collect();
    recent.sort_unstable_by(|a, b| b.cmp(a));
    recent.get(MAX_ATTEMPTS_PER_NUMBER - 1).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fifth_waits_until_the_first_is_a_day_old() {
        let now: DateTime<Utc> = "2026-11-20T10:00:00Z".parse().unwrap();
        let ago = |hours| now - TimeDelta::hours(hours);
        assert_eq!(blocked_until(&[], now), None);
        assert_eq!(blocked_until(&[ago(1), ago(2), ago(3)], now), None);
        assert_eq!(
            blocked_until(&[ago(3), ago(1), ago(20), ago(2)], now),
            Some(now + TimeDelta::hours(4))
        );
        assert_eq!(blocked_until(&[ago(24), ago(3), ago(2), ago(1)], now), None);
        let five = [ago(1), ago(2), ago(3), ago(4), ago(5)];
        assert_eq!(blocked_until(&five, now), Some(now + TimeDelta::hours(20)));
        // The instant it names is the first that is allowed.
        let until = now + TimeDelta::hours(20);
        assert_eq!(blocked_until(&five, until), None);
        assert!(blocked_until(&five, until - TimeDelta::milliseconds(1)).is_some());
    }
}
