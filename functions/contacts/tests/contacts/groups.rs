//! The groups of a contact: given when it is made or changed, shown to who sees them.

use serde_json::{Value, json};
use vio_domain::groups::{GroupName, Visibility};
use vio_domain::ids::GroupId;
use vio_domain::permission::Preset;
use vio_store::groups::GroupRow;
use vio_store::tx::Tx;

use crate::support::{World, named, zoe};

pub(crate) async fn group(world: &World, name: &str, visibility: Visibility) -> GroupId {
    let ts = &world.tenant.store;
    let mut row = GroupRow {
        tenant: ts.id,
        id: GroupId::new(ts.new_id()),
        version: 0,
        edit_version: 1,
        name: GroupName::parse(name).unwrap(),
        description: None,
        color: Default::default(),
        icon: None,
        visibility,
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
    row.id
}

pub(crate) async fn members(world: &World, id: GroupId) -> (u32, usize) {
    let ts = &world.tenant.store;
    let counted = ts.group(id).await.unwrap().unwrap().members;
    (counted, ts.members(id, 100, None).await.unwrap().0.len())
}

#[tokio::test]
async fn a_contact_joins_and_leaves_groups_as_it_is_written() {
    let world = World::salon().await;
    let first = group(&world, "First", Visibility::AllStaff).await;
    let second = group(&world, "Second", Visibility::AllStaff).await;
    let mut body = zoe();
    body["group_ids"] = json!([first, first]);
    let id = world.made(body).await;
    assert_eq!(world.read(&id).await["group_ids"], json!([first]));
    assert_eq!(members(&world, first).await, (1, 1));
    let changed = world.patch(&id, json!({"group_ids": [second]})).await;
    assert_eq!(changed.body["group_ids"], json!([second]));
    assert_eq!(
        (members(&world, first).await, members(&world, second).await),
        ((0, 0), (1, 1))
    );
    // What is not sent stays; null empties.
    assert_eq!(
        world.patch(&id, json!({"notes": "Later"})).await.body["group_ids"],
        json!([second])
    );
    assert_eq!(
        world.patch(&id, json!({"group_ids": null})).await.body["group_ids"],
        json!([])
    );
    assert_eq!(members(&world, second).await, (0, 0));
    // A deleted group is no group of anybody's.
    world.patch(&id, json!({"group_ids": [first]})).await;
    let ts = &world.tenant.store;
    let row = ts.group(first).await.unwrap().unwrap();
    let mut tx = Tx::new();
    ts.delete_group(&mut tx, &row);
    ts.store.commit(tx).await.unwrap();
    assert_eq!(world.read(&id).await["group_ids"], json!([]));
    let again = world.patch(&id, json!({"group_ids": [first]})).await;
    assert_eq!(again.pointers(), ["/group_ids/0"]);
}

#[tokio::test]
async fn an_edit_leaves_the_groups_alone_that_the_editor_does_not_see() {
    let world = World::salon().await;
    let open = group(&world, "Open", Visibility::AllStaff).await;
    let hidden = group(&world, "Hidden", Visibility::AdminsOnly).await;
    let mut body = zoe();
    body["group_ids"] = json!([open, hidden]);
    let id = world.made(body).await;
    let path = format!("/api/contacts/{id}");
    let desk = world.app.staff(&world.tenant, Preset::Receptionist).await;
    let seen = world.server.get(&path, &desk.token).await;
    assert_eq!(seen.body["group_ids"], json!([open]));
    let list = world.server.get("/api/contacts", &desk.token).await;
    assert_eq!(list.body["contacts"][0]["group_ids"], json!([open]));
    let emptied = world
        .server
        .patch(&path, &desk.token, json!({"group_ids": []}))
        .await;
    assert_eq!(emptied.body["group_ids"], json!([]));
    assert_eq!(world.read(&id).await["group_ids"], json!([hidden]));
    let sneaked = world
        .server
        .patch(&path, &desk.token, json!({"group_ids": [hidden]}))
        .await;
    assert_eq!(sneaked.pointers(), ["/group_ids/0"]);
}

#[tokio::test]
async fn basic_staff_does_not_sort_contacts_into_groups() {
    let world = World::salon().await;
    let open = group(&world, "Open", Visibility::AllStaff).await;
    let basic = world.app.staff(&world.tenant, Preset::BasicStaff).await;
    let send = |body: Value| {
        let (server, token) = (&world.server, &basic.token);
        async move { server.post("/api/contacts", token, body).await }
    };
    let mut body = named("Ben Sample", "07912 345679");
    body["group_ids"] = json!([open]);
    assert_eq!(send(body.clone()).await.status, 403);
    // An empty list is no wish.
    body["group_ids"] = json!([]);
    let made = send(body).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let path = format!("/api/contacts/{}", made.body["id"].as_str().unwrap());
    let joined = world
        .server
        .patch(&path, &basic.token, json!({"group_ids": [open]}))
        .await;
    assert_eq!(joined.status, 403);
    assert_eq!(members(&world, open).await, (0, 0));
}

#[tokio::test]
async fn an_archived_group_is_on_no_card_and_stays_through_edits() {
    let world = World::salon().await;
    let old = group(&world, "Old", Visibility::AllStaff).await;
    let new = group(&world, "New", Visibility::AllStaff).await;
    let mut body = zoe();
    body["group_ids"] = json!([old]);
    let id = world.made(body).await;
    let ts = &world.tenant.store;
    let mut row = ts.group(old).await.unwrap().unwrap();
    row.archived_at = Some(ts.now());
    let (mut tx, name) = (Tx::new(), row.name.clone());
    ts.edit_group(&mut tx, &mut row, &name).unwrap();
    ts.store.commit(tx).await.unwrap();
    assert_eq!(world.read(&id).await["group_ids"], json!([]));
    let refused = world.patch(&id, json!({"group_ids": [new, old]})).await;
    assert_eq!(refused.pointers(), ["/group_ids/1"]);
    let changed = world.patch(&id, json!({"group_ids": [new]})).await;
    assert_eq!(changed.body["group_ids"], json!([new]));
    assert_eq!(members(&world, old).await, (1, 1), "it is in it still");
}

#[tokio::test]
async fn a_history_names_no_group_that_its_reader_does_not_see() {
    let world = World::salon().await;
    let open = group(&world, "Open", Visibility::AllStaff).await;
    let hidden = group(&world, "Hidden", Visibility::AdminsOnly).await;
    let mut body = zoe();
    body["group_ids"] = json!([open, hidden]);
    let id = world.made(body).await;
    world.patch(&id, json!({"group_ids": [open]})).await;
    let ts = &world.tenant.store;
    let actor = vio_store::log::Actor::system("test");
    let contact = id.parse().unwrap();
    ts.join_group(hidden, &[contact], &actor).await.unwrap();
    let path = format!("/api/contacts/{id}/history");
    let admin = world.server.get(&path, &world.tenant.admin.token).await;
    assert_eq!(admin.status, 200);
    assert!(admin.body.to_string().matches(&hidden.to_string()).count() >= 3);
    let desk = world.app.staff(&world.tenant, Preset::Receptionist).await;
    let seen = world.server.get(&path, &desk.token).await;
    assert_eq!(seen.status, 200);
    assert!(!seen.body.to_string().contains(&hidden.to_string()));
    assert!(seen.body.to_string().contains(&open.to_string()));
}
