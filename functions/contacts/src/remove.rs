//! Deleting a contact, and taking that back for 30 days (rules.md Contacts).

use axum::extract::State;
use axum::response::Response;
use chrono::TimeDelta;
use http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;
use vio_domain::calling::session::CancelReason;
use vio_domain::contact::{Deleted, RESTORE_DAYS};
use vio_domain::ids::ContactId;
use vio_domain::permission::Permission;
use vio_domain::person::OnDuplicate;
use vio_domain::settings::Settings;
use vio_http::{FieldProblem, Idempotent, IfMatch, Path, Principal, Problem, RequestId};
use vio_runtime::App;
use vio_runtime::web::{actor, store_problem};
use vio_store::contacts::{Claims, Person, Save};
use vio_store::log::Actor;
use vio_store::tx::Tx;
use vio_store::{StoreError, TenantStore};

use crate::create::{answer, duplicate};
use crate::reach;
use crate::view::{ContactView, Reader, etag};
use crate::warnings;

/// Deletes a contact: its planned calls end, its number and address are free again. It can be restored for 30 days.
#[utoipa::path(delete, path = "/api/contacts/{contact_id}", tag = "contacts",
    params(("contact_id" = uuid::Uuid, Path), ("If-Match" = Option<String>, Header, description = "The ETag that the deletion was decided on")),
    responses((status = 204, description = "Deleted"), (status = 412, description = "Somebody else changed it meanwhile")))]
pub(crate) async fn delete(
    State(app): State<App>,
    principal: Principal,
    request_id: RequestId,
    Path(id): Path<ContactId>,
    condition: IfMatch,
) -> Result<StatusCode, Problem> {
    let (tenant, settings) = app.tenant_with_settings(&principal).await?;
    let settings = settings.settings;
    let actor = actor(&principal, request_id);
    let mut races = 0;
    loop {
        let mut person = reach::edited(&tenant, &principal, id).await?;
        condition.check(&etag(&person, tenant.now())?)?;
        person.contact.deleted = Some(Deleted {
            at: tenant.now(),
            by: Some(principal.user_id),
        });
        let claims = tenant.read_claims(&person).await.map_err(store_problem)?;
        let action = "contact.deleted";
        match save(&tenant, &settings, &actor, &mut person, claims, action).await {
            Ok(()) => return Ok(StatusCode::NO_CONTENT),
            Err(error) if tenant.again(&mut races, &error).await => {}
            Err(error) => return Err(store_problem(error)),
        }
    }
}

/// Saves a deletion or a restoration.
async fn save(
    tenant: &TenantStore,
    settings: &Settings,
    actor: &Actor,
    person: &mut Person,
    claims: Claims,
    action: &'static str,
) -> Result<(), StoreError> {
    let mut tx = Tx::new();
    if person.contact.deleted.is_some() {
        tenant
            .stage_no_more_calls(&mut tx, person, CancelReason::Person)
            .await?;
    }
    let save = Save {
        settings,
        actor,
        action,
        reason: None,
        claims: Some(claims),
        replan: true,
    };
    tenant.stage_save(&mut tx, person, save).await?;
    tenant.store.commit(tx).await
}

/// How a contact is restored.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub(crate) struct RestoreBody {
    /// `ask` (409 where somebody like it has come since) or `create_new`.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "ask")]
    on_duplicate: Option<OnDuplicate>,
}

/// Restores a contact deleted within 30 days: it claims its number and address again, and its calls are planned anew.
#[utoipa::path(post, path = "/api/contacts/{contact_id}/restore", tag = "contacts", request_body = RestoreBody,
    params(("contact_id" = uuid::Uuid, Path)),
    responses((status = 200, body = ContactView), (status = 409, description = "Somebody like it has come since (`existing_ids`)")))]
pub(crate) async fn restore(
    State(app): State<App>,
    principal: Principal,
    request_id: RequestId,
    Path(id): Path<ContactId>,
    request: Idempotent<RestoreBody>,
) -> Result<Response, Problem> {
    let keep = match request.body.on_duplicate {
        None | Some(OnDuplicate::Ask) => false,
        Some(OnDuplicate::CreateNew) => true,
        Some(_) => {
            return Err(Problem::validation(vec![FieldProblem::new(
                "/on_duplicate",
                "not_here",
                "A restoration knows ask and create_new only.",
            )]));
        }
    };
    app.once(principal.tenant_id, request.keyed, |_| {
        bring_back(&app, &principal, request_id, id, keep)
    })
    .await
}

async fn bring_back(
    app: &App,
    principal: &Principal,
    request_id: RequestId,
    id: ContactId,
    keep: bool,
) -> Result<Response, Problem> {
    let (tenant, settings) = app.tenant_with_settings(principal).await?;
    let settings = settings.settings;
    let actor = actor(principal, request_id);
    let reader = Reader {
        settings: &settings,
        principal,
    };
    let mut races = 0;
    loop {
        let mut person = deleted(&tenant, principal, id).await?;
        let mut warnings = Vec::new();
        if person.contact.deleted.take().is_some() {
            person.contact.merged_into = None;
            let judged = tenant.judge(&person).await.map_err(store_problem)?;
            if !judged.found.duplicates.is_empty() && !keep {
                return Err(duplicate(&judged.found.duplicates));
            }
            warnings::household(&judged.found, &mut warnings);
            let action = "contact.restored";
            let claims = judged.claims;
            match save(&tenant, &settings, &actor, &mut person, claims, action).await {
                Ok(()) => {}
                Err(error) if tenant.again(&mut races, &error).await => continue,
                Err(error) => return Err(store_problem(error)),
            }
        }
        warnings::no_call(&settings, &person, tenant.now(), &mut warnings);
        return answer(&tenant, reader, &person, StatusCode::OK, warnings).await;
    }
}

/// A contact, deleted or not, that the caller may change; one deleted longer ago is gone for users.
async fn deleted(
    tenant: &TenantStore,
    principal: &Principal,
    id: ContactId,
) -> Result<Person, Problem> {
    let now = tenant.now();
    let restorable = |deleted: Deleted| now < deleted.at + TimeDelta::days(RESTORE_DAYS);
    let person = tenant
        .person(id)
        .await
        .map_err(store_problem)?
        .filter(|person| person.contact.deleted.is_none_or(restorable))
        .filter(|person| reach::can_view(principal, &person.contact))
        .ok_or_else(Problem::not_found)?;
    if reach::can_edit(principal, &person.contact) {
        Ok(person)
    } else {
        Err(Problem::lacks(&[Permission::EditAllContacts]))
    }
}
