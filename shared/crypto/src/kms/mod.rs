//! The key management service, as narrow as we need it: data keys, and one signing key.

mod aws;
mod memory;

use std::fmt;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::sealed::as_bytes;

pub use aws::AwsKms;
pub use memory::MemoryKms;

/// A data key in clear: 256 bits, wiped when dropped.
pub type DataKey = Zeroizing<[u8; 32]>;

/// A data key as the key service wrapped it. Useless without that service; stored on the tenant's record.
///
/// Serialized as bytes (DynamoDB binary); read from bytes, base64 text or a list of numbers.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct WrappedKey(#[serde(with = "as_bytes")] Vec<u8>);

impl WrappedKey {
    /// From the blob that the key service gave.
    pub fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// The blob to hand back to the key service.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for WrappedKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WrappedKey({} bytes)", self.0.len())
    }
}

/// What a data key is for. The key service binds it to the wrapped key (a key of one tenant cannot be unwrapped as
/// another's) and writes it to its own log in clear: ids only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EncryptionContext {
    purpose: &'static str,
    tenant: Uuid,
}

impl EncryptionContext {
    /// The data key of a tenant.
    pub fn tenant(tenant: Uuid) -> Self {
        Self {
            purpose: "tenant",
            tenant,
        }
    }

    /// The data key of the platform itself.
    pub fn platform() -> Self {
        Self {
            purpose: "platform",
            tenant: Uuid::nil(),
        }
    }

    /// As the pairs that the key service takes.
    pub fn pairs(&self) -> [(&'static str, String); 2] {
        [
            ("vio:purpose", self.purpose.to_owned()),
            ("vio:tenant", self.tenant.to_string()),
        ]
    }
}

/// The public half of the signing key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SigningKey {
    /// The key service's own name of the key.
    pub id: String,
    /// X.509 `SubjectPublicKeyInfo`, DER, of a P-256 key.
    pub spki_der: Vec<u8>,
}

/// Why the key service did not do what was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum KmsError {
    /// Not reachable, throttled, or failing inside: try again.
    #[error("the key service is not available")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The wrapped key is damaged, or belongs to another key or context.
    #[error("the key service rejects the wrapped key")]
    Rejected,
    /// Our role may not use the key, or the key is disabled, deleted or unknown.
    #[error("the key may not be used")]
    Denied(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The answer lacks a part or has one of the wrong shape.
    #[error("the key service gave an unusable answer: {0}")]
    Malformed(&'static str),
}

impl KmsError {
    /// Whether trying again later can help.
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Unavailable(_))
    }
}

/// A key management service.
#[async_trait]
pub trait Kms: Send + Sync {
    /// Makes a new 256-bit data key bound to `context`, in clear and wrapped.
    async fn generate_data_key(
        &self,
        context: &EncryptionContext,
    ) -> Result<(DataKey, WrappedKey), KmsError>;

    /// Unwraps a data key; fails with [`KmsError::Rejected`] under any other context than it was made with.
    async fn decrypt_data_key(
        &self,
        wrapped: &WrappedKey,
        context: &EncryptionContext,
    ) -> Result<DataKey, KmsError>;

    /// Signs a SHA-256 digest with ECDSA P-256; answers the DER form (`SEQUENCE { r, s }`), as KMS does.
    async fn sign_digest(&self, digest: &[u8; 32]) -> Result<Vec<u8>, KmsError>;

    /// The public key that verifies [`Kms::sign_digest`].
    async fn public_key(&self) -> Result<SigningKey, KmsError>;
}
