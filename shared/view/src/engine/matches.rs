//! Where a search hit, for highlighting.

use memchr::memmem;
use serde::Serialize;

use super::reader::Reader;
use super::scan::begins_word;
use crate::query::{Anchor, Needle, Search};
use crate::text::fold::fold_with_places;
use crate::text::{Field, FieldSet, display_position};

/// A hit: characters (Unicode scalar values) `start` to before `end` of a field as the card shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Match {
    pub field: Field,
    pub start: u32,
    pub end: u32,
}

impl Reader<'_> {
    /// All hits of a search in a row, those that touch made one.
    pub(super) fn matches(&self, row: usize, search: Option<&Search>) -> Vec<Match> {
        let Some(search) = search else {
            return Vec::new();
        };
        let originals = self.view.texts.originals(row, FieldSet::ALL);
        let mut found = Vec::new();
        for clause in search.clauses.iter().filter(|clause| !clause.exclude) {
            for alternative in &clause.any {
                let mut of_alternative = Vec::new();
                let all = alternative.iter().all(|needle| {
                    let before = of_alternative.len();
                    self.needle_matches(row, needle, &originals, &mut of_alternative);
                    of_alternative.len() > before
                });
                if all {
                    found.append(&mut of_alternative);
                }
            }
        }
        found.sort_unstable();
        found.dedup_by(|next, before| {
            let touches = next.field == before.field && next.start <= before.end;
            if touches {
                before.end = before.end.max(next.end);
            }
            touches
        });
        found
    }

    fn needle_matches(
        &self,
        row: usize,
        needle: &Needle,
        originals: &crate::text::Fields,
        found: &mut Vec<Match>,
    ) {
        let masked = self.masked.as_ref().is_some_and(|masked| masked.get(row));
        for field in needle.fields.iter() {
            if masked && field == Field::AppointmentType {
                continue;
            }
            let text = self.view.texts.field(row, field);
            if memmem::find(text, &needle.text).is_none() {
                continue;
            }
            let shown = originals[field as usize].as_str();
            let (_, places) = fold_with_places(shown);
            let mut from = 0;
            while let Some(ahead) = memmem::find(&text[from..], &needle.text) {
                let at = from + ahead;
                let end = at + needle.text.len();
                from = at + 1;
                let anchored = match needle.anchor {
                    Anchor::Anywhere => true,
                    Anchor::Word => begins_word(text, at),
                    Anchor::Whole => at == 0 && end == text.len(),
                };
                if !anchored {
                    continue;
                }
                let (start, end) = if field == Field::Phone {
                    let place = |at| display_position(shown, at) as u32;
                    (place(at), place(end))
                } else {
                    characters(shown, &places, at, end)
                };
                found.push(Match { field, start, end });
            }
        }
    }
}

/// The characters that folded bytes `at` to before `end` came from, marks that folding dropped after them included.
fn characters(shown: &str, places: &[u32], at: usize, end: usize) -> (u32, u32) {
    let start = places.get(at).copied().unwrap_or_default();
    let last = places.get(end - 1).copied().unwrap_or(start);
    let next = places.get(end).copied();
    let next = next.unwrap_or_else(|| shown.chars().count() as u32);
    (start, next.max(last + 1))
}
