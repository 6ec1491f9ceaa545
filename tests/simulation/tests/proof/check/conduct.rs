//! How the product behaves towards one number, one appointment, one attempt.

use chrono::{DateTime, TimeDelta, Utc};
use vio_domain::calling::session::{Method, Outcome, SessionState};
use vio_domain::planner::RetryCause;

use super::Broken;
use crate::history::{History, before};
use crate::provider::Rung;

/// How far a worker's clock may be from the truth.
const SKEW: TimeDelta = TimeDelta::seconds(1);
/// The distance to the last attempt that first reminders, Call Now and campaigns keep (S0).
const GAP: TimeDelta = TimeDelta::hours(8);
/// A first reminder that would miss its window because of the gap rings so long before its end.
const LAST_CHANCE: TimeDelta = TimeDelta::minutes(15);
/// Attempts to one number in a day.
const A_DAY: usize = 4;

/// No send arrives after its attempt's bound; it goes to the number that was granted; each was counted.
pub(super) fn sends(history: &History, broken: &mut Vec<Broken>) {
    for (index, arrival) in history.arrivals.iter().enumerate() {
        let Some(grant) = history.grant(arrival.attempt) else {
            continue;
        };
        let mut tell = |what: String| {
            broken.push(Broken {
                rule: "send",
                at: Some(arrival.at),
                what,
            });
        };
        let bound = grant.value.attempt.bound;
        if arrival.at > bound + SKEW {
            tell(format!(
                "attempt {} arrived after its bound {bound}",
                arrival.attempt
            ));
        }
        let number = vio_domain::phone::E164::try_from(arrival.number.clone());
        if number.map(|number| history.store.phone_hash(&number)).ok() != Some(grant.value.phone) {
            tell(format!(
                "attempt {} went to another number",
                arrival.attempt
            ));
        }
        let so_far = history.arrivals[..=index]
            .iter()
            .filter(|other| other.attempt == arrival.attempt)
            .count();
        let counted = before(&history.attempts[&arrival.attempt], arrival.seq)
            .map_or(0, |version| version.value.attempt.sends);
        if so_far > counted as usize {
            tell(format!(
                "attempt {} arrived {so_far} times, {counted} sends were counted",
                arrival.attempt
            ));
        }
    }
}

/// When the appointment of a call was last given a new time before a place in the order of all that happens.
fn moved_before(history: &History, call: &Rung, seq: u64) -> u64 {
    let session = history.session(call.arrival.session);
    let Some(appointment) = session.and_then(|row| row.session.appointment) else {
        return 0;
    };
    let Some(versions) = history
        .appointments
        .get(&(call.arrival.contact, appointment))
    else {
        return 0;
    };
    versions
        .windows(2)
        .filter(|pair| super::settled::moved(pair) && pair[1].seq < seq)
        .map(|pair| pair[1].seq)
        .max()
        .unwrap_or(0)
}

/// No appointment has more calls than 1 + the retries allowed when the last was granted. A new time starts afresh.
pub(super) fn caps(history: &History, broken: &mut Vec<Broken>) {
    for call in &history.calls {
        let appointment = |call: &Rung| history.session(call.arrival.session)?.session.appointment;
        let (Some(about), Some(grant)) = (appointment(call), history.grant(call.arrival.attempt))
        else {
            continue;
        };
        let from = moved_before(history, call, grant.seq);
        let earlier = history
            .calls
            .iter()
            .filter(|other| appointment(other) == Some(about))
            .filter_map(|other| history.grant(other.arrival.attempt))
            .filter(|other| from < other.seq && other.seq <= grant.seq)
            .count();
        let cap = before(&history.settings, grant.seq)
            .map_or(1, |settings| settings.value.calls.retries.policy.cap());
        if earlier > cap as usize {
            broken.push(Broken {
                rule: "cap",
                at: Some(grant.at),
                what: format!("call {earlier} about appointment {about}, allowed are {cap}"),
            });
        }
    }
}

/// First reminders, Call Now and campaigns keep eight hours; retries keep the delay of what they follow.
pub(super) fn gaps(history: &History, broken: &mut Vec<Broken>) {
    for call in &history.calls {
        let Some(grant) = history.grant(call.arrival.attempt) else {
            continue;
        };
        let Some(session) = history.session(call.arrival.session) else {
            continue;
        };
        let at = grant.value.attempt.granted_at;
        let others = history.calls.iter().filter_map(|other| {
            let theirs = history.grant(other.arrival.attempt)?;
            let before = theirs.seq < grant.seq && other.arrival.contact == call.arrival.contact;
            before.then_some((other, theirs.value.attempt.granted_at))
        });
        let Some((last, granted_at)) = others.max_by_key(|(_, granted_at)| *granted_at) else {
            continue;
        };
        // Nothing was known of the earlier call yet where it was only found later.
        let known = history
            .sessions
            .get(&last.arrival.session)
            .and_then(|versions| before(versions, grant.seq))
            .is_some_and(|row| row.value.session.call().is_some());
        if !known {
            continue;
        }
        let mut tell = |what: String| {
            broken.push(Broken {
                rule: "gap",
                at: Some(grant.at),
                what: format!("contact {}: {what}", call.arrival.contact),
            });
        };
        match session.session.method {
            Method::Retry => {
                if let Some(least) = least_delay(history, last)
                    && session.session.appointment
                        == history
                            .session(last.arrival.session)
                            .and_then(|row| row.session.appointment)
                    && at + SKEW * 2 < last.ended_at + least
                {
                    tell(format!(
                        "retried {} after {}",
                        at - last.ended_at,
                        last.reason
                    ));
                }
            }
            Method::Reminder => {
                let appointment = session.session.appointment;
                let again = history.calls.iter().any(|other| {
                    let theirs = history.grant(other.arrival.attempt);
                    theirs.is_some_and(|theirs| theirs.seq < grant.seq)
                        && history
                            .session(other.arrival.session)
                            .is_some_and(|row| row.session.appointment == appointment)
                });
                let latest = session.session.latest;
                let last_chance = latest.is_some_and(|latest| latest <= granted_at + GAP);
                let close = at - granted_at < GAP - SKEW * 2;
                let in_time = latest.is_some_and(|latest| latest - at <= LAST_CHANCE + SKEW * 2);
                if close && !again && !(last_chance && in_time) {
                    tell(format!(
                        "a first reminder {} after the last call",
                        at - granted_at
                    ));
                }
            }
            Method::ManualCallNow | Method::Campaign => {
                if at - granted_at < GAP - SKEW * 2 {
                    tell(format!("called {} after the last call", at - granted_at));
                }
            }
        }
    }
}

/// The shortest delay that any settings of the time gave a retry after this call.
fn least_delay(history: &History, call: &Rung) -> Option<TimeDelta> {
    let row = history.session(call.arrival.session)?;
    let report = row.session.report()?;
    let cause = match report.outcome {
        Outcome::Voicemail => RetryCause::Voicemail,
        Outcome::NoAnswer => RetryCause::NoAnswer,
        Outcome::Busy => RetryCause::Busy,
        Outcome::Failed => return Some(TimeDelta::hours(1)),
        Outcome::Answered => return None,
    };
    let settings = history.settings.iter();
    settings
        .map(|version| version.value.calls.retries.delays.after(cause))
        .min()
}

/// No number is called more than four times in 24 hours.
pub(super) fn abuse(history: &History, broken: &mut Vec<Broken>) {
    for call in &history.calls {
        let Some(grant) = history.grant(call.arrival.attempt) else {
            continue;
        };
        let at = grant.value.attempt.granted_at;
        let within = |other: DateTime<Utc>| at - other < TimeDelta::days(1) - SKEW && other <= at;
        let count = history
            .calls
            .iter()
            .filter(|other| other.arrival.number == call.arrival.number)
            .filter_map(|other| history.grant(other.arrival.attempt))
            .filter(|other| within(other.value.attempt.granted_at))
            .count();
        if count > A_DAY {
            broken.push(Broken {
                rule: "abuse",
                at: Some(at),
                what: format!("call {count} to {} in a day", call.arrival.number),
            });
        }
    }
}

/// No attempt without a decision record, and no session ended by a guard without one.
pub(super) fn decisions(history: &History, broken: &mut Vec<Broken>) {
    let mut tell = |at, what: String| {
        broken.push(Broken {
            rule: "decision record",
            at: Some(at),
            what,
        });
    };
    for (id, versions) in &history.attempts {
        let there = history
            .decisions
            .iter()
            .any(|row| row.attempt == Some(*id) && row.verdict == "place");
        if let Some(first) = versions.first()
            && !there
        {
            tell(first.at, format!("attempt {id} has none"));
        }
    }
    for (id, versions) in &history.sessions {
        let Some(last) = versions.last() else {
            continue;
        };
        let by_guard = matches!(
            last.value.session.state,
            SessionState::Cancelled {
                reason: vio_domain::calling::session::CancelReason::Guard,
                ..
            }
        );
        if by_guard && !history.decisions.iter().any(|row| row.session == *id) {
            tell(
                last.at,
                format!("session {id} was ended by a guard and has none"),
            );
        }
    }
}
