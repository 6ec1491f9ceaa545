//! Summaries by the clock. One record of the tenant says which one goes out next; whoever sends it takes people a few at a
//! time, and how far it is lies in the same transactions. It exists while anybody wants a summary. What it says is counted
//! from the change log (`tally`).

use chrono::{DateTime, NaiveDate, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use vio_domain::ids::{TenantId, UserId};
use vio_domain::letters::Labelled;
use vio_domain::notices::Summary;

use crate::entity::{DueEntry, Entity};
use crate::error::StoreError;
use crate::key::{self, DueKind};
use crate::letters::NewLetter;
use crate::notices::spread::{AT_ONCE, MOST_MEMBERS};
use crate::notices::tally::Said;
use crate::port::Key;
use crate::store::TenantStore;
use crate::tx::Tx;
use crate::users::UserStatus;

/// Which summaries go out next.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SummariesRow {
    pub tenant: TenantId,
    #[serde(skip)]
    pub version: u64,
    /// The days, in the business's zone, on which they go out next.
    pub daily: NaiveDate,
    pub weekly: NaiveDate,
    pub monthly: NaiveDate,
    /// The first of their instants, in the zone as it was.
    pub due: DateTime<Utc>,
    /// The one that is on its way, and the last of the team who was sent it.
    #[serde(default)]
    after: Option<(Summary, UserId)>,
}

impl Entity for SummariesRow {
    const TYPE: &'static str = "summaries";
    fn key(&self) -> Key {
        key::summaries(self.tenant)
    }
    fn version(&self) -> u64 {
        self.version
    }
    fn set_version(&mut self, version: u64) {
        self.version = version;
    }
    fn due(&self) -> Option<DueEntry> {
        let id = self.tenant.uuid();
        Some(key::due(self.due, DueKind::Notice, self.tenant, id))
    }
}

impl SummariesRow {
    fn new(tenant: TenantId, zone: Tz, now: DateTime<Utc>) -> Self {
        let mut row = Self {
            tenant,
            version: 0,
            daily: Summary::Daily.next_day(zone, now),
            weekly: Summary::Weekly.next_day(zone, now),
            monthly: Summary::Monthly.next_day(zone, now),
            due: now,
            after: None,
        };
        row.date_again(zone);
        row
    }

    /// The day on which one goes out next.
    pub fn day(&self, summary: Summary) -> NaiveDate {
        match summary {
            Summary::Daily => self.daily,
            Summary::Weekly => self.weekly,
            Summary::Monthly => self.monthly,
        }
    }

    fn set_day(&mut self, summary: Summary, day: NaiveDate) {
        *match summary {
            Summary::Daily => &mut self.daily,
            Summary::Weekly => &mut self.weekly,
            Summary::Monthly => &mut self.monthly,
        } = day;
    }

    fn date_again(&mut self, zone: Tz) {
        let instants = Summary::ALL.map(|summary| Summary::instant(zone, self.day(summary)));
        self.due = instants.into_iter().min().unwrap_or(self.due);
    }
}

impl TenantStore {
    /// Which summaries go out next, if anybody wants one.
    pub async fn summaries(&self) -> Result<Option<SummariesRow>, StoreError> {
        self.store.read(&key::summaries(self.id)).await
    }

    /// Sees to it that summaries go out, in the transaction in which somebody asks for one. Lost on `summaries` where
    /// that changed meanwhile.
    pub async fn stage_summaries_wanted(&self, tx: &mut Tx, zone: Tz) -> Result<(), StoreError> {
        match self.summaries().await? {
            // Written again, so that it is not taken away at this moment for want of readers.
            Some(mut row) => tx.update(&mut row),
            None => tx.create(&mut SummariesRow::new(self.id, zone, self.now())),
        }
    }

    /// Sends the summaries that are due, and answers the names of the letters. One whose time passed long ago, with
    /// others of its kind after it, is left out: the last of them tells more.
    pub async fn send_summaries(
        &self,
        zone: Tz,
        link: Option<&Labelled>,
    ) -> Result<Vec<String>, StoreError> {
        let mut letters = Vec::new();
        let Some(mut row) = self.summaries().await? else {
            return Ok(letters);
        };
        for summary in Summary::ALL {
            if Summary::instant(zone, row.day(summary)) <= self.now() {
                let sent = self.send_summary(&mut row, summary, zone, link, &mut letters);
                if !sent.await? {
                    // Somebody else is at it.
                    return Ok(letters);
                }
            }
        }
        self.look_again(row, zone).await?;
        Ok(letters)
    }

    /// False where somebody else is sending.
    async fn send_summary(
        &self,
        row: &mut SummariesRow,
        summary: Summary,
        zone: Tz,
        link: Option<&Labelled>,
        letters: &mut Vec<String>,
    ) -> Result<bool, StoreError> {
        let next = summary.next_day(zone, self.now());
        let latest = summary.period(next).0;
        if row.day(summary) < latest {
            row.set_day(summary, latest);
            row.after = None;
        }
        let day = row.day(summary);
        let mut readers = Vec::new();
        for user in self.team(MOST_MEMBERS).await? {
            let done = row
                .after
                .is_some_and(|(kind, after)| kind == summary && user.id <= after);
            if !done && user.status == UserStatus::Active && user.notices.wants(summary) {
                readers.push((user.id, self.open_personal(&user)?.email));
            }
        }
        let said = if readers.is_empty() {
            Said::default()
        } else {
            self.said(summary, zone, day).await?
        };
        let mut some = readers.chunks(AT_ONCE).peekable();
        loop {
            let mut tx = Tx::new();
            let readers = some.next().unwrap_or_default();
            let mut written = Vec::new();
            for (user, email) in readers {
                let new = NewLetter {
                    to: email,
                    user: Some(*user),
                    letter: said.letter(summary, day, link),
                    about: &format!("summary/{}/{day}", summary.as_str()),
                    due: self.now(),
                };
                written.push(self.write_letter(&mut tx, new).await?);
            }
            let last = some.peek().is_none();
            row.after = match last {
                true => None,
                false => readers.last().map(|(user, _)| (summary, *user)),
            };
            if last {
                row.set_day(summary, next);
            }
            tx.update(row)?;
            match self.store.commit(tx).await {
                Ok(()) => letters.extend(written),
                Err(error) if error.is_lost() => return Ok(false),
                Err(error) => return Err(error),
            }
            if last {
                return Ok(true);
            }
        }
    }

    /// When to look next; not at all where nobody wants a summary any more.
    async fn look_again(&self, mut row: SummariesRow, zone: Tz) -> Result<(), StoreError> {
        let team = self.team(MOST_MEMBERS).await?;
        let wanted = team.iter().any(|user| user.notices.wants_any_summary());
        let mut tx = Tx::new();
        if wanted {
            row.date_again(zone);
            tx.update(&mut row)?;
        } else {
            tx.delete(&row);
        }
        match self.store.commit(tx).await {
            Err(error) if !error.is_lost() => Err(error),
            _ => Ok(()),
        }
    }
}
