//! A field of a request that may be left out, be null, or have a value: three different wishes in an edit.

use serde::{Deserialize, Deserializer};
use vio_http::Fields;
use vio_http::validate::FieldFault;

/// A field as sent.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) enum Given<T> {
    /// Left out: an edit leaves it as it is.
    #[default]
    Absent,
    /// Null, or a blank text: an edit clears it.
    Null,
    Value(T),
    /// Sent, and wrong: that was noted where it was parsed.
    Wrong,
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Given<T> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Ok(match Option::<T>::deserialize(from)? {
            Some(value) => Self::Value(value),
            None => Self::Null,
        })
    }
}

impl<T> Given<T> {
    pub(crate) fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }

    /// The value; None where it was left out or cleared.
    pub(crate) fn value(self) -> Option<T> {
        match self {
            Self::Value(value) => Some(value),
            Self::Absent | Self::Null | Self::Wrong => None,
        }
    }

    pub(crate) fn as_ref(&self) -> Given<&T> {
        match self {
            Self::Absent => Given::Absent,
            Self::Null => Given::Null,
            Self::Value(value) => Given::Value(value),
            Self::Wrong => Given::Wrong,
        }
    }

    pub(crate) fn map<U>(self, change: impl FnOnce(T) -> U) -> Given<U> {
        match self {
            Self::Absent => Given::Absent,
            Self::Null => Given::Null,
            Self::Value(value) => Given::Value(change(value)),
            Self::Wrong => Given::Wrong,
        }
    }

    /// Parses a value; one that is wrong is noted at `pointer`.
    pub(crate) fn parse<U, E: FieldFault>(
        self,
        fields: &mut Fields,
        pointer: &str,
        parse: impl FnOnce(T) -> Result<U, E>,
    ) -> Given<U> {
        match self {
            Self::Absent => Given::Absent,
            Self::Null => Given::Null,
            Self::Value(value) => match fields.take(pointer, parse(value)) {
                Some(value) => Given::Value(value),
                None => Given::Wrong,
            },
            Self::Wrong => Given::Wrong,
        }
    }

    /// Sets an optional field: cleared by null, left alone when left out.
    pub(crate) fn set(self, field: &mut Option<T>) {
        match self {
            Self::Absent | Self::Wrong => {}
            Self::Null => *field = None,
            Self::Value(value) => *field = Some(value),
        }
    }

    /// Sets a field that always has a value: null sets it back to `default`.
    pub(crate) fn set_or(self, field: &mut T, default: T) {
        match self {
            Self::Absent | Self::Wrong => {}
            Self::Null => *field = default,
            Self::Value(value) => *field = value,
        }
    }
}

impl Given<String> {
    /// A blank text is no text.
    pub(crate) fn not_blank(self) -> Self {
        match self {
            Self::Value(text) if text.trim().is_empty() => Self::Null,
            other => other,
        }
    }

    /// Parses an optional text.
    pub(crate) fn text<U, E: FieldFault>(
        self,
        fields: &mut Fields,
        pointer: &str,
        parse: impl FnOnce(&str) -> Result<U, E>,
    ) -> Given<U> {
        self.not_blank().parse(fields, pointer, |text| parse(&text))
    }
}
