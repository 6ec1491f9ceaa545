//! Calendly's API v2: trying a connection out, reading what its webhooks did not tell, subscribing to those, cancelling.

use std::fmt;
use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};
use reqwest::RequestBuilder;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use super::id_of;
use super::subscription::{EVENTS, NewSubscription, Subscription};
use crate::base_url::with_query;
use crate::json::{instant, text, whole};
use crate::transport::{Http, send};
use crate::{ApiError, BaseUrl, Unanswered};

/// Things in one answer.
const PAGE: &str = "100";
/// Pages of kinds of event and of subscriptions that are read.
const MOST_PAGES: usize = 10;

/// One tenant's access to Calendly.
#[derive(Clone)]
pub struct CalendlyClient {
    http: Http,
    base: BaseUrl,
    token: SecretString,
}

/// Whose token it is.
#[derive(Clone, PartialEq, Eq)]
pub struct Me {
    /// The user's address.
    pub uri: String,
    /// Their organization's address.
    pub organization: String,
    /// Their e-mail, to compare with the organizer that the tenant named.
    pub email: Option<String>,
}

/// A kind of event that people can book.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventType {
    /// Its address.
    pub uri: String,
    /// What it is called.
    pub name: Option<String>,
    /// How long it is, in minutes.
    pub minutes: Option<i64>,
    /// Whether it can be booked at the moment.
    pub active: bool,
}

/// An event that people are invited to.
#[derive(Clone, PartialEq)]
pub struct ScheduledEvent {
    /// Its id.
    pub id: String,
    /// What its kind is called.
    pub name: Option<String>,
    /// Its kind's address.
    pub event_type: Option<String>,
    pub start: DateTime<Utc>,
    /// Whether the whole event was cancelled.
    pub canceled: bool,
    /// Whether others may be invited to it too.
    pub group: bool,
    /// When it last changed.
    pub updated_at: Option<DateTime<Utc>>,
    pub(super) value: Value,
}

/// Which events to read.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// The user's address.
    pub user: String,
    /// Those that begin after this.
    pub from: Option<DateTime<Utc>>,
    /// At most, 1 to 100; None: 100.
    pub count: Option<u32>,
    /// The one that begins last comes first.
    pub latest_first: bool,
    /// What the page before ended with.
    pub page_token: Option<String>,
}

/// A page of a list.
#[derive(Debug, Clone, Default)]
pub struct Page<T> {
    /// What of it could be read.
    pub items: Vec<T>,
    /// Where the next one begins; None on the last.
    pub next: Option<String>,
}

impl ScheduledEvent {
    /// Reads an event; None for what has no address or time.
    pub(super) fn read(value: Value) -> Option<Self> {
        let seats = whole(&value["invitees_counter"]["limit"]);
        let taken = whole(&value["invitees_counter"]["total"]);
        Some(Self {
            id: id_of(value["uri"].as_str()?)?.to_owned(),
            name: text(&value["name"]),
            event_type: text(&value["event_type"]),
            start: instant(&value["start_time"])?,
            canceled: value["status"].as_str() == Some("canceled"),
            group: seats.is_some_and(|seats| seats > 1) || taken.is_some_and(|taken| taken > 1),
            updated_at: instant(&value["updated_at"]),
            value,
        })
    }
}

impl CalendlyClient {
    /// Access with a personal access token.
    pub fn new(http: Http, base: BaseUrl, token: SecretString) -> Self {
        Self { http, base, token }
    }

    /// `GET /users/me`: tests the token.
    pub async fn me(&self, timeout: Duration) -> Result<Me, ApiError> {
        let me = self.resource(self.base.join("/users/me"), timeout).await?;
        let uri = |name: &str| text(&me[name]).ok_or(Unanswered::Unreadable);
        Ok(Me {
            uri: uri("uri")?,
            organization: uri("current_organization")?,
            email: text(&me["email"]),
        })
    }

    /// `GET /event_types`: what can be booked with a user, up to a thousand.
    pub async fn event_types(
        &self,
        user: &str,
        timeout: Duration,
    ) -> Result<Vec<EventType>, ApiError> {
        let one = |value: Value| {
            Some(EventType {
                uri: text(&value["uri"])?,
                name: text(&value["name"]),
                minutes: whole(&value["duration"]).filter(|minutes| *minutes > 0),
                active: value["active"].as_bool().unwrap_or(true),
            })
        };
        self.all("/event_types", &[("user", user)], one, timeout)
            .await
    }

    /// `GET /scheduled_events`: the events of a user, the one that begins first comes first unless asked otherwise. What
    /// cannot be read as an event is left out.
    pub async fn scheduled_events(
        &self,
        wanted: &Wanted,
        timeout: Duration,
    ) -> Result<Page<ScheduledEvent>, ApiError> {
        let from = wanted
            .from
            .map(|from| from.to_rfc3339_opts(SecondsFormat::Micros, true));
        let count = wanted.count.map(|count| count.clamp(1, 100).to_string());
        let sort = match wanted.latest_first {
            true => "start_time:desc",
            false => "start_time:asc",
        };
        let mut query = vec![
            ("user", wanted.user.as_str()),
            ("count", count.as_deref().unwrap_or(PAGE)),
            ("sort", sort),
        ];
        query.extend(from.as_deref().map(|from| ("min_start_time", from)));
        query.extend(wanted.page_token.as_deref().map(|t| ("page_token", t)));
        let address = self.address("/scheduled_events", &query)?;
        self.page(address, ScheduledEvent::read, timeout).await
    }

    /// `GET /scheduled_events/{id}`.
    pub async fn event(&self, id: &str, timeout: Duration) -> Result<ScheduledEvent, ApiError> {
        let address = self.segments(["scheduled_events", id])?;
        let event = self.resource(address, timeout).await?;
        ScheduledEvent::read(event).ok_or_else(|| Unanswered::Unreadable.into())
    }

    /// `GET /scheduled_events/{id}/invitees`, as they are.
    pub async fn invitees(
        &self,
        event: &str,
        page_token: Option<&str>,
        timeout: Duration,
    ) -> Result<Page<Value>, ApiError> {
        let address = self.segments(["scheduled_events", event, "invitees"])?;
        let mut query = vec![("count", PAGE)];
        query.extend(page_token.map(|token| ("page_token", token)));
        let address = with_query(&address, &query).ok_or(Unanswered::Connection)?;
        self.page(address, Some, timeout).await
    }

    /// `GET /scheduled_events/{id}/invitees/{id}`.
    pub async fn invitee(
        &self,
        event: &str,
        invitee: &str,
        timeout: Duration,
    ) -> Result<Value, ApiError> {
        let address = self.segments(["scheduled_events", event, "invitees", invitee])?;
        self.resource(address, timeout).await
    }

    /// `POST /scheduled_events/{id}/cancellation`: the event is off for everybody invited. When it was cancelled, by their
    /// clock, where they say.
    pub async fn cancel(
        &self,
        event: &str,
        reason: &str,
        timeout: Duration,
    ) -> Result<Option<DateTime<Utc>>, ApiError> {
        let address = self.segments(["scheduled_events", event, "cancellation"])?;
        let request = self.http.post(address)?.json(&json!({ "reason": reason }));
        let answer = self.answer(request, timeout).await?;
        Ok(instant(&answer["resource"]["created_at"]))
    }

    /// `GET /webhook_subscriptions`: those of a user, up to a thousand.
    pub async fn subscriptions(
        &self,
        me: &Me,
        timeout: Duration,
    ) -> Result<Vec<Subscription>, ApiError> {
        let query = [
            ("organization", me.organization.as_str()),
            ("user", me.uri.as_str()),
            ("scope", "user"),
        ];
        let one = |value: Value| Subscription::read(&value);
        self.all("/webhook_subscriptions", &query, one, timeout)
            .await
    }

    /// `POST /webhook_subscriptions`.
    pub async fn subscribe(
        &self,
        new: &NewSubscription<'_>,
        timeout: Duration,
    ) -> Result<Subscription, ApiError> {
        let body = json!({
            "url": new.url,
            "events": EVENTS,
            "organization": new.organization,
            "user": new.user,
            "scope": "user",
            "signing_key": new.signing_key.expose_secret(),
        });
        let address = self.base.join("/webhook_subscriptions");
        let request = self.http.post(address)?.json(&body);
        let answer = self.answer(request, timeout).await?;
        Subscription::read(&answer["resource"]).ok_or_else(|| Unanswered::Unreadable.into())
    }

    /// `DELETE /webhook_subscriptions/{id}`. One that is gone is as good as deleted.
    pub async fn unsubscribe(&self, id: &str, timeout: Duration) -> Result<(), ApiError> {
        let address = self.segments(["webhook_subscriptions", id])?;
        let request = self.http.delete(address)?;
        match send(request, &self.token, timeout).await {
            Ok(_) | Err(ApiError::Refused { status: 404, .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    fn address(&self, path: &str, query: &[(&str, &str)]) -> Result<String, Unanswered> {
        with_query(&self.base.join(path), query).ok_or(Unanswered::Connection)
    }

    fn segments<'a>(
        &self,
        segments: impl IntoIterator<Item = &'a str>,
    ) -> Result<String, Unanswered> {
        self.base.segments(segments).ok_or(Unanswered::Connection)
    }

    /// Every page of a list.
    async fn all<T>(
        &self,
        path: &str,
        query: &[(&str, &str)],
        one: impl Fn(Value) -> Option<T>,
        timeout: Duration,
    ) -> Result<Vec<T>, ApiError> {
        let (mut found, mut token) = (Vec::new(), None::<String>);
        for _ in 0..MOST_PAGES {
            let mut query = [query, &[("count", PAGE)]].concat();
            query.extend(token.as_deref().map(|token| ("page_token", token)));
            let address = self.address(path, &query)?;
            let page = self.page(address, &one, timeout).await?;
            found.extend(page.items);
            token = page.next;
            if token.is_none() {
                break;
            }
        }
        Ok(found)
    }

    async fn page<T>(
        &self,
        address: String,
        one: impl Fn(Value) -> Option<T>,
        timeout: Duration,
    ) -> Result<Page<T>, ApiError> {
        let mut answer = self.answer(self.http.get(address)?, timeout).await?;
        let Value::Array(items) = answer["collection"].take() else {
            return Err(Unanswered::Unreadable.into());
        };
        Ok(Page {
            items: items.into_iter().filter_map(one).collect(),
            next: text(&answer["pagination"]["next_page_token"]),
        })
    }

    /// What lies under `resource` in an answer.
    async fn resource(&self, address: String, timeout: Duration) -> Result<Value, ApiError> {
        let mut answer = self.answer(self.http.get(address)?, timeout).await?;
        match answer["resource"].take() {
            resource @ Value::Object(_) => Ok(resource),
            _ => Err(Unanswered::Unreadable.into()),
        }
    }

    async fn answer(&self, request: RequestBuilder, timeout: Duration) -> Result<Value, ApiError> {
        let answer = send(request, &self.token, timeout).await?;
        match serde_json::from_slice(&answer) {
            Ok(answer @ Value::Object(_)) => Ok(answer),
            _ => Err(Unanswered::Unreadable.into()),
        }
    }
}

impl fmt::Debug for CalendlyClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CalendlyClient")
            .field("base", &self.base)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Me {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Me")
    }
}

impl fmt::Debug for ScheduledEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ScheduledEvent")
            .field("id", &self.id)
            .field("start", &self.start)
            .finish_non_exhaustive()
    }
}
