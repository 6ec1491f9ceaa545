//! Where a call stands among those that wait for a slot, and when it will go.

use chrono::{DateTime, Utc};
use vio_domain::calling::limits::CallLimits;
use vio_domain::calling::order::Band;
use vio_domain::calling::session::SessionState;
use vio_domain::campaigns::forecast::Foreseen;

use crate::calling::rows::{DialRow, GateRow};
use crate::calling::sessions::SessionRow;
use crate::contacts::Person;
use crate::error::StoreError;
use crate::key;
use crate::store::TenantStore;
use crate::tenants::TenantSettings;

/// Waiting calls that are counted for a place in the queue. More than three days' worth: nobody waits behind that many.
const MOST_AHEAD: u32 = 1_000;

/// Grants meanwhile after which a place in the queue is told as it was last seen.
const TRIES: usize = 4;

/// A place in the queue of those that wait for a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waiting {
    /// From 1.
    pub position: u32,
    /// When it goes, by what is known now; None while calling is paused, or where it will miss its window.
    pub estimated_at: Option<DateTime<Utc>>,
}

impl TenantStore {
    /// The calls that somebody pressed for and that are not placed yet, whenever they are due.
    pub(super) async fn waiting_call_nows(&self) -> Result<Vec<DialRow>, StoreError> {
        let (prefix, _) = key::dial_due(Band::CallNow, self.now());
        let pk = key::dial_pk(self.id);
        let (rows, _) = self.store.list(pk, &prefix, true, MOST_AHEAD, None).await?;
        Ok(rows)
    }

    /// Where a call stands among those that wait for a slot; None for one that goes at once, is not due, or is not planned
    /// any more; one whose number is being rung waits. What somebody pressed for waits even where it was put off, until it may go.
    pub async fn waiting(
        &self,
        settings: &TenantSettings,
        limits: &CallLimits,
        gate: &GateRow,
        person: &Person,
        row: &SessionRow,
    ) -> Result<Option<Waiting>, StoreError> {
        let mut gate = gate.clone();
        let mut waiting = None;
        for _ in 0..TRIES {
            waiting = self
                .waiting_by(settings, limits, &gate, person, row)
                .await?;
            // A call that is granted between the two reads is neither in the gate nor in the queue that were read.
            let now = self.gate(settings).await?;
            if now.version == gate.version {
                break;
            }
            gate = now;
        }
        Ok(waiting)
    }

    async fn waiting_by(
        &self,
        settings: &TenantSettings,
        limits: &CallLimits,
        gate: &GateRow,
        person: &Person,
        row: &SessionRow,
    ) -> Result<Option<Waiting>, StoreError> {
        let now = self.now();
        let planned = row.dial();
        let mine = planned.item();
        let due = mine.is_due(now);
        let pressed = mine.band == Band::CallNow;
        if row.session.state != SessionState::Planned || !(due || pressed) {
            return Ok(None);
        }
        let (mut ahead, mut gives_way) = (0_u32, false);
        let number = self.reach(&person.contact).number;
        // Of the bands behind, only reminders can come first: those about to miss their window.
        let bands = Band::ALL
            .into_iter()
            .filter(|band| *band <= mine.band || *band == Band::Reminder);
        for band in bands {
            let items = match band {
                Band::CallNow => self.waiting_call_nows().await?,
                _ => self.due_items(band, MOST_AHEAD).await?,
            };
            // Its own item has its instant in whole milliseconds, and would come before it.
            let first = items.iter().filter(|item| {
                item.session != mine.session && item.item().cmp_at(&mine, now).is_lt()
            });
            for item in first {
                ahead = ahead.saturating_add(1);
                gives_way |= number.is_some() && item.reach.number == number;
            }
        }
        if due && gate.gate.check_after(now, ahead, limits).is_ok() && !gives_way {
            let rung = match number {
                Some(number) => self.rung_until(number).await?,
                None => None,
            };
            if rung.is_none() {
                return Ok(None);
            }
        }
        let estimated_at = self
            .estimate(settings, limits, gate, person, &planned)
            .await?;
        // The pump may have granted it while all that was read: then what rings is the call itself.
        let current = self.session(person.contact.id, row.session.id).await?;
        if current.is_some_and(|row| row.session.state != SessionState::Planned) {
            return Ok(None);
        }
        Ok(Some(Waiting {
            position: ahead.saturating_add(1),
            estimated_at,
        }))
    }

    /// When a call that waits for a slot will go, by what is known now: all that waits is played forward.
    pub(super) async fn estimate(
        &self,
        settings: &TenantSettings,
        limits: &CallLimits,
        gate: &GateRow,
        person: &Person,
        row: &DialRow,
    ) -> Result<Option<DateTime<Utc>>, StoreError> {
        let foreseen = self
            .foresee_call(&settings.settings, limits, gate, row, &person.contact)
            .await?;
        Ok(match foreseen {
            Foreseen::At(at) => Some(at),
            Foreseen::Skipped(_) | Foreseen::Never => None,
        })
    }
}
