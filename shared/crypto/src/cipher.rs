//! AES-256-GCM of one value, bound to the place it belongs to.

use std::io::{Read, Write};

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_lc_rs::digest;
use aws_lc_rs::hkdf;
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::kms::DataKey;
use crate::{CryptoError, Sealed};

/// The most that one value may hold in clear: 16 MiB. Above any body we accept; it bounds what inflating can cost.
pub const MAX_INFLATED_BYTES: usize = 16 * 1024 * 1024;

/// Format 1: `1 | nonce (12) | ciphertext | tag (16)`.
const PLAIN: u8 = 1;
/// Format 2: as 1, the plaintext being a zlib stream.
const DEFLATED: u8 = 2;
const HEADER_LEN: usize = 1 + NONCE_LEN;
const TAG_LEN: usize = 16;

/// The place a value belongs to. A ciphertext opens only with the very place it was sealed for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FieldRef {
    tenant: Uuid,
    record: Uuid,
    field: &'static str,
    part: u32,
}

impl FieldRef {
    /// The field `field` of the record `record` of a tenant.
    pub fn new(tenant: Uuid, record: Uuid, field: &'static str) -> Self {
        Self {
            tenant,
            record,
            field,
            part: 0,
        }
    }

    /// For records named by text rather than an id, such as a provider's event: the record is the first 128 bits of
    /// the name's SHA-256.
    pub fn named(tenant: Uuid, record_name: &str, field: &'static str) -> Self {
        let hash = digest::digest(&digest::SHA256, record_name.as_bytes());
        let mut record = [0u8; 16];
        record.copy_from_slice(&hash.as_ref()[..16]);
        Self::new(tenant, Uuid::from_bytes(record), field)
    }

    /// Part `number` of a value sealed in several parts (from 0), so that parts cannot change places.
    pub fn part(self, number: u32) -> Self {
        Self {
            part: number,
            ..self
        }
    }

    /// The tenant it belongs to.
    pub fn tenant(&self) -> Uuid {
        self.tenant
    }
}

/// Whose key seals: part of the associated data, so that formats of different keys never meet.
#[derive(Clone, Copy)]
pub(crate) enum Scope {
    Tenant(Uuid),
    Person { tenant: Uuid, person: Uuid },
    PersonWrapping(Uuid),
    Object { tenant: Uuid, object: Uuid },
}

impl Scope {
    pub(crate) fn tenant(self) -> Uuid {
        match self {
            Self::Tenant(tenant)
            | Self::Person { tenant, .. }
            | Self::PersonWrapping(tenant)
            | Self::Object { tenant, .. } => tenant,
        }
    }

    /// Every part but the last has a fixed length, so no two places share an encoding.
    fn associated_data(self, format: u8, field: &FieldRef) -> Vec<u8> {
        let (tag, tenant, whose) = match self {
            Self::Tenant(tenant) => (1, tenant, Uuid::nil()),
            Self::Person { tenant, person } => (2, tenant, person),
            Self::PersonWrapping(tenant) => (3, tenant, Uuid::nil()),
            Self::Object { tenant, object } => (4, tenant, object),
        };
        let mut data = Vec::with_capacity(58 + field.field.len());
        data.extend_from_slice(b"vio");
        data.push(format);
        data.push(tag);
        data.extend_from_slice(tenant.as_bytes());
        data.extend_from_slice(whose.as_bytes());
        data.extend_from_slice(field.record.as_bytes());
        data.extend_from_slice(&field.part.to_be_bytes());
        data.extend_from_slice(field.field.as_bytes());
        data
    }
}

/// One AES-256-GCM key with its scope. Nonces are 96 random bits: a key may seal 2^32 values before a repeat becomes
/// likelier than 2^-33, far more than a tenant writes in its life. aws-lc wipes the key when it is dropped.
pub(crate) struct Cipher {
    key: RandomizedNonceKey,
    scope: Scope,
}

impl Cipher {
    pub(crate) fn new(key: &[u8; 32], scope: Scope) -> Result<Self, CryptoError> {
        Ok(Self {
            key: RandomizedNonceKey::new(&AES_256_GCM, key)?,
            scope,
        })
    }

    pub(crate) fn scope(&self) -> Scope {
        self.scope
    }

    pub(crate) fn seal(&self, field: FieldRef, plaintext: &[u8]) -> Result<Sealed, CryptoError> {
        self.seal_as(PLAIN, field, plaintext)
    }

    pub(crate) fn seal_compressed(
        &self,
        field: FieldRef,
        plaintext: &[u8],
    ) -> Result<Sealed, CryptoError> {
        if plaintext.len() > MAX_INFLATED_BYTES {
            return Err(CryptoError::TooLarge);
        }
        let mut deflated = Zeroizing::new(Vec::with_capacity(plaintext.len() / 2 + 64));
        let mut encoder =
            flate2::write::ZlibEncoder::new(&mut *deflated, flate2::Compression::fast());
        encoder
            .write_all(plaintext)
            .and_then(|()| encoder.try_finish())
            .map_err(|_| CryptoError::Primitive)?;
        drop(encoder);
        self.seal_as(DEFLATED, field, &deflated)
    }

    fn seal_as(
        &self,
        format: u8,
        field: FieldRef,
        plaintext: &[u8],
    ) -> Result<Sealed, CryptoError> {
        if field.tenant != self.scope.tenant() {
            return Err(CryptoError::WrongTenant);
        }
        if plaintext.len() > MAX_INFLATED_BYTES {
            return Err(CryptoError::TooLarge);
        }
        let mut out = Vec::with_capacity(HEADER_LEN + plaintext.len() + TAG_LEN);
        out.push(format);
        out.extend_from_slice(&[0; NONCE_LEN]);
        out.extend_from_slice(plaintext);
        let data = self.scope.associated_data(format, &field);
        let (nonce, tag) = self
            .key
            .seal_in_place_separate_tag(Aad::from(data), &mut out[HEADER_LEN..])?;
        out[1..HEADER_LEN].copy_from_slice(nonce.as_ref());
        out.extend_from_slice(tag.as_ref());
        Ok(Sealed::from_bytes(out))
    }

    pub(crate) fn open(
        &self,
        field: FieldRef,
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
        if field.tenant != self.scope.tenant() {
            return Err(CryptoError::WrongTenant);
        }
        let (header, body) = sealed
            .split_at_checked(HEADER_LEN)
            .ok_or(CryptoError::Unopenable)?;
        let format = header[0];
        if format != PLAIN && format != DEFLATED {
            return Err(CryptoError::Unopenable);
        }
        let nonce =
            Nonce::try_assume_unique_for_key(&header[1..]).map_err(|_| CryptoError::Unopenable)?;
        let data = self.scope.associated_data(format, &field);
        let mut buffer = Zeroizing::new(body.to_vec());
        let opened = self
            .key
            .open_in_place(nonce, Aad::from(data), &mut buffer)
            .map_err(|_| CryptoError::Unopenable)?
            .len();
        buffer.truncate(opened);
        if format == DEFLATED {
            return inflate(&buffer);
        }
        Ok(buffer)
    }
}

/// Growing in steps leaves copies behind, so the outgrown buffers are wiped too.
fn inflate(deflated: &[u8]) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
    let mut decoder = flate2::read::ZlibDecoder::new(deflated).take(MAX_INFLATED_BYTES as u64 + 1);
    let mut out = Zeroizing::new(Vec::with_capacity(
        deflated.len().saturating_mul(4).max(1024),
    ));
    let mut chunk = Zeroizing::new([0u8; 8192]);
    loop {
        let read = decoder
            .read(chunk.as_mut_slice())
            .map_err(|_| CryptoError::Unopenable)?;
        if read == 0 {
            break;
        }
        if out.len() + read > out.capacity() {
            let mut larger = Zeroizing::new(Vec::with_capacity(out.capacity() * 2));
            larger.extend_from_slice(&out);
            out = larger;
        }
        out.extend_from_slice(&chunk[..read]);
    }
    if out.len() > MAX_INFLATED_BYTES {
        return Err(CryptoError::TooLarge);
    }
    Ok(out)
}

/// HKDF-SHA-256 of a uniformly random key: one independent 256-bit key per label.
pub(crate) fn derive(key: &[u8; 32], label: &[&[u8]]) -> Result<DataKey, CryptoError> {
    let mut out = Zeroizing::new([0u8; 32]);
    hkdf::Salt::new(hkdf::HKDF_SHA256, b"vio-crypto v1")
        .extract(key)
        .expand(label, hkdf::HKDF_SHA256)?
        .fill(out.as_mut_slice())?;
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inflating_stops_at_the_bound() {
        let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder
            .write_all(&vec![0u8; MAX_INFLATED_BYTES + 1])
            .unwrap();
        let bomb = encoder.finish().unwrap();
        assert!(bomb.len() < 200_000);
        assert!(matches!(inflate(&bomb), Err(CryptoError::TooLarge)));
    }

    #[test]
    fn labels_give_independent_keys() {
        let key = [7u8; 32];
        let a = derive(&key, &[b"a"]).unwrap();
        assert_eq!(*a, *derive(&key, &[b"a"]).unwrap());
        assert_ne!(*a, *derive(&key, &[b"b"]).unwrap());
        assert_ne!(*a, *derive(&[8u8; 32], &[b"a"]).unwrap());
    }
}
