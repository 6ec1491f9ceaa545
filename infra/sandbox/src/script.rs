//! What the next calls will do: the script that a test or a person writes.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};

/// What the person at the other end decides, as the agent's analysis reports it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AppointmentAction {
    /// They will come.
    Confirmed,
    /// They will not.
    Cancelled,
    /// They want another time.
    Rescheduled,
    /// Nothing was decided.
    NoAction,
}

/// Retell's `user_sentiment`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Sentiment {
    /// Pleased.
    #[serde(alias = "positive")]
    Positive,
    /// Neither.
    #[serde(alias = "neutral")]
    Neutral,
    /// Displeased.
    #[serde(alias = "negative")]
    Negative,
    /// Not known.
    #[serde(alias = "unknown")]
    Unknown,
}

/// A way for the provider to misbehave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// The call is created and goes on, but its HTTP answer never comes: the connection hangs for
    /// 60 s of real time or until the client gives up; then a bare 504, as from a gateway.
    TimeoutAfterAccept,
    /// 500, and no call.
    #[serde(rename = "500")]
    ServerError,
    /// 429 with `Retry-After`, and no call.
    #[serde(rename = "429")]
    RateLimited,
    /// 402, and no call.
    #[serde(rename = "402")]
    PaymentNeeded,
    /// Every webhook is delivered twice.
    DuplicateWebhooks,
    /// No webhook is sent.
    NoWebhooks,
    /// Webhooks are held until the analysis, then delivered last first.
    ReorderedWebhooks,
}

/// How one call goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outcome {
    /// One of Retell's reasons, or one that nobody has heard of yet (taken as a connected call).
    /// It decides whether the call connects. Default `agent_hangup`.
    #[serde(default = "agent_hangup")]
    pub disconnection_reason: String,
    /// In `call_analysis.custom_analysis_data`. A connected call without one reports `no_action`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub appointment_action: Option<AppointmentAction>,
    /// RFC 3339, beside the action; passed on as written, so that a script can also send nonsense.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub new_time: Option<String>,
    /// `customer_feedback` beside the action, where the call's words ask for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub feedback: Option<u8>,
    /// Default: `Positive` when confirmed, else `Neutral`; `Unknown` when nobody spoke.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sentiment: Option<Sentiment>,
    /// Ringing until answered, or until the dial fails. Default 3.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer_after_seconds: Option<u32>,
    /// Talking, from the answer on. Default 30.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_seconds: Option<u32>,
    /// The misbehaviour, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<Fault>,
    /// For [`Fault::RateLimited`]: the header's value. Absent: 60. 0: no header at all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_seconds: Option<u32>,
}

/// Ringing time where the script says nothing.
pub(crate) const ANSWER_AFTER_SECONDS: u32 = 3;
/// Talking time where the script says nothing.
pub(crate) const DURATION_SECONDS: u32 = 30;
/// `Retry-After` where the script says nothing.
pub(crate) const RETRY_AFTER_SECONDS: u32 = 60;

fn agent_hangup() -> String {
    "agent_hangup".to_owned()
}

impl Default for Outcome {
    /// An answered call that confirms.
    fn default() -> Self {
        Self {
            appointment_action: Some(AppointmentAction::Confirmed),
            ..Self::ended(&agent_hangup())
        }
    }
}

impl Outcome {
    /// A call that ends for `disconnection_reason`, with nothing decided.
    #[must_use]
    pub fn ended(disconnection_reason: &str) -> Self {
        Self {
            disconnection_reason: disconnection_reason.to_owned(),
            appointment_action: None,
            new_time: None,
            feedback: None,
            sentiment: None,
            answer_after_seconds: None,
            duration_seconds: None,
            fault: None,
            retry_after_seconds: None,
        }
    }

    /// The default outcome with this fault.
    #[must_use]
    pub fn fault(fault: Fault) -> Self {
        Self {
            fault: Some(fault),
            ..Self::default()
        }
    }

    /// How Retell classes the reason.
    #[must_use]
    pub fn connection(&self) -> Connection {
        match self.disconnection_reason.as_str() {
            "dial_busy"
            | "dial_failed"
            | "dial_no_answer"
            | "invalid_destination"
            | "telephony_provider_permission_denied"
            | "telephony_provider_unavailable"
            | "sip_routing_error"
            | "marked_as_spam"
            | "network_blocked"
            | "user_declined" => Connection::NotConnected,
            "concurrency_limit_reached"
            | "no_concurrency_fallback"
            | "no_valid_payment"
            | "credit_exhausted"
            | "budget_reached"
            | "scam_detected"
            | "error_user_not_joined"
            | "registered_call_timeout" => Connection::NeverStarted,
            reason if reason.starts_with("error_") => Connection::BrokeOff,
            _ => Connection::Connected,
        }
    }
}

/// Whether a call connected, and the `call_status` it ends with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Connection {
    /// Answered, `ended`.
    Connected,
    /// Answered, then an error: `error`.
    BrokeOff,
    /// Never answered: `not_connected`.
    NotConnected,
    /// Never dialled, for a reason of the account: `error`.
    NeverStarted,
}

impl Connection {
    /// Was there an answer (and so a `call_started`)?
    #[must_use]
    pub fn answered(self) -> bool {
        matches!(self, Self::Connected | Self::BrokeOff)
    }

    pub(crate) fn final_status(self) -> &'static str {
        match self {
            Self::Connected => "ended",
            Self::NotConnected => "not_connected",
            Self::BrokeOff | Self::NeverStarted => "error",
        }
    }
}

/// A change of the script: each part that is named replaces what was there, the others stay.
///
/// A call takes the outcome of its number if there is one, else the first of `next`, else the
/// default. Only requests that would create a call take one: a repeat under the same idempotency
/// key and a refused request (400, 401, 422) leave the script alone.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Script {
    /// For every call that nothing else speaks for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<Outcome>,
    /// For the next calls, one each, first in first out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<VecDeque<Outcome>>,
    /// For each call to a number (E.164).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by_number: Option<BTreeMap<String, Outcome>>,
}

/// The script as it stands.
#[derive(Debug, Default)]
pub(crate) struct Standing {
    default: Outcome,
    next: VecDeque<Outcome>,
    by_number: BTreeMap<String, Outcome>,
}

impl Standing {
    pub(crate) fn change(&mut self, script: Script) {
        if let Some(default) = script.default {
            self.default = default;
        }
        if let Some(next) = script.next {
            self.next = next;
        }
        if let Some(by_number) = script.by_number {
            self.by_number = by_number;
        }
    }

    /// The outcome for a call to `number`, and whether it is the first of `next` (which the caller
    /// then takes with [`Self::take_next`]).
    pub(crate) fn outcome(&self, number: &str) -> (Outcome, bool) {
        if let Some(outcome) = self.by_number.get(number) {
            return (outcome.clone(), false);
        }
        match self.next.front() {
            Some(outcome) => (outcome.clone(), true),
            None => (self.default.clone(), false),
        }
    }

    pub(crate) fn take_next(&mut self) {
        self.next.pop_front();
    }
}
