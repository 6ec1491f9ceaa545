//! A field of a PATCH: left out, cleared with null, or given.

use crate::Fields;
use crate::validate::FieldFault;
use serde::{Deserialize, Deserializer};

/// A field of a PATCH.
#[derive(Debug, Clone, Default)]
pub enum Patch<T> {
    /// Left out: stays as it is.
    #[default]
    Keep,
    /// Given as null.
    Clear,
    Set(T),
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Patch<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(match Option::deserialize(deserializer)? {
            Some(value) => Self::Set(value),
            None => Self::Clear,
        })
    }
}

impl<T> Patch<T> {
    /// Whether the field is there at all.
    pub fn is_given(&self) -> bool {
        !matches!(self, Self::Keep)
    }

    /// Puts the value in place of one that must be there: null is refused.
    pub fn put<V, E: FieldFault>(
        &self,
        fields: &mut Fields,
        pointer: &str,
        target: &mut V,
        parse: impl FnOnce(&T) -> Result<V, E>,
    ) {
        match self {
            Self::Keep => {}
            Self::Clear => fields.note(pointer, "required", "This field cannot be emptied."),
            Self::Set(value) => {
                if let Some(value) = fields.take(pointer, parse(value)) {
                    *target = value;
                }
            }
        }
    }

    /// Puts the value in place of one that may be missing: null removes it.
    pub fn put_optional<V, E: FieldFault>(
        &self,
        fields: &mut Fields,
        pointer: &str,
        target: &mut Option<V>,
        parse: impl FnOnce(&T) -> Result<V, E>,
    ) {
        match self {
            Self::Keep => {}
            Self::Clear => *target = None,
            Self::Set(value) => {
                if let Some(value) = fields.take(pointer, parse(value)) {
                    *target = Some(value);
                }
            }
        }
    }
}

impl<T: Copy> Patch<T> {
    /// As [`Patch::put`] for a value that needs no further check.
    pub fn copy(&self, fields: &mut Fields, pointer: &str, target: &mut T) {
        self.put(fields, pointer, target, |value| {
            Ok::<_, (&str, &str)>(*value)
        });
    }
}
