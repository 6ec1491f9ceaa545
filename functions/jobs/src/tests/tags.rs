//! The list of tags over a table in memory: kept, and carried to the contacts that have a tag.

use http::{Method, StatusCode};
use vio_domain::bulk::MOST_AT_ONCE;

use super::*;

const TAGS: &str = "/api/tags";

async fn tags_of(world: &World, id: ContactId) -> Vec<String> {
    let person = world.tenant.store.person(id).await.unwrap().unwrap();
    let tags = person.contact.tags.iter();
    tags.map(|tag| tag.as_str().to_owned()).collect()
}

/// How many a list with this tag finds.
async fn found(world: &World, tag: &str) -> Value {
    let token = &world.tenant.admin.token;
    let search = json!({ "tag": [tag] });
    let answer = world
        .server
        .post("/api/contacts/search", token, search)
        .await;
    assert_eq!(answer.status, 200, "{:?}", answer.body);
    answer.body["pagination"]["total_contacts"].clone()
}

/// Its path.
async fn made(world: &World, body: Value) -> String {
    let token = &world.tenant.admin.token;
    let answer = world.server.post(TAGS, token, body).await;
    assert_eq!(answer.status, 201, "{:?}", answer.body);
    answer.header("location").unwrap().to_owned()
}

#[tokio::test]
async fn a_list_of_tags_is_kept() {
    let world = World::new().await;
    let (server, token) = (&world.server, &world.tenant.admin.token);
    let other = world.app.tenant("Another", BusinessType::Salon).await;
    let body = json!({"name": "VIP", "description": "Rings the owner", "color": "#EC4899"});
    let headers = [("idempotency-key", "k")];
    let add = || {
        server.send(
            Method::POST,
            TAGS,
            Some(token),
            Some(body.clone()),
            &headers,
        )
    };
    let first = add().await;
    assert_eq!(first.status, StatusCode::CREATED, "{}", first.body);
    assert_eq!(first.body["description"], "Rings the owner");
    assert_eq!(first.body["color"], "#EC4899");
    assert_eq!(add().await.body, first.body);
    let again = server.post(TAGS, token, json!({"name": "vip"})).await;
    assert_eq!(again.problem(), "name-taken");
    let elsewhere = server
        .post(TAGS, &other.admin.token, json!({"name": "vip"}))
        .await;
    assert_eq!(elsewhere.status, StatusCode::CREATED);
    assert_eq!(elsewhere.body["color"], "#3B82F6");
    let path = first.header("location").unwrap();

    let wrong = json!({"name": "x".repeat(51), "description": "x".repeat(256), "color": "pink"});
    let refused = server.patch(path, token, wrong).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(refused.pointers(), ["/name", "/description", "/color"]);
    for (change, field, now) in [
        (json!({"name": "Vip"}), "name", json!("Vip")),
        (json!({"color": "#EF4444"}), "color", json!("#EF4444")),
        (json!({"description": null}), "description", json!(null)),
        (json!({"name": "regular"}), "name", json!("regular")),
    ] {
        let changed = server.patch(path, token, change).await;
        assert_eq!(changed.status, StatusCode::OK, "{}", changed.body);
        assert_eq!(changed.body[field], now);
    }
    let stale = [("if-match", "\"v1\"")];
    let change = Some(json!({"name": "late"}));
    let late = server
        .send(Method::PATCH, path, Some(token), change, &stale)
        .await;
    assert_eq!(late.status, StatusCode::PRECONDITION_FAILED);
    let listed = server.get(TAGS, token).await;
    assert_eq!(listed.body["tags"][0]["name"], "regular");
    assert_eq!(listed.body["tags"][0]["color"], "#EF4444");

    made(&world, json!({"name": "vip"})).await;
    let taken = server.patch(path, token, json!({"name": "VIP"})).await;
    assert_eq!(taken.problem(), "name-taken");
    for foreign in [
        server.delete(path, &other.admin.token).await,
        server
            .patch(path, &other.admin.token, json!({"name": "Mine"}))
            .await,
    ] {
        assert_eq!(foreign.status, StatusCode::NOT_FOUND);
    }
    let gone = server.delete(path, token).await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT);
    made(&world, json!({"name": "Regular"})).await;
}

#[tokio::test]
async fn another_name_reaches_everybody_who_has_the_tag() {
    let world = World::new().await;
    let (server, token) = (&world.server, &world.tenant.admin.token);
    let path = made(&world, json!({"name": "vip"})).await;
    let few = world.tagged(3, &["before", "VIP", "after"]).await;
    let both = world.tagged(1, &["vip", "regular"]).await[0];
    let nobody = world.tagged(1, &["vip lounge"]).await[0];
    let changed = server.patch(&path, token, json!({"name": "regular"})).await;
    assert_eq!(changed.status, StatusCode::OK, "{}", changed.body);
    assert_eq!(changed.body["job"]["status"], "completed");
    assert_eq!(changed.body["job"]["kind"], "bulk_tags");
    assert_eq!(changed.body["job"]["summary"]["changed"], 4);
    for id in &few {
        assert_eq!(tags_of(&world, *id).await, ["before", "regular", "after"]);
    }
    assert_eq!(tags_of(&world, both).await, ["regular"]);
    assert_eq!(tags_of(&world, nobody).await, ["vip lounge"]);
    assert_eq!(
        (found(&world, "vip").await, found(&world, "regular").await),
        (json!(0), json!(4))
    );

    // A change that is refused reaches nobody.
    made(&world, json!({"name": "taken"})).await;
    let refused = server.patch(&path, token, json!({"name": "taken"})).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    assert_eq!(found(&world, "regular").await, 4);

    let gone = server.delete(&path, token).await;
    assert_eq!(gone.status, StatusCode::NO_CONTENT);
    assert_eq!(found(&world, "regular").await, 0);
    assert_eq!(tags_of(&world, few[0]).await, ["before", "after"]);
}

#[tokio::test]
async fn a_tag_of_many_is_changed_by_a_job() {
    let world = World::new().await;
    let (server, token) = (&world.server, &world.tenant.admin.token);
    let path = made(&world, json!({"name": "vip"})).await;
    let many = MOST_AT_ONCE + 5;
    world.tagged(many, &["vip"]).await;
    let changed = server.patch(&path, token, json!({"name": "regular"})).await;
    assert_eq!(changed.status, StatusCode::OK, "{}", changed.body);
    assert_eq!(changed.body["job"]["status"], "running");
    world.work().await;
    let job = world
        .job(changed.body["job"]["job_id"].as_str().unwrap())
        .await;
    assert_eq!(
        (&job["status"], &job["summary"]["changed"]),
        (&json!("completed"), &json!(many))
    );
    assert_eq!(found(&world, "regular").await, many);

    let gone = server.delete(&path, token).await;
    assert_eq!(gone.status, StatusCode::ACCEPTED, "{}", gone.body);
    let place = gone.header("location").unwrap().to_owned();
    world.work().await;
    let job = server.get(&place, token).await;
    assert_eq!(job.body["status"], "completed", "{}", job.body);
    assert_eq!(found(&world, "regular").await, 0);
    // It is the list that was changed too: that is not taken back as a whole.
    let undo = server
        .post(&format!("{place}/undo"), token, json!({}))
        .await;
    assert_eq!(undo.status, StatusCode::CONFLICT, "{}", undo.body);
}
