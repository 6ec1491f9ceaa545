//! New passwords and invitations over links, and what an administrator does with members (S3 sections 2 and 5).
#![expect(clippy::unwrap_used, reason = "a test ends at its first surprise")]

use chrono::{DateTime, TimeDelta, Utc};
use http::StatusCode;
use serde_json::{Value, json};
use vio_domain::letters::Letter;
use vio_domain::permission::Preset;
use vio_domain::settings::BusinessType;
use vio_runtime::testing::{Answer, PASSWORD, Server, TestApp, TestTenant, platform};
use vio_store::key::LogKind;
use vio_store::memory::MemoryTable;
use vio_store::users::UserStatus;

const NEW_PASSWORD: &str = "other-Lantern-58-slowly";

async fn started() -> (TestApp, Server, TestTenant) {
    let app = TestApp::new().await;
    let server = app.serve(vio_identity::router(app.app.clone()).0);
    let tenant = app.tenant("Riverside Dental", BusinessType::Medical).await;
    app.queues.take_letters();
    (app, server, tenant)
}

/// The letters that were handed on, opened.
async fn letters(app: &TestApp, tenant: &TestTenant) -> Vec<(String, Letter)> {
    let mut opened = Vec::new();
    for work in app.queues.take_letters() {
        assert_eq!(work.tenant, tenant.id);
        let sending = tenant.store.take_letter(&work.letter, true).await.unwrap();
        let sending = sending.unwrap();
        opened.push((sending.to.as_str().to_owned(), sending.letter));
    }
    opened
}

/// The secret of the one letter that has a link.
async fn token(app: &TestApp, tenant: &TestTenant) -> String {
    let all = letters(app, tenant).await;
    let tokens: Vec<String> = all
        .iter()
        .filter_map(|(_, letter)| match letter {
            Letter::PasswordReset { link, .. } | Letter::Invitation { link, .. } => {
                let (page, token) = link.as_str().split_once("#token=").unwrap();
                // Nothing that a server is sent holds it.
                assert!(
                    page.ends_with("/reset") || page.ends_with("/invite"),
                    "{page}"
                );
                Some(token.to_owned())
            }
            _ => None,
        })
        .collect();
    assert_eq!(tokens.len(), 1);
    tokens[0].clone()
}

async fn sign_in(server: &Server, email: &str, password: &str) -> Answer {
    let body = json!({"email": email, "password": password});
    server.post_open("/api/auth/sign-in", body).await
}

async fn forgot(server: &Server, email: &str) -> Answer {
    let body = json!({ "email": email });
    server.post_open("/api/auth/password/forgot", body).await
}

async fn reset(server: &Server, token: &str, password: &str) -> Answer {
    let body = json!({"token": token, "new_password": password});
    server.post_open("/api/auth/password/reset", body).await
}

async fn accept(server: &Server, token: &str, password: &str) -> Answer {
    let body = json!({"token": token, "password": password});
    server.post_open("/api/auth/invitations/accept", body).await
}

fn code(answer: &Answer) -> &str {
    answer.body["errors"][0]["code"].as_str().unwrap()
}

#[tokio::test]
async fn a_link_sets_a_new_password_once_and_ends_every_session() {
    let (app, server, tenant) = started().await;
    let email = tenant.admin.email.as_str();
    assert_eq!(forgot(&server, email).await.status, StatusCode::ACCEPTED);
    let link = token(&app, &tenant).await;
    // The old one works until then.
    assert_eq!(
        sign_in(&server, email, PASSWORD).await.status,
        StatusCode::OK
    );
    let weak = reset(&server, &link, "Password1!").await;
    assert_eq!(weak.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(weak.pointers().contains(&"/new_password"));
    let done = reset(&server, &link, NEW_PASSWORD).await;
    assert_eq!(done.status, StatusCode::NO_CONTENT, "{}", done.body);
    let changed = letters(&app, &tenant).await;
    assert!(
        matches!(&changed[..], [(to, Letter::PasswordChanged { .. })] if to == email),
        "{changed:?}"
    );
    let old = server.get("/api/auth/sessions", &tenant.admin.token).await;
    assert_eq!(old.status, StatusCode::UNAUTHORIZED);
    assert_eq!(
        sign_in(&server, email, PASSWORD).await.status,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(
        sign_in(&server, email, NEW_PASSWORD).await.status,
        StatusCode::OK
    );
    let again = reset(&server, &link, "third-Lantern-58-slowly").await;
    assert_eq!(
        (again.status, code(&again)),
        (StatusCode::UNPROCESSABLE_ENTITY, "link_not_good")
    );
    let log = tenant
        .store
        .read_log(LogKind::Change, None, 30)
        .await
        .unwrap();
    let actions: Vec<&str> = log.iter().map(|row| row.action.as_str()).collect();
    for action in [
        "user.password_reset_asked",
        "user.password_reset",
        "user.session_revoked",
    ] {
        assert!(actions.contains(&action), "{actions:?}");
    }
}

#[tokio::test]
async fn a_link_is_good_for_an_hour_of_real_time_and_one_password() {
    let (app, server, tenant) = started().await;
    let email = tenant.admin.email.as_str();
    forgot(&server, email).await;
    let old = token(&app, &tenant).await;
    app.clock.advance(TimeDelta::days(3));
    app.real_clock.advance(TimeDelta::minutes(59));
    forgot(&server, email).await;
    let other = token(&app, &tenant).await;
    app.real_clock.advance(TimeDelta::minutes(1));
    assert_eq!(
        code(&reset(&server, &old, NEW_PASSWORD).await),
        "link_not_good"
    );
    // A password chosen meanwhile makes an open link worthless.
    forgot(&server, email).await;
    let third = token(&app, &tenant).await;
    assert_eq!(
        reset(&server, &other, NEW_PASSWORD).await.status,
        StatusCode::NO_CONTENT
    );
    assert_eq!(
        code(&reset(&server, &third, PASSWORD).await),
        "link_not_good"
    );
    for rubbish in ["", "pr_x.y", &third.replace("pr_", "iv_")] {
        assert_eq!(
            code(&reset(&server, rubbish, PASSWORD).await),
            "link_not_good"
        );
    }
}

#[tokio::test]
async fn two_who_use_a_link_at_once_set_one_password() {
    let (app, server, tenant) = started().await;
    let email = tenant.admin.email.as_str();
    forgot(&server, email).await;
    let link = token(&app, &tenant).await;
    let other = "third-Lantern-58-slowly";
    let (first, second) = tokio::join!(
        reset(&server, &link, NEW_PASSWORD),
        reset(&server, &link, other)
    );
    let done = [&first, &second].map(|answer| answer.status == StatusCode::NO_CONTENT);
    assert_eq!(done.iter().filter(|done| **done).count(), 1, "{done:?}");
}

#[tokio::test]
async fn asking_tells_nothing_of_who_is_there() {
    let (app, server, tenant) = started().await;
    let email = tenant.admin.email.as_str();
    let mut answers = Vec::new();
    for address in [email, "nobody@mail.example", "rubbish"] {
        let began = std::time::Instant::now();
        let answer = forgot(&server, address).await;
        answers.push((answer.status, answer.body.clone()));
        // At least the fixed time, whatever was done; a little more for the machine.
        assert!(began.elapsed().as_millis() >= 600, "{address}");
    }
    assert_eq!(answers[0], answers[1]);
    assert_eq!(answers[0], answers[2]);
    // Three an hour, and the fourth looks the same.
    forgot(&server, email).await;
    forgot(&server, email).await;
    assert_eq!(letters(&app, &tenant).await.len(), 3);
    let fourth = forgot(&server, email).await;
    assert_eq!((fourth.status, fourth.body), answers[0]);
    assert!(letters(&app, &tenant).await.is_empty());
    app.advance(TimeDelta::minutes(61));
    forgot(&server, email).await;
    assert_eq!(letters(&app, &tenant).await.len(), 1);
    // Nobody of a suspended business, and nobody who is inactive, is written to.
    app.advance(TimeDelta::minutes(61));
    app.suspend(tenant.id).await;
    forgot(&server, email).await;
    assert!(letters(&app, &tenant).await.is_empty());
}

fn grace() -> Value {
    json!({"full_name": "Grace Example", "email": "grace@riverside.example", "role": "client_user", "preset": "basic_staff"})
}

async fn status_of(server: &Server, tenant: &TestTenant, email: &str) -> Option<Value> {
    let team = server.get("/api/team", &tenant.admin.token).await;
    let members = team.body["members"].as_array().unwrap().clone();
    members.into_iter().find(|each| each["email"] == email)
}

#[tokio::test]
async fn somebody_invited_joins_once_with_a_password_of_their_own() {
    let (app, server, tenant) = started().await;
    let admin = &tenant.admin.token;
    let made = server.post("/api/team", admin, grace()).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    assert_eq!(made.body["status"], "invited");
    let until: DateTime<Utc> = made.body["invited_until"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    assert_eq!(until - app.app.clock.now(), TimeDelta::days(7));
    let link = token(&app, &tenant).await;
    let email = "grace@riverside.example";
    assert_eq!(
        sign_in(&server, email, PASSWORD).await.status,
        StatusCode::UNAUTHORIZED
    );
    // A new password cannot be asked for before there is one.
    forgot(&server, email).await;
    assert!(letters(&app, &tenant).await.is_empty());
    assert_eq!(
        accept(&server, &link, "grace-example").await.status,
        StatusCode::UNPROCESSABLE_ENTITY
    );
    let joined = accept(&server, &link, NEW_PASSWORD).await;
    assert_eq!(joined.status, StatusCode::NO_CONTENT, "{}", joined.body);
    let signed_in = sign_in(&server, email, NEW_PASSWORD).await;
    assert_eq!(signed_in.body["user"]["preset"], "basic_staff");
    assert_eq!(
        code(&accept(&server, &link, PASSWORD).await),
        "link_not_good"
    );
    let shown = status_of(&server, &tenant, email).await.unwrap();
    assert_eq!(
        (&shown["status"], shown.get("invited_until")),
        (&json!("active"), None)
    );
    let id = made.body["id"].as_str().unwrap();
    let again = server
        .post(&format!("/api/team/{id}/invite"), admin, json!({}))
        .await;
    assert_eq!(again.status, StatusCode::CONFLICT);
}

#[tokio::test]
async fn an_invitation_is_sent_later_sent_again_withdrawn_and_runs_out() {
    let (app, server, tenant) = started().await;
    let admin = &tenant.admin.token;
    let mut quiet = grace();
    quiet["send_welcome_email"] = json!(false);
    let made = server.post("/api/team", admin, quiet).await;
    let path = format!("/api/team/{}", made.body["id"].as_str().unwrap());
    assert!(letters(&app, &tenant).await.is_empty());
    let invite = format!("{path}/invite");
    assert_eq!(
        server.post(&invite, admin, json!({})).await.status,
        StatusCode::ACCEPTED
    );
    let first = token(&app, &tenant).await;
    server.post(&invite, admin, json!({})).await;
    let second = token(&app, &tenant).await;
    // Only the last one is good.
    assert_eq!(
        code(&accept(&server, &first, NEW_PASSWORD).await),
        "link_not_good"
    );
    app.advance(TimeDelta::days(7));
    let admin = &app.token(&tenant.store, tenant.admin.id).await;
    assert_eq!(
        code(&accept(&server, &second, NEW_PASSWORD).await),
        "link_not_good"
    );
    server.post(&invite, admin, json!({})).await;
    let third = token(&app, &tenant).await;
    let withdrawn = server.delete(&path, admin).await;
    assert_eq!(
        withdrawn.status,
        StatusCode::NO_CONTENT,
        "{}",
        withdrawn.body
    );
    assert_eq!(
        code(&accept(&server, &third, NEW_PASSWORD).await),
        "link_not_good"
    );
    // The address is free again.
    assert_eq!(
        server.post("/api/team", admin, grace()).await.status,
        StatusCode::CREATED
    );
    let team = server.get("/api/team", admin).await;
    assert_eq!(team.body["size"]["invited"], 1);
    assert_eq!(team.body["activity"]["never_logged_in"], 1);
}

#[tokio::test]
async fn a_deactivated_members_token_is_refused_at_once() {
    let (app, server, tenant) = started().await;
    let staff = app.staff(&tenant, Preset::Receptionist).await;
    let path = format!("/api/team/{}", staff.id);
    assert_eq!(
        server.get("/api/auth/sessions", &staff.token).await.status,
        StatusCode::OK
    );
    let out = server
        .patch(&path, &tenant.admin.token, json!({"status": "inactive"}))
        .await;
    assert_eq!(
        (out.status, &out.body["status"]),
        (StatusCode::OK, &json!("inactive")),
        "{}",
        out.body
    );
    assert_eq!(
        server.get("/api/auth/sessions", &staff.token).await.status,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(
        sign_in(&server, staff.email.as_str(), PASSWORD)
            .await
            .status,
        StatusCode::UNAUTHORIZED
    );
    let link = format!("{path}/reset-password");
    assert_eq!(
        server
            .post(&link, &tenant.admin.token, json!({}))
            .await
            .status,
        StatusCode::CONFLICT
    );
    server
        .patch(&path, &tenant.admin.token, json!({"status": "active"}))
        .await;
    assert_eq!(
        sign_in(&server, staff.email.as_str(), PASSWORD)
            .await
            .status,
        StatusCode::OK
    );
    assert_eq!(
        server
            .post(&link, &tenant.admin.token, json!({}))
            .await
            .status,
        StatusCode::ACCEPTED
    );
    let secret = token(&app, &tenant).await;
    assert_eq!(
        reset(&server, &secret, NEW_PASSWORD).await.status,
        StatusCode::NO_CONTENT
    );
    assert_eq!(
        sign_in(&server, staff.email.as_str(), NEW_PASSWORD)
            .await
            .status,
        StatusCode::OK
    );
}

#[tokio::test]
async fn the_last_administrator_stays_and_nobody_reaches_beyond_themselves() {
    let (app, server, tenant) = started().await;
    let admin = &tenant.admin.token;
    let own = format!("/api/team/{}", tenant.admin.id);
    for change in [
        json!({"status": "inactive"}),
        json!({"role": "client_user"}),
    ] {
        assert_eq!(
            server.patch(&own, admin, change).await.status,
            StatusCode::FORBIDDEN
        );
    }
    assert_eq!(
        server.delete(&own, admin).await.status,
        StatusCode::FORBIDDEN
    );
    let renamed = server
        .patch(&own, admin, json!({"job_title": "Owner"}))
        .await;
    assert_eq!(renamed.body["job_title"], "Owner", "{}", renamed.body);
    // Somebody who manages the team, but is no administrator, takes no administrator away.
    let mut custom = vio_domain::permission::CustomPermissions::default();
    custom
        .add
        .insert(vio_domain::permission::Permission::ManageTeamMembers);
    let helper = app.staff_with(&tenant, Preset::Receptionist, custom).await;
    assert_eq!(
        server.delete(&own, &helper.token).await.status,
        StatusCode::FORBIDDEN
    );
    // Of two administrators who take each other away, one stays.
    let mut second = grace();
    second["role"] = json!("client_admin");
    second.as_object_mut().unwrap().remove("preset");
    let made = server.post("/api/team", admin, second).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    let link = token(&app, &tenant).await;
    accept(&server, &link, NEW_PASSWORD).await;
    let signed_in = sign_in(&server, "grace@riverside.example", NEW_PASSWORD).await;
    let other = signed_in.body["access_token"].as_str().unwrap().to_owned();
    let theirs = format!("/api/team/{}", made.body["id"].as_str().unwrap());
    let (one, two) = tokio::join!(server.delete(&own, &other), server.delete(&theirs, admin),);
    let gone = [one.status, two.status]
        .iter()
        .filter(|status| **status == StatusCode::NO_CONTENT)
        .count();
    assert_eq!(gone, 1, "{} {}", one.status, two.status);
    let team = tenant.store.team(100).await.unwrap();
    let active = |row: &vio_store::users::UserRow| {
        row.status == UserStatus::Active && row.role == vio_domain::permission::Role::ClientAdmin
    };
    assert_eq!(team.iter().filter(|row| active(row)).count(), 1);
}

#[tokio::test]
async fn another_business_s_members_are_not_there() {
    let (app, server, tenant) = started().await;
    let other = app.tenant("Hillside Dental", BusinessType::Medical).await;
    let staff = app.staff(&other, Preset::Receptionist).await;
    let path = format!("/api/team/{}", staff.id);
    let token = &tenant.admin.token;
    let statuses = [
        server
            .patch(&path, token, json!({"status": "inactive"}))
            .await
            .status,
        server.delete(&path, token).await.status,
        server
            .post(&format!("{path}/invite"), token, json!({}))
            .await
            .status,
        server
            .post(&format!("{path}/reset-password"), token, json!({}))
            .await
            .status,
    ];
    assert_eq!(statuses, [StatusCode::NOT_FOUND; 4]);
}

#[tokio::test]
async fn on_aws_people_are_invited_and_given_no_password() {
    let mut elsewhere = platform();
    elsewhere.local = false;
    let app = TestApp::with(elsewhere, MemoryTable::new(), None).await;
    let server = app.serve(vio_identity::router(app.app.clone()).0);
    let tenant = app.tenant("Riverside Dental", BusinessType::Medical).await;
    let mut with = grace();
    with["password"] = json!(PASSWORD);
    let refused = server.post("/api/team", &tenant.admin.token, with).await;
    assert_eq!(code(&refused), "not_allowed");
    let made = server.post("/api/team", &tenant.admin.token, grace()).await;
    assert_eq!(made.body["status"], "invited", "{}", made.body);
}
