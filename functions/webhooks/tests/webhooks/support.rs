//! A clinic with both providers connected, and the providers' signatures.

use std::sync::Arc;

use aws_lc_rs::hmac;
use axum::Router;
use axum::body::Body;
use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use http::{Request, StatusCode};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;
use vio_domain::ids::ContactId;
use vio_domain::settings::BusinessType;
use vio_runtime::testing::{TestApp, TestTenant};
use vio_store::TenantStore;
use vio_store::contacts::Person;
use vio_store::key::{self, EnumKind};
use vio_store::objects::MemoryObjects;
use vio_store::port::{Index, SortRange};
use vio_store::tenants::TenantSettings;
use vio_store::tx::Tx;
use vio_webhooks::Webhooks;

pub(crate) const RETELL_KEY: &str = "retell-key-for-tests";
pub(crate) const CALCOM_SECRET: &str = "calcom-secret-for-tests";
pub(crate) const CALENDLY_KEY: &str = "calendly-key-for-tests";

pub(crate) fn hmac_hex(key: &str, parts: &[&[u8]]) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, key.as_bytes());
    let mut context = hmac::Context::with_key(&key);
    for part in parts {
        context.update(part);
    }
    hex::encode(context.sign())
}

pub(crate) fn retell_signature(key: &str, body: &[u8], at: DateTime<Utc>) -> String {
    let milliseconds = at.timestamp_millis();
    let digest = hmac_hex(key, &[body, milliseconds.to_string().as_bytes()]);
    format!("v={milliseconds},d={digest}")
}

pub(crate) fn calendly_signature(key: &str, body: &[u8], at: DateTime<Utc>) -> String {
    let seconds = at.timestamp();
    let digest = hmac_hex(key, &[seconds.to_string().as_bytes(), b".", body]);
    format!("t={seconds},v1={digest}")
}

pub(crate) struct Clinic {
    pub(crate) test: TestApp,
    pub(crate) tenant: TestTenant,
    pub(crate) objects: MemoryObjects,
    pub(crate) webhooks: Webhooks,
    pub(crate) service: Router,
    pub(crate) calls: String,
    pub(crate) bookings: String,
    pub(crate) calendly: String,
}

impl Clinic {
    pub(crate) async fn new() -> Self {
        let test = TestApp::new().await;
        let tenant = test.tenant("Calm Clinic", BusinessType::Medical).await;
        let objects = MemoryObjects::new();
        let webhooks = Webhooks {
            app: test.app.clone(),
            objects: Arc::new(objects.clone()),
        };
        let (routes, _) = vio_webhooks::router(webhooks.clone());
        let service = vio_http::service(routes, test.app.shared());
        let endpoints = tenant.store.settings().await.unwrap().endpoints;
        let clinic = Self {
            calls: format!("/api/webhook/call-outcome/{}", endpoints.call_outcome),
            bookings: format!("/api/webhook/calcom-booking/{}", endpoints.calcom_booking),
            calendly: format!(
                "/api/webhook/calendly-booking/{}",
                endpoints.calendly_booking
            ),
            test,
            tenant,
            objects,
            webhooks,
            service,
        };
        let now = clinic.now();
        clinic
            .set(|opened| {
                opened.settings.integrations.calcom.enabled = true;
                opened.settings.integrations.calendly.enabled = true;
                opened
                    .secrets
                    .calendly_signing
                    .rotate(CALENDLY_KEY.into(), now);
                opened.settings.calls.voice_consent_from_booking = true;
                opened.secrets.retell_key.rotate(RETELL_KEY.into(), now);
                opened
                    .secrets
                    .calcom_webhook
                    .rotate(CALCOM_SECRET.into(), now);
            })
            .await;
        clinic
    }

    pub(crate) fn store(&self) -> &TenantStore {
        &self.tenant.store
    }

    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.store().now()
    }

    pub(crate) async fn set(&self, change: impl FnOnce(&mut TenantSettings)) {
        let mut opened = self.store().settings().await.unwrap();
        change(&mut opened);
        let mut tx = Tx::new();
        self.store().save_settings(&mut tx, &mut opened).unwrap();
        self.store().store.commit(tx).await.unwrap();
    }

    pub(crate) async fn post(
        &self,
        path: &str,
        header: Option<(&str, &str)>,
        body: impl Into<Body>,
    ) -> (StatusCode, Value) {
        let mut request = Request::post(path).header("content-type", "application/json");
        if let Some((name, value)) = header {
            request = request.header(name, value);
        }
        let request = request.body(body.into()).unwrap();
        let (parts, body) = self
            .service
            .clone()
            .oneshot(request)
            .await
            .unwrap()
            .into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        (
            parts.status,
            serde_json::from_slice(&bytes).unwrap_or(Value::Null),
        )
    }

    /// A rightly signed booking event.
    pub(crate) async fn book(&self, body: &[u8]) -> (StatusCode, Value) {
        let signature = hmac_hex(CALCOM_SECRET, &[body]);
        let header = ("X-Cal-Signature-256", signature.as_str());
        self.post(&self.bookings, Some(header), body.to_vec()).await
    }

    /// A rightly signed booking event of Calendly's.
    pub(crate) async fn book_at_calendly(&self, body: &[u8]) -> (StatusCode, Value) {
        let signature = calendly_signature(CALENDLY_KEY, body, self.now());
        let header = ("Calendly-Webhook-Signature", signature.as_str());
        self.post(&self.calendly, Some(header), body.to_vec()).await
    }

    /// Delivers events of Calendly's and processes each before the next.
    pub(crate) async fn hear_calendly(&self, events: &[Value]) {
        for event in events {
            let (status, answer) = self.book_at_calendly(event.to_string().as_bytes()).await;
            assert_eq!(status, StatusCode::OK, "{answer}");
            self.drain().await;
        }
    }

    /// A rightly signed call event.
    pub(crate) async fn tell(&self, body: &[u8]) -> (StatusCode, Value) {
        let signature = retell_signature(RETELL_KEY, body, self.now());
        let header = ("x-retell-signature", signature.as_str());
        self.post(&self.calls, Some(header), body.to_vec()).await
    }

    /// Processes what the queue holds; returns how much that was.
    pub(crate) async fn drain(&self) -> usize {
        let messages = self.test.queues.take_inbox();
        let count = messages.len();
        for message in messages {
            vio_webhooks::process(&self.webhooks, message)
                .await
                .unwrap();
        }
        count
    }

    /// Delivers booking events and processes each before the next.
    pub(crate) async fn hear(&self, events: &[Value]) {
        for event in events {
            let (status, answer) = self.book(event.to_string().as_bytes()).await;
            assert_eq!(status, StatusCode::OK, "{answer}");
            self.drain().await;
        }
    }

    /// Everybody who is not deleted, in order of id.
    pub(crate) async fn people(&self) -> Vec<Person> {
        let pk = key::enumeration_pk(self.tenant.id, EnumKind::Contact);
        let page = self
            .test
            .app
            .store
            .suggest(Index::Enumeration, pk, SortRange::All, true, 100, None)
            .await
            .unwrap();
        let mut people = Vec::new();
        for item in &page.items {
            let place = vio_store::port::key_of(item).unwrap();
            let id: ContactId = place.pk.rsplit('#').next().unwrap().parse().unwrap();
            let person = self.store().person(id).await.unwrap().unwrap();
            if person.contact.deleted.is_none() {
                people.push(person);
            }
        }
        people
    }

    pub(crate) async fn only_person(&self) -> Person {
        let mut people = self.people().await;
        assert_eq!(people.len(), 1);
        people.remove(0)
    }
}

fn rfc3339(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// A booking event in Cal.com's form. `day` is the booked day from the clinic's start, `minute` when the calendar made
/// the event.
pub(crate) struct Booking {
    pub(crate) trigger: &'static str,
    pub(crate) uid: &'static str,
    pub(crate) before: Option<&'static str>,
    pub(crate) day: i64,
    pub(crate) minute: i64,
}

impl Booking {
    pub(crate) fn created(uid: &'static str, day: i64, minute: i64) -> Self {
        Self {
            trigger: "BOOKING_CREATED",
            uid,
            before: None,
            day,
            minute,
        }
    }

    pub(crate) fn moved(uid: &'static str, before: &'static str, day: i64, minute: i64) -> Self {
        Self {
            trigger: "BOOKING_RESCHEDULED",
            uid,
            before: Some(before),
            day,
            minute,
        }
    }

    pub(crate) fn cancelled(uid: &'static str, day: i64, minute: i64) -> Self {
        Self {
            trigger: "BOOKING_CANCELLED",
            uid,
            before: None,
            day,
            minute,
        }
    }

    pub(crate) fn json(&self) -> Value {
        // The clinic's clock starts at 09:00 on 2 March 2026; its calendar's events lie in the hours before.
        let opening: DateTime<Utc> = "2026-03-02T09:00:00Z".parse().unwrap();
        let start = opening + TimeDelta::days(self.day) + TimeDelta::hours(3);
        let made = opening - TimeDelta::hours(5) + TimeDelta::minutes(self.minute);
        let mut event = json!({
            "triggerEvent": self.trigger,
            "createdAt": rfc3339(made),
            "payload": {
                "uid": self.uid,
                "startTime": rfc3339(start),
                "endTime": rfc3339(start + TimeDelta::minutes(30)),
                "eventTitle": "Check-up",
                "eventTypeId": 100,
                "additionalNotes": "Please ring the bell twice.",
                "organizer": {"name": "Dr Ada Grey", "email": "ada@example.com"},
                "attendees": [{"name": "Zoë Lucas", "email": "zoe@example.com", "timeZone": "Europe/London"}],
                "responses": {
                    "attendeePhoneNumber": {"label": "phone_number", "value": "+442071838750"},
                },
            },
        });
        if let Some(before) = self.before {
            event["payload"]["rescheduleUid"] = json!(before);
        }
        event
    }
}

/// Every order of up to a few things.
pub(crate) fn orders<T: Clone>(things: &[T]) -> Vec<Vec<T>> {
    if things.is_empty() {
        return vec![Vec::new()];
    }
    let mut found = Vec::new();
    for at in 0..things.len() {
        let mut rest = things.to_vec();
        let first = rest.remove(at);
        for mut order in orders(&rest) {
            order.insert(0, first.clone());
            found.push(order);
        }
    }
    found
}
