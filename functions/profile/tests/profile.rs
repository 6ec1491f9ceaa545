//! Settings, lists, the account and the audit trail over HTTP.
#![expect(clippy::unwrap_used, reason = "a test ends at its first surprise")]

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Europe::London;
use http::{Method, StatusCode};
use serde_json::{Value, json};
use vio_domain::contact::BookingSource;
use vio_domain::ids::ContactId;
use vio_domain::permission::Preset;
use vio_domain::person::OnDuplicate;
use vio_domain::settings::BusinessType;
use vio_domain::text::PersonName;
use vio_runtime::testing::{Server, TestApp, TestTenant, platform};
use vio_store::contacts::{Created, NewAppointment, NewContact};
use vio_store::log::Actor;
use vio_store::memory::MemoryTable;

async fn started(kind: BusinessType) -> (TestApp, Server, TestTenant) {
    let app = TestApp::new().await;
    let server = app.serve(vio_profile::router(app.app.clone()).0);
    let tenant = app.tenant("Riverside Dental", kind).await;
    (app, server, tenant)
}

#[tokio::test]
async fn call_settings_have_s3s_defaults_and_round_trip() {
    let (_, server, tenant) = started(BusinessType::Medical).await;
    let token = &tenant.admin.token;
    let shown = server.get("/api/settings/calls", token).await;
    assert_eq!(shown.status, StatusCode::OK, "{}", shown.body);
    assert_eq!(
        shown.body["call_hours"],
        json!({"start_time": "08:00", "end_time": "20:00", "weekend_calling": false, "holiday_calling": false})
    );
    assert_eq!(shown.body["voice_tone"], "medical");
    assert_eq!(shown.body["busy_signal_delay"], 1.0);
    let change = json!({
        "hours_before_appointment": 48, "call_hours": {"start_time": "10:00", "weekend_calling": true},
        "holiday_calendar": {"division": "scotland", "custom_holidays": ["2026-12-24", "2026-12-24"]},
        "minimum_notice_hours": 4, "auto_schedule_calls": false, "enable_automatic_retries": false,
        "maximum_retry_attempts": 3, "no_answer_delay": 4, "voicemail_delay": 24, "busy_signal_delay": 0.5,
        "voice_tone": "casual", "call_script_length": "brief", "personalization_level": "enhanced",
        "customer_feedback": true, "call_recording": true, "custom_timing_allowed": false,
        "voice_consent_from_booking": true,
    });
    // HIPAA mode: no recording without an agreement.
    let refused = server
        .patch("/api/settings/calls", token, change.clone())
        .await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(refused.body["errors"][0]["pointer"], "/call_recording");
    assert_eq!(
        refused.body["errors"][0]["code"],
        "recording_agreement_required"
    );
    let agreement =
        json!({"recording_agreement": {"signed_on": "2026-01-31", "reference": "Contract 17"}});
    let privacy = server
        .patch("/api/settings/privacy", token, agreement.clone())
        .await;
    assert_eq!(privacy.status, StatusCode::OK, "{}", privacy.body);
    assert_eq!(
        privacy.body["recording_agreement"],
        agreement["recording_agreement"]
    );
    let changed = server
        .patch("/api/settings/calls", token, change.clone())
        .await;
    assert_eq!(changed.status, StatusCode::OK, "{}", changed.body);
    let shown = server.get("/api/settings/calls", token).await;
    assert_eq!(shown.body, changed.body);
    assert_eq!(shown.header("etag"), changed.header("etag"));
    for (field, value) in change.as_object().unwrap() {
        match field.as_str() {
            "call_hours" => assert_eq!(
                shown.body[field],
                json!({"start_time": "10:00", "end_time": "20:00", "weekend_calling": true, "holiday_calling": false})
            ),
            "holiday_calendar" => {
                let calendar = &shown.body[field];
                assert_eq!(calendar["uk_bank_holidays"], true);
                assert_eq!(calendar["division"], "scotland");
                assert_eq!(calendar["custom_holidays"], json!(["2026-12-24"]));
                // Known in Scotland alone.
                let andrew = json!({"date": "2026-11-30", "title": "St Andrew’s Day"});
                let known = calendar["bank_holidays"].as_array().unwrap();
                assert!(known.contains(&andrew), "{known:?}");
            }
            _ if value.is_number() => {
                assert_eq!(shown.body[field].as_f64(), value.as_f64(), "{field}")
            }
            _ => assert_eq!(shown.body[field], *value, "{field}"),
        }
    }
    // What the engine reads is what was set.
    let settings = tenant.store.settings().await.unwrap().settings;
    assert!(!settings.calls.auto_schedule_calls);
    assert_eq!(settings.calls.retries.policy.cap(), 4);
}

#[tokio::test]
async fn a_recording_is_refused_where_it_may_not_be_and_the_settings_say_so() {
    let (_, server, tenant) = started(BusinessType::Medical).await;
    let token = &tenant.admin.token;
    let privacy = |change: serde_json::Value| server.patch("/api/settings/privacy", token, change);
    let agreement = |signed_on: &str, reference: &str| json!({"recording_agreement": {"signed_on": signed_on, "reference": reference}});
    for (change, pointer) in [
        (
            agreement("2099-01-01", "x"),
            "/recording_agreement/signed_on",
        ),
        (
            agreement("2026-01-01", " "),
            "/recording_agreement/reference",
        ),
    ] {
        let refused = privacy(change).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(refused.body["errors"][0]["pointer"], pointer);
    }
    let recording = json!({"call_recording": true});
    assert_eq!(
        privacy(agreement("2026-01-31", "Contract 17")).await.status,
        StatusCode::OK
    );
    let on = server
        .patch("/api/settings/calls", token, recording.clone())
        .await;
    assert_eq!(on.status, StatusCode::OK, "{}", on.body);
    assert_eq!(on.body.get("recording_refused"), None);
    // What was allowed once is not made when it may not be any more.
    assert_eq!(
        privacy(json!({"hipaa_level": "strict"})).await.status,
        StatusCode::OK
    );
    let shown = server.get("/api/settings/calls", token).await;
    assert_eq!(
        shown.body["recording_refused"],
        "recording_forbidden_at_strict"
    );
    let refused = server.patch("/api/settings/calls", token, recording).await;
    assert_eq!(
        refused.body["errors"][0]["code"],
        "recording_forbidden_at_strict"
    );
    assert_eq!(
        privacy(json!({"hipaa_level": "basic", "recording_agreement": null}))
            .await
            .status,
        StatusCode::OK
    );
    let shown = server.get("/api/settings/calls", token).await;
    assert_eq!(
        shown.body["recording_refused"],
        "recording_agreement_required"
    );
}

#[tokio::test]
async fn a_price_per_call_is_kept_cleared_and_never_zero() {
    let (_app, server, tenant) = started(BusinessType::Salon).await;
    let token = &tenant.admin.token;
    let path = "/api/settings/calls";
    assert_eq!(
        server.get(path, token).await.body["price_per_call"],
        Value::Null
    );
    let price = json!({"amount_minor": 12, "currency": "GBP"});
    let set = server
        .patch(path, token, json!({ "price_per_call": price }))
        .await;
    assert_eq!(set.status, 200, "{:?}", set.body);
    assert_eq!(server.get(path, token).await.body["price_per_call"], price);
    for (wrong, part) in [
        (
            json!({"amount_minor": 0, "currency": "GBP"}),
            "/price_per_call/amount_minor",
        ),
        (
            json!({"amount_minor": 12, "currency": "pounds"}),
            "/price_per_call/currency",
        ),
    ] {
        let refused = server
            .patch(path, token, json!({ "price_per_call": wrong }))
            .await;
        assert_eq!(
            (refused.status.as_u16(), refused.pointers()),
            (422, vec![part])
        );
    }
    let cleared = server
        .patch(path, token, json!({ "price_per_call": null }))
        .await;
    assert_eq!(cleared.body["price_per_call"], Value::Null);
}

#[tokio::test]
async fn every_wrong_setting_is_named_and_nothing_is_changed() {
    let (_, server, tenant) = started(BusinessType::Medical).await;
    let token = &tenant.admin.token;
    let before = server.get("/api/settings/calls", token).await;
    let wrong = json!({
        "hours_before_appointment": 169, "call_hours": {"start_time": "20:00", "end_time": "08:00"},
        "minimum_notice_hours": 25, "maximum_retry_attempts": 4, "no_answer_delay": 3,
        "voicemail_delay": 8.001, "busy_signal_delay": 0.25, "auto_schedule_calls": null,
        "holiday_calendar": {"custom_holidays": ["24.12.2026"]},
    });
    let answer = server.patch("/api/settings/calls", token, wrong).await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
    let mut pointers = answer.pointers();
    pointers.sort_unstable();
    assert_eq!(
        pointers,
        [
            "/auto_schedule_calls",
            "/busy_signal_delay",
            "/call_hours/end_time",
            "/holiday_calendar/custom_holidays/0",
            "/hours_before_appointment",
            "/maximum_retry_attempts",
            "/minimum_notice_hours",
            "/no_answer_delay",
            "/voicemail_delay",
        ]
    );
    let unknown = server
        .patch("/api/settings/calls", token, json!({"speed": 2}))
        .await;
    assert_eq!(unknown.pointers(), ["/speed"]);
    assert_eq!(
        server.get("/api/settings/calls", token).await.body,
        before.body
    );
}

#[tokio::test]
async fn fifty_dates_of_ones_own_and_no_more() {
    let (_, server, tenant) = started(BusinessType::Medical).await;
    let token = &tenant.admin.token;
    let dates = |count: i64| {
        let first = chrono::NaiveDate::from_ymd_opt(2026, 4, 1).unwrap();
        let list: Vec<String> = (0..count)
            .map(|n| (first + TimeDelta::days(n)).to_string())
            .collect();
        json!({"holiday_calendar": {"custom_holidays": list}})
    };
    let fifty = server.patch("/api/settings/calls", token, dates(50)).await;
    assert_eq!(fifty.status, StatusCode::OK, "{}", fifty.body);
    let more = server.patch("/api/settings/calls", token, dates(51)).await;
    assert_eq!(more.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(more.pointers(), ["/holiday_calendar/custom_holidays"]);
}

#[tokio::test]
async fn a_stale_version_loses_nothing() {
    let (_, server, tenant) = started(BusinessType::Medical).await;
    let token = Some(tenant.admin.token.as_str());
    let shown = server.get("/api/settings/calls", &tenant.admin.token).await;
    let tag = shown.header("etag").unwrap();
    let headers = [("if-match", tag)];
    let send = |body: Value| {
        let path = "/api/settings/calls";
        server.send(Method::PATCH, path, token, Some(body), &headers)
    };
    assert_eq!(
        send(json!({"minimum_notice_hours": 3})).await.status,
        StatusCode::OK
    );
    let stale = send(json!({"minimum_notice_hours": 5})).await;
    assert_eq!(
        (stale.status, stale.problem()),
        (StatusCode::PRECONDITION_FAILED, "version-mismatch")
    );
    let shown = server.get("/api/settings/calls", &tenant.admin.token).await;
    assert_eq!(shown.body["minimum_notice_hours"], 3);
}

#[tokio::test]
async fn the_business_round_trips_and_its_trading_name_is_spoken() {
    let (_, server, tenant) = started(BusinessType::Salon).await;
    let token = &tenant.admin.token;
    let change = json!({
        "company_legal_name": "Riverside Dental Ltd", "business_trading_name": "Riverside",
        "primary_phone": "020 7946 0001", "business_email": "desk@Riverside.example",
        "website_url": "https://riverside.example", "street_address": "1 High Street", "city": "Leeds",
        "county_state": "West Yorkshire", "postal_code": "ls11aa", "timezone": "Europe/Dublin",
        "accepted_phone_regions": ["GB", "IE"],
        "business_hours": {
            "operating_schedule": {"sunday": {"closed": false}, "monday": {"open": "10:00"}},
            "call_hours": {"end_time": "18:00"},
        },
    });
    let changed = server.patch("/api/users/business", token, change).await;
    assert_eq!(changed.status, StatusCode::OK, "{}", changed.body);
    let body = &changed.body;
    assert_eq!(body["primary_phone"], "+442079460001");
    assert_eq!(body["postal_code"], "LS1 1AA");
    assert_eq!(body["timezone"], "Europe/Dublin");
    let schedule = &body["business_hours"]["operating_schedule"];
    assert_eq!(
        schedule["sunday"],
        json!({"open": "10:00", "close": "16:00", "closed": false})
    );
    assert_eq!(schedule["monday"]["open"], "10:00");
    assert_eq!(body["business_hours"]["call_hours"]["end_time"], "18:00");
    let settings = tenant.store.settings().await.unwrap().settings;
    assert_eq!(settings.business.spoken_name(), "Riverside");
    let cleared = json!({"business_trading_name": null});
    let cleared = server.patch("/api/users/business", token, cleared).await;
    assert_eq!(cleared.body["business_trading_name"], Value::Null);
    let needed = server
        .patch(
            "/api/users/business",
            token,
            json!({"company_legal_name": null}),
        )
        .await;
    assert_eq!(needed.pointers(), ["/company_legal_name"]);
}

#[tokio::test]
async fn a_legal_name_is_taken_once_and_freed_by_a_change() {
    let (app, server, tenant) = started(BusinessType::Salon).await;
    let other = app.tenant("Hillside Dental", BusinessType::Salon).await;
    let take = |token: String, name: &str| {
        let body = json!({ "company_legal_name": name });
        let server = server.clone();
        async move { server.patch("/api/users/business", &token, body).await }
    };
    let taken = take(other.admin.token.clone(), "RIVERSIDE dental").await;
    assert_eq!(taken.problem(), "name-taken");
    assert_eq!(
        take(tenant.admin.token.clone(), "Riverside Smiles")
            .await
            .status,
        StatusCode::OK
    );
    assert_eq!(
        take(other.admin.token.clone(), "Riverside Dental")
            .await
            .status,
        StatusCode::OK
    );
}

#[tokio::test]
async fn the_type_of_business_switches_hipaa_on_and_never_off() {
    let (_, server, tenant) = started(BusinessType::Salon).await;
    let token = &tenant.admin.token;
    assert_eq!(
        server.get("/api/settings/privacy", token).await.body["hipaa_mode"],
        false
    );
    for kind in ["medical", "salon"] {
        let body = json!({ "business_type": kind });
        assert_eq!(
            server
                .patch("/api/users/business", token, body)
                .await
                .status,
            StatusCode::OK
        );
        let privacy = server.get("/api/settings/privacy", token).await;
        assert_eq!(privacy.body["hipaa_mode"], true, "{kind}");
        assert_eq!(privacy.body["require_voice_consent"], true, "{kind}");
        assert_eq!(privacy.body["contact_retention_months"], 84);
    }
    let settings = tenant.store.settings().await.unwrap().settings;
    assert_eq!(
        serde_json::to_value(settings.calls.tone).unwrap(),
        "friendly"
    );
}

#[tokio::test]
async fn privacy_settings_round_trip() {
    let (_, server, tenant) = started(BusinessType::Medical).await;
    let token = &tenant.admin.token;
    let change = json!({
        "hipaa_level": "strict", "require_voice_consent": false, "consent_documentation": "written",
        "phi_level": "strict", "phi_detection": false, "contact_retention_months": null,
        "call_log_retention_months": 36, "hipaa_mode": true,
        "recording_agreement": {"signed_on": "2026-01-31", "reference": "Contract 17"},
    });
    let changed = server
        .patch("/api/settings/privacy", token, change.clone())
        .await;
    assert_eq!(changed.status, StatusCode::OK, "{}", changed.body);
    assert_eq!(changed.body, change);
    let wrong = json!({"contact_retention_months": 13, "call_log_retention_months": 7});
    let wrong = server.patch("/api/settings/privacy", token, wrong).await;
    assert_eq!(
        wrong.pointers(),
        ["/contact_retention_months", "/call_log_retention_months"]
    );
}

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

#[tokio::test]
async fn an_american_number_is_pointed_out() {
    let (_, server, tenant) = started(BusinessType::Medical).await;
    let body = json!({"retell": {"from_number": "+12125550123"}});
    let answer = server
        .patch("/api/settings/integrations", &tenant.admin.token, body)
        .await;
    assert!(
        answer.body["retell"]["problems"]
            .to_string()
            .contains("US number"),
        "{}",
        answer.body
    );
}

#[tokio::test]
async fn staff_see_little_and_change_less() {
    let (app, server, tenant) = started(BusinessType::Medical).await;
    let staff = app.staff(&tenant, Preset::Receptionist).await;
    for path in [
        "/api/settings/calls",
        "/api/users/business",
        "/api/appointment-types",
        "/api/locations",
    ] {
        assert_eq!(
            server.get(path, &staff.token).await.status,
            StatusCode::OK,
            "{path}"
        );
    }
    for path in [
        "/api/settings/integrations",
        "/api/settings/privacy",
        "/api/audit",
    ] {
        assert_eq!(
            server.get(path, &staff.token).await.status,
            StatusCode::FORBIDDEN,
            "{path}"
        );
    }
    for path in [
        "/api/settings/calls",
        "/api/users/business",
        "/api/settings/privacy",
        "/api/settings/integrations",
    ] {
        let answer = server.patch(path, &staff.token, json!({})).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{path}");
    }
}

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

async fn contact_with_appointment(
    tenant: &TestTenant,
    number: u32,
    time: DateTime<Utc>,
) -> ContactId {
    let store = &tenant.store;
    let settings = store.settings().await.unwrap().settings;
    let id = ContactId::new(store.new_id());
    let mut new = NewContact::named(id, PersonName::parse("Sam Example").unwrap());
    new.phone = Some(
        vio_domain::phone::parse(
            &format!("+4420794600{number:02}"),
            settings.business.country,
        )
        .unwrap()
        .e164,
    );
    let appointment =
        NewAppointment::at(time, London, &settings, BookingSource::Manual, store.now());
    let made = store
        .create_contact(
            &settings,
            &new,
            Some(&appointment),
            OnDuplicate::CreateNew,
            &Actor::system("test"),
        )
        .await
        .unwrap();
    assert!(matches!(made, Created::Made { .. }));
    id
}

async fn next_call(tenant: &TestTenant, id: ContactId) -> Option<DateTime<Utc>> {
    tenant
        .store
        .person(id)
        .await
        .unwrap()
        .unwrap()
        .next_call_at()
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// S3-04: set 10:00-12:00, and every planned call is planned anew; in pieces, and to the end.
#[tokio::test]
async fn changed_call_hours_move_every_planned_call() {
    let (app, server, tenant) = started(BusinessType::Salon).await;
    let token = &tenant.admin.token;
    let mut contacts = Vec::new();
    for n in 0..12 {
        // Appointments on Friday 6 March at 16:00: the reminder is due a day earlier at 16:00.
        contacts.push(contact_with_appointment(&tenant, n, at("2026-03-06T16:00:00Z")).await);
        app.advance(TimeDelta::seconds(1));
    }
    for id in &contacts {
        assert_eq!(
            next_call(&tenant, *id).await,
            Some(at("2026-03-05T16:00:00Z"))
        );
    }
    app.queues.take_dial();
    let hours = json!({"call_hours": {"start_time": "10:00", "end_time": "12:00"}});
    assert_eq!(
        server
            .patch("/api/settings/calls", token, hours)
            .await
            .status,
        StatusCode::OK
    );
    assert_eq!(app.queues.take_dial().len(), 1, "the pump is woken");
    assert!(tenant.store.replan_due().await.unwrap());
    assert!(
        !tenant.store.replan_some(5).await.unwrap(),
        "a small budget leaves work"
    );
    while !tenant.store.replan_some(5).await.unwrap() {}
    for id in &contacts {
        assert_eq!(
            next_call(&tenant, *id).await,
            Some(at("2026-03-06T10:00:00Z"))
        );
    }
    // Those made around the change are looked at once more, then nothing is left.
    assert!(!tenant.store.replan_due().await.unwrap());
    app.advance(TimeDelta::seconds(60));
    assert!(tenant.store.replan_due().await.unwrap());
    while !tenant.store.replan_some(5).await.unwrap() {}
    app.clock.advance(TimeDelta::hours(1));
    assert!(!tenant.store.replan_due().await.unwrap());
    // A change that cannot move a call asks for nothing.
    let tone = json!({"voice_tone": "casual"});
    assert_eq!(
        server
            .patch("/api/settings/calls", token, tone)
            .await
            .status,
        StatusCode::OK
    );
    assert!(!tenant.store.replan_due().await.unwrap());
}

/// Planning anew is no reason to wait: a reminder that is due already keeps its place in the queue.
#[tokio::test]
async fn a_change_of_settings_does_not_put_off_what_is_due() {
    let (app, server, tenant) = started(BusinessType::Salon).await;
    let id = contact_with_appointment(&tenant, 1, at("2026-03-06T16:00:00Z")).await;
    let due = at("2026-03-05T16:00:00Z");
    app.clock.advance(due - app.app.clock.now());
    app.clock.advance(TimeDelta::seconds(330));
    let token = app.token(&tenant.store, tenant.admin.id).await;
    let set = async |body: Value| {
        let answer = server.patch("/api/settings/calls", &token, body).await;
        assert_eq!(answer.status, StatusCode::OK);
        while !tenant.store.replan_some(100).await.unwrap() {}
    };
    set(json!({"minimum_notice_hours": 3})).await;
    assert_eq!(next_call(&tenant, id).await, Some(due));
    // But it does not ring outside the new hours.
    set(json!({"call_hours": {"start_time": "16:30", "end_time": "20:00"}})).await;
    assert_eq!(
        next_call(&tenant, id).await,
        Some(at("2026-03-05T16:30:00Z"))
    );
}

/// S3-05: Monday 15 June 2026 is a holiday in Scotland only.
#[tokio::test]
async fn a_division_moves_calls_off_its_own_holidays() {
    let (app, server, tenant) = started(BusinessType::Salon).await;
    app.advance(TimeDelta::days(100)); // 10 June
    let token = app.token(&tenant.store, tenant.admin.id).await;
    let id = contact_with_appointment(&tenant, 1, at("2026-06-16T14:00:00Z")).await;
    assert_eq!(
        next_call(&tenant, id).await,
        Some(at("2026-06-15T14:00:00Z"))
    );
    let set = |body: Value| {
        let (server, token) = (server.clone(), token.clone());
        async move { server.patch("/api/settings/calls", &token, body).await }
    };
    let scotland = json!({"holiday_calendar": {"division": "scotland"}});
    assert_eq!(set(scotland).await.status, StatusCode::OK);
    while !tenant.store.replan_some(100).await.unwrap() {}
    assert_eq!(
        next_call(&tenant, id).await,
        Some(at("2026-06-16T07:00:00Z")),
        "08:00 British summer time"
    );
    let off = json!({"auto_schedule_calls": false});
    assert_eq!(set(off).await.status, StatusCode::OK);
    while !tenant.store.replan_some(100).await.unwrap() {}
    assert_eq!(next_call(&tenant, id).await, None);
    // A second change while the first is being worked off starts it over.
    assert_eq!(
        set(json!({"auto_schedule_calls": true})).await.status,
        StatusCode::OK
    );
    let england = json!({"holiday_calendar": {"division": "england-and-wales"}});
    assert_eq!(set(england).await.status, StatusCode::OK);
    while !tenant.store.replan_some(100).await.unwrap() {}
    assert_eq!(
        next_call(&tenant, id).await,
        Some(at("2026-06-15T14:00:00Z"))
    );
}

#[test]
fn every_route_is_described_and_allowed() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let (_, document) = runtime.block_on(async {
        let app = TestApp::new().await;
        vio_profile::router(app.app)
    });
    let whole = vio_http::openapi::merge([document]).unwrap();
    assert_eq!(whole.paths.paths.len(), 27);
}
