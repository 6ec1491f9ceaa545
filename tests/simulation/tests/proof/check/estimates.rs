//! What the product said of when a waiting call will go, held against when it went (rules.md Campaigns: within one
//! window of the truth).

use chrono::TimeDelta;

use super::Broken;
use crate::history::{History, before};
use crate::provider::Rung;

/// The margin of the window, and the way to the provider.
pub(super) const FEW_SECONDS: TimeDelta = TimeDelta::seconds(5);

/// Every estimate is within one window of the truth. One that others came ahead of afterwards, which nobody could know,
/// may only not be too late.
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
        let late = truth - said > window && !overtaken;
        let early = said - truth > window;
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
