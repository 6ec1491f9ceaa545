//! What lists and searches answer.

use base64::Engine;
use serde_json::json;
use vio_domain::settings::BusinessType;
use vio_store::key::LogKind;
use vio_views::Limits;

use crate::support::{SOON, World, ids};

#[tokio::test]
async fn pages_by_number_and_by_cursor() {
    let world = World::salon().await;
    let mut made = Vec::new();
    for n in 0..23 {
        made.push(world.made(crate::support::numbered(n)).await);
        world.first.app.advance(chrono::TimeDelta::seconds(1));
    }
    let mut seen = Vec::new();
    let mut query = "page_size=10".to_owned();
    loop {
        let page = world.get(&query).await;
        seen.extend(ids(&page));
        match page.body["pagination"]["next_cursor"].as_str() {
            Some(cursor) => query = format!("page_size=10&cursor={cursor}"),
            None => break,
        }
    }
    let newest_first: Vec<String> = made.iter().rev().cloned().collect();
    assert_eq!(seen, newest_first);
    let second = world.get("page_size=10&page=2&sort=created_at").await;
    assert_eq!(ids(&second), made[10..20]);
    let pagination = &second.body["pagination"];
    assert_eq!(pagination["total_contacts"], 23);
    assert_eq!(pagination["total_pages"], 3);
    assert_eq!(pagination["current_page"], 2);
    assert_eq!(second.body["facets"]["status"]["pending"], 23);
    assert_eq!(second.body["facets"]["recent_24h"], 23);
    let named = world.get("page_size=10&sort=-name").await;
    assert_eq!(ids(&named), newest_first[..10]);

    // A cursor of another list is refused, and one that was made up.
    let cursor = named.body["pagination"]["next_cursor"].as_str().unwrap();
    for query in [
        format!("page_size=10&sort=name&cursor={cursor}"),
        format!("page_size=10&sort=-name&status=pending&cursor={cursor}"),
        format!("page_size=10&sort=-name&page=1&cursor={cursor}"),
        "cursor=rubbish".to_owned(),
    ] {
        assert_eq!(world.get(&query).await.status, 400, "{query}");
    }
    // It holds the last name of the page, and does not show it.
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD
        .decode(cursor)
        .unwrap();
    let clear = String::from_utf8_lossy(&bytes).to_lowercase();
    assert!(!clear.contains("person"), "{clear}");
}

#[tokio::test]
async fn filters_searches_and_what_is_wrong_with_them() {
    let world = World::salon().await;
    let zoe = world
        .made(
            json!({ "name": "Zoë O’Brien", "phone": "07912 345678", "email": "zoe@example.com",
            "appointment_time": SOON, "tags": ["vip"], "priority": "high", "notes": "left ear",
            "custom_fields": { "colour": "red" }, "first_name": "Zoe" }),
        )
        .await;
    let bob = world
        .made(json!({ "name": "Bob Stone", "phone": "07912 345679", "notes": "asked for Zoe" }))
        .await;
    let path = format!("/api/contacts/{zoe}");
    let patch = json!({ "appointment_status": "confirmed", "reason": "rang us" });
    let patched = world.first.server.patch(&path, world.token(), patch).await;
    assert_eq!(patched.status, 200, "{}", patched.body);

    for (query, found) in [
        ("status=confirmed", vec![&zoe]),
        ("status=pending", vec![&bob]),
        ("search=ZOE", vec![&zoe, &bob]),
        ("search=zoe+-ear", vec![&bob]),
        ("search=%2B44+7912+345+678", vec![&zoe]),
        ("search=email:@example.com", vec![&zoe]),
        ("tag=VIP&priority=high", vec![&zoe]),
        ("appointment=next_week", vec![&zoe]),
        ("appointment_from=2026-03-12", vec![]),
        ("last_contact=never&sort=name", vec![&bob, &zoe]),
        ("own=true&sort=-name", vec![&zoe, &bob]),
        ("attention=true", vec![]),
    ] {
        let answer = world.get(query).await;
        assert_eq!(ids(&answer).iter().collect::<Vec<_>>(), found, "{query}");
        let total = &answer.body["pagination"]["total_contacts"];
        assert_eq!(total, found.len(), "{query}");
    }
    let body = json!({ "search": "zoe", "status": ["confirmed", "cancelled"], "sort": ["-name"] });
    let found = world.first.search(body, world.token()).await;
    assert_eq!(ids(&found), std::slice::from_ref(&zoe));

    // A row is the contact as elsewhere, and where the search hit.
    let row = &found.body["contacts"][0];
    let read = world.first.server.get(&path, world.token()).await.body;
    for (field, value) in read.as_object().unwrap() {
        assert_eq!(&row[field], value, "{field}");
    }
    assert_eq!(row["matches"][0]["field"], "name");
    assert_eq!(row["matches"][0]["start"], 0);
    assert_eq!(row["matches"][0]["end"], 3);

    for (query, named) in [
        ("nonsense=1", "nonsense"),
        ("status=asleep", "status"),
        ("sort=colour", "sort"),
        ("sort=relevance", "sort"),
        ("page_size=5", "page_size"),
        ("page_size=x", "page_size"),
        ("cursor=rubbish", "cursor"),
        ("group_ids=x", "group_ids"),
        ("group_logic=any", "group_logic"),
        ("search=%22open", "search"),
        ("page=0", "page"),
    ] {
        let answer = world.get(query).await;
        let said = (answer.status.as_u16(), answer.pointers());
        assert_eq!(said, (400, vec![named]), "{query}");
    }
    for (body, named) in [
        (json!({ "status": ["asleep"] }), "/status"),
        (json!({ "tag": ["a,b"] }), "/tag"),
        (json!({ "search": "\"open" }), "/search"),
        (json!({ "nonsense": 1 }), "/nonsense"),
    ] {
        let answer = world.first.search(body.clone(), world.token()).await;
        let said = (answer.status.as_u16(), answer.pointers());
        assert_eq!(said, (422, vec![named]), "{body}");
    }
    let unknown = format!("group_ids={}", uuid::Uuid::from_u128(7));
    let unknown = world.get(&unknown).await;
    let said = (unknown.status.as_u16(), unknown.pointers());
    assert_eq!(said, (400, vec!["group_ids"]));
    let unknown = json!({ "group_ids": [uuid::Uuid::from_u128(7)] });
    let unknown = world.first.search(unknown, world.token()).await;
    let said = (unknown.status.as_u16(), unknown.pointers());
    assert_eq!(said, (422, vec!["/group_ids/0"]));
}

#[tokio::test]
async fn in_hipaa_mode_a_search_is_in_no_address() {
    let world = World::of(BusinessType::Medical, Limits::default()).await;
    assert_eq!(world.get("status=pending").await.status, 200);
    let refused = world.get("search=smith").await;
    assert_eq!(refused.status, 400);
    assert_eq!(refused.pointers(), ["search"]);
    let detail = refused.body["detail"].as_str().unwrap();
    assert!(detail.contains("POST /api/contacts/search"), "{detail}");
    let body = json!({ "search": "smith" });
    assert_eq!(world.first.search(body, world.token()).await.status, 200);
}

/// S0-74: the audit tells an administrator the term and who was shown; the table has neither in clear.
#[tokio::test]
async fn searches_are_audited_and_sealed() {
    let world = World::salon().await;
    let id = world
        .made(json!({ "name": "Quentin Marmalade", "phone": "07912 345678" }))
        .await;
    world
        .first
        .search(json!({ "search": "marmalade" }), world.token())
        .await;
    let store = &world.tenant.store;
    let rows = store.read_log(LogKind::Access, None, 10).await.unwrap();
    let row = rows
        .into_iter()
        .find(|row| row.action == "contacts.searched");
    let details = store.open_log(row.unwrap()).await.unwrap().details.unwrap();
    assert_eq!(details["filters"]["search"], "marmalade");
    assert_eq!(details["contacts"], json!([id]));
    for item in world.first.app.table.dump() {
        let text = format!("{item:?}").to_lowercase();
        assert!(!text.contains("marmalade"));
    }
}

/// S2's own lists, by S2's names, and what they share with `GET /api/contacts`.
#[tokio::test]
async fn lists_by_groups() {
    let world = World::salon().await;
    let made = world.some(4).await;
    let one = world
        .group("One", json!({ "initial_contact_ids": [made[0], made[1]] }))
        .await;
    let two = world
        .group("Two", json!({ "initial_contact_ids": [made[1], made[2]] }))
        .await;
    let get = async |path: &str| world.first.server.get(path, world.token()).await;
    let both = format!("{one},{two}");
    for (query, ours, wanted) in [
        (
            format!("group_ids={both}"),
            format!("group_ids={both}"),
            vec![0, 1, 2],
        ),
        (
            format!("group_ids={both}&filter_logic=and"),
            format!("group_ids={both}&group_logic=all"),
            vec![1],
        ),
        (
            format!("group_ids={both}&filter_logic=not"),
            format!("group_ids={both}&group_logic=not"),
            vec![3],
        ),
        (
            format!("group_ids={one}&include_ungrouped=true"),
            format!("group_ids={one}&include_ungrouped=true"),
            vec![0, 1, 3],
        ),
        (
            "include_ungrouped=true".into(),
            "ungrouped=true".into(),
            vec![3],
        ),
        (
            "filter_logic=or&status_filter=pending".into(),
            "status=pending".into(),
            vec![0, 1, 2, 3],
        ),
    ] {
        let wanted: Vec<String> = wanted.into_iter().map(|n: usize| made[n].clone()).collect();
        let found = get(&format!("/api/contacts/by-groups?{query}")).await;
        assert_eq!(ids(&found), wanted, "{query}");
        let same = world.get(&format!("{ours}&sort=name")).await;
        assert_eq!(ids(&same), wanted, "{ours}");
    }
    let found = get(&format!(
        "/api/contacts/by-groups?group_ids={both}&search=aab"
    ))
    .await;
    assert_eq!(ids(&found), [made[1].clone()]);
    assert_eq!(found.body["contacts"][0]["group_count"], 2);
    assert_eq!(found.body["filters_applied"]["search_term"], "aab");
    assert_eq!(found.body["filters_applied"]["filter_logic"], "or");
    assert_eq!(found.body["pagination"]["total_contacts"], 1);

    let alone = get("/api/contacts/ungrouped?sort_by=name").await;
    assert_eq!(ids(&alone), [made[3].clone()]);
    let path = format!("/api/groups/{two}/contacts");
    let members = get(&format!(
        "{path}?sort_by=added_to_group&sort_direction=desc"
    ))
    .await;
    assert_eq!(ids(&members).len(), 2);
    assert_eq!(ids(&get(&path).await), [made[1].clone(), made[2].clone()]);
    let unknown = format!("/api/groups/{}/contacts", uuid::Uuid::from_u128(7));
    assert_eq!(get(&unknown).await.status, 404);
    for (path, named) in [
        (
            "/api/contacts/by-groups?filter_logic=xor".to_owned(),
            "filter_logic",
        ),
        (
            "/api/contacts/ungrouped?sort_by=added_to_group".to_owned(),
            "sort_by",
        ),
        (format!("{path}?sort_direction=up"), "sort_direction"),
        (format!("{path}?status_filter=asleep"), "status_filter"),
        (format!("{path}?page_size=9"), "page_size"),
        (format!("{path}?page_size=101"), "page_size"),
    ] {
        let answer = get(&path).await;
        let said = (answer.status.as_u16(), answer.pointers());
        assert_eq!(said, (400, vec![named]), "{path}");
    }
}

#[tokio::test]
async fn a_body_takes_lists_or_words_and_is_told_where_it_is_wrong() {
    let world = World::salon().await;
    let made = world
        .made(json!({ "name": "Ada Example", "phone": "07912345001", "tags": ["vip", "late"] }))
        .await;
    world.some(1).await;
    for tag in [json!("vip,late"), json!(["vip", "late"])] {
        let found = world
            .first
            .search(json!({ "tag": tag }), world.token())
            .await;
        assert_eq!(ids(&found), [made.as_str()]);
    }
    for (name, value) in [
        ("page", json!(0)),
        ("page_size", json!(7)),
        ("cursor", json!("nonsense")),
        ("tag", json!("x".repeat(300))),
        ("group_ids", json!(["vip"])),
    ] {
        let answer = world
            .first
            .search(json!({ name: value }), world.token())
            .await;
        let right = if name == "cursor" { 400 } else { 422 };
        assert_eq!(answer.status, right, "{}", answer.body);
        assert_eq!(answer.pointers(), [format!("/{name}")], "{}", answer.body);
    }
}

#[tokio::test]
async fn an_archived_group_is_out_of_sight_and_found_by_its_id() {
    let world = World::salon().await;
    let made = world.some(2).await;
    let group = world
        .group("One", json!({ "initial_contact_ids": [made[0]] }))
        .await;
    let archive = async |archived: bool| {
        let path = format!("/api/groups/{group}");
        let server = &world.first.server;
        let done = server
            .patch(&path, world.token(), json!({ "archived": archived }))
            .await;
        assert_eq!(done.status, 200, "{}", done.body);
    };
    let groups = async || {
        let list = world.get("sort=name").await;
        let facets = list.body["facets"]["groups"].as_array().unwrap().len();
        let cards = list.body["contacts"].as_array().unwrap().iter();
        let cards = cards.map(|one| one["groups"].as_array().unwrap().len());
        (
            facets,
            cards.sum::<usize>(),
            ids(&world.get("ungrouped=true").await).len(),
        )
    };
    assert_eq!(groups().await, (1, 1, 1));
    archive(true).await;
    assert_eq!(groups().await, (0, 0, 2));
    let path = format!("/api/groups/{group}/contacts");
    let there = world.first.server.get(&path, world.token()).await;
    assert_eq!(ids(&there), [made[0].clone()]);
    archive(false).await;
    assert_eq!(groups().await, (1, 1, 1));
}

#[tokio::test]
async fn counts_say_what_each_choice_would_find() {
    let world = World::salon().await;
    let start = world.tenant.store.now();
    let urgent = json!({ "name": "Zoë O’Brien", "phone": "07912 345678", "appointment_time": SOON,
        "priority": "urgent" });
    let zoe = world.made(urgent).await;
    world
        .made(json!({ "name": "Bob Stone", "phone": "07912 345679" }))
        .await;
    world.first.app.advance(chrono::TimeDelta::minutes(5));
    let since = world.tenant.store.now();
    let path = format!("/api/contacts/{zoe}");
    let patch = json!({ "appointment_status": "confirmed", "reason": "rang us" });
    let patched = world.first.server.patch(&path, world.token(), patch).await;
    assert_eq!(patched.status, 200, "{}", patched.body);
    let (server, token) = (&world.first.server, world.token());
    let counted = async |body: serde_json::Value| {
        let path = "/api/contacts/counts";
        server.post(path, token, body).await
    };

    // Of the priority that was chosen, every other is counted as if it had not been; the rest keeps to it.
    let answer = counted(json!({
        "filter": { "priority": "urgent" }, "choices": ["priority", "call", "attention", "is_active"],
    }))
    .await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    assert_eq!(answer.body["facets"]["total"], 1);
    let values = |place: usize| answer.body["choices"][place]["values"].clone();
    assert_eq!(answer.body["choices"][0]["parameter"], "priority");
    assert_eq!(
        values(0),
        json!([{ "value": "normal", "count": 1 }, { "value": "high", "count": 0 }, { "value": "urgent", "count": 1 }])
    );
    assert_eq!(values(2)[0], json!({ "value": "true", "count": 0 }));
    assert_eq!(values(3)[0], json!({ "value": "true", "count": 1 }));

    // Since when appointments have had their status: booked or changed.
    let status = async |since: chrono::DateTime<chrono::Utc>| {
        let answer = counted(json!({ "filter": { "status_since": since } })).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.body["facets"]["status"].clone()
    };
    let one = json!({ "pending": 0, "confirmed": 1, "cancelled": 0, "rescheduled": 0 });
    assert_eq!(status(start).await, one);
    assert_eq!(status(since).await, one);
    let after = since + chrono::TimeDelta::seconds(1);
    assert_eq!(status(after).await["confirmed"], 0);

    // Nobody is shown, so only what was searched for is entered.
    let entered = async || {
        let log = world.tenant.store.read_log(LogKind::Access, None, 100);
        let rows = log.await.unwrap();
        rows.iter()
            .filter(|row| row.action == "contacts.searched")
            .count()
    };
    assert_eq!(entered().await, 0);
    let searched = counted(json!({ "filter": { "search": "stone" } })).await;
    assert_eq!(searched.body["facets"]["total"], 1);
    assert_eq!(entered().await, 1);

    for (body, pointer) in [
        (json!({ "choices": ["status"] }), "/choices/0"),
        (json!({ "choices": ["call", "call"] }), "/choices/1"),
        (json!({ "filter": { "sort": "name" } }), "/filter/sort"),
        (json!({ "filter": { "page": 2 } }), "/filter/page"),
        (json!({ "filter": { "call": "now" } }), "/filter/call"),
        (
            json!({ "filter": { "group_ids": [uuid::Uuid::nil()] } }),
            "/filter/group_ids/0",
        ),
    ] {
        let refused = counted(body).await;
        assert_eq!(refused.status, 422, "{}", refused.body);
        assert_eq!(refused.body["errors"][0]["pointer"], pointer);
    }
}
