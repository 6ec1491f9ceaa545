//! The function `view`, through its routes, over tables and buckets in memory.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod duplicates;
mod events;
mod export;
mod following;
mod lists;
mod members;
mod oracle;
mod reach;
mod saved;
mod snapshots;
mod support;
