//! Ranges of days on the tenant's wall clock.

use chrono::{DateTime, Datelike, Days, NaiveDate, Utc};
use chrono_tz::Tz;
use vio_domain::calling::day::first_instant;

use super::QueryError;

/// An end of a range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    /// A whole day of the tenant's.
    Day(NaiveDate),
    /// An instant.
    Instant(DateTime<Utc>),
}

impl Bound {
    /// A date, or an instant in RFC 3339.
    pub fn parse(parameter: &'static str, text: &str) -> Result<Self, QueryError> {
        let bad = || QueryError::NotADate { parameter };
        let sane = |year: i32| (1900..=9998).contains(&year);
        if let Ok(date) = NaiveDate::parse_from_str(text, "%Y-%m-%d") {
            return Some(Self::Day(date))
                .filter(|_| sane(date.year()) && text.len() == 10)
                .ok_or_else(bad);
        }
        let instant = DateTime::parse_from_rfc3339(text).map_err(|_| bad())?;
        Some(Self::Instant(instant.to_utc()))
            .filter(|_| sane(instant.year()))
            .ok_or_else(bad)
    }

    /// The first instant of the range that begins here.
    fn begin(self, zone: Tz) -> DateTime<Utc> {
        match self {
            Self::Day(date) => start_of(zone, date),
            Self::Instant(instant) => instant,
        }
    }

    /// The first instant after the range that ends here: a day is in it, an instant is not.
    fn end(self, zone: Tz) -> DateTime<Utc> {
        match self {
            Self::Day(date) => start_of(zone, next(date, 1)),
            Self::Instant(instant) => instant,
        }
    }
}

/// When the current appointment is (S0 `appointmentDate`). Weeks begin on Monday.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AppointmentRange {
    Today,
    Tomorrow,
    ThisWeek,
    NextWeek,
    /// From a day or instant on, up to a day (included) or an instant (excluded).
    Between {
        from: Option<Bound>,
        to: Option<Bound>,
    },
}

impl AppointmentRange {
    /// The instants of the range, half-open; none where it has no end on that side.
    pub fn instants(
        self,
        now: DateTime<Utc>,
        zone: Tz,
    ) -> (Option<DateTime<Utc>>, Option<DateTime<Utc>>) {
        let today = now.with_timezone(&zone).date_naive();
        let monday = today - Days::new(u64::from(today.weekday().num_days_from_monday()));
        let days = |first: NaiveDate, count: u64| {
            (
                Some(start_of(zone, first)),
                Some(start_of(zone, next(first, count))),
            )
        };
        match self {
            Self::Today => days(today, 1),
            Self::Tomorrow => days(next(today, 1), 1),
            Self::ThisWeek => days(monday, 7),
            Self::NextWeek => days(next(monday, 7), 7),
            Self::Between { from, to } => (from.map(|b| b.begin(zone)), to.map(|b| b.end(zone))),
        }
    }
}

fn next(date: NaiveDate, days: u64) -> NaiveDate {
    date.checked_add_days(Days::new(days))
        .unwrap_or(NaiveDate::MAX)
}

/// The first instant of a day; of the next day that there is where the zone skipped it.
pub(crate) fn start_of(zone: Tz, date: NaiveDate) -> DateTime<Utc> {
    let days = (0..3).map(|days| next(date, days));
    let found = days.into_iter().find_map(|date| first_instant(zone, date));
    found.unwrap_or(DateTime::<Utc>::MAX_UTC)
}

#[cfg(test)]
mod tests {
    use chrono_tz::{Europe::London, Pacific::Apia};

    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn days_are_those_of_the_tenant() {
        // 23:30 on Saturday in London, summer: 22:30 UTC.
        let now = at("2026-07-18T22:30:00Z");
        let range = |range: AppointmentRange| range.instants(now, London);
        let span = |from: &str, to: &str| (Some(at(from)), Some(at(to)));
        assert_eq!(
            range(AppointmentRange::Today),
            span("2026-07-17T23:00:00Z", "2026-07-18T23:00:00Z")
        );
        assert_eq!(
            range(AppointmentRange::Tomorrow),
            span("2026-07-18T23:00:00Z", "2026-07-19T23:00:00Z")
        );
        assert_eq!(
            range(AppointmentRange::ThisWeek),
            span("2026-07-12T23:00:00Z", "2026-07-19T23:00:00Z")
        );
        assert_eq!(
            range(AppointmentRange::NextWeek),
            span("2026-07-19T23:00:00Z", "2026-07-26T23:00:00Z")
        );
        // The day on which the clocks go back has 25 hours.
        let now = at("2026-10-25T12:00:00Z");
        assert_eq!(
            AppointmentRange::Today.instants(now, London),
            span("2026-10-24T23:00:00Z", "2026-10-26T00:00:00Z")
        );
        // A day that never was.
        let skipped = Bound::parse("appointment_from", "2011-12-30").unwrap();
        assert_eq!(skipped.begin(Apia), skipped.end(Apia));
    }

    #[test]
    fn bounds_are_dates_or_instants() {
        for text in [
            "",
            "tomorrow",
            "2026-13-01",
            "2026-7-1",
            "0000-01-01",
            "2026-07-18T10:00",
        ] {
            assert_eq!(
                Bound::parse("appointment_to", text)
                    .unwrap_err()
                    .parameter(),
                "appointment_to",
                "{text}"
            );
        }
        let (from, to) = AppointmentRange::Between {
            from: Some(Bound::parse("appointment_from", "2026-07-18").unwrap()),
            to: Some(Bound::parse("appointment_to", "2026-07-18").unwrap()),
        }
        .instants(at("2020-01-01T00:00:00Z"), London);
        assert_eq!(to.unwrap() - from.unwrap(), chrono::TimeDelta::days(1));
    }
}
