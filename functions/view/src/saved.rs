//! The filters that somebody keeps under a name (S0 "Advanced Filtering System"; checklist S0-31): theirs alone, on every
//! device they sign in with.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use http::{StatusCode, header};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use utoipa::ToSchema;
use uuid::Uuid;
use vio_domain::ids::SavedFilterId;
use vio_domain::preferences::{ContactColumns, ContactView};
use vio_domain::settings::Settings;
use vio_domain::text::ShortText;
use vio_http::{
    ETag, Fields, Idempotent, IfMatch, Json, Kind, Patch, Path, Principal, Problem, RequestId,
    Validate,
};
use vio_runtime::web::{actor, store_problem};
use vio_store::log::Entry;
use vio_store::saved_filters::{MOST_SAVED_FILTERS, SavedFilterChange, SavedFilterRow, Shown};
use vio_store::tx::Tx;
use vio_store::{StoreError, TenantStore};

use crate::ViewApp;
use crate::list::found;
use crate::params::{ListParams, Sent};

/// One saved filter.
#[derive(Serialize, ToSchema)]
pub(crate) struct SavedFilter {
    id: Uuid,
    #[schema(example = "Due this week")]
    name: String,
    /// As `POST /api/contacts/search` takes them.
    #[schema(value_type = ListParams)]
    filters: Map<String, Value>,
    /// `grid`, `list` or `compact`; null for the one that you use otherwise.
    #[schema(value_type = Option<String>, example = "list")]
    view: Option<ContactView>,
    /// Names of columns in order; null for those that you use otherwise.
    columns: Option<Vec<String>>,
    version: u64,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl From<SavedFilterRow> for SavedFilter {
    fn from(row: SavedFilterRow) -> Self {
        Self {
            id: row.id.uuid(),
            name: row.name.as_str().to_owned(),
            filters: row.filters,
            view: row.shown.view,
            columns: row.shown.columns.map(|columns| columns.shown().to_vec()),
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

#[derive(Serialize, ToSchema)]
pub(crate) struct SavedFilters {
    saved_filters: Vec<SavedFilter>,
}

/// Your saved filters, oldest first; at most 50.
#[utoipa::path(get, path = "/api/saved-filters", tag = "contacts", responses((status = 200, body = SavedFilters)))]
pub(crate) async fn list(
    State(view): State<ViewApp>,
    principal: Principal,
) -> Result<Json<SavedFilters>, Problem> {
    let tenant = view.app.tenant_of(&principal).await?;
    let rows = tenant.saved_filters(principal.user_id).await;
    let rows = rows.map_err(store_problem)?.into_iter();
    Ok(Json(SavedFilters {
        saved_filters: rows.map(SavedFilter::from).collect(),
    }))
}

/// A name, 1 to 50 characters, once for each user whatever the case; and filters and order as `POST /api/contacts/search`
/// takes them, without a page; and how what they find is shown.
#[derive(Deserialize, ToSchema)]
#[schema(example = json!({"name": "Due this week", "filters": {"appointment": "this_week", "status": ["pending"]}}))]
pub(crate) struct SavedFilterInput {
    name: Option<String>,
    filters: Option<ListParams>,
    /// `grid`, `list` or `compact`; null for the one that you use otherwise.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "list")]
    view: Patch<ContactView>,
    /// At most 40 names of columns in order; null for those that you use otherwise.
    #[serde(default)]
    #[schema(value_type = Option<Vec<String>>, max_items = 40, example = json!(["name", "appointment_time"]))]
    columns: Patch<Vec<String>>,
}

impl SavedFilterInput {
    /// How it is shown from now on.
    fn shown(&self, mut shown: Shown, fields: &mut Fields) -> Shown {
        let view = |view: &ContactView| Ok::<_, (&str, &str)>(*view);
        self.view
            .put_optional(fields, "/view", &mut shown.view, view);
        let named = |names: &Vec<String>| ContactColumns::new(names.clone(), BTreeMap::new());
        self.columns
            .put_optional(fields, "/columns", &mut shown.columns, named);
        shown
    }
}

/// What of it was sent, and is well-formed.
pub(crate) struct Given {
    name: Option<ShortText<50>>,
    filters: Option<ListParams>,
    shown: Shown,
}

/// A request to change one that is shown so until now.
struct Edit(SavedFilterInput, Shown);

/// All of a new one.
struct New(SavedFilterInput);

impl Validate for New {
    type Domain = (ShortText<50>, ListParams, Shown);

    fn validate(self, fields: &mut Fields) -> Option<Self::Domain> {
        let shown = self.0.shown(Shown::default(), fields);
        let name = fields.require("/name", self.0.name, |text| ShortText::parse(&text));
        let filters = fields.require("/filters", self.0.filters, without_page);
        Some((name?, filters?, shown))
    }
}

impl Validate for Edit {
    type Domain = Given;

    fn validate(self, fields: &mut Fields) -> Option<Given> {
        let shown = self.0.shown(self.1, fields);
        let name = fields.optional("/name", self.0.name, |text| ShortText::parse(&text));
        let filters = fields.optional("/filters", self.0.filters, without_page);
        Some(Given {
            name: name?,
            filters: filters?,
            shown,
        })
    }
}

fn without_page(filters: ListParams) -> Result<ListParams, vio_http::FieldProblem> {
    match filters.paging() {
        Some(name) => Err(vio_http::FieldProblem::new(
            format!("/{name}"),
            "not_saved",
            "A page is not part of a saved filter.",
        )),
        None => Ok(filters),
    }
}

/// Filters that the caller can list by now, as they are stored.
async fn usable(
    view: &ViewApp,
    principal: &Principal,
    (tenant, settings): (&TenantStore, &Settings),
    filters: &ListParams,
) -> Result<Map<String, Value>, Problem> {
    let (params, sent) = (filters.filters(), Sent::ToBeSaved);
    let query = params.parse(None).map_err(|error| sent.refused(&error))?;
    found(view, principal, (tenant, settings), (&params, &query), sent).await?;
    filters.sent()
}

/// What the audit is told of one; sealed there.
fn told(row: &SavedFilterRow) -> Value {
    json!({ "name": row.name, "filters": row.filters, "shown": row.shown })
}

fn taken(error: StoreError) -> Problem {
    match &error {
        StoreError::Lost { lost } if lost.contains(&"saved_filter_name") => {
            Problem::new(Kind::NameTaken).detail("You have a saved filter with this name.")
        }
        _ => store_problem(error),
    }
}

fn answer(status: StatusCode, row: SavedFilterRow) -> Response {
    let path = format!("/api/saved-filters/{}", row.id);
    let tag = ETag::version(row.version);
    let body = Json(SavedFilter::from(row));
    if status == StatusCode::CREATED {
        return (status, tag, [(header::LOCATION, path)], body).into_response();
    }
    (status, tag, body).into_response()
}

/// Saves a filter under a name. What it says of a day or a week is read anew each time it is used.
#[utoipa::path(post, path = "/api/saved-filters", tag = "contacts", request_body = SavedFilterInput,
    responses((status = 201, body = SavedFilter), (status = 409, description = "The name is taken, or there are 50")))]
pub(crate) async fn add(
    State(view): State<ViewApp>,
    principal: Principal,
    request: RequestId,
    new: Idempotent<SavedFilterInput>,
) -> Result<Response, Problem> {
    let (tenant, settings) = view.app.tenant_with_settings(&principal).await?;
    let (view, principal, tenant) = (&view, &principal, &tenant);
    let settings = &settings.settings;
    let (body, user) = (new.body, principal.user_id);
    view.app
        .once(principal.tenant_id, new.keyed, async move |operation| {
            let (name, filters, shown) = New(body).validated()?;
            let filters = usable(view, principal, (tenant, settings), &filters).await?;
            let id = SavedFilterId::new(operation);
            let there = tenant.saved_filters(user).await.map_err(store_problem)?;
            if let Some(row) = there.iter().find(|row| row.id == id) {
                return Ok(answer(StatusCode::CREATED, row.clone()));
            }
            if there.len() >= MOST_SAVED_FILTERS as usize {
                return Err(Problem::new(Kind::Conflict)
                    .detail("There can be at most 50 saved filters. Remove one first."));
            }
            let mut tx = Tx::new();
            let row = tenant
                .create_saved_filter(&mut tx, (user, id), name, (filters, shown))
                .map_err(store_problem)?;
            let after = told(&row);
            let entry = Entry::new("saved_filter.created", "saved_filter", id.uuid())
                .version(row.version)
                .details(json!({ "after": after }));
            let actor = actor(principal, request);
            tenant.log(&mut tx, &actor, entry).map_err(store_problem)?;
            view.app.store.commit(tx).await.map_err(taken)?;
            Ok(answer(StatusCode::CREATED, row))
        })
        .await
}

async fn one(
    tenant: &TenantStore,
    principal: &Principal,
    id: SavedFilterId,
) -> Result<SavedFilterRow, Problem> {
    tenant
        .saved_filter(principal.user_id, id)
        .await
        .map_err(store_problem)?
        .ok_or_else(Problem::not_found)
}

/// Changes the name of a saved filter, its filters as a whole, how it is shown, or all of it.
#[utoipa::path(patch, path = "/api/saved-filters/{saved_filter_id}", tag = "contacts",
    request_body(content = SavedFilterInput, example = json!({"name": "Due next week", "filters": {"appointment": "next_week"}})),
    params(("saved_filter_id" = Uuid, Path), ("If-Match" = Option<String>, Header, description = "The version being changed")),
    responses((status = 200, body = SavedFilter), (status = 409, description = "The name is taken"),
    (status = 412, description = "It was changed meanwhile")))]
pub(crate) async fn edit(
    State(view): State<ViewApp>,
    principal: Principal,
    request: RequestId,
    Path(id): Path<SavedFilterId>,
    condition: IfMatch,
    Json(body): Json<SavedFilterInput>,
) -> Result<Response, Problem> {
    let (tenant, settings) = view.app.tenant_with_settings(&principal).await?;
    let mut row = one(&tenant, &principal, id).await?;
    let given = Edit(body, row.shown.clone()).validated()?;
    condition.check(&ETag::version(row.version))?;
    let filters = match &given.filters {
        Some(filters) => {
            let of = (&tenant, &settings.settings);
            Some(usable(&view, &principal, of, filters).await?)
        }
        None => None,
    };
    let name = given.name.filter(|name| *name != row.name);
    let filters = filters.filter(|filters| *filters != row.filters);
    let shown = Some(given.shown).filter(|shown| *shown != row.shown);
    let changed = [
        name.is_some().then_some("name"),
        filters.is_some().then_some("filters"),
        shown.is_some().then_some("shown"),
    ];
    if changed == [None; 3] {
        return Ok(answer(StatusCode::OK, row));
    }
    let before = told(&row);
    let mut tx = Tx::new();
    let change = SavedFilterChange {
        name,
        filters,
        shown,
    };
    tenant
        .change_saved_filter(&mut tx, &mut row, change)
        .map_err(store_problem)?;
    let after = told(&row);
    let entry = Entry::new("saved_filter.updated", "saved_filter", id.uuid())
        .version(row.version)
        .fields(changed.into_iter().flatten())
        .details(json!({ "before": before, "after": after }));
    let actor = actor(&principal, request);
    tenant.log(&mut tx, &actor, entry).map_err(store_problem)?;
    view.app.store.commit(tx).await.map_err(taken)?;
    Ok(answer(StatusCode::OK, row))
}

/// Removes a saved filter.
#[utoipa::path(delete, path = "/api/saved-filters/{saved_filter_id}", tag = "contacts",
    params(("saved_filter_id" = Uuid, Path)), responses((status = 204, description = "Removed")))]
pub(crate) async fn remove(
    State(view): State<ViewApp>,
    principal: Principal,
    request: RequestId,
    Path(id): Path<SavedFilterId>,
) -> Result<StatusCode, Problem> {
    let tenant = view.app.tenant_of(&principal).await?;
    let row = one(&tenant, &principal, id).await?;
    let mut tx = Tx::new();
    tenant.delete_saved_filter(&mut tx, &row);
    let before = told(&row);
    let entry = Entry::new("saved_filter.deleted", "saved_filter", id.uuid())
        .version(row.version)
        .details(json!({ "before": before }));
    let actor = actor(&principal, request);
    tenant.log(&mut tx, &actor, entry).map_err(store_problem)?;
    view.app.store.commit(tx).await.map_err(store_problem)?;
    Ok(StatusCode::NO_CONTENT)
}
