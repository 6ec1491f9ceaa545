//! The engine as its callers see it, against plain evaluations.
#![allow(clippy::unwrap_used)]

mod ask;
mod naive;
mod oracle;
mod reading;
mod snapshot;
mod world;
