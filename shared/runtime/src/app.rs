//! What every function works with, wired once at cold start and passed by reference; no globals.

use std::sync::Arc;

use axum::response::{IntoResponse, Response};
use tokio::sync::OnceCell;
use uuid::Uuid;
use vio_crypto::tokens::AccessTokens;
use vio_crypto::{KeyRing, Kms, PlatformKeys, SystemRandom};
use vio_domain::ids::TenantId;
use vio_http::idempotency::{self, KeyedRequest};
use vio_http::rate::{RateLimiter, Unlimited};
use vio_http::{Problem, Shared};
use vio_providers::retell::RetellFactory;
use vio_providers::twilio::{HttpTwilioFactory, TwilioFactory};
use vio_store::env::{Clock, IdSource};
use vio_store::port::Port;
use vio_store::{Store, StoreError};

use crate::auth::StoreAuthenticator;
use crate::config::Platform;
use crate::idempotency::StoredAnswers;
use crate::mail::Mail;
use crate::queues::Queues;
use crate::rate::TenantLimiter;

/// The product could not be wired.
#[derive(Debug, thiserror::Error)]
#[error("cannot start: {what}")]
pub struct StartError {
    pub what: &'static str,
    #[source]
    pub source: Box<dyn std::error::Error + Send + Sync>,
}

impl StartError {
    /// For use with `map_err`.
    pub fn because<E: Into<Box<dyn std::error::Error + Send + Sync>>>(
        what: &'static str,
    ) -> impl FnOnce(E) -> Self {
        move |source| Self {
            what,
            source: source.into(),
        }
    }
}

/// Everything a function needs. Cheap to clone.
#[derive(Clone)]
pub struct App {
    pub store: Store,
    platform_keys: Arc<OnceCell<PlatformKeys>>,
    pub tokens: Arc<AccessTokens>,
    /// One per process, so that what ends a session here is known to every router here.
    pub authenticator: Arc<StoreAuthenticator>,
    /// Counts each tenant's requests; one per process.
    pub requests: Arc<dyn RateLimiter>,
    /// Answers given under idempotency keys.
    pub answers: StoredAnswers,
    pub queues: Arc<dyn Queues>,
    pub retell: Arc<dyn RetellFactory>,
    pub twilio: Arc<dyn TwilioFactory>,
    /// The way out of e-mails; None where this deployment sends none.
    pub mail: Option<Mail>,
    pub platform: Arc<Platform>,
    /// The domain's clock.
    pub clock: Arc<dyn Clock>,
    /// Real time: tokens, signature timestamps (architecture.md "Two clocks").
    pub real_clock: Arc<dyn Clock>,
}

/// The parts that differ between AWS, the local host and tests.
pub struct Parts {
    pub port: Arc<dyn Port>,
    pub kms: Arc<dyn Kms>,
    pub queues: Arc<dyn Queues>,
    pub retell: Arc<dyn RetellFactory>,
    pub mail: Option<Mail>,
    pub platform: Platform,
    pub clock: Arc<dyn Clock>,
    pub real_clock: Arc<dyn Clock>,
    pub ids: Arc<dyn IdSource>,
}

impl App {
    /// Wires the parts together. Asks no service anything: what a function does not use, its start does not wait for.
    pub fn new(parts: Parts) -> Self {
        let random = Arc::new(SystemRandom);
        let store = Store::new(
            parts.port,
            KeyRing::new(parts.kms.clone()),
            parts.clock.clone(),
            parts.ids,
            random,
        );
        let config = crate::auth::token_config(&parts.platform);
        let tokens = Arc::new(AccessTokens::new(parts.kms, config));
        Self {
            authenticator: Arc::new(StoreAuthenticator::new(
                store.clone(),
                tokens.clone(),
                parts.clock.clone(),
                parts.real_clock.clone(),
            )),
            requests: match parts.platform.requests_per_minute {
                Some(limit) => Arc::new(TenantLimiter::new(
                    store.clone(),
                    parts.real_clock.clone(),
                    limit,
                )),
                None => Arc::new(Unlimited),
            },
            answers: StoredAnswers::new(store.clone()),
            tokens,
            store,
            platform_keys: Arc::default(),
            queues: parts.queues,
            retell: parts.retell,
            twilio: Arc::new(HttpTwilioFactory::new(vio_providers::Http::new())),
            mail: parts.mail,
            platform: Arc::new(parts.platform),
            clock: parts.clock,
            real_clock: parts.real_clock,
        }
    }

    /// Runs `work` once per key ([`idempotency::once`]).
    pub async fn once<F, R>(
        &self,
        tenant: TenantId,
        keyed: Option<KeyedRequest>,
        work: impl FnOnce(Uuid) -> F,
    ) -> Result<Response, Problem>
    where
        F: Future<Output = Result<R, Problem>>,
        R: IntoResponse,
    {
        let fresh = self.store.new_id();
        idempotency::once(&self.answers, tenant, keyed, fresh, work).await
    }

    /// The platform's own keys, read at the first use; made at the very first of an installation.
    pub async fn platform_keys(&self) -> Result<&PlatformKeys, StoreError> {
        self.platform_keys
            .get_or_try_init(|| self.store.platform_keys())
            .await
    }
}

impl App {
    /// What the shared HTTP layers need ([`vio_http::service`]).
    pub fn shared(&self) -> Shared {
        Shared::new(self.authenticator.clone(), self.requests.clone())
    }
}

impl std::fmt::Debug for App {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("App").finish_non_exhaustive()
    }
}
