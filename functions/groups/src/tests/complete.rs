//! Groups beyond making them: archived, sorted, searched, compared, of templates and suggestions, their history, and
//! many people at once.

use chrono::TimeDelta;
use vio_store::contacts::NewAppointment;

use super::*;

/// Contacts with an appointment of this type, `days` from now.
async fn booked(world: &World, count: usize, kind: &str, days: i64) -> Vec<ContactId> {
    let ts = &world.tenant.store;
    let settings = ts.settings().await.unwrap().settings;
    let mut ids = Vec::new();
    for n in 0..count {
        let id = ContactId::new(ts.new_id());
        let name = format!(
            "Person {}",
            ["Ada", "Bea", "Cyd", "Dot", "Eve", "Fay"][n % 6]
        );
        let new = NewContact::named(id, name.parse().unwrap());
        let zone = settings.business.timezone;
        let time = ts.now() + TimeDelta::days(days) + TimeDelta::minutes(n as i64);
        let mut appointment =
            NewAppointment::at(time, zone, &settings, Default::default(), ts.now());
        appointment.appointment_type = Some(kind.parse().unwrap());
        let made = ts
            .create_contact(
                &settings,
                &new,
                Some(&appointment),
                vio_domain::person::OnDuplicate::CreateNew,
                &Actor::system("test"),
            )
            .await
            .unwrap();
        assert!(matches!(made, Created::Made { .. }));
        ids.push(id);
    }
    ids
}

fn names(answer: &Answer, list: &str, field: &str) -> Vec<String> {
    let rows = answer.body[list].as_array().unwrap();
    rows.iter()
        .map(|row| row[field].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn an_archived_group_is_out_of_sight_closed_and_brought_back() {
    let world = World::new().await;
    let ids = world.contacts(2).await;
    let group = world
        .group(json!({"name": "A", "initial_contact_ids": &ids[..1]}))
        .await;
    world.group(json!({"name": "B"})).await;
    let path = format!("/api/groups/{}", group["id"].as_str().unwrap());
    let archived = world
        .server
        .patch(&path, world.admin(), json!({"archived": true}))
        .await;
    assert_eq!(archived.status, 200);
    assert!(archived.body["archived_at"].is_string());
    let list = world.server.get("/api/groups", world.admin()).await;
    assert_eq!(names(&list, "groups", "name"), ["B"]);
    assert_eq!(list.body["stats"]["archived_groups"], 1);
    let list = world
        .server
        .get("/api/groups?archived=true", world.admin())
        .await;
    assert_eq!(names(&list, "groups", "name"), ["A"]);
    let refused = world.add(&group, &ids).await;
    assert_eq!(
        (refused.status.as_u16(), refused.problem()),
        (409, "group-archived")
    );
    assert_eq!(world.count(&group).await, (1, 1));
    let back = world
        .server
        .patch(&path, world.admin(), json!({"archived": false}))
        .await;
    assert_eq!(back.body["archived_at"], Value::Null);
    assert_eq!(world.add(&group, &ids).await.body["added"], 1);
}

#[tokio::test]
async fn the_list_is_sorted_searched_and_counted() {
    let world = World::new().await;
    let ids = world.contacts(3).await;
    for (name, count) in [("beta", 1), ("Alpha", 3), ("Gamma", 2)] {
        world.group(json!({"name": name, "description": format!("of {name}"), "initial_contact_ids": &ids[..count]})).await;
        world.app.clock.advance(TimeDelta::seconds(1));
    }
    for (query, wanted) in [
        ("", ["beta", "Alpha", "Gamma"]),
        ("?sort_by=name", ["Alpha", "beta", "Gamma"]),
        (
            "?sort_by=name&sort_direction=desc",
            ["Gamma", "beta", "Alpha"],
        ),
        (
            "?sort_by=member_count&sort_direction=desc",
            ["Alpha", "Gamma", "beta"],
        ),
        (
            "?sort_by=recent_activity&sort_direction=desc",
            ["Gamma", "Alpha", "beta"],
        ),
    ] {
        let list = world
            .server
            .get(&format!("/api/groups{query}"), world.admin())
            .await;
        assert_eq!(names(&list, "groups", "name"), wanted, "{query}");
        assert_eq!(list.body["pagination"]["total_groups"], 3);
        assert_eq!(
            names_of(&list.body["stats"]["largest"]),
            ["Alpha", "Gamma", "beta"]
        );
        assert_eq!(
            names_of(&list.body["stats"]["most_active"]),
            ["Gamma", "Alpha", "beta"]
        );
        assert_eq!(list.body["stats"]["total_memberships"], 6);
    }
    let list = world
        .server
        .get("/api/groups?search=OF%20AL", world.admin())
        .await;
    assert_eq!(names(&list, "groups", "name"), ["Alpha"]);
    let long = "x".repeat(101);
    let refused = world
        .server
        .get(&format!("/api/groups?search={long}"), world.admin())
        .await;
    assert_eq!(refused.status, 400);
}

fn names_of(list: &Value) -> Vec<&str> {
    list.as_array()
        .unwrap()
        .iter()
        .map(|one| one["name"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn members_are_sorted_filtered_and_paged() {
    let world = World::new().await;
    let ids = booked(&world, 6, "Cut", 3).await;
    let group = world
        .group(json!({"name": "A", "initial_contact_ids": &ids[3..]}))
        .await;
    world.app.clock.advance(TimeDelta::minutes(1));
    world.add(&group, &ids[..3]).await;
    let base = format!("/api/groups/{}/members", group["id"].as_str().unwrap());
    let list = |query: &str| {
        let path = format!("{base}?{query}");
        let world = &world;
        async move { world.server.get(&path, world.admin()).await }
    };
    let all = [
        "Person Ada",
        "Person Bea",
        "Person Cyd",
        "Person Dot",
        "Person Eve",
        "Person Fay",
    ];
    assert_eq!(names(&list("").await, "members", "name"), all);
    let mut back = all;
    back.reverse();
    assert_eq!(
        names(&list("sort_direction=desc").await, "members", "name"),
        back
    );
    assert_eq!(
        names(
            &list("sort_by=appointment_time&sort_direction=desc").await,
            "members",
            "name"
        ),
        back
    );
    // By when it was added to the group, not by when the contact was made.
    let added = list("sort_by=added_to_group").await;
    assert_eq!(
        names(&added, "members", "name"),
        [
            "Person Dot",
            "Person Eve",
            "Person Fay",
            "Person Ada",
            "Person Bea",
            "Person Cyd"
        ]
    );
    assert_eq!(added.body["filters_applied"]["sort_by"], "added_to_group");
    assert!(added.body["members"][0]["added_by_name"].is_string());
    assert_eq!(added.body["members"][0]["call_success_rate"], 0.0);
    assert_eq!(
        names(&list("search=%22person%20d%22").await, "members", "name"),
        ["Person Dot"]
    );
    let found = list("search=CUT&status_filter=pending").await;
    assert_eq!(found.body["pagination"]["total_members"], 6);
    assert_eq!(
        list("status_filter=confirmed").await.body["members"],
        json!([])
    );
}

#[tokio::test]
async fn what_groups_have_in_common() {
    let world = World::new().await;
    let ids = world.contacts(7).await;
    let a = world
        .group(json!({"name": "A", "initial_contact_ids": &ids[..5]}))
        .await;
    let b = world
        .group(json!({"name": "B", "initial_contact_ids": &ids[3..]}))
        .await;
    let hidden = world
        .group(json!({"name": "H", "visibility": "admins_only", "initial_contact_ids": &ids}))
        .await;
    let id = |group: &Value| group["id"].as_str().unwrap().to_owned();
    let path = format!("/api/groups/overlap?group_ids={},{}", id(&a), id(&b));
    let overlap = world.server.get(&path, world.admin()).await;
    assert_eq!(overlap.status, 200, "{:?}", overlap.body);
    assert_eq!(overlap.body["contact_ids"], json!(&ids[3..5]));
    assert_eq!(overlap.body["pairs"][0]["contact_count"], 2);
    assert_eq!(
        (
            &overlap.body["in_any_count"],
            &overlap.body["in_several_count"]
        ),
        (&json!(7), &json!(2))
    );
    let desk = world.app.staff(&world.tenant, Preset::Receptionist).await;
    let other = format!("/api/groups/overlap?group_ids={},{}", id(&a), id(&hidden));
    assert_eq!(world.server.get(&other, &desk.token).await.status, 404);
    let mine = world.app.staff(&world.tenant, Preset::BasicStaff).await;
    let none = world.server.get(&path, &mine.token).await;
    assert_eq!(none.body["in_any_count"], 0, "contacts that are not theirs");
    for wrong in ["x".to_owned(), id(&a), format!("{},{}", id(&a), id(&a))] {
        let path = format!("/api/groups/overlap?group_ids={wrong}");
        assert_eq!(world.server.get(&path, world.admin()).await.status, 400);
    }
}

#[tokio::test]
async fn a_template_shows_whom_it_proposes_and_makes_the_group() {
    let world = World::new().await;
    let listed = world
        .server
        .get("/api/groups/templates", world.admin())
        .await;
    assert_eq!(
        names(&listed, "templates", "name"),
        [
            "VIP Clients",
            "Color Clients",
            "Monthly Regulars",
            "Bridal Clients"
        ]
    );
    let color = booked(&world, 4, "Balayage", 3).await;
    booked(&world, 2, "Cut", 3).await;
    let apply = |body: Value| {
        let world = &world;
        async move {
            world
                .server
                .post("/api/groups/templates/apply", world.admin(), body)
                .await
        }
    };
    let shown = apply(json!({"template": "salon_color_clients", "dry_run": true})).await;
    assert_eq!(shown.status, 200, "{:?}", shown.body);
    assert_eq!(shown.body["estimated_members"], 4);
    assert_eq!(shown.body["members"].as_array().unwrap().len(), 4);
    let groups = world.server.get("/api/groups", world.admin()).await;
    assert_eq!(groups.body["groups"], json!([]), "a proposal makes nothing");
    // Those chosen of them; all where nobody was chosen.
    let some = apply(
        json!({"template": "salon_color_clients", "name": "Some", "contact_ids": &color[..2]}),
    )
    .await;
    assert_eq!(
        (some.status.as_u16(), &some.body["contact_count"]),
        (201, &json!(2))
    );
    let made = apply(json!({"template": "salon_color_clients"})).await;
    assert_eq!(
        (
            &made.body["name"],
            &made.body["color"],
            &made.body["contact_count"]
        ),
        (&json!("Color Clients"), &json!("#8B5CF6"), &json!(4))
    );
    assert_eq!(
        apply(json!({"template": "salon_color_clients"}))
            .await
            .problem(),
        "name-taken"
    );
    for template in ["medical_vip_patients", "none"] {
        assert_eq!(
            apply(json!({ "template": template })).await.pointers(),
            ["/template"]
        );
    }
}

#[tokio::test]
async fn a_suggestion_makes_the_group_it_estimates_and_later_offers_only_who_is_new() {
    let world = World::new().await;
    let first = booked(&world, 5, "Hair Color", -40).await;
    let offered = || async {
        let list = world
            .server
            .get("/api/groups/suggestions", world.admin())
            .await;
        let all = list.body["suggestions"].as_array().unwrap().clone();
        all.into_iter()
            .find(|one| one["kind"] == "appointment_type")
    };
    let one = offered().await.unwrap();
    assert_eq!(
        (&one["suggested_name"], &one["estimated_members"]),
        (&json!("Hair Color Clients"), &json!(5))
    );
    assert_eq!(one["group_id"], Value::Null);
    let path = format!(
        "/api/groups/suggestions/{}/accept",
        one["id"].as_str().unwrap()
    );
    let accept = |body: Value| {
        let (world, path) = (&world, &path);
        async move { world.server.post(path, world.admin(), body).await }
    };
    assert_eq!(accept(json!({"estimated_members": 6})).await.status, 409);
    let made = accept(json!({"estimated_members": 5})).await;
    assert_eq!(made.status, 201, "{:?}", made.body);
    assert_eq!(world.count(&made.body).await, (5, 5));
    // Nobody else belongs into it: nothing is offered, nothing can be accepted.
    assert_eq!(offered().await, None);
    assert_eq!(accept(json!({})).await.status, 404);
    world.app.clock.advance(TimeDelta::hours(2));
    let later = booked(&world, 1, "hair  color", 3).await;
    // One who was taken out is offered again; that is for a person to decide.
    let gone = format!(
        "/api/groups/{}/members/{}",
        made.body["id"].as_str().unwrap(),
        first[0]
    );
    assert_eq!(world.server.delete(&gone, world.admin()).await.status, 204);
    let again = offered().await.unwrap();
    assert_eq!(
        (&again["estimated_members"], &again["group_id"]),
        (&json!(2), &made.body["id"])
    );
    let added = accept(json!({"estimated_members": 2})).await;
    assert_eq!(
        (added.status.as_u16(), &added.body["contact_count"]),
        (200, &json!(6))
    );
    let person = world.tenant.store.person(later[0]).await.unwrap().unwrap();
    assert_eq!(person.contact.group_ids.len(), 1);
}

#[tokio::test]
async fn the_history_says_who_came_and_went() {
    let world = World::new().await;
    let ids = world.contacts(3).await;
    let group = world
        .group(json!({"name": "A", "initial_contact_ids": &ids[..2]}))
        .await;
    let path = format!("/api/groups/{}", group["id"].as_str().unwrap());
    world
        .server
        .delete(&format!("{path}/members/{}", ids[0]), world.admin())
        .await;
    let id: GroupId = group["id"].as_str().unwrap().parse().unwrap();
    world
        .change(ids[2], |contact| contact.group_ids = vec![id])
        .await;
    let history = world
        .server
        .get(&format!("{path}/history"), world.admin())
        .await;
    assert_eq!(history.status, 200, "{:?}", history.body);
    let told: Vec<_> = history.body["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            (
                one["action"].as_str().unwrap(),
                one["added"].clone(),
                one["removed"].clone(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("group.members_added", json!([ids[2]]), json!([])),
            ("group.members_removed", json!([]), json!([ids[0]])),
            ("group.members_added", json!(&ids[..2]), json!([])),
            ("group.created", json!([]), json!([])),
        ]
    );
    assert_eq!(
        history.body["entries"][1]["by_user"],
        json!(world.tenant.admin.id)
    );
    assert_eq!(history.body["entries"][0]["by_user"], Value::Null);
    // Somebody who does not see those contacts learns only that something happened.
    let mine = world.app.staff(&world.tenant, Preset::BasicStaff).await;
    let theirs = world
        .server
        .get(&format!("{path}/history"), &mine.token)
        .await;
    let entries = theirs.body["entries"].as_array().unwrap();
    assert!(
        entries
            .iter()
            .all(|one| one["added"] == json!([]) && one["removed"] == json!([]))
    );
}

/// A hundred people sort contacts into and out of one group at the same time: everybody is answered, and the count is
/// exactly who is in it.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_hundred_writers_leave_an_exact_count() {
    let world = std::sync::Arc::new(World::new().await);
    let ids = world.contacts(100).await;
    let group = world
        .group(json!({"name": "A", "initial_contact_ids": &ids[..50]}))
        .await;
    let mut writers = tokio::task::JoinSet::new();
    for (n, id) in ids.iter().copied().enumerate() {
        let (world, group) = (std::sync::Arc::clone(&world), group.clone());
        writers.spawn(async move {
            // The first half leaves, every fifth of it comes back; the second half joins.
            let place = format!("/api/groups/{}/members/{id}", group["id"].as_str().unwrap());
            if n < 50 {
                let left = world.server.delete(&place, world.admin()).await;
                assert_eq!(left.status, 204, "{:?}", left.body);
            }
            if n >= 50 || n % 5 == 0 {
                let joined = world.add(&group, &[id]).await;
                assert_eq!(joined.status, 200, "{:?}", joined.body);
            }
        });
    }
    while let Some(done) = writers.join_next().await {
        done.unwrap();
    }
    assert_eq!(world.count(&group).await, (60, 60));
    for (n, id) in ids.iter().enumerate() {
        let person = world.tenant.store.person(*id).await.unwrap().unwrap();
        assert_eq!(
            person.contact.group_ids.len(),
            usize::from(n >= 50 || n % 5 == 0)
        );
    }
}

#[tokio::test]
async fn in_hipaa_mode_members_are_shown_with_no_more_than_is_needed() {
    let mut world = World::new().await;
    world.tenant = world.app.tenant("Clinic", BusinessType::Medical).await;
    let ids = booked(&world, 1, "Check-up", 3).await;
    let group = world
        .group(json!({"name": "A", "initial_contact_ids": ids}))
        .await;
    let path = format!("/api/groups/{}/members", group["id"].as_str().unwrap());
    let admin = world.server.get(&path, world.admin()).await;
    assert_eq!(admin.body["members"][0]["appointment_type"], "Check-up");
    let desk = world.app.staff(&world.tenant, Preset::Receptionist).await;
    let seen = world.server.get(&path, &desk.token).await;
    assert_eq!(seen.body["members"][0]["appointment_type"], Value::Null);
    assert!(seen.body["members"][0].get("notes").is_none());
    let refused = world
        .server
        .get(&format!("{path}?search=ada"), &desk.token)
        .await;
    assert_eq!(
        (refused.status.as_u16(), refused.pointers()),
        (400, vec!["search"])
    );
    assert_eq!(
        world.logged(LogKind::Access, "group.members_viewed").await,
        2
    );
}
