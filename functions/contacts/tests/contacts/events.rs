//! One API Gateway event for each route, through the router as Lambda delivers it.

use std::collections::BTreeSet;
use std::path::PathBuf;

use axum::body::Body;
use tower::ServiceExt;

use crate::support::{World, named, zoe};

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../events/contacts")
}

#[tokio::test]
async fn every_route_answers_its_sample_event() {
    let mut answered = BTreeSet::new();
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    for file in files {
        let world = World::salon().await;
        let id = world.made(zoe()).await;
        let appointment = world.read(&id).await["appointment_id"]
            .as_str()
            .unwrap()
            .to_owned();
        let other = world.made(named("Ben Example", "07912 345679")).await;
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        if name == "restore-contact.json" {
            world
                .server
                .delete(&format!("/api/contacts/{id}"), world.token())
                .await;
        }
        let text = std::fs::read_to_string(&file).unwrap();
        let route: serde_json::Value = serde_json::from_str(&text).unwrap();
        answered.insert(route["routeKey"].as_str().unwrap().to_owned());
        // The route key stays as it is; the places are filled in.
        let text = text
            .replace("Bearer {token}", &format!("Bearer {}", world.token()))
            .replace("{contact_id}\\\"", &format!("{id}\\\""))
            .replace("{other_id}", &other)
            .replace("contacts/{contact_id}", &format!("contacts/{id}"))
            .replace(
                "appointments/{appointment_id}",
                &format!("appointments/{appointment}"),
            );
        let request = lambda_http::request::from_str(&text).unwrap();
        let (parts, body) = request.into_parts();
        let request = http::Request::from_parts(parts, Body::from(body.to_vec()));
        let routes = vio_contacts::router(world.app.app.clone()).0;
        let service = vio_http::service(routes, world.app.app.shared());
        let response = service.oneshot(request).await.unwrap();
        assert!(
            response.status().is_success(),
            "{name}: {}",
            response.status()
        );
    }
    let world = World::salon().await;
    let (_, document) = vio_contacts::router(world.app.app.clone());
    let whole = vio_http::openapi::merge([document]).unwrap();
    let json = serde_json::to_value(&whole).unwrap();
    let mut routes = BTreeSet::new();
    for (path, item) in json["paths"].as_object().unwrap() {
        for method in item.as_object().unwrap().keys() {
            routes.insert(format!("{} {path}", method.to_uppercase()));
        }
    }
    assert_eq!(answered, routes, "one event for each route");
    // Every reference of the document leads somewhere.
    let text = json.to_string();
    for reference in text.split("\"$ref\":\"#").skip(1) {
        let pointer = reference.split('"').next().unwrap();
        assert!(json.pointer(pointer).is_some(), "{pointer}");
    }
}
