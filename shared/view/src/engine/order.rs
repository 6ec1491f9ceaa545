//! Putting rows in order, and cutting pages out of it.

use std::cmp::Ordering;

use vio_domain::ids::ContactId;

use super::reader::Reader;
use crate::memory::Bits;
use crate::model::columns::NEVER;
use crate::model::name_key;
use crate::query::{BadCursor, Cursor, CursorKey, Query, Sort, SortBy};
use crate::text::Field;

/// A row before any tie is broken: its first key, itself.
type Keyed = (u64, u32);

/// The order of a query. Keys are numbers that compare as rows do, direction included; a row without a value has the
/// highest.
pub(super) struct Order<'a> {
    reader: &'a Reader<'a>,
    sort: &'a [Sort],
    scores: Option<&'a [u16]>,
    /// The one group that is filtered by.
    group: Option<u32>,
}

const NO_VALUE: u64 = u64::MAX;

fn from_instant(micros: i64) -> Option<u64> {
    (micros != NEVER).then_some(micros as u64 ^ 1 << 63)
}

impl<'a> Reader<'a> {
    pub(super) fn order(&'a self, query: &'a Query, scores: Option<&'a [u16]>) -> Order<'a> {
        let groups = query.filter.groups.as_ref();
        let group = groups.and_then(|groups| groups.groups.first());
        Order {
            reader: self,
            sort: &query.sort,
            scores,
            group: group.and_then(|id| self.view.groups.find(*id)),
        }
    }
}

impl Order<'_> {
    fn key(&self, sort: Sort, row: usize) -> u64 {
        let columns = &self.reader.view.columns;
        let value = match sort.by {
            SortBy::Relevance => {
                let score = self.scores.map_or(0, |scores| scores[row]);
                Some(u64::from(u16::MAX - score))
            }
            SortBy::Name => Some(u64::from(columns.name_rank[row]) * 2 + 1),
            SortBy::Status => Some(u64::from(columns.status[row])),
            SortBy::CallAttempts => Some(u64::from(columns.call_attempts[row])),
            SortBy::AppointmentTime => from_instant(columns.appointment_time[row]),
            SortBy::CreatedAt => from_instant(columns.created_at[row]),
            SortBy::LastContact => from_instant(columns.last_contact[row]),
            SortBy::AddedToGroup => {
                let joined = self.reader.view.joined.get(row).iter();
                let mut of_group = joined.filter(|one| Some(one.group) == self.group);
                of_group.next().and_then(|one| from_instant(one.at))
            }
        };
        directed(value, sort)
    }

    /// The first key; the first two in one where many rows share the first and the second is the name.
    fn first_key(&self, row: usize) -> u64 {
        /// Bits of a name's place.
        const NAME: u32 = 33;
        let shorten = |key: u64, bits: u32| key & ((1 << bits) - 1);
        match self.sort {
            [
                first @ Sort {
                    by: SortBy::Relevance | SortBy::Status,
                    ..
                },
                name @ Sort {
                    by: SortBy::Name, ..
                },
                ..,
            ] => {
                let (first, name) = (self.key(*first, row), self.key(*name, row));
                shorten(first, u64::BITS - NAME - 1) << NAME | shorten(name, NAME)
            }
            [first, ..] => self.key(*first, row),
            [] => 0,
        }
    }

    fn by_id(&self, a: u128, b: u128) -> Ordering {
        let ascending = a.cmp(&b);
        match self.sort.last() {
            Some(last) if last.descending => ascending.reverse(),
            _ => ascending,
        }
    }

    fn compare(&self, a: &Keyed, b: &Keyed) -> Ordering {
        let rest = || {
            let (a, b) = (a.1 as usize, b.1 as usize);
            let later = self.sort.iter().skip(1);
            let keys = later.map(|sort| self.key(*sort, a).cmp(&self.key(*sort, b)));
            let ids = &self.reader.view.columns.id;
            keys.fold(Ordering::Equal, Ordering::then)
                .then_with(|| self.by_id(ids[a], ids[b]))
        };
        a.0.cmp(&b.0).then_with(rest)
    }

    fn keyed(&self, rows: &Bits, total: usize) -> Vec<Keyed> {
        let mut keyed = Vec::with_capacity(total);
        keyed.extend(rows.iter().map(|row| (self.first_key(row), row as u32)));
        keyed
    }

    /// The rows from `skip` on, and whether there are more after them.
    pub(super) fn window(
        &self,
        rows: &Bits,
        total: usize,
        skip: usize,
        size: usize,
    ) -> (Vec<u32>, bool) {
        let end = skip.saturating_add(size).min(total);
        if skip >= end {
            return (Vec::new(), false);
        }
        let names = &self.reader.view.names;
        if let [
            Sort {
                by: SortBy::Name,
                descending,
            },
        ] = self.sort
            && total > names.len() / 8
        {
            // Many of all contacts by name: they lie in that order already.
            let kept = |row: &&u32| rows.get(**row as usize);
            let page = if *descending {
                names
                    .iter()
                    .rev()
                    .filter(kept)
                    .skip(skip)
                    .take(size)
                    .copied()
                    .collect()
            } else {
                names
                    .iter()
                    .filter(kept)
                    .skip(skip)
                    .take(size)
                    .copied()
                    .collect()
            };
            return (page, end < total);
        }
        let page = self.cut(self.keyed(rows, total), skip, end);
        (page, end < total)
    }

    /// The rows from place `skip` to before `end` of the order.
    fn cut(&self, mut keyed: Vec<Keyed>, skip: usize, end: usize) -> Vec<u32> {
        let compare = |a: &Keyed, b: &Keyed| self.compare(a, b);
        if end < keyed.len() {
            keyed.select_nth_unstable_by(end, compare);
            keyed.truncate(end);
        }
        if skip > 0 && skip < keyed.len() {
            keyed.select_nth_unstable_by(skip, compare);
        }
        let page = keyed.get_mut(skip..).unwrap_or_default();
        page.sort_unstable_by(compare);
        page.iter().map(|(_, row)| *row).collect()
    }

    /// The rows after a cursor's place, and whether there are more after them.
    pub(super) fn after(
        &self,
        rows: &Bits,
        cursor: &Cursor,
        size: usize,
    ) -> Result<(Vec<u32>, bool), BadCursor> {
        if cursor.order != Cursor::order_of(self.sort) || cursor.keys.len() != self.sort.len() {
            return Err(BadCursor);
        }
        let place: Vec<u64> = self
            .sort
            .iter()
            .zip(&cursor.keys)
            .map(|(sort, key)| match key {
                CursorKey::Number(number) => *number,
                CursorKey::Name(name) => directed(Some(self.name_place(name.as_bytes())), *sort),
            })
            .collect();
        let id = cursor.id.uuid().as_u128();
        let is_after = |row: usize| {
            let keys = self.sort.iter().zip(&place);
            let keys = keys.map(|(sort, place)| self.key(*sort, row).cmp(place));
            keys.fold(Ordering::Equal, Ordering::then)
                .then_with(|| self.by_id(self.reader.view.columns.id[row], id))
                == Ordering::Greater
        };
        let mut left = rows.clone();
        left.retain(is_after);
        let total = left.count();
        let end = size.min(total);
        Ok((self.cut(self.keyed(&left, total), 0, end), end < total))
    }

    /// The place of a name: that of its equals, else between its neighbours.
    fn name_place(&self, name: &[u8]) -> u64 {
        let view = self.reader.view;
        let key = name_key(name);
        let ahead = view
            .names
            .partition_point(|row| view.compare_name(*row as usize, key, name).is_lt());
        let at = |place: usize| view.names.get(place).map(|row| *row as usize);
        match at(ahead) {
            Some(row) => {
                let equal = view.compare_name(row, key, name).is_eq();
                u64::from(view.columns.name_rank[row]) * 2 + u64::from(equal)
            }
            None => u64::from(u32::MAX) * 2,
        }
    }

    pub(super) fn cursor(&self, row: usize) -> Cursor {
        let view = self.reader.view;
        let key = |sort: &Sort| match sort.by {
            SortBy::Name => {
                let name = view.texts.field(row, Field::Name);
                CursorKey::Name(String::from_utf8_lossy(name).into_owned())
            }
            _ => CursorKey::Number(self.key(*sort, row)),
        };
        Cursor {
            order: Cursor::order_of(self.sort),
            keys: self.sort.iter().map(key).collect(),
            id: ContactId::new(uuid::Uuid::from_u128(view.columns.id[row])),
        }
    }
}

fn directed(value: Option<u64>, sort: Sort) -> u64 {
    match value {
        None => NO_VALUE,
        Some(value) if sort.descending => !value,
        Some(value) => value,
    }
}
