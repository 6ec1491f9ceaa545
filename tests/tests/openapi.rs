//! The OpenAPI document as a whole: what is kept in `docs/openapi.json` is what the code says, every route is in it and
//! nothing else, and what it says of each is complete. `make openapi` writes it anew.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeSet;

use serde_json::Value;
use vio_http::access::{Access, TABLE};
use vio_http::openapi::{DOCUMENT_PATH, PAGE_PATH};
use vio_tests::contract::document::examples;
use vio_tests::contract::{Document, schema};

/// Where the document itself is found: no operations of the API, so not described in it.
const INFRASTRUCTURE: [&str; 2] = [DOCUMENT_PATH, PAGE_PATH];

fn none(found: &[String]) {
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn the_kept_document_is_what_the_code_says() {
    let (file, text) = (Document::file(), Document::generated().text());
    if std::env::var_os("VIO_WRITE_OPENAPI").is_some() {
        std::fs::write(&file, text).expect("docs/openapi.json is written");
        return;
    }
    let kept = std::fs::read_to_string(&file).unwrap_or_default();
    let differs = kept.lines().zip(text.lines()).position(|(a, b)| a != b);
    assert!(
        kept == text,
        "docs/openapi.json is stale: it is not what the code says (first at line {}). Run `make openapi` and commit it.",
        differs.unwrap_or(kept.lines().count().min(text.lines().count())) + 1
    );
}

#[test]
fn the_document_has_the_routes_of_the_access_table_and_no_others() {
    let document = Document::generated();
    let described: BTreeSet<String> = document
        .operations()
        .iter()
        .map(ToString::to_string)
        .collect();
    let tabled: BTreeSet<String> = TABLE
        .iter()
        .filter(|route| !INFRASTRUCTURE.contains(&route.path))
        .map(|route| format!("{} {}", route.method, route.path))
        .collect();
    let missing: Vec<_> = tabled.difference(&described).collect();
    let stray: Vec<_> = described.difference(&tabled).collect();
    assert!(
        missing.is_empty() && stray.is_empty(),
        "in the access table and not described: {missing:?}; described and not in it: {stray:?}"
    );
    for route in TABLE {
        let path = route.path;
        if !INFRASTRUCTURE.contains(&path) {
            let method = route.method.as_str().to_lowercase();
            let spec = &document.json["paths"][path][&method];
            let security = spec["security"].as_array().unwrap();
            assert_eq!(!security.is_empty(), route.access.needs_session(), "{path}");
        } else {
            assert_eq!(route.access, Access::Public, "{path}");
        }
    }
}

#[test]
fn every_operation_is_described() {
    let document = Document::generated();
    let mut found = Vec::new();
    let mut ids = BTreeSet::new();
    for operation in document.operations() {
        let mut say = |what: String| found.push(format!("{operation}: {what}"));
        let text = |value: &Value| value.as_str().unwrap_or_default().trim().len();
        if text(&operation.spec["summary"]) == 0 {
            say("has no summary".into());
        }
        if !ids.insert(operation.spec["operationId"].to_string()) {
            say("shares its operationId".into());
        }
        if operation.spec["tags"].as_array().is_none_or(Vec::is_empty) {
            say("has no tag".into());
        }
        if operation.names("path") != operation.placeholders() {
            say(format!(
                "describes {:?} of its path",
                operation.names("path")
            ));
        }
        for parameter in operation.spec["parameters"]
            .as_array()
            .into_iter()
            .flatten()
        {
            let name = &parameter["name"];
            if text(&parameter["description"]) == 0 {
                say(format!("does not describe its parameter {name}"));
            }
            if parameter["in"] == "path" && parameter["required"] != true {
                say(format!("does not require {name} of its path"));
            }
            if !parameter["schema"].is_object() {
                say(format!("gives {name} no schema"));
            }
        }
        let route = TABLE.iter().find(|route| {
            route.path == operation.path && route.method.as_str() == operation.method
        });
        let reads = route.is_some_and(|route| route.reads_parameters);
        if reads == operation.names("query").is_empty() {
            say("reads query parameters in the access table and not here, or the other way".into());
        }
        let responses = operation.spec["responses"].as_object().unwrap();
        for (status, response) in responses {
            if text(&document.resolve(response)["description"]) == 0 {
                say(format!("does not describe its answer {status}"));
            }
        }
        if !responses.keys().any(|status| status.starts_with('2')) {
            say("describes no success".into());
        }
    }
    none(&found);
}

#[test]
fn every_body_has_an_example_that_its_schema_accepts() {
    let document = Document::generated();
    let mut found = Vec::new();
    for operation in document.operations() {
        let mut bodies = Vec::new();
        for content in operation.body().into_iter().filter_map(Value::as_object) {
            bodies.extend(
                content
                    .values()
                    .map(|content| ("its body".to_owned(), content)),
            );
        }
        for (status, response) in operation.spec["responses"].as_object().unwrap() {
            let content = document.resolve(response)["content"].as_object();
            bodies.extend(
                content
                    .into_iter()
                    .flatten()
                    .map(|(_, content)| (status.clone(), content)),
            );
        }
        for (which, content) in bodies {
            let given = examples(content);
            if given.is_empty() {
                found.push(format!(
                    "{operation}: {which} has no example: a text that must be there has none of its own"
                ));
            }
            for (name, example) in given {
                let faults = schema::faults(&document, &content["schema"], &example);
                found.extend(
                    faults
                        .into_iter()
                        .map(|fault| format!("{operation}: {which}, {name:?}: {fault}")),
                );
            }
        }
    }
    none(&found);
}

/// What OpenAPI 3.1 demands of a document's form, where the code could get it wrong; `make check` holds it to the
/// standard's own schema.
#[test]
fn the_document_is_one_of_openapi_3_1() {
    let document = Document::generated();
    assert_eq!(document.json["openapi"], "3.1.0");
    for member in ["title", "version"] {
        assert!(document.json["info"][member].is_string(), "{member}");
    }
    let text = document.json.to_string();
    for reference in text.split("\"$ref\":\"").skip(1) {
        let reference = reference.split('"').next().unwrap();
        let target = reference
            .strip_prefix('#')
            .and_then(|at| document.json.pointer(at));
        assert!(target.is_some(), "{reference} leads nowhere");
    }
    let schemes = &document.json["components"]["securitySchemes"];
    for operation in document.operations() {
        for scheme in operation.spec["security"].as_array().unwrap() {
            for name in scheme.as_object().unwrap().keys() {
                assert!(schemes[name].is_object(), "{operation}: {name}");
            }
        }
        for status in operation.spec["responses"].as_object().unwrap().keys() {
            let number: u16 = status.parse().expect("a status");
            assert!((100..600).contains(&number), "{operation}: {status}");
        }
    }
    for (name, schema) in document.json["components"]["schemas"].as_object().unwrap() {
        let plain = name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "._-".contains(c));
        assert!(plain && schema.is_object(), "{name}");
    }
}

#[test]
fn every_type_of_problem_is_listed() {
    let listed = Document::generated().problem_types();
    for kind in vio_http::Kind::ALL {
        assert!(listed.contains(&kind.uri()), "{kind:?}");
    }
    assert_eq!(listed.len(), vio_http::Kind::ALL.len());
}
