//! How and when the voice agent calls (S3 section 3).

use serde::{Deserialize, Serialize};

use crate::appointment::CallBeforeHours;
use crate::calendar::CallHours;
use crate::calling::settle::RetryPolicy;
use crate::planner::RetryDelays;
use crate::settings::{BusinessType, Price};
use crate::words::{Personalization, ScriptLength, Tone};

/// Retries after an unanswered or failed call (S3 section 3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct RetrySettings {
    #[serde(flatten)]
    pub policy: RetryPolicy,
    #[serde(flatten)]
    pub delays: RetryDelays,
}

/// Call settings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CallSettings {
    pub call_before_hours: CallBeforeHours,
    pub custom_timing_allowed: bool,
    /// When calls may be made, read in the contact's own zone.
    pub call_hours: CallHours,
    /// Hours before the appointment after which no reminder is started any more.
    pub minimum_notice_hours: u8,
    /// Plan a reminder when an appointment is made (S3 section 11).
    pub auto_schedule_calls: bool,
    pub retries: RetrySettings,
    pub tone: Tone,
    pub script_length: ScriptLength,
    pub personalization: Personalization,
    pub call_recording: bool,
    pub customer_feedback: bool,
    /// A booking on the tenant's own calendar counts as implied consent (rules.md Privacy); off by default.
    pub voice_consent_from_booking: bool,
    /// What the business pays for a call; shown in what campaigns would cost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price_per_call: Option<Price>,
}

/// `minimum_notice` of rules.md, in hours.
pub const MINIMUM_NOTICE_HOURS: u8 = 2;

impl CallSettings {
    /// S3's defaults by type of business.
    pub fn for_business(kind: BusinessType) -> Self {
        Self {
            call_before_hours: CallBeforeHours::DEFAULT,
            custom_timing_allowed: true,
            call_hours: CallHours::default(),
            minimum_notice_hours: MINIMUM_NOTICE_HOURS,
            auto_schedule_calls: true,
            retries: RetrySettings::default(),
            tone: match kind {
                BusinessType::Medical => Tone::Medical,
                BusinessType::Salon | BusinessType::Restaurant => Tone::Friendly,
                BusinessType::Consultant | BusinessType::General => Tone::Professional,
            },
            script_length: ScriptLength::Standard,
            personalization: match kind {
                BusinessType::Medical => Personalization::Minimal,
                BusinessType::Salon | BusinessType::Restaurant => Personalization::Enhanced,
                BusinessType::Consultant | BusinessType::General => Personalization::Standard,
            },
            call_recording: false,
            customer_feedback: false,
            voice_consent_from_booking: false,
            price_per_call: None,
        }
    }
}
