//! What can go wrong in storage, as outcomes that a caller can act on.

use crate::objects::ObjectError;
use crate::port::PortError;

/// An error of the storage layer.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The record changed or appeared meanwhile (a failed condition). `lost` names the operations that failed, as
    /// labelled by the caller: read again and decide again.
    #[error("lost a race on {lost:?}")]
    Lost { lost: Vec<&'static str> },
    /// The table is busy or its answer was lost; nothing is known to be wrong with the request.
    #[error("the table is unavailable")]
    Unavailable(#[source] PortError),
    #[error("cannot encode {entity}")]
    Encode {
        entity: &'static str,
        source: serde_dynamo::Error,
    },
    #[error("cannot decode {entity}")]
    Decode {
        entity: &'static str,
        source: serde_dynamo::Error,
    },
    #[error("item is not a {expected}")]
    WrongType { expected: &'static str },
    /// The request itself is wrong: more operations or bytes than the table takes.
    #[error("invalid storage request: {0}")]
    Invalid(String),
    /// The bucket did not do what was asked; nothing is known to be wrong with the request.
    #[error(transparent)]
    Objects(#[from] ObjectError),
    /// A record names an object that is not in the bucket.
    #[error("the object of {what} is missing")]
    NoObject { what: &'static str },
    /// A ciphertext did not open or a key is missing.
    #[error("decryption failed for {what}")]
    Sealed { what: &'static str },
    /// The key service failed.
    #[error("the key service is unavailable")]
    Keys(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl From<PortError> for StoreError {
    fn from(error: PortError) -> Self {
        match error {
            PortError::ConditionFailed { .. } => Self::Lost { lost: Vec::new() },
            PortError::Invalid(reason) => Self::Invalid(reason),
            other => Self::Unavailable(other),
        }
    }
}

impl StoreError {
    /// Whether a condition failed: the caller should read again and decide again.
    pub fn is_lost(&self) -> bool {
        matches!(self, Self::Lost { .. })
    }

    /// Whether others came in between: a condition failed, or the table put the transaction off behind theirs.
    pub(crate) fn is_race(&self) -> bool {
        self.is_lost()
            || matches!(
                self,
                Self::Unavailable(PortError::Conflict | PortError::Throttled)
            )
    }
}
