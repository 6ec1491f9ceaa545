//! A name with an address, as it stands in a header.

use std::fmt;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// Characters of a name at most.
const LONGEST_NAME: usize = 64;
/// Bytes in one encoded word: 75 characters with what is around them (RFC 2047).
const WORD_BYTES: usize = 45;

/// A name, which may be empty, with an address.
#[derive(Clone, PartialEq, Eq)]
pub struct Mailbox {
    name: String,
    address: String,
}

impl fmt::Debug for Mailbox {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Mailbox")
    }
}

impl Mailbox {
    /// The name is cut to 64 characters and cleaned of control characters.
    pub fn new(name: &str, address: &str) -> Self {
        let clean: String = name
            .chars()
            .map(|c| if c.is_control() { ' ' } else { c })
            .take(LONGEST_NAME)
            .collect();
        Self {
            name: clean.split_whitespace().collect::<Vec<_>>().join(" "),
            address: address.to_owned(),
        }
    }

    /// The bare address.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// As a header takes it: 7 bits, quoted or encoded.
    pub fn header(&self) -> String {
        let Self { name, address } = self;
        if name.is_empty() {
            return address.clone();
        }
        if name.is_ascii() {
            let quoted = name.replace('\\', "\\\\").replace('"', "\\\"");
            return format!("\"{quoted}\" <{address}>");
        }
        let mut words = vec![String::new()];
        for c in name.chars() {
            let last = words.len() - 1;
            if words[last].len() + c.len_utf8() > WORD_BYTES {
                words.push(String::new());
            }
            let last = words.len() - 1;
            words[last].push(c);
        }
        let words: Vec<String> = words
            .iter()
            .map(|word| format!("=?UTF-8?B?{}?=", STANDARD.encode(word)))
            .collect();
        format!("{} <{address}>", words.join(" "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(name: &str) -> String {
        Mailbox::new(name, "mail@vio.example").header()
    }

    #[test]
    fn names_are_quoted_or_encoded() {
        assert_eq!(header(""), "mail@vio.example");
        assert_eq!(header("Riverside"), "\"Riverside\" <mail@vio.example>");
        assert_eq!(
            header("A \"B\" \\ <x@y.z>, Co"),
            "\"A \\\"B\\\" \\\\ <x@y.z>, Co\" <mail@vio.example>"
        );
        assert_eq!(header("Café"), "=?UTF-8?B?Q2Fmw6k=?= <mail@vio.example>");
        assert_eq!(
            header("a\r\nBcc: all@vio.example"),
            "\"a Bcc: all@vio.example\" <mail@vio.example>"
        );
    }

    #[test]
    fn no_word_is_too_long_and_no_character_is_cut() {
        let header = header(&"é".repeat(200));
        let words: Vec<&str> = header
            .split(' ')
            .filter(|word| word.starts_with('='))
            .collect();
        assert!(words.len() > 1);
        let mut name = String::new();
        for word in words {
            assert!(word.len() <= 75, "{word}");
            let inner = word.trim_start_matches("=?UTF-8?B?").trim_end_matches("?=");
            name.push_str(&String::from_utf8(STANDARD.decode(inner).unwrap()).unwrap());
        }
        assert_eq!(name, "é".repeat(LONGEST_NAME));
    }
}
