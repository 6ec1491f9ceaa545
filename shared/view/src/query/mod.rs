//! What is asked of a view, parsed: a [`Query`] that exists can be answered.

mod choice;
mod cursor;
mod dates;
mod error;
mod params;
mod search;
mod sort;

use chrono::{DateTime, Utc};
use vio_domain::appointment::AppointmentStatus;
use vio_domain::contact::{BookingSource, Priority};
use vio_domain::ids::GroupId;

pub use choice::{Alternatives, Choice};
pub(crate) use cursor::CursorKey;
pub use cursor::{BadCursor, Cursor};
pub use dates::{AppointmentRange, Bound};
pub use error::QueryError;
pub use params::Params;
pub(crate) use search::{Anchor, Clause, InGroup, Needle};
pub use search::{Search, SearchError};
pub use sort::{Sort, SortBy};

/// Rows of a page: 10 to 100, 25 where none are asked for (api.md).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageSize(u16);

impl PageSize {
    /// Where none is asked for.
    pub const DEFAULT: Self = Self(25);

    /// 10 to 100.
    pub fn new(rows: u32) -> Result<Self, QueryError> {
        match rows {
            10..=100 => Ok(Self(rows as u16)),
            _ => Err(QueryError::OutOfRange {
                parameter: "page_size",
                min: 10,
                max: 100,
            }),
        }
    }

    /// Rows.
    pub fn rows(self) -> usize {
        usize::from(self.0)
    }
}

/// Where a page begins.
#[derive(Debug, Clone, PartialEq)]
pub enum Start {
    /// A page by its number, from 1.
    Page(u32),
    /// After the last row of an earlier page, wherever that row would be now.
    After(Cursor),
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    pub filter: Filter,
    /// Not empty; ties are broken by id.
    pub sort: Vec<Sort>,
    pub start: Start,
    pub page_size: PageSize,
    /// Whether to count by status, group and age too.
    pub facets: bool,
    /// Whether to say who else has each one's number.
    pub shares: bool,
}

/// How several groups combine (S2 `or`, `and`, `not`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum GroupLogic {
    /// In at least one of them.
    #[default]
    Any,
    /// In every one.
    All,
    /// In none.
    Not,
}

/// Filter by groups.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupFilter {
    /// Not empty.
    pub groups: Vec<GroupId>,
    pub logic: GroupLogic,
    /// Those in no group as well (S2 `include_ungrouped`).
    pub include_ungrouped: bool,
}

/// When the next call is due (S0 `callScheduling`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallFilter {
    /// It may be placed now, overdue ones included.
    DueNow,
    /// It is or was due on the tenant's present day.
    DueToday,
    /// It has been due for longer than [`OVERDUE_AFTER_MINUTES`].
    Overdue,
    /// It is due later.
    Scheduled,
}

/// One window of the call throttle (S0): a call that waits for longer waits for more than its turn.
pub const OVERDUE_AFTER_MINUTES: i64 = 15;

/// How urgent the next call is (S0 `urgency`). Those without a planned call are none of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Urgency {
    /// The contact's priority is high or urgent.
    High,
    /// A reminder of normal priority.
    Standard,
    /// A call of normal priority that no appointment waits for.
    Low,
}

/// When somebody last answered (S0 `lastContact`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LastContact {
    /// Never yet.
    Never,
    /// On the tenant's present day.
    Today,
    /// Within so many times 24 hours; a week is 7, a month 30.
    Days(u32),
}

/// How the last call went (S2 `call_status_filter`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CallResult {
    /// A person answered.
    Success,
    /// Nobody did, or it could not be made.
    Failure,
}

/// All of these hold together; one that is empty or none holds for everybody.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Filter {
    /// Status of the current appointment; pending without one.
    pub status: Vec<AppointmentStatus>,
    pub groups: Option<GroupFilter>,
    /// In no group that the reader sees (true), or in some (false).
    pub ungrouped: Option<bool>,
    pub search: Option<Search>,
    /// The time of the current appointment.
    pub appointment: Option<AppointmentRange>,
    pub call: Option<CallFilter>,
    pub urgency: Option<Urgency>,
    pub last_contact: Option<LastContact>,
    pub call_result: Option<CallResult>,
    pub priority: Vec<Priority>,
    /// Every one of them, without regard to case and accents.
    pub tags: Vec<String>,
    /// Any of them, without regard to case and accents.
    pub industry: Vec<String>,
    pub booking_source: Vec<BookingSource>,
    /// The whole type or name, without regard to case and accents (S2 filters of the member picker).
    pub appointment_type: Option<String>,
    pub owner_name: Option<String>,
    pub is_active: Option<bool>,
    /// On the work list (true) or not.
    pub attention: Option<bool>,
    /// Created by or assigned to the reader (true), or not.
    pub own: Option<bool>,
    /// Created at or after this instant.
    pub created_since: Option<DateTime<Utc>>,
    /// The current appointment has had its status since this instant or later.
    pub status_since: Option<DateTime<Utc>>,
}
