//! Who is asking: the signed-in person of a request, and the port that turns a bearer token into one.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use http::request::Parts;
use http::{HeaderMap, header};
use vio_domain::ids::{SignInId, TenantId, UserId};
use vio_domain::permission::{ContactScopes, Permission, PermissionSet, Preset, Role};

use crate::problem::Problem;

/// The signed-in person. A handler's argument; there is one on every route whose access needs a session.
#[derive(Clone)]
pub struct Principal {
    /// The business they work for; every read and write starts from it.
    pub tenant_id: TenantId,
    /// The person.
    pub user_id: UserId,
    /// The session they signed in with.
    pub session_id: SignInId,
    /// The role.
    pub role: Role,
    /// The preset of a `client_user`.
    pub preset: Option<Preset>,
    /// What they may do, custom permissions applied.
    pub permissions: PermissionSet,
    /// Which contacts they reach.
    pub scope: ContactScopes,
    /// Where the request came from, where the host knows; set by [`crate::access`], not by the authenticator.
    pub ip: Option<IpAddr>,
    /// What the client calls itself, at most 256 characters; set by [`crate::access`].
    pub user_agent: Option<String>,
}

impl Principal {
    /// Refuses (403) a person without the permission; for decisions that hang on the body, not on the route.
    pub fn require(&self, permission: Permission) -> Result<(), Problem> {
        if self.permissions.contains(permission) {
            Ok(())
        } else {
            Err(Problem::lacks(&[permission]))
        }
    }
}

impl fmt::Debug for Principal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Principal")
            .field("tenant_id", &self.tenant_id)
            .field("user_id", &self.user_id)
            .field("role", &self.role)
            .finish_non_exhaustive()
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Principal {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        parts
            .extensions
            .get::<Arc<Principal>>()
            .map(|principal| Principal::clone(principal))
            .ok_or_else(|| {
                Problem::internal_because(
                    "a handler asks who is signed in on a route without sign-in",
                )
            })
    }
}

/// Where a request came from; also available on public routes, such as sign-in.
#[derive(Clone, PartialEq, Eq)]
pub struct Client {
    /// The address, where the host knows it.
    pub ip: Option<IpAddr>,
    /// The `User-Agent`, at most 256 characters.
    pub user_agent: Option<String>,
}

/// The caller's address, put into the request's extensions by the host that received it: only it knows which of the
/// forwarded headers can be trusted.
#[derive(Debug, Clone, Copy)]
pub struct ClientIp(pub IpAddr);

impl Client {
    pub(crate) fn of<B>(request: &http::Request<B>) -> Self {
        Self::from(request.headers(), request.extensions())
    }

    fn from(headers: &HeaderMap, extensions: &http::Extensions) -> Self {
        const LONGEST: usize = 256;
        Self {
            ip: extensions.get::<ClientIp>().map(|ip| ip.0),
            user_agent: headers
                .get(header::USER_AGENT)
                .and_then(|value| value.to_str().ok())
                .map(|text| text.chars().take(LONGEST).collect()),
        }
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Client(..)")
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Client {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        Ok(Self::from(&parts.headers, &parts.extensions))
    }
}

/// Why a token was not accepted.
#[derive(Debug, thiserror::Error)]
pub enum AuthError {
    /// Forged, expired, revoked, or its user or session is gone. The caller learns no more than that.
    #[error("the token was refused")]
    Refused,
    /// The tenant is suspended (rules.md, guards).
    #[error("the tenant is suspended")]
    TenantSuspended,
    /// The token could not be judged now.
    #[error("sign-in cannot be checked")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Turns a bearer token into the person it stands for.
#[async_trait::async_trait]
pub trait Authenticator: Send + Sync {
    /// Checks signature and expiry, and that session, role version and tenant still stand; those may come from a cache
    /// of at most 30 s unless `fresh` (architecture.md Authentication). `ip` and `user_agent` are left `None`.
    async fn authenticate(&self, bearer: &str, fresh: bool) -> Result<Principal, AuthError>;
}
