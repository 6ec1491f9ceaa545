//! When calls that wait will be placed, if nothing else happens: the gate's slots of the moment, today's limits, the
//! call hours, each campaign's pace, what is ahead in the queue, whose planned call a campaign takes the place of, and
//! which calls give way because their number is being rung (rules.md Campaigns: within one window of the truth).

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, HashSet};

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::member::SkipReason;
use crate::calendar::PermittedWindows;
use crate::calling::abuse::blocked_until;
use crate::calling::gate::Gate;
use crate::calling::guards::{GAP, IN_FLIGHT_RECHECK, SettleReason};
use crate::calling::limits::CallLimits;
use crate::calling::order::{Band, QueueItem};
use crate::ids::{AttemptId, ContactId};

/// How far ahead is looked. What lies beyond is answered [`Foreseen::Never`].
pub const HORIZON: TimeDelta = TimeDelta::days(90);
/// How long a call is taken to last by those that wait for its number. Nobody can know.
pub const USUAL_CALL: TimeDelta = TimeDelta::minutes(3);
/// Calls of one band that lie ready in the dial queue at most: what the pump reads of a band at a time.
const MOST_READY: u32 = 50;

/// Calls that campaigns of one priority have in the dial queue at most, so that no slot idles.
pub fn most_ready(limits: &CallLimits) -> u32 {
    limits.limit().saturating_mul(2).min(MOST_READY)
}

/// A call that waits.
#[derive(Debug, Clone, Copy)]
pub struct Waiting<'a> {
    /// Its place in the order of dialling.
    pub item: QueueItem,
    /// When the person may be rung.
    pub permitted: PermittedWindows<'a>,
    /// The pace it keeps, by its number in the list of paces. Calls of one pace are placed in the order given.
    pub pace: Option<usize>,
    /// Whom it rings, where that is known.
    pub contact: Option<ContactId>,
    /// The phone it rings: calls with the same one are never in flight together. Any name will do.
    pub phone: Option<usize>,
    /// The planned call, by its place in the list, whose place it takes once its campaign hands it to the dial queue.
    pub takes: Option<usize>,
    /// The call of that person, by its place in the list, that somebody pressed for or another campaign has handed over:
    /// its campaign looks at them again once that one is over.
    pub behind: Option<usize>,
}

/// A pace that calls keep: the next no sooner than `turn_at`, and each so long after the one before it.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// The time from one call to the next.
    pub step: TimeDelta,
    /// From when the next may go.
    pub turn_at: DateTime<Utc>,
}

/// How things stand when the play begins.
#[derive(Debug, Clone, Copy)]
pub struct Standing<'a> {
    /// The slots in use.
    pub gate: &'a Gate,
    /// The tenant's limits.
    pub limits: &'a CallLimits,
    /// The instant of all this.
    pub now: DateTime<Utc>,
    /// The paces that calls keep.
    pub paces: &'a [Pace],
    /// Phones that are being rung, and until when that is thought to last.
    pub ringing: &'a [(usize, DateTime<Utc>)],
    /// People who were rung lately, and when.
    pub rung: &'a [(ContactId, DateTime<Utc>)],
    /// Phones that were rung in the last day, and when: there is a limit to it.
    pub dialled: &'a [(usize, Vec<DateTime<Utc>>)],
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

/// What is known so far.
struct Known<'a> {
    waiting: &'a [Waiting<'a>],
    asked: usize,
    found: Vec<Foreseen>,
    /// Calls asked about of which nothing is known yet.
    unknown: usize,
    /// By planned call: the campaign's call that took its place.
    taken: HashMap<usize, usize>,
    /// Planned calls taken out of the play meanwhile.
    out: HashSet<usize>,
    /// When a person is rung.
    rung: HashMap<ContactId, DateTime<Utc>>,
    /// Until when a phone rings.
    ringing: HashMap<usize, DateTime<Utc>>,
    /// When a phone was rung in the last day.
    dialled: HashMap<usize, Vec<DateTime<Utc>>>,
    /// By call: those that wait until it is over.
    parked: HashMap<usize, Vec<usize>>,
    /// Calls of which it is known what becomes of them, or that nothing does.
    over: HashSet<usize>,
}

impl Known<'_> {
    fn forget(&mut self, index: usize) {
        self.over.insert(index);
        self.unknown -= usize::from(self.asked <= index);
    }

    /// Puts a call aside whose person has another one that waits; says whether it did.
    fn park(&mut self, index: usize) -> bool {
        match self.waiting[index].behind {
            Some(other) if !self.over.contains(&other) => {
                self.parked.entry(other).or_default().push(index);
                true
            }
            _ => false,
        }
    }

    /// Those put aside whose other call is over.
    fn unpark(&mut self) -> Vec<usize> {
        let over = &self.over;
        let free = self.parked.extract_if(|other, _| over.contains(other));
        let mut free: Vec<usize> = free.flat_map(|(_, parked)| parked).collect();
        free.sort_unstable();
        free
    }

    /// Writes down what becomes of a call, and of the planned one whose place it took. A planned call that comes back
    /// into the play is returned.
    fn settle(&mut self, index: usize, what: Foreseen) -> Option<usize> {
        self.found[index] = what;
        self.forget(index);
        if let Foreseen::At(at) = what {
            let one = &self.waiting[index];
            self.rung.extend(one.contact.map(|contact| (contact, at)));
            if let Some(phone) = one.phone {
                self.ringing.insert(phone, at + USUAL_CALL);
                self.dialled.entry(phone).or_default().push(at);
            }
        }
        let planned = self.waiting[index].takes?;
        if self.taken.get(&planned) != Some(&index) {
            return None;
        }
        if let Foreseen::Skipped(_) = what {
            self.taken.remove(&planned);
            return self.out.take(&planned);
        }
        self.found[planned] = what;
        self.forget(planned);
        None
    }

    /// Campaigns hand over as many of their calls as there is room for; each takes the place of the call that was planned
    /// for that person.
    fn hand_over(&mut self, ready: &mut Vec<usize>, at: DateTime<Utc>, most: usize) {
        let waiting = self.waiting;
        for band in [
            Band::UrgentCampaign,
            Band::HighCampaign,
            Band::NormalCampaign,
        ] {
            let of_band = |index: &usize| waiting[*index].item.band == band;
            let mut first: Vec<usize> = ready.iter().copied().filter(of_band).collect();
            if most < first.len() {
                first.select_nth_unstable_by(most, |a, b| {
                    waiting[*a].item.cmp_at(&waiting[*b].item, at)
                });
            }
            for index in first.into_iter().take(most) {
                if let Some(planned) = waiting[index].takes
                    && self.found[planned] == Foreseen::Never
                    && !self.taken.contains_key(&planned)
                {
                    self.taken.insert(planned, index);
                    if let Some(place) = ready.iter().position(|other| *other == planned) {
                        ready.swap_remove(place);
                        self.out.insert(planned);
                    }
                }
            }
        }
    }

    /// A campaign passes over whoever was rung shortly before.
    fn rung_recently(&self, index: usize, at: DateTime<Utc>) -> Option<SkipReason> {
        let one = &self.waiting[index];
        let last = self.rung.get(&one.contact?)?;
        let recently = one.item.band.is_campaign() && at < *last + GAP;
        recently.then(|| SettleReason::CalledRecently.into())
    }

    /// When a call whose phone is being rung, or was rung as often as a day allows, is looked at again, as the guards say.
    fn gives_way(&self, index: usize, at: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let phone = self.waiting[index].phone?;
        let ringing = self.ringing.get(&phone).filter(|until| at < **until);
        let recheck = ringing.map(|_| at + IN_FLIGHT_RECHECK);
        let attempts = self.dialled.get(&phone);
        recheck.max(attempts.and_then(|attempts| blocked_until(attempts, at)))
    }
}

/// Foresees the calls from the one with the number `asked` on, in the order given; those before it are played only as
/// far as that needs. `passed_over` says whether a call whose turn comes at an instant would be passed over then.
pub fn foresee(
    standing: Standing<'_>,
    waiting: &[Waiting<'_>],
    asked: usize,
    mut passed_over: impl FnMut(usize, DateTime<Utc>) -> Option<SkipReason>,
) -> Vec<Foreseen> {
    let Standing { limits, now, .. } = standing;
    let mut known = Known {
        waiting,
        asked,
        found: vec![Foreseen::Never; waiting.len()],
        unknown: waiting.len().saturating_sub(asked),
        taken: HashMap::new(),
        out: HashSet::new(),
        rung: standing.rung.iter().copied().collect(),
        ringing: standing.ringing.iter().copied().collect(),
        dialled: standing.dialled.iter().cloned().collect(),
        parked: HashMap::new(),
        over: HashSet::new(),
    };
    let takers = waiting.iter().any(|one| one.takes.is_some());
    let most = usize::try_from(most_ready(limits)).unwrap_or(usize::MAX);
    let mut gate = standing.gate.clone();
    let mut paces = standing.paces.to_vec();
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
    // The pump redates what is due outside the permitted hours: it comes in the order of the new instants.
    let mut items: Vec<QueueItem> = waiting.iter().map(|one| one.item).collect();
    let put_off = |items: &mut [QueueItem], index: usize, until: DateTime<Utc>| {
        if !waiting[index].item.band.is_campaign() {
            items[index].due = items[index].due.max(until);
        }
    };
    let mut ready: Vec<usize> = Vec::new();
    let mut at = now;
    let mut granted: u128 = 0;
    while known.unknown > 0 {
        for index in known.unpark() {
            later.push(Reverse((waiting[index].item.due.max(at), index)));
        }
        if ready.is_empty() {
            match later.peek() {
                None => return known.found,
                Some(Reverse((from, _))) => at = at.max(*from),
            }
        }
        let Some(free) = gate.available_at(at, limits) else {
            return known.found;
        };
        at = free;
        if now + HORIZON < at {
            return known.found;
        }
        while let Some(Reverse((from, index))) = later.peek().copied()
            && from <= at
        {
            later.pop();
            if known.taken.contains_key(&index) {
                known.out.insert(index);
                continue;
            }
            match waiting[index].permitted.next_permitted(at) {
                Some(from) if from <= at => ready.push(index),
                Some(from) => {
                    put_off(&mut items, index, from);
                    later.push(Reverse((from, index)));
                }
                None => known.forget(index),
            }
        }
        if takers {
            known.hand_over(&mut ready, at, most);
        }
        let first = (0..ready.len()).min_by(|a, b| {
            let (a, b) = (&items[ready[*a]], &items[ready[*b]]);
            a.cmp_at(b, at)
        });
        let Some(place) = first else { continue };
        let index = ready.swap_remove(place);
        let one = &waiting[index];
        let turn = one.pace.and_then(|pace| paces.get(pace));
        if let Some(pace) = turn.filter(|pace| at < pace.turn_at) {
            // Put aside once, it comes back beside another of its campaign.
            later.push(Reverse((pace.turn_at, index)));
            continue;
        }
        if known.park(index) {
            let queue = one.pace.and_then(|pace| queues.get_mut(pace));
            if let Some(next) = queue.and_then(Vec::pop) {
                later.push(Reverse((waiting[next].item.due.max(at), next)));
            }
            continue;
        }
        if !one.permitted.is_permitted(at) {
            // It was, when it became ready; the slot came later.
            match one.permitted.next_permitted(at) {
                Some(from) => {
                    put_off(&mut items, index, from);
                    later.push(Reverse((from, index)));
                }
                None => known.forget(index),
            }
            continue;
        }
        let skipped = known
            .rung_recently(index, at)
            .or_else(|| passed_over(index, at));
        if skipped.is_none()
            && let Some(again) = known.gives_way(index, at)
        {
            items[index].due = items[index].due.max(again);
            later.push(Reverse((again, index)));
            continue;
        }
        let what = skipped.map_or(Foreseen::At(at), Foreseen::Skipped);
        if skipped.is_none() {
            let attempt = AttemptId::new(Uuid::from_u128(granted));
            granted += 1;
            if gate.grant(at, attempt, limits).is_ok() {
                gate.arrived(attempt, at, limits);
            }
        }
        if let Some(given_back) = known.settle(index, what) {
            later.push(Reverse((waiting[given_back].item.due.max(at), given_back)));
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
    known.found
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
