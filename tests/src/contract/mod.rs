//! The API's contract as the OpenAPI document states it, for tests that are generated from it: a route that is added
//! is covered without an edit, and one that cannot be tried fails the test with what is missing.

pub mod api;
pub mod document;
pub mod findings;
pub mod judge;
pub mod schema;
pub mod world;

pub use api::{Answer, Api, Ask};
pub use document::{Document, Operation};
pub use findings::Findings;
pub use world::{Person, World};
