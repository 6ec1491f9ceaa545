//! What a log of calls must look like, whoever keeps it: the simulation's provider, or the sandbox beside the real
//! binary. Plain instants in, broken rules out; nothing of the product is asked (rules.md "The call throttle").

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};

/// A call that was created: somebody was rung.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// When the request that created it reached the provider.
    pub at: DateTime<Utc>,
    /// Until when the phone rang or was talked on, where known.
    pub until: Option<DateTime<Utc>>,
    pub number: String,
    pub contact: String,
    pub session: String,
    pub attempt: String,
}

/// A rule that was broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broken {
    pub rule: &'static str,
    pub at: Option<DateTime<Utc>>,
    pub what: String,
}

/// At most `limit` calls in any window, half-open: `[t, t + window)`.
pub fn within_window(calls: &[Call], limit: usize, window: TimeDelta) -> Vec<Broken> {
    let mut at: Vec<_> = calls.iter().map(|call| call.at).collect();
    at.sort();
    at.iter()
        .zip(at.iter().skip(limit))
        .filter(|(first, beyond)| **beyond - **first < window)
        .map(|(first, beyond)| Broken {
            rule: "window",
            at: Some(*beyond),
            what: format!("{} calls from {first} to {beyond}", limit + 1),
        })
        .collect()
}

/// A session has one call at most, and so has an attempt.
pub fn one_call_each(calls: &[Call]) -> Vec<Broken> {
    let mut seen: BTreeMap<(&str, &str), &Call> = BTreeMap::new();
    let mut broken = Vec::new();
    for call in calls {
        for key in [
            ("session", call.session.as_str()),
            ("attempt", call.attempt.as_str()),
        ] {
            if let Some(first) = seen.insert(key, call) {
                broken.push(Broken {
                    rule: "one call",
                    at: Some(call.at),
                    what: format!("{} {} was rung at {} already", key.0, key.1, first.at),
                });
            }
        }
    }
    broken
}

/// No two phones ring for one contact, and no number is rung twice, at the same time.
pub fn one_at_a_time(calls: &[Call]) -> Vec<Broken> {
    let mut broken = Vec::new();
    for (index, one) in calls.iter().enumerate() {
        for other in &calls[index + 1..] {
            let same = one.number == other.number || one.contact == other.contact;
            let (Some(first), Some(second)) = (one.until, other.until) else {
                continue;
            };
            if same && one.at < second && other.at < first {
                broken.push(Broken {
                    rule: "in flight",
                    at: Some(one.at.max(other.at)),
                    what: format!("sessions {} and {} at once", one.session, other.session),
                });
            }
        }
    }
    broken
}

/// No slot idles for more than `slack` while calls wait: with `waiting` known to wait from `from` on until the last of
/// them is placed, each call follows the one `limit` before it by the window and no more than the slack.
pub fn full_use(
    calls: &[Call],
    from: DateTime<Utc>,
    limit: usize,
    window: TimeDelta,
    slack: TimeDelta,
) -> Vec<Broken> {
    let mut at: Vec<_> = calls
        .iter()
        .map(|call| call.at)
        .filter(|at| *at >= from)
        .collect();
    at.sort();
    at.iter()
        .zip(at.iter().skip(limit))
        .filter(|(first, next)| **next - **first > window + slack)
        .map(|(first, next)| Broken {
            rule: "full use",
            at: Some(*next),
            what: format!(
                "a slot taken at {first} was free for {}",
                *next - *first - window
            ),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(second: i64, session: &str) -> Call {
        let at = DateTime::from_timestamp(1_772_442_000 + second, 0).unwrap_or_default();
        Call {
            at,
            until: Some(at + TimeDelta::seconds(30)),
            number: format!("+44{session}"),
            contact: session.to_owned(),
            session: session.to_owned(),
            attempt: session.to_owned(),
        }
    }

    #[test]
    fn windows_are_half_open() {
        let window = TimeDelta::seconds(900);
        let calls = [call(0, "a"), call(10, "b"), call(900, "c")];
        assert_eq!(within_window(&calls, 2, window), []);
        let calls = [call(0, "a"), call(10, "b"), call(899, "c")];
        assert_eq!(within_window(&calls, 2, window).len(), 1);
    }

    #[test]
    fn twice_and_at_once_are_seen() {
        let calls = [call(0, "a"), call(60, "a")];
        assert_eq!(
            one_call_each(&calls).len(),
            2,
            "the session and the attempt"
        );
        assert_eq!(one_at_a_time(&calls), []);
        let calls = [call(0, "a"), call(29, "a"), call(29, "b")];
        assert_eq!(one_at_a_time(&calls).len(), 1);
    }

    #[test]
    fn an_idle_slot_is_seen() {
        let (window, slack) = (TimeDelta::seconds(10), TimeDelta::seconds(3));
        let calls = [call(0, "a"), call(1, "b"), call(13, "c"), call(14, "d")];
        assert_eq!(full_use(&calls, calls[0].at, 2, window, slack), []);
        let calls = [call(0, "a"), call(1, "b"), call(14, "c")];
        assert_eq!(full_use(&calls, calls[0].at, 2, window, slack).len(), 1);
    }
}
