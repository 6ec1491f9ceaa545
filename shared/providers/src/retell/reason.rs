//! Why a call ended.

use std::fmt;

/// Retell's `disconnection_reason`: 39 words and growing.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct DisconnectionReason(String);

/// What a reason means for the outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Ending {
    /// A person was on the line.
    Answered,
    /// A machine picked up: a mailbox or a menu.
    Machine,
    /// Nobody picked up, or the person declined.
    NoAnswer,
    /// The line was busy.
    Busy,
    /// The call could not be made or broke for a technical reason.
    Failed,
    /// The account may not call: money, limits, a ban.
    Account,
    /// A word that is not known yet.
    Unknown,
}

impl DisconnectionReason {
    /// Longest word kept.
    const LONGEST: usize = 100;

    pub(crate) fn new(word: &str) -> Self {
        Self(word.chars().take(Self::LONGEST).collect())
    }

    /// The provider's word.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What it means.
    pub fn ending(&self) -> Ending {
        match self.0.as_str() {
            "user_hangup"
            | "agent_hangup"
            | "user_requested_dnc"
            | "user_requested_callback"
            | "call_transfer"
            | "inactivity"
            | "max_duration_reached"
            | "manual_stopped"
            | "transfer_bridged"
            | "transfer_cancelled"
            | "call_take_over" => Ending::Answered,
            "voicemail_reached" | "ivr_reached" => Ending::Machine,
            "dial_no_answer" | "user_declined" => Ending::NoAnswer,
            "dial_busy" => Ending::Busy,
            "concurrency_limit_reached"
            | "no_concurrency_fallback"
            | "no_valid_payment"
            | "credit_exhausted"
            | "budget_reached"
            | "scam_detected" => Ending::Account,
            "dial_failed"
            | "invalid_destination"
            | "telephony_provider_permission_denied"
            | "telephony_provider_unavailable"
            | "sip_routing_error"
            | "marked_as_spam"
            | "network_blocked"
            | "registered_call_timeout" => Ending::Failed,
            error if error.starts_with("error_") => Ending::Failed,
            _ => Ending::Unknown,
        }
    }
}

impl fmt::Debug for DisconnectionReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_documented_word_has_a_meaning() {
        let meaning = |words: &str, ending: Ending| {
            for word in words.split_whitespace() {
                assert_eq!(DisconnectionReason::new(word).ending(), ending, "{word}");
            }
            words.split_whitespace().count()
        };
        let count = meaning(
            "user_hangup agent_hangup user_requested_dnc user_requested_callback call_transfer inactivity \
             max_duration_reached manual_stopped transfer_bridged transfer_cancelled call_take_over",
            Ending::Answered,
        ) + meaning("voicemail_reached ivr_reached", Ending::Machine)
            + meaning("dial_no_answer user_declined", Ending::NoAnswer)
            + meaning("dial_busy", Ending::Busy)
            + meaning(
                "concurrency_limit_reached no_concurrency_fallback no_valid_payment credit_exhausted budget_reached \
                 scam_detected",
                Ending::Account,
            )
            + meaning(
                "dial_failed invalid_destination telephony_provider_permission_denied \
                 telephony_provider_unavailable sip_routing_error marked_as_spam network_blocked \
                 error_llm_websocket_open error_llm_websocket_lost_connection error_llm_websocket_runtime \
                 error_llm_websocket_corrupt_payload error_no_audio_received error_asr error_retell error_unknown \
                 error_user_not_joined registered_call_timeout",
                Ending::Failed,
            );
        assert_eq!(count, 39);
        assert_eq!(
            DisconnectionReason::new("abducted").ending(),
            Ending::Unknown
        );
    }
}
