//! Whatever is sent, the answer is a refusal that says where it is wrong: bodies, fields, parameters, ids and headers
//! that are broken in every way the document lets one think of, and by chance on top (`VIO_FUZZ_SEED` repeats a run).
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout
)]

mod bodies;
mod chance;
mod fields;
mod forms;
mod headers;
mod places;

use std::time::Instant;

use futures::future::join_all;
use serde_json::Value;
use vio_local::{Host, HostOptions};
use vio_sandbox::{calendly_delivery, retell_signature, signed_delivery};
use vio_tests::contract::world::{CALCOM_SECRET, CALENDLY_KEY, PASSWORD, RETELL_KEY, morning};
use vio_tests::contract::{Answer, Api, Ask, Document, Findings, Operation, World, judge};

/// Part of every value that is sent; no answer may repeat it.
pub(crate) const CANARY: &str = "Qx7canary";

/// Businesses that share the requests: each may make a thousand a minute (S0).
const BUSINESSES: usize = 10;

/// What every part works with.
pub(crate) struct Stage {
    pub(crate) api: Api,
    pub(crate) document: Document,
    pub(crate) found: Findings,
}

/// One operation with somebody who may use it on records that are there.
pub(crate) struct Target<'a> {
    pub(crate) stage: &'a Stage,
    pub(crate) world: &'a World,
    pub(crate) operation: &'a Operation,
    pub(crate) values: Vec<String>,
    example: Option<Value>,
}

impl<'a> Target<'a> {
    /// The operation with new records for its path, and an example that is right but for what a test breaks.
    pub(crate) async fn new(
        stage: &'a Stage,
        world: &'a World,
        operation: &'a Operation,
    ) -> Result<Self, String> {
        let mut example = world.example(operation, &world.admin).await?;
        if let Some(body) = &mut example
            && body["current_password"].is_string()
        {
            body["current_password"] = PASSWORD.into();
        }
        Ok(Self {
            stage,
            world,
            operation,
            values: world
                .values(&operation.path, &operation.placeholders(), &world.admin)
                .await?,
            example,
        })
    }

    /// A request to it that is right, but for its body.
    pub(crate) fn ask(&self) -> Ask {
        let mut ask = Ask::to(self.operation, &self.values);
        if self.operation.needs_session() {
            ask = ask.token(&self.world.admin.token);
        }
        if self.requires_if_match() {
            ask = ask.header("if-match", "*");
        }
        ask
    }

    fn requires_if_match(&self) -> bool {
        let mut headers = self.operation.parameters("header");
        headers.any(|header| header["name"] == "If-Match" && header["required"] == true)
    }

    /// The operation's example.
    pub(crate) fn example(&self) -> Value {
        self.example.clone().expect("an example")
    }

    /// Whether a provider signs its bodies.
    pub(crate) fn is_signed(&self) -> bool {
        self.operation.path.starts_with("/api/webhook/")
    }

    /// The request with a body, signed where that is what lets it in.
    pub(crate) fn with_body(&self, body: Vec<u8>, kind: Option<&str>) -> Ask {
        let mut ask = self.ask();
        let now = chrono::Utc::now();
        let signed = match self.operation.path.as_str() {
            path if path.contains("calcom-booking") => Some(signed_delivery(CALCOM_SECRET, &body)),
            path if path.contains("calendly-booking") => {
                Some(calendly_delivery(CALENDLY_KEY, &body, now.timestamp()))
            }
            _ => None,
        };
        if let Some(headers) = signed {
            for (name, value) in headers {
                if name != "content-type" {
                    ask = ask.header(name, value);
                }
            }
        } else if self.is_signed() {
            let signature = retell_signature(RETELL_KEY, &body, now.timestamp_millis());
            ask = ask.header("x-retell-signature", signature);
        }
        if let Some(kind) = kind {
            ask = ask.header("content-type", kind);
        }
        ask.body = Some(body);
        ask
    }

    pub(crate) fn with_json(&self, body: impl std::fmt::Display) -> Ask {
        self.with_body(body.to_string().into_bytes(), Some("application/json"))
    }

    /// Sends it; a connection that breaks is a finding.
    pub(crate) async fn send(&self, what: &str, ask: &Ask) -> Option<Answer> {
        match self.stage.api.try_send(ask).await {
            Ok(answer) => Some(answer),
            Err(error) => {
                self.note(what, &format!("no answer: {error}"));
                None
            }
        }
    }

    pub(crate) fn note(&self, what: &str, fault: &str) {
        let fault: String = fault.chars().take(600).collect();
        self.stage
            .found
            .note(format!("{} with {what}: {fault}", self.operation));
    }

    /// Sends what must be refused, with an error at `pointer` where one is given.
    pub(crate) async fn refused(&self, what: &str, ask: &Ask, pointer: Option<&str>) {
        if let Some(answer) = self.send(what, ask).await {
            self.is_refusal(what, &answer, &[400, 413, 415, 422], pointer);
        }
    }

    /// Whether an answer is a refusal with one of these statuses, and keeps the contract.
    pub(crate) fn is_refusal(
        &self,
        what: &str,
        answer: &Answer,
        right: &[u16],
        pointer: Option<&str>,
    ) {
        let status = answer.status.as_u16();
        self.stage.found.tried();
        if !right.contains(&status) {
            return self.note(what, &format!("{status} {}", answer.text));
        }
        self.is_documented(what, answer);
        // What a list may not hold at all is told of the list.
        let at = pointer.map(|at| at.trim_end_matches("/0"));
        let within = |named: &String| {
            let rest = at.and_then(|at| named.strip_prefix(at));
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        if pointer.is_some() && !answer.pointers().iter().any(within) {
            self.note(
                what,
                &format!(
                    "no error at {}: {}",
                    pointer.unwrap_or_default(),
                    answer.text
                ),
            );
        }
    }

    /// Whether an answer keeps the contract and repeats nothing.
    pub(crate) fn is_documented(&self, what: &str, answer: &Answer) {
        for fault in judge::faults(&self.stage.document, self.operation, answer) {
            self.note(what, &fault);
        }
        if answer.status.is_client_error() && answer.text.contains(CANARY) {
            self.note(what, &format!("repeats what was sent: {}", answer.text));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_is_sent_is_refused_in_words() {
    let options = HostOptions {
        ticks: false,
        ..HostOptions::ephemeral()
    };
    let host = Host::start(options).await.unwrap();
    host.clock().move_to(morning(), true).await.unwrap();
    let stage = Stage {
        api: Api::new(&host.base_url()),
        document: Document::generated(),
        found: Findings::default(),
    };
    let mut worlds = Vec::new();
    for at in 0..BUSINESSES {
        worlds.push(World::sign_up(&stage.api, &format!("fuzz-{at}")).await);
    }
    let scratch = World::sign_up(&stage.api, "chance").await;
    let began = Instant::now();
    let operations = stage.document.operations();
    let mut shares: Vec<Vec<Target<'_>>> = worlds.iter().map(|_| Vec::new()).collect();
    for (at, operation) in operations.iter().enumerate() {
        let world = &worlds[at % BUSINESSES];
        match Target::new(&stage, world, operation).await {
            Ok(target) => shares[at % BUSINESSES].push(target),
            Err(missing) => stage.found.note(missing),
        }
    }
    let before = contacts(&worlds).await;
    let every = join_all(shares.iter().map(async |share| {
        for target in share {
            if target.operation.takes_form() {
                forms::broken(target).await;
                continue;
            }
            bodies::broken(target).await;
            fields::wrong(target).await;
            places::wrong(target).await;
            headers::wrong(target).await;
        }
    }));
    tokio::join!(every, chance::anything(&stage, &scratch, &operations));
    for (before, after) in before.iter().zip(contacts(&worlds).await) {
        changed(&stage, before, &after);
    }
    let health = stage.api.send(&Ask::new("GET", "/api/health")).await;
    assert_eq!(health.status, 200);
    println!("{} requests in {:?}", stage.found.count(), began.elapsed());
    host.shutdown().await;
    stage.found.report();
}

/// Notes each contact that is there no more, or another one.
fn changed(stage: &Stage, before: &Value, after: &Value) {
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let (before, after) = (list(before), list(after));
    stage.found.expect(before.len() == after.len(), || {
        format!("{} contacts have become {}", before.len(), after.len())
    });
    for contact in before {
        let now = after.iter().find(|other| other["id"] == contact["id"]);
        stage.found.expect(now == Some(&contact), || {
            format!("a contact was changed: {contact} to {now:?}")
        });
    }
}

/// Every contact of every business, as its administrator sees it.
async fn contacts(worlds: &[World]) -> Vec<Value> {
    let mut all = Vec::new();
    for world in worlds {
        all.push(world.ok("GET", "/api/contacts?page_size=100", None).await["contacts"].clone());
    }
    all
}
