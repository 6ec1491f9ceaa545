//! Why a query is refused. No message repeats what was searched for.

use super::search::SearchError;

/// What is wrong with a query, and with which of its parameters.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum QueryError {
    /// Not one of a fixed list of words.
    #[error("{parameter} takes {offered}")]
    NotOffered {
        parameter: &'static str,
        offered: &'static str,
    },
    /// Not an id.
    #[error("{parameter} takes ids")]
    NotAnId { parameter: &'static str },
    /// Not a date, a local time or an instant.
    #[error("{parameter} takes a date (2027-03-28) or an instant (2027-03-28T01:30:00Z)")]
    NotADate { parameter: &'static str },
    /// A number out of its range, or no number.
    #[error("{parameter} takes {min} to {max}")]
    OutOfRange {
        parameter: &'static str,
        min: u32,
        max: u32,
    },
    /// An empty value.
    #[error("{parameter} is empty")]
    Empty { parameter: &'static str },
    /// More values than are looked at.
    #[error("{parameter} takes at most {max} values")]
    TooMany { parameter: &'static str, max: usize },
    /// A text that is too long.
    #[error("{parameter} takes at most {max} characters")]
    TooLong { parameter: &'static str, max: usize },
    /// Two parameters that exclude each other.
    #[error("{parameter} cannot be combined with {with}")]
    Together {
        parameter: &'static str,
        with: &'static str,
    },
    /// A parameter that means nothing without another.
    #[error("{parameter} needs {needs}")]
    Needs {
        parameter: &'static str,
        needs: &'static str,
    },
    /// A range that ends before it begins.
    #[error("appointment_to is before appointment_from")]
    EmptyRange,
    /// The search text.
    #[error("search: {0}")]
    Search(#[from] SearchError),
}

impl QueryError {
    /// The parameter that is wrong, by its name in the API.
    pub fn parameter(&self) -> &'static str {
        match self {
            Self::NotOffered { parameter, .. }
            | Self::NotAnId { parameter }
            | Self::NotADate { parameter }
            | Self::OutOfRange { parameter, .. }
            | Self::Empty { parameter }
            | Self::TooMany { parameter, .. }
            | Self::TooLong { parameter, .. }
            | Self::Together { parameter, .. }
            | Self::Needs { parameter, .. } => parameter,
            Self::EmptyRange => "appointment_to",
            Self::Search(_) => "search",
        }
    }

    /// Stable and machine-readable.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotOffered { .. } => "not_offered",
            Self::NotAnId { .. } => "not_an_id",
            Self::NotADate { .. } => "not_a_date",
            Self::OutOfRange { .. } => "out_of_range",
            Self::Empty { .. } => "empty",
            Self::TooMany { .. } => "too_many",
            Self::TooLong { .. } => "too_long",
            Self::Together { .. } => "not_together",
            Self::Needs { .. } => "needs_another",
            Self::EmptyRange => "empty_range",
            Self::Search(error) => error.code(),
        }
    }
}
