//! Names of people, in any script.

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;
use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory};

use super::{MAX_BYTES_PER_CHARACTER, text_type, too_long};
use crate::error::Invalid;

/// A person's name, 2 to 100 characters: letters of any script, marks, spaces, hyphens, apostrophes and full stops
/// (rules.md Contacts). Spaces in a row become one.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PersonName(String);

/// A first name, 1 to 100 characters of those a [`PersonName`] may have.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct FirstName(String);

/// A last name, 1 to 100 characters of those a [`PersonName`] may have.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct LastName(String);

/// First and last name as read from a whole name. Either may be unknown: "Mrs Smith" has no first name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NameParts {
    /// The first word that is not a title.
    pub first: Option<FirstName>,
    /// The words after it.
    pub last: Option<LastName>,
}

/// Characters of a name at most (rules.md Contacts).
const MAX: usize = 100;
/// Characters of a whole name at least (S0).
const MIN: usize = 2;

impl PersonName {
    /// Cleans and checks the name.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        clean_name("The name", text, MIN).map(Self)
    }

    /// First and last name for a contact that was given without them. Titles ("Dr", "Mrs") belong to neither; a
    /// title followed by one word is taken as a title and a last name.
    pub fn split(&self) -> NameParts {
        split_words(&self.0)
    }

    /// The whole name from its parts, as when a form asks for both.
    pub fn from_parts(first: &FirstName, last: Option<&LastName>) -> Result<Self, Invalid> {
        match last {
            Some(last) => Self::parse(&format!("{} {}", first.0, last.0)),
            None => Self::parse(&first.0),
        }
    }
}
text_type!(PersonName);

impl FirstName {
    /// Cleans and checks the name.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        clean_name("The first name", text, 1).map(Self)
    }
}
text_type!(FirstName);

impl LastName {
    /// Cleans and checks the name.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        clean_name("The last name", text, 1).map(Self)
    }

    /// The first letter, for a name said as "Anna S" (rules.md Privacy, HIPAA basic).
    pub fn initial(&self) -> String {
        self.0
            .chars()
            .find(|c| c.general_category_group() == GeneralCategoryGroup::Letter)
            .map_or_else(String::new, |c| c.to_uppercase().collect())
    }
}
text_type!(LastName);

/// Titles that are not part of a name, as they look without full stops and in lower case.
const TITLES: [&str; 22] = [
    "mr",
    "mrs",
    "ms",
    "miss",
    "mx",
    "master",
    "dr",
    "doctor",
    "prof",
    "professor",
    "sir",
    "dame",
    "lady",
    "lord",
    "rev",
    "reverend",
    "fr",
    "nurse",
    "herr",
    "frau",
    "mme",
    "mlle",
];

/// Whether a word is a title such as "Dr." or "Mrs".
pub(crate) fn is_title(word: &str) -> bool {
    let bare = word.trim_end_matches('.');
    TITLES.iter().any(|title| title.eq_ignore_ascii_case(bare))
}

fn split_words(name: &str) -> NameParts {
    let words: Vec<&str> = name.split_whitespace().collect();
    let titles = words.iter().take_while(|word| is_title(word)).count();
    // A name made of titles alone ("Lord") is a name, not a title.
    let (titled, rest) = if titles == words.len() {
        (false, &words[..])
    } else {
        (titles > 0, &words[titles..])
    };
    let last = |text: String| LastName::parse(&text).ok();
    match rest {
        [] => NameParts::default(),
        [only] if titled => NameParts {
            first: None,
            last: last((*only).to_owned()),
        },
        [first, others @ ..] => NameParts {
            first: FirstName::parse(first).ok(),
            last: last(others.join(" ")),
        },
    }
}

fn clean_name(label: &str, input: &str, min: usize) -> Result<String, Invalid> {
    if input.len() > MAX * MAX_BYTES_PER_CHARACTER {
        return Err(too_long(label, MAX));
    }
    let refused = || {
        Invalid::new(
            "invalid_name",
            format!("{label} can have letters, spaces, hyphens, apostrophes and full stops."),
        )
    };
    let mut name = String::with_capacity(input.len());
    let mut previous = ' ';
    for c in input.trim().nfc() {
        let c = if c == '\u{A0}' { ' ' } else { c };
        let group = c.general_category_group();
        // A joiner is part of the spelling in Persian and Indic scripts, and only between their letters.
        let joins = matches!(c, '\u{200C}' | '\u{200D}') && previous > '\u{58F}';
        let allowed = matches!(
            group,
            GeneralCategoryGroup::Letter | GeneralCategoryGroup::Mark
        ) || matches!(
            c,
            ' ' | '-' | '\u{2010}' | '\u{2011}' | '\'' | '\u{2018}' | '\u{2019}' | '.'
        ) || joins;
        if !allowed {
            return Err(refused());
        }
        if !(c == ' ' && previous == ' ') {
            name.push(c);
        }
        previous = c;
    }
    let length = name.chars().count();
    if length == 0 {
        return Err(Invalid::new("empty", format!("{label} cannot be empty.")));
    }
    if length < min {
        return Err(Invalid::new(
            "too_short",
            format!("{label} needs at least {min} characters."),
        ));
    }
    if length > MAX {
        return Err(too_long(label, MAX));
    }
    if !name
        .chars()
        .any(|c| c.general_category_group() == GeneralCategoryGroup::Letter)
    {
        return Err(refused());
    }
    Ok(name)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_of_any_script_pass() {
        let good = [
            "Zoë O’Brien-Łuć",
            "Jo",
            "D'Arcy",
            "J. R. Smith",
            "王伟",
            "محمد علی",
            "Мария Петрова-Водкина",
            "राम शर्मा",
            "Nguyễn Thị Minh Khai",
            "Þór Jónsson",
            "Ὀδυσσεύς",
            "علی\u{200C}رضا رضایی",
            "Renée e\u{301}",
        ];
        for name in good {
            assert!(PersonName::parse(name).is_ok(), "{name}");
        }
        assert_eq!(
            PersonName::parse("  Anna \u{A0}  Smith ").unwrap().as_str(),
            "Anna Smith"
        );
        assert_eq!(PersonName::parse("Rene\u{301}").unwrap().as_str(), "René");
    }

    #[test]
    fn everything_else_is_refused_without_repeating_it() {
        for (name, code) in [
            ("A", "too_short"),
            ("", "empty"),
            ("   ", "empty"),
            ("<b>x", "invalid_name"),
            ("Anna2", "invalid_name"),
            ("--", "invalid_name"),
            ("Anna\tSmith", "invalid_name"),
            ("Anna\nSmith", "invalid_name"),
            ("Anna\u{0}Smith", "invalid_name"),
            ("Anna\u{200D}Smith", "invalid_name"),
            ("anna@example.com", "invalid_name"),
            ("Anna 🙂", "invalid_name"),
        ] {
            let error = PersonName::parse(name).unwrap_err();
            assert_eq!(error.code, code, "{name:?}");
            assert!(name.len() < 2 || !error.detail.contains(name) || name.trim().is_empty());
        }
        assert!(PersonName::parse(&"ä".repeat(100)).is_ok());
        assert_eq!(
            PersonName::parse(&"ä".repeat(101)).unwrap_err().code,
            "too_long"
        );
    }

    #[test]
    fn splitting_knows_titles() {
        let split = |name: &str| {
            let parts = PersonName::parse(name).unwrap().split();
            (
                parts.first.map(FirstName::into_string),
                parts.last.map(LastName::into_string),
            )
        };
        let pair = |first: &str, last: &str| {
            let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
            (some(first), some(last))
        };
        assert_eq!(split("Anna Smith"), pair("Anna", "Smith"));
        assert_eq!(split("Anna Maria Smith"), pair("Anna", "Maria Smith"));
        assert_eq!(split("Dr. Anna Smith"), pair("Anna", "Smith"));
        assert_eq!(split("Mrs Smith"), pair("", "Smith"));
        assert_eq!(split("Cher"), pair("Cher", ""));
        assert_eq!(split("Lord"), pair("Lord", ""));
        assert_eq!(LastName::parse("o’Brien").unwrap().initial(), "O");
    }

    proptest! {
        #[test]
        fn a_parsed_name_parses_to_itself(text in "\\PC{0,40}") {
            if let Ok(name) = PersonName::parse(&text) {
                prop_assert_eq!(PersonName::parse(name.as_str()).unwrap(), name.clone());
                let json = serde_json::to_string(&name).unwrap();
                prop_assert_eq!(serde_json::from_str::<PersonName>(&json).unwrap(), name);
            }
        }
    }
}
