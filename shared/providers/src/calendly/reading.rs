//! An invitee as Calendly's API gives it, for what its webhooks did not tell. Read, it is kept with its event as
//! `{"read": {"scheduled_event": …, "invitee": …}}` among the events that were told, and means the one that was missed.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::webhook::LARGEST_EVENT;
use super::{ScheduledEvent, booking};
use crate::EventError;
use crate::booking::{Event, Trigger, identity};
use crate::json::{instant, object, text};

/// An invitee that was read, with its event.
#[derive(Clone, PartialEq)]
pub struct ReadInvitee {
    /// Its address, the booking's uid.
    pub uid: String,
    /// Whether it is off: cancelled itself, or with its whole event.
    pub off: bool,
    /// Whether another one took its place.
    pub replaced: bool,
    pub start: DateTime<Utc>,
    created_at: Option<DateTime<Utc>>,
    updated_at: Option<DateTime<Utc>>,
    event: Value,
    invitee: Value,
}

impl std::fmt::Debug for ReadInvitee {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ReadInvitee")
            .field("uid", &self.uid)
            .field("off", &self.off)
            .finish_non_exhaustive()
    }
}

impl ReadInvitee {
    /// Reads an invitee of an event; None for what has no address or status.
    pub fn read(event: &ScheduledEvent, invitee: Value) -> Option<Self> {
        let off = match text(&invitee["status"])?.as_str() {
            "active" => event.canceled,
            "canceled" => true,
            _ => return None,
        };
        Some(Self {
            uid: booking::uri(&invitee)?,
            off,
            replaced: invitee["rescheduled"].as_bool() == Some(true)
                || text(&invitee["new_invitee"]).is_some(),
            start: event.start,
            created_at: instant(&invitee["created_at"]),
            updated_at: instant(&invitee["updated_at"]),
            event: event.value.clone(),
            invitee,
        })
    }

    /// The event that was missed, if nobody told of it; None where there is nothing to tell: what took its place tells
    /// more.
    pub fn event(&self) -> Option<Event> {
        let booking = booking::read(&self.invitee, &self.event).ok()?;
        let trigger = match self.off {
            true if self.replaced => return None,
            true => Trigger::BookingCancelled,
            false if booking.reschedule_uid.is_some() => Trigger::BookingRescheduled,
            false => Trigger::BookingCreated,
        };
        let cancelled_at = || {
            let own = instant(&self.invitee["cancellation"]["created_at"]);
            own.or_else(|| instant(&self.event["cancellation"]["created_at"]))
        };
        let created_at = match trigger {
            Trigger::BookingCancelled => cancelled_at().or(self.updated_at).or(self.created_at),
            _ => self.created_at.or(self.updated_at),
        };
        Some(Event {
            name: "READ".to_owned(),
            created_at,
            uid: Some(self.uid.clone()),
            booking: Some(booking),
            no_show: Vec::new(),
            trigger,
        })
    }

    /// What makes two readings the same: the invitee, unchanged, of the event as it stands.
    pub fn identity(&self) -> String {
        let name = if self.off { "READ-OFF" } else { "READ" };
        identity(name, Some(&self.uid), self.updated_at.or(self.created_at))
    }

    /// The form in which it is kept until it is processed.
    pub fn body(&self) -> Vec<u8> {
        json!({ "read": { "scheduled_event": self.event, "invitee": self.invitee } })
            .to_string()
            .into_bytes()
    }
}

/// The invitee in what was kept of a reading; None for an event that was told.
pub fn kept(body: &[u8]) -> Result<Option<ReadInvitee>, EventError> {
    let mut body = object(body, LARGEST_EVENT)?;
    let Some(read) = body.get_mut("read") else {
        return Ok(None);
    };
    let mut part = |name: &str| read.get_mut(name).map(Value::take);
    let missing = EventError::Missing("read");
    let event = part("scheduled_event").and_then(ScheduledEvent::read);
    let event = event.ok_or(missing)?;
    let invitee = part("invitee").ok_or(missing)?;
    ReadInvitee::read(&event, invitee).map(Some).ok_or(missing)
}
