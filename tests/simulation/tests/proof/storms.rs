//! Storms from many seeds, short and rough worlds of every kind, and calm worlds in which every slot must be used.

use crate::plans::{Kind, calm, storm};
use crate::run::{many, seeds};

#[test]
fn storms_break_no_rule() {
    let seeds = seeds(80);
    let test = "storms::storms_break_no_rule";
    let totals = many("storms", test, &seeds, |seed, traced| {
        storm(seed, None, traced)
    });
    assert!(totals.calls > 0 || seeds.len() == 1);
}

/// The worlds of a kind that deliberate bugs are sought in, without one.
macro_rules! short_and_rough {
    ($name:ident, $kind:expr) => {
        #[test]
        fn $name() {
            let seeds = seeds(20);
            let test = concat!("storms::", stringify!($name));
            let totals = many(stringify!($name), test, &seeds, |seed, traced| {
                $kind.plan(seed, None, traced)
            });
            assert!(totals.calls > 0 || seeds.len() == 1);
        }
    };
}

short_and_rough!(short_and_rough_worlds_break_no_rule, Kind::Mixed);
short_and_rough!(queues_for_hours_break_no_rule, Kind::Queue);
short_and_rough!(minds_changed_at_the_last_moment_break_no_rule, Kind::Races);
short_and_rough!(a_silent_provider_breaks_no_rule, Kind::Silence);

/// Calm worlds that showed a wrong estimate once (docs/reliability.md, "Found while building").
const SHOWN: [u64; 9] = [68, 77, 119, 142, 145, 158, 228, 292, 301];

#[test]
fn calm_worlds_use_every_slot() {
    let mut seeds = seeds(40);
    if let Some(last) = seeds.last().copied().filter(|_| 1 < seeds.len()) {
        seeds.extend(SHOWN.into_iter().filter(|seed| last < *seed));
    }
    let test = "storms::calm_worlds_use_every_slot";
    let totals = many("calm worlds", test, &seeds, calm);
    assert!(totals.calls > 0 || seeds.len() == 1);
}
