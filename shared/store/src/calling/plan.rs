//! Planning: what call an appointment gets, and the transaction parts that make it so. The planner itself is pure
//! (`vio_domain::planner`); this reads what it needs and keeps session, queue item and appointment in step.

use chrono::{DateTime, TimeDelta, Utc};
use vio_domain::appointment::{Appointment, OpenSession};
use vio_domain::calendar::{CallingZone, PermittedWindows};
use vio_domain::calling::order::{Band, Priority};
use vio_domain::calling::session::{CallSession, CancelReason, Method, SessionState};
use vio_domain::contact::{AttentionReason, Contact};
use vio_domain::ids::{AppointmentId, SessionId};
use vio_domain::messages::state::Status;
use vio_domain::messages::{Channel, Purpose};
use vio_domain::planner::{self, CallWindow, Plan, PlanInput};
use vio_domain::settings::Settings;

use crate::calling::sessions::SessionRow;
use crate::contacts::Person;
use crate::error::StoreError;
use crate::key;
use crate::messages::{MessageRow, can_write};
use crate::store::TenantStore;
use crate::tx::Tx;

/// What an appointment is to get.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Call(CallWindow),
    /// A message instead, by this channel and within this window.
    Message(Channel, CallWindow),
    /// No call, and nothing for staff to do about it.
    Nothing,
    /// No call; somebody must look.
    Attention(AttentionReason),
}

/// The permitted windows of a contact under a tenant's settings.
pub fn permitted<'a>(settings: &'a Settings, contact: &Contact) -> PermittedWindows<'a> {
    let zone = CallingZone::resolve(
        contact.preferences.timezone,
        contact.booking_page_zone,
        settings.business.timezone,
    );
    PermittedWindows::new(settings.calls.call_hours, &settings.business.holidays, zone)
}

/// Whether consent is required, and whether it was given (rules.md Privacy): in HIPAA mode the checklist or a consent,
/// elsewhere where the tenant requires it. A withdrawal outweighs a checklist.
pub fn consent(settings: &Settings, contact: &Contact) -> (bool, bool) {
    let privacy = &settings.privacy;
    let consent = contact.preferences.voice_consent;
    let withdrawn = matches!(consent, vio_domain::contact::VoiceConsent::Withdrawn { .. });
    let checklist = contact
        .checklist
        .as_ref()
        .is_some_and(|list| list.complete());
    // A withdrawal is a no, whatever the tenant requires.
    let required = privacy.require_voice_consent || privacy.hipaa_mode || withdrawn;
    (required, consent.is_given() || (checklist && !withdrawn))
}

/// The channel by which reminders go out instead of calls, if one does (rules.md "When a reminder is due").
fn other_channel(contact: &Contact) -> Option<Channel> {
    let preferred = Channel::of(contact.preferred_contact_method);
    preferred.filter(|channel| channel.opted_in(contact))
}

/// What an appointment is to get now, do-not-call list aside. `due_since`: since when its reminder, already planned for
/// this very time, has been due; it keeps its place in the queue as long as the hours allow one there.
fn wanted(
    settings: &Settings,
    contact: &Contact,
    appointment: &Appointment,
    due_since: Option<DateTime<Utc>>,
    now: DateTime<Utc>,
) -> Wanted {
    let (required, given) = consent(settings, contact);
    let silent = contact.deleted.is_some()
        || !contact.is_active
        || contact.do_not_contact
        || !settings.calls.auto_schedule_calls
        || !appointment.wants_reminder(now)
        // A reminder already placed is not repeated; what follows an attempt is a retry.
        || appointment.call_attempts > 0;
    if silent {
        return Wanted::Nothing;
    }
    let plan = planner::plan(&PlanInput {
        now: due_since.unwrap_or(now),
        appointment: appointment.time,
        booked_at: appointment.booked_at,
        call_before: TimeDelta::hours(i64::from(appointment.call_before_hours.hours())),
        minimum_notice: TimeDelta::hours(i64::from(settings.calls.minimum_notice_hours)),
        permitted: permitted(settings, contact),
        preferred: contact
            .preferences
            .preferred_contact_time
            .unwrap_or_default(),
    });
    let window = match plan {
        Plan::NoCall(_) => return Wanted::Nothing,
        Plan::NoWindow => None,
        Plan::Window(window) => Some(window),
    };
    if let Some(channel) = other_channel(contact) {
        let no_address = match channel {
            Channel::Sms => AttentionReason::NOT_DIALABLE,
            Channel::Email => AttentionReason::ChannelUnavailable,
        };
        return match window {
            _ if !settings.integrations.channel_ready(channel) => {
                Wanted::Attention(AttentionReason::ChannelUnavailable)
            }
            _ if !can_write(settings, contact, channel) => Wanted::Attention(no_address),
            Some(window) => Wanted::Message(channel, window),
            None => Wanted::Attention(AttentionReason::NoCallWindow),
        };
    }
    let Some(phone) = &contact.phone else {
        return Wanted::Attention(AttentionReason::NO_PHONE);
    };
    if required && !given {
        return Wanted::Nothing;
    }
    if phone.dialable().is_err() {
        return Wanted::Attention(AttentionReason::NOT_DIALABLE);
    }
    window.map_or(
        Wanted::Attention(AttentionReason::NoCallWindow),
        Wanted::Call,
    )
}

impl TenantStore {
    /// Whether a contact's number is on the do-not-call list.
    pub async fn on_do_not_call_list(&self, contact: &Contact) -> Result<bool, StoreError> {
        let Some(phone) = &contact.phone else {
            return Ok(false);
        };
        Ok(self.do_not_call(self.phone_hash(phone)).await?.is_some())
    }

    /// The zone that a session's appointment is spoken of in; the tenant's where there is none.
    pub async fn appointment_zone(
        &self,
        settings: &crate::tenants::TenantSettings,
        contact: vio_domain::ids::ContactId,
        session: SessionId,
    ) -> Result<chrono_tz::Tz, StoreError> {
        let row = self.session(contact, session).await?;
        let Some(id) = row.and_then(|row| row.session.appointment) else {
            return Ok(settings.settings.business.timezone);
        };
        let found: Option<crate::contacts::AppointmentRow> = self
            .store
            .read(&key::appointment(self.id, contact, id))
            .await?;
        Ok(found.map_or(settings.settings.business.timezone, |row| row.timezone))
    }

    /// Brings the planned call of an appointment in line with everything it depends on: appointment, contact, consent,
    /// do-not-call list, settings, holidays. Call it for each appointment that a change can move, before
    /// [`TenantStore::stage_person`]. A call that is placing or in flight is left alone.
    pub async fn replan(
        &self,
        tx: &mut Tx,
        settings: &Settings,
        person: &mut Person,
        id: AppointmentId,
    ) -> Result<(), StoreError> {
        let now = self.now();
        let Some(appointment) = person.appointment(id).cloned() else {
            return Ok(());
        };
        let open = match appointment.open_session {
            Some(open) => self.session(person.contact.id, open.id).await?,
            None => None,
        };
        if open.as_ref().is_some_and(|row| row.session.in_progress()) {
            return Ok(());
        }
        let open = open.filter(|row| matches!(row.session.state, SessionState::Planned));
        let mut wanted = match &open {
            Some(row) if row.session.method == Method::Retry => {
                self.wanted_retry(settings, &person.contact, &appointment, row, now)
            }
            // Somebody asked for this call by hand: the guards judge it when it is dialled.
            Some(row) if row.session.method != Method::Reminder => return Ok(()),
            open => {
                let message = self.message_about(&appointment).await?;
                // Whoever was reminded in writing, and wants nothing in writing any more, is not rung about the same.
                let reminded = |row: &MessageRow| {
                    let planned = row.purpose == Purpose::Reminder;
                    planned && row.status.went_out() && row.about_time == Some(appointment.time)
                };
                if open.is_none() && message.as_ref().is_some_and(reminded) {
                    return Ok(());
                }
                let message = message.filter(|row| row.status == Status::Queued);
                let since = open.as_ref().map(|row| (row.about_time, row.session.due));
                let since = since.or(message.map(|row| (row.about_time, row.due)));
                let due_since = since
                    .filter(|(about, due)| *about == Some(appointment.time) && *due <= now)
                    .map(|(_, due)| due);
                wanted(settings, &person.contact, &appointment, due_since, now)
            }
        };
        if matches!(wanted, Wanted::Call(_)) && self.on_do_not_call_list(&person.contact).await? {
            wanted = Wanted::Nothing;
        }
        let message = match wanted {
            Wanted::Message(channel, window) => Some((channel, window)),
            _ => None,
        };
        self.plan_message(tx, person, id, message).await?;
        let planned = match (wanted, open) {
            (Wanted::Call(window), None) => {
                let mut row =
                    self.new_session(person, Some(&appointment), Method::Reminder, window);
                self.stage_planned(tx, &mut row)?;
                Some(row)
            }
            (Wanted::Call(window), Some(mut row)) => {
                let before = (row.dial(), row.about_time);
                row.session.due = window.due;
                row.session.latest = Some(window.latest);
                row.priority = person.contact.priority;
                row.reach = self.reach(&person.contact);
                row.about_time = Some(appointment.time);
                if (row.dial(), row.about_time) != before {
                    self.stage_session(tx, &mut row, Some(&before.0))?;
                }
                Some(row)
            }
            (_, Some(mut row)) => {
                self.stage_cancelled(tx, &mut row, CancelReason::Replanned)?;
                None
            }
            (_, None) => None,
        };
        if let Wanted::Attention(reason) = wanted {
            self.flag(tx, &mut person.contact, reason, Some(id), None)?;
        }
        if let Some(appointment) = person.appointment_mut(id) {
            appointment.open_session = planned.as_ref().map(|row| OpenSession {
                id: row.session.id,
                in_progress: false,
            });
            appointment.next_call_at = planned.map(|row| row.session.due);
        }
        Ok(())
    }

    /// A planned retry stays where it is as long as it may; otherwise it moves to the next permitted instant before
    /// its end, or ends.
    fn wanted_retry(
        &self,
        settings: &Settings,
        contact: &Contact,
        appointment: &Appointment,
        row: &SessionRow,
        now: DateTime<Utc>,
    ) -> Wanted {
        let (required, given) = consent(settings, contact);
        let keeps = contact.deleted.is_none()
            && contact.is_active
            && !contact.do_not_contact
            && contact.phone.is_some()
            && appointment.wants_reminder(now)
            && row.about_time == Some(appointment.time)
            && (!required || given);
        if !keeps {
            return Wanted::Nothing;
        }
        let latest = row
            .session
            .latest
            .unwrap_or(appointment.time)
            .min(appointment.time);
        match permitted(settings, contact).next_permitted(row.session.due.max(now)) {
            Some(due) if due < latest => Wanted::Call(CallWindow {
                due: due.max(row.session.due),
                latest,
            }),
            _ => Wanted::Attention(AttentionReason::NoCallWindow),
        }
    }

    /// A new planned session about an appointment, or about none.
    pub(crate) fn new_session(
        &self,
        person: &Person,
        appointment: Option<&Appointment>,
        method: Method,
        window: CallWindow,
    ) -> SessionRow {
        let now = self.now();
        SessionRow {
            version: 0,
            session: CallSession {
                id: SessionId::new(self.new_id()),
                tenant: self.id,
                contact: person.contact.id,
                appointment: appointment.map(|appointment| appointment.id),
                campaign: None,
                method,
                due: window.due,
                latest: Some(window.latest),
                refusals: 0,
                last_attempt: None,
                state: SessionState::Planned,
            },
            band: Band::of(method, Priority::Normal),
            priority: person.contact.priority,
            reach: self.reach(&person.contact),
            about_time: appointment.map(|appointment| appointment.time),
            follow_up_required: false,
            told_paused: false,
            tries_before: 0,
            took_over: None,
            in_campaign: None,
            created_at: now,
            updated_at: now,
        }
    }

    /// Stages the end of a planned session without a call. One that is placing or over is left alone.
    pub(crate) fn stage_cancelled(
        &self,
        tx: &mut Tx,
        row: &mut SessionRow,
        reason: CancelReason,
    ) -> Result<(), StoreError> {
        let before = row.dial();
        if row.session.cancel(reason, self.now()).is_ok() {
            self.stage_session(tx, row, Some(&before))?;
        }
        Ok(())
    }
}
