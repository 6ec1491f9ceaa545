//! A tenant, its people, and the function in front of them.

use serde_json::{Value, json};
use vio_domain::settings::{BusinessType, Settings};
use vio_runtime::testing::{Answer, Server, TestApp, TestTenant};
use vio_store::tx::Tx;

/// Wednesday 11 March 2026, 10:30 in London: nine days after the clock's start, within every default.
pub(crate) const SOON: &str = "2026-03-11T10:30";

pub(crate) struct World {
    pub(crate) app: TestApp,
    pub(crate) tenant: TestTenant,
    pub(crate) server: Server,
}

impl World {
    pub(crate) async fn of(kind: BusinessType) -> Self {
        let app = TestApp::new().await;
        let tenant = app.tenant("Riverside", kind).await;
        let lists = vio_views::router(vio_views::ViewApp {
            app: app.app.clone(),
            views: vio_views::Views::new(
                std::sync::Arc::new(vio_store::objects::MemoryObjects::new()),
                app.app.real_clock.clone(),
                vio_views::Limits::default(),
            ),
        });
        let server = app.serve(vio_contacts::router(app.app.clone()).0.merge(lists.0));
        Self {
            app,
            tenant,
            server,
        }
    }

    pub(crate) async fn salon() -> Self {
        Self::of(BusinessType::Salon).await
    }

    pub(crate) fn token(&self) -> &str {
        &self.tenant.admin.token
    }

    pub(crate) async fn post(&self, body: Value) -> Answer {
        self.server.post("/api/contacts", self.token(), body).await
    }

    /// A contact that must be made; its id.
    pub(crate) async fn made(&self, body: Value) -> String {
        let answer = self.post(body).await;
        assert_eq!(answer.status, 201, "{}", answer.body);
        answer.body["id"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn read(&self, id: &str) -> Value {
        let answer = self
            .server
            .get(&format!("/api/contacts/{id}"), self.token())
            .await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.body
    }

    pub(crate) async fn patch(&self, id: &str, body: Value) -> Answer {
        let path = format!("/api/contacts/{id}");
        self.server.patch(&path, self.token(), body).await
    }

    pub(crate) async fn set(&self, change: impl FnOnce(&mut Settings)) {
        let mut opened = self.tenant.store.settings().await.unwrap();
        change(&mut opened.settings);
        let mut tx = Tx::new();
        self.tenant
            .store
            .save_settings(&mut tx, &mut opened)
            .unwrap();
        self.tenant.store.store.commit(tx).await.unwrap();
    }
}

/// A contact with an appointment.
pub(crate) fn zoe() -> Value {
    json!({ "name": "Zoë O’Brien-Łuć", "phone": "07912 345678", "email": "zoe@Example.com", "appointment_time": SOON })
}

/// Somebody else, without an appointment.
pub(crate) fn named(name: &str, phone: &str) -> Value {
    json!({ "name": name, "phone": phone })
}

/// The codes of the warnings of an answer.
pub(crate) fn warnings(answer: &Answer) -> Vec<&str> {
    let list = answer.body["warnings"].as_array();
    list.into_iter()
        .flatten()
        .filter_map(|w| w["code"].as_str())
        .collect()
}

/// Pointer and code of every wrong field.
pub(crate) fn errors(answer: &Answer) -> Vec<(&str, &str)> {
    let list = answer.body["errors"].as_array();
    list.into_iter()
        .flatten()
        .filter_map(|e| Some((e["pointer"].as_str()?, e["code"].as_str()?)))
        .collect()
}
