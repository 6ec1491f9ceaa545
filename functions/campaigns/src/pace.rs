//! A campaign's calls by quarter of an hour: those made, and those to come as far as they are foreseen.

use std::collections::BTreeMap;

use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use serde::Serialize;
use utoipa::ToSchema;

/// How long a quarter of an hour is: as long as the window of the calling limit (rules.md).
const QUARTER: TimeDelta = TimeDelta::minutes(15);
/// As many before and after are told.
const AROUND: i32 = 8;

/// The calls of a quarter of an hour.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = CampaignQuarter, example = json!({"from": "2026-03-02T08:45:00Z", "called": 19, "expected": 6}))]
pub(crate) struct Quarter {
    from: DateTime<Utc>,
    /// Calls that took their slot in it.
    called: u32,
    /// Calls that are expected to.
    expected: u32,
}

fn quarter(at: DateTime<Utc>) -> DateTime<Utc> {
    at.duration_trunc(QUARTER).unwrap_or(at)
}

/// The quarters around an instant, from the first to the last that has a call.
pub(crate) fn pace(
    around: DateTime<Utc>,
    called: &[DateTime<Utc>],
    expected: &[DateTime<Utc>],
) -> Vec<Quarter> {
    let from = quarter(around) - QUARTER * AROUND;
    let to = quarter(around) + QUARTER * AROUND;
    let mut counts: BTreeMap<DateTime<Utc>, (u32, u32)> = BTreeMap::new();
    let told = |at: &&DateTime<Utc>| (from..=to).contains(&quarter(**at));
    for at in called.iter().filter(told) {
        counts.entry(quarter(*at)).or_default().0 += 1;
    }
    for at in expected.iter().filter(told) {
        counts.entry(quarter(*at)).or_default().1 += 1;
    }
    let Some((first, last)) = counts.keys().next().zip(counts.keys().next_back()) else {
        return Vec::new();
    };
    let (mut at, last) = (*first, *last);
    let mut quarters = Vec::new();
    while at <= last {
        let (called, expected) = counts.get(&at).copied().unwrap_or_default();
        quarters.push(Quarter {
            from: at,
            called,
            expected,
        });
        at += QUARTER;
    }
    quarters
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        format!("2027-01-07T{text}Z").parse().unwrap()
    }

    #[test]
    fn counts_by_quarter_without_gaps_and_not_far_from_now() {
        let called = [
            at("06:00:00"),
            at("09:00:00.5"),
            at("09:14:59"),
            at("09:50:00"),
        ];
        let expected = [at("09:51:00"), at("10:00:00"), at("12:45:00")];
        let seen: Vec<_> = pace(at("09:50:30"), &called, &expected)
            .into_iter()
            .map(|one| (one.from, one.called, one.expected))
            .collect();
        assert_eq!(
            seen,
            [
                (at("09:00:00"), 2, 0),
                (at("09:15:00"), 0, 0),
                (at("09:30:00"), 0, 0),
                (at("09:45:00"), 1, 1),
                (at("10:00:00"), 0, 1),
            ]
        );
        assert_eq!(pace(at("20:00:00"), &called, &expected), []);
    }
}
