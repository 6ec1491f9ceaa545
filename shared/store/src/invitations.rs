//! Invitations to a team (S3 section 5 `send_welcome_email`). The link holds the secret, here lies its hash; it is good
//! once, for a week of real time, and only while it is the last one that was made.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use vio_crypto::tokens::{Invitation, InvitationToken, SecretTokenHash};
use vio_domain::ids::{TenantId, UserId};

use crate::entity::Entity;
use crate::error::StoreError;
use crate::key;
use crate::port::{Condition, Key};
use crate::store::{Store, TenantStore};
use crate::tx::Tx;
use crate::users::{OpenInvitation, UserRow, UserStatus};

/// How long an invitation is good (real time).
pub const INVITATION_LIFETIME: TimeDelta = TimeDelta::days(7);

/// An invitation that was not accepted yet.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct InvitationRow {
    id: Uuid,
    pub tenant: TenantId,
    pub user: UserId,
    hash: SecretTokenHash<Invitation>,
    /// Real time.
    pub expires_at: DateTime<Utc>,
    #[serde(skip)]
    version: u64,
}

impl Entity for InvitationRow {
    const TYPE: &'static str = "invitation";
    fn key(&self) -> Key {
        key::invitation(self.id)
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

impl InvitationRow {
    /// Whether this is the invitation that is open to this user.
    pub fn is_for(&self, user: &UserRow) -> bool {
        (self.tenant, self.user) == (user.tenant, user.id)
            && user.status == UserStatus::Invited
            && user.invitation.is_some_and(|open| open.id == self.id)
    }
}

impl Store {
    /// The invitation that a token opens; None where it is not good: a stranger's, accepted, withdrawn, or too old.
    pub async fn invitation(
        &self,
        token: &InvitationToken,
        real_now: DateTime<Utc>,
    ) -> Result<Option<InvitationRow>, StoreError> {
        let row: Option<InvitationRow> = self.read(&key::invitation(token.id())).await?;
        Ok(row.filter(|row| row.hash.matches(token) && real_now < row.expires_at))
    }
}

impl TenantStore {
    /// Makes an invitation for a user, in the transaction of the letter that holds it; one made before is good no longer.
    /// The user's record, which the caller stages, names it.
    pub fn stage_invitation(
        &self,
        tx: &mut Tx,
        user: &mut UserRow,
        real_now: DateTime<Utc>,
    ) -> Result<InvitationToken, StoreError> {
        self.stage_invitation_over(tx, user);
        let token = InvitationToken::generate(self.new_id(), self.store.random())
            .map_err(|error| StoreError::Keys(Box::new(error)))?;
        let until = real_now + INVITATION_LIFETIME;
        tx.create(&mut InvitationRow {
            id: token.id(),
            tenant: self.id,
            user: user.id,
            hash: token.hash(),
            expires_at: until,
            version: 0,
        })?;
        user.invitation = Some(OpenInvitation {
            id: token.id(),
            until,
        });
        Ok(token)
    }

    /// Ends the invitation that is open to a user: accepted, withdrawn, or made anew.
    pub fn stage_invitation_over(&self, tx: &mut Tx, user: &mut UserRow) {
        if let Some(open) = user.invitation.take() {
            let place = key::invitation(open.id);
            tx.delete_if("old_invitation", place, Condition::Always);
        }
    }
}
