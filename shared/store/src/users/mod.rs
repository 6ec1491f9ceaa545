//! People who sign in: their records, and the claims that keep sign-in e-mails unique on the platform (S3 sections 1, 2
//! and 5, rules.md People, roles, sessions). Names, addresses and the password's hash lie
//! sealed under the tenant's keys; an e-mail is found by its keyed hash alone.

mod sign_up;

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;
use vio_crypto::password::PasswordHash;
use vio_crypto::{FieldRef, LookupHash, LookupKind, PlatformKeys, Sealed};
use vio_domain::error::Invalid;
use vio_domain::ids::{TenantId, UserId};
use vio_domain::notices::NoticeSettings;
use vio_domain::permission::{
    ContactScopes, CustomPermissions, PermissionSet, Preset, Role, effective,
};
use vio_domain::phone::E164;
use vio_domain::preferences::Preferences;
use vio_domain::text::{Email, PersonName, ShortText};

use crate::entity::Entity;
use crate::error::StoreError;
use crate::key;
use crate::port::{Condition, Key};
use crate::store::{Store, TenantStore};
use crate::tx::Tx;

/// Whether somebody may sign in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UserStatus {
    #[default]
    Active,
    /// Shut out until somebody lets them in again.
    Inactive,
    /// Asked to join, and has no password yet.
    Invited,
}

/// Hours without a request after which a session ends (S3 `session_timeout`): 2, 4, 8, 12 or 24.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct IdleHours(u8);

impl IdleHours {
    /// S3's choices.
    pub const CHOICES: [u8; 5] = [2, 4, 8, 12, 24];

    /// The hours.
    pub fn hours(self) -> u8 {
        self.0
    }

    /// As a span of time.
    pub fn span(self) -> chrono::TimeDelta {
        chrono::TimeDelta::hours(i64::from(self.0))
    }
}

impl Default for IdleHours {
    fn default() -> Self {
        Self(8)
    }
}

impl TryFrom<u8> for IdleHours {
    type Error = Invalid;

    fn try_from(hours: u8) -> Result<Self, Invalid> {
        if Self::CHOICES.contains(&hours) {
            Ok(Self(hours))
        } else {
            Err(Invalid::new(
                "not_offered",
                "Automatic logout comes after 2, 4, 8, 12 or 24 hours.",
            ))
        }
    }
}

impl From<IdleHours> for u8 {
    fn from(hours: IdleHours) -> u8 {
        hours.0
    }
}

/// What is personal about a user.
#[derive(Clone, Serialize, Deserialize)]
pub struct PersonalDetails {
    pub full_name: PersonName,
    pub email: Email,
    #[serde(default)]
    pub job_title: Option<ShortText<100>>,
    #[serde(default)]
    pub phone: Option<E164>,
}

impl std::fmt::Debug for PersonalDetails {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PersonalDetails(..)")
    }
}

/// A user's record as stored: what decides access in clear, what is personal sealed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct UserRow {
    pub tenant: TenantId,
    pub id: UserId,
    #[serde(skip)]
    pub version: u64,
    pub status: UserStatus,
    pub role: Role,
    #[serde(default)]
    pub preset: Option<Preset>,
    /// Slugs of the industries that a manager is given (S1).
    #[serde(default)]
    pub industries: BTreeSet<String>,
    #[serde(default)]
    pub custom: CustomPermissions,
    /// Raised by every edit of the record, which signing in is not: what its `ETag` names.
    #[serde(default)]
    pub edits: u64,
    /// Raised by every change of what the user may do; tokens carry it.
    pub permission_version: u64,
    #[serde(default)]
    pub idle: IdleHours,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    #[serde(default)]
    pub last_sign_in: Option<DateTime<Utc>>,
    /// What they want to be told of.
    #[serde(default)]
    pub notices: NoticeSettings,
    /// How the console looks for them.
    #[serde(default)]
    pub preferences: Preferences,
    /// Raised by each new password: what lets one choose another is good for the one it was made for alone.
    #[serde(default)]
    pub password_version: u64,
    /// The invitation that is open, and until when (real time).
    #[serde(default)]
    pub invitation: Option<OpenInvitation>,
    /// Devices that were signed in on before, newest last, by keyed hash of what they call themselves.
    #[serde(default)]
    known_devices: Vec<String>,
    personal: Sealed,
    /// None until they chose one.
    #[serde(default)]
    password: Option<Sealed>,
}

/// An invitation that waits to be accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenInvitation {
    pub id: Uuid,
    /// Real time.
    pub until: DateTime<Utc>,
}

/// Devices of one user that are remembered.
const MOST_DEVICES: usize = 20;

impl Entity for UserRow {
    const TYPE: &'static str = "user";
    fn key(&self) -> Key {
        key::user(self.tenant, self.id)
    }
    fn version(&self) -> u64 {
        self.version
    }
    fn set_version(&mut self, version: u64) {
        self.version = version;
    }
}

impl UserRow {
    /// What the user may do.
    pub fn permissions(&self) -> PermissionSet {
        effective(self.role, self.preset_in_force(), self.custom)
    }

    /// The preset that counts: only a `client_user` has one, and without one it is the default.
    pub fn preset_in_force(&self) -> Option<Preset> {
        (self.role == Role::ClientUser).then(|| self.preset.unwrap_or_default())
    }

    /// Which contacts the user reaches.
    pub fn scopes(&self) -> ContactScopes {
        ContactScopes::new(
            self.role,
            self.preset_in_force(),
            self.permissions(),
            &self.industries,
        )
    }
}

/// A new user, before the record exists.
#[derive(Debug, Clone)]
pub struct NewUser {
    pub id: UserId,
    pub role: Role,
    pub preset: Option<Preset>,
    pub industries: BTreeSet<String>,
    pub custom: CustomPermissions,
    pub personal: PersonalDetails,
    /// None for somebody who is invited and chooses one.
    pub password: Option<PasswordHash>,
}

/// Who signs in with an e-mail address. Created with its user; its absence is the claim.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct LoginRow {
    pub email_hash: LookupHash,
    pub tenant: TenantId,
    pub user: UserId,
    #[serde(skip)]
    version: u64,
}

impl Entity for LoginRow {
    const TYPE: &'static str = "login";
    fn key(&self) -> Key {
        key::login(&self.email_hash.to_string())
    }
    fn version(&self) -> u64 {
        self.version
    }
    fn set_version(&mut self, version: u64) {
        self.version = version;
    }
}

/// The keyed hash by which a sign-in e-mail is found.
pub fn login_hash(keys: &PlatformKeys, email: &Email) -> LookupHash {
    keys.sign_in_email(&email.folded())
}

impl Store {
    /// Who signs in with this address.
    pub async fn login(&self, email_hash: &LookupHash) -> Result<Option<LoginRow>, StoreError> {
        self.read(&key::login(&email_hash.to_string())).await
    }

    /// A user's record by ids, without opening what is personal in it.
    pub async fn user_row(
        &self,
        tenant: TenantId,
        user: UserId,
    ) -> Result<Option<UserRow>, StoreError> {
        self.read(&key::user(tenant, user)).await
    }
}

impl TenantStore {
    fn user_field(&self, user: UserId, field: &'static str) -> FieldRef {
        FieldRef::new(self.id.uuid(), user.uuid(), field)
    }

    /// Puts a new user and the claim on their e-mail into a transaction: active with a password, invited without one. Lost
    /// on `login` where the e-mail is taken.
    pub fn create_user(
        &self,
        tx: &mut Tx,
        platform: &PlatformKeys,
        new: NewUser,
    ) -> Result<UserRow, StoreError> {
        let mut row = self.new_user(tx, platform, new)?;
        tx.create(&mut row)?;
        Ok(row)
    }

    /// As [`Self::create_user`], with the record left for the caller to stage, who has more to put into it.
    pub fn new_user(
        &self,
        tx: &mut Tx,
        platform: &PlatformKeys,
        new: NewUser,
    ) -> Result<UserRow, StoreError> {
        let now = self.now();
        let place = |field| self.user_field(new.id, field);
        let row = UserRow {
            tenant: self.id,
            id: new.id,
            version: 0,
            status: match new.password {
                Some(_) => UserStatus::Active,
                None => UserStatus::Invited,
            },
            role: new.role,
            preset: new.preset,
            industries: new.industries,
            custom: new.custom,
            edits: 1,
            permission_version: 1,
            idle: IdleHours::default(),
            created_at: now,
            updated_at: now,
            last_sign_in: None,
            notices: NoticeSettings::default(),
            preferences: Preferences::default(),
            password_version: 1,
            invitation: None,
            known_devices: Vec::new(),
            personal: self.seal_json("user", place("personal"), &new.personal)?,
            password: new
                .password
                .map(|password| self.seal_json("user", place("password"), &password))
                .transpose()?,
        };
        tx.create(&mut LoginRow {
            email_hash: login_hash(platform, &new.personal.email),
            tenant: self.id,
            user: new.id,
            version: 0,
        })?;
        Ok(row)
    }

    /// A member of this tenant's team.
    pub async fn user(&self, user: UserId) -> Result<Option<UserRow>, StoreError> {
        self.store.user_row(self.id, user).await
    }

    /// The whole team, in order of joining. A team is small: it is read in pages of 100 up to `most`.
    pub async fn team(&self, most: usize) -> Result<Vec<UserRow>, StoreError> {
        let mut users = Vec::new();
        let mut after = None;
        loop {
            let (page, next) = self
                .store
                .list::<UserRow>(
                    key::tenant_pk(self.id),
                    key::USER_PREFIX,
                    true,
                    100,
                    after.take(),
                )
                .await?;
            users.extend(page);
            after = next;
            if after.is_none() || users.len() >= most {
                users.truncate(most);
                return Ok(users);
            }
        }
    }

    /// What is personal about a user.
    pub fn open_personal(&self, row: &UserRow) -> Result<PersonalDetails, StoreError> {
        self.open_json("user", self.user_field(row.id, "personal"), &row.personal)
    }

    /// Seals changed personal details into the record, which the caller stages.
    pub fn set_personal(
        &self,
        row: &mut UserRow,
        personal: &PersonalDetails,
    ) -> Result<(), StoreError> {
        row.personal = self.seal_json("user", self.user_field(row.id, "personal"), personal)?;
        Ok(())
    }

    /// The hash of a user's password; None where they chose none yet.
    pub fn open_password(&self, row: &UserRow) -> Result<Option<PasswordHash>, StoreError> {
        row.password
            .as_ref()
            .map(|password| self.open_json("user", self.user_field(row.id, "password"), password))
            .transpose()
    }

    /// Takes note of a device that somebody signs in on, in the record, which the caller stages. Whether it is new to
    /// them; the first of all is not.
    pub fn note_device(&self, row: &mut UserRow, device: &str) -> bool {
        let identity = format!("device\n{}\n{device}", row.id);
        let hash = self
            .keys
            .lookup(LookupKind::ProviderEvent, &identity)
            .to_string();
        let (first, known) = (
            row.known_devices.is_empty(),
            row.known_devices.contains(&hash),
        );
        row.known_devices.retain(|each| *each != hash);
        row.known_devices.push(hash);
        let old = row.known_devices.len().saturating_sub(MOST_DEVICES);
        row.known_devices.drain(..old);
        !first && !known
    }

    /// Takes a member out of the team for good: the record and the claim on the address.
    pub fn delete_user(
        &self,
        tx: &mut Tx,
        platform: &PlatformKeys,
        row: &UserRow,
    ) -> Result<(), StoreError> {
        let email = self.open_personal(row)?.email;
        tx.delete(row);
        let place = key::login(&login_hash(platform, &email).to_string());
        tx.delete_if("old_login", place, Condition::Present);
        Ok(())
    }

    /// Seals a new password's hash into the record, which the caller stages.
    pub fn set_password(
        &self,
        row: &mut UserRow,
        password: &PasswordHash,
    ) -> Result<(), StoreError> {
        let place = self.user_field(row.id, "password");
        row.password = Some(self.seal_json("user", place, password)?);
        row.password_version += 1;
        Ok(())
    }

    /// Stages a changed user, conditional on the version as read.
    pub fn save_user(&self, tx: &mut Tx, row: &mut UserRow) -> Result<(), StoreError> {
        row.updated_at = self.now();
        row.edits += 1;
        tx.update(row)
    }
}
