//! The two logs of a tenant (architecture.md "One table"): `change` holds every change of state and feeds the stream,
//! the view's tail and the audit; `access` holds views, searches and exports. Entries are put on condition of
//! absence and never updated; what was before and after is sealed.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use vio_crypto::{FieldRef, Sealed};
use vio_domain::ids::{ContactId, GroupId, LogId, TenantId, UserId};
use vio_domain::outgoing::News;

use crate::entity::{Entity, Enumerated, from_item};
use crate::error::StoreError;
use crate::key::{self, LOG_SHARDS, LogKind};
use crate::port::{Condition, Key, Query, SortRange, Source, TableName};
use crate::store::TenantStore;
use crate::tx::Tx;

/// Who did it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Who {
    User {
        id: UserId,
    },
    /// A provider's webhook.
    Provider {
        name: String,
    },
    /// The product itself: the pump, a schedule.
    System {
        name: String,
    },
}

/// On whose behalf a change happens and from where. The address and device are personal and only stored sealed.
#[derive(Clone)]
pub struct Actor {
    pub who: Who,
    pub request_id: Option<Uuid>,
    pub address: Option<String>,
    pub device: Option<String>,
}

impl std::fmt::Debug for Actor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Actor")
            .field("who", &self.who)
            .field("request_id", &self.request_id)
            .finish_non_exhaustive()
    }
}

impl Actor {
    /// The product itself.
    pub fn system(name: &str) -> Self {
        Self {
            who: Who::System {
                name: name.to_owned(),
            },
            request_id: None,
            address: None,
            device: None,
        }
    }

    /// A provider's event.
    pub fn provider(name: &str) -> Self {
        Self {
            who: Who::Provider {
                name: name.to_owned(),
            },
            request_id: None,
            address: None,
            device: None,
        }
    }

    /// The user, if a user did it.
    pub fn user(&self) -> Option<UserId> {
        match self.who {
            Who::User { id } => Some(id),
            _ => None,
        }
    }
}

/// What is to be logged.
#[derive(Debug)]
pub struct Entry {
    /// `noun.verb`, such as `contact.created`.
    pub action: &'static str,
    /// Kind of the record: `contact`, `appointment`, `settings`, …
    pub entity: &'static str,
    pub id: Uuid,
    /// Whose person's data it concerns.
    pub contact: Option<ContactId>,
    /// Version of the entity after the change.
    pub version: u64,
    /// Names of the changed fields; never values.
    pub fields: Vec<String>,
    /// Values before and after, or other particulars; sealed.
    pub details: Option<serde_json::Value>,
    /// What businesses that subscribed are told of it; ids and statuses, in clear.
    pub news: Vec<News>,
}

impl Entry {
    pub fn new(action: &'static str, entity: &'static str, id: Uuid) -> Self {
        Self {
            action,
            entity,
            id,
            contact: None,
            version: 0,
            fields: Vec::new(),
            details: None,
            news: Vec::new(),
        }
    }

    pub fn contact(mut self, contact: ContactId) -> Self {
        self.contact = Some(contact);
        self
    }

    pub fn version(mut self, version: u64) -> Self {
        self.version = version;
        self
    }

    pub fn fields(mut self, fields: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.fields = fields.into_iter().map(Into::into).collect();
        self
    }

    pub fn details(mut self, details: serde_json::Value) -> Self {
        self.details = Some(details);
        self
    }

    pub fn news(mut self, news: impl IntoIterator<Item = News>) -> Self {
        self.news.extend(news);
        self
    }
}

/// What entries about a group call it; those are listed in its history.
pub(crate) const GROUP: &str = "group";

/// Sealed details above this lie in an overflow item beside the entry (architecture.md: entries ≤ 4 KB).
const INLINE_BYTES: usize = 3 * 1024;

/// A log entry as stored.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct LogRow {
    pub tenant: TenantId,
    pub id: LogId,
    pub access: bool,
    pub at: DateTime<Utc>,
    pub who: Who,
    pub action: String,
    pub entity: String,
    pub entity_id: Uuid,
    pub contact: Option<ContactId>,
    pub entity_version: u64,
    #[serde(default)]
    pub fields: Vec<String>,
    /// What it is told as to businesses that subscribed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub news: Vec<News>,
    pub request_id: Option<Uuid>,
    details: Option<Sealed>,
    #[serde(default)]
    overflow: bool,
    origin: Option<Sealed>,
}

impl LogRow {
    /// Which of the two logs it is in.
    pub fn kind(&self) -> LogKind {
        match self.access {
            true => LogKind::Access,
            false => LogKind::Change,
        }
    }
}

impl Entity for LogRow {
    const TYPE: &'static str = "log";
    fn key(&self) -> Key {
        key::log(self.tenant, self.kind(), self.entity_id, self.id)
    }
    fn enumerated(&self) -> Option<Enumerated> {
        match self.contact {
            Some(contact) => Some(key::in_history(self.tenant, contact, self.id)),
            None if self.entity == GROUP => {
                let group = GroupId::new(self.entity_id);
                Some(key::in_group_history(self.tenant, group, self.id))
            }
            None => None,
        }
    }
    fn version(&self) -> u64 {
        1
    }
    fn set_version(&mut self, _: u64) {}
}

#[derive(Serialize, Deserialize)]
struct OverflowRow {
    tenant: TenantId,
    id: LogId,
    details: Sealed,
}

impl Entity for OverflowRow {
    const TYPE: &'static str = "log_overflow";
    fn key(&self) -> Key {
        key::log_overflow(self.tenant, self.id)
    }
    fn version(&self) -> u64 {
        1
    }
    fn set_version(&mut self, _: u64) {}
}

/// An entry read back, with its sealed parts opened.
#[derive(Debug)]
pub struct Opened {
    pub row: LogRow,
    pub details: Option<serde_json::Value>,
    /// Address and device.
    pub origin: Option<(Option<String>, Option<String>)>,
}

impl TenantStore {
    /// Adds the log entry of a change to its transaction.
    pub fn log(&self, tx: &mut Tx, actor: &Actor, entry: Entry) -> Result<(), StoreError> {
        self.put_log(tx, actor, entry, false)
    }

    /// Writes an entry of the access log on its own.
    pub async fn log_access(&self, actor: &Actor, entry: Entry) -> Result<(), StoreError> {
        let mut tx = Tx::new();
        self.put_log(&mut tx, actor, entry, true)?;
        self.store.commit(tx).await
    }

    fn put_log(
        &self,
        tx: &mut Tx,
        actor: &Actor,
        entry: Entry,
        access: bool,
    ) -> Result<(), StoreError> {
        let id = LogId::new(self.new_id());
        let seal = |field, value: &serde_json::Value| {
            let place = FieldRef::new(self.id.uuid(), id.uuid(), field);
            self.seal_json_compressed("log entry", place, value)
        };
        let details = entry.details.as_ref();
        let mut details = details.map(|value| seal("details", value)).transpose()?;
        let overflow = details.take_if(|sealed| sealed.len() > INLINE_BYTES);
        let origin = if actor.address.is_some() || actor.device.is_some() {
            let origin = serde_json::json!([actor.address, actor.device]);
            Some(seal("origin", &origin)?)
        } else {
            None
        };
        let row = LogRow {
            tenant: self.id,
            id,
            access,
            at: self.now(),
            who: actor.who.clone(),
            action: entry.action.to_owned(),
            entity: entry.entity.to_owned(),
            entity_id: entry.id,
            contact: entry.contact,
            entity_version: entry.version,
            fields: entry.fields,
            news: entry.news,
            request_id: actor.request_id,
            details,
            overflow: overflow.is_some(),
            origin,
        };
        tx.put_if(LogRow::TYPE, &row, 1, Condition::Absent)?;
        if !access {
            tx.told();
        }
        if let Some(details) = overflow {
            let row = OverflowRow {
                tenant: self.id,
                id,
                details,
            };
            tx.put_if(OverflowRow::TYPE, &row, 1, Condition::Absent)?;
        }
        Ok(())
    }

    /// Entries of one log, newest first, before `before`, at most `limit`. Reads each shard, bounded.
    pub async fn read_log(
        &self,
        kind: LogKind,
        before: Option<LogId>,
        limit: u32,
    ) -> Result<Vec<LogRow>, StoreError> {
        let mut rows: Vec<LogRow> = Vec::new();
        for shard in 0..LOG_SHARDS {
            let pk = key::log_pk(self.id, kind, shard);
            let sort = before.map_or(SortRange::All, |id| SortRange::AtMost(id.to_string()));
            let query = Query {
                source: Source::Table(TableName::Main),
                pk,
                sort,
                ascending: false,
                limit: limit + 1,
                after: None,
            };
            for item in self.store.port().query(&query).await?.items {
                rows.push(from_item(item)?);
            }
        }
        rows.retain(|row| Some(row.id) != before);
        rows.sort_by_key(|row| std::cmp::Reverse(row.id));
        rows.truncate(limit as usize);
        Ok(rows)
    }

    /// Opens the sealed parts of an entry.
    pub async fn open_log(&self, row: LogRow) -> Result<Opened, StoreError> {
        let field = |field| FieldRef::new(self.id.uuid(), row.id.uuid(), field);
        let details = if row.overflow {
            self.store
                .read::<OverflowRow>(&key::log_overflow(self.id, row.id))
                .await?
                .map(|row| row.details)
        } else {
            row.details.clone()
        };
        let details = details
            .map(|details| self.open_json("log entry", field("details"), &details))
            .transpose()?;
        let origin = row
            .origin
            .as_ref()
            .map(|origin| self.open_json("log origin", field("origin"), origin))
            .transpose()?;
        Ok(Opened {
            row,
            details,
            origin,
        })
    }
}
