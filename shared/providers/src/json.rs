//! Reading JSON that somebody else wrote: missing, null and unexpected values are all "not there".

use chrono::{DateTime, Utc};
use serde_json::{Map, Value};

/// A webhook's body that is not an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EventError {
    /// More bytes than an event ever has.
    #[error("the body is too large")]
    TooLarge,
    /// Not JSON, nested deeper than 128 levels, or not an object.
    #[error("the body is not a JSON object")]
    NotAnObject,
    /// A field without which the event says nothing.
    #[error("the field {0} is missing or unreadable")]
    Missing(&'static str),
}

/// The object in a body of at most `limit` bytes. The parser itself refuses more than 128 levels.
pub(crate) fn object(body: &[u8], limit: usize) -> Result<Value, EventError> {
    if body.len() > limit {
        return Err(EventError::TooLarge);
    }
    match serde_json::from_slice(body) {
        Ok(value @ Value::Object(_)) => Ok(value),
        _ => Err(EventError::NotAnObject),
    }
}

/// A text that is not blank, trimmed.
pub(crate) fn text(value: &Value) -> Option<String> {
    value
        .as_str()
        .map(str::trim)
        .filter(|text| !text.is_empty())
        .map(str::to_owned)
}

/// RFC 3339 in any of its spellings (`…Z`, `….000Z`, `…+00:00`).
pub(crate) fn instant(value: &Value) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(value.as_str()?.trim())
        .ok()
        .map(|instant| instant.to_utc())
}

/// Milliseconds since the epoch, whole or not.
pub(crate) fn epoch_ms(value: &Value) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp_millis(whole(value)?)
}

/// A number without its fraction.
pub(crate) fn whole(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| {
        value
            .as_f64()
            .filter(|number| number.abs() < 9e15)
            .map(|number| number as i64)
    })
}

/// An object's members, or none.
pub(crate) fn members(value: &Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap_or_default()
}
