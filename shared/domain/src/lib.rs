//! The rules of the business as pure functions and types that cannot hold a bad value.
//!
//! Nothing here performs I/O, reads a clock or draws randomness: instants, zones and ids come in as arguments.
//! S0 to S4 in comments name the requirement documents; `rules.md` decides between them.

pub mod analytics;
pub mod appointment;
pub mod bookings;
pub mod bulk;
pub mod calendar;
pub mod calling;
pub mod campaigns;
pub mod contact;
pub mod error;
pub mod forms;
pub mod groups;
pub mod ids;
pub mod messages;
pub mod permission;
pub mod person;
pub mod phi;
pub mod phone;
pub mod planner;
pub mod requests;
#[cfg(test)]
mod samples;
pub mod settings;
pub mod text;
pub mod words;
pub mod write_back;
