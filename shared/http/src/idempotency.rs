//! `Idempotency-Key` on POSTs: the same key and request gets the same answer and happens once, per tenant and route,
//! for 24 h; another request under the same key is 422 (rules.md Contacts).

use std::fmt;
use std::future::Future;

use aws_lc_rs::digest::{Context, SHA256};
use axum::body::{Body, to_bytes};
use axum::extract::{FromRequest, Request};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use serde::de::DeserializeOwned;
use serde_json::Value;
use uuid::Uuid;
use vio_domain::ids::TenantId;

use crate::access::Route;
use crate::body;
use crate::problem::{FieldProblem, Kind, Problem};

/// The request header.
pub const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// Set to `true` on an answer given again.
pub const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// What of an answer's headers is kept with it.
const KEPT: [HeaderName; 3] = [header::CONTENT_TYPE, header::ETAG, header::LOCATION];

/// The largest answer that is kept.
const LONGEST_ANSWER: usize = 256 * 1024;

/// A key: 1 to 255 characters of printable ASCII.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Key(String);

impl Key {
    /// Reads a key.
    pub fn parse(text: &str) -> Option<Self> {
        let fits = (1..=255).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_graphic() || b == b' ');
        fits.then(|| Self(text.to_owned()))
    }

    /// The key's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Key {
    /// Clients choose keys, so they may hold anything: never shown.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(..)")
    }
}

/// A keyed request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyedRequest {
    /// The key.
    pub key: Key,
    /// Method and path template: keys of different routes do not meet.
    pub route: String,
    /// SHA-256 of method, path and canonical body.
    pub fingerprint: [u8; 32],
}

/// The body of a POST that answers an idempotency key, and the key if there is one. A missing body is `{}`.
#[derive(Debug, Clone)]
pub struct Idempotent<T> {
    /// The body, read as [`Json`](crate::body::Json) reads it.
    pub body: T,
    /// The key; `None` where the client sent none.
    pub keyed: Option<KeyedRequest>,
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Idempotent<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, _: &S) -> Result<Self, Problem> {
        let route = request
            .extensions()
            .get::<Route>()
            .copied()
            .filter(|route| route.idempotent_post)
            .ok_or_else(|| {
                Problem::internal_because("a handler takes idempotency keys, its route does not")
            })?;
        let key = key_of(request.headers())?;
        let typed = request.headers().contains_key(header::CONTENT_TYPE);
        let json = body::expect_json(request.headers());
        let path = request.uri().path().to_owned();
        let raw = body::read(request).await?;
        let raw = if raw.is_empty() && !typed {
            Bytes::from_static(b"{}")
        } else {
            json?;
            raw
        };
        let body = body::parse(&raw)?;
        let keyed = match key {
            None => None,
            Some(key) => Some(KeyedRequest {
                key,
                route: format!("{} {}", route.method, route.path),
                fingerprint: fingerprint(route.method.as_str(), &path, &raw)?,
            }),
        };
        Ok(Self { body, keyed })
    }
}

fn key_of(headers: &HeaderMap) -> Result<Option<Key>, Problem> {
    let mut values = headers.get_all(IDEMPOTENCY_KEY).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    let key = value.to_str().ok().and_then(Key::parse);
    match (key, values.next()) {
        (Some(key), None) => Ok(Some(key)),
        _ => Err(Problem::new(Kind::MalformedRequest)
            .detail("The Idempotency-Key header could not be read.")
            .error(FieldProblem::new(
                "Idempotency-Key",
                "malformed",
                "Must be one value of 1 to 255 printable ASCII characters.",
            ))),
    }
}

/// SHA-256 over method, path (ids included) and the body with sorted keys and no spaces.
fn fingerprint(method: &str, path: &str, body: &[u8]) -> Result<[u8; 32], Problem> {
    let value: Value = serde_json::from_slice(body).map_err(|error| Problem::internal(&error))?;
    let mut text = String::new();
    canonical(&value, &mut text);
    let mut hash = Context::new(&SHA256);
    for part in [method, path, &text] {
        hash.update(&(part.len() as u64).to_be_bytes());
        hash.update(part.as_bytes());
    }
    let mut fingerprint = [0; 32];
    fingerprint.copy_from_slice(hash.finish().as_ref());
    Ok(fingerprint)
}

fn canonical(value: &Value, out: &mut String) {
    match value {
        Value::Array(items) => {
            out.push('[');
            for item in items {
                canonical(item, out);
                out.push(',');
            }
            out.push(']');
        }
        Value::Object(fields) => {
            let mut sorted: Vec<_> = fields.iter().collect();
            sorted.sort_by_key(|(name, _)| *name);
            out.push('{');
            for (name, field) in sorted {
                out.push_str(&Value::String(name.clone()).to_string());
                out.push(':');
                canonical(field, out);
                out.push(',');
            }
            out.push('}');
        }
        plain => out.push_str(&plain.to_string()),
    }
}

/// An answer to be given again. The body may hold personal data: a store encrypts it.
#[derive(Clone, PartialEq, Eq)]
pub struct SavedAnswer {
    /// The status.
    pub status: u16,
    /// Content type, ETag and location.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Bytes,
}

impl fmt::Debug for SavedAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SavedAnswer")
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

impl SavedAnswer {
    fn replay(self) -> Result<Response, Problem> {
        let lost = || Problem::internal_because("a stored answer cannot be read");
        let mut response = Response::new(Body::from(self.body));
        *response.status_mut() = StatusCode::from_u16(self.status).map_err(|_| lost())?;
        for (name, value) in self.headers {
            let name = HeaderName::try_from(name).map_err(|_| lost())?;
            let value = HeaderValue::try_from(value).map_err(|_| lost())?;
            response.headers_mut().insert(name, value);
        }
        response
            .headers_mut()
            .insert(REPLAYED, HeaderValue::from_static("true"));
        Ok(response)
    }
}

/// What a store says of a keyed request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Begin {
    /// Do it. `operation` stays the same for this key until an answer is kept, also after a crash: a handler that makes
    /// its new record's id from it finds, when the request is repeated, that the record is there already.
    Fresh {
        /// A UUIDv7 made with the first try.
        operation: Uuid,
    },
    /// It was done; this was the answer.
    Replay(SavedAnswer),
    /// The key stands for another request.
    Mismatch,
    /// The first try is still under way (its lease has not run out).
    InProgress,
}

/// A store's failure, kept out of answers.
pub type StoreFailure = Box<dyn std::error::Error + Send + Sync>;

/// Remembers keyed requests for 24 hours (rules.md), per tenant and route.
#[async_trait::async_trait]
pub trait IdempotencyStore: Send + Sync {
    /// Takes the key with a lease as long as a request can last, or says why not.
    async fn begin(&self, tenant: TenantId, request: &KeyedRequest) -> Result<Begin, StoreFailure>;
    /// Keeps the answer.
    async fn finish(
        &self,
        tenant: TenantId,
        request: &KeyedRequest,
        answer: SavedAnswer,
    ) -> Result<(), StoreFailure>;
    /// Ends the lease: the request was refused or failed, and may be tried again with the same key.
    async fn abandon(&self, tenant: TenantId, request: &KeyedRequest) -> Result<(), StoreFailure>;
}

/// Runs `work` once per key. `fresh_id` is the operation's id where the client sent no key. Successes are kept;
/// refusals and failures are not, so a corrected request may use its key again.
pub async fn once<F, R>(
    store: &dyn IdempotencyStore,
    tenant: TenantId,
    keyed: Option<KeyedRequest>,
    fresh_id: Uuid,
    work: impl FnOnce(Uuid) -> F,
) -> Result<Response, Problem>
where
    F: Future<Output = Result<R, Problem>>,
    R: IntoResponse,
{
    let Some(keyed) = keyed else {
        return work(fresh_id).await.map(IntoResponse::into_response);
    };
    let away = |failure: StoreFailure| Problem::unavailable(failure.as_ref());
    let operation = match store.begin(tenant, &keyed).await.map_err(away)? {
        Begin::Fresh { operation } => operation,
        Begin::Replay(answer) => return answer.replay(),
        Begin::Mismatch => {
            return Err(
                Problem::new(Kind::IdempotencyMismatch).error(FieldProblem::new(
                    "Idempotency-Key",
                    "mismatch",
                    "Use a new key for a new request.",
                )),
            );
        }
        Begin::InProgress => {
            return Err(Problem::new(Kind::IdempotencyInProgress).retry_after(2));
        }
    };
    let response = match work(operation).await.map(IntoResponse::into_response) {
        Ok(response) if response.status().is_success() => response,
        other => {
            if let Err(failure) = store.abandon(tenant, &keyed).await {
                // The lease runs out by itself; the refusal is what the caller needs to see.
                tracing::warn!(cause = %failure, "an idempotency lease could not be ended");
            }
            return other;
        }
    };
    let (parts, body) = response.into_parts();
    let body = to_bytes(body, LONGEST_ANSWER)
        .await
        .map_err(|error| Problem::internal(&error))?;
    let answer = SavedAnswer {
        status: parts.status.as_u16(),
        headers: KEPT
            .iter()
            .filter_map(|name| {
                let value = parts.headers.get(name)?.to_str().ok()?;
                Some((name.as_str().to_owned(), value.to_owned()))
            })
            .collect(),
        body: body.clone(),
    };
    if let Err(failure) = store.finish(tenant, &keyed, answer).await {
        // It is done. A repeat finds it by its operation id once the lease has run out.
        tracing::error!(cause = %failure, "an answer could not be kept for its idempotency key");
    }
    Ok(Response::from_parts(parts, Body::from(body)))
}

#[cfg(test)]
#[path = "idempotency_tests.rs"]
mod tests;
