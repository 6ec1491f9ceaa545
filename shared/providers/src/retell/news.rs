//! A call object read as news for the domain: what a webhook or a fetch says about a call of ours.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use vio_domain::calling::session::{Action, Analysis, CallEvent, Ended, Sentiment};

use super::{AppointmentAction, Call, NewTime, Sentiment as ProviderSentiment};

/// Which moment of a call is told of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moment {
    Started,
    Ended,
    /// Analysed, or fetched after its end.
    Analyzed,
}

/// Stands for a reason that the provider did not give.
const NO_REASON: &str = "error_unknown";

impl Call {
    /// The news. `zone` is the appointment's, in which a new time without an offset is meant; `now` stands in for an
    /// end that the provider did not date.
    pub fn news(&self, moment: Moment, zone: Tz, now: DateTime<Utc>) -> CallEvent {
        let started = self.started_at.is_some();
        let ended = Ended {
            at: self.ended_at.unwrap_or(now),
            reason: self
                .disconnection_reason
                .as_ref()
                .map_or_else(|| NO_REASON.to_owned(), |reason| reason.as_str().to_owned()),
            started_at: self.started_at,
        };
        match moment {
            Moment::Started => CallEvent::Started,
            Moment::Ended => CallEvent::Ended { ended, started },
            Moment::Analyzed => {
                let analysis = self
                    .analysis
                    .as_ref()
                    .map(|analysis| self.understood(analysis, zone));
                CallEvent::Analyzed {
                    ended,
                    started,
                    analysis,
                }
            }
        }
    }

    /// Whether a new time was said in a way that needs the appointment's zone.
    pub fn needs_zone(&self) -> bool {
        self.analysis
            .as_ref()
            .is_some_and(|analysis| matches!(analysis.new_time, NewTime::Given(_)))
    }

    fn understood(&self, analysis: &super::Analysis, zone: Tz) -> Analysis {
        let new_time = match analysis.new_time {
            NewTime::Given(time) => time.resolve(zone).ok().map(|resolved| resolved.instant),
            NewTime::Absent | NewTime::Unreadable => None,
        };
        Analysis {
            action: match analysis.action {
                Some(AppointmentAction::Confirmed) => Action::Confirmed,
                Some(AppointmentAction::Cancelled) => Action::Cancelled,
                Some(AppointmentAction::Rescheduled) => Action::Rescheduled,
                Some(AppointmentAction::NoAction) | None => Action::NoAction,
            },
            new_time,
            sentiment: match analysis.sentiment {
                Some(ProviderSentiment::Positive) => Some(Sentiment::Positive),
                Some(ProviderSentiment::Neutral) => Some(Sentiment::Neutral),
                Some(ProviderSentiment::Negative) => Some(Sentiment::Negative),
                Some(ProviderSentiment::Unknown) | None => None,
            },
            follow_up_required: analysis
                .custom
                .get("follow_up_required")
                .and_then(serde_json::Value::as_bool)
                == Some(true),
            in_voicemail: analysis.in_voicemail == Some(true),
            feedback: analysis.feedback.and_then(|score| score.try_into().ok()),
        }
    }
}
