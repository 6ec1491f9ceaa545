//! Handing a member to the dial queue: one transaction that plans its call, or takes over the one its appointment has,
//! on condition that the member still waits and that nobody held or ended the campaign.

use chrono::{DateTime, TimeDelta, Utc};
use vio_domain::appointment::OpenSession;
use vio_domain::calling::order::Band;
use vio_domain::calling::session::{Method, SessionState};
use vio_domain::campaigns::{MemberState, SkipReason};
use vio_domain::planner::CallWindow;

use crate::calling::rows::DialRow;
use crate::calling::sessions::TakenOver;
use crate::campaigns::rows::{CampaignMemberRow, CampaignRow, InCampaign};
use crate::entity::Entity;
use crate::error::StoreError;
use crate::log::{Actor, Entry};
use crate::port::{AttributeValue, Condition};
use crate::store::TenantStore;
use crate::tx::Tx;

/// A member with a planned call of another campaign or of Call Now is looked at again after so long.
const LOOK_AGAIN: TimeDelta = TimeDelta::seconds(60);

/// What became of a member's turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum HandedOver {
    /// It is in the dial queue.
    Yes,
    /// It waits, until then.
    Later(DateTime<Utc>),
    /// It is passed over.
    Skipped,
}

fn still_waiting() -> Condition {
    Condition::Equals("st", AttributeValue::S(MemberState::WAITING.into()))
}

impl TenantStore {
    /// Hands a waiting member over. A lost race leaves everything as it was.
    pub(crate) async fn hand_over(
        &self,
        campaign: &mut CampaignRow,
        member: &CampaignMemberRow,
        paced: bool,
    ) -> Result<HandedOver, StoreError> {
        let now = self.now();
        let skip = |reason| MemberState::Skipped {
            reason,
            at: now,
            session: None,
        };
        let person = self.person(member.contact).await?;
        let Some(mut person) = person.filter(|person| person.contact.deleted.is_none()) else {
            let state = skip(SkipReason::ContactDeleted);
            self.change_waiting(campaign, member, state).await?;
            return Ok(HandedOver::Skipped);
        };
        if person.open_sessions().any(|(_, open)| open.in_progress) {
            let state = skip(SkipReason::CallInProgress);
            self.change_waiting(campaign, member, state).await?;
            return Ok(HandedOver::Skipped);
        }
        let current = person.current(now).cloned();
        let coming = current.as_ref().map(|a| a.time).filter(|time| now < *time);
        let about = current.as_ref().map(|appointment| appointment.id);
        let open = match person.open_session(about) {
            Some(open) => self.session(member.contact, open.id).await?,
            None => None,
        };
        let planned = open.filter(|row| row.session.state == SessionState::Planned);
        let others = planned.as_ref().is_some_and(|row| {
            matches!(row.session.method, Method::Campaign | Method::ManualCallNow)
        });
        let until = match campaign.campaign.config.not_before(coming) {
            Some(at) if now < at => Some(at),
            _ => others.then_some(now + LOOK_AGAIN),
        };
        if let Some(until) = until {
            let state = MemberState::Waiting {
                not_before: Some(until),
            };
            let member = CampaignMemberRow {
                about_time: current.map(|appointment| appointment.time),
                ..member.clone()
            };
            self.change_waiting(campaign, &member, state).await?;
            return Ok(HandedOver::Later(until));
        }

        let due = if paced {
            now
        } else {
            campaign.campaign.starts_at.min(now)
        };
        let mut place = InCampaign {
            campaign: campaign.campaign.id,
            position: member.position,
            before: None,
            ended_by: None,
        };
        let mut tx = Tx::new();
        let (mut row, before) = match planned {
            Some(mut row) => {
                let before = row.dial();
                place.before = Some(TakenOver {
                    method: row.session.method,
                    band: row.band,
                    due: row.session.due,
                    latest: row.session.latest,
                });
                let taken = row
                    .session
                    .take_over(Method::Campaign, Some(place.campaign), due);
                if taken.is_err() {
                    return Err(StoreError::Lost {
                        lost: vec!["session"],
                    });
                }
                (row, Some(before))
            }
            None => {
                let window = CallWindow { due, latest: due };
                let mut row = self.new_session(&person, current.as_ref(), Method::Campaign, window);
                row.session.campaign = Some(place.campaign);
                row.session.latest = None;
                (row, None)
            }
        };
        row.band = Band::of(Method::Campaign, campaign.campaign.config.priority);
        row.priority = person.contact.priority;
        row.reach = self.reach(&person.contact);
        row.about_time = current.as_ref().map(|appointment| appointment.time);
        row.in_campaign = Some(place);
        row.updated_at = now;
        match &before {
            Some(before) => {
                tx.update(&mut row)?;
                if before.key() != row.dial().key() {
                    tx.delete_if(DialRow::TYPE, before.key(), Condition::Always);
                }
            }
            None => tx.create(&mut row)?,
        }
        tx.put_if(DialRow::TYPE, &row.dial(), 1, Condition::Always)?;
        tx.put_if(
            CampaignMemberRow::TYPE,
            &place.member(&row),
            1,
            still_waiting(),
        )?;
        if paced {
            campaign.campaign.handed_over(member.position, now);
            tx.update(campaign)?;
        } else {
            self.hold_campaign(&mut tx, campaign);
        }
        let session = OpenSession {
            id: row.session.id,
            in_progress: false,
        };
        person.set_open_session(about, Some(session), Some(row.session.due));
        self.stage_person(&mut tx, &mut person)?;
        let entry = Entry::new("campaign.call_planned", "session", row.session.id.uuid())
            .contact(member.contact)
            .version(row.version)
            .details(serde_json::json!({ "took_over": place.before.map(|before| before.method) }));
        self.log(&mut tx, &Actor::system("campaign"), entry)?;
        self.store.commit(tx).await?;
        Ok(HandedOver::Yes)
    }

    /// Writes down that a waiting member waits on, or is passed over.
    async fn change_waiting(
        &self,
        campaign: &CampaignRow,
        member: &CampaignMemberRow,
        state: MemberState,
    ) -> Result<(), StoreError> {
        let changed = CampaignMemberRow {
            state,
            ..member.clone()
        };
        let mut tx = Tx::new();
        tx.put_if(CampaignMemberRow::TYPE, &changed, 1, still_waiting())?;
        self.hold_campaign(&mut tx, campaign);
        self.store.commit(tx).await
    }
}
