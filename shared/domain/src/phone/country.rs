//! Countries by their ISO 3166-1 code.

use std::fmt;
use std::str::FromStr;

use rlibphonenumber::Region;
use serde::{Deserialize, Serialize};

use crate::error::Invalid;

/// Every country with a numbering plan of its own, in order. Settings name countries, and the metadata that knows them
/// too takes longer to unpack than a function takes to start: only what reads a number waits for it.
const WITH_NUMBERS: &str = "\
AC AD AE AF AG AI AL AM AO AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT \
BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER \
ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GT GU GW GY HK HN HR HT HU ID IE \
IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV \
LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP \
NR NU NZ OM PA PE PF PG PH PK PL PM PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK \
SL SM SN SO SR SS ST SV SX SY SZ TA TC TD TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG US UY UZ VA \
VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW";

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
            &[a, b] if WITH_NUMBERS.split(' ').any(|code| code == upper) => Ok(Self([a, b])),
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
    use rlibphonenumber::PHONE_NUMBER_UTIL;

    use super::*;

    #[test]
    fn the_countries_are_those_of_the_metadata() {
        let mut known: Vec<String> = PHONE_NUMBER_UTIL
            .get_supported_regions()
            .map(|region| Country::from_region(region).to_string())
            .collect();
        known.sort_unstable();
        assert_eq!(known.join(" "), WITH_NUMBERS);
    }

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
