//! Imports over a table in memory: preview, job, crash, cancel, rejected rows.

use std::sync::Arc;

use axum::Router;
use serde_json::{Value, json};
use vio_domain::ids::{ContactId, JobId};
use vio_domain::permission::{CustomPermissions, Permission, Preset};
use vio_domain::settings::BusinessType;
use vio_runtime::queues::JobMessage;
use vio_runtime::testing::{Answer, Server, TestApp, TestTenant};
use vio_store::contacts::{Created, NewAppointment, NewContact};
use vio_store::jobs::JobStatus;
use vio_store::log::Actor;
use vio_store::objects::MemoryObjects;
use vio_views::{Limits, ViewApp, Views};

mod bulk;
mod tags;

struct World {
    app: TestApp,
    tenant: TestTenant,
    server: Server,
}

impl World {
    async fn new() -> Self {
        let app = TestApp::new().await;
        let tenant = app.tenant("Corner Salon", BusinessType::Salon).await;
        let clock = app.app.real_clock.clone();
        let objects = Arc::new(MemoryObjects::new());
        let view = ViewApp {
            app: app.app.clone(),
            views: Views::new(objects, clock, Limits::default()),
        };
        let routes: Router = crate::router(app.app.clone()).0;
        let routes = routes.merge(vio_views::router(view).0);
        let server = app.serve(routes);
        Self {
            app,
            tenant,
            server,
        }
    }

    async fn import(&self, body: Value) -> Answer {
        let token = &self.tenant.admin.token;
        self.server.post("/api/dnc/import", token, body).await
    }

    async fn job(&self, id: &str) -> Value {
        let path = format!("/api/jobs/{id}");
        let answer = self.server.get(&path, &self.tenant.admin.token).await;
        assert_eq!(answer.status, 200, "{:?}", answer.body);
        answer.body
    }

    /// Handles the messages that were sent.
    async fn work(&self) {
        for message in self.app.queues.take_jobs() {
            crate::process(&self.app.app, message).await.unwrap();
        }
    }

    /// Somebody with this number and a planned reminder.
    async fn person(&self, phone: &str) -> ContactId {
        let ts = &self.tenant.store;
        let settings = ts.settings().await.unwrap().settings;
        let id = ContactId::new(ts.new_id());
        let mut new = NewContact::named(id, "Ada Example".parse().unwrap());
        let country = vio_domain::phone::Country::GB;
        new.phone = Some(vio_domain::phone::parse(phone, country).unwrap().e164);
        let mut appointment = NewAppointment::at(
            ts.now() + chrono::TimeDelta::hours(25),
            settings.business.timezone,
            &settings,
            Default::default(),
            ts.now(),
        );
        appointment.booked_at = None;
        let made = ts
            .create_contact(
                &settings,
                &new,
                Some(&appointment),
                vio_domain::person::OnDuplicate::CreateNew,
                &Actor::system("test"),
            )
            .await
            .unwrap();
        assert!(matches!(made, Created::Made { .. }));
        assert!(self.planned(id).await);
        id
    }

    /// Contacts with nothing but a name and these tags.
    async fn tagged(&self, count: usize, tags: &[&str]) -> Vec<ContactId> {
        let ts = &self.tenant.store;
        let settings = ts.settings().await.unwrap().settings;
        let mut ids = Vec::new();
        for _ in 0..count {
            let id = ContactId::new(ts.new_id());
            let mut new = NewContact::named(id, "Ada Example".parse().unwrap());
            new.tags = tags
                .iter()
                .map(|tag| vio_domain::text::Tag::parse(tag).unwrap())
                .collect();
            let keep = vio_domain::person::OnDuplicate::CreateNew;
            let actor = Actor::system("test");
            ts.create_contact(&settings, &new, None, keep, &actor)
                .await
                .unwrap();
            ids.push(id);
        }
        ids
    }

    async fn planned(&self, id: ContactId) -> bool {
        let person = self.tenant.store.person(id).await.unwrap().unwrap();
        person.next_call_at().is_some()
    }
}

const FILE: &str = "phone,reason\n07911 123456,Asked at the desk.\n+44 (0)7911 123456,\nnot a number,Rang us.\n(07911) 123-457,\n020 7946 0018,\n";

#[tokio::test]
async fn a_preview_says_what_would_happen_and_writes_nothing() {
    let world = World::new().await;
    let first = world.import(json!({"csv": "07911 123457"})).await;
    assert_eq!(first.status, 202, "{:?}", first.body);
    world.work().await;
    let before = world.app.table.clone();
    let preview = world.import(json!({"csv": FILE, "dry_run": true})).await;
    assert_eq!(preview.status, 200, "{:?}", preview.body);
    let body = &preview.body;
    assert_eq!(
        [
            &body["rows"],
            &body["to_add"],
            &body["already_listed"],
            &body["repeated"],
            &body["rejected"]
        ],
        [&json!(5), &json!(2), &json!(1), &json!(1), &json!(1)]
    );
    assert_eq!(
        body["understood"][0],
        json!({"row": 2, "phone": "+447911123456"})
    );
    assert_eq!(body["errors"][0]["row"], 4);
    assert_eq!(body["errors"][0]["given"], "not a number");
    let (listed, _) = world
        .tenant
        .store
        .do_not_call_list(100, None)
        .await
        .unwrap();
    assert_eq!(listed.len(), 1);
    assert!(world.app.queues.take_jobs().is_empty());
    drop(before);
}

#[tokio::test]
async fn an_import_lists_numbers_and_ends_their_calls() {
    let world = World::new().await;
    let (called, other) = (
        world.person("07911 123456").await,
        world.person("07911 200001").await,
    );
    let received = world.import(json!({"csv": FILE})).await;
    assert_eq!(received.status, 202, "{:?}", received.body);
    assert_eq!(received.body["status"], "running");
    assert_eq!(received.body["total_rows"], 5);
    let id = received.body["job_id"].as_str().unwrap().to_owned();
    assert_eq!(
        received.header("location"),
        Some(format!("/api/jobs/{id}").as_str())
    );
    world.work().await;
    let job = world.job(&id).await;
    assert_eq!(job["status"], "completed");
    assert_eq!(
        job["summary"],
        json!({"added": 3, "already_listed": 0, "repeated": 1, "rejected": 1})
    );
    assert_eq!(job["progress"], 1.0);
    assert!(!world.planned(called).await);
    assert!(world.planned(other).await);
    let (listed, _) = world
        .tenant
        .store
        .do_not_call_list(100, None)
        .await
        .unwrap();
    assert_eq!(listed.len(), 3);
    let reasons: Vec<_> = listed
        .iter()
        .filter_map(|entry| entry.reason.as_ref())
        .map(|reason| reason.as_str())
        .collect();
    assert_eq!(reasons, ["Asked at the desk."]);

    // What was not taken can be corrected and comes again; the rest of the file adds nothing twice.
    let path = job["errors"].as_str().unwrap();
    let errors = world.server.get(path, &world.tenant.admin.token).await;
    assert_eq!(errors.status, 200);
    assert_eq!(
        errors.header("content-type"),
        Some("text/csv; charset=utf-8")
    );
    let id = job["job_id"].as_str().unwrap().parse().unwrap();
    let rejected = world.tenant.store.rejected_rows(id).await.unwrap();
    let kept: Vec<_> = rejected
        .iter()
        .map(|row| (row.given.as_str(), row.reason.as_deref()))
        .collect();
    assert_eq!(kept, [("not a number", Some("Rang us."))]);
    let again = world.import(json!({"csv": FILE})).await;
    world.work().await;
    let again = world.job(again.body["job_id"].as_str().unwrap()).await;
    assert_eq!(
        again["summary"],
        json!({"added": 0, "already_listed": 3, "repeated": 1, "rejected": 1})
    );
}

#[tokio::test]
async fn a_crash_in_a_part_counts_and_adds_nothing_twice() {
    let world = World::new().await;
    let called = world.person("07911 000007").await;
    let rows: String = (0..2_500).map(|n| format!("07911 {n:06}\n")).collect();
    let received = world.import(json!({"csv": rows})).await;
    let id: JobId = received.body["job_id"].as_str().unwrap().parse().unwrap();
    let ts = &world.tenant.store;
    // The first part is done, and the worker dies before it writes so.
    let taken = ts.take_job(id).await.unwrap().unwrap();
    assert_eq!(taken.parts, 2);
    let country = vio_domain::phone::Country::GB;
    let actor = Actor::system("test");
    let stale = vio_store::jobs::JobRow {
        version: taken.version - 1,
        ..taken
    };
    let lost = ts.import_next_part(stale, country, &actor).await.unwrap();
    assert!(lost.is_none());
    // While its lease lasts nobody takes the job; then the tick hands it on.
    world.work().await;
    assert_eq!(
        ts.job(id).await.unwrap().unwrap().status,
        JobStatus::Running
    );
    world.app.advance(chrono::TimeDelta::seconds(61));
    let ticked = vio_reminders::tick(&world.app.app).await.unwrap();
    assert_eq!(ticked.jobs, 1);
    world.work().await;
    let job = world.job(&id.to_string()).await;
    assert_eq!(job["status"], "completed");
    assert_eq!(job["summary"]["added"], 2_500, "{job}");
    assert_eq!(job["done_rows"], 2_500);
    assert!(!world.planned(called).await);
    // A late message changes nothing.
    let message = JobMessage {
        tenant: ts.id,
        job: id,
    };
    crate::process(&world.app.app, message).await.unwrap();
    assert_eq!(world.job(&id.to_string()).await, job);
}

#[tokio::test]
async fn a_large_file_comes_in_pieces_and_stops_when_cancelled() {
    let world = World::new().await;
    let first = world
        .import(json!({"csv": "07911 123456\n", "more": true}))
        .await;
    assert_eq!(first.body["status"], "receiving");
    assert!(world.app.queues.take_jobs().is_empty());
    let id = first.body["job_id"].as_str().unwrap().to_owned();
    let rest = world
        .import(json!({"csv": "07911 123457\nx\n", "job_id": id}))
        .await;
    assert_eq!(
        (&rest.body["status"], &rest.body["total_rows"]),
        (&json!("running"), &json!(3))
    );
    let late = world
        .import(json!({"csv": "07911 123458", "job_id": id}))
        .await;
    assert_eq!(late.status, 409);
    world.work().await;
    let job = world.job(&id).await;
    assert_eq!(job["summary"]["added"], 2);
    let rejected = world
        .tenant
        .store
        .rejected_rows(id.parse().unwrap())
        .await
        .unwrap();
    assert_eq!(rejected[0].row, 3, "rows are numbered through the pieces");

    let other = world.import(json!({"csv": "07911 123459"})).await;
    let other = other.body["job_id"].as_str().unwrap();
    let path = format!("/api/jobs/{other}/cancel");
    let token = &world.tenant.admin.token;
    let cancelled = world.server.post(&path, token, json!({})).await;
    assert_eq!(cancelled.body["status"], "cancelled");
    world.work().await;
    let (listed, _) = world
        .tenant
        .store
        .do_not_call_list(100, None)
        .await
        .unwrap();
    assert_eq!(listed.len(), 2);
    // The newest first; staff see their own.
    let list = world.server.get("/api/jobs", token).await;
    assert_eq!(list.body["jobs"].as_array().unwrap().len(), 2);
    assert_eq!(list.body["jobs"][0]["job_id"], other);
    let basic = world.app.staff(&world.tenant, Preset::BasicStaff).await;
    let list = world.server.get("/api/jobs", &basic.token).await;
    assert_eq!(list.body["jobs"], json!([]));
    let path = format!("/api/jobs/{id}");
    assert_eq!(world.server.get(&path, &basic.token).await.status, 404);
    let refused = world
        .server
        .post("/api/dnc/import", &basic.token, json!({"csv": "1"}))
        .await;
    assert_eq!(refused.status, 403);
}

#[tokio::test]
async fn what_cannot_be_read_is_refused() {
    let world = World::new().await;
    for (csv, code) in [("", "empty"), ("name,city\nAda,London\n", "no_numbers")] {
        let refused = world.import(json!({"csv": csv})).await;
        assert_eq!(refused.status, 422, "{csv:?}");
        assert_eq!(refused.body["errors"][0]["code"], code);
    }
}

#[tokio::test]
async fn a_number_taken_off_plans_anew_even_after_a_crash() {
    let world = World::new().await;
    let person = world.person("07911 123456").await;
    world.import(json!({"csv": "07911 123456"})).await;
    world.work().await;
    assert!(!world.planned(person).await);
    let ts = &world.tenant.store;
    let (listed, _) = ts.do_not_call_list(10, None).await.unwrap();
    let reason = "Listed by mistake.".parse().unwrap();
    let removed = ts
        .remove_do_not_call(listed[0].row.id, Some(&reason), &Actor::system("test"))
        .await
        .unwrap();
    assert!(removed.flatten().is_some());
    // The process died here; the tick hands the rest on.
    let ticked = vio_reminders::tick(&world.app.app).await.unwrap();
    assert_eq!(ticked.jobs, 1);
    world.work().await;
    assert!(world.planned(person).await);
    assert_eq!(vio_reminders::tick(&world.app.app).await.unwrap().jobs, 0);
}

const SAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../events/jobs");

#[tokio::test]
async fn samples_are_answered() {
    let world = World::new().await;
    let first = world.import(json!({"csv": "07911 123456\nx\n"})).await;
    let job = first.body["job_id"].as_str().unwrap();
    world.work().await;
    let contact = world.person("07911 200009").await;
    let group = bulk::group(&world, "Samples", &[contact]).await.to_string();
    let undoable = bulk::edit(&world, &[contact], json!({"owner_name": "Jo"})).await;
    let (routes, document) = crate::router(world.app.app.clone());
    let service = vio_http::service(routes, world.app.app.shared());
    let files = std::fs::read_dir(SAMPLES).unwrap();
    let mut files: Vec<_> = files.map(|file| file.unwrap().path()).collect();
    // Something is there to undo.
    files.sort();
    let mut answered = 0;
    for path in files {
        let event = std::fs::read_to_string(&path)
            .unwrap()
            .replace("{token}", &world.tenant.admin.token)
            .replace("{job_id}", job)
            .replace("{contact_id}", &contact.to_string())
            .replace("{group_id}", group.as_str())
            .replace("{undoable_id}", undoable.body["job_id"].as_str().unwrap());
        let event: Value = serde_json::from_str(&event).unwrap();
        let context = lambda_http::Context::default();
        let answer = crate::invoke(&world.app.app, &service, event, context)
            .await
            .unwrap();
        let name = path.file_stem().unwrap().to_str().unwrap();
        let wanted = if name == "import" { 202 } else { 200 };
        assert_eq!(answer["statusCode"], wanted, "{name}: {answer}");
        answered += 1;
    }
    assert_eq!(answered, 13);
    // The other kind of event: a batch of the queue.
    let message = world.app.queues.take_jobs().remove(0);
    let batch =
        json!({"Records": [{"messageId": "1", "body": serde_json::to_string(&message).unwrap()}]});
    let context = lambda_http::Context::default();
    let answer = crate::invoke(&world.app.app, &service, batch, context)
        .await
        .unwrap();
    assert_eq!(answer["batchItemFailures"], json!([]));
    let merged = vio_http::openapi::merge([document]).unwrap();
    let missing: Vec<_> = vio_http::openapi::undocumented(&merged)
        .into_iter()
        .filter(|route| {
            let of_group = route.path.starts_with("/api/groups") && route.path.contains("/bulk");
            of_group || route.path.starts_with("/api/jobs") || route.path == "/api/dnc/import"
        })
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}
