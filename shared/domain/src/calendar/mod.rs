//! Wall clocks, holidays and the minutes in which a person may be rung.
//!
//! Everything here is pure: the instant comes in as an argument. Instants are UTC, wall-clock times always come with
//! an IANA zone, and every interval is half-open (rules.md "When a reminder is due").

mod holidays;
mod hours;
mod local_time;
mod opening;
mod permitted;
mod preferred;
mod time_of_day;
mod zones;

pub use holidays::{
    BankHolidays, Division, HolidayCalendar, HolidayError, MAX_OWN_HOLIDAYS, OwnHolidays,
};
pub use hours::{CallHours, CallHoursError};
pub use local_time::{LocalDateTimeInput, LocalTimeError, Resolved, SkippedByDst};
pub use opening::{AppointmentTimeWarning, DayHours, OpeningError, OperatingSchedule};
pub use permitted::{Interval, PermittedWindows, SEARCH_HORIZON_DAYS, Windows};
pub use preferred::{PreferredTime, PreferredTimeError, TimeRange};
pub use time_of_day::{TimeOfDay, TimeOfDayError};
pub use zones::{CallingZone, UnknownZone, parse_zone};
