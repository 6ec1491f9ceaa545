//! Privacy and compliance (S3 section 6).

use serde::{Deserialize, Serialize};

use crate::contact::ConsentMethod;
use crate::phi::PhiLevel;
use crate::settings::{BusinessType, RecordingAgreement};
pub use crate::words::HipaaLevel;

/// Privacy settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrivacySettings {
    /// Changing the business type never switches it off (rules.md Privacy).
    pub hipaa_mode: bool,
    pub hipaa_level: HipaaLevel,
    /// No call without a recorded consent. True by default in HIPAA mode only.
    pub require_voice_consent: bool,
    pub consent_documentation: ConsentMethod,
    pub phi_detection: bool,
    pub phi_level: PhiLevel,
    /// Months; None keeps contacts until deleted by hand.
    pub contact_retention_months: Option<u16>,
    /// 6, 12, 24 or 36 months.
    pub call_log_retention_months: u16,
    /// Without it nothing is recorded in HIPAA mode.
    #[serde(default)]
    pub recording_agreement: Option<RecordingAgreement>,
}

impl PrivacySettings {
    /// S3's defaults by type of business.
    pub fn for_business(kind: BusinessType) -> Self {
        let hipaa = kind == BusinessType::Medical;
        Self {
            hipaa_mode: hipaa,
            hipaa_level: HipaaLevel::Standard,
            require_voice_consent: hipaa,
            consent_documentation: ConsentMethod::Electronic,
            phi_detection: true,
            phi_level: PhiLevel::Moderate,
            contact_retention_months: Some(match kind {
                BusinessType::Medical => 84,
                BusinessType::Salon | BusinessType::General => 36,
                BusinessType::Restaurant => 24,
                BusinessType::Consultant => 60,
            }),
            call_log_retention_months: 12,
            recording_agreement: None,
        }
    }

    /// The level in force, None outside HIPAA mode.
    pub fn level_in_force(&self) -> Option<HipaaLevel> {
        self.hipaa_mode.then_some(self.hipaa_level)
    }
}
