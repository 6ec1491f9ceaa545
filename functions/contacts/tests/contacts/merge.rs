//! Two contacts that are one person, made one.

use http::Method;
use serde_json::{Value, json};
use vio_domain::appointment::OpenSession;
use vio_domain::contact::{AttentionReason, BookingSource};
use vio_domain::groups::Visibility;
use vio_domain::ids::{ContactId, SessionId};
use vio_domain::permission::Preset;
use vio_runtime::testing::{Answer, tell};
use vio_store::calling::attention::Shown;
use vio_store::contacts::Person;
use vio_store::tx::Tx;

use crate::groups::{group, members};
use crate::support::{SOON, World, errors, named};

async fn merge(world: &World, keep: &str, other: &str, more: Value) -> Answer {
    let mut body = json!({ "keep": { "contact_id": keep }, "merge": { "contact_id": other } });
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    world
        .server
        .post("/api/contacts/merge", world.token(), body)
        .await
}

async fn twin(world: &World, name: &str, more: Value) -> String {
    let mut body = named(name, "07912 345678");
    body["on_duplicate"] = json!("create_new");
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    world.made(body).await
}

async fn part(world: &World, id: &str, part: &str) -> Answer {
    let path = format!("/api/contacts/{id}/{part}");
    world.server.get(&path, world.token()).await
}

async fn tag_of(world: &World, id: &str) -> String {
    let path = format!("/api/contacts/{id}");
    let read = world.server.get(&path, world.token()).await;
    read.header("etag").unwrap().to_owned()
}

/// Changes a stored person as other parts of the system do.
async fn change(world: &World, id: &str, change: impl FnOnce(&mut Person)) {
    let ts = &world.tenant.store;
    let id: ContactId = id.parse().unwrap();
    let mut person = ts.person(id).await.unwrap().unwrap();
    change(&mut person);
    let mut tx = Tx::new();
    ts.stage_person(&mut tx, &mut person).unwrap();
    tell(ts, &mut tx, &person);
    ts.store.commit(tx).await.unwrap();
}

#[tokio::test]
async fn one_is_left_with_what_was_chosen_and_what_both_had() {
    let world = World::salon().await;
    let shared = group(&world, "Shared", Visibility::AllStaff).await;
    let own = group(&world, "Own", Visibility::AllStaff).await;
    let first = json!({ "email": "ada@example.com", "notes": "Prefers mornings.", "group_ids": [shared], "tags": ["old"] });
    let keep = twin(&world, "Ada Example", first).await;
    let second = json!({
        "notes": "Has moved.", "group_ids": [shared, own], "tags": ["vip"], "do_not_contact": true,
        "appointment_time": SOON, "special_instructions": "Ring twice.",
    });
    let other = twin(&world, "Ada Mae Example", second).await;
    let note = json!({ "text": "Asked about parking." });
    let path = format!("/api/contacts/{other}/interactions");
    world.server.post(&path, world.token(), note).await;

    let done = merge(
        &world,
        &keep,
        &other,
        json!({ "fields": { "name": "merge" } }),
    )
    .await;
    assert_eq!(done.status, 200, "{}", done.body);
    let left = world.read(&keep).await;
    assert_eq!(left["name"], "Ada Mae Example");
    assert_eq!(left["email"], "ada@example.com");
    assert_eq!(left["notes"], "Prefers mornings.\n\nHas moved.");
    assert_eq!(left["tags"], json!(["old", "vip"]));
    assert_eq!(left["do_not_contact"], true);
    assert_eq!(left["special_instructions"], "Ring twice.");
    assert_eq!(left["group_ids"].as_array().unwrap().len(), 2);
    assert_eq!(left["merged_from"][0]["id"], json!(other));
    // Each group counts the one that is left, once.
    assert_eq!(members(&world, shared).await, (1, 1));
    assert_eq!(members(&world, own).await, (1, 1));
    // The other is gone from lists; what was written of it is read on.
    let path = format!("/api/contacts/{other}");
    assert_eq!(world.server.get(&path, world.token()).await.status, 404);
    let notes = part(&world, &other, "interactions").await;
    assert_eq!(
        notes.body["interactions"][0]["text"],
        "Asked about parking."
    );
    for each in ["calls", "consents", "appointments", "history"] {
        assert_eq!(part(&world, &other, each).await.status, 200, "{each}");
    }
    let told = part(&world, &keep, "history").await;
    let entries = told.body["entries"].as_array().unwrap();
    assert!(
        entries
            .iter()
            .any(|entry| entry["action"] == "contact.merged")
    );
    let gone = world
        .server
        .get("/api/contacts/deleted", world.token())
        .await;
    assert_eq!(gone.body["contacts"][0]["merged_into"], json!(keep));
    // Nobody is suggested as that person any more, and a repeat changes nothing.
    let same = world.read(&keep).await;
    let again = merge(&world, &keep, &other, json!({})).await;
    assert_eq!(
        (again.status.as_u16(), &again.body["version"]),
        (200, &same["version"])
    );
    let new = world.post(named("Ada Example", "07912 345678")).await;
    assert_eq!(new.body["existing_ids"], json!([keep]));
}

#[tokio::test]
async fn whoever_was_made_one_can_be_brought_back_and_is_then_no_part_any_more() {
    let world = World::salon().await;
    let team = group(&world, "Team", Visibility::AllStaff).await;
    let keep = twin(&world, "Ada Example", json!({})).await;
    let other = twin(&world, "Ada Mae Example", json!({ "group_ids": [team] })).await;
    let third = twin(&world, "A Example", json!({})).await;
    assert_eq!(merge(&world, &other, &third, json!({})).await.status, 200);
    assert_eq!(merge(&world, &keep, &other, json!({})).await.status, 200);
    // Those that were made one before are parts too.
    let parts = world.read(&keep).await["merged_from"].clone();
    assert_eq!(parts.as_array().unwrap().len(), 2);
    assert_eq!(part(&world, &third, "history").await.status, 200);
    let id: ContactId = keep.parse().unwrap();
    let row = world.tenant.store.person(id).await.unwrap().unwrap();
    // What the gap between two calls is counted from.
    let counted: Vec<String> = row
        .contact
        .merged_from
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(counted, [other.clone(), third.clone()]);
    let path = format!("/api/contacts/{other}/restore");
    let asked = world.server.post(&path, world.token(), json!({})).await;
    assert_eq!(
        (asked.status.as_u16(), asked.problem()),
        (409, "duplicate-contact")
    );
    let anyway = json!({ "on_duplicate": "create_new" });
    let back = world.server.post(&path, world.token(), anyway).await;
    assert_eq!(back.status, 200, "{}", back.body);
    assert_eq!(back.body["merged_from"][0]["id"], json!(third));
    assert!(world.read(&keep).await.get("merged_from").is_none());
    assert_eq!(members(&world, team).await, (2, 2));
    // Deleted for itself, it is read through nobody.
    let path = format!("/api/contacts/{other}");
    assert_eq!(world.server.delete(&path, world.token()).await.status, 204);
    assert_eq!(part(&world, &other, "interactions").await.status, 404);
    assert_eq!(part(&world, &third, "interactions").await.status, 404);
}

#[tokio::test]
async fn two_versions_decide_and_a_key_makes_a_repeat_the_same_request() {
    let world = World::salon().await;
    let keep = twin(&world, "Ada Example", json!({})).await;
    let other = twin(&world, "Ada Mae Example", json!({})).await;
    let (of_keep, of_other) = (tag_of(&world, &keep).await, tag_of(&world, &other).await);
    let body = |keep_at: &str, other_at: &str| json!({ "keep": { "contact_id": keep, "version": keep_at }, "merge": { "contact_id": other, "version": other_at } });
    world.patch(&other, json!({ "notes": "Has moved." })).await;
    let send = async |body: Value| {
        let headers = [("idempotency-key", "merge-once-0001")];
        let token = Some(world.token());
        let path = "/api/contacts/merge";
        world
            .server
            .send(Method::POST, path, token, Some(body), &headers)
            .await
    };
    let stale = send(body(&of_keep, &of_other)).await;
    assert_eq!(stale.status, 412, "{}", stale.body);
    assert_eq!(stale.body["changed_ids"], json!([other]));
    assert!(world.read(&keep).await["notes"].is_null());
    let fresh = tag_of(&world, &other).await;
    let headers = [("idempotency-key", "merge-once-0002")];
    let path = "/api/contacts/merge";
    let token = Some(world.token());
    let right = body(&of_keep, &fresh);
    let first = world
        .server
        .send(Method::POST, path, token, Some(right.clone()), &headers)
        .await;
    let second = world
        .server
        .send(Method::POST, path, token, Some(right), &headers)
        .await;
    assert_eq!(first.status, 200, "{}", first.body);
    assert_eq!((first.status, first.body), (second.status, second.body));
}

#[tokio::test]
async fn consent_withdrawn_and_open_work_go_over_and_planned_calls_are_one() {
    let world = World::salon().await;
    let given = json!({ "voice_consent": { "method": "verbal" }, "appointment_time": SOON });
    let keep = twin(&world, "Ada Example", given.clone()).await;
    let other = twin(&world, "Ada Mae Example", given).await;
    let path = format!("/api/contacts/{other}/consents");
    let withdrawn = json!({ "action": "withdrawn" });
    world.server.post(&path, world.token(), withdrawn).await;
    let ts = &world.tenant.store;
    let id: ContactId = other.parse().unwrap();
    let mut person = ts.person(id).await.unwrap().unwrap();
    let mut tx = Tx::new();
    for reason in [
        AttentionReason::PossibleDuplicate,
        AttentionReason::ReplyToRead,
    ] {
        ts.flag(&mut tx, &mut person.contact, reason, None, None)
            .unwrap();
    }
    ts.stage_person(&mut tx, &mut person).unwrap();
    tell(ts, &mut tx, &person);
    ts.store.commit(tx).await.unwrap();

    assert_eq!(merge(&world, &keep, &other, json!({})).await.status, 200);
    let left = world.read(&keep).await;
    assert_eq!(left["preferences"]["voice_consent"]["state"], "withdrawn");
    assert_eq!(left["needs_attention"]["reason"], "reply_to_read");
    // Both had the same time: it is one appointment.
    assert_eq!(left["appointments_count"], 1);
    let (open, _) = ts.attention(Shown::Open, 100, None).await.unwrap();
    assert!(open.iter().all(|row| row.contact != id), "{open:?}");
    let gone = ts.person(id).await.unwrap().unwrap();
    assert_eq!(gone.open_sessions().count(), 0);
}

#[tokio::test]
async fn what_cannot_be_made_one_is_refused_by_name_and_stays() {
    let world = World::salon().await;
    let keep = twin(&world, "Ada Example", json!({ "notes": "n".repeat(3_000) })).await;
    let more = json!({ "notes": "m".repeat(3_000), "appointment_time": SOON });
    let other = twin(&world, "Ada Mae Example", more).await;
    let strange = uuid::Uuid::now_v7().to_string();
    for (one, two, more, pointer) in [
        (&keep, &keep, json!({}), "/merge/contact_id"),
        (&keep, &strange, json!({}), "/merge/contact_id"),
        (&strange, &other, json!({}), "/keep/contact_id"),
        (&keep, &other, json!({}), "/fields/notes"),
        (
            &keep,
            &other,
            json!({ "fields": { "name": "both" } }),
            "/fields/name",
        ),
    ] {
        let refused = merge(&world, one, two, more).await;
        assert_eq!(refused.status, 422, "{}", refused.body);
        assert_eq!(errors(&refused)[0].0, pointer, "{}", refused.body);
    }
    let notes = json!({ "fields": { "notes": "keep" } });
    change(&world, &other, |person| {
        person.appointments[0].source = BookingSource::Calcom
    })
    .await;
    let booked = merge(&world, &keep, &other, notes.clone()).await;
    assert_eq!(
        (booked.status.as_u16(), booked.problem()),
        (409, "booked-in-calendar")
    );
    change(&world, &other, |person| {
        person.appointments[0].source = BookingSource::Manual;
        let id = person.appointments[0].id;
        let open = OpenSession {
            id: SessionId::new(uuid::Uuid::now_v7()),
            in_progress: true,
        };
        person.set_open_session(Some(id), Some(open), None);
    })
    .await;
    let ringing = merge(&world, &keep, &other, notes.clone()).await;
    assert_eq!(
        (ringing.status.as_u16(), ringing.problem()),
        (409, "call-in-progress")
    );
    // Whoever may not delete does not make one of two.
    let staff = world.app.staff(&world.tenant, Preset::Receptionist).await;
    let body = json!({ "keep": { "contact_id": keep }, "merge": { "contact_id": other } });
    let path = "/api/contacts/merge";
    let refused = world.server.post(path, &staff.token, body).await;
    assert_eq!(refused.status, 403);
    assert_eq!(world.read(&other).await["version"], 1);
    assert!(world.read(&keep).await.get("merged_from").is_none());
}
