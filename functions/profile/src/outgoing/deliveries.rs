//! What was sent to an address, and having it sent again.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use vio_domain::ids::{DeliveryId, OutgoingWebhookId};
use vio_http::page::PageParams;
use vio_http::{FieldProblem, Idempotent, Json, Kind, NoParams, Paged, Path, Principal, Problem};
use vio_runtime::App;
use vio_runtime::web::store_problem;
use vio_store::outgoing::{DeliveryRow, TryResult};

use super::{Nothing, hand_on, one};

vio_http::pagination! {
    /// Where the list of deliveries stands; it is not counted.
    DeliveriesPagination = "total_deliveries",
}

/// The last try of a delivery.
#[derive(Serialize, ToSchema)]
#[schema(as = OutgoingTry)]
pub(crate) struct TryView {
    at: DateTime<Utc>,
    /// What the receiver answered; null where it did not.
    #[schema(example = 503)]
    response_status: Option<u16>,
    /// `timed_out`, `no_connection` or `address_refused` where it did not answer.
    #[schema(value_type = Option<String>, example = json!(null))]
    fault: Option<&'static str>,
    #[schema(example = 212)]
    duration_ms: u32,
}

/// One event on its way to an address.
#[derive(Serialize, ToSchema)]
#[schema(as = OutgoingDelivery)]
pub(crate) struct DeliveryView {
    /// The `webhook-id` of each try.
    id: Uuid,
    #[serde(rename = "type")]
    #[schema(value_type = String, example = "call.finished")]
    event: &'static str,
    /// When it happened.
    timestamp: DateTime<Utc>,
    /// The record that it is about.
    subject_id: Uuid,
    contact_id: Option<Uuid>,
    /// `waiting`, `delivered` or `failed`.
    #[schema(value_type = String, example = "waiting")]
    status: &'static str,
    tries: u32,
    last_try: Option<TryView>,
    /// When it is tried next, at the earliest.
    next_try_at: Option<DateTime<Utc>>,
}

impl From<&DeliveryRow> for DeliveryView {
    fn from(row: &DeliveryRow) -> Self {
        Self {
            id: row.id.uuid(),
            event: row.event.as_str(),
            timestamp: row.at,
            subject_id: row.subject,
            contact_id: row.contact.map(|contact| contact.uuid()),
            status: row.state.as_str(),
            tries: row.tries,
            last_try: row.last.map(|last| TryView {
                at: last.at,
                response_status: match last.result {
                    TryResult::Answered(status) => Some(status),
                    _ => None,
                },
                fault: last.result.fault(),
                duration_ms: last.duration_ms,
            }),
            next_try_at: row.next_at,
        }
    }
}

#[derive(Serialize, ToSchema)]
#[schema(as = OutgoingDeliveries)]
pub(crate) struct DeliveriesPage {
    deliveries: Vec<DeliveryView>,
    pagination: DeliveriesPagination,
}

/// What was sent to an address in the last 30 days, newest first.
#[utoipa::path(get, path = "/api/outgoing-webhooks/{outgoing_webhook_id}/deliveries", tag = "outgoing webhooks",
    params(("outgoing_webhook_id" = Uuid, Path), PageParams), responses((status = 200, body = DeliveriesPage)))]
pub(crate) async fn list(
    State(app): State<App>,
    principal: Principal,
    Path(id): Path<OutgoingWebhookId>,
    list: Paged<NoParams>,
) -> Result<Json<DeliveriesPage>, Problem> {
    let page = &list.page;
    if !page.has_cursor() && page.page.get() > 1 {
        return Err(Problem::new(Kind::InvalidParameter)
            .detail("Deliveries are read on by cursor: send next_cursor of the page before.")
            .error(FieldProblem::new("page", "not_available", "Use cursor.")));
    }
    let (before, number) = match page.position::<DeliveryId>(None)? {
        Some((before, number)) => (Some(before), number),
        None => (None, 1),
    };
    let tenant = app.tenant_of(&principal).await?;
    one(&tenant, id).await?;
    let (rows, more) = tenant
        .outgoing_deliveries(id, before, page.page_size)
        .await
        .map_err(store_problem)?;
    let next_cursor = match rows.last() {
        Some(last) if more => Some(page.next_cursor(last.id, number, None)?),
        _ => None,
    };
    Ok(Json(DeliveriesPage {
        deliveries: rows.iter().map(DeliveryView::from).collect(),
        pagination: page.pagination(number, None, next_cursor).into(),
    }))
}

/// What to send again: one delivery, or all that failed.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = OutgoingReplay, example = json!({ "failed_since": "2027-01-11T00:00:00Z" }))]
pub(crate) struct Asked {
    /// One of any status. Not together with `failed_since`.
    #[serde(default)]
    #[schema(value_type = Option<Uuid>)]
    delivery_id: Option<DeliveryId>,
    /// Those that failed, of events since then.
    #[serde(default)]
    failed_since: Option<DateTime<Utc>>,
}

/// What was put in line again.
#[derive(Serialize, ToSchema)]
#[schema(as = OutgoingReplayed)]
pub(crate) struct Replayed {
    #[schema(example = 3)]
    replayed: usize,
    /// Whether there were too many to look at in one request: ask again from a later instant.
    more: bool,
}

/// Sends again, at once and with all tries: the same `webhook-id`, so that a receiver who had it knows. An address that is
/// switched off gets it when it is switched on.
#[utoipa::path(post, path = "/api/outgoing-webhooks/{outgoing_webhook_id}/replay", tag = "outgoing webhooks",
    request_body = Asked, params(("outgoing_webhook_id" = Uuid, Path)), responses((status = 202, body = Replayed)))]
pub(crate) async fn replay(
    State(app): State<App>,
    principal: Principal,
    Path(id): Path<OutgoingWebhookId>,
    Idempotent { body, keyed }: Idempotent<Asked>,
) -> Result<Response, Problem> {
    let tenant = app.tenant_of(&principal).await?;
    let (app, tenant, body) = (&app, &tenant, &body);
    app.once(principal.tenant_id, keyed, async move |_| {
        one(tenant, id).await?;
        let unclear = |code: &str, detail: &str| {
            Problem::validation(vec![FieldProblem::new("/delivery_id", code, detail)])
        };
        let (replayed, more) = match (body.delivery_id, body.failed_since) {
            (Some(delivery), None) => {
                let put = tenant.replay_delivery(id, delivery).await;
                let put = put.map_err(store_problem)?;
                let unknown = || unclear("unknown", "There is no such delivery to this address.");
                (put.ok_or_else(unknown)?, false)
            }
            (None, Some(since)) => tenant
                .replay_failed(id, since)
                .await
                .map_err(store_problem)?,
            (None, None) => {
                let detail = "Name a delivery, or failed_since an instant.";
                return Err(unclear("required", detail));
            }
            (Some(_), Some(_)) => {
                let detail = "Name a delivery or failed_since, not both.";
                return Err(unclear("conflict", detail));
            }
        };
        hand_on(app, tenant, id).await;
        Ok((StatusCode::ACCEPTED, Json(Replayed { replayed, more })).into_response())
    })
    .await
}

/// Sends a sample, `webhook.test`, signed and tried as every event is. What came of it is in the list of deliveries.
#[utoipa::path(post, path = "/api/outgoing-webhooks/{outgoing_webhook_id}/test", tag = "outgoing webhooks",
    request_body(content = Nothing, description = "May be left out"),
    params(("outgoing_webhook_id" = Uuid, Path)),
    responses((status = 202, body = DeliveryView), (status = 409, description = "The address is switched off")))]
pub(crate) async fn test(
    State(app): State<App>,
    principal: Principal,
    Path(id): Path<OutgoingWebhookId>,
    Idempotent { body: _, keyed }: Idempotent<Nothing>,
) -> Result<Response, Problem> {
    let tenant = app.tenant_of(&principal).await?;
    let (app, tenant) = (&app, &tenant);
    app.once(principal.tenant_id, keyed, async move |operation| {
        let webhook = one(tenant, id).await?;
        if webhook.disabled.is_some() {
            let detail = "The address is switched off. Switch it on first.";
            return Err(Problem::new(Kind::Conflict).detail(detail));
        }
        let delivery = DeliveryId::new(operation);
        let row = tenant.send_sample(id, delivery).await;
        let row = row.map_err(store_problem)?;
        hand_on(app, tenant, id).await;
        Ok((StatusCode::ACCEPTED, Json(DeliveryView::from(&row))).into_response())
    })
    .await
}
