//! The do-not-call list (S0; rules.md "Guards before each attempt").

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use vio_domain::error::FieldErrors;
use vio_domain::ids::{ContactId, DncId, UserId};
use vio_domain::text::Reason;
use vio_http::page::PageParams;
use vio_http::query::NoParams;
use vio_http::{Idempotent, Json, Paged, Path, Principal, Problem, Query, RequestId};
use vio_runtime::App;
use vio_runtime::reach::{can_edit, visible};
use vio_runtime::web::{actor, fields_problem, store_problem};
use vio_store::calling::do_not_call::{DncEntry, DncSource};
use vio_store::jobs::{JobRow, JobWork};
use vio_store::log::{Actor, Entry};
use vio_store::{StoreError, TenantStore};

use crate::reach::{rows_before, sees_all};

/// A number that is never called.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DoNotCallEntry, example = json!({
    "dnc_id": "0192f0c1-2b3c-7def-8abc-0123456789af", "phone": "+447912345678", "reason": "Asked at the desk.",
    "source": "manual", "added_by": "0192f0c1-2b3c-7def-8abc-0123456789ab", "added_at": "2026-03-02T09:00:00Z"
}))]
pub(crate) struct Listed {
    #[schema(value_type = Uuid)]
    dnc_id: DncId,
    /// Masked for those who may not see the contact it was learnt from; absent after an erasure.
    #[serde(skip_serializing_if = "Option::is_none")]
    phone: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    /// call (the person asked for it in a call), manual or import.
    #[schema(value_type = String)]
    source: DncSource,
    #[schema(value_type = Option<Uuid>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    added_by: Option<UserId>,
    added_at: DateTime<Utc>,
    #[schema(value_type = Option<Uuid>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    contact_id: Option<ContactId>,
}

impl Listed {
    /// `open`: whether number, reason and contact are shown.
    fn new(entry: DncEntry, open: bool) -> Self {
        let phone = entry.number.map(|number| match open {
            true => number.as_str().to_owned(),
            false => number.masked(),
        });
        Self {
            dnc_id: entry.row.id,
            phone,
            reason: entry.reason.filter(|_| open).map(Reason::into_string),
            source: entry.row.source,
            added_by: entry.row.added_by,
            added_at: entry.row.added_at,
            contact_id: entry.row.contact.filter(|_| open),
        }
    }
}

vio_http::pagination! {
    /// Where the do-not-call list stands.
    DncPagination = "total_dnc"
}

/// A page of the do-not-call list, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DncList {
    dnc: Vec<Listed>,
    pagination: DncPagination,
}

/// The numbers that are never called, newest first.
#[utoipa::path(
    get, path = "/api/dnc", tag = "do-not-call", params(PageParams),
    responses((status = 200, description = "A page of the list", body = DncList))
)]
pub(crate) async fn list(
    State(app): State<App>,
    who: Principal,
    request: RequestId,
    Paged { page, .. }: Paged<NoParams>,
) -> Result<Json<DncList>, Problem> {
    let ts = app.tenant_of(&who).await?;
    let mut skip = rows_before(&page)?;
    let cursor: Option<(DncId, u32)> = page.position(None)?;
    let number = cursor.map_or(page.page.get(), |(_, number)| number);
    let mut last = cursor.map(|(id, _)| id);
    let (mut entries, mut more) = (Vec::new(), true);
    while more && entries.is_empty() {
        let (mut rows, next) = ts
            .do_not_call_list(page.page_size, last)
            .await
            .map_err(store_problem)?;
        more = next;
        last = rows.last().map(|entry| entry.row.id).or(last);
        // Page sizes are whole, so pages are skipped whole.
        if skip > 0 {
            skip -= rows.len().min(skip);
            continue;
        }
        entries.append(&mut rows);
    }
    let next_cursor = match last.filter(|_| more) {
        Some(id) => Some(page.next_cursor(id, number, None)?),
        None => None,
    };
    let dnc = shown(&ts, &who, request, entries).await?;
    let pagination = page.pagination(number, None, next_cursor);
    Ok(Json(DncList {
        dnc,
        pagination: pagination.into(),
    }))
}

/// Entries as the caller may see them, entered into the access log.
async fn shown(
    ts: &TenantStore,
    who: &Principal,
    request: RequestId,
    entries: Vec<DncEntry>,
) -> Result<Vec<Listed>, Problem> {
    let all = sees_all(who);
    let contacts = match all {
        true => Default::default(),
        false => {
            let learnt_from = entries.iter().filter_map(|entry| entry.row.contact);
            visible(ts, who, learnt_from.collect()).await?
        }
    };
    let open = |entry: &DncEntry| {
        all || entry.row.added_by == Some(who.user_id)
            || entry
                .row
                .contact
                .is_some_and(|contact| contacts.contains_key(&contact))
    };
    let ids: Vec<DncId> = entries.iter().map(|entry| entry.row.id).collect();
    let entry = Entry::new("do_not_call.listed", "do_not_call", who.user_id.uuid())
        .details(json!({ "entries": ids }));
    ts.log_access(&actor(who, request), entry)
        .await
        .map_err(store_problem)?;
    let listed = entries.into_iter().map(|entry| {
        let open = open(&entry);
        Listed::new(entry, open)
    });
    Ok(listed.collect())
}

/// A number that is looked for.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = FindDoNotCall, example = json!({"phone": "07912 345678"}))]
pub(crate) struct Sought {
    /// In any usual spelling; without a country code it is read as a number of the business's country.
    phone: Option<String>,
}

/// The entry of a number.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DoNotCallFound)]
pub(crate) struct Found {
    /// Absent where the number is not listed.
    #[serde(skip_serializing_if = "Option::is_none")]
    entry: Option<Listed>,
}

/// Whether a number is on the list, and since when and why. The number is in the body, so that it is in no address.
#[utoipa::path(
    post, path = "/api/dnc/find", tag = "do-not-call", request_body = Sought,
    responses((status = 200, description = "Its entry, if it is listed", body = Found))
)]
pub(crate) async fn find(
    State(app): State<App>,
    who: Principal,
    request: RequestId,
    Query(NoParams {}): Query<NoParams>,
    Json(body): Json<Sought>,
) -> Result<Json<Found>, Problem> {
    let (ts, settings) = app.tenant_with_settings(&who).await?;
    let country = settings.settings.business.country;
    let mut fields = FieldErrors::new();
    let number = fields.require("/phone", "A phone number", body.phone, |phone| {
        vio_domain::phone::parse(&phone, country)
    });
    let Some(number) = number else {
        return Err(fields_problem(fields));
    };
    let entry = ts.do_not_call_entry_of(&number.e164).await;
    let listed = entry.map_err(store_problem)?.into_iter().collect();
    let entry = shown(&ts, &who, request, listed).await?.pop();
    Ok(Json(Found { entry }))
}

/// A number to be listed.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = NewDoNotCall, example = json!({"phone": "07912 345678", "reason": "Asked at the desk."}))]
pub(crate) struct New {
    /// In any usual spelling; without a country code it is read as a number of the business's country.
    phone: Option<String>,
    /// At most 300 characters.
    #[serde(default)]
    reason: Option<String>,
    /// The contact it was learnt from.
    #[serde(default)]
    #[schema(value_type = Option<Uuid>)]
    contact_id: Option<ContactId>,
}

/// Lists a number. From here on nobody with this number is called: planned calls end, and one that was granted but not
/// sent stops. Listing a number that is listed answers its entry (200).
#[utoipa::path(
    post, path = "/api/dnc", tag = "do-not-call", request_body = New,
    responses(
        (status = 201, description = "Listed", body = Listed, headers(("location" = String, description = "The entry"))),
        (status = 200, description = "It was listed already", body = Listed),
    )
)]
pub(crate) async fn add(
    State(app): State<App>,
    who: Principal,
    request: RequestId,
    Query(NoParams {}): Query<NoParams>,
    Idempotent { body, keyed }: Idempotent<New>,
) -> Result<Response, Problem> {
    let (ts, settings) = app.tenant_with_settings(&who).await?;
    let country = settings.settings.business.country;
    let mut fields = FieldErrors::new();
    // Any region: whoever asks not to be called is heard.
    let number = fields.require("/phone", "A phone number", body.phone, |phone| {
        vio_domain::phone::parse(&phone, country)
    });
    let reason = fields.check_opt("/reason", body.reason, |reason| Reason::parse(&reason));
    if let Some(id) = body.contact_id {
        let contacts = visible(&ts, &who, vec![id]).await?;
        let known = contacts
            .get(&id)
            .is_some_and(|contact| contact.deleted.is_none() && can_edit(&who, contact));
        if !known {
            fields.add("/contact_id", "unknown", "There is no such contact.");
        }
    }
    let Some(number) = number.filter(|_| fields.is_empty()) else {
        return Err(fields_problem(fields));
    };
    let by = actor(&who, request);
    app.once(who.tenant_id, keyed, |_| async {
        let (entry, created) = ts
            .add_do_not_call(number.e164, reason, DncSource::Manual, body.contact_id, &by)
            .await
            .map_err(store_problem)?;
        let place = format!("/api/dnc/{}", entry.row.id);
        let open = created || sees_all(&who) || entry.row.added_by == Some(who.user_id);
        let listed = Json(Listed::new(entry, open));
        Ok(match created {
            true => (
                StatusCode::CREATED,
                [(http::header::LOCATION, place)],
                listed,
            )
                .into_response(),
            false => listed.into_response(),
        })
    })
    .await
}

/// Why a number comes off the list.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = RemoveDoNotCall, example = json!({"reason": "Rang us: listed by mistake."}))]
pub(crate) struct Remove {
    /// At most 300 characters; kept in the audit.
    #[serde(default)]
    reason: Option<String>,
}

/// Takes a number off the list. Reminders that it held back are planned anew, as far as their windows still allow.
#[utoipa::path(
    delete, path = "/api/dnc/{dnc_id}", tag = "do-not-call",
    params(("dnc_id" = Uuid, Path, description = "The entry")),
    request_body(content = Remove, description = "May be left out"),
    responses((status = 204, description = "Taken off"))
)]
pub(crate) async fn remove(
    State(app): State<App>,
    who: Principal,
    request: RequestId,
    Path(id): Path<DncId>,
    Query(NoParams {}): Query<NoParams>,
    body: Option<Json<Remove>>,
) -> Result<StatusCode, Problem> {
    let ts = app.tenant_of(&who).await?;
    let mut fields = FieldErrors::new();
    let reason = body.and_then(|Json(body)| body.reason);
    let reason = fields.check_opt("/reason", reason, |reason| Reason::parse(&reason));
    if !fields.is_empty() {
        return Err(fields_problem(fields));
    }
    let by = actor(&who, request);
    let removed = ts
        .remove_do_not_call(id, reason.as_ref(), &by)
        .await
        .map_err(store_problem)?;
    let Some(job) = removed else {
        return Err(Problem::not_found());
    };
    if let Some(job) = job {
        plan_anew(&ts, &job, &by).await.map_err(store_problem)?;
    }
    Ok(StatusCode::NO_CONTENT)
}

/// Does at once what the job would do within a minute.
async fn plan_anew(ts: &TenantStore, job: &JobRow, by: &Actor) -> Result<(), StoreError> {
    let JobWork::PlanAnew { contacts, .. } = &job.work else {
        return Ok(());
    };
    let settings = ts.settings().await?;
    for contact in contacts {
        ts.plan_listed_anew(&settings.settings, *contact, job, by)
            .await?;
    }
    ts.finish_plan_anew(job.clone()).await
}
