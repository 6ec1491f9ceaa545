//! A call that somebody pressed for is taken back, and what it took over comes back.

use vio_domain::appointment::OpenSession;
use vio_domain::calling::session::{CancelReason, Method, SessionState};
use vio_domain::contact::AttentionReason;
use vio_domain::ids::{ContactId, SessionId};
use vio_domain::planner::CallWindow;

use crate::calling::sessions::{SessionRow, TakenOver};
use crate::campaigns::InCampaign;
use crate::contacts::Person;
use crate::entity::Entity;
use crate::error::StoreError;
use crate::log::{Actor, Entry};
use crate::store::TenantStore;
use crate::tx::{COMMIT_TRIES, Tx};

/// What became of cancelling a call now.
#[derive(Debug)]
pub enum CancelledNow {
    /// It is cancelled, now or before.
    Cancelled(Box<SessionRow>),
    /// It is placing or in flight.
    InProgress,
    /// It is over.
    Settled,
    /// It waits, but nobody pressed Call Now for it.
    NotCallNow,
    NoSuchSession,
}

impl TenantStore {
    /// Takes a call back that somebody pressed for and that waits for its slot. What it took over comes back: a reminder
    /// is planned anew, a retry or a campaign's call as it was.
    pub async fn cancel_call_now(
        &self,
        contact: ContactId,
        id: SessionId,
        actor: &Actor,
    ) -> Result<CancelledNow, StoreError> {
        for _ in 0..COMMIT_TRIES {
            let Some(mut row) = self.session(contact, id).await? else {
                return Ok(CancelledNow::NoSuchSession);
            };
            match row.session.state {
                SessionState::Planned if row.session.method != Method::ManualCallNow => {
                    return Ok(CancelledNow::NotCallNow);
                }
                SessionState::Planned => {}
                SessionState::Cancelled { .. } => {
                    return Ok(CancelledNow::Cancelled(Box::new(row)));
                }
                _ if row.session.is_settled() => return Ok(CancelledNow::Settled),
                _ => return Ok(CancelledNow::InProgress),
            }
            let Some(mut person) = self.person(contact).await? else {
                return Ok(CancelledNow::NoSuchSession);
            };
            let settings = self.settings().await?;
            let mut tx = Tx::new();
            let in_campaign = row.in_campaign.take();
            self.stage_cancelled(&mut tx, &mut row, CancelReason::Person)?;
            let about = row.session.appointment;
            person.set_open_session(about, None, None);
            match row.took_over {
                Some(before) if before.method != Method::Reminder => {
                    self.stage_given_back(&mut tx, &mut person, &row, before, in_campaign)?;
                }
                _ => {
                    if let Some(about) = about {
                        self.replan(&mut tx, &settings.settings, &mut person, about)
                            .await?;
                    }
                }
            }
            self.stage_person(&mut tx, &mut person)?;
            let entry = Entry::new("call_now.cancelled", "session", id.uuid())
                .contact(contact)
                .version(row.version);
            self.log(&mut tx, actor, entry)?;
            match self.store.commit(tx).await {
                Err(error) if error.is_lost() => {}
                Err(error) => return Err(error),
                Ok(()) => return Ok(CancelledNow::Cancelled(Box::new(row))),
            }
        }
        Err(StoreError::Lost {
            lost: vec![SessionRow::TYPE],
        })
    }

    /// Stages the retry or the campaign's call that a call now, or a campaign, had taken over; `in_campaign` is its place
    /// in the campaign that counts it. One whose window has passed goes to staff.
    pub(crate) fn stage_given_back(
        &self,
        tx: &mut Tx,
        person: &mut Person,
        cancelled: &SessionRow,
        before: TakenOver,
        in_campaign: Option<InCampaign>,
    ) -> Result<(), StoreError> {
        let now = self.now();
        let about = cancelled.session.appointment;
        if before.latest.is_some_and(|latest| latest <= now) {
            let reason = AttentionReason::NoCallWindow;
            let session = Some(cancelled.session.id);
            return self.flag(tx, &mut person.contact, reason, about, session);
        }
        let window = CallWindow {
            due: before.due.max(now),
            latest: before.latest.unwrap_or(now),
        };
        let appointment = about.and_then(|id| person.appointment(id));
        let mut row = self.new_session(person, appointment, before.method, window);
        row.session.latest = before.latest;
        row.session.campaign = in_campaign.map(|place| place.campaign);
        row.in_campaign = in_campaign;
        row.band = before.band;
        row.priority = cancelled.priority;
        row.tries_before = cancelled.tries_before;
        self.stage_planned(tx, &mut row)?;
        let open = OpenSession {
            id: row.session.id,
            in_progress: false,
        };
        person.set_open_session(about, Some(open), Some(row.session.due));
        Ok(())
    }
}
