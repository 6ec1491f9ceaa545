//! Canaries through everything that takes text: each field where it is taken, each route where it is refused.

use chrono::{TimeDelta, Utc};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use vio_sandbox::{retell_signature, signed_delivery, twilio_signature};
use vio_tests::time::{instant, text, wait_until};
use vio_tests::{Booking, Random};

use crate::coverage::Operation;
use crate::words::*;
use crate::world::{Client, World};

const SOON: std::time::Duration = std::time::Duration::from_secs(30);
/// An id of nothing.
const NOBODY: &str = "018f0000-0000-7000-8000-000000000000";

/// A text that says which one it is.
fn word(of: &str) -> String {
    format!("{WORD} {of}")
}

fn id(answer: &Value) -> String {
    let names = ["id", "dnc_id", "attention_id", "session_id"];
    let id = names.iter().find_map(|name| answer[*name].as_str());
    id.unwrap_or_else(|| panic!("no id in {answer}")).to_owned()
}

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

/// Everything of one person, changed again and again.
pub(crate) async fn person(world: &World) {
    let client = &world.client;
    let time = |hours| text(world.morning + TimeDelta::hours(hours));
    let contact = json!({
        "name": word("Abernathy"), "first_name": WORD, "last_name": format!("{FOREIGN} {WORD}"), "phone": phone::FIRST,
        "email": "zquovexpjk.one@mail.example", "notes": format!("{} {FOREIGN}", word("notes")),
        "special_instructions": word("please ring the bell"), "company_name": word("Company"),
        "tags": [word("renamed tag")], "owner_name": word("Doctor"), "appointment_type": word("check-up"),
        "custom_fields": {
            "date_of_birth": BIRTH, "insurance_provider": word("Insurance"), "emergency_contact": word("Emergency"),
            "emergency_phone": phone::EMERGENCY, "medical_notes": word("medical"), format!("{WORD}_own"): word("own"),
        },
        "appointment_time": time(47), "timezone": "Europe/London", "reason": word("creation"),
        "voice_consent": { "method": "verbal" },
    });
    let made = client
        .does(Method::POST, "/api/contacts", contact.clone())
        .await;
    let (status, again) = client
        .ask(Method::POST, "/api/contacts", &[], Some(&contact))
        .await;
    assert_eq!(status, StatusCode::CONFLICT, "{again}");
    let who = format!("/api/contacts/{}", id(&made));

    // Twice under one idempotency key, and then another body under it.
    let key = format!("{WORD}-key");
    let keyed = [("idempotency-key", key.as_str())];
    let told = json!({ "kind": "phone", "text": word("told on the phone") });
    for (body, wanted) in [
        (&told, 201),
        (&told, 201),
        (&json!({ "kind": "note", "text": word("another") }), 422),
    ] {
        let path = format!("{who}/interactions");
        let (status, answer) = client.ask(Method::POST, &path, &keyed, Some(body)).await;
        assert_eq!(status.as_u16(), wanted, "{answer}");
    }
    for kind in ["note", "email", "sms", "in_person"] {
        let body = json!({ "kind": kind, "text": format!("{} {FOREIGN}", word(kind)) });
        client
            .does(Method::POST, &format!("{who}/interactions"), body)
            .await;
    }
    let opted_in = json!({ "preferences": { "sms_opt_in": true, "email_opt_in": true } });
    client.does(Method::PATCH, &who, opted_in).await;
    let sms = json!({ "message": word("by SMS") });
    client
        .does(Method::POST, &format!("{who}/send-sms"), sms)
        .await;
    let mail = json!({ "subject": word("the subject"), "message": word("by e-mail") });
    client
        .does(Method::POST, &format!("{who}/send-email"), mail)
        .await;
    let many = json!({ "contact_ids": [who.rsplit('/').next()], "message": word("to many") });
    client.does(Method::POST, "/api/messages/sms", many).await;
    // And what comes back.
    let settings = client.get("/api/settings/integrations").await;
    let address = settings["twilio"]["webhook_url"]
        .as_str()
        .expect("an address");
    let fields = [
        (
            "MessageSid",
            "SM8c4d7beaf75ce73ce83ecaf57942bfe3".to_owned(),
        ),
        ("From", phone::FIRST.to_owned()),
        ("Body", format!("{} {FOREIGN}", word("by SMS, back"))),
    ];
    let fields = fields.map(|(name, value)| (name.to_owned(), value));
    let token = format!("{WEBHOOK_SECRET}-token");
    let signature = twilio_signature(&token, address, &fields);
    let form = reqwest::Url::parse_with_params("form:", &fields).expect("a form");
    client
        .delivers_form(
            address,
            &[("x-twilio-signature", &signature)],
            form.query().expect("fields"),
        )
        .await;
    // A long note, whose before and after does not fit into a log entry.
    let long = word("long ").repeat(300);
    client
        .does(Method::PATCH, &who, json!({ "notes": long }))
        .await;
    let change = json!({
        "name": word("Blackwood"), "first_name": WORD, "last_name": WORD, "phone": phone::SECOND,
        "email": "zquovexpjk.two@mail.example", "notes": word("second notes"),
        "special_instructions": word("ring twice"), "company_name": word("Firm"),
        "tags": [word("renamed tag"), word("other tag")], "owner_name": word("Nurse"), "appointment_type": word("visit"),
        "reason": word("change"), "custom_fields": { "date_of_birth": BIRTH, "medical_notes": word("more") },
    });
    client.does(Method::PATCH, &who, change.clone()).await;
    let (status, _) = client
        .ask(
            Method::PATCH,
            &who,
            &[("if-match", "\"1-1-1\"")],
            Some(&change),
        )
        .await;
    assert_eq!(status, StatusCode::PRECONDITION_FAILED, "a stale change");
    let (status, _) = client.ask(Method::PUT, &who, &[], Some(&change)).await;
    assert_eq!(
        status,
        StatusCode::PRECONDITION_REQUIRED,
        "a change of nothing in particular"
    );
    let said = json!({ "appointment_status": "confirmed", "reason": word("said so"), "confirmation_method": "phone" });
    client.does(Method::PATCH, &who, said).await;
    let replaced = json!({
        "name": word("Carver"), "first_name": WORD, "last_name": WORD, "phone": phone::SECOND,
        "email": "zquovexpjk.three@mail.example", "notes": word("third notes"), "company_name": word("Trust"),
        "special_instructions": word("knock"), "tags": [word("third tag")], "owner_name": word("Porter"),
        "appointment_type": word("third"), "reason": word("replacement"), "custom_fields": { "a": { "b": word("deep") } },
        "appointment_time": time(48), "timezone": "Europe/London",
    });
    client.does(Method::PUT, &who, replaced).await;
    let consent = json!({ "action": "given", "method": "written" });
    client
        .does(Method::POST, &format!("{who}/consents"), consent)
        .await;
    let second = json!({
        "appointment_time": time(71), "timezone": "Europe/London", "appointment_type": word("second"),
        "owner_name": word("Second"), "special_instructions": word("second door"), "reason": word("again"),
    });
    let second = client
        .does(Method::POST, &format!("{who}/appointments"), second)
        .await;
    let changed = json!({
        "special_instructions": word("third door"), "owner_name": word("Third"), "appointment_type": word("fourth"),
        "reason": word("moved"), "appointment_time": time(72),
    });
    let path = format!("/api/appointments/{}", id(&second));
    client.does(Method::PATCH, &path, changed).await;

    let question = json!({ "field": "special_instructions", "text": word("has diabetes") });
    client
        .does(Method::POST, "/api/contacts/check-phi", question)
        .await;
    // Health in words that are spoken is refused.
    let (status, _) = client
        .ask(
            Method::PATCH,
            &who,
            &[("if-match", "*")],
            Some(&json!({ "special_instructions": word("has HIV and diabetes") })),
        )
        .await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    let number = json!({ "phone": phone::ASKED_ABOUT, "country_code": "GB" });
    client
        .does(Method::POST, "/api/contacts/validate-phone", number)
        .await;
    let asked = json!({
        "search": word("knee"), "tag": [word("tag")], "industry": [word("trade")], "owner_name": word("Dr"),
        "appointment_type": word("kind"),
    });
    let plain = json!({ "tag": word("tag"), "industry": word("trade") });
    for asked in [asked, plain] {
        for path in ["/api/contacts/search", "/api/contacts/export"] {
            client.does(Method::POST, path, asked.clone()).await;
        }
    }
    let refused = json!({ "phone": phone::NOT_TO_BE_CALLED, "reason": word("asked") });
    let entry = client.does(Method::POST, "/api/dnc", refused).await;
    client.get("/api/dnc").await;
    let path = format!("/api/dnc/{}", id(&entry));
    let mistake = json!({ "reason": word("listed by mistake") });
    client.does(Method::DELETE, &path, mistake).await;
    // A file of numbers: looked at, then worked off with a row that is none.
    let csv = format!(
        "phone,reason\n{},{}\n{WORD},{FOREIGN}\n",
        phone::NOT_TO_BE_CALLED,
        word("filed")
    );
    for dry_run in [true, false] {
        let file = json!({ "csv": csv, "dry_run": dry_run });
        let answer = client.does(Method::POST, "/api/dnc/import", file).await;
        if dry_run {
            continue;
        }
        let job = format!("/api/jobs/{}", answer["job_id"].as_str().expect("a job"));
        wait_until("the import", SOON, async || {
            let job = client.get(&job).await;
            (job["status"] == "completed").then_some(())
        })
        .await;
        client.get("/api/jobs").await;
        let (status, _) = client
            .ask(Method::GET, &format!("{job}/errors.csv"), &[], None)
            .await;
        assert_eq!(status, StatusCode::OK);
    }
    let listed = client.get("/api/dnc").await;
    for entry in listed["dnc"].as_array().expect("a list") {
        let path = format!("/api/dnc/{}", id(entry));
        client.does(Method::DELETE, &path, json!({})).await;
    }

    bulk(world).await;
    campaigns(world, &id(&made)).await;
    for part in [
        "",
        "/appointments",
        "/calls",
        "/consents",
        "/history",
        "/interactions",
    ] {
        client.get(&format!("{who}{part}")).await;
    }
    for list in [
        "/api/contacts",
        "/api/audit?log=access",
        "/api/audit?log=change",
        "/api/team",
        "/api/tags",
    ] {
        client.get(list).await;
    }
    let (status, _) = client
        .ask(Method::DELETE, &who, &[("if-match", "*")], None)
        .await;
    assert_eq!(status, StatusCode::NO_CONTENT);
    client.get("/api/contacts/deleted").await;
    client
        .does(Method::POST, &format!("{who}/restore"), json!({}))
        .await;
}

/// A template's group and a suggested one, and work on many: edited, put into groups, taken out, emptied, undone.
async fn bulk(world: &World) {
    let client = &world.client;
    let mut ids = Vec::new();
    for at in 0..5 {
        let contact = json!({
            "name": word("alike"), "phone": format!("07911 25{at:04}"), "on_duplicate": "create_new",
            "appointment_time": text(world.morning + TimeDelta::days(9)), "appointment_type": word("alike"),
            "tags": [word("alike")],
        });
        ids.push(id(&client
            .does(Method::POST, "/api/contacts", contact)
            .await));
    }
    let template = client.get("/api/groups/templates").await["templates"][0]["id"].clone();
    let body =
        json!({ "template": template, "name": word("of a template"), "contact_ids": [ids[0]] });
    let group = client
        .does(Method::POST, "/api/groups/templates/apply", body)
        .await;
    let suggested = client.get("/api/groups/suggestions").await;
    for one in suggested["suggestions"].as_array().expect("suggestions") {
        if one["kind"] == "appointment_type" {
            let path = format!("/api/groups/suggestions/{}/accept", id(one));
            let body = json!({ "name": word("of a suggestion") });
            client.does(Method::POST, &path, body).await;
        }
    }
    client.get("/api/groups/overlap").await;
    let path = format!("/api/groups/{}", id(&group));
    let why = word("why");
    let add = json!({ "contact_ids": ids, "reason": why });
    client
        .does(Method::POST, &format!("{path}/members/bulk-add"), add)
        .await;
    client.get(&format!("{path}/members")).await;
    client.get(&format!("{path}/analytics")).await;
    client.get("/api/groups/analytics").await;
    let fields = json!({
        "appointment_type": word("kind"), "owner_name": word("owner"), "special_instructions": word("bring a coat"),
    });
    let edit = json!({ "operation_type": "bulk_edit", "field_updates": fields, "reason": why });
    client
        .does(Method::POST, &format!("{path}/bulk-operations"), edit)
        .await;
    let edit = json!({
        "operation": "edit", "field_updates": { "appointment_type": word("other kind"), "owner_name": word("other owner"),
        "special_instructions": word("bring a hat") }, "reason": why, "selection": { "ids": ids },
    });
    let job = client.does(Method::POST, "/api/contacts/bulk", edit).await;
    let filter = json!({
        "appointment_type": word("other kind"), "owner_name": word("other owner"), "search": word("alike"),
        "tag": [word("alike")],
    });
    for filter in [filter, json!({ "tag": word("alike") })] {
        let looks =
            json!({ "operation": "delete", "selection": { "filter": filter }, "dry_run": true });
        client.does(Method::POST, "/api/contacts/bulk", looks).await;
    }
    let call =
        json!({ "call_timing": "immediate", "custom_message_addition": word("see you soon") });
    let looks =
        json!({ "operation": "call", "selection": { "ids": ids }, "call": call, "dry_run": true });
    client.does(Method::POST, "/api/contacts/bulk", looks).await;
    let job = job["job_id"].as_str().expect("an id").to_owned();
    client.get(&format!("/api/jobs/{job}/results")).await;
    client
        .does(Method::POST, &format!("/api/jobs/{job}/undo"), json!({}))
        .await;
    let out = json!({ "contact_ids": [ids[0]], "reason": why });
    client
        .does(Method::POST, &format!("{path}/members/bulk-remove"), out)
        .await;
    client
        .does(Method::POST, &format!("{path}/members/undo"), json!({}))
        .await;
    let clear = json!({ "name": word("of a template"), "reason": why });
    client
        .does(Method::POST, &format!("{path}/members/clear"), clear)
        .await;
    client.get(&format!("{path}/history")).await;
}

/// Campaigns over a group and over a selection, with a message, foreseen, begun for a later day and ended.
async fn campaigns(world: &World, contact: &str) {
    let client = &world.client;
    let group = json!({ "name": word("called group"), "initial_contact_ids": [contact] });
    let group = client.does(Method::POST, "/api/groups", group).await;
    let how = |dry_run| {
        json!({
            "call_timing": "scheduled", "scheduled_datetime": text(world.morning + TimeDelta::days(30)),
            "custom_message_addition": word("we have moved"), "dry_run": dry_run,
        })
    };
    let path = format!("/api/groups/{}/call-all", id(&group));
    client.does(Method::POST, &path, how(true)).await;
    let mut begun = vec![client.does(Method::POST, &path, how(false)).await];
    let mut selection = how(false);
    selection["contact_ids"] = json!([contact]);
    begun.push(client.does(Method::POST, "/api/campaigns", selection).await);
    client.get("/api/groups/campaigns").await;
    for one in begun {
        let status = one["status_endpoint"].as_str().expect("a path");
        client.get(status).await;
        let cancel = status.replace("/status", "/cancel");
        client.does(Method::POST, &cancel, json!({})).await;
    }
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
    client.get("/api/notifications").await;
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

/// An event filled up with text in which the word comes again and again, and which compresses badly in between.
fn large(mut event: Value, part: &str) -> Value {
    let mut random = Random::new(11);
    let mut filling = String::new();
    while filling.len() < 280_000 {
        filling.push_str(&word("in a large event "));
        (0..60).for_each(|_| filling.push_str(&format!("{:016x}", random.draw())));
    }
    event[part]["filling"] = json!(filling);
    event
}

/// Bookings of the calendar: rightly signed, forged, broken, large.
pub(crate) async fn bookings(world: &World) {
    let client = &world.client;
    let settings = client.get("/api/settings/integrations").await;
    let address = settings["calcom"]["webhook_url"]
        .as_str()
        .expect("an address")
        .to_owned();
    let signed = |raw: &[u8]| signed_delivery(WEBHOOK_SECRET, raw);
    let time = world.morning + TimeDelta::hours(49);
    let mut booking = Booking::new(&word("Booker"), phone::BOOKED, time);
    booking.uid = format!("{WORD}-booking");
    let mut event = booking.created(world.morning);
    event["payload"]["additionalNotes"] = json!(format!("{} {FOREIGN}", word("booked")));
    event["payload"]["eventTitle"] = json!(word("event"));
    event["payload"]["organizer"]["name"] = json!(word("Organizer"));
    event["payload"]["location"] = json!(word("location"));
    let mut other = Booking::new(&word("Larger"), phone::LARGE, time + TimeDelta::hours(1));
    other.uid = format!("{WORD}-large");
    for event in [
        event.clone(),
        large(other.created(world.morning), "payload"),
    ] {
        let raw = event.to_string();
        let headers = signed(raw.as_bytes());
        let headers: Vec<_> = headers
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        client.delivers(&address, &headers, &event).await;
        // The same once more: a duplicate.
        client.delivers(&address, &headers, &event).await;
    }
    for name in [&booking.name, &other.name] {
        wait_until("a booked contact", SOON, async || {
            let all = client.get("/api/contacts?page_size=100").await;
            let all = all["contacts"].as_array().expect("contacts").clone();
            all.into_iter()
                .find(|contact| contact["name"] == name.as_str())
        })
        .await;
    }
    assert_eq!(world.objects(), 1, "the large event is in the bucket");

    // Moved and cancelled, in texts of their own.
    for trigger in ["BOOKING_RESCHEDULED", "BOOKING_CANCELLED"] {
        let mut event = event.clone();
        event["triggerEvent"] = json!(trigger);
        event["createdAt"] = json!(text(world.morning + TimeDelta::minutes(1)));
        event["payload"]["rescheduleReason"] = json!(word("moving"));
        event["payload"]["cancellationReason"] = json!(word("cancelling"));
        if trigger == "BOOKING_RESCHEDULED" {
            event["payload"]["rescheduleUid"] = json!(booking.uid);
            event["payload"]["uid"] = json!(format!("{}-moved", booking.uid));
        }
        let raw = event.to_string();
        let headers = signed(raw.as_bytes());
        let headers: Vec<_> = headers
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        client.delivers(&address, &headers, &event).await;
    }

    calendly(world, settings["calendly"]["webhook_url"].as_str()).await;

    let raw = event.to_string();
    let path = address.rsplit_once('/').expect("a path").0;
    for (url, signature, body, wanted) in [
        (address.clone(), WORD.to_owned(), raw.clone(), 401),
        (address.clone(), "00".repeat(32), raw.clone(), 401),
        (format!("{path}/{WORD}"), "00".repeat(32), raw.clone(), 404),
        (address.clone(), String::new(), format!("{{\"{WORD}"), 400),
        (address.clone(), String::new(), format!("[\"{WORD}\"]"), 400),
        (
            address.clone(),
            String::new(),
            format!("{{\"triggerEvent\":\"{WORD}\",\"createdAt\":\"{WORD}\"}}"),
            200,
        ),
        (
            address.clone(),
            String::new(),
            format!(
                "{{\"triggerEvent\":\"BOOKING_CREATED\",\"payload\":{{\"uid\":\"{WORD}\",\"startTime\":\"{WORD}\"}}}}"
            ),
            400,
        ),
        (
            address.clone(),
            String::new(),
            format!("{{\"triggerEvent\":\"BOOKING_CREATED\",\"payload\":\"{WORD}\"}}"),
            400,
        ),
        (
            address.clone(),
            String::new(),
            word("nonsense ").repeat(120_000),
            413,
        ),
    ] {
        let signature = if signature.is_empty() {
            vio_sandbox::calcom_signature(WEBHOOK_SECRET, body.as_bytes())
        } else {
            signature
        };
        let headers = [
            ("content-type", "application/json"),
            ("x-cal-signature-256", signature.as_str()),
        ];
        let (status, answer) = client
            .send_raw(Method::POST, &url, &headers, Some(body.into_bytes()))
            .await;
        assert_eq!(status.as_u16(), wanted, "{answer}");
    }
}

/// A booking of the other calendar, told twice, cancelled, forged and broken.
async fn calendly(world: &World, address: Option<&str>) {
    let client = &world.client;
    let address = address.expect("an address");
    let event = format!("https://api.calendly.com/scheduled_events/{WORD}E");
    let name = word("Invitee");
    let at = text(world.morning);
    let payload = json!({
        "uri": format!("{event}/invitees/{WORD}I"), "event": event, "name": name, "email": "zquovexpjk.invitee@mail.example",
        "text_reminder_number": phone::BOOKED, "status": "active", "created_at": at, "updated_at": at,
        "cancellation": { "reason": word("cancelling") },
        "questions_and_answers": [{ "question": word("question"), "answer": word("answer"), "position": 0 }],
        "scheduled_event": { "uri": event, "name": word("event"), "start_time": text(world.morning + TimeDelta::hours(51)),
            "event_memberships": [{ "user_email": "zquovexpjk.calendly@mail.example", "user_name": word("Organizer") }] },
    });
    for kind in [
        "invitee.created",
        "invitee.created",
        "invitee_no_show.created",
        "invitee.canceled",
    ] {
        let event = json!({ "event": kind, "created_at": at, "payload": payload });
        let raw = event.to_string();
        let now = chrono::Utc::now().timestamp();
        let headers = vio_sandbox::calendly_delivery(SIGNING_KEY, raw.as_bytes(), now);
        let headers: Vec<_> = headers
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        client.delivers(address, &headers, &event).await;
        if kind == "invitee.created" {
            wait_until("an invited contact", SOON, async || {
                let all = client.get("/api/contacts?page_size=100").await;
                let all = all["contacts"].as_array().expect("contacts").clone();
                all.into_iter()
                    .find(|contact| contact["name"] == name.as_str())
            })
            .await;
        }
    }
    for (signature, body, wanted) in [
        (WORD.to_owned(), word("body"), 401),
        (String::new(), format!("{{\"{WORD}"), 400),
        (String::new(), format!("{{\"event\":\"{WORD}\"}}"), 200),
        (
            String::new(),
            format!("{{\"event\":\"invitee.created\",\"payload\":\"{WORD}\"}}"),
            400,
        ),
    ] {
        let now = chrono::Utc::now().timestamp();
        let signature = match signature.is_empty() {
            true => vio_sandbox::calendly_signature(SIGNING_KEY, body.as_bytes(), now),
            false => signature,
        };
        let headers = [
            ("content-type", "application/json"),
            ("calendly-webhook-signature", signature.as_str()),
        ];
        let body = Some(body.into_bytes());
        let (status, answer) = client.send_raw(Method::POST, address, &headers, body).await;
        assert_eq!(status.as_u16(), wanted, "{answer}");
    }
}

/// A call that is placed, talks, and is settled; and events that are wrong.
pub(crate) async fn call(world: &World) {
    let client = &world.client;
    // What the provider says comes from here.
    world
        .sandbox
        .script(&json!({ "default": { "fault": "no_webhooks" } }))
        .await;
    let contact = json!({
        "name": word("Called"), "phone": phone::CALLED, "appointment_time": text(world.morning + TimeDelta::hours(47)),
        "timezone": "Europe/London", "special_instructions": word("spoken"), "owner_name": word("Spoken"),
        "appointment_type": word("check-up"), "voice_consent": { "method": "verbal" },
        "hipaa_checklist": { "consent_obtained": true, "minimum_necessary": true, "no_phi_in_instructions": true,
                             "sensitivity_set": true, "staff_trained": true },
    });
    let contact = client.does(Method::POST, "/api/contacts", contact).await;
    let who = id(&contact);
    let due = instant(&contact["next_call_at"]).expect("a planned call");
    world.move_clock(due + TimeDelta::seconds(1)).await;
    let call = wait_until("a call", SOON, async || {
        let calls = world.sandbox.calls().await;
        calls
            .into_iter()
            .find(|call| call["metadata"]["contact_id"] == who.as_str())
    })
    .await;
    assert!(
        call.to_string().contains(WORD),
        "the provider is told what to say: {call}"
    );
    let settings = client.get("/api/settings/integrations").await;
    let address = settings["retell"]["webhook_url"]
        .as_str()
        .expect("an address")
        .to_owned();
    let now = client.get("/dev/clock").await;
    let now = instant(&now["now"]).expect("an instant");
    let event = |name: &str| {
        json!({ "event": name, "call": {
            "call_id": call["call_id"], "metadata": call["metadata"], "disconnection_reason": "agent_hangup",
            "from_number": phone::FROM, "to_number": phone::CALLED,
            "start_timestamp": (now - TimeDelta::seconds(30)).timestamp_millis(), "end_timestamp": now.timestamp_millis(),
            "transcript": format!("User: {} {FOREIGN}", word("on the phone")),
            "transcript_object": [{ "role": "user", "content": word("on the phone"), "words": [] }],
            "recording_url": format!("https://recordings.example/{WORD}"),
            "retell_llm_dynamic_variables": { "first_name": WORD },
            "call_analysis": { "call_summary": word("summary"), "user_sentiment": WORD, "in_voicemail": false,
                               "custom_analysis_data": { "appointment_action": "confirmed", "remarks": word("remark") } },
        }})
    };
    for event in [
        event("call_started"),
        event("call_ended"),
        large(event("call_analyzed"), "call"),
    ] {
        let raw = event.to_string();
        let signature = retell_signature(RETELL_KEY, raw.as_bytes(), Utc::now().timestamp_millis());
        client
            .delivers(&address, &[("x-retell-signature", &signature)], &event)
            .await;
    }
    wait_until("a confirmation", SOON, async || {
        let contact = client.get(&format!("/api/contacts/{who}")).await;
        (contact["appointment_status"] == "confirmed").then_some(())
    })
    .await;
    assert_eq!(world.objects(), 2, "the large event is in the bucket");
    let calls = client.get("/api/calls").await;
    for call in calls["calls"].as_array().expect("calls") {
        client.get(&format!("/api/calls/{}", id(call))).await;
    }

    let stranger = json!({ "event": "call_ended", "call": { "call_id": WORD, "metadata": { "session_id": WORD }, "transcript": word("strange") } });
    let strange_large = large(stranger.clone(), "call");
    let no_call = json!({ "event": "call_analyzed", "call": WORD });
    let wrong_types = json!({ "event": "call_analyzed", "call": { "call_id": [WORD], "start_timestamp": WORD, "call_analysis": WORD } });
    let unknown = json!({ "event": WORD, "call": { "call_id": WORD } });
    for (event, at, wanted) in [
        (stranger.to_string(), Utc::now(), &[200][..]),
        (strange_large.to_string(), Utc::now(), &[200]),
        (unknown.to_string(), Utc::now(), &[200]),
        (no_call.to_string(), Utc::now(), &[200, 400]),
        (wrong_types.to_string(), Utc::now(), &[200, 400]),
        (format!("{{\"event\":\"{WORD}"), Utc::now(), &[400]),
        (
            stranger.to_string(),
            Utc::now() - TimeDelta::minutes(6),
            &[401],
        ),
    ] {
        let signature = retell_signature(RETELL_KEY, event.as_bytes(), at.timestamp_millis());
        for (signature, wanted) in [(signature, wanted), (format!("v=1,d={WORD}"), &[401][..])] {
            let headers = [
                ("content-type", "application/json"),
                ("x-retell-signature", signature.as_str()),
            ];
            let (status, answer) = client
                .send_raw(
                    Method::POST,
                    &address,
                    &headers,
                    Some(event.clone().into_bytes()),
                )
                .await;
            assert!(wanted.contains(&status.as_u16()), "{status} {answer}");
        }
    }

    // A call that the provider refuses, with words of its own.
    let refused = json!({
        "name": word("Refused"), "phone": phone::REFUSED, "appointment_time": text(now + TimeDelta::hours(25)),
        "timezone": "Europe/London", "voice_consent": { "method": "verbal" },
        "hipaa_checklist": { "consent_obtained": true, "minimum_necessary": true, "no_phi_in_instructions": true,
                             "sensitivity_set": true, "staff_trained": true },
    });
    world
        .sandbox
        .script(&json!({ "default": { "fault": "402" } }))
        .await;
    let refused = client.does(Method::POST, "/api/contacts", refused).await;
    let due = instant(&refused["next_call_at"]).expect("a planned call");
    world.move_clock(due + TimeDelta::seconds(1)).await;
    wait_until("a pause", SOON, async || {
        let limits = client.get("/api/calls/limits").await;
        limits.to_string().contains("payment_needed").then_some(())
    })
    .await;
    client
        .does(Method::POST, "/api/calls/resume", json!({}))
        .await;
}

/// The work list, with what was done.
pub(crate) async fn attention(world: &World) {
    let client = &world.client;
    // Nobody may ring her: in time for her appointment she is on the list.
    let contact = json!({
        "name": word("Waiting"), "phone": null, "appointment_time": text(world.morning + TimeDelta::days(9)),
        "timezone": "Europe/London",
    });
    let (status, _) = client
        .ask(Method::POST, "/api/contacts", &[], Some(&contact))
        .await;
    assert_eq!(
        status,
        StatusCode::UNPROCESSABLE_ENTITY,
        "people must give a number"
    );
    let settings = client.get("/api/settings/integrations").await;
    let address = settings["calcom"]["webhook_url"]
        .as_str()
        .expect("an address")
        .to_owned();
    let now = instant(&client.get("/dev/clock").await["now"]).expect("an instant");
    let mut booking = Booking::new(&word("Numberless"), WORD, now + TimeDelta::days(6));
    booking.uid = format!("{WORD}-numberless");
    let event = booking.created(now);
    let raw = event.to_string();
    let headers = signed_delivery(WEBHOOK_SECRET, raw.as_bytes());
    let headers: Vec<_> = headers
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    client.delivers(&address, &headers, &event).await;
    let entry = wait_until("an entry of the work list", SOON, async || {
        let list = client.get("/api/attention").await;
        list["attention"]
            .as_array()
            .expect("a list")
            .first()
            .cloned()
    })
    .await;
    let path = format!("/api/attention/{}", id(&entry));
    for (act, body) in [
        ("assign", json!({ "assigned_to": "me" })),
        ("note", json!({ "text": word("left a message") })),
        ("resolve", json!({ "done": word("rang her myself") })),
        ("reopen", json!({ "reason": word("she rang back") })),
    ] {
        client
            .does(Method::POST, &format!("{path}/{act}"), body)
            .await;
    }
    client.get(&path).await;
}

/// Every operation of the document, refused in every way.
pub(crate) async fn refusals(world: &World) {
    let client = &world.client;
    let operations = client.coverage.lock().expect("no panic").operations();
    for operation in &operations {
        // Later ones must not find the sessions gone.
        if operation.path != "/api/auth/sessions" && operation.path != "/api/auth/sign-out" {
            refuse(client, operation).await;
        }
    }
    for operation in operations
        .iter()
        .filter(|operation| operation.path.starts_with("/api/auth/s"))
    {
        refuse(client, operation).await;
    }
    for path in [
        format!("/api/{WORD}"),
        format!("/{WORD}?{WORD}={WORD}"),
        format!("/api/contacts/{WORD}/{WORD}"),
    ] {
        client.ask(Method::GET, &path, &[], None).await;
        client.ask(Method::TRACE, &path, &[], None).await;
        let gone = format!("/api/contacts?{WORD}");
        client.ask(Method::DELETE, &gone, &[], None).await;
    }
}

async fn refuse(client: &Client, operation: &Operation) {
    let method: Method = operation.method.parse().expect("a method");
    let fill = |with: &str| {
        let parts = operation
            .path
            .split('/')
            .map(|part| if part.starts_with('{') { with } else { part });
        parts.collect::<Vec<_>>().join("/")
    };
    let (nobody, nonsense) = (fill(NOBODY), fill(WORD));
    let members = |value: Value| {
        let names = operation.members.iter().flatten();
        Value::Object(names.map(|name| (name.clone(), value.clone())).collect())
    };
    let unknown = json!({ WORD: word("unknown"), "name": { WORD: WORD } });
    let bearer = format!("Bearer {WORD}.{WORD}.{WORD}");
    let basic = format!("Basic {WORD}");
    // By nobody, and by somebody who is not.
    client
        .send(method.clone(), &nobody, &[], Some(&unknown))
        .await;
    for authorization in [&bearer, &basic] {
        client
            .send(
                method.clone(),
                &nobody,
                &[("authorization", authorization)],
                Some(&unknown),
            )
            .await;
    }
    // Where nothing is, with words in the address.
    let query = format!(
        "{nonsense}?{WORD}={WORD}&status={WORD}&cursor={WORD}&sort={WORD}&log={WORD}&cookie={WORD}&others={WORD}&page={WORD}"
    );
    client.ask(method.clone(), &query, &[], None).await;
    client
        .ask(
            method.clone(),
            &format!("{nobody}?search={WORD}%20{WORD}&page_size={WORD}"),
            &[],
            None,
        )
        .await;
    client
        .ask(method.clone(), &nonsense, &[], Some(&unknown))
        .await;
    if operation.members.is_none() {
        return;
    }
    let quoted = format!("\"{WORD}\"");
    let odd = [
        ("if-match", quoted.as_str()),
        ("idempotency-key", WORD),
        ("x-request-id", WORD),
        ("referer", WORD),
        ("x-forwarded-for", WORD),
    ];
    for body in [
        unknown,
        members(json!(word("anything"))),
        members(json!([WORD])),
        members(json!({ WORD: [WORD] })),
        json!([WORD]),
        json!(WORD),
    ] {
        client.ask(method.clone(), &nobody, &odd, Some(&body)).await;
    }
    for (kind, body) in [
        (
            "application/json",
            format!("{{\"{WORD}\": \"{WORD}").into_bytes(),
        ),
        (
            "application/json",
            [b"{\"a\": \"", WORD.as_bytes(), b" \xff\xfe\"}"].concat(),
        ),
        (
            "application/json",
            format!("{}\"{WORD}\"{}", "[".repeat(200), "]".repeat(200)).into_bytes(),
        ),
        (
            "application/json",
            format!("{{\"{WORD}\":1,\"{WORD}\":2}}").into_bytes(),
        ),
        (WORD, format!("{WORD}={WORD}").into_bytes()),
        (
            "application/json",
            json!({ "notes": word("too much ").repeat(80_000) })
                .to_string()
                .into_bytes(),
        ),
    ] {
        client
            .ask_raw(
                method.clone(),
                &nobody,
                &[("content-type", kind)],
                Some(body),
            )
            .await;
    }
}
