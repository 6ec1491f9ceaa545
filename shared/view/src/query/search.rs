//! The search language (S0 "Advanced Search Capabilities"):
//!
//! ```text
//! john smith            both somewhere in the eight fields, in any of them
//! "john smith"          these words in this order
//! john*                 a word that begins so
//! -cancelled  -"no show"  not there
//! email:@gmail.com  notes:"left ear"  -company:acme   in this field
//! group:"follow-up"  -group:vip     in a group with this in its name
//! 07912 345   +44 7912  a phone number in any formatting, or these texts
//! ```

use crate::text::fold::folded;
use crate::text::{Field, FieldSet, looks_like_phone, typed};

/// Characters of a search at most.
const LONGEST_SEARCH: usize = 200;
/// Terms of a search at most.
const MOST_TERMS: usize = 16;

/// What is wrong with a search text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SearchError {
    #[error("takes at most {LONGEST_SEARCH} characters")]
    TooLong,
    #[error("takes at most {MOST_TERMS} words or phrases")]
    TooManyTerms,
    #[error("is empty")]
    Empty,
    #[error("a quotation mark is not closed")]
    UnclosedQuote,
    #[error("nothing follows an operator (-, field: or *)")]
    EmptyTerm,
    #[error("* is understood at the end of a word only")]
    MisplacedStar,
    #[error(
        "a field before the colon is not known; known are name, phone, email, notes, appointment_type, owner_name, company_name, special_instructions and group; put a text with a colon in quotation marks"
    )]
    UnknownField,
}

impl SearchError {
    /// Stable and machine-readable.
    pub fn code(&self) -> &'static str {
        match self {
            Self::TooLong => "too_long",
            Self::TooManyTerms => "too_many_terms",
            Self::Empty => "empty",
            Self::UnclosedQuote => "unclosed_quote",
            Self::EmptyTerm => "empty_term",
            Self::MisplacedStar => "misplaced_star",
            Self::UnknownField => "unknown_field",
        }
    }
}

/// Where in a field a needle must lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Anchor {
    Anywhere,
    /// At the beginning of a word.
    Word,
    /// The whole field.
    Whole,
}

/// A folded text to be found.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Needle {
    pub(crate) text: Vec<u8>,
    pub(crate) fields: FieldSet,
    pub(crate) anchor: Anchor,
}

impl Needle {
    pub(crate) fn whole(field: Field, text: &str) -> Self {
        Self {
            text: folded(text),
            fields: FieldSet::only(field),
            anchor: Anchor::Whole,
        }
    }
}

/// One condition: all needles of at least one alternative are there; with `exclude`, of none.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Clause {
    pub(crate) exclude: bool,
    pub(crate) any: Vec<Vec<Needle>>,
}

/// A condition on the names of a contact's groups.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct InGroup {
    pub(crate) exclude: bool,
    /// Folded; somewhere in the name, or where one of its words begins.
    pub(crate) name: Vec<u8>,
    pub(crate) anchor: Anchor,
}

/// A parsed search: all its conditions hold together.
#[derive(Clone, PartialEq, Eq)]
pub struct Search {
    pub(crate) clauses: Vec<Clause>,
    pub(crate) groups: Vec<InGroup>,
}

impl std::fmt::Debug for Search {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "Search({} terms)",
            self.clauses.len() + self.groups.len()
        )
    }
}

/// What stands before a term's colon.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Nothing.
    Anywhere,
    In(Field),
    Group,
}

/// A term as it was written.
struct Term<'a> {
    exclude: bool,
    place: Place,
    text: &'a str,
    quoted: bool,
    prefix: bool,
}

impl Search {
    /// Reads a search text.
    pub fn parse(text: &str) -> Result<Self, SearchError> {
        if text.chars().count() > LONGEST_SEARCH {
            return Err(SearchError::TooLong);
        }
        let mut terms = Vec::new();
        let mut rest = text.trim_start();
        while !rest.is_empty() {
            let (term, after) = term(rest)?;
            terms.push(term);
            if terms.len() > MOST_TERMS {
                return Err(SearchError::TooManyTerms);
            }
            rest = after.trim_start();
        }
        if terms.is_empty() {
            return Err(SearchError::Empty);
        }
        let (mut clauses, mut groups) = (Vec::new(), Vec::new());
        let mut left = &terms[..];
        while let Some(first) = left.first() {
            let run = left.iter().take_while(|term| is_number(term)).count();
            let taken = run.max(1);
            if run > 0 {
                clauses.push(numbers(&left[..taken])?);
            } else if first.place == Place::Group {
                groups.push(in_group(first)?);
            } else {
                clauses.push(clause(first)?);
            }
            left = &left[taken..];
        }
        Ok(Self { clauses, groups })
    }
}

/// The first term of a text, and what follows it.
fn term(text: &str) -> Result<(Term<'_>, &str), SearchError> {
    let (exclude, text) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (place, text) = place_of(text)?;
    if let Some(quoted) = text.strip_prefix('"') {
        let (inside, after) = quoted.split_once('"').ok_or(SearchError::UnclosedQuote)?;
        let term = Term {
            exclude,
            place,
            text: inside,
            quoted: true,
            prefix: false,
        };
        return Ok((term, after));
    }
    let end = text
        .find(|c: char| c.is_whitespace() || c == '"')
        .unwrap_or(text.len());
    let (word, after) = text.split_at(end);
    let (word, prefix) = match word.strip_suffix('*') {
        Some(stem) => (stem, true),
        None => (word, false),
    };
    if word.contains('*') {
        return Err(SearchError::MisplacedStar);
    }
    let term = Term {
        exclude,
        place,
        text: word,
        quoted: false,
        prefix,
    };
    Ok((term, after))
}

/// What is before a colon. A colon after anything but a word of letters belongs to the text, as in `10:30`.
fn place_of(text: &str) -> Result<(Place, &str), SearchError> {
    let word = text
        .find(|c: char| !(c.is_ascii_alphabetic() || c == '_'))
        .unwrap_or(text.len());
    match text[word..].strip_prefix(':') {
        Some(rest) if word > 0 => {
            let place = match text[..word].to_ascii_lowercase().as_str() {
                "group" => Some(Place::Group),
                field => Field::parse(field).map(Place::In),
            };
            let place = place.ok_or(SearchError::UnknownField)?;
            Ok((place, rest))
        }
        _ => Ok((Place::Anywhere, text)),
    }
}

/// A plain word that may be part of a phone number written with spaces.
fn is_number(term: &Term<'_>) -> bool {
    !term.exclude
        && !term.quoted
        && !term.prefix
        && term.place == Place::Anywhere
        && looks_like_phone(term.text)
}

/// The folded text of a term, and where it must lie.
fn wanted(term: &Term<'_>) -> Result<(Vec<u8>, Anchor), SearchError> {
    let text = folded(term.text);
    if text.iter().all(|b| *b == b' ') {
        return Err(SearchError::EmptyTerm);
    }
    let anchor = match term.prefix {
        true => Anchor::Word,
        false => Anchor::Anywhere,
    };
    Ok((text, anchor))
}

fn in_group(term: &Term<'_>) -> Result<InGroup, SearchError> {
    let (name, anchor) = wanted(term)?;
    Ok(InGroup {
        exclude: term.exclude,
        name,
        anchor,
    })
}

fn text_needle(term: &Term<'_>) -> Result<Needle, SearchError> {
    let (text, anchor) = wanted(term)?;
    let fields = match term.place {
        Place::In(field) => FieldSet::only(field),
        _ => FieldSet::ALL,
    };
    Ok(Needle {
        text,
        fields,
        anchor,
    })
}

fn phone_needle(text: &str, prefix: bool) -> Needle {
    Needle {
        text: typed(text).into_bytes(),
        fields: FieldSet::only(Field::Phone),
        anchor: if prefix {
            Anchor::Word
        } else {
            Anchor::Anywhere
        },
    }
}

fn clause(term: &Term<'_>) -> Result<Clause, SearchError> {
    let text = text_needle(term)?;
    let in_phone = matches!(term.place, Place::Anywhere | Place::In(Field::Phone));
    let mut any = vec![vec![text]];
    if in_phone && looks_like_phone(term.text) {
        let phone = phone_needle(term.text, term.prefix);
        if phone.text != any[0][0].text {
            any.push(vec![phone]);
        }
    }
    Ok(Clause {
        exclude: term.exclude,
        any,
    })
}

/// Words that together may be one phone number: that number, or each of the words somewhere.
fn numbers(terms: &[Term<'_>]) -> Result<Clause, SearchError> {
    if let [only] = terms {
        return clause(only);
    }
    let words: Vec<&str> = terms.iter().map(|term| term.text).collect();
    let texts: Result<Vec<Needle>, SearchError> = terms.iter().map(text_needle).collect();
    Ok(Clause {
        exclude: false,
        any: vec![vec![phone_needle(&words.join(" "), false)], texts?],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bad_operators_are_named() {
        for (text, error) in [
            ("", SearchError::Empty),
            ("   ", SearchError::Empty),
            ("\"john", SearchError::UnclosedQuote),
            ("john -", SearchError::EmptyTerm),
            ("email:", SearchError::EmptyTerm),
            ("group:", SearchError::EmptyTerm),
            ("-group:\"\"", SearchError::EmptyTerm),
            ("*", SearchError::EmptyTerm),
            ("\"\"", SearchError::EmptyTerm),
            ("jo*hn", SearchError::MisplacedStar),
            ("**", SearchError::MisplacedStar),
            ("diagnosis:flu", SearchError::UnknownField),
        ] {
            assert_eq!(Search::parse(text), Err(error), "{text}");
        }
        assert_eq!(Search::parse(&"a".repeat(201)), Err(SearchError::TooLong));
        assert_eq!(
            Search::parse(&"a ".repeat(17)),
            Err(SearchError::TooManyTerms)
        );
    }

    #[test]
    fn terms_are_read_as_written() {
        let search =
            Search::parse("email:@Gmail.com -cancelled \"John  Smith\" zo* 10:30").unwrap();
        let texts: Vec<(bool, String, Anchor)> = search
            .clauses
            .iter()
            .map(|clause| {
                let needle = &clause.any[0][0];
                let text = String::from_utf8(needle.text.clone()).unwrap();
                (clause.exclude, text, needle.anchor)
            })
            .collect();
        assert_eq!(
            texts,
            [
                (false, "@gmail.com".to_owned(), Anchor::Anywhere),
                (true, "cancelled".to_owned(), Anchor::Anywhere),
                (false, "john smith".to_owned(), Anchor::Anywhere),
                (false, "zo".to_owned(), Anchor::Word),
                (false, "10:30".to_owned(), Anchor::Anywhere),
            ]
        );
        assert_eq!(
            search.clauses[0].any[0][0].fields,
            FieldSet::only(Field::Email)
        );
    }

    #[test]
    fn groups_are_asked_for_by_their_names() {
        let search = Search::parse("Group:Follow* -group:\"2024 VIP\" 2024 group:12").unwrap();
        let groups: Vec<(bool, &[u8], Anchor)> = search
            .groups
            .iter()
            .map(|group| (group.exclude, &group.name[..], group.anchor))
            .collect();
        assert_eq!(
            groups,
            [
                (false, &b"follow"[..], Anchor::Word),
                (true, &b"2024 vip"[..], Anchor::Anywhere),
                (false, &b"12"[..], Anchor::Anywhere),
            ]
        );
        assert_eq!(search.clauses.len(), 1);
        assert_eq!(format!("{search:?}"), "Search(4 terms)");
    }

    #[test]
    fn numbers_with_spaces_are_one_number_or_several_words() {
        let search = Search::parse("anna 07912 345").unwrap();
        assert_eq!(search.clauses.len(), 2);
        let numbers = &search.clauses[1].any;
        assert_eq!(numbers[0][0].text, b"07912345");
        assert_eq!(numbers[1].len(), 2);
        assert_eq!(Search::parse("2024").unwrap().clauses[0].any.len(), 1);
        assert_eq!(Search::parse("7912-345").unwrap().clauses[0].any.len(), 2);
        assert!(!format!("{search:?}").contains("anna"));
    }

    proptest::proptest! {
        /// Operators, quotes and letters of all kinds in any order are a search or a refusal; so are words of dates, orders
        /// and lists.
        #[test]
        fn fuzzed_searches_are_read_or_refused(
            pieces in proptest::collection::vec(
                proptest::sample::select(vec![
                    "\"", "-", "*", ":", "email:", "group:", "phone:", "name:", "tag:", " ", "\t", "a", "é", "漢", "🎉", "\u{301}",
                    "+44", "07911", "2026-02-30", "2026-03-01T00:00:00Z", "-name", ",", "(", ")", "\\", "\0", "\u{202e}",
                ]),
                0..40,
            ),
            other in ".{0,300}",
        ) {
            for text in [pieces.concat(), format!("{}{other}", pieces.concat()), other] {
                let _ = Search::parse(&text);
                let _ = super::super::Bound::parse("appointment_from", &text);
                let _ = super::super::Sort::parse(&text);
            }
        }
    }
}
