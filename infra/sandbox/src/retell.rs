//! Retell's HTTP API, as far as the product uses it.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post};
use axum::{Json, Router};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::call::{Call, Phase};
use crate::credentials::RetellAccess;
use crate::journal::{Entry, JournalError};
use crate::ledger::{Repeat, SandboxRequest};
use crate::list;
use crate::request::CreateRequest;
use crate::script::{Fault, RETRY_AFTER_SECONDS};
use crate::server::Server;

/// How long an answer is withheld under [`Fault::TimeoutAfterAccept`], in real time.
const HANG: Duration = Duration::from_secs(60);
/// Calls at once, as `get-concurrency` reports it. Not enforced.
const CONCURRENCY_LIMIT: usize = 100;

pub(crate) fn router() -> Router<Arc<Server>> {
    Router::new()
        .route("/v2/create-phone-call", post(create))
        .route("/v2/get-call/{call_id}", get(get_call))
        .route("/v3/list-calls", post(list_calls))
        .route("/get-concurrency", get(concurrency))
        .route("/v2/stop-call/{call_id}", post(stop))
        .route("/v2/delete-call/{call_id}", delete(delete_call))
}

/// Retell's refusals, with its own words where they are known.
#[derive(Debug)]
pub(crate) enum Refusal {
    BadRequest(String),
    Unauthorized,
    PaymentNeeded,
    UnknownAsset,
    RateLimited { retry_after: u32 },
    ServerError,
}

impl Refusal {
    fn status(&self) -> StatusCode {
        match self {
            Self::BadRequest(_) => StatusCode::BAD_REQUEST,
            Self::Unauthorized => StatusCode::UNAUTHORIZED,
            Self::PaymentNeeded => StatusCode::PAYMENT_REQUIRED,
            Self::UnknownAsset => StatusCode::UNPROCESSABLE_ENTITY,
            Self::RateLimited { .. } => StatusCode::TOO_MANY_REQUESTS,
            Self::ServerError => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    fn message(&self) -> String {
        match self {
            Self::BadRequest(what) => {
                format!("Invalid request format, please check API reference: {what}.")
            }
            Self::Unauthorized => "API key is missing or invalid.".into(),
            Self::PaymentNeeded => "Trial has ended, please add payment method.".into(),
            Self::UnknownAsset => "Cannot find requested asset under given api key.".into(),
            Self::RateLimited { .. } => {
                "Account rate limited, please throttle your requests.".into()
            }
            Self::ServerError => "An unexpected server error occurred.".into(),
        }
    }
}

impl From<JournalError> for Refusal {
    fn from(error: JournalError) -> Self {
        tracing::error!(error = %error, "the sandbox could not write its journal");
        Self::ServerError
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = (
            self.status(),
            Json(json!({"status": "error", "message": self.message()})),
        )
            .into_response();
        if let Self::RateLimited {
            retry_after: seconds @ 1..,
        } = self
        {
            response
                .headers_mut()
                .insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

/// The key of `Authorization: Bearer KEY`.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    let value = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, key) = value.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| key.trim())
}

async fn account<'h>(
    server: &Server,
    headers: &'h HeaderMap,
) -> Result<(&'h str, RetellAccess), Refusal> {
    let key = bearer(headers).ok_or(Refusal::Unauthorized)?;
    let access = server
        .retell_access(key)
        .await
        .ok_or(Refusal::Unauthorized)?;
    Ok((key, access))
}

/// What became of a request to create a call.
enum Created {
    Call(Value),
    /// The call is there, its answer is not.
    Withheld,
}

async fn create(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let arrived = (Utc::now(), server.clock.now());
    let account = account(&server, &headers).await;
    let created = match account {
        Ok((api_key, access)) => {
            let request = body
                .map_err(|_| "the body is too large or broke off".to_owned())
                .and_then(|body| CreateRequest::parse(&body));
            match request {
                Ok(request) => place(&server, api_key, &access, request, arrived),
                Err(what) => refuse(&server, arrived, None, Refusal::BadRequest(what), false),
            }
        }
        Err(refusal) => refuse(&server, arrived, None, refusal, false),
    };
    match created {
        Ok(Created::Call(call)) => (StatusCode::CREATED, Json(call)).into_response(),
        Ok(Created::Withheld) => {
            let mut stopping = server.stopping.subscribe();
            tokio::select! {
                () = tokio::time::sleep(HANG) => {}
                _ = stopping.wait_for(|stop| *stop) => {}
            }
            StatusCode::GATEWAY_TIMEOUT.into_response()
        }
        Err(refusal) => refusal.into_response(),
    }
}

/// Creates the call, finds the one created before under the same key, or refuses.
fn place(
    server: &Server,
    api_key: &str,
    access: &RetellAccess,
    request: CreateRequest,
    arrived: (DateTime<Utc>, DateTime<Utc>),
) -> Result<Created, Refusal> {
    let mut ledger = server.ledger();
    let key = request.idempotency_key.as_deref();
    match ledger.repeat(api_key, key, &request.fingerprint, arrived.1) {
        Repeat::Same(at) => {
            let call = ledger.call_at(at);
            let answer = call.render(call.phase(arrived.1));
            let mut log = log_of(arrived, Some(&request), Some(201), None);
            log.call_id = Some(call.id.clone());
            log.repeat = true;
            ledger.record(Entry::Arrived {
                request: log,
                call: None,
                took_next: false,
            })?;
            return Ok(Created::Call(answer));
        }
        Repeat::Conflict => {
            drop(ledger);
            let what = "idempotency_key was used for another request within the hour".to_owned();
            return refuse(
                server,
                arrived,
                Some(&request),
                Refusal::BadRequest(what),
                false,
            );
        }
        Repeat::None => {}
    }
    let agent = match &request.agent_id {
        Some(agent) => access.agents.contains(agent).then(|| agent.clone()),
        None => access.agents.first().cloned(),
    };
    let (Some(agent), true) = (agent, access.numbers.contains(&request.from_number)) else {
        drop(ledger);
        return refuse(
            server,
            arrived,
            Some(&request),
            Refusal::UnknownAsset,
            false,
        );
    };
    if request.honor_internal_dnc && ledger.on_dnc(api_key, &request.to_number, arrived.1) {
        drop(ledger);
        let what = "the contact is marked do-not-call".to_owned();
        return refuse(
            server,
            arrived,
            Some(&request),
            Refusal::BadRequest(what),
            false,
        );
    }
    let (outcome, took_next) = ledger.outcome(&request.to_number);
    let refusal = match outcome.fault {
        Some(Fault::ServerError) => Some(Refusal::ServerError),
        Some(Fault::PaymentNeeded) => Some(Refusal::PaymentNeeded),
        Some(Fault::RateLimited) => Some(Refusal::RateLimited {
            retry_after: outcome.retry_after_seconds.unwrap_or(RETRY_AFTER_SECONDS),
        }),
        _ => None,
    };
    if let Some(refusal) = refusal {
        drop(ledger);
        return refuse(server, arrived, Some(&request), refusal, took_next);
    }
    let withheld = outcome.fault == Some(Fault::TimeoutAfterAccept);
    let mut log = log_of(arrived, Some(&request), (!withheld).then_some(201), None);
    let call = Call::new(request, api_key.to_owned(), agent, outcome, arrived);
    log.call_id = Some(call.id.clone());
    let answer = call.render(Phase::Registered);
    ledger.record(Entry::Arrived {
        request: log,
        call: Some(Box::new(call)),
        took_next,
    })?;
    drop(ledger);
    server.changed.notify_one();
    Ok(if withheld {
        Created::Withheld
    } else {
        Created::Call(answer)
    })
}

fn refuse(
    server: &Server,
    arrived: (DateTime<Utc>, DateTime<Utc>),
    request: Option<&CreateRequest>,
    refusal: Refusal,
    took_next: bool,
) -> Result<Created, Refusal> {
    let log = log_of(
        arrived,
        request,
        Some(refusal.status().as_u16()),
        Some(refusal.message()),
    );
    server.ledger().record(Entry::Arrived {
        request: log,
        call: None,
        took_next,
    })?;
    Err(refusal)
}

fn log_of(
    (arrived_at, arrived_at_clock): (DateTime<Utc>, DateTime<Utc>),
    request: Option<&CreateRequest>,
    status: Option<u16>,
    message: Option<String>,
) -> SandboxRequest {
    SandboxRequest {
        arrived_at,
        arrived_at_clock,
        status,
        message,
        idempotency_key: request.and_then(|request| request.idempotency_key.clone()),
        metadata: Value::Object(
            request
                .and_then(|request| request.metadata.clone())
                .unwrap_or_default(),
        ),
        call_id: None,
        repeat: false,
    }
}

async fn get_call(
    State(server): State<Arc<Server>>,
    Path(call_id): Path<String>,
    headers: HeaderMap,
) -> Result<Json<Value>, Refusal> {
    let (key, _) = account(&server, &headers).await?;
    let now = server.clock.now();
    let ledger = server.ledger();
    let call = ledger.call(key, &call_id).ok_or(Refusal::UnknownAsset)?;
    Ok(Json(call.render(call.phase(now))))
}

async fn list_calls(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<Value>, Refusal> {
    let (key, _) = account(&server, &headers).await?;
    let body =
        body.map_err(|_| Refusal::BadRequest("the body is too large or broke off".into()))?;
    let query = list::Query::parse(&body).map_err(Refusal::BadRequest)?;
    let now = server.clock.now();
    let calls: Vec<Value> = server
        .ledger()
        .calls_of(key)
        .map(|call| call.render(call.phase(now)))
        .collect();
    Ok(Json(query.page(calls)))
}

async fn concurrency(
    State(server): State<Arc<Server>>,
    headers: HeaderMap,
) -> Result<Json<Value>, Refusal> {
    let (key, _) = account(&server, &headers).await?;
    let now = server.clock.now();
    let current = server
        .ledger()
        .calls_of(key)
        .filter(|call| call.phase(now) < Phase::Ended)
        .count();
    Ok(Json(json!({
        "current_concurrency": current,
        "concurrency_limit": CONCURRENCY_LIMIT,
        "base_concurrency": CONCURRENCY_LIMIT,
        "purchased_concurrency": 0,
        "concurrency_purchase_limit": 0,
        "remaining_purchase_limit": 0,
        "concurrency_burst_enabled": false,
        "concurrency_burst_limit": 0,
    })))
}

async fn stop(
    State(server): State<Arc<Server>>,
    Path(call_id): Path<String>,
    headers: HeaderMap,
) -> Result<StatusCode, Refusal> {
    let (key, _) = account(&server, &headers).await?;
    let now = server.clock.now();
    let mut ledger = server.ledger();
    let call = ledger.call(key, &call_id).ok_or(Refusal::UnknownAsset)?;
    if call.phase(now) >= Phase::Ended {
        return Err(Refusal::BadRequest("the call is not ongoing".into()));
    }
    ledger.record(Entry::Stopped { call_id, at: now })?;
    drop(ledger);
    server.changed.notify_one();
    Ok(StatusCode::NO_CONTENT)
}

async fn delete_call(
    State(server): State<Arc<Server>>,
    Path(call_id): Path<String>,
    headers: HeaderMap,
) -> Result<StatusCode, Refusal> {
    let (key, _) = account(&server, &headers).await?;
    let mut ledger = server.ledger();
    ledger.call(key, &call_id).ok_or(Refusal::UnknownAsset)?;
    ledger.record(Entry::Deleted { call_id })?;
    drop(ledger);
    server.changed.notify_one();
    Ok(StatusCode::NO_CONTENT)
}
