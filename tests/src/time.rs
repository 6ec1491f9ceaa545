//! Deadlines, and days on which nothing is closed.

use std::fmt::Debug;
use std::time::Duration;

use chrono::{DateTime, Datelike, NaiveTime, TimeDelta, Utc, Weekday};
use serde_json::Value;

/// How often a condition is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Waits until `look` finds something, and fails the test with `what` if that takes longer than `within`.
pub async fn wait_until<T>(
    what: &str,
    within: Duration,
    mut look: impl AsyncFnMut() -> Option<T>,
) -> T {
    let deadline = tokio::time::Instant::now() + within;
    loop {
        if let Some(found) = look().await {
            return found;
        }
        assert!(
            tokio::time::Instant::now() < deadline,
            "waited {within:?} in vain: {what}"
        );
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// The next Tuesday at 09:00 UTC from the day after tomorrow on, in a week without public holidays in its middle: a
/// morning within everybody's hours, with two working days after it.
#[must_use]
pub fn quiet_tuesday(after: DateTime<Utc>) -> DateTime<Utc> {
    let mut day = after.date_naive() + TimeDelta::days(2);
    let festive = |day: chrono::NaiveDate| {
        (day.month() == 12 && day.day() >= 18) || (day.month() == 1 && day.day() <= 3)
    };
    while day.weekday() != Weekday::Tue || festive(day) {
        day += TimeDelta::days(1);
    }
    day.and_time(NaiveTime::from_hms_opt(9, 0, 0).expect("a time"))
        .and_utc()
}

/// An instant as the API writes it.
#[must_use]
pub fn text(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true)
}

/// An instant that the API wrote; None for null.
#[must_use]
pub fn instant(value: &Value) -> Option<DateTime<Utc>> {
    let text = value.as_str()?;
    assert!(text.ends_with('Z'), "{text} is not in UTC with Z");
    Some(text.parse().expect("an RFC 3339 instant"))
}

/// Numbers of a list as words, for messages.
pub fn listed<T: Debug>(items: impl IntoIterator<Item = T>) -> String {
    let items: Vec<String> = items.into_iter().map(|item| format!("{item:?}")).collect();
    items.join(", ")
}
