//! Taking an operation back: what it did to a contact's records, and putting that back where nobody changed it since.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::{Operation, Verdict};
use crate::appointment::{Appointment, AppointmentStatus, CallBeforeHours, Confirmation, Duration};
use crate::contact::{Contact, Priority};
use crate::groups::MOST_GROUPS_OF_A_CONTACT;
use crate::ids::{AppointmentId, GroupId, UserId};
use crate::text::{AppointmentType, OwnerName, SpecialInstructions};

/// What an operation did to a contact's records, so that it can be taken back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Undo {
    Status {
        appointment: AppointmentId,
        before: StatusPart,
        after: StatusPart,
    },
    Edit {
        appointment: Option<AppointmentId>,
        before: EditPart,
        after: EditPart,
    },
    Groups {
        joined: Vec<GroupId>,
        left: Vec<Left>,
    },
}

/// A place in a group that was given up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Left {
    pub group: GroupId,
    pub added_at: DateTime<Utc>,
    pub added_by: Option<UserId>,
}

/// What of an appointment a change of status touches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusPart {
    status: AppointmentStatus,
    awaiting_new_time: bool,
    confirmation: Option<Confirmation>,
}

impl StatusPart {
    pub(super) fn of(appointment: &Appointment) -> Self {
        Self {
            status: appointment.status,
            awaiting_new_time: appointment.awaiting_new_time,
            confirmation: appointment.confirmation,
        }
    }

    fn put(self, appointment: &mut Appointment) {
        appointment.status = self.status;
        appointment.awaiting_new_time = self.awaiting_new_time;
        appointment.confirmation = self.confirmation;
    }
}

/// What an [`Edit`] touches.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EditPart {
    priority: Priority,
    assigned_to: Option<UserId>,
    appointment_type: Option<AppointmentType>,
    duration: Option<Duration>,
    owner_name: Option<OwnerName>,
    special_instructions: Option<SpecialInstructions>,
    call_before_hours: Option<CallBeforeHours>,
}

impl EditPart {
    pub(super) fn of(contact: &Contact, appointment: Option<&Appointment>) -> Self {
        Self {
            priority: contact.priority,
            assigned_to: contact.assigned_to,
            appointment_type: appointment.and_then(|a| a.appointment_type.clone()),
            duration: appointment.and_then(|a| a.duration),
            owner_name: appointment.and_then(|a| a.owner_name.clone()),
            special_instructions: appointment.and_then(|a| a.special_instructions.clone()),
            call_before_hours: appointment.map(|a| a.call_before_hours),
        }
    }

    /// Puts back what differs between the two; false, and nothing is put back, where the record does not hold any more
    /// what was written.
    fn take_back(
        &self,
        after: &Self,
        contact: &mut Contact,
        appointment: Option<&mut Appointment>,
    ) -> bool {
        let now = Self::of(contact, appointment.as_deref());
        macro_rules! changed {
            ($field:ident) => {
                self.$field != after.$field
            };
        }
        macro_rules! holds {
            ($($field:ident)+) => { $((!changed!($field) || now.$field == after.$field))&&+ };
        }
        let same = holds!(priority assigned_to appointment_type duration owner_name special_instructions call_before_hours);
        if !same {
            return false;
        }
        if changed!(priority) {
            contact.priority = self.priority;
        }
        if changed!(assigned_to) {
            contact.assigned_to = self.assigned_to;
        }
        let Some(appointment) = appointment else {
            return true;
        };
        if changed!(appointment_type) {
            appointment
                .appointment_type
                .clone_from(&self.appointment_type);
        }
        if changed!(duration) {
            appointment.duration = self.duration;
        }
        if changed!(owner_name) {
            appointment.owner_name.clone_from(&self.owner_name);
        }
        if changed!(special_instructions) {
            appointment
                .special_instructions
                .clone_from(&self.special_instructions);
        }
        if let (true, Some(hours)) = (changed!(call_before_hours), self.call_before_hours) {
            appointment.call_before_hours = hours;
        }
        true
    }
}

/// What takes back a change of status or fields, from the records before and after it. Groups are kept apart, because
/// since when somebody was in one is in the group's own record.
pub fn undo_of(
    operation: &Operation,
    before: (&Contact, Option<&Appointment>),
    after: (&Contact, Option<&Appointment>),
) -> Option<Undo> {
    match operation {
        Operation::Status { .. } => Some(Undo::Status {
            appointment: after.1?.id,
            before: StatusPart::of(before.1?),
            after: StatusPart::of(after.1?),
        }),
        Operation::Edit(_) => Some(Undo::Edit {
            appointment: after.1.map(|a| a.id),
            before: EditPart::of(before.0, before.1),
            after: EditPart::of(after.0, after.1),
        }),
        Operation::Groups { .. } | Operation::Delete | Operation::Retag { .. } => None,
    }
}

/// Takes a change back, in memory. What was changed since stays, and is said. Groups that are gone the caller takes
/// out of the list before.
pub fn take_back(undo: &Undo, contact: &mut Contact, appointments: &mut [Appointment]) -> Verdict {
    if contact.deleted.is_some() {
        return Verdict::Gone;
    }
    match undo {
        Undo::Status {
            appointment,
            before,
            after,
        } => match appointments.iter_mut().find(|a| a.id == *appointment) {
            Some(found) if StatusPart::of(found) == *after => {
                before.put(found);
                Verdict::Changed
            }
            _ => Verdict::ChangedSince,
        },
        Undo::Edit {
            appointment,
            before,
            after,
        } => {
            let found = appointments.iter_mut().find(|a| Some(a.id) == *appointment);
            if before.take_back(after, contact, found) {
                Verdict::Changed
            } else {
                Verdict::ChangedSince
            }
        }
        Undo::Groups { joined, left } => {
            let groups = &contact.group_ids;
            let since = joined.iter().any(|id| !groups.contains(id))
                || left.iter().any(|place| groups.contains(&place.group));
            if since {
                return Verdict::ChangedSince;
            }
            if groups.len() + left.len() > MOST_GROUPS_OF_A_CONTACT + joined.len() {
                return Verdict::TooManyGroups;
            }
            contact.group_ids.retain(|id| !joined.contains(id));
            contact
                .group_ids
                .extend(left.iter().map(|place| place.group));
            Verdict::Changed
        }
    }
}
