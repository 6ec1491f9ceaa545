//! Work on many contacts at once (S0 "Bulk Operations System", S2 "Group Bulk Operations", rules.md Bulk work): what
//! each operation does to one contact, and how it is taken back.

mod undo;

pub use undo::{EditPart, Left, StatusPart, Undo, take_back, undo_of};

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::appointment::{
    Appointment, AppointmentStatus, CallBeforeHours, Confirmation, ConfirmationMethod, Duration,
};
use crate::contact::{Contact, Deleted, Priority};
use crate::groups::MOST_GROUPS_OF_A_CONTACT;
use crate::ids::{GroupId, UserId};
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

#[cfg(test)]
mod tests;
