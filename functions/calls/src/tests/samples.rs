//! The sample events of `events/calls`, as API Gateway sends them; the document of the routes.

use http::{Request, StatusCode};
use vio_domain::contact::AttentionReason;
use vio_store::tx::Tx;

use super::world::{PHONE, World};

const SAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../events/calls");

#[tokio::test]
async fn samples_are_answered() {
    use tower::ServiceExt;
    let world = World::new().await;
    let contact = world.person("07911 123459", None).await;
    let session = world.planned(contact).await;
    let called = world.person("07911 123460", None).await;
    let waits = world.person("07911 123461", None).await;
    let waiting = world.call_now(waits, serde_json::json!({})).await;
    let waiting = waiting.body["session_id"].as_str().unwrap().to_owned();
    let ts = &world.tenant.store;
    let mut person = ts.person(contact).await.unwrap().unwrap();
    let mut tx = Tx::new();
    ts.flag(
        &mut tx,
        &mut person.contact,
        AttentionReason::NoCallWindow,
        None,
        None,
    )
    .unwrap();
    ts.stage_person(&mut tx, &mut person).unwrap();
    vio_runtime::testing::tell(ts, &mut tx, &person);
    ts.store.commit(tx).await.unwrap();
    let list = world.server.get("/api/attention", world.admin()).await;
    let attention = list.body["attention"][0]["attention_id"].as_str().unwrap();
    let body = serde_json::json!({"phone": PHONE.replace('6', "0")});
    let listed = world.server.post("/api/dnc", world.admin(), body).await;
    let dnc = listed.body["dnc_id"].as_str().unwrap();
    let router = vio_http::service(
        crate::router(world.app.app.clone()).0,
        world.app.app.shared(),
    );
    let mut answered = 0;
    let files = std::fs::read_dir(SAMPLES).unwrap();
    let mut paths: Vec<_> = files.map(|file| file.unwrap().path()).collect();
    // In order of name: a pause comes after the call now.
    paths.sort();
    for path in paths {
        let event = std::fs::read_to_string(&path)
            .unwrap()
            .replace("{token}", world.admin())
            .replace("{session_id}", &session.to_string())
            .replace("{contact_id}", &called.to_string())
            .replace("{waiting_id}", &waiting)
            .replace("{attention_id}", attention)
            .replace("{dnc_id}", dnc);
        let request = lambda_http::request::from_str(&event).unwrap();
        let (mut parts, body) = request.into_parts();
        // The router matches the path; the gateway's host is not part of it.
        parts.uri = parts
            .uri
            .path_and_query()
            .unwrap()
            .as_str()
            .parse()
            .unwrap();
        let body = axum::body::Body::from(body.as_ref().to_vec());
        let answer = router
            .clone()
            .oneshot(Request::from_parts(parts, body))
            .await
            .unwrap();
        let name = path.file_stem().unwrap().to_str().unwrap();
        let wanted = match name {
            "call_now" => StatusCode::ACCEPTED,
            "dnc_add" => StatusCode::CREATED,
            "dnc_remove" => StatusCode::NO_CONTENT,
            _ => StatusCode::OK,
        };
        assert_eq!(answer.status(), wanted, "{name}");
        answered += 1;
    }
    assert_eq!(answered, 17);
}

#[tokio::test]
async fn every_route_is_documented_and_in_the_table() {
    let world = World::new().await;
    let (_, document) = crate::router(world.app.app.clone());
    let merged = vio_http::openapi::merge([document]).unwrap();
    let missing: Vec<_> = vio_http::openapi::undocumented(&merged)
        .into_iter()
        .filter(|route| route.path != "/api/dnc/import")
        .filter(|route| {
            [
                "/api/calls",
                "/api/contacts/{contact_id}/call-now",
                "/api/attention",
                "/api/dnc",
            ]
            .iter()
            .any(|own| route.path.starts_with(own))
        })
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}
