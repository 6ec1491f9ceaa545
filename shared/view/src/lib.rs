//! The tenant view: any list, search, filter and count over a tenant's contacts, at once (architecture.md "The tenant
//! view").
//!
//! Pure: no I/O, no clock. A [`TenantView`] is filled by [`Change`]s, sealed into and read from snapshots
//! ([`snapshot`]), and answers a [`Query`] only through a [`Reader`], which exists only for a [`Visibility`].
//!
//! `docs/tenant-view.md` has the model, the query language, the format of snapshots and what was measured.

mod change;
mod engine;
mod memory;
mod model;
mod query;
pub mod snapshot;
mod text;
mod visibility;

pub use change::{Applied, Calls, Change};
pub use engine::{
    Alike, Appointed, Card, Facets, Found, GroupCount, GroupOf, MOST_COMPARED, Match, Page,
    ReadError, Reader, StatusCounts,
};
pub use model::{Group, MOST_BYTES, TenantView, ViewFull};
pub use query::{
    Alternatives, AppointmentRange, BadCursor, Bound, CallFilter, CallResult, Choice, Cursor,
    Filter, GroupFilter, GroupLogic, LastContact, OVERDUE_AFTER_MINUTES, PageSize, Params, Query,
    QueryError, Search, SearchError, Sort, SortBy, Start, Urgency,
};
pub use text::Field;
pub use visibility::Visibility;
