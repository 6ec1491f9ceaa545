//! Who a bearer token stands for (architecture.md Authentication): the signature with a cached key, then that tenant,
//! user and sign-in still stand, read from the table and kept at most [`CACHED_FOR`].

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use lru::LruCache;
use vio_crypto::tokens::{AccessTokens, TokenConfig};
use vio_domain::ids::{SignInId, TenantId, UserId};
use vio_http::{AuthError, Authenticator, Principal};
use vio_store::env::Clock;
use vio_store::tenants::TenantStatus;
use vio_store::tx::Tx;
use vio_store::users::{IdleHours, UserStatus};
use vio_store::{Store, StoreError};

use crate::config::Platform;

/// How long a session that was found standing is believed without reading it again (architecture.md: ≤ 30 s).
pub const CACHED_FOR: TimeDelta = TimeDelta::seconds(30);
/// A sign-in's last use is written at most this often, so that a request seldom costs a write.
const TOUCHED_EVERY: TimeDelta = TimeDelta::minutes(5);
/// Sessions kept; about 1 KB each.
const CACHED_SESSIONS: NonZeroUsize = NonZeroUsize::MIN.saturating_add(4_095);
/// `aud` of access tokens.
const AUDIENCE: &str = "vioconcierge-api";

/// Who issues access tokens: this deployment, by its public address.
pub fn token_config(platform: &Platform) -> TokenConfig {
    TokenConfig::new(platform.public_url.clone(), AUDIENCE)
}

/// What of a session was read from the table.
#[derive(Clone)]
struct Standing {
    principal: Principal,
    permission_version: u64,
    idle: IdleHours,
    /// On the domain's clock.
    last_used: DateTime<Utc>,
    /// On the real one.
    read_at: DateTime<Utc>,
}

/// Judges access tokens against the table.
pub struct StoreAuthenticator {
    store: Store,
    tokens: Arc<AccessTokens>,
    clock: Arc<dyn Clock>,
    real_clock: Arc<dyn Clock>,
    seen: Mutex<LruCache<SignInId, Standing>>,
}

impl std::fmt::Debug for StoreAuthenticator {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("StoreAuthenticator").finish_non_exhaustive()
    }
}

fn away(error: StoreError) -> AuthError {
    AuthError::Unavailable(Box::new(error))
}

impl StoreAuthenticator {
    pub fn new(
        store: Store,
        tokens: Arc<AccessTokens>,
        clock: Arc<dyn Clock>,
        real_clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            store,
            tokens,
            clock,
            real_clock,
            seen: Mutex::new(LruCache::new(CACHED_SESSIONS)),
        }
    }

    /// Forgets what is known of a sign-in: it ended in this process.
    pub fn forget(&self, sign_in: SignInId) {
        self.seen().pop(&sign_in);
    }

    /// Forgets what is known of every sign-in of a user.
    pub fn forget_user(&self, user: UserId) {
        let mut seen = self.seen();
        let theirs: Vec<SignInId> = seen
            .iter()
            .filter(|(_, standing)| standing.principal.user_id == user)
            .map(|(id, _)| *id)
            .collect();
        for id in theirs {
            seen.pop(&id);
        }
    }

    fn seen(&self) -> std::sync::MutexGuard<'_, LruCache<SignInId, Standing>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn cached(&self, id: SignInId, real_now: DateTime<Utc>) -> Option<Standing> {
        self.seen()
            .get(&id)
            .filter(|standing| {
                let age = real_now - standing.read_at;
                age >= TimeDelta::zero() && age < CACHED_FOR
            })
            // One whose last use should be written is read again, too.
            .filter(|standing| self.clock.now() - standing.last_used < TOUCHED_EVERY)
            .cloned()
    }

    /// Whether a session still stands, as far as is known; to ask is not to use it.
    pub async fn stands(
        &self,
        tenant: TenantId,
        user: UserId,
        id: SignInId,
    ) -> Result<bool, AuthError> {
        let real_now = self.real_clock.now();
        let standing = match self.cached(id, real_now) {
            Some(standing) => standing,
            None => match self.read(tenant, user, id, real_now, false).await {
                Ok(standing) => {
                    self.seen().put(id, standing.clone());
                    standing
                }
                Err(AuthError::Unavailable(error)) => return Err(AuthError::Unavailable(error)),
                Err(_) => {
                    self.forget(id);
                    return Ok(false);
                }
            },
        };
        let whose = &standing.principal;
        let same = whose.tenant_id == tenant && whose.user_id == user;
        Ok(same && self.clock.now() - standing.last_used < standing.idle.span())
    }

    /// `used`: whether this is a use of the session, which puts off its idle logout.
    async fn read(
        &self,
        tenant: TenantId,
        user: UserId,
        id: SignInId,
        real_now: DateTime<Utc>,
        used: bool,
    ) -> Result<Standing, AuthError> {
        let standing = self.store.standing(tenant, user, id).await.map_err(away)?;
        let Some((tenant_row, user_row, mut sign_in)) = standing else {
            return Err(AuthError::Refused);
        };
        if user_row.status != UserStatus::Active || sign_in.expires_at <= real_now {
            return Err(AuthError::Refused);
        }
        if tenant_row.status == TenantStatus::Suspended {
            return Err(AuthError::TenantSuspended);
        }
        let now = self.clock.now();
        let idle_for = now - sign_in.last_used;
        if idle_for >= user_row.idle.span() {
            return Err(AuthError::Refused);
        }
        if used && idle_for >= TOUCHED_EVERY {
            sign_in.last_used = now;
            let mut tx = Tx::new();
            tx.update(&mut sign_in).map_err(away)?;
            match self.store.commit(tx).await {
                Ok(()) => {}
                // Renewed or ended meanwhile: the next reading tells.
                Err(error) if error.is_lost() => {}
                Err(error) => return Err(away(error)),
            }
        }
        Ok(Standing {
            principal: Principal {
                tenant_id: tenant,
                user_id: user,
                session_id: id,
                role: user_row.role,
                preset: user_row.preset_in_force(),
                permissions: user_row.permissions(),
                scope: user_row.scopes(),
                ip: None,
                user_agent: None,
            },
            permission_version: user_row.permission_version,
            idle: user_row.idle,
            last_used: sign_in.last_used,
            read_at: real_now,
        })
    }
}

#[async_trait]
impl Authenticator for StoreAuthenticator {
    async fn authenticate(&self, bearer: &str, fresh: bool) -> Result<Principal, AuthError> {
        let real_now = self.real_clock.now();
        let verifier = self
            .tokens
            .verifier()
            .await
            .map_err(|error| AuthError::Unavailable(Box::new(error)))?;
        let claims = verifier
            .verify(bearer, real_now)
            .map_err(|_| AuthError::Refused)?;
        let id = SignInId::new(claims.sid);
        let known = (!fresh).then(|| self.cached(id, real_now)).flatten();
        let standing = match known {
            Some(standing) => standing,
            None => match self
                .read(
                    TenantId::new(claims.tid),
                    UserId::new(claims.sub),
                    id,
                    real_now,
                    true,
                )
                .await
            {
                Ok(standing) => {
                    self.seen().put(id, standing.clone());
                    standing
                }
                Err(error) => {
                    self.forget(id);
                    return Err(error);
                }
            },
        };
        let whose = &standing.principal;
        let same = whose.tenant_id.uuid() == claims.tid && whose.user_id.uuid() == claims.sub;
        // A token from before a change of what its holder may do is renewed first.
        if !same || standing.permission_version != claims.pv {
            return Err(AuthError::Refused);
        }
        if self.clock.now() - standing.last_used >= standing.idle.span() {
            return Err(AuthError::Refused);
        }
        Ok(standing.principal)
    }
}
