//! The real binaries side by side: the product, which ends and starts again on one directory, and its provider, a
//! sandbox that is a process of its own and never ends. What counts is the sandbox's log.

use std::collections::BTreeMap;
use std::path::PathBuf;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;
use tempfile::TempDir;

use crate::clinic::{AGENT, FROM, RETELL_KEY};
use crate::process::free_port;
use crate::time::{instant, listed, quiet_tuesday, text};
use crate::{Clinic, HostClient, Process, SandboxClient};

/// The product and its provider, on one directory.
pub struct World {
    directory: TempDir,
    listen: String,
    /// The provider's own record.
    pub sandbox: SandboxClient,
    sandbox_url: String,
    _sandbox: Process,
    environment: Vec<(&'static str, &'static str)>,
}

impl World {
    /// A sandbox that never ends, and a place for the product, with these variables.
    pub async fn new(environment: &[(&'static str, &'static str)]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let listen = format!("127.0.0.1:{}", free_port());
        let at = format!("127.0.0.1:{}", free_port());
        let log = directory.path().join("sandbox.log");
        let arguments = [
            "--listen", &at, "--key", RETELL_KEY, "--agent", AGENT, "--number", FROM,
        ];
        let mut process = Process::spawn("vio-sandbox", &arguments, &[], &log);
        let sandbox_url = process.ready().await.expect("a sandbox");
        Self {
            listen,
            sandbox: SandboxClient::new(&sandbox_url),
            sandbox_url,
            _sandbox: process,
            environment: environment.to_vec(),
            directory,
        }
    }

    fn log(&self) -> PathBuf {
        self.directory.path().join("host.log")
    }

    /// A life of the product, which may end at a named step.
    pub fn spawn(&self, crash_at: Option<&str>) -> Process {
        let data = self.directory.path().join("data");
        let arguments = [
            "--listen",
            &self.listen,
            "--data",
            data.to_str().unwrap(),
            "--retell-url",
            &self.sandbox_url,
        ];
        let mut environment: Vec<(&str, &str)> = self.environment.clone();
        environment.extend(crash_at.map(|step| ("VIO_CRASH_AT", step)));
        Process::spawn("vio-local", &arguments, &environment, &self.log())
    }

    /// A life of the product that answers.
    pub async fn start(&self) -> Process {
        let mut process = self.spawn(None);
        assert!(process.ready().await.is_some(), "the product did not start");
        process
    }

    /// The product's address.
    pub fn base(&self) -> String {
        format!("http://{}", self.listen)
    }

    /// Sets both clocks to a quiet morning and signs a business up.
    pub async fn clinic(&self) -> (Clinic, DateTime<Utc>) {
        let morning = quiet_tuesday(Utc::now());
        let nobody = reqwest::Client::builder().no_proxy().build().unwrap();
        let moved = nobody
            .post(format!("{}/dev/clock", self.base()))
            .json(&json!({ "now": text(morning) }))
            .send()
            .await
            .unwrap();
        assert!(moved.status().is_success(), "{}", moved.status());
        self.sandbox.move_clock(morning).await;
        (Clinic::sign_up(&self.base()).await, morning)
    }

    /// Moves the sandbox's clock and then the product's; false where the product ended meanwhile.
    pub async fn advance(&self, client: &HostClient, by: TimeDelta) -> bool {
        let Ok((status, clock)) = client
            .try_request(reqwest::Method::GET, "/dev/clock", None)
            .await
        else {
            return false;
        };
        assert!(status.is_success(), "{clock}");
        let to = instant(&clock["now"]).unwrap() + by;
        self.move_both(client, to).await
    }

    pub async fn move_both(&self, client: &HostClient, to: DateTime<Utc>) -> bool {
        let to_here = json!({ "now": text(to) });
        self.sandbox.move_clock(to).await;
        let moved = client
            .try_request(reqwest::Method::POST, "/dev/clock", Some(&to_here))
            .await;
        match moved {
            Ok((status, answer)) => {
                assert!(status.is_success(), "the clock: {answer}");
                true
            }
            Err(_) => false,
        }
    }

    /// How often each contact was rung.
    pub async fn rung(&self) -> BTreeMap<String, usize> {
        let mut rung = BTreeMap::new();
        for call in self.sandbox.calls().await {
            let who = call["metadata"]["contact_id"].as_str().unwrap();
            *rung.entry(who.to_owned()).or_default() += 1;
        }
        rung
    }

    pub async fn nobody_twice(&self, when: &str) {
        let rung = self.rung().await;
        let twice: Vec<_> = rung.iter().filter(|(_, times)| **times > 1).collect();
        assert!(
            twice.is_empty(),
            "{when}: rung more than once: {}",
            listed(twice)
        );
    }
}
