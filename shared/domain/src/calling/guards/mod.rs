//! The guards before each attempt, checked again at the moment of dialling, and the decision record they leave
//! (rules.md The call throttle, S0 pre-call validation).
//!
//! The facts are plain: the caller reads them, this decides. What a guard saw is written down without personal data.

mod asked;
mod facts;

use asked::{person, tenant, timing};
use chrono::{DateTime, TimeDelta, Utc};
pub use facts::{GuardInput, HoursFact, LastAttempt, NumberFact, StatusFact};
use serde::{Deserialize, Serialize};

use super::attention::CallAttention;

/// Call Now, campaigns and first reminders keep this distance to the last attempt (S0).
pub const GAP: TimeDelta = TimeDelta::hours(8);
/// A first reminder that the gap would make miss its window rings this long before its end.
pub const LAST_CHANCE: TimeDelta = TimeDelta::minutes(15);
/// A contact or number with a call in flight is looked at again after this long, or when its lock ends.
pub const IN_FLIGHT_RECHECK: TimeDelta = TimeDelta::seconds(30);

/// The guards, in the order in which they are asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Guard {
    /// The tenant is active.
    TenantActive,
    /// Calling is not paused.
    NotPaused,
    /// Agent, number and key are configured.
    AgentConfigured,
    /// The Cal.com key is there, where Cal.com is enabled.
    CalendarConfigured,
    /// There is a number and it may be dialled.
    DialableNumber,
    /// The number is not on the do-not-call list.
    DoNotCallList,
    /// The contact does not forbid contact.
    DoNotContact,
    /// Voice consent, where the tenant requires it.
    VoiceConsent,
    /// The appointment's status still calls for a call.
    Status,
    /// Attempts for this appointment.
    AttemptsCap,
    /// Within the call's own window.
    Window,
    /// Permitted call hours.
    PermittedHours,
    /// Eight hours since the last attempt.
    Gap,
    /// No other call in flight to the contact or the number.
    InFlight,
    /// Not too many attempts to one number in 24 hours.
    AttemptsPerNumber,
    /// The gate: the provider's back-off, the rolling window, the day.
    Slots,
    /// The call's campaign calls; asked of a campaign's calls only, when they are dialled.
    Campaign,
}

/// What one guard decided, and what it saw.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// Which one.
    pub guard: Guard,
    /// Whether the call may go on.
    pub passed: bool,
    /// What it saw, in words; never personal data.
    pub saw: String,
    /// Where it fails until a known instant: that instant.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<DateTime<Utc>>,
    /// Whether it fails for good.
    #[serde(default, rename = "final", skip_serializing_if = "std::ops::Not::not")]
    pub for_good: bool,
}

/// Why a guard ends a session for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the words are those of the decision record")]
pub enum SettleReason {
    NoPhone,
    NotDialable,
    DoNotCallList,
    DoNotContact,
    NoConsent,
    StatusNeedsNoCall,
    AppointmentPast,
    AttemptsUsedUp,
    WindowMissed,
    CalledRecently,
    ReachedByEarlierCall,
}

impl SettleReason {
    /// What it leaves for staff. Nothing where the person or the staff decided so, or was reached already.
    pub const fn attention(self) -> Option<CallAttention> {
        match self {
            Self::NoPhone => Some(CallAttention::NoPhone),
            Self::NotDialable => Some(CallAttention::NotDialable),
            Self::WindowMissed => Some(CallAttention::WindowMissed),
            Self::AttemptsUsedUp => Some(CallAttention::NotReached),
            Self::DoNotCallList
            | Self::DoNotContact
            | Self::NoConsent
            | Self::StatusNeedsNoCall
            | Self::AppointmentPast
            | Self::CalledRecently
            | Self::ReachedByEarlierCall => None,
        }
    }
}

/// What is to be done with the session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Place it.
    Place,
    /// Leave it where it is: the tenant as a whole cannot call, until then or until a person acts.
    Hold {
        /// When to look again, where that is known.
        until: Option<DateTime<Utc>>,
        /// The guard that holds it.
        guard: Guard,
    },
    /// Move it, so that it does not block the head of the queue.
    Redate {
        /// To when.
        until: DateTime<Utc>,
        /// The guard that fails longest.
        guard: Guard,
    },
    /// End it.
    SettleWith {
        /// Why.
        reason: SettleReason,
    },
}

/// How one guard fails.
enum Failure {
    /// For the tenant as a whole.
    Hold(Option<DateTime<Utc>>),
    /// Until exactly then.
    Until(DateTime<Utc>),
    /// Until then at the latest.
    Recheck(DateTime<Utc>),
    /// For good.
    Settle(SettleReason),
}

type Seen = (Guard, String, Option<Failure>);

/// Asks every guard. The verdict: what fails for good ends the session; else what fails until an instant re-dates it
/// (to the last such instant); else what holds the tenant holds it; else it is placed. A re-date that would pass the
/// call's own window ends it now, so that staff hears of it in time. Where the tenant is held, a call whose number is
/// being rung keeps its place: it would lose it to those behind, though none of them can go either.
pub fn evaluate(input: &GuardInput, now: DateTime<Utc>) -> (Verdict, Vec<Decision>) {
    let seen: Vec<Seen> = tenant(input)
        .into_iter()
        .chain(person(input))
        .chain(timing(input, now))
        .collect();
    let verdict = verdict(&seen, input.latest);
    let decisions = seen
        .into_iter()
        .map(|(guard, saw, failure)| Decision {
            guard,
            saw,
            passed: failure.is_none(),
            for_good: matches!(failure, Some(Failure::Settle(_))),
            until: match failure {
                Some(Failure::Until(at) | Failure::Recheck(at)) => Some(at),
                Some(Failure::Hold(at)) => at,
                Some(Failure::Settle(_)) | None => None,
            },
        })
        .collect();
    (verdict, decisions)
}

fn verdict(seen: &[Seen], latest: Option<DateTime<Utc>>) -> Verdict {
    let mut redate: Option<(DateTime<Utc>, Guard)> = None;
    let mut only_recheck = true;
    let mut hold = None;
    let mut settle = None;
    for (guard, _, failure) in seen {
        match failure {
            None => {}
            Some(Failure::Settle(reason)) => settle = settle.or(Some(*reason)),
            Some(Failure::Until(at)) if latest.is_some_and(|latest| latest <= *at) => {
                settle = settle.or(Some(SettleReason::WindowMissed));
            }
            Some(failure @ (Failure::Until(at) | Failure::Recheck(at))) => {
                only_recheck &= matches!(failure, Failure::Recheck(_));
                let at = latest.map_or(*at, |latest| latest.min(*at));
                if redate.is_none_or(|(longest, _)| longest < at) {
                    redate = Some((at, *guard));
                }
            }
            Some(Failure::Hold(until)) => hold = hold.or(Some((*until, *guard))),
        }
    }
    // A call that waited until its appointment was over missed its window before that: staff must hear of it.
    let missed = SettleReason::WindowMissed;
    let waited = seen.iter().any(
        |(_, _, failure)| matches!(failure, Some(Failure::Settle(reason)) if *reason == missed),
    );
    if settle == Some(SettleReason::AppointmentPast) && waited {
        settle = Some(missed);
    }
    match (settle, redate, hold) {
        (Some(reason), _, _) => Verdict::SettleWith { reason },
        (None, None, Some((until, guard))) => Verdict::Hold { until, guard },
        (None, Some(_), Some((until, guard))) if only_recheck => Verdict::Hold { until, guard },
        (None, Some((until, guard)), _) => Verdict::Redate { until, guard },
        (None, None, None) => Verdict::Place,
    }
}

#[cfg(test)]
mod tests;
