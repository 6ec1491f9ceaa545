//! The key of one object in the bucket.

use std::fmt;
use std::sync::Arc;

use uuid::Uuid;
use zeroize::Zeroizing;

use crate::cipher::{Cipher, FieldRef, Scope};
use crate::{CryptoError, Random, Sealed};

/// Seals one object, once. The object is never rewritten: what changes hands is this key, which lies sealed in the
/// record that names the object, under the tenant's key or a person's. Without that record the object says nothing.
///
/// Cloning is cheap; the key material is wiped with the last clone.
#[derive(Clone)]
pub struct ObjectKey(Arc<Inner>);

struct Inner {
    bytes: Zeroizing<[u8; 32]>,
    cipher: Cipher,
}

impl ObjectKey {
    /// Makes the key of a new object of a tenant.
    pub fn generate(tenant: Uuid, object: Uuid, random: &dyn Random) -> Result<Self, CryptoError> {
        let mut bytes = Zeroizing::new([0u8; 32]);
        random.fill(bytes.as_mut_slice())?;
        Self::new(tenant, object, bytes)
    }

    /// The key of an object, as its record held it. Anything but 32 bytes is [`CryptoError::Unopenable`].
    pub fn from_bytes(tenant: Uuid, object: Uuid, bytes: &[u8]) -> Result<Self, CryptoError> {
        let bytes = <[u8; 32]>::try_from(bytes).map_err(|_| CryptoError::Unopenable)?;
        Self::new(tenant, object, Zeroizing::new(bytes))
    }

    fn new(tenant: Uuid, object: Uuid, bytes: Zeroizing<[u8; 32]>) -> Result<Self, CryptoError> {
        if tenant.is_nil() || object.is_nil() {
            return Err(CryptoError::NilId);
        }
        let cipher = Cipher::new(&bytes, Scope::Object { tenant, object })?;
        Ok(Self(Arc::new(Inner { bytes, cipher })))
    }

    /// The key itself, to be sealed into the object's record and to go nowhere else.
    pub fn expose(&self) -> &[u8] {
        self.0.bytes.as_slice()
    }

    /// Seals the object, deflated first; see [`crate::TenantKeys::seal_compressed`].
    pub fn seal_compressed(
        &self,
        field: FieldRef,
        plaintext: &[u8],
    ) -> Result<Sealed, CryptoError> {
        self.0.cipher.seal_compressed(field, plaintext)
    }

    /// Opens it, in the same place only. Wiped when dropped.
    pub fn open(&self, field: FieldRef, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, CryptoError> {
        self.0.cipher.open(field, sealed)
    }
}

impl fmt::Debug for ObjectKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ObjectKey")
    }
}
