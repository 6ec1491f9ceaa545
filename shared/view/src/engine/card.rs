//! A contact as lists show it.

use chrono::{DateTime, Utc};
use uuid::Uuid;
use vio_domain::appointment::{AppointmentStatus, Attendance, ConfirmationMethod};
use vio_domain::contact::{BookingSource, CallState, ContactMethod, Priority};
use vio_domain::groups::{Color, Icon};
use vio_domain::ids::{AppointmentId, ContactId, GroupId, LocationId, UserId};

use super::reader::Reader;
use crate::change::Calls;
use crate::model::columns::{
    ATTENDANCES, AppointmentRow, CALL_STATES, CONFIRMATIONS, Joined, METHODS, OUTCOMES, PRIORITIES,
    SOURCES, STATUSES, instant, value, value_or_none,
};
use crate::query::Filter;
use crate::text::{Field, FieldSet, Fields};

/// A contact with its current appointment (S0 "Contact Card"). Holds personal data, as the answer it is made for does.
#[derive(Clone, PartialEq)]
pub struct Card {
    pub id: ContactId,
    /// What its `ETag` names.
    pub version: u64,
    pub name: String,
    /// E.164.
    pub phone: Option<String>,
    pub email: Option<String>,
    pub notes: Option<String>,
    pub company_name: Option<String>,
    pub industry: Option<String>,
    pub tags: Vec<String>,
    /// The groups that the reader sees.
    pub groups: Vec<GroupOf>,
    pub priority: Priority,
    pub preferred_contact_method: ContactMethod,
    pub do_not_contact: bool,
    pub is_active: bool,
    pub booking_source: BookingSource,
    pub call_state: CallState,
    /// The reason of the open entry of the work list, by its word in the API.
    pub needs_attention: Option<String>,
    pub created_by: Option<UserId>,
    pub assigned_to: Option<UserId>,
    pub created_at: Option<DateTime<Utc>>,
    pub updated_at: Option<DateTime<Utc>>,
    pub last_contact_time: Option<DateTime<Utc>>,
    /// Over all appointments.
    pub next_call_at: Option<DateTime<Utc>>,
    pub appointments_count: u32,
    pub appointment: Option<Appointed>,
    pub calls: Calls,
    /// What the caller put beside the contact.
    pub rest: Vec<u8>,
}

/// The current appointment.
#[derive(Clone, PartialEq)]
pub struct Appointed {
    pub id: AppointmentId,
    pub time: Option<DateTime<Utc>>,
    /// IANA name.
    pub timezone: String,
    /// Minutes.
    pub duration: Option<u16>,
    /// None too where it is not for this reader.
    pub appointment_type: Option<String>,
    pub owner_name: Option<String>,
    pub location_id: Option<LocationId>,
    pub special_instructions: Option<String>,
    pub call_before_hours: u16,
    pub status: AppointmentStatus,
    pub awaiting_new_time: bool,
    pub attendance: Attendance,
    pub confirmation_method: Option<ConfirmationMethod>,
    pub confirmed_at: Option<DateTime<Utc>>,
    pub confirmed_minutes_before: Option<i64>,
    pub call_attempts: u32,
}

/// A group that a contact is in.
#[derive(Debug, Clone, PartialEq)]
pub struct GroupOf {
    pub id: GroupId,
    pub name: String,
    pub color: Color,
    pub icon: Option<Icon>,
    /// When and by whom the contact was put in, where known.
    pub added_at: Option<DateTime<Utc>>,
    pub added_by: Option<UserId>,
}

impl Card {
    /// The status that lists show: of the current appointment, pending without one.
    pub fn status(&self) -> AppointmentStatus {
        let appointment = self.appointment.as_ref();
        appointment.map(|a| a.status).unwrap_or_default()
    }
}

impl std::fmt::Debug for Card {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Card({})", self.id)
    }
}

impl Reader<'_> {
    pub(super) fn card(&self, row: usize) -> Card {
        let view = self.view;
        let columns = &view.columns;
        let mut fields = view.texts.originals(row, FieldSet::ALL);
        let word = |number: u32| view.words.get(number).map(str::to_owned);
        let user = |number: u32| view.words.get(number).and_then(|id| id.parse().ok());
        let appointments = view.appointments.get(row);
        let appointment = appointments.get(columns.current[row] as usize);
        let appointment = appointment.map(|a| self.appointed(row, a, &mut fields));
        let tags = view.tags.get(row).iter();
        let mut take = |field: Field| some(std::mem::take(&mut *fields[field as usize]));
        Card {
            id: ContactId::new(Uuid::from_u128(columns.id[row])),
            version: columns.edit_version[row],
            name: take(Field::Name).unwrap_or_default(),
            phone: take(Field::Phone),
            email: take(Field::Email),
            notes: take(Field::Notes),
            company_name: take(Field::CompanyName),
            industry: word(columns.industry[row]),
            tags: tags.filter_map(|tag| word(*tag)).collect(),
            groups: self.groups_of(row),
            priority: value(PRIORITIES, columns.priority[row]),
            preferred_contact_method: value(METHODS, columns.method[row]),
            do_not_contact: columns.do_not_contact[row] == 1,
            is_active: columns.is_active[row] == 1,
            booking_source: value(SOURCES, columns.source[row]),
            call_state: value(CALL_STATES, columns.call_state[row]),
            needs_attention: word(columns.attention[row]),
            created_by: user(columns.created_by[row]),
            assigned_to: user(columns.assigned_to[row]),
            created_at: instant(columns.created_at[row]),
            updated_at: instant(columns.updated_at[row]),
            last_contact_time: instant(columns.last_contact[row]),
            next_call_at: instant(columns.next_call[row]),
            appointments_count: appointments.iter().filter(|a| a.is_gone == 0).count() as u32,
            appointment,
            calls: Calls {
                made: columns.calls_made[row],
                answered: columns.calls_answered[row],
                last_outcome: value_or_none(OUTCOMES, columns.last_outcome[row]),
            },
            rest: view.rest.get(row).to_vec(),
        }
    }

    fn appointed(&self, row: usize, a: &AppointmentRow, fields: &mut Fields) -> Appointed {
        let words = &self.view.words;
        let mut take = |field: Field| some(std::mem::take(&mut *fields[field as usize]));
        let masked = self.masked.as_ref().is_some_and(|masked| masked.get(row));
        let confirmation_method = value_or_none(CONFIRMATIONS, a.confirmation);
        Appointed {
            id: AppointmentId::new(Uuid::from_u128(a.id)),
            time: instant(a.time),
            timezone: words.get(a.zone).unwrap_or_default().to_owned(),
            duration: (a.duration > 0).then_some(a.duration),
            appointment_type: take(Field::AppointmentType).filter(|_| !masked),
            owner_name: take(Field::OwnerName),
            location_id: words.get(a.location).and_then(|id| id.parse().ok()),
            special_instructions: take(Field::SpecialInstructions),
            call_before_hours: a.call_before,
            status: value(STATUSES, a.status),
            awaiting_new_time: a.awaiting_new_time == 1,
            attendance: value(ATTENDANCES, a.attendance),
            confirmation_method,
            confirmed_at: instant(a.confirmed_at),
            confirmed_minutes_before: confirmation_method.map(|_| a.confirmed_before),
            call_attempts: a.call_attempts,
        }
    }

    fn groups_of(&self, row: usize) -> Vec<GroupOf> {
        let joined = self.view.joined.get(row).iter();
        let listed =
            joined.filter(|one| one.is_listed == 1 && self.shows_group(one.group as usize));
        listed.filter_map(|one| self.group_of(one)).collect()
    }

    /// The membership in the one group that a filter asks for, in use or archived.
    pub(super) fn within(&self, row: usize, filter: &Filter) -> Option<GroupOf> {
        let groups = filter.groups.as_ref()?.groups.as_slice();
        let [wanted] = groups else {
            return None;
        };
        let joined = self.view.joined.get(row).iter();
        let listed = joined.filter(|one| one.is_listed == 1 && self.sees_group(one.group as usize));
        listed
            .filter_map(|one| self.group_of(one))
            .find(|of| of.id == *wanted)
    }

    fn group_of(&self, one: &Joined) -> Option<GroupOf> {
        let slot = self.view.groups.slots.get(one.group as usize)?;
        let group = slot.group.as_ref()?;
        Some(GroupOf {
            id: group.id,
            name: group.name.as_str().to_owned(),
            color: group.color,
            icon: group.icon,
            added_at: instant(one.at),
            added_by: self.view.words.get(one.by).and_then(|id| id.parse().ok()),
        })
    }
}

fn some(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}
