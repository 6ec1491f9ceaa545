//! The work list (rules.md "Needs attention"): nothing that should have happened and did not ends anywhere but here.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use vio_domain::contact::{AttentionReason, Contact};
use vio_domain::ids::{AppointmentId, AttentionId, ContactId, SessionId, TenantId, UserId};

use crate::entity::Entity;
use crate::error::StoreError;
use crate::key;
use crate::log::{Actor, Entry};
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
}

impl Entity for AttentionRow {
    const TYPE: &'static str = "attention";
    fn key(&self) -> Key {
        key::attention(self.tenant, self.id)
    }
    fn version(&self) -> u64 {
        self.version
    }
    fn set_version(&mut self, version: u64) {
        self.version = version;
    }
}

impl TenantStore {
    /// Puts an entry on the work list and marks the contact, in the transaction of what caused it. One entry per
    /// contact and reason stays open at a time: a contact that already waits for this reason gets no second one.
    pub fn flag(
        &self,
        tx: &mut Tx,
        contact: &mut Contact,
        reason: AttentionReason,
        appointment: Option<AppointmentId>,
        session: Option<SessionId>,
    ) -> Result<(), StoreError> {
        if contact.needs_attention == Some(reason) {
            return Ok(());
        }
        contact.needs_attention = Some(reason);
        let mut row = AttentionRow {
            tenant: self.id,
            id: AttentionId::new(self.new_id()),
            version: 0,
            reason,
            contact: contact.id,
            appointment,
            session,
            since: self.now(),
            state: AttentionStatus::Open,
        };
        tx.create(&mut row)
    }

    /// A page of the work list, oldest first.
    pub async fn attention(
        &self,
        limit: u32,
        after: Option<Position>,
    ) -> Result<(Vec<AttentionRow>, Option<Position>), StoreError> {
        self.store
            .list(key::attention_pk(self.id), "", true, limit, after)
            .await
    }

    /// One entry.
    pub async fn attention_entry(
        &self,
        id: AttentionId,
    ) -> Result<Option<AttentionRow>, StoreError> {
        self.store.read(&key::attention(self.id, id)).await
    }

    /// Marks an entry as done and takes the mark off the contact where it stands for this reason. None where there
    /// is no such entry.
    pub async fn resolve_attention(
        &self,
        id: AttentionId,
        actor: &Actor,
        what_was_done: Option<&str>,
    ) -> Result<Option<AttentionRow>, StoreError> {
        for _ in 0..crate::tx::COMMIT_TRIES {
            let Some(mut row) = self.attention_entry(id).await? else {
                return Ok(None);
            };
            if matches!(row.state, AttentionStatus::Resolved { .. }) {
                return Ok(Some(row));
            }
            row.state = AttentionStatus::Resolved {
                at: self.now(),
                by: actor.user(),
            };
            let mut tx = Tx::new();
            tx.update(&mut row)?;
            if let Some(mut person) = self.person(row.contact).await?
                && person.contact.needs_attention == Some(row.reason)
            {
                person.contact.needs_attention = None;
                self.stage_person(&mut tx, &mut person)?;
            }
            let entry = Entry::new("attention.resolved", "attention", id.uuid())
                .contact(row.contact)
                .version(row.version)
                .details(serde_json::json!({ "reason": row.reason, "done": what_was_done }));
            self.log(&mut tx, actor, entry)?;
            match self.store.commit(tx).await {
                Err(error) if error.is_lost() => continue,
                other => return other.map(|()| Some(row)),
            }
        }
        Err(StoreError::Lost {
            lost: vec!["attention"],
        })
    }
}
