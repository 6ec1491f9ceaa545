//! Lists as files.

use axum::body::{Body, to_bytes};
use http::{Request, StatusCode};
use serde_json::{Value, json};
use tower::ServiceExt;
use vio_domain::permission::Preset;
use vio_domain::settings::BusinessType;
use vio_views::{Limits, ViewApp};

use crate::support::{SOON, World};

/// The file of a list, or the problem's text.
async fn file(world: &World, token: &str, filters: Value) -> (StatusCode, String) {
    let app = &world.first.app.app;
    let routes = vio_views::router(ViewApp {
        app: app.clone(),
        views: world.first.views.clone(),
    });
    let service = vio_http::service(routes.0, app.shared());
    let request = Request::post("/api/contacts/export")
        .header("authorization", format!("Bearer {token}"))
        .header("content-type", "application/json")
        .body(Body::from(filters.to_string()))
        .unwrap();
    let answer = service.oneshot(request).await.unwrap();
    let status = answer.status();
    let bytes = to_bytes(answer.into_body(), 10_000_000).await.unwrap();
    (status, String::from_utf8(bytes.to_vec()).unwrap())
}

#[tokio::test]
async fn a_file_holds_whom_the_filters_find_in_the_lists_order() {
    let world = World::salon().await;
    let group = world.group("Regulars", json!({})).await;
    world
        .made(json!({
            "name": "Zoe Example", "phone": "07912 345678", "email": "zoe@example.com", "appointment_time": SOON,
            "appointment_type": "Cut", "notes": "=cmd()", "group_ids": [group],
        }))
        .await;
    world
        .made(json!({ "name": "Ada Example", "phone": "07912 345679", "priority": "high" }))
        .await;
    let (status, text) = file(
        &world,
        world.token(),
        json!({ "filter": { "sort": ["name"] } }),
    )
    .await;
    assert_eq!(status, 200, "{text}");
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 3);
    assert!(lines[0].starts_with("name,phone,email,company_name,appointment_date"));
    // A number that begins with + would be reckoned with, and notes that begin with = run.
    assert!(
        lines[1].starts_with("Ada Example,'+447912345679,"),
        "{text}"
    );
    assert!(
        lines[2].contains(",2026-03-11,10:30,Europe/London,pending,"),
        "{text}"
    );
    assert!(lines[2].contains(",Cut,,,'=cmd(),Regulars,"), "{text}");
    let (_, high) = file(
        &world,
        world.token(),
        json!({ "filter": { "priority": ["high"] } }),
    )
    .await;
    assert_eq!(high.lines().count(), 2);
    let (status, _) = file(&world, world.token(), json!({ "filter": { "page": 2 } })).await;
    assert_eq!(status, 422);
}

#[tokio::test]
async fn a_selection_is_written_as_it_was_chosen_and_nobody_else() {
    let world = World::salon().await;
    let mut ids = Vec::new();
    for (name, phone) in [
        ("Ada Example", "07912 345671"),
        ("Ben Example", "07912 345672"),
        ("Cy Example", "07912 345673"),
    ] {
        ids.push(world.made(json!({ "name": name, "phone": phone })).await);
    }
    let chosen = json!({ "ids": [ids[2], ids[0], ids[2]] });
    let (status, text) = file(&world, world.token(), chosen).await;
    assert_eq!(status, 200, "{text}");
    let names: Vec<&str> = text
        .lines()
        .skip(1)
        .filter_map(|line| line.split(',').next())
        .collect();
    assert_eq!(names, ["Cy Example", "Ada Example"]);
    let strange = uuid::Uuid::now_v7();
    for (body, pointer) in [
        (json!({ "ids": [ids[0], strange] }), "/ids/1"),
        (json!({ "ids": ["somebody"] }), "/ids/0"),
        (json!({ "ids": [] }), "/ids"),
        (json!({}), "/ids"),
        (json!({ "ids": [ids[0]], "filter": {} }), "/ids"),
        (
            json!({ "filter": { "status": ["lost"] } }),
            "/filter/status",
        ),
    ] {
        let (status, text) = file(&world, world.token(), body).await;
        assert_eq!(status, 422, "{text}");
        let problem: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{text}");
    }
}

#[tokio::test]
async fn in_hipaa_mode_a_file_says_nothing_of_health() {
    let world = World::of(BusinessType::Medical, Limits::default()).await;
    world
        .made(
            json!({ "name": "Ada Example", "phone": "07912 345679", "notes": "asked for a ramp" }),
        )
        .await;
    let (status, text) = file(&world, world.token(), json!({ "filter": {} })).await;
    assert_eq!(status, 200, "{text}");
    let head = text.lines().next().unwrap();
    for column in [
        "appointment_type",
        "special_instructions",
        "notes",
        "groups",
        "tags",
    ] {
        assert!(!head.contains(column), "{head}");
    }
    assert!(!text.contains("ramp"));
}

#[tokio::test]
async fn who_may_not_export_gets_nothing() {
    let world = World::salon().await;
    world.some(1).await;
    let app = &world.first.app;
    for (preset, may) in [
        (Preset::Manager, true),
        (Preset::Receptionist, false),
        (Preset::ReadOnly, false),
    ] {
        let staff = app.staff(&world.tenant, preset).await;
        let (status, text) = file(&world, &staff.token, json!({ "filter": {} })).await;
        assert_eq!(status.is_success(), may, "{text}");
        // A manager without industries of their own reaches nobody.
        assert_eq!(text.lines().count(), 1, "{text}");
    }
}
