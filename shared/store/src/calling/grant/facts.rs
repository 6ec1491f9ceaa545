//! What the guards look at, read consistently; and what is asked again before a send is repeated.

use chrono::{DateTime, Utc};
use vio_crypto::LookupHash;
use vio_domain::appointment::Appointment;
use vio_domain::calling::guards::{GuardInput, HoursFact, LastAttempt, NumberFact, StatusFact};
use vio_domain::calling::session::{Method, NUMBER_LOCK, Outcome, SessionState};
use vio_domain::contact::Contact;
use vio_domain::ids::ContactId;

use crate::calling::plan::{consent, permitted};
use crate::calling::rows::{GateRow, NumberHistoryRow, NumberLockRow};
use crate::calling::sessions::{AttemptRow, SessionRow};
use crate::contacts::Person;
use crate::error::StoreError;
use crate::key;
use crate::store::TenantStore;
use crate::tenants::TenantSettings;

use super::Dialling;

/// How many of a contact's latest sessions are looked at for the gap since the last attempt.
const SESSIONS_LOOKED_AT: u32 = 10;

/// All that the guards look at, with the versions it was read at.
pub(crate) struct Facts {
    pub(crate) input: GuardInput,
    pub(super) history: Option<NumberHistoryRow>,
}

/// The call that the guards are asked about.
pub(crate) struct Intended<'a> {
    pub(crate) method: Method,
    pub(crate) appointment: Option<&'a Appointment>,
    pub(crate) latest: Option<DateTime<Utc>>,
    /// Attempts before it in its own row, of a call without an appointment.
    pub(crate) tries_before: u32,
}

impl TenantStore {
    pub(super) async fn facts_of(
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
            self.last_attempt_of_all(contact),
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

    /// The last attempt to a contact, or to one that was made one with it.
    pub(crate) async fn last_attempt_of_all(
        &self,
        contact: &Contact,
    ) -> Result<Option<LastAttempt>, StoreError> {
        let mut last = self.last_attempt(contact.id).await?;
        for merged in &contact.merged_from {
            let other = self.last_attempt(*merged).await?;
            last = last.into_iter().chain(other).max_by_key(|last| last.at);
        }
        Ok(last)
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
}
