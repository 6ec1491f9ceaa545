//! Summaries by the clock: which time they are about, and when they go out (S3 sections 7 and 9: 09:00 where the business
//! is, on Mondays, on the first of a month).

use chrono::{DateTime, Datelike, Days, LocalResult, Months, NaiveDate, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use crate::calling::day::first_instant;
use crate::calling::session::{Action, Outcome};
use crate::outgoing::EventType;

/// The local hour at which summaries go out (S3 `delivery_time`).
pub const SUMMARY_HOUR: u32 = 9;

/// A summary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Summary {
    /// Of yesterday.
    Daily,
    /// On Mondays, of the week before.
    Weekly,
    /// On the first, of the month before.
    Monthly,
}

impl Summary {
    pub const ALL: [Self; 3] = [Self::Daily, Self::Weekly, Self::Monthly];

    /// The word in records.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Daily => "daily",
            Self::Weekly => "weekly",
            Self::Monthly => "monthly",
        }
    }

    /// The first day on or after `from` on which it goes out.
    pub fn day_from(self, from: NaiveDate) -> NaiveDate {
        let days = match self {
            Self::Daily => 0,
            Self::Weekly => (7 - u64::from(from.weekday().num_days_from_monday())) % 7,
            Self::Monthly if from.day() == 1 => 0,
            Self::Monthly => {
                let next = from
                    .with_day(1)
                    .and_then(|first| first.checked_add_months(Months::new(1)));
                return next.unwrap_or(from);
            }
        };
        from.checked_add_days(Days::new(days)).unwrap_or(from)
    }

    /// The first day that one sent on `day` is about, and the day after its last, which is `day` itself.
    pub fn period(self, day: NaiveDate) -> (NaiveDate, NaiveDate) {
        let first = match self {
            Self::Daily => day.checked_sub_days(Days::new(1)),
            Self::Weekly => day.checked_sub_days(Days::new(7)),
            Self::Monthly => day.checked_sub_months(Months::new(1)),
        };
        (first.unwrap_or(day), day)
    }

    /// When one of `day` goes out: nine o'clock where the business is. A time that the clocks jump over becomes the first
    /// after the jump; of one that comes twice it is the first.
    pub fn instant(zone: Tz, day: NaiveDate) -> DateTime<Utc> {
        let wanted = day.and_hms_opt(SUMMARY_HOUR, 0, 0);
        let mut local = wanted.unwrap_or(day.and_time(chrono::NaiveTime::MIN));
        // No zone jumps over more than a day.
        for _ in 0..=96 {
            match zone.from_local_datetime(&local) {
                LocalResult::Single(at) => return at.to_utc(),
                LocalResult::Ambiguous(one, other) => return one.to_utc().min(other.to_utc()),
                LocalResult::None => local += TimeDelta::minutes(15),
            }
        }
        local.and_utc()
    }

    /// The day of the next one after `now`.
    pub fn next_day(self, zone: Tz, now: DateTime<Utc>) -> NaiveDate {
        let today = now.with_timezone(&zone).date_naive();
        let day = self.day_from(today);
        if Self::instant(zone, day) > now {
            return day;
        }
        day.succ_opt().map_or(day, |later| self.day_from(later))
    }

    /// The instants between which what it is about happened: from the first one of its first day up to the first one of
    /// the day it goes out.
    pub fn span(self, zone: Tz, day: NaiveDate) -> (DateTime<Utc>, DateTime<Utc>) {
        let (from, until) = self.period(day);
        let start = |date: NaiveDate| {
            first_instant(zone, date)
                .unwrap_or_else(|| date.and_time(chrono::NaiveTime::MIN).and_utc())
        };
        (start(from), start(until))
    }
}

/// What a summary says: counts alone, at every HIPAA level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Figures {
    /// Calls that are over and were made.
    pub calls: u32,
    pub answered: u32,
    pub voicemail: u32,
    pub no_answer: u32,
    pub busy: u32,
    pub failed: u32,
    /// Appointments that calls confirmed, cancelled, or moved.
    pub confirmed: u32,
    pub cancelled: u32,
    pub rescheduled: u32,
    /// Campaigns that came to their end.
    pub campaigns: u32,
    /// Appointments that were made, confirmed, cancelled or moved, whoever did it.
    pub appointments: Appointments,
    /// Contacts that were added.
    pub contacts: u32,
    /// Messages to contacts that went out, by SMS and e-mail.
    pub messages: u32,
    /// Messages that did not arrive, or of which nobody knows.
    pub not_delivered: u32,
}

/// What became of appointments.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Appointments {
    pub made: u32,
    pub confirmed: u32,
    pub cancelled: u32,
    pub moved: u32,
}

impl Figures {
    /// Counts a call that is over.
    pub fn count(&mut self, outcome: Outcome, action: Action) {
        self.calls += 1;
        *match outcome {
            Outcome::Answered => &mut self.answered,
            Outcome::Voicemail => &mut self.voicemail,
            Outcome::NoAnswer => &mut self.no_answer,
            Outcome::Busy => &mut self.busy,
            Outcome::Failed => &mut self.failed,
        } += 1;
        match action {
            Action::Confirmed => self.confirmed += 1,
            Action::Cancelled => self.cancelled += 1,
            Action::Rescheduled => self.rescheduled += 1,
            Action::NoAction => {}
        }
    }

    /// Counts what the change log tells of contacts and appointments.
    pub fn hear(&mut self, event: EventType) {
        let appointments = &mut self.appointments;
        match event {
            EventType::AppointmentCreated => appointments.made += 1,
            EventType::AppointmentConfirmed => appointments.confirmed += 1,
            EventType::AppointmentCancelled => appointments.cancelled += 1,
            EventType::AppointmentRescheduled => appointments.moved += 1,
            EventType::ContactCreated => self.contacts += 1,
            _ => {}
        }
    }

    /// Of 100 calls, how many were answered; None where there was none.
    pub fn answered_percent(&self) -> Option<u32> {
        (self.calls > 0).then(|| (self.answered * 100 + self.calls / 2) / self.calls)
    }
}
