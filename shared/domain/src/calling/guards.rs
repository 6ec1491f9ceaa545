//! The guards before each attempt, checked again at the moment of dialling, and the decision record they leave
//! (rules.md The call throttle, S0 pre-call validation).
//!
//! The facts are plain: the caller reads them, this decides. What a guard saw is written down without personal data.

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::abuse;
use super::attention::CallAttention;
use super::gate::GateRefusal;
use super::pause::Pause;
use super::session::Method;
use crate::appointment::Appointment;

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

/// The number to ring.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NumberFact {
    /// None.
    Missing,
    /// One that cannot or must not be rung.
    NotDialable,
    /// One that may.
    Dialable,
}

/// What the appointment's status asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StatusFact {
    /// No appointment, or one whose status still calls for a call.
    CallsForACall,
    /// Confirmed, cancelled, or rescheduled without a new time.
    DoesNot,
    /// Its time has passed.
    Past,
}

impl StatusFact {
    /// What it asks for at `now`; a call about nothing is always called for.
    pub fn of(appointment: Option<&Appointment>, now: DateTime<Utc>) -> Self {
        match appointment {
            Some(appointment) if appointment.time <= now => Self::Past,
            Some(appointment) if !appointment.wants_reminder(now) => Self::DoesNot,
            _ => Self::CallsForACall,
        }
    }
}

/// The permitted call hours, seen from now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HoursFact {
    /// Permitted now.
    Permitted,
    /// Permitted again from then on.
    From(DateTime<Utc>),
    /// Not within the time looked ahead.
    Never,
}

/// The last attempt to the contact that counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastAttempt {
    /// When it was granted.
    pub at: DateTime<Utc>,
    /// Whether a person answered.
    pub answered: bool,
}

/// Everything the guards look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GuardInput {
    /// What asked for the call.
    pub method: Method,
    /// The tenant is not suspended or closed.
    pub tenant_active: bool,
    /// Why calling is paused, if it is.
    pub paused: Option<Pause>,
    /// Agent id, number and key are there.
    pub agent_configured: bool,
    /// A calendar is enabled.
    pub calendar_enabled: bool,
    /// The key of each one that is enabled is there.
    pub calendar_configured: bool,
    /// The number.
    pub number: NumberFact,
    /// It is on the do-not-call list.
    pub on_do_not_call_list: bool,
    /// The contact forbids contact.
    pub do_not_contact: bool,
    /// The tenant requires consent (in HIPAA mode, its checklist or consent).
    pub consent_required: bool,
    /// It was given and not withdrawn.
    pub consent_given: bool,
    /// What the status asks for.
    pub status: StatusFact,
    /// Attempts that count for the appointment (for the session, where it has none).
    pub attempts: u32,
    /// How many are allowed: 1 + `maximum_retry_attempts`.
    pub attempts_cap: u32,
    /// The end (exclusive) of the call's own window.
    pub latest: Option<DateTime<Utc>>,
    /// Permitted hours.
    pub hours: HoursFact,
    /// The contact's local wall-clock time and zone, as text.
    pub local_time: String,
    /// The last attempt to the contact.
    pub last_attempt: Option<LastAttempt>,
    /// A call to the contact or the number is in flight; its lock ends then at the latest.
    pub in_flight_until: Option<DateTime<Utc>>,
    /// Instants of the attempts to the number in the last 24 hours that count.
    pub number_attempts: Vec<DateTime<Utc>>,
    /// What the gate says, without taking a slot.
    pub gate: Result<(), GateRefusal>,
    /// Slots in use and the limit.
    pub slots: (u32, u32),
    /// Attempts today and the limit.
    pub today: (u32, u32),
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

/// The guards that look at the tenant: a failure holds every one of its calls.
fn tenant(input: &GuardInput) -> [Seen; 4] {
    let hold = |failed: bool| failed.then_some(Failure::Hold(None));
    let missing = |there: bool| {
        if there {
            "configured"
        } else {
            "not configured"
        }
    };
    let paused = input.paused.map_or_else(
        || "not paused".to_owned(),
        |pause| {
            format!(
                "paused since {}: {}",
                show(pause.since),
                pause.reason.name()
            )
        },
    );
    let calendar = if input.calendar_enabled {
        missing(input.calendar_configured)
    } else {
        "not enabled"
    };
    let active = if input.tenant_active {
        "active"
    } else {
        "not active"
    };
    [
        (
            Guard::TenantActive,
            active.into(),
            hold(!input.tenant_active),
        ),
        (Guard::NotPaused, paused, hold(input.paused.is_some())),
        (
            Guard::AgentConfigured,
            missing(input.agent_configured).into(),
            hold(!input.agent_configured),
        ),
        (
            Guard::CalendarConfigured,
            calendar.into(),
            hold(input.calendar_enabled && !input.calendar_configured),
        ),
    ]
}

/// The guards that look at the person and the appointment: a failure is for good.
fn person(input: &GuardInput) -> [Seen; 6] {
    let settle = |failed: bool, reason| failed.then_some(Failure::Settle(reason));
    let number = match input.number {
        NumberFact::Dialable => ("dialable", None),
        NumberFact::Missing => ("no number", Some(Failure::Settle(SettleReason::NoPhone))),
        NumberFact::NotDialable => (
            "not dialable",
            Some(Failure::Settle(SettleReason::NotDialable)),
        ),
    };
    let listed = if input.on_do_not_call_list {
        "listed"
    } else {
        "not listed"
    };
    let contact = if input.do_not_contact {
        "contact forbidden"
    } else {
        "contact allowed"
    };
    let consent = match (input.consent_required, input.consent_given) {
        (true, true) => "required, given",
        (true, false) => "required, not given",
        (false, true) => "not required, given",
        (false, false) => "not required, not given",
    };
    // Call Now rings whatever the status: the person who pressed it was warned.
    let call_now = input.method == Method::ManualCallNow;
    let status = match input.status {
        StatusFact::CallsForACall => ("calls for a call", None),
        StatusFact::DoesNot => ("needs no call", Some(SettleReason::StatusNeedsNoCall)),
        StatusFact::Past => ("appointment past", Some(SettleReason::AppointmentPast)),
    };
    let status = if call_now && status.1.is_some() {
        (format!("{}, called regardless", status.0), None)
    } else {
        (status.0.to_owned(), status.1.map(Failure::Settle))
    };
    [
        (Guard::DialableNumber, number.0.into(), number.1),
        (
            Guard::DoNotCallList,
            listed.into(),
            settle(input.on_do_not_call_list, SettleReason::DoNotCallList),
        ),
        (
            Guard::DoNotContact,
            contact.into(),
            settle(input.do_not_contact, SettleReason::DoNotContact),
        ),
        (
            Guard::VoiceConsent,
            consent.into(),
            settle(
                input.consent_required && !input.consent_given,
                SettleReason::NoConsent,
            ),
        ),
        (Guard::Status, status.0, status.1),
        (
            Guard::AttemptsCap,
            format!("{} of {} attempts", input.attempts, input.attempts_cap),
            settle(
                input.attempts >= input.attempts_cap,
                SettleReason::AttemptsUsedUp,
            ),
        ),
    ]
}

/// The guards that look at the clock.
fn timing(input: &GuardInput, now: DateTime<Utc>) -> [Seen; 6] {
    let missed = input.latest.is_some_and(|latest| latest <= now);
    let window = input.latest.map_or_else(
        || "no end".to_owned(),
        |latest| format!("until {}", show(latest)),
    );
    let hours = match input.hours {
        HoursFact::Permitted => None,
        HoursFact::From(at) => Some(Failure::Until(at)),
        HoursFact::Never => Some(Failure::Settle(SettleReason::WindowMissed)),
    };
    let in_flight = input.in_flight_until.filter(|until| now < *until);
    let abuse = abuse::blocked_until(&input.number_attempts, now);
    let (gap_saw, gap) = gap(input, now);
    let slots = format!(
        "{} of {} slots, {} of {} today{}",
        input.slots.0,
        input.slots.1,
        input.today.0,
        input.today.1,
        input.gate.err().map_or_else(String::new, |refusal| format!(
            "; {refused}",
            refused = gate_word(&refusal)
        )),
    );
    [
        (
            Guard::Window,
            window,
            missed.then_some(Failure::Settle(SettleReason::WindowMissed)),
        ),
        (
            Guard::PermittedHours,
            format!("local time {}", input.local_time),
            hours,
        ),
        (Guard::Gap, gap_saw, gap),
        (
            Guard::InFlight,
            if in_flight.is_some() {
                "a call is in flight"
            } else {
                "none in flight"
            }
            .into(),
            in_flight.map(|until| Failure::Recheck(until.min(now + IN_FLIGHT_RECHECK))),
        ),
        (
            Guard::AttemptsPerNumber,
            format!("{} attempts in 24 h", recent(&input.number_attempts, now)),
            abuse.map(Failure::Until),
        ),
        (
            Guard::Slots,
            slots,
            input
                .gate
                .err()
                .map(|refusal| Failure::Hold(refusal.until())),
        ),
    ]
}

/// Eight hours since the last attempt: Call Now waits, a campaign skips, a first reminder waits unless it would then
/// miss its window. Automatic retries follow their own delays.
fn gap(input: &GuardInput, now: DateTime<Utc>) -> (String, Option<Failure>) {
    let Some(last) = input.last_attempt else {
        return ("no attempt before".to_owned(), None);
    };
    let saw = format!("last attempt {}", show(last.at));
    let over = last.at + GAP;
    if over <= now {
        return (saw, None);
    }
    let first_reminder = input.method == Method::Reminder && input.attempts == 0;
    let failure = match (input.method, input.latest) {
        (Method::Retry, _) => None,
        (Method::Campaign, _) => Some(Failure::Settle(SettleReason::CalledRecently)),
        (Method::Reminder, _) if !first_reminder => None,
        (Method::Reminder, Some(latest)) if latest <= over => {
            let last_chance = latest - LAST_CHANCE;
            if last.answered {
                Some(Failure::Settle(SettleReason::ReachedByEarlierCall))
            } else {
                (now < last_chance).then_some(Failure::Until(last_chance))
            }
        }
        (Method::ManualCallNow | Method::Reminder, _) => Some(Failure::Until(over)),
    };
    (saw, failure)
}

fn recent(attempts: &[DateTime<Utc>], now: DateTime<Utc>) -> usize {
    attempts
        .iter()
        .filter(|at| now - **at < abuse::ABUSE_PERIOD)
        .count()
}

const fn gate_word(refusal: &GateRefusal) -> &'static str {
    match refusal {
        GateRefusal::WindowFull { .. } => "window full",
        GateRefusal::DailyLimit { .. } => "daily limit reached",
        GateRefusal::NearMidnight { .. } => "too near to midnight",
        GateRefusal::BackOff { .. } => "the provider asked for quiet",
        GateRefusal::Paused(_) => "paused",
        GateRefusal::AlreadyGranted => "already granted",
    }
}

fn show(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

#[cfg(test)]
#[path = "guards_tests.rs"]
mod tests;
