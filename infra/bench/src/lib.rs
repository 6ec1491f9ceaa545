//! Measures the product, each figure beside its peer in the same run, and prices what was measured.
//!
//! `make bench` runs it over release binaries. What is measured: cold starts under an emulated Lambda Runtime API
//! ([`lambda_api`]) with their first table read over TLS ([`tls`]); latency over HTTP on the local host; units and
//! requests of each operation, counted between function and services ([`tally`]); what calling takes ([`calling`]); and from those the cost ([`cost`]).
//! Nothing here is deployed, and no test asserts a time.

pub mod calling;
pub mod cloud;
pub mod cold;
pub mod cost;
pub mod error;
pub mod events;
pub mod function;
pub mod groups;
pub mod lambda_api;
pub mod latency;
pub mod life;
pub mod prices;
pub mod report;
pub mod stats;
pub mod tally;
pub mod tls;
pub mod units;
pub mod view;

pub use error::{BenchError, Context};
