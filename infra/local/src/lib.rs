//! The local host: the whole product in one process on loopback, with embedded services in the place of AWS and a
//! sandbox in the place of the providers (architecture.md "Local host").
//!
//! `vio-local` is its command; tests start a [`Host`] themselves. What it adds to the product is under `/dev` and
//! exists nowhere else.

pub mod clock;
pub mod connections;
mod console;
mod consumers;
mod crash;
mod dev;
mod functions;
pub mod gateway;
mod host;
mod invocations;
mod landing;
mod mail_events;
mod queues;
mod routes;
pub mod seed;
mod server;
mod services;
mod sockets;
mod stream;

pub use clock::DomainClock;
pub use crash::crash_where_told;
pub use functions::document;
pub use host::{Host, HostError, HostOptions};
pub use invocations::Invocations;
pub use routes::{Function, OF_ONE_METHOD, ROUTES};
pub use services::{BUCKET, BUS, tables};
