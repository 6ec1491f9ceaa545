//! The AWS services of the local host and of the storage tests, in this process.
//!
//! DynamoDB and S3 are embedded libraries; SQS, KMS and EventBridge are small stand-ins. All are
//! reached by the unmodified AWS SDK over HTTP on 127.0.0.1. Never part of what is deployed.
//!
//! Differences from AWS to know of: DynamoDB answers no `TransactionConflict` and no throttling, and
//! every read is consistent; queues are standard only and forget all on a restart; rules send whole
//! events to queues only; S3 has no versions, and object keys end at some 150 bytes.

mod clock;
mod dynamodb;
mod events;
mod kms;
mod s3;
mod server;
mod sockets;
mod sqs;
mod tap;
mod wire;

use std::{
    collections::BTreeMap,
    fs::File,
    os::unix::fs::DirBuilderExt as _,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use aws_config::{BehaviorVersion, Region, SdkConfig, retry::RetryConfig, timeout::TimeoutConfig};
use aws_credential_types::{Credentials, provider::SharedCredentialsProvider};
use axum::Router;
use tempfile::TempDir;
use tokio::{sync::watch, task::JoinSet};

pub use crate::clock::{ManualClock, StackClock, SystemClock};
pub use crate::sockets::{OpenSocket, SocketHub};
pub use crate::tap::Sent;
use crate::{
    events::Events,
    kms::{Keystore, Kms},
    server::listen,
    sqs::Sqs,
    tap::Tap,
};

/// The access key id of the stack's credentials; not a secret.
pub const ACCESS_KEY: &str = "local";
/// The secret of the stack's credentials; the same everywhere, and good for nothing but the stack.
pub const SECRET_KEY: &str = "local-development-only";

/// How long a shutdown waits for requests under way.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(3);
/// How long a client waits for an answer; above the longest SQS poll (20 s).
const READ_TIMEOUT: Duration = Duration::from_secs(30);

/// Why a stack did not start.
#[derive(Debug, thiserror::Error)]
pub enum StackError {
    /// The data directory cannot be made or used.
    #[error("the data directory cannot be used: {0}")]
    DataDir(#[source] std::io::Error),
    /// Another stack runs on the data directory.
    #[error("another stack uses the data directory {0}")]
    InUse(PathBuf),
    /// A port cannot be listened on.
    #[error("port {port} of 127.0.0.1 cannot be used: {source}")]
    Port {
        /// The port asked for; 0 for any.
        port: u16,
        /// What the system said.
        source: std::io::Error,
    },
    /// The database cannot be opened.
    #[error("the database cannot be opened: {0}")]
    Database(String),
    /// The development keys cannot be read.
    #[error("the development keys cannot be read: {0}")]
    Keys(String),
    /// The object directory cannot be used.
    #[error("the object directory cannot be used: {0}")]
    Objects(String),
}

/// What a stack runs on.
#[derive(Clone)]
pub struct StackOptions {
    /// Where tables, objects and keys are kept; `None` keeps nothing.
    pub data_dir: Option<PathBuf>,
    /// The clock of delays, visibility timeouts and event times.
    pub clock: Arc<dyn StackClock>,
}

impl StackOptions {
    /// Nothing kept, real time.
    #[must_use]
    pub fn ephemeral() -> Self {
        Self {
            data_dir: None,
            clock: Arc::new(SystemClock),
        }
    }
}

/// The ports to listen on, all on 127.0.0.1; 0 takes any free one.
#[derive(Debug, Clone, Copy, Default)]
pub struct StackPorts {
    /// DynamoDB and its streams.
    pub dynamodb: u16,
    /// SQS.
    pub sqs: u16,
    /// KMS.
    pub kms: u16,
    /// S3.
    pub s3: u16,
    /// EventBridge.
    pub events: u16,
    /// API Gateway's connections.
    pub sockets: u16,
}

/// Where the services answer, as URLs without a trailing slash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Endpoints {
    /// DynamoDB and its streams.
    pub dynamodb: String,
    /// SQS.
    pub sqs: String,
    /// KMS.
    pub kms: String,
    /// S3, with the bucket in the path.
    pub s3: String,
    /// EventBridge.
    pub events: String,
    /// API Gateway's connections.
    pub sockets: String,
}

/// The running services. Dropping it stops them; [`Stack::shutdown`] waits for that.
pub struct Stack {
    endpoints: Endpoints,
    sdk_config: SdkConfig,
    queues: Arc<Sqs>,
    sockets: Arc<SocketHub>,
    tap: Arc<Tap>,
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
    /// Where objects are, of a stack that keeps nothing.
    _scratch: Option<TempDir>,
    /// Held for as long as the stack runs.
    _lock: Option<File>,
}

impl std::fmt::Debug for Stack {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stack")
            .field("endpoints", &self.endpoints)
            .finish_non_exhaustive()
    }
}

impl Stack {
    /// Starts all services on free ports. Must be called within a Tokio runtime, which runs them.
    ///
    /// # Errors
    /// See [`StackError`].
    pub async fn start(options: StackOptions) -> Result<Self, StackError> {
        Self::start_on(options, StackPorts::default()).await
    }

    /// Starts all services on the given ports.
    ///
    /// # Errors
    /// See [`StackError`].
    pub async fn start_on(options: StackOptions, ports: StackPorts) -> Result<Self, StackError> {
        let StackOptions { data_dir, clock } = options;
        let data_dir = data_dir.as_deref();
        let lock = data_dir.map(claim).transpose()?;
        let scratch = match data_dir {
            Some(_) => None,
            None => Some(tempfile::tempdir().map_err(StackError::DataDir)?),
        };
        let objects = match (data_dir, &scratch) {
            (Some(directory), _) => directory.join("objects"),
            (None, Some(scratch)) => scratch.path().to_owned(),
            (None, None) => std::env::temp_dir(),
        };
        make_private(&objects).map_err(StackError::DataDir)?;
        let database = dynamodb::open(data_dir)?;
        let keys = Keystore::open(data_dir.map(|directory| directory.join("kms.json")))
            .map_err(|error| StackError::Keys(error.to_string()))?;
        let s3_router = s3::router(&objects)?;

        let (stop, stopping) = watch::channel(false);
        let bind = |port| listen(port).map_err(|source| StackError::Port { port, source });
        let (dynamodb_listener, dynamodb) = bind(ports.dynamodb)?;
        let (sqs_listener, sqs) = bind(ports.sqs)?;
        let (kms_listener, kms) = bind(ports.kms)?;
        let (s3_listener, s3) = bind(ports.s3)?;
        let (events_listener, events) = bind(ports.events)?;
        let (sockets_listener, sockets) = bind(ports.sockets)?;
        let endpoints = Endpoints {
            dynamodb: format!("http://{dynamodb}"),
            sqs: format!("http://{sqs}"),
            kms: format!("http://{kms}"),
            s3: format!("http://{s3}"),
            events: format!("http://{events}"),
            sockets: format!("http://{sockets}"),
        };
        let queues = Arc::new(Sqs::new(
            Arc::clone(&clock),
            endpoints.sqs.clone(),
            stopping.clone(),
        ));
        let bus = Arc::new(Events::new(Arc::clone(&queues), Arc::clone(&clock)));

        let hub = Arc::new(SocketHub::default());
        let tap = Arc::new(Tap::default());
        let mut tasks = JoinSet::new();
        dynamodb::start(
            &mut tasks,
            dynamodb_listener,
            database,
            clock,
            stopping.clone(),
        );
        let mut serve = |name, listener, router: Router| {
            tasks.spawn(server::serve(name, listener, router, stopping.clone()));
        };
        serve(
            "sqs",
            sqs_listener,
            wire::router(Arc::clone(&queues), Arc::clone(&tap)),
        );
        serve(
            "kms",
            kms_listener,
            wire::router(Arc::new(Kms::new(keys)), Arc::clone(&tap)),
        );
        serve("s3", s3_listener, s3_router);
        serve(
            "events",
            events_listener,
            wire::router(bus, Arc::clone(&tap)),
        );
        serve(
            "sockets",
            sockets_listener,
            sockets::router(Arc::clone(&hub)),
        );

        Ok(Self {
            endpoints,
            sdk_config: sdk_config(),
            queues,
            sockets: hub,
            tap,
            stop,
            tasks,
            _scratch: scratch,
            _lock: lock,
        })
    }

    /// Where the services answer.
    #[must_use]
    pub fn endpoints(&self) -> &Endpoints {
        &self.endpoints
    }

    /// What the clients share: credentials, region, retries and timeouts. It names no endpoint, since
    /// each service has its own.
    #[must_use]
    pub fn sdk_config(&self) -> &SdkConfig {
        &self.sdk_config
    }

    /// A DynamoDB client.
    #[must_use]
    pub fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        let config = aws_sdk_dynamodb::config::Builder::from(&self.sdk_config);
        aws_sdk_dynamodb::Client::from_conf(config.endpoint_url(&self.endpoints.dynamodb).build())
    }

    /// A DynamoDB Streams client.
    #[must_use]
    pub fn dynamodb_streams(&self) -> aws_sdk_dynamodbstreams::Client {
        let config = aws_sdk_dynamodbstreams::config::Builder::from(&self.sdk_config);
        aws_sdk_dynamodbstreams::Client::from_conf(
            config.endpoint_url(&self.endpoints.dynamodb).build(),
        )
    }

    /// An SQS client.
    #[must_use]
    pub fn sqs(&self) -> aws_sdk_sqs::Client {
        let config = aws_sdk_sqs::config::Builder::from(&self.sdk_config);
        aws_sdk_sqs::Client::from_conf(config.endpoint_url(&self.endpoints.sqs).build())
    }

    /// A KMS client.
    #[must_use]
    pub fn kms(&self) -> aws_sdk_kms::Client {
        let config = aws_sdk_kms::config::Builder::from(&self.sdk_config);
        aws_sdk_kms::Client::from_conf(config.endpoint_url(&self.endpoints.kms).build())
    }

    /// An S3 client.
    #[must_use]
    pub fn s3(&self) -> aws_sdk_s3::Client {
        let config = aws_sdk_s3::config::Builder::from(&self.sdk_config);
        let config = config
            .endpoint_url(&self.endpoints.s3)
            .force_path_style(true);
        aws_sdk_s3::Client::from_conf(config.build())
    }

    /// An EventBridge client.
    #[must_use]
    pub fn events(&self) -> aws_sdk_eventbridge::Client {
        let config = aws_sdk_eventbridge::config::Builder::from(&self.sdk_config);
        aws_sdk_eventbridge::Client::from_conf(config.endpoint_url(&self.endpoints.events).build())
    }

    /// A client that speaks on open WebSocket connections.
    #[must_use]
    pub fn apigatewaymanagement(&self) -> aws_sdk_apigatewaymanagement::Client {
        let config = aws_sdk_apigatewaymanagement::config::Builder::from(&self.sdk_config);
        aws_sdk_apigatewaymanagement::Client::from_conf(
            config.endpoint_url(&self.endpoints.sockets).build(),
        )
    }

    /// The open WebSocket connections.
    #[must_use]
    pub fn sockets(&self) -> &Arc<SocketHub> {
        &self.sockets
    }

    /// Drops every message of every queue, received ones too: what a lost region would do.
    pub fn drop_all_messages(&self) {
        self.queues.drop_all_messages();
    }

    /// Messages sent to each queue since the start, by clients and by rules.
    #[must_use]
    pub fn message_counts(&self) -> BTreeMap<String, u64> {
        self.queues.message_counts()
    }

    /// Bodies of all messages sent to each queue since the start, oldest first, deleted ones too (of
    /// each queue the newest 16 MiB).
    #[must_use]
    pub fn dump_bodies(&self) -> BTreeMap<String, Vec<String>> {
        self.queues.dump_bodies()
    }

    /// Every request since the start that sent messages or put events, oldest first, whatever became of them (the
    /// newest 32 MiB).
    #[must_use]
    pub fn sent(&self) -> Vec<Sent> {
        self.tap.sent()
    }

    /// The same later on, for whoever does not hold the stack.
    pub fn sending(&self) -> impl Fn() -> Vec<Sent> + Send + Sync + 'static {
        let tap = Arc::clone(&self.tap);
        move || tap.sent()
    }

    /// Stops all services and waits, for a short while, until requests under way are answered.
    pub async fn shutdown(mut self) {
        let _ = self.stop.send(true);
        let ended = async { while self.tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(SHUTDOWN_TIMEOUT, ended).await.is_err() {
            tracing::warn!("some local services had to be cut off");
        }
    }
}

/// Makes the data directory if need be and claims it for this stack.
fn claim(directory: &Path) -> Result<File, StackError> {
    make_private(directory).map_err(StackError::DataDir)?;
    let lock = File::create(directory.join("stack.lock")).map_err(StackError::DataDir)?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(std::fs::TryLockError::WouldBlock) => Err(StackError::InUse(directory.to_owned())),
        Err(std::fs::TryLockError::Error(error)) => Err(StackError::DataDir(error)),
    }
}

/// Makes a directory that only its owner can enter; one that exists is left as it is.
fn make_private(directory: &Path) -> std::io::Result<()> {
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(directory)
}

fn sdk_config() -> SdkConfig {
    let credentials = Credentials::new(ACCESS_KEY, SECRET_KEY, None, None, "local stack");
    let retries = RetryConfig::standard()
        .with_max_attempts(3)
        .with_initial_backoff(Duration::from_millis(20));
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(2))
        .read_timeout(READ_TIMEOUT)
        .build();
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::from_static(wire::REGION))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .retry_config(retries)
        .timeout_config(timeouts)
        .build()
}
