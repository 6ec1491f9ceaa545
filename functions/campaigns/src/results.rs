//! What each member's call came to, and which of them to list.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;
use vio_domain::calling::guards::Decision;
use vio_domain::calling::session::{Action, Outcome, Status};
use vio_domain::campaigns::{MemberState, SkipReason};
use vio_domain::contact::Contact;
use vio_http::QueryParams;
use vio_store::campaigns::CampaignMemberRow;

/// Which results to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Filters {
    /// One of answered, of these confirmed, rescheduled, cancelled or no_action, by what the person decided; not_reached
    /// (rung in vain, failed, or not rung because the campaign was ended); to_go (not called yet, or on the phone); skipped.
    #[param(value_type = Option<String>, example = "not_reached")]
    pub(crate) result: Option<Wanted>,
}

impl QueryParams for Filters {
    const NOT_BUILT: &'static [&'static str] = &["outcome", "search"];
}

/// Members whose results are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Wanted {
    Confirmed,
    Rescheduled,
    Cancelled,
    NoAction,
    Answered,
    NotReached,
    ToGo,
    Skipped,
}

impl Wanted {
    /// `ended`: whether the campaign was ended before it was through.
    pub(crate) fn takes(self, member: &MemberState, ended: bool) -> bool {
        let answered = match member {
            MemberState::Settled { result, .. } if result.outcome == Some(Outcome::Answered) => {
                Some(result.action.unwrap_or_default())
            }
            _ => None,
        };
        let waits = matches!(
            member,
            MemberState::Waiting { .. } | MemberState::Planned { .. }
        );
        match self {
            Self::Confirmed => answered == Some(Action::Confirmed),
            Self::Rescheduled => answered == Some(Action::Rescheduled),
            Self::Cancelled => answered == Some(Action::Cancelled),
            Self::NoAction => answered == Some(Action::NoAction),
            Self::Answered => answered.is_some(),
            Self::NotReached => {
                (matches!(member, MemberState::Settled { .. }) && answered.is_none())
                    || (waits && ended)
            }
            Self::ToGo => matches!(member, MemberState::Calling { .. }) || (waits && !ended),
            Self::Skipped => matches!(member, MemberState::Skipped { .. }),
        }
    }
}

/// What one member's call came to.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CampaignResult, example = json!({
    "contact_id": "0192f0c1-2b3c-7def-8abc-0123456789ab", "contact_name": "Ada Example", "status": "completed",
    "success": true, "session_id": "0192f0c1-2b3c-7def-8abc-0123456789ac",
    "provider_call_id": "call_a4441234567890777c4a4a123e6", "outcome": "answered", "appointment_action": "confirmed",
    "appointment_time": "2026-03-04T11:15:00Z", "called_at": "2026-03-02T09:00:02Z", "ended_at": "2026-03-02T09:01:00Z",
    "call_duration": 48
}))]
pub(crate) struct MemberView {
    contact_id: Uuid,
    /// Null for a contact that is no more.
    contact_name: Option<String>,
    /// When their appointment begins, as of when the campaign last looked.
    #[serde(skip_serializing_if = "Option::is_none")]
    appointment_time: Option<DateTime<Utc>>,
    /// waiting, planned, calling, completed, failed, unknown, skipped or cancelled.
    status: &'static str,
    /// Whether the person answered.
    success: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    session_id: Option<Uuid>,
    #[serde(skip_serializing_if = "Option::is_none")]
    provider_call_id: Option<String>,
    /// One of answered, voicemail, no_answer, busy, failed.
    #[schema(value_type = Option<String>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<Outcome>,
    /// One of confirmed, cancelled, rescheduled, no_action.
    #[schema(value_type = Option<String>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    appointment_action: Option<Action>,
    /// Why the call failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    /// Why the member was passed over.
    #[schema(value_type = Option<String>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    skip_reason: Option<SkipReason>,
    /// What each guard saw, of one passed over when the campaign began.
    #[schema(value_type = Vec<Object>)]
    #[serde(skip_serializing_if = "Vec::is_empty")]
    decision: Vec<Decision>,
    /// From when a planned call may be placed.
    #[serde(skip_serializing_if = "Option::is_none")]
    due_at: Option<DateTime<Utc>>,
    /// When their call took its slot, of one that is under way or took place.
    #[serde(skip_serializing_if = "Option::is_none")]
    called_at: Option<DateTime<Utc>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ended_at: Option<DateTime<Utc>>,
    /// Seconds for which the two sides were connected.
    #[serde(skip_serializing_if = "Option::is_none")]
    call_duration: Option<i64>,
}

impl MemberView {
    pub(crate) fn new(member: &CampaignMemberRow, contact: &Contact, cancelled: bool) -> Self {
        let gone = contact.deleted.is_some();
        let mut view = Self {
            contact_id: member.contact.uuid(),
            contact_name: Some(contact.name.as_str().to_owned()).filter(|_| !gone),
            appointment_time: member.about_time.filter(|_| !gone),
            status: "waiting",
            success: false,
            session_id: None,
            provider_call_id: None,
            outcome: None,
            appointment_action: None,
            error: None,
            skip_reason: None,
            decision: member.decisions.clone(),
            due_at: None,
            called_at: member.state.granted_at(),
            ended_at: member.state.over_at(),
            call_duration: None,
        };
        match &member.state {
            MemberState::Waiting { .. } if cancelled => view.status = "cancelled",
            MemberState::Waiting { not_before } => view.due_at = *not_before,
            MemberState::Planned { session, due } => {
                view.status = if cancelled { "cancelled" } else { "planned" };
                view.session_id = Some(session.uuid());
                view.due_at = Some(*due).filter(|_| !cancelled);
            }
            MemberState::Calling { session, .. } => {
                view.status = "calling";
                view.session_id = Some(session.uuid());
            }
            MemberState::Skipped {
                reason, session, ..
            } => {
                view.status = "skipped";
                view.skip_reason = Some(*reason);
                view.session_id = session.map(|id| id.uuid());
            }
            MemberState::Settled { session, result } => {
                view.status = match result.status {
                    Status::Completed => "completed",
                    Status::Unknown => "unknown",
                    _ => "failed",
                };
                view.success = result.outcome == Some(Outcome::Answered);
                view.session_id = Some(session.uuid());
                view.provider_call_id = result.call_id.clone();
                view.outcome = result.outcome;
                view.appointment_action = result.action;
                view.error = result.error.clone();
                view.call_duration = result.seconds;
            }
        }
        view
    }
}
