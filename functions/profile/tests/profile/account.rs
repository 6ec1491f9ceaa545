//! One's own account, the lists of the business, and its audit.

use super::*;

#[tokio::test]
async fn ones_own_account_round_trips() {
    let (_, server, tenant) = started(BusinessType::Medical).await;
    let token = &tenant.admin.token;
    let change = json!({"full_name": "Grace Example", "job_title": "Owner", "phone_number": "020 7946 0123", "session_timeout": 2});
    let changed = server.patch("/api/users/profile", token, change).await;
    assert_eq!(changed.status, StatusCode::OK, "{}", changed.body);
    assert_eq!(changed.body["phone_number"], "+442079460123");
    let shown = server.get("/api/users/profile", token).await;
    assert_eq!(shown.body, changed.body);
    let wrong = json!({"session_timeout": 3, "email_address": "other@riverside.example", "full_name": null});
    let wrong = server.patch("/api/users/profile", token, wrong).await;
    assert_eq!(
        wrong.pointers(),
        ["/full_name", "/email_address", "/session_timeout"]
    );
}

#[tokio::test]
async fn each_choice_of_idle_logout_counts() {
    for hours in [2, 4, 8, 12, 24] {
        let (app, server, tenant) = started(BusinessType::Medical).await;
        let token = &tenant.admin.token;
        let body = json!({ "session_timeout": hours });
        assert_eq!(
            server.patch("/api/users/profile", token, body).await.status,
            StatusCode::OK
        );
        app.clock
            .advance(TimeDelta::hours(hours) - TimeDelta::minutes(1));
        assert_eq!(
            server.get("/api/users/profile", token).await.status,
            StatusCode::OK,
            "{hours}"
        );
        app.clock.advance(TimeDelta::hours(hours));
        assert_eq!(
            server.get("/api/users/profile", token).await.status,
            StatusCode::UNAUTHORIZED,
            "{hours}"
        );
    }
}

#[tokio::test]
async fn appointment_types_are_replaced_under_a_version() {
    let (_, server, tenant) = started(BusinessType::Medical).await;
    let token = &tenant.admin.token;
    let list = json!({"appointment_types": [
        {"name": "Root canal", "sensitivity": "normal", "spoken_as": "a dental appointment"},
        {"name": "Counselling", "sensitivity": "sensitive", "spoken_as": null},
    ]});
    let path = "/api/appointment-types";
    let without = server
        .send(Method::PUT, path, Some(token), Some(list.clone()), &[])
        .await;
    assert_eq!(without.status, StatusCode::PRECONDITION_REQUIRED);
    let put = server.put(path, token, list.clone()).await;
    assert_eq!(put.status, StatusCode::OK, "{}", put.body);
    assert_eq!(server.get(path, token).await.body, list);
    let twice = json!({"appointment_types": [{"name": "Check"}, {"name": "check"}, {"name": ""}]});
    let twice = server.put(path, token, twice).await;
    assert_eq!(
        twice.pointers(),
        ["/appointment_types/1/name", "/appointment_types/2/name"]
    );
}

#[tokio::test]
async fn locations_and_tags_are_kept_per_business() {
    let (app, server, tenant) = started(BusinessType::Medical).await;
    let token = &tenant.admin.token;
    let other = app.tenant("Hillside Dental", BusinessType::Medical).await;
    let body = json!({"name": "City", "phone": "020 7946 0003", "timezone": "Europe/London"});
    let made = server.post("/api/locations", token, body).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    assert_eq!(made.body["phone"], "+442079460003");
    let path = made.header("location").unwrap().to_owned();
    let changed = server
        .patch(&path, token, json!({"name": "City centre", "phone": null}))
        .await;
    assert_eq!(
        (&changed.body["name"], &changed.body["phone"]),
        (&json!("City centre"), &Value::Null)
    );
    assert_eq!(
        server
            .post("/api/locations", token, json!({}))
            .await
            .pointers(),
        ["/name"]
    );
    assert_eq!(
        server
            .patch(&path, &other.admin.token, json!({"name": "Mine"}))
            .await
            .status,
        StatusCode::NOT_FOUND
    );
    assert_eq!(
        server.delete(&path, &other.admin.token).await.status,
        StatusCode::NOT_FOUND
    );
    assert_eq!(
        server.get("/api/locations", &other.admin.token).await.body,
        json!({"locations": []})
    );
    assert_eq!(
        server.delete(&path, token).await.status,
        StatusCode::NO_CONTENT
    );
}

#[tokio::test]
async fn the_audit_says_who_changed_what_and_reads_on_by_cursor() {
    let (app, server, tenant) = started(BusinessType::Medical).await;
    let token = &tenant.admin.token;
    for notice in 3..15 {
        app.advance(TimeDelta::seconds(1));
        let body = json!({ "minimum_notice_hours": notice });
        assert_eq!(
            server
                .patch("/api/settings/calls", token, body)
                .await
                .status,
            StatusCode::OK
        );
    }
    app.advance(TimeDelta::seconds(1));
    let first = server.get("/api/audit?page_size=10", token).await;
    assert_eq!(first.status, StatusCode::OK, "{}", first.body);
    let entries = first.body["entries"].as_array().unwrap();
    assert_eq!(entries.len(), 10);
    let newest = &entries[0];
    assert_eq!(newest["action"], "settings.changed");
    assert_eq!(newest["who"]["name"], "Ada Example");
    assert_eq!(newest["fields"], json!(["calls.minimum_notice_hours"]));
    assert_eq!(
        newest["details"]["before"]["calls.minimum_notice_hours"],
        13
    );
    assert_eq!(newest["details"]["after"]["calls.minimum_notice_hours"], 14);
    let cursor = first.body["pagination"]["next_cursor"].as_str().unwrap();
    let second = server
        .get(&format!("/api/audit?page_size=10&cursor={cursor}"), token)
        .await;
    let rest = second.body["entries"].as_array().unwrap();
    // Two changes, the sign-in and the sign-up; what reading the first page left is newer than the cursor.
    assert_eq!(rest.len(), 4, "{}", second.body);
    assert_eq!(second.body["pagination"]["next_cursor"], Value::Null);
    let seen = server.get("/api/audit?log=access", token).await;
    let actions: Vec<&str> = seen.body["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["action"].as_str().unwrap())
        .collect();
    assert_eq!(actions, ["audit.viewed", "audit.viewed"]);
    let other = app.tenant("Hillside Dental", BusinessType::Medical).await;
    let theirs = server.get("/api/audit", &other.admin.token).await;
    assert!(
        !theirs.body.to_string().contains("minimum_notice"),
        "another business's trail"
    );
}
