//! Call sessions, attempts and decision records as stored: children of the contact they are about.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use vio_crypto::{FieldRef, LookupHash, PersonKey, Sealed};
use vio_domain::calling::attempt::Attempt;
use vio_domain::calling::guards::Decision;
use vio_domain::calling::order::{Band, Priority};
use vio_domain::calling::session::{CallSession, Method};
use vio_domain::ids::{AttemptId, ContactId, SessionId, TenantId};

use crate::calling::reach::Reach;
use crate::calling::rows::DialRow;
use crate::campaigns::{CampaignMemberRow, InCampaign};
use crate::entity::{Entity, Enumerated};
use crate::error::StoreError;
use crate::key::{self, EnumKind};
use crate::port::{Condition, Index, Key, Position, SortRange};
use crate::store::{TenantStore, sealed};
use crate::tx::Tx;

/// A planned call as it was before Call Now or a campaign took it over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TakenOver {
    pub method: Method,
    pub band: Band,
    pub due: DateTime<Utc>,
    pub latest: Option<DateTime<Utc>>,
}

fn is_zero(number: &u32) -> bool {
    *number == 0
}

/// A call session as stored.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SessionRow {
    #[serde(skip)]
    pub version: u64,
    pub session: CallSession,
    pub band: Band,
    pub priority: Priority,
    /// How the contact is reached, as of its planning; kept while it is planned.
    #[serde(default, skip_serializing_if = "Reach::is_none")]
    pub reach: Reach,
    /// The appointment's time that the call is about, as of its planning.
    pub about_time: Option<DateTime<Utc>>,
    /// Staff should follow up (S0).
    #[serde(default)]
    pub follow_up_required: bool,
    /// Staff were told that it waits while calling is paused.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub told_paused: bool,
    /// Attempts of the calls without an appointment that this one repeats.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub tries_before: u32,
    /// What Call Now took over: it comes back if the call now is cancelled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub took_over: Option<TakenOver>,
    /// Its place in a campaign, while the campaign counts it as its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_campaign: Option<InCampaign>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
}

impl Entity for SessionRow {
    const TYPE: &'static str = "session";
    fn key(&self) -> Key {
        key::session(self.session.tenant, self.session.contact, self.session.id)
    }
    fn version(&self) -> u64 {
        self.version
    }
    fn set_version(&mut self, version: u64) {
        self.version = version;
    }
    fn enumerated(&self) -> Option<Enumerated> {
        Some(key::enumerated(
            self.session.tenant,
            EnumKind::Session,
            self.session.id.uuid(),
            None,
        ))
    }
}

impl SessionRow {
    /// The queue item of this session while it is planned.
    pub fn dial(&self) -> DialRow {
        DialRow {
            tenant: self.session.tenant,
            session: self.session.id,
            contact: self.session.contact,
            band: self.band,
            due: self.session.due,
            latest: self.session.latest,
            about_time: self.about_time,
            priority: self.priority,
            campaign: self.session.campaign,
            reach: self.reach,
        }
    }
}

/// An attempt as stored. The request body holds what the agent may say, so it is sealed under the person's key.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AttemptRow {
    pub tenant: TenantId,
    pub contact: ContactId,
    #[serde(skip)]
    pub version: u64,
    pub attempt: Attempt,
    /// The number's hash, under which lock and history lie.
    pub phone: LookupHash,
    /// Whether it was counted for the appointment already.
    #[serde(default)]
    pub counted: bool,
    body: Sealed,
}

impl Entity for AttemptRow {
    const TYPE: &'static str = "attempt";
    fn key(&self) -> Key {
        key::attempt(self.tenant, self.contact, self.attempt.id)
    }
    fn version(&self) -> u64 {
        self.version
    }
    fn set_version(&mut self, version: u64) {
        self.version = version;
    }
}

impl AttemptRow {
    fn body_field(tenant: TenantId, attempt: AttemptId) -> FieldRef {
        FieldRef::new(tenant.uuid(), attempt.uuid(), "request")
    }

    /// An attempt with the exact body that will be sent, however often.
    pub fn new(
        tenant: TenantId,
        contact: ContactId,
        attempt: Attempt,
        phone: LookupHash,
        body: &[u8],
        key: &PersonKey,
    ) -> Result<Self, StoreError> {
        let body = key
            .seal(Self::body_field(tenant, attempt.id), body)
            .map_err(sealed("request body"))?;
        Ok(Self {
            tenant,
            contact,
            version: 0,
            attempt,
            phone,
            counted: false,
            body,
        })
    }

    /// The stored body, byte for byte.
    pub fn body(&self, key: &PersonKey) -> Result<Vec<u8>, StoreError> {
        let clear = key
            .open(Self::body_field(self.tenant, self.attempt.id), &self.body)
            .map_err(sealed("request body"))?;
        Ok(clear.to_vec())
    }
}

/// Why somebody was rung, or was not (rules.md): each guard by name with what it saw.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DecisionRow {
    pub tenant: TenantId,
    pub contact: ContactId,
    pub session: SessionId,
    pub attempt: Option<AttemptId>,
    pub at: DateTime<Utc>,
    /// `place`, `redate`, `settle`, `stopped` (before a repeat) or `refuse` (a call now).
    pub verdict: String,
    pub decisions: Vec<Decision>,
}

impl Entity for DecisionRow {
    const TYPE: &'static str = "decision";
    fn key(&self) -> Key {
        key::decision(self.tenant, self.contact, self.session, self.at)
    }
    fn version(&self) -> u64 {
        1
    }
    fn set_version(&mut self, _: u64) {}
}

/// Decision records of one session that are read at most.
const MOST_DECISIONS: u32 = 50;

impl TenantStore {
    /// One session of a contact.
    pub async fn session(
        &self,
        contact: ContactId,
        id: SessionId,
    ) -> Result<Option<SessionRow>, StoreError> {
        self.store.read(&key::session(self.id, contact, id)).await
    }

    /// One session by its id alone.
    pub async fn session_by_id(&self, id: SessionId) -> Result<Option<SessionRow>, StoreError> {
        let row: Option<SessionRow> = self.enumerated(EnumKind::Session, id.uuid()).await?;
        Ok(row.filter(|row| row.session.tenant == self.id && row.session.id == id))
    }

    /// A page of the tenant's sessions, newest first.
    pub async fn sessions(
        &self,
        limit: u32,
        after: Option<Position>,
    ) -> Result<(Vec<SessionRow>, Option<Position>), StoreError> {
        let pk = key::enumeration_pk(self.id, EnumKind::Session);
        let page = self
            .store
            .suggest(Index::Enumeration, pk, SortRange::All, false, limit, after)
            .await?;
        let keys: Vec<Key> = page.items.iter().filter_map(crate::port::key_of).collect();
        let mut rows: Vec<SessionRow> = self.store.read_all(&keys).await?;
        rows.sort_by_key(|row| std::cmp::Reverse(row.session.id));
        Ok((rows, page.next))
    }

    /// Where [`TenantStore::sessions`] goes on after this session.
    pub fn after_session(&self, contact: ContactId, id: SessionId) -> Position {
        let place = key::session(self.id, contact, id);
        let index = (
            key::enumeration_pk(self.id, EnumKind::Session),
            id.to_string(),
        );
        Position {
            pk: place.pk,
            sk: place.sk,
            index: Some(index),
        }
    }

    /// The sessions of one contact, newest first.
    pub async fn sessions_of(
        &self,
        contact: ContactId,
        limit: u32,
        after: Option<Position>,
    ) -> Result<(Vec<SessionRow>, Option<Position>), StoreError> {
        self.store
            .list(
                key::contact_pk(self.id, contact),
                key::SESSION_PREFIX,
                false,
                limit,
                after,
            )
            .await
    }

    /// One attempt of a contact.
    pub async fn attempt(
        &self,
        contact: ContactId,
        id: AttemptId,
    ) -> Result<Option<AttemptRow>, StoreError> {
        self.store.read(&key::attempt(self.id, contact, id)).await
    }

    /// The decision records of a session, newest first.
    pub async fn decisions(
        &self,
        contact: ContactId,
        session: SessionId,
    ) -> Result<Vec<DecisionRow>, StoreError> {
        let pk = key::contact_pk(self.id, contact);
        let prefix = key::decision_prefix(session);
        Ok(self
            .store
            .list(pk, &prefix, false, MOST_DECISIONS, None)
            .await?
            .0)
    }

    /// Stages a new planned session with its queue item.
    pub fn stage_planned(&self, tx: &mut Tx, row: &mut SessionRow) -> Result<(), StoreError> {
        tx.create(row)?;
        self.stage_member(tx, row)?;
        tx.put_if(DialRow::TYPE, &row.dial(), 1, Condition::Always)
    }

    /// Stages a changed session: `before` is its queue item as stored, if it had one. Keeps the queue in step: an
    /// item lies there exactly while the session is planned.
    pub fn stage_session(
        &self,
        tx: &mut Tx,
        row: &mut SessionRow,
        before: Option<&DialRow>,
    ) -> Result<(), StoreError> {
        row.updated_at = self.now();
        let planned = matches!(
            row.session.state,
            vio_domain::calling::session::SessionState::Planned
        );
        let after = planned.then(|| row.dial());
        tx.update(row)?;
        // Between its grant and its end a member's call is under way: nothing to write.
        if before.is_some() || planned || row.session.is_settled() {
            self.stage_member(tx, row)?;
        }
        if before == after.as_ref() {
            return Ok(());
        }
        let moved = before.map(DialRow::key) != after.as_ref().map(DialRow::key);
        if let Some(old) = before
            && moved
        {
            tx.delete_if(DialRow::TYPE, old.key(), Condition::Always);
        }
        if let Some(new) = &after {
            tx.put_if(DialRow::TYPE, new, 1, Condition::Always)?;
        }
        Ok(())
    }

    /// Stages where the member stands whose call a session is. Its session's version orders these writes.
    fn stage_member(&self, tx: &mut Tx, row: &SessionRow) -> Result<(), StoreError> {
        match &row.in_campaign {
            None => Ok(()),
            Some(place) => {
                let member = place.member(row);
                tx.put_if(CampaignMemberRow::TYPE, &member, 1, Condition::Always)
            }
        }
    }

    /// Stages a decision record.
    pub fn stage_decision(
        &self,
        tx: &mut Tx,
        row: &SessionRow,
        attempt: Option<AttemptId>,
        verdict: &str,
        decisions: Vec<Decision>,
    ) -> Result<(), StoreError> {
        let record = DecisionRow {
            tenant: self.id,
            contact: row.session.contact,
            session: row.session.id,
            attempt,
            at: self.now(),
            verdict: verdict.to_owned(),
            decisions,
        };
        tx.put_if(DecisionRow::TYPE, &record, 1, Condition::Always)
    }
}
