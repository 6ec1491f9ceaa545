//! A wall-clock time of day in whole minutes.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Minutes since local midnight, 0 to 1,440. 24:00 exists so that an interval can reach the end of its day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TimeOfDay(u16);

/// The text is not a time of day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a time of day is written HH:MM, from 00:00 to 24:00")]
pub struct TimeOfDayError;

impl TimeOfDay {
    /// 00:00.
    pub const MIDNIGHT: Self = Self(0);
    /// 24:00, the end of the day.
    pub const END_OF_DAY: Self = Self(24 * 60);

    /// A time from hours and minutes; 24:00 is the last.
    pub const fn new(hour: u16, minute: u16) -> Result<Self, TimeOfDayError> {
        if hour > 24 || minute > 59 || (hour == 24 && minute > 0) {
            return Err(TimeOfDayError);
        }
        Ok(Self(hour * 60 + minute))
    }

    /// A whole hour of the day, for the defaults; values past 24 mean the end of the day.
    pub(crate) const fn hour(hour: u16) -> Self {
        if hour > 24 {
            Self::END_OF_DAY
        } else {
            Self(hour * 60)
        }
    }

    /// Minutes since local midnight.
    pub const fn minutes(self) -> u16 {
        self.0
    }
}

impl FromStr for TimeOfDay {
    type Err = TimeOfDayError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let two = |part: &str| match part.as_bytes() {
            [a @ b'0'..=b'9', b @ b'0'..=b'9'] => {
                Ok(u16::from(a - b'0') * 10 + u16::from(b - b'0'))
            }
            _ => Err(TimeOfDayError),
        };
        let (hour, minute) = text.split_once(':').ok_or(TimeOfDayError)?;
        Self::new(two(hour)?, two(minute)?)
    }
}

impl TryFrom<String> for TimeOfDay {
    type Error = TimeOfDayError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<TimeOfDay> for String {
    fn from(time: TimeOfDay) -> Self {
        time.to_string()
    }
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_minute_of_the_day_survives_a_round_trip() {
        for minute in 0..=1440u16 {
            let time = TimeOfDay::new(minute / 60, minute % 60).unwrap();
            assert_eq!(time.to_string().parse(), Ok(time));
            assert_eq!(time.minutes(), minute);
        }
    }

    #[test]
    fn what_is_not_a_time_is_refused() {
        for text in [
            "",
            "8:00",
            "08:0",
            "08:60",
            "24:01",
            "25:00",
            "+8:00",
            "08:00:00",
            "0800",
            " 08:00",
            "٠٨:٠٠",
        ] {
            assert_eq!(text.parse::<TimeOfDay>(), Err(TimeOfDayError), "{text}");
        }
    }
}
