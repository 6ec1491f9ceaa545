//! Texts and times as they are said.

use chrono::{DateTime, Datelike, Timelike, Utc};
use chrono_tz::Tz;

use crate::text::is_title;

/// The day as it is said, such as "Monday 7 December".
pub fn spoken_date(instant: DateTime<Utc>, zone: Tz) -> String {
    let local = instant.with_timezone(&zone);
    format!(
        "{} {} {}",
        local.format("%A"),
        local.day(),
        local.format("%B")
    )
}

/// The time of day as it is said, such as "2:30 PM", "2 PM" or "12 noon".
pub fn spoken_time(instant: DateTime<Utc>, zone: Tz) -> String {
    let local = instant.with_timezone(&zone);
    let (afternoon, hour) = local.hour12();
    match (local.hour(), local.minute()) {
        (0, 0) => "12 midnight".to_owned(),
        (12, 0) => "12 noon".to_owned(),
        (_, 0) => format!("{hour} {}", half(afternoon)),
        (_, minute) => format!("{hour}:{minute:02} {}", half(afternoon)),
    }
}

/// Day and time as they are said, such as "Monday 7 December at 2:30 PM".
pub fn spoken_when(instant: DateTime<Utc>, zone: Tz) -> String {
    format!(
        "{} at {}",
        spoken_date(instant, zone),
        spoken_time(instant, zone)
    )
}

fn half(afternoon: bool) -> &'static str {
    if afternoon { "PM" } else { "AM" }
}

/// A text that the agent's template takes as a text and nothing else: one line, no control characters, and no braces,
/// with which a template names its variables.
pub(super) fn speakable(text: &str) -> String {
    let plain: String = text
        .chars()
        .filter(|c| !matches!(c, '{' | '}'))
        .map(|c| if c.is_control() { ' ' } else { c })
        .collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The first name in a provider's name, if it has one: "Dr Emily Jones" and "Jones, Emily" have, "Dr Jones" and
/// "E. Jones" have not.
pub(super) fn provider_first_name(name: &str) -> Option<&str> {
    let (given, turned) = match name.split_once(',') {
        Some((_, given)) => (given, true),
        None => (name, false),
    };
    let words: Vec<&str> = given.split_whitespace().collect();
    let rest: Vec<&str> = words
        .iter()
        .copied()
        .filter(|word| !is_title(word))
        .collect();
    let first = match rest[..] {
        [only] if turned || words.len() == 1 => only,
        [first, _, ..] => first,
        _ => return None,
    };
    let letters = first.chars().filter(|c| c.is_alphabetic()).count();
    (letters >= 2).then_some(first)
}

/// Words for a visit that tell nothing of what it is for (S3 "generic appointment types").
const GENERIC_TYPES: [&str; 8] = [
    "appointment",
    "check-up",
    "consultation",
    "follow-up",
    "meeting",
    "review",
    "session",
    "visit",
];

/// The generic word a type is, if it is one: "Follow up" is "follow-up", "HIV follow-up" is none.
pub(super) fn generic_type(text: &str) -> Option<&'static str> {
    let letters = |text: &str| {
        text.chars()
            .filter(|c| c.is_alphanumeric())
            .flat_map(char::to_lowercase)
            .collect::<String>()
    };
    let wanted = letters(text);
    GENERIC_TYPES
        .into_iter()
        .find(|generic| letters(generic) == wanted)
}

#[cfg(test)]
mod tests {
    use chrono::TimeZone;
    use chrono_tz::Europe::London;

    use super::*;

    #[test]
    fn in_the_appointments_zone() {
        let at = |month, day, hour, minute| {
            Utc.with_ymd_and_hms(2026, month, day, hour, minute, 0)
                .unwrap()
        };
        assert_eq!(
            spoken_when(at(12, 7, 14, 30), London),
            "Monday 7 December at 2:30 PM"
        );
        assert_eq!(
            spoken_when(at(7, 1, 13, 0), London),
            "Wednesday 1 July at 2 PM"
        );
        assert_eq!(
            spoken_when(at(12, 7, 23, 30), chrono_tz::Asia::Tokyo),
            "Tuesday 8 December at 8:30 AM"
        );
        assert_eq!(spoken_time(at(12, 7, 12, 0), London), "12 noon");
        assert_eq!(spoken_time(at(12, 7, 0, 0), London), "12 midnight");
        assert_eq!(spoken_time(at(12, 7, 12, 5), London), "12:05 PM");
        assert_eq!(spoken_time(at(12, 7, 0, 5), London), "12:05 AM");
    }

    #[test]
    fn first_names_of_providers() {
        for (name, first) in [
            ("Dr Emily Jones", Some("Emily")),
            ("Dr. Emily Jones", Some("Emily")),
            ("Emily", Some("Emily")),
            ("Jones, Emily", Some("Emily")),
            ("Jones, Dr Emily", Some("Emily")),
            ("Dr Jones", None),
            ("E. Jones", None),
            ("Dr", None),
            ("", None),
        ] {
            assert_eq!(provider_first_name(name), first, "{name}");
        }
    }

    #[test]
    fn generic_words_only_as_they_are() {
        assert_eq!(generic_type("Follow up"), Some("follow-up"));
        assert_eq!(generic_type("CHECKUP"), Some("check-up"));
        assert_eq!(generic_type("HIV follow-up"), None);
        assert_eq!(generic_type("Haircut"), None);
    }

    #[test]
    fn templates_cannot_be_written_into_a_value() {
        assert_eq!(speakable("  a {{first_name}}\n b\u{0}"), "a first_name b");
    }
}
