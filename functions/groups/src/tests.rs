//! Groups over HTTP, rule by rule, on a table in memory.

use std::sync::Arc;

use http::Method;
use serde_json::{Value, json};
use vio_domain::ids::{ContactId, GroupId};
use vio_domain::permission::Preset;
use vio_domain::settings::BusinessType;
use vio_runtime::testing::{Answer, Server, TestApp, TestTenant};
use vio_store::contacts::{Created, NewContact, Save};
use vio_store::key::{self, LOG_SHARDS, LogKind};
use vio_store::log::{Actor, LogRow};
use vio_store::objects::MemoryObjects;
use vio_store::tx::Tx;
use vio_views::{Limits, ViewApp, Views};

mod analytics;
mod complete;

struct World {
    app: TestApp,
    tenant: TestTenant,
    server: Server,
}

/// This function's routes, and those that list members.
fn routes(app: &TestApp) -> axum::Router {
    let views = Views::new(
        Arc::new(MemoryObjects::new()),
        app.real_clock.clone(),
        Limits::default(),
    );
    let view = ViewApp {
        app: app.app.clone(),
        views,
    };
    crate::router(app.app.clone())
        .0
        .merge(vio_views::router(view).0)
}

impl World {
    async fn new() -> Self {
        let app = TestApp::new().await;
        let tenant = app.tenant("Corner Salon", BusinessType::Salon).await;
        let server = app.serve(routes(&app));
        Self {
            app,
            tenant,
            server,
        }
    }

    fn admin(&self) -> &str {
        &self.tenant.admin.token
    }

    async fn contact(&self, name: &str) -> ContactId {
        let ts = &self.tenant.store;
        let settings = ts.settings().await.unwrap().settings;
        let new = NewContact::named(ContactId::new(ts.new_id()), name.parse().unwrap());
        let made = ts
            .create_contact(
                &settings,
                &new,
                None,
                vio_domain::person::OnDuplicate::CreateNew,
                &Actor::system("test"),
            )
            .await
            .unwrap();
        match made {
            Created::Made { person, .. } => person.contact.id,
            Created::Known(_) => panic!("known"),
        }
    }

    async fn contacts(&self, count: usize) -> Vec<ContactId> {
        let mut ids = Vec::new();
        for _ in 0..count {
            ids.push(self.contact("Ada Example").await);
        }
        ids
    }

    async fn group(&self, body: Value) -> Value {
        let answer = self.server.post("/api/groups", self.admin(), body).await;
        assert_eq!(answer.status, 201, "{:?}", answer.body);
        answer.body
    }

    async fn add(&self, group: &Value, ids: &[ContactId]) -> Answer {
        let path = format!("/api/groups/{}/members/add", group["id"].as_str().unwrap());
        self.server
            .post(&path, self.admin(), json!({ "contact_ids": ids }))
            .await
    }

    async fn count(&self, group: &Value) -> (u64, usize) {
        let id = group["id"].as_str().unwrap();
        let answer = self
            .server
            .get(&format!("/api/groups/{id}"), self.admin())
            .await;
        let (rows, _) = self
            .tenant
            .store
            .members(id.parse().unwrap(), 1_000, None)
            .await
            .unwrap();
        (answer.body["contact_count"].as_u64().unwrap(), rows.len())
    }

    /// Changes a contact through the store, as a handler does.
    async fn change(&self, id: ContactId, change: impl Fn(&mut vio_domain::contact::Contact)) {
        let ts = &self.tenant.store;
        let settings = ts.settings().await.unwrap().settings;
        let mut person = ts.person(id).await.unwrap().unwrap();
        change(&mut person.contact);
        let claims = ts.read_claims(&person).await.unwrap();
        let mut tx = Tx::new();
        let save = Save {
            settings: &settings,
            actor: &Actor::system("test"),
            action: "contact.updated",
            reason: None,
            claims: Some(claims),
            replan: true,
        };
        ts.stage_save(&mut tx, &mut person, save).await.unwrap();
        ts.store.commit(tx).await.unwrap();
    }

    async fn logged(&self, kind: LogKind, action: &str) -> usize {
        let ts = &self.tenant.store;
        let mut found = 0;
        for shard in 0..LOG_SHARDS {
            let pk = key::log_pk(ts.id, kind, shard);
            let (rows, _) = ts
                .store
                .list::<LogRow>(pk, "", true, 10_000, None)
                .await
                .unwrap();
            found += rows.iter().filter(|row| row.action == action).count();
        }
        found
    }
}

#[tokio::test]
async fn a_group_is_made_read_changed_and_deleted() {
    let world = World::new().await;
    let made = world
        .group(json!({"name": " Follow-up ", "description": "After the visit", "color": "#f59e0b", "icon": "📋"}))
        .await;
    assert_eq!(made["name"], "Follow-up");
    assert_eq!(made["color"], "#F59E0B");
    assert_eq!(made["contact_count"], 0);
    assert_eq!(made["visibility"], "all_staff");
    let path = format!("/api/groups/{}", made["id"].as_str().unwrap());
    let read = world.server.get(&path, world.admin()).await;
    assert_eq!(read.body, made);
    let tag = read.header("etag").unwrap().to_owned();
    let edit = json!({"description": null, "color": "#14B8A6"});
    let send = |body: Value, tag: String| {
        let (server, path, token) = (&world.server, &path, world.admin());
        async move {
            server
                .send(
                    Method::PATCH,
                    path,
                    Some(token),
                    Some(body),
                    &[("if-match", &tag)],
                )
                .await
        }
    };
    let changed = send(edit.clone(), tag.clone()).await;
    assert_eq!(changed.status, 200, "{:?}", changed.body);
    assert_eq!(changed.body["description"], Value::Null);
    assert_eq!(changed.body["color"], "#14B8A6");
    assert_eq!(changed.body["name"], "Follow-up");
    assert_eq!(send(json!({"name": "Later"}), tag).await.status, 412);
    assert_eq!(world.server.delete(&path, world.admin()).await.status, 204);
    assert_eq!(world.server.get(&path, world.admin()).await.status, 404);
    for (action, kind) in [
        ("group.created", LogKind::Change),
        ("group.updated", LogKind::Change),
        ("group.deleted", LogKind::Change),
        ("group.viewed", LogKind::Access),
    ] {
        assert_eq!(world.logged(kind, action).await, 1, "{action}");
    }
    // The name is free again.
    world.group(json!({"name": "follow-up"})).await;
}

#[tokio::test]
async fn a_name_is_taken_whatever_its_case() {
    let world = World::new().await;
    world.group(json!({"name": "VIP Clients"})).await;
    let again = world
        .server
        .post(
            "/api/groups",
            world.admin(),
            json!({"name": "vip  clients"}),
        )
        .await;
    assert_eq!(
        (again.status.as_u16(), again.problem()),
        (409, "name-taken")
    );
    let other = world.group(json!({"name": "Others"})).await;
    let path = format!("/api/groups/{}", other["id"].as_str().unwrap());
    let renamed = world
        .server
        .patch(&path, world.admin(), json!({"name": "Vip clients"}))
        .await;
    assert_eq!(renamed.problem(), "name-taken");
    // The case of its own name may change.
    let own = world
        .server
        .patch(&path, world.admin(), json!({"name": "OTHERS"}))
        .await;
    assert_eq!(own.status, 200);
}

#[tokio::test]
async fn wrong_fields_are_named_and_nothing_is_made() {
    let world = World::new().await;
    let stranger = "0192f0c1-2b3c-7def-8abc-0123456789ab";
    for (body, pointer) in [
        (json!({}), "/name"),
        (json!({"name": "  "}), "/name"),
        (json!({"name": "x".repeat(51)}), "/name"),
        (
            json!({"name": "A", "description": "x".repeat(256)}),
            "/description",
        ),
        (json!({"name": "A", "color": "#722F37"}), "/color"),
        // The wine club template's own.
        (json!({"name": "A", "color": "#7C2D12"}), "/color"),
        (json!({"name": "A", "archived": true}), "/archived"),
        (json!({"name": "A", "icon": "🚀"}), "/icon"),
        (json!({"name": "A", "visibility": "friends"}), "/visibility"),
        (json!({"name": "A", "visibility": "custom"}), "/visible_to"),
        (json!({"name": "A", "visible_to": []}), "/visible_to"),
        (
            json!({"name": "A", "visibility": "custom", "visible_to": [stranger]}),
            "/visible_to/0",
        ),
        (
            json!({"name": "A", "initial_contact_ids": [stranger]}),
            "/initial_contact_ids/0",
        ),
    ] {
        let answer = world
            .server
            .post("/api/groups", world.admin(), body.clone())
            .await;
        assert_eq!(answer.status, 422, "{body}");
        assert_eq!(answer.pointers(), [pointer], "{body}");
    }
    let list = world.server.get("/api/groups", world.admin()).await;
    assert_eq!(list.body["groups"], json!([]));
}

#[tokio::test]
async fn members_come_and_go_and_are_counted_exactly() {
    let world = World::new().await;
    let ids = world.contacts(70).await;
    let group = world
        .group(json!({"name": "A", "initial_contact_ids": &ids[..5]}))
        .await;
    assert_eq!(group["contact_count"], 5);
    let added = world.add(&group, &ids[..]).await;
    assert_eq!(
        added.body,
        json!({"added": 65, "already_in_group": 5, "contact_count": 70})
    );
    let again = world.add(&group, &ids[..10]).await;
    assert_eq!(
        again.body,
        json!({"added": 0, "already_in_group": 10, "contact_count": 70})
    );
    assert_eq!(world.count(&group).await, (70, 70));
    assert_eq!(
        world.logged(LogKind::Change, "group.member_added").await,
        70
    );

    let path =
        |id: ContactId| format!("/api/groups/{}/members/{id}", group["id"].as_str().unwrap());
    assert_eq!(
        world
            .server
            .delete(&path(ids[0]), world.admin())
            .await
            .status,
        204
    );
    assert_eq!(
        world
            .server
            .delete(&path(ids[0]), world.admin())
            .await
            .status,
        404
    );
    assert_eq!(world.count(&group).await, (69, 69));
    // A deleted contact is in no group; restored, it is back in it.
    let deleted = vio_domain::contact::Deleted {
        at: world.tenant.store.now(),
        by: None,
    };
    world
        .change(ids[1], |contact| contact.deleted = Some(deleted))
        .await;
    assert_eq!(world.count(&group).await, (68, 68));
    world.change(ids[1], |contact| contact.deleted = None).await;
    assert_eq!(world.count(&group).await, (69, 69));
    // An edit of the contact counts too, and a group that is gone is taken off it.
    let other = world.group(json!({"name": "B"})).await;
    let [first, second] =
        [&group, &other].map(|g| g["id"].as_str().unwrap().parse::<GroupId>().unwrap());
    world
        .change(ids[2], |contact| contact.group_ids = vec![second])
        .await;
    assert_eq!(
        (world.count(&group).await, world.count(&other).await),
        ((68, 68), (1, 1))
    );
    let gone = GroupId::new(world.tenant.store.new_id());
    world
        .change(ids[2], |contact| {
            contact.group_ids = vec![first, gone, second]
        })
        .await;
    let person = world.tenant.store.person(ids[2]).await.unwrap().unwrap();
    assert_eq!(person.contact.group_ids, [first, second]);
    assert_eq!(world.count(&group).await, (69, 69));
}

#[tokio::test]
async fn one_unknown_contact_and_nothing_is_added() {
    let world = World::new().await;
    let mut ids = world.contacts(3).await;
    ids.push(ContactId::new(world.tenant.store.new_id()));
    let other = world.app.tenant("Other Salon", BusinessType::Salon).await;
    let group = world.group(json!({"name": "A"})).await;
    let answer = world.add(&group, &ids).await;
    assert_eq!(answer.status, 422);
    assert_eq!(answer.pointers(), ["/contact_ids/3"]);
    assert_eq!(world.count(&group).await, (0, 0));
    let many = vec![ids[0]; 101];
    assert_eq!(world.add(&group, &many).await.pointers(), ["/contact_ids"]);
    assert_eq!(world.add(&group, &[]).await.pointers(), ["/contact_ids"]);
    // Another business's group is not there.
    let path = format!("/api/groups/{}", group["id"].as_str().unwrap());
    let foreign = world.server.get(&path, &other.admin.token).await;
    assert_eq!(foreign.status, 404);
    let add = format!("{path}/members/add");
    let body = json!({ "contact_ids": [ids[0]] });
    assert_eq!(
        world
            .server
            .post(&add, &other.admin.token, body)
            .await
            .status,
        404
    );
}

#[tokio::test]
async fn members_are_listed_in_pages_with_their_groups() {
    let world = World::new().await;
    let ids = world.contacts(23).await;
    let group = world
        .group(json!({"name": "A", "initial_contact_ids": ids}))
        .await;
    let other = world
        .group(json!({"name": "B", "initial_contact_ids": &ids[..1]}))
        .await;
    let base = format!("/api/groups/{}/members", group["id"].as_str().unwrap());
    let mut path = format!("{base}?page_size=10");
    let mut seen = Vec::new();
    loop {
        let page = world.server.get(&path, world.admin()).await;
        assert_eq!(page.status, 200, "{:?}", page.body);
        assert_eq!(page.body["group_info"]["total_members"], 23);
        assert_eq!(page.body["pagination"]["total_members"], 23);
        assert_eq!(page.body["pagination"]["total_pages"], 3);
        for member in page.body["members"].as_array().unwrap() {
            seen.push(member["id"].as_str().unwrap().to_owned());
            let others = member["other_groups"].as_array().unwrap();
            assert_eq!(others.len(), usize::from(member["id"] == json!(ids[0])));
            assert!(others.iter().all(|id| *id == other["id"]));
            assert_eq!(member["added_by_user"], json!(world.tenant.admin.id));
        }
        match page.body["pagination"]["next_cursor"].as_str() {
            Some(cursor) => path = format!("{base}?page_size=10&cursor={cursor}"),
            None => break,
        }
    }
    let expected: Vec<String> = ids.iter().map(ToString::to_string).collect();
    assert_eq!(seen, expected);
    let third = world
        .server
        .get(&format!("{base}?page_size=10&page=3"), world.admin())
        .await;
    assert_eq!(third.body["members"].as_array().unwrap().len(), 3);
    for (query, status) in [
        ("page_size=9", 400),
        ("page_size=101", 400),
        ("sort_by=name", 200),
        ("sort_by=size", 400),
        ("status_filter=waiting", 400),
        ("x=1", 400),
    ] {
        let answer = world
            .server
            .get(&format!("{base}?{query}"), world.admin())
            .await;
        assert_eq!(answer.status, status, "{query}");
    }
}

#[tokio::test]
async fn who_does_not_see_a_group_does_not_learn_of_it() {
    let world = World::new().await;
    let desk = world.app.staff(&world.tenant, Preset::Receptionist).await;
    let friend = world.app.staff(&world.tenant, Preset::Receptionist).await;
    let contact = world.contact("Ada Example").await;
    let open = world
        .group(json!({"name": "Open", "initial_contact_ids": [contact]}))
        .await;
    let hidden = world.group(json!({"name": "Hidden", "visibility": "admins_only", "initial_contact_ids": [contact]})).await;
    let custom = world
        .group(json!({"name": "Custom", "visibility": "custom", "visible_to": [friend.id], "initial_contact_ids": [contact]}))
        .await;
    let names = |answer: Answer| -> Vec<String> {
        let groups = answer.body["groups"].as_array().unwrap();
        groups
            .iter()
            .map(|group| group["name"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(
        names(world.server.get("/api/groups", world.admin()).await),
        ["Open", "Hidden", "Custom"]
    );
    assert_eq!(
        names(world.server.get("/api/groups", &desk.token).await),
        ["Open"]
    );
    assert_eq!(
        names(world.server.get("/api/groups", &friend.token).await),
        ["Open", "Custom"]
    );
    for (group, status) in [(&open, 200), (&hidden, 404), (&custom, 404)] {
        let path = format!("/api/groups/{}", group["id"].as_str().unwrap());
        assert_eq!(world.server.get(&path, &desk.token).await.status, status);
        let members = format!("{path}/members");
        let answer = world.server.get(&members, &desk.token).await;
        assert_eq!(answer.status, status);
        if status == 200 {
            assert_eq!(answer.body["members"][0]["other_groups"], json!([]));
        }
        let body = json!({ "contact_ids": [contact] });
        let add = world
            .server
            .post(&format!("{members}/add"), &desk.token, body)
            .await;
        assert_eq!(add.status, status);
    }
}

#[tokio::test]
async fn staff_view_groups_and_the_desk_sorts_contacts_into_them() {
    let world = World::new().await;
    let contact = world.contact("Ada Example").await;
    let group = world.group(json!({"name": "A"})).await;
    let path = format!("/api/groups/{}", group["id"].as_str().unwrap());
    for (preset, sorts) in [
        (Preset::Receptionist, true),
        (Preset::BasicStaff, false),
        (Preset::ReadOnly, false),
    ] {
        let staff = world.app.staff(&world.tenant, preset).await;
        let token = &staff.token;
        assert_eq!(world.server.get(&path, token).await.status, 200);
        assert_eq!(
            world
                .server
                .post("/api/groups", token, json!({"name": "B"}))
                .await
                .status,
            403
        );
        assert_eq!(
            world
                .server
                .patch(&path, token, json!({"name": "B"}))
                .await
                .status,
            403
        );
        assert_eq!(world.server.delete(&path, token).await.status, 403);
        let body = json!({ "contact_ids": [contact] });
        let added = world
            .server
            .post(&format!("{path}/members/add"), token, body)
            .await;
        assert_eq!(added.status, if sorts { 200 } else { 403 }, "{preset:?}");
    }
}

#[tokio::test]
async fn a_repeated_request_makes_one_group() {
    let world = World::new().await;
    let ids = world.contacts(2).await;
    let body = json!({"name": "A", "initial_contact_ids": ids});
    let mut answers = Vec::new();
    for _ in 0..2 {
        let headers = [("idempotency-key", "once-and-only-once")];
        let answer = world
            .server
            .send(
                Method::POST,
                "/api/groups",
                Some(world.admin()),
                Some(body.clone()),
                &headers,
            )
            .await;
        assert_eq!(answer.status, 201, "{:?}", answer.body);
        answers.push(answer.body);
    }
    assert_eq!(answers[0], answers[1]);
    assert_eq!(world.count(&answers[0]).await, (2, 2));
}

/// The sample events of `events/groups`, as API Gateway sends them.
#[tokio::test]
async fn samples_are_answered() {
    use tower::ServiceExt;
    let world = World::new().await;
    let ids = world.contacts(5).await;
    let suggestions = world
        .server
        .get("/api/groups/suggestions", world.admin())
        .await;
    let suggestion = suggestions.body["suggestions"][0].clone();
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../events/groups");
    let router = vio_http::service(
        crate::router(world.app.app.clone()).0,
        world.app.app.shared(),
    );
    let mut answered = 0;
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap();
        let group = world
            .group(json!({"name": name, "initial_contact_ids": &ids[..1]}))
            .await;
        let contact = if name == "add_members" {
            ids[1]
        } else {
            ids[0]
        };
        let event = std::fs::read_to_string(&path)
            .unwrap()
            .replace("{token}", world.admin())
            .replace("{group_id}", group["id"].as_str().unwrap())
            .replace("{contact_id}", &contact.to_string())
            .replace("{suggestion_id}", suggestion["id"].as_str().unwrap());
        let request = lambda_http::request::from_str(&event).unwrap();
        let (mut parts, body) = request.into_parts();
        let path = parts.uri.path_and_query().unwrap().as_str();
        parts.uri = path.parse().unwrap();
        let body = axum::body::Body::from(body.as_ref().to_vec());
        let request = http::Request::from_parts(parts, body);
        let answer = router.clone().oneshot(request).await.unwrap();
        let wanted = match name {
            "create" | "accept_suggestion" => 201,
            "delete" | "remove_member" => 204,
            _ => 200,
        };
        assert_eq!(answer.status(), wanted, "{name}");
        answered += 1;
    }
    assert_eq!(answered, 16);
}

#[tokio::test]
async fn every_route_is_documented_and_in_the_table() {
    let world = World::new().await;
    let (_, document) = crate::router(world.app.app.clone());
    let merged = vio_http::openapi::merge([document]).unwrap();
    let missing: Vec<_> = vio_http::openapi::undocumented(&merged)
        .into_iter()
        .filter(|route| route.path.starts_with("/api/groups"))
        // Campaigns over groups are a function of their own.
        .filter(|route| !route.path.contains("/campaigns") && !route.path.ends_with("/call-all"))
        // A group's contacts and members are lists of the tenant view.
        .filter(|route| !route.path.ends_with("/contacts") && !route.path.ends_with("/members"))
        // So is work on many members.
        .filter(|route| {
            ![
                "/bulk-operations",
                "/bulk-add",
                "/bulk-remove",
                "/clear",
                "/undo",
            ]
            .iter()
            .any(|end| route.path.ends_with(end))
        })
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}
