//! Another business's records: over every route that takes an id, in the path or in the body, they are not there, and
//! nothing happens to them.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use uuid::Uuid;
use vio_tests::contract::{Ask, Document, Operation, World};

use crate::Stage;

/// What changes by itself, or by being read: the time, estimates, last uses, and the records of who looked.
const CHANGES_ANYWAY: [&str; 7] = [
    // Up to this moment.
    "/analytics",
    "/api/groups/campaigns",
    "/api/groups/campaigns/{campaign_id}/status",
    "/api/calls/limits",
    "/api/audit",
    "/api/auth/sessions",
    "/history",
];

/// Takes ids in its query, and none in its path.
const COMPARISON: &str = "/api/groups/comparison";

/// Everything that the administrator can read, by address.
async fn all_of(
    stage: &Stage,
    world: &World,
    ids: &BTreeMap<String, Vec<String>>,
) -> BTreeMap<String, Value> {
    let mut all = BTreeMap::new();
    for operation in stage
        .operations
        .iter()
        .filter(|operation| operation.method == "GET" && operation.needs_session())
    {
        if CHANGES_ANYWAY
            .iter()
            .chain([&COMPARISON])
            .any(|path| operation.path.ends_with(path))
        {
            continue;
        }
        let key = key(operation);
        let none = Vec::new();
        let values = if operation.placeholders().is_empty() {
            &none
        } else {
            &ids[&key]
        };
        let ask = Ask::to(operation, values).token(&world.admin.token);
        let answer = stage.api.send(&ask).await;
        assert_eq!(answer.status, 200, "{}: {}", ask.path, answer.text);
        // A file is no JSON.
        let read = serde_json::from_str(&answer.text).unwrap_or(Value::String(answer.text));
        all.insert(ask.path, read);
    }
    all
}

/// Which records a path takes: operations with the same take the same ones.
fn key(operation: &Operation) -> String {
    let kind = match operation.path.starts_with("/api/auth/") {
        true => "auth",
        false => "api",
    };
    format!("{kind} {}", operation.placeholders().join(" "))
}

pub(crate) async fn records_of_others_are_not_there(stage: &Stage) {
    let ours = World::sign_up(&stage.api, "ours").await;
    let theirs = World::sign_up(&stage.api, "theirs").await;
    let mut ids = BTreeMap::new();
    for operation in &stage.operations {
        let names = operation.placeholders();
        if !names.is_empty() && operation.needs_session() && !ids.contains_key(&key(operation)) {
            match theirs.values(&operation.path, &names, &theirs.admin).await {
                Ok(values) => drop(ids.insert(key(operation), values)),
                Err(missing) => return stage.found.note(missing),
            }
        }
    }
    let before = all_of(stage, &theirs, &ids).await;
    for operation in stage
        .operations
        .iter()
        .filter(|operation| operation.needs_session())
    {
        if !operation.placeholders().is_empty() {
            in_the_path(stage, &ours, operation, &ids[&key(operation)]).await;
        }
    }
    for group in &ids["api group_id"] {
        let path = format!("{COMPARISON}?group_ids={group},{}", Uuid::nil());
        let ask = Ask::new("GET", path).token(&ours.admin.token);
        let answer = stage.api.send(&ask).await;
        stage.found.expect(answer.status == 404, || {
            format!(
                "{COMPARISON} with a group of another business: {}",
                answer.text
            )
        });
    }
    let mut every: Vec<String> = ids.values().flatten().cloned().collect();
    every.push(theirs.admin.user.clone());
    // A suggested group has none: it is named by what suggests it.
    every.retain(|id| id.parse::<Uuid>().is_ok());
    every.sort();
    every.dedup();
    for operation in stage
        .operations
        .iter()
        .filter(|operation| operation.needs_session())
    {
        // What is not one's own is no message of one's own: nothing is marked, and nothing is said.
        if operation.path == "/api/notifications/read" {
            continue;
        }
        in_the_body(stage, &ours, operation, &every).await;
    }
    let after = all_of(stage, &theirs, &ids).await;
    for (path, record) in before {
        stage.found.expect(after[&path] == record, || {
            format!(
                "{path} of another business was changed: {record} to {}",
                after[&path]
            )
        });
    }
}

async fn in_the_path(stage: &Stage, ours: &World, operation: &Operation, theirs: &[String]) {
    let names = operation.placeholders();
    let own = ours.values(&operation.path, &names, &ours.admin).await;
    let body = ours.example(operation, &ours.admin).await;
    let (own, body) = match (own, body) {
        (Ok(own), Ok(body)) => (own, body),
        (Err(missing), _) | (_, Err(missing)) => return stage.found.note(missing),
    };
    // All of theirs; and where there are several, each of theirs within our own.
    let mut foreign = vec![(0..names.len()).collect::<Vec<_>>()];
    if names.len() > 1 {
        foreign.extend((0..names.len()).map(|place| vec![place]));
    }
    for places in foreign {
        let with = |id: &dyn Fn(usize) -> String| {
            let mut values = own.clone();
            for place in &places {
                values[*place] = id(*place);
            }
            values
        };
        let asked = with(&|place| theirs[place].clone());
        let nobodys = with(&|_| Uuid::now_v7().to_string());
        let ask = |values: &[String]| {
            let ask = Ask::to(operation, values).body(body.clone());
            ask.token(&ours.admin.token).header("if-match", "*")
        };
        let answer = stage.api.send(&ask(&asked)).await;
        stage.judge("another business", operation, &answer);
        stage.found.expect(answer.status == 404, || {
            format!(
                "{operation} with another business's id: {} {}",
                answer.status, answer.text
            )
        });
        let unknown = stage.api.send(&ask(&nobodys)).await;
        let alike = answer.without(&asked) == unknown.without(&nobodys);
        stage.found.expect(alike, || {
            format!(
                "{operation} tells another business's id from none: {} and {}",
                answer.text, unknown.text
            )
        });
    }
}

/// Pointers to the fields of a body that hold ids, with a value that holds `id` there.
fn id_fields(document: &Document, schema: &Value, at: &str, depth: usize, found: &mut Vec<String>) {
    let schema = document.resolve(schema);
    if depth > 6 {
        return;
    }
    if schema["format"] == "uuid" {
        found.push(at.to_owned());
    }
    for name in ["oneOf", "anyOf", "allOf"] {
        for part in schema[name].as_array().into_iter().flatten() {
            id_fields(document, part, at, depth + 1, found);
        }
    }
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        let at = format!("{at}/{name}");
        // Takes "me" as well, so its schema does not say that it is an id.
        if name == "assigned_to" && property["format"] != "uuid" {
            found.push(at.clone());
        }
        id_fields(document, property, &at, depth + 1, found);
    }
    if schema["items"].is_object() {
        id_fields(
            document,
            &schema["items"],
            &format!("{at}/0"),
            depth + 1,
            found,
        );
    }
}

/// Puts a value at a pointer, making what is missing on the way.
fn put(body: &mut Value, pointer: &str, value: Value) {
    let mut place = body;
    for part in pointer.split('/').skip(1) {
        place = if part == "0" {
            *place = json!([null]);
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

async fn in_the_body(stage: &Stage, ours: &World, operation: &Operation, theirs: &[String]) {
    let Some(schema) = operation.body_schema() else {
        return;
    };
    let mut fields = Vec::new();
    id_fields(&stage.document, schema, "", 0, &mut fields);
    if fields.is_empty() {
        return;
    }
    let names = operation.placeholders();
    let values = ours.values(&operation.path, &names, &ours.admin).await;
    let example = ours.example(operation, &ours.admin).await;
    let (values, example) = match (values, example) {
        (Ok(values), Ok(example)) => (values, example.unwrap_or_default()),
        (Err(missing), _) | (_, Err(missing)) => return stage.found.note(missing),
    };
    for field in &fields {
        for id in theirs {
            let mut body = example.clone();
            put(&mut body, field, json!(id));
            let ask = Ask::to(operation, &values)
                .json(&body)
                .token(&ours.admin.token)
                .header("if-match", "*");
            let answer = stage.api.send(&ask).await;
            stage.judge("another business", operation, &answer);
            let named = answer.pointers().iter().any(|pointer| pointer == field);
            stage
                .found
                .expect(answer.status.is_client_error() && named, || {
                    format!(
                        "{operation} with another business's id at {field}: {} {}",
                        answer.status, answer.text
                    )
                });
            stage.found.expect(!answer.text.contains(id.as_str()), || {
                format!("{operation} repeats another business's id at {field}")
            });
        }
    }
}
