//! How a campaign calls (S2 GroupBulkCallRequest, S0 `call_interval`).

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::appointment::CallBeforeHours;
use crate::calling::limits::CallLimits;
use crate::calling::order::Priority;
use crate::error::Invalid;

/// The span that staggered calls are spread over (S2): 15, 30, 60 or 120 minutes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct StaggerMinutes(u32);

impl StaggerMinutes {
    /// S2's choices.
    pub const CHOICES: [u32; 4] = [15, 30, 60, 120];

    /// The span.
    pub fn span(self) -> TimeDelta {
        TimeDelta::minutes(i64::from(self.0))
    }
}

impl TryFrom<u32> for StaggerMinutes {
    type Error = Invalid;

    fn try_from(minutes: u32) -> Result<Self, Invalid> {
        if Self::CHOICES.contains(&minutes) {
            Ok(Self(minutes))
        } else {
            Err(Invalid::new(
                "not_offered",
                "Spread the calls over 15, 30, 60 or 120 minutes.",
            ))
        }
    }
}

impl From<StaggerMinutes> for u32 {
    fn from(minutes: StaggerMinutes) -> u32 {
        minutes.0
    }
}

/// Minutes from one call to the next (S0 `call_interval`). S0 gives no bounds; a day is as slow as it gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u32", into = "u32")]
pub struct IntervalMinutes(u32);

impl IntervalMinutes {
    /// The longest.
    pub const MOST: u32 = 1_440;

    /// The interval.
    pub fn span(self) -> TimeDelta {
        TimeDelta::minutes(i64::from(self.0))
    }
}

impl TryFrom<u32> for IntervalMinutes {
    type Error = Invalid;

    fn try_from(minutes: u32) -> Result<Self, Invalid> {
        if (1..=Self::MOST).contains(&minutes) {
            Ok(Self(minutes))
        } else {
            Err(Invalid::new(
                "out_of_range",
                "The interval is 1 to 1,440 minutes.",
            ))
        }
    }
}

impl From<IntervalMinutes> for u32 {
    fn from(minutes: IntervalMinutes) -> u32 {
        minutes.0
    }
}

/// When a campaign begins, and whether its calls are spread.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "call_timing", rename_all = "snake_case")]
pub enum Timing {
    /// At once.
    Immediate,
    /// At an instant.
    Scheduled {
        /// Which.
        at: DateTime<Utc>,
    },
    /// At once, spread evenly.
    Staggered {
        /// Over so long.
        over: StaggerMinutes,
    },
}

impl Timing {
    /// The word used in the API.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Immediate => "immediate",
            Self::Scheduled { .. } => "scheduled",
            Self::Staggered { .. } => "staggered",
        }
    }
}

/// How a campaign calls. Its message is kept apart, sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Config {
    /// When it begins.
    #[serde(flatten)]
    pub timing: Timing,
    /// The time from one call to the next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval: Option<IntervalMinutes>,
    /// The message is said instead of the usual words (S0), not besides them (S2).
    #[serde(default)]
    pub replace_message: bool,
    /// Each member with a coming appointment is called no earlier than so long before it, whatever the contact's own
    /// timing says (S2 `override_call_timing`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hours_before: Option<CallBeforeHours>,
    /// Its place in the queue.
    #[serde(default)]
    pub priority: Priority,
}

/// How members are handed to the dial queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HandOver {
    /// Some ahead of what can be placed, so that no slot idles.
    Ahead,
    /// One at a time, each so long after the call before it.
    Paced(TimeDelta),
}

impl Config {
    /// The instant from which it was asked to call.
    pub fn wanted_from(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        match self.timing {
            Timing::Scheduled { at } => at.max(now),
            Timing::Immediate | Timing::Staggered { .. } => now,
        }
    }

    /// The time from one call to the next for so many calls, where it has a pace.
    pub fn pace(&self, calls: u32, limits: &CallLimits) -> Option<TimeDelta> {
        match (self.interval, self.timing) {
            (Some(interval), _) => Some(interval.span()),
            (None, Timing::Staggered { over }) => {
                let even = |span: TimeDelta, calls: u32| {
                    let calls = i64::from(calls.max(1));
                    TimeDelta::milliseconds(span.num_milliseconds().div_euclid(calls))
                };
                Some(even(over.span(), calls).max(even(limits.window(), limits.limit())))
            }
            (None, Timing::Immediate | Timing::Scheduled { .. }) => None,
        }
    }

    /// How its members are handed over.
    pub fn hand_over(&self, calls: u32, limits: &CallLimits) -> HandOver {
        self.pace(calls, limits)
            .map_or(HandOver::Ahead, HandOver::Paced)
    }

    /// From when a member with an appointment at `starts` may be called; None where the campaign leaves that open.
    pub fn not_before(&self, starts: Option<DateTime<Utc>>) -> Option<DateTime<Utc>> {
        let hours = self.hours_before?;
        Some(starts? - TimeDelta::hours(i64::from(hours.hours())))
    }
}
