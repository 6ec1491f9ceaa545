//! Making contacts: fields, phones, times, duplicates, forms, health information.

use http::Method;
use serde_json::{Value, json};
use vio_domain::phone::{AcceptedRegions, Country};
use vio_domain::settings::BusinessType;

use crate::support::{SOON, World, errors, named, warnings, zoe};

/// S0-01, S1-01.
#[tokio::test]
async fn every_field_survives() {
    let world = World::salon().await;
    let sent = json!({
        "name": "Dr John A. Smith", "first_name": "John", "last_name": "Smith", "phone": "+447912345678",
        "email": "john@example.com", "company_name": "Acme", "industry": "legal", "notes": "prefers mornings",
        "tags": ["vip"], "group_ids": [], "priority": "high", "preferred_contact_method": "voice",
        "do_not_contact": false, "assigned_to": world.tenant.admin.id.to_string(), "is_active": true,
        "booking_source": "api", "appointment_duration": 45, "appointment_type": "Cut", "owner_name": "Emily Jones",
        "special_instructions": "Please arrive 10 minutes early.", "call_before_hours": 48,
        "appointment_status": "pending", "timezone": "Europe/Paris", "appointment_time": "2026-03-11T10:30:00Z",
        "custom_fields": {"case_type": "family-law", "colour": {"hair": ["red"]}},
    });
    let mut body = sent.clone();
    body["preferences"] = json!({"sms_opt_in": true, "preferred_contact_time": "09:00-11:30", "timezone": "Europe/Jersey"});
    body["voice_consent"] = json!({"method": "verbal", "obtained_at": "2026-03-01T09:00:00Z"});
    let answer = world.post(body).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    let id = answer.body["id"].as_str().unwrap();
    assert_eq!(
        answer.header("location"),
        Some(format!("/api/contacts/{id}").as_str())
    );
    assert!(answer.header("etag").unwrap().starts_with("\"c1-"));
    let read = world.read(id).await;
    for (field, value) in sent.as_object().unwrap() {
        assert_eq!(&read[field], value, "{field}");
    }
    assert_eq!(read["preferences"]["sms_opt_in"], true);
    assert_eq!(read["preferences"]["email_opt_in"], false);
    assert_eq!(read["preferences"]["timezone"], "Europe/Jersey");
    assert_eq!(read["preferences"]["voice_consent"]["method"], "verbal");
    assert_eq!(read["call_attempts"], 0);
    assert_eq!(read["last_contact_time"], Value::Null);
    assert!(read["next_call_at"].is_string());
    assert_eq!(read["call_state"], "calling_scheduled");
}

#[tokio::test]
async fn defaults_are_the_tenants() {
    let world = World::salon().await;
    let id = world.made(named("Emma Smith", "07912345679")).await;
    let read = world.read(&id).await;
    assert_eq!(read["timezone"], "Europe/London");
    assert_eq!(read["call_before_hours"], 24);
    assert_eq!(read["appointment_status"], "pending");
    assert_eq!(
        (&read["first_name"], &read["last_name"]),
        (&json!("Emma"), &json!("Smith"))
    );
    assert_eq!(read["appointments_count"], 0);
    assert_eq!(read["preferences"]["sms_opt_in"], false);
}

/// S0-04, S0-07, S0-12, S1-01: each refused with its place.
#[tokio::test]
async fn wrong_fields_are_named() {
    let world = World::salon().await;
    let long = "x".repeat(301);
    let deep = json!({"a": {"b": {"c": {"d": {}}}}});
    for (field, value, code) in [
        ("name", json!("A"), "too_short"),
        ("name", json!("<b>x"), "invalid_name"),
        ("phone", Value::Null, "required"),
        ("phone", json!("   "), "required"),
        ("email", json!("nobody@"), "invalid_email"),
        ("appointment_duration", json!(35), "not_offered"),
        ("appointment_duration", json!("half an hour"), "wrong_type"),
        ("call_before_hours", json!(169), "out_of_range"),
        ("call_before_hours", json!(0), "out_of_range"),
        ("special_instructions", json!(long), "too_long"),
        ("notes", json!("n".repeat(5001)), "too_long"),
        ("timezone", json!("Mars/Olympus"), "unknown_timezone"),
        ("appointment_time", json!("tomorrow"), "invalid_time"),
        ("appointment_time", json!("2026-03-01T10:00"), "in_the_past"),
        ("custom_fields", deep, "too_deep"),
        (
            "custom_fields",
            json!({"big": "x".repeat(17 * 1024)}),
            "too_large",
        ),
        (
            "location_id",
            json!("0192f0c1-2b3c-7def-8abc-0123456789ab"),
            "unknown_location",
        ),
        (
            "assigned_to",
            json!("0192f0c1-2b3c-7def-8abc-0123456789ab"),
            "unknown_user",
        ),
        ("priority", json!("maximal"), "not_allowed"),
        ("call_attempts", json!(3), "read_only"),
        ("last_contact_time", Value::Null, "read_only"),
        ("next_call_at", json!("2026-03-11T10:30:00Z"), "read_only"),
        ("favourite_colour", json!("red"), "unknown_field"),
        ("confirmation_method", json!("phone"), "not_confirmed"),
        ("attendance", json!("attended"), "not_yet"),
        (
            "appointment_id",
            json!("0192f0c1-2b3c-7def-8abc-0123456789ab"),
            "unknown_appointment",
        ),
    ] {
        let mut body = zoe();
        body[field] = value;
        let answer = world.post(body).await;
        let wrong: Vec<_> = errors(&answer)
            .into_iter()
            .filter(|(p, _)| p[1..] == *field)
            .collect();
        assert_eq!(answer.status, 422, "{field}: {}", answer.body);
        assert!(
            wrong.iter().any(|(_, c)| *c == code),
            "{field} {code}: {}",
            answer.body
        );
    }
    let mut body = zoe();
    body["group_ids"] = json!(["0192f0c1-2b3c-7def-8abc-0123456789ab"]);
    assert_eq!(
        errors(&world.post(body).await),
        [("/group_ids/0", "unknown_group")]
    );
    let answer = world.post(json!({})).await;
    assert_eq!(
        errors(&answer),
        [("/name", "required"), ("/phone", "required")]
    );
    let answer = world
        .post(json!({"name": "No Time", "phone": "07912345678", "owner_name": "Emily"}))
        .await;
    assert_eq!(errors(&answer), [("/appointment_time", "required")]);
    assert_eq!(world.post(json!([1])).await.status, 422);
    // Nothing was written by any of these.
    let list = world.server.get("/api/contacts", world.token()).await;
    assert_eq!(list.body["pagination"]["total_contacts"], 0);
}

/// S0-05.
#[tokio::test]
async fn phones_are_of_accepted_regions() {
    let world = World::salon().await;
    let id = world.made(named("Emma Smith", "07912 345678")).await;
    assert_eq!(world.read(&id).await["phone"], "+447912345678");
    world
        .set(|s| s.business.accepted_regions = AcceptedRegions::new(vec![Country::GB]).unwrap())
        .await;
    for phone in ["+33 6 12 34 56 78", "07624 301234"] {
        let answer = world.post(named("Zoë Brown", phone)).await;
        assert_eq!(errors(&answer), [("/phone", "region_not_accepted")]);
        assert!(
            answer.body["errors"][0]["detail"]
                .as_str()
                .unwrap()
                .contains("accepted_phone_regions")
        );
        assert!(!answer.body.to_string().contains("12 34 56"));
    }
    // 070 is a real number that nobody may ring: kept, pointed out, and never planned.
    let mut premium = zoe();
    premium["phone"] = json!("070 1234 5678");
    let answer = world.post(premium).await;
    if answer.status == 201 {
        assert!(
            warnings(&answer).contains(&"not_dialable"),
            "{}",
            answer.body
        );
        assert_eq!(answer.body["next_call_at"], Value::Null);
    } else {
        assert_eq!(answer.pointers(), ["/phone"]);
    }
}

/// S0-08, S0-09.
#[tokio::test]
async fn odd_times_are_pointed_out_or_refused() {
    let world = World::salon().await;
    let at = async |time: &str| {
        let mut body = named("Emma Smith", "07912345678");
        body["appointment_time"] = json!(time);
        body["on_duplicate"] = json!("create_new");
        world.post(body).await
    };
    assert_eq!(
        warnings(&at("2026-03-15T22:00").await),
        ["outside_opening_hours"]
    );
    let easter = at("2026-04-06T10:00").await;
    assert_eq!(warnings(&easter)[0], "on_holiday");
    let skipped = at("2027-03-28T01:30").await;
    assert_eq!(errors(&skipped), [("/appointment_time", "skipped_by_dst")]);
    let twice = at("2027-10-31T01:30").await;
    assert_eq!(twice.body["appointment_time"], "2027-10-31T00:30:00Z");
    assert!(warnings(&twice).contains(&"ambiguous_local_time"));
}

/// S0-06 and rules.md "Same person?".
#[tokio::test]
async fn duplicates_ask_and_households_live_together() {
    let world = World::salon().await;
    let john = world.made(named("John Smith", "07912345678")).await;
    let again = world.post(named("Jon Smith", "07912345678")).await;
    assert_eq!(
        (again.status.as_u16(), again.problem()),
        (409, "duplicate-contact")
    );
    assert_eq!(again.body["existing_ids"], json!([john]));
    let emma = world.post(named("Emma Smith", "07912345678")).await;
    assert_eq!(emma.status, 201);
    let warning = emma.body["warnings"]
        .as_array()
        .unwrap()
        .iter()
        .find(|w| w["code"] == "household")
        .unwrap();
    assert_eq!(warning["existing_ids"], json!([john]));
    assert_eq!(emma.body["shares_phone_with"], json!([john]));
    let emma = emma.body["id"].clone();
    assert_eq!(world.read(&john).await["shares_phone_with"], json!([emma]));

    let with = |choice: &str| {
        let mut body = named("Jon Smith", "07912345678");
        body["on_duplicate"] = json!(choice);
        body
    };
    let skipped = world.post(with("skip")).await;
    assert_eq!(
        (skipped.status.as_u16(), &skipped.body["id"]),
        (200, &json!(john))
    );
    assert_eq!(skipped.body["name"], "John Smith");
    let mut update = with("update_existing");
    update["appointment_time"] = json!(SOON);
    let updated = world.post(update).await;
    assert_eq!(
        (updated.status.as_u16(), &updated.body["id"]),
        (200, &json!(john))
    );
    assert_eq!(
        (&updated.body["name"], &updated.body["appointments_count"]),
        (&json!("Jon Smith"), &json!(1))
    );
    let new = world.post(with("create_new")).await;
    assert_eq!(new.status, 201);
    assert_ne!(new.body["id"], json!(john));
    assert!(warnings(&new).contains(&"possible_duplicate"));

    let other = world.app.tenant("Elsewhere", BusinessType::Salon).await;
    let elsewhere = world
        .server
        .post(
            "/api/contacts",
            &other.admin.token,
            named("John Smith", "07912345678"),
        )
        .await;
    assert_eq!(elsewhere.status, 201);
    assert_eq!(warnings(&elsewhere), Vec::<&str>::new());
}

/// The same request under the same key happens once.
#[tokio::test]
async fn keyed_requests_happen_once() {
    let world = World::salon().await;
    let key = [("idempotency-key", "k-1")];
    let send = async |body: Value| {
        let path = "/api/contacts";
        world
            .server
            .send(Method::POST, path, Some(world.token()), Some(body), &key)
            .await
    };
    let first = send(zoe()).await;
    let second = send(zoe()).await;
    assert_eq!((first.status.as_u16(), second.status.as_u16()), (201, 201));
    assert_eq!(first.body["id"], second.body["id"]);
    assert_eq!(second.header("etag"), first.header("etag"));
    assert_eq!(send(named("Other", "07912345679")).await.status, 422);
}

/// S1-11, S1-12.
#[tokio::test]
async fn forms_check_their_own_fields() {
    let world = World::of(BusinessType::Medical).await;
    let mut body = zoe();
    body["industry"] = json!("legal");
    body["custom_fields"] = json!({"case_type": "tax-law", "case_status": "active"});
    assert_eq!(
        errors(&world.post(body.clone()).await),
        [("/custom_fields/case_type", "not_an_option")]
    );
    body["custom_fields"] = json!({"case_type": "family-law", "anything": 1});
    let made = world.post(body).await;
    assert_eq!(made.body["form"], json!({"form": "legal", "version": 1}));
    assert_eq!(
        made.body["custom_fields"],
        json!({"case_type": "family-law", "anything": 1})
    );
    // Without an industry, the form of the business type.
    let mut body = named("Emma Smith", "07912345679");
    body["custom_fields"] = json!({"date_of_birth": "1981-02-29"});
    assert_eq!(
        errors(&world.post(body.clone()).await),
        [("/custom_fields/date_of_birth", "invalid_date")]
    );
    body["custom_fields"] =
        json!({"date_of_birth": "1980-02-29", "emergency_phone": "07912 345678"});
    let made = world.post(body).await;
    assert_eq!(
        made.body["custom_fields"]["emergency_phone"],
        "+447912345678"
    );
    assert_eq!(made.body["form"]["form"], "healthcare");
    let forms = world.server.get("/api/forms", world.token()).await;
    assert_eq!(forms.body["default_form"], "healthcare");
    assert!(forms.body["forms"].as_array().unwrap().len() >= 6);
}

#[tokio::test]
async fn health_information_blocks_what_is_spoken() {
    let world = World::of(BusinessType::Medical).await;
    let mut body = zoe();
    body["special_instructions"] = json!("Bring your diabetes medication");
    let answer = world.post(body.clone()).await;
    assert_eq!(errors(&answer), [("/special_instructions", "phi_detected")]);
    assert!(!answer.body.to_string().contains("diabetes"));
    body["special_instructions"] = json!("Bring photo ID");
    body["notes"] = json!("Has diabetes, prefers mornings");
    let answer = world.post(body.clone()).await;
    assert_eq!(answer.status, 201);
    assert!(warnings(&answer).contains(&"phi_detected"));
    // No consent yet in HIPAA mode: saved, not called, and said.
    assert!(warnings(&answer).contains(&"consent_missing"));
    assert_eq!(answer.body["next_call_at"], Value::Null);
    body["notes"] = json!("NHS number 943 476 5919");
    body["on_duplicate"] = json!("create_new");
    assert_eq!(
        errors(&world.post(body).await),
        [("/notes", "phi_detected")]
    );

    let check = json!({"field": "special_instructions", "text": "Bring your diabetes medication"});
    let found = world
        .server
        .post("/api/contacts/check-phi", world.token(), check)
        .await;
    assert_eq!(found.body["effect"], "block");
    assert_eq!(found.body["findings"][0]["kind"], "diagnosis");
}

/// S1-03.
#[tokio::test]
async fn phones_are_judged_without_saving() {
    let world = World::salon().await;
    let ask = async |body: Value| {
        let answer = world
            .server
            .post("/api/contacts/validate-phone", world.token(), body)
            .await;
        assert_eq!(answer.status, 200);
        answer.body
    };
    let uk = ask(json!({"phone": "07912 345678"})).await;
    assert_eq!(
        (
            &uk["is_valid"],
            &uk["formatted_number"],
            &uk["country_code"],
            &uk["line_type"],
            &uk["is_accepted"]
        ),
        (
            &json!(true),
            &json!("+447912345678"),
            &json!("44"),
            &json!("mobile"),
            &json!(true)
        )
    );
    let us = ask(json!({"phone": "(202) 555-0123", "country_code": "US"})).await;
    assert_eq!(
        (&us["is_valid"], &us["is_accepted"]),
        (&json!(true), &json!(false))
    );
    assert_eq!(ask(json!({"phone": "call me"})).await["is_valid"], false);
    let body = json!({"phone": "1", "country_code": "Narnia"});
    let answer = world
        .server
        .post("/api/contacts/validate-phone", world.token(), body)
        .await;
    assert_eq!(answer.pointers(), ["/country_code"]);
}

#[tokio::test]
async fn timing_is_the_businesss_where_it_says_so() {
    let world = World::salon().await;
    world.set(|s| s.calls.custom_timing_allowed = false).await;
    let mut body = zoe();
    body["call_before_hours"] = json!(48);
    assert_eq!(
        errors(&world.post(body.clone()).await),
        [("/call_before_hours", "custom_timing_not_allowed")]
    );
    body["call_before_hours"] = json!(24);
    assert_eq!(world.post(body).await.status, 201);
}
