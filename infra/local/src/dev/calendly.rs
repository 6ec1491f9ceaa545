//! Bookings on a tenant's Calendly calendar: an event delivered as Calendly would, signed with the tenant's key, to the
//! tenant's own address; and what people do on its pages, of which whoever subscribed is told.

use std::sync::Arc;

use axum::Json as Answer;
use axum::extract::State;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use vio_domain::ids::TenantId;
use vio_http::{Kind, Problem};

use super::calcom::{Delivery, control, settings};
use super::{Dev, Json};

/// Delivers once. Answers the product's status, and the address it went to.
pub(super) async fn deliver(
    State(dev): State<Arc<Dev>>,
    Json(delivery): Json<Delivery>,
) -> Result<Answer<Value>, Problem> {
    let settings = settings(&dev, delivery.tenant_id).await?;
    let key = settings.secrets.calendly_signing.current.ok_or_else(|| {
        Problem::new(Kind::Conflict).detail("This business has no signing key for Calendly yet.")
    })?;
    let url = format!(
        "{}/api/webhook/calendly-booking/{}",
        dev.base_url(),
        settings.endpoints.calendly_booking
    );
    // The sandbox signs and sends it, and knows the booking from then on.
    let body = json!({ "url": url, "secret": key, "body": delivery.event });
    let answer = control(&dev, "calendly/deliver", &body).await?;
    Ok(Answer(
        json!({ "delivered_to": url, "status": answer["status"], "error": answer["error"] }),
    ))
}

/// A booking on the page of a tenant's organizer: `{name, email, phone?, start, minutes?, event_type?, timezone?, answers?,
/// webhooks?}`.
#[derive(Deserialize)]
pub(super) struct Book {
    /// The demo clinic if absent.
    tenant_id: Option<TenantId>,
    #[serde(flatten)]
    booking: Map<String, Value>,
}

/// Books. Answers the invitee's address, and what whoever subscribed answered.
pub(super) async fn book(
    State(dev): State<Arc<Dev>>,
    Json(book): Json<Book>,
) -> Result<Answer<Value>, Problem> {
    let settings = settings(&dev, book.tenant_id).await?;
    let organizer = settings.settings.integrations.calendly.organizer_email;
    let organizer = organizer.ok_or_else(|| {
        Problem::new(Kind::Conflict).detail("This business has no Calendly account yet.")
    })?;
    let mut booking = book.booking;
    booking.insert("organizer_email".to_owned(), json!(organizer.as_str()));
    let answer = control(&dev, "calendly/book", &Value::Object(booking)).await?;
    Ok(Answer(answer))
}

/// Cancels, moves or marks a booking: `{uri, action: cancel|reschedule|no_show|came, start?, webhooks?: usual|none|doubled|
/// reordered}`.
pub(super) async fn act(
    State(dev): State<Arc<Dev>>,
    Json(act): Json<Value>,
) -> Result<Answer<Value>, Problem> {
    control(&dev, "calendly/act", &act).await.map(Answer)
}
