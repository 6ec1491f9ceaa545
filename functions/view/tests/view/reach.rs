//! Who sees what.

use serde_json::json;
use vio_domain::permission::Preset;
use vio_domain::settings::{AppointmentType, Sensitivity};

use crate::support::{SOON, World, ids};

#[tokio::test]
async fn own_contacts_only() {
    let world = World::salon().await;
    world.some(3).await;
    let staff = world
        .first
        .app
        .staff(&world.tenant, Preset::BasicStaff)
        .await;
    let mine = json!({ "name": "My Own", "phone": "07912 999999" });
    let server = &world.first.server;
    let own = server.post("/api/contacts", &staff.token, mine).await;
    assert_eq!(own.status, 201, "{}", own.body);
    let list = world.first.get("sort=name", &staff.token).await;
    assert_eq!(ids(&list), [own.body["id"].as_str().unwrap()]);
    assert_eq!(list.body["facets"]["status"]["pending"], 1);
    assert_eq!(ids(&world.get("sort=name").await).len(), 4);
    let found = json!({ "search": "person" });
    let found = world.first.search(found, &staff.token).await;
    assert!(ids(&found).is_empty());
}

#[tokio::test]
async fn groups_that_are_not_shown() {
    let world = World::salon().await;
    let made = world.some(2).await;
    let desk = world
        .first
        .app
        .staff(&world.tenant, Preset::Receptionist)
        .await;
    let initial = |n: usize| json!([made[n]]);
    let open = world
        .group("Open", json!({ "initial_contact_ids": initial(0) }))
        .await;
    let closed = world
        .group(
            "Closed",
            json!({ "visibility": "admins_only", "initial_contact_ids": initial(1) }),
        )
        .await;
    let hers = world.first.get("sort=name", &desk.token).await;
    let groups = hers.body["facets"]["groups"].as_array().unwrap();
    assert_eq!(groups, &[json!({ "id": open, "count": 1 })]);
    assert_eq!(hers.body["facets"]["ungrouped"], 1);
    assert_eq!(hers.body["contacts"][0]["groups"][0]["name"], "Open");
    assert_eq!(hers.body["contacts"][1]["group_count"], 0);
    let query = format!("group_ids={closed}");
    assert_eq!(world.first.get(&query, &desk.token).await.status, 400);
    let path = format!("/api/groups/{closed}/contacts");
    let hers = world.first.server.get(&path, &desk.token).await;
    assert_eq!(hers.status, 404);
    assert_eq!(ids(&world.get(&query).await), [made[1].clone()]);
    let ungrouped = world.first.get("ungrouped=true", &desk.token).await;
    assert_eq!(ids(&ungrouped), [made[1].clone()]);
}

#[tokio::test]
async fn sensitive_types_are_neither_shown_nor_found() {
    let world = World::salon().await;
    world
        .set(|settings| {
            settings.appointment_types.push(AppointmentType {
                name: "Fertility".parse().unwrap(),
                sensitivity: Sensitivity::Sensitive,
                spoken_as: None,
            });
        })
        .await;
    world
        .made(
            json!({ "name": "Ann Bell", "phone": "07912 345678", "appointment_time": SOON,
            "appointment_type": "Fertility" }),
        )
        .await;
    let reader = world.first.app.staff(&world.tenant, Preset::ReadOnly).await;
    let theirs = world.first.get("sort=name", &reader.token).await;
    assert!(theirs.body["contacts"][0]["appointment_type"].is_null());
    let search = json!({ "search": "fertil" });
    let found = world.first.search(search.clone(), &reader.token).await;
    assert!(ids(&found).is_empty());
    let ours = world.first.search(search, world.token()).await;
    assert_eq!(ours.body["contacts"][0]["appointment_type"], "Fertility");
}

#[tokio::test]
async fn another_tenant_sees_nothing_of_it() {
    let world = World::salon().await;
    let mine = world.some(2).await;
    let other = world
        .first
        .app
        .tenant("Hillside", vio_domain::settings::BusinessType::Salon)
        .await;
    let list = world.first.get("sort=name", &other.admin.token).await;
    assert!(ids(&list).is_empty());
    assert_eq!(world.first.views.tenants(), 1);
    assert_eq!(ids(&world.get("sort=name").await), mine);
    assert_eq!(world.first.views.tenants(), 2);
    let cursor_of = |answer: &vio_runtime::testing::Answer| {
        let cursor = answer.body["pagination"]["next_cursor"].as_str();
        cursor.map(str::to_owned)
    };
    world.some(0).await;
    for n in 10..22 {
        world.made(crate::support::numbered(n)).await;
    }
    let cursor = cursor_of(&world.get("page_size=10").await).unwrap();
    let query = format!("page_size=10&cursor={cursor}");
    let foreign = world.first.get(&query, &other.admin.token).await;
    assert_eq!(foreign.status, 400, "another tenant's cursor does not open");
}
