//! What a request does to a person: a new one is made of it, or one that was read is changed in memory.

use std::collections::BTreeSet;

use vio_domain::appointment::{
    Appointment, AppointmentStatus, Attendance, Confirmation, ConfirmationMethod,
};
use vio_domain::contact::{BookingSource, Preferences, Priority};
use vio_domain::forms::FormRegistry;
use vio_domain::ids::{AppointmentId, ContactId, GroupId};
use vio_store::TenantStore;
use vio_store::contacts::{NewAppointment, NewContact, NewTime, Person, move_to};

use crate::custom::{self, Custom};
use crate::given::Given;
use crate::groups;
use crate::input::{AppointmentInput, ContactInput, Judge, PreferencesInput};
use crate::times;

impl PreferencesInput {
    fn apply(self, preferences: &mut Preferences) {
        self.sms_opt_in.set_or(&mut preferences.sms_opt_in, false);
        self.email_opt_in
            .set_or(&mut preferences.email_opt_in, false);
        self.preferred_contact_time
            .set(&mut preferences.preferred_contact_time);
        self.timezone.set(&mut preferences.timezone);
    }
}

/// A new contact, where name and phone are there and every custom field is right.
pub(crate) fn new_contact(
    judge: &mut Judge<'_>,
    forms: &FormRegistry,
    id: ContactId,
    input: ContactInput,
) -> Option<NewContact> {
    let name = require(judge, "/name", input.name);
    let phone = require(judge, "/phone", input.phone);
    if input.appointment_id.is_some() {
        judge.fields.note(
            "/appointment_id",
            "unknown_appointment",
            "A new contact has no appointments yet.",
        );
    }
    let industry = input.industry.value();
    let value = input
        .custom_fields
        .value()
        .unwrap_or_else(|| serde_json::json!({}));
    let custom = custom::check(
        forms,
        judge.settings,
        industry.as_ref().map(|name| name.as_str()),
        value,
        &mut judge.fields,
        &mut judge.warnings,
    );
    let mut new = NewContact::named(id, name?);
    let Custom { own, form } = custom?;
    new.phone = Some(phone?);
    new.industry = industry;
    new.custom_fields = own;
    new.form = form;
    new.first_name = input.first_name.value();
    new.last_name = input.last_name.value();
    new.email = input.email.value();
    new.company_name = input.company_name.value();
    new.notes = input.notes.value();
    new.tags = input.tags.value().unwrap_or_default();
    new.groups = groups::after_edit(
        input.groups.value().unwrap_or_default(),
        &[],
        &Default::default(),
    );
    new.priority = input.priority.value().unwrap_or_default();
    new.preferred_contact_method = input.preferred_contact_method.value().unwrap_or_default();
    new.do_not_contact = input.do_not_contact.value().unwrap_or_default();
    if let Given::Value(preferences) = input.preferences {
        preferences.apply(&mut new.preferences);
    }
    new.consent = input.consent;
    new.checklist = input.checklist.value();
    new.assigned_to = input.assigned_to.value();
    new.is_active = input.is_active.value().unwrap_or(true);
    new.booking_source = input.booking_source.value().unwrap_or_default();
    new.created_by = Some(judge.user);
    Some(new)
}

/// Notes a missing field.
pub(crate) fn require<T>(judge: &mut Judge<'_>, pointer: &str, given: Given<T>) -> Option<T> {
    if matches!(given, Given::Absent | Given::Null) {
        missing(judge, pointer);
    }
    given.value()
}

/// A new appointment out of its fields; None where there is none, or where something is wrong with it.
pub(crate) fn new_appointment(
    judge: &mut Judge<'_>,
    input: AppointmentInput,
    source: BookingSource,
) -> Option<NewAppointment> {
    if input.is_empty() {
        return None;
    }
    let zone = input
        .timezone
        .value()
        .unwrap_or(judge.settings.business.timezone);
    let time = require(judge, "/appointment_time", input.time)?;
    let time = times::resolve(
        judge.settings,
        time,
        zone,
        judge.now,
        &mut judge.fields,
        &mut judge.warnings,
    )?;
    if input.attendance.value().unwrap_or_default() != Attendance::Unknown {
        not_yet_attended(judge);
    }
    let status = input.status.value().unwrap_or_default();
    let method = input.confirmation_method.value();
    let mut new = NewAppointment::at(time, zone, judge.settings, source, judge.now);
    match (status, method) {
        (AppointmentStatus::Confirmed, method) => {
            new.confirmation = Some(confirmation(judge, method, time));
        }
        (_, Some(_)) => not_confirmed(judge),
        (_, None) => {}
    }
    new.status = status;
    new.duration = input.duration.value();
    new.appointment_type = input.appointment_type.value();
    new.owner_name = input.owner_name.value();
    new.location = input.location.value();
    new.special_instructions = input.special_instructions.value();
    if let Given::Value(hours) = input.call_before_hours {
        new.call_before_hours = hours;
    }
    Some(new)
}

fn confirmation(
    judge: &Judge<'_>,
    method: Option<ConfirmationMethod>,
    time: chrono::DateTime<chrono::Utc>,
) -> Confirmation {
    Confirmation {
        method: method.unwrap_or(ConfirmationMethod::Manual),
        at: judge.now,
        minutes_before: (time - judge.now).num_minutes(),
    }
}

fn not_confirmed(judge: &mut Judge<'_>) {
    judge.fields.note(
        "/confirmation_method",
        "not_confirmed",
        "Only a confirmed appointment has a confirmation method.",
    );
}

fn not_yet_attended(judge: &mut Judge<'_>) {
    judge.fields.note(
        "/attendance",
        "not_yet",
        "The appointment has not begun yet.",
    );
}

/// Changes a contact's own fields.
pub(crate) fn edit_contact(
    judge: &mut Judge<'_>,
    forms: &FormRegistry,
    person: &mut Person,
    groups_seen: &BTreeSet<GroupId>,
    input: ContactInput,
) {
    let contact = &mut person.contact;
    match input.name {
        Given::Absent | Given::Wrong => {}
        Given::Null => missing(judge, "/name"),
        Given::Value(name) => contact.name = name,
    }
    match input.phone {
        Given::Absent | Given::Wrong => {}
        // A calendar's contact may be without a number; nobody types that in.
        Given::Null if contact.phone.is_none() => {}
        Given::Null => missing(judge, "/phone"),
        Given::Value(phone) => contact.phone = Some(phone),
    }
    input.first_name.set(&mut contact.first_name);
    input.last_name.set(&mut contact.last_name);
    input.email.set(&mut contact.email);
    input.company_name.set(&mut contact.company_name);
    input.notes.set(&mut contact.notes);
    input.tags.set_or(&mut contact.tags, Vec::new());
    if matches!(input.groups, Given::Null | Given::Value(_)) {
        let sent = input.groups.value().unwrap_or_default();
        let after = groups::after_edit(sent, &contact.group_ids, groups_seen);
        groups::judge_moves(&contact.group_ids, &after, &mut judge.fields);
        contact.group_ids = after;
    }
    input
        .priority
        .set_or(&mut contact.priority, Priority::default());
    input
        .preferred_contact_method
        .set_or(&mut contact.preferred_contact_method, Default::default());
    input
        .do_not_contact
        .set_or(&mut contact.do_not_contact, false);
    input.checklist.set(&mut contact.checklist);
    input.assigned_to.set(&mut contact.assigned_to);
    input.is_active.set_or(&mut contact.is_active, true);
    match input.preferences {
        Given::Absent | Given::Wrong => {}
        Given::Null => {
            contact.preferences = Preferences {
                voice_consent: contact.preferences.voice_consent,
                ..Preferences::default()
            };
        }
        Given::Value(preferences) => preferences.apply(&mut contact.preferences),
    }
    if let Given::Value(source) = input.booking_source
        && source != contact.booking_source
    {
        judge.fields.note(
            "/booking_source",
            "read_only",
            "Where a contact came from does not change.",
        );
    }
    let another_industry = !input.industry.is_absent();
    input.industry.set(&mut contact.industry);
    let value = match input.custom_fields {
        Given::Absent if another_industry => serde_json::Value::Object(custom::merged(contact)),
        Given::Absent | Given::Wrong => return,
        Given::Null => serde_json::json!({}),
        Given::Value(value) => value,
    };
    let industry = contact.industry.as_ref().map(|name| name.as_str());
    let checked = custom::check(
        forms,
        judge.settings,
        industry,
        value,
        &mut judge.fields,
        &mut judge.warnings,
    );
    if let Some(Custom { own, form }) = checked {
        contact.custom_fields = own;
        contact.form = form;
    }
}

/// Makes of what a PUT left out what it is when nobody says otherwise. Appointments and consent are left alone.
pub(crate) fn clear_left_out(input: &mut ContactInput) {
    fn clear<T>(given: &mut Given<T>) {
        if given.is_absent() {
            *given = Given::Null;
        }
    }
    clear(&mut input.name);
    clear(&mut input.first_name);
    clear(&mut input.last_name);
    clear(&mut input.phone);
    clear(&mut input.email);
    clear(&mut input.company_name);
    clear(&mut input.industry);
    clear(&mut input.notes);
    clear(&mut input.tags);
    clear(&mut input.priority);
    clear(&mut input.preferred_contact_method);
    clear(&mut input.do_not_contact);
    clear(&mut input.preferences);
    clear(&mut input.checklist);
    clear(&mut input.custom_fields);
    clear(&mut input.assigned_to);
    clear(&mut input.is_active);
}

/// Changes an appointment, or adds one: a new time on a coming appointment moves it, on a past or cancelled one it
/// adds an appointment (rules.md Contacts). Answers which appointment it was; None where nothing was sent, or where
/// something is wrong.
pub(crate) fn edit_appointment(
    judge: &mut Judge<'_>,
    tenant: &TenantStore,
    person: &mut Person,
    target: Option<AppointmentId>,
    mut input: AppointmentInput,
) -> Option<AppointmentId> {
    if input.is_empty() {
        return None;
    }
    let now = judge.now;
    let found = match target {
        Some(id) => person.appointment(id),
        None => person.current(now),
    };
    let Some(found) = found.cloned() else {
        let source = BookingSource::Manual;
        let new = new_appointment(judge, input, source)?;
        return Some(tenant.add_appointment(person, &new));
    };
    let coming = found.time > now && found.status != AppointmentStatus::Cancelled;
    let zone = input
        .timezone
        .as_ref()
        .value()
        .copied()
        .unwrap_or(found.timezone);
    let time = match input.time {
        Given::Absent | Given::Wrong => None,
        Given::Null => {
            judge.fields.note(
                "/appointment_time",
                "not_clearable",
                "Cancel the appointment instead.",
            );
            return None;
        }
        Given::Value(time) if time.resolve(zone).is_ok_and(|t| t.instant == found.time) => None,
        Given::Value(_) if !coming => {
            let mut new = new_appointment(judge, input, BookingSource::Manual)?;
            new.timezone = zone;
            return Some(tenant.add_appointment(person, &new));
        }
        Given::Value(time) => Some(times::resolve(
            judge.settings,
            time,
            zone,
            now,
            &mut judge.fields,
            &mut judge.warnings,
        )?),
    };
    input.timezone = Given::Absent;
    let id = found.id;
    let appointment = person.appointment_mut(id)?;
    appointment.timezone = zone;
    if let Some(time) = time {
        let to = NewTime {
            time,
            timezone: None,
            duration: None,
            booked_at: now,
        };
        move_to(appointment, to);
    }
    input.duration.set(&mut appointment.duration);
    input
        .appointment_type
        .set(&mut appointment.appointment_type);
    input.owner_name.set(&mut appointment.owner_name);
    input.location.set(&mut appointment.location);
    input
        .special_instructions
        .set(&mut appointment.special_instructions);
    let usual = judge.settings.calls.call_before_hours;
    input
        .call_before_hours
        .set_or(&mut appointment.call_before_hours, usual);
    if let Given::Value(attendance) = input.attendance {
        if attendance != Attendance::Unknown && appointment.time > now {
            not_yet_attended(judge);
        }
        appointment.attendance = attendance;
    }
    let wish = StatusWish {
        status: input.status.value(),
        method: input.confirmation_method.value(),
        has_reason: input.reason.is_some(),
        moved: time.is_some(),
    };
    change_status(judge, appointment, &found, wish);
    Some(id)
}

/// What an edit says about the status.
struct StatusWish {
    status: Option<AppointmentStatus>,
    method: Option<ConfirmationMethod>,
    has_reason: bool,
    moved: bool,
}

fn change_status(
    judge: &mut Judge<'_>,
    appointment: &mut Appointment,
    before: &Appointment,
    wish: StatusWish,
) {
    if let Some(status) = wish.status {
        let changes = status != before.status;
        let by_move = wish.moved && status == AppointmentStatus::Rescheduled;
        if changes && !by_move && !wish.has_reason {
            judge.fields.note(
                "/reason",
                "required",
                "Say why the status changes; it is kept in the audit.",
            );
        }
        if changes || wish.moved {
            appointment.status = status;
            appointment.confirmation = None;
            // Rescheduled, and to when nobody knows yet: staff finds a time, nobody is rung.
            appointment.awaiting_new_time = status == AppointmentStatus::Rescheduled && !wish.moved;
        }
    }
    if appointment.status != AppointmentStatus::Confirmed {
        if wish.method.is_some() {
            not_confirmed(judge);
        }
        return;
    }
    match (wish.method, appointment.confirmation) {
        (None, Some(_)) => {}
        (Some(method), Some(known)) => {
            appointment.confirmation = Some(Confirmation { method, ..known });
        }
        (method, None) => {
            appointment.confirmation = Some(confirmation(judge, method, appointment.time));
        }
    }
}

fn missing(judge: &mut Judge<'_>, pointer: &str) {
    judge
        .fields
        .note(pointer, "required", "This field is required.");
}
