//! Who may be there twice.

use serde_json::{Value, json};
use vio_domain::permission::Preset;
use vio_runtime::testing::Answer;

use crate::support::World;

const DUPLICATES: &str = "/api/contacts/duplicates";
const APART: &str = "/api/contacts/duplicates/apart";

async fn asked(world: &World, query: &str, token: &str) -> Answer {
    let path = format!("{DUPLICATES}?{query}");
    world.first.server.get(&path, token).await
}

/// What is equal, and the two names in order.
fn pairs(answer: &Answer) -> Vec<(Value, Vec<String>)> {
    assert_eq!(answer.status, 200, "{}", answer.body);
    let list = answer.body["pairs"].as_array().unwrap().iter();
    list.map(|pair| {
        let contacts = pair["contacts"].as_array().unwrap().iter();
        let mut names: Vec<String> = contacts
            .map(|contact| contact["name"].as_str().unwrap().to_owned())
            .collect();
        names.sort();
        (pair["same"].clone(), names)
    })
    .collect()
}

async fn person(world: &World, name: &str, phone: &str, email: &str) -> String {
    world
        .made(json!({ "name": name, "phone": phone, "email": email, "on_duplicate": "create_new" }))
        .await
}

#[tokio::test]
async fn a_similar_name_is_a_duplicate_and_another_a_household() {
    let world = World::salon().await;
    let zoe = person(&world, "Zoe Example", "07912 345678", "zoe@example.com").await;
    person(&world, "Zoë Example", "07912 345678", "ZOE@example.com").await;
    let arthur = person(
        &world,
        "Arthur Whitcombe",
        "07912 345678",
        "arthur@example.com",
    )
    .await;
    person(&world, "Somebody Else", "07912 345679", "else@example.com").await;
    let duplicates = asked(&world, "", world.token()).await;
    let names = |names: [&str; 2]| names.map(str::to_owned).to_vec();
    assert_eq!(
        pairs(&duplicates),
        [(
            json!(["phone", "email"]),
            names(["Zoe Example", "Zoë Example"])
        )]
    );
    assert_eq!(duplicates.body["pagination"]["total_pairs"], 1);
    let households = asked(&world, "relation=household", world.token()).await;
    assert_eq!(
        pairs(&households),
        [
            (json!(["phone"]), names(["Arthur Whitcombe", "Zoe Example"])),
            (json!(["phone"]), names(["Arthur Whitcombe", "Zoë Example"])),
        ]
    );
    for (of, count) in [(arthur, 0), (zoe, 1)] {
        let query = format!("contact_id={of}");
        let answer = asked(&world, &query, world.token()).await;
        assert_eq!(pairs(&answer).len(), count);
    }
    let wrong = asked(&world, "relation=cousin", world.token()).await;
    assert_eq!(wrong.status, 400);
}

#[tokio::test]
async fn who_is_said_to_be_two_people_is_not_listed_until_it_is_taken_back() {
    let world = World::salon().await;
    let one = person(&world, "Ada Example", "07912 345678", "ada@example.com").await;
    let other = person(
        &world,
        "Ada Mae Example",
        "07912 345678",
        "other@example.com",
    )
    .await;
    let server = &world.first.server;
    let say = async |apart: bool| {
        let body = json!({ "contact_ids": [&other, &one], "apart": apart });
        server.post(APART, world.token(), body).await.status
    };
    assert_eq!(pairs(&asked(&world, "", world.token()).await).len(), 1);
    // Twice is once.
    assert_eq!(say(true).await, 204);
    assert_eq!(say(true).await, 204);
    assert!(pairs(&asked(&world, "", world.token()).await).is_empty());
    let history = format!("/api/contacts/{one}/history");
    let history = server.get(&history, world.token()).await;
    let told = history.body["entries"].as_array().unwrap().iter();
    let told = told.filter(|entry| entry["action"] == "contact.kept_apart");
    assert_eq!(told.count(), 1, "{}", history.body);
    assert_eq!(say(false).await, 204);
    assert_eq!(pairs(&asked(&world, "", world.token()).await).len(), 1);
}

#[tokio::test]
async fn pages_reach_and_refusals() {
    let world = World::salon().await;
    for n in 0..12 {
        let phone = format!("07912 3456{n:02}");
        let name = format!("Person {}", char::from(b'a' + n).to_string().repeat(9));
        person(&world, &name, &phone, &format!("one{n}@example.com")).await;
        person(&world, &name, &phone, &format!("two{n}@example.com")).await;
    }
    let first = asked(&world, "page_size=10", world.token()).await;
    let cursor = first.body["pagination"]["next_cursor"].as_str().unwrap();
    let rest = asked(
        &world,
        &format!("page_size=10&cursor={cursor}"),
        world.token(),
    )
    .await;
    assert_eq!((pairs(&first).len(), pairs(&rest).len()), (10, 2));
    assert!(rest.body["pagination"]["next_cursor"].is_null());
    let second = asked(&world, "page_size=10&page=2", world.token()).await;
    assert_eq!(pairs(&second), pairs(&rest));

    // Who sees their own contacts alone finds nobody, and cannot say anything of others.
    let app = &world.first.app;
    let staff = app.staff(&world.tenant, Preset::BasicStaff).await;
    assert!(pairs(&asked(&world, "", &staff.token).await).is_empty());
    let ids = |answer: &Answer| {
        let contacts = answer.body["pairs"][0]["contacts"]
            .as_array()
            .unwrap()
            .iter();
        contacts
            .map(|contact| contact["id"].clone())
            .collect::<Value>()
    };
    let both = ids(&first);
    let server = &world.first.server;
    let body = json!({ "contact_ids": both });
    let hidden = server.post(APART, &staff.token, body.clone()).await;
    assert_eq!(hidden.status, 422, "{}", hidden.body);
    assert_eq!(hidden.body["errors"][1]["pointer"], "/contact_ids/1");
    let reader = app.staff(&world.tenant, Preset::ReadOnly).await;
    assert_eq!(server.post(APART, &reader.token, body).await.status, 403);
    for wrong in [json!([both[0], both[0]]), json!([both[0]]), json!([])] {
        let body = json!({ "contact_ids": wrong });
        let answer = server.post(APART, world.token(), body).await;
        assert_eq!(answer.status, 422, "{}", answer.body);
    }
}
