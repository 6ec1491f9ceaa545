//! Texts that people type: each type is parsed once, cleaned (trimmed, NFC) and bounded, and can then be trusted.
//!
//! Lengths count characters (Unicode scalar values after NFC), not bytes. Control characters and the invisible
//! characters that reorder text are refused. `Debug` never shows the text: it may be somebody's health (rules.md
//! Privacy).

mod bounded;
mod cell;
mod custom_fields;
mod email;
mod name;

pub use bounded::{
    AppointmentType, CompanyName, CustomMessage, Industry, MessageText, Notes, OwnerName, Reason,
    ShortText, SpecialInstructions, SpokenAs, Tag,
};
pub use cell::neutral;
pub use custom_fields::CustomFields;
pub use email::Email;
pub(crate) use name::is_title;
pub use name::{FirstName, LastName, NameParts, PersonName};

use unicode_normalization::UnicodeNormalization;

use crate::error::Invalid;

/// Whether line breaks may stand in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Lines {
    One,
    Many,
}

/// No cleaned text is longer in bytes than this many times its bound in characters; what is longer is refused
/// before any work is done on it.
const MAX_BYTES_PER_CHARACTER: usize = 16;

/// Characters that are invisible and change how the text around them is shown or compared.
fn is_deceptive(c: char) -> bool {
    matches!(c, '\u{200B}' | '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}' | '\u{E0000}'..='\u{E007F}')
}

/// Trims, composes (NFC) and checks a text of `min..=max` characters; `label` names it in the sentence.
pub(crate) fn clean(
    label: &str,
    input: &str,
    min: usize,
    max: usize,
    lines: Lines,
) -> Result<String, Invalid> {
    if input.len() > max.saturating_mul(MAX_BYTES_PER_CHARACTER) {
        return Err(too_long(label, max));
    }
    let text: String = match lines {
        Lines::One => input.trim().nfc().collect(),
        Lines::Many => input.trim().replace("\r\n", "\n").nfc().collect(),
    };
    let allowed_control = |c: char| lines == Lines::Many && matches!(c, '\n' | '\t');
    if text
        .chars()
        .any(|c| (c.is_control() && !allowed_control(c)) || is_deceptive(c))
    {
        return Err(Invalid::new(
            "control_characters",
            format!("{label} contains characters that cannot be shown."),
        ));
    }
    let length = text.chars().count();
    if length > max {
        return Err(too_long(label, max));
    }
    if length == 0 && min > 0 {
        return Err(Invalid::new("empty", format!("{label} cannot be empty.")));
    }
    if length < min {
        return Err(Invalid::new(
            "too_short",
            format!("{label} needs at least {min} characters."),
        ));
    }
    Ok(text)
}

fn too_long(label: &str, max: usize) -> Invalid {
    Invalid::new(
        "too_long",
        format!("{label} can have at most {max} characters."),
    )
}

/// What every text type has: parsing, `as_str`, serde through parsing, and a `Debug` that shows the length only.
macro_rules! text_type {
    ($name:ident) => {
        impl $name {
            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// The text, taken out.
            pub fn into_string(self) -> String {
                self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = $crate::error::Invalid;

            fn try_from(text: String) -> Result<Self, Self::Error> {
                Self::parse(&text)
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::error::Invalid;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::parse(text)
            }
        }

        impl From<$name> for String {
            fn from(text: $name) -> String {
                text.0
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(
                    f,
                    concat!(stringify!($name), "({} characters)"),
                    self.0.chars().count()
                )
            }
        }
    };
}
pub(crate) use text_type;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cleaning_trims_composes_and_counts_characters() {
        assert_eq!(clean("It", "  e\u{301}  ", 1, 1, Lines::One).unwrap(), "é");
        assert_eq!(
            clean("It", "éé", 1, 1, Lines::One).unwrap_err().code,
            "too_long"
        );
        assert_eq!(
            clean("It", "   ", 1, 5, Lines::One).unwrap_err().code,
            "empty"
        );
        assert_eq!(
            clean("It", "a", 2, 5, Lines::One).unwrap_err().code,
            "too_short"
        );
        assert_eq!(
            clean("It", "a\nb", 1, 5, Lines::One).unwrap_err().code,
            "control_characters"
        );
        assert_eq!(clean("It", "a\r\nb", 1, 5, Lines::Many).unwrap(), "a\nb");
        assert_eq!(
            clean("It", "a\u{202E}b", 1, 5, Lines::Many)
                .unwrap_err()
                .code,
            "control_characters"
        );
        assert_eq!(
            clean("It", "a\0b", 1, 5, Lines::Many).unwrap_err().code,
            "control_characters"
        );
        assert_eq!(
            clean("It", &"a".repeat(10_000_000), 1, 5, Lines::One)
                .unwrap_err()
                .code,
            "too_long"
        );
    }
}
