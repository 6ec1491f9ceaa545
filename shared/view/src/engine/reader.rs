//! The one way to read a view.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use vio_domain::ids::{ContactId, GroupId};
use vio_domain::permission::Scope;

use super::card::{Card, GroupOf};
use super::facets::Facets;
use super::matches::Match;
use crate::memory::{Bits, NO_TEXT};
use crate::model::TenantView;
use crate::model::columns::micros;
use crate::query::{BadCursor, Cursor, Filter, Query, SortBy, Start};
use crate::visibility::Visibility;

/// Why a view cannot be read, or a query not be answered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    /// The view is another tenant's.
    #[error("the view belongs to another tenant")]
    WrongTenant,
    /// Appointments have passed since: [`TenantView::advance`] first.
    #[error("the view has to be advanced first")]
    Behind,
    /// A group that is filtered by is not there, or not for this reader to know of.
    #[error("no such group")]
    UnknownGroup(GroupId),
    /// The cursor belongs to a list in another order.
    #[error(transparent)]
    Cursor(#[from] BadCursor),
}

/// A view as one person sees it at one instant.
pub struct Reader<'a> {
    pub(crate) view: &'a TenantView,
    pub(crate) visibility: &'a Visibility,
    pub(crate) now: DateTime<Utc>,
    pub(crate) zone: Tz,
    /// The contacts within reach.
    pub(crate) seen: Bits,
    /// Rows whose appointment type is not for this reader; none if no row's.
    pub(crate) masked: Option<Bits>,
}

/// One row of a page.
#[derive(Debug)]
pub struct Found {
    pub contact: Card,
    /// Its membership in the one group that the filter asks for, also where that is archived.
    pub within: Option<GroupOf>,
    /// Where the search hit, in the order of the fields.
    pub matches: Vec<Match>,
    /// Where it was asked for: the others within reach that have its number, in the order of their ids.
    pub shares_phone_with: Vec<ContactId>,
}

/// A page of a list.
#[derive(Debug)]
pub struct Page {
    pub rows: Vec<Found>,
    /// Contacts that the filter holds for, on all pages.
    pub total: usize,
    pub facets: Option<Facets>,
    /// Where the next page begins, if there is one.
    pub next: Option<Cursor>,
}

impl TenantView {
    /// Opens the view for one reader. `zone` is the tenant's: days are read on its clock.
    pub fn reader<'a>(
        &'a self,
        visibility: &'a Visibility,
        now: DateTime<Utc>,
        zone: Tz,
    ) -> Result<Reader<'a>, ReadError> {
        if visibility.tenant != self.tenant {
            return Err(ReadError::WrongTenant);
        }
        if self
            .next_turn()
            .is_some_and(|turn| micros(turn) < micros(now))
        {
            return Err(ReadError::Behind);
        }
        let mut seen = self.present.clone();
        self.keep_covered(&mut seen, &visibility.view, visibility);
        let mut reader = Reader {
            view: self,
            visibility,
            now,
            zone,
            seen,
            masked: None,
        };
        reader.masked = reader.masked_rows();
        Ok(reader)
    }

    /// Keeps the rows that a scope covers (as `Scope::covers`).
    fn keep_covered(&self, rows: &mut Bits, scope: &Scope, visibility: &Visibility) {
        let user = self.words.find(&visibility.user.to_string());
        match scope {
            Scope::All => {}
            Scope::Own => rows.retain(|row| self.is_own(row, user)),
            Scope::Industries(names) => {
                let numbers: Vec<u32> = names
                    .iter()
                    .filter_map(|name| self.words.find(name))
                    .collect();
                rows.retain(|row| {
                    numbers.contains(&self.columns.industry[row]) || self.is_own(row, user)
                });
            }
        }
    }

    /// Whether a row was created by or is assigned to the user of that number.
    pub(crate) fn is_own(&self, row: usize, user: Option<u32>) -> bool {
        user.is_some_and(|user| {
            user != NO_TEXT
                && (self.columns.created_by[row] == user || self.columns.assigned_to[row] == user)
        })
    }
}

impl Reader<'_> {
    /// Rows whose appointment type is sensitive and which the reader may not change.
    fn masked_rows(&self) -> Option<Bits> {
        let types = &self.visibility.sensitive_types;
        if types.is_empty() || self.visibility.edit == Some(Scope::All) {
            return None;
        }
        let mut editable = self.seen.clone();
        match &self.visibility.edit {
            Some(scope) => self
                .view
                .keep_covered(&mut editable, scope, self.visibility),
            None => editable = Bits::none(0),
        }
        let mut masked = self.seen.clone();
        masked.and_not(&editable);
        masked.retain(|row| {
            let field = crate::text::Field::AppointmentType;
            types.contains(self.view.texts.field(row, field))
        });
        Some(masked)
    }

    /// Whether the reader sees a group: may ask for it by its id.
    pub(crate) fn sees_group(&self, number: usize) -> bool {
        let group = self
            .view
            .groups
            .slots
            .get(number)
            .and_then(|slot| slot.group.as_ref());
        group.is_some_and(|group| {
            group
                .visibility
                .shows(self.visibility.user, self.visibility.administrator)
        })
    }

    /// Whether a group is shown to the reader: one that they see and that is in use.
    pub(crate) fn shows_group(&self, number: usize) -> bool {
        let slot = self.view.groups.slots.get(number);
        let group = slot.and_then(|slot| slot.group.as_ref());
        self.sees_group(number) && group.is_some_and(|group| !group.archived)
    }

    /// One page with its count and facets.
    pub fn page(&self, query: &Query) -> Result<Page, ReadError> {
        let wants_scores = query.sort.iter().any(|key| key.by == SortBy::Relevance);
        let mut scores = wants_scores.then(|| vec![0; self.view.columns.id.len()]);
        let divided = self.divided(&query.filter, scores.as_mut())?;
        let rows = &divided.rows;
        let total = rows.count();
        let size = query.page_size.rows();
        let order = self.order(query, scores.as_deref());
        let (page, more) = match &query.start {
            Start::Page(number) => {
                let skip = (*number as usize - 1).saturating_mul(size);
                order.window(rows, total, skip, size)
            }
            Start::After(cursor) => order.after(rows, cursor, size)?,
        };
        let last = page.last().filter(|_| more);
        let next = last.map(|row| order.cursor(*row as usize));
        let facets = query.facets.then(|| self.facets(&divided, total));
        let mut shares = match query.shares {
            true => self.others_at_numbers(&page),
            false => HashMap::new(),
        };
        let mut found = |row: &u32| Found {
            contact: self.card(*row as usize),
            within: self.within(*row as usize, &query.filter),
            matches: self.matches(*row as usize, query.filter.search.as_ref()),
            shares_phone_with: shares.remove(row).unwrap_or_default(),
        };
        Ok(Page {
            rows: page.iter().map(&mut found).collect(),
            total,
            facets,
            next,
        })
    }

    /// How the contacts that a filter holds for divide.
    pub fn facets_of(&self, filter: &Filter) -> Result<Facets, ReadError> {
        let divided = self.divided(filter, None)?;
        Ok(self.facets(&divided, divided.rows.count()))
    }

    /// How many contacts a filter holds for.
    pub fn count(&self, filter: &Filter) -> Result<usize, ReadError> {
        Ok(self.rows(filter, None)?.count())
    }

    /// The contacts that a filter holds for, in the order of their ids: selections, exports, bulk work.
    pub fn select(&self, filter: &Filter) -> Result<Vec<ContactId>, ReadError> {
        let rows = self.rows(filter, None)?;
        let id = |row: usize| ContactId::new(uuid::Uuid::from_u128(self.view.columns.id[row]));
        let mut ids: Vec<ContactId> = rows.iter().map(id).collect();
        ids.sort_unstable();
        Ok(ids)
    }

    /// One contact, if it is within reach.
    pub fn contact(&self, id: ContactId) -> Option<Card> {
        let row = self.view.find(id.uuid().as_u128())?;
        self.seen.get(row).then(|| self.card(row))
    }
}
