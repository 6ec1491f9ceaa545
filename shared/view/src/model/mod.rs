//! A tenant's view in memory.

mod apply;
mod appointments;
pub use apply::ViewFull;
pub(crate) mod columns;
mod group;
mod names;
pub(crate) mod plain;
#[cfg(test)]
pub(crate) mod tests;

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use vio_domain::ids::{AppointmentId, ContactId, GroupId, TenantId};

use crate::memory::{Bits, Dict, RowIndex, Spans, Wiped};
use crate::text::Texts;
use columns::{AppointmentRow, Columns, Joined, NEVER, STATUSES, instant, micros};
pub use group::Group;
pub(crate) use group::{Groups, StoredSlot};
pub(crate) use names::name_key;

/// A view larger than this takes no more changes: every offset in it fits 32 bits then. A million contacts take a
/// quarter of it.
pub const MOST_BYTES: usize = 3 * 1024 * 1024 * 1024;

/// A tenant's contacts with their appointments, groups, tags and call statistics, ready to be listed, searched and
/// counted. It is read through a [`Reader`](crate::Reader) alone, which needs to know who reads.
///
/// All memory that held texts or numbers of a contact is overwritten when it is replaced, outgrown or dropped.
///
/// A clone is a second view of the same contents, such as for a snapshot that is made while this one goes on.
#[derive(Clone)]
pub struct TenantView {
    pub(crate) tenant: TenantId,
    /// The latest instant the view was brought to; which appointment is the current one is as of then.
    pub(crate) now: i64,
    pub(crate) columns: Columns,
    pub(crate) texts: Texts,
    pub(crate) appointments: Spans<AppointmentRow>,
    /// The texts of all appointments of a row that has several, or whose contact is not present: type, owner and
    /// instructions of each, each ended by a separator. Those of a single one lie among the searched texts alone.
    pub(crate) appointment_texts: Spans<u8>,
    pub(crate) joined: Spans<Joined>,
    pub(crate) tags: Spans<u32>,
    pub(crate) rest: Spans<u8>,
    pub(crate) groups: Groups,
    /// Tags, industries, zones, locations, users, reasons.
    pub(crate) words: Dict,
    /// Present rows by name, then by id.
    pub(crate) names: Wiped<u32>,
    rows: RowIndex,
    renamed: Bits,
    pub(crate) present: Bits,
    /// Present rows by the status of their current appointment, pending without one.
    pub(crate) by_status: [Bits; STATUSES.len()],
    turns: BTreeSet<(i64, u32)>,
}

impl TenantView {
    /// An empty view at an instant.
    pub fn new(tenant: TenantId, now: DateTime<Utc>) -> Self {
        Self {
            tenant,
            now: micros(now),
            columns: Columns::default(),
            texts: Texts::default(),
            appointments: Spans::default(),
            appointment_texts: Spans::default(),
            joined: Spans::default(),
            tags: Spans::default(),
            rest: Spans::default(),
            groups: Groups::default(),
            words: Dict::default(),
            names: Wiped::new(),
            rows: RowIndex::default(),
            renamed: Bits::none(0),
            present: Bits::none(0),
            by_status: std::array::from_fn(|_| Bits::none(0)),
            turns: BTreeSet::new(),
        }
    }

    /// Whose view it is.
    pub fn tenant(&self) -> TenantId {
        self.tenant
    }

    /// Whether it has heard of a contact, deleted or gone ones included.
    pub fn knows(&self, contact: ContactId) -> bool {
        self.find(contact.uuid().as_u128())
            .is_some_and(|row| self.columns.version[row] > 0)
    }

    /// Whether a contact is in it and in no group that the view has no date of joining of.
    pub fn knows_memberships(&self, contact: ContactId) -> bool {
        let row = self.find(contact.uuid().as_u128());
        row.is_some_and(|row| {
            let dated = |one: &Joined| one.is_listed == 0 || one.at != NEVER;
            self.columns.version[row] > 0 && self.joined.get(row).iter().all(dated)
        })
    }

    /// The appointments that it has of a contact, so that whoever reads them anew sees which are gone.
    pub fn appointments_of(&self, contact: ContactId) -> Vec<AppointmentId> {
        let Some(row) = self.find(contact.uuid().as_u128()) else {
            return Vec::new();
        };
        let held = self.appointments.get(row).iter().filter(|a| a.is_gone == 0);
        held.map(|a| AppointmentId::new(uuid::Uuid::from_u128(a.id)))
            .collect()
    }

    /// The groups it has, so that whoever reads them anew sees which are gone.
    pub fn groups(&self) -> impl Iterator<Item = GroupId> {
        let known = |slot: &&group::Slot| slot.group.is_some();
        self.groups.slots.iter().filter(known).map(|slot| slot.id)
    }

    /// Contacts in it that are not deleted.
    pub fn contacts(&self) -> usize {
        self.present.count()
    }

    /// Bytes that it holds, to a few percent: what a cache of views counts.
    pub fn bytes(&self) -> usize {
        let bits = self.by_status.iter().map(Bits::bytes).sum::<usize>();
        self.columns.bytes()
            + self.texts.bytes()
            + self.appointments.bytes()
            + self.appointment_texts.bytes()
            + self.joined.bytes()
            + self.tags.bytes()
            + self.rest.bytes()
            + self.groups.bytes()
            + self.words.bytes()
            + self.names.bytes()
            + self.rows.bytes()
            + self.present.bytes()
            + bits
            + self.turns.len() * 32
    }

    /// Bytes of searched text, which a search without any hint passes over.
    pub fn text_bytes(&self) -> usize {
        self.texts.text_bytes()
    }

    /// The first instant at which a contact's current appointment may be another one, if any: [`TenantView::advance`]
    /// is due after it.
    pub fn next_turn(&self) -> Option<DateTime<Utc>> {
        self.turns.first().and_then(|(at, _)| instant(*at))
    }

    /// Brings the view to an instant: where an appointment has passed, the next one becomes the current one. Never goes
    /// back. Says how many contacts changed.
    pub fn advance(&mut self, now: DateTime<Utc>) -> usize {
        self.now = self.now.max(micros(now));
        let mut turned = 0;
        while let Some((at, row)) = self.turns.first().copied() {
            if at >= self.now {
                break;
            }
            self.turn(row as usize);
            turned += 1;
        }
        turned
    }

    /// Does one bounded piece of upkeep (a few milliseconds) and says whether there may be more: makes searches
    /// faster, packs memory. To be called between requests; everything is right without.
    pub fn tidy(&mut self) -> bool {
        self.texts.note_trigrams() || self.texts.pack()
    }

    pub(crate) fn find(&self, id: u128) -> Option<usize> {
        self.rows.find(&self.columns.id, id)
    }

    /// The row of a contact, a new one if it was never heard of.
    fn row(&mut self, id: u128) -> usize {
        if let Some(row) = self.find(id) {
            return row;
        }
        let row = self.columns.id.len();
        self.columns.push_row(id);
        self.texts.push_row();
        self.appointments.push_row();
        self.appointment_texts.push_row();
        self.joined.push_row();
        self.tags.push_row();
        self.rest.push_row();
        self.present.grow(row + 1);
        self.rows.push(&self.columns.id);
        row
    }

    /// Makes what follows from the columns, as after reading a snapshot; false if the parts do not fit together.
    pub(crate) fn derive(&mut self) -> bool {
        let rows = self.columns.id.len();
        let slack = plain::slack(rows);
        let sound = self.columns.is_even(rows)
            && self.texts.check(rows, slack)
            && self.appointments.unpack(rows, slack)
            && self.appointment_texts.unpack(rows, slack)
            && self.joined.unpack(rows, slack)
            && self.tags.unpack(rows, slack)
            && self.rest.unpack(rows, slack);
        if !sound {
            return false;
        }
        let Some(index) = RowIndex::of(&self.columns.id, slack) else {
            return false;
        };
        self.rows = index;
        self.present = plain::rows_where(&self.columns.present, |present| present == 1);
        for (status, bits) in self.by_status.iter_mut().enumerate() {
            let wanted = status as u8;
            *bits = plain::rows_where(&self.columns.status, |status| status == wanted);
            bits.and(&self.present);
        }
        let turns = (0..).zip(self.columns.turns_after.iter());
        let turns = turns.filter(|(_, at)| **at != NEVER);
        // Collected, not inserted one by one: sorted and built in one go.
        self.turns = turns.map(|(row, at)| (*at, row)).collect();
        for row in 0..rows {
            for joined in self.joined.get(row) {
                let Some(slot) = self.groups.slots.get_mut(joined.group as usize) else {
                    return false;
                };
                if joined.is_listed == 1 && self.columns.present[row] == 1 {
                    slot.members.set(row, true);
                }
            }
            let current = self.columns.current[row];
            let beyond = current as usize >= self.appointments.get(row).len();
            if current != columns::NO_APPOINTMENT && beyond {
                return false;
            }
        }
        self.names_from_ranks()
    }

    #[cfg(test)]
    pub(crate) fn holds(&self, bytes: &[u8]) -> bool {
        let found = |memory: &[u8]| memchr::memmem::find(memory, bytes).is_some();
        self.texts.holds(bytes) || found(&self.appointment_texts.items) || found(&self.rest.items)
    }
}

impl std::fmt::Debug for TenantView {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TenantView")
            .field("tenant", &self.tenant)
            .field("contacts", &self.contacts())
            .finish_non_exhaustive()
    }
}
