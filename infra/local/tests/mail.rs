//! E-mail end to end: settings, a send, SES's news, the way out, all over the wire against the sandbox.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod desk;

use desk::{Client, options};
use reqwest::Method;
use serde_json::{Value, json};
use vio_domain::letters::Letter;
use vio_domain::text::Email;
use vio_local::Host;
use vio_store::letters::NewLetter;
use vio_store::tx::Tx;

async fn connect(client: &Client) -> Value {
    let email = json!({ "enabled": true, "reply_to": "desk@corner.example.com" });
    let body = json!({ "email": email });
    client
        .ok(Method::PATCH, "/api/settings/integrations", body)
        .await
}

/// Somebody with an appointment on Wednesday at ten who takes e-mails and no SMS.
async fn person(client: &Client, email: &str, more: Value) -> (String, Value) {
    let mut person = json!({ "name": "Ada Example", "phone": "+447912345678", "email": email,
        "preferences": { "email_opt_in": true },
        "appointment_time": "2027-01-06T10:00:00Z" });
    for (name, value) in more.as_object().unwrap() {
        person[name] = value.clone();
    }
    let made = client.ok(Method::POST, "/api/contacts", person).await;
    (
        format!("/api/contacts/{}", made["id"].as_str().unwrap()),
        made,
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn an_email_goes_out_signed_its_news_come_back_and_its_link_ends_them() {
    let host = Host::start(options()).await.unwrap();
    let client = Client::new(&host).await;
    let test = "/api/settings/integrations/email/test";
    let tried = client.ok(Method::POST, test, json!({})).await;
    assert_eq!(tried["outcome"], "not_configured");
    let saved = connect(&client).await;
    assert_eq!(saved["email"]["configured"], true);
    assert_eq!(saved["email"]["sender"], "no-reply@vioconcierge.example");
    let tried = client.ok(Method::POST, test, json!({})).await;
    assert_eq!(tried["outcome"], "works", "{tried}");

    let (who, made) = person(
        &client,
        "ada@example.com",
        json!({ "preferred_contact_method": "email" }),
    )
    .await;
    assert_eq!(made["needs_attention"], Value::Null);
    let path = format!("{who}/send-email");
    let body =
        json!({ "subject": "We open late — see you", "message": "Hello Ada,\n\nwe open at 10." });
    let sent = client.ok(Method::POST, &path, body).await;
    assert_eq!(
        (&sent["status"], &sent["channel"]),
        (&json!("queued"), &json!("email"))
    );
    let timeline = format!("{who}/interactions");
    let shown = client
        .until(&timeline, |answer| {
            answer["interactions"][0]["status"] == "delivered"
        })
        .await;
    let entry = &shown["interactions"][0];
    assert_eq!(
        (&entry["kind"], &entry["direction"]),
        (&json!("email"), &json!("outbound"))
    );
    assert_eq!(
        entry["text"],
        "We open late — see you\n\nHello Ada,\n\nwe open at 10."
    );
    let outbox = client.outbox("email").await;
    assert_eq!(outbox.len(), 1);
    let mail = &outbox[0];
    assert_eq!(mail["id"], entry["provider_message_id"]);
    assert_eq!(
        mail["from"],
        "\"Corner Salon\" <no-reply@vioconcierge.example>"
    );
    assert_eq!(
        (&mail["to"], &mail["reply_to"]),
        (&json!("ada@example.com"), &json!("desk@corner.example.com"))
    );
    assert_eq!(
        mail["headers"]["List-Unsubscribe-Post"],
        "List-Unsubscribe=One-Click"
    );
    assert!(client.outbox("sms").await.is_empty());

    // As a mail program does it: one POST of a form, without a session.
    let header = mail["headers"]["List-Unsubscribe"].as_str().unwrap();
    let link = header.trim_matches(['<', '>']);
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let page = http.get(link).send().await.unwrap();
    assert_eq!(page.status(), 200);
    assert!(
        page.text()
            .await
            .unwrap()
            .contains("<form method=\"post\">")
    );
    let done = http
        .post(link)
        .header("content-type", "application/x-www-form-urlencoded")
        .body("List-Unsubscribe=One-Click")
        .send()
        .await
        .unwrap();
    assert_eq!(done.status(), 200);
    let contact = client.ok(Method::GET, &who, Value::Null).await;
    assert_eq!(contact["preferences"]["email_opt_in"], false);
    let body = json!({ "subject": "Again", "message": "Hello." });
    let (status, problem) = client.ask(Method::POST, &path, body).await;
    assert_eq!(status, 409, "{problem}");
    host.shutdown().await;
}

/// S0-14: the reminder of somebody who prefers e-mail, at its time; S1-19: until they take it back.
#[tokio::test(flavor = "multi_thread")]
async fn a_reminder_goes_by_email_to_who_prefers_it() {
    let host = Host::start(options()).await.unwrap();
    let mut client = Client::new(&host).await;
    connect(&client).await;
    let prefers = json!({ "preferred_contact_method": "email" });
    let (who, _) = person(&client, "ada@example.com", prefers).await;
    assert!(client.outbox("email").await.is_empty());
    client.clock("2027-01-05T10:00:30Z").await;
    let timeline = format!("{who}/interactions");
    client
        .until(&timeline, |answer| {
            answer["interactions"][0]["status"] == "delivered"
        })
        .await;
    let outbox = client.outbox("email").await;
    assert_eq!(outbox.len(), 1);
    let body = outbox[0]["body"].as_str().unwrap();
    assert!(body.contains("on Wednesday 6 January at 10 AM"), "{body}");
    assert!(host.sandbox().calls().is_empty());
    host.shutdown().await;
}

/// An address that does not exist: the contact loses the opt-in, staff are told, and nothing more goes there.
#[tokio::test(flavor = "multi_thread")]
async fn a_bounce_and_a_complaint_come_back_by_the_queue() {
    let host = Host::start(options()).await.unwrap();
    let client = Client::new(&host).await;
    connect(&client).await;
    for (email, phone, status, said) in [
        (
            "bounce+1@example.com",
            "+447912345678",
            "bounced",
            "came back",
        ),
        (
            "complaint@example.com",
            "+447912345679",
            "delivered",
            "unwanted",
        ),
    ] {
        let other = json!({ "name": format!("Ada {status}"), "phone": phone });
        let (who, _) = person(&client, email, other).await;
        let body = json!({ "subject": "News", "message": "Hello." });
        client
            .ok(Method::POST, &format!("{who}/send-email"), body)
            .await;
        client
            .until(&who, |contact| {
                contact["preferences"]["email_opt_in"] == false
            })
            .await;
        let shown = client
            .until(&format!("{who}/interactions"), |answer| {
                let all = answer["interactions"].as_array().unwrap();
                all.iter().any(|one| one["status"] == status)
            })
            .await;
        let entries = shown["interactions"].as_array().unwrap();
        let told = entries.iter().any(|one| {
            let text = one["text"].as_str().unwrap();
            one["direction"].is_null() && text.contains(said)
        });
        assert!(told, "{entries:?}");
        let contact = client.ok(Method::GET, &who, Value::Null).await;
        let flagged = contact["needs_attention"]["reason"] == "message_not_delivered";
        assert_eq!(flagged, status == "bounced", "{contact}");
    }
    // Nobody's address goes through a queue.
    let sent = client.ok(Method::GET, "/dev/messages", Value::Null).await;
    assert!(sent.to_string().contains("Bounce"));
    assert!(!sent.to_string().contains("@example.com"));
    host.shutdown().await;
}

/// The answer is lost, and no news comes: staff are told, and nothing goes out twice.
#[tokio::test(flavor = "multi_thread")]
async fn a_lost_answer_is_never_made_up_for_by_a_guess() {
    let host = Host::start(options()).await.unwrap();
    let client = Client::new(&host).await;
    connect(&client).await;
    let (who, _) = person(&client, "ada@example.com", json!({})).await;
    let script = json!({ "next": [{ "fault": "429" }, { "fault": "silent_after_accept" }] });
    client.ok(Method::POST, "/dev/mail/script", script).await;
    let body = json!({ "subject": "News", "message": "Hello." });
    client
        .ok(Method::POST, &format!("{who}/send-email"), body)
        .await;
    let advance = async |seconds: u32| {
        let body = json!({ "advance_seconds": seconds });
        client.ok(Method::POST, "/dev/clock", body).await;
    };
    // Too many at once, for certain: it is sent again, a minute later.
    tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    assert!(client.outbox("email").await.is_empty());
    advance(61).await;
    client
        .until("/dev/outbox?channel=email", |outbox| {
            outbox["messages"].as_array().unwrap().len() == 1
        })
        .await;
    // The send gives up after fifteen seconds; the clock does not move while it is under way.
    advance(60).await;
    advance(600).await;
    client
        .until(&who, |contact| {
            contact["needs_attention"]["reason"] == "message_not_delivered"
        })
        .await;
    let shown = client
        .ok(Method::GET, &format!("{who}/interactions"), Value::Null)
        .await;
    assert_eq!(shown["interactions"][0]["status"], "unknown");
    assert_eq!(client.outbox("email").await.len(), 1);
    host.shutdown().await;
}

/// S0-70 with e-mail: a reminder that could not be placed in time.
#[tokio::test(flavor = "multi_thread")]
async fn a_missed_window_is_made_up_for_by_an_email() {
    let host = Host::start(options()).await.unwrap();
    let mut client = Client::new(&host).await;
    connect(&client).await;
    let retell =
        json!({ "agent_id": "agent_1", "from_number": "+442079460199", "api_key": "key_tests" });
    let retell = json!({ "retell": retell });
    client
        .ok(Method::PATCH, "/api/settings/integrations", retell)
        .await;
    let (who, made) = person(&client, "ada@example.com", json!({})).await;
    assert_eq!(made["next_call_at"], "2027-01-05T10:00:00Z", "{made}");
    client.clock("2027-01-06T08:30:00Z").await;
    client
        .until(&who, |contact| contact["next_call_at"].is_null())
        .await;
    client.clock("2027-01-06T08:31:00Z").await;
    client
        .until(&format!("{who}/interactions"), |answer| {
            answer["interactions"][0]["status"] == "delivered"
        })
        .await;
    let contact = client.ok(Method::GET, &who, Value::Null).await;
    assert_eq!(contact["needs_attention"], Value::Null);
    assert_eq!(client.outbox("email").await.len(), 1);
    host.shutdown().await;
}

/// A letter to staff whose queue message was lost: the tick finds it.
#[tokio::test(flavor = "multi_thread")]
async fn a_letter_to_staff_goes_out_and_a_stopped_address_shows_in_the_team() {
    let host = Host::start(options()).await.unwrap();
    let client = Client::new(&host).await;
    let team = client.ok(Method::GET, "/api/team", Value::Null).await;
    assert_eq!(team["members"][0]["mail_stopped"], Value::Null);
    let me = client
        .ok(Method::GET, "/api/users/profile", Value::Null)
        .await;
    let tenant = me["tenant_id"].as_str().unwrap().parse().unwrap();
    let ts = host.app().store.tenant(tenant).await.unwrap().unwrap();
    let mut tx = Tx::new();
    let letter = Letter::Notice {
        subject: "Calling is paused".to_owned(),
        lines: vec!["The provider refuses calls.".to_owned()],
        link: None,
    };
    let new = NewLetter {
        to: &Email::parse("ann@example.com").unwrap(),
        user: None,
        letter,
        about: "pause/1",
        due: ts.now(),
    };
    ts.write_letter(&mut tx, new).await.unwrap();
    ts.store.commit(tx).await.unwrap();
    host.tick().await.unwrap();
    let outbox = client
        .until("/dev/outbox?channel=email", |outbox| {
            outbox["messages"].as_array().unwrap().len() == 1
        })
        .await;
    let mail = &outbox["messages"][0];
    assert_eq!(
        (&mail["to"], &mail["subject"]),
        (&json!("ann@example.com"), &json!("Calling is paused"))
    );
    let event = json!({ "id": mail["id"], "event": "Bounce" });
    client.ok(Method::POST, "/dev/mail/event", event).await;
    client
        .until("/api/team", |team| {
            team["members"][0]["mail_stopped"] == "bounced"
        })
        .await;
    host.shutdown().await;
}
