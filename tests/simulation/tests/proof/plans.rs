//! What a seed means: the kinds of worlds there are.

use chrono::{TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;

use crate::fabric::Rough;
use crate::mutation::Mutation;
use crate::rng::Rng;
use crate::world::{Numbers, Plan};

/// Zones that businesses are in: both hemispheres, half and quarter hours, every date of clock change.
const ZONES: [Tz; 10] = [
    Tz::Europe__London,
    Tz::America__New_York,
    Tz::America__Los_Angeles,
    Tz::Pacific__Auckland,
    Tz::Australia__Lord_Howe,
    Tz::Australia__Sydney,
    Tz::Asia__Kolkata,
    Tz::America__St_Johns,
    Tz::Asia__Kathmandu,
    Tz::Europe__Lisbon,
];

/// Days around which worlds begin: clocks go forward or back in some zone, a month or a year ends, a bank holiday.
const STARTS: [(u32, u32); 12] = [
    (1, 25),
    (2, 25),
    (3, 5),
    (3, 24),
    (3, 29),
    (4, 1),
    (5, 20),
    (8, 25),
    (9, 23),
    (10, 1),
    (10, 21),
    (12, 20),
];

/// A storm of a seed.
pub(crate) fn storm(seed: u64, mutation: Option<Mutation>, traced: bool) -> Plan {
    let mut rng = Rng::of(seed, "plan", 0);
    let (month, day) = *rng.pick(&STARTS);
    let start = Utc.with_ymd_and_hms(2026, month, day, 6, 0, 0).unwrap();
    let start = start + TimeDelta::minutes(rng.between(-2_000, 2_000));
    let tenants = *rng.pick(&[2, 2, 2, 3, 3, 4, 5]);
    let zones = (0..tenants).map(|_| *rng.pick(&ZONES)).collect();
    let numbers = match rng.below(4) {
        0 => Numbers {
            limit: 25,
            daily: 300,
            ..Numbers::DEFAULT
        },
        1 => Numbers {
            limit: 2,
            daily: 4,
            ..Numbers::DEFAULT
        },
        2 => Numbers {
            limit: 5,
            window: 300,
            daily: 9,
            bound: 20,
            ..Numbers::DEFAULT
        },
        _ => Numbers {
            limit: 4,
            daily: 7,
            ..Numbers::DEFAULT
        },
    };
    Plan {
        seed,
        rough: Rough::STORM,
        start,
        days: *rng.pick(&[5, 7, 7, 10, 10, 14, 14, 21, 28, 40]),
        tail: 12,
        zones,
        numbers,
        asked: false,
        crowd: None,
        execute: None,
        mutation,
        traced,
    }
}

/// A calm world of a seed: nothing goes wrong, so every slot must be used.
pub(crate) fn calm(seed: u64, traced: bool) -> Plan {
    let mut plan = storm(seed, None, traced);
    plan.rough = Rough::CALM;
    plan.asked = true;
    if seed.is_multiple_of(3) {
        // A backlog for hours, over night where the day's limit ends it.
        plan.days = 4;
        plan.crowd = Some(30);
    }
    plan
}

/// Kinds of short and rough worlds: two businesses, each with a crowd due at once, and little else than one kind of
/// trouble. Deliberate bugs are sought in them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Everything at its worst, for few slots a day.
    Mixed,
    /// A queue for hours: whatever frees a slot too early shows.
    Queue,
    /// People change their minds while their calls are being decided on and placed.
    Races,
    /// The provider makes calls and does not say so.
    Silence,
}

impl Kind {
    /// The world of a seed.
    pub(crate) fn plan(self, seed: u64, mutation: Option<Mutation>, traced: bool) -> Plan {
        let mut plan = storm(seed, mutation, traced);
        plan.tail = 3;
        plan.zones.truncate(2);
        let rough = &mut plan.rough;
        let few = |daily| Numbers {
            limit: 3,
            daily,
            ..Numbers::DEFAULT
        };
        (plan.days, plan.crowd, plan.numbers) = match self {
            Self::Mixed => {
                rough.provider = 400;
                rough.messages = 20;
                rough.outages = 80;
                rough.races = 40;
                (3, Some(14), few(6))
            }
            Self::Queue => (2, Some(20), few(60)),
            Self::Races => {
                rough.races = 100;
                rough.provider = 400;
                rough.colleagues = 90;
                (2, Some(20), Numbers::DEFAULT)
            }
            Self::Silence => {
                rough.provider = 700;
                rough.outages = 80;
                rough.messages = 35;
                (2, Some(10), few(60))
            }
        };
        plan
    }
}
