//! Tenant keys in use, so that the key service is not asked for each request.

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, PoisonError};

use aws_lc_rs::digest;
use lru::LruCache;
use tokio::sync::OnceCell;
use uuid::Uuid;

use crate::kms::{EncryptionContext, Kms, WrappedKey};
use crate::{CryptoError, PlatformKeys, TenantKeys};

/// How many tenants' keys one process keeps (a few hundred bytes each).
const CAPACITY: NonZeroUsize = NonZeroUsize::MIN.saturating_add(999);

/// A tenant and the SHA-256 of its wrapped key: a re-wrapped key is another entry, never an old answer.
type CacheKey = (Uuid, [u8; 32]);

/// Makes and opens tenant keys; keeps the least recently unused out and the rest in.
///
/// Entries last as long as the process: disabling the KMS key takes full effect when the functions' environments are
/// recycled. Concurrent first uses of one tenant share one call.
pub struct KeyRing {
    kms: Arc<dyn Kms>,
    cache: Mutex<LruCache<CacheKey, Arc<OnceCell<TenantKeys>>>>,
    platform: OnceCell<(WrappedKey, PlatformKeys)>,
}

impl KeyRing {
    /// A ring over a key service, for up to 1,000 tenants at a time.
    pub fn new(kms: Arc<dyn Kms>) -> Self {
        Self::with_capacity(kms, CAPACITY)
    }

    /// A ring for up to `capacity` tenants at a time.
    pub fn with_capacity(kms: Arc<dyn Kms>, capacity: NonZeroUsize) -> Self {
        Self {
            kms,
            cache: Mutex::new(LruCache::new(capacity)),
            platform: OnceCell::new(),
        }
    }

    /// Makes the keys of a new tenant. Store the wrapped key on the tenant's record; without it all is lost.
    pub async fn create_tenant(
        &self,
        tenant: Uuid,
    ) -> Result<(TenantKeys, WrappedKey), CryptoError> {
        if tenant.is_nil() {
            return Err(CryptoError::NilId);
        }
        let (data_key, wrapped) = self
            .kms
            .generate_data_key(&EncryptionContext::tenant(tenant))
            .await?;
        let keys = TenantKeys::from_data_key(tenant, &data_key)?;
        self.entry(cache_key(tenant, &wrapped))
            .get_or_init(|| std::future::ready(keys.clone()))
            .await;
        Ok((keys, wrapped))
    }

    /// The keys of a tenant, from memory or the key service.
    pub async fn tenant(
        &self,
        tenant: Uuid,
        wrapped: &WrappedKey,
    ) -> Result<TenantKeys, CryptoError> {
        if tenant.is_nil() {
            return Err(CryptoError::NilId);
        }
        let keys = self
            .entry(cache_key(tenant, wrapped))
            .get_or_try_init(|| async {
                let data_key = self
                    .kms
                    .decrypt_data_key(wrapped, &EncryptionContext::tenant(tenant))
                    .await?;
                TenantKeys::from_data_key(tenant, &data_key)
            })
            .await?
            .clone();
        Ok(keys)
    }

    /// Makes the platform's keys, once in the life of an installation.
    pub async fn create_platform(&self) -> Result<(PlatformKeys, WrappedKey), CryptoError> {
        let (data_key, wrapped) = self
            .kms
            .generate_data_key(&EncryptionContext::platform())
            .await?;
        Ok((PlatformKeys::from_data_key(&data_key)?, wrapped))
    }

    /// The platform's keys, from memory or the key service.
    pub async fn platform(&self, wrapped: &WrappedKey) -> Result<PlatformKeys, CryptoError> {
        let open = || async {
            let data_key = self
                .kms
                .decrypt_data_key(wrapped, &EncryptionContext::platform())
                .await?;
            PlatformKeys::from_data_key(&data_key)
        };
        let (known, keys) = self
            .platform
            .get_or_try_init(|| async { Ok::<_, CryptoError>((wrapped.clone(), open().await?)) })
            .await?;
        if known == wrapped {
            Ok(keys.clone())
        } else {
            open().await
        }
    }

    /// Drops a tenant's keys from memory, as when the tenant is deleted. Clones in use live on until dropped.
    pub fn forget(&self, tenant: Uuid) {
        let mut cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        let gone: Vec<CacheKey> = cache
            .iter()
            .map(|(key, _)| *key)
            .filter(|(owner, _)| *owner == tenant)
            .collect();
        for key in gone {
            cache.pop(&key);
        }
    }

    fn entry(&self, key: CacheKey) -> Arc<OnceCell<TenantKeys>> {
        // The lock guards no invariant that a panic could break half-way.
        let mut cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        cache.get_or_insert(key, Arc::default).clone()
    }
}

impl std::fmt::Debug for KeyRing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("KeyRing").finish_non_exhaustive()
    }
}

fn cache_key(tenant: Uuid, wrapped: &WrappedKey) -> CacheKey {
    let mut hash = [0u8; 32];
    hash.copy_from_slice(digest::digest(&digest::SHA256, wrapped.as_bytes()).as_ref());
    (tenant, hash)
}
