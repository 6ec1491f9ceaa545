//! Cal.com: how it is read for what its webhooks did not tell, and how it is told a change.

use chrono::{DateTime, TimeDelta, Utc};
use vio_domain::bookings::Calendar;
use vio_domain::write_back::{Tell, TheirStatus, Theirs, tell as to_be_told};
use vio_providers::ApiError;
use vio_providers::calcom::reading::{ReadBooking, Standing};
use vio_providers::calcom::{CalcomClient, Updated};
use vio_store::TenantStore;
use vio_store::calendar::{CalendarRow, Reading, Refusal, ToTell, Told};
use vio_store::tenants::TenantSettings;

use crate::read::{AFTER_REFUSAL, EVERY, Failed, News, OVERLAP, Read, spread, take_in};
use crate::tell::{REASON, Tried, failed};
use crate::{CalendarSync, PATIENCE};

/// Answers of a hundred bookings read in one run; what is left is read by the next, at once.
const PAGES: usize = 20;

/// Reads the bookings that changed since the last reading.
pub(crate) async fn read(
    sync: &CalendarSync,
    ts: &TenantStore,
    settings: &TenantSettings,
    client: &CalcomClient,
    row: &CalendarRow,
) -> Result<Read, Failed> {
    let began = ts.now();
    let (mut found, mut more, mut until) = (0, false, None);
    // Connected anew, what is to come is read first; then what changed since the last reading, cancellations among it.
    let since = row.read_until.filter(|_| row.upcoming);
    let mut wanted = Updated {
        after: row.read_until.filter(|_| !row.upcoming),
        event_type: settings.settings.integrations.calcom.event_type_id,
        skip: 0,
    };
    for page in 1..=PAGES {
        let answer = client.updated(wanted, PATIENCE).await?;
        for booking in &answer.bookings {
            let Some(event) = booking.event() else {
                continue;
            };
            let news = News {
                event,
                identity: booking.identity(),
                body: booking.body(),
            };
            found += usize::from(take_in(sync, ts, Calendar::Calcom, news).await?);
        }
        if !answer.more {
            break;
        }
        wanted.skip += answer.count;
        more = page == PAGES;
        let last = answer.bookings.last().and_then(|last| last.updated_at);
        until = last.or(until);
    }
    let reading = match (more, until) {
        (false, _) => Reading::Done {
            until: since.unwrap_or(began - OVERLAP),
            next: since.map_or(began + EVERY + spread(ts.id), |_| began),
        },
        (true, Some(until)) => {
            // Others may have changed in the same instant.
            let until = until - TimeDelta::milliseconds(1);
            Reading::Done {
                until: since.map_or(until, |since| since.min(until)),
                next: began,
            }
        }
        // The calendar does not say how far that is.
        (true, None) => Reading::Failed {
            reason: "internal",
            next: began + AFTER_REFUSAL,
            rest: None,
        },
    };
    Ok(Read { found, reading })
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

/// Tells it one change, if it does not say the same.
pub(crate) async fn tell(
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
            Tell::CannotFollow => Told::Refused(Refusal::OffThere),
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
