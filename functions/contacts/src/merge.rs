//! Two contacts that are one person, made one (S4's merge, for contacts; rules.md "Same person?").

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde::Deserialize;
use utoipa::ToSchema;
use vio_domain::groups::MOST_MOVES;
use vio_domain::ids::ContactId;
use vio_domain::permission::Permission;
use vio_domain::person::{Choices, NotesSide, Side, booked_in_calendar, merge_into};
use vio_http::{ETag, Fields, Idempotent, Kind, Principal, Problem, RequestId};
use vio_runtime::App;
use vio_runtime::web::{actor, store_problem};
use vio_store::TenantStore;
use vio_store::contacts::Person;
use vio_store::log::Actor;
use vio_store::tx::Tx;

use crate::create::answer;
use crate::reach;
use crate::view::{ContactView, Reader, etag};
use crate::warnings;

/// Operations of one transaction at most.
const MOST_OPERATIONS: usize = 100;

/// One of the two.
#[derive(Debug, Deserialize, ToSchema)]
pub(crate) struct MergeOne {
    #[schema(value_type = Uuid)]
    contact_id: ContactId,
    /// The ETag that the two were compared at; 412 where it is another one now. Left out: whatever it is now.
    #[serde(default)]
    #[schema(example = "c3")]
    version: Option<String>,
}

/// Whose value is kept of each field: `keep` or `merge`. Left out: that of the one that is kept where it has one, else the
/// other's.
#[derive(Debug, Default, Deserialize, ToSchema)]
pub(crate) struct MergeFields {
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "merge")]
    name: Option<Side>,
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "keep")]
    phone: Option<Side>,
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "keep")]
    email: Option<Side>,
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "keep")]
    company_name: Option<Side>,
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "keep")]
    preferred_contact_method: Option<Side>,
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "keep")]
    priority: Option<Side>,
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "keep")]
    assigned_to: Option<Side>,
    /// `keep`, `merge` or `both`; `both`, one under the other, when left out.
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "both")]
    notes: Option<NotesSide>,
}

impl From<MergeFields> for Choices {
    fn from(fields: MergeFields) -> Self {
        Self {
            name: fields.name,
            phone: fields.phone,
            email: fields.email,
            company_name: fields.company_name,
            preferred_contact_method: fields.preferred_contact_method,
            priority: fields.priority,
            assigned_to: fields.assigned_to,
            notes: fields.notes,
        }
    }
}

/// Which two, and what of each.
#[derive(Debug, Deserialize, ToSchema)]
#[schema(as = ContactsMerge, example = json!({
    "keep": {"contact_id": "0192f0c1-2b3c-7def-8abc-0123456789ab"},
    "merge": {"contact_id": "0192f0c1-2b3c-7def-8abc-0123456789ac"},
    "fields": {"name": "merge", "notes": "both"}}))]
pub(crate) struct MergeBody {
    /// The one that is kept.
    keep: MergeOne,
    /// The one that is made one with it, and deleted.
    merge: MergeOne,
    #[serde(default)]
    fields: MergeFields,
}

/// Makes one contact of two, at once or not at all.
///
/// The one that is kept gets the values chosen, what it lacks of the other's, the groups and tags of both, the other's
/// appointments to come and its open work. Who withdrew consent on one of the two, or must not be contacted, stays so. The
/// other is deleted; its calls, notes, messages, consents and history stay under its id and are read on by whoever sees the
/// one that is kept, which names it in `merged_from`. It can be brought back for 30 days.
///
/// Refused with 409 while the one to be deleted is on the phone (`call-in-progress`), and while a calendar goes on telling
/// of an appointment to come of it (`booked-in-calendar`): that is the one to keep. A repeat after it went through changes
/// nothing.
#[utoipa::path(post, path = "/api/contacts/merge", tag = "contacts", request_body = MergeBody,
    responses((status = 200, body = ContactView, description = "The one that is kept"),
        (status = 409, description = "Not now, or not this way round; see `type`"),
        (status = 412, description = "One of the two was changed meanwhile (`changed_ids`)")))]
pub(crate) async fn merge(
    State(app): State<App>,
    principal: Principal,
    request_id: RequestId,
    request: Idempotent<MergeBody>,
) -> Result<Response, Problem> {
    let body = request.body;
    app.once(principal.tenant_id, request.keyed, |_| {
        make_one(&app, &principal, request_id, body)
    })
    .await
}

async fn make_one(
    app: &App,
    principal: &Principal,
    request_id: RequestId,
    body: MergeBody,
) -> Result<Response, Problem> {
    let (tenant, settings) = app.tenant_with_settings(principal).await?;
    let settings = settings.settings;
    let actor = actor(principal, request_id);
    let mut fields = Fields::default();
    let versions = [("/keep", &body.keep), ("/merge", &body.merge)]
        .map(|(at, one)| version(&mut fields, at, one.version.as_deref()));
    if body.keep.contact_id == body.merge.contact_id {
        fields.note("/merge/contact_id", "same", "Name two different contacts.");
    }
    let choices = Choices::from(body.fields);
    let reader = Reader {
        settings: &settings,
        principal,
    };
    let mut races = 0;
    loop {
        let kept = find(&tenant, principal, body.keep.contact_id).await?;
        let other = find(&tenant, principal, body.merge.contact_id).await?;
        let alive = |person: &Person| person.contact.deleted.is_none();
        if let (Some(kept), Some(other), true) = (&kept, &other, fields.is_clean())
            && alive(kept)
            && other.contact.merged_into == Some(kept.contact.id)
            && !alive(other)
        {
            return answer(&tenant, reader, kept, StatusCode::OK, Vec::new()).await;
        }
        let (kept, other) = (kept.filter(alive), other.filter(alive));
        for (at, found) in [("/keep", &kept), ("/merge", &other)] {
            if found.is_none() {
                let pointer = format!("{at}/contact_id");
                fields.note(&pointer, "unknown_contact", "There is no such contact.");
            }
        }
        let (Some(mut kept), Some(mut other), true) = (kept, other, fields.is_clean()) else {
            return Err(Problem::from(fields));
        };
        for person in [&kept, &other] {
            if !reach::can_edit(principal, &person.contact) {
                return Err(Problem::lacks(&[Permission::EditAllContacts]));
            }
        }
        unchanged(&tenant, [&kept, &other], &versions)?;
        possible(&tenant, &other)?;
        judge(&mut kept, &other, &choices)?;
        let tx = staged(&tenant, reader, &actor, &mut kept, &mut other).await?;
        match tenant.store.commit(tx).await {
            Ok(()) => {
                let mut found = Vec::new();
                warnings::no_call(&settings, &kept, tenant.now(), &mut found);
                return answer(&tenant, reader, &kept, StatusCode::OK, found).await;
            }
            Err(error) if tenant.again(&mut races, &error).await => {}
            Err(error) => return Err(store_problem(error)),
        }
    }
}

/// A version as it was sent, with or without the quotes of the header.
fn version(fields: &mut Fields, at: &str, sent: Option<&str>) -> Option<ETag> {
    let tag = ETag::new(sent?.trim_matches('"'));
    if tag.is_err() {
        let detail = "Send the ETag that the contact was read with.";
        fields.note(&format!("{at}/version"), "malformed", detail);
    }
    tag.ok()
}

/// A contact of the caller's reach, deleted or not.
async fn find(
    tenant: &TenantStore,
    principal: &Principal,
    id: ContactId,
) -> Result<Option<Person>, Problem> {
    let found = tenant.person(id).await.map_err(store_problem)?;
    Ok(found.filter(|person| reach::can_view(principal, &person.contact)))
}

/// 412 with the ids of those that are not at the version they were compared at.
fn unchanged(
    tenant: &TenantStore,
    both: [&Person; 2],
    versions: &[Option<ETag>; 2],
) -> Result<(), Problem> {
    let mut changed = Vec::new();
    for (person, version) in both.into_iter().zip(versions) {
        let current = etag(person, tenant.now())?;
        if version.as_ref().is_some_and(|version| *version != current) {
            changed.push(person.contact.id.to_string());
        }
    }
    if changed.is_empty() {
        return Ok(());
    }
    let detail =
        "One of the two was changed after you compared them. Look at both again, then decide.";
    Err(Problem::new(Kind::VersionMismatch)
        .detail(detail)
        .with("changed_ids", changed))
}

/// Whether this one can be the one that is deleted.
fn possible(tenant: &TenantStore, other: &Person) -> Result<(), Problem> {
    if other.open_sessions().any(|(_, open)| open.in_progress) {
        return Err(Problem::new(Kind::CallInProgress)
            .detail("The contact to be deleted is on the phone. Wait until the call is over."));
    }
    if booked_in_calendar(&other.appointments, tenant.now()) {
        return Err(Problem::new(Kind::BookedInCalendar));
    }
    Ok(())
}

/// Brings the values over, where they fit.
fn judge(kept: &mut Person, other: &Person, choices: &Choices) -> Result<(), Problem> {
    let mut fields = Fields::default();
    let before = (kept.contact.group_ids.clone(), kept.contact.phone.is_some());
    let merged = merge_into(&mut kept.contact, &other.contact, choices);
    fields.take("/fields/notes", merged);
    if before.1 && kept.contact.phone.is_none() {
        let detail = "The other has no number. Keep the one that is there.";
        fields.note("/fields/phone", "required", detail);
    }
    let joined = kept.contact.group_ids.len() - before.0.len();
    if joined + other.contact.group_ids.len() > MOST_MOVES {
        let detail = format!(
            "At most {MOST_MOVES} groups are joined and left at a time. Take one of the two out of some first."
        );
        fields.note("/merge/contact_id", "too_many", detail);
    }
    match fields.is_clean() {
        true => Ok(()),
        false => Err(Problem::from(fields)),
    }
}

async fn staged(
    tenant: &TenantStore,
    reader: Reader<'_>,
    actor: &Actor,
    kept: &mut Person,
    other: &mut Person,
) -> Result<Tx, Problem> {
    let mut tx = Tx::new();
    tenant
        .stage_merge(&mut tx, reader.settings, kept, other, actor)
        .await
        .map_err(store_problem)?;
    if tx.len() > MOST_OPERATIONS {
        return Err(Problem::new(Kind::Conflict).detail(
            "The two have too many appointments to come and open tasks to be made one at once. See to some of them first.",
        ));
    }
    Ok(tx)
}
