//! Planning messages: the reminder of somebody who prefers them, the fallback of a call, and what staff send.

use chrono::{DateTime, Utc};
use vio_domain::appointment::Appointment;
use vio_domain::contact::Contact;
use vio_domain::ids::{AppointmentId, CampaignId, ContactId, MessageId};
use vio_domain::messages::rules::{Reason, STAFF_WAITS};
use vio_domain::messages::state::Status;
use vio_domain::messages::{Channel, OwnWords, Purpose};
use vio_domain::planner::CallWindow;
use vio_domain::settings::Settings;
use vio_domain::text::Notes;

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
    pub words: Option<OwnWords>,
    /// Of a reminder: by which channel, where somebody chose.
    pub channel: Option<Channel>,
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

/// Whether messages can reach a contact by a channel under a tenant's settings.
pub(crate) fn can_write(settings: &Settings, contact: &Contact, channel: Channel) -> bool {
    settings.integrations.channel_ready(channel) && channel.unreachable(contact).is_none()
}

/// The channel of a message in the place of a call: the one that the person prefers, else SMS, else e-mail.
fn instead(settings: &Settings, contact: &Contact) -> Option<Channel> {
    let preferred = Channel::of(contact.preferred_contact_method);
    preferred
        .into_iter()
        .chain(Channel::ALL)
        .find(|channel| can_write(settings, contact, *channel))
}

/// The channel of a message for which none was named, where none can reach the person too: then it says why.
fn best(settings: &Settings, contact: &Contact) -> Channel {
    let preferred = Channel::of(contact.preferred_contact_method);
    instead(settings, contact)
        .or(preferred)
        .unwrap_or(Channel::Sms)
}

/// When a message may go at the soonest: an SMS in the hours in which the person may be rung, an e-mail at once.
pub(super) fn permitted_at(
    settings: &Settings,
    contact: &Contact,
    channel: Channel,
    now: DateTime<Utc>,
) -> Option<DateTime<Utc>> {
    match channel {
        Channel::Sms => permitted(settings, contact).next_permitted(now),
        Channel::Email => Some(now),
    }
}

/// The timeline's kind of a message.
pub(super) fn entry_kind(channel: Channel) -> InteractionKind {
    match channel {
        Channel::Sms => InteractionKind::Sms,
        Channel::Email => InteractionKind::Email,
    }
}

/// A message as the timeline shows it: of an e-mail the subject, then the text.
pub(super) fn entry_text(subject: Option<&str>, text: &str) -> Result<Notes, StoreError> {
    let whole = match subject {
        Some(subject) => format!("{subject}\n\n{text}"),
        None => text.to_owned(),
    };
    Notes::parse(&whole).map_err(|error| StoreError::Invalid(error.to_string()))
}

/// Whether an appointment still is what a message reminds of.
pub(crate) fn still_wanted(row: &MessageRow, person: &Person, now: DateTime<Utc>) -> bool {
    if !row.purpose.reminds() {
        return true;
    }
    let about = row.appointment.and_then(|id| person.appointment(id));
    let stands = about.is_some_and(|a| Some(a.time) == row.about_time && a.wants_reminder(now));
    let preferred = Channel::of(person.contact.preferred_contact_method) == Some(row.channel);
    stands && (row.purpose != Purpose::Reminder || preferred)
}

impl TenantStore {
    pub(super) fn new_message(
        &self,
        contact: ContactId,
        id: MessageId,
        (channel, purpose): (Channel, Purpose),
        due: DateTime<Utc>,
        not_after: DateTime<Utc>,
    ) -> MessageRow {
        let now = self.now();
        MessageRow {
            tenant: self.id,
            contact,
            id,
            version: 0,
            channel,
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
            sent_to: None,
            text: None,
            subject: None,
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

    /// Brings an appointment's planned reminder by message in line: `wanted` is how and when it is to go, None where none is.
    /// One that was sent about the same time is not repeated.
    pub(crate) async fn plan_message(
        &self,
        tx: &mut Tx,
        person: &mut Person,
        about: AppointmentId,
        wanted: Option<(Channel, CallWindow)>,
    ) -> Result<(), StoreError> {
        let Some(appointment) = person.appointment(about).cloned() else {
            return Ok(());
        };
        let known = self.message_about(&appointment).await?;
        let waits =
            |row: &MessageRow| row.purpose == Purpose::Reminder && row.status == Status::Queued;
        let same = |row: &MessageRow| row.about_time == Some(appointment.time);
        match (known, wanted) {
            (Some(mut row), Some((channel, window)))
                if same(&row) && waits(&row) && row.channel == channel =>
            {
                if (row.due, row.not_after) != (window.due, window.latest) {
                    (row.due, row.not_after) = (window.due, window.latest);
                    tx.update(&mut row)?;
                }
            }
            (Some(row), Some(_))
                if same(&row) && row.status != Status::Cancelled && !waits(&row) => {}
            (known, wanted) => {
                if let Some(mut row) = known.filter(waits) {
                    row.status = Status::Cancelled;
                    row.reason = Some(Reason::NotWanted);
                    row.updated_at = self.now();
                    tx.update(&mut row)?;
                }
                if let Some((channel, window)) = wanted {
                    let id = MessageId::new(self.new_id());
                    let contact = person.contact.id;
                    let kind = (channel, Purpose::Reminder);
                    let row = self.new_message(contact, id, kind, window.due, window.latest);
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
        let Some(channel) = instead(settings, &person.contact) else {
            return Ok(false);
        };
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
        let due = permitted_at(settings, &person.contact, channel, now);
        let Some(due) = due.filter(|due| *due < appointment.time) else {
            return Ok(false);
        };
        let id = MessageId::new(self.new_id());
        let contact = person.contact.id;
        let kind = (channel, Purpose::Fallback);
        let row = self.new_message(contact, id, kind, due, appointment.time);
        self.stage_reminding(tx, person, row, appointment.id)?;
        Ok(true)
    }

    /// Takes on a message that somebody on the staff sends. An SMS goes out within the permitted hours. A repeat under the
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
            let channel = match (&new.words, new.channel) {
                (Some(words), _) => words.channel(),
                (None, Some(channel)) => channel,
                (None, None) => best(settings, &person.contact),
            };
            if !settings.integrations.channel_ready(channel) {
                return Ok(Err(NotSendable::NotConfigured));
            }
            if let Some(reason) = channel.unreachable(&person.contact) {
                return Ok(Err(NotSendable::Person(reason)));
            }
            let now = self.now();
            let mut tx = Tx::new();
            let purpose = match &new.words {
                Some(_) => Purpose::Staff,
                None => Purpose::ReminderNow,
            };
            let kind = (channel, purpose);
            let mut row = self.new_message(new.contact, new.id, kind, now, now + STAFF_WAITS);
            // One that cannot go before it is too late is judged at once.
            let soonest = permitted_at(settings, &person.contact, channel, now);
            let due = |row: &MessageRow| soonest.filter(|at| *at < row.not_after).unwrap_or(now);
            row.by = actor.user();
            row.batch = new.batch;
            match &new.words {
                Some(words) => {
                    row.set_words(&person.key, words.subject(), words.text())?;
                    row.due = due(&row);
                    tx.create(&mut row)?;
                    let written = Written {
                        kind: entry_kind(channel),
                        direction: Some(Direction::Outbound),
                        message: Some(row.id),
                        provider_id: None,
                        text: &entry_text(words.subject(), words.text())?,
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
                    row.due = due(&row);
                    let about = about.id;
                    // The planned reminder by message goes out now instead.
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
