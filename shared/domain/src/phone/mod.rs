//! Phone numbers: read as people write them, kept as E.164, judged by libphonenumber's metadata
//! (S1 2.1, rules.md Contacts). The metadata is unpacked at first use.

mod country;
mod e164;
mod regions;
mod validation;

pub use country::{Country, InvalidCountry};
pub use e164::{E164, NotDialable};
pub use regions::{ACCEPTED_REGIONS_SETTING, AcceptedRegions};
pub use validation::{PhoneValidation, ValidationSource, validate};

use rlibphonenumber::{
    NumberLengthType, PHONE_NUMBER_UTIL, ParseError, PhoneNumber, PhoneNumberFormat,
    PhoneNumberType, Region, ValidationError,
};
use serde::{Deserialize, Serialize};

use crate::error::Invalid;

/// Bytes of an input at most; the longest real number with all its punctuation is far shorter.
const MAX_INPUT: usize = 64;

/// What kind of line a number is, as far as its digits tell (S1 `lineType`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LineType {
    /// A mobile phone.
    Mobile,
    /// A fixed line.
    Landline,
    /// A number of an internet telephone.
    Voip,
    /// Anything else, and numbers whose digits do not tell, such as those of North America.
    Unknown,
}

/// A valid number, as read by [`parse`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParsedPhone {
    /// The number.
    pub e164: E164,
    /// The region the number belongs to, read from the number (07624 is the Isle of Man), never from the default.
    pub region: Country,
    /// The kind of line.
    pub line_type: LineType,
}

/// Why a text is not a usable phone number.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PhoneError {
    /// There is nothing.
    #[error("A phone number is required.")]
    Empty,
    /// It is no phone number at all.
    #[error("This is not a phone number.")]
    NotANumber,
    /// It begins with + and a code that no country has.
    #[error("The country code of this phone number does not exist.")]
    UnknownCountryCode,
    /// It has too few digits.
    #[error("This phone number is too short.")]
    TooShort,
    /// It has too many digits.
    #[error("This phone number is too long.")]
    TooLong,
    /// It has an extension, which nobody can dial for it.
    #[error("Leave out the extension: it cannot be dialled automatically.")]
    Extension,
    /// It has the right form, but no such number is given out.
    #[error("This phone number does not exist; check the digits.")]
    NotValid,
    /// It is a number of a region that the tenant does not accept.
    #[error(
        "Phone numbers from {region} are not accepted here. An administrator can add it under \"Accepted phone regions\" (setting {ACCEPTED_REGIONS_SETTING})."
    )]
    RegionNotAccepted {
        /// The number's region.
        region: Country,
    },
}

impl PhoneError {
    /// The stable code of the error.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::NotANumber => "not_a_phone_number",
            Self::UnknownCountryCode => "unknown_country_code",
            Self::TooShort => "too_short",
            Self::TooLong => "too_long",
            Self::Extension => "phone_extension",
            Self::NotValid => "invalid_phone",
            Self::RegionNotAccepted { .. } => "region_not_accepted",
        }
    }
}

impl From<PhoneError> for Invalid {
    fn from(error: PhoneError) -> Self {
        Self::new(error.code(), error.to_string())
    }
}

/// Reads a number in any usual spelling. `default_region` is the tenant's country and counts only for a number
/// without a country code: an input that begins with + is read by its own code.
///
/// The number must be one that is given out, not only one of the right length.
pub fn parse(input: &str, default_region: Country) -> Result<ParsedPhone, PhoneError> {
    let number = read(input, default_region)?;
    if number.extension.is_some() {
        return Err(PhoneError::Extension);
    }
    if !number.is_valid() {
        return Err(match number.is_possible_with_reason() {
            Err(ValidationError::TooShort) | Ok(NumberLengthType::IsPossibleLocalOnly) => {
                PhoneError::TooShort
            }
            Err(ValidationError::TooLong) => PhoneError::TooLong,
            _ => PhoneError::NotValid,
        });
    }
    let e164 = E164::new(&number.format_as(PhoneNumberFormat::E164)).ok_or(PhoneError::NotValid)?;
    let region = e164::region_of(&number);
    Ok(ParsedPhone {
        e164,
        region,
        line_type: line_type(number.get_type()),
    })
}

fn read(input: &str, default_region: Country) -> Result<PhoneNumber, PhoneError> {
    let input = input.trim();
    if input.is_empty() {
        return Err(PhoneError::Empty);
    }
    if input.len() > MAX_INPUT {
        return Err(PhoneError::TooLong);
    }
    let international = input
        .trim_start_matches(['(', ' '])
        .starts_with(['+', '＋']);
    let region: Option<Region> = if international {
        None
    } else {
        default_region.region()
    };
    PHONE_NUMBER_UTIL
        .parse(input, region)
        .map_err(|error| match error {
            ParseError::InvalidCountryCode if international => PhoneError::UnknownCountryCode,
            ParseError::TooShortAfterIdd | ParseError::TooShortNsn => PhoneError::TooShort,
            ParseError::TooLongNsn => PhoneError::TooLong,
            ParseError::InvalidCountryCode | ParseError::NotANumber(_) => PhoneError::NotANumber,
        })
}

fn line_type(kind: PhoneNumberType) -> LineType {
    match kind {
        PhoneNumberType::Mobile => LineType::Mobile,
        PhoneNumberType::FixedLine => LineType::Landline,
        PhoneNumberType::VoIP => LineType::Voip,
        _ => LineType::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn gb(input: &str) -> Result<(String, String, LineType), PhoneError> {
        parse(input, Country::GB).map(|phone| {
            (
                phone.e164.as_str().to_owned(),
                phone.region.to_string(),
                phone.line_type,
            )
        })
    }

    #[test]
    fn the_region_comes_from_the_number() {
        let is = |input: &str, e164: &str, region: &str, line: LineType| {
            assert_eq!(gb(input), Ok((e164.into(), region.into(), line)), "{input}");
        };
        is("07912 345678", "+447912345678", "GB", LineType::Mobile);
        is("(020) 7946-0958", "+442079460958", "GB", LineType::Landline);
        is("0044 7912 345678", "+447912345678", "GB", LineType::Mobile);
        is("07624 301234", "+447624301234", "IM", LineType::Mobile);
        is("07781 101234", "+447781101234", "GG", LineType::Mobile);
        is("07797 712345", "+447797712345", "JE", LineType::Mobile);
        is("+33 6 12 34 56 78", "+33612345678", "FR", LineType::Mobile);
        is("+1 202-555-0123", "+12025550123", "US", LineType::Unknown);
        is("056 1234 5678", "+445612345678", "GB", LineType::Voip);
    }

    #[test]
    fn what_is_wrong_is_said_without_the_number() {
        for (input, code) in [
            ("", "empty"),
            ("hello", "not_a_phone_number"),
            ("+999 123456", "unknown_country_code"),
            ("0791", "too_short"),
            ("07912 345678 901 234", "too_long"),
            ("07912 34567", "invalid_phone"),
            ("07012", "too_short"),
            ("06123 456789", "invalid_phone"),
            ("020 7946 0958 ext 12", "phone_extension"),
        ] {
            let error = gb(input).unwrap_err();
            assert_eq!(error.code(), code, "{input}");
            let detail = Invalid::from(error).detail;
            assert!(input.is_empty() || !detail.contains(input), "{detail}");
        }
        assert_eq!(gb(&"0".repeat(1_000_000)), Err(PhoneError::TooLong));
    }

    proptest! {
        #[test]
        fn no_text_panics_and_what_is_read_reads_again(input in "\\PC{0,30}|[+0-9 ()-]{0,20}") {
            if let Ok(phone) = parse(&input, Country::GB) {
                let again = parse(phone.e164.as_str(), Country::US).unwrap();
                prop_assert_eq!(again, phone);
            }
        }
    }
}
