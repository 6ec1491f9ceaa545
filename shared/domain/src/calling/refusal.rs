//! What the provider's HTTP answer to a placement does (rules.md The call throttle, Placing a call).

use chrono::{DateTime, TimeDelta, Utc};

use super::pause::PauseReason;
use crate::planner::TECHNICAL_FAILURE_DELAY;

/// How long a 429 without Retry-After keeps the gate shut.
pub const DEFAULT_BACK_OFF: TimeDelta = TimeDelta::seconds(60);
/// The longest Retry-After that is believed.
pub const LONGEST_BACK_OFF: TimeDelta = TimeDelta::hours(1);
/// So many refusals of one session hand it to staff.
pub const MAX_REFUSALS: u32 = 3;

/// What a placement request came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// A call was created and its id read.
    Created,
    /// Another answer, by its HTTP status; a 2xx without a readable call id included.
    Status(u16),
    /// None: timed out, cut off, never connected.
    None,
}

/// What it means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// The call exists.
    Created,
    /// Nobody knows whether it does: the attempt stays `placing`, and may be sent again within its bound.
    Ambiguous,
    /// Definitely refused, and every other call would be: calling is paused at once, the session returns to planned.
    PauseTenant(PauseReason),
    /// Definitely refused for want of quiet: the slot is kept, the gate shut for so long.
    BackOff(TimeDelta),
    /// Definitely refused: a technical failure.
    Technical,
}

impl Meaning {
    /// Reads an answer. `retry_after` is the header's value as a duration, where there was one.
    pub fn of(answer: Answer, retry_after: Option<TimeDelta>) -> Self {
        let status = match answer {
            Answer::Created => return Self::Created,
            Answer::None => return Self::Ambiguous,
            Answer::Status(status) => status,
        };
        match status {
            401 => Self::PauseTenant(PauseReason::CredentialsRefused),
            402 => Self::PauseTenant(PauseReason::PaymentNeeded),
            403 => Self::PauseTenant(PauseReason::AccountUnusable),
            422 => Self::PauseTenant(PauseReason::UnknownAgentOrNumber),
            429 => {
                let asked = retry_after.unwrap_or(DEFAULT_BACK_OFF);
                Self::BackOff(asked.clamp(TimeDelta::seconds(1), LONGEST_BACK_OFF))
            }
            408 | 409 => Self::Ambiguous,
            400..=499 => Self::Technical,
            _ => Self::Ambiguous,
        }
    }

    /// Whether it is a definite refusal, to be recorded on the attempt.
    pub const fn is_refusal(self) -> bool {
        matches!(
            self,
            Self::PauseTenant(_) | Self::BackOff(_) | Self::Technical
        )
    }

    /// Whether the slot is given back once the attempt is closed as refused. A 429 keeps it.
    pub const fn gives_slot_back(self) -> bool {
        matches!(self, Self::PauseTenant(_) | Self::Technical)
    }

    /// Whether it counts as a technical failure towards the automatic pause.
    pub const fn is_technical(self) -> bool {
        matches!(self, Self::Technical)
    }

    /// What becomes of the session once its attempt is closed as refused; `refusals` counts this one too. `None`
    /// where nothing was refused.
    pub fn session_after(self, refusals: u32, now: DateTime<Utc>) -> Option<AfterRefusal> {
        if !self.is_refusal() {
            None
        } else if refusals >= MAX_REFUSALS {
            Some(AfterRefusal::GiveUp)
        } else if self.is_technical() {
            Some(AfterRefusal::Planned {
                not_before: now + TECHNICAL_FAILURE_DELAY,
            })
        } else {
            Some(AfterRefusal::Planned { not_before: now })
        }
    }
}

/// What becomes of a session whose attempt was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AfterRefusal {
    /// Back to planned; a new attempt needs a new slot.
    Planned {
        /// Not before this.
        not_before: DateTime<Utc>,
    },
    /// Settled as failed: `needs_attention: provider_refused`.
    GiveUp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_status_has_its_effect() {
        for status in 100..=599u16 {
            let expected = match status {
                401 => Meaning::PauseTenant(PauseReason::CredentialsRefused),
                402 => Meaning::PauseTenant(PauseReason::PaymentNeeded),
                403 => Meaning::PauseTenant(PauseReason::AccountUnusable),
                422 => Meaning::PauseTenant(PauseReason::UnknownAgentOrNumber),
                429 => Meaning::BackOff(DEFAULT_BACK_OFF),
                400 | 404..=407 | 410..=421 | 423..=428 | 430..=499 => Meaning::Technical,
                _ => Meaning::Ambiguous,
            };
            let meaning = Meaning::of(Answer::Status(status), None);
            assert_eq!(meaning, expected, "{status}");
            let definite = (400..500).contains(&status) && status != 408 && status != 409;
            assert_eq!(meaning.is_refusal(), definite, "{status}");
            assert_eq!(
                meaning.gives_slot_back(),
                definite && status != 429,
                "{status}"
            );
        }
        assert_eq!(Meaning::of(Answer::None, None), Meaning::Ambiguous);
        assert_eq!(Meaning::of(Answer::Created, None), Meaning::Created);
    }

    #[test]
    fn quiet_as_told_within_reason() {
        for (asked, expected) in [(0, 1), (7, 7), (-3, 1), (90_000, 3_600)] {
            let meaning = Meaning::of(Answer::Status(429), Some(TimeDelta::seconds(asked)));
            assert_eq!(meaning, Meaning::BackOff(TimeDelta::seconds(expected)));
        }
    }

    #[test]
    fn the_third_refusal_of_a_session_goes_to_staff() {
        let now: DateTime<Utc> = "2026-11-20T10:00:00Z".parse().unwrap();
        for (status, wait) in [(400, 3_600), (402, 0), (429, 0)] {
            let meaning = Meaning::of(Answer::Status(status), None);
            let planned = AfterRefusal::Planned {
                not_before: now + TimeDelta::seconds(wait),
            };
            assert_eq!(meaning.session_after(1, now), Some(planned));
            assert_eq!(meaning.session_after(2, now), Some(planned));
            assert_eq!(meaning.session_after(3, now), Some(AfterRefusal::GiveUp));
        }
        assert_eq!(Meaning::Ambiguous.session_after(3, now), None);
        assert_eq!(Meaning::Created.session_after(3, now), None);
    }
}
