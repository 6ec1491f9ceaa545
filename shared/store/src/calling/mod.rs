//! Calling in the table: planned sessions and their queue, the gate, attempts, and what settles them.

pub mod attention;
pub mod plan;
pub mod rows;
pub mod sessions;
