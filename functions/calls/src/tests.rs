//! The routes over a table in memory; calls run through the store as the pump and the webhooks run them.

mod call_now;
mod hearing;
mod lists;
mod samples;
mod work;
mod world;
