//! What there is to do with a tenant's outside calendars: changes that they have not been told yet, and how far they have
//! been read for what they did not tell. Both lie in the due index until they are done (architecture.md
//! "Level-triggered"), so that a lost message or a crash costs a minute.

mod leaving;
mod reading;
mod write_back;

pub use leaving::Left;
pub use reading::{CalendarRow, Failure, Reading, Subscribed, Unfinished};
pub use write_back::{CalendarWriteRow, Refusal, ToTell, Told};
