//! Who was deleted and can still be brought back (rules.md Contacts).

use axum::extract::State;
use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;
use vio_domain::contact::{Contact, Deleted, RESTORE_DAYS};
use vio_domain::ids::{ContactId, UserId};
use vio_http::page::PageParams;
use vio_http::{Json, NoParams, Paged, Principal, Problem, RequestId};
use vio_runtime::App;
use vio_runtime::web::{actor, store_problem};
use vio_store::log::Entry;

use crate::reach;

vio_http::pagination! {
    /// Where the list of deleted contacts stands.
    DeletedPagination = "total_contacts"
}

/// Somebody who was deleted.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DeletedContact {
    id: Uuid,
    #[schema(example = "Ada Example")]
    name: String,
    deleted_at: DateTime<Utc>,
    /// Null where no user did it.
    deleted_by: Option<Uuid>,
    /// From then on nobody can bring them back.
    restorable_until: DateTime<Utc>,
    /// Whether you may bring them back.
    restorable: bool,
    /// The contact that they were made one with, where that is why.
    merged_into: Option<Uuid>,
}

impl DeletedContact {
    fn new(contact: &Contact, deleted: Deleted, restorable: bool) -> Self {
        Self {
            id: contact.id.uuid(),
            name: contact.name.as_str().to_owned(),
            deleted_at: deleted.at,
            deleted_by: deleted.by.map(UserId::uuid),
            restorable_until: deleted.at + TimeDelta::days(RESTORE_DAYS),
            restorable,
            merged_into: contact.merged_into.map(ContactId::uuid),
        }
    }
}

/// A page of them.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DeletedContacts {
    /// The latest made first.
    contacts: Vec<DeletedContact>,
    pagination: DeletedPagination,
}

/// Contacts of your reach that were deleted in the last 30 days. A page can be shorter than asked for while `next_cursor`
/// says that there is more.
#[utoipa::path(get, path = "/api/contacts/deleted", tag = "contacts", params(PageParams),
    responses((status = 200, body = DeletedContacts)))]
pub(crate) async fn list(
    State(app): State<App>,
    principal: Principal,
    request: RequestId,
    Paged { page, .. }: Paged<NoParams>,
) -> Result<Json<DeletedContacts>, Problem> {
    let tenant = app.tenant_of(&principal).await?;
    let (after, number) = page.after::<ContactId>()?;
    let size = page.page_size as usize;
    let (found, next) = tenant
        .deleted_contacts(size, after)
        .await
        .map_err(store_problem)?;
    let now = tenant.now();
    let contacts: Vec<DeletedContact> = found
        .iter()
        .filter(|contact| reach::can_view(&principal, contact))
        .filter_map(|contact| {
            let deleted = contact.deleted?;
            let may = reach::can_edit(&principal, contact);
            let shown = DeletedContact::new(contact, deleted, may);
            (now < shown.restorable_until).then_some(shown)
        })
        .collect();
    let ids: Vec<Uuid> = contacts.iter().map(|contact| contact.id).collect();
    let entry = Entry::new("contacts.deleted_listed", "tenant", tenant.id.uuid())
        .details(json!({ "contacts": ids }));
    tenant
        .log_access(&actor(&principal, request), entry)
        .await
        .map_err(store_problem)?;
    let next_cursor = match next {
        Some(last) => Some(page.next_cursor(last, number, None)?),
        None => None,
    };
    let pagination = page.pagination(number, None, next_cursor);
    Ok(Json(DeletedContacts {
        contacts,
        pagination: pagination.into(),
    }))
}
