//! A key service in memory: real cryptography, keys decided by a seed.

use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::agreement::{self, PrivateKey};
use aws_lc_rs::digest::{self, Digest};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair};
use zeroize::Zeroizing;

use super::{DataKey, EncryptionContext, Kms, KmsError, SigningKey, WrappedKey};
use crate::cipher::derive;
use crate::tokens::SPKI_P256_PREFIX;

/// For tests and the deterministic simulation, where keys in memory are no loss; never in a deployed function.
///
/// The same seed gives the same keys in the same order, so what one instance wrapped another of the same seed unwraps.
/// Signatures are not deterministic (ECDSA draws from the system); the keys that verify them are.
pub struct MemoryKms {
    seed: Zeroizing<[u8; 32]>,
    wrapping: LessSafeKey,
    signing: EcdsaKeyPair,
    spki_der: Vec<u8>,
    made: AtomicU64,
    calls: AtomicU64,
}

impl MemoryKms {
    /// A service whose keys all follow from `seed`.
    pub fn new(seed: [u8; 32]) -> Result<Self, KmsError> {
        let seed = Zeroizing::new(seed);
        let wrapping = UnboundKey::new(&AES_256_GCM, bytes(&seed, &[b"wrapping"])?.as_slice())
            .map(LessSafeKey::new)
            .map_err(|_| BROKEN)?;
        let (signing, point) = signing_key(&seed)?;
        let spki_der = [SPKI_P256_PREFIX.as_slice(), &point].concat();
        Ok(Self {
            seed,
            wrapping,
            signing,
            spki_der,
            made: AtomicU64::new(0),
            calls: AtomicU64::new(0),
        })
    }

    /// How many requests a real service would have been paid for.
    pub fn calls(&self) -> u64 {
        self.calls.load(Ordering::Relaxed)
    }
}

impl std::fmt::Debug for MemoryKms {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("MemoryKms").finish_non_exhaustive()
    }
}

const BROKEN: KmsError = KmsError::Malformed("the seed gives no key");

fn bytes(seed: &[u8; 32], label: &[&[u8]]) -> Result<DataKey, KmsError> {
    derive(seed, label).map_err(|_| BROKEN)
}

/// A scalar is out of range about once in 2^32 seeds; then the next one is taken.
fn signing_key(seed: &[u8; 32]) -> Result<(EcdsaKeyPair, Vec<u8>), KmsError> {
    for attempt in 0..4u8 {
        let scalar = bytes(seed, &[b"signing", &[attempt]])?;
        let Ok(private) = PrivateKey::from_private_key(&agreement::ECDH_P256, scalar.as_slice())
        else {
            continue;
        };
        let point = private.compute_public_key().map_err(|_| BROKEN)?;
        let pair = EcdsaKeyPair::from_private_key_and_public_key(
            &ECDSA_P256_SHA256_ASN1_SIGNING,
            scalar.as_slice(),
            point.as_ref(),
        )
        .map_err(|_| BROKEN)?;
        return Ok((pair, point.as_ref().to_vec()));
    }
    Err(BROKEN)
}

fn context_bytes(context: &EncryptionContext) -> Vec<u8> {
    let mut out = Vec::new();
    for (name, value) in context.pairs() {
        for part in [name, value.as_str()] {
            out.extend_from_slice(&(part.len() as u64).to_be_bytes());
            out.extend_from_slice(part.as_bytes());
        }
    }
    out
}

#[async_trait]
impl Kms for MemoryKms {
    async fn generate_data_key(
        &self,
        context: &EncryptionContext,
    ) -> Result<(DataKey, WrappedKey), KmsError> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        let number = self.made.fetch_add(1, Ordering::Relaxed).to_be_bytes();
        let context = context_bytes(context);
        let key = bytes(&self.seed, &[b"data key", &number, &context])?;
        // Key and nonce follow from the same number and context: a repeated nonce means the very same message.
        let mut nonce = [0u8; NONCE_LEN];
        nonce.copy_from_slice(&bytes(&self.seed, &[b"nonce", &number, &context])?[..NONCE_LEN]);
        let mut sealed = key.to_vec();
        self.wrapping
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(&context),
                &mut sealed,
            )
            .map_err(|_| BROKEN)?;
        Ok((
            key,
            WrappedKey::from_bytes([nonce.as_slice(), &sealed].concat()),
        ))
    }

    async fn decrypt_data_key(
        &self,
        wrapped: &WrappedKey,
        context: &EncryptionContext,
    ) -> Result<DataKey, KmsError> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        let (nonce, sealed) = wrapped
            .as_bytes()
            .split_at_checked(NONCE_LEN)
            .ok_or(KmsError::Rejected)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| KmsError::Rejected)?;
        let mut buffer = Zeroizing::new(sealed.to_vec());
        let key = self
            .wrapping
            .open_in_place(nonce, Aad::from(context_bytes(context)), &mut buffer)
            .map_err(|_| KmsError::Rejected)?;
        <[u8; 32]>::try_from(&*key)
            .map(Zeroizing::new)
            .map_err(|_| KmsError::Rejected)
    }

    async fn sign_digest(&self, digest: &[u8; 32]) -> Result<Vec<u8>, KmsError> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        let digest = Digest::import_less_safe(digest, &digest::SHA256).map_err(|_| BROKEN)?;
        let signature = self.signing.sign_digest(&digest).map_err(|_| BROKEN)?;
        Ok(signature.as_ref().to_vec())
    }

    async fn public_key(&self) -> Result<SigningKey, KmsError> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        Ok(SigningKey {
            id: "memory".to_owned(),
            spki_der: self.spki_der.clone(),
        })
    }
}
