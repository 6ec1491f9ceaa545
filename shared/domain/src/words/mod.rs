//! What the agent is told, and so what it may say (rules.md Privacy "HIPAA mode", S0 "Permitted Information for Voice
//! Calls", S3 3 and 6). Everything else stays with us: what is not in these variables cannot be said.
//!
//! Staff notes are no input of this module.

mod rules;
mod spoken;
mod variables;
mod voicemail;
mod written;

pub use rules::{HipaaLevel, Personalization, ScriptLength, Tone};
pub use spoken::{spoken_date, spoken_time, spoken_when};
pub use variables::{NAMELESS, VARIABLES, dynamic_variables};
pub use voicemail::voicemail_message;
pub use written::{asks_to_confirm, mailed_reminder, written_reminder};

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use crate::phi::PhiLevel;
use crate::phone::E164;
use crate::text::{CustomMessage, FirstName, LastName, PersonName, SpecialInstructions};

/// All that a call's words are made of.
#[derive(Debug, Clone)]
pub struct WordsInput<'a> {
    /// The level, in HIPAA mode; `None` outside it.
    pub hipaa: Option<HipaaLevel>,
    /// How strictly free texts are screened in HIPAA mode.
    pub phi_level: PhiLevel,
    /// How much of the appointment is said.
    pub personalization: Personalization,
    /// How it is said.
    pub tone: Tone,
    /// How long the call should be.
    pub script_length: ScriptLength,
    /// Whether the person is asked how content they were with the call (S3 `customer_feedback`).
    pub ask_feedback: bool,
    /// The trading name, else the legal name (S3).
    pub business_name: &'a str,
    /// The number people can call back, usually the location's, else the business's.
    pub callback_number: Option<&'a E164>,
    /// The contact's whole name.
    pub name: &'a PersonName,
    /// The contact's first name where it was given; else it is read from the whole name.
    pub first_name: Option<&'a FirstName>,
    /// The contact's last name where it was given; else it is read from the whole name.
    pub last_name: Option<&'a LastName>,
    /// The appointment the call is about, if it is about one.
    pub appointment: Option<AppointmentWords<'a>>,
    /// The campaign's own message.
    pub custom_message: Option<CustomWords<'a>>,
}

/// The appointment, as far as it can be said.
#[derive(Clone)]
pub struct AppointmentWords<'a> {
    /// When it begins.
    pub starts_at: DateTime<Utc>,
    /// The appointment's own zone, in which it is said (rules.md "When a reminder is due").
    pub zone: Tz,
    /// How long it lasts.
    pub duration_minutes: Option<u32>,
    /// What it is for.
    pub kind: Option<TypeWords<'a>>,
    /// Whom it is with, such as "Dr Emily Jones".
    pub provider: Option<&'a str>,
    /// The location's name.
    pub location: Option<&'a str>,
    /// What to tell the person besides.
    pub instructions: Option<&'a SpecialInstructions>,
}

/// An appointment type, from the tenant's list where it is there.
#[derive(Clone, Copy)]
pub struct TypeWords<'a> {
    /// Its name.
    pub name: &'a str,
    /// How it is said, where the list says so.
    pub spoken_as: Option<&'a str>,
    /// Never said at all, in HIPAA mode or not (rules.md Contacts).
    pub sensitive: bool,
}

/// A campaign's message (S2, rules.md Campaigns).
#[derive(Clone, Copy)]
pub struct CustomWords<'a> {
    /// The message.
    pub text: &'a CustomMessage,
    /// Whether it is said instead of the usual words (S0) or besides them (S2).
    pub replaces: bool,
}

impl std::fmt::Debug for AppointmentWords<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AppointmentWords(..)")
    }
}

impl std::fmt::Debug for CustomWords<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CustomWords(..)")
    }
}
