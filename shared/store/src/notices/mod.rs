//! What staff are told (S3 section 9). Whatever happens writes down in its own transaction that it is to be told; the tick
//! finds that, and whoever tells it takes people a few at a time: their letters, alerts and messages in the console, and
//! how far it is, are one transaction. So nothing is lost and nothing is told twice, whoever dies in between (decision 10).

mod in_app;
mod sms;
mod spread;
mod summaries;
mod tally;

pub use in_app::InAppRow;
pub use sms::{SmsAlert, SmsOutcome};
pub use spread::{Spread, Told};
pub use summaries::SummariesRow;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use vio_domain::contact::AttentionReason;
use vio_domain::ids::{ContactId, NoticeId, TenantId, UserId};
use vio_domain::notices::Happening;

use crate::entity::{DueEntry, Entity};
use crate::error::StoreError;
use crate::key::{self, DueKind};
use crate::port::Key;
use crate::store::TenantStore;
use crate::tx::Tx;

/// Something that staff are still to be told of. Ids and fixed words only.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct NoticeRow {
    pub tenant: TenantId,
    pub id: NoticeId,
    #[serde(skip)]
    pub version: u64,
    pub happening: Happening,
    pub at: DateTime<Utc>,
    /// The last of the team who was told.
    #[serde(default)]
    pub(crate) after: Option<UserId>,
}

impl Entity for NoticeRow {
    const TYPE: &'static str = "notice";
    fn key(&self) -> Key {
        key::notice(self.tenant, self.id)
    }
    fn version(&self) -> u64 {
        self.version
    }
    fn set_version(&mut self, version: u64) {
        self.version = version;
    }
    fn due(&self) -> Option<DueEntry> {
        let id = self.id.uuid();
        Some(key::due(self.at, DueKind::Notice, self.tenant, id))
    }
}

impl TenantStore {
    /// Writes down, in the transaction of what happened, that staff are to be told of it.
    pub fn tell(&self, tx: &mut Tx, happening: Happening) -> Result<(), StoreError> {
        tx.create(&mut NoticeRow {
            tenant: self.id,
            id: NoticeId::new(self.new_id()),
            version: 0,
            happening,
            at: self.now(),
            after: None,
        })
    }

    /// The same of an entry that came onto the work list without staff or a call putting it there.
    pub(crate) fn tell_attention(
        &self,
        tx: &mut Tx,
        contact: ContactId,
        reason: AttentionReason,
    ) -> Result<(), StoreError> {
        self.tell(tx, Happening::NeedsAttention { contact, reason })
    }

    /// What staff are still to be told of, oldest first.
    pub async fn notices(&self, limit: u32) -> Result<Vec<NoticeRow>, StoreError> {
        let pk = key::notices_pk(self.id);
        let page = self.store.list(pk, key::NOTICE_PREFIX, true, limit, None);
        Ok(page.await?.0)
    }
}
