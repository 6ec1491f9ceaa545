//! The demo clinic of the README on a host of its own, for journeys through the whole product.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use reqwest::StatusCode;
use serde_json::Value;
use vio_local::{Host, HostOptions, seed};

use crate::booking::deliver;
use crate::time::{quiet_tuesday, wait_until};
use crate::{Booking, HostClient};

/// The demo clinic's webhook secret for Cal.com (README).
pub const SECRET: &str = "riverside-demo-webhook-secret";
/// How long anything may take that happens at once.
pub const SOON: Duration = Duration::from_secs(20);

/// The demo clinic on a Tuesday morning.
pub struct Demo {
    /// The host it runs on.
    pub host: Host,
    /// Signed in as its administrator.
    pub client: HostClient,
    /// Nine in the morning, in London.
    pub morning: DateTime<Utc>,
    /// Where its calendar delivers.
    pub address: String,
}

impl Demo {
    /// Starts a host with the demo clinic, and moves its clock to the morning.
    pub async fn start() -> Self {
        let host = Host::start(HostOptions::ephemeral())
            .await
            .expect("as asked");
        let morning = quiet_tuesday(Utc::now());
        host.clock().move_to(morning, true).await.expect("as asked");
        host.seed_demo()
            .await
            .expect("as asked")
            .expect("a demo clinic");
        let admin = seed::SIGN_INS[0];
        let client = HostClient::new(&host.base_url(), admin.email, seed::PASSWORD);
        let settings = client.get("/api/settings/integrations").await;
        let address = settings["calcom"]["webhook_url"].as_str();
        let address = address.expect("an absolute address").to_owned();
        Self {
            host,
            client,
            morning,
            address,
        }
    }

    /// Delivers a booking that was just made; the answer.
    pub async fn book(&self, booking: &Booking) -> Value {
        let event = booking.created(self.morning);
        let (status, answer) = deliver(&self.address, SECRET, &event).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        answer
    }

    /// The contact of a booking, once it is processed.
    pub async fn booked(&self, name: &str) -> Value {
        wait_until("the contact of a booking", SOON, async || {
            self.client.contact_named(name).await
        })
        .await
    }

    /// Waits until so many calls have reached a contact; the calls.
    pub async fn called(&self, contact: &str, times: usize) -> Vec<Value> {
        wait_until("calls to a contact", SOON, async || {
            let calls = self.client.calls_of(contact).await;
            (calls.len() >= times).then_some(calls)
        })
        .await
    }

    /// Waits until a contact looks as `holds` says.
    pub async fn contact(&self, what: &str, id: &str, holds: impl Fn(&Value) -> bool) -> Value {
        wait_until(what, SOON, async || {
            let contact = self.client.contact(id).await;
            holds(&contact).then_some(contact)
        })
        .await
    }

    /// Long enough for a call of the sandbox: 3 s of ringing, 30 s of talking, 2 s until the analysis.
    pub async fn let_calls_end(&self) {
        self.client.advance(TimeDelta::seconds(60)).await;
    }
}

/// The id of a contact.
#[must_use]
pub fn id(contact: &Value) -> String {
    contact["id"].as_str().expect("as asked").to_owned()
}
