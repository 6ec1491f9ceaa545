//! Examples of bodies, put together from those of their fields: what a handler documents is its own fields' examples,
//! what the document shows is whole bodies.

use serde_json::{Map, Value, json};

/// How deep bodies are followed; a schema that contains itself ends here.
const DEEPEST: usize = 8;
/// Stands in for any id.
const ID: &str = "0192f0c1-2b3c-7def-8abc-0123456789ab";
/// Stands in for any instant.
const INSTANT: &str = "2027-03-10T10:30:00Z";

/// What an example is put together from: the schemas by name.
pub(crate) struct Examples(pub(crate) Map<String, Value>);

impl Examples {
    /// An example of this schema; none where a text that must be there has none.
    pub(crate) fn of(&self, schema: &Value) -> Option<Value> {
        self.compose(schema, 0)
    }

    fn resolve<'a>(&'a self, schema: &'a Value) -> &'a Value {
        schema["$ref"]
            .as_str()
            .and_then(|reference| reference.strip_prefix("#/components/schemas/"))
            .and_then(|name| self.0.get(name))
            .unwrap_or(schema)
    }

    fn compose(&self, schema: &Value, depth: usize) -> Option<Value> {
        if depth > DEEPEST {
            return None;
        }
        if let Some(given) = given(schema) {
            return Some(given);
        }
        let schema = self.resolve(schema);
        if let Some(given) = given(schema) {
            return Some(given);
        }
        for choice in ["oneOf", "anyOf"] {
            if let Some(choices) = schema[choice].as_array() {
                return choices
                    .iter()
                    .filter(|choice| choice["type"] != "null")
                    .find_map(|choice| self.compose(choice, depth + 1));
            }
        }
        if let Some(parts) = schema["allOf"].as_array() {
            let mut whole = Map::new();
            for part in parts {
                whole.extend(self.compose(part, depth + 1)?.as_object()?.clone());
            }
            return Some(Value::Object(whole));
        }
        self.of_type(schema, depth)
    }

    fn of_type(&self, schema: &Value, depth: usize) -> Option<Value> {
        match type_of(schema)? {
            "object" => self.object(schema, depth),
            "array" => {
                let item = self.compose(&schema["items"], depth + 1);
                Some(json!(item.into_iter().collect::<Vec<_>>()))
            }
            "boolean" => Some(json!(false)),
            "integer" | "number" => Some(
                [&schema["default"], &schema["minimum"]]
                    .into_iter()
                    .find(|value| value.is_number())
                    .cloned()
                    .unwrap_or(json!(1)),
            ),
            "string" => match schema["format"].as_str()? {
                "uuid" => Some(json!(ID)),
                "date-time" => Some(json!(INSTANT)),
                "date" => Some(json!(&INSTANT[..10])),
                _ => None,
            },
            _ => None,
        }
    }

    /// What stands for a field that must be there.
    fn needed(&self, schema: &Value, depth: usize) -> Option<Value> {
        let null = schema["type"]
            .as_array()
            .is_some_and(|types| types.contains(&json!("null")));
        self.compose(schema, depth).or(null.then_some(Value::Null))
    }

    /// Every field that must be there, and of the others those that have an example of their own.
    fn object(&self, schema: &Value, depth: usize) -> Option<Value> {
        let required = schema["required"].as_array();
        let mut whole = Map::new();
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            let needed = required.is_some_and(|names| names.iter().any(|known| known == name));
            if needed {
                whole.insert(name.clone(), self.needed(property, depth + 1)?);
            } else if self.has_own(property, depth) {
                let value = self.compose(property, depth + 1);
                whole.extend(value.map(|value| (name.clone(), value)));
            }
        }
        Some(Value::Object(whole))
    }

    /// Whether somebody wrote an example for this, or for a part of it.
    fn has_own(&self, schema: &Value, depth: usize) -> bool {
        if depth > DEEPEST {
            return false;
        }
        let resolved = self.resolve(schema);
        if given(schema).is_some() || given(resolved).is_some() {
            return true;
        }
        let parts = ["oneOf", "anyOf", "allOf"]
            .into_iter()
            .filter_map(|name| resolved[name].as_array())
            .flatten();
        let properties = resolved["properties"].as_object().into_iter().flatten();
        parts
            .chain(properties.map(|(_, property)| property))
            .chain(resolved.get("items"))
            .any(|part| self.has_own(part, depth + 1))
    }
}

/// The example that a schema has itself.
fn given(schema: &Value) -> Option<Value> {
    schema
        .get("example")
        .or_else(|| schema["examples"].get(0))
        .or_else(|| schema.get("const"))
        .or_else(|| schema["enum"].get(0))
        .cloned()
}

fn type_of(schema: &Value) -> Option<&str> {
    match &schema["type"] {
        Value::Array(types) => types
            .iter()
            .filter_map(Value::as_str)
            .find(|name| *name != "null"),
        other => other
            .as_str()
            .or_else(|| schema.get("properties").map(|_| "object")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn examples() -> Examples {
        let schemas = json!({
            "Contact": {
                "type": "object", "required": ["id", "name", "tags", "at", "next"],
                "properties": {
                    "id": {"type": "string", "format": "uuid"},
                    "name": {"type": "string", "example": "Ada"},
                    "tags": {"type": "array", "items": {"type": "string"}},
                    "at": {"type": ["string", "null"], "format": "date-time"},
                    "notes": {"type": ["string", "null"]},
                    "next": {"type": ["string", "null"]},
                    "wishes": {"oneOf": [{"type": "null"}, {"$ref": "#/components/schemas/Wishes"}]},
                    "parent": {"$ref": "#/components/schemas/Contact"},
                },
            },
            "Wishes": {"type": "object", "properties": {"time": {"type": "string", "example": "morning"}, "sms": {"type": "boolean"}}},
            "Bare": {"type": "object", "required": ["word"], "properties": {"word": {"type": "string"}}},
        });
        Examples(schemas.as_object().cloned().unwrap_or_default())
    }

    #[test]
    fn a_body_is_made_of_its_fields() {
        let made = examples().of(&json!({"$ref": "#/components/schemas/Wishes"}));
        assert_eq!(made, Some(json!({"time": "morning"})));
        let list = json!({"type": "array", "items": {"$ref": "#/components/schemas/Wishes"}});
        assert_eq!(examples().of(&list), Some(json!([{"time": "morning"}])));
    }

    #[test]
    fn a_schema_that_contains_itself_ends() {
        let made = examples()
            .of(&json!({"$ref": "#/components/schemas/Contact"}))
            .unwrap();
        assert_eq!(made["id"], ID);
        assert_eq!(made["at"], INSTANT);
        assert_eq!(made.get("next"), Some(&Value::Null));
        assert_eq!(made["tags"], json!([]));
        assert_eq!(made["wishes"]["time"], "morning");
        assert!(made.get("notes").is_none());
    }

    #[test]
    fn a_text_without_an_example_makes_none() {
        assert_eq!(
            examples().of(&json!({"$ref": "#/components/schemas/Bare"})),
            None
        );
    }
}
