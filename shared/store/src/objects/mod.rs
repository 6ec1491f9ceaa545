//! The narrow port to the bucket: put where nothing is, get, delete. What it holds is sealed before it gets here, and
//! immutable: whoever wants another content writes another object, and names it in the table. An object that nothing
//! names is waste that the bucket's lifecycle removes; hence the order is always **the object first, then the record
//! that names it**.
//!
//! A port of its own, beside the table's: only the functions that keep objects link it.

mod memory;
mod s3;

use async_trait::async_trait;

pub use memory::{Fault, MemoryObjects};
pub use s3::S3Objects;

/// The name of one object. Only [`crate::key`] makes them.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectName(pub(crate) String);

impl ObjectName {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for ObjectName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// What putting an object came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use = "an object that was there before is not the one just sent"]
pub enum Put {
    /// It is there now.
    Created,
    /// Something was there before, and still is.
    Exists,
}

/// Why the bucket did not do what was asked. Says nothing of what the object holds.
#[derive(Debug, thiserror::Error)]
pub enum ObjectError {
    /// It did not answer, or not in time, or said that it cannot now. Trying again is right; it may have happened.
    #[error("the bucket does not answer")]
    Unavailable(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// It may not be touched. S3 says the same of a missing object to those who may not list the bucket.
    #[error("the object is missing or may not be touched")]
    Refused(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// The bucket.
#[async_trait]
pub trait Objects: Send + Sync + 'static {
    /// Writes an object unless there is one of that name.
    async fn put_if_absent(&self, name: &ObjectName, bytes: Vec<u8>) -> Result<Put, ObjectError>;
    /// The whole object; None where there is none.
    async fn get(&self, name: &ObjectName) -> Result<Option<Vec<u8>>, ObjectError>;
    /// Deletes an object; one that is not there is deleted already.
    async fn delete(&self, name: &ObjectName) -> Result<(), ObjectError>;
}
