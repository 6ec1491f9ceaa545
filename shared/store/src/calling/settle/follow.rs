//! What a settled call means for the person: each effect that the rules name, applied to contact and appointment.

use chrono::{DateTime, TimeDelta, Utc};
use vio_domain::appointment::{AppointmentStatus, Confirmation, ConfirmationMethod, OpenSession};
use vio_domain::calling::attention::CallAttention;
use vio_domain::calling::session::{CancelReason, Method, Outcome, Report};
use vio_domain::calling::settle::{AppointmentFacts, Effect, SettleFacts, effects};
use vio_domain::contact::AttentionReason;
use vio_domain::ids::AppointmentId;
use vio_domain::planner::{self, CallWindow, Retry, RetryCause};
use vio_domain::settings::Settings;

use crate::calling::do_not_call::{DncSource, NewDnc};
use crate::calling::plan::permitted;
use crate::calling::sessions::{AttemptRow, SessionRow};
use crate::contacts::Person;
use crate::error::StoreError;
use crate::log::Actor;
use crate::store::TenantStore;
use crate::tenants::TenantSettings;
use crate::tx::Tx;

use super::Followed;

/// How long a call without an appointment may be retried after its end.
const RETRY_WITHOUT_APPOINTMENT: TimeDelta = TimeDelta::hours(24);

/// A call back at a time that the person named is placed within this long after it.
const CALLBACK_WITHIN: TimeDelta = TimeDelta::hours(1);
/// The farthest time that is taken for a call back without an appointment.
const LONGEST_CALLBACK: TimeDelta = TimeDelta::days(7);

impl TenantStore {
    /// Applies what the settled call means for the person.
    pub(super) async fn follow(
        &self,
        tx: &mut Tx,
        settings: &TenantSettings,
        row: &mut SessionRow,
        attempt: &mut AttemptRow,
        person: &mut Person,
        actor: &Actor,
    ) -> Result<Followed, StoreError> {
        let now = self.now();
        let about: Option<AppointmentId> = row.session.appointment;
        let appointment = about.and_then(|id| person.appointment(id)).cloned();
        let facts = SettleFacts {
            appointment: appointment.as_ref().map(|a| AppointmentFacts {
                starts_at: a.time,
                spoken_of: row.about_time.unwrap_or(a.time),
                confirmed: a.status == AppointmentStatus::Confirmed,
                cancelled: a.status == AppointmentStatus::Cancelled,
            }),
            attempts: appointment
                .as_ref()
                .map_or(row.tries_before, |a| a.call_attempts)
                + u32::from(!attempt.counted),
            already_counted: attempt.counted,
            failures_before: person.contact.failures_in_a_row,
            callback: row
                .session
                .report()
                .and_then(|report| callback_window(&settings.settings, person, about, report, now)),
        };
        let retry =
            |cause, ended_at| retry_window(&settings.settings, person, about, cause, ended_at, now);
        let wanted = effects(
            &row.session,
            &facts,
            settings.settings.calls.retries.policy,
            now,
            retry,
        );
        let mut followed = Followed {
            before: serde_json::json!({ "appointment_status": appointment.as_ref().map(|a| a.status) }),
            ..Followed::default()
        };
        if let Some(report) = row.session.report() {
            person.contact.calls.count(report.outcome);
        }
        match row.session.report().map(|report| report.outcome) {
            Some(Outcome::Answered) => person.contact.failures_in_a_row = 0,
            Some(_) => person.contact.failures_in_a_row += 1,
            None => {}
        }
        let mut moved = false;
        let fallback = wanted.contains(&Effect::Fallback);
        // Before anything else is decided of the appointment: what the call came to does not change it where it failed.
        let by_message = fallback
            && self
                .stage_fallback(tx, &settings.settings, person, about)
                .await?;
        for effect in wanted {
            match effect {
                Effect::CountAttempt => {
                    attempt.counted = true;
                    if let Some(appointment) = about.and_then(|id| person.appointment_mut(id)) {
                        appointment.call_attempts += 1;
                        followed.fields.push("call_attempts");
                    }
                }
                Effect::LastContact(at) => {
                    person.contact.last_contact_time =
                        person.contact.last_contact_time.max(Some(at));
                    followed.fields.push("last_contact_time");
                }
                Effect::Confirm { before } => {
                    let confirmation = Confirmation {
                        method: ConfirmationMethod::VoiceCall,
                        at: now,
                        minutes_before: before.num_minutes(),
                    };
                    if let Some(appointment) = about.and_then(|id| person.appointment_mut(id)) {
                        appointment.confirmation = Some(confirmation);
                        change_status(appointment, AppointmentStatus::Confirmed, now);
                    }
                    followed.fields.push("appointment_status");
                }
                Effect::Cancel => {
                    if let Some(appointment) = about.and_then(|id| person.appointment_mut(id)) {
                        change_status(appointment, AppointmentStatus::Cancelled, now);
                    }
                    followed.fields.push("appointment_status");
                }
                Effect::Reschedule { to } => {
                    if let Some(appointment) = about.and_then(|id| person.appointment_mut(id)) {
                        appointment.time = to;
                        appointment.booked_at = Some(now);
                        appointment.call_attempts = 0;
                        appointment.confirmation = None;
                        appointment.awaiting_new_time = false;
                        change_status(appointment, AppointmentStatus::Rescheduled, now);
                    }
                    followed
                        .fields
                        .extend(["appointment_status", "appointment_time"]);
                    moved = true;
                }
                Effect::RescheduleWithoutTime => {
                    if let Some(appointment) = about.and_then(|id| person.appointment_mut(id)) {
                        appointment.awaiting_new_time = true;
                        change_status(appointment, AppointmentStatus::Rescheduled, now);
                    }
                    followed.fields.push("appointment_status");
                }
                Effect::Retry(window) => self.stage_retry(tx, person, row, window)?,
                // The entry of a fallback that is left to staff says it.
                Effect::NeedsAttention(CallAttention::RepeatedFailures)
                    if fallback && !by_message => {}
                Effect::NeedsAttention(reason) => {
                    let reason = AttentionReason::from(reason);
                    self.flag(tx, &mut person.contact, reason, about, Some(row.session.id))?;
                    followed.fields.push("needs_attention");
                }
                Effect::FollowUpRequired => row.follow_up_required = true,
                Effect::Fallback if by_message => {}
                // No message can go out: staff reach the person another way.
                Effect::Fallback => {
                    let reason = AttentionReason::FallbackPending;
                    self.flag(tx, &mut person.contact, reason, about, Some(row.session.id))?;
                    followed.fields.push("needs_attention");
                }
                Effect::DoNotCall => self.stage_do_not_call(tx, person, attempt, actor).await?,
                Effect::BackOff(quiet) => followed.back_off = Some(quiet),
                Effect::PauseTenant(reason) => followed.pause = Some(reason),
            }
        }
        if moved && let Some(id) = about {
            person.set_open_session(about, None, None);
            self.replan(tx, &settings.settings, person, id).await?;
        }
        let after = about
            .and_then(|id| person.appointment(id))
            .map(|a| a.status);
        followed.after = serde_json::json!({ "appointment_status": after });
        Ok(followed)
    }

    fn stage_retry(
        &self,
        tx: &mut Tx,
        person: &mut Person,
        failed: &SessionRow,
        window: CallWindow,
    ) -> Result<(), StoreError> {
        let about = failed.session.appointment;
        let appointment = about.and_then(|id| person.appointment(id));
        let mut row = self.new_session(person, appointment, Method::Retry, window);
        row.tries_before = match about {
            Some(_) => 0,
            None => failed.tries_before + 1,
        };
        // It says what the call said that it repeats; the campaign itself counts that one.
        row.session.campaign = failed.session.campaign;
        self.stage_planned(tx, &mut row)?;
        let open = OpenSession {
            id: row.session.id,
            in_progress: false,
        };
        person.set_open_session(about, Some(open), Some(row.session.due));
        Ok(())
    }

    /// The number goes on the list, and every planned call of the person ends.
    async fn stage_do_not_call(
        &self,
        tx: &mut Tx,
        person: &mut Person,
        attempt: &AttemptRow,
        actor: &Actor,
    ) -> Result<(), StoreError> {
        if self.do_not_call(attempt.phone).await?.is_none() {
            // The number that was rung, unless the contact has another by now.
            let number = person
                .contact
                .phone
                .clone()
                .filter(|phone| self.phone_hash(phone) == attempt.phone);
            let new = NewDnc {
                phone: attempt.phone,
                number,
                reason: None,
                source: DncSource::Call,
                contact: Some(person.contact.id),
                import: None,
            };
            self.stage_do_not_call_entry(tx, new, actor)?;
        }
        self.stage_no_more_calls(tx, person, CancelReason::Person)
            .await
    }
}

fn change_status(
    appointment: &mut vio_domain::appointment::Appointment,
    status: AppointmentStatus,
    now: DateTime<Utc>,
) {
    appointment.status = status;
    appointment.version += 1;
    appointment.updated_at = now;
}

/// The end of the time for calls about an appointment; `without` where there is none.
fn calls_end(
    settings: &Settings,
    person: &Person,
    about: Option<AppointmentId>,
    without: DateTime<Utc>,
) -> DateTime<Utc> {
    about
        .and_then(|id| person.appointment(id))
        .map_or(without, |a| {
            planner::reminders_end(
                a.time,
                a.booked_at.map(|booked| a.time - booked),
                TimeDelta::hours(i64::from(a.call_before_hours.hours())),
                TimeDelta::hours(i64::from(settings.calls.minimum_notice_hours)),
            )
        })
}

/// The window of the call that the person asked for at a time they named: from then on for an hour at most, where it
/// begins within what is permitted.
fn callback_window(
    settings: &Settings,
    person: &Person,
    about: Option<AppointmentId>,
    report: &Report,
    now: DateTime<Utc>,
) -> Option<CallWindow> {
    let named = report.analysis.as_ref()?.new_time?;
    let end = calls_end(settings, person, about, now + LONGEST_CALLBACK);
    let due = named.max(now);
    let windows = permitted(settings, &person.contact);
    if named < now || end <= due || !windows.is_permitted(due) {
        return None;
    }
    let interval = windows.iter(due, end.min(due + CALLBACK_WITHIN)).next()?;
    Some(CallWindow {
        due,
        latest: interval.end,
    })
}

/// When the next try of a call that failed is due, under the settings of the moment.
fn retry_window(
    settings: &Settings,
    person: &Person,
    about: Option<AppointmentId>,
    cause: RetryCause,
    ended_at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Retry {
    let contact = &person.contact;
    let end = calls_end(
        settings,
        person,
        about,
        ended_at + RETRY_WITHOUT_APPOINTMENT,
    );
    planner::retry_due(
        cause,
        settings.calls.retries.delays,
        ended_at,
        now,
        end,
        permitted(settings, contact),
        contact
            .preferences
            .preferred_contact_time
            .unwrap_or_default(),
    )
}
