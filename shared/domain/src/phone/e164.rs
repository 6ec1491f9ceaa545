//! A number in E.164 form, and whether the agent may ring it.

use std::fmt;

use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumber, PhoneNumberFormat, PhoneNumberType};
use serde::{Deserialize, Serialize};

use super::Country;
use crate::error::Invalid;

/// A phone number as `+`, country code and digits (E.164), such as `+447912345678`.
///
/// Made by [`parse`](super::parse), which judges validity. Reading a stored one checks its form alone, so that a
/// number kept for years does not become unreadable when a numbering plan changes. There is no `Display`, and
/// `Debug` is [masked](Self::masked): numbers must not slip into logs.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct E164(String);

/// Digits that stay visible at the end of a masked number.
const VISIBLE_DIGITS: usize = 3;

/// Why a number is never rung (rules.md Contacts: 070 and 09 are refused for dialling).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum NotDialable {
    /// Premium rate, such as UK 09 and 084.
    #[error("Premium-rate numbers are never called.")]
    PremiumRate,
    /// A personal number, such as UK 070, which forwards at the caller's cost.
    #[error("Personal numbers (070) are never called.")]
    PersonalNumber,
    /// Shared cost, such as Australian 1300.
    #[error("Shared-cost numbers are never called.")]
    SharedCost,
    /// A company-wide access number, such as UK 03.
    #[error("Company-wide numbers are never called.")]
    CompanyWide,
    /// A pager or a voice mailbox: nobody answers.
    #[error("Pagers and mailboxes are never called.")]
    NotAPerson,
    /// A satellite or other international network, at any price.
    #[error("Numbers of international networks are never called.")]
    InternationalNetwork,
    /// No such number is given out.
    #[error("This phone number does not exist.")]
    NotValid,
}

impl NotDialable {
    /// The stable code of the reason.
    pub fn code(self) -> &'static str {
        match self {
            Self::PremiumRate => "premium_rate",
            Self::PersonalNumber => "personal_number",
            Self::SharedCost => "shared_cost",
            Self::CompanyWide => "company_wide",
            Self::NotAPerson => "not_a_person",
            Self::InternationalNetwork => "international_network",
            Self::NotValid => "not_valid",
        }
    }
}

impl From<NotDialable> for Invalid {
    fn from(reason: NotDialable) -> Self {
        Self::new(reason.code(), reason.to_string())
    }
}

impl E164 {
    /// Checks the form: `+`, a digit from 1 to 9, then 6 to 14 digits.
    pub(super) fn new(text: &str) -> Option<Self> {
        let digits = text.strip_prefix('+')?;
        let form = (7..=15).contains(&digits.len())
            && digits.bytes().all(|digit| digit.is_ascii_digit())
            && !digits.starts_with('0');
        form.then(|| Self(text.to_owned()))
    }

    /// The number, such as `+447912345678`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The region the number belongs to; [`Country::WORLD`] for a network of no country and for a number that is
    /// no longer given out.
    pub fn region(&self) -> Country {
        self.number()
            .map_or(Country::WORLD, |number| region_of(&number))
    }

    /// As it is dialled inside its own country, such as `07912 345678`.
    pub fn national(&self) -> String {
        self.number().map_or_else(
            || self.0.clone(),
            |number| number.format_as(PhoneNumberFormat::National).into_owned(),
        )
    }

    /// As it is written for people abroad, such as `+44 7912 345678`.
    pub fn international(&self) -> String {
        self.number().map_or_else(
            || self.0.clone(),
            |number| {
                number
                    .format_as(PhoneNumberFormat::International)
                    .into_owned()
            },
        )
    }

    /// Whether the agent may ring it: what costs the caller extra or reaches no person is refused.
    pub fn dialable(&self) -> Result<(), NotDialable> {
        let number = self.number().ok_or(NotDialable::NotValid)?;
        if !number.is_valid() {
            return Err(NotDialable::NotValid);
        }
        match number.get_type() {
            PhoneNumberType::PremiumRate => Err(NotDialable::PremiumRate),
            PhoneNumberType::PersonalNumber => Err(NotDialable::PersonalNumber),
            PhoneNumberType::SharedCost => Err(NotDialable::SharedCost),
            PhoneNumberType::UAN => Err(NotDialable::CompanyWide),
            PhoneNumberType::Pager | PhoneNumberType::VoiceMail => Err(NotDialable::NotAPerson),
            PhoneNumberType::Unknown => Err(NotDialable::NotValid),
            _ if region_of(&number) == Country::WORLD => Err(NotDialable::InternationalNetwork),
            PhoneNumberType::FixedLine
            | PhoneNumberType::Mobile
            | PhoneNumberType::FixedLineOrMobile
            | PhoneNumberType::TollFree
            | PhoneNumberType::VoIP => Ok(()),
        }
    }

    /// For logs and for people without the right to see it: country code and last three digits, such as
    /// `+44•••••••678`.
    pub fn masked(&self) -> String {
        let (code, national) = self.code_and_digits();
        let hidden = national.len().saturating_sub(VISIBLE_DIGITS);
        let (middle, tail) = national.split_at(hidden);
        format!("+{code}{}{tail}", "•".repeat(middle.len()))
    }

    /// The country calling code and the digits after it, such as `44` and `7912345678`.
    pub(super) fn code_and_digits(&self) -> (String, String) {
        let digits = self.0.trim_start_matches('+');
        let code = self
            .number()
            .map_or(0, |number| number.country_code.to_string().len());
        let (code, national) = digits.split_at(code.min(digits.len()));
        (code.to_owned(), national.to_owned())
    }

    fn number(&self) -> Option<PhoneNumber> {
        PHONE_NUMBER_UTIL.parse(&self.0, None).ok()
    }
}

/// The region of a number, `WORLD` where it has none.
pub(super) fn region_of(number: &PhoneNumber) -> Country {
    number
        .get_region_code()
        .map_or(Country::WORLD, Country::from_region)
}

impl fmt::Debug for E164 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

impl TryFrom<String> for E164 {
    type Error = Invalid;

    fn try_from(text: String) -> Result<Self, Invalid> {
        Self::new(&text).ok_or_else(|| {
            Invalid::new(
                "not_e164",
                "This is not a phone number in international form.",
            )
        })
    }
}

impl From<E164> for String {
    fn from(number: E164) -> String {
        number.0
    }
}

#[cfg(test)]
mod tests {
    use super::super::parse;
    use super::*;

    fn gb(input: &str) -> E164 {
        parse(input, Country::GB).unwrap().e164
    }

    #[test]
    fn what_costs_extra_is_never_rung() {
        for (input, expected) in [
            ("09012 345678", Err(NotDialable::PremiumRate)),
            ("070 1234 5678", Err(NotDialable::PersonalNumber)),
            ("0845 464 1234", Err(NotDialable::PremiumRate)),
            ("+61 1300 123 456", Err(NotDialable::SharedCost)),
            ("0300 123 4567", Err(NotDialable::CompanyWide)),
            ("07640 123456", Err(NotDialable::NotAPerson)),
            ("+881 6 123 45678", Err(NotDialable::InternationalNetwork)),
            ("07912 345678", Ok(())),
            ("020 7946 0958", Ok(())),
            ("056 1234 5678", Ok(())),
            ("0800 123 4567", Ok(())),
            ("+1 202 555 0123", Ok(())),
        ] {
            assert_eq!(gb(input).dialable(), expected, "{input}");
        }
        assert_eq!(
            E164::new("+446123456789").unwrap().dialable(),
            Err(NotDialable::NotValid)
        );
    }

    #[test]
    fn masked_in_debug_and_plain_in_json() {
        let number = gb("07912 345678");
        assert_eq!(format!("{number:?}"), "+44•••••••678");
        assert_eq!(serde_json::to_string(&number).unwrap(), "\"+447912345678\"");
        assert_eq!(
            serde_json::from_str::<E164>("\"+447912345678\"").unwrap(),
            number
        );
        assert_eq!(number.national(), "07912 345678");
        assert_eq!(number.international(), "+44 7912 345678");
        for text in [
            "447912345678",
            "+",
            "+0123456789",
            "+44 7912",
            "+12345",
            "+1234567890123456",
            "+44791234567a",
        ] {
            let error = E164::try_from(text.to_owned()).unwrap_err();
            assert!(!error.detail.contains(text) || text == "+", "{text}");
        }
    }
}
