//! Making a contact.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{HeaderName, StatusCode, header};
use vio_domain::contact::BookingSource;
use vio_domain::ids::ContactId;
use vio_domain::person::{Duplicate, Intake, OnDuplicate};
use vio_http::{FieldProblem, Idempotent, Json, Kind, Principal, Problem, RequestId};
use vio_runtime::App;
use vio_runtime::web::{actor, store_problem};
use vio_store::TenantStore;
use vio_store::contacts::{Created, NewAppointment, NewContact, Person};
use vio_store::log::Actor;

use crate::apply;
use crate::body::ContactBody;
use crate::custom;
use crate::edit::Edit;
use crate::groups;
use crate::input::{ContactInput, Judge};
use crate::reach;
use crate::view::{ContactView, Reader, etag};
use crate::warnings::{self, Warning};

/// 409 with the contacts that may be the same person.
pub(crate) fn duplicate(found: &[ContactId]) -> Problem {
    let ids: Vec<String> = found.iter().map(ToString::to_string).collect();
    Problem::new(Kind::DuplicateContact)
        .with("existing_ids", ids)
        .error(FieldProblem::new(
            "/on_duplicate",
            "duplicate",
            "Say create_new, update_existing or skip.",
        ))
}

/// Adds a contact with its first appointment.
///
/// Where phone or e-mail is already somebody's with a similar name, nothing is made: 409 with `existing_ids`, unless
/// `on_duplicate` says what to do. Another name at the same number is a household, and a warning.
#[utoipa::path(post, path = "/api/contacts", tag = "contacts",
    request_body(content = ContactBody, examples(
        ("an appointment" = (value = json!({"name": "Zoë O’Brien-Łuć", "phone": "07912 345678", "email": "zoe@example.com",
            "appointment_time": "2027-03-10T10:30", "appointment_duration": 30, "owner_name": "Dr Emily Jones",
            "special_instructions": "Please arrive 10 minutes early.", "voice_consent": {"method": "verbal"}}))))),
    responses((status = 201, body = ContactView, description = "Made"),
        (status = 200, body = ContactView, description = "Was there already: updated or left alone, as `on_duplicate` says"),
        (status = 409, description = "It may exist already (`existing_ids`)")))]
pub(crate) async fn create(
    State(app): State<App>,
    principal: Principal,
    request_id: RequestId,
    request: Idempotent<ContactBody>,
) -> Result<Response, Problem> {
    let body = request.body;
    app.once(principal.tenant_id, request.keyed, |operation| {
        let app = app.clone();
        let principal = principal.clone();
        async move {
            make(
                &app,
                &principal,
                request_id,
                ContactId::new(operation),
                body,
            )
            .await
        }
    })
    .await
}

/// What is to be made, judged.
struct Wanted {
    new: NewContact,
    appointment: Option<NewAppointment>,
    on_duplicate: OnDuplicate,
    warnings: Vec<Warning>,
}

async fn make(
    app: &App,
    principal: &Principal,
    request_id: RequestId,
    id: ContactId,
    body: ContactBody,
) -> Result<Response, Problem> {
    let (tenant, settings) = app.tenant_with_settings(principal).await?;
    let settings = settings.settings;
    let actor = actor(principal, request_id);
    let reader = Reader {
        settings: &settings,
        principal,
    };
    let mut judge = Judge::new(&settings, tenant.now(), principal.user_id);
    let wanted = match judged(&tenant, principal, &mut judge, id, body).await? {
        Some(wanted) if judge.fields.is_clean() => wanted,
        _ => return Err(Problem::from(judge.fields)),
    };
    let created = tenant
        .create_contact(
            &settings,
            &wanted.new,
            wanted.appointment.as_ref(),
            wanted.on_duplicate,
            &actor,
        )
        .await
        .map_err(store_problem)?;
    let mut warnings = wanted.warnings;
    match created {
        Created::Made { person, found } => {
            warnings::household(&found, &mut warnings);
            warnings::no_call(&settings, &person, tenant.now(), &mut warnings);
            answer(&tenant, reader, &person, StatusCode::CREATED, warnings).await
        }
        Created::Known(found) => {
            let id = one(&found, wanted.on_duplicate)?;
            let person = match wanted.on_duplicate {
                OnDuplicate::UpdateExisting => {
                    let changes = Existing {
                        tenant: &tenant,
                        principal,
                        actor: &actor,
                    };
                    changes
                        .update(reader, id, wanted.new, wanted.appointment)
                        .await?
                }
                _ => reach::viewed(&tenant, principal, id).await?,
            };
            if wanted.on_duplicate == OnDuplicate::Skip {
                let mut warning = Warning::new(
                    "skipped_duplicate",
                    "",
                    "This contact exists already; it was left as it is.",
                );
                warning.existing_ids = vec![id.uuid()];
                warnings = vec![warning];
            }
            answer(&tenant, reader, &person, StatusCode::OK, warnings).await
        }
    }
}

/// The one contact that may be changed or left alone: several are for a person to choose from.
fn one(found: &Duplicate, on_duplicate: OnDuplicate) -> Result<ContactId, Problem> {
    match (on_duplicate, &found.duplicates[..]) {
        (OnDuplicate::UpdateExisting, [only]) => Ok(*only),
        (OnDuplicate::Skip, [first, ..]) => Ok(*first),
        _ => Err(duplicate(&found.duplicates)),
    }
}

async fn judged(
    tenant: &TenantStore,
    principal: &Principal,
    judge: &mut Judge<'_>,
    id: ContactId,
    mut body: ContactBody,
) -> Result<Option<Wanted>, Problem> {
    let appointment = body.take_appointment();
    let contact = judge.contact(body);
    let appointment = judge.appointment(appointment);
    judge
        .references(tenant, &contact, &appointment)
        .await
        .map_err(store_problem)?;
    if contact
        .groups
        .as_ref()
        .value()
        .is_some_and(|ids| !ids.is_empty())
    {
        groups::judge(tenant, principal, &contact.groups, &mut judge.fields).await?;
    }
    let source = source_of(&contact);
    let on_duplicate = contact
        .on_duplicate
        .unwrap_or(OnDuplicate::default_for(Intake::Form));
    let appointment = apply::new_appointment(judge, appointment, source);
    let new = apply::new_contact(judge, custom::registry()?, id, contact);
    Ok(new.map(|new| Wanted {
        new,
        appointment,
        on_duplicate,
        warnings: std::mem::take(&mut judge.warnings),
    }))
}

fn source_of(contact: &ContactInput) -> BookingSource {
    contact
        .booking_source
        .as_ref()
        .value()
        .copied()
        .unwrap_or_default()
}

/// A contact that was there already.
struct Existing<'a> {
    tenant: &'a TenantStore,
    principal: &'a Principal,
    actor: &'a Actor,
}

impl Existing<'_> {
    /// Brings what was sent onto the contact that exists: what it has and the request has not stays, and a new
    /// appointment is one more (rules.md: a second booking never overwrites the first).
    async fn update(
        &self,
        reader: Reader<'_>,
        id: ContactId,
        new: NewContact,
        appointment: Option<NewAppointment>,
    ) -> Result<Person, Problem> {
        let edit = Edit {
            tenant: self.tenant,
            principal: self.principal,
            settings: reader.settings,
            actor: self.actor,
            action: "contact.updated",
            reason: None,
            keep_duplicates: true,
            consent: new.consent,
        };
        edit.run(id, &vio_http::IfMatch::Absent, |person| {
            let contact = &mut person.contact;
            fn over<T: Clone>(field: &mut Option<T>, given: &Option<T>) {
                if given.is_some() {
                    field.clone_from(given);
                }
            }
            contact.name.clone_from(&new.name);
            over(&mut contact.first_name, &new.first_name);
            over(&mut contact.last_name, &new.last_name);
            over(&mut contact.phone, &new.phone);
            over(&mut contact.email, &new.email);
            over(&mut contact.company_name, &new.company_name);
            over(&mut contact.industry, &new.industry);
            over(&mut contact.notes, &new.notes);
            over(&mut contact.form, &new.form);
            over(&mut contact.checklist, &new.checklist);
            over(&mut contact.assigned_to, &new.assigned_to);
            for group in &new.groups {
                if !contact.group_ids.contains(group) {
                    contact.group_ids.push(*group);
                }
            }
            if !new.tags.is_empty() {
                contact.tags.clone_from(&new.tags);
            }
            if !new.custom_fields.is_empty() {
                contact.custom_fields = new.custom_fields.clone();
            }
            let id = appointment
                .as_ref()
                .map(|appointment| self.tenant.add_appointment(person, appointment));
            Ok((id, Vec::new()))
        })
        .await
        .map(|done| done.person)
    }
}

/// The answer to a write: the contact with its ETag, and where it lies.
pub(crate) async fn answer(
    tenant: &TenantStore,
    reader: Reader<'_>,
    person: &Person,
    status: StatusCode,
    warnings: Vec<Warning>,
) -> Result<Response, Problem> {
    let etag = etag(person, tenant.now())?;
    let view = reader.person(tenant, person, Some(warnings)).await?;
    let location = format!("/api/contacts/{}", person.contact.id);
    let headers: [(HeaderName, String); 1] = [(header::LOCATION, location)];
    Ok((status, etag, headers, Json(view)).into_response())
}
