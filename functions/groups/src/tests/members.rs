//! Members come, go, and are listed and counted.

use super::*;

#[tokio::test]
async fn members_come_and_go_and_are_counted_exactly() {
    let world = World::new().await;
    let ids = world.contacts(70).await;
    let group = world
        .group(json!({"name": "A", "initial_contact_ids": &ids[..5]}))
        .await;
    assert_eq!(group["contact_count"], 5);
    let added = world.add(&group, &ids[..]).await;
    assert_eq!(
        added.body,
        json!({"added": 65, "already_in_group": 5, "contact_count": 70})
    );
    let again = world.add(&group, &ids[..10]).await;
    assert_eq!(
        again.body,
        json!({"added": 0, "already_in_group": 10, "contact_count": 70})
    );
    assert_eq!(world.count(&group).await, (70, 70));
    assert_eq!(
        world.logged(LogKind::Change, "group.member_added").await,
        70
    );

    let path =
        |id: ContactId| format!("/api/groups/{}/members/{id}", group["id"].as_str().unwrap());
    assert_eq!(
        world
            .server
            .delete(&path(ids[0]), world.admin())
            .await
            .status,
        204
    );
    assert_eq!(
        world
            .server
            .delete(&path(ids[0]), world.admin())
            .await
            .status,
        404
    );
    assert_eq!(world.count(&group).await, (69, 69));
    // A deleted contact is in no group; restored, it is back in it.
    let deleted = vio_domain::contact::Deleted {
        at: world.tenant.store.now(),
        by: None,
    };
    world
        .change(ids[1], |contact| contact.deleted = Some(deleted))
        .await;
    assert_eq!(world.count(&group).await, (68, 68));
    world.change(ids[1], |contact| contact.deleted = None).await;
    assert_eq!(world.count(&group).await, (69, 69));
    // An edit of the contact counts too, and a group that is gone is taken off it.
    let other = world.group(json!({"name": "B"})).await;
    let [first, second] =
        [&group, &other].map(|g| g["id"].as_str().unwrap().parse::<GroupId>().unwrap());
    world
        .change(ids[2], |contact| contact.group_ids = vec![second])
        .await;
    assert_eq!(
        (world.count(&group).await, world.count(&other).await),
        ((68, 68), (1, 1))
    );
    let gone = GroupId::new(world.tenant.store.new_id());
    world
        .change(ids[2], |contact| {
            contact.group_ids = vec![first, gone, second]
        })
        .await;
    let person = world.tenant.store.person(ids[2]).await.unwrap().unwrap();
    assert_eq!(person.contact.group_ids, [first, second]);
    assert_eq!(world.count(&group).await, (69, 69));
}

#[tokio::test]
async fn one_unknown_contact_and_nothing_is_added() {
    let world = World::new().await;
    let mut ids = world.contacts(3).await;
    ids.push(ContactId::new(world.tenant.store.new_id()));
    let other = world.app.tenant("Other Salon", BusinessType::Salon).await;
    let group = world.group(json!({"name": "A"})).await;
    let answer = world.add(&group, &ids).await;
    assert_eq!(answer.status, 422);
    assert_eq!(answer.pointers(), ["/contact_ids/3"]);
    assert_eq!(world.count(&group).await, (0, 0));
    let many = vec![ids[0]; 101];
    assert_eq!(world.add(&group, &many).await.pointers(), ["/contact_ids"]);
    assert_eq!(world.add(&group, &[]).await.pointers(), ["/contact_ids"]);
    // Another business's group is not there.
    let path = format!("/api/groups/{}", group["id"].as_str().unwrap());
    let foreign = world.server.get(&path, &other.admin.token).await;
    assert_eq!(foreign.status, 404);
    let add = format!("{path}/members/add");
    let body = json!({ "contact_ids": [ids[0]] });
    assert_eq!(
        world
            .server
            .post(&add, &other.admin.token, body)
            .await
            .status,
        404
    );
}

#[tokio::test]
async fn members_are_listed_in_pages_with_their_groups() {
    let world = World::new().await;
    let ids = world.contacts(23).await;
    let group = world
        .group(json!({"name": "A", "initial_contact_ids": ids}))
        .await;
    let other = world
        .group(json!({"name": "B", "initial_contact_ids": &ids[..1]}))
        .await;
    let base = format!("/api/groups/{}/members", group["id"].as_str().unwrap());
    let mut path = format!("{base}?page_size=10");
    let mut seen = Vec::new();
    loop {
        let page = world.server.get(&path, world.admin()).await;
        assert_eq!(page.status, 200, "{:?}", page.body);
        assert_eq!(page.body["group_info"]["total_members"], 23);
        assert_eq!(page.body["pagination"]["total_members"], 23);
        assert_eq!(page.body["pagination"]["total_pages"], 3);
        for member in page.body["members"].as_array().unwrap() {
            seen.push(member["id"].as_str().unwrap().to_owned());
            let others = member["other_groups"].as_array().unwrap();
            assert_eq!(others.len(), usize::from(member["id"] == json!(ids[0])));
            assert!(others.iter().all(|id| *id == other["id"]));
            assert_eq!(member["added_by_user"], json!(world.tenant.admin.id));
        }
        match page.body["pagination"]["next_cursor"].as_str() {
            Some(cursor) => path = format!("{base}?page_size=10&cursor={cursor}"),
            None => break,
        }
    }
    let expected: Vec<String> = ids.iter().map(ToString::to_string).collect();
    assert_eq!(seen, expected);
    let third = world
        .server
        .get(&format!("{base}?page_size=10&page=3"), world.admin())
        .await;
    assert_eq!(third.body["members"].as_array().unwrap().len(), 3);
    for (query, status) in [
        ("page_size=9", 400),
        ("page_size=101", 400),
        ("sort_by=name", 200),
        ("sort_by=size", 400),
        ("status_filter=waiting", 400),
        ("x=1", 400),
    ] {
        let answer = world
            .server
            .get(&format!("{base}?{query}"), world.admin())
            .await;
        assert_eq!(answer.status, status, "{query}");
    }
}
