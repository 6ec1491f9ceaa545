//! Groups over HTTP, rule by rule, on a table in memory.

mod analytics;
mod complete;
mod making;
mod members;
mod reach;

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
