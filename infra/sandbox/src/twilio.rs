//! Twilio: SMS out with signed status callbacks, SMS in, and what is known of numbers.
//!
//! Messages lie in the journal; callbacks that were not delivered when the sandbox ends are lost, as Twilio's are.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::credentials::TwilioAccess;
use crate::deliver::post_form;
use crate::journal::{Entry, JournalError};
use crate::server::Server;
use crate::sign::twilio_signature;

/// Between two callbacks of a message, in real time.
const BETWEEN: Duration = Duration::from_millis(20);
/// How long a callback waits for its answer.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Longer than any client waits.
const FOR_EVER: Duration = Duration::from_secs(120);
const STOP: [&str; 8] = [
    "STOP",
    "STOPALL",
    "UNSUBSCRIBE",
    "CANCEL",
    "END",
    "QUIT",
    "REVOKE",
    "OPTOUT",
];
const START: [&str; 3] = ["START", "YES", "UNSTOP"];

/// A message as the "provider" has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SandboxSms {
    /// `SM` and 32 digits.
    pub sid: String,
    /// Whose it is.
    pub account_sid: String,
    /// Who gets it.
    pub to: String,
    /// Who sent it.
    pub from: String,
    /// What it says.
    pub body: String,
    /// `outbound-api` or `inbound`.
    pub direction: String,
    /// Twilio's word.
    pub status: String,
    /// Why it did not arrive.
    pub error_code: Option<u32>,
    /// When it came, on the developer clock.
    pub created_at_clock: DateTime<Utc>,
    /// The statuses that were posted, with the answer's status.
    #[serde(default)]
    pub callbacks: Vec<(String, Option<u16>)>,
}

/// A way for the provider to misbehave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SmsFault {
    /// 500, and nothing is sent.
    #[serde(rename = "500")]
    Status500,
    /// 429 with code 20429.
    #[serde(rename = "429")]
    Status429,
    /// The message is taken on, and no answer comes.
    TimeoutAfterAccept,
    /// No answer comes, and nothing is sent.
    Timeout,
    /// The message is taken on, no answer comes, and no callback either.
    SilentAfterAccept,
    NoCallbacks,
    DuplicateCallbacks,
    ReorderedCallbacks,
}

/// What becomes of a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SmsOutcome {
    /// `delivered`, `undelivered` or `failed`.
    #[serde(default = "delivered")]
    pub status: String,
    /// With `undelivered` and `failed`: 30003, 30006, …
    #[serde(default)]
    pub error_code: Option<u32>,
    /// A 400 with this code instead, such as 21211 or 21614.
    #[serde(default)]
    pub refuse: Option<u32>,
    #[serde(default)]
    pub fault: Option<SmsFault>,
}

fn delivered() -> String {
    "delivered".to_owned()
}

impl Default for SmsOutcome {
    fn default() -> Self {
        Self {
            status: delivered(),
            error_code: None,
            refuse: None,
            fault: None,
        }
    }
}

/// What becomes of messages; each part that is named replaces what was there.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SmsScript {
    #[serde(default)]
    pub default: Option<SmsOutcome>,
    /// Of the next messages, before everything else.
    #[serde(default)]
    pub next: Option<VecDeque<SmsOutcome>>,
    #[serde(default)]
    pub by_number: Option<BTreeMap<String, SmsOutcome>>,
    /// The status of lookups; 0 for a proper answer.
    #[serde(default)]
    pub lookup_status: Option<u16>,
    /// The status of lists; 0 for a proper answer.
    #[serde(default)]
    pub list_status: Option<u16>,
}

impl SmsScript {
    pub(crate) fn change(&mut self, by: Self) {
        self.default = by.default.or(self.default.take());
        self.next = by.next.or(self.next.take());
        self.by_number = by.by_number.or(self.by_number.take());
        self.lookup_status = by.lookup_status.or(self.lookup_status);
        self.list_status = by.list_status.or(self.list_status);
    }

    fn outcome(&mut self, to: &str) -> SmsOutcome {
        let next = self.next.as_mut().and_then(VecDeque::pop_front);
        let own = || self.by_number.as_ref().and_then(|all| all.get(to)).cloned();
        next.or_else(own)
            .or_else(|| self.default.clone())
            .unwrap_or_default()
    }
}

pub(crate) fn router() -> Router<Arc<Server>> {
    Router::new()
        .route(
            "/2010-04-01/Accounts/{sid}/Messages.json",
            get(list).post(create),
        )
        .route(
            "/2010-04-01/Accounts/{sid}/IncomingPhoneNumbers.json",
            get(numbers),
        )
        .route("/v2/PhoneNumbers/{number}", get(lookup))
}

fn refuse(status: StatusCode, code: u32, message: &str) -> Response {
    let body = json!({
        "code": code,
        "message": message,
        "more_info": format!("https://www.twilio.com/docs/errors/{code}"),
        "status": status.as_u16(),
    });
    (status, Json(body)).into_response()
}

fn unauthorized() -> Response {
    refuse(StatusCode::UNAUTHORIZED, 20003, "Authenticate")
}

/// Internal trouble of the sandbox's own.
fn broken(error: JournalError) -> Response {
    tracing::error!(error = %error, "the sandbox could not write its journal");
    refuse(
        StatusCode::INTERNAL_SERVER_ERROR,
        20500,
        "Internal server error",
    )
}

/// The account and token of `Authorization: Basic`, and what they may use.
async fn account(server: &Server, headers: &HeaderMap) -> Option<(String, String, TwilioAccess)> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let decoded = STANDARD.decode(value.strip_prefix("Basic ")?).ok()?;
    let decoded = String::from_utf8(decoded).ok()?;
    let (sid, token) = decoded.split_once(':')?;
    let access = server.twilio_access(sid, token).await?;
    Some((sid.to_owned(), token.to_owned(), access))
}

fn e164(number: &str) -> bool {
    number.strip_prefix('+').is_some_and(|digits| {
        (9..=15).contains(&digits.len())
            && !digits.starts_with('0')
            && digits.bytes().all(|byte| byte.is_ascii_digit())
    })
}

/// Whether the person sent a stop word to this number, and no start word since.
fn blocked(texts: &[SandboxSms], from: &str, to: &str) -> bool {
    let said = texts
        .iter()
        .filter(|text| text.direction == "inbound" && text.from == to && text.to == from);
    said.fold(false, |blocked, text| {
        let word = text.body.trim().to_uppercase();
        (blocked || STOP.contains(&word.as_str())) && !START.contains(&word.as_str())
    })
}

fn new_sid() -> String {
    format!("SM{}", Uuid::new_v4().simple())
}

fn view(text: &SandboxSms) -> Value {
    let created = text.created_at_clock.to_rfc2822();
    json!({
        "account_sid": text.account_sid,
        "api_version": "2010-04-01",
        "body": text.body,
        "date_created": created,
        "date_sent": null,
        "date_updated": created,
        "direction": text.direction,
        "error_code": text.error_code,
        "error_message": null,
        "from": text.from,
        "num_media": "0",
        "num_segments": "1",
        "price": null,
        "price_unit": null,
        "messaging_service_sid": null,
        "sid": text.sid,
        "status": text.status,
        "to": text.to,
        "uri": format!("/2010-04-01/Accounts/{}/Messages/{}.json", text.account_sid, text.sid),
    })
}

async fn create(
    State(server): State<Arc<Server>>,
    Path(sid): Path<String>,
    headers: HeaderMap,
    body: String,
) -> Response {
    let Some((own, token, access)) = account(&server, &headers).await else {
        return unauthorized();
    };
    if own != sid {
        return unauthorized();
    }
    let fields = fields(&body);
    let field = |name: &str| fields.get(name).cloned().unwrap_or_default();
    let (to, from, text) = (field("To"), field("From"), field("Body"));
    let bad = |code, message: &str| refuse(StatusCode::BAD_REQUEST, code, message);
    if !e164(&to) {
        let message = format!("The 'To' number {to} is not a valid phone number.");
        return bad(21211, &message);
    }
    if !access.numbers.contains(&from) {
        return bad(
            21606,
            "The 'From' phone number is not a valid one of this account.",
        );
    }
    if text.is_empty() || text.chars().count() > 1_600 {
        return bad(21617, "The message body is missing or too long.");
    }
    let outcome = server.ledger().sms_script.outcome(&to);
    match outcome.fault {
        Some(SmsFault::Status500) => {
            return refuse(
                StatusCode::INTERNAL_SERVER_ERROR,
                20500,
                "Internal server error",
            );
        }
        Some(SmsFault::Status429) => {
            return refuse(StatusCode::TOO_MANY_REQUESTS, 20429, "Too Many Requests");
        }
        Some(SmsFault::Timeout) => {
            tokio::time::sleep(FOR_EVER).await;
            return StatusCode::GATEWAY_TIMEOUT.into_response();
        }
        _ => {}
    }
    if let Some(code) = outcome.refuse {
        return bad(code, "Refused by the script.");
    }
    if blocked(server.ledger().texts(), &from, &to) {
        return bad(21610, "Attempt to send to unsubscribed recipient");
    }
    let sms = SandboxSms {
        sid: new_sid(),
        account_sid: sid,
        to,
        from,
        body: text,
        direction: "outbound-api".to_owned(),
        status: "queued".to_owned(),
        error_code: None,
        created_at_clock: server.clock.now(),
        callbacks: Vec::new(),
    };
    let entry = Entry::Texted(Box::new(sms.clone()));
    if let Err(error) = server.ledger().record(entry) {
        return broken(error);
    }
    let silent = [SmsFault::SilentAfterAccept, SmsFault::NoCallbacks];
    let callback = field("StatusCallback");
    let tells = !outcome.fault.is_some_and(|fault| silent.contains(&fault));
    let fault = outcome.fault;
    let answer = view(&sms);
    tokio::spawn(go(server.clone(), sms, outcome, token, callback, tells));
    if matches!(
        fault,
        Some(SmsFault::TimeoutAfterAccept | SmsFault::SilentAfterAccept)
    ) {
        tokio::time::sleep(FOR_EVER).await;
    }
    (StatusCode::CREATED, Json(answer)).into_response()
}

/// The message goes its way, telling of each step where it was asked to.
async fn go(
    server: Arc<Server>,
    mut sms: SandboxSms,
    outcome: SmsOutcome,
    token: String,
    callback: String,
    tells: bool,
) {
    let mut steps = vec!["sent".to_owned(), outcome.status.clone()];
    if outcome.fault == Some(SmsFault::ReorderedCallbacks) {
        steps.reverse();
    }
    let times = match outcome.fault {
        Some(SmsFault::DuplicateCallbacks) => 2,
        _ => 1,
    };
    sms.status = outcome.status;
    sms.error_code = outcome.error_code;
    record(&server, &sms);
    if !tells || callback.is_empty() {
        return;
    }
    for step in steps {
        for _ in 0..times {
            tokio::time::sleep(BETWEEN).await;
            let mut form = vec![
                ("SmsSid".to_owned(), sms.sid.clone()),
                ("SmsStatus".to_owned(), step.clone()),
                ("MessageStatus".to_owned(), step.clone()),
                ("To".to_owned(), sms.to.clone()),
                ("MessageSid".to_owned(), sms.sid.clone()),
                ("AccountSid".to_owned(), sms.account_sid.clone()),
                ("From".to_owned(), sms.from.clone()),
                ("ApiVersion".to_owned(), "2010-04-01".to_owned()),
            ];
            if let Some(code) = sms.error_code.filter(|_| step != "sent") {
                form.push(("ErrorCode".to_owned(), code.to_string()));
            }
            let answer = post_signed(&server, &callback, &token, &form).await;
            sms.callbacks.push((step.clone(), answer.ok()));
            record(&server, &sms);
        }
    }
}

fn record(server: &Server, sms: &SandboxSms) {
    let entry = Entry::Texted(Box::new(sms.clone()));
    if let Err(error) = server.ledger().record(entry) {
        tracing::error!(error = %error, "a message was not recorded");
    }
}

async fn post_signed(
    server: &Server,
    url: &str,
    token: &str,
    form: &[(String, String)],
) -> Result<u16, &'static str> {
    let signature = twilio_signature(token, url, form);
    let headers = [("x-twilio-signature", signature)];
    post_form(server, url, &headers, form, TIMEOUT).await
}

/// A message that somebody writes.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Inbound {
    url: String,
    account_sid: String,
    auth_token: String,
    from: String,
    to: String,
    body: String,
}

/// Takes a message of a person in and posts it to the product; its status, or why there is none.
pub(crate) async fn receive(
    server: &Server,
    inbound: Inbound,
) -> Result<Result<u16, &'static str>, JournalError> {
    let sms = SandboxSms {
        sid: new_sid(),
        account_sid: inbound.account_sid,
        to: inbound.to,
        from: inbound.from,
        body: inbound.body,
        direction: "inbound".to_owned(),
        status: "received".to_owned(),
        error_code: None,
        created_at_clock: server.clock.now(),
        callbacks: Vec::new(),
    };
    server
        .ledger()
        .record(Entry::Texted(Box::new(sms.clone())))?;
    let form: Vec<(String, String)> = [
        ("MessageSid", sms.sid.as_str()),
        ("SmsMessageSid", &sms.sid),
        ("SmsSid", &sms.sid),
        ("AccountSid", &sms.account_sid),
        ("SmsStatus", "received"),
        ("From", &sms.from),
        ("To", &sms.to),
        ("Body", &sms.body),
        ("NumMedia", "0"),
        ("NumSegments", "1"),
        ("ApiVersion", "2010-04-01"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into();
    Ok(post_signed(server, &inbound.url, &inbound.auth_token, &form).await)
}

async fn list(
    State(server): State<Arc<Server>>,
    Path(sid): Path<String>,
    Query(query): Query<HashMap<String, String>>,
    headers: HeaderMap,
) -> Response {
    if account(&server, &headers)
        .await
        .is_none_or(|own| own.0 != sid)
    {
        return unauthorized();
    }
    let ledger = server.ledger();
    if let Some(status) = failing(ledger.sms_script.list_status) {
        return refuse(status, 20500, "Refused by the script.");
    }
    let size: usize = query
        .get("PageSize")
        .and_then(|size| size.parse().ok())
        .unwrap_or(50);
    let fits = |wanted: Option<&String>, has: &str| wanted.is_none_or(|wanted| wanted == has);
    let mut found: Vec<Value> = ledger
        .texts()
        .iter()
        .rev()
        .filter(|text| text.account_sid == sid)
        .filter(|text| fits(query.get("To"), &text.to) && fits(query.get("From"), &text.from))
        .map(view)
        .collect();
    let more = found.len() > size;
    found.truncate(size);
    let next = more.then(|| format!("/2010-04-01/Accounts/{sid}/Messages.json?Page=1"));
    Json(json!({"messages": found, "page_size": size, "next_page_uri": next})).into_response()
}

fn failing(status: Option<u16>) -> Option<StatusCode> {
    status
        .filter(|status| *status != 0)
        .and_then(|status| StatusCode::from_u16(status).ok())
}

async fn numbers(
    State(server): State<Arc<Server>>,
    Path(sid): Path<String>,
    Query(query): Query<HashMap<String, String>>,
    headers: HeaderMap,
) -> Response {
    let Some((own, _, access)) = account(&server, &headers).await else {
        return unauthorized();
    };
    if own != sid {
        return unauthorized();
    }
    let wanted = query.get("PhoneNumber");
    let numbers: Vec<Value> = access
        .numbers
        .iter()
        .filter(|number| wanted.is_none_or(|wanted| wanted == *number))
        .map(|number| {
            json!({
                "phone_number": number,
                "sms_url": access.sms_url,
                "sms_method": "POST",
                "capabilities": {"voice": false, "sms": true, "mms": false},
            })
        })
        .collect();
    Json(json!({"incoming_phone_numbers": numbers, "next_page_uri": null})).into_response()
}

async fn lookup(
    State(server): State<Arc<Server>>,
    Path(number): Path<String>,
    Query(query): Query<HashMap<String, String>>,
    headers: HeaderMap,
) -> Response {
    if account(&server, &headers).await.is_none() {
        return unauthorized();
    }
    if let Some(status) = failing(server.ledger().sms_script.lookup_status) {
        return refuse(status, 20500, "Refused by the script.");
    }
    let valid = e164(&number);
    let asked = query
        .get("Fields")
        .is_some_and(|fields| fields == "line_type_intelligence");
    let kind = if number.starts_with("+447") {
        "mobile"
    } else {
        "landline"
    };
    let line = (valid && asked).then(|| {
        json!({"error_code": null, "mobile_country_code": null, "mobile_network_code": null,
               "carrier_name": "Sandbox Telecom", "type": kind})
    });
    let errors = if valid {
        Value::Null
    } else {
        json!(["INVALID_LENGTH"])
    };
    Json(json!({
        "phone_number": number,
        "valid": valid,
        "validation_errors": errors,
        "line_type_intelligence": line,
    }))
    .into_response()
}

fn fields(body: &str) -> HashMap<String, String> {
    let mut url = match reqwest::Url::parse("form:") {
        Ok(url) => url,
        Err(_) => return HashMap::new(),
    };
    url.set_query(Some(body));
    url.query_pairs()
        .map(|(name, value)| (name.into_owned(), value.into_owned()))
        .collect()
}
