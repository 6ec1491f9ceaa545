//! The only file that formats keys. Every function takes the tenant first, so that no access starts without one;
//! `docs/data-model.md` lists each of these with its access patterns, and a test keeps the two in step.

use chrono::{DateTime, Utc};
use uuid::Uuid;
use vio_domain::calling::order::Band;
use vio_domain::ids::{
    AppointmentId, AttemptId, AttentionId, AttentionStepId, CampaignId, ConsentId, ContactId,
    DeliveryId, DncId, GroupId, InteractionId, JobId, LocationId, LogId, MessageId, NoticeId,
    OutgoingWebhookId, SavedFilterId, SessionId, SignInId, TagId, TenantId, UserId,
};

use crate::entity::{DueEntry, Enumerated};
use crate::objects::ObjectName;
use crate::port::{Key, TableName};

/// Shards of the due index. The tick reads each; more shards only when one cannot take the writes.
pub const DUE_SHARDS: u8 = 8;
/// Shards of each of a tenant's two logs, by entity id.
pub const LOG_SHARDS: u8 = 4;

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

/// A member of the team.
pub fn user(t: TenantId, u: UserId) -> Key {
    main(tenant_pk(t), format!("USER#{u}"))
}
pub const USER_PREFIX: &str = "USER#";

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

/// Partition of the pairs of contacts that are two people.
pub fn apart_pk(t: TenantId) -> String {
    format!("T#{t}#APART")
}
/// Two contacts that somebody said are two people, the lesser id first.
pub fn apart(t: TenantId, [one, other]: [ContactId; 2]) -> Key {
    main(apart_pk(t), format!("{one}#{other}"))
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

/// Which user signs in with an e-mail address; across tenants, by keyed hash.
pub fn login(email_hash: &str) -> Key {
    main(format!("LOGIN#{email_hash}"), "LOGIN")
}

/// When new passwords were asked for with an address, whether or not anybody has it.
pub fn password_reset_asks(email_hash: &str) -> Key {
    main(format!("LOGIN#{email_hash}"), "RESETS")
}
/// A link to a new password that was not used yet.
pub fn password_reset(id: Uuid) -> Key {
    main(format!("RESET#{id}"), "RESET")
}
/// An invitation to a team that was not accepted yet.
pub fn invitation(id: Uuid) -> Key {
    main(format!("INVITE#{id}"), "INVITATION")
}

/// A business name is taken (S3 "unique within platform"), by keyed hash of its folded form.
pub fn business_name(name_hash: &str) -> Key {
    main(format!("BUSINESS#{name_hash}"), "BUSINESS")
}

/// A signed-in device of a user.
pub fn sign_in(t: TenantId, u: UserId, s: SignInId) -> Key {
    main(format!("T#{t}#U#{u}"), format!("SIGNIN#{s}"))
}
/// Partition of a user's signed-in devices and saved filters.
pub fn sign_ins_pk(t: TenantId, u: UserId) -> String {
    format!("T#{t}#U#{u}")
}
pub const SIGN_IN_PREFIX: &str = "SIGNIN#";
/// A filter that a user saved.
pub fn saved_filter(t: TenantId, u: UserId, f: SavedFilterId) -> Key {
    main(sign_ins_pk(t, u), format!("{SAVED_FILTER_PREFIX}{f}"))
}
pub const SAVED_FILTER_PREFIX: &str = "FILTER#";
/// A message in the console of a user.
pub fn in_app(t: TenantId, u: UserId, id: NoticeId) -> Key {
    main(sign_ins_pk(t, u), format!("{IN_APP_PREFIX}{id}"))
}
pub const IN_APP_PREFIX: &str = "NOTE#";
/// The name of a user's saved filter is taken, by keyed hash of both.
pub fn saved_filter_name(t: TenantId, name_hash: &str) -> Key {
    main(format!("T#{t}#SN#{name_hash}"), "NAME")
}
/// Whose a family of refresh tokens is: a token names only its family.
pub fn refresh_family(s: SignInId) -> Key {
    main(format!("RT#{s}"), "FAMILY")
}
/// A ticket that opens one live connection.
pub fn live_ticket(ticket: Uuid) -> Key {
    main(format!("LIVE#{ticket}"), "TICKET")
}
/// Partition of a tenant's live connections.
pub fn live_pk(t: TenantId) -> String {
    format!("T#{t}#LIVE")
}
/// A live connection, by the name that API Gateway gave it.
pub fn live_connection(t: TenantId, connection: &str) -> Key {
    main(live_pk(t), connection)
}
/// Failed sign-ins with an e-mail address, by keyed hash, whether or not anybody has it.
pub fn sign_in_tries(email_hash: &str) -> Key {
    main(format!("LOGIN#{email_hash}"), "TRIES")
}
/// How many requests the tenant made in the last minute.
pub fn requests(t: TenantId) -> Key {
    main(format!("T#{t}#REQS"), "REQUESTS")
}
/// The replanning that a change of settings asked for, one item.
pub fn replan(t: TenantId) -> Key {
    main(format!("T#{t}#REPLAN"), "REPLAN")
}

/// Partition of a contact's item collection: one query is the whole person.
pub fn contact_pk(t: TenantId, c: ContactId) -> String {
    format!("T#{t}{CONTACT_PART}{c}")
}
/// What leads the contact's id in the partition key of its collection.
pub(crate) const CONTACT_PART: &str = "#C#";
/// The contact itself.
pub fn contact(t: TenantId, c: ContactId) -> Key {
    main(contact_pk(t, c), "CONTACT")
}
/// One appointment of a contact.
pub fn appointment(t: TenantId, c: ContactId, a: AppointmentId) -> Key {
    main(contact_pk(t, c), format!("APPT#{a}"))
}
pub const APPOINTMENT_PREFIX: &str = "APPT#";
/// One call session of a contact.
pub fn session(t: TenantId, c: ContactId, s: SessionId) -> Key {
    main(contact_pk(t, c), format!("SESS#{s}"))
}
pub const SESSION_PREFIX: &str = "SESS#";
/// One attempt of a call session.
pub fn attempt(t: TenantId, c: ContactId, a: AttemptId) -> Key {
    main(contact_pk(t, c), format!("ATT#{a}"))
}
pub const ATTEMPT_PREFIX: &str = "ATT#";
/// A decision record: why somebody was rung, or was not.
pub fn decision(t: TenantId, c: ContactId, s: SessionId, at: DateTime<Utc>) -> Key {
    main(contact_pk(t, c), format!("DEC#{s}#{}", sortable(at)))
}
pub fn decision_prefix(s: SessionId) -> String {
    format!("DEC#{s}#")
}
/// A consent given or withdrawn.
pub fn consent(t: TenantId, c: ContactId, id: ConsentId) -> Key {
    main(contact_pk(t, c), format!("CONS#{id}"))
}
pub const CONSENT_PREFIX: &str = "CONS#";
/// An entry of the contact's timeline.
pub fn interaction(t: TenantId, c: ContactId, id: InteractionId) -> Key {
    main(contact_pk(t, c), format!("INT#{id}"))
}
pub const INTERACTION_PREFIX: &str = "INT#";

/// A written message to or about a contact.
pub fn message(t: TenantId, c: ContactId, id: MessageId) -> Key {
    main(contact_pk(t, c), format!("{MESSAGE_PREFIX}{id}"))
}
pub const MESSAGE_PREFIX: &str = "MSG#";
/// Which message it is that a provider has under an id, by keyed hash of that.
pub fn provider_message(t: TenantId, id_hash: &str) -> Key {
    main(format!("T#{t}#PM#{id_hash}"), "MESSAGE")
}
/// The message that a due entry of its kind stands for, by the keys of its item.
pub fn message_of(pk: &str, sk: &str) -> Option<(ContactId, MessageId)> {
    let (_, contact) = pk.split_once(CONTACT_PART)?;
    let message = sk.strip_prefix(MESSAGE_PREFIX)?;
    Some((contact.parse().ok()?, message.parse().ok()?))
}

/// A letter to somebody on the staff, by keyed hash of what it is about and whom it is to: the same one is written once.
pub fn letter(t: TenantId, hash: &str) -> Key {
    main(format!("T#{t}{LETTER_PART}{hash}"), "LETTER")
}
/// What leads the hash in the partition key of a letter.
const LETTER_PART: &str = "#LTR#";
/// The letter that a due entry of its kind stands for, by the partition key of its item.
pub fn letter_of(pk: &str) -> Option<&str> {
    pk.split_once(LETTER_PART).map(|(_, hash)| hash)
}
/// An address at which e-mail does not arrive or is not wanted, by keyed hash.
pub fn mail_stopped(t: TenantId, email_hash: &str) -> Key {
    main(format!("T#{t}#MX#{email_hash}"), "STOPPED")
}

/// Partition of what staff are still to be told of.
pub fn notices_pk(t: TenantId) -> String {
    format!("T#{t}#NTC")
}
/// Something that staff are still to be told of.
pub fn notice(t: TenantId, id: NoticeId) -> Key {
    main(notices_pk(t), format!("{NOTICE_PREFIX}{id}"))
}
pub const NOTICE_PREFIX: &str = "TOLD#";
/// An alert by SMS to somebody on the staff that was not sent yet.
pub fn notice_sms(t: TenantId, id: NoticeId, u: UserId) -> Key {
    main(notices_pk(t), format!("{NOTICE_SMS_PREFIX}{id}#{u}"))
}
pub const NOTICE_SMS_PREFIX: &str = "SMS#";
/// Which summaries staff get next.
pub fn summaries(t: TenantId) -> Key {
    main(notices_pk(t), "SUMMARIES")
}

/// One step of the history of an entry of the work list, with the contact it is about.
pub fn attention_step(t: TenantId, c: ContactId, entry: AttentionId, id: AttentionStepId) -> Key {
    main(contact_pk(t, c), format!("ATTN#{entry}#{id}"))
}
pub fn attention_step_prefix(entry: AttentionId) -> String {
    format!("ATTN#{entry}#")
}

/// The key of a person, in the table of its own.
pub fn person_key(t: TenantId, c: ContactId) -> Key {
    Key {
        table: TableName::PersonKeys,
        pk: tenant_pk(t),
        sk: c.to_string(),
    }
}

/// Claim on a phone number or an e-mail address: which contacts have it. `kind` is `P` or `E`.
pub fn claim(t: TenantId, kind: ClaimKind, hash: &str) -> Key {
    main(format!("T#{t}#{}#{hash}", kind.letter()), "CLAIM")
}

/// What a claim is on.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum ClaimKind {
    Phone,
    Email,
}

impl ClaimKind {
    fn letter(self) -> &'static str {
        match self {
            Self::Phone => "CP",
            Self::Email => "CE",
        }
    }
}

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

/// Which object holds the snapshot of the tenant's view.
pub fn view_snapshot(t: TenantId) -> Key {
    main(format!("T#{t}#VIEW"), "SNAPSHOT")
}

/// A snapshot of the tenant's view: an object in the bucket.
pub fn view_object(t: TenantId, object: Uuid) -> ObjectName {
    ObjectName(format!("view/{t}/{object}"))
}

/// A raw event too large for its item: an object in the bucket, under the event's own id.
pub fn inbox_object(t: TenantId, event: Uuid) -> ObjectName {
    ObjectName(format!("inbox/{t}/{event}"))
}

/// The event hash in the partition key of an inbox item.
pub fn inbox_event_of(pk: &str) -> Option<&str> {
    pk.split_once("#IN#").map(|(_, event)| event)
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

/// The answer given under an idempotency key, per tenant and route.
pub fn idempotency(t: TenantId, route: &str, key_hash: &str) -> Key {
    main(format!("T#{t}#IDEM#{key_hash}"), format!("IDEM#{route}"))
}

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
