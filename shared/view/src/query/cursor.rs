//! Where a page ended.

use serde::{Deserialize, Serialize};
use vio_domain::ids::ContactId;

use super::{Sort, SortBy};

/// The sort keys and the id of the last row of a page. The next page begins after this place whatever has changed since,
/// so nobody is skipped or shown twice who did not move.
///
/// It may hold a person's name: whoever hands it out seals it first.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub struct Cursor {
    pub(crate) order: Vec<(u8, bool)>,
    pub(crate) keys: Vec<CursorKey>,
    pub(crate) id: ContactId,
}

/// A key's value: an ordered number, or a folded name.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
pub(crate) enum CursorKey {
    Number(u64),
    Name(String),
}

/// The bytes are no cursor, or one of a list in another order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the cursor does not belong to this list")]
pub struct BadCursor;

impl Cursor {
    /// As bytes, to be sealed.
    pub fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// What [`Cursor::to_bytes`] wrote.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, BadCursor> {
        let cursor: Self = serde_json::from_slice(bytes).map_err(|_| BadCursor)?;
        let fits = cursor.order.len() == cursor.keys.len();
        let fits = fits
            && cursor.order.iter().zip(&cursor.keys).all(|((by, _), key)| {
                (*by == SortBy::Name as u8) == matches!(key, CursorKey::Name(_))
            });
        fits.then_some(cursor).ok_or(BadCursor)
    }

    pub(crate) fn order_of(sort: &[Sort]) -> Vec<(u8, bool)> {
        sort.iter()
            .map(|key| (key.by as u8, key.descending))
            .collect()
    }
}

impl std::fmt::Debug for Cursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Cursor({})", self.id)
    }
}
