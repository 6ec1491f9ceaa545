//! Stands in for Retell, Cal.com, Calendly, Twilio and Amazon SES: real HTTP servers with the providers' wire formats, refusals
//! and signatures, whose calls go as a script says, on the developer clock; and for a program of a business's own that is
//! told what happens.
//!
//! It shares no code with the product and knows nothing of it, so that the two can disagree. It
//! runs inside the local host ([`Sandbox::start`]) or as a process of its own (`vio-sandbox`),
//! which outlives a product that is killed. It listens on loopback and delivers to loopback only.
//!
//! Choices where the providers' documentation is silent:
//! - A known `idempotency_key` with another request is 400, within the hour `[t, t + 1 h)` of the
//!   developer clock; requests are compared as JSON, whatever the order of their members.
//! - Checks come in the order key (401), body (400), idempotency, agent and number (422),
//!   do-not-call (400), script (402, 429, 500, withheld answer).
//! - A webhook waits for the one before it of the same call, retries included.
//! - A deleted call keeps its arrival, metadata and idempotency key, for counting, and nothing else.

mod booking;
mod calcom;
mod calendly;
mod call;
mod clock;
mod control;
mod credentials;
mod deliver;
mod journal;
mod ledger;
mod list;
mod page;
mod receiver;
mod request;
mod retell;
mod script;
mod server;
mod ses;
mod sign;
mod twilio;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

pub use calcom::{CalendarChange, CalendarFault, signed_delivery};
pub use calendly::calendly_delivery;
pub use call::{Event, SandboxCall, WebhookAttempt};
pub use clock::{ClockRefusal, ManualClock, OffsetClock, SandboxClock};
pub use credentials::{
    CalcomAccess, CalcomHook, CalendlyAccess, Credentials, RetellAccess, StaticCredentials,
    TwilioAccess,
};
pub use journal::JournalError;
pub use ledger::SandboxRequest;
pub use receiver::{Received, ReceiverAnswer, ReceiverScript};
pub use script::{AppointmentAction, Connection, Fault, Outcome, Script, Sentiment};
pub use server::CalendlyFaults;
pub use ses::{MailEvents, MailFault, MailOutcome, MailScript, SandboxMail};
pub use sign::{calcom_signature, calendly_signature, retell_signature, twilio_signature};
pub use twilio::{SandboxSms, SmsFault, SmsOutcome, SmsScript};

use journal::Journal;
use server::Server;

/// The largest body that is read.
const BODY_BYTES: usize = 1024 * 1024;
/// Given to open connections when the sandbox is shut down.
const GOODBYE: Duration = Duration::from_secs(2);

/// What a sandbox needs.
pub struct SandboxOptions {
    /// Where to listen; loopback only. Port 0 takes a free one.
    pub listen: SocketAddr,
    /// The developer clock.
    pub clock: Arc<dyn SandboxClock>,
    /// Where calls, idempotency keys, the script and pending webhooks survive a restart; without
    /// one they live in memory.
    pub data_dir: Option<PathBuf>,
    /// Who may call.
    pub credentials: Arc<dyn Credentials>,
}

/// Why a sandbox did not start.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// The address is not a loopback address.
    #[error("the sandbox listens on loopback only")]
    NotLoopback,
    /// The address is taken, or not ours.
    #[error("the sandbox cannot listen")]
    Listen(#[source] std::io::Error),
    /// The HTTP client for webhooks could not be made.
    #[error("the sandbox's HTTP client could not be made")]
    Client(#[source] reqwest::Error),
    /// The journal cannot be used.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

/// A running stand-in. Dropped, it stops; [`Sandbox::shutdown`] also waits for that.
pub struct Sandbox {
    address: SocketAddr,
    server: Arc<Server>,
    serving: JoinHandle<()>,
    dispatching: JoinHandle<()>,
}

impl Sandbox {
    /// Opens the journal, replays it, listens, and delivers what is still due.
    pub async fn start(options: SandboxOptions) -> Result<Self, SandboxError> {
        if !options.listen.ip().is_loopback() {
            return Err(SandboxError::NotLoopback);
        }
        let journal = options.data_dir.as_deref().map(Journal::open).transpose()?;
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .map_err(SandboxError::Client)?;
        let server = Arc::new(Server::new(
            options.clock,
            options.credentials,
            http,
            journal,
        ));
        let listener = TcpListener::bind(options.listen)
            .await
            .map_err(SandboxError::Listen)?;
        let address = listener.local_addr().map_err(SandboxError::Listen)?;
        let app = Router::new()
            .merge(retell::router())
            .merge(calcom::router())
            .merge(calendly::router())
            .merge(twilio::router())
            .merge(ses::router())
            .merge(receiver::router())
            .merge(control::router())
            .fallback(|| async { StatusCode::NOT_FOUND })
            .layer(DefaultBodyLimit::max(BODY_BYTES))
            .with_state(server.clone());
        let mut stopping = server.stopping.subscribe();
        let serving = tokio::spawn(async move {
            let stop = async move {
                // Errs only when the sender is gone, which is a reason to stop as well.
                let _ = stopping.wait_for(|stop| *stop).await;
            };
            if let Err(error) = axum::serve(listener, app)
                .with_graceful_shutdown(stop)
                .await
            {
                tracing::error!(error = %error, "the sandbox stopped serving");
            }
        });
        let dispatching = tokio::spawn(deliver::dispatch(server.clone()));
        Ok(Self {
            address,
            server,
            serving,
            dispatching,
        })
    }

    /// The address it listens on.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Base URL in the place of `https://api.retellai.com`, without a slash at its end.
    #[must_use]
    pub fn retell_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Base URL in the place of `https://api.cal.com`, without a slash at its end.
    #[must_use]
    pub fn calcom_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Base URL in the place of `https://api.calendly.com`, without a slash at its end.
    #[must_use]
    pub fn calendly_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Base URL in the place of `https://api.twilio.com` and `https://lookups.twilio.com`, without a slash at its end.
    #[must_use]
    pub fn twilio_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Base URL in the place of `https://email.<region>.amazonaws.com`, without a slash at its end.
    #[must_use]
    pub fn ses_url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Every e-mail that the "provider" took on, oldest first.
    #[must_use]
    pub fn mails(&self) -> Vec<SandboxMail> {
        self.server.ledger().mails().to_vec()
    }

    /// Changes what becomes of the next e-mails: what is named is replaced.
    pub fn mail_script(&self, script: MailScript) {
        self.server.ledger().mail_script.change(script);
    }

    /// Who is given the news of e-mails, from now on; the first who asks.
    pub fn tell_mail_events(&self, tell: MailEvents) {
        self.server.tell_mail_events(tell);
    }

    /// Lets something happen to an e-mail (`Bounce`, `Complaint`, …) and tells of it; whether there is such an e-mail.
    #[must_use]
    pub fn happen_to_mail(&self, id: &str, event: &str, bounce_type: &str) -> bool {
        ses::happen(&self.server, id, event, bounce_type)
    }

    /// Every SMS that the "provider" took on or that came in, oldest first.
    #[must_use]
    pub fn messages(&self) -> Vec<SandboxSms> {
        self.server.ledger().texts().to_vec()
    }

    /// Changes what becomes of the next messages: what is named is replaced.
    pub fn sms_script(&self, script: SmsScript) {
        self.server.ledger().sms_script.change(script);
    }

    /// The arrivals log: each request that created a call, oldest first.
    #[must_use]
    pub fn calls(&self) -> Vec<SandboxCall> {
        self.server.calls()
    }

    /// How many requests created a call.
    #[must_use]
    pub fn call_count(&self) -> usize {
        self.server.call_count()
    }

    /// Every request to create a call, refused ones and repeats too, oldest first.
    #[must_use]
    pub fn requests(&self) -> Vec<SandboxRequest> {
        self.server.requests()
    }

    /// Every booking of the calendars, as their API gives them.
    #[must_use]
    pub fn calcom_bookings(&self) -> Vec<serde_json::Value> {
        self.server.calcom_bookings()
    }

    /// Every change of a booking that was asked for through the calendar's API, oldest first.
    #[must_use]
    pub fn calcom_changes(&self) -> Vec<CalendarChange> {
        self.server.calcom_changes()
    }

    /// What goes wrong with the next changes of bookings, in this order.
    pub fn calcom_faults(&self, faults: Vec<CalendarFault>) {
        self.server.set_calcom_faults(faults);
    }

    /// What Calendly has: `bookings` (invitee and event), `changes` that were asked for through its API, `subscriptions`.
    #[must_use]
    pub fn calendly(&self) -> serde_json::Value {
        self.server.calendly()
    }

    /// What goes wrong with the next questions and changes of Calendly.
    pub fn calendly_faults(&self, faults: CalendlyFaults) {
        self.server.set_calendly_faults(faults);
    }

    /// Switches every subscription to Calendly's webhooks on or off.
    pub fn switch_calendly_hooks(&self, active: bool) -> Result<(), JournalError> {
        self.server.switch_calendly_hooks(active)
    }

    /// Where a program of a business's own listens, at any name below it; without a slash at its end.
    #[must_use]
    pub fn receiver_url(&self) -> String {
        format!("http://{}/receiver", self.address)
    }

    /// What that program got, oldest first.
    #[must_use]
    pub fn received(&self) -> Vec<Received> {
        self.server.receiver.received()
    }

    /// Which secrets it knows and how it answers next: what is named is replaced.
    pub fn receiver_script(&self, script: ReceiverScript) {
        self.server.receiver.script(script);
    }

    /// Changes the script: what is named is replaced.
    pub fn script(&self, script: Script) -> Result<(), JournalError> {
        self.server.script(script)
    }

    /// Stops listening and delivering, and waits for it (open connections get two seconds).
    /// What was not delivered is delivered after the next start, if there is a journal.
    pub async fn shutdown(mut self) {
        self.stop();
        if tokio::time::timeout(GOODBYE, &mut self.serving)
            .await
            .is_err()
        {
            self.serving.abort();
        }
        // Err is the abort.
        let _ = (&mut self.dispatching).await;
    }

    fn stop(&self) {
        self.dispatching.abort();
        self.server.stopping.send_replace(true);
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.stop();
    }
}
