//! Lists: order, pages, filters, reach, other tenants, the access log.

use serde_json::json;
use vio_domain::contact::AttentionReason;
use vio_domain::ids::ContactId;
use vio_domain::permission::Preset;
use vio_domain::settings::BusinessType;
use vio_store::key::{self, LOG_SHARDS, LogKind};
use vio_store::log::LogRow;
use vio_store::tx::Tx;

use super::world::{PHONE, World};

async fn flag(world: &World, contact: ContactId, reason: AttentionReason) {
    let ts = &world.tenant.store;
    let mut person = ts.person(contact).await.unwrap().unwrap();
    let mut tx = Tx::new();
    ts.flag(&mut tx, &mut person.contact, reason, None, None)
        .unwrap();
    ts.stage_person(&mut tx, &mut person).unwrap();
    vio_runtime::testing::tell(ts, &mut tx, &person);
    ts.store.commit(tx).await.unwrap();
}

async fn accesses(world: &World, action: &str) -> usize {
    let ts = &world.tenant.store;
    let mut found = 0;
    for shard in 0..LOG_SHARDS {
        let pk = key::log_pk(ts.id, LogKind::Access, shard);
        let (rows, _) = ts
            .store
            .list::<LogRow>(pk, "", true, 10_000, None)
            .await
            .unwrap();
        found += rows.iter().filter(|row| row.action == action).count();
    }
    found
}

#[tokio::test]
async fn calls_come_newest_first_in_pages() {
    let world = World::new().await;
    let mut ids = Vec::new();
    for number in 0..23 {
        world.advance(chrono::TimeDelta::seconds(1));
        let contact = world.person(&format!("07911 1234{number:02}"), None).await;
        ids.push(world.planned(contact).await.to_string());
    }
    ids.reverse();
    let mut seen = Vec::new();
    let mut path = "/api/calls?page_size=10&status=planned".to_owned();
    loop {
        let page = world.server.get(&path, world.admin()).await;
        assert_eq!(page.status, 200, "{:?}", page.body);
        let calls = page.body["calls"].as_array().unwrap();
        assert!(calls.len() <= 10);
        seen.extend(
            calls
                .iter()
                .map(|call| call["session_id"].as_str().unwrap().to_owned()),
        );
        match page.body["pagination"]["next_cursor"].as_str() {
            Some(cursor) => {
                path = format!("/api/calls?page_size=10&status=planned&cursor={cursor}")
            }
            None => break,
        }
    }
    assert_eq!(seen, ids);
    let second = world
        .server
        .get("/api/calls?page_size=10&page=2", world.admin())
        .await;
    let second: Vec<_> = second.body["calls"]
        .as_array()
        .unwrap()
        .iter()
        .map(|call| call["session_id"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(second, ids[10..20]);
    let none = world
        .server
        .get("/api/calls?status=completed", world.admin())
        .await;
    assert_eq!(none.body["calls"], json!([]));
    assert!(none.body["pagination"]["next_cursor"].is_null());
    assert_eq!(accesses(&world, "calls.listed").await, 5);
}

#[tokio::test]
async fn other_parameters_are_refused_by_name() {
    let world = World::new().await;
    for (path, name) in [
        ("/api/calls?contact_id=1", "contact_id"),
        ("/api/calls?colour=red", "colour"),
        ("/api/calls?status=lost", "status"),
        ("/api/calls?page=9999", "page"),
        ("/api/calls/limits?x=1", "x"),
        ("/api/attention?assigned_to=us", "assigned_to"),
        ("/api/attention?reason=boredom", "reason"),
        ("/api/attention?contact_id=1", "contact_id"),
        ("/api/attention?status=done", "status"),
        ("/api/dnc?phone=1", "phone"),
    ] {
        let answer = world.server.get(path, world.admin()).await;
        assert_eq!(answer.status, 400, "{path}");
        assert_eq!(answer.pointers(), [name], "{path}");
    }
}

#[tokio::test]
async fn staff_with_own_contacts_see_their_own_calls() {
    let world = World::new().await;
    let basic = world.app.staff(&world.tenant, Preset::BasicStaff).await;
    let theirs = world.person(PHONE, Some(basic.id)).await;
    let other = world.person("07911 123457", None).await;
    let (mine, hidden) = (world.planned(theirs).await, world.planned(other).await);
    let list = world.server.get("/api/calls", &basic.token).await;
    assert_eq!(list.body["calls"].as_array().unwrap().len(), 1);
    assert_eq!(list.body["calls"][0]["session_id"], json!(mine));
    let path = |id| format!("/api/calls/{id}");
    assert_eq!(
        world.server.get(&path(mine), &basic.token).await.status,
        200
    );
    assert_eq!(
        world.server.get(&path(hidden), &basic.token).await.status,
        404
    );
    assert_eq!(accesses(&world, "call.viewed").await, 1);
    for contact in [theirs, other] {
        flag(&world, contact, AttentionReason::NoCallWindow).await;
    }
    let list = world.server.get("/api/attention", &basic.token).await;
    assert_eq!(list.body["attention"].as_array().unwrap().len(), 1);
    assert_eq!(list.body["attention"][0]["contact"]["id"], json!(theirs));
    let all = world.server.get("/api/attention", world.admin()).await;
    let entries = all.body["attention"].as_array().unwrap();
    let hidden = entries
        .iter()
        .find(|entry| entry["contact"]["id"] == json!(other))
        .unwrap();
    let path = format!(
        "/api/attention/{}/resolve",
        hidden["attention_id"].as_str().unwrap()
    );
    assert_eq!(
        world
            .server
            .post(&path, &basic.token, json!({}))
            .await
            .status,
        404
    );
    // A number learnt from somebody else's contact is masked, and so is why.
    let body = json!({"phone": "07911 123457", "reason": "Said so.", "contact_id": other});
    let refused = world
        .server
        .post("/api/dnc", &basic.token, body.clone())
        .await;
    assert_eq!(
        (refused.status.as_u16(), refused.pointers()),
        (422, vec!["/contact_id"])
    );
    assert_eq!(
        world
            .server
            .post("/api/dnc", world.admin(), body)
            .await
            .status,
        201
    );
    let sought = json!({"phone": "+44 7911 123457"});
    let found = world.server.post("/api/dnc/find", &basic.token, sought);
    let list = world.server.get("/api/dnc", &basic.token).await;
    let entry = &list.body["dnc"][0];
    assert_eq!(&found.await.body["entry"], entry);
    assert!(entry["phone"].as_str().unwrap().contains('•'));
    assert!(entry.get("reason").is_none() && entry.get("contact_id").is_none());
    // Pausing and unlisting are not theirs.
    assert_eq!(
        world
            .server
            .post("/api/calls/pause", &basic.token, json!({}))
            .await
            .status,
        403
    );
}

#[tokio::test]
async fn nothing_of_another_tenant_is_there() {
    let world = World::new().await;
    let contact = world.person(PHONE, None).await;
    let id = world.planned(contact).await;
    flag(&world, contact, AttentionReason::NoCallWindow).await;
    let list = world.server.get("/api/attention", world.admin()).await;
    let entry = list.body["attention"][0]["attention_id"]
        .as_str()
        .unwrap()
        .to_owned();
    let added = world
        .server
        .post("/api/dnc", world.admin(), json!({"phone": PHONE}))
        .await;
    let dnc = added.header("location").unwrap().to_owned();
    let stranger = world
        .app
        .tenant("Other Salon", BusinessType::Salon)
        .await
        .admin
        .token;
    let sought = json!({ "phone": PHONE });
    let found = world.server.post("/api/dnc/find", world.admin(), sought);
    assert_eq!(found.await.body["entry"], added.body);
    let sought = json!({ "phone": PHONE });
    let found = world.server.post("/api/dnc/find", &stranger, sought).await;
    assert_eq!((found.status.as_u16(), found.body), (200, json!({})));
    let nothing = world.server.post("/api/dnc/find", &stranger, json!({}));
    assert_eq!(nothing.await.pointers(), ["/phone"]);
    for path in ["/api/calls", "/api/attention", "/api/dnc"] {
        let list = world.server.get(path, &stranger).await;
        assert_eq!(list.status, 200);
        let rows = list
            .body
            .as_object()
            .unwrap()
            .values()
            .find_map(|value| value.as_array())
            .unwrap();
        assert!(rows.is_empty(), "{path}");
    }
    assert_eq!(
        world
            .server
            .get(&format!("/api/calls/{id}"), &stranger)
            .await
            .status,
        404
    );
    let path = format!("/api/attention/{entry}/resolve");
    assert_eq!(
        world.server.post(&path, &stranger, json!({})).await.status,
        404
    );
    assert_eq!(world.server.delete(&dnc, &stranger).await.status, 404);
    assert_eq!(
        world
            .server
            .get("/api/calls/not-an-id", world.admin())
            .await
            .status,
        404
    );
    // Pausing one tenant leaves the other.
    world
        .server
        .post("/api/calls/pause", &stranger, json!({}))
        .await;
    let limits = world.server.get("/api/calls/limits", world.admin()).await;
    assert!(limits.body["paused"].is_null());
}

#[tokio::test]
async fn the_work_list_loses_what_is_done() {
    let world = World::new().await;
    let contact = world.person(PHONE, None).await;
    flag(&world, contact, AttentionReason::NoCallWindow).await;
    world.advance(chrono::TimeDelta::seconds(1));
    flag(&world, contact, AttentionReason::PossibleDuplicate).await;
    world.advance(chrono::TimeDelta::seconds(1));
    // The contact stands for the latest reason, so this one opens again.
    flag(&world, contact, AttentionReason::NoCallWindow).await;
    let list = world.server.get("/api/attention", world.admin()).await;
    let entries = list.body["attention"].as_array().unwrap().clone();
    let reasons: Vec<_> = entries
        .iter()
        .map(|entry| entry["reason"].as_str().unwrap())
        .collect();
    assert_eq!(
        reasons,
        ["no_call_window", "possible_duplicate", "no_call_window"]
    );
    assert_eq!(entries[0]["contact"]["name"], "Ada Example");
    let path = format!(
        "/api/attention/{}/resolve",
        entries[0]["attention_id"].as_str().unwrap()
    );
    let long = json!({"done": "x".repeat(301)});
    let refused = world.server.post(&path, world.admin(), long).await;
    assert_eq!(
        (refused.status.as_u16(), refused.pointers()),
        (422, vec!["/done"])
    );
    let done = json!({"done": "Rang her myself."});
    let resolved = world.server.post(&path, world.admin(), done.clone()).await;
    assert_eq!(resolved.status, 200);
    assert_eq!(resolved.body["status"], "resolved");
    assert_eq!(resolved.body["resolved_by"], json!(world.tenant.admin.id));
    // Both entries of the reason are done, and the contact stands for the other one.
    let open = world
        .server
        .get("/api/attention?status=open", world.admin())
        .await;
    assert_eq!(open.body["attention"].as_array().unwrap().len(), 1);
    assert_eq!(open.body["attention"][0]["reason"], "possible_duplicate");
    let person = world.tenant.store.person(contact).await.unwrap().unwrap();
    assert_eq!(
        person.contact.needs_attention,
        Some(AttentionReason::PossibleDuplicate)
    );
    let count = async |status: &str| {
        let path = format!("/api/attention?status={status}");
        let list = world.server.get(&path, world.admin()).await;
        list.body["attention"].as_array().unwrap().len()
    };
    assert_eq!((count("resolved").await, count("all").await), (2, 3));
    // Doing it again changes nothing.
    world.advance(chrono::TimeDelta::minutes(1));
    let again = world.server.post(&path, world.admin(), done).await;
    assert_eq!(again.body, resolved.body);
    assert_eq!(resolved.body["history"][0]["text"], "Rang her myself.");
    let other = open.body["attention"][0]["attention_id"].as_str().unwrap();
    let path = format!("/api/attention/{other}/resolve");
    assert_eq!(
        world
            .server
            .post(&path, world.admin(), json!({}))
            .await
            .status,
        200
    );
    let person = world.tenant.store.person(contact).await.unwrap().unwrap();
    assert_eq!(person.contact.needs_attention, None);
    assert_eq!(accesses(&world, "attention.listed").await, 4);
}

#[tokio::test]
async fn calls_come_with_names_and_by_several_statuses() {
    let world = World::new().await;
    let kept = world.person("07911 123401", None).await;
    world.planned(kept).await;
    let page = world
        .server
        .get("/api/calls?status=completed,planned", world.admin())
        .await;
    assert_eq!(page.body["calls"][0]["contact_id"], kept.to_string());
    assert_eq!(page.body["calls"][0]["contact_name"], "Ada Example");
    let none = world
        .server
        .get("/api/calls?status=completed,failed", world.admin())
        .await;
    assert_eq!(none.body["calls"], json!([]));
}

#[tokio::test]
async fn the_work_list_is_counted_where_that_is_wanted() {
    let world = World::new().await;
    for number in 0..12 {
        let contact = world.person(&format!("07911 1234{number:02}"), None).await;
        flag(&world, contact, AttentionReason::NoCallWindow).await;
    }
    let plain = world.server.get("/api/attention", world.admin()).await;
    assert!(plain.body["pagination"]["total_attention"].is_null());
    let path = "/api/attention?count=true&page_size=10";
    let counted = world.server.get(path, world.admin()).await;
    assert_eq!(counted.body["attention"].as_array().unwrap().len(), 10);
    assert_eq!(counted.body["pagination"]["total_attention"], 12);
    assert_eq!(counted.body["pagination"]["total_pages"], 2);
    let path = "/api/attention?count=true&reason=no_phone";
    let none = world.server.get(path, world.admin()).await;
    assert_eq!(none.body["pagination"]["total_attention"], 0);
    let mine = world.app.staff(&world.tenant, Preset::BasicStaff).await;
    let path = "/api/attention?count=true";
    let reach = world.server.get(path, &mine.token).await;
    assert_eq!(reach.body["pagination"]["total_attention"], 0);
}
