//! What every handler shares, and the work that goes on between requests.

use std::sync::Arc;
use std::sync::{Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, Utc};
use tokio::sync::{Notify, watch};

use crate::calcom::{CalcomChange, CalcomFault, Faults};
use crate::call::SandboxCall;
use crate::clock::{ClockRefusal, SandboxClock};
use crate::credentials::{
    CalcomAccess, Credentials, RetellAccess, StaticCredentials, TwilioAccess,
};
use crate::journal::{Entry, Journal, JournalError};
use crate::ledger::{Ledger, SandboxRequest};
use crate::script::Script;

pub(crate) struct Server {
    pub(crate) clock: Arc<dyn SandboxClock>,
    credentials: Arc<dyn Credentials>,
    /// Keys added through `/control/credentials`.
    added: StaticCredentials,
    ledger: Mutex<Ledger>,
    /// What goes wrong with the next changes of bookings; forgotten at a restart.
    calcom_faults: Mutex<Faults>,
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

    pub(crate) async fn twilio_access(&self, sid: &str, token: &str) -> Option<TwilioAccess> {
        match self.credentials.twilio(sid, token).await {
            Some(access) => Some(access),
            None => self.added.twilio(sid, token).await,
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

    fn calcom_faults(&self) -> MutexGuard<'_, Faults> {
        self.calcom_faults
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn take_calcom_fault(&self) -> Option<CalcomFault> {
        self.calcom_faults().pop_front()
    }

    /// What goes wrong with the next changes, in this order, instead of what was named before.
    pub(crate) fn set_calcom_faults(&self, faults: Vec<CalcomFault>) {
        *self.calcom_faults() = faults.into();
    }

    pub(crate) fn calcom_bookings(&self) -> Vec<serde_json::Value> {
        let ledger = self.ledger();
        ledger
            .bookings()
            .map(|booking| booking.value.clone())
            .collect()
    }

    pub(crate) fn calcom_changes(&self) -> Vec<CalcomChange> {
        self.ledger().calendar_changes().to_vec()
    }

    pub(crate) fn move_clock(&self, to: DateTime<Utc>) -> Result<(), MoveError> {
        self.clock.move_to(to)?;
        let offset_ms = (to - Utc::now()).num_milliseconds();
        self.ledger().record(Entry::ClockMoved { offset_ms })?;
        Ok(())
    }
}
