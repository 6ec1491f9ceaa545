//! Consents to voice calls: given, withdrawn, and the record of both (S3 section 6, rules.md Privacy).

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use vio_domain::calling::session::CancelReason;
use vio_domain::contact::ConsentMethod;
use vio_domain::ids::{ConsentId, ContactId};
use vio_http::page::PageParams;
use vio_http::{
    Fields, Idempotent, Json, Kind, NoParams, Paged, Path, Principal, Problem, RequestId,
};
use vio_runtime::App;
use vio_runtime::web::{actor, store_problem};
use vio_store::contacts::{ConsentChange, ConsentRow, SAVE_TRIES, Save};
use vio_store::key;
use vio_store::tx::Tx;

use crate::body::ConsentBody;
use crate::given::Given;
use crate::input::consent_given;
use crate::reach;

vio_http::pagination! {
    /// Where the list of consents stands.
    ConsentsPagination = "total_consents",
}

/// What happened to the consent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum ConsentAction {
    Given,
    Withdrawn,
}

/// A consent given or withdrawn.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(example = json!({"action": "given", "method": "verbal"}))]
pub(crate) struct NewConsent {
    /// `given` or `withdrawn`.
    #[schema(value_type = String, example = "withdrawn")]
    action: ConsentAction,
    /// `verbal`, `written`, `electronic` or `implied`; needed for one that is given.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "verbal")]
    method: Option<ConsentMethod>,
    /// When it was given; now, when left out.
    #[serde(default)]
    obtained_at: Option<DateTime<Utc>>,
}

/// One entry of the record.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ConsentEntry {
    id: Uuid,
    contact_id: Uuid,
    /// `given` or `withdrawn`.
    #[schema(value_type = String, example = "given")]
    action: &'static str,
    #[schema(value_type = Option<String>)]
    method: Option<ConsentMethod>,
    obtained_at: Option<DateTime<Utc>>,
    recorded_at: DateTime<Utc>,
    /// Null for a booking page.
    recorded_by: Option<Uuid>,
    /// When the contact's next call is due now; null where none is planned. Only in the answer to a change.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<DateTime<Utc>>)]
    next_call_at: Option<Option<DateTime<Utc>>>,
}

impl From<ConsentRow> for ConsentEntry {
    fn from(row: ConsentRow) -> Self {
        let (action, method, obtained_at) = match row.change {
            ConsentChange::Given {
                method,
                obtained_at,
            } => ("given", Some(method), Some(obtained_at)),
            ConsentChange::Withdrawn => ("withdrawn", None, None),
        };
        Self {
            id: row.id.uuid(),
            contact_id: row.contact.uuid(),
            action,
            method,
            obtained_at,
            recorded_at: row.recorded_at,
            recorded_by: row.by.map(|user| user.uuid()),
            next_call_at: None,
        }
    }
}

/// A page of the record.
#[derive(Serialize, ToSchema)]
pub(crate) struct ConsentList {
    /// Newest first.
    consents: Vec<ConsentEntry>,
    pagination: ConsentsPagination,
}

/// The record of a contact's consents, newest first.
#[utoipa::path(get, path = "/api/contacts/{contact_id}/consents", tag = "contacts",
    params(("contact_id" = uuid::Uuid, Path), PageParams), responses((status = 200, body = ConsentList)))]
pub(crate) async fn list(
    State(app): State<App>,
    principal: Principal,
    Path(id): Path<ContactId>,
    Paged { page, .. }: Paged<NoParams>,
) -> Result<Json<ConsentList>, Problem> {
    let tenant = app.tenant_of(&principal).await?;
    reach::viewed_or_merged(&tenant, &principal, id).await?;
    let (after, number) = page.after::<ConsentId>()?;
    let after = after.map(|last| key::consent(tenant.id, id, last).into());
    let (rows, next) = tenant
        .consents_of(id, page.page_size, after)
        .await
        .map_err(store_problem)?;
    let next_cursor = match (next, rows.last()) {
        (Some(_), Some(last)) => Some(page.next_cursor(last.id, number, None)?),
        _ => None,
    };
    Ok(Json(ConsentList {
        consents: rows.into_iter().map(Into::into).collect(),
        pagination: page.pagination(number, None, next_cursor).into(),
    }))
}

/// Records a consent given or withdrawn. A withdrawal ends every planned call at once.
#[utoipa::path(post, path = "/api/contacts/{contact_id}/consents", tag = "contacts", request_body = NewConsent,
    params(("contact_id" = uuid::Uuid, Path)), responses((status = 201, body = ConsentEntry)))]
pub(crate) async fn record(
    State(app): State<App>,
    principal: Principal,
    request_id: RequestId,
    Path(id): Path<ContactId>,
    request: Idempotent<NewConsent>,
) -> Result<Response, Problem> {
    let body = request.body;
    app.once(principal.tenant_id, request.keyed, |_| {
        let (app, principal) = (&app, &principal);
        async move { write_down(app, principal, request_id, id, &body).await }
    })
    .await
}

fn change_of(body: &NewConsent, now: DateTime<Utc>) -> Result<ConsentChange, Problem> {
    let mut fields = Fields::default();
    let change = match (body.action, body.method) {
        (ConsentAction::Withdrawn, None) if body.obtained_at.is_none() => {
            return Ok(ConsentChange::Withdrawn);
        }
        (ConsentAction::Withdrawn, _) => {
            fields.note(
                "/method",
                "not_here",
                "A withdrawal has neither a method nor obtained_at.",
            );
            None
        }
        (ConsentAction::Given, None) => {
            fields.note("/method", "required", "Say how the consent was given.");
            None
        }
        (ConsentAction::Given, Some(method)) => {
            let consent = ConsentBody {
                method,
                obtained_at: body.obtained_at,
            };
            consent_given(&mut fields, "", Given::Value(consent), now)
        }
    };
    change.ok_or_else(|| Problem::from(fields))
}

async fn write_down(
    app: &App,
    principal: &Principal,
    request_id: RequestId,
    id: ContactId,
    body: &NewConsent,
) -> Result<Response, Problem> {
    let tenant = app.tenant_of(principal).await?;
    let actor = actor(principal, request_id);
    let change = change_of(body, tenant.now())?;
    let settings = tenant.settings().await.map_err(store_problem)?.settings;
    for _ in 0..SAVE_TRIES {
        let mut person = reach::edited(&tenant, principal, id).await?;
        let mut tx = Tx::new();
        if change == ConsentChange::Withdrawn {
            tenant
                .stage_no_more_calls(&mut tx, &mut person, CancelReason::Person)
                .await
                .map_err(store_problem)?;
        }
        let row = tenant
            .stage_consent(&mut tx, &mut person, change, &actor)
            .map_err(store_problem)?;
        let save = Save {
            settings: &settings,
            actor: &actor,
            action: match change {
                ConsentChange::Given { .. } => "consent.given",
                ConsentChange::Withdrawn => "consent.withdrawn",
            },
            reason: None,
            claims: None,
            replan: true,
        };
        tenant
            .stage_save(&mut tx, &mut person, save)
            .await
            .map_err(store_problem)?;
        match tenant.store.commit(tx).await {
            Ok(()) => {
                let mut entry = ConsentEntry::from(row);
                entry.next_call_at = Some(person.next_call_at());
                return Ok((StatusCode::CREATED, Json(entry)).into_response());
            }
            Err(error) if error.is_lost() => {}
            Err(error) => return Err(store_problem(error)),
        }
    }
    Err(Problem::new(Kind::Conflict))
}
