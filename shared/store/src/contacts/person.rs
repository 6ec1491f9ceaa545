//! The whole person: contact and appointments read together, changed in memory, and staged into one transaction that
//! writes only what changed.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use vio_crypto::{LookupHash, LookupKind, PersonKey};
use vio_domain::appointment::{self, Appointment, AppointmentStatus, OpenSession};
use vio_domain::contact::{CallState, Contact};
use vio_domain::ids::{AppointmentId, ContactId};
use vio_domain::write_back::concerns_calendar;

use crate::contacts::rows::{AppointmentRow, ContactRow};
use crate::entity::Entity;
use crate::error::StoreError;
use crate::key::{self, ClaimKind};
use crate::store::{PersonKeyRow, TenantStore};
use crate::tx::Tx;

/// How many appointments of one person are read: beyond any real person, within one bounded query.
const MOST_APPOINTMENTS: u32 = 500;

/// A contact with all appointments, as read or as about to be written.
pub struct Person {
    pub contact: Contact,
    /// In order of time.
    pub appointments: Vec<Appointment>,
    pub key: PersonKey,
    /// What changes came from an outside calendar, which need not be told of them.
    from_calendar: bool,
    read: AsRead,
}

/// How it was when read: what to compare with, and the versions that the transaction is conditional on.
#[derive(Default)]
struct AsRead {
    contact: Option<Contact>,
    status: AppointmentStatus,
    lock: u64,
    appointments: HashMap<AppointmentId, (u64, Appointment)>,
    phone_hash: Option<LookupHash>,
    email_hash: Option<LookupHash>,
    new_key: Option<PersonKeyRow>,
}

impl std::fmt::Debug for Person {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Person")
            .field("contact", &self.contact)
            .finish_non_exhaustive()
    }
}

impl Person {
    /// The appointment that the contact's flat fields show and edit.
    pub fn current(&self, now: DateTime<Utc>) -> Option<&Appointment> {
        appointment::current(&self.appointments, now)
    }

    /// One of the appointments.
    pub fn appointment(&self, id: AppointmentId) -> Option<&Appointment> {
        self.appointments.iter().find(|a| a.id == id)
    }

    /// One of the appointments, to change it.
    pub fn appointment_mut(&mut self, id: AppointmentId) -> Option<&mut Appointment> {
        self.appointments.iter_mut().find(|a| a.id == id)
    }

    /// Takes an appointment away; staging the person deletes its record.
    pub fn remove_appointment(&mut self, id: AppointmentId) {
        self.appointments.retain(|a| a.id != id);
    }

    /// When the next call to this person is due, over all appointments.
    pub fn next_call_at(&self) -> Option<DateTime<Utc>> {
        self.appointments
            .iter()
            .filter_map(|a| a.next_call_at)
            .chain(self.contact.next_call_at)
            .min()
    }

    /// Every session of this person that is planned, placing or in flight, with the appointment it is about.
    pub fn open_sessions(&self) -> impl Iterator<Item = (Option<AppointmentId>, OpenSession)> {
        let about = self
            .appointments
            .iter()
            .filter_map(|a| a.open_session.map(|open| (Some(a.id), open)));
        about.chain(self.contact.open_session.map(|open| (None, open)))
    }

    /// The open session about an appointment, or about none.
    pub fn open_session(&self, about: Option<AppointmentId>) -> Option<OpenSession> {
        self.open_sessions()
            .find_map(|(id, open)| (id == about).then_some(open))
    }

    /// Notes which session is open about an appointment, or about none, and when its call is due.
    pub fn set_open_session(
        &mut self,
        about: Option<AppointmentId>,
        open: Option<OpenSession>,
        next_call_at: Option<DateTime<Utc>>,
    ) {
        match about {
            None => {
                self.contact.open_session = open;
                self.contact.next_call_at = next_call_at;
            }
            Some(id) => {
                if let Some(appointment) = self.appointment_mut(id) {
                    appointment.open_session = open;
                    appointment.next_call_at = next_call_at;
                }
            }
        }
    }

    /// Attempts that count, for the current appointment.
    pub fn call_attempts(&self, now: DateTime<Utc>) -> u32 {
        self.current(now).map_or(0, |a| a.call_attempts)
    }

    /// Notes that an outside calendar is the cause of what changes from here on: it is not told of it.
    pub fn changed_by_calendar(&mut self) {
        self.from_calendar = true;
    }

    /// Whether this person was never written.
    pub fn is_new(&self) -> bool {
        self.read.contact.is_none()
    }

    /// The hashes under which the stored claims lie.
    pub fn stored_hashes(&self) -> (Option<LookupHash>, Option<LookupHash>) {
        (self.read.phone_hash, self.read.email_hash)
    }

    /// The contact as it was read; None for a new one.
    pub fn contact_before(&self) -> Option<&Contact> {
        self.read.contact.as_ref()
    }

    /// An appointment as it was read; None for a new one.
    pub fn appointment_before(&self, id: AppointmentId) -> Option<&Appointment> {
        self.read.appointments.get(&id).map(|(_, before)| before)
    }

    /// Where the person stands with regard to calling, derived from appointments and work list.
    fn derive_call_state(&self, now: DateTime<Utc>) -> CallState {
        let planned = self.open_sessions().next().is_some();
        if self.open_sessions().any(|(_, open)| open.in_progress) {
            CallState::CallingInProgress
        } else if self.contact.needs_attention.is_some() {
            CallState::NeedsAttention
        } else if planned {
            CallState::CallingScheduled
        } else if self.current(now).is_some_and(|a| a.call_attempts > 0) {
            CallState::Settled
        } else {
            CallState::None
        }
    }
}

impl TenantStore {
    /// Keyed hash of a contact's number.
    pub fn phone_hash(&self, phone: &vio_domain::phone::E164) -> LookupHash {
        self.keys.lookup(LookupKind::Phone, phone.as_str())
    }

    /// Keyed hash of a contact's address, folded so that one mailbox has one hash.
    pub fn email_hash(&self, email: &vio_domain::text::Email) -> LookupHash {
        self.keys.lookup(LookupKind::Email, &email.folded())
    }

    /// A person not yet stored, with a key of its own.
    pub fn new_person(
        &self,
        contact: Contact,
        appointments: Vec<Appointment>,
    ) -> Result<Person, StoreError> {
        let (key, row) = self.new_person_key(contact.id)?;
        let read = AsRead {
            new_key: Some(row),
            ..AsRead::default()
        };
        Ok(Person {
            contact,
            appointments,
            key,
            from_calendar: false,
            read,
        })
    }

    /// The whole person, deleted or not; None where there is none, or the key was destroyed.
    pub async fn person(&self, id: ContactId) -> Result<Option<Person>, StoreError> {
        let Some(row) = self
            .store
            .read::<ContactRow>(&key::contact(self.id, id))
            .await?
        else {
            return Ok(None);
        };
        let Some(person_key) = self.person_key(id).await? else {
            return Ok(None);
        };
        let pk = key::contact_pk(self.id, id);
        let (rows, _) = self
            .store
            .list::<AppointmentRow>(pk, key::APPOINTMENT_PREFIX, true, MOST_APPOINTMENTS, None)
            .await?;
        Self::assemble(row, rows, person_key).map(Some)
    }

    fn assemble(
        row: ContactRow,
        rows: Vec<AppointmentRow>,
        key: PersonKey,
    ) -> Result<Person, StoreError> {
        let contact = row.open(&key)?;
        let mut appointments = Vec::with_capacity(rows.len());
        let mut as_read = HashMap::with_capacity(rows.len());
        for stored in rows {
            let appointment = stored.open(&key)?;
            as_read.insert(appointment.id, (stored.version, appointment.clone()));
            appointments.push(appointment);
        }
        appointments.sort_by_key(|a| (a.time, a.id));
        let read = AsRead {
            contact: Some(contact.clone()),
            status: row.current_status,
            lock: row.version,
            appointments: as_read,
            phone_hash: row.phone_hash,
            email_hash: row.email_hash,
            new_key: None,
        };
        Ok(Person {
            contact,
            appointments,
            key,
            from_calendar: false,
            read,
        })
    }

    /// Stages what changed of a person: the contact and its appointments, each conditional on the version read, and
    /// the key of a new one. Derives what follows from the rest (the current appointment, the call state). Returns
    /// the names of the records written. Claims are staged beside it (`claims`).
    pub fn stage_person(&self, tx: &mut Tx, person: &mut Person) -> Result<bool, StoreError> {
        let now = self.now();
        person.appointments.sort_by_key(|a| (a.time, a.id));
        let status = person.current(now).map(|a| a.status).unwrap_or_default();
        person.contact.current_appointment = person.current(now).map(|a| a.id);
        person.contact.appointments_count =
            u32::try_from(person.appointments.len()).unwrap_or(u32::MAX);
        person.contact.call_state = person.derive_call_state(now);
        let mut wrote = false;
        if person.read.contact.as_ref() != Some(&person.contact) || person.read.status != status {
            let hashes = (
                person
                    .contact
                    .phone
                    .as_ref()
                    .map(|phone| self.phone_hash(phone)),
                person
                    .contact
                    .email
                    .as_ref()
                    .map(|email| self.email_hash(email)),
            );
            let mut row = ContactRow::seal(
                &person.contact,
                person.read.lock,
                status,
                hashes,
                &person.key,
            )?;
            tx.save(&mut row)?;
            wrote = true;
        } else {
            // Whoever changes an appointment must not race with a deletion or an edit of the person.
            let condition = crate::port::Condition::VersionIs(person.read.lock);
            tx.check(
                "contact",
                key::contact(self.id, person.contact.id),
                condition,
            );
        }
        for appointment in &mut person.appointments {
            let (lock, before) = match person.read.appointments.get(&appointment.id) {
                Some((lock, before)) => (*lock, Some(before)),
                None => (0, None),
            };
            if before.is_some_and(|before| before.status != appointment.status) {
                appointment.status_since = now;
            }
            let appointment = &*appointment;
            if before != Some(appointment) {
                let mut row = AppointmentRow::seal(appointment, lock, &person.key)?;
                tx.save(&mut row)?;
                wrote = true;
                if before.is_some_and(|before| concerns_calendar(before, appointment))
                    && !person.from_calendar
                {
                    self.stage_calendar_write(tx, appointment)?;
                }
            }
        }
        for (id, (lock, _)) in &person.read.appointments {
            if person.appointment(*id).is_none() {
                let place = key::appointment(self.id, person.contact.id, *id);
                let condition = crate::port::Condition::VersionIs(*lock);
                tx.delete_if(AppointmentRow::TYPE, place, condition);
                wrote = true;
            }
        }
        if let Some(row) = &mut person.read.new_key {
            tx.create(row)?;
        }
        Ok(wrote)
    }

    /// Holds a transaction to an appointment as it was read, unless the transaction writes it anyway: an edit made in
    /// view of the current appointment must not meet another one. Call it after [`TenantStore::stage_person`].
    pub fn hold_appointment(&self, tx: &mut Tx, person: &Person, id: AppointmentId) {
        let place = key::appointment(self.id, person.contact.id, id);
        if let Some((lock, _)) = person.read.appointments.get(&id)
            && !tx.touches(&place)
        {
            let condition = crate::port::Condition::VersionIs(*lock);
            tx.check("appointment", place, condition);
        }
    }

    /// Several contacts by id, without their appointments: for lists and for judging candidates. Deleted ones are
    /// included; missing ones left out.
    pub async fn contacts(
        &self,
        ids: &[ContactId],
    ) -> Result<Vec<(ContactRow, Contact)>, StoreError> {
        Ok(self.contacts_and_keys(ids).await?.0)
    }

    /// The same, with the keys of the persons, for what else is read of them.
    pub(crate) async fn contacts_and_keys(
        &self,
        ids: &[ContactId],
    ) -> Result<(Vec<(ContactRow, Contact)>, HashMap<ContactId, PersonKey>), StoreError> {
        let places: Vec<_> = ids.iter().map(|id| key::contact(self.id, *id)).collect();
        let rows: Vec<ContactRow> = self.store.read_all(&places).await?;
        let keys = self.person_keys(ids).await?;
        let contacts = rows
            .into_iter()
            .filter_map(|row| {
                keys.get(&row.id)
                    .map(|key| row.open(key).map(|contact| (row, contact)))
            })
            .collect::<Result<_, _>>()?;
        Ok((contacts, keys))
    }

    /// The appointments named, of several persons whose keys are at hand; those of others are left out.
    pub(crate) async fn appointments_of(
        &self,
        wanted: &[(ContactId, AppointmentId)],
        keys: &HashMap<ContactId, PersonKey>,
    ) -> Result<Vec<Appointment>, StoreError> {
        let places: Vec<_> = wanted
            .iter()
            .map(|(c, a)| key::appointment(self.id, *c, *a))
            .collect();
        let rows: Vec<AppointmentRow> = self.store.read_all(&places).await?;
        rows.iter()
            .filter_map(|row| keys.get(&row.contact).map(|key| row.open(key)))
            .collect()
    }

    /// Kinds of claims a person makes, with the hashes they lie under now.
    pub fn claims_of(&self, contact: &Contact) -> Vec<(ClaimKind, LookupHash)> {
        let phone = contact
            .phone
            .as_ref()
            .map(|phone| (ClaimKind::Phone, self.phone_hash(phone)));
        let email = contact
            .email
            .as_ref()
            .map(|email| (ClaimKind::Email, self.email_hash(email)));
        phone.into_iter().chain(email).collect()
    }
}
