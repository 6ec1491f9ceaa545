//! The work list (rules.md "Needs attention"): nothing that should have happened and did not ends anywhere but here.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use vio_domain::contact::{AttentionReason, Contact};
use vio_domain::ids::{AppointmentId, AttentionId, ContactId, SessionId, TenantId, UserId};

use crate::entity::Entity;
use crate::error::StoreError;
use crate::key;
use crate::port::{Key, Position};
use crate::store::TenantStore;
use crate::tx::Tx;

/// Where an entry stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum AttentionStatus {
    Open,
    Resolved {
        at: DateTime<Utc>,
        by: Option<UserId>,
    },
}

/// One entry of the work list.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AttentionRow {
    pub tenant: TenantId,
    pub id: AttentionId,
    #[serde(skip)]
    pub version: u64,
    pub reason: AttentionReason,
    pub contact: ContactId,
    pub appointment: Option<AppointmentId>,
    pub session: Option<SessionId>,
    pub since: DateTime<Utc>,
    pub state: AttentionStatus,
    /// Who of the team sees to it.
    #[serde(default)]
    pub assigned_to: Option<UserId>,
    /// Until when it is out of sight. It is seen again by itself: nothing is written then.
    #[serde(default)]
    pub snoozed_until: Option<DateTime<Utc>>,
    /// How many notes it has.
    #[serde(default)]
    pub notes: u32,
}

impl AttentionRow {
    /// Whether it is out of sight at `now`.
    pub fn is_snoozed(&self, now: DateTime<Utc>) -> bool {
        self.snoozed_until.is_some_and(|until| now < until)
    }
}

impl Entity for AttentionRow {
    const TYPE: &'static str = "attention";
    fn key(&self) -> Key {
        match self.state {
            AttentionStatus::Open => key::attention(self.tenant, self.id),
            AttentionStatus::Resolved { .. } => key::attention_done(self.tenant, self.id),
        }
    }
    fn version(&self) -> u64 {
        self.version
    }
    fn set_version(&mut self, version: u64) {
        self.version = version;
    }
}

/// Which entries a list shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shown {
    #[default]
    Open,
    Resolved,
    All,
}

impl TenantStore {
    /// Puts an entry on the work list and marks the contact, in the transaction of what caused it. One entry per
    /// contact, reason and appointment stays open at a time: a contact that already waits for it gets no second one,
    /// unless staff put that out of sight.
    pub fn flag(
        &self,
        tx: &mut Tx,
        contact: &mut Contact,
        reason: AttentionReason,
        appointment: Option<AppointmentId>,
        session: Option<SessionId>,
    ) -> Result<(), StoreError> {
        let now = self.now();
        let snoozed = contact
            .attention_snoozed_until
            .is_some_and(|until| now < until);
        if contact.stands_for(reason, appointment) && !snoozed {
            return Ok(());
        }
        contact.stand_for(reason, appointment, None);
        let mut row = AttentionRow {
            tenant: self.id,
            id: AttentionId::new(self.new_id()),
            version: 0,
            reason,
            contact: contact.id,
            appointment,
            session,
            since: now,
            state: AttentionStatus::Open,
            assigned_to: None,
            snoozed_until: None,
            notes: 0,
        };
        tx.create(&mut row)
    }

    /// A page of the work list, oldest first, and whether there is more.
    pub async fn attention(
        &self,
        shown: Shown,
        limit: u32,
        after: Option<AttentionId>,
    ) -> Result<(Vec<AttentionRow>, bool), StoreError> {
        let parts = match shown {
            Shown::Open => vec![key::attention_pk(self.id)],
            Shown::Resolved => vec![key::attention_done_pk(self.id)],
            Shown::All => vec![key::attention_pk(self.id), key::attention_done_pk(self.id)],
        };
        let (mut rows, mut more) = (Vec::new(), false);
        for pk in parts {
            let after = after.map(|id| Position {
                pk: pk.clone(),
                sk: id.to_string(),
                index: None,
            });
            let (page, next) = self
                .store
                .list::<AttentionRow>(pk, "", true, limit, after)
                .await?;
            rows.extend(page);
            more |= next.is_some();
        }
        rows.sort_by_key(|row| row.id);
        more |= rows.len() > limit as usize;
        rows.truncate(limit as usize);
        Ok((rows, more))
    }

    /// One entry, open or done.
    pub async fn attention_entry(
        &self,
        id: AttentionId,
    ) -> Result<Option<AttentionRow>, StoreError> {
        let open = self.store.read(&key::attention(self.id, id)).await?;
        match open {
            Some(row) => Ok(Some(row)),
            None => self.store.read(&key::attention_done(self.id, id)).await,
        }
    }
}
