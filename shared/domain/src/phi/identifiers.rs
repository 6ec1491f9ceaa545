//! Numbers that identify a person: by their form, by their check digit, or by what they are called.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::{Hit, PhiKind, PhiLevel};

/// Digits of a nameless number from which it may identify somebody (strict).
const LONG_NUMBER: usize = 7;

/// What else must hold for a matched text.
type Check = fn(&str) -> bool;

struct Pattern {
    kind: PhiKind,
    level: PhiLevel,
    /// The whole match is the finding, or its group `id` where there is one.
    regex: Regex,
    check: Check,
}

static PATTERNS: LazyLock<Vec<Pattern>> = LazyLock::new(|| {
    let any = |_: &str| true;
    let has_digit = |text: &str| text.bytes().any(|byte| byte.is_ascii_digit());
    let table: [(PhiKind, PhiLevel, &str, Check); 9] = [
        (
            PhiKind::Ssn,
            PhiLevel::Minimal,
            r"\b\d{3}[- ]\d{2}[- ]\d{4}\b",
            is_ssn,
        ),
        (
            PhiKind::Ssn,
            PhiLevel::Minimal,
            r"(?i)\b(?:ssn|social security(?: number| no)?)\b[^\d\n]{0,12}(?P<id>\d[\d -]{7,11}\d)\b",
            any,
        ),
        (
            PhiKind::NhsNumber,
            PhiLevel::Minimal,
            r"(?i)\b(?:nhs|chi|h&c)\b[^\d\n]{0,12}(?P<id>\d(?:[ -]?\d){9})\b",
            any,
        ),
        (
            PhiKind::NationalInsuranceNumber,
            PhiLevel::Minimal,
            r"(?i)\b[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d{2} ?\d{2} ?\d{2} ?[A-D]\b",
            any,
        ),
        (
            PhiKind::MedicalRecordNumber,
            PhiLevel::Minimal,
            r"(?i)\b(?:mrn|(?:medical record|hospital|patient|chart|case note)s?[ -]*(?:number|no|nr|num|id|#))\b?[\s:#.=-]*(?:is )?(?P<id>[A-Z0-9][A-Z0-9/-]{3,14})\b",
            has_digit,
        ),
        (
            PhiKind::InsuranceId,
            PhiLevel::Minimal,
            r"(?i)\b(?:insurance|policy|member(?:ship)?|subscriber|bupa|axa|aviva|vitality|medicare|medicaid|blue cross|aetna|cigna)[ -]*(?:health )?(?:policy |plan )?(?:number|no|nr|num|id|#)\b?[\s:#.=-]*(?:is )?(?P<id>[A-Z0-9][A-Z0-9/-]{4,19})\b",
            has_digit,
        ),
        (
            PhiKind::InsuranceId,
            PhiLevel::Minimal,
            r"(?i)\b[1-9][AC-HJKMNP-RT-Y][0-9AC-HJKMNP-RT-Y][0-9]-?[AC-HJKMNP-RT-Y][0-9AC-HJKMNP-RT-Y][0-9]-?[AC-HJKMNP-RT-Y]{2}[0-9]{2}\b",
            any,
        ),
        (
            PhiKind::DateOfBirth,
            PhiLevel::Moderate,
            r"(?i)\b(?:dob|d\.o\.b\.?|date of birth|born(?: on)?|birth ?date|birthday)\b[^\d\n]{0,12}(?P<id>\d{1,4}[ ./-](?:\d{1,2}|[a-z]{3,9})[ ./-]\d{2,4})\b",
            any,
        ),
        (
            PhiKind::DateOfBirth,
            PhiLevel::Strict,
            r"\b(?:\d{1,2}[./-]\d{1,2}[./-](?:19|20)\d{2}|(?:19|20)\d{2}-\d{2}-\d{2})\b",
            any,
        ),
    ];
    table
        .into_iter()
        .filter_map(|(kind, level, pattern, check)| {
            Some(Pattern {
                kind,
                level,
                regex: Regex::new(pattern).ok()?,
                check,
            })
        })
        .collect()
});

pub(super) fn find(text: &str, level: PhiLevel) -> Vec<Hit> {
    let mut hits = Vec::new();
    for pattern in PATTERNS.iter().filter(|pattern| pattern.level <= level) {
        for found in pattern.regex.captures_iter(text) {
            if let Some(part) = found.name("id").or_else(|| found.get(0))
                && (pattern.check)(part.as_str())
            {
                hits.push(hit(part.range(), pattern.kind));
            }
        }
    }
    for run in digit_runs(text) {
        let digits: usize = run.groups.iter().map(Range::len).sum();
        if run.is_phone(text, digits) {
            continue;
        }
        if let Some(bytes) = nhs_number(text, &run.groups) {
            hits.push(hit(bytes, PhiKind::NhsNumber));
        } else if level == PhiLevel::Strict
            && run.groups.iter().any(|group| group.len() >= LONG_NUMBER)
            && let (Some(first), Some(last)) = (run.groups.first(), run.groups.last())
        {
            hits.push(hit(first.start..last.end, PhiKind::LongNumber));
        }
    }
    hits
}

fn hit(bytes: Range<usize>, kind: PhiKind) -> Hit {
    let suggestion = match kind {
        PhiKind::DateOfBirth => "",
        PhiKind::LongNumber => "your reference",
        _ => "your details",
    };
    Hit {
        bytes,
        kind,
        suggestion,
    }
}

/// Numbers that were never given out are no social security numbers.
fn is_ssn(text: &str) -> bool {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let (area, group, serial) = (&digits[..3], &digits[3..5], &digits[5..]);
    area != "000" && area != "666" && !area.starts_with('9') && group != "00" && serial != "0000"
}

/// Groups of digits with one space, hyphen or full stop between them.
struct DigitRun {
    groups: Vec<Range<usize>>,
}

impl DigitRun {
    /// A number with a country code, or one of eleven digits from 0: how people write phone numbers.
    fn is_phone(&self, text: &str, digits: usize) -> bool {
        let Some(start) = self.groups.first().map(|group| group.start) else {
            return false;
        };
        let before = text[..start].trim_end_matches('(');
        before.ends_with('+') || (text[start..].starts_with('0') && matches!(digits, 11 | 14))
    }
}

fn digit_runs(text: &str) -> Vec<DigitRun> {
    let mut runs: Vec<DigitRun> = Vec::new();
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        if !bytes[at].is_ascii_digit() {
            at += 1;
            continue;
        }
        let start = at;
        while at < bytes.len() && bytes[at].is_ascii_digit() {
            at += 1;
        }
        let joins = start > 0
            && matches!(bytes[start - 1], b' ' | b'-' | b'.' | b')')
            && runs
                .last()
                .and_then(|run| run.groups.last())
                .is_some_and(|last| last.end + 1 == start);
        match runs.last_mut() {
            Some(run) if joins => run.groups.push(start..at),
            _ => runs.push(DigitRun {
                groups: std::iter::once(start..at).collect(),
            }),
        }
    }
    runs
}

/// The first neighbouring groups that make ten digits with the check digit of an NHS number.
fn nhs_number(text: &str, groups: &[Range<usize>]) -> Option<Range<usize>> {
    for (index, first) in groups.iter().enumerate() {
        let mut digits = String::with_capacity(10);
        for group in &groups[index..] {
            digits.push_str(&text[group.clone()]);
            if digits.len() >= 10 {
                if digits.len() == 10 && is_nhs_number(&digits) {
                    return Some(first.start..group.end);
                }
                break;
            }
        }
    }
    None
}

/// Modulus 11: the first nine digits weighted 10 to 2; eleven minus the remainder is the tenth, eleven counts as 0,
/// and ten does not occur.
fn is_nhs_number(digits: &str) -> bool {
    let digits: Vec<u32> = digits.chars().filter_map(|c| c.to_digit(10)).collect();
    let [body @ .., check] = &digits[..] else {
        return false;
    };
    if body.len() != 9 || body.iter().all(|digit| digit == check) {
        return false;
    }
    let sum: u32 = body
        .iter()
        .zip((2..=10).rev())
        .map(|(digit, weight)| digit * weight)
        .sum();
    match 11 - sum % 11 {
        10 => false,
        11 => *check == 0,
        expected => *check == expected,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(text: &str) -> Vec<PhiKind> {
        super::super::scan(text, PhiLevel::Minimal)
            .into_iter()
            .map(|finding| finding.kind)
            .collect()
    }

    #[test]
    fn every_pattern_compiles() {
        assert_eq!(PATTERNS.len(), 9);
    }

    #[test]
    fn nhs_numbers_by_check_digit_or_by_name() {
        for text in [
            "943 476 5919",
            "9434765919",
            "943-476-5919",
            "Tel then 943 476 5919 12 March",
            "NHS no: 943 476 5918",
        ] {
            assert_eq!(kinds(text), [PhiKind::NhsNumber], "{text}");
        }
        for text in [
            "943 476 5918",
            "0000000000",
            "+44 943 476 5919",
            "07912 345678",
            "1111111111",
        ] {
            assert_eq!(kinds(text), [], "{text}");
        }
        let valid = (0..10)
            .filter(|check| is_nhs_number(&format!("943476591{check}")))
            .count();
        assert_eq!(valid, 1);
    }

    #[test]
    fn other_identifiers() {
        for (text, kind) in [
            ("536-22-1234", PhiKind::Ssn),
            ("ssn: 536221234", PhiKind::Ssn),
            ("Social Security number 536 22 1234", PhiKind::Ssn),
            (
                "QQ not, but AB 12 34 56 C is",
                PhiKind::NationalInsuranceNumber,
            ),
            ("MRN: A-123456", PhiKind::MedicalRecordNumber),
            ("mrn 00123456", PhiKind::MedicalRecordNumber),
            ("Hospital number H1234567", PhiKind::MedicalRecordNumber),
            ("patient ID 884422", PhiKind::MedicalRecordNumber),
            ("insurance id XYZ123456", PhiKind::InsuranceId),
            ("Policy no. 55/123456", PhiKind::InsuranceId),
            ("BUPA membership number 1234567", PhiKind::InsuranceId),
            ("1EG4-TE5-MK73", PhiKind::InsuranceId),
        ] {
            assert_eq!(kinds(text), [kind], "{text}");
        }
        for text in [
            "000-12-3456",
            "666-12-3456",
            "987-65-4321",
            "patient id card",
            "Policy number please",
            "insurance card",
        ] {
            assert_eq!(kinds(text), [], "{text}");
        }
    }

    #[test]
    fn dates_of_birth_and_long_numbers_by_level() {
        let at = |text: &str, level| {
            super::super::scan(text, level)
                .into_iter()
                .map(|f| f.kind)
                .collect::<Vec<_>>()
        };
        assert_eq!(
            at("born 12 March 1980", PhiLevel::Moderate),
            [PhiKind::DateOfBirth]
        );
        assert_eq!(
            at("DOB: 12/03/80", PhiLevel::Moderate),
            [PhiKind::DateOfBirth]
        );
        assert_eq!(at("see 12/03/1980", PhiLevel::Moderate), []);
        assert_eq!(
            at("see 12/03/1980", PhiLevel::Strict),
            [PhiKind::DateOfBirth]
        );
        assert_eq!(at("ref 12345678", PhiLevel::Moderate), []);
        assert_eq!(at("ref 12345678", PhiLevel::Strict), [PhiKind::LongNumber]);
    }
}
