//! The rows of the tables in memory and what the indexes see of them, kept in step write by write.

use std::collections::BTreeMap;
use std::ops::Bound;

use super::rules::{item_bytes, text};
use crate::port::{
    Attributes, DUE_PK, DUE_SK, ENUM_PK, ENUM_SK, ENUM_TAG, Index, Key, PK, Page, Position, Query,
    SK, SortRange, Source, TableName,
};

/// What one page of a query holds at most, before it ends early.
const MAX_PAGE_BYTES: usize = 1024 * 1024;

/// Where an entry stands in an index: its sort key, then the key of its item, which orders entries of one sort key.
type Place = (String, String, String);

/// The index entries, partition by partition.
#[derive(Debug, Clone, Default)]
pub(super) struct Indexes(BTreeMap<(Index, String), BTreeMap<Place, Attributes>>);

impl Index {
    const ALL: [Self; 2] = [Self::Due, Self::Enumeration];

    /// Names of the attributes that are its key.
    pub(super) fn key_names(self) -> (&'static str, &'static str) {
        match self {
            Self::Due => (DUE_PK, DUE_SK),
            Self::Enumeration => (ENUM_PK, ENUM_SK),
        }
    }

    /// Names of the attributes that it carries.
    fn projected(self) -> &'static [&'static str] {
        match self {
            Self::Due => &[PK, SK, DUE_PK, DUE_SK],
            Self::Enumeration => &[PK, SK, ENUM_PK, ENUM_SK, ENUM_TAG],
        }
    }
}

impl Indexes {
    /// Where an item stands in an index; None for one that lacks the index's key.
    fn place(index: Index, key: &Key, item: &Attributes) -> Option<(String, Place)> {
        let (pk, sk) = index.key_names();
        let partition = text(item, pk)?.to_owned();
        let sort = text(item, sk)?.to_owned();
        Some((partition, (sort, key.pk.clone(), key.sk.clone())))
    }

    fn remove(&mut self, key: &Key, item: &Attributes) {
        for index in Index::ALL {
            let Some((pk, place)) = Self::place(index, key, item) else {
                continue;
            };
            let partition = (index, pk);
            if let Some(entries) = self.0.get_mut(&partition) {
                entries.remove(&place);
                if entries.is_empty() {
                    self.0.remove(&partition);
                }
            }
        }
    }

    fn insert(&mut self, key: &Key, item: &Attributes) {
        for index in Index::ALL {
            let Some((pk, place)) = Self::place(index, key, item) else {
                continue;
            };
            let carried = index
                .projected()
                .iter()
                .filter_map(|name| Some(((*name).to_owned(), item.get(*name)?.clone())))
                .collect();
            self.0
                .entry((index, pk))
                .or_default()
                .insert(place, carried);
        }
    }
}

/// The rows of both tables.
#[derive(Debug, Default)]
pub(super) struct Rows {
    tables: BTreeMap<(TableName, String), BTreeMap<String, Attributes>>,
    /// As of the last write.
    live: Indexes,
    /// As of the moment they were frozen, if they are.
    frozen: Option<Indexes>,
}

impl Rows {
    pub(super) fn get(&self, key: &Key) -> Option<&Attributes> {
        self.tables.get(&(key.table, key.pk.clone()))?.get(&key.sk)
    }

    pub(super) fn put(&mut self, key: &Key, item: Attributes) {
        let partition = self.tables.entry((key.table, key.pk.clone())).or_default();
        if key.table == TableName::Main {
            if let Some(old) = partition.get(&key.sk) {
                self.live.remove(key, old);
            }
            self.live.insert(key, &item);
        }
        partition.insert(key.sk.clone(), item);
    }

    pub(super) fn delete(&mut self, key: &Key) {
        let partition = (key.table, key.pk.clone());
        let Some(rows) = self.tables.get_mut(&partition) else {
            return;
        };
        let old = rows.remove(&key.sk);
        if rows.is_empty() {
            self.tables.remove(&partition);
        }
        if let Some(old) = old
            && key.table == TableName::Main
        {
            self.live.remove(key, &old);
        }
    }

    pub(super) fn freeze(&mut self) {
        self.frozen = Some(self.live.clone());
    }

    pub(super) fn thaw(&mut self) {
        self.frozen = None;
    }

    /// Every item, in key order.
    pub(super) fn all(&self) -> impl Iterator<Item = &Attributes> {
        self.tables.values().flat_map(BTreeMap::values)
    }

    /// One page. The query was found valid (`rules`).
    pub(super) fn page(&self, query: &Query) -> Page {
        let range = Range::of(&query.sort);
        if range.is_empty() {
            return Page::default();
        }
        match query.source {
            Source::Table(table) => {
                let Some(rows) = self.tables.get(&(table, query.pk.clone())) else {
                    return Page::default();
                };
                let after = query.after.as_ref().map(|after| after.sk.clone());
                let bounds = range.bounds(after, query.ascending, |sort| sort);
                let entries = rows.range::<String, _>(bounds).map(|(_, item)| item);
                page(entries, query)
            }
            Source::Index(index) => {
                let seen = self.frozen.as_ref().unwrap_or(&self.live);
                let Some(entries) = seen.0.get(&(index, query.pk.clone())) else {
                    return Page::default();
                };
                let after = query.after.as_ref().and_then(|after| {
                    let (_, sort) = after.index.clone()?;
                    Some((sort, after.pk.clone(), after.sk.clone()))
                });
                let first = |sort| (sort, String::new(), String::new());
                let bounds = range.bounds(after, query.ascending, first);
                page(
                    entries.range::<Place, _>(bounds).map(|(_, item)| item),
                    query,
                )
            }
        }
    }
}

/// Takes a page from entries in ascending order. It ends with the limit, full or not: like DynamoDB, which does not
/// look whether anything comes after, so the page after the last may be empty.
fn page<'a>(entries: impl DoubleEndedIterator<Item = &'a Attributes>, query: &Query) -> Page {
    let limit = query.limit.max(1) as usize;
    let mut items: Vec<Attributes> = Vec::new();
    let mut bytes = 0;
    let mut more = false;
    let mut take = |item: &Attributes| {
        bytes += item_bytes(item);
        if bytes > MAX_PAGE_BYTES && !items.is_empty() {
            more = true;
            return false;
        }
        items.push(item.clone());
        more = items.len() == limit;
        !more
    };
    if query.ascending {
        let _ = entries.into_iter().all(&mut take);
    } else {
        let _ = entries.rev().all(&mut take);
    }
    let next = items.last().filter(|_| more).and_then(|item| {
        let index = match query.source {
            Source::Table(_) => None,
            Source::Index(index) => {
                let (pk, sk) = index.key_names();
                Some((text(item, pk)?.to_owned(), text(item, sk)?.to_owned()))
            }
        };
        Some(Position {
            pk: text(item, PK)?.to_owned(),
            sk: text(item, SK)?.to_owned(),
            index,
        })
    });
    Page { items, next }
}

/// Sort keys from `low` to just below `below`, in the order of their bytes.
struct Range {
    low: String,
    below: Option<String>,
}

impl Range {
    fn of(sort: &SortRange) -> Self {
        // No text lies between a text and itself with a NUL behind it.
        let just_above = |text: &str| Some(format!("{text}\0"));
        match sort {
            SortRange::All => Self {
                low: String::new(),
                below: None,
            },
            SortRange::Prefix(prefix) => Self {
                low: prefix.clone(),
                below: after_prefix(prefix),
            },
            SortRange::Between(low, high) => Self {
                low: low.clone(),
                below: just_above(high),
            },
            SortRange::AtMost(high) => Self {
                low: String::new(),
                below: just_above(high),
            },
        }
    }

    fn is_empty(&self) -> bool {
        self.below.as_ref().is_some_and(|below| *below <= self.low)
    }

    fn bounds<T>(
        self,
        after: Option<T>,
        ascending: bool,
        first: impl Fn(String) -> T,
    ) -> (Bound<T>, Bound<T>) {
        let low = Bound::Included(first(self.low));
        let high = self
            .below
            .map_or(Bound::Unbounded, |below| Bound::Excluded(first(below)));
        match after {
            None => (low, high),
            Some(after) if ascending => (Bound::Excluded(after), high),
            Some(after) => (low, Bound::Excluded(after)),
        }
    }
}

/// The least text above all that begin with `prefix`; None where there is none.
fn after_prefix(prefix: &str) -> Option<String> {
    let mut text = prefix.to_owned();
    while let Some(last) = text.pop() {
        // In a range of characters the surrogates are skipped.
        if let Some(next) = (last..=char::MAX).nth(1) {
            text.push(next);
            return Some(text);
        }
    }
    None
}
