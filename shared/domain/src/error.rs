//! How a value is refused: a stable code for programs, a sentence for the person at the desk.
//!
//! No error here ever repeats the refused value, because it may be somebody's number or diagnosis (rules.md Privacy).

use std::fmt;

use serde::Serialize;

/// Why a single value is not acceptable, before anyone knows where in a document it stood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct Invalid {
    /// Stable and machine-readable, such as `too_long`.
    pub code: &'static str,
    /// A sentence a receptionist understands. Never contains the value.
    pub detail: String,
}

impl Invalid {
    /// A refusal with its code and sentence.
    pub fn new(code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            code,
            detail: detail.into(),
        }
    }

    /// Places the refusal in a document, at a JSON pointer such as `/phone`.
    pub fn at(self, pointer: impl Into<String>) -> FieldError {
        FieldError {
            pointer: pointer.into(),
            code: self.code,
            detail: self.detail,
        }
    }
}

/// A refused field of a request: one entry of a problem document's `errors` (rules.md Errors).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{pointer}: {detail}")]
pub struct FieldError {
    /// JSON pointer (RFC 6901) to the field, such as `/custom_fields/case_type`.
    pub pointer: String,
    /// Stable and machine-readable, such as `too_long`.
    pub code: &'static str,
    /// A sentence a receptionist understands. Never contains the value.
    pub detail: String,
}

impl FieldError {
    /// A refusal of the field at `pointer`.
    pub fn new(pointer: impl Into<String>, code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            pointer: pointer.into(),
            code,
            detail: detail.into(),
        }
    }
}

/// Everything wrong with one request, gathered so that a form shows all of it at once.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct FieldErrors(Vec<FieldError>);

impl FieldErrors {
    /// Nothing wrong yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one refusal.
    pub fn push(&mut self, error: FieldError) {
        self.0.push(error);
    }

    /// Adds a refusal made on the spot.
    pub fn add(
        &mut self,
        pointer: impl Into<String>,
        code: &'static str,
        detail: impl Into<String>,
    ) {
        self.push(FieldError::new(pointer, code, detail));
    }

    /// Keeps the value of a successful parse; notes the refusal of a failed one and answers `None`.
    pub fn check<T, E: Into<Invalid>>(
        &mut self,
        pointer: impl Into<String>,
        result: Result<T, E>,
    ) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(error) => {
                self.push(error.into().at(pointer));
                None
            }
        }
    }

    /// As [`check`](Self::check) for a field that may be absent: absent is fine.
    pub fn check_opt<T, U, E: Into<Invalid>>(
        &mut self,
        pointer: impl Into<String>,
        value: Option<T>,
        parse: impl FnOnce(T) -> Result<U, E>,
    ) -> Option<U> {
        value.and_then(|value| self.check(pointer, parse(value)))
    }

    /// As [`check`](Self::check) for a field that must be there; `label` names it in the sentence.
    pub fn require<T, U, E: Into<Invalid>>(
        &mut self,
        pointer: impl Into<String>,
        label: &str,
        value: Option<T>,
        parse: impl FnOnce(T) -> Result<U, E>,
    ) -> Option<U> {
        match value {
            Some(value) => self.check(pointer, parse(value)),
            None => {
                self.add(pointer, "required", format!("{label} is required."));
                None
            }
        }
    }

    /// Takes over the refusals of a part of the request.
    pub fn append(&mut self, other: FieldErrors) {
        self.0.extend(other.0);
    }

    /// Whether nothing was refused.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many refusals there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The refusals in the order they were found.
    pub fn iter(&self) -> impl Iterator<Item = &FieldError> {
        self.0.iter()
    }

    /// `Ok(value)` when nothing was refused.
    pub fn into_result<T>(self, value: T) -> Result<T, FieldErrors> {
        if self.is_empty() {
            Ok(value)
        } else {
            Err(self)
        }
    }
}

impl From<FieldError> for FieldErrors {
    fn from(error: FieldError) -> Self {
        Self(vec![error])
    }
}

impl FromIterator<FieldError> for FieldErrors {
    fn from_iter<I: IntoIterator<Item = FieldError>>(errors: I) -> Self {
        Self(errors.into_iter().collect())
    }
}

impl IntoIterator for FieldErrors {
    type Item = FieldError;
    type IntoIter = std::vec::IntoIter<FieldError>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl fmt::Display for FieldErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str("; ")?;
            }
            error.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for FieldErrors {}

/// Appends one step to a JSON pointer, escaping it (RFC 6901): `pointer("/custom_fields", "a/b")` is
/// `/custom_fields/a~1b`.
pub fn pointer(base: &str, step: &str) -> String {
    let mut out = String::with_capacity(base.len() + 1 + step.len());
    out.push_str(base);
    out.push('/');
    for c in step.chars() {
        match c {
            '~' => out.push_str("~0"),
            '/' => out.push_str("~1"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gathers_every_refusal_with_its_place() {
        let mut errors = FieldErrors::new();
        let kept = errors.check::<_, Invalid>("/name", Ok(7));
        let lost = errors.check::<u8, _>(
            "/phone",
            Err(Invalid::new("invalid_phone", "Not a phone number.")),
        );
        let missing = errors.require::<u8, u8, Invalid>("/email", "E-mail", None, Ok);
        assert_eq!((kept, lost, missing), (Some(7), None, None));
        assert_eq!(errors.len(), 2);
        let json = serde_json::to_value(&errors).unwrap();
        assert_eq!(
            json[0],
            serde_json::json!({"pointer": "/phone", "code": "invalid_phone", "detail": "Not a phone number."})
        );
        assert_eq!(json[1]["detail"], "E-mail is required.");
        assert!(errors.into_result(()).is_err());
        assert!(FieldErrors::new().into_result(()).is_ok());
    }

    #[test]
    fn pointers_are_escaped() {
        assert_eq!(pointer("/custom_fields", "a/b~c"), "/custom_fields/a~1b~0c");
    }
}
