//! A tenant's settings: one record, read by every rule (S3). Secrets are not here; they are sealed beside it.

pub mod business;
pub mod calls;
pub mod integrations;
pub mod mapping;
pub mod price;
pub mod privacy;
pub mod recording;

use serde::{Deserialize, Serialize};

pub use business::{Business, BusinessType};
pub use calls::{CallSettings, RetrySettings};
pub use integrations::Integrations;
pub use price::{Currency, Price};
pub use privacy::{HipaaLevel, PrivacySettings};
pub use recording::{RecordingAgreement, RecordingRefused};

use crate::text::ShortText;

/// How delicate an appointment type is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sensitivity {
    #[default]
    Normal,
    /// Never spoken; hidden on cards without the permission.
    Sensitive,
}

/// One entry of the tenant's list of appointment types (rules.md Contacts).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppointmentType {
    pub name: ShortText<100>,
    #[serde(default)]
    pub sensitivity: Sensitivity,
    /// What the agent says instead of the name.
    #[serde(default)]
    pub spoken_as: Option<ShortText<100>>,
}

/// Everything a tenant can set that the rules read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    pub business: Business,
    pub calls: CallSettings,
    pub privacy: PrivacySettings,
    #[serde(default)]
    pub integrations: Integrations,
    #[serde(default)]
    pub appointment_types: Vec<AppointmentType>,
}

impl Settings {
    /// The defaults of a new tenant (S3): they depend on the type of business.
    pub fn for_business(business: Business) -> Self {
        Self {
            calls: CallSettings::for_business(business.business_type),
            privacy: PrivacySettings::for_business(business.business_type),
            integrations: Integrations::default(),
            appointment_types: Vec::new(),
            business,
        }
    }

    /// The list entry of an appointment type, matched without regard to case.
    pub fn appointment_type(&self, name: &str) -> Option<&AppointmentType> {
        let wanted = name.to_lowercase();
        self.appointment_types
            .iter()
            .find(|entry| entry.name.as_str().to_lowercase() == wanted)
    }
}
