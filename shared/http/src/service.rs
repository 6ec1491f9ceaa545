//! Puts a function's routes behind the layers that every HTTP function shares, in the one right order.

use std::sync::Arc;

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};

use crate::access::{self, Route, TABLE};
use crate::edge;
use crate::origin::{self, OriginHashes};
use crate::principal::Authenticator;
use crate::problem::{Kind, Problem};
use crate::rate::RateLimiter;

/// What the layers need. Cheap to clone.
#[derive(Clone)]
pub struct Shared {
    pub(crate) authenticator: Arc<dyn Authenticator>,
    pub(crate) rate_limiter: Arc<dyn RateLimiter>,
    pub(crate) origin: Option<OriginHashes>,
    pub(crate) table: &'static [Route],
}

impl Shared {
    /// With every route of the product, and no edge before it.
    pub fn new(authenticator: Arc<dyn Authenticator>, rate_limiter: Arc<dyn RateLimiter>) -> Self {
        Self {
            authenticator,
            rate_limiter,
            origin: None,
            table: TABLE,
        }
    }

    /// Refuses requests that did not come through the edge. Every deployed function does; the local host has no edge.
    #[must_use]
    pub fn with_origin(mut self, hashes: OriginHashes) -> Self {
        self.origin = Some(hashes);
        self
    }

    #[cfg(test)]
    pub(crate) fn with_table(mut self, table: &'static [Route]) -> Self {
        self.table = table;
        self
    }
}

/// A function's routes, ready to be served. From the outside in: [`crate::edge`] (id, log, headers, panics), then
/// [`crate::origin`], then [`crate::access`] (table, sign-in, request limit, permission), then the handler. The routes' paths are whole
/// (`/api/…`), as in the table.
pub fn service(routes: Router, shared: Shared) -> Router {
    routes
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(from_fn_with_state(shared.clone(), access::require_access))
        .layer(from_fn_with_state(shared, origin::require_origin))
        .layer(from_fn(edge::edge))
}

async fn not_found() -> Response {
    Problem::not_found().into_response()
}

async fn method_not_allowed() -> Response {
    Problem::new(Kind::MethodNotAllowed).into_response()
}

#[cfg(test)]
mod tests;
