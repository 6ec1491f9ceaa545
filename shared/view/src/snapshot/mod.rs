//! A view as sealed bytes: one object of independent chunks.
//!
//! ```text
//! magic "VIOVIEW4" | header length u32 | header | chunk 0 | chunk 1 | …
//! header  tenant, version, instant, rows, blocks, and for each chunk its kind and its sealed length
//! chunk   nonce (12) | AES-256-GCM of the chunk | tag (16)
//!         associated data: SHA-256 of the header | the chunk's number
//! ```
//!
//! The header is in clear and holds nothing of a person; as every chunk is bound to it, it cannot be changed, nor can
//! chunks be left out, moved, repeated, or taken from another snapshot, version or tenant. A reader can open each chunk
//! as it arrives. Chunks hold LZ4 blocks of 2 to 4 MB in clear: a block of searched texts, or parts of
//! columns.

mod decode;
mod encode;
mod header;
mod seal;
#[cfg(test)]
mod tests;

use chrono::{DateTime, Utc};
use vio_domain::ids::TenantId;

pub use decode::Loading;
pub use seal::SnapshotKey;

use crate::model::TenantView;

/// Why bytes are not a snapshot that can be served. Says nothing of its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SnapshotError {
    /// Not a snapshot, or one of another format.
    #[error("not a snapshot of this format")]
    NotASnapshot,
    /// It ends too early: half written, or cut on the way.
    #[error("the snapshot is incomplete")]
    Truncated,
    /// More bytes than it should have.
    #[error("the snapshot has bytes too many")]
    Trailing,
    /// Another tenant's.
    #[error("the snapshot belongs to another tenant")]
    ForeignTenant,
    /// Not the version that was asked for.
    #[error("the snapshot is of another version")]
    OtherVersion,
    /// A chunk was changed, moved or sealed with another key.
    #[error("the snapshot does not open")]
    Unopenable,
    /// It opened, but its parts do not fit together.
    #[error("the snapshot is malformed")]
    Malformed,
    /// The view is too large for one snapshot, or the cryptographic library failed.
    #[error("the snapshot cannot be made")]
    NotMade,
}

/// What a snapshot says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SnapshotInfo {
    pub tenant: TenantId,
    /// The version its pointer names.
    pub version: u64,
    /// Every change committed before this instant is in it: the tail begins here.
    pub complete_to: DateTime<Utc>,
}

impl TenantView {
    /// The view as sealed bytes. `version` is the one that the pointer to it will name; all that was committed before
    /// `complete_to` must be in the view.
    pub fn snapshot(
        &self,
        key: &SnapshotKey,
        version: u64,
        complete_to: DateTime<Utc>,
    ) -> Result<Vec<u8>, SnapshotError> {
        encode::encode(self, key, version, complete_to)
    }

    /// Reads a whole snapshot of a tenant, of the version its pointer names. [`Loading`] does the same piece by piece.
    pub fn from_snapshot(
        bytes: &[u8],
        key: &SnapshotKey,
        tenant: TenantId,
        version: u64,
    ) -> Result<(Self, SnapshotInfo), SnapshotError> {
        let mut loading = Loading::new(key, tenant, version);
        loading.feed(bytes)?;
        loading.finish()
    }
}
