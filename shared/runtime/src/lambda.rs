//! An HTTP function behind API Gateway and CloudFront, alone or with other events beside its requests.

use std::convert::Infallible;
use std::net::IpAddr;

use aws_lambda_events::event::sqs::SqsEvent;
use axum::Router;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use lambda_http::request::{LambdaRequest, RequestContext};
use lambda_http::{Adapter, Context, LambdaEvent, RequestExt, Service};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use vio_http::origin::OriginHashes;
use vio_http::principal::ClientIp;
use vio_http::service;

use crate::app::{App, StartError};
use crate::batch::{self, MessageError};
use crate::config::{ConfigError, optional};

/// Address and port of who called CloudFront. Believed only where a request must have come through it.
const VIEWER: &str = "cloudfront-viewer-address";
/// SHA-256 of the origin secret in hex, or of two; without it nothing in front is trusted.
const ORIGIN_SECRET_SHA256: &str = "VIO_ORIGIN_SECRET_SHA256";

/// Runs an HTTP function: logging, the app from the environment, its routes behind the shared layers.
pub async fn serve(routes: impl FnOnce(App) -> Router) -> Result<(), lambda_http::Error> {
    crate::logging::start();
    serve_app(App::from_env().await?, routes).await
}

/// The same over an app that was wired already, for a function that also uses something else of AWS.
pub async fn serve_app(
    app: App,
    routes: impl FnOnce(App) -> Router,
) -> Result<(), lambda_http::Error> {
    // Both services are asked now, while the routes are made, so that the first request need not wait for them; if one
    // fails, that request asks again.
    let tokens = app.tokens.clone();
    tokio::spawn(async move { tokens.verifier().await.map(|_| ()) });
    let store = app.store.clone();
    tokio::spawn(async move { store.connect().await });
    let router = behind_edge(&app, routes(app.clone()))?;
    lambda_http::run(router).await
}

/// An event that the function does not know. Lambda's runtime logs and reports it, so it does not say what could not be
/// read: that quotes the event.
#[derive(Debug, thiserror::Error)]
#[error("the event is none of those that this function receives")]
pub struct UnknownEvent;

/// Reads an event of a form that is known by now.
pub fn read<T: DeserializeOwned>(payload: Value) -> Result<T, UnknownEvent> {
    serde_json::from_value(payload).map_err(|_| UnknownEvent)
}

fn written(answer: impl Serialize) -> Result<Value, UnknownEvent> {
    serde_json::to_value(answer).map_err(|_| UnknownEvent)
}

/// Answers the event of a request. `service` is the function's routes behind the shared layers.
pub async fn request(
    service: &Router,
    payload: Value,
    context: Context,
) -> Result<Value, UnknownEvent> {
    let request: LambdaRequest = read(payload)?;
    let answer: Result<_, Infallible> = Adapter::from(service.clone())
        .call(LambdaEvent::new(request, context))
        .await;
    match answer {
        Ok(answer) => written(answer),
        Err(never) => match never {},
    }
}

/// One invocation of a function that receives requests and consumes a queue; the two are told apart by their form.
pub async fn request_or_batch<M, F, Fut>(
    service: &Router,
    payload: Value,
    context: Context,
    handler: F,
) -> Result<Value, UnknownEvent>
where
    M: DeserializeOwned,
    F: Fn(M) -> Fut,
    Fut: Future<Output = Result<(), MessageError>>,
{
    if payload.get("Records").is_some() {
        let batch: SqsEvent = read(payload)?;
        return written(batch::handle(batch, handler).await);
    }
    request(service, payload, context).await
}

/// A function's routes behind the shared layers and the edge, for a function that also has other events.
pub fn behind_edge(app: &App, routes: Router) -> Result<Router, StartError> {
    let mut shared = app.shared();
    let origin = origin_hashes()?;
    let behind_edge = origin.is_some();
    if let Some(hashes) = origin {
        shared = shared.with_origin(hashes);
    }
    Ok(service(routes, shared).layer(from_fn_with_state(behind_edge, name_the_caller)))
}

fn origin_hashes() -> Result<Option<OriginHashes>, StartError> {
    let malformed = |error: vio_http::origin::OriginHashesError| {
        StartError::because("configuration")(ConfigError::Malformed {
            name: ORIGIN_SECRET_SHA256,
            reason: error.to_string(),
        })
    };
    optional(ORIGIN_SECRET_SHA256)
        .map(|text| text.parse())
        .transpose()
        .map_err(malformed)
}

async fn name_the_caller(
    State(behind_edge): State<bool>,
    mut request: Request,
    next: Next,
) -> Response {
    if let Some(ip) = caller(behind_edge, &request) {
        request.extensions_mut().insert(ClientIp(ip));
    }
    next.run(request).await
}

/// Behind the edge CloudFront says who called; elsewhere API Gateway does.
fn caller(behind_edge: bool, request: &Request) -> Option<IpAddr> {
    if !behind_edge {
        return source_ip(request);
    }
    viewer_ip(request.headers().get(VIEWER)?.to_str().ok()?)
}

/// `address:port`, where an IPv6 address stands without brackets.
fn viewer_ip(text: &str) -> Option<IpAddr> {
    text.rsplit_once(':')?.0.parse().ok()
}

/// Who called API Gateway, as it says.
fn source_ip(request: &Request) -> Option<IpAddr> {
    match request.request_context_ref()? {
        RequestContext::ApiGatewayV2(context) => context.http.source_ip.as_deref()?.parse().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    #[test]
    fn viewers_are_read_with_their_port() {
        assert_eq!(
            viewer_ip("198.51.100.10:46532"),
            "198.51.100.10".parse().ok()
        );
        assert_eq!(viewer_ip("2001:db8::1:46532"), "2001:db8::1".parse().ok());
        assert_eq!(viewer_ip("nonsense"), None);
    }

    #[test]
    fn a_viewer_is_believed_behind_the_edge_only() {
        let request = Request::builder()
            .header(VIEWER, "198.51.100.10:1")
            .body(Body::empty())
            .unwrap();
        assert!(caller(true, &request).is_some());
        assert_eq!(caller(false, &request), None);
    }
}
