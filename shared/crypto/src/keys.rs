//! The keys of a tenant, of a person, and of the platform.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::hmac;
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use zeroize::Zeroizing;

use crate::cipher::{Cipher, FieldRef, Scope, derive};
use crate::sealed::as_bytes;
use crate::{CryptoError, LookupHash, LookupKind, Random, Sealed};

/// A person's key as their tenant wrapped it. Kept apart from the person's records; deleting it is erasure.
///
/// Serialized as bytes (DynamoDB binary).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct WrappedPersonKey(#[serde(with = "as_bytes")] Vec<u8>);

impl WrappedPersonKey {
    /// Takes stored bytes.
    pub fn from_bytes(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// The bytes to store.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for WrappedPersonKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "WrappedPersonKey({} bytes)", self.0.len())
    }
}

/// The keys of one tenant. Cloning is cheap; the key material is wiped with the last clone.
#[derive(Clone)]
pub struct TenantKeys(Arc<Inner>);

struct Inner {
    tenant: Uuid,
    fields: Cipher,
    wrapping: Cipher,
    lookup: hmac::Key,
}

impl TenantKeys {
    pub(crate) fn from_data_key(tenant: Uuid, data_key: &[u8; 32]) -> Result<Self, CryptoError> {
        let key = |label: &[u8]| derive(data_key, &[label]);
        Ok(Self(Arc::new(Inner {
            tenant,
            fields: Cipher::new(&*key(b"fields")?, Scope::Tenant(tenant))?,
            wrapping: Cipher::new(&*key(b"person keys")?, Scope::PersonWrapping(tenant))?,
            lookup: hmac::Key::new(hmac::HMAC_SHA256, key(b"lookup")?.as_slice()),
        })))
    }

    /// Whose keys these are.
    pub fn tenant(&self) -> Uuid {
        self.0.tenant
    }

    /// Makes the key of a new person, in clear and wrapped for storage.
    pub fn new_person_key(
        &self,
        person: Uuid,
        random: &dyn Random,
    ) -> Result<(PersonKey, WrappedPersonKey), CryptoError> {
        let mut key = Zeroizing::new([0u8; 32]);
        random.fill(key.as_mut_slice())?;
        let wrapped = self
            .0
            .wrapping
            .seal(self.person_field(person)?, key.as_slice())?;
        Ok((
            PersonKey::new(self.0.tenant, person, &key)?,
            WrappedPersonKey(wrapped.into_bytes()),
        ))
    }

    /// Unwraps a person's key. Another person's or tenant's is [`CryptoError::Unopenable`].
    pub fn open_person_key(
        &self,
        person: Uuid,
        wrapped: &WrappedPersonKey,
    ) -> Result<PersonKey, CryptoError> {
        let opened = self
            .0
            .wrapping
            .open(self.person_field(person)?, &wrapped.0)?;
        let key = <[u8; 32]>::try_from(opened.as_slice())
            .map(Zeroizing::new)
            .map_err(|_| CryptoError::Unopenable)?;
        PersonKey::new(self.0.tenant, person, &key)
    }

    fn person_field(&self, person: Uuid) -> Result<FieldRef, CryptoError> {
        if person.is_nil() {
            return Err(CryptoError::NilId);
        }
        Ok(FieldRef::new(self.0.tenant, person, "person key"))
    }

    /// Seals a value that belongs to no person: integration secrets, stored request bodies, audit entries, raw events.
    pub fn seal(&self, field: FieldRef, plaintext: &[u8]) -> Result<Sealed, CryptoError> {
        self.0.fields.seal(field, plaintext)
    }

    /// As [`TenantKeys::seal`], deflated first (zlib level 1). The length then tells a little about the content: not for
    /// short secrets beside text that an outsider chooses.
    pub fn seal_compressed(
        &self,
        field: FieldRef,
        plaintext: &[u8],
    ) -> Result<Sealed, CryptoError> {
        self.0.fields.seal_compressed(field, plaintext)
    }

    /// Opens what either of the two sealed, in the same place only. Wiped when dropped.
    pub fn open(
        &self,
        field: FieldRef,
        sealed: &Sealed,
    ) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
        self.0.fields.open(field, sealed.as_bytes())
    }

    /// As [`TenantKeys::open`], for text.
    pub fn open_text(
        &self,
        field: FieldRef,
        sealed: &Sealed,
    ) -> Result<Zeroizing<String>, CryptoError> {
        text(self.open(field, sealed)?)
    }

    /// The keyed hash that stands for `normalized` within this tenant. The caller normalises (E.164, folded e-mail).
    pub fn lookup(&self, kind: LookupKind, normalized: &str) -> LookupHash {
        LookupHash::compute(&self.0.lookup, kind, normalized)
    }
}

impl fmt::Debug for TenantKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TenantKeys({})", self.0.tenant)
    }
}

/// The key of one person. Cloning is cheap; the key material is wiped with the last clone.
#[derive(Clone)]
pub struct PersonKey(Arc<Cipher>);

impl PersonKey {
    fn new(tenant: Uuid, person: Uuid, key: &[u8; 32]) -> Result<Self, CryptoError> {
        Ok(Self(Arc::new(Cipher::new(
            key,
            Scope::Person { tenant, person },
        )?)))
    }

    /// Seals a field of this person, on whichever of their records it lies.
    pub fn seal(&self, field: FieldRef, plaintext: &[u8]) -> Result<Sealed, CryptoError> {
        self.0.seal(field, plaintext)
    }

    /// As [`PersonKey::seal`], deflated first (zlib level 1); see [`TenantKeys::seal_compressed`].
    pub fn seal_compressed(
        &self,
        field: FieldRef,
        plaintext: &[u8],
    ) -> Result<Sealed, CryptoError> {
        self.0.seal_compressed(field, plaintext)
    }

    /// Opens what either of the two sealed, in the same place only. Wiped when dropped.
    pub fn open(
        &self,
        field: FieldRef,
        sealed: &Sealed,
    ) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
        self.0.open(field, sealed.as_bytes())
    }

    /// As [`PersonKey::open`], for text.
    pub fn open_text(
        &self,
        field: FieldRef,
        sealed: &Sealed,
    ) -> Result<Zeroizing<String>, CryptoError> {
        text(self.open(field, sealed)?)
    }
}

impl fmt::Debug for PersonKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.scope() {
            Scope::Person { person, .. } => write!(f, "PersonKey({person})"),
            _ => f.write_str("PersonKey"),
        }
    }
}

fn text(mut bytes: Zeroizing<Vec<u8>>) -> Result<Zeroizing<String>, CryptoError> {
    String::from_utf8(std::mem::take(&mut *bytes))
        .map(Zeroizing::new)
        .map_err(|error| {
            drop(Zeroizing::new(error.into_bytes()));
            CryptoError::NotText
        })
}

/// The keys of the platform itself, under the nil tenant: who signs in is known before their tenant is.
///
/// An e-mail that somebody signs in with lies in the table only as its keyed hash (to find the user) and sealed.
#[derive(Clone)]
pub struct PlatformKeys(TenantKeys);

impl PlatformKeys {
    pub(crate) fn from_data_key(data_key: &[u8; 32]) -> Result<Self, CryptoError> {
        TenantKeys::from_data_key(Uuid::nil(), data_key).map(Self)
    }

    /// The hash by which a user is found at sign-in. The caller folds the e-mail (case of both halves).
    pub fn sign_in_email(&self, normalized: &str) -> LookupHash {
        self.lookup(LookupKind::SignInEmail, normalized)
    }

    /// Any other platform-wide keyed hash, such as of a client's address for limits.
    pub fn lookup(&self, kind: LookupKind, normalized: &str) -> LookupHash {
        self.0.lookup(kind, normalized)
    }

    /// Seals a value of the platform: the place's tenant must be nil.
    pub fn seal(&self, field: FieldRef, plaintext: &[u8]) -> Result<Sealed, CryptoError> {
        self.0.seal(field, plaintext)
    }

    /// Opens what [`PlatformKeys::seal`] sealed.
    pub fn open(
        &self,
        field: FieldRef,
        sealed: &Sealed,
    ) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
        self.0.open(field, sealed)
    }

    /// As [`PlatformKeys::open`], for text.
    pub fn open_text(
        &self,
        field: FieldRef,
        sealed: &Sealed,
    ) -> Result<Zeroizing<String>, CryptoError> {
        self.0.open_text(field, sealed)
    }
}

impl fmt::Debug for PlatformKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PlatformKeys")
    }
}
