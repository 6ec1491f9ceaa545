//! The gate in the table, and what changes it besides grants: pause, resume, the wake-up that is on its way.

use vio_domain::calling::auto_pause::{AttemptResult, RecentAttempts};
use vio_domain::calling::day::next_midnight;
use vio_domain::calling::gate::Gate;
use vio_domain::calling::order::Band;
use vio_domain::calling::pause::{PauseReason, PausedBy};
use vio_domain::ids::TenantId;

use serde::{Deserialize, Serialize};

use crate::calling::rows::GateRow;
use crate::entity::{Entity, from_item, type_of};
use crate::error::StoreError;
use crate::key;
use crate::log::{Actor, Entry};
use crate::port::Key;
use crate::store::{Store, TenantStore};
use crate::tenants::TenantSettings;
use crate::tx::{COMMIT_TRIES, Tx};

/// How the tenant's last attempts came out, for the automatic pause. Beside the gate, so that settling a call does
/// not contend with granting the next.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RecentRow {
    pub tenant: TenantId,
    #[serde(skip)]
    pub version: u64,
    pub recent: RecentAttempts,
}

impl Entity for RecentRow {
    const TYPE: &'static str = "recent_attempts";
    fn key(&self) -> Key {
        key::recent_attempts(self.tenant)
    }
    fn version(&self) -> u64 {
        self.version
    }
    fn set_version(&mut self, version: u64) {
        self.version = version;
    }
}

/// Waiting calls that are counted of each band.
const MOST_COUNTED: u32 = 1_000;

/// What waits in the dial queue.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct WaitingCalls {
    pub call_now: usize,
    pub due: usize,
    pub planned_today: usize,
}

impl Store {
    /// Whether a wake-up of the tenant's pump is already on its way.
    pub async fn pump_armed(&self, tenant: TenantId) -> Result<bool, StoreError> {
        let row: Option<GateRow> = self.read(&key::gate(tenant)).await?;
        Ok(row.is_some_and(|row| row.gate.next_pump_at(self.now()).is_some()))
    }
}

impl TenantStore {
    /// The gate, with the tenant's settings of the moment applied; a new one where the tenant never called. What the
    /// settings change is written with the next change of the gate.
    pub async fn gate(&self, settings: &TenantSettings) -> Result<GateRow, StoreError> {
        let row = self.store.read(&key::gate(self.id)).await?;
        Ok(self.gate_now(settings, row))
    }

    fn gate_now(&self, settings: &TenantSettings, row: Option<GateRow>) -> GateRow {
        let zone = settings.settings.business.timezone;
        let mut row = row.unwrap_or_else(|| GateRow {
            tenant: self.id,
            version: 0,
            gate: Gate::new(zone, settings.version),
        });
        row.gate.apply_settings(self.now(), settings.version, zone);
        row
    }

    /// Changes the gate alone, reading it again whenever another change came first. `change` says whether there is
    /// anything to write.
    pub async fn change_gate(
        &self,
        settings: &TenantSettings,
        log: Option<(&Actor, &'static str)>,
        mut change: impl FnMut(&mut Gate) -> bool,
    ) -> Result<bool, StoreError> {
        for _ in 0..COMMIT_TRIES * 2 {
            let mut row = self.gate(settings).await?;
            if !change(&mut row.gate) {
                return Ok(false);
            }
            let mut tx = Tx::new();
            tx.save(&mut row)?;
            if let Some((actor, action)) = log {
                let entry = Entry::new(action, "gate", self.id.uuid())
                    .version(row.version)
                    .details(serde_json::json!({ "paused": row.gate.paused() }));
                self.log(&mut tx, actor, entry)?;
            }
            match self.store.commit(tx).await {
                Err(error) if error.is_lost() => {}
                other => return other.map(|()| true),
            }
        }
        Err(StoreError::Lost {
            lost: vec![GateRow::TYPE],
        })
    }

    /// Pauses the tenant's calling. False if it was paused already: the first reason stays.
    pub async fn pause_calling(
        &self,
        settings: &TenantSettings,
        reason: PauseReason,
        by: PausedBy,
        actor: &Actor,
    ) -> Result<bool, StoreError> {
        let now = self.now();
        self.change_gate(settings, Some((actor, "calling.paused")), |gate| {
            gate.pause(now, reason, by)
        })
        .await
    }

    /// Resumes the tenant's calling, and ends the rest that a paused pump was left in: what waits goes at once. False if
    /// it was not paused.
    pub async fn resume_calling(
        &self,
        settings: &TenantSettings,
        actor: &Actor,
    ) -> Result<bool, StoreError> {
        let now = self.now();
        self.change_gate(settings, Some((actor, "calling.resumed")), |gate| {
            let resumed = gate.resume(now);
            if resumed {
                gate.arm(now, now);
            }
            resumed
        })
        .await
    }

    /// The gate, and how many technical failures count towards the automatic pause, in one request.
    pub async fn gate_and_failures(
        &self,
        settings: &TenantSettings,
    ) -> Result<(Gate, usize), StoreError> {
        let keys = [key::gate(self.id), key::recent_attempts(self.id)];
        let (mut gate, mut recent) = (None, None::<RecentRow>);
        for item in self.store.read_items(&keys).await? {
            match type_of(&item) {
                Some(GateRow::TYPE) => gate = Some(from_item(item)?),
                _ => recent = Some(from_item(item)?),
            }
        }
        let gate = self.gate_now(settings, gate).gate;
        let failures = |row: RecentRow| row.recent.failures(self.now(), gate.resumed_at());
        let failures = recent.map_or(0, failures);
        Ok((gate, failures))
    }

    /// What waits in the dial queue, up to [`MOST_COUNTED`] of each band; `zone` is that of the business's day.
    pub async fn waiting_calls(&self, zone: chrono_tz::Tz) -> Result<WaitingCalls, StoreError> {
        let now = self.now();
        let midnight = next_midnight(zone, now);
        let mut waiting = WaitingCalls::default();
        for band in Band::ALL {
            let rows = self.queued_until(band, midnight, MOST_COUNTED).await?;
            let today = rows.iter().filter(|row| row.due < midnight);
            waiting.planned_today += today.count();
            waiting.due += rows.iter().filter(|row| row.due <= now).count();
            if band == Band::CallNow {
                waiting.call_now = rows.len();
            }
        }
        Ok(waiting)
    }

    /// Stages how an attempt came out, and says whether the tenant's calling must pause for it.
    pub(crate) async fn stage_result(
        &self,
        tx: &mut Tx,
        settings: &TenantSettings,
        technical: bool,
    ) -> Result<bool, StoreError> {
        let now = self.now();
        let row: Option<RecentRow> = self.store.read(&key::recent_attempts(self.id)).await?;
        let mut row = row.unwrap_or_else(|| RecentRow {
            tenant: self.id,
            version: 0,
            recent: RecentAttempts::default(),
        });
        row.recent.push(AttemptResult { at: now, technical });
        tx.save(&mut row)?;
        if !technical {
            return Ok(false);
        }
        let resumed_at = self.gate(settings).await?.gate.resumed_at();
        Ok(row.recent.should_pause(now, resumed_at))
    }
}
