//! What happened to one contact or group, out of both logs, and where an appointment lies.

use vio_domain::ids::{AppointmentId, ContactId, GroupId, LogId};

use crate::contacts::rows::AppointmentRow;
use crate::error::StoreError;
use crate::key::{self, EnumKind, LogKind};
use crate::log::{GROUP, LogRow};
use crate::port::{Index, Key, SortRange};
use crate::store::TenantStore;

/// Reads for one page at most, where few of the entries are of the log that is asked for.
const MOST_READS: usize = 8;

impl TenantStore {
    /// Log entries about one contact, newest first, before `before`: changes, views, exports, or those of one log. Answers
    /// also where to go on; None at the end. A page of one log can have fewer entries than `limit`, even none, where many
    /// of the other lie between.
    pub async fn history_of(
        &self,
        contact: ContactId,
        only: Option<LogKind>,
        limit: u32,
        before: Option<LogId>,
    ) -> Result<(Vec<LogRow>, Option<LogId>), StoreError> {
        let pk = key::history_pk(self.id, contact);
        let about = |row: &LogRow| row.contact == Some(contact);
        let (mut found, mut next) = (Vec::new(), before);
        for _ in 0..MOST_READS {
            let (rows, more) = self.history_in(pk.clone(), about, limit, next).await?;
            let wanted = |row: &LogRow| only.is_none_or(|kind| row.kind() == kind);
            found.extend(rows.into_iter().filter(wanted));
            next = more;
            if next.is_none() || found.len() >= limit as usize {
                break;
            }
        }
        if found.len() > limit as usize {
            found.truncate(limit as usize);
            next = found.last().map(|row| row.id);
        }
        Ok((found, next))
    }

    /// Log entries about one group, as [`TenantStore::history_of`] a contact: edits, members that came and went, views.
    pub async fn history_of_group(
        &self,
        group: GroupId,
        limit: u32,
        before: Option<LogId>,
    ) -> Result<(Vec<LogRow>, Option<LogId>), StoreError> {
        let pk = key::group_history_pk(self.id, group);
        let about = |row: &LogRow| row.entity == GROUP && row.entity_id == group.uuid();
        self.history_in(pk, about, limit, before).await
    }

    async fn history_in(
        &self,
        pk: String,
        about: impl Fn(&LogRow) -> bool,
        limit: u32,
        before: Option<LogId>,
    ) -> Result<(Vec<LogRow>, Option<LogId>), StoreError> {
        let sort = before.map_or(SortRange::All, |id| SortRange::AtMost(id.to_string()));
        // One more for the entry that the last page ended with, one more to know whether there is a next page.
        let page = self
            .store
            .suggest(Index::Enumeration, pk, sort, false, limit + 2, None)
            .await?;
        let keys: Vec<Key> = page.items.iter().filter_map(crate::port::key_of).collect();
        let mut rows: Vec<LogRow> = self.store.read_all(&keys).await?;
        rows.retain(|row| about(row) && Some(row.id) != before);
        rows.sort_by_key(|row| std::cmp::Reverse(row.id));
        let more = rows.len() > limit as usize;
        rows.truncate(limit as usize);
        let next = rows.last().map(|row| row.id).filter(|_| more);
        Ok((rows, next))
    }

    /// Whose an appointment is.
    pub async fn contact_of_appointment(
        &self,
        id: AppointmentId,
    ) -> Result<Option<ContactId>, StoreError> {
        let row: Option<AppointmentRow> = self.enumerated(EnumKind::Appointment, id.uuid()).await?;
        Ok(row
            .filter(|row| row.tenant == self.id && row.id == id)
            .map(|row| row.contact))
    }
}
