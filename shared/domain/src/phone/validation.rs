//! The answer of `POST /api/contacts/validate-phone` (S1 `PhoneValidation`), for any region.

use serde::{Deserialize, Serialize};

use super::{Country, LineType, PhoneError};

/// Where a validation's carrier and line type come from (S1; `twilio` is set by who asked Twilio).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ValidationSource {
    /// Twilio Lookup answered.
    Twilio,
    /// The numbering metadata.
    Libphonenumber,
    /// A person said so.
    Manual,
}

/// What is known about a number (S1, in snake_case).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhoneValidation {
    /// Whether such a number is given out.
    pub is_valid: bool,
    /// E.164 when valid; what was typed otherwise (S1).
    pub formatted_number: String,
    /// The country calling code without `+`, such as `44`; empty when not valid.
    pub country_code: String,
    /// The digits after the country code when valid, such as `7912345678`; what was typed otherwise (S1).
    pub national_number: String,
    /// The kind of line.
    pub line_type: LineType,
    /// The carrier, which only a lookup knows.
    pub carrier: Option<String>,
    /// Who said so.
    pub validation_source: ValidationSource,
    /// The region the number belongs to; absent when not valid.
    pub region: Option<Country>,
    /// Why it is not valid, as a sentence; absent when it is.
    pub reason: Option<String>,
}

/// Judges a number for any region; `country` counts only for a number without a country code.
pub fn validate(phone: &str, country: Country) -> PhoneValidation {
    match super::parse(phone, country) {
        Ok(parsed) => {
            let (code, national) = parsed.e164.code_and_digits();
            PhoneValidation {
                is_valid: true,
                formatted_number: parsed.e164.as_str().to_owned(),
                country_code: code,
                national_number: national,
                line_type: parsed.line_type,
                carrier: None,
                validation_source: ValidationSource::Libphonenumber,
                region: Some(parsed.region),
                reason: None,
            }
        }
        Err(error) => invalid(phone, &error),
    }
}

fn invalid(phone: &str, error: &PhoneError) -> PhoneValidation {
    let typed: String = phone.trim().chars().take(super::MAX_INPUT).collect();
    PhoneValidation {
        is_valid: false,
        formatted_number: typed.clone(),
        country_code: String::new(),
        national_number: typed,
        line_type: LineType::Unknown,
        carrier: None,
        validation_source: ValidationSource::Libphonenumber,
        region: None,
        reason: Some(error.to_string()),
    }
}

impl std::fmt::Debug for PhoneValidation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PhoneValidation")
            .field("is_valid", &self.is_valid)
            .field("region", &self.region)
            .field("line_type", &self.line_type)
            .field("validation_source", &self.validation_source)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{json, to_value};

    use super::*;

    #[test]
    fn field_by_field() {
        assert_eq!(
            to_value(validate("07912 345678", Country::GB)).unwrap(),
            json!({
                "is_valid": true, "formatted_number": "+447912345678", "country_code": "44",
                "national_number": "7912345678", "line_type": "mobile", "carrier": null,
                "validation_source": "libphonenumber", "region": "GB", "reason": null
            })
        );
        assert_eq!(
            to_value(validate("(202) 555-0123", Country::US)).unwrap(),
            json!({
                "is_valid": true, "formatted_number": "+12025550123", "country_code": "1",
                "national_number": "2025550123", "line_type": "unknown", "carrier": null,
                "validation_source": "libphonenumber", "region": "US", "reason": null
            })
        );
        let rubbish = validate(" call me ", Country::GB);
        assert!(!rubbish.is_valid && rubbish.reason.is_some() && rubbish.country_code.is_empty());
        assert_eq!(
            (
                rubbish.formatted_number.as_str(),
                rubbish.national_number.as_str()
            ),
            ("call me", "call me")
        );
        assert!(!format!("{rubbish:?}").contains("call me"));
        assert!(
            validate(&"9".repeat(100_000), Country::GB)
                .formatted_number
                .len()
                <= 64
        );
    }
}
