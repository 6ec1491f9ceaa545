//! Whether calls may be recorded (S3 section 3 `call_recording`; rules.md Privacy: off in HIPAA mode without a recorded
//! agreement).

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

use super::{HipaaLevel, Settings};
use crate::text::ShortText;

/// The agreement with the voice provider that covers recordings (a business associate agreement, or what the tenant's
/// law asks for), as an administrator recorded it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordingAgreement {
    /// The day it was signed.
    pub signed_on: NaiveDate,
    /// Where it is kept, or its number.
    pub reference: ShortText<200>,
}

/// Why calls are not recorded although the tenant wants it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RecordingRefused {
    /// HIPAA mode, and no agreement is recorded.
    #[error("HIPAA mode is on and no agreement on recordings is recorded")]
    AgreementMissing,
    /// At the strict level the provider keeps nothing of a call.
    #[error("at the strict HIPAA level nothing of a call is kept")]
    StrictLevel,
}

impl RecordingRefused {
    /// Its name in answers.
    pub const fn code(self) -> &'static str {
        match self {
            Self::AgreementMissing => "recording_agreement_required",
            Self::StrictLevel => "recording_forbidden_at_strict",
        }
    }
}

impl Settings {
    /// Whether calls are recorded: the tenant wants it and nothing forbids it.
    ///
    /// # Errors
    /// The tenant wants it, and this forbids it.
    pub fn recording(&self) -> Result<bool, RecordingRefused> {
        if !self.calls.call_recording {
            return Ok(false);
        }
        match self.privacy.level_in_force() {
            Some(HipaaLevel::Strict) => Err(RecordingRefused::StrictLevel),
            Some(_) if self.privacy.recording_agreement.is_none() => {
                Err(RecordingRefused::AgreementMissing)
            }
            _ => Ok(true),
        }
    }
}
