//! The order of names.

use std::cmp::Ordering;

use super::TenantView;
use crate::memory::Wiped;
use crate::text::Field;

/// The first eight bytes, as a number that compares as they do.
pub(crate) fn name_key(folded: &[u8]) -> u64 {
    let mut bytes = [0; 8];
    let len = folded.len().min(8);
    bytes[..len].copy_from_slice(&folded[..len]);
    u64::from_be_bytes(bytes)
}

impl TenantView {
    pub(crate) fn compare_name(&self, row: usize, key: u64, name: &[u8]) -> Ordering {
        let keys = self.columns.name_key[row].cmp(&key);
        keys.then_with(|| self.texts.field(row, Field::Name).cmp(name))
    }

    fn compare_names(&self, a: usize, b: usize) -> Ordering {
        let keys = self.columns.name_key[a].cmp(&self.columns.name_key[b]);
        keys.then_with(|| {
            let name = |row| self.texts.field(row, Field::Name);
            name(a).cmp(name(b))
        })
    }

    /// Puts the rows whose name changed, came or went into their places.
    pub(super) fn order_names(&mut self) {
        if self.renamed.is_empty() {
            return;
        }
        let mut moved: Vec<u32> = self.renamed.iter().map(|row| row as u32).collect();
        let present = &self.columns.present;
        moved.retain(|row| present[*row as usize] == 1);
        let full = |a: &u32, b: &u32| {
            let ids = || self.columns.id[*a as usize].cmp(&self.columns.id[*b as usize]);
            self.compare_names(*a as usize, *b as usize).then_with(ids)
        };
        moved.sort_unstable_by(full);
        let mut kept = self.names.to_vec();
        kept.retain(|row| !self.renamed.get(*row as usize));
        let mut order =
            Wiped::with_capacity(self.columns.id.len() + self.columns.id.len() / 32 + 64);
        let mut from = 0;
        for row in moved {
            let ahead =
                from + kept[from..].partition_point(|other| full(other, &row) == Ordering::Less);
            order.extend_from_slice(&kept[from..ahead]);
            order.push(row);
            from = ahead;
        }
        order.extend_from_slice(&kept[from..]);
        let mut ranks = Wiped::from_vec(vec![0; self.columns.id.len()]);
        let (mut rank, mut before) = (0, None::<u32>);
        for row in order.iter() {
            let equal = before.is_some_and(|before| {
                let unmoved =
                    !self.renamed.get(before as usize) && !self.renamed.get(*row as usize);
                let known = || {
                    self.columns.name_rank[before as usize] == self.columns.name_rank[*row as usize]
                };
                if unmoved {
                    known()
                } else {
                    self.compare_names(before as usize, *row as usize).is_eq()
                }
            });
            if !equal && before.is_some() {
                rank += 1;
            }
            ranks[*row as usize] = rank;
            before = Some(*row);
        }
        self.names = order;
        self.columns.name_rank = ranks;
        self.renamed = crate::memory::Bits::none(0);
    }

    /// The order that the ranks of a snapshot give; false if a rank is none.
    pub(crate) fn names_from_ranks(&mut self) -> bool {
        let columns = &self.columns;
        let rows = columns.id.len();
        let present = || self.present.iter().map(|row| (row, columns.name_rank[row]));
        // How many have a smaller rank: where each rank begins.
        let mut places = vec![0_u32; rows + 1];
        for (_, rank) in present() {
            match places.get_mut(rank as usize + 1) {
                Some(place) => *place += 1,
                None => return false,
            }
        }
        for rank in 0..rows {
            places[rank + 1] += places[rank];
        }
        let mut order = Wiped::from_vec(vec![0_u32; self.present.count()]);
        for (row, rank) in present() {
            let place = &mut places[rank as usize];
            order[*place as usize] = row as u32;
            *place += 1;
        }
        // Now each rank's place is where it ends. Equal names are in the order of their ids.
        let mut from = 0;
        for end in places {
            let equal = &mut order[from..from.max(end as usize)];
            equal.sort_unstable_by_key(|row| columns.id[*row as usize]);
            from = from.max(end as usize);
        }
        self.names = order;
        true
    }
}
