//! The members of a group, as S2 asks for them.

use serde_json::{Value, json};
use vio_domain::permission::Preset;
use vio_runtime::testing::{Answer, tell};
use vio_store::tx::Tx;

use crate::support::{SOON, World, contact};

async fn members(world: &World, group: &str, query: &str, token: &str) -> Answer {
    let path = format!("/api/groups/{group}/members?{query}");
    world.another().server.get(&path, token).await
}

fn ids(answer: &Answer) -> Vec<&str> {
    assert_eq!(answer.status, 200, "{}", answer.body);
    let list = answer.body["members"].as_array().unwrap();
    list.iter().map(|one| one["id"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn query_and_answer_are_those_of_s2() {
    let world = World::salon().await;
    let made = world.some(12).await;
    let group = world
        .group(
            "Follow-up",
            json!({ "description": "Twice a year", "initial_contact_ids": &made[..11] }),
        )
        .await;
    let other = json!({ "initial_contact_ids": &made[..1] });
    let other = world.group("Other", other).await;
    let hidden = json!({ "visibility": "admins_only", "initial_contact_ids": &made[..1] });
    let hidden = world.group("Hidden", hidden).await;
    let desk = world.first.app.staff(&world.tenant, Preset::Receptionist);
    let desk = desk.await;

    let store = &world.tenant.store;
    let mut person = store.person(contact(&made[0])).await.unwrap().unwrap();
    person.contact.version += 1;
    person.contact.calls.made = 3;
    person.contact.calls.answered = 2;
    let mut tx = Tx::new();
    store.stage_person(&mut tx, &mut person).unwrap();
    tell(store, &mut tx, &person);
    store.store.commit(tx).await.unwrap();
    let path = format!("/api/contacts/{}", made[0]);
    let patch = json!({ "appointment_time": SOON, "appointment_duration": 45, "owner_name": "Dr Emily Jones" });
    let patched = world.first.server.patch(&path, &desk.token, patch).await;
    assert_eq!(patched.status, 200, "{}", patched.body);

    let page = members(&world, &group, "page_size=10", &desk.token).await;
    assert_eq!(ids(&page), made[..10]);
    assert_eq!(
        page.body["group_info"],
        json!({ "id": group, "name": "Follow-up", "description": "Twice a year", "color": page.body["group_info"]["color"], "total_members": 11 })
    );
    let pagination = &page.body["pagination"];
    assert_eq!(pagination["total_members"], 11);
    assert_eq!(pagination["total_pages"], 2);
    assert_eq!(
        page.body["filters_applied"],
        json!({ "status_filter": null, "search_term": null, "sort_by": "name", "sort_direction": "asc" })
    );
    let first = &page.body["members"][0];
    assert_eq!(first["added_by_user"], json!(world.tenant.admin.id));
    assert_eq!(first["added_by_name"], "Ada Example");
    assert!(first["date_added_to_group"].is_string());
    assert_eq!(first["other_groups"], json!([other]), "not the hidden one");
    assert_eq!(first["call_success_rate"], 66.67);
    assert_eq!(first["appointment_duration"], 45);
    assert_eq!(first["owner_name"], "Dr Emily Jones");
    assert!(first["next_scheduled_call"].is_string());
    assert_eq!(page.body["members"][1]["call_success_rate"], 0.0);
    let next = pagination["next_cursor"].as_str().unwrap();
    let query = format!("page_size=10&cursor={next}");
    let rest = members(&world, &group, &query, &desk.token).await;
    assert_eq!(ids(&rest), made[10..11]);
    let shown = members(&world, &group, "", world.token()).await;
    let others = shown.body["members"][0]["other_groups"].as_array().unwrap();
    assert!(others.len() == 2 && others.contains(&Value::String(hidden.clone())));

    let query = "sort_by=added_to_group&sort_direction=desc&search=person";
    let sorted = members(&world, &group, query, &desk.token).await;
    assert_eq!(ids(&sorted).len(), 11);
    assert_eq!(sorted.body["filters_applied"]["search_term"], "person");
    let nobody = members(&world, &group, "status_filter=confirmed", &desk.token).await;
    assert!(ids(&nobody).is_empty());
    assert_eq!(nobody.body["group_info"]["total_members"], 11);
    for (query, named) in [
        ("page_size=9", "page_size"),
        ("page_size=101", "page_size"),
        ("sort_by=size", "sort_by"),
        ("status_filter=waiting", "status_filter"),
        ("call_status_filter=success", "call_status_filter"),
    ] {
        let answer = members(&world, &group, query, &desk.token).await;
        let said = (answer.status.as_u16(), answer.pointers());
        assert_eq!(said, (400, vec![named]), "{query}");
    }
    let refused = members(&world, &hidden, "", &desk.token).await;
    assert_eq!(refused.status, 404);
}

#[tokio::test]
async fn an_archived_group_still_says_who_was_put_in_and_when() {
    let world = World::salon().await;
    let made = world.some(1).await;
    let both = json!({ "initial_contact_ids": made });
    let old = world.group("Old", both.clone()).await;
    let new = world.group("New", both).await;
    let path = format!("/api/groups/{old}");
    let server = &world.first.server;
    let patch = json!({ "archived": true });
    let archived = server.patch(&path, world.token(), patch).await;
    assert_eq!(archived.status, 200, "{}", archived.body);
    let listed = members(&world, &old, "", world.token()).await;
    assert_eq!(ids(&listed), made);
    let member = &listed.body["members"][0];
    assert!(member["date_added_to_group"].is_string(), "{member}");
    assert_eq!(member["added_by_name"], "Ada Example");
    assert_eq!(member["other_groups"], json!([new]));
    let listed = members(&world, &new, "", world.token()).await;
    assert_eq!(listed.body["members"][0]["other_groups"], json!([]));
}
