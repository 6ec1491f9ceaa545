//! Words and phrases that tell of health, from a data file.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::LazyLock;

use serde::Deserialize;
use unicode_normalization::UnicodeNormalization;

use super::{Hit, PhiKind, PhiLevel};

#[derive(Deserialize)]
struct File {
    moderate: Vec<Group>,
    strict: Vec<Group>,
}

#[derive(Deserialize)]
struct Group {
    kind: PhiKind,
    suggestion: String,
    terms: Vec<String>,
}

struct Term {
    /// The words after the first one.
    rest: Vec<String>,
    level: PhiLevel,
    kind: PhiKind,
    suggestion: &'static str,
}

/// Terms by their first word.
static TERMS: LazyLock<HashMap<String, Vec<Term>>> =
    LazyLock::new(|| read(include_str!("../../data/phi/terms.json")));

/// Reads the embedded file, which a test holds to be readable; an unreadable one would find nothing.
fn read(json: &str) -> HashMap<String, Vec<Term>> {
    let file: File = match serde_json::from_str(json) {
        Ok(file) => file,
        Err(_) => File {
            moderate: Vec::new(),
            strict: Vec::new(),
        },
    };
    let mut terms: HashMap<String, Vec<Term>> = HashMap::new();
    for (level, groups) in [
        (PhiLevel::Moderate, file.moderate),
        (PhiLevel::Strict, file.strict),
    ] {
        for group in groups {
            // Once per process, for as long as it lives.
            let suggestion: &'static str = Box::leak(group.suggestion.into_boxed_str());
            for term in group.terms {
                let mut words = term.split(' ').map(str::to_owned);
                if let Some(first) = words.next() {
                    terms.entry(first).or_default().push(Term {
                        rest: words.collect(),
                        level,
                        kind: group.kind,
                        suggestion,
                    });
                }
            }
        }
    }
    terms
}

/// A word of the text: where it stands, and folded.
struct Word {
    bytes: Range<usize>,
    folded: String,
}

pub(super) fn find(text: &str, level: PhiLevel) -> Vec<Hit> {
    let words = words(text);
    let mut hits = Vec::new();
    for (index, word) in words.iter().enumerate() {
        let singular = word.folded.strip_suffix('s');
        for first in [Some(word.folded.as_str()), singular].into_iter().flatten() {
            for term in TERMS
                .get(first)
                .into_iter()
                .flatten()
                .filter(|term| term.level <= level)
            {
                // A plural counts at the end of a term only.
                if first != word.folded && !term.rest.is_empty() {
                    continue;
                }
                let following = &words[index + 1..];
                if let Some(end) = matches_rest(&term.rest, following, word.bytes.end) {
                    hits.push(Hit {
                        bytes: word.bytes.start..end,
                        kind: term.kind,
                        suggestion: term.suggestion,
                    });
                }
            }
        }
    }
    hits
}

/// The end of the match, if the following words are the rest of the term.
fn matches_rest(rest: &[String], following: &[Word], end: usize) -> Option<usize> {
    let Some((last, middle)) = rest.split_last() else {
        return Some(end);
    };
    let candidates = following.get(..rest.len())?;
    let (last_word, middle_words) = candidates.split_last()?;
    let middle_fits = middle
        .iter()
        .zip(middle_words)
        .all(|(wanted, word)| *wanted == word.folded);
    let last_fits = last_word.folded == *last || last_word.folded.strip_suffix('s') == Some(last);
    (middle_fits && last_fits).then_some(last_word.bytes.end)
}

fn words(text: &str) -> Vec<Word> {
    let mut words = Vec::new();
    let mut start = None;
    for (at, c) in text.char_indices().chain([(text.len(), ' ')]) {
        let inside = c.is_alphanumeric() || unicode_normalization::char::is_combining_mark(c);
        match (inside, start) {
            (true, None) => start = Some(at),
            (false, Some(from)) => {
                words.push(Word {
                    bytes: from..at,
                    folded: fold(&text[from..at]),
                });
                start = None;
            }
            _ => {}
        }
    }
    words
}

fn fold(word: &str) -> String {
    word.nfkd()
        .filter(|c| !unicode_normalization::char::is_combining_mark(*c))
        .flat_map(char::to_lowercase)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_data_file_is_readable_and_folded() {
        let file: File = serde_json::from_str(include_str!("../../data/phi/terms.json")).unwrap();
        let mut count = 0;
        for group in file.moderate.iter().chain(&file.strict) {
            assert!(!group.suggestion.is_empty());
            for term in &group.terms {
                assert!(
                    term.split(' ').all(|word| !word.is_empty()
                        && fold(word) == word
                        && words(word).len() == 1),
                    "{term}"
                );
                count += 1;
            }
        }
        assert!(count > 200, "{count}");
        // What S0 names.
        for term in [
            "diagnosis",
            "treatment",
            "medication",
            "condition",
            "surgery",
            "medical history",
            "health condition",
            "prescription",
        ] {
            assert!(!find(term, PhiLevel::Moderate).is_empty(), "{term}");
        }
    }

    #[test]
    fn suggestions_are_clean_themselves() {
        for term in TERMS.values().flatten() {
            assert!(
                find(term.suggestion, PhiLevel::Strict).is_empty(),
                "{}",
                term.suggestion
            );
        }
    }

    #[test]
    fn whole_words_in_any_case_with_plurals() {
        let found = |text: &str| find(text, PhiLevel::Moderate).len();
        assert_eq!(found("Biopsy"), 1);
        assert_eq!(found("two INJECTIONS and a Blood-Result"), 2);
        assert_eq!(found("test results"), 1);
        assert_eq!(found("conditional, aidsman, stylish"), 0);
        assert_eq!(found("leukæmia"), 0);
        assert_eq!(found("anémia"), 1);
    }
}
