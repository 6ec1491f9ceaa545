//! Saving a changed person: versions, planned calls, claims, records and log entry, staged in their one order.

use serde_json::{Map, Value, json};
use vio_domain::appointment::Appointment;
use vio_domain::contact::{AttentionReason, Contact};
use vio_domain::ids::AppointmentId;
use vio_domain::notices::Happening;
use vio_domain::outgoing::{EventType, News};
use vio_domain::settings::Settings;

use crate::calling::settle::appointment_change;
use crate::contacts::claims::Claims;
use crate::contacts::person::Person;
use crate::error::StoreError;
use crate::log::{Actor, Entry};
use crate::store::TenantStore;
use crate::tx::Tx;

/// How often a save that lost a race is decided again.
pub const SAVE_TRIES: usize = 5;

/// How a changed person is to be saved.
#[derive(Debug)]
pub struct Save<'a> {
    pub settings: &'a Settings,
    pub actor: &'a Actor,
    /// `noun.verb` for the log.
    pub action: &'static str,
    /// Why, as staff gave it; goes into the log.
    pub reason: Option<&'a str>,
    /// The claims as read for this change. Needed whenever name, number, address or deletion change.
    pub claims: Option<Claims>,
    /// Whether planned calls are brought in line with the change.
    pub replan: bool,
}

/// What of a contact counts as an edit: what bumps its version and is logged before and after. What the system keeps
/// of calls is not among it.
fn contact_edit(contact: &Contact) -> Result<Map<String, Value>, StoreError> {
    let value = json!({
        "name": contact.name,
        "first_name": contact.first_name,
        "last_name": contact.last_name,
        "phone": contact.phone,
        "email": contact.email,
        "company_name": contact.company_name,
        "industry": contact.industry,
        "notes": contact.notes,
        "tags": contact.tags,
        "group_ids": contact.group_ids,
        "priority": contact.priority,
        "preferred_contact_method": contact.preferred_contact_method,
        "do_not_contact": contact.do_not_contact,
        "preferences": contact.preferences,
        "custom_fields": contact.custom_fields,
        "form": contact.form,
        "hipaa_checklist": contact.checklist,
        "assigned_to": contact.assigned_to,
        "is_active": contact.is_active,
        "booking_page_zone": contact.booking_page_zone,
        "deleted": contact.deleted,
        "merged_into": contact.merged_into,
        "merged_from": contact.merged_from,
    });
    object(value)
}

/// The same of an appointment.
fn appointment_edit(appointment: &Appointment) -> Result<Map<String, Value>, StoreError> {
    let value = json!({
        "appointment_time": appointment.time,
        "timezone": appointment.timezone,
        "appointment_duration": appointment.duration,
        "appointment_type": appointment.appointment_type,
        "owner_name": appointment.owner_name,
        "location_id": appointment.location,
        "special_instructions": appointment.special_instructions,
        "call_before_hours": appointment.call_before_hours,
        "appointment_status": appointment.status,
        "awaiting_new_time": appointment.awaiting_new_time,
        "attendance": appointment.attendance,
        "confirmation": appointment.confirmation,
    });
    object(value)
}

fn object(value: Value) -> Result<Map<String, Value>, StoreError> {
    match value {
        Value::Object(fields) => Ok(fields),
        _ => Err(StoreError::Invalid("not an object".into())),
    }
}

/// Field by field, what was and what is; of a new record, what is and is not empty.
fn difference(before: Option<Map<String, Value>>, after: Map<String, Value>) -> Map<String, Value> {
    let empty = |value: &Value| match value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(fields) => fields.is_empty(),
        _ => false,
    };
    after
        .into_iter()
        .filter_map(|(name, now)| match &before {
            None if empty(&now) => None,
            None => Some((name, json!([null, now]))),
            Some(before) => match before.get(&name) {
                Some(was) if *was == now => None,
                was => Some((name, json!([was, now]))),
            },
        })
        .collect()
}

/// What changed of a person.
#[derive(Debug, Default)]
struct Changes {
    contact: Map<String, Value>,
    appointments: Vec<(AppointmentId, Map<String, Value>)>,
}

fn changes(person: &Person) -> Result<Changes, StoreError> {
    let before = person.contact_before().map(contact_edit).transpose()?;
    let mut found = Changes {
        contact: difference(before, contact_edit(&person.contact)?),
        appointments: Vec::new(),
    };
    for appointment in &person.appointments {
        let before = person
            .appointment_before(appointment.id)
            .map(appointment_edit)
            .transpose()?;
        let fields = difference(before, appointment_edit(appointment)?);
        if !fields.is_empty() {
            found.appointments.push((appointment.id, fields));
        }
    }
    Ok(found)
}

impl Changes {
    /// What it is told as to businesses that subscribed.
    fn news(&self, person: &Person) -> Vec<News> {
        let contact = &person.contact;
        let was = person.contact_before();
        let event = match was {
            _ if self.contact.is_empty() => None,
            None => Some(EventType::ContactCreated),
            Some(before) if before.deleted.is_none() && contact.deleted.is_some() => {
                Some(EventType::ContactDeleted)
            }
            Some(_) => Some(EventType::ContactUpdated),
        };
        let contact = event.map(|event| News {
            event,
            id: contact.id.uuid(),
            version: contact.version,
            status: None,
        });
        let appointments = self.appointments.iter().filter_map(|(id, _)| {
            let before = person.appointment_before(*id);
            Some(News::of_appointment(before, person.appointment(*id)?))
        });
        contact.into_iter().chain(appointments).collect()
    }

    /// The entry that tells of it: about the appointment where one alone changed, else about the contact.
    fn entry(self, person: &Person, save: &Save<'_>) -> Entry {
        let news = self.news(person);
        let mut fields: Vec<String> = self.contact.keys().cloned().collect();
        fields.extend(
            self.appointments
                .iter()
                .flat_map(|(_, changed)| changed.keys().cloned()),
        );
        fields.sort();
        fields.dedup();
        let only = match (&self.appointments[..], self.contact.is_empty()) {
            ([(id, _)], true) => person.appointment(*id),
            _ => None,
        };
        let (entity, id, version) = match only {
            Some(appointment) => ("appointment", appointment.id.uuid(), appointment.version),
            None => ("contact", person.contact.id.uuid(), person.contact.version),
        };
        let mut details = Map::new();
        if !self.contact.is_empty() {
            details.insert("contact".into(), Value::Object(self.contact));
        }
        for (id, changed) in self.appointments {
            details.insert(id.to_string(), Value::Object(changed));
        }
        if let Some(reason) = save.reason {
            details.insert("reason".into(), Value::from(reason));
        }
        Entry::new(save.action, entity, id)
            .contact(person.contact.id)
            .version(version)
            .fields(fields)
            .details(Value::Object(details))
            .news(news)
    }
}

impl TenantStore {
    /// Stages a changed (or new) person: bumps the versions of what was edited, brings planned calls in line, and adds
    /// claims, records and the log entry. Answers whether there is anything to commit. A lost race means: read the
    /// person again and decide again, at most [`SAVE_TRIES`] times.
    pub async fn stage_save(
        &self,
        tx: &mut Tx,
        person: &mut Person,
        save: Save<'_>,
    ) -> Result<bool, StoreError> {
        self.stage_memberships(tx, &mut [&mut *person], save.actor)
            .await?;
        self.stage_saved(tx, person, save).await
    }

    /// The same of a person whose groups are staged already.
    pub(crate) async fn stage_saved(
        &self,
        tx: &mut Tx,
        person: &mut Person,
        mut save: Save<'_>,
    ) -> Result<bool, StoreError> {
        let now = self.now();
        let changed = changes(person)?;
        if changed.contact.is_empty() && changed.appointments.is_empty() {
            return Ok(false);
        }
        if !changed.contact.is_empty() {
            person.contact.version = person.contact_before().map_or(0, |c| c.version) + 1;
            person.contact.updated_at = now;
        }
        for (id, _) in &changed.appointments {
            let version = person.appointment_before(*id).map_or(0, |a| a.version) + 1;
            if let Some(appointment) = person.appointment_mut(*id) {
                appointment.version = version;
                appointment.updated_at = now;
            }
        }
        self.stage_found(tx, person, save.actor).await?;
        if save.replan {
            // What the contact's own fields say concerns every appointment's call.
            let ids: Vec<AppointmentId> = if changed.contact.is_empty() {
                changed.appointments.iter().map(|(id, _)| *id).collect()
            } else {
                person.appointments.iter().map(|a| a.id).collect()
            };
            for id in ids {
                self.replan(tx, save.settings, person, id).await?;
                if self.lost_its_retry(person, id) {
                    // The retry of the old time was dropped; the new time gets a reminder of its own.
                    self.replan(tx, save.settings, person, id).await?;
                }
            }
        }
        if let Some(claims) = save.claims.take() {
            self.stage_claims(tx, &[&*person], claims)?;
        }
        self.stage_person(tx, person)?;
        self.tell_changes(tx, person, &changed, save.actor)?;
        let entry = changed.entry(person, &save);
        self.log(tx, save.actor, entry)?;
        Ok(true)
    }

    /// Has staff told of what became of an appointment without them: by a message or in a calendar. A new booking is no
    /// such news, and neither is what staff did.
    fn tell_changes(
        &self,
        tx: &mut Tx,
        person: &Person,
        changed: &Changes,
        actor: &Actor,
    ) -> Result<(), StoreError> {
        if actor.user().is_some() {
            return Ok(());
        }
        for (id, _) in &changed.appointments {
            let (Some(before), Some(after)) =
                (person.appointment_before(*id), person.appointment(*id))
            else {
                continue;
            };
            let moved = (before.status, before.time) != (after.status, after.time);
            let change = appointment_change(after.status).filter(|_| moved);
            if let Some(change) = change {
                let happening = Happening::AppointmentChanged {
                    contact: person.contact.id,
                    appointment: *id,
                    change,
                };
                self.tell(tx, happening)?;
            }
        }
        Ok(())
    }

    /// A number that was added ends the entries of the work list that waited for it, before calls are planned anew; a new
    /// time for the last appointment that waited for one, or its cancellation, the entry that says so.
    async fn stage_found(
        &self,
        tx: &mut Tx,
        person: &mut Person,
        actor: &Actor,
    ) -> Result<(), StoreError> {
        let before = person.contact_before().map(|contact| &contact.phone);
        let number = before.is_some_and(|phone| *phone != person.contact.phone)
            && person.contact.phone.is_some();
        let waits = |appointment: &Appointment| appointment.awaiting_new_time;
        let time = !person.appointments.iter().any(waits)
            && person
                .appointments
                .iter()
                .any(|after| person.appointment_before(after.id).is_some_and(waits));
        if !number && !time {
            return Ok(());
        }
        let over = |reason| match reason {
            AttentionReason::NO_PHONE | AttentionReason::NOT_DIALABLE => number,
            AttentionReason::NewTimeAwaited => time,
            _ => false,
        };
        self.stage_attention_over(tx, person, over, actor).await
    }

    /// Whether a planned call of an appointment's old time was dropped and nothing took its place.
    fn lost_its_retry(&self, person: &Person, id: AppointmentId) -> bool {
        let (Some(after), Some(before)) = (person.appointment(id), person.appointment_before(id))
        else {
            return false;
        };
        before.time != after.time && before.open_session.is_some() && after.open_session.is_none()
    }
}
