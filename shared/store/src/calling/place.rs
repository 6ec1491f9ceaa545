//! What a send came to: repeats counted before they go out, refusals recorded with the slot they give back, attempts
//! of unknown fate reconciled (rules.md "Placing a call, exactly once").

use chrono::{DateTime, Utc};
use vio_domain::appointment::OpenSession;
use vio_domain::calling::attempt::{AttemptState, Reconciled};
use vio_domain::calling::limits::CallLimits;
use vio_domain::calling::pause::{PauseReason, PausedBy};
use vio_domain::calling::refusal::{AfterRefusal, Answer, Meaning};
use vio_domain::calling::session::{Applied, CancelReason, SessionState};
use vio_domain::ids::AttemptId;
use vio_domain::notices::Happening;

use crate::calling::rows::FlightRow;
use crate::calling::sessions::{AttemptRow, SessionRow};
use crate::entity::Entity;
use crate::error::StoreError;
use crate::key;
use crate::log::{Actor, Entry};
use crate::port::Condition;
use crate::store::TenantStore;
use crate::tenants::TenantSettings;
use crate::tx::{COMMIT_TRIES, Tx};

/// Whether an attempt without a call counts as a technical failure towards the automatic pause: a refusal that is not
/// about the account or its pace. A request that never arrived does not: more often than the provider it was we who
/// were away, and our own outage must not stop anybody's calls until a person resumes them.
fn is_technical(attempt: &AttemptRow) -> bool {
    match attempt.attempt.state {
        AttemptState::Refused { code, .. } => {
            Meaning::of(Answer::Status(code), None).is_technical()
        }
        _ => false,
    }
}

/// Whether a reminder that the provider did not take comes to the last hour of its window before it may be tried
/// again: then a message goes out in its place, as in a pause (S0 `voice_service_outage`). At the window's end it may
/// be too late for that, because an SMS keeps the hours of calls. With too many calls at once it is only a minute.
fn is_out_of_time(row: &SessionRow, attempt: &AttemptRow, now: DateTime<Utc>) -> bool {
    let failed =
        is_technical(attempt) || matches!(attempt.attempt.state, AttemptState::NotPlaced { .. });
    let planned = row.session.state == SessionState::Planned;
    failed && planned && row.dial().item().is_closing(now.max(row.session.due))
}

/// What a recorded refusal came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// The attempt is closed; its session was planned anew or given up.
    Closed,
    /// Another send of it may still have made a call: it stays `placing`.
    StillOpen,
    /// It was settled meanwhile, by a webhook for instance.
    Overtaken,
}

impl TenantStore {
    /// Counts a repeat before it goes out, by a conditional write. The attempt as written, or None if it is no
    /// longer `placing`: then nothing may be sent.
    pub async fn count_send(&self, attempt: &AttemptRow) -> Result<Option<AttemptRow>, StoreError> {
        let Some(mut row) = self.attempt(attempt.contact, attempt.attempt.id).await? else {
            return Ok(None);
        };
        if row.attempt.count_send() == Applied::No {
            return Ok(None);
        }
        let mut tx = Tx::new();
        tx.update(&mut row)?;
        let won = self.store.try_commit(tx).await?;
        Ok(won.then_some(row))
    }

    /// Records a definite refusal. If with it every counted send was refused, the attempt is closed in the same
    /// transaction that gives its slot back (or keeps it, for a 429), frees the number, and returns the session to
    /// planned or gives it up.
    pub async fn record_refusal(
        &self,
        settings: &TenantSettings,
        limits: &CallLimits,
        attempt: &AttemptRow,
        status: u16,
        meaning: Meaning,
    ) -> Result<Refused, StoreError> {
        let now = self.now();
        let actor = Actor::system("campaign-worker");
        for _ in 0..COMMIT_TRIES * 2 {
            let Some(mut attempt) = self.attempt(attempt.contact, attempt.attempt.id).await? else {
                return Ok(Refused::Overtaken);
            };
            let closed = match attempt.attempt.refuse(status, now) {
                Applied::No => return Ok(Refused::Overtaken),
                Applied::Yes => false,
                Applied::Settled => true,
            };
            let mut tx = Tx::new();
            tx.update(&mut attempt)?;
            if closed {
                let id = attempt.attempt.id;
                let mut gate = self.gate(settings).await?;
                match meaning {
                    Meaning::BackOff(quiet) => gate.gate.keep(id, now, now + quiet, limits),
                    _ => {
                        gate.gate.refuse(id);
                    }
                }
                if let Meaning::PauseTenant(reason) = meaning
                    && gate.gate.pause(now, reason, PausedBy::System)
                {
                    self.tell(&mut tx, Happening::CallingPaused { reason })?;
                }
                let again = |refusals| meaning.session_after(refusals, now);
                if !self
                    .stage_closed(
                        &mut tx,
                        settings,
                        &mut attempt,
                        Some(again),
                        &mut gate,
                        &actor,
                    )
                    .await?
                {
                    return Ok(Refused::Overtaken);
                }
                tx.save(&mut gate)?;
                let entry = Entry::new("call.refused", "session", attempt.attempt.session.uuid())
                    .contact(attempt.contact)
                    .details(serde_json::json!({ "status": status }));
                self.log(&mut tx, &actor, entry)?;
            }
            match self.store.commit(tx).await {
                Err(error) if error.is_lost() => {}
                Err(error) => return Err(error),
                Ok(()) => {
                    return Ok(if closed {
                        Refused::Closed
                    } else {
                        Refused::StillOpen
                    });
                }
            }
        }
        Err(StoreError::Lost {
            lost: vec![AttemptRow::TYPE],
        })
    }

    /// Writes down what reconciliation decided, except for a found call, which is heard of like any other.
    pub async fn record_reconciled(
        &self,
        settings: &TenantSettings,
        flight: &FlightRow,
        reconciled: &Reconciled,
    ) -> Result<(), StoreError> {
        let now = self.now();
        let actor = Actor::system("reconcile");
        for _ in 0..COMMIT_TRIES * 2 {
            let mut tx = Tx::new();
            let attempt = self.attempt(flight.contact, flight.attempt).await?;
            match (attempt, reconciled) {
                (Some(_), Reconciled::Later(at)) => {
                    let later = FlightRow {
                        due: *at,
                        ..flight.clone()
                    };
                    tx.put_if(FlightRow::TYPE, &later, 1, Condition::Present)?;
                }
                (Some(mut attempt), Reconciled::NotPlaced | Reconciled::Unknown(_)) => {
                    if attempt.attempt.conclude(reconciled, now) == Applied::No {
                        tx.delete_if(FlightRow::TYPE, flight.key(), Condition::Always);
                    } else {
                        let mut gate = self.gate(settings).await?;
                        let again = matches!(reconciled, Reconciled::NotPlaced)
                            .then_some(|_| Some(AfterRefusal::Planned { not_before: now }));
                        let read = gate.gate.clone();
                        if !self
                            .stage_closed(&mut tx, settings, &mut attempt, again, &mut gate, &actor)
                            .await?
                        {
                            tx.delete_if(FlightRow::TYPE, flight.key(), Condition::Always);
                        }
                        tx.update(&mut attempt)?;
                        let session = attempt.attempt.session.uuid();
                        let entry = Entry::new("call.reconciled", "session", session)
                            .contact(attempt.contact);
                        self.log(&mut tx, &actor, entry)?;
                        if gate.gate != read {
                            tx.save(&mut gate)?;
                        }
                    }
                }
                _ => tx.delete_if(FlightRow::TYPE, flight.key(), Condition::Always),
            }
            match self.store.commit(tx).await {
                Err(error) if error.is_lost() => {}
                other => return other,
            }
        }
        Err(StoreError::Lost {
            lost: vec![FlightRow::TYPE],
        })
    }

    /// Stages the end of an attempt without a call: the number is free, the number's history forgets it, the session
    /// goes back to planned (`again` says when), ends because a message goes out in its place, is given up, or stays
    /// unknown. False if the session is no longer placing this attempt.
    async fn stage_closed<F>(
        &self,
        tx: &mut Tx,
        settings: &TenantSettings,
        attempt: &mut AttemptRow,
        again: Option<F>,
        gate: &mut crate::calling::rows::GateRow,
        actor: &Actor,
    ) -> Result<bool, StoreError>
    where
        F: FnOnce(u32) -> Option<AfterRefusal>,
    {
        let now = self.now();
        let id = attempt.attempt.id;
        let Some(mut row) = self
            .session(attempt.contact, attempt.attempt.session)
            .await?
        else {
            return Ok(false);
        };
        let mut person = self.person(attempt.contact).await?;
        let unknown = again.is_none();
        let refusals = row.session.refusals + 1;
        let applied = match again.map(|again| again(refusals)) {
            Some(Some(AfterRefusal::Planned { not_before })) => {
                let refused = matches!(attempt.attempt.state, AttemptState::Refused { .. });
                row.session.back_to_planned(id, refused, not_before)
            }
            Some(Some(AfterRefusal::GiveUp)) => row.session.give_up(id, now),
            Some(None) => Applied::No,
            None => match &attempt.attempt.state {
                AttemptState::Unknown { cause, .. } => row.session.unknown(id, *cause, now),
                _ => Applied::No,
            },
        };
        if applied == Applied::No {
            return Ok(false);
        }
        if !unknown {
            self.stage_unlock(tx, attempt).await?;
            self.stage_forget_attempt(tx, attempt).await?;
        }
        let by_message = match &mut person {
            Some(person) if is_out_of_time(&row, attempt, now) => {
                let about = row.session.appointment;
                self.stage_fallback(tx, &settings.settings, person, about)
                    .await?
            }
            _ => false,
        };
        if let Some(person) = &mut person {
            let planned = row.session.state == SessionState::Planned && !by_message;
            if planned {
                row.reach = self.reach(&person.contact);
            }
            let open = OpenSession {
                id: row.session.id,
                in_progress: false,
            };
            person.set_open_session(
                row.session.appointment,
                planned.then_some(open),
                planned.then_some(row.session.due),
            );
        }
        if applied == Applied::Settled {
            let change = self
                .stage_settled(tx, settings, &mut row, attempt, person.as_mut(), actor)
                .await?;
            if let Some(reason) = change.apply(&mut gate.gate, now) {
                self.tell(tx, Happening::CallingPaused { reason })?;
            }
        } else if is_technical(attempt) && self.stage_result(tx, settings, true).await? {
            let reason = PauseReason::TechnicalFailures;
            if gate.gate.pause(now, reason, PausedBy::System) {
                self.tell(tx, Happening::CallingPaused { reason })?;
            }
        }
        if by_message {
            self.stage_cancelled(tx, &mut row, CancelReason::Replanned)?;
        } else {
            self.stage_session(tx, &mut row, None)?;
        }
        tx.delete_if(FlightRow::TYPE, key::flight(self.id, id), Condition::Always);
        if let Some(person) = &mut person {
            self.stage_person(tx, person)?;
        }
        Ok(true)
    }

    /// The provider answered these attempts at these instants: their slots live from there. One write for a whole
    /// round of placements.
    pub async fn record_arrivals(
        &self,
        settings: &TenantSettings,
        limits: &CallLimits,
        arrivals: &[(AttemptId, DateTime<Utc>)],
    ) -> Result<(), StoreError> {
        if arrivals.is_empty() {
            return Ok(());
        }
        self.change_gate(settings, None, |gate| {
            arrivals.iter().fold(false, |changed, (attempt, at)| {
                gate.arrived(*attempt, *at, limits) || changed
            })
        })
        .await
        .map(|_| ())
    }
}
