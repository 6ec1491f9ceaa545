//! `/dev`: what a developer and a test can do here and nowhere else. Reached under a name of this machine only (the
//! server sees to it), and bodies must be JSON, so that no web page elsewhere can use it.

mod calcom;
mod calendly;
mod clock;
mod mail;
mod receiver;
mod sandbox;
mod seeding;
mod sms;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::Router;
use axum::extract::rejection::JsonRejection;
use axum::extract::{DefaultBodyLimit, FromRequest, Query, Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use chrono::{DateTime, Utc};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use uuid::Uuid;
use vio_http::{Kind, Problem};
use vio_runtime::App;
use vio_sandbox::Sandbox;
use vio_stack::{Sent, Stack};

use crate::clock::DomainClock;
use crate::connections::Connections;
use crate::seed::DemoNote;

/// The largest body that is read.
const BODY_BYTES: usize = 1024 * 1024;

/// What the developer's routes work on.
pub(crate) struct Dev {
    app: App,
    clock: Arc<DomainClock>,
    sandbox: Arc<Sandbox>,
    connections: Arc<Connections>,
    note: DemoNote,
    address: SocketAddr,
    http: reqwest::Client,
    sent: Box<dyn Fn() -> Vec<Sent> + Send + Sync>,
}

impl Dev {
    pub(crate) fn new(
        app: App,
        clock: Arc<DomainClock>,
        sandbox: Arc<Sandbox>,
        connections: Arc<Connections>,
        data: Option<&Path>,
        address: SocketAddr,
        stack: &Stack,
    ) -> Self {
        Self {
            app,
            clock,
            sandbox,
            connections,
            note: DemoNote::new(data.map(PathBuf::from)),
            address,
            http: reqwest::Client::builder()
                .no_proxy()
                .build()
                .unwrap_or_default(),
            sent: Box::new(stack.sending()),
        }
    }

    /// The time of the developer clock, which decides what is due.
    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// Real time.
    pub(crate) fn real_now(&self) -> DateTime<Utc> {
        self.app.real_clock.now()
    }

    /// A fresh id.
    pub(crate) fn new_id(&self) -> Uuid {
        self.app.store.new_id()
    }

    /// Which tenant is the demo clinic.
    pub(crate) fn note(&self) -> &DemoNote {
        &self.note
    }

    fn base_url(&self) -> String {
        format!("http://{}", self.address)
    }
}

/// The routes, below `/dev`.
pub(crate) fn router<S>(dev: Arc<Dev>) -> Router<S> {
    Router::new()
        .route("/clock", get(clock::show).post(clock::shift))
        .route("/sandbox", get(sandbox::page))
        .route("/sandbox/calls", get(sandbox::calls))
        .route("/sandbox/requests", get(sandbox::requests))
        .route("/sandbox/bookings", get(sandbox::bookings))
        .route("/sandbox/bookings/faults", post(sandbox::booking_faults))
        .route("/sandbox/script", post(sandbox::script))
        .route("/seed", post(seeding::seed))
        .route("/calcom/deliver", post(calcom::deliver))
        .route("/calendly/deliver", post(calendly::deliver))
        .route("/calendly/book", post(calendly::book))
        .route("/calendly/act", post(calendly::act))
        .route("/sandbox/calendly", get(sandbox::calendly))
        .route("/sandbox/calendly/faults", post(sandbox::calendly_faults))
        .route(
            "/sandbox/calendly/subscriptions",
            post(sandbox::calendly_subscriptions),
        )
        .route("/receiver", get(receiver::show).post(receiver::script))
        .route("/sms/script", post(sms::script))
        .route("/sms/reply", post(sms::reply))
        .route("/mail/script", post(mail::script))
        .route("/mail/event", post(mail::event))
        .route("/outbox", get(outbox))
        .route("/messages", get(messages))
        .fallback(|| async { Problem::not_found() })
        .method_not_allowed_fallback(|| async { Problem::new(Kind::MethodNotAllowed) })
        .layer(DefaultBodyLimit::max(BODY_BYTES))
        .with_state(dev)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Which {
    /// `sms` or `email`; both if absent.
    channel: Option<String>,
}

/// Text messages and e-mails that reached the "providers": each channel's oldest first.
async fn outbox(State(dev): State<Arc<Dev>>, Query(which): Query<Which>) -> Response {
    let sent = dev.sandbox.messages().into_iter();
    let sent = sent.filter(|sms| sms.direction != "inbound").map(|sms| {
        json!({
            "channel": "sms", "id": sms.sid, "to": sms.to, "from": sms.from, "body": sms.body,
            "status": sms.status, "sent_at_clock": sms.created_at_clock,
        })
    });
    let mails = dev.sandbox.mails().into_iter().map(|mail| {
        json!({
            "channel": "email", "id": mail.id, "to": mail.to, "from": mail.from, "reply_to": mail.reply_to,
            "subject": mail.subject, "body": mail.text, "html": mail.html, "headers": mail.headers,
            "status": mail.status, "sent_at_clock": mail.created_at_clock,
        })
    });
    let wanted = |one: &Value| {
        let channel = which.channel.as_deref();
        channel.is_none_or(|channel| one["channel"] == channel)
    };
    let sent: Vec<Value> = sent.chain(mails).filter(wanted).collect();
    axum::Json(json!({ "messages": sent })).into_response()
}

/// Every message and event that the product sent since the start, as it went over the wire.
async fn messages(State(dev): State<Arc<Dev>>) -> Response {
    axum::Json(json!({ "sent": (dev.sent)() })).into_response()
}

/// A JSON body, refused with a problem.
struct Json<T>(T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        match axum::Json::<T>::from_request(request, state).await {
            Ok(axum::Json(value)) => Ok(Self(value)),
            Err(rejection) => Err(refused(&rejection)),
        }
    }
}

fn refused(rejection: &JsonRejection) -> Problem {
    let kind = match rejection {
        JsonRejection::JsonDataError(_) => Kind::Validation,
        JsonRejection::JsonSyntaxError(_) => Kind::MalformedJson,
        JsonRejection::MissingJsonContentType(_) => Kind::UnsupportedMediaType,
        _ if rejection.status() == axum::http::StatusCode::PAYLOAD_TOO_LARGE => {
            Kind::PayloadTooLarge
        }
        _ => Kind::MalformedRequest,
    };
    Problem::new(kind).detail(rejection.body_text())
}
