//! Calendly's webhooks: `{event, created_at, created_by, payload}`, where the payload is an invitee, signed with the key
//! that the subscription was made with. There is no id of the delivery.

use chrono::{DateTime, Utc};
use secrecy::SecretString;

use super::booking;
use crate::booking::{NoShow, event_name};
use crate::json::{instant, object, text};
use crate::signature::{digest, made_by_one_of};
use crate::{EventError, SignatureError};

pub use crate::booking::{Event, Trigger};

/// The header with the signature.
pub const SIGNATURE_HEADER: &str = "calendly-webhook-signature";
/// How far the signature's time may be from ours, both ways, in seconds.
pub const TOLERANCE_S: i64 = 180;
/// Most bytes of an event.
pub const LARGEST_EVENT: usize = 1024 * 1024;
/// Most bytes of the header, and most signatures in it.
const LARGEST_HEADER: usize = 512;
const MOST_SIGNATURES: usize = 4;

/// Checks the signature over `t.body` with every key that is valid (two for a day after a rotation). `now` is real time,
/// never the developer's clock. The header is `t=<unix s>,v1=<64 lower-case hex digits>`; schemes other than `v1` are
/// passed over.
pub fn verify(
    header: &str,
    body: &[u8],
    keys: &[SecretString],
    now: DateTime<Utc>,
) -> Result<(), SignatureError> {
    if header.len() > LARGEST_HEADER {
        return Err(SignatureError::Wrong);
    }
    let (mut seconds, mut digests) = (None, Vec::new());
    for part in header.split(',') {
        match part.trim().split_once('=') {
            Some(("t", at)) if seconds.is_none() => seconds = Some(at),
            Some(("v1", hexadecimal)) if digests.len() < MOST_SIGNATURES => {
                digests.push(digest(hexadecimal).ok_or(SignatureError::Wrong)?);
            }
            Some((scheme, _)) if !matches!(scheme, "t" | "v1") => {}
            _ => return Err(SignatureError::Wrong),
        }
    }
    let seconds = seconds
        .filter(|at| (1..=12).contains(&at.len()) && at.bytes().all(|byte| byte.is_ascii_digit()))
        .ok_or(SignatureError::Wrong)?;
    let sent_at: i64 = seconds.parse().map_err(|_| SignatureError::Wrong)?;
    let message = [seconds.as_bytes(), b".", body].concat();
    // Every signature is tried, as every key is.
    let right = digests.iter().fold(false, |found, digest| {
        found | made_by_one_of(keys, &message, digest)
    });
    if !right {
        return Err(SignatureError::Wrong);
    }
    if now.timestamp().abs_diff(sent_at) > TOLERANCE_S.unsigned_abs() {
        return Err(SignatureError::Expired);
    }
    Ok(())
}

/// Reads an event whose signature is right.
///
/// A reschedule is told twice: as the end of the old booking (`rescheduled`), which says nothing that the other does not
/// and is no cancellation, and as a new booking that names the old one. A booking may come without its event's times,
/// as Calendly's older events do: its start is None then, and it has to be read.
pub fn parse(body: &[u8]) -> Result<Event, EventError> {
    let event = object(body, LARGEST_EVENT)?;
    let name = text(&event["event"]).ok_or(EventError::Missing("event"))?;
    let payload = &event["payload"];
    let told_at = instant(&event["created_at"]);
    let trigger = match name.as_str() {
        "invitee.created" if text(&payload["old_invitee"]).is_some() => Trigger::BookingRescheduled,
        "invitee.created" => Trigger::BookingCreated,
        "invitee.canceled" if payload["rescheduled"].as_bool() == Some(true) => Trigger::Other,
        "invitee.canceled" => Trigger::BookingCancelled,
        "invitee_no_show.created" | "invitee_no_show.deleted" => Trigger::NoShowUpdated,
        _ => Trigger::Other,
    };
    let booking = match trigger {
        Trigger::NoShowUpdated | Trigger::Other => None,
        _ => Some(booking::read(payload, &payload["scheduled_event"])?),
    };
    let starts = booking
        .as_ref()
        .is_none_or(|booking| booking.start.is_some());
    let readable = text(&payload["event"]).or_else(|| text(&payload["scheduled_event"]["uri"]));
    if trigger != Trigger::BookingCancelled && !starts && readable.is_none() {
        return Err(EventError::Missing("payload.scheduled_event.start_time"));
    }
    let uid = booking::uri(payload);
    let no_show = match trigger {
        Trigger::NoShowUpdated if uid.is_none() => {
            return Err(EventError::Missing("payload.uri"));
        }
        Trigger::NoShowUpdated => vec![NoShow {
            email: text(&payload["email"]).map(|email| email.to_lowercase()),
            missed: name == "invitee_no_show.created",
        }],
        _ => Vec::new(),
    };
    // The instants that the API gives for the same, so that what was told and what was read are one.
    let created_at = match trigger {
        Trigger::BookingCreated | Trigger::BookingRescheduled => {
            instant(&payload["created_at"]).or(told_at)
        }
        Trigger::BookingCancelled => instant(&payload["cancellation"]["created_at"])
            .or_else(|| instant(&payload["updated_at"]))
            .or(told_at),
        Trigger::NoShowUpdated | Trigger::Other => told_at,
    };
    Ok(Event {
        name: event_name(&name),
        created_at,
        uid,
        booking,
        no_show,
        trigger,
    })
}
