//! What a view is made of and kept up to date with: each entity at one of its versions.

use chrono::{DateTime, Utc};
use vio_domain::appointment::Appointment;
use vio_domain::calling::session::Outcome;
use vio_domain::contact::Contact;
use vio_domain::ids::{AppointmentId, ContactId, GroupId, UserId};

use crate::model::Group;

/// One entity at one version, or its end. Building a view and following the change log are the same thing: each change
/// is taken if its version is above the one that is known, so the order does not matter and repeats do nothing.
///
/// `version` is the version that the table keeps of the entity (raised by every write), not the one of its `ETag`.
#[derive(Clone)]
pub enum Change {
    /// A contact; one that is marked deleted disappears until a later version brings it back.
    Contact {
        version: u64,
        contact: Box<Contact>,
        /// What lists show besides and nobody filters by, in the caller's own form (such as custom fields as JSON).
        rest: Vec<u8>,
    },
    /// A contact that is gone for good, with all that belongs to it: erased, or past its retention. Final.
    ContactGone { id: ContactId },
    /// An appointment.
    Appointment {
        version: u64,
        appointment: Box<Appointment>,
    },
    /// An appointment that was deleted.
    AppointmentGone {
        contact: ContactId,
        id: AppointmentId,
        version: u64,
    },
    /// When and by whom a contact was put into a group; the latest counts. Whether it is in the group says the contact.
    Joined {
        contact: ContactId,
        group: GroupId,
        at: DateTime<Utc>,
        by: Option<UserId>,
    },
    /// What came of a contact's calls. `version` is any number that only rises, such as the sum of the versions of the
    /// contact's call sessions.
    Calls {
        contact: ContactId,
        version: u64,
        calls: Calls,
    },
    /// A group.
    Group { version: u64, group: Box<Group> },
    /// A group that was deleted; its members are then in one group less.
    GroupGone { id: GroupId, version: u64 },
}

/// A contact's calls in short (S2 call statistics).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Calls {
    /// Calls that reached the provider.
    pub made: u32,
    /// Those that a person answered.
    pub answered: u32,
    /// What the last one that ended came to.
    pub last_outcome: Option<Outcome>,
}

impl Calls {
    /// Share of calls that a person answered, 0 to 1; none without calls.
    pub fn success_rate(&self) -> Option<f64> {
        (self.made > 0).then(|| f64::from(self.answered) / f64::from(self.made))
    }
}

/// What came of a batch of changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Applied {
    /// Changes that were news.
    pub taken: usize,
    /// Changes that were known already, or older than what is known.
    pub known: usize,
}

impl std::fmt::Debug for Change {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Contact { .. } => "Contact",
            Self::ContactGone { .. } => "ContactGone",
            Self::Appointment { .. } => "Appointment",
            Self::AppointmentGone { .. } => "AppointmentGone",
            Self::Joined { .. } => "Joined",
            Self::Calls { .. } => "Calls",
            Self::Group { .. } => "Group",
            Self::GroupGone { .. } => "GroupGone",
        })
    }
}
