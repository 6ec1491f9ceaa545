//! One member of a campaign: where its call stands and what it came to (S2 SingleCallResult, S0 `progress_monitoring`).

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::calling::guards::SettleReason;
use crate::calling::session::{Action, CallSession, CancelReason, Outcome, SessionState, Status};
use crate::ids::SessionId;

/// Why a member is not called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SkipReason {
    /// A call to them was placing or in flight.
    CallInProgress,
    /// They are no contact any more.
    ContactDeleted,
    /// Their call was ended by a change of the appointment or by staff.
    NoLongerWanted,
    /// A guard fails for good.
    #[serde(untagged)]
    Guard(GuardReason),
}

/// A [`SettleReason`] with an order, for counting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct GuardReason(pub SettleReason);

impl PartialOrd for GuardReason {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for GuardReason {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.0 as u8).cmp(&(other.0 as u8))
    }
}

impl From<SettleReason> for SkipReason {
    fn from(reason: SettleReason) -> Self {
        Self::Guard(GuardReason(reason))
    }
}

/// What a member's call came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberResult {
    /// completed, failed or unknown.
    pub status: Status,
    /// What it came to, for a call that took place or failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// What the person decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action: Option<Action>,
    /// The provider's call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call_id: Option<String>,
    /// Why it failed: the provider's disconnection reason, or ours.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// When it took its slot, of a call that took place or failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub granted_at: Option<DateTime<Utc>>,
    /// Seconds for which the two sides were connected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seconds: Option<i64>,
    /// When it ended.
    pub at: DateTime<Utc>,
}

/// Where a member stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "st", rename_all = "snake_case")]
pub enum MemberState {
    /// To be handed to the dial queue.
    Waiting {
        /// Not before then.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        not_before: Option<DateTime<Utc>>,
    },
    /// In the dial queue.
    Planned {
        /// Its call.
        session: SessionId,
        /// From when it may be placed.
        due: DateTime<Utc>,
    },
    /// Granted; placing or in flight.
    Calling {
        /// Its call.
        session: SessionId,
        /// When it took its slot.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        granted_at: Option<DateTime<Utc>>,
    },
    /// Called, or given up.
    Settled {
        /// Its call.
        session: SessionId,
        /// What it came to.
        result: MemberResult,
    },
    /// Passed over.
    Skipped {
        /// Why.
        reason: SkipReason,
        /// When.
        at: DateTime<Utc>,
        /// Its call, where one had been planned.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        session: Option<SessionId>,
    },
}

impl MemberState {
    /// The word that [`MemberState::Waiting`] is stored under.
    pub const WAITING: &'static str = "waiting";

    /// Where a member stands whose call is in this session.
    pub fn of(session: &CallSession) -> Self {
        let id = session.id;
        let settled = |status, at| Self::Settled {
            session: id,
            result: MemberResult {
                status,
                outcome: None,
                action: None,
                call_id: None,
                error: session.failure().map(str::to_owned),
                granted_at: None,
                seconds: None,
                at,
            },
        };
        let calling = |granted_at| Self::Calling {
            session: id,
            granted_at: Some(granted_at),
        };
        match &session.state {
            SessionState::Planned => Self::Planned {
                session: id,
                due: session.due,
            },
            SessionState::Placing { granted_at, .. } => calling(*granted_at),
            SessionState::Initiated(call) | SessionState::Answered { call, .. } => {
                calling(call.granted_at)
            }
            SessionState::Completed(report) | SessionState::Failed(report) => {
                let failed = report.outcome == Outcome::Failed;
                Self::Settled {
                    session: id,
                    result: MemberResult {
                        status: if failed {
                            Status::Failed
                        } else {
                            Status::Completed
                        },
                        outcome: Some(report.outcome),
                        action: report.analysis.as_ref().map(|analysis| analysis.action),
                        call_id: Some(report.call.provider_call_id.clone()),
                        error: session.failure().map(str::to_owned),
                        granted_at: Some(report.call.granted_at),
                        seconds: report.ended.duration_seconds(),
                        at: report.ended.at,
                    },
                }
            }
            SessionState::Refused { at } => settled(Status::Failed, *at),
            SessionState::Unknown { at, .. } => settled(Status::Unknown, *at),
            SessionState::Cancelled { at, reason } => Self::Skipped {
                reason: match reason {
                    CancelReason::Person | CancelReason::Replanned | CancelReason::Guard => {
                        SkipReason::NoLongerWanted
                    }
                },
                at: *at,
                session: Some(id),
            },
        }
    }

    /// When its call took its slot, if it did and that was noted.
    pub const fn granted_at(&self) -> Option<DateTime<Utc>> {
        match self {
            Self::Calling { granted_at, .. } => *granted_at,
            Self::Settled { result, .. } => result.granted_at,
            Self::Waiting { .. } | Self::Planned { .. } | Self::Skipped { .. } => None,
        }
    }

    /// Whether the provider was given its call: it is under way, took its course, or nobody knows.
    pub fn is_rung(&self) -> bool {
        match self {
            Self::Calling { .. } => true,
            Self::Settled { result, .. } => {
                result.call_id.is_some() || result.status == Status::Unknown
            }
            Self::Waiting { .. } | Self::Planned { .. } | Self::Skipped { .. } => false,
        }
    }

    /// Whether nothing more happens to this member.
    pub const fn is_over(&self) -> bool {
        matches!(self, Self::Settled { .. } | Self::Skipped { .. })
    }

    /// When it was over.
    pub const fn over_at(&self) -> Option<DateTime<Utc>> {
        match self {
            Self::Settled { result, .. } => Some(result.at),
            Self::Skipped { at, .. } => Some(*at),
            Self::Waiting { .. } | Self::Planned { .. } | Self::Calling { .. } => None,
        }
    }
}

/// How far a campaign is (S0 `progress_monitoring`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally {
    /// To be called: waiting, or in the dial queue.
    pub planned: u32,
    /// Placing or in flight.
    pub placing: u32,
    /// Called: the call took its course, whether or not the person answered.
    pub completed: u32,
    /// Of these, answered by a person.
    pub answered: u32,
    /// Not called, or nobody knows: failed, refused, unknown.
    pub failed: u32,
    /// Passed over, by reason.
    pub skipped: BTreeMap<SkipReason, u32>,
    /// Calls by outcome.
    pub outcomes: BTreeMap<&'static str, u32>,
    /// Answered calls by what the person decided; one that was never analysed decided nothing.
    pub actions: BTreeMap<&'static str, u32>,
    /// Calls that the provider was given.
    pub rung: u32,
}

impl Tally {
    /// Counts one more member.
    pub fn count(&mut self, member: &MemberState) {
        self.rung += u32::from(member.is_rung());
        match member {
            MemberState::Waiting { .. } | MemberState::Planned { .. } => self.planned += 1,
            MemberState::Calling { .. } => self.placing += 1,
            MemberState::Skipped { reason, .. } => *self.skipped.entry(*reason).or_default() += 1,
            MemberState::Settled { result, .. } => {
                match result.status {
                    Status::Completed => self.completed += 1,
                    _ => self.failed += 1,
                }
                self.answered += u32::from(result.outcome == Some(Outcome::Answered));
                let word = match result.outcome {
                    Some(Outcome::Answered) => "answered",
                    Some(Outcome::Voicemail) => "voicemail",
                    Some(Outcome::NoAnswer) => "no_answer",
                    Some(Outcome::Busy) => "busy",
                    Some(Outcome::Failed) => "failed",
                    None => "unknown",
                };
                *self.outcomes.entry(word).or_default() += 1;
                if result.outcome == Some(Outcome::Answered) {
                    let action = result.action.unwrap_or_default();
                    *self.actions.entry(action.as_str()).or_default() += 1;
                }
            }
        }
    }

    /// Members passed over.
    pub fn skipped_in_all(&self) -> u32 {
        self.skipped.values().sum()
    }

    /// Calls still to be made or under way.
    pub fn remaining(&self) -> u32 {
        self.planned + self.placing
    }

    /// Answered calls of all that came to an end, in tenths of a percent; None before the first.
    pub fn success_per_mille(&self) -> Option<u32> {
        let ended = self.completed + self.failed;
        (ended > 0).then(|| (self.answered * 1_000 + ended / 2) / ended)
    }
}
