//! The forms in which a canary may appear.

use base64::Engine;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// The name of a form, and the bytes to look for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Form {
    pub(crate) name: &'static str,
    pub(crate) bytes: Vec<u8>,
    pub(crate) compare: Compare,
}

/// How a form is compared with what is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Compare {
    Exactly,
    /// Letters without regard to case.
    AnyCase,
    /// Digits, whatever stands between them: a few characters that are none.
    Digits,
}

impl Form {
    /// Whether it stands at the beginning of `bytes`, and how much of them it is there.
    pub(crate) fn begins(&self, bytes: &[u8]) -> Option<usize> {
        match self.compare {
            Compare::Exactly => bytes.starts_with(&self.bytes).then_some(self.bytes.len()),
            Compare::AnyCase => {
                let here = bytes.get(..self.bytes.len())?;
                here.eq_ignore_ascii_case(&self.bytes).then_some(here.len())
            }
            Compare::Digits => {
                let mut at = 0;
                for digit in &self.bytes {
                    let rest = bytes.get(at..)?;
                    let gap = rest.iter().take(BETWEEN + 1).position(u8::is_ascii_digit)?;
                    if rest[gap] != *digit || (gap > 0 && at == 0) {
                        return None;
                    }
                    at += gap + 1;
                }
                Some(at)
            }
        }
    }
}

/// How many bytes may stand between two digits of a number: `%20` is told apart, as its digits are no separator.
const BETWEEN: usize = 3;

fn form(name: &'static str, bytes: impl Into<Vec<u8>>) -> Form {
    Form {
        name,
        bytes: bytes.into(),
        compare: Compare::Exactly,
    }
}

fn any_case(name: &'static str, bytes: impl Into<Vec<u8>>) -> Form {
    Form {
        name,
        bytes: bytes.into().to_ascii_lowercase(),
        compare: Compare::AnyCase,
    }
}

/// The part of a base64 text that `bytes` alone decide when `shift` bytes (0 to 2) of something else precede them.
fn base64_core(bytes: &[u8], shift: usize, url_safe: bool) -> String {
    let mut padded = vec![0; shift];
    padded.extend_from_slice(bytes);
    let text = if url_safe {
        URL_SAFE_NO_PAD.encode(&padded)
    } else {
        STANDARD_NO_PAD.encode(&padded)
    };
    // A character holds six bits; those that also hold bits of a neighbour are left out.
    let from = (shift * 8).div_ceil(6);
    let to = padded.len() * 8 / 6;
    text[from..to].to_owned()
}

fn percent(bytes: &[u8], percent: &str) -> String {
    bytes
        .iter()
        .map(|byte| format!("{percent}{byte:02x}"))
        .collect()
}

/// As a form or URL encoder writes it: letters and digits as they are.
fn percent_some(bytes: &[u8], percent: &str) -> String {
    let mut text = String::new();
    for byte in bytes {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(byte) {
            text.push(char::from(*byte));
        } else {
            text.push_str(&format!("{percent}{byte:02x}"));
        }
    }
    text
}

fn json_escapes(text: &str, backslash: &str, all: bool) -> String {
    let mut escaped = String::new();
    for c in text.chars() {
        if c.is_ascii() && !all {
            escaped.push(c);
            continue;
        }
        for unit in c.encode_utf16(&mut [0; 2]) {
            escaped.push_str(&format!("{backslash}u{unit:04x}"));
        }
    }
    escaped
}

fn utf16(text: &str, little: bool) -> Vec<u8> {
    text.encode_utf16()
        .flat_map(|unit| {
            if little {
                unit.to_le_bytes()
            } else {
                unit.to_be_bytes()
            }
        })
        .collect()
}

fn lists(bytes: &[u8], separator: &str) -> String {
    let numbers: Vec<String> = bytes.iter().map(u8::to_string).collect();
    numbers.join(separator)
}

/// Every form of a text. What an encoding keeps of case is looked for as written, in lower and in upper case.
pub(crate) fn forms(text: &str) -> Vec<Form> {
    let mut found = vec![any_case("raw", text)];
    let cases = [text.to_owned(), text.to_lowercase(), text.to_uppercase()];
    for cased in &cases {
        let bytes = cased.as_bytes();
        if !text.is_ascii() {
            // Case is not one byte's matter there.
            found.push(form("raw", bytes));
        }
        for shift in 0..3 {
            found.push(form("base64", base64_core(bytes, shift, false)));
            found.push(form("base64 url-safe", base64_core(bytes, shift, true)));
            // Encoded twice, as a token within a token is.
            for outer in 0..3 {
                let once = base64_core(bytes, shift, false);
                let twice = base64_core(once.as_bytes(), outer, false);
                found.push(form("base64 of base64", twice));
            }
        }
        found.push(any_case("hex", hex::encode(bytes)));
        found.push(any_case("hex, spaced", spaced_hex(bytes)));
        found.push(any_case("percent-encoded", percent(bytes, "%")));
        found.push(any_case(
            "percent-encoded in part",
            percent_some(bytes, "%"),
        ));
        found.push(any_case("percent-encoded twice", percent(bytes, "%25")));
        found.push(any_case(
            "percent-encoded twice in part",
            percent_some(bytes, "%25"),
        ));
        found.push(any_case("JSON escapes", json_escapes(cased, "\\", true)));
        found.push(any_case(
            "JSON escapes in part",
            json_escapes(cased, "\\", false),
        ));
        found.push(any_case(
            "JSON escapes in JSON",
            json_escapes(cased, "\\\\", true),
        ));
        found.push(form("UTF-16LE", utf16(cased, true)));
        found.push(form("UTF-16BE", utf16(cased, false)));
        found.push(form("list of bytes", lists(bytes, ",")));
        found.push(form("list of bytes, spaced", lists(bytes, ", ")));
    }
    dedup(found)
}

fn spaced_hex(bytes: &[u8]) -> String {
    let pairs: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    pairs.join(" ")
}

/// Every form of a British number in E.164, as it is dialled and as people and libraries write it.
pub(crate) fn phone_forms(e164: &str) -> Vec<Form> {
    let national = e164.strip_prefix("+44").expect("a British number");
    let mut found = forms(national);
    found.push(Form {
        name: "phone, formatted",
        bytes: national.as_bytes().to_vec(),
        compare: Compare::Digits,
    });
    for groups in [&[4, 6][..], &[4, 3, 3], &[3, 3, 4]] {
        let (mut text, mut rest) = (String::new(), national);
        for size in groups {
            let (group, more) = rest.split_at(*size);
            text.push_str(group);
            text.push_str(if more.is_empty() { "" } else { "%20" });
            rest = more;
        }
        found.push(form("phone, formatted", text));
    }
    dedup(found)
}

/// Every form of a date, as it is stored and as people write it.
pub(crate) fn date_forms(date: chrono::NaiveDate) -> Vec<Form> {
    let mut found = forms(&date.format("%Y-%m-%d").to_string());
    for pattern in [
        "%d/%m/%Y",
        "%m/%d/%Y",
        "%d.%m.%Y",
        "%-d %B %Y",
        "%B %-d, %Y",
        "%-d %b %Y",
    ] {
        found.push(form("date, formatted", date.format(pattern).to_string()));
    }
    dedup(found)
}

fn dedup(forms: Vec<Form>) -> Vec<Form> {
    let mut kept: Vec<Form> = Vec::new();
    for form in forms {
        let known = kept
            .iter()
            .any(|known| known.bytes == form.bytes && known.compare == form.compare);
        assert!(
            form.bytes.len() >= 8,
            "{form:?} is too short to mean anything"
        );
        if !known {
            kept.push(form);
        }
    }
    kept
}
