//! Consent, timeline, calls, history.

use serde_json::{Value, json};
use vio_domain::settings::BusinessType;

use crate::support::{World, errors, zoe};

/// S0-17, S3-27.
#[tokio::test]
async fn a_withdrawal_stops_planned_calls_at_once() {
    let world = World::of(BusinessType::Medical).await;
    let id = world.made(zoe()).await;
    assert_eq!(
        world.read(&id).await["next_call_at"],
        Value::Null,
        "no consent, no call"
    );
    let path = format!("/api/contacts/{id}/consents");
    let given = world
        .server
        .post(
            &path,
            world.token(),
            json!({"action": "given", "method": "written"}),
        )
        .await;
    assert_eq!(given.status, 201, "{}", given.body);
    assert!(given.body["next_call_at"].is_string());
    assert_eq!(given.body["recorded_by"], world.tenant.admin.id.to_string());
    let withdrawn = world
        .server
        .post(&path, world.token(), json!({"action": "withdrawn"}))
        .await;
    assert_eq!(
        (withdrawn.status.as_u16(), &withdrawn.body["next_call_at"]),
        (201, &Value::Null)
    );
    let read = world.read(&id).await;
    assert_eq!(
        (
            &read["next_call_at"],
            &read["preferences"]["voice_consent"]["state"]
        ),
        (&Value::Null, &json!("withdrawn"))
    );
    let calls = world
        .server
        .get(&format!("/api/contacts/{id}/calls"), world.token())
        .await;
    assert_eq!(calls.body["calls"][0]["status"], "cancelled");
    let record = world.server.get(&path, world.token()).await;
    let actions: Vec<&Value> = record.body["consents"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| &c["action"])
        .collect();
    assert_eq!(actions, ["withdrawn", "given"]);
    for (body, pointer) in [
        (json!({"action": "given"}), "/method"),
        (json!({"action": "given", "method": "telepathy"}), "/method"),
        (
            json!({"action": "given", "method": "verbal", "obtained_at": "2036-01-01T00:00:00Z"}),
            "/obtained_at",
        ),
        (
            json!({"action": "withdrawn", "method": "verbal"}),
            "/method",
        ),
    ] {
        let answer = world.server.post(&path, world.token(), body).await;
        assert_eq!(
            (answer.status.as_u16(), answer.pointers()),
            (422, vec![pointer])
        );
    }
}

/// In HIPAA mode the complete checklist stands for the consent; an incomplete one does not.
#[tokio::test]
async fn the_checklist_counts_when_complete() {
    let world = World::of(BusinessType::Medical).await;
    let mut body = zoe();
    body["hipaa_checklist"] = json!({"consent_obtained": true, "minimum_necessary": true, "no_phi_in_instructions": true, "sensitivity_set": true});
    let made = world.post(body).await;
    assert_eq!(
        (
            &made.body["next_call_at"],
            &made.body["hipaa_checklist"]["complete"]
        ),
        (&Value::Null, &json!(false))
    );
    let id = made.body["id"].as_str().unwrap();
    let list = json!({"consent_obtained": true, "minimum_necessary": true, "no_phi_in_instructions": true, "sensitivity_set": true, "staff_trained": true});
    let answer = world.patch(id, json!({"hipaa_checklist": list})).await;
    assert!(answer.body["next_call_at"].is_string(), "{}", answer.body);
    assert_eq!(
        answer.body["hipaa_checklist"]["confirmed_by"],
        world.tenant.admin.id.to_string()
    );
}

#[tokio::test]
async fn notes_lie_in_the_timeline() {
    let world = World::salon().await;
    let id = world.made(zoe()).await;
    let path = format!("/api/contacts/{id}/interactions");
    for n in 0..12 {
        let body = json!({"kind": "phone", "text": format!("note {n}")});
        assert_eq!(
            world.server.post(&path, world.token(), body).await.status,
            201
        );
    }
    let first = world
        .server
        .get(&format!("{path}?page_size=10"), world.token())
        .await;
    assert_eq!(first.body["interactions"][0]["text"], "note 11");
    let cursor = first.body["pagination"]["next_cursor"].as_str().unwrap();
    let next = world
        .server
        .get(
            &format!("{path}?page_size=10&cursor={cursor}"),
            world.token(),
        )
        .await;
    let texts: Vec<&Value> = next.body["interactions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|i| &i["text"])
        .collect();
    assert_eq!(texts, ["note 1", "note 0"]);
    assert_eq!(next.body["pagination"]["next_cursor"], Value::Null);
    // S1: an inbound meeting, in S1's word, and an e-mail written elsewhere that was read.
    for (body, kind, direction, status) in [
        (
            json!({"kind": "meeting", "direction": "inbound", "text": "Came by."}),
            "in_person",
            json!("inbound"),
            Value::Null,
        ),
        (
            json!({"kind": "email", "direction": "outbound", "status": "read", "text": "Sent the form."}),
            "email",
            json!("outbound"),
            json!("read"),
        ),
    ] {
        let made = world.server.post(&path, world.token(), body).await;
        assert_eq!(made.status, 201, "{}", made.body);
        let shown = world.server.get(&path, world.token()).await;
        let newest = &shown.body["interactions"][0];
        assert_eq!(newest["id"], made.body["id"]);
        assert_eq!(
            (&newest["kind"], &newest["direction"], &newest["status"]),
            (&json!(kind), &direction, &status)
        );
    }
    let body = json!({"direction": "inbound", "status": "sent", "text": "x"});
    let refused = world.server.post(&path, world.token(), body).await;
    assert_eq!(
        errors(&refused),
        [
            ("/direction", "not_of_a_note"),
            ("/status", "not_of_a_note")
        ]
    );
    assert_eq!(
        errors(
            &world
                .server
                .post(&path, world.token(), json!({"text": " "}))
                .await
        ),
        [("/text", "empty")]
    );
    assert_eq!(
        world
            .server
            .get(&format!("{path}?page=2"), world.token())
            .await
            .status,
        400
    );

    let history = format!("/api/contacts/{id}/history?page_size=10");
    let mut seen = Vec::new();
    let mut path = history.clone();
    loop {
        let page = world.server.get(&path, world.token()).await;
        seen.extend(
            page.body["entries"]
                .as_array()
                .unwrap()
                .iter()
                .map(|e| e["action"].as_str().unwrap().to_owned()),
        );
        match page.body["pagination"]["next_cursor"].as_str() {
            Some(cursor) => path = format!("{history}&cursor={cursor}"),
            None => break,
        }
    }
    assert_eq!(
        seen.iter().filter(|a| *a == "interaction.added").count(),
        14
    );
    assert_eq!(seen.last().map(String::as_str), Some("contact.created"));
}
