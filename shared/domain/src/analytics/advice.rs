//! What figures advise to do, each with the figure that says so; nothing on thin data (S2-28).

use super::figures::{Figures, Percent};

/// Calls from which figures advise anything.
pub const ENOUGH_CALLS: u32 = 20;
/// Calls of one hour of the day from which that hour is compared.
const ENOUGH_IN_AN_HOUR: u32 = 10;
/// How much better an hour must be, in hundredths of a per cent.
const BETTER_BY: u32 = 1_500;
/// Calls that reached no person, from which other ways are advised: half.
const UNREACHED: u32 = 5_000;
/// Answered calls that confirm, below which other words are advised: half.
const FEW_CONFIRM: u32 = 5_000;
/// Answered calls that cancel, from which that is said: a fifth.
const MANY_CANCEL: u32 = 2_000;
/// Calls that repeat another, from which another time is advised: two fifths.
const MANY_RETRIES: u32 = 4_000;

/// One thing to consider.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Advice {
    /// In one hour of the day clearly more is answered (S2 `adjust_call_timing_for_group`).
    CallAtAnotherHour {
        /// The hour, 0 to 23.
        hour: u8,
        /// What is answered then.
        then: Percent,
        /// What is answered over all.
        overall: Percent,
    },
    /// Most calls reach nobody (S2 `consider_alternative_communication_methods`).
    OtherWays {
        /// Calls that reached no person.
        unreached: Percent,
    },
    /// Few of those who answer confirm (S2 `customize_voice_script_for_group_characteristics`).
    OtherWords {
        /// Those who confirm.
        confirmed: Percent,
    },
    /// Many of those who answer cancel.
    LookAtCancellations {
        /// Those who cancel.
        cancelled: Percent,
    },
    /// Many calls only repeat another (S2 on `low_response_groups`).
    ManyRetries {
        /// Calls that repeat one before.
        retries: Percent,
    },
}

impl Advice {
    /// The word used in the API.
    pub const fn code(self) -> &'static str {
        match self {
            Self::CallAtAnotherHour { .. } => "adjust_call_timing",
            Self::OtherWays { .. } => "consider_other_channels",
            Self::OtherWords { .. } => "customize_words",
            Self::LookAtCancellations { .. } => "look_at_cancellations",
            Self::ManyRetries { .. } => "look_at_retries",
        }
    }

    /// The figure that says so, by its name in the API.
    pub const fn figure(self) -> &'static str {
        match self {
            Self::CallAtAnotherHour { .. } => "hours",
            Self::OtherWays { .. } => "answer_rate",
            Self::OtherWords { .. } => "confirmation_rate",
            Self::LookAtCancellations { .. } => "cancellation_rate",
            Self::ManyRetries { .. } => "retry_rate",
        }
    }

    /// A sentence with the figure in it.
    pub fn text(self) -> String {
        match self {
            Self::CallAtAnotherHour {
                hour,
                then,
                overall,
            } => format!(
                "Between {hour}:00 and {next}:00 {}% of calls are answered, over the day {}%. Call then where you can.",
                then.whole(),
                overall.whole(),
                next = (hour + 1) % 24,
            ),
            Self::OtherWays { unreached } => format!(
                "{}% of calls reach nobody. Ask these people whether a text or an e-mail suits them better.",
                unreached.whole()
            ),
            Self::OtherWords { confirmed } => format!(
                "{}% of those who answer confirm. Other words may help.",
                confirmed.whole()
            ),
            Self::LookAtCancellations { cancelled } => format!(
                "{}% of those who answer cancel. Look at when and how these appointments are made.",
                cancelled.whole()
            ),
            Self::ManyRetries { retries } => format!(
                "{}% of calls repeat one that reached nobody. Another time of day may spare some.",
                retries.whole()
            ),
        }
    }
}

/// What the figures advise; empty under [`ENOUGH_CALLS`].
pub fn advise(figures: &Figures) -> Vec<Advice> {
    let (Some(answered), true) = (figures.answer_rate(), figures.calls >= ENOUGH_CALLS) else {
        return Vec::new();
    };
    let mut advice = Vec::new();
    let hours = (0u8..).zip(&figures.hours);
    let best = hours
        .filter(|(_, hour)| hour.calls >= ENOUGH_IN_AN_HOUR)
        .filter_map(|(at, hour)| Some((Percent::of(hour.answered, hour.calls)?, at)))
        // The earliest of equals.
        .max_by_key(|(then, at)| (*then, std::cmp::Reverse(*at)));
    if let Some((then, hour)) =
        best.filter(|(then, _)| then.hundredths() >= answered.hundredths() + BETTER_BY)
    {
        advice.push(Advice::CallAtAnotherHour {
            hour,
            then,
            overall: answered,
        });
    }
    let unreached = Percent::of(figures.calls - figures.answered, figures.calls);
    if let Some(unreached) = unreached.filter(|share| share.hundredths() >= UNREACHED) {
        advice.push(Advice::OtherWays { unreached });
    }
    let enough_answers = figures.answered >= ENOUGH_CALLS / 2;
    if let Some(confirmed) = figures
        .confirmation_rate()
        .filter(|share| enough_answers && share.hundredths() < FEW_CONFIRM)
    {
        advice.push(Advice::OtherWords { confirmed });
    }
    if let Some(cancelled) = figures
        .cancellation_rate()
        .filter(|share| enough_answers && share.hundredths() >= MANY_CANCEL)
    {
        advice.push(Advice::LookAtCancellations { cancelled });
    }
    if let Some(retries) = figures
        .retry_rate()
        .filter(|share| share.hundredths() >= MANY_RETRIES)
    {
        advice.push(Advice::ManyRetries { retries });
    }
    advice
}

#[cfg(test)]
mod tests {
    use chrono_tz::Europe::London;

    use super::super::figures::{CallFact, Hour};
    use super::super::period::{Length, Period};
    use super::*;
    use crate::calling::session::{Action, Outcome};

    /// Figures of so many calls at 16:00, answered and confirmed or not.
    fn figures(calls: u32, answered: u32, confirmed: u32) -> Figures {
        let now = "2026-03-02T18:00:00Z".parse().unwrap();
        let period = Period::last(Length::Week, London, now);
        let mut figures = Figures::new(&period);
        let each = |n: u32| CallFact {
            at: "2026-03-02T16:00:00Z".parse().unwrap(),
            outcome: if n < answered {
                Outcome::Answered
            } else {
                Outcome::NoAnswer
            },
            action: (n < answered).then_some(if n < confirmed {
                Action::Confirmed
            } else {
                Action::NoAction
            }),
            sentiment: None,
            feedback: None,
            seconds: None,
            retry: false,
        };
        let all: Vec<_> = (0..calls).map(each).collect();
        figures.count(&period, None, now, &all);
        figures
    }

    fn codes(figures: &Figures) -> Vec<&'static str> {
        advise(figures).into_iter().map(Advice::code).collect()
    }

    #[test]
    fn thin_data_advises_nothing() {
        assert_eq!(codes(&figures(19, 0, 0)), Vec::<&str>::new());
        assert_eq!(codes(&figures(20, 0, 0)), ["consider_other_channels"]);
    }

    #[test]
    fn good_figures_advise_nothing() {
        assert_eq!(codes(&figures(40, 36, 30)), Vec::<&str>::new());
    }

    #[test]
    fn each_names_its_figure() {
        let advice = advise(&figures(40, 16, 4));
        let said: Vec<_> = advice
            .iter()
            .map(|each| (each.figure(), each.text()))
            .collect();
        assert_eq!(said[0].0, "answer_rate");
        assert!(
            said[0].1.starts_with("60% of calls reach nobody."),
            "{}",
            said[0].1
        );
        assert_eq!(said[1].0, "confirmation_rate");
        assert!(
            said[1].1.starts_with("25% of those who answer confirm."),
            "{}",
            said[1].1
        );
    }

    #[test]
    fn an_hour_is_advised_where_it_is_clearly_better_and_counted_often_enough() {
        let mut figures = figures(40, 24, 24);
        figures.hours = [Hour::default(); 24];
        figures.hours[9] = Hour {
            calls: 9,
            answered: 9,
        };
        figures.hours[16] = Hour {
            calls: 10,
            answered: 8,
        };
        let advice = advise(&figures);
        assert_eq!(advice.len(), 1);
        assert!(
            matches!(advice[0], Advice::CallAtAnotherHour { hour: 16, .. }),
            "{advice:?}"
        );
        assert!(
            advice[0].text().starts_with("Between 16:00 and 17:00 80%"),
            "{}",
            advice[0].text()
        );
        figures.hours[16].answered = 7;
        assert!(advise(&figures).is_empty());
    }
}
