//! Who shares a number or an address with whom (rules.md "Same person?"). A view suggests only: whoever decides looks at
//! both and changes them by their own routes.

use std::collections::{HashMap, HashSet};

use vio_domain::ids::ContactId;
use vio_domain::person::{Candidate, Pair, Relation, classify};

use super::reader::{Found, Reader};
use crate::text::{Field, FieldSet};

/// Of more contacts than this at one number or address, so many are compared: it is a switchboard's, not a person's.
pub const MOST_COMPARED: usize = 20;

/// Two contacts that share a number, an address, or both.
#[derive(Debug)]
pub struct Alike {
    pub contacts: [Found; 2],
    pub same_phone: bool,
    pub same_email: bool,
}

/// What two rows share.
#[derive(Default, Clone, Copy)]
struct Shared {
    phone: bool,
    email: bool,
}

impl Reader<'_> {
    /// `take` pairs from number `skip` on, of those within reach that stand so to each other, and how many there are;
    /// those of one contact alone where it is named. In the order of names; without the pairs that somebody said are
    /// two people.
    pub fn alike(
        &self,
        relation: Relation,
        of: Option<ContactId>,
        apart: &HashSet<Pair>,
        skip: usize,
        take: usize,
    ) -> (Vec<Alike>, usize) {
        let mut pairs: Vec<((usize, usize), Shared)> = self
            .sharing()
            .into_iter()
            .filter(|((one, other), _)| {
                let ids = [self.id(*one), self.id(*other)];
                of.is_none_or(|of| ids.contains(&of))
                    && Pair::of(ids[0], ids[1]).is_some_and(|pair| !apart.contains(&pair))
            })
            .filter(|(rows, shared)| self.relation(*rows, *shared) == relation)
            .collect();
        pairs.sort_by_cached_key(|((one, other), _)| {
            let name = self.view.texts.field(*one, Field::Name).to_vec();
            (name, self.id(*one), self.id(*other))
        });
        let total = pairs.len();
        let page: Vec<_> = pairs.into_iter().skip(skip).take(take).collect();
        let rows = page.iter().flat_map(|((one, other), _)| [one, other]);
        let rows: Vec<u32> = rows.map(|row| *row as u32).collect();
        let shares = self.others_at_numbers(&rows);
        let alike = page.into_iter().map(|((one, other), shared)| Alike {
            contacts: [one, other].map(|row| self.beside(row, &shares)),
            same_phone: shared.phone,
            same_email: shared.email,
        });
        (alike.collect(), total)
    }

    fn id(&self, row: usize) -> ContactId {
        ContactId::new(uuid::Uuid::from_u128(self.view.columns.id[row]))
    }

    /// Every two rows that share something; of each two, that of the lesser id first.
    fn sharing(&self) -> HashMap<(usize, usize), Shared> {
        let mut pairs: HashMap<(usize, usize), Shared> = HashMap::new();
        for field in [Field::Phone, Field::Email] {
            let mut rows_at: HashMap<&[u8], Vec<usize>> = HashMap::new();
            for row in self.seen.iter() {
                let text = self.view.texts.field(row, field);
                if !text.is_empty() {
                    rows_at.entry(text).or_default().push(row);
                }
            }
            for mut rows in rows_at.into_values().filter(|rows| rows.len() > 1) {
                rows.sort_by_key(|row| self.id(*row));
                rows.truncate(MOST_COMPARED);
                for (place, one) in rows.iter().enumerate() {
                    for other in &rows[place + 1..] {
                        let shared = pairs.entry((*one, *other)).or_default();
                        match field {
                            Field::Phone => shared.phone = true,
                            _ => shared.email = true,
                        }
                    }
                }
            }
        }
        pairs
    }

    fn relation(&self, (one, other): (usize, usize), shared: Shared) -> Relation {
        let (one, of_other) = (
            self.view.texts.originals(one, FieldSet::only(Field::Name)),
            self.view
                .texts
                .originals(other, FieldSet::only(Field::Name)),
        );
        let candidate = Candidate {
            id: self.id(other),
            name: &of_other[Field::Name as usize],
            same_phone: shared.phone,
            same_email: shared.email,
        };
        classify(&one[Field::Name as usize], &candidate)
    }

    fn beside(&self, row: usize, shares: &HashMap<u32, Vec<ContactId>>) -> Found {
        Found {
            contact: self.card(row),
            within: None,
            matches: Vec::new(),
            shares_phone_with: shares.get(&(row as u32)).cloned().unwrap_or_default(),
        }
    }
}
