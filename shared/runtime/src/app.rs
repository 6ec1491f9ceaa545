//! What every function works with, wired once at cold start and passed by reference; no globals.

use std::sync::Arc;

use vio_crypto::tokens::{AccessTokens, Verifier};
use vio_crypto::{KeyRing, Kms, PlatformKeys, SystemRandom};
use vio_http::Shared;
use vio_providers::retell::RetellFactory;
use vio_store::Store;
use vio_store::env::{Clock, IdSource};
use vio_store::port::Port;

use crate::auth::StoreAuthenticator;
use crate::config::Platform;
use crate::idempotency::StoredAnswers;
use crate::queues::Queues;

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
    pub platform_keys: PlatformKeys,
    pub tokens: Arc<AccessTokens>,
    pub verifier: Arc<Verifier>,
    /// One per process, so that what ends a session here is known to every router here.
    pub authenticator: Arc<StoreAuthenticator>,
    /// Answers given under idempotency keys.
    pub answers: StoredAnswers,
    pub queues: Arc<dyn Queues>,
    pub retell: Arc<dyn RetellFactory>,
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
    pub platform: Platform,
    pub clock: Arc<dyn Clock>,
    pub real_clock: Arc<dyn Clock>,
    pub ids: Arc<dyn IdSource>,
}

impl App {
    /// Wires the parts together. Reads the platform's keys, or makes them at the very first start.
    pub async fn new(parts: Parts) -> Result<Self, StartError> {
        let random = Arc::new(SystemRandom);
        let store = Store::new(
            parts.port,
            KeyRing::new(parts.kms.clone()),
            parts.clock.clone(),
            parts.ids,
            random,
        );
        let platform_keys = store
            .platform_keys()
            .await
            .map_err(StartError::because("platform keys"))?;
        let config = crate::auth::token_config(&parts.platform);
        let tokens = AccessTokens::new(parts.kms, config)
            .await
            .map_err(StartError::because("the token signing key"))?;
        let verifier = Arc::new(tokens.verifier());
        Ok(Self {
            authenticator: Arc::new(StoreAuthenticator::new(
                store.clone(),
                verifier.clone(),
                parts.clock.clone(),
                parts.real_clock.clone(),
            )),
            answers: StoredAnswers::new(store.clone()),
            verifier,
            tokens: Arc::new(tokens),
            store,
            platform_keys,
            queues: parts.queues,
            retell: parts.retell,
            platform: Arc::new(parts.platform),
            clock: parts.clock,
            real_clock: parts.real_clock,
        })
    }
}

impl App {
    /// What the shared HTTP layers need ([`vio_http::service`]).
    pub fn shared(&self) -> Shared {
        Shared::new(self.authenticator.clone())
    }
}

impl std::fmt::Debug for App {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("App").finish_non_exhaustive()
    }
}
