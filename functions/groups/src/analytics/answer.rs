//! How figures are answered (S2 `calculate_group_performance`).

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;
use vio_domain::analytics::{Advice, ENOUGH_CALLS, Figures, Percent, Period, Step, advise};
use vio_store::groups::GroupRow;

use super::Counted;

/// A score this far under the mean needs attention, in hundredths of a per cent.
const FAR_BELOW: u32 = 1_000;

/// Which group.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AnalysedGroup)]
struct Info {
    id: Uuid,
    #[schema(example = "VIP Clients")]
    name: String,
    description: Option<String>,
    /// One of the eight colours, as hex.
    #[schema(example = "#3B82F6")]
    color: &'static str,
    icon: Option<&'static str>,
    created_at: DateTime<Utc>,
}

/// Who is in it, of those that you see; as of now.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = GroupMemberStatistics)]
struct Members {
    total_members: u32,
    /// With an appointment, past or to come.
    active_members: u32,
    /// Called in the period.
    members_with_calls: u32,
    members_never_called: u32,
}

/// What calls came to in the period. Counted are calls that the provider had and that are over; a rate is null where
/// there is nothing to count.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = GroupCallPerformance)]
struct Performance {
    total_calls: u32,
    /// A person answered.
    answered_calls: u32,
    voicemail_calls: u32,
    no_answer_calls: u32,
    busy_calls: u32,
    failed_calls: u32,
    /// Calls in which the person confirmed, cancelled, or asked for another time.
    confirmed_appointments: u32,
    cancelled_appointments: u32,
    rescheduled_appointments: u32,
    /// Answered calls in per cent of all calls.
    answer_rate: Option<f64>,
    /// Calls that confirmed in per cent of those answered.
    confirmation_rate: Option<f64>,
    /// Calls that cancelled in per cent of those answered.
    cancellation_rate: Option<f64>,
    /// Calls that repeated one before in per cent of all calls.
    retry_rate: Option<f64>,
    /// Mean seconds of answered calls.
    average_call_duration: Option<f64>,
    calls_per_member: Option<f64>,
}

/// How people took the calls of the period.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = GroupEngagement)]
struct Engagement {
    /// Members called in per cent of all members.
    engagement_rate: Option<f64>,
    positive_calls: u32,
    neutral_calls: u32,
    negative_calls: u32,
    /// Mean mark from 1 to 5 of those who were asked how content they were.
    average_feedback: Option<f64>,
    feedback_count: u32,
}

/// Members by the status of their current appointment, as of now.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = GroupAppointmentDistribution)]
struct Distribution {
    pending: u32,
    confirmed: u32,
    cancelled: u32,
    rescheduled: u32,
    /// Without an appointment.
    none: u32,
}

/// An hour of the day, in the business's zone.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = GroupCallHour)]
struct CallHour {
    /// 0 to 23.
    hour: u8,
    total_calls: u32,
    answered_calls: u32,
    answer_rate: Option<f64>,
}

/// A step of the trend: a day, a week or a calendar month, by the length of the period.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = GroupTrendStep)]
struct TrendStep {
    /// Its first day, in the business's zone.
    #[schema(value_type = String, format = Date, example = "2026-03-02")]
    from: NaiveDate,
    total_calls: u32,
    answered_calls: u32,
    confirmed_appointments: u32,
    /// Who came into the group and is still in it.
    new_members: u32,
}

impl From<&Step> for TrendStep {
    fn from(step: &Step) -> Self {
        Self {
            from: step.from,
            total_calls: step.calls,
            answered_calls: step.answered,
            confirmed_appointments: step.confirmed,
            new_members: step.joined,
        }
    }
}

/// What to consider, with the figure that says so. None where fewer than 20 calls were counted.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = GroupRecommendation, example = json!({
    "code": "consider_other_channels", "figure": "answer_rate",
    "text": "60% of calls reach nobody. Ask these people whether a text or an e-mail suits them better."
}))]
struct Recommendation {
    code: &'static str,
    /// The figure by its name here.
    figure: &'static str,
    text: String,
}

impl From<Advice> for Recommendation {
    fn from(advice: Advice) -> Self {
        Self {
            code: advice.code(),
            figure: advice.figure(),
            text: advice.text(),
        }
    }
}

/// Everything that is counted about one group.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = GroupFigures)]
struct Told {
    member_statistics: Members,
    performance_metrics: Performance,
    engagement_metrics: Engagement,
    appointment_distribution: Distribution,
    /// Hours of the day in which calls were placed.
    hours: Vec<CallHour>,
    /// The whole period, in order.
    trend: Vec<TrendStep>,
    /// The mean of answer, confirmation and engagement rate.
    performance_score: Option<f64>,
    /// Whether fewer than 20 calls were counted: too few to compare by.
    thin_data: bool,
    recommendations: Vec<Recommendation>,
}

fn told(rate: Option<Percent>) -> Option<f64> {
    rate.map(f64::from)
}

impl From<&Figures> for Told {
    fn from(figures: &Figures) -> Self {
        let statuses = figures.statuses;
        let feedback = figures.feedback();
        let hours = (0u8..).zip(&figures.hours);
        Self {
            member_statistics: Members {
                total_members: figures.members,
                active_members: figures.members - statuses.none,
                members_with_calls: figures.called,
                members_never_called: figures.members - figures.called,
            },
            performance_metrics: Performance {
                total_calls: figures.calls,
                answered_calls: figures.answered,
                voicemail_calls: figures.voicemail,
                no_answer_calls: figures.no_answer,
                busy_calls: figures.busy,
                failed_calls: figures.failed,
                confirmed_appointments: figures.confirmed,
                cancelled_appointments: figures.cancelled,
                rescheduled_appointments: figures.rescheduled,
                answer_rate: told(figures.answer_rate()),
                confirmation_rate: told(figures.confirmation_rate()),
                cancellation_rate: told(figures.cancellation_rate()),
                retry_rate: told(figures.retry_rate()),
                average_call_duration: figures.average_seconds(),
                calls_per_member: figures.calls_per_member(),
            },
            engagement_metrics: Engagement {
                engagement_rate: told(figures.engagement_rate()),
                positive_calls: figures.positive,
                neutral_calls: figures.neutral,
                negative_calls: figures.negative,
                average_feedback: feedback.map(|(mean, _)| mean),
                feedback_count: feedback.map_or(0, |(_, count)| count),
            },
            appointment_distribution: Distribution {
                pending: statuses.pending,
                confirmed: statuses.confirmed,
                cancelled: statuses.cancelled,
                rescheduled: statuses.rescheduled,
                none: statuses.none,
            },
            hours: hours
                .filter(|(_, counted)| counted.calls > 0)
                .map(|(hour, counted)| CallHour {
                    hour,
                    total_calls: counted.calls,
                    answered_calls: counted.answered,
                    answer_rate: told(Percent::of(counted.answered, counted.calls)),
                })
                .collect(),
            trend: figures.steps.iter().map(TrendStep::from).collect(),
            performance_score: told(figures.score()),
            thin_data: figures.calls < ENOUGH_CALLS,
            recommendations: advise(figures)
                .into_iter()
                .map(Recommendation::from)
                .collect(),
        }
    }
}

/// One group's figures.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = OneGroupFigures)]
struct One {
    group_info: Info,
    /// In HIPAA mode fewer than five members have no figures (null).
    suppressed: bool,
    figures: Option<Told>,
}

impl From<&Counted> for One {
    fn from(counted: &Counted) -> Self {
        let Counted { group, figures } = counted;
        Self {
            group_info: info(group),
            suppressed: figures.is_none(),
            figures: figures.as_ref().map(Told::from),
        }
    }
}

fn info(group: &GroupRow) -> Info {
    Info {
        id: group.id.uuid(),
        name: group.name.as_str().to_owned(),
        description: group
            .description
            .as_ref()
            .map(|text| text.as_str().to_owned()),
        color: group.color.hex(),
        icon: group.icon.map(vio_domain::groups::Icon::as_str),
        created_at: group.created_at,
    }
}

/// The period, in the business's zone: whole days, the last of them not over.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = AnalysedPeriod)]
struct Span {
    from: DateTime<Utc>,
    /// When the figures were counted.
    until: DateTime<Utc>,
    #[schema(example = "Europe/London")]
    timezone: &'static str,
}

impl From<&Period> for Span {
    fn from(period: &Period) -> Self {
        Self {
            from: period.from(),
            until: period.until(),
            timezone: period.zone().name(),
        }
    }
}

/// Figures about one group.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct GroupAnalytics {
    #[serde(flatten)]
    group: One,
    period: Span,
}

impl GroupAnalytics {
    pub(super) fn new(counted: &Counted, period: &Period) -> Self {
        Self {
            group: One::from(counted),
            period: Span::from(period),
        }
    }
}

/// What the groups say together. Only groups with at least 20 calls are compared.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = GroupsSummary)]
struct Summary {
    total_groups: usize,
    /// The one with the best score; the earlier made of equals.
    best_performing_group: Option<Uuid>,
    /// Those whose score is ten points or more below the mean, the lowest first.
    needs_attention_groups: Vec<Uuid>,
    /// The mean score.
    overall_group_effectiveness: Option<f64>,
}

impl Summary {
    fn new(counted: &[Counted]) -> Self {
        let mut scores: Vec<(Percent, Uuid)> = counted
            .iter()
            .filter_map(|each| {
                let figures = each.figures.as_ref()?;
                let enough = figures.calls >= ENOUGH_CALLS;
                Some((figures.score().filter(|_| enough)?, each.group.id.uuid()))
            })
            .collect();
        scores.sort_unstable_by_key(|(score, id)| (std::cmp::Reverse(*score), *id));
        let all: Vec<Percent> = scores.iter().map(|(score, _)| *score).collect();
        let mean = Percent::mean(&all);
        let low = |score: &Percent| {
            mean.is_some_and(|mean| score.hundredths() + FAR_BELOW <= mean.hundredths())
        };
        Self {
            total_groups: counted.len(),
            best_performing_group: scores
                .first()
                .filter(|_| scores.len() > 1)
                .map(|(_, id)| *id),
            needs_attention_groups: scores
                .iter()
                .rev()
                .filter(|(score, _)| low(score))
                .map(|(_, id)| *id)
                .collect(),
            overall_group_effectiveness: told(mean),
        }
    }
}

/// Figures about several groups.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct GroupsAnalytics {
    groups: Vec<One>,
    summary: Summary,
    period: Span,
}

impl GroupsAnalytics {
    pub(super) fn new(counted: &[Counted], period: &Period) -> Self {
        Self {
            groups: counted.iter().map(One::from).collect(),
            summary: Summary::new(counted),
            period: Span::from(period),
        }
    }
}
