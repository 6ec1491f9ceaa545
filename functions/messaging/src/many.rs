//! One message to many contacts (S1 "Bulk SMS"), each with a result of its own.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use vio_domain::ids::{CampaignId, ContactId, MessageId};
use vio_http::{
    FieldProblem, Fields, Idempotent, Json, NoParams, Principal, Problem, Query, RequestId,
};
use vio_runtime::App;
use vio_runtime::reach::can_edit;
use vio_runtime::web::{actor, store_problem};
use vio_store::messages::NewMessage;

use crate::one::{hand_on, words};

/// Contacts of one request, at most (as the selection of a campaign, S0).
const MOST: usize = 100;

/// What to send to whom.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = SendSmsToMany)]
pub(crate) struct Asked {
    /// 1 to 100.
    #[schema(value_type = Vec<Uuid>)]
    contact_ids: Vec<ContactId>,
    /// At most 918 characters.
    #[schema(example = "We are closed on Monday.")]
    message: String,
}

/// What became of one of them.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SmsToOne)]
pub(crate) struct ToOne {
    contact_id: Uuid,
    /// `queued`, or what it has come to since; `skipped`.
    #[schema(value_type = String, example = "queued")]
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    message_id: Option<Uuid>,
    /// Why it was skipped: `not_opted_in`, `no_number`, `do_not_contact`, `not_active`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "not_opted_in")]
    reason: Option<&'static str>,
}

/// What became of all.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SmsToMany)]
pub(crate) struct Answer {
    /// What the messages were sent under; each shows it in its contact's timeline, with what became of it.
    campaign_id: Uuid,
    queued: usize,
    skipped: usize,
    results: Vec<ToOne>,
}

/// The id of a contact's message within a request: the same again when the request is repeated.
fn message_id(operation: Uuid, contact: ContactId) -> MessageId {
    let mut bytes = *operation.as_bytes();
    for (byte, other) in bytes[9..].iter_mut().zip(&contact.uuid().as_bytes()[9..]) {
        *byte ^= other;
    }
    // Two ids made one after the other must not give a third.
    bytes[9] ^= 0x80;
    MessageId::new(Uuid::from_bytes(bytes))
}

/// Sends an SMS to many contacts: to those who opted in; the others are named with the reason. A contact that is not there,
/// or not within reach, is an error, and nobody gets one.
#[utoipa::path(post, path = "/api/messages/sms", tag = "messages", request_body = Asked,
    responses((status = 202, description = "Taken on, each with its result", body = Answer)))]
pub(crate) async fn send_many(
    State(app): State<App>,
    who: Principal,
    request: RequestId,
    Query(NoParams {}): Query<NoParams>,
    Idempotent { body, keyed }: Idempotent<Asked>,
) -> Result<Response, Problem> {
    let (app, who, body) = (&app, &who, &body);
    app.once(who.tenant_id, keyed, |operation| async move {
        let answer = send(app, who, request, body, operation).await?;
        Ok((StatusCode::ACCEPTED, Json(answer)).into_response())
    })
    .await
}

async fn send(
    app: &App,
    who: &Principal,
    request: RequestId,
    body: &Asked,
    operation: Uuid,
) -> Result<Answer, Problem> {
    let mut contacts = body.contact_ids.clone();
    contacts.sort_unstable();
    contacts.dedup();
    if contacts.is_empty() || contacts.len() > MOST {
        let detail = "Name 1 to 100 contacts.";
        let problem = FieldProblem::new("/contact_ids", "out_of_range", detail);
        return Err(Problem::validation(vec![problem]));
    }
    let (ts, settings) = app.tenant_with_settings(who).await?;
    let settings = settings.settings;
    let known = ts.contacts(&contacts).await.map_err(store_problem)?;
    let within = |id: &ContactId| {
        known.iter().any(|(_, contact)| {
            contact.id == *id && contact.deleted.is_none() && can_edit(who, contact)
        })
    };
    let mut fields = Fields::default();
    for (at, id) in body.contact_ids.iter().enumerate() {
        if !within(id) {
            let pointer = format!("/contact_ids/{at}");
            fields.note(&pointer, "unknown", "There is no such contact.");
        }
    }
    if !fields.is_clean() {
        return Err(fields.into());
    }
    if !settings.integrations.twilio.configured() {
        return Err(Problem::new(vio_http::Kind::MessagingNotConfigured));
    }
    let text = words(&settings, &body.message)?;
    let by = actor(who, request);
    let campaign = CampaignId::new(operation);
    let mut results = Vec::with_capacity(contacts.len());
    for contact in contacts {
        let new = NewMessage {
            contact,
            id: message_id(operation, contact),
            words: Some(text.clone()),
            channel: None,
            appointment: None,
            batch: Some(campaign),
        };
        let sent = ts
            .send_message(&settings, &new, &by)
            .await
            .map_err(store_problem)?;
        results.push(match sent {
            Ok(row) => {
                hand_on(app, &row).await;
                ToOne {
                    contact_id: contact.uuid(),
                    status: row.status.as_str(),
                    message_id: Some(row.id.uuid()),
                    reason: None,
                }
            }
            Err(why) => ToOne {
                contact_id: contact.uuid(),
                status: "skipped",
                message_id: None,
                reason: Some(why.as_str()),
            },
        });
    }
    let skipped = results.iter().filter(|one| one.reason.is_some()).count();
    Ok(Answer {
        campaign_id: campaign.uuid(),
        queued: results.len() - skipped,
        skipped,
        results,
    })
}
