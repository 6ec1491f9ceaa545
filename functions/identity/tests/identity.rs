//! Sign-up, sign-in, renewal, devices, passwords and the team over HTTP.
#![expect(clippy::unwrap_used, reason = "a test ends at its first surprise")]

use chrono::TimeDelta;
use http::{Method, StatusCode};
use serde_json::{Value, json};
use vio_domain::permission::Preset;
use vio_domain::settings::BusinessType;
use vio_runtime::testing::{Answer, PASSWORD, Server, TestApp, platform};
use vio_store::key::LogKind;
use vio_store::memory::MemoryTable;

const NEW_PASSWORD: &str = "other-Lantern-58-slowly";

async fn started() -> (TestApp, Server) {
    let app = TestApp::new().await;
    let server = app.serve(vio_identity::router(app.app.clone()).0);
    (app, server)
}

fn business(name: &str, email: &str) -> Value {
    json!({
        "business_name": name, "business_type": "medical",
        "admin": {"full_name": "Ada Example", "email": email, "password": PASSWORD},
    })
}

async fn sign_in(server: &Server, email: &str, password: &str) -> Answer {
    let body = json!({"email": email, "password": password});
    server.post_open("/api/auth/sign-in", body).await
}

async fn refresh(server: &Server, token: &str) -> Answer {
    let body = json!({ "refresh_token": token });
    server.post_open("/api/auth/refresh", body).await
}

fn text<'a>(answer: &'a Answer, member: &str) -> &'a str {
    answer.body[member].as_str().unwrap()
}

async fn sessions(server: &Server, token: &str) -> Answer {
    server.get("/api/auth/sessions", token).await
}

#[tokio::test]
async fn a_business_signs_up_and_its_administrator_in() {
    let (app, server) = started().await;
    let made = server
        .post_open(
            "/api/tenants",
            business("Riverside Dental", "ada@riverside.example"),
        )
        .await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    let signed_in = sign_in(&server, "ADA@riverside.example", PASSWORD).await;
    assert_eq!(signed_in.status, StatusCode::OK, "{}", signed_in.body);
    assert_eq!(signed_in.body["token_type"], "Bearer");
    assert_eq!(signed_in.body["expires_in"], 600);
    assert_eq!(signed_in.body["user"]["tenant_id"], made.body["tenant_id"]);
    assert_eq!(signed_in.body["user"]["role"], "client_admin");
    assert_eq!(signed_in.body["user"].get("preset"), None);
    let permissions = signed_in.body["user"]["permissions"].as_array().unwrap();
    assert!(permissions.contains(&json!("manage_team_members")));

    // Settings have the defaults of the type, and two webhook addresses of its own.
    let tenant: vio_domain::ids::TenantId = text(&made, "tenant_id").parse().unwrap();
    let store = app.app.store.tenant(tenant).await.unwrap().unwrap();
    let settings = store.settings().await.unwrap();
    assert!(settings.settings.privacy.hipaa_mode);
    assert_ne!(
        settings.endpoints.call_outcome,
        settings.endpoints.calcom_booking
    );
    let endpoint = app
        .app
        .store
        .endpoint(&settings.endpoints.call_outcome)
        .await;
    assert_eq!(endpoint.unwrap().unwrap().tenant, tenant);

    // Both are in the audit.
    let log = store.read_log(LogKind::Change, None, 10).await.unwrap();
    let actions: Vec<&str> = log.iter().map(|row| row.action.as_str()).collect();
    assert_eq!(actions, ["user.signed_in", "tenant.created"]);
}

#[tokio::test]
async fn names_and_addresses_are_taken_once() {
    let (_, server) = started().await;
    let first = business("Riverside Dental", "ada@riverside.example");
    assert_eq!(
        server.post_open("/api/tenants", first).await.status,
        StatusCode::CREATED
    );
    let same_name = server
        .post_open(
            "/api/tenants",
            business("  riverside   DENTAL ", "bob@other.example"),
        )
        .await;
    assert_eq!(
        (same_name.status, same_name.problem()),
        (StatusCode::CONFLICT, "name-taken")
    );
    let same_address = server
        .post_open(
            "/api/tenants",
            business("Other Dental", "Ada@Riverside.example"),
        )
        .await;
    assert_eq!(same_address.problem(), "email-taken");
    // Nothing of the refused ones is left behind.
    let free = server
        .post_open(
            "/api/tenants",
            business("Other Dental", "bob@other.example"),
        )
        .await;
    assert_eq!(free.status, StatusCode::CREATED, "{}", free.body);
}

#[tokio::test]
async fn every_wrong_field_of_a_sign_up_is_named() {
    let (_, server) = started().await;
    let wrong = json!({
        "business_name": "", "business_type": "bakery", "country": "XX", "timezone": "Mars/Olympus",
        "admin": {"full_name": "A", "email": "nobody", "password": "Password1!"},
    });
    let answer = server.post_open("/api/tenants", wrong).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    let mut pointers = answer.pointers();
    pointers.sort_unstable();
    pointers.dedup();
    assert_eq!(
        pointers,
        [
            "/admin/email",
            "/admin/full_name",
            "/admin/password",
            "/business_name",
            "/business_type",
            "/country",
            "/timezone"
        ]
    );
    assert!(answer.body.to_string().contains("not_common"));
    assert!(
        !answer.body.to_string().contains("Password1!"),
        "a refusal repeats nothing"
    );
    for (password, rule) in [
        ("aB3$xyz", "min_length"),
        ("vast-umbrella-71-quietly", "uppercase"),
        ("VAST-UMBRELLA-71-QUIETLY", "lowercase"),
        ("vast-Umbrella-quietly", "number"),
        ("vastUmbrella71quietly", "special_char"),
        ("Riverside1!", "not_common"),
    ] {
        let mut body = business("Riverside Dental", "ada@riverside.example");
        body["admin"]["password"] = json!(password);
        let answer = server.post_open("/api/tenants", body).await;
        let codes: Vec<&str> = answer.body["errors"]
            .as_array()
            .unwrap()
            .iter()
            .map(|error| error["code"].as_str().unwrap())
            .collect();
        assert!(codes.contains(&rule), "{password}: {codes:?}");
    }
}

#[tokio::test]
async fn sign_up_can_be_closed() {
    let mut closed = platform();
    closed.open_sign_up = false;
    let app = TestApp::with(closed, MemoryTable::new(), None).await;
    let server = app.serve(vio_identity::router(app.app.clone()).0);
    let body = business("Riverside Dental", "ada@riverside.example");
    let answer = server.post_open("/api/tenants", body.clone()).await;
    assert_eq!(
        (answer.status, answer.problem()),
        (StatusCode::FORBIDDEN, "sign-up-closed")
    );
    // An administrator of a business is not the platform's operator.
    let tenant = app.tenant("Somebody Ltd", BusinessType::Salon).await;
    let answer = server.post("/api/tenants", &tenant.admin.token, body).await;
    assert_eq!(answer.problem(), "sign-up-closed");
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_address_look_alike() {
    let (app, server) = started().await;
    let tenant = app.tenant("Riverside Dental", BusinessType::Medical).await;
    let wrong = sign_in(&server, tenant.admin.email.as_str(), "not-It-4711").await;
    let unknown = sign_in(&server, "nobody@nowhere.example", "not-It-4711").await;
    for answer in [&wrong, &unknown] {
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
        assert_eq!(answer.problem(), "wrong-credentials");
    }
    let mut documents = [wrong.body, unknown.body];
    for document in &mut documents {
        document["instance"] = Value::Null;
    }
    assert_eq!(documents[0], documents[1]);
    let log = tenant
        .store
        .read_log(LogKind::Change, None, 1)
        .await
        .unwrap();
    assert_eq!(log[0].action, "user.sign_in_failed");
}

#[tokio::test]
async fn failures_lock_an_address_for_longer_and_longer() {
    let (app, server) = started().await;
    let tenant = app.tenant("Riverside Dental", BusinessType::Medical).await;
    let known = tenant.admin.email.as_str().to_owned();
    for address in [known.as_str(), "nobody@nowhere.example"] {
        for _ in 0..5 {
            let answer = sign_in(&server, address, "not-It-4711").await;
            assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
        }
        // Locked, the right password or not, whether or not anybody has the address.
        let answer = sign_in(&server, address, PASSWORD).await;
        assert_eq!(
            (answer.status, answer.problem()),
            (StatusCode::TOO_MANY_REQUESTS, "locked-out")
        );
        assert_eq!(answer.header("retry-after"), Some("60"));
    }
    app.advance(TimeDelta::seconds(60));
    assert_eq!(
        sign_in(&server, &known, "not-It-4711").await.status,
        StatusCode::UNAUTHORIZED
    );
    let answer = sign_in(&server, &known, PASSWORD).await;
    assert_eq!(
        answer.header("retry-after"),
        Some("120"),
        "the sixth failure locks twice as long"
    );
    app.advance(TimeDelta::seconds(120));
    assert_eq!(
        sign_in(&server, &known, PASSWORD).await.status,
        StatusCode::OK
    );
    // A success forgets the failures.
    assert_eq!(
        sign_in(&server, &known, "not-It-4711").await.status,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(
        sign_in(&server, &known, PASSWORD).await.status,
        StatusCode::OK
    );
}

#[tokio::test]
async fn many_people_of_one_address_at_once_are_not_locked_out() {
    let (app, server) = started().await;
    let tenant = app.tenant("Riverside Dental", BusinessType::Medical).await;
    let email = tenant.admin.email.as_str();
    let all = futures::future::join_all((0..10).map(|_| sign_in(&server, email, PASSWORD))).await;
    for answer in all {
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    }
}

#[tokio::test]
async fn a_refresh_token_is_good_once_and_its_reuse_ends_the_family() {
    let (app, server) = started().await;
    let tenant = app.tenant("Riverside Dental", BusinessType::Medical).await;
    let signed_in = sign_in(&server, tenant.admin.email.as_str(), PASSWORD).await;
    let first = text(&signed_in, "refresh_token").to_owned();
    let renewed = refresh(&server, &first).await;
    assert_eq!(renewed.status, StatusCode::OK, "{}", renewed.body);
    let second = text(&renewed, "refresh_token").to_owned();
    let access = text(&renewed, "access_token").to_owned();
    assert_ne!(first, second);
    assert_eq!(sessions(&server, &access).await.status, StatusCode::OK);

    assert_eq!(
        refresh(&server, &first).await.status,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(
        refresh(&server, &second).await.status,
        StatusCode::UNAUTHORIZED,
        "the family ended"
    );
    assert_eq!(
        sessions(&server, &access).await.status,
        StatusCode::UNAUTHORIZED
    );
    let log = tenant
        .store
        .read_log(LogKind::Change, None, 1)
        .await
        .unwrap();
    assert_eq!(log[0].action, "user.session_revoked");
    // Another session of the same person lives on.
    assert_eq!(
        sessions(&server, &tenant.admin.token).await.status,
        StatusCode::OK
    );
    for nonsense in ["", "rt_x.y", &first.replace("rt_", "pr_")] {
        assert_eq!(
            refresh(&server, nonsense).await.status,
            StatusCode::UNAUTHORIZED
        );
    }
}

#[tokio::test]
async fn two_renewals_at_once_never_give_two_good_tokens() {
    let (app, server) = started().await;
    let tenant = app.tenant("Riverside Dental", BusinessType::Medical).await;
    let signed_in = sign_in(&server, tenant.admin.email.as_str(), PASSWORD).await;
    let token = text(&signed_in, "refresh_token").to_owned();
    let (a, b) = tokio::join!(refresh(&server, &token), refresh(&server, &token));
    let good = [&a, &b]
        .iter()
        .filter(|answer| answer.status == StatusCode::OK)
        .count();
    assert!(good <= 1, "{} {}", a.body, b.body);
}

#[tokio::test]
async fn a_browser_gets_its_token_as_a_cookie() {
    let (app, server) = started().await;
    let tenant = app.tenant("Riverside Dental", BusinessType::Medical).await;
    let body = json!({"email": tenant.admin.email.as_str(), "password": PASSWORD});
    let signed_in = server
        .post_open("/api/auth/sign-in?cookie=true", body)
        .await;
    assert_eq!(signed_in.body.get("refresh_token"), None);
    let cookie = signed_in.header("set-cookie").unwrap().to_owned();
    for part in [
        "HttpOnly",
        "SameSite=Strict",
        "Path=/api/auth",
        "Secure",
        "Max-Age=2592000",
    ] {
        assert!(cookie.contains(part), "{part}: {cookie}");
    }
    let pair = cookie.split(';').next().unwrap();
    let renew = |pair: String| {
        let server = server.clone();
        async move {
            let headers = [("cookie", pair.as_str())];
            server
                .send(Method::POST, "/api/auth/refresh", None, None, &headers)
                .await
        }
    };
    let renewed = renew(format!("other=1; {pair}")).await;
    assert_eq!(renewed.status, StatusCode::OK, "{}", renewed.body);
    assert_eq!(renewed.body.get("refresh_token"), None);
    let next = renewed.header("set-cookie").unwrap();
    assert_ne!(next.split(';').next().unwrap(), pair);
    let again = renew(pair.to_owned()).await;
    assert_eq!(again.status, StatusCode::UNAUTHORIZED);
    assert!(again.header("set-cookie").unwrap().contains("Max-Age=0"));
}

#[tokio::test]
async fn without_tls_the_cookie_is_not_marked_secure() {
    let mut plain = platform();
    plain.public_url = "http://127.0.0.1:8080".to_owned();
    let app = TestApp::with(plain, MemoryTable::new(), None).await;
    let server = app.serve(vio_identity::router(app.app.clone()).0);
    let tenant = app.tenant("Riverside Dental", BusinessType::Medical).await;
    let body = json!({"email": tenant.admin.email.as_str(), "password": PASSWORD});
    let signed_in = server
        .post_open("/api/auth/sign-in?cookie=true", body)
        .await;
    assert!(!signed_in.header("set-cookie").unwrap().contains("Secure"));
}

#[tokio::test]
async fn a_revoked_device_is_out_within_thirty_seconds_everywhere() {
    let (app, server) = started().await;
    let tenant = app.tenant("Riverside Dental", BusinessType::Medical).await;
    let one = tenant.admin.token.clone();
    let two = app.token(&tenant.store, tenant.admin.id).await;
    // A second process, with a cache of its own.
    let other = app.second();
    let elsewhere = other.serve(vio_identity::router(other.app.clone()).0);
    assert_eq!(sessions(&elsewhere, &two).await.status, StatusCode::OK);

    let listed = sessions(&server, &one).await;
    let devices = listed.body["sessions"].as_array().unwrap();
    assert_eq!(devices.len(), 2);
    let current: Vec<&Value> = devices
        .iter()
        .filter(|device| device["current"] == true)
        .collect();
    assert_eq!(current.len(), 1);
    let second = devices
        .iter()
        .find(|device| device["current"] == false)
        .unwrap();
    let path = format!("/api/auth/sessions/{}", second["id"].as_str().unwrap());
    assert_eq!(
        server.delete(&path, &one).await.status,
        StatusCode::NO_CONTENT
    );

    assert_eq!(
        sessions(&server, &two).await.status,
        StatusCode::UNAUTHORIZED,
        "here at once"
    );
    assert_eq!(
        sessions(&elsewhere, &two).await.status,
        StatusCode::OK,
        "cached there"
    );
    let fresh = json!({"current_password": PASSWORD, "new_password": NEW_PASSWORD});
    let fresh = elsewhere.post("/api/auth/password", &two, fresh).await;
    assert_eq!(
        fresh.status,
        StatusCode::UNAUTHORIZED,
        "what matters is read anew"
    );
    app.advance(TimeDelta::seconds(30));
    assert_eq!(
        sessions(&elsewhere, &two).await.status,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(
        server.delete(&path, &one).await.status,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn other_devices_and_this_one_sign_out() {
    let (app, server) = started().await;
    let tenant = app.tenant("Riverside Dental", BusinessType::Medical).await;
    let one = tenant.admin.token.clone();
    let two = app.token(&tenant.store, tenant.admin.id).await;
    assert_eq!(
        server.delete("/api/auth/sessions", &one).await.status,
        StatusCode::BAD_REQUEST
    );
    let done = server.delete("/api/auth/sessions?others=true", &one).await;
    assert_eq!(done.status, StatusCode::NO_CONTENT);
    assert_eq!(
        sessions(&server, &two).await.status,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(sessions(&server, &one).await.status, StatusCode::OK);
    let out = server
        .send(Method::POST, "/api/auth/sign-out", Some(&one), None, &[])
        .await;
    assert_eq!(out.status, StatusCode::NO_CONTENT);
    assert_eq!(
        sessions(&server, &one).await.status,
        StatusCode::UNAUTHORIZED
    );
}

#[tokio::test]
async fn nobody_ends_another_persons_session() {
    let (app, server) = started().await;
    let here = app.tenant("Riverside Dental", BusinessType::Medical).await;
    let there = app.tenant("Hillside Dental", BusinessType::Medical).await;
    let listed = sessions(&server, &there.admin.token).await;
    let id = listed.body["sessions"][0]["id"].as_str().unwrap();
    let path = format!("/api/auth/sessions/{id}");
    assert_eq!(
        server.delete(&path, &here.admin.token).await.status,
        StatusCode::NOT_FOUND
    );
    assert_eq!(
        sessions(&server, &there.admin.token).await.status,
        StatusCode::OK
    );
}

#[tokio::test]
async fn idle_sessions_end_on_the_domains_clock_and_used_ones_do_not() {
    let (app, server) = started().await;
    let tenant = app.tenant("Riverside Dental", BusinessType::Medical).await;
    let signed_in = sign_in(&server, tenant.admin.email.as_str(), PASSWORD).await;
    let (access, token) = (
        text(&signed_in, "access_token"),
        text(&signed_in, "refresh_token"),
    );
    // Real time stands still, so the access token itself stays good.
    app.clock.advance(TimeDelta::hours(5));
    assert_eq!(sessions(&server, access).await.status, StatusCode::OK);
    app.clock.advance(TimeDelta::hours(5));
    assert_eq!(
        sessions(&server, access).await.status,
        StatusCode::OK,
        "used five hours ago"
    );
    app.clock.advance(TimeDelta::hours(8));
    assert_eq!(
        sessions(&server, access).await.status,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(
        refresh(&server, token).await.status,
        StatusCode::UNAUTHORIZED
    );
}

#[tokio::test]
async fn access_tokens_last_ten_minutes_of_real_time() {
    let (app, server) = started().await;
    let tenant = app.tenant("Riverside Dental", BusinessType::Medical).await;
    app.real_clock
        .advance(TimeDelta::minutes(10) + TimeDelta::seconds(6));
    assert_eq!(
        sessions(&server, &tenant.admin.token).await.status,
        StatusCode::UNAUTHORIZED
    );
}

#[tokio::test]
async fn changing_the_password_asks_for_the_old_one_and_signs_other_devices_out() {
    let (app, server) = started().await;
    let tenant = app.tenant("Riverside Dental", BusinessType::Medical).await;
    let one = tenant.admin.token.clone();
    let two = app.token(&tenant.store, tenant.admin.id).await;
    let change = |current: &str, new: &str| {
        let body = json!({"current_password": current, "new_password": new});
        let (server, one) = (server.clone(), one.clone());
        async move { server.post("/api/auth/password", &one, body).await }
    };
    let wrong = change("not-It-4711", NEW_PASSWORD).await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(wrong.pointers(), ["/current_password"]);
    assert_eq!(
        change(PASSWORD, "short").await.pointers()[0],
        "/new_password"
    );
    assert_eq!(
        change(PASSWORD, PASSWORD).await.body["errors"][0]["code"],
        "unchanged"
    );
    let done = change(PASSWORD, NEW_PASSWORD).await;
    assert_eq!(done.status, StatusCode::NO_CONTENT, "{}", done.body);
    assert_eq!(sessions(&server, &one).await.status, StatusCode::OK);
    assert_eq!(
        sessions(&server, &two).await.status,
        StatusCode::UNAUTHORIZED
    );
    let email = tenant.admin.email.as_str();
    assert_eq!(
        sign_in(&server, email, PASSWORD).await.status,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(
        sign_in(&server, email, NEW_PASSWORD).await.status,
        StatusCode::OK
    );
}

#[tokio::test]
async fn a_suspended_business_is_refused_everywhere() {
    let (app, server) = started().await;
    let tenant = app.tenant("Riverside Dental", BusinessType::Medical).await;
    let signed_in = sign_in(&server, tenant.admin.email.as_str(), PASSWORD).await;
    app.suspend(tenant.id).await;
    app.advance(TimeDelta::seconds(30));
    for answer in [
        sign_in(&server, tenant.admin.email.as_str(), PASSWORD).await,
        refresh(&server, text(&signed_in, "refresh_token")).await,
        sessions(&server, text(&signed_in, "access_token")).await,
    ] {
        assert_eq!(
            (answer.status, answer.problem()),
            (StatusCode::FORBIDDEN, "tenant-suspended")
        );
    }
}

#[tokio::test]
async fn administrators_add_staff_once_per_key() {
    let (app, server) = started().await;
    let tenant = app.tenant("Riverside Dental", BusinessType::Medical).await;
    let body = json!({
        "full_name": "Grace Example", "email": "grace@riverside.example", "role": "client_user",
        "preset": "basic_staff", "permissions": {"add": ["export_contacts"]}, "job_title": "Receptionist",
        "password": NEW_PASSWORD,
    });
    let headers = [("idempotency-key", "k1")];
    let add = || {
        server.send(
            Method::POST,
            "/api/team",
            Some(&tenant.admin.token),
            Some(body.clone()),
            &headers,
        )
    };
    let added = add().await;
    assert_eq!(added.status, StatusCode::CREATED, "{}", added.body);
    assert_eq!(added.body["preset"], "basic_staff");
    assert!(
        added.body["permissions"]
            .as_array()
            .unwrap()
            .contains(&json!("export_contacts"))
    );
    let again = add().await;
    assert_eq!(again.body["id"], added.body["id"]);
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    let taken = server
        .post("/api/team", &tenant.admin.token, body.clone())
        .await;
    assert_eq!(taken.problem(), "email-taken");
    let signed_in = sign_in(&server, "grace@riverside.example", NEW_PASSWORD).await;
    assert_eq!(signed_in.status, StatusCode::OK);
    let staff = text(&signed_in, "access_token");
    assert_eq!(
        server.get("/api/team", staff).await.status,
        StatusCode::FORBIDDEN
    );
    assert_eq!(
        server.post("/api/team", staff, body).await.status,
        StatusCode::FORBIDDEN
    );

    let team = server.get("/api/team", &tenant.admin.token).await;
    assert_eq!(team.body["members"].as_array().unwrap().len(), 2);
    assert_eq!(
        team.body["size"],
        json!({"active": 2, "admins": 1, "staff": 1, "inactive": 0, "invited": 0})
    );
    assert_eq!(team.body["members"][1]["email"], "grace@riverside.example");
    // Another business sees none of them.
    let there = app.tenant("Hillside Dental", BusinessType::Medical).await;
    let team = server.get("/api/team", &there.admin.token).await;
    assert_eq!(team.body["members"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn nobody_gives_away_what_they_do_not_have() {
    let (app, server) = started().await;
    let tenant = app.tenant("Riverside Dental", BusinessType::Medical).await;
    let staff = |name: &str, permissions: Value| {
        json!({
            "full_name": "Grace Example", "email": format!("{name}@riverside.example"), "role": "client_user",
            "permissions": permissions, "password": NEW_PASSWORD,
        })
    };
    let leader = staff("lead", json!({"add": ["manage_team_members"]}));
    let made = server.post("/api/team", &tenant.admin.token, leader).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    let signed_in = sign_in(&server, "lead@riverside.example", NEW_PASSWORD).await;
    let lead = text(&signed_in, "access_token");
    let mut admin = staff("boss", json!({}));
    admin["role"] = json!("client_admin");
    assert_eq!(
        server.post("/api/team", lead, admin).await.status,
        StatusCode::FORBIDDEN
    );
    let more = staff("more", json!({"add": ["export_data"]}));
    assert_eq!(
        server.post("/api/team", lead, more).await.status,
        StatusCode::FORBIDDEN
    );
    let plain = staff("plain", json!({}));
    assert_eq!(
        server.post("/api/team", lead, plain).await.status,
        StatusCode::CREATED
    );
    let mut operator = staff("op", json!({}));
    operator["role"] = json!("super_admin");
    let answer = server
        .post("/api/team", &tenant.admin.token, operator)
        .await;
    assert_eq!(answer.pointers(), ["/role"]);
}

#[tokio::test]
async fn presets_decide_what_staff_may_do() {
    let (app, server) = started().await;
    let tenant = app.tenant("Riverside Dental", BusinessType::Medical).await;
    let reader = app.staff(&tenant, Preset::ReadOnly).await;
    let signed_in = sign_in(&server, reader.email.as_str(), PASSWORD).await;
    let permissions = signed_in.body["user"]["permissions"].as_array().unwrap();
    assert!(permissions.contains(&json!("view_all_contacts")));
    assert!(!permissions.contains(&json!("create_contacts")));
    assert_eq!(signed_in.body["user"]["preset"], "read_only");
}

#[tokio::test]
async fn the_keys_verify_our_tokens() {
    let (app, server) = started().await;
    let answer = server
        .send(Method::GET, "/api/auth/keys", None, None, &[])
        .await;
    assert_eq!(answer.status, StatusCode::OK);
    let keys = vio_crypto::tokens::PublicKey::from_jwks(&answer.body.to_string()).unwrap();
    let config = vio_runtime::auth::token_config(&app.app.platform);
    let verifier = vio_crypto::tokens::Verifier::new(&config, keys);
    let tenant = app.tenant("Riverside Dental", BusinessType::Medical).await;
    let claims = verifier
        .verify(&tenant.admin.token, app.app.real_clock.now())
        .unwrap();
    assert_eq!(claims.tid, tenant.id.uuid());
}

/// Nothing personal lies in clear in the table: not a name, an address, a password, a device.
#[tokio::test]
async fn nothing_personal_is_stored_in_clear() {
    let (app, server) = started().await;
    server
        .post_open(
            "/api/tenants",
            business("Riverside Dental", "ada.lovelace@riverside.example"),
        )
        .await;
    let body = json!({"email": "ada.lovelace@riverside.example", "password": PASSWORD});
    let headers = [("user-agent", "Peculiar-Browser/7")];
    let signed_in = server
        .send(
            Method::POST,
            "/api/auth/sign-in",
            None,
            Some(body),
            &headers,
        )
        .await;
    assert_eq!(signed_in.status, StatusCode::OK);
    let stored = format!("{:?}", app.table.dump());
    for secret in [
        "lovelace",
        "Ada",
        "argon2",
        "Peculiar",
        "Riverside",
        text(&signed_in, "refresh_token"),
    ] {
        assert!(!stored.contains(secret), "{secret}");
    }
    let devices = sessions(&server, text(&signed_in, "access_token")).await;
    assert_eq!(devices.body["sessions"][0]["device"], "Peculiar-Browser/7");
}

#[test]
fn every_route_is_described_and_allowed() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let (_, document) = runtime.block_on(async {
        let app = TestApp::new().await;
        vio_identity::router(app.app)
    });
    let whole = vio_http::openapi::merge([document]).unwrap();
    assert_eq!(whole.paths.paths.len(), 15);
}
