//! Each field of a body, wrong in every way that its schema rules out.

use serde_json::{Value, json};
use vio_tests::contract::{Document, schema};

use crate::{CANARY, Target};

/// How deep fields are followed.
const DEEPEST: usize = 6;
/// Longer than any text or list that a route takes, and well under the limit of a body.
const TOO_LONG: usize = 70_000;
const TOO_MANY: usize = 20_000;

/// A field: where it is, and what it may be.
struct Field {
    pointer: String,
    schema: Value,
}

pub(crate) async fn wrong(target: &Target<'_>) {
    let Some(schema) = target.operation.body_schema() else {
        return;
    };
    if target.is_signed() {
        return; // their form is the provider's; `chance` breaks them
    }
    let document = &target.stage.document;
    let mut fields = Vec::new();
    collect(document, schema, "", 0, &mut fields);
    let example = target.example();
    for field in &fields {
        for (what, value) in wrong_values(document, &field.schema) {
            let mut body = example.clone();
            put(&mut body, &field.pointer, value);
            let what = format!("{what} at {}", field.pointer);
            let ask = target.with_json(&body);
            let Some(answer) = target.send(&what, &ask).await else {
                continue;
            };
            // Whoever is not signed in learns nothing about what is wrong with credentials.
            if !target.operation.needs_session() && answer.status == 401 {
                target.is_documented(&what, &answer);
                continue;
            }
            target.is_refusal(&what, &answer, &[400, 422], Some(&field.pointer));
        }
    }
}

/// Every field of a schema, those within fields and lists too.
fn collect(document: &Document, schema: &Value, at: &str, depth: usize, found: &mut Vec<Field>) {
    if depth > DEEPEST {
        return;
    }
    let whole = document.resolve(schema);
    for name in ["oneOf", "anyOf", "allOf"] {
        for part in whole[name].as_array().into_iter().flatten() {
            collect(document, part, at, depth + 1, found);
        }
    }
    for (name, property) in whole["properties"].as_object().into_iter().flatten() {
        let pointer = format!("{at}/{name}");
        found.push(Field {
            pointer: pointer.clone(),
            schema: property.clone(),
        });
        collect(document, property, &pointer, depth + 1, found);
    }
    if whole["items"].is_object() {
        let pointer = format!("{at}/0");
        found.push(Field {
            pointer: pointer.clone(),
            schema: whole["items"].clone(),
        });
        collect(document, &whole["items"], &pointer, depth + 1, found);
    }
}

/// Values that the schema rules out, and ones that no field takes.
fn wrong_values(document: &Document, schema: &Value) -> Vec<(&'static str, Value)> {
    let candidates = [
        ("a text", json!(CANARY)),
        ("a number", json!(7)),
        ("a fraction", json!(1.5)),
        ("true", json!(true)),
        ("null", json!(null)),
        ("a list", json!([CANARY])),
        ("an empty list", json!([])),
        ("an object", json!({ "zz": CANARY })),
        ("a negative number", json!(-1)),
        ("a huge number", json!(u64::MAX)),
        ("a number beyond integers", json!(1e300)),
    ];
    let document_says = |value: &Value| schema::faults(document, schema, value);
    let mut wrong: Vec<_> = candidates
        .into_iter()
        .filter(|(_, value)| !document_says(value).is_empty())
        .collect();
    let takes = |value: Value| {
        document_says(&value)
            .iter()
            .all(|fault| !fault.contains("is not "))
    };
    // A file may be long.
    if takes(json!("x")) && schema["contentMediaType"].is_null() {
        wrong.push((
            "a text without end",
            json!(format!("{CANARY}{}", "x".repeat(TOO_LONG))),
        ));
    }
    if takes(json!(["x"])) || takes(json!([])) {
        wrong.push(("a list without end", json!(vec![CANARY; TOO_MANY])));
    }
    wrong
}

/// Puts a value at a pointer, making what is missing on the way.
fn put(body: &mut Value, pointer: &str, value: Value) {
    let mut place = body;
    for part in pointer.split('/').skip(1) {
        place = if part == "0" {
            if place.as_array().is_none_or(Vec::is_empty) {
                *place = json!([null]);
            }
            &mut place[0]
        } else {
            if !place.is_object() {
                *place = json!({});
            }
            &mut place[part]
        };
    }
    *place = value;
}
