//! The tenant's call hours (S3 `business_hours.call_hours`).

use chrono::{Datelike, NaiveDate, Weekday};
use serde::{Deserialize, Serialize};

use super::{HolidayCalendar, TimeOfDay};

/// When people may be rung, on the wall clock of the person: `[start, end)` on working days, and on weekends and
/// holidays where the tenant allows them. S3's defaults are 08:00 to 20:00 without either.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Raw", into = "Raw")]
pub struct CallHours {
    start: TimeOfDay,
    end: TimeOfDay,
    weekends: bool,
    holidays: bool,
}

/// Call hours that leave no time, or run over midnight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("call hours must start before they end")]
pub struct CallHoursError;

impl CallHours {
    /// Call hours from `start` up to, and without, `end`.
    pub fn new(
        start: TimeOfDay,
        end: TimeOfDay,
        weekends: bool,
        holidays: bool,
    ) -> Result<Self, CallHoursError> {
        if start < end {
            Ok(Self {
                start,
                end,
                weekends,
                holidays,
            })
        } else {
            Err(CallHoursError)
        }
    }

    /// The first permitted minute of a day.
    pub fn start(self) -> TimeOfDay {
        self.start
    }

    /// The end of a day's permitted minutes; itself not permitted.
    pub fn end(self) -> TimeOfDay {
        self.end
    }

    /// Whether Saturdays and Sundays are allowed.
    pub fn weekends(self) -> bool {
        self.weekends
    }

    /// Whether holidays are allowed.
    pub fn holidays(self) -> bool {
        self.holidays
    }

    /// Whether a local date may have calls at all.
    pub fn allows_date(self, date: NaiveDate, calendar: &HolidayCalendar) -> bool {
        let weekend = matches!(date.weekday(), Weekday::Sat | Weekday::Sun);
        (self.weekends || !weekend) && (self.holidays || !calendar.is_holiday(date))
    }
}

impl Default for CallHours {
    fn default() -> Self {
        Self {
            start: TimeOfDay::hour(8),
            end: TimeOfDay::hour(20),
            weekends: false,
            holidays: false,
        }
    }
}

#[derive(Serialize, Deserialize)]
struct Raw {
    start_time: TimeOfDay,
    end_time: TimeOfDay,
    weekend_calling: bool,
    holiday_calling: bool,
}

impl TryFrom<Raw> for CallHours {
    type Error = CallHoursError;

    fn try_from(raw: Raw) -> Result<Self, Self::Error> {
        Self::new(
            raw.start_time,
            raw.end_time,
            raw.weekend_calling,
            raw.holiday_calling,
        )
    }
}

impl From<CallHours> for Raw {
    fn from(hours: CallHours) -> Self {
        Self {
            start_time: hours.start,
            end_time: hours.end,
            weekend_calling: hours.weekends,
            holiday_calling: hours.holidays,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// S3-04.
    #[test]
    fn hours_must_start_before_they_end() {
        let raw = |start: &str, end: &str| {
            serde_json::from_value::<CallHours>(
                json!({"start_time": start, "end_time": end, "weekend_calling": false, "holiday_calling": false}),
            )
        };
        assert_eq!(raw("08:00", "20:00").unwrap(), CallHours::default());
        assert!(raw("00:00", "24:00").is_ok());
        for (start, end) in [
            ("20:00", "08:00"),
            ("08:00", "08:00"),
            ("22:00", "06:00"),
            ("08:00", "24:01"),
        ] {
            assert!(raw(start, end).is_err(), "{start}-{end}");
        }
        let back = serde_json::to_value(CallHours::default()).unwrap();
        assert_eq!(
            serde_json::from_value::<CallHours>(back).unwrap(),
            CallHours::default()
        );
    }

    #[test]
    fn weekends_and_holidays_have_their_own_switch() {
        let calendar = HolidayCalendar::default();
        let allowed = |weekends, holidays, day: &str| {
            CallHours {
                weekends,
                holidays,
                ..CallHours::default()
            }
            .allows_date(day.parse().unwrap(), &calendar)
        };
        // A Saturday, a bank holiday Monday, an ordinary Tuesday.
        for (weekends, holidays, expected) in [
            (false, false, [false, false, true]),
            (true, false, [true, false, true]),
            (false, true, [false, true, true]),
            (true, true, [true, true, true]),
        ] {
            let found = ["2027-08-28", "2027-08-30", "2027-08-31"]
                .map(|day| allowed(weekends, holidays, day));
            assert_eq!(found, expected);
        }
    }
}
