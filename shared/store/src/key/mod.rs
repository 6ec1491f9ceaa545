//! The only module that formats keys. Every function takes the tenant first, so that no access starts without one;
//! `docs/data-model.md` lists each of these with its access patterns, and a test keeps the two in step.

mod calling;
mod contacts;
mod due_index;
mod logs;
mod messages;
mod outside;
mod users;

use chrono::{DateTime, Utc};
use uuid::Uuid;
use vio_domain::ids::{ContactId, GroupId, JobId, LocationId, TagId, TenantId};

use crate::objects::ObjectName;
use crate::port::{Key, TableName};

pub use calling::*;
pub use contacts::*;
pub use due_index::*;
pub use logs::*;
pub use messages::*;
pub use outside::*;
pub use users::*;

fn main(pk: String, sk: impl Into<String>) -> Key {
    Key {
        table: TableName::Main,
        pk,
        sk: sk.into(),
    }
}

/// Milliseconds since the epoch at a fixed width, so that text order is time order (until the year 2286).
pub fn sortable(instant: DateTime<Utc>) -> String {
    format!("{:013}", instant.timestamp_millis().max(0))
}

fn shard(id: Uuid, shards: u8) -> u8 {
    id.as_bytes()[15] % shards
}

/// Partition of everything about the tenant itself.
pub fn tenant_pk(t: TenantId) -> String {
    format!("T#{t}")
}

/// The tenant's record.
pub fn tenant(t: TenantId) -> Key {
    main(tenant_pk(t), "TENANT")
}

/// The tenant's settings, one record.
pub fn settings(t: TenantId) -> Key {
    main(tenant_pk(t), "SETTINGS")
}

/// One of the tenant's own locations.
pub fn location(t: TenantId, l: LocationId) -> Key {
    main(tenant_pk(t), format!("LOC#{l}"))
}
pub const LOCATION_PREFIX: &str = "LOC#";

/// A tag of the tenant's list.
pub fn tag(t: TenantId, tag: TagId) -> Key {
    main(tenant_pk(t), format!("TAG#{tag}"))
}
pub const TAG_PREFIX: &str = "TAG#";
/// A tag's name is taken, by keyed hash of its folded form.
pub fn tag_name(t: TenantId, name_hash: &str) -> Key {
    main(format!("T#{t}#TN#{name_hash}"), "NAME")
}

/// A contact group.
pub fn group(t: TenantId, g: GroupId) -> Key {
    main(tenant_pk(t), format!("GROUP#{g}"))
}
pub const GROUP_PREFIX: &str = "GROUP#";
/// A group's name is taken, by keyed hash of its folded form.
pub fn group_name(t: TenantId, name_hash: &str) -> Key {
    main(format!("T#{t}#GN#{name_hash}"), "NAME")
}
/// Partition of a group's members.
pub fn group_members_pk(t: TenantId, g: GroupId) -> String {
    format!("T#{t}#G#{g}")
}
/// A contact's place in a group.
pub fn group_member(t: TenantId, g: GroupId, c: ContactId) -> Key {
    main(group_members_pk(t, g), c.to_string())
}

/// The platform's own keys.
pub fn platform() -> Key {
    main("PLATFORM".to_owned(), "KEYS")
}

/// How many requests the tenant made in the last minute.
pub fn requests(t: TenantId) -> Key {
    main(format!("T#{t}#REQS"), "REQUESTS")
}
/// The replanning that a change of settings asked for, one item.
pub fn replan(t: TenantId) -> Key {
    main(format!("T#{t}#REPLAN"), "REPLAN")
}

/// Which object holds the snapshot of the tenant's view.
pub fn view_snapshot(t: TenantId) -> Key {
    main(format!("T#{t}#VIEW"), "SNAPSHOT")
}

/// A snapshot of the tenant's view: an object in the bucket.
pub fn view_object(t: TenantId, object: Uuid) -> ObjectName {
    ObjectName(format!("view/{t}/{object}"))
}

/// The answer given under an idempotency key, per tenant and route.
pub fn idempotency(t: TenantId, route: &str, key_hash: &str) -> Key {
    main(format!("T#{t}#IDEM#{key_hash}"), format!("IDEM#{route}"))
}

/// Partition of the tenant's jobs, in order of creation.
pub fn jobs_pk(t: TenantId) -> String {
    format!("T#{t}#JOBS")
}
/// One job.
pub fn job(t: TenantId, id: JobId) -> Key {
    main(jobs_pk(t), id.to_string())
}
/// Partition of what a job works on.
pub fn job_parts_pk(t: TenantId, id: JobId) -> String {
    format!("T#{t}#JOB#{id}")
}
/// A part of a job that is not done.
pub fn job_part(t: TenantId, id: JobId, part: u32) -> Key {
    main(job_parts_pk(t, id), format!("PART#{part:06}"))
}
/// The rows that were rejected of a part.
pub fn job_rejected(t: TenantId, id: JobId, part: u32) -> Key {
    main(
        job_parts_pk(t, id),
        format!("{JOB_REJECTED_PREFIX}{part:06}"),
    )
}
pub const JOB_REJECTED_PREFIX: &str = "REJECTED#";
/// What became of one contact in a job over contacts.
pub fn job_result(t: TenantId, id: JobId, c: ContactId) -> Key {
    main(job_parts_pk(t, id), format!("{JOB_RESULT_PREFIX}{c}"))
}
pub const JOB_RESULT_PREFIX: &str = "RESULT#";

/// The job that a due entry of its kind stands for, by the sort key of its item.
pub fn job_of(sk: &str) -> Option<JobId> {
    sk.parse().ok()
}
