//! Cal.com: signed booking events out, and the part of API v2 that catches up and writes back.

mod changes;

pub(crate) use changes::Faults;
pub use changes::{CalendarChange, CalendarFault};

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::{OriginalUri, Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::booking::{Booking, instant, text};
use crate::credentials::CalcomAccess;
use crate::journal::JournalError;
use crate::retell::bearer;
use crate::server::Server;
use crate::sign;

/// The version of the bookings API that the product speaks.
const API_VERSION: &str = "2024-08-13";
/// Bookings in one answer, at most and by default.
const MOST: usize = 100;

/// The headers of a booking event as Cal.com posts it: its type and its signature over the raw
/// body (`no-secret-provided` for an empty secret).
#[must_use]
pub fn signed_delivery(secret: &str, body: &[u8]) -> Vec<(&'static str, String)> {
    vec![
        ("content-type", "application/json".to_owned()),
        ("x-cal-signature-256", sign::calcom_signature(secret, body)),
    ]
}

pub(crate) fn router() -> Router<Arc<Server>> {
    Router::new()
        .route("/v2/me", get(me))
        .route("/v2/webhooks", get(webhooks))
        .route("/v2/event-types/{id}/webhooks", get(webhooks_of_type))
        .route("/v2/bookings", get(bookings))
        .route("/v2/bookings/{uid}", get(booking))
        .merge(changes::router())
}

/// Cal.com's error body.
struct Refusal {
    status: StatusCode,
    code: &'static str,
    message: &'static str,
}

impl Refusal {
    fn bad(message: &'static str) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            code: "BadRequestException",
            message,
        }
    }

    fn unauthorized() -> Self {
        let message = "Invalid API Key";
        Self {
            status: StatusCode::UNAUTHORIZED,
            code: "UnauthorizedException",
            message,
        }
    }

    fn busy() -> Self {
        Self {
            status: StatusCode::TOO_MANY_REQUESTS,
            code: "ThrottlerException",
            message: "Too Many Requests",
        }
    }

    fn broken() -> Self {
        Self {
            status: StatusCode::INTERNAL_SERVER_ERROR,
            code: "InternalServerErrorException",
            message: "Internal server error",
        }
    }

    fn not_found() -> Self {
        let message = "Booking with the given uid was not found";
        Self {
            status: StatusCode::NOT_FOUND,
            code: "NotFoundException",
            message,
        }
    }

    fn at(self, uri: &OriginalUri) -> Response {
        let body = json!({
            "status": "error",
            "timestamp": text(Utc::now()),
            "path": uri.path(),
            "error": {"code": self.code, "message": self.message, "details": {"statusCode": self.status.as_u16()}},
        });
        (self.status, Json(body)).into_response()
    }
}

impl From<JournalError> for Refusal {
    fn from(error: JournalError) -> Self {
        tracing::error!(error = %error, "the sandbox could not write its journal");
        Self::broken()
    }
}

type Answer = Result<(StatusCode, Value), Refusal>;

fn answer(result: Answer, uri: &OriginalUri) -> Response {
    match result {
        Ok((status, mut body)) => {
            body["status"] = json!("success");
            (status, Json(body)).into_response()
        }
        Err(refusal) => refusal.at(uri),
    }
}

async fn organizer(server: &Server, headers: &HeaderMap) -> Result<CalcomAccess, Refusal> {
    let key = bearer(headers).ok_or_else(Refusal::unauthorized)?;
    server
        .calcom_access(key)
        .await
        .ok_or_else(Refusal::unauthorized)
}

fn right_version(headers: &HeaderMap) -> Result<(), Refusal> {
    match headers.get("cal-api-version") {
        Some(version) if version == API_VERSION => Ok(()),
        // Cal.com would answer in an older shape, which nothing here speaks.
        _ => Err(Refusal::bad("cal-api-version must be 2024-08-13")),
    }
}

async fn me(State(server): State<Arc<Server>>, uri: OriginalUri, headers: HeaderMap) -> Response {
    let result = organizer(&server, &headers).await.map(|access| {
        let username = access
            .organizer_email
            .split('@')
            .next()
            .unwrap_or_default()
            .to_owned();
        let me = json!({
            "id": 1,
            "username": username,
            "email": access.organizer_email,
            "timeFormat": 24,
            "defaultScheduleId": 1,
            "weekStart": "Monday",
            "timeZone": "Europe/London",
            "organizationId": null,
        });
        (StatusCode::OK, json!({"data": me}))
    });
    answer(result, &uri)
}

async fn webhooks(
    State(server): State<Arc<Server>>,
    uri: OriginalUri,
    headers: HeaderMap,
) -> Response {
    let result = organizer(&server, &headers).await.map(|access| {
        let hooks = access.hooks.iter().enumerate().map(|(number, hook)| {
            json!({
                "id": format!("hook-{number}"),
                "userId": 1,
                "subscriberUrl": hook.url,
                "active": hook.active,
                "triggers": hook.triggers,
                "payloadTemplate": null,
            })
        });
        let hooks: Vec<Value> = hooks.collect();
        (StatusCode::OK, json!({"data": hooks}))
    });
    answer(result, &uri)
}

/// No event type has webhooks of its own here.
async fn webhooks_of_type(
    State(server): State<Arc<Server>>,
    uri: OriginalUri,
    Path(_): Path<u64>,
    headers: HeaderMap,
) -> Response {
    let result = organizer(&server, &headers).await;
    answer(result.map(|_| (StatusCode::OK, json!({"data": []}))), &uri)
}

async fn bookings(
    State(server): State<Arc<Server>>,
    uri: OriginalUri,
    headers: HeaderMap,
    Query(query): Query<HashMap<String, String>>,
) -> Response {
    let result = async {
        let access = organizer(&server, &headers).await?;
        right_version(&headers)?;
        page(&server, &access, &query)
    };
    answer(result.await, &uri)
}

fn page(server: &Server, access: &CalcomAccess, query: &HashMap<String, String>) -> Answer {
    let number = |name: &str, default: usize| {
        query.get(name).map_or(Ok(default), |text| {
            text.parse()
                .map_err(|_| Refusal::bad("take and skip are numbers"))
        })
    };
    let (take, skip) = (number("take", MOST)?, number("skip", 0)?);
    if !(1..=MOST).contains(&take) {
        return Err(Refusal::bad("take must be from 1 to 100"));
    }
    let after = match query.get("afterUpdatedAt") {
        None => None,
        Some(text) => Some(
            DateTime::parse_from_rfc3339(text)
                .map_err(|_| Refusal::bad("afterUpdatedAt is not an ISO 8601 date"))?,
        ),
    };
    let of_type = match query.get("eventTypeId").map(|text| text.parse::<u64>()) {
        None => None,
        Some(Ok(id)) => Some(id),
        Some(Err(_)) => return Err(Refusal::bad("eventTypeId is a number")),
    };
    let upcoming = match query.get("status").map(String::as_str) {
        None => false,
        Some("upcoming") => true,
        Some(_) => return Err(Refusal::bad("of statuses the sandbox knows upcoming alone")),
    };
    let now = server.clock.now();
    let organizer = access.organizer_email.to_lowercase();
    let ledger = server.ledger();
    let mut found: Vec<_> = ledger
        .bookings()
        .filter(|booking| booking.organizer_email == organizer)
        .filter(|booking| after.is_none_or(|after| booking.updated_at > after))
        .filter(|booking| !upcoming || booking.is_upcoming(now))
        .filter(|booking| {
            of_type.is_none_or(|id| booking.value["eventTypeId"].as_u64() == Some(id))
        })
        .collect();
    found.sort_by_key(|booking| (booking.updated_at, booking.uid.clone()));
    if query
        .get("sortCreated")
        .is_some_and(|order| order == "desc")
    {
        found.sort_by_key(|booking| std::cmp::Reverse(instant(&booking.value["createdAt"])));
    }
    let total = found.len();
    let data: Vec<_> = found
        .into_iter()
        .skip(skip)
        .take(take)
        .map(|booking| booking.value.clone())
        .collect();
    let (returned, page) = (data.len(), skip / take);
    let remaining = total.saturating_sub(skip + returned);
    Ok((
        StatusCode::OK,
        json!({
            "data": data,
            "pagination": {
                "totalItems": total,
                "remainingItems": remaining,
                "returnedItems": returned,
                "itemsPerPage": take,
                "currentPage": page + 1,
                "totalPages": total.div_ceil(take),
                "hasNextPage": remaining > 0,
                "hasPreviousPage": skip > 0,
            },
        }),
    ))
}

/// The organizer's booking under a uid.
fn own(server: &Server, access: &CalcomAccess, uid: &str) -> Result<Booking, Refusal> {
    let organizer = access.organizer_email.to_lowercase();
    let booking = server.ledger().booking(uid).cloned();
    booking
        .filter(|booking| booking.organizer_email == organizer)
        .ok_or_else(Refusal::not_found)
}

async fn booking(
    State(server): State<Arc<Server>>,
    uri: OriginalUri,
    Path(uid): Path<String>,
    headers: HeaderMap,
) -> Response {
    let result = async {
        let access = organizer(&server, &headers).await?;
        right_version(&headers)?;
        let booking = own(&server, &access, &uid)?;
        Ok((StatusCode::OK, json!({"data": booking.value})))
    };
    answer(result.await, &uri)
}
