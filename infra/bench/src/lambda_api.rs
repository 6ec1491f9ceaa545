//! Lambda's Runtime API, as a function's process sees it: the version of 2018-06-01 over HTTP on loopback.
//!
//! One of these serves one process. Events are handed out in order, each once; `next` waits while there is none, as
//! Lambda's does.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use http::StatusCode;
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinHandle;
use uuid::Uuid;

use crate::{BenchError, Context};

/// What an answer may weigh: Lambda's limit.
const MAX_ANSWER: usize = 6 * 1024 * 1024;
/// How long an invocation may take, said to the function as its deadline.
const DEADLINE: Duration = Duration::from_secs(29);

/// What a function said.
#[derive(Debug, Clone, PartialEq)]
pub enum Said {
    /// The answer to an invocation, as JSON.
    Answer(Bytes),
    /// The invocation failed.
    Failure(Bytes),
    /// The function could not start.
    InitFailure(Bytes),
}

/// One thing a function said, and when all of it had arrived.
#[derive(Debug, Clone)]
pub struct Spoken {
    /// The invocation; `None` for a failed start.
    pub request_id: Option<Uuid>,
    pub said: Said,
    pub at: Instant,
}

struct Event {
    id: Uuid,
    body: Bytes,
}

struct Shared {
    events: tokio::sync::Mutex<UnboundedReceiver<Event>>,
    /// The invocation under way.
    current: Mutex<Option<Uuid>>,
    first_poll: Mutex<Option<Instant>>,
    handed_out: Mutex<Option<Instant>>,
    spoken: UnboundedSender<Spoken>,
}

/// A running Runtime API.
pub struct LambdaApi {
    address: SocketAddr,
    shared: Arc<Shared>,
    events: UnboundedSender<Event>,
    spoken: UnboundedReceiver<Spoken>,
    server: JoinHandle<()>,
}

impl LambdaApi {
    /// Starts on a free port of loopback.
    pub async fn start() -> Result<Self, BenchError> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
            .await
            .context("a port for the Runtime API")?;
        let address = listener.local_addr().context("its address")?;
        let (events, receiver) = unbounded_channel();
        let (speaker, spoken) = unbounded_channel();
        let shared = Arc::new(Shared {
            events: tokio::sync::Mutex::new(receiver),
            current: Mutex::default(),
            first_poll: Mutex::default(),
            handed_out: Mutex::default(),
            spoken: speaker,
        });
        let router = Router::new()
            .route("/2018-06-01/runtime/invocation/next", get(next))
            .route(
                "/2018-06-01/runtime/invocation/{id}/response",
                post(response),
            )
            .route("/2018-06-01/runtime/invocation/{id}/error", post(error))
            .route("/2018-06-01/runtime/init/error", post(init_error))
            .layer(DefaultBodyLimit::max(MAX_ANSWER))
            .with_state(shared.clone());
        let server = tokio::spawn(async move {
            // Ends with the process or when dropped; a failure shows as an answer that never comes.
            let _ = axum::serve(NoDelay(listener), router).await;
        });
        Ok(Self {
            address,
            shared,
            events,
            spoken,
            server,
        })
    }

    /// The value of `AWS_LAMBDA_RUNTIME_API`.
    pub fn authority(&self) -> String {
        self.address.to_string()
    }

    /// Queues an event; the function gets it with its next poll.
    pub fn send(&self, event: &serde_json::Value) -> Result<Uuid, BenchError> {
        let id = Uuid::now_v7();
        let body = Bytes::from(event.to_string());
        self.events
            .send(Event { id, body })
            .context("the Runtime API has ended")?;
        Ok(id)
    }

    /// The next thing the function says.
    pub async fn spoken(&mut self, within: Duration) -> Result<Spoken, BenchError> {
        tokio::time::timeout(within, self.spoken.recv())
            .await
            .context("the function said nothing in time")?
            .ok_or_else(|| BenchError::new("the Runtime API has ended"))
    }

    /// When the function first asked for an event: the end of its initialisation.
    pub fn first_poll(&self) -> Option<Instant> {
        *locked(&self.shared.first_poll)
    }

    /// When the last event was handed out.
    pub fn handed_out(&self) -> Option<Instant> {
        *locked(&self.shared.handed_out)
    }
}

impl Drop for LambdaApi {
    fn drop(&mut self) {
        self.server.abort();
    }
}

/// Without it, small answers wait for acknowledgements.
struct NoDelay(TcpListener);

impl axum::serve::Listener for NoDelay {
    type Io = tokio::net::TcpStream;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        let (stream, peer) = axum::serve::Listener::accept(&mut self.0).await;
        let _ = stream.set_nodelay(true);
        (stream, peer)
    }

    fn local_addr(&self) -> std::io::Result<Self::Addr> {
        self.0.local_addr()
    }
}

fn locked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn next(State(shared): State<Arc<Shared>>) -> Response {
    locked(&shared.first_poll).get_or_insert_with(Instant::now);
    let event = shared.events.lock().await.recv().await;
    let Some(Event { id, body }) = event else {
        return StatusCode::GONE.into_response();
    };
    *locked(&shared.current) = Some(id);
    *locked(&shared.handed_out) = Some(Instant::now());
    let deadline = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
        + DEADLINE;
    let headers = [
        ("content-type", "application/json".to_owned()),
        ("lambda-runtime-aws-request-id", id.to_string()),
        (
            "lambda-runtime-deadline-ms",
            deadline.as_millis().to_string(),
        ),
        (
            "lambda-runtime-invoked-function-arn",
            "arn:aws:lambda:eu-west-2:000000000000:function:bench".to_owned(),
        ),
        (
            "lambda-runtime-trace-id",
            "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=0".to_owned(),
        ),
    ];
    (headers, body).into_response()
}

/// Takes what was said of the invocation under way, and of no other.
fn speak(shared: &Shared, id: &str, said: Said) -> Response {
    let at = Instant::now();
    let mut current = locked(&shared.current);
    match (Uuid::parse_str(id).ok(), *current) {
        (Some(id), Some(under_way)) if id == under_way => {
            *current = None;
            let request_id = Some(id);
            let _ = shared.spoken.send(Spoken {
                request_id,
                said,
                at,
            });
            accepted()
        }
        _ => {
            let body = r#"{"errorType":"InvalidRequestID","errorMessage":"no such invocation"}"#;
            (StatusCode::BAD_REQUEST, body).into_response()
        }
    }
}

fn accepted() -> Response {
    let headers = [("content-type", "application/json")];
    (StatusCode::ACCEPTED, headers, r#"{"status":"OK"}"#).into_response()
}

async fn response(
    State(shared): State<Arc<Shared>>,
    Path(id): Path<String>,
    body: Bytes,
) -> Response {
    speak(&shared, &id, Said::Answer(body))
}

async fn error(State(shared): State<Arc<Shared>>, Path(id): Path<String>, body: Bytes) -> Response {
    speak(&shared, &id, Said::Failure(body))
}

async fn init_error(State(shared): State<Arc<Shared>>, body: Bytes) -> Response {
    let _ = shared.spoken.send(Spoken {
        request_id: None,
        said: Said::InitFailure(body),
        at: Instant::now(),
    });
    accepted()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const WITHIN: Duration = Duration::from_secs(10);

    fn url(api: &LambdaApi, path: &str) -> String {
        format!("http://{}/2018-06-01/runtime/{path}", api.authority())
    }

    async fn poll(api: &LambdaApi) -> (String, String) {
        let answer = reqwest::get(url(api, "invocation/next")).await.unwrap();
        let headers = answer.headers();
        let deadline = headers["lambda-runtime-deadline-ms"].to_str().unwrap();
        let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        assert!(deadline.parse::<u128>().unwrap() > now.as_millis());
        assert!(headers.contains_key("lambda-runtime-invoked-function-arn"));
        let id = headers["lambda-runtime-aws-request-id"].to_str().unwrap();
        let id = id.to_owned();
        (id, answer.text().await.unwrap())
    }

    async fn tell(api: &LambdaApi, path: &str, body: &'static str) -> u16 {
        let post = reqwest::Client::new().post(url(api, path)).body(body);
        post.send().await.unwrap().status().as_u16()
    }

    #[tokio::test]
    async fn a_function_is_served_event_after_event() {
        let mut api = LambdaApi::start().await.unwrap();
        assert!(api.first_poll().is_none());
        let first = api.send(&json!({ "n": 1 })).unwrap();
        let second = api.send(&json!({ "n": 2 })).unwrap();

        let (id, body) = poll(&api).await;
        assert_eq!(
            (id.as_str(), body.as_str()),
            (first.to_string().as_str(), r#"{"n":1}"#)
        );
        let path = format!("invocation/{id}/response");
        assert_eq!(tell(&api, &path, r#"{"ok":1}"#).await, 202);
        let spoken = api.spoken(WITHIN).await.unwrap();
        assert_eq!(spoken.request_id, Some(first));
        assert_eq!(spoken.said, Said::Answer(Bytes::from(r#"{"ok":1}"#)));
        assert!(spoken.at >= api.first_poll().unwrap());

        // Answered already: not a second time.
        assert_eq!(tell(&api, &path, "{}").await, 400);

        let (id, _) = poll(&api).await;
        assert_eq!(id, second.to_string());
        let path = format!("invocation/{id}/error");
        assert_eq!(tell(&api, &path, "{}").await, 202);
        let spoken = api.spoken(WITHIN).await.unwrap();
        assert_eq!(spoken.said, Said::Failure(Bytes::from("{}")));
    }

    #[tokio::test]
    async fn a_poll_waits_for_an_event() {
        let api = LambdaApi::start().await.unwrap();
        let waiting = poll(&api);
        tokio::pin!(waiting);
        tokio::select! {
            _ = &mut waiting => panic!("answered without an event"),
            () = tokio::time::sleep(Duration::from_millis(50)) => {}
        }
        let id = api.send(&json!({})).unwrap();
        assert_eq!(waiting.await.0, id.to_string());
    }

    #[tokio::test]
    async fn a_failed_start_is_heard() {
        let mut api = LambdaApi::start().await.unwrap();
        let body = r#"{"errorMessage":"VIO_TABLE is not set"}"#;
        assert_eq!(tell(&api, "init/error", body).await, 202);
        let spoken = api.spoken(WITHIN).await.unwrap();
        assert_eq!(spoken.request_id, None);
        assert_eq!(spoken.said, Said::InitFailure(Bytes::from(body)));
    }
}
