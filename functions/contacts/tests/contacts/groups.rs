//! The groups of a contact: given when it is made or changed, shown to who sees them.

use serde_json::{Value, json};
use vio_domain::groups::{GroupName, Visibility};
use vio_domain::ids::GroupId;
use vio_domain::permission::Preset;
use vio_store::groups::GroupRow;
use vio_store::tx::Tx;

use crate::support::{World, named, zoe};

async fn group(world: &World, name: &str, visibility: Visibility) -> GroupId {
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
        created_by: None,
        created_at: ts.now(),
        updated_at: ts.now(),
    };
    let mut tx = Tx::new();
    ts.create_group(&mut tx, &mut row).unwrap();
    ts.store.commit(tx).await.unwrap();
    row.id
}

async fn members(world: &World, id: GroupId) -> (u32, usize) {
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
