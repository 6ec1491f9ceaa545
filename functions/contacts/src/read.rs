//! Reading one contact.

use axum::extract::State;
use vio_domain::ids::ContactId;
use vio_http::{ETag, Json, NoParams, Path, Principal, Problem, Query, RequestId};
use vio_runtime::App;
use vio_runtime::web::{actor, store_problem};
use vio_store::log::Entry;

use crate::reach;
use crate::view::{ContactView, Reader, etag};

/// One contact with its current appointment. The view is entered into the audit.
#[utoipa::path(get, path = "/api/contacts/{contact_id}", tag = "contacts",
    params(("contact_id" = uuid::Uuid, Path)), responses((status = 200, body = ContactView)))]
pub(crate) async fn read(
    State(app): State<App>,
    principal: Principal,
    request_id: RequestId,
    Path(id): Path<ContactId>,
    _: Query<NoParams>,
) -> Result<(ETag, Json<ContactView>), Problem> {
    let tenant = app.tenant_of(&principal).await?;
    let person = reach::viewed(&tenant, &principal, id).await?;
    let settings = tenant.settings().await.map_err(store_problem)?.settings;
    let entry = Entry::new("contact.viewed", "contact", id.uuid()).contact(id);
    tenant
        .log_access(&actor(&principal, request_id), entry)
        .await
        .map_err(store_problem)?;
    let reader = Reader {
        settings: &settings,
        principal: &principal,
    };
    let view = reader.person(&tenant, &person, None).await?;
    Ok((etag(&person, tenant.now())?, Json(view)))
}
