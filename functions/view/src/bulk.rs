//! Work on many contacts, by a filter, by ids or on a group (S0 "Bulk Operations System"). It is asked for here because a
//! view knows at once whom a filter finds; what is done to them is work like any other (`functions/jobs`).

use std::collections::HashSet;

use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::ToSchema;
use vio_campaigns::{CallAll, Selected, call_selected};
use vio_domain::appointment::{AppointmentStatus, ConfirmationMethod};
use vio_domain::bulk::Verdict;
use vio_domain::campaigns::MOST_SELECTED;
use vio_domain::ids::ContactId;
use vio_domain::permission::{ContactScopes, Permission, Scope};
use vio_http::query::NoParams;
use vio_http::{Fields, Idempotent, Principal, Problem, Query, RequestId};
use vio_jobs::bulk::{
    Asked, Caller, Chosen, DoneOrPreview, FieldUpdates, GroupChanges, Job, KindOf, Wanted, by_ids,
    may, of_named_group, refuse_more,
};
use vio_store::bulk::Target;

use crate::ViewApp;
use crate::list::{eyes, of_scopes, read};
use crate::params::{ListParams, Sent};

/// What is to be done to many contacts.
#[derive(Deserialize, ToSchema)]
#[schema(as = BulkBody, example = json!({
    "operation": "status", "selection": {"ids": ["0192f0c1-2b3c-7def-8abc-0123456789ab"]},
    "new_status": "cancelled", "reason": "Closed for repairs", "dry_run": true
}))]
pub(crate) struct Body {
    /// status, groups, edit, delete or call.
    operation: String,
    selection: Selection,
    /// With status: pending, confirmed, cancelled or rescheduled.
    #[schema(value_type = Option<String>)]
    new_status: Option<AppointmentStatus>,
    /// With the status confirmed: voice_call, manual, phone, sms or email.
    #[schema(value_type = Option<String>)]
    confirmation_method: Option<ConfirmationMethod>,
    /// Why; needed for a status.
    reason: Option<String>,
    group_changes: Option<GroupChanges>,
    field_updates: Option<FieldUpdates>,
    /// With delete: DELETE.
    confirm: Option<String>,
    /// With call: how; at most 100 contacts. It is a campaign like any other.
    call: Option<CallAll>,
    /// Only say what would happen.
    #[serde(default)]
    dry_run: bool,
}

/// Who is meant; one of the three.
#[derive(Default, Deserialize, ToSchema)]
#[serde(default)]
#[schema(as = BulkSelection, example = json!({"ids": ["0192f0c1-2b3c-7def-8abc-0123456789ab"]}))]
pub(crate) struct Selection {
    /// At most 10,000.
    #[schema(value_type = Option<Vec<Uuid>>)]
    ids: Option<Vec<String>>,
    /// The members of a group, of those that you see.
    #[schema(value_type = Option<Uuid>)]
    group_id: Option<String>,
    /// Whom this finds, as in a search without order and page. An empty one takes everybody.
    filter: Option<ListParams>,
}

/// Changes many contacts: status, groups, common fields; deletes them; or calls them. On ids, a group or a filter, at most
/// 10,000. `dry_run` says what would happen. Up to 100 are done with when this answers; more are a job, with progress,
/// results for each contact, cancelling, and undoing for ten minutes. Calls, to 100 at most, are a campaign and are
/// answered as one.
#[utoipa::path(
    post, path = "/api/contacts/bulk", tag = "jobs", request_body = Body,
    responses(
        (status = 200, description = "Done, or what would be done", body = DoneOrPreview),
        (status = 202, description = "Begun; the job, or the campaign", body = Job),
        (status = 409, description = "Three such jobs are under way"),
    )
)]
pub(crate) async fn bulk(
    State(view): State<ViewApp>,
    who: Principal,
    request: RequestId,
    Query(NoParams {}): Query<NoParams>,
    Idempotent { body, keyed }: Idempotent<Body>,
) -> Result<Response, Problem> {
    let caller = Caller::new(view.app.clone(), who, request).await?;
    let view = &view;
    caller
        .once(keyed, async move |asked, id| {
            let mut fields = Fields::default();
            if matches!(body.operation.as_str(), "call" | "bulk_call") {
                return call(view, asked, id, body).await;
            }
            if let Some(how) = &body.call {
                fields.note("/call", "not_here", "Only with the operation call.");
                fields.within("/call", how.faults(asked.settings, asked.ts.now()));
            }
            let Some(kind) = KindOf::parse(&mut fields, "/operation", &body.operation) else {
                return Err(fields.into());
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
            let operation = wanted.operation(kind, asked, &mut fields).await?;
            let said = body.selection.said()?;
            let targets = body.selection.chosen(view, asked, &mut fields).await?;
            let (Some(operation), true) = (operation, fields.is_clean()) else {
                return Err(fields.into());
            };
            asked
                .perform(id, operation, targets, said, body.dry_run)
                .await
        })
        .await
}

/// Calls whom the selection finds and the caller may call.
async fn call(
    view: &ViewApp,
    asked: Asked<'_>,
    id: uuid::Uuid,
    body: Body,
) -> Result<Response, Problem> {
    let Asked { ts, who, by, .. } = asked;
    if !who.permissions.contains(Permission::ModifyCallSchedules) {
        return Err(Problem::lacks(&[Permission::ModifyCallSchedules]));
    }
    let mut fields = Fields::default();
    let given = [
        ("/new_status", body.new_status.is_some()),
        ("/confirmation_method", body.confirmation_method.is_some()),
        ("/reason", body.reason.is_some()),
        ("/group_changes", body.group_changes.is_some()),
        ("/field_updates", body.field_updates.is_some()),
        ("/confirm", body.confirm.is_some()),
    ];
    for (pointer, _) in given.into_iter().filter(|(_, given)| *given) {
        fields.note(pointer, "not_here", "Not with this operation.");
    }
    let chosen = body.selection.chosen(view, asked, &mut fields).await?;
    let found = chosen.len();
    let reached = chosen.iter().filter(|target| target.refused.is_none());
    let contacts: Vec<ContactId> = reached.map(|target| target.contact).collect();
    let out_of_reach = found - contacts.len();
    if fields.is_clean() && contacts.is_empty() {
        let detail = "You may call none of these contacts.";
        fields.note("/selection", "not_allowed", detail);
    }
    if contacts.len() > MOST_SELECTED {
        let count = contacts.len();
        let detail = format!("{count} contacts; at most {MOST_SELECTED} are called at a time.");
        fields.note("/selection", "too_many", detail);
    }
    let mut how = body.call.unwrap_or_default();
    how.dry_run |= body.dry_run;
    let selected = Selected {
        contacts,
        out_of_reach,
    };
    let begin = (view.app.clone(), ts.clone(), who.clone(), by.clone());
    call_selected(begin, id, selected, (&how, "/call"), fields).await
}

impl Selection {
    /// How the contacts are chosen, for the audit; sealed there.
    fn said(&self) -> Result<Value, Problem> {
        let filter = self.filter.as_ref().map(ListParams::sent).transpose()?;
        Ok(json!({ "ids": self.ids.is_some(), "group": self.group_id, "filter": filter }))
    }

    /// Who is chosen, with every wrong field noted.
    async fn chosen(
        self,
        view: &ViewApp,
        asked: Asked<'_>,
        fields: &mut Fields,
    ) -> Result<Chosen, Problem> {
        let Asked { ts, who, .. } = asked;
        let given = [
            self.ids.is_some(),
            self.group_id.is_some(),
            self.filter.is_some(),
        ];
        let alone = given.iter().filter(|given| **given).count() == 1;
        let mut chosen = Vec::new();
        // Where several are given, each is judged all the same, so that all that is wrong is told at once.
        if let Some(ids) = &self.ids {
            chosen = by_ids(ts, who, "/selection/ids", ids, None, fields).await?;
        }
        if let Some(group) = &self.group_id {
            let pointer = "/selection/group_id";
            chosen = of_named_group(ts, who, pointer, group, fields).await?;
        }
        if let Some(filter) = &self.filter {
            filter.only_filters(fields, "/selection/filter");
            if let Err(error) = filter.filters().parse(None) {
                let refused = Sent::InSelection.refused(&error);
                fields.extend(refused.errors().iter().cloned());
            }
            if alone && fields.is_clean() {
                chosen = found(view, asked, filter).await?;
            }
        }
        if !alone {
            let detail = "One of ids, group_id and filter.";
            fields.note("/selection", "required", detail);
        }
        if fields.is_clean() && chosen.is_empty() {
            fields.note("/selection", "empty", "No contacts were found.");
        }
        if fields.is_clean() {
            refuse_more(fields, "/selection", chosen.len());
        }
        Ok(chosen)
    }
}

/// Whom a filter finds, of those that the caller sees, each with whether the caller may change it.
async fn found(view: &ViewApp, asked: Asked<'_>, filter: &ListParams) -> Result<Chosen, Problem> {
    let Asked {
        ts, settings, who, ..
    } = asked;
    let params = filter.filters();
    let sent = Sent::InSelection;
    let query = params.parse(None).map_err(|error| sent.refused(&error))?;
    let seen_by = eyes(who, settings)?;
    let held = view.views.current(ts).await?;
    let (now, zone) = (ts.now(), settings.business.timezone);
    let seen = read(&held, &seen_by, (now, zone), &params, sent, |reader| {
        reader.select(&query.filter)
    })?;
    let refused = Some(Verdict::NotAllowed);
    let target = |contact: ContactId, refused| Target { contact, refused };
    if who.scope.edit == Some(Scope::All) {
        return Ok(seen.into_iter().map(|id| target(id, None)).collect());
    }
    // Those within the reach of changes, read the same way.
    let changed_by = of_scopes(
        who,
        settings,
        &ContactScopes {
            view: who.scope.edit.clone(),
            edit: who.scope.edit.clone(),
        },
    );
    let editable: HashSet<ContactId> = match changed_by {
        Some(changed_by) => {
            let ids = read(&held, &changed_by, (now, zone), &params, sent, |reader| {
                reader.select(&query.filter)
            })?;
            ids.into_iter().collect()
        }
        None => HashSet::new(),
    };
    Ok(seen
        .into_iter()
        .map(|id| target(id, refused.filter(|_| !editable.contains(&id))))
        .collect())
}
