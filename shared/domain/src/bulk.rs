//! Work on many contacts at once (S0 "Bulk Operations System", S2 "Group Bulk Operations", rules.md Bulk work): what
//! each operation does to one contact, and how it is taken back.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::appointment::{
    Appointment, AppointmentStatus, CallBeforeHours, Confirmation, ConfirmationMethod, Duration,
};
use crate::contact::{Contact, Deleted, Priority};
use crate::groups::MOST_GROUPS_OF_A_CONTACT;
use crate::ids::{AppointmentId, GroupId, UserId};
use crate::text::{AppointmentType, OwnerName, Reason, SpecialInstructions, Tag};

/// Contacts of one operation at most (rules.md).
pub const MOST_CONTACTS: usize = 10_000;
/// Contacts up to which an operation is done within its request; more are a job (rules.md).
pub const MOST_AT_ONCE: usize = 100;
/// How long an operation can be taken back (S2, rules.md).
pub const UNDO_FOR: TimeDelta = TimeDelta::minutes(10);
/// Groups that one operation names at most: a contact's change must fit into one transaction.
pub const MOST_GROUPS: usize = 10;
/// Contacts that the jobs of a business change in a second at most, so that they never starve its own calls. S0's thousand
/// in 30 s leaves room.
pub const MOST_PER_SECOND: u32 = 100;
/// Jobs over contacts that one business has under way at a time.
pub const MOST_RUNNING: usize = 3;

/// What is done to each contact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "operation", rename_all = "snake_case")]
pub enum Operation {
    /// The current appointment's status (S0 `bulk_status_update`).
    Status {
        status: AppointmentStatus,
        /// How it was confirmed.
        method: Option<ConfirmationMethod>,
        reason: Reason,
    },
    /// Which groups it is in (S0 `bulk_group_assignment`).
    Groups {
        #[serde(flatten)]
        change: GroupChange,
        reason: Option<Reason>,
    },
    /// Fields that many have in common (S2 `bulk_edit_contacts`).
    Edit(Edit),
    /// Softly, restorable for 30 days (S0 `bulk_delete`).
    Delete,
    /// A tag of the business's list has another name, or went (S1 `contact_tags`).
    Retag { from: Tag, to: Option<Tag> },
}

impl Operation {
    /// The word used in the API and the log.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Status { .. } => "status",
            Self::Groups { .. } => "groups",
            Self::Edit(_) => "edit",
            Self::Delete => "delete",
            Self::Retag { .. } => "tags",
        }
    }

    /// Whether it can be taken back as a whole. A deletion is taken back by restoring contacts, another name of a tag by
    /// naming it as before.
    pub const fn undoable(&self) -> bool {
        !matches!(self, Self::Delete | Self::Retag { .. })
    }

    /// The groups it names.
    pub fn groups(&self) -> BTreeSet<GroupId> {
        match self {
            Self::Groups { change, .. } => change.named().clone(),
            Self::Status { .. } | Self::Edit(_) | Self::Delete | Self::Retag { .. } => {
                BTreeSet::new()
            }
        }
    }

    /// Why, as staff said.
    pub fn reason(&self) -> Option<&Reason> {
        match self {
            Self::Status { reason, .. } => Some(reason),
            Self::Groups { reason, .. } => reason.as_ref(),
            Self::Edit(_) | Self::Delete | Self::Retag { .. } => None,
        }
    }
}

/// How groups change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "change", content = "groups", rename_all = "snake_case")]
pub enum GroupChange {
    Add(BTreeSet<GroupId>),
    Remove(BTreeSet<GroupId>),
    /// These and no other, of those that whoever asked sees: `hidden` ones stay.
    Replace {
        with: BTreeSet<GroupId>,
        hidden: BTreeSet<GroupId>,
    },
}

impl GroupChange {
    /// The groups it names.
    pub fn named(&self) -> &BTreeSet<GroupId> {
        match self {
            Self::Add(groups) | Self::Remove(groups) => groups,
            Self::Replace { with, .. } => with,
        }
    }

    /// The groups of a contact after it. The order of those that stay is kept.
    pub fn after(&self, before: &[GroupId]) -> Vec<GroupId> {
        let kept = |id: &&GroupId| match self {
            Self::Add(_) => true,
            Self::Remove(groups) => !groups.contains(id),
            Self::Replace { with, hidden } => with.contains(id) || hidden.contains(id),
        };
        let mut after: Vec<GroupId> = before.iter().filter(kept).copied().collect();
        if let Self::Add(new) | Self::Replace { with: new, .. } = self {
            after.extend(new.iter().filter(|id| !before.contains(id)));
        }
        after
    }

    /// Does it to a contact, in memory. Which groups are there the caller knows.
    pub fn apply(&self, contact: &mut Contact) -> Verdict {
        if contact.deleted.is_some() {
            return Verdict::Gone;
        }
        let after = self.after(&contact.group_ids);
        if after == contact.group_ids {
            return Verdict::Unchanged;
        }
        if after.len() > MOST_GROUPS_OF_A_CONTACT.max(contact.group_ids.len()) {
            return Verdict::TooManyGroups;
        }
        contact.group_ids = after;
        Verdict::Changed
    }
}

/// Fields that many contacts have in common (S2); what is not given stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Edit {
    pub appointment_type: Option<AppointmentType>,
    pub appointment_duration: Option<Duration>,
    pub owner_name: Option<OwnerName>,
    pub special_instructions: Option<SpecialInstructions>,
    pub call_before_hours: Option<CallBeforeHours>,
    pub priority: Option<Priority>,
    pub assigned_to: Option<UserId>,
}

impl Edit {
    /// Whether nothing is given.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    fn about_appointment(&self) -> bool {
        let own = Self {
            priority: self.priority,
            assigned_to: self.assigned_to,
            ..Self::default()
        };
        *self != own
    }
}

/// What became of one contact. The words are part of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It was changed, or would be.
    Changed,
    /// It is so already.
    Unchanged,
    /// There is no such contact any more.
    Gone,
    /// Whoever asked sees it and may not change it.
    NotAllowed,
    /// It is not in the group that the operation is about (S2).
    NotAMember,
    /// It has no appointment.
    NoAppointment,
    /// It would be in more groups than a contact can be in.
    TooManyGroups,
    /// A group that it names is gone or archived.
    GroupGone,
    /// It was changed since, so that it is not taken back.
    ChangedSince,
    /// The work was cancelled before it came to it.
    Cancelled,
}

impl Verdict {
    /// Whether it is among the refused.
    pub const fn refused(self) -> bool {
        !matches!(self, Self::Changed | Self::Unchanged)
    }

    /// A sentence for people.
    pub const fn detail(self) -> &'static str {
        match self {
            Self::Changed => "Changed.",
            Self::Unchanged => "It was so already.",
            Self::Gone => "There is no such contact any more.",
            Self::NotAllowed => "You may see this contact, not change it.",
            Self::NotAMember => "The contact is not a member of the group.",
            Self::NoAppointment => "The contact has no appointment.",
            Self::TooManyGroups => "The contact would be in too many groups.",
            Self::GroupGone => "The group is gone or archived.",
            Self::ChangedSince => "The contact was changed since.",
            Self::Cancelled => "This was cancelled before it came to the contact.",
        }
    }
}

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
    fn of(appointment: &Appointment) -> Self {
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
    fn of(contact: &Contact, appointment: Option<&Appointment>) -> Self {
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

/// Who asked, and when it is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Context {
    pub now: DateTime<Utc>,
    pub by: Option<UserId>,
}

/// Does an operation to a contact and its current appointment, in memory.
pub fn apply(
    operation: &Operation,
    contact: &mut Contact,
    current: Option<&mut Appointment>,
    context: Context,
) -> Verdict {
    if contact.deleted.is_some() {
        return Verdict::Gone;
    }
    match operation {
        Operation::Groups { change, .. } => change.apply(contact),
        Operation::Status { status, method, .. } => match current {
            None => Verdict::NoAppointment,
            Some(appointment) => change_status(appointment, *status, *method, context.now),
        },
        Operation::Edit(edit) => change_fields(edit, contact, current),
        Operation::Delete => {
            contact.deleted = Some(Deleted {
                at: context.now,
                by: context.by,
            });
            Verdict::Changed
        }
        Operation::Retag { from, to } => retag(&mut contact.tags, from, to.as_ref()),
    }
}

/// Puts one tag in another's place; one that is there already is not there twice.
fn retag(tags: &mut Vec<Tag>, from: &Tag, to: Option<&Tag>) -> Verdict {
    let mut after: Vec<Tag> = Vec::with_capacity(tags.len());
    for tag in tags.iter() {
        let new = if tag.folded() == from.folded() {
            to
        } else {
            Some(tag)
        };
        let new = new.filter(|new| after.iter().all(|known| known.folded() != new.folded()));
        after.extend(new.cloned());
    }
    if after == *tags {
        return Verdict::Unchanged;
    }
    *tags = after;
    Verdict::Changed
}

fn change_status(
    appointment: &mut Appointment,
    status: AppointmentStatus,
    method: Option<ConfirmationMethod>,
    now: DateTime<Utc>,
) -> Verdict {
    if appointment.status == status {
        return Verdict::Unchanged;
    }
    appointment.status = status;
    // Rescheduled, and to when nobody knows yet: staff finds a time, nobody is rung.
    appointment.awaiting_new_time = status == AppointmentStatus::Rescheduled;
    appointment.confirmation = (status == AppointmentStatus::Confirmed).then(|| Confirmation {
        method: method.unwrap_or(ConfirmationMethod::Manual),
        at: now,
        minutes_before: (appointment.time - now).num_minutes(),
    });
    Verdict::Changed
}

fn change_fields(
    edit: &Edit,
    contact: &mut Contact,
    mut current: Option<&mut Appointment>,
) -> Verdict {
    if edit.about_appointment() && current.is_none() {
        return Verdict::NoAppointment;
    }
    let before = EditPart::of(contact, current.as_deref());
    if let Some(priority) = edit.priority {
        contact.priority = priority;
    }
    if edit.assigned_to.is_some() {
        contact.assigned_to = edit.assigned_to;
    }
    if let Some(appointment) = current.as_deref_mut() {
        if edit.appointment_type.is_some() {
            appointment
                .appointment_type
                .clone_from(&edit.appointment_type);
        }
        if edit.appointment_duration.is_some() {
            appointment.duration = edit.appointment_duration;
        }
        if edit.owner_name.is_some() {
            appointment.owner_name.clone_from(&edit.owner_name);
        }
        if edit.special_instructions.is_some() {
            appointment
                .special_instructions
                .clone_from(&edit.special_instructions);
        }
        if let Some(hours) = edit.call_before_hours {
            appointment.call_before_hours = hours;
        }
    }
    if EditPart::of(contact, current.as_deref()) == before {
        Verdict::Unchanged
    } else {
        Verdict::Changed
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

#[cfg(test)]
#[path = "bulk_tests.rs"]
mod tests;
