//! A call session: one intended call, from planned to settled (rules.md Placing a call, exactly once).
//!
//! Each transition says whether it changed anything, so that duplicate, late and reordered events change nothing
//! the second time. Events of an attempt that is no longer the session's own change nothing.

mod hear;
mod report;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::attempt::UnknownCause;
use crate::ids::{AppointmentId, AttemptId, CampaignId, ContactId, SessionId, TenantId};

pub use hear::CallEvent;
pub use report::{
    Action, Analysis, Ended, FeedbackScore, NoScore, Outcome, PlacedCall, Report, Sentiment,
};

/// An initiated call shows as ringing this long after it was placed: the provider sends no such event.
pub const RINGING_AFTER: TimeDelta = TimeDelta::seconds(2);
/// A connected call whose analysis has not come is fetched this long after its end.
pub const FETCH_AFTER_END: TimeDelta = TimeDelta::minutes(5);
/// A call of which nothing is heard is fetched this long after its grant.
pub const FETCH_SILENT_AFTER: TimeDelta = TimeDelta::minutes(20);
/// A number stays locked this long after a grant, unless the call ends before.
pub const NUMBER_LOCK: TimeDelta = TimeDelta::minutes(25);

/// Whether an event changed anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Applied {
    /// No: it was a duplicate, late, or none of this session's business.
    No,
    /// Yes.
    Yes,
    /// Yes, and it came to its end with it.
    Settled,
}

/// What asked for the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// Somebody on the staff, now.
    ManualCallNow,
    /// A coming appointment.
    Reminder,
    /// A call before that did not reach the person.
    Retry,
    /// A campaign.
    Campaign,
}

/// Why a session ended without having been placed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CancelReason {
    /// Somebody cancelled it, or its campaign.
    Person,
    /// A guard failed for good; the decision record says which.
    Guard,
    /// The appointment changed and was planned anew, or needs no call any more.
    Replanned,
}

/// Where a session stands, with what is known there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum SessionState {
    /// Waiting for its due instant and a slot.
    Planned,
    /// Granted; being sent, or nobody knows yet.
    Placing {
        /// The attempt.
        attempt: AttemptId,
        /// When it was granted.
        granted_at: DateTime<Utc>,
    },
    /// The provider has it; shows as ringing after [`RINGING_AFTER`].
    Initiated(PlacedCall),
    /// Somebody or something answered.
    Answered {
        /// The call.
        call: PlacedCall,
        /// Since when.
        since: DateTime<Utc>,
        /// Its end, once it came; the analysis is still awaited.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        ended: Option<Ended>,
    },
    /// The call took its course.
    Completed(Report),
    /// The call failed.
    Failed(Report),
    /// The provider refused three times; there was no call.
    Refused {
        /// When it was given up.
        at: DateTime<Utc>,
    },
    /// There was no call, and there will be none.
    Cancelled {
        /// Why.
        reason: CancelReason,
        /// When.
        at: DateTime<Utc>,
    },
    /// It will never be known whether there was a call.
    Unknown {
        /// The attempt.
        attempt: AttemptId,
        /// Why.
        cause: UnknownCause,
        /// Since when.
        at: DateTime<Utc>,
    },
}

/// The session's status as the API names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the words are those of the API")]
pub enum Status {
    Planned,
    Placing,
    Initiated,
    Ringing,
    Answered,
    Completed,
    Failed,
    Cancelled,
    Unknown,
}

impl Status {
    /// The API's word.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Placing => "placing",
            Self::Initiated => "initiated",
            Self::Ringing => "ringing",
            Self::Answered => "answered",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Unknown => "unknown",
        }
    }
}

/// One intended call to one contact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CallSession {
    /// Its id.
    pub id: SessionId,
    /// Whose it is.
    pub tenant: TenantId,
    /// Who is to be rung.
    pub contact: ContactId,
    /// What it is about, if about an appointment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub appointment: Option<AppointmentId>,
    /// The campaign it belongs to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub campaign: Option<CampaignId>,
    /// What asked for it.
    pub method: Method,
    /// From when it may be placed.
    pub due: DateTime<Utc>,
    /// Until when (exclusive), where it has an end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub latest: Option<DateTime<Utc>>,
    /// Attempts of it that the provider refused.
    #[serde(default)]
    pub refusals: u32,
    /// Its last attempt and when that was granted, kept when it returns to planned.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_attempt: Option<(AttemptId, DateTime<Utc>)>,
    /// Where it stands.
    #[serde(flatten)]
    pub state: SessionState,
}

/// A transition that the session's state does not allow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TransitionError {
    /// It is placing or in flight (409 `call_in_progress`).
    #[error("the call is in progress")]
    InProgress,
    /// It has come to its end.
    #[error("the call is settled")]
    Settled,
    /// Another provider call than the one known claims its attempt.
    #[error("the attempt already has another provider call")]
    OtherCall,
}

impl CallSession {
    /// The status shown at `now`.
    pub fn status(&self, now: DateTime<Utc>) -> Status {
        match &self.state {
            SessionState::Planned => Status::Planned,
            SessionState::Placing { .. } => Status::Placing,
            SessionState::Initiated(call) if now - call.placed_at < RINGING_AFTER => {
                Status::Initiated
            }
            SessionState::Initiated(_) => Status::Ringing,
            SessionState::Answered { .. } => Status::Answered,
            SessionState::Completed(_) => Status::Completed,
            SessionState::Failed(_) | SessionState::Refused { .. } => Status::Failed,
            SessionState::Cancelled { .. } => Status::Cancelled,
            SessionState::Unknown { .. } => Status::Unknown,
        }
    }

    /// Whether it has come to its end.
    pub const fn is_settled(&self) -> bool {
        matches!(
            self.state,
            SessionState::Completed(_)
                | SessionState::Failed(_)
                | SessionState::Refused { .. }
                | SessionState::Cancelled { .. }
                | SessionState::Unknown { .. }
        )
    }

    /// Whether it is placing or in flight.
    pub const fn in_progress(&self) -> bool {
        !self.is_settled() && !matches!(self.state, SessionState::Planned)
    }

    /// The provider's call, where there is one.
    pub const fn call(&self) -> Option<&PlacedCall> {
        match &self.state {
            SessionState::Initiated(call) | SessionState::Answered { call, .. } => Some(call),
            SessionState::Completed(report) | SessionState::Failed(report) => Some(&report.call),
            _ => None,
        }
    }

    /// How it came out, for a call that took place or failed.
    pub const fn report(&self) -> Option<&Report> {
        match &self.state {
            SessionState::Completed(report) | SessionState::Failed(report) => Some(report),
            _ => None,
        }
    }

    /// Why the call failed: the provider's word for how it ended, that the provider refused it, or that nobody knows.
    pub fn failure(&self) -> Option<&str> {
        match &self.state {
            SessionState::Completed(report) | SessionState::Failed(report) => {
                (report.outcome == Outcome::Failed).then_some(report.ended.reason.as_str())
            }
            SessionState::Refused { .. } => Some("provider_refused"),
            SessionState::Unknown { .. } => Some("unknown"),
            _ => None,
        }
    }

    /// When the call must be fetched from the provider if nothing is heard of it by then. `None` while there is
    /// nothing to fetch; an attempt that is still placing is reconciled instead.
    pub fn fetch_at(&self) -> Option<DateTime<Utc>> {
        match &self.state {
            SessionState::Answered {
                ended: Some(ended), ..
            } => Some(ended.at + FETCH_AFTER_END),
            SessionState::Initiated(call) | SessionState::Answered { call, .. } => {
                Some(call.granted_at + FETCH_SILENT_AFTER)
            }
            _ => None,
        }
    }

    /// A slot was granted to `attempt`. Once for each attempt.
    ///
    /// # Errors
    /// [`TransitionError`] unless it is planned.
    pub fn grant(
        &mut self,
        attempt: AttemptId,
        at: DateTime<Utc>,
    ) -> Result<Applied, TransitionError> {
        match &self.state {
            SessionState::Planned => {
                self.last_attempt = Some((attempt, at));
                self.state = SessionState::Placing {
                    attempt,
                    granted_at: at,
                };
                Ok(Applied::Yes)
            }
            SessionState::Placing { attempt: known, .. } if *known == attempt => Ok(Applied::No),
            _ => Err(self.busy_or_settled()),
        }
    }

    /// The attempt came to nothing (refused or not placed): planned again, not before `not_before`.
    pub fn back_to_planned(
        &mut self,
        attempt: AttemptId,
        refused: bool,
        not_before: DateTime<Utc>,
    ) -> Applied {
        if !self.is_placing(attempt) {
            return Applied::No;
        }
        self.refusals += u32::from(refused);
        self.due = self.due.max(not_before);
        self.state = SessionState::Planned;
        Applied::Yes
    }

    /// The provider refused once too often.
    pub fn give_up(&mut self, attempt: AttemptId, at: DateTime<Utc>) -> Applied {
        if !self.is_placing(attempt) {
            return Applied::No;
        }
        self.refusals += 1;
        self.state = SessionState::Refused { at };
        Applied::Settled
    }

    /// It will never be known whether the attempt was placed.
    pub fn unknown(
        &mut self,
        attempt: AttemptId,
        cause: UnknownCause,
        at: DateTime<Utc>,
    ) -> Applied {
        if !self.is_placing(attempt) {
            return Applied::No;
        }
        self.state = SessionState::Unknown { attempt, cause, at };
        Applied::Settled
    }

    /// Moves a planned session to a later instant. A session that is not planned is left alone.
    pub fn redate(&mut self, until: DateTime<Utc>) -> Applied {
        if self.state != SessionState::Planned || until <= self.due {
            return Applied::No;
        }
        self.due = until;
        Applied::Yes
    }

    /// Ends a planned session without a call.
    ///
    /// # Errors
    /// [`TransitionError::InProgress`] once a slot was granted; [`TransitionError::Settled`] if it had ended otherwise.
    pub fn cancel(
        &mut self,
        reason: CancelReason,
        at: DateTime<Utc>,
    ) -> Result<Applied, TransitionError> {
        match self.state {
            SessionState::Planned => {
                self.state = SessionState::Cancelled { reason, at };
                Ok(Applied::Settled)
            }
            SessionState::Cancelled { .. } => Ok(Applied::No),
            _ => Err(self.busy_or_settled()),
        }
    }

    /// Call Now or a campaign takes over a planned session: its method, its due instant, no end.
    ///
    /// # Errors
    /// [`TransitionError::InProgress`] once a slot was granted, [`TransitionError::Settled`] after its end.
    pub fn take_over(
        &mut self,
        method: Method,
        campaign: Option<CampaignId>,
        due: DateTime<Utc>,
    ) -> Result<Applied, TransitionError> {
        if self.state != SessionState::Planned {
            return Err(self.busy_or_settled());
        }
        self.method = method;
        self.campaign = campaign;
        self.due = due;
        self.latest = None;
        Ok(Applied::Yes)
    }

    fn is_placing(&self, attempt: AttemptId) -> bool {
        matches!(&self.state, SessionState::Placing { attempt: known, .. } if *known == attempt)
    }

    const fn busy_or_settled(&self) -> TransitionError {
        if self.is_settled() {
            TransitionError::Settled
        } else {
            TransitionError::InProgress
        }
    }
}

#[cfg(test)]
mod tests;
