//! What each guard sees, and how it fails. What is written down holds no personal data.

use chrono::{DateTime, SecondsFormat, Utc};

use super::facts::{GuardInput, HoursFact, NumberFact, StatusFact};
use super::{Failure, GAP, Guard, IN_FLIGHT_RECHECK, LAST_CHANCE, Seen, SettleReason};
use crate::calling::abuse;
use crate::calling::gate::GateRefusal;
use crate::calling::session::Method;

/// The guards that look at the tenant: a failure holds every one of its calls.
pub(super) fn tenant(input: &GuardInput) -> [Seen; 4] {
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
pub(super) fn person(input: &GuardInput) -> [Seen; 6] {
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
pub(super) fn timing(input: &GuardInput, now: DateTime<Utc>) -> [Seen; 6] {
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
