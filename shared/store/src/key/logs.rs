//! Keys of the two logs, and places in the enumeration index, which finds their entries again.

use chrono::{DateTime, Utc};
use uuid::Uuid;
use vio_domain::ids::{ContactId, GroupId, LogId, TenantId};

use crate::entity::Enumerated;
use crate::port::Key;

use super::{main, shard};

/// Shards of each of a tenant's two logs, by entity id.
pub const LOG_SHARDS: u8 = 4;

/// Which of a tenant's two logs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LogKind {
    /// Changes: feeds the stream, the view's tail and the audit.
    Change,
    /// Views, searches, exports: audit only.
    Access,
}

impl LogKind {
    fn letter(self) -> &'static str {
        match self {
            Self::Change => "LC",
            Self::Access => "LA",
        }
    }
}

/// Partition of one shard of a log.
pub fn log_pk(t: TenantId, kind: LogKind, shard: u8) -> String {
    format!("T#{t}#{}#{shard}", kind.letter())
}
/// One entry; `entity` chooses the shard.
pub fn log(t: TenantId, kind: LogKind, entity: Uuid, id: LogId) -> Key {
    main(log_pk(t, kind, shard(entity, LOG_SHARDS)), id.to_string())
}

/// The range of sort keys of the entries of a log from an instant on.
pub fn log_since(at: DateTime<Utc>) -> (String, String) {
    (first_log_id(at).to_string(), "~".to_owned())
}

/// The least id that an entry of an instant can have.
pub(crate) fn first_log_id(at: DateTime<Utc>) -> LogId {
    let millis = u64::try_from(at.timestamp_millis()).unwrap_or(0);
    LogId::new(uuid::Builder::from_unix_timestamp_millis(millis, &[0; 10]).into_uuid())
}

/// Details of an entry too large to lie in it.
pub fn log_overflow(t: TenantId, id: LogId) -> Key {
    main(format!("T#{t}#LX#{id}"), "OVERFLOW")
}

/// Kinds that are enumerated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EnumKind {
    Contact,
    Appointment,
    Session,
}

impl EnumKind {
    fn letter(self) -> &'static str {
        match self {
            Self::Contact => "C",
            Self::Appointment => "A",
            Self::Session => "S",
        }
    }
}

/// Partition of the enumeration of a kind within a tenant. Ids are UUIDv7, so the order is that of creation, and an
/// id finds its record.
pub fn enumeration_pk(t: TenantId, kind: EnumKind) -> String {
    format!("T#{t}#{}", kind.letter())
}
/// Partition of the log entries about one contact, both logs together: the index suggests them, the log has them.
pub fn history_pk(t: TenantId, c: ContactId) -> String {
    format!("T#{t}#H#{c}")
}
/// Partition of the log entries about one group, both logs together, as [`history_pk`] of a contact.
pub fn group_history_pk(t: TenantId, g: GroupId) -> String {
    format!("T#{t}#HG#{g}")
}
/// Place of a log entry in the history of its group.
pub fn in_group_history(t: TenantId, g: GroupId, id: LogId) -> Enumerated {
    Enumerated {
        pk: group_history_pk(t, g),
        sk: id.to_string(),
        tag: None,
    }
}
/// Place of a log entry in the history of its contact.
pub fn in_history(t: TenantId, c: ContactId, id: LogId) -> Enumerated {
    Enumerated {
        pk: history_pk(t, c),
        sk: id.to_string(),
        tag: None,
    }
}
/// Place of a record in the enumeration of its kind.
pub fn enumerated(t: TenantId, kind: EnumKind, id: Uuid, tag: Option<&str>) -> Enumerated {
    Enumerated {
        pk: enumeration_pk(t, kind),
        sk: id.to_string(),
        tag: tag.map(str::to_owned),
    }
}
