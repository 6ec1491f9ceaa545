//! The tenant's list of tags (S1 `contact_tags`). Contacts hold the words themselves, and a view knows at once who has one:
//! another name, or none, is carried to each as work on many ([`vio_jobs::bulk`]).

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use http::{StatusCode, header};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;
use uuid::Uuid;
use vio_domain::groups::Color;
use vio_domain::ids::{ContactId, TagId};
use vio_domain::permission::{ContactScopes, Scope};
use vio_domain::text::{ShortText, Tag};
use vio_http::{
    ETag, Fields, Idempotent, IfMatch, Json, Kind, Patch, Path, Principal, Problem, RequestId,
    Validate,
};
use vio_jobs::bulk::{Asked, Caller, Job, answer_with};
use vio_runtime::web::{actor, store_problem};
use vio_store::jobs::JobStatus;
use vio_store::log::Entry;
use vio_store::tags::{MOST_TAGS, TagRow};
use vio_store::tx::Tx;
use vio_store::{StoreError, TenantStore};
use vio_view::Filter;

use crate::ViewApp;
use crate::list::of_scopes;

/// One tag.
#[derive(Serialize, ToSchema)]
pub(crate) struct TagView {
    id: Uuid,
    #[schema(example = "vip")]
    name: String,
    #[schema(example = "Rings the owner in person")]
    description: Option<String>,
    #[schema(value_type = String, example = "#3B82F6")]
    color: Color,
    version: u64,
    created_at: DateTime<Utc>,
    /// After a change of the name: the job that carries it to the contacts; absent where nobody had the tag.
    #[serde(skip_serializing_if = "Option::is_none")]
    job: Option<Job>,
}

impl From<&TagRow> for TagView {
    fn from(row: &TagRow) -> Self {
        let description = row.description.as_ref();
        Self {
            id: row.id.uuid(),
            name: row.name.as_str().to_owned(),
            description: description.map(|text| text.as_str().to_owned()),
            color: row.color,
            version: row.version,
            created_at: row.created_at,
            job: None,
        }
    }
}

#[derive(Serialize, ToSchema)]
pub(crate) struct Tags {
    tags: Vec<TagView>,
}

/// The tags, oldest first.
#[utoipa::path(get, path = "/api/tags", tag = "contacts", responses((status = 200, body = Tags)))]
pub(crate) async fn list(
    State(view): State<ViewApp>,
    principal: Principal,
) -> Result<Json<Tags>, Problem> {
    let tenant = view.app.tenant_of(&principal).await?;
    let rows = tenant.tags().await.map_err(store_problem)?;
    let tags = rows.iter().map(TagView::from).collect();
    Ok(Json(Tags { tags }))
}

/// A tag to be made or changed. What a change leaves out stays as it is; null clears the description.
#[derive(Deserialize, ToSchema)]
#[schema(as = TagBody, example = json!({"name": "vip", "color": "#EC4899"}))]
pub(crate) struct TagInput {
    /// 1 to 50 characters, once per business whatever the case.
    name: Option<String>,
    /// At most 255 characters.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    description: Patch<String>,
    /// One of the eight colours, as hex; blue where none is given.
    color: Option<String>,
}

impl TagInput {
    /// Puts what was given into a tag.
    fn put(self, fields: &mut Fields, row: &mut TagRow) {
        if let Some(name) = fields.optional("/name", self.name, |text| Tag::parse(&text)) {
            row.name = name.unwrap_or_else(|| row.name.clone());
        }
        let description = &mut row.description;
        self.description
            .put_optional(fields, "/description", description, |text| {
                ShortText::parse(text)
            });
        if let Some(color) = fields.optional("/color", self.color, Color::try_from) {
            row.color = color.unwrap_or(row.color);
        }
    }
}

/// A new tag.
struct New {
    input: TagInput,
    id: TagId,
    tenant: TenantStore,
}

impl Validate for New {
    type Domain = TagRow;

    fn validate(mut self, fields: &mut Fields) -> Option<TagRow> {
        let name = fields.require("/name", self.input.name.take(), |text| Tag::parse(&text));
        let now = self.tenant.now();
        let mut row = TagRow::named(self.tenant.id, self.id, name?, now);
        self.input.put(fields, &mut row);
        Some(row)
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
#[utoipa::path(post, path = "/api/tags", tag = "contacts", request_body = TagInput,
    responses((status = 201, body = TagView), (status = 409, description = "The name is taken")))]
pub(crate) async fn add(
    State(view): State<ViewApp>,
    principal: Principal,
    request: RequestId,
    new: Idempotent<TagInput>,
) -> Result<Response, Problem> {
    let tenant = view.app.tenant_of(&principal).await?;
    let (app, principal) = (&view.app, &principal);
    let input = new.body;
    app.once(principal.tenant_id, new.keyed, async move |operation| {
        let id = TagId::new(operation);
        let mut row = New {
            input,
            id,
            tenant: tenant.clone(),
        }
        .validated()?;
        let there = tenant.tags().await.map_err(store_problem)?;
        if let Some(row) = there.iter().find(|row| row.id == id) {
            return Ok(answer(StatusCode::CREATED, row));
        }
        if there.len() >= MOST_TAGS as usize {
            return Err(Problem::new(Kind::Conflict).detail("There can be at most 500 tags."));
        }
        let mut tx = Tx::new();
        tenant
            .create_tag(&mut tx, &mut row)
            .map_err(store_problem)?;
        let entry = Entry::new("tag.created", "tag", id.uuid()).version(row.version);
        let actor = actor(principal, request);
        tenant.log(&mut tx, &actor, entry).map_err(store_problem)?;
        app.store.commit(tx).await.map_err(taken)?;
        Ok(answer(StatusCode::CREATED, &row))
    })
    .await
}

async fn one(tenant: &TenantStore, id: TagId) -> Result<TagRow, Problem> {
    tenant
        .tag(id)
        .await
        .map_err(store_problem)?
        .ok_or_else(Problem::not_found)
}

/// Everybody in the business who has a tag, whoever asks: the list is everybody's.
async fn with_tag(view: &ViewApp, asked: Asked<'_>, tag: &Tag) -> Result<Vec<ContactId>, Problem> {
    let all = ContactScopes {
        view: Some(Scope::All),
        edit: Some(Scope::All),
    };
    let Some(eyes) = of_scopes(asked.who, asked.settings, &all) else {
        return Ok(Vec::new());
    };
    let filter = Filter {
        tags: vec![tag.as_str().to_owned()],
        ..Filter::default()
    };
    let held = view.views.current(asked.ts).await?;
    let (now, zone) = (asked.ts.now(), asked.settings.business.timezone);
    held.read(&eyes, now, zone, |reader| reader.select(&filter))
}

fn said(row: &TagRow) -> Value {
    json!({ "name": row.name, "description": row.description, "color": row.color })
}

/// Changes a tag. Another name reaches every contact that has the tag: up to 100 of them when this answers, more by a job.
#[utoipa::path(patch, path = "/api/tags/{tag_id}", tag = "contacts",
    request_body(content = TagInput, example = json!({"name": "regular", "description": "Comes every month"})),
    params(("tag_id" = Uuid, Path), ("If-Match" = Option<String>, Header, description = "The version being changed")),
    responses((status = 200, body = TagView), (status = 409, description = "The name is taken"),
    (status = 412, description = "Somebody else changed it meanwhile")))]
pub(crate) async fn edit(
    State(view): State<ViewApp>,
    principal: Principal,
    request: RequestId,
    Path(id): Path<TagId>,
    condition: IfMatch,
    Json(body): Json<TagInput>,
) -> Result<Response, Problem> {
    let caller = Caller::new(view.app.clone(), principal, request).await?;
    let (asked, ts) = (caller.asked(), &caller.ts);
    let before = one(ts, id).await?;
    let mut fields = Fields::default();
    let mut row = before.clone();
    body.put(&mut fields, &mut row);
    if !fields.is_clean() {
        return Err(fields.into());
    }
    condition.check(&ETag::version(row.version))?;
    if row == before {
        return Ok(answer(StatusCode::OK, &row));
    }
    let mut tx = Tx::new();
    ts.update_tag(&mut tx, &before, &mut row)
        .map_err(store_problem)?;
    let (was, is) = (said(&before), said(&row));
    let changed = ["name", "description", "color"].into_iter();
    let entry = Entry::new("tag.updated", "tag", id.uuid())
        .version(row.version)
        .fields(changed.filter(|field| was[field] != is[field]))
        .details(json!({ "before": was, "after": is }));
    ts.log(&mut tx, asked.by, entry).map_err(store_problem)?;
    let mut with = Vec::new();
    if before.name != row.name {
        with = with_tag(&view, asked, &before.name).await?;
    }
    let names = (before.name, Some(row.name.clone()));
    let job = asked.retag(tx, names, with, taken).await?;
    let body = TagView {
        job: job.map(|job| Job::new(&job, ts.now())),
        ..TagView::from(&row)
    };
    Ok((ETag::version(row.version), Json(body)).into_response())
}

/// Takes a tag off the list and off every contact that has it: up to 100 of them when this answers, more by a job.
#[utoipa::path(delete, path = "/api/tags/{tag_id}", tag = "contacts", params(("tag_id" = Uuid, Path)),
    responses((status = 204, description = "Gone"),
    (status = 202, description = "Gone from the list; the job takes it off the contacts", body = Job)))]
pub(crate) async fn remove(
    State(view): State<ViewApp>,
    principal: Principal,
    request: RequestId,
    Path(id): Path<TagId>,
) -> Result<Response, Problem> {
    let caller = Caller::new(view.app.clone(), principal, request).await?;
    let (asked, ts) = (caller.asked(), &caller.ts);
    let row = one(ts, id).await?;
    let mut tx = Tx::new();
    ts.delete_tag(&mut tx, &row);
    let entry = Entry::new("tag.deleted", "tag", id.uuid())
        .version(row.version)
        .details(json!({ "before": said(&row) }));
    ts.log(&mut tx, asked.by, entry).map_err(store_problem)?;
    let with = with_tag(&view, asked, &row.name).await?;
    let job = asked
        .retag(tx, (row.name, None), with, store_problem)
        .await?;
    Ok(match job.filter(|job| job.status == JobStatus::Running) {
        Some(job) => answer_with(&job, Job::new(&job, ts.now())),
        None => StatusCode::NO_CONTENT.into_response(),
    })
}
