//! Planning messages: the reminder of somebody who prefers them, the fallback of a call, and what staff send.

use chrono::{DateTime, Utc};
use vio_domain::appointment::Appointment;
use vio_domain::contact::{Contact, ContactMethod};
use vio_domain::ids::{AppointmentId, CampaignId, ContactId, MessageId};
use vio_domain::messages::rules::{Reason, STAFF_WAITS};
use vio_domain::messages::state::Status;
use vio_domain::messages::{Channel, Purpose};
use vio_domain::planner::CallWindow;
use vio_domain::settings::Settings;
use vio_domain::text::{MessageText, Notes};

use super::MessageRow;
use crate::calling::plan::permitted;
use crate::contacts::interactions::{Direction, InteractionKind, Written};
use crate::contacts::{Person, SAVE_TRIES};
use crate::error::StoreError;
use crate::log::{Actor, Entry};
use crate::store::TenantStore;
use crate::tx::Tx;

/// A message that somebody on the staff sends.
#[derive(Debug, Clone)]
pub struct NewMessage {
    pub contact: ContactId,
    /// Of the caller's choice: a repeat makes no second one.
    pub id: MessageId,
    /// Their words; None for the reminder of an appointment, the current one where none is named.
    pub text: Option<MessageText>,
    pub appointment: Option<AppointmentId>,
    pub batch: Option<CampaignId>,
}

/// Why a message is not taken on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotSendable {
    NoSuchContact,
    /// The channel is not set up.
    NotConfigured,
    /// No coming appointment of the contact wants a reminder.
    NoAppointment,
    Person(Reason),
}

impl NotSendable {
    /// The word used in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NoSuchContact => "no_such_contact",
            Self::NotConfigured => "messaging_not_configured",
            Self::NoAppointment => "no_appointment",
            Self::Person(reason) => reason.as_str(),
        }
    }
}

/// Why no message may go to a contact, whatever its words.
pub(crate) fn unreachable(contact: &Contact) -> Option<Reason> {
    let number = contact
        .phone
        .as_ref()
        .is_some_and(|phone| phone.dialable().is_ok());
    [
        (
            contact.deleted.is_some() || !contact.is_active,
            Reason::NotActive,
        ),
        (contact.do_not_contact, Reason::DoNotContact),
        (!contact.preferences.sms_opt_in, Reason::NotOptedIn),
        (!number, Reason::NoNumber),
    ]
    .into_iter()
    .find_map(|(fails, reason)| fails.then_some(reason))
}

/// Whether messages can reach a contact under a tenant's settings.
pub(crate) fn can_text(settings: &Settings, contact: &Contact) -> bool {
    settings.integrations.twilio.configured() && unreachable(contact).is_none()
}

/// Whether an appointment still is what a message reminds of.
pub(crate) fn still_wanted(row: &MessageRow, person: &Person, now: DateTime<Utc>) -> bool {
    if !row.purpose.reminds() {
        return true;
    }
    let about = row.appointment.and_then(|id| person.appointment(id));
    let stands = about.is_some_and(|a| Some(a.time) == row.about_time && a.wants_reminder(now));
    let preferred = person.contact.preferred_contact_method == ContactMethod::Sms;
    stands && (row.purpose != Purpose::Reminder || preferred)
}

impl TenantStore {
    pub(super) fn new_message(
        &self,
        contact: ContactId,
        id: MessageId,
        purpose: Purpose,
        due: DateTime<Utc>,
        not_after: DateTime<Utc>,
    ) -> MessageRow {
        let now = self.now();
        MessageRow {
            tenant: self.id,
            contact,
            id,
            version: 0,
            channel: Channel::Sms,
            purpose,
            appointment: None,
            about_time: None,
            status: Status::Queued,
            due,
            not_after,
            sends: 0,
            refused: 0,
            sent_at: None,
            bound: None,
            through: None,
            provider_id: None,
            error_code: None,
            reason: None,
            asks: false,
            by: None,
            batch: None,
            text: None,
            created_at: now,
            updated_at: now,
        }
    }

    /// Stages a message that reminds of an appointment, and notes it there.
    fn stage_reminding(
        &self,
        tx: &mut Tx,
        person: &mut Person,
        mut row: MessageRow,
        about: AppointmentId,
    ) -> Result<MessageId, StoreError> {
        row.appointment = Some(about);
        row.about_time = person.appointment(about).map(|a| a.time);
        tx.create(&mut row)?;
        if let Some(appointment) = person.appointment_mut(about) {
            appointment.message = Some(row.id);
        }
        Ok(row.id)
    }

    /// The message that an appointment notes.
    pub(crate) async fn message_about(
        &self,
        appointment: &Appointment,
    ) -> Result<Option<MessageRow>, StoreError> {
        match appointment.message {
            Some(id) => self.message(appointment.contact, id).await,
            None => Ok(None),
        }
    }

    /// Brings an appointment's planned reminder by message in line: `window` is when it is to go, None where none is.
    /// One that was sent about the same time is not repeated.
    pub(crate) async fn plan_message(
        &self,
        tx: &mut Tx,
        person: &mut Person,
        about: AppointmentId,
        window: Option<CallWindow>,
    ) -> Result<(), StoreError> {
        let Some(appointment) = person.appointment(about).cloned() else {
            return Ok(());
        };
        let known = self.message_about(&appointment).await?;
        let waits =
            |row: &MessageRow| row.purpose == Purpose::Reminder && row.status == Status::Queued;
        let same = |row: &MessageRow| row.about_time == Some(appointment.time);
        match (known, window) {
            (Some(mut row), Some(window)) if same(&row) && waits(&row) => {
                if (row.due, row.not_after) != (window.due, window.latest) {
                    (row.due, row.not_after) = (window.due, window.latest);
                    tx.update(&mut row)?;
                }
            }
            (Some(row), Some(_)) if same(&row) && row.status != Status::Cancelled => {}
            (known, window) => {
                if let Some(mut row) = known.filter(waits) {
                    row.status = Status::Cancelled;
                    row.reason = Some(Reason::NotWanted);
                    row.updated_at = self.now();
                    tx.update(&mut row)?;
                }
                if let Some(window) = window {
                    let id = MessageId::new(self.new_id());
                    let contact = person.contact.id;
                    let row =
                        self.new_message(contact, id, Purpose::Reminder, window.due, window.latest);
                    self.stage_reminding(tx, person, row, about)?;
                }
            }
        }
        Ok(())
    }

    /// Stages a message in the place of a call that does not reach the person, where they opted in and it can still go
    /// out before the appointment. False where nothing goes out: then it is for staff. The caller stages the person.
    pub(crate) async fn stage_fallback(
        &self,
        tx: &mut Tx,
        settings: &Settings,
        person: &mut Person,
        about: Option<AppointmentId>,
    ) -> Result<bool, StoreError> {
        let now = self.now();
        let appointment = about.and_then(|id| person.appointment(id)).cloned();
        let Some(appointment) = appointment.filter(|a| a.wants_reminder(now)) else {
            return Ok(false);
        };
        if !can_text(settings, &person.contact) {
            return Ok(false);
        }
        if let Some(row) = self.message_about(&appointment).await?
            && row.about_time == Some(appointment.time)
        {
            if row.status.is_open() || row.status.went_out() {
                return Ok(true);
            }
            if row.status != Status::Cancelled {
                return Ok(false);
            }
        }
        let due = permitted(settings, &person.contact).next_permitted(now);
        let Some(due) = due.filter(|due| *due < appointment.time) else {
            return Ok(false);
        };
        let id = MessageId::new(self.new_id());
        let contact = person.contact.id;
        let row = self.new_message(contact, id, Purpose::Fallback, due, appointment.time);
        self.stage_reminding(tx, person, row, appointment.id)?;
        Ok(true)
    }

    /// Takes on a message that somebody on the staff sends. It goes out within the permitted hours. A repeat under the
    /// same id answers what the first came to.
    pub async fn send_message(
        &self,
        settings: &Settings,
        new: &NewMessage,
        actor: &Actor,
    ) -> Result<Result<MessageRow, NotSendable>, StoreError> {
        let mut lost = Vec::new();
        for _ in 0..SAVE_TRIES {
            if let Some(row) = self.message(new.contact, new.id).await? {
                return Ok(Ok(row));
            }
            let Some(mut person) = self.person(new.contact).await? else {
                return Ok(Err(NotSendable::NoSuchContact));
            };
            if person.contact.deleted.is_some() {
                return Ok(Err(NotSendable::NoSuchContact));
            }
            if !settings.integrations.twilio.configured() {
                return Ok(Err(NotSendable::NotConfigured));
            }
            if let Some(reason) = unreachable(&person.contact) {
                return Ok(Err(NotSendable::Person(reason)));
            }
            let now = self.now();
            let mut tx = Tx::new();
            let purpose = match &new.text {
                Some(_) => Purpose::Staff,
                None => Purpose::ReminderNow,
            };
            let mut row = self.new_message(new.contact, new.id, purpose, now, now + STAFF_WAITS);
            row.by = actor.user();
            row.batch = new.batch;
            match &new.text {
                Some(text) => {
                    row.set_text(&person.key, text.as_str())?;
                    tx.create(&mut row)?;
                    let notes = Notes::parse(text.as_str())
                        .map_err(|error| StoreError::Invalid(error.to_string()))?;
                    let written = Written {
                        kind: InteractionKind::Sms,
                        direction: Direction::Outbound,
                        message: Some(row.id),
                        provider_id: None,
                        text: &notes,
                        by: row.by,
                    };
                    self.stage_written(&mut tx, new.contact, &person.key, written)?;
                }
                None => {
                    let about = match new.appointment {
                        Some(id) => person.appointment(id),
                        None => person.current(now),
                    };
                    let Some(about) = about.filter(|a| a.wants_reminder(now)) else {
                        return Ok(Err(NotSendable::NoAppointment));
                    };
                    row.not_after = about.time.min(row.not_after);
                    let about = about.id;
                    // The planned reminder by this channel goes out now instead.
                    self.plan_message(&mut tx, &mut person, about, None).await?;
                    self.stage_reminding(&mut tx, &mut person, row.clone(), about)?;
                }
            }
            self.stage_person(&mut tx, &mut person)?;
            let entry = Entry::new("message.asked", "message", new.id.uuid())
                .contact(new.contact)
                .version(1)
                .details(serde_json::json!({ "channel": row.channel, "purpose": row.purpose, "batch": row.batch }));
            self.log(&mut tx, actor, entry)?;
            match self.store.commit(tx).await {
                Ok(()) => {
                    let row = self.message(new.contact, new.id).await?;
                    return row.map(Ok).ok_or(StoreError::Lost { lost });
                }
                Err(StoreError::Lost { lost: labels }) => lost = labels,
                Err(error) => return Err(error),
            }
        }
        Err(StoreError::Lost { lost })
    }
}
