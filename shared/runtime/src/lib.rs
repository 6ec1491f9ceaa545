//! Wiring: what every function needs, from configuration to clients, made once at cold start.
//!
//! An HTTP function is `vio_runtime::lambda::serve(|app| vio_identity::router(app).0)`; a queue's consumer runs
//! [`batch::handle`]. The local host and tests make the same [`App`] from other [`Parts`].

pub mod app;
pub mod auth;
pub mod batch;
pub mod bootstrap;
pub mod config;
pub mod crash;
pub mod idempotency;
pub mod lambda;
pub mod letters;
pub mod logging;
pub mod matching;
pub mod phi;
pub mod queues;
pub mod rate;
pub mod reach;
pub mod sessions;
#[cfg(feature = "testing")]
pub mod testing;
pub mod twilio;
pub mod web;

pub use app::{App, Parts, StartError};
