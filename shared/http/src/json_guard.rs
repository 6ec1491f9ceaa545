//! What is checked of a JSON body before it becomes a type: syntax, depth, and that no key appears twice. A key given
//! twice is refused because readers disagree about which one counts.

use std::collections::HashSet;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// Arrays and objects may be nested so deep; an object at the top is depth 1.
pub(crate) const MAX_DEPTH: usize = 32;

/// Why a body was refused, and the JSON pointer to the place.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    Syntax(String),
    TooDeep(String),
    DuplicateKey(String),
}

/// Checks the whole text.
pub(crate) fn check(body: &[u8]) -> Result<(), Fault> {
    let mut state = State::default();
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let read = Value {
        state: &mut state,
        depth: 0,
    }
    .deserialize(&mut deserializer)
    .and_then(|()| deserializer.end());
    match (read, state.fault) {
        (Ok(()), _) => Ok(()),
        (Err(_), Some(fault)) => Err(fault),
        (Err(_), None) => Err(Fault::Syntax(state.pointer)),
    }
}

/// Appends one reference token (RFC 6901); long keys are cut, so that an answer stays small.
pub(crate) fn push_token(pointer: &mut String, token: &str) {
    const LONGEST: usize = 64;
    pointer.push('/');
    for c in token.chars().take(LONGEST) {
        match c {
            '~' => pointer.push_str("~0"),
            '/' => pointer.push_str("~1"),
            c => pointer.push(c),
        }
    }
}

#[derive(Default)]
struct State {
    pointer: String,
    fault: Option<Fault>,
}

struct Value<'a> {
    state: &'a mut State,
    depth: usize,
}

impl Value<'_> {
    fn enter<E: Error>(&mut self) -> Result<(), E> {
        if self.depth == MAX_DEPTH {
            self.state.fault = Some(Fault::TooDeep(self.state.pointer.clone()));
            return Err(E::custom("too deep"));
        }
        Ok(())
    }
}

impl<'de> DeserializeSeed<'de> for Value<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Value<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut seq: A) -> Result<(), A::Error> {
        self.enter()?;
        let base = self.state.pointer.len();
        for index in 0_usize.. {
            push_token(&mut self.state.pointer, &index.to_string());
            let next = seq.next_element_seed(Value {
                state: self.state,
                depth: self.depth + 1,
            })?;
            self.state.pointer.truncate(base);
            if next.is_none() {
                break;
            }
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        self.enter()?;
        let base = self.state.pointer.len();
        let mut keys = HashSet::new();
        while let Some(key) = map.next_key::<String>()? {
            push_token(&mut self.state.pointer, &key);
            if !keys.insert(key) {
                self.state.fault = Some(Fault::DuplicateKey(self.state.pointer.clone()));
                return Err(A::Error::custom("duplicate key"));
            }
            map.next_value_seed(Value {
                state: self.state,
                depth: self.depth + 1,
            })?;
            self.state.pointer.truncate(base);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nested(depth: usize) -> String {
        format!("{}1{}", "[".repeat(depth), "]".repeat(depth))
    }

    #[test]
    fn depth_is_counted_in_arrays_and_objects() {
        assert_eq!(check(nested(MAX_DEPTH).as_bytes()), Ok(()));
        assert!(matches!(
            check(nested(MAX_DEPTH + 1).as_bytes()),
            Err(Fault::TooDeep(_))
        ));
        // Far deeper than a parser's stack would like.
        assert!(matches!(
            check("[".repeat(500_000).as_bytes()),
            Err(Fault::TooDeep(_))
        ));
        let object = "{\"a\":".repeat(33) + "1" + &"}".repeat(33);
        assert_eq!(
            check(object.as_bytes()),
            Err(Fault::TooDeep("/a".repeat(32)))
        );
    }

    #[test]
    fn a_key_twice_is_found_where_it_is() {
        assert_eq!(check(br#"{"a":1,"b":{"a":2}}"#), Ok(()));
        assert_eq!(
            check(br#"{"a":[{"x":1},{"y":1,"y":2}]}"#),
            Err(Fault::DuplicateKey("/a/1/y".to_owned()))
        );
        // The same key in another spelling.
        assert_eq!(
            check(br#"{"a":1,"\u0061":2}"#),
            Err(Fault::DuplicateKey("/a".to_owned()))
        );
    }

    #[test]
    fn broken_text_is_found_where_it_is() {
        assert_eq!(
            check(br#"{"a/b":{"c":tru}}"#),
            Err(Fault::Syntax("/a~1b/c".to_owned()))
        );
        assert_eq!(check(b"{} {}"), Err(Fault::Syntax(String::new())));
        assert_eq!(check(b""), Err(Fault::Syntax(String::new())));
        assert_eq!(check(b"\"\xff\""), Err(Fault::Syntax(String::new())));
        assert_eq!(check(b"NaN"), Err(Fault::Syntax(String::new())));
    }
}
