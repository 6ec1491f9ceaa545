//! What can go wrong when a provider is asked.

use std::fmt;
use std::time::Duration;

use chrono::{DateTime, Utc};

/// Longest part of a provider's message that is kept, in characters.
const LONGEST_MESSAGE: usize = 200;

/// Seconds from which a number is an instant, not a wait: in 2001, or a wait of thirty years.
const EPOCH_FROM: u32 = 1_000_000_000;

/// Why there is no answer to rely on: the provider may or may not have done what was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unanswered {
    /// The time given was over first.
    #[error("no answer in time")]
    TimedOut,
    /// No connection, or it was lost.
    #[error("the connection failed")]
    Connection,
    /// A status that does not tell: 408, 409, 5xx, or one outside 2xx and 4xx.
    #[error("answered with status {0}")]
    Status(u16),
    /// A success whose body is too large, cut off, or not what the provider documents.
    #[error("the answer could not be read")]
    Unreadable,
}

/// How long to wait before asking again, as the provider said it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetryAfter {
    /// That long after the answer.
    In(Duration),
    /// Not before that instant (the provider's clock).
    At(DateTime<Utc>),
}

impl RetryAfter {
    /// Reads the header: seconds, or a date.
    pub(crate) fn parse(header: &str) -> Option<Self> {
        let header = header.trim();
        if let Ok(seconds) = header.parse::<u32>() {
            return Some(Self::In(Duration::from_secs(u64::from(seconds))));
        }
        DateTime::parse_from_rfc2822(header)
            .ok()
            .map(|at| Self::At(at.to_utc()))
    }

    /// Reads what stands for the header where that is missing (`X-RateLimit-Reset`): seconds until, or since the epoch.
    pub(crate) fn of_reset(header: &str) -> Option<Self> {
        let seconds = header.trim().parse::<u32>().ok()?;
        if seconds < EPOCH_FROM {
            return Some(Self::In(Duration::from_secs(u64::from(seconds))));
        }
        DateTime::from_timestamp(i64::from(seconds), 0).map(Self::At)
    }

    /// The instant before which not to ask, given that of the answer. Both may be in the past.
    pub fn instant(self, answered_at: DateTime<Utc>) -> DateTime<Utc> {
        match self {
            Self::In(wait) => answered_at + wait,
            Self::At(instant) => instant,
        }
    }
}

/// What a provider said about a refusal: shortened, and only shown by [`ProviderMessage::reveal`], because providers
/// repeat what they were sent.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct ProviderMessage(String);

impl ProviderMessage {
    pub(crate) fn new(text: &str) -> Self {
        Self(text.chars().take(LONGEST_MESSAGE).collect())
    }

    /// The text. It may hold a phone number: not for logs.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ProviderMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[withheld]")
    }
}

/// A request that did not succeed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ApiError {
    /// The provider refused for certain: 4xx other than 408 and 409 (rules.md "The call throttle").
    #[error("refused with status {status}")]
    Refused {
        /// The HTTP status.
        status: u16,
        /// The `Retry-After` header, where there was one.
        retry_after: Option<RetryAfter>,
        /// What the provider said.
        message: ProviderMessage,
    },
    /// Nobody knows.
    #[error(transparent)]
    NoAnswer(#[from] Unanswered),
}

impl ApiError {
    /// Whether the status of an answer is a definite refusal.
    pub(crate) fn is_refusal(status: u16) -> bool {
        (400..500).contains(&status) && !matches!(status, 408 | 409)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let answered: DateTime<Utc> = "2027-01-07T12:00:00Z".parse().unwrap();
        let instant =
            |header| RetryAfter::parse(header).map(|after| after.instant(answered).to_rfc3339());
        assert_eq!(instant("30").as_deref(), Some("2027-01-07T12:00:30+00:00"));
        assert_eq!(
            instant("Thu, 07 Jan 2027 12:05:00 GMT").as_deref(),
            Some("2027-01-07T12:05:00+00:00")
        );
        for header in ["", "soon", "-1", "99999999999999999999", "2027-01-07"] {
            assert_eq!(instant(header), None, "{header}");
        }
    }

    #[test]
    fn a_reset_is_seconds_until_or_since_the_epoch() {
        let answered: DateTime<Utc> = "2027-01-07T12:00:00Z".parse().unwrap();
        let instant =
            |header: &str| RetryAfter::of_reset(header).map(|after| after.instant(answered));
        assert_eq!(
            instant("30"),
            Some(answered + chrono::TimeDelta::seconds(30))
        );
        let later = (answered + chrono::TimeDelta::seconds(45)).timestamp();
        assert_eq!(
            instant(&later.to_string()).map(|at| at.timestamp()),
            Some(later)
        );
        for header in ["", "soon", "-1", "1.5", "99999999999"] {
            assert_eq!(instant(header), None, "{header}");
        }
    }

    #[test]
    fn only_some_statuses_are_refusals() {
        let refusals: Vec<u16> = (100..600)
            .filter(|status| ApiError::is_refusal(*status))
            .collect();
        assert_eq!(refusals.len(), 98);
        for status in [200, 301, 408, 409, 500, 503] {
            assert!(!refusals.contains(&status), "{status}");
        }
    }

    #[test]
    fn a_message_is_short_and_never_shown_by_accident() {
        let error = ApiError::Refused {
            status: 400,
            retry_after: None,
            message: ProviderMessage::new(&"+447911123456 ".repeat(100)),
        };
        assert!(!format!("{error:?} {error}").contains("447911"));
        let ApiError::Refused { message, .. } = error else {
            panic!()
        };
        assert_eq!(message.reveal().chars().count(), 200);
    }
}
