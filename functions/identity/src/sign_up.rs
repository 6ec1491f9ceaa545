//! A new business with its first administrator (S0, S3 section 1).

use axum::extract::State;
use http::{HeaderMap, StatusCode, header};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;
use vio_domain::calendar::parse_zone;
use vio_domain::ids::{TenantId, UserId};
use vio_domain::permission::{CustomPermissions, Role};
use vio_domain::phone::{AcceptedRegions, Country};
use vio_domain::settings::{Business, BusinessType, Settings};
use vio_domain::text::{Email, PersonName, ShortText};
use vio_http::{
    AuthError, Authenticator, Client, FieldProblem, Fields, Json, Kind, Problem, RequestId,
    Validate,
};
use vio_runtime::App;
use vio_runtime::web::{store_problem, visitor};
use vio_store::StoreError;
use vio_store::log::Who;
use vio_store::users::{NewUser, PersonalDetails};

use crate::password;
use crate::view::Password;

#[derive(Deserialize, ToSchema)]
pub(crate) struct SignUp {
    /// Unique on the platform.
    #[schema(example = "Riverside Dental Ltd")]
    business_name: Option<String>,
    /// `medical`, `salon`, `restaurant`, `consultant` or `general`: decides defaults. Medical starts in HIPAA mode.
    #[schema(example = "medical")]
    business_type: Option<String>,
    /// ISO 3166 code; `GB` when left out.
    #[serde(default)]
    #[schema(example = "GB")]
    country: Option<String>,
    /// IANA name; `Europe/London` when left out.
    #[serde(default)]
    #[schema(example = "Europe/London")]
    timezone: Option<String>,
    admin: Option<FirstAdmin>,
}

#[derive(Deserialize, ToSchema)]
pub(crate) struct FirstAdmin {
    #[schema(example = "Ada Example")]
    full_name: Option<String>,
    #[schema(example = "ada@riverside.example")]
    email: Option<String>,
    password: Option<Password>,
}

#[derive(Serialize, ToSchema)]
pub(crate) struct SignedUp {
    tenant_id: Uuid,
    /// The first administrator.
    user_id: Uuid,
}

pub(crate) struct NewTenant {
    business: Business,
    full_name: PersonName,
    email: Email,
    password: secrecy::SecretString,
}

/// A type of business by its name in the API.
fn business_type(text: String) -> Result<BusinessType, (&'static str, &'static str)> {
    BusinessType::ALL
        .into_iter()
        .find(|kind| kind.as_str() == text)
        .ok_or((
            "unknown_value",
            "Choose medical, salon, restaurant, consultant or general.",
        ))
}

/// The regions whose numbers a business takes at first: the default where its own country is among them.
fn first_regions(country: Country) -> AcceptedRegions {
    let default = AcceptedRegions::default();
    if default.contains(country) {
        return default;
    }
    AcceptedRegions::new(vec![country]).unwrap_or(default)
}

impl Validate for SignUp {
    type Domain = NewTenant;

    fn validate(self, fields: &mut Fields) -> Option<NewTenant> {
        let name = fields.require("/business_name", self.business_name, |text| {
            ShortText::<255>::parse(&text)
        });
        let kind = fields.require("/business_type", self.business_type, business_type);
        let country = fields.optional("/country", self.country, |text| {
            Country::parse(&text).map_err(|_| {
                (
                    "unknown_country",
                    "This is not a two-letter country code, such as GB.",
                )
            })
        });
        let timezone = fields.optional("/timezone", self.timezone, |text| {
            parse_zone(&text).map_err(|_| {
                (
                    "unknown_timezone",
                    "This is not a time zone, such as Europe/London.",
                )
            })
        });
        let Some(admin) = self.admin else {
            fields.note("/admin", "required", "This field is required.");
            return None;
        };
        let full_name = fields.require("/admin/full_name", admin.full_name, |text| {
            PersonName::parse(&text)
        });
        let email = fields.require("/admin/email", admin.email, |text| Email::parse(&text));
        let password = fields.require("/admin/password", admin.password, Ok::<_, FieldProblem>);
        if let Some(password) = &password {
            let words: Vec<&str> = [
                name.as_ref().map(ShortText::as_str),
                full_name.as_ref().map(PersonName::as_str),
                email.as_ref().map(Email::as_str),
            ]
            .into_iter()
            .flatten()
            .collect();
            fields.extend(password::faults("/admin/password", &password.0, &words));
        }
        let country = country?.unwrap_or(Country::GB);
        Some(NewTenant {
            business: Business {
                legal_name: name?,
                trading_name: None,
                business_type: kind?,
                country,
                timezone: timezone?.unwrap_or(chrono_tz::Europe::London),
                primary_phone: None,
                email: None,
                website: None,
                address: Default::default(),
                operating_schedule: Default::default(),
                holidays: Default::default(),
                accepted_regions: first_regions(country),
            },
            full_name: full_name?,
            email: email?,
            password: password?.0,
        })
    }
}

/// Where sign-up is closed, the platform's operator signs businesses up.
async fn admit(app: &App, headers: &HeaderMap) -> Result<(), Problem> {
    if app.platform.open_sign_up {
        return Ok(());
    }
    let closed = || Problem::new(Kind::SignUpClosed);
    let bearer = headers
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok())
        .and_then(|text| text.strip_prefix("Bearer "))
        .ok_or_else(closed)?;
    match app.authenticator.authenticate(bearer, true).await {
        Ok(principal) if principal.role == Role::SuperAdmin => Ok(()),
        Ok(_) => Err(closed()),
        Err(AuthError::Refused) => Err(Problem::unauthorized()),
        Err(AuthError::TenantSuspended) => Err(closed()),
        Err(AuthError::Unavailable(cause)) => Err(Problem::unavailable(cause.as_ref())),
    }
}

/// Signs a business up: its keys, its settings with the defaults of its type, its webhook addresses, and its first
/// administrator. Open to everybody, or to the platform's operator alone, as configured.
#[utoipa::path(post, path = "/api/tenants", tag = "identity", request_body = SignUp, responses(
    (status = 201, body = SignedUp),
    (status = 403, description = "Sign-up is closed"),
    (status = 409, description = "The business name or the e-mail address is in use")))]
pub(crate) async fn sign_up(
    State(app): State<App>,
    client: Client,
    request: RequestId,
    headers: HeaderMap,
    Json(body): Json<SignUp>,
) -> Result<(StatusCode, Json<SignedUp>), Problem> {
    admit(&app, &headers).await?;
    let new = body.validated()?;
    let password = password::hash(&app, new.password).await?;
    let tenant = TenantId::new(app.store.new_id());
    let user = UserId::new(app.store.new_id());
    let admin = NewUser {
        id: user,
        role: Role::ClientAdmin,
        preset: None,
        industries: Default::default(),
        custom: CustomPermissions::default(),
        personal: PersonalDetails {
            full_name: new.full_name,
            email: new.email,
            job_title: None,
            phone: None,
        },
        password: Some(password),
    };
    let actor = visitor(Who::User { id: user }, &client, request);
    let settings = Settings::for_business(new.business);
    let keys = app.platform_keys().await.map_err(store_problem)?;
    app.store
        .sign_up(keys, tenant, settings, admin, &actor)
        .await
        .map_err(taken)?;
    let body = SignedUp {
        tenant_id: tenant.uuid(),
        user_id: user.uuid(),
    };
    Ok((StatusCode::CREATED, Json(body)))
}

/// Which claim was lost.
pub(crate) fn taken(error: StoreError) -> Problem {
    let StoreError::Lost { lost } = &error else {
        return store_problem(error);
    };
    if lost.contains(&"business_name") {
        return Problem::new(Kind::NameTaken)
            .detail(
                "A business with this name has an account. Use the full legal name, or sign in.",
            )
            .error(FieldProblem::new(
                "/business_name",
                "name_taken",
                "A business with this name has an account.",
            ));
    }
    if lost.contains(&"login") {
        return Problem::new(Kind::EmailTaken);
    }
    store_problem(error)
}
