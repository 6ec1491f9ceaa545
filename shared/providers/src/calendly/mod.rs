//! Calendly: bookings come in by webhook, which we subscribe to; what was not told is read, and cancellations are told.
//!
//! Everything there is named by an address (`https://api.calendly.com/scheduled_events/…`). Only the ids in it are used:
//! requests go to the base address that is configured and nowhere else.

mod booking;
mod client;
pub mod reading;
mod subscription;
pub mod webhook;

pub use client::{CalendlyClient, EventType, Me, Page, ScheduledEvent, Wanted};
pub use subscription::{EVENTS, NewSubscription, Subscription};

/// Calendly's own address.
pub const CALENDLY_URL: &str = "https://api.calendly.com";

/// Characters of an id at most.
const LONGEST_ID: usize = 64;

/// The id that an address ends in; None for what is none.
pub(crate) fn id_of(uri: &str) -> Option<&str> {
    let id = uri.trim_end_matches('/').rsplit('/').next()?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    ((1..=LONGEST_ID).contains(&id.len()) && id.bytes().all(plain)).then_some(id)
}

/// The ids of the scheduled event and of the invitee in an invitee's address, which is what a booking's uid is.
pub fn ids_of(invitee: &str) -> Option<(&str, &str)> {
    let (event, rest) = invitee.rsplit_once("/invitees/")?;
    if rest.contains('/') {
        return None;
    }
    id_of(event).zip(id_of(rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_the_ends_of_addresses_and_nothing_else() {
        assert_eq!(
            id_of("https://api.calendly.com/users/AB-c_1"),
            Some("AB-c_1")
        );
        let uri = "https://api.calendly.com/scheduled_events/EV1/invitees/IN1";
        assert_eq!(ids_of(uri), Some(("EV1", "IN1")));
        for uri in [
            "",
            "https://api.calendly.com/scheduled_events/EV1",
            "https://api.calendly.com/scheduled_events/EV1/invitees/",
            "https://api.calendly.com/scheduled_events/../invitees/IN1",
            "https://api.calendly.com/scheduled_events/EV1/invitees/IN1?x=1",
            "https://api.calendly.com/scheduled_events/EV1/invitees/IN1/x",
        ] {
            assert_eq!(ids_of(uri), None, "{uri}");
        }
    }
}
