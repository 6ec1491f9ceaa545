//! Cal.com's webhooks: `{triggerEvent, createdAt, payload}`, signed with the webhook's secret. There is no timestamp in
//! the signature and no id of the delivery.

use secrecy::SecretString;
use serde_json::Value;

use super::booking;
use crate::booking::{NoShow, event_name};
use crate::json::{instant, object, text};
use crate::signature::{digest, made_by_one_of};
use crate::{EventError, SignatureError};

pub use crate::booking::{Event, Trigger};

/// The header with the signature.
pub const SIGNATURE_HEADER: &str = "x-cal-signature-256";
/// Most bytes of an event.
pub const LARGEST_EVENT: usize = 1024 * 1024;
/// Attendees of a booking that are looked at.
const MOST_ATTENDEES: usize = 100;

/// Checks the signature over the raw body with every secret that is valid (two for a day after a rotation). The header
/// is 64 lower-case hexadecimal digits; `no-secret-provided`, which Cal.com sends when no secret is set, is refused.
pub fn verify(header: &str, body: &[u8], secrets: &[SecretString]) -> Result<(), SignatureError> {
    let digest = digest(header).ok_or(SignatureError::Wrong)?;
    if made_by_one_of(secrets, body, &digest) {
        Ok(())
    } else {
        Err(SignatureError::Wrong)
    }
}

/// Reads an event whose signature is right. A created or rescheduled booking must have a start.
pub fn parse(body: &[u8]) -> Result<Event, EventError> {
    let event = object(body, LARGEST_EVENT)?;
    let name = text(&event["triggerEvent"]).ok_or(EventError::Missing("triggerEvent"))?;
    // MEETING_ENDED comes without a payload, its fields beside the trigger.
    let payload = if event["payload"].is_object() {
        &event["payload"]
    } else {
        &event
    };
    let uid = text(&payload["uid"]).or_else(|| text(&payload["bookingUid"]));
    let moves = text(&payload["rescheduleUid"]).is_some();
    let trigger = match name.as_str() {
        "BOOKING_CREATED" => Trigger::BookingCreated,
        "BOOKING_RESCHEDULED" => Trigger::BookingRescheduled,
        // A move through Cal.com's own API has been seen under this name. Any other request waits for the organizer, and
        // BOOKING_CREATED follows when it is accepted.
        "BOOKING_REQUESTED" if moves => Trigger::BookingRescheduled,
        "BOOKING_CANCELLED" | "BOOKING_REJECTED" => Trigger::BookingCancelled,
        "BOOKING_NO_SHOW_UPDATED" if uid.is_some() => Trigger::NoShowUpdated,
        _ => Trigger::Other,
    };
    let booking = match trigger {
        Trigger::NoShowUpdated | Trigger::Other => None,
        _ => Some(booking::read(payload)?),
    };
    let needs_start = matches!(
        trigger,
        Trigger::BookingCreated | Trigger::BookingRescheduled
    );
    if needs_start
        && booking
            .as_ref()
            .is_none_or(|booking| booking.start.is_none())
    {
        return Err(EventError::Missing("payload.startTime"));
    }
    Ok(Event {
        name: event_name(&name),
        created_at: instant(&event["createdAt"]),
        uid,
        booking,
        no_show: match trigger {
            Trigger::NoShowUpdated => no_show(payload),
            _ => Vec::new(),
        },
        trigger,
    })
}

fn no_show(payload: &Value) -> Vec<NoShow> {
    let attendees = payload["attendees"].as_array().map(Vec::as_slice);
    let attendees = attendees.unwrap_or_default().iter().take(MOST_ATTENDEES);
    attendees
        .filter_map(|attendee| {
            Some(NoShow {
                email: text(&attendee["email"]).map(|email| email.to_lowercase()),
                missed: attendee["noShow"].as_bool()?,
            })
        })
        .collect()
}
