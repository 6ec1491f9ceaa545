//! The webhooks as the providers see them: signed requests in, contacts and calls changed, nothing twice.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr
)]

mod bookings;
mod calendar;
mod calendly;
mod calls;
mod events;
mod fuzz;
mod intake;
mod large;
mod mutate;
mod receive;
mod samples;
mod sms;
mod support;
