//! Appointments as records of their own under a contact.

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use serde::Serialize;
use utoipa::ToSchema;
use vio_domain::appointment::AppointmentStatus;
use vio_domain::contact::BookingSource;
use vio_domain::ids::{AppointmentId, ContactId};
use vio_domain::settings::Settings;
use vio_http::{
    ETag, Idempotent, IfMatch, Json, NoParams, Path, Principal, Problem, Query, RequestId,
};
use vio_runtime::App;
use vio_runtime::web::{actor, store_problem};
use vio_store::TenantStore;
use vio_store::contacts::Person;
use vio_store::log::Entry;

use crate::apply;
use crate::body::AppointmentBody;
use crate::edit::{Done, Edit};
use crate::given::Given;
use crate::input::{AppointmentInput, ContactInput, Judge};
use crate::reach;
use crate::view::{AppointmentView, Reader};
use crate::warnings::Warning;

/// A contact's appointments.
#[derive(Serialize, ToSchema)]
pub(crate) struct AppointmentList {
    /// In order of time.
    appointments: Vec<AppointmentView>,
}

/// A contact's appointments, in order of time.
#[utoipa::path(get, path = "/api/contacts/{contact_id}/appointments", tag = "contacts",
    params(("contact_id" = uuid::Uuid, Path)), responses((status = 200, body = AppointmentList)))]
pub(crate) async fn list(
    State(app): State<App>,
    principal: Principal,
    request_id: RequestId,
    Path(id): Path<ContactId>,
    _: Query<NoParams>,
) -> Result<Json<AppointmentList>, Problem> {
    let tenant = app.tenant_of(&principal).await?;
    let person = reach::viewed_or_merged(&tenant, &principal, id).await?;
    let settings = tenant.settings().await.map_err(store_problem)?.settings;
    let entry = Entry::new("appointments.viewed", "contact", id.uuid()).contact(id);
    tenant
        .log_access(&actor(&principal, request_id), entry)
        .await
        .map_err(store_problem)?;
    let reader = Reader {
        settings: &settings,
        principal: &principal,
    };
    let view = |appointment| reader.appointment(&person.contact, appointment, None);
    Ok(Json(AppointmentList {
        appointments: person.appointments.iter().map(view).collect(),
    }))
}

/// Adds an appointment with its own reminder; the others stay as they are.
#[utoipa::path(post, path = "/api/contacts/{contact_id}/appointments", tag = "contacts",
    request_body(content = AppointmentBody, examples(("one" = (value = json!({"appointment_time": "2027-03-10T10:30", "appointment_duration": 30}))))),
    params(("contact_id" = uuid::Uuid, Path)), responses((status = 201, body = AppointmentView)))]
pub(crate) async fn add(
    State(app): State<App>,
    principal: Principal,
    request_id: RequestId,
    Path(id): Path<ContactId>,
    request: Idempotent<AppointmentBody>,
) -> Result<Response, Problem> {
    let body = request.body;
    app.once(principal.tenant_id, request.keyed, |operation| {
        let (app, principal) = (&app, &principal);
        async move {
            let writer = Writer::new(app, principal, request_id, id).await?;
            writer.add(AppointmentId::new(operation), body).await
        }
    })
    .await
}

/// One appointment.
#[utoipa::path(get, path = "/api/appointments/{appointment_id}", tag = "contacts",
    params(("appointment_id" = uuid::Uuid, Path)), responses((status = 200, body = AppointmentView)))]
pub(crate) async fn read(
    State(app): State<App>,
    principal: Principal,
    request_id: RequestId,
    Path(id): Path<AppointmentId>,
    _: Query<NoParams>,
) -> Result<(ETag, Json<AppointmentView>), Problem> {
    let tenant = app.tenant_of(&principal).await?;
    let contact = reach::of_appointment(&tenant, id).await?;
    let person = reach::viewed(&tenant, &principal, contact).await?;
    let settings = tenant.settings().await.map_err(store_problem)?.settings;
    let entry = Entry::new("appointment.viewed", "appointment", id.uuid()).contact(contact);
    tenant
        .log_access(&actor(&principal, request_id), entry)
        .await
        .map_err(store_problem)?;
    let appointment = person.appointment(id).ok_or_else(Problem::not_found)?;
    let reader = Reader {
        settings: &settings,
        principal: &principal,
    };
    let view = reader.appointment(&person.contact, appointment, None);
    Ok((ETag::version(appointment.version), Json(view)))
}

/// Changes an appointment. A new time moves a coming one (status `rescheduled`, attempts from 0); for a past or
/// cancelled one it adds an appointment, and the answer is that one.
#[utoipa::path(patch, path = "/api/appointments/{appointment_id}", tag = "contacts", request_body = AppointmentBody,
    params(("appointment_id" = uuid::Uuid, Path), ("If-Match" = Option<String>, Header, description = "The ETag that the edit was made in view of")),
    responses((status = 200, body = AppointmentView), (status = 412, description = "Somebody else changed it meanwhile")))]
pub(crate) async fn patch(
    State(app): State<App>,
    principal: Principal,
    request_id: RequestId,
    Path(id): Path<AppointmentId>,
    condition: IfMatch,
    Json(body): Json<AppointmentBody>,
) -> Result<Response, Problem> {
    let tenant = app.tenant_of(&principal).await?;
    let contact = reach::of_appointment(&tenant, id).await?;
    let writer = Writer::new(&app, &principal, request_id, contact).await?;
    writer.change(id, condition, body).await
}

/// Cancels an appointment and its planned call. The record stays, as `cancelled`.
#[utoipa::path(delete, path = "/api/appointments/{appointment_id}", tag = "contacts",
    params(("appointment_id" = uuid::Uuid, Path), ("If-Match" = Option<String>, Header, description = "The ETag that it was decided on")),
    responses((status = 204, description = "Cancelled"), (status = 412, description = "Somebody else changed it meanwhile")))]
pub(crate) async fn cancel(
    State(app): State<App>,
    principal: Principal,
    request_id: RequestId,
    Path(id): Path<AppointmentId>,
    condition: IfMatch,
) -> Result<StatusCode, Problem> {
    let tenant = app.tenant_of(&principal).await?;
    let contact = reach::of_appointment(&tenant, id).await?;
    let writer = Writer::new(&app, &principal, request_id, contact).await?;
    writer.cancel(id, condition).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Writes appointments of one contact.
struct Writer<'a> {
    tenant: TenantStore,
    settings: Settings,
    principal: &'a Principal,
    actor: vio_store::log::Actor,
    contact: ContactId,
}

impl<'a> Writer<'a> {
    async fn new(
        app: &App,
        principal: &'a Principal,
        request_id: RequestId,
        contact: ContactId,
    ) -> Result<Self, Problem> {
        let tenant = app.tenant_of(principal).await?;
        reach::edited(&tenant, principal, contact).await?;
        let settings = tenant.settings().await.map_err(store_problem)?.settings;
        Ok(Self {
            tenant,
            settings,
            principal,
            actor: actor(principal, request_id),
            contact,
        })
    }

    fn judge(&self) -> Judge<'_> {
        Judge::new(&self.settings, self.tenant.now(), self.principal.user_id)
    }

    /// The fields of an appointment, as far as they can be judged without the person.
    async fn read_body(
        &self,
        body: AppointmentBody,
    ) -> Result<(AppointmentInput, Vec<Warning>), Problem> {
        let mut judge = self.judge();
        let input = judge.appointment(body);
        judge
            .references(&self.tenant, &ContactInput::default(), &input)
            .await
            .map_err(store_problem)?;
        if judge.fields.is_clean() {
            Ok((input, judge.warnings))
        } else {
            Err(Problem::from(judge.fields))
        }
    }

    fn edit<'b>(&'b self, action: &'static str, reason: Option<&'b str>) -> Edit<'b> {
        Edit {
            tenant: &self.tenant,
            principal: self.principal,
            settings: &self.settings,
            actor: &self.actor,
            action,
            reason,
            keep_duplicates: true,
            consent: None,
        }
    }

    async fn add(&self, id: AppointmentId, body: AppointmentBody) -> Result<Response, Problem> {
        let (input, warnings) = self.read_body(body).await?;
        let edit = self.edit("appointment.created", None);
        let any = |_: &Person| Ok(());
        let done = edit
            .run_where(self.contact, any, false, |person| {
                if person.appointment(id).is_some() {
                    // The same request under the same key, whose first answer was lost.
                    return Ok((Some(id), warnings.clone()));
                }
                let mut judge = self.judge();
                judge.warnings = warnings.clone();
                if input.is_empty() {
                    apply::require::<()>(&mut judge, "/appointment_time", Given::Absent);
                }
                let new = apply::new_appointment(&mut judge, input.clone(), BookingSource::Manual);
                match new {
                    Some(new) if judge.fields.is_clean() => {
                        self.tenant.add_appointment_as(person, id, &new);
                        Ok((Some(id), judge.warnings))
                    }
                    _ => Err(Problem::from(judge.fields)),
                }
            })
            .await?;
        self.answer(done, StatusCode::CREATED)
    }

    async fn change(
        &self,
        id: AppointmentId,
        condition: IfMatch,
        body: AppointmentBody,
    ) -> Result<Response, Problem> {
        let (input, warnings) = self.read_body(body).await?;
        let reason = input.reason.as_ref().map(|text| text.as_str());
        let edit = self.edit("appointment.updated", reason);
        let done = edit
            .run_where(
                self.contact,
                |person| at_version(person, id, &condition),
                false,
                |person| {
                    let mut judge = self.judge();
                    judge.warnings = warnings.clone();
                    let changed = apply::edit_appointment(
                        &mut judge,
                        &self.tenant,
                        person,
                        Some(id),
                        input.clone(),
                    );
                    if judge.fields.is_clean() {
                        Ok((changed.or(Some(id)), judge.warnings))
                    } else {
                        Err(Problem::from(judge.fields))
                    }
                },
            )
            .await?;
        self.answer(done, StatusCode::OK)
    }

    async fn cancel(&self, id: AppointmentId, condition: IfMatch) -> Result<(), Problem> {
        let edit = self.edit("appointment.cancelled", None);
        edit.run_where(
            self.contact,
            |person| at_version(person, id, &condition),
            false,
            |person| {
                if let Some(appointment) = person.appointment_mut(id) {
                    appointment.status = AppointmentStatus::Cancelled;
                    appointment.awaiting_new_time = false;
                    appointment.confirmation = None;
                }
                Ok((Some(id), Vec::new()))
            },
        )
        .await
        .map(|_| ())
    }

    fn answer(&self, done: Done, status: StatusCode) -> Result<Response, Problem> {
        let appointment = done
            .appointment
            .and_then(|id| done.person.appointment(id))
            .ok_or_else(Problem::not_found)?;
        let reader = Reader {
            settings: &self.settings,
            principal: self.principal,
        };
        let location = format!("/api/appointments/{}", appointment.id);
        let etag = ETag::version(appointment.version);
        let view = reader.appointment(&done.person.contact, appointment, Some(done.warnings));
        Ok((status, etag, [(header::LOCATION, location)], Json(view)).into_response())
    }
}

/// 404 where the appointment is not this contact's, 412 where it is at another version.
fn at_version(person: &Person, id: AppointmentId, condition: &IfMatch) -> Result<(), Problem> {
    let appointment = person.appointment(id).ok_or_else(Problem::not_found)?;
    condition.check(&ETag::version(appointment.version))
}
