//! What staff do with an entry: give it to somebody, put it off, note, resolve and reopen.

use axum::extract::FromRequestParts;
use axum::response::Response;
use chrono::{DateTime, TimeDelta, Utc};
use http::request::Parts;
use serde::Deserialize;
use utoipa::ToSchema;
use vio_domain::ids::{AttentionId, UserId};
use vio_domain::permission::Permission;
use vio_domain::phi::FieldPolicy;
use vio_domain::text::{Notes, Reason};
use vio_http::etag::version_mismatch;
use vio_http::query::NoParams;
use vio_http::{
    ETag, FieldProblem, Idempotent, IfMatch, Kind, Path, Principal, Problem, Query, RequestId,
};
use vio_runtime::App;
use vio_runtime::phi::{Screened, screen};
use vio_runtime::reach::can_edit;
use vio_runtime::web::{actor, store_problem};
use vio_store::TenantStore;
use vio_store::calling::attention::AttentionRow;
use vio_store::calling::work::{AttentionChange, Changed};

use super::{Detail, detail, seen};

/// The longest that an entry may be out of sight.
const LONGEST_SNOOZE: TimeDelta = TimeDelta::days(90);

/// What every change of an entry comes with.
pub(crate) struct Asked {
    app: App,
    who: Principal,
    request: RequestId,
    id: AttentionId,
    condition: IfMatch,
}

impl FromRequestParts<App> for Asked {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let who = Principal::from_request_parts(parts, app).await?;
        let request = RequestId::from_request_parts(parts, app).await?;
        let Path(id) = Path::from_request_parts(parts, app).await?;
        let Query(NoParams {}) = Query::from_request_parts(parts, app).await?;
        let condition = IfMatch::from_request_parts(parts, app).await?;
        Ok(Self {
            app: app.clone(),
            who,
            request,
            id,
            condition,
        })
    }
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
        if !can_edit(&self.who, &person.contact) {
            return Err(Problem::lacks(&[Permission::EditAllContacts]));
        }
        let change = judge(&ts, &self.who, body.body).await?;
        let by = actor(&self.who, self.request);
        let (ts, person, condition, id) = (&ts, &person, &self.condition, self.id);
        self.app
            .once(self.who.tenant_id, body.keyed, |_| async move {
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
            })
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
pub(crate) async fn assign(asked: Asked, body: Idempotent<Assign>) -> Result<Response, Problem> {
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
pub(crate) async fn snooze(asked: Asked, body: Idempotent<Snooze>) -> Result<Response, Problem> {
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
pub(crate) async fn note(asked: Asked, body: Idempotent<Note>) -> Result<Response, Problem> {
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
pub(crate) async fn resolve(asked: Asked, body: Idempotent<Resolve>) -> Result<Response, Problem> {
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
pub(crate) async fn reopen(asked: Asked, body: Idempotent<Reopen>) -> Result<Response, Problem> {
    asked
        .change(body, async |ts, _, body: Reopen| {
            let (why, warnings) = staff_line(ts, "/reason", body.reason.as_deref()).await?;
            let kind = ChangeKind::Reopen(why);
            Ok(Change { kind, warnings })
        })
        .await
}
