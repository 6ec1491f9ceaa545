//! Why a tenant's calling is paused, since when and by whom (rules.md Placing a call, S0).

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::ids::UserId;

/// What made the calling stop. Only a person resumes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PauseReason {
    /// Somebody with the permission pressed pause.
    Person,
    /// The provider wants to be paid first (402, or a call ended for want of credit).
    PaymentNeeded,
    /// The provider does not accept the key (401).
    CredentialsRefused,
    /// The provider forbids this account to call (403, or an account it has blocked).
    AccountUnusable,
    /// The provider does not know the agent or the number (422).
    UnknownAgentOrNumber,
    /// Ten of the last twenty attempts failed technically within an hour.
    TechnicalFailures,
}

impl PauseReason {
    /// The name used in JSON and in decision records.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::PaymentNeeded => "payment_needed",
            Self::CredentialsRefused => "credentials_refused",
            Self::AccountUnusable => "account_unusable",
            Self::UnknownAgentOrNumber => "unknown_agent_or_number",
            Self::TechnicalFailures => "technical_failures",
        }
    }
}

/// Who paused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PausedBy {
    /// A rule of the engine.
    System,
    /// A person.
    User(UserId),
}

/// A tenant's calling is paused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pause {
    /// Why.
    pub reason: PauseReason,
    /// Since when.
    pub since: DateTime<Utc>,
    /// By whom.
    pub by: PausedBy,
}
