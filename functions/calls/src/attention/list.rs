//! The work list in pages, filtered and counted.

use axum::extract::State;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};
use vio_domain::contact::AttentionReason;
use vio_domain::ids::{AttentionId, ContactId, UserId};
use vio_http::page::PageParams;
use vio_http::{FieldProblem, Json, Kind, Paged, Principal, Problem, QueryParams, RequestId};
use vio_runtime::App;
use vio_runtime::reach::visible;
use vio_runtime::web::{actor, store_problem};
use vio_store::TenantStore;
use vio_store::calling::attention::{AttentionRow, Shown};
use vio_store::log::Entry;

use crate::reach::{EXAMINED, rows_before};

use super::{Attention, Status};

/// Entries that are counted at most, and read in one request for it.
const COUNTED: usize = 10_000;
const COUNTED_AT_ONCE: u32 = 500;

/// What to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct Filters {
    /// open, snoozed, resolved or all.
    #[serde(default)]
    #[param(value_type = Option<String>, example = "open")]
    status: Wanted,
    /// One reason, such as window_missed.
    #[param(example = "window_missed")]
    reason: Option<String>,
    /// me, none, or a user's id.
    #[param(example = "me")]
    assigned_to: Option<String>,
    /// Of this contact only.
    #[param(value_type = Option<Uuid>)]
    contact_id: Option<ContactId>,
    /// Whether `total_attention` is wanted: the list is read to its end then. Null beyond 10,000 entries.
    #[serde(default)]
    count: bool,
}

impl QueryParams for Filters {}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Wanted {
    #[default]
    Open,
    Snoozed,
    Resolved,
    All,
}

/// The filters, read.
struct Filter {
    status: Wanted,
    reason: Option<AttentionReason>,
    assigned_to: Option<Option<UserId>>,
    contact: Option<ContactId>,
    now: DateTime<Utc>,
}

impl Filter {
    fn read(filters: Filters, who: &Principal, now: DateTime<Utc>) -> Result<Self, Problem> {
        let wrong = |name: &str, detail: &str| {
            Problem::new(Kind::InvalidParameter)
                .detail(format!("The parameter {name} is not valid."))
                .error(FieldProblem::new(name, "invalid_value", detail))
        };
        let reason = filters
            .reason
            .map(|word| serde_json::from_value(json!(word)))
            .transpose()
            .map_err(|_| wrong("reason", "There is no such reason."))?;
        let assigned_to = match filters.assigned_to.as_deref() {
            None => None,
            Some("none") => Some(None),
            Some("me") => Some(Some(who.user_id)),
            Some(id) => {
                let user = id
                    .parse()
                    .map_err(|_| wrong("assigned_to", "Must be me, none, or the id of a user."))?;
                Some(Some(user))
            }
        };
        Ok(Self {
            status: filters.status,
            reason,
            assigned_to,
            contact: filters.contact_id,
            now,
        })
    }

    fn shown(&self) -> Shown {
        match self.status {
            Wanted::Open | Wanted::Snoozed => Shown::Open,
            Wanted::Resolved => Shown::Resolved,
            Wanted::All => Shown::All,
        }
    }

    fn fits(&self, row: &AttentionRow) -> bool {
        let status = match (self.status, Status::of(row, self.now)) {
            (Wanted::Open, status) => status == Status::Open,
            (Wanted::Snoozed, status) => status == Status::Snoozed,
            (Wanted::Resolved, status) => status == Status::Resolved,
            (Wanted::All, _) => true,
        };
        status
            && self.reason.is_none_or(|reason| row.reason == reason)
            && self.assigned_to.is_none_or(|user| row.assigned_to == user)
            && self.contact.is_none_or(|contact| row.contact == contact)
    }
}

vio_http::pagination! {
    /// Where the work list stands.
    AttentionPagination = "total_attention"
}

/// A page of the work list, oldest first.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WorkList {
    attention: Vec<Attention>,
    pagination: AttentionPagination,
}

/// How many entries a filter holds for, of contacts within reach; `None` where there are more than are counted.
async fn count(ts: &TenantStore, who: &Principal, filter: &Filter) -> Result<Option<u64>, Problem> {
    let (mut total, mut examined, mut last) = (0, 0, None);
    loop {
        let (rows, more) = ts
            .attention(filter.shown(), COUNTED_AT_ONCE, last)
            .await
            .map_err(store_problem)?;
        let fitting: Vec<ContactId> = rows
            .iter()
            .filter(|row| filter.fits(row))
            .map(|row| row.contact)
            .collect();
        let contacts = visible(ts, who, fitting.clone()).await?;
        let is_there = |id: &&ContactId| {
            let contact = contacts.get(*id);
            contact.is_some_and(|contact| contact.deleted.is_none())
        };
        total += fitting.iter().filter(is_there).count() as u64;
        examined += rows.len();
        last = rows.last().map(|row| row.id);
        if !more || last.is_none() {
            return Ok(Some(total));
        }
        if examined >= COUNTED {
            return Ok(None);
        }
    }
}

/// What waits for somebody to look at it, oldest first, of the contacts you may see. With filters a page can be shorter
/// than asked for while `next_cursor` says that there is more.
#[utoipa::path(
    get, path = "/api/attention", tag = "attention", params(Filters, PageParams),
    responses((status = 200, description = "A page of the work list", body = WorkList))
)]
pub(crate) async fn list(
    State(app): State<App>,
    who: Principal,
    request: RequestId,
    Paged { filters, page }: Paged<Filters>,
) -> Result<Json<WorkList>, Problem> {
    let ts = app.tenant_of(&who).await?;
    let counting = filters.count;
    let filter = Filter::read(filters, &who, ts.now())?;
    let mut skip = rows_before(&page)?;
    let cursor: Option<(AttentionId, u32)> = page.position(None)?;
    let number = cursor.map_or(page.page.get(), |(_, number)| number);
    let mut last = cursor.map(|(id, _)| id);
    let size = page.page_size as usize;
    let (mut attention, mut examined, mut more) = (Vec::new(), 0, true);
    while more && attention.len() < size && examined < EXAMINED {
        let (rows, next) = ts
            .attention(filter.shown(), page.page_size, last)
            .await
            .map_err(store_problem)?;
        more = next;
        let fitting = rows.iter().filter(|row| filter.fits(row));
        let contacts = visible(&ts, &who, fitting.map(|row| row.contact).collect()).await?;
        let rows_read = rows.len();
        for (at, row) in rows.iter().enumerate() {
            examined += 1;
            last = Some(row.id);
            let contact = contacts
                .get(&row.contact)
                .filter(|contact| contact.deleted.is_none() && filter.fits(row));
            let Some(contact) = contact else {
                continue;
            };
            if skip > 0 {
                skip -= 1;
                continue;
            }
            attention.push(Attention::new(row, contact, filter.now));
            if attention.len() == size {
                more |= at + 1 < rows_read;
                break;
            }
        }
    }
    let next_cursor = match last.filter(|_| more) {
        Some(id) => Some(page.next_cursor(id, number, None)?),
        None => None,
    };
    let total = match counting {
        true => count(&ts, &who, &filter).await?,
        false => None,
    };
    let shown: Vec<ContactId> = attention.iter().map(|entry| entry.contact.id).collect();
    let entry = Entry::new("attention.listed", "attention", who.user_id.uuid())
        .details(json!({ "contacts": shown }));
    ts.log_access(&actor(&who, request), entry)
        .await
        .map_err(store_problem)?;
    let pagination = page.pagination(number, total, next_cursor);
    Ok(Json(WorkList {
        attention,
        pagination: pagination.into(),
    }))
}
