//! What can go wrong when sealing, opening or wrapping.

use crate::kms::KmsError;

/// Why a cryptographic operation failed. Says nothing about the value concerned.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CryptoError {
    /// The ciphertext is damaged, was made with another key, or was moved from another tenant, person, record or
    /// field. Which of these is not distinguished.
    #[error("the sealed value does not open here")]
    Unopenable,
    /// It opened, but is not the text that was expected there.
    #[error("the sealed value is not text")]
    NotText,
    /// The value is larger than [`crate::MAX_INFLATED_BYTES`].
    #[error("the value is too large to seal")]
    TooLarge,
    /// A key of one tenant was asked to seal or open a field of another.
    #[error("the field belongs to another tenant than the key")]
    WrongTenant,
    /// The nil id was given where a tenant or person is meant.
    #[error("the id is nil")]
    NilId,
    /// The cryptographic library refused; not expected on a sound machine.
    #[error("the cryptographic library failed")]
    Primitive,
    /// The key management service refused or did not answer.
    #[error("the key management service failed")]
    Kms(#[from] KmsError),
}

impl CryptoError {
    /// Whether trying again later can help (the key service was not reachable or was throttling).
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Kms(error) if error.is_retryable())
    }
}

impl From<aws_lc_rs::error::Unspecified> for CryptoError {
    fn from(_: aws_lc_rs::error::Unspecified) -> Self {
        Self::Primitive
    }
}
