//! Connections to providers (S3 section 4), without their secrets, which are sealed in a record of their own.

use serde::{Deserialize, Serialize};

use crate::appointment::CallBeforeHours;
use crate::phone::E164;
use crate::settings::mapping::FieldMapping;
use crate::text::{Email, ShortText};

/// The voice provider.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Retell {
    #[serde(default)]
    pub agent_id: Option<ShortText<100>>,
    #[serde(default)]
    pub from_number: Option<E164>,
    /// Where to reach it instead of the provider's own address. Settable on the local host only.
    #[serde(default)]
    pub base_url: Option<ShortText<255>>,
    /// Whether an API key is stored.
    #[serde(default)]
    pub has_key: bool,
}

/// The Cal.com calendar.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Calcom {
    #[serde(default)]
    pub enabled: bool,
    #[serde(default)]
    pub organizer_email: Option<Email>,
    #[serde(default)]
    pub event_type_id: Option<u64>,
    /// How long before an appointment from this calendar its reminder call is wanted; None: as for others.
    #[serde(default)]
    pub call_before_hours: Option<CallBeforeHours>,
    #[serde(default)]
    pub field_mapping: FieldMapping,
    #[serde(default)]
    pub base_url: Option<ShortText<255>>,
    #[serde(default)]
    pub has_key: bool,
    #[serde(default)]
    pub has_webhook_secret: bool,
}

/// Messages by SMS, and what is known of numbers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Twilio {
    #[serde(default)]
    pub enabled: bool,
    #[serde(default)]
    pub account_sid: Option<ShortText<34>>,
    #[serde(default)]
    pub from_number: Option<E164>,
    #[serde(default)]
    pub base_url: Option<ShortText<255>>,
    /// Whether a token is stored.
    #[serde(default)]
    pub has_token: bool,
    /// Whether who sends STOP gets no more calls either (CONTRACTS.md Twilio: stop both by default).
    #[serde(default = "yes")]
    pub stop_ends_calls: bool,
}

fn yes() -> bool {
    true
}

impl Default for Twilio {
    fn default() -> Self {
        Self {
            enabled: false,
            account_sid: None,
            from_number: None,
            base_url: None,
            has_token: false,
            stop_ends_calls: yes(),
        }
    }
}

/// All connections.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Integrations {
    #[serde(default)]
    pub retell: Retell,
    #[serde(default)]
    pub calcom: Calcom,
    #[serde(default)]
    pub twilio: Twilio,
}

impl Twilio {
    /// Whether numbers can be looked up.
    pub fn opens(&self) -> bool {
        self.enabled && self.account_sid.is_some() && self.has_token
    }

    /// Whether a message can be sent at all.
    pub fn configured(&self) -> bool {
        self.opens() && self.from_number.is_some()
    }
}

impl Retell {
    /// Whether a call can be placed at all.
    pub fn configured(&self) -> bool {
        self.agent_id.is_some() && self.from_number.is_some() && self.has_key
    }
}
