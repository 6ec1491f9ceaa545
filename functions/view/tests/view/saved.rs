//! Filters that somebody keeps under a name.

use serde_json::{Value, json};
use vio_domain::permission::Preset;
use vio_store::key::LogKind;

use crate::support::{World, ids};

const SAVED: &str = "/api/saved-filters";

fn week() -> Value {
    json!({ "appointment": "this_week", "status": ["pending"], "tag": "vip", "sort": ["name"] })
}

async fn names(world: &World, token: &str) -> Vec<String> {
    let answer = world.another().server.get(SAVED, token).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let list = answer.body["saved_filters"].as_array().unwrap();
    let name = |one: &Value| one["name"].as_str().unwrap().to_owned();
    list.iter().map(name).collect()
}

#[tokio::test]
async fn a_filter_is_kept_changed_used_and_removed() {
    let world = World::salon().await;
    let (server, token) = (&world.first.server, world.token());
    let body = json!({ "name": "  This week ", "filters": week() });
    let made = server.post(SAVED, token, body).await;
    assert_eq!(made.status, 201, "{}", made.body);
    assert_eq!(made.header("etag"), Some("\"v1\""));
    let path = made.header("location").unwrap().to_owned();
    assert_eq!(
        path,
        format!("{SAVED}/{}", made.body["id"].as_str().unwrap())
    );
    assert_eq!(made.body["name"], "This week");
    assert_eq!(made.body["filters"], week());

    // What was saved is what a search takes.
    let vip = json!({ "name": "Ada Example", "phone": "07912345001", "tags": ["vip"], "appointment_time": "2026-03-04T10:30" });
    let ada = world.made(vip).await;
    world.some(1).await;
    let listed = server.get(SAVED, token).await;
    let filters = listed.body["saved_filters"][0]["filters"].clone();
    assert_eq!(
        ids(&world.first.search(filters, token).await),
        [ada.as_str()]
    );

    let other = json!({ "filters": { "search": "marmalade" } });
    let headers = [("if-match", "\"v7\"")];
    let patch = http::Method::PATCH;
    let stale = server
        .send(patch, &path, Some(token), Some(other.clone()), &headers)
        .await;
    assert_eq!(stale.status, 412);
    let changed = server.patch(&path, token, other.clone()).await;
    assert_eq!(changed.status, 200, "{}", changed.body);
    assert_eq!(changed.body["version"], 2);
    assert_eq!(changed.body["name"], "This week");
    assert_eq!(changed.body["filters"], other["filters"]);
    let same = server.patch(&path, token, other.clone()).await;
    assert_eq!(same.body["version"], 2, "nothing changed");
    // How it is shown is kept with it, and taken back by null.
    assert_eq!(changed.body["view"], Value::Null);
    let shown = json!({ "view": "list", "columns": ["name", "email"] });
    let shown = server.patch(&path, token, shown).await;
    assert_eq!(shown.status, 200, "{}", shown.body);
    assert_eq!(shown.body["filters"], other["filters"]);
    let listed = server.get(SAVED, token).await;
    let kept = &listed.body["saved_filters"][0];
    assert_eq!(kept["view"], "list");
    assert_eq!(kept["columns"], json!(["name", "email"]));
    let back = json!({ "columns": null });
    let back = server.patch(&path, token, back).await;
    assert_eq!(back.body["columns"], Value::Null);
    assert_eq!(back.body["view"], "list");
    for (wrong, pointer) in [
        (json!({ "columns": ["name", "name"] }), "/columns"),
        (json!({ "columns": ["<b>"] }), "/columns"),
        (json!({ "view": "table" }), "/view"),
    ] {
        let refused = server.patch(&path, token, wrong).await;
        assert_eq!(refused.status, 422, "{}", refused.body);
        assert_eq!(refused.body["errors"][0]["pointer"], pointer);
    }
    let renamed = server
        .patch(&path, token, json!({ "name": "THIS week" }))
        .await;
    assert_eq!(renamed.body["name"], "THIS week");

    // What was sought lies sealed, in the record and in the log.
    let store = &world.tenant.store;
    let rows = store.read_log(LogKind::Change, None, 10).await.unwrap();
    let row = rows
        .into_iter()
        .find(|row| row.action == "saved_filter.updated");
    let details = store.open_log(row.unwrap()).await.unwrap().details.unwrap();
    assert_eq!(details["after"]["filters"]["search"], "marmalade");
    for item in world.first.app.table.dump() {
        let text = format!("{item:?}").to_lowercase();
        assert!(!text.contains("marmalade") && !text.contains("this week"));
    }

    assert_eq!(server.delete(&path, token).await.status, 204);
    assert_eq!(server.delete(&path, token).await.status, 404);
    assert!(names(&world, token).await.is_empty());
    let again = json!({ "name": "this WEEK", "filters": {} });
    assert_eq!(server.post(SAVED, token, again).await.status, 201);
}

#[tokio::test]
async fn everybody_has_their_own() {
    let world = World::salon().await;
    let server = &world.first.server;
    let staff = world.first.app.staff(&world.tenant, Preset::Receptionist);
    let staff = staff.await;
    let mine = world.saved_filter("Mine").await;
    assert_eq!(names(&world, world.token()).await, ["Mine"]);
    assert!(names(&world, &staff.token).await.is_empty());
    let path = format!("{SAVED}/{mine}");
    let change = json!({ "name": "Theirs" });
    assert_eq!(server.patch(&path, &staff.token, change).await.status, 404);
    assert_eq!(server.delete(&path, &staff.token).await.status, 404);
    // A name is taken for one user.
    let body = json!({ "name": "mine", "filters": { "own": true } });
    let taken = server.post(SAVED, world.token(), body.clone()).await;
    assert_eq!(
        (taken.status.as_u16(), taken.problem()),
        (409, "name-taken")
    );
    assert_eq!(server.post(SAVED, &staff.token, body).await.status, 201);
    assert_eq!(names(&world, &staff.token).await, ["mine"]);
}

#[tokio::test]
async fn only_what_can_be_used_is_saved() {
    let world = World::salon().await;
    let (server, token) = (&world.first.server, world.token());
    let hidden = world.group("Admins", json!({ "visibility": "admins_only" }));
    let hidden = hidden.await;
    let staff = world.first.app.staff(&world.tenant, Preset::Receptionist);
    let staff = staff.await;
    for (filters, pointer) in [
        (json!({ "status": "asleep" }), "/filters/status"),
        (json!({ "group_ids": ["vip"] }), "/filters/group_ids"),
        (json!({ "group_ids": [hidden] }), "/filters/group_ids/0"),
        (json!({ "page": 2 }), "/filters/page"),
        (json!({ "page_size": 25 }), "/filters/page_size"),
        (json!({ "cursor": "abc" }), "/filters/cursor"),
        (json!({ "search": "\"open" }), "/filters/search"),
    ] {
        let body = json!({ "name": "Wrong", "filters": filters });
        let answer = server.post(SAVED, &staff.token, body).await;
        let said = (answer.status.as_u16(), answer.pointers());
        assert_eq!(said, (422, vec![pointer]), "{}", answer.body);
    }
    let answer = server.post(SAVED, token, json!({})).await;
    assert_eq!(answer.pointers(), ["/name", "/filters"]);
    for n in 0..50 {
        world.saved_filter(&format!("Filter {n}")).await;
    }
    let body = json!({ "name": "One more", "filters": {} });
    let full = server.post(SAVED, token, body).await;
    assert_eq!((full.status.as_u16(), full.problem()), (409, "conflict"));
    assert_eq!(names(&world, token).await.len(), 50);
}
