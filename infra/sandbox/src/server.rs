//! What every handler shares, and the work that goes on between requests.

use std::sync::Arc;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use chrono::{DateTime, Utc};
use serde::Deserialize;
use tokio::sync::{Notify, watch};

use crate::calcom::{CalendarChange, CalendarFault, Faults};
use crate::call::SandboxCall;
use crate::clock::{ClockRefusal, SandboxClock};
use crate::credentials::{
    CalcomAccess, CalendlyAccess, Credentials, RetellAccess, StaticCredentials, TwilioAccess,
};
use crate::journal::{Entry, Journal, JournalError};
use crate::ledger::{Ledger, SandboxRequest};
use crate::receiver::Receiver;
use crate::script::Script;
use crate::ses::MailEvents;

pub(crate) struct Server {
    pub(crate) clock: Arc<dyn SandboxClock>,
    credentials: Arc<dyn Credentials>,
    /// Keys added through `/control/credentials`.
    added: StaticCredentials,
    ledger: Mutex<Ledger>,
    /// What goes wrong with the next changes of bookings; forgotten at a restart.
    calcom_faults: Mutex<Faults>,
    /// The same for Calendly, and what goes wrong with the next questions.
    calendly_faults: Mutex<Faults>,
    calendly_read_faults: Mutex<Faults>,
    /// Who is given the news of e-mails.
    mail_events: OnceLock<MailEvents>,
    /// What stands in for programs of businesses' own.
    pub(crate) receiver: Receiver,
    /// Something was planned or moved: the dispatcher looks again.
    pub(crate) changed: Notify,
    pub(crate) http: reqwest::Client,
    pub(crate) stopping: watch::Sender<bool>,
}

/// Why a move of the clock failed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MoveError {
    #[error(transparent)]
    Refused(#[from] ClockRefusal),
    #[error(transparent)]
    Journal(#[from] JournalError),
}

/// What goes wrong with the next questions and changes of Calendly, each in order.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CalendlyFaults {
    #[serde(default)]
    pub reads: Vec<CalendarFault>,
    #[serde(default)]
    pub changes: Vec<CalendarFault>,
}

fn held(faults: &Mutex<Faults>) -> MutexGuard<'_, Faults> {
    faults.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Server {
    pub(crate) fn new(
        clock: Arc<dyn SandboxClock>,
        credentials: Arc<dyn Credentials>,
        http: reqwest::Client,
        journal: Option<(Journal, Vec<Entry>)>,
    ) -> Self {
        let (journal, entries) = journal.map_or((None, Vec::new()), |(journal, entries)| {
            (Some(journal), entries)
        });
        let added = StaticCredentials::new();
        let mut ledger = Ledger::new(journal);
        let mut offset = None;
        for entry in entries {
            match &entry {
                Entry::ClockMoved { offset_ms } => offset = Some(*offset_ms),
                Entry::RetellKey { api_key, access } => added.add_retell(api_key, access.clone()),
                Entry::CalcomKey { api_key, access } => {
                    added.add_calcom_access(api_key, access.clone())
                }
                Entry::CalendlyKey { api_key, access } => {
                    added.add_calendly(api_key, access.clone());
                }
                _ => {}
            }
            ledger.apply(entry);
        }
        if let Some(offset) = offset {
            // A clock that is not ours, or is further on already, stays as it is.
            let _ = clock.move_to(Utc::now() + chrono::TimeDelta::milliseconds(offset));
        }
        Self {
            clock,
            credentials,
            added,
            ledger: Mutex::new(ledger),
            calcom_faults: Mutex::default(),
            calendly_faults: Mutex::default(),
            calendly_read_faults: Mutex::default(),
            mail_events: OnceLock::new(),
            receiver: Receiver::default(),
            changed: Notify::new(),
            http,
            stopping: watch::Sender::new(false),
        }
    }

    /// The state. Never held across an await.
    pub(crate) fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) async fn retell_access(&self, api_key: &str) -> Option<RetellAccess> {
        match (
            self.credentials.retell(api_key).await,
            self.added.retell(api_key).await,
        ) {
            (Some(mut host), Some(added)) => {
                host.agents.extend(added.agents);
                host.numbers.extend(added.numbers);
                Some(host)
            }
            (host, added) => host.or(added),
        }
    }

    pub(crate) async fn calcom_access(&self, api_key: &str) -> Option<CalcomAccess> {
        match self.credentials.calcom(api_key).await {
            Some(access) => Some(access),
            None => self.added.calcom(api_key).await,
        }
    }

    pub(crate) async fn calendly_access(&self, token: &str) -> Option<CalendlyAccess> {
        match self.credentials.calendly(token).await {
            Some(access) => Some(access),
            None => self.added.calendly(token).await,
        }
    }

    pub(crate) async fn twilio_access(&self, sid: &str, token: &str) -> Option<TwilioAccess> {
        match self.credentials.twilio(sid, token).await {
            Some(access) => Some(access),
            None => self.added.twilio(sid, token).await,
        }
    }

    /// The secret of a key of AWS.
    pub(crate) async fn ses_secret(&self, key_id: &str) -> Option<String> {
        match self.credentials.ses(key_id).await {
            Some(secret) => Some(secret),
            None => self.added.ses(key_id).await,
        }
    }

    pub(crate) fn mail_events(&self) -> Option<&MailEvents> {
        self.mail_events.get()
    }

    /// The first who asks is told.
    pub(crate) fn tell_mail_events(&self, tell: MailEvents) {
        if self.mail_events.set(tell).is_err() {
            tracing::warn!("somebody is told of e-mails already");
        }
    }

    pub(crate) fn add_retell(
        &self,
        api_key: String,
        access: RetellAccess,
    ) -> Result<(), JournalError> {
        self.added.add_retell(&api_key, access.clone());
        self.ledger().record(Entry::RetellKey { api_key, access })
    }

    pub(crate) fn add_calcom(
        &self,
        api_key: String,
        access: CalcomAccess,
    ) -> Result<(), JournalError> {
        self.added.add_calcom_access(&api_key, access.clone());
        self.ledger().record(Entry::CalcomKey { api_key, access })
    }

    pub(crate) fn add_calendly(
        &self,
        api_key: String,
        access: CalendlyAccess,
    ) -> Result<(), JournalError> {
        self.added.add_calendly(&api_key, access.clone());
        self.ledger().record(Entry::CalendlyKey { api_key, access })
    }

    pub(crate) fn calls(&self) -> Vec<SandboxCall> {
        let now = self.clock.now();
        self.ledger()
            .all_calls()
            .iter()
            .map(|call| call.view(now))
            .collect()
    }

    pub(crate) fn call_count(&self) -> usize {
        self.ledger().all_calls().len()
    }

    pub(crate) fn requests(&self) -> Vec<SandboxRequest> {
        self.ledger().requests().to_vec()
    }

    pub(crate) fn script(&self, script: Script) -> Result<(), JournalError> {
        self.ledger().record(Entry::Scripted(script))
    }

    pub(crate) fn take_calcom_fault(&self) -> Option<CalendarFault> {
        held(&self.calcom_faults).pop_front()
    }

    /// What goes wrong with the next changes, in this order, instead of what was named before.
    pub(crate) fn set_calcom_faults(&self, faults: Vec<CalendarFault>) {
        *held(&self.calcom_faults) = faults.into();
    }

    pub(crate) fn take_calendly_fault(&self, of_change: bool) -> Option<CalendarFault> {
        let faults = match of_change {
            true => &self.calendly_faults,
            false => &self.calendly_read_faults,
        };
        held(faults).pop_front()
    }

    /// The same for Calendly's questions and changes.
    pub(crate) fn set_calendly_faults(&self, faults: CalendlyFaults) {
        *held(&self.calendly_read_faults) = faults.reads.into();
        *held(&self.calendly_faults) = faults.changes.into();
    }

    /// What Calendly has: everybody invited with their event, what was asked for through its API, and who subscribed.
    pub(crate) fn calendly(&self) -> serde_json::Value {
        let ledger = self.ledger();
        let bookings: Vec<_> = ledger
            .invitees()
            .map(|one| serde_json::json!({"invitee": one.invitee, "scheduled_event": one.event}))
            .collect();
        let hooks: Vec<_> = ledger
            .hooks()
            .iter()
            .map(|hook| {
                let organizer = &hook.organizer_email;
                serde_json::json!({"id": hook.id, "organizer_email": organizer, "url": hook.url, "active": hook.active})
            })
            .collect();
        serde_json::json!({
            "bookings": bookings, "changes": ledger.calendly_changes(), "subscriptions": hooks,
        })
    }

    /// Switches every subscription to Calendly's webhooks on or off, as Calendly does with one that fails for a day.
    pub(crate) fn switch_calendly_hooks(&self, active: bool) -> Result<(), JournalError> {
        let mut ledger = self.ledger();
        for mut hook in ledger.hooks().to_vec() {
            hook.active = active;
            ledger.record(Entry::CalendlyHook(Box::new(hook)))?;
        }
        Ok(())
    }

    pub(crate) fn calcom_bookings(&self) -> Vec<serde_json::Value> {
        let ledger = self.ledger();
        ledger
            .bookings()
            .map(|booking| booking.value.clone())
            .collect()
    }

    pub(crate) fn calcom_changes(&self) -> Vec<CalendarChange> {
        self.ledger().calendar_changes().to_vec()
    }

    pub(crate) fn move_clock(&self, to: DateTime<Utc>) -> Result<(), MoveError> {
        self.clock.move_to(to)?;
        let offset_ms = (to - Utc::now()).num_milliseconds();
        self.ledger().record(Entry::ClockMoved { offset_ms })?;
        Ok(())
    }
}
