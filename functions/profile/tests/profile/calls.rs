//! How calls are placed: the settings, and what they refuse.

use super::*;

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
