//! Campaigns over HTTP and through the pump, on a table in memory and a clock by hand.

mod begin;
mod course;
mod faults;
mod foreseen;
mod world;
