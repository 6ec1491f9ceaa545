//! A salon with its storage, for the tests of this crate: time by hand, ids and keys from a seed.
#![allow(dead_code, unreachable_pub, reason = "each test file uses its part")]

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;
use vio_crypto::{KeyRing, Kms, MemoryKms, SeededRandom};
use vio_domain::contact::BookingSource;
use vio_domain::ids::{ContactId, TenantId, UserId};
use vio_domain::person::OnDuplicate;
use vio_domain::phone::{Country, E164};
use vio_domain::settings::{Business, Settings};
use vio_stack::{Stack, StackOptions};
use vio_store::contacts::{Created, NewAppointment, NewContact, Person, Save};
use vio_store::dynamo::{DynamoTable, TableNames};
use vio_store::env::{Clock, IdSource};
use vio_store::log::{Actor, Who};
use vio_store::memory::MemoryTable;
use vio_store::port::Port;
use vio_store::schema::create_tables;
use vio_store::tenants::{Endpoints, TenantSettings};
use vio_store::tx::Tx;
use vio_store::{Store, StoreError, TenantStore};

/// A Tuesday noon.
pub fn start() -> DateTime<Utc> {
    "2027-01-05T12:00:00Z".parse().unwrap()
}

/// A clock that stands until it is moved.
pub struct Hand(Mutex<DateTime<Utc>>);

impl Hand {
    pub fn forward(&self, by: TimeDelta) {
        *self.0.lock().unwrap() += by;
    }

    pub fn set(&self, to: DateTime<Utc>) {
        *self.0.lock().unwrap() = to;
    }
}

impl Clock for Hand {
    fn now(&self) -> DateTime<Utc> {
        *self.0.lock().unwrap()
    }
}

/// UUIDv7 in order, the rest counted.
#[derive(Default)]
pub struct Ids(AtomicU64);

impl IdSource for Ids {
    fn next(&self, now: DateTime<Utc>) -> Uuid {
        let n = self.0.fetch_add(1, Ordering::Relaxed) + 1;
        let millis = u128::try_from(now.timestamp_millis()).unwrap();
        Uuid::from_u128((millis << 80) | (7 << 76) | (2 << 62) | u128::from(n))
    }
}

/// The embedded DynamoDB with our tables.
pub async fn dynamo() -> (Stack, DynamoTable) {
    let stack = Stack::start(StackOptions::ephemeral()).await.unwrap();
    let names = TableNames {
        main: "main".into(),
        person_keys: "keys".into(),
    };
    let client = stack.dynamodb();
    create_tables(&client, &names).await.unwrap();
    (stack, DynamoTable::new(client, names))
}

pub fn settings() -> Settings {
    let business: Business = serde_json::from_value(serde_json::json!({
        "legal_name": "Bright Hair", "business_type": "salon", "country": "GB", "timezone": "Europe/London"
    }))
    .unwrap();
    Settings::for_business(business)
}

pub fn phone(text: &str) -> E164 {
    vio_domain::phone::parse(text, Country::GB).unwrap().e164
}

/// A receptionist at her desk.
pub fn staff() -> Actor {
    Actor {
        who: Who::User {
            id: UserId::new(Uuid::from_u128(77)),
        },
        request_id: Some(Uuid::from_u128(78)),
        address: Some("192.0.2.7".into()),
        device: Some("Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0".into()),
    }
}

pub struct World {
    pub store: Store,
    pub clock: Arc<Hand>,
    pub ts: TenantStore,
}

impl World {
    pub async fn on(port: impl Port) -> Self {
        Self::with_keys(port, Arc::new(MemoryKms::new([7; 32]).unwrap())).await
    }

    pub async fn memory() -> Self {
        Self::on(MemoryTable::new()).await
    }

    pub async fn with_keys(port: impl Port, kms: Arc<dyn Kms>) -> Self {
        let (store, clock) = Self::store(port, kms);
        let mut tx = Tx::new();
        let id = TenantId::new(store.new_id());
        let endpoints = Endpoints {
            call_outcome: "a".repeat(43),
            calcom_booking: "b".repeat(43),
            calendly_booking: "d".repeat(43),
            sms: "s".repeat(43),
        };
        let ts = store
            .new_tenant(&mut tx, id, settings(), endpoints)
            .await
            .unwrap();
        store.commit(tx).await.unwrap();
        Self { store, clock, ts }
    }

    pub fn store(port: impl Port, kms: Arc<dyn Kms>) -> (Store, Arc<Hand>) {
        let clock = Arc::new(Hand(Mutex::new(start())));
        let store = Store::new(
            Arc::new(port),
            KeyRing::new(kms),
            clock.clone(),
            Arc::new(Ids::default()),
            Arc::new(SeededRandom::new(7)),
        );
        (store, clock)
    }

    /// A contact of about 1 KB, as a receptionist would type it.
    pub fn new_contact(&self, n: u32) -> NewContact {
        let id = ContactId::new(self.ts.new_id());
        let mut new = NewContact::named(id, "Margaret Anne Whitfield".parse().unwrap());
        new.phone = Some(phone(&format!("+4479123{:05}", 45_000 + n)));
        new.email = Some(
            format!("margaret.whitfield{n}@example.com")
                .parse()
                .unwrap(),
        );
        let notes =
            "Prefers mornings; allergic to ammonia, so no permanent colour. Asks for Dana. ";
        new.notes = Some(notes.repeat(2).trim().parse().unwrap());
        new.tags = vec!["regular".parse().unwrap(), "colour".parse().unwrap()];
        new.created_by = Some(UserId::new(Uuid::from_u128(77)));
        new
    }

    /// An appointment three days ahead.
    pub fn new_appointment(&self) -> NewAppointment {
        let mut new = NewAppointment::at(
            self.ts.now() + TimeDelta::hours(70),
            chrono_tz::Europe::London,
            &settings(),
            BookingSource::Manual,
            self.ts.now(),
        );
        new.appointment_type = Some("Cut and colour".parse().unwrap());
        new.owner_name = Some("Dana Reyes".parse().unwrap());
        let instructions = "Please come ten minutes early and do not wash your hair on the day.";
        new.special_instructions = Some(instructions.parse().unwrap());
        new
    }

    pub async fn create(&self, n: u32) -> Result<Person, StoreError> {
        let new = self.new_contact(n);
        let appointment = self.new_appointment();
        let made = self
            .ts
            .create_contact(
                &settings(),
                &new,
                Some(&appointment),
                OnDuplicate::CreateNew,
                &staff(),
            )
            .await?;
        match made {
            Created::Made { person, .. } => Ok(*person),
            Created::Known(found) => panic!("known: {found:?}"),
        }
    }

    /// Reads a person, changes it and saves it.
    pub async fn edit(
        &self,
        id: ContactId,
        change: impl Fn(&mut Person),
    ) -> Result<(), StoreError> {
        let mut person = self.ts.person(id).await?.unwrap();
        change(&mut person);
        self.save(&mut person).await
    }

    /// Saves a person without touching its claims.
    pub async fn save(&self, person: &mut Person) -> Result<(), StoreError> {
        let mut tx = Tx::new();
        let save = Save {
            settings: &settings(),
            actor: &staff(),
            action: "contact.updated",
            reason: None,
            claims: None,
            replan: true,
        };
        self.ts.stage_save(&mut tx, person, save).await?;
        self.store.commit(tx).await
    }

    /// Connects the voice provider.
    pub async fn connect(&self) -> TenantSettings {
        let mut opened = self.ts.settings().await.unwrap();
        let retell = &mut opened.settings.integrations.retell;
        retell.agent_id = Some("agent_1234567890abcdef".parse().unwrap());
        retell.from_number = Some(phone("+441624650000"));
        retell.has_key = true;
        opened
            .secrets
            .retell_key
            .rotate("key_1234567890abcdef".into(), self.ts.now());
        let mut tx = Tx::new();
        self.ts.save_settings(&mut tx, &mut opened).unwrap();
        self.store.commit(tx).await.unwrap();
        opened
    }
}
