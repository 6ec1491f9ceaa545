//! `application/x-www-form-urlencoded`, read strictly and within limits.

use std::collections::{BTreeMap, BTreeSet};

/// Most bytes of a form, and fields in it. Twilio's have some thirty fields, and 1,600 characters of text.
pub const LARGEST_FORM: usize = 64 * 1024;
const MOST_FIELDS: usize = 200;

/// A body that is not such a form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FormError {
    #[error("the form is too large")]
    TooLarge,
    #[error("the body is not a form")]
    Malformed,
}

/// A form's fields: the values of a name in order, each once.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Form(BTreeMap<String, BTreeSet<String>>);

impl std::fmt::Debug for Form {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Form")
    }
}

impl Form {
    /// Reads a body.
    pub fn parse(body: &[u8]) -> Result<Self, FormError> {
        if body.len() > LARGEST_FORM {
            return Err(FormError::TooLarge);
        }
        let mut form = Self::default();
        let pairs = body.split(|byte| *byte == b'&');
        for (count, pair) in pairs.filter(|pair| !pair.is_empty()).enumerate() {
            if count >= MOST_FIELDS {
                return Err(FormError::TooLarge);
            }
            let mut halves = pair.splitn(2, |byte| *byte == b'=');
            let name = decode(halves.next().unwrap_or_default())?;
            let value = decode(halves.next().unwrap_or_default())?;
            form.add(name, value);
        }
        Ok(form)
    }

    /// Adds a value.
    pub fn add(&mut self, name: String, value: String) {
        self.0.entry(name).or_default().insert(value);
    }

    /// The value of a name; of several, the first in order.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.first().map(String::as_str)
    }

    /// The same, where it is not empty.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name).filter(|text| !text.is_empty())
    }

    /// Names in order, and the values of each in order.
    pub(crate) fn sorted(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().flat_map(|(name, values)| {
            values
                .iter()
                .map(move |value| (name.as_str(), value.as_str()))
        })
    }
}

fn decode(text: &[u8]) -> Result<String, FormError> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.iter();
    while let Some(byte) = rest.next() {
        match byte {
            b'+' => bytes.push(b' '),
            b'%' => {
                let mut digit = || rest.next().and_then(|byte| char::from(*byte).to_digit(16));
                match (digit(), digit()) {
                    (Some(high), Some(low)) => bytes.push((high * 16 + low) as u8),
                    _ => return Err(FormError::Malformed),
                }
            }
            byte => bytes.push(*byte),
        }
    }
    String::from_utf8(bytes).map_err(|_| FormError::Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_decoded_and_kept_apart() {
        let form = Form::parse(b"a=1+2&b=%C3%A9%2B&a=0&c=&d&&e=x=y&a=0").unwrap();
        let all: Vec<_> = form.sorted().collect();
        let expected = [
            ("a", "0"),
            ("a", "1 2"),
            ("b", "é+"),
            ("c", ""),
            ("d", ""),
            ("e", "x=y"),
        ];
        assert_eq!(all, expected);
        assert_eq!((form.get("c"), form.text("c")), (Some(""), None));
    }

    #[test]
    fn what_is_no_form_or_too_much_of_one_is_refused() {
        for body in [&b"a=%"[..], b"a=%4", b"a=%zz", b"a=%FF", b"\xff=1"] {
            assert_eq!(Form::parse(body), Err(FormError::Malformed));
        }
        assert_eq!(
            Form::parse(&vec![b'a'; LARGEST_FORM + 1]),
            Err(FormError::TooLarge)
        );
        assert_eq!(
            Form::parse("a=1&".repeat(201).as_bytes()),
            Err(FormError::TooLarge)
        );
        assert!(Form::parse("a=1&".repeat(200).as_bytes()).is_ok());
    }
}
