//! Health information and identifiers in free text: found, named, and either refused or pointed out
//! (S0 "Automatic PHI Detection", S3 6, rules.md Privacy).
//!
//! Everything is found by word lists and number patterns; nothing leaves the machine.

mod identifiers;
mod terms;

use std::ops::Range;

use serde::{Deserialize, Serialize};

/// How much is looked for (S3 `phi_sanitization_level`). Each level finds all that the next weaker one finds.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum PhiLevel {
    /// Only what is critical: identifiers that no text may hold.
    Minimal,
    /// Also what plainly tells of health: diagnoses, treatments, medication, history, a date of birth.
    #[default]
    Moderate,
    /// Also what may tell of it: parts of the body, tests, departments, insurance, long numbers, full dates.
    Strict,
}

/// What was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PhiKind {
    /// A US social security number.
    Ssn,
    /// An NHS number, with a right check digit or named as one.
    NhsNumber,
    /// A UK national insurance number.
    NationalInsuranceNumber,
    /// A number named as one of a medical record.
    MedicalRecordNumber,
    /// A number named as one of an insurance, or a Medicare number.
    InsuranceId,
    /// The name of a disease or condition.
    Diagnosis,
    /// A treatment or procedure.
    Treatment,
    /// A medicine.
    Medication,
    /// Results, symptoms, history.
    MedicalHistory,
    /// A date of birth.
    DateOfBirth,
    /// A word that may tell of health.
    HealthWord,
    /// A medical department or profession.
    Department,
    /// Insurance matters.
    Insurance,
    /// A number long enough to identify somebody.
    LongNumber,
}

impl PhiKind {
    /// Identifiers that no free text may hold, staff notes included (rules.md Privacy).
    pub fn is_prohibited_identifier(self) -> bool {
        matches!(
            self,
            Self::Ssn
                | Self::NhsNumber
                | Self::NationalInsuranceNumber
                | Self::MedicalRecordNumber
                | Self::InsuranceId
        )
    }
}

/// A place in a text, counted in UTF-16 code units as a browser counts, end not included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Span {
    /// First unit.
    pub start: usize,
    /// One past the last unit.
    pub end: usize,
}

/// One thing found. Holds no part of the text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// Where, for a browser.
    pub span: Span,
    /// Where, in bytes of the text, for slicing it here.
    #[serde(skip)]
    pub bytes: Range<usize>,
    /// What.
    pub kind: PhiKind,
    /// What to write instead; empty means: leave it out.
    pub suggestion: &'static str,
}

/// A hit before it is placed for a browser.
struct Hit {
    bytes: Range<usize>,
    kind: PhiKind,
    suggestion: &'static str,
}

/// Finds what a text of that level should not hold, in order and without overlaps: of two findings in one place the
/// one that comes first in [`PhiKind`]'s order stays.
pub fn scan(text: &str, level: PhiLevel) -> Vec<Finding> {
    let mut hits = identifiers::find(text, level);
    hits.extend(terms::find(text, level));
    // The graver first, so that it wins its place; then those left, in order of place.
    hits.sort_by_key(|hit| (hit.kind, hit.bytes.start, usize::MAX - hit.bytes.end));
    let mut kept: Vec<Hit> = Vec::new();
    for hit in hits {
        if kept
            .iter()
            .all(|other| hit.bytes.end <= other.bytes.start || other.bytes.end <= hit.bytes.start)
        {
            kept.push(hit);
        }
    }
    kept.sort_by_key(|hit| hit.bytes.start);
    place(text, kept)
}

/// Whether [`scan`] finds nothing.
pub fn is_clean(text: &str, level: PhiLevel) -> bool {
    scan(text, level).is_empty()
}

fn place(text: &str, hits: Vec<Hit>) -> Vec<Finding> {
    let (mut at, mut units) = (0, 0);
    let mut count = |to: usize| {
        units += text[at..to].encode_utf16().count();
        at = to;
        units
    };
    hits.into_iter()
        .map(|hit| {
            let start = count(hit.bytes.start);
            let end = count(hit.bytes.end);
            Finding {
                span: Span { start, end },
                bytes: hit.bytes,
                kind: hit.kind,
                suggestion: hit.suggestion,
            }
        })
        .collect()
}

/// Which rule a field follows (rules.md Privacy).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldPolicy {
    /// Read out by the agent or sent to the person: any finding blocks the save.
    Spoken,
    /// For staff alone: prohibited identifiers block, the rest warns. A deliberate relaxation of S0, because clinics
    /// write clinical notes.
    StaffNotes,
}

/// What a finding does to the save.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// Nothing was found.
    Allow,
    /// Saved, and pointed out.
    Warn,
    /// Not saved.
    Block,
}

impl FieldPolicy {
    /// What one finding of that kind does.
    pub fn effect_of(self, kind: PhiKind) -> Effect {
        match self {
            Self::Spoken => Effect::Block,
            Self::StaffNotes if kind.is_prohibited_identifier() => Effect::Block,
            Self::StaffNotes => Effect::Warn,
        }
    }

    /// What all findings together do: the gravest counts.
    pub fn decide(self, findings: &[Finding]) -> Effect {
        findings
            .iter()
            .map(|finding| self.effect_of(finding.kind))
            .max()
            .unwrap_or(Effect::Allow)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn kinds(text: &str, level: PhiLevel) -> Vec<PhiKind> {
        scan(text, level)
            .into_iter()
            .map(|finding| finding.kind)
            .collect()
    }

    #[test]
    fn one_text_three_results() {
        let text = "NHS 943 476 5919, diabetes, bring a sample";
        assert_eq!(kinds(text, PhiLevel::Minimal), [PhiKind::NhsNumber]);
        assert_eq!(
            kinds(text, PhiLevel::Moderate),
            [PhiKind::NhsNumber, PhiKind::Diagnosis]
        );
        assert_eq!(
            kinds(text, PhiLevel::Strict),
            [PhiKind::NhsNumber, PhiKind::Diagnosis, PhiKind::HealthWord]
        );
    }

    #[test]
    fn everyday_instructions_pass_at_every_level() {
        for text in [
            "Please arrive 10 minutes early",
            "Bring photo ID",
            "Park behind the building, entrance B.",
            "Use the side door; ring the bell for flat 12.",
            "Call 020 7946 0958 if you are running late",
            "Our number is +44 7912 345678",
        ] {
            assert_eq!(kinds(text, PhiLevel::Strict), [], "{text}");
        }
    }

    #[test]
    fn spans_count_as_a_browser_does() {
        let findings = scan("Zoë 🙂 cancer", PhiLevel::Moderate);
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].span, Span { start: 7, end: 13 });
        assert_eq!(&"Zoë 🙂 cancer"[findings[0].bytes.clone()], "cancer");
        assert_eq!(
            serde_json::to_value(&findings).unwrap(),
            serde_json::json!([{"span": {"start": 7, "end": 13}, "kind": "diagnosis", "suggestion": "your appointment"}])
        );
    }

    #[test]
    fn spoken_fields_block_and_notes_warn_except_for_identifiers() {
        let clinical = scan("Type 2 diabetes", PhiLevel::Moderate);
        let identifier = scan("SSN 536-22-1234, diabetes", PhiLevel::Moderate);
        assert_eq!(FieldPolicy::Spoken.decide(&clinical), Effect::Block);
        assert_eq!(FieldPolicy::StaffNotes.decide(&clinical), Effect::Warn);
        assert_eq!(FieldPolicy::StaffNotes.decide(&identifier), Effect::Block);
        assert_eq!(FieldPolicy::Spoken.decide(&[]), Effect::Allow);
    }

    proptest! {
        #[test]
        fn stronger_levels_cover_weaker_ones(text in "(\\PC|[0-9 -]|diabetes|scan|SSN | MRN ){0,25}") {
            let covered = |weak: PhiLevel, strong: PhiLevel| {
                let strong = scan(&text, strong);
                scan(&text, weak).iter().all(|finding| {
                    strong.iter().any(|other| finding.bytes.start < other.bytes.end && other.bytes.start < finding.bytes.end)
                })
            };
            prop_assert!(covered(PhiLevel::Minimal, PhiLevel::Moderate));
            prop_assert!(covered(PhiLevel::Moderate, PhiLevel::Strict));
        }

        #[test]
        fn findings_are_ordered_apart_and_on_characters(text in "(\\PC|[0-9 -]|diabetes|scan){0,25}") {
            let mut end = 0;
            for finding in scan(&text, PhiLevel::Strict) {
                prop_assert!(finding.bytes.start >= end && finding.bytes.start < finding.bytes.end);
                prop_assert!(text.get(finding.bytes.clone()).is_some());
                let before = text[..finding.bytes.start].encode_utf16().count();
                prop_assert_eq!(finding.span.start, before);
                end = finding.bytes.end;
            }
        }
    }
}
