//! Lists and searches of contacts.

use axum::extract::State;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;
use vio_crypto::{FieldRef, Sealed};
use vio_domain::ids::ContactId;
use vio_domain::permission::{ContactScopes, Permission, Role};
use vio_domain::settings::{Sensitivity, Settings};
use vio_http::{
    FieldProblem, Json, Kind, NoParams, PageRequest, Pagination, Principal, Problem, Query,
    RequestId,
};
use vio_runtime::web::{actor, store_problem};
use vio_store::TenantStore;
use vio_store::log::Entry;
use vio_view::{Cursor, Page, PageSize, Params, QueryError, ReadError, Reader, Start, Visibility};

use crate::ViewApp;
use crate::answer::{ContactFound, FacetsShown, Shown};
use crate::held::Held;
use crate::params::{ListParams, Sent};

const LIST: &str = "/api/contacts";
const SEARCH: &str = "/api/contacts/search";

vio_http::pagination! {
    /// Where the list of contacts stands.
    ContactsPagination = "total_contacts",
}

/// One page, with the counts of the whole list.
#[derive(Serialize, ToSchema)]
pub(crate) struct ContactList {
    contacts: Vec<ContactFound>,
    pagination: ContactsPagination,
    facets: FacetsShown,
}

/// Lists contacts. Entered into the audit with the ids shown. In HIPAA mode `search` is refused here, so that what people
/// search for is in no address: send it to `POST /api/contacts/search`.
#[utoipa::path(get, path = "/api/contacts", tag = "contacts", params(ListParams),
    responses((status = 200, body = ContactList)))]
pub(crate) async fn list(
    State(view): State<ViewApp>,
    principal: Principal,
    request: RequestId,
    Query(params): Query<ListParams>,
) -> Result<Json<ContactList>, Problem> {
    let page = params.page(LIST)?;
    answer(&view, &principal, request, &params, &page, Sent::InAddress)
        .await
        .map(Json)
}

/// Lists contacts like `GET /api/contacts`, with everything in the body. Entered into the audit with the search, sealed,
/// and the ids shown.
#[utoipa::path(post, path = "/api/contacts/search", tag = "contacts", request_body = ListParams,
    responses((status = 200, body = ContactList)))]
pub(crate) async fn search(
    State(view): State<ViewApp>,
    principal: Principal,
    request: RequestId,
    Query(NoParams {}): Query<NoParams>,
    Json(params): Json<ListParams>,
) -> Result<Json<ContactList>, Problem> {
    let page = params.page(SEARCH);
    let page = page.map_err(|problem| Sent::InBody.paged(problem))?;
    answer(&view, &principal, request, &params, &page, Sent::InBody)
        .await
        .map(Json)
}

async fn answer(
    view: &ViewApp,
    principal: &Principal,
    request: RequestId,
    params: &ListParams,
    page: &PageRequest,
    sent: Sent,
) -> Result<ContactList, Problem> {
    let asked = ask(view, principal, &params.filters(), page, sent).await?;
    let action = if params.searches() {
        "contacts.searched"
    } else {
        "contacts.listed"
    };
    let entry = Entry::new(action, "tenant", asked.tenant.id.uuid()).details(json!({
        "filters": params.sent()?, "page": asked.number, "contacts": asked.ids(),
    }));
    asked.log(principal, request, entry).await?;
    let facets = asked
        .page
        .facets
        .clone()
        .ok_or_else(|| Problem::internal_because("a page without its counts"))?;
    let (contacts, pagination) = rows(asked);
    Ok(ContactList {
        contacts,
        pagination,
        facets: facets.into(),
    })
}

fn search_in_body() -> Problem {
    let detail = "In HIPAA mode a search is sent in the body of POST /api/contacts/search.";
    Problem::new(Kind::InvalidParameter)
        .detail(detail)
        .error(FieldProblem::new("search", "not_in_address", detail))
}

/// What the view answered, and whom.
pub(crate) struct Asked {
    pub(crate) tenant: TenantStore,
    pub(crate) settings: Settings,
    pub(crate) page: Page,
    /// The page's number.
    pub(crate) number: u32,
    pub(crate) pagination: Pagination,
}

impl Asked {
    /// Who is shown.
    pub(crate) fn ids(&self) -> Vec<ContactId> {
        self.page.rows.iter().map(|row| row.contact.id).collect()
    }

    /// Enters it into the audit.
    pub(crate) async fn log(
        &self,
        principal: &Principal,
        request: RequestId,
        entry: Entry,
    ) -> Result<(), Problem> {
        self.tenant
            .log_access(&actor(principal, request), entry)
            .await
            .map_err(store_problem)
    }
}

/// What the caller sees of the view.
pub(crate) fn eyes(principal: &Principal, settings: &Settings) -> Result<Visibility, Problem> {
    of_scopes(principal, settings, &principal.scope)
        .ok_or_else(|| Problem::lacks(&[Permission::ViewContacts]))
}

/// The same as if these were the caller's scopes.
pub(crate) fn of_scopes(
    principal: &Principal,
    settings: &Settings,
    scopes: &ContactScopes,
) -> Option<Visibility> {
    let types = settings.appointment_types.iter();
    let sensitive = types.filter(|entry| entry.sensitivity == Sensitivity::Sensitive);
    Visibility::new(
        principal.tenant_id,
        principal.user_id,
        principal.role == Role::ClientAdmin,
        scopes,
        sensitive.map(|entry| entry.name.as_str()),
    )
}

/// Reads a view. A group that is not there, or not for the caller to know of, is a wrong parameter.
pub(crate) fn read<T>(
    held: &Held,
    eyes: &Visibility,
    (now, zone): (DateTime<Utc>, Tz),
    params: &Params,
    sent: Sent,
    ask: impl FnOnce(&Reader<'_>) -> Result<T, ReadError>,
) -> Result<T, Problem> {
    let found = held.read(eyes, now, zone, |reader| match ask(reader) {
        Err(ReadError::UnknownGroup(group)) => Ok(Err(group)),
        found => found.map(Ok),
    })?;
    found.map_err(|group| {
        let (group, groups) = (group.to_string(), params.group_ids.as_deref());
        let mut groups = groups.unwrap_or_default().split(',');
        let place = groups.position(|sent| sent.trim() == group);
        sent.unknown_group(place.unwrap_or_default())
    })
}

/// Asks the view for a page. In HIPAA mode nothing is searched for by what stands in an address.
pub(crate) async fn ask(
    view: &ViewApp,
    principal: &Principal,
    params: &Params,
    page: &PageRequest,
    sent: Sent,
) -> Result<Asked, Problem> {
    let (tenant, settings) = view.app.tenant_with_settings(principal).await?;
    let settings = settings.settings;
    if !sent.is_in_body() && params.search.is_some() && settings.privacy.hipaa_mode {
        return Err(search_in_body());
    }
    let refused = |error: QueryError| sent.refused(&error);
    let paged = |problem: Problem| sent.paged(problem);
    let cursor = page.position::<String>(None).map_err(paged)?;
    let (cursor, number) = match cursor {
        Some((sealed, number)) => (Some(open_cursor(&tenant, &sealed).map_err(paged)?), number),
        None => (None, page.page.get()),
    };
    let mut query = params.parse(cursor).map_err(refused)?;
    if let Start::Page(start) = &mut query.start {
        *start = number;
    }
    query.page_size = PageSize::new(page.page_size).map_err(refused)?;
    query.shares = true;
    let of = (&tenant, &settings);
    let found = found(view, principal, of, (params, &query), sent).await?;
    let next_cursor = match &found.next {
        Some(next) => Some(page.next_cursor(seal_cursor(&tenant, next)?, number, None)?),
        None => None,
    };
    let pagination = page.pagination(number, Some(found.total as u64), next_cursor);
    Ok(Asked {
        tenant,
        settings,
        page: found,
        number,
        pagination,
    })
}

/// What the caller finds of a tenant's view by a query, which is what the parameters mean.
pub(crate) async fn found(
    view: &ViewApp,
    principal: &Principal,
    (tenant, settings): (&TenantStore, &Settings),
    (params, query): (&Params, &vio_view::Query),
    sent: Sent,
) -> Result<Page, Problem> {
    let eyes = eyes(principal, settings)?;
    let held = view.views.current(tenant).await?;
    let now = (tenant.now(), settings.business.timezone);
    read(&held, &eyes, now, params, sent, |reader| reader.page(query))
}

/// The rows as lists of contacts show them.
pub(crate) fn rows(asked: Asked) -> (Vec<ContactFound>, ContactsPagination) {
    let shown = Shown {
        tenant: asked.tenant.id,
        settings: &asked.settings,
    };
    let rows = asked.page.rows.into_iter();
    let contacts = rows.map(|row| shown.row(row)).collect();
    (contacts, asked.pagination.into())
}

/// Cursors hold sort keys, such as a name, so they are sealed.
fn cursor_field(tenant: &TenantStore) -> FieldRef {
    FieldRef::named(tenant.id.uuid(), "list", "cursor")
}

fn seal_cursor(tenant: &TenantStore, cursor: &Cursor) -> Result<String, Problem> {
    let sealed = tenant
        .keys
        .seal(cursor_field(tenant), &cursor.to_bytes())
        .map_err(|error| Problem::internal(&error))?;
    Ok(URL_SAFE_NO_PAD.encode(sealed.as_bytes()))
}

fn open_cursor(tenant: &TenantStore, text: &str) -> Result<Cursor, Problem> {
    let invalid = || {
        let detail = "This cursor is not valid for this list.";
        let error = FieldProblem::new("cursor", "invalid_cursor", detail);
        Problem::new(Kind::InvalidCursor).error(error)
    };
    let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| invalid())?;
    let bytes = tenant
        .keys
        .open(cursor_field(tenant), &Sealed::from_bytes(bytes))
        .map_err(|_| invalid())?;
    Cursor::from_bytes(&bytes).map_err(|_| invalid())
}
