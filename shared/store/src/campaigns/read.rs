//! Reading campaigns: the list, one, its members, how far it is.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use vio_domain::campaigns::{State, Tally};
use vio_domain::ids::CampaignId;
use vio_domain::text::CustomMessage;

use crate::campaigns::rows::{CampaignMemberRow, CampaignRow, SnapshotRow};
use crate::error::StoreError;
use crate::key;
use crate::port::{Key, Position};
use crate::store::TenantStore;

/// Member rows read at a time.
const PAGE: u32 = 250;

/// How far a campaign is.
#[derive(Debug, Clone, Default)]
pub struct Progress {
    pub tally: Tally,
    /// When the last member that is over was.
    pub last_over: Option<DateTime<Utc>>,
}

fn after(key: Key) -> Position {
    Position {
        pk: key.pk,
        sk: key.sk,
        index: None,
    }
}

impl TenantStore {
    /// One campaign.
    pub async fn campaign(&self, id: CampaignId) -> Result<Option<CampaignRow>, StoreError> {
        self.store.read(&key::campaign(self.id, id)).await
    }

    /// A page of the campaigns, newest first, and whether there is more.
    pub async fn campaigns(
        &self,
        limit: u32,
        last: Option<CampaignId>,
    ) -> Result<(Vec<CampaignRow>, bool), StoreError> {
        let last = last.map(|id| after(key::campaign(self.id, id)));
        let pk = key::campaigns_pk(self.id);
        let (rows, next) = self.store.list(pk, "", false, limit, last).await?;
        Ok((rows, next.is_some()))
    }

    /// The messages of several campaigns, of those that have one, with whether each replaces the usual words.
    pub async fn campaign_messages(
        &self,
        ids: impl IntoIterator<Item = CampaignId>,
    ) -> Result<HashMap<CampaignId, (CustomMessage, bool)>, StoreError> {
        let keys: Vec<Key> = ids
            .into_iter()
            .map(|id| key::campaign(self.id, id))
            .collect();
        let rows: Vec<CampaignRow> = self.store.read_all(&keys).await?;
        let mut messages = HashMap::new();
        for row in rows {
            if let Some(text) = self.campaign_words(&row)?.message {
                let replaces = row.campaign.config.replace_message;
                messages.insert(row.campaign.id, (text, replaces));
            }
        }
        Ok(messages)
    }

    /// A page of a campaign's members, in its order, from a position on, and whether there is more.
    pub async fn campaign_members(
        &self,
        id: CampaignId,
        from: u32,
        limit: u32,
    ) -> Result<(Vec<CampaignMemberRow>, bool), StoreError> {
        let last = from
            .checked_sub(1)
            .map(|position| after(key::campaign_member(self.id, id, position)));
        let pk = key::campaign_members_pk(self.id, id);
        let (rows, next) = self.store.list(pk, "", true, limit, last).await?;
        Ok((rows, next.is_some()))
    }

    /// All members of a campaign from a position on.
    pub async fn all_members(
        &self,
        id: CampaignId,
        from: u32,
    ) -> Result<Vec<CampaignMemberRow>, StoreError> {
        let (mut all, mut from) = (Vec::new(), from);
        loop {
            let (rows, more) = self.campaign_members(id, from, PAGE).await?;
            from = rows.last().map_or(from, |row| row.position + 1);
            all.extend(rows);
            if !more {
                return Ok(all);
            }
        }
    }

    /// The members of a campaign as they were when it began.
    pub(crate) async fn snapshot(&self, id: CampaignId) -> Result<SnapshotRow, StoreError> {
        let row: Option<SnapshotRow> = self
            .store
            .read(&key::campaign_snapshot(self.id, id))
            .await?;
        row.ok_or(StoreError::Invalid("a campaign without members".into()))
    }
}

/// How far a campaign with these members is; those not looked at yet count as planned, and as nothing once it was
/// cancelled.
pub fn progress(row: &CampaignRow, members: &[CampaignMemberRow]) -> Progress {
    let mut progress = Progress::default();
    for member in members {
        progress.tally.count(&member.state);
        progress.last_over = progress.last_over.max(member.state.over_at());
    }
    let unseen = row.campaign.total.saturating_sub(row.campaign.judged);
    match row.campaign.state {
        State::Cancelled { .. } => progress.tally.planned = 0,
        _ => progress.tally.planned += unseen,
    }
    progress
}

/// The state to be shown: one whose calls are all over is completed, though the pump has not looked at it since.
pub fn shown_state(row: &CampaignRow, progress: &Progress) -> State {
    match row.campaign.state {
        State::Executing if progress.tally.remaining() == 0 => State::Completed {
            at: progress.last_over.unwrap_or(row.campaign.created_at),
        },
        state => state,
    }
}
