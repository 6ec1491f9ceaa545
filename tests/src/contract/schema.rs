//! Whether a value is what a schema of the document says: the keywords of JSON Schema that the document uses. One that
//! is not known here is a fault too, so nothing is passed over unseen.
//!
//! Not a crate: `jsonschema` brings 25 others, one of them under a licence that `deny.toml` does not list, and turns on a
//! feature of `serde_json` for the whole workspace. The document's own form is held to the standard by
//! `openapi-spec-validator` in `make check`.

use serde_json::Value;

use super::Document;

/// Keywords that say nothing about which values are right.
const REMARKS: [&str; 10] = [
    "description",
    "example",
    "examples",
    "title",
    "default",
    "deprecated",
    "readOnly",
    "writeOnly",
    "$schema",
    "contentMediaType",
];

/// What is wrong with `value`, each with the JSON pointer of its place; nothing where it fits.
#[must_use]
pub fn faults(document: &Document, schema: &Value, value: &Value) -> Vec<String> {
    let mut found = Vec::new();
    Check { document }.value(schema, value, "", &mut found);
    found
}

struct Check<'a> {
    document: &'a Document,
}

impl Check<'_> {
    fn fits(&self, schema: &Value, value: &Value) -> bool {
        let mut found = Vec::new();
        self.value(schema, value, "", &mut found);
        found.is_empty()
    }

    fn value(&self, schema: &Value, value: &Value, at: &str, found: &mut Vec<String>) {
        let keywords = match schema {
            Value::Object(keywords) => keywords,
            Value::Bool(true) => return,
            other => return found.push(format!("{at}: {other} is no schema")),
        };
        for (keyword, said) in keywords {
            let fault = match keyword.as_str() {
                "$ref" => {
                    self.value(self.document.resolve(schema), value, at, found);
                    None
                }
                "allOf" => {
                    for part in list(said) {
                        self.value(part, value, at, found);
                    }
                    None
                }
                "oneOf" => {
                    let fitting = list(said).iter().filter(|part| self.fits(part, value));
                    match fitting.count() {
                        1 => None,
                        count => Some(format!("fits {count} of the choices")),
                    }
                }
                "anyOf" => (!list(said).iter().any(|part| self.fits(part, value)))
                    .then(|| "fits none of the choices".to_owned()),
                "items" => {
                    for (n, item) in value.as_array().into_iter().flatten().enumerate() {
                        self.value(said, item, &format!("{at}/{n}"), found);
                    }
                    None
                }
                "properties" => {
                    for (name, property) in said.as_object().expect("properties") {
                        if let Some(value) = value.get(name) {
                            self.value(property, value, &format!("{at}/{name}"), found);
                        }
                    }
                    None
                }
                "additionalProperties" => {
                    let known = &schema["properties"];
                    for (name, value) in value.as_object().into_iter().flatten() {
                        if known.get(name).is_none() {
                            self.value(said, value, &format!("{at}/{name}"), found);
                        }
                    }
                    None
                }
                "propertyNames" => {
                    for name in value
                        .as_object()
                        .into_iter()
                        .flatten()
                        .map(|(name, _)| name)
                    {
                        self.value(said, &Value::String(name.clone()), at, found);
                    }
                    None
                }
                other => plain(other, said, value),
            };
            found.extend(fault.map(|fault| format!("{at}: {fault}")));
        }
    }
}

fn list(said: &Value) -> &[Value] {
    said.as_array().map_or(&[], Vec::as_slice)
}

/// A keyword without schemas in it.
fn plain(keyword: &str, said: &Value, value: &Value) -> Option<String> {
    let number = |value: &Value| value.as_f64();
    let length = value.as_str().map(|text| text.chars().count() as f64);
    let items = value.as_array().map(|items| items.len() as f64);
    let bound = |measured: Option<f64>, within: fn(f64, f64) -> bool| {
        let limit = number(said).expect("a number");
        measured
            .filter(|measured| !within(*measured, limit))
            .map(|measured| format!("{keyword} {limit}, not {measured}"))
    };
    match keyword {
        "type" => (!typed(said, value)).then(|| format!("is not {said}")),
        "enum" => (!list(said).contains(value)).then(|| format!("is none of {said}")),
        "const" => (said != value).then(|| format!("is not {said}")),
        "required" => {
            let missing = list(said).iter().find(|name| {
                value.is_object() && value.get(name.as_str().expect("a name")).is_none()
            });
            missing.map(|name| format!("{name} is missing"))
        }
        "minimum" => bound(number(value), |measured, limit| measured >= limit),
        "maximum" => bound(number(value), |measured, limit| measured <= limit),
        "minLength" => bound(length, |measured, limit| measured >= limit),
        "maxLength" => bound(length, |measured, limit| measured <= limit),
        "minItems" => bound(items, |measured, limit| measured >= limit),
        "maxItems" => bound(items, |measured, limit| measured <= limit),
        "uniqueItems" => {
            let items = value.as_array().map_or(&[][..], Vec::as_slice);
            let twice = (1..items.len()).find(|n| items[..*n].contains(&items[*n]));
            twice.map(|n| format!("item {n} is there twice"))
        }
        "format" => formatted(said.as_str().expect("a format"), value),
        remark if REMARKS.contains(&remark) || remark.starts_with("x-") => None,
        unknown => Some(format!("the keyword {unknown} is not known to this test")),
    }
}

fn typed(said: &Value, value: &Value) -> bool {
    if let Value::Array(choices) = said {
        return choices.iter().any(|choice| typed(choice, value));
    }
    match said.as_str().expect("a type's name") {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "string" => value.is_string(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        "number" => value.is_number(),
        "integer" => value.is_i64() || value.is_u64(),
        other => panic!("{other} is no type of JSON Schema"),
    }
}

/// What texts and numbers of a format look like; formats that only say how to show something always fit.
fn formatted(format: &str, value: &Value) -> Option<String> {
    let fits = match (format, value) {
        ("uuid", Value::String(text)) => uuid::Uuid::try_parse(text).is_ok(),
        ("date-time", Value::String(text)) => chrono::DateTime::parse_from_rfc3339(text).is_ok(),
        ("date", Value::String(text)) => text.parse::<chrono::NaiveDate>().is_ok(),
        ("int32", Value::Number(number)) => {
            number.as_i64().is_some_and(|n| i32::try_from(n).is_ok())
        }
        ("int64" | "uuid" | "date-time" | "date" | "int32", _) => true,
        ("password" | "float" | "double" | "uri", _) => true,
        (unknown, _) => return Some(format!("the format {unknown} is not known to this test")),
    };
    (!fits).then(|| format!("is no {format}"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn wrong(schema: Value, value: Value) -> Vec<String> {
        let document = Document {
            json: json!({"components": {"schemas": {"Word": {"type": "string", "maxLength": 3}}}}),
        };
        faults(&document, &schema, &value)
    }

    #[test]
    fn every_keyword_is_looked_at() {
        let word = json!({"$ref": "#/components/schemas/Word"});
        let whole = json!({
            "type": "object", "required": ["a"], "additionalProperties": {"type": "integer", "minimum": 1},
            "properties": {"a": {"type": ["string", "null"], "format": "uuid"}, "b": {"type": "array", "items": word, "minItems": 1}},
        });
        let id = "0192f0c1-2b3c-7def-8abc-0123456789ab";
        let right = json!({"a": id, "b": ["abc"], "c": 1});
        assert_eq!(wrong(whole.clone(), right), [""; 0]);
        assert_eq!(wrong(whole.clone(), json!({"a": null})), [""; 0]);
        for (value, at) in [
            (json!([]), ":"),
            (json!({}), ":"),
            (json!({"a": "x"}), "/a:"),
            (json!({"a": 1}), "/a:"),
            (json!({"a": id, "b": []}), "/b:"),
            (json!({"a": id, "b": ["abcd"]}), "/b/0:"),
            (json!({"a": id, "c": 0}), "/c:"),
            (json!({"a": id, "c": 1.5}), "/c:"),
        ] {
            let found = wrong(whole.clone(), value);
            assert!(
                found.iter().any(|fault| fault.starts_with(at)),
                "{at} {found:?}"
            );
        }
        let either = json!({"oneOf": [{"type": "null"}, {"type": "string", "enum": ["x"]}]});
        assert!(wrong(either.clone(), json!(null)).is_empty());
        assert_eq!(wrong(either, json!("y")).len(), 1);
        assert_eq!(wrong(json!({"pattern": "x"}), json!("y")).len(), 1);
    }
}
