//! The business itself: its name, its type, its privacy.

use super::*;

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
