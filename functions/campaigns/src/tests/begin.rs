//! Beginning a campaign: what is refused, who may, and once only.

use chrono::TimeDelta;
use http::{Method, Request};
use serde_json::{Value, json};
use vio_domain::groups::Visibility;
use vio_domain::ids::ContactId;
use vio_domain::permission::Preset;
use vio_store::log::Actor;
use vio_store::tx::Tx;

use super::world::World;

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
