//! A function's process under its own Runtime API, with the environment that Lambda and the template give it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, Command};

use crate::lambda_api::{LambdaApi, Said};
use crate::{BenchError, Context};

/// How long a function may take to answer; generous, since nothing is judged by it.
const WITHIN: Duration = Duration::from_secs(30);

/// What to run.
#[derive(Debug, Clone)]
pub struct Program {
    pub name: String,
    pub path: PathBuf,
    pub arguments: Vec<String>,
    /// Memory that the template gives the function, in MB.
    pub memory_mb: u32,
}

impl Program {
    pub fn binary(name: &str, path: PathBuf) -> Self {
        Self {
            name: name.to_owned(),
            path,
            arguments: Vec::new(),
            memory_mb: 512,
        }
    }

    /// Size of the binary; of a script run by another program there is none.
    pub fn bytes(&self) -> Option<u64> {
        if !self.arguments.is_empty() {
            return None;
        }
        Some(std::fs::metadata(&self.path).ok()?.len())
    }
}

/// One answer, and how long it took.
#[derive(Debug, Clone)]
pub struct Answered {
    pub body: Value,
    /// From the hand-over of the event to the last byte of the answer.
    pub took: Duration,
    at: Instant,
}

impl Answered {
    /// The HTTP status, of a function behind API Gateway.
    pub fn status(&self) -> Option<u64> {
        self.body.get("statusCode")?.as_u64()
    }

    /// The HTTP body as JSON.
    pub fn json(&self) -> Result<Value, BenchError> {
        let text = self.body.get("body").and_then(Value::as_str);
        serde_json::from_str(text.unwrap_or_default()).context("the answer is no JSON")
    }
}

/// A running function. Killed when dropped.
pub struct Function {
    api: LambdaApi,
    child: Child,
    spawned: Instant,
    log_bytes: Arc<AtomicU64>,
    name: String,
}

impl Function {
    /// Starts the process with nothing in its environment but `environment` and what Lambda adds.
    pub async fn start(
        program: &Program,
        environment: &BTreeMap<String, String>,
    ) -> Result<Self, BenchError> {
        let api = LambdaApi::start().await?;
        let mut command = Command::new(&program.path);
        command
            .args(&program.arguments)
            .env_clear()
            .envs(environment)
            .env("AWS_LAMBDA_RUNTIME_API", api.authority())
            .env("AWS_LAMBDA_FUNCTION_NAME", &program.name)
            .env(
                "AWS_LAMBDA_FUNCTION_MEMORY_SIZE",
                program.memory_mb.to_string(),
            )
            .env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST")
            .env("AWS_LAMBDA_LOG_GROUP_NAME", "/vio/bench")
            .env("AWS_LAMBDA_LOG_STREAM_NAME", "bench")
            .env("AWS_LAMBDA_INITIALIZATION_TYPE", "on-demand")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        let spawned = Instant::now();
        let mut child = command
            .spawn()
            .context(format!("starting {}", program.path.display()))?;
        let log_bytes = Arc::new(AtomicU64::new(0));
        if let Some(out) = child.stdout.take() {
            tokio::spawn(count(out, log_bytes.clone(), program.name.clone()));
        }
        if let Some(out) = child.stderr.take() {
            tokio::spawn(count(out, log_bytes.clone(), program.name.clone()));
        }
        Ok(Self {
            api,
            child,
            spawned,
            log_bytes,
            name: program.name.clone(),
        })
    }

    /// Waits until the function asks for its first event.
    pub async fn ready(&mut self) -> Result<(), BenchError> {
        let begun = Instant::now();
        while self.api.first_poll().is_none() {
            if let Some(status) = self.child.try_wait().context(self.name.clone())? {
                return Err(BenchError::new(format!("{} ended: {status}", self.name)));
            }
            if begun.elapsed() > WITHIN {
                return Err(BenchError::new(format!(
                    "{} never asked for an event",
                    self.name
                )));
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        Ok(())
    }

    /// Hands out an event and waits for its answer. A function that says it failed is an error.
    pub async fn invoke(&mut self, event: &Value) -> Result<Answered, BenchError> {
        self.api.send(event)?;
        let spoken = tokio::select! {
            spoken = self.api.spoken(WITHIN) => spoken,
            ended = self.child.wait() => {
                let status = ended.map_or_else(|error| error.to_string(), |status| status.to_string());
                Err(BenchError::new(format!("it ended: {status}")))
            }
        };
        let spoken = spoken.context(self.name.clone())?;
        match spoken.said {
            Said::Answer(body) => Ok(Answered {
                body: serde_json::from_slice(&body).unwrap_or(Value::Null),
                took: self.api.handed_out().map_or(Duration::ZERO, |out| {
                    spoken.at.saturating_duration_since(out)
                }),
                at: spoken.at,
            }),
            Said::Failure(body) | Said::InitFailure(body) => Err(BenchError::new(format!(
                "{} failed: {}",
                self.name,
                String::from_utf8_lossy(&body)
            ))),
        }
    }

    /// From the start of the process to its first poll.
    pub fn initialisation(&self) -> Option<Duration> {
        Some(
            self.api
                .first_poll()?
                .saturating_duration_since(self.spawned),
        )
    }

    /// From the start of the process to that answer.
    pub fn since_start(&self, answered: &Answered) -> Duration {
        answered.at.saturating_duration_since(self.spawned)
    }

    /// Processor time of all its threads so far, where the system tells (Linux). What else the machine does hardly
    /// changes it, and Lambda, which gives a function a share of a processor, stretches it.
    pub fn processor_time(&self) -> Option<Duration> {
        let threads = std::fs::read_dir(format!("/proc/{}/task", self.child.id()?)).ok()?;
        let of_one = |thread: std::fs::DirEntry| -> Option<u64> {
            let text = std::fs::read_to_string(thread.path().join("schedstat")).ok()?;
            text.split_whitespace().next()?.parse().ok()
        };
        let nanoseconds = threads.flatten().filter_map(of_one).sum();
        Some(Duration::from_nanos(nanoseconds))
    }

    /// Bytes logged so far: what CloudWatch would take in.
    pub fn log_bytes(&self) -> u64 {
        self.log_bytes.load(Ordering::Relaxed)
    }

    /// Ends the process and waits until it is gone, so that it does not run beside the next.
    pub async fn end(mut self) {
        let _ = self.child.kill().await;
    }
}

/// Counts what a function logs; with `VIO_BENCH_LOGS` set it is shown, too.
async fn count(mut out: impl AsyncRead + Unpin, bytes: Arc<AtomicU64>, name: String) {
    let show = std::env::var_os("VIO_BENCH_LOGS").is_some();
    let mut buffer = [0; 4096];
    while let Ok(read @ 1..) = out.read(&mut buffer).await {
        bytes.fetch_add(read as u64, Ordering::Relaxed);
        if show {
            use std::io::Write as _;
            let text = String::from_utf8_lossy(&buffer[..read]);
            let _ = write!(std::io::stderr(), "[{name}] {text}");
        }
    }
}
