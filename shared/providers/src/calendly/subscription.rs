//! What Calendly is asked to tell of, and whether it still does: it switches a subscription off whose address failed for a
//! day.

use std::fmt;

use secrecy::SecretString;
use serde_json::Value;

use super::id_of;
use crate::json::text;

/// What we ask to be told.
pub const EVENTS: [&str; 4] = [
    "invitee.created",
    "invitee.canceled",
    "invitee_no_show.created",
    "invitee_no_show.deleted",
];

/// A subscription of an account.
#[derive(Clone, PartialEq, Eq)]
pub struct Subscription {
    /// Its id.
    pub id: String,
    /// Where it sends to. The address names a tenant's own endpoint.
    pub url: String,
    /// False once it was switched off.
    pub active: bool,
    /// Of what it tells.
    pub events: Vec<String>,
}

impl Subscription {
    /// Reads one; None for what has no id or address.
    pub(super) fn read(value: &Value) -> Option<Self> {
        let events = value["events"].as_array();
        Some(Self {
            id: id_of(value["uri"].as_str()?)?.to_owned(),
            url: text(&value["callback_url"])?,
            active: value["state"].as_str() == Some("active"),
            events: events.into_iter().flatten().filter_map(text).collect(),
        })
    }

    /// Whether it tells of bookings made and cancelled; who did not come is an extra.
    pub fn tells_enough(&self) -> bool {
        let tells = |wanted: &&str| self.events.iter().any(|event| event == wanted);
        EVENTS[..2].iter().all(tells)
    }
}

impl fmt::Debug for Subscription {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Subscription")
            .field("active", &self.active)
            .field("events", &self.events)
            .finish_non_exhaustive()
    }
}

/// A subscription to be made.
pub struct NewSubscription<'a> {
    /// Where events are to be sent.
    pub url: &'a str,
    /// The account's organization and user, as `/users/me` names them.
    pub organization: &'a str,
    pub user: &'a str,
    /// What is to sign them.
    pub signing_key: &'a SecretString,
}

impl fmt::Debug for NewSubscription<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NewSubscription")
    }
}
