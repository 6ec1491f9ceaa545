//! Making contacts and appointments.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use vio_domain::appointment::{
    Appointment, AppointmentStatus, CallBeforeHours, Confirmation, Duration,
};
use vio_domain::bookings::BookingUid;
use vio_domain::contact::{
    BookingSource, Contact, ContactMethod, HipaaChecklist, Preferences, Priority, VoiceConsent,
};
use vio_domain::forms::FormData;
use vio_domain::ids::{AppointmentId, ContactId, GroupId, LocationId, UserId};
use vio_domain::person::{Duplicate, OnDuplicate};
use vio_domain::phone::E164;
use vio_domain::settings::Settings;
use vio_domain::text::{
    CustomFields, Email, FirstName, LastName, Notes, PersonName, ShortText, SpecialInstructions,
    Tag,
};

use crate::contacts::consents::ConsentChange;
use crate::contacts::likeness::Judged;
use crate::contacts::person::Person;
use crate::contacts::save::Save;
use crate::error::StoreError;
use crate::log::Actor;
use crate::store::TenantStore;
use crate::tx::Tx;

/// A contact to be made. [`NewContact::named`] gives one with nothing but a name.
#[derive(Debug, Clone)]
pub struct NewContact {
    /// A repeat under the same id makes nothing twice.
    pub id: ContactId,
    pub name: PersonName,
    pub first_name: Option<FirstName>,
    pub last_name: Option<LastName>,
    pub phone: Option<E164>,
    pub email: Option<Email>,
    pub company_name: Option<ShortText<255>>,
    pub industry: Option<ShortText<50>>,
    pub notes: Option<Notes>,
    pub tags: Vec<Tag>,
    pub groups: Vec<GroupId>,
    pub priority: Priority,
    pub preferred_contact_method: ContactMethod,
    pub do_not_contact: bool,
    /// Voice consent in here is not recorded: give it as `consent`.
    pub preferences: Preferences,
    pub consent: Option<ConsentChange>,
    pub custom_fields: CustomFields,
    pub form: Option<FormData>,
    pub checklist: Option<HipaaChecklist>,
    pub assigned_to: Option<UserId>,
    pub is_active: bool,
    pub booking_source: BookingSource,
    pub booking_page_zone: Option<Tz>,
    pub created_by: Option<UserId>,
}

impl NewContact {
    /// A contact with nothing but a name; everything else as it is when nobody says otherwise.
    pub fn named(id: ContactId, name: PersonName) -> Self {
        Self {
            id,
            name,
            first_name: None,
            last_name: None,
            phone: None,
            email: None,
            company_name: None,
            industry: None,
            notes: None,
            tags: Vec::new(),
            groups: Vec::new(),
            priority: Priority::default(),
            preferred_contact_method: ContactMethod::default(),
            do_not_contact: false,
            preferences: Preferences::default(),
            consent: None,
            custom_fields: CustomFields::default(),
            form: None,
            checklist: None,
            assigned_to: None,
            is_active: true,
            booking_source: BookingSource::default(),
            booking_page_zone: None,
            created_by: None,
        }
    }
}

/// An appointment to be made.
#[derive(Debug, Clone)]
pub struct NewAppointment {
    pub time: DateTime<Utc>,
    pub timezone: Tz,
    pub duration: Option<Duration>,
    pub appointment_type: Option<ShortText<100>>,
    pub owner_name: Option<ShortText<100>>,
    pub location: Option<LocationId>,
    pub special_instructions: Option<SpecialInstructions>,
    pub call_before_hours: CallBeforeHours,
    pub status: AppointmentStatus,
    /// Moved, and to when nobody knows yet.
    pub awaiting_new_time: bool,
    pub confirmation: Option<Confirmation>,
    pub source: BookingSource,
    /// A uid of the outside booking that it is.
    pub booking: Option<BookingUid>,
    /// When this time was set; None for imports, which skip the term in the planner.
    pub booked_at: Option<DateTime<Utc>>,
}

impl NewAppointment {
    /// An appointment booked at `booked_at`, everything else as it is when nobody says otherwise.
    pub fn at(
        time: DateTime<Utc>,
        timezone: Tz,
        settings: &Settings,
        source: BookingSource,
        booked_at: DateTime<Utc>,
    ) -> Self {
        Self {
            time,
            timezone,
            duration: None,
            appointment_type: None,
            owner_name: None,
            location: None,
            special_instructions: None,
            call_before_hours: settings.calls.call_before_hours,
            status: AppointmentStatus::Pending,
            awaiting_new_time: false,
            confirmation: None,
            source,
            booking: None,
            booked_at: Some(booked_at),
        }
    }
}

/// What became of a request to make a contact.
#[derive(Debug)]
pub enum Created {
    /// It was made. `found` names the others at its number or address.
    Made {
        person: Box<Person>,
        found: Duplicate,
    },
    /// Nothing was made: these may be the same person.
    Known(Duplicate),
}

impl TenantStore {
    /// A person of new values, not yet stored.
    pub(crate) fn person_of(&self, new: &NewContact) -> Result<Person, StoreError> {
        let now = self.now();
        let mut preferences = new.preferences.clone();
        preferences.voice_consent = VoiceConsent::Unknown;
        let contact = Contact {
            first_name: new.first_name.clone(),
            last_name: new.last_name.clone(),
            phone: new.phone.clone(),
            email: new.email.clone(),
            company_name: new.company_name.clone(),
            industry: new.industry.clone(),
            notes: new.notes.clone(),
            tags: new.tags.clone(),
            group_ids: new.groups.clone(),
            priority: new.priority,
            preferred_contact_method: new.preferred_contact_method,
            do_not_contact: new.do_not_contact,
            preferences,
            custom_fields: new.custom_fields.clone(),
            form: new.form.clone(),
            checklist: new.checklist.clone(),
            assigned_to: new.assigned_to,
            is_active: new.is_active,
            booking_source: new.booking_source,
            booking_page_zone: new.booking_page_zone,
            created_by: new.created_by,
            ..Contact::named(new.id, self.id, new.name.clone(), now)
        };
        self.new_person(contact, Vec::new())
    }

    /// Adds an appointment to a person in memory.
    pub fn add_appointment(&self, person: &mut Person, new: &NewAppointment) -> AppointmentId {
        let id = AppointmentId::new(self.new_id());
        self.add_appointment_as(person, id, new);
        id
    }

    /// The same under an id of the caller's, so that a repeated request adds nothing twice.
    pub fn add_appointment_as(&self, person: &mut Person, id: AppointmentId, new: &NewAppointment) {
        let now = self.now();
        person.appointments.push(Appointment {
            duration: new.duration,
            appointment_type: new.appointment_type.clone(),
            owner_name: new.owner_name.clone(),
            location: new.location,
            special_instructions: new.special_instructions.clone(),
            call_before_hours: new.call_before_hours,
            status: new.status,
            awaiting_new_time: new.awaiting_new_time,
            confirmation: new.confirmation,
            source: new.source,
            booking: new.booking.clone(),
            booked_at: new.booked_at,
            ..Appointment::at(id, self.id, person.contact.id, new.time, new.timezone, now)
        });
    }

    /// Makes a contact with its first appointment, if it has one. Where the claims show that the person may be there
    /// already, nothing is made unless `on_duplicate` is `create_new` (rules.md "Same person?").
    pub async fn create_contact(
        &self,
        settings: &Settings,
        new: &NewContact,
        appointment: Option<&NewAppointment>,
        on_duplicate: OnDuplicate,
        actor: &Actor,
    ) -> Result<Created, StoreError> {
        let mut races = 0;
        loop {
            if races > 0
                && let Some(person) = self.person(new.id).await?
            {
                // An earlier try under this id went through, and its answer was lost.
                let found = self.judge(&person).await?.found;
                let person = Box::new(person);
                return Ok(Created::Made { person, found });
            }
            let mut person = self.person_of(new)?;
            let Judged { claims, found, .. } = self.judge(&person).await?;
            if !found.duplicates.is_empty() && on_duplicate != OnDuplicate::CreateNew {
                return Ok(Created::Known(found));
            }
            let mut tx = Tx::new();
            if let Some(change) = new.consent {
                self.stage_consent(&mut tx, &mut person, change, actor)?;
            }
            if let Some(appointment) = appointment {
                self.add_appointment(&mut person, appointment);
            }
            let save = Save {
                settings,
                actor,
                action: "contact.created",
                reason: None,
                claims: Some(claims),
                replan: true,
            };
            self.stage_save(&mut tx, &mut person, save).await?;
            match self.store.commit(tx).await {
                Ok(()) => {
                    let person = Box::new(person);
                    return Ok(Created::Made { person, found });
                }
                Err(error) if self.again(&mut races, &error).await => {}
                Err(error) => return Err(error),
            }
        }
    }
}
