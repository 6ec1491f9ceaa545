//! The platform's call limits: one place for every number of the throttle (S0, rules.md The call throttle).

use chrono::TimeDelta;

/// Names of the platform settings, each overriding one default of [`CallLimits`].
pub const CALL_LIMIT: &str = "VIO_CALL_LIMIT";
/// Length of the rolling window, in seconds.
pub const CALL_WINDOW_SECONDS: &str = "VIO_CALL_WINDOW_SECONDS";
/// Attempts per tenant-local day.
pub const CALL_DAILY_LIMIT: &str = "VIO_CALL_DAILY_LIMIT";
/// How long after its grant an attempt may still be sent, in seconds.
pub const PLACEMENT_BOUND_SECONDS: &str = "VIO_PLACEMENT_BOUND_SECONDS";
/// How long after the placement bound an empty listing is believed, in seconds.
pub const RECONCILE_AFTER_SECONDS: &str = "VIO_RECONCILE_AFTER_SECONDS";

/// How far apart two of our clocks may be. A slot lives this much longer, and no grant comes this much nearer
/// to midnight, than exact clocks would need.
pub const SKEW_MARGIN: TimeDelta = TimeDelta::seconds(1);

/// No send begins with less than this left of the placement bound.
pub const MIN_SEND_TIME: TimeDelta = TimeDelta::seconds(2);

/// The limits every tenant's calls obey. Values come from [`CallLimits::default`] or, checked, from
/// [`CallLimits::from_lookup`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallLimits {
    limit: u32,
    window: TimeDelta,
    daily: u32,
    placement_bound: TimeDelta,
    reconcile_after: TimeDelta,
}

/// A platform setting holds something else than a whole number in its range.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name} must be a whole number from {min} to {max}")]
pub struct InvalidLimit {
    /// The setting's name.
    pub name: &'static str,
    /// Smallest value accepted.
    pub min: u32,
    /// Largest value accepted.
    pub max: u32,
}

impl Default for CallLimits {
    /// 25 attempts in any 15 minutes, 300 a day (S0); 30 s to send, 300 s before an empty listing is believed.
    fn default() -> Self {
        Self {
            limit: 25,
            window: TimeDelta::seconds(900),
            daily: 300,
            placement_bound: TimeDelta::seconds(30),
            reconcile_after: TimeDelta::seconds(300),
        }
    }
}

impl CallLimits {
    /// Reads the settings through `lookup` (a name to its text, if set); what is absent or blank keeps its default.
    ///
    /// # Errors
    /// The first setting that is not a whole number in its range, by name.
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, InvalidLimit> {
        let number =
            |name: &'static str, min: u32, max: u32| -> Result<Option<u32>, InvalidLimit> {
                match lookup(name) {
                    Some(text) if !text.trim().is_empty() => match text.trim().parse::<u32>() {
                        Ok(value) if (min..=max).contains(&value) => Ok(Some(value)),
                        _ => Err(InvalidLimit { name, min, max }),
                    },
                    _ => Ok(None),
                }
            };
        let seconds = |value: Option<u32>, default: TimeDelta| {
            value.map_or(default, |s| TimeDelta::seconds(i64::from(s)))
        };
        let default = Self::default();
        Ok(Self {
            limit: number(CALL_LIMIT, 1, 1_000)?.unwrap_or(default.limit),
            window: seconds(number(CALL_WINDOW_SECONDS, 1, 86_400)?, default.window),
            daily: number(CALL_DAILY_LIMIT, 1, 100_000)?.unwrap_or(default.daily),
            // Long enough for one send; short enough that every repeat lies well within the hour for which the
            // provider honours an idempotency key.
            placement_bound: seconds(
                number(PLACEMENT_BOUND_SECONDS, 3, 600)?,
                default.placement_bound,
            ),
            reconcile_after: seconds(
                number(RECONCILE_AFTER_SECONDS, 1, 86_400)?,
                default.reconcile_after,
            ),
        })
    }

    /// Attempts in any rolling window.
    pub const fn limit(&self) -> u32 {
        self.limit
    }

    /// Length of the rolling window.
    pub const fn window(&self) -> TimeDelta {
        self.window
    }

    /// Attempts per tenant-local day.
    pub const fn daily(&self) -> u32 {
        self.daily
    }

    /// How long after its grant an attempt's sends must have ended.
    pub const fn placement_bound(&self) -> TimeDelta {
        self.placement_bound
    }

    /// How long after the bound an empty listing means that the provider has no such call.
    pub const fn reconcile_after(&self) -> TimeDelta {
        self.reconcile_after
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(name: &'static str, text: &'static str) -> Result<CallLimits, InvalidLimit> {
        CallLimits::from_lookup(|asked| (asked == name).then(|| text.to_owned()))
    }

    #[test]
    fn defaults_are_those_of_s0() {
        let limits = CallLimits::from_lookup(|_| None).unwrap();
        assert_eq!(limits, CallLimits::default());
        assert_eq!((limits.limit(), limits.daily()), (25, 300));
        assert_eq!(limits.window().num_seconds(), 900);
        assert_eq!(limits.placement_bound().num_seconds(), 30);
        assert_eq!(limits.reconcile_after().num_seconds(), 300);
        assert_eq!(with(CALL_LIMIT, "  ").unwrap(), limits);
    }

    #[test]
    fn each_setting_changes_its_own_number() {
        assert_eq!(with(CALL_LIMIT, " 3 ").unwrap().limit(), 3);
        assert_eq!(
            with(CALL_WINDOW_SECONDS, "60")
                .unwrap()
                .window()
                .num_seconds(),
            60
        );
        assert_eq!(with(CALL_DAILY_LIMIT, "7").unwrap().daily(), 7);
        let bound = with(PLACEMENT_BOUND_SECONDS, "3")
            .unwrap()
            .placement_bound();
        assert_eq!(bound.num_seconds(), 3);
        let after = with(RECONCILE_AFTER_SECONDS, "5")
            .unwrap()
            .reconcile_after();
        assert_eq!(after.num_seconds(), 5);
    }

    #[test]
    fn nonsense_is_refused_by_name() {
        for (name, text) in [
            (CALL_LIMIT, "0"),
            (CALL_LIMIT, "-1"),
            (CALL_LIMIT, "many"),
            (CALL_LIMIT, "1001"),
            (CALL_WINDOW_SECONDS, "0"),
            (CALL_DAILY_LIMIT, "1.5"),
            (PLACEMENT_BOUND_SECONDS, "2"),
            (PLACEMENT_BOUND_SECONDS, "601"),
            (RECONCILE_AFTER_SECONDS, "0"),
        ] {
            assert_eq!(with(name, text).unwrap_err().name, name, "{text}");
        }
    }
}
