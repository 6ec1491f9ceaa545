//! Who may call what. Every route names what it needs in [`TABLE`](crate::access_table::TABLE), which this code and
//! the tests read; a route that is not in it is refused, whatever its handler does (rules.md People, roles, sessions).

use std::fmt;
use std::sync::Arc;

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::{HeaderValue, header};
use vio_domain::permission::Permission;

pub use crate::access_table::TABLE;
use crate::edge::RequestContext;
use crate::principal::{AuthError, Client, Principal};
use crate::problem::{Kind, Problem};
use crate::query;
use crate::rate::Decision;
use crate::service::Shared;

/// An HTTP method that a route may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Method {
    /// DELETE
    Delete,
    /// GET, and HEAD with it
    Get,
    /// PATCH
    Patch,
    /// POST
    Post,
    /// PUT
    Put,
}

impl Method {
    /// The method as it stands in a request.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Delete => "DELETE",
            Self::Get => "GET",
            Self::Patch => "PATCH",
            Self::Post => "POST",
            Self::Put => "PUT",
        }
    }

    fn of(method: &http::Method) -> Option<Self> {
        match *method {
            http::Method::DELETE => Some(Self::Delete),
            http::Method::GET | http::Method::HEAD => Some(Self::Get),
            http::Method::PATCH => Some(Self::Patch),
            http::Method::POST => Some(Self::Post),
            http::Method::PUT => Some(Self::Put),
            _ => None,
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a caller needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// Nothing.
    Public,
    /// A session, whatever the role.
    SignedIn,
    /// A session with this permission.
    Needs(Permission),
    /// A session with one of these permissions.
    NeedsAny(&'static [Permission]),
    /// The platform's operator.
    SuperAdmin,
    /// A provider's signature over the body, verified by the handler (rules.md Webhooks in).
    Signature,
}

impl Access {
    /// Whether the caller must be signed in.
    pub const fn needs_session(self) -> bool {
        !matches!(self, Self::Public | Self::Signature)
    }

    /// Whether this person may pass.
    pub fn allows(self, who: &Principal) -> bool {
        use vio_domain::permission::Role;
        match self {
            Self::Public | Self::Signature | Self::SignedIn => true,
            Self::Needs(permission) => who.permissions.contains(permission),
            Self::NeedsAny(permissions) => who.permissions.contains_any(permissions),
            Self::SuperAdmin => who.role == Role::SuperAdmin,
        }
    }
}

/// One route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Route {
    /// The whole path template, from `/api`.
    pub path: &'static str,
    /// The method.
    pub method: Method,
    /// What a caller needs.
    pub access: Access,
    /// Whether the route is a POST that answers an `Idempotency-Key`.
    pub idempotent_post: bool,
    /// Whether the route reads query parameters; on any other route each is refused by name (api.md).
    pub reads_parameters: bool,
    /// Whether session and role are read anew instead of from the cache (architecture.md Authentication).
    pub fresh: bool,
}

impl Route {
    pub(crate) const fn new(method: Method, path: &'static str, access: Access) -> Self {
        Self {
            path,
            method,
            access,
            idempotent_post: false,
            reads_parameters: false,
            fresh: false,
        }
    }

    pub(crate) const fn idempotent(mut self) -> Self {
        self.idempotent_post = true;
        self
    }

    pub(crate) const fn parameters(mut self) -> Self {
        self.reads_parameters = true;
        self
    }

    pub(crate) const fn fresh(mut self) -> Self {
        self.fresh = true;
        self
    }
}

/// The route's entry, if it has one.
pub fn route(method: &http::Method, path: &str) -> Option<&'static Route> {
    find(TABLE, Method::of(method)?, path)
}

fn find(table: &'static [Route], method: Method, path: &str) -> Option<&'static Route> {
    table
        .binary_search_by(|route| (route.path, route.method).cmp(&(path, method)))
        .ok()
        .map(|index| &table[index])
}

/// The methods that have an entry for this path, as an `Allow` header.
pub(crate) fn allowed(table: &[Route], path: &str) -> Option<HeaderValue> {
    let methods: Vec<&str> = table
        .iter()
        .filter(|route| route.path == path)
        .map(|route| route.method.as_str())
        .collect();
    if methods.is_empty() {
        return None;
    }
    HeaderValue::from_str(&methods.join(", ")).ok()
}

/// Refuses what the table does not allow. Runs once a route has matched, before its handler.
pub(crate) async fn require_access(
    State(shared): State<Shared>,
    mut request: Request,
    next: Next,
) -> Response {
    let Some(path) = request.extensions().get::<MatchedPath>().cloned() else {
        return next.run(request).await; // no route: the fallback answers 404
    };
    let table = shared.table;
    let entry = Method::of(request.method()).and_then(|method| find(table, method, path.as_str()));
    let Some(entry) = entry else {
        return match allowed(table, path.as_str()) {
            Some(allow) => Problem::new(Kind::MethodNotAllowed)
                .header(header::ALLOW, allow)
                .into_response(),
            None => Problem::internal_because("a route without an entry in the access table")
                .into_response(),
        };
    };
    if entry.access.needs_session() {
        let bearer = bearer(request.headers()).map(str::to_owned);
        let client = Client::of(&request);
        match admit(&shared, entry, bearer.as_deref(), client).await {
            Ok(principal) => {
                if let Some(context) = request.extensions().get::<Arc<RequestContext>>() {
                    context.signed_in(&principal);
                }
                request.extensions_mut().insert(Arc::new(principal));
            }
            Err(problem) => return problem.into_response(),
        }
    }
    if !entry.reads_parameters
        && let Err(problem) = query::none(request.uri().query())
    {
        return problem.into_response();
    }
    request.extensions_mut().insert(*entry);
    next.run(request).await
}

async fn admit(
    shared: &Shared,
    entry: &'static Route,
    bearer: Option<&str>,
    client: Client,
) -> Result<Principal, Problem> {
    let bearer = bearer.ok_or_else(Problem::unauthorized)?;
    let authenticated = shared.authenticator.authenticate(bearer, entry.fresh).await;
    let mut principal = authenticated.map_err(|error| match error {
        AuthError::Refused => Problem::unauthorized(),
        AuthError::TenantSuspended => Problem::new(Kind::TenantSuspended),
        AuthError::Unavailable(_) => Problem::unavailable(&error),
    })?;
    principal.ip = client.ip;
    principal.user_agent = client.user_agent;
    if let Decision::Wait { seconds } = shared.rate_limiter.check(principal.tenant_id).await {
        return Err(Problem::new(Kind::RateLimited)
            .detail(format!(
                "Too many requests from this business. Try again in {seconds} seconds."
            ))
            .retry_after(seconds));
    }
    if !entry.access.allows(&principal) {
        return Err(match entry.access {
            Access::Needs(permission) => Problem::lacks(&[permission]),
            Access::NeedsAny(permissions) => Problem::lacks(permissions),
            _ => Problem::forbidden(),
        });
    }
    Ok(principal)
}

/// The token of `Authorization: Bearer …`: one header, RFC 6750's characters, of a length a token can have.
fn bearer(headers: &http::HeaderMap) -> Option<&str> {
    const LONGEST: usize = 8 * 1024;
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let value = values.next()?.to_str().ok()?;
    if values.next().is_some() {
        return None;
    }
    let (scheme, token) = value.split_once(' ')?;
    let valid = scheme.eq_ignore_ascii_case("bearer")
        && !token.is_empty()
        && token.len() <= LONGEST
        && token
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b"-._~+/=".contains(&b));
    valid.then_some(token)
}
