//! Addresses that e-mail does not reach, or whose owners do not want it: for some time nothing of ours is sent there,
//! because providers close the accounts of those who go on (S1 phase 4).

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use vio_crypto::LookupHash;
use vio_domain::ids::TenantId;
use vio_domain::text::Email;

use crate::entity::Entity;
use crate::error::StoreError;
use crate::key;
use crate::port::Key;
use crate::store::TenantStore;
use crate::tx::Tx;

/// How long an address is left alone. A mailbox may be mended, and who said "spam" by mistake must be able to get a new
/// password one day.
pub const STOPPED_FOR: TimeDelta = TimeDelta::days(30);

/// Why nothing is sent to an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MailStop {
    /// An e-mail came back for good.
    Bounced,
    /// Its owner said that it was unwanted.
    Complained,
}

impl MailStop {
    /// The word used in the API and the log.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Bounced => "bounced",
            Self::Complained => "complained",
        }
    }
}

/// An address that is left alone.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct MailStoppedRow {
    tenant: TenantId,
    hash: LookupHash,
    #[serde(skip)]
    version: u64,
    pub why: MailStop,
    pub at: DateTime<Utc>,
    until: DateTime<Utc>,
}

impl Entity for MailStoppedRow {
    const TYPE: &'static str = "mail_stopped";
    fn key(&self) -> Key {
        key::mail_stopped(self.tenant, &self.hash.to_string())
    }
    fn version(&self) -> u64 {
        self.version
    }
    fn set_version(&mut self, version: u64) {
        self.version = version;
    }
    fn ttl(&self) -> Option<i64> {
        Some(self.until.timestamp())
    }
}

impl TenantStore {
    /// Whether nothing is sent to an address, and why.
    pub async fn mail_is_stopped(&self, to: &Email) -> Result<Option<MailStop>, StoreError> {
        let place = key::mail_stopped(self.id, &self.email_hash(to).to_string());
        let row: Option<MailStoppedRow> = self.store.read(&place).await?;
        Ok(row.filter(|row| row.until > self.now()).map(|row| row.why))
    }

    /// The same of several addresses, in their order.
    pub async fn mail_stops(&self, to: &[Email]) -> Result<Vec<Option<MailStop>>, StoreError> {
        let hashes: Vec<LookupHash> = to.iter().map(|to| self.email_hash(to)).collect();
        let keys: Vec<Key> = hashes
            .iter()
            .map(|hash| key::mail_stopped(self.id, &hash.to_string()))
            .collect();
        let rows: Vec<MailStoppedRow> = self.store.read_all(&keys).await?;
        let now = self.now();
        let why = |hash: &LookupHash| {
            let mut stopped = rows.iter().filter(|row| row.until > now);
            stopped.find(|row| row.hash == *hash).map(|row| row.why)
        };
        Ok(hashes.iter().map(why).collect())
    }

    /// Stages that nothing is sent to an address for some time.
    pub(crate) async fn stage_mail_stop(
        &self,
        tx: &mut Tx,
        to: &Email,
        why: MailStop,
    ) -> Result<(), StoreError> {
        let (hash, now) = (self.email_hash(to), self.now());
        let place = key::mail_stopped(self.id, &hash.to_string());
        let known: Option<MailStoppedRow> = self.store.read(&place).await?;
        let mut row = MailStoppedRow {
            tenant: self.id,
            hash,
            version: known.map_or(0, |row| row.version),
            why,
            at: now,
            until: now + STOPPED_FOR,
        };
        tx.save(&mut row)
    }
}
