//! A contact's appointments, and which of them is the current one.

use vio_domain::appointment::Appointment;

use super::TenantView;
use super::columns::{
    ATTENDANCES, AppointmentRow, CONFIRMATIONS, NEVER, NO_APPOINTMENT, STATUSES, code,
    code_or_none, micros, micros_or_never,
};
use crate::memory::{NO_TEXT, Wiping};
use crate::text::{Field, FieldSet, SEPARATOR, Shown, fields_of};

/// Type, owner and instructions, as they are shown.
pub(crate) type AppointmentTexts = [Wiping<String>; 3];

/// The fields of a contact that show its current appointment, in the order of [`AppointmentTexts`].
const APPOINTED: [Field; 3] = [
    Field::AppointmentType,
    Field::OwnerName,
    Field::SpecialInstructions,
];

/// An appointment with its texts.
pub(crate) struct Held {
    pub(crate) row: AppointmentRow,
    pub(crate) texts: AppointmentTexts,
}

const CANCELLED: u8 = 2;

impl TenantView {
    /// All appointments of a row, the deleted ones' versions included.
    fn held(&self, row: usize) -> Vec<Held> {
        let rows = self.appointments.get(row).iter().copied();
        let texts = self.appointment_texts.get(row);
        if !texts.is_empty() {
            let mut texts = fields_of(texts);
            let mut next = || {
                let bytes = texts.next().unwrap_or_default().to_vec();
                Wiping::new(String::from_utf8(bytes).unwrap_or_default())
            };
            return rows
                .map(|row| Held {
                    row,
                    texts: std::array::from_fn(|_| next()),
                })
                .collect();
        }
        let mut fields = self.texts.originals(row, FieldSet::of(&APPOINTED));
        // At most one is not gone: the others' texts would be kept beside.
        rows.map(|row| Held {
            row,
            texts: APPOINTED.map(|field| match row.is_gone {
                1 => Wiping::default(),
                _ => std::mem::take(&mut fields[field as usize]),
            }),
        })
        .collect()
    }

    /// Takes a version of an appointment, or its end; false if as new a one is known.
    pub(super) fn put_appointment(&mut self, row: usize, new: Held) -> bool {
        let mut held = self.held(row);
        match held.iter_mut().find(|held| held.row.id == new.row.id) {
            Some(old) if new.row.version <= old.row.version => return false,
            Some(old) => *old = new,
            None => held.push(new),
        }
        self.store_again(row, held);
        true
    }

    pub(super) fn appointment_row(&mut self, version: u64, appointment: &Appointment) -> Held {
        let text = |text: Option<&str>| Wiping::new(text.unwrap_or_default().to_owned());
        let location = appointment.location.map(|id| id.to_string());
        let confirmation = appointment.confirmation;
        Held {
            row: AppointmentRow {
                id: appointment.id.uuid().as_u128(),
                version,
                is_gone: 0,
                time: micros(appointment.time),
                next_call: micros_or_never(appointment.next_call_at),
                confirmed_at: micros_or_never(confirmation.map(|c| c.at)),
                confirmed_before: confirmation.map_or(0, |c| c.minutes_before),
                status_since: micros(appointment.status_since),
                call_attempts: appointment.call_attempts,
                zone: self.words.number(appointment.timezone.name()),
                location: location.map_or(NO_TEXT, |id| self.words.number(&id)),
                duration: appointment.duration.map_or(0, u16::from),
                call_before: appointment.call_before_hours.hours(),
                status: code(STATUSES, &appointment.status),
                awaiting_new_time: u8::from(appointment.awaiting_new_time),
                attendance: code(ATTENDANCES, &appointment.attendance),
                confirmation: code_or_none(CONFIRMATIONS, confirmation.map(|c| c.method).as_ref()),
            },
            texts: [
                text(appointment.appointment_type.as_ref().map(|t| t.as_str())),
                text(appointment.owner_name.as_ref().map(|t| t.as_str())),
                text(
                    appointment
                        .special_instructions
                        .as_ref()
                        .map(|t| t.as_str()),
                ),
            ],
        }
    }

    /// Lets the next appointment become the current one.
    pub(super) fn turn(&mut self, row: usize) {
        let held = self.held(row);
        self.store_again(row, held);
    }

    /// Writes what a contact has become, with the appointments that it had.
    pub(super) fn store_contact(&mut self, row: usize, fields: Shown<'_>) {
        let held = self.held(row);
        self.store(row, fields, held);
    }

    /// Writes a row's appointments anew. Its texts stay where they are unless others are shown: most changes of an
    /// appointment are of its time or status.
    fn store_again(&mut self, row: usize, mut held: Vec<Held>) {
        let appointed = self.store_appointments(row, &mut held);
        if self.columns.present[row] == 0 {
            self.texts.clear(row);
            return;
        }
        let shown = self.texts.originals(row, FieldSet::of(&APPOINTED));
        if APPOINTED.map(|field| shown[field as usize].as_str()) != appointed {
            let fields = self.texts.originals(row, FieldSet::all_but(&APPOINTED));
            let fields = std::array::from_fn(|field| fields[field].as_str());
            self.texts.set(row, &with(fields, appointed));
        }
    }

    /// Writes a row's texts and appointments with all that follows from them. `fields` are the contact's; those that
    /// show the current appointment are filled in here.
    pub(super) fn store(&mut self, row: usize, fields: Shown<'_>, mut held: Vec<Held>) {
        let appointed = self.store_appointments(row, &mut held);
        if self.columns.present[row] == 1 {
            self.texts.set(row, &with(fields, appointed));
        } else {
            self.texts.clear(row);
        }
    }

    /// Writes a row's appointments with all that follows from them but the searched texts. Says which texts the
    /// current one shows, in the order of [`APPOINTED`].
    fn store_appointments<'a>(&mut self, row: usize, held: &'a mut [Held]) -> [&'a str; 3] {
        held.sort_unstable_by_key(|held| (held.row.time, held.row.id));
        let is_present = self.columns.present[row] == 1;
        let current = current(held, self.now);
        let rows: Vec<AppointmentRow> = held.iter().map(|held| held.row).collect();
        self.appointments.set(row, &rows);
        let mut texts = Wiping::new(Vec::new());
        if held.len() > 1 || (!is_present && !held.is_empty()) {
            let each = || held.iter().flat_map(|held| &held.texts);
            texts.reserve(each().map(|text| text.len() + 1).sum());
            for text in each() {
                texts.extend_from_slice(text.as_bytes());
                texts.push(SEPARATOR);
            }
        }
        self.appointment_texts.set(row, &texts);
        self.set_current(row, current, &rows);
        std::array::from_fn(|place| current.map_or("", |at| held[at].texts[place].as_str()))
    }

    fn set_current(&mut self, row: usize, current: Option<usize>, rows: &[AppointmentRow]) {
        let columns = &mut self.columns;
        let shown = current.map(|at| rows[at]);
        columns.current[row] = current.map_or(NO_APPOINTMENT, |at| at as u32);
        columns.appointment_time[row] = shown.map_or(NEVER, |a| a.time);
        columns.call_attempts[row] = shown.map_or(0, |a| a.call_attempts);
        columns.status[row] = shown.map_or(0, |a| a.status);
        let live = || rows.iter().filter(|a| a.is_gone == 0);
        let reminder = live().map(|a| a.next_call).filter(|at| *at != NEVER).min();
        let own = Some(columns.own_next_call[row]).filter(|at| *at != NEVER);
        let next = reminder.into_iter().chain(own).min();
        columns.next_call[row] = next.unwrap_or(NEVER);
        columns.next_is_reminder[row] = u8::from(next.is_some() && reminder == next);
        let before = columns.turns_after[row];
        if before != NEVER {
            self.turns.remove(&(before, row as u32));
        }
        let turns = shown.filter(|a| a.time >= self.now && live().nth(1).is_some());
        columns.turns_after[row] = turns.map_or(NEVER, |a| a.time);
        if let Some(a) = turns {
            self.turns.insert((a.time, row as u32));
        }
        let is_present = columns.present[row] == 1;
        let status = usize::from(columns.status[row]);
        for (other, bits) in self.by_status.iter_mut().enumerate() {
            bits.set(row, is_present && other == status);
        }
    }
}

/// A contact's fields with the texts of its current appointment.
fn with<'a>(mut fields: Shown<'a>, appointed: [&'a str; 3]) -> Shown<'a> {
    for (field, text) in APPOINTED.into_iter().zip(appointed) {
        fields[field as usize] = text;
    }
    fields
}

/// The current appointment: the next coming one that is not cancelled, else the latest (as
/// `vio_domain::appointment::current`, of rows in order of time and id).
fn current(held: &[Held], now: i64) -> Option<usize> {
    let live = |held: &&Held| held.row.is_gone == 0;
    let coming = held
        .iter()
        .position(|held| live(&held) && held.row.time >= now && held.row.status != CANCELLED);
    coming.or_else(|| held.iter().rposition(|held| live(&held)))
}
