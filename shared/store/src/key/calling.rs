//! Keys of calling: the do-not-call list, the gate and its queue, campaigns, and the work list.

use chrono::{DateTime, Utc};
use vio_domain::calling::order::Band;
use vio_domain::ids::{AttemptId, AttentionId, CampaignId, DncId, SessionId, TenantId};

use crate::port::Key;

use super::{main, sortable};

/// A number that must not be called, by keyed hash.
pub fn do_not_call(t: TenantId, phone_hash: &str) -> Key {
    main(format!("T#{t}#DNC#{phone_hash}"), "DNC")
}
/// Partition of the tenant's do-not-call list as people read it.
pub fn do_not_call_entries_pk(t: TenantId) -> String {
    format!("T#{t}#DNCS")
}
/// One entry of the do-not-call list, in order of listing.
pub fn do_not_call_entry(t: TenantId, id: DncId) -> Key {
    main(do_not_call_entries_pk(t), id.to_string())
}
/// A number that is being called.
pub fn number_lock(t: TenantId, phone_hash: &str) -> Key {
    main(format!("T#{t}#LOCK#{phone_hash}"), "LOCK")
}
/// When a number was rung during the last day (the abuse rule).
pub fn number_history(t: TenantId, phone_hash: &str) -> Key {
    main(format!("T#{t}#LOCK#{phone_hash}"), "HISTORY")
}

/// The gate: the tenant's allowance of calls, one item.
pub fn gate(t: TenantId) -> Key {
    main(format!("T#{t}#GATE"), "GATE")
}
/// How the tenant's last attempts came out.
pub fn recent_attempts(t: TenantId) -> Key {
    main(format!("T#{t}#GATE"), "RECENT")
}
/// How many messages the tenant sent during the last day.
pub fn messages_sent(t: TenantId) -> Key {
    main(format!("T#{t}#GATE"), "MESSAGES")
}
/// Partition of the tenant's dial queue.
pub fn dial_pk(t: TenantId) -> String {
    format!("T#{t}#DIAL")
}
/// One waiting session in the dial queue: ordered by band, then due.
pub fn dial(t: TenantId, band: Band, due: DateTime<Utc>, s: SessionId) -> Key {
    main(dial_pk(t), format!("{}#{}#{s}", band.code(), sortable(due)))
}
/// Bounds of the sort keys of one band that are due at `now`.
pub fn dial_due(band: Band, now: DateTime<Utc>) -> (String, String) {
    (
        format!("{}#", band.code()),
        format!("{}#{}#~", band.code(), sortable(now)),
    )
}

/// Partition of the tenant's attempts that must be looked at again.
pub fn flights_pk(t: TenantId) -> String {
    format!("T#{t}#FLY")
}
/// One attempt that must be looked at again.
pub fn flight(t: TenantId, a: AttemptId) -> Key {
    main(flights_pk(t), a.to_string())
}

/// Partition of the tenant's campaigns, in order of their beginning.
pub fn campaigns_pk(t: TenantId) -> String {
    format!("T#{t}#CAMP")
}
/// One campaign.
pub fn campaign(t: TenantId, c: CampaignId) -> Key {
    main(campaigns_pk(t), c.to_string())
}
/// The campaigns that are not over, one item.
pub fn campaigns_running(t: TenantId) -> Key {
    main(format!("T#{t}#CAMPRUN"), "RUNNING")
}
/// Who was in a campaign when it began, one item.
pub fn campaign_snapshot(t: TenantId, c: CampaignId) -> Key {
    main(format!("T#{t}#CS#{c}"), "MEMBERS")
}
/// Partition of a campaign's members, in its order.
pub fn campaign_members_pk(t: TenantId, c: CampaignId) -> String {
    format!("T#{t}#CM#{c}")
}
/// One member of a campaign: where its call stands.
pub fn campaign_member(t: TenantId, c: CampaignId, position: u32) -> Key {
    main(campaign_members_pk(t, c), format!("{position:05}"))
}

/// Partition of the tenant's work list: what is open. What is done lies apart, so that reading the list costs what is
/// on it.
pub fn attention_pk(t: TenantId) -> String {
    format!("T#{t}#ATTN")
}
/// One open entry of the work list.
pub fn attention(t: TenantId, id: AttentionId) -> Key {
    main(attention_pk(t), id.to_string())
}
/// Partition of what was done of the work list.
pub fn attention_done_pk(t: TenantId) -> String {
    format!("T#{t}#DONE")
}
/// One entry of the work list that was done.
pub fn attention_done(t: TenantId, id: AttentionId) -> Key {
    main(attention_done_pk(t), id.to_string())
}
