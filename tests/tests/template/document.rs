//! The template as data: short-form tags made long (`!Ref X` is `{"Ref": "X"}`), globals and functions looked up.

use std::path::PathBuf;

use serde_json::{Map, Value, json};

/// The project's root.
pub(crate) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Reads a template of this project.
pub(crate) fn read(path: &str) -> Value {
    let text = std::fs::read_to_string(root().join(path))
        .unwrap_or_else(|error| panic!("{path}: {error}"));
    long_form(serde_yaml_ng::from_str(&text).unwrap_or_else(|error| panic!("{path}: {error}")))
}

fn long_form(yaml: serde_yaml_ng::Value) -> Value {
    use serde_yaml_ng::Value as Yaml;
    match yaml {
        Yaml::Null => Value::Null,
        Yaml::Bool(flag) => flag.into(),
        Yaml::Number(number) => serde_json::to_value(number).expect("a finite number"),
        Yaml::String(text) => text.into(),
        Yaml::Sequence(items) => items.into_iter().map(long_form).collect(),
        Yaml::Mapping(entries) => {
            let name = |key: Yaml| key.as_str().expect("keys are strings").to_owned();
            Value::Object(
                entries
                    .into_iter()
                    .map(|(key, value)| (name(key), long_form(value)))
                    .collect(),
            )
        }
        Yaml::Tagged(tagged) => {
            let tag = tagged.tag.to_string();
            let function = match tag.trim_start_matches('!') {
                name @ ("Ref" | "Condition") => name.to_owned(),
                name => format!("Fn::{name}"),
            };
            json!({ function: long_form(tagged.value) })
        }
    }
}

/// The resources of one type: logical name and properties.
pub(crate) fn of_type<'a>(
    template: &'a Value,
    kind: &'a str,
) -> impl Iterator<Item = (&'a str, &'a Value)> {
    resources(template)
        .filter(move |(_, resource)| resource["Type"] == kind)
        .map(|(name, it)| (name, &it["Properties"]))
}

/// All resources: logical name and the whole resource.
pub(crate) fn resources(template: &Value) -> impl Iterator<Item = (&str, &Value)> {
    entries(&template["Resources"])
}

/// The entries of an object; none for anything else.
pub(crate) fn entries(value: &Value) -> impl Iterator<Item = (&str, &Value)> {
    value
        .as_object()
        .into_iter()
        .flatten()
        .map(|(name, value)| (name.as_str(), value))
}

/// The items of a list; a single value is a list of itself.
pub(crate) fn items(value: &Value) -> Vec<&Value> {
    match value {
        Value::Null => Vec::new(),
        Value::Array(items) => items.iter().collect(),
        other => vec![other],
    }
}

/// A function's property, or the global one.
pub(crate) fn effective<'a>(template: &'a Value, function: &'a Value, property: &str) -> &'a Value {
    function
        .get(property)
        .unwrap_or(&template["Globals"]["Function"][property])
}

/// The resource that `{"Ref": …}` or `{"Fn::GetAtt": …}` points to.
pub(crate) fn target(value: &Value) -> Option<&str> {
    value["Ref"]
        .as_str()
        .or_else(|| value["Fn::GetAtt"].as_str()?.split('.').next())
}

/// Every reference below a value: the resource or parameter, and its attribute if one is named.
pub(crate) fn references(value: &Value, found: &mut Vec<(String, Option<String>)>) {
    let mut add = |text: &str| match text.split_once('.') {
        Some((name, attribute)) => found.push((name.to_owned(), Some(attribute.to_owned()))),
        None => found.push((text.to_owned(), None)),
    };
    match value {
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        Value::Object(object) => match single(object) {
            Some(("Ref", Value::String(name))) => found.push((name.clone(), None)),
            Some(("Fn::GetAtt", Value::String(path))) => add(path),
            Some(("Fn::Sub", Value::String(text))) => {
                for part in text.split("${").skip(1) {
                    add(part.split('}').next().unwrap_or_default());
                }
            }
            _ => object.values().for_each(|item| references(item, found)),
        },
        _ => {}
    }
}

fn single(object: &Map<String, Value>) -> Option<(&str, &Value)> {
    let mut entries = object.iter();
    let (name, value) = entries.next()?;
    entries.next().is_none().then_some((name.as_str(), value))
}

/// Every string below a value.
pub(crate) fn strings<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
    match value {
        Value::String(text) => found.push(text),
        Value::Array(items) => items.iter().for_each(|item| strings(item, found)),
        Value::Object(object) => object.values().for_each(|item| strings(item, found)),
        _ => {}
    }
}
