//! While calling is paused (rules.md "Placing a call, exactly once"): a reminder that would miss its window goes to staff
//! in time for them to ring themselves.

use chrono::{DateTime, TimeDelta, Utc};
use vio_domain::calling::order::{Band, CLOSING};
use vio_domain::calling::session::{CancelReason, SessionState};
use vio_domain::contact::AttentionReason;
use vio_domain::settings::Settings;

use crate::calling::rows::DialRow;
use crate::calling::sessions::SessionRow;
use crate::entity::Entity;
use crate::error::StoreError;
use crate::key;
use crate::log::{Actor, Entry};
use crate::port::{Query, SortRange, Source, TableName};
use crate::store::TenantStore;
use crate::tx::Tx;

/// Planned reminders looked at in one run.
const MOST_LOOKED_AT: u32 = 1_000;

/// What a look at the waiting reminders found.
#[derive(Debug, Default)]
pub struct HeldReminders {
    /// Their windows are over: the guards settle them.
    pub missed: Vec<DialRow>,
    /// Their windows end within the hour.
    pub closing: Vec<DialRow>,
    /// When one of those that are due comes to its last hour, or one that is not due yet falls due.
    pub look_again: Option<DateTime<Utc>>,
}

impl TenantStore {
    /// The reminders and retries that are due and cannot go, sorted by what is to be done about them.
    pub async fn held_reminders(&self) -> Result<HeldReminders, StoreError> {
        let now = self.now();
        let mut held = HeldReminders::default();
        let mut look_again = |at: DateTime<Utc>| {
            held.look_again = Some(held.look_again.map_or(at, |known| known.min(at)));
        };
        for item in self.due_items(Band::Reminder, MOST_LOOKED_AT).await? {
            match item.latest {
                Some(latest) if latest <= now => held.missed.push(item),
                Some(latest) if latest - now <= CLOSING => held.closing.push(item),
                Some(latest) => look_again(latest - CLOSING),
                None => {}
            }
        }
        if let Some(due) = self.next_due(Band::Reminder, now).await? {
            look_again(due);
        }
        Ok(held)
    }

    /// When the next call of a band that is not due yet falls due, within a day.
    async fn next_due(
        &self,
        band: Band,
        now: DateTime<Utc>,
    ) -> Result<Option<DateTime<Utc>>, StoreError> {
        let (_, from) = key::dial_due(band, now);
        let (_, to) = key::dial_due(band, now + TimeDelta::days(1));
        let query = Query {
            source: Source::Table(TableName::Main),
            pk: key::dial_pk(self.id),
            sort: SortRange::Between(from, to),
            ascending: true,
            limit: 1,
            after: None,
        };
        let page = self.store.port().query(&query).await?;
        let first = page.items.into_iter().next();
        let row: Option<DialRow> = first.map(crate::entity::from_item).transpose()?;
        Ok(row.map(|row| row.due))
    }

    /// Tells staff of a reminder that is about to miss its window while calling is paused. It stays planned: it rings
    /// if calling is resumed in time. False where they know already, or it has changed meanwhile.
    ///
    /// Where the person opted in to messages, one goes out in its place, and the call is not made any more.
    pub async fn tell_calling_paused(
        &self,
        settings: &Settings,
        item: &DialRow,
    ) -> Result<bool, StoreError> {
        let row = self.session(item.contact, item.session).await?;
        let stands = |row: &SessionRow| {
            row.session.state == SessionState::Planned
                && row.dial().key() == item.key()
                && !row.told_paused
        };
        let (Some(mut row), Some(mut person)) =
            (row.filter(stands), self.person(item.contact).await?)
        else {
            return Ok(false);
        };
        let before = row.dial();
        row.told_paused = true;
        let mut tx = Tx::new();
        let (about, session) = (row.session.appointment, row.session.id);
        let by_message = self
            .stage_fallback(&mut tx, settings, &mut person, about)
            .await?;
        if by_message {
            self.stage_cancelled(&mut tx, &mut row, CancelReason::Replanned)?;
            person.set_open_session(about, None, None);
        } else {
            let reason = AttentionReason::CallingPaused;
            self.flag(&mut tx, &mut person.contact, reason, about, Some(session))?;
            self.stage_session(&mut tx, &mut row, Some(&before))?;
        }
        self.stage_person(&mut tx, &mut person)?;
        let entry = Entry::new("call.held_by_pause", "session", session.uuid())
            .contact(item.contact)
            .version(row.version);
        self.log(&mut tx, &Actor::system("campaign-worker"), entry)?;
        self.store.try_commit(tx).await
    }
}
