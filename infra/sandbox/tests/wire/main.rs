//! The sandbox over real HTTP, as the product meets it.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod calcom;
mod control;
mod course;
mod create;
mod restart;
mod support;
