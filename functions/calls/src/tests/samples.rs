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
    for file in std::fs::read_dir(SAMPLES).unwrap() {
        let path = file.unwrap().path();
        let event = std::fs::read_to_string(&path)
            .unwrap()
            .replace("{token}", world.admin())
            .replace("{session_id}", &session.to_string())
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
            "dnc_add" => StatusCode::CREATED,
            "dnc_remove" => StatusCode::NO_CONTENT,
            _ => StatusCode::OK,
        };
        assert_eq!(answer.status(), wanted, "{name}");
        answered += 1;
    }
    assert_eq!(answered, 10);
}

#[tokio::test]
async fn every_route_is_documented_and_in_the_table() {
    let world = World::new().await;
    let (_, document) = crate::router(world.app.app.clone());
    let merged = vio_http::openapi::merge([document]).unwrap();
    let missing: Vec<_> = vio_http::openapi::undocumented(&merged)
        .into_iter()
        .filter(|route| {
            ["/api/calls", "/api/attention", "/api/dnc"]
                .iter()
                .any(|own| route.path.starts_with(own))
        })
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}
