//! A tenant, and processes of the functions that list and change its contacts.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Value, json};
use vio_domain::ids::ContactId;
use vio_domain::settings::{BusinessType, Settings};
use vio_runtime::testing::{Answer, Server, TestApp, TestTenant};
use vio_store::objects::MemoryObjects;
use vio_store::tx::Tx;
use vio_views::{Limits, ViewApp, Views};

/// Wednesday 11 March 2026, 10:30 in London: nine days after the clock's start.
pub(crate) const SOON: &str = "2026-03-11T10:30";

/// One process: its own caches and views over what all share.
pub(crate) struct Process {
    pub(crate) app: TestApp,
    pub(crate) views: Views,
    pub(crate) server: Server,
}

pub(crate) struct World {
    pub(crate) first: Process,
    pub(crate) tenant: TestTenant,
    pub(crate) objects: MemoryObjects,
    limits: Limits,
}

fn process(app: TestApp, objects: &MemoryObjects, limits: Limits) -> Process {
    let clock = app.app.real_clock.clone();
    let views = Views::new(Arc::new(objects.clone()), clock, limits);
    let view = ViewApp {
        app: app.app.clone(),
        views: views.clone(),
    };
    let routes = vio_views::router(view)
        .0
        .merge(vio_contacts::router(app.app.clone()).0)
        .merge(vio_groups::router(app.app.clone()).0);
    let server = app.serve(routes);
    Process { app, views, server }
}

impl World {
    pub(crate) async fn of(kind: BusinessType, limits: Limits) -> Self {
        let app = TestApp::new().await;
        let tenant = app.tenant("Riverside", kind).await;
        let objects = MemoryObjects::new();
        Self {
            first: process(app, &objects, limits),
            tenant,
            objects,
            limits,
        }
    }

    pub(crate) async fn salon() -> Self {
        Self::of(BusinessType::Salon, Limits::default()).await
    }

    /// One whose views are saved at every change.
    pub(crate) async fn saving() -> Self {
        let limits = Limits {
            changes: 1,
            ..Limits::default()
        };
        Self::of(BusinessType::Salon, limits).await
    }

    /// Another process over the same tables and bucket.
    pub(crate) fn another(&self) -> Process {
        process(self.first.app.second(), &self.objects, self.limits)
    }

    pub(crate) fn token(&self) -> &str {
        &self.tenant.admin.token
    }

    /// Of a new session, where the old one has ended by the domain's clock.
    pub(crate) async fn new_token(&self) -> String {
        let admin = self.tenant.admin.id;
        self.first.app.token(&self.tenant.store, admin).await
    }

    pub(crate) async fn made(&self, body: Value) -> String {
        let server = &self.first.server;
        let answer = server.post("/api/contacts", self.token(), body).await;
        assert_eq!(answer.status, 201, "{}", answer.body);
        answer.body["id"].as_str().unwrap().to_owned()
    }

    /// So many contacts by number.
    pub(crate) async fn some(&self, count: u32) -> Vec<String> {
        let mut ids = Vec::new();
        for n in 0..count {
            ids.push(self.made(numbered(n)).await);
        }
        ids
    }

    pub(crate) async fn group(&self, name: &str, more: Value) -> String {
        let mut body = json!({ "name": name });
        for (name, value) in more.as_object().unwrap() {
            body[name] = value.clone();
        }
        let server = &self.first.server;
        let answer = server.post("/api/groups", self.token(), body).await;
        assert_eq!(answer.status, 201, "{}", answer.body);
        answer.body["id"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn saved_filter(&self, name: &str) -> String {
        let body = json!({ "name": name, "filters": { "call": "due_today" } });
        let server = &self.first.server;
        let answer = server.post("/api/saved-filters", self.token(), body).await;
        assert_eq!(answer.status, 201, "{}", answer.body);
        answer.body["id"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn tag(&self, name: &str) -> String {
        let server = &self.first.server;
        let answer = server
            .post("/api/tags", self.token(), json!({ "name": name }))
            .await;
        assert_eq!(answer.status, 201, "{}", answer.body);
        answer.body["id"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn get(&self, query: &str) -> Answer {
        self.first.get(query, self.token()).await
    }

    pub(crate) async fn set(&self, change: impl FnOnce(&mut Settings)) {
        let mut opened = self.tenant.store.settings().await.unwrap();
        change(&mut opened.settings);
        let mut tx = Tx::new();
        let store = &self.tenant.store;
        store.save_settings(&mut tx, &mut opened).unwrap();
        store.store.commit(tx).await.unwrap();
    }
}

impl Process {
    pub(crate) async fn get(&self, query: &str, token: &str) -> Answer {
        let path = format!("/api/contacts?{query}");
        self.server.get(&path, token).await
    }

    pub(crate) async fn search(&self, body: Value, token: &str) -> Answer {
        let path = "/api/contacts/search";
        self.server.post(path, token, body).await
    }

    /// Everybody, whatever the order.
    pub(crate) async fn all(&self, token: &str) -> BTreeSet<String> {
        let answer = self.get("page_size=100", token).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        let found: BTreeSet<String> = ids(&answer).into_iter().collect();
        assert_eq!(answer.body["facets"]["total"], found.len());
        found
    }

    /// Waits until no snapshot is being written.
    pub(crate) async fn saved(&self, world: &World) {
        loop {
            let held = self.views.current(&world.tenant.store).await.unwrap();
            if !held.is_saving() {
                return;
            }
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    }
}

/// The ids of a list, in its order.
pub(crate) fn ids(answer: &Answer) -> Vec<String> {
    assert_eq!(answer.status, 200, "{}", answer.body);
    let list = answer.body["contacts"].as_array().unwrap();
    let id = |contact: &Value| contact["id"].as_str().unwrap().to_owned();
    list.iter().map(id).collect()
}

pub(crate) fn contact(id: &str) -> ContactId {
    id.parse().unwrap()
}

pub(crate) fn numbered(n: u32) -> Value {
    let letters: String = format!("{n:03}")
        .bytes()
        .map(|digit| char::from(b'a' + (digit - b'0')))
        .collect();
    json!({ "name": format!("Person {letters}"), "phone": format!("07912345{n:03}") })
}
