//! The gate against a brute-force oracle: random schedules with answers, refunds, 429s, crashes, clock changes and
//! zone changes are replayed, and what *arrived* is judged, by every window and every local day.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use chrono_tz::Tz;
use proptest::prelude::*;
use uuid::Uuid;

use super::day::next_midnight;
use super::gate::{Gate, GateRefusal};
use super::limits::{CallLimits, SKEW_MARGIN};
use crate::ids::AttemptId;

/// What becomes of a granted attempt; arrivals and answers in thousandths of the placement bound.
#[derive(Debug, Clone)]
enum Fate {
    Answered {
        arrives: i32,
        answered: i32,
    },
    TooMany {
        arrives: i32,
        answered: i32,
        quiet: i64,
    },
    Refused {
        answered: i32,
    },
    /// The process ended; nobody ever hears of it, but it may have arrived.
    Crashed {
        arrives: Option<i32>,
    },
}

#[derive(Debug, Clone)]
enum Step {
    Try { after: TimeDelta, fates: Vec<Fate> },
    Zone(usize),
}

#[derive(Debug, Clone)]
struct Attempt {
    id: AttemptId,
    granted: DateTime<Utc>,
    arrived: Option<DateTime<Utc>>,
    latest_arrival: DateTime<Utc>,
    answer: Option<(DateTime<Utc>, Fate)>,
    refunded: bool,
}

const ZONES: [Tz; 8] = [
    chrono_tz::Europe::London,
    chrono_tz::America::New_York,
    chrono_tz::Asia::Tokyo,
    chrono_tz::Africa::Cairo,
    chrono_tz::America::Havana,
    chrono_tz::Asia::Kathmandu,
    chrono_tz::Australia::Lord_Howe,
    chrono_tz::Pacific::Kiritimati,
];

fn fate() -> impl Strategy<Value = Fate> {
    let pair = (0..=1000i32, 0..=1000i32).prop_map(|(a, b)| (a.min(b), a.max(b)));
    prop_oneof![
        4 => pair.clone().prop_map(|(arrives, answered)| Fate::Answered { arrives, answered }),
        1 => (pair, 0..120i64).prop_map(|((arrives, answered), quiet)| Fate::TooMany { arrives, answered, quiet }),
        1 => (0..=1000i32).prop_map(|answered| Fate::Refused { answered }),
        2 => proptest::option::weighted(0.8, 0..=1000i32).prop_map(|arrives| Fate::Crashed { arrives }),
    ]
}

fn step(with_zones: bool) -> impl Strategy<Value = Step> {
    let after = prop_oneof![
        4 => 1..5_000i64,
        4 => 1_000..120_000i64,
        2 => 60_000..3_600_000i64,
        1 => 3_600_000..20_000_000i64,
    ];
    let attempt =
        (after, proptest::collection::vec(fate(), 1..5)).prop_map(|(ms, fates)| Step::Try {
            after: TimeDelta::milliseconds(ms),
            fates,
        });
    if with_zones {
        prop_oneof![9 => attempt, 1 => (0..ZONES.len()).prop_map(Step::Zone)].boxed()
    } else {
        attempt.boxed()
    }
}

fn limits() -> impl Strategy<Value = CallLimits> {
    (1..5u32, 5..900u32, 2..15u32, 3..60u32).prop_map(|(limit, window, daily, bound)| {
        CallLimits::from_lookup(|name| {
            Some(match name {
                "VIO_CALL_LIMIT" => limit.to_string(),
                "VIO_CALL_WINDOW_SECONDS" => window.to_string(),
                "VIO_CALL_DAILY_LIMIT" => daily.to_string(),
                "VIO_PLACEMENT_BOUND_SECONDS" => bound.to_string(),
                _ => return None,
            })
        })
        .unwrap()
    })
}

/// Days before and after clock changes of the zones above, and an ordinary one.
fn start() -> impl Strategy<Value = DateTime<Utc>> {
    let starts = [
        "2026-10-24T20:00:00Z",
        "2026-03-28T20:00:00Z",
        "2026-03-07T20:00:00Z",
        "2026-10-31T20:00:00Z",
        "2026-04-23T12:00:00Z",
        "2026-10-29T12:00:00Z",
        "2026-06-10T08:00:00Z",
    ];
    (proptest::sample::select(starts.to_vec()), 0..7_200_000i64)
        .prop_map(|(text, ms)| text.parse::<DateTime<Utc>>().unwrap() + TimeDelta::milliseconds(ms))
}

struct Run {
    limits: CallLimits,
    gate: Gate,
    now: DateTime<Utc>,
    attempts: Vec<Attempt>,
    /// Zone, since when, and how many attempts there had been.
    zones: Vec<(Tz, DateTime<Utc>, usize)>,
    quiet_until: Option<DateTime<Utc>>,
}

impl Run {
    fn new(limits: CallLimits, zone: Tz, now: DateTime<Utc>) -> Self {
        let gate = Gate::new(zone, 0);
        Self {
            limits,
            gate,
            now,
            attempts: Vec::new(),
            zones: vec![(zone, now, 0)],
            quiet_until: None,
        }
    }

    fn play(&mut self, steps: &[Step], compare: bool) -> Result<(), TestCaseError> {
        for step in steps {
            match step {
                Step::Zone(n) => {
                    let version = self.gate.settings_version() + 1;
                    self.gate.apply_settings(self.now, version, ZONES[*n]);
                    self.zones.push((ZONES[*n], self.now, self.attempts.len()));
                }
                Step::Try { after, fates } => {
                    self.now += *after;
                    self.hear_answers();
                    for fate in fates {
                        self.attempt(fate, compare)?;
                    }
                    // Stored and read again, as between two functions.
                    let json = serde_json::to_string(&self.gate).unwrap();
                    self.gate = serde_json::from_str(&json).unwrap();
                }
            }
        }
        Ok(())
    }

    fn attempt(&mut self, fate: &Fate, compare: bool) -> Result<(), TestCaseError> {
        let id = AttemptId::new(Uuid::from_u128(self.attempts.len() as u128 + 1));
        let before = self.gate.clone();
        let allowed = self.allowed(self.now);
        let granted = self.gate.grant(self.now, id, &self.limits);
        if compare {
            prop_assert_eq!(granted.is_ok(), allowed, "at {}: {:?}", self.now, granted);
            prop_assert_eq!(before.used_today(self.now), self.counted_today());
        }
        match granted {
            Ok(grant) => {
                let bound = self.limits.placement_bound();
                prop_assert_eq!(grant.bound, self.now + bound);
                let part = |thousandths: i32| self.now + bound * thousandths / 1000;
                let arrived = match fate {
                    Fate::Answered { arrives, .. } | Fate::TooMany { arrives, .. } => {
                        Some(part(*arrives))
                    }
                    Fate::Crashed { arrives } => arrives.map(part),
                    Fate::Refused { .. } => None,
                };
                let answer = match fate {
                    Fate::Answered { answered, .. }
                    | Fate::TooMany { answered, .. }
                    | Fate::Refused { answered } => Some((part(*answered), fate.clone())),
                    Fate::Crashed { .. } => None,
                };
                self.attempts.push(Attempt {
                    id,
                    granted: self.now,
                    arrived,
                    latest_arrival: grant.bound,
                    answer,
                    refunded: false,
                });
            }
            Err(refusal) => {
                prop_assert_eq!(&before, &self.gate, "a refusal changes nothing");
                self.full_use(refusal)?;
            }
        }
        Ok(())
    }

    /// The instant a refusal names is the first that is allowed: not one moment before it, and not later.
    fn full_use(&self, refusal: GateRefusal) -> Result<(), TestCaseError> {
        let until = refusal.until().unwrap();
        prop_assert!(until > self.now);
        prop_assert_eq!(self.gate.check(until, &self.limits), Ok(()));
        prop_assert!(
            self.gate
                .check(until - TimeDelta::microseconds(1), &self.limits)
                .is_err()
        );
        prop_assert_eq!(self.gate.available_at(self.now, &self.limits), Some(until));
        Ok(())
    }

    fn hear_answers(&mut self) {
        let now = self.now;
        let mut heard: Vec<usize> = (0..self.attempts.len())
            .filter(|n| {
                self.attempts[*n]
                    .answer
                    .as_ref()
                    .is_some_and(|(at, _)| *at <= now)
            })
            .collect();
        heard.sort_by_key(|n| self.attempts[*n].answer.as_ref().map(|(at, _)| *at));
        for n in heard {
            let Some((at, fate)) = self.attempts[n].answer.take() else {
                continue;
            };
            let attempt = &mut self.attempts[n];
            attempt.latest_arrival = at;
            match fate {
                Fate::TooMany { quiet, .. } => {
                    let until = now + TimeDelta::seconds(quiet);
                    self.quiet_until = self.quiet_until.max(Some(until));
                    self.gate.keep(attempt.id, at, until, &self.limits);
                }
                Fate::Refused { .. } => {
                    let live = at + self.limits.window() + SKEW_MARGIN > now
                        || attempt.granted
                            + self.limits.placement_bound()
                            + self.limits.window()
                            + SKEW_MARGIN
                            > now;
                    // A refusal heard of long after its slot ended may give nothing back.
                    attempt.refunded = self.gate.refuse(attempt.id);
                    assert!(attempt.refunded || !live, "a live slot is never dropped");
                }
                Fate::Answered { .. } | Fate::Crashed { .. } => {
                    self.gate.arrived(attempt.id, at, &self.limits);
                }
            }
        }
    }

    /// The rules, read naively from the list of everything that ever happened.
    fn allowed(&self, now: DateTime<Utc>) -> bool {
        let zone = self.zones[self.zones.len() - 1].0;
        let live = self
            .attempts
            .iter()
            .filter(|a| !a.refunded && now < a.latest_arrival + self.limits.window() + SKEW_MARGIN)
            .count();
        let arrives = now + self.limits.placement_bound() + SKEW_MARGIN;
        live < self.limits.limit() as usize
            && self.counted_since(date(zone, now - SKEW_MARGIN)) < self.limits.daily()
            && date(zone, arrives) == date(zone, now)
            && self.quiet_until.is_none_or(|until| until <= now)
    }

    fn counted_today(&self) -> u32 {
        let zone = self.zones[self.zones.len() - 1].0;
        self.counted_since(date(zone, self.now))
    }

    /// Attempts of a local day and of what came after it: within the margin after midnight a clock that is ahead may
    /// be in the old day still.
    fn counted_since(&self, day: NaiveDate) -> u32 {
        let zone = self.zones[self.zones.len() - 1].0;
        self.attempts
            .iter()
            .filter(|a| !a.refunded && date(zone, a.granted) >= day)
            .count() as u32
    }

    /// Every half-open window that begins with an arrival, over all arrivals.
    fn judge_windows(&self) -> Result<(), TestCaseError> {
        let arrivals: Vec<_> = self.attempts.iter().filter_map(|a| a.arrived).collect();
        for from in &arrivals {
            let to = *from + self.limits.window();
            let inside = arrivals
                .iter()
                .filter(|at| *from <= **at && **at < to)
                .count();
            prop_assert!(
                inside <= self.limits.limit() as usize,
                "{} arrivals from {}",
                inside,
                from
            );
        }
        Ok(())
    }

    /// No grant made under a zone's rule brought a local day of that zone over the limit. A zone rules from its
    /// adoption to the first midnight of its own after the tenant left it.
    fn judge_days(&self) -> Result<(), TestCaseError> {
        for (n, (zone, _, since)) in self.zones.iter().enumerate() {
            let until = match self.zones.get(n + 1) {
                Some((_, left, _)) => next_midnight(*zone, *left),
                None => DateTime::<Utc>::MAX_UTC,
            };
            // Attempts are in the order of their grants.
            let attempts = self.attempts.iter().enumerate();
            let arrivals: Vec<_> = attempts
                .filter_map(|(n, a)| a.arrived.map(|at| (n, a.granted, at)))
                .collect();
            for (order, granted, at) in &arrivals {
                if order < since || until <= *granted {
                    continue;
                }
                let day = date(*zone, *at);
                let so_far = arrivals
                    .iter()
                    .filter(|(n, _, a)| n <= order && date(*zone, *a) == day)
                    .count();
                prop_assert!(
                    so_far <= self.limits.daily() as usize,
                    "{} on {} in {}",
                    so_far,
                    day,
                    zone
                );
            }
        }
        Ok(())
    }
}

fn date(zone: Tz, at: DateTime<Utc>) -> NaiveDate {
    at.with_timezone(&zone).date_naive()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    /// Never over a limit, and never idle: a slot is granted exactly when the naive reading of the rules allows one.
    #[test]
    fn exact_and_fully_used(
        limits in limits(),
        start in start(),
        zone in 0..ZONES.len(),
        steps in proptest::collection::vec(step(false), 1..80),
    ) {
        let mut run = Run::new(limits, ZONES[zone], start);
        run.play(&steps, true)?;
        run.judge_windows()?;
        run.judge_days()?;
    }

    /// Never over a limit, whatever the tenant does with its zone.
    #[test]
    fn exact_across_zone_changes(
        limits in limits(),
        start in start(),
        zone in 0..ZONES.len(),
        steps in proptest::collection::vec(step(true), 1..80),
    ) {
        let mut run = Run::new(limits, ZONES[zone], start);
        run.play(&steps, false)?;
        run.judge_windows()?;
        run.judge_days()?;
    }
}
