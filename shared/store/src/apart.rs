//! Contacts that look like one person and are two, because somebody said so (rules.md "Same person?"): they are not
//! suggested as duplicates any more. Ids alone are kept.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::json;
use vio_domain::ids::{TenantId, UserId};
use vio_domain::person::Pair;

use crate::entity::Entity;
use crate::error::StoreError;
use crate::key;
use crate::log::{Actor, Entry};
use crate::port::{Condition, Key};
use crate::store::TenantStore;
use crate::tx::Tx;

/// Pairs that are read at once.
const AT_ONCE: u32 = 1_000;

/// Two contacts that are two people.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct ApartRow {
    tenant: TenantId,
    pair: Pair,
    by: Option<UserId>,
    at: DateTime<Utc>,
    #[serde(skip)]
    version: u64,
}

impl Entity for ApartRow {
    const TYPE: &'static str = "apart";
    fn key(&self) -> Key {
        key::apart(self.tenant, self.pair.ids())
    }
    fn version(&self) -> u64 {
        self.version
    }
    fn set_version(&mut self, version: u64) {
        self.version = version;
    }
}

impl TenantStore {
    /// All pairs that are two people.
    pub async fn apart(&self) -> Result<HashSet<Pair>, StoreError> {
        let (mut pairs, mut after) = (HashSet::new(), None);
        loop {
            let (rows, next) = self
                .store
                .list::<ApartRow>(key::apart_pk(self.id), "", true, AT_ONCE, after)
                .await?;
            pairs.extend(rows.into_iter().map(|row| row.pair));
            match next {
                Some(next) => after = Some(next),
                None => return Ok(pairs),
            }
        }
    }

    /// Keeps two contacts apart, or takes that back. What is so already is left alone.
    pub async fn set_apart(
        &self,
        pair: Pair,
        apart: bool,
        actor: &Actor,
    ) -> Result<(), StoreError> {
        let place = key::apart(self.id, pair.ids());
        let known: Option<ApartRow> = self.store.read(&place).await?;
        let mut tx = Tx::new();
        match known {
            None if apart => tx.create(&mut ApartRow {
                tenant: self.id,
                pair,
                by: actor.user(),
                at: self.now(),
                version: 0,
            })?,
            Some(row) if !apart => {
                let condition = Condition::VersionIs(row.version);
                tx.delete_if(ApartRow::TYPE, place, condition);
            }
            _ => return Ok(()),
        }
        let action = match apart {
            true => "contact.kept_apart",
            false => "contact.no_longer_kept_apart",
        };
        let [one, other] = pair.ids();
        for (contact, other) in [(one, other), (other, one)] {
            let entry = Entry::new(action, "contact", contact.uuid())
                .contact(contact)
                .details(json!({ "other": other }));
            self.log(&mut tx, actor, entry)?;
        }
        match self.store.commit(tx).await {
            // Somebody else said the same meanwhile.
            Err(error) if error.is_lost() => Ok(()),
            done => done,
        }
    }
}
