//! Whether two names can be one person's.

use std::collections::HashSet;
use std::sync::LazyLock;

use strsim::osa_distance;

use super::fold::{Folded, is_initial, take_apart};

/// How alike two names are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Similarity {
    /// They can be the same person's name, written in two ways.
    Same,
    /// They are two people's names.
    Different,
}

/// Edits (a letter more, less, other, or two swapped) that make a typing error.
pub const MAX_TYPO_DISTANCE: usize = 1;
/// Letters of the shorter word from which a changed, missing or added letter can be a typing error.
pub const MIN_TYPO_LETTERS: usize = 5;
/// Letters of a word from which two swapped letters can be a typing error.
const MIN_SWAP_LETTERS: usize = 4;
/// Letters of the shorter word from which a doubled letter or an h more is a spelling of the same name.
const MIN_VARIANT_LETTERS: usize = 3;
/// Mistyped words in one comparison at most; the others must be equal or initials.
pub const MAX_MISTYPED_WORDS: usize = 1;
/// Full words that one name may have more than the other, such as a middle name.
pub const MAX_EXTRA_WORDS: usize = 1;

/// Names that are real names one letter apart: Martin and Marvin are not a typing error of each other.
static GIVEN_NAMES: LazyLock<HashSet<&'static str>> = LazyLock::new(|| {
    include_str!("../../data/names/given.txt")
        .lines()
        .filter(|line| !line.starts_with('#'))
        .flat_map(str::split_whitespace)
        .collect()
});

/// Compares two names without regard to case, accents, punctuation and order; initials stand for the words they
/// begin ("J Smith" and "John Smith"), one middle name may be missing, one word may be mistyped.
///
/// Symmetric and reflexive. Not transitive: "J Smith" is like both "John Smith" and "Jane Smith".
pub fn compare(a: &str, b: &str) -> Similarity {
    let (a, b) = (take_apart(a), take_apart(b));
    if a == b
        || (titles_agree(&a, &b) && a.generation == b.generation && words_agree(&a.words, &b.words))
    {
        Similarity::Same
    } else {
        Similarity::Different
    }
}

/// Titles tell people apart only where they say man or woman.
fn titles_agree(a: &Folded, b: &Folded) -> bool {
    let has = |name: &Folded, titles: &[&str]| {
        name.titles
            .iter()
            .any(|title| titles.contains(&title.as_str()))
    };
    let man = |name: &Folded| has(name, &["mr", "sir", "master", "herr", "lord"]);
    let woman = |name: &Folded| {
        has(
            name,
            &["mrs", "ms", "miss", "dame", "lady", "frau", "mme", "mlle"],
        )
    };
    !(man(a) && woman(b) || woman(a) && man(b))
}

fn words_agree(a: &[String], b: &[String]) -> bool {
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    if sorted(short) == sorted(long) {
        return true;
    }
    // One word alone is too little to say more about: "Anna" may be anyone's Anna.
    if short.len() < 2 {
        return joined_agree(short, long);
    }
    pairs_agree(short, long) || joined_agree(short, long)
}

fn sorted(words: &[String]) -> Vec<&str> {
    let mut words: Vec<&str> = words.iter().map(String::as_str).collect();
    words.sort_unstable();
    words
}

/// "Annemarie" and "Anne-Marie", "MacDonald" and "Mac Donald": two words of the longer name written as one.
fn joined_agree(short: &[String], long: &[String]) -> bool {
    if long.len() != short.len() + 1 {
        return false;
    }
    let wanted = sorted(short);
    (0..long.len()).any(|first| {
        (0..long.len())
            .filter(|second| *second != first)
            .any(|second| {
                let joined = format!("{}{}", long[first], long[second]);
                let mut words: Vec<&str> = long
                    .iter()
                    .enumerate()
                    .filter(|(index, _)| *index != first && *index != second)
                    .map(|(_, word)| word.as_str())
                    .chain([joined.as_str()])
                    .collect();
                words.sort_unstable();
                words == wanted
            })
    })
}

/// Every word of the shorter name has a partner in the longer one: equal, its initial, or mistyped.
fn pairs_agree(short: &[String], long: &[String]) -> bool {
    let mut used = vec![false; long.len()];
    let extra_full = |used: &[bool]| {
        long.iter()
            .zip(used)
            .filter(|(word, used)| !**used && !is_initial(word))
            .count()
    };
    place(short, long, &mut used, Tally::default(), &extra_full)
}

#[derive(Clone, Copy, Default)]
struct Tally {
    equal: usize,
    mistyped: usize,
}

/// Tries the partners of the first word, then those of the rest. Names have a handful of words, and words beyond
/// `MAX_WORDS` are not compared at all.
fn place(
    short: &[String],
    long: &[String],
    used: &mut [bool],
    tally: Tally,
    extra_full: &dyn Fn(&[bool]) -> usize,
) -> bool {
    const MAX_WORDS: usize = 6;
    if long.len() > MAX_WORDS {
        return false;
    }
    let Some((word, rest)) = short.split_first() else {
        return tally.equal >= 1 && extra_full(used) <= MAX_EXTRA_WORDS;
    };
    for index in 0..long.len() {
        if used[index] {
            continue;
        }
        let mut next = tally;
        match partner(word, &long[index]) {
            Partner::Equal if !is_initial(word) => next.equal += 1,
            Partner::Equal | Partner::Initial => {}
            Partner::Mistyped => next.mistyped += 1,
            Partner::None => continue,
        }
        if next.mistyped > MAX_MISTYPED_WORDS {
            continue;
        }
        used[index] = true;
        if place(rest, long, used, next, extra_full) {
            return true;
        }
        used[index] = false;
    }
    false
}

#[derive(Debug, PartialEq, Eq)]
enum Partner {
    Equal,
    Initial,
    Mistyped,
    None,
}

fn partner(a: &str, b: &str) -> Partner {
    if a == b {
        return Partner::Equal;
    }
    if is_initial(a) || is_initial(b) {
        let same_letter = a.chars().next() == b.chars().next();
        return if same_letter && is_initial(a) != is_initial(b) {
            Partner::Initial
        } else {
            Partner::None
        };
    }
    if osa_distance(a, b) <= MAX_TYPO_DISTANCE && (is_variant(a, b) || is_typo(a, b)) {
        Partner::Mistyped
    } else {
        Partner::None
    }
}

/// One letter doubled, or an h more after the first letter: Philip and Phillip, Jon and John, Sara and Sarah.
fn is_variant(a: &str, b: &str) -> bool {
    let (short, long) = by_length(a, b);
    if long.len() != short.len() + 1 || short.len() < MIN_VARIANT_LETTERS {
        return false;
    }
    (1..long.len()).any(|at| {
        let without: Vec<char> = long[..at].iter().chain(&long[at + 1..]).copied().collect();
        without == short && (long[at] == 'h' || long[at] == long[at - 1])
    })
}

/// An edit inside the word. First and last letters tell names apart (Robert and Roberta, Marie and Maria, Barry and
/// Harry), and two names that both exist are two names.
fn is_typo(a: &str, b: &str) -> bool {
    if GIVEN_NAMES.contains(a) && GIVEN_NAMES.contains(b) {
        return false;
    }
    let (short, long) = by_length(a, b);
    if short.first() != long.first() || short.last() != long.last() {
        return false;
    }
    let swapped = short.len() == long.len() && {
        let (mut a, mut b) = (short.clone(), long);
        a.sort_unstable();
        b.sort_unstable();
        a == b
    };
    short.len()
        >= if swapped {
            MIN_SWAP_LETTERS
        } else {
            MIN_TYPO_LETTERS
        }
}

fn by_length(a: &str, b: &str) -> (Vec<char>, Vec<char>) {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    if a.len() <= b.len() { (a, b) } else { (b, a) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn one_person() {
        for (a, b) in [
            ("John Smith", "JOHN SMITH"),
            ("John Smith", "Smith, John"),
            ("John Smith", "Smith John"),
            ("J Smith", "John Smith"),
            ("J. R. Smith", "John Robert Smith"),
            ("John A Smith", "John Smith"),
            ("Anna Maria Smith", "Anna Smith"),
            ("Jon Smith", "John Smith"),
            ("Sara Jones", "Sarah Jones"),
            ("Philip Brown", "Phillip Brown"),
            ("Micheal Jones", "Michael Jones"),
            ("Stehen Jones", "Stephen Jones"),
            ("John Smyth", "John Smith"),
            ("John Simth", "John Smith"),
            ("Zoë O’Brien", "Zoe O Brien"),
            ("Anne-Marie Duff", "Annemarie Duff"),
            ("Dr. Emily Jones", "Emily Jones"),
            ("Łukasz Nowak", "Lukasz Nowak"),
            ("王 伟", "伟 王"),
            ("Cher", "CHER"),
        ] {
            assert_eq!(compare(a, b), Similarity::Same, "{a} / {b}");
        }
    }

    #[test]
    fn two_people() {
        for (a, b) in [
            ("Anna Smith", "Emma Smith"),
            ("Robert Jones", "Roberta Jones"),
            ("Paul Smith", "Paula Smith"),
            ("Eric Smith", "Erica Smith"),
            ("Maria Smith", "Marie Smith"),
            ("Martin Smith", "Marvin Smith"),
            ("Marina Smith", "Martina Smith"),
            ("Barry Smith", "Harry Smith"),
            ("Daniel Smith", "Danielle Smith"),
            ("John Smith", "Joan Smith"),
            ("John Smith", "Jane Smith"),
            ("J Smith", "M Smith"),
            ("J Smith", "Emma Smith"),
            ("John A Smith", "John B Smith"),
            ("Mr Smith", "Mrs Smith"),
            ("Mr J Smith", "Mrs J Smith"),
            ("Mr J Smith", "Mrs Jane Smith"),
            ("John Smith Jr", "John Smith Sr"),
            ("John Smith Jr", "John Smith"),
            ("J S", "John Smith"),
            ("Smith", "John Smith"),
            ("Anna", "Anne"),
            ("John Smith", "John Brown"),
            ("Jon Smyth", "John Smith"),
            ("राम शर्मा", "रीमा शर्मा"),
            ("王 伟", "王 伟芳"),
            ("Amir Khan", "Amira Khan"),
        ] {
            assert_eq!(compare(a, b), Similarity::Different, "{a} / {b}");
        }
    }

    /// Names that collide often: few letters, initials, titles, repeated words.
    fn name() -> impl Strategy<Value = String> {
        let word = prop_oneof![
            3 => "[ABJ][a-d]{0,5}",
            1 => Just("Mr".to_owned()),
            1 => Just("Jr".to_owned()),
            2 => proptest::sample::select(vec!["John", "Jon", "Joan", "Smith", "Smyth", "O’Brien", "Zoë", "J.", "王"])
                .prop_map(str::to_owned),
        ];
        proptest::collection::vec(word, 1..5).prop_map(|words| words.join(" "))
    }

    proptest! {
        #[test]
        fn reflexive(name in "\\PC{0,40}") {
            prop_assert_eq!(compare(&name, &name), Similarity::Same);
        }

        #[test]
        fn symmetric(a in name(), b in name()) {
            prop_assert_eq!(compare(&a, &b), compare(&b, &a));
        }

        #[test]
        fn order_does_not_matter(a in name(), b in name()) {
            let reversed: Vec<&str> = b.split(' ').rev().collect();
            prop_assert_eq!(compare(&a, &b), compare(&a, &reversed.join(" ")));
        }

        #[test]
        fn case_does_not_matter(a in name(), b in name()) {
            prop_assert_eq!(compare(&a, &b), compare(&a.to_uppercase(), &b.to_lowercase()));
        }
    }
}
