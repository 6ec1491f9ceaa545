//! What a form file says.

use serde::{Deserialize, Serialize};

/// One form, as in `data/forms/*.json`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Form {
    /// Its name in snake_case, such as `healthcare`.
    pub form: String,
    /// Raised by one with each change of its fields.
    pub version: u32,
    /// What people call it.
    pub label: String,
    /// The business types whose default form it is (S3 `business_type`), such as `medical`.
    #[serde(default)]
    pub business_types: Vec<String>,
    /// Its fields in the order they are asked.
    pub fields: Vec<Field>,
}

/// One field of a form.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Field {
    /// Its name in snake_case, unique in the form.
    pub name: String,
    /// What stands beside it.
    pub label: String,
    /// What it holds.
    #[serde(rename = "type")]
    pub kind: FieldType,
    /// The choices of a `select`, and of nothing else.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<Choice>,
    /// Whether it must be filled in.
    #[serde(default)]
    pub required: bool,
    /// Characters at most, for texts; [`Field::DEFAULT_MAX_LENGTH`] when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_length: Option<usize>,
    /// Least number, for numbers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<i64>,
    /// Greatest number, for numbers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<i64>,
    /// Whether it is encrypted field by field, left out of `hipaa_safe` exports and hidden without the permission
    /// (rules.md Privacy).
    #[serde(default)]
    pub sensitive: bool,
}

impl Field {
    /// Characters of a text at most, where the form does not say.
    pub const DEFAULT_MAX_LENGTH: usize = 255;
    /// Characters of a text at most, whatever the form says: those of notes.
    pub const MAX_LENGTH: usize = 5_000;
}

/// What a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldType {
    /// One line of text.
    Text,
    /// Several lines of text.
    Textarea,
    /// A day, as `YYYY-MM-DD`.
    Date,
    /// One of the options.
    Select,
    /// A phone number of any region, kept as E.164.
    Phone,
    /// An e-mail address.
    Email,
    /// A number.
    Number,
    /// Yes or no.
    Boolean,
}

/// One choice of a `select`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    /// What is stored.
    pub value: String,
    /// What people see.
    pub label: String,
}
