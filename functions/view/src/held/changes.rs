//! From what the store holds to what the view takes.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use vio_domain::contact::{Contact, HipaaChecklist, Preferences};
use vio_domain::ids::AppointmentId;
use vio_store::groups::GroupRow;
use vio_store::view::Gathered;
use vio_view::{Calls, Change, Group};

/// An id is never used again, so the end of a record is its last version.
const LAST: u64 = u64::MAX;

/// What a list shows of a contact besides, and nobody filters by. Nothing is stored for most contacts.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Rest {
    #[serde(rename = "f", skip_serializing_if = "Option::is_none")]
    pub(crate) first_name: Option<String>,
    #[serde(rename = "l", skip_serializing_if = "Option::is_none")]
    pub(crate) last_name: Option<String>,
    #[serde(rename = "p", skip_serializing_if = "is_default")]
    pub(crate) preferences: Preferences,
    #[serde(rename = "c", skip_serializing_if = "Map::is_empty")]
    pub(crate) custom_fields: Map<String, Value>,
    #[serde(rename = "o", skip_serializing_if = "Option::is_none")]
    pub(crate) form: Option<(String, u32)>,
    #[serde(rename = "h", skip_serializing_if = "Option::is_none")]
    pub(crate) checklist: Option<HipaaChecklist>,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl Rest {
    fn of(contact: &Contact) -> Self {
        let form = contact.form.as_ref();
        Self {
            first_name: contact.first_name.as_ref().map(|n| n.as_str().to_owned()),
            last_name: contact.last_name.as_ref().map(|n| n.as_str().to_owned()),
            preferences: contact.preferences.clone(),
            custom_fields: vio_contacts::merged(contact),
            form: form.map(|form| (form.form.clone(), form.version)),
            checklist: contact.checklist.clone(),
        }
    }

    fn to_bytes(&self) -> Vec<u8> {
        if is_default(self) {
            return Vec::new();
        }
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// What was stored beside a contact.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Self {
        serde_json::from_slice(bytes).unwrap_or_default()
    }
}

/// A person as read, in view of the appointments that the view has of it.
pub(super) fn of_person(person: Gathered, known: &[AppointmentId]) -> Vec<Change> {
    let id = person.id;
    let Some((version, contact)) = person.contact else {
        return vec![Change::ContactGone { id }];
    };
    let calls = Calls {
        made: contact.calls.made,
        answered: contact.calls.answered,
        last_outcome: contact.calls.last_outcome,
    };
    let here: HashSet<AppointmentId> = person.appointments.iter().map(|(_, a)| a.id).collect();
    let gone = known.iter().filter(|known| !here.contains(known));
    let gone = gone.map(|gone| Change::AppointmentGone {
        contact: id,
        id: *gone,
        version: LAST,
    });
    let rest = Rest::of(&contact).to_bytes();
    let mut changes: Vec<Change> = gone.collect();
    changes.push(Change::Contact {
        version,
        contact: Box::new(contact),
        rest,
    });
    changes.push(Change::Calls {
        contact: id,
        version,
        calls,
    });
    let appointments = person.appointments.into_iter();
    changes.extend(
        appointments.map(|(version, appointment)| Change::Appointment {
            version,
            appointment: Box::new(appointment),
        }),
    );
    let memberships = person.memberships.into_iter();
    changes.extend(memberships.map(|row| Change::Joined {
        contact: row.contact,
        group: row.group,
        at: row.added_at,
        by: row.added_by,
    }));
    changes
}

/// A group as read.
pub(super) fn of_group(row: GroupRow) -> Change {
    Change::Group {
        version: row.version,
        group: Box::new(Group {
            id: row.id,
            name: row.name,
            description: row.description,
            color: row.color,
            icon: row.icon,
            visibility: row.visibility,
            archived: row.archived_at.is_some(),
        }),
    }
}

/// A group that is not there any more.
pub(super) fn group_gone(id: vio_domain::ids::GroupId) -> Change {
    Change::GroupGone { id, version: LAST }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_shown_besides_comes_back() {
        let rest = Rest {
            first_name: Some("Zoë".into()),
            custom_fields: serde_json::json!({ "insurer": "Bupa" })
                .as_object()
                .cloned()
                .unwrap_or_default(),
            form: Some(("healthcare".into(), 2)),
            ..Rest::default()
        };
        assert_eq!(Rest::from_bytes(&rest.to_bytes()), rest);
        assert!(Rest::default().to_bytes().is_empty());
        assert_eq!(Rest::from_bytes(&[]), Rest::default());
    }
}
