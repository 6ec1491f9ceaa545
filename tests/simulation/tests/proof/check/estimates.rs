//! What the product said of when a waiting call will go, held against when it went (rules.md Campaigns: within one
//! window of the truth).

use chrono::{DateTime, TimeDelta, Utc};

use super::Broken;
use crate::history::{Estimate, History, at, before};
use crate::provider::Rung;

/// The margin of the window, and the way to the provider.
pub(super) const FEW_SECONDS: TimeDelta = TimeDelta::seconds(5);
/// How long a call is taken to hold its number. Nobody knows of one that will last longer.
const USUAL_CALL: TimeDelta = TimeDelta::minutes(3);

/// Every estimate is within one window of the truth. One that others came ahead of afterwards, or whose number was rung
/// for longer than calls last, which nobody could know, may only not be too late; one whose number lost the call ahead of
/// it to a campaign begun afterwards may be.
pub(super) fn waiting(history: &History, broken: &mut Vec<Broken>) {
    let window = TimeDelta::seconds(history.numbers.window) + FEW_SECONDS;
    for estimate in &history.estimates {
        let call = history
            .calls
            .iter()
            .find(|call| call.arrival.session == estimate.session);
        let Some(call) = call else { continue };
        let truth = call.arrival.at;
        if estimate.position.is_some() && estimate.instant.is_none() {
            // It waits, and nothing is promised: by what is known it misses its window.
            continue;
        }
        // Nothing said is: it goes at once.
        let said = estimate.instant.unwrap_or(estimate.at);
        history
            .estimates_judged
            .set(history.estimates_judged.get() + 1);
        let known = |other: &Rung| {
            history
                .grant(other.arrival.attempt)
                .zip(history.queue.get(&other.arrival.session))
                .and_then(|(grant, versions)| before(versions, grant.seq))
                .and_then(|version| Some(version.at.max(version.value.as_ref()?.due)))
                .is_some_and(|from| from <= estimate.at)
        };
        let overtaken = history.calls.iter().any(|other| {
            let placed = other.arrival.at;
            estimate.at < placed && placed < truth && !known(other)
        });
        let late = truth - said > window && !overtaken && !held_up(history, call);
        let early = said - truth > window && !relieved(history, estimate, truth);
        if late || early {
            broken.push(Broken {
                rule: "estimate",
                at: Some(estimate.at),
                what: format!(
                    "session {}, number {:?}, was said to go at {said:?}, and went at {truth:?}",
                    estimate.session, estimate.position
                ),
            });
        }
    }
}

/// Whether a call waited for another to the same number that lasted longer than calls usually do.
pub(super) fn held_up(history: &History, call: &Rung) -> bool {
    let window = TimeDelta::seconds(history.numbers.window) + FEW_SECONDS;
    let placed = call.arrival.at;
    history.calls.iter().any(|other| {
        other.arrival.number == call.arrival.number
            && other.arrival.at < placed
            && other.ended_at - other.arrival.at > USUAL_CALL
            && placed - other.ended_at <= window
    })
}

/// Whether a campaign begun since the estimate took over a call to the same number before the estimated one went: it was
/// ahead, and is not any more.
fn relieved(history: &History, estimate: &Estimate, truth: DateTime<Utc>) -> bool {
    let number = |session| {
        let row = &at(history.sessions.get(session)?, estimate.at)?.value;
        let contact = history.contacts.get(&row.session.contact)?;
        at(contact, estimate.at)?.value.phone_hash
    };
    let Some(ours) = number(&estimate.session) else {
        return false;
    };
    let begun_since = |campaign| {
        let versions = history.campaigns.get(campaign);
        versions
            .and_then(|versions| versions.first())
            .is_some_and(|first| estimate.at < first.at)
    };
    history.sessions.iter().any(|(session, versions)| {
        let taken_over = versions.iter().any(|version| {
            let place = version.value.in_campaign.as_ref();
            estimate.at < version.at
                && version.at <= truth
                && place.is_some_and(|place| begun_since(&place.campaign))
        });
        taken_over && *session != estimate.session && number(session).as_ref() == Some(&ours)
    })
}
