//! Phone numbers as people type them.

/// Stands between the two forms of a number in the arena; nobody can type it into a search.
pub(super) const TWO_FORMS: u8 = 1;

/// Digits of the country code at the head of the digits of an E.164 number (ITU-T E.164: codes are prefix-free).
fn country_code_len(digits: &[u8]) -> usize {
    match digits {
        [b'1' | b'7', ..] => 1,
        [b'2', b'0' | b'7', ..]
        | [b'3', b'0'..=b'4' | b'6' | b'9', ..]
        | [b'4', b'0' | b'1' | b'3'..=b'9', ..]
        | [b'5', b'1'..=b'8', ..]
        | [b'6', b'0'..=b'6', ..]
        | [b'8', b'1' | b'2' | b'4' | b'6', ..]
        | [b'9', b'0'..=b'5' | b'8', ..] => 2,
        _ => 3.min(digits.len()),
    }
}

/// What is searched of an E.164 number: the number, and as it is dialled at home with a leading 0.
pub(crate) fn searched(e164: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(e164.as_bytes());
    let digits = e164.as_bytes().get(1..).unwrap_or_default();
    out.push(TWO_FORMS);
    out.push(b'0');
    out.extend_from_slice(&digits[country_code_len(digits)..]);
}

/// An E.164 number, or what is searched of one, as one number: at most fifteen digits. 0 for what is none.
pub(super) fn as_number(phone: &[u8]) -> u64 {
    let digits = phone.iter().skip(1).take_while(|b| b.is_ascii_digit());
    digits
        .take(18)
        .fold(0, |number, digit| number * 10 + u64::from(digit - b'0'))
}

/// The place in the shown number (E.164) that a place in [`searched`] stands for; the home form's 0 stands for nothing.
pub(crate) fn display_position(e164: &str, position: usize) -> usize {
    let len = e164.len();
    if position <= len {
        return position;
    }
    let digits = e164.as_bytes().get(1..).unwrap_or_default();
    let national = position - len - 1;
    (1 + country_code_len(digits) + national.saturating_sub(1)).min(len)
}

/// Whether a typed word can be part of a phone number: digits and what people put between them.
pub(crate) fn looks_like_phone(word: &str) -> bool {
    word.bytes().any(|b| b.is_ascii_digit())
        && word.chars().all(|c| {
            c.is_ascii_digit()
                || c.is_whitespace()
                || matches!(
                    c,
                    '+' | '(' | ')' | '-' | '.' | '/' | '\u{2010}'..='\u{2015}'
                )
        })
}

/// The digits of what was typed, as they stand in [`searched`]: `+44 (0)7912 345` and `0044 7912 345` are `+447912345`.
pub(crate) fn typed(text: &str) -> String {
    let international = text.trim_start().starts_with('+');
    let text = if international {
        text.replacen("(0)", "", 1)
    } else {
        text.to_owned()
    };
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    match digits.strip_prefix("00") {
        _ if international => format!("+{digits}"),
        Some(rest) if !rest.is_empty() => format!("+{rest}"),
        _ => digits,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_formatting_finds_the_number() {
        let mut forms = Vec::new();
        searched("+447912345678", &mut forms);
        let forms = String::from_utf8(forms).unwrap();
        assert_eq!(forms, "+447912345678\u{1}07912345678");
        for text in [
            "07912 345",
            "+44 7912",
            "7912-345",
            "(07912) 345 678",
            "0044 7912 345678",
            "+44 (0)7912 345678",
            "44 79",
            "5678",
            "+44.7912.345",
        ] {
            assert!(looks_like_phone(text), "{text}");
            assert!(forms.contains(&typed(text)), "{text}");
        }
        for text in ["07913", "0 44", "+7912", "05678"] {
            assert!(!forms.contains(&typed(text)), "{text}");
        }
        for text in ["a1", "", "+", "12:30"] {
            assert!(!looks_like_phone(text), "{text}");
        }
    }

    #[test]
    fn places_in_either_form_are_shown_in_the_number() {
        let number = "+447912345678";
        assert_eq!(display_position(number, 3), 3);
        assert_eq!(display_position(number, 13), 13);
        // "07912": the second form begins at 14, its 0 stands for nothing.
        assert_eq!(display_position(number, 14), 3);
        assert_eq!(display_position(number, 15), 3);
        assert_eq!(display_position(number, 19), 7);
        assert_eq!(display_position(number, 25), 13);
    }
}
