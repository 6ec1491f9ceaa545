//! The pump's work on campaigns: each run brings every campaign of the tenant a step further. Whatever a step read can
//! have changed when it is written; then the step changed nothing, and the next run decides anew.

use chrono::{DateTime, TimeDelta, Utc};
use vio_domain::calling::gate::WAKE_COALESCE;
use vio_domain::calling::limits::CallLimits;
use vio_domain::calling::order::Band;
use vio_domain::calling::session::Method;
use vio_domain::campaigns::forecast::most_ready;
use vio_domain::campaigns::{LOOK_AGAIN, MemberState, State};
use vio_domain::notices::Happening;

use crate::calling::grant::Dialling;
use crate::campaigns::hand_over::HandedOver;
use crate::campaigns::read::progress;
use crate::campaigns::rows::{CampaignMemberRow, CampaignRow, RunningRow};
use crate::error::StoreError;
use crate::log::{Actor, Entry};
use crate::port::Condition;
use crate::store::TenantStore;
use crate::tx::Tx;

/// Members judged and written down in one transaction.
const JUDGED_AT_ONCE: u32 = 40;
/// Members judged in one run, and calls taken back in one run. The rest is left to the next, asked for at once.
const PER_RUN: u32 = 200;
/// Between looks at whether a campaign's last calls have ended. Who asks is told what is, whenever the campaign looks.
const LAST_CALLS: TimeDelta = TimeDelta::minutes(5);
/// Member rows read at a time while looking for those whose turn it is.
const PAGE: u32 = 100;

/// What a step came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stepped {
    /// Members handed to the dial queue.
    pub handed_over: u32,
    /// When the next step is due; None where nothing runs, or only a person's act changes anything.
    pub next: Option<DateTime<Utc>>,
}

impl Stepped {
    fn also(&mut self, next: Option<DateTime<Utc>>) {
        self.next = match (self.next, next) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
    }
}

/// When the call of a member falls due that is in the dial queue.
fn due_of(state: &MemberState) -> Option<DateTime<Utc>> {
    match state {
        MemberState::Planned { due, .. } => Some(*due),
        _ => None,
    }
}

impl TenantStore {
    /// Brings every campaign of the tenant that is due a step further.
    pub async fn step_campaigns(
        &self,
        dialling: Dialling<'_>,
        running: RunningRow,
    ) -> Result<Stepped, StoreError> {
        let mut stepped = Stepped::default();
        for id in running.running.into_iter().chain(running.ending) {
            match self.step_campaign(dialling, id).await {
                Ok(step) => {
                    stepped.handed_over += step.handed_over;
                    stepped.also(step.next);
                }
                // Somebody else changed it: the next run goes by what is there then.
                Err(error) if error.is_lost() => stepped.also(Some(self.now() + WAKE_COALESCE)),
                Err(error) => return Err(error),
            }
        }
        Ok(stepped)
    }

    async fn step_campaign(
        &self,
        dialling: Dialling<'_>,
        id: vio_domain::ids::CampaignId,
    ) -> Result<Stepped, StoreError> {
        let now = self.now();
        let mut stepped = Stepped::default();
        let Some(mut row) = self.campaign(id).await? else {
            return Ok(stepped);
        };
        if row.campaign.look_at.is_none_or(|at| now < at) {
            stepped.next = row.campaign.look_at;
            return Ok(stepped);
        }
        if row.campaign.take_back {
            let settings = &dialling.settings.settings;
            let left = self
                .take_back_some(settings, &row, PER_RUN as usize)
                .await?;
            if left > 0 {
                stepped.next = Some(now + WAKE_COALESCE);
                return Ok(stepped);
            }
            row.campaign.all_taken_back();
            let mut tx = Tx::new();
            tx.update(&mut row)?;
            if row.campaign.state.is_over() {
                self.stage_over(&mut tx, &row).await?;
            }
            self.store.commit(tx).await?;
            return Ok(stepped);
        }
        if row.campaign.begin(now) {
            self.save_campaign(&mut row, "campaign.executing").await?;
        }
        match row.campaign.state {
            State::Preparing => self.prepare(dialling, &mut row, &mut stepped).await?,
            State::Executing => self.execute(dialling, &mut row, &mut stepped).await?,
            _ => {}
        }
        // What is due now waits for room in the queue: the gate says when there is.
        let preparing = row.campaign.state == State::Preparing;
        let next = row.campaign.look_at.filter(|at| preparing || now < *at);
        stepped.also(next);
        Ok(stepped)
    }

    async fn save_campaign(
        &self,
        row: &mut CampaignRow,
        action: &'static str,
    ) -> Result<(), StoreError> {
        let mut tx = Tx::new();
        tx.update(row)?;
        let entry = Entry::new(action, "campaign", row.campaign.id.uuid()).version(row.version);
        self.log(&mut tx, &Actor::system("campaign"), entry)?;
        self.store.commit(tx).await
    }

    /// Takes a campaign off the list of those that the pump looks at.
    async fn stage_over(&self, tx: &mut Tx, row: &CampaignRow) -> Result<(), StoreError> {
        let mut running = self.campaigns_running().await?;
        running.remove(row.campaign.id);
        tx.save(&mut running)
    }

    /// Judges the next members and writes each down: to be called, or passed over and why.
    async fn prepare(
        &self,
        dialling: Dialling<'_>,
        row: &mut CampaignRow,
        stepped: &mut Stepped,
    ) -> Result<(), StoreError> {
        let now = self.now();
        let members = self.snapshot(row.campaign.id).await?.members;
        let gate = self.gate(dialling.settings).await?;
        let until = row.campaign.judged.saturating_add(PER_RUN);
        while row.campaign.judged < until && row.campaign.state == State::Preparing {
            let first = row.campaign.judged;
            let some: Vec<_> = members
                .iter()
                .skip(first as usize)
                .take(JUDGED_AT_ONCE as usize)
                .copied()
                .collect();
            let (config, starts_at) = (row.campaign.config, row.campaign.starts_at);
            let judged = self
                .judge_members(dialling, &gate, &config, &some, starts_at)
                .await?;
            let mut tx = Tx::new();
            let mut callable = 0;
            for (position, judged) in (first..).zip(judged) {
                callable += u32::from(judged.skip.is_none());
                let member = CampaignMemberRow {
                    tenant: self.id,
                    campaign: row.campaign.id,
                    position,
                    contact: judged.contact,
                    reach: judged.reach,
                    about_time: judged.starts,
                    state: match judged.skip {
                        None => MemberState::Waiting {
                            not_before: judged.not_before,
                        },
                        Some(reason) => MemberState::Skipped {
                            reason,
                            at: now,
                            session: None,
                        },
                    },
                    decisions: match judged.skip {
                        None => Vec::new(),
                        Some(_) => judged.decisions,
                    },
                };
                tx.put_if("campaign_member", &member, 1, Condition::Absent)?;
            }
            let looked_at = u32::try_from(some.len()).unwrap_or(u32::MAX);
            row.campaign.looked_at(looked_at, callable, now);
            if some.is_empty() {
                return Err(StoreError::Invalid("a campaign lacks members".into()));
            }
            tx.update(row)?;
            if row.campaign.is_prepared() {
                let id = row.campaign.id.uuid();
                let entry = Entry::new("campaign.prepared", "campaign", id)
                    .version(row.version)
                    .details(serde_json::json!({
                        "members": row.campaign.total, "to_be_called": row.campaign.callable,
                        "status": row.campaign.state,
                    }));
                self.log(&mut tx, &Actor::system("campaign"), entry)?;
            }
            self.store.commit(tx).await?;
        }
        if row.campaign.state == State::Executing {
            self.execute(dialling, row, stepped).await?;
        }
        Ok(())
    }

    /// Hands over those whose turn it is; looks whether anything remains once nobody waits.
    async fn execute(
        &self,
        dialling: Dialling<'_>,
        row: &mut CampaignRow,
        stepped: &mut Stepped,
    ) -> Result<(), StoreError> {
        let now = self.now();
        let paced = row.campaign.pace(dialling.limits).is_some();
        let mut room = if paced {
            match self.next_turn(row).await? {
                Some(turn) if now < turn => return self.look_later(row, turn).await,
                _ => 1,
            }
        } else {
            match self.room(row, dialling.limits).await? {
                0 => return Ok(()),
                room => room,
            }
        };
        let settings = &dialling.settings.settings;
        let (mut from, mut first_waiting, mut later) = (row.campaign.cursor, None, None);
        loop {
            let (members, more) = self.campaign_members(row.campaign.id, from, PAGE).await?;
            for member in &members {
                let MemberState::Waiting { not_before } = member.state else {
                    continue;
                };
                let at = not_before.map_or(now, |at| at.max(now));
                let until = match member.reach.permitted(settings).next_permitted(at) {
                    Some(turn) if now < turn => Some(turn),
                    _ if room == 0 => Some(now),
                    // Where no hour is permitted at all, the guard says so when it is dialled.
                    _ => match self.hand_over(row, member, paced).await? {
                        HandedOver::Yes => {
                            room -= 1;
                            stepped.handed_over += 1;
                            None
                        }
                        HandedOver::Later(until) => Some(until),
                        HandedOver::Skipped => None,
                    },
                };
                if let Some(until) = until {
                    first_waiting = first_waiting.or(Some(member.position));
                    later = Some(later.map_or(until, |later: DateTime<Utc>| later.min(until)));
                }
            }
            from = members.last().map_or(from, |last| last.position + 1);
            // With the queue full the rest waits, whoever it is.
            if !more || (room == 0 && first_waiting.is_some()) {
                break;
            }
        }
        // The one handed over with a pace says when to look again.
        if paced && room == 0 {
            return Ok(());
        }
        let Some(later) = later else {
            return self.finish_campaign(row).await;
        };
        let cursor = first_waiting.unwrap_or(row.campaign.cursor);
        let far = row.campaign.cursor.saturating_add(PAGE / 2) <= cursor;
        // A write only where it saves reading, or says when to look again.
        if far || now < later {
            row.campaign.cursor = cursor;
            return self.look_later(row, later).await;
        }
        Ok(())
    }

    /// With a pace: when the next member may be handed over; None for now. The one handed over last may have been
    /// taken by Call Now, or ended by staff: then nothing is outstanding.
    async fn next_turn(&self, row: &mut CampaignRow) -> Result<Option<DateTime<Utc>>, StoreError> {
        let campaign = &mut row.campaign;
        if let Some(position) = campaign.outstanding {
            let (members, _) = self.campaign_members(campaign.id, position, 1).await?;
            if let Some(due) = members.first().and_then(|member| due_of(&member.state)) {
                return Ok(Some(due.max(self.now()) + LOOK_AGAIN));
            }
            campaign.outstanding = None;
        }
        Ok(campaign.turn_at)
    }

    async fn look_later(&self, row: &mut CampaignRow, at: DateTime<Utc>) -> Result<(), StoreError> {
        row.campaign.look_at = Some(at);
        let mut tx = Tx::new();
        tx.update(row)?;
        self.store.commit(tx).await
    }

    /// How many members may be handed over now, so that no slot idles.
    async fn room(&self, row: &CampaignRow, limits: &CallLimits) -> Result<u32, StoreError> {
        let ready = most_ready(limits);
        let band = Band::of(Method::Campaign, row.campaign.config.priority);
        let there = self.due_items(band, ready).await?.len();
        Ok(ready.saturating_sub(u32::try_from(there).unwrap_or(u32::MAX)))
    }

    /// Nobody waits any more: completed, once every call is settled.
    pub(crate) async fn finish_campaign(&self, row: &mut CampaignRow) -> Result<(), StoreError> {
        let now = self.now();
        let members = self.all_members(row.campaign.id, 0).await?;
        let progress = progress(row, &members);
        if progress.tally.remaining() > 0 {
            row.campaign.cursor = row.campaign.total;
            let last = members.iter().filter_map(|member| due_of(&member.state));
            let last = last.max().map_or(now, |due| due.max(now));
            return self.look_later(row, last + LAST_CALLS).await;
        }
        if !row.campaign.complete(progress.last_over.unwrap_or(now)) {
            return Ok(());
        }
        let mut tx = Tx::new();
        tx.update(row)?;
        self.stage_over(&mut tx, row).await?;
        let entry = Entry::new("campaign.completed", "campaign", row.campaign.id.uuid())
            .version(row.version)
            .details(serde_json::json!({
                "completed": progress.tally.completed, "answered": progress.tally.answered,
                "failed": progress.tally.failed, "skipped": progress.tally.skipped_in_all(),
            }));
        self.log(&mut tx, &Actor::system("campaign"), entry)?;
        let campaign = row.campaign.id;
        self.tell(&mut tx, Happening::CampaignEnded { campaign })?;
        self.store.commit(tx).await
    }

    /// Completes those campaigns whose calls are all settled though the pump has not looked since: their places are
    /// free.
    pub async fn finish_campaigns(&self) -> Result<(), StoreError> {
        for id in self.campaigns_running().await?.running {
            let Some(mut row) = self.campaign(id).await? else {
                continue;
            };
            let done =
                row.campaign.state == State::Executing && row.campaign.cursor >= row.campaign.total;
            if done {
                match self.finish_campaign(&mut row).await {
                    Err(error) if !error.is_lost() => return Err(error),
                    _ => {}
                }
            }
        }
        Ok(())
    }
}
