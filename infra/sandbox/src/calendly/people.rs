//! What people do on Calendly's own pages: they book, cancel and choose another time, and the organizer says who came.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde_json::{Value, json};

use super::changes::tell;
use super::invitee::{Invitee, NewBooking};
use crate::journal::{Entry, JournalError};
use crate::server::Server;

/// How whoever subscribed hears of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Telling {
    #[default]
    Usual,
    /// Not at all.
    None,
    /// Each event twice.
    Doubled,
    /// Of a move, the new booking before the end of the old one.
    Reordered,
}

impl Telling {
    fn of(self, mut events: Vec<Value>) -> Vec<Value> {
        match self {
            Self::Usual => events,
            Self::None => Vec::new(),
            Self::Doubled => events.iter().chain(&events).cloned().collect(),
            Self::Reordered => {
                events.reverse();
                events
            }
        }
    }
}

/// Somebody books.
#[derive(Deserialize)]
pub(crate) struct Book {
    #[serde(flatten)]
    booking: NewBooking,
    #[serde(default)]
    webhooks: Telling,
}

/// Somebody does something about a booking.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Act {
    /// The invitee's address.
    uri: String,
    action: Action,
    /// Of a move: to when.
    #[serde(default)]
    start: Option<DateTime<Utc>>,
    #[serde(default)]
    webhooks: Telling,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum Action {
    Cancel,
    Reschedule,
    NoShow,
    Came,
}

/// Books, and tells of it. The invitee's address, and what whoever subscribed answered.
pub(crate) async fn book(server: &Arc<Server>, book: Book) -> Result<Value, JournalError> {
    let now = server.clock.now();
    let invitee = Invitee::booked(&book.booking, now);
    let entry = Entry::CalendlyBooked(Box::new(invitee.clone()));
    server.ledger().record(entry)?;
    let told = book
        .webhooks
        .of(vec![invitee.as_event("invitee.created", now)]);
    let answered = tell(server.clone(), invitee.organizer_email, told).await;
    Ok(json!({"uri": invitee.uri, "answered": answered}))
}

/// Does it, and tells of it; `None` where there is no such booking, or no time to move it to. The invitee's address as it
/// is from then on, and what whoever subscribed answered.
pub(crate) async fn act(server: &Arc<Server>, act: Act) -> Result<Option<Value>, JournalError> {
    let now = server.clock.now();
    let Some(known) = server.ledger().invitee(&act.uri).cloned() else {
        return Ok(None);
    };
    let mut uri = known.uri.clone();
    let (changed, events) = match (act.action, act.start) {
        (Action::Cancel, _) => {
            let off = known.cancelled("invitee", &json!("Something came up"), now);
            let event = off.as_event("invitee.canceled", now);
            (vec![off], vec![event])
        }
        (Action::Reschedule, Some(to)) => {
            let (old, new) = known.moved(to, now);
            uri.clone_from(&new.uri);
            let events = vec![
                old.as_event("invitee.canceled", now),
                new.as_event("invitee.created", now),
            ];
            (vec![old, new], events)
        }
        (Action::Reschedule, None) => return Ok(None),
        (Action::NoShow, _) => {
            let marked = known.with_no_show(true, now);
            let event = marked.as_event("invitee_no_show.created", now);
            (vec![marked], vec![event])
        }
        (Action::Came, _) => {
            let unmarked = known.with_no_show(false, now);
            let event = unmarked.as_event("invitee_no_show.deleted", now);
            (vec![unmarked], vec![event])
        }
    };
    for one in changed {
        let entry = Entry::CalendlyBooked(Box::new(one));
        server.ledger().record(entry)?;
    }
    let told = act.webhooks.of(events);
    let answered = tell(server.clone(), known.organizer_email, told).await;
    Ok(Some(json!({"uri": uri, "answered": answered})))
}
