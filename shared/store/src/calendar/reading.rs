//! How far an outside calendar has been read for what its webhooks did not tell, and what came of it (S3 "Integration
//! Status & Testing").

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use vio_domain::bookings::BookingEvent;
use vio_domain::ids::TenantId;
use vio_domain::settings::Settings;

use crate::entity::{DueEntry, Entity};
use crate::error::StoreError;
use crate::key::{self, DueKind};
use crate::port::Key;
use crate::store::TenantStore;
use crate::tx::{COMMIT_TRIES, Tx};

/// The calendar's name in its record.
const CALCOM: &str = "calcom";
/// Failures that are kept to be shown, latest first.
const FAILURES_KEPT: usize = 10;
/// How long whoever reads a calendar has it alone.
const TAKEN_FOR: TimeDelta = TimeDelta::minutes(3);

/// Why a reading of the calendar, or the taking in of one of its bookings, failed: a word for clients.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    pub at: DateTime<Utc>,
    pub reason: String,
}

/// A calendar's record: one for each that a tenant has connected.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CalendarRow {
    tenant: TenantId,
    calendar: String,
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
    /// The tenant's day that `today` counts.
    pub day: Option<NaiveDate>,
    /// Bookings taken in on that day, by webhook or reading.
    pub today: u32,
    /// Bookings taken in ever.
    pub total: u64,
    /// Bookings that could not be taken in, and readings that failed; latest first.
    #[serde(default)]
    pub failures: Vec<Failure>,
}

impl Entity for CalendarRow {
    const TYPE: &'static str = "calendar";
    fn key(&self) -> Key {
        key::calendar_poll(self.tenant, &self.calendar)
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
    /// It did not go well, for this reason; it is read again at `next`.
    Failed {
        reason: &'static str,
        next: DateTime<Utc>,
    },
    /// The calendar is not connected any more.
    Off,
}

/// Whether a tenant's Cal.com is to be read.
fn is_connected(settings: &Settings) -> bool {
    let calcom = &settings.integrations.calcom;
    calcom.enabled && calcom.has_key
}

impl CalendarRow {
    fn new(tenant: TenantId) -> Self {
        Self {
            tenant,
            calendar: CALCOM.to_owned(),
            version: 0,
            due: None,
            read_until: None,
            last_read_at: None,
            trouble: None,
            day: None,
            today: 0,
            total: 0,
            failures: Vec::new(),
        }
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
    /// The record of the tenant's Cal.com; None where it was never connected.
    pub async fn calendar(&self) -> Result<Option<CalendarRow>, StoreError> {
        self.store.read(&key::calendar_poll(self.id, CALCOM)).await
    }

    /// Has a calendar read from now on that a change of settings has just connected.
    pub async fn stage_calendar_connected(
        &self,
        tx: &mut Tx,
        before: &Settings,
        after: &Settings,
    ) -> Result<(), StoreError> {
        if is_connected(before) || !is_connected(after) {
            return Ok(());
        }
        let row = self.calendar().await?;
        let mut row = row.unwrap_or_else(|| CalendarRow::new(self.id));
        row.due = Some(self.now());
        tx.save(&mut row)
    }

    /// Takes the reading of a calendar that is due, for a while; None where it is not due, or somebody was quicker.
    pub async fn take_calendar_reading(&self) -> Result<Option<CalendarRow>, StoreError> {
        let now = self.now();
        let row = self.calendar().await?;
        let Some(mut row) = row.filter(|row| row.due.is_some_and(|due| due <= now)) else {
            return Ok(None);
        };
        row.due = Some(now + TAKEN_FOR);
        let mut tx = Tx::new();
        tx.update(&mut row)?;
        match self.store.commit(tx).await {
            Ok(()) => Ok(Some(row)),
            Err(error) if error.is_lost() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Notes what a reading came to.
    pub async fn settle_calendar_reading(&self, reading: &Reading) -> Result<(), StoreError> {
        let now = self.now();
        self.change_calendar(|row| match reading {
            Reading::Done { until, next } => {
                row.read_until = Some(*until);
                row.last_read_at = Some(now);
                row.trouble = None;
                row.due = Some(*next);
            }
            Reading::Failed { reason, next } => {
                row.note_failure(now, reason);
                row.trouble = row.failures.first().cloned();
                row.due = Some(*next);
            }
            Reading::Off => row.due = None,
        })
        .await
    }

    /// Counts a booking that was taken in on a day of the tenant.
    pub async fn count_booking(&self, day: NaiveDate) -> Result<(), StoreError> {
        self.change_calendar(|row| {
            row.today = row.taken_in_on(day) + 1;
            row.day = Some(day);
            row.total += 1;
        })
        .await
    }

    /// Notes that an event of the calendar could not be taken in.
    pub async fn note_calendar_failure(&self, reason: &str) -> Result<(), StoreError> {
        let now = self.now();
        self.change_calendar(|row| row.note_failure(now, reason))
            .await
    }

    /// Changes the record, whoever else does. What it holds is for people to look at and says when to read again; no
    /// booking depends on it, so that it is not part of their transactions.
    async fn change_calendar(&self, change: impl Fn(&mut CalendarRow)) -> Result<(), StoreError> {
        for _ in 0..COMMIT_TRIES * 2 {
            let row = self.calendar().await?;
            let mut row = row.unwrap_or_else(|| CalendarRow::new(self.id));
            change(&mut row);
            let mut tx = Tx::new();
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
