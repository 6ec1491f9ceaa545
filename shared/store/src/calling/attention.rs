//! The work list (rules.md "Needs attention"): nothing that should have happened and did not ends anywhere but here.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use vio_domain::contact::{AttentionReason, Contact};
use vio_domain::ids::{AppointmentId, AttentionId, ContactId, SessionId, TenantId, UserId};

use crate::entity::Entity;
use crate::error::StoreError;
use crate::key;
use crate::log::{Actor, Entry};
use crate::port::{Condition, Key, Position};
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

/// Open entries that resolving one looks through for others of the same contact.
const MOST_OPEN: u32 = 500;

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

    /// Marks an entry as done, and with it every other open one of the same contact for the same reason. The contact
    /// then stands for the latest other reason that is open, or for none. None where there is no such entry; one that
    /// is done already is left as it is.
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
            let (mut others, _) = self.attention(Shown::Open, MOST_OPEN, None).await?;
            others.retain(|other| other.contact == row.contact && other.id != id);
            let mut tx = Tx::new();
            self.stage_resolved(&mut tx, &mut row, actor)?;
            let mut left = None;
            for mut other in others {
                if other.reason == row.reason {
                    self.stage_resolved(&mut tx, &mut other, actor)?;
                } else {
                    left = Some(other.reason);
                }
            }
            if let Some(mut person) = self.person(row.contact).await?
                && person
                    .contact
                    .needs_attention
                    .is_none_or(|reason| reason == row.reason)
            {
                person.contact.needs_attention = left;
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

    /// Moves an open entry to what is done.
    fn stage_resolved(
        &self,
        tx: &mut Tx,
        row: &mut AttentionRow,
        actor: &Actor,
    ) -> Result<(), StoreError> {
        tx.delete(row);
        row.state = AttentionStatus::Resolved {
            at: self.now(),
            by: actor.user(),
        };
        row.version += 1;
        tx.put_if(AttentionRow::TYPE, row, row.version, Condition::Absent)
    }
}
