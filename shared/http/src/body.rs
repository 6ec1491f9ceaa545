//! Bodies: JSON read strictly, and raw bytes for signed webhooks, both with a size limit.

use axum::extract::{FromRequest, OptionalFromRequest, Request};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::json_guard::{self, Fault};
use crate::objects::Objects;
use crate::problem::{FieldProblem, Kind, Problem};
use crate::serde_fault;

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// Bodies up to 1 MiB unless a route says otherwise.
pub const DEFAULT_BODY_LIMIT: usize = 1024 * 1024;

/// Problems of one request are listed up to this many.
const MOST_ERRORS: usize = 50;

/// How many bytes a body may have.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BodyLimit(pub(crate) usize);

/// A limit of its own for the routes it is layered on: `router.layer(body_limit(64 * 1024))`.
pub fn body_limit(bytes: usize) -> axum::Extension<impl Clone + Send + Sync + 'static> {
    axum::Extension(BodyLimit(bytes))
}

/// A JSON body, read strictly: `application/json`, within the limits of size and depth, no key twice, no field that
/// `T` does not know, no list in place of an object (`T` needs no `deny_unknown_fields`; a `flatten` in it would hide unknown fields). `Option<Json<T>>` is `None` for a request without a body.
#[derive(Debug, Clone, Copy, Default)]
pub struct Json<T>(pub T);

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        match serde_json::to_vec(&self.0) {
            Ok(json) => ([(header::CONTENT_TYPE, JSON)], json).into_response(),
            Err(error) => Problem::internal(&error).into_response(),
        }
    }
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        expect_json(request.headers())?;
        let body = read(request).await?;
        parse(&body).map(Self)
    }
}

impl<S: Send + Sync, T: DeserializeOwned> OptionalFromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Option<Self>, Problem> {
        let typed = request.headers().contains_key(header::CONTENT_TYPE);
        let json = expect_json(request.headers());
        let body = read(request).await?;
        if body.is_empty() && !typed {
            return Ok(None);
        }
        json?;
        if body.is_empty() {
            return Ok(None);
        }
        parse(&body).map(|value| Some(Self(value)))
    }
}

/// The bytes of a body, whatever its type, within the limit; for signatures, which cover the raw body.
#[derive(Debug, Clone)]
pub struct RawBody(pub Bytes);

impl<S: Send + Sync> FromRequest<S> for RawBody {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        read(request).await.map(Self)
    }
}

/// Refuses (415) a body that does not say it is JSON in UTF-8.
pub(crate) fn expect_json(headers: &HeaderMap) -> Result<(), Problem> {
    let value = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let mut parts = value.split(';').map(str::trim);
    let media_type = parts.next().unwrap_or_default().to_ascii_lowercase();
    let json = media_type == "application/json"
        || (media_type.starts_with("application/") && media_type.ends_with("+json"));
    let utf8 = parts.all(|parameter| {
        parameter.split_once('=').is_none_or(|(name, value)| {
            !name.eq_ignore_ascii_case("charset")
                || value.trim_matches('"').eq_ignore_ascii_case("utf-8")
        })
    });
    if json && utf8 {
        Ok(())
    } else {
        Err(
            Problem::new(Kind::UnsupportedMediaType).error(FieldProblem::new(
                "Content-Type",
                "unsupported_media_type",
                "Must be application/json in UTF-8.",
            )),
        )
    }
}

/// Reads the body up to its limit (413 beyond it).
pub(crate) async fn read(request: Request) -> Result<Bytes, Problem> {
    let limit = request
        .extensions()
        .get::<BodyLimit>()
        .map_or(DEFAULT_BODY_LIMIT, |limit| limit.0);
    let announced = request
        .headers()
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.parse::<u64>().ok());
    if announced.is_some_and(|length| length > limit as u64) {
        return Err(too_large(limit));
    }
    match Limited::new(request.into_body(), limit).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(too_large(limit)),
        // axum wraps the limit's error once more when a host has set one of its own.
        Err(error)
            if error
                .source()
                .is_some_and(|source| source.is::<LengthLimitError>()) =>
        {
            Err(too_large(limit))
        }
        Err(_) => Err(Problem::new(Kind::MalformedRequest).detail("The request's body broke off.")),
    }
}

fn too_large(limit: usize) -> Problem {
    Problem::new(Kind::PayloadTooLarge)
        .detail(format!("The request may have at most {limit} bytes."))
        .error(FieldProblem::new("", "too_large", "The body is too large."))
}

/// Parses a body into `T`; see [`Json`] for what is refused. 400 for what is no JSON, 422 for what is not `T`.
pub fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    json_guard::check(body).map_err(|fault| {
        let (pointer, code, detail) = match fault {
            Fault::Syntax(pointer) => (pointer, "syntax", "The text is not valid JSON here."),
            Fault::TooDeep(pointer) => (pointer, "too_deep", "Nested too deep."),
            Fault::DuplicateKey(pointer) => {
                (pointer, "duplicate_key", "This field is given twice.")
            }
        };
        Problem::new(Kind::MalformedJson).error(FieldProblem::new(pointer, code, detail))
    })?;

    let mut unknown = Vec::new();
    let mut track = serde_path_to_error::Track::new();
    let mut json = serde_json::Deserializer::from_slice(body);
    let tracked = serde_path_to_error::Deserializer::new(Objects(&mut json), &mut track);
    let value = serde_ignored::deserialize(tracked, |path| {
        if unknown.len() < MOST_ERRORS {
            unknown.push(serde_fault::unknown_field(serde_fault::ignored_pointer(
                &path,
            )));
        }
    });
    match value {
        Ok(value) if unknown.is_empty() => Ok(value),
        Ok(_) => Err(Problem::validation(unknown)),
        Err(error) => {
            let pointer = serde_fault::pointer(&track.path());
            unknown.push(serde_fault::explain(pointer, &error.to_string()));
            Err(Problem::validation(unknown))
        }
    }
}
