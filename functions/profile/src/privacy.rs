//! Privacy and compliance (S3 section 6).

use axum::extract::State;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use vio_domain::contact::ConsentMethod;
use vio_domain::phi::PhiLevel;
use vio_domain::settings::{HipaaLevel, PrivacySettings, RecordingAgreement};
use vio_domain::text::ShortText;
use vio_http::{ETag, FieldProblem, Fields, IfMatch, Json, Principal, Problem, RequestId};
use vio_runtime::App;
use vio_store::tenants::TenantSettings;

use crate::change::{Asked, tag};
use vio_http::Patch;

/// S3's choices, in months.
const CONTACT_RETENTION: [u16; 5] = [12, 24, 36, 60, 84];
const CALL_LOG_RETENTION: [u16; 4] = [6, 12, 24, 36];

/// Privacy settings.
#[derive(Serialize, ToSchema)]
pub(crate) struct PrivacyView {
    /// Changing the type of business never switches it off.
    hipaa_mode: bool,
    /// `strict`, `standard` or `basic`.
    #[schema(value_type = String, example = "standard")]
    hipaa_level: HipaaLevel,
    /// Nobody is called without a recorded consent.
    require_voice_consent: bool,
    /// `verbal`, `written`, `electronic` or `implied`.
    #[schema(value_type = String, example = "electronic")]
    consent_documentation: ConsentMethod,
    phi_detection: bool,
    /// `strict`, `moderate` or `minimal`.
    #[schema(value_type = String, example = "moderate")]
    phi_level: PhiLevel,
    /// 12, 24, 36, 60 or 84; null keeps contacts until they are deleted by hand.
    #[schema(example = 84)]
    contact_retention_months: Option<u16>,
    /// 6, 12, 24 or 36.
    #[schema(example = 12)]
    call_log_retention_months: u16,
    /// The agreement with the voice provider that covers recordings; without it none are made in HIPAA mode.
    recording_agreement: Option<Agreement>,
}

/// An agreement on recordings.
#[derive(Clone, Serialize, Deserialize, ToSchema)]
#[schema(as = RecordingAgreement)]
pub(crate) struct Agreement {
    /// The day it was signed; not in the future.
    #[schema(example = "2026-01-31")]
    signed_on: NaiveDate,
    /// Where it is kept, or its number.
    #[schema(max_length = 200, example = "Contract 2026-17")]
    reference: String,
}

impl From<&RecordingAgreement> for Agreement {
    fn from(agreement: &RecordingAgreement) -> Self {
        Self {
            signed_on: agreement.signed_on,
            reference: agreement.reference.as_str().to_owned(),
        }
    }
}

impl From<&PrivacySettings> for PrivacyView {
    fn from(privacy: &PrivacySettings) -> Self {
        Self {
            hipaa_mode: privacy.hipaa_mode,
            hipaa_level: privacy.hipaa_level,
            require_voice_consent: privacy.require_voice_consent,
            consent_documentation: privacy.consent_documentation,
            phi_detection: privacy.phi_detection,
            phi_level: privacy.phi_level,
            contact_retention_months: privacy.contact_retention_months,
            call_log_retention_months: privacy.call_log_retention_months,
            recording_agreement: privacy.recording_agreement.as_ref().map(Into::into),
        }
    }
}

/// The privacy settings.
#[utoipa::path(get, path = "/api/settings/privacy", tag = "settings",
    responses((status = 200, body = PrivacyView, headers(("ETag" = String, description = "Version of the settings")))))]
pub(crate) async fn show(
    State(app): State<App>,
    principal: Principal,
) -> Result<(ETag, Json<PrivacyView>), Problem> {
    let (_, opened) = app.tenant_with_settings(&principal).await?;
    Ok((tag(&opened), Json((&opened.settings.privacy).into())))
}

/// What to change; a field left out stays.
#[derive(Deserialize, ToSchema)]
pub(crate) struct PrivacyPatch {
    #[serde(default)]
    #[schema(value_type = Option<bool>)]
    hipaa_mode: Patch<bool>,
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "strict")]
    hipaa_level: Patch<HipaaLevel>,
    #[serde(default)]
    #[schema(value_type = Option<bool>)]
    require_voice_consent: Patch<bool>,
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "written")]
    consent_documentation: Patch<ConsentMethod>,
    #[serde(default)]
    #[schema(value_type = Option<bool>)]
    phi_detection: Patch<bool>,
    #[serde(default)]
    #[schema(value_type = Option<String>, example = "strict")]
    phi_level: Patch<PhiLevel>,
    #[serde(default)]
    #[schema(value_type = Option<u16>, example = 84)]
    contact_retention_months: Patch<u16>,
    #[serde(default)]
    #[schema(value_type = Option<u16>, example = 12)]
    call_log_retention_months: Patch<u16>,
    #[serde(default)]
    #[schema(value_type = Option<Agreement>)]
    recording_agreement: Patch<Agreement>,
}

impl PrivacyPatch {
    fn apply(&self, opened: &mut TenantSettings, fields: &mut Fields, today: NaiveDate) {
        let privacy = &mut opened.settings.privacy;
        self.agreement(&mut privacy.recording_agreement, fields, today);
        self.hipaa_mode
            .copy(fields, "/hipaa_mode", &mut privacy.hipaa_mode);
        self.hipaa_level
            .copy(fields, "/hipaa_level", &mut privacy.hipaa_level);
        let consent = &mut privacy.require_voice_consent;
        self.require_voice_consent
            .copy(fields, "/require_voice_consent", consent);
        let documentation = &mut privacy.consent_documentation;
        self.consent_documentation
            .copy(fields, "/consent_documentation", documentation);
        self.phi_detection
            .copy(fields, "/phi_detection", &mut privacy.phi_detection);
        self.phi_level
            .copy(fields, "/phi_level", &mut privacy.phi_level);
        let kept = &mut privacy.contact_retention_months;
        self.contact_retention_months.put_optional(
            fields,
            "/contact_retention_months",
            kept,
            |months| {
                let fault = (
                    "not_offered",
                    "Choose 12, 24, 36, 60 or 84 months, or null.",
                );
                if CONTACT_RETENTION.contains(months) {
                    Ok(*months)
                } else {
                    Err(fault)
                }
            },
        );
        let kept = &mut privacy.call_log_retention_months;
        self.call_log_retention_months
            .put(fields, "/call_log_retention_months", kept, |months| {
                let fault = ("not_offered", "Choose 6, 12, 24 or 36 months.");
                if CALL_LOG_RETENTION.contains(months) {
                    Ok(*months)
                } else {
                    Err(fault)
                }
            });
    }
}

impl PrivacyPatch {
    fn agreement(
        &self,
        target: &mut Option<RecordingAgreement>,
        fields: &mut Fields,
        today: NaiveDate,
    ) {
        let given = match &self.recording_agreement {
            Patch::Keep => return,
            Patch::Clear => return *target = None,
            Patch::Set(given) => given,
        };
        if given.signed_on > today {
            let sentence = "An agreement is recorded once it is signed.";
            fields.note("/recording_agreement/signed_on", "in_the_future", sentence);
        }
        let reference = ShortText::parse(&given.reference)
            .map_err(|error| FieldProblem::new("", error.code, error.detail));
        if let Some(reference) = fields.take("/recording_agreement/reference", reference) {
            *target = Some(RecordingAgreement {
                signed_on: given.signed_on,
                reference,
            });
        }
    }
}

/// Changes the privacy settings. Every planned reminder that this can move is planned anew.
#[utoipa::path(patch, path = "/api/settings/privacy", tag = "settings", request_body = PrivacyPatch,
    params(("If-Match" = Option<String>, Header, description = "The version being changed")),
    responses((status = 200, body = PrivacyView), (status = 412, description = "Somebody else changed the settings meanwhile")))]
pub(crate) async fn edit(
    State(app): State<App>,
    principal: Principal,
    request: RequestId,
    condition: IfMatch,
    Json(patch): Json<PrivacyPatch>,
) -> Result<(ETag, Json<PrivacyView>), Problem> {
    let asked = Asked {
        app: &app,
        principal: &principal,
        request,
        condition,
        section: "settings.privacy",
    };
    let now = app.clock.now();
    let saved = asked
        .change(|opened, fields| {
            let zone = opened.settings.business.timezone;
            patch.apply(opened, fields, now.with_timezone(&zone).date_naive());
        })
        .await?;
    Ok((tag(&saved), Json((&saved.settings.privacy).into())))
}
