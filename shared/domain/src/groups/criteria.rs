//! Criteria by which templates and suggestions propose members (S2 "Group Templates", "Smart Group Suggestions"). S2
//! names them in words; what each comes to is decided here.

use chrono::{DateTime, TimeDelta, Utc};

use crate::appointment::{Appointment, AppointmentStatus};
use crate::contact::{BookingSource, Contact, Priority};

/// Days during which somebody added counts as new (S2 `first_appointment_or_recent_creation` names none).
pub const NEW_FOR_DAYS: i64 = 30;
/// Failed calls in a row after which somebody needs a follow-up: the same number that flags a contact (S3).
pub const FAILURES_TO_FOLLOW_UP: u32 = 2;
/// Appointments from which on somebody comes often.
pub const OFTEN: u32 = 6;
/// Appointments that make a habit of coming monthly, and how many days may lie between two of them.
pub const MONTHLY_VISITS: usize = 3;
const MONTHLY_DAYS: std::ops::RangeInclusive<i64> = 21..=45;
/// Guests that make a large party.
pub const LARGE_PARTY: u64 = 8;

/// What is known of a contact when criteria are judged.
#[derive(Clone, Copy)]
pub struct Facts<'a> {
    pub contact: &'a Contact,
    pub current: Option<&'a Appointment>,
    /// All appointments where [`Criterion::needs_history`]; may be empty otherwise.
    pub appointments: &'a [Appointment],
    pub now: DateTime<Utc>,
}

/// What makes somebody belong.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Criterion {
    /// The current appointment is of this type, by its [`folded`] name.
    AppointmentType(String),
    /// It is with this person, by the [`folded`] name.
    Provider(String),
    /// Came from there.
    Source(BookingSource),
    /// The current appointment is in this status.
    Status(AppointmentStatus),
    /// The type's name has a word that begins with one of these.
    TypeMentions(&'static [&'static str]),
    /// The special instructions have one.
    InstructionsMention(&'static [&'static str]),
    /// High or urgent, or tagged `vip`; with `often`, also whoever comes often.
    Valued { often: bool },
    /// At most one appointment, which is to come, or added lately.
    New,
    /// Called in vain, or about to have a follow-up.
    FollowUp,
    /// At least so many appointments.
    Visits(u32),
    /// Comes about once a month.
    Monthly,
    /// A company, or a large party.
    Corporate,
    /// An appointment to come that is not cancelled.
    Coming,
    /// None to come, but one before.
    Past,
    /// At most one appointment so far, and none before now.
    Prospect,
    /// A tag of this name.
    Tagged(&'static str),
    /// High or urgent.
    Urgent,
}

impl Criterion {
    /// Whether all of somebody's appointments must be at hand.
    pub fn needs_history(&self, contact: &Contact) -> bool {
        *self == Self::Monthly && contact.appointments_count as usize >= MONTHLY_VISITS
    }

    /// Whether somebody belongs. Deleted and inactive contacts never do.
    pub fn matches(&self, facts: &Facts<'_>) -> bool {
        let Facts {
            contact,
            current,
            now,
            ..
        } = *facts;
        if contact.deleted.is_some() || !contact.is_active {
            return false;
        }
        let kind = current.and_then(|a| a.appointment_type.as_ref());
        let coming =
            current.is_some_and(|a| a.time > now && a.status != AppointmentStatus::Cancelled);
        match self {
            Self::AppointmentType(name) => kind.is_some_and(|kind| folded(kind.as_str()) == *name),
            Self::Provider(name) => current
                .and_then(|a| a.owner_name.as_ref())
                .is_some_and(|owner| folded(owner.as_str()) == *name),
            Self::Source(source) => contact.booking_source == *source,
            Self::Status(status) => current.is_some_and(|a| a.status == *status),
            Self::TypeMentions(words) => kind.is_some_and(|kind| mentions(kind.as_str(), words)),
            Self::InstructionsMention(words) => current
                .and_then(|a| a.special_instructions.as_ref())
                .is_some_and(|text| mentions(text.as_str(), words)),
            Self::Valued { often } => {
                urgent(contact)
                    || tagged(contact, "vip")
                    || (*often && contact.appointments_count >= OFTEN)
            }
            Self::New => {
                let lately = now - contact.created_at < TimeDelta::days(NEW_FOR_DAYS);
                contact.appointments_count <= 1 && (coming || lately)
            }
            Self::FollowUp => {
                contact.failures_in_a_row >= FAILURES_TO_FOLLOW_UP
                    || kind.is_some_and(|kind| mentions(kind.as_str(), &["follow", "followup"]))
            }
            Self::Visits(least) => contact.appointments_count >= *least,
            Self::Monthly => monthly(facts.appointments),
            Self::Corporate => contact.company_name.is_some() || large_party(contact),
            Self::Coming => coming,
            Self::Past => !coming && current.is_some_and(|a| a.time <= now),
            Self::Prospect => {
                contact.appointments_count <= 1 && current.is_none_or(|a| a.time > now)
            }
            Self::Tagged(name) => tagged(contact, name),
            Self::Urgent => urgent(contact),
        }
    }
}

/// The form in which two names of types or people are one: without regard to case and to the width of spaces.
pub fn folded(text: &str) -> String {
    let words: Vec<String> = text.split_whitespace().map(str::to_lowercase).collect();
    words.join(" ")
}

fn mentions(text: &str, words: &[&str]) -> bool {
    folded(text)
        .split(|c: char| !c.is_alphanumeric())
        .any(|word| words.iter().any(|wanted| word.starts_with(wanted)))
}

fn urgent(contact: &Contact) -> bool {
    contact.priority >= Priority::High
}

fn tagged(contact: &Contact, name: &str) -> bool {
    contact.tags.iter().any(|tag| tag.folded() == name)
}

fn large_party(contact: &Contact) -> bool {
    contact.form.as_ref().is_some_and(|form| {
        let size = form.values.get("party_size").and_then(|size| size.as_u64());
        size.is_some_and(|size| size >= LARGE_PARTY)
    })
}

/// Whether the last visits lie about a month apart each.
fn monthly(appointments: &[Appointment]) -> bool {
    let mut times: Vec<DateTime<Utc>> = appointments
        .iter()
        .filter(|a| a.status != AppointmentStatus::Cancelled)
        .map(|a| a.time)
        .collect();
    times.sort();
    let Some(from) = times.len().checked_sub(MONTHLY_VISITS) else {
        return false;
    };
    times[from..]
        .windows(2)
        .all(|pair| MONTHLY_DAYS.contains(&(pair[1] - pair[0]).num_days()))
}
