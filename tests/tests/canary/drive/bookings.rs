//! Through the bookings of the calendars.

use super::*;

/// An event filled up with text in which the word comes again and again, and which compresses badly in between.
pub(super) fn large(mut event: Value, part: &str) -> Value {
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
