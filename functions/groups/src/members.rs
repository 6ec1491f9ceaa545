//! Who is put into a group, and who is taken out (S2 "Contact Assignment"). Members are listed by the function `view`.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use vio_domain::groups::MOST_ADDED_AT_ONCE;
use vio_domain::ids::{ContactId, GroupId};
use vio_domain::permission::Permission;
use vio_http::query::NoParams;
use vio_http::{
    Fields, Idempotent, Json, Kind, Path, Path2, Principal, Problem, Query, RequestId, Validate,
};
use vio_runtime::App;
use vio_runtime::web::{actor, store_problem};

use crate::body::contact_ids;
use crate::reach::{self, can_edit, can_view};

/// Contacts to be put into a group.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = GroupMembersToAdd, example = json!({"contact_ids": ["0192f0c1-2b3c-7def-8abc-0123456789ab"]}))]
pub(crate) struct ToAdd {
    /// At most 100.
    #[schema(value_type = Vec<Uuid>)]
    contact_ids: Option<Vec<String>>,
}

impl Validate for ToAdd {
    type Domain = Vec<ContactId>;

    fn validate(self, fields: &mut Fields) -> Option<Vec<ContactId>> {
        let texts = self.contact_ids.unwrap_or_default();
        if texts.is_empty() {
            fields.note("/contact_ids", "required", "Say whom to add.");
        }
        let ids = contact_ids(fields, "/contact_ids", &texts, MOST_ADDED_AT_ONCE);
        fields.is_clean().then_some(ids)
    }
}

/// What was added.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = GroupMembersAdded, example = json!({"added": 9, "already_in_group": 1, "contact_count": 42}))]
pub(crate) struct Added {
    added: u32,
    already_in_group: u32,
    /// Contacts in the group now.
    contact_count: u32,
}

/// Puts contacts into a group. One unknown contact among them, and nothing is done for any.
#[utoipa::path(
    post, path = "/api/groups/{group_id}/members/add", tag = "groups", request_body = ToAdd,
    params(("group_id" = Uuid, Path, description = "The group")),
    responses((status = 200, description = "Added", body = Added))
)]
pub(crate) async fn add(
    State(app): State<App>,
    who: Principal,
    request: RequestId,
    Path(id): Path<GroupId>,
    Query(NoParams {}): Query<NoParams>,
    Idempotent { body, keyed }: Idempotent<ToAdd>,
) -> Result<Response, Problem> {
    let ts = app.tenant_of(&who).await?;
    let group = reach::group(&ts, &who, id).await?;
    if group.archived_at.is_some() {
        return Err(Problem::new(Kind::GroupArchived));
    }
    let by = actor(&who, request);
    let (ts, by, who) = (&ts, &by, &who);
    app.once(who.tenant_id, keyed, async move |_| {
        let contacts = body.validated()?;
        reach::changeable(ts, who, "/contact_ids", &contacts, "change").await?;
        let joined = ts
            .join_group(id, &contacts, by)
            .await
            .map_err(store_problem)?
            .ok_or_else(Problem::not_found)?;
        let group = reach::group(ts, who, id).await?;
        Ok(Json(Added {
            added: joined.added,
            already_in_group: joined.already,
            contact_count: group.members,
        })
        .into_response())
    })
    .await
}

/// Takes a contact out of a group. The contact itself stays.
#[utoipa::path(
    delete, path = "/api/groups/{group_id}/members/{contact_id}", tag = "groups",
    params(("group_id" = Uuid, Path), ("contact_id" = Uuid, Path)),
    responses((status = 204, description = "Taken out"))
)]
pub(crate) async fn remove(
    State(app): State<App>,
    who: Principal,
    request: RequestId,
    Path2(id, contact): Path2<GroupId, ContactId>,
    Query(NoParams {}): Query<NoParams>,
) -> Result<StatusCode, Problem> {
    let ts = app.tenant_of(&who).await?;
    reach::group(&ts, &who, id).await?;
    let known = ts.contacts(&[contact]).await.map_err(store_problem)?;
    let person = known
        .first()
        .map(|(_, contact)| contact)
        .filter(|contact| can_view(&who, contact))
        .ok_or_else(Problem::not_found)?;
    if !can_edit(&who, person) {
        return Err(Problem::lacks(&[Permission::EditAllContacts]));
    }
    let left = ts
        .leave_group(id, contact, &actor(&who, request))
        .await
        .map_err(store_problem)?;
    if left {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Problem::not_found())
    }
}
