//! Consents given and withdrawn: the history beside the state that the contact carries (S3 section 6, rules.md
//! Privacy).

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use vio_domain::contact::{ConsentMethod, VoiceConsent};
use vio_domain::ids::{ConsentId, ContactId, TenantId, UserId};

use crate::contacts::person::Person;
use crate::entity::Entity;
use crate::error::StoreError;
use crate::key;
use crate::log::Actor;
use crate::port::{Key, Position};
use crate::store::TenantStore;
use crate::tx::Tx;

/// What happened to a consent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case")]
pub enum ConsentChange {
    Given {
        method: ConsentMethod,
        /// When the person agreed, which may be before it was recorded.
        obtained_at: DateTime<Utc>,
    },
    Withdrawn,
}

/// One consent to voice calls, given or withdrawn. Written once.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ConsentRow {
    pub tenant: TenantId,
    pub contact: ContactId,
    pub id: ConsentId,
    pub change: ConsentChange,
    pub recorded_at: DateTime<Utc>,
    /// Who recorded it; None for a booking page.
    pub by: Option<UserId>,
}

impl Entity for ConsentRow {
    const TYPE: &'static str = "consent";
    fn key(&self) -> Key {
        key::consent(self.tenant, self.contact, self.id)
    }
    fn version(&self) -> u64 {
        1
    }
    fn set_version(&mut self, _: u64) {}
}

impl TenantStore {
    /// Stages a change of consent: the state on the person and the record of it. Calls already planned are the
    /// caller's to stop or plan, by [`TenantStore::stage_no_more_calls`] and [`TenantStore::stage_save`].
    pub fn stage_consent(
        &self,
        tx: &mut Tx,
        person: &mut Person,
        change: ConsentChange,
        actor: &Actor,
    ) -> Result<ConsentRow, StoreError> {
        let now = self.now();
        person.contact.preferences.voice_consent = match change {
            ConsentChange::Given {
                method,
                obtained_at,
            } => VoiceConsent::Given {
                method,
                obtained_at,
            },
            ConsentChange::Withdrawn => VoiceConsent::Withdrawn { at: now },
        };
        let mut row = ConsentRow {
            tenant: self.id,
            contact: person.contact.id,
            id: ConsentId::new(self.new_id()),
            change,
            recorded_at: now,
            by: actor.user(),
        };
        tx.create(&mut row)?;
        Ok(row)
    }

    /// The consents of a contact, newest first.
    pub async fn consents_of(
        &self,
        contact: ContactId,
        limit: u32,
        after: Option<Position>,
    ) -> Result<(Vec<ConsentRow>, Option<Position>), StoreError> {
        let pk = key::contact_pk(self.id, contact);
        self.store
            .list(pk, key::CONSENT_PREFIX, false, limit, after)
            .await
    }
}
