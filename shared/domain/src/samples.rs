//! People for tests.

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use crate::appointment::{Appointment, AppointmentStatus, Attendance, CallBeforeHours};
use crate::contact::{BookingSource, CallState, Contact, ContactMethod, Preferences, Priority};
use crate::ids::{AppointmentId, ContactId, TenantId};
use crate::text::CustomFields;

/// Now, in tests.
pub(crate) fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_772_442_000, 0).unwrap()
}

/// Somebody with nothing but a name, added half a year ago.
pub(crate) fn contact(n: u128) -> Contact {
    let then = now() - TimeDelta::days(180);
    Contact {
        id: ContactId::new(Uuid::from_u128(n)),
        tenant: TenantId::new(Uuid::from_u128(1)),
        version: 1,
        name: "Ada Example".parse().unwrap(),
        first_name: None,
        last_name: None,
        phone: None,
        email: None,
        company_name: None,
        industry: None,
        notes: None,
        tags: Vec::new(),
        group_ids: Vec::new(),
        priority: Priority::Normal,
        preferred_contact_method: ContactMethod::Voice,
        do_not_contact: false,
        preferences: Preferences::default(),
        custom_fields: CustomFields::default(),
        form: None,
        checklist: None,
        assigned_to: None,
        is_active: true,
        booking_source: BookingSource::Manual,
        booking_page_zone: None,
        last_contact_time: None,
        failures_in_a_row: 0,
        calls: Default::default(),
        needs_attention: None,
        attention_about: None,
        attention_snoozed_until: None,
        call_state: CallState::None,
        open_session: None,
        next_call_at: None,
        current_appointment: None,
        appointments_count: 0,
        created_by: None,
        created_at: then,
        updated_at: then,
        deleted: None,
    }
}

/// A pending appointment, `days` from now.
pub(crate) fn appointment(n: u128, days: i64) -> Appointment {
    Appointment {
        id: AppointmentId::new(Uuid::from_u128(n)),
        tenant: TenantId::new(Uuid::from_u128(1)),
        contact: ContactId::new(Uuid::from_u128(n)),
        version: 1,
        time: now() + TimeDelta::days(days),
        timezone: chrono_tz::Europe::London,
        duration: None,
        appointment_type: None,
        owner_name: None,
        location: None,
        special_instructions: None,
        call_before_hours: CallBeforeHours::DEFAULT,
        status: AppointmentStatus::Pending,
        awaiting_new_time: false,
        attendance: Attendance::Unknown,
        confirmation: None,
        source: BookingSource::Manual,
        booked_at: None,
        call_attempts: 0,
        open_session: None,
        next_call_at: None,
        created_at: now(),
        updated_at: now(),
    }
}
