//! Percentiles of what was measured.

use std::time::Duration;

use serde::Serialize;

/// Milliseconds of a series of measurements.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Summary {
    pub count: usize,
    pub min: f64,
    pub p50: f64,
    pub p90: f64,
    pub p99: f64,
    pub max: f64,
}

impl Summary {
    /// Of no measurements there is no summary.
    pub fn of(series: &[Duration]) -> Option<Self> {
        let mut ms: Vec<f64> = series.iter().map(|d| d.as_secs_f64() * 1000.0).collect();
        ms.sort_by(f64::total_cmp);
        Some(Self {
            count: ms.len(),
            min: *ms.first()?,
            p50: percentile(&ms, 50.0)?,
            p90: percentile(&ms, 90.0)?,
            p99: percentile(&ms, 99.0)?,
            max: *ms.last()?,
        })
    }
}

/// The nearest-rank percentile of an ascending series: the smallest value with at least `percent` % of the series at or
/// below it. Always a value that was measured.
pub fn percentile(ascending: &[f64], percent: f64) -> Option<f64> {
    let rank = (percent / 100.0 * ascending.len() as f64).ceil() as usize;
    ascending.get(rank.max(1) - 1).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_by_nearest_rank() {
        // The worked example of the nearest-rank method.
        let series = [15.0, 20.0, 35.0, 40.0, 50.0];
        for (percent, wanted) in [
            (0.0, 15.0),
            (5.0, 15.0),
            (30.0, 20.0),
            (40.0, 20.0),
            (50.0, 35.0),
            (100.0, 50.0),
        ] {
            assert_eq!(percentile(&series, percent), Some(wanted), "{percent} %");
        }
        assert_eq!(percentile(&[], 50.0), None);
    }

    #[test]
    fn a_percentile_has_its_share_of_the_series_at_or_below_it() {
        for length in 1..=250_usize {
            let series: Vec<f64> = (0..length).map(|i| i as f64).collect();
            for percent in [1.0, 50.0, 90.0, 99.0, 100.0] {
                let value = percentile(&series, percent).unwrap();
                let below = series.iter().filter(|&&v| v <= value).count() as f64;
                let less = series.iter().filter(|&&v| v < value).count() as f64;
                let share = percent / 100.0 * length as f64;
                assert!(below >= share && less < share, "{percent} % of {length}");
            }
        }
    }

    #[test]
    fn a_summary_does_not_depend_on_the_order() {
        let ms = |values: &[u64]| -> Vec<Duration> {
            values.iter().map(|&v| Duration::from_millis(v)).collect()
        };
        let one = Summary::of(&ms(&[3, 1, 2])).unwrap();
        assert_eq!(Some(one), Summary::of(&ms(&[1, 2, 3])));
        assert_eq!((one.min, one.p50, one.max, one.count), (1.0, 2.0, 3.0, 3));
        assert_eq!(Summary::of(&[]), None);
    }
}
