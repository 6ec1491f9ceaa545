//! Who the tenant is (S3 section 1).

use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use crate::calendar::{HolidayCalendar, OperatingSchedule};
use crate::phone::{AcceptedRegions, Country, E164};
use crate::text::{Email, ShortText};

/// The kind of business: it decides defaults, never limits (S3 section 1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BusinessType {
    /// HIPAA mode is on by default.
    Medical,
    Salon,
    Restaurant,
    Consultant,
    General,
}

impl BusinessType {
    pub const ALL: [Self; 5] = [
        Self::Medical,
        Self::Salon,
        Self::Restaurant,
        Self::Consultant,
        Self::General,
    ];

    /// The word used in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Medical => "medical",
            Self::Salon => "salon",
            Self::Restaurant => "restaurant",
            Self::Consultant => "consultant",
            Self::General => "general",
        }
    }
}

/// A postal address.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Address {
    #[serde(default)]
    pub street: Option<ShortText<255>>,
    #[serde(default)]
    pub city: Option<ShortText<100>>,
    #[serde(default)]
    pub county: Option<ShortText<100>>,
    #[serde(default)]
    pub postal_code: Option<ShortText<20>>,
}

/// The business.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Business {
    /// Unique on the platform (S3).
    pub legal_name: ShortText<255>,
    #[serde(default)]
    pub trading_name: Option<ShortText<255>>,
    pub business_type: BusinessType,
    /// Default region of phone numbers typed without a country code.
    pub country: Country,
    pub timezone: Tz,
    /// The number people are told to call.
    #[serde(default)]
    pub primary_phone: Option<E164>,
    #[serde(default)]
    pub email: Option<Email>,
    #[serde(default)]
    pub website: Option<ShortText<255>>,
    #[serde(default)]
    pub address: Address,
    /// When the business is open; only warns (rules.md Contacts).
    #[serde(default)]
    pub operating_schedule: OperatingSchedule,
    #[serde(default)]
    pub holidays: HolidayCalendar,
    #[serde(default)]
    pub accepted_regions: AcceptedRegions,
}

impl Business {
    /// The name that is spoken and shown.
    pub fn spoken_name(&self) -> &str {
        self.trading_name
            .as_ref()
            .unwrap_or(&self.legal_name)
            .as_str()
    }
}
