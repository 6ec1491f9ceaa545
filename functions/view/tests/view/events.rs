//! The sample events of `events/view`, as API Gateway sends them; the document of the routes.

use axum::body::Body;
use tower::ServiceExt;
use utoipa::openapi::path::PathItem;
use vio_views::ViewApp;

use crate::support::World;

#[tokio::test]
async fn samples_are_answered() {
    let world = World::salon().await;
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../events/view");
    let app = &world.first.app.app;
    let routes = vio_views::router(ViewApp {
        app: app.clone(),
        views: world.first.views.clone(),
    });
    let service = vio_http::service(routes.0, app.shared());
    let made = world.some(2).await;
    let group = world
        .group("Open", serde_json::json!({ "initial_contact_ids": &made }))
        .await;
    let mut answered = 0;
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let event = std::fs::read_to_string(&path).unwrap();
        let event = event.replace("{token}", world.token());
        let event = event.replace("{contact_id}", &made[0]);
        let event = event.replace("{other_id}", &made[1]);
        let event = event.replace("/api/groups/{group_id}", &format!("/api/groups/{group}"));
        let named = format!("Filter {answered}");
        let filter = world.saved_filter(&named).await;
        let event = event.replace("{saved_filter_id}", &filter);
        let event = event.replace("{tag_id}", &world.tag(&format!("tag {answered}")).await);
        let (parts, body) = lambda_http::request::from_str(&event).unwrap().into_parts();
        let request = http::Request::from_parts(parts, Body::from(body.to_vec()));
        let answer = service.clone().oneshot(request).await.unwrap();
        assert!(answer.status().is_success(), "{}", path.display());
        answered += 1;
    }
    let has = |item: &PathItem| {
        let operations = [&item.get, &item.post, &item.patch, &item.delete];
        operations.into_iter().flatten().count()
    };
    let operations: usize = routes.1.paths.paths.values().map(has).sum();
    assert_eq!(answered, operations);
}
