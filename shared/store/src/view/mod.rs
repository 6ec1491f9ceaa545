//! What the tenant view is made from and kept up to date with (architecture.md "The tenant view"): the enumeration of the
//! tenant's contacts, each person as the view holds it, the change log from an instant on, and the record that names the
//! object which holds the view's snapshot.

mod people;
mod pointer;
mod tail;

pub use people::{Gathered, Wanted};
pub use pointer::SnapshotRow;
pub use tail::{Changed, OVERLAP_SECONDS, RECENT_SECONDS, first_id_at};
