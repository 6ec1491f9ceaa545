//! Memory that leaves nothing behind: what is outgrown, replaced or dropped is wiped first.

mod bits;
mod dict;
mod index;
mod spans;
mod wiped;

pub(crate) use bits::Bits;
pub(crate) use dict::{Dict, NO_TEXT};
pub(crate) use index::RowIndex;
pub(crate) use spans::Spans;
pub(crate) use wiped::{Reused, Wipe, Wiped, Wiping, wipe};
