//! The grant: every guard asked of consistent reads, then one transaction per call that holds all it was decided on
//! (architecture.md "The dial pump"). What another write changed meanwhile fails this session only.

use chrono::{DateTime, Utc};
use vio_crypto::LookupHash;
use vio_domain::appointment::{Appointment, OpenSession};
use vio_domain::calling::attempt::Attempt;
use vio_domain::calling::guards::{
    Decision, Guard, GuardInput, HoursFact, LastAttempt, NumberFact, SettleReason, StatusFact,
    Verdict, evaluate,
};
use vio_domain::calling::limits::CallLimits;
use vio_domain::calling::session::{CancelReason, Method, NUMBER_LOCK, Outcome, SessionState};
use vio_domain::campaigns::State;
use vio_domain::contact::AttentionReason;
use vio_domain::ids::{AttemptId, ContactId};
use vio_domain::notices::{Happening, Limit};
use vio_domain::settings::{HipaaLevel, Settings};

use crate::calling::plan::{consent, permitted};
use crate::calling::rows::{DialRow, DncRow, FlightRow, GateRow, NumberHistoryRow, NumberLockRow};
use crate::calling::sessions::{AttemptRow, SessionRow};
use crate::campaigns::CampaignRow;
use crate::contacts::Person;
use crate::entity::Entity;
use crate::error::StoreError;
use crate::key;
use crate::log::{Actor, Entry};
use crate::port::Condition;
use crate::store::TenantStore;
use crate::tenants::TenantSettings;
use crate::tx::Tx;

/// How many of a contact's latest sessions are looked at for the gap since the last attempt.
const SESSIONS_LOOKED_AT: u32 = 10;

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

/// All that the guards look at, with the versions it was read at.
pub(crate) struct Facts {
    pub(crate) input: GuardInput,
    history: Option<NumberHistoryRow>,
}

/// The call that the guards are asked about.
pub(crate) struct Intended<'a> {
    pub(crate) method: Method,
    pub(crate) appointment: Option<&'a Appointment>,
    pub(crate) latest: Option<DateTime<Utc>>,
    /// Attempts before it in its own row, of a call without an appointment.
    pub(crate) tries_before: u32,
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

    async fn facts_of(
        &self,
        dialling: Dialling<'_>,
        gate: &GateRow,
        row: &SessionRow,
        person: &Person,
    ) -> Result<Facts, StoreError> {
        let intended = Intended {
            method: row.session.method,
            appointment: row
                .session
                .appointment
                .and_then(|id| person.appointment(id)),
            latest: row.session.latest,
            tries_before: row.tries_before,
        };
        self.facts(dialling, gate, &intended, person).await
    }

    /// The facts behind the guards, from consistent reads.
    pub(crate) async fn facts(
        &self,
        dialling: Dialling<'_>,
        gate: &GateRow,
        intended: &Intended<'_>,
        person: &Person,
    ) -> Result<Facts, StoreError> {
        let now = self.now();
        let settings = &dialling.settings.settings;
        let contact = &person.contact;
        let appointment = intended.appointment;
        let hash = contact.phone.as_ref().map(|phone| self.phone_hash(phone));
        let (listed, (lock, history), last_attempt) = tokio::try_join!(
            async {
                match hash {
                    Some(hash) => Ok(self.do_not_call(hash).await?.is_some()),
                    None => Ok(false),
                }
            },
            self.number_in_use(hash),
            self.last_attempt(contact.id),
        )?;
        let windows = permitted(settings, contact);
        let hours = if windows.is_permitted(now) {
            HoursFact::Permitted
        } else {
            windows
                .next_permitted(now)
                .map_or(HoursFact::Never, HoursFact::From)
        };
        let (consent_required, consent_given) = consent(settings, contact);
        let locked_until = lock.and_then(|lock| DateTime::from_timestamp_millis(lock.expires_ms));
        let busy = person.open_sessions().any(|(_, open)| open.in_progress);
        let zone = vio_domain::calendar::CallingZone::resolve(
            contact.preferences.timezone,
            contact.booking_page_zone,
            settings.business.timezone,
        )
        .zone();
        let retell = &settings.integrations.retell;
        let mut calendars = settings.integrations.calendars_on();
        let input = GuardInput {
            method: intended.method,
            tenant_active: dialling.tenant_active,
            paused: gate.gate.paused().copied(),
            agent_configured: retell.configured()
                && dialling.settings.secrets.retell_key.current.is_some(),
            calendar_enabled: settings.integrations.calendars_on().next().is_some(),
            calendar_configured: calendars.all(|calendar| calendar.connected),
            number: match &contact.phone {
                None => NumberFact::Missing,
                Some(phone) if phone.dialable().is_err() => NumberFact::NotDialable,
                Some(_) => NumberFact::Dialable,
            },
            on_do_not_call_list: listed,
            do_not_contact: contact.do_not_contact
                || contact.deleted.is_some()
                || !contact.is_active,
            consent_required,
            consent_given,
            status: StatusFact::of(appointment, now),
            attempts: appointment.map_or(intended.tries_before, |appointment| {
                appointment.call_attempts
            }),
            attempts_cap: settings.calls.retries.policy.cap(),
            latest: intended.latest,
            hours,
            local_time: now.with_timezone(&zone).format("%a %H:%M %Z").to_string(),
            last_attempt,
            in_flight_until: locked_until.or_else(|| busy.then_some(now + NUMBER_LOCK)),
            number_attempts: history
                .as_ref()
                .map(|history| history.attempts.iter().map(|(_, at)| *at).collect())
                .unwrap_or_default(),
            gate: gate.gate.check(now, dialling.limits),
            slots: (gate.gate.used(now), dialling.limits.limit()),
            today: (gate.gate.used_today(now), dialling.limits.daily()),
        };
        Ok(Facts { input, history })
    }

    /// The lock on a number, where it is being called, and the attempts to it.
    async fn number_in_use(
        &self,
        hash: Option<LookupHash>,
    ) -> Result<(Option<NumberLockRow>, Option<NumberHistoryRow>), StoreError> {
        let Some(hash) = hash.map(|hash| hash.to_string()) else {
            return Ok((None, None));
        };
        let (lock, history) = (
            key::number_lock(self.id, &hash),
            key::number_history(self.id, &hash),
        );
        tokio::try_join!(self.store.read(&lock), self.store.read(&history))
    }

    /// The last attempt to a contact that counts, over all its sessions.
    pub(crate) async fn last_attempt(
        &self,
        contact: ContactId,
    ) -> Result<Option<LastAttempt>, StoreError> {
        let (rows, _) = self.sessions_of(contact, SESSIONS_LOOKED_AT, None).await?;
        let attempts = rows.iter().filter_map(|row| {
            let session = &row.session;
            let at = match &session.state {
                SessionState::Unknown { .. } => session.last_attempt.map(|(_, at)| at)?,
                _ => session.call()?.granted_at,
            };
            let answered = session
                .report()
                .is_some_and(|report| report.outcome == Outcome::Answered);
            Some(LastAttempt { at, answered })
        });
        Ok(attempts.max_by_key(|attempt| attempt.at))
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

    /// The one transaction of a grant.
    #[expect(
        clippy::too_many_arguments,
        reason = "the parts of one transaction, read beforehand"
    )]
    async fn place(
        &self,
        dialling: Dialling<'_>,
        gate: &mut GateRow,
        mut row: SessionRow,
        mut person: Person,
        campaign: Option<CampaignRow>,
        facts: Facts,
        id: AttemptId,
        body: Vec<u8>,
        decisions: Vec<Decision>,
    ) -> Result<Granting, StoreError> {
        let now = self.now();
        let Some(phone) = person
            .contact
            .phone
            .as_ref()
            .map(|phone| self.phone_hash(phone))
        else {
            return Ok(Granting::Lost);
        };
        let before = row.dial();
        if row.session.grant(id, now).is_err() {
            return Ok(Granting::Lost);
        }
        let attempt = Attempt::granted(
            id,
            row.session.id,
            now,
            dialling.fingerprint.to_owned(),
            dialling.limits,
        );
        let strict = Some(HipaaLevel::Strict);
        let attempt = if dialling.settings.settings.privacy.level_in_force() == strict {
            attempt.not_listable()
        } else {
            attempt
        };
        let bound = attempt.bound;
        let mut attempt = AttemptRow::new(
            self.id,
            person.contact.id,
            attempt,
            phone,
            &body,
            &person.key,
        )?;
        row.about_time = row
            .session
            .appointment
            .and_then(|id| person.appointment(id))
            .map(|appointment| appointment.time);
        let mut history = facts
            .history
            .unwrap_or_else(|| NumberHistoryRow::new(self.id, phone));
        history.add(id, now);

        let mut tx = Tx::new();
        if let Some(percent) = gate.gate.reached(now, dialling.limits) {
            let limit = Limit::CallsOfTheDay;
            self.tell(&mut tx, Happening::UsageLimit { limit, percent })?;
        }
        tx.save(gate)?;
        if let (Some(mut campaign), Some(place)) = (campaign, row.in_campaign) {
            self.stage_turn(
                &mut tx,
                &mut campaign,
                place.position,
                true,
                dialling.limits,
            )?;
        }
        self.stage_session(&mut tx, &mut row, Some(&before))?;
        tx.create(&mut attempt)?;
        let flight = FlightRow {
            tenant: self.id,
            attempt: id,
            session: row.session.id,
            contact: person.contact.id,
            due: bound,
        };
        tx.put_if(FlightRow::TYPE, &flight, 1, Condition::Absent)?;
        tx.save(&mut history)?;
        let lock = NumberLockRow {
            tenant: self.id,
            phone,
            attempt: id,
            expires_ms: (now + NUMBER_LOCK).timestamp_millis(),
        };
        let free = Condition::AbsentOrExpired {
            attribute: "expires_ms",
            now_ms: now.timestamp_millis(),
        };
        tx.put_if(NumberLockRow::TYPE, &lock, 1, free)?;
        tx.check(
            DncRow::TYPE,
            key::do_not_call(self.id, &phone.to_string()),
            Condition::Absent,
        );
        tx.check(
            "settings",
            key::settings(self.id),
            Condition::VersionIs(dialling.settings.version),
        );
        self.stage_decision(&mut tx, &row, Some(id), "place", decisions)?;
        let open = OpenSession {
            id: row.session.id,
            in_progress: true,
        };
        person.set_open_session(row.session.appointment, Some(open), None);
        self.stage_person(&mut tx, &mut person)?;
        let entry = Entry::new("call.placing", "session", row.session.id.uuid())
            .contact(person.contact.id)
            .version(row.version);
        self.log(&mut tx, &Actor::system("campaign-worker"), entry)?;
        let lost = self.commit_grant(tx).await?;
        Ok(lost.unwrap_or_else(|| {
            Granting::Granted(Box::new(Granted {
                session: row,
                attempt,
                body,
            }))
        }))
    }

    /// Commits; a lost race is an outcome here, not an error.
    async fn commit_grant(&self, tx: Tx) -> Result<Option<Granting>, StoreError> {
        match self.store.commit(tx).await {
            Ok(()) => Ok(None),
            Err(error) if error.is_lost() => Ok(Some(Granting::Lost)),
            Err(error) => Err(error),
        }
    }

    /// Guards that are asked again before each repeat of a send: a withdrawal committed meanwhile stops it.
    pub async fn may_still_send(
        &self,
        attempt: &AttemptRow,
        settings: &TenantSettings,
    ) -> Result<bool, StoreError> {
        let (gate, person, row, listed) = tokio::try_join!(
            self.gate(settings),
            self.person(attempt.contact),
            self.session(attempt.contact, attempt.attempt.session),
            self.do_not_call(attempt.phone),
        )?;
        let (Some(person), Some(row)) = (person, row) else {
            return Ok(false);
        };
        let contact = &person.contact;
        let forbidden = gate.gate.paused().is_some()
            || listed.is_some()
            || contact.do_not_contact
            || contact.deleted.is_some()
            || !contact.is_active;
        let (required, given) = consent(&settings.settings, contact);
        if forbidden || (required && !given) {
            return Ok(false);
        }
        let now = self.now();
        let appointment = row
            .session
            .appointment
            .and_then(|id| person.appointment(id));
        let calls = row.session.method == Method::ManualCallNow
            || appointment.is_none_or(|appointment| appointment.wants_reminder(now));
        let same_number = contact
            .phone
            .as_ref()
            .is_some_and(|phone| self.phone_hash(phone) == attempt.phone);
        Ok(calls && same_number && permitted(&settings.settings, contact).is_permitted(now))
    }

    /// The queue items of one band that are due, in key order, at most `limit`.
    pub async fn due_items(
        &self,
        band: vio_domain::calling::order::Band,
        limit: u32,
    ) -> Result<Vec<DialRow>, StoreError> {
        self.queued_until(band, self.now(), limit).await
    }

    /// The queue items of one band that fall due up to an instant, in key order, at most `limit`.
    pub(crate) async fn queued_until(
        &self,
        band: vio_domain::calling::order::Band,
        until: DateTime<Utc>,
        limit: u32,
    ) -> Result<Vec<DialRow>, StoreError> {
        let (low, high) = key::dial_due(band, until);
        let query = crate::port::Query {
            source: crate::port::Source::Table(crate::port::TableName::Main),
            pk: key::dial_pk(self.id),
            sort: crate::port::SortRange::Between(low, high),
            ascending: true,
            limit,
            after: None,
        };
        let page = self.store.port().query(&query).await?;
        page.items
            .into_iter()
            .map(crate::entity::from_item)
            .collect()
    }

    /// The attempts that must be looked at now, at most `limit`.
    pub async fn due_flights(&self, limit: u32) -> Result<Vec<FlightRow>, StoreError> {
        let now = self.now();
        let (mut rows, _) = self
            .store
            .list::<FlightRow>(key::flights_pk(self.id), "", true, limit, None)
            .await?;
        rows.retain(|row| row.due <= now);
        Ok(rows)
    }
}
