//! Event patterns: which events a rule takes.

use std::collections::BTreeMap;

use serde_json::Value;

/// A parsed event pattern: every field named must match one of its alternatives.
#[derive(Debug, PartialEq)]
pub(crate) struct EventPattern(BTreeMap<String, Node>);

#[derive(Debug, PartialEq)]
enum Node {
    Fields(EventPattern),
    AnyOf(Vec<Matcher>),
}

#[derive(Debug, PartialEq)]
enum Matcher {
    Equal(Value),
    Prefix(String),
    Exists(bool),
}

impl EventPattern {
    /// Reads a pattern. Of the content filters, `prefix` and `exists` are known; any other is refused,
    /// so that a rule never matches less or more here than on AWS without a word.
    pub(crate) fn parse(text: &str) -> Result<Self, &'static str> {
        let value: Value =
            serde_json::from_str(text).map_err(|_| "The event pattern is not JSON.")?;
        Self::from_value(&value)
    }

    fn from_value(value: &Value) -> Result<Self, &'static str> {
        let fields = value.as_object().filter(|fields| !fields.is_empty());
        let fields = fields.ok_or("An event pattern is an object with at least one field.")?;
        let parsed = fields.iter().map(|(name, value)| {
            let node = match value {
                Value::Object(_) => Node::Fields(Self::from_value(value)?),
                Value::Array(any_of) if !any_of.is_empty() => Node::AnyOf(
                    any_of
                        .iter()
                        .map(Matcher::from_value)
                        .collect::<Result<_, _>>()?,
                ),
                _ => {
                    return Err(
                        "A field of an event pattern is an object or an array of alternatives.",
                    );
                }
            };
            Ok((name.clone(), node))
        });
        Ok(Self(parsed.collect::<Result<_, _>>()?))
    }

    /// Whether `event` fits.
    pub(crate) fn matches(&self, event: &Value) -> bool {
        self.0.iter().all(|(name, node)| {
            let value = event.get(name);
            match node {
                Node::Fields(pattern) => pattern.matches(value.unwrap_or(&Value::Null)),
                Node::AnyOf(any_of) => any_of.iter().any(|matcher| matcher.matches(value)),
            }
        })
    }
}

impl Matcher {
    fn from_value(value: &Value) -> Result<Self, &'static str> {
        match value {
            Value::Object(filter) => {
                let mut filter = filter.iter();
                match (filter.next(), filter.next()) {
                    (Some((name, Value::String(text))), None) if name == "prefix" => {
                        Ok(Self::Prefix(text.clone()))
                    }
                    (Some((name, Value::Bool(exists))), None) if name == "exists" => {
                        Ok(Self::Exists(*exists))
                    }
                    _ => Err("The content filter is not known here."),
                }
            }
            Value::Array(_) => Err("An alternative is a plain value or a content filter."),
            plain => Ok(Self::Equal(plain.clone())),
        }
    }

    /// An array in the event fits if one of its elements does.
    fn matches(&self, value: Option<&Value>) -> bool {
        match (self, value) {
            (Self::Exists(exists), value) => *exists == value.is_some(),
            (_, None) => false,
            (_, Some(Value::Array(elements))) => {
                elements.iter().any(|element| self.matches(Some(element)))
            }
            (Self::Equal(wanted), Some(value)) => wanted == value,
            (Self::Prefix(prefix), Some(value)) => {
                value.as_str().is_some_and(|text| text.starts_with(prefix))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn matches(pattern: Value, event: Value) -> bool {
        EventPattern::parse(&pattern.to_string())
            .unwrap()
            .matches(&event)
    }

    #[test]
    fn all_fields_must_fit_and_one_alternative_is_enough() {
        let pattern =
            json!({ "source": ["a", "b"], "detail-type": ["made"], "detail": { "kind": ["x"] } });
        let event =
            json!({ "source": "b", "detail-type": "made", "detail": { "kind": "x", "more": 1 } });
        assert!(matches(pattern.clone(), event));
        let other = json!({ "source": "c", "detail-type": "made", "detail": { "kind": "x" } });
        assert!(!matches(pattern.clone(), other));
        let missing = json!({ "source": "a", "detail-type": "made", "detail": {} });
        assert!(!matches(pattern, missing));
    }

    #[test]
    fn prefix_exists_numbers_and_arrays() {
        let pattern = json!({ "source": [{ "prefix": "vio." }] });
        assert!(matches(pattern.clone(), json!({ "source": "vio.calls" })));
        assert!(!matches(pattern, json!({ "source": "aws.s3" })));
        assert!(matches(
            json!({ "a": [{ "exists": false }] }),
            json!({ "b": 1 })
        ));
        assert!(!matches(
            json!({ "a": [{ "exists": true }] }),
            json!({ "b": 1 })
        ));
        assert!(matches(json!({ "n": [1, 2] }), json!({ "n": 2 })));
        assert!(!matches(json!({ "n": [1, 2] }), json!({ "n": "2" })));
        assert!(matches(
            json!({ "tags": ["x"] }),
            json!({ "tags": ["y", "x"] })
        ));
    }

    #[test]
    fn what_is_not_known_is_refused() {
        for bad in [
            "",
            "{}",
            "[]",
            r#"{"source":"a"}"#,
            r#"{"source":[]}"#,
            r#"{"a":[{"suffix":"x"}]}"#,
        ] {
            assert!(EventPattern::parse(bad).is_err(), "{bad}");
        }
    }
}
