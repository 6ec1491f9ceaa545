//! What is heard of a placed call, and what follows once it is settled: one transaction for the session, the attempt,
//! the appointment, the contact, the retry and the log. Duplicate, late and reordered news change nothing the second
//! time.

mod follow;

use chrono::{DateTime, TimeDelta, Utc};
use vio_domain::appointment::{AppointmentStatus, OpenSession};
use vio_domain::calling::disconnect::{AccountTrouble, meaning};
use vio_domain::calling::gate::Gate;
use vio_domain::calling::pause::{PauseReason, PausedBy};
use vio_domain::calling::session::{
    Applied, CallEvent, CancelReason, Report, SessionState, TransitionError,
};
use vio_domain::ids::{AppointmentId, AttemptId, ContactId, SessionId};
use vio_domain::notices::{Change, Happening};
use vio_domain::outgoing::{EventType, News};

use crate::calling::rows::{FlightRow, NumberHistoryRow, NumberLockRow};
use crate::calling::sessions::{AttemptRow, SessionRow};
use crate::contacts::Person;
use crate::entity::Entity;
use crate::error::StoreError;
use crate::key;
use crate::log::{Actor, Entry};
use crate::port::{AttributeValue, Condition};
use crate::store::TenantStore;
use crate::tenants::TenantSettings;
use crate::tx::{COMMIT_TRIES, Tx};

/// News of a provider call that carries our ids.
#[derive(Debug, Clone)]
pub struct CallHeard {
    pub contact: ContactId,
    pub session: SessionId,
    pub attempt: AttemptId,
    pub provider_call_id: String,
    pub event: CallEvent,
}

/// What news came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    /// Nothing: a duplicate, late, or about nothing we know.
    Nothing,
    /// Something changed. `first_evidence`: it was the first proof that the provider has the call.
    Changed { first_evidence: bool, settled: bool },
}

impl TenantStore {
    /// Takes in news of a call. `also` adds to the transaction (a webhook's inbox record is marked as processed in
    /// it); it runs for each try, also when nothing else changes.
    pub async fn hear(
        &self,
        settings: &TenantSettings,
        heard: &CallHeard,
        actor: &Actor,
        also: impl Fn(&mut Tx) -> Result<(), StoreError>,
    ) -> Result<Heard, StoreError> {
        for _ in 0..COMMIT_TRIES * 2 {
            let mut tx = Tx::new();
            let outcome = self.stage_heard(&mut tx, settings, heard, actor).await?;
            also(&mut tx)?;
            match self.store.commit(tx).await {
                Err(error) if error.is_lost() => {}
                other => return other.map(|()| outcome),
            }
        }
        Err(StoreError::Lost {
            lost: vec![SessionRow::TYPE],
        })
    }

    async fn stage_heard(
        &self,
        tx: &mut Tx,
        settings: &TenantSettings,
        heard: &CallHeard,
        actor: &Actor,
    ) -> Result<Heard, StoreError> {
        let now = self.now();
        let attempt = self.attempt(heard.contact, heard.attempt).await?;
        let session = self.session(heard.contact, heard.session).await?;
        let (Some(mut attempt), Some(mut row)) = (attempt, session) else {
            return Ok(Heard::Nothing);
        };
        let before = matches!(row.session.state, SessionState::Planned).then(|| row.dial());
        let call = heard.provider_call_id.as_str();
        let session_news = row
            .session
            .hear(heard.attempt, call, heard.event.clone(), now);
        let attempt_news = attempt.attempt.placed(call, now);
        let (session_news, attempt_news) = match (session_news, attempt_news) {
            (Ok(session), Ok(attempt)) => (session, attempt),
            (Err(TransitionError::OtherCall), _) | (_, Err(_)) => {
                tracing::error!(session = %heard.session, attempt = %heard.attempt, "an attempt has two provider calls");
                return Ok(Heard::Nothing);
            }
            (Err(_), _) => return Ok(Heard::Nothing),
        };
        if session_news == Applied::No && attempt_news == Applied::No {
            return Ok(Heard::Nothing);
        }
        let settled = session_news == Applied::Settled;
        let over = settled
            || matches!(
                row.session.state,
                SessionState::Answered { ended: Some(_), .. }
            );
        if over {
            self.stage_unlock(tx, &attempt).await?;
        }
        let mut person = self.person(heard.contact).await?;
        if session_news != Applied::No {
            if let Some(person) = &mut person {
                let about = row.session.appointment;
                let in_progress = row.session.in_progress();
                let open = OpenSession {
                    id: row.session.id,
                    in_progress,
                };
                // A retry planned meanwhile keeps its place: the late call is only settled.
                if person
                    .open_session(about)
                    .is_none_or(|other| other.id == row.session.id)
                {
                    person.set_open_session(about, in_progress.then_some(open), None);
                }
            }
            if settled {
                let change = self
                    .stage_settled(tx, settings, &mut row, &mut attempt, person.as_mut(), actor)
                    .await?;
                if !change.is_empty() {
                    let mut gate = self.gate(settings).await?;
                    if let Some(reason) = change.apply(&mut gate.gate, now) {
                        self.tell(tx, Happening::CallingPaused { reason })?;
                    }
                    tx.save(&mut gate)?;
                }
            }
            self.stage_session(tx, &mut row, before.as_ref())?;
            self.stage_flight(tx, &row, &attempt);
        }
        let wrote = match &mut person {
            Some(person) => self.stage_person(tx, person)?,
            None => false,
        };
        tx.update(&mut attempt)?;
        let action = match (settled, session_news) {
            (true, _) => None,
            (false, Applied::No) => wrote.then_some("contact.brought_up_to_date"),
            (false, _) => Some("call.progressed"),
        };
        if let Some(action) = action {
            let entry = Entry::new(action, "session", row.session.id.uuid())
                .contact(heard.contact)
                .version(row.version);
            self.log(tx, actor, entry)?;
        }
        Ok(Heard::Changed {
            first_evidence: attempt_news != Applied::No,
            settled,
        })
    }

    /// When the attempt must be looked at again, or that it need not be.
    pub(crate) fn stage_flight(&self, tx: &mut Tx, row: &SessionRow, attempt: &AttemptRow) {
        match row.session.fetch_at() {
            Some(due) => {
                let flight = FlightRow {
                    tenant: self.id,
                    attempt: attempt.attempt.id,
                    session: row.session.id,
                    contact: row.session.contact,
                    phone: attempt.phone,
                    due,
                };
                // Encoding ids and instants cannot fail.
                let _ = tx.put_if(FlightRow::TYPE, &flight, 1, Condition::Always);
            }
            None => tx.delete_if(
                FlightRow::TYPE,
                key::flight(self.id, attempt.attempt.id),
                Condition::Always,
            ),
        }
    }

    /// Frees the number, if this attempt still holds it.
    pub(crate) async fn stage_unlock(
        &self,
        tx: &mut Tx,
        attempt: &AttemptRow,
    ) -> Result<(), StoreError> {
        let place = key::number_lock(self.id, &attempt.phone.to_string());
        let lock: Option<NumberLockRow> = self.store.read(&place).await?;
        if lock.is_some_and(|lock| lock.attempt == attempt.attempt.id) {
            let held = AttributeValue::S(attempt.attempt.id.to_string());
            tx.delete_if(
                NumberLockRow::TYPE,
                place,
                Condition::Equals("attempt", held),
            );
        }
        Ok(())
    }

    /// Takes an attempt that came to nothing out of its number's history.
    pub(crate) async fn stage_forget_attempt(
        &self,
        tx: &mut Tx,
        attempt: &AttemptRow,
    ) -> Result<(), StoreError> {
        let place = key::number_history(self.id, &attempt.phone.to_string());
        if let Some(mut history) = self.store.read::<NumberHistoryRow>(&place).await? {
            history.remove(attempt.attempt.id);
            tx.update(&mut history)?;
        }
        Ok(())
    }

    /// Everything that follows from a session that has just settled, except for the gate: what the caller must change
    /// there, in the same transaction, is returned.
    pub(crate) async fn stage_settled(
        &self,
        tx: &mut Tx,
        settings: &TenantSettings,
        row: &mut SessionRow,
        attempt: &mut AttemptRow,
        person: Option<&mut Person>,
        actor: &Actor,
    ) -> Result<GateChange, StoreError> {
        let now = self.now();
        let report = row.session.report().cloned();
        // Too many calls at once is not a fault: the gate rests, and the call is tried again.
        let crowded =
            |report: &Report| meaning(&report.ended.reason).account == AccountTrouble::BackOff;
        let technical = report
            .as_ref()
            .is_some_and(|report| report.technical && !crowded(report))
            || matches!(row.session.state, SessionState::Refused { .. });
        let too_many = match &row.session.state {
            SessionState::Unknown { .. } => false,
            _ => self.stage_result(tx, settings, technical).await?,
        };
        let mut change = GateChange {
            back_off: None,
            pause: too_many.then_some(PauseReason::TechnicalFailures),
        };
        let outcome = report.as_ref().map(|report| report.outcome);
        let mut became = None;
        let mut details = serde_json::Map::new();
        details.insert("status".into(), serde_json::json!(row.session.status(now)));
        if let Some(report) = &report {
            details.insert("outcome".into(), serde_json::json!(report.outcome));
            details.insert("reason".into(), serde_json::json!(report.ended.reason));
            let action = report.analysis.as_ref().map(|analysis| analysis.action);
            details.insert("action".into(), serde_json::json!(action));
        }
        let mut fields: Vec<&str> = Vec::new();
        let mut news = vec![News {
            event: EventType::CallFinished,
            id: row.session.id.uuid(),
            version: row.version + 1,
            status: Some(row.session.status(now).as_str().to_owned()),
        }];
        if let Some(person) = person {
            let about = row.session.appointment;
            let stands = |person: &Person| {
                let appointment = about.and_then(|id| person.appointment(id));
                appointment.map(|a| (a.status, a.time))
            };
            let before = stands(&*person);
            let followed = self
                .follow(tx, settings, row, attempt, person, actor)
                .await?;
            news.extend(appointment_news(person, row.session.appointment));
            fields = followed.fields;
            change.back_off = followed.back_off;
            change.pause = followed.pause.or(change.pause);
            became = stands(&*person)
                .filter(|after| Some(*after) != before)
                .and_then(|(status, _)| appointment_change(status));
            details.insert("before".into(), followed.before);
            details.insert("after".into(), followed.after);
        }
        // A call that was called off is nobody's news.
        if report.is_some() || matches!(row.session.state, SessionState::Refused { .. }) {
            let happening = Happening::CallSettled {
                contact: row.session.contact,
                session: row.session.id,
                outcome,
                change: became,
            };
            self.tell(tx, happening)?;
        }
        let entry = Entry::new("call.settled", "session", row.session.id.uuid())
            .contact(row.session.contact)
            .version(row.version + 1)
            .fields(fields)
            .details(serde_json::Value::Object(details))
            .news(news);
        self.log(tx, actor, entry)?;
        Ok(change)
    }

    /// Ends every planned call of a person.
    pub async fn stage_no_more_calls(
        &self,
        tx: &mut Tx,
        person: &mut Person,
        reason: CancelReason,
    ) -> Result<(), StoreError> {
        let planned: Vec<(Option<AppointmentId>, SessionId)> = person
            .open_sessions()
            .filter(|(_, open)| !open.in_progress)
            .map(|(about, open)| (about, open.id))
            .collect();
        for (about, session) in planned {
            if let Some(mut row) = self.session(person.contact.id, session).await? {
                self.stage_cancelled(tx, &mut row, reason)?;
            }
            person.set_open_session(about, None, None);
        }
        Ok(())
    }
}

/// What a settled call changes of the gate.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct GateChange {
    back_off: Option<TimeDelta>,
    pause: Option<PauseReason>,
}

impl GateChange {
    pub(crate) fn is_empty(self) -> bool {
        self == Self::default()
    }

    /// Why calling stopped, if it does with this.
    pub(crate) fn apply(self, gate: &mut Gate, now: DateTime<Utc>) -> Option<PauseReason> {
        if let Some(quiet) = self.back_off {
            gate.back_off(now + quiet);
        }
        self.pause
            .filter(|reason| gate.pause(now, *reason, PausedBy::System))
    }
}

/// What a settled call changed.
#[derive(Default)]
struct Followed {
    fields: Vec<&'static str>,
    before: serde_json::Value,
    after: serde_json::Value,
    back_off: Option<TimeDelta>,
    pause: Option<PauseReason>,
}

/// What a new status of an appointment is to those who are told of it.
pub(crate) fn appointment_change(status: AppointmentStatus) -> Option<Change> {
    match status {
        AppointmentStatus::Pending => None,
        AppointmentStatus::Confirmed => Some(Change::Confirmed),
        AppointmentStatus::Cancelled => Some(Change::Cancelled),
        AppointmentStatus::Rescheduled => Some(Change::Rescheduled),
    }
}

/// What a call that settled is told as of its appointment; None where it changed neither status nor time.
fn appointment_news(person: &Person, about: Option<AppointmentId>) -> Option<News> {
    let (before, after) = (
        person.appointment_before(about?)?,
        person.appointment(about?)?,
    );
    let changed = before.status != after.status || before.time != after.time;
    changed.then(|| News::of_appointment(Some(before), after))
}
