//! Amazon SES: e-mail out, with the news that it gives EventBridge of each.
//!
//! E-mails lie in the journal; news that was not given when the sandbox ends is lost. As with AWS's mailbox simulator, an
//! address says what becomes of what is sent there: `bounce@…`, `complaint@…`, each also with a label (`bounce+1@…`), in any
//! domain.

mod signature;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::journal::{Entry, JournalError};
use crate::server::Server;
use signature::Given;

/// Before the news of an e-mail, and between two of them, in real time.
const BETWEEN: Duration = Duration::from_millis(20);
/// Longer than any client waits.
const FOR_EVER: Duration = Duration::from_secs(120);
/// The largest subject and body together that SES takes in one part of a request here.
const LARGEST: usize = 512 * 1024;

/// An e-mail as the "provider" has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SandboxMail {
    /// SES's id of it.
    pub id: String,
    /// As it stands in the header.
    pub from: String,
    /// Who gets it.
    pub to: String,
    /// Where answers go.
    #[serde(default)]
    pub reply_to: Option<String>,
    /// One line.
    pub subject: String,
    /// In plain text.
    pub text: String,
    /// The same in HTML.
    pub html: String,
    /// Headers besides the usual ones.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// What names it in the news.
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
    /// The last thing that happened to it: `Send`, `Delivery`, `Bounce`, `Complaint`, `Reject`.
    pub status: String,
    /// When it came, on the developer clock.
    pub created_at_clock: DateTime<Utc>,
}

/// A way for the provider to misbehave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MailFault {
    /// 500, and nothing is sent.
    #[serde(rename = "500")]
    Status500,
    /// 429 (`TooManyRequestsException`).
    #[serde(rename = "429")]
    Status429,
    /// The e-mail is taken on, and no answer comes.
    TimeoutAfterAccept,
    /// No answer comes, and nothing is sent.
    Timeout,
    /// The e-mail is taken on, no answer comes, and no news either.
    SilentAfterAccept,
    /// No news.
    NoEvents,
    /// The same news twice.
    DuplicateEvents,
}

/// What becomes of an e-mail.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MailOutcome {
    /// `Delivery` unless named: `Bounce`, `Complaint` (after it was delivered), `Reject`.
    #[serde(default)]
    pub event: Option<String>,
    /// With `Bounce`: `Permanent` unless named; `Transient`, `Undetermined`.
    #[serde(default)]
    pub bounce_type: Option<String>,
    /// A 400 with this name instead, such as `MessageRejected`.
    #[serde(default)]
    pub refuse: Option<String>,
    /// In these words, as `Daily message quota exceeded.` or `Email address is not verified.`
    #[serde(default)]
    pub said: Option<String>,
    #[serde(default)]
    pub fault: Option<MailFault>,
}

/// What becomes of e-mails; each part that is named replaces what was there.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MailScript {
    #[serde(default)]
    pub default: Option<MailOutcome>,
    /// Of the next e-mails, before everything else.
    #[serde(default)]
    pub next: Option<VecDeque<MailOutcome>>,
    #[serde(default)]
    pub by_address: Option<BTreeMap<String, MailOutcome>>,
}

impl MailScript {
    pub(crate) fn change(&mut self, by: Self) {
        self.default = by.default.or(self.default.take());
        self.next = by.next.or(self.next.take());
        self.by_address = by.by_address.or(self.by_address.take());
    }

    fn outcome(&mut self, to: &str) -> MailOutcome {
        let next = self.next.as_mut().and_then(VecDeque::pop_front);
        let own = || {
            let all = self.by_address.as_ref()?;
            all.get(to).cloned()
        };
        next.or_else(own)
            .or_else(|| of_simulator(to))
            .or_else(|| self.default.clone())
            .unwrap_or_default()
    }
}

/// What an address of the simulator's kind says.
fn of_simulator(to: &str) -> Option<MailOutcome> {
    let (local, _) = to.split_once('@')?;
    let event = match local.split('+').next()? {
        "bounce" => "Bounce",
        "complaint" => "Complaint",
        _ => return None,
    };
    Some(MailOutcome {
        event: Some(event.to_owned()),
        ..MailOutcome::default()
    })
}

/// Who is given the news: events as SES puts them on EventBridge's default bus.
pub type MailEvents = Arc<dyn Fn(Value) + Send + Sync>;

pub(crate) fn router() -> Router<Arc<Server>> {
    Router::new()
        .route("/v2/email/outbound-emails", post(send))
        .route("/v2/email/account", get(account))
}

fn refuse(status: StatusCode, name: &'static str, message: &str) -> Response {
    let kind = (
        HeaderName::from_static("x-amzn-errortype"),
        format!("{name}:http://internal.amazon.com/coral/com.amazonaws.sesv2/"),
    );
    (status, [kind], Json(json!({ "message": message }))).into_response()
}

fn broken(error: JournalError) -> Response {
    tracing::error!(error = %error, "the sandbox could not write its journal");
    let name = "InternalServiceErrorException";
    refuse(StatusCode::INTERNAL_SERVER_ERROR, name, "Internal error")
}

/// The refusal of a request that is not signed as it should be.
async fn unsigned(
    server: &Server,
    request: (&Method, &Uri),
    headers: &HeaderMap,
    body: &[u8],
) -> Option<Response> {
    let no = |name, message: &str| Some(refuse(StatusCode::FORBIDDEN, name, message));
    let Some(given) = Given::of(headers) else {
        return no("MissingAuthenticationTokenException", "Missing signature");
    };
    let Some(secret) = server.ses_secret(given.key_id).await else {
        return no("UnrecognizedClientException", "The key is not known");
    };
    if given.holds(&secret, request, headers, body) {
        return None;
    }
    no("SignatureDoesNotMatch", "The signature does not match")
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Content {
    charset: Option<String>,
    data: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Named {
    name: String,
    value: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct MailBody {
    text: Content,
    html: Content,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Simple {
    subject: Content,
    body: MailBody,
    #[serde(default)]
    headers: Vec<Named>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Wrapped {
    simple: Simple,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Destination {
    to_addresses: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SendEmail {
    from_email_address: String,
    destination: Destination,
    #[serde(default)]
    reply_to_addresses: Vec<String>,
    content: Wrapped,
    #[serde(default)]
    email_tags: Vec<Named>,
}

impl SendEmail {
    /// What SES would not take; None for a good one.
    fn fault(&self) -> Option<&'static str> {
        let simple = &self.content.simple;
        let parts = [&simple.subject, &simple.body.text, &simple.body.html];
        let address = |text: &str| {
            let bare = text.rsplit_once('<').map_or(text, |(_, rest)| rest);
            text.is_ascii() && bare.trim_end_matches('>').contains('@')
        };
        let tag = |text: &str| {
            let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
            !text.is_empty() && text.len() <= 256 && text.chars().all(legal)
        };
        let headers = &simple.headers;
        [
            (
                address(&self.from_email_address),
                "The sender is not an address of 7-bit ASCII.",
            ),
            (
                self.destination.to_addresses.len() == 1
                    && self.destination.to_addresses.iter().all(|to| address(to)),
                "The recipient is not an address of 7-bit ASCII.",
            ),
            (
                self.reply_to_addresses.iter().all(|to| address(to)),
                "The address for answers is none.",
            ),
            (
                parts
                    .iter()
                    .all(|part| part.charset.as_deref() == Some("UTF-8")),
                "Texts are UTF-8 here.",
            ),
            (
                parts.iter().map(|part| part.data.len()).sum::<usize>() <= LARGEST,
                "The e-mail is too large.",
            ),
            (
                !simple.subject.data.is_empty() && !simple.subject.data.contains(['\r', '\n']),
                "The subject is empty, or more than one line.",
            ),
            (
                self.email_tags
                    .iter()
                    .all(|one| tag(&one.name) && tag(&one.value)),
                "A tag has letters, digits, _ and - alone.",
            ),
            (
                headers
                    .iter()
                    .all(|one| one.value.is_ascii() && !one.value.contains(['\r', '\n'])),
                "A header is not one line of 7-bit ASCII.",
            ),
        ]
        .into_iter()
        .find_map(|(holds, why)| (!holds).then_some(why))
    }
}

fn named(all: Vec<Named>) -> BTreeMap<String, String> {
    all.into_iter().map(|one| (one.name, one.value)).collect()
}

async fn send(
    State(server): State<Arc<Server>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    if let Some(refusal) = unsigned(&server, (&method, &uri), &headers, &body).await {
        return refusal;
    }
    let bad = |message: &str| refuse(StatusCode::BAD_REQUEST, "BadRequestException", message);
    let asked: SendEmail = match serde_json::from_slice(&body) {
        Ok(asked) => asked,
        Err(error) => return bad(&format!("The request cannot be read: {error}")),
    };
    if let Some(why) = asked.fault() {
        return bad(why);
    }
    let Some(to) = asked.destination.to_addresses.into_iter().next() else {
        return bad("There is no recipient.");
    };
    let outcome = server.ledger().mail_script.outcome(&to);
    match outcome.fault {
        Some(MailFault::Status500) => {
            let name = "InternalServiceErrorException";
            return refuse(StatusCode::INTERNAL_SERVER_ERROR, name, "Internal error");
        }
        Some(MailFault::Status429) => {
            let name = "TooManyRequestsException";
            return refuse(StatusCode::TOO_MANY_REQUESTS, name, "Too many requests");
        }
        Some(MailFault::Timeout) => {
            tokio::time::sleep(FOR_EVER).await;
            return StatusCode::GATEWAY_TIMEOUT.into_response();
        }
        _ => {}
    }
    if let Some(name) = &outcome.refuse {
        let kind = (HeaderName::from_static("x-amzn-errortype"), name.clone());
        let said = outcome.said.as_deref().unwrap_or("Refused by the script.");
        let body = json!({ "message": said });
        return (StatusCode::BAD_REQUEST, [kind], Json(body)).into_response();
    }
    let simple = asked.content.simple;
    let mail = SandboxMail {
        id: format!("{}-000000", Uuid::new_v4()),
        from: asked.from_email_address,
        to,
        reply_to: asked.reply_to_addresses.into_iter().next(),
        subject: simple.subject.data,
        text: simple.body.text.data,
        html: simple.body.html.data,
        headers: named(simple.headers),
        tags: named(asked.email_tags),
        status: "Send".to_owned(),
        created_at_clock: server.clock.now(),
    };
    let id = mail.id.clone();
    if let Err(error) = server
        .ledger()
        .record(Entry::Mailed(Box::new(mail.clone())))
    {
        return broken(error);
    }
    let fault = outcome.fault;
    tokio::spawn(go(server.clone(), mail, outcome));
    if matches!(
        fault,
        Some(MailFault::TimeoutAfterAccept | MailFault::SilentAfterAccept)
    ) {
        tokio::time::sleep(FOR_EVER).await;
    }
    Json(json!({ "MessageId": id })).into_response()
}

async fn account(
    State(server): State<Arc<Server>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
) -> Response {
    if let Some(refusal) = unsigned(&server, (&method, &uri), &headers, &[]).await {
        return refusal;
    }
    Json(json!({
        "SendingEnabled": true,
        "ProductionAccessEnabled": true,
        "EnforcementStatus": "HEALTHY",
        "SendQuota": { "Max24HourSend": 50_000.0, "MaxSendRate": 14.0, "SentLast24Hours": 0.0 },
    }))
    .into_response()
}

/// The e-mail goes its way, and its news with it.
async fn go(server: Arc<Server>, mail: SandboxMail, outcome: MailOutcome) {
    let silent = [MailFault::SilentAfterAccept, MailFault::NoEvents];
    if outcome.fault.is_some_and(|fault| silent.contains(&fault)) {
        return;
    }
    let last = outcome.event.as_deref().unwrap_or("Delivery");
    let bounce = outcome.bounce_type.as_deref().unwrap_or("Permanent");
    let steps: &[&str] = match last {
        "Complaint" => &["Delivery", "Complaint"],
        _ => &[last],
    };
    let times = match outcome.fault {
        Some(MailFault::DuplicateEvents) => 2,
        _ => 1,
    };
    for step in steps {
        for _ in 0..times {
            tokio::time::sleep(BETWEEN).await;
            happen(&server, &mail.id, step, bounce);
        }
    }
}

/// Lets something happen to an e-mail and tells of it; whether there is such an e-mail.
pub(crate) fn happen(server: &Server, id: &str, event: &str, bounce_type: &str) -> bool {
    let mail = {
        let mut ledger = server.ledger();
        let found = ledger.mails().iter().find(|mail| mail.id == id).cloned();
        let Some(mut mail) = found else {
            return false;
        };
        mail.status = event.to_owned();
        if let Err(error) = ledger.record(Entry::Mailed(Box::new(mail.clone()))) {
            tracing::error!(error = %error, "an e-mail was not recorded");
        }
        mail
    };
    if let Some(tell) = server.mail_events() {
        tell(news(&mail, event, bounce_type, server.clock.now()));
    }
    true
}

/// The event as it lies on EventBridge's default bus.
fn news(mail: &SandboxMail, event: &str, bounce_type: &str, now: DateTime<Utc>) -> Value {
    let time = now.to_rfc3339_opts(SecondsFormat::Millis, true);
    let tags: BTreeMap<&str, [&str; 1]> = mail
        .tags
        .iter()
        .map(|(name, value)| (name.as_str(), [value.as_str()]))
        .collect();
    let mut detail = json!({
        "eventType": event,
        "mail": {
            "timestamp": mail.created_at_clock.to_rfc3339_opts(SecondsFormat::Millis, true),
            "source": mail.from,
            "sendingAccountId": "000000000000",
            "messageId": mail.id,
            "destination": [mail.to],
            "headersTruncated": false,
            "tags": tags,
        },
    });
    let recipient = json!([{ "emailAddress": mail.to }]);
    let (kind, part, what) = match event {
        "Bounce" => (
            "Email Bounced",
            "bounce",
            json!({ "bounceType": bounce_type, "bounceSubType": "General", "bouncedRecipients": recipient, "timestamp": time }),
        ),
        "Complaint" => (
            "Email Complaint Received",
            "complaint",
            json!({ "complainedRecipients": recipient, "complaintFeedbackType": "abuse", "timestamp": time }),
        ),
        "Reject" => (
            "Email Rejected",
            "reject",
            json!({ "reason": "Bad content" }),
        ),
        _ => (
            "Email Delivered",
            "delivery",
            json!({ "recipients": [mail.to], "smtpResponse": "250 ok", "timestamp": time }),
        ),
    };
    detail[part] = what;
    json!({
        "version": "0",
        "id": Uuid::new_v4(),
        "detail-type": kind,
        "source": "aws.ses",
        "account": "000000000000",
        "time": now.to_rfc3339_opts(SecondsFormat::Secs, true),
        "region": "eu-west-2",
        "resources": [],
        "detail": detail,
    })
}
