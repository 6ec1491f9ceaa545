//! What staff can be told of. Ids and words of a closed list only: what is kept until somebody was told holds nothing
//! personal, and neither does what they are told.

use serde::{Deserialize, Serialize};

use crate::bookings::Calendar;
use crate::calling::pause::PauseReason;
use crate::calling::session::Outcome;
use crate::contact::AttentionReason;
use crate::ids::{AppointmentId, CampaignId, ContactId, SessionId, UserId};

/// What became of an appointment without staff doing it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    Confirmed,
    Cancelled,
    Rescheduled,
}

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
    /// The platform's operator will work on it, or did.
    Maintenance,
    /// The platform can do something new.
    FeatureAnnounced,
    /// The share of the month's calls that is used up, in percent (S3 `call_limit_warning`).
    UsageLimit { percent: u8 },
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
    Maintenance,
    FeatureAnnounced,
    UsageLimit,
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
            Self::Maintenance => "maintenance",
            Self::FeatureAnnounced => "feature_announced",
            Self::UsageLimit => "usage_limit",
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
            Self::Maintenance => "Maintenance",
            Self::FeatureAnnounced => "Something new",
            Self::UsageLimit => "The month's calls are nearly used up",
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
            Self::Maintenance => "Maintenance of the service is announced.",
            Self::FeatureAnnounced => "There is something new in VioConcierge.",
            Self::UsageLimit => "The month's calls are nearly used up.",
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
            Self::Maintenance => Topic::Maintenance,
            Self::FeatureAnnounced => Topic::FeatureAnnounced,
            Self::UsageLimit { .. } => Topic::UsageLimit,
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
            | Self::UsageLimit { .. } => Audience::Administrators,
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
            _ => None,
        }
    }
}
