//! What every refusal looks like: RFC 9457 `application/problem+json` (rules.md Errors).
//!
//! A [`Problem`] carries a stable type, a sentence a receptionist understands, field errors by JSON pointer, and for
//! limits when to come back. What went wrong inside is kept apart, logged once by [`crate::edge`], and never sent.

use std::fmt;

use axum::Json;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, SecondsFormat, Utc};
use http::{HeaderName, HeaderValue, header};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;
use vio_domain::permission::Permission;

pub use crate::problem_kind::Kind;

/// The media type of every refusal.
pub const PROBLEM_JSON: &str = "application/problem+json";

/// One thing wrong with one field of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldProblem {
    /// Where: a JSON pointer into the body (`/phone`), or the name of a query parameter or header.
    #[schema(example = "/phone")]
    pub pointer: String,
    /// What to do about it, for people.
    #[schema(example = "Enter a full phone number with its area code.")]
    pub detail: String,
    /// What is wrong, for programs.
    #[schema(example = "invalid_phone")]
    pub code: String,
}

impl FieldProblem {
    /// A field problem.
    pub fn new(
        pointer: impl Into<String>,
        code: impl Into<String>,
        detail: impl Into<String>,
    ) -> Self {
        Self {
            pointer: pointer.into(),
            code: code.into(),
            detail: detail.into(),
        }
    }
}

/// A refusal. Returned by handlers as the `Err` side; becomes the response as the last step.
#[derive(Clone)]
pub struct Problem(Box<Inner>);

#[derive(Clone)]
struct Inner {
    kind: Kind,
    detail: Option<String>,
    errors: Vec<FieldProblem>,
    retry_after: Option<u64>,
    next_allowed_at: Option<DateTime<Utc>>,
    extensions: Map<String, Value>,
    headers: Vec<(HeaderName, HeaderValue)>,
    source: Option<String>,
}

/// A problem document (RFC 9457). Some types add members of their own, such as `existing_ids` or `session_id`.
#[derive(Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct Document<'a> {
    /// The stable URI of the problem's type.
    #[serde(rename = "type")]
    #[schema(example = "https://vioconcierge.dev/problems/validation")]
    pub type_uri: String,
    /// The type in a few words.
    #[schema(example = "Some fields need correcting")]
    pub title: &'a str,
    /// The HTTP status.
    #[schema(example = 422)]
    pub status: u16,
    /// What happened and what to do, in a sentence.
    #[schema(example = "Please correct the fields listed and send the form again.")]
    pub detail: &'a str,
    /// The request this answers, as `urn:uuid:` and its request id.
    #[schema(example = "urn:uuid:0192f0c1-2b3c-7def-8abc-0123456789ab")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instance: Option<&'a str>,
    /// The fields at fault.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    pub errors: &'a [FieldProblem],
    /// Seconds after which to try again; the same as the `Retry-After` header.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u64>,
    /// The first instant at which the request could succeed, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_allowed_at: Option<String>,
    /// Members that belong to the problem's type.
    #[serde(flatten)]
    #[schema(additional_properties, inline)]
    pub extensions: &'a Map<String, Value>,
}

/// Marks a response that was made from a [`Problem`], so that the edge can add the request id and log the cause.
#[derive(Clone)]
pub(crate) struct Carried(pub(crate) Problem);

impl Problem {
    /// A problem of this kind, with the kind's own sentence.
    pub fn new(kind: Kind) -> Self {
        Self(Box::new(Inner {
            kind,
            detail: None,
            errors: Vec::new(),
            retry_after: None,
            next_allowed_at: None,
            extensions: Map::new(),
            headers: Vec::new(),
            source: None,
        }))
    }

    /// Nothing by that id for this caller; also another tenant's id (rules.md).
    pub fn not_found() -> Self {
        Self::new(Kind::NotFound)
    }

    /// Signed in, but not allowed.
    pub fn forbidden() -> Self {
        Self::new(Kind::Forbidden)
    }

    /// Signed in, but without any of these permissions; they are named, so that an administrator can be asked for one.
    pub fn lacks(permissions: &[Permission]) -> Self {
        let names: Vec<&str> = permissions.iter().map(|each| each.as_str()).collect();
        Self::forbidden().with("permissions", names)
    }

    /// Not signed in, or no longer.
    pub fn unauthorized() -> Self {
        Self::new(Kind::Unauthorized)
    }

    /// Fields that need correcting (422).
    pub fn validation(errors: Vec<FieldProblem>) -> Self {
        let mut problem = Self::new(Kind::Validation);
        problem.0.errors = errors;
        problem
    }

    /// Something broke on our side. `cause` and its sources are logged, never sent; like every error of ours they
    /// must hold no personal data.
    pub fn internal(cause: &(dyn std::error::Error + 'static)) -> Self {
        Self::new(Kind::Internal).caused_by(cause)
    }

    /// Something broke on our side, told in words for the log.
    pub fn internal_because(cause: impl Into<String>) -> Self {
        let mut problem = Self::new(Kind::Internal);
        problem.0.source = Some(cause.into());
        problem
    }

    /// A dependency is away for now (503); `cause` is logged.
    pub fn unavailable(cause: &(dyn std::error::Error + 'static)) -> Self {
        Self::new(Kind::Unavailable).caused_by(cause).retry_after(2)
    }

    /// Replaces the kind's sentence.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.0.detail = Some(detail.into());
        self
    }

    /// Adds a field at fault.
    #[must_use]
    pub fn error(mut self, error: FieldProblem) -> Self {
        self.0.errors.push(error);
        self
    }

    /// When to try again, in seconds; also sent as `Retry-After`.
    #[must_use]
    pub fn retry_after(mut self, seconds: u64) -> Self {
        self.0.retry_after = Some(seconds);
        self
    }

    /// The first instant at which the request could succeed.
    #[must_use]
    pub fn next_allowed_at(mut self, at: DateTime<Utc>) -> Self {
        self.0.next_allowed_at = Some(at);
        self
    }

    /// A member of its own, such as `existing_ids` or `session_id`. The standard members cannot be replaced.
    #[must_use]
    pub fn with(mut self, member: &str, value: impl Into<Value>) -> Self {
        const STANDARD: [&str; 8] = [
            "type",
            "title",
            "status",
            "detail",
            "instance",
            "errors",
            "retry_after",
            "next_allowed_at",
        ];
        if !STANDARD.contains(&member) {
            self.0.extensions.insert(member.to_owned(), value.into());
        }
        self
    }

    /// A response header, such as `Allow` or `ETag`.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.0.headers.push((name, value));
        self
    }

    /// The error behind it, with its chain, for the log.
    #[must_use]
    pub fn caused_by(mut self, cause: &(dyn std::error::Error + 'static)) -> Self {
        let mut text = cause.to_string();
        let mut next = cause.source();
        while let Some(source) = next {
            text.push_str(": ");
            text.push_str(&source.to_string());
            next = source.source();
        }
        self.0.source = Some(text);
        self
    }

    /// The kind.
    pub fn kind(&self) -> Kind {
        self.0.kind
    }

    /// The fields at fault.
    pub fn errors(&self) -> &[FieldProblem] {
        &self.0.errors
    }

    /// A member added by [`Problem::with`].
    pub fn member(&self, name: &str) -> Option<&Value> {
        self.0.extensions.get(name)
    }

    pub(crate) fn source(&self) -> Option<&str> {
        self.0.source.as_deref()
    }

    /// The response; `instance` names the request.
    pub(crate) fn respond(self, instance: Option<&str>) -> Response {
        let inner = &self.0;
        let document = Document {
            type_uri: inner.kind.uri(),
            title: inner.kind.title(),
            status: inner.kind.status().as_u16(),
            detail: inner.detail.as_deref().unwrap_or(inner.kind.detail()),
            instance,
            errors: &inner.errors,
            retry_after: inner.retry_after,
            next_allowed_at: inner
                .next_allowed_at
                .map(|at| at.to_rfc3339_opts(SecondsFormat::AutoSi, true)),
            extensions: &inner.extensions,
        };
        let mut response = (inner.kind.status(), Json(document)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(PROBLEM_JSON));
        if let Some(seconds) = inner.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if inner.kind.status() == http::StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        for (name, value) in &inner.headers {
            headers.insert(name, value.clone());
        }
        response.extensions_mut().insert(Carried(self));
        response
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        self.respond(None)
    }
}

impl fmt::Debug for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Problem")
            .field("kind", &self.0.kind)
            .field("errors", &self.0.errors)
            .field("source", &self.0.source)
            .finish_non_exhaustive()
    }
}

impl From<Kind> for Problem {
    fn from(kind: Kind) -> Self {
        Self::new(kind)
    }
}
