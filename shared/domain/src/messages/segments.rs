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

    #[test]
    fn the_alphabet_is_whole() {
        // 128 positions less the escape; and the ten of the extension table.
        assert_eq!(BASIC.chars().count(), 127);
        assert_eq!(EXTENSION.chars().count(), 10);
    }

    #[derive(serde::Deserialize)]
    struct Vector {
        /// Pieces and how often each is repeated.
        text: Vec<(String, usize)>,
        encoding: String,
        units: usize,
        segments: usize,
    }

    /// The console counts by the same vectors while a text is typed.
    #[test]
    fn edges_of_both_encodings() {
        let vectors = include_str!("../../data/sms-segments.json");
        let vectors: Vec<Vector> = serde_json::from_str(vectors).unwrap();
        assert!(vectors.len() >= 15);
        for vector in vectors {
            let pieces = vector.text.iter();
            let text: String = pieces.map(|(piece, times)| piece.repeat(*times)).collect();
            let found = segments(&text);
            assert_eq!(serde_json::json!(found.encoding), vector.encoding, "{text}");
            assert_eq!(
                (found.units, found.segments),
                (vector.units, vector.segments),
                "{text}"
            );
        }
    }
}
