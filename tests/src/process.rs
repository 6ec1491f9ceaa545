//! The product's binaries as processes: started, killed by their own handle, started again.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, ChildStdout, Command};

/// How long a start may take, in a debug build on a busy machine.
const START: Duration = Duration::from_secs(30);

/// A running binary, killed when dropped.
#[derive(Debug)]
pub struct Process {
    child: Child,
    name: &'static str,
    log: PathBuf,
    lines: tokio::io::Lines<BufReader<ChildStdout>>,
}

/// Where the binaries of this build lie: beside the directory of the tests.
fn binary(name: &str) -> PathBuf {
    let test = std::env::current_exe().expect("this test's own path");
    let directory = test.ancestors().nth(2).expect("the target directory");
    let path = directory.join(name);
    assert!(
        path.exists(),
        "{} is not built; `make test` builds it, or: cargo build -p vio-local -p vio-sandbox --bins",
        path.display()
    );
    path
}

impl Process {
    /// Starts `name`; what it writes to standard error is appended to `log`.
    pub fn spawn(
        name: &'static str,
        arguments: &[&str],
        environment: &[(&str, &str)],
        log: &Path,
    ) -> Self {
        let errors = std::fs::File::options()
            .create(true)
            .append(true)
            .open(log)
            .expect("a log");
        let mut command = Command::new(binary(name));
        for (variable, _) in std::env::vars() {
            if variable.starts_with("VIO_") {
                command.env_remove(variable);
            }
        }
        let mut child = command
            .args(arguments)
            .env("RUST_LOG", "warn")
            .env("VIO_REQUESTS_PER_MINUTE", "0")
            .envs(environment.iter().copied())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(errors)
            .kill_on_drop(true)
            .spawn()
            .expect("a process");
        let stdout = child.stdout.take().expect("its output");
        Self {
            child,
            name,
            log: log.to_owned(),
            lines: BufReader::new(stdout).lines(),
        }
    }

    /// Waits until it says `ready`, and answers where. None if it ends before that.
    pub async fn ready(&mut self) -> Option<String> {
        let said = async {
            while let Some(line) = self.lines.next_line().await.expect("its output") {
                if let Some(base) = line.strip_prefix("ready ") {
                    return Some(base.to_owned());
                }
            }
            None
        };
        let said = tokio::time::timeout(START, said).await;
        said.unwrap_or_else(|_| panic!("{} was not ready after {START:?}", self.name))
    }

    /// Asks it to end (SIGTERM), waits until it has, and gives what it said on standard output since it was ready.
    pub async fn stop(mut self) -> String {
        let id = self.child.id().expect("a running process").to_string();
        let asked = Command::new("kill").args(["-TERM", &id]).status().await;
        assert!(asked.expect("a signal").success());
        let mut said = String::new();
        while let Some(line) = self.lines.next_line().await.expect("its output") {
            said.push_str(&line);
            said.push('\n');
        }
        self.child.wait().await.expect("its end");
        said
    }

    /// Sends SIGKILL and waits for the end.
    pub async fn kill(mut self) {
        // Errs where it has ended already.
        let _ = self.child.start_kill();
        self.child.wait().await.expect("its end");
    }

    /// Waits until it ends by itself.
    pub async fn ended(&mut self, within: Duration) -> Option<ExitStatus> {
        let waited = tokio::time::timeout(within, self.child.wait()).await;
        waited.ok().map(|status| status.expect("its end"))
    }
}

impl Drop for Process {
    /// Shows the end of the log of a failed test.
    #[allow(clippy::print_stderr, reason = "the test's own output")]
    fn drop(&mut self) {
        if !std::thread::panicking() {
            return;
        }
        let text = std::fs::read_to_string(&self.log).unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        let end = lines.len().saturating_sub(40);
        eprintln!("--- {}:\n{}", self.name, lines[end..].join("\n"));
    }
}

/// A port that is free at this moment.
#[must_use]
pub fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    listener.local_addr().expect("its address").port()
}
