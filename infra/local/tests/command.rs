//! The command: what it prints, and that ending it in any way loses nothing that was acknowledged.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

struct Running {
    child: Child,
    base: String,
}

impl Running {
    fn start(data: &Path) -> Self {
        Self::start_with(data, &[], &[]).0
    }

    /// Started with more options and variables; also what it prints after its address, line by line.
    fn start_with(
        data: &Path,
        options: &[&str],
        variables: &[(&str, &str)],
    ) -> (Self, impl Iterator<Item = String>) {
        let mut child = Command::new(env!("CARGO_BIN_EXE_vio-local"))
            .args(["--listen", "127.0.0.1:0", "--data"])
            .arg(data)
            .args(options)
            .envs(variables.iter().copied())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap())
            .lines()
            .map(Result::unwrap);
        let ready = lines.next().unwrap();
        let base = ready
            .strip_prefix("ready ")
            .expect("ready and an address")
            .to_owned();
        (Self { child, base }, lines)
    }

    async fn calls(&self) -> Vec<Value> {
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let answer = http
            .get(format!("{}/dev/sandbox/calls", self.base))
            .send()
            .await
            .unwrap();
        answer.json::<Value>().await.unwrap()["calls"]
            .as_array()
            .unwrap()
            .clone()
    }

    async fn post(&self, path: &str, body: Value) -> u16 {
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        http.post(format!("{}{path}", self.base))
            .json(&body)
            .send()
            .await
            .unwrap()
            .status()
            .as_u16()
    }

    /// Asks it to end, and waits; its exit code.
    fn terminate(mut self) -> Option<i32> {
        let pid = self.child.id().to_string();
        assert!(
            Command::new("kill")
                .args(["-TERM", &pid])
                .status()
                .unwrap()
                .success()
        );
        for _ in 0..100 {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code();
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        panic!("it goes on after SIGTERM");
    }

    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

const PASSWORD: &str = "Correct-Horse-9-Battery";

fn sign_up(name: &str) -> Value {
    json!({
        "business_name": name, "business_type": "salon",
        "admin": {"full_name": "Ann Admin", "email": format!("{name}@example.com"), "password": PASSWORD},
    })
}

fn sign_in(name: &str) -> Value {
    json!({"email": format!("{name}@example.com"), "password": PASSWORD})
}

#[tokio::test]
async fn what_was_acknowledged_survives_a_kill() {
    let directory = tempfile::tempdir().unwrap();
    let first = Running::start(directory.path());
    assert_eq!(first.post("/api/tenants", sign_up("one")).await, 201);
    first.kill();

    let second = Running::start(directory.path());
    assert_eq!(second.post("/api/auth/sign-in", sign_in("one")).await, 200);
    assert_eq!(second.post("/api/tenants", sign_up("two")).await, 201);
    assert_eq!(second.terminate(), Some(0));

    let third = Running::start(directory.path());
    assert_eq!(third.post("/api/auth/sign-in", sign_in("two")).await, 200);
}

#[test]
fn nonsense_is_explained() {
    let command = |words: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_vio-local"))
            .args(words)
            .output()
            .unwrap();
        (
            output.status.code(),
            String::from_utf8_lossy(&output.stderr).into_owned(),
        )
    };
    let (code, said) = command(&["--listen", "0.0.0.0:0", "--ephemeral"]);
    assert_eq!(code, Some(1));
    assert!(said.contains("not a loopback address"), "{said}");
    let (code, said) = command(&["--port", "1"]);
    assert_eq!(code, Some(2));
    assert!(
        said.contains("unknown option --port") && said.contains("usage:"),
        "{said}"
    );
}

/// The demo's welcome names the instant of the first reminder. Ended at a step of placing it and started again, the
/// host rings that person once.
#[tokio::test]
async fn it_ends_at_the_step_it_is_told_and_goes_on() {
    let directory = tempfile::tempdir().unwrap();
    let variables = [("VIO_CRASH_AT", "granted"), ("VIO_CALL_LIMIT", "1")];
    let (mut first, mut said) =
        Running::start_with(directory.path(), &["--seed", "demo"], &variables);
    let body = said.find_map(|line| {
        line.split("-d '")
            .nth(1)
            .map(|rest| rest.trim_end_matches('\'').to_owned())
    });
    let to: Value = serde_json::from_str(&body.expect("the first call's time")).unwrap();
    // The answer may be lost with the process.
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let _ = http
        .post(format!("{}/dev/clock", first.base))
        .json(&to)
        .send()
        .await;
    for _ in 0..100 {
        if first.child.try_wait().unwrap().is_some() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let ended = first
        .child
        .try_wait()
        .unwrap()
        .expect("it went on past the step");
    assert_eq!(ended.code(), None, "it ended by itself");

    let (second, _said) = Running::start_with(directory.path(), &[], &[("VIO_CALL_LIMIT", "1")]);
    assert!(
        second.calls().await.is_empty(),
        "nothing was sent before the step"
    );
    // Past the bound and the wait for reconciling; the slot that was granted runs out, too.
    for _ in 0..6 {
        assert_eq!(
            second
                .post("/dev/clock", json!({"advance_seconds": 400}))
                .await,
            200
        );
        tokio::time::sleep(Duration::from_millis(1500)).await;
    }
    let numbers: Vec<String> = second
        .calls()
        .await
        .iter()
        .map(|call| call["to_number"].to_string())
        .collect();
    assert!(!numbers.is_empty(), "the call was lost");
    let mut once = numbers.clone();
    once.sort();
    once.dedup();
    assert_eq!(
        once.len(),
        numbers.len(),
        "somebody was rung twice: {numbers:?}"
    );
}
