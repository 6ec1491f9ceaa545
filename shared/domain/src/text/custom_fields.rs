//! A tenant's own fields on a contact: a small JSON object.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::is_deceptive;
use crate::error::Invalid;

/// A JSON object of at most 16 KiB and four levels of nesting (rules.md Contacts).
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Value", into = "Value")]
pub struct CustomFields(Map<String, Value>);

impl CustomFields {
    /// Bytes of the object as compact JSON, at most.
    pub const MAX_BYTES: usize = 16 * 1024;
    /// Objects and arrays inside each other at most; the object itself is the first level.
    pub const MAX_DEPTH: usize = 4;
    /// Characters of a field's name at most.
    pub const MAX_KEY: usize = 100;

    /// Checks a JSON value.
    pub fn parse(value: Value) -> Result<Self, Invalid> {
        let Value::Object(fields) = value else {
            return Err(Invalid::new(
                "not_an_object",
                "Custom fields must be an object of names and values.",
            ));
        };
        check_object(&fields, 1)?;
        let bytes = serde_json::to_vec(&fields).map_err(|_| {
            Invalid::new(
                "not_an_object",
                "Custom fields must be an object of names and values.",
            )
        })?;
        if bytes.len() > Self::MAX_BYTES {
            return Err(Invalid::new(
                "too_large",
                "Custom fields can hold at most 16 KiB in all.",
            ));
        }
        Ok(Self(fields))
    }

    /// The fields.
    pub fn as_map(&self) -> &Map<String, Value> {
        &self.0
    }

    /// The fields, taken out.
    pub fn into_map(self) -> Map<String, Value> {
        self.0
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

fn check_object(fields: &Map<String, Value>, depth: usize) -> Result<(), Invalid> {
    if depth > CustomFields::MAX_DEPTH {
        return Err(Invalid::new(
            "too_deep",
            "Custom fields can be nested at most four levels deep.",
        ));
    }
    for (key, value) in fields {
        let length = key.chars().count();
        if length == 0 || length > CustomFields::MAX_KEY {
            return Err(Invalid::new(
                "bad_key",
                "The name of a custom field has 1 to 100 characters.",
            ));
        }
        check_text(key, false)?;
        check_value(value, depth)?;
    }
    Ok(())
}

fn check_value(value: &Value, depth: usize) -> Result<(), Invalid> {
    match value {
        Value::Object(fields) => check_object(fields, depth + 1),
        Value::Array(_) if depth + 1 > CustomFields::MAX_DEPTH => Err(Invalid::new(
            "too_deep",
            "Custom fields can be nested at most four levels deep.",
        )),
        Value::Array(items) => items
            .iter()
            .try_for_each(|item| check_value(item, depth + 1)),
        Value::String(text) => check_text(text, true),
        Value::Null | Value::Bool(_) | Value::Number(_) => Ok(()),
    }
}

fn check_text(text: &str, lines: bool) -> Result<(), Invalid> {
    let allowed = |c: char| lines && matches!(c, '\n' | '\r' | '\t');
    if text
        .chars()
        .any(|c| (c.is_control() && !allowed(c)) || is_deceptive(c))
    {
        return Err(Invalid::new(
            "control_characters",
            "Custom fields contain characters that cannot be shown.",
        ));
    }
    Ok(())
}

impl TryFrom<Value> for CustomFields {
    type Error = Invalid;

    fn try_from(value: Value) -> Result<Self, Invalid> {
        Self::parse(value)
    }
}

impl From<CustomFields> for Value {
    fn from(fields: CustomFields) -> Value {
        Value::Object(fields.0)
    }
}

impl std::fmt::Debug for CustomFields {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "CustomFields({} fields)", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn code(value: Value) -> &'static str {
        CustomFields::parse(value).unwrap_err().code
    }

    #[test]
    fn four_levels_pass_and_five_do_not() {
        assert!(CustomFields::parse(json!({"a": {"b": {"c": {"d": 1}}}})).is_ok());
        assert_eq!(
            code(json!({"a": {"b": {"c": {"d": {"e": 1}}}}})),
            "too_deep"
        );
        assert!(CustomFields::parse(json!({"a": [[[1]]]})).is_ok());
        assert_eq!(code(json!({"a": [[[[]]]]})), "too_deep");
        assert_eq!(code(json!({"a": [[[{}]]]})), "too_deep");
    }

    #[test]
    fn sixteen_kib_pass_and_one_byte_more_does_not() {
        let fits = json!({"a": "x".repeat(CustomFields::MAX_BYTES - r#"{"a":""}"#.len())});
        assert_eq!(
            serde_json::to_vec(&fits).unwrap().len(),
            CustomFields::MAX_BYTES
        );
        assert!(CustomFields::parse(fits).is_ok());
        assert_eq!(
            code(json!({"a": "x".repeat(CustomFields::MAX_BYTES - r#"{"a":""}"#.len() + 1)})),
            "too_large"
        );
    }

    #[test]
    fn only_objects_with_showable_texts() {
        assert_eq!(code(json!([1])), "not_an_object");
        assert_eq!(code(json!({"": 1})), "bad_key");
        assert_eq!(code(json!({"a": "\u{0}"})), "control_characters");
        assert!(CustomFields::parse(json!({"a": "two\nlines"})).is_ok());
        assert_eq!(
            format!("{:?}", CustomFields::parse(json!({"a": "secret"})).unwrap()),
            "CustomFields(1 fields)"
        );
    }
}
