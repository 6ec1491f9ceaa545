//! A short list for each row, all of them in one array.

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

    /// Whether every list lies within the array, as after reading a snapshot. Counts the holes.
    pub(crate) fn check(&mut self, rows: usize) -> bool {
        let lists = self.starts.iter().zip(self.lens.iter());
        let used: usize = self.lens.iter().map(|len| *len as usize).sum();
        let sound = self.starts.len() == rows
            && self.lens.len() == rows
            && used <= self.items.len()
            && lists.fold(true, |sound, (start, len)| {
                sound & (*start as usize + *len as usize <= self.items.len())
            });
        self.holes = self.items.len().saturating_sub(used);
        sound
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
            prop_assert!(spans.check(12));
        }
    }
}
