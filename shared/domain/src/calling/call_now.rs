//! Call Now: S0's four checks in their order, over what the guards saw.
//!
//! The status of the appointment and a window of its own never refuse it: somebody on the staff wants the call.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::guards::{Decision, Guard};

/// S0's "Call Now Validation Process", in its order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Check {
    /// Agent, number, keys; the tenant is active.
    Configuration,
    /// The permitted call hours.
    Hours,
    /// Pause, allowance, the abuse rule.
    Limits,
    /// Number, attempts, gap, do-not-call, consent.
    Contact,
}

/// The guards that can refuse a call now, first to be asked first.
const ORDER: [(Guard, Check); 14] = [
    (Guard::TenantActive, Check::Configuration),
    (Guard::AgentConfigured, Check::Configuration),
    (Guard::CalendarConfigured, Check::Configuration),
    (Guard::PermittedHours, Check::Hours),
    (Guard::NotPaused, Check::Limits),
    (Guard::Slots, Check::Limits),
    (Guard::AttemptsPerNumber, Check::Limits),
    (Guard::DialableNumber, Check::Contact),
    (Guard::AttemptsCap, Check::Contact),
    (Guard::Gap, Check::Contact),
    (Guard::DoNotCallList, Check::Contact),
    (Guard::DoNotContact, Check::Contact),
    (Guard::VoiceConsent, Check::Contact),
    (Guard::InFlight, Check::Contact),
];

/// The first check that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refused {
    /// Which of the four.
    pub check: Check,
    /// The guard behind it.
    pub guard: Guard,
    /// From when on it would pass, where that is known.
    pub until: Option<DateTime<Utc>>,
}

/// The first of S0's checks that failed. `queue`: the caller waits for a slot, and for nothing else.
pub fn refusal(decisions: &[Decision], queue: bool) -> Option<Refused> {
    ORDER
        .iter()
        .filter(|(guard, _)| !(queue && *guard == Guard::Slots))
        .find_map(|(guard, check)| {
            let failed = decisions
                .iter()
                .find(|decision| decision.guard == *guard && !decision.passed)?;
            Some(Refused {
                check: *check,
                guard: *guard,
                until: failed.until,
            })
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(guard: Guard, passed: bool) -> Decision {
        Decision {
            guard,
            passed,
            saw: String::new(),
            until: None,
            for_good: false,
        }
    }

    #[test]
    fn checks_come_in_the_order_of_s0() {
        assert!(ORDER.is_sorted_by_key(|(_, check)| *check));
        // With everything from a guard on failing, that guard is the one named.
        for (at, (first, check)) in ORDER.iter().enumerate() {
            let decisions: Vec<Decision> = ORDER
                .iter()
                .enumerate()
                .rev()
                .map(|(place, (guard, _))| seen(*guard, place < at))
                .collect();
            let refused = refusal(&decisions, false).unwrap();
            assert_eq!((refused.guard, refused.check), (*first, *check));
        }
    }

    #[test]
    fn waiting_is_for_slots_only() {
        for (guard, _) in ORDER {
            let refused = refusal(&[seen(guard, false)], true);
            assert_eq!(refused.is_none(), guard == Guard::Slots, "{guard:?}");
        }
    }

    #[test]
    fn status_and_window_refuse_nothing() {
        for guard in [Guard::Status, Guard::Window] {
            assert_eq!(refusal(&[seen(guard, false)], false), None);
        }
    }
}
