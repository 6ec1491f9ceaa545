//! The OpenAPI document: one per function, merged into one, completed from the access table, served with a readable
//! page that loads nothing from elsewhere.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use aws_lc_rs::digest::{SHA256, digest};
use axum::Router;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, header};
use serde_json::{Value, json};
use utoipa::openapi::content::{Content, ContentBuilder};
use utoipa::openapi::example::ExampleBuilder;
use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, ParameterIn, PathItem};
use utoipa::openapi::response::Response as Described;
use utoipa::openapi::schema::{Object, Type};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{Components, Info, OpenApi, Ref, RefOr, Required};
use utoipa::{PartialSchema, ToSchema};

use crate::access::{Access, Method, Route, TABLE};
use crate::example::Examples;
use crate::problem::{Document, FieldProblem, Kind, PROBLEM_JSON};

/// Where the document is served.
pub const DOCUMENT_PATH: &str = "/api/openapi.json";

/// Where the readable page is served.
pub const PAGE_PATH: &str = "/api/docs";

const BEARER: &str = "bearer";

/// Why documents do not make one.
#[derive(Debug, thiserror::Error)]
pub enum DocumentError {
    /// Two functions document one operation.
    #[error("{0} is documented twice")]
    OperationTwice(String),
    /// Two functions have different schemas under one name.
    #[error("the schema {0} has two meanings")]
    SchemaTwice(String),
    /// An operation without an entry in the access table: it would be refused.
    #[error("{0} has no entry in the access table")]
    NoEntry(String),
    /// The document cannot be written as JSON.
    #[error("the document cannot be written")]
    Unwritable(#[from] serde_json::Error),
}

/// One document from those of all functions, completed from the access table: who may call (`security`,
/// `x-permissions`), the `Idempotency-Key` header, and the problems that any route of its kind may answer. Handlers
/// document only what is their own.
pub fn merge(documents: impl IntoIterator<Item = OpenApi>) -> Result<OpenApi, DocumentError> {
    let mut info = Info::new("VioConcierge", env!("CARGO_PKG_VERSION"));
    info.description = Some(
        "Contacts, appointments and reminder calls. Errors are RFC 9457 problem documents with a stable type.".into(),
    );
    let mut whole = OpenApi::new(info, utoipa::openapi::Paths::new());
    let mut components = Components::default();
    let mut seen = BTreeSet::new();
    for mut document in documents {
        for (path, item) in &document.paths.paths {
            for (method, _) in operations(item) {
                if !seen.insert((path.clone(), method)) {
                    return Err(DocumentError::OperationTwice(format!("{method} {path}")));
                }
            }
        }
        if let Some(own) = document.components.take() {
            for (name, schema) in own.schemas {
                match components.schemas.get(&name) {
                    Some(known) if *known != schema => {
                        return Err(DocumentError::SchemaTwice(name));
                    }
                    _ => components.schemas.insert(name, schema),
                };
            }
            components.responses.extend(own.responses);
        }
        whole.merge(document);
    }
    add_problems(&mut components);
    components.security_schemes.insert(
        BEARER.to_owned(),
        RefOr::T(SecurityScheme::Http(
            HttpBuilder::new()
                .scheme(HttpAuthScheme::Bearer)
                .bearer_format("JWT")
                .build(),
        )),
    );
    let schemas = match serde_json::to_value(&components.schemas)? {
        Value::Object(schemas) => schemas,
        _ => serde_json::Map::new(),
    };
    let examples = Examples(schemas);
    whole.components = Some(components);
    for (path, item) in &mut whole.paths.paths {
        for (method, operation) in operations_mut(item) {
            let entry = TABLE
                .iter()
                .find(|route| route.path == path && route.method == method)
                .ok_or_else(|| DocumentError::NoEntry(format!("{method} {path}")))?;
            complete(operation, entry);
            add_examples(operation, &examples)?;
        }
    }
    Ok(whole)
}

/// The routes of the table that the document does not describe; a test of the whole system keeps this empty.
pub fn undocumented(document: &OpenApi) -> Vec<&'static Route> {
    let described: BTreeSet<(&str, Method)> = document
        .paths
        .paths
        .iter()
        .flat_map(|(path, item)| operations(item).map(|(method, _)| (path.as_str(), method)))
        .collect();
    TABLE
        .iter()
        .filter(|route| !described.contains(&(route.path, route.method)))
        .filter(|route| ![DOCUMENT_PATH, PAGE_PATH].contains(&route.path))
        .collect()
}

/// Serves the document, as JSON, and its page.
pub fn routes(body: Bytes) -> Router {
    let headers = [
        (header::CONTENT_TYPE, "application/json"),
        (header::CACHE_CONTROL, "public, max-age=300"),
    ];
    Router::new()
        .route(DOCUMENT_PATH, get(move || async move { (headers, body) }))
        .route(PAGE_PATH, get(|| async { page() }))
}

/// The readable page. Everything it needs is in it; its policy lets only its own script and style run, by hash, and
/// only [`DOCUMENT_PATH`]'s origin be read.
pub fn page() -> Response {
    static PAGE: LazyLock<(String, Option<HeaderValue>)> = LazyLock::new(|| {
        let style = include_str!("docs/page.css");
        let script = include_str!("docs/page.js");
        let html = include_str!("docs/page.html")
            .replace("/*style*/", style)
            .replace("/*script*/", script);
        let hash = |text: &str| STANDARD.encode(digest(&SHA256, text.as_bytes()));
        let policy = format!(
            "default-src 'none'; script-src 'sha256-{}'; style-src 'sha256-{}'; connect-src 'self'; \
             frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
            hash(script),
            hash(style)
        );
        (html, HeaderValue::try_from(policy).ok())
    });
    let (html, policy) = &*PAGE;
    let mut headers = HeaderMap::new();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/html; charset=utf-8"),
    );
    if let Some(policy) = policy {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy.clone());
    }
    (headers, html.as_str()).into_response()
}

fn operations(item: &PathItem) -> impl Iterator<Item = (Method, &Operation)> {
    [
        (Method::Delete, &item.delete),
        (Method::Get, &item.get),
        (Method::Patch, &item.patch),
        (Method::Post, &item.post),
        (Method::Put, &item.put),
    ]
    .into_iter()
    .filter_map(|(method, operation)| Some((method, operation.as_ref()?)))
}

fn operations_mut(item: &mut PathItem) -> impl Iterator<Item = (Method, &mut Operation)> {
    [
        (Method::Delete, &mut item.delete),
        (Method::Get, &mut item.get),
        (Method::Patch, &mut item.patch),
        (Method::Post, &mut item.post),
        (Method::Put, &mut item.put),
    ]
    .into_iter()
    .filter_map(|(method, operation)| Some((method, operation.as_mut()?)))
}

/// An example for each body that has none of its own.
fn add_examples(operation: &mut Operation, examples: &Examples) -> Result<(), DocumentError> {
    let asked = match &mut operation.request_body {
        Some(RefOr::T(body)) => Some(body.content.values_mut()),
        _ => None,
    };
    let answered =
        operation
            .responses
            .responses
            .values_mut()
            .filter_map(|response| match response {
                RefOr::T(response) => Some(response.content.values_mut()),
                RefOr::Ref(_) => None,
            });
    for content in asked.into_iter().flatten().chain(answered.flatten()) {
        let RefOr::T(content) = content else { continue };
        if content.example.is_none() && content.examples.is_empty() {
            content.example = examples.of(&serde_json::to_value(&content.schema)?);
        }
    }
    Ok(())
}

/// An operation's name for generated clients: method and path, so no two are alike.
fn operation_id(entry: &Route) -> String {
    let mut id = entry.method.as_str().to_ascii_lowercase();
    for part in entry
        .path
        .split('/')
        .filter(|part| !matches!(*part, "" | "api"))
    {
        id.push('_');
        id.extend(
            part.chars()
                .filter(|c| !"{}".contains(*c))
                .map(|c| match c {
                    c if c.is_ascii_alphanumeric() => c,
                    _ => '_',
                }),
        );
    }
    id
}

/// A path parameter that its handler says nothing about is the id of what it is named for.
fn describe_ids(parameters: &mut [RefOr<Parameter>]) {
    for parameter in parameters {
        if let RefOr::T(parameter) = parameter
            && parameter.parameter_in == ParameterIn::Path
            && parameter.description.is_none()
        {
            let noun = parameter.name.trim_end_matches("_id").replace('_', " ");
            parameter.description = Some(format!("Id of the {noun}"));
        }
    }
}

fn complete(operation: &mut Operation, entry: &Route) {
    // The first paragraph of a comment, which may break its lines.
    if let Some(summary) = &mut operation.summary {
        *summary = summary.split_whitespace().collect::<Vec<_>>().join(" ");
    }
    operation.operation_id = Some(operation_id(entry));
    if entry.access.needs_session() {
        let none: [&str; 0] = [];
        operation.security = Some(vec![SecurityRequirement::new(BEARER, none)]);
    } else {
        operation.security = Some(Vec::new());
    }
    let needs = match entry.access {
        Access::Needs(permission) => vec![permission.as_str()],
        Access::NeedsAny(any) => any.iter().map(|permission| permission.as_str()).collect(),
        Access::SuperAdmin => vec!["super_admin"],
        Access::Public | Access::SignedIn | Access::Signature => Vec::new(),
    };
    if !needs.is_empty() {
        operation
            .extensions
            .get_or_insert_default()
            .insert("x-permissions".to_owned(), json!(needs));
    }
    let mut parameters = operation.parameters.take().unwrap_or_default();
    describe_ids(&mut parameters);
    if entry.idempotent_post {
        parameters.push(RefOr::T(
            ParameterBuilder::new()
                .name("Idempotency-Key")
                .parameter_in(ParameterIn::Header)
                .required(Required::False)
                .description(Some(
                    "1 to 255 printable ASCII characters. The same key and request happens once and is answered alike for 24 hours.",
                ))
                .schema(Some(Object::with_type(Type::String)))
                .build(),
        ));
    }
    let body = operation.request_body.is_some();
    let in_path = entry.path.contains('{');
    let session = entry.access.needs_session();
    let statuses = [
        (400, true), // parameters that a route does not know, on every route
        (401, session || entry.access == Access::Signature),
        (403, session && entry.access != Access::SignedIn),
        (404, in_path),
        (409, entry.idempotent_post),
        (413, body),
        (415, body),
        (422, body),
        (429, session),
        (500, true),
        (503, session),
    ];
    for (status, applies) in statuses {
        if applies {
            operation
                .responses
                .responses
                .entry(status.to_string())
                .or_insert_with(|| RefOr::Ref(Ref::from_response_name(component(status))));
        }
    }
    for (status, response) in &mut operation.responses.responses {
        let status = http::StatusCode::from_bytes(status.as_bytes()).ok();
        let (RefOr::T(response), Some(status)) = (response, status) else {
            continue;
        };
        if response.description.is_empty() {
            let reason = status.canonical_reason();
            response.description = reason.unwrap_or("An answer").to_owned();
        }
        // A handler says when it refuses; what a refusal looks like is the same everywhere.
        if response.content.is_empty() && (status.is_client_error() || status.is_server_error()) {
            let content = problems(status.as_u16());
            response
                .content
                .insert(PROBLEM_JSON.to_owned(), RefOr::T(content));
        }
    }
    operation.parameters = (!parameters.is_empty()).then_some(parameters);
}

fn component(status: u16) -> String {
    format!("Problem{status}")
}

/// The schema of a problem, and a response for each status with an example for each type.
fn add_problems(components: &mut Components) {
    components
        .schemas
        .insert("Problem".to_owned(), Document::schema());
    components
        .schemas
        .insert(FieldProblem::name().into_owned(), FieldProblem::schema());
    let statuses: BTreeSet<u16> = Kind::ALL
        .iter()
        .map(|kind| kind.status().as_u16())
        .collect();
    for status in statuses {
        let titles: Vec<&str> = kinds(status).map(Kind::title).collect();
        let mut response = Described::new(titles.join("; "));
        response
            .content
            .insert(PROBLEM_JSON.to_owned(), RefOr::T(problems(status)));
        components
            .responses
            .insert(component(status), RefOr::T(response));
    }
}

fn kinds(status: u16) -> impl Iterator<Item = Kind> {
    let of_status = move |kind: &Kind| kind.status().as_u16() == status;
    Kind::ALL.iter().copied().filter(of_status)
}

/// A problem, with an example of each type that has this status.
fn problems(status: u16) -> Content {
    let examples = kinds(status).map(|kind| {
        let document = json!({
            "type": kind.uri(), "title": kind.title(), "status": status, "detail": kind.detail(),
            "instance": "urn:uuid:0192f0c1-2b3c-7def-8abc-0123456789ab",
        });
        let example = ExampleBuilder::new()
            .summary(kind.title())
            .value(Some(document))
            .build();
        (kind.slug(), example)
    });
    ContentBuilder::new()
        .schema(Some(Ref::from_schema_name("Problem")))
        .examples_from_iter(examples)
        .build()
}
