//! Who sees groups, and what of them.

use super::*;

#[tokio::test]
async fn who_does_not_see_a_group_does_not_learn_of_it() {
    let world = World::new().await;
    let desk = world.app.staff(&world.tenant, Preset::Receptionist).await;
    let friend = world.app.staff(&world.tenant, Preset::Receptionist).await;
    let contact = world.contact("Ada Example").await;
    let open = world
        .group(json!({"name": "Open", "initial_contact_ids": [contact]}))
        .await;
    let hidden = world.group(json!({"name": "Hidden", "visibility": "admins_only", "initial_contact_ids": [contact]})).await;
    let custom = world
        .group(json!({"name": "Custom", "visibility": "custom", "visible_to": [friend.id], "initial_contact_ids": [contact]}))
        .await;
    let names = |answer: Answer| -> Vec<String> {
        let groups = answer.body["groups"].as_array().unwrap();
        groups
            .iter()
            .map(|group| group["name"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(
        names(world.server.get("/api/groups", world.admin()).await),
        ["Open", "Hidden", "Custom"]
    );
    assert_eq!(
        names(world.server.get("/api/groups", &desk.token).await),
        ["Open"]
    );
    assert_eq!(
        names(world.server.get("/api/groups", &friend.token).await),
        ["Open", "Custom"]
    );
    for (group, status) in [(&open, 200), (&hidden, 404), (&custom, 404)] {
        let path = format!("/api/groups/{}", group["id"].as_str().unwrap());
        assert_eq!(world.server.get(&path, &desk.token).await.status, status);
        let members = format!("{path}/members");
        let answer = world.server.get(&members, &desk.token).await;
        assert_eq!(answer.status, status);
        if status == 200 {
            assert_eq!(answer.body["members"][0]["other_groups"], json!([]));
        }
        let body = json!({ "contact_ids": [contact] });
        let add = world
            .server
            .post(&format!("{members}/add"), &desk.token, body)
            .await;
        assert_eq!(add.status, status);
    }
}

#[tokio::test]
async fn staff_view_groups_and_the_desk_sorts_contacts_into_them() {
    let world = World::new().await;
    let contact = world.contact("Ada Example").await;
    let group = world.group(json!({"name": "A"})).await;
    let path = format!("/api/groups/{}", group["id"].as_str().unwrap());
    for (preset, sorts) in [
        (Preset::Receptionist, true),
        (Preset::BasicStaff, false),
        (Preset::ReadOnly, false),
    ] {
        let staff = world.app.staff(&world.tenant, preset).await;
        let token = &staff.token;
        assert_eq!(world.server.get(&path, token).await.status, 200);
        assert_eq!(
            world
                .server
                .post("/api/groups", token, json!({"name": "B"}))
                .await
                .status,
            403
        );
        assert_eq!(
            world
                .server
                .patch(&path, token, json!({"name": "B"}))
                .await
                .status,
            403
        );
        assert_eq!(world.server.delete(&path, token).await.status, 403);
        let body = json!({ "contact_ids": [contact] });
        let added = world
            .server
            .post(&format!("{path}/members/add"), token, body)
            .await;
        assert_eq!(added.status, if sorts { 200 } else { 403 }, "{preset:?}");
    }
}
