//! What each of the provider's disconnection reasons means for us: one table, with a catch-all for the reasons
//! that it adds over time.

use super::pause::PauseReason;
use super::session::Outcome;
use crate::planner::RetryCause;

/// Whether a call with this reason had somebody, or something, on the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Connection {
    /// It connected: what was said comes with the analysis.
    Connected,
    /// It never did: there will be no analysis.
    NotConnected,
    /// It broke; it had connected if it had started.
    IfStarted,
}

/// Whether a call is tried again, and after which delay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetryClass {
    /// The person was reached: there is nothing to repeat.
    Reached,
    /// Yes, after this cause's delay.
    After(RetryCause),
    /// Trying again cannot help.
    Never,
}

/// What the reason says about the account the call was placed with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AccountTrouble {
    /// Nothing.
    None,
    /// Too many calls at once: keep quiet for a while.
    BackOff,
    /// It cannot be used until a person has seen to it.
    Pause(PauseReason),
}

/// What one disconnection reason means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Disconnect {
    /// Whether it connected.
    pub connection: Connection,
    /// The outcome, unless the analysis knows better.
    pub outcome: Outcome,
    /// Whether it failed for a reason that lies with us or the provider.
    pub technical: bool,
    /// Whether the person asked never to be called again.
    pub do_not_call: bool,
    /// Whether the person asked to be called back.
    pub callback: bool,
    /// What it says about the account.
    pub account: AccountTrouble,
    /// How it is tried again.
    pub retry: RetryClass,
}

const ANSWERED: Disconnect = Disconnect {
    connection: Connection::Connected,
    outcome: Outcome::Answered,
    technical: false,
    do_not_call: false,
    callback: false,
    account: AccountTrouble::None,
    retry: RetryClass::Reached,
};
const VOICEMAIL: Disconnect = Disconnect {
    outcome: Outcome::Voicemail,
    retry: RetryClass::After(RetryCause::Voicemail),
    ..ANSWERED
};
const NO_ANSWER: Disconnect = Disconnect {
    connection: Connection::NotConnected,
    outcome: Outcome::NoAnswer,
    retry: RetryClass::After(RetryCause::NoAnswer),
    ..ANSWERED
};
const BUSY: Disconnect = Disconnect {
    outcome: Outcome::Busy,
    retry: RetryClass::After(RetryCause::Busy),
    ..NO_ANSWER
};
/// The number itself is at fault.
const BAD_NUMBER: Disconnect = Disconnect {
    outcome: Outcome::Failed,
    retry: RetryClass::Never,
    ..NO_ANSWER
};
const NOT_CARRIED: Disconnect = Disconnect {
    outcome: Outcome::Failed,
    technical: true,
    retry: RetryClass::After(RetryCause::TechnicalFailure),
    ..NO_ANSWER
};
const BROKE: Disconnect = Disconnect {
    connection: Connection::IfStarted,
    ..NOT_CARRIED
};
const CROWDED: Disconnect = Disconnect {
    account: AccountTrouble::BackOff,
    ..NOT_CARRIED
};
const UNPAID: Disconnect = Disconnect {
    account: AccountTrouble::Pause(PauseReason::PaymentNeeded),
    ..NOT_CARRIED
};
const BLOCKED: Disconnect = Disconnect {
    account: AccountTrouble::Pause(PauseReason::AccountUnusable),
    ..NOT_CARRIED
};

/// Every reason the provider documents.
pub const TABLE: [(&str, Disconnect); 39] = [
    // Ended after it connected.
    ("user_hangup", ANSWERED),
    ("agent_hangup", ANSWERED),
    (
        "user_requested_dnc",
        Disconnect {
            do_not_call: true,
            ..ANSWERED
        },
    ),
    (
        "user_requested_callback",
        Disconnect {
            callback: true,
            ..ANSWERED
        },
    ),
    ("call_transfer", ANSWERED),
    ("voicemail_reached", VOICEMAIL),
    ("ivr_reached", VOICEMAIL),
    ("inactivity", ANSWERED),
    ("max_duration_reached", ANSWERED),
    ("manual_stopped", ANSWERED),
    ("transfer_bridged", ANSWERED),
    ("transfer_cancelled", ANSWERED),
    ("call_take_over", ANSWERED),
    // Never connected.
    ("dial_busy", BUSY),
    ("dial_failed", NOT_CARRIED),
    ("dial_no_answer", NO_ANSWER),
    ("invalid_destination", BAD_NUMBER),
    ("telephony_provider_permission_denied", NOT_CARRIED),
    ("telephony_provider_unavailable", NOT_CARRIED),
    ("sip_routing_error", NOT_CARRIED),
    ("marked_as_spam", NOT_CARRIED),
    ("network_blocked", NOT_CARRIED),
    ("user_declined", NO_ANSWER),
    // The account.
    ("concurrency_limit_reached", CROWDED),
    ("no_concurrency_fallback", CROWDED),
    ("no_valid_payment", UNPAID),
    ("credit_exhausted", UNPAID),
    ("budget_reached", UNPAID),
    ("scam_detected", BLOCKED),
    // Errors, before or during a call.
    ("error_llm_websocket_open", BROKE),
    ("error_llm_websocket_lost_connection", BROKE),
    ("error_llm_websocket_runtime", BROKE),
    ("error_llm_websocket_corrupt_payload", BROKE),
    ("error_no_audio_received", BROKE),
    ("error_asr", BROKE),
    ("error_retell", BROKE),
    ("error_unknown", BROKE),
    ("error_user_not_joined", NOT_CARRIED),
    ("registered_call_timeout", NOT_CARRIED),
];

/// What a reason means. One we do not know counts as a technical failure if the call had not started, and waits for
/// its analysis if it had.
pub fn meaning(reason: &str) -> Disconnect {
    TABLE
        .iter()
        .find(|(known, _)| *known == reason)
        .map_or(BROKE, |(_, meaning)| *meaning)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As the provider's contract lists them.
    const DOCUMENTED: &str = "user_hangup agent_hangup user_requested_dnc user_requested_callback call_transfer \
        voicemail_reached ivr_reached inactivity max_duration_reached manual_stopped transfer_bridged \
        transfer_cancelled call_take_over dial_busy dial_failed dial_no_answer invalid_destination \
        telephony_provider_permission_denied telephony_provider_unavailable sip_routing_error marked_as_spam \
        network_blocked user_declined concurrency_limit_reached no_concurrency_fallback no_valid_payment \
        credit_exhausted budget_reached scam_detected error_llm_websocket_open \
        error_llm_websocket_lost_connection error_llm_websocket_runtime error_llm_websocket_corrupt_payload \
        error_no_audio_received error_asr error_retell error_unknown error_user_not_joined \
        registered_call_timeout";

    #[test]
    fn every_documented_reason_is_in_the_table_once() {
        let mut documented: Vec<_> = DOCUMENTED.split_whitespace().collect();
        let mut known: Vec<_> = TABLE.iter().map(|(reason, _)| *reason).collect();
        documented.sort_unstable();
        known.sort_unstable();
        assert_eq!(documented.len(), 39);
        assert_eq!(known, documented);
    }

    #[test]
    fn the_table_agrees_with_itself() {
        for (reason, d) in TABLE {
            let failed = d.outcome == Outcome::Failed;
            assert_eq!(
                d.retry == RetryClass::Reached,
                d.outcome == Outcome::Answered,
                "{reason}"
            );
            assert_eq!(
                d.technical,
                d.retry == RetryClass::After(RetryCause::TechnicalFailure),
                "{reason}"
            );
            assert_eq!(
                failed,
                matches!(
                    d.retry,
                    RetryClass::After(RetryCause::TechnicalFailure) | RetryClass::Never
                ),
                "{reason}"
            );
            assert!(d.account == AccountTrouble::None || d.technical, "{reason}");
            assert!(
                d.connection != Connection::Connected || !d.technical,
                "{reason}"
            );
        }
        let asks: Vec<_> = TABLE
            .iter()
            .filter(|(_, d)| d.do_not_call)
            .map(|(r, _)| *r)
            .collect();
        assert_eq!(asks, ["user_requested_dnc"]);
    }

    #[test]
    fn named_ones() {
        assert_eq!(meaning("dial_busy").outcome, Outcome::Busy);
        assert_eq!(
            meaning("voicemail_reached").retry,
            RetryClass::After(RetryCause::Voicemail)
        );
        assert_eq!(
            meaning("credit_exhausted").account,
            AccountTrouble::Pause(PauseReason::PaymentNeeded)
        );
        assert_eq!(
            meaning("concurrency_limit_reached").account,
            AccountTrouble::BackOff
        );
        let unheard_of = meaning("a_reason_of_next_year");
        assert_eq!(unheard_of.connection, Connection::IfStarted);
        assert!(unheard_of.technical && unheard_of.account == AccountTrouble::None);
    }
}
