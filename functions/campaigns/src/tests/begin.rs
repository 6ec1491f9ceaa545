//! Beginning a campaign: what is refused, what a dry run says, who may.

use chrono::TimeDelta;
use http::{Method, Request};
use serde_json::{Value, json};
use vio_domain::appointment::AppointmentStatus;
use vio_domain::contact::Contact;
use vio_domain::groups::Visibility;
use vio_domain::ids::{ContactId, GroupId};
use vio_domain::permission::Preset;
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
async fn empty_too_large_and_one_too_many() {
    let world = World::new().await;
    let body = json!({"call_timing": "immediate"});
    let empty = world.group("Empty", &[]).await;
    let refused = world.call_all(empty, body.clone()).await;
    assert_eq!(
        (refused.status.as_u16(), &refused.body["total_members"]),
        (422, &json!(0))
    );
    let people = world.people(2).await;
    let group = world.group("A", &people).await;
    let ts = &world.tenant.store;
    let mut row = ts.group(group).await.unwrap().unwrap();
    row.members = 1_001;
    let mut tx = Tx::new();
    let name = row.name.clone();
    ts.edit_group(&mut tx, &mut row, &name).unwrap();
    ts.store.commit(tx).await.unwrap();
    let refused = world.call_all(group, body.clone()).await;
    assert_eq!(
        (refused.status.as_u16(), &refused.body["total_members"]),
        (422, &json!(1_001))
    );
    assert!(
        refused.body["detail"].as_str().unwrap().contains("1001"),
        "{:?}",
        refused.body
    );

    let later = json!({"call_timing": "scheduled", "scheduled_datetime": "2026-03-10T10:00:00Z"});
    let mut paths = Vec::new();
    for number in 0..5 {
        let group = world.group(&format!("Group {number}"), &people).await;
        paths.push(world.begun(group, later.clone()).await);
    }
    let sixth = world.group("Sixth", &people).await;
    let refused = world.call_all(sixth, body.clone()).await;
    assert_eq!(
        (refused.status.as_u16(), refused.problem()),
        (409, "too-many-campaigns")
    );
    let running = refused.body["running"].as_array().unwrap();
    assert_eq!(running.len(), 5);
    assert_eq!(running[0]["group_name"], "Group 0");
    assert_eq!(running[4]["status_endpoint"], paths[4].as_str());
    // One that is ended makes room at once.
    assert_eq!(world.act(&paths[2], "cancel").await.status, 200);
    let path = world.begun(sixth, body.clone()).await;
    // And so does one that is through, though the pump has not looked since.
    world.pump().await;
    assert_eq!(world.get(&path).await["status"], "completed");
    let seventh = world.group("Seventh", &people).await;
    world.app.advance(TimeDelta::hours(9));
    world.begun(seventh, later).await;
    let list = world.get("/api/groups/campaigns?page_size=10").await;
    let named: Vec<_> = list["campaigns"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["group_name"].as_str().unwrap())
        .collect();
    assert_eq!(
        named,
        [
            "Seventh", "Sixth", "Group 4", "Group 3", "Group 2", "Group 1", "Group 0"
        ]
    );
}

#[tokio::test]
async fn wrong_fields_are_named() {
    let world = World::new().await;
    let people = world.people(1).await;
    let group = world.group("A", &people).await;
    let long = "x".repeat(201);
    for (body, pointer) in [
        (json!({}), "/call_timing"),
        (json!({"call_timing": "soon"}), "/call_timing"),
        (json!({"call_timing": "scheduled"}), "/scheduled_datetime"),
        (
            json!({"call_timing": "scheduled", "scheduled_datetime": "2026-03-01T10:00:00Z"}),
            "/scheduled_datetime",
        ),
        (
            json!({"call_timing": "scheduled", "scheduled_datetime": "2026-09-01T10:00:00Z"}),
            "/scheduled_datetime",
        ),
        (
            json!({"call_timing": "immediate", "scheduled_datetime": "2026-03-03T10:00:00Z"}),
            "/scheduled_datetime",
        ),
        (
            json!({"call_timing": "staggered"}),
            "/stagger_duration_minutes",
        ),
        (
            json!({"call_timing": "staggered", "stagger_duration_minutes": 45}),
            "/stagger_duration_minutes",
        ),
        (
            json!({"call_timing": "immediate", "stagger_duration_minutes": 15}),
            "/stagger_duration_minutes",
        ),
        (
            json!({"call_timing": "staggered", "stagger_duration_minutes": 15, "call_interval_minutes": 5}),
            "/call_interval_minutes",
        ),
        (
            json!({"call_timing": "immediate", "call_interval_minutes": 0}),
            "/call_interval_minutes",
        ),
        (
            json!({"call_timing": "immediate", "override_call_timing": true}),
            "/custom_hours_before",
        ),
        (
            json!({"call_timing": "immediate", "override_call_timing": true, "custom_hours_before": 200}),
            "/custom_hours_before",
        ),
        (
            json!({"call_timing": "immediate", "custom_hours_before": 4}),
            "/custom_hours_before",
        ),
        (
            json!({"call_timing": "immediate", "custom_message_addition": long}),
            "/custom_message_addition",
        ),
        (
            json!({"call_timing": "immediate", "custom_message_addition": "About your diabetes"}),
            "/custom_message_addition",
        ),
        (
            json!({"call_timing": "immediate", "replace_message": true}),
            "/replace_message",
        ),
        (
            json!({"call_timing": "immediate", "priority_level": "now"}),
            "/priority_level",
        ),
    ] {
        let answer = world.call_all(group, body.clone()).await;
        assert_eq!(answer.status, 422, "{body}: {:?}", answer.body);
        assert_eq!(answer.pointers(), [pointer], "{body}");
    }
    let stranger = ContactId::new(world.tenant.store.new_id());
    let many = vec![people[0]; 101];
    for (ids, pointer) in [
        (json!([]), "/contact_ids"),
        (json!(many), "/contact_ids"),
        (json!([people[0], stranger]), "/contact_ids/1"),
        (json!(["nobody"]), "/contact_ids/0"),
    ] {
        let body = json!({"contact_ids": ids, "call_timing": "immediate"});
        let answer = world.post("/api/campaigns", body).await;
        assert_eq!(
            (answer.status.as_u16(), answer.pointers()),
            (422, vec![pointer])
        );
    }
    let list = world.get("/api/groups/campaigns").await;
    assert_eq!(list["campaigns"], json!([]));
}

#[tokio::test]
async fn a_selection_is_called_in_its_order_and_each_once() {
    let world = World::new().await;
    let mut people = world.people(3).await;
    people.reverse();
    let body = json!({"contact_ids": [people[0], people[1], people[2], people[0]], "call_timing": "immediate", "call_interval_minutes": 1});
    let answer = world.post("/api/campaigns", body).await;
    assert_eq!(answer.status, 202, "{:?}", answer.body);
    assert_eq!(
        (&answer.body["total_members"], &answer.body["group_name"]),
        (&json!(3), &Value::Null)
    );
    world.play_for(4).await;
    let called: Vec<_> = world
        .provider
        .arrivals()
        .iter()
        .map(super::world::Arrival::contact)
        .collect();
    assert_eq!(called, people);
}

#[tokio::test]
async fn a_campaigns_own_hours_before() {
    let world = World::new().await;
    let soon = world.person(0, Some(3)).await;
    let later = world.person(1, Some(28)).await;
    let group = world.group("A", &[later, soon]).await;
    let body =
        json!({"call_timing": "immediate", "override_call_timing": true, "custom_hours_before": 4});
    let path = world.begun(group, body).await;
    world.play_for(5).await;
    assert_eq!(world.provider.arrivals().len(), 1);
    assert_eq!(world.provider.arrivals()[0].contact(), soon);
    let status = world.get(&path).await;
    assert_eq!(status["estimated_completion"], "2026-03-03T09:00:00Z");
    assert_eq!(status["status"], "executing");
    // A reminder of the contact's own would have been due before; the campaign comes first only where it is due first.
    world.play("2026-03-03T09:05:00Z".parse().unwrap()).await;
    let calls = world.provider.arrivals().len();
    assert_eq!(calls, 2);
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

#[tokio::test]
async fn who_may_begin_and_who_sees() {
    let world = World::new().await;
    let people = world.people(2).await;
    let group = world.group("A", &people).await;
    let path = format!("/api/groups/{group}/call-all");
    let body = json!({"call_timing": "immediate"});
    for preset in [Preset::Receptionist, Preset::BasicStaff, Preset::ReadOnly] {
        let staff = world.app.staff(&world.tenant, preset).await;
        assert_eq!(
            world
                .server
                .post(&path, &staff.token, body.clone())
                .await
                .status,
            403,
            "{preset:?}"
        );
    }
    // A manager calls whom they reach: nobody, without an industry.
    let manager = world.app.staff(&world.tenant, Preset::Manager).await;
    let refused = world.server.post(&path, &manager.token, body.clone()).await;
    assert_eq!(refused.status, 422, "{:?}", refused.body);
    let other = world
        .app
        .tenant("Other Salon", vio_domain::settings::BusinessType::Salon)
        .await;
    assert_eq!(
        world
            .server
            .post(&path, &other.admin.token, body.clone())
            .await
            .status,
        404
    );
    let status = world.begun(group, body).await;
    assert_eq!(
        world.server.get(&status, &other.admin.token).await.status,
        404
    );
    let desk = world.app.staff(&world.tenant, Preset::Receptionist).await;
    assert_eq!(world.server.get(&status, &desk.token).await.status, 200);
    assert_eq!(
        world
            .server
            .post(&status.replace("status", "pause"), &desk.token, json!({}))
            .await
            .status,
        403
    );
    // Once the group is the administrators' alone, so is its campaign.
    let ts = &world.tenant.store;
    let mut row = ts.group(group).await.unwrap().unwrap();
    row.visibility = Visibility::AdminsOnly;
    let mut tx = Tx::new();
    let name = row.name.clone();
    ts.edit_group(&mut tx, &mut row, &name).unwrap();
    ts.store.commit(tx).await.unwrap();
    assert_eq!(world.server.get(&status, &desk.token).await.status, 404);
    let list = world.server.get("/api/groups/campaigns", &desk.token).await;
    assert_eq!(list.body["campaigns"], json!([]));
}

#[tokio::test]
async fn a_repeated_request_begins_one_campaign() {
    let world = World::new().await;
    let group = world.group("A", &world.people(2).await).await;
    let path = format!("/api/groups/{group}/call-all");
    let body = json!({"call_timing": "immediate"});
    let mut ids = Vec::new();
    for _ in 0..2 {
        let headers = [("idempotency-key", "once-and-only-once")];
        let answer = world
            .server
            .send(
                Method::POST,
                &path,
                Some(world.admin()),
                Some(body.clone()),
                &headers,
            )
            .await;
        assert_eq!(answer.status, 202, "{:?}", answer.body);
        ids.push(answer.body["campaign_id"].clone());
    }
    assert_eq!(ids[0], ids[1]);
    world.play_for(3).await;
    assert_eq!(world.provider.arrivals().len(), 2);
}

/// The sample events of `events/campaigns`, as API Gateway sends them.
#[tokio::test]
async fn samples_are_answered() {
    use tower::ServiceExt;
    let world = World::new().await;
    let people = world.people(2).await;
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../events/campaigns");
    let router = vio_http::service(
        crate::router(world.app.app.clone()).0,
        world.app.app.shared(),
    );
    let later = json!({"call_timing": "scheduled", "scheduled_datetime": "2026-03-10T10:00:00Z"});
    let mut answered = 0;
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap();
        let group = world.group(name, &people).await;
        let status = world.begun(group, later.clone()).await;
        let campaign = status.split('/').nth(4).unwrap();
        let event = std::fs::read_to_string(&path)
            .unwrap()
            .replace("{token}", world.admin())
            .replace("{group_id}", &group.to_string())
            .replace("{campaign_id}", campaign)
            .replace("{contact_id}", &people[0].to_string());
        let request = lambda_http::request::from_str(&event).unwrap();
        let (mut parts, body) = request.into_parts();
        let path = parts.uri.path_and_query().unwrap().as_str();
        parts.uri = path.parse().unwrap();
        let body = axum::body::Body::from(body.as_ref().to_vec());
        let request = Request::from_parts(parts, body);
        let answer = router.clone().oneshot(request).await.unwrap();
        let wanted = match name {
            "call_all" | "selection" => 202,
            _ => 200,
        };
        assert_eq!(answer.status(), wanted, "{name}");
        // Room for the next.
        let begun = world
            .tenant
            .store
            .campaigns_running()
            .await
            .unwrap()
            .running;
        for one in begun {
            let by = world.tenant.admin.id;
            world
                .tenant
                .store
                .cancel_campaign(one, by, &Actor::system("test"))
                .await
                .unwrap();
        }
        answered += 1;
    }
    assert_eq!(answered, 8);
}

#[tokio::test]
async fn every_route_is_documented_and_in_the_table() {
    let world = World::new().await;
    let (_, document) = crate::router(world.app.app.clone());
    let merged = vio_http::openapi::merge([document]).unwrap();
    let missing: Vec<_> = vio_http::openapi::undocumented(&merged)
        .into_iter()
        .filter(|route| route.path.contains("campaigns") || route.path.ends_with("call-all"))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}
