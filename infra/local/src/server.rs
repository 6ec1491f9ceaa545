//! The HTTP server on loopback: `/api` through the gateway to the functions, `/dev` and the console directly.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::{any, get};
use axum::serve::ListenerExt;
use chrono::{DateTime, Utc};
use tokio::net::TcpListener;
use vio_live::Live;
use vio_stack::SocketHub;

use crate::connections::is_loopback_host;
use crate::consumers::{Stop, stopped};
use crate::dev::{self, Dev};
use crate::functions::Functions;
use crate::gateway::{self, Arrival};
use crate::{console, landing, routes, sockets};

/// What lies behind the server.
#[derive(Clone)]
pub(crate) struct Behind {
    pub functions: Functions,
    pub live: Live,
    pub sockets: Arc<SocketHub>,
    pub dev: Arc<Dev>,
}

/// Serves until the host stops.
pub(crate) async fn serve(
    listener: TcpListener,
    behind: Behind,
    console: Option<PathBuf>,
    stopping: Stop,
) {
    let pages = match console {
        Some(directory) => console::router(directory),
        None => Router::new()
            .route("/", get(landing::page))
            .fallback(nothing_here),
    };
    let router = Router::new()
        .nest("/dev", dev::router(behind.dev.clone()))
        .route("/api", any(api))
        .route("/api/{*path}", any(api))
        .route(
            "/live",
            get({
                let stop = stopping.clone();
                move |behind, query, upgrade| sockets::connect(behind, query, upgrade, stop)
            }),
        )
        .with_state(behind)
        .fallback_service(pages)
        .layer(from_fn(this_machine_only));
    // Without it, answers in several packets wait 40 ms for an acknowledgement.
    let listener = listener.tap_io(|stream| {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "TCP_NODELAY was not set");
        }
    });
    let service = router.into_make_service_with_connect_info::<SocketAddr>();
    if let Err(error) = axum::serve(listener, service)
        .with_graceful_shutdown(stopped(stopping))
        .await
    {
        tracing::error!(%error, "the server ended");
    }
}

/// Refuses requests under a foreign host name: a web page elsewhere could point its own name here (DNS rebinding).
/// API Gateway, too, answers only to the names that it has.
async fn this_machine_only(request: Request, next: Next) -> Response {
    if names_this_machine(request.headers()) {
        next.run(request).await
    } else {
        gateway::refusal(StatusCode::FORBIDDEN, "Forbidden")
    }
}

fn names_this_machine(headers: &HeaderMap) -> bool {
    let mut hosts = headers.get_all(header::HOST).iter();
    let (Some(host), None) = (hosts.next(), hosts.next()) else {
        return false;
    };
    let Ok(authority) = host
        .to_str()
        .unwrap_or_default()
        .parse::<axum::http::uri::Authority>()
    else {
        return false;
    };
    is_loopback_host(authority.host())
}

async fn nothing_here() -> Response {
    let words = "There is nothing here. The API is under /api, its description at /api/docs.\n";
    (StatusCode::NOT_FOUND, words).into_response()
}

async fn api(
    State(api): State<Behind>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    request: Request<Body>,
) -> Response {
    let path = request.uri().path();
    let (function, route) = routes::owner(request.method().as_str(), path);
    let arrival = Arrival {
        peer,
        at: api.dev.real_now(),
        id: api.dev.new_id(),
        route,
    };
    let _under_way = api.functions.invoked();
    let mut answer = gateway::invoke(api.functions.get(function), arrival, request).await;
    if let Some(date) = http_date(api.dev.now()) {
        answer.headers_mut().insert(header::DATE, date);
    }
    answer
}

/// An answer's date is that of the clock which decides what is due, here as in AWS: a client that shows how long ago
/// something was goes by it from the first answer on.
fn http_date(at: DateTime<Utc>) -> Option<HeaderValue> {
    HeaderValue::try_from(at.format("%a, %d %b %Y %H:%M:%S GMT").to_string()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_host(host: &str) -> bool {
        names_this_machine(&HeaderMap::from_iter([(
            header::HOST,
            host.parse().unwrap(),
        )]))
    }

    #[test]
    fn dates_are_written_as_http_writes_them() {
        let example = "1994-11-06T08:49:37.9Z".parse().unwrap();
        assert_eq!(http_date(example).unwrap(), "Sun, 06 Nov 1994 08:49:37 GMT");
    }

    #[test]
    fn only_names_of_this_machine() {
        for host in [
            "127.0.0.1:8787",
            "localhost:8787",
            "localhost",
            "[::1]:1",
            "LOCALHOST:1",
        ] {
            assert!(with_host(host), "{host}");
        }
        for host in [
            "evil.example",
            "127.0.0.1.evil.example:8787",
            "",
            "user@evil.example",
            "10.0.0.1",
            "localhost.evil",
        ] {
            assert!(!with_host(host), "{host}");
        }
        assert!(!names_this_machine(&HeaderMap::new()));
    }
}
