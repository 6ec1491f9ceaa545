//! Counts over the rows of a filter.

use chrono::TimeDelta;
use serde::Serialize;
use vio_domain::ids::GroupId;

use super::filters::Divided;
use super::reader::Reader;
use crate::memory::Bits;
use crate::model::columns::micros;

/// How the contacts that a filter holds for divide (S0 "Contact Statistics Bar"). What can be chosen by a filter is
/// counted without that filter, so that each count says what choosing it would find under all the others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Facets {
    pub total: usize,
    /// Without the filter by status.
    pub status: StatusCounts,
    /// Every group that the reader sees, in the order they became known; without the filters by group.
    pub groups: Vec<GroupCount>,
    /// In no group that the reader sees; without the filters by group.
    pub ungrouped: usize,
    /// Created in the last 24 hours.
    pub recent_24h: usize,
}

/// By the status of the current appointment, pending without one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct StatusCounts {
    pub pending: usize,
    pub confirmed: usize,
    pub cancelled: usize,
    pub rescheduled: usize,
}

/// Contacts in a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct GroupCount {
    pub id: GroupId,
    pub count: usize,
}

impl Reader<'_> {
    pub(super) fn facets(&self, divided: &Divided, total: usize) -> Facets {
        let view = self.view;
        let Divided {
            rows,
            of_any_status,
            of_any_group,
        } = divided;
        let [pending, confirmed, cancelled, rescheduled] =
            std::array::from_fn(|status| of_any_status.count_with(&view.by_status[status]));
        let in_all = of_any_group.count();
        let (groups, grouped) = self.group_counts(of_any_group, in_all);
        let since = micros(self.now - TimeDelta::hours(24));
        let created = &view.columns.created_at;
        Facets {
            total,
            status: StatusCounts {
                pending,
                confirmed,
                cancelled,
                rescheduled,
            },
            groups,
            ungrouped: in_all - grouped,
            recent_24h: rows.iter().filter(|row| created[*row] >= since).count(),
        }
    }

    /// Members of each visible group among the rows, and rows in at least one of them.
    fn group_counts(&self, rows: &Bits, total: usize) -> (Vec<GroupCount>, usize) {
        let slots = &self.view.groups.slots;
        let visible: Vec<bool> = (0..slots.len())
            .map(|number| self.shows_group(number))
            .collect();
        let mut counts = vec![0; slots.len()];
        let mut grouped = 0;
        let words = self.view.columns.id.len() / 64;
        if total * 4 < slots.len() * words {
            for row in rows.iter() {
                let mut any = false;
                for joined in self.view.joined.get(row) {
                    let number = joined.group as usize;
                    if joined.is_listed == 1 && visible[number] {
                        counts[number] += 1;
                        any = true;
                    }
                }
                grouped += usize::from(any);
            }
        } else {
            for (number, slot) in slots
                .iter()
                .enumerate()
                .filter(|(number, _)| visible[*number])
            {
                counts[number] = rows.count_with(&slot.members);
            }
            grouped = rows.count_with(&self.grouped());
        }
        let count = |(number, count): (usize, usize)| GroupCount {
            id: slots[number].id,
            count,
        };
        let counted = counts.into_iter().enumerate();
        let shown = counted.filter(|(number, _)| visible[*number]).map(count);
        (shown.collect(), grouped)
    }
}
