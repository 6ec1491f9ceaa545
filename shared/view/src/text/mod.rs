//! The searched texts of all contacts: folded once when they come in, kept so that one pass over memory finds them.

mod block;
mod field;
pub(crate) mod fold;
mod phone;
mod texts;
mod trigrams;

pub(crate) use block::{BLOCK_BYTES, Block, SEPARATOR};
pub use field::Field;
pub(crate) use field::{FieldSet, Weight};
pub(crate) use phone::{display_position, looks_like_phone, typed};
pub(crate) use texts::{Fields, Shown, Texts, fields_of};
pub(crate) use trigrams::buckets;
