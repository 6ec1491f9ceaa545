//! Keys of what comes from other systems and goes to them: bookings, calendars, webhooks.

use chrono::{DateTime, Utc};
use uuid::Uuid;
use vio_domain::ids::{AppointmentId, DeliveryId, OutgoingWebhookId, TenantId};

use crate::objects::ObjectName;
use crate::port::Key;

use super::{main, sortable};

/// A booking of an outside calendar, by keyed hash of its uid; unknown ones leave a tombstone here.
pub fn booking(t: TenantId, uid_hash: &str) -> Key {
    main(format!("T#{t}#BK#{uid_hash}"), "BOOKING")
}

/// Partition of what there is to do with the tenant's outside calendars.
pub fn calendar_pk(t: TenantId) -> String {
    format!("T#{t}#CAL")
}
/// A change that an outside calendar has not been told yet.
pub fn calendar_write(t: TenantId, a: AppointmentId) -> Key {
    main(calendar_pk(t), format!("{CALENDAR_WRITE_PREFIX}{a}"))
}
pub const CALENDAR_WRITE_PREFIX: &str = "WRITE#";
/// How far an outside calendar has been read, and when it is read again.
pub fn calendar_poll(t: TenantId, calendar: &str) -> Key {
    main(calendar_pk(t), format!("POLL#{calendar}"))
}

/// A tenant's own webhook address.
pub fn endpoint(endpoint_id: &str) -> Key {
    main(format!("EP#{endpoint_id}"), "ENDPOINT")
}
/// A raw event as received, under the provider's identity of it (hashed).
pub fn inbox(t: TenantId, event_hash: &str) -> Key {
    main(format!("T#{t}#IN#{event_hash}"), "INBOX")
}

/// Partition of the addresses that are told what happens, and of what is to be done for each.
pub fn outgoing_webhooks_pk(t: TenantId) -> String {
    format!("T#{t}#HOOKS")
}
/// An address that is told what happens.
pub fn outgoing_webhook(t: TenantId, w: OutgoingWebhookId) -> Key {
    main(
        outgoing_webhooks_pk(t),
        format!("{OUTGOING_WEBHOOK_PREFIX}{w}"),
    )
}
pub const OUTGOING_WEBHOOK_PREFIX: &str = "HOOK#";
/// How well an address answers.
pub fn outgoing_health(t: TenantId, w: OutgoingWebhookId) -> Key {
    main(outgoing_webhooks_pk(t), format!("HEALTH#{w}"))
}
/// When an address is to be told something next.
pub fn outgoing_wake(t: TenantId, w: OutgoingWebhookId) -> Key {
    main(
        outgoing_webhooks_pk(t),
        format!("{OUTGOING_WAKE_PREFIX}{w}"),
    )
}
const OUTGOING_WAKE_PREFIX: &str = "WAKE#";
/// The address that a due entry of its kind stands for, by the sort key of its item.
pub fn outgoing_webhook_of(sk: &str) -> Option<OutgoingWebhookId> {
    sk.strip_prefix(OUTGOING_WAKE_PREFIX)?.parse().ok()
}
/// Partition of the deliveries to an address, in order of what they tell of.
pub fn outgoing_deliveries_pk(t: TenantId, w: OutgoingWebhookId) -> String {
    format!("T#{t}#HD#{w}")
}
/// One event on its way to an address.
pub fn outgoing_delivery(t: TenantId, w: OutgoingWebhookId, d: DeliveryId) -> Key {
    main(outgoing_deliveries_pk(t, w), d.to_string())
}
/// Partition of what waits to be sent to an address, in the order of its turns.
pub fn outgoing_waiting_pk(t: TenantId, w: OutgoingWebhookId) -> String {
    format!("T#{t}#HQ#{w}")
}
/// The place of a delivery among those that wait.
pub fn outgoing_waiting(
    t: TenantId,
    w: OutgoingWebhookId,
    at: DateTime<Utc>,
    d: DeliveryId,
) -> Key {
    main(outgoing_waiting_pk(t, w), format!("{}#{d}", sortable(at)))
}

/// A raw event too large for its item: an object in the bucket, under the event's own id.
pub fn inbox_object(t: TenantId, event: Uuid) -> ObjectName {
    ObjectName(format!("inbox/{t}/{event}"))
}

/// The event hash in the partition key of an inbox item.
pub fn inbox_event_of(pk: &str) -> Option<&str> {
    pk.split_once("#IN#").map(|(_, event)| event)
}
