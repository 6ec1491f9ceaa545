//! Units and requests of each operation: the release binaries, event after event, with every service behind a counter.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Serialize;
use serde_json::{Value, json};

use crate::BenchError;
use crate::cloud::{Cloud, Counted};
use crate::cost::{TICK, Trigger, Usage};
use crate::events::{self, HttpEvent};
use crate::function::{Answered, Function, Program};
use crate::latency::{contact, credentials, sign_up};
use crate::tally::{Tally, take};

/// The function crates with the memory that `template.yaml` gives them.
pub const FUNCTIONS: [(&str, u32); 15] = [
    ("identity", 1769),
    ("contacts", 512),
    ("calls", 512),
    ("campaigns", 512),
    ("groups", 512),
    ("jobs", 512),
    ("profile", 512),
    ("view", 1769),
    ("webhooks", 512),
    ("calendar-sync", 512),
    ("live", 256),
    ("messaging", 512),
    ("campaign-worker", 512),
    ("reminders", 256),
    ("projector", 256),
];

/// The release binaries that are there.
pub fn programs(directory: &Path) -> (Vec<Program>, Vec<&'static str>) {
    let mut missing = Vec::new();
    let mut found = Vec::new();
    for (name, memory_mb) in FUNCTIONS {
        let path: PathBuf = directory.join(format!("vio-{name}"));
        if path.is_file() {
            found.push(Program {
                memory_mb,
                ..Program::binary(name, path)
            });
        } else {
            missing.push(name);
        }
    }
    (found, missing)
}

/// One operation as it was counted.
#[derive(Debug, Clone, Serialize)]
pub struct Operation {
    pub name: String,
    pub function: String,
    /// The first of its function's process, with everything it keeps still to be read; else a later one.
    pub first: bool,
    pub asked: Tally,
    pub milliseconds: f64,
    pub usage: Usage,
}

/// Runs operations and counts them.
pub struct Counting<'a> {
    cloud: &'a Cloud,
    counted: Counted,
    environment: BTreeMap<String, String>,
    programs: Vec<Program>,
    running: BTreeMap<String, Function>,
    pub operations: Vec<Operation>,
    /// What could not be done.
    pub failures: Vec<String>,
    token: Option<String>,
}

impl<'a> Counting<'a> {
    pub async fn new(cloud: &'a Cloud, programs: &[Program]) -> Result<Self, BenchError> {
        let counted = Counted::start(cloud.stack()).await?;
        Ok(Self {
            environment: cloud.environment(&counted.endpoints),
            cloud,
            counted,
            programs: programs.to_vec(),
            running: BTreeMap::new(),
            operations: Vec::new(),
            failures: Vec::new(),
            token: None,
        })
    }

    /// The access token of the business that was signed up.
    pub fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    /// Invokes a function, and counts what it asked of AWS. Its process is started when it is first needed; what that
    /// takes is an operation of its own.
    pub async fn invoke(
        &mut self,
        name: &str,
        function: &str,
        trigger: Trigger,
        event: &Value,
    ) -> Result<Answered, BenchError> {
        let program = self
            .programs
            .iter()
            .find(|program| program.name == function);
        let program = program
            .ok_or_else(|| BenchError::new(format!("no binary of {function}")))?
            .clone();
        let first = !self.running.contains_key(function);
        if first {
            take(&self.counted.tally);
            let mut started = Function::start(&program, &self.environment).await?;
            started.ready().await?;
            let took = started.initialisation().unwrap_or_default();
            self.add(
                format!("start of {function}"),
                &program,
                true,
                None,
                took,
                started.log_bytes(),
            );
            self.running.insert(function.to_owned(), started);
        }
        let running = self.running.get_mut(function);
        let running = running.ok_or_else(|| BenchError::new("the function is not running"))?;
        take(&self.counted.tally);
        let logged = running.log_bytes();
        let answered = running.invoke(event).await?;
        // What it writes after its answer is counted with it.
        tokio::time::sleep(Duration::from_millis(10)).await;
        let logged = running.log_bytes() - logged;
        self.add(
            name.to_owned(),
            &program,
            first,
            Some(trigger),
            answered.took,
            logged,
        );
        Ok(answered)
    }

    fn add(
        &mut self,
        name: String,
        program: &Program,
        first: bool,
        trigger: Option<Trigger>,
        took: Duration,
        logged: u64,
    ) {
        let asked = take(&self.counted.tally);
        let usage = match trigger {
            Some(trigger) => Usage::of(trigger, &asked, took, program.memory_mb, logged),
            // A start is billed by its time; it is no request.
            None => Usage {
                invocations: 0.0,
                ..Usage::of(Trigger::Stream, &asked, took, program.memory_mb, logged)
            },
        };
        self.operations.push(Operation {
            name,
            function: program.name.clone(),
            first,
            asked,
            milliseconds: took.as_secs_f64() * 1000.0,
            usage,
        });
    }

    /// An HTTP operation, answered with 2xx.
    pub async fn http(
        &mut self,
        name: &str,
        function: &str,
        event: HttpEvent,
    ) -> Result<Answered, BenchError> {
        let event = event.bearer(self.token.as_deref()).event();
        let answered = self.invoke(name, function, Trigger::Http, &event).await?;
        match answered.status() {
            Some(200..=299) => Ok(answered),
            status => {
                self.operations.pop();
                let body = answered
                    .body
                    .get("body")
                    .and_then(Value::as_str)
                    .unwrap_or_default();
                Err(BenchError::new(format!(
                    "{name}: answered {status:?}: {body}"
                )))
            }
        }
    }

    /// Ends the processes and gives those that are started from now on one more variable.
    pub async fn restart_with(&mut self, name: &str, value: &str) {
        self.end().await;
        self.environment.insert(name.to_owned(), value.to_owned());
    }

    /// Notes a failure and goes on: one part that is not there yet must not hide the others.
    pub fn note<T>(&mut self, what: &str, result: Result<T, BenchError>) -> Option<T> {
        result
            .map_err(|error| self.failures.push(format!("{what}: {}", error.chain())))
            .ok()
    }

    /// Signs a business up and in.
    pub async fn open_business(&mut self) -> Result<(), BenchError> {
        let event = HttpEvent::new("POST", "/api/tenants").json(&sign_up("units"));
        self.http("sign up", "identity", event).await?;
        for _ in 0..2 {
            self.token = None;
            let event = HttpEvent::new("POST", "/api/auth/sign-in").json(&credentials("units"));
            let answered = self.http("sign in", "identity", event).await?.json()?;
            let token = answered.get("access_token").and_then(Value::as_str);
            self.token = Some(token.context_missing("an access token")?);
        }
        Ok(())
    }

    /// Create, read and patch, each often enough that the last finds everything warm.
    pub async fn contacts(&mut self) -> Result<(), BenchError> {
        for number in 0..3 {
            let body = contact(90_000 + number);
            let event = HttpEvent::new("POST", "/api/contacts").json(&body);
            let made = self
                .http("create contact with appointment", "contacts", event)
                .await?
                .json()?;
            let id = made.get("id").and_then(Value::as_str);
            let path = format!("/api/contacts/{}", id.context_missing("an id")?);
            self.http("read contact", "contacts", HttpEvent::new("GET", &path))
                .await?;
            let notes = json!({ "notes": "Asked for a quiet room." });
            let event = HttpEvent::new("PATCH", &path).json(&notes);
            self.http("patch contact: notes", "contacts", event).await?;
            let moved = chrono::Utc::now().date_naive() + chrono::TimeDelta::days(9);
            let time = json!({ "appointment_time": format!("{moved}T10:30:00Z") });
            let event = HttpEvent::new("PATCH", &path).json(&time);
            self.http("patch contact: move appointment", "contacts", event)
                .await?;
            let page = HttpEvent::new("GET", "/api/contacts?page_size=25");
            self.http("list contacts", "view", page).await?;
        }
        Ok(())
    }

    /// The schedule's tick with nothing due.
    pub async fn ticks(&mut self) -> Result<(), BenchError> {
        for _ in 0..3 {
            self.invoke(TICK, "reminders", Trigger::Schedule, &events::tick())
                .await?;
        }
        Ok(())
    }

    /// The services that the functions ask.
    pub fn cloud(&self) -> &'a Cloud {
        self.cloud
    }

    /// Ends the processes.
    pub async fn end(&mut self) {
        for (_, function) in std::mem::take(&mut self.running) {
            function.end().await;
        }
    }

    /// Of each operation the last that was counted: the warm one where it ran more than once.
    pub fn last_of_each(&self) -> BTreeMap<String, Usage> {
        let all = self.operations.iter();
        all.map(|operation| (operation.name.clone(), operation.usage.clone()))
            .collect()
    }
}

trait Missing {
    fn context_missing(self, what: &str) -> Result<String, BenchError>;
}

impl Missing for Option<&str> {
    fn context_missing(self, what: &str) -> Result<String, BenchError> {
        self.map(str::to_owned)
            .ok_or_else(|| BenchError::new(format!("the answer has not {what}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_function_of_the_template_is_measured_with_its_memory() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let mut folders: Vec<String> = std::fs::read_dir(root.join("functions"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        folders.sort();
        let mut measured: Vec<&str> = FUNCTIONS.iter().map(|(name, _)| *name).collect();
        measured.sort_unstable();
        assert_eq!(folders, measured);

        let template = std::fs::read_to_string(root.join("template.yaml")).unwrap();
        let global: u32 = memory(template.split("Resources:").next().unwrap()).unwrap();
        for (name, memory_mb) in FUNCTIONS {
            let uri = format!("CodeUri: functions/{name}\n");
            let (before, after) = template.split_once(&uri).unwrap_or_else(|| panic!("{uri}"));
            let start = before.rfind("Type: AWS::Serverless::Function").unwrap();
            let end = after.find("\n\n").unwrap_or(after.len());
            let block = format!("{}{}", &before[start..], &after[..end]);
            assert_eq!(memory(&block).unwrap_or(global), memory_mb, "{name}");
        }
    }

    fn memory(block: &str) -> Option<u32> {
        let line = block
            .lines()
            .find_map(|line| line.trim().strip_prefix("MemorySize: "))?;
        line.split_whitespace().next()?.parse().ok()
    }
}
