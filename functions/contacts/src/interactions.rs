//! The timeline of a contact: what staff wrote down.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use vio_crypto::PersonKey;
use vio_domain::ids::{ContactId, InteractionId, MessageId};
use vio_domain::phi::FieldPolicy;
use vio_domain::text::Notes;
use vio_http::page::PageParams;
use vio_http::{Fields, Idempotent, Json, NoParams, Paged, Path, Principal, Problem, RequestId};
use vio_runtime::App;
use vio_runtime::web::{actor, store_problem};
use vio_store::contacts::{Became, Direction, InteractionKind, InteractionRow, Noted};
use vio_store::key;
use vio_store::log::Entry;
use vio_store::messages::MessageRow;

use crate::phi;
use crate::reach;
use crate::warnings::Warning;

vio_http::pagination! {
    /// Where the timeline stands.
    InteractionsPagination = "total_interactions",
}

/// What is to be written down.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct NewInteraction {
    /// `note` (when left out), `phone`, `email`, `sms` or `in_person`; `call` and `meeting` are taken for `phone` and
    /// `in_person`.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "phone")]
    kind: Option<InteractionKind>,
    /// Who began: `inbound`, the person; `outbound`, the business. Not of a note.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "inbound")]
    direction: Option<Direction>,
    /// What became of it: `sent`, `delivered`, `failed` or `read`. Not of a note.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "read")]
    status: Option<Became>,
    /// For staff only, at most 5,000 characters.
    #[schema(example = "Asked to be called after 17:00.")]
    text: String,
}

/// One entry of the timeline.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Interaction {
    id: Uuid,
    contact_id: Uuid,
    #[schema(value_type = String, example = "phone")]
    kind: InteractionKind,
    #[schema(example = "She rang about parking.")]
    text: String,
    at: DateTime<Utc>,
    by: Option<Uuid>,
    /// `inbound` or `outbound`, of a message and of what staff noted so.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "outbound")]
    direction: Option<Direction>,
    /// Of a message that was sent: `queued`, `sending`, `sent`, `delivered`, `failed`, `undelivered`, `bounced`, `unknown` or
    /// `cancelled`; of what staff noted `sent`, `delivered`, `failed` or `read`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, example = "delivered")]
    status: Option<&'static str>,
    /// The provider's id of a message.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = "SM8c4d7beaf75ce73ce83ecaf57942bfe3")]
    provider_message_id: Option<String>,
    /// What a message to many was sent under.
    #[serde(skip_serializing_if = "Option::is_none")]
    campaign_id: Option<Uuid>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<Warning>,
}

impl Interaction {
    fn of(row: &InteractionRow, key: &PersonKey) -> Result<Self, Problem> {
        Ok(Self {
            id: row.id.uuid(),
            contact_id: row.contact.uuid(),
            kind: row.kind,
            text: row.text(key).map_err(store_problem)?.into_string(),
            at: row.at,
            by: row.by.map(|user| user.uuid()),
            direction: row.direction,
            status: row.became.map(Became::as_str),
            provider_message_id: row.provider_id.clone(),
            campaign_id: None,
            warnings: Vec::new(),
        })
    }

    /// The same with what became of a message, which is on its own record.
    fn with(mut self, row: &InteractionRow, messages: &[MessageRow]) -> Self {
        let message = messages
            .iter()
            .find(|message| Some(message.id) == row.message);
        if let Some(message) = message {
            self.status = Some(message.status.as_str());
            self.provider_message_id = message.provider_id.clone();
            self.campaign_id = message.batch.map(|batch| batch.uuid());
        }
        self
    }
}

/// A page of the timeline.
#[derive(Serialize, ToSchema)]
pub(crate) struct InteractionList {
    /// Newest first.
    interactions: Vec<Interaction>,
    pagination: InteractionsPagination,
}

/// The timeline of a contact, newest first.
#[utoipa::path(get, path = "/api/contacts/{contact_id}/interactions", tag = "contacts",
    params(("contact_id" = uuid::Uuid, Path), PageParams), responses((status = 200, body = InteractionList)))]
pub(crate) async fn list(
    State(app): State<App>,
    principal: Principal,
    request_id: RequestId,
    Path(id): Path<ContactId>,
    Paged { page, .. }: Paged<NoParams>,
) -> Result<Json<InteractionList>, Problem> {
    let tenant = app.tenant_of(&principal).await?;
    let person = reach::viewed_or_merged(&tenant, &principal, id).await?;
    let (after, number) = page.after::<InteractionId>()?;
    let after = after.map(|last| key::interaction(tenant.id, id, last).into());
    let (rows, next) = tenant
        .interactions_of(id, page.page_size, after)
        .await
        .map_err(store_problem)?;
    let sent: Vec<MessageId> = rows.iter().filter_map(|row| row.message).collect();
    let messages = tenant.messages(id, &sent).await.map_err(store_problem)?;
    let entry = Entry::new("interactions.viewed", "contact", id.uuid()).contact(id);
    tenant
        .log_access(&actor(&principal, request_id), entry)
        .await
        .map_err(store_problem)?;
    let next_cursor = match (next, rows.last()) {
        (Some(_), Some(last)) => Some(page.next_cursor(last.id, number, None)?),
        _ => None,
    };
    Ok(Json(InteractionList {
        interactions: rows
            .iter()
            .map(|row| Ok(Interaction::of(row, &person.key)?.with(row, &messages)))
            .collect::<Result<_, Problem>>()?,
        pagination: page.pagination(number, None, next_cursor).into(),
    }))
}

/// Writes something down.
#[utoipa::path(post, path = "/api/contacts/{contact_id}/interactions", tag = "contacts", request_body = NewInteraction,
    params(("contact_id" = uuid::Uuid, Path)), responses((status = 201, body = Interaction)))]
pub(crate) async fn add(
    State(app): State<App>,
    principal: Principal,
    request_id: RequestId,
    Path(id): Path<ContactId>,
    request: Idempotent<NewInteraction>,
) -> Result<Response, Problem> {
    let body = request.body;
    app.once(principal.tenant_id, request.keyed, |operation| {
        let (app, principal) = (&app, &principal);
        async move {
            let tenant = app.tenant_of(principal).await?;
            let person = reach::edited(&tenant, principal, id).await?;
            let settings = tenant.settings().await.map_err(store_problem)?.settings;
            let (mut fields, mut warnings) = (Fields::default(), Vec::new());
            let text = fields.take("/text", Notes::parse(&body.text));
            phi::screen(
                &settings,
                FieldPolicy::StaffNotes,
                "/text",
                &body.text,
                &mut fields,
                &mut warnings,
            );
            let kind = body.kind.unwrap_or_default();
            let of_a_note = "A note goes neither way, and nothing becomes of it. Say what kind of contact it was.";
            for (given, pointer) in [
                (body.direction.is_some(), "/direction"),
                (body.status.is_some(), "/status"),
            ] {
                if given && kind == InteractionKind::Note {
                    fields.note(pointer, "not_of_a_note", of_a_note);
                }
            }
            let Some(text) = text.filter(|_| fields.is_clean()) else {
                return Err(Problem::from(fields));
            };
            let noted = Noted {
                kind,
                direction: body.direction,
                became: body.status,
                text,
            };
            let by = actor(principal, request_id);
            let row = tenant
                .add_interaction(id, InteractionId::new(operation), &noted, &by)
                .await
                .map_err(store_problem)?
                .ok_or_else(Problem::not_found)?;
            let mut view = Interaction::of(&row, &person.key)?;
            view.warnings = warnings;
            Ok((StatusCode::CREATED, Json(view)))
        }
    })
    .await
    .map(IntoResponse::into_response)
}
