//! From what a client wrote to the instant that was meant.

use std::str::FromStr;

use chrono::{DateTime, Datelike, LocalResult, NaiveDateTime, TimeZone, Utc};
use chrono_tz::Tz;
use serde::Deserialize;

/// Longest text looked at: RFC 3339 with nanoseconds and an offset is 35 characters.
const LONGEST_TEXT: usize = 40;

/// An `appointment_time` as it comes in: a wall-clock time, to be read in the zone that came with it, or an instant
/// that needs no zone (RFC 3339 with `Z` or an offset).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum LocalDateTimeInput {
    /// `2027-03-28T01:30`, seconds optional.
    Local(NaiveDateTime),
    /// `2027-03-28T01:30:00Z`, `2027-03-28T01:30+01:00`.
    Instant(DateTime<Utc>),
}

/// The text is neither form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("write the time as 2027-03-28T01:30 with a timezone, or in RFC 3339 with Z or an offset")]
pub struct LocalTimeError;

/// The clocks jump over this local time (rules.md Contacts: an error).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{local} does not exist in {zone}: the clocks go forward over it", local = .local.format("%Y-%m-%d %H:%M"))]
pub struct SkippedByDst {
    /// The wall-clock time asked for.
    pub local: NaiveDateTime,
    /// The zone it was asked for in.
    pub zone: Tz,
}

/// The instant that was meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resolved {
    /// In UTC.
    pub instant: DateTime<Utc>,
    /// The local time occurs twice and the first was taken: to be answered with a warning (rules.md Contacts).
    pub ambiguous: bool,
}

impl LocalDateTimeInput {
    /// Reads a local time in `zone`; an instant stays what it is.
    pub fn resolve(self, zone: Tz) -> Result<Resolved, SkippedByDst> {
        let local = match self {
            Self::Instant(instant) => {
                return Ok(Resolved {
                    instant,
                    ambiguous: false,
                });
            }
            Self::Local(local) => local,
        };
        match zone.from_local_datetime(&local) {
            LocalResult::Single(time) => Ok(Resolved {
                instant: time.to_utc(),
                ambiguous: false,
            }),
            LocalResult::Ambiguous(one, other) => Ok(Resolved {
                instant: one.to_utc().min(other.to_utc()),
                ambiguous: true,
            }),
            LocalResult::None => Err(SkippedByDst { local, zone }),
        }
    }
}

impl FromStr for LocalDateTimeInput {
    type Err = LocalTimeError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.len() > LONGEST_TEXT || !text.is_ascii() {
            return Err(LocalTimeError);
        }
        let local = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S%.f"]
            .iter()
            .find_map(|form| NaiveDateTime::parse_from_str(text, form).ok())
            .map(Self::Local);
        let parsed = local.or_else(|| {
            DateTime::parse_from_rfc3339(text)
                .or_else(|_| DateTime::parse_from_str(text, "%Y-%m-%dT%H:%M%#z"))
                .or_else(|_| {
                    DateTime::parse_from_str(&text.replacen('Z', "+00:00", 1), "%Y-%m-%dT%H:%M%:z")
                })
                .ok()
                .map(|time| Self::Instant(time.to_utc()))
        });
        let year = match parsed {
            Some(Self::Local(time)) => time.year(),
            Some(Self::Instant(time)) => time.year(),
            None => return Err(LocalTimeError),
        };
        parsed
            .filter(|_| (1900..=9998).contains(&year))
            .ok_or(LocalTimeError)
    }
}

impl TryFrom<String> for LocalDateTimeInput {
    type Error = LocalTimeError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use chrono_tz::{Australia::Lord_Howe, Europe::London, Pacific::Apia};

    use super::*;

    fn resolve(text: &str, zone: Tz) -> Result<(String, bool), SkippedByDst> {
        let resolved = text.parse::<LocalDateTimeInput>().unwrap().resolve(zone)?;
        Ok((
            resolved
                .instant
                .to_rfc3339_opts(chrono::SecondsFormat::Secs, true),
            resolved.ambiguous,
        ))
    }

    /// S0-09.
    #[test]
    fn skipped_is_refused_and_doubled_takes_the_first() {
        let skipped = resolve("2027-03-28T01:30", London).unwrap_err();
        assert_eq!(
            skipped.to_string(),
            "2027-03-28 01:30 does not exist in Europe/London: the clocks go forward over it"
        );
        for (text, zone, instant, ambiguous) in [
            ("2027-10-31T01:30", London, "2027-10-31T00:30:00Z", true),
            ("2027-10-31T00:59", London, "2027-10-30T23:59:00Z", false),
            ("2027-10-31T02:00", London, "2027-10-31T02:00:00Z", false),
            ("2027-03-28T00:59", London, "2027-03-28T00:59:00Z", false),
            ("2027-03-28T02:00", London, "2027-03-28T01:00:00Z", false),
            // Half an hour is doubled on Lord Howe Island.
            ("2027-04-04T01:45", Lord_Howe, "2027-04-03T14:45:00Z", true),
            ("2027-04-04T01:29", Lord_Howe, "2027-04-03T14:29:00Z", false),
        ] {
            assert_eq!(
                resolve(text, zone),
                Ok((instant.to_owned(), ambiguous)),
                "{text}"
            );
        }
        assert!(
            resolve("2011-12-30T12:00", Apia).is_err(),
            "Samoa had no such day"
        );
    }

    #[test]
    fn an_instant_needs_no_zone() {
        for (text, instant) in [
            ("2027-03-28T01:30:00Z", "2027-03-28T01:30:00Z"),
            ("2027-03-28T01:30Z", "2027-03-28T01:30:00Z"),
            ("2027-03-28T01:30:00.000Z", "2027-03-28T01:30:00Z"),
            ("2027-03-28T01:30:00+01:00", "2027-03-28T00:30:00Z"),
            ("2027-03-28T01:30+01:00", "2027-03-28T00:30:00Z"),
            ("2027-03-28T01:30-03:30", "2027-03-28T05:00:00Z"),
        ] {
            assert_eq!(
                resolve(text, London),
                Ok((instant.to_owned(), false)),
                "{text}"
            );
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "",
            "tomorrow",
            "2027-03-28",
            "28/03/2027 01:30",
            "2027-02-29T10:00",
            "2027-03-28T25:00",
            "+12027-03-28T10:00",
            "0001-01-01T10:00",
            "2027-03-28T01:30 Europe/London",
            "２０２７-03-28T01:30",
        ] {
            assert_eq!(
                text.parse::<LocalDateTimeInput>(),
                Err(LocalTimeError),
                "{text}"
            );
        }
        let long = format!("2027-03-28T01:30:00.{}Z", "0".repeat(10_000));
        assert!(long.parse::<LocalDateTimeInput>().is_err());
    }
}
