//! What may be a password (S3 `new_password`).

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use zxcvbn::matching::patterns::MatchPattern;

use super::normalized;

/// The fewest characters (S3).
pub const MIN_CHARS: usize = 8;

/// The most characters; bounds the work of a request, far above what people type.
pub const MAX_CHARS: usize = 128;

/// A password is common when zxcvbn expects it to fall within 10^6.5 guesses. `Password1!` takes 17,000; eight random
/// characters take 10^8, a little less where chance has spelt a word, so it hardly ever refuses what chance has made.
const COMMON_BELOW_LOG10_GUESSES: f64 = 6.5;

/// It is common too when it is one known word with at most this many digits and signs around it: zxcvbn counts years and
/// signs as if they were chosen at random, but `Summer2026!` is what people choose who are made to use a digit and a sign.
const MAX_DECORATION_CHARS: usize = 6;

/// A rule of S3 that a password breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PasswordRule {
    /// Fewer than [`MIN_CHARS`] characters.
    MinLength,
    /// More than [`MAX_CHARS`] characters.
    MaxLength,
    /// No upper-case letter.
    Uppercase,
    /// No lower-case letter.
    Lowercase,
    /// No digit.
    Number,
    /// Nothing but letters and digits.
    SpecialChar,
    /// Common, or easily guessed from common words, dates, keyboard rows or the person's own names.
    NotCommon,
}

impl PasswordRule {
    /// The rule's name in the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::MinLength => "min_length",
            Self::MaxLength => "max_length",
            Self::Uppercase => "uppercase",
            Self::Lowercase => "lowercase",
            Self::Number => "number",
            Self::SpecialChar => "special_char",
            Self::NotCommon => "not_common",
        }
    }

    /// What a person is told.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::MinLength => "Use at least 8 characters.",
            Self::MaxLength => "Use at most 128 characters.",
            Self::Uppercase => "Add an upper-case letter.",
            Self::Lowercase => "Add a lower-case letter.",
            Self::Number => "Add a digit.",
            Self::SpecialChar => "Add a special character, such as ! or a space.",
            Self::NotCommon => "This password is too common or too easy to guess. Choose another.",
        }
    }
}

/// Every rule that the password breaks, in S3's order; none means it is accepted. `own_words` are the person's names,
/// e-mail and business, which make a password easy to guess. Takes about a millisecond.
pub fn broken_rules(password: &SecretString, own_words: &[&str]) -> Vec<PasswordRule> {
    // A character is at most four bytes: what is longer is not looked at further.
    if password.expose_secret().len() > MAX_CHARS * 4 {
        return vec![PasswordRule::MaxLength];
    }
    let text = normalized(password.expose_secret());
    let chars = text.chars().count();
    let has = |test: fn(char) -> bool| text.chars().any(test);
    let checks = [
        (PasswordRule::MinLength, chars < MIN_CHARS),
        (PasswordRule::MaxLength, chars > MAX_CHARS),
        (PasswordRule::Uppercase, !has(char::is_uppercase)),
        (PasswordRule::Lowercase, !has(char::is_lowercase)),
        (PasswordRule::Number, !has(char::is_numeric)),
        (
            PasswordRule::SpecialChar,
            !has(|char| !char.is_alphanumeric()),
        ),
        (PasswordRule::NotCommon, is_common(&text, own_words)),
    ];
    checks
        .into_iter()
        .filter_map(|(rule, broken)| broken.then_some(rule))
        .collect()
}

/// From 0 (falls at once) to 4 (strong), for a strength indicator (S3); zxcvbn's own score.
pub fn strength(password: &SecretString, own_words: &[&str]) -> u8 {
    if password.expose_secret().len() > MAX_CHARS * 4 {
        return 4;
    }
    let text = normalized(password.expose_secret());
    u8::from(estimate(&text, own_words).score())
}

fn is_common(text: &str, own_words: &[&str]) -> bool {
    estimate(text, own_words).guesses_log10() < COMMON_BELOW_LOG10_GUESSES
        || is_decorated_word(text, own_words)
}

fn is_decorated_word(text: &str, own_words: &[&str]) -> bool {
    let word = text.trim_matches(|char: char| !char.is_alphabetic());
    text.chars().count() - word.chars().count() <= MAX_DECORATION_CHARS
        && matches!(
            estimate(word, own_words).sequence(),
            [only] if matches!(only.pattern, MatchPattern::Dictionary(_))
        )
}

/// "Riverside Dental" counts as a whole and word by word; a piece of one or two characters proves nothing.
fn estimate(text: &str, own_words: &[&str]) -> zxcvbn::Entropy {
    let pieces = own_words
        .iter()
        .flat_map(|words| words.split(|char: char| !char.is_alphanumeric()));
    let words: Vec<&str> = own_words
        .iter()
        .copied()
        .chain(pieces)
        .filter(|word| word.chars().count() > 2)
        .collect();
    zxcvbn::zxcvbn(text, &words)
}

#[cfg(test)]
mod tests {
    use super::PasswordRule::*;
    use super::*;

    fn broken(text: &str) -> Vec<PasswordRule> {
        broken_rules(
            &SecretString::from(text),
            &[
                "Amara",
                "Okafor",
                "amara@riverside-dental.example",
                "Riverside Dental",
            ],
        )
    }

    #[test]
    fn each_rule_is_named_when_it_is_broken() {
        let long = format!("{}A1!", "kqzvwx7 ".repeat(16));
        let cases: &[(&str, &[PasswordRule])] = &[
            ("Kq7!vzWm", &[]),
            ("Trestle-otter-9-quay", &[]),
            ("żÓłw pływa 7 razy", &[]),
            ("Kq7!vzW", &[MinLength]),
            (&long, &[MaxLength]),
            ("kq7!vzwm2p", &[Uppercase]),
            ("KQ7!VZWM2P", &[Lowercase]),
            ("Kqx!vzWmPd", &[Number]),
            ("Kq7xvzWm2p", &[SpecialChar]),
            ("kqxwvzwmjd", &[Uppercase, Number, SpecialChar]),
            (
                "",
                &[
                    MinLength,
                    Uppercase,
                    Lowercase,
                    Number,
                    SpecialChar,
                    NotCommon,
                ],
            ),
        ];
        for (text, rules) in cases {
            assert_eq!(broken(text), *rules, "{text}");
        }
    }

    #[test]
    fn common_passwords_are_refused_though_every_other_rule_holds() {
        for text in [
            "Password1!",
            "P@ssw0rd",
            "P@ssw0rd1",
            "Passw0rd!",
            "Welcome1!",
            "Qwerty123!",
            "Qwertyuiop1!",
            "Letmein1!",
            "Iloveyou1!",
            "Abc123!!",
            "Monkey12!",
            "Admin123!",
            "Football1!",
            "Aa123456!",
            "Zaq12wsx!",
            "1qaz@WSX",
            "Summer2026!",
            "Winter2025!",
            "Spring2026#",
            "Amara2026!",
            "Riverside1!",
            "Dental123!",
            "Dentist2026!",
            "Manchester1!",
            "Liverpool123!",
            "Aaaaaaa1!",
        ] {
            assert_eq!(broken(text), [NotCommon], "{text}");
        }
    }

    #[test]
    fn chance_is_hardly_ever_called_common() {
        let alphabet: Vec<char> = ('!'..='~').collect();
        let random = crate::SeededRandom::new(11);
        let refused = (0..1_000).filter(|_| {
            let bytes: [u8; 8] = crate::random_bytes(&random).unwrap();
            let text: String = bytes
                .iter()
                .map(|byte| alphabet[usize::from(*byte) % alphabet.len()])
                .collect();
            broken(&text).contains(&NotCommon)
        });
        assert!(refused.count() <= 3);
    }

    #[test]
    fn huge_input_is_refused_at_once() {
        assert_eq!(broken(&"aB1! ".repeat(1_000_000)), [MaxLength]);
    }

    #[test]
    fn names_in_json_are_the_names_in_the_api() {
        for rule in [
            MinLength,
            MaxLength,
            Uppercase,
            Lowercase,
            Number,
            SpecialChar,
            NotCommon,
        ] {
            assert_eq!(serde_json::to_value(rule).unwrap(), rule.name());
            assert!(rule.sentence().ends_with('.'));
        }
    }

    #[test]
    fn strength_rises() {
        let of = |text: &str| strength(&SecretString::from(text), &[]);
        assert!(
            of("Password1!") < of("Kq7!vzWm2") && of("Kq7!vzWm2") <= of("Trestle-otter-9-quay")
        );
        assert_eq!(of("Trestle-otter-9-quay"), 4);
    }
}
