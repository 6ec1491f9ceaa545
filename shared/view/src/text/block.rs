//! A few thousand contacts' texts, one after another.

use super::trigrams::{PARTS, Trigrams};
use crate::memory::Wiped;

/// Bytes of text in a block; a snapshot's chunk holds one. Only a contact larger than this makes a larger block.
pub(crate) const BLOCK_BYTES: usize = 2 * 1024 * 1024;
/// Ends each field of a contact.
pub(crate) const SEPARATOR: u8 = 0;
/// Overwrites what is gone: no text contains it.
const GONE: u8 = 0xFF;
/// The row of an entry that is gone.
pub(crate) const NO_ROW: u32 = u32::MAX;

/// Entries in the order of their starts; an entry is all fields of one contact. `upper` has a bit for each byte of
/// `text` that is upper case where the text is shown.
#[derive(Clone, Default)]
pub(crate) struct Block {
    pub(crate) text: Wiped<u8>,
    pub(crate) upper: Wiped<u8>,
    pub(crate) starts: Wiped<u32>,
    pub(crate) lens: Wiped<u32>,
    pub(crate) rows: Wiped<u32>,
    /// Bytes of `text` that are in use.
    pub(crate) live: usize,
    pub(crate) trigrams: Option<Trigrams>,
}

impl Block {
    pub(crate) fn bytes(&self) -> usize {
        self.text.bytes()
            + self.upper.bytes()
            + self.starts.bytes()
            + self.lens.bytes()
            + self.rows.bytes()
            + self.trigrams.as_ref().map_or(0, Trigrams::bytes)
    }

    pub(crate) fn has_room(&self, bytes: usize) -> bool {
        self.text.is_empty() || self.text.len() + bytes <= BLOCK_BYTES
    }

    pub(crate) fn entry(&self, entry: usize) -> &[u8] {
        let start = self.starts[entry] as usize;
        &self.text[start..start + self.lens[entry] as usize]
    }

    /// The part that an entry's trigrams are noted under: by its start.
    fn part_of(start: usize) -> usize {
        (start / (BLOCK_BYTES / PARTS)).min(PARTS - 1)
    }

    /// The first entry of a part, or of the first later part that has one.
    pub(crate) fn first_entry(&self, part: usize) -> usize {
        if part >= PARTS {
            return self.starts.len();
        }
        let from = (part * (BLOCK_BYTES / PARTS)) as u32;
        self.starts.partition_point(|start| *start < from)
    }

    /// The entry, at or after `from`, that a place in the text lies in.
    pub(crate) fn entry_at(&self, from: usize, place: usize) -> usize {
        let place = place as u32;
        // Most hits are near the one before: steps that double, then halves.
        let (mut low, mut step) = (from, 1);
        while self
            .starts
            .get(low + step)
            .is_some_and(|start| *start <= place)
        {
            low += step;
            step *= 2;
        }
        let high = (low + step).min(self.starts.len());
        low + self.starts[low..high].partition_point(|start| *start <= place) - 1
    }

    /// Adds an entry at the end; `upper` holds a byte for each byte of text: 1 where it is upper case.
    pub(crate) fn push(&mut self, row: u32, text: &[u8], upper: &[u8]) -> u32 {
        let start = self.text.len();
        self.text.extend_from_slice(text);
        self.upper.resize(self.text.len().div_ceil(8), 0);
        self.starts.push(start as u32);
        self.lens.push(text.len() as u32);
        self.rows.push(row);
        self.write_upper(start, upper);
        self.live += text.len();
        if let Some(trigrams) = &mut self.trigrams {
            trigrams.add(Self::part_of(start), text);
        }
        (self.starts.len() - 1) as u32
    }

    /// Puts another text into an entry, if it fits where the old one is.
    pub(crate) fn replace(&mut self, entry: usize, text: &[u8], upper: &[u8]) -> bool {
        let (start, old) = (self.starts[entry] as usize, self.lens[entry] as usize);
        let room = self.room(entry);
        if text.len() > room {
            return false;
        }
        self.text[start..start + text.len()].copy_from_slice(text);
        self.text[start + text.len()..start + room].fill(GONE);
        self.write_upper(start, upper);
        self.lens[entry] = text.len() as u32;
        self.live = self.live - old + text.len();
        if let Some(trigrams) = &mut self.trigrams {
            trigrams.add(Self::part_of(start), text);
        }
        true
    }

    pub(crate) fn remove(&mut self, entry: usize) {
        let (start, len) = (self.starts[entry] as usize, self.lens[entry] as usize);
        self.text[start..start + len].fill(GONE);
        self.write_upper(start, &vec![0; len]);
        self.lens[entry] = 0;
        self.rows[entry] = NO_ROW;
        self.live -= len;
    }

    /// Takes the last entry off the end, so that its room is used again.
    pub(crate) fn pop(&mut self) {
        let Some(start) = self.starts.last().map(|start| *start as usize) else {
            return;
        };
        let entries = self.starts.len() - 1;
        self.live -= self.lens[entries] as usize;
        let len = self.text.len() - start;
        self.write_upper(start, &vec![0; len]);
        self.text.resize(start, GONE);
        self.upper.resize(start.div_ceil(8), 0);
        for column in [&mut self.starts, &mut self.lens, &mut self.rows] {
            column.resize(entries, 0);
        }
    }

    fn room(&self, entry: usize) -> usize {
        let next = self.starts.get(entry + 1).map(|start| *start as usize);
        next.unwrap_or(self.text.len()) - self.starts[entry] as usize
    }

    fn write_upper(&mut self, start: usize, upper: &[u8]) {
        // Eight at a time: bytes of 0 or 1 become the bits of one byte, which lies in at most two of the text's.
        let (eights, rest) = upper.as_chunks::<8>();
        for (index, eight) in eights.iter().enumerate() {
            let bits = u64::from_le_bytes(*eight).wrapping_mul(0x0102_0408_1020_4080) >> 56;
            let at = start + index * 8;
            let (byte, shift) = (at / 8, at % 8);
            let (bits, mask) = ((bits as u16) << shift, 0xFF_u16 << shift);
            let [low, high] = bits.to_le_bytes();
            let [low_mask, high_mask] = mask.to_le_bytes();
            self.upper[byte] = self.upper[byte] & !low_mask | low;
            if shift > 0 {
                self.upper[byte + 1] = self.upper[byte + 1] & !high_mask | high;
            }
        }
        for (at, is_upper) in (start + eights.len() * 8..).zip(rest) {
            let mask = 1 << (at % 8);
            if *is_upper == 1 {
                self.upper[at / 8] |= mask;
            } else {
                self.upper[at / 8] &= !mask;
            }
        }
    }

    /// The bytes from `start` as they are shown, for ASCII text that differs in case alone.
    pub(crate) fn shown(&self, start: usize, len: usize) -> Vec<u8> {
        let mut shown = self.text[start..start + len].to_vec();
        for byte in start / 8..(start + len).div_ceil(8) {
            let mut bits = self.upper[byte];
            while bits != 0 {
                let at = byte * 8 + bits.trailing_zeros() as usize;
                bits &= bits - 1;
                let letter = at.checked_sub(start).and_then(|at| shown.get_mut(at));
                letter.into_iter().for_each(|b| b.make_ascii_uppercase());
            }
        }
        shown
    }

    /// Notes the trigrams of all texts, unless done.
    pub(crate) fn note_trigrams(&mut self) {
        if self.trigrams.is_some() {
            return;
        }
        let mut trigrams = Trigrams::new();
        for entry in 0..self.starts.len() {
            trigrams.add(
                Self::part_of(self.starts[entry] as usize),
                self.entry(entry),
            );
        }
        self.trigrams = Some(trigrams);
    }

    /// Whether entries lie in order within the text, as after reading a snapshot; counts what is in use.
    pub(crate) fn check(&mut self, rows: usize) -> bool {
        let entries = self.starts.len();
        if self.lens.len() != entries
            || self.rows.len() != entries
            || self.upper.len() != self.text.len().div_ceil(8)
        {
            return false;
        }
        let mut live = 0;
        for entry in 0..entries {
            let (start, len) = (self.starts[entry] as usize, self.lens[entry] as usize);
            let next = self.starts.get(entry + 1);
            let end = next.map_or(self.text.len(), |start| *start as usize);
            let row = self.rows[entry];
            let separators = if row == NO_ROW {
                len == 0
            } else {
                (row as usize) < rows && self.has_fields(start, len)
            };
            if end > self.text.len() || start > end || len > end - start || !separators {
                return false;
            }
            live += len;
        }
        self.live = live;
        true
    }

    /// A cheap look: the text lies within and ends a field.
    fn has_fields(&self, start: usize, len: usize) -> bool {
        let text = self.text.get(start..start + len);
        text.is_some_and(|text| text.last() == Some(&SEPARATOR))
    }
}
