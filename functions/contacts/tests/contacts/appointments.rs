//! Appointments as records of their own.

use serde_json::{Value, json};

use crate::support::{World, errors, zoe};

/// S0-03: a second booking adds an appointment and a reminder.
#[tokio::test]
async fn each_appointment_has_its_own_reminder() {
    let world = World::salon().await;
    let id = world.made(zoe()).await;
    let path = format!("/api/contacts/{id}/appointments");
    let added = world
        .server
        .post(
            &path,
            world.token(),
            json!({"appointment_time": "2026-03-13T15:00", "appointment_duration": 60}),
        )
        .await;
    assert_eq!(added.status, 201, "{}", added.body);
    let second = added.body["id"].as_str().unwrap().to_owned();
    assert_eq!(
        added.header("location"),
        Some(format!("/api/appointments/{second}").as_str())
    );
    let list = world.server.get(&path, world.token()).await;
    let appointments = list.body["appointments"].as_array().unwrap();
    assert_eq!(appointments.len(), 2);
    assert!(appointments.iter().all(|a| a["next_call_at"].is_string()));
    let contact = world.read(&id).await;
    assert_eq!(
        contact["appointment_id"], appointments[0]["id"],
        "the next coming one is current"
    );
    assert_eq!(contact["appointments_count"], 2);

    let one = format!("/api/appointments/{second}");
    let read = world.server.get(&one, world.token()).await;
    assert_eq!(read.header("etag"), Some("\"v1\""));
    let moved = world
        .server
        .patch(
            &one,
            world.token(),
            json!({"appointment_time": "2026-03-16T15:00"}),
        )
        .await;
    assert_eq!(
        (
            &moved.body["appointment_status"],
            &moved.body["appointment_time"]
        ),
        (&json!("rescheduled"), &json!("2026-03-16T15:00:00Z"))
    );
    assert_ne!(moved.body["next_call_at"], read.body["next_call_at"]);
    let stale = world
        .server
        .send(
            http::Method::PATCH,
            &one,
            Some(world.token()),
            Some(json!({"owner_name": "X"})),
            &[("if-match", "\"v1\"")],
        )
        .await;
    assert_eq!(stale.status, 412);
    assert_eq!(world.server.delete(&one, world.token()).await.status, 204);
    let gone = world.server.get(&one, world.token()).await;
    assert_eq!(
        (&gone.body["appointment_status"], &gone.body["next_call_at"]),
        (&json!("cancelled"), &Value::Null)
    );
    assert_eq!(
        errors(&world.server.post(&path, world.token(), json!({})).await),
        [("/appointment_time", "required")]
    );
    let unknown = "/api/appointments/0192f0c1-2b3c-7def-8abc-0123456789ab";
    assert_eq!(world.server.get(unknown, world.token()).await.status, 404);
}

#[tokio::test]
async fn a_sensitive_type_is_hidden_from_who_may_only_look() {
    use vio_domain::permission::Preset;
    use vio_domain::settings::{AppointmentType, Sensitivity};
    let world = World::salon().await;
    world
        .set(|s| {
            s.appointment_types = vec![AppointmentType {
                name: "Private".parse().unwrap(),
                sensitivity: Sensitivity::Sensitive,
                spoken_as: None,
            }];
        })
        .await;
    let mut body = zoe();
    body["appointment_type"] = json!("private");
    let id = world.made(body).await;
    assert_eq!(world.read(&id).await["appointment_type"], "private");
    let reader = world.app.staff(&world.tenant, Preset::ReadOnly).await;
    let seen = world
        .server
        .get(&format!("/api/contacts/{id}"), &reader.token)
        .await;
    assert_eq!(
        (seen.status.as_u16(), &seen.body["appointment_type"]),
        (200, &Value::Null)
    );
}
