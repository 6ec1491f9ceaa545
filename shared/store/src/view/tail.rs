//! The change log from an instant on: what happened, in short.

use chrono::{DateTime, Utc};
use futures::future::try_join_all;
use serde::Deserialize;
use uuid::Uuid;
use vio_domain::ids::{ContactId, LogId};

use crate::entity::{Entity, type_of};
use crate::error::StoreError;
use crate::key::{self, LOG_SHARDS, LogKind};
use crate::log::LogRow;
use crate::port::{AttributeValue, Attributes, Query, SK, SortRange, Source, TableName};
use crate::store::TenantStore;

/// An entry's id holds the instant at which its transaction was put together; it turns up in the log when that is
/// committed, at most [`crate::tx::TOLD_WITHIN`] and [`crate::tx::SENT_WITHIN`] later. Whoever follows the log reads so
/// many seconds again each time, which also covers clocks that differ by as much as is left.
pub const OVERLAP_SECONDS: i64 = 30;

/// Between two such readings, at most [`crate::tx::WHOLE_EVERY`] apart, it is enough to read so many seconds again: an entry
/// that took longer than [`crate::tx::LATE_AFTER`] to be committed is told to its writer after the next whole reading. Two
/// seconds of it are for clocks that differ.
pub const RECENT_SECONDS: i64 = 5;

/// Entries of a page.
const PAGE: u32 = 1_000;

/// What an entry of the change log says happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    pub id: LogId,
    /// Whose data changed.
    pub contact: Option<ContactId>,
    /// Kind of the record, and the record.
    pub entity: String,
    pub entity_id: Uuid,
    /// Names of the fields that changed, where they are told.
    pub fields: Vec<String>,
}

#[derive(Deserialize)]
struct Told {
    entity: String,
    entity_id: Uuid,
    contact: Option<ContactId>,
    #[serde(default)]
    fields: Vec<String>,
}

/// The least id that an entry of this instant can have.
pub fn first_id_at(instant: DateTime<Utc>) -> LogId {
    key::first_log_id(instant)
}

impl TenantStore {
    /// The entries of the change log whose ids are of `from` or later, in no particular order, except those that `known`
    /// names. Strongly consistent: everything committed before the call is there.
    pub async fn changes_since(
        &self,
        from: DateTime<Utc>,
        known: impl Fn(LogId) -> bool + Sync,
    ) -> Result<Vec<Changed>, StoreError> {
        let shards = (0..LOG_SHARDS).map(|shard| self.changes_of_shard(shard, from, &known));
        Ok(try_join_all(shards).await?.into_iter().flatten().collect())
    }

    async fn changes_of_shard(
        &self,
        shard: u8,
        from: DateTime<Utc>,
        known: &(impl Fn(LogId) -> bool + Sync),
    ) -> Result<Vec<Changed>, StoreError> {
        let (low, high) = key::log_since(from);
        let mut query = Query {
            source: Source::Table(TableName::Main),
            pk: key::log_pk(self.id, LogKind::Change, shard),
            sort: SortRange::Between(low, high),
            ascending: true,
            limit: PAGE,
            after: None,
        };
        let mut found = Vec::new();
        loop {
            let page = self.store.port().query(&query).await?;
            for item in page.items {
                found.extend(changed(item, known)?);
            }
            match page.next {
                Some(next) => query.after = Some(next),
                None => return Ok(found),
            }
        }
    }
}

fn changed(
    mut item: Attributes,
    known: impl Fn(LogId) -> bool,
) -> Result<Option<Changed>, StoreError> {
    let expected = LogRow::TYPE;
    if type_of(&item) != Some(expected) {
        return Err(StoreError::WrongType { expected });
    }
    let id = match item.get(SK) {
        Some(AttributeValue::S(id)) => id.parse::<LogId>().ok(),
        _ => None,
    };
    let id = id.ok_or(StoreError::WrongType { expected })?;
    if known(id) {
        return Ok(None);
    }
    // Neither opened nor kept.
    item.remove("details");
    item.remove("origin");
    let told: Told = serde_dynamo::from_item(serde_dynamo::Item::from(item)).map_err(|source| {
        StoreError::Decode {
            entity: expected,
            source,
        }
    })?;
    Ok(Some(Changed {
        id,
        contact: told.contact,
        entity: told.entity,
        entity_id: told.entity_id,
        fields: told.fields,
    }))
}
