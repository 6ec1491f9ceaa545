//! What holds where nothing goes wrong: every slot is used while work waits, and work goes in order.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use vio_domain::calling::order::Band;
use vio_domain::campaigns::State;

use super::{Broken, permission};
use crate::history::{History, Version, before};
use vio_store::calling::rows::DialRow;

/// From an instant at which a call may be placed until it is: the tick's minute or a wake-up, and the grants before it.
const FEW_SECONDS: TimeDelta = TimeDelta::seconds(5);
/// New work is found by the tick.
const TICK: TimeDelta = TimeDelta::seconds(61);
/// What a reminder's end moves it ahead of.
const CLOSING: TimeDelta = TimeDelta::hours(1);

/// A call that waited: from when it could have been placed, and when it was granted.
struct Wait<'a> {
    row: &'a DialRow,
    from: DateTime<Utc>,
    granted: &'a Version<vio_store::calling::sessions::AttemptRow>,
    at: DateTime<Utc>,
}

/// The waits of all calls that were placed: each from its queue item's instant, or the item's writing if later.
fn waits(history: &History) -> Vec<Wait<'_>> {
    let mut waits = Vec::new();
    for call in &history.calls {
        let Some(granted) = history.grant(call.arrival.attempt) else {
            continue;
        };
        let queued = history
            .queue
            .get(&call.arrival.session)
            .and_then(|versions| before(versions, granted.seq));
        if let Some(version) = queued
            && let Some(row) = &version.value
        {
            waits.push(Wait {
                row,
                from: row.due.max(version.at),
                granted,
                at: call.arrival.at,
            });
        }
    }
    waits
}

/// No slot idles for more than a few seconds while a call waits that may be placed.
pub(super) fn full_use(history: &History, broken: &mut Vec<Broken>) {
    let numbers = history.numbers;
    let window = TimeDelta::seconds(numbers.window);
    let mut created: Vec<DateTime<Utc>> =
        history.calls.iter().map(|call| call.arrival.at).collect();
    created.sort();
    for wait in waits(history) {
        // Looks at each instant at which a slot came free while the call waited.
        let start = wait.from + TICK + FEW_SECONDS;
        let freed = created
            .iter()
            .map(|at| *at + window + TimeDelta::seconds(1) + FEW_SECONDS);
        let mut instants: Vec<DateTime<Utc>> = freed.filter(|at| start < *at).collect();
        instants.push(start);
        instants.sort();
        for instant in instants {
            if instant >= wait.granted.at {
                break;
            }
            let seen = instant - FEW_SECONDS;
            let used = created
                .iter()
                // A slot lives from its grant; one that was granted meanwhile is used, too.
                .filter(|at| seen - window - TimeDelta::seconds(1) < **at && **at <= instant)
                .count();
            if used < numbers.limit as usize && !blocked(history, &created, seen, wait.row) {
                broken.push(Broken {
                    rule: "full use",
                    at: Some(instant),
                    what: format!(
                        "session {} waited from {} to {} though {used} of {} slots were used",
                        wait.row.session, wait.from, wait.at, numbers.limit
                    ),
                });
                break;
            }
        }
    }
}

/// Whether something else than the window kept a call from being placed: the hours, the day, midnight's nearness.
fn blocked(
    history: &History,
    created: &[DateTime<Utc>],
    seen: DateTime<Utc>,
    row: &DialRow,
) -> bool {
    let Some(settings) = crate::history::at(&history.settings, seen) else {
        return true;
    };
    let settings = &settings.value;
    let zone = settings.business.timezone;
    let theirs = history
        .contacts
        .get(&row.contact)
        .and_then(|versions| crate::history::at(versions, seen))
        .and_then(|contact| contact.value.preferences.timezone)
        .unwrap_or(zone);
    let near = TimeDelta::seconds(history.numbers.bound + 10);
    let date = |at: DateTime<Utc>| at.with_timezone(&zone).date_naive();
    let today = created
        .iter()
        .filter(|at| **at <= seen && date(**at) == date(seen))
        .count();
    !permission::permitted(settings, theirs, seen)
        || !permission::permitted(settings, theirs, seen + FEW_SECONDS)
        || today >= history.numbers.daily as usize
        || date(seen + near) != date(seen)
        || crate::history::at(&history.gate, seen)
            .is_some_and(|gate| gate.value.gate.paused().is_some())
}

fn rank(row: &DialRow, at: DateTime<Utc>) -> (u8, DateTime<Utc>, std::cmp::Reverse<u8>) {
    let closing =
        row.band == Band::Reminder && row.latest.is_some_and(|latest| latest - at <= CLOSING);
    let band = match row.band {
        Band::CallNow => 0,
        Band::Reminder if closing => 1,
        Band::UrgentCampaign => 2,
        Band::Reminder => 3,
        Band::HighCampaign => 4,
        Band::NormalCampaign => 5,
    };
    (band, row.due, std::cmp::Reverse(row.priority as u8))
}

/// Of two calls that both wait, the one that comes first is granted first.
pub(super) fn order(history: &History, broken: &mut Vec<Broken>) {
    let waits = waits(history);
    for later in &waits {
        for sooner in &waits {
            let both_wait = sooner.from.max(later.from) + FEW_SECONDS < sooner.granted.at;
            let overtaken = sooner.granted.seq < later.granted.seq;
            let at = sooner.granted.at;
            if both_wait
                && overtaken
                && later.from + FEW_SECONDS * 2 < at
                && rank(later.row, at) < rank(sooner.row, at)
                && rank(later.row, at - FEW_SECONDS * 6) < rank(sooner.row, at - FEW_SECONDS * 6)
                && !blocked(history, &[], at, later.row)
            {
                broken.push(Broken {
                    rule: "order",
                    at: Some(at),
                    what: format!(
                        "session {} was granted before {}, which came first",
                        sooner.row.session, later.row.session
                    ),
                });
            }
        }
    }
}

/// How long after its end a call that missed its window may lie in the queue: a gate that is shut is looked at that
/// often.
const MISSED_WITHIN: TimeDelta = TimeDelta::minutes(16);

/// A call that missed its window ends then, so that staff hears of it, and not when the gate opens again.
pub(super) fn missed(history: &History, broken: &mut Vec<Broken>) {
    for (session, versions) in &history.queue {
        for (index, version) in versions.iter().enumerate() {
            let Some(latest) = version.value.as_ref().and_then(|row| row.latest) else {
                continue;
            };
            let until = versions.get(index + 1).map_or(history.end, |next| next.at);
            if until > latest + MISSED_WITHIN {
                broken.push(Broken {
                    rule: "missed",
                    at: Some(latest + MISSED_WITHIN),
                    what: format!(
                        "session {session} waits until {until}, its window ended {latest}"
                    ),
                });
            }
        }
    }
}

/// Wake-ups stay within one a call placed and two a window in which work waited, and one for each look at a call whose
/// number is still being rung for another.
pub(super) fn messages(history: &History, broken: &mut Vec<Broken>) {
    let mut windows = BTreeSet::new();
    for versions in history.queue.values() {
        for (index, version) in versions.iter().enumerate() {
            let Some(row) = &version.value else { continue };
            let until = versions.get(index + 1).map_or(history.end, |next| next.at);
            let mut at = row.due.max(version.at);
            while at <= until {
                windows.insert(at.timestamp() / history.numbers.window);
                at += TimeDelta::seconds(history.numbers.window);
            }
            if row.due <= until {
                windows.insert(until.timestamp() / history.numbers.window);
            }
        }
    }
    // Members of a campaign that nobody handed over yet wait, too.
    for versions in history.campaigns.values() {
        for (index, version) in versions.iter().enumerate() {
            let until = versions.get(index + 1).map_or(history.end, |next| next.at);
            if matches!(version.value.state, State::Preparing | State::Executing) {
                let numbers = |at: DateTime<Utc>| at.timestamp() / history.numbers.window;
                windows.extend(numbers(version.at)..=numbers(until));
            }
        }
    }
    let looks = looks(history);
    let allowed = history.calls.len() + 2 * windows.len() + looks;
    if history.wake_ups.len() > allowed {
        broken.push(Broken {
            rule: "messages",
            at: None,
            what: format!(
                "{} wake-ups for {} calls in {} windows, and {looks} looks at numbers in flight",
                history.wake_ups.len(),
                history.calls.len(),
                windows.len()
            ),
        });
    }
}

/// How often a call that waited was put off while its number was being rung.
fn looks(history: &History) -> usize {
    let in_flight = |number: &str, at: DateTime<Utc>| {
        history.calls.iter().any(|call| {
            let hash = vio_domain::phone::E164::try_from(call.arrival.number.clone())
                .map(|number| history.store.phone_hash(&number).to_string());
            hash.is_ok_and(|hash| hash == number)
                && call.arrival.at <= at + FEW_SECONDS
                && at <= call.analyzed_at + FEW_SECONDS
        })
    };
    let mut looks = 0;
    for versions in history.queue.values() {
        for pair in versions.windows(2) {
            let (Some(old), Some(new)) = (&pair[0].value, &pair[1].value) else {
                continue;
            };
            let number = history
                .contacts
                .get(&new.contact)
                .and_then(|rows| before(rows, pair[1].seq))
                .and_then(|row| row.value.phone_hash);
            let rung = number.is_some_and(|number| in_flight(&number.to_string(), pair[1].at));
            looks += usize::from(old.due < new.due && rung);
        }
    }
    looks
}
