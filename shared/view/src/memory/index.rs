//! Finding the row of an id.

/// The row of each id. Holds row numbers alone, four bytes each: the ids lie in a column already, and reading a snapshot
/// of 100,000 rows fills one megabyte, where a hash table of ids fills four.
#[derive(Clone, Default)]
pub(crate) struct RowIndex {
    /// A power of two of places, at most half of them taken; an id is at the first free one from its own on.
    places: Vec<u32>,
}

/// A place without a row.
const FREE: u32 = u32::MAX;
const FEWEST_PLACES: usize = 64;

impl RowIndex {
    /// Of a whole column of ids; none if two rows have the same.
    pub(crate) fn of(ids: &[u128], slack: usize) -> Option<Self> {
        let mut index = Self::with_room(ids.len() + slack);
        let rows = 0..ids.len();
        rows.into_iter()
            .all(|row| index.put(ids, row))
            .then_some(index)
    }

    fn with_room(rows: usize) -> Self {
        let places = (rows * 2).next_power_of_two().max(FEWEST_PLACES);
        Self {
            places: vec![FREE; places],
        }
    }

    pub(crate) fn bytes(&self) -> usize {
        self.places.capacity() * size_of::<u32>()
    }

    pub(crate) fn find(&self, ids: &[u128], id: u128) -> Option<usize> {
        let place = *self.places.get(self.place(ids, id))?;
        (place != FREE).then_some(place as usize)
    }

    /// Takes in the last row of the column, whose id no other row has.
    pub(crate) fn push(&mut self, ids: &[u128]) {
        if ids.len() * 2 > self.places.len() {
            *self = Self::with_room(ids.len());
            for row in 0..ids.len() {
                self.put(ids, row);
            }
        } else if let Some(last) = ids.len().checked_sub(1) {
            self.put(ids, last);
        }
    }

    /// False if another row has the id.
    fn put(&mut self, ids: &[u128], row: usize) -> bool {
        let at = self.place(ids, ids[row]);
        let is_new = self.places[at] == FREE;
        if is_new {
            self.places[at] = row as u32;
        }
        is_new
    }

    /// Where an id is, or where it would be. Ids are random in their low half already; of the product with an odd
    /// number the upper bits are well mixed.
    fn place(&self, ids: &[u128], id: u128) -> usize {
        let Some(mask) = self.places.len().checked_sub(1) else {
            return 0;
        };
        let mixed = (id as u64 ^ (id >> 64) as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let mut at = (mixed >> 32) as usize & mask;
        loop {
            let row = self.places[at];
            if row == FREE || ids[row as usize] == id {
                return at;
            }
            at = (at + 1) & mask;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn behaves_as_a_map(numbers in proptest::collection::btree_set(0..100_000u128, 0..400), shift in 0..96u32, foreign in 0..100_000u128) {
            let ids: Vec<u128> = numbers.iter().map(|number| number << shift).collect();
            let mut index = RowIndex::default();
            prop_assert_eq!(index.find(&[], foreign), None);
            for rows in 1..=ids.len() {
                index.push(&ids[..rows]);
            }
            let whole = RowIndex::of(&ids, 10);
            prop_assert!(whole.is_some());
            for index in [Some(index), whole].into_iter().flatten() {
                for (row, id) in ids.iter().enumerate() {
                    prop_assert_eq!(index.find(&ids, *id), Some(row));
                }
                let other = foreign << shift;
                prop_assert_eq!(index.find(&ids, other).is_some(), ids.contains(&other));
            }
            if let Some(first) = ids.first() {
                let twice = [&ids[..], &[*first]].concat();
                prop_assert!(RowIndex::of(&twice, 0).is_none());
            }
        }
    }
}
