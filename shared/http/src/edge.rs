//! The outermost layer: request id in and out, one log line per request, security headers, panics and stray errors
//! turned into problems. Query strings, bodies, headers and paths with ids in them are never logged.

use std::panic::AssertUnwindSafe;
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use axum::extract::{FromRequestParts, MatchedPath, Request};
use axum::middleware::Next;
use axum::response::Response;
use futures::FutureExt;
use http::request::Parts;
use http::{HeaderName, HeaderValue, StatusCode, header};
use uuid::Uuid;
use vio_domain::ids::{TenantId, UserId};

use crate::principal::Principal;
use crate::problem::{Carried, Kind, Problem};

/// The response header that carries the request id.
pub const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The id of this request; a handler's argument, for audit entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RequestId(pub Uuid);

impl<S: Send + Sync> FromRequestParts<S> for RequestId {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts
            .extensions
            .get::<Arc<RequestContext>>()
            .map(|context| context.id)
            .ok_or_else(|| Problem::internal_because("a request without an id"))
    }
}

/// What is known of a request while it is served.
pub(crate) struct RequestContext {
    pub(crate) id: RequestId,
    signed_in: OnceLock<(TenantId, UserId)>,
}

impl RequestContext {
    pub(crate) fn signed_in(&self, principal: &Principal) {
        // Set once per request by the access layer; a second value could only be the same.
        let _ = self.signed_in.set((principal.tenant_id, principal.user_id));
    }
}

/// Set where missing, so that the documentation page can have a policy that lets its own script run.
const SECURITY_HEADERS: &[(&str, &str)] = &[
    (
        "content-security-policy",
        "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    ),
    ("cache-control", "no-store"),
    ("x-content-type-options", "nosniff"),
    ("x-frame-options", "DENY"),
    ("referrer-policy", "no-referrer"),
    (
        "strict-transport-security",
        "max-age=63072000; includeSubDomains",
    ),
    ("cross-origin-resource-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
    (
        "permissions-policy",
        "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    ),
];

pub(crate) async fn edge(mut request: Request, next: Next) -> Response {
    let started = Instant::now();
    let context = Arc::new(RequestContext {
        id: RequestId(Uuid::now_v7()),
        signed_in: OnceLock::new(),
    });
    let method = request.method().clone();
    let path = request.extensions().get::<MatchedPath>().cloned();
    request.extensions_mut().insert(Arc::clone(&context));

    let outcome = AssertUnwindSafe(next.run(request)).catch_unwind().await;
    let response = outcome.unwrap_or_else(|_| {
        // The panic's own message went to the panic hook; it may hold data, so it is not repeated here.
        axum::response::IntoResponse::into_response(Problem::internal_because("a handler panicked"))
    });

    let id = context.id.0.as_hyphenated().to_string();
    let (mut response, cause) = as_problem(response, &format!("urn:uuid:{id}"));
    for &(name, value) in SECURITY_HEADERS {
        response
            .headers_mut()
            .entry(HeaderName::from_static(name))
            .or_insert(HeaderValue::from_static(value));
    }
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(X_REQUEST_ID, value);
    }
    let line = Line {
        method: method.as_str(),
        path: path.as_ref().map_or("unmatched", MatchedPath::as_str),
        status: response.status(),
        started,
        request_id: &id,
        signed_in: context.signed_in.get(),
        cause: cause.as_deref(),
    };
    line.log();
    response
}

/// Gives a problem its request id, and turns an error that is no problem document (one of axum's own) into one.
fn as_problem(response: Response, instance: &str) -> (Response, Option<String>) {
    let status = response.status();
    if let Some(Carried(problem)) = response.extensions().get::<Carried>() {
        let problem = problem.clone();
        let cause = problem.source().map(str::to_owned);
        let rendered = problem.respond(Some(instance));
        let (mut parts, body) = rendered.into_parts();
        // Keep what inner layers added to the first rendering, cookies for one.
        for (name, value) in response.headers() {
            let mut rendered = parts.headers.get_all(name).iter();
            let known = if name == header::SET_COOKIE {
                rendered.any(|cookie| cookie == value)
            } else {
                name == header::CONTENT_LENGTH || rendered.next().is_some()
            };
            if !known {
                parts.headers.append(name, value.clone());
            }
        }
        return (Response::from_parts(parts, body), cause);
    }
    if !status.is_client_error() && !status.is_server_error() {
        return (response, None);
    }
    let kind = Kind::ALL
        .iter()
        .copied()
        .find(|kind| kind.status() == status)
        .unwrap_or(if status.is_client_error() {
            Kind::MalformedRequest
        } else {
            Kind::Internal
        });
    let mut problem = Problem::new(kind);
    if let Some(allow) = response.headers().get(header::ALLOW) {
        problem = problem.header(header::ALLOW, allow.clone());
    }
    let cause = status
        .is_server_error()
        .then(|| format!("a bare {} from a handler", status.as_u16()));
    (problem.respond(Some(instance)), cause)
}

struct Line<'a> {
    method: &'a str,
    path: &'a str,
    status: StatusCode,
    started: Instant,
    request_id: &'a str,
    signed_in: Option<&'a (TenantId, UserId)>,
    cause: Option<&'a str>,
}

impl Line<'_> {
    fn log(&self) {
        let tenant = self
            .signed_in
            .map(|(tenant, _)| tracing::field::display(tenant));
        let user = self
            .signed_in
            .map(|(_, user)| tracing::field::display(user));
        let micros = u64::try_from(self.started.elapsed().as_micros()).unwrap_or(u64::MAX);
        if let Some(cause) = self.cause {
            tracing::error!(
                method = self.method,
                path = self.path,
                status = self.status.as_u16(),
                duration_us = micros,
                request_id = self.request_id,
                tenant_id = tenant,
                user_id = user,
                cause,
                "request failed"
            );
        } else {
            tracing::info!(
                method = self.method,
                path = self.path,
                status = self.status.as_u16(),
                duration_us = micros,
                request_id = self.request_id,
                tenant_id = tenant,
                user_id = user,
                "request served"
            );
        }
    }
}
