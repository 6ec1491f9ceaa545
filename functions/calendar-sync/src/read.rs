//! Reading what a calendar did not tell: none repeats its webhooks for ever. What changed there since the last reading and
//! is news here becomes an event of the inbox, like one that was told, and means the same.

use chrono::{DateTime, TimeDelta, Utc};
use vio_domain::bookings::{BookingEvent, BookingKind, Calendar};
use vio_domain::ids::TenantId;
use vio_providers::ApiError;
use vio_providers::booking::{Event, Trigger};
use vio_runtime::queues::InboxMessage;
use vio_store::calendar::{Reading, Unfinished};
use vio_store::inbox::Stored;
use vio_store::tenants::TenantSettings;
use vio_store::{StoreError, TenantStore};

use crate::{CalendarSync, calcom, calendly};

/// From one reading to the next (S0 `calendly_sync`; the same for Cal.com, whose lost webhooks nobody repeats).
pub(crate) const EVERY: TimeDelta = TimeDelta::minutes(5);
/// From a reading that was refused to the next: people have to do something first.
pub(crate) const AFTER_REFUSAL: TimeDelta = TimeDelta::minutes(15);
/// What changed so long before a reading began is read again by the next: clocks differ, and changes take a while to be
/// seen.
pub(crate) const OVERLAP: TimeDelta = TimeDelta::minutes(2);
/// Tenants are spread over so many seconds.
const SPREAD: u64 = 60;

/// What a reading came to.
pub(crate) struct Read {
    /// Bookings that were news.
    pub(crate) found: usize,
    pub(crate) reading: Reading,
}

/// Why a reading ended early.
pub(crate) enum Failed {
    Calendar(ApiError),
    /// The same, with what of it was not read yet, and how many bookings were news until then.
    Amid(ApiError, Unfinished, usize),
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

/// Reads one of the tenant's calendars, if that is due. Answers how many bookings were news.
pub(crate) async fn read(
    sync: &CalendarSync,
    ts: &TenantStore,
    settings: &TenantSettings,
    calendar: Calendar,
) -> Result<usize, StoreError> {
    let Some(row) = ts.take_calendar_reading(calendar).await? else {
        return Ok(0);
    };
    if calendar == Calendar::Calendly {
        calendly::leave(sync, ts, settings, &row).await?;
    }
    let outcome = match calendar {
        _ if !settings.settings.integrations.calendar(calendar).enabled => None,
        Calendar::Calcom => match sync.calcom(settings) {
            Some(client) => Some(calcom::read(sync, ts, settings, &client, &row).await),
            None => None,
        },
        Calendar::Calendly => match sync.calendly(settings) {
            Some(client) => Some(calendly::read(sync, ts, settings, &client, &row).await),
            None => None,
        },
    };
    let reading = match &outcome {
        None => Reading::Off,
        Some(Ok(read)) => read.reading.clone(),
        Some(Err(Failed::Calendar(error))) => refused(error, None, ts.now()),
        Some(Err(Failed::Amid(error, rest, _))) => refused(error, Some(*rest), ts.now()),
        Some(Err(Failed::Store(_))) => Reading::Failed {
            reason: "internal",
            next: ts.now() + EVERY,
            rest: None,
        },
    };
    ts.settle_calendar_reading(&row, &reading).await?;
    match outcome {
        None => Ok(0),
        Some(Ok(read)) => Ok(read.found),
        Some(Err(failed)) => {
            let (error, found) = match failed {
                Failed::Calendar(error) => (error, 0),
                Failed::Amid(error, _, found) => (error, found),
                Failed::Store(error) => return Err(error),
            };
            tracing::warn!(tenant_id = %ts.id, calendar = calendar.word(), %error, "the calendar could not be read");
            Ok(found)
        }
    }
}

/// Some seconds that differ from tenant to tenant, so that calendars are not all read at one instant.
pub(crate) fn spread(tenant: TenantId) -> TimeDelta {
    let seconds = tenant.uuid().as_u64_pair().1 % SPREAD;
    TimeDelta::seconds(i64::try_from(seconds).unwrap_or(0))
}

fn refused(error: &ApiError, rest: Option<Unfinished>, now: DateTime<Utc>) -> Reading {
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
    Reading::Failed { reason, next, rest }
}

/// Something that was read, as the event that was missed if nobody told of it.
pub(crate) struct News {
    pub(crate) event: Event,
    /// What makes two readings of it the same.
    pub(crate) identity: String,
    /// How it is kept until it is processed.
    pub(crate) body: Vec<u8>,
}

/// Puts a booking that is news into the inbox. What lies in the past is none: nobody is reminded of it.
pub(crate) async fn take_in(
    sync: &CalendarSync,
    ts: &TenantStore,
    calendar: Calendar,
    read: News,
) -> Result<bool, StoreError> {
    let start = read
        .event
        .booking
        .as_ref()
        .and_then(|booking| booking.start);
    if start.is_none_or(|start| start <= ts.now()) {
        return Ok(false);
    }
    let Some(event) = missed(ts, &read.event) else {
        return Ok(false);
    };
    if !ts.is_news(&event).await? {
        return Ok(false);
    }
    let new = ts.new_event(calendar.into(), &read.identity, &read.body)?;
    if new.object().is_some() {
        // Far larger than any booking is: people enter it.
        ts.note_calendar_failure(calendar, "too_large").await?;
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
fn missed(ts: &TenantStore, event: &Event) -> Option<BookingEvent> {
    let kind = match event.trigger {
        Trigger::BookingCreated => BookingKind::Created,
        Trigger::BookingRescheduled => BookingKind::Rescheduled,
        Trigger::BookingCancelled => BookingKind::Cancelled,
        Trigger::NoShowUpdated | Trigger::Other => return None,
    };
    let booking = event.booking.as_ref()?;
    let takes_place = kind != BookingKind::Cancelled;
    let before = booking.reschedule_uid.as_deref();
    Some(BookingEvent {
        kind,
        uid: ts.booking_uid(&booking.uid),
        before: before.map(|uid| ts.booking_uid(uid)),
        created_at: event.created_at.unwrap_or(ts.now()),
        sequence: 0,
        start: booking.start.filter(|_| takes_place),
        end: booking.end.filter(|_| takes_place),
        asks_new_time: false,
    })
}
