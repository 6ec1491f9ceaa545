//! Judging a number without saving it (S1 `PhoneValidation`).

use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use vio_domain::phone::{self, Country, LineType, PhoneValidation, ValidationSource};
use vio_http::{FieldProblem, Json, Principal, Problem};
use vio_runtime::App;
use vio_runtime::twilio::Twilio;
use vio_runtime::web::store_problem;
use vio_store::tenants::TenantSettings;

/// A number as somebody typed it.
#[derive(Deserialize, ToSchema)]
pub(crate) struct PhoneQuestion {
    #[schema(example = "07912 345678")]
    phone: String,
    /// Counts only for a number without a country code; the business's own country when left out.
    #[serde(default)]
    #[schema(example = "GB")]
    country_code: Option<String>,
}

/// What is known about a number.
#[derive(Serialize, ToSchema)]
pub(crate) struct PhoneAnswer {
    is_valid: bool,
    /// E.164 when valid; what was typed otherwise.
    #[schema(example = "+447912345678")]
    formatted_number: String,
    #[schema(example = "44")]
    country_code: String,
    #[schema(example = "7912345678")]
    national_number: String,
    /// `mobile`, `landline`, `voip` or `unknown`.
    #[schema(value_type = String, example = "mobile")]
    line_type: LineType,
    carrier: Option<String>,
    /// `twilio`, `libphonenumber` or `manual`.
    #[schema(value_type = String, example = "libphonenumber")]
    validation_source: ValidationSource,
    #[schema(value_type = Option<String>, example = "GB")]
    region: Option<Country>,
    /// Why it is not valid.
    reason: Option<String>,
    /// Whether this business takes numbers of that region.
    is_accepted: bool,
}

/// How long Twilio has to answer while somebody waits.
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(4);
/// Bytes of a number as typed, at most: one with every digit in words and an extension is shorter.
const LONGEST: usize = 200;

/// Judges a number of any region.
#[utoipa::path(post, path = "/api/contacts/validate-phone", tag = "contacts", request_body = PhoneQuestion,
    responses((status = 200, body = PhoneAnswer)))]
pub(crate) async fn validate_phone(
    State(app): State<App>,
    principal: Principal,
    Json(question): Json<PhoneQuestion>,
) -> Result<Json<PhoneAnswer>, Problem> {
    if question.phone.len() > LONGEST {
        return Err(Problem::validation(vec![FieldProblem::new(
            "/phone",
            "too_long",
            "A phone number is shorter than that.",
        )]));
    }
    let tenant = app.tenant_of(&principal).await?;
    let opened = tenant.settings().await.map_err(store_problem)?;
    let business = &opened.settings.business;
    let country = match question.country_code.as_deref() {
        None => business.country,
        Some(code) => code.parse::<Country>().map_err(|_| {
            Problem::validation(vec![FieldProblem::new(
                "/country_code",
                "unknown_country",
                "Must be a country's two letters, such as GB.",
            )])
        })?,
    };
    let PhoneValidation {
        is_valid,
        formatted_number,
        country_code,
        national_number,
        line_type,
        carrier,
        validation_source,
        region,
        reason,
    } = looked_up(&app, &opened, phone::validate(&question.phone, country)).await;
    Ok(Json(PhoneAnswer {
        is_valid,
        formatted_number,
        country_code,
        national_number,
        line_type,
        carrier,
        validation_source,
        region,
        reason,
        is_accepted: region.is_some_and(|region| business.accepted_regions.contains(region)),
    }))
}

/// What Twilio knows of a valid number beside that, where it is set up and answers; its silence or refusal changes
/// nothing (S1).
async fn looked_up(app: &App, opened: &TenantSettings, known: PhoneValidation) -> PhoneValidation {
    let Some(twilio) = Twilio::of(app, opened).filter(|_| known.is_valid) else {
        return known;
    };
    match twilio.api.lookup(&known.formatted_number, PATIENCE).await {
        Ok(found) => PhoneValidation {
            is_valid: found.valid,
            reason: (!found.valid)
                .then(|| "The telephone network knows no such number.".to_owned()),
            line_type: match found.line_type.as_deref() {
                Some("mobile") => LineType::Mobile,
                Some("landline") => LineType::Landline,
                Some("fixedVoip" | "nonFixedVoip" | "voip") => LineType::Voip,
                _ => known.line_type,
            },
            carrier: found.carrier.or(known.carrier),
            validation_source: ValidationSource::Twilio,
            ..known
        },
        Err(error) => {
            tracing::warn!(%error, "a number was not looked up");
            known
        }
    }
}
