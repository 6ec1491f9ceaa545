//! Cal.com's API v2: trying a connection out, reading what its webhooks did not tell, telling what changed here.

use std::fmt;
use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};
use reqwest::RequestBuilder;
use secrecy::SecretString;
use serde_json::{Map, Value, json};

use super::reading::ReadBooking;
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

/// Which of the bookings that changed to read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Updated {
    /// Those that changed after this; None: those that are to come.
    pub after: Option<DateTime<Utc>>,
    /// Of one kind of event alone.
    pub event_type: Option<u64>,
    /// How many of them were read already.
    pub skip: usize,
}

/// Bookings that changed.
#[derive(Debug, Clone, Default)]
pub struct Changed {
    pub bookings: Vec<ReadBooking>,
    /// How many the answer held, readable or not.
    pub count: usize,
    /// Whether there may be more.
    pub more: bool,
}

/// Bookings in one answer.
const MOST_READ: usize = 100;

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
        let data = self.data(self.base.join("/v2/me"), timeout).await?;
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

    /// `GET /v2/bookings`: those that changed, the one that changed first comes first. What cannot be read as a booking is
    /// left out.
    pub async fn updated(&self, wanted: Updated, timeout: Duration) -> Result<Changed, ApiError> {
        let mut path = format!(
            "/v2/bookings?take={MOST_READ}&skip={}&sortUpdatedAt=asc",
            wanted.skip
        );
        match wanted.after {
            Some(after) => {
                let after = after.to_rfc3339_opts(SecondsFormat::Millis, true);
                path.push_str(&format!("&afterUpdatedAt={after}"));
            }
            None => path.push_str("&status=upcoming"),
        }
        if let Some(event_type) = wanted.event_type {
            path.push_str(&format!("&eventTypeId={event_type}"));
        }
        let mut answer = self
            .whole(self.http.get(self.base.join(&path))?, timeout)
            .await?;
        let Some(Value::Array(data)) = answer.remove("data") else {
            return Err(Unanswered::Unreadable.into());
        };
        // It may give fewer at once than it was asked for, and says whether there are more.
        let more = answer
            .get("pagination")
            .and_then(|pages| pages["hasNextPage"].as_bool());
        Ok(Changed {
            count: data.len(),
            more: more.unwrap_or(data.len() >= MOST_READ) && !data.is_empty(),
            bookings: data.into_iter().filter_map(ReadBooking::read).collect(),
        })
    }

    /// `GET /v2/bookings/{uid}`.
    pub async fn booking(&self, uid: &str, timeout: Duration) -> Result<ReadBooking, ApiError> {
        let data = self.data(self.address(uid, None)?, timeout).await?;
        ReadBooking::read(data).ok_or_else(|| Unanswered::Unreadable.into())
    }

    /// `POST /v2/bookings/{uid}/confirm`: a booking that waits for the organizer takes place.
    pub async fn confirm(&self, uid: &str, timeout: Duration) -> Result<(), ApiError> {
        let address = self.address(uid, Some("confirm"))?;
        self.tell(address, &json!({}), timeout).await.map(drop)
    }

    /// `POST /v2/bookings/{uid}/cancel`.
    pub async fn cancel(
        &self,
        uid: &str,
        reason: &str,
        timeout: Duration,
    ) -> Result<ReadBooking, ApiError> {
        let body = json!({ "cancellationReason": reason });
        let data = self.tell(self.address(uid, Some("cancel"))?, &body, timeout);
        ReadBooking::read(data.await?).ok_or_else(|| Unanswered::Unreadable.into())
    }

    /// `POST /v2/bookings/{uid}/reschedule`: answers the booking that takes its place. With the organizer's address, one
    /// that would wait for the organizer takes place at once.
    pub async fn reschedule(
        &self,
        uid: &str,
        start: DateTime<Utc>,
        reason: &str,
        organizer: Option<&str>,
        timeout: Duration,
    ) -> Result<ReadBooking, ApiError> {
        let mut body = json!({
            "start": start.to_rfc3339_opts(SecondsFormat::Secs, true),
            "reschedulingReason": reason,
        });
        if let Some(organizer) = organizer {
            body["rescheduledBy"] = json!(organizer);
        }
        let data = self.tell(self.address(uid, Some("reschedule"))?, &body, timeout);
        ReadBooking::read(data.await?).ok_or_else(|| Unanswered::Unreadable.into())
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
        match self.data(self.base.join(path), timeout).await? {
            Value::Array(list) => Ok(list),
            _ => Err(Unanswered::Unreadable.into()),
        }
    }

    /// Where a booking is, or what can be done with it. Its uid is whatever the calendar says.
    fn address(&self, uid: &str, action: Option<&str>) -> Result<String, Unanswered> {
        let segments = ["v2", "bookings", uid].into_iter().chain(action);
        self.base.segments(segments).ok_or(Unanswered::Connection)
    }

    /// What lies under `data` in the answer to a question.
    async fn data(&self, address: String, timeout: Duration) -> Result<Value, ApiError> {
        let request = self.http.get(address)?;
        self.answer(request, timeout).await
    }

    /// The same of a change.
    async fn tell(
        &self,
        address: String,
        body: &Value,
        timeout: Duration,
    ) -> Result<Value, ApiError> {
        let request = self.http.post(address)?.json(body);
        self.answer(request, timeout).await
    }

    async fn answer(&self, request: RequestBuilder, timeout: Duration) -> Result<Value, ApiError> {
        let mut answer = self.whole(request, timeout).await?;
        Ok(answer.remove("data").unwrap_or_default())
    }

    /// An answer with what it says beside its data.
    async fn whole(
        &self,
        request: RequestBuilder,
        timeout: Duration,
    ) -> Result<Map<String, Value>, ApiError> {
        let request = request.header("cal-api-version", API_VERSION);
        let answer = send(request, &self.key, timeout).await?;
        match serde_json::from_slice(&answer) {
            Ok(Value::Object(answer)) => Ok(answer),
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
