//! Holding, resuming and ending a campaign: one write of its record, which every grant of its calls is conditional on.

use chrono::{DateTime, Utc};
use vio_domain::campaigns::{Campaign, Over};
use vio_domain::ids::{CampaignId, UserId};

use crate::campaigns::rows::CampaignRow;
use crate::entity::Entity;
use crate::error::StoreError;
use crate::log::{Actor, Entry};
use crate::store::TenantStore;
use crate::tx::{COMMIT_TRIES, Tx};

/// What a person's act came to.
#[derive(Debug)]
pub enum Controlled {
    Changed(Box<CampaignRow>),
    /// It was so already.
    Unchanged(Box<CampaignRow>),
    /// Nothing is left to hold or to end.
    Over(Box<CampaignRow>),
    NoSuchCampaign,
}

impl TenantStore {
    /// Holds a campaign: from here on none of its calls is granted.
    pub async fn pause_campaign(
        &self,
        id: CampaignId,
        by: UserId,
        actor: &Actor,
    ) -> Result<Controlled, StoreError> {
        self.control(id, actor, "campaign.paused", |campaign, now| {
            campaign.pause(by, now)
        })
        .await
    }

    /// Lets a held campaign go on.
    pub async fn resume_campaign(
        &self,
        id: CampaignId,
        actor: &Actor,
    ) -> Result<Controlled, StoreError> {
        self.control(id, actor, "campaign.resumed", Campaign::resume)
            .await
    }

    /// Ends a campaign for good: from here on none of its calls is granted.
    pub async fn cancel_campaign(
        &self,
        id: CampaignId,
        by: UserId,
        actor: &Actor,
    ) -> Result<Controlled, StoreError> {
        self.control(id, actor, "campaign.cancelled", |campaign, now| {
            campaign.cancel(by, now)
        })
        .await
    }

    async fn control(
        &self,
        id: CampaignId,
        actor: &Actor,
        action: &'static str,
        change: impl Fn(&mut Campaign, DateTime<Utc>) -> Result<bool, Over>,
    ) -> Result<Controlled, StoreError> {
        for _ in 0..COMMIT_TRIES * 4 {
            let Some(mut row) = self.campaign(id).await? else {
                return Ok(Controlled::NoSuchCampaign);
            };
            match change(&mut row.campaign, self.now()) {
                Err(Over) => return Ok(Controlled::Over(Box::new(row))),
                Ok(false) => return Ok(Controlled::Unchanged(Box::new(row))),
                Ok(true) => {}
            }
            let mut tx = Tx::new();
            tx.update(&mut row)?;
            if row.campaign.state.is_over() {
                // Its place is free at once; the pump still takes its calls back.
                let mut running = self.campaigns_running().await?;
                running.remove(id);
                running.ending.push(id);
                tx.save(&mut running)?;
            }
            let entry = Entry::new(action, "campaign", id.uuid()).version(row.version);
            self.log(&mut tx, actor, entry)?;
            match self.store.commit(tx).await {
                Ok(()) => return Ok(Controlled::Changed(Box::new(row))),
                Err(error) if error.is_lost() => {}
                Err(error) => return Err(error),
            }
        }
        Err(StoreError::Lost {
            lost: vec![CampaignRow::TYPE],
        })
    }
}
