//! Taking changes.

use vio_domain::contact::Contact;

use super::appointments::Held;
use super::columns::{
    AppointmentRow, CALL_STATES, Joined, METHODS, NEVER, OUTCOMES, PRIORITIES, SOURCES, code,
    code_or_none, micros, micros_or_never,
};
use super::{MOST_BYTES, TenantView, name_key};
use crate::change::{Applied, Calls, Change};
use crate::memory::{NO_TEXT, Wiping};
use crate::text::{Field, Shown};

/// The view has reached [`MOST_BYTES`]: the tenant is too large for this engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the view of this tenant is full")]
pub struct ViewFull;

/// Changes between two looks at how large the view has become.
const LOOK_EVERY: usize = 10_000;

/// The version of a contact that is gone for good.
const FINAL: u64 = u64::MAX;

impl TenantView {
    /// Takes changes, in any order and any number of times. After an error the changes before it are in.
    pub fn apply(
        &mut self,
        changes: impl IntoIterator<Item = Change>,
    ) -> Result<Applied, ViewFull> {
        let mut applied = Applied::default();
        for (count, change) in changes.into_iter().enumerate() {
            if count % LOOK_EVERY == 0 && self.bytes() > MOST_BYTES {
                self.order_names();
                return Err(ViewFull);
            }
            if self.take(change) {
                applied.taken += 1;
            } else {
                applied.known += 1;
            }
        }
        self.order_names();
        Ok(applied)
    }

    fn take(&mut self, change: Change) -> bool {
        match change {
            Change::Contact {
                version,
                contact,
                rest,
            } => {
                let rest = Wiping::new(rest);
                self.put_contact(version, &contact, &rest)
            }
            Change::ContactGone { id } => self.erase(id.uuid().as_u128()),
            Change::Appointment {
                version,
                appointment,
            } => {
                let row = self.row(appointment.contact.uuid().as_u128());
                if self.columns.version[row] == FINAL {
                    return false;
                }
                let held = self.appointment_row(version, &appointment);
                self.put_appointment(row, held)
            }
            Change::AppointmentGone {
                contact,
                id,
                version,
            } => {
                let row = self.row(contact.uuid().as_u128());
                let gone = AppointmentRow {
                    id: id.uuid().as_u128(),
                    version,
                    is_gone: 1,
                    time: NEVER,
                    next_call: NEVER,
                    ..AppointmentRow::default()
                };
                let held = Held {
                    row: gone,
                    texts: Default::default(),
                };
                self.columns.version[row] != FINAL && self.put_appointment(row, held)
            }
            Change::Joined {
                contact,
                group,
                at,
                by,
            } => {
                let row = self.row(contact.uuid().as_u128());
                let group = self.groups.number(group);
                let by = self.words.number_of(by.map(|id| id.to_string()).as_deref());
                self.columns.version[row] != FINAL && self.put_joined(row, group, micros(at), by)
            }
            Change::Calls {
                contact,
                version,
                calls,
            } => {
                let row = self.row(contact.uuid().as_u128());
                self.columns.version[row] != FINAL && self.put_calls(row, version, calls)
            }
            Change::Group { version, group } => self.groups.put(group.id, version, Some(*group)),
            Change::GroupGone { id, version } => self.groups.put(id, version, None),
        }
    }

    fn put_contact(&mut self, version: u64, contact: &Contact, rest: &[u8]) -> bool {
        let row = self.row(contact.id.uuid().as_u128());
        if version <= self.columns.version[row] {
            return false;
        }
        let was_present = self.columns.present[row] == 1;
        let name_before = Wiping::new(self.texts.field(row, Field::Name).to_vec());
        let is_present = contact.deleted.is_none();
        self.present.set(row, is_present);
        self.put_columns(row, version, contact);
        self.put_groups(row, contact);
        let tags = || contact.tags.iter().filter(|_| is_present);
        let tags: Vec<u32> = tags().map(|tag| self.words.number(tag.as_str())).collect();
        self.tags.set(row, &tags);
        self.rest.set(row, if is_present { rest } else { &[] });
        self.store_contact(row, shown(contact));
        let name = self.texts.field(row, Field::Name);
        if was_present != is_present || name != &name_before[..] {
            self.columns.name_key[row] = name_key(name);
            self.renamed.set(row, true);
        }
        true
    }

    fn put_columns(&mut self, row: usize, version: u64, contact: &Contact) {
        let users = [contact.created_by, contact.assigned_to].map(|user| {
            self.words
                .number_of(user.map(|id| id.to_string()).as_deref())
        });
        let industry = contact.industry.as_ref().map(|name| name.as_str());
        let attention = contact.needs_attention.map(|reason| reason.as_str());
        let columns = &mut self.columns;
        columns.version[row] = version;
        columns.edit_version[row] = contact.version;
        columns.present[row] = u8::from(contact.deleted.is_none());
        columns.is_active[row] = u8::from(contact.is_active);
        columns.do_not_contact[row] = u8::from(contact.do_not_contact);
        columns.priority[row] = code(PRIORITIES, &contact.priority);
        columns.method[row] = code(METHODS, &contact.preferred_contact_method);
        columns.source[row] = code(SOURCES, &contact.booking_source);
        columns.call_state[row] = code(CALL_STATES, &contact.call_state);
        columns.attention[row] = self.words.number_of(attention);
        columns.industry[row] = self.words.number_of(industry);
        [columns.created_by[row], columns.assigned_to[row]] = users;
        columns.created_at[row] = micros(contact.created_at);
        columns.updated_at[row] = micros(contact.updated_at);
        columns.last_contact[row] = micros_or_never(contact.last_contact_time);
        columns.own_next_call[row] = micros_or_never(contact.next_call_at);
    }

    /// The groups that the contact itself names decide; what is known of when it joined stays.
    fn put_groups(&mut self, row: usize, contact: &Contact) {
        let is_present = contact.deleted.is_none();
        let mut joined = self.joined.get(row).to_vec();
        for one in &mut joined {
            one.is_listed = 0;
        }
        for id in contact.group_ids.iter().filter(|_| is_present) {
            let group = self.groups.number(*id);
            match joined.iter_mut().find(|one| one.group == group) {
                Some(one) => one.is_listed = 1,
                None => joined.push(Joined {
                    group,
                    is_listed: 1,
                    at: NEVER,
                    by: NO_TEXT,
                }),
            }
        }
        for one in &joined {
            let members = &mut self.groups.slots[one.group as usize].members;
            members.set(row, one.is_listed == 1);
        }
        self.joined.set(row, &joined);
    }

    fn put_joined(&mut self, row: usize, group: u32, at: i64, by: u32) -> bool {
        let mut joined = self.joined.get(row).to_vec();
        match joined.iter_mut().find(|one| one.group == group) {
            Some(one) if at <= one.at => return false,
            Some(one) => (one.at, one.by) = (at, by),
            None => joined.push(Joined {
                group,
                is_listed: 0,
                at,
                by,
            }),
        }
        self.joined.set(row, &joined);
        true
    }

    fn put_calls(&mut self, row: usize, version: u64, calls: Calls) -> bool {
        let columns = &mut self.columns;
        if version <= columns.calls_version[row] {
            return false;
        }
        columns.calls_version[row] = version;
        columns.calls_made[row] = calls.made;
        columns.calls_answered[row] = calls.answered;
        columns.last_outcome[row] = code_or_none(OUTCOMES, calls.last_outcome.as_ref());
        true
    }

    fn erase(&mut self, id: u128) -> bool {
        let row = self.row(id);
        if self.columns.version[row] == FINAL {
            return false;
        }
        self.columns.version[row] = FINAL;
        self.columns.present[row] = 0;
        self.present.set(row, false);
        for joined in self.joined.get(row) {
            let members = &mut self.groups.slots[joined.group as usize].members;
            members.set(row, false);
        }
        let columns = &mut self.columns;
        for word in [
            &mut columns.attention,
            &mut columns.created_by,
            &mut columns.assigned_to,
            &mut columns.industry,
        ] {
            word[row] = NO_TEXT;
        }
        for time in [
            &mut columns.created_at,
            &mut columns.updated_at,
            &mut columns.last_contact,
            &mut columns.own_next_call,
        ] {
            time[row] = NEVER;
        }
        columns.name_key[row] = 0;
        columns.calls_made[row] = 0;
        columns.calls_answered[row] = 0;
        columns.last_outcome[row] = 0;
        self.joined.set(row, &[]);
        self.tags.set(row, &[]);
        self.rest.set(row, &[]);
        self.store(row, Shown::default(), Vec::new());
        self.renamed.set(row, true);
        true
    }
}

/// The contact's own fields; those of the current appointment are filled in later.
fn shown(contact: &Contact) -> Shown<'_> {
    let mut shown = Shown::default();
    let texts = [
        (Field::Name, Some(contact.name.as_str())),
        (Field::Phone, contact.phone.as_ref().map(|t| t.as_str())),
        (Field::Email, contact.email.as_ref().map(|t| t.as_str())),
        (Field::Notes, contact.notes.as_ref().map(|t| t.as_str())),
        (
            Field::CompanyName,
            contact.company_name.as_ref().map(|t| t.as_str()),
        ),
    ];
    for (field, text) in texts {
        shown[field as usize] = text.unwrap_or_default();
    }
    shown
}
