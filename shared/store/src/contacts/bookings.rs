//! What a calendar's booking does to contacts and appointments. Everything here is staged into the caller's
//! transaction, beside the caller's own record of the booking, so that an event is taken in once or not at all.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use vio_crypto::PersonKey;
use vio_domain::appointment::{Appointment, AppointmentStatus, Attendance, Duration};
use vio_domain::bookings::Calendar;
use vio_domain::contact::{AttentionReason, ConsentMethod, VoiceConsent};
use vio_domain::ids::{AppointmentId, ContactId};
use vio_domain::person::{CalendarTarget, LeftOut, calendar_target};
use vio_domain::settings::Settings;
use vio_domain::text::Notes;

use crate::contacts::consents::ConsentChange;
use crate::contacts::create::{NewAppointment, NewContact};
use crate::contacts::person::Person;
use crate::contacts::save::Save;
use crate::error::StoreError;
use crate::log::Actor;
use crate::store::TenantStore;
use crate::tx::Tx;

/// Where a booking landed.
#[derive(Debug, Clone)]
pub struct Booked {
    pub contact: ContactId,
    pub appointment: AppointmentId,
    /// How the contact was chosen.
    pub target: CalendarTarget,
    /// The contact's key, for what else the caller keeps of the booking.
    pub key: PersonKey,
}

/// A booking's note beside what staff wrote before; where both do not fit, what staff wrote stays.
fn add_note(old: Option<Notes>, note: &Notes) -> Option<Notes> {
    match old {
        None => Some(note.clone()),
        Some(old) if old.as_str().contains(note.as_str()) => Some(old),
        Some(old) => {
            let both = format!("{}\n\n{}", old.as_str(), note.as_str());
            Some(Notes::parse(&both).unwrap_or(old))
        }
    }
}

/// The time an appointment moves to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewTime {
    pub time: DateTime<Utc>,
    /// None keeps the appointment's zone.
    pub timezone: Option<Tz>,
    /// None keeps the appointment's length.
    pub duration: Option<Duration>,
    /// When the move was made: now, or the calendar's own instant if earlier.
    pub booked_at: DateTime<Utc>,
}

/// Moves an appointment in memory: a fresh appointment in status `rescheduled`, attempts from 0 (rules.md Contacts).
pub fn move_to(appointment: &mut Appointment, to: NewTime) {
    appointment.time = to.time;
    appointment.timezone = to.timezone.unwrap_or(appointment.timezone);
    appointment.duration = to.duration.or(appointment.duration);
    appointment.booked_at = Some(to.booked_at);
    appointment.status = AppointmentStatus::Rescheduled;
    appointment.awaiting_new_time = false;
    appointment.attendance = Attendance::Unknown;
    appointment.confirmation = None;
    appointment.call_attempts = 0;
}

impl TenantStore {
    /// Stages a calendar booking. Its appointment goes to the one single contact that has the same number or address
    /// and an equal folded name; otherwise to a new contact, which needs attention as a possible duplicate where
    /// similar names were found, and as `no_phone` where it has no number. Where the business wants it otherwise
    /// (S3 section 11), that holds; nothing is staged for a booking that is left out.
    pub async fn stage_booking(
        &self,
        tx: &mut Tx,
        settings: &Settings,
        new: &NewContact,
        appointment: &NewAppointment,
        actor: &Actor,
    ) -> Result<Result<Booked, LeftOut>, StoreError> {
        let mut person = self.person_of(new)?;
        let judged = self.judge(&person).await?;
        let target = calendar_target(new.name.as_str(), &judged.candidates());
        let intake = Calendar::of(appointment.source).map_or_else(Default::default, |calendar| {
            settings.integrations.calendar(calendar).intake
        });
        let target = match target.wanted(intake) {
            Ok(target) => target,
            Err(left_out) => return Ok(Err(left_out)),
        };
        let mut claims = Some(judged.claims);
        let mut action = "contact.created";
        if let CalendarTarget::Existing(id) = target {
            let known = self.person(id).await?;
            // A claim whose contact is gone meanwhile: the caller's next try sees it.
            person = known.ok_or(StoreError::Lost {
                lost: vec!["claim"],
            })?;
            action = "appointment.created";
            if let Some(claims) = claims.take() {
                claims.hold(tx);
            }
            if new.booking_page_zone.is_some() {
                person.contact.booking_page_zone = new.booking_page_zone;
            }
            if let Some(note) = &new.notes {
                person.contact.notes = add_note(person.contact.notes.take(), note);
            }
        }
        let implied = settings.calls.voice_consent_from_booking
            && person.contact.preferences.voice_consent == VoiceConsent::Unknown;
        if implied {
            let change = ConsentChange::Given {
                method: ConsentMethod::Implied,
                obtained_at: appointment.booked_at.unwrap_or(self.now()),
            };
            self.stage_consent(tx, &mut person, change, actor)?;
        }
        let id = self.add_appointment(&mut person, appointment);
        if let CalendarTarget::PossibleDuplicate(_) = target {
            let reason = AttentionReason::PossibleDuplicate;
            self.flag(tx, &mut person.contact, reason, Some(id), None)?;
        }
        if appointment.awaiting_new_time {
            let reason = AttentionReason::NewTimeAwaited;
            self.flag(tx, &mut person.contact, reason, Some(id), None)?;
        }
        if person.contact.phone.is_none() {
            let reason = AttentionReason::NO_PHONE;
            self.flag(tx, &mut person.contact, reason, Some(id), None)?;
        }
        let save = Save {
            settings,
            actor,
            action,
            reason: None,
            claims,
            replan: true,
        };
        self.stage_save(tx, &mut person, save).await?;
        Ok(Ok(Booked {
            contact: person.contact.id,
            appointment: id,
            target,
            key: person.key,
        }))
    }

    /// Stages the move of a person's appointment to a new time, with its planned call. The person was just read.
    pub async fn stage_move(
        &self,
        tx: &mut Tx,
        settings: &Settings,
        person: &mut Person,
        id: AppointmentId,
        to: NewTime,
        actor: &Actor,
    ) -> Result<bool, StoreError> {
        if let Some(appointment) = person.appointment_mut(id) {
            move_to(appointment, to);
        }
        let save = Save {
            settings,
            actor,
            action: "appointment.rescheduled",
            reason: None,
            claims: None,
            replan: true,
        };
        self.stage_save(tx, person, save).await
    }

    /// Stages the cancellation of a person's appointment, with its planned call. The person was just read.
    pub async fn stage_cancel(
        &self,
        tx: &mut Tx,
        settings: &Settings,
        person: &mut Person,
        id: AppointmentId,
        actor: &Actor,
    ) -> Result<bool, StoreError> {
        if let Some(appointment) = person.appointment_mut(id) {
            appointment.status = AppointmentStatus::Cancelled;
            appointment.awaiting_new_time = false;
            appointment.confirmation = None;
        }
        let save = Save {
            settings,
            actor,
            action: "appointment.cancelled",
            reason: None,
            claims: None,
            replan: true,
        };
        self.stage_save(tx, person, save).await
    }
}
