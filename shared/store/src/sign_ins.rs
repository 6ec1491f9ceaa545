//! Sign-ins: one record per signed-in device, the family of refresh tokens it rotates through, and the count of failed
//! tries per address (rules.md People, roles, sessions).
//!
//! Two clocks: tokens and lockout run on real time, idle logout and "last used" on the domain's.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use vio_crypto::tokens::{RefreshToken, RefreshTokenHash};
use vio_crypto::{FieldRef, LookupHash, Sealed};
use vio_domain::ids::{SignInId, TenantId, UserId};

use crate::entity::{Entity, from_item, type_of};
use crate::error::StoreError;
use crate::key;
use crate::log::Actor;
use crate::port::{Condition, Key};
use crate::store::{Store, TenantStore};
use crate::tenants::TenantRow;
use crate::tx::Tx;
use crate::users::UserRow;

/// After so long a device signs in again, however much it was used (real time).
pub const LONGEST_SIGN_IN: TimeDelta = TimeDelta::days(30);

/// A signed-in device.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SignInRow {
    pub tenant: TenantId,
    pub user: UserId,
    pub id: SignInId,
    #[serde(skip)]
    pub version: u64,
    /// The one refresh token that is good; any other of the family ends it.
    pub refresh: RefreshTokenHash,
    /// On the domain's clock.
    pub created_at: DateTime<Utc>,
    /// Last request, to within some minutes, on the domain's clock: idle logout counts from here.
    pub last_used: DateTime<Utc>,
    /// Real time.
    pub expires_at: DateTime<Utc>,
    /// Whether the refresh token lies in a cookie.
    #[serde(default)]
    pub cookie: bool,
    /// Address and device at sign-in.
    origin: Sealed,
}

impl Entity for SignInRow {
    const TYPE: &'static str = "sign_in";
    fn key(&self) -> Key {
        key::sign_in(self.tenant, self.user, self.id)
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

/// Whose a family of refresh tokens is; a token names only its family.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct FamilyRow {
    id: SignInId,
    tenant: TenantId,
    user: UserId,
    expires_at: DateTime<Utc>,
    #[serde(skip)]
    version: u64,
}

impl Entity for FamilyRow {
    const TYPE: &'static str = "refresh_family";
    fn key(&self) -> Key {
        key::refresh_family(self.id)
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

/// Where a sign-in came from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    pub address: Option<String>,
    pub device: Option<String>,
}

impl Store {
    /// The sign-in that a refresh token belongs to. Whether the token is the good one is for the caller to ask.
    pub async fn sign_in_of(&self, token: &RefreshToken) -> Result<Option<SignInRow>, StoreError> {
        let family = SignInId::new(token.family());
        let Some(row) = self.read::<FamilyRow>(&key::refresh_family(family)).await? else {
            return Ok(None);
        };
        self.sign_in(row.tenant, row.user, row.id).await
    }

    /// What says whether a signed-in person may still act: their business, themselves and the sign-in, in one request.
    /// None where one of them is gone.
    pub async fn standing(
        &self,
        tenant: TenantId,
        user: UserId,
        id: SignInId,
    ) -> Result<Option<(TenantRow, UserRow, SignInRow)>, StoreError> {
        let keys = [
            key::tenant(tenant),
            key::user(tenant, user),
            key::sign_in(tenant, user, id),
        ];
        let (mut business, mut person, mut sign_in) = (None::<TenantRow>, None, None);
        for item in self.read_items(&keys).await? {
            match type_of(&item) {
                Some(TenantRow::TYPE) => business = Some(from_item(item)?),
                Some(UserRow::TYPE) => person = Some(from_item(item)?),
                _ => sign_in = Some(from_item(item)?),
            }
        }
        if let Some(row) = &business {
            // The request that is judged goes on to open the tenant's storage.
            self.remember_wrapped(tenant, row.wrapped_key.clone());
        }
        Ok(business
            .zip(person)
            .zip(sign_in)
            .map(|((business, person), sign_in)| (business, person, sign_in)))
    }

    /// A sign-in by ids; None once it ended.
    pub async fn sign_in(
        &self,
        tenant: TenantId,
        user: UserId,
        id: SignInId,
    ) -> Result<Option<SignInRow>, StoreError> {
        self.read(&key::sign_in(tenant, user, id)).await
    }
}

impl TenantStore {
    fn origin_field(&self, id: SignInId) -> FieldRef {
        FieldRef::new(self.id.uuid(), id.uuid(), "origin")
    }

    /// Puts a new sign-in into a transaction. `token` must carry `id` as its family.
    pub fn create_sign_in(
        &self,
        tx: &mut Tx,
        user: UserId,
        token: &RefreshToken,
        cookie: bool,
        actor: &Actor,
        real_now: DateTime<Utc>,
    ) -> Result<SignInRow, StoreError> {
        let id = SignInId::new(token.family());
        let origin = Origin {
            address: actor.address.clone(),
            device: actor.device.clone(),
        };
        let now = self.now();
        let expires_at = real_now + LONGEST_SIGN_IN;
        let mut row = SignInRow {
            tenant: self.id,
            user,
            id,
            version: 0,
            refresh: token.hash(),
            created_at: now,
            last_used: now,
            expires_at,
            cookie,
            origin: self.seal_json("sign-in", self.origin_field(id), &origin)?,
        };
        tx.create(&mut row)?;
        tx.create(&mut FamilyRow {
            id,
            tenant: self.id,
            user,
            expires_at,
            version: 0,
        })?;
        Ok(row)
    }

    /// The signed-in devices of a user, newest first, at most 100.
    pub async fn sign_ins(&self, user: UserId) -> Result<Vec<SignInRow>, StoreError> {
        let (rows, _) = self
            .store
            .list(
                key::sign_ins_pk(self.id, user),
                key::SIGN_IN_PREFIX,
                false,
                100,
                None,
            )
            .await?;
        Ok(rows)
    }

    /// Address and device at sign-in.
    pub fn sign_in_origin(&self, row: &SignInRow) -> Result<Origin, StoreError> {
        self.open_json("sign-in", self.origin_field(row.id), &row.origin)
    }

    /// Ends a sign-in, whatever its version: nothing that happens to it meanwhile keeps it alive.
    pub fn end_sign_in(&self, tx: &mut Tx, user: UserId, id: SignInId) {
        tx.delete_if(
            "sign_in",
            key::sign_in(self.id, user, id),
            Condition::Always,
        );
        tx.delete_if("refresh_family", key::refresh_family(id), Condition::Always);
    }
}

/// Failed tries after which an address is locked for a while.
pub const TRIES: u32 = 5;
/// The first lock; each further failure doubles it up to [`LONGEST_LOCK`].
pub const FIRST_LOCK: TimeDelta = TimeDelta::minutes(1);
pub const LONGEST_LOCK: TimeDelta = TimeDelta::hours(1);
/// Failures are forgotten after so long without another.
const FORGOTTEN_AFTER: TimeDelta = TimeDelta::hours(24);
/// Tries of one address that may be under way at once, so that guessing in parallel gains nothing.
const MOST_AT_ONCE: usize = 20;
/// A try is over after so long, whatever became of it.
const TRY_LASTS: TimeDelta = TimeDelta::seconds(10);
/// Races lost to other tries of the same address before giving up.
const RACES: u32 = 12;

/// The failed tries of one address, whether or not anybody signs in with it: a lock tells nothing of that.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct TriesRow {
    email_hash: LookupHash,
    failures: u32,
    last_ms: i64,
    locked_until_ms: i64,
    /// When the tries that are under way began.
    #[serde(default)]
    under_way: Vec<i64>,
    #[serde(skip)]
    version: u64,
}

impl Entity for TriesRow {
    const TYPE: &'static str = "sign_in_tries";
    fn key(&self) -> Key {
        key::sign_in_tries(&self.email_hash.to_string())
    }
    fn version(&self) -> u64 {
        self.version
    }
    fn set_version(&mut self, version: u64) {
        self.version = version;
    }
    fn ttl(&self) -> Option<i64> {
        Some(self.last_ms / 1000 + FORGOTTEN_AFTER.num_seconds() + 3600)
    }
}

/// Whether a sign-in may be tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Try {
    /// Go ahead; tell [`Store::end_try`] how it went.
    Allowed { began_ms: i64 },
    /// Not before this instant.
    Locked { until: DateTime<Utc> },
}

/// How long an address is locked after so many failures.
fn lock_after(failures: u32) -> TimeDelta {
    let Some(beyond) = failures.checked_sub(TRIES) else {
        return TimeDelta::zero();
    };
    let seconds = FIRST_LOCK.num_seconds() << beyond.min(12);
    TimeDelta::seconds(seconds).min(LONGEST_LOCK)
}

impl Store {
    async fn change_tries<T>(
        &self,
        email_hash: LookupHash,
        mut change: impl FnMut(&mut TriesRow) -> (T, bool),
    ) -> Result<T, StoreError> {
        let mut races = 0;
        loop {
            let row = self
                .read::<TriesRow>(&key::sign_in_tries(&email_hash.to_string()))
                .await?;
            let mut row = row.unwrap_or(TriesRow {
                email_hash,
                failures: 0,
                last_ms: 0,
                locked_until_ms: 0,
                under_way: Vec::new(),
                version: 0,
            });
            let (answer, write) = change(&mut row);
            if !write {
                return Ok(answer);
            }
            let mut tx = Tx::new();
            tx.save(&mut row)?;
            match self.commit(tx).await {
                Ok(()) => return Ok(answer),
                Err(error) if error.is_lost() && races < RACES => races += 1,
                Err(error) => return Err(error),
            }
        }
    }

    /// Notes that a sign-in is being tried, before any work is done for it.
    pub async fn begin_try(
        &self,
        email_hash: LookupHash,
        real_now: DateTime<Utc>,
    ) -> Result<Try, StoreError> {
        let now = real_now.timestamp_millis();
        self.change_tries(email_hash, |row| {
            if now - row.last_ms > FORGOTTEN_AFTER.num_milliseconds() {
                row.failures = 0;
                row.locked_until_ms = 0;
            }
            row.under_way
                .retain(|began| now - began < TRY_LASTS.num_milliseconds());
            let full = row.under_way.len() >= MOST_AT_ONCE;
            let until = if full {
                now + 2_000
            } else {
                row.locked_until_ms
            };
            if until > now {
                let until = DateTime::from_timestamp_millis(until).unwrap_or(real_now);
                return (Try::Locked { until }, false);
            }
            row.under_way.push(now);
            row.last_ms = now;
            (Try::Allowed { began_ms: now }, true)
        })
        .await
    }

    /// Notes how a try went. A success forgets the failures before it; each failure beyond [`TRIES`] locks longer.
    pub async fn end_try(
        &self,
        email_hash: LookupHash,
        began_ms: i64,
        succeeded: bool,
        real_now: DateTime<Utc>,
    ) -> Result<(), StoreError> {
        self.change_tries(email_hash, |row| {
            if let Some(at) = row.under_way.iter().position(|began| *began == began_ms) {
                row.under_way.swap_remove(at);
            }
            row.last_ms = real_now.timestamp_millis();
            if succeeded {
                row.failures = 0;
                row.locked_until_ms = 0;
            } else {
                row.failures = row.failures.saturating_add(1);
                row.locked_until_ms = (real_now + lock_after(row.failures)).timestamp_millis();
            }
            ((), true)
        })
        .await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_failure_beyond_the_tries_locks_longer_up_to_an_hour() {
        let minutes: Vec<i64> = (0..14).map(|n| lock_after(n).num_minutes()).collect();
        assert_eq!(minutes, [0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60]);
        assert_eq!(lock_after(u32::MAX), LONGEST_LOCK);
    }
}
