//! Work on many contacts over a table in memory: looked at, done, stopped, killed half way, taken back.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use vio_domain::groups::{GroupName, Visibility};
use vio_domain::ids::GroupId;
use vio_store::groups::GroupRow;
use vio_store::key::{self, LOG_SHARDS, LogKind};
use vio_store::log::LogRow;
use vio_store::tx::Tx;

use super::*;

/// A group with these contacts in it, put in by the administrator.
pub(super) async fn group(world: &World, name: &str, members: &[ContactId]) -> GroupId {
    let ts = &world.tenant.store;
    let mut row = GroupRow {
        tenant: ts.id,
        id: GroupId::new(ts.new_id()),
        version: 0,
        edit_version: 1,
        name: GroupName::parse(name).unwrap(),
        description: None,
        color: Default::default(),
        icon: None,
        visibility: Visibility::AllStaff,
        members: 0,
        archived_at: None,
        made_from: None,
        active_at: ts.now(),
        created_by: None,
        created_at: ts.now(),
        updated_at: ts.now(),
    };
    let mut tx = Tx::new();
    ts.create_group(&mut tx, &mut row).unwrap();
    ts.store.commit(tx).await.unwrap();
    let actor = Actor {
        who: vio_store::log::Who::User {
            id: world.tenant.admin.id,
        },
        ..Actor::system("test")
    };
    ts.join_group(row.id, members, &actor).await.unwrap();
    row.id
}

async fn post(world: &World, path: &str, body: Value) -> Answer {
    let token = &world.tenant.admin.token;
    world.server.post(path, token, body).await
}

async fn bulk(world: &World, body: Value) -> Answer {
    post(world, "/api/contacts/bulk", body).await
}

pub(super) async fn edit(world: &World, ids: &[ContactId], fields: Value) -> Answer {
    let body = json!({"operation": "edit", "selection": {"ids": ids}, "field_updates": fields});
    let answer = bulk(world, body).await;
    assert!(answer.status.is_success(), "{:?}", answer.body);
    answer
}

/// Contacts with appointments to come.
async fn people(world: &World, count: usize) -> Vec<ContactId> {
    let mut ids = Vec::new();
    for n in 0..count {
        ids.push(world.person(&format!("07911 {:06}", 200_000 + n)).await);
    }
    ids
}

/// Contacts with nothing but a name.
async fn names(world: &World, count: usize) -> Vec<ContactId> {
    world.tagged(count, &[]).await
}

async fn status_of(world: &World, id: ContactId) -> &'static str {
    let person = world.tenant.store.person(id).await.unwrap().unwrap();
    person.appointments[0].status.as_str()
}

/// Change log entries about each contact with this action.
async fn changes(world: &World, action: &str) -> BTreeMap<ContactId, usize> {
    let ts = &world.tenant.store;
    let mut found = BTreeMap::new();
    for shard in 0..LOG_SHARDS {
        let pk = key::log_pk(ts.id, LogKind::Change, shard);
        let (rows, _) = ts
            .store
            .list::<LogRow>(pk, "", true, 100_000, None)
            .await
            .unwrap();
        for row in rows.iter().filter(|row| row.action == action) {
            if let Some(contact) = row.contact {
                *found.entry(contact).or_default() += 1;
            }
        }
    }
    found
}

#[tokio::test]
async fn a_few_are_done_at_once_with_a_result_each_and_taken_back() {
    let world = World::new().await;
    let ids = people(&world, 3).await;
    let nobody = names(&world, 1).await[0];
    let all: Vec<ContactId> = ids.iter().copied().chain([nobody]).collect();
    let body = |dry_run: bool| {
        json!({
            "operation": "status", "selection": {"ids": all}, "new_status": "cancelled",
            "reason": "Closed for repairs", "dry_run": dry_run,
        })
    };
    let preview = bulk(&world, body(true)).await;
    assert_eq!(preview.status, 200, "{:?}", preview.body);
    for (field, wanted) in [
        ("total_contacts", 4),
        ("would_change", 3),
        ("unchanged", 0),
        ("refused", 1),
    ] {
        assert_eq!(preview.body[field], wanted, "{field}");
    }
    assert_eq!(preview.body["refusals"][0]["code"], "no_appointment");
    assert_eq!(
        status_of(&world, ids[0]).await,
        "pending",
        "a preview changes nothing"
    );

    let done = bulk(&world, body(false)).await;
    assert_eq!(done.status, 200, "{:?}", done.body);
    assert_eq!(
        done.body["summary"],
        json!({"changed": 3, "unchanged": 0, "refused": 1})
    );
    assert_eq!(
        (&done.body["status"], &done.body["kind"]),
        (&json!("completed"), &json!("bulk_status"))
    );
    for id in &ids {
        assert_eq!(status_of(&world, *id).await, "cancelled");
        assert!(!world.planned(*id).await, "the call went with it");
    }
    let job = done.body["job_id"].as_str().unwrap();
    let token = &world.tenant.admin.token;
    let results = world
        .server
        .get(&format!("/api/jobs/{job}/results"), token)
        .await;
    let results = results.body["results"].as_array().unwrap().clone();
    assert_eq!(results.len(), 4);
    let refused: Vec<_> = results
        .iter()
        .filter(|one| one["success"] == false)
        .collect();
    assert_eq!(refused.len(), 1);
    assert_eq!(refused[0]["contact_id"], json!(nobody));

    // One of them was changed since: it stays, and is listed.
    let other = json!({"operation": "status", "selection": {"ids": [ids[0]]}, "new_status": "confirmed", "reason": "Rang us"});
    bulk(&world, other).await;
    let undone = post(&world, &format!("/api/jobs/{job}/undo"), json!({})).await;
    assert_eq!(undone.status, 200, "{:?}", undone.body);
    assert_eq!(
        undone.body["summary"],
        json!({"changed": 2, "unchanged": 0, "refused": 1})
    );
    assert_eq!(status_of(&world, ids[0]).await, "confirmed");
    assert_eq!(status_of(&world, ids[1]).await, "pending");
    assert!(world.planned(ids[1]).await, "its call is planned again");
    let by = undone.body["job_id"].as_str().unwrap();
    let results = world
        .server
        .get(&format!("/api/jobs/{by}/results"), token)
        .await;
    assert!(
        results.body["results"]
            .as_array()
            .unwrap()
            .iter()
            .any(|one| one["code"] == "changed_since")
    );
    // Undone twice is undone once.
    let again = post(&world, &format!("/api/jobs/{job}/undo"), json!({})).await;
    assert_eq!(again.body["job_id"], undone.body["job_id"]);
    assert_eq!(world.job(job).await["undone_by"], undone.body["job_id"]);
}

#[tokio::test]
async fn what_is_wrong_is_named_and_nothing_is_done() {
    let world = World::new().await;
    let ids = people(&world, 2).await;
    let stranger = world
        .app
        .tenant("Other Salon", BusinessType::Salon)
        .await
        .id;
    let seen = json!({"ids": ids});
    for (body, pointer) in [
        (
            json!({"operation": "paint", "selection": seen}),
            "/operation",
        ),
        (
            json!({"operation": "call", "selection": seen}),
            "/call/call_timing",
        ),
        (
            json!({"operation": "call", "selection": seen, "reason": "x", "call": {"call_timing": "immediate"}}),
            "/reason",
        ),
        (
            json!({"operation": "export", "selection": seen}),
            "/operation",
        ),
        (
            json!({"operation": "status", "selection": seen, "reason": "x"}),
            "/new_status",
        ),
        (
            json!({"operation": "status", "selection": seen, "new_status": "cancelled"}),
            "/reason",
        ),
        (
            json!({"operation": "delete", "selection": seen, "confirm": "delete"}),
            "/confirm",
        ),
        (
            json!({"operation": "edit", "selection": seen, "field_updates": {"owner_name": " "}}),
            "/field_updates",
        ),
        (
            json!({"operation": "edit", "selection": seen, "field_updates": {"appointment_duration": 50}}),
            "/field_updates/appointment_duration",
        ),
        (
            json!({"operation": "edit", "selection": seen, "field_updates": {"assigned_to": stranger}}),
            "/field_updates/assigned_to",
        ),
        (
            json!({"operation": "groups", "selection": seen, "group_changes": {}}),
            "/group_changes",
        ),
        (
            json!({"operation": "groups", "selection": seen, "group_changes": {"add_to_groups": [stranger]}}),
            "/group_changes/add_to_groups/0",
        ),
        (
            json!({"operation": "delete", "selection": {"ids": [ids[0], stranger]}, "confirm": "DELETE"}),
            "/selection/ids/1",
        ),
        (
            json!({"operation": "delete", "selection": {"filter": {"tag": "nobody"}}, "confirm": "DELETE"}),
            "/selection",
        ),
        (
            json!({"operation": "delete", "selection": {}, "confirm": "DELETE"}),
            "/selection",
        ),
        (
            json!({"operation": "delete", "selection": {"filter": {"sort": ["name"]}}, "confirm": "DELETE"}),
            "/selection/filter/sort",
        ),
        (
            json!({"operation": "delete", "selection": {"filter": {"status": ["gone"]}}, "confirm": "DELETE"}),
            "/selection/filter/status",
        ),
        (
            json!({"operation": "delete", "selection": {"filter": {"colour": "red"}}, "confirm": "DELETE"}),
            "/selection/filter/colour",
        ),
        (
            json!({"operation": "delete", "selection": {"filter": {"group_ids": [stranger]}}, "confirm": "DELETE"}),
            "/selection/filter/group_ids/0",
        ),
        (
            json!({"operation": "delete", "selection": {"ids": ids, "filter": {}}, "confirm": "DELETE"}),
            "/selection",
        ),
    ] {
        let refused = bulk(&world, body.clone()).await;
        assert_eq!(refused.status, 422, "{body}: {:?}", refused.body);
        assert_eq!(refused.pointers(), [pointer], "{body}");
    }
    assert!(changes(&world, "contact.updated").await.is_empty());
    assert!(changes(&world, "contact.deleted").await.is_empty());
}

#[tokio::test]
async fn an_edit_writes_only_what_is_given() {
    let world = World::new().await;
    let ids = people(&world, 2).await;
    edit(
        &world,
        &ids,
        json!({"appointment_type": "Cut", "special_instructions": "Bring photos"}),
    )
    .await;
    let done = edit(
        &world,
        &ids,
        json!({"appointment_duration": 45, "appointment_type": ""}),
    )
    .await;
    assert_eq!(done.body["summary"]["changed"], 2);
    let person = world.tenant.store.person(ids[0]).await.unwrap().unwrap();
    let appointment = &person.appointments[0];
    assert_eq!(
        appointment.appointment_type.as_ref().unwrap().as_str(),
        "Cut"
    );
    assert_eq!(
        appointment.special_instructions.as_ref().unwrap().as_str(),
        "Bring photos"
    );
    assert_eq!(u16::from(appointment.duration.unwrap()), 45);
    let again = edit(&world, &ids, json!({"appointment_duration": 45})).await;
    assert_eq!(
        again.body["summary"],
        json!({"changed": 0, "unchanged": 2, "refused": 0})
    );
}

#[tokio::test]
async fn who_may_work_on_many() {
    let world = World::new().await;
    let ids = people(&world, 1).await;
    let body = |operation: &str| json!({"operation": operation, "selection": {"ids": ids}, "confirm": "DELETE"});
    for (preset, edits) in [
        (Preset::Receptionist, true),
        (Preset::Manager, true),
        (Preset::BasicStaff, false),
        (Preset::ReadOnly, false),
    ] {
        let staff = world.app.staff(&world.tenant, preset).await;
        let send = |body: Value| world.server.post("/api/contacts/bulk", &staff.token, body);
        assert_eq!(send(body("delete")).await.status, 403, "{preset:?} deletes");
        let mut edit = json!({"operation": "edit", "selection": {"ids": ids}});
        edit["field_updates"] = json!({"priority": "high"});
        let status = send(edit).await.status.as_u16();
        let seen = if preset == Preset::Manager { 422 } else { 200 };
        assert_eq!(status, if edits { seen } else { 403 }, "{preset:?} edits");
        let group = group(&world, &format!("{preset:?}"), &[]).await;
        let clear = format!("/api/groups/{group}/members/clear");
        let cleared = world
            .server
            .post(&clear, &staff.token, json!({"name": format!("{preset:?}")}))
            .await;
        assert_eq!(cleared.status, 403, "{preset:?} empties groups");
    }
}

/// A worker dies in the middle of a part; each contact is changed once, and the counts are exact.
#[tokio::test]
async fn a_killed_job_goes_on_and_changes_everybody_once() {
    let world = World::new().await;
    let ids = names(&world, 250).await;
    let begun = edit(&world, &ids, json!({"priority": "high"})).await;
    assert_eq!(begun.status, 202, "{:?}", begun.body);
    let id: JobId = begun.body["job_id"].as_str().unwrap().parse().unwrap();
    let ts = &world.tenant.store;
    let settings = ts.settings().await.unwrap().settings;
    drop(world.app.queues.take_jobs());
    let actor = Actor::system("test");
    let taken = ts.take_job(id).await.unwrap().unwrap();
    let taken = ts
        .bulk_next_part(&settings, taken, &actor)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(taken.counts.done, 100);
    // The next part is cut off after some of its contacts.
    let work = ts.bulk_next_part(&settings, taken, &actor);
    tokio::pin!(work);
    for _ in 0..40 {
        let polled = futures::poll!(work.as_mut());
        assert!(polled.is_pending() || polled.is_ready());
        tokio::task::yield_now().await;
        if changes(&world, "contact.updated").await.len() > 120 {
            break;
        }
    }
    let so_far = changes(&world, "contact.updated").await.len();
    world.work().await;
    world.app.clock.advance(TimeDelta::seconds(61));
    assert_eq!(vio_reminders::tick(&world.app.app).await.unwrap().jobs, 1);
    world.work().await;
    let job = world.job(&id.to_string()).await;
    assert_eq!(job["status"], "completed", "{job} after {so_far}");
    assert_eq!(
        job["summary"],
        json!({"changed": 250, "unchanged": 0, "refused": 0})
    );
    let changed = changes(&world, "contact.updated").await;
    assert_eq!(changed.len(), 250);
    assert!(changed.values().all(|count| *count == 1), "each once");
}

#[tokio::test]
async fn a_job_stops_when_cancelled_and_what_it_did_can_be_taken_back() {
    let world = World::new().await;
    let ids = names(&world, 210).await;
    let begun = edit(&world, &ids, json!({"priority": "urgent"})).await;
    let id: JobId = begun.body["job_id"].as_str().unwrap().parse().unwrap();
    let ts = &world.tenant.store;
    let settings = ts.settings().await.unwrap().settings;
    let taken = ts.take_job(id).await.unwrap().unwrap();
    let actor = Actor::system("test");
    ts.bulk_next_part(&settings, taken, &actor)
        .await
        .unwrap()
        .unwrap();
    let early = post(&world, &format!("/api/jobs/{id}/undo"), json!({})).await;
    assert_eq!(early.status, 409, "it is under way");
    let cancelled = post(&world, &format!("/api/jobs/{id}/cancel"), json!({})).await;
    assert_eq!(cancelled.body["status"], "cancelled");
    world.work().await;
    assert_eq!(world.job(&id.to_string()).await["summary"]["changed"], 100);
    world.app.clock.advance(TimeDelta::minutes(9));
    let undone = post(&world, &format!("/api/jobs/{id}/undo"), json!({})).await;
    assert_eq!(undone.body["summary"]["changed"], 100, "{:?}", undone.body);
    let people = ts.contacts(&ids).await.unwrap();
    assert!(
        people
            .iter()
            .all(|(_, contact)| contact.priority == Default::default())
    );
    // Later it is too late.
    let other = edit(&world, &ids[..1], json!({"priority": "high"})).await;
    world.app.clock.advance(TimeDelta::minutes(10));
    let path = format!("/api/jobs/{}/undo", other.body["job_id"].as_str().unwrap());
    assert_eq!(
        post(&world, &path, json!({})).await.problem(),
        "not-undoable"
    );
}

#[tokio::test]
async fn a_deletion_takes_calls_along_and_is_not_undone_as_a_whole() {
    let world = World::new().await;
    let ids = people(&world, 2).await;
    let group = group(&world, "A", &ids).await;
    let body =
        json!({"operation": "delete", "selection": {"group_id": group}, "confirm": "DELETE"});
    let done = bulk(&world, body).await;
    assert_eq!(done.body["summary"]["changed"], 2, "{:?}", done.body);
    assert!(done.body.get("undo_until").is_none());
    let person = world.tenant.store.person(ids[0]).await.unwrap().unwrap();
    assert!(person.contact.deleted.is_some() && person.next_call_at().is_none());
    let left = world.tenant.store.group(group).await.unwrap().unwrap();
    assert_eq!(left.members, 0);
    let path = format!("/api/jobs/{}/undo", done.body["job_id"].as_str().unwrap());
    assert_eq!(post(&world, &path, json!({})).await.status, 409);
}

#[tokio::test]
async fn members_taken_out_come_back_as_they_were() {
    let world = World::new().await;
    let ids = names(&world, 230).await;
    let ts = &world.tenant.store;
    let all = group(&world, "All", &ids[..200]).await;
    let before = ts.everybody_in(all).await.unwrap();
    world.app.clock.advance(TimeDelta::hours(2));
    let path = |end: &str| format!("/api/groups/{all}/members/{end}");
    // One unknown id of many, and nothing is done for any.
    let bad = post(
        &world,
        &path("bulk-remove"),
        json!({"contact_ids": [ids[0], all]}),
    )
    .await;
    assert_eq!(
        (bad.status.as_u16(), bad.pointers()),
        (422, vec!["/contact_ids/1"])
    );
    let many = json!({"contact_ids": &ids, "reason": "Moved away"});
    let asked = post(&world, &path("bulk-remove"), many.clone()).await;
    assert_eq!(asked.pointers(), ["/confirm_count"]);
    let mut sure = many;
    sure["confirm_count"] = json!(230);
    let begun = post(&world, &path("bulk-remove"), sure).await;
    assert_eq!(begun.status, 202, "{:?}", begun.body);
    world.work().await;
    let job = world
        .job(begun.body["job"]["job_id"].as_str().unwrap())
        .await;
    assert_eq!(
        job["summary"],
        json!({"changed": 200, "unchanged": 0, "refused": 30}),
        "not members"
    );
    assert_eq!(ts.group(all).await.unwrap().unwrap().members, 0);
    let removed = changes(&world, "group.member_removed").await;
    assert_eq!(removed.len(), 200);
    world.app.clock.advance(TimeDelta::minutes(9));
    let undone = post(&world, &path("undo"), json!({})).await;
    assert_eq!(undone.status, 202, "{:?}", undone.body);
    world.work().await;
    assert_eq!(ts.group(all).await.unwrap().unwrap().members, 200);
    assert_eq!(
        ts.everybody_in(all).await.unwrap(),
        before,
        "since when and by whom"
    );
    assert_eq!(
        post(&world, &path("undo"), json!({})).await.problem(),
        "not-undoable"
    );
}

#[tokio::test]
async fn a_group_is_emptied_by_its_name_and_filled_from_another() {
    let world = World::new().await;
    let ids = names(&world, 8).await;
    let (full, other) = (
        group(&world, "Full", &ids).await,
        group(&world, "Other", &ids[..2]).await,
    );
    let add = format!("/api/groups/{other}/members/bulk-add");
    let added = post(&world, &add, json!({"from_group_id": full})).await;
    assert_eq!(added.status, 200, "{:?}", added.body);
    for (field, wanted) in [
        ("contacts_added", 6),
        ("already_in_group", 2),
        ("new_member_count", 8),
    ] {
        assert_eq!(added.body[field], wanted, "{field}");
    }
    let clear = format!("/api/groups/{full}/members/clear");
    assert_eq!(
        post(&world, &clear, json!({"name": "Other"}))
            .await
            .pointers(),
        ["/name"]
    );
    let cleared = post(&world, &clear, json!({"name": "full"})).await;
    assert_eq!(
        (
            &cleared.body["contacts_removed"],
            &cleared.body["new_member_count"]
        ),
        (&json!(8), &json!(0))
    );
    let undo = format!("/api/groups/{full}/members/undo");
    assert_eq!(
        post(&world, &undo, json!({})).await.body["summary"]["changed"],
        8
    );
    let ts = &world.tenant.store;
    assert_eq!(ts.group(full).await.unwrap().unwrap().members, 8);
    assert_eq!(ts.group(other).await.unwrap().unwrap().members, 8);
}

#[tokio::test]
async fn groups_are_replaced_but_for_those_that_nobody_asked_sees() {
    let world = World::new().await;
    let ids = names(&world, 3).await;
    let ts = &world.tenant.store;
    let (a, b) = (
        group(&world, "A", &ids).await,
        group(&world, "B", &[]).await,
    );
    let hidden = group(&world, "H", &ids[..1]).await;
    let mut row = ts.group(hidden).await.unwrap().unwrap();
    row.visibility = Visibility::AdminsOnly;
    let mut tx = Tx::new();
    let name = row.name.clone();
    ts.edit_group(&mut tx, &mut row, &name).unwrap();
    ts.store.commit(tx).await.unwrap();
    let desk = world.app.staff(&world.tenant, Preset::Receptionist).await;
    let body = json!({"operation": "groups", "selection": {"filter": {"group_ids": [a]}}, "group_changes": {"replace_all_groups": [b]}});
    let done = world
        .server
        .post("/api/contacts/bulk", &desk.token, body)
        .await;
    assert_eq!(done.body["summary"]["changed"], 3, "{:?}", done.body);
    let person = ts.person(ids[0]).await.unwrap().unwrap();
    assert_eq!(person.contact.group_ids, [hidden, b]);
    let counts = async || {
        let mut counts = Vec::new();
        for id in [a, b, hidden] {
            counts.push(ts.group(id).await.unwrap().unwrap().members);
        }
        counts
    };
    assert_eq!(counts().await, [0, 3, 1]);
    let path = format!("/api/jobs/{}/undo", done.body["job_id"].as_str().unwrap());
    let undone = world.server.post(&path, &desk.token, json!({})).await;
    assert_eq!(undone.body["summary"]["changed"], 3);
    assert_eq!(counts().await, [3, 0, 1]);
}

#[tokio::test]
async fn targets_outside_the_group_are_listed_as_no_members() {
    let world = World::new().await;
    let ids = people(&world, 3).await;
    let group = group(&world, "A", &ids[..2]).await;
    let path = format!("/api/groups/{group}/bulk-operations");
    let body = json!({
        "operation_type": "bulk_status_update", "target_contact_ids": ids, "new_status": "confirmed", "reason": "Rang us",
    });
    let done = post(&world, &path, body).await;
    assert_eq!(done.status, 200, "{:?}", done.body);
    for (field, wanted) in [
        ("contacts_processed", 3),
        ("successful_operations", 2),
        ("failed_operations", 1),
    ] {
        assert_eq!(done.body[field], wanted, "{field}");
    }
    let outside = done.body["details"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["success"] == false);
    assert_eq!(outside.unwrap()["code"], "not_a_member");
    assert_eq!(status_of(&world, ids[2]).await, "pending");
    assert_eq!(status_of(&world, ids[0]).await, "confirmed");
}

#[tokio::test]
async fn three_jobs_at_a_time() {
    let world = World::new().await;
    let ids = names(&world, 101).await;
    for priority in ["high", "urgent", "normal"] {
        assert_eq!(
            edit(&world, &ids, json!({ "priority": priority }))
                .await
                .status,
            202
        );
    }
    let body = json!({"operation": "edit", "selection": {"ids": ids}, "field_updates": {"priority": "high"}});
    let refused = bulk(&world, body).await;
    assert_eq!(
        (refused.status.as_u16(), refused.problem()),
        (409, "too-many-jobs")
    );
    // A few at once are not a job.
    assert_eq!(
        edit(&world, &ids[..1], json!({"priority": "high"}))
            .await
            .status,
        200
    );
}

/// Two workers have the same parts at once: one was believed dead. Each contact is changed once, and how that is taken
/// back is kept.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_workers_at_one_part_change_everybody_once() {
    for turn in 0..8 {
        let world = World::new().await;
        let ids = names(&world, 110).await;
        let ts = &world.tenant.store;
        let begun = edit(&world, &ids, json!({"priority": "high"})).await;
        let id: JobId = begun.body["job_id"].as_str().unwrap().parse().unwrap();
        drop(world.app.queues.take_jobs());
        let taken = ts.take_job(id).await.unwrap().unwrap();
        let mut workers = tokio::task::JoinSet::new();
        for n in 0..3 {
            let (ts, taken) = (ts.clone(), taken.clone());
            workers.spawn(async move {
                tokio::time::sleep(std::time::Duration::from_millis(n * turn)).await;
                let settings = ts.settings().await.unwrap().settings;
                let actor = Actor::system("test");
                ts.bulk_next_part(&settings, taken, &actor).await.unwrap()
            });
        }
        let done = workers.join_all().await;
        let counts: Vec<_> = done.into_iter().flatten().map(|job| job.counts).collect();
        assert_eq!(counts.len(), 1, "one of them closes the part");
        assert_eq!((counts[0].added, counts[0].done), (100, 100));
        world.app.clock.advance(TimeDelta::seconds(61));
        vio_reminders::tick(&world.app.app).await.unwrap();
        world.work().await;
        let changed = changes(&world, "contact.updated").await;
        assert!(changed.len() == 110 && changed.values().all(|count| *count == 1));
        let undone = post(&world, &format!("/api/jobs/{id}/undo"), json!({})).await;
        assert_eq!(undone.status, 202, "{:?}", undone.body);
        world.work().await;
        let undo = undone.body["job_id"].as_str().unwrap();
        assert_eq!(world.job(undo).await["summary"]["changed"], 110);
        let people = ts.contacts(&ids).await.unwrap();
        assert!(
            people
                .iter()
                .all(|(_, one)| one.priority == Default::default())
        );
    }
}

/// A job is cancelled while a worker is in the middle of a part: the worker changes nobody after it, and what is taken
/// back is exactly what was done.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_was_done_before_a_cancellation_is_taken_back_whole() {
    let mut in_the_middle = 0;
    for (turn, in_groups) in [false, true, false, true, false, true]
        .into_iter()
        .enumerate()
    {
        let world = World::new().await;
        let ids = names(&world, 300).await;
        let ts = &world.tenant.store;
        let group = group(&world, "A", &[]).await;
        let action = if in_groups {
            "group.member_added"
        } else {
            "contact.updated"
        };
        let mut body = json!({"operation": "edit", "selection": {"ids": ids}, "field_updates": {"priority": "high"}});
        if in_groups {
            body = json!({"operation": "groups", "selection": {"ids": ids}, "group_changes": {"add_to_groups": [group]}});
        }
        let begun = bulk(&world, body).await;
        let id: JobId = begun.body["job_id"].as_str().unwrap().parse().unwrap();
        drop(world.app.queues.take_jobs());
        let taken = ts.take_job(id).await.unwrap().unwrap();
        let worker = ts.clone();
        let work = tokio::spawn(async move {
            let settings = worker.settings().await.unwrap().settings;
            let actor = Actor::system("test");
            let mut job = Some(taken);
            while let Some(taken) = job.filter(|job| job.status == JobStatus::Running) {
                job = worker
                    .bulk_next_part(&settings, taken, &actor)
                    .await
                    .unwrap();
            }
        });
        while changes(&world, action).await.len() < 20 * turn + 1 {
            tokio::task::yield_now().await;
        }
        let cancelled = post(&world, &format!("/api/jobs/{id}/cancel"), json!({})).await;
        assert_eq!(cancelled.body["status"], "cancelled");
        work.await.unwrap();
        let done = changes(&world, action).await.len();
        assert_eq!(
            cancelled.body["summary"]["changed"], done,
            "nobody after it"
        );
        in_the_middle += u32::from(done < 300);
        let again = post(&world, &format!("/api/jobs/{id}/cancel"), json!({})).await;
        assert_eq!(again.body["summary"], cancelled.body["summary"]);
        let undone = post(&world, &format!("/api/jobs/{id}/undo"), json!({})).await;
        world.work().await;
        let undo = undone.body["job_id"].as_str().unwrap();
        assert_eq!(world.job(undo).await["summary"]["changed"], done);
        let people = ts.contacts(&ids).await.unwrap();
        let as_before = |one: &vio_domain::contact::Contact| {
            one.priority == Default::default() && one.group_ids.is_empty()
        };
        assert!(people.iter().all(|(_, one)| as_before(one)));
        assert_eq!(ts.group(group).await.unwrap().unwrap().members, 0);
    }
    assert!(in_the_middle > 0, "never in the middle");
}

#[tokio::test]
async fn contacts_that_left_different_groups_come_back_together() {
    let world = World::new().await;
    let ids = names(&world, 40).await;
    let mut groups = Vec::new();
    for (n, some) in ids.chunks(2).enumerate() {
        groups.push(group(&world, &format!("G{n}"), some).await);
    }
    let to = group(&world, "All", &[]).await;
    let body = json!({"operation": "groups", "selection": {"ids": ids}, "group_changes": {"replace_all_groups": [to]}});
    let done = bulk(&world, body).await;
    assert_eq!(done.body["summary"]["changed"], 40, "{:?}", done.body);
    let path = format!("/api/jobs/{}/undo", done.body["job_id"].as_str().unwrap());
    let undone = post(&world, &path, json!({})).await;
    assert_eq!(undone.body["summary"]["changed"], 40, "{:?}", undone.body);
    let ts = &world.tenant.store;
    for id in groups {
        assert_eq!(ts.group(id).await.unwrap().unwrap().members, 2);
    }
    assert_eq!(ts.group(to).await.unwrap().unwrap().members, 0);
}

/// Groups that are gone stay in the records of who was in them, and do not count against how many one may be in.
#[tokio::test]
async fn groups_that_are_gone_do_not_fill_a_contact_up() {
    let world = World::new().await;
    let ids = names(&world, 1).await;
    let ts = &world.tenant.store;
    for n in 0..20 {
        let id = group(&world, &format!("G{n}"), &ids).await;
        let row = ts.group(id).await.unwrap().unwrap();
        let mut tx = Tx::new();
        ts.delete_group(&mut tx, &row);
        ts.store.commit(tx).await.unwrap();
    }
    let last = group(&world, "Last", &ids).await;
    assert_eq!(ts.group(last).await.unwrap().unwrap().members, 1);
    let person = ts.person(ids[0]).await.unwrap().unwrap();
    assert_eq!(person.contact.group_ids, [last]);
}

#[tokio::test]
async fn a_group_with_more_than_one_operation_takes_is_refused_with_the_number() {
    let world = World::new().await;
    let group = group(&world, "Large", &names(&world, 1).await).await;
    let other = self::group(&world, "Other", &[]).await;
    let ts = &world.tenant.store;
    let mut row = ts.group(group).await.unwrap().unwrap();
    row.members = 10_001;
    let (mut tx, name) = (Tx::new(), row.name.clone());
    ts.edit_group(&mut tx, &mut row, &name).unwrap();
    ts.store.commit(tx).await.unwrap();
    let edit = json!({"operation_type": "bulk_edit", "field_updates": {"priority": "high"}});
    for (path, body, pointer) in [
        (
            format!("/api/groups/{group}/bulk-operations"),
            edit,
            "/target_contact_ids",
        ),
        (
            format!("/api/groups/{group}/members/clear"),
            json!({"name": "Large"}),
            "/name",
        ),
        (
            format!("/api/groups/{other}/members/bulk-add"),
            json!({"from_group_id": group}),
            "/from_group_id",
        ),
    ] {
        let refused = post(&world, &path, body).await;
        assert_eq!(
            (refused.status.as_u16(), refused.pointers()),
            (422, vec![pointer])
        );
        assert!(
            refused.body.to_string().contains("10001"),
            "{:?}",
            refused.body
        );
    }
}

#[tokio::test]
async fn who_may_not_change_many_takes_nothing_back() {
    let world = World::new().await;
    let ids = names(&world, 2).await;
    let done = edit(&world, &ids, json!({"priority": "high"})).await;
    let path = format!("/api/jobs/{}/undo", done.body["job_id"].as_str().unwrap());
    for (preset, status) in [(Preset::BasicStaff, 403), (Preset::Receptionist, 404)] {
        let staff = world.app.staff(&world.tenant, preset).await;
        let refused = world.server.post(&path, &staff.token, json!({})).await;
        assert_eq!(refused.status, status, "{preset:?}");
    }
}

/// Whom a filter finds is work's, as far as the person may change them; the search that found them is in the audit.
#[tokio::test]
async fn a_filter_reaches_whom_its_person_sees_and_changes_whom_they_may() {
    let world = World::new().await;
    let ids = people(&world, 4).await;
    let custom = CustomPermissions {
        add: [Permission::EditOwnContacts, Permission::ModifyCallSchedules]
            .into_iter()
            .collect(),
        ..CustomPermissions::default()
    };
    let looker = world
        .app
        .staff_with(&world.tenant, Preset::ReadOnly, custom)
        .await;
    let theirs = json!({"assigned_to": looker.id});
    edit(&world, &ids[..1], theirs).await;
    edit(&world, &ids[..3], json!({"owner_name": "Jo Lee"})).await;
    let body = |dry_run: bool| {
        json!({
            "operation": "edit", "selection": {"filter": {"owner_name": "jo lee", "search": "examp"}},
            "field_updates": {"priority": "high"}, "dry_run": dry_run,
        })
    };
    let send = |body: Value| world.server.post("/api/contacts/bulk", &looker.token, body);
    let preview = send(body(true)).await;
    assert_eq!(preview.status, 200, "{:?}", preview.body);
    for (field, wanted) in [("total_contacts", 3), ("would_change", 1), ("refused", 2)] {
        assert_eq!(preview.body[field], wanted, "{field}");
    }
    assert_eq!(preview.body["refusals"][0]["code"], "not_allowed");
    let done = send(body(false)).await;
    assert_eq!(
        done.body["summary"],
        json!({"changed": 1, "unchanged": 0, "refused": 2})
    );
    let ts = &world.tenant.store;
    let high = ts.contacts(&ids).await.unwrap();
    let high: Vec<_> = high
        .iter()
        .filter(|(_, one)| one.priority != Default::default())
        .collect();
    assert_eq!((high.len(), high[0].1.id), (1, ids[0]));
    let log = ts.read_log(LogKind::Change, None, 50).await.unwrap();
    let asked = log
        .into_iter()
        .find(|row| row.action == "contacts.bulk_requested")
        .unwrap();
    let details = ts.open_log(asked).await.unwrap().details.unwrap();
    assert_eq!(
        details["selection"]["filter"],
        json!({"owner_name": "jo lee", "search": "examp"})
    );
}

/// What was written a moment ago is found, by whichever process.
#[tokio::test]
async fn a_filter_finds_what_was_written_just_before() {
    let world = World::new().await;
    let ids = people(&world, 3).await;
    edit(&world, &ids[..2], json!({"priority": "urgent"})).await;
    let body = json!({
        "operation": "status", "selection": {"filter": {"priority": "urgent", "status": "pending"}},
        "new_status": "confirmed", "reason": "Rang us",
    });
    let done = bulk(&world, body.clone()).await;
    assert_eq!(done.body["summary"]["changed"], 2, "{:?}", done.body);
    let none = bulk(&world, body).await;
    assert_eq!(
        none.pointers(),
        ["/selection"],
        "nobody is pending any more"
    );
    assert_eq!(status_of(&world, ids[2]).await, "pending");
}

/// Calls to whom a filter finds are a campaign; more than a hundred are refused with the number.
#[tokio::test]
async fn whom_a_filter_finds_is_called_as_a_campaign() {
    let world = World::new().await;
    let ids = people(&world, 3).await;
    edit(&world, &ids[..2], json!({"priority": "urgent"})).await;
    let body = |filter: Value| {
        json!({
            "operation": "bulk_call", "selection": {"filter": filter}, "call": {"call_timing": "immediate"}, "dry_run": true,
        })
    };
    let foreseen = bulk(&world, body(json!({"priority": "urgent"}))).await;
    assert_eq!(foreseen.status, 200, "{:?}", foreseen.body);
    assert_eq!(foreseen.body["total_members"], 2, "{:?}", foreseen.body);
    names(&world, 100).await;
    let many = bulk(&world, body(json!({}))).await;
    assert_eq!(
        (many.status.as_u16(), many.pointers()),
        (422, vec!["/selection"])
    );
    assert!(many.body.to_string().contains("103"), "{:?}", many.body);
    let desk = world.app.staff(&world.tenant, Preset::Receptionist).await;
    let may = world
        .server
        .post(
            "/api/contacts/bulk",
            &desk.token,
            body(json!({"priority": "urgent"})),
        )
        .await;
    assert_eq!(may.status, 403, "campaigns are not the receptionist's");
}
