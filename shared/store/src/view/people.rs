//! Persons as the view holds them, read many at a time.

use std::collections::HashMap;

use futures::future::try_join_all;
use vio_crypto::PersonKey;
use vio_domain::appointment::Appointment;
use vio_domain::contact::Contact;
use vio_domain::ids::{AppointmentId, ContactId, GroupId};

use crate::contacts::{AppointmentRow, ContactRow};
use crate::entity::Entity;
use crate::error::StoreError;
use crate::groups::MemberRow;
use crate::key::{self, EnumKind};
use crate::port::{AttributeValue, ENUM_SK, Index, MAX_BATCH_GET, Position, SortRange};
use crate::store::TenantStore;

/// Whom to read, and what of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wanted {
    pub contact: ContactId,
    /// When and by whom it was put into its groups too.
    pub memberships: bool,
}

/// A person, each record with the version that the table keeps of it.
pub struct Gathered {
    pub id: ContactId,
    /// None where it is gone for good: there is no record, or no key to open it with.
    pub contact: Option<(u64, Contact)>,
    /// All of them.
    pub appointments: Vec<(u64, Appointment)>,
    /// Those asked for.
    pub memberships: Vec<MemberRow>,
}

impl std::fmt::Debug for Gathered {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Gathered")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// Beyond any real person, within one bounded query.
const MOST_APPOINTMENTS: u32 = 500;

impl TenantStore {
    /// A page of the tenant's contacts in the enumeration index, deleted ones included: suggestions, for the index may
    /// not have the latest yet.
    pub async fn enumerate_contacts(
        &self,
        limit: u32,
        after: Option<Position>,
    ) -> Result<(Vec<ContactId>, Option<Position>), StoreError> {
        let pk = key::enumeration_pk(self.id, EnumKind::Contact);
        let page = self
            .store
            .suggest(Index::Enumeration, pk, SortRange::All, true, limit, after)
            .await?;
        let id = |item: &crate::port::Attributes| match item.get(ENUM_SK) {
            Some(AttributeValue::S(id)) => id.parse().ok(),
            _ => None,
        };
        Ok((page.items.iter().filter_map(id).collect(), page.next))
    }

    /// Reads persons, at most [`MAX_BATCH_GET`] of them, each named once: a few requests for all of them together, and
    /// one more for each who has several appointments.
    pub async fn gather(&self, wanted: &[Wanted]) -> Result<Vec<Gathered>, StoreError> {
        debug_assert!(wanted.len() <= MAX_BATCH_GET);
        let ids: Vec<ContactId> = wanted.iter().map(|one| one.contact).collect();
        let places: Vec<_> = ids.iter().map(|id| key::contact(self.id, *id)).collect();
        let (rows, keys) = futures::try_join!(
            self.store.read_all::<ContactRow>(&places),
            self.person_keys(&ids)
        )?;
        let rows: HashMap<ContactId, ContactRow> =
            rows.into_iter().map(|row| (row.id, row)).collect();
        let (mut appointments, mut memberships) = futures::try_join!(
            self.appointments_for(&rows, &keys),
            self.memberships_for(wanted, &rows)
        )?;
        let gathered = |id: &ContactId| {
            let opened = match (rows.get(id), keys.get(id)) {
                (Some(row), Some(key)) => Some((row.version, row.open(key)?)),
                _ => None,
            };
            Ok(Gathered {
                id: *id,
                contact: opened,
                appointments: appointments.remove(id).unwrap_or_default(),
                memberships: memberships.remove(id).unwrap_or_default(),
            })
        };
        ids.iter().map(gathered).collect()
    }

    async fn appointments_for(
        &self,
        rows: &HashMap<ContactId, ContactRow>,
        keys: &HashMap<ContactId, PersonKey>,
    ) -> Result<HashMap<ContactId, Vec<(u64, Appointment)>>, StoreError> {
        let (several, at_most_one): (Vec<&ContactRow>, Vec<&ContactRow>) = rows
            .values()
            .filter(|row| keys.contains_key(&row.id))
            .partition(|row| {
                let unnamed = row.appointments_count == 1 && row.current_appointment.is_none();
                row.appointments_count > 1 || unnamed
            });
        let one = |row: &&ContactRow| {
            let appointment: Option<AppointmentId> = row.current_appointment;
            appointment.map(|id| key::appointment(self.id, row.id, id))
        };
        let places: Vec<_> = at_most_one.iter().filter_map(one).collect();
        let queried = several.iter().map(|row| {
            let pk = key::contact_pk(self.id, row.id);
            let prefix = key::APPOINTMENT_PREFIX;
            self.store
                .list::<AppointmentRow>(pk, prefix, true, MOST_APPOINTMENTS, None)
        });
        let (got, queried) = futures::try_join!(
            self.store.read_all::<AppointmentRow>(&places),
            try_join_all(queried)
        )?;
        let queried = queried.into_iter().flat_map(|(rows, _)| rows);
        let mut all: HashMap<ContactId, Vec<(u64, Appointment)>> = HashMap::new();
        for row in got.into_iter().chain(queried) {
            if let Some(key) = keys.get(&row.contact) {
                let opened = (row.version(), row.open(key)?);
                all.entry(row.contact).or_default().push(opened);
            }
        }
        Ok(all)
    }

    async fn memberships_for(
        &self,
        wanted: &[Wanted],
        rows: &HashMap<ContactId, ContactRow>,
    ) -> Result<HashMap<ContactId, Vec<MemberRow>>, StoreError> {
        let groups = |one: &Wanted| -> Vec<(GroupId, ContactId)> {
            let row = rows.get(&one.contact).filter(|_| one.memberships);
            let groups = row.map_or(&[][..], |row| &row.group_ids);
            groups.iter().map(|group| (*group, one.contact)).collect()
        };
        let places: Vec<_> = wanted
            .iter()
            .flat_map(groups)
            .map(|(group, contact)| key::group_member(self.id, group, contact))
            .collect();
        let rows: Vec<MemberRow> = self.store.read_all(&places).await?;
        let mut all: HashMap<ContactId, Vec<MemberRow>> = HashMap::new();
        for row in rows {
            all.entry(row.contact).or_default().push(row);
        }
        Ok(all)
    }
}
