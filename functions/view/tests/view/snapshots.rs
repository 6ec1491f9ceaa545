//! Snapshots: written, read, and never believed when they are not what they were.

use chrono::TimeDelta;
use serde_json::json;
use vio_store::objects::Fault;
use vio_views::Limits;

use crate::support::{World, ids, numbered};

async fn with_snapshot(contacts: u32) -> (World, Vec<String>) {
    let world = World::saving().await;
    let made = world.some(contacts).await;
    world.get("sort=name").await;
    world.first.saved(&world).await;
    assert_eq!(world.objects.dump().len(), 1, "one snapshot");
    (world, made)
}

#[tokio::test]
async fn a_snapshot_takes_the_place_of_the_one_before() {
    let (world, made) = with_snapshot(5).await;
    let before = world.tenant.store.snapshot_row().await.unwrap().unwrap();
    assert_eq!((before.version, before.contacts), (1, 5));
    // A minute later, so that there is something newer to keep.
    world.first.app.advance(TimeDelta::seconds(60));
    world.made(numbered(5)).await;
    assert_eq!(world.first.all(world.token()).await.len(), 6);
    world.first.saved(&world).await;
    let after = world.tenant.store.snapshot_row().await.unwrap().unwrap();
    assert_eq!((after.version, after.contacts), (2, 6));
    let objects = world.objects.dump();
    assert_eq!(objects.len(), 1, "the old one is gone");
    assert!(objects.contains_key(&after.name()));

    // Nothing of a person can be read in it.
    let bytes = &objects[&after.name()];
    assert!(!bytes.windows(6).any(|part| part == b"person"));

    // Another process begins with it, and has what came after.
    let last = world.made(numbered(6)).await;
    let other = world.another();
    let all = other.all(world.token()).await;
    assert_eq!(all.len(), made.len() + 2);
    assert!(all.contains(&last));
}

/// With the enumeration index empty, only the snapshot and the log can tell.
#[tokio::test]
async fn another_process_begins_with_the_snapshot() {
    let world = World::saving().await;
    world.first.app.table.freeze_indexes();
    let made = world.some(4).await;
    world.get("sort=name").await;
    world.first.saved(&world).await;
    // Older than what a build would take from the log.
    world.first.app.advance(TimeDelta::hours(2));
    let other = world.another();
    let token = world.new_token().await;
    assert_eq!(other.all(&token).await.len(), made.len());
}

#[tokio::test]
async fn a_stale_index_hides_nobody() {
    let world = World::salon().await;
    world.some(2).await;
    world.first.app.table.freeze_indexes();
    world.made(numbered(2)).await;
    assert_eq!(world.first.all(world.token()).await.len(), 3);
}

#[tokio::test]
async fn damaged_snapshots_are_made_anew_and_never_served() {
    let (world, made) = with_snapshot(6).await;
    let row = world.tenant.store.snapshot_row().await.unwrap().unwrap();
    let whole = world.objects.dump()[&row.name()].clone();
    let flipped = |at: usize| {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        bytes
    };
    let last = whole.len() - 1;
    let damages = [
        ("empty", Vec::new()),
        ("rubbish", b"not a snapshot".to_vec()),
        ("cut short", whole[..whole.len() / 2].to_vec()),
        ("one byte short", whole[..last].to_vec()),
        ("one byte more", [&whole[..], &[0]].concat()),
        ("a bit of the header", flipped(20)),
        ("a bit of its key's chunk", flipped(whole.len() / 2)),
        ("the last bit", flipped(last)),
    ];
    for (what, bytes) in damages {
        let row = world.tenant.store.snapshot_row().await.unwrap().unwrap();
        world.objects.damage(&row.name(), bytes);
        let other = world.another();
        assert_eq!(other.all(world.token()).await.len(), made.len(), "{what}");
        other.saved(&world).await;
        let after = world.tenant.store.snapshot_row().await.unwrap().unwrap();
        assert_eq!(after.version, row.version + 1, "{what}: made anew");
        let fresh = world.another();
        assert_eq!(fresh.all(world.token()).await.len(), made.len(), "{what}");
        assert_eq!(world.objects.dump().len(), 1, "{what}");
    }
    // An object that is not there at all.
    let row = world.tenant.store.snapshot_row().await.unwrap().unwrap();
    let objects: &dyn vio_store::objects::Objects = &world.objects;
    objects.delete(&row.name()).await.unwrap();
    let other = world.another();
    assert_eq!(other.all(world.token()).await.len(), made.len());
}

/// An older snapshot in the place of the one that is named, whole and well sealed.
#[tokio::test]
async fn an_older_snapshot_is_not_taken_for_the_named_one() {
    let (world, _) = with_snapshot(3).await;
    let before = world.tenant.store.snapshot_row().await.unwrap().unwrap();
    let old = world.objects.dump()[&before.name()].clone();
    world.first.app.advance(TimeDelta::seconds(60));
    world.made(numbered(3)).await;
    world.get("sort=name").await;
    world.first.saved(&world).await;
    let after = world.tenant.store.snapshot_row().await.unwrap().unwrap();
    assert_ne!(before.object, after.object);
    world.objects.damage(&after.name(), old);
    let other = world.another();
    assert_eq!(other.all(world.token()).await.len(), 4);
}

#[tokio::test]
async fn a_bucket_that_fails_stops_no_list_of_a_warm_process() {
    let world = World::saving().await;
    for fault in [Fault::LostRequest, Fault::LostAnswer] {
        world.objects.fail(fault);
        let before = world.first.all(world.token()).await.len();
        world.made(numbered(before as u32)).await;
        assert_eq!(world.first.all(world.token()).await.len(), before + 1);
        world.first.saved(&world).await;
    }
    // Cold, with a snapshot that cannot be read now: ask again, rather than read every record.
    world.objects.fail(Fault::None);
    world.made(numbered(7)).await;
    world.get("sort=name").await;
    world.first.saved(&world).await;
    world.objects.fail(Fault::LostRequest);
    let other = world.another();
    let answer = other.get("sort=name", world.token()).await;
    assert_eq!(answer.status, 503);
    assert!(answer.header("retry-after").is_some());
    world.objects.fail(Fault::None);
    assert_eq!(ids(&other.get("sort=name", world.token()).await).len(), 3);
}

#[tokio::test]
async fn memory_is_bounded() {
    let limits = Limits {
        bytes: 1,
        ..Limits::default()
    };
    let world = World::of(vio_domain::settings::BusinessType::Salon, limits).await;
    world.some(2).await;
    for n in 0..5 {
        let kind = vio_domain::settings::BusinessType::Salon;
        let other = world.first.app.tenant(&format!("Hill {n}"), kind).await;
        let token = &other.admin.token;
        let made = world
            .first
            .server
            .post("/api/contacts", token, numbered(n))
            .await;
        assert_eq!(made.status, 201, "{}", made.body);
        assert_eq!(ids(&world.first.get("sort=name", token).await).len(), 1);
        assert_eq!(world.first.views.tenants(), 1, "the others were dropped");
    }
    assert_eq!(ids(&world.get("sort=name").await).len(), 2);
    assert!(world.first.views.bytes() > 0);
    let body = json!({ "search": "person" });
    assert_eq!(ids(&world.first.search(body, world.token()).await).len(), 2);
}
