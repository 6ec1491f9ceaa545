//! Other systems: their secrets, and who sets them.

use vio_domain::bookings::Calendar;
use vio_store::calendar::Reading;

use super::*;

#[tokio::test]
async fn secrets_go_in_and_never_come_out() {
    let (app, server, tenant) = started(BusinessType::Medical).await;
    let token = &tenant.admin.token;
    let path = "/api/settings/integrations";
    let empty = server.get(path, token).await;
    assert_eq!(empty.body["retell"]["configured"], false);
    assert_eq!(
        empty.body["retell"]["problems"].as_array().unwrap().len(),
        3
    );
    let change = json!({
        "retell": {"agent_id": "agent_9f2c", "from_number": "020 7946 0002", "api_key": "key_0123456789abcdef",
            "base_url": "http://127.0.0.1:9/retell"},
        "calcom": {"enabled": true, "api_key": "cal_live_0123456789", "webhook_secret": "whsec-0123456789abcdef",
            "organizer_email": "desk@riverside.example", "event_type_id": 7},
    });
    let changed = server.patch(path, token, change.clone()).await;
    assert_eq!(changed.status, StatusCode::OK, "{}", changed.body);
    let shown = server.get(path, token).await;
    assert_eq!(shown.body, changed.body);
    let retell = &shown.body["retell"];
    assert_eq!(retell["configured"], true);
    assert_eq!(retell["from_number"], "+442079460002");
    assert_eq!(retell["problems"], json!([]));
    assert_eq!(shown.body["calcom"]["problems"], json!([]));
    let settings = tenant.store.settings().await.unwrap();
    let hook = format!(
        "https://app.example/api/webhook/call-outcome/{}",
        settings.endpoints.call_outcome
    );
    assert_eq!(retell["webhook_url"], hook);
    assert_eq!(
        settings.secrets.retell_key.current.as_deref(),
        Some("key_0123456789abcdef")
    );

    // Neither an answer, nor the table, nor the audit holds one.
    let audit = server.get("/api/audit", token).await;
    let everything = format!("{} {} {:?}", shown.body, audit.body, app.table.dump());
    for secret in ["0123456789", "whsec-"] {
        assert!(!everything.contains(secret), "{secret}");
    }
    assert!(
        audit.body.to_string().contains("retell.api_key"),
        "that it changed is there"
    );

    // The masked form is no new secret, a new one leaves the old one valid for a day, null removes it.
    let masked = json!({"retell": {"api_key": retell["api_key"]}});
    assert_eq!(
        server.patch(path, token, masked).await.pointers(),
        ["/retell/api_key"]
    );
    let rotated = json!({"retell": {"api_key": "key_fedcba9876543210"}});
    assert_eq!(
        server.patch(path, token, rotated).await.status,
        StatusCode::OK
    );
    let secrets = tenant.store.settings().await.unwrap().secrets;
    let now = app.app.clock.now();
    assert_eq!(
        secrets.retell_key.accepted(now),
        ["key_fedcba9876543210", "key_0123456789abcdef"]
    );
    assert_eq!(
        secrets.retell_key.accepted(now + TimeDelta::hours(24)),
        ["key_fedcba9876543210"]
    );
    let gone = server
        .patch(path, token, json!({"retell": {"api_key": null}}))
        .await;
    assert_eq!(gone.body["retell"]["api_key"], Value::Null);
    assert_eq!(gone.body["retell"]["configured"], false);
}

#[tokio::test]
async fn where_a_booking_s_fields_are_found_is_set_and_reset() {
    let (_, server, tenant) = started(BusinessType::Medical).await;
    let token = &tenant.admin.token;
    let path = "/api/settings/integrations";
    let usual = json!({
        "name": "invitee.name", "email": "invitee.email", "phone": "responses.phone",
        "appointment_type": "eventType.title", "owner_name": "organizer.name",
        "special_instructions": "responses.additionalNotes",
    });
    let shown = server.get(path, token).await;
    assert_eq!(shown.body["calcom"]["field_mapping"], usual);
    assert_eq!(shown.body["calcom"]["call_before_hours"], Value::Null);

    let change = json!({"calcom": {"call_before_hours": 48, "field_mapping": {"owner_name": "responses.practitioner"}}});
    let changed = server.patch(path, token, change).await;
    let mut expected = usual.clone();
    expected["owner_name"] = json!("responses.practitioner");
    assert_eq!(changed.body["calcom"]["field_mapping"], expected);
    assert_eq!(changed.body["calcom"]["call_before_hours"], 48);

    let wrong =
        json!({"calcom": {"call_before_hours": 200, "field_mapping": {"phone": "somewhere"}}});
    let refused = server.patch(path, token, wrong).await;
    assert_eq!(
        refused.pointers(),
        ["/calcom/call_before_hours", "/calcom/field_mapping/phone"]
    );
    let reset =
        json!({"calcom": {"call_before_hours": null, "field_mapping": {"owner_name": null}}});
    let changed = server.patch(path, token, reset).await;
    assert_eq!(changed.body["calcom"]["field_mapping"], usual);
    assert_eq!(changed.body["calcom"]["call_before_hours"], Value::Null);
}

#[tokio::test]
async fn calendly_is_set_up_and_its_secrets_stay_inside() {
    let (app, server, tenant) = started(BusinessType::Medical).await;
    let (path, token) = ("/api/settings/integrations", &tenant.admin.token);
    let fresh = server.get(path, token).await.body["calendly"].clone();
    assert_eq!(fresh["enabled"], false);
    assert_eq!(fresh["event_types"], json!([]));
    assert_eq!(fresh["field_mapping"]["phone"], "invitee.phone");
    assert_eq!(
        fresh["field_mapping"]["special_instructions"],
        "booking.notes"
    );
    assert_eq!(fresh["auto_create_contacts"], true);
    assert_eq!(fresh["duplicate_handling"], "update_existing");
    let endpoints = tenant.store.settings().await.unwrap().endpoints;
    let hook = format!(
        "https://app.example/api/webhook/calendly-booking/{}",
        endpoints.calendly_booking
    );
    assert_eq!(fresh["webhook_url"], hook);

    let switched = json!({"calendly": {"enabled": true}});
    let on = server.patch(path, token, switched).await.body["calendly"].clone();
    assert_eq!(on["problems"].as_array().unwrap().len(), 2, "{on}");
    let kinds = json!([
        "https://api.calendly.com/event_types/A",
        "https://api.calendly.com/event_types/A/"
    ]);
    let change = json!({"calendly": {
        "api_key": "calendly_0123456789abcdef", "organizer_email": "desk@riverside.example", "event_types": kinds,
        "call_before_hours": 48, "auto_create_contacts": false, "duplicate_handling": "ask_user",
        "field_mapping": {"owner_name": "responses.which_practitioner"},
    }});
    let changed = server.patch(path, token, change).await;
    assert_eq!(changed.status, StatusCode::OK, "{}", changed.body);
    let calendly = &changed.body["calendly"];
    assert_eq!(calendly["configured"], true);
    assert_eq!(calendly["api_key"], "••••cdef");
    assert_eq!(calendly["problems"], json!([]));
    assert_eq!(
        calendly["event_types"],
        json!(["https://api.calendly.com/event_types/A"])
    );
    assert_eq!(calendly["duplicate_handling"], "ask_user");
    assert_eq!(calendly["auto_create_contacts"], false);
    assert_eq!(calendly["call_before_hours"], 48);
    // A key to sign with was made, and the calendar is read at once.
    let secrets = tenant.store.settings().await.unwrap().secrets;
    let made = secrets.calendly_signing.current.clone().unwrap();
    assert!(made.len() >= 24);
    let status = server
        .get("/api/settings/integrations/status", token)
        .await
        .body;
    assert_eq!(status["calendly"]["connected"], true);
    assert!(status["calendly"]["next_sync"].is_string(), "{status}");
    assert_eq!(status["calendly"]["webhook"], Value::Null);
    assert_eq!(status["calcom"]["connected"], false);

    let rotated = json!({"calendly": {"webhook_signing_key": "signing-key-of-ours", "event_types": null, "field_mapping": {"owner_name": null}}});
    let changed = server.patch(path, token, rotated).await.body["calendly"].clone();
    assert_eq!(changed["event_types"], json!([]));
    assert_eq!(changed["field_mapping"]["owner_name"], "organizer.name");
    let accepted = tenant
        .store
        .settings()
        .await
        .unwrap()
        .secrets
        .calendly_signing;
    let now = tenant.store.now();
    assert_eq!(
        accepted.accepted(now),
        ["signing-key-of-ours", made.as_str()]
    );
    let everything = format!(
        "{changed} {} {:?}",
        server.get("/api/audit", token).await.body,
        app.table.dump()
    );
    for secret in ["0123456789", "signing-key-of-ours", made.as_str()] {
        assert!(!everything.contains(secret), "{secret}");
    }

    let wrong = json!({"calendly": {"event_types": ["ftp://x"], "call_before_hours": 0, "api_key": "••••cdef", "base_url": "nowhere"}});
    let refused = server.patch(path, token, wrong).await;
    let mut refused = refused.pointers();
    refused.sort();
    assert_eq!(
        refused,
        [
            "/calendly/api_key",
            "/calendly/base_url",
            "/calendly/call_before_hours",
            "/calendly/event_types"
        ]
    );
    let unknown = json!({"calendly": {"duplicate_handling": "merge"}});
    assert!(
        server
            .patch(path, token, unknown)
            .await
            .status
            .is_client_error()
    );
    let both =
        json!({"calcom": {"auto_create_contacts": false, "duplicate_handling": "skip_duplicates"}});
    let calcom = server.patch(path, token, both).await.body["calcom"].clone();
    assert_eq!(calcom["auto_create_contacts"], false);
    assert_eq!(calcom["duplicate_handling"], "skip_duplicates");
}

#[tokio::test]
async fn a_new_token_of_the_messages_provider_is_kept() {
    let (_, server, tenant) = started(BusinessType::Medical).await;
    let (path, token) = ("/api/settings/integrations", &tenant.admin.token);
    for auth_token in ["first-auth-token", "second-auth-token"] {
        let change = json!({"twilio": {"auth_token": auth_token}});
        assert_eq!(
            server.patch(path, token, change).await.status,
            StatusCode::OK
        );
        let kept = tenant.store.settings().await.unwrap().secrets.twilio_token;
        assert_eq!(kept.current.as_deref(), Some(auth_token));
    }
}

#[tokio::test]
async fn the_platform_decides_who_sets_the_voice_provider() {
    let mut remote = platform();
    remote.local = false;
    remote.tenant_sets_retell = false;
    let app = TestApp::with(remote, MemoryTable::new(), None).await;
    let server = app.serve(vio_profile::router(app.app.clone()).0);
    let tenant = app.tenant("Riverside Dental", BusinessType::Medical).await;
    let token = &tenant.admin.token;
    let path = "/api/settings/integrations";
    let retell = server
        .patch(path, token, json!({"retell": {"agent_id": "agent_1"}}))
        .await;
    assert_eq!(retell.status, StatusCode::FORBIDDEN);
    let calcom = json!({"calcom": {"base_url": "https://elsewhere.example"}});
    assert_eq!(
        server.patch(path, token, calcom).await.pointers(),
        ["/calcom/base_url"]
    );
    assert_eq!(
        server
            .patch(path, token, json!({"calcom": {"enabled": true}}))
            .await
            .status,
        StatusCode::OK
    );
}

/// S3-21: last, today, in all, what failed and why, next; after a failing and after a good reading.
#[tokio::test]
async fn how_a_calendar_is_doing_is_shown_with_the_reasons() {
    let (app, server, tenant) = started(BusinessType::Medical).await;
    let token = &tenant.admin.token;
    let change = json!({"calcom": {"enabled": true, "api_key": "cal_live_0123456789",
        "webhook_secret": "whsec-0123456789abcdef", "organizer_email": "desk@riverside.example"}});
    let changed = server.patch("/api/settings/integrations", token, change);
    assert_eq!(changed.await.status, StatusCode::OK);
    let (ts, calendar) = (&tenant.store, Calendar::Calcom);
    let status = async || {
        let shown = server.get("/api/settings/integrations/status", token);
        shown.await.body["calcom"].clone()
    };
    let read = async |reading: &Reading| {
        let taken = ts.take_calendar_reading(calendar).await.unwrap().unwrap();
        ts.settle_calendar_reading(&taken, reading).await.unwrap();
    };
    let instant = |value: &Value| -> Option<DateTime<Utc>> { value.as_str()?.parse().ok() };
    let next = ts.now() + TimeDelta::minutes(5);
    let (reason, rest) = ("unreachable", None);
    read(&Reading::Failed { reason, next, rest }).await;
    let noted = ts.note_calendar_failure(calendar, "unknown_booking").await;
    noted.unwrap();
    let shown = status().await;
    assert_eq!(shown["last_sync"], Value::Null);
    assert_eq!(instant(&shown["next_sync"]), Some(next));
    assert_eq!(shown["trouble"]["reason"], "unreachable");
    assert_eq!(shown["failed_total"], 1, "a reading is no booking");
    let failures = shown["failures"].as_array().unwrap();
    let reasons: Vec<&Value> = failures.iter().map(|one| &one["reason"]).collect();
    assert_eq!(reasons, ["unknown_booking", "unreachable"]);
    let said = failures[0]["message"].as_str().unwrap();
    assert!(said.contains("cancel it here too"), "{said}");

    app.advance(TimeDelta::minutes(5));
    let zone = ts.settings().await.unwrap().settings.business.timezone;
    let today = ts.now().with_timezone(&zone).date_naive();
    for day in [today.pred_opt().unwrap(), today, today] {
        ts.count_booking(calendar, day).await.unwrap();
    }
    let (until, next) = (ts.now(), ts.now() + TimeDelta::minutes(5));
    read(&Reading::Done { until, next }).await;
    let shown = status().await;
    assert_eq!(instant(&shown["last_sync"]), Some(until));
    assert_eq!(instant(&shown["next_sync"]), Some(next));
    assert_eq!(shown["trouble"], Value::Null);
    assert_eq!(
        (&shown["imported_today"], &shown["imported_total"]),
        (&json!(2), &json!(3))
    );
    assert_eq!(shown["failures"].as_array().unwrap().len(), 2);
}
