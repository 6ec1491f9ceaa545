//! Cal.com's API v2, as far as trying a connection out needs it.

use std::fmt;
use std::time::Duration;

use chrono::{DateTime, Utc};
use secrecy::SecretString;
use serde_json::Value;

use crate::json::{instant, text};
use crate::transport::{Http, send};
use crate::{ApiError, BaseUrl, Unanswered};

/// The version of the API that is spoken.
const API_VERSION: &str = "2024-08-13";

/// One tenant's access to Cal.com.
#[derive(Clone)]
pub struct CalcomClient {
    http: Http,
    base: BaseUrl,
    key: SecretString,
}

/// Whose key it is.
#[derive(Clone, PartialEq, Eq)]
pub struct Me {
    /// The account's name.
    pub username: Option<String>,
    /// The account's e-mail, to compare with the organizer that the tenant named.
    pub email: Option<String>,
    /// The account's IANA zone.
    pub time_zone: Option<String>,
}

/// Which bookings to read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bookings {
    /// At most; 1 to 100.
    pub take: u32,
    /// Of one kind of event alone.
    pub event_type: Option<u64>,
    /// The one made last comes first.
    pub latest_first: bool,
}

/// A booking as the API lists it, without whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Booked {
    /// The kind of event booked, as its address names it.
    pub event_type: Option<String>,
    /// When it begins.
    pub start: Option<DateTime<Utc>>,
    /// Cal.com's word: accepted, pending, cancelled, rejected.
    pub status: Option<String>,
}

/// A webhook that the account has.
#[derive(Clone, PartialEq, Eq)]
pub struct Hook {
    /// Where it sends to. It may hold a secret.
    pub url: String,
    /// Whether it sends anything.
    pub active: bool,
    /// Of what it tells.
    pub triggers: Vec<String>,
}

impl fmt::Debug for Hook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hook")
            .field("active", &self.active)
            .field("triggers", &self.triggers)
            .finish_non_exhaustive()
    }
}

impl CalcomClient {
    /// Access with a key.
    pub fn new(http: Http, base: BaseUrl, key: SecretString) -> Self {
        Self { http, base, key }
    }

    /// `GET /v2/me`: tests the key.
    pub async fn me(&self, timeout: Duration) -> Result<Me, ApiError> {
        let data = self.data("/v2/me", timeout).await?;
        if !data.is_object() {
            return Err(Unanswered::Unreadable.into());
        }
        Ok(Me {
            username: text(&data["username"]),
            email: text(&data["email"]),
            time_zone: text(&data["timeZone"]),
        })
    }

    /// `GET /v2/bookings`.
    pub async fn bookings(
        &self,
        wanted: &Bookings,
        timeout: Duration,
    ) -> Result<Vec<Booked>, ApiError> {
        let mut path = format!("/v2/bookings?take={}", wanted.take.clamp(1, 100));
        if let Some(event_type) = wanted.event_type {
            path.push_str(&format!("&eventTypeId={event_type}"));
        }
        if wanted.latest_first {
            path.push_str("&sortCreated=desc");
        }
        let data = self.list(&path, timeout).await?;
        let one = |booking: &Value| Booked {
            event_type: text(&booking["eventType"]["slug"]),
            start: instant(&booking["start"]),
            status: text(&booking["status"]),
        };
        Ok(data.iter().map(one).collect())
    }

    /// `GET /v2/webhooks`, or those of one kind of event. One whose address cannot be read is left out.
    pub async fn hooks(
        &self,
        event_type: Option<u64>,
        timeout: Duration,
    ) -> Result<Vec<Hook>, ApiError> {
        let path = match event_type {
            None => "/v2/webhooks".to_owned(),
            Some(id) => format!("/v2/event-types/{id}/webhooks"),
        };
        let data = self.list(&path, timeout).await?;
        let one = |hook: &Value| {
            let triggers = hook["triggers"].as_array();
            Some(Hook {
                url: text(&hook["subscriberUrl"])?,
                active: hook["active"].as_bool().unwrap_or(false),
                triggers: triggers.into_iter().flatten().filter_map(text).collect(),
            })
        };
        Ok(data.iter().filter_map(one).collect())
    }

    async fn list(&self, path: &str, timeout: Duration) -> Result<Vec<Value>, ApiError> {
        match self.data(path, timeout).await? {
            Value::Array(list) => Ok(list),
            _ => Err(Unanswered::Unreadable.into()),
        }
    }

    /// What lies under `data` in an answer.
    async fn data(&self, path: &str, timeout: Duration) -> Result<Value, ApiError> {
        let request = self
            .http
            .get(self.base.join(path))?
            .header("cal-api-version", API_VERSION);
        let answer = send(request, &self.key, timeout).await?;
        match serde_json::from_slice(&answer) {
            Ok(Value::Object(mut answer)) => Ok(answer.remove("data").unwrap_or_default()),
            _ => Err(Unanswered::Unreadable.into()),
        }
    }
}

impl fmt::Debug for CalcomClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CalcomClient")
            .field("base", &self.base)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Me {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Me")
    }
}
