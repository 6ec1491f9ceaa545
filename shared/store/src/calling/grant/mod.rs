//! The grant: every guard asked of consistent reads, then one transaction per call that holds all it was decided on
//! (architecture.md "The dial pump"). What another write changed meanwhile fails this session only.

mod commit;
mod due;
mod facts;

use chrono::{DateTime, Utc};
use vio_domain::appointment::OpenSession;
use vio_domain::calling::guards::{Decision, Guard, SettleReason, Verdict, evaluate};
use vio_domain::calling::limits::CallLimits;
use vio_domain::calling::session::{CancelReason, Method, SessionState};
use vio_domain::campaigns::State;
use vio_domain::contact::AttentionReason;
use vio_domain::ids::AttemptId;
use vio_domain::settings::Settings;

use crate::calling::rows::{DialRow, GateRow};
use crate::calling::sessions::{AttemptRow, SessionRow};
use crate::campaigns::CampaignRow;
use crate::contacts::Person;
use crate::entity::Entity;
use crate::error::StoreError;
use crate::log::{Actor, Entry};
use crate::port::Condition;
use crate::store::TenantStore;
use crate::tenants::TenantSettings;
use crate::tx::Tx;

pub(crate) use facts::Intended;

/// What a tenant's pump works with during one run.
#[derive(Debug, Clone, Copy)]
pub struct Dialling<'a> {
    pub settings: &'a TenantSettings,
    pub limits: &'a CallLimits,
    /// Keyed hash of the credential and base URL that calls are placed with.
    pub fingerprint: &'a str,
    pub tenant_active: bool,
}

/// A granted call: what is to be sent, and the records as committed.
pub struct Granted {
    pub session: SessionRow,
    pub attempt: AttemptRow,
    pub body: Vec<u8>,
}

/// What came of looking at a queue item.
pub enum Granting {
    /// A slot was taken; send it.
    Granted(Box<Granted>),
    /// The session moved to a later instant or ended without a call.
    Moved,
    /// The queue item stood for nothing any more, and is gone.
    Gone,
    /// Nothing of this tenant can be called until then, or until a person acts.
    Held {
        until: Option<DateTime<Utc>>,
        guard: Guard,
    },
    /// Something changed meanwhile: read the gate and the queue again.
    Lost,
}

/// Whether a call is one of a campaign.
enum Ours {
    /// It is not.
    Not,
    /// It is, and the campaign calls.
    Calls(Box<CampaignRow>),
    /// It was, and is dealt with.
    Moved(Granting),
}

/// A lost race is an outcome here, not an error.
fn lost_or(done: Result<(), StoreError>, granting: Granting) -> Result<Granting, StoreError> {
    match done {
        Ok(()) => Ok(granting),
        Err(error) if error.is_lost() => Ok(Granting::Lost),
        Err(error) => Err(error),
    }
}

impl TenantStore {
    /// Looks at one queue item and grants it a slot, or moves or ends its session. `body` makes the exact request.
    pub async fn grant<F>(
        &self,
        dialling: Dialling<'_>,
        gate: &mut GateRow,
        item: &DialRow,
        body: F,
    ) -> Result<Granting, StoreError>
    where
        F: FnOnce(&Person, &SessionRow, AttemptId) -> Result<Vec<u8>, StoreError>,
    {
        let now = self.now();
        let Some((mut row, mut person)) = self.stands(item).await? else {
            let mut tx = Tx::new();
            tx.delete_if(DialRow::TYPE, item.key(), Condition::Always);
            self.store.commit(tx).await?;
            return Ok(Granting::Gone);
        };
        let mut campaign = match self.campaign_of(dialling, &mut row, &mut person).await? {
            Ours::Not => None,
            Ours::Calls(campaign) => Some(*campaign),
            Ours::Moved(granting) => return Ok(granting),
        };
        let facts = self.facts_of(dialling, gate, &row, &person).await?;
        let (verdict, mut decisions) = evaluate(&facts.input, now);
        decisions.extend(campaign.as_ref().map(|campaign| Decision {
            guard: Guard::Campaign,
            passed: true,
            saw: campaign.campaign.state.name().to_owned(),
            until: None,
            for_good: false,
        }));
        match verdict {
            Verdict::Hold { until, guard } => Ok(Granting::Held { until, guard }),
            Verdict::Redate { until, guard } => {
                self.move_session(&mut row, &mut person, until, guard, decisions)
                    .await
            }
            Verdict::SettleWith { reason } => {
                if let Some(campaign) = &mut campaign {
                    let settings = &dialling.settings.settings;
                    let passed_over = self.pass_over(
                        settings,
                        dialling.limits,
                        campaign,
                        &mut row,
                        &mut person,
                        reason,
                        decisions,
                    );
                    return lost_or(passed_over.await, Granting::Moved);
                }
                let settings = &dialling.settings.settings;
                self.end_session(settings, &mut row, &mut person, reason, decisions)
                    .await
            }
            Verdict::Place => {
                let attempt = AttemptId::new(self.new_id());
                if let Err(refusal) = gate.gate.grant(now, attempt, dialling.limits) {
                    return Ok(Granting::Held {
                        until: refusal.until(),
                        guard: Guard::Slots,
                    });
                }
                let bytes = body(&person, &row, attempt)?;
                let granted = self
                    .place(
                        dialling, gate, row, person, campaign, facts, attempt, bytes, decisions,
                    )
                    .await?;
                Ok(granted)
            }
        }
    }

    /// Ends a session whose window is over, while nothing can be granted. Anything else is left to the pump.
    pub async fn settle_missed(
        &self,
        dialling: Dialling<'_>,
        gate: &GateRow,
        item: &DialRow,
    ) -> Result<(), StoreError> {
        let Some((mut row, mut person)) = self.stands(item).await? else {
            return Ok(());
        };
        let facts = self.facts_of(dialling, gate, &row, &person).await?;
        if let (Verdict::SettleWith { reason }, decisions) = evaluate(&facts.input, self.now()) {
            let settings = &dialling.settings.settings;
            self.end_session(settings, &mut row, &mut person, reason, decisions)
                .await?;
        }
        Ok(())
    }

    /// The session that a queue item stands for, with its person; None where it stands for nothing any more.
    async fn stands(&self, item: &DialRow) -> Result<Option<(SessionRow, Person)>, StoreError> {
        let (row, person) = tokio::try_join!(
            self.session(item.contact, item.session),
            self.person(item.contact),
        )?;
        let row = row.filter(|row| {
            row.session.state == SessionState::Planned && row.dial().key() == item.key()
        });
        Ok(row.zip(person))
    }

    /// Whether a call is one of a campaign, and what becomes of it where the campaign does not call: it goes back.
    async fn campaign_of(
        &self,
        dialling: Dialling<'_>,
        row: &mut SessionRow,
        person: &mut Person,
    ) -> Result<Ours, StoreError> {
        let place = row
            .in_campaign
            .filter(|_| row.session.method == Method::Campaign);
        let Some(place) = place else {
            return Ok(Ours::Not);
        };
        let Some(campaign) = self.campaign(place.campaign).await? else {
            return Err(StoreError::Invalid("a call of no campaign".into()));
        };
        if campaign.campaign.state != State::Executing {
            let settings = &dialling.settings.settings;
            let taken_back = self.take_back(settings, &campaign, row, person).await;
            return lost_or(taken_back, Granting::Moved).map(Ours::Moved);
        }
        // One that comes back to the queue after a refusal keeps the campaign's pace like the others.
        let turn = campaign.campaign.turn_at.filter(|turn| self.now() < *turn);
        if let Some(turn) = turn
            && campaign.campaign.outstanding != Some(place.position)
        {
            let decision = Decision {
                guard: Guard::Campaign,
                passed: false,
                saw: "not its turn".to_owned(),
                until: Some(turn),
                for_good: false,
            };
            return self
                .move_session(row, person, turn, Guard::Campaign, vec![decision])
                .await
                .map(Ours::Moved);
        }
        Ok(Ours::Calls(Box::new(campaign)))
    }

    async fn move_session(
        &self,
        row: &mut SessionRow,
        person: &mut Person,
        until: DateTime<Utc>,
        guard: Guard,
        decisions: Vec<Decision>,
    ) -> Result<Granting, StoreError> {
        let before = row.dial();
        row.session.redate(until);
        row.reach = self.reach(&person.contact);
        let mut tx = Tx::new();
        self.stage_session(&mut tx, row, Some(&before))?;
        // A recheck of a number in flight is not news to anybody.
        if guard != Guard::InFlight {
            self.stage_decision(&mut tx, row, None, "redate", decisions)?;
        }
        let open = OpenSession {
            id: row.session.id,
            in_progress: false,
        };
        person.set_open_session(row.session.appointment, Some(open), Some(row.session.due));
        self.stage_person(&mut tx, person)?;
        let entry = Entry::new("call.put_off", "session", row.session.id.uuid())
            .contact(person.contact.id)
            .version(row.version)
            .fields(["next_call_at"]);
        self.log(&mut tx, &Actor::system("campaign-worker"), entry)?;
        self.commit_grant(tx)
            .await
            .map(|lost| lost.unwrap_or(Granting::Moved))
    }

    async fn end_session(
        &self,
        settings: &Settings,
        row: &mut SessionRow,
        person: &mut Person,
        reason: SettleReason,
        decisions: Vec<Decision>,
    ) -> Result<Granting, StoreError> {
        let mut tx = Tx::new();
        if let Some(place) = &mut row.in_campaign {
            place.ended_by = Some(reason.into());
        }
        self.stage_cancelled(&mut tx, row, CancelReason::Guard)?;
        self.stage_decision(&mut tx, row, None, "settle", decisions)?;
        person.set_open_session(row.session.appointment, None, None);
        if let Some(attention) = reason.attention() {
            let (appointment, session) = (row.session.appointment, Some(row.session.id));
            // A reminder that could not be placed in time still reaches whoever opted in to messages (S0-70).
            let by_message = reason == SettleReason::WindowMissed
                && self
                    .stage_fallback(&mut tx, settings, person, appointment)
                    .await?;
            if !by_message {
                let attention = AttentionReason::from(attention);
                self.flag(
                    &mut tx,
                    &mut person.contact,
                    attention,
                    appointment,
                    session,
                )?;
                if reason == SettleReason::WindowMissed {
                    // Nobody will be rung, and somebody has to see to it.
                    self.tell_attention(&mut tx, person.contact.id, attention)?;
                }
            }
        }
        self.stage_person(&mut tx, person)?;
        let entry = Entry::new("call.not_placed", "session", row.session.id.uuid())
            .contact(person.contact.id)
            .version(row.version)
            .details(serde_json::json!({ "reason": reason }));
        self.log(&mut tx, &Actor::system("campaign-worker"), entry)?;
        self.commit_grant(tx)
            .await
            .map(|lost| lost.unwrap_or(Granting::Moved))
    }

    /// Commits; a lost race is an outcome here, not an error.
    async fn commit_grant(&self, tx: Tx) -> Result<Option<Granting>, StoreError> {
        match self.store.commit(tx).await {
            Ok(()) => Ok(None),
            Err(error) if error.is_lost() => Ok(Some(Granting::Lost)),
            Err(error) => Err(error),
        }
    }
}
