//! How it ends: every planned call settled exactly once or on the work list, nobody lost.

use vio_domain::calling::attempt::AttemptState;
use vio_domain::calling::session::SessionState;
use vio_domain::contact::VoiceConsent;
use vio_store::contacts::AppointmentRow;

use super::Broken;
use crate::history::{History, Version, before};

/// Whether an appointment was given a time anew: counts of attempts begin afresh.
pub(super) fn moved(pair: &[Version<AppointmentRow>]) -> bool {
    let set = |version: &Version<AppointmentRow>| (version.value.time, version.value.booked_at);
    set(&pair[0]) != set(&pair[1])
}

/// Every session has come to an end; what the table says of calls is what the provider did.
pub(super) fn sessions(history: &History, broken: &mut Vec<Broken>) {
    let mut tell = |at, what: String| {
        broken.push(Broken {
            rule: "settled",
            at,
            what,
        });
    };
    for (id, versions) in &history.sessions {
        let Some(last) = versions.last() else {
            continue;
        };
        let session = &last.value.session;
        let queued = history
            .queue
            .get(id)
            .and_then(|versions| versions.last())
            .is_some_and(|version| version.value.is_some());
        let planned = session.state == SessionState::Planned;
        if planned != queued {
            tell(
                Some(last.at),
                format!("session {id}: planned {planned}, in the queue {queued}"),
            );
        }
        let waits = planned && session.due > history.end;
        if !session.is_settled() && !waits {
            tell(
                Some(last.at),
                format!("session {id} is still {:?} at the end", session.state),
            );
        }
        // Settled once: no settled state is followed by another, except what was unknown and turned up.
        let mut settled: Option<&SessionState> = None;
        for version in versions {
            let state = &version.value.session.state;
            if let Some(before) = settled
                && before != state
                && !matches!(before, SessionState::Unknown { .. })
            {
                tell(Some(version.at), format!("session {id} settled twice"));
            }
            if version.value.session.is_settled() {
                settled = Some(state);
            }
        }
    }
    for (id, versions) in &history.attempts {
        let Some(last) = versions.last() else {
            continue;
        };
        let made = history.call_of(*id).map(|call| call.call_id.as_str());
        let fits = match &last.value.attempt.state {
            AttemptState::Placing => false,
            AttemptState::Placed {
                provider_call_id, ..
            } => made == Some(provider_call_id.as_str()),
            AttemptState::NotPlaced { .. } | AttemptState::Refused { .. } => made.is_none(),
            AttemptState::Unknown { .. } => true,
        };
        if !fits {
            let state = &last.value.attempt.state;
            tell(
                Some(last.at),
                format!("attempt {id} is {state:?}, the provider has {made:?}"),
            );
        }
    }
    for ((contact, id), versions) in &history.appointments {
        let never_moved = versions.windows(2).all(|pair| !moved(pair));
        let Some(last) = versions.last().filter(|_| never_moved) else {
            continue;
        };
        let about = |session| {
            history
                .session(session)
                .is_some_and(|row| row.session.appointment == Some(*id))
        };
        let called = history
            .calls
            .iter()
            .filter(|call| about(call.arrival.session))
            .count();
        let unknown = history
            .sessions
            .values()
            .filter_map(|versions| versions.last())
            .filter(|row| row.value.session.appointment == Some(*id))
            .filter(|row| matches!(row.value.session.state, SessionState::Unknown { .. }))
            .filter(|row| {
                let attempt = row.value.session.last_attempt.map(|(attempt, _)| attempt);
                attempt.is_none_or(|attempt| history.call_of(attempt).is_none())
            })
            .count();
        let counted = last.value.call_attempts as usize;
        if counted != called + unknown {
            tell(
                Some(last.at),
                format!(
                    "appointment {id} of {contact} counts {counted} attempts, there were {called} calls and {unknown} \
                     of unknown fate"
                ),
            );
        }
    }
}

/// Whoever should have been called was, or is on the work list. Judged for people with whom nothing was changed that
/// could be a reason not to call.
pub(super) fn people(history: &History, broken: &mut Vec<Broken>) {
    for ((contact, id), versions) in &history.appointments {
        let (Some(first), Some(last)) = (versions.first(), versions.last()) else {
            continue;
        };
        let Some(rows) = history.contacts.get(contact) else {
            continue;
        };
        let listed = rows
            .iter()
            .filter_map(|row| row.value.phone_hash)
            .any(|hash| history.listed.contains_key(&hash.to_string()));
        let steady = rows.iter().all(|version| {
            let row = &version.value;
            row.deleted.is_none()
                && !row.do_not_contact
                && matches!(row.preferences.voice_consent, VoiceConsent::Given { .. })
        });
        let by_staff = versions.iter().any(|version| {
            matches!(version.value.status.as_str(), "cancelled" | "confirmed")
                && !answered(history, id, version.seq)
        });
        let moved = versions.windows(2).any(moved);
        let lead = first.value.time - first.value.booked_at.unwrap_or(first.at);
        let past = last.value.time < history.end;
        if !steady || listed || by_staff || moved || !past || lead.num_minutes() < 30 {
            continue;
        }
        let called = history.calls.iter().any(|call| {
            history
                .session(call.arrival.session)
                .is_some_and(|row| row.session.appointment == Some(*id))
        });
        let listed = history
            .attention
            .iter()
            .any(|row| row.contact == *contact && row.appointment.is_none_or(|about| about == *id));
        let reached_before = history.decisions.iter().any(|row| {
            row.contact == *contact
                && row.verdict == "settle"
                && row.decisions.iter().any(|d| d.for_good || !d.passed)
                && history
                    .session(row.session)
                    .is_some_and(|row| row.session.appointment == Some(*id))
                && history
                    .calls
                    .iter()
                    .any(|call| call.arrival.contact == *contact)
        });
        if !(called || listed || reached_before) {
            broken.push(Broken {
                rule: "nobody lost",
                at: Some(last.value.time),
                what: format!(
                    "contact {contact} was neither called about appointment {id} nor handed to staff"
                ),
            });
        }
    }
}

/// Whether a call about the appointment had been answered before a place in the order of all that happens.
fn answered(history: &History, appointment: &vio_domain::ids::AppointmentId, seq: u64) -> bool {
    history.calls.iter().any(|call| {
        let about = history
            .session(call.arrival.session)
            .is_some_and(|row| row.session.appointment == Some(*appointment));
        let granted = history
            .attempts
            .get(&call.arrival.attempt)
            .and_then(|versions| before(versions, seq));
        about && granted.is_some()
    })
}
