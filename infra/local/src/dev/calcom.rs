//! A booking on a tenant's Cal.com calendar, delivered as Cal.com would: signed with the tenant's webhook secret, to
//! the tenant's own address.

use std::sync::Arc;

use axum::Json as Answer;
use axum::extract::State;
use serde::Deserialize;
use serde_json::{Value, json};
use vio_domain::ids::TenantId;
use vio_http::{FieldProblem, Kind, Problem};
use vio_store::tenants::TenantSettings;

use super::{Dev, Json};

/// What to deliver to whom.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Delivery {
    /// The demo clinic if absent.
    pub(super) tenant_id: Option<TenantId>,
    /// The event, delivered as it is: `{"triggerEvent": "BOOKING_CREATED", "createdAt": …, "payload": {…}}`, or Calendly's
    /// `{"event": "invitee.created", "created_at": …, "payload": {…}}`.
    pub(super) event: Value,
}

/// The settings of a tenant, or of the demo clinic.
pub(super) async fn settings(
    dev: &Dev,
    tenant: Option<TenantId>,
) -> Result<TenantSettings, Problem> {
    let away = |error: vio_store::StoreError| Problem::unavailable(&error);
    let tenant = tenant.or_else(|| dev.note.tenant()).ok_or_else(|| {
        let detail = "There is no demo clinic; name a tenant_id.";
        Problem::validation(vec![FieldProblem::new("/tenant_id", "required", detail)])
    })?;
    let scope = dev.app.store.tenant(tenant).await.map_err(away)?;
    let scope = scope.ok_or_else(Problem::not_found)?;
    scope.settings().await.map_err(away)
}

/// Has the sandbox's control do something. Its answer.
pub(super) async fn control(dev: &Dev, path: &str, body: &Value) -> Result<Value, Problem> {
    let failed = |error: reqwest::Error| Problem::unavailable(&error.without_url());
    let url = format!("{}/control/{path}", dev.sandbox.calcom_url());
    let answer = dev.http.post(url).json(body).send().await.map_err(failed)?;
    answer.json::<Value>().await.map_err(failed)
}

/// Delivers once. Answers the product's status, and the address it went to.
pub(super) async fn deliver(
    State(dev): State<Arc<Dev>>,
    Json(delivery): Json<Delivery>,
) -> Result<Answer<Value>, Problem> {
    let settings = settings(&dev, delivery.tenant_id).await?;
    let secret = settings.secrets.calcom_webhook.current.ok_or_else(|| {
        Problem::new(Kind::Conflict).detail("This business has no webhook secret for Cal.com yet.")
    })?;
    let url = format!(
        "{}/api/webhook/calcom-booking/{}",
        dev.base_url(),
        settings.endpoints.calcom_booking
    );
    // The sandbox signs and sends it, and knows the booking from then on.
    let body = json!({ "url": url, "secret": secret, "body": delivery.event });
    let answer = control(&dev, "calcom/deliver", &body).await?;
    Ok(Answer(
        json!({ "delivered_to": url, "status": answer["status"], "error": answer["error"] }),
    ))
}
