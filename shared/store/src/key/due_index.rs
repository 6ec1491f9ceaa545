//! Places in the due index: what is to be looked at again, and when.

use chrono::{DateTime, Utc};
use uuid::Uuid;
use vio_domain::ids::TenantId;

use crate::entity::DueEntry;

use super::{shard, sortable};

/// Shards of the due index. The tick reads each; more shards only when one cannot take the writes.
pub const DUE_SHARDS: u8 = 8;

/// What falls due, as the tick tells apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum DueKind {
    /// A planned call: wake the tenant's pump.
    Dial,
    /// An attempt past its bound, or an ended call whose analysis never came: wake the tenant's pump to reconcile.
    Attempt,
    /// A stored webhook event that was not processed.
    Inbox,
    /// A change of settings can have moved planned calls: wake the tenant's pump, which replans them.
    Replan,
    /// A job that is not over.
    Job,
    /// A campaign can go a step further: wake the tenant's pump.
    Campaign,
    /// A calendar is to be told of a change, or asked for what it did not tell.
    Calendar,
    /// A message is to be sent, or looked at again.
    Message,
    /// A letter to somebody on the staff is to be sent, or tried again.
    Letter,
    /// Staff are to be told of something, or a summary is due.
    Notice,
    /// An address of a business is to be told something.
    Outgoing,
}

impl DueKind {
    /// The word in the key.
    pub fn word(self) -> &'static str {
        match self {
            Self::Dial => "dial",
            Self::Attempt => "attempt",
            Self::Inbox => "inbox",
            Self::Replan => "replan",
            Self::Job => "job",
            Self::Campaign => "campaign",
            Self::Calendar => "calendar",
            Self::Message => "message",
            Self::Letter => "letter",
            Self::Notice => "notice",
            Self::Outgoing => "outgoing",
        }
    }
}

/// Partition of one shard of the due index.
pub fn due_pk(shard: u8) -> String {
    format!("DUE#{shard}")
}
/// An entry of the due index.
pub fn due(at: DateTime<Utc>, kind: DueKind, t: TenantId, id: Uuid) -> DueEntry {
    DueEntry {
        pk: due_pk(shard(id, DUE_SHARDS)),
        sk: format!("{}#{}#{t}", sortable(at), kind.word()),
    }
}
/// Upper bound of the due index's sort keys for everything due at `now`.
pub fn due_until(now: DateTime<Utc>) -> String {
    format!("{}#~", sortable(now))
}

/// Reads an entry of the due index back: when, what, whose. None for text that is not one.
pub fn parse_due(sk: &str) -> Option<(DateTime<Utc>, DueKind, TenantId)> {
    let mut parts = sk.split('#');
    let at = DateTime::from_timestamp_millis(parts.next()?.parse().ok()?)?;
    let word = parts.next()?;
    let kind = [
        DueKind::Dial,
        DueKind::Attempt,
        DueKind::Inbox,
        DueKind::Replan,
        DueKind::Job,
        DueKind::Campaign,
        DueKind::Calendar,
        DueKind::Message,
        DueKind::Letter,
        DueKind::Notice,
        DueKind::Outgoing,
    ]
    .into_iter()
    .find(|kind| kind.word() == word)?;
    let tenant = parts.next()?.parse().ok()?;
    Some((at, kind, tenant))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn due_entries_read_back_and_sort_by_time() {
        let tenant = TenantId::new(Uuid::from_u128(7));
        let early = DateTime::from_timestamp_millis(999_999_999_999).unwrap();
        let late = DateTime::from_timestamp_millis(1_000_000_000_000).unwrap();
        let first = due(early, DueKind::Dial, tenant, Uuid::from_u128(9));
        let second = due(late, DueKind::Inbox, tenant, Uuid::from_u128(9));
        assert!(first.sk < second.sk);
        assert!(first.sk <= due_until(early) && second.sk > due_until(early));
        assert_eq!(parse_due(&first.sk), Some((early, DueKind::Dial, tenant)));
        assert_eq!(parse_due("rubbish"), None);
    }
}
