//! Contacts and their appointments in the table.

pub mod bookings;
mod claims;
pub mod consents;
pub mod create;
mod history;
pub mod interactions;
mod likeness;
mod list;
mod merge;
mod person;
pub(crate) mod rows;
mod save;

pub use bookings::{Booked, NewTime, move_to};
pub use claims::{ClaimRow, Claims};
pub use consents::{ConsentChange, ConsentRow};
pub use create::{Created, NewAppointment, NewContact};
pub use interactions::{Became, Direction, InteractionKind, InteractionRow, Noted};
pub use likeness::Judged;
pub use list::{ContactPage, LIST_BOUND, ListQuery, Start};
pub use person::Person;
pub use rows::{AppointmentRow, ContactRow};
pub use save::{SAVE_TRIES, Save};
