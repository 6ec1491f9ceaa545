//! Telling a calendar one change. It is asked first how the booking stands: what it says already is not told again,
//! whoever told it, which is also what makes this safe to repeat after a crash.

use chrono::{DateTime, Utc};
use vio_domain::bookings::{BookingStatus, Calendar, TakenOver};
use vio_domain::write_back::{Tell, TheirStatus, Theirs, tell as to_be_told};
use vio_providers::ApiError;
use vio_store::calendar::{CalendarWriteRow, Refusal, ToTell, Told};
use vio_store::tenants::TenantSettings;
use vio_store::{StoreError, TenantStore};

use crate::{CalendarSync, actor, calcom, calendly};

/// What the calendar is given as the reason. It shows that to both sides, so it says nothing about anybody.
pub(crate) const REASON: &str = "Changed by the practice's appointment desk.";
/// How long a calendar that asks to be left alone, and does not say until when, is.
const BUSY: chrono::TimeDelta = chrono::TimeDelta::minutes(1);

/// What came of a try: told, or to be tried again, at that instant where the calendar named one.
pub(crate) enum Tried {
    Told(Told),
    Again(Option<DateTime<Utc>>),
}

/// Tells one change. False where somebody else has it.
pub(crate) async fn tell(
    sync: &CalendarSync,
    ts: &TenantStore,
    settings: &TenantSettings,
    row: CalendarWriteRow,
) -> Result<bool, StoreError> {
    let Some(row) = ts.take_calendar_write(row).await? else {
        return Ok(false);
    };
    let tried = match ts.to_tell(&row).await? {
        Some(what) => at_calendar(sync, settings, &what, ts.now()).await,
        None => Tried::Told(Told::Nothing),
    };
    match tried {
        Tried::Told(told) => {
            tracing::info!(tenant_id = %ts.id, appointment = %row.appointment, ?told, "calendar told");
            ts.settle_calendar_write(&row, &told, &actor()).await?;
        }
        Tried::Again(at) => {
            let again = ts.put_off_calendar_write(&row, at, &actor()).await?;
            tracing::warn!(tenant_id = %ts.id, appointment = %row.appointment, tries = row.tries, again,
                           "the calendar was not told");
        }
    }
    Ok(true)
}

/// Tells it to the calendar that the booking came from; one that is switched off is left alone.
async fn at_calendar(
    sync: &CalendarSync,
    settings: &TenantSettings,
    what: &ToTell,
    now: DateTime<Utc>,
) -> Tried {
    let calendar = settings.settings.integrations.calendar(what.calendar);
    if !calendar.enabled {
        return Tried::Told(Told::Nothing);
    }
    let organizer = calendar.organizer_email.map(|email| email.as_str());
    let tried = match what.calendar {
        Calendar::Calcom => match sync.calcom(settings) {
            Some(client) => Some(calcom::tell(&client, what, organizer, now).await),
            None => None,
        },
        Calendar::Calendly => match sync.calendly(settings) {
            Some(client) => Some(calendly::tell(&client, what, now).await),
            None => None,
        },
    };
    tried.unwrap_or_else(|| Tried::Told(without_key(what, now)))
}

/// Without a key nothing can be told. People see to what would have to be, judged by what the calendar said last.
fn without_key(what: &ToTell, now: DateTime<Utc>) -> Told {
    let TakenOver { start, status } = what.theirs;
    let status = match status {
        BookingStatus::Booked | BookingStatus::Moved => TheirStatus::Accepted,
        BookingStatus::Cancelled | BookingStatus::NewTimeAsked => TheirStatus::Off,
    };
    match to_be_told(Theirs { status, start }, &what.ours, now) {
        Tell::Nothing => Told::Nothing,
        Tell::Confirm | Tell::Cancel | Tell::Move(_) => Told::Refused(Refusal::ByCalendar),
        Tell::CannotFollow => Told::Refused(Refusal::OffThere),
    }
}

/// What a failed question or change means. A refusal of a change can be that it was made meanwhile: that is asked again.
pub(crate) fn failed(error: ApiError, now: DateTime<Utc>) -> Tried {
    match error {
        ApiError::Refused {
            status: 429,
            retry_after,
            ..
        } => {
            let at = retry_after.map_or(now + BUSY, |after| after.instant(now));
            Tried::Again(Some(at.max(now)))
        }
        ApiError::Refused { .. } => Tried::Told(Told::Refused(Refusal::ByCalendar)),
        ApiError::NoAnswer(_) => Tried::Again(None),
    }
}
