//! What is counted, and the rates that follow from it, each by one formula (docs/groups.md).

use chrono::{DateTime, NaiveDate, Utc};

use super::period::Period;
use crate::appointment::AppointmentStatus;
use crate::calling::session::{Action, CallSession, FeedbackScore, Method, Outcome, Sentiment};

/// A share in hundredths of a per cent, rounded half up (S2: two decimals).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Percent(u32);

impl Percent {
    /// `part` of `of`; `None` of nothing, because that is no rate and not zero.
    pub fn of(part: u32, of: u32) -> Option<Self> {
        let (part, of) = (u64::from(part), u64::from(of));
        let hundredths = (part * 20_000 + of).checked_div(2 * of)?;
        u32::try_from(hundredths).ok().map(Self)
    }

    /// The mean of several.
    pub fn mean(all: &[Self]) -> Option<Self> {
        let count = u32::try_from(all.len()).ok().filter(|count| *count > 0)?;
        let sum: u32 = all.iter().map(|each| each.0).sum();
        Some(Self((2 * sum + count) / (2 * count)))
    }

    /// Whole per cent, rounded half up.
    pub const fn whole(self) -> u32 {
        (self.0 + 50) / 100
    }

    /// Hundredths of a per cent.
    pub const fn hundredths(self) -> u32 {
        self.0
    }
}

impl From<Percent> for f64 {
    fn from(percent: Percent) -> Self {
        Self::from(percent.0) / 100.0
    }
}

/// What is counted of one call that took its course, or failed after the provider had it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallFact {
    /// When we learnt that the provider had it.
    pub at: DateTime<Utc>,
    /// What it came to.
    pub outcome: Outcome,
    /// What the person decided.
    pub action: Option<Action>,
    /// How they sounded.
    pub sentiment: Option<Sentiment>,
    /// How content they were, where asked.
    pub feedback: Option<FeedbackScore>,
    /// Seconds for which the two sides were connected.
    pub seconds: Option<i64>,
    /// Whether it repeated a call before.
    pub retry: bool,
}

impl CallFact {
    /// `None` for a session that is not settled, or of which there was no call.
    pub fn of(session: &CallSession) -> Option<Self> {
        let report = session.report()?;
        let analysis = report.analysis.as_ref();
        Some(Self {
            at: report.call.placed_at,
            outcome: report.outcome,
            action: analysis.map(|analysis| analysis.action),
            sentiment: analysis.and_then(|analysis| analysis.sentiment),
            feedback: analysis.and_then(|analysis| analysis.feedback),
            seconds: report.ended.duration_seconds(),
            retry: session.method == Method::Retry,
        })
    }
}

/// Where people's current appointments stand.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the words are those of the API")]
pub struct Statuses {
    pub pending: u32,
    pub confirmed: u32,
    pub cancelled: u32,
    pub rescheduled: u32,
    /// They have no appointment.
    pub none: u32,
}

/// One hour of the day, over all days of the period.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Hour {
    /// Calls placed in it.
    pub calls: u32,
    /// Those a person answered.
    pub answered: u32,
}

/// One step of a trend.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// Its first local date.
    pub from: NaiveDate,
    /// Calls placed in it.
    pub calls: u32,
    /// Those a person answered.
    pub answered: u32,
    /// Those in which they confirmed.
    pub confirmed: u32,
    /// People who came into the group in it and are still there.
    pub joined: u32,
}

/// Everything that is counted over some people and a period. Every number is of that period, but for people and their
/// appointments, which are counted as they are now.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it; docs/groups.md defines each")]
pub struct Figures {
    pub members: u32,
    pub called: u32,
    pub statuses: Statuses,
    pub calls: u32,
    pub answered: u32,
    pub voicemail: u32,
    pub no_answer: u32,
    pub busy: u32,
    pub failed: u32,
    pub confirmed: u32,
    pub cancelled: u32,
    pub rescheduled: u32,
    pub retries: u32,
    pub positive: u32,
    pub neutral: u32,
    pub negative: u32,
    /// By hour of the local day.
    pub hours: [Hour; 24],
    pub steps: Vec<Step>,
    connected: u32,
    seconds: i64,
    scores: u32,
    score_sum: u32,
}

impl Figures {
    /// Nobody counted yet.
    pub fn new(period: &Period) -> Self {
        let empty = |from: &NaiveDate| Step {
            from: *from,
            calls: 0,
            answered: 0,
            confirmed: 0,
            joined: 0,
        };
        Self {
            members: 0,
            called: 0,
            statuses: Statuses::default(),
            calls: 0,
            answered: 0,
            voicemail: 0,
            no_answer: 0,
            busy: 0,
            failed: 0,
            confirmed: 0,
            cancelled: 0,
            rescheduled: 0,
            retries: 0,
            positive: 0,
            neutral: 0,
            negative: 0,
            hours: [Hour::default(); 24],
            steps: period.steps().iter().map(empty).collect(),
            connected: 0,
            seconds: 0,
            scores: 0,
            score_sum: 0,
        }
    }

    /// Counts somebody: the status of their current appointment, since when they are in the group, and their calls, of
    /// which those of the period count.
    pub fn count(
        &mut self,
        period: &Period,
        status: Option<AppointmentStatus>,
        joined: DateTime<Utc>,
        calls: &[CallFact],
    ) {
        self.members += 1;
        *match status {
            None => &mut self.statuses.none,
            Some(AppointmentStatus::Pending) => &mut self.statuses.pending,
            Some(AppointmentStatus::Confirmed) => &mut self.statuses.confirmed,
            Some(AppointmentStatus::Cancelled) => &mut self.statuses.cancelled,
            Some(AppointmentStatus::Rescheduled) => &mut self.statuses.rescheduled,
        } += 1;
        if let Some(step) = period.step(joined).and_then(|at| self.steps.get_mut(at)) {
            step.joined += 1;
        }
        let before = self.calls;
        for call in calls {
            self.count_call(period, call);
        }
        self.called += u32::from(self.calls > before);
    }

    fn count_call(&mut self, period: &Period, call: &CallFact) {
        let Some(step) = period.step(call.at) else {
            return;
        };
        let answered = call.outcome == Outcome::Answered;
        let decided = |action| answered && call.action == Some(action);
        *match call.outcome {
            Outcome::Answered => &mut self.answered,
            Outcome::Voicemail => &mut self.voicemail,
            Outcome::NoAnswer => &mut self.no_answer,
            Outcome::Busy => &mut self.busy,
            Outcome::Failed => &mut self.failed,
        } += 1;
        self.calls += 1;
        self.confirmed += u32::from(decided(Action::Confirmed));
        self.cancelled += u32::from(decided(Action::Cancelled));
        self.rescheduled += u32::from(decided(Action::Rescheduled));
        self.retries += u32::from(call.retry);
        match call.sentiment.filter(|_| answered) {
            None => {}
            Some(Sentiment::Positive) => self.positive += 1,
            Some(Sentiment::Neutral) => self.neutral += 1,
            Some(Sentiment::Negative) => self.negative += 1,
        }
        if let Some(seconds) = call.seconds.filter(|_| answered) {
            self.connected += 1;
            self.seconds += seconds;
        }
        if let Some(score) = call.feedback {
            self.scores += 1;
            self.score_sum += u32::from(u8::from(score));
        }
        if let Some(hour) = self.hours.get_mut(period.hour(call.at)) {
            hour.calls += 1;
            hour.answered += u32::from(answered);
        }
        if let Some(step) = self.steps.get_mut(step) {
            step.calls += 1;
            step.answered += u32::from(answered);
            step.confirmed += u32::from(decided(Action::Confirmed));
        }
    }

    /// Calls a person answered, of all calls.
    pub fn answer_rate(&self) -> Option<Percent> {
        Percent::of(self.answered, self.calls)
    }

    /// Calls in which they confirmed, of those answered.
    pub fn confirmation_rate(&self) -> Option<Percent> {
        Percent::of(self.confirmed, self.answered)
    }

    /// Calls in which they cancelled, of those answered.
    pub fn cancellation_rate(&self) -> Option<Percent> {
        Percent::of(self.cancelled, self.answered)
    }

    /// Calls that repeated one before, of all calls.
    pub fn retry_rate(&self) -> Option<Percent> {
        Percent::of(self.retries, self.calls)
    }

    /// People who were called, of all in the group.
    pub fn engagement_rate(&self) -> Option<Percent> {
        Percent::of(self.called, self.members)
    }

    /// The mean of answer, confirmation and engagement rate (S2 `performance_score`); `None` where one is missing.
    pub fn score(&self) -> Option<Percent> {
        Percent::mean(&[
            self.answer_rate()?,
            self.confirmation_rate()?,
            self.engagement_rate()?,
        ])
    }

    /// Mean seconds of the answered calls whose length is known, to a tenth.
    pub fn average_seconds(&self) -> Option<f64> {
        let mean = (self.connected > 0).then(|| self.seconds as f64 / f64::from(self.connected))?;
        Some((mean * 10.0).round() / 10.0)
    }

    /// Mean of the marks given, 1 to 5, to a tenth, with how many gave one.
    pub fn feedback(&self) -> Option<(f64, u32)> {
        let mean = (self.scores > 0).then(|| f64::from(self.score_sum) / f64::from(self.scores))?;
        Some(((mean * 10.0).round() / 10.0, self.scores))
    }

    /// Calls for each person of the group, to a hundredth.
    pub fn calls_per_member(&self) -> Option<f64> {
        let mean = (self.members > 0).then(|| f64::from(self.calls) / f64::from(self.members))?;
        Some((mean * 100.0).round() / 100.0)
    }
}

#[cfg(test)]
mod tests {
    use chrono_tz::Europe::London;

    use super::super::period::Length;
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn call(text: &str, outcome: Outcome, action: Option<Action>) -> CallFact {
        CallFact {
            at: at(text),
            outcome,
            action,
            sentiment: (outcome == Outcome::Answered).then_some(Sentiment::Positive),
            feedback: None,
            seconds: (outcome == Outcome::Answered).then_some(40),
            retry: false,
        }
    }

    #[test]
    fn each_rate_is_by_its_own_formula_and_none_of_nothing() {
        let period = Period::last(Length::Week, London, at("2026-03-02T12:00:00Z"));
        let mut figures = Figures::new(&period);
        assert_eq!(figures.answer_rate(), None);
        assert_eq!(figures.score(), None);
        let long_ago = at("2025-01-01T00:00:00Z");
        let mut again = call("2026-03-01T16:10:00Z", Outcome::NoAnswer, None);
        again.retry = true;
        let first = [
            call(
                "2026-03-01T10:00:00Z",
                Outcome::Answered,
                Some(Action::Confirmed),
            ),
            again,
            // Before the period.
            call(
                "2026-02-23T23:59:59Z",
                Outcome::Answered,
                Some(Action::Confirmed),
            ),
        ];
        let second = [call(
            "2026-03-02T10:59:00Z",
            Outcome::Answered,
            Some(Action::Cancelled),
        )];
        figures.count(
            &period,
            Some(AppointmentStatus::Confirmed),
            long_ago,
            &first,
        );
        figures.count(
            &period,
            Some(AppointmentStatus::Cancelled),
            long_ago,
            &second,
        );
        figures.count(&period, None, at("2026-03-02T09:00:00Z"), &[]);
        assert_eq!((figures.members, figures.called, figures.calls), (3, 2, 3));
        assert_eq!(figures.answer_rate().map(Percent::hundredths), Some(6_667));
        assert_eq!(
            figures.confirmation_rate().map(Percent::hundredths),
            Some(5_000)
        );
        assert_eq!(
            figures.cancellation_rate().map(Percent::hundredths),
            Some(5_000)
        );
        assert_eq!(figures.retry_rate().map(Percent::hundredths), Some(3_333));
        assert_eq!(
            figures.engagement_rate().map(Percent::hundredths),
            Some(6_667)
        );
        assert_eq!(figures.score().map(Percent::hundredths), Some(6_111));
        assert_eq!(figures.average_seconds(), Some(40.0));
        assert_eq!(figures.calls_per_member(), Some(1.0));
        assert_eq!((figures.positive, figures.negative), (2, 0));
        assert_eq!(
            figures.hours[10],
            Hour {
                calls: 2,
                answered: 2
            }
        );
        assert_eq!(
            figures.hours[16],
            Hour {
                calls: 1,
                answered: 0
            }
        );
        let steps: Vec<_> = figures
            .steps
            .iter()
            .map(|step| (step.calls, step.joined))
            .collect();
        assert_eq!(
            steps,
            [(0, 0), (0, 0), (0, 0), (0, 0), (0, 0), (2, 0), (1, 1)]
        );
        assert_eq!(
            figures.statuses,
            Statuses {
                confirmed: 1,
                cancelled: 1,
                none: 1,
                ..Statuses::default()
            }
        );
    }

    #[test]
    fn what_a_machine_was_told_is_no_confirmation() {
        let period = Period::last(Length::Week, London, at("2026-03-02T12:00:00Z"));
        let mut figures = Figures::new(&period);
        let machine = call(
            "2026-03-01T10:00:00Z",
            Outcome::Voicemail,
            Some(Action::Confirmed),
        );
        figures.count(&period, None, at("2025-01-01T00:00:00Z"), &[machine]);
        assert_eq!((figures.voicemail, figures.confirmed), (1, 0));
        assert_eq!(figures.confirmation_rate(), None);
    }

    #[test]
    fn shares_round_half_up() {
        let hundredths = |part, of| Percent::of(part, of).map(Percent::hundredths);
        assert_eq!(hundredths(1, 3), Some(3_333));
        assert_eq!(hundredths(2, 3), Some(6_667));
        assert_eq!(hundredths(1, 800), Some(13));
        assert_eq!(hundredths(0, 7), Some(0));
        assert_eq!(hundredths(7, 7), Some(10_000));
        assert_eq!(hundredths(1, 0), None);
        assert_eq!(Percent::of(1, 8).map(Percent::whole), Some(13));
    }
}
