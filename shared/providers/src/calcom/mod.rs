//! Cal.com: bookings come in by webhook; what was not told is read, and what changed here is told.

mod booking;
mod client;
pub mod reading;
pub mod webhook;

pub use client::{Booked, Bookings, CalcomClient, Changed, Hook, Me, Updated};

/// Cal.com's own address.
pub const CALCOM_URL: &str = "https://api.cal.com";
