//! Everybody reads what was written before.

use std::time::{Duration, Instant};

use chrono::TimeDelta;
use serde_json::json;
use vio_store::log::{Actor, Entry};
use vio_store::tx::{Tx, WHOLE_EVERY};

use crate::support::{SOON, World, contact, ids};

#[tokio::test]
async fn another_process_reads_every_write() {
    let world = World::salon().await;
    let other = world.another();
    let token = world.token();
    assert!(other.all(token).await.is_empty());
    let made = world.some(3).await;
    assert_eq!(other.all(token).await.len(), 3);

    let path = format!("/api/contacts/{}", made[1]);
    let server = &world.first.server;
    let patch = json!({ "name": "Quite Another", "appointment_time": SOON });
    assert_eq!(server.patch(&path, token, patch).await.status, 200);
    let found = other.search(json!({ "search": "quite" }), token).await;
    assert_eq!(ids(&found), [made[1].clone()]);
    assert!(found.body["contacts"][0]["appointment_time"].is_string());
    assert_eq!(found.body["contacts"][0]["call_state"], "calling_scheduled");

    assert_eq!(server.delete(&path, token).await.status, 204);
    assert_eq!(other.all(token).await.len(), 2);
    let restore = format!("{path}/restore");
    let restored = server.post(&restore, token, json!({})).await;
    assert!(restored.status.is_success(), "{}", restored.body);
    assert_eq!(other.all(token).await.len(), 3);

    let group = world
        .group("Follow-up", json!({ "initial_contact_ids": [made[0]] }))
        .await;
    let query = format!("group_ids={group}");
    assert_eq!(ids(&other.get(&query, token).await), [made[0].clone()]);
    let add = format!("/api/groups/{group}/members/add");
    let body = json!({ "contact_ids": [made[2]] });
    assert_eq!(server.post(&add, token, body).await.status, 200);
    let query = format!("group_ids={group}&sort=added_to_group");
    let members = other.get(&query, token).await;
    assert_eq!(ids(&members), [made[0].clone(), made[2].clone()]);
    let path = format!("/api/groups/{group}");
    let patch = json!({ "name": "Regulars" });
    assert_eq!(server.patch(&path, token, patch).await.status, 200);
    let members = other.get(&query, token).await;
    assert_eq!(members.body["contacts"][0]["groups"][0]["name"], "Regulars");
    assert_eq!(server.delete(&path, token).await.status, 204);
    assert_eq!(other.get(&query, token).await.status, 400);
    let left = other.get("ungrouped=true", token).await;
    assert_eq!(ids(&left).len(), 3);
}

/// An entry whose transaction was put together before another's, and committed after that one was read. The answer to such
/// a write waits for a second.
#[tokio::test]
async fn entries_that_turn_up_late() {
    let world = World::salon().await;
    let made = world.some(2).await;
    let store = &world.tenant.store;
    let mut late = store.person(contact(&made[0])).await.unwrap().unwrap();
    late.contact.version += 1;
    late.contact.do_not_contact = true;
    let mut tx = Tx::new();
    store.stage_person(&mut tx, &mut late).unwrap();
    let entry = Entry::new("contact.updated", "contact", late.contact.id.uuid());
    let entry = entry.contact(late.contact.id);
    store.log(&mut tx, &Actor::system("test"), entry).unwrap();

    world.first.app.advance(TimeDelta::seconds(20));
    world.made(crate::support::numbered(2)).await;
    let shown = world.get("sort=name").await;
    assert_eq!(shown.body["contacts"][0]["do_not_contact"], false);
    store.store.commit(tx).await.unwrap();
    world.first.app.advance(TimeDelta::seconds(1));
    let shown = world.get("sort=name").await;
    assert_eq!(shown.body["contacts"][0]["do_not_contact"], true);
}

/// A commit that took long is answered when every process has read it.
#[tokio::test]
async fn late_writers_wait_until_everybody_has_read_it() {
    let world = World::salon().await;
    let store = &world.tenant.store;
    for (delay, waits) in [(0, false), (2_050, true)] {
        let mut tx = Tx::new();
        let entry = Entry::new("tenant.looked_at", "tenant", world.tenant.id.uuid());
        store.log(&mut tx, &Actor::system("test"), entry).unwrap();
        tokio::time::sleep(Duration::from_millis(delay)).await;
        let begun = Instant::now();
        store.store.commit(tx).await.unwrap();
        assert_eq!(begun.elapsed() >= WHOLE_EVERY, waits, "{delay}");
    }
}

/// The next appointment takes over when the current one has passed, though nothing is written then.
#[tokio::test]
async fn time_passes() {
    let world = World::salon().await;
    let id = world
        .made(json!({ "name": "Ann Bell", "phone": "07912 345678", "appointment_time": SOON }))
        .await;
    let path = format!("/api/contacts/{id}/appointments");
    let server = &world.first.server;
    let body = json!({ "appointment_time": "2026-03-18T09:00" });
    let added = server.post(&path, world.token(), body).await;
    assert_eq!(added.status, 201, "{}", added.body);
    let at = async |token: &str| {
        let list = world.first.get("sort=name", token).await;
        list.body["contacts"][0]["appointment_time"].clone()
    };
    assert_eq!(at(world.token()).await, "2026-03-11T10:30:00Z");
    world.first.app.clock.advance(TimeDelta::days(10));
    assert_eq!(at(&world.new_token().await).await, "2026-03-18T09:00:00Z");
}

/// What was written before the domain's clock was moved, and committed after, is seen.
#[tokio::test]
async fn a_moved_clock_hides_nothing() {
    let world = World::salon().await;
    let made = world.some(1).await;
    assert_eq!(world.first.all(world.token()).await.len(), 1);
    let store = &world.tenant.store;
    let mut late = store.person(contact(&made[0])).await.unwrap().unwrap();
    late.contact.version += 1;
    late.contact.do_not_contact = true;
    let mut tx = Tx::new();
    store.stage_person(&mut tx, &mut late).unwrap();
    let entry = Entry::new("contact.updated", "contact", late.contact.id.uuid());
    let entry = entry.contact(late.contact.id);
    store.log(&mut tx, &Actor::system("test"), entry).unwrap();
    world.first.app.clock.advance(TimeDelta::days(3));
    let token = world.new_token().await;
    world.first.all(&token).await;
    store.store.commit(tx).await.unwrap();
    let shown = world.first.get("sort=name", &token).await;
    assert_eq!(shown.body["contacts"][0]["do_not_contact"], true);
}

/// Many at once share the work, and each reads its own write.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn concurrent_readers_and_writers() {
    let world = std::sync::Arc::new(World::salon().await);
    let other = std::sync::Arc::new(world.another());
    let tasks = (0..24u32).map(|n| {
        let (world, other) = (world.clone(), other.clone());
        tokio::spawn(async move {
            let id = world.made(crate::support::numbered(n)).await;
            let process = if n % 2 == 0 { &world.first } else { &*other };
            assert!(process.all(world.token()).await.contains(&id), "{n}");
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.unwrap();
    }
    assert_eq!(other.all(world.token()).await.len(), 24);
}
