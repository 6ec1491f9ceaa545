//! API Gateway (HTTP API, payload version 2) in front of a function: every request becomes a real event, goes through
//! JSON, and its answer comes back the same way, with AWS's limits enforced. What works here works there.

use std::net::SocketAddr;
use std::time::Duration;

use aws_lambda_events::event::apigw::ApiGatewayV2httpRequest;
use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Request, Response, StatusCode, header};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use lambda_http::request::LambdaRequest;
use lambda_http::{Adapter, Context, LambdaEvent, Service};
use serde_json::{Value, json};
use uuid::Uuid;

/// Largest request body that API Gateway takes.
pub const MAX_BODY: usize = 10 * 1024 * 1024;
/// Largest event that Lambda takes, and largest answer that it gives.
pub const MAX_EVENT: usize = 6 * 1024 * 1024;
/// Longest that an HTTP API waits for a function.
pub const TIMEOUT: Duration = Duration::from_secs(30);
/// Largest sum of request line and headers.
const MAX_HEADERS: usize = 10 * 1024;

/// A request as API Gateway saw it arrive.
pub struct Arrival {
    pub peer: SocketAddr,
    pub at: DateTime<Utc>,
    pub id: Uuid,
    /// `METHOD /path/{template}`, or `$default`.
    pub route: String,
}

/// Sends a request through an event to the function and its answer back.
pub async fn invoke(function: Router, arrival: Arrival, request: Request<Body>) -> Response<Body> {
    invoke_within(TIMEOUT, function, arrival, request).await
}

async fn invoke_within(
    timeout: Duration,
    function: Router,
    arrival: Arrival,
    request: Request<Body>,
) -> Response<Body> {
    match round_trip(timeout, function, arrival, request).await {
        Ok(response) => response,
        Err((status, message)) => refusal(status, message),
    }
}

type Refusal = (StatusCode, &'static str);

/// API Gateway's own answers are not problem documents: it does not know ours.
pub(crate) fn refusal(status: StatusCode, message: &str) -> Response<Body> {
    let mut response = Response::new(Body::from(json!({ "message": message }).to_string()));
    *response.status_mut() = status;
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    );
    response
}

const TOO_LONG: Refusal = (StatusCode::PAYLOAD_TOO_LARGE, "Request Too Long");
const BROKEN: Refusal = (StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error");

async fn round_trip(
    timeout: Duration,
    function: Router,
    arrival: Arrival,
    request: Request<Body>,
) -> Result<Response<Body>, Refusal> {
    let event = to_event(arrival, request).await?;
    let text = serde_json::to_vec(&event).map_err(|_| BROKEN)?;
    if text.len() > MAX_EVENT {
        return Err(TOO_LONG);
    }
    let payload: ApiGatewayV2httpRequest = serde_json::from_slice(&text).map_err(|error| {
        tracing::error!(%error, "the event is not one that API Gateway would send");
        BROKEN
    })?;
    let event = LambdaEvent::new(LambdaRequest::ApiGatewayV2(payload), Context::default());
    let answering = Adapter::from(function).call(event);
    let answer = tokio::time::timeout(timeout, answering)
        .await
        .map_err(|_| (StatusCode::SERVICE_UNAVAILABLE, "Service Unavailable"))?
        .map_err(|infallible| match infallible {})?;
    let text = serde_json::to_vec(&answer).map_err(|_| BROKEN)?;
    if text.len() > MAX_EVENT {
        tracing::error!(
            bytes = text.len(),
            "the function answered more than Lambda can return"
        );
        return Err(BROKEN);
    }
    let answer: Value = serde_json::from_slice(&text).map_err(|_| BROKEN)?;
    from_answer(&answer).ok_or(BROKEN)
}

/// The event of payload version 2.
async fn to_event(arrival: Arrival, request: Request<Body>) -> Result<Value, Refusal> {
    let (parts, body) = request.into_parts();
    let size: usize = parts
        .headers
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len() + 4)
        .sum();
    if size
        + parts
            .uri
            .path_and_query()
            .map_or(0, |path| path.as_str().len())
        > MAX_HEADERS
    {
        return Err((
            StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE,
            "Request Header Fields Too Large",
        ));
    }
    let body = Limited::new(body, MAX_BODY)
        .collect()
        .await
        .map_err(|error| {
            if error.is::<LengthLimitError>() {
                TOO_LONG
            } else {
                (StatusCode::BAD_REQUEST, "Bad Request")
            }
        })?;
    let body = body.to_bytes();
    let textual = is_textual(&parts.headers);
    let (body, encoded) = match std::str::from_utf8(&body) {
        _ if body.is_empty() => (Value::Null, false),
        Ok(text) if textual => (json!(text), false),
        _ => (json!(STANDARD.encode(&body)), true),
    };
    let cookies: Vec<&str> = parts
        .headers
        .get_all(header::COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|line| line.split("; "))
        .collect();
    let mut event = json!({
        "version": "2.0",
        "routeKey": arrival.route,
        "rawPath": parts.uri.path(),
        "rawQueryString": parts.uri.query().unwrap_or_default(),
        "headers": joined(&parts.headers, arrival.peer),
        "requestContext": {
            "accountId": "000000000000",
            "apiId": "local",
            "domainName": "localhost",
            "domainPrefix": "localhost",
            "http": {
                "method": parts.method.as_str(),
                "path": parts.uri.path(),
                "protocol": "HTTP/1.1",
                "sourceIp": arrival.peer.ip().to_string(),
                "userAgent": parts.headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok()),
            },
            "requestId": arrival.id.to_string(),
            "routeKey": arrival.route,
            "stage": "$default",
            "time": arrival.at.format("%d/%b/%Y:%H:%M:%S +0000").to_string(),
            "timeEpoch": arrival.at.timestamp_millis(),
        },
        "body": body,
        "isBase64Encoded": encoded,
    });
    if !cookies.is_empty() {
        event["cookies"] = json!(cookies);
    }
    Ok(event)
}

/// Names in lower case, repeated ones joined by commas, as API Gateway does; the peer's address is its own.
fn joined(headers: &HeaderMap, peer: SocketAddr) -> Value {
    let mut joined = serde_json::Map::new();
    for name in headers.keys() {
        if name == header::COOKIE {
            continue;
        }
        let values: Vec<String> = headers
            .get_all(name)
            .iter()
            .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
            .collect();
        joined.insert(name.as_str().to_owned(), json!(values.join(",")));
    }
    joined.insert("x-forwarded-for".into(), json!(peer.ip().to_string()));
    joined.insert("x-forwarded-proto".into(), json!("http"));
    Value::Object(joined)
}

/// Which bodies API Gateway passes as text; all others are base64.
fn is_textual(headers: &HeaderMap) -> bool {
    let kind = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let kind = kind
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    kind.starts_with("text/")
        || kind.ends_with("+json")
        || kind.ends_with("+xml")
        || matches!(
            kind.as_str(),
            "application/json" | "application/xml" | "application/javascript"
        )
}

fn from_answer(answer: &Value) -> Option<Response<Body>> {
    let status = u16::try_from(answer.get("statusCode")?.as_u64()?).ok()?;
    let body = match answer.get("body").and_then(Value::as_str) {
        None => Vec::new(),
        Some(text) if answer.get("isBase64Encoded").and_then(Value::as_bool) == Some(true) => {
            STANDARD.decode(text).ok()?
        }
        Some(text) => text.as_bytes().to_vec(),
    };
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = StatusCode::from_u16(status).ok()?;
    let add = |headers: &mut HeaderMap, name: &str, value: &str| -> Option<()> {
        headers.append(
            HeaderName::try_from(name).ok()?,
            HeaderValue::try_from(value).ok()?,
        );
        Some(())
    };
    let headers = response.headers_mut();
    let single = answer
        .get("headers")
        .and_then(Value::as_object)
        .into_iter()
        .flatten();
    for (name, value) in single {
        add(headers, name, value.as_str()?)?;
    }
    for (name, values) in answer
        .get("multiValueHeaders")
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
    {
        if !headers.contains_key(name.as_str()) {
            for value in values.as_array().into_iter().flatten() {
                add(headers, name, value.as_str()?)?;
            }
        }
    }
    for cookie in answer
        .get("cookies")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        add(headers, "set-cookie", cookie.as_str()?)?;
    }
    Some(response)
}

#[cfg(test)]
#[path = "gateway_tests.rs"]
mod tests;
