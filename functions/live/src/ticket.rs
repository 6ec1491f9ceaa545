//! Tickets: a browser cannot send a bearer token with a WebSocket, so a signed-in person gets something for its address
//! that is good once, and for seconds.

use axum::extract::State;
use chrono::{DateTime, Utc};
use http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;
use vio_http::{Json, NoParams, Principal, Problem, Query};
use vio_runtime::App;
use vio_runtime::web::store_problem;
use vio_store::live::Listener;

/// The path of the WebSocket on the console's own address.
const PATH: &str = "/live";

/// A ticket for one connection.
#[derive(Serialize, ToSchema)]
pub(crate) struct Ticket {
    /// Good once, until `expires_at`.
    #[schema(example = "lt_01932f0000007000800000000000000a.mJx3…")]
    ticket: String,
    /// Where to open the WebSocket; the ticket is in it.
    #[schema(example = "wss://app.example/live?ticket=lt_01932f0000007000800000000000000a.mJx3…")]
    url: String,
    expires_at: DateTime<Utc>,
}

/// A ticket for a live connection
///
/// On the connection comes one text message `{"type", "id", "version"}` for each change of the business's records: what
/// happened, to which record, and its version after it. More than 20 at once come as one of type `many.changed` with the
/// business's own id. Messages may be lost, doubled and late: re-read what is shown. The connection is told nothing any more
/// ten minutes after it was opened, or within half a minute of the end of the session: open the next one before. What a
/// client says on it is not listened to.
#[utoipa::path(post, path = "/api/live/tickets", tag = "live",
    responses((status = 201, description = "A ticket", body = Ticket)))]
pub(crate) async fn issue(
    State(app): State<App>,
    who: Principal,
    _: Query<NoParams>,
) -> Result<(StatusCode, Json<Ticket>), Problem> {
    let listener = Listener {
        tenant: who.tenant_id,
        user: who.user_id,
        session: who.session_id,
    };
    let now = app.real_clock.now();
    let (token, expires_at) = app
        .store
        .issue_live_ticket(listener, now)
        .await
        .map_err(store_problem)?;
    let ticket = token.expose();
    let ticket = ticket.as_str();
    // `http` to `ws`, `https` to `wss`.
    let base = app.platform.public_url.replacen("http", "ws", 1);
    let answer = Ticket {
        ticket: ticket.to_owned(),
        url: format!("{base}{PATH}?ticket={ticket}"),
        expires_at,
    };
    Ok((StatusCode::CREATED, Json(answer)))
}
