//! The stack's services through the unmodified AWS SDK.

// Helpers outside test functions may fail a test too.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod dynamodb;
mod events;
mod kms;
mod restart;
mod s3;
mod sqs;

use std::sync::Arc;

use aws_sdk_sqs::error::{ProvideErrorMetadata, SdkError};
use chrono::{DateTime, Utc};
use vio_stack::{ManualClock, Stack, StackOptions};

async fn ephemeral() -> Stack {
    Stack::start(StackOptions::ephemeral()).await.unwrap()
}

/// A stack whose clock stands still until the test moves it.
async fn with_manual_clock() -> (Stack, Arc<ManualClock>) {
    let start: DateTime<Utc> = "2026-03-01T09:00:00Z".parse().unwrap();
    let clock = Arc::new(ManualClock::at(start));
    let options = StackOptions {
        data_dir: None,
        clock: clock.clone(),
    };
    (Stack::start(options).await.unwrap(), clock)
}

/// The error code the SDK saw; fails the test if there was no error.
#[track_caller]
fn code<T: std::fmt::Debug, E, R>(outcome: Result<T, SdkError<E, R>>) -> String
where
    E: ProvideErrorMetadata + std::fmt::Debug,
    R: std::fmt::Debug,
{
    let error = outcome.expect_err("an error was expected");
    let service_error = error
        .as_service_error()
        .expect("the service should have answered");
    service_error
        .code()
        .expect("the error should have a code")
        .to_owned()
}

#[tokio::test]
async fn every_service_listens_on_loopback_only() {
    let stack = ephemeral().await;
    let endpoints = stack.endpoints();
    for url in [
        &endpoints.dynamodb,
        &endpoints.sqs,
        &endpoints.kms,
        &endpoints.s3,
        &endpoints.events,
    ] {
        assert!(url.starts_with("http://127.0.0.1:"), "{url}");
    }
    stack.shutdown().await;
}
