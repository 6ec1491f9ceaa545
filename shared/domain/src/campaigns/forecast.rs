//! When calls that wait will be placed, if nothing else happens: the gate's slots of the moment, today's limits, the
//! call hours, each campaign's pace, and what is ahead in the queue (rules.md Campaigns: within one window of the
//! truth).

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::member::SkipReason;
use crate::calendar::PermittedWindows;
use crate::calling::gate::Gate;
use crate::calling::limits::CallLimits;
use crate::calling::order::QueueItem;
use crate::ids::AttemptId;

/// How far ahead is looked. What lies beyond is answered [`Foreseen::Never`].
pub const HORIZON: TimeDelta = TimeDelta::days(90);

/// A call that waits.
#[derive(Debug, Clone, Copy)]
pub struct Waiting<'a> {
    /// Its place in the order of dialling.
    pub item: QueueItem,
    /// When the person may be rung.
    pub permitted: PermittedWindows<'a>,
    /// The pace it keeps, by its number in the list of paces. Calls of one pace are placed in the order given.
    pub pace: Option<usize>,
}

/// A pace that calls keep: the next no sooner than `turn_at`, and each so long after the one before it.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// The time from one call to the next.
    pub step: TimeDelta,
    /// From when the next may go.
    pub turn_at: DateTime<Utc>,
}

/// What will become of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Foreseen {
    /// It is placed then.
    At(DateTime<Utc>),
    /// It is passed over when its turn comes.
    Skipped(SkipReason),
    /// Not while calling is paused, or not within [`HORIZON`].
    Never,
}

/// Foresees the calls from the one with the number `asked` on, in the order given; those before it are played only as
/// far as that needs. `passed_over` says whether a call whose turn comes at an instant would be passed over then.
pub fn foresee(
    gate: &Gate,
    limits: &CallLimits,
    now: DateTime<Utc>,
    waiting: &[Waiting<'_>],
    paces: &[Pace],
    asked: usize,
    mut passed_over: impl FnMut(usize, DateTime<Utc>) -> Option<SkipReason>,
) -> Vec<Foreseen> {
    let mut found = vec![Foreseen::Never; waiting.len()];
    let mut gate = gate.clone();
    let mut paces = paces.to_vec();
    let mut queues: Vec<Vec<usize>> = vec![Vec::new(); paces.len()];
    let mut later: BinaryHeap<Reverse<(DateTime<Utc>, usize)>> = BinaryHeap::new();
    for (index, one) in waiting.iter().enumerate() {
        match one.pace.and_then(|pace| queues.get_mut(pace)) {
            Some(queue) => queue.push(index),
            None => later.push(Reverse((one.item.due.max(now), index))),
        }
    }
    for (queue, pace) in queues.iter_mut().zip(&paces) {
        // The first to be taken is the last of the list.
        queue.sort_by_key(|index| waiting[*index].item.due);
        queue.reverse();
        if let Some(first) = queue.pop() {
            let from = waiting[first].item.due.max(pace.turn_at).max(now);
            later.push(Reverse((from, first)));
        }
    }
    let mut ready: Vec<usize> = Vec::new();
    let mut at = now;
    let mut granted: u128 = 0;
    let mut unknown = waiting.len().saturating_sub(asked);
    while unknown > 0 {
        if ready.is_empty() {
            match later.peek() {
                None => return found,
                Some(Reverse((from, _))) => at = at.max(*from),
            }
        }
        let Some(free) = gate.available_at(at, limits) else {
            return found;
        };
        at = free;
        if now + HORIZON < at {
            return found;
        }
        while let Some(Reverse((from, index))) = later.peek().copied()
            && from <= at
        {
            later.pop();
            match waiting[index].permitted.next_permitted(at) {
                Some(from) if from <= at => ready.push(index),
                Some(from) => later.push(Reverse((from, index))),
                None => unknown -= usize::from(asked <= index),
            }
        }
        let first = (0..ready.len()).min_by(|a, b| {
            let (a, b) = (&waiting[ready[*a]].item, &waiting[ready[*b]].item);
            a.cmp_at(b, at)
        });
        let Some(place) = first else { continue };
        let index = ready.swap_remove(place);
        let one = &waiting[index];
        if !one.permitted.is_permitted(at) {
            // It was, when it became ready; the slot came later.
            match one.permitted.next_permitted(at) {
                Some(from) => later.push(Reverse((from, index))),
                None => unknown -= usize::from(asked <= index),
            }
            continue;
        }
        unknown -= usize::from(asked <= index);
        let skipped = passed_over(index, at);
        if let Some(reason) = skipped {
            found[index] = Foreseen::Skipped(reason);
        } else {
            let attempt = AttemptId::new(Uuid::from_u128(granted));
            granted += 1;
            if gate.grant(at, attempt, limits).is_ok() {
                gate.arrived(attempt, at, limits);
            }
            found[index] = Foreseen::At(at);
        }
        if let Some(number) = one.pace
            && let (Some(pace), Some(queue)) = (paces.get_mut(number), queues.get_mut(number))
        {
            if skipped.is_none() {
                pace.turn_at = at + pace.step;
            }
            if let Some(next) = queue.pop() {
                let from = waiting[next].item.due.max(pace.turn_at);
                later.push(Reverse((from, next)));
            }
        }
    }
    found
}

/// When the last of some calls is placed; None while one of them never is, or where none is placed at all.
pub fn last(foreseen: impl IntoIterator<Item = Foreseen>) -> Option<DateTime<Utc>> {
    let mut last = None;
    for one in foreseen {
        match one {
            Foreseen::At(at) => last = last.max(Some(at)),
            Foreseen::Skipped(_) => {}
            Foreseen::Never => return None,
        }
    }
    last
}
