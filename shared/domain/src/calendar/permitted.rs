//! The instants at which a person may be rung.

use std::collections::VecDeque;
use std::iter::FusedIterator;

use chrono::{DateTime, Days, NaiveDate, NaiveTime, Offset, TimeDelta, TimeZone, Timelike, Utc};
use chrono_tz::Tz;

use super::{CallHours, CallingZone, HolidayCalendar, PreferredTime, TimeOfDay};

/// How far a search for a permitted instant goes. Hours that leave none in a year leave none (two zones whose hours
/// never meet).
pub const SEARCH_HORIZON_DAYS: i64 = 366;

/// Zones are looked at in stretches this long. No zone has changed its offset twice within one.
const STRETCH: TimeDelta = TimeDelta::hours(24);

/// A half-open stretch of time, `start < end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interval {
    /// The first instant inside.
    pub start: DateTime<Utc>,
    /// The first instant after.
    pub end: DateTime<Utc>,
}

impl Interval {
    fn new(start: DateTime<Utc>, end: DateTime<Utc>) -> Option<Self> {
        (start < end).then_some(Self { start, end })
    }

    fn meet(self, other: Self) -> Option<Self> {
        Self::new(self.start.max(other.start), self.end.min(other.end))
    }
}

/// Permitted = the tenant's call hours, read on the contact's own wall clock, and on the tenant's too where only a
/// booking page supplied the contact's zone (rules.md "When a reminder is due").
#[derive(Debug, Clone, Copy)]
pub struct PermittedWindows<'a> {
    hours: CallHours,
    holidays: &'a HolidayCalendar,
    zone: CallingZone,
    /// What is left of the day in the contact's zone; empty when `start >= end`.
    narrowed: (TimeOfDay, TimeOfDay),
}

impl<'a> PermittedWindows<'a> {
    /// All that the tenant permits.
    pub fn new(
        hours: CallHours,
        holidays: &'a HolidayCalendar,
        zone: impl Into<CallingZone>,
    ) -> Self {
        Self {
            hours,
            holidays,
            zone: zone.into(),
            narrowed: (hours.start(), hours.end()),
        }
    }

    /// The same, only at the times the person prefers. It may be empty: whoever asks falls back on the whole.
    pub fn narrowed(self, preferred: PreferredTime) -> Self {
        let (start, end) = preferred
            .range()
            .unwrap_or((TimeOfDay::MIDNIGHT, TimeOfDay::END_OF_DAY));
        Self {
            narrowed: (self.hours.start().max(start), self.hours.end().min(end)),
            ..self
        }
    }

    /// Whether a person may be rung at this instant.
    pub fn is_permitted(&self, instant: DateTime<Utc>) -> bool {
        self.permits(instant, self.zone.zone(), self.narrowed)
            && self.zone.must_agree().is_none_or(|tenant| {
                self.permits(instant, tenant, (self.hours.start(), self.hours.end()))
            })
    }

    fn permits(
        &self,
        instant: DateTime<Utc>,
        zone: Tz,
        (start, end): (TimeOfDay, TimeOfDay),
    ) -> bool {
        let local = instant.with_timezone(&zone);
        let minute = local.hour() * 60 + local.minute();
        (u32::from(start.minutes())..u32::from(end.minutes())).contains(&minute)
            && self.hours.allows_date(local.date_naive(), self.holidays)
    }

    /// The permitted intervals inside `[from, to)`, in order, never touching each other.
    pub fn iter(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> Windows<'a> {
        Windows {
            windows: *self,
            cursor: from,
            to,
            found: VecDeque::new(),
        }
    }

    /// The first permitted instant at or after `from`, within [`SEARCH_HORIZON_DAYS`].
    pub fn next_permitted(&self, from: DateTime<Utc>) -> Option<DateTime<Utc>> {
        if self.is_permitted(from) {
            return Some(from);
        }
        let horizon = from.checked_add_signed(TimeDelta::days(SEARCH_HORIZON_DAYS))?;
        self.iter(from, horizon)
            .next()
            .map(|interval| interval.start)
    }

    /// The permitted intervals of one stretch, in order.
    fn stretch(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> Vec<Interval> {
        let own = self.in_zone(self.zone.zone(), self.narrowed, from, to);
        let Some(tenant) = self.zone.must_agree() else {
            return own;
        };
        let other = self.in_zone(tenant, (self.hours.start(), self.hours.end()), from, to);
        own.iter()
            .flat_map(|one| other.iter().filter_map(|two| one.meet(*two)))
            .collect()
    }

    fn in_zone(
        &self,
        zone: Tz,
        hours: (TimeOfDay, TimeOfDay),
        from: DateTime<Utc>,
        to: DateTime<Utc>,
    ) -> Vec<Interval> {
        let mut found = Vec::new();
        let change = change_of_offset(zone, from, to);
        for (from, to) in [(from, change.unwrap_or(to)), (change.unwrap_or(to), to)] {
            if from >= to {
                continue;
            }
            // The offset is constant here, so local time runs evenly.
            let offset = TimeDelta::seconds(offset_seconds(zone, from));
            let local_end = (to + offset).naive_utc();
            let mut date = (from + offset).date_naive();
            while date.and_time(NaiveTime::MIN) < local_end {
                if self.hours.allows_date(date, self.holidays) {
                    let day = Interval {
                        start: on(date, hours.0) - offset,
                        end: on(date, hours.1) - offset,
                    };
                    found.extend(day.meet(Interval {
                        start: from,
                        end: to,
                    }));
                }
                let Some(next) = date.checked_add_days(Days::new(1)) else {
                    break;
                };
                date = next;
            }
        }
        found
    }
}

/// A time of a date, as if local time were UTC.
fn on(date: NaiveDate, time: TimeOfDay) -> DateTime<Utc> {
    date.and_time(NaiveTime::MIN).and_utc() + TimeDelta::minutes(i64::from(time.minutes()))
}

fn offset_seconds(zone: Tz, instant: DateTime<Utc>) -> i64 {
    i64::from(
        zone.offset_from_utc_datetime(&instant.naive_utc())
            .fix()
            .local_minus_utc(),
    )
}

/// The first instant in `(from, to)` at which the zone's offset is another than at `from`, to the second.
fn change_of_offset(zone: Tz, from: DateTime<Utc>, to: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let before = offset_seconds(zone, from);
    if from >= to || offset_seconds(zone, to) == before {
        return None;
    }
    let (mut same, mut other) = (from.timestamp(), to.timestamp());
    while other - same > 1 {
        let middle = same + (other - same) / 2;
        let instant = DateTime::from_timestamp(middle, 0)?;
        if offset_seconds(zone, instant) == before {
            same = middle
        } else {
            other = middle
        }
    }
    DateTime::from_timestamp(other, 0)
}

/// Permitted intervals in order; see [`PermittedWindows::iter`].
#[derive(Debug, Clone)]
pub struct Windows<'a> {
    windows: PermittedWindows<'a>,
    cursor: DateTime<Utc>,
    to: DateTime<Utc>,
    found: VecDeque<Interval>,
}

impl Windows<'_> {
    /// Looks at one more stretch; false when there is none left.
    fn look_further(&mut self) -> bool {
        if self.cursor >= self.to {
            return false;
        }
        let end = self
            .cursor
            .checked_add_signed(STRETCH)
            .unwrap_or(self.to)
            .min(self.to);
        for interval in self.windows.stretch(self.cursor, end) {
            match self.found.back_mut() {
                Some(last) if last.end == interval.start => last.end = interval.end,
                _ => self.found.push_back(interval),
            }
        }
        self.cursor = end;
        true
    }
}

impl Iterator for Windows<'_> {
    type Item = Interval;

    fn next(&mut self) -> Option<Interval> {
        // An interval is whole once something lies behind it or the stretches after it were looked at.
        while self.found.len() < 2
            && self
                .found
                .front()
                .is_none_or(|first| first.end >= self.cursor)
        {
            if !self.look_further() {
                break;
            }
        }
        self.found.pop_front()
    }
}

impl FusedIterator for Windows<'_> {}
