//! The function `view` over the real SDK and the embedded services: snapshots in the bucket, changes in the table. Each
//! process here has views of its own, as one on Lambda has.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use axum::Router;
use axum::body::Body;
use http::{Method, Request};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tower::ServiceExt;
use vio_local::{Host, HostOptions};
use vio_store::TenantStore;
use vio_store::meter::Meter;
use vio_store::objects::{ObjectError, ObjectName, Objects, Put};
use vio_store::view::SnapshotRow;
use vio_views::{Limits, ViewApp, Views};

const PASSWORD: &str = "Correct-Horse-9-Battery";
/// Longer than anything here takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// The bucket, watched and held up.
struct Bucket {
    inner: Arc<dyn Objects>,
    /// Objects that were there when they were asked for.
    got: AtomicUsize,
    /// One permit for each object that may be written; without them a process ends in the middle of writing.
    may_put: Semaphore,
}

#[async_trait]
impl Objects for Bucket {
    async fn put_if_absent(&self, name: &ObjectName, bytes: Vec<u8>) -> Result<Put, ObjectError> {
        let put = self.inner.put_if_absent(name, bytes).await?;
        self.may_put.acquire().await.unwrap().forget();
        Ok(put)
    }

    async fn get(&self, name: &ObjectName) -> Result<Option<Vec<u8>>, ObjectError> {
        let got = self.inner.get(name).await?;
        self.got
            .fetch_add(usize::from(got.is_some()), Ordering::SeqCst);
        Ok(got)
    }

    async fn delete(&self, name: &ObjectName) -> Result<(), ObjectError> {
        self.inner.delete(name).await
    }
}

/// One process.
struct Process {
    bucket: Arc<Bucket>,
    routes: Router,
    token: String,
}

impl Process {
    async fn list(&self, body: Value) -> Value {
        let request = Request::builder()
            .method(Method::POST)
            .uri("/api/contacts/search")
            .header("authorization", format!("Bearer {}", self.token))
            .header("content-type", "application/json")
            .body(Body::from(body.to_string()))
            .unwrap();
        let answer = self.routes.clone().oneshot(request).await.unwrap();
        let status = answer.status();
        let bytes = answer.into_body().collect().await.unwrap().to_bytes();
        let list: Value = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(status, 200, "{list}");
        list
    }

    async fn search(&self, body: Value) -> BTreeSet<String> {
        let list = self.list(body).await;
        let contacts = list["contacts"].as_array().unwrap();
        let id = |contact: &Value| contact["id"].as_str().unwrap().to_owned();
        let found: BTreeSet<String> = contacts.iter().map(id).collect();
        assert_eq!(list["facets"]["total"], found.len());
        found
    }

    /// The read units of a list of ten.
    async fn units_of_list(&self, meter: &Meter) -> f64 {
        meter.take();
        self.list(json!({ "page_size": 10 })).await;
        meter.take().read
    }

    async fn all(&self) -> BTreeSet<String> {
        self.search(json!({ "page_size": 100 })).await
    }

    fn got(&self) -> usize {
        self.bucket.got.load(Ordering::SeqCst)
    }
}

struct Clinic {
    host: Host,
    http: reqwest::Client,
    tenant: TenantStore,
    token: String,
}

impl Clinic {
    /// A business with so many contacts.
    async fn of(contacts: u32) -> Self {
        let host = Host::start(HostOptions {
            ticks: false,
            ..HostOptions::ephemeral()
        });
        let host = host.await.unwrap();
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let post = async |path: &str, body: Value| -> Value {
            let url = format!("{}{path}", host.base_url());
            let answer = http.post(url).json(&body).send().await.unwrap();
            assert!(answer.status().is_success(), "{path}: {}", answer.status());
            answer.json().await.unwrap()
        };
        let admin =
            json!({ "full_name": "Ann Admin", "email": "ann@example.com", "password": PASSWORD });
        let body =
            json!({ "business_name": "Corner Salon", "business_type": "salon", "admin": admin });
        let tenant = post("/api/tenants", body).await["tenant_id"].clone();
        let body = json!({ "email": "ann@example.com", "password": PASSWORD });
        let token = post("/api/auth/sign-in", body).await["access_token"].clone();
        if contacts > 0 {
            let body = json!({ "contacts": contacts, "tenant_id": tenant });
            post("/dev/seed", body).await;
        }
        let tenant = tenant.as_str().unwrap().parse().unwrap();
        let tenant = host.app().store.tenant(tenant).await.unwrap().unwrap();
        Self {
            token: token.as_str().unwrap().to_owned(),
            host,
            http,
            tenant,
        }
    }

    /// A process that saves after so many changes, and may write so many objects.
    fn process(&self, changes: usize, objects: usize) -> Process {
        let app = self.host.app().clone();
        let bucket = Arc::new(Bucket {
            inner: self.host.webhooks().objects.clone(),
            got: AtomicUsize::new(0),
            may_put: Semaphore::new(objects),
        });
        let limits = Limits {
            changes,
            ..Limits::default()
        };
        let views = Views::new(bucket.clone(), app.real_clock.clone(), limits);
        let shared = app.shared();
        let routes = vio_views::router(ViewApp { app, views }).0;
        Process {
            bucket,
            routes: vio_http::service(routes, shared),
            token: self.token.clone(),
        }
    }

    /// One that never saves.
    fn reader(&self) -> Process {
        self.process(usize::MAX, 0)
    }

    async fn api(&self, method: Method, path: &str, body: Value) -> Value {
        let url = format!("{}{path}", self.host.base_url());
        let request = self.http.request(method, url).bearer_auth(&self.token);
        let answer = request.json(&body).send().await.unwrap();
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
        answer.json().await.unwrap_or_default()
    }

    async fn contact(&self, name: &str, number: u32) -> String {
        let body = json!({ "name": name, "phone": format!("07912346{number:03}") });
        let made = self.api(Method::POST, "/api/contacts", body).await;
        made["id"].as_str().unwrap().to_owned()
    }

    /// The record of a snapshot with at least this version, once there is one.
    async fn snapshot(&self, version: u64) -> SnapshotRow {
        let begun = Instant::now();
        loop {
            let row = self.tenant.snapshot_row().await.unwrap();
            if let Some(row) = row.filter(|row| row.version >= version) {
                return row;
            }
            assert!(begun.elapsed() < PATIENCE, "no snapshot {version}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Puts something else in the place of a snapshot, or nothing.
    async fn damage(&self, row: &SnapshotRow, change: impl FnOnce(Vec<u8>) -> Option<Vec<u8>>) {
        let s3 = self.host.stack().s3();
        let buckets = s3.list_buckets().send().await.unwrap();
        let key = row.name().to_string();
        let mut damaged = false;
        for bucket in buckets.buckets().iter().filter_map(|bucket| bucket.name()) {
            let object = s3.get_object().bucket(bucket).key(&key).send().await;
            let Ok(object) = object else { continue };
            let bytes = object.body.collect().await.unwrap().into_bytes();
            match change(bytes.to_vec()) {
                Some(bytes) => {
                    let put = s3.put_object().bucket(bucket).key(&key);
                    put.body(bytes.into()).send().await.unwrap();
                }
                None => {
                    let delete = s3.delete_object().bucket(bucket).key(&key);
                    delete.send().await.unwrap();
                }
            }
            damaged = true;
            break;
        }
        assert!(damaged, "{key} is in no bucket");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_snapshot_is_never_served_and_made_anew_beside_the_readers() {
    let clinic = Clinic::of(40).await;
    let warm = clinic.process(1, 1);
    let everybody = warm.all().await;
    assert_eq!(everybody.len(), 40);
    let mut row = clinic.snapshot(1).await;
    let second = clinic.reader();
    assert_eq!((second.all().await.len(), second.got()), (40, 1));
    type Damage = fn(Vec<u8>) -> Option<Vec<u8>>;
    let ways: [(&str, Damage); 5] = [
        ("a bit", |mut bytes| {
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
            Some(bytes)
        }),
        ("half of it", |mut bytes| {
            bytes.truncate(bytes.len() / 2);
            Some(bytes)
        }),
        ("the last byte", |mut bytes| {
            bytes.pop();
            Some(bytes)
        }),
        ("nothing in it", |_| Some(Vec::new())),
        ("gone", |_| None),
    ];
    for (what, damage) in ways {
        clinic.damage(&row, damage).await;
        let fresh = clinic.process(usize::MAX, 1);
        let (anew, beside) = tokio::join!(fresh.all(), warm.all());
        assert_eq!(anew, everybody, "{what}");
        assert_eq!(beside, everybody, "{what}: who has a view reads on");
        row = clinic.snapshot(row.version + 1).await;
        let third = clinic.reader();
        assert_eq!(third.all().await, everybody, "{what}");
        assert_eq!(third.got(), 1, "{what}: the new one opens");
        assert_eq!(
            clinic.tenant.snapshot_row().await.unwrap().unwrap().version,
            row.version,
            "{what}"
        );
    }
    clinic.host.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_that_is_being_written_holds_nobody_up_and_is_none_until_it_is_named() {
    let clinic = Clinic::of(5).await;
    // The object is there, and its writer ends before it is named.
    let ends = clinic.process(1, 0);
    assert_eq!(ends.all().await.len(), 5);
    let mut expected = ends.all().await;
    for number in 0..3 {
        expected.insert(clinic.contact("Nora Late", number).await);
        let listed = tokio::time::timeout(PATIENCE / 2, ends.all()).await;
        assert_eq!(listed.unwrap(), expected, "while it is being written");
    }
    assert!(clinic.tenant.snapshot_row().await.unwrap().is_none());
    let other = clinic.process(1, 1);
    assert_eq!((other.all().await, other.got()), (expected.clone(), 0));
    let row = clinic.snapshot(1).await;
    // It goes on after all, with a view that is older than the one that is named by now.
    ends.bucket.may_put.add_permits(1);
    tokio::time::sleep(Duration::from_millis(300)).await;
    let now = clinic.snapshot(1).await;
    assert!(now.version == row.version || now.complete_to >= row.complete_to);
    let fresh = clinic.reader();
    assert_eq!((fresh.all().await, fresh.got()), (expected, 1));
    clinic.host.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_written_is_in_the_next_list_of_every_process() {
    let clinic = Clinic::of(10).await;
    let (one, two) = (clinic.process(1, 100), clinic.reader());
    let mut expected = one.all().await;
    assert_eq!(two.all().await, expected);
    for number in 0..8 {
        let id = clinic.contact("Mira Ascending", number).await;
        expected.insert(id.clone());
        let (first, second) = tokio::join!(one.all(), two.all());
        assert_eq!((&first, &second), (&expected, &expected), "made");
        let path = format!("/api/contacts/{id}");
        let change = json!({ "notes": format!("marmalade {number} toast") });
        clinic.api(Method::PATCH, &path, change).await;
        let sought = json!({ "search": format!("\"marmalade {number} toast\"") });
        for process in [&one, &two] {
            let found = process.search(sought.clone()).await;
            assert_eq!(found, BTreeSet::from([id.clone()]), "changed");
        }
        if number % 2 == 0 {
            clinic.api(Method::DELETE, &path, json!({})).await;
            expected.remove(&id);
            let (first, second) = tokio::join!(one.all(), two.all());
            assert_eq!((&first, &second), (&expected, &expected), "deleted");
        }
        let fresh = clinic.reader();
        assert_eq!(fresh.all().await, expected, "a new process");
    }
    clinic.host.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_changes_are_not_read_again_for_each_list() {
    let clinic = Clinic::of(300).await;
    let process = clinic.reader();
    process.list(json!({ "page_size": 10 })).await;
    // Too old to have just turned up, and too young for it to be certain that all of that time has.
    tokio::time::sleep(Duration::from_secs(6)).await;
    let meter = clinic.host.meter();
    let whole = process.units_of_list(meter).await;
    let mut recent = f64::INFINITY;
    for _ in 0..10 {
        recent = recent.min(process.units_of_list(meter).await);
    }
    println!("{whole} units, then {recent}");
    assert!(recent * 2.0 < whole, "{whole} units, then {recent}");
    clinic.host.shutdown().await;
}
