//! The proof by simulation: the production pump, tick, planner, webhooks and routes in a world of several businesses, in
//! which everything goes wrong that can, judged by a checker of its own (docs/reliability.md).
//!
//! A seed decides everything: the businesses, what people do, every fault. A failing seed is printed and replays.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout
)]

mod actors;
mod check;
mod fabric;
mod history;
mod mutation;
mod mutations;
mod plans;
mod process;
mod provider;
mod queues;
mod rng;
mod run;
mod scenes;
mod storms;
mod table;
mod world;
