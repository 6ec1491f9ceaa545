//! The part of the day a person likes to be rung in (S1 `preferred_contact_time`).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::TimeOfDay;

const NOON: TimeOfDay = TimeOfDay::hour(12);
const EVENING: TimeOfDay = TimeOfDay::hour(17);

/// `anytime`, `morning` (before 12:00), `afternoon` (12:00 to 17:00), `evening` (from 17:00), or `HH:MM-HH:MM` within
/// one day, half-open. It is read on the contact's own wall clock and only ever narrows the tenant's call hours.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum PreferredTime {
    /// No wish.
    #[default]
    Anytime,
    /// Before noon.
    Morning,
    /// Noon to 17:00.
    Afternoon,
    /// From 17:00.
    Evening,
    /// A stretch of the day.
    Between(TimeRange),
}

/// Two times of one day, the first before the second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TimeRange {
    start: TimeOfDay,
    end: TimeOfDay,
}

/// The text is none of the forms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "use anytime, morning, afternoon, evening, or a range such as 09:00-11:30 with the earlier time first"
)]
pub struct PreferredTimeError;

impl PreferredTime {
    /// The stretch of the day, half-open; `None` means the whole day.
    pub fn range(self) -> Option<(TimeOfDay, TimeOfDay)> {
        match self {
            Self::Anytime => None,
            Self::Morning => Some((TimeOfDay::MIDNIGHT, NOON)),
            Self::Afternoon => Some((NOON, EVENING)),
            Self::Evening => Some((EVENING, TimeOfDay::END_OF_DAY)),
            Self::Between(range) => Some((range.start, range.end)),
        }
    }
}

impl FromStr for PreferredTime {
    type Err = PreferredTimeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "anytime" => return Ok(Self::Anytime),
            "morning" => return Ok(Self::Morning),
            "afternoon" => return Ok(Self::Afternoon),
            "evening" => return Ok(Self::Evening),
            _ => {}
        }
        let (start, end) = text.split_once('-').ok_or(PreferredTimeError)?;
        let time = |part: &str| part.parse::<TimeOfDay>().map_err(|_| PreferredTimeError);
        let (start, end) = (time(start)?, time(end)?);
        if start < end {
            Ok(Self::Between(TimeRange { start, end }))
        } else {
            Err(PreferredTimeError)
        }
    }
}

impl TryFrom<String> for PreferredTime {
    type Error = PreferredTimeError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<PreferredTime> for String {
    fn from(time: PreferredTime) -> Self {
        time.to_string()
    }
}

impl fmt::Display for PreferredTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Anytime => f.write_str("anytime"),
            Self::Morning => f.write_str("morning"),
            Self::Afternoon => f.write_str("afternoon"),
            Self::Evening => f.write_str("evening"),
            Self::Between(range) => write!(f, "{}-{}", range.start, range.end),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_survives_a_round_trip() {
        for text in [
            "anytime",
            "morning",
            "afternoon",
            "evening",
            "09:00-11:30",
            "00:00-24:00",
        ] {
            assert_eq!(text.parse::<PreferredTime>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "",
            "night",
            "Morning",
            "09:00",
            "11:30-09:00",
            "09:00-09:00",
            "9-11",
            "09:00-11:30-12:00",
        ] {
            assert_eq!(
                text.parse::<PreferredTime>(),
                Err(PreferredTimeError),
                "{text}"
            );
        }
    }
}
