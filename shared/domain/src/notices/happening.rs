//! What staff can be told of. Ids and words of a closed list only: what is kept until somebody was told holds nothing
//! personal, and neither does what they are told.

use serde::{Deserialize, Serialize};

use crate::bookings::Calendar;
use crate::calling::pause::PauseReason;
use crate::calling::session::Outcome;
use crate::contact::AttentionReason;
use crate::ids::{AppointmentId, CampaignId, ContactId, OutgoingWebhookId, SessionId, UserId};
use crate::messages;

/// What became of an appointment without staff doing it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    Confirmed,
    Cancelled,
    Rescheduled,
}

/// Something of which a business may use only so much (rules.md The call throttle; `messages::rules::MOST_A_DAY`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Limit {
    /// Attempts in a day of the business's own.
    CallsOfTheDay,
    /// Messages to contacts in 24 hours, by SMS and e-mail.
    MessagesOfTheDay,
}

impl Limit {
    /// The word in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CallsOfTheDay => "calls_of_the_day",
            Self::MessagesOfTheDay => "messages_of_the_day",
        }
    }

    /// The share of a limit, in percent, that is reached with this one and was not before it: most of it, or all (S3
    /// `usage_limit_alerts`). Uses come one by one; `used` counts this one.
    pub const fn reached(used: u32, of: u32) -> Option<u8> {
        let near = (of as u64 * NEARLY as u64).div_ceil(100);
        match used as u64 {
            used if used == of as u64 => Some(100),
            used if used == near => Some(NEARLY),
            _ => None,
        }
    }
}

/// From this share on, in percent, a limit is nearly used up.
const NEARLY: u8 = 80;

/// Something that staff can be told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Happening {
    /// Somebody signed in on a device that was not known. That a password or a sign-in address changed is told at once, by
    /// a letter in the transaction of the change itself.
    NewSignIn { user: UserId },
    /// A call is over. One that changed the appointment says so, so that nobody is told twice of one call.
    CallSettled {
        contact: ContactId,
        session: SessionId,
        /// None where no call was made after all.
        outcome: Option<Outcome>,
        change: Option<Change>,
    },
    /// A person changed their appointment by a message or in the calendar.
    AppointmentChanged {
        contact: ContactId,
        appointment: AppointmentId,
        change: Change,
    },
    /// An entry came onto the work list.
    NeedsAttention {
        contact: ContactId,
        reason: AttentionReason,
    },
    /// Every call of a campaign is over.
    CampaignEnded { campaign: CampaignId },
    /// Calling stopped by itself.
    CallingPaused { reason: PauseReason },
    /// A calendar that worked cannot be read any more.
    IntegrationFailing { calendar: Calendar },
    /// The provider of a channel refuses the account, the business's own or, of e-mail, the platform's: messages wait, and are
    /// lost if nobody mends it in time.
    ChannelFailing { channel: messages::Channel },
    /// The platform's operator will work on it, or did.
    Maintenance,
    /// The platform can do something new.
    FeatureAnnounced,
    /// A limit is nearly used up, or wholly: what goes beyond it waits. The share is in percent.
    UsageLimit { limit: Limit, percent: u8 },
    /// An address of the business's own is told nothing any more: it took nothing for days, or said that it is gone.
    WebhookDisabled {
        webhook: OutgoingWebhookId,
        gone: bool,
    },
    /// A report that somebody asked for can be fetched.
    ReportReady { user: UserId },
}

/// Who is asked whether they want to be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// One person alone: it is about them.
    One(UserId),
    /// Whoever sees this contact: everybody, or those whose own patient it is (rules.md People, roles, sessions).
    WhoSees(ContactId),
    /// Whoever sees what calls come to.
    WhoSeesCalls,
    /// Who runs the business.
    Administrators,
    Everybody,
}

/// What it is about, in a word for the API, its texts and its figures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Topic {
    NewSignIn,
    CallAnswered,
    CallFailed,
    AppointmentConfirmed,
    AppointmentCancelled,
    AppointmentRescheduled,
    NeedsAttention,
    CampaignEnded,
    CallingPaused,
    IntegrationFailing,
    ChannelFailing,
    Maintenance,
    FeatureAnnounced,
    UsageLimit,
    WebhookDisabled,
    ReportReady,
}

impl Topic {
    /// The word in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NewSignIn => "new_sign_in",
            Self::CallAnswered => "call_answered",
            Self::CallFailed => "call_failed",
            Self::AppointmentConfirmed => "appointment_confirmed",
            Self::AppointmentCancelled => "appointment_cancelled",
            Self::AppointmentRescheduled => "appointment_rescheduled",
            Self::NeedsAttention => "needs_attention",
            Self::CampaignEnded => "campaign_ended",
            Self::CallingPaused => "calling_paused",
            Self::IntegrationFailing => "integration_failing",
            Self::ChannelFailing => "channel_failing",
            Self::Maintenance => "maintenance",
            Self::FeatureAnnounced => "feature_announced",
            Self::UsageLimit => "usage_limit",
            Self::WebhookDisabled => "webhook_disabled",
            Self::ReportReady => "report_ready",
        }
    }

    /// The subject of its mail, and its heading.
    pub const fn subject(self) -> &'static str {
        match self {
            Self::NewSignIn => "New sign-in to your account",
            Self::CallAnswered => "A call was answered",
            Self::CallFailed => "A call failed",
            Self::AppointmentConfirmed => "An appointment was confirmed",
            Self::AppointmentCancelled => "An appointment was cancelled",
            Self::AppointmentRescheduled => "An appointment is to be moved",
            Self::NeedsAttention => "Something needs attention",
            Self::CampaignEnded => "A campaign is complete",
            Self::CallingPaused => "Calling has stopped",
            Self::IntegrationFailing => "A calendar cannot be read",
            Self::ChannelFailing => "Messages cannot be sent",
            Self::Maintenance => "Maintenance",
            Self::FeatureAnnounced => "Something new",
            Self::UsageLimit => "A limit of the day is near",
            Self::WebhookDisabled => "An address of yours is told nothing any more",
            Self::ReportReady => "Your report is ready",
        }
    }

    /// What somebody reads, at every HIPAA level: no name, time or kind of appointment.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::NewSignIn => "Somebody signed in to your account on a new device.",
            Self::CallAnswered => "A call was answered.",
            Self::CallFailed => "A call did not reach the person.",
            Self::AppointmentConfirmed => "An appointment was confirmed.",
            Self::AppointmentCancelled => "An appointment was cancelled.",
            Self::AppointmentRescheduled => "An appointment was moved, or is to be moved.",
            Self::NeedsAttention => "Something needs attention.",
            Self::CampaignEnded => "A campaign is complete.",
            Self::CallingPaused => "Calling stopped by itself. Nobody is rung until it is resumed.",
            Self::IntegrationFailing => "A calendar cannot be read. New bookings may be missing.",
            Self::ChannelFailing => {
                "The provider of SMS or of e-mail refuses the account. Messages wait until that is mended."
            }
            Self::Maintenance => "Maintenance of the service is announced.",
            Self::FeatureAnnounced => "There is something new in VioConcierge.",
            Self::UsageLimit => {
                "The calls or messages of a day are nearly used up, or used up. What goes beyond the limit waits."
            }
            Self::WebhookDisabled => {
                "An address that is told what happens was switched off, because it takes nothing any more."
            }
            Self::ReportReady => "A report is ready to be fetched.",
        }
    }
}

impl Happening {
    /// What it is about.
    pub fn topic(&self) -> Topic {
        match self {
            Self::NewSignIn { .. } => Topic::NewSignIn,
            Self::CallSettled {
                change: Some(change),
                ..
            }
            | Self::AppointmentChanged { change, .. } => match change {
                Change::Confirmed => Topic::AppointmentConfirmed,
                Change::Cancelled => Topic::AppointmentCancelled,
                Change::Rescheduled => Topic::AppointmentRescheduled,
            },
            Self::CallSettled {
                outcome: Some(Outcome::Answered),
                ..
            } => Topic::CallAnswered,
            Self::CallSettled { .. } => Topic::CallFailed,
            Self::NeedsAttention { .. } => Topic::NeedsAttention,
            Self::CampaignEnded { .. } => Topic::CampaignEnded,
            Self::CallingPaused { .. } => Topic::CallingPaused,
            Self::IntegrationFailing { .. } => Topic::IntegrationFailing,
            Self::ChannelFailing { .. } => Topic::ChannelFailing,
            Self::Maintenance => Topic::Maintenance,
            Self::FeatureAnnounced => Topic::FeatureAnnounced,
            Self::UsageLimit { .. } => Topic::UsageLimit,
            Self::WebhookDisabled { .. } => Topic::WebhookDisabled,
            Self::ReportReady { .. } => Topic::ReportReady,
        }
    }

    /// Who is asked.
    pub fn audience(&self) -> Audience {
        match self {
            Self::NewSignIn { user } | Self::ReportReady { user } => Audience::One(*user),
            Self::CallSettled { contact, .. }
            | Self::AppointmentChanged { contact, .. }
            | Self::NeedsAttention { contact, .. } => Audience::WhoSees(*contact),
            Self::CampaignEnded { .. } => Audience::WhoSeesCalls,
            Self::CallingPaused { .. }
            | Self::IntegrationFailing { .. }
            | Self::ChannelFailing { .. }
            | Self::UsageLimit { .. }
            | Self::WebhookDisabled { .. } => Audience::Administrators,
            Self::Maintenance | Self::FeatureAnnounced => Audience::Everybody,
        }
    }

    /// What became of an appointment, if that is what it is about.
    pub fn change(&self) -> Option<Change> {
        match self {
            Self::CallSettled { change, .. } => *change,
            Self::AppointmentChanged { change, .. } => Some(*change),
            _ => None,
        }
    }

    /// The contact that it is about.
    pub fn contact(&self) -> Option<ContactId> {
        match self.audience() {
            Audience::WhoSees(contact) => Some(contact),
            _ => None,
        }
    }

    /// Why, in a word of the API: of what stopped, fails or needs attention.
    pub fn reason(&self) -> Option<&'static str> {
        match self {
            Self::NeedsAttention { reason, .. } => Some(reason.as_str()),
            Self::CallingPaused { reason } => Some(reason.name()),
            Self::IntegrationFailing { calendar } => Some(calendar.word()),
            Self::ChannelFailing { channel } => Some(channel.as_str()),
            Self::UsageLimit { limit, .. } => Some(limit.as_str()),
            Self::WebhookDisabled { gone: true, .. } => Some("gone"),
            Self::WebhookDisabled { gone: false, .. } => Some("failing"),
            _ => None,
        }
    }
}
