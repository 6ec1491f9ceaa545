//! The days that figures are about, in the business's own zone.

use chrono::{DateTime, Datelike, Days, NaiveDate, TimeDelta, Timelike, Utc};
use chrono_tz::Tz;

use crate::calling::day::first_instant;

/// How many days (S2 `time_periods`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Length {
    /// 7 days, day by day.
    Week,
    /// 30 days, day by day.
    #[default]
    Month,
    /// 90 days, by weeks.
    Quarter,
    /// 365 days, by calendar months.
    Year,
}

/// The number of days is none of those on offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("one of 7, 30, 90, 365")]
pub struct NotOffered;

impl Length {
    /// Its days, today included.
    pub const fn days(self) -> u16 {
        match self {
            Self::Week => 7,
            Self::Month => 30,
            Self::Quarter => 90,
            Self::Year => 365,
        }
    }
}

impl TryFrom<u16> for Length {
    type Error = NotOffered;

    fn try_from(days: u16) -> Result<Self, NotOffered> {
        [Self::Week, Self::Month, Self::Quarter, Self::Year]
            .into_iter()
            .find(|length| length.days() == days)
            .ok_or(NotOffered)
    }
}

/// Whole local days up to an instant; the last one is not over yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Period {
    zone: Tz,
    from: DateTime<Utc>,
    until: DateTime<Utc>,
    steps: Vec<NaiveDate>,
}

impl Period {
    /// The last days in `zone` up to `now`, today among them.
    pub fn last(length: Length, zone: Tz, now: DateTime<Utc>) -> Self {
        let today = now.with_timezone(&zone).date_naive();
        let before = u64::from(length.days()) - 1;
        let first = today.checked_sub_days(Days::new(before)).unwrap_or(today);
        let starts = |date: &NaiveDate| match length {
            Length::Week | Length::Month => true,
            // Weeks end today, so that the last is a whole one.
            Length::Quarter => (today - *date).num_days() % 7 == 6,
            Length::Year => date.day() == 1,
        };
        let steps = first
            .iter_days()
            .take_while(|date| *date <= today)
            .filter(|date| *date == first || starts(date))
            .collect();
        // A zone that moved across the date line has no instant on one of its dates.
        let from = first_instant(zone, first)
            .or_else(|| first_instant(zone, first.succ_opt()?))
            .unwrap_or(now - TimeDelta::days(i64::from(length.days())));
        Self {
            zone,
            from,
            until: now,
            steps,
        }
    }

    /// Its first instant.
    pub const fn from(&self) -> DateTime<Utc> {
        self.from
    }

    /// The instant it reaches to, inclusive.
    pub const fn until(&self) -> DateTime<Utc> {
        self.until
    }

    /// The zone whose days it counts.
    pub const fn zone(&self) -> Tz {
        self.zone
    }

    /// The first local date of each step of a trend, in order.
    pub fn steps(&self) -> &[NaiveDate] {
        &self.steps
    }

    /// Whether the instant lies in it.
    pub fn has(&self, at: DateTime<Utc>) -> bool {
        self.from <= at && at <= self.until
    }

    /// The step that the instant lies in; `None` outside the period.
    pub(crate) fn step(&self, at: DateTime<Utc>) -> Option<usize> {
        let date = at.with_timezone(&self.zone).date_naive();
        let place = self.steps.partition_point(|first| *first <= date);
        self.has(at).then(|| place.saturating_sub(1))
    }

    /// The hour of the local day, 0 to 23.
    pub(crate) fn hour(&self, at: DateTime<Utc>) -> usize {
        at.with_timezone(&self.zone).hour() as usize
    }
}

#[cfg(test)]
mod tests {
    use chrono_tz::Europe::London;

    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn it_begins_at_local_midnight_on_either_side_of_a_clock_change() {
        // The clocks went forward on 29 March 2026.
        let week = Period::last(Length::Week, London, at("2026-04-02T10:00:00Z"));
        assert_eq!(week.from(), at("2026-03-27T00:00:00Z"));
        assert_eq!(week.steps().len(), 7);
        let week = Period::last(Length::Week, London, at("2026-04-05T10:00:00Z"));
        assert_eq!(week.from(), at("2026-03-29T23:00:00Z"));
        assert!(!week.has(at("2026-03-29T22:59:59Z")));
        assert!(week.has(week.from()) && week.has(week.until()));
        assert!(!week.has(at("2026-04-05T10:00:01Z")));
    }

    #[test]
    fn an_instant_belongs_to_the_step_of_its_local_date() {
        let month = Period::last(Length::Month, London, at("2026-04-05T10:00:00Z"));
        assert_eq!(month.steps().len(), 30);
        // Half past midnight of 31 March in London is still 30 March in UTC.
        let place = month.step(at("2026-03-30T23:30:00Z")).unwrap();
        assert_eq!(month.steps()[place], day("2026-03-31"));
        assert_eq!(month.hour(at("2026-03-30T23:30:00Z")), 0);
        assert_eq!(month.step(at("2026-01-01T00:00:00Z")), None);
    }

    #[test]
    fn quarters_go_by_weeks_that_end_today_and_years_by_calendar_months() {
        let quarter = Period::last(Length::Quarter, London, at("2026-04-05T10:00:00Z"));
        assert_eq!(quarter.steps().first(), Some(&day("2026-01-06")));
        assert_eq!(quarter.steps().last(), Some(&day("2026-03-30")));
        assert_eq!(quarter.steps().len(), 13);
        let year = Period::last(Length::Year, London, at("2026-04-05T10:00:00Z"));
        assert_eq!(year.steps().first(), Some(&day("2025-04-06")));
        assert_eq!(year.steps()[1], day("2025-05-01"));
        assert_eq!(year.steps().last(), Some(&day("2026-04-01")));
        assert_eq!(year.steps().len(), 13);
    }

    #[test]
    fn four_lengths_are_on_offer() {
        for days in [7, 30, 90, 365] {
            assert_eq!(Length::try_from(days).unwrap().days(), days);
        }
        for days in [0, 1, 31, 366] {
            assert_eq!(Length::try_from(days), Err(NotOffered));
        }
    }
}
