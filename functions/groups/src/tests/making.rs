//! Groups are made, read, changed and deleted.

use super::*;

#[tokio::test]
async fn a_group_is_made_read_changed_and_deleted() {
    let world = World::new().await;
    let made = world
        .group(json!({"name": " Follow-up ", "description": "After the visit", "color": "#f59e0b", "icon": "📋"}))
        .await;
    assert_eq!(made["name"], "Follow-up");
    assert_eq!(made["color"], "#F59E0B");
    assert_eq!(made["contact_count"], 0);
    assert_eq!(made["visibility"], "all_staff");
    let path = format!("/api/groups/{}", made["id"].as_str().unwrap());
    let read = world.server.get(&path, world.admin()).await;
    assert_eq!(read.body, made);
    let tag = read.header("etag").unwrap().to_owned();
    let edit = json!({"description": null, "color": "#14B8A6"});
    let send = |body: Value, tag: String| {
        let (server, path, token) = (&world.server, &path, world.admin());
        async move {
            server
                .send(
                    Method::PATCH,
                    path,
                    Some(token),
                    Some(body),
                    &[("if-match", &tag)],
                )
                .await
        }
    };
    let changed = send(edit.clone(), tag.clone()).await;
    assert_eq!(changed.status, 200, "{:?}", changed.body);
    assert_eq!(changed.body["description"], Value::Null);
    assert_eq!(changed.body["color"], "#14B8A6");
    assert_eq!(changed.body["name"], "Follow-up");
    assert_eq!(send(json!({"name": "Later"}), tag).await.status, 412);
    assert_eq!(world.server.delete(&path, world.admin()).await.status, 204);
    assert_eq!(world.server.get(&path, world.admin()).await.status, 404);
    for (action, kind) in [
        ("group.created", LogKind::Change),
        ("group.updated", LogKind::Change),
        ("group.deleted", LogKind::Change),
        ("group.viewed", LogKind::Access),
    ] {
        assert_eq!(world.logged(kind, action).await, 1, "{action}");
    }
    // The name is free again.
    world.group(json!({"name": "follow-up"})).await;
}

#[tokio::test]
async fn a_name_is_taken_whatever_its_case() {
    let world = World::new().await;
    world.group(json!({"name": "VIP Clients"})).await;
    let again = world
        .server
        .post(
            "/api/groups",
            world.admin(),
            json!({"name": "vip  clients"}),
        )
        .await;
    assert_eq!(
        (again.status.as_u16(), again.problem()),
        (409, "name-taken")
    );
    let other = world.group(json!({"name": "Others"})).await;
    let path = format!("/api/groups/{}", other["id"].as_str().unwrap());
    let renamed = world
        .server
        .patch(&path, world.admin(), json!({"name": "Vip clients"}))
        .await;
    assert_eq!(renamed.problem(), "name-taken");
    // The case of its own name may change.
    let own = world
        .server
        .patch(&path, world.admin(), json!({"name": "OTHERS"}))
        .await;
    assert_eq!(own.status, 200);
}

#[tokio::test]
async fn wrong_fields_are_named_and_nothing_is_made() {
    let world = World::new().await;
    let stranger = "0192f0c1-2b3c-7def-8abc-0123456789ab";
    for (body, pointer) in [
        (json!({}), "/name"),
        (json!({"name": "  "}), "/name"),
        (json!({"name": "x".repeat(51)}), "/name"),
        (
            json!({"name": "A", "description": "x".repeat(256)}),
            "/description",
        ),
        (json!({"name": "A", "color": "#722F37"}), "/color"),
        // The wine club template's own.
        (json!({"name": "A", "color": "#7C2D12"}), "/color"),
        (json!({"name": "A", "archived": true}), "/archived"),
        (json!({"name": "A", "icon": "🚀"}), "/icon"),
        (json!({"name": "A", "visibility": "friends"}), "/visibility"),
        (json!({"name": "A", "visibility": "custom"}), "/visible_to"),
        (json!({"name": "A", "visible_to": []}), "/visible_to"),
        (
            json!({"name": "A", "visibility": "custom", "visible_to": [stranger]}),
            "/visible_to/0",
        ),
        (
            json!({"name": "A", "initial_contact_ids": [stranger]}),
            "/initial_contact_ids/0",
        ),
    ] {
        let answer = world
            .server
            .post("/api/groups", world.admin(), body.clone())
            .await;
        assert_eq!(answer.status, 422, "{body}");
        assert_eq!(answer.pointers(), [pointer], "{body}");
    }
    let list = world.server.get("/api/groups", world.admin()).await;
    assert_eq!(list.body["groups"], json!([]));
}

#[tokio::test]
async fn a_repeated_request_makes_one_group() {
    let world = World::new().await;
    let ids = world.contacts(2).await;
    let body = json!({"name": "A", "initial_contact_ids": ids});
    let mut answers = Vec::new();
    for _ in 0..2 {
        let headers = [("idempotency-key", "once-and-only-once")];
        let answer = world
            .server
            .send(
                Method::POST,
                "/api/groups",
                Some(world.admin()),
                Some(body.clone()),
                &headers,
            )
            .await;
        assert_eq!(answer.status, 201, "{:?}", answer.body);
        answers.push(answer.body);
    }
    assert_eq!(answers[0], answers[1]);
    assert_eq!(world.count(&answers[0]).await, (2, 2));
}
