//! Retell's call object, read tolerantly: only the id must be there.

use std::fmt;

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};
use vio_domain::calendar::LocalDateTimeInput;
use vio_domain::ids::{AttemptId, ContactId, SessionId, TenantId};

use super::{DisconnectionReason, Ending};
use crate::EventError;
use crate::json::{epoch_ms, members, text, whole};

/// Where a call is. Outcomes are keyed on the webhook's event and the reason instead: a call that never connected may
/// end in any of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallStatus {
    Registered,
    NotConnected,
    Ongoing,
    Ended,
    Error,
}

/// How the person sounded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sentiment {
    Positive,
    Neutral,
    Negative,
    Unknown,
}

/// What the person decided (S0 `appointment_action`), from our agent's `custom_analysis_data`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AppointmentAction {
    Confirmed,
    Cancelled,
    Rescheduled,
    NoAction,
}

/// The new time of a reschedule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NewTime {
    /// None was agreed: staff find one.
    Absent,
    /// A wall-clock time in the appointment's zone, or an instant.
    Given(LocalDateTimeInput),
    /// Something was said that is not a time: staff look at it.
    Unreadable,
}

/// The analysis, once there is one.
#[derive(Clone, PartialEq)]
pub struct Analysis {
    /// A few sentences. Health data.
    pub summary: Option<String>,
    /// Whether a machine was spoken to.
    pub in_voicemail: Option<bool>,
    /// How the person sounded.
    pub sentiment: Option<Sentiment>,
    /// The provider's own judgement.
    pub successful: Option<bool>,
    /// What was decided; `None` when the agent did not say, or said another word.
    pub action: Option<AppointmentAction>,
    /// The time agreed on.
    pub new_time: NewTime,
    /// How content the person was, 1 to 5, where the agent asked (`customer_feedback`).
    pub feedback: Option<u8>,
    /// All that our agent extracted. Health data.
    pub custom: Map<String, Value>,
}

/// A call as the provider describes it.
#[derive(Clone, PartialEq)]
pub struct Call {
    /// The provider's id.
    pub call_id: String,
    /// Ours, from `metadata`.
    pub attempt_id: Option<AttemptId>,
    /// Ours, from `metadata`.
    pub contact_id: Option<ContactId>,
    /// Ours, from `metadata`.
    pub session_id: Option<SessionId>,
    /// Ours, from `metadata`.
    pub tenant_id: Option<TenantId>,
    /// Where it is.
    pub status: Option<CallStatus>,
    /// When it began.
    pub started_at: Option<DateTime<Utc>>,
    /// When it ended.
    pub ended_at: Option<DateTime<Utc>>,
    /// How long it was, in milliseconds; from the two instants when the provider does not say.
    pub duration_ms: Option<i64>,
    /// Why it ended.
    pub disconnection_reason: Option<DisconnectionReason>,
    /// What was said. Health data; never in lists.
    pub transcript: Option<String>,
    /// What it cost, in thousandths of a US cent (the provider counts fractions of cents).
    pub cost_millicents: Option<i64>,
    /// The analysis, only after `call_analyzed`.
    pub analysis: Option<Analysis>,
}

impl Call {
    /// Reads a call object.
    pub fn read(call: &Value) -> Result<Self, EventError> {
        let call_id = text(&call["call_id"]).ok_or(EventError::Missing("call_id"))?;
        let metadata = &call["metadata"];
        let (started_at, ended_at) = (
            epoch_ms(&call["start_timestamp"]),
            epoch_ms(&call["end_timestamp"]),
        );
        let between = started_at
            .zip(ended_at)
            .map(|(start, end)| (end - start).num_milliseconds());
        Ok(Self {
            call_id,
            attempt_id: metadata["attempt_id"]
                .as_str()
                .and_then(|id| id.parse().ok()),
            contact_id: metadata["contact_id"]
                .as_str()
                .and_then(|id| id.parse().ok()),
            session_id: metadata["session_id"]
                .as_str()
                .and_then(|id| id.parse().ok()),
            tenant_id: metadata["tenant_id"]
                .as_str()
                .and_then(|id| id.parse().ok()),
            status: status(&call["call_status"]),
            started_at,
            ended_at,
            duration_ms: whole(&call["duration_ms"])
                .or(between)
                .filter(|duration| *duration >= 0),
            disconnection_reason: text(&call["disconnection_reason"])
                .map(|word| DisconnectionReason::new(&word)),
            transcript: text(&call["transcript"]),
            cost_millicents: call["call_cost"]["combined_cost"]
                .as_f64()
                .filter(|cents| (0.0..1e9).contains(cents))
                .map(|cents| (cents * 1000.0).round() as i64),
            analysis: call["call_analysis"]
                .as_object()
                .map(|_| Analysis::read(&call["call_analysis"])),
        })
    }

    /// How the call ended, once it has: by its reason, or as a machine when the analysis says so. A reason that is not
    /// known yet counts as answered when the call has an analysis or lasted, else as failed.
    pub fn ending(&self) -> Option<Ending> {
        let ending = self.disconnection_reason.as_ref()?.ending();
        let machine = self
            .analysis
            .as_ref()
            .is_some_and(|analysis| analysis.in_voicemail == Some(true));
        Some(match ending {
            Ending::Answered | Ending::Unknown if machine => Ending::Machine,
            Ending::Unknown
                if self.analysis.is_some() || self.duration_ms.is_some_and(|ms| ms > 0) =>
            {
                Ending::Answered
            }
            Ending::Unknown => Ending::Failed,
            known => known,
        })
    }

    /// Whether somebody or something picked up: such a call settles at `call_analyzed`, another at `call_ended`.
    pub fn connected(&self) -> bool {
        matches!(self.ending(), Some(Ending::Answered | Ending::Machine))
    }
}

impl Analysis {
    fn read(analysis: &Value) -> Self {
        let custom = members(&analysis["custom_analysis_data"]);
        let new_time = match custom.get("new_time") {
            None | Some(Value::Null) => NewTime::Absent,
            Some(value) => match value.as_str().map(str::trim) {
                Some("") => NewTime::Absent,
                Some(time) => time.parse().map_or(NewTime::Unreadable, NewTime::Given),
                None => NewTime::Unreadable,
            },
        };
        Self {
            summary: text(&analysis["call_summary"]),
            in_voicemail: analysis["in_voicemail"].as_bool(),
            sentiment: match analysis["user_sentiment"].as_str() {
                Some("Positive") => Some(Sentiment::Positive),
                Some("Neutral") => Some(Sentiment::Neutral),
                Some("Negative") => Some(Sentiment::Negative),
                Some("Unknown") => Some(Sentiment::Unknown),
                _ => None,
            },
            successful: analysis["call_successful"].as_bool(),
            action: custom.get("appointment_action").and_then(action),
            new_time,
            feedback: custom.get("customer_feedback").and_then(score),
            custom,
        }
    }
}

/// A score as a number or as the text of one.
fn score(value: &Value) -> Option<u8> {
    let number = value
        .as_u64()
        .or_else(|| value.as_str()?.trim().parse().ok())?;
    u8::try_from(number).ok()
}

/// The agent writes its word in any case and in either spelling of "cancelled".
fn action(value: &Value) -> Option<AppointmentAction> {
    match value.as_str()?.trim().to_ascii_lowercase().as_str() {
        "confirmed" => Some(AppointmentAction::Confirmed),
        "cancelled" | "canceled" => Some(AppointmentAction::Cancelled),
        "rescheduled" => Some(AppointmentAction::Rescheduled),
        "no_action" => Some(AppointmentAction::NoAction),
        _ => None,
    }
}

fn status(value: &Value) -> Option<CallStatus> {
    match value.as_str()? {
        "registered" => Some(CallStatus::Registered),
        "not_connected" => Some(CallStatus::NotConnected),
        "ongoing" => Some(CallStatus::Ongoing),
        "ended" => Some(CallStatus::Ended),
        "error" => Some(CallStatus::Error),
        _ => None,
    }
}

impl fmt::Debug for Call {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("call_id", &self.call_id)
            .field("attempt_id", &self.attempt_id)
            .field("status", &self.status)
            .field("disconnection_reason", &self.disconnection_reason)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Analysis {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Analysis")
            .field("action", &self.action)
            .finish_non_exhaustive()
    }
}
