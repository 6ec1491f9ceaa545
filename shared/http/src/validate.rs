//! From a request's raw fields to domain types, with every wrong field reported at once.

use vio_domain::error::{FieldError, Invalid};

use crate::problem::{FieldProblem, Problem};

/// Collects what is wrong while a request is turned into domain types.
#[derive(Debug, Default)]
pub struct Fields {
    errors: Vec<FieldProblem>,
}

impl Fields {
    /// Keeps the value, or notes what is wrong with the field at `pointer`.
    pub fn take<T, E: FieldFault>(&mut self, pointer: &str, parsed: Result<T, E>) -> Option<T> {
        match parsed {
            Ok(value) => Some(value),
            Err(fault) => {
                self.errors.push(fault.at(pointer));
                None
            }
        }
    }

    /// Parses a field that must be there.
    pub fn require<R, T, E: FieldFault>(
        &mut self,
        pointer: &str,
        raw: Option<R>,
        parse: impl FnOnce(R) -> Result<T, E>,
    ) -> Option<T> {
        match raw {
            Some(raw) => self.take(pointer, parse(raw)),
            None => {
                self.note(pointer, "required", "This field is required.");
                None
            }
        }
    }

    /// Parses a field that may be missing: `Some(None)` where it is, `None` where it is wrong.
    pub fn optional<R, T, E: FieldFault>(
        &mut self,
        pointer: &str,
        raw: Option<R>,
        parse: impl FnOnce(R) -> Result<T, E>,
    ) -> Option<Option<T>> {
        match raw {
            Some(raw) => self.take(pointer, parse(raw)).map(Some),
            None => Some(None),
        }
    }

    /// Notes something wrong that no parser found, such as two fields that do not go together.
    pub fn note(&mut self, pointer: &str, code: &str, detail: impl Into<String>) {
        self.errors.push(FieldProblem::new(pointer, code, detail));
    }

    /// Adds field problems found elsewhere.
    pub fn extend(&mut self, errors: impl IntoIterator<Item = impl Into<FieldProblem>>) {
        self.errors.extend(errors.into_iter().map(Into::into));
    }

    /// Adds what is wrong with a member of the body, which lies at `pointer`.
    pub fn within(&mut self, pointer: &str, member: Self) {
        let errors = member.errors.into_iter();
        self.errors.extend(errors.map(|error| error.at(pointer)));
    }

    /// Whether nothing is wrong so far.
    pub fn is_clean(&self) -> bool {
        self.errors.is_empty()
    }
}

/// A refusal with every wrong field.
impl From<Fields> for Problem {
    fn from(fields: Fields) -> Self {
        if fields.is_clean() {
            return Self::internal_because("a request was refused without saying why");
        }
        Self::validation(fields.errors)
    }
}

/// An error of one field, not yet knowing which.
pub trait FieldFault {
    /// What is wrong, for programs, and what to do about it, for people.
    fn at(self, pointer: &str) -> FieldProblem;
}

impl FieldFault for FieldProblem {
    /// The problem's own pointer is taken as relative to `pointer`.
    fn at(mut self, pointer: &str) -> FieldProblem {
        self.pointer.insert_str(0, pointer);
        self
    }
}

impl FieldFault for Invalid {
    fn at(self, pointer: &str) -> FieldProblem {
        FieldProblem::new(pointer, self.code, self.detail)
    }
}

impl FieldFault for FieldError {
    /// The error's own pointer is taken as relative to `pointer`.
    fn at(self, pointer: &str) -> FieldProblem {
        FieldProblem::from(self).at(pointer)
    }
}

impl From<FieldError> for FieldProblem {
    fn from(error: FieldError) -> Self {
        Self::new(error.pointer, error.code, error.detail)
    }
}

impl From<Vec<FieldError>> for Problem {
    fn from(errors: Vec<FieldError>) -> Self {
        Self::validation(errors.into_iter().map(Into::into).collect())
    }
}

impl FieldFault for (&str, &str) {
    /// A code and a sentence.
    fn at(self, pointer: &str) -> FieldProblem {
        FieldProblem::new(pointer, self.0, self.1)
    }
}

/// A request that becomes a domain value.
pub trait Validate: Sized {
    /// What it becomes.
    type Domain;

    /// Parses every field first, into `fields`, and only then leaves with `?`, so that all that is wrong is told at
    /// once. `None` must come with at least one noted problem.
    fn validate(self, fields: &mut Fields) -> Option<Self::Domain>;

    /// The domain value, or a 422 with every wrong field.
    fn validated(self) -> Result<Self::Domain, Problem> {
        let mut fields = Fields::default();
        match self.validate(&mut fields) {
            Some(value) if fields.is_clean() => Ok(value),
            _ => Err(fields.into()),
        }
    }
}
