//! Campaigns: calls to many members of a group or a selection (S2 "Group-Based Bulk Calling System", S0 "Group-Based
//! Calling Campaigns", rules.md Campaigns).
//!
//! A campaign hands its members to the dial queue a few at a time, in order and at its own pace; the queue, the guards
//! and the gate treat their calls like all others. So a pause holds what is not handed over yet, and a member's own
//! reminder stays planned until the campaign reaches them.

pub mod config;
pub mod forecast;
pub mod member;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

pub use config::{Config, HandOver, IntervalMinutes, StaggerMinutes, Timing};
pub use member::{MemberResult, MemberState, SkipReason, Tally};

use crate::calling::limits::CallLimits;
use crate::groups::Visibility;
use crate::ids::{CampaignId, GroupId, TenantId, UserId};

/// Members of a group campaign at most (S2).
pub const MOST_MEMBERS: usize = 1_000;
/// Contacts of a selection at most (S0).
pub const MOST_SELECTED: usize = 100;
/// Campaigns of one tenant that are not over, at most (rules.md). One that is scheduled or paused counts: its place is
/// kept for when it goes on.
pub const MOST_RUNNING: usize = 5;
/// A campaign that waits for what others do (a grant, the end of its last calls) looks again after so long.
pub const LOOK_AGAIN: TimeDelta = TimeDelta::seconds(60);

/// Whom a campaign calls.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "source", rename_all = "snake_case")]
pub enum Source {
    /// The members of a group as they were when it began.
    Group {
        /// The group.
        group: GroupId,
        /// Who saw it then: who sees the campaign, once the group is gone.
        visibility: Visibility,
    },
    /// Contacts picked by hand.
    Selection,
}

/// Where a campaign stands, as the API names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum State {
    /// Its members are looked at, one after the other.
    Preparing,
    /// It waits for its instant.
    Scheduled,
    /// It calls.
    Executing,
    /// Somebody holds it.
    Paused {
        /// Since when.
        since: DateTime<Utc>,
        /// Who.
        by: UserId,
    },
    /// Nothing remains.
    Completed {
        /// Since when: the end of its last call.
        at: DateTime<Utc>,
    },
    /// Somebody ended it.
    Cancelled {
        /// When.
        at: DateTime<Utc>,
        /// Who.
        by: UserId,
    },
}

impl State {
    /// The word used in the API.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Preparing => "preparing",
            Self::Scheduled => "scheduled",
            Self::Executing => "executing",
            Self::Paused { .. } => "paused",
            Self::Completed { .. } => "completed",
            Self::Cancelled { .. } => "cancelled",
        }
    }

    /// Whether it has come to its end.
    pub const fn is_over(&self) -> bool {
        matches!(self, Self::Completed { .. } | Self::Cancelled { .. })
    }
}

/// It is over: nothing can be paused, resumed or cancelled any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the campaign is over")]
pub struct Over;

/// One campaign.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Campaign {
    /// Its id.
    pub id: CampaignId,
    /// Whose it is.
    pub tenant: TenantId,
    /// Whom it calls.
    #[serde(flatten)]
    pub source: Source,
    /// How it calls.
    pub config: Config,
    /// Who began it.
    pub started_by: UserId,
    /// When.
    pub created_at: DateTime<Utc>,
    /// From when it calls: the first permitted instant at or after the one asked for.
    pub starts_at: DateTime<Utc>,
    /// Its members.
    pub total: u32,
    /// Members looked at so far.
    pub judged: u32,
    /// Of these, to be called.
    pub callable: u32,
    /// No member before this position waits.
    pub cursor: u32,
    /// With a pace: from when the next member is handed over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub turn_at: Option<DateTime<Utc>>,
    /// With a pace: the member handed over last, until its call is granted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outstanding: Option<u32>,
    /// It was paused or cancelled, and members handed over before are to be taken back.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub take_back: bool,
    /// When it must be looked at next; None where only a person's act changes anything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub look_at: Option<DateTime<Utc>>,
    /// Where it stands.
    #[serde(flatten)]
    pub state: State,
}

impl Campaign {
    /// A campaign whose members are not looked at yet. `starts_at` is permitted.
    #[expect(clippy::too_many_arguments, reason = "each is one of its facts")]
    pub fn new(
        id: CampaignId,
        tenant: TenantId,
        source: Source,
        config: Config,
        started_by: UserId,
        now: DateTime<Utc>,
        starts_at: DateTime<Utc>,
        total: u32,
    ) -> Self {
        Self {
            id,
            tenant,
            source,
            config,
            started_by,
            created_at: now,
            starts_at: starts_at.max(now),
            total,
            judged: 0,
            callable: 0,
            cursor: 0,
            turn_at: None,
            outstanding: None,
            take_back: false,
            look_at: Some(now),
            state: State::Preparing,
        }
    }

    /// Whether all members were looked at.
    pub const fn is_prepared(&self) -> bool {
        self.total <= self.judged
    }

    /// The state of one that nobody holds.
    fn running(&self, now: DateTime<Utc>) -> State {
        if !self.is_prepared() {
            State::Preparing
        } else if now < self.starts_at {
            State::Scheduled
        } else {
            State::Executing
        }
    }

    /// So many more members were looked at, and so many of them are to be called.
    pub fn looked_at(&mut self, members: u32, callable: u32, now: DateTime<Utc>) {
        self.judged = self.judged.saturating_add(members).min(self.total);
        self.callable = self.callable.saturating_add(callable);
        if self.state == State::Preparing {
            self.state = self.running(now);
            self.look_at = Some(match self.state {
                State::Scheduled => self.starts_at,
                _ => now,
            });
        }
    }

    /// Its instant has come. False if it has not, or if it is not waiting for it.
    pub fn begin(&mut self, now: DateTime<Utc>) -> bool {
        let begins = self.state == State::Scheduled && self.starts_at <= now;
        if begins {
            self.state = State::Executing;
            self.look_at = Some(now);
        }
        begins
    }

    /// Somebody holds it. False if it is held already.
    ///
    /// # Errors
    /// [`Over`].
    pub fn pause(&mut self, by: UserId, now: DateTime<Utc>) -> Result<bool, Over> {
        match self.state {
            State::Paused { .. } => Ok(false),
            State::Completed { .. } | State::Cancelled { .. } => Err(Over),
            State::Preparing | State::Scheduled | State::Executing => {
                self.state = State::Paused { since: now, by };
                self.take_back = true;
                self.look_at = Some(now);
                Ok(true)
            }
        }
    }

    /// Somebody lets it go on. False if it was not held.
    ///
    /// # Errors
    /// [`Over`].
    pub fn resume(&mut self, now: DateTime<Utc>) -> Result<bool, Over> {
        match self.state {
            State::Preparing | State::Scheduled | State::Executing => Ok(false),
            State::Completed { .. } | State::Cancelled { .. } => Err(Over),
            State::Paused { .. } => {
                self.state = self.running(now);
                // Those taken back wait again, and they were among the first.
                self.cursor = 0;
                self.outstanding = None;
                self.take_back = false;
                self.look_at = Some(match self.state {
                    State::Scheduled => self.starts_at,
                    _ => now,
                });
                Ok(true)
            }
        }
    }

    /// Somebody ends it. False if somebody had.
    ///
    /// # Errors
    /// [`Over`] if nothing was left to end.
    pub fn cancel(&mut self, by: UserId, now: DateTime<Utc>) -> Result<bool, Over> {
        match self.state {
            State::Cancelled { .. } => Ok(false),
            State::Completed { .. } => Err(Over),
            _ => {
                self.state = State::Cancelled { at: now, by };
                self.take_back = true;
                self.look_at = Some(now);
                Ok(true)
            }
        }
    }

    /// Whoever was handed over before a pause or an end was taken back.
    pub fn all_taken_back(&mut self) {
        self.take_back = false;
        self.look_at = None;
    }

    /// Nothing remains: everybody was called or passed over. False unless it was calling.
    pub fn complete(&mut self, at: DateTime<Utc>) -> bool {
        let completes = self.state == State::Executing;
        if completes {
            self.state = State::Completed { at };
            self.look_at = None;
        }
        completes
    }

    /// The time from one call to the next, where it has a pace: its interval, or the span it is spread over shared by
    /// those to be called, never faster than the limit allows for long.
    pub fn pace(&self, limits: &CallLimits) -> Option<TimeDelta> {
        self.config.pace(self.callable, limits)
    }

    /// With a pace: a member was handed over.
    pub fn handed_over(&mut self, position: u32, now: DateTime<Utc>) {
        self.outstanding = Some(position);
        self.look_at = Some(now + LOOK_AGAIN);
    }

    /// With a pace: the call of the member handed over last was granted (`called`) or came to nothing. The next is
    /// handed over a pace after a call, and at once where there was none.
    pub fn turn_over(
        &mut self,
        position: u32,
        called: bool,
        limits: &CallLimits,
        now: DateTime<Utc>,
    ) {
        let Some(pace) = self.pace(limits) else {
            return;
        };
        if self.outstanding == Some(position) {
            self.outstanding = None;
        }
        if called {
            self.turn_at = Some(now + pace);
        }
        if self.state == State::Executing {
            self.look_at = Some(self.turn_at.map_or(now, |turn| turn.max(now)));
        }
    }
}

#[cfg(test)]
mod tests;
