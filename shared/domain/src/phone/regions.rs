//! Which regions' numbers a tenant takes.

use serde::{Deserialize, Serialize};

use super::{Country, ParsedPhone, PhoneError};
use crate::error::Invalid;

/// The name of the tenant setting, as errors give it.
pub const ACCEPTED_REGIONS_SETTING: &str = "accepted_phone_regions";

/// The regions whose numbers a tenant accepts, at least one; by default the UK, Guernsey, the Isle of Man and
/// Jersey (rules.md Contacts).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<Country>", into = "Vec<Country>")]
pub struct AcceptedRegions(Vec<Country>);

impl AcceptedRegions {
    /// The regions, sorted, each once.
    pub fn new(mut regions: Vec<Country>) -> Result<Self, Invalid> {
        regions.sort_unstable();
        regions.dedup();
        if regions.is_empty() {
            return Err(Invalid::new(
                "empty",
                "At least one region must be accepted.",
            ));
        }
        Ok(Self(regions))
    }

    /// Whether numbers of this region are accepted.
    pub fn contains(&self, region: Country) -> bool {
        self.0.contains(&region)
    }

    /// The regions in order.
    pub fn iter(&self) -> impl Iterator<Item = Country> + '_ {
        self.0.iter().copied()
    }

    /// Passes a number of an accepted region; another is an error that names the setting.
    pub fn accept(&self, phone: ParsedPhone) -> Result<ParsedPhone, PhoneError> {
        if self.contains(phone.region) {
            Ok(phone)
        } else {
            Err(PhoneError::RegionNotAccepted {
                region: phone.region,
            })
        }
    }

    /// Reads and accepts in one step, as for a field of a form.
    pub fn parse(&self, input: &str, default_region: Country) -> Result<ParsedPhone, PhoneError> {
        self.accept(super::parse(input, default_region)?)
    }
}

impl Default for AcceptedRegions {
    fn default() -> Self {
        Self(vec![Country::GB, Country::GG, Country::IM, Country::JE])
    }
}

impl TryFrom<Vec<Country>> for AcceptedRegions {
    type Error = Invalid;

    fn try_from(regions: Vec<Country>) -> Result<Self, Invalid> {
        Self::new(regions)
    }
}

impl From<AcceptedRegions> for Vec<Country> {
    fn from(regions: AcceptedRegions) -> Vec<Country> {
        regions.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_region_is_an_error_that_names_the_setting() {
        let regions = AcceptedRegions::default();
        for input in [
            "07912 345678",
            "07624 301234",
            "07781 101234",
            "07797 712345",
        ] {
            assert!(regions.parse(input, Country::GB).is_ok(), "{input}");
        }
        let error = Invalid::from(regions.parse("+33 6 12 34 56 78", Country::GB).unwrap_err());
        assert_eq!(error.code, "region_not_accepted");
        assert!(
            error.detail.contains(ACCEPTED_REGIONS_SETTING) && error.detail.contains("FR"),
            "{}",
            error.detail
        );
        let only_gb = AcceptedRegions::new(vec![Country::GB]).unwrap();
        assert!(only_gb.parse("07624 301234", Country::GB).is_err());
        let french: AcceptedRegions = serde_json::from_str(r#"["fr","GB","GB"]"#).unwrap();
        assert!(french.parse("+33 6 12 34 56 78", Country::GB).is_ok());
        assert_eq!(serde_json::to_string(&french).unwrap(), r#"["FR","GB"]"#);
        assert!(serde_json::from_str::<AcceptedRegions>("[]").is_err());
    }
}
