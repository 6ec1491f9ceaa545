//! Telling it a change. It knows cancellations alone: whoever is invited is taken to come, so that a confirmation has
//! nothing to tell, and only the person can choose another time.

use chrono::{DateTime, Utc};
use vio_domain::write_back::{Tell, TheirStatus, Theirs, tell as to_be_told};
use vio_providers::calendly::reading::ReadInvitee;
use vio_providers::calendly::{CalendlyClient, ScheduledEvent, ids_of};
use vio_providers::{ApiError, Unanswered};
use vio_store::calendar::{Refusal, ToTell, Told};

use crate::PATIENCE;
use crate::tell::{REASON, Tried, failed};

/// How a booking stands there.
struct Stands {
    event: ScheduledEvent,
    /// The person moved it; the calendar has still to tell us.
    moved: bool,
    tell: Tell,
}

/// Tells it one change, if it does not say the same.
pub(crate) async fn tell(client: &CalendlyClient, what: &ToTell, now: DateTime<Utc>) -> Tried {
    let stands = match stands(client, what, now).await {
        Ok(stands) => stands,
        Err(error) => return failed(error, now),
    };
    if stands.moved {
        return Tried::Again(None);
    }
    Tried::Told(match stands.tell {
        Tell::Nothing | Tell::Confirm => Told::Nothing,
        Tell::CannotFollow => Told::Refused(Refusal::OffThere),
        Tell::Move(_) => Told::Refused(Refusal::NoNewTimes),
        // A cancellation there is one of the whole event.
        Tell::Cancel if stands.event.group => Told::Refused(Refusal::OthersInvited),
        Tell::Cancel => return cancel(client, what, &stands.event, now).await,
    })
}

async fn cancel(
    client: &CalendlyClient,
    what: &ToTell,
    event: &ScheduledEvent,
    now: DateTime<Utc>,
) -> Tried {
    match client.cancel(&event.id, REASON, PATIENCE).await {
        Ok(at) => Tried::Told(Told::Cancelled {
            at: at.unwrap_or(now),
        }),
        Err(
            error @ ApiError::Refused {
                status: 400 | 403, ..
            },
        ) => {
            // It may have been cancelled between the question and the change.
            match stands(client, what, now).await {
                Ok(stands) if stands.tell == Tell::Nothing => Tried::Told(Told::Nothing),
                Ok(_) => failed(error, now),
                Err(other) => failed(other, now),
            }
        }
        Err(error) => failed(error, now),
    }
}

async fn stands(
    client: &CalendlyClient,
    what: &ToTell,
    now: DateTime<Utc>,
) -> Result<Stands, ApiError> {
    let (event, invitee) = ids_of(&what.uid).ok_or(Unanswered::Unreadable)?;
    let value = client.invitee(event, invitee, PATIENCE).await?;
    let event = client.event(event, PATIENCE).await?;
    let read = ReadInvitee::read(&event, value).ok_or(Unanswered::Unreadable)?;
    let theirs = Theirs {
        status: match read.off {
            true => TheirStatus::Off,
            false => TheirStatus::Accepted,
        },
        start: read.start,
    };
    Ok(Stands {
        moved: read.off && read.replaced,
        tell: to_be_told(theirs, &what.ours, now),
        event,
    })
}
