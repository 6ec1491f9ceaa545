//! Changing, deleting, restoring.

use chrono::TimeDelta;
use http::Method;
use serde_json::{Value, json};

use crate::support::{World, errors, named, warnings, zoe};

#[tokio::test]
async fn an_edit_changes_what_it_names() {
    let world = World::salon().await;
    let id = world.made(zoe()).await;
    let before = world.read(&id).await;
    let answer = world
        .patch(
            &id,
            json!({"notes": "new", "email": null, "preferences": {"sms_opt_in": true}}),
        )
        .await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let after = world.read(&id).await;
    assert_eq!(
        (&after["notes"], &after["email"]),
        (&json!("new"), &Value::Null)
    );
    assert_eq!(after["preferences"]["sms_opt_in"], true);
    assert_eq!(
        (&after["name"], &after["next_call_at"]),
        (&before["name"], &before["next_call_at"])
    );
    assert_eq!(
        (before["version"].as_u64(), after["version"].as_u64()),
        (Some(1), Some(2))
    );
    let same = world.patch(&id, json!({"notes": "new"})).await;
    assert_eq!(same.body["version"], 2, "nothing changed");
    for (body, wrong) in [
        (json!({"phone": null}), ("/phone", "required")),
        (json!({"name": null}), ("/name", "required")),
        (json!({"call_attempts": 0}), ("/call_attempts", "read_only")),
        (
            json!({"booking_source": "calcom"}),
            ("/booking_source", "read_only"),
        ),
        (
            json!({"voice_consent": null}),
            ("/voice_consent", "not_clearable"),
        ),
        (
            json!({"appointment_time": null}),
            ("/appointment_time", "not_clearable"),
        ),
        (
            json!({"on_duplicate": "skip"}),
            ("/on_duplicate", "not_here"),
        ),
    ] {
        let answer = world.patch(&id, body).await;
        assert_eq!(errors(&answer), [wrong], "{}", answer.body);
    }
}

/// Stale edits are 412 and lose nothing; the tag names contact and current appointment.
#[tokio::test]
async fn a_stale_edit_loses_nothing() {
    let world = World::salon().await;
    let answer = world.post(zoe()).await;
    let id = answer.body["id"].as_str().unwrap().to_owned();
    let first = answer.header("etag").unwrap().to_owned();
    let path = format!("/api/contacts/{id}");
    let send = async |method: Method, tag: &str, body: Value| {
        world
            .server
            .send(
                method,
                &path,
                Some(world.token()),
                Some(body),
                &[("if-match", tag)],
            )
            .await
    };
    let good = send(Method::PATCH, &first, json!({"notes": "one"})).await;
    assert_eq!(good.status, 200);
    let second = good.header("etag").unwrap().to_owned();
    assert_ne!(first, second);
    let stale = send(Method::PATCH, &first, json!({"notes": "two"})).await;
    assert_eq!(
        (stale.status.as_u16(), stale.problem()),
        (412, "version-mismatch")
    );
    assert_eq!(stale.header("etag"), Some(second.as_str()));
    // A change of the current appointment alone makes the tag another one too.
    let appointment = good.body["appointment_id"].as_str().unwrap();
    let path_of = format!("/api/appointments/{appointment}");
    let moved = world
        .server
        .patch(
            &path_of,
            world.token(),
            json!({"owner_name": "Emily Jones"}),
        )
        .await;
    assert_eq!(moved.status, 200, "{}", moved.body);
    assert_eq!(
        send(Method::PATCH, &second, json!({"notes": "three"}))
            .await
            .status,
        412
    );
    assert_eq!(world.read(&id).await["notes"], "one");
    assert_eq!(
        send(Method::PATCH, "*", json!({"notes": "four"}))
            .await
            .status,
        200
    );

    // PUT: the condition is needed, what is left out is emptied, appointments are left alone.
    let whole = json!({"name": "Zoë Brown", "phone": "07912345678"});
    let none = world
        .server
        .send(
            Method::PUT,
            &path,
            Some(world.token()),
            Some(whole.clone()),
            &[],
        )
        .await;
    assert_eq!(none.status, 428);
    let put = send(Method::PUT, "*", whole).await;
    assert_eq!(put.status, 200, "{}", put.body);
    let read = world.read(&id).await;
    assert_eq!(
        (&read["notes"], &read["email"]),
        (&Value::Null, &Value::Null)
    );
    assert_eq!(
        (&read["appointment_id"], &read["owner_name"]),
        (&json!(appointment), &json!("Emily Jones"))
    );
    assert!(read["next_call_at"].is_string());
    assert_eq!(
        errors(&send(Method::PUT, "*", json!({"name": "Zoë Brown"})).await),
        [("/phone", "required")]
    );
}

/// S0-52.
#[tokio::test]
async fn a_status_change_takes_a_reason() {
    let world = World::salon().await;
    let id = world.made(zoe()).await;
    let answer = world
        .patch(&id, json!({"appointment_status": "confirmed"}))
        .await;
    assert_eq!(errors(&answer), [("/reason", "required")]);
    let answer = world.patch(&id, json!({"appointment_status": "confirmed", "reason": "She rang us", "confirmation_method": "phone"})).await;
    assert_eq!(
        (
            &answer.body["appointment_status"],
            &answer.body["confirmation_method"]
        ),
        (&json!("confirmed"), &json!("phone"))
    );
    assert!(answer.body["confirmed_minutes_before"].as_i64().unwrap() > 9 * 24 * 60);
    assert_eq!(
        answer.body["next_call_at"],
        Value::Null,
        "a confirmed appointment is not called"
    );
    let back = world
        .patch(
            &id,
            json!({"appointment_status": "pending", "reason": "By mistake"}),
        )
        .await;
    assert!(back.body["next_call_at"].is_string());
    assert_eq!(back.body["confirmation_method"], Value::Null);
    let manual = world
        .patch(
            &id,
            json!({"appointment_status": "confirmed", "reason": "At the desk"}),
        )
        .await;
    assert_eq!(manual.body["confirmation_method"], "manual");
    let history = world
        .server
        .get(&format!("/api/contacts/{id}/history"), world.token())
        .await;
    let entries = history.body["entries"].as_array().unwrap();
    let change = entries
        .iter()
        .find(|e| e["details"]["reason"] == "She rang us")
        .unwrap();
    assert_eq!(change["by"]["user_id"], world.tenant.admin.id.to_string());
    assert!(
        change["fields"]
            .as_array()
            .unwrap()
            .contains(&json!("appointment_status"))
    );
    assert!(entries.iter().any(|e| e["action"] == "contact.created"));

    // Many looks lie between two changes; asked for changes alone, all of them come, page by page.
    for _ in 0..30 {
        world.read(&id).await;
    }
    let (mut changes, mut cursor) = (Vec::new(), String::new());
    loop {
        let path = format!("/api/contacts/{id}/history?kind=change&page_size=10{cursor}");
        let page = world.server.get(&path, world.token()).await;
        changes.extend(page.body["entries"].as_array().unwrap().clone());
        let Some(next) = page.body["pagination"]["next_cursor"].as_str() else {
            break;
        };
        cursor = format!("&cursor={next}");
    }
    let in_both: Vec<&Value> = entries.iter().filter(|e| e["kind"] == "change").collect();
    assert_eq!(changes.iter().collect::<Vec<_>>(), in_both);
    let looks = format!("/api/contacts/{id}/history?kind=access&page_size=100");
    let looks = world.server.get(&looks, world.token()).await;
    let looks = looks.body["entries"].as_array().unwrap().clone();
    assert!(looks.len() >= 30 && looks.iter().all(|e| e["kind"] == "access"));
}

/// S0-49: which statuses are called.
#[tokio::test]
async fn who_is_called_by_status() {
    let world = World::salon().await;
    let id = world.made(zoe()).await;
    for (status, called) in [
        ("cancelled", false),
        ("pending", true),
        ("confirmed", false),
        ("rescheduled", false),
        ("pending", true),
    ] {
        let answer = world
            .patch(&id, json!({"appointment_status": status, "reason": "test"}))
            .await;
        assert_eq!(
            answer.body["next_call_at"].is_string(),
            called,
            "{status}: {}",
            answer.body
        );
    }
    let moved = world
        .patch(&id, json!({"appointment_time": "2026-03-12T11:00"}))
        .await;
    assert_eq!(moved.body["appointment_status"], "rescheduled");
    assert!(
        moved.body["next_call_at"].is_string(),
        "rescheduled with a new time is called"
    );
    assert_eq!(moved.body["appointments_count"], 1);
    for (body, called) in [
        (json!({"do_not_contact": true}), false),
        (json!({"do_not_contact": false}), true),
        (json!({"is_active": false}), false),
        (json!({"is_active": true}), true),
    ] {
        let answer = world.patch(&id, body).await;
        assert_eq!(answer.body["next_call_at"].is_string(), called);
    }
}

/// A new time moves a coming appointment; on a cancelled or past one it adds an appointment.
#[tokio::test]
async fn a_new_time_moves_or_adds() {
    let world = World::salon().await;
    let id = world.made(zoe()).await;
    let first = world.read(&id).await["appointment_id"].clone();
    world
        .patch(
            &id,
            json!({"appointment_status": "cancelled", "reason": "test"}),
        )
        .await;
    let added = world
        .patch(&id, json!({"appointment_time": "2026-03-13T09:00"}))
        .await;
    assert_eq!(added.body["appointments_count"], 2);
    assert_ne!(added.body["appointment_id"], first);
    assert_eq!(added.body["appointment_status"], "pending");
    world.app.advance(TimeDelta::minutes(5));
    let again = world
        .patch(&id, json!({"appointment_time": "2026-03-14T09:00"}))
        .await;
    assert_eq!(
        (
            &again.body["appointment_id"],
            &again.body["appointments_count"]
        ),
        (&added.body["appointment_id"], &json!(2))
    );
    assert_eq!(
        errors(
            &world
                .patch(&id, json!({"appointment_time": "2026-03-01T09:00"}))
                .await
        ),
        [("/appointment_time", "in_the_past")]
    );
    let named = world
        .patch(
            &id,
            json!({"appointment_id": first, "attendance": "unknown", "owner_name": "Emily"}),
        )
        .await;
    assert_eq!(named.status, 200);
    let stranger =
        json!({"appointment_id": "0192f0c1-2b3c-7def-8abc-0123456789ab", "owner_name": "Emily"});
    assert_eq!(
        errors(&world.patch(&id, stranger).await),
        [("/appointment_id", "unknown_appointment")]
    );
}

#[tokio::test]
async fn an_edit_that_makes_a_duplicate_asks() {
    let world = World::salon().await;
    let john = world.made(named("John Smith", "07912345678")).await;
    let jon = world.made(named("Jon Smith", "07912345679")).await;
    let answer = world.patch(&jon, json!({"phone": "07912345678"})).await;
    assert_eq!(
        (answer.status.as_u16(), &answer.body["existing_ids"]),
        (409, &json!([john]))
    );
    let kept = world
        .patch(
            &jon,
            json!({"phone": "07912345678", "on_duplicate": "create_new"}),
        )
        .await;
    assert_eq!(kept.status, 200);
    assert!(warnings(&kept).contains(&"possible_duplicate"));
    // Once kept apart, later edits are not asked again.
    assert_eq!(
        world
            .patch(&jon, json!({"name": "Jonn Smith"}))
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn a_deleted_contact_is_gone_for_a_while() {
    let world = World::salon().await;
    let id = world.made(zoe()).await;
    let path = format!("/api/contacts/{id}");
    assert_eq!(world.server.delete(&path, world.token()).await.status, 204);
    assert_eq!(world.server.get(&path, world.token()).await.status, 404);
    assert_eq!(world.server.delete(&path, world.token()).await.status, 404);
    let list = world.server.get("/api/contacts", world.token()).await;
    assert_eq!(list.body["pagination"]["total_contacts"], 0);
    // The number is free again, and a restoration asks.
    let twin = world.made(zoe()).await;
    let restore = format!("{path}/restore");
    let taken = world.server.post(&restore, world.token(), json!({})).await;
    assert_eq!(
        (taken.status.as_u16(), &taken.body["existing_ids"]),
        (409, &json!([twin]))
    );
    let kept = world
        .server
        .post(
            &restore,
            world.token(),
            json!({"on_duplicate": "create_new"}),
        )
        .await;
    assert_eq!(kept.status, 200, "{}", kept.body);
    assert!(kept.body["next_call_at"].is_string(), "planned anew");
    assert_eq!(world.read(&id).await["shares_phone_with"], json!([twin]));
    // After 30 days there is nothing to restore.
    assert_eq!(world.server.delete(&path, world.token()).await.status, 204);
    world.app.clock.advance(TimeDelta::days(30));
    let token = world
        .app
        .token(&world.tenant.store, world.tenant.admin.id)
        .await;
    assert_eq!(
        world
            .server
            .post(&restore, &token, json!({"on_duplicate": "create_new"}))
            .await
            .status,
        404
    );
}
