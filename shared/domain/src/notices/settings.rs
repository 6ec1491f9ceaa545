//! What somebody wants to be told of: S3's switches with its defaults, and the one table of them.

use serde::{Deserialize, Serialize};

use super::happening::{Happening, Topic};
use super::summary::Summary;
use super::{Change, Channel};
use crate::calling::pause::PauseReason;
use crate::error::Invalid;

/// Which calls somebody is mailed about (S3 `call_completion_notifications`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallCompletion {
    None,
    #[default]
    FailedOnly,
    AllOutcomes,
    /// The daily summary instead of a mail for each.
    SummaryOnly,
}

impl CallCompletion {
    /// S3's choices.
    pub const ALL: [Self; 4] = [
        Self::None,
        Self::FailedOnly,
        Self::AllOutcomes,
        Self::SummaryOnly,
    ];

    /// The word in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::FailedOnly => "failed_only",
            Self::AllOutcomes => "all_outcomes",
            Self::SummaryOnly => "summary_only",
        }
    }
}

/// Mails (S3 `email_notifications`). Account and security mail has no switch here: it cannot be off (`cannot_disable`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct EmailNotices {
    pub system_maintenance: bool,
    pub feature_announcements: bool,
    pub call_completion_notifications: CallCompletion,
    pub appointment_confirmations: bool,
    pub cancellation_alerts: bool,
    pub daily_activity_summary: bool,
    pub weekly_performance_report: bool,
    pub monthly_business_review: bool,
    pub custom_report_notifications: bool,
}

impl Default for EmailNotices {
    fn default() -> Self {
        Self {
            system_maintenance: true,
            feature_announcements: true,
            call_completion_notifications: CallCompletion::default(),
            appointment_confirmations: false,
            cancellation_alerts: true,
            daily_activity_summary: false,
            weekly_performance_report: false,
            monthly_business_review: false,
            custom_report_notifications: true,
        }
    }
}

/// Alerts by SMS (S3 `sms_notifications`); all of them need `enable_sms`, and that a phone number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SmsNotices {
    pub enable_sms: bool,
    pub critical_system_alerts: bool,
    pub high_volume_call_failures: bool,
    pub usage_limit_alerts: bool,
}

impl Default for SmsNotices {
    fn default() -> Self {
        Self {
            enable_sms: false,
            critical_system_alerts: true,
            high_volume_call_failures: true,
            usage_limit_alerts: false,
        }
    }
}

/// In which corner messages of the console appear (S3 `notification_position`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NoticePosition {
    #[default]
    TopRight,
    TopLeft,
    BottomRight,
    BottomLeft,
}

impl NoticePosition {
    /// S3's choices.
    pub const ALL: [Self; 4] = [
        Self::TopRight,
        Self::TopLeft,
        Self::BottomRight,
        Self::BottomLeft,
    ];

    /// The word in the API.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TopRight => "top_right",
            Self::TopLeft => "top_left",
            Self::BottomRight => "bottom_right",
            Self::BottomLeft => "bottom_left",
        }
    }
}

/// Seconds for which a message of the console stays: 3, 5, 10, or 0 until somebody closes it (S3
/// `notification_duration`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "u8", into = "u8")]
pub struct NoticeDuration(u8);

impl NoticeDuration {
    /// S3's choices.
    pub const CHOICES: [u8; 4] = [3, 5, 10, 0];

    /// The seconds; 0 for ever.
    pub fn seconds(self) -> u8 {
        self.0
    }
}

impl Default for NoticeDuration {
    fn default() -> Self {
        Self(5)
    }
}

impl TryFrom<u8> for NoticeDuration {
    type Error = Invalid;

    fn try_from(seconds: u8) -> Result<Self, Invalid> {
        if Self::CHOICES.contains(&seconds) {
            Ok(Self(seconds))
        } else {
            Err(Invalid::new(
                "not_offered",
                "Messages stay for 3, 5 or 10 seconds, or, with 0, until they are closed.",
            ))
        }
    }
}

impl From<NoticeDuration> for u8 {
    fn from(duration: NoticeDuration) -> u8 {
        duration.0
    }
}

/// Messages in the console (S3 `in_app_notifications`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct InAppNotices {
    pub call_status_updates: bool,
    pub contact_confirmations: bool,
    pub system_performance: bool,
    pub notification_position: NoticePosition,
    pub notification_duration: NoticeDuration,
}

impl Default for InAppNotices {
    fn default() -> Self {
        Self {
            call_status_updates: true,
            contact_confirmations: true,
            system_performance: false,
            notification_position: NoticePosition::default(),
            notification_duration: NoticeDuration::default(),
        }
    }
}

/// What one person wants to be told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct NoticeSettings {
    pub email: EmailNotices,
    pub sms: SmsNotices,
    pub in_app: InAppNotices,
}

impl NoticeSettings {
    /// Whether somebody gets a summary of this kind.
    pub fn wants(&self, summary: Summary) -> bool {
        let email = &self.email;
        match summary {
            Summary::Daily => {
                email.daily_activity_summary
                    || email.call_completion_notifications == CallCompletion::SummaryOnly
            }
            Summary::Weekly => email.weekly_performance_report,
            Summary::Monthly => email.monthly_business_review,
        }
    }

    /// Whether somebody gets any summary.
    pub fn wants_any_summary(&self) -> bool {
        Summary::ALL.iter().any(|summary| self.wants(*summary))
    }
}

/// One switch that is on or off for what happens; summaries go by the clock ([`NoticeSettings::wants`]).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Switch {
    AccountUpdates,
    SystemMaintenance,
    FeatureAnnouncements,
    CallCompletion,
    AppointmentConfirmations,
    CancellationAlerts,
    CustomReports,
    CriticalSystemAlerts,
    HighVolumeCallFailures,
    UsageLimitAlerts,
    CallStatusUpdates,
    ContactConfirmations,
    SystemPerformance,
}

impl Switch {
    /// Every switch, in S3's order.
    pub const ALL: [Self; 13] = [
        Self::AccountUpdates,
        Self::SystemMaintenance,
        Self::FeatureAnnouncements,
        Self::CallCompletion,
        Self::AppointmentConfirmations,
        Self::CancellationAlerts,
        Self::CustomReports,
        Self::CriticalSystemAlerts,
        Self::HighVolumeCallFailures,
        Self::UsageLimitAlerts,
        Self::CallStatusUpdates,
        Self::ContactConfirmations,
        Self::SystemPerformance,
    ];

    /// S3's name of it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AccountUpdates => "account_updates",
            Self::SystemMaintenance => "system_maintenance",
            Self::FeatureAnnouncements => "feature_announcements",
            Self::CallCompletion => "call_completion_notifications",
            Self::AppointmentConfirmations => "appointment_confirmations",
            Self::CancellationAlerts => "cancellation_alerts",
            Self::CustomReports => "custom_report_notifications",
            Self::CriticalSystemAlerts => "critical_system_alerts",
            Self::HighVolumeCallFailures => "high_volume_call_failures",
            Self::UsageLimitAlerts => "usage_limit_alerts",
            Self::CallStatusUpdates => "call_status_updates",
            Self::ContactConfirmations => "contact_confirmations",
            Self::SystemPerformance => "system_performance",
        }
    }

    /// Which channel it opens.
    pub const fn channel(self) -> Channel {
        match self {
            Self::AccountUpdates
            | Self::SystemMaintenance
            | Self::FeatureAnnouncements
            | Self::CallCompletion
            | Self::AppointmentConfirmations
            | Self::CancellationAlerts
            | Self::CustomReports => Channel::Email,
            Self::CriticalSystemAlerts | Self::HighVolumeCallFailures | Self::UsageLimitAlerts => {
                Channel::Sms
            }
            Self::CallStatusUpdates | Self::ContactConfirmations | Self::SystemPerformance => {
                Channel::InApp
            }
        }
    }

    /// Whether nobody can switch it off: what guards the account itself (S3 `cannot_disable`).
    pub const fn is_locked(self) -> bool {
        matches!(self, Self::AccountUpdates)
    }

    /// Whether it is on.
    pub fn is_on(self, settings: &NoticeSettings) -> bool {
        let NoticeSettings { email, sms, in_app } = settings;
        match self {
            Self::AccountUpdates => true,
            Self::SystemMaintenance => email.system_maintenance,
            Self::FeatureAnnouncements => email.feature_announcements,
            Self::CallCompletion => matches!(
                email.call_completion_notifications,
                CallCompletion::FailedOnly | CallCompletion::AllOutcomes
            ),
            Self::AppointmentConfirmations => email.appointment_confirmations,
            Self::CancellationAlerts => email.cancellation_alerts,
            Self::CustomReports => email.custom_report_notifications,
            Self::CriticalSystemAlerts => sms.critical_system_alerts,
            Self::HighVolumeCallFailures => sms.high_volume_call_failures,
            Self::UsageLimitAlerts => sms.usage_limit_alerts,
            Self::CallStatusUpdates => in_app.call_status_updates,
            Self::ContactConfirmations => in_app.contact_confirmations,
            Self::SystemPerformance => in_app.system_performance,
        }
    }

    /// Sets it; nothing where it is locked. The choice among calls becomes the one of S3 that `on` comes nearest to.
    pub fn set(self, settings: &mut NoticeSettings, on: bool) {
        let NoticeSettings { email, sms, in_app } = settings;
        let place = match self {
            Self::AccountUpdates => return,
            Self::CallCompletion => {
                email.call_completion_notifications = match on {
                    true => CallCompletion::AllOutcomes,
                    false => CallCompletion::None,
                };
                return;
            }
            Self::SystemMaintenance => &mut email.system_maintenance,
            Self::FeatureAnnouncements => &mut email.feature_announcements,
            Self::AppointmentConfirmations => &mut email.appointment_confirmations,
            Self::CancellationAlerts => &mut email.cancellation_alerts,
            Self::CustomReports => &mut email.custom_report_notifications,
            Self::CriticalSystemAlerts => &mut sms.critical_system_alerts,
            Self::HighVolumeCallFailures => &mut sms.high_volume_call_failures,
            Self::UsageLimitAlerts => &mut sms.usage_limit_alerts,
            Self::CallStatusUpdates => &mut in_app.call_status_updates,
            Self::ContactConfirmations => &mut in_app.contact_confirmations,
            Self::SystemPerformance => &mut in_app.system_performance,
        };
        *place = on;
    }

    /// Whether it is about something like this, whether it is on or off.
    pub fn is_about(self, happening: &Happening) -> bool {
        let call = matches!(happening, Happening::CallSettled { .. });
        let stopped = |technical: bool| {
            matches!(happening, Happening::CallingPaused { reason }
                if (*reason == PauseReason::TechnicalFailures) == technical)
        };
        let topic = happening.topic();
        match self {
            Self::AccountUpdates => topic == Topic::NewSignIn,
            // Service disruptions too (S3).
            Self::SystemMaintenance => matches!(
                topic,
                Topic::Maintenance
                    | Topic::CallingPaused
                    | Topic::IntegrationFailing
                    | Topic::ChannelFailing
                    | Topic::WebhookDisabled
            ),
            Self::FeatureAnnouncements => topic == Topic::FeatureAnnounced,
            Self::CallCompletion => call,
            Self::AppointmentConfirmations => happening.change() == Some(Change::Confirmed),
            Self::CancellationAlerts => matches!(
                happening.change(),
                Some(Change::Cancelled | Change::Rescheduled)
            ),
            Self::CustomReports => topic == Topic::ReportReady,
            Self::CriticalSystemAlerts => {
                stopped(false) || matches!(topic, Topic::IntegrationFailing | Topic::ChannelFailing)
            }
            Self::HighVolumeCallFailures => stopped(true),
            Self::UsageLimitAlerts => topic == Topic::UsageLimit,
            Self::CallStatusUpdates => {
                (call && happening.change().is_none())
                    || matches!(topic, Topic::NeedsAttention | Topic::CampaignEnded)
            }
            Self::ContactConfirmations => happening.change().is_some(),
            Self::SystemPerformance => matches!(
                topic,
                Topic::CallingPaused
                    | Topic::IntegrationFailing
                    | Topic::ChannelFailing
                    | Topic::UsageLimit
                    | Topic::WebhookDisabled
            ),
        }
    }

    /// Whether somebody with these settings is told of it through this switch.
    pub fn asks_for(self, settings: &NoticeSettings, happening: &Happening) -> bool {
        if !self.is_about(happening) || !self.is_on(settings) {
            return false;
        }
        let only_failed = self == Self::CallCompletion
            && settings.email.call_completion_notifications == CallCompletion::FailedOnly;
        !only_failed || happening.topic() == Topic::CallFailed
    }
}
