//! How many parts an SMS is sent and charged in (S1 "Counter shows characters and segments"; 3GPP TS 23.038).

use serde::Serialize;

/// Septets of a message in one part, and of each part of a longer one.
const GSM_SINGLE: usize = 160;
const GSM_PART: usize = 153;
/// UTF-16 code units of a message in one part, and of each part of a longer one.
const UCS2_SINGLE: usize = 70;
const UCS2_PART: usize = 67;

/// The basic alphabet of GSM 03.38, without its escape.
const BASIC: &str = "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?\
                     ¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà";
/// Its extension table: two septets each.
const EXTENSION: &str = "\u{c}^{}\\[~]|€";

/// How a text's characters are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Encoding {
    /// Seven bits a character, those of the extension table twice that.
    Gsm7,
    /// Sixteen bits a UTF-16 code unit; one character outside GSM 03.38 makes the whole text so.
    Ucs2,
}

/// The length of a text as an SMS.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Segments {
    pub encoding: Encoding,
    /// Septets or UTF-16 code units.
    pub units: usize,
    /// Parts it is sent in; 0 for an empty text.
    pub segments: usize,
}

/// Measures a text. No character is cut in two at the end of a part.
pub fn segments(text: &str) -> Segments {
    match text.chars().map(septets).collect::<Option<Vec<_>>>() {
        Some(widths) => measured(Encoding::Gsm7, &widths, GSM_SINGLE, GSM_PART),
        None => {
            let widths: Vec<usize> = text.chars().map(char::len_utf16).collect();
            measured(Encoding::Ucs2, &widths, UCS2_SINGLE, UCS2_PART)
        }
    }
}

fn septets(c: char) -> Option<usize> {
    if BASIC.contains(c) {
        Some(1)
    } else if EXTENSION.contains(c) {
        Some(2)
    } else {
        None
    }
}

fn measured(encoding: Encoding, widths: &[usize], single: usize, part: usize) -> Segments {
    let units = widths.iter().sum();
    let segments = match units {
        0 => 0,
        _ if units <= single => 1,
        _ => {
            let (mut parts, mut room) = (1, part);
            for width in widths {
                if *width > room {
                    parts += 1;
                    room = part;
                }
                room -= width;
            }
            parts
        }
    };
    Segments {
        encoding,
        units,
        segments,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> (Encoding, usize, usize) {
        let found = segments(text);
        (found.encoding, found.units, found.segments)
    }

    #[test]
    fn the_alphabet_is_whole() {
        // 128 positions less the escape; and the ten of the extension table.
        assert_eq!(BASIC.chars().count(), 127);
        assert_eq!(EXTENSION.chars().count(), 10);
    }

    #[test]
    fn edges_of_both_encodings() {
        use Encoding::{Gsm7, Ucs2};
        assert_eq!(of(""), (Gsm7, 0, 0));
        assert_eq!(of(&"a".repeat(160)), (Gsm7, 160, 1));
        assert_eq!(of(&"a".repeat(161)), (Gsm7, 161, 2));
        assert_eq!(of(&"a".repeat(306)), (Gsm7, 306, 2));
        assert_eq!(of(&"a".repeat(307)), (Gsm7, 307, 3));
        assert_eq!(of(&"€".repeat(80)), (Gsm7, 160, 1));
        // 153 is odd: a character of the extension table never straddles two parts.
        assert_eq!(of(&"€".repeat(81)), (Gsm7, 162, 2));
        assert_eq!(of(&"€".repeat(153)), (Gsm7, 306, 3));
        assert_eq!(of(&"ж".repeat(70)), (Ucs2, 70, 1));
        assert_eq!(of(&"ж".repeat(71)), (Ucs2, 71, 2));
        assert_eq!(of(&"ж".repeat(135)), (Ucs2, 135, 3));
        // One emoji makes a text of 160 three parts of two bytes each.
        assert_eq!(of(&format!("{}👍", "a".repeat(68))), (Ucs2, 70, 1));
        assert_eq!(of(&format!("{}👍", "a".repeat(158))), (Ucs2, 160, 3));
        // A surrogate pair is not cut in two: 67 is odd.
        assert_eq!(of(&"👍".repeat(67)), (Ucs2, 134, 3));
    }
}
