//! Through contacts, work on many of them, and campaigns.

use super::*;

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
        let filter = json!({ "filter": asked });
        for (path, asked) in [
            ("/api/contacts/search", asked),
            ("/api/contacts/counts", filter.clone()),
            ("/api/contacts/export", filter),
        ] {
            client.does(Method::POST, path, asked).await;
        }
    }
    let refused = json!({ "phone": phone::NOT_TO_BE_CALLED, "reason": word("asked") });
    let entry = client.does(Method::POST, "/api/dnc", refused).await;
    let sought = json!({ "phone": phone::NOT_TO_BE_CALLED });
    client.does(Method::POST, "/api/dnc/find", sought).await;
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
    // The same person once more, made one with the first.
    let twin = json!({
        "name": word("twin"), "phone": "07911 250099", "notes": word("seen twice"), "on_duplicate": "create_new",
    });
    let twin = id(&client.does(Method::POST, "/api/contacts", twin).await);
    let both = json!({ "keep": { "contact_id": id(&made) }, "merge": { "contact_id": twin } });
    client.does(Method::POST, "/api/contacts/merge", both).await;
    client.get(&format!("/api/contacts/{twin}/history")).await;
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
