//! What every function is wired with: configuration, logs, queues, batches.

pub mod batch;
pub mod config;
pub mod crash;
pub mod logging;
pub mod queues;
