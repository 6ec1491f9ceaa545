//! Contacts over HTTP, rule by rule, on a table in memory.
#![allow(clippy::unwrap_used, reason = "a test ends at its first surprise")]

mod appointments;
mod consents;
mod create;
mod deleted;
mod edit;
mod events;
mod groups;
mod merge;
mod people;
mod support;
