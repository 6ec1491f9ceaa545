//! Messages, from Twilio: what people write, and news of what was sent to them.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderMap, Uri, header};
use serde::Deserialize;
use utoipa::IntoParams;
use vio_crypto::EndpointId;
use vio_domain::ids::{ContactId, MessageId};
use vio_domain::phone::{self, Country};
use vio_http::query::QueryParams;
use vio_http::{Kind, Path, Problem, Query, RawBody};
use vio_providers::twilio::webhook::{Event, SIGNATURE_HEADER, verify};
use vio_providers::twilio::{Form, FormError};
use vio_store::TenantStore;
use vio_store::inbox::InboxRow;
use vio_store::log::Actor;
use vio_store::messages::{InboundSms, StatusNews};
use vio_store::tenants::Provider;

use crate::Webhooks;
use crate::process::{Trouble, drop_event};
use crate::receive;

/// The answer that says nothing to the person: Twilio answers its own words itself.
const EMPTY: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response/>";
/// Our own fields in a stored event, beside Twilio's.
const CONTACT: &str = "vio_contact";
const MESSAGE: &str = "vio_message";

/// Which message of ours the news is about: part of the address that we gave with it.
#[derive(Debug, Deserialize, IntoParams)]
pub(crate) struct About {
    /// Whose message it is.
    #[param(value_type = Option<uuid::Uuid>)]
    contact: Option<ContactId>,
    /// Which message it is.
    #[param(value_type = Option<uuid::Uuid>)]
    message: Option<MessageId>,
}

impl QueryParams for About {}

fn malformed(error: FormError) -> Problem {
    match error {
        FormError::TooLarge => receive::too_large(),
        FormError::Malformed => Problem::new(Kind::MalformedRequest),
    }
}

fn nothing_to_say() -> Response {
    ([(header::CONTENT_TYPE, "text/xml; charset=utf-8")], EMPTY).into_response()
}

/// Messages and their news, from Twilio
///
/// A form, signed by Twilio with the account's auth token (`X-Twilio-Signature`) over the address as it is configured
/// and every field. Messages that people send, and the status of messages to them, are processed, in whatever order they
/// come; the rest is accepted and ignored. At most 64 KiB. The answer is TwiML that says nothing.
#[utoipa::path(post, path = "/api/webhook/sms/{endpoint_id}", tag = "webhooks",
    params(("endpoint_id" = String, Path, description = "The tenant's own address, as its settings show it"), About),
    request_body(content = String, content_type = "application/x-www-form-urlencoded",
        example = "MessageSid=SM8c4d7beaf75ce73ce83ecaf57942bfe3&SmsStatus=received&From=%2B447912345678&To=%2B447700153842&Body=YES"),
    responses((status = 200, description = "Received", body = String, content_type = "text/xml", example = "<Response/>")))]
pub(crate) async fn sms(
    State(webhooks): State<Webhooks>,
    Path(endpoint): Path<EndpointId>,
    Query(about): Query<About>,
    uri: Uri,
    headers: HeaderMap,
    RawBody(body): RawBody,
) -> Result<Response, Problem> {
    let app = &webhooks.app;
    let (ts, settings) = receive::recipient(app, &endpoint, Provider::Twilio).await?;
    let tokens = settings.secrets.twilio_token.accepted(app.real_clock.now());
    let tokens = receive::secrets(tokens);
    let given = receive::header(&headers, SIGNATURE_HEADER)?;
    // The signature is over the fields, so they are read first, within their limits.
    let form = Form::parse(&body).map_err(malformed)?;
    let mut url = format!("{}/api/webhook/sms/{endpoint}", app.platform.public_url);
    if let Some(query) = uri.query() {
        url = format!("{url}?{query}");
    }
    verify(given, &url, &form, &tokens).map_err(receive::refused)?;
    if Event::of(&form).map_err(malformed)? == Event::Other {
        return Ok(nothing_to_say());
    }
    let mut stored = body.to_vec();
    if let (Some(contact), Some(message)) = (about.contact, about.message) {
        let ours = format!("&{CONTACT}={contact}&{MESSAGE}={message}");
        stored.extend_from_slice(ours.as_bytes());
    }
    let identity = Event::identity(&form);
    let _receipt = receive::store(&webhooks, &ts, Provider::Twilio, &identity, &stored).await?;
    Ok(nothing_to_say())
}

/// Applies one event.
pub(crate) async fn apply(ts: &TenantStore, row: &InboxRow, body: &[u8]) -> Result<(), Trouble> {
    let form = Form::parse(body).map_err(|_| Trouble::Hopeless("a form that cannot be read"))?;
    let event = Event::of(&form).map_err(|_| Trouble::Hopeless("a form without a message"))?;
    let settings = ts.settings().await?.settings;
    let actor = Actor::provider(Provider::Twilio.as_str());
    let also = |tx: &mut vio_store::tx::Tx, contact, key: &_| {
        // The raw event goes under the person's own key.
        ts.stage_done(tx, row, Some((contact, key)), body)
    };
    let ours = match event {
        Event::Status(news) => {
            let id = |name| form.text(name);
            let contact = id(CONTACT).and_then(|id| id.parse::<ContactId>().ok());
            let message = id(MESSAGE).and_then(|id| id.parse::<MessageId>().ok());
            let news = StatusNews {
                about: contact.zip(message),
                provider_id: news.sid,
                report: news.report,
                error_code: news.error_code,
            };
            ts.hear_message(&settings, &news, &actor, also).await?
        }
        Event::Inbound(inbound) => match phone::parse(&inbound.from, Country::GB) {
            Ok(from) => {
                let sms = InboundSms {
                    provider_id: inbound.sid,
                    from: from.e164,
                    body: inbound.body,
                    opt_out: inbound.opt_out,
                };
                ts.hear_sms(&settings, &sms, &actor, also).await?
            }
            // A short code or a name: nobody's number.
            Err(_) => false,
        },
        Event::Other => false,
    };
    if ours {
        return Ok(());
    }
    tracing::info!(tenant_id = %ts.id, event = %row.id, "an event of a message that is not known here is ignored");
    drop_event(ts, row).await
}
