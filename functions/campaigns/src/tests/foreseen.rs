//! What is foreseen of a campaign before it begins, and that it then happens so.

use chrono::TimeDelta;
use serde_json::{Value, json};
use vio_domain::appointment::AppointmentStatus;
use vio_domain::contact::Contact;
use vio_domain::ids::{ContactId, GroupId};
use vio_domain::settings::{Currency, Price};
use vio_store::calling::do_not_call::DncSource;
use vio_store::entity::type_of;
use vio_store::log::Actor;
use vio_store::tx::Tx;

use super::world::World;

async fn change(world: &World, id: ContactId, change: impl Fn(&mut vio_store::contacts::Person)) {
    let ts = &world.tenant.store;
    let mut person = ts.person(id).await.unwrap().unwrap();
    change(&mut person);
    let mut tx = Tx::new();
    ts.stage_person(&mut tx, &mut person).unwrap();
    vio_runtime::testing::tell(ts, &mut tx, &person);
    ts.store.commit(tx).await.unwrap();
}

/// Everything that is stored, except for who signed in and what they looked at.
fn kept(world: &World) -> Vec<String> {
    let items = world.app.table.dump().into_iter();
    let other = |kind: &str| !["sign_in", "refresh_family", "log", "user"].contains(&kind);
    let mut kept: Vec<String> = items
        .filter(|item| type_of(item).is_some_and(other))
        .map(|item| {
            format!(
                "{:?}",
                item.into_iter()
                    .collect::<std::collections::BTreeMap<_, _>>()
            )
        })
        .collect();
    kept.sort();
    kept
}

/// Twelve members of every kind; the group, and how many of them can be called.
async fn mixed(world: &World) -> (GroupId, usize) {
    let mut people = world.people(10).await;
    people.push(world.person(10, None).await);
    people.push(world.person(11, Some(1)).await);
    let contact = |change: fn(&mut Contact)| {
        move |person: &mut vio_store::contacts::Person| change(&mut person.contact)
    };
    change(world, people[0], contact(|c| c.do_not_contact = true)).await;
    change(world, people[1], contact(|c| c.is_active = false)).await;
    change(world, people[2], |person| {
        person.appointments[0].status = AppointmentStatus::Confirmed
    })
    .await;
    let ts = &world.tenant.store;
    let listed = ts
        .person(people[3])
        .await
        .unwrap()
        .unwrap()
        .contact
        .phone
        .unwrap();
    ts.add_do_not_call(
        listed,
        None,
        DncSource::Manual,
        None,
        &Actor::system("test"),
    )
    .await
    .unwrap();
    // One was called within eight hours.
    let other = world.group("One", &people[4..5]).await;
    world
        .begun(other, json!({"call_timing": "immediate"}))
        .await;
    world.play_for(1).await;
    assert_eq!(world.provider.arrivals().len(), 1);
    (world.group("Mixed", &people).await, 12 - 5)
}

#[tokio::test]
async fn a_dry_run_says_what_then_happens() {
    let world = World::new().await;
    let (group, callable) = mixed(&world).await;
    let price = Price::new(12, Currency::parse("GBP").unwrap()).unwrap();
    world
        .set(|settings| settings.calls.price_per_call = Some(price))
        .await;
    let before = kept(&world);
    let body = json!({"call_timing": "immediate", "dry_run": true});
    let dry = world.call_all(group, body).await;
    assert_eq!(dry.status, 200, "{:?}", dry.body);
    let dry = dry.body;
    assert_eq!(kept(&world), before, "nothing is written but who looked");
    assert_eq!(dry["total_members"], 12);
    assert_eq!(dry["to_be_called"], callable);
    assert_eq!(
        dry["estimated_cost"],
        json!({"amount_minor": 12 * callable, "currency": "GBP"})
    );
    assert!(dry["how_to_stop"].as_str().unwrap().contains("cancel"));
    let members = dry["members"].as_array().unwrap();
    assert_eq!(members.len(), 12);
    for member in members {
        let guards = member["decision"].as_array().unwrap();
        assert_eq!(guards.len(), 16, "each guard: {member}");
        let called = member["would_call"] == true;
        assert_eq!(called, member.get("skip_reason").is_none());
        assert_eq!(called, member.get("estimated_at").is_some());
    }

    let path = world
        .begun(group, json!({"call_timing": "immediate"}))
        .await;
    world.play_for(20).await;
    let status = world.get(&path).await;
    assert_eq!(status["status"], "completed");
    assert_eq!(status["counts"]["completed"], callable);
    assert_eq!(status["skipped_by_reason"], dry["skipped"]);
    assert_eq!(status["cost_so_far"], dry["estimated_cost"]);
    assert_eq!(world.provider.arrivals().len(), 1 + callable);
    let results = status["results"].as_array().unwrap();
    for (result, member) in results.iter().zip(members) {
        assert_eq!(result["contact_id"], member["contact_id"]);
        assert_eq!(result["skip_reason"], member["skip_reason"], "{member}");
        if member["would_call"] == false {
            let passed = |record: &Value| -> Vec<bool> {
                let guards = record["decision"].as_array().unwrap();
                guards.iter().map(|guard| guard["passed"] == true).collect()
            };
            assert_eq!(passed(result), passed(member));
        }
    }
}

#[tokio::test]
async fn an_appointment_that_begins_before_its_turn_is_foreseen_as_passed_over() {
    let world = World::new().await;
    let mut people = world.people(25).await;
    // Its turn comes in the second window, after its appointment has begun.
    world.app.advance(TimeDelta::minutes(50));
    people.push(world.person(25, Some(1)).await);
    let ts = &world.tenant.store;
    let mut person = ts.person(people[25]).await.unwrap().unwrap();
    person.appointments[0].time = world.now() + TimeDelta::minutes(10);
    let mut tx = Tx::new();
    ts.stage_person(&mut tx, &mut person).unwrap();
    vio_runtime::testing::tell(ts, &mut tx, &person);
    ts.store.commit(tx).await.unwrap();
    for number in 26..51 {
        people.push(world.person(number, Some(2)).await);
    }
    let group = world.group("A", &people).await;
    let dry = world
        .call_all(group, json!({"call_timing": "immediate", "dry_run": true}))
        .await;
    assert_eq!(dry.body["to_be_called"], 50);
    assert_eq!(dry.body["skipped"], json!({"appointment_past": 1}));
    let start = world.now();
    let path = world
        .begun(group, json!({"call_timing": "immediate"}))
        .await;
    world.play_for(5).await;
    // Handed over or not, it takes no slot of the second window: nobody waits for a third.
    let status = world.get(&path).await;
    let end = status["estimated_completion"].as_str().unwrap();
    let end: chrono::DateTime<chrono::Utc> = end.parse().unwrap();
    assert!(end < start + TimeDelta::minutes(20), "{end}");
    world.play_for(15).await;
    let status = world.get(&path).await;
    assert_eq!(status["skipped_by_reason"], json!({"appointment_past": 1}));
    assert_eq!(status["counts"]["completed"], 50);
}

#[tokio::test]
async fn with_nobody_to_call_it_ends_when_it_begins() {
    let world = World::new().await;
    let person = world.person(0, Some(28)).await;
    let ts = &world.tenant.store;
    let phone = ts.person(person).await.unwrap().unwrap().contact.phone;
    let manual = DncSource::Manual;
    let actor = Actor::system("test");
    ts.add_do_not_call(phone.unwrap(), None, manual, None, &actor)
        .await
        .unwrap();
    let group = world.group("A", &[person]).await;
    let begins = "2026-03-03T10:00:00Z";
    let mut body = json!({"call_timing": "scheduled", "scheduled_datetime": begins});
    let path = world.begun(group, body.clone()).await;
    world.play_for(5).await;
    let status = world.get(&path).await;
    assert_eq!(status["status"], "scheduled", "{status}");
    assert_eq!(status["estimated_completion"], begins);
    body["dry_run"] = json!(true);
    let dry = world.call_all(group, body).await.body;
    assert_eq!(dry["estimated_completion"], begins, "{dry}");
}
