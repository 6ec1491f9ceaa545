//! Messages in the console: a list of each user, kept for three months.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use vio_domain::ids::{NoticeId, TenantId, UserId};
use vio_domain::notices::Happening;

use crate::entity::Entity;
use crate::error::StoreError;
use crate::key;
use crate::port::Key;
use crate::store::TenantStore;
use crate::tx::{COMMIT_TRIES, Tx};

/// How long a message is kept.
const KEPT: TimeDelta = TimeDelta::days(90);
/// Messages that are counted and marked, newest first: what is older is as good as read.
const MOST_COUNTED: u32 = 200;
/// Messages marked in one transaction.
const AT_ONCE: usize = 50;

/// One message in somebody's console. Ids and fixed words only.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct InAppRow {
    pub tenant: TenantId,
    pub user: UserId,
    pub id: NoticeId,
    #[serde(skip)]
    pub version: u64,
    pub happening: Happening,
    pub at: DateTime<Utc>,
    pub read: bool,
}

impl Entity for InAppRow {
    const TYPE: &'static str = "in_app";
    fn key(&self) -> Key {
        key::in_app(self.tenant, self.user, self.id)
    }
    fn version(&self) -> u64 {
        self.version
    }
    fn set_version(&mut self, version: u64) {
        self.version = version;
    }
    fn ttl(&self) -> Option<i64> {
        Some((self.at + KEPT).timestamp())
    }
}

impl TenantStore {
    /// Somebody's messages, newest first, and whether there are more.
    pub async fn in_app_notices(
        &self,
        user: UserId,
        limit: u32,
        after: Option<NoticeId>,
    ) -> Result<(Vec<InAppRow>, bool), StoreError> {
        let pk = key::sign_ins_pk(self.id, user);
        let after = after.map(|id| key::in_app(self.id, user, id).into());
        let (rows, next) = self
            .store
            .list::<InAppRow>(pk, key::IN_APP_PREFIX, false, limit, after)
            .await?;
        let oldest = self.now() - KEPT;
        let kept = rows.into_iter().filter(|row| row.at > oldest).collect();
        Ok((kept, next.is_some()))
    }

    /// How many of somebody's messages they did not read, of the newest 200.
    pub async fn unread_notices(&self, user: UserId) -> Result<usize, StoreError> {
        let (rows, _) = self.in_app_notices(user, MOST_COUNTED, None).await?;
        Ok(rows.iter().filter(|row| !row.read).count())
    }

    /// Marks one message as read. False where there is none.
    pub async fn read_notice(&self, user: UserId, id: NoticeId) -> Result<bool, StoreError> {
        for _ in 0..COMMIT_TRIES {
            let row = self.store.read(&key::in_app(self.id, user, id)).await?;
            let Some(row) = row else {
                return Ok(false);
            };
            match self.mark_read(vec![row]).await {
                Err(error) if error.is_lost() => {}
                other => return other.map(|()| true),
            }
        }
        Err(StoreError::Lost {
            lost: vec![InAppRow::TYPE],
        })
    }

    /// Marks every message that is counted as read.
    pub async fn read_all_notices(&self, user: UserId) -> Result<(), StoreError> {
        for _ in 0..COMMIT_TRIES {
            let (rows, _) = self.in_app_notices(user, MOST_COUNTED, None).await?;
            match self.mark_read(rows).await {
                Err(error) if error.is_lost() => {}
                other => return other,
            }
        }
        Err(StoreError::Lost {
            lost: vec![InAppRow::TYPE],
        })
    }

    async fn mark_read(&self, mut rows: Vec<InAppRow>) -> Result<(), StoreError> {
        rows.retain(|row| !row.read);
        for some in rows.chunks_mut(AT_ONCE) {
            let mut tx = Tx::new();
            for row in some {
                row.read = true;
                tx.update(row)?;
            }
            self.store.commit(tx).await?;
        }
        Ok(())
    }
}
