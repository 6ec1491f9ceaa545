//! Cal.com: bookings come in by webhook.

mod booking;
mod client;
pub mod webhook;

pub use booking::{Attendee, Booking};
pub use client::{Booked, Bookings, CalcomClient, Hook, Me};

/// Cal.com's own address.
pub const CALCOM_URL: &str = "https://api.cal.com";
