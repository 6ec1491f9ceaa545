//! The OpenAPI document: one per function, merged into one, completed from the access table, served with a readable
//! page that loads nothing from elsewhere.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use aws_lc_rs::digest::{SHA256, digest};
use axum::Router;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, header};
use serde_json::json;
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::example::ExampleBuilder;
use utoipa::openapi::path::{Operation, ParameterBuilder, ParameterIn, PathItem};
use utoipa::openapi::response::Response as Described;
use utoipa::openapi::schema::{Object, Type};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{Components, Info, OpenApi, Ref, RefOr, Required};
use utoipa::{PartialSchema, ToSchema};

use crate::access::{Access, Method, Route, TABLE};
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
    whole.components = Some(components);
    for (path, item) in &mut whole.paths.paths {
        for (method, operation) in operations_mut(item) {
            let entry = TABLE
                .iter()
                .find(|route| route.path == path && route.method == method)
                .ok_or_else(|| DocumentError::NoEntry(format!("{method} {path}")))?;
            complete(operation, entry);
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

/// Serves the document and its page.
pub fn routes(document: &OpenApi) -> Result<Router, DocumentError> {
    let body = Bytes::from(serde_json::to_vec(document)?);
    let headers = [
        (header::CONTENT_TYPE, "application/json"),
        (header::CACHE_CONTROL, "public, max-age=300"),
    ];
    Ok(Router::new()
        .route(DOCUMENT_PATH, get(move || async move { (headers, body) }))
        .route(PAGE_PATH, get(|| async { page() })))
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

fn complete(operation: &mut Operation, entry: &Route) {
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
    let takes_input = body || !parameters.is_empty() || entry.method == Method::Get;
    let in_path = entry.path.contains('{');
    let session = entry.access.needs_session();
    let statuses = [
        (400, takes_input),
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
    let mut by_status: BTreeMap<u16, Vec<Kind>> = BTreeMap::new();
    for kind in Kind::ALL {
        by_status
            .entry(kind.status().as_u16())
            .or_default()
            .push(*kind);
    }
    for (status, kinds) in by_status {
        let titles: Vec<&str> = kinds.iter().map(|kind| kind.title()).collect();
        let mut response = Described::new(titles.join("; "));
        let examples = kinds.iter().map(|kind| {
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
        let content = ContentBuilder::new()
            .schema(Some(Ref::from_schema_name("Problem")))
            .examples_from_iter(examples)
            .build();
        response
            .content
            .insert(PROBLEM_JSON.to_owned(), RefOr::T(content));
        components
            .responses
            .insert(component(status), RefOr::T(response));
    }
}
