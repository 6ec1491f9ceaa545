//! A campaign as stored: its record, the ids of its members as they were when it began, a row for each member, and
//! the list of those that are not over.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use vio_crypto::{FieldRef, Sealed};
use vio_domain::calling::guards::Decision;
use vio_domain::calling::order::{Band, Priority, QueueItem};
use vio_domain::calling::session::Method;
use vio_domain::campaigns::{Campaign, MemberState, SkipReason};
use vio_domain::groups::GroupName;
use vio_domain::ids::{CampaignId, ContactId, SessionId, TenantId};
use vio_domain::text::CustomMessage;

use crate::calling::reach::Reach;
use crate::calling::sessions::SessionRow;
use crate::entity::{DueEntry, Entity};
use crate::error::StoreError;
use crate::key::{self, DueKind};
use crate::port::Key;
use crate::store::{TenantStore, sealed};

/// A campaign. What it says and what its group is called is sealed under the tenant's key: it is nobody's in
/// particular.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CampaignRow {
    #[serde(skip)]
    pub version: u64,
    pub campaign: Campaign,
    words: Option<Sealed>,
}

/// The words of a campaign.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct CampaignWords {
    /// What it says besides, or instead of, the usual words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<CustomMessage>,
    /// What its group was called when it began, whatever becomes of the group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group_name: Option<GroupName>,
}

impl Entity for CampaignRow {
    const TYPE: &'static str = "campaign";
    fn key(&self) -> Key {
        key::campaign(self.campaign.tenant, self.campaign.id)
    }
    fn version(&self) -> u64 {
        self.version
    }
    fn set_version(&mut self, version: u64) {
        self.version = version;
    }
    fn due(&self) -> Option<DueEntry> {
        let Campaign {
            id,
            tenant,
            look_at,
            ..
        } = &self.campaign;
        look_at.map(|at| key::due(at, DueKind::Campaign, *tenant, id.uuid()))
    }
}

fn words_field(tenant: TenantId, id: CampaignId) -> FieldRef {
    FieldRef::new(tenant.uuid(), id.uuid(), "words")
}

impl TenantStore {
    /// A campaign not yet stored.
    pub(crate) fn campaign_row(
        &self,
        campaign: Campaign,
        words: &CampaignWords,
    ) -> Result<CampaignRow, StoreError> {
        let words = match *words == CampaignWords::default() {
            true => None,
            false => {
                let clear = serde_json::to_vec(words)
                    .map_err(|error| StoreError::Invalid(error.to_string()))?;
                let place = words_field(self.id, campaign.id);
                let kept = self.keys.seal(place, &clear);
                Some(kept.map_err(sealed("campaign"))?)
            }
        };
        Ok(CampaignRow {
            version: 0,
            campaign,
            words,
        })
    }

    /// The words of a campaign.
    pub fn campaign_words(&self, row: &CampaignRow) -> Result<CampaignWords, StoreError> {
        let Some(kept) = &row.words else {
            return Ok(CampaignWords::default());
        };
        let clear = self
            .keys
            .open(words_field(self.id, row.campaign.id), kept)
            .map_err(sealed("campaign"))?;
        serde_json::from_slice(&clear).map_err(sealed("campaign"))
    }
}

/// Who was in a campaign when it began, in its order. One item: a thousand ids take 16 KB.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SnapshotRow {
    pub tenant: TenantId,
    pub campaign: CampaignId,
    #[serde(with = "packed")]
    pub members: Vec<ContactId>,
}

impl Entity for SnapshotRow {
    const TYPE: &'static str = "campaign_snapshot";
    fn key(&self) -> Key {
        key::campaign_snapshot(self.tenant, self.campaign)
    }
    fn version(&self) -> u64 {
        1
    }
    fn set_version(&mut self, _: u64) {}
}

/// Ids side by side, sixteen bytes each.
mod packed {
    use serde::de::{Deserializer, Error};
    use serde::ser::Serializer;
    use uuid::Uuid;
    use vio_crypto::Sealed;
    use vio_domain::ids::ContactId;

    pub(super) fn serialize<S: Serializer>(ids: &[ContactId], to: S) -> Result<S::Ok, S::Error> {
        let bytes: Vec<u8> = ids.iter().flat_map(|id| *id.uuid().as_bytes()).collect();
        to.serialize_bytes(&bytes)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        from: D,
    ) -> Result<Vec<ContactId>, D::Error> {
        // The reader of sealed values takes bytes in every form that storage and tests give them.
        let bytes = <Sealed as serde::Deserialize>::deserialize(from)?.into_bytes();
        let (ids, rest) = bytes.as_chunks::<16>();
        if !rest.is_empty() {
            return Err(D::Error::custom("ids of sixteen bytes each"));
        }
        Ok(ids
            .iter()
            .map(|id| ContactId::new(Uuid::from_bytes(*id)))
            .collect())
    }
}

/// One member of a campaign.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CampaignMemberRow {
    pub tenant: TenantId,
    pub campaign: CampaignId,
    /// From 0, in the campaign's order.
    pub position: u32,
    pub contact: ContactId,
    #[serde(default, skip_serializing_if = "Reach::is_none")]
    pub reach: Reach,
    /// When their appointment begins, as of when they were last looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about_time: Option<DateTime<Utc>>,
    #[serde(flatten)]
    pub state: MemberState,
    /// Of one passed over when the campaign began: what each guard saw. Later ones have a session with its records.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub decisions: Vec<Decision>,
}

impl Entity for CampaignMemberRow {
    const TYPE: &'static str = "campaign_member";
    fn key(&self) -> Key {
        key::campaign_member(self.tenant, self.campaign, self.position)
    }
    fn version(&self) -> u64 {
        1
    }
    fn set_version(&mut self, _: u64) {}
}

/// A session's place in a campaign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct InCampaign {
    pub campaign: CampaignId,
    pub position: u32,
    /// The planned call that the campaign took over: it comes back if the campaign does not make it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<crate::calling::sessions::TakenOver>,
    /// Why a guard ended it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_by: Option<SkipReason>,
}

impl InCampaign {
    /// The member whose call a session is.
    pub(crate) fn member(&self, row: &SessionRow) -> CampaignMemberRow {
        CampaignMemberRow {
            tenant: row.session.tenant,
            campaign: self.campaign,
            position: self.position,
            contact: row.session.contact,
            reach: row.reach,
            about_time: row.about_time,
            state: match (MemberState::of(&row.session), self.ended_by) {
                (MemberState::Skipped { at, session, .. }, Some(reason)) => MemberState::Skipped {
                    reason,
                    at,
                    session,
                },
                (state, _) => state,
            },
            decisions: Vec::new(),
        }
    }
}

/// The campaigns of a tenant that the pump looks at.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RunningRow {
    pub tenant: TenantId,
    #[serde(skip)]
    pub version: u64,
    /// Those that are not over, oldest first.
    pub running: Vec<CampaignId>,
    /// Cancelled ones whose calls are still being taken back.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub ending: Vec<CampaignId>,
}

impl Entity for RunningRow {
    const TYPE: &'static str = "campaigns_running";
    fn key(&self) -> Key {
        key::campaigns_running(self.tenant)
    }
    fn version(&self) -> u64 {
        self.version
    }
    fn set_version(&mut self, version: u64) {
        self.version = version;
    }
}

impl RunningRow {
    pub(crate) fn remove(&mut self, id: CampaignId) {
        self.running.retain(|running| *running != id);
        self.ending.retain(|ending| *ending != id);
    }
}

/// The place in the order of dialling that a member waits for.
pub(crate) fn place_of(
    campaign: &Campaign,
    position: u32,
    due: chrono::DateTime<chrono::Utc>,
) -> QueueItem {
    // After every session that is there, and in the campaign's order: a UUIDv7 of our time has its first bit unset.
    let stand_in =
        (1_u128 << 127) | (campaign.id.uuid().as_u128() & !0xffff) | u128::from(position);
    QueueItem {
        band: Band::of(Method::Campaign, campaign.config.priority),
        due,
        latest: None,
        priority: Priority::Normal,
        session: SessionId::new(uuid::Uuid::from_u128(stand_in)),
    }
}
