//! The list of contacts by creation. Other orders and filters come with the tenant view; until then each is a 400
//! that names it.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use vio_domain::appointment::{Appointment, AppointmentStatus};
use vio_domain::contact::Contact;
use vio_domain::ids::ContactId;
use vio_domain::permission::{Permission, Scope};
use vio_http::page::PageParams;
use vio_http::{
    FieldProblem, Json, Kind, Paged, Pagination, Principal, Problem, QueryParams, RequestId,
};
use vio_runtime::App;
use vio_runtime::web::{actor, store_problem};
use vio_store::contacts::{ContactPage, ListQuery, Start};
use vio_store::log::Entry;
use vio_store::{StoreError, TenantStore};

use crate::groups;
use crate::reach;
use crate::view::{ContactView, Reader};

vio_http::pagination! {
    /// Where the list of contacts stands.
    ContactsPagination = "total_contacts",
}

/// Filters of the list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ContactFilters {
    /// Status of the current appointment: `pending`, `confirmed`, `cancelled` or `rescheduled`.
    #[param(value_type = Option<String>, example = "pending")]
    status: Option<AppointmentStatus>,
    /// `created_at` or `-created_at` (newest first, the default).
    #[param(example = "-created_at")]
    sort: Option<String>,
}

impl QueryParams for ContactFilters {
    const NOT_BUILT: &'static [&'static str] = &[
        "group_ids",
        "group_logic",
        "ungrouped",
        "include_ungrouped",
        "search",
        "appointment",
        "appointment_from",
        "appointment_to",
        "call",
        "last_contact",
        "last_contact_days",
        "priority",
        "tag",
        "industry",
        "booking_source",
        "is_active",
        "attention",
    ];
}

/// One page.
#[derive(Serialize, ToSchema)]
pub(crate) struct ContactList {
    contacts: Vec<ContactView>,
    pagination: ContactsPagination,
}

fn ascending(sort: Option<&str>) -> Result<bool, Problem> {
    match sort {
        None | Some("-created_at") => Ok(false),
        Some("created_at") => Ok(true),
        Some(_) => Err(Problem::new(Kind::InvalidParameter)
            .detail("The parameter sort takes created_at or -created_at; no other order is available yet.")
            .error(FieldProblem::new(
                "sort",
                "not_built",
                "Only created_at and -created_at are available yet.",
            ))),
    }
}

/// Lists contacts by creation. Entered into the audit.
#[utoipa::path(get, path = "/api/contacts", tag = "contacts", params(ContactFilters, PageParams),
    responses((status = 200, body = ContactList)))]
pub(crate) async fn list(
    State(app): State<App>,
    principal: Principal,
    request_id: RequestId,
    Paged { filters, page }: Paged<ContactFilters>,
) -> Result<Json<ContactList>, Problem> {
    let ascending = ascending(filters.sort.as_deref())?;
    let (tenant, settings) = app.tenant_with_settings(&principal).await?;
    let settings = settings.settings;
    let (start, number) = match page.position::<ContactId>(None)? {
        Some((after, number)) => (Start::After(after), number),
        None => (Start::Page(page.page.get()), page.page.get()),
    };
    let query = ListQuery {
        status: filters.status,
        ascending,
        start,
        page_size: page.page_size,
    };
    let found = match principal.scope.view {
        None => return Err(Problem::lacks(&[Permission::ViewContacts])),
        Some(Scope::All) => tenant.list_contacts(query).await,
        Some(_) => within_reach(&tenant, &principal, query).await,
    }
    .map_err(store_problem)?;
    let ids: Vec<String> = found
        .contacts
        .iter()
        .map(|(c, _)| c.id.to_string())
        .collect();
    let entry = Entry::new("contacts.listed", "tenant", tenant.id.uuid())
        .details(serde_json::json!({ "status": filters.status, "page": number, "contacts": ids }));
    tenant
        .log_access(&actor(&principal, request_id), entry)
        .await
        .map_err(store_problem)?;
    let next_cursor = found
        .next
        .map(|after| page.next_cursor(after, number, None))
        .transpose()?;
    let reader = Reader {
        settings: &settings,
        principal: &principal,
    };
    let contacts: Vec<&Contact> = found.contacts.iter().map(|(contact, _)| contact).collect();
    let shared = tenant
        .shares_phone_with(&contacts)
        .await
        .map_err(store_problem)?;
    let in_groups = contacts.iter().flat_map(|c| c.group_ids.iter().copied());
    let groups = groups::seen(&tenant, &principal, in_groups).await?;
    let view = |(contact, current): &(Contact, Option<Appointment>)| {
        let shares = shared.get(&contact.id).map_or(&[][..], |ids| &ids[..]);
        let next = current.as_ref().and_then(|a| a.next_call_at);
        reader.contact(contact, current.as_ref(), next, shares, &groups, None)
    };
    Ok(Json(ContactList {
        contacts: found.contacts.iter().map(view).collect(),
        pagination: Pagination {
            current_page: number,
            page_size: page.page_size,
            total: found.total.map(u64::from),
            next_cursor,
        }
        .into(),
    }))
}

/// Contacts that somebody of limited reach looks through at most for one page.
const MOST_LOOKED_THROUGH: u32 = 2_000;
const LOOKED_THROUGH_AT_ONCE: u32 = 100;

/// The page of somebody who reaches some contacts only: the list is looked through until the page is full, or so far
/// that the rest is left to the next one.
async fn within_reach(
    tenant: &TenantStore,
    principal: &Principal,
    query: ListQuery,
) -> Result<ContactPage, StoreError> {
    let size = query.page_size as usize;
    let (mut skip, mut start) = match query.start {
        Start::Page(page) => (
            (page.max(1) as usize - 1).saturating_mul(size),
            Start::Page(1),
        ),
        after => (0, after),
    };
    let mut page = ContactPage::default();
    let mut looked_through = 0;
    loop {
        let some = tenant
            .list_contacts(ListQuery {
                start,
                page_size: LOOKED_THROUGH_AT_ONCE,
                ..query
            })
            .await?;
        looked_through += LOOKED_THROUGH_AT_ONCE;
        let mut rows = some
            .contacts
            .into_iter()
            .filter(|(contact, _)| reach::can_view(principal, contact))
            .peekable();
        while let Some(row) = rows.next() {
            if skip > 0 {
                skip -= 1;
                continue;
            }
            let id = row.0.id;
            page.contacts.push(row);
            if page.contacts.len() == size {
                page.next = (rows.peek().is_some() || some.next.is_some()).then_some(id);
                return Ok(page);
            }
        }
        match some.next {
            Some(next) if looked_through < MOST_LOOKED_THROUGH => start = Start::After(next),
            next => {
                page.next = next;
                return Ok(page);
            }
        }
    }
}
