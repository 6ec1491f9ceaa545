//! The one table, behind a narrow port.
//!
//! `port` is what storage needs of a database; `dynamo` and `memory` provide it. `key` alone formats keys. `objects` is the
//! same for the bucket. Above them lies a file per noun with the transactions of that noun: every change of state is one
//! transaction of the entity (conditional on its version), its claims and queue items, and its log entry.

pub mod apart;
pub mod bookings;
pub mod bulk;
pub mod calendar;
pub mod calling;
pub mod campaigns;
pub mod contacts;
pub mod dynamo;
pub mod entity;
pub mod env;
pub mod error;
pub mod groups;
pub mod idempotency;
pub mod inbox;
pub mod invitations;
pub mod jobs;
pub mod key;
pub mod letters;
pub mod live;
pub mod locations;
pub mod log;
pub mod mail_stops;
pub mod memory;
pub mod messages;
pub mod meter;
pub mod notices;
pub mod objects;
pub mod outgoing;
pub mod password_resets;
pub mod platform;
pub mod port;
pub mod requests;
pub mod saved_filters;
pub mod schema;
pub mod sign_ins;
pub mod store;
pub mod tags;
pub mod tenants;
pub mod tx;
pub mod users;
pub mod view;
pub mod words;

pub use error::StoreError;
pub use store::{Store, TenantStore};
