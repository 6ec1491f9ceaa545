//! Text as it is compared: without case, accents and typographic variants.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::decompose_compatible;

/// Appends the folded text. It never contains a control character: separators of the arena are safe from it.
pub(crate) fn fold_into(text: &str, out: &mut Vec<u8>) {
    // What most texts are: nothing but letters, signs and single spaces of a keyboard.
    let bytes = text.as_bytes();
    let plain = bytes.iter().all(|b| (0x20..0x7f).contains(b));
    if plain && memchr::memmem::find(bytes, b"  ").is_none() {
        out.extend(text.bytes().map(|b| b.to_ascii_lowercase()));
        return;
    }
    let mut buffer = [0; 4];
    fold_each(text, |_, c| {
        out.extend_from_slice(c.encode_utf8(&mut buffer).as_bytes());
    });
}

/// The folded text of something typed, composed first as all stored text is.
pub(crate) fn folded(text: &str) -> Vec<u8> {
    let composed: String = text.nfc().collect();
    let mut out = Vec::with_capacity(composed.len());
    fold_into(&composed, &mut out);
    out
}

/// The folded text, and for each of its bytes the index of the character it came from.
pub(crate) fn fold_with_places(text: &str) -> (Vec<u8>, Vec<u32>) {
    let (mut out, mut places) = (Vec::new(), Vec::new());
    let mut buffer = [0; 4];
    fold_each(text, |index, c| {
        let bytes = c.encode_utf8(&mut buffer).as_bytes();
        out.extend_from_slice(bytes);
        places.resize(out.len(), index);
    });
    (out, places)
}

/// Calls `emit` with each folded character and the index of the character it came from. Runs of white space and control
/// characters become one space.
fn fold_each(text: &str, mut emit: impl FnMut(u32, char)) {
    let mut in_space = false;
    for (index, c) in (0..).zip(text.chars()) {
        if c.is_whitespace() || c.is_control() {
            if !in_space {
                emit(index, ' ');
            }
            in_space = true;
            continue;
        }
        in_space = false;
        if c.is_ascii() {
            emit(index, c.to_ascii_lowercase());
            continue;
        }
        decompose_compatible(c, |part| {
            for lower in part.to_lowercase() {
                decompose_compatible(lower, |c| letter(c, &mut |c| emit(index, c)));
            }
        });
    }
}

/// One decomposed lower-case character: accents go, letters that do not decompose are spelled out, typographic marks
/// become those of a keyboard.
fn letter(c: char, emit: &mut impl FnMut(char)) {
    let spelled = match c {
        'ł' => "l",
        'ø' => "o",
        'đ' | 'ð' => "d",
        'ħ' => "h",
        'ı' => "i",
        'ß' => "ss",
        'æ' => "ae",
        'œ' => "oe",
        'þ' => "th",
        'ς' => "σ",
        '\u{2018}' | '\u{2019}' | '\u{2BC}' | '\u{B4}' | '`' => "'",
        '\u{201C}' | '\u{201D}' | '\u{201E}' => "\"",
        '\u{2010}'..='\u{2015}' | '\u{2212}' => "-",
        c if c.is_control() || c.is_whitespace() => " ",
        c if !is_accent(c) => return emit(c),
        _ => "",
    };
    spelled.chars().for_each(emit);
}

/// Marks that people leave out when typing; the vowel signs of Indic scripts are marks too, but part of the spelling.
fn is_accent(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36F}' | '\u{591}'..='\u{5C7}' | '\u{64B}'..='\u{65F}' | '\u{670}' | '\u{200C}' | '\u{200D}' | '\u{AD}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> String {
        String::from_utf8(folded(text)).unwrap()
    }

    #[test]
    fn case_accents_and_typography_do_not_count() {
        for (a, b) in [
            ("ZOE", "Zoë"),
            ("obrien-luc", "OBrien-Łuć"),
            ("o'brien", "O’Brien"),
            ("gross", "Groß"),
            ("soren aero", "Søren Ærø"),
            ("οδυσσευς", "ΟΔΥΣΣΕΎΣ"),
            ("istanbul", "İstanbul"),
            ("a b", "a \n\t b"),
            ("john", "Ｊｏｈｎ"),
            ("a-b", "a–b"),
        ] {
            assert_eq!(text(a), text(b), "{a} / {b}");
        }
        assert_ne!(text("राम"), text("रम"));
        assert_eq!(text("e\u{301}"), text("é"));
    }

    #[test]
    fn places_lead_back_to_the_characters() {
        let (folded, places) = fold_with_places("Ærø ß");
        assert_eq!(folded, b"aero ss");
        assert_eq!(places, [0, 0, 1, 2, 3, 4, 4]);
    }

    #[test]
    fn no_character_folds_to_a_separator() {
        let mut out = Vec::new();
        for c in '\0'..=char::MAX {
            out.clear();
            fold_into(c.encode_utf8(&mut [0; 4]), &mut out);
            assert!(out.iter().all(|b| *b >= 0x20 && *b != 0xFF), "{c:?}");
        }
    }
}
