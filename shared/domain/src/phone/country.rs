//! Countries by their ISO 3166-1 code.

use std::fmt;
use std::str::FromStr;

use rlibphonenumber::{PHONE_NUMBER_UTIL, Region};
use serde::{Deserialize, Serialize};

use crate::error::Invalid;

/// The text is not a country code we know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("This is not a two-letter country code, such as GB.")]
pub struct InvalidCountry;

impl From<InvalidCountry> for Invalid {
    fn from(error: InvalidCountry) -> Self {
        Self::new("invalid_country", error.to_string())
    }
}

/// A country or territory that gives out phone numbers: two upper-case letters, such as `GB`, or
/// [`WORLD`](Self::WORLD).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Country([u8; 2]);

impl Country {
    /// The United Kingdom.
    pub const GB: Self = Self(*b"GB");
    /// Guernsey.
    pub const GG: Self = Self(*b"GG");
    /// The Isle of Man.
    pub const IM: Self = Self(*b"IM");
    /// Jersey.
    pub const JE: Self = Self(*b"JE");
    /// The United States.
    pub const US: Self = Self(*b"US");
    /// Numbers of no country, such as satellite telephones; written `001`.
    pub const WORLD: Self = Self(*b"01");

    /// Reads the code, in either case, of a country with a numbering plan of its own. Only real countries: `001` cannot be typed.
    pub fn parse(text: &str) -> Result<Self, InvalidCountry> {
        let upper = text.trim().to_ascii_uppercase();
        match upper.as_bytes() {
            &[a, b] if a.is_ascii_uppercase() && b.is_ascii_uppercase() => {
                let region = Region::from_code(&upper).map_err(|_| InvalidCountry)?;
                PHONE_NUMBER_UTIL
                    .get_country_code_for_region(region)
                    .map(|_| Self([a, b]))
                    .ok_or(InvalidCountry)
            }
            _ => Err(InvalidCountry),
        }
    }

    /// The code.
    pub fn as_str(&self) -> &str {
        if *self == Self::WORLD {
            "001"
        } else {
            std::str::from_utf8(&self.0).unwrap_or("001")
        }
    }

    pub(super) fn region(self) -> Option<Region> {
        Region::from_code(self.as_str()).ok()
    }

    pub(super) fn from_region(region: Region) -> Self {
        match region.as_region_str().as_str().as_bytes() {
            &[a, b] => Self([a, b]),
            _ => Self::WORLD,
        }
    }
}

impl fmt::Display for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Country {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Country {
    type Err = InvalidCountry;

    fn from_str(text: &str) -> Result<Self, InvalidCountry> {
        Self::parse(text)
    }
}

impl TryFrom<String> for Country {
    type Error = InvalidCountry;

    fn try_from(text: String) -> Result<Self, InvalidCountry> {
        if text == "001" {
            Ok(Self::WORLD)
        } else {
            Self::parse(&text)
        }
    }
}

impl From<Country> for String {
    fn from(country: Country) -> String {
        country.as_str().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_letters_of_a_real_country() {
        assert_eq!(Country::parse(" gb "), Ok(Country::GB));
        assert_eq!(Country::GB.to_string(), "GB");
        for text in ["", "G", "GBR", "UK1", "9Z", "001", "QQ"] {
            assert_eq!(Country::parse(text), Err(InvalidCountry), "{text}");
        }
        assert_eq!(serde_json::to_string(&Country::WORLD).unwrap(), "\"001\"");
        assert_eq!(
            serde_json::from_str::<Country>("\"001\"").unwrap(),
            Country::WORLD
        );
    }
}
