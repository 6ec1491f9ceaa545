//! API Gateway's WebSocket API in front of the function `live`: a connection opens if the function says so, and stays open
//! until nothing was said on it for ten minutes.

use std::collections::HashMap;
use std::time::Duration;

use axum::extract::rejection::QueryRejection;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::json;
use vio_live::SocketEvent;
use vio_stack::OpenSocket;

use crate::consumers::{Stop, stopped};
use crate::gateway::refusal;
use crate::server::Behind;

/// API Gateway closes a connection after so long a silence.
const SILENCE: Duration = Duration::from_secs(600);
/// Largest frame that API Gateway takes.
const MOST_BYTES: usize = 32 * 1024;

/// Asks the function, and opens the connection.
pub(crate) async fn connect(
    State(behind): State<Behind>,
    query: Result<Query<HashMap<String, String>>, QueryRejection>,
    upgrade: WebSocketUpgrade,
    stop: Stop,
) -> Response {
    let query = query.map(|Query(query)| query).unwrap_or_default();
    let id = behind.dev.new_id().simple().to_string();
    // Held before the function knows of it: what is said from then on arrives.
    let socket = behind.sockets.hold(&id);
    match ask(&behind, "CONNECT", &id, Some(query)).await {
        Some(StatusCode::OK) => {}
        Some(status) => return refusal(status, "Forbidden"),
        None => return refusal(StatusCode::INTERNAL_SERVER_ERROR, "Internal server error"),
    }
    upgrade
        .max_message_size(MOST_BYTES)
        .max_frame_size(MOST_BYTES)
        .on_upgrade(async move |client| {
            carry(client, socket, stop).await;
            ask(&behind, "DISCONNECT", &id, None).await;
        })
}

/// The status that the function answers; None where the event is not one.
async fn ask(
    behind: &Behind,
    kind: &str,
    id: &str,
    query: Option<HashMap<String, String>>,
) -> Option<StatusCode> {
    let event = json!({
        "requestContext": {
            "routeKey": format!("${}", kind.to_lowercase()), "eventType": kind, "connectionId": id,
            "stage": "live", "apiId": "local", "messageDirection": "IN",
        },
        "queryStringParameters": query,
        "isBase64Encoded": false,
    });
    let event = serde_json::from_value::<SocketEvent>(event).ok()?;
    let _under_way = behind.functions.invoked();
    Some(behind.live.hear(&event).await)
}

/// Hands on what is said, until one side ends it.
async fn carry(mut client: WebSocket, mut socket: OpenSocket, stop: Stop) {
    loop {
        tokio::select! {
            said = socket.next() => {
                let Some(text) = said.and_then(|bytes| String::from_utf8(bytes.into()).ok()) else { return };
                if client.send(Message::Text(text.into())).await.is_err() {
                    return;
                }
            }
            // What a client says has no route: nobody listens to it.
            heard = client.recv() => match heard {
                Some(Ok(Message::Close(_)) | Err(_)) | None => return,
                Some(Ok(_)) => {}
            },
            () = tokio::time::sleep(SILENCE) => return,
            () = stopped(stop.clone()) => return,
        }
    }
}
