//! In which order rows come.

use super::QueryError;

/// What rows are ordered by. A row without a value comes last either way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SortBy {
    /// How well the search matches, best first.
    Relevance,
    Name,
    /// pending, confirmed, cancelled, rescheduled.
    Status,
    AppointmentTime,
    CallAttempts,
    CreatedAt,
    LastContact,
    /// When the contact was put into the one group that is filtered by.
    AddedToGroup,
}

/// One sort key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sort {
    pub by: SortBy,
    pub descending: bool,
}

const OFFERED: &str = "name, status, appointment_time, call_attempts, created_at, last_contact, added_to_group and relevance, each at most once, with - in front for descending";

impl Sort {
    /// Ascending.
    pub const fn ascending(by: SortBy) -> Self {
        Self {
            by,
            descending: false,
        }
    }

    /// Descending.
    pub const fn descending(by: SortBy) -> Self {
        Self {
            by,
            descending: true,
        }
    }

    /// Several keys by comma, such as `status,-appointment_time`.
    pub fn parse(text: &str) -> Result<Vec<Self>, QueryError> {
        let bad = QueryError::NotOffered {
            parameter: "sort",
            offered: OFFERED,
        };
        let mut keys: Vec<Self> = Vec::new();
        for part in text.split(',') {
            let (descending, name) = match part.trim().strip_prefix('-') {
                Some(name) => (true, name),
                None => (false, part.trim()),
            };
            let by = match name {
                "relevance" => SortBy::Relevance,
                "name" => SortBy::Name,
                "status" | "appointment_status" => SortBy::Status,
                "appointment_time" => SortBy::AppointmentTime,
                "call_attempts" => SortBy::CallAttempts,
                "created_at" => SortBy::CreatedAt,
                "last_contact" => SortBy::LastContact,
                "added_to_group" => SortBy::AddedToGroup,
                _ => return Err(bad),
            };
            if keys.iter().any(|key| key.by == by) {
                return Err(bad);
            }
            keys.push(Self { by, descending });
        }
        Ok(keys)
    }
}
