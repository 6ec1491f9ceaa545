//! Work on a group's members (S2 "Contact Assignment & Removal", "Group Bulk Operations").

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use uuid::Uuid;
use vio_domain::appointment::{AppointmentStatus, ConfirmationMethod};
use vio_domain::bulk::{GroupChange, MOST_AT_ONCE, Operation};
use vio_domain::groups::GroupName;
use vio_domain::ids::{GroupId, JobId};
use vio_domain::text::Reason;
use vio_http::query::NoParams;
use vio_http::{Fields, Idempotent, Json, Kind, Path, Principal, Problem, Query, RequestId};
use vio_runtime::App;
use vio_runtime::reach::group;
use vio_runtime::web::store_problem;
use vio_store::jobs::{JobRow, JobStatus, JobWork};

use super::body::{FieldUpdates, GroupChanges, KindOf, Wanted};
use super::select::{Chosen, by_ids, of_group, of_named_group};
use super::undo::ResultView;
use super::{Asked, Caller, answer, answer_with, may, preview};
use crate::show::Job;

/// Jobs among which the last change of a group is looked for.
const LOOKED_AT: u32 = 100;

/// What became of members.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = GroupMembersChanged)]
pub(crate) struct Changed {
    /// Whether every contact is now as it was asked for. False while a job goes on.
    success: bool,
    group_id: Uuid,
    #[schema(example = "VIP Clients")]
    group_name: String,
    contacts_added: u32,
    already_in_group: u32,
    contacts_removed: u32,
    /// Contacts in the group now.
    new_member_count: u32,
    /// Until when it can be undone.
    undo_until: Option<DateTime<Utc>>,
    job: Job,
}

async fn changed(
    asked: Asked<'_>,
    id: GroupId,
    adds: bool,
    job: &JobRow,
) -> Result<Response, Problem> {
    let group = group(asked.ts, asked.who, id).await?;
    let over = job.status != JobStatus::Running;
    let counts = job.counts;
    let body = Changed {
        success: over && counts.rejected == 0,
        group_id: id.uuid(),
        group_name: group.name.as_str().to_owned(),
        contacts_added: if adds { counts.added } else { 0 },
        already_in_group: if adds { counts.unchanged } else { 0 },
        contacts_removed: if adds { 0 } else { counts.added },
        new_member_count: group.members,
        undo_until: job.undo_until(),
        job: Job::new(job, asked.ts.now()),
    };
    Ok(answer_with(job, body))
}

fn reason(fields: &mut Fields, given: Option<&str>) -> Option<Reason> {
    let given = given.filter(|text| !text.trim().is_empty())?;
    fields.take("/reason", Reason::parse(given))
}

/// Contacts to be put into a group.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = BulkAddMembers, example = json!({"contact_ids": ["0192f0c1-2b3c-7def-8abc-0123456789ab"]}))]
pub(crate) struct BulkAdd {
    /// At most 10,000.
    #[schema(value_type = Option<Vec<Uuid>>)]
    contact_ids: Option<Vec<String>>,
    /// Instead: the members of this group.
    #[schema(value_type = Option<Uuid>)]
    from_group_id: Option<String>,
    /// Kept with each.
    reason: Option<String>,
}

/// Puts many contacts into a group, by their ids or from another group. One unknown contact among them, and nothing is
/// done for any. More than 100 are put in by a job.
#[utoipa::path(
    post, path = "/api/groups/{group_id}/members/bulk-add", tag = "groups", request_body = BulkAdd,
    params(("group_id" = Uuid, Path, description = "The group")),
    responses((status = 200, description = "Added", body = Changed), (status = 202, description = "Begun", body = Changed))
)]
pub(crate) async fn bulk_add(
    State(app): State<App>,
    who: Principal,
    request: RequestId,
    Path(id): Path<GroupId>,
    Query(NoParams {}): Query<NoParams>,
    Idempotent { body, keyed }: Idempotent<BulkAdd>,
) -> Result<Response, Problem> {
    let caller = Caller::new(app, who, request).await?;
    if group(&caller.ts, &caller.who, id)
        .await?
        .archived_at
        .is_some()
    {
        return Err(Problem::new(Kind::GroupArchived));
    }
    caller
        .once(keyed, async move |asked, operation| {
            let mut fields = Fields::default();
            let reason = reason(&mut fields, body.reason.as_deref());
            if body.contact_ids.is_some() == body.from_group_id.is_some() {
                let detail = "One of contact_ids and from_group_id.";
                fields.note("/contact_ids", "required", detail);
            }
            let mut targets = Chosen::new();
            if let Some(ids) = &body.contact_ids {
                targets =
                    by_ids(asked.ts, asked.who, "/contact_ids", ids, None, &mut fields).await?;
            }
            if let Some(from) = &body.from_group_id {
                let pointer = "/from_group_id";
                targets = of_named_group(asked.ts, asked.who, pointer, from, &mut fields).await?;
            }
            if !fields.is_clean() {
                return Err(Problem::from(fields));
            }
            let work = Operation::Groups {
                change: GroupChange::Add([id].into()),
                reason,
            };
            let selection =
                json!({ "ids": body.contact_ids.is_some(), "group": body.from_group_id });
            let job = asked
                .begin(operation, work, Some(id), targets, selection)
                .await?;
            changed(asked, id, true, &job).await
        })
        .await
}

/// Contacts to be taken out of a group.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = BulkRemoveMembers, example = json!({"contact_ids": ["0192f0c1-2b3c-7def-8abc-0123456789ab"], "reason": "Moved away"}))]
pub(crate) struct BulkRemove {
    /// At most 10,000.
    #[schema(value_type = Option<Vec<Uuid>>)]
    contact_ids: Option<Vec<String>>,
    /// Needed for more than 100: how many they are.
    confirm_count: Option<u32>,
    /// Kept with each.
    reason: Option<String>,
}

/// Takes many contacts out of a group; the contacts themselves stay. It can be undone for ten minutes, with since when
/// and by whom each was in it. More than 100 need their number typed, and are taken out by a job.
#[utoipa::path(
    post, path = "/api/groups/{group_id}/members/bulk-remove", tag = "groups", request_body = BulkRemove,
    params(("group_id" = Uuid, Path, description = "The group")),
    responses((status = 200, description = "Taken out", body = Changed), (status = 202, description = "Begun", body = Changed))
)]
pub(crate) async fn bulk_remove(
    State(app): State<App>,
    who: Principal,
    request: RequestId,
    Path(id): Path<GroupId>,
    Query(NoParams {}): Query<NoParams>,
    Idempotent { body, keyed }: Idempotent<BulkRemove>,
) -> Result<Response, Problem> {
    let caller = Caller::new(app, who, request).await?;
    group(&caller.ts, &caller.who, id).await?;
    caller
        .once(keyed, async move |asked, operation| {
            let mut fields = Fields::default();
            let reason = reason(&mut fields, body.reason.as_deref());
            let texts = body.contact_ids.unwrap_or_default();
            let targets = by_ids(
                asked.ts,
                asked.who,
                "/contact_ids",
                &texts,
                Some(id),
                &mut fields,
            )
            .await?;
            let count = u32::try_from(targets.len()).unwrap_or(u32::MAX);
            if targets.len() > MOST_AT_ONCE && body.confirm_count != Some(count) {
                let detail = format!("Say that you mean all {count} of them.");
                fields.note("/confirm_count", "required", detail);
            }
            if !fields.is_clean() {
                return Err(Problem::from(fields));
            }
            let work = Operation::Groups {
                change: GroupChange::Remove([id].into()),
                reason,
            };
            let job = asked
                .begin(operation, work, Some(id), targets, json!({ "ids": true }))
                .await?;
            changed(asked, id, false, &job).await
        })
        .await
}

/// How a group is emptied.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = ClearGroup, example = json!({"name": "VIP Clients"}))]
pub(crate) struct Clear {
    /// The group's name, typed.
    name: String,
    /// Kept with each.
    reason: Option<String>,
}

/// Takes every contact out of a group; the group stays. Its name must be typed. It can be undone for ten minutes.
#[utoipa::path(
    post, path = "/api/groups/{group_id}/members/clear", tag = "groups", request_body = Clear,
    params(("group_id" = Uuid, Path, description = "The group")),
    responses((status = 200, description = "Empty", body = Changed), (status = 202, description = "Begun", body = Changed))
)]
pub(crate) async fn clear(
    State(app): State<App>,
    who: Principal,
    request: RequestId,
    Path(id): Path<GroupId>,
    Query(NoParams {}): Query<NoParams>,
    Idempotent { body, keyed }: Idempotent<Clear>,
) -> Result<Response, Problem> {
    let caller = Caller::new(app, who, request).await?;
    let row = group(&caller.ts, &caller.who, id).await?;
    caller
        .once(keyed, async move |asked, operation| {
            let mut fields = Fields::default();
            let typed = GroupName::parse(&body.name).map(|name| name.folded());
            if typed.ok() != Some(row.name.folded()) {
                fields.note("/name", "other_name", "Type the group's name to empty it.");
            }
            let reason = reason(&mut fields, body.reason.as_deref());
            let targets = of_group(asked.ts, asked.who, &row, "/name", &mut fields).await?;
            if !fields.is_clean() {
                return Err(Problem::from(fields));
            }
            let work = Operation::Groups {
                change: GroupChange::Remove([id].into()),
                reason,
            };
            let job = asked
                .begin(operation, work, Some(id), targets, json!({ "group": id }))
                .await?;
            changed(asked, id, false, &job).await
        })
        .await
}

/// Which change of the members to undo.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = UndoMembers, example = json!({}))]
pub(crate) struct UndoMembers {
    /// The last one where left out.
    #[schema(value_type = Option<Uuid>)]
    job_id: Option<JobId>,
}

/// Undoes the last bulk-add, bulk-remove or clear of a group, of those that are yours or, for administrators,
/// everybody's.
#[utoipa::path(
    post, path = "/api/groups/{group_id}/members/undo", tag = "groups",
    request_body(content = UndoMembers, description = "May be left out"),
    params(("group_id" = Uuid, Path, description = "The group")),
    responses(
        (status = 200, description = "Undone; the job that did it", body = Job),
        (status = 202, description = "Begun; the job that does it", body = Job),
        (status = 409, description = "Nothing can be undone"),
    )
)]
pub(crate) async fn undo_members(
    State(app): State<App>,
    who: Principal,
    request: RequestId,
    Path(id): Path<GroupId>,
    Query(NoParams {}): Query<NoParams>,
    Idempotent { body, keyed }: Idempotent<UndoMembers>,
) -> Result<Response, Problem> {
    let caller = Caller::new(app, who, request).await?;
    group(&caller.ts, &caller.who, id).await?;
    caller.once(keyed, async move |asked, operation| {
        let theirs = |job: &JobRow| {
            let of_group = matches!(&job.work, JobWork::Bulk { group, operation, .. } if *group == Some(id) && operation == "groups");
            of_group && crate::show::sees(asked.who, job)
        };
        let of = match body.job_id {
            Some(wanted) => {
                let job = asked.ts.job(wanted).await.map_err(store_problem)?;
                let Some(job) = job.filter(theirs) else {
                    let mut fields = Fields::default();
                    fields.note("/job_id", "unknown", "There is no such job of this group.");
                    return Err(Problem::from(fields));
                };
                job.id
            }
            None => {
                let (jobs, _) = asked.ts.jobs(LOOKED_AT, None).await.map_err(store_problem)?;
                let open = |job: &JobRow| job.undo_until().is_some_and(|until| until > asked.ts.now());
                let last = jobs.into_iter().find(|job| theirs(job) && open(job));
                last.ok_or_else(|| Problem::new(Kind::NotUndoable))?.id
            }
        };
        let job = asked.take_back(of, operation).await?;
        Ok(answer(asked.ts, &job))
    })
    .await
}

/// S2's GroupBulkOperation.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = GroupBulkOperation, example = json!({
    "operation_type": "bulk_edit", "field_updates": {"appointment_duration": 45}
}))]
pub(crate) struct GroupBulk {
    /// bulk_status_update, bulk_group_assignment, bulk_edit or bulk_delete.
    operation_type: String,
    /// Those of the members; all of them where left out. Others are left out of the work and listed.
    #[schema(value_type = Option<Vec<Uuid>>)]
    target_contact_ids: Option<Vec<String>>,
    /// pending, confirmed, cancelled or rescheduled.
    #[schema(value_type = Option<String>)]
    new_status: Option<AppointmentStatus>,
    #[schema(value_type = Option<String>)]
    confirmation_method: Option<ConfirmationMethod>,
    /// Why; needed for a status.
    reason: Option<String>,
    group_changes: Option<GroupChanges>,
    field_updates: Option<FieldUpdates>,
    /// With bulk_delete: DELETE.
    confirm: Option<String>,
    /// Only say what would happen.
    #[serde(default)]
    dry_run: bool,
}

/// What became of a group's members.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = GroupBulkResult)]
pub(crate) struct GroupBulkResult {
    success: bool,
    #[schema(example = "bulk_edit")]
    operation_type: String,
    #[schema(example = "VIP Clients")]
    group_name: String,
    contacts_processed: u32,
    successful_operations: u32,
    failed_operations: u32,
    /// What became of each, once it is over; of a job, at `/api/jobs/{job_id}/results`.
    details: Vec<ResultView>,
    completion_time: Option<DateTime<Utc>>,
    job: Job,
}

/// Changes the members of a group, or some of them: status, groups, common fields; or deletes them.
#[utoipa::path(
    post, path = "/api/groups/{group_id}/bulk-operations", tag = "groups", request_body = GroupBulk,
    params(("group_id" = Uuid, Path, description = "The group")),
    responses(
        (status = 200, description = "Done", body = GroupBulkResult),
        (status = 202, description = "Begun", body = GroupBulkResult),
        (status = 409, description = "Three such jobs are under way"),
    )
)]
pub(crate) async fn bulk_operations(
    State(app): State<App>,
    who: Principal,
    request: RequestId,
    Path(id): Path<GroupId>,
    Query(NoParams {}): Query<NoParams>,
    Idempotent { body, keyed }: Idempotent<GroupBulk>,
) -> Result<Response, Problem> {
    let caller = Caller::new(app, who, request).await?;
    let row = group(&caller.ts, &caller.who, id).await?;
    caller
        .once(keyed, async move |asked, operation| {
            let mut fields = Fields::default();
            let Some(kind) = KindOf::parse(&mut fields, "/operation_type", &body.operation_type)
            else {
                return Err(Problem::from(fields));
            };
            may(asked.who, kind)?;
            let wanted = Wanted {
                new_status: body.new_status,
                confirmation_method: body.confirmation_method,
                reason: body.reason,
                group_changes: body.group_changes,
                field_updates: body.field_updates,
                confirm: body.confirm,
                dry_run: body.dry_run,
            };
            let work = wanted.operation(kind, asked, &mut fields).await?;
            let targets = match &body.target_contact_ids {
                Some(ids) => {
                    let pointer = "/target_contact_ids";
                    by_ids(asked.ts, asked.who, pointer, ids, Some(id), &mut fields).await?
                }
                None => {
                    let pointer = "/target_contact_ids";
                    of_group(asked.ts, asked.who, &row, pointer, &mut fields).await?
                }
            };
            if targets.is_empty() && fields.is_clean() {
                let detail = "No contacts found for bulk operation.";
                fields.note("/target_contact_ids", "empty", detail);
            }
            let (Some(work), true) = (work, fields.is_clean()) else {
                return Err(Problem::from(fields));
            };
            let selection = json!({ "ids": body.target_contact_ids.is_some(), "group": id });
            if body.dry_run {
                let preview = preview::preview(asked, &work, &targets, &selection).await?;
                return Ok(Json(preview).into_response());
            }
            let job = asked
                .begin(operation, work, Some(id), targets, selection)
                .await?;
            let over = job.status != JobStatus::Running;
            let mut details = Vec::new();
            if over {
                let most = u32::try_from(MOST_AT_ONCE).unwrap_or(u32::MAX);
                let (rows, _) = asked
                    .ts
                    .job_results(job.id, most, None)
                    .await
                    .map_err(store_problem)?;
                details.extend(rows.into_iter().map(ResultView::from));
            }
            let result = GroupBulkResult {
                success: over && job.counts.rejected == 0,
                operation_type: body.operation_type,
                group_name: row.name.as_str().to_owned(),
                contacts_processed: job.counts.done,
                successful_operations: job.counts.added + job.counts.unchanged,
                failed_operations: job.counts.rejected,
                details,
                completion_time: job.finished_at,
                job: Job::new(&job, asked.ts.now()),
            };
            Ok(answer_with(&job, result))
        })
        .await
}
