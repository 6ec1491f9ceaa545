//! Beginning a campaign: one transaction, however many members it has.

use chrono::{DateTime, Utc};
use vio_domain::campaigns::{Campaign, Config, MOST_RUNNING, Source};
use vio_domain::ids::{CampaignId, ContactId, UserId};

use crate::campaigns::rows::{CampaignRow, CampaignWords, RunningRow, SnapshotRow};
use crate::error::StoreError;
use crate::groups::GroupRow;
use crate::key;
use crate::log::{Actor, Entry};
use crate::port::Condition;
use crate::store::TenantStore;
use crate::tx::{COMMIT_TRIES, Tx};

/// A campaign to be begun.
#[derive(Debug, Clone)]
pub struct NewCampaign {
    /// A repeat under the same id begins nothing twice.
    pub id: CampaignId,
    pub source: Source,
    /// Whom it calls, in order, each once.
    pub members: Vec<ContactId>,
    pub config: Config,
    pub words: CampaignWords,
    pub started_by: UserId,
    /// The first permitted instant at or after the one asked for.
    pub starts_at: DateTime<Utc>,
}

/// What became of it.
#[derive(Debug)]
pub enum Started {
    /// It has begun.
    Begun(Box<CampaignRow>),
    /// As many as may run do; these.
    TooMany(Vec<CampaignId>),
    /// The group changed since its members were read: read them again.
    GroupChanged,
}

impl TenantStore {
    /// Begins a campaign. `group`: the group as its members were read.
    pub async fn start_campaign(
        &self,
        new: &NewCampaign,
        group: Option<&GroupRow>,
        actor: &Actor,
    ) -> Result<Started, StoreError> {
        for _ in 0..COMMIT_TRIES * 2 {
            if let Some(row) = self.campaign(new.id).await? {
                // An earlier try under this id went through, and its answer was lost.
                return Ok(Started::Begun(Box::new(row)));
            }
            let mut running = self.campaigns_running().await?;
            if running.running.len() >= MOST_RUNNING {
                return Ok(Started::TooMany(running.running));
            }
            let total = u32::try_from(new.members.len()).unwrap_or(u32::MAX);
            let campaign = Campaign::new(
                new.id,
                self.id,
                new.source.clone(),
                new.config,
                new.started_by,
                self.now(),
                new.starts_at,
                total,
            );
            let mut row = self.campaign_row(campaign, &new.words)?;
            running.running.push(new.id);
            let snapshot = SnapshotRow {
                tenant: self.id,
                campaign: new.id,
                members: new.members.clone(),
            };
            let mut tx = Tx::new();
            tx.create(&mut row)?;
            tx.put_if("campaign_snapshot", &snapshot, 1, Condition::Absent)?;
            tx.save(&mut running)?;
            if let Some(group) = group {
                let place = key::group(self.id, group.id);
                tx.check("group", place, Condition::VersionIs(group.version));
            }
            let entry = Entry::new("campaign.started", "campaign", new.id.uuid())
                .version(row.version)
                .details(serde_json::json!({
                    "source": new.source, "members": total, "config": new.config,
                    "words": new.words, "starts_at": row.campaign.starts_at,
                }));
            self.log(&mut tx, actor, entry)?;
            match self.store.commit(tx).await {
                Ok(()) => return Ok(Started::Begun(Box::new(row))),
                Err(StoreError::Lost { lost }) if lost.contains(&"group") => {
                    return Ok(Started::GroupChanged);
                }
                Err(error) if error.is_lost() => {}
                Err(error) => return Err(error),
            }
        }
        Err(StoreError::Lost {
            lost: vec!["campaigns_running"],
        })
    }

    /// The campaigns that the pump looks at.
    pub async fn campaigns_running(&self) -> Result<RunningRow, StoreError> {
        let row: Option<RunningRow> = self.store.read(&key::campaigns_running(self.id)).await?;
        Ok(row.unwrap_or_else(|| RunningRow {
            tenant: self.id,
            version: 0,
            running: Vec::new(),
            ending: Vec::new(),
        }))
    }
}
