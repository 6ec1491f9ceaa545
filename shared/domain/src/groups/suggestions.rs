//! Groups that a business's contacts suggest (S2 "Smart Group Suggestions"). A person accepts one; nothing fills itself.

use std::collections::BTreeMap;

use super::criteria::{Criterion, Facts, folded};
use super::{Color, GroupName};
use crate::appointment::AppointmentStatus;
use crate::contact::BookingSource;
use crate::ids::ContactId;
use crate::settings::BusinessType;

/// Contacts with one appointment type (S2).
pub const LEAST_OF_A_TYPE: usize = 5;
/// Contacts with one provider (S2).
pub const LEAST_OF_A_PROVIDER: usize = 10;
/// New contacts (S2).
pub const LEAST_NEW: usize = 5;
/// Contacts to follow up (S2).
pub const LEAST_TO_FOLLOW_UP: usize = 3;
/// Contacts of one booking source. S2 gives no number; as for a provider. Those typed in by staff are no channel.
pub const LEAST_OF_A_SOURCE: usize = 10;
/// Contacts in one status that somebody has to work on: cancelled or rescheduled. S2 says "many"; as for a provider.
pub const LEAST_IN_A_STATUS: usize = 10;

/// Suggestions of one kind at most, the largest first.
pub const MOST_OF_A_KIND: usize = 20;

/// Why a group is suggested.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum SuggestionKind {
    AppointmentType,
    Provider,
    New,
    FollowUp,
    BookingSource,
    Status,
}

impl SuggestionKind {
    /// The word used in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AppointmentType => "appointment_type",
            Self::Provider => "provider",
            Self::New => "new",
            Self::FollowUp => "follow_up",
            Self::BookingSource => "booking_source",
            Self::Status => "status",
        }
    }

    /// Contacts from which on a group of this kind is suggested.
    pub const fn least(self) -> usize {
        match self {
            Self::AppointmentType => LEAST_OF_A_TYPE,
            Self::Provider => LEAST_OF_A_PROVIDER,
            Self::New => LEAST_NEW,
            Self::FollowUp => LEAST_TO_FOLLOW_UP,
            Self::BookingSource => LEAST_OF_A_SOURCE,
            Self::Status => LEAST_IN_A_STATUS,
        }
    }

    const fn color(self) -> Color {
        match self {
            Self::AppointmentType => Color::Purple,
            Self::Provider => Color::Blue,
            Self::New => Color::Teal,
            Self::FollowUp => Color::Orange,
            Self::BookingSource => Color::Green,
            Self::Status => Color::Gray,
        }
    }
}

/// A group that is suggested.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suggestion {
    pub kind: SuggestionKind,
    /// What its members have in common; what tells it from others of its kind, whatever it is called.
    pub criterion: Criterion,
    pub name: String,
    pub description: String,
    pub color: Color,
    pub business_value: String,
    /// Who would be in it, in order of id.
    pub members: Vec<ContactId>,
}

/// Looks at contacts one by one and says then what they suggest.
#[derive(Debug)]
pub struct Suggester {
    business: BusinessType,
    found: BTreeMap<(SuggestionKind, Criterion), (String, Vec<ContactId>)>,
}

impl Suggester {
    /// For a kind of business: it decides what people are called.
    pub fn new(business: BusinessType) -> Self {
        Self {
            business,
            found: BTreeMap::new(),
        }
    }

    /// Looks at one contact, each once. `type_may_name`: whether a group may be named after the type of its
    /// appointment; a sensitive one must not, because everybody in the group would be known for it.
    pub fn see(&mut self, facts: &Facts<'_>, type_may_name: bool) {
        let mut put = |kind, criterion: Criterion, label: &str| {
            if criterion.matches(facts) {
                let entry = self.found.entry((kind, criterion));
                let (_, members) = entry.or_insert_with(|| (label.to_owned(), Vec::new()));
                members.push(facts.contact.id);
            }
        };
        let current = facts.current;
        let kind = current.and_then(|a| a.appointment_type.as_ref());
        if let Some(kind) = kind.filter(|_| type_may_name) {
            let criterion = Criterion::AppointmentType(folded(kind.as_str()));
            put(SuggestionKind::AppointmentType, criterion, kind.as_str());
        }
        if let Some(owner) = current.and_then(|a| a.owner_name.as_ref()) {
            let criterion = Criterion::Provider(folded(owner.as_str()));
            put(SuggestionKind::Provider, criterion, owner.as_str());
        }
        put(SuggestionKind::New, Criterion::New, "New");
        put(SuggestionKind::FollowUp, Criterion::FollowUp, "");
        let source = facts.contact.booking_source;
        if let Some(label) = channel(source) {
            put(
                SuggestionKind::BookingSource,
                Criterion::Source(source),
                label,
            );
        }
        for (status, label) in [
            (AppointmentStatus::Cancelled, "Cancelled"),
            (AppointmentStatus::Rescheduled, "Rescheduled"),
        ] {
            put(SuggestionKind::Status, Criterion::Status(status), label);
        }
    }

    /// What was found by this criterion, whether or not it is enough to suggest a group: who belongs, and the group's
    /// name.
    pub fn every(self) -> impl Iterator<Item = Suggestion> {
        let business = self.business;
        self.found
            .into_iter()
            .map(move |((kind, criterion), (label, mut members))| {
                members.sort_unstable();
                suggestion(business, kind, criterion, &label, members)
            })
    }

    /// The groups that are suggested.
    pub fn suggestions(self) -> Vec<Suggestion> {
        enough(self.every().collect())
    }
}

/// Of what was found that which has enough members: at most [`MOST_OF_A_KIND`] of each kind, the largest first.
pub fn enough(mut all: Vec<Suggestion>) -> Vec<Suggestion> {
    all.retain(|one| one.members.len() >= one.kind.least());
    all.sort_by(|a, b| {
        let size = |one: &Suggestion| std::cmp::Reverse(one.members.len());
        (a.kind, size(a), &a.criterion).cmp(&(b.kind, size(b), &b.criterion))
    });
    let mut of_kind = BTreeMap::new();
    all.retain(|one| {
        let count = of_kind.entry(one.kind).or_insert(0_usize);
        *count += 1;
        *count <= MOST_OF_A_KIND
    });
    all
}

impl Suggestion {
    /// What tells it from every other, however its group is called.
    pub fn key(&self) -> String {
        let what = match &self.criterion {
            Criterion::AppointmentType(name) | Criterion::Provider(name) => name.as_str(),
            Criterion::Source(source) => channel(*source).unwrap_or_default(),
            Criterion::Status(status) => status.as_str(),
            _ => "",
        };
        format!("{}\n{what}", self.kind.as_str())
    }

    /// The criterion as S2 writes it.
    pub fn criteria(&self) -> String {
        match &self.criterion {
            Criterion::AppointmentType(name) => format!("appointment_type = '{name}'"),
            Criterion::Provider(name) => format!("owner_name = '{name}'"),
            Criterion::Source(_) => format!(
                "booking_source = '{}'",
                self.name.trim_end_matches(" Bookings")
            ),
            Criterion::Status(status) => format!("appointment_status = '{}'", status.as_str()),
            Criterion::New => "first_appointment_or_recent_creation".to_owned(),
            _ => "failed_calls_or_follow_up_appointment_types".to_owned(),
        }
    }
}

fn channel(source: BookingSource) -> Option<&'static str> {
    match source {
        BookingSource::Manual => None,
        BookingSource::Import => Some("Imported"),
        BookingSource::Api => Some("API"),
        BookingSource::Form => Some("Web form"),
        BookingSource::Calcom => Some("Cal.com"),
        BookingSource::Calendly => Some("Calendly"),
    }
}

fn people(business: BusinessType) -> &'static str {
    match business {
        BusinessType::Medical => "Patients",
        BusinessType::Restaurant => "Guests",
        BusinessType::Salon | BusinessType::Consultant | BusinessType::General => "Clients",
    }
}

/// `label` and `end` as a group's name: the label is cut where both are longer than a name may be.
fn named(label: &str, end: &str) -> String {
    let room = GroupName::LONGEST - end.chars().count() - 1;
    let label: String = label.chars().take(room).collect();
    format!("{} {end}", label.trim_end())
}

fn suggestion(
    business: BusinessType,
    kind: SuggestionKind,
    criterion: Criterion,
    label: &str,
    members: Vec<ContactId>,
) -> Suggestion {
    let people = people(business);
    let (name, description, business_value) = match kind {
        SuggestionKind::AppointmentType => (
            named(label, people),
            format!("Contacts with {label} appointments"),
            format!("Target calling campaigns for {label} services"),
        ),
        SuggestionKind::Provider => (
            named(label, people),
            format!("Contacts assigned to {label}"),
            format!("Enable {label}-specific communication campaigns"),
        ),
        SuggestionKind::New => (
            named("New", people),
            format!(
                "First-time {} requiring onboarding attention",
                people.to_lowercase()
            ),
            "Provide enhanced onboarding experience".to_owned(),
        ),
        SuggestionKind::FollowUp => (
            "Needs Follow-up".to_owned(),
            format!("{people} needing follow-up appointments or calls"),
            "Ensure continuity of care".to_owned(),
        ),
        SuggestionKind::BookingSource => (
            named(label, "Bookings"),
            format!("Contacts who came by {label}"),
            "Track performance by booking channel".to_owned(),
        ),
        SuggestionKind::Status => (
            named(label, "Appointments"),
            format!("Contacts whose appointment is {}", label.to_lowercase()),
            "Target specific status management workflows".to_owned(),
        ),
    };
    Suggestion {
        color: kind.color(),
        kind,
        criterion,
        name,
        description,
        business_value,
        members,
    }
}
