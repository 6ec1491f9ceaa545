//! Turns what serde says into a field problem: which field, and a sentence that never repeats the value sent.

use serde_path_to_error::Segment;

use crate::json_guard::push_token;
use crate::problem::FieldProblem;

/// The JSON pointer of a place serde was at.
pub(crate) fn pointer(path: &serde_path_to_error::Path) -> String {
    let mut pointer = String::new();
    for segment in path {
        match segment {
            Segment::Seq { index } => push_token(&mut pointer, &index.to_string()),
            Segment::Map { key } => push_token(&mut pointer, key),
            // A variant has no place of its own in the text, and an unknown segment no name.
            Segment::Enum { .. } | Segment::Unknown => {}
        }
    }
    pointer
}

/// The JSON pointer of a value that no field took.
pub(crate) fn ignored_pointer(path: &serde_ignored::Path<'_>) -> String {
    use serde_ignored::Path;
    match path {
        Path::Root => String::new(),
        Path::Seq { parent, index } => {
            let mut pointer = ignored_pointer(parent);
            push_token(&mut pointer, &index.to_string());
            pointer
        }
        Path::Map { parent, key } => {
            let mut pointer = ignored_pointer(parent);
            push_token(&mut pointer, key);
            pointer
        }
        Path::Some { parent }
        | Path::NewtypeStruct { parent }
        | Path::NewtypeVariant { parent } => ignored_pointer(parent),
    }
}

/// A field that the request may not have.
pub(crate) fn unknown_field(pointer: String) -> FieldProblem {
    FieldProblem::new(pointer, "unknown_field", "This field is not known here.")
}

/// What serde found wrong at `pointer`.
pub(crate) fn explain(mut pointer: String, message: &str) -> FieldProblem {
    let message = message
        .rsplit_once(" at line ")
        .map_or(message, |(said, _)| said);
    let expected = message.rsplit_once(", expected ").map(|(_, what)| what);
    if let Some(name) = quoted(message, "missing field `") {
        push_token(&mut pointer, name);
        return FieldProblem::new(pointer, "required", "This field is required.");
    }
    if let Some(name) = quoted(message, "unknown field `") {
        if !pointer.ends_with(&format!("/{name}")) {
            push_token(&mut pointer, name);
        }
        return unknown_field(pointer);
    }
    if message.starts_with("unknown variant `") {
        let choices = expected.unwrap_or("a known value");
        let detail = format!("Must be {}.", choices.replace('`', ""));
        return FieldProblem::new(pointer, "not_allowed", detail);
    }
    let code = if message.starts_with("invalid type: ") {
        "wrong_type"
    } else if message.starts_with("invalid value: ") {
        "invalid_value"
    } else if message.starts_with("invalid length ") {
        "wrong_length"
    } else {
        // A type's own parser. Its words are not ours to trust with what was sent.
        return FieldProblem::new(pointer, "invalid_value", "This value is not valid here.");
    };
    let detail = expected.map_or_else(
        || "This value is not valid here.".to_owned(),
        |what| format!("Must be {}.", plain(what)),
    );
    FieldProblem::new(pointer, code, detail)
}

fn quoted<'a>(message: &'a str, prefix: &str) -> Option<&'a str> {
    message.strip_prefix(prefix)?.split('`').next()
}

/// Rust's type names in words.
fn plain(expected: &str) -> &str {
    match expected {
        "a string" | "a borrowed string" | "string" => "text",
        "a boolean" | "bool" => "true or false",
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number, not negative",
        "i8" | "i16" | "i32" | "i64" | "isize" => "a whole number",
        "f32" | "f64" => "a number",
        "a sequence" => "a list",
        other if other.starts_with("struct ") || other == "a map" => "an object",
        other => other,
    }
}
