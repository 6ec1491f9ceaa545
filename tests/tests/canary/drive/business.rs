//! Through what a business says of itself, its settings and its team.

use super::*;

/// The business, its settings and its people.
pub(crate) async fn business(world: &World) {
    let client = &world.client;
    let sign_up = json!({
        "business_name": word("Clinic"), "business_type": "medical", "country": "GB", "timezone": "Europe/London",
        "admin": { "full_name": word("Owner"), "email": OWNER, "password": PASSWORD },
    });
    client.opens("/api/tenants", sign_up.clone()).await;
    let (status, _) = client
        .send(Method::POST, "/api/tenants", &[], Some(&sign_up))
        .await;
    assert_eq!(status, StatusCode::CONFLICT, "the same business again");

    let types = json!({ "appointment_types": [{ "name": word("check-up"), "sensitivity": "normal", "spoken_as": word("visit") }] });
    client
        .does(Method::PUT, "/api/appointment-types", types)
        .await;
    let business = json!({
        "company_legal_name": word("Legal"), "business_trading_name": word("Trading"), "city": word("City"),
        "county_state": word("County"), "street_address": format!("1 {WORD} Street"), "postal_code": "SW1A 1AA",
        "business_email": "zquovexpjk@business.example", "primary_phone": phone::BUSINESS,
        "website_url": "https://zquovexpjk.example/",
    });
    client
        .does(Method::PATCH, "/api/users/business", business)
        .await;
    let profile = json!({ "full_name": word("Renamed"), "job_title": word("Chief"), "phone_number": phone::STAFF });
    client
        .does(Method::PATCH, "/api/users/profile", profile)
        .await;
    let integrations = json!({
        "retell": { "agent_id": AGENT, "from_number": phone::FROM, "api_key": RETELL_KEY },
        "calcom": { "enabled": true, "api_key": CALCOM_KEY, "organizer_email": "zquovexpjk.organizer@mail.example",
                    "webhook_secret": format!("{WEBHOOK_SECRET}-old") },
        "calendly": { "enabled": true, "api_key": CALENDLY_KEY, "organizer_email": "zquovexpjk.calendly@mail.example",
                      "webhook_signing_key": SIGNING_KEY },
        "twilio": { "enabled": true, "account_sid": format!("AC{}", "a".repeat(32)), "from_number": phone::FROM,
                    "auth_token": format!("{WEBHOOK_SECRET}-token") },
        "email": { "enabled": true, "reply_to": "zquovexpjk.answers@mail.example" },
    });
    client
        .does(Method::PATCH, "/api/settings/integrations", integrations)
        .await;
    let status = "/api/settings/integrations/status";
    client.ask(Method::GET, status, &[], None).await;
    // Rotated: two of them are kept.
    let rotated = json!({ "calcom": { "webhook_secret": WEBHOOK_SECRET } });
    client
        .does(Method::PATCH, "/api/settings/integrations", rotated)
        .await;
    client
        .does(
            Method::PATCH,
            "/api/settings/privacy",
            json!({ "consent_documentation": "verbal",
                    "recording_agreement": { "signed_on": "2026-01-31", "reference": word("contract") } }),
        )
        .await;
    let from_booking = json!({ "voice_consent_from_booking": true });
    let (status, _) = client
        .ask(
            Method::PATCH,
            "/api/settings/calls",
            &[],
            Some(&from_booking),
        )
        .await;
    assert!(status.is_success() || status == StatusCode::UNPROCESSABLE_ENTITY);
    let group =
        json!({ "name": word("group"), "description": word("of people"), "color": "#F59E0B" });
    let group = client.does(Method::POST, "/api/groups", group).await;
    let path = format!("/api/groups/{}", id(&group));
    let renamed = json!({ "name": word("renamed group"), "description": word("of other people") });
    client.does(Method::PATCH, &path, renamed).await;
    client.get("/api/groups").await;
    let filter = json!({ "name": word("my list"), "filters": { "search": word("sought") } });
    let filter = client
        .does(Method::POST, "/api/saved-filters", filter)
        .await;
    let tag = client
        .does(
            Method::POST,
            "/api/tags",
            json!({ "name": word("tag"), "description": word("what for") }),
        )
        .await;
    let path = format!("/api/saved-filters/{}", id(&filter));
    let listed = json!({
        "search": word("knee"), "tag": [word("tag")], "industry": [word("trade")], "owner_name": word("Dr"),
        "appointment_type": word("kind"),
    });
    let plain = json!({ "tag": word("tag"), "industry": word("trade") });
    for filters in [&plain, &listed] {
        let other = json!({ "name": word("renamed list"), "filters": filters });
        client.does(Method::PATCH, &path, other).await;
    }
    client.get("/api/saved-filters").await;
    for (name, filters) in [("second list", &plain), ("third list", &listed)] {
        let more = json!({ "name": word(name), "filters": filters });
        client.does(Method::POST, "/api/saved-filters", more).await;
    }
    let path = format!("/api/tags/{}", id(&tag));
    client
        .does(
            Method::PATCH,
            &path,
            json!({ "name": word("renamed tag"), "description": word("what now") }),
        )
        .await;
    let (status, _) = client
        .ask(
            Method::POST,
            "/api/tags",
            &[],
            Some(&json!({ "name": word("renamed tag").to_uppercase() })),
        )
        .await;
    assert_eq!(status, StatusCode::CONFLICT, "a tag of the same name");
    // Nobody listens there; where it is may hold a token of theirs.
    let address = |name: &str| format!("http://127.0.0.1:9/{}", word(name).replace(' ', "-"));
    let webhook = json!({
        "url": address("hook"), "description": word("reporting"), "events": ["contact.updated"],
    });
    let webhook = client
        .does(Method::POST, "/api/outgoing-webhooks", webhook)
        .await;
    let path = format!("/api/outgoing-webhooks/{}", id(&webhook));
    let moved = json!({ "url": address("other hook"), "description": word("other reporting") });
    client.does(Method::PATCH, &path, moved).await;
    client.get(&format!("{path}/deliveries")).await;
    client.get("/api/outgoing-webhooks").await;
    let staff = json!({
        "email": "zquovexpjk.staff@mail.example", "full_name": word("Staff"), "job_title": word("Helper"),
        "password": "Zquovexpjk-88-Lighthouse", "role": "client_user", "preset": "receptionist",
    });
    let member = client.does(Method::POST, "/api/team", staff.clone()).await;
    let member = format!("/api/team/{}", id(&member));
    let renamed = json!({ "full_name": word("Staff renamed"), "job_title": word("Helper moved") });
    client.does(Method::PATCH, &member, renamed).await;
    // Letters hold names, addresses and links.
    let invited = json!({
        "email": "zquovexpjk.invited@mail.example", "full_name": word("Invited"), "role": "client_user",
    });
    let invited = client.does(Method::POST, "/api/team", invited).await;
    let invited = format!("/api/team/{}", id(&invited));
    client
        .does(Method::POST, &format!("{invited}/invite"), json!({}))
        .await;
    client
        .does(Method::POST, &format!("{member}/reset-password"), json!({}))
        .await;
    let (status, _) = client.ask(Method::DELETE, &invited, &[], None).await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    let (status, _) = client
        .ask(Method::POST, "/api/team", &[], Some(&staff))
        .await;
    assert_eq!(status, StatusCode::CONFLICT, "the same person again");
    // The staff cannot do what the owner can.
    let credentials =
        json!({ "email": "zquovexpjk.staff@mail.example", "password": "Zquovexpjk-88-Lighthouse" });
    let signed_in = client.opens("/api/auth/sign-in", credentials).await;
    let bearer = format!(
        "Bearer {}",
        signed_in["access_token"].as_str().expect("a token")
    );
    let (status, _) = client
        .send(
            Method::POST,
            "/api/team",
            &[("authorization", &bearer)],
            Some(&staff),
        )
        .await;
    assert_eq!(status, StatusCode::FORBIDDEN);
}

/// Signing in with what is wrong, changing the password, refreshing, signing out.
pub(crate) async fn sign_ins(world: &World) {
    let client = &world.client;
    for (email, password) in [
        (OWNER, "Zquovexpjk-wrong-1"),
        (OWNER, "Zquovexpjk-wrong-2"),
        ("zquovexpjk.nobody@mail.example", PASSWORD),
        ("zquovexpjk", PASSWORD),
    ] {
        let body = json!({ "email": email, "password": password, "totp": WORD });
        let (status, _) = client
            .send(Method::POST, "/api/auth/sign-in", &[], Some(&body))
            .await;
        assert!(status.is_client_error(), "{email}");
    }
    let agent = format!("{WORD} telephone");
    let credentials = json!({ "email": OWNER, "password": PASSWORD });
    let with_cookie = "/api/auth/sign-in?cookie=true";
    let (status, _) = client
        .send(
            Method::POST,
            with_cookie,
            &[("user-agent", &agent)],
            Some(&credentials),
        )
        .await;
    assert_eq!(status, StatusCode::OK);
    let signed_in = client.opens("/api/auth/sign-in", credentials).await;
    let refresh = json!({ "refresh_token": signed_in["refresh_token"] });
    let path = "/api/auth/refresh";
    let (status, _) = client.send(Method::POST, path, &[], Some(&refresh)).await;
    assert_eq!(status, StatusCode::OK);
    // Used again: the family ends.
    let (status, _) = client.send(Method::POST, path, &[], Some(&refresh)).await;
    assert_eq!(status, StatusCode::UNAUTHORIZED);
    let (status, _) = client
        .send(
            Method::POST,
            path,
            &[],
            Some(&json!({ "refresh_token": word("token") })),
        )
        .await;
    assert!(status.is_client_error());
    let cookie = format!("vio_refresh={WORD}; other={WORD}");
    let (status, _) = client
        .send(Method::POST, path, &[("cookie", &cookie)], Some(&json!({})))
        .await;
    assert!(status.is_client_error());
    client.get("/api/auth/sessions").await;
    let forgot = "/api/auth/password/forgot";
    client.opens(forgot, json!({ "email": OWNER })).await;
    client
        .opens(forgot, json!({ "email": "zquovexpjk.nobody@mail.example" }))
        .await;
    for (path, secret) in [
        ("/api/auth/password/reset", "new_password"),
        ("/api/auth/invitations/accept", "password"),
    ] {
        let mut body = json!({ "token": word("token") });
        body[secret] = json!(NEXT_PASSWORD);
        let (status, _) = client.send(Method::POST, path, &[], Some(&body)).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{path}");
    }
    client.get("/api/notifications?names=true").await;
    let weak = json!({ "current_password": PASSWORD, "new_password": WORD });
    let (status, _) = client
        .ask(Method::POST, "/api/auth/password", &[], Some(&weak))
        .await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    let change = json!({ "current_password": PASSWORD, "new_password": NEXT_PASSWORD });
    client
        .does(Method::POST, "/api/auth/password", change)
        .await;
}
