//! A short list for each row, all of them in one array.

use std::borrow::Cow;

use zeroize::DefaultIsZeroes;

use super::Wiped;

/// A list per row. A list that grows moves to the end; what it leaves is wiped, and the array is packed when a quarter
/// of it is such holes.
#[derive(Clone, Default)]
pub(crate) struct Spans<T: DefaultIsZeroes> {
    pub(crate) starts: Wiped<u32>,
    pub(crate) lens: Wiped<u32>,
    pub(crate) items: Wiped<T>,
    holes: usize,
}

/// Holes below this many elements are left alone.
const HOLES_KEPT: usize = 1_024;

impl<T: DefaultIsZeroes> Spans<T> {
    pub(crate) fn bytes(&self) -> usize {
        self.starts.bytes() + self.lens.bytes() + self.items.bytes()
    }

    pub(crate) fn push_row(&mut self) {
        self.starts.push(0);
        self.lens.push(0);
    }

    pub(crate) fn get(&self, row: usize) -> &[T] {
        let start = self.starts[row] as usize;
        &self.items[start..start + self.lens[row] as usize]
    }

    pub(crate) fn set(&mut self, row: usize, list: &[T]) {
        let (start, old) = (self.starts[row] as usize, self.lens[row] as usize);
        if list.len() <= old {
            self.items[start..start + list.len()].copy_from_slice(list);
            self.items[start + list.len()..start + old].fill(T::default());
            self.holes += old - list.len();
        } else {
            self.items[start..start + old].fill(T::default());
            self.holes += old;
            self.starts[row] = self.items.len() as u32;
            self.items.extend_from_slice(list);
        }
        self.lens[row] = list.len() as u32;
        if self.holes > HOLES_KEPT && self.holes > self.items.len() / 4 {
            self.pack();
        }
    }

    fn pack(&mut self) {
        let mut packed = Wiped::with_capacity(self.items.len() - self.holes + self.holes / 4);
        for row in 0..self.starts.len() {
            let start = packed.len() as u32;
            packed.extend_from_slice(self.get(row));
            self.starts[row] = start;
        }
        self.items = packed;
        self.holes = 0;
    }

    /// The same lists without holes, in the order of their rows.
    pub(crate) fn packed(&self) -> Cow<'_, Self> {
        let mut next = 0;
        let in_order = self
            .starts
            .iter()
            .zip(self.lens.iter())
            .all(|(start, len)| {
                let is_next = *start == next || *len == 0;
                next += len;
                is_next
            });
        if in_order && next as usize == self.items.len() {
            return Cow::Borrowed(self);
        }
        let mut packed = self.clone();
        packed.pack();
        Cow::Owned(packed)
    }

    /// Finds where each list of packed ones begins, as after reading a snapshot; false if they are not those of so many
    /// rows.
    pub(crate) fn unpack(&mut self, rows: usize, slack: usize) -> bool {
        if self.lens.len() != rows || !self.starts.is_empty() {
            return false;
        }
        let mut next = 0_usize;
        self.starts.reserve(rows + slack);
        self.starts.extend(self.lens.iter().map(|len| {
            let start = next as u32;
            next = next.saturating_add(*len as usize);
            start
        }));
        next == self.items.len()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn behaves_as_a_list_of_lists(sets in proptest::collection::vec((0..12usize, 0..400usize), 0..120)) {
            let mut spans = Spans::<u32>::default();
            let mut plain = vec![Vec::new(); 12];
            (0..12).for_each(|_| spans.push_row());
            for (n, (row, len)) in sets.into_iter().enumerate() {
                let list: Vec<u32> = (0..len as u32).map(|i| i + 1 + n as u32).collect();
                spans.set(row, &list);
                plain[row] = list;
                for (row, list) in plain.iter().enumerate() {
                    prop_assert_eq!(spans.get(row), &list[..]);
                }
            }
            let used: usize = plain.iter().map(Vec::len).sum();
            prop_assert_eq!(spans.items.iter().filter(|item| **item != 0).count(), used, "holes are wiped");
            prop_assert!(spans.items.len() <= used + used / 3 + 4 * HOLES_KEPT);
            let packed = spans.packed().into_owned();
            let mut read = Spans { lens: packed.lens.clone(), items: packed.items.clone(), ..Spans::default() };
            prop_assert!(read.unpack(12, 3));
            for (row, list) in plain.iter().enumerate() {
                prop_assert_eq!(read.get(row), &list[..]);
            }
            let mut short = Spans { lens: packed.lens.clone(), items: packed.items, ..Spans::default() };
            short.items.push(7);
            prop_assert!(!short.unpack(12, 0));
        }
    }
}
