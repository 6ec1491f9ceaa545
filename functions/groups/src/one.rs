//! One group: made, read, changed, deleted.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use http::{StatusCode, header};
use vio_domain::groups::{Color, Visibility};
use vio_domain::ids::{ContactId, GroupId, JobId};
use vio_http::query::NoParams;
use vio_http::{
    ETag, FieldProblem, Fields, Idempotent, IfMatch, Json, Kind, Path, Principal, Problem, Query,
    RequestId, Validate,
};
use vio_runtime::App;
use vio_runtime::web::{actor, store_problem};
use vio_store::groups::GroupRow;
use vio_store::log::Entry;
use vio_store::tx::Tx;
use vio_store::{StoreError, TenantStore};

use crate::body::{GroupBody, GroupInput, GroupView, first_members};
use crate::make::{Make, New};
use crate::reach;

/// How often a change is decided again where a member came or went meanwhile.
const TRIES: usize = 6;

fn answer(status: StatusCode, row: &GroupRow) -> Response {
    answer_with(status, row, None)
}

pub(crate) fn answer_with(status: StatusCode, row: &GroupRow, job: Option<JobId>) -> Response {
    let tag = ETag::version(row.edit_version);
    let mut view = GroupView::from(row);
    view.job_id = job.map(JobId::uuid);
    let body = Json(view);
    if status == StatusCode::CREATED {
        let path = format!("/api/groups/{}", row.id);
        return (status, tag, [(header::LOCATION, path)], body).into_response();
    }
    (status, tag, body).into_response()
}

/// The wine template's colour is chosen with the template only.
fn refuse_wine(fields: &mut Fields) {
    let offered = Color::parse(Color::Wine.hex());
    fields.take("/color", offered);
}

pub(crate) fn taken() -> Problem {
    Problem::new(Kind::NameTaken)
        .detail("A group with this name exists. Choose another name.")
        .error(FieldProblem::new("/name", "taken", "Choose another name."))
}

pub(crate) fn is_taken(error: &StoreError) -> bool {
    matches!(error, StoreError::Lost { lost } if lost.contains(&"group_name"))
}

pub(crate) struct Wish(GroupInput, Vec<ContactId>);

impl Validate for GroupBody {
    type Domain = Wish;

    fn validate(mut self, fields: &mut Fields) -> Option<Wish> {
        if self.name.is_none() {
            fields.note("/name", "required", "A group needs a name.");
        }
        let texts = self.initial_contact_ids.take().unwrap_or_default();
        let contacts = first_members(fields, "/initial_contact_ids", &texts);
        if self.archived.is_some() {
            fields.note(
                "/archived",
                "not_here",
                "A group is archived once it is there.",
            );
        }
        let input = self.judge(fields);
        if input.color == Some(Color::Wine) {
            refuse_wine(fields);
        }
        fields.is_clean().then_some(Wish(input, contacts))
    }
}

/// Refuses users who are none of the team.
async fn known_users(ts: &TenantStore, visibility: Option<&Visibility>) -> Result<(), Problem> {
    let Some(Visibility::Custom { users }) = visibility else {
        return Ok(());
    };
    let mut wrong = Vec::new();
    for (n, user) in users.iter().enumerate() {
        if ts.user(*user).await.map_err(store_problem)?.is_none() {
            let detail = "Choose somebody of your team.";
            wrong.push(FieldProblem::new(
                format!("/visible_to/{n}"),
                "unknown_user",
                detail,
            ));
        }
    }
    if wrong.is_empty() {
        Ok(())
    } else {
        Err(Problem::validation(wrong))
    }
}

/// Makes a group, with the contacts that are to be in it from the start.
#[utoipa::path(
    post, path = "/api/groups", tag = "groups", request_body = GroupBody,
    responses(
        (status = 201, description = "Made", body = GroupView, headers(("location" = String, description = "The group"))),
        (status = 409, description = "The name is taken"),
    )
)]
pub(crate) async fn create(
    State(app): State<App>,
    who: Principal,
    request: RequestId,
    Query(NoParams {}): Query<NoParams>,
    Idempotent { body, keyed }: Idempotent<GroupBody>,
) -> Result<Response, Problem> {
    let ts = app.tenant_of(&who).await?;
    let by = actor(&who, request);
    let (app, ts, by, who) = (&app, &ts, &by, &who);
    app.once(who.tenant_id, keyed, async move |operation| {
        let Wish(input, contacts) = body.validated()?;
        known_users(ts, input.visibility.as_ref()).await?;
        if !contacts.is_empty() {
            reach::changeable(ts, who, "/initial_contact_ids", &contacts, "change").await?;
        }
        let Some(name) = input.name else {
            return Err(Problem::internal_because(
                "a group without a name was let through",
            ));
        };
        let new = New {
            name,
            description: input.description.flatten(),
            color: input.color.unwrap_or_default(),
            icon: input.icon.flatten(),
            visibility: input.visibility.unwrap_or_default(),
            made_from: None,
        };
        let make = Make { app, ts, who, by };
        let (id, job) = make.group(operation, new, &contacts).await?;
        let row = reach::group(ts, who, id).await?;
        Ok(answer_with(StatusCode::CREATED, &row, job))
    })
    .await
}

/// One group.
#[utoipa::path(
    get, path = "/api/groups/{group_id}", tag = "groups",
    params(("group_id" = Uuid, Path, description = "The group")),
    responses((status = 200, description = "The group", body = GroupView))
)]
pub(crate) async fn read(
    State(app): State<App>,
    who: Principal,
    request: RequestId,
    Path(id): Path<GroupId>,
    Query(NoParams {}): Query<NoParams>,
) -> Result<Response, Problem> {
    let ts = app.tenant_of(&who).await?;
    let row = reach::group(&ts, &who, id).await?;
    let entry = Entry::new("group.viewed", "group", id.uuid()).version(row.edit_version);
    ts.log_access(&actor(&who, request), entry)
        .await
        .map_err(store_problem)?;
    Ok(answer(StatusCode::OK, &row))
}

fn changed(row: &GroupRow, input: &GroupInput, now: DateTime<Utc>) -> GroupRow {
    let mut after = row.clone();
    if let Some(name) = &input.name {
        after.name = name.clone();
    }
    if let Some(description) = &input.description {
        after.description.clone_from(description);
    }
    if let Some(color) = input.color {
        after.color = color;
    }
    if let Some(icon) = input.icon {
        after.icon = icon;
    }
    if let Some(visibility) = &input.visibility {
        after.visibility = visibility.clone();
    }
    match input.archived {
        Some(true) => after.archived_at = after.archived_at.or(Some(now)),
        Some(false) => after.archived_at = None,
        None => {}
    }
    after
}

fn shown(row: &GroupRow) -> serde_json::Value {
    serde_json::json!({
        "name": row.name, "description": row.description, "color": row.color, "icon": row.icon,
        "visibility": row.visibility, "archived_at": row.archived_at,
    })
}

/// Changes a group: only the fields sent. Its members stay, also while it is archived.
#[utoipa::path(
    patch, path = "/api/groups/{group_id}", tag = "groups",
    request_body(content = GroupBody, example = json!({"name": "Regulars", "description": "Come every month"})),
    params(("group_id" = Uuid, Path), ("If-Match" = Option<String>, Header, description = "The version being changed")),
    responses(
        (status = 200, description = "Changed", body = GroupView),
        (status = 409, description = "The name is taken"),
        (status = 412, description = "Somebody else changed it meanwhile"),
    )
)]
pub(crate) async fn edit(
    State(app): State<App>,
    who: Principal,
    request: RequestId,
    Path(id): Path<GroupId>,
    Query(NoParams {}): Query<NoParams>,
    condition: IfMatch,
    Json(body): Json<GroupBody>,
) -> Result<Response, Problem> {
    let ts = app.tenant_of(&who).await?;
    reach::group(&ts, &who, id).await?;
    let input = body.edits()?;
    known_users(&ts, input.visibility.as_ref()).await?;
    let by = actor(&who, request);
    for _ in 0..TRIES {
        let before = reach::group(&ts, &who, id).await?;
        condition.check(&ETag::version(before.edit_version))?;
        if input.color == Some(Color::Wine) && before.color != Color::Wine {
            let detail = "This colour belongs to the wine club's template.";
            let wrong = FieldProblem::new("/color", "not_offered", detail);
            return Err(Problem::validation(vec![wrong]));
        }
        let mut after = changed(&before, &input, ts.now());
        if after == before {
            return Ok(answer(StatusCode::OK, &before));
        }
        let mut tx = Tx::new();
        ts.edit_group(&mut tx, &mut after, &before.name)
            .map_err(store_problem)?;
        let entry = Entry::new("group.updated", "group", id.uuid())
            .version(after.edit_version)
            .details(serde_json::json!({ "before": shown(&before), "after": shown(&after) }));
        ts.log(&mut tx, &by, entry).map_err(store_problem)?;
        match ts.store.commit(tx).await {
            Ok(()) => return Ok(answer(StatusCode::OK, &after)),
            Err(error) if is_taken(&error) => return Err(taken()),
            Err(error) if error.is_lost() => {}
            Err(error) => return Err(store_problem(error)),
        }
    }
    Err(Problem::new(Kind::Conflict))
}

impl GroupBody {
    fn edits(self) -> Result<GroupInput, Problem> {
        struct Edits(GroupBody);
        impl Validate for Edits {
            type Domain = GroupInput;
            fn validate(self, fields: &mut Fields) -> Option<GroupInput> {
                if self.0.initial_contact_ids.is_some() {
                    let detail = "Add contacts with POST /api/groups/{group_id}/members/add.";
                    fields.note("/initial_contact_ids", "not_here", detail);
                }
                let input = self.0.judge(fields);
                fields.is_clean().then_some(input)
            }
        }
        Edits(self).validated()
    }
}

/// Deletes a group. Its members stay, in one group less; campaigns over it go on with the members they began with.
#[utoipa::path(
    delete, path = "/api/groups/{group_id}", tag = "groups",
    params(("group_id" = Uuid, Path), ("If-Match" = Option<String>, Header, description = "The version that the deletion was decided on")),
    responses((status = 204, description = "Deleted"), (status = 412, description = "Somebody else changed it meanwhile"))
)]
pub(crate) async fn delete(
    State(app): State<App>,
    who: Principal,
    request: RequestId,
    Path(id): Path<GroupId>,
    Query(NoParams {}): Query<NoParams>,
    condition: IfMatch,
) -> Result<StatusCode, Problem> {
    let ts = app.tenant_of(&who).await?;
    let by = actor(&who, request);
    for _ in 0..TRIES {
        let row = reach::group(&ts, &who, id).await?;
        condition.check(&ETag::version(row.edit_version))?;
        let mut tx = Tx::new();
        ts.delete_group(&mut tx, &row);
        let entry = Entry::new("group.deleted", "group", id.uuid())
            .version(row.edit_version)
            .details(serde_json::json!({ "before": shown(&row), "contacts": row.members }));
        ts.log(&mut tx, &by, entry).map_err(store_problem)?;
        match ts.store.commit(tx).await {
            Ok(()) => return Ok(StatusCode::NO_CONTENT),
            Err(error) if error.is_lost() => {}
            Err(error) => return Err(store_problem(error)),
        }
    }
    Err(Problem::new(Kind::Conflict))
}
