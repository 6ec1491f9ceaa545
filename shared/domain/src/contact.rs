//! A contact: a client or patient (S0, S1). Appointments are records of their own (`appointment`); the flat fields
//! that S0 puts on the contact show and edit the current one.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use crate::appointment::OpenSession;
use crate::calendar::PreferredTime;
use crate::calling::attention::CallAttention;
pub use crate::calling::order::Priority;
use crate::calling::session::Outcome;
use crate::forms::FormData;
use crate::ids::{AppointmentId, ContactId, GroupId, TenantId, UserId};
use crate::phone::E164;
use crate::text::{CustomFields, Email, FirstName, LastName, Notes, PersonName, ShortText, Tag};

/// The channel a person wants reminders on (S0 step 3; rules.md "When a reminder is due").
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ContactMethod {
    #[default]
    Voice,
    Email,
    Sms,
}

/// Where a contact came from (S0, S1).
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum BookingSource {
    #[default]
    Manual,
    Import,
    Api,
    Form,
    Calcom,
    Calendly,
}

/// How a consent was given (S3 section 6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConsentMethod {
    Verbal,
    Written,
    Electronic,
    Implied,
}

/// Whether a person agreed to be rung, and since when. The full history is a list of consent records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum VoiceConsent {
    /// Nobody asked yet.
    #[default]
    Unknown,
    Given {
        method: ConsentMethod,
        obtained_at: DateTime<Utc>,
    },
    Withdrawn {
        at: DateTime<Utc>,
    },
}

impl VoiceConsent {
    /// Whether a call is covered by consent.
    pub fn is_given(&self) -> bool {
        matches!(self, Self::Given { .. })
    }
}

/// S0's HIPAA checklist as a record: who confirmed which points, and when. In HIPAA mode a contact without it is
/// saved but not called (rules.md Privacy).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HipaaChecklist {
    pub confirmed_by: Option<UserId>,
    pub confirmed_at: DateTime<Utc>,
    pub consent_obtained: bool,
    pub minimum_necessary: bool,
    pub no_phi_in_instructions: bool,
    pub sensitivity_set: bool,
    pub staff_trained: bool,
}

impl HipaaChecklist {
    /// Whether every point was confirmed.
    pub fn complete(&self) -> bool {
        self.consent_obtained
            && self.minimum_necessary
            && self.no_phi_in_instructions
            && self.sensitivity_set
            && self.staff_trained
    }
}

/// A contact's own wishes (S1). Opt-ins are false unless given.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Preferences {
    #[serde(default)]
    pub sms_opt_in: bool,
    #[serde(default)]
    pub email_opt_in: bool,
    #[serde(default)]
    pub voice_consent: VoiceConsent,
    #[serde(default)]
    pub preferred_contact_time: Option<PreferredTime>,
    /// The contact's own zone as typed by staff or the person; it decides the permitted hours.
    #[serde(default)]
    pub timezone: Option<Tz>,
}

/// Why somebody on the staff must look (rules.md "Needs attention"). The words are part of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttentionReason {
    PossibleDuplicate,
    NoCallWindow,
    ChannelUnavailable,
    /// Every retry failed and no other channel is set up yet.
    FallbackPending,
    CallingPaused,
    CalendarNotUpdated,
    /// A calendar's older event met a later change of our own.
    CalendarConflict,
    /// The calendar asked the person to choose another time, and none has come yet.
    NewTimeAwaited,
    /// A message was refused, did not arrive, could not go out in time, or nobody knows.
    MessageNotDelivered,
    /// The person wrote something that a person must read.
    ReplyToRead,
    /// The person answered CANCEL, which ends messages and may mean the appointment.
    CancelRequested,
    /// What calls themselves lead to.
    #[serde(untagged)]
    Call(CallAttention),
}

impl AttentionReason {
    pub const NO_PHONE: Self = Self::Call(CallAttention::NoPhone);
    pub const NOT_DIALABLE: Self = Self::Call(CallAttention::NotDialable);

    /// The word used in the API and the table.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PossibleDuplicate => "possible_duplicate",
            Self::NoCallWindow => "no_call_window",
            Self::ChannelUnavailable => "channel_unavailable",
            Self::FallbackPending => "fallback_pending",
            Self::CallingPaused => "calling_paused",
            Self::CalendarNotUpdated => "calendar_not_updated",
            Self::CalendarConflict => "calendar_conflict",
            Self::NewTimeAwaited => "new_time_awaited",
            Self::MessageNotDelivered => "message_not_delivered",
            Self::ReplyToRead => "reply_to_read",
            Self::CancelRequested => "cancel_requested",
            Self::Call(reason) => reason.name(),
        }
    }
}

impl From<CallAttention> for AttentionReason {
    fn from(reason: CallAttention) -> Self {
        Self::Call(reason)
    }
}

/// Where the contact stands with regard to calling, as the receptionist sees it (S0 "Contact State Transitions").
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallState {
    #[default]
    None,
    CallingScheduled,
    CallingInProgress,
    Settled,
    NeedsAttention,
}

/// A contact's calls in short (S2 call statistics), counted when each is settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct CallTally {
    /// Calls that reached the provider and are over.
    #[serde(rename = "m")]
    pub made: u32,
    /// Those that a person answered.
    #[serde(rename = "a")]
    pub answered: u32,
    /// What the last one came to.
    #[serde(rename = "o", default, skip_serializing_if = "Option::is_none")]
    pub last_outcome: Option<Outcome>,
}

impl CallTally {
    /// Counts a call that is over.
    pub fn count(&mut self, outcome: Outcome) {
        self.made = self.made.saturating_add(1);
        if outcome == Outcome::Answered {
            self.answered = self.answered.saturating_add(1);
        }
        self.last_outcome = Some(outcome);
    }
}

/// The contact as the rules see it: everything in clear. Stored forms are encrypted field by field. `version` is
/// what its ETag names: edits bump it, the keeping of calls does not.
#[derive(Clone, PartialEq)]
pub struct Contact {
    pub id: ContactId,
    pub tenant: TenantId,
    pub version: u64,
    pub name: PersonName,
    /// Set only when given; derived from `name` for display otherwise.
    pub first_name: Option<FirstName>,
    pub last_name: Option<LastName>,
    /// None only for a calendar booking without a usable number.
    pub phone: Option<E164>,
    pub email: Option<Email>,
    /// Which client business the person belongs to (S0, multi-client agencies).
    pub company_name: Option<ShortText<255>>,
    pub industry: Option<ShortText<50>>,
    /// Staff only; never spoken.
    pub notes: Option<Notes>,
    pub tags: Vec<Tag>,
    pub group_ids: Vec<GroupId>,
    pub priority: Priority,
    pub preferred_contact_method: ContactMethod,
    /// Overrides every channel.
    pub do_not_contact: bool,
    pub preferences: Preferences,
    pub custom_fields: CustomFields,
    /// The industry form's values, with the form and its version.
    pub form: Option<FormData>,
    pub checklist: Option<HipaaChecklist>,
    pub assigned_to: Option<UserId>,
    pub is_active: bool,
    pub booking_source: BookingSource,
    /// Zone that only a booking page supplied: permitted hours then hold in it and in the tenant's zone.
    pub booking_page_zone: Option<Tz>,
    /// When somebody last answered a call. Kept by the system.
    pub last_contact_time: Option<DateTime<Utc>>,
    /// Failed calls in a row, over all appointments.
    pub failures_in_a_row: u32,
    /// What became of all calls so far. Kept by the system.
    pub calls: CallTally,
    /// The open entry of the work list, if any.
    pub needs_attention: Option<AttentionReason>,
    /// The appointment that entry is about, if about one.
    pub attention_about: Option<AppointmentId>,
    /// Until when staff put that entry out of sight. The same reason again makes a new entry meanwhile.
    pub attention_snoozed_until: Option<DateTime<Utc>>,
    pub call_state: CallState,
    /// The session about no appointment that is planned, placing or in flight: at most one.
    pub open_session: Option<OpenSession>,
    /// When that session's call is due, while it is planned.
    pub next_call_at: Option<DateTime<Utc>>,
    pub current_appointment: Option<AppointmentId>,
    pub appointments_count: u32,
    pub created_by: Option<UserId>,
    pub created_at: DateTime<Utc>,
    pub updated_at: DateTime<Utc>,
    /// Soft delete: when, by whom. Restorable for 30 days.
    pub deleted: Option<Deleted>,
    /// The contact that it was made one with, where that is why it is deleted.
    pub merged_into: Option<ContactId>,
    /// Contacts that were made one with this one, and those that had been made one with them before. One that was brought back since no longer says so itself.
    pub merged_from: Vec<ContactId>,
}

impl Contact {
    /// Somebody with nothing but a name, not stored yet: everything else as it is when nobody says otherwise.
    pub fn named(id: ContactId, tenant: TenantId, name: PersonName, now: DateTime<Utc>) -> Self {
        Self {
            id,
            tenant,
            version: 0,
            name,
            first_name: None,
            last_name: None,
            phone: None,
            email: None,
            company_name: None,
            industry: None,
            notes: None,
            tags: Vec::new(),
            group_ids: Vec::new(),
            priority: Priority::default(),
            preferred_contact_method: ContactMethod::default(),
            do_not_contact: false,
            preferences: Preferences::default(),
            custom_fields: CustomFields::default(),
            form: None,
            checklist: None,
            assigned_to: None,
            is_active: true,
            booking_source: BookingSource::default(),
            booking_page_zone: None,
            last_contact_time: None,
            failures_in_a_row: 0,
            calls: CallTally::default(),
            needs_attention: None,
            attention_about: None,
            attention_snoozed_until: None,
            call_state: CallState::default(),
            open_session: None,
            next_call_at: None,
            current_appointment: None,
            appointments_count: 0,
            created_by: None,
            created_at: now,
            updated_at: now,
            deleted: None,
            merged_into: None,
            merged_from: Vec::new(),
        }
    }

    /// Whether the contact is on the work list for this reason and appointment.
    pub fn stands_for(&self, reason: AttentionReason, about: Option<AppointmentId>) -> bool {
        self.needs_attention == Some(reason) && self.attention_about == about
    }

    /// The entry of the work list that the contact stands for from here on.
    pub fn stand_for(
        &mut self,
        reason: AttentionReason,
        about: Option<AppointmentId>,
        snoozed_until: Option<DateTime<Utc>>,
    ) {
        self.needs_attention = Some(reason);
        self.attention_about = about;
        self.attention_snoozed_until = snoozed_until;
    }

    /// Nothing about the contact waits for staff any more.
    pub fn stand_for_nothing(&mut self) {
        self.needs_attention = None;
        self.attention_about = None;
        self.attention_snoozed_until = None;
    }
}

/// Who deleted a contact, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deleted {
    pub at: DateTime<Utc>,
    pub by: Option<UserId>,
}

/// Days during which a deleted contact can be restored by users (rules.md Contacts).
pub const RESTORE_DAYS: i64 = 30;

impl std::fmt::Debug for Contact {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Contact")
            .field("id", &self.id)
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}
