//! Links to a new password (S3 `password_reset`). The link holds the secret, here lies its hash; it is good once, for an
//! hour of real time, and only while the password is the one that it was asked for.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use vio_crypto::LookupHash;
use vio_crypto::tokens::{PasswordReset, PasswordResetToken, SecretTokenHash};
use vio_domain::ids::{TenantId, UserId};

use crate::entity::Entity;
use crate::error::StoreError;
use crate::key;
use crate::port::Key;
use crate::store::{Store, TenantStore};
use crate::tx::{COMMIT_TRIES, Tx};
use crate::users::UserRow;

/// How long a link is good (real time).
pub const RESET_LIFETIME: TimeDelta = TimeDelta::minutes(60);
/// Links that one address is sent within [`ASKS_WITHIN`].
pub const MOST_ASKS: usize = 3;
/// The time in which they are counted.
pub const ASKS_WITHIN: TimeDelta = TimeDelta::hours(1);

/// A link that was not used yet.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PasswordResetRow {
    id: Uuid,
    pub tenant: TenantId,
    pub user: UserId,
    hash: SecretTokenHash<PasswordReset>,
    /// The password that it replaces.
    password_version: u64,
    /// Real time.
    pub expires_at: DateTime<Utc>,
    #[serde(skip)]
    version: u64,
}

impl Entity for PasswordResetRow {
    const TYPE: &'static str = "password_reset";
    fn key(&self) -> Key {
        key::password_reset(self.id)
    }
    fn version(&self) -> u64 {
        self.version
    }
    fn set_version(&mut self, version: u64) {
        self.version = version;
    }
    fn ttl(&self) -> Option<i64> {
        Some(self.expires_at.timestamp())
    }
}

impl PasswordResetRow {
    /// Whether it still is about this user's password.
    pub fn is_for(&self, user: &UserRow) -> bool {
        (self.tenant, self.user) == (user.tenant, user.id)
            && self.password_version == user.password_version
    }
}

/// When links were asked for with an address, whether or not anybody has it.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct AsksRow {
    email_hash: LookupHash,
    asked_ms: Vec<i64>,
    #[serde(skip)]
    version: u64,
}

impl Entity for AsksRow {
    const TYPE: &'static str = "password_reset_asks";
    fn key(&self) -> Key {
        key::password_reset_asks(&self.email_hash.to_string())
    }
    fn version(&self) -> u64 {
        self.version
    }
    fn set_version(&mut self, version: u64) {
        self.version = version;
    }
    fn ttl(&self) -> Option<i64> {
        let last = self.asked_ms.iter().max().copied().unwrap_or(0);
        Some(last / 1000 + ASKS_WITHIN.num_seconds())
    }
}

impl Store {
    /// Notes that a link is asked for with an address. False where that happened too often.
    pub async fn may_ask_password_reset(
        &self,
        email_hash: LookupHash,
        real_now: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let now = real_now.timestamp_millis();
        for _ in 0..COMMIT_TRIES {
            let place = key::password_reset_asks(&email_hash.to_string());
            let row: Option<AsksRow> = self.read(&place).await?;
            let mut row = row.unwrap_or(AsksRow {
                email_hash,
                asked_ms: Vec::new(),
                version: 0,
            });
            row.asked_ms
                .retain(|asked| now - asked < ASKS_WITHIN.num_milliseconds());
            if row.asked_ms.len() >= MOST_ASKS {
                return Ok(false);
            }
            row.asked_ms.push(now);
            let mut tx = Tx::new();
            tx.save(&mut row)?;
            match self.commit(tx).await {
                Ok(()) => return Ok(true),
                Err(error) if error.is_lost() => {}
                Err(error) => return Err(error),
            }
        }
        // So many at once are too many.
        Ok(false)
    }

    /// The link that a token opens; None where it is not good: a stranger's, used, or too old.
    pub async fn password_reset(
        &self,
        token: &PasswordResetToken,
        real_now: DateTime<Utc>,
    ) -> Result<Option<PasswordResetRow>, StoreError> {
        let row: Option<PasswordResetRow> = self.read(&key::password_reset(token.id())).await?;
        Ok(row.filter(|row| row.hash.matches(token) && real_now < row.expires_at))
    }
}

impl TenantStore {
    /// Makes a link for a user, in the transaction of the letter that holds it.
    pub fn stage_password_reset(
        &self,
        tx: &mut Tx,
        user: &UserRow,
        real_now: DateTime<Utc>,
    ) -> Result<PasswordResetToken, StoreError> {
        let token = PasswordResetToken::generate(self.new_id(), self.store.random())
            .map_err(|error| StoreError::Keys(Box::new(error)))?;
        tx.create(&mut PasswordResetRow {
            id: token.id(),
            tenant: self.id,
            user: user.id,
            hash: token.hash(),
            password_version: user.password_version,
            expires_at: real_now + RESET_LIFETIME,
            version: 0,
        })?;
        Ok(token)
    }

    /// Uses a link up. Lost where somebody else does.
    pub fn stage_reset_used(&self, tx: &mut Tx, row: &PasswordResetRow) {
        tx.delete(row);
    }
}
