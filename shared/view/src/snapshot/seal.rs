//! Sealing chunks in place.

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_lc_rs::digest::{SHA256, digest};

use super::SnapshotError;

/// Bytes that sealing adds to a chunk.
pub(super) const OVERHEAD: usize = NONCE_LEN + 16;

/// The key of one snapshot object: made for it alone, and kept sealed beside the pointer that names the object. Wiped by
/// the library when dropped. Nonces come from the operating system.
pub struct SnapshotKey(RandomizedNonceKey);

impl SnapshotKey {
    /// From 32 random bytes, such as those of an object's key.
    pub fn new(key: &[u8; 32]) -> Result<Self, SnapshotError> {
        RandomizedNonceKey::new(&AES_256_GCM, key)
            .map(Self)
            .map_err(|_| SnapshotError::NotMade)
    }

    /// Appends a sealed chunk to `out`.
    pub(super) fn seal(
        &self,
        place: &Place,
        chunk: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), SnapshotError> {
        let start = out.len();
        out.resize(start + NONCE_LEN, 0);
        out.extend_from_slice(chunk);
        let body = &mut out[start + NONCE_LEN..];
        let sealed = self
            .0
            .seal_in_place_separate_tag(Aad::from(place.bytes()), body);
        let (nonce, tag) = sealed.map_err(|_| SnapshotError::NotMade)?;
        out[start..start + NONCE_LEN].copy_from_slice(nonce.as_ref());
        out.extend_from_slice(tag.as_ref());
        Ok(())
    }

    /// Opens a sealed chunk where it is.
    pub(super) fn open<'a>(
        &self,
        place: &Place,
        sealed: &'a mut [u8],
    ) -> Result<&'a [u8], SnapshotError> {
        let (nonce, body) = sealed
            .split_at_mut_checked(NONCE_LEN)
            .ok_or(SnapshotError::Unopenable)?;
        let nonce =
            Nonce::try_assume_unique_for_key(nonce).map_err(|_| SnapshotError::Unopenable)?;
        self.0
            .open_in_place(nonce, Aad::from(place.bytes()), body)
            .map(|chunk| &*chunk)
            .map_err(|_| SnapshotError::Unopenable)
    }
}

impl std::fmt::Debug for SnapshotKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SnapshotKey")
    }
}

/// The one place a chunk belongs to: a snapshot, by its whole header, and a number in it.
pub(super) struct Place([u8; 36]);

impl Place {
    pub(super) fn new(header: &[u8], number: u32) -> Self {
        let mut place = [0; 36];
        place[..32].copy_from_slice(digest(&SHA256, header).as_ref());
        place[32..].copy_from_slice(&number.to_be_bytes());
        Self(place)
    }

    fn bytes(&self) -> &[u8] {
        &self.0
    }
}
