//! Addresses of the business's own over HTTP: what is taken, what is shown, and what only their business sees.

use http::{Method, StatusCode};
use serde_json::{Value, json};
use vio_domain::permission::Preset;
use vio_domain::settings::BusinessType;
use vio_runtime::testing::{Server, TestApp, TestTenant, platform};
use vio_store::key::LogKind;
use vio_store::memory::MemoryTable;

const PATH: &str = "/api/outgoing-webhooks";

async fn started() -> (TestApp, Server, TestTenant) {
    let mut platform = platform();
    platform.local = false;
    let app = TestApp::with(platform, MemoryTable::new(), None).await;
    let server = app.serve(vio_profile::router(app.app.clone()).0);
    let tenant = app.tenant("Riverside Dental", BusinessType::Medical).await;
    (app, server, tenant)
}

fn body(url: &str) -> Value {
    json!({ "url": url, "description": "Our reporting", "events": ["call.finished", "contact.created"] })
}

#[tokio::test]
async fn an_address_is_kept_and_its_secret_shown_once() {
    let (app, server, tenant) = started().await;
    let token = &tenant.admin.token;
    let url = "https://hooks.example.com/vio?token=of-our-own";
    let made = server.post(PATH, token, body(url)).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    let secret = made.body["secret"].as_str().unwrap().to_owned();
    assert!(
        secret.starts_with("whsec_") && secret.len() == 50,
        "{secret}"
    );
    let path = made.header("location").unwrap().to_owned();
    let shown = server.get(&path, token).await;
    assert_eq!(shown.status, StatusCode::OK, "{}", shown.body);
    assert_eq!(shown.body["url"], url);
    assert_eq!(shown.body["enabled"], true);
    assert_eq!(
        shown.body["events"],
        json!(["call.finished", "contact.created"])
    );
    assert_eq!(shown.body.get("secret"), None);
    let listed = server.get(PATH, token).await;
    assert_eq!(listed.body["outgoing_webhooks"], json!([shown.body]));
    assert_eq!(listed.body["event_types"].as_array().unwrap().len(), 12);
    assert!(!listed.body.to_string().contains(&secret));
    // Replaced: both sign for a day, and the new one is shown once.
    let rotated = server
        .post(&format!("{path}/rotate"), token, json!({}))
        .await;
    assert_eq!(rotated.status, StatusCode::OK, "{}", rotated.body);
    assert_ne!(rotated.body["secret"], json!(secret));
    let until = &rotated.body["previous_secret_until"];
    let day = tenant.store.now() + chrono::TimeDelta::hours(24);
    assert_eq!(*until, json!(day));
    // Neither address nor secret is in the audit trail's clear part, nor in what it says of before and after.
    let audit = server.get("/api/audit?log=change", token).await;
    let text = audit.body.to_string();
    assert!(text.contains("outgoing_webhook.created"), "{text}");
    assert!(
        !text.contains("of-our-own") && !text.contains("whsec_"),
        "{text}"
    );
    // Nor in what the table holds.
    let rows = app
        .app
        .store
        .outgoing_webhook_rows(tenant.id)
        .await
        .unwrap();
    let stored = format!("{:?}", serde_json::to_value(&rows).unwrap());
    assert!(!stored.contains("hooks.example.com"), "{stored}");
    let removed = server.delete(&path, token).await;
    assert_eq!(removed.status, StatusCode::NO_CONTENT);
    assert_eq!(server.get(&path, token).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn addresses_of_other_networks_and_unknown_events_are_refused() {
    let (_, server, tenant) = started().await;
    let token = &tenant.admin.token;
    for (url, code) in [
        ("http://hooks.example.com/", "not_https"),
        ("https://127.0.0.1/", "not_public"),
        ("https://10.1.2.3/", "not_public"),
        ("https://[::1]/", "not_public"),
        ("https://169.254.169.254/latest/meta-data", "not_public"),
        ("https://localhost/", "not_public"),
        ("https://user:word@hooks.example.com/", "invalid_url"),
        ("nothing", "invalid_url"),
    ] {
        let refused = server.post(PATH, token, body(url)).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{url}");
        assert_eq!(refused.pointers(), ["/url"], "{url}");
        assert_eq!(refused.body["errors"][0]["code"], code, "{url}");
    }
    let good = "https://hooks.example.com/";
    let mut wrong = body(good);
    wrong["events"] = json!(["call.finished", "webhook.test", "contact.viewed"]);
    let refused = server.post(PATH, token, wrong).await;
    assert_eq!(refused.pointers(), ["/events/1", "/events/2"]);
    for (field, value) in [
        ("events", json!([])),
        ("events", json!(null)),
        ("url", json!(null)),
    ] {
        let mut wrong = body(good);
        wrong[field] = value;
        let refused = server.post(PATH, token, wrong).await;
        assert_eq!(refused.pointers(), [format!("/{field}")]);
    }
    for _ in 0..10 {
        let made = server.post(PATH, token, body(good)).await;
        assert_eq!(made.status, StatusCode::CREATED);
    }
    let more = server.post(PATH, token, body(good)).await;
    assert_eq!(more.status, StatusCode::CONFLICT);
}

#[tokio::test]
async fn it_is_changed_switched_off_and_on_and_tried_out() {
    let (app, server, tenant) = started().await;
    let token = &tenant.admin.token;
    let made = server
        .post(PATH, token, body("https://hooks.example.com/"))
        .await;
    let path = made.header("location").unwrap().to_owned();
    let tag = made.header("etag").unwrap().to_owned();
    let test = format!("{path}/test");
    let sample = server.post(&test, token, json!({})).await;
    assert_eq!(sample.status, StatusCode::ACCEPTED, "{}", sample.body);
    assert_eq!(sample.body["type"], "webhook.test");
    assert_eq!(sample.body["status"], "waiting");
    assert_eq!(app.queues.take_outgoing().len(), 1);
    let log = format!("{path}/deliveries");
    let listed = server.get(&log, token).await;
    assert_eq!(listed.status, StatusCode::OK, "{}", listed.body);
    assert_eq!(listed.body["deliveries"][0]["id"], sample.body["id"]);
    assert_eq!(listed.body["pagination"]["total_deliveries"], Value::Null);
    // Sent again: the one, and all that failed (none).
    let replay = format!("{path}/replay");
    let one = json!({ "delivery_id": sample.body["id"] });
    let again = server.post(&replay, token, one).await;
    assert_eq!(again.body, json!({ "replayed": 1, "more": false }));
    let failed = json!({ "failed_since": "2026-01-01T00:00:00Z" });
    let none = server.post(&replay, token, failed).await;
    assert_eq!(none.body, json!({ "replayed": 0, "more": false }));
    let both = json!({ "delivery_id": made.body["id"], "failed_since": "2026-01-01T00:00:00Z" });
    for wrong in [json!({}), both, json!({ "delivery_id": made.body["id"] })] {
        let refused = server.post(&replay, token, wrong).await;
        assert_eq!(refused.pointers(), ["/delivery_id"], "{}", refused.body);
    }
    let off = server
        .patch(&path, token, json!({ "enabled": false }))
        .await;
    assert_eq!(off.body["disabled"]["reason"], "staff", "{}", off.body);
    let refused = server.post(&test, token, json!({})).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    let (patch, change) = (Method::PATCH, json!({ "enabled": true }));
    let headers = [("if-match", tag.as_str())];
    let stale = server.send(patch, &path, Some(token), Some(change), &headers);
    let stale = stale.await;
    assert_eq!(stale.status, StatusCode::PRECONDITION_FAILED);
    let change = json!({ "enabled": true, "description": null, "events": ["do_not_call.added"] });
    let on = server.patch(&path, token, change).await;
    assert_eq!(on.body["enabled"], true, "{}", on.body);
    assert_eq!(on.body["description"], Value::Null);
    assert_eq!(on.body["events"], json!(["do_not_call.added"]));
    let same = server.patch(&path, token, json!({ "enabled": true })).await;
    assert_eq!(same.body["version"], on.body["version"]);
    let entries = tenant.store.read_log(LogKind::Change, None, 50).await;
    let entries = entries.unwrap();
    let changes = entries
        .iter()
        .filter(|row| row.action == "outgoing_webhook.updated");
    assert_eq!(changes.count(), 2);
}

#[tokio::test]
async fn nobody_elses_and_nobody_without_the_permission() {
    let (app, server, tenant) = started().await;
    let token = &tenant.admin.token;
    let made = server
        .post(PATH, token, body("https://hooks.example.com/"))
        .await;
    let path = made.header("location").unwrap().to_owned();
    let other = app.tenant("Hillside Dental", BusinessType::Medical).await;
    let stranger = &other.admin.token;
    let listed = server.get(PATH, stranger).await;
    assert_eq!(listed.body["outgoing_webhooks"], json!([]));
    let post = |end: &str, body: Value| {
        let path = format!("{path}{end}");
        let server = &server;
        async move { server.post(&path, stranger, body).await.status }
    };
    assert_eq!(
        server.get(&path, stranger).await.status,
        StatusCode::NOT_FOUND
    );
    let log = format!("{path}/deliveries");
    assert_eq!(
        server.get(&log, stranger).await.status,
        StatusCode::NOT_FOUND
    );
    assert_eq!(post("/rotate", json!({})).await, StatusCode::NOT_FOUND);
    assert_eq!(post("/test", json!({})).await, StatusCode::NOT_FOUND);
    let since = json!({ "failed_since": "2026-01-01T00:00:00Z" });
    assert_eq!(post("/replay", since).await, StatusCode::NOT_FOUND);
    assert_eq!(
        server.delete(&path, stranger).await.status,
        StatusCode::NOT_FOUND
    );
    let colleague = app.staff(&tenant, Preset::Receptionist).await;
    assert_eq!(
        server.get(PATH, &colleague.token).await.status,
        StatusCode::FORBIDDEN
    );
}
