//! Who reaches what: tenants, presets, lists; and that nothing personal lies in clear.

use http::Method;
use serde_json::{Value, json};
use vio_domain::permission::Preset;
use vio_domain::settings::BusinessType;
use vio_store::port::AttributeValue;

use crate::support::{World, named, zoe};

#[tokio::test]
async fn another_tenants_ids_are_nothing() {
    let world = World::salon().await;
    let id = world.made(zoe()).await;
    let appointment = world.read(&id).await["appointment_id"]
        .as_str()
        .unwrap()
        .to_owned();
    let other = world.app.tenant("Elsewhere", BusinessType::Salon).await;
    let token = Some(other.admin.token.as_str());
    let contact = format!("/api/contacts/{id}");
    let time = json!({"appointment_time": "2026-03-13T15:00"});
    for (method, path, body) in [
        (Method::GET, contact.clone(), None),
        (Method::PATCH, contact.clone(), Some(json!({"notes": "x"}))),
        (
            Method::PUT,
            contact.clone(),
            Some(named("John Smith", "07912345678")),
        ),
        (Method::DELETE, contact.clone(), None),
        (Method::POST, format!("{contact}/restore"), Some(json!({}))),
        (Method::GET, format!("{contact}/appointments"), None),
        (
            Method::POST,
            format!("{contact}/appointments"),
            Some(time.clone()),
        ),
        (Method::GET, format!("{contact}/consents"), None),
        (
            Method::POST,
            format!("{contact}/consents"),
            Some(json!({"action": "withdrawn"})),
        ),
        (Method::GET, format!("{contact}/interactions"), None),
        (
            Method::POST,
            format!("{contact}/interactions"),
            Some(json!({"text": "x"})),
        ),
        (Method::GET, format!("{contact}/history"), None),
        (Method::GET, format!("{contact}/calls"), None),
        (
            Method::GET,
            format!("/api/appointments/{appointment}"),
            None,
        ),
        (
            Method::PATCH,
            format!("/api/appointments/{appointment}"),
            Some(time),
        ),
        (
            Method::DELETE,
            format!("/api/appointments/{appointment}"),
            None,
        ),
    ] {
        let headers = [("if-match", "*")];
        let answer = world
            .server
            .send(method.clone(), &path, token, body.clone(), &headers)
            .await;
        assert_eq!(answer.status, 404, "{method} {path}: {}", answer.body);
        let nobody = world
            .server
            .send(method.clone(), &path, None, body, &headers)
            .await;
        assert_eq!(nobody.status, 401, "{method} {path}");
    }
    assert_eq!(world.read(&id).await["version"], 1);
}

#[tokio::test]
async fn presets_reach_what_they_should() {
    let world = World::salon().await;
    let admins = world.made(zoe()).await;
    let basic = world.app.staff(&world.tenant, Preset::BasicStaff).await;
    let reader = world.app.staff(&world.tenant, Preset::ReadOnly).await;
    let receptionist = world.app.staff(&world.tenant, Preset::Receptionist).await;
    let path = format!("/api/contacts/{admins}");
    let note = json!({"notes": "x"});
    assert_eq!(
        world.server.get(&path, &basic.token).await.status,
        404,
        "not their own"
    );
    assert_eq!(
        world
            .server
            .patch(&path, &basic.token, note.clone())
            .await
            .status,
        404
    );
    assert_eq!(world.server.get(&path, &reader.token).await.status, 200);
    assert_eq!(
        world
            .server
            .patch(&path, &reader.token, note.clone())
            .await
            .status,
        403
    );
    assert_eq!(
        world
            .server
            .post("/api/contacts", &reader.token, zoe())
            .await
            .status,
        403
    );
    assert_eq!(
        world
            .server
            .patch(&path, &receptionist.token, note.clone())
            .await
            .status,
        200
    );
    assert_eq!(
        world.server.delete(&path, &receptionist.token).await.status,
        403
    );

    let own = world
        .server
        .post(
            "/api/contacts",
            &basic.token,
            named("Emma Brown", "07912345679"),
        )
        .await;
    assert_eq!(own.status, 201);
    let list = world.server.get("/api/contacts", &basic.token).await;
    let ids: Vec<&Value> = list.body["contacts"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| &c["id"])
        .collect();
    assert_eq!(ids, [&own.body["id"]]);
    assert_eq!(
        world
            .patch(&admins, json!({"assigned_to": basic.id.to_string()}))
            .await
            .status,
        200
    );
    let list = world.server.get("/api/contacts", &basic.token).await;
    assert_eq!(
        list.body["contacts"].as_array().unwrap().len(),
        2,
        "assigned is own"
    );
    assert_eq!(
        world.server.patch(&path, &basic.token, note).await.status,
        200
    );
}

/// S0-72: what is personal cannot be read at rest, neither as it is nor in another spelling.
#[tokio::test]
async fn nothing_personal_lies_in_clear() {
    let world = World::salon().await;
    let canaries = [
        "Canaryname",
        "7912345678",
        "canary@example.com",
        "canarynote",
        "canaryinstruction",
        "canaryfield",
        "canarytag",
        "canaryowner",
    ];
    let id = world
        .made(json!({"name": "Canaryname Smith", "phone": "07912345678", "email": "canary@example.com", "notes": "canarynote",
            "special_instructions": "canaryinstruction", "custom_fields": {"a": "canaryfield"}, "tags": ["canarytag"],
            "appointment_time": crate::support::SOON, "owner_name": "canaryowner"}))
        .await;
    world
        .patch(
            &id,
            json!({"notes": "canarynote two", "name": "Canaryname Jones"}),
        )
        .await;
    let path = format!("/api/contacts/{id}/interactions");
    world
        .server
        .post(&path, world.token(), json!({"text": "canarynote three"}))
        .await;
    let mut bytes = Vec::new();
    for item in world.app.table.dump() {
        for (name, value) in item {
            bytes.extend_from_slice(name.as_bytes());
            gather(&value, &mut bytes);
        }
    }
    let found = |needle: &str| {
        let lower = String::from_utf8_lossy(&bytes).to_lowercase();
        lower.contains(&needle.to_lowercase())
    };
    for canary in canaries {
        assert!(!found(canary), "{canary}");
    }
    assert!(found(&id), "the search finds what is there in clear");
}

fn gather(value: &AttributeValue, bytes: &mut Vec<u8>) {
    match value {
        AttributeValue::S(text) | AttributeValue::N(text) => {
            bytes.extend_from_slice(text.as_bytes())
        }
        AttributeValue::B(blob) => bytes.extend_from_slice(blob.as_ref()),
        AttributeValue::L(items) => items.iter().for_each(|item| gather(item, bytes)),
        AttributeValue::M(map) => map.iter().for_each(|(name, item)| {
            bytes.extend_from_slice(name.as_bytes());
            gather(item, bytes);
        }),
        _ => {}
    }
}
