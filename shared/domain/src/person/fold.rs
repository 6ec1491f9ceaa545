//! Names brought to one spelling, so that case, accents and punctuation do not tell people apart.

use unicode_normalization::UnicodeNormalization;

use crate::text::is_title;

/// Bytes of a name that are looked at; a valid name is shorter.
const MAX_BYTES: usize = 1_600;

/// What "junior" and "senior" look like, folded. They tell a father from a son of the same name.
const GENERATIONS: [&str; 8] = ["jr", "jnr", "junior", "sr", "snr", "senior", "ii", "iii"];

/// A name taken apart.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Folded {
    /// The words in the order given ("Smith, John" put right), folded, titles and generations taken out.
    pub(super) words: Vec<String>,
    /// The titles, folded and sorted.
    pub(super) titles: Vec<String>,
    /// The generation, such as `junior`.
    pub(super) generation: Option<&'static str>,
}

/// The form in which two names are equal without regard to case, accents and punctuation: what a calendar booking
/// must match exactly (rules.md Contacts).
///
/// A title is left out where a first and a last name remain without it, and kept where it is what tells "Mr Smith"
/// from "Mrs Smith".
pub fn folded(name: &str) -> String {
    let Folded {
        words,
        titles,
        generation,
    } = take_apart(name);
    let full_words = words.iter().filter(|word| !is_initial(word)).count();
    let kept_titles = if full_words >= 2 { Vec::new() } else { titles };
    let parts: Vec<&str> = kept_titles
        .iter()
        .chain(&words)
        .map(String::as_str)
        .chain(generation)
        .collect();
    parts.join(" ")
}

pub(super) fn take_apart(name: &str) -> Folded {
    let name = truncated(name);
    let reordered = match name.split_once(',') {
        Some((last, first)) if !first.contains(',') => format!("{first} {last}"),
        _ => name.to_owned(),
    };
    let mut folded = Folded {
        words: Vec::new(),
        titles: Vec::new(),
        generation: None,
    };
    for word in fold_text(&reordered).split_whitespace() {
        if let Some(generation) = generation(word) {
            folded.generation = Some(generation);
        } else if is_title(word) {
            folded.titles.push(word.to_owned());
        } else {
            folded.words.push(word.to_owned());
        }
    }
    if folded.words.is_empty() {
        folded.words = std::mem::take(&mut folded.titles);
    }
    folded.titles.sort_unstable();
    folded
}

/// Whether a word stands for a longer one: one letter of a script that writes initials.
pub(super) fn is_initial(word: &str) -> bool {
    let mut letters = word.chars();
    match (letters.next(), letters.next()) {
        (Some(letter), None) => letter.to_uppercase().next() != Some(letter),
        _ => false,
    }
}

fn generation(word: &str) -> Option<&'static str> {
    let known = GENERATIONS.iter().find(|known| **known == word)?;
    Some(match *known {
        "jr" | "jnr" | "junior" => "junior",
        "sr" | "snr" | "senior" => "senior",
        other => other,
    })
}

fn truncated(name: &str) -> &str {
    let mut end = name.len().min(MAX_BYTES);
    while !name.is_char_boundary(end) {
        end -= 1;
    }
    &name[..end]
}

/// Compatibility-decomposed, in lower case, without accents; letters that do not decompose spelled out, apostrophes
/// and joiners gone, everything else that is not part of a word a space.
fn fold_text(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.nfkd().flat_map(char::to_lowercase).nfkd() {
        match c {
            'ł' => out.push('l'),
            'ø' => out.push('o'),
            'đ' | 'ð' => out.push('d'),
            'ħ' => out.push('h'),
            'ı' => out.push('i'),
            'ß' => out.push_str("ss"),
            'æ' => out.push_str("ae"),
            'œ' => out.push_str("oe"),
            'þ' => out.push_str("th"),
            'ς' => out.push('σ'),
            '\'' | '\u{2018}' | '\u{2019}' | '\u{2BC}' | '`' | '\u{B4}' | '\u{200C}'
            | '\u{200D}' => {}
            c if is_accent(c) => {}
            c if c.is_alphanumeric() || unicode_normalization::char::is_combining_mark(c) => {
                out.push(c)
            }
            _ => out.push(' '),
        }
    }
    out
}

/// Marks that people leave out when typing. The vowel signs of Indic scripts are marks too, but part of the spelling.
fn is_accent(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36F}' | '\u{591}'..='\u{5C7}' | '\u{64B}'..='\u{65F}' | '\u{670}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_accents_and_punctuation_do_not_count() {
        for (a, b) in [
            ("Zoë O’Brien-Łuć", "ZOE OBRIEN LUC"),
            ("Smith, John", "John Smith"),
            ("Dr. John Smith", "john smith"),
            ("Jürgen Groß", "JURGEN GROSS"),
            ("Søren Ærø", "Soren Aero"),
            ("ΟΔΥΣΣΕΥΣ Παπας", "Οδυσσευς ΠΑΠΑΣ"),
            ("Ｊｏｈｎ Smith", "John Smith"),
            ("John Smith Jr.", "John Smith, Junior"),
        ] {
            let b_folded = if b.contains(", Junior") {
                folded("John Smith Junior")
            } else {
                folded(b)
            };
            assert_eq!(folded(a), b_folded, "{a} / {b}");
        }
    }

    #[test]
    fn what_tells_people_apart_stays() {
        for (a, b) in [
            ("Mr Smith", "Mrs Smith"),
            ("Mr J Smith", "Mrs J Smith"),
            ("John Smith Sr", "John Smith Jr"),
            ("राम शर्मा", "रीमा शर्मा"),
            ("James Thomas", "Thomas James"),
        ] {
            assert_ne!(folded(a), folded(b), "{a} / {b}");
        }
    }

    #[test]
    fn initials_exist_where_letters_have_case() {
        assert!(is_initial("j") && is_initial("м"));
        assert!(!is_initial("王") && !is_initial("jo") && !is_initial(""));
    }
}
