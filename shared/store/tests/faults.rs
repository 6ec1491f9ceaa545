//! What storage makes of a table that is busy, loses requests and answers, or was changed meanwhile.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking, its helpers too"
)]

mod world;

use std::collections::{HashSet, VecDeque};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use chrono::TimeDelta;
use vio_domain::contact::Deleted;
use vio_domain::ids::LocationId;
use vio_domain::person::OnDuplicate;
use vio_store::contacts::Created;
use vio_store::key::{self, LogKind};
use vio_store::locations::LocationRow;
use vio_store::log::Entry;
use vio_store::memory::{Fault, MemoryTable, Request};
use vio_store::port::{Attributes, Condition, Key, Op, Page, Port, PortError, Query, Transaction};
use vio_store::tx::{COMMIT_TRIES, Tx};
use vio_store::{StoreError, TenantStore};
use world::{World, settings, staff};

/// Faults of the coming transactions, in order; none once they are used up. Reads go through.
#[derive(Clone, Default)]
struct Script(Arc<Mutex<VecDeque<Fault>>>);

impl Script {
    fn play(&self, faults: &[Fault]) {
        *self.0.lock().unwrap() = faults.iter().copied().collect();
    }
}

/// A table that follows a script and keeps the token of each transaction sent to it.
#[derive(Clone)]
struct Recorded {
    table: MemoryTable,
    tokens: Arc<Mutex<Vec<String>>>,
}

#[async_trait]
impl Port for Recorded {
    async fn get(&self, key: &Key) -> Result<Option<Attributes>, PortError> {
        self.table.get(key).await
    }
    async fn batch_get(&self, keys: &[Key]) -> Result<Vec<Attributes>, PortError> {
        self.table.batch_get(keys).await
    }
    async fn query(&self, query: &Query) -> Result<Page, PortError> {
        self.table.query(query).await
    }
    async fn transact(&self, transaction: &Transaction) -> Result<(), PortError> {
        self.tokens.lock().unwrap().push(transaction.token.clone());
        self.table.transact(transaction).await
    }
}

async fn scripted() -> (World, Script, Arc<Mutex<Vec<String>>>) {
    let script = Script::default();
    let faults = script.clone();
    let table = MemoryTable::with_faults(Arc::new(move |request| match request {
        Request::Transact => faults.0.lock().unwrap().pop_front().unwrap_or(Fault::None),
        _ => Fault::None,
    }));
    let tokens: Arc<Mutex<Vec<String>>> = Arc::default();
    let recorded = Recorded {
        table,
        tokens: tokens.clone(),
    };
    let world = World::on(recorded).await;
    tokens.lock().unwrap().clear();
    (world, script, tokens)
}

fn location(ts: &TenantStore, name: &str) -> LocationRow {
    LocationRow {
        tenant: ts.id,
        id: LocationId::new(ts.new_id()),
        version: 0,
        name: name.parse().unwrap(),
        address: None,
        phone: None,
        timezone: None,
        created_at: ts.now(),
        updated_at: ts.now(),
    }
}

/// Commits two new locations; what came of it, and how many of them are there.
async fn commit_two(world: &World) -> (Result<(), StoreError>, usize) {
    let (mut a, mut b) = (location(&world.ts, "a"), location(&world.ts, "b"));
    let mut tx = Tx::new();
    tx.create(&mut a).unwrap();
    tx.create(&mut b).unwrap();
    let outcome = world.store.commit(tx).await;
    (outcome, world.ts.locations().await.unwrap().len())
}

#[tokio::test(start_paused = true)]
async fn a_conflict_and_a_throttle_are_tried_again_each_time_under_a_fresh_token() {
    let (world, script, tokens) = scripted().await;
    script.play(&[Fault::Conflict, Fault::Throttled, Fault::Conflict]);
    let (outcome, there) = commit_two(&world).await;
    outcome.unwrap();
    assert_eq!(there, 2);
    let tokens = tokens.lock().unwrap();
    assert_eq!(tokens.len(), 4);
    assert_eq!(tokens.iter().collect::<HashSet<_>>().len(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_table_that_stays_busy_is_given_up() {
    for (fault, conflict) in [(Fault::Conflict, true), (Fault::Throttled, false)] {
        let (world, script, tokens) = scripted().await;
        script.play(&[fault; 20]);
        let (outcome, _) = commit_two(&world).await;
        match outcome {
            Err(StoreError::Unavailable(PortError::Conflict)) => assert!(conflict),
            Err(StoreError::Unavailable(PortError::Throttled)) => assert!(!conflict),
            other => panic!("{other:?}"),
        }
        let sent = u32::try_from(tokens.lock().unwrap().len()).unwrap();
        assert_eq!(sent, COMMIT_TRIES + 1);
        assert!(world.ts.locations().await.unwrap().is_empty());
    }
}

#[tokio::test]
async fn what_became_of_it_is_unknown_after_a_lost_request_or_answer_and_it_is_not_sent_twice() {
    for (fault, written) in [(Fault::LostAnswer, 2), (Fault::LostRequest, 0)] {
        let (world, script, tokens) = scripted().await;
        script.play(&[fault]);
        let (outcome, there) = commit_two(&world).await;
        assert!(
            matches!(outcome, Err(StoreError::Unavailable(PortError::Unknown(_)))),
            "{outcome:?}"
        );
        assert_eq!(there, written);
        assert_eq!(tokens.lock().unwrap().len(), 1);
    }
}

#[tokio::test]
async fn reads_fail_as_they_are_told() {
    for fault in [Fault::Throttled, Fault::LostRequest, Fault::LostAnswer] {
        let table = MemoryTable::with_faults(Arc::new(move |request| match request {
            Request::Transact => Fault::None,
            _ => fault,
        }));
        let world = World::on(table).await;
        let outcome = world.ts.settings().await;
        assert!(matches!(outcome, Err(StoreError::Unavailable(_))));
        let outcome = world.ts.locations().await;
        assert!(matches!(outcome, Err(StoreError::Unavailable(_))));
    }
}

#[tokio::test]
async fn a_lost_race_names_the_operations_that_lost_it() {
    let world = World::memory().await;
    let ts = &world.ts;
    let mut first = location(ts, "first");
    let mut tx = Tx::new();
    tx.create(&mut first).unwrap();
    world.store.commit(tx).await.unwrap();
    let mut stale = first.clone();
    let mut tx = Tx::new();
    tx.update(&mut first).unwrap();
    world.store.commit(tx).await.unwrap();

    let mut other = location(ts, "other");
    let mut tx = Tx::new();
    tx.create(&mut other).unwrap();
    tx.update(&mut stale).unwrap();
    tx.check("tenant", key::tenant(ts.id), Condition::VersionIs(9));
    tx.check("settings", key::settings(ts.id), Condition::VersionIs(1));
    match world.store.commit(tx).await {
        Err(StoreError::Lost { lost }) => assert_eq!(lost, ["location", "tenant"]),
        outcome => panic!("{outcome:?}"),
    }
    assert_eq!(ts.locations().await.unwrap().len(), 1);

    // A single operation goes by another request, and loses the same way.
    let mut stale = first.clone();
    stale.version = 1;
    let mut tx = Tx::new();
    tx.update(&mut stale).unwrap();
    match world.store.commit(tx).await {
        Err(StoreError::Lost { lost }) => assert_eq!(lost, ["location"]),
        outcome => panic!("{outcome:?}"),
    }
}

#[tokio::test]
async fn a_create_whose_answer_was_lost_makes_nobody_twice() {
    let (world, script, _) = scripted().await;
    let (new, appointment) = (world.new_contact(1), world.new_appointment());
    let create = || {
        let ask = OnDuplicate::CreateNew;
        let (settings, staff) = (settings(), staff());
        let (ts, new, appointment) = (&world.ts, &new, &appointment);
        async move {
            ts.create_contact(&settings, new, Some(appointment), ask, &staff)
                .await
        }
    };
    script.play(&[Fault::LostAnswer]);
    assert!(matches!(create().await, Err(StoreError::Unavailable(_))));
    let Created::Made { person, .. } = create().await.unwrap() else {
        panic!("it is there");
    };
    assert_eq!(person.contact.id, new.id);
    assert_eq!(person.appointments.len(), 1);
    assert_eq!(
        world.ts.sessions(10, None).await.unwrap().0.len(),
        1,
        "one planned call"
    );
    let log = world.ts.read_log(LogKind::Change, None, 10).await.unwrap();
    assert_eq!(log.len(), 1);
}

#[tokio::test]
async fn of_two_edits_of_one_reading_the_second_loses_and_leaves_no_trace() {
    let world = World::memory().await;
    let id = world.create(1).await.unwrap().contact.id;
    let read = async || world.ts.person(id).await.unwrap().unwrap();
    let (mut first, mut second) = (read().await, read().await);
    first.contact.is_active = false;
    world.save(&mut first).await.unwrap();
    second.contact.do_not_contact = true;
    match world.save(&mut second).await {
        Err(StoreError::Lost { lost }) => assert!(lost.contains(&"contact"), "{lost:?}"),
        outcome => panic!("{outcome:?}"),
    }
    let now = read().await.contact;
    assert_eq!(
        (now.is_active, now.do_not_contact, now.version),
        (false, false, 2)
    );
    let log = world.ts.read_log(LogKind::Change, None, 10).await.unwrap();
    assert_eq!(log.len(), 2);

    // Who changes an appointment alone loses against whoever deletes its contact.
    let (mut editor, mut deleter) = (read().await, read().await);
    deleter.contact.deleted = Some(Deleted {
        at: world.ts.now(),
        by: None,
    });
    world.save(&mut deleter).await.unwrap();
    editor.appointments[0].time += TimeDelta::hours(1);
    let outcome = world.save(&mut editor).await;
    assert!(outcome.is_err_and(|error| error.is_lost()));
}

#[tokio::test]
async fn a_person_whose_key_was_destroyed_is_gone() {
    let world = World::memory().await;
    let id = world.create(1).await.unwrap().contact.id;
    assert!(world.ts.person(id).await.unwrap().is_some());
    let delete = Transaction {
        ops: vec![Op::Delete {
            key: key::person_key(world.ts.id, id),
            condition: Condition::Present,
        }],
        token: String::new(),
    };
    world.store.port().transact(&delete).await.unwrap();
    assert!(world.ts.person(id).await.unwrap().is_none());
    assert!(world.ts.contacts(&[id]).await.unwrap().is_empty());
    assert!(world.ts.with_current(&[id, id]).await.unwrap().is_empty());
}

#[tokio::test]
async fn a_log_entry_is_never_written_over() {
    let world = World::memory().await;
    let entry = || Entry::new("contact.viewed", "contact", world.ts.id.uuid());
    world.ts.log_access(&staff(), entry()).await.unwrap();
    let row = world
        .ts
        .read_log(LogKind::Access, None, 1)
        .await
        .unwrap()
        .remove(0);
    let mut tx = Tx::new();
    tx.put_if("log", &row, 1, Condition::Absent).unwrap();
    let outcome = world.store.commit(tx).await;
    assert!(outcome.is_err_and(|error| error.is_lost()));
}
