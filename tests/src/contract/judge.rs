//! Whether an answer keeps the contract: a status that the document has for the operation, a body that its schema
//! accepts, and for refusals a problem of a listed type.

use serde_json::Value;

use super::api::Answer;
use super::{Document, Operation, schema};

/// What is wrong with an answer; nothing where it is as documented.
#[must_use]
pub fn faults(document: &Document, operation: &Operation, answer: &Answer) -> Vec<String> {
    let status = answer.status.as_str();
    let mut found = Vec::new();
    if answer.status.is_client_error() || answer.status.is_server_error() {
        found.extend(problem_faults(document, answer));
    }
    let response = &operation.spec["responses"][status];
    if response.is_null() {
        found.push(format!("{status} is not documented"));
        return found;
    }
    let contents = document.resolve(response)["content"].as_object();
    let Some(contents) = contents.filter(|contents| !contents.is_empty()) else {
        if !answer.text.is_empty() {
            found.push(format!("{status} has a body, which is not documented"));
        }
        return found;
    };
    let kind = answer.content_type.split(';').next().unwrap_or_default();
    let Some(content) = contents.get(kind) else {
        found.push(format!("{status} comes as {kind:?}, documented otherwise"));
        return found;
    };
    let body = match kind.ends_with("json") {
        true => answer.json(),
        false => Value::String(answer.text.clone()),
    };
    let faults = schema::faults(document, &content["schema"], &body);
    found.extend(faults.into_iter().map(|fault| format!("{status}: {fault}")));
    found
}

/// What is wrong with a refusal as such (RFC 9457).
#[must_use]
pub fn problem_faults(document: &Document, answer: &Answer) -> Vec<String> {
    let mut found = Vec::new();
    if answer.content_type != "application/problem+json" {
        found.push(format!(
            "{} comes as {:?}",
            answer.status, answer.content_type
        ));
        return found;
    }
    let body = answer.json();
    for member in ["type", "title", "detail", "instance"] {
        if body[member].as_str().is_none_or(str::is_empty) {
            found.push(format!("{} without {member}", answer.status));
        }
    }
    if body["status"] != answer.status.as_u16() {
        found.push(format!("{} says {}", answer.status, body["status"]));
    }
    let listed = document.problem_types();
    if let Value::String(uri) = &body["type"]
        && !listed.contains(uri)
    {
        found.push(format!("{uri} is not listed"));
    }
    for error in body["errors"].as_array().into_iter().flatten() {
        for member in ["pointer", "detail", "code"] {
            if !error[member].is_string() {
                found.push(format!("an error without {member}"));
            }
        }
    }
    found
}
