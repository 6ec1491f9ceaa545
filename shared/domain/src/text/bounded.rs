//! Bounded free texts: instructions, notes, tags and the short fields of a contact.

use serde::{Deserialize, Serialize};

use super::{Lines, clean, text_type};
use crate::error::Invalid;

/// A text of one line and 1 to `N` characters.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ShortText<const N: usize>(String);

/// Who the appointment is with, such as "Dr Emily Jones" (S0 `owner_name`).
pub type OwnerName = ShortText<100>;
/// The company a contact belongs to (S1 `company`, S0 `company_name`).
pub type CompanyName = ShortText<255>;
/// The name of an appointment type (S0 `appointment_type`).
pub type AppointmentType = ShortText<100>;
/// How an appointment type is said on the phone (rules.md Contacts).
pub type SpokenAs = ShortText<100>;
/// The industry of a contact (S1).
pub type Industry = ShortText<50>;
/// Why a person changed something, kept in the audit (rules.md Contacts).
pub type Reason = ShortText<300>;
/// The message of a campaign, added to the words or replacing them (S2, rules.md Campaigns).
pub type CustomMessage = ShortText<200>;

impl<const N: usize> ShortText<N> {
    /// Cleans and checks the text.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        clean("This text", text, 1, N, Lines::One).map(Self)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text, taken out.
    pub fn into_string(self) -> String {
        self.0
    }
}

impl<const N: usize> TryFrom<String> for ShortText<N> {
    type Error = Invalid;

    fn try_from(text: String) -> Result<Self, Invalid> {
        Self::parse(&text)
    }
}

impl<const N: usize> std::str::FromStr for ShortText<N> {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        Self::parse(text)
    }
}

impl<const N: usize> From<ShortText<N>> for String {
    fn from(text: ShortText<N>) -> String {
        text.0
    }
}

impl<const N: usize> AsRef<str> for ShortText<N> {
    fn as_ref(&self) -> &str {
        &self.0
    }
}

impl<const N: usize> std::fmt::Debug for ShortText<N> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ShortText<{N}>({} characters)", self.0.chars().count())
    }
}

/// What the agent reads out besides the appointment itself, at most 300 characters, one line (S0).
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SpecialInstructions(String);

impl SpecialInstructions {
    /// Characters at most, so that it can be spoken (S0).
    pub const MAX: usize = 300;

    /// Cleans and checks the text. Line breaks become spaces: nobody hears them.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let one_line = text.replace(['\r', '\n', '\t'], " ");
        clean("Special instructions", &one_line, 1, Self::MAX, Lines::One).map(Self)
    }
}
text_type!(SpecialInstructions);

/// What staff write for each other, at most 5,000 characters, never spoken (S0, rules.md Contacts).
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Notes(String);

impl Notes {
    /// Characters at most (rules.md Contacts).
    pub const MAX: usize = 5_000;

    /// Cleans and checks the text; line breaks and tabs are kept.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        clean("Notes", text, 1, Self::MAX, Lines::Many).map(Self)
    }
}
text_type!(Notes);

/// A message to a person in writing (S1 phase 4): at most six parts of an SMS in the usual alphabet.
#[derive(Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct MessageText(String);

impl MessageText {
    /// Longest text, in characters.
    pub const MAX: usize = 918;

    /// Cleans and checks the text; line breaks stay.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        clean("The message", text, 1, Self::MAX, Lines::Many).map(Self)
    }
}
text_type!(MessageText);

/// A tag of a contact, at most 50 characters (S1).
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Tag(String);

impl Tag {
    /// Characters at most (S1 `contact_tags.name`).
    pub const MAX: usize = 50;

    /// Cleans and checks the tag.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        clean("A tag", text, 1, Self::MAX, Lines::One).map(Self)
    }

    /// What decides whether two tags are the same one: without regard to case.
    pub fn folded(&self) -> String {
        self.0.to_lowercase()
    }
}
text_type!(Tag);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_exact() {
        assert!(SpecialInstructions::parse(&"é".repeat(300)).is_ok());
        assert_eq!(
            SpecialInstructions::parse(&"é".repeat(301))
                .unwrap_err()
                .code,
            "too_long"
        );
        assert!(Notes::parse(&"n".repeat(5_000)).is_ok());
        assert_eq!(
            Notes::parse(&"n".repeat(5_001)).unwrap_err().code,
            "too_long"
        );
        assert!(Tag::parse(&"t".repeat(50)).is_ok());
        assert!(Tag::parse(&"t".repeat(51)).is_err());
        assert!(ShortText::<3>::parse("abc").is_ok());
        assert!(ShortText::<3>::parse("abcd").is_err());
    }

    #[test]
    fn notes_keep_lines_and_spoken_texts_lose_them() {
        assert_eq!(Notes::parse("a\r\nb\tc").unwrap().as_str(), "a\nb\tc");
        assert_eq!(
            SpecialInstructions::parse("Bring ID.\nPark behind.")
                .unwrap()
                .as_str(),
            "Bring ID. Park behind."
        );
    }

    #[test]
    fn serde_goes_through_parsing_and_debug_hides_the_text() {
        let notes: Notes = serde_json::from_str("\" secret \"").unwrap();
        assert_eq!(serde_json::to_string(&notes).unwrap(), "\"secret\"");
        assert_eq!(format!("{notes:?}"), "Notes(6 characters)");
        assert!(serde_json::from_str::<Tag>("\"\"").is_err());
        let error = serde_json::from_str::<ShortText<3>>("\"private\"")
            .unwrap_err()
            .to_string();
        assert!(!error.contains("private"), "{error}");
    }
}
