//! Written messages to people: what they may say is in `words`; here is how long they are, what becomes of one, and
//! what an answer to one means (S1 phase 4). E-mail is a second channel of the same record.

pub mod inbound;
pub mod rules;
pub mod segments;
pub mod state;

use serde::{Deserialize, Serialize};

/// How a message goes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Channel {
    Sms,
}

/// Why a message goes out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// Somebody on the staff wrote it.
    Staff,
    /// A reminder that staff asked for (S1 "Send appointment reminder").
    ReminderNow,
    /// The reminder of somebody who prefers this channel.
    Reminder,
    /// Calls did not reach the person (S0 "Voicemail Handling Strategy"), or cannot be made in time (S0
    /// `voice_service_outage`).
    Fallback,
}

impl Purpose {
    /// Whether it reminds of an appointment, and so asks whether the person comes.
    pub fn reminds(self) -> bool {
        self != Self::Staff
    }
}
