//! Finding texts: one pass over memory, or over few contacts where few are left.

use std::collections::HashMap;

use memchr::memmem::Finder;
use vio_domain::ids::ContactId;

use super::reader::Reader;
use crate::memory::Bits;
use crate::query::{Anchor, Clause, Needle};
use crate::text::{Block, Field, FieldSet, SEPARATOR, Weight, buckets};

/// What looking at one contact costs, in bytes that a pass over memory covers meanwhile: an estimate (a cache miss or
/// two and a few hundred bytes).
const ROW_COST: usize = 3_000;

/// A needle made ready.
struct Hunt<'a> {
    needle: &'a Needle,
    finder: Finder<'a>,
    masked: Option<&'a Bits>,
    /// Whether the field of a hit has to be known.
    wants_field: bool,
}

impl<'a> Hunt<'a> {
    fn new(needle: &'a Needle, masked: Option<&'a Bits>, wants_weight: bool) -> Self {
        Self {
            needle,
            finder: Finder::new(&needle.text),
            masked,
            wants_field: wants_weight || masked.is_some() || needle.fields != FieldSet::ALL,
        }
    }

    /// The weight of the first hit in a contact's text that counts, looking from `from` on.
    fn first(&self, row: usize, text: &[u8], from: usize) -> Option<Weight> {
        let mut from = from;
        while let Some(ahead) = self.finder.find(text.get(from..)?) {
            let at = from + ahead;
            if let Some(weight) = self.judge(row, text, at) {
                return Some(weight);
            }
            from = at + 1;
        }
        None
    }

    /// Whether a hit counts, and for how much.
    fn judge(&self, row: usize, text: &[u8], at: usize) -> Option<Weight> {
        let end = at + self.needle.text.len();
        let anchored = match self.needle.anchor {
            Anchor::Anywhere => true,
            Anchor::Word => begins_word(text, at),
            Anchor::Whole => {
                (at == 0 || text[at - 1] == SEPARATOR) && text.get(end) == Some(&SEPARATOR)
            }
        };
        if !anchored {
            return None;
        }
        if !self.wants_field {
            return Some(0);
        }
        let field = memchr::memchr_iter(SEPARATOR, &text[..at]).count();
        let hidden = field == Field::AppointmentType as usize
            && self.masked.is_some_and(|masked| masked.get(row));
        if hidden || !self.needle.fields.contains(field) {
            return None;
        }
        Field::ALL.get(field).map(|field| field.weight())
    }
}

/// Whether no letter or digit stands before this place.
pub(super) fn begins_word(text: &[u8], at: usize) -> bool {
    let before = &text[..at];
    let start = before
        .iter()
        .rposition(|b| b & 0xC0 != 0x80)
        .unwrap_or_default();
    let last = std::str::from_utf8(&before[start..]).ok();
    !last
        .and_then(|text| text.chars().next())
        .is_some_and(char::is_alphanumeric)
}

impl Reader<'_> {
    /// Keeps the rows that all clauses hold for, and adds up what their hits are worth.
    pub(super) fn search(
        &self,
        rows: &mut Bits,
        clauses: &[Clause],
        mut scores: Option<&mut Vec<u16>>,
    ) {
        let mut order: Vec<&Clause> = clauses.iter().collect();
        // What leaves the fewest rows goes first: long needles before short ones, exclusions last.
        let longest = |clause: &Clause| clause.any.iter().flatten().map(|n| n.text.len()).min();
        order.sort_by_key(|clause| (clause.exclude, std::cmp::Reverse(longest(clause))));
        for clause in order {
            let wants = scores.is_some() && !clause.exclude;
            let mut weights = wants.then(|| vec![0; self.view.columns.id.len()]);
            let hits = self.clause(rows, clause, weights.as_deref_mut());
            if clause.exclude {
                rows.and_not(&hits);
                continue;
            }
            if let (Some(scores), Some(weights)) = (scores.as_deref_mut(), &weights) {
                for row in hits.iter() {
                    scores[row] += u16::from(weights[row]);
                }
            }
            *rows = hits;
        }
    }

    /// The rows, of those given, that one of the alternatives holds for; the best of them counts.
    fn clause(&self, rows: &Bits, clause: &Clause, weights: Option<&mut [Weight]>) -> Bits {
        if let [alternative] = &clause.any[..]
            && let [needle] = &alternative[..]
        {
            return self.needle(rows, needle, weights);
        }
        let len = self.view.columns.id.len();
        let mut hits = Bits::none(len);
        let mut best = weights;
        for alternative in &clause.any {
            let mut left = rows.clone();
            let mut worst = best.as_ref().map(|_| vec![Weight::MAX; len]);
            for needle in alternative {
                let mut of_needle = best.as_ref().map(|_| vec![0; len]);
                left = self.needle(&left, needle, of_needle.as_deref_mut());
                if let (Some(worst), Some(weights)) = (&mut worst, &of_needle) {
                    left.iter()
                        .for_each(|row| worst[row] = worst[row].min(weights[row]));
                }
            }
            if let (Some(best), Some(worst)) = (best.as_deref_mut(), &worst) {
                left.iter()
                    .for_each(|row| best[row] = best[row].max(worst[row]));
            }
            hits.or(&left);
        }
        hits
    }

    /// The rows, of those given, that have a needle.
    fn needle(&self, rows: &Bits, needle: &Needle, mut weights: Option<&mut [Weight]>) -> Bits {
        let hunt = Hunt::new(needle, self.masked.as_ref(), weights.is_some());
        let mut hits = Bits::none(self.view.columns.id.len());
        let mut hit = |row: usize, weight: Weight| {
            hits.set(row, true);
            if let Some(weights) = weights.as_deref_mut() {
                weights[row] = weight;
            }
        };
        let texts = &self.view.texts;
        let left = rows.count();
        let spans = texts.spans(&buckets(&needle.text));
        let bytes: usize = spans.iter().map(|span| span.bytes).sum();
        if left * ROW_COST < bytes {
            for row in rows.iter() {
                if let Some(weight) = hunt.first(row, texts.folded(row), 0) {
                    hit(row, weight);
                }
            }
            return hits;
        }
        for span in spans {
            scan(
                &texts.blocks[span.block],
                span.first,
                span.end,
                &hunt,
                |row, weight| {
                    if rows.get(row) {
                        hit(row, weight);
                    }
                },
            );
        }
        hits
    }
}

impl Reader<'_> {
    /// The others within reach that have the number of one of these contacts, in the order of their ids: one pass for
    /// a whole page.
    pub(super) fn others_at_numbers(&self, rows: &[u32]) -> HashMap<u32, Vec<ContactId>> {
        let numbers = self.view.texts.numbers();
        let mut at: HashMap<u64, Vec<u32>> = HashMap::new();
        let mut sieve = [0_u64; SIEVE];
        for row in rows {
            let number = numbers[*row as usize];
            if number != 0 {
                at.entry(number).or_default().push(*row);
                let bit = sieve_bit(number);
                sieve[bit / 64] |= 1 << (bit % 64);
            }
        }
        let mut others: HashMap<u32, Vec<ContactId>> = HashMap::new();
        for (other, number) in numbers.iter().enumerate() {
            let bit = sieve_bit(*number);
            if sieve[bit / 64] >> (bit % 64) & 1 == 0 || !self.seen.get(other) {
                continue;
            }
            for row in at.get(number).into_iter().flatten() {
                if *row as usize != other {
                    let id = ContactId::new(uuid::Uuid::from_u128(self.view.columns.id[other]));
                    others.entry(*row).or_default().push(id);
                }
            }
        }
        others.values_mut().for_each(|ids| ids.sort_unstable());
        others
    }
}

/// Words of the sieve that most numbers do not pass.
const SIEVE: usize = 64;

/// A number's bit in the sieve: of the product with an odd number the upper bits are well mixed.
const fn sieve_bit(number: u64) -> usize {
    (number.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 52) as usize
}

/// Looks through the entries of a block from `first` to before `end` in one pass.
fn scan(
    block: &Block,
    first: usize,
    end: usize,
    hunt: &Hunt<'_>,
    mut hit: impl FnMut(usize, Weight),
) {
    let start = |entry: usize| {
        block
            .starts
            .get(entry)
            .map_or(block.text.len(), |at| *at as usize)
    };
    let last = start(end);
    let mut entry = first;
    let mut from = start(first);
    while let Some(ahead) = hunt.finder.find(&block.text[from..last]) {
        let at = from + ahead;
        entry = block.entry_at(entry, at);
        let begin = start(entry);
        let row = block.rows[entry] as usize;
        let (text, place) = (block.entry(entry), at - begin);
        let judged = hunt.judge(row, text, place);
        if let Some(weight) = judged.or_else(|| hunt.first(row, text, place + 1)) {
            hit(row, weight);
        }
        from = start(entry + 1);
        entry += 1;
        if entry >= end {
            break;
        }
    }
}
