//! Contacts and their appointments in the table.

mod claims;
mod list;
mod person;
mod rows;

pub use claims::{ClaimRow, Claims};
pub use list::{ContactPage, LIST_BOUND, ListQuery, Start};
pub use person::Person;
pub use rows::{AppointmentRow, ContactRow};
