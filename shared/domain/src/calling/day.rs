//! A tenant's local day in UTC instants, across every kind of clock change.

use chrono::{DateTime, LocalResult, NaiveDate, NaiveTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;

/// The first instant of the local date that `at` falls on in `zone`.
pub fn day_start(zone: Tz, at: DateTime<Utc>) -> DateTime<Utc> {
    first_instant(zone, at.with_timezone(&zone).date_naive())
        .filter(|start| *start <= at)
        // No zone reaches this: it would need a day that begins after one of its own instants.
        .unwrap_or(at - TimeDelta::days(1))
}

/// The first instant after `at` on a later local date in `zone`.
pub fn next_midnight(zone: Tz, at: DateTime<Utc>) -> DateTime<Utc> {
    let today = at.with_timezone(&zone).date_naive();
    let mut date = today;
    // A zone that moved across the date line has no instant on one of its dates; the day after it has.
    for _ in 0..3 {
        let Some(next) = date.succ_opt() else { break };
        date = next;
        if let Some(start) = first_instant(zone, date).filter(|start| *start > at) {
            return start;
        }
    }
    at + TimeDelta::days(1)
}

/// The first instant of a local date: midnight, the first of two midnights, or, where the clock jumps over
/// midnight, the instant of the jump. `None` where the whole date is skipped.
pub fn first_instant(zone: Tz, date: NaiveDate) -> Option<DateTime<Utc>> {
    let mut local = date.and_time(NaiveTime::MIN);
    while local.date() == date {
        match zone.from_local_datetime(&local) {
            LocalResult::Single(found) => return Some(found.with_timezone(&Utc)),
            LocalResult::Ambiguous(first, _) => return Some(first.with_timezone(&Utc)),
            LocalResult::None => local = local.checked_add_signed(TimeDelta::minutes(15))?,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    /// Walks every quarter hour of several years of awkward zones and compares with the date that the zone says.
    #[test]
    fn agrees_with_a_walk_over_quarter_hours() {
        let step = TimeDelta::minutes(15);
        for (zone, from, days) in [
            (chrono_tz::Europe::London, "2026-01-01T00:00:00Z", 366),
            (chrono_tz::America::Sao_Paulo, "2018-01-01T00:00:00Z", 500),
            (chrono_tz::America::Havana, "2026-01-01T00:00:00Z", 366),
            (chrono_tz::Africa::Cairo, "2024-01-01T00:00:00Z", 366),
            (chrono_tz::Asia::Beirut, "2024-01-01T00:00:00Z", 366),
            (chrono_tz::America::Asuncion, "2023-01-01T00:00:00Z", 366),
            (chrono_tz::Asia::Kathmandu, "2026-01-01T00:00:00Z", 20),
            (chrono_tz::Australia::Lord_Howe, "2026-01-01T00:00:00Z", 366),
            (chrono_tz::Pacific::Apia, "2011-12-20T00:00:00Z", 20),
        ] {
            let end = at(from) + TimeDelta::days(days);
            let date = |t: DateTime<Utc>| t.with_timezone(&zone).date_naive();
            let mut now = at(from);
            let mut start: Option<DateTime<Utc>> = None;
            let mut unchecked = Vec::new();
            while now < end {
                if date(now) > date(now - step) {
                    for earlier in unchecked.drain(..) {
                        assert_eq!(next_midnight(zone, earlier), now, "{zone} {earlier}");
                    }
                    start = Some(now);
                }
                if let Some(start) = start {
                    assert_eq!(day_start(zone, now), start, "{zone} {now}");
                    unchecked.push(now);
                }
                now += step;
            }
        }
    }
}
