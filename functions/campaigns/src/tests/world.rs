//! A salon with people to ring, a provider that keeps what arrived, and time that is played.

use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use vio_campaign_worker::pump;
use vio_domain::calling::session::{Action, Analysis, CallEvent, Ended};
use vio_domain::contact::BookingSource;
use vio_domain::groups::{GroupName, Visibility};
use vio_domain::ids::{AttemptId, ContactId, GroupId};
use vio_domain::person::OnDuplicate;
use vio_domain::phone::{Country, parse};
use vio_domain::settings::{BusinessType, Settings};
use vio_domain::text::ShortText;
use vio_providers::retell::{Call, Concurrency, CreateError, CreatedCall, RetellApi};
use vio_providers::{ApiError, Unanswered};
use vio_runtime::testing::{Answer, ManualClock, Server, TestApp, TestTenant, platform};
use vio_store::calling::sessions::SessionRow;
use vio_store::calling::settle::CallHeard;
use vio_store::contacts::{Created, NewAppointment, NewContact};
use vio_store::env::Clock;
use vio_store::groups::GroupRow;
use vio_store::log::Actor;
use vio_store::memory::MemoryTable;
use vio_store::port::Port;
use vio_store::tx::Tx;

/// A call that reached the provider.
#[derive(Debug, Clone)]
pub(super) struct Arrival {
    pub(super) at: DateTime<Utc>,
    pub(super) body: Value,
}

impl Arrival {
    fn id<T: std::str::FromStr<Err: std::fmt::Debug>>(&self, name: &str) -> T {
        let pointer = format!("/metadata/{name}");
        self.body
            .pointer(&pointer)
            .unwrap()
            .as_str()
            .unwrap()
            .parse()
            .unwrap()
    }

    pub(super) fn contact(&self) -> ContactId {
        self.id("contact_id")
    }

    pub(super) fn said(&self, variable: &str) -> &str {
        self.body["retell_llm_dynamic_variables"][variable]
            .as_str()
            .unwrap()
    }
}

/// A provider that takes every call.
#[derive(Default)]
pub(super) struct Provider {
    clock: OnceLock<Arc<ManualClock>>,
    arrivals: Mutex<Vec<Arrival>>,
}

impl Provider {
    pub(super) fn arrivals(&self) -> Vec<Arrival> {
        self.arrivals.lock().unwrap().clone()
    }
}

#[async_trait]
impl RetellApi for Provider {
    async fn create_call(&self, body: &[u8], _: Duration) -> Result<CreatedCall, CreateError> {
        let body: Value = serde_json::from_slice(body).unwrap();
        let mut arrivals = self.arrivals.lock().unwrap();
        let key = &body["idempotency_key"];
        let known = arrivals
            .iter()
            .position(|known| known.body["idempotency_key"] == *key);
        let number = known.unwrap_or(arrivals.len());
        if known.is_none() {
            let at = self.clock.get().unwrap().now();
            arrivals.push(Arrival { at, body });
        }
        Ok(CreatedCall {
            call_id: format!("call_{number}"),
        })
    }

    async fn list_calls_by_attempt(
        &self,
        attempt: AttemptId,
        _: Duration,
    ) -> Result<Vec<Call>, ApiError> {
        let arrivals = self.arrivals.lock().unwrap();
        let found = arrivals
            .iter()
            .enumerate()
            .filter(|(_, arrival)| arrival.id::<AttemptId>("attempt_id") == attempt);
        Ok(found
            .map(|(number, arrival)| {
                let object = json!({
                    "call_id": format!("call_{number}"), "call_status": "ongoing",
                    "metadata": arrival.body["metadata"],
                });
                Call::read(&object).unwrap()
            })
            .collect())
    }

    async fn get_call(&self, _: &str, _: Duration) -> Result<Call, ApiError> {
        Err(Unanswered::Connection.into())
    }

    async fn stop_call(&self, _: &str, _: Duration) -> Result<(), ApiError> {
        Ok(())
    }

    async fn delete_call(&self, _: &str, _: Duration) -> Result<(), ApiError> {
        Ok(())
    }

    async fn concurrency(&self, _: Duration) -> Result<Concurrency, ApiError> {
        Ok(Concurrency {
            current: 0,
            limit: 100,
        })
    }
}

pub(super) struct World {
    pub(super) app: TestApp,
    pub(super) tenant: TestTenant,
    pub(super) server: Server,
    pub(super) provider: Arc<Provider>,
    settled: Mutex<usize>,
}

impl World {
    /// A salon that can call, on Monday 2 March 2026, 09:00 in London.
    pub(super) async fn new() -> Self {
        let table = MemoryTable::new();
        Self::over(table.clone(), Arc::new(table)).await
    }

    /// The same with another port in front of the table.
    pub(super) async fn over(table: MemoryTable, port: Arc<dyn Port>) -> Self {
        let provider = Arc::new(Provider::default());
        let api: Arc<dyn RetellApi> = provider.clone();
        let app = TestApp::over(platform(), table, port, Some(api)).await;
        assert!(provider.clock.set(app.clock.clone()).is_ok());
        let tenant = app.tenant("Corner Salon", BusinessType::Salon).await;
        let world = Self {
            server: app.serve(crate::router(app.app.clone()).0),
            app,
            tenant,
            provider,
            settled: Mutex::new(0),
        };
        world
            .set(|settings| {
                let retell = &mut settings.integrations.retell;
                retell.agent_id = Some(ShortText::parse("agent_1").unwrap());
                retell.from_number = Some(parse("02079460000", Country::GB).unwrap().e164);
                retell.has_key = true;
            })
            .await;
        world
    }

    pub(super) async fn set(&self, change: impl FnOnce(&mut Settings)) {
        let ts = &self.tenant.store;
        let mut opened = ts.settings().await.unwrap();
        change(&mut opened.settings);
        opened.secrets.retell_key.current = Some("key".into());
        let mut tx = Tx::new();
        ts.save_settings(&mut tx, &mut opened).unwrap();
        ts.store.commit(tx).await.unwrap();
    }

    pub(super) fn now(&self) -> DateTime<Utc> {
        self.app.clock.now()
    }

    pub(super) fn admin(&self) -> &str {
        &self.tenant.admin.token
    }

    /// A token of the administrator's, as time that is played outlasts one.
    pub(super) async fn fresh(&self) -> String {
        self.app
            .token(&self.tenant.store, self.tenant.admin.id)
            .await
    }

    pub(super) async fn post(&self, path: &str, body: Value) -> Answer {
        let token = self.fresh().await;
        self.server.post(path, &token, body).await
    }

    pub(super) async fn get(&self, path: &str) -> Value {
        let token = self.fresh().await;
        let answer = self.server.get(path, &token).await;
        assert_eq!(answer.status, 200, "{path}: {:?}", answer.body);
        answer.body
    }

    /// Somebody with an appointment in so many hours; none with `None`.
    pub(super) async fn person(&self, number: usize, hours: Option<i64>) -> ContactId {
        let ts = &self.tenant.store;
        let settings = ts.settings().await.unwrap().settings;
        let mut new =
            NewContact::named(ContactId::new(ts.new_id()), "Ada Example".parse().unwrap());
        let phone = format!("+44113496{number:04}");
        new.phone = Some(parse(&phone, Country::GB).unwrap().e164);
        let appointment = hours.map(|hours| {
            let time = self.now() + TimeDelta::hours(hours);
            let zone = chrono_tz::Europe::London;
            NewAppointment::at(time, zone, &settings, BookingSource::Manual, self.now())
        });
        let made = ts
            .create_contact(
                &settings,
                &new,
                appointment.as_ref(),
                OnDuplicate::CreateNew,
                &Actor::system("test"),
            )
            .await
            .unwrap();
        match made {
            Created::Made { person, .. } => person.contact.id,
            Created::Known(_) => panic!("known"),
        }
    }

    pub(super) async fn people(&self, count: usize) -> Vec<ContactId> {
        let mut ids = Vec::new();
        for number in 0..count {
            ids.push(self.person(number, Some(70)).await);
        }
        ids
    }

    pub(super) async fn group(&self, name: &str, members: &[ContactId]) -> GroupId {
        let ts = &self.tenant.store;
        let mut row = GroupRow {
            tenant: ts.id,
            id: GroupId::new(ts.new_id()),
            version: 0,
            edit_version: 1,
            name: GroupName::parse(name).unwrap(),
            description: None,
            color: Default::default(),
            icon: None,
            visibility: Visibility::AllStaff,
            members: 0,
            archived_at: None,
            made_from: None,
            active_at: ts.now(),
            created_by: None,
            created_at: ts.now(),
            updated_at: ts.now(),
        };
        let mut tx = Tx::new();
        ts.create_group(&mut tx, &mut row).unwrap();
        ts.store.commit(tx).await.unwrap();
        ts.join_group(row.id, members, &Actor::system("test"))
            .await
            .unwrap();
        row.id
    }

    /// Begins a campaign over a group; the answer.
    pub(super) async fn call_all(&self, group: GroupId, body: Value) -> Answer {
        self.post(&format!("/api/groups/{group}/call-all"), body)
            .await
    }

    /// The same, which must be accepted; the path of its status.
    pub(super) async fn begun(&self, group: GroupId, body: Value) -> String {
        let answer = self.call_all(group, body).await;
        assert_eq!(answer.status, 202, "{:?}", answer.body);
        answer.body["status_endpoint"].as_str().unwrap().to_owned()
    }

    pub(super) async fn act(&self, status: &str, act: &str) -> Answer {
        self.post(&status.replace("/status", &format!("/{act}")), json!({}))
            .await
    }

    /// The provider tells what came of each call that reached it: answered, and confirmed.
    pub(super) async fn settle(&self) {
        let from = *self.settled.lock().unwrap();
        let arrivals = self.provider.arrivals();
        for (number, arrival) in arrivals.iter().enumerate().skip(from) {
            let event = CallEvent::Analyzed {
                ended: Ended {
                    at: self.now(),
                    reason: "user_hangup".into(),
                    started_at: Some(self.now()),
                },
                started: true,
                analysis: Some(Analysis {
                    action: Action::Confirmed,
                    ..Analysis::default()
                }),
            };
            self.hear(number, arrival, event).await;
        }
        *self.settled.lock().unwrap() = arrivals.len();
    }

    pub(super) async fn hear(&self, number: usize, arrival: &Arrival, event: CallEvent) {
        let ts = &self.tenant.store;
        let settings = ts.settings().await.unwrap();
        let heard = CallHeard {
            contact: arrival.contact(),
            session: arrival.id("session_id"),
            attempt: arrival.id("attempt_id"),
            provider_call_id: format!("call_{number}"),
            event,
        };
        ts.hear(&settings, &heard, &Actor::provider("retell"), |_| Ok(()))
            .await
            .unwrap();
    }

    /// One run of the pump, and what came of its calls.
    pub(super) async fn pump(&self) -> Option<DateTime<Utc>> {
        let pumped = pump(&self.app.app, self.tenant.id).await.unwrap();
        self.settle().await;
        pumped.next
    }

    /// Plays time until then: the pump runs when it asked to, and each minute.
    pub(super) async fn play(&self, until: DateTime<Utc>) {
        loop {
            let asked = self.pump().await;
            let now = self.now();
            if until <= now {
                return;
            }
            let minute = now + TimeDelta::minutes(1);
            let next = asked.filter(|at| now < *at).unwrap_or(minute);
            self.app.advance(next.min(minute).min(until) - now);
        }
    }

    pub(super) async fn play_for(&self, minutes: i64) {
        self.play(self.now() + TimeDelta::minutes(minutes)).await;
    }

    /// The seconds from one arrival to the next.
    pub(super) fn gaps(&self) -> Vec<i64> {
        let arrivals = self.provider.arrivals();
        arrivals
            .windows(2)
            .map(|pair| (pair[1].at - pair[0].at).num_seconds())
            .collect()
    }

    /// Never more than 25 in any 15 minutes, and nobody twice.
    pub(super) fn judge_arrivals(&self) {
        let arrivals = self.provider.arrivals();
        for (n, first) in arrivals.iter().enumerate() {
            let window = first.at + TimeDelta::minutes(15);
            let within = arrivals[n..].iter().filter(|one| one.at < window).count();
            assert!(within <= 25, "{within} from {}", first.at);
        }
        let mut contacts: Vec<_> = arrivals.iter().map(Arrival::contact).collect();
        contacts.sort_unstable();
        contacts.dedup();
        assert_eq!(contacts.len(), arrivals.len(), "nobody is called twice");
    }

    /// The sessions of a contact, oldest first.
    pub(super) async fn sessions(&self, contact: ContactId) -> Vec<SessionRow> {
        let ts = &self.tenant.store;
        let (mut rows, _) = ts.sessions_of(contact, 50, None).await.unwrap();
        rows.reverse();
        rows
    }
}
