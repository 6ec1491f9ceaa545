//! What a call can leave for staff to look at (rules.md Needs attention). The words are part of the API.

use serde::{Deserialize, Serialize};

/// Why somebody must look, as far as calls are the cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallAttention {
    /// There is no number to ring.
    NoPhone,
    /// The number cannot or must not be rung.
    NotDialable,
    /// The call could not be placed before its latest instant.
    WindowMissed,
    /// The provider refused three times.
    ProviderRefused,
    /// It is not known whether the call was placed; it is never placed again by itself.
    Unknown,
    /// Two or more calls in a row did not reach the person.
    RepeatedFailures,
    /// The person was not reached and no further call is planned.
    NotReached,
    /// The person wants another time and named none that can be used.
    RescheduleRequested,
    /// The person asked to be called back.
    CallbackRequested,
    /// The agent noted that staff should follow up.
    FollowUpRequired,
    /// What the person said was about a time that has been changed since.
    ChangedDuringCall,
    /// The person answered, but the provider told nothing of what was said.
    AnalysisMissing,
}

impl CallAttention {
    /// The word used in the API and the table.
    pub const fn name(self) -> &'static str {
        match self {
            Self::NoPhone => "no_phone",
            Self::NotDialable => "not_dialable",
            Self::WindowMissed => "window_missed",
            Self::ProviderRefused => "provider_refused",
            Self::Unknown => "unknown",
            Self::RepeatedFailures => "repeated_failures",
            Self::NotReached => "not_reached",
            Self::RescheduleRequested => "reschedule_requested",
            Self::CallbackRequested => "callback_requested",
            Self::FollowUpRequired => "follow_up_required",
            Self::ChangedDuringCall => "changed_during_call",
            Self::AnalysisMissing => "analysis_missing",
        }
    }
}
