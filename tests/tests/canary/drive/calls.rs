//! Through a call and what it leaves to staff.

use super::bookings::large;
use super::*;

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
