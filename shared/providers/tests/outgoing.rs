//! Sending to addresses that strangers named: what is answered, how long it may take, and where nothing goes.
#![allow(clippy::unwrap_used, clippy::panic)]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use tokio::net::TcpListener;
use vio_providers::RetryAfter;
use vio_providers::outgoing::{NotPosted, OutgoingClient, Posted, Reach, WebhookUrl};

/// A receiver with an answer at each path, and how often it was asked.
async fn receiver() -> (String, Arc<AtomicUsize>) {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = asked.clone();
    let counted = move || {
        count.fetch_add(1, Ordering::SeqCst);
    };
    let told = counted.clone();
    let app = Router::new()
        .route(
            "/ok",
            post(move |headers: HeaderMap, body: Bytes| async move {
                told();
                assert_eq!(headers["webhook-id"], "7");
                assert_eq!(headers[header::CONTENT_TYPE], "application/json");
                assert_eq!(&body[..], b"{}");
                StatusCode::NO_CONTENT
            }),
        )
        .route(
            "/moved",
            post(|| async {
                (StatusCode::TEMPORARY_REDIRECT, [(header::LOCATION, "/ok")]).into_response()
            }),
        )
        .route(
            "/busy",
            post(|| async {
                let headers = [(header::RETRY_AFTER, "120")];
                (StatusCode::SERVICE_UNAVAILABLE, headers).into_response()
            }),
        )
        .route(
            "/endless",
            post(|| async {
                let chunks = std::iter::repeat_with(|| {
                    Ok::<_, std::convert::Infallible>(Bytes::from(vec![b'x'; 4096]))
                });
                Response::new(Body::from_stream(futures::stream::iter(chunks)))
            }),
        )
        .route(
            "/never",
            post(|| async {
                tokio::time::sleep(Duration::from_secs(60)).await;
                StatusCode::OK
            }),
        );
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
    (format!("http://127.0.0.1:{}", address.port()), asked)
}

async fn posted(url: &str, reach: Reach) -> Result<Posted, NotPosted> {
    let url = WebhookUrl::parse(url, Reach::ThisMachine).unwrap();
    let headers = [("webhook-id", "7".to_owned())];
    OutgoingClient::new(reach)
        .post(&url, &headers, b"{}".to_vec())
        .await
}

fn answered(status: u16) -> Result<Posted, NotPosted> {
    Ok(Posted {
        status,
        retry_after: None,
    })
}

#[tokio::test]
async fn the_status_is_told_and_no_redirect_followed() {
    let (base, asked) = receiver().await;
    let at = |path: &str| format!("{base}{path}");
    let here = Reach::ThisMachine;
    assert_eq!(posted(&at("/ok"), here).await, answered(204));
    assert_eq!(posted(&at("/moved"), here).await, answered(307));
    assert_eq!(asked.load(Ordering::SeqCst), 1);
    assert_eq!(posted(&at("/none"), here).await, answered(404));
    let busy = posted(&at("/busy"), here).await.unwrap();
    assert_eq!(busy.status, 503);
    let wait = RetryAfter::In(Duration::from_secs(120));
    assert_eq!(busy.retry_after, Some(wait));
    // By name too.
    let named = at("/ok").replace("127.0.0.1", "localhost");
    assert_eq!(posted(&named, here).await, answered(204));
}

#[tokio::test]
async fn an_answer_without_end_is_let_go() {
    let (base, _) = receiver().await;
    let begun = Instant::now();
    let url = format!("{base}/endless");
    assert_eq!(posted(&url, Reach::ThisMachine).await, answered(200));
    assert!(begun.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn a_receiver_has_fifteen_seconds() {
    let (base, _) = receiver().await;
    let begun = Instant::now();
    let url = format!("{base}/never");
    let outcome = posted(&url, Reach::ThisMachine).await;
    assert_eq!(outcome, Err(NotPosted::TimedOut));
    let took = begun.elapsed();
    assert!(took > Duration::from_secs(14) && took < Duration::from_secs(20));
}

#[tokio::test]
async fn nobody_there_is_no_connection() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let url = format!("http://127.0.0.1:{port}/");
    let outcome = posted(&url, Reach::ThisMachine).await;
    assert_eq!(outcome, Err(NotPosted::NoConnection));
}

/// A name that leads to this machine is found out when it is connected to, however it was let through before.
#[tokio::test]
async fn a_name_that_leads_inside_is_not_connected_to() {
    let (base, asked) = receiver().await;
    let named = format!("{base}/ok").replace("127.0.0.1", "localhost");
    let outcome = posted(&named, Reach::Public).await;
    assert_eq!(outcome, Err(NotPosted::AddressRefused));
    assert_eq!(asked.load(Ordering::SeqCst), 0);
}
