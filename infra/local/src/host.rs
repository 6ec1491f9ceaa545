//! Starts everything, in order, and stops it again.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use aws_lambda_events::event::streams::DynamoDbEventResponse;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;
use vio_crypto::AwsKms;
use vio_crypto::password::Argon2Params;
use vio_domain::calling::limits::CallLimits;
use vio_domain::ids::TenantId;
use vio_domain::text::Email;
use vio_live::{ApiGateway, Live};
use vio_projector::{EventBridge, Projector};
use vio_providers::BaseUrl;
use vio_providers::retell::HttpRetellFactory;
use vio_providers::ses::{SesMailer, SesSigning};
use vio_reminders::Ticked;
use vio_runtime::config::Platform;
use vio_runtime::mail::Mail;
use vio_runtime::queues::{QueueUrls, SqsQueues};
use vio_runtime::{App, Parts};
use vio_sandbox::{Sandbox, SandboxOptions};
use vio_stack::{Stack, StackOptions};
use vio_store::StoreError;
use vio_store::dynamo::DynamoTable;
use vio_store::env::{RandomIds, SystemClock};
use vio_store::meter::Meter;
use vio_store::objects::S3Objects;
use vio_views::Views;
use vio_webhooks::Webhooks;

use crate::clock::DomainClock;
use crate::connections::{Connections, DefaultUrls, NotingPort, Written, tenants_in};
use crate::consumers::{Stop, stopped};
use crate::dev::Dev;
use crate::functions::Functions;
use crate::invocations::Invocations;
use crate::seed::{self, SeedError};
use crate::stream::{StreamConsumer, StreamFunction, is_news, is_told};
use crate::{mail_events, queues, server, services};

/// Where e-mails come from here.
const MAIL_FROM: &str = "no-reply@vioconcierge.example";
/// What the tick is counted as.
const TICKER: &str = "reminders";
/// How often the tick runs, in real time (template.yaml).
const TICK: Duration = Duration::from_secs(60);
/// How long a shutdown waits for requests and messages under way. What is cut off is safe: a crash would cut it off too.
const GOODBYE: Duration = Duration::from_secs(10);

/// How to start.
#[derive(Debug, Clone)]
pub struct HostOptions {
    /// Loopback only; port 0 takes a free one.
    pub listen: SocketAddr,
    /// Where everything is kept; None keeps nothing.
    pub data_dir: Option<PathBuf>,
    /// Retell, or something in its place, in place of the sandbox.
    pub retell_url: Option<String>,
    /// The platform's call limits.
    pub limits: CallLimits,
    /// Requests a tenant may make in a minute; None for any number.
    pub requests_per_minute: Option<NonZeroU32>,
    /// The console as it was built; None shows a page about the API in its place.
    pub console: Option<PathBuf>,
    /// Whether the tick runs by itself each minute; [`Host::tick`] runs it at any time.
    pub ticks: bool,
}

impl HostOptions {
    /// A free port, nothing kept, the sandbox, the usual limits of calls, none of requests.
    pub fn ephemeral() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            data_dir: None,
            retell_url: None,
            limits: CallLimits::default(),
            requests_per_minute: None,
            console: None,
            ticks: true,
        }
    }

    /// The same, kept in `directory`.
    pub fn kept(directory: impl Into<PathBuf>) -> Self {
        Self {
            data_dir: Some(directory.into()),
            ..Self::ephemeral()
        }
    }
}

/// The host did not start.
#[derive(Debug, thiserror::Error)]
pub enum HostError {
    #[error("{0} is not a loopback address; the local host is for this machine only")]
    NotLoopback(SocketAddr),
    #[error("cannot listen on {0}")]
    Listen(SocketAddr, #[source] std::io::Error),
    #[error("the data directory {0} cannot be used")]
    DataDir(PathBuf, #[source] std::io::Error),
    #[error("cannot start {what}")]
    Part {
        what: &'static str,
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl HostError {
    fn part<E: Into<Box<dyn std::error::Error + Send + Sync>>>(
        what: &'static str,
    ) -> impl FnOnce(E) -> Self {
        move |source| Self::Part {
            what,
            source: source.into(),
        }
    }
}

/// The running product.
pub struct Host {
    address: SocketAddr,
    clock: Arc<DomainClock>,
    webhooks: Webhooks,
    views: Views,
    sandbox: Arc<Sandbox>,
    connections: Arc<Connections>,
    dev: Arc<Dev>,
    stack: Stack,
    invocations: Arc<Invocations>,
    meter: Arc<Meter>,
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

impl std::fmt::Debug for Host {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Host")
            .field("address", &self.address)
            .finish_non_exhaustive()
    }
}

impl Host {
    /// Starts everything; it answers once this returns. Must be called within a multi-thread Tokio runtime.
    pub async fn start(options: HostOptions) -> Result<Self, HostError> {
        if !options.listen.ip().is_loopback() {
            return Err(HostError::NotLoopback(options.listen));
        }
        let listener = TcpListener::bind(options.listen)
            .await
            .map_err(|error| HostError::Listen(options.listen, error))?;
        let address = listener
            .local_addr()
            .map_err(|error| HostError::Listen(options.listen, error))?;
        let data = options.data_dir.as_deref();
        if let Some(directory) = data {
            std::fs::DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(directory)
                .map_err(|error| HostError::DataDir(directory.to_owned(), error))?;
        }

        let clock = Arc::new(DomainClock::open(data).map_err(HostError::part("the clock"))?);
        let stack_options = StackOptions {
            data_dir: data.map(|directory| directory.join("aws")),
            clock: clock.clone(),
        };
        let stack = Stack::start(stack_options)
            .await
            .map_err(HostError::part("the services"))?;
        let urls = services::set_up(&stack)
            .await
            .map_err(HostError::part("the services"))?;

        let written = Arc::new(Written::default());
        let connections = Arc::new(Connections::new(written.clone()));
        let sandbox = Arc::new(start_sandbox(data, clock.clone(), connections.clone()).await?);
        let public_url = format!("http://{address}");
        let platform = Platform {
            limits: options.limits,
            requests_per_minute: options.requests_per_minute,
            tenant_sets_retell: true,
            open_sign_up: true,
            local: true,
            public_url: public_url.clone(),
            retell_url: options.retell_url.unwrap_or_else(|| sandbox.retell_url()),
            calcom_url: sandbox.calcom_url(),
            calendly_url: sandbox.calendly_url(),
            twilio_url: sandbox.twilio_url(),
            password_cost: Argon2Params::DEFAULT,
        };
        let providers = DefaultUrls {
            retell: platform.retell_url.clone(),
            calcom: platform.calcom_url.clone(),
            calendly: platform.calendly_url.clone(),
            twilio: platform.twilio_url.clone(),
            sandbox: sandbox.retell_url(),
            host: public_url,
        };
        sandbox.tell_mail_events(mail_events::to_queue(stack.sqs(), urls.messages.clone()));
        let mail = mail(&stack, &sandbox)?;
        let table = DynamoTable::new(stack.dynamodb(), services::tables());
        let meter = Arc::clone(table.meter());
        let port = Arc::new(NotingPort::new(table, written));
        let app = start_app(&stack, &urls, (platform, mail), &clock, port).await?;
        let known = tenants_in(&stack.dynamodb(), &services::tables().main)
            .await
            .map_err(HostError::part("the tenants"))?;
        connections.connect(app.store.clone(), providers, known);

        let webhooks = Webhooks {
            app: app.clone(),
            objects: Arc::new(bucket(&stack)),
        };

        let (stop, stopping) = watch::channel(false);
        let mut tasks = JoinSet::new();
        let invocations = Arc::new(Invocations::default());
        let live = Live {
            app: app.clone(),
            sockets: Arc::new(ApiGateway::from(stack.apigatewaymanagement())),
        };
        let bus = EventBridge::new(stack.events(), services::BUS.to_owned());
        let projector = Projector::new(app.clone(), Arc::new(bus));
        start_stream(
            &mut tasks,
            &stack,
            (&projector, &live),
            data,
            &invocations,
            &stopping,
        )
        .await?;
        let readers = queues::Readers {
            webhooks: webhooks.clone(),
            projector,
            clock: clock.clone(),
        };
        queues::start(&mut tasks, &stack, urls, &readers, &invocations, &stopping);
        if options.ticks {
            tasks.spawn(ticking(app.clone(), invocations.clone(), stopping.clone()));
        }
        let views = Views::new(
            webhooks.objects.clone(),
            app.real_clock.clone(),
            vio_views::Limits::default(),
        );
        let functions = Functions::new(&webhooks, &views, invocations.clone())
            .map_err(HostError::part("the API document"))?;
        let dev = Dev::new(
            app,
            clock.clone(),
            sandbox.clone(),
            connections.clone(),
            data,
            address,
            &stack,
        );
        let dev = Arc::new(dev);
        let sockets = Arc::clone(stack.sockets());
        tasks.spawn(server::serve(
            listener,
            server::Behind {
                functions,
                live,
                sockets,
                dev: dev.clone(),
            },
            options.console,
            stopping,
        ));
        Ok(Self {
            address,
            clock,
            webhooks,
            views,
            sandbox,
            connections,
            dev,
            stack,
            invocations,
            meter,
            stop,
            tasks,
        })
    }

    /// Where it answers.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The same as a URL without a trailing slash.
    pub fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The developer clock. [`DomainClock::move_to`] does not tick; `POST /dev/clock` does.
    pub fn clock(&self) -> &Arc<DomainClock> {
        &self.clock
    }

    /// The product's wiring.
    pub fn app(&self) -> &App {
        &self.webhooks.app
    }

    /// The wiring of the function that also has the bucket.
    pub fn webhooks(&self) -> &Webhooks {
        &self.webhooks
    }

    /// The tenant views that the function `view` holds.
    pub fn views(&self) -> &Views {
        &self.views
    }

    /// What stands in for Retell and Cal.com.
    pub fn sandbox(&self) -> &Sandbox {
        &self.sandbox
    }

    /// The tenants there are and what they are connected to.
    pub fn connections(&self) -> &Connections {
        &self.connections
    }

    /// What stands in for AWS.
    pub fn stack(&self) -> &Stack {
        &self.stack
    }

    /// What of the table was consumed, by whomever.
    pub fn meter(&self) -> &Meter {
        &self.meter
    }

    /// How often functions were invoked.
    pub fn invocations(&self) -> &Invocations {
        &self.invocations
    }

    /// Makes the demo clinic, if it is not there yet; its id. None where it is there under another password.
    pub async fn seed_demo(&self) -> Result<Option<TenantId>, SeedError> {
        seed::demo(self.app(), &self.base_url(), self.dev.note()).await
    }

    /// Runs the tick now.
    pub async fn tick(&self) -> Result<Ticked, StoreError> {
        let _under_way = self.invocations.begin(TICKER);
        vio_reminders::tick(self.app()).await
    }

    /// Stops: no new requests, messages or ticks; those under way get a few seconds.
    pub async fn shutdown(mut self) {
        self.stop.send_replace(true);
        let ended = async { while self.tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(GOODBYE, ended).await.is_err() {
            tracing::warn!("some work was cut off; the next start takes it up");
            self.tasks.shutdown().await;
        }
        drop(self.dev);
        if let Some(sandbox) = Arc::into_inner(self.sandbox) {
            sandbox.shutdown().await;
        }
        self.stack.shutdown().await;
    }
}

/// The sandbox keeps its port over restarts: attempts remember the address that they were sent to.
async fn start_sandbox(
    data: Option<&Path>,
    clock: Arc<DomainClock>,
    connections: Arc<Connections>,
) -> Result<Sandbox, HostError> {
    let directory = data.map(|directory| directory.join("sandbox"));
    let note = data.map(|directory| directory.join("sandbox.port"));
    let kept = note.as_ref().and_then(|note| {
        std::fs::read_to_string(note)
            .ok()?
            .trim()
            .parse::<u16>()
            .ok()
    });
    let options = |port: u16| SandboxOptions {
        listen: SocketAddr::from(([127, 0, 0, 1], port)),
        clock: clock.clone(),
        data_dir: directory.clone(),
        credentials: connections.clone(),
    };
    let sandbox = match kept {
        Some(port) => match Sandbox::start(options(port)).await {
            Err(vio_sandbox::SandboxError::Listen(_)) => {
                tracing::warn!(
                    port,
                    "the sandbox's port is taken; calls that were being placed will need a look"
                );
                Sandbox::start(options(0)).await
            }
            started => started,
        },
        None => Sandbox::start(options(0)).await,
    };
    let sandbox = sandbox.map_err(HostError::part("the sandbox"))?;
    if let Some(note) = note {
        std::fs::write(&note, sandbox.address().port().to_string())
            .map_err(|error| HostError::DataDir(note, error))?;
    }
    Ok(sandbox)
}

/// E-mail through the sandbox, signed with the key of everything that stands for AWS here.
fn mail(stack: &Stack, sandbox: &Sandbox) -> Result<Mail, HostError> {
    let aws = stack.sdk_config();
    let missing = HostError::part("e-mail");
    let credentials = aws.credentials_provider();
    let signing = SesSigning {
        credentials: credentials.ok_or_else(|| missing("no credentials"))?,
        region: aws.region().map_or("", |region| region.as_ref()).to_owned(),
    };
    let base = BaseUrl::parse(&sandbox.ses_url()).map_err(HostError::part("e-mail"))?;
    let from = Email::parse(MAIL_FROM).map_err(HostError::part("e-mail"))?;
    let api = SesMailer::new(vio_providers::Http::new(), base, signing, None);
    Ok(Mail {
        api: Arc::new(api),
        from,
    })
}

async fn start_app(
    stack: &Stack,
    urls: &QueueUrls,
    (platform, mail): (Platform, Mail),
    clock: &Arc<DomainClock>,
    port: Arc<NotingPort<DynamoTable>>,
) -> Result<App, HostError> {
    let app = App::new(Parts {
        port,
        kms: Arc::new(AwsKms::new(
            stack.kms(),
            services::DATA_KEY,
            services::SIGNING_KEY,
        )),
        queues: Arc::new(SqsQueues::new(stack.sqs(), urls.clone())),
        retell: Arc::new(HttpRetellFactory::new(vio_providers::Http::new())),
        mail: Some(mail),
        platform,
        clock: clock.clone(),
        real_clock: Arc::new(SystemClock),
        ids: Arc::new(RandomIds),
    });
    // Made at the very first start; a key service that does not answer is noticed now, not at a sign-in.
    app.platform_keys()
        .await
        .map_err(HostError::part("the product"))?;
    Ok(app)
}

/// The bucket behind S3's client, as in AWS.
fn bucket(stack: &Stack) -> S3Objects {
    let config = aws_sdk_s3::config::Builder::from(stack.sdk_config())
        .endpoint_url(&stack.endpoints().s3)
        .force_path_style(true);
    S3Objects::new(config, services::BUCKET.to_owned())
}

async fn start_stream(
    tasks: &mut JoinSet<()>,
    stack: &Stack,
    (projector, live): (&Projector, &Live),
    data: Option<&Path>,
    invocations: &Arc<Invocations>,
    stopping: &Stop,
) -> Result<(), HostError> {
    let projector = projector.clone();
    let project: StreamFunction = Arc::new(move |event| {
        let projector = projector.clone();
        Box::pin(async move { projector.handle(event).await })
    });
    let live = live.clone();
    let push: StreamFunction = Arc::new(move |event| {
        let live = live.clone();
        Box::pin(async move {
            live.push(event).await;
            DynamoDbEventResponse::default()
        })
    });
    // What the projector does not read is told to nobody. Whoever was connected before a restart is gone.
    let place = data.map(|directory| directory.join("stream-projector"));
    let readers = [
        ("projector", place, is_told as fn(&_) -> bool, project),
        ("live", None, is_news, push),
    ];
    for (name, place, passes, function) in readers {
        let consumer = StreamConsumer {
            name,
            place,
            client: stack.dynamodb_streams(),
            table: services::tables().main,
            invocations: Arc::clone(invocations),
            passes,
            function,
        };
        match consumer
            .begin()
            .await
            .map_err(HostError::part("the stream"))?
        {
            Some(place) => drop(tasks.spawn(consumer.run(place, stopping.clone()))),
            None => tracing::error!(name, "the table has no stream"),
        }
    }
    Ok(())
}

async fn ticking(app: App, invocations: Arc<Invocations>, stopping: Stop) {
    let mut minutes = tokio::time::interval(TICK);
    minutes.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = minutes.tick() => {}
            () = stopped(stopping.clone()) => return,
        }
        let _under_way = invocations.begin(TICKER);
        if let Err(error) = vio_reminders::tick(&app).await {
            tracing::warn!(error = %error, "a tick failed; the next one does its work");
        }
    }
}
