//! Telling the calendar one change. It is asked first how the booking stands: what it says already is not told again,
//! whoever told it, which is also what makes this safe to repeat after a crash.

use chrono::{DateTime, Utc};
use vio_domain::bookings::{BookingStatus, TakenOver};
use vio_domain::write_back::{Tell, TheirStatus, Theirs, tell as to_be_told};
use vio_providers::ApiError;
use vio_providers::calcom::CalcomClient;
use vio_providers::calcom::reading::{ReadBooking, Standing};
use vio_store::calendar::{CalendarWriteRow, ToTell, Told};
use vio_store::tenants::TenantSettings;
use vio_store::{StoreError, TenantStore};

use crate::{CalendarSync, PATIENCE, actor};

/// What the calendar is given as the reason. It shows that to both sides, so it says nothing about anybody.
const REASON: &str = "Changed by the practice's appointment desk.";
/// How long a calendar that asks to be left alone, and does not say until when, is.
const BUSY: chrono::TimeDelta = chrono::TimeDelta::minutes(1);

/// What came of a try: told, or to be tried again, at that instant where the calendar named one.
enum Tried {
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
        Some(what) if settings.settings.integrations.calcom.enabled => {
            match sync.calcom(settings) {
                Some(client) => at_calendar(&client, &what, organizer(settings), ts.now()).await,
                None => Tried::Told(without_key(&what, ts.now())),
            }
        }
        Some(_) | None => Tried::Told(Told::Nothing),
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

fn organizer(settings: &TenantSettings) -> Option<&str> {
    let calcom = &settings.settings.integrations.calcom;
    calcom.organizer_email.as_ref().map(|email| email.as_str())
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
        Tell::Confirm | Tell::Cancel | Tell::Move(_) | Tell::CannotFollow => Told::Refused,
    }
}

fn standing(booking: &ReadBooking) -> Theirs {
    Theirs {
        status: match booking.standing {
            Standing::Accepted => TheirStatus::Accepted,
            Standing::Pending => TheirStatus::Pending,
            Standing::Off => TheirStatus::Off,
        },
        start: booking.start,
    }
}

fn moved(booking: &ReadBooking, now: DateTime<Utc>) -> Told {
    Told::Moved {
        uid: booking.uid.clone(),
        start: booking.start,
        end: booking.end,
        at: booking.created_at.unwrap_or(now),
    }
}

/// What a failed question or change means. A refusal of a change can be that it was made meanwhile: that is asked again.
fn failed(error: ApiError, now: DateTime<Utc>) -> Tried {
    match error {
        ApiError::Refused {
            status: 429,
            retry_after,
            ..
        } => {
            let at = retry_after.map_or(now + BUSY, |after| after.instant(now));
            Tried::Again(Some(at.max(now)))
        }
        ApiError::Refused { .. } => Tried::Told(Told::Refused),
        ApiError::NoAnswer(_) => Tried::Again(None),
    }
}

async fn at_calendar(
    client: &CalcomClient,
    what: &ToTell,
    organizer: Option<&str>,
    now: DateTime<Utc>,
) -> Tried {
    let outcome = once(client, what, organizer, now).await;
    match outcome {
        Ok(tried) => tried,
        Err(error @ ApiError::Refused { status: 400, .. }) => {
            // It may have changed between the question and the change.
            match stands(client, what, now).await {
                Ok(Tell::Nothing) => Tried::Told(Told::Nothing),
                Ok(_) => failed(error, now),
                Err(other) => failed(other, now),
            }
        }
        Err(error) => failed(error, now),
    }
}

async fn stands(
    client: &CalcomClient,
    what: &ToTell,
    now: DateTime<Utc>,
) -> Result<Tell, ApiError> {
    let booking = client.booking(&what.uid, PATIENCE).await?;
    Ok(to_be_told(standing(&booking), &what.ours, now))
}

async fn once(
    client: &CalcomClient,
    what: &ToTell,
    organizer: Option<&str>,
    now: DateTime<Utc>,
) -> Result<Tried, ApiError> {
    let booking = client.booking(&what.uid, PATIENCE).await?;
    if let Some(to) = &booking.moved_to {
        let other = client.booking(to, PATIENCE).await?;
        // Our own move, of which the answer was lost; or somebody else's, of which the calendar has still to tell us.
        return Ok(
            if other.standing != Standing::Off && other.start == what.ours.time {
                Tried::Told(moved(&other, now))
            } else {
                Tried::Again(None)
            },
        );
    }
    Ok(Tried::Told(
        match to_be_told(standing(&booking), &what.ours, now) {
            Tell::Nothing => Told::Nothing,
            Tell::CannotFollow => Told::Refused,
            Tell::Confirm => {
                client.confirm(&what.uid, PATIENCE).await?;
                Told::Confirmed
            }
            Tell::Cancel => {
                let booking = client.cancel(&what.uid, REASON, PATIENCE).await?;
                Told::Cancelled {
                    at: booking.updated_at.unwrap_or(now),
                }
            }
            Tell::Move(start) => {
                let booking = client
                    .reschedule(&what.uid, start, REASON, organizer, PATIENCE)
                    .await?;
                moved(&booking, now)
            }
        },
    ))
}
