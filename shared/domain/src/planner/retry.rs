//! When a call that did not reach the person is tried again (rules.md "Placing a call, exactly once").

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::{CallWindow, minute_after, minute_before, preferred_where_possible};
use crate::calendar::{PermittedWindows, PreferredTime};

/// Delay after a technical failure (rules.md; ours, S3 has none).
pub const TECHNICAL_FAILURE_DELAY: TimeDelta = TimeDelta::hours(1);

/// Why a call is tried again. An answered call is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RetryCause {
    /// Nobody picked up.
    NoAnswer,
    /// A machine picked up.
    Voicemail,
    /// The line was busy.
    Busy,
    /// The call failed for a reason that is not the person's.
    TechnicalFailure,
}

/// How long to wait, by cause (S3 `retry_timing_configuration`), in minutes: each one of S3's choices.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "RawDelays", into = "RawDelays")]
pub struct RetryDelays {
    no_answer: u32,
    voicemail: u32,
    busy: u32,
}

/// A delay that is not on offer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RetryDelaysError {
    /// See [`RetryDelays::NO_ANSWER`].
    #[error("the delay after no answer is 60, 120, 240 or 480 minutes")]
    NoAnswer,
    /// See [`RetryDelays::VOICEMAIL`].
    #[error("the delay after a voicemail is 240, 480, 720 or 1440 minutes")]
    Voicemail,
    /// See [`RetryDelays::BUSY`].
    #[error("the delay after a busy line is 30, 60 or 120 minutes")]
    Busy,
}

impl RetryDelays {
    /// S3's choices after no answer, in minutes.
    pub const NO_ANSWER: [u32; 4] = [60, 120, 240, 480];
    /// S3's choices after a voicemail, in minutes.
    pub const VOICEMAIL: [u32; 4] = [240, 480, 720, 1440];
    /// S3's choices after a busy line, in minutes.
    pub const BUSY: [u32; 3] = [30, 60, 120];

    /// Delays in minutes, each one of the choices.
    pub fn new(no_answer: u32, voicemail: u32, busy: u32) -> Result<Self, RetryDelaysError> {
        if !Self::NO_ANSWER.contains(&no_answer) {
            return Err(RetryDelaysError::NoAnswer);
        }
        if !Self::VOICEMAIL.contains(&voicemail) {
            return Err(RetryDelaysError::Voicemail);
        }
        if !Self::BUSY.contains(&busy) {
            return Err(RetryDelaysError::Busy);
        }
        Ok(Self {
            no_answer,
            voicemail,
            busy,
        })
    }

    /// The wait after a cause.
    pub fn after(self, cause: RetryCause) -> TimeDelta {
        match cause {
            RetryCause::NoAnswer => TimeDelta::minutes(i64::from(self.no_answer)),
            RetryCause::Voicemail => TimeDelta::minutes(i64::from(self.voicemail)),
            RetryCause::Busy => TimeDelta::minutes(i64::from(self.busy)),
            RetryCause::TechnicalFailure => TECHNICAL_FAILURE_DELAY,
        }
    }
}

impl Default for RetryDelays {
    fn default() -> Self {
        Self {
            no_answer: 120,
            voicemail: 480,
            busy: 60,
        }
    }
}

#[derive(Serialize, Deserialize)]
struct RawDelays {
    no_answer_minutes: u32,
    voicemail_minutes: u32,
    busy_minutes: u32,
}

impl TryFrom<RawDelays> for RetryDelays {
    type Error = RetryDelaysError;

    fn try_from(raw: RawDelays) -> Result<Self, Self::Error> {
        Self::new(
            raw.no_answer_minutes,
            raw.voicemail_minutes,
            raw.busy_minutes,
        )
    }
}

impl From<RetryDelays> for RawDelays {
    fn from(delays: RetryDelays) -> Self {
        Self {
            no_answer_minutes: delays.no_answer,
            voicemail_minutes: delays.voicemail,
            busy_minutes: delays.busy,
        }
    }
}

/// What becomes of a call that did not reach the person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// Another call, in this window.
    Window(CallWindow),
    /// The delay leaves no permitted minute before the end: no further call.
    TooLate,
}

/// When the next try is due: the delay after the end of the failed call, then the first permitted minute, never before
/// `now`. Settings may have changed since, so the caller passes those of the moment.
///
/// `end` is the end of the time for reminders ([`super::reminders_end`]), which a retry obeys as a first call does: it
/// may not ring nearer to the appointment than the tenant's notice. A call without an appointment has none; its
/// caller chooses an end. Rests after booking and the extension of short windows do not apply, because the delay has
/// the last word about how early. Preferred times narrow the window where they leave a minute of it.
pub fn retry_due(
    cause: RetryCause,
    delays: RetryDelays,
    call_ended_at: DateTime<Utc>,
    now: DateTime<Utc>,
    end: DateTime<Utc>,
    permitted: PermittedWindows<'_>,
    preferred: PreferredTime,
) -> Retry {
    let start = minute_after(now.max(call_ended_at + delays.after(cause)));
    let end = minute_before(end);
    let permitted = preferred_where_possible(permitted, preferred, start, end);
    let mut intervals = permitted.iter(start, end);
    let Some(first) = intervals.next() else {
        return Retry::TooLate;
    };
    let last = intervals.last().unwrap_or(first);
    Retry::Window(CallWindow {
        due: first.start,
        latest: last.end,
    })
}

#[cfg(test)]
mod tests {
    use chrono_tz::Europe::London;

    use super::*;
    use crate::calendar::{CallHours, HolidayCalendar};

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn retry(cause: RetryCause, ended: &str, now: &str, end: &str, preferred: &str) -> String {
        let holidays = HolidayCalendar::default();
        let permitted = PermittedWindows::new(CallHours::default(), &holidays, London);
        let preferred = preferred.parse().unwrap();
        let delays = RetryDelays::default();
        match retry_due(
            cause,
            delays,
            at(ended),
            at(now),
            at(end),
            permitted,
            preferred,
        ) {
            Retry::Window(CallWindow { due, latest }) => {
                format!(
                    "{} to {}",
                    due.format("%d %H:%M"),
                    latest.format("%d %H:%M")
                )
            }
            Retry::TooLate => "too late".to_owned(),
        }
    }

    #[test]
    fn the_delay_follows_the_cause_and_then_the_permitted_hours() {
        use RetryCause::{Busy, NoAnswer, TechnicalFailure, Voicemail};
        // London in January is UTC; the 7th is a Thursday, the 9th and 10th a weekend.
        for (cause, ended, end, preferred, expected) in [
            (
                NoAnswer,
                "07T09:00:00",
                "08T08:30:00",
                "anytime",
                "07 11:00 to 08 08:30",
            ),
            (
                NoAnswer,
                "07T09:00:01",
                "08T08:30:30",
                "anytime",
                "07 11:01 to 08 08:30",
            ),
            (
                Voicemail,
                "07T09:00:00",
                "08T09:00:00",
                "anytime",
                "07 17:00 to 08 09:00",
            ),
            (
                Busy,
                "07T09:00:00",
                "07T12:00:00",
                "anytime",
                "07 10:00 to 07 12:00",
            ),
            (
                TechnicalFailure,
                "07T09:00:00",
                "07T12:00:00",
                "anytime",
                "07 10:00 to 07 12:00",
            ),
            // Past the hours, over the night and the weekend.
            (
                NoAnswer,
                "07T18:30:00",
                "08T12:00:00",
                "anytime",
                "08 08:00 to 08 12:00",
            ),
            (
                NoAnswer,
                "08T18:00:00",
                "11T08:15:00",
                "anytime",
                "11 08:00 to 11 08:15",
            ),
            // Nothing left before the end.
            (
                NoAnswer,
                "07T09:00:00",
                "07T11:00:00",
                "anytime",
                "too late",
            ),
            (
                NoAnswer,
                "07T18:30:00",
                "08T08:00:00",
                "anytime",
                "too late",
            ),
            (
                NoAnswer,
                "08T18:00:00",
                "10T12:00:00",
                "anytime",
                "too late",
            ),
            // The wish holds where it leaves a minute.
            (
                Busy,
                "07T09:00:00",
                "07T18:00:00",
                "evening",
                "07 17:00 to 07 18:00",
            ),
            (
                Busy,
                "07T09:00:00",
                "07T17:00:00",
                "evening",
                "07 10:00 to 07 17:00",
            ),
        ] {
            let [ended, end] = [ended, end].map(|time| format!("2027-01-{time}Z"));
            assert_eq!(
                retry(cause, &ended, &ended, &end, preferred),
                expected,
                "{cause:?} {ended} {end}"
            );
        }
    }

    #[test]
    fn a_late_settlement_does_not_ring_in_the_past() {
        let [ended, now, end] = ["09", "13", "15"].map(|hour| format!("2027-01-07T{hour}:00:00Z"));
        assert_eq!(
            retry(RetryCause::Busy, &ended, &now, &end, "anytime"),
            "07 13:00 to 07 15:00"
        );
    }

    #[test]
    fn only_delays_on_offer_are_accepted() {
        assert_eq!(RetryDelays::new(120, 480, 60), Ok(RetryDelays::default()));
        assert_eq!(
            RetryDelays::new(90, 480, 60),
            Err(RetryDelaysError::NoAnswer)
        );
        assert_eq!(
            RetryDelays::new(120, 60, 60),
            Err(RetryDelaysError::Voicemail)
        );
        assert_eq!(RetryDelays::new(120, 480, 45), Err(RetryDelaysError::Busy));
        assert_eq!(
            RetryDelays::default().after(RetryCause::TechnicalFailure),
            TimeDelta::hours(1)
        );
    }
}
