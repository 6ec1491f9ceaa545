//! Reading what the calendar did not tell: it does not repeat its webhooks reliably. What changed there since the last
//! reading and is news here becomes an event of the inbox, like one that was told, and means the same.

use chrono::{DateTime, TimeDelta, Utc};
use vio_domain::bookings::{BookingEvent, BookingKind};
use vio_domain::ids::TenantId;
use vio_providers::ApiError;
use vio_providers::calcom::reading::{ReadBooking, Standing};
use vio_providers::calcom::webhook::Trigger;
use vio_providers::calcom::{CalcomClient, Updated};
use vio_runtime::queues::InboxMessage;
use vio_store::calendar::Reading;
use vio_store::inbox::Stored;
use vio_store::tenants::{Provider, TenantSettings};
use vio_store::{StoreError, TenantStore};

use crate::{CalendarSync, PATIENCE};

/// From one reading to the next (S0 `calendly_sync`; the same for Cal.com, whose lost webhooks nobody repeats).
const EVERY: TimeDelta = TimeDelta::minutes(5);
/// From a reading that was refused to the next: people have to do something first.
const AFTER_REFUSAL: TimeDelta = TimeDelta::minutes(15);
/// What changed so long before a reading began is read again by the next: clocks differ, and changes take a while to be
/// seen.
const OVERLAP: TimeDelta = TimeDelta::minutes(2);
/// Answers of a hundred bookings read in one run; what is left is read by the next, at once.
const PAGES: usize = 20;
/// Tenants are spread over so many seconds.
const SPREAD: u64 = 60;

/// What was read.
#[derive(Default)]
struct Read {
    found: usize,
    /// There is more than one run reads.
    more: bool,
    /// When the last booking that was read changed: everything that changed before was read.
    until: Option<DateTime<Utc>>,
}

/// Why a reading ended early.
enum Failed {
    Calendar(ApiError),
    Store(StoreError),
}

impl From<ApiError> for Failed {
    fn from(error: ApiError) -> Self {
        Self::Calendar(error)
    }
}

impl From<StoreError> for Failed {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// Reads the tenant's calendar, if that is due. Answers how many bookings were news.
pub(crate) async fn read(
    sync: &CalendarSync,
    ts: &TenantStore,
    settings: &TenantSettings,
) -> Result<usize, StoreError> {
    let Some(row) = ts.take_calendar_reading().await? else {
        return Ok(0);
    };
    let began = ts.now();
    let enabled = settings.settings.integrations.calcom.enabled;
    let Some(client) = sync.calcom(settings).filter(|_| enabled) else {
        ts.settle_calendar_reading(&Reading::Off).await?;
        return Ok(0);
    };
    let outcome = all(sync, ts, settings, &client, row.read_until).await;
    let reading = match &outcome {
        Ok(Read {
            more: true, until, ..
        }) => match until {
            Some(until) => Reading::Done {
                // Others may have changed in the same instant.
                until: *until - TimeDelta::milliseconds(1),
                next: began,
            },
            // The calendar does not say how far that is.
            None => Reading::Failed {
                reason: "internal",
                next: began + AFTER_REFUSAL,
            },
        },
        Ok(_) => Reading::Done {
            until: began - OVERLAP,
            next: began + EVERY + spread(ts.id),
        },
        Err(Failed::Calendar(error)) => refused(error, ts.now()),
        Err(Failed::Store(_)) => Reading::Failed {
            reason: "internal",
            next: began + EVERY,
        },
    };
    ts.settle_calendar_reading(&reading).await?;
    match outcome {
        Ok(read) => Ok(read.found),
        Err(Failed::Calendar(error)) => {
            tracing::warn!(tenant_id = %ts.id, %error, "the calendar could not be read");
            Ok(0)
        }
        Err(Failed::Store(error)) => Err(error),
    }
}

/// Some seconds that differ from tenant to tenant, so that calendars are not all read at one instant.
fn spread(tenant: TenantId) -> TimeDelta {
    let seconds = tenant.uuid().as_u64_pair().1 % SPREAD;
    TimeDelta::seconds(i64::try_from(seconds).unwrap_or(0))
}

fn refused(error: &ApiError, now: DateTime<Utc>) -> Reading {
    let (reason, next) = match error {
        ApiError::Refused { status: 401, .. } => ("wrong_key", now + AFTER_REFUSAL),
        ApiError::Refused { status: 403, .. } => ("missing_scope", now + AFTER_REFUSAL),
        ApiError::Refused {
            status: 429,
            retry_after,
            ..
        } => {
            let at = retry_after.map_or(now, |after| after.instant(now));
            ("busy", at.clamp(now + EVERY, now + TimeDelta::hours(1)))
        }
        ApiError::Refused { .. } => ("refused", now + AFTER_REFUSAL),
        ApiError::NoAnswer(_) => ("unreachable", now + EVERY),
    };
    Reading::Failed { reason, next }
}

async fn all(
    sync: &CalendarSync,
    ts: &TenantStore,
    settings: &TenantSettings,
    client: &CalcomClient,
    after: Option<DateTime<Utc>>,
) -> Result<Read, Failed> {
    let mut read = Read::default();
    let mut wanted = Updated {
        after,
        event_type: settings.settings.integrations.calcom.event_type_id,
        skip: 0,
    };
    for page in 1..=PAGES {
        let answer = client.updated(wanted, PATIENCE).await?;
        for booking in &answer.bookings {
            read.found += usize::from(take_in(sync, ts, booking).await?);
        }
        if !answer.more {
            break;
        }
        wanted.skip += answer.count;
        read.more = page == PAGES;
        let last = answer.bookings.last().and_then(|last| last.updated_at);
        read.until = last.or(read.until);
    }
    Ok(read)
}

/// Puts a booking that is news into the inbox. What lies in the past is none: nobody is reminded of it.
async fn take_in(
    sync: &CalendarSync,
    ts: &TenantStore,
    booking: &ReadBooking,
) -> Result<bool, StoreError> {
    let Some(event) = missed(ts, booking).filter(|_| booking.start > ts.now()) else {
        return Ok(false);
    };
    if !ts.is_news(&event).await? {
        return Ok(false);
    }
    let new = ts.new_event(Provider::Calcom, &booking.identity(), &booking.body())?;
    if new.object().is_some() {
        // Far larger than any booking is: people enter it.
        ts.note_calendar_failure("too_large").await?;
        return Ok(false);
    }
    let Stored::New { event } = ts.store_event(new).await? else {
        return Ok(false);
    };
    let message = InboxMessage {
        tenant: ts.id,
        event: event.to_string(),
    };
    if let Err(error) = sync.app.queues.inbox(message).await {
        tracing::warn!(tenant_id = %ts.id, %error, "an event was not handed on; the next tick does");
    }
    Ok(true)
}

/// What the calendar would have told.
fn missed(ts: &TenantStore, booking: &ReadBooking) -> Option<BookingEvent> {
    let event = booking.event()?;
    let kind = match event.trigger {
        Trigger::BookingCreated => BookingKind::Created,
        Trigger::BookingRescheduled => BookingKind::Rescheduled,
        Trigger::BookingCancelled => BookingKind::Cancelled,
        Trigger::NoShowUpdated | Trigger::Other => return None,
    };
    let takes_place = booking.standing != Standing::Off;
    Some(BookingEvent {
        kind,
        uid: ts.booking_uid(&booking.uid),
        before: booking.moved_from.as_deref().map(|uid| ts.booking_uid(uid)),
        created_at: event.created_at.unwrap_or(ts.now()),
        sequence: 0,
        start: takes_place.then_some(booking.start),
        end: booking.end.filter(|_| takes_place),
        asks_new_time: false,
    })
}
