//! Settings, lists, the account and the audit trail over HTTP.
#![expect(clippy::unwrap_used, reason = "a test ends at its first surprise")]

mod account;
mod business;
mod calls;
mod integrations;
mod planned;

use chrono::{DateTime, TimeDelta, Utc};
use chrono_tz::Europe::London;
use http::{Method, StatusCode};
use serde_json::{Value, json};
use vio_domain::contact::BookingSource;
use vio_domain::ids::ContactId;
use vio_domain::permission::Preset;
use vio_domain::person::OnDuplicate;
use vio_domain::settings::BusinessType;
use vio_domain::text::PersonName;
use vio_runtime::testing::{Server, TestApp, TestTenant, platform};
use vio_store::contacts::{Created, NewAppointment, NewContact};
use vio_store::log::Actor;
use vio_store::memory::MemoryTable;

async fn started(kind: BusinessType) -> (TestApp, Server, TestTenant) {
    let app = TestApp::new().await;
    let server = app.serve(vio_profile::router(app.app.clone()).0);
    let tenant = app.tenant("Riverside Dental", kind).await;
    (app, server, tenant)
}

#[test]
fn every_route_is_described_and_allowed() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let (_, document) = runtime.block_on(async {
        let app = TestApp::new().await;
        vio_profile::router(app.app)
    });
    let whole = vio_http::openapi::merge([document]).unwrap();
    assert_eq!(whole.paths.paths.len(), 27);
}
