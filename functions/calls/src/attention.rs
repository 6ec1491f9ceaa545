//! The work list (rules.md "Needs attention"): what waits for somebody, and what staff do with it.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::{IntoParams, ToSchema};
use vio_domain::contact::{AttentionReason, Contact};
use vio_domain::ids::{AppointmentId, AttentionId, ContactId, SessionId, UserId};
use vio_domain::permission::Permission;
use vio_domain::phi::FieldPolicy;
use vio_domain::text::{Notes, Reason};
use vio_http::etag::version_mismatch;
use vio_http::idempotency::once;
use vio_http::page::PageParams;
use vio_http::query::NoParams;
use vio_http::{
    ETag, FieldProblem, Idempotent, IfMatch, Json, Kind, Paged, Pagination, Path, Principal,
    Problem, Query, QueryParams, RequestId,
};
use vio_runtime::App;
use vio_runtime::phi::{Screened, screen};
use vio_runtime::web::{actor, store_problem};
use vio_store::TenantStore;
use vio_store::calling::attention::{AttentionRow, AttentionStatus, Shown};
use vio_store::calling::work::{AttentionChange, AttentionStepRow, Changed, StepKind};
use vio_store::contacts::Person;
use vio_store::log::Entry;

use crate::reach::{EXAMINED, ownership, rows_before, visible};

/// Entries that are counted at most, and read in one request for it.
const COUNTED: usize = 10_000;
const COUNTED_AT_ONCE: u32 = 500;
/// The longest that an entry may be out of sight.
const LONGEST_SNOOZE: TimeDelta = TimeDelta::days(90);

/// The person an entry is about.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AttentionContact)]
struct About {
    #[schema(value_type = Uuid)]
    id: ContactId,
    #[schema(example = "Ada Example")]
    name: String,
}

/// One entry of the work list.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AttentionEntry, example = json!({
    "attention_id": "0192f0c1-2b3c-7def-8abc-0123456789ae", "reason": "no_call_window", "status": "open",
    "since": "2026-03-02T09:00:00Z", "appointment_id": "0192f0c1-2b3c-7def-8abc-0123456789ad",
    "contact": {"id": "0192f0c1-2b3c-7def-8abc-0123456789ac", "name": "Ada Example"}, "notes": 0, "version": 1
}))]
pub(crate) struct Attention {
    #[schema(value_type = Uuid)]
    attention_id: AttentionId,
    /// Such as no_phone, window_missed, repeated_failures, reschedule_requested, possible_duplicate.
    #[schema(value_type = String)]
    reason: AttentionReason,
    /// open, snoozed or resolved.
    #[schema(value_type = String)]
    status: Status,
    since: DateTime<Utc>,
    contact: About,
    #[schema(value_type = Option<Uuid>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    appointment_id: Option<AppointmentId>,
    #[schema(value_type = Option<Uuid>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    session_id: Option<SessionId>,
    #[schema(value_type = Option<Uuid>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    assigned_to: Option<UserId>,
    /// Until when it is out of sight; then it is open again by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    snoozed_until: Option<DateTime<Utc>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resolved_at: Option<DateTime<Utc>>,
    #[schema(value_type = Option<Uuid>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    resolved_by: Option<UserId>,
    /// How many notes it has.
    notes: u32,
    /// What its ETag names.
    version: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Status {
    Open,
    Snoozed,
    Resolved,
}

impl Status {
    fn of(row: &AttentionRow, now: DateTime<Utc>) -> Self {
        match row.state {
            AttentionStatus::Resolved { .. } => Self::Resolved,
            AttentionStatus::Open if row.is_snoozed(now) => Self::Snoozed,
            AttentionStatus::Open => Self::Open,
        }
    }
}

impl Attention {
    fn new(row: &AttentionRow, contact: &Contact, now: DateTime<Utc>) -> Self {
        let status = Status::of(row, now);
        let (resolved_at, resolved_by) = match row.state {
            AttentionStatus::Open => (None, None),
            AttentionStatus::Resolved { at, by } => (Some(at), by),
        };
        Self {
            attention_id: row.id,
            reason: row.reason,
            status,
            since: row.since,
            contact: About {
                id: contact.id,
                name: contact.name.as_str().to_owned(),
            },
            appointment_id: row.appointment,
            session_id: row.session,
            assigned_to: row.assigned_to,
            snoozed_until: row.snoozed_until.filter(|_| status == Status::Snoozed),
            resolved_at,
            resolved_by,
            notes: row.notes,
            version: row.version,
        }
    }
}

/// One step of an entry's history.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AttentionStep, example = json!({
    "at": "2026-03-02T09:05:00Z", "by": "0192f0c1-2b3c-7def-8abc-0123456789ab", "kind": "noted",
    "text": "Left a message with her sister."
}))]
struct Step {
    at: DateTime<Utc>,
    #[schema(value_type = Option<Uuid>)]
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<UserId>,
    /// `kind`: assigned (`to`), snoozed (`until`), noted, resolved or reopened.
    #[serde(flatten)]
    #[schema(value_type = Object)]
    step: StepKind,
    /// What was written with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<String>,
}

impl Step {
    fn new(row: &AttentionStepRow, person: &Person) -> Result<Self, Problem> {
        let text = row.text(&person.key).map_err(store_problem)?;
        Ok(Self {
            at: row.at,
            by: row.by,
            step: row.step,
            text: text.map(Notes::into_string),
        })
    }
}

/// An entry with its history.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AttentionDetail)]
pub(crate) struct Detail {
    #[serde(flatten)]
    entry: Attention,
    /// Oldest first.
    history: Vec<Step>,
    /// What was accepted and should be known, such as health information in a note.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<String>,
}

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
    let pagination = Pagination {
        current_page: number,
        page_size: page.page_size,
        total,
        next_cursor,
    };
    Ok(Json(WorkList {
        attention,
        pagination: pagination.into(),
    }))
}

/// An entry of a contact that may be seen, with the person.
async fn seen(
    ts: &TenantStore,
    who: &Principal,
    id: AttentionId,
) -> Result<(AttentionRow, Person), Problem> {
    let row = ts.attention_entry(id).await.map_err(store_problem)?;
    let row = row.ok_or_else(Problem::not_found)?;
    let person = ts.person(row.contact).await.map_err(store_problem)?;
    let person = person
        .filter(|person| person.contact.deleted.is_none())
        .filter(|person| who.scope.can_view(who.user_id, &ownership(&person.contact)))
        .ok_or_else(Problem::not_found)?;
    Ok((row, person))
}

async fn detail(
    ts: &TenantStore,
    row: &AttentionRow,
    person: &Person,
    warnings: Vec<String>,
) -> Result<Response, Problem> {
    let steps = ts
        .attention_steps(row.contact, row.id)
        .await
        .map_err(store_problem)?;
    let history = steps
        .iter()
        .map(|step| Step::new(step, person))
        .collect::<Result<_, _>>()?;
    let entry = Attention::new(row, &person.contact, ts.now());
    let body = Detail {
        entry,
        history,
        warnings,
    };
    Ok((ETag::version(row.version), Json(body)).into_response())
}

/// One entry with everything that was done about it.
#[utoipa::path(
    get, path = "/api/attention/{attention_id}", tag = "attention",
    params(("attention_id" = Uuid, Path, description = "The entry")),
    responses((status = 200, description = "The entry and its history", body = Detail))
)]
pub(crate) async fn read(
    State(app): State<App>,
    who: Principal,
    request: RequestId,
    Path(id): Path<AttentionId>,
    Query(NoParams {}): Query<NoParams>,
) -> Result<Response, Problem> {
    let ts = app.tenant_of(&who).await?;
    let (row, person) = seen(&ts, &who, id).await?;
    let entry = Entry::new("attention.viewed", "attention", id.uuid())
        .contact(row.contact)
        .version(row.version);
    ts.log_access(&actor(&who, request), entry)
        .await
        .map_err(store_problem)?;
    detail(&ts, &row, &person, Vec::new()).await
}

/// What every change of an entry comes with.
struct Asked {
    app: App,
    who: Principal,
    request: RequestId,
    id: AttentionId,
    condition: IfMatch,
}

impl Asked {
    /// Changes an entry of a contact that may be edited, once per key.
    async fn change<T>(
        self,
        body: Idempotent<T>,
        judge: impl AsyncFnOnce(&TenantStore, &Principal, T) -> Result<Change, Problem>,
    ) -> Result<Response, Problem> {
        let ts = self.app.tenant_of(&self.who).await?;
        let (_, person) = seen(&ts, &self.who, self.id).await?;
        if !self
            .who
            .scope
            .can_edit(self.who.user_id, &ownership(&person.contact))
        {
            return Err(Problem::lacks(&[Permission::EditAllContacts]));
        }
        let change = judge(&ts, &self.who, body.body).await?;
        let by = actor(&self.who, self.request);
        let (ts, person, condition, id) = (&ts, &person, &self.condition, self.id);
        let answers = &self.app.answers;
        once(
            answers,
            self.who.tenant_id,
            body.keyed,
            ts.new_id(),
            |_| async move {
                let allowed =
                    |row: &AttentionRow| condition.check(&ETag::version(row.version)).is_ok();
                let changed = ts
                    .change_attention(id, change.kind.as_change(), allowed, &by)
                    .await
                    .map_err(store_problem)?;
                match changed {
                    Changed::Done(row) => detail(ts, &row, person, change.warnings).await,
                    Changed::Stale(row) => Err(version_mismatch(&ETag::version(row.version))),
                    Changed::Resolved => Err(Problem::new(Kind::Conflict)
                        .detail("This entry is resolved. Reopen it first.")),
                    Changed::NoSuchEntry => Err(Problem::not_found()),
                }
            },
        )
        .await
    }
}

/// A change, judged.
struct Change {
    kind: ChangeKind,
    warnings: Vec<String>,
}

enum ChangeKind {
    Assign(Option<UserId>),
    Snooze(Option<DateTime<Utc>>),
    Note(Notes),
    Resolve(Option<Notes>),
    Reopen(Option<Notes>),
}

impl ChangeKind {
    fn as_change(&self) -> AttentionChange<'_> {
        match self {
            Self::Assign(to) => AttentionChange::Assign(*to),
            Self::Snooze(until) => AttentionChange::Snooze(*until),
            Self::Note(text) => AttentionChange::Note(text),
            Self::Resolve(text) => AttentionChange::Resolve(text.as_ref()),
            Self::Reopen(text) => AttentionChange::Reopen(text.as_ref()),
        }
    }
}

impl From<ChangeKind> for Change {
    fn from(kind: ChangeKind) -> Self {
        Self {
            kind,
            warnings: Vec::new(),
        }
    }
}

fn wrong(pointer: &str, code: &str, detail: &str) -> Problem {
    Problem::validation(vec![FieldProblem::new(pointer, code, detail)])
}

/// A text for staff only, screened as the tenant's settings say.
async fn staff_text(
    ts: &TenantStore,
    pointer: &str,
    text: &str,
) -> Result<(Notes, Vec<String>), Problem> {
    let notes = Notes::parse(text).map_err(|fault| wrong(pointer, fault.code, &fault.detail))?;
    let settings = ts.settings().await.map_err(store_problem)?.settings;
    match screen(&settings, FieldPolicy::StaffNotes, pointer, notes.as_str()) {
        Screened::Clean => Ok((notes, Vec::new())),
        Screened::Warn(sentence) => Ok((notes, vec![sentence.to_owned()])),
        Screened::Block(field) => Err(Problem::validation(vec![field])),
    }
}

/// The same of one short line that may be left out.
async fn staff_line(
    ts: &TenantStore,
    pointer: &str,
    text: Option<&str>,
) -> Result<(Option<Notes>, Vec<String>), Problem> {
    let Some(text) = text else {
        return Ok((None, Vec::new()));
    };
    let line = Reason::parse(text).map_err(|fault| wrong(pointer, fault.code, &fault.detail))?;
    let (notes, warnings) = staff_text(ts, pointer, line.as_str()).await?;
    Ok((Some(notes), warnings))
}

/// Who is to see to it.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = AssignAttention, example = json!({"assigned_to": "me"}))]
pub(crate) struct Assign {
    /// me, the id of somebody of the team, or null for nobody.
    #[serde(default)]
    assigned_to: Option<String>,
}

/// Gives an entry to somebody of the team, or to nobody.
#[utoipa::path(
    post, path = "/api/attention/{attention_id}/assign", tag = "attention",
    params(("attention_id" = Uuid, Path, description = "The entry"),
        ("If-Match" = Option<String>, Header, description = "The version being changed")),
    request_body = Assign,
    responses((status = 200, description = "The entry", body = Detail), (status = 409, description = "It is resolved"),
        (status = 412, description = "Somebody else changed it meanwhile"))
)]
pub(crate) async fn assign(
    State(app): State<App>,
    who: Principal,
    request: RequestId,
    Path(id): Path<AttentionId>,
    Query(NoParams {}): Query<NoParams>,
    condition: IfMatch,
    body: Idempotent<Assign>,
) -> Result<Response, Problem> {
    let asked = Asked {
        app,
        who,
        request,
        id,
        condition,
    };
    asked
        .change(body, async |ts, who, body: Assign| {
            let user = match body.assigned_to.as_deref() {
                None => None,
                Some("me") => Some(who.user_id),
                Some(id) => id.parse().ok(),
            };
            let known = match user {
                Some(user) => ts.user(user).await.map_err(store_problem)?.is_some(),
                None => body.assigned_to.is_none(),
            };
            if !known {
                return Err(wrong(
                    "/assigned_to",
                    "unknown_user",
                    "Choose somebody of your team.",
                ));
            }
            Ok(ChangeKind::Assign(user).into())
        })
        .await
}

/// Until when it is not to be seen.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = SnoozeAttention, example = json!({"until": "2027-03-10T09:00:00Z"}))]
pub(crate) struct Snooze {
    /// Within 90 days; null: it is to be seen now.
    #[serde(default)]
    until: Option<DateTime<Utc>>,
}

/// Puts an entry out of sight until an instant; then it is open again by itself.
#[utoipa::path(
    post, path = "/api/attention/{attention_id}/snooze", tag = "attention",
    params(("attention_id" = Uuid, Path, description = "The entry"),
        ("If-Match" = Option<String>, Header, description = "The version being changed")),
    request_body = Snooze,
    responses((status = 200, description = "The entry", body = Detail), (status = 409, description = "It is resolved"),
        (status = 412, description = "Somebody else changed it meanwhile"))
)]
pub(crate) async fn snooze(
    State(app): State<App>,
    who: Principal,
    request: RequestId,
    Path(id): Path<AttentionId>,
    Query(NoParams {}): Query<NoParams>,
    condition: IfMatch,
    body: Idempotent<Snooze>,
) -> Result<Response, Problem> {
    let asked = Asked {
        app,
        who,
        request,
        id,
        condition,
    };
    asked
        .change(body, async |ts, _, body: Snooze| {
            let now = ts.now();
            let fits = |until: DateTime<Utc>| now < until && until <= now + LONGEST_SNOOZE;
            if !body.until.is_none_or(fits) {
                let detail = "Choose an instant within the next 90 days.";
                return Err(wrong("/until", "out_of_range", detail));
            }
            Ok(ChangeKind::Snooze(body.until).into())
        })
        .await
}

/// What is to be remembered.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = NoteAttention, example = json!({"text": "Left a message with her sister."}))]
pub(crate) struct Note {
    /// For staff only, at most 5,000 characters.
    text: String,
}

/// Writes a note on an entry.
#[utoipa::path(
    post, path = "/api/attention/{attention_id}/note", tag = "attention",
    params(("attention_id" = Uuid, Path, description = "The entry"),
        ("If-Match" = Option<String>, Header, description = "The version being changed")),
    request_body = Note,
    responses((status = 200, description = "The entry", body = Detail),
        (status = 412, description = "Somebody else changed it meanwhile"))
)]
pub(crate) async fn note(
    State(app): State<App>,
    who: Principal,
    request: RequestId,
    Path(id): Path<AttentionId>,
    Query(NoParams {}): Query<NoParams>,
    condition: IfMatch,
    body: Idempotent<Note>,
) -> Result<Response, Problem> {
    let asked = Asked {
        app,
        who,
        request,
        id,
        condition,
    };
    asked
        .change(body, async |ts, _, body: Note| {
            let (text, warnings) = staff_text(ts, "/text", &body.text).await?;
            let kind = ChangeKind::Note(text);
            Ok(Change { kind, warnings })
        })
        .await
}

/// What was done about it.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = ResolveAttention, example = json!({"done": "Rang her myself; she is coming."}))]
pub(crate) struct Resolve {
    /// At most 300 characters.
    #[serde(default)]
    done: Option<String>,
}

/// Takes an entry off the work list. One that is resolved already stays as it is. A new reason makes a new entry.
#[utoipa::path(
    post, path = "/api/attention/{attention_id}/resolve", tag = "attention",
    params(("attention_id" = Uuid, Path, description = "The entry"),
        ("If-Match" = Option<String>, Header, description = "The version being changed")),
    request_body = Resolve,
    responses((status = 200, description = "The entry, resolved", body = Detail),
        (status = 412, description = "Somebody else changed it meanwhile"))
)]
pub(crate) async fn resolve(
    State(app): State<App>,
    who: Principal,
    request: RequestId,
    Path(id): Path<AttentionId>,
    Query(NoParams {}): Query<NoParams>,
    condition: IfMatch,
    body: Idempotent<Resolve>,
) -> Result<Response, Problem> {
    let asked = Asked {
        app,
        who,
        request,
        id,
        condition,
    };
    asked
        .change(body, async |ts, _, body: Resolve| {
            let (done, warnings) = staff_line(ts, "/done", body.done.as_deref()).await?;
            let kind = ChangeKind::Resolve(done);
            Ok(Change { kind, warnings })
        })
        .await
}

/// Why it is open again.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = ReopenAttention, example = json!({"reason": "She rang back and is not coming."}))]
pub(crate) struct Reopen {
    /// At most 300 characters.
    #[serde(default)]
    reason: Option<String>,
}

/// Puts a resolved entry back on the work list.
#[utoipa::path(
    post, path = "/api/attention/{attention_id}/reopen", tag = "attention",
    params(("attention_id" = Uuid, Path, description = "The entry"),
        ("If-Match" = Option<String>, Header, description = "The version being changed")),
    request_body = Reopen,
    responses((status = 200, description = "The entry, open", body = Detail),
        (status = 412, description = "Somebody else changed it meanwhile"))
)]
pub(crate) async fn reopen(
    State(app): State<App>,
    who: Principal,
    request: RequestId,
    Path(id): Path<AttentionId>,
    Query(NoParams {}): Query<NoParams>,
    condition: IfMatch,
    body: Idempotent<Reopen>,
) -> Result<Response, Problem> {
    let asked = Asked {
        app,
        who,
        request,
        id,
        condition,
    };
    asked
        .change(body, async |ts, _, body: Reopen| {
            let (why, warnings) = staff_line(ts, "/reason", body.reason.as_deref()).await?;
            let kind = ChangeKind::Reopen(why);
            Ok(Change { kind, warnings })
        })
        .await
}
