//! The bodies of requests as they are sent, before anything is judged.

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::Value;
use utoipa::ToSchema;
use vio_domain::appointment::{AppointmentStatus, Attendance, ConfirmationMethod};
use vio_domain::contact::{BookingSource, ConsentMethod, ContactMethod, Priority};
use vio_domain::person::OnDuplicate;
use vio_http::Fields;

use crate::given::Given;

/// A contact as it is sent. `POST` and `PUT` need `name` and `phone`; `PATCH` takes any subset, where null clears a
/// field. The appointment fields show and edit the current appointment, or the one that `appointment_id` names.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub(crate) struct ContactBody {
    /// 2 to 100 letters of any script, spaces, hyphens, apostrophes, full stops.
    #[schema(value_type = Option<String>, example = "Zoë O’Brien-Łuć")]
    #[serde(default)]
    pub(crate) name: Given<String>,
    /// Derived from the name when left out.
    #[schema(value_type = Option<String>)]
    #[serde(default)]
    pub(crate) first_name: Given<String>,
    /// Derived from the name when left out.
    #[schema(value_type = Option<String>)]
    #[serde(default)]
    pub(crate) last_name: Given<String>,
    /// In any usual spelling, of a region that the business accepts.
    #[schema(value_type = Option<String>, example = "07912 345678")]
    #[serde(default)]
    pub(crate) phone: Given<String>,
    #[schema(value_type = Option<String>, example = "zoe@example.com")]
    #[serde(default)]
    pub(crate) email: Given<String>,
    #[schema(value_type = Option<String>)]
    #[serde(default)]
    pub(crate) company_name: Given<String>,
    /// Chooses the form that `custom_fields` is checked against; without one, the form of the business type.
    #[schema(value_type = Option<String>, example = "legal")]
    #[serde(default)]
    pub(crate) industry: Given<String>,
    /// For staff only, at most 5,000 characters; never spoken.
    #[schema(value_type = Option<String>)]
    #[serde(default)]
    pub(crate) notes: Given<String>,
    #[schema(value_type = Option<Vec<String>>)]
    #[serde(default)]
    pub(crate) tags: Given<Vec<String>>,
    #[schema(value_type = Option<Vec<Uuid>>)]
    #[serde(default)]
    pub(crate) group_ids: Given<Vec<String>>,
    /// `normal`, `high` or `urgent`.
    #[schema(value_type = Option<String>, example = "normal")]
    #[serde(default)]
    pub(crate) priority: Given<Priority>,
    /// `voice`, `email` or `sms`.
    #[schema(value_type = Option<String>, example = "voice")]
    #[serde(default)]
    pub(crate) preferred_contact_method: Given<ContactMethod>,
    /// Overrides every channel.
    #[schema(value_type = Option<bool>)]
    #[serde(default)]
    pub(crate) do_not_contact: Given<bool>,
    #[schema(value_type = Option<ContactPreferencesBody>)]
    #[serde(default)]
    pub(crate) preferences: Given<ContactPreferencesBody>,
    /// Consent to voice calls, newly given. A withdrawal goes to `POST /contacts/{id}/consents`.
    #[schema(value_type = Option<ConsentBody>)]
    #[serde(default)]
    pub(crate) voice_consent: Given<ConsentBody>,
    /// In HIPAA mode: what was confirmed before saving. Who and when is recorded by the system.
    #[schema(value_type = Option<ChecklistBody>)]
    #[serde(default)]
    pub(crate) hipaa_checklist: Given<ChecklistBody>,
    /// The values of the industry's form and any fields of your own: at most 16 KiB, four levels deep. An edit
    /// replaces the whole object.
    #[schema(value_type = Option<Object>, example = json!({"insurance_provider": "Bupa"}))]
    #[serde(default)]
    pub(crate) custom_fields: Given<Value>,
    #[schema(value_type = Option<Uuid>)]
    #[serde(default)]
    pub(crate) assigned_to: Given<String>,
    #[schema(value_type = Option<bool>)]
    #[serde(default)]
    pub(crate) is_active: Given<bool>,
    /// `manual`, `import`, `api`, `form`, `calcom` or `calendly`; set when the contact is made.
    #[schema(value_type = Option<String>, example = "manual")]
    #[serde(default)]
    pub(crate) booking_source: Given<BookingSource>,

    /// Which appointment the appointment fields edit; the current one when left out.
    #[schema(value_type = Option<Uuid>)]
    #[serde(default)]
    pub(crate) appointment_id: Given<String>,
    /// A wall-clock time in `timezone`, or RFC 3339 with `Z` or an offset.
    #[schema(value_type = Option<String>, example = "2027-03-10T10:30")]
    #[serde(default)]
    pub(crate) appointment_time: Given<String>,
    /// IANA name; the business's own when left out.
    #[schema(value_type = Option<String>, example = "Europe/London")]
    #[serde(default)]
    pub(crate) timezone: Given<String>,
    /// 15, 30, 45, 60, 90 or 120 minutes.
    #[schema(value_type = Option<u16>, example = 30)]
    #[serde(default)]
    pub(crate) appointment_duration: Given<u16>,
    #[schema(value_type = Option<String>)]
    #[serde(default)]
    pub(crate) appointment_type: Given<String>,
    /// Who the appointment is with.
    #[schema(value_type = Option<String>, example = "Dr Emily Jones")]
    #[serde(default)]
    pub(crate) owner_name: Given<String>,
    /// One of the business's own locations.
    #[schema(value_type = Option<Uuid>)]
    #[serde(default)]
    pub(crate) location_id: Given<String>,
    /// Read out by the agent: at most 300 characters, no health information.
    #[schema(value_type = Option<String>, example = "Please arrive 10 minutes early.")]
    #[serde(default)]
    pub(crate) special_instructions: Given<String>,
    /// 1 to 168 hours before the appointment.
    #[schema(value_type = Option<u16>, example = 24)]
    #[serde(default)]
    pub(crate) call_before_hours: Given<u16>,
    /// `pending`, `confirmed`, `cancelled` or `rescheduled`. A change takes a `reason`.
    #[schema(value_type = Option<String>, example = "pending")]
    #[serde(default)]
    pub(crate) appointment_status: Given<AppointmentStatus>,
    /// `unknown`, `attended` or `no_show`.
    #[schema(value_type = Option<String>)]
    #[serde(default)]
    pub(crate) attendance: Given<Attendance>,
    /// `voice_call`, `manual`, `phone`, `sms` or `email`; `manual` for a confirmation by staff that does not say.
    #[schema(value_type = Option<String>)]
    #[serde(default)]
    pub(crate) confirmation_method: Given<ConfirmationMethod>,
    /// Why the status changes; kept in the audit.
    #[schema(value_type = Option<String>)]
    #[serde(default)]
    pub(crate) reason: Given<String>,

    /// What to do where the person may exist already: `ask` (409, the default), `create_new`, `update_existing`,
    /// `skip`.
    #[schema(value_type = Option<String>, example = "ask")]
    #[serde(default)]
    pub(crate) on_duplicate: Given<OnDuplicate>,

    // Kept by the system; known here so that they are refused by name.
    #[schema(ignore)]
    #[serde(default)]
    pub(crate) id: Given<Value>,
    #[schema(ignore)]
    #[serde(default)]
    pub(crate) tenant_id: Given<Value>,
    #[schema(ignore)]
    #[serde(default)]
    pub(crate) appointments_count: Given<Value>,
    #[schema(ignore)]
    #[serde(default)]
    pub(crate) shares_phone_with: Given<Value>,
    #[schema(ignore)]
    #[serde(default)]
    pub(crate) call_state: Given<Value>,
    #[schema(ignore)]
    #[serde(default)]
    pub(crate) call_attempts: Given<Value>,
    #[schema(ignore)]
    #[serde(default)]
    pub(crate) last_contact_time: Given<Value>,
    #[schema(ignore)]
    #[serde(default)]
    pub(crate) next_call_at: Given<Value>,
    #[schema(ignore)]
    #[serde(default)]
    pub(crate) needs_attention: Given<Value>,
    #[schema(ignore)]
    #[serde(default)]
    pub(crate) created_by: Given<Value>,
    #[schema(ignore)]
    #[serde(default)]
    pub(crate) created_at: Given<Value>,
    #[schema(ignore)]
    #[serde(default)]
    pub(crate) updated_at: Given<Value>,
    #[schema(ignore)]
    #[serde(default)]
    pub(crate) version: Given<Value>,
    #[schema(ignore)]
    #[serde(default)]
    pub(crate) warnings: Given<Value>,
}

/// A contact's own wishes.
#[derive(Debug, Default, Clone, Deserialize, ToSchema)]
pub(crate) struct ContactPreferencesBody {
    /// False unless given.
    #[schema(value_type = Option<bool>)]
    #[serde(default)]
    pub(crate) sms_opt_in: Given<bool>,
    /// False unless given.
    #[schema(value_type = Option<bool>)]
    #[serde(default)]
    pub(crate) email_opt_in: Given<bool>,
    /// The same as `voice_consent` beside `preferences`.
    #[schema(value_type = Option<ConsentBody>)]
    #[serde(default)]
    pub(crate) voice_consent: Given<ConsentBody>,
    /// `anytime`, `morning`, `afternoon`, `evening`, or a stretch of the day such as `09:00-11:30`.
    #[schema(value_type = Option<String>, example = "morning")]
    #[serde(default)]
    pub(crate) preferred_contact_time: Given<String>,
    /// The person's own zone; decides when they may be rung.
    #[schema(value_type = Option<String>, example = "Europe/London")]
    #[serde(default)]
    pub(crate) timezone: Given<String>,
}

/// A consent to voice calls.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub(crate) struct ConsentBody {
    /// `verbal`, `written`, `electronic` or `implied`.
    #[schema(value_type = String, example = "verbal")]
    pub(crate) method: ConsentMethod,
    /// When it was given; now, when left out.
    #[serde(default)]
    pub(crate) obtained_at: Option<DateTime<Utc>>,
}

/// The HIPAA checklist of S0: every point must be confirmed before anybody is rung in HIPAA mode without a recorded
/// consent.
#[derive(Debug, Default, Clone, Deserialize, ToSchema)]
#[serde(default)]
pub(crate) struct ChecklistBody {
    /// The patient consented to voice reminders.
    pub(crate) consent_obtained: bool,
    /// Only what is needed was entered.
    pub(crate) minimum_necessary: bool,
    /// No health information in the special instructions.
    pub(crate) no_phi_in_instructions: bool,
    /// The appointment type has its right sensitivity.
    pub(crate) sensitivity_set: bool,
    /// Staff are trained.
    pub(crate) staff_trained: bool,
}

/// An appointment as it is sent. `POST` needs `appointment_time`; `PATCH` takes any subset.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub(crate) struct AppointmentBody {
    /// A wall-clock time in `timezone`, or RFC 3339 with `Z` or an offset.
    #[schema(value_type = Option<String>, example = "2027-03-10T10:30")]
    #[serde(default)]
    pub(crate) appointment_time: Given<String>,
    /// IANA name; the business's own when left out.
    #[schema(value_type = Option<String>, example = "Europe/London")]
    #[serde(default)]
    pub(crate) timezone: Given<String>,
    /// 15, 30, 45, 60, 90 or 120 minutes.
    #[schema(value_type = Option<u16>, example = 30)]
    #[serde(default)]
    pub(crate) appointment_duration: Given<u16>,
    #[schema(value_type = Option<String>)]
    #[serde(default)]
    pub(crate) appointment_type: Given<String>,
    /// Who the appointment is with.
    #[schema(value_type = Option<String>, example = "Dr Emily Jones")]
    #[serde(default)]
    pub(crate) owner_name: Given<String>,
    /// One of the business's own locations.
    #[schema(value_type = Option<Uuid>)]
    #[serde(default)]
    pub(crate) location_id: Given<String>,
    /// Read out by the agent: at most 300 characters, no health information.
    #[schema(value_type = Option<String>, example = "Please arrive 10 minutes early.")]
    #[serde(default)]
    pub(crate) special_instructions: Given<String>,
    /// 1 to 168 hours before the appointment.
    #[schema(value_type = Option<u16>, example = 24)]
    #[serde(default)]
    pub(crate) call_before_hours: Given<u16>,
    /// `pending`, `confirmed`, `cancelled` or `rescheduled`. A change takes a `reason`.
    #[schema(value_type = Option<String>, example = "pending")]
    #[serde(default)]
    pub(crate) appointment_status: Given<AppointmentStatus>,
    /// `unknown`, `attended` or `no_show`.
    #[schema(value_type = Option<String>)]
    #[serde(default)]
    pub(crate) attendance: Given<Attendance>,
    /// `voice_call`, `manual`, `phone`, `sms` or `email`.
    #[schema(value_type = Option<String>)]
    #[serde(default)]
    pub(crate) confirmation_method: Given<ConfirmationMethod>,
    /// Why the status changes; kept in the audit.
    #[schema(value_type = Option<String>)]
    #[serde(default)]
    pub(crate) reason: Given<String>,
}

impl ContactBody {
    /// Notes every field that only the system sets (S0).
    pub(crate) fn refuse_kept(&self, fields: &mut Fields) {
        let kept = [
            ("/id", self.id.is_absent()),
            ("/tenant_id", self.tenant_id.is_absent()),
            ("/appointments_count", self.appointments_count.is_absent()),
            ("/shares_phone_with", self.shares_phone_with.is_absent()),
            ("/call_state", self.call_state.is_absent()),
            ("/call_attempts", self.call_attempts.is_absent()),
            ("/last_contact_time", self.last_contact_time.is_absent()),
            ("/next_call_at", self.next_call_at.is_absent()),
            ("/needs_attention", self.needs_attention.is_absent()),
            ("/created_by", self.created_by.is_absent()),
            ("/created_at", self.created_at.is_absent()),
            ("/updated_at", self.updated_at.is_absent()),
            ("/version", self.version.is_absent()),
            ("/warnings", self.warnings.is_absent()),
        ];
        for (pointer, absent) in kept {
            if !absent {
                fields.note(
                    pointer,
                    "read_only",
                    "The system keeps this field; leave it out.",
                );
            }
        }
    }

    /// The appointment's part, taken out.
    pub(crate) fn take_appointment(&mut self) -> AppointmentBody {
        AppointmentBody {
            appointment_time: std::mem::take(&mut self.appointment_time),
            timezone: std::mem::take(&mut self.timezone),
            appointment_duration: std::mem::take(&mut self.appointment_duration),
            appointment_type: std::mem::take(&mut self.appointment_type),
            owner_name: std::mem::take(&mut self.owner_name),
            location_id: std::mem::take(&mut self.location_id),
            special_instructions: std::mem::take(&mut self.special_instructions),
            call_before_hours: std::mem::take(&mut self.call_before_hours),
            appointment_status: std::mem::take(&mut self.appointment_status),
            attendance: std::mem::take(&mut self.attendance),
            confirmation_method: std::mem::take(&mut self.confirmation_method),
            reason: std::mem::take(&mut self.reason),
        }
    }
}
