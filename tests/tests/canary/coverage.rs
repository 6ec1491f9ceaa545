//! Which text a request may carry, by the OpenAPI document that the host serves, and which of it was sent with a canary
//! and taken.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// Leaves that hold no free text: what else they are is refused, and stored as what it is.
const NOT_TEXT: &[(&str, &str)] = &[
    (
        "one of a few words",
        "/appointment_status /attendance /confirmation_method /booking_source /on_duplicate /priority",
    ),
    (
        "one of a few words",
        "/preferred_contact_method /method /action /kind /field /sensitivity /call_script_length",
    ),
    (
        "one of a few words",
        "/personalization_level /voice_tone /hipaa_level /phi_level /consent_documentation /business_type",
    ),
    (
        "one of a few words",
        "/color /icon /visibility /role /preset /industries/- /permissions/add/- /permissions/remove/- /division /industry",
    ),
    (
        "one of a few words, or the letters of a currency",
        "/call_timing /priority_level /currency",
    ),
    (
        "one of a few words: filters and orders of a list",
        "/status/- /priority/- /booking_source/- /sort/- /group_logic /appointment /call /urgency /last_contact /call_result",
    ),
    (
        "the same in one text",
        "/status /priority /booking_source /sort /group_ids",
    ),
    ("days of a filter", "/appointment_from /appointment_to"),
    ("one of a few words", "/channel /direction"),
    (
        "one of a few words",
        "/operation /operation_type /new_status /confirm /template",
    ),
    (
        "ids",
        "/assigned_to /initial_contact_ids/- /contact_ids/- /visible_to/-",
    ),
    (
        "a zone, a country, a region",
        "/timezone /country /country_code /accepted_phone_regions/-",
    ),
    (
        "a time or a date of the business or of an appointment",
        "/appointment_time /start_time /end_time /open /close",
    ),
    (
        "a time or a date of the business or of an appointment",
        "/custom_holidays/- /preferred_contact_time",
    ),
    ("a provider's address, on loopback only here", "/base_url"),
    ("an event type's address at the provider", "/event_types/-"),
    ("one of a few words", "/duplicate_handling"),
    ("an account's id, 34 letters and digits", "/account_sid"),
    (
        "a place on a booking, one of a few words or a question's identifier",
        "/field_mapping/name /field_mapping/email /field_mapping/phone",
    ),
    (
        "a place on a booking, one of a few words or a question's identifier",
        "/field_mapping/appointment_type /field_mapping/owner_name /field_mapping/special_instructions",
    ),
    (
        "one of a few words, or a colour",
        "/theme /density /primary_color /sidebar_behavior /default_contact_view /font_size /time_format /default_dashboard_view /view",
    ),
    (
        "one of a few words",
        "/call_completion_notifications /notification_position",
    ),
    (
        "names of columns, and how wide",
        "/contact_columns/shown/- /contact_columns/widths/* /columns/-",
    ),
    ("ids", "/notification_ids/-"),
    (
        "whose value is kept: one of a few words",
        "/fields/name /fields/phone /fields/email /fields/company_name /fields/preferred_contact_method",
    ),
    (
        "as above",
        "/fields/priority /fields/assigned_to /fields/notes",
    ),
    ("the product's own versions", "/keep/version /merge/version"),
    (
        "one of a few words: what an address is told of",
        "/events/-",
    ),
    ("six digits, not taken yet", "/totp"),
    ("letters and digits of a place", "/postal_code"),
];

/// Leaves of one operation that hold text and are left out all the same.
const LEFT_OUT: &[(&str, &str, &str)] = &[
    (
        "POST /api/locations",
        "",
        "the business's own premises: in clear by decision (docs/security.md)",
    ),
    ("PATCH /api/locations/{location_id}", "", "as above"),
    (
        "POST /api/auth/refresh",
        "/refresh_token",
        "the product's own, which is searched for as it was given out",
    ),
    (
        "POST /api/auth/password/reset",
        "",
        "its token lies in a letter alone; the password is stored as that of POST /api/auth/password",
    ),
    ("POST /api/auth/invitations/accept", "", "as above"),
    (
        "POST /api/contacts/search",
        "/cursor",
        "the product's own, sealed",
    ),
    (
        "POST /api/contacts/counts",
        "/filter/cursor",
        "refused: counts have no pages",
    ),
    (
        "POST /api/contacts/counts",
        "/choices/-",
        "one of a few words: what else is refused without being kept",
    ),
    (
        "POST /api/contacts/export",
        "/filter/cursor",
        "refused: a file has no pages",
    ),
    (
        "POST /api/saved-filters",
        "/filters/cursor",
        "refused: a page is not saved",
    ),
    (
        "PATCH /api/saved-filters/{saved_filter_id}",
        "/filters/cursor",
        "as above",
    ),
    (
        "POST /api/contacts/bulk",
        "/selection/filter/cursor",
        "refused",
    ),
    (
        "POST /api/contacts/bulk",
        "/selection/filter/industry",
        "as in a search",
    ),
    (
        "PATCH /api/users/profile",
        "/email_address",
        "a new address is not taken yet",
    ),
];

/// What the document asks for and what was done.
pub(crate) struct Coverage {
    wanted: BTreeMap<String, BTreeSet<String>>,
    sent: BTreeMap<String, BTreeSet<String>>,
    operations: Vec<Operation>,
}

/// One operation of the document.
#[derive(Debug, Clone)]
pub(crate) struct Operation {
    pub(crate) method: String,
    pub(crate) path: String,
    /// The members of its body, if it takes one.
    pub(crate) members: Option<Vec<String>>,
}

impl Operation {
    pub(crate) fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }
}

impl Coverage {
    pub(crate) fn of(document: &Value) -> Self {
        let (mut wanted, mut operations) = (BTreeMap::new(), Vec::new());
        let paths = document["paths"].as_object().expect("paths");
        for (path, item) in paths {
            for (method, operation) in item.as_object().expect("operations") {
                if !["get", "post", "put", "patch", "delete"].contains(&method.as_str()) {
                    continue;
                }
                let mut one = Operation {
                    method: method.to_uppercase(),
                    path: path.clone(),
                    members: None,
                };
                let contents = operation["requestBody"]["content"].as_object();
                for content in contents.into_iter().flatten().map(|(_, content)| content) {
                    let mut leaves = BTreeSet::new();
                    walk(document, &content["schema"], "", 0, &mut leaves);
                    let members = leaves.iter().filter_map(|leaf| leaf.split('/').nth(1));
                    let mut members: Vec<_> = members.map(str::to_owned).collect();
                    members.dedup();
                    one.members.get_or_insert_default().extend(members);
                    leaves.retain(|leaf| is_text(&one.name(), leaf));
                    wanted.insert(one.name(), leaves);
                }
                operations.push(one);
            }
        }
        Self {
            wanted,
            sent: BTreeMap::new(),
            operations,
        }
    }

    pub(crate) fn operations(&self) -> Vec<Operation> {
        self.operations.clone()
    }

    /// Notes a request that was taken: every leaf of its body that holds a canary.
    pub(crate) fn took(
        &mut self,
        method: &str,
        path: &str,
        body: &Value,
        is_canary: &dyn Fn(&str) -> bool,
    ) {
        let operation = self
            .operations
            .iter()
            .find(|one| one.method == method && fits(&one.path, path));
        let name = operation
            .unwrap_or_else(|| panic!("{method} {path} is not in the document"))
            .name();
        let mut leaves = BTreeSet::new();
        collect(body, "", is_canary, &mut leaves);
        self.sent.entry(name).or_default().extend(leaves);
    }

    /// Text of the document's operations that no accepted request carried a canary in.
    pub(crate) fn missing(&self) -> Vec<String> {
        let mut missing = Vec::new();
        for (operation, leaves) in &self.wanted {
            let sent = self.sent.get(operation);
            for leaf in leaves {
                let open = leaf.strip_suffix("/*");
                let covered = sent.into_iter().flatten().any(|sent| match open {
                    Some(open) => sent.starts_with(&format!("{open}/")),
                    None => sent == leaf,
                });
                if !covered {
                    missing.push(format!("{operation} {leaf}"));
                }
            }
        }
        missing
    }
}

fn is_text(operation: &str, leaf: &str) -> bool {
    let named = |names: &str| {
        names
            .split(' ')
            .any(|name| leaf.ends_with(name) && leaf.len() >= name.len())
    };
    let left_out = LEFT_OUT
        .iter()
        .any(|(of, prefix, _)| *of == operation && leaf.starts_with(prefix));
    !left_out && !NOT_TEXT.iter().any(|(_, names)| named(names))
}

/// Whether a path fits a template.
fn fits(template: &str, path: &str) -> bool {
    let path = path.split('?').next().unwrap_or_default();
    let (mut wanted, mut given) = (template.split('/'), path.split('/'));
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return true,
            (Some(wanted), Some(given)) if wanted.starts_with('{') || wanted == given => {}
            _ => return false,
        }
    }
}

fn collect(
    value: &Value,
    at: &str,
    is_canary: &dyn Fn(&str) -> bool,
    found: &mut BTreeSet<String>,
) {
    match value {
        Value::String(text) if is_canary(text) => drop(found.insert(at.to_owned())),
        Value::Array(items) => {
            for item in items {
                collect(item, &format!("{at}/-"), is_canary, found);
            }
        }
        Value::Object(members) => {
            for (name, value) in members {
                collect(value, &format!("{at}/{name}"), is_canary, found);
            }
        }
        _ => {}
    }
}

/// Every leaf of a schema that takes text of any form; `/*` stands for whatever members there are.
fn walk(document: &Value, schema: &Value, at: &str, depth: usize, found: &mut BTreeSet<String>) {
    assert!(depth < 12, "a schema within itself: {at}");
    if let Some(reference) = schema["$ref"].as_str() {
        let pointer = reference.trim_start_matches('#');
        match document.pointer(pointer) {
            Some(schema) => walk(document, schema, at, depth + 1, found),
            None => panic!("{reference} is not in the document"),
        }
        return;
    }
    for kind in ["oneOf", "anyOf", "allOf"] {
        for schema in schema[kind].as_array().into_iter().flatten() {
            walk(document, schema, at, depth + 1, found);
        }
    }
    let is = |kind: &str| {
        schema["type"] == kind
            || schema["type"]
                .as_array()
                .is_some_and(|kinds| kinds.iter().any(|it| it == kind))
    };
    let exact = schema["enum"].is_array()
        || ["uuid", "date-time", "date"]
            .iter()
            .any(|format| schema["format"] == *format);
    if is("string") && !exact {
        found.insert(at.to_owned());
    }
    let members = schema["properties"].as_object();
    for (name, schema) in members.into_iter().flatten() {
        walk(document, schema, &format!("{at}/{name}"), depth + 1, found);
    }
    let open = &schema["additionalProperties"];
    // Anything goes: a member that is an object without described members, or a schema that says nothing at all. A whole
    // body that is such an object is an empty one.
    let combined = ["oneOf", "anyOf", "allOf"]
        .iter()
        .any(|kind| schema[*kind].is_array());
    let silent = schema["type"].is_null() && members.is_none() && !combined;
    if (is("object") && members.is_none() && open != false && !at.is_empty()) || silent {
        found.insert(format!("{at}/*"));
    }
    if open.is_object() {
        walk(document, open, &format!("{at}/*"), depth + 1, found);
    }
    if schema["items"].is_object() {
        walk(
            document,
            &schema["items"],
            &format!("{at}/-"),
            depth + 1,
            found,
        );
    }
}

#[test]
fn a_new_field_is_named() {
    let document = serde_json::json!({ "paths": { "/api/x/{x_id}": { "post": { "requestBody": { "content": {
        "application/json": { "schema": { "$ref": "#/components/schemas/X" } } } } } } },
        "components": { "schemas": { "X": { "type": "object", "properties": {
            "name": { "type": ["string", "null"] }, "id": { "type": "string", "format": "uuid" },
            "many": { "type": "array", "items": { "type": "object", "properties": { "word": { "type": "string" } } } },
            "count": { "type": "integer" }, "timezone": { "type": "string" }, "free": { "type": "object" },
            "maybe": { "oneOf": [{ "type": "null" }, { "type": "object", "properties": { "deep": { "type": "string" } } }] },
        } } } } });
    let mut coverage = Coverage::of(&document);
    let all = ["free/*", "many/-/word", "maybe/deep", "name"]
        .map(|leaf| format!("POST /api/x/{{x_id}} /{leaf}"));
    assert_eq!(coverage.missing(), all);
    let canary = |text: &str| text.contains("canary");
    let body = serde_json::json!({ "name": "a canary", "many": [{ "word": "none" }, { "word": "canary" }], "free": { "a": { "b": "canary" } } });
    coverage.took("POST", "/api/x/7?q", &body, &canary);
    assert_eq!(coverage.missing(), all[2..3]);
}
