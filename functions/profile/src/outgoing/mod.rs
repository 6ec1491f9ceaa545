//! Addresses of the business's own that are told what happens (docs/outgoing-webhooks.md). A secret is shown where it is
//! made and nowhere else.

pub(crate) mod deliveries;

use std::collections::BTreeSet;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use http::{StatusCode, header};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;
use vio_domain::ids::OutgoingWebhookId;
use vio_domain::outgoing::EventType;
use vio_domain::text::ShortText;
use vio_http::{
    ETag, Fields, Idempotent, IfMatch, Json, Kind, Patch, Path, Principal, Problem, RequestId,
    Validate,
};
use vio_providers::outgoing::{Reach, WebhookUrl};
use vio_runtime::App;
use vio_runtime::queues::OutgoingMessage;
use vio_runtime::web::{actor, store_problem};
use vio_store::TenantStore;
use vio_store::log::Entry;
use vio_store::outgoing::{Disabled, DisabledBy, HealthRow, MOST_WEBHOOKS, Webhook};
use vio_store::tx::Tx;

/// Since when and why an address is told nothing.
#[derive(Serialize, ToSchema)]
#[schema(as = OutgoingWebhookDisabled)]
pub(crate) struct DisabledView {
    at: DateTime<Utc>,
    /// `staff`; `gone`: it answered 410; `failing`: it took nothing for five days.
    #[schema(value_type = String, example = "failing")]
    reason: &'static str,
}

/// An address.
#[derive(Serialize, ToSchema)]
#[schema(as = OutgoingWebhook)]
pub(crate) struct View {
    id: Uuid,
    #[schema(example = "https://example.com/hooks/vioconcierge")]
    url: String,
    #[schema(example = "Our reporting")]
    description: Option<String>,
    /// What it is told of.
    #[schema(value_type = Vec<String>, example = json!(["appointment.confirmed", "call.finished"]))]
    events: Vec<&'static str>,
    enabled: bool,
    disabled: Option<DisabledView>,
    /// Since when it took nothing of what it was sent; null while all is well.
    failing_since: Option<DateTime<Utc>>,
    /// Until when the secret before the present one signs too; null where there is none.
    previous_secret_until: Option<DateTime<Utc>>,
    version: u64,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

/// An address with its secret, which is shown this once.
#[derive(Serialize, ToSchema)]
#[schema(as = OutgoingWebhookWithSecret)]
pub(crate) struct WithSecret {
    #[serde(flatten)]
    webhook: View,
    /// Signs what is sent, as Standard Webhooks says. Keep it: it is not shown again.
    #[schema(example = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]
    secret: String,
}

/// What can be chosen.
#[derive(Serialize, ToSchema)]
#[schema(as = OutgoingEventType)]
pub(crate) struct Choice {
    #[serde(rename = "type")]
    #[schema(value_type = String, example = "call.finished")]
    event: &'static str,
    #[schema(value_type = String, example = "A call is over and its result is known.")]
    description: &'static str,
}

#[derive(Serialize, ToSchema)]
#[schema(as = OutgoingWebhooks)]
pub(crate) struct All {
    outgoing_webhooks: Vec<View>,
    event_types: Vec<Choice>,
}

impl View {
    fn of(webhook: &Webhook, health: Option<&HealthRow>, now: DateTime<Utc>) -> Self {
        let previous = webhook.secret.previous_until;
        Self {
            id: webhook.id.uuid(),
            url: webhook.url.clone(),
            description: webhook.description.clone(),
            events: webhook.events.iter().map(|event| event.as_str()).collect(),
            enabled: webhook.disabled.is_none(),
            disabled: webhook.disabled.map(|disabled| DisabledView {
                at: disabled.at,
                reason: disabled.by.as_str(),
            }),
            failing_since: health.and_then(|health| health.failing_since),
            previous_secret_until: previous.filter(|until| now < *until),
            version: webhook.version,
            created_at: webhook.created_at,
            updated_at: webhook.updated_at,
        }
    }

    async fn read(tenant: &TenantStore, webhook: &Webhook) -> Result<Self, Problem> {
        let health = tenant.outgoing_health(webhook.id).await;
        let health = health.map_err(store_problem)?;
        Ok(Self::of(webhook, Some(&health), tenant.now()))
    }
}

/// The addresses that are told what happens, oldest first, and what can be chosen.
#[utoipa::path(get, path = "/api/outgoing-webhooks", tag = "outgoing webhooks",
    responses((status = 200, body = All)))]
pub(crate) async fn list(
    State(app): State<App>,
    principal: Principal,
) -> Result<Json<All>, Problem> {
    let tenant = app.tenant_of(&principal).await?;
    let mut views = Vec::new();
    for webhook in tenant.outgoing_webhooks().await.map_err(store_problem)? {
        views.push(View::read(&tenant, &webhook).await?);
    }
    let choice = |event: EventType| Choice {
        event: event.as_str(),
        description: event.sentence(),
    };
    Ok(Json(All {
        outgoing_webhooks: views,
        event_types: EventType::CHOICE.into_iter().map(choice).collect(),
    }))
}

/// An address, or what to change of one: a field left out stays.
#[derive(Deserialize, ToSchema)]
#[schema(as = OutgoingWebhookPatch)]
pub(crate) struct Body {
    /// https, of the public internet. It may hold a token of your own.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "https://example.com/hooks/vioconcierge")]
    url: Patch<String>,
    /// At most 100 characters; null empties it.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "Our reporting")]
    description: Patch<String>,
    /// At least one.
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>, example = json!(["appointment.confirmed", "call.finished"]))]
    events: Patch<Vec<String>>,
    /// What waits for an address that is switched off is sent when it is switched on again.
    #[serde(default)]
    #[schema(value_type = Option<bool>)]
    enabled: Patch<bool>,
}

/// What a request may change.
#[derive(Clone, PartialEq)]
struct Values {
    url: String,
    description: Option<String>,
    events: BTreeSet<EventType>,
    enabled: bool,
}

impl Values {
    fn of(webhook: &Webhook) -> Self {
        Self {
            url: webhook.url.clone(),
            description: webhook.description.clone(),
            events: webhook.events.clone(),
            enabled: webhook.disabled.is_none(),
        }
    }
}

struct Applying<'a> {
    body: &'a Body,
    values: Values,
    reach: Reach,
}

impl Validate for Applying<'_> {
    type Domain = Values;

    fn validate(mut self, fields: &mut Fields) -> Option<Values> {
        let (body, values, reach) = (self.body, &mut self.values, self.reach);
        body.url.put(fields, "/url", &mut values.url, |text| {
            WebhookUrl::parse(text, reach)
                .map(|url| url.as_str().to_owned())
                .map_err(|error| vio_http::FieldProblem::new("", error.code(), sentence(&error)))
        });
        let description = &mut values.description;
        body.description
            .put_optional(fields, "/description", description, |text| {
                ShortText::<100>::parse(text).map(|text| text.as_str().to_owned())
            });
        if let Patch::Set(names) = &body.events {
            values.events = BTreeSet::new();
            for (at, name) in names.iter().enumerate() {
                let event = name
                    .parse::<EventType>()
                    .map_err(|_| ("unknown_event", "There is no such event; see event_types."));
                let pointer = format!("/events/{at}");
                values.events.extend(fields.take(&pointer, event));
            }
        }
        let cleared = matches!(body.events, Patch::Clear);
        if cleared || (fields.is_clean() && values.events.is_empty()) {
            fields.note("/events", "required", "Choose at least one event.");
        }
        if fields.is_clean() && values.url.is_empty() {
            fields.note("/url", "required", "Where should it be sent to?");
        }
        body.enabled.copy(fields, "/enabled", &mut values.enabled);
        Some(self.values)
    }
}

/// An error as a sentence.
fn sentence(error: &impl std::fmt::Display) -> String {
    let text = error.to_string();
    let mut letters = text.chars();
    let first: String = letters
        .next()
        .into_iter()
        .flat_map(char::to_uppercase)
        .collect();
    format!("{first}{}.", letters.as_str())
}

fn reach(app: &App) -> Reach {
    if app.platform.local {
        Reach::ThisMachine
    } else {
        Reach::Public
    }
}

fn path(webhook: &Webhook) -> String {
    format!("/api/outgoing-webhooks/{}", webhook.id)
}

/// What the log says of an address: nothing of where it is, which may hold a credential.
fn logged(values: &Values) -> serde_json::Value {
    json!({ "events": values.events, "enabled": values.enabled })
}

/// Adds an address. The answer holds its secret, which is shown this once.
#[utoipa::path(post, path = "/api/outgoing-webhooks", tag = "outgoing webhooks", request_body = Body,
    responses((status = 201, body = WithSecret), (status = 409, description = "There are ten already")))]
pub(crate) async fn add(
    State(app): State<App>,
    principal: Principal,
    request: RequestId,
    new: Idempotent<Body>,
) -> Result<Response, Problem> {
    let tenant = app.tenant_of(&principal).await?;
    let (app, principal, tenant) = (&app, &principal, &tenant);
    let body = &new.body;
    app.once(principal.tenant_id, new.keyed, async move |operation| {
        let id = OutgoingWebhookId::new(operation);
        let empty = Values {
            url: String::new(),
            description: None,
            events: BTreeSet::new(),
            enabled: true,
        };
        let values = Applying {
            body,
            values: empty,
            reach: reach(app),
        };
        let values = values.validated()?;
        let there = tenant.outgoing_webhooks().await.map_err(store_problem)?;
        let known = there.iter().find(|webhook| webhook.id == id).cloned();
        let made = known.is_none();
        if made && there.len() >= MOST_WEBHOOKS as usize {
            return Err(Problem::new(Kind::Conflict).detail("There can be at most 10 addresses."));
        }
        let mut webhook =
            known.unwrap_or_else(|| tenant.new_outgoing_webhook(id, values.url.clone()));
        let secret = tenant
            .new_outgoing_secret(&mut webhook, operation)
            .map_err(store_problem)?;
        if made {
            webhook.description.clone_from(&values.description);
            webhook.events.clone_from(&values.events);
            let mut tx = Tx::new();
            if !values.enabled {
                webhook.disabled = Some(Disabled {
                    at: tenant.now(),
                    by: DisabledBy::Staff,
                });
            }
            tenant
                .save_outgoing_webhook(&mut tx, &mut webhook)
                .map_err(store_problem)?;
            let entry = Entry::new("outgoing_webhook.created", "outgoing_webhook", id.uuid())
                .version(webhook.version)
                .details(json!({ "after": logged(&values) }));
            let actor = actor(principal, request);
            tenant.log(&mut tx, &actor, entry).map_err(store_problem)?;
            app.store.commit(tx).await.map_err(store_problem)?;
        }
        let tag = ETag::version(webhook.version);
        let body = Json(WithSecret {
            webhook: View::of(&webhook, None, tenant.now()),
            secret,
        });
        let location = [(header::LOCATION, path(&webhook))];
        Ok((StatusCode::CREATED, tag, location, body).into_response())
    })
    .await
}

pub(super) async fn one(tenant: &TenantStore, id: OutgoingWebhookId) -> Result<Webhook, Problem> {
    let found = tenant.outgoing_webhook(id).await.map_err(store_problem)?;
    found.ok_or_else(Problem::not_found)
}

/// One address.
#[utoipa::path(get, path = "/api/outgoing-webhooks/{outgoing_webhook_id}", tag = "outgoing webhooks",
    params(("outgoing_webhook_id" = Uuid, Path)), responses((status = 200, body = View)))]
pub(crate) async fn show(
    State(app): State<App>,
    principal: Principal,
    Path(id): Path<OutgoingWebhookId>,
) -> Result<(ETag, Json<View>), Problem> {
    let tenant = app.tenant_of(&principal).await?;
    let webhook = one(&tenant, id).await?;
    let view = View::read(&tenant, &webhook).await?;
    Ok((ETag::version(webhook.version), Json(view)))
}

/// Has an address told now what waits for it; the tick does it otherwise.
pub(super) async fn hand_on(app: &App, tenant: &TenantStore, webhook: OutgoingWebhookId) {
    let message = OutgoingMessage {
        tenant: tenant.id,
        webhook,
    };
    if let Err(error) = app.queues.outgoing(message, 0).await {
        tracing::warn!(tenant_id = %tenant.id, %error, "an address was not handed on; the tick does it");
    }
}

/// Changes an address. Switched on again, it is sent what waited meanwhile; what happened while it was off is not told.
#[utoipa::path(patch, path = "/api/outgoing-webhooks/{outgoing_webhook_id}", tag = "outgoing webhooks", request_body = Body,
    params(("outgoing_webhook_id" = Uuid, Path), ("If-Match" = Option<String>, Header, description = "The version being changed")),
    responses((status = 200, body = View), (status = 412, description = "Somebody else changed it meanwhile")))]
pub(crate) async fn edit(
    State(app): State<App>,
    principal: Principal,
    request: RequestId,
    Path(id): Path<OutgoingWebhookId>,
    condition: IfMatch,
    Json(body): Json<Body>,
) -> Result<(ETag, Json<View>), Problem> {
    let tenant = app.tenant_of(&principal).await?;
    let mut webhook = one(&tenant, id).await?;
    condition.check(&ETag::version(webhook.version))?;
    let before = Values::of(&webhook);
    let applying = Applying {
        body: &body,
        values: before.clone(),
        reach: reach(&app),
    };
    let after = applying.validated()?;
    if after != before {
        let now = tenant.now();
        webhook.url.clone_from(&after.url);
        webhook.description.clone_from(&after.description);
        webhook.events.clone_from(&after.events);
        webhook.updated_at = now;
        let mut tx = Tx::new();
        match (after.enabled, webhook.disabled) {
            (false, None) => {
                webhook.disabled = Some(Disabled {
                    at: now,
                    by: DisabledBy::Staff,
                });
            }
            (true, Some(_)) => {
                webhook.disabled = None;
                tenant
                    .restart_outgoing(&mut tx, id)
                    .map_err(store_problem)?;
            }
            // Another address is not to be judged by how the old one answered.
            _ if after.url != before.url => {
                tenant
                    .restart_outgoing(&mut tx, id)
                    .map_err(store_problem)?;
            }
            _ => {}
        }
        tenant
            .save_outgoing_webhook(&mut tx, &mut webhook)
            .map_err(store_problem)?;
        let mut fields = Vec::new();
        for (name, changed) in [
            ("url", before.url != after.url),
            ("description", before.description != after.description),
            ("events", before.events != after.events),
            ("enabled", before.enabled != after.enabled),
        ] {
            fields.extend(changed.then_some(name));
        }
        let entry = Entry::new("outgoing_webhook.updated", "outgoing_webhook", id.uuid())
            .version(webhook.version)
            .fields(fields)
            .details(json!({ "before": logged(&before), "after": logged(&after) }));
        let actor = actor(&principal, request);
        tenant.log(&mut tx, &actor, entry).map_err(store_problem)?;
        app.store.commit(tx).await.map_err(store_problem)?;
        hand_on(&app, &tenant, id).await;
    }
    let view = View::read(&tenant, &webhook).await?;
    Ok((ETag::version(webhook.version), Json(view)))
}

/// Removes an address. What waits for it is not sent.
#[utoipa::path(delete, path = "/api/outgoing-webhooks/{outgoing_webhook_id}", tag = "outgoing webhooks",
    params(("outgoing_webhook_id" = Uuid, Path)), responses((status = 204, description = "Removed")))]
pub(crate) async fn remove(
    State(app): State<App>,
    principal: Principal,
    request: RequestId,
    Path(id): Path<OutgoingWebhookId>,
) -> Result<StatusCode, Problem> {
    let tenant = app.tenant_of(&principal).await?;
    let webhook = one(&tenant, id).await?;
    let mut tx = Tx::new();
    tenant.remove_outgoing_webhook(&mut tx, &webhook);
    let entry = Entry::new("outgoing_webhook.deleted", "outgoing_webhook", id.uuid())
        .version(webhook.version)
        .details(json!({ "before": logged(&Values::of(&webhook)) }));
    let actor = actor(&principal, request);
    tenant.log(&mut tx, &actor, entry).map_err(store_problem)?;
    app.store.commit(tx).await.map_err(store_problem)?;
    Ok(StatusCode::NO_CONTENT)
}

/// Nothing to say.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = OutgoingWebhookAct, example = json!({}))]
pub(crate) struct Nothing {}

/// Replaces the secret. For 24 hours what is sent is signed with both, so that a receiver can change over when it likes.
/// The answer holds the new one, which is shown this once.
#[utoipa::path(post, path = "/api/outgoing-webhooks/{outgoing_webhook_id}/rotate", tag = "outgoing webhooks",
    request_body(content = Nothing, description = "May be left out"),
    params(("outgoing_webhook_id" = Uuid, Path)), responses((status = 200, body = WithSecret)))]
pub(crate) async fn rotate(
    State(app): State<App>,
    principal: Principal,
    request: RequestId,
    Path(id): Path<OutgoingWebhookId>,
    Idempotent { body: _, keyed }: Idempotent<Nothing>,
) -> Result<Response, Problem> {
    let tenant = app.tenant_of(&principal).await?;
    let (app, principal, tenant) = (&app, &principal, &tenant);
    app.once(principal.tenant_id, keyed, async move |operation| {
        let mut webhook = one(tenant, id).await?;
        let before = webhook.secret.current.clone();
        let secret = tenant
            .new_outgoing_secret(&mut webhook, operation)
            .map_err(store_problem)?;
        if before.as_ref() != Some(&secret) {
            webhook.updated_at = tenant.now();
            let mut tx = Tx::new();
            tenant
                .save_outgoing_webhook(&mut tx, &mut webhook)
                .map_err(store_problem)?;
            let entry = Entry::new("outgoing_webhook.updated", "outgoing_webhook", id.uuid())
                .version(webhook.version)
                .fields(["secret"]);
            let actor = actor(principal, request);
            tenant.log(&mut tx, &actor, entry).map_err(store_problem)?;
            app.store.commit(tx).await.map_err(store_problem)?;
        }
        let tag = ETag::version(webhook.version);
        let webhook = View::read(tenant, &webhook).await?;
        Ok((tag, Json(WithSecret { webhook, secret })).into_response())
    })
    .await
}
