//! The tenant's own locations: chosen for an appointment, spoken and shown (rules.md Contacts).

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use http::{StatusCode, header};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use vio_domain::calendar::parse_zone;
use vio_domain::ids::LocationId;
use vio_domain::phone::{self, Country, E164};
use vio_domain::text::ShortText;
use vio_http::{
    ETag, FieldProblem, Fields, Idempotent, IfMatch, Json, Kind, Path, Principal, Problem,
    RequestId, Validate,
};
use vio_runtime::App;
use vio_runtime::web::{actor, store_problem};
use vio_store::TenantStore;
use vio_store::locations::{LocationRow, MOST_LOCATIONS};
use vio_store::log::Entry;
use vio_store::tx::Tx;

use vio_http::Patch;

/// One location.
#[derive(Serialize, ToSchema)]
pub(crate) struct LocationView {
    id: Uuid,
    #[schema(example = "Riverside, city centre")]
    name: String,
    #[schema(example = "1 High Street, Leeds")]
    address: Option<String>,
    /// The number people are told to call about it.
    #[schema(example = "+442079460003")]
    phone: Option<String>,
    #[schema(example = "Europe/London")]
    timezone: Option<String>,
    version: u64,
    created_at: DateTime<Utc>,
    updated_at: DateTime<Utc>,
}

impl From<&LocationRow> for LocationView {
    fn from(row: &LocationRow) -> Self {
        Self {
            id: row.id.uuid(),
            name: row.name.as_str().to_owned(),
            address: row.address.as_ref().map(|text| text.as_str().to_owned()),
            phone: row.phone.as_ref().map(|phone| phone.as_str().to_owned()),
            timezone: row.timezone.map(|zone| zone.name().to_owned()),
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

#[derive(Serialize, ToSchema)]
pub(crate) struct Locations {
    locations: Vec<LocationView>,
}

/// The locations, oldest first.
#[utoipa::path(get, path = "/api/locations", tag = "settings", responses((status = 200, body = Locations)))]
pub(crate) async fn list(
    State(app): State<App>,
    principal: Principal,
) -> Result<Json<Locations>, Problem> {
    let tenant = app.tenant_of(&principal).await?;
    let rows = tenant.locations().await.map_err(store_problem)?;
    let locations = rows.iter().map(LocationView::from).collect();
    Ok(Json(Locations { locations }))
}

/// A location, or what to change of one: a field left out stays, null empties one that may be empty.
#[derive(Deserialize, ToSchema)]
pub(crate) struct LocationPatch {
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "Riverside, city centre")]
    name: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "1 High Street, Leeds")]
    address: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "020 7946 0003")]
    phone: Patch<String>,
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "Europe/London")]
    timezone: Patch<String>,
}

#[derive(Clone, Default, PartialEq)]
struct Values {
    name: Option<ShortText<100>>,
    address: Option<ShortText<255>>,
    phone: Option<E164>,
    timezone: Option<Tz>,
}

struct Applying<'a> {
    patch: &'a LocationPatch,
    values: Values,
    country: Country,
}

impl Validate for Applying<'_> {
    type Domain = Values;

    fn validate(mut self, fields: &mut Fields) -> Option<Values> {
        let (patch, values) = (self.patch, &mut self.values);
        patch
            .name
            .put_optional(fields, "/name", &mut values.name, |t| ShortText::parse(t));
        if fields.is_clean() && values.name.is_none() {
            fields.note("/name", "required", "A location has a name.");
        }
        patch
            .address
            .put_optional(fields, "/address", &mut values.address, |t| {
                ShortText::parse(t)
            });
        let country = self.country;
        patch
            .phone
            .put_optional(fields, "/phone", &mut values.phone, |t| {
                phone::parse(t, country)
                    .map(|phone| phone.e164)
                    .map_err(|error| FieldProblem::new("", error.code(), error.to_string()))
            });
        patch
            .timezone
            .put_optional(fields, "/timezone", &mut values.timezone, |t| {
                parse_zone(t).map_err(|_| {
                    (
                        "unknown_timezone",
                        "This is not a time zone, such as Europe/London.",
                    )
                })
            });
        Some(self.values)
    }
}

async fn country(tenant: &TenantStore) -> Result<Country, Problem> {
    let opened = tenant.settings().await.map_err(store_problem)?;
    Ok(opened.settings.business.country)
}

fn answer(status: StatusCode, row: &LocationRow) -> Response {
    let path = format!("/api/locations/{}", row.id);
    let tag = ETag::version(row.version);
    let body = Json(LocationView::from(row));
    if status == StatusCode::CREATED {
        return (status, tag, [(header::LOCATION, path)], body).into_response();
    }
    (status, tag, body).into_response()
}

/// Adds a location.
#[utoipa::path(post, path = "/api/locations", tag = "settings", request_body = LocationPatch,
    responses((status = 201, body = LocationView)))]
pub(crate) async fn add(
    State(app): State<App>,
    principal: Principal,
    request: RequestId,
    new: Idempotent<LocationPatch>,
) -> Result<Response, Problem> {
    let tenant = app.tenant_of(&principal).await?;
    let (app, principal, tenant) = (&app, &principal, &tenant);
    let patch = &new.body;
    app.once(principal.tenant_id, new.keyed, async move |operation| {
        let values = Applying {
            patch,
            values: Values::default(),
            country: country(tenant).await?,
        }
        .validated()?;
        let Some(name) = values.name else {
            return Err(Problem::internal_because("a location without a name"));
        };
        let id = LocationId::new(operation);
        let there = tenant.locations().await.map_err(store_problem)?;
        if let Some(row) = there.iter().find(|row| row.id == id) {
            return Ok(answer(StatusCode::CREATED, row));
        }
        if there.len() >= MOST_LOCATIONS as usize {
            return Err(Problem::new(Kind::Conflict).detail("There can be at most 500 locations."));
        }
        let now = tenant.now();
        let mut row = LocationRow {
            tenant: tenant.id,
            id,
            version: 0,
            name,
            address: values.address,
            phone: values.phone,
            timezone: values.timezone,
            created_at: now,
            updated_at: now,
        };
        let mut tx = Tx::new();
        tx.create(&mut row).map_err(store_problem)?;
        let entry = Entry::new("location.created", "location", id.uuid()).version(row.version);
        let actor = actor(principal, request);
        tenant.log(&mut tx, &actor, entry).map_err(store_problem)?;
        app.store.commit(tx).await.map_err(store_problem)?;
        Ok(answer(StatusCode::CREATED, &row))
    })
    .await
}

async fn one(tenant: &TenantStore, id: LocationId) -> Result<LocationRow, Problem> {
    tenant
        .location(id)
        .await
        .map_err(store_problem)?
        .ok_or_else(Problem::not_found)
}

/// Changes a location.
#[utoipa::path(patch, path = "/api/locations/{location_id}", tag = "settings", request_body = LocationPatch,
    params(("location_id" = Uuid, Path), ("If-Match" = Option<String>, Header, description = "The version being changed")),
    responses((status = 200, body = LocationView), (status = 412, description = "Somebody else changed it meanwhile")))]
pub(crate) async fn edit(
    State(app): State<App>,
    principal: Principal,
    request: RequestId,
    Path(id): Path<LocationId>,
    condition: IfMatch,
    Json(patch): Json<LocationPatch>,
) -> Result<Response, Problem> {
    let tenant = app.tenant_of(&principal).await?;
    let mut row = one(&tenant, id).await?;
    condition.check(&ETag::version(row.version))?;
    let before = Values {
        name: Some(row.name.clone()),
        address: row.address.clone(),
        phone: row.phone.clone(),
        timezone: row.timezone,
    };
    let after = Applying {
        patch: &patch,
        values: before.clone(),
        country: country(&tenant).await?,
    }
    .validated()?;
    if after == before {
        return Ok(answer(StatusCode::OK, &row));
    }
    let old = row.clone();
    if let Some(name) = after.name {
        row.name = name;
    }
    row.address = after.address;
    row.phone = after.phone;
    row.timezone = after.timezone;
    row.updated_at = tenant.now();
    let mut tx = Tx::new();
    tx.update(&mut row).map_err(store_problem)?;
    let entry = Entry::new("location.updated", "location", id.uuid())
        .version(row.version)
        .details(serde_json::json!({ "before": old, "after": row }));
    let actor = actor(&principal, request);
    tenant.log(&mut tx, &actor, entry).map_err(store_problem)?;
    app.store.commit(tx).await.map_err(store_problem)?;
    Ok(answer(StatusCode::OK, &row))
}

/// Removes a location. Appointments that name it keep their time and lose the place.
#[utoipa::path(delete, path = "/api/locations/{location_id}", tag = "settings",
    params(("location_id" = Uuid, Path)), responses((status = 204, description = "Removed")))]
pub(crate) async fn remove(
    State(app): State<App>,
    principal: Principal,
    request: RequestId,
    Path(id): Path<LocationId>,
) -> Result<StatusCode, Problem> {
    let tenant = app.tenant_of(&principal).await?;
    let row = one(&tenant, id).await?;
    let mut tx = Tx::new();
    tx.delete(&row);
    let entry = Entry::new("location.deleted", "location", id.uuid())
        .version(row.version)
        .details(serde_json::json!({ "before": row }));
    let actor = actor(&principal, request);
    tenant.log(&mut tx, &actor, entry).map_err(store_problem)?;
    app.store.commit(tx).await.map_err(store_problem)?;
    Ok(StatusCode::NO_CONTENT)
}
