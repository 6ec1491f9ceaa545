//! What follows from a call that came to its end: status, counters, retry, staff's attention
//! (rules.md Placing a call; S0 exception handling; S3 retry settings).

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::attention::CallAttention;
use super::disconnect::{AccountTrouble, RetryClass, meaning};
use super::pause::PauseReason;
use super::refusal::DEFAULT_BACK_OFF;
use super::session::{Action, CallSession, Outcome, Report, SessionState};
use crate::planner::{CallWindow, Retry, RetryCause};

/// So many failures in a row flag the contact and send the fallback.
pub const FAILURES_TO_FLAG: u32 = 2;

/// How often a tenant lets a call be tried again (S3 `retry_settings`); the delays are the planner's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "RawRetryPolicy", into = "RawRetryPolicy")]
pub struct RetryPolicy {
    automatic: bool,
    maximum: u32,
}

#[derive(Serialize, Deserialize)]
struct RawRetryPolicy {
    enable_automatic_retries: bool,
    maximum_retry_attempts: u32,
}

/// S3 offers 0 to 3 retries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the number of retries is 0, 1, 2 or 3")]
pub struct TooManyRetries;

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            automatic: true,
            maximum: 2,
        }
    }
}

impl TryFrom<RawRetryPolicy> for RetryPolicy {
    type Error = TooManyRetries;

    fn try_from(raw: RawRetryPolicy) -> Result<Self, TooManyRetries> {
        Self::new(raw.enable_automatic_retries, raw.maximum_retry_attempts)
    }
}

impl From<RetryPolicy> for RawRetryPolicy {
    fn from(policy: RetryPolicy) -> Self {
        Self {
            enable_automatic_retries: policy.automatic,
            maximum_retry_attempts: policy.maximum,
        }
    }
}

impl RetryPolicy {
    /// The most retries S3 offers.
    pub const MOST: u32 = 3;

    /// `enable_automatic_retries` and `maximum_retry_attempts`.
    ///
    /// # Errors
    /// [`TooManyRetries`] above [`RetryPolicy::MOST`].
    pub const fn new(automatic: bool, maximum: u32) -> Result<Self, TooManyRetries> {
        if maximum > Self::MOST {
            return Err(TooManyRetries);
        }
        Ok(Self { automatic, maximum })
    }

    /// Attempts allowed for one appointment, the first included, whoever asks for them.
    pub const fn cap(self) -> u32 {
        1 + self.maximum
    }

    /// Whether another automatic try is allowed after so many attempts.
    pub const fn allows_another(self, attempts: u32) -> bool {
        self.automatic && attempts < self.cap()
    }
}

/// The appointment as it stands when the call is settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AppointmentFacts {
    /// Its time now.
    pub starts_at: DateTime<Utc>,
    /// Its time when the call was granted, which is the one that was spoken of.
    pub spoken_of: DateTime<Utc>,
    /// Whether it is confirmed now.
    pub confirmed: bool,
    /// Whether it is cancelled now.
    pub cancelled: bool,
}

impl AppointmentFacts {
    /// Whether what the person said can still be about it.
    fn is_the_one_spoken_of(&self) -> bool {
        self.starts_at == self.spoken_of && !self.cancelled
    }

    fn still_wants_a_call(&self, now: DateTime<Utc>) -> bool {
        self.is_the_one_spoken_of() && !self.confirmed && now < self.starts_at
    }
}

/// What the decision needs to know beyond the session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SettleFacts {
    /// The session's appointment, where it has one.
    pub appointment: Option<AppointmentFacts>,
    /// Attempts that count (a provider call, or perhaps one) for the appointment, this one included.
    pub attempts: u32,
    /// This attempt was counted before, as `unknown`.
    pub already_counted: bool,
    /// Calls in a row before this one that did not reach the person.
    pub failures_before: u32,
    /// The window of a call at the time that the person named, where one may be placed then.
    pub callback: Option<CallWindow>,
}

/// Something that follows from a settled call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// `call_attempts` + 1.
    CountAttempt,
    /// `last_contact_time`.
    LastContact(DateTime<Utc>),
    /// Status confirmed, `confirmation_method` voice_call, so long before the appointment.
    Confirm {
        /// Time left to the appointment.
        before: TimeDelta,
    },
    /// Status cancelled; planned calls of the appointment end.
    Cancel,
    /// The appointment moves to a new time and is planned anew.
    Reschedule {
        /// The new time.
        to: DateTime<Utc>,
    },
    /// Status rescheduled without a new time; no more calls, staff finds one.
    RescheduleWithoutTime,
    /// Plan a call with method retry in this window.
    Retry(CallWindow),
    /// An entry of the needs-attention list.
    NeedsAttention(CallAttention),
    /// `follow_up_required` on the session.
    FollowUpRequired,
    /// SMS or e-mail where the person opted in.
    Fallback,
    /// The number goes on the do-not-call list; planned calls end.
    DoNotCall,
    /// Keep the gate shut so long.
    BackOff(TimeDelta),
    /// Pause the tenant's calling.
    PauseTenant(PauseReason),
}

/// Everything that follows from a session that has just settled; nothing for one that has not. `now` is the instant
/// of the decision. `plan_retry` is asked at most once, with the cause and the end of the call: the caller hands them
/// to [`crate::planner::retry_due`] with the delays and hours of the moment.
pub fn effects(
    session: &CallSession,
    facts: &SettleFacts,
    policy: RetryPolicy,
    now: DateTime<Utc>,
    plan_retry: impl FnOnce(RetryCause, DateTime<Utc>) -> Retry,
) -> Vec<Effect> {
    match &session.state {
        SessionState::Completed(report) | SessionState::Failed(report) => {
            let mut effects = Vec::new();
            if !facts.already_counted {
                effects.push(Effect::CountAttempt);
            }
            if report.outcome == Outcome::Answered {
                answered(report, facts, now, &mut effects);
            } else {
                not_reached(report, facts, policy, now, plan_retry, &mut effects);
            }
            follow_up(report, facts, policy, now, &mut effects);
            effects
        }
        SessionState::Refused { .. } => {
            vec![Effect::NeedsAttention(CallAttention::ProviderRefused)]
        }
        SessionState::Unknown { .. } if facts.already_counted => vec![],
        SessionState::Unknown { .. } => {
            vec![
                Effect::CountAttempt,
                Effect::NeedsAttention(CallAttention::Unknown),
            ]
        }
        _ => vec![],
    }
}

fn answered(report: &Report, facts: &SettleFacts, now: DateTime<Utc>, effects: &mut Vec<Effect>) {
    effects.push(Effect::LastContact(report.ended.at));
    let Some(analysis) = &report.analysis else {
        effects.push(Effect::NeedsAttention(CallAttention::AnalysisMissing));
        return;
    };
    let Some(appointment) = facts.appointment else {
        return;
    };
    match analysis.action {
        Action::NoAction => {}
        Action::Cancelled if appointment.cancelled => {}
        _ if !appointment.is_the_one_spoken_of() => {
            effects.push(Effect::NeedsAttention(CallAttention::ChangedDuringCall));
        }
        Action::Confirmed if appointment.confirmed => {}
        Action::Confirmed => {
            let before = (appointment.starts_at - report.ended.at).max(TimeDelta::zero());
            effects.push(Effect::Confirm { before });
        }
        Action::Cancelled => effects.push(Effect::Cancel),
        Action::Rescheduled => match analysis.new_time.filter(|to| now < *to) {
            Some(to) => effects.push(Effect::Reschedule { to }),
            None => {
                effects.push(Effect::RescheduleWithoutTime);
                effects.push(Effect::NeedsAttention(CallAttention::RescheduleRequested));
            }
        },
    }
}

fn not_reached(
    report: &Report,
    facts: &SettleFacts,
    policy: RetryPolicy,
    now: DateTime<Utc>,
    plan_retry: impl FnOnce(RetryCause, DateTime<Utc>) -> Retry,
    effects: &mut Vec<Effect>,
) {
    let failures = facts.failures_before.saturating_add(1);
    if failures >= FAILURES_TO_FLAG {
        effects.push(Effect::NeedsAttention(CallAttention::RepeatedFailures));
    }
    if failures == FAILURES_TO_FLAG {
        effects.push(Effect::Fallback);
    }
    let class = class(report);
    if class == RetryClass::Never {
        effects.push(Effect::NeedsAttention(CallAttention::NotDialable));
    }
    if facts
        .appointment
        .is_some_and(|appointment| !appointment.still_wants_a_call(now))
    {
        return;
    }
    let retry = match class {
        RetryClass::After(cause) if policy.allows_another(facts.attempts) => {
            plan_retry(cause, report.ended.at)
        }
        _ => Retry::TooLate,
    };
    match retry {
        Retry::Window(window) => effects.push(Effect::Retry(window)),
        // Nobody will ring again: staff must know, unless they were told already.
        Retry::TooLate if failures < FAILURES_TO_FLAG && class != RetryClass::Never => {
            effects.push(Effect::NeedsAttention(CallAttention::NotReached));
        }
        Retry::TooLate => {}
    }
}

/// The call that the person asked for, if they named a time, decided nothing else, and a try is left.
fn callback(
    report: &Report,
    facts: &SettleFacts,
    policy: RetryPolicy,
    now: DateTime<Utc>,
) -> Option<CallWindow> {
    let undecided = report
        .analysis
        .as_ref()
        .is_some_and(|analysis| analysis.action == Action::NoAction);
    let wanted = facts
        .appointment
        .is_none_or(|appointment| appointment.still_wants_a_call(now));
    facts
        .callback
        .filter(|_| undecided && wanted && facts.attempts < policy.cap())
}

fn follow_up(
    report: &Report,
    facts: &SettleFacts,
    policy: RetryPolicy,
    now: DateTime<Utc>,
    effects: &mut Vec<Effect>,
) {
    let meaning = meaning(&report.ended.reason);
    if meaning.do_not_call {
        effects.push(Effect::DoNotCall);
    }
    let asked = report
        .analysis
        .as_ref()
        .is_some_and(|analysis| analysis.follow_up_required);
    let planned = if meaning.callback {
        callback(report, facts, policy, now)
    } else {
        None
    };
    effects.extend(planned.map(Effect::Retry));
    if (meaning.callback && planned.is_none()) || asked {
        effects.push(Effect::FollowUpRequired);
        effects.push(Effect::NeedsAttention(
            if meaning.callback && planned.is_none() {
                CallAttention::CallbackRequested
            } else {
                CallAttention::FollowUpRequired
            },
        ));
    }
    match meaning.account {
        AccountTrouble::None => {}
        AccountTrouble::BackOff => effects.push(Effect::BackOff(DEFAULT_BACK_OFF)),
        AccountTrouble::Pause(reason) => effects.push(Effect::PauseTenant(reason)),
    }
}

/// A machine that the analysis found where a person was expected is retried as a machine.
fn class(report: &Report) -> RetryClass {
    match report.outcome {
        Outcome::Answered => RetryClass::Reached,
        Outcome::Voicemail => RetryClass::After(RetryCause::Voicemail),
        Outcome::NoAnswer => RetryClass::After(RetryCause::NoAnswer),
        Outcome::Busy => RetryClass::After(RetryCause::Busy),
        Outcome::Failed if report.technical => RetryClass::After(RetryCause::TechnicalFailure),
        Outcome::Failed => RetryClass::Never,
    }
}

#[cfg(test)]
#[path = "settle_tests.rs"]
mod tests;
