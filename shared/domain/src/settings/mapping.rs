//! Where on a calendar's booking a field of ours is found (S3 "Cal.com Field Mapping", and the same for Calendly): a part
//! that every booking has, or the answer to one of the tenant's own questions on its booking page.

use serde::{Deserialize, Serialize};

use crate::error::FieldError;

/// What leads the slug of a question.
const ANSWER: &str = "responses.";
/// Characters of a slug at most.
const LONGEST_SLUG: usize = 64;

/// A place on a booking.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum BookingField {
    /// The name of whoever booked.
    InviteeName,
    /// Their address.
    InviteeEmail,
    /// Their number, wherever the calendar has one.
    InviteePhone,
    /// The name of the kind of event.
    EventTitle,
    /// Whose calendar it is on.
    OrganizerName,
    /// What the person wrote beside the questions of their own.
    Notes,
    /// The answer to the question with this slug; Calendly's questions have [`slug`] of their words, or their place from 0.
    Answer(String),
}

/// A question's words as its slug: small letters and digits, with `_` for everything between, at most 64 of them.
/// `Which practitioner?` is `which_practitioner`. Empty for a question without any.
pub fn slug(question: &str) -> String {
    let mut slug = String::new();
    for c in question.chars() {
        if c.is_ascii_alphanumeric() {
            slug.push(c.to_ascii_lowercase());
        } else if !slug.is_empty() && !slug.ends_with('_') {
            slug.push('_');
        }
        if slug.len() >= LONGEST_SLUG {
            break;
        }
    }
    slug.trim_end_matches('_').to_owned()
}

impl BookingField {
    /// The word in the API.
    pub fn word(&self) -> String {
        match self {
            Self::InviteeName => "invitee.name".to_owned(),
            Self::InviteeEmail => "invitee.email".to_owned(),
            Self::InviteePhone => "invitee.phone".to_owned(),
            Self::Notes => "booking.notes".to_owned(),
            Self::EventTitle => "eventType.title".to_owned(),
            Self::OrganizerName => "organizer.name".to_owned(),
            Self::Answer(slug) => format!("{ANSWER}{slug}"),
        }
    }

    /// Reads the word.
    pub fn parse(text: &str) -> Result<Self, FieldError> {
        match text.trim() {
            "invitee.name" => return Ok(Self::InviteeName),
            "invitee.email" => return Ok(Self::InviteeEmail),
            "invitee.phone" => return Ok(Self::InviteePhone),
            "booking.notes" => return Ok(Self::Notes),
            "eventType.title" => return Ok(Self::EventTitle),
            "organizer.name" => return Ok(Self::OrganizerName),
            _ => {}
        }
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
        match text.trim().strip_prefix(ANSWER) {
            Some(slug) if (1..=LONGEST_SLUG).contains(&slug.len()) && slug.bytes().all(plain) => {
                Ok(Self::Answer(slug.to_owned()))
            }
            _ => Err(FieldError::new(
                "",
                "unknown_source",
                "Give invitee.name, invitee.email, invitee.phone, eventType.title, organizer.name, booking.notes, or responses. with the identifier of a question.",
            )),
        }
    }
}

impl TryFrom<String> for BookingField {
    type Error = FieldError;

    fn try_from(text: String) -> Result<Self, FieldError> {
        Self::parse(&text)
    }
}

impl From<BookingField> for String {
    fn from(field: BookingField) -> String {
        field.word()
    }
}

/// Which place each field of ours is taken from. Where a question was not answered, the default's place is looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct FieldMapping {
    pub name: BookingField,
    pub email: BookingField,
    /// The first usable number; the default looks at every place where the calendar has one.
    pub phone: BookingField,
    pub appointment_type: BookingField,
    pub owner_name: BookingField,
    /// Spoken where it may be, else kept for staff (rules.md Privacy).
    pub special_instructions: BookingField,
}

impl Default for FieldMapping {
    fn default() -> Self {
        let answer = |slug: &str| BookingField::Answer(slug.to_owned());
        Self {
            name: BookingField::InviteeName,
            email: BookingField::InviteeEmail,
            phone: answer("phone"),
            appointment_type: BookingField::EventTitle,
            owner_name: BookingField::OrganizerName,
            special_instructions: answer("additionalNotes"),
        }
    }
}

impl FieldMapping {
    /// Where Calendly has them: its questions have no identifiers, and a number has its own places.
    pub fn of_calendly() -> Self {
        Self {
            phone: BookingField::InviteePhone,
            special_instructions: BookingField::Notes,
            ..Self::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_read_back_as_they_are_written() {
        for word in [
            "invitee.name",
            "invitee.email",
            "invitee.phone",
            "booking.notes",
            "eventType.title",
            "organizer.name",
            "responses.phone",
            "responses.Which_practitioner-2",
        ] {
            assert_eq!(BookingField::parse(word).unwrap().word(), word);
        }
        for word in [
            "",
            "responses",
            "responses.",
            "responses.a b",
            "responses.a.b",
            "invitee.mobile",
            "Responses.x",
        ] {
            assert!(BookingField::parse(word).is_err(), "{word}");
        }
        let long = format!("responses.{}", "a".repeat(65));
        assert!(BookingField::parse(&long).is_err());
    }

    #[test]
    fn a_question_is_found_by_its_words() {
        for (question, expected) in [
            ("Which practitioner?", "which_practitioner"),
            ("  Phone -- number ", "phone_number"),
            ("Wünsche", "w_nsche"),
            ("???", ""),
            ("", ""),
        ] {
            assert_eq!(slug(question), expected, "{question}");
        }
        let long = slug(&"word ".repeat(40));
        assert!(long.len() <= LONGEST_SLUG && !long.ends_with('_'));
        assert!(BookingField::parse(&format!("responses.{long}")).is_ok());
    }

    #[test]
    fn settings_of_before_have_the_defaults() {
        let mapping: FieldMapping =
            serde_json::from_str(r#"{"owner_name": "responses.with"}"#).unwrap();
        let expected = FieldMapping {
            owner_name: BookingField::Answer("with".into()),
            ..FieldMapping::default()
        };
        assert_eq!(mapping, expected);
    }
}
