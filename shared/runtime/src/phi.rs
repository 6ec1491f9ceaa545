//! Health information in free text, judged by the tenant's settings before a save (rules.md Privacy, S0).

use vio_domain::phi::{self, Effect, FieldPolicy, Finding};
use vio_domain::settings::Settings;
use vio_http::FieldProblem;

/// What a text's findings do to its save.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Screened {
    /// Nothing was found, or nothing is looked for.
    Clean,
    /// It is saved and pointed out, in this sentence.
    Warn(&'static str),
    /// It is not saved.
    Block(FieldProblem),
}

/// The code of both findings.
pub const PHI_DETECTED: &str = "phi_detected";

/// Looks through a field's text as the tenant's settings say: findings in what is spoken block the save; in what staff
/// write for each other only prohibited identifiers do, and the rest is pointed out.
pub fn screen(settings: &Settings, policy: FieldPolicy, pointer: &str, text: &str) -> Screened {
    let privacy = &settings.privacy;
    if !privacy.hipaa_mode && !privacy.phi_detection {
        return Screened::Clean;
    }
    let findings = phi::scan(text, privacy.phi_level);
    let gravest = |effect: Effect| {
        findings
            .iter()
            .find(|finding| policy.effect_of(finding.kind) == effect)
    };
    if let Some(finding) = gravest(Effect::Block) {
        let detail = match policy {
            FieldPolicy::Spoken => format!(
                "This is said or written to the person and must not tell of anybody's health. {}",
                advice(finding)
            ),
            FieldPolicy::StaffNotes => format!(
                "Identity, insurance and record numbers must not be written here. {}",
                advice(finding)
            ),
        };
        Screened::Block(FieldProblem::new(pointer, PHI_DETECTED, detail))
    } else if gravest(Effect::Warn).is_some() {
        Screened::Warn("This text seems to hold health information. It is saved, and never spoken.")
    } else {
        Screened::Clean
    }
}

fn advice(finding: &Finding) -> String {
    if finding.suggestion.is_empty() {
        "Leave it out.".to_owned()
    } else {
        format!("Write “{}” instead.", finding.suggestion)
    }
}
