//! The stored forms of contacts and appointments: personal fields sealed one by one under the person's key, each
//! bound to tenant, record and field; everything else in clear.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use vio_crypto::{FieldRef, LookupHash, PersonKey, Sealed};
use vio_domain::appointment::{
    Appointment, AppointmentStatus, Attendance, CallBeforeHours, Confirmation, Duration,
    OpenSession,
};
use vio_domain::bookings::BookingUid;
use vio_domain::contact::{
    AttentionReason, BookingSource, CallState, CallTally, Contact, ContactMethod, Deleted,
    HipaaChecklist, Preferences, Priority,
};
use vio_domain::ids::{AppointmentId, ContactId, GroupId, LocationId, MessageId, TenantId, UserId};

use crate::entity::{Entity, Enumerated};
use crate::error::StoreError;
use crate::key::{self, EnumKind};
use crate::port::Key;
use crate::store::{sealed, to_json};

/// Seals and opens the fields of one record of one person.
pub(crate) struct Fields<'a> {
    pub(crate) key: &'a PersonKey,
    pub(crate) tenant: TenantId,
    pub(crate) record: Uuid,
}

impl Fields<'_> {
    pub(crate) fn seal<T: Serialize>(
        &self,
        field: &'static str,
        value: &T,
    ) -> Result<Sealed, StoreError> {
        let bytes = to_json(value)?;
        let place = FieldRef::new(self.tenant.uuid(), self.record, field);
        self.key.seal(place, &bytes).map_err(sealed(field))
    }

    pub(crate) fn seal_some<T: Serialize>(
        &self,
        field: &'static str,
        value: Option<&T>,
    ) -> Result<Option<Sealed>, StoreError> {
        value.map(|value| self.seal(field, value)).transpose()
    }

    pub(crate) fn open<T: DeserializeOwned>(
        &self,
        field: &'static str,
        value: &Sealed,
    ) -> Result<T, StoreError> {
        let place = FieldRef::new(self.tenant.uuid(), self.record, field);
        let clear = self.key.open(place, value).map_err(sealed(field))?;
        serde_json::from_slice(&clear).map_err(|_| StoreError::Sealed { what: field })
    }

    pub(crate) fn open_some<T: DeserializeOwned>(
        &self,
        field: &'static str,
        value: Option<&Sealed>,
    ) -> Result<Option<T>, StoreError> {
        value.map(|value| self.open(field, value)).transpose()
    }
}

/// Whether a value is what a reader takes where there is none: it is not stored then. Most contacts stay below the 1 KB
/// that one write unit covers.
fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// A contact as stored.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ContactRow {
    pub tenant: TenantId,
    pub id: ContactId,
    #[serde(skip)]
    pub version: u64,
    /// The version that clients see in ETags.
    pub edit_version: u64,
    name: Sealed,
    first_name: Option<Sealed>,
    last_name: Option<Sealed>,
    phone: Option<Sealed>,
    email: Option<Sealed>,
    company_name: Option<Sealed>,
    industry: Option<Sealed>,
    notes: Option<Sealed>,
    tags: Option<Sealed>,
    custom_fields: Option<Sealed>,
    form: Option<Sealed>,
    /// Keyed hashes of the number and the address, under which the claims lie.
    pub phone_hash: Option<LookupHash>,
    pub email_hash: Option<LookupHash>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub group_ids: Vec<GroupId>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub priority: Priority,
    #[serde(default, skip_serializing_if = "is_default")]
    pub preferred_contact_method: ContactMethod,
    #[serde(default, skip_serializing_if = "is_default")]
    pub do_not_contact: bool,
    #[serde(default, skip_serializing_if = "is_default")]
    pub preferences: Preferences,
    pub checklist: Option<HipaaChecklist>,
    pub assigned_to: Option<UserId>,
    pub is_active: bool,
    #[serde(default, skip_serializing_if = "is_default")]
    pub booking_source: BookingSource,
    pub booking_page_zone: Option<Tz>,
    pub last_contact_time: Option<DateTime<Utc>>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub failures_in_a_row: u32,
    #[serde(default, skip_serializing_if = "is_default")]
    pub calls: CallTally,
    pub needs_attention: Option<AttentionReason>,
    pub attention_about: Option<AppointmentId>,
    pub attention_snoozed_until: Option<DateTime<Utc>>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub call_state: CallState,
    pub open_session: Option<OpenSession>,
    pub next_call_at: Option<DateTime<Utc>>,
    pub current_appointment: Option<AppointmentId>,
    /// Status of the current appointment, so that a list can be filtered by it in the enumeration index.
    #[serde(default, skip_serializing_if = "is_default")]
    pub current_status: AppointmentStatus,
    pub appointments_count: u32,
    pub created_by: Option<UserId>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub deleted: Option<Deleted>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub merged_into: Option<ContactId>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub merged_from: Vec<ContactId>,
}

impl Entity for ContactRow {
    const TYPE: &'static str = "contact";
    fn key(&self) -> Key {
        key::contact(self.tenant, self.id)
    }
    fn version(&self) -> u64 {
        self.version
    }
    fn set_version(&mut self, version: u64) {
        self.version = version;
    }
    fn enumerated(&self) -> Option<Enumerated> {
        let tag = if self.deleted.is_some() {
            "deleted"
        } else {
            self.current_status.as_str()
        };
        Some(key::enumerated(
            self.tenant,
            EnumKind::Contact,
            self.id.uuid(),
            Some(tag),
        ))
    }
}

impl ContactRow {
    /// Seals a contact. `lock` is the version of the row as read, `status` that of the current appointment.
    pub fn seal(
        contact: &Contact,
        lock: u64,
        status: AppointmentStatus,
        hashes: (Option<LookupHash>, Option<LookupHash>),
        key: &PersonKey,
    ) -> Result<Self, StoreError> {
        let fields = Fields {
            key,
            tenant: contact.tenant,
            record: contact.id.uuid(),
        };
        Ok(Self {
            tenant: contact.tenant,
            id: contact.id,
            version: lock,
            edit_version: contact.version,
            name: fields.seal("name", &contact.name)?,
            first_name: fields.seal_some("first_name", contact.first_name.as_ref())?,
            last_name: fields.seal_some("last_name", contact.last_name.as_ref())?,
            phone: fields.seal_some("phone", contact.phone.as_ref())?,
            email: fields.seal_some("email", contact.email.as_ref())?,
            company_name: fields.seal_some("company_name", contact.company_name.as_ref())?,
            industry: fields.seal_some("industry", contact.industry.as_ref())?,
            notes: fields.seal_some("notes", contact.notes.as_ref())?,
            tags: fields.seal_some("tags", Some(&contact.tags).filter(|tags| !tags.is_empty()))?,
            custom_fields: fields.seal_some(
                "custom_fields",
                Some(&contact.custom_fields).filter(|custom| !custom.is_empty()),
            )?,
            form: fields.seal_some("form", contact.form.as_ref())?,
            phone_hash: hashes.0,
            email_hash: hashes.1,
            group_ids: contact.group_ids.clone(),
            priority: contact.priority,
            preferred_contact_method: contact.preferred_contact_method,
            do_not_contact: contact.do_not_contact,
            preferences: contact.preferences.clone(),
            checklist: contact.checklist.clone(),
            assigned_to: contact.assigned_to,
            is_active: contact.is_active,
            booking_source: contact.booking_source,
            booking_page_zone: contact.booking_page_zone,
            last_contact_time: contact.last_contact_time,
            failures_in_a_row: contact.failures_in_a_row,
            calls: contact.calls,
            needs_attention: contact.needs_attention,
            attention_about: contact.attention_about,
            attention_snoozed_until: contact.attention_snoozed_until,
            call_state: contact.call_state,
            open_session: contact.open_session,
            next_call_at: contact.next_call_at,
            current_appointment: contact.current_appointment,
            current_status: status,
            appointments_count: contact.appointments_count,
            created_by: contact.created_by,
            created_at: contact.created_at,
            updated_at: contact.updated_at,
            deleted: contact.deleted,
            merged_into: contact.merged_into,
            merged_from: contact.merged_from.clone(),
        })
    }

    /// Opens a contact.
    pub fn open(&self, key: &PersonKey) -> Result<Contact, StoreError> {
        let fields = Fields {
            key,
            tenant: self.tenant,
            record: self.id.uuid(),
        };
        Ok(Contact {
            id: self.id,
            tenant: self.tenant,
            version: self.edit_version,
            name: fields.open("name", &self.name)?,
            first_name: fields.open_some("first_name", self.first_name.as_ref())?,
            last_name: fields.open_some("last_name", self.last_name.as_ref())?,
            phone: fields.open_some("phone", self.phone.as_ref())?,
            email: fields.open_some("email", self.email.as_ref())?,
            company_name: fields.open_some("company_name", self.company_name.as_ref())?,
            industry: fields.open_some("industry", self.industry.as_ref())?,
            notes: fields.open_some("notes", self.notes.as_ref())?,
            tags: fields
                .open_some("tags", self.tags.as_ref())?
                .unwrap_or_default(),
            custom_fields: fields
                .open_some("custom_fields", self.custom_fields.as_ref())?
                .unwrap_or_default(),
            form: fields.open_some("form", self.form.as_ref())?,
            group_ids: self.group_ids.clone(),
            priority: self.priority,
            preferred_contact_method: self.preferred_contact_method,
            do_not_contact: self.do_not_contact,
            preferences: self.preferences.clone(),
            checklist: self.checklist.clone(),
            assigned_to: self.assigned_to,
            is_active: self.is_active,
            booking_source: self.booking_source,
            booking_page_zone: self.booking_page_zone,
            last_contact_time: self.last_contact_time,
            failures_in_a_row: self.failures_in_a_row,
            calls: self.calls,
            needs_attention: self.needs_attention,
            attention_about: self.attention_about,
            attention_snoozed_until: self.attention_snoozed_until,
            call_state: self.call_state,
            open_session: self.open_session,
            next_call_at: self.next_call_at,
            current_appointment: self.current_appointment,
            appointments_count: self.appointments_count,
            created_by: self.created_by,
            created_at: self.created_at,
            updated_at: self.updated_at,
            deleted: self.deleted,
            merged_into: self.merged_into,
            merged_from: self.merged_from.clone(),
        })
    }
}

/// An appointment as stored.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AppointmentRow {
    pub tenant: TenantId,
    pub contact: ContactId,
    pub id: AppointmentId,
    #[serde(skip)]
    pub version: u64,
    /// The version that clients see in ETags.
    pub edit_version: u64,
    pub time: DateTime<Utc>,
    pub timezone: Tz,
    pub duration: Option<Duration>,
    appointment_type: Option<Sealed>,
    owner_name: Option<Sealed>,
    special_instructions: Option<Sealed>,
    pub location: Option<LocationId>,
    pub call_before_hours: CallBeforeHours,
    pub status: AppointmentStatus,
    /// None where it is `created_at`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    status_since: Option<DateTime<Utc>>,
    #[serde(default)]
    pub awaiting_new_time: bool,
    pub attendance: Attendance,
    pub confirmation: Option<Confirmation>,
    pub source: BookingSource,
    #[serde(default, skip_serializing_if = "is_default")]
    pub booking: Option<BookingUid>,
    pub booked_at: Option<DateTime<Utc>>,
    pub call_attempts: u32,
    pub open_session: Option<OpenSession>,
    pub next_call_at: Option<DateTime<Utc>>,
    #[serde(default)]
    pub message: Option<MessageId>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

impl Entity for AppointmentRow {
    const TYPE: &'static str = "appointment";
    fn key(&self) -> Key {
        key::appointment(self.tenant, self.contact, self.id)
    }
    fn version(&self) -> u64 {
        self.version
    }
    fn set_version(&mut self, version: u64) {
        self.version = version;
    }
    fn enumerated(&self) -> Option<Enumerated> {
        Some(key::enumerated(
            self.tenant,
            EnumKind::Appointment,
            self.id.uuid(),
            None,
        ))
    }
}

impl AppointmentRow {
    /// Seals an appointment. `lock` is the version of the row as read.
    pub fn seal(appointment: &Appointment, lock: u64, key: &PersonKey) -> Result<Self, StoreError> {
        let fields = Fields {
            key,
            tenant: appointment.tenant,
            record: appointment.id.uuid(),
        };
        Ok(Self {
            tenant: appointment.tenant,
            contact: appointment.contact,
            id: appointment.id,
            version: lock,
            edit_version: appointment.version,
            time: appointment.time,
            timezone: appointment.timezone,
            duration: appointment.duration,
            appointment_type: fields
                .seal_some("appointment_type", appointment.appointment_type.as_ref())?,
            owner_name: fields.seal_some("owner_name", appointment.owner_name.as_ref())?,
            special_instructions: fields.seal_some(
                "special_instructions",
                appointment.special_instructions.as_ref(),
            )?,
            location: appointment.location,
            call_before_hours: appointment.call_before_hours,
            status: appointment.status,
            status_since: Some(appointment.status_since)
                .filter(|since| *since != appointment.created_at),
            awaiting_new_time: appointment.awaiting_new_time,
            attendance: appointment.attendance,
            confirmation: appointment.confirmation,
            source: appointment.source,
            booking: appointment.booking.clone(),
            booked_at: appointment.booked_at,
            call_attempts: appointment.call_attempts,
            open_session: appointment.open_session,
            next_call_at: appointment.next_call_at,
            message: appointment.message,
            created_at: appointment.created_at,
            updated_at: appointment.updated_at,
        })
    }

    /// Opens an appointment.
    pub fn open(&self, key: &PersonKey) -> Result<Appointment, StoreError> {
        let fields = Fields {
            key,
            tenant: self.tenant,
            record: self.id.uuid(),
        };
        Ok(Appointment {
            id: self.id,
            tenant: self.tenant,
            contact: self.contact,
            version: self.edit_version,
            time: self.time,
            timezone: self.timezone,
            duration: self.duration,
            appointment_type: fields
                .open_some("appointment_type", self.appointment_type.as_ref())?,
            owner_name: fields.open_some("owner_name", self.owner_name.as_ref())?,
            special_instructions: fields
                .open_some("special_instructions", self.special_instructions.as_ref())?,
            location: self.location,
            call_before_hours: self.call_before_hours,
            status: self.status,
            status_since: self.status_since.unwrap_or(self.created_at),
            awaiting_new_time: self.awaiting_new_time,
            attendance: self.attendance,
            confirmation: self.confirmation,
            source: self.source,
            booking: self.booking.clone(),
            booked_at: self.booked_at,
            call_attempts: self.call_attempts,
            open_session: self.open_session,
            next_call_at: self.next_call_at,
            message: self.message,
            created_at: self.created_at,
            updated_at: self.updated_at,
        })
    }
}
