//! The eight searched fields (S0 "Search & Text Filtering") and what a hit in each is worth.

use serde::{Deserialize, Serialize};

/// One searched field. In the order of their worth, which is also their order in memory: the first hit in a contact is
/// its best.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Field {
    Name,
    Phone,
    Email,
    Notes,
    AppointmentType,
    OwnerName,
    CompanyName,
    SpecialInstructions,
}

/// S0's three ranks, as numbers that add up over the terms of a search.
pub(crate) type Weight = u8;

impl Field {
    /// All of them, in order.
    pub const ALL: [Self; 8] = [
        Self::Name,
        Self::Phone,
        Self::Email,
        Self::Notes,
        Self::AppointmentType,
        Self::OwnerName,
        Self::CompanyName,
        Self::SpecialInstructions,
    ];

    /// The field of a `field:value` term; S0's names and what people call them.
    pub fn parse(name: &str) -> Option<Self> {
        Some(match name {
            "name" => Self::Name,
            "phone" => Self::Phone,
            "email" => Self::Email,
            "notes" => Self::Notes,
            "appointment_type" | "type" => Self::AppointmentType,
            "owner_name" | "owner" | "provider" => Self::OwnerName,
            "company_name" | "company" => Self::CompanyName,
            "special_instructions" | "instructions" => Self::SpecialInstructions,
            _ => return None,
        })
    }

    /// S0: name, phone and e-mail first, then notes, type and owner, then company and instructions.
    pub(crate) const fn weight(self) -> Weight {
        match self {
            Self::Name | Self::Phone | Self::Email => 3,
            Self::Notes | Self::AppointmentType | Self::OwnerName => 2,
            Self::CompanyName | Self::SpecialInstructions => 1,
        }
    }
}

/// Some of the fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FieldSet(u8);

impl FieldSet {
    pub(crate) const ALL: Self = Self(u8::MAX);

    pub(crate) const fn only(field: Field) -> Self {
        Self(1 << field as u8)
    }

    pub(crate) fn of(fields: &[Field]) -> Self {
        Self(fields.iter().fold(0, |set, field| set | 1 << *field as u8))
    }

    pub(crate) fn all_but(fields: &[Field]) -> Self {
        Self(!Self::of(fields).0)
    }

    pub(crate) const fn contains(self, index: usize) -> bool {
        self.0 >> index & 1 == 1
    }

    pub(crate) fn iter(self) -> impl Iterator<Item = Field> {
        let all = Field::ALL.into_iter();
        all.filter(move |field| self.contains(*field as usize))
    }
}
