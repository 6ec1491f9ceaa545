//! A booking and an event about one, whichever calendar told of it. Each calendar's own module reads its words into these.

use std::collections::BTreeMap;
use std::fmt;

use chrono::{DateTime, SecondsFormat, Utc};
use chrono_tz::Tz;

/// Answers of a booking that are looked at.
pub(crate) const MOST_ANSWERS: usize = 100;
/// Characters of a provider's word for what happened that are kept.
const LONGEST_NAME: usize = 100;

/// A booking.
#[derive(Clone, PartialEq, Eq)]
pub struct Booking {
    /// Its id; a reschedule gives it a new one.
    pub uid: String,
    /// The id it had before a reschedule.
    pub reschedule_uid: Option<String>,
    /// The second part of the order in which events are folded, where the calendar counts.
    pub ical_sequence: Option<i64>,
    /// When it begins.
    pub start: Option<DateTime<Utc>>,
    /// When it ends.
    pub end: Option<DateTime<Utc>>,
    /// How long it is, in minutes: as told, else from start to end.
    pub length_minutes: Option<i64>,
    /// The name of the kind of event booked, the appointment's type.
    pub event_title: Option<String>,
    /// The kind of event booked, as the calendar identifies it: a number at Cal.com, an address at Calendly.
    pub event_type: Option<String>,
    /// Who booked.
    pub attendee: Attendee,
    /// Whose calendar it is on, lower-cased.
    pub organizer_email: Option<String>,
    /// Their name.
    pub organizer_name: Option<String>,
    /// What was answered on the booking page, by the question's slug. Health data.
    pub answers: BTreeMap<String, String>,
    /// What the person wrote on the booking page. Health data.
    pub notes: Option<String>,
    /// Why it was cancelled. Health data.
    pub cancellation_reason: Option<String>,
    /// The organizer cancelled and asked the person to book another time.
    pub request_reschedule: bool,
}

/// Who booked.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Attendee {
    /// The whole name.
    pub name: Option<String>,
    /// The first name, where told apart.
    pub first_name: Option<String>,
    /// The last name, where told apart.
    pub last_name: Option<String>,
    /// The address; never an invented one.
    pub email: Option<String>,
    /// The zone of the booking page; calls must be permitted in the tenant's too.
    pub timezone: Option<Tz>,
    /// What may be the phone number, as written, in the order in which to try them.
    pub phones: Vec<String>,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trigger {
    /// A new booking.
    BookingCreated,
    /// A booking moved: it has a new uid and names the old one in [`Booking::reschedule_uid`].
    BookingRescheduled,
    /// A booking was cancelled, or refused by the organizer.
    BookingCancelled,
    /// Who of a booking did not come ([`Event::no_show`]).
    NoShowUpdated,
    /// Any other: accepted and ignored.
    Other,
}

/// An event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The provider's word, shortened to 100 characters.
    pub name: String,
    /// What it means.
    pub trigger: Trigger,
    /// When the provider says it happened: the first part of the order in which events are folded.
    pub created_at: Option<DateTime<Utc>>,
    /// The booking's uid, in other events where they name one.
    pub uid: Option<String>,
    /// The booking; always there for the triggers that are about one as a whole.
    pub booking: Option<Booking>,
    /// Who did not come, and who did after all.
    pub no_show: Vec<NoShow>,
}

/// Whether an attendee came, as the organizer says.
#[derive(Clone, PartialEq, Eq)]
pub struct NoShow {
    /// Whose address on the booking it is, in small letters.
    pub email: Option<String>,
    /// True where they did not come; false takes that back.
    pub missed: bool,
}

impl Event {
    /// What makes two deliveries the same event: `name|uid|instant`, the instant in one spelling.
    pub fn identity(&self) -> String {
        identity(&self.name, self.uid.as_deref(), self.created_at)
    }
}

/// `name|uid|instant`, with `-` for what is not there.
pub(crate) fn identity(name: &str, uid: Option<&str>, at: Option<DateTime<Utc>>) -> String {
    let at = at.map(|at| at.to_rfc3339_opts(SecondsFormat::Millis, true));
    format!(
        "{name}|{}|{}",
        uid.unwrap_or("-"),
        at.as_deref().unwrap_or("-")
    )
}

/// A provider's word for what happened, no longer than it ever is.
pub(crate) fn event_name(word: &str) -> String {
    word.chars().take(LONGEST_NAME).collect()
}

/// Texts that may be a phone number, in their order: those without a digit and repetitions left out.
pub(crate) fn phones(places: impl IntoIterator<Item = Option<String>>) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for place in places.into_iter().flatten() {
        if place.bytes().any(|byte| byte.is_ascii_digit()) && !found.contains(&place) {
            found.push(place);
        }
    }
    found
}

impl fmt::Debug for Booking {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Booking")
            .field("uid", &self.uid)
            .field("start", &self.start)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Attendee {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Attendee")
    }
}

impl fmt::Debug for NoShow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NoShow")
            .field("missed", &self.missed)
            .finish_non_exhaustive()
    }
}
