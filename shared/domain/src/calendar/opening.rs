//! When the business is open (S3 `operating_schedule`). It only warns; call hours decide about calls.

use chrono::{DateTime, Datelike, Timelike, Utc, Weekday};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use super::{HolidayCalendar, TimeOfDay};

/// One weekday's opening, `[open, close)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "RawDay", into = "RawDay")]
pub struct DayHours {
    open: TimeOfDay,
    close: TimeOfDay,
    closed: bool,
}

/// A day that would close before it opens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the business must open before it closes; mark the day as closed if it does not open")]
pub struct OpeningError;

impl DayHours {
    /// A day's hours; a closed day keeps its times for when it opens again.
    pub fn new(open: TimeOfDay, close: TimeOfDay, closed: bool) -> Result<Self, OpeningError> {
        if open < close {
            Ok(Self {
                open,
                close,
                closed,
            })
        } else {
            Err(OpeningError)
        }
    }

    const fn hours(open: u16, close: u16, closed: bool) -> Self {
        Self {
            open: TimeOfDay::hour(open),
            close: TimeOfDay::hour(close),
            closed,
        }
    }

    /// The day's stretch, or `None` when closed.
    pub fn range(self) -> Option<(TimeOfDay, TimeOfDay)> {
        (!self.closed).then_some((self.open, self.close))
    }
}

/// Opening hours by weekday, on the tenant's wall clock. The default is S3's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct OperatingSchedule {
    pub monday: DayHours,
    pub tuesday: DayHours,
    pub wednesday: DayHours,
    pub thursday: DayHours,
    pub friday: DayHours,
    pub saturday: DayHours,
    pub sunday: DayHours,
}

impl Default for OperatingSchedule {
    fn default() -> Self {
        let weekday = DayHours::hours(9, 17, false);
        Self {
            monday: weekday,
            tuesday: weekday,
            wednesday: weekday,
            thursday: weekday,
            friday: weekday,
            saturday: DayHours::hours(9, 15, false),
            sunday: DayHours::hours(10, 16, true),
        }
    }
}

/// What is odd about an accepted appointment time (rules.md Contacts); an entry of `warnings`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AppointmentTimeWarning {
    /// The business is closed at that time.
    #[error("the appointment is outside your opening hours")]
    OutsideOpeningHours,
    /// The date is a bank holiday (with its title) or one of the tenant's own dates.
    #[error("the appointment is on a holiday{}", .0.map(|title| format!(": {title}")).unwrap_or_default())]
    OnHoliday(Option<&'static str>),
    /// The local time occurs twice because the clocks go back.
    #[error("this local time occurs twice because the clocks go back; the first one was taken")]
    AmbiguousLocalTime,
}

impl AppointmentTimeWarning {
    /// The stable code of the warning.
    pub fn code(self) -> &'static str {
        match self {
            Self::OutsideOpeningHours => "outside_opening_hours",
            Self::OnHoliday(_) => "on_holiday",
            Self::AmbiguousLocalTime => "ambiguous_local_time",
        }
    }
}

impl OperatingSchedule {
    /// A weekday's hours.
    pub fn day(&self, weekday: Weekday) -> DayHours {
        match weekday {
            Weekday::Mon => self.monday,
            Weekday::Tue => self.tuesday,
            Weekday::Wed => self.wednesday,
            Weekday::Thu => self.thursday,
            Weekday::Fri => self.friday,
            Weekday::Sat => self.saturday,
            Weekday::Sun => self.sunday,
        }
    }

    /// Whether the business is open at that instant by its weekly hours; `tz` is the tenant's zone.
    pub fn is_open(&self, instant: DateTime<Utc>, tz: Tz) -> bool {
        let local = instant.with_timezone(&tz);
        let minute = local.hour() * 60 + local.minute();
        self.day(local.weekday())
            .range()
            .is_some_and(|(open, close)| {
                (u32::from(open.minutes())..u32::from(close.minutes())).contains(&minute)
            })
    }

    /// The warnings an appointment at that instant is accepted with; `tz` is the tenant's zone.
    pub fn warnings(
        &self,
        instant: DateTime<Utc>,
        tz: Tz,
        holidays: &HolidayCalendar,
    ) -> Vec<AppointmentTimeWarning> {
        let date = instant.with_timezone(&tz).date_naive();
        let outside =
            (!self.is_open(instant, tz)).then_some(AppointmentTimeWarning::OutsideOpeningHours);
        let holiday = holidays
            .is_holiday(date)
            .then(|| AppointmentTimeWarning::OnHoliday(holidays.bank_holiday(date)));
        outside.into_iter().chain(holiday).collect()
    }
}

#[derive(Serialize, Deserialize)]
struct RawDay {
    open: TimeOfDay,
    close: TimeOfDay,
    #[serde(default)]
    closed: bool,
}

impl TryFrom<RawDay> for DayHours {
    type Error = OpeningError;

    fn try_from(raw: RawDay) -> Result<Self, Self::Error> {
        Self::new(raw.open, raw.close, raw.closed)
    }
}

impl From<DayHours> for RawDay {
    fn from(day: DayHours) -> Self {
        Self {
            open: day.open,
            close: day.close,
            closed: day.closed,
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono_tz::Europe::London;
    use serde_json::json;

    use super::*;

    /// S0-08: accepted, with these warnings.
    #[test]
    fn odd_times_are_warned_about() {
        let schedule = OperatingSchedule::default();
        let holidays = HolidayCalendar::default();
        for (local, codes) in [
            ("2027-06-07T09:00", vec![]),
            ("2027-06-07T08:59", vec!["outside_opening_hours"]),
            ("2027-06-07T16:59", vec![]),
            ("2027-06-07T17:00", vec!["outside_opening_hours"]),
            ("2027-06-05T14:59", vec![]),
            ("2027-06-05T15:00", vec!["outside_opening_hours"]),
            ("2027-06-06T12:00", vec!["outside_opening_hours"]),
            ("2027-06-06T22:00", vec!["outside_opening_hours"]),
            ("2027-05-31T10:00", vec!["on_holiday"]),
            (
                "2027-12-27T07:00",
                vec!["outside_opening_hours", "on_holiday"],
            ),
        ] {
            let instant = local
                .parse::<super::super::LocalDateTimeInput>()
                .unwrap()
                .resolve(London)
                .unwrap()
                .instant;
            let found: Vec<_> = schedule
                .warnings(instant, London, &holidays)
                .into_iter()
                .map(|w| w.code())
                .collect();
            assert_eq!(found, codes, "{local}");
        }
    }

    #[test]
    fn a_holiday_is_named() {
        let instant = "2027-05-31T10:00:00Z".parse().unwrap();
        let warnings =
            OperatingSchedule::default().warnings(instant, London, &HolidayCalendar::default());
        assert_eq!(
            warnings.first().unwrap().to_string(),
            "the appointment is on a holiday: Spring bank holiday"
        );
    }

    #[test]
    fn a_day_must_open_before_it_closes() {
        assert!(
            serde_json::from_value::<DayHours>(json!({"open": "17:00", "close": "09:00"})).is_err()
        );
        let day: DayHours =
            serde_json::from_value(json!({"open": "09:00", "close": "17:00"})).unwrap();
        assert!(day.range().is_some());
    }
}
