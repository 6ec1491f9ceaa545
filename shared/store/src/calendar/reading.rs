//! How far an outside calendar has been read for what its webhooks did not tell, and what came of it (S3 "Integration
//! Status & Testing").

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use vio_domain::bookings::{BookingEvent, Calendar};
use vio_domain::ids::TenantId;
use vio_domain::notices::Happening;
use vio_domain::text::ShortText;

use super::leaving::Leaving;
use crate::entity::{DueEntry, Entity};
use crate::error::StoreError;
use crate::key::{self, DueKind};
use crate::port::Key;
use crate::store::TenantStore;
use crate::tenants::TenantSettings;
use crate::tx::{COMMIT_TRIES, Tx};

/// Failures that are kept to be shown, latest first.
const FAILURES_KEPT: usize = 10;
/// How long a calendar fails before administrators are told.
const TOLD_AFTER: TimeDelta = TimeDelta::hours(1);
/// How long whoever reads a calendar has it alone.
const TAKEN_FOR: TimeDelta = TimeDelta::minutes(3);

/// Why a reading of the calendar, or the taking in of one of its bookings, failed: a word for clients.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    pub at: DateTime<Utc>,
    pub reason: String,
}

/// How the subscription to a calendar's webhooks stands, for a calendar that has them by subscription.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subscribed {
    /// It is there and tells what is needed.
    Active,
    /// The calendar switched it off: our address failed for too long.
    Disabled,
    /// It is not there, and could not be made for now.
    Missing,
    /// The account may have none.
    Refused,
}

/// A calendar's record: one for each that a tenant has connected.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CalendarRow {
    tenant: TenantId,
    calendar: Calendar,
    #[serde(skip)]
    version: u64,
    /// When it is read next; None while it is not connected.
    pub due: Option<DateTime<Utc>>,
    /// Everything that changed there until then was read; None before the first reading.
    pub read_until: Option<DateTime<Utc>>,
    /// When it was last read without a failure.
    pub last_read_at: Option<DateTime<Utc>>,
    /// Why the last reading failed, if it did.
    pub trouble: Option<Failure>,
    /// Administrators were told that it fails, and it was not read since.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    told: bool,
    /// The tenant's day that `today` counts.
    pub day: Option<NaiveDate>,
    /// Bookings taken in on that day, by webhook or reading.
    pub today: u32,
    /// Bookings taken in ever.
    pub total: u64,
    /// Events of bookings that could not be taken in, or had nothing here to change, ever.
    #[serde(default)]
    pub failed: u64,
    /// Bookings that could not be taken in, and readings that failed; latest first.
    #[serde(default)]
    pub failures: Vec<Failure>,
    /// Events that are not taken over, of kinds that were not chosen.
    #[serde(default)]
    pub ignored: u64,
    /// How its webhooks' subscription stood when it was last looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub subscribed: Option<Subscribed>,
    /// Since when it is known to be switched off.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub disabled_at: Option<DateTime<Utc>>,
    /// The subscription is to be made anew: with another key, another token, or for the first time.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub renew: bool,
    /// Cal.com was connected, or is connected otherwise than before: what is to come there is read, whenever it changed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub upcoming: bool,
    /// A reading that one run did not get through.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unfinished: Option<Unfinished>,
    /// Accounts that were left and are still subscribed to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) leaving: Vec<Leaving>,
}

/// What a subscription of Calendly's is made with and by: with another, it is made anew.
fn calendly_connection(
    of: &TenantSettings,
) -> (
    Option<&String>,
    Option<&String>,
    Option<&ShortText<255>>,
    &[ShortText<255>],
) {
    let calendly = &of.settings.integrations.calendly;
    (
        of.secrets.calendly_key.as_ref(),
        of.secrets.calendly_signing.current.as_ref(),
        calendly.base_url.as_ref(),
        &calendly.event_types,
    )
}

/// What Cal.com is read with: with another, other bookings are to come.
fn calcom_connection(
    of: &TenantSettings,
) -> (Option<&String>, Option<&ShortText<255>>, Option<u64>) {
    let calcom = &of.settings.integrations.calcom;
    (
        of.secrets.calcom_key.as_ref(),
        calcom.base_url.as_ref(),
        calcom.event_type_id,
    )
}

/// Where a reading stopped that goes by what is to come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unfinished {
    /// When it began.
    pub began: DateTime<Utc>,
    /// What begins after this has still to be read.
    pub from: DateTime<Utc>,
}

impl Entity for CalendarRow {
    const TYPE: &'static str = "calendar";
    fn key(&self) -> Key {
        key::calendar_poll(self.tenant, self.calendar.word())
    }
    fn version(&self) -> u64 {
        self.version
    }
    fn set_version(&mut self, version: u64) {
        self.version = version;
    }
    fn due(&self) -> Option<DueEntry> {
        let due = self.due?;
        Some(key::due(
            due,
            DueKind::Calendar,
            self.tenant,
            self.tenant.uuid(),
        ))
    }
}

/// What a reading came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reading {
    /// Everything that changed until then was read; the calendar is read again at `next`.
    Done {
        until: DateTime<Utc>,
        next: DateTime<Utc>,
    },
    /// One run did not get through it: the rest is read at once.
    Unfinished(Unfinished),
    /// It did not go well, for this reason; it is read again at `next`.
    Failed {
        reason: &'static str,
        next: DateTime<Utc>,
        /// What of it was not read yet, where it got anywhere.
        rest: Option<Unfinished>,
    },
    /// The calendar is not connected any more.
    Off,
}

impl CalendarRow {
    fn new(tenant: TenantId, calendar: Calendar) -> Self {
        Self {
            tenant,
            calendar,
            version: 0,
            due: None,
            read_until: None,
            last_read_at: None,
            trouble: None,
            told: false,
            day: None,
            today: 0,
            total: 0,
            failed: 0,
            failures: Vec::new(),
            ignored: 0,
            subscribed: None,
            disabled_at: None,
            renew: false,
            upcoming: false,
            unfinished: None,
            leaving: Vec::new(),
        }
    }

    /// Whether it could be read before and has not been for an hour: one failure alone is nobody's business.
    fn fails_for_good(&self, now: DateTime<Utc>) -> bool {
        let last = self.last_read_at.filter(|_| self.trouble.is_some());
        last.is_some_and(|last| now - last >= TOLD_AFTER)
    }

    /// Which calendar's it is.
    pub fn calendar(&self) -> Calendar {
        self.calendar
    }

    fn note_failure(&mut self, at: DateTime<Utc>, reason: &str) {
        let reason = reason.to_owned();
        self.failures.insert(0, Failure { at, reason });
        self.failures.truncate(FAILURES_KEPT);
    }

    /// Bookings taken in on a day of the tenant.
    pub fn taken_in_on(&self, day: NaiveDate) -> u32 {
        if self.day == Some(day) { self.today } else { 0 }
    }
}

impl TenantStore {
    /// The record of a calendar of the tenant; None where it was never connected.
    pub async fn calendar(&self, calendar: Calendar) -> Result<Option<CalendarRow>, StoreError> {
        let place = key::calendar_poll(self.id, calendar.word());
        self.store.read(&place).await
    }

    /// Has each calendar read from now on that a change of settings has just connected, or connected otherwise than
    /// before, and Calendly's webhooks subscribed to anew. What was connected before and is no more has its subscription
    /// ended.
    pub async fn stage_calendar_connected(
        &self,
        tx: &mut Tx,
        before: &TenantSettings,
        after: &TenantSettings,
    ) -> Result<(), StoreError> {
        for calendar in Calendar::ALL {
            let is_calendly = calendar == Calendar::Calendly;
            let connected = |one: &TenantSettings| {
                let integrations = &one.settings.integrations;
                integrations.calendar(calendar).connected
            };
            let again = match calendar {
                Calendar::Calcom => calcom_connection(before) != calcom_connection(after),
                Calendar::Calendly => calendly_connection(before) != calendly_connection(after),
            };
            let newly = connected(after) && (again || !connected(before));
            let left = is_calendly && connected(before) && (again || !connected(after));
            if !newly && !left {
                continue;
            }
            let row = self.calendar(calendar).await?;
            let mut row = row.unwrap_or_else(|| CalendarRow::new(self.id, calendar));
            let leaves = left && self.leave_calendly(&mut row, before, after)?;
            if !newly && !leaves {
                continue;
            }
            row.due = Some(self.now());
            row.upcoming |= newly && !is_calendly;
            if newly && is_calendly {
                row.renew = true;
                // It is read by what is to come: what was passed over till now is among that.
                (row.read_until, row.unfinished) = (None, None);
            }
            tx.save(&mut row)?;
        }
        Ok(())
    }

    /// Takes the reading of a calendar that is due, for a while; None where it is not due, or somebody was quicker.
    pub async fn take_calendar_reading(
        &self,
        calendar: Calendar,
    ) -> Result<Option<CalendarRow>, StoreError> {
        let now = self.now();
        let row = self.calendar(calendar).await?;
        let Some(mut row) = row.filter(|row| row.due.is_some_and(|due| due <= now)) else {
            return Ok(None);
        };
        row.due = Some(now + TAKEN_FOR);
        let mut tx = Tx::new();
        tx.update(&mut row)?;
        let won = self.store.try_commit(tx).await?;
        Ok(won.then_some(row))
    }

    /// Notes what a reading came to. One that was asked for meanwhile is still due.
    pub async fn settle_calendar_reading(
        &self,
        taken: &CalendarRow,
        reading: &Reading,
    ) -> Result<(), StoreError> {
        let now = self.now();
        self.change_calendar(taken.calendar, |row| {
            let asked = row.due.filter(|_| row.due != taken.due);
            match reading {
                Reading::Done { until, next } => {
                    row.read_until = Some(*until);
                    row.last_read_at = Some(now);
                    row.unfinished = None;
                    row.upcoming &= asked.is_some();
                    row.trouble = None;
                    row.due = Some(*next);
                }
                Reading::Unfinished(rest) => {
                    row.unfinished = Some(*rest);
                    row.due = Some(now);
                }
                Reading::Failed { reason, next, rest } => {
                    row.unfinished = rest.or(row.unfinished);
                    row.note_failure(now, reason);
                    row.trouble = row.failures.first().cloned();
                    row.due = Some(*next);
                }
                Reading::Off => (row.due, row.subscribed) = (None, None),
            }
            let leaves = row.leaves_at(now);
            row.due = row.due.into_iter().chain(asked).chain(leaves).min();
        })
        .await
    }

    /// Notes how a calendar's subscription stands. One found switched off is among what went wrong, once.
    pub async fn note_subscription(
        &self,
        calendar: Calendar,
        stands: Subscribed,
    ) -> Result<(), StoreError> {
        let now = self.now();
        self.change_calendar(calendar, |row| {
            let off = stands == Subscribed::Disabled;
            if off && row.disabled_at.is_none() {
                row.note_failure(now, "webhook_disabled");
            }
            row.disabled_at = off.then(|| row.disabled_at.unwrap_or(now));
            row.renew &= stands != Subscribed::Active;
            row.subscribed = Some(stands);
        })
        .await
    }

    /// Has a calendar that is connected read at once: something was told of it that cannot be understood alone.
    pub async fn ask_calendar_reading(&self, calendar: Calendar) -> Result<(), StoreError> {
        let now = self.now();
        self.change_calendar(calendar, |row| {
            row.due = row.due.map(|due| due.min(now));
            // Whatever it is, it may have changed before the last reading.
            row.read_until = None;
        })
        .await
    }

    /// Counts an event of a kind that is not taken over.
    pub async fn count_ignored(&self, calendar: Calendar) -> Result<(), StoreError> {
        self.change_calendar(calendar, |row| row.ignored += 1).await
    }

    /// Counts a booking that was taken in on a day of the tenant.
    pub async fn count_booking(
        &self,
        calendar: Calendar,
        day: NaiveDate,
    ) -> Result<(), StoreError> {
        self.change_calendar(calendar, |row| {
            row.today = row.taken_in_on(day) + 1;
            row.day = Some(day);
            row.total += 1;
        })
        .await
    }

    /// Notes that an event of the calendar could not be taken in, or had nothing here to change.
    pub async fn note_calendar_failure(
        &self,
        calendar: Calendar,
        reason: &str,
    ) -> Result<(), StoreError> {
        let now = self.now();
        self.change_calendar(calendar, |row| {
            row.note_failure(now, reason);
            row.failed += 1;
        })
        .await
    }

    /// Changes the record, whoever else does. What it holds is for people to look at and says when to read again; no
    /// booking depends on it, so that it is not part of their transactions.
    pub(super) async fn change_calendar(
        &self,
        calendar: Calendar,
        change: impl Fn(&mut CalendarRow),
    ) -> Result<(), StoreError> {
        for _ in 0..COMMIT_TRIES * 2 {
            let row = self.calendar(calendar).await?;
            let mut row = row.unwrap_or_else(|| CalendarRow::new(self.id, calendar));
            change(&mut row);
            let mut tx = Tx::new();
            let fails = row.fails_for_good(self.now());
            if fails && !row.told {
                self.tell(&mut tx, Happening::IntegrationFailing { calendar })?;
            }
            row.told = fails;
            tx.save(&mut row)?;
            match self.store.commit(tx).await {
                Err(error) if error.is_lost() => {}
                other => return other,
            }
        }
        Err(StoreError::Lost {
            lost: vec![CalendarRow::TYPE],
        })
    }

    /// Whether an event that was read, not told, says what the booking's chain does not come to already.
    pub async fn is_news(&self, event: &BookingEvent) -> Result<bool, StoreError> {
        let touched = self.touched(event).await?;
        if touched.joins_two() {
            return Ok(true);
        }
        Ok(touched.chain.would_change(event))
    }
}
