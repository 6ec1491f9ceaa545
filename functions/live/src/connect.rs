//! What API Gateway says of connections.

use http::StatusCode;
use serde::Deserialize;
use vio_crypto::tokens::LiveTicketToken;

use crate::Live;

/// An event of the WebSocket API: what of it is looked at.
#[derive(Deserialize)]
pub struct SocketEvent {
    #[serde(rename = "requestContext")]
    context: Context,
    #[serde(default, rename = "queryStringParameters")]
    query: Option<Parameters>,
}

// The ticket stays out of logs.
impl std::fmt::Debug for SocketEvent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SocketEvent").finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
struct Context {
    #[serde(rename = "connectionId")]
    connection: String,
    #[serde(rename = "eventType")]
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum Kind {
    Connect,
    Disconnect,
    Message,
}

#[derive(Deserialize)]
struct Parameters {
    ticket: Option<String>,
}

impl Live {
    /// The status that an event of a connection is answered with. One opens at 200 and at nothing else.
    pub async fn hear(&self, event: &SocketEvent) -> StatusCode {
        if event.context.kind != Kind::Connect {
            // Of one that ended nothing but its name is known: it is forgotten at the next push, or when its time is up.
            return StatusCode::OK;
        }
        let ticket = event.query.as_ref().and_then(|query| query.ticket.as_ref());
        let Some(Ok(ticket)) = ticket.map(|text| LiveTicketToken::parse(text)) else {
            return StatusCode::UNAUTHORIZED;
        };
        let now = self.app.real_clock.now();
        let opened = self
            .app
            .store
            .open_live_connection(&ticket, &event.context.connection, now)
            .await;
        match opened {
            Ok(Some(row)) => {
                tracing::info!(tenant_id = %row.listener.tenant, user_id = %row.listener.user, "a live connection");
                StatusCode::OK
            }
            Ok(None) => StatusCode::UNAUTHORIZED,
            Err(error) => {
                tracing::warn!(%error, "a live connection was not opened");
                StatusCode::SERVICE_UNAVAILABLE
            }
        }
    }
}
