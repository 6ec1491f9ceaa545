//! A stand-in for API Gateway's WebSocket connections: what a function says on one, through the management API, goes to
//! whoever holds it here.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::response::Response;
use axum::routing::post;
use http::{HeaderValue, StatusCode};
use tokio::sync::mpsc;

/// The largest message that API Gateway takes.
const MOST_BYTES: usize = 128 * 1024;
/// Messages that wait for a slow listener; more are refused, as API Gateway throttles.
const MOST_WAITING: usize = 256;

/// The open connections.
#[derive(Debug, Default)]
pub struct SocketHub {
    open: Mutex<HashMap<String, mpsc::Sender<Bytes>>>,
}

/// One connection, open as long as this is kept.
#[derive(Debug)]
pub struct OpenSocket {
    hub: Arc<SocketHub>,
    id: String,
    messages: mpsc::Receiver<Bytes>,
}

impl OpenSocket {
    /// What is said next.
    pub async fn next(&mut self) -> Option<Bytes> {
        self.messages.recv().await
    }
}

impl Drop for OpenSocket {
    fn drop(&mut self) {
        self.hub.open().remove(&self.id);
    }
}

impl SocketHub {
    fn open(&self) -> MutexGuard<'_, HashMap<String, mpsc::Sender<Bytes>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Holds a connection under a name that nothing else has.
    #[must_use]
    pub fn hold(self: &Arc<Self>, id: &str) -> OpenSocket {
        let (sender, messages) = mpsc::channel(MOST_WAITING);
        self.open().insert(id.to_owned(), sender);
        OpenSocket {
            hub: Arc::clone(self),
            id: id.to_owned(),
            messages,
        }
    }

    /// How many are open.
    #[must_use]
    pub fn count(&self) -> usize {
        self.open().len()
    }
}

/// The management API: posting to a connection.
pub(crate) fn router(hub: Arc<SocketHub>) -> Router {
    Router::new()
        .route("/@connections/{id}", post(say))
        .layer(DefaultBodyLimit::max(MOST_BYTES))
        .with_state(hub)
}

async fn say(State(hub): State<Arc<SocketHub>>, Path(id): Path<String>, text: Bytes) -> Response {
    let sender = hub.open().get(&id).cloned();
    match sender.map(|sender| sender.try_send(text)) {
        Some(Ok(())) => Response::new(Body::empty()),
        Some(Err(mpsc::error::TrySendError::Full(_))) => {
            refusal(StatusCode::TOO_MANY_REQUESTS, "LimitExceededException")
        }
        Some(Err(mpsc::error::TrySendError::Closed(_))) | None => {
            refusal(StatusCode::GONE, "GoneException")
        }
    }
}

fn refusal(status: StatusCode, kind: &'static str) -> Response {
    let mut response = Response::new(Body::from("{}"));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert("x-amzn-errortype", HeaderValue::from_static(kind));
    response
}

#[cfg(test)]
mod tests {
    use aws_sdk_apigatewaymanagement::primitives::Blob;

    use crate::{Stack, StackOptions};

    #[tokio::test]
    async fn what_is_said_arrives_and_a_connection_that_ended_is_gone() {
        let stack = Stack::start(StackOptions::ephemeral()).await.unwrap();
        let client = stack.apigatewaymanagement();
        let say = async |id: &str, text: &str| {
            let said = client.post_to_connection().connection_id(id);
            said.data(Blob::new(text)).send().await
        };
        let mut socket = stack.sockets().hold("a-1=");
        say("a-1=", "hello").await.unwrap();
        say("a-1=", "again").await.unwrap();
        assert_eq!(socket.next().await.unwrap(), "hello");
        assert_eq!(socket.next().await.unwrap(), "again");
        drop(socket);
        for id in ["a-1=", "nobody"] {
            let error = say(id, "hello").await.unwrap_err();
            assert!(error.as_service_error().unwrap().is_gone_exception());
        }
        assert_eq!(stack.sockets().count(), 0);
        stack.shutdown().await;
    }
}
