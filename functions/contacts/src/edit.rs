//! Changing a contact: read, judged, changed in memory, saved in one transaction; decided again where a race was lost.

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use vio_domain::ids::{AppointmentId, ContactId};
use vio_domain::person::OnDuplicate;
use vio_domain::settings::Settings;
use vio_http::{IfMatch, Json, Path, Principal, Problem, RequestId};
use vio_runtime::App;
use vio_runtime::web::{actor, store_problem};
use vio_store::TenantStore;
use vio_store::contacts::{ConsentChange, Judged, Person, Save};
use vio_store::log::Actor;
use vio_store::tx::Tx;

use crate::apply;
use crate::body::ContactBody;
use crate::create::{answer, duplicate};
use crate::custom;
use crate::given::Given;
use crate::groups;
use crate::input::Judge;
use crate::reach;
use crate::view::{ContactView, Reader, etag};
use crate::warnings::{self, Warning};

/// How a person is changed.
pub(crate) struct Edit<'a> {
    pub(crate) tenant: &'a TenantStore,
    pub(crate) principal: &'a Principal,
    pub(crate) settings: &'a Settings,
    pub(crate) actor: &'a Actor,
    /// `noun.verb` for the log.
    pub(crate) action: &'static str,
    pub(crate) reason: Option<&'a str>,
    /// Whether the contact may become like another one.
    pub(crate) keep_duplicates: bool,
    /// A consent newly given.
    pub(crate) consent: Option<ConsentChange>,
}

/// A change that went through.
pub(crate) struct Done {
    pub(crate) person: Person,
    /// The appointment that was changed or added.
    pub(crate) appointment: Option<AppointmentId>,
    pub(crate) warnings: Vec<Warning>,
}

/// What a change did: which appointment, and what is odd about it.
pub(crate) type Changed = (Option<AppointmentId>, Vec<Warning>);

impl Edit<'_> {
    /// Changes a contact that the caller may change, at the version that the condition names.
    pub(crate) async fn run(
        &self,
        id: ContactId,
        condition: &IfMatch,
        change: impl Fn(&mut Person) -> Result<Changed, Problem>,
    ) -> Result<Done, Problem> {
        self.run_where(
            id,
            |person| condition.check(&etag(person, self.tenant.now())?),
            matches!(condition, IfMatch::OneOf(_)),
            change,
        )
        .await
    }

    /// The same under any condition on the person as read; `held`: the current appointment must not meet another
    /// edit either.
    pub(crate) async fn run_where(
        &self,
        id: ContactId,
        allowed: impl Fn(&Person) -> Result<(), Problem>,
        held: bool,
        change: impl Fn(&mut Person) -> Result<Changed, Problem>,
    ) -> Result<Done, Problem> {
        let tenant = self.tenant;
        let mut races = 0;
        loop {
            let mut person = reach::edited(tenant, self.principal, id).await?;
            allowed(&person)?;
            let current = person.current(tenant.now()).map(|a| a.id);
            let (appointment, mut warnings) = change(&mut person)?;
            let mut tx = Tx::new();
            if let Some(consent) = self.consent {
                tenant
                    .stage_consent(&mut tx, &mut person, consent, self.actor)
                    .map_err(store_problem)?;
            }
            let claims = self.judge(&person, &mut warnings).await?;
            let save = Save {
                settings: self.settings,
                actor: self.actor,
                action: self.action,
                reason: self.reason,
                claims,
                replan: true,
            };
            let changed = tenant
                .stage_save(&mut tx, &mut person, save)
                .await
                .map_err(store_problem)?;
            if !changed {
                return Ok(Done {
                    person,
                    appointment,
                    warnings,
                });
            }
            if let (true, Some(current)) = (held, current) {
                tenant.hold_appointment(&mut tx, &person, current);
            }
            match tenant.store.commit(tx).await {
                Ok(()) => {
                    warnings::no_call(self.settings, &person, tenant.now(), &mut warnings);
                    return Ok(Done {
                        person,
                        appointment,
                        warnings,
                    });
                }
                Err(error) if tenant.again(&mut races, &error).await => {}
                Err(error) => return Err(store_problem(error)),
            }
        }
    }

    /// Judges a contact whose name, number or address changed: 409 where it has become like another one.
    async fn judge(
        &self,
        person: &Person,
        warnings: &mut Vec<Warning>,
    ) -> Result<Option<vio_store::contacts::Claims>, Problem> {
        let same = person.contact_before().is_some_and(|before| {
            before.name == person.contact.name
                && before.phone == person.contact.phone
                && before.email == person.contact.email
        });
        if same {
            return Ok(None);
        }
        let judged: Judged = self.tenant.judge(person).await.map_err(store_problem)?;
        let new = judged.new_duplicates(person);
        if !new.is_empty() && !self.keep_duplicates {
            return Err(duplicate(&new));
        }
        warnings::household(&judged.found, warnings);
        Ok(Some(judged.claims))
    }
}

/// Changes a contact: only the fields sent, null clears one. The appointment fields edit the current appointment, or
/// the one that `appointment_id` names: a new time on a coming one moves it, on a past or cancelled one it adds an
/// appointment.
#[utoipa::path(patch, path = "/api/contacts/{contact_id}", tag = "contacts",
    request_body(content = ContactBody, examples(
        ("a status" = (value = json!({"appointment_status": "confirmed", "confirmation_method": "phone", "reason": "She rang us"}))),
        ("a new time" = (value = json!({"appointment_time": "2027-03-11T09:00"}))))),
    params(("contact_id" = uuid::Uuid, Path), ("If-Match" = Option<String>, Header, description = "The ETag that the edit was made in view of")),
    responses((status = 200, body = ContactView), (status = 409, description = "It has become like another contact (`existing_ids`)"),
        (status = 412, description = "Somebody else changed it meanwhile")))]
pub(crate) async fn patch(
    State(app): State<App>,
    principal: Principal,
    request_id: RequestId,
    Path(id): Path<ContactId>,
    condition: IfMatch,
    Json(body): Json<ContactBody>,
) -> Result<Response, Problem> {
    change(&app, &principal, request_id, id, condition, body, false).await
}

/// Replaces a contact: fields that are left out are emptied. Without appointment fields its appointments are left
/// alone; consent is left alone always.
#[utoipa::path(put, path = "/api/contacts/{contact_id}", tag = "contacts",
    request_body(content = ContactBody, example = json!({"name": "Ada Example", "phone": "07912 345679",
        "email": "ada@example.com", "notes": "Prefers mornings.", "tags": ["vip"], "preferred_contact_method": "voice"})),
    params(("contact_id" = uuid::Uuid, Path), ("If-Match" = String, Header, description = "The ETag of the version being replaced")),
    responses((status = 200, body = ContactView), (status = 409, description = "It has become like another contact (`existing_ids`)"),
        (status = 412, description = "Somebody else changed it meanwhile"), (status = 428, description = "If-Match is missing")))]
pub(crate) async fn put(
    State(app): State<App>,
    principal: Principal,
    request_id: RequestId,
    Path(id): Path<ContactId>,
    condition: IfMatch,
    Json(body): Json<ContactBody>,
) -> Result<Response, Problem> {
    let condition = condition.required()?;
    change(&app, &principal, request_id, id, condition, body, true).await
}

async fn change(
    app: &App,
    principal: &Principal,
    request_id: RequestId,
    id: ContactId,
    condition: IfMatch,
    body: ContactBody,
    whole: bool,
) -> Result<Response, Problem> {
    let tenant = app.tenant_of(principal).await?;
    // Who may not see it learns nothing from how the body is judged.
    let read = reach::edited(&tenant, principal, id).await?;
    let groups_seen =
        groups::seen(&tenant, principal, read.contact.group_ids.iter().copied()).await?;
    let settings = tenant.settings().await.map_err(store_problem)?.settings;
    let actor = actor(principal, request_id);
    let forms = custom::registry()?;
    let read_body = Parsed::of(&tenant, &settings, principal, body, whole).await?;
    let edit = Edit {
        tenant: &tenant,
        principal,
        settings: &settings,
        actor: &actor,
        action: "contact.updated",
        reason: read_body.reason.as_deref(),
        keep_duplicates: read_body.keep_duplicates,
        consent: read_body.consent,
    };
    let done = edit
        .run(id, &condition, |person| {
            let mut judge = Judge::new(&settings, tenant.now(), principal.user_id);
            judge.warnings = read_body.warnings.clone();
            let target = read_body.contact.appointment_id;
            if target.is_some_and(|id| person.appointment(id).is_none()) {
                judge.fields.note(
                    "/appointment_id",
                    "unknown_appointment",
                    "The contact has no such appointment.",
                );
            } else {
                let input = read_body.appointment.clone();
                let changed = apply::edit_appointment(&mut judge, &tenant, person, target, input);
                let input = read_body.contact.clone();
                apply::edit_contact(&mut judge, forms, person, &groups_seen, input);
                if judge.fields.is_clean() {
                    return Ok((changed, judge.warnings));
                }
            }
            Err(Problem::from(judge.fields))
        })
        .await?;
    let reader = Reader {
        settings: &settings,
        principal,
    };
    answer(&tenant, reader, &done.person, StatusCode::OK, done.warnings).await
}

/// A body that is right as far as it can be judged without the person.
struct Parsed {
    contact: crate::input::ContactInput,
    appointment: crate::input::AppointmentInput,
    consent: Option<ConsentChange>,
    reason: Option<String>,
    keep_duplicates: bool,
    warnings: Vec<Warning>,
}

impl Parsed {
    async fn of(
        tenant: &TenantStore,
        settings: &Settings,
        principal: &Principal,
        mut body: ContactBody,
        whole: bool,
    ) -> Result<Self, Problem> {
        let mut judge = Judge::new(settings, tenant.now(), principal.user_id);
        let appointment = body.take_appointment();
        let mut contact = judge.contact(body);
        let appointment = judge.appointment(appointment);
        judge
            .references(tenant, &contact, &appointment)
            .await
            .map_err(store_problem)?;
        groups::judge(tenant, principal, &contact.groups, &mut judge.fields).await?;
        match contact.on_duplicate {
            None | Some(OnDuplicate::Ask | OnDuplicate::CreateNew) => {}
            Some(_) => judge.fields.note(
                "/on_duplicate",
                "not_here",
                "An edit knows ask and create_new only.",
            ),
        }
        if !judge.fields.is_clean() {
            return Err(Problem::from(judge.fields));
        }
        if whole {
            apply::clear_left_out(&mut contact);
            if contact.groups.is_absent() && groups::may_change(principal) {
                contact.groups = Given::Null;
            }
            contact.booking_source = Given::Absent;
        }
        Ok(Self {
            consent: contact.consent,
            keep_duplicates: contact.on_duplicate == Some(OnDuplicate::CreateNew),
            reason: appointment
                .reason
                .as_ref()
                .map(|text| text.as_str().to_owned()),
            contact,
            appointment,
            warnings: judge.warnings,
        })
    }
}
