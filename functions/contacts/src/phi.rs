//! Health information in free text: looked for before a save, and on request (rules.md Privacy, S0).

use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use vio_domain::phi::{self, Effect, FieldPolicy};
use vio_domain::settings::Settings;
use vio_http::{FieldProblem, Fields, Json, Principal, Problem};
use vio_runtime::App;
use vio_runtime::phi::{PHI_DETECTED, Screened};

use crate::warnings::Warning;

/// Longest text that is judged: a little more than the longest field.
const LONGEST: usize = 20_000;
/// Characters of a field's name at most.
const LONGEST_NAME: usize = 100;

/// Looks through a field's text as the tenant's settings say: what blocks the save becomes a wrong field, the rest is
/// pointed out.
pub(crate) fn screen(
    settings: &Settings,
    policy: FieldPolicy,
    pointer: &str,
    text: &str,
    fields: &mut Fields,
    warnings: &mut Vec<Warning>,
) {
    match vio_runtime::phi::screen(settings, policy, pointer, text) {
        Screened::Clean => {}
        Screened::Warn(sentence) => warnings.push(Warning::new(PHI_DETECTED, pointer, sentence)),
        Screened::Block(field) => fields.extend([field]),
    }
}

/// A field and what is about to be written there.
#[derive(Deserialize, ToSchema)]
pub(crate) struct PhiCheck {
    /// `special_instructions`, `custom_message` or any other spoken field; everything else is for staff only.
    #[schema(example = "special_instructions")]
    field: String,
    #[schema(example = "Bring your diabetes medication")]
    text: String,
}

/// One thing found.
#[derive(Serialize, ToSchema)]
pub(crate) struct PhiFinding {
    /// First UTF-16 unit, as a browser counts.
    start: usize,
    /// One past the last unit.
    end: usize,
    /// Such as `diagnosis` or `nhs_number`.
    #[schema(value_type = String, example = "diagnosis")]
    kind: phi::PhiKind,
    /// What to write instead; empty: leave it out.
    #[schema(value_type = String, example = "your appointment")]
    suggestion: &'static str,
    /// `warn` or `block`.
    #[schema(value_type = String, example = "block")]
    effect: Effect,
}

/// What was found, and what it does to a save.
#[derive(Serialize, ToSchema)]
pub(crate) struct PhiFindings {
    /// `allow`, `warn` or `block`.
    #[schema(value_type = String, example = "block")]
    effect: Effect,
    findings: Vec<PhiFinding>,
}

/// Which rule a field follows, by its name in requests.
fn policy_of(field: &str) -> FieldPolicy {
    const SPOKEN: [&str; 5] = [
        "special_instructions",
        "custom_message",
        "custom_message_addition",
        "spoken_as",
        "message",
    ];
    if SPOKEN.contains(&field.trim_start_matches('/')) {
        FieldPolicy::Spoken
    } else {
        FieldPolicy::StaffNotes
    }
}

/// Looks for health information in a text before it is saved, at the level of the tenant's settings. Nothing is kept.
#[utoipa::path(post, path = "/api/contacts/check-phi", tag = "contacts", request_body = PhiCheck,
    responses((status = 200, body = PhiFindings, example = json!({"effect": "block", "findings": [
        {"start": 11, "end": 19, "kind": "diagnosis", "suggestion": "your appointment", "effect": "block"}]}))))]
pub(crate) async fn check_phi(
    State(app): State<App>,
    principal: Principal,
    Json(check): Json<PhiCheck>,
) -> Result<Json<PhiFindings>, Problem> {
    for (pointer, text, longest) in [
        ("/text", &check.text, LONGEST),
        ("/field", &check.field, LONGEST_NAME),
    ] {
        if text.chars().count() > longest {
            return Err(Problem::validation(vec![FieldProblem::new(
                pointer,
                "too_long",
                format!("At most {longest} characters."),
            )]));
        }
    }
    let (_, settings) = app.tenant_with_settings(&principal).await?;
    let settings = settings.settings;
    let policy = policy_of(&check.field);
    let found = phi::scan(&check.text, settings.privacy.phi_level);
    Ok(Json(PhiFindings {
        effect: policy.decide(&found),
        findings: found
            .into_iter()
            .map(|finding| PhiFinding {
                start: finding.span.start,
                end: finding.span.end,
                kind: finding.kind,
                suggestion: finding.suggestion,
                effect: policy.effect_of(finding.kind),
            })
            .collect(),
    }))
}
