//! Lists and searches over 100,000 contacts through the whole product: HTTP on the local host, one client and sixteen,
//! and what a list takes right after a bulk edit of 10,000. The engine alone, beside PostgreSQL, is measured by
//! `vio-view`'s own example.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::future::try_join_all;
use reqwest::Method;
use serde::Serialize;
use serde_json::{Value, json};

use vio_domain::ids::TenantId;
use vio_local::{Host, HostOptions};
use vio_store::TenantStore;
use vio_store::objects::{ObjectError, ObjectName, Objects, Put};
use vio_store::view::OVERLAP_SECONDS;
use vio_views::{Limits, Views};

use crate::groups::{self, Groups};
use crate::latency::{Client, signed_in, signed_in_again};
use crate::stats::Summary;
use crate::{BenchError, Context};

/// Contacts of the tenant, unless the command says otherwise.
pub const CONTACTS: usize = 100_000;
/// Clients at once.
pub const CLIENTS: usize = 16;
/// Requests by each of them.
const EACH: usize = 60;
/// Requests that a tenant may make in a minute (S0): as fast as so many clients of one tenant are let.
const ADMITTED: u32 = 1_000;
/// Contacts of the bulk edit, and how many of them a request can name.
pub const EDITED: usize = 10_000;
/// Lists after it.
const AFTER: usize = 40;
/// When the change log has nothing recent any more.
const SETTLED_AFTER: Duration = Duration::from_secs(OVERLAP_SECONDS.unsigned_abs() + 5);
/// The most that the bulk edit may take.
const EDITED_WITHIN: Duration = Duration::from_secs(600);

/// Kinds of requests, by a name of each.
const KINDS: [(&str, &str); 8] = [
    ("first page", "/contacts"),
    (
        "by name, page 200",
        "/contacts?sort=name&page=200&page_size=25",
    ),
    ("search, rare", "/contacts?search=zebulon"),
    ("search, common", "/contacts?search=an"),
    ("phone", "/contacts?search=07400%20900"),
    (
        "status, this week",
        "/contacts?status=pending,confirmed&appointment=this_week",
    ),
    ("due today", "/contacts?call=due_today&ungrouped=true"),
    (
        "soonest first",
        "/contacts?sort=appointment_time&page_size=100",
    ),
];

/// The time until the first byte of an object in the bucket comes, and how many come in a second: what a function in
/// the same region sees of S3, roughly.
const FIRST_BYTE: Duration = Duration::from_millis(30);
const BYTES_PER_SECOND: f64 = 90e6;
/// Views loaded from the snapshot.
const LOADS: usize = 9;

/// What lists took.
#[derive(Debug, Clone, Serialize)]
pub struct Lists {
    pub contacts: usize,
    /// Seconds until the contacts were there.
    pub seeding: f64,
    /// Milliseconds of the first list, which finds no view and no snapshot.
    pub first: f64,
    /// One client: by kind.
    pub alone: Vec<(String, Summary)>,
    /// Sixteen at once, all kinds in turn.
    pub together: Option<Summary>,
    /// The same sixteen, together as fast as S0 lets a tenant ask.
    pub admitted: Option<Summary>,
    /// The bulk edit: contacts, seconds.
    pub edit: Option<(u64, f64)>,
    /// Groups of some of the contacts.
    pub groups: Option<Groups>,
    /// Lists by one client right after it.
    pub after_edit: Option<Summary>,
    /// A view loaded from its snapshot and brought up to date, with the embedded bucket as it is, and with S3's latency.
    pub cold: Option<[Summary; 2]>,
}

/// Starts a local host, fills it, and asks.
pub async fn measure(
    contacts: usize,
    failures: &mut Vec<String>,
    say: impl Fn(&str),
) -> Option<Lists> {
    let options = HostOptions::ephemeral();
    let lists = match Host::start(options).await.context("the local host") {
        Ok(host) => {
            let lists = asked(&host, contacts, failures, say).await;
            host.shutdown().await;
            lists
        }
        Err(error) => Err(error),
    };
    match lists {
        Ok(lists) => Some(lists),
        Err(error) => {
            failures.push(format!("lists: {}", error.chain()));
            None
        }
    }
}

/// The bucket as far away as S3.
struct Far(Arc<dyn Objects>);

#[async_trait::async_trait]
impl Objects for Far {
    async fn put_if_absent(&self, name: &ObjectName, bytes: Vec<u8>) -> Result<Put, ObjectError> {
        self.0.put_if_absent(name, bytes).await
    }

    async fn get(&self, name: &ObjectName) -> Result<Option<Vec<u8>>, ObjectError> {
        tokio::time::sleep(FIRST_BYTE).await;
        let bytes = self.0.get(name).await?;
        let length = bytes.as_ref().map_or(0, Vec::len);
        tokio::time::sleep(Duration::from_secs_f64(length as f64 / BYTES_PER_SECOND)).await;
        Ok(bytes)
    }

    async fn delete(&self, name: &ObjectName) -> Result<(), ObjectError> {
        self.0.delete(name).await
    }
}

/// Loads the tenant's view from its snapshot again and again.
async fn loads(
    host: &Host,
    objects: Arc<dyn Objects>,
    tenant: &TenantStore,
) -> Result<Summary, BenchError> {
    let mut times = Vec::new();
    for _ in 0..LOADS {
        let clock = host.app().real_clock.clone();
        let views = Views::new(objects.clone(), clock, Limits::default());
        let began = Instant::now();
        views.current(tenant).await.context("loading the view")?;
        times.push(began.elapsed());
    }
    Summary::of(&times).ok_or_else(|| BenchError::new("nothing was loaded"))
}

async fn cold(host: &Host, tenant: &str) -> Result<[Summary; 2], BenchError> {
    let id: TenantId = tenant.parse().context("the tenant's id")?;
    let store = host.app().store.tenant(id).await.context("the tenant")?;
    let store = store.ok_or_else(|| BenchError::new("the tenant is gone"))?;
    let objects = host.webhooks().objects.clone();
    let began = Instant::now();
    while store
        .snapshot_row()
        .await
        .context("the snapshot")?
        .is_none()
    {
        if began.elapsed() > EDITED_WITHIN {
            return Err(BenchError::new("no snapshot was written"));
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    Ok([
        loads(host, objects.clone(), &store).await?,
        loads(host, Arc::new(Far(objects)), &store).await?,
    ])
}

async fn asked(
    host: &Host,
    contacts: usize,
    failures: &mut Vec<String>,
    say: impl Fn(&str),
) -> Result<Lists, BenchError> {
    let base = format!("{}/api", host.base_url());
    let token = signed_in(&base, 0).await?;
    let client = Client::new(base.clone(), Some(token), 0)?;
    let (me, _) = client.send(Method::GET, "/users/profile", None).await?;
    let tenant = me["tenant_id"]
        .as_str()
        .ok_or_else(|| BenchError::new("a profile without a tenant"))?;
    let dev = Client::new(host.base_url(), None, 0)?;
    let wanted = json!({ "contacts": contacts, "tenant_id": tenant });
    let (_, seeding) = dev.send(Method::POST, "/dev/seed", Some(&wanted)).await?;
    say(&format!(
        "{contacts} contacts in {:.0} s",
        seeding.as_secs_f64()
    ));
    let token = signed_in_again(&base, 0).await?;
    let client = Client::new(base.clone(), Some(token.clone()), 0)?;
    let began = Instant::now();
    let total = loop {
        match client.send(Method::GET, "/contacts", None).await {
            Ok((page, _)) => break page["pagination"]["total_contacts"].as_u64(),
            // A view of this size can take longer to build than a request waits.
            Err(error) if began.elapsed() > EDITED_WITHIN => return Err(error),
            Err(_) => tokio::time::sleep(Duration::from_secs(1)).await,
        }
    };
    let first = began.elapsed().as_secs_f64() * 1_000.0;
    say(&format!(
        "first list after {first:.0} ms: {total:?} contacts"
    ));
    // What was just written is read again once a second until it is too old to be joined by what was committed late: that
    // belongs to the edit below, not to a view that is warm.
    tokio::time::sleep(SETTLED_AFTER).await;
    let mut alone = Vec::new();
    for (name, path) in KINDS {
        let times = repeated(&client, path, 30).await?;
        alone.extend(Summary::of(&times).map(|summary| (name.to_owned(), summary)));
    }
    let clients: Vec<Client> = (0..CLIENTS)
        .map(|n| Client::new(base.clone(), Some(token.clone()), n))
        .collect::<Result<_, _>>()?;
    let together = sixteen(&clients, None).await?;
    say("sixteen clients asked, each as soon as it had its answer");
    let turn = Duration::from_secs(60) * u32::try_from(CLIENTS).unwrap_or(1) / ADMITTED;
    let admitted = sixteen(&clients, Some(turn)).await?;
    say("sixteen clients asked, a thousand times a minute");
    let mut lists = Lists {
        contacts,
        seeding: seeding.as_secs_f64(),
        first,
        alone,
        together,
        admitted,
        edit: None,
        groups: None,
        after_edit: None,
        cold: None,
    };
    match cold(host, tenant).await {
        Ok(times) => lists.cold = Some(times),
        Err(error) => failures.push(format!("loading a view: {}", error.chain())),
    }
    let token = signed_in_again(&base, 0).await?;
    let client = Client::new(base.clone(), Some(token), 0)?;
    let ids = some_of_them(&client).await?;
    match groups::measure(&client, &ids).await {
        Ok(groups) => lists.groups = Some(groups),
        Err(error) => failures.push(format!("groups: {}", error.chain())),
    }
    say("groups made, filled and listed");
    let token = signed_in_again(&base, 0).await?;
    let client = Client::new(base, Some(token), 0)?;
    match edited(&client, &ids).await {
        Ok(edit) => {
            lists.edit = Some(edit);
            let times = repeated(&client, "/contacts", AFTER).await?;
            lists.after_edit = Summary::of(&times);
        }
        Err(error) => failures.push(format!("a bulk edit: {}", error.chain())),
    }
    Ok(lists)
}

/// What lists take for all clients together, all kinds in turn. Each asks as soon as it has its answer, or once in each
/// `turn`, the clients one after the other.
async fn sixteen(
    clients: &[Client],
    turn: Option<Duration>,
) -> Result<Option<Summary>, BenchError> {
    let times = try_join_all(clients.iter().enumerate().map(|(n, client)| async move {
        let mut times = Vec::new();
        let share = turn.unwrap_or_default() / u32::try_from(CLIENTS).unwrap_or(1);
        tokio::time::sleep(share * u32::try_from(n).unwrap_or(0)).await;
        let mut turns = turn.map(tokio::time::interval);
        for i in 0..EACH {
            if let Some(turns) = &mut turns {
                turns.tick().await;
            }
            let (_, path) = KINDS[(n + i) % KINDS.len()];
            times.extend(repeated(client, path, 1).await?);
        }
        Ok::<_, BenchError>(times)
    }));
    Ok(Summary::of(&times.await?.concat()))
}

async fn repeated(client: &Client, path: &str, count: usize) -> Result<Vec<Duration>, BenchError> {
    let mut times = Vec::with_capacity(count);
    for _ in 0..count {
        times.push(client.timed(path).await?);
    }
    Ok(times)
}

/// The first so many contacts by name that a bulk operation takes.
async fn some_of_them(client: &Client) -> Result<Vec<String>, BenchError> {
    let pages =
        (1..=EDITED / 100).map(|page| format!("/contacts?sort=name&page_size=100&page={page}"));
    let mut ids = Vec::new();
    for path in pages {
        let (page, _) = client.send(Method::GET, &path, None).await?;
        let rows = page["contacts"].as_array().into_iter().flatten();
        ids.extend(rows.filter_map(|row| row["id"].as_str().map(str::to_owned)));
    }
    Ok(ids)
}

/// Gives contacts another priority; how many, and in how many seconds.
async fn edited(client: &Client, ids: &[String]) -> Result<(u64, f64), BenchError> {
    let body = json!({
        "operation": "edit",
        "selection": { "ids": ids },
        "field_updates": { "priority": "high" },
    });
    let began = Instant::now();
    let (job, _) = client
        .send(Method::POST, "/contacts/bulk", Some(&body))
        .await?;
    let done = completed(client, &job).await?;
    Ok((done, began.elapsed().as_secs_f64()))
}

/// Waits for a job; how many rows it did.
pub(crate) async fn completed(client: &Client, job: &Value) -> Result<u64, BenchError> {
    let id = job["job_id"]
        .as_str()
        .ok_or_else(|| BenchError::new(format!("no job: {job}")))?;
    let began = Instant::now();
    loop {
        let (job, _) = client
            .send(Method::GET, &format!("/jobs/{id}"), None)
            .await?;
        if job["status"] == "completed" {
            return Ok(job["done_rows"].as_u64().unwrap_or_default());
        }
        if began.elapsed() > EDITED_WITHIN || job["status"] == "failed" {
            return Err(BenchError::new(format!("the job: {job}")));
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}
