//! A clinic with a calendar: the product over memory, the calendar a small server of its own.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use vio_calendar_sync::{CalendarSync, Synced};
use vio_domain::appointment::{Appointment, AppointmentStatus};
use vio_domain::contact::{AttentionReason, Deleted};
use vio_domain::ids::ContactId;
use vio_domain::settings::BusinessType;
use vio_runtime::queues::InboxMessage;
use vio_runtime::testing::{TestApp, TestTenant, tell};
use vio_store::TenantStore;
use vio_store::contacts::{Person, Save};
use vio_store::inbox::Stored;
use vio_store::key::EnumKind;
use vio_store::log::Actor;
use vio_store::objects::MemoryObjects;
use vio_store::port::{AttributeValue, Index, SortRange};
use vio_store::tenants::{Provider, TenantSettings};
use vio_store::tx::Tx;
use vio_webhooks::Webhooks;

/// What the calendar holds and was asked.
#[derive(Default)]
pub(crate) struct Fake {
    pub(crate) bookings: BTreeMap<String, Value>,
    /// `cancel u1`, …: changes that were made.
    pub(crate) changes: Vec<String>,
    /// Requests of any kind.
    pub(crate) asked: usize,
    /// What every request is answered with, instead.
    pub(crate) broken: Option<StatusCode>,
    /// What every change is answered with, instead.
    pub(crate) refuses: Option<StatusCode>,
}

#[derive(Clone, Default)]
pub(crate) struct Calendar(Arc<Mutex<Fake>>);

type Answer = Result<Json<Value>, (StatusCode, Json<Value>)>;

fn no(status: StatusCode) -> (StatusCode, Json<Value>) {
    (status, Json(json!({ "error": { "message": "no" } })))
}

impl Calendar {
    pub(crate) fn look(&self) -> MutexGuard<'_, Fake> {
        self.0.lock().unwrap()
    }

    async fn serve(&self) -> String {
        let app = Router::new()
            .route("/v2/bookings", get(list))
            .route("/v2/bookings/{uid}", get(one))
            .route("/v2/bookings/{uid}/{action}", post(change))
            .with_state(self.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, app).await });
        format!("http://{address}")
    }

    fn asked(&self) -> Result<MutexGuard<'_, Fake>, (StatusCode, Json<Value>)> {
        let mut fake = self.look();
        fake.asked += 1;
        match fake.broken {
            Some(status) => Err(no(status)),
            None => Ok(fake),
        }
    }
}

async fn list(
    State(calendar): State<Calendar>,
    Query(query): Query<BTreeMap<String, String>>,
) -> Answer {
    let fake = calendar.asked()?;
    let number = |name: &str| query.get(name).and_then(|n| n.parse().ok()).unwrap_or(0);
    let after = query.get("afterUpdatedAt").cloned().unwrap_or_default();
    let mut found: Vec<&Value> = fake
        .bookings
        .values()
        .filter(|booking| booking["updatedAt"].as_str().unwrap() > after.as_str())
        .collect();
    found.sort_by_key(|booking| booking["updatedAt"].as_str().unwrap().to_owned());
    let page: Vec<_> = found
        .into_iter()
        .skip(number("skip"))
        .take(number("take"))
        .collect();
    Ok(Json(json!({ "status": "success", "data": page })))
}

async fn one(State(calendar): State<Calendar>, Path(uid): Path<String>) -> Answer {
    let fake = calendar.asked()?;
    let booking = fake
        .bookings
        .get(&uid)
        .ok_or_else(|| no(StatusCode::NOT_FOUND))?;
    Ok(Json(json!({ "data": booking })))
}

async fn change(
    State(calendar): State<Calendar>,
    Path((uid, action)): Path<(String, String)>,
    Json(body): Json<Value>,
) -> Answer {
    // Two at once would both get here before either is done.
    tokio::time::sleep(std::time::Duration::from_millis(30)).await;
    let mut fake = calendar.asked()?;
    if let Some(status) = fake.refuses {
        return Err(no(status));
    }
    let mut booking = fake
        .bookings
        .get(&uid)
        .cloned()
        .ok_or_else(|| no(StatusCode::NOT_FOUND))?;
    fake.changes.push(format!("{action} {uid}"));
    match action.as_str() {
        "cancel" => booking["status"] = json!("cancelled"),
        "confirm" => booking["status"] = json!("accepted"),
        _ => {
            let next = format!("{uid}+");
            let mut old = booking.clone();
            old["status"] = json!("cancelled");
            old["rescheduledToUid"] = json!(next);
            fake.bookings.insert(uid.clone(), old);
            booking["rescheduledFromUid"] = json!(uid);
            booking["uid"] = json!(next);
            booking["start"] = body["start"].clone();
        }
    }
    let uid = booking["uid"].as_str().unwrap().to_owned();
    fake.bookings.insert(uid, booking.clone());
    Ok(Json(json!({ "data": booking })))
}

pub(crate) struct Clinic {
    pub(crate) test: TestApp,
    pub(crate) tenant: TestTenant,
    pub(crate) calendar: Calendar,
    pub(crate) sync: CalendarSync,
    webhooks: Webhooks,
}

impl Clinic {
    /// A clinic whose calendar is connected.
    pub(crate) async fn new() -> Self {
        let test = TestApp::new().await;
        let tenant = test.tenant("Calm Clinic", BusinessType::Medical).await;
        let calendar = Calendar::default();
        let url = calendar.serve().await;
        let clinic = Self {
            sync: CalendarSync::new(test.app.clone()),
            webhooks: Webhooks {
                app: test.app.clone(),
                objects: Arc::new(MemoryObjects::new()),
            },
            test,
            tenant,
            calendar,
        };
        clinic
            .set(|opened| {
                let calcom = &mut opened.settings.integrations.calcom;
                calcom.enabled = true;
                calcom.has_key = true;
                calcom.base_url = Some(url.parse().unwrap());
                opened.secrets.calcom_key = Some("cal_live_tests".to_owned());
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
        let before = opened.clone();
        change(&mut opened);
        let mut tx = Tx::new();
        self.store()
            .stage_calendar_connected(&mut tx, &before, &opened)
            .await
            .unwrap();
        self.store().save_settings(&mut tx, &mut opened).unwrap();
        self.store().store.commit(tx).await.unwrap();
    }

    pub(crate) async fn run(&self) -> Synced {
        vio_calendar_sync::run(&self.sync, self.tenant.id)
            .await
            .unwrap()
    }

    /// Lets time pass, and does what is due then.
    pub(crate) async fn later(&self, by: TimeDelta) -> Synced {
        self.test.advance(by);
        self.run().await
    }

    /// A booking in the calendar alone, `hours` from now, made and last changed now.
    pub(crate) fn booking(&self, uid: &str, hours: i64) -> Value {
        let start = self.now() + TimeDelta::hours(hours);
        // Another person for each uid.
        let digit = uid.bytes().last().map_or(0, |last| last % 10);
        json!({
            "uid": uid, "status": "accepted", "start": start, "end": start + TimeDelta::minutes(30), "duration": 30,
            "eventType": { "slug": "check-up" }, "hosts": [{ "name": "Dr Grey", "email": "desk@calm.example" }],
            "attendees": [{ "name": format!("Zoe {}", ["Ash", "Birch", "Cedar", "Dogwood", "Elm", "Fir", "Gorse", "Hazel", "Ivy", "Juniper"][usize::from(digit)]), "email": format!("{uid}@example.com"), "timeZone": "Europe/London" }],
            "bookingFieldsResponses": { "attendeePhoneNumber": format!("+44207946012{digit}") },
            "createdAt": self.now(), "updatedAt": self.now(),
        })
    }

    pub(crate) fn put(&self, booking: Value) {
        let uid = booking["uid"].as_str().unwrap().to_owned();
        self.calendar.look().bookings.insert(uid, booking);
    }

    /// A booking that the calendar has and told us of.
    pub(crate) async fn booked(&self, uid: &str, hours: i64) -> Person {
        let booking = self.booking(uid, hours);
        self.put(booking.clone());
        self.hear(uid, &booking).await;
        self.people().await.pop().unwrap()
    }

    /// An event, as it is kept when it was read.
    pub(crate) async fn hear(&self, identity: &str, booking: &Value) {
        let body = json!({ "read": booking }).to_string();
        let new = self
            .store()
            .new_event(Provider::Calcom, identity, body.as_bytes())
            .unwrap();
        let Stored::New { .. } = self.store().store_event(new.clone()).await.unwrap() else {
            panic!("heard before");
        };
        let tenant = self.tenant.id;
        let event = new.event().to_string();
        vio_webhooks::process(&self.webhooks, InboxMessage { tenant, event })
            .await
            .unwrap();
    }

    /// Processes what was put into the inbox.
    pub(crate) async fn drain(&self) {
        for message in self.test.queues.take_inbox() {
            vio_webhooks::process(&self.webhooks, message)
                .await
                .unwrap();
        }
    }

    pub(crate) async fn people(&self) -> Vec<Person> {
        let pk = vio_store::key::enumeration_pk(self.tenant.id, EnumKind::Contact);
        let store = &self.store().store;
        let page = store
            .suggest(Index::Enumeration, pk, SortRange::All, true, 1000, None)
            .await
            .unwrap();
        let mut people = Vec::new();
        for item in page.items {
            let Some(AttributeValue::S(id)) = item.get("enum_sk") else {
                panic!("no id");
            };
            let id: ContactId = id.parse().unwrap();
            people.extend(self.store().person(id).await.unwrap());
        }
        people
    }

    pub(crate) async fn appointment(&self, person: &Person) -> Appointment {
        let mut person = self
            .store()
            .person(person.contact.id)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(person.appointments.len(), 1);
        person.appointments.remove(0)
    }

    pub(crate) async fn attention(&self, person: &Person) -> Option<AttentionReason> {
        let person = self
            .store()
            .person(person.contact.id)
            .await
            .unwrap()
            .unwrap();
        person.contact.needs_attention
    }

    /// Changes somebody's only appointment, as staff does.
    pub(crate) async fn change(&self, person: &Person, change: impl FnOnce(&mut Appointment)) {
        let mut person = self
            .store()
            .person(person.contact.id)
            .await
            .unwrap()
            .unwrap();
        person.appointments[0].updated_at = self.now();
        change(&mut person.appointments[0]);
        let mut tx = Tx::new();
        self.store().stage_person(&mut tx, &mut person).unwrap();
        tell(self.store(), &mut tx, &person);
        self.store().store.commit(tx).await.unwrap();
    }

    /// Deletes somebody, as staff does.
    pub(crate) async fn delete(&self, person: &Person) {
        let id = person.contact.id;
        let mut person = self.store().person(id).await.unwrap().unwrap();
        let (at, by) = (self.now(), None);
        person.contact.deleted = Some(Deleted { at, by });
        let claims = self.store().read_claims(&person).await.unwrap();
        let settings = self.store().settings().await.unwrap().settings;
        let save = Save {
            settings: &settings,
            actor: &Actor::system("staff"),
            action: "contact.deleted",
            reason: None,
            claims: Some(claims),
            replan: true,
        };
        let mut tx = Tx::new();
        let changed = self.store().stage_save(&mut tx, &mut person, save).await;
        assert!(changed.unwrap());
        self.store().store.commit(tx).await.unwrap();
    }

    pub(crate) async fn cancel(&self, person: &Person) {
        let cancelled = |appointment: &mut Appointment| {
            appointment.status = AppointmentStatus::Cancelled;
        };
        self.change(person, cancelled).await;
    }
}
