//! The gate: one tenant's throttle, exact over any rolling window and any local day (S0, rules.md The call throttle).
//!
//! Pure state: every instant comes in. One item holds it; each change of it is written on condition of the version read.

use std::collections::BTreeMap;

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::day::{day_start, next_midnight};
use super::limits::{CallLimits, SKEW_MARGIN};
use super::pause::{Pause, PauseReason, PausedBy};
use crate::ids::AttemptId;
use crate::notices::Limit;

/// How long grants per quarter hour are remembered: two local days of the longest kind, with room for a zone change.
const DAY_MEMORY: TimeDelta = TimeDelta::hours(49);

/// Wake-ups other than Call Now's are gathered for this long (rules.md Full use).
pub const WAKE_COALESCE: TimeDelta = TimeDelta::seconds(3);

/// A quarter hour of UTC, counted from the epoch. Every zone's midnight falls on the start of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Quarter(i64);

impl Quarter {
    const SECONDS: i64 = 900;

    /// The quarter hour that `at` lies in.
    pub const fn of(at: DateTime<Utc>) -> Self {
        Self(at.timestamp().div_euclid(Self::SECONDS))
    }

    /// Its first instant.
    pub fn start(self) -> DateTime<Utc> {
        let seconds = self.0.saturating_mul(Self::SECONDS);
        DateTime::from_timestamp(seconds, 0).unwrap_or(DateTime::<Utc>::MIN_UTC)
    }
}

impl From<Quarter> for String {
    fn from(quarter: Quarter) -> Self {
        quarter.0.to_string()
    }
}

impl TryFrom<String> for Quarter {
    type Error = std::num::ParseIntError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse().map(Self)
    }
}

/// One unit of the rolling window, held by an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Slot {
    /// Free again from this instant on: latest possible arrival + window + margin.
    expires_at: DateTime<Utc>,
    /// The quarter hour whose count the grant raised.
    quarter: Quarter,
}

/// A zone whose day still counts after the tenant moved to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct OldZone {
    zone: Tz,
    until: DateTime<Utc>,
    adopted_today: bool,
}

/// One tenant's throttle.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gate {
    zone: Tz,
    settings_version: u64,
    slots: BTreeMap<AttemptId, Slot>,
    quarters: BTreeMap<Quarter, u32>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    old_zones: Vec<OldZone>,
    /// Until the end of the day on which the zone was adopted: what was granted just before its midnight, by the
    /// day of another zone, may have arrived after it and counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    adopted_until: Option<DateTime<Utc>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    paused: Option<Pause>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    resumed_at: Option<DateTime<Utc>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    back_off_until: Option<DateTime<Utc>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    next_pump_at: Option<DateTime<Utc>>,
    /// The day, by its first instant, and the share of its limit in percent that administrators were last told of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    told: Option<(DateTime<Utc>, u8)>,
}

/// A slot was granted; the attempt may be sent until `bound`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grant {
    /// Every send of the attempt ends before this.
    pub bound: DateTime<Utc>,
    /// When the slot is free again, if nothing more is heard of the attempt.
    pub slot_expiry: DateTime<Utc>,
}

/// No slot now. `until` is the instant from which, by what is known now, one will be granted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum GateRefusal {
    /// The rolling window is full.
    #[error("the rolling window is full until {until}")]
    WindowFull {
        /// When a slot comes free.
        until: DateTime<Utc>,
    },
    /// The local day's attempts are used up.
    #[error("the day's limit is reached until {until}")]
    DailyLimit {
        /// When the next day allows one.
        until: DateTime<Utc>,
    },
    /// So near to local midnight that the call could arrive on the next day.
    #[error("too near to midnight until {until}")]
    NearMidnight {
        /// When the next day allows one.
        until: DateTime<Utc>,
    },
    /// The provider asked for quiet.
    #[error("the provider asked for quiet until {until}")]
    BackOff {
        /// When it may be asked again.
        until: DateTime<Utc>,
    },
    /// Calling is paused until a person resumes it.
    #[error("calling is paused")]
    Paused(Pause),
    /// The attempt already has a slot.
    #[error("the attempt already has a slot")]
    AlreadyGranted,
}

impl GateRefusal {
    /// When a slot will be granted, by what is known now; `None` while paused.
    pub const fn until(&self) -> Option<DateTime<Utc>> {
        match *self {
            Self::WindowFull { until }
            | Self::DailyLimit { until }
            | Self::NearMidnight { until }
            | Self::BackOff { until } => Some(until),
            Self::Paused(_) | Self::AlreadyGranted => None,
        }
    }

    /// The same refusal, until another instant.
    const fn moved_to(self, until: DateTime<Utc>) -> Self {
        match self {
            Self::WindowFull { .. } => Self::WindowFull { until },
            Self::DailyLimit { .. } => Self::DailyLimit { until },
            Self::NearMidnight { .. } => Self::NearMidnight { until },
            Self::BackOff { .. } => Self::BackOff { until },
            Self::Paused(_) | Self::AlreadyGranted => self,
        }
    }
}

#[derive(Clone, Copy)]
enum Block {
    BackOff,
    Window,
    Day,
    Midnight,
}

impl Gate {
    /// The gate of a tenant that has not called yet.
    pub const fn new(zone: Tz, settings_version: u64) -> Self {
        Self {
            zone,
            settings_version,
            slots: BTreeMap::new(),
            quarters: BTreeMap::new(),
            old_zones: Vec::new(),
            adopted_until: None,
            paused: None,
            resumed_at: None,
            back_off_until: None,
            next_pump_at: None,
            told: None,
        }
    }

    /// Takes a slot for `attempt`, or says why not and until when.
    ///
    /// # Errors
    /// [`GateRefusal`]; the state is then unchanged.
    pub fn grant(
        &mut self,
        now: DateTime<Utc>,
        attempt: AttemptId,
        limits: &CallLimits,
    ) -> Result<Grant, GateRefusal> {
        if self.slots.contains_key(&attempt) {
            return Err(GateRefusal::AlreadyGranted);
        }
        self.check(now, limits)?;
        self.prune(now);
        let bound = now + limits.placement_bound();
        let slot_expiry = bound + limits.window() + SKEW_MARGIN;
        let quarter = Quarter::of(now);
        self.slots.insert(
            attempt,
            Slot {
                expires_at: slot_expiry,
                quarter,
            },
        );
        *self.quarters.entry(quarter).or_insert(0) += 1;
        Ok(Grant { bound, slot_expiry })
    }

    /// Whether a slot would be granted now, without taking it.
    ///
    /// # Errors
    /// What [`Gate::grant`] would answer. Where several things forbid it, the one that lasts longest is named.
    pub fn check(&self, now: DateTime<Utc>, limits: &CallLimits) -> Result<(), GateRefusal> {
        if let Some(pause) = self.paused {
            return Err(GateRefusal::Paused(pause));
        }
        let Some((block, own)) = self.longest_block(now, limits) else {
            return Ok(());
        };
        let until = self.available_at(now, limits).unwrap_or(own);
        Err(match block {
            Block::BackOff => GateRefusal::BackOff { until },
            Block::Window => GateRefusal::WindowFull { until },
            Block::Day => GateRefusal::DailyLimit { until },
            Block::Midnight => GateRefusal::NearMidnight { until },
        })
    }

    /// Whether one more call could go at `now` after `ahead` others that wait for a slot as well (Call Now's check of
    /// the limits: slots used and waiting calls stay below the limit).
    ///
    /// # Errors
    /// What forbids it; its instant is when the call would go, if each of those ahead went as soon as it can.
    pub fn check_after(
        &self,
        now: DateTime<Utc>,
        ahead: u32,
        limits: &CallLimits,
    ) -> Result<(), GateRefusal> {
        let mut gate = self.clone();
        let mut refused = gate.check(now, limits);
        for call in 0..ahead {
            if refused.is_err() {
                break;
            }
            let stand_in = AttemptId::new(Uuid::from_u128(u128::from(call)));
            // Cannot fail: it was asked just now.
            let _ = gate.grant(now, stand_in, limits);
            gate.arrived(stand_in, now, limits);
            refused = gate.check(now, limits);
        }
        let Some(at) = self.forecast(now, ahead.saturating_add(1), limits) else {
            return refused;
        };
        refused.map_err(|refusal| refusal.moved_to(at))
    }

    /// The provider answered at `answer_at`, so the request had arrived by then: the slot lives from there.
    /// Never lengthens a slot; says whether it changed one. Not for an ambiguous answer (408, 409, 5xx), after
    /// which the attempt may be sent again.
    pub fn arrived(
        &mut self,
        attempt: AttemptId,
        answer_at: DateTime<Utc>,
        limits: &CallLimits,
    ) -> bool {
        let Some(slot) = self.slots.get_mut(&attempt) else {
            return false;
        };
        let expiry = answer_at.max(slot.quarter.start()) + limits.window() + SKEW_MARGIN;
        let shorter = expiry < slot.expires_at;
        if shorter {
            slot.expires_at = expiry;
        }
        shorter
    }

    /// A 429 closed the attempt: it keeps its slot and its place in the day, and the gate is shut until `quiet_until`.
    pub fn keep(
        &mut self,
        attempt: AttemptId,
        answer_at: DateTime<Utc>,
        quiet_until: DateTime<Utc>,
        limits: &CallLimits,
    ) {
        self.arrived(attempt, answer_at, limits);
        self.back_off(quiet_until);
    }

    /// Gives back exactly this attempt's slot and its own quarter hour's count; belongs in the write that records
    /// the definite refusal. `false` if the attempt holds no slot (any more), and then nothing is given back.
    pub fn refuse(&mut self, attempt: AttemptId) -> bool {
        let Some(slot) = self.slots.remove(&attempt) else {
            return false;
        };
        if let Some(count) = self.quarters.get_mut(&slot.quarter) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                self.quarters.remove(&slot.quarter);
            }
        }
        true
    }

    /// Shuts the gate until an instant; never opens it earlier than already said.
    pub fn back_off(&mut self, until: DateTime<Utc>) {
        self.back_off_until = self.back_off_until.max(Some(until));
    }

    /// Until when the provider asked for quiet, if that is still to come.
    pub fn back_off_until(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.back_off_until.filter(|until| now < *until)
    }

    /// Pauses calling. `false` if it is paused already: the first reason stays.
    pub fn pause(&mut self, now: DateTime<Utc>, reason: PauseReason, by: PausedBy) -> bool {
        if self.paused.is_some() {
            return false;
        }
        self.paused = Some(Pause {
            reason,
            since: now,
            by,
        });
        true
    }

    /// A person resumes calling. `false` if it was not paused.
    pub fn resume(&mut self, now: DateTime<Utc>) -> bool {
        let was = self.paused.take().is_some();
        if was {
            self.resumed_at = Some(now);
        }
        was
    }

    /// Why and since when calling is paused.
    pub const fn paused(&self) -> Option<&Pause> {
        self.paused.as_ref()
    }

    /// When a person last resumed; technical failures before it no longer count towards a pause.
    pub const fn resumed_at(&self) -> Option<DateTime<Utc>> {
        self.resumed_at
    }

    /// Takes the tenant's settings; an older version is ignored. After a change of zone a grant must fit the day
    /// of both zones until the old one's next midnight. Says whether anything changed.
    pub fn apply_settings(&mut self, now: DateTime<Utc>, version: u64, zone: Tz) -> bool {
        if version <= self.settings_version {
            return false;
        }
        self.settings_version = version;
        if zone != self.zone {
            let adopted_today = self.adopted_until.is_some_and(|until| now < until);
            let until = next_midnight(self.zone, now);
            self.old_zones
                .retain(|old| now < old.until && old.zone != self.zone && old.zone != zone);
            self.old_zones.push(OldZone {
                zone: self.zone,
                until,
                adopted_today,
            });
            self.adopted_until = Some(next_midnight(zone, now));
            self.zone = zone;
        }
        true
    }

    /// The tenant's zone as the gate last heard it.
    pub const fn zone(&self) -> Tz {
        self.zone
    }

    /// The settings version the gate last heard.
    pub const fn settings_version(&self) -> u64 {
        self.settings_version
    }

    /// Slots in use.
    pub fn used(&self, now: DateTime<Utc>) -> u32 {
        count(
            self.slots
                .values()
                .filter(|slot| now < slot.expires_at)
                .count(),
        )
    }

    /// Attempts counted against the current local day.
    pub fn used_today(&self, now: DateTime<Utc>) -> u32 {
        self.used_in_day(self.zone, now, TimeDelta::zero())
    }

    /// The share of the day's limit, in percent, that the grant just made reached: each is told of once a day, though
    /// refusals give slots back and later grants reach it again.
    pub fn reached(&mut self, now: DateTime<Utc>, limits: &CallLimits) -> Option<u8> {
        let percent = Limit::reached(self.used_today(now), limits.daily())?;
        let day = day_start(self.zone, now);
        if self
            .told
            .is_some_and(|(on, told)| on == day && told >= percent)
        {
            return None;
        }
        self.told = Some((day, percent));
        Some(percent)
    }

    /// The earliest instant, `now` or later, at which a slot would be granted if nothing else happened;
    /// `None` while paused.
    pub fn available_at(&self, now: DateTime<Utc>, limits: &CallLimits) -> Option<DateTime<Utc>> {
        if self.paused.is_some() {
            return None;
        }
        let mut at = now;
        // Each step ends what blocks at that instant; two midnights and an empty window end everything.
        for _ in 0..64 {
            match self.longest_block(at, limits) {
                Some((_, until)) => at = until,
                None => break,
            }
        }
        Some(at)
    }

    /// When to look at what waits: as soon as a slot is free, or a little later where more slots follow it closely, so
    /// that slots that were taken one after another cost one wake-up together (rules.md: coalesced over 3 s). `None`
    /// while paused.
    pub fn wake_at(&self, now: DateTime<Utc>, limits: &CallLimits) -> Option<DateTime<Utc>> {
        let first = self.available_at(now, limits)?;
        // Of a short window, 3 s would be a good part.
        let reach = first + WAKE_COALESCE.min(limits.window() / 10);
        let expiries = self.slots.values().map(|slot| slot.expires_at);
        expiries
            .filter(|expiry| (first..=reach).contains(expiry))
            .max()
            .or(Some(first))
    }

    /// When the last of `calls` would be granted if each were answered at once; `None` while paused.
    /// For estimates shown to people.
    pub fn forecast(
        &self,
        now: DateTime<Utc>,
        calls: u32,
        limits: &CallLimits,
    ) -> Option<DateTime<Utc>> {
        let mut gate = self.clone();
        let mut at = now;
        for call in 0..calls {
            at = gate.available_at(at, limits)?;
            let stand_in = AttemptId::new(Uuid::from_u128(u128::from(call)));
            if gate.grant(at, stand_in, limits).is_ok() {
                gate.arrived(stand_in, at, limits);
            }
        }
        Some(at)
    }

    /// Reserves the next wake-up: `true` if the caller is to send the delayed message for `at` (once this change is
    /// written), `false` if one that comes no later is already on its way.
    pub fn arm(&mut self, now: DateTime<Utc>, at: DateTime<Utc>) -> bool {
        if self
            .next_pump_at
            .is_some_and(|armed| now < armed && armed <= at)
        {
            return false;
        }
        self.next_pump_at = Some(at);
        true
    }

    /// When the next wake-up is due, if one is still to come. The tick leaves such a tenant alone.
    pub fn next_pump_at(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        self.next_pump_at.filter(|armed| now < *armed)
    }

    /// Drops what can never matter again. Never drops a live slot.
    pub fn prune(&mut self, now: DateTime<Utc>) {
        self.slots.retain(|_, slot| now < slot.expires_at);
        self.quarters
            .retain(|quarter, _| now < quarter.start() + DAY_MEMORY);
        self.old_zones.retain(|old| now < old.until);
        self.adopted_until = self.adopted_until.filter(|until| now < *until);
        self.back_off_until = self.back_off_until(now);
    }

    /// What forbids a grant at `at`, and until when; of several, the one that lasts longest.
    fn longest_block(
        &self,
        at: DateTime<Utc>,
        limits: &CallLimits,
    ) -> Option<(Block, DateTime<Utc>)> {
        let adopted_today = self.adopted_until.is_some_and(|until| at < until);
        let zones = std::iter::once((self.zone, adopted_today)).chain(
            self.old_zones
                .iter()
                .filter(|old| at < old.until)
                .map(|old| (old.zone, old.adopted_today)),
        );
        let days = zones.flat_map(|(zone, adopted_today)| {
            let reach = limits.placement_bound() + SKEW_MARGIN;
            let lead = if adopted_today {
                reach
            } else {
                TimeDelta::zero()
            };
            let midnight = next_midnight(zone, at);
            let full = self.used_in_day(zone, at, lead) >= limits.daily();
            let near = midnight - at <= reach;
            // On a clock that is ahead the new day begins while calls still arrive in the old one.
            let start = day_start(zone, at);
            let early = at - start < SKEW_MARGIN
                && self.used_in_day(zone, start - SKEW_MARGIN, lead) >= limits.daily();
            [
                full.then_some((Block::Day, midnight)),
                near.then_some((Block::Midnight, midnight)),
                early.then_some((Block::Day, start + SKEW_MARGIN)),
            ]
        });
        self.back_off_until(at)
            .map(|until| (Block::BackOff, until))
            .into_iter()
            .chain(
                self.window_full_until(at, limits)
                    .map(|until| (Block::Window, until)),
            )
            .chain(days.flatten())
            .fold(None, |longest, next| match longest {
                Some((_, until)) if until >= next.1 => longest,
                _ => Some(next),
            })
    }

    fn window_full_until(&self, at: DateTime<Utc>, limits: &CallLimits) -> Option<DateTime<Utc>> {
        let mut live: Vec<_> = self
            .slots
            .values()
            .map(|slot| slot.expires_at)
            .filter(|expiry| at < *expiry)
            .collect();
        live.sort_unstable_by(|a, b| b.cmp(a));
        // With the limit's worth of latest expiries before it in this order, this one must end first.
        let limit = usize::try_from(limits.limit()).unwrap_or(usize::MAX);
        live.get(limit.checked_sub(1)?).copied()
    }

    fn used_in_day(&self, zone: Tz, at: DateTime<Utc>, lead: TimeDelta) -> u32 {
        let first = Quarter::of(day_start(zone, at) - lead);
        self.quarters
            .range(first..)
            .map(|(_, granted)| granted)
            .sum()
    }
}

fn count(items: usize) -> u32 {
    u32::try_from(items).unwrap_or(u32::MAX)
}

#[cfg(test)]
#[path = "gate_tests.rs"]
mod tests;
