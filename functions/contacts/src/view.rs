//! Contacts and appointments as clients see them.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;
use uuid::Uuid;
use vio_domain::appointment::{Appointment, AppointmentStatus, Attendance, ConfirmationMethod};
use vio_domain::calendar::PreferredTime;
use vio_domain::contact::{
    AttentionReason, BookingSource, CallState, ConsentMethod, Contact, ContactMethod,
    HipaaChecklist, Priority, VoiceConsent,
};
use vio_domain::ids::{ContactId, GroupId};
use vio_domain::settings::{Sensitivity, Settings};
use vio_http::{ETag, Principal, Problem};
use vio_runtime::web::store_problem;
use vio_store::TenantStore;
use vio_store::contacts::Person;

use crate::custom;
use crate::groups;
use crate::reach;
use crate::warnings::Warning;

/// A contact with its current appointment.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Contact)]
pub struct ContactView {
    pub id: Uuid,
    pub tenant_id: Uuid,
    #[schema(example = "Zoë O’Brien-Łuć")]
    pub name: String,
    /// As given, or derived from the name.
    pub first_name: Option<String>,
    pub last_name: Option<String>,
    /// E.164; null for a calendar booking without a usable number.
    #[schema(example = "+447912345678")]
    pub phone: Option<String>,
    pub email: Option<String>,
    pub company_name: Option<String>,
    pub industry: Option<String>,
    pub notes: Option<String>,
    pub tags: Vec<String>,
    pub group_ids: Vec<Uuid>,
    #[schema(value_type = String, example = "normal")]
    pub priority: Priority,
    #[schema(value_type = String, example = "voice")]
    pub preferred_contact_method: ContactMethod,
    pub do_not_contact: bool,
    pub preferences: PreferencesView,
    /// The form's values and the business's own fields together.
    #[schema(value_type = Object)]
    pub custom_fields: Map<String, Value>,
    /// The form that custom fields were checked against.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub form: Option<FormOfContact>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hipaa_checklist: Option<ChecklistView>,
    pub assigned_to: Option<Uuid>,
    pub is_active: bool,
    #[schema(value_type = String, example = "manual")]
    pub booking_source: BookingSource,
    /// Others with the same phone number.
    pub shares_phone_with: Vec<Uuid>,
    pub appointments_count: u32,
    pub appointment_id: Option<Uuid>,
    pub appointment_time: Option<DateTime<Utc>>,
    #[schema(example = "Europe/London")]
    pub timezone: String,
    #[schema(example = 24)]
    pub call_before_hours: u16,
    pub appointment_duration: Option<u16>,
    /// Null where it is sensitive and the reader may not change the contact.
    pub appointment_type: Option<String>,
    pub owner_name: Option<String>,
    pub location_id: Option<Uuid>,
    pub special_instructions: Option<String>,
    #[schema(value_type = String, example = "pending")]
    pub appointment_status: AppointmentStatus,
    #[schema(value_type = String, example = "unknown")]
    pub attendance: Attendance,
    #[schema(value_type = Option<String>)]
    pub confirmation_method: Option<ConfirmationMethod>,
    /// How long before the appointment it was confirmed.
    pub confirmed_minutes_before: Option<i64>,
    /// `none`, `calling_scheduled`, `calling_in_progress`, `settled` or `needs_attention`.
    #[schema(value_type = String, example = "calling_scheduled")]
    pub call_state: CallState,
    /// Of the current appointment; kept by the system.
    pub call_attempts: u32,
    /// When somebody last answered; kept by the system.
    pub last_contact_time: Option<DateTime<Utc>>,
    /// When the next call is due, over all appointments.
    pub next_call_at: Option<DateTime<Utc>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub needs_attention: Option<NeedsAttention>,
    pub created_by: Option<Uuid>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    pub version: u64,
    /// Records of the same person that were made one with this one: their calls, notes, consents, appointments and history
    /// are read under their own ids. Only of one contact, not in lists.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub merged_from: Vec<MergedRecord>,
    /// What is odd about what was just saved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub warnings: Option<Vec<Warning>>,
}

/// A record that was made one with another.
#[derive(Debug, Serialize, ToSchema)]
pub struct MergedRecord {
    pub id: Uuid,
    #[schema(example = "Ada Example")]
    pub name: String,
    pub merged_at: DateTime<Utc>,
}

impl MergedRecord {
    fn of(contact: &Contact) -> Option<Self> {
        Some(Self {
            id: contact.id.uuid(),
            name: contact.name.as_str().to_owned(),
            merged_at: contact.deleted?.at,
        })
    }
}

#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ContactPreferences)]
pub struct PreferencesView {
    pub sms_opt_in: bool,
    pub email_opt_in: bool,
    pub voice_consent: ConsentView,
    #[schema(value_type = Option<String>)]
    pub preferred_contact_time: Option<PreferredTime>,
    pub timezone: Option<String>,
}

/// `state` is `unknown`, `given` or `withdrawn`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ContactConsent)]
pub struct ConsentView {
    #[schema(value_type = String, example = "given")]
    pub state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub method: Option<ConsentMethod>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub obtained_at: Option<DateTime<Utc>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub withdrawn_at: Option<DateTime<Utc>>,
}

impl From<VoiceConsent> for ConsentView {
    fn from(consent: VoiceConsent) -> Self {
        let mut view = Self {
            state: "unknown",
            method: None,
            obtained_at: None,
            withdrawn_at: None,
        };
        match consent {
            VoiceConsent::Unknown => {}
            VoiceConsent::Given {
                method,
                obtained_at,
            } => {
                view.state = "given";
                view.method = Some(method);
                view.obtained_at = Some(obtained_at);
            }
            VoiceConsent::Withdrawn { at } => {
                view.state = "withdrawn";
                view.withdrawn_at = Some(at);
            }
        }
        view
    }
}

/// The form that custom fields were checked against.
#[derive(Debug, Serialize, ToSchema)]
pub struct FormOfContact {
    #[schema(example = "healthcare")]
    pub form: String,
    pub version: u32,
}

/// Who confirmed which points, and when.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ContactChecklist)]
pub struct ChecklistView {
    pub confirmed_by: Option<Uuid>,
    pub confirmed_at: DateTime<Utc>,
    pub complete: bool,
    pub consent_obtained: bool,
    pub minimum_necessary: bool,
    pub no_phi_in_instructions: bool,
    pub sensitivity_set: bool,
    pub staff_trained: bool,
}

impl From<&HipaaChecklist> for ChecklistView {
    fn from(list: &HipaaChecklist) -> Self {
        Self {
            confirmed_by: list.confirmed_by.map(|user| user.uuid()),
            confirmed_at: list.confirmed_at,
            complete: list.complete(),
            consent_obtained: list.consent_obtained,
            minimum_necessary: list.minimum_necessary,
            no_phi_in_instructions: list.no_phi_in_instructions,
            sensitivity_set: list.sensitivity_set,
            staff_trained: list.staff_trained,
        }
    }
}

#[derive(Debug, Serialize, ToSchema)]
pub struct NeedsAttention {
    #[schema(value_type = String, example = "no_call_window")]
    pub reason: AttentionReason,
}

/// One appointment.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Appointment)]
pub(crate) struct AppointmentView {
    id: Uuid,
    contact_id: Uuid,
    appointment_time: DateTime<Utc>,
    #[schema(example = "Europe/London")]
    timezone: String,
    appointment_duration: Option<u16>,
    /// Null where it is sensitive and the reader may not change the contact.
    appointment_type: Option<String>,
    owner_name: Option<String>,
    location_id: Option<Uuid>,
    special_instructions: Option<String>,
    #[schema(example = 24)]
    call_before_hours: u16,
    #[schema(value_type = String, example = "pending")]
    appointment_status: AppointmentStatus,
    /// Rescheduled, and to when nobody has said yet.
    awaiting_new_time: bool,
    #[schema(value_type = String, example = "unknown")]
    attendance: Attendance,
    #[schema(value_type = Option<String>)]
    confirmation_method: Option<ConfirmationMethod>,
    confirmed_at: Option<DateTime<Utc>>,
    confirmed_minutes_before: Option<i64>,
    #[schema(value_type = String, example = "manual")]
    booking_source: BookingSource,
    call_attempts: u32,
    next_call_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
    version: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    warnings: Option<Vec<Warning>>,
}

/// Who looks, under which settings, at which instant.
#[derive(Clone, Copy)]
pub(crate) struct Reader<'a> {
    pub(crate) settings: &'a Settings,
    pub(crate) principal: &'a Principal,
}

impl Reader<'_> {
    /// The type of an appointment, unless it is sensitive and the reader may only look (rules.md Contacts).
    fn appointment_type(&self, contact: &Contact, appointment: &Appointment) -> Option<String> {
        let name = appointment.appointment_type.as_ref()?;
        let listed = self.settings.appointment_type(name.as_str());
        let sensitive = listed.is_some_and(|entry| entry.sensitivity == Sensitivity::Sensitive);
        let shown = !sensitive || reach::can_edit(self.principal, contact);
        shown.then(|| name.as_str().to_owned())
    }

    /// One appointment.
    pub(crate) fn appointment(
        &self,
        contact: &Contact,
        appointment: &Appointment,
        warnings: Option<Vec<Warning>>,
    ) -> AppointmentView {
        AppointmentView {
            id: appointment.id.uuid(),
            contact_id: contact.id.uuid(),
            appointment_time: appointment.time,
            timezone: appointment.timezone.name().to_owned(),
            appointment_duration: appointment.duration.map(u16::from),
            appointment_type: self.appointment_type(contact, appointment),
            owner_name: appointment.owner_name.as_ref().map(text),
            location_id: appointment.location.map(|id| id.uuid()),
            special_instructions: appointment
                .special_instructions
                .as_ref()
                .map(|text| text.as_str().to_owned()),
            call_before_hours: appointment.call_before_hours.hours(),
            appointment_status: appointment.status,
            awaiting_new_time: appointment.awaiting_new_time,
            attendance: appointment.attendance,
            confirmation_method: appointment.confirmation.map(|c| c.method),
            confirmed_at: appointment.confirmation.map(|c| c.at),
            confirmed_minutes_before: appointment.confirmation.map(|c| c.minutes_before),
            booking_source: appointment.source,
            call_attempts: appointment.call_attempts,
            next_call_at: appointment.next_call_at,
            created_at: appointment.created_at,
            updated_at: appointment.updated_at,
            version: appointment.version,
            warnings,
        }
    }

    /// A contact with its current appointment; `groups` are those that the reader sees.
    pub(crate) fn contact(
        &self,
        contact: &Contact,
        current: Option<&Appointment>,
        next_call_at: Option<DateTime<Utc>>,
        shares_phone_with: &[ContactId],
        groups: &BTreeSet<GroupId>,
        warnings: Option<Vec<Warning>>,
    ) -> ContactView {
        let parts = contact.name.split();
        let first = contact.first_name.clone().or(parts.first);
        let last = contact.last_name.clone().or(parts.last);
        let preferences = &contact.preferences;
        let settings = self.settings;
        ContactView {
            id: contact.id.uuid(),
            tenant_id: contact.tenant.uuid(),
            name: contact.name.as_str().to_owned(),
            first_name: first.map(|name| name.into_string()),
            last_name: last.map(|name| name.into_string()),
            phone: contact
                .phone
                .as_ref()
                .map(|phone| phone.as_str().to_owned()),
            email: contact
                .email
                .as_ref()
                .map(|email| email.as_str().to_owned()),
            company_name: contact.company_name.as_ref().map(text),
            industry: contact.industry.as_ref().map(text),
            notes: contact
                .notes
                .as_ref()
                .map(|notes| notes.as_str().to_owned()),
            tags: contact
                .tags
                .iter()
                .map(|tag| tag.as_str().to_owned())
                .collect(),
            group_ids: contact
                .group_ids
                .iter()
                .filter(|id| groups.contains(id))
                .map(|id| id.uuid())
                .collect(),
            priority: contact.priority,
            preferred_contact_method: contact.preferred_contact_method,
            do_not_contact: contact.do_not_contact,
            preferences: PreferencesView {
                sms_opt_in: preferences.sms_opt_in,
                email_opt_in: preferences.email_opt_in,
                voice_consent: preferences.voice_consent.into(),
                preferred_contact_time: preferences.preferred_contact_time,
                timezone: preferences.timezone.map(|zone| zone.name().to_owned()),
            },
            custom_fields: custom::merged(contact),
            form: contact.form.as_ref().map(|form| FormOfContact {
                form: form.form.clone(),
                version: form.version,
            }),
            hipaa_checklist: contact.checklist.as_ref().map(Into::into),
            assigned_to: contact.assigned_to.map(|user| user.uuid()),
            is_active: contact.is_active,
            booking_source: contact.booking_source,
            shares_phone_with: shares_phone_with.iter().map(|id| id.uuid()).collect(),
            appointments_count: contact.appointments_count,
            appointment_id: current.map(|a| a.id.uuid()),
            appointment_time: current.map(|a| a.time),
            timezone: current
                .map_or(settings.business.timezone, |a| a.timezone)
                .name()
                .to_owned(),
            call_before_hours: current
                .map_or(settings.calls.call_before_hours, |a| a.call_before_hours)
                .hours(),
            appointment_duration: current.and_then(|a| a.duration).map(u16::from),
            appointment_type: current.and_then(|a| self.appointment_type(contact, a)),
            owner_name: current.and_then(|a| a.owner_name.as_ref()).map(text),
            location_id: current.and_then(|a| a.location).map(|id| id.uuid()),
            special_instructions: current
                .and_then(|a| a.special_instructions.as_ref())
                .map(|text| text.as_str().to_owned()),
            appointment_status: current.map(|a| a.status).unwrap_or_default(),
            attendance: current.map(|a| a.attendance).unwrap_or_default(),
            confirmation_method: current.and_then(|a| a.confirmation).map(|c| c.method),
            confirmed_minutes_before: current
                .and_then(|a| a.confirmation)
                .map(|c| c.minutes_before),
            call_state: contact.call_state,
            call_attempts: current.map_or(0, |a| a.call_attempts),
            last_contact_time: contact.last_contact_time,
            next_call_at,
            needs_attention: contact
                .needs_attention
                .map(|reason| NeedsAttention { reason }),
            created_by: contact.created_by.map(|user| user.uuid()),
            created_at: contact.created_at,
            updated_at: contact.updated_at,
            version: contact.version,
            merged_from: Vec::new(),
            warnings,
        }
    }

    /// A whole person, with the others of its household.
    pub(crate) async fn person(
        &self,
        tenant: &TenantStore,
        person: &Person,
        warnings: Option<Vec<Warning>>,
    ) -> Result<ContactView, Problem> {
        let contact = &person.contact;
        let shares = tenant.shares_phone_with(contact).await;
        let shares = shares.map_err(store_problem)?;
        let ids = contact.group_ids.iter().copied();
        let groups = groups::seen(tenant, self.principal, ids).await?;
        let current = person.current(tenant.now());
        let next = person.next_call_at();
        let merged = tenant.merged_records(contact).await;
        let merged = merged.map_err(store_problem)?;
        let mut view = self.contact(contact, current, next, &shares, &groups, warnings);
        view.merged_from = merged.iter().filter_map(MergedRecord::of).collect();
        Ok(view)
    }
}

fn text<const N: usize>(text: &vio_domain::text::ShortText<N>) -> String {
    text.as_str().to_owned()
}

/// The contact's version, the current appointment and its version: what an edit of the contact is conditioned on.
pub(crate) fn etag(person: &Person, now: DateTime<Utc>) -> Result<ETag, Problem> {
    let contact = person.contact.version;
    let text = match person.current(now) {
        Some(current) => format!(
            "c{contact}-{}-a{}",
            current.id.uuid().simple(),
            current.version
        ),
        None => format!("c{contact}"),
    };
    ETag::new(text).map_err(|error| Problem::internal(&error))
}
