//! Taking back a call that was handed to the dial queue: its session ends, the appointment gets the planned call back
//! that the campaign had taken over, and the member waits again or is passed over.

use chrono::{DateTime, Utc};
use vio_domain::calling::attention::CallAttention;
use vio_domain::calling::guards::{Decision, SettleReason};
use vio_domain::calling::limits::CallLimits;
use vio_domain::calling::session::{CancelReason, Method, SessionState};
use vio_domain::campaigns::{MemberState, SkipReason};
use vio_domain::contact::AttentionReason;
use vio_domain::ids::AppointmentId;
use vio_domain::settings::Settings;

use crate::calling::sessions::SessionRow;
use crate::campaigns::rows::{CampaignMemberRow, CampaignRow};
use crate::contacts::Person;
use crate::entity::Entity;
use crate::error::StoreError;
use crate::log::{Actor, Entry};
use crate::port::Condition;
use crate::store::TenantStore;
use crate::tx::Tx;

/// Whether an appointment is over that still wanted a reminder.
fn over_unreminded(person: &Person, about: AppointmentId, now: DateTime<Utc>) -> bool {
    person.appointment(about).is_some_and(|appointment| {
        appointment.time <= now
            && appointment.status.wants_reminder()
            && !appointment.awaiting_new_time
    })
}

impl TenantStore {
    /// Stages the end of a campaign's planned call; `state` is where its member stands then.
    async fn stage_taken_back(
        &self,
        tx: &mut Tx,
        settings: &Settings,
        row: &mut SessionRow,
        person: &mut Person,
        reason: CancelReason,
        state: MemberState,
    ) -> Result<(), StoreError> {
        let Some(place) = row.in_campaign.take() else {
            return Ok(());
        };
        let member = CampaignMemberRow {
            state,
            ..place.member(row)
        };
        self.stage_cancelled(tx, row, reason)?;
        tx.put_if(CampaignMemberRow::TYPE, &member, 1, Condition::Always)?;
        let about = row.session.appointment;
        person.set_open_session(about, None, None);
        match (place.before, about) {
            (Some(before), _) if before.method != Method::Reminder => {
                self.stage_given_back(tx, person, row, before, None)
            }
            // Its reminder was never rung, and nothing is left to plan: staff hears of it.
            (Some(_), Some(about)) if over_unreminded(person, about, self.now()) => {
                let reason = AttentionReason::from(CallAttention::WindowMissed);
                let session = Some(row.session.id);
                self.flag(tx, &mut person.contact, reason, Some(about), session)
            }
            (_, Some(about)) => self.replan(tx, settings, person, about).await,
            (_, None) => Ok(()),
        }
    }

    /// A planned call of a campaign that is held or over goes back: its member waits again.
    pub(crate) async fn take_back(
        &self,
        settings: &Settings,
        campaign: &CampaignRow,
        row: &mut SessionRow,
        person: &mut Person,
    ) -> Result<(), StoreError> {
        let mut tx = Tx::new();
        let waiting = MemberState::Waiting { not_before: None };
        let reason = CancelReason::Person;
        self.stage_taken_back(&mut tx, settings, row, person, reason, waiting)
            .await?;
        self.stage_person(&mut tx, person)?;
        self.hold_campaign(&mut tx, campaign);
        let entry = Entry::new("campaign.call_taken_back", "session", row.session.id.uuid())
            .contact(person.contact.id)
            .version(row.version);
        self.log(&mut tx, &Actor::system("campaign"), entry)?;
        self.store.commit(tx).await
    }

    /// A guard ended a campaign's call when its turn came: the member is passed over, and the appointment keeps the
    /// planned call that it had of its own.
    #[expect(
        clippy::too_many_arguments,
        reason = "the parts of one transaction, read beforehand"
    )]
    pub(crate) async fn pass_over(
        &self,
        settings: &Settings,
        limits: &CallLimits,
        campaign: &mut CampaignRow,
        row: &mut SessionRow,
        person: &mut Person,
        reason: SettleReason,
        decisions: Vec<Decision>,
    ) -> Result<(), StoreError> {
        let now = self.now();
        let position = row.in_campaign.map_or(0, |place| place.position);
        let state = MemberState::Skipped {
            reason: SkipReason::from(reason),
            at: now,
            session: Some(row.session.id),
        };
        let mut tx = Tx::new();
        self.stage_taken_back(&mut tx, settings, row, person, CancelReason::Guard, state)
            .await?;
        self.stage_decision(&mut tx, row, None, "skip", decisions)?;
        self.stage_person(&mut tx, person)?;
        self.stage_turn(&mut tx, campaign, position, false, limits)?;
        let entry = Entry::new("call.not_placed", "session", row.session.id.uuid())
            .contact(person.contact.id)
            .version(row.version)
            .details(serde_json::json!({ "reason": reason }));
        self.log(&mut tx, &Actor::system("campaign-worker"), entry)?;
        self.store.commit(tx).await
    }

    /// Holds a transaction to the campaign as it was read: whoever pauses or ends it meanwhile wins.
    pub(crate) fn hold_campaign(&self, tx: &mut Tx, campaign: &CampaignRow) {
        tx.check(
            CampaignRow::TYPE,
            campaign.key(),
            Condition::VersionIs(campaign.version),
        );
    }

    /// Notes that a member's turn is over, where the campaign keeps a pace; else only holds the campaign as read.
    pub(crate) fn stage_turn(
        &self,
        tx: &mut Tx,
        campaign: &mut CampaignRow,
        position: u32,
        called: bool,
        limits: &CallLimits,
    ) -> Result<(), StoreError> {
        if campaign.campaign.pace(limits).is_none() {
            self.hold_campaign(tx, campaign);
            return Ok(());
        }
        campaign
            .campaign
            .turn_over(position, called, limits, self.now());
        tx.update(campaign)
    }

    /// Takes back the calls of a campaign that are still in the dial queue, at most so many. How many are left.
    pub(crate) async fn take_back_some(
        &self,
        settings: &Settings,
        campaign: &CampaignRow,
        budget: usize,
    ) -> Result<usize, StoreError> {
        let members = self.all_members(campaign.campaign.id, 0).await?;
        let mut planned = members.into_iter().filter_map(|member| match member.state {
            MemberState::Planned { session, .. } => Some((member.contact, session)),
            _ => None,
        });
        let mut left = 0;
        for (contact, session) in planned.by_ref().take(budget) {
            let row = self.session(contact, session).await?;
            let person = self.person(contact).await?;
            let (Some(mut row), Some(mut person)) = (row, person) else {
                continue;
            };
            // Somebody pressed Call Now for it: that is theirs to take back.
            let ours = row.session.state == SessionState::Planned
                && row.session.method == Method::Campaign;
            if !ours {
                continue;
            }
            match self
                .take_back(settings, campaign, &mut row, &mut person)
                .await
            {
                Ok(()) => {}
                Err(error) if error.is_lost() => left += 1,
                Err(error) => return Err(error),
            }
        }
        Ok(left + planned.count())
    }
}
