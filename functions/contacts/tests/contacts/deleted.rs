//! Who was deleted, for as long as they can be brought back.

use chrono::TimeDelta;
use serde_json::{Value, json};
use vio_domain::permission::Preset;

use crate::support::{World, named};

async fn listed(world: &World, token: &str, query: &str) -> Value {
    let path = format!("/api/contacts/deleted{query}");
    let answer = world.server.get(&path, token).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.body
}

#[tokio::test]
async fn a_deleted_contact_is_listed_until_it_is_back_or_gone() {
    let world = World::salon().await;
    let kept = world.made(named("Kept Example", "07912 345671")).await;
    let gone = world.made(named("Gone Example", "07912 345672")).await;
    assert_eq!(
        listed(&world, world.token(), "").await["contacts"],
        json!([])
    );
    world
        .server
        .delete(&format!("/api/contacts/{gone}"), world.token())
        .await;
    let list = listed(&world, world.token(), "").await;
    let only = &list["contacts"][0];
    assert_eq!(
        (&only["id"], &only["name"]),
        (&json!(gone), &json!("Gone Example"))
    );
    assert_eq!(only["deleted_by"], json!(world.tenant.admin.id));
    assert_eq!(only["restorable"], true);
    assert_eq!(list["contacts"].as_array().unwrap().len(), 1);
    let path = format!("/api/contacts/{gone}/restore");
    let back = world.server.post(&path, world.token(), json!({})).await;
    assert_eq!(back.status, 200, "{}", back.body);
    assert_eq!(
        listed(&world, world.token(), "").await["contacts"],
        json!([])
    );
    world
        .server
        .delete(&format!("/api/contacts/{kept}"), world.token())
        .await;
    world.app.clock.advance(TimeDelta::days(31));
    let token = world
        .app
        .token(&world.tenant.store, world.tenant.admin.id)
        .await;
    assert_eq!(listed(&world, &token, "").await["contacts"], json!([]));
}

#[tokio::test]
async fn the_list_has_pages_and_is_for_those_who_may_bring_back() {
    let world = World::salon().await;
    for n in 0..12 {
        let id = world
            .made(named("Ada Example", &format!("07912 3456{n:02}")))
            .await;
        world
            .server
            .delete(&format!("/api/contacts/{id}"), world.token())
            .await;
    }
    let first = listed(&world, world.token(), "?page_size=10").await;
    assert_eq!(first["contacts"].as_array().unwrap().len(), 10);
    let cursor = first["pagination"]["next_cursor"].as_str().unwrap();
    let rest = listed(
        &world,
        world.token(),
        &format!("?page_size=10&cursor={cursor}"),
    )
    .await;
    assert_eq!(rest["contacts"].as_array().unwrap().len(), 2);
    assert!(rest["pagination"]["next_cursor"].is_null());
    for (preset, status) in [(Preset::Receptionist, 200), (Preset::ReadOnly, 403)] {
        let staff = world.app.staff(&world.tenant, preset).await;
        let answer = world
            .server
            .get("/api/contacts/deleted", &staff.token)
            .await;
        assert_eq!(answer.status, status);
    }
}
