//! The tenant's list of tags.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use http::{StatusCode, header};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use vio_domain::ids::TagId;
use vio_domain::text::ShortText;
use vio_http::idempotency::once;
use vio_http::{
    ETag, Fields, Idempotent, IfMatch, Json, Kind, Path, Principal, Problem, RequestId, Validate,
};
use vio_runtime::App;
use vio_runtime::web::{actor, store_problem};
use vio_store::log::Entry;
use vio_store::tags::{MOST_TAGS, TagRow};
use vio_store::tx::Tx;
use vio_store::{StoreError, TenantStore};

/// One tag.
#[derive(Serialize, ToSchema)]
pub(crate) struct TagView {
    id: Uuid,
    #[schema(example = "vip")]
    name: String,
    version: u64,
    created_at: DateTime<Utc>,
}

impl From<&TagRow> for TagView {
    fn from(row: &TagRow) -> Self {
        Self {
            id: row.id.uuid(),
            name: row.name.as_str().to_owned(),
            version: row.version,
            created_at: row.created_at,
        }
    }
}

#[derive(Serialize, ToSchema)]
pub(crate) struct Tags {
    tags: Vec<TagView>,
}

/// The tags, oldest first.
#[utoipa::path(get, path = "/api/tags", tag = "settings", responses((status = 200, body = Tags)))]
pub(crate) async fn list(
    State(app): State<App>,
    principal: Principal,
) -> Result<Json<Tags>, Problem> {
    let tenant = app.tenant_of(&principal).await?;
    let rows = tenant.tags().await.map_err(store_problem)?;
    let tags = rows.iter().map(TagView::from).collect();
    Ok(Json(Tags { tags }))
}

/// A tag's name: 1 to 50 characters, once per business whatever the case.
#[derive(Deserialize, ToSchema)]
pub(crate) struct TagName {
    #[schema(example = "vip")]
    name: Option<String>,
}

impl Validate for TagName {
    type Domain = ShortText<50>;

    fn validate(self, fields: &mut Fields) -> Option<ShortText<50>> {
        fields.require("/name", self.name, |text| ShortText::parse(&text))
    }
}

fn taken(error: StoreError) -> Problem {
    match &error {
        StoreError::Lost { lost } if lost.contains(&"tag_name") => {
            Problem::new(Kind::NameTaken).detail("A tag with this name exists.")
        }
        _ => store_problem(error),
    }
}

fn answer(status: StatusCode, row: &TagRow) -> Response {
    let path = format!("/api/tags/{}", row.id);
    let tag = ETag::version(row.version);
    let body = Json(TagView::from(row));
    if status == StatusCode::CREATED {
        return (status, tag, [(header::LOCATION, path)], body).into_response();
    }
    (status, tag, body).into_response()
}

/// Adds a tag.
#[utoipa::path(post, path = "/api/tags", tag = "settings", request_body = TagName,
    responses((status = 201, body = TagView), (status = 409, description = "The name is taken")))]
pub(crate) async fn add(
    State(app): State<App>,
    principal: Principal,
    request: RequestId,
    new: Idempotent<TagName>,
) -> Result<Response, Problem> {
    let tenant = app.tenant_of(&principal).await?;
    let (app, principal, tenant) = (&app, &principal, &tenant);
    let body = new.body;
    let fresh = app.store.new_id();
    once(
        &app.answers,
        principal.tenant_id,
        new.keyed,
        fresh,
        async move |operation| {
            let name = body.validated()?;
            let id = TagId::new(operation);
            let there = tenant.tags().await.map_err(store_problem)?;
            if let Some(row) = there.iter().find(|row| row.id == id) {
                return Ok(answer(StatusCode::CREATED, row));
            }
            if there.len() >= MOST_TAGS as usize {
                return Err(Problem::new(Kind::Conflict).detail("There can be at most 500 tags."));
            }
            let mut tx = Tx::new();
            let row = tenant
                .create_tag(&mut tx, id, name)
                .map_err(store_problem)?;
            let entry = Entry::new("tag.created", "tag", id.uuid()).version(row.version);
            let actor = actor(principal, request);
            tenant.log(&mut tx, &actor, entry).map_err(store_problem)?;
            app.store.commit(tx).await.map_err(taken)?;
            Ok(answer(StatusCode::CREATED, &row))
        },
    )
    .await
}

async fn one(tenant: &TenantStore, id: TagId) -> Result<TagRow, Problem> {
    tenant
        .tag(id)
        .await
        .map_err(store_problem)?
        .ok_or_else(Problem::not_found)
}

/// Renames a tag of the list; contacts keep the word they have.
#[utoipa::path(patch, path = "/api/tags/{tag_id}", tag = "settings",
    request_body(content = TagName, example = json!({"name": "regular"})),
    params(("tag_id" = Uuid, Path), ("If-Match" = Option<String>, Header, description = "The version being changed")),
    responses((status = 200, body = TagView), (status = 409, description = "The name is taken"),
    (status = 412, description = "Somebody else changed it meanwhile")))]
pub(crate) async fn edit(
    State(app): State<App>,
    principal: Principal,
    request: RequestId,
    Path(id): Path<TagId>,
    condition: IfMatch,
    Json(body): Json<TagName>,
) -> Result<Response, Problem> {
    let name = body.validated()?;
    let tenant = app.tenant_of(&principal).await?;
    let mut row = one(&tenant, id).await?;
    condition.check(&ETag::version(row.version))?;
    if row.name == name {
        return Ok(answer(StatusCode::OK, &row));
    }
    let before = row.name.clone();
    let mut tx = Tx::new();
    tenant
        .rename_tag(&mut tx, &mut row, name)
        .map_err(store_problem)?;
    let entry = Entry::new("tag.updated", "tag", id.uuid())
        .version(row.version)
        .fields(["name"])
        .details(
            serde_json::json!({ "before": { "name": before }, "after": { "name": row.name } }),
        );
    let actor = actor(&principal, request);
    tenant.log(&mut tx, &actor, entry).map_err(store_problem)?;
    app.store.commit(tx).await.map_err(taken)?;
    Ok(answer(StatusCode::OK, &row))
}

/// Removes a tag from the list; contacts keep the word.
#[utoipa::path(delete, path = "/api/tags/{tag_id}", tag = "settings",
    params(("tag_id" = Uuid, Path)), responses((status = 204, description = "Removed")))]
pub(crate) async fn remove(
    State(app): State<App>,
    principal: Principal,
    request: RequestId,
    Path(id): Path<TagId>,
) -> Result<StatusCode, Problem> {
    let tenant = app.tenant_of(&principal).await?;
    let row = one(&tenant, id).await?;
    let mut tx = Tx::new();
    tenant.delete_tag(&mut tx, &row);
    let entry = Entry::new("tag.deleted", "tag", id.uuid())
        .version(row.version)
        .details(serde_json::json!({ "before": { "name": row.name } }));
    let actor = actor(&principal, request);
    tenant.log(&mut tx, &actor, entry).map_err(store_problem)?;
    app.store.commit(tx).await.map_err(store_problem)?;
    Ok(StatusCode::NO_CONTENT)
}
