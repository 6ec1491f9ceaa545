//! Call Now: S0's checks asked of consistent reads, then one transaction that plans the call (or takes over the planned
//! one) and holds the gate at the version its allowance was counted at, so that two people cannot take the last slot.
//! A refusal leaves its decision record too.

mod cancel;
mod waiting;

use vio_domain::appointment::OpenSession;
use vio_domain::calling::call_now::{Refused, refusal};
use vio_domain::calling::gate::GateRefusal;
use vio_domain::calling::guards::{Decision, StatusFact, evaluate};
use vio_domain::calling::limits::CallLimits;
use vio_domain::calling::order::Band;
use vio_domain::calling::pause::Pause;
use vio_domain::calling::session::{Method, SessionState};
use vio_domain::contact::ContactMethod;
use vio_domain::ids::{AppointmentId, ContactId, SessionId};
use vio_domain::planner::CallWindow;

use crate::calling::grant::{Dialling, Intended};
use crate::calling::rows::{DncRow, GateRow};
use crate::calling::sessions::{DecisionRow, SessionRow, TakenOver};
use crate::contacts::Person;
use crate::entity::Entity;
use crate::error::StoreError;
use crate::key;
use crate::log::{Actor, Entry};
use crate::port::Condition;
use crate::store::TenantStore;
use crate::tenants::{TenantSettings, TenantStatus};
use crate::tx::{COMMIT_TRIES, Tx};

pub use cancel::CancelledNow;
pub use waiting::Waiting;

/// A call that somebody on the staff wants now.
#[derive(Debug, Clone, Copy)]
pub struct CallNow {
    pub contact: ContactId,
    /// What it is about; the contact's coming appointment where none is named.
    pub appointment: Option<AppointmentId>,
    /// Whether it may wait for a slot.
    pub queue: bool,
    /// Whether only to say what would happen.
    pub dry_run: bool,
    /// The id of the session, where one is made: the same for a repeat of the same request.
    pub session: SessionId,
}

/// What became of it.
#[derive(Debug)]
pub enum CalledNow {
    /// It is planned (or would be).
    Accepted(Box<Accepted>),
    /// A call to this person is placing or in flight.
    InProgress(SessionId),
    /// A check failed.
    Refused(Box<NotNow>),
    NoSuchContact,
    NoSuchAppointment,
}

#[derive(Debug)]
pub struct Accepted {
    /// The session; of a dry run as it would be.
    pub row: SessionRow,
    pub waiting: Option<Waiting>,
    pub status: StatusFact,
    pub preferred: ContactMethod,
    pub decisions: Vec<Decision>,
    /// Whether the pump must be woken.
    pub wake: bool,
}

#[derive(Debug)]
pub struct NotNow {
    pub refused: Refused,
    pub decisions: Vec<Decision>,
    pub paused: Option<Pause>,
    /// What the gate said.
    pub slots: Option<GateRefusal>,
    pub no_number: bool,
    pub inactive: bool,
    /// Settings that are missing, by name.
    pub missing: Vec<&'static str>,
}

impl TenantStore {
    /// Plans a call for now, or says which of S0's checks refuses it.
    pub async fn call_now(
        &self,
        settings: &TenantSettings,
        limits: &CallLimits,
        wanted: CallNow,
        actor: &Actor,
    ) -> Result<CalledNow, StoreError> {
        let mut settings = std::borrow::Cow::Borrowed(settings);
        for _ in 0..COMMIT_TRIES * 2 {
            match self.try_call_now(&settings, limits, wanted, actor).await {
                Err(error) if error.is_lost() => {
                    settings = std::borrow::Cow::Owned(self.settings().await?);
                }
                other => return other,
            }
        }
        Err(StoreError::Lost {
            lost: vec![GateRow::TYPE],
        })
    }

    async fn try_call_now(
        &self,
        settings: &TenantSettings,
        limits: &CallLimits,
        wanted: CallNow,
        actor: &Actor,
    ) -> Result<CalledNow, StoreError> {
        let now = self.now();
        let Some(mut person) = self.person(wanted.contact).await? else {
            return Ok(CalledNow::NoSuchContact);
        };
        if person.contact.deleted.is_some() {
            return Ok(CalledNow::NoSuchContact);
        }
        let mut gate = self.gate(settings).await?;
        if let Some(row) = self.session(wanted.contact, wanted.session).await? {
            // This very request went through before, and its answer was lost.
            return self.known(settings, limits, &gate, &person, row).await;
        }
        let about = match wanted.appointment {
            Some(id) if person.appointment(id).is_none() => {
                return Ok(CalledNow::NoSuchAppointment);
            }
            Some(id) => Some(id),
            None => person
                .current(now)
                .filter(|appointment| now < appointment.time)
                .map(|appointment| appointment.id),
        };
        let in_progress = person.open_sessions().find(|(_, open)| open.in_progress);
        if let Some((_, open)) = in_progress {
            return Ok(CalledNow::InProgress(open.id));
        }
        let open = match person.open_session(about) {
            Some(open) => self.session(wanted.contact, open.id).await?,
            None => None,
        };
        let planned = open.filter(|row| row.session.state == SessionState::Planned);
        if let Some(row) = &planned
            && row.session.method == Method::ManualCallNow
        {
            return self
                .known(settings, limits, &gate, &person, row.clone())
                .await;
        }

        let active = self
            .store
            .tenant_row(self.id)
            .await?
            .is_some_and(|row| row.status == TenantStatus::Active);
        let facts = {
            let intended = Intended {
                method: Method::ManualCallNow,
                appointment: about.and_then(|id| person.appointment(id)),
                latest: None,
                tries_before: planned.as_ref().map_or(0, |row| row.tries_before),
            };
            let dialling = Dialling {
                settings,
                limits,
                fingerprint: "",
                tenant_active: active,
            };
            self.facts(dialling, &gate, &intended, &person).await?
        };
        let mut input = facts.input;
        let ahead = self.waiting_call_nows().await?;
        // Two calls to one number are never in flight together: it waits for one that goes first.
        let number = self.reach(&person.contact).number;
        let gives_way = number.is_some() && ahead.iter().any(|row| row.reach.number == number);
        let ahead = u32::try_from(ahead.len()).unwrap_or(u32::MAX);
        input.gate = gate.gate.check_after(now, ahead, limits);
        let (_, decisions) = evaluate(&input, now);
        if let Some(refused) = refusal(&decisions, wanted.queue) {
            let not_now = NotNow {
                refused,
                paused: input.paused,
                slots: input.gate.err(),
                no_number: person.contact.phone.is_none(),
                inactive: !person.contact.is_active,
                missing: missing(settings),
                decisions,
            };
            if !wanted.dry_run {
                let about = planned
                    .as_ref()
                    .map_or(wanted.session, |row| row.session.id);
                self.record_refused(&person, about, &not_now, actor).await?;
            }
            return Ok(CalledNow::Refused(Box::new(not_now)));
        }
        let (mut row, before) = match planned {
            Some(row) => {
                let before = row.dial();
                (row, Some(before))
            }
            None => {
                let window = CallWindow {
                    due: now,
                    latest: now,
                };
                let appointment = about.and_then(|id| person.appointment(id));
                let mut row = self.new_session(&person, appointment, Method::ManualCallNow, window);
                row.session.id = wanted.session;
                row.session.latest = None;
                (row, None)
            }
        };
        if before.is_some() {
            row.took_over = Some(TakenOver {
                method: row.session.method,
                band: row.band,
                due: row.session.due,
                latest: row.session.latest,
            });
            // A campaign goes on counting the call as its own.
            let campaign = row.session.campaign;
            if row
                .session
                .take_over(Method::ManualCallNow, campaign, now)
                .is_err()
            {
                return Err(StoreError::Lost {
                    lost: vec![SessionRow::TYPE],
                });
            }
        }
        row.band = Band::CallNow;
        row.priority = person.contact.priority;
        let waiting = match input.gate {
            Ok(()) if !gives_way => None,
            _ => Some(Waiting {
                position: ahead.saturating_add(1),
                estimated_at: self
                    .estimate(settings, limits, &gate, &person, &row.dial())
                    .await?,
            }),
        };
        let mut accepted = Accepted {
            row,
            waiting,
            status: input.status,
            preferred: person.contact.preferred_contact_method,
            decisions,
            wake: true,
        };
        if wanted.dry_run {
            accepted.wake = false;
            return Ok(CalledNow::Accepted(Box::new(accepted)));
        }

        if input.gate.is_ok() {
            // Were the message lost, the tick would wake the pump: it leaves a tenant alone only until `next_pump_at`.
            gate.gate.arm(now, now);
        }
        let mut tx = Tx::new();
        tx.save(&mut gate)?;
        match &before {
            Some(before) => self.stage_session(&mut tx, &mut accepted.row, Some(before))?,
            None => self.stage_planned(&mut tx, &mut accepted.row)?,
        }
        if let Some(phone) = &person.contact.phone {
            let place = key::do_not_call(self.id, &self.phone_hash(phone).to_string());
            tx.check(DncRow::TYPE, place, Condition::Absent);
        }
        tx.check(
            "settings",
            key::settings(self.id),
            Condition::VersionIs(settings.version),
        );
        let decisions = accepted.decisions.clone();
        self.stage_decision(&mut tx, &accepted.row, None, "accept", decisions)?;
        let session = accepted.row.session.id;
        let open = OpenSession {
            id: session,
            in_progress: false,
        };
        person.set_open_session(about, Some(open), Some(now));
        self.stage_person(&mut tx, &mut person)?;
        let entry = Entry::new("call_now.accepted", "session", session.uuid())
            .contact(wanted.contact)
            .version(accepted.row.version)
            .details(serde_json::json!({
                "queue": wanted.queue,
                "took_over": accepted.row.took_over.map(|before| before.method),
            }));
        self.log(&mut tx, actor, entry)?;
        self.store.commit(tx).await?;
        Ok(CalledNow::Accepted(Box::new(accepted)))
    }

    /// The answer to a request whose session is there already.
    async fn known(
        &self,
        settings: &TenantSettings,
        limits: &CallLimits,
        gate: &GateRow,
        person: &Person,
        row: SessionRow,
    ) -> Result<CalledNow, StoreError> {
        let now = self.now();
        let waiting = self.waiting(settings, limits, gate, person, &row).await?;
        let appointment = row
            .session
            .appointment
            .and_then(|id| person.appointment(id));
        let decisions = self
            .decisions(person.contact.id, row.session.id)
            .await?
            .into_iter()
            .next()
            .map(|record| record.decisions)
            .unwrap_or_default();
        Ok(CalledNow::Accepted(Box::new(Accepted {
            waiting,
            status: StatusFact::of(appointment, now),
            preferred: person.contact.preferred_contact_method,
            decisions,
            wake: row.session.state == SessionState::Planned,
            row,
        })))
    }

    /// Writes down why nobody was rung. `session`: what was asked for, or would have been taken over.
    async fn record_refused(
        &self,
        person: &Person,
        session: SessionId,
        not_now: &NotNow,
        actor: &Actor,
    ) -> Result<(), StoreError> {
        let contact = person.contact.id;
        let record = DecisionRow {
            tenant: self.id,
            contact,
            session,
            attempt: None,
            at: self.now(),
            verdict: "refuse".to_owned(),
            decisions: not_now.decisions.clone(),
        };
        let mut tx = Tx::new();
        tx.put_if(DecisionRow::TYPE, &record, 1, Condition::Always)?;
        let entry = Entry::new("call_now.refused", "session", session.uuid())
            .contact(contact)
            .details(serde_json::json!({
                "guard": not_now.refused.guard,
                "until": not_now.refused.until,
                "decision": not_now.decisions,
            }));
        self.log(&mut tx, actor, entry)?;
        self.store.commit(tx).await
    }
}

/// What calling needs and the tenant's settings lack.
fn missing(settings: &TenantSettings) -> Vec<&'static str> {
    let retell = &settings.settings.integrations.retell;
    let calcom = &settings.settings.integrations.calcom;
    let calendly = &settings.settings.integrations.calendly;
    let has_key = settings.secrets.retell_key.current.is_some();
    [
        (retell.agent_id.is_none(), "retell.agent_id"),
        (retell.from_number.is_none(), "retell.from_number"),
        (!has_key, "retell.api_key"),
        (calcom.enabled && !calcom.has_key, "calcom.api_key"),
        (calendly.enabled && !calendly.has_key, "calendly.api_key"),
    ]
    .into_iter()
    .filter_map(|(lacks, name)| lacks.then_some(name))
    .collect()
}
