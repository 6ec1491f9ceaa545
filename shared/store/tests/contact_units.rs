//! What writing contacts costs on DynamoDB, counted by the embedded one as DynamoDB bills it: at most 24 write units
//! for a contact with an appointment and its planned call, 12 for an edit, 16 for a new time, which moves the call too.
#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test ends at its first surprise, and prints what it measured"
)]

use std::sync::Arc;

use chrono::{DateTime, Utc};
use vio_crypto::{KeyRing, MemoryKms, SeededRandom};
use vio_domain::contact::{BookingSource, ConsentMethod};
use vio_domain::ids::{ContactId, TenantId};
use vio_domain::person::OnDuplicate;
use vio_domain::settings::{Business, Settings};
use vio_stack::{Stack, StackOptions};
use vio_store::contacts::{ConsentChange, Created, NewAppointment, NewContact, NewTime, Save};
use vio_store::dynamo::{DynamoTable, TableNames};
use vio_store::env::{Clock, RandomIds};
use vio_store::log::{Actor, Who};
use vio_store::schema::create_tables;
use vio_store::tenants::Endpoints;
use vio_store::tx::Tx;
use vio_store::{Store, TenantStore};

struct Noon;

impl Clock for Noon {
    fn now(&self) -> DateTime<Utc> {
        "2027-01-05T12:00:00Z".parse().unwrap()
    }
}

fn settings() -> Settings {
    let business: Business = serde_json::from_value(serde_json::json!({
        "legal_name": "Bright Hair", "business_type": "salon", "country": "GB", "timezone": "Europe/London"
    }))
    .unwrap();
    Settings::for_business(business)
}

async fn tenant(table: &DynamoTable) -> TenantStore {
    let store = Store::new(
        Arc::new(table.clone()),
        KeyRing::new(Arc::new(MemoryKms::new([7; 32]).unwrap())),
        Arc::new(Noon),
        Arc::new(RandomIds),
        Arc::new(SeededRandom::new(7)),
    );
    let mut tx = Tx::new();
    let id = TenantId::new(store.new_id());
    let endpoints = Endpoints {
        call_outcome: "a".into(),
        calcom_booking: "b".into(),
        calendly_booking: "d".into(),
        sms: "s".into(),
    };
    let ts = store
        .new_tenant(&mut tx, id, settings(), endpoints)
        .await
        .unwrap();
    store.commit(tx).await.unwrap();
    ts
}

#[tokio::test(flavor = "multi_thread")]
async fn writing_a_contact_costs_what_it_may() {
    let stack = Stack::start(StackOptions::ephemeral()).await.unwrap();
    let names = TableNames {
        main: "main".into(),
        person_keys: "keys".into(),
    };
    let client = stack.dynamodb();
    create_tables(&client, &names).await.unwrap();
    let table = DynamoTable::new(client, names);
    let ts = tenant(&table).await;
    let settings = settings();
    // Staff: what they do themselves they are not told of.
    let actor = Actor {
        who: Who::User {
            id: vio_domain::ids::UserId::new(ts.store.new_id()),
        },
        ..Actor::system("test")
    };

    let mut new = NewContact::named(ContactId::new(ts.new_id()), "Zoë Brown".parse().unwrap());
    let phone = vio_domain::phone::parse("07912 345678", vio_domain::phone::Country::GB).unwrap();
    new.phone = Some(phone.e164);
    new.email = Some("zoe@example.com".parse().unwrap());
    new.notes = Some("Prefers mornings; ring the bell twice.".parse().unwrap());
    let at = "2027-01-20T10:00:00Z".parse().unwrap();
    let zone = chrono_tz::Europe::London;
    let mut slot = NewAppointment::at(at, zone, &settings, BookingSource::Manual, ts.now());
    slot.special_instructions = Some("Please arrive 10 minutes early.".parse().unwrap());
    table.meter().take();
    let created = ts
        .create_contact(&settings, &new, Some(&slot), OnDuplicate::Ask, &actor)
        .await
        .unwrap();
    let create = table.meter().take();
    assert!(matches!(created, Created::Made { .. }));

    let edit = async |action: &'static str, change: &dyn Fn(&mut vio_store::contacts::Person)| {
        let mut person = ts.person(new.id).await.unwrap().unwrap();
        change(&mut person);
        let mut tx = Tx::new();
        let save = Save {
            settings: &settings,
            actor: &actor,
            action,
            reason: None,
            claims: None,
            replan: true,
        };
        assert!(ts.stage_save(&mut tx, &mut person, save).await.unwrap());
        ts.store.commit(tx).await.unwrap();
        table.meter().take()
    };
    table.meter().take();
    let notes = edit("contact.updated", &|p| {
        p.contact.notes = Some("Ring twice".parse().unwrap());
    })
    .await;
    let moved = edit("appointment.rescheduled", &|p| {
        let to = NewTime {
            time: at + chrono::Duration::days(1),
            timezone: None,
            duration: None,
            booked_at: ts.now(),
        };
        p.appointments
            .iter_mut()
            .for_each(|a| vio_store::contacts::move_to(a, to));
    })
    .await;
    let mut person = ts.person(new.id).await.unwrap().unwrap();
    table.meter().take();
    let mut tx = Tx::new();
    let change = ConsentChange::Given {
        method: ConsentMethod::Verbal,
        obtained_at: ts.now(),
    };
    ts.stage_consent(&mut tx, &mut person, change, &actor)
        .unwrap();
    ts.store.commit(tx).await.unwrap();
    let consent = table.meter().take();
    eprintln!("create {create:?}\nnotes {notes:?}\nmoved {moved:?}\nconsent record {consent:?}");
    assert!(create.write <= 24.0, "create {create:?}");
    assert!(notes.write <= 12.0, "an edit of the contact {notes:?}");
    // A new time also moves the planned call: its session, and its place in the queue and in the due index.
    assert!(moved.write <= 16.0, "a new time {moved:?}");
    assert!(create.write > 0.0 && notes.write > 0.0 && moved.write > 0.0);
}
