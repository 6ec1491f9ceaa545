//! Claims against a naive model: whatever is created, edited, deleted and restored, in whatever order and with lost
//! races between, the claims name exactly the contacts that have a number or an address now.
#![allow(clippy::unwrap_used, reason = "a test ends at its first surprise")]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use chrono::{DateTime, Utc};
use proptest::prelude::*;
use uuid::Uuid;
use vio_crypto::KeyRing;
use vio_crypto::MemoryKms;
use vio_crypto::SeededRandom;
use vio_domain::contact::Deleted;
use vio_domain::ids::{ContactId, TenantId};
use vio_domain::person::{CalendarTarget, OnDuplicate};
use vio_domain::settings::{Business, BusinessType, Settings};
use vio_store::contacts::{Created, NewAppointment, NewContact, Person, Save};
use vio_store::env::{Clock, IdSource};
use vio_store::log::Actor;
use vio_store::memory::MemoryTable;
use vio_store::tenants::Endpoints;
use vio_store::tx::Tx;
use vio_store::{Store, TenantStore};

struct Noon;

impl Clock for Noon {
    fn now(&self) -> DateTime<Utc> {
        "2027-01-05T12:00:00Z".parse().unwrap()
    }
}

#[derive(Default)]
struct Ids(AtomicU64);

impl IdSource for Ids {
    fn next(&self, now: DateTime<Utc>) -> Uuid {
        let n = self.0.fetch_add(1, Ordering::Relaxed) + 1;
        let millis = u128::try_from(now.timestamp_millis()).unwrap();
        Uuid::from_u128((millis << 80) | (7 << 76) | (2 << 62) | u128::from(n))
    }
}

fn settings() -> Settings {
    let business: Business = serde_json::from_value(serde_json::json!({
        "legal_name": "Bright Hair", "business_type": "salon", "country": "GB", "timezone": "Europe/London"
    }))
    .unwrap();
    assert_eq!(business.business_type, BusinessType::Salon);
    Settings::for_business(business)
}

async fn tenant() -> TenantStore {
    let kms = Arc::new(MemoryKms::new([7; 32]).unwrap());
    let store = Store::new(
        Arc::new(MemoryTable::new()),
        KeyRing::new(kms),
        Arc::new(Noon),
        Arc::new(Ids::default()),
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

const NAMES: [&str; 4] = ["John Smith", "Jon Smith", "Emma Smith", "Zoë Brown"];
const PHONES: [&str; 3] = ["+447912345678", "+447912345679", "+447624301234"];
const EMAILS: [&str; 3] = ["a@example.com", "b@example.com", "c@example.com"];

fn new(ts: &TenantStore, name: usize, phone: Option<usize>, email: Option<usize>) -> NewContact {
    let id = ContactId::new(ts.new_id());
    let mut new = NewContact::named(id, NAMES[name].parse().unwrap());
    new.phone = phone.map(phone_of);
    new.email = email.map(|n| EMAILS[n].parse().unwrap());
    new
}

fn phone_of(n: usize) -> vio_domain::phone::E164 {
    vio_domain::phone::parse(PHONES[n], vio_domain::phone::Country::GB)
        .unwrap()
        .e164
}

/// Reads a person, changes it and saves it with its claims.
async fn edit(ts: &TenantStore, id: ContactId, change: impl Fn(&mut Person)) {
    let mut person = ts.person(id).await.unwrap().unwrap();
    stage(ts, &mut person, change).await.unwrap();
}

async fn stage(
    ts: &TenantStore,
    person: &mut Person,
    change: impl Fn(&mut Person),
) -> Result<(), vio_store::StoreError> {
    change(person);
    let judged = ts.judge(person).await?;
    let mut tx = Tx::new();
    let save = Save {
        settings: &settings(),
        actor: &Actor::system("test"),
        action: "contact.updated",
        reason: None,
        claims: Some(judged.claims),
        replan: true,
    };
    ts.stage_save(&mut tx, person, save).await?;
    ts.store.commit(tx).await
}

#[derive(Debug, Clone)]
enum Step {
    Create(usize, Option<usize>, Option<usize>),
    Phone(usize, Option<usize>),
    Email(usize, Option<usize>),
    Delete(usize),
    Restore(usize),
    /// Two edits from the same reading: the second must be refused.
    Race(usize, usize, usize),
}

fn step() -> impl Strategy<Value = Step> {
    let some = || proptest::option::of(0..3_usize);
    prop_oneof![
        (0..4_usize, some(), some()).prop_map(|(n, p, e)| Step::Create(n, p, e)),
        (0..6_usize, some()).prop_map(|(c, p)| Step::Phone(c, p)),
        (0..6_usize, some()).prop_map(|(c, e)| Step::Email(c, e)),
        (0..6_usize).prop_map(Step::Delete),
        (0..6_usize).prop_map(Step::Restore),
        (0..6_usize, 0..3_usize, 0..3_usize).prop_map(|(c, a, b)| Step::Race(c, a, b)),
    ]
}

#[derive(Debug, Clone, PartialEq)]
struct Model {
    phone: Option<usize>,
    email: Option<usize>,
    deleted: bool,
}

async fn run(steps: Vec<Step>) {
    let ts = tenant().await;
    let mut model: BTreeMap<ContactId, Model> = BTreeMap::new();
    for step in steps {
        let nth = |n: usize| model.keys().nth(n % model.len().max(1)).copied();
        match step {
            Step::Create(name, phone, email) => {
                let new = new(&ts, name, phone, email);
                let created = ts
                    .create_contact(
                        &settings(),
                        &new,
                        None,
                        OnDuplicate::CreateNew,
                        &Actor::system("test"),
                    )
                    .await
                    .unwrap();
                assert!(matches!(created, Created::Made { .. }));
                model.insert(
                    new.id,
                    Model {
                        phone,
                        email,
                        deleted: false,
                    },
                );
            }
            Step::Phone(c, phone) => {
                let Some(id) = nth(c) else { continue };
                edit(&ts, id, |p| p.contact.phone = phone.map(phone_of)).await;
                model.get_mut(&id).unwrap().phone = phone;
            }
            Step::Email(c, email) => {
                let Some(id) = nth(c) else { continue };
                edit(&ts, id, |p| {
                    p.contact.email = email.map(|n| EMAILS[n].parse().unwrap())
                })
                .await;
                model.get_mut(&id).unwrap().email = email;
            }
            Step::Delete(c) => {
                let Some(id) = nth(c) else { continue };
                let at = ts.now();
                edit(&ts, id, |p| {
                    p.contact.deleted = Some(Deleted { at, by: None })
                })
                .await;
                model.get_mut(&id).unwrap().deleted = true;
            }
            Step::Restore(c) => {
                let Some(id) = nth(c) else { continue };
                edit(&ts, id, |p| p.contact.deleted = None).await;
                model.get_mut(&id).unwrap().deleted = false;
            }
            Step::Race(c, a, b) => {
                let Some(id) = nth(c) else { continue };
                let before = model[&id].phone;
                let mut first = ts.person(id).await.unwrap().unwrap();
                let mut second = ts.person(id).await.unwrap().unwrap();
                stage(&ts, &mut first, |p| p.contact.phone = Some(phone_of(a)))
                    .await
                    .unwrap();
                let late = stage(&ts, &mut second, |p| p.contact.phone = Some(phone_of(b))).await;
                if before != Some(a) && before != Some(b) {
                    assert!(late.unwrap_err().is_lost());
                    model.get_mut(&id).unwrap().phone = Some(a);
                } else {
                    let now = ts.person(id).await.unwrap().unwrap().contact.phone;
                    let n = (0..3).find(|n| now == Some(phone_of(*n)));
                    assert!(n == Some(a) || n == Some(b));
                    model.get_mut(&id).unwrap().phone = n;
                }
            }
        }
        check(&ts, &model).await;
    }
}

async fn check(ts: &TenantStore, model: &BTreeMap<ContactId, Model>) {
    let live = || model.iter().filter(|(_, m)| !m.deleted);
    for n in 0..3 {
        let mut asked = new(ts, 3, Some(n), Some(n));
        asked.name = "Somebody Else".parse().unwrap();
        let person = ts
            .new_person(contact_of(ts, &asked).await, Vec::new())
            .unwrap();
        let found = ts.judge(&person).await.unwrap().found;
        let mut phone: Vec<_> = live()
            .filter(|(_, m)| m.phone == Some(n))
            .map(|(id, _)| *id)
            .collect();
        phone.sort();
        assert_eq!(found.shares_phone_with, phone, "number {n}");
        let email: Vec<_> = live()
            .filter(|(_, m)| m.email == Some(n) && m.phone != Some(n))
            .map(|(id, _)| *id)
            .collect();
        assert_eq!(found.shares_email_with, email, "address {n}");
    }
}

/// A contact of these values, by way of a tenant of its own.
async fn contact_of(ts: &TenantStore, new: &NewContact) -> vio_domain::contact::Contact {
    let mut person = ts.new_person(blank(ts, new), Vec::new()).unwrap();
    person.contact.phone = new.phone.clone();
    person.contact.email = new.email.clone();
    person.contact
}

fn blank(ts: &TenantStore, new: &NewContact) -> vio_domain::contact::Contact {
    vio_domain::contact::Contact {
        booking_source: Default::default(),
        ..vio_domain::contact::Contact::named(new.id, ts.id, new.name.clone(), ts.now())
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn claims_name_exactly_who_has_them(steps in proptest::collection::vec(step(), 1..40)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        runtime.block_on(run(steps));
    }
}

#[tokio::test]
async fn a_booking_lands_where_it_may() {
    let ts = tenant().await;
    let actor = Actor::provider("calcom");
    let settings = settings();
    let at = "2027-01-20T10:00:00Z".parse().unwrap();
    let slot = NewAppointment::at(
        at,
        chrono_tz::Europe::London,
        &settings,
        vio_domain::contact::BookingSource::Calcom,
        ts.now(),
    );
    let book = async |name: &str, phone: Option<usize>| {
        let mut contact = new(&ts, 0, phone, Some(0));
        contact.name = name.parse().unwrap();
        let mut tx = Tx::new();
        let booked = ts
            .stage_booking(&mut tx, &settings, &contact, &slot, &actor)
            .await
            .unwrap()
            .unwrap();
        ts.store.commit(tx).await.unwrap();
        booked
    };
    let john = book("John Smith", Some(0)).await;
    assert_eq!(john.target, CalendarTarget::New);
    let again = book("john  SMITH", Some(0)).await;
    assert_eq!(again.target, CalendarTarget::Existing(john.contact));
    assert_eq!(again.contact, john.contact);
    assert_ne!(again.appointment, john.appointment);
    let person = ts.person(john.contact).await.unwrap().unwrap();
    assert_eq!(person.appointments.len(), 2);
    assert!(
        person.appointments.iter().all(|a| a.next_call_at.is_some()),
        "each has its call"
    );
    let jon = book("Jon Smith", Some(0)).await;
    assert_eq!(
        jon.target,
        CalendarTarget::PossibleDuplicate(vec![john.contact])
    );
    let jon = ts.person(jon.contact).await.unwrap().unwrap().contact;
    assert_eq!(
        jon.needs_attention,
        Some(vio_domain::contact::AttentionReason::PossibleDuplicate)
    );
    let nobody = book("Emma Smith", None).await;
    let emma = ts.person(nobody.contact).await.unwrap().unwrap();
    assert_eq!(
        emma.contact.needs_attention,
        Some(vio_domain::contact::AttentionReason::NO_PHONE)
    );
    assert_eq!(emma.next_call_at(), None);

    // Moved, its call moves; cancelled, its call goes.
    let mut person = ts.person(john.contact).await.unwrap().unwrap();
    let before = person
        .appointment(john.appointment)
        .unwrap()
        .next_call_at
        .unwrap();
    let to = vio_store::contacts::NewTime {
        time: at + chrono::Duration::days(7),
        timezone: None,
        duration: None,
        booked_at: ts.now(),
    };
    let mut tx = Tx::new();
    ts.stage_move(
        &mut tx,
        &settings,
        &mut person,
        john.appointment,
        to,
        &actor,
    )
    .await
    .unwrap();
    ts.store.commit(tx).await.unwrap();
    let mut person = ts.person(john.contact).await.unwrap().unwrap();
    let moved = person.appointment(john.appointment).unwrap().clone();
    assert_eq!(moved.next_call_at, Some(before + chrono::Duration::days(7)));
    assert_eq!(moved.version, 2);
    assert_eq!(
        person.contact.version, 1,
        "the contact itself was not edited"
    );
    let mut tx = Tx::new();
    ts.stage_cancel(&mut tx, &settings, &mut person, john.appointment, &actor)
        .await
        .unwrap();
    ts.store.commit(tx).await.unwrap();
    let person = ts.person(john.contact).await.unwrap().unwrap();
    assert_eq!(
        person.appointment(john.appointment).unwrap().next_call_at,
        None
    );
    assert_eq!(
        person.next_call_at(),
        person.appointment(again.appointment).unwrap().next_call_at
    );
}
