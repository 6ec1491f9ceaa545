//! What the whole-system tests share: a client of the local host, a booking as Cal.com sends it, clinics, deadlines,
//! and the product's binaries as processes that can be killed.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "helpers of tests: what they cannot do is a failed test"
)]

pub mod booking;
pub mod client;
pub mod clinic;
pub mod contract;
pub mod demo;
pub mod outside;
pub mod process;
pub mod random;
pub mod time;

pub use booking::Booking;
pub use client::{HostClient, SandboxClient};
pub use clinic::Clinic;
pub use process::Process;
pub use random::Random;
