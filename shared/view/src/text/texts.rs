//! The searched texts of all rows.

use super::block::{Block, NO_ROW, SEPARATOR};
use super::fold::fold_into;
use super::phone::{TWO_FORMS, as_number, searched};
use super::{BLOCK_BYTES, Field, FieldSet};
use crate::memory::{Spans, Wipe, Wiped, Wiping};

/// The eight fields of a contact as they are shown.
pub(crate) type Fields = [Wiping<String>; 8];
/// The same, of somebody who holds them.
pub(crate) type Shown<'a> = [&'a str; 8];

/// The block of a row without text.
const NO_BLOCK: u32 = u32::MAX;

/// Entries of a block that lie together.
pub(crate) struct Span {
    pub(crate) block: usize,
    pub(crate) first: usize,
    /// The first entry that is not in it.
    pub(crate) end: usize,
    pub(crate) bytes: usize,
}

/// The fields of a text, each of which a separator ends.
pub(crate) fn fields_of(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut from = 0;
    memchr::memchr_iter(SEPARATOR, text).map(move |end| {
        let field = &text[from..end];
        from = end + 1;
        field
    })
}

/// Blocks of folded text. A field whose shown text is not the folded one with some letters in upper case is `odd` and
/// kept as it is in `originals` besides.
#[derive(Clone, Default)]
pub(crate) struct Texts {
    pub(crate) blocks: Vec<Block>,
    /// Where each row's text is; made from the blocks when a snapshot is read.
    place: Wiped<u32>,
    entry: Wiped<u32>,
    /// Each row's number as one, 0 without: who shares one is found in a pass over it.
    pub(crate) numbers: Wiped<u64>,
    pub(crate) odd: Wiped<u8>,
    pub(crate) originals: Spans<u8>,
    folded: Wiping<Vec<u8>>,
    upper: Wiping<Vec<u8>>,
}

impl Texts {
    pub(crate) fn bytes(&self) -> usize {
        self.blocks.iter().map(Block::bytes).sum::<usize>()
            + self.place.bytes()
            + self.entry.bytes()
            + self.numbers.bytes()
            + self.odd.bytes()
            + self.originals.bytes()
    }

    /// Bytes of folded text, gone ones included.
    pub(crate) fn text_bytes(&self) -> usize {
        self.blocks.iter().map(|block| block.text.len()).sum()
    }

    pub(crate) fn push_row(&mut self) {
        self.place.push(NO_BLOCK);
        self.entry.push(0);
        self.numbers.push(0);
        self.odd.push(0);
        self.originals.push_row();
    }

    /// The folded fields of a row, each ended by a separator; empty for a row without text.
    pub(crate) fn folded(&self, row: usize) -> &[u8] {
        match self.place[row] {
            NO_BLOCK => &[],
            block => self.blocks[block as usize].entry(self.entry[row] as usize),
        }
    }

    /// One folded field.
    pub(crate) fn field(&self, row: usize, field: Field) -> &[u8] {
        let mut fields = fields_of(self.folded(row));
        fields.nth(field as usize).unwrap_or_default()
    }

    /// Each row's number, 0 without.
    pub(crate) fn numbers(&self) -> &[u64] {
        &self.numbers
    }

    /// Some fields as they are shown; the others are empty.
    pub(crate) fn originals(&self, row: usize, wanted: FieldSet) -> Fields {
        let mut fields = Fields::default();
        if self.place[row] == NO_BLOCK {
            return fields;
        }
        let block = &self.blocks[self.place[row] as usize];
        let entry = self.entry[row] as usize;
        let mut kept = fields_of(self.originals.get(row));
        let mut at = block.starts[entry] as usize;
        let folded = fields_of(block.entry(entry));
        for ((index, text), field) in folded.enumerate().zip(&mut fields) {
            let kept = (self.odd[row] >> index & 1 == 1).then(|| kept.next().unwrap_or_default());
            let bytes = if !wanted.contains(index) {
                Vec::new()
            } else if let Some(kept) = kept {
                kept.to_vec()
            } else if index == Field::Phone as usize {
                let number = text.split(|b| *b == TWO_FORMS).next();
                number.unwrap_or_default().to_vec()
            } else {
                block.shown(at, text.len())
            };
            at += text.len() + 1;
            *field = Wiping::new(String::from_utf8(bytes).unwrap_or_default());
        }
        fields
    }

    /// The parts of all blocks that may hold a text with these buckets, neighbours together.
    pub(crate) fn spans(&self, buckets: &[usize]) -> Vec<Span> {
        let mut spans = Vec::new();
        for (number, block) in self.blocks.iter().enumerate() {
            let mut parts = match &block.trigrams {
                Some(trigrams) => trigrams.parts(buckets),
                None => u64::MAX,
            };
            while parts != 0 {
                let from = parts.trailing_zeros();
                let run = (parts >> from).trailing_ones();
                let to = from + run;
                parts &= u64::MAX.checked_shl(to).unwrap_or_default();
                let (first, end) = (
                    block.first_entry(from as usize),
                    block.first_entry(to as usize),
                );
                if first < end {
                    let start = |entry: usize| {
                        block
                            .starts
                            .get(entry)
                            .map_or(block.text.len(), |at| *at as usize)
                    };
                    spans.push(Span {
                        block: number,
                        first,
                        end,
                        bytes: start(end) - start(first),
                    });
                }
            }
        }
        spans
    }

    /// Puts a row's fields in place of those it had.
    pub(crate) fn set(&mut self, row: usize, fields: &Shown<'_>) {
        self.folded.wipe();
        self.folded.clear();
        self.upper.wipe();
        self.upper.clear();
        // Empty now, so that growing leaves nothing behind; few texts fold to more than three times their length.
        let likely = fields.iter().map(|text| text.len()).sum::<usize>() * 3 + 64;
        self.folded.reserve(likely);
        self.upper.reserve(likely);
        let mut originals = Wiping::new(Vec::new());
        let mut odd = 0;
        for (index, text) in fields.iter().enumerate() {
            let from = self.folded.len();
            if index == Field::Phone as usize {
                if !text.is_empty() {
                    searched(text, &mut self.folded);
                }
            } else {
                fold_into(text, &mut self.folded);
                let folded = &self.folded[from..];
                if text.as_bytes().eq_ignore_ascii_case(folded) {
                    self.upper.resize(from, 0);
                    let bytes = text.bytes();
                    self.upper
                        .extend(bytes.map(|b| u8::from(b.is_ascii_uppercase())));
                } else {
                    odd |= 1 << index;
                    originals.extend_from_slice(text.as_bytes());
                    originals.push(SEPARATOR);
                }
            }
            self.folded.push(SEPARATOR);
        }
        let len = self.folded.len();
        self.upper.resize(len, 0);
        self.odd[row] = odd;
        self.originals.set(row, &originals);
        self.numbers[row] = as_number(fields[Field::Phone as usize].as_bytes());
        self.place_text(row);
    }

    fn place_text(&mut self, row: usize) {
        let (text, upper) = (&self.folded[..], &self.upper[..]);
        if self.place[row] != NO_BLOCK {
            let block = &mut self.blocks[self.place[row] as usize];
            let entry = self.entry[row] as usize;
            if block.replace(entry, text, upper) {
                return;
            }
            // A build gives a contact and then its appointment: the contact is still the last.
            if entry + 1 == block.starts.len() {
                block.pop();
            } else {
                block.remove(entry);
            }
        }
        if !self.blocks.last().is_some_and(|b| b.has_room(text.len())) {
            self.blocks.push(Block::default());
        }
        let at = self.blocks.len() - 1;
        self.entry[row] = self.blocks[at].push(row as u32, text, upper);
        self.place[row] = at as u32;
    }

    /// Takes a row's text away.
    pub(crate) fn clear(&mut self, row: usize) {
        if self.place[row] != NO_BLOCK {
            self.blocks[self.place[row] as usize].remove(self.entry[row] as usize);
            self.place[row] = NO_BLOCK;
        }
        self.odd[row] = 0;
        self.numbers[row] = 0;
        self.originals.set(row, &[]);
    }

    /// Writes one block anew that is half empty, if there is one: a bounded piece of work to be done now and then. Says
    /// whether there was.
    pub(crate) fn pack(&mut self) -> bool {
        let last = self.blocks.len().saturating_sub(1);
        let half_empty =
            |block: &Block| block.text.len() > BLOCK_BYTES / 2 && block.live < block.text.len() / 2;
        let Some(at) = self.blocks[..last].iter().position(half_empty) else {
            return false;
        };
        let old = std::mem::take(&mut self.blocks[at]);
        let mut new = Block::default();
        for entry in 0..old.starts.len() {
            let row = old.rows[entry];
            if row == NO_ROW {
                continue;
            }
            let (start, len) = (old.starts[entry] as usize, old.lens[entry] as usize);
            let bit = |at: usize| old.upper[at / 8] >> (at % 8) & 1;
            let upper: Wiping<Vec<u8>> = Wiping::new((start..start + len).map(bit).collect());
            self.entry[row as usize] = new.push(row, old.entry(entry), &upper);
        }
        if old.trigrams.is_some() {
            new.note_trigrams();
        }
        self.blocks[at] = new;
        true
    }

    /// Notes the trigrams of one block that has none yet. Says whether there was one: searches are right without, and
    /// faster with.
    pub(crate) fn note_trigrams(&mut self) -> bool {
        let next = self.blocks.iter_mut().find(|b| b.trigrams.is_none());
        next.map(Block::note_trigrams).is_some()
    }

    /// Takes a block of a snapshot of so many rows, and finds the places of those that it has; false if it does not
    /// fit them. At once, while the block is in the processor's cache.
    pub(crate) fn take(&mut self, mut block: Block, rows: usize) -> bool {
        self.expect(rows);
        if !block.check(rows) {
            return false;
        }
        let at = self.blocks.len() as u32;
        for (entry, row) in (0_u32..).zip(block.rows.iter()) {
            if *row == NO_ROW {
                continue;
            }
            let row = *row as usize;
            if self.place[row] != NO_BLOCK {
                return false;
            }
            self.place[row] = at;
            self.entry[row] = entry;
        }
        self.blocks.push(block);
        true
    }

    fn expect(&mut self, rows: usize) {
        if self.place.len() != rows {
            self.place.resize(rows, NO_BLOCK);
            self.entry.resize(rows, 0);
        }
    }

    /// Whether the parts fit together, once all of a snapshot is read.
    pub(crate) fn check(&mut self, rows: usize, slack: usize) -> bool {
        if self.blocks.is_empty() {
            self.expect(rows);
        }
        let columns = [self.place.len(), self.odd.len(), self.numbers.len()];
        columns == [rows; 3] && self.originals.unpack(rows, slack)
    }

    /// Whether any memory of searched text holds these bytes: for tests that what is gone is gone.
    #[cfg(test)]
    pub(crate) fn holds(&self, bytes: &[u8]) -> bool {
        let found = |memory: &[u8]| memchr::memmem::find(memory, bytes).is_some();
        self.blocks.iter().any(|block| found(&block.text)) || found(&self.originals.items)
    }
}
