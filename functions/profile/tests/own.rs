//! What is one's own: what one is told of, one's messages, how the console looks (S3 sections 9 and 10).

use http::StatusCode;
use serde_json::{Value, json};
use vio_domain::contact::AttentionReason;
use vio_domain::ids::{CampaignId, ContactId};
use vio_domain::notices::Happening;
use vio_domain::permission::Preset;
use vio_domain::person::OnDuplicate;
use vio_domain::settings::BusinessType;
use vio_runtime::testing::{Answer, Server, TestApp, TestTenant};
use vio_store::contacts::NewContact;
use vio_store::log::Actor;
use vio_store::tx::Tx;

const NOTIFICATIONS: &str = "/api/settings/notifications";
const PREFERENCES: &str = "/api/users/preferences";

async fn started(kind: BusinessType) -> (TestApp, Server, TestTenant) {
    let app = TestApp::new().await;
    let server = app.serve(vio_profile::router(app.app.clone()).0);
    let tenant = app.tenant("Riverside Dental", kind).await;
    (app, server, tenant)
}

fn fault(answer: &Answer) -> (StatusCode, &Value, &Value) {
    let first = &answer.body["errors"][0];
    (answer.status, &first["pointer"], &first["code"])
}

#[tokio::test]
async fn every_switch_round_trips_and_is_one_s_own() {
    let (app, server, tenant) = started(BusinessType::Medical).await;
    let staff = app.staff(&tenant, Preset::ReadOnly).await;
    let shown = server.get(NOTIFICATIONS, &staff.token).await;
    assert_eq!(shown.status, StatusCode::OK, "{}", shown.body);
    let sections = [
        "email_notifications",
        "sms_notifications",
        "in_app_notifications",
    ];
    for section in sections {
        for (name, value) in shown.body[section].as_object().unwrap() {
            if name == "unavailable" {
                continue;
            }
            let other = match (name.as_str(), value) {
                ("account_updates", _) => json!(true),
                // Needs a phone number.
                ("enable_sms", _) => json!(false),
                ("call_completion_notifications", _) => json!("summary_only"),
                ("notification_position", _) => json!("bottom_left"),
                ("notification_duration", _) => json!(0),
                (_, value) => json!(!value.as_bool().unwrap()),
            };
            let mut change = json!({});
            change[section] = json!({ name: other });
            let changed = server.patch(NOTIFICATIONS, &staff.token, change).await;
            assert_eq!(changed.status, StatusCode::OK, "{name}: {}", changed.body);
            assert_eq!(changed.body[section][name], other, "{name}");
        }
    }
    let again = server.get(NOTIFICATIONS, &staff.token).await;
    assert_eq!(
        again.body["email_notifications"]["daily_activity_summary"],
        true
    );
    let admin = server.get(NOTIFICATIONS, &tenant.admin.token).await;
    assert_eq!(
        admin.body["email_notifications"]["daily_activity_summary"],
        false
    );
    // Somebody wants summaries: they go out.
    let row = tenant.store.summaries().await.unwrap().unwrap();
    assert_eq!(
        row.daily,
        row.due
            .with_timezone(&chrono_tz::Europe::London)
            .date_naive()
    );
}

#[tokio::test]
async fn security_mail_cannot_be_switched_off_and_sms_needs_a_phone() {
    let (_, server, tenant) = started(BusinessType::Medical).await;
    let token = &tenant.admin.token;
    let off = json!({"email_notifications": {"account_updates": false}});
    let refused = server.patch(NOTIFICATIONS, token, off).await;
    assert_eq!(
        fault(&refused),
        (
            StatusCode::UNPROCESSABLE_ENTITY,
            &json!("/email_notifications/account_updates"),
            &json!("cannot_disable")
        )
    );
    let sms = json!({"sms_notifications": {"enable_sms": true}});
    let shown = server.get(NOTIFICATIONS, token).await;
    assert_eq!(shown.body["sms_notifications"]["unavailable"], "no_phone");
    let refused = server.patch(NOTIFICATIONS, token, sms.clone()).await;
    assert_eq!(
        fault(&refused),
        (
            StatusCode::UNPROCESSABLE_ENTITY,
            &json!("/sms_notifications/enable_sms"),
            &json!("no_phone")
        )
    );
    let phone = json!({"phone_number": "07912 345678"});
    let profile = server.patch("/api/users/profile", token, phone).await;
    assert_eq!(profile.status, StatusCode::OK, "{}", profile.body);
    let taken = server.patch(NOTIFICATIONS, token, sms).await;
    assert_eq!(
        taken.body["sms_notifications"]["enable_sms"], true,
        "{}",
        taken.body
    );
    assert_eq!(taken.body["sms_notifications"]["unavailable"], "not_set_up");
    for wrong in [
        json!({"in_app_notifications": {"notification_duration": 4}}),
        json!({"in_app_notifications": {"notification_position": "middle"}}),
        json!({"email_notifications": {"call_completion_notifications": "some"}}),
        json!({"email_notifications": {"cancellation_alerts": null}}),
    ] {
        let refused = server.patch(NOTIFICATIONS, token, wrong.clone()).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{wrong}");
    }
}

#[tokio::test]
async fn preferences_have_s3s_defaults_and_come_back_in_another_browser() {
    let (app, server, tenant) = started(BusinessType::Salon).await;
    let token = &tenant.admin.token;
    let shown = server.get(PREFERENCES, token).await;
    assert_eq!(shown.body["primary_color"], "#8B5CF6", "{}", shown.body);
    assert_eq!(shown.body["theme"], "light");
    let change = json!({
        "theme": "dark", "density": "compact", "primary_color": "#F59E0B", "sidebar_behavior": "always_expanded",
        "default_contact_view": "list", "items_per_page": 100, "scroll_lists": false,
        "contact_columns": {"shown": ["name", "appointment_time"], "widths": {"name": 240}},
        "font_size": "extra_large", "time_format": "24_hour", "high_contrast_mode": true, "reduced_motion": true, "letter_shortcuts": false,
        "default_dashboard_view": "calls", "dashboard_refresh_rate": 0, "real_time_updates": false,
        "show_call_success_rates": false, "show_appointment_trends": false, "show_contact_growth": false,
    });
    let changed = server.patch(PREFERENCES, token, change.clone()).await;
    assert_eq!(changed.status, StatusCode::OK, "{}", changed.body);
    let other = app.token(&tenant.store, tenant.admin.id).await;
    let shown = server.get(PREFERENCES, &other).await;
    for (name, value) in change.as_object().unwrap() {
        assert_eq!(shown.body[name], *value, "{name}");
    }
    let back = json!({"primary_color": null, "contact_columns": null});
    let back = server.patch(PREFERENCES, token, back).await;
    assert_eq!(back.body["primary_color"], "#8B5CF6");
    assert_eq!(back.body["primary_color_chosen"], false);
    assert_eq!(back.body["contact_columns"], Value::Null);
    for wrong in [
        json!({"theme": "pink"}),
        json!({"items_per_page": 20}),
        json!({"dashboard_refresh_rate": 1}),
        json!({"primary_color": "#000000"}),
        json!({"contact_columns": {"shown": ["name", "name"]}}),
        json!({"contact_columns": {"shown": ["<script>"]}}),
        json!({"theme": null}),
        json!({"time_format": "24"}),
    ] {
        let refused = server.patch(PREFERENCES, token, wrong.clone()).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{wrong}");
    }
}

#[tokio::test]
async fn one_s_messages_are_listed_read_and_nobody_else_s() {
    let (app, server, tenant) = started(BusinessType::Salon).await;
    let staff = app.staff(&tenant, Preset::Receptionist).await;
    for n in 0..12 {
        app.advance(chrono::TimeDelta::seconds(1));
        let campaign = CampaignId::new(uuid::Uuid::from_u128(n));
        let mut tx = Tx::new();
        tenant
            .store
            .tell(&mut tx, Happening::CampaignEnded { campaign })
            .unwrap();
        app.app.store.commit(tx).await.unwrap();
    }
    for row in tenant.store.notices(100).await.unwrap() {
        tenant.store.spread_notice(row, |_| None).await.unwrap();
    }
    let first = server
        .get("/api/notifications?page_size=10", &staff.token)
        .await;
    assert_eq!(first.body["unread"], 12, "{}", first.body);
    let rows = first.body["notifications"].as_array().unwrap();
    assert_eq!(
        (rows.len(), &rows[0]["topic"]),
        (10, &json!("campaign_ended"))
    );
    let cursor = first.body["pagination"]["next_cursor"].as_str().unwrap();
    let path = format!("/api/notifications?page_size=10&cursor={cursor}");
    let second = server.get(&path, &staff.token).await;
    assert_eq!(second.body["notifications"].as_array().unwrap().len(), 2);
    assert_eq!(second.body["pagination"]["next_cursor"], Value::Null);
    let read = "/api/notifications/read";
    let one = json!({"notification_ids": [rows[0]["id"], "0192f0c1-2b3c-7def-8abc-0123456789ab"]});
    let answer = server.post(read, &staff.token, one.clone()).await;
    assert_eq!(answer.status, StatusCode::NO_CONTENT, "{}", answer.body);
    let shown = server.get("/api/notifications", &staff.token).await;
    assert_eq!(shown.body["unread"], 11);
    // Another's id is passed over, and theirs stay new.
    server.post(read, &tenant.admin.token, json!({})).await;
    let mine = server.get("/api/notifications", &tenant.admin.token).await;
    assert_eq!(mine.body["unread"], 0);
    let theirs = server.get("/api/notifications", &staff.token).await;
    assert_eq!(theirs.body["unread"], 11);
}

/// The list names whom a message is about, where it is asked to, and nobody who is out of reach.
#[tokio::test]
async fn messages_name_whom_they_are_about_to_whoever_may_see_them() {
    let (app, server, tenant) = started(BusinessType::Salon).await;
    let store = &tenant.store;
    let settings = store.settings().await.unwrap().settings;
    let contact = ContactId::new(store.new_id());
    let new = NewContact::named(contact, "Ada Example".parse().unwrap());
    let by = Actor::system("test");
    store
        .create_contact(&settings, &new, None, OnDuplicate::CreateNew, &by)
        .await
        .unwrap();
    let needs = Happening::NeedsAttention {
        contact,
        reason: AttentionReason::ReplyToRead,
    };
    let mut tx = Tx::new();
    store.tell(&mut tx, needs).unwrap();
    app.app.store.commit(tx).await.unwrap();
    for row in store.notices(100).await.unwrap() {
        store.spread_notice(row, |_| None).await.unwrap();
    }
    let token = &tenant.admin.token;
    let plain = server.get("/api/notifications", token).await;
    let row = &plain.body["notifications"][0];
    assert_eq!(row["contact_id"], json!(contact), "{}", plain.body);
    assert_eq!(row["contact_name"], Value::Null);
    let named = server.get("/api/notifications?names=true", token).await;
    let row = &named.body["notifications"][0];
    assert_eq!(row["contact_name"], "Ada Example");

    // Deleted meanwhile, they are named to nobody.
    let mut person = store.person(contact).await.unwrap().unwrap();
    person.contact.deleted = Some(vio_domain::contact::Deleted {
        at: store.now(),
        by: None,
    });
    let mut tx = Tx::new();
    store.stage_person(&mut tx, &mut person).unwrap();
    vio_runtime::testing::tell(store, &mut tx, &person);
    app.app.store.commit(tx).await.unwrap();
    let named = server.get("/api/notifications?names=true", token).await;
    let row = &named.body["notifications"][0];
    assert_eq!(row["contact_name"], Value::Null);
}
